"""A double of Alibaba Cloud SMS (Dysmsapi 2017-05-25): SendSms and SendBatchSms, both signatures, the limits, SmsReport and SmsUp."""
import base64
import calendar
import hashlib
import hmac
import json
import re
import time
import urllib.parse

from vendor import Answer, Vendor, Windows

FAULTS = {  # what comes from the gateway, with its HTTP status; all other refusals have 200
    "Throttling": 400, "Throttling.User": 400, "Throttling.Api": 400, "SignatureDoesNotMatch": 400, "InvalidAccessKeyId.NotFound": 404,
    "InvalidAccessKeyId.Inactive": 403, "IncompleteSignature": 400, "InvalidTimeStamp.Expired": 400, "InvalidTimeStamp.Format": 400,
    "SignatureNonceUsed": 400, "InvalidVersion": 400, "InvalidAction.NotFound": 404, "MissingParameter": 400, "ServiceUnavailable": 503,
    "InternalError": 500, "Forbidden.RAM": 403, "NoPermission": 403}
LIMITS = {"minute": "触发分钟级流控Permits:{}", "hour": "触发小时级流控Permits:{}", "s86400": "触发天级流控Permits:{}"}
ACK = re.compile(rb'"code"\s*:\s*-?\d+')


def quote(s):
    return urllib.parse.quote(s, safe="-_.~")


def canonical(params):
    return "&".join(f"{quote(k)}={quote(v)}" for k, v in sorted(params.items()))


class Refused(Exception):
    def __init__(self, code, message="refused"):
        super().__init__(code)
        self.code, self.message = code, message


