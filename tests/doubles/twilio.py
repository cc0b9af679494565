"""A double of Twilio Programmable Messaging (REST 2010-04-01): messages, status callbacks, inbound messages, STOP.

By hand: tests/doubles/crier-double twilio --port 9001. Numbers fail as for_number() says; whoever wrote STOP fails with 21610 until START."""
import base64
import hashlib
import hmac
import re
import urllib.parse

from vendor import Answer, Vendor

SID = re.compile(r"(AC|SK|MG)[0-9a-f]{32}")
FIELDS = {"To", "From", "MessagingServiceSid", "Body", "StatusCallback", "ValidityPeriod", "SmartEncoded", "MaxPrice", "Attempt", "ProvideFeedback"}
STOP, START = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"}, {"START", "YES", "UNSTOP"}
# http status of an error
STATUS = {20003: 401, 20429: 429, 20404: 404, 20500: 500, 20503: 503}


def units(text):
    return len(text.encode("utf-16-le")) // 2


class Twilio(Vendor):
    name = "twilio"
    options = {"account": ("AC00000000000000000000000000000000", "the Account SID"), "token": ("test_auth_token", "the auth token"),
               "key": ("", "SID of an API key"), "key_secret": ("", "its secret"), "numbers": ("+14155550100", "numbers of ours, by comma"),
               "service": ("MG00000000000000000000000000000000", "a messaging service"), "hook": ("", "where inbound messages go: .../hooks/NAME/SECRET/reply")}

    def __init__(self, port=0, **settings):
        super().__init__(port, **settings)
        self.stopped = set()          # told STOP
        self.callbacks = []           # (reference, status, HTTP status of the answer)
        self.report = lambda message: ["queued", "sent", "delivered"]  # statuses told of a message, in this order; (status, error code) for failures
        self.report_after = 0.02
        self.n_open, self.max_open = 0, 0                              # requests at once; 0 = any number
        self.twice = False                                             # every callback is said again
        self.public, self.real = "", ""                                # calls to addresses that begin with ${public} go to ${real}, as a proxy would have it

    # ---- the API ----

    def fail(self, request, code):
        code = int(code)
        body = {"code": code, "message": f"error {code}", "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": STATUS.get(code, 400)}
        return Answer(STATUS.get(code, 400), body, headers={"Retry-After": "1"} if code == 20429 else {})

    def _authorised(self, request):
        s = self.settings
        who = {s["account"]: s["token"], **({s["key"]: s["key_secret"]} if s["key"] else {})}
        kind, _, value = (request.headers.get("Authorization") or "").partition(" ")
        user, _, password = base64.b64decode(value).decode().partition(":") if kind == "Basic" else ("", "", "")
        return user in who and who[user] == password

    def handle(self, request):
        with self.lock:
            self.n_open += 1
            busy = 0 < self.max_open < self.n_open
        try:
            return self.fail(request, 20429) if busy else self._handle(request)
        finally:
            with self.lock:
                self.n_open -= 1

    def _handle(self, request):
        if not self._authorised(request):
            return self.fail(request, 20003)
        if request.method != "POST" or request.path != f"/2010-04-01/Accounts/{self.settings['account']}/Messages.json":
            return self.fail(request, 20404)
        if request.headers.get("Content-Type", "").split(";")[0] != "application/x-www-form-urlencoded":
            return self.fail(request, 21604)
        pairs = urllib.parse.parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True)
        form = dict(pairs)
        code = 20422 if len(form) != len(pairs) or set(form) - FIELDS else self._refusal(form)
        return self.fail(request, code) if code else self._make(form)

    def _refusal(self, form):
        """The code of what is wrong with this message, or None."""
        to, body = form.get("To", ""), form.get("Body", "")
        own, service = form.get("From"), form.get("MessagingServiceSid")
        if not to:
            return 21604
        if not re.fullmatch(r"\+[1-9]\d{6,14}", to):
            return 21211
        if not own and not service:
            return 21603
        if service and service != self.settings["service"] or own and own not in self.settings["numbers"].split(","):
            return 21606
        if not body:
            return 21602
        if units(body) > 1600:
            return 21617
        callback = form.get("StatusCallback")
        if callback is not None and (not re.match(r"https?://[^/_]+(/|$)", callback) or "#" in callback):
            return 21609
        validity = form.get("ValidityPeriod", "36000")
        if not validity.isdigit() or not 1 <= int(validity) <= 36000:
            return 20422
        if to in self.stopped:
            return 21610
        return self.code_for(to)

    def _make(self, form):
        sid = f"SM{self.new_id():032x}"
        callback = form.get("StatusCallback")
        ref = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(callback).query)).get("ref") if callback else None
        self.accept(form["To"], form["Body"], ref, sid, callback=callback, validity=form.get("ValidityPeriod"))
        if callback:
            self._report(form, sid, callback, ref)
        s = self.settings
        return Answer(201, {"account_sid": s["account"], "api_version": "2010-04-01", "body": form["Body"], "date_sent": None, "direction": "outbound-api",
                            "error_code": None, "error_message": None, "from": form.get("From"), "messaging_service_sid": form.get("MessagingServiceSid"),
                            "num_segments": "1", "price": None, "price_unit": "USD", "sid": sid, "to": form["To"],
                            "status": "accepted" if "MessagingServiceSid" in form else "queued",
                            "uri": f"/2010-04-01/Accounts/{s['account']}/Messages/{sid}.json"})

    # ---- calling back ----

    def sign(self, url, fields):
        s = url.split("#")[0] + "".join(k + v for k, v in sorted(set(fields)))
        return base64.b64encode(hmac.new(self.settings["token"].encode(), s.encode(), hashlib.sha1).digest()).decode()

    def call(self, url, fields, headers=()):
        """One signed callback to ${url}. -> (status, body)"""
        fields = list(fields)
        where = self.real + url[len(self.public):] if self.public and url.startswith(self.public) else url
        return self.post(where, urllib.parse.urlencode(fields), "application/x-www-form-urlencoded",
                         {"X-Twilio-Signature": self.sign(url, fields), "I-Twilio-Idempotency-Token": "x", **dict(headers)}, timeout=15)

    def _report(self, form, sid, callback, ref):
        with self.lock:  # other requests are accepted meanwhile: the last one need not be this one
            message = next(m for m in reversed(self.messages) if m.id == sid)
        for i, status in enumerate(self.report(message)):
            status, code = status if isinstance(status, tuple) else (status, None)
            fields = [("SmsSid", sid), ("SmsStatus", status), ("MessageStatus", status), ("To", form["To"]), ("MessageSid", sid),
                      ("AccountSid", self.settings["account"]), ("From", form.get("From") or self.settings["numbers"].split(",")[0]),
                      ("ApiVersion", "2010-04-01"), *([("ErrorCode", str(code))] if code else [])]

            def tell(fields=fields, status=status):
                for _ in range(2 if self.twice else 1):
                    answer, _body = self.call(callback, fields)
                    with self.lock:
                        self.callbacks.append((ref, status, answer))
                        self.lock.notify_all()
            self.later(self.report_after * i, tell)

    def reply(self, from_, text, url=None, sid=None, **more):
        """Somebody writes to our number. -> (status, body)"""
        word = text.strip().upper()
        with self.lock:
            if word in STOP:
                self.stopped.add(from_)
            elif word in START:
                self.stopped.discard(from_)
        sid = sid or f"SM{self.new_id():032x}"
        fields = {"MessageSid": sid, "SmsMessageSid": sid, "SmsSid": sid, "AccountSid": self.settings["account"], "From": from_, "Body": text,
                  "To": self.settings["numbers"].split(",")[0], "NumMedia": "0", "NumSegments": "1", "SmsStatus": "received", "ApiVersion": "2010-04-01",
                  "FromCountry": "CN", "FromCity": "", "ToCountry": "US", **more}
        return self.call(url or self.settings["hook"], fields.items())
