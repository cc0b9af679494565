"""A town for one test: a private Redis, a provider, the real crierd, the real crier. Everything in one directory of its own, on sockets
and ports of the system's choice, ended by process id."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import redis as redis_py

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "doubles"))
from provider import Provider, post_json  # noqa: E402

SECRET, HOOK_SECRET = "p1-secret-f00d", "p1-hook-cafe"
# Every number that tests use begins like this: the logs of every daemon are searched for it.
NUMBER = re.compile(rb"(?<!\d)(?:86)?138000\d{5}(?!\d)")
SECRETS = (SECRET.encode(), HOOK_SECRET.encode())


def phone(i):
    return f"+86138000{i:05d}"


def program(name):
    build = pathlib.Path(os.environ.get("CRIER_BUILD", ROOT / "build"))
    for path in (build / name, build / "release" / name):
        if path.exists():
            return str(path)
    raise FileNotFoundError(f"{name} is not built in {build}; run make, or say where with CRIER_BUILD")


def wait_for(condition, seconds=20, what=None):
    """Until condition() is true (its value is returned); fails with the last value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what or 'condition'} not seen in {seconds} s; last: {value!r}")
        time.sleep(0.02)


def settled(value, quiet=0.3, seconds=20):
    """value() once it has not changed for ${quiet} seconds."""
    deadline = time.monotonic() + seconds
    last, since = value(), time.monotonic()
    while time.monotonic() - since < quiet:
        assert time.monotonic() < deadline, f"it does not come to rest in {seconds} s; last: {last!r}"
        time.sleep(0.02)
        now = value()
        if now != last:
            last, since = now, time.monotonic()
    return last


def stays(condition, seconds, what=None):
    """condition() is true from now on, for so long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert condition(), f"{what or 'condition'} did not stay for {seconds} s"
        time.sleep(0.02)


class Redis:
    """redis-server on a Unix socket, as durable as production is told to be (AOF)."""

    def __init__(self, directory, appendfsync="everysec", options=()):
        self.directory = pathlib.Path(directory)
        self.socket = str(self.directory / "redis.sock")
        self.url = f"unix://{self.socket}"
        self.options = [*options]
        self.appendfsync = appendfsync
        self.process = None
        self.client = redis_py.Redis(unix_socket_path=self.socket, socket_timeout=10)

    def start(self):
        log = open(self.directory / "redis.log", "ab")
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", str(self.directory), "--appendonly", "yes", "--appendfsync",
             self.appendfsync, "--save", "", "--maxmemory-policy", "noeviction", *self.options],
            stdout=log, stderr=log, start_new_session=True, restore_signals=False)
        log.close()
        wait_for(self._answers, 20, "an answer of redis-server")
        return self

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError("redis-server ended: " + (self.directory / "redis.log").read_text(errors="replace")[-2000:])
        try:
            return self.client.ping()
        except redis_py.RedisError:
            return False

    def kill(self, sig=signal.SIGKILL):
        if self.process is not None:
            self.process.send_signal(sig)
            self.process.wait(20)
            self.process = None

    def restart(self):
        self.kill()
        self.start()


class Result:
    """What a command printed and how it ended."""

    def __init__(self, args, code, out, err):
        self.args, self.code, self.out, self.err = args, code, out, err

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]

    @property
    def json(self):
        return json.loads(self.out)

    def ok(self):
        assert self.code == 0, f"{self}\n{self.out}{self.err}"
        return self

    def __repr__(self):
        return f"<{' '.join(map(str, self.args))} -> {self.code}>"


class Crierd:
    """One daemon with one configuration file."""

    def __init__(self, directory, config, env, name="crierd", args=()):
        self.directory = pathlib.Path(directory)
        self.name = name
        self.config = self.directory / f"{name}.conf"
        self.config.write_text(config)
        self.log = self.directory / f"{name}.log"
        self.ready_file = self.directory / f"{name}.port"
        self.socket = str(self.directory / f"{name}.sock")
        self.env = env
        self.args = [*args]
        self.program = program("crierd")
        self.process = None
        self.port = None

    def spawn(self):
        if self.ready_file.exists():
            self.ready_file.unlink()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.program, "-c", str(self.config), *self.args], stdout=log, stderr=log, env=self.env,
                                            start_new_session=True)
        return self

    def start(self, ready=True):
        self.spawn()
        wait_for(self._listens, 30, "the daemon's port")
        if ready:
            wait_for(lambda: self.get("/readyz")[0] == 200, 30, "ready")
        return self

    def _listens(self):
        if self.process.poll() is not None:
            raise AssertionError(f"crierd ended with {self.process.returncode}: {self.log.read_text(errors='replace')[-3000:]}")
        if not self.ready_file.exists() or not self.ready_file.read_text().strip():
            return False
        self.port = int(self.ready_file.read_text())
        return True

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def get(self, path):
        """(status, text)"""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()
        except OSError as e:
            return 0, str(e)

    def metrics(self):
        """{'crier_redis_up': 1.0, 'crier_sends_total{provider="p1",verdict="sent"}': 3.0}"""
        out = {}
        for line in self.get("/metrics")[1].splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                out[name] = float(value)
        return out

    def stop(self, sig=signal.SIGTERM, seconds=30):
        """Exit status; None when it does not run."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(sig)
        code = self.process.wait(seconds)
        self.process = None
        return code

    def kill(self):
        return self.stop(signal.SIGKILL)

    def text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""


PROVIDER = {"driver": "json", "channel": "sms", "window": 64, "rate": 0, "batch": 1, "secret": "env:P1_SECRET", "hook_secret": "env:P1_HOOK"}


