"""What the doubles of real providers share: an HTTP server on a port of the system's choice, a book of accepted messages, answers to order, windows by number, callbacks.

A double of one API is a class in a module of its own (aliyun.py, tencent.py, ...) that derives from Vendor and is as strict as the real thing:

    class Aliyun(Vendor):
        name = "aliyun"
        options = {"key": ("testAccessKeyId", "the AccessKey id"), ...}    # for the command line
        def handle(self, request): ...   -> Answer

    d = Aliyun().start(); d.url; d.for_number("+8613800000001", "isv.BUSINESS_LIMIT_CONTROL"); d.wait(10); d.messages
"""
import collections
import http.client
import http.server
import json
import queue
import socket
import threading
import time
import urllib.parse

Request = collections.namedtuple("Request", "method path query headers body at")
Message = collections.namedtuple("Message", "to text ref id at extra")


class Answer:
    def __init__(self, status=200, body="", content_type="application/json; charset=utf-8", headers=()):
        self.status, self.content_type, self.headers = status, content_type, dict(headers)
        self.body = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)).encode()


class Close:
    """Read the request, close the connection without an answer."""


class Windows:
    """How many messages a number had in the running minute, hour and day of UTC+8, or in the last ${seconds}; the clock can be replaced."""

    def __init__(self, clock=time.time, **limits):
        self.clock, self.limits, self.sent = clock, limits, collections.defaultdict(list)

    def over(self, number):
        """The name of the first limit that one more would break, or None. Counts it when none is."""
        now = self.clock()
        local = now + 8 * 3600
        since = {"minute": now - local % 60, "hour": now - local % 3600, "day": now - local % 86400}
        for name, most in self.limits.items():
            start = since[name] if name in since else now - float(name.lstrip("s"))
            if sum(1 for t in self.sent[number] if t >= start) >= most:
                return name
        self.sent[number].append(now)
        return None


class Vendor:
    name = "vendor"
    options = {}  # name -> (default, help)

    def __init__(self, port=0, **settings):
        self.settings = {k: v[0] for k, v in self.options.items()} | settings
        self.lock = threading.Condition()
        self.requests, self.messages = [], []
        self.delay = 0.0
        self._next, self._by_number, self._n = collections.deque(), {}, 0
        self._jobs, self._stopped = queue.PriorityQueue(), False
        double = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self):
                double._serve(self)

            do_GET = do_POST = do_PUT = do_DELETE = do

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 512

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True),
                         threading.Thread(target=self._work, daemon=True)]

    def start(self):
        for t in self._threads:
            t.start()
        return self

    def stop(self):
        if not self._stopped:
            self._stopped = True
            self._server.shutdown()
            self._server.server_close()
            self._jobs.put((0, -1, None))

    # ---- what to do ----

    def next(self, *what):
        """The next requests: a code of the API (for all their messages), an Answer, or Close."""
        with self.lock:
            self._next.extend(what)

    def for_number(self, to, *codes):
        """Messages to this E.164 number: one code each time, the last one for ever; None = accepted."""
        with self.lock:
            self._by_number[to] = list(codes)

    def code_for(self, to):
        """For handle(): what this number was told to be answered, None = accept."""
        with self.lock:
            codes = self._by_number.get(to)
            if not codes:
                return None
            return codes.pop(0) if len(codes) > 1 else codes[0]

    def new_id(self):
        with self.lock:
            self._n += 1
            return self._n

    def accept(self, to, text, ref, message_id, **extra):
        with self.lock:
            self.messages.append(Message(to, text, ref, message_id, time.monotonic(), extra))
            self.lock.notify_all()

    def wait(self, n, seconds=20):
        return self.wait_for(lambda d: len(d.messages) >= n, seconds, f"{n} messages")

    def wait_for(self, condition, seconds=20, what="the condition"):
        deadline = time.monotonic() + seconds
        with self.lock:
            while not condition(self):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"{self.name}: {what} not seen in {seconds} s; {len(self.messages)} messages, {len(self.requests)} requests")
                self.lock.wait(left)
            return list(self.messages)

    # ---- calling back ----

    def later(self, seconds, call):
        """Run call() on the double's own thread after so many seconds, in order of time."""
        self._jobs.put((time.monotonic() + seconds, self.new_id(), call))

    def post(self, url, body, content_type, headers=(), method="POST", timeout=6):
        """One callback. -> (status, body); (0, b"") when nobody answered."""
        u = urllib.parse.urlsplit(url)
        c = http.client.HTTPConnection(u.hostname, u.port, timeout=timeout)
        try:
            c.request(method, u.path + ("?" + u.query if u.query else ""), body, {"Content-Type": content_type, **dict(headers)})
            r = c.getresponse()
            return r.status, r.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            c.close()

    def _work(self):
        while not self._stopped:
            at, _, call = self._jobs.get()
            if call is None:
                return
            if at > time.monotonic():
                time.sleep(max(0, min(0.01, at - time.monotonic())))
                self._jobs.put((at, self.new_id(), call))
                continue
            call()

    # ---- serving ----

    def handle(self, request):
        """One request of the API -> Answer or Close."""
        raise NotImplementedError

    def fail(self, request, code):
        """The API's way of answering a whole request with an error code -> Answer."""
        raise NotImplementedError

    def _serve(self, h):
        u = urllib.parse.urlsplit(h.path)
        body = h.rfile.read(int(h.headers.get("Content-Length") or 0))
        request = Request(h.command, u.path, u.query, h.headers, body, time.monotonic())
        with self.lock:
            self.requests.append(request)
            what = self._next.popleft() if self._next else None
            self.lock.notify_all()
        if self.delay:
            time.sleep(self.delay)
        if isinstance(what, str):
            what = self.fail(request, what)
        answer = what if what is not None else self.handle(request)
        if isinstance(answer, type) and issubclass(answer, Close) or isinstance(answer, Close):
            h.close_connection = True
            h.connection.shutdown(socket.SHUT_RDWR)
            return
        h.send_response(answer.status)
        for k, v in {"Content-Type": answer.content_type, "Content-Length": str(len(answer.body)), **answer.headers}.items():
            h.send_header(k, v)
        h.end_headers()
        h.wfile.write(answer.body)