class Aliyun(Vendor):
    name = "aliyun"
    options = {"key": ("testAccessKeyId", "the AccessKey id"), "secret": ("testAccessKeySecret", "the AccessKey secret"),
               "sign": ("金星社区", "the approved signature"), "hook": ("", "where receipts and replies go: PUBLIC_URL/hooks/NAME/SECRET"),
               "minute": ("0", "most messages to a number a minute of the clock, 0 = no limit"), "hour": ("0", "... an hour"),
               "day": ("0", "... in 24 hours"), "receipt": ("0.05", "seconds until a receipt"), "clock": (None, "for tests")}

    def __init__(self, port=0, templates=None, **settings):
        """templates: {"SMS_1001": "${name}您好,${time}球赛"}"""
        super().__init__(port, **settings)
        self.templates = templates or {}
        self.nonces, self.acks, self.suspended = set(), [], None
        clock = self.settings["clock"] or time.time
        limits = {n: int(self.settings[o]) for n, o in (("minute", "minute"), ("hour", "hour"), ("s86400", "day")) if int(self.settings[o])}
        self.windows = Windows(clock, **limits)
        self.reports = {}  # number -> err_code of its receipts, None = no receipt

    # ---- requests ----

    def fail(self, request, code, message="refused"):
        body = {"RequestId": f"R-{self.new_id()}", "Code": code, "Message": message}
        if code in FAULTS:
            body |= {"HostId": "dysmsapi.aliyuncs.com", "Recommend": "https://api.aliyun.com/troubleshoot?q=" + code}
        return Answer(FAULTS.get(code, 200), body)

    def handle(self, request):
        try:
            params = self._params(request.query)
            form = self._params(request.body.decode()) if request.body else {}
            action = self._v3(request, params) if "Authorization" in request.headers else self._v1(request, params, form)
            if self.suspended:
                raise Refused(self.suspended, "the account is suspended")
            if action == "SendSms":
                return self._send(params | form)
            if action == "SendBatchSms":
                return self._send_batch(params | form)
            raise Refused("InvalidAction.NotFound")
        except Refused as r:
            return self.fail(request, r.code, r.message)

    @staticmethod
    def _params(text):
        pairs = urllib.parse.parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))
        if len(dict(pairs)) != len(pairs):
            raise Refused("isv.INVALID_PARAMETERS", "a parameter stands twice")
        return dict(pairs)

    def _fresh(self, date, nonce):
        try:
            at = calendar.timegm(time.strptime(date, "%Y-%m-%dT%H:%M:%SZ"))
        except ValueError:
            raise Refused("InvalidTimeStamp.Format") from None
        if abs(time.time() - at) > 900:
            raise Refused("InvalidTimeStamp.Expired")
        with self.lock:
            if nonce in self.nonces:
                raise Refused("SignatureNonceUsed")
            self.nonces.add(nonce)

    def _v3(self, request, params):
        h = {k.lower(): v for k, v in request.headers.items()}
        m = re.fullmatch(r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})", h["authorization"])
        if not m:
            raise Refused("IncompleteSignature")
        names = m[2].split(";")
        must = {"host"} | {n for n in h if n.startswith("x-acs-")} | ({"content-type"} if "content-type" in h else set())
        if names != sorted(names) or not must <= set(names):
            raise Refused("IncompleteSignature", f"not signed: {must - set(names)}")
        for name in ("x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"):
            if not h.get(name):
                raise Refused("MissingParameter", name)
        if h["x-acs-version"] != "2017-05-25":
            raise Refused("InvalidVersion")
        if m[1] != self.settings["key"]:
            raise Refused("InvalidAccessKeyId.NotFound")
        digest = hashlib.sha256(request.body).hexdigest()
        canon = "\n".join([request.method, request.path, canonical(params), "".join(f"{n}:{h[n].strip()}\n" for n in names), m[2], digest])
        text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canon.encode()).hexdigest()
        good = hmac.new(self.settings["secret"].encode(), text.encode(), hashlib.sha256).hexdigest()
        if h["x-acs-content-sha256"] != digest or not hmac.compare_digest(good, m[3]):
            raise Refused("SignatureDoesNotMatch")
        self._fresh(h["x-acs-date"], h["x-acs-signature-nonce"])
        return h["x-acs-action"]

    def _v1(self, request, params, form):
        for name in ("AccessKeyId", "Action", "Signature", "SignatureMethod", "SignatureNonce", "SignatureVersion", "Timestamp", "Version"):
            if not params.get(name):
                raise Refused("MissingParameter", name)
        if params["AccessKeyId"] != self.settings["key"]:
            raise Refused("InvalidAccessKeyId.NotFound")
        signed = {k: v for k, v in (params | form).items() if k != "Signature"}
        text = f"{request.method}&%2F&{quote(canonical(signed))}"
        good = base64.b64encode(hmac.new(self.settings["secret"].encode() + b"&", text.encode(), hashlib.sha1).digest()).decode()
        if not hmac.compare_digest(good, params["Signature"]) or params["SignatureMethod"] != "HMAC-SHA1":
            raise Refused("SignatureDoesNotMatch")
        if params["Version"] != "2017-05-25" or params.get("Format") != "JSON":
            raise Refused("InvalidVersion")
        self._fresh(params["Timestamp"], params["SignatureNonce"])
        return params["Action"]

    # ---- messages ----

    @staticmethod
    def _number(text):
        """E.164 of what stands in PhoneNumbers."""
        m = re.fullmatch(r"(?:\+?86|0086)?(1[3-9]\d{9})", text)
        if m:
            return "+86" + m[1]
        if re.fullmatch(r"[2-9]\d{6,14}", text):
            return "+" + text
        raise Refused("isv.MOBILE_NUMBER_ILLEGAL", f"{text}invalid mobile number")

    def _render(self, code, values):
        if code not in self.templates:
            raise Refused("isv.SMS_TEMPLATE_ILLEGAL", "该账号下找不到对应模板")
        text = self.templates[code]
        names = set(re.findall(r"\$\{(\w+)\}", text))
        if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
            raise Refused("isv.INVALID_JSON_PARAM", "JSON参数不合法，只接受字符串值")
        if names - set(values):
            raise Refused("isv.TEMPLATE_MISSING_PARAMETERS", "模板缺少变量")
        for name in names:
            if not 1 <= len(values[name]) <= 35:
                raise Refused("isv.PARAM_LENGTH_LIMIT", "参数超出长度限制")
            if "://" in values[name]:
                raise Refused("isv.PARAM_NOT_SUPPORT_URL")
        return re.sub(r"\$\{(\w+)\}", lambda m: values[m[1]], text)

    @staticmethod
    def _json(text, kind):
        try:
            value = json.loads(text)
        except ValueError:
            raise Refused("isv.INVALID_JSON_PARAM") from None
        if not isinstance(value, kind):
            raise Refused("isv.INVALID_JSON_PARAM")
        return value

    def _send(self, p):
        for name in ("PhoneNumbers", "SignName", "TemplateCode"):
            if not p.get(name):
                raise Refused("MissingParameter", name)
        numbers = p["PhoneNumbers"].split(",")
        if len(numbers) > 1000:
            raise Refused("isv.MOBILE_COUNT_OVER_LIMIT")
        if p["SignName"] != self.settings["sign"]:
            raise Refused("isv.SMS_SIGNATURE_ILLEGAL")
        text = self._render(p["TemplateCode"], self._json(p.get("TemplateParam", "{}"), dict))
        return self._take([(self._number(n), text) for n in numbers], p)

    def _send_batch(self, p):
        for name in ("PhoneNumberJson", "SignNameJson", "TemplateCode"):
            if not p.get(name):
                raise Refused("MissingParameter", name)
        numbers, signs = self._json(p["PhoneNumberJson"], list), self._json(p["SignNameJson"], list)
        values = self._json(p.get("TemplateParamJson", json.dumps([{}] * len(numbers))), list)
        if len(numbers) > 100:
            raise Refused("isv.MOBILE_COUNT_OVER_LIMIT")
        if not len(numbers) == len(signs) == len(values):
            raise Refused("isv.INVALID_PARAMETERS", "lists of different length")
        if any(s != self.settings["sign"] for s in signs):
            raise Refused("isv.SMS_SIGNATURE_ILLEGAL")
        return self._take([(self._number(n), self._render(p["TemplateCode"], v)) for n, v in zip(numbers, values)], p)

    def _take(self, pairs, p):
        """All or nothing, as the real one: a refusal names no number."""
        out_id = p.get("OutId", "")
        if len(out_id) > 256:
            raise Refused("isv.PARAM_LENGTH_LIMIT")
        for number, _ in pairs:
            code = self.code_for(number)
            if code is not None:
                raise Refused(code, LIMITS["minute"].format(1) if code == "isv.BUSINESS_LIMIT_CONTROL" else "refused")
        for number, _ in pairs:
            with self.lock:
                over = self.windows.over(number)
            if over:
                raise Refused("isv.BUSINESS_LIMIT_CONTROL", LIMITS[over].format(self.windows.limits[over]))
        biz_id = f"9006197469364{self.new_id():05d}^0"
        for number, text in pairs:
            self.accept(number, text, out_id, biz_id, extension=p.get("SmsUpExtendCode", ""))
        self._report(pairs, out_id, biz_id)
        return Answer(200, {"Message": "OK", "RequestId": f"R-{self.new_id()}", "Code": "OK", "BizId": biz_id})

    # ---- callbacks ----

    def report(self, number, out_id, biz_id, code="DELIVERED"):
        """One item of SmsReport."""
        bare = number[3:] if number.startswith("+86") else number[1:]
        return {"phone_number": bare, "send_time": self._now(), "report_time": self._now(), "success": code == "DELIVERED", "err_code": code,
                "err_msg": "用户接收成功" if code == "DELIVERED" else "失败", "sms_size": "1", "biz_id": biz_id, "out_id": out_id}

    @staticmethod
    def _now():
        return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 8 * 3600))

    def _report(self, pairs, out_id, biz_id):
        if not self.settings["hook"]:
            return
        items = [self.report(n, out_id, biz_id, self.reports.get(n, "DELIVERED")) for n, _ in pairs if self.reports.get(n, "DELIVERED")]
        if items:
            self.later(float(self.settings["receipt"]), lambda: self.push("receipt", items))

    def push(self, kind, items, tries=(0.2, 0.5, 1.0)):
        """As the platform does: again after a while when it is not answered with 200 and a code, three times, then never more."""
        status, body = self.post(f"{self.settings['hook']}/{kind}", json.dumps(items, ensure_ascii=False).encode(), "application/json")
        good = status == 200 and ACK.search(body) is not None
        with self.lock:
            self.acks.append((kind, len(items), status))
            self.lock.notify_all()
        if not good and tries:
            self.later(tries[0], lambda: self.push(kind, items, tries[1:]))
        return status, body

    def reply(self, number, text, sequence_id=None, **members):
        """SmsUp, at once. -> (status, body)"""
        item = {"phone_number": number[3:] if number.startswith("+86") else number[1:], "send_time": self._now(), "content": text,
                "sign_name": self.settings["sign"], "dest_code": "1234", "sequence_id": sequence_id or self.new_id() + 10**12, **members}
        return self.push("reply", [item], ())
