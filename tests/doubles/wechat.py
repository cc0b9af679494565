"""A double of a WeChat official account: stable tokens, template, subscribe and customer-service messages, encrypted callbacks.

By hand: tests/doubles/crier-double wechat --port 9002 --hook http://127.0.0.1:8025/hooks/wx/SECRET/wechat"""
import re
import time
import urllib.parse

from vendor import Answer
from weixin import Tokens, sign

LIMITS = {"thing": 20, "phrase": 5, "character_string": 32}


class WeChat(Tokens):
    name = "wechat"
    options = {"account": ("wxb11529c136998cb6", "the AppID"), "secret": ("app-secret", "the AppSecret"), "hook_token": ("pamtest", "the Token of callbacks"),
               "aes_key": ("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "the EncodingAESKey"), "templates": ("tpl-1", "ids of approved templates, by comma"),
               "hook": ("", "where callbacks go: .../hooks/NAME/SECRET/wechat")}

    def __init__(self, port=0, **settings):
        super().__init__(port, **settings)
        self.wrote = {}             # openid -> [when, answers left]
        self.seen = {}              # (openid, client_msg_id) -> (when, msgid)
        self.status = lambda openid: "success"   # of TEMPLATESENDJOBFINISH; None = never told
        self.report_after, self.twice, self.callbacks = 0.02, False, []

    def handle(self, request):
        if request.path == "/cgi-bin/stable_token":
            return self._token(request)
        code = self.token_refusal(request)
        routes = {"/cgi-bin/message/template/send": self._template, "/cgi-bin/message/subscribe/bizsend": self._subscribe,
                  "/cgi-bin/message/custom/send": self._custom}
        if request.path not in routes:
            return Answer(404, "not found", "text/plain")
        if code:
            return self.fail(request, code)
        if request.method != "POST":
            return self.fail(request, 43002)
        body = self.body_of(request)
        if not isinstance(body, dict):
            return self.fail(request, 40033)
        if not re.fullmatch(r"o[A-Za-z0-9_-]{3,40}", body.get("touser", "")):
            return self.fail(request, 40003)
        return routes[request.path](request, body)

    def _token(self, request):
        body, s = self.body_of(request) or {}, self.settings
        if self.refuse_tokens:
            return self.fail(request, self.refuse_tokens)
        if body.get("grant_type") != "client_credential" or body.get("appid") != s["account"]:
            return self.fail(request, 40013)
        if body.get("secret") != s["secret"]:
            return self.fail(request, 40125)
        return Answer(200, self.new_token(body.get("force_refresh") is True))

    def _data(self, body):
        """The code of what is wrong with its template and values, or None."""
        if body.get("template_id") not in self.settings["templates"].split(","):
            return 40037
        data = body.get("data")
        if not isinstance(data, dict) or not data:
            return 47003
        for key, value in data.items():
            kind = re.match(r"[a-z_]*", key)[0]
            if set(value) != {"value"} or not isinstance(value["value"], str) or not 0 < len(value["value"]) <= LIMITS.get(kind, 200):
                return 47003
        return None

    def _template(self, request, body):
        to, client_id = body["touser"], body.get("client_msg_id")
        if set(body) - {"touser", "template_id", "url", "miniprogram", "client_msg_id", "data"}:
            return self.fail(request, 47001)
        code = self._data(body) or self.code_for(to)
        if code:
            return self.fail(request, code)
        with self.lock:
            known = self.seen.get((to, client_id))
        if client_id and known and time.time() - known[0] < 600:
            return Answer(200, {"errcode": 0, "errmsg": "ok", "msgid": known[1]})
        msgid = 3557254367693750000 + self.new_id()
        with self.lock:
            self.seen[(to, client_id)] = (time.time(), msgid)
        self.accept(to, " ".join(v["value"] for v in body["data"].values()), client_id, msgid, kind="template")
        if (status := self.status(to)) is not None:
            self.later(self.report_after, lambda: self._finish(to, msgid, status))
        return Answer(200, {"errcode": 0, "errmsg": "ok", "msgid": msgid})

    def _finish(self, to, msgid, status):
        for _ in range(2 if self.twice else 1):
            answer = self.event(to, "TEMPLATESENDJOBFINISH", f"<MsgID>{msgid}</MsgID><Status><![CDATA[{status}]]></Status>")
            with self.lock:
                self.callbacks.append((to, status, answer))

    def _subscribe(self, request, body):
        code = self._data(body) or self.code_for(body["touser"])
        if code:
            return self.fail(request, code)
        self.accept(body["touser"], " ".join(v["value"] for v in body["data"].values()), None, None, kind="subscribe")
        return Answer(200, {"errcode": 0, "errmsg": "ok"})

    def _custom(self, request, body):
        to, text = body["touser"], (body.get("text") or {}).get("content", "")
        if body.get("msgtype") != "text" or not text:
            return self.fail(request, 44004)
        if len(text.encode()) > 2048:
            return self.fail(request, 45002)
        with self.lock:
            when, left = self.wrote.get(to, (0, 0))
            code = 45015 if time.time() - when > 48 * 3600 else 45047 if left == 0 else None
            if code is None:
                self.wrote[to] = (when, left - 1)
        code = code or self.code_for(to)
        if code:
            return self.fail(request, code)
        self.accept(to, text, None, None, kind="custom")
        return Answer(200, {"errcode": 0, "errmsg": "ok"})

    # ---- what followers do ----

    def writes(self, openid, text, **k):
        with self.lock:
            self.wrote[openid] = (time.time(), 5)
        return self.text(openid, text, **k)

    def handshake(self, echo="4375120948345356249", token=None):
        t, n = str(int(time.time())), "1514711492"
        query = urllib.parse.urlencode({"signature": sign(token or self.settings["hook_token"], t, n), "timestamp": t, "nonce": n, "echostr": echo})
        return self.post(f"{self.settings['hook']}?{query}", None, "text/plain", method="GET")