def section(kind, title, options):
    body = "".join(f'  {k} = {json.dumps(v, ensure_ascii=False) if isinstance(v, str) else v}\n' for k, v in options.items() if v is not None)
    return f"{kind}{f' {json.dumps(title)}' if title else ''} {{\n{body}}}\n"


class World:
    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="crier-e2e-"))
        self.provider = Provider().start()
        self.redis = Redis(self.directory)
        self.daemons = []
        self.env = {**{k: v for k, v in os.environ.items() if not k.startswith(("CRIER_", "STATE_DIRECTORY"))}, "P1_SECRET": SECRET, "P1_HOOK": HOOK_SECRET}
        self.allow_numbers = False

    # ---- configuration and life ----

    def config_text(self, name="crierd", provider=None, delivery=None, community=None, more="", redis_url=None):
        """The minimal file of contract 5, with short times."""
        return (section("community", "venus", {"name": "金星社区", "areas": '{"460106"}', "timezone": "Asia/Shanghai", **(community or {})}).replace('"{\\"460106\\"}"', '{"460106"}')
                + section("redis", None, {"url": redis_url or self.redis.url})
                + section("listen", None, {"admin": f"unix://{self.directory / name}.sock", "http": "127.0.0.1:0", "ready_file": str(self.directory / f"{name}.port")})
                + section("delivery", None, {"sweep_ms": 200, "lease_ms": 4000, "retry_base_ms": 100, **(delivery or {})})
                + section("provider", "p1", {**PROVIDER, "url": self.provider.url, **(provider or {})})
                + f'state_dir = "{self.directory}/state"\n' + more)

    def daemon(self, name="crierd", text=None, args=(), **options):
        (self.directory / "state").mkdir(exist_ok=True)
        d = Crierd(self.directory, text if text is not None else self.config_text(name, **options), self.env, name, args)
        self.daemons.append(d)
        return d

    def start(self, **options):
        """Redis and one daemon, ready."""
        self.redis.start()
        self.crierd = self.daemon(**options).start()
        return self

    def close(self):
        for d in self.daemons:
            try:
                d.stop()
            except subprocess.TimeoutExpired:
                d.kill()
        self.redis.kill(signal.SIGTERM)
        self.redis.client.close()
        self.provider.stop()

    def remove(self):
        shutil.rmtree(self.directory, ignore_errors=True)

    def leaks(self):
        """Numbers and secrets in the daemons' logs: [(log, line)]"""
        found = []
        for d in self.daemons:
            for line in d.log.read_bytes().splitlines() if d.log.exists() else []:
                if NUMBER.search(line) or any(s in line for s in SECRETS):
                    found.append((d.name, line.decode(errors="replace")))
        return found

    # ---- what producers, staff and residents do ----

    def key(self, name):
        return f"crier:{{venus}}:{name}"

    def push(self, job, emergency=False):
        """LPUSH of a dict, or of bytes as they are."""
        data = job if isinstance(job, (bytes, str)) else json.dumps(job, ensure_ascii=False)
        self.redis.client.lpush(self.key("inbox:e" if emergency else "inbox"), data)

    def notice(self, id_, to, text="你好", **members):
        job = {"v": 1, "id": id_, "kind": "notice", "to": to if isinstance(to, dict) else {"phones": to}, "text": text, **members}
        self.push({k: v for k, v in job.items() if v is not None})
        return id_

    def cli(self, *args, daemon=None, stdin=None, timeout=60, as_json=True):
        socket = (daemon or self.crierd).socket
        argv = [program("crier"), "--socket", socket, *(["--json"] if as_json else []), *map(str, args)]
        done = subprocess.run(argv, input=stdin, capture_output=True, timeout=timeout, env=self.env, text=isinstance(stdin, str) or stdin is None)
        out, err = done.stdout, done.stderr
        if isinstance(out, bytes):
            out, err = out.decode(errors="replace"), err.decode(errors="replace")
        return Result(args, done.returncode, out, err)

    def show(self, id_, **k):
        """`notice show`; None while it is not accepted, and while Redis is away."""
        r = self.cli("notice", "show", id_, **k)
        if r.code in (3, 69, 75):
            return None
        return r.ok().json

    def until(self, id_, state="done", seconds=30):
        states = (state,) if isinstance(state, str) else state

        def reached():
            n = self.show(id_)
            return n if n is not None and n["state"] in states else None
        try:
            return wait_for(reached, seconds, f"{id_} {state}")
        except AssertionError:
            raise AssertionError(f"{id_} did not become {state} in {seconds} s: {self.show(id_)}") from None

    def recipients(self, id_, state=None):
        return self.cli("notice", "recipients", id_, *(["--state", state] if state else [])).ok().lines

    def rejected(self, n=1, seconds=10):
        """At least n entries of `rejected list`."""
        return wait_for(lambda: (lambda rows: rows if len(rows) >= n else None)(self.cli("rejected", "list").ok().lines), seconds, f"{n} rejected entries")

    def reply(self, from_, text, **k):
        status, body = self.provider.reply(self.crierd.url, HOOK_SECRET, from_, text, **k)
        assert (status, body) == (200, {"code": 0}), (status, body)

    def receipt(self, ref, status="delivered", **k):
        code, body = self.provider.receipt(self.crierd.url, HOOK_SECRET, ref, status, **k)
        assert (code, body) == (200, {"code": 0}), (code, body)

    def residents(self, rows, header="name,phone,area,building,tags", *args):
        path = self.directory / f"residents-{time.monotonic_ns()}.csv"
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return self.cli("resident", "import", path, *args)

    def clock(self, ms):
        """Move the queue's clock (P clock, tests only)."""
        self.redis.client.set(self.key("clock"), int(ms))
