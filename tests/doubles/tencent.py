"""A double of Tencent Cloud SMS (2021-01-11): SendSms with TC3 signatures, a code for every number, limits, status reports and replies."""
import hashlib
import hmac
import json
import re
import time

from vendor import Answer, Vendor, Windows

LIMITS = {"s30": "LimitExceeded.PhoneNumberThirtySecondLimit", "hour": "LimitExceeded.PhoneNumberOneHourLimit",
          "day": "LimitExceeded.PhoneNumberDailyLimit"}


class Refused(Exception):
    def __init__(self, code, message="refused"):
        super().__init__(code)
        self.code, self.message = code, message


class Tencent(Vendor):
    name = "tencent"
    options = {"key": ("testSecretId", "the SecretId"), "secret": ("testSecretKey", "the SecretKey"), "app": ("1400006666", "the SmsSdkAppId"),
               "sign": ("金星社区", "the approved signature"), "hook": ("", "where receipts and replies go: PUBLIC_URL/hooks/NAME/SECRET"),
               "seconds30": ("0", "most messages to a number in 30 s, 0 = no limit"), "hour": ("0", "... an hour"), "day": ("0", "... a day"),
               "receipt": ("0.05", "seconds until a receipt; below 0: before the answer"), "clock": (None, "for tests")}

    def __init__(self, port=0, templates=None, **settings):
        """templates: {"1110": "{1}您好,{2}球赛"}"""
        super().__init__(port, **settings)
        self.templates, self.acks, self.suspended = templates or {}, [], None
        limits = {n: int(self.settings[o]) for n, o in (("s30", "seconds30"), ("hour", "hour"), ("day", "day")) if int(self.settings[o])}
        self.windows = Windows(self.settings["clock"] or time.time, **limits)
        self.reports = {}  # number -> carrier's code of its receipts, None = no receipt

    # ---- requests ----

    def fail(self, request, code, message="refused"):
        return Answer(200, {"Response": {"Error": {"Code": code, "Message": message}, "RequestId": f"r-{self.new_id()}"}})

    def handle(self, request):
        try:
            self._authorize(request)
            if self.suspended:
                raise Refused(self.suspended)
            return self._send(request)
        except Refused as r:
            return self.fail(request, r.code, r.message)

    def _authorize(self, request):
        h = {k.lower(): v for k, v in request.headers.items()}
        if request.method != "POST" or request.path != "/" or request.query:
            raise Refused("InvalidParameter")
        if h.get("x-tc-action") != "SendSms":
            raise Refused("InvalidAction")
        if h.get("x-tc-version") != "2021-01-11":
            raise Refused("NoSuchVersion")
        if not re.fullmatch(r"ap-[a-z]+", h.get("x-tc-region", "")):
            raise Refused("UnsupportedRegion")
        m = re.fullmatch(r"TC3-HMAC-SHA256 Credential=([^/]+)/(\d{4}-\d\d-\d\d)/sms/tc3_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})",
                         h.get("authorization", ""))
        if not m:
            raise Refused("AuthFailure.InvalidAuthorization")
        stamp = h.get("x-tc-timestamp", "")
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > 300:
            raise Refused("AuthFailure.SignatureExpire")
        if m[1] != self.settings["key"]:
            raise Refused("AuthFailure.SecretIdNotFound")
        names = m[3].split(";")
        if names != sorted(names) or not {"content-type", "host"} <= set(names) or any(n not in h for n in names):
            raise Refused("AuthFailure.SignatureFailure")
        date = time.strftime("%Y-%m-%d", time.gmtime(int(stamp)))
        canon = f"POST\n/\n\n{''.join(f'{n}:{h[n].strip()}' + chr(10) for n in names)}\n{m[3]}\n{hashlib.sha256(request.body).hexdigest()}"
        text = f"TC3-HMAC-SHA256\n{stamp}\n{date}/sms/tc3_request\n{hashlib.sha256(canon.encode()).hexdigest()}"
        key = ("TC3" + self.settings["secret"]).encode()
        for step in (date, "sms", "tc3_request"):
            key = hmac.new(key, step.encode(), hashlib.sha256).digest()
        if m[2] != date or not hmac.compare_digest(hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), m[4]):
            raise Refused("AuthFailure.SignatureFailure")
        if h.get("content-type") != "application/json; charset=utf-8":
            raise Refused("InvalidParameter")

    def _render(self, body):
        if body["TemplateId"] not in self.templates:
            raise Refused("FailedOperation.TemplateIdNotExist")
        text, values = self.templates[body["TemplateId"]], body.get("TemplateParamSet", [])
        holes = set(re.findall(r"\{(\d+)\}", text))
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            raise Refused("InvalidParameterValue.TemplateParameterFormatError")
        if len(values) != len(holes) or ("TemplateParamSet" in body and not values):
            raise Refused("FailedOperation.TemplateParamSetNotMatchApprovedTemplate")
        if any("://" in v for v in values):
            raise Refused("InvalidParameterValue.ProhibitedUseUrlInTemplateParameter")
        return re.sub(r"\{(\d+)\}", lambda m: values[int(m[1]) - 1], text)

    def _send(self, request):
        try:
            body = json.loads(request.body)
        except ValueError:
            raise Refused("FailedOperation.JsonParseFail") from None
        for name in ("PhoneNumberSet", "SmsSdkAppId", "TemplateId"):
            if not body.get(name):
                raise Refused("MissingParameter", name)
        unknown = set(body) - {"PhoneNumberSet", "SmsSdkAppId", "TemplateId", "SignName", "TemplateParamSet", "ExtendCode", "SessionContext", "SenderId"}
        if unknown:
            raise Refused("InvalidParameter", str(unknown))
        if body["SmsSdkAppId"] != self.settings["app"]:
            raise Refused("InvalidParameterValue.SdkAppIdNotExist")
        numbers, context = body["PhoneNumberSet"], body.get("SessionContext", "")
        if len(numbers) > 200:
            raise Refused("LimitExceeded.PhoneNumberCountLimit")
        if len({n.startswith("+86") for n in numbers}) > 1:
            raise Refused("UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber")
        if body.get("SignName") != self.settings["sign"]:
            raise Refused("FailedOperation.SignatureIncorrectOrUnapproved" if body.get("SignName") else "FailedOperation.MissingSignature")
        if len(context.encode()) >= 512:
            raise Refused("InvalidParameter")
        text = self._render(body)
        return Answer(200, {"Response": {"SendStatusSet": [self._one(n, text, context) for n in numbers], "RequestId": f"r-{self.new_id()}"}})

    def _one(self, number, text, context):
        code = None if re.fullmatch(r"\+861[3-9]\d{9}|\+(?!86)\d{7,15}", number) else "InvalidParameterValue.IncorrectPhoneNumber"
        code = code or self.code_for(number)
        if code is None:
            with self.lock:
                code = LIMITS.get(self.windows.over(number))
        if code:
            return {"SerialNo": "", "PhoneNumber": number, "Fee": 0, "SessionContext": context, "Code": code, "Message": "refused", "IsoCode": ""}
        sid = f"5000:10457106691570536{self.new_id():05d}"
        self.accept(number, text, context, sid)
        self._report(number, sid)
        return {"SerialNo": sid, "PhoneNumber": number, "Fee": 1, "SessionContext": context, "Code": "Ok", "Message": "send success", "IsoCode": "CN"}

    # ---- callbacks ----

    def report(self, number, sid, code="DELIVRD"):
        """One item of the status callback."""
        return {"user_receive_time": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 8 * 3600)), "nationcode": number[1:3],
                "mobile": number[3:], "report_status": "SUCCESS" if code == "DELIVRD" else "FAIL", "errmsg": code, "description": "说明", "sid": sid}

    def _report(self, number, sid):
        code = self.reports.get(number, "DELIVRD")
        if not self.settings["hook"] or code is None:
            return
        items, wait = [self.report(number, sid, code)], float(self.settings["receipt"])
        if wait < 0:
            self.push("receipt", items)
        else:
            self.later(wait, lambda: self.push("receipt", items))

    def push(self, kind, items, tries=(0.2, 0.5, 1.0)):
        status, body = self.post(f"{self.settings['hook']}/{kind}", json.dumps(items, ensure_ascii=False).encode(), "application/json")
        good = status == 200 and re.search(rb'"result"\s*:\s*0\b', body) is not None
        with self.lock:
            self.acks.append((kind, status))
            self.lock.notify_all()
        if not good and tries:
            self.later(tries[0], lambda: self.push(kind, items, tries[1:]))
        return status, body

    def reply(self, number, text, at=None):
        """What a person wrote: one object, as the real one sends it. -> (status, body)"""
        return self.push("reply", {"extend": "", "mobile": number[3:], "nationcode": number[1:3], "sign": self.settings["sign"], "text": text,
                                   "time": at or int(time.time())}, ())
