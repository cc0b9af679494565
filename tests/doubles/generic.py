"""Doubles of the APIs that driver http speaks by a description of config/providers.d: Yunpian, SMSBao, Kannel, SMS Gate (a phone)."""
import base64
import hashlib
import hmac
import json
import re
import time
import urllib.parse
import uuid

from vendor import Answer, Close, Vendor, Windows

MOBILE = re.compile(r"1[3-9]\d{9}$")


def fields_of(text):
    """A form or query as a dict; None when a name stands twice or it is not well written."""
    pairs = urllib.parse.parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), errors="strict")
    return dict(pairs) if len(dict(pairs)) == len(pairs) else None


class Calling(Vendor):
    """A double that reports on what it accepted. plan(double, message) -> [(seconds, what)]; None: no reports. Early reports have 0 seconds: they may overtake the
    answer. A number told "lost" is accepted and never answered."""

    plan = None

    def accept(self, to, text, ref, message_id, **extra):
        super().accept(to, text, ref, message_id, **extra)
        with self.lock:  # other requests are accepted meanwhile: the last one need not be this one
            message = next(m for m in reversed(self.messages) if m.id == message_id)
        for seconds, what in (self.plan(self, message) if self.plan else []):
            self.later(seconds, lambda m=message, w=what: self.report(m, w))

    def call(self, send, tries=15, wait=0.1):
        """Until somebody takes it, as providers do: with growing pauses."""
        status, body = send()
        self.calls = getattr(self, "calls", []) + [(status, body)]
        if not 200 <= status < 300 and tries > 1:
            self.later(wait, lambda: self.call(send, tries - 1, wait * 2))
        with self.lock:
            self.lock.notify_all()
        return status, body

    def report(self, message, what):
        raise NotImplementedError


