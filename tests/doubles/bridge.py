"""Double of a bridge: a program of one's own at the other end of driver json (docs/API.md). Says every message it takes, and reports it delivered when it knows where to."""
import json
import re

from vendor import Answer, Vendor

REF = re.compile(r"[^ ]+\.\d+\.\d+$")
CODES = {"0": 0, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5}


class Bridge(Vendor):
    name = "json"
    options = {"secret": ("", "the account's secret; empty = none is asked for"), "callback": ("", "where reports go: http://HOST:PORT/hooks/PROVIDER/HOOK_SECRET")}

    def __init__(self, port=0, **settings):
        super().__init__(port, **settings)
        self.refs = {}

    def fail(self, request, code):
        return Answer(200, {"code": CODES[code]})

    def handle(self, request):
        if request.method != "POST":
            return Answer(404, "")
        if self.settings["secret"] and request.headers.get("Authorization") != "Bearer " + self.settings["secret"]:
            return Answer(200, {"code": 3})
        try:
            body = json.loads(request.body)
            batch = body.get("messages")
            results = [self.take(m) for m in ([body] if batch is None else batch)]
        except (ValueError, KeyError, AttributeError, TypeError):
            return Answer(200, {"code": 2})
        return Answer(200, results[0] if batch is None else {"results": results})

    def take(self, m):
        """A reference that comes again is the same message: the same answer, and nothing is sent."""
        to, text, ref = m["to"], m["text"], m["ref"]
        if not REF.match(ref) or m["lane"] not in ("emergency", "urgent", "normal", "bulk"):
            return {"to": to, "code": 2}
        code = self.code_for(to)
        if code is not None:
            return {"to": to, "code": CODES[code]}
        with self.lock:
            known = self.refs.get(ref)
        if known is None:
            known = self.refs[ref] = f"b-{self.new_id()}"
            self.accept(to, text, ref, known, lane=m["lane"], channel=m["channel"])
            if self.settings["callback"]:
                self.later(0.1, lambda: self.post(self.settings["callback"] + "/receipt", json.dumps({"ref": ref, "status": "delivered"}), "application/json"))
        return {"to": to, "code": 0, "id": known}
