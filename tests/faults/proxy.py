"""A proxy in front of Redis that can delay, cut an answer in its middle, swallow it, say something else instead, or freeze.

    p = RedisProxy(path_of_socket).start();  p.url
    p.delay = 0.5; p.frozen = True; p.cut_answer(bytes_kept=7); p.say(b"-READONLY ...\\r\\n"); p.cut_all()
"""
import os
import selectors
import socket
import threading
import time


class _Pair:
    def __init__(self, client, server):
        self.client, self.server = client, server


class RedisProxy:
    """One thread; a connection of the daemon is a pair of sockets."""

    def __init__(self, upstream, path):
        self.upstream, self.path, self.url = upstream, str(path), f"unix://{path}"
        self.delay = 0.0       # before anything is passed on, either way
        self.frozen = False    # nothing is passed on, connections stay
        self.refusing = False  # new connections are closed at once
        self.n_accepted = 0
        self._actions = []     # for the next answers: callables (data) -> bytes to pass on; the pair is closed after them
        self._lock = threading.Lock()
        self._pairs = set()
        self._stop = False
        self._selector = selectors.DefaultSelector()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(128)
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._run, name="redis-proxy", daemon=True)

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        if not self._stop:
            self._stop = True
            self._thread.join(10)
            os.unlink(self.path)

    # ---- what it can do ----

    def cut_answer(self, kept=5, times=1):
        """The next answers of at least ${kept} + 1 bytes are cut after ${kept}, then the connection is closed."""
        with self._lock:
            self._actions += [lambda data: data[:kept] if len(data) > kept else None] * times

    def say(self, data, times=1):
        """Instead of the next answers; then the connection is closed."""
        with self._lock:
            self._actions += [lambda _: data] * times

    def cut_all(self):
        with self._lock:
            pairs, self._pairs = self._pairs, set()
            for pair in pairs:
                self._close(pair)

    # ---- the thread ----

    def _close(self, pair):
        for s in (pair.client, pair.server):
            try:
                self._selector.unregister(s)
            except (KeyError, ValueError):
                pass
            s.close()

    def _drop(self, pair):
        with self._lock:
            if pair in self._pairs:
                self._pairs.discard(pair)
                self._close(pair)

    def _accept(self):
        client, _ = self._listener.accept()
        server = socket.socket(socket.AF_UNIX)
        try:
            if self.refusing:
                raise OSError
            server.connect(self.upstream)
        except OSError:
            client.close()
            server.close()
            return
        self.n_accepted += 1
        pair = _Pair(client, server)
        for s in (client, server):
            s.settimeout(5)
        with self._lock:
            self._pairs.add(pair)
            self._selector.register(client, selectors.EVENT_READ, (pair, False))
            self._selector.register(server, selectors.EVENT_READ, (pair, True))

    def _pass(self, sock, pair, is_answer):
        try:
            data = sock.recv(262144)
            if not data:
                self._drop(pair)
                return
            if self.delay:
                time.sleep(self.delay)
            changed = self._changed(data) if is_answer else None
            (pair.client if is_answer else pair.server).sendall(data if changed is None else changed)
            if changed is not None:
                self._drop(pair)
        except OSError:
            self._drop(pair)

    def _changed(self, data):
        with self._lock:
            if not self._actions:
                return None
            changed = self._actions[0](data)
            if changed is not None:
                self._actions.pop(0)
            return changed

    def _run(self):
        while not self._stop:
            if self.frozen:
                time.sleep(0.02)
                continue
            for key, _ in self._selector.select(0.05):
                if self.frozen:
                    break
                if key.data is None:
                    self._accept()
                elif key.data[0] in self._pairs:
                    self._pass(key.fileobj, *key.data)
        self.cut_all()
        self._selector.unregister(self._listener)
        self._listener.close()
        self._selector.close()