class Yunpian(Calling):
    """SMS v2 single_send.json. Errors come with HTTP 400. Same text within 30 s: 8; more than 3 in 5 minutes: 9; hour: 22; day: 17."""

    name = "yunpian"
    options = {"apikey": ("test-apikey", "the account's key"), "callback": ("", "where receipts and replies go: .../hooks/NAME/SECRET"),
               "hour": ("100", "most to one number an hour"), "day": ("200", "most to one number a day")}
    CODES = {"1": "请求参数缺失", "2": "请求参数格式错误", "3": "账户余额不足", "4": "关键词屏蔽", "5": "未自动匹配到合适的模板", "8": "同一手机号30秒内重复提交相同的内容",
             "9": "同一手机号5分钟内重复提交相同的内容超过3次", "10": "手机号黑名单过滤", "17": "超过24小时最大限制", "20": "暂不支持的国家地区", "22": "1小时内同一手机号发送次数超过限制",
             "28": "运营商拒绝", "-1": "非法的apikey", "-4": "访问次数超限", "-50": "未知异常"}

    def __init__(self, port=0, clock=time.time, **settings):
        super().__init__(port, **settings)
        self.same, self.five = Windows(clock, s30=1), Windows(clock, s300=3)
        self.hours = Windows(clock, hour=int(self.settings["hour"]))
        self.days = Windows(clock, day=int(self.settings["day"]))

    def fail(self, request, code):
        return Answer(400 if code != "-50" else 500, {"http_status_code": 400, "code": int(code), "msg": self.CODES.get(code, "未知"), "detail": self.CODES.get(code, "")})

    def handle(self, request):
        if request.path != "/v2/sms/single_send.json" or request.method != "POST":
            return Answer(404, "")
        try:
            form = fields_of(request.body.decode())
        except ValueError:
            form = None
        if form is None or not request.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            return self.fail(request, "2")
        if form.get("apikey") != self.settings["apikey"]:
            return self.fail(request, "-1")
        mobile, text, uid = form.get("mobile", ""), form.get("text", ""), form.get("uid", "")
        if not mobile or not text:
            return self.fail(request, "1")
        if not MOBILE.match(mobile) or len(uid) > 256 or set(form) - {"apikey", "mobile", "text", "uid", "extend", "callback_url", "register"}:
            return self.fail(request, "2")
        if not re.match(r"【[^】]+】.", text):
            return self.fail(request, "5")
        to = "+86" + mobile
        code = self.code_for(to)
        with self.lock:
            code = code or (self.same.over((mobile, text)) and "8") or (self.five.over(mobile) and "9") or (self.hours.over(mobile) and "22") \
                or (self.days.over(mobile) and "17")
        if code not in (None, "lost"):
            return self.fail(request, code)
        sid = 3310228000 + self.new_id()
        self.accept(to, text, uid, sid, mobile=mobile)
        if code == "lost":
            return Close()
        return Answer(200, {"code": 0, "msg": "发送成功", "count": -(-len(text) // 67) if len(text) > 70 else 1, "fee": 0.05, "unit": "RMB", "mobile": mobile, "sid": sid})

    def report(self, message, what):
        """what: SUCCESS, or a carrier's code."""
        item = {"error_detail": "", "sid": message.id, "uid": message.ref, "user_receive_time": time.strftime("%Y-%m-%d %H:%M:%S"),
                "error_msg": "DELIVRD" if what == "SUCCESS" else what, "mobile": message.extra["mobile"], "report_status": "SUCCESS" if what == "SUCCESS" else "FAIL"}
        return self.push("receipt", "sms_status", [item])

    def reply(self, from_, text, reply_id=None):
        item = {"base_extend": "8888", "extend": "", "id": reply_id or uuid.uuid4().hex, "mobile": from_[3:], "reply_time": time.strftime("%Y-%m-%d %H:%M:%S"),
                "text": text}
        return self.push("reply", "sms_reply", item)

    def push(self, kind, field, value):
        body = urllib.parse.urlencode({field: json.dumps(value, ensure_ascii=False)})
        return self.call(lambda: self.post(f"{self.settings['callback']}/{kind}", body, "application/x-www-form-urlencoded;charset=utf-8"))


class Smsbao(Vendor):
    """GET /sms, the answer is a number in text."""

    name = "smsbao"
    options = {"user": ("test", "the account"), "password": ("secret", "its password")}

    def fail(self, request, code):
        return Answer(200, code, "text/html; charset=utf-8")

    def handle(self, request):
        if request.path != "/sms" or request.method != "GET":
            return Answer(404, "")
        q = fields_of(request.query)
        if q is None or set(q) - {"u", "p", "m", "c"} or not q.get("m") or not q.get("c"):
            return self.fail(request, "-1")
        if q.get("u") != self.settings["user"]:
            return self.fail(request, "40")
        if q.get("p") != hashlib.md5(self.settings["password"].encode()).hexdigest():
            return self.fail(request, "30")
        if not MOBILE.match(q["m"]):
            return self.fail(request, "51")
        if not q["c"].startswith("【"):
            return self.fail(request, "50")
        code = self.code_for("+86" + q["m"])
        if code is not None:
            return self.fail(request, code)
        self.accept("+86" + q["m"], q["c"], "", str(self.new_id()))
        return self.fail(request, "0")


class Kannel(Calling):
    """smsbox: /cgi-bin/sendsms, reports by dlr-url with its escapes, replies by get-url."""

    name = "kannel"
    options = {"user": ("foo", "of the sendsms-user group"), "password": ("bar", ""), "get_url": ("", "of the sms-service group, with %p %P %a %T %I"),
               "max_messages": ("3", "most parts of one text")}
    ANSWERS = {"0": (202, "0: Accepted for delivery"), "3": (202, "3: Queued for later delivery"), "temporal": (503, "Temporal failure, try again later."),
               "failed": (500, "Sending failed."), "route": (403, "Not routable. Do not try again."), "auth": (403, "Authorization failed for sendsms"),
               "sender": (400, "Sender missing and no global set, rejected"), "charset": (400, "Charset or body misformed, rejected"),
               "receiver": (400, "Missing receiver number, rejected"), "coding": (400, "Coding field misformed, rejected")}
    KNOWN = {"username", "password", "from", "to", "text", "coding", "charset", "smsc", "dlr-mask", "dlr-url", "priority", "validity", "deferred", "mclass", "account"}

    def fail(self, request, code):
        status, body = self.ANSWERS[code]
        return Answer(status, body, "text/html")

    def handle(self, request):
        if request.path != "/cgi-bin/sendsms":
            return Answer(404, "")
        q = fields_of(request.query) or {}
        if q.get("username") != self.settings["user"] or q.get("password") != self.settings["password"]:
            return self.fail(request, "auth")
        if set(q) - self.KNOWN or q.get("charset", "UTF-8") not in ("UTF-8", "UTF-16BE"):
            return self.fail(request, "charset")
        to, text = q.get("to", ""), q.get("text", "")
        if not re.match(r"\+?\d{5,15}$", to):
            return self.fail(request, "receiver")
        if q.get("coding") not in ("0", "1", "2"):
            return self.fail(request, "coding")
        if q["coding"] == "2" and len(text) > 70 and -(-len(text) // 67) > int(self.settings["max_messages"]):
            return self.fail(request, "charset")
        code = self.code_for(to)
        if code not in (None, "0", "3"):
            return self.fail(request, code)
        self.accept(to, text, "", uuid.uuid4().hex, mask=int(q.get("dlr-mask", "0")), url=q.get("dlr-url", ""))
        return self.fail(request, code or "0")

    def report(self, message, what):
        """what: (type, the carrier's text)"""
        kind, text = what
        if not message.extra["url"] or not message.extra["mask"] & kind:
            return None
        values = {"d": str(kind), "A": text, "F": message.id[:8], "i": "smsc1", "I": message.id, "p": "", "P": message.to, "T": str(int(time.time()))}
        url = re.sub(r"%([dAFiIpPT])", lambda m: urllib.parse.quote(values[m[1]], safe=""), message.extra["url"])
        return self.call(lambda: self.post(url, None, "text/plain", method="GET"))

    def reply(self, from_, text, reply_id=None):
        values = {"p": from_, "P": "1069", "a": text, "T": str(int(time.time())), "I": reply_id or str(uuid.uuid4())}
        url = re.sub(r"%(.)", lambda m: urllib.parse.quote_plus(values[m[1]]), self.settings["get_url"])
        return self.call(lambda: self.post(url, None, "text/plain", method="GET"))


class AndroidSmsGateway(Calling):
    """A phone with SMS Gate: states Pending, Processed, Sent, Delivered or Failed; webhooks signed; an id that is there already is 409."""

    name = "android-sms-gateway"
    options = {"user": ("sms", ""), "password": ("test-password", ""), "key": ("k7Xq2mZp", "what webhooks are signed with"), "queue": ("100000", "most messages it holds")}
    EVENTS = {"sms:received", "sms:sent", "sms:delivered", "sms:failed", "system:ping"}
    STATES = {"Pending": {"Processed", "Failed"}, "Processed": {"Sent", "Failed"}, "Sent": {"Delivered", "Failed"}, "Delivered": set(), "Failed": set()}

    def __init__(self, port=0, **settings):
        super().__init__(port, **settings)
        self.states, self.hooks = {}, {}

    def fail(self, request, code):
        return Answer(int(code), {"message": f"error {code}"})

    def handle(self, request):
        wanted = "Basic " + base64.b64encode(f"{self.settings['user']}:{self.settings['password']}".encode()).decode()
        if request.headers.get("Authorization") != wanted:
            return self.fail(request, "401")
        try:
            body = json.loads(request.body or b"{}")
        except ValueError:
            return Answer(400, {"message": "invalid JSON"})
        if request.path == "/webhooks" and request.method == "POST":
            return self.register(body)
        if (m := re.match(r"/messages/([^/]+)$", request.path)) and request.method == "GET":
            return Answer(200, {"id": m[1], "state": self.states[m[1]]}) if m[1] in self.states else self.fail(request, "404")
        if request.path in ("/messages", "/message") and request.method == "POST":
            return self.send(request, body)
        return self.fail(request, "404")

    def register(self, body):
        url = urllib.parse.urlsplit(body.get("url", ""))
        if body.get("event") not in self.EVENTS or url.scheme != "https" and not (url.scheme == "http" and url.hostname == "127.0.0.1"):
            return Answer(400, {"message": "invalid webhook"})
        self.hooks[body["event"]] = (body.get("id") or uuid.uuid4().hex, body["url"])
        return Answer(201, body)

    @staticmethod
    def wrong(body):
        numbers, text = body.get("phoneNumbers"), (body.get("textMessage") or {}).get("text")
        if set(body) - {"id", "textMessage", "dataMessage", "phoneNumbers", "simNumber", "withDeliveryReport", "ttl", "validUntil", "priority", "deviceId", "isEncrypted"}:
            return "unknown member"
        if not isinstance(numbers, list) or not 1 <= len(numbers) <= 100 or not all(isinstance(n, str) and re.match(r"\+\d{7,15}$", n) for n in numbers):
            return "phoneNumbers"
        if not isinstance(text, str) or not 1 <= len(text) <= 65535 or "dataMessage" in body:
            return "textMessage"
        if not isinstance(body.get("id", ""), str) or len(body.get("id", "")) > 36:
            return "id"
        if not isinstance(body.get("ttl", 5), int) or body.get("ttl", 5) < 5 or ("ttl" in body and "validUntil" in body):
            return "ttl"
        if body.get("simNumber", 1) not in (1, 2, 3) or not -128 <= body.get("priority", 0) <= 127:
            return "simNumber or priority"
        return None

    def send(self, request, body):
        if (why := self.wrong(body)) is not None:
            return Answer(400, {"message": "invalid " + why})
        code = self.code_for(body["phoneNumbers"][0])
        if code not in (None, "lost"):
            return self.fail(request, code)
        id_ = body.get("id") or uuid.uuid4().hex
        with self.lock:
            if id_ in self.states:
                return self.fail(request, "409")
            if sum(1 for s in self.states.values() if s in ("Pending", "Processed")) >= int(self.settings["queue"]):
                return self.fail(request, "503")
            self.states[id_] = "Pending"
        self.accept(body["phoneNumbers"][0], body["textMessage"]["text"], id_, id_)
        if code == "lost":
            return Close()
        return Answer(202, {"id": id_, "deviceId": "ffffffffceb0b1db", "state": "Pending", "isHashed": False, "isEncrypted": False,
                            "recipients": [{"phoneNumber": n, "state": "Pending"} for n in body["phoneNumbers"]], "states": {}}, headers={"Location": f"/messages/{id_}"})

    def report(self, message, what):
        """what: the next state, or a state told once more."""
        with self.lock:
            if what in self.STATES[self.states[message.id]]:
                self.states[message.id] = what
        if what not in ("Sent", "Delivered", "Failed"):
            return None
        payload = {"messageId": message.id, "sender": None, "recipient": message.to, "simNumber": 1, "phoneNumber": message.to}
        if what == "Failed":
            payload["reason"] = "RESULT_ERROR_NO_SERVICE"
        return self.hook("sms:" + what.lower(), payload)

    def reply(self, from_, text, reply_id=None):
        return self.hook("sms:received", {"messageId": uuid.uuid4().hex[:8], "sender": from_, "recipient": None, "simNumber": 1, "phoneNumber": from_, "message": text,
                                          "receivedAt": time.strftime("%Y-%m-%dT%H:%M:%S.000+08:00", time.gmtime(time.time() + 8 * 3600))}, reply_id)

    def hook(self, event, payload, event_id=None):
        if event not in self.hooks:
            return None
        hook_id, url = self.hooks[event]
        body = json.dumps({"id": event_id or uuid.uuid4().hex, "webhookId": hook_id, "event": event, "deviceId": "ffffffffceb0b1db", "payload": payload}, ensure_ascii=False,
                          separators=(",", ":")).encode()

        def send():
            stamp = str(int(time.time()))
            signature = hmac.new(self.settings["key"].encode(), body + stamp.encode(), hashlib.sha256).hexdigest()
            return self.post(url, body, "application/json", {"X-Timestamp": stamp, "X-Signature": signature})
        return self.call(send)
