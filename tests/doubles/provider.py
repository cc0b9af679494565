"""A provider at the other end of driver `json`: an HTTP/1.1 keep-alive server on a port of the system's choice.

It records every message, answers as it was told to, and can call crierd's hooks. One thread, selectors, no dependencies;
about 8,000 requests a second on one core.

    p = Provider().start()
    p.for_number("+8613800000001", Code(1))         # that number, always
    p.next(Status(503), Close())                    # the next two requests
    p.delay = 0.05                                  # everything
    p.wait(100); p.messages[0].text
"""
import collections
import heapq
import json
import random
import selectors
import socket
import struct
import threading
import time

from answers import Code, Status, Raw, Wire, Close, Reset, Hang, Late, http_bytes, post_json

Message = collections.namedtuple("Message", "to text ref lane channel at wall request answer members")
Request = collections.namedtuple("Request", "number path headers body connection at n_messages")


class _Connection:
    __slots__ = ("sock", "inbuf", "outbuf", "number", "closing", "writing")

    def __init__(self, sock, number):
        self.sock, self.number = sock, number
        self.inbuf, self.outbuf = bytearray(), bytearray()
        self.closing = self.writing = False


class Provider:
    def __init__(self, host="127.0.0.1", port=0):
        self.lock = threading.Condition()
        self.messages = []       # in the order of arrival
        self.requests = []
        self.delay = 0.0         # before every answer
        self.shuffle = False     # results of a batch in any order
        self.keep_raw = True     # keep the requests' bytes
        self._next = collections.deque()
        self._by_number = {}
        self._by_nth = {}
        self._script = None
        self._held = None
        self._n_ids = 0
        self._n_connections = 0
        self._timers = []
        self._timer_seq = 0
        self._stop = False
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((host, port))
        self._listener.listen(1024)
        self._listener.setblocking(False)
        self.host, self.port = self._listener.getsockname()[:2]
        self.url = f"http://{self.host}:{self.port}/send"
        self._wake_r, self._wake_w = socket.socketpair()
        self._wake_r.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._connections = set()
        self._thread = threading.Thread(target=self._run, name="provider", daemon=True)

    # ---- life ----

    def start(self):
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._selector.register(self._wake_r, selectors.EVENT_READ, "wake")
        self._thread.start()
        return self

    def stop(self):
        """May be called again."""
        if self._stop:
            return
        self._stop = True
        self._wake()
        self._thread.join(10)

    def _wake(self):
        self._wake_w.send(b"x")

    # ---- telling it what to do ----

    def next(self, *what):
        """The next requests, one behaviour each."""
        with self.lock:
            self._next.extend(what)

    def nth(self, n, what):
        """The request number n, counted from 1."""
        with self.lock:
            self._by_nth[n] = what

    def for_number(self, to, *what):
        """Messages to this number: one behaviour each time, the last one for ever. In a batch only Code counts."""
        with self.lock:
            self._by_number[to] = list(what)

    def script(self, fn):
        """fn(request number, [message dicts]) -> behaviour or None, asked before everything else."""
        with self.lock:
            self._script = fn

    def hold(self):
        """Read requests, answer none until release()."""
        with self.lock:
            self._held = []

    def release(self):
        with self.lock:
            held, self._held = self._held or [], None
            for connection, data, close in held:
                self._later(0, connection, data, close)
        self._wake()

    # ---- looking ----

    def wait(self, n, seconds=20):
        """Until n messages have come. Returns them all."""
        return self.wait_for(lambda p: len(p.messages) >= n, seconds, f"{n} messages")

    def wait_for(self, condition, seconds=20, what="the condition"):
        deadline = time.monotonic() + seconds
        with self.lock:
            while not condition(self):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"provider: {what} not seen in {seconds} s; {len(self.messages)} messages, {len(self.requests)} requests")
                self.lock.wait(left)
            return list(self.messages)

    def to(self, number):
        with self.lock:
            return [m for m in self.messages if m.to == number]

    def of(self, notice):
        """Messages of one notice, by the first part of the ref NOTICE.INDEX.ATTEMPT."""
        with self.lock:
            return [m for m in self.messages if m.ref.rsplit(".", 2)[0] == notice]

    def copies(self, notice=None):
        """{(notice, index): how often accepted} for all that were accepted more than once."""
        seen = collections.Counter()
        with self.lock:
            for m in self.messages:
                name, index, _ = m.ref.rsplit(".", 2)
                if (notice is None or name == notice) and m.answer == 0:
                    seen[(name, index)] += 1
        return {k: n for k, n in seen.items() if n > 1}

    # ---- calling the hooks of crierd ----

    def reply(self, base, secret, from_, text, id_=None, time_=None, provider="p1"):
        self._n_ids += 1
        item = {"id": id_ or f"r-{self.port}-{self._n_ids}", "from": from_, "text": text}
        if time_ is not None:
            item["time"] = time_
        return post_json(f"{base}/hooks/{provider}/{secret}/reply", item)

    def receipt(self, base, secret, ref, status="delivered", detail=None, provider="p1"):
        item = {"ref": ref, "status": status}
        if detail is not None:
            item["detail"] = detail
        return post_json(f"{base}/hooks/{provider}/{secret}/receipt", item)

    # ---- the server ----

    def _run(self):
        while not self._stop:
            timeout = None
            with self.lock:
                if self._timers:
                    timeout = max(0, self._timers[0][0] - time.monotonic())
            for key, mask in self._selector.select(timeout):
                if key.data is None:
                    self._accept()
                elif key.data == "wake":
                    try:
                        self._wake_r.recv(4096)
                    except BlockingIOError:
                        pass
                else:
                    if mask & selectors.EVENT_WRITE:
                        self._flush(key.data)
                    if mask & selectors.EVENT_READ:
                        self._read(key.data)
            self._fire()
        for connection in list(self._connections):
            self._drop(connection)
        self._selector.unregister(self._listener)
        self._listener.close()
        self._selector.close()
        self._wake_r.close()
        self._wake_w.close()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except BlockingIOError:
                return
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._n_connections += 1
            connection = _Connection(sock, self._n_connections)
            self._connections.add(connection)
            self._selector.register(sock, selectors.EVENT_READ, connection)

    def _drop(self, connection, reset=False):
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        self._selector.unregister(connection.sock)
        if reset:
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sock.close()

    def _read(self, connection):
        if connection not in self._connections:
            return
        try:
            data = connection.sock.recv(262144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(connection)
            return
        connection.inbuf += data
        while connection in self._connections and self._parse(connection):
            pass

    def _parse(self, connection):
        """One request off the buffer; False when it is not complete."""
        buf = connection.inbuf
        end = buf.find(b"\r\n\r\n")
        if end < 0:
            return False
        lines = bytes(buf[:end]).decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        if len(buf) < end + 4 + length:
            return False
        body = bytes(buf[end + 4:end + 4 + length])
        del buf[:end + 4 + length]
        self._answer(connection, lines[0].split(" ")[1], headers, body)
        return True

    def _answer(self, connection, path, headers, body):
        now = time.monotonic()
        try:
            parsed = json.loads(body)
        except ValueError:
            parsed = None
        batch = isinstance(parsed, dict) and "messages" in parsed
        items = parsed["messages"] if batch else [parsed] if isinstance(parsed, dict) else []
        with self.lock:
            number = len(self.requests) + 1
            self.requests.append(Request(number, path, headers, body if self.keep_raw else b"", connection.number, now, len(items)))
            what = self._script(number, items) if self._script else None
            if what is None:
                what = self._by_nth.pop(number, None)
            if what is None and self._next:
                what = self._next.popleft()
            if what is None and not batch and items:
                what = self._of_number(items[0].get("to"))
            delay, what = self._unwrap(what)
            codes = self._codes(items, what, batch)
            wall = time.time()
            for item, code in zip(items, codes):
                self.messages.append(Message(item.get("to"), item.get("text"), item.get("ref"), item.get("lane"), item.get("channel"),
                                             now, wall, number, code.get("code") if code else None, tuple(sorted(item))))
            self.lock.notify_all()
            data, close = self._render(what, codes, items, batch)
            if self._held is not None:
                self._held.append((connection, data, close))
                return
            self._later(delay, connection, data, close)

    def _of_number(self, to):
        list_ = self._by_number.get(to)
        if not list_:
            return None
        return list_.pop(0) if len(list_) > 1 else list_[0]

    def _unwrap(self, what):
        delay = self.delay
        while isinstance(what, Late):
            delay, what = delay + what.seconds, what.what
        return delay, what

    def _codes(self, items, what, batch):
        """The result of each message, None = no result that a reader could use."""
        if isinstance(what, Code) and not batch:
            return [what.body for _ in items]
        if what is not None:
            return [None for _ in items]
        out = []
        for item in items:
            own = self._of_number(item.get("to")) if batch else None
            self._n_ids += 1
            if own is None:
                out.append({"code": 0, "id": f"x{self.port}-{self._n_ids}"})
            else:
                out.append(own.body if isinstance(own, Code) else None)
        return out

    def _render(self, what, codes, items, batch):
        """The bytes of the answer (None = none), and whether to close ("reset") afterwards."""
        if isinstance(what, Wire):
            return what.data, True
        if isinstance(what, Close):
            return b"", True
        if isinstance(what, Reset):
            return b"", "reset"
        if isinstance(what, Hang):
            return None, False
        if isinstance(what, Status):
            extra = f"Retry-After: {what.retry_after}\r\n" if what.retry_after is not None else ""
            return http_bytes(what.status, what.body, "text/plain", extra), False
        if isinstance(what, Raw):
            return http_bytes(200, what.body, what.content_type), False
        if isinstance(what, Code) and batch:
            return http_bytes(200, json.dumps(what.body).encode()), False
        if batch:
            results = [{"to": item["to"], **code} for item, code in zip(items, codes) if code is not None]
            if self.shuffle:
                random.shuffle(results)
            return http_bytes(200, json.dumps({"results": results}).encode()), False
        return http_bytes(200, json.dumps(codes[0] if codes else {"code": 2}).encode()), False

    def _later(self, seconds, connection, data, close):
        if seconds <= 0 and threading.current_thread() is self._thread:
            self._send(connection, data, close)
            return
        self._timer_seq += 1
        heapq.heappush(self._timers, (time.monotonic() + seconds, self._timer_seq, connection, data, close))

    def _fire(self):
        now = time.monotonic()
        while True:
            with self.lock:
                if not self._timers or self._timers[0][0] > now:
                    return
                _, _, connection, data, close = heapq.heappop(self._timers)
            self._send(connection, data, close)

    def _send(self, connection, data, close):
        if connection not in self._connections or data is None:
            return
        if close == "reset":
            self._drop(connection, reset=True)
            return
        connection.outbuf += data
        connection.closing = connection.closing or bool(close)
        self._flush(connection)

    def _flush(self, connection):
        if connection not in self._connections:
            return
        try:
            if connection.outbuf:
                n = connection.sock.send(connection.outbuf)
                del connection.outbuf[:n]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(connection)
            return
        if not connection.outbuf and connection.closing:
            self._drop(connection)
        elif bool(connection.outbuf) != connection.writing:
            connection.writing = bool(connection.outbuf)
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.writing else 0)
            self._selector.modify(connection.sock, events, connection)


if __name__ == "__main__":
    double = Provider().start()
    print(double.url, flush=True)
    try:
        while True:
            time.sleep(5)
            print(f"{len(double.messages)} messages", flush=True)
    except KeyboardInterrupt:
        double.stop()
