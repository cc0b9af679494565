"""A double of WeCom: an application's messages, a group's robot, encrypted callbacks.

By hand: tests/doubles/crier-double wecom --port 9003 --hook http://127.0.0.1:8025/hooks/wk/SECRET/wecom"""
import time
import urllib.parse

from vendor import Answer
from weixin import Tokens, encrypt, sign


class WeCom(Tokens):
    name = "wecom"
    options = {"account": ("wx5823bf96d3bd56c7", "the CorpID"), "secret": ("corp-secret", "the application's secret"), "agent": ("218", "the AgentId"),
               "robot": ("robot-key", "the key of the group's robot"), "hook_token": ("QDG6eK", "the Token of callbacks"),
               "aes_key": ("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "the EncodingAESKey"), "hook": ("", "where callbacks go: .../hooks/NAME/SECRET/wecom")}

    def __init__(self, port=0, **settings):
        super().__init__(port, **settings)
        self.members = None      # userids whom the application may see; None = everybody
        self.unlicensed = set()
        self.repeats = {}        # request -> when
        self.group = []          # (text, mentioned)
        self.group_limit, self.group_at = 20, []

    def handle(self, request):
        query = dict(urllib.parse.parse_qsl(request.query))
        if request.path == "/cgi-bin/gettoken" and request.method == "GET":
            return self._token(request, query)
        if request.path == "/cgi-bin/webhook/send" and request.method == "POST":
            return self._robot(request, query)
        if request.path == "/cgi-bin/message/send" and request.method == "POST":
            code = self.token_refusal(request)
            return self.fail(request, code) if code else self._send(request)
        return Answer(404, "not found", "text/plain")

    def _token(self, request, query):
        if self.refuse_tokens:
            return self.fail(request, self.refuse_tokens)
        if query.get("corpid") != self.settings["account"]:
            return self.fail(request, 40013)
        if query.get("corpsecret") != self.settings["secret"]:
            return self.fail(request, 40001)
        return Answer(200, {"errcode": 0, "errmsg": "ok", **self.new_token()})

    def _send(self, request):
        body = self.body_of(request)
        if not isinstance(body, dict) or body.get("msgtype") != "text":
            return self.fail(request, 40008)
        if body.get("agentid") != int(self.settings["agent"]):
            return self.fail(request, 40056)
        text, users = (body.get("text") or {}).get("content", ""), body.get("touser", "").split("|")
        if not text:
            return self.fail(request, 44004)
        if len(text.encode()) > 2048:
            return self.fail(request, 45002)
        if not users[0] or len(users) > 1000:
            return self.fail(request, 40035)
        lower = None if self.members is None else {m.lower() for m in self.members}
        invalid = [u for u in users if lower is not None and u.lower() not in lower]
        if len(invalid) == len(users):
            return self.fail(request, 81013)
        codes = {u: self.code_for(u) for u in users}
        whole = next((c for c in codes.values() if c), None)
        if whole:
            return self.fail(request, whole)
        message_id = f"wk-{self.new_id()}"
        with self.lock:
            repeated = body.get("enable_duplicate_check") and time.time() - self.repeats.get(request.body, 0) < body.get("duplicate_check_interval", 1800)
            self.repeats[request.body] = time.time()
        for u in users:
            if not repeated and u not in invalid and u not in self.unlicensed:
                self.accept(u, text, None, message_id)
        return Answer(200, {"errcode": 0, "errmsg": "ok", "invaliduser": "|".join(u.lower() for u in invalid), "invalidparty": "", "invalidtag": "",
                            "unlicenseduser": "|".join(u.lower() for u in users if u in self.unlicensed), "msgid": message_id})

    def _robot(self, request, query):
        body = self.body_of(request)
        if query.get("key") != self.settings["robot"]:
            return self.fail(request, 93000)
        text = ((body or {}).get("text") or {}).get("content", "")
        if not text or len(text.encode()) > 2048:
            return self.fail(request, 44004)
        with self.lock:
            self.group_at = [t for t in self.group_at if time.time() - t < 60]
            if len(self.group_at) >= self.group_limit:
                return self.fail(request, 45009)
            self.group_at.append(time.time())
            self.group.append((text, body["text"].get("mentioned_list", [])))
            self.lock.notify_all()
        return Answer(200, {"errcode": 0, "errmsg": "ok"})

    def handshake(self, echo="1616140317555161061"):
        s, t, n = self.settings, str(int(time.time())), "263014780"
        sealed = encrypt(s["aes_key"], s["account"], echo)
        query = urllib.parse.urlencode({"msg_signature": sign(s["hook_token"], t, n, sealed), "timestamp": t, "nonce": n, "echostr": sealed})
        return self.post(f"{s['hook']}?{query}", None, "text/plain", method="GET")
