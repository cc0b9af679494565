"""Throw-away certificates, and a TLS front before a plain provider that can show any of them.

    papers = Papers(directory);  papers.good, .expired, .stranger (for another host), .self_signed: (certificate, key)
    front = TlsFront(provider.port, papers.good).start();  front.url;  front.show(papers.expired)
"""
import pathlib
import select
import socket
import ssl
import subprocess
import threading
import warnings

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Papers:
    """An authority of our own (its certificate: ca) and what it signed, or did not. Valid for 127.0.0.1 where not said otherwise."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.ca = str(self._self_signed("ca", "/CN=throw-away authority")[0])
        self.good = self._signed("good", "IP:127.0.0.1", days=2)
        self.expired = self._signed("expired", "IP:127.0.0.1", days=-1)
        self.stranger = self._signed("stranger", "DNS:sms.example,IP:192.0.2.1", days=2)
        self.self_signed = self._self_signed("self", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")

    def _path(self, name, kind):
        return self.directory / f"{name}.{kind}.pem"

    @staticmethod
    def _openssl(*args):
        subprocess.run(["openssl", *map(str, args)], check=True, stdin=subprocess.DEVNULL, capture_output=True)

    def _self_signed(self, name, subject, *more):
        cert, key = self._path(name, "cert"), self._path(name, "key")
        self._openssl("req", "-x509", *CURVE, "-subj", subject, "-days", 2, "-keyout", key, "-out", cert, *more)
        return cert, key

    def _signed(self, name, alt, days):
        cert, key, wish = self._path(name, "cert"), self._path(name, "key"), self._path(name, "wish")
        self._openssl("req", *CURVE, "-subj", "/CN=x", "-addext", f"subjectAltName={alt}", "-keyout", key, "-out", wish)
        self._openssl("x509", "-req", "-in", wish, "-CA", self._path("ca", "cert"), "-CAkey", self._path("ca", "key"), "-CAcreateserial",
                      "-days", days, "-copy_extensions", "copy", "-out", cert)
        return cert, key


class TlsFront:
    """Takes TLS, passes on what comes to the provider behind it. One thread a connection."""

    def __init__(self, port_behind, papers, old_tls=False):
        self.behind = port_behind
        self.n_connections = self.n_handshakes = self.n_bytes = 0
        self.show(papers, old_tls)
        self._sock = socket.socket()
        self._sock.bind(("127.0.0.1", 0))
        self._sock.listen(128)
        self.port = self._sock.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}/send"
        self._open = set()
        self._lock = threading.Lock()

    def show(self, papers, old_tls=False):
        """From now on this certificate; ${old_tls}: TLS 1.0 and nothing newer."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*papers)
        if old_tls:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # that is why it must be refused
                context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
        self._context = context

    def start(self):
        threading.Thread(target=self._run, name="tls-front", daemon=True).start()
        return self

    def stop(self):
        with self._lock:
            for s in (self._sock, *self._open):
                s.close()

    def _run(self):
        while True:
            try:
                raw, _ = self._sock.accept()
            except OSError:
                return
            self.n_connections += 1
            threading.Thread(target=self._one, args=(raw,), daemon=True).start()

    def _one(self, raw):
        behind = None
        try:
            raw.settimeout(10)
            client = self._context.wrap_socket(raw, server_side=True)
            raw = client
            self.n_handshakes += 1
            behind = socket.create_connection(("127.0.0.1", self.behind), 10)
            with self._lock:
                self._open |= {client, behind}
            self._pass(client, behind)
        except (OSError, ValueError):  # ssl.SSLError is an OSError; ValueError: closed meanwhile
            pass
        finally:
            with self._lock:
                self._open -= {raw, behind}
            raw.close()
            if behind is not None:
                behind.close()

    def _pass(self, client, behind):
        while True:
            if not client.pending():
                select.select([client, behind], [], [], 30)
            client.setblocking(False)
            try:
                data = client.recv(65536)
                if not data:
                    return
                self.n_bytes += len(data)
                behind.sendall(data)
            except (ssl.SSLWantReadError, BlockingIOError):
                pass
            client.settimeout(10)
            if select.select([behind], [], [], 0)[0]:
                data = behind.recv(65536)
                if not data:
                    return
                client.sendall(data)
