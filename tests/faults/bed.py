"""A world that breaks: daemons of the test build with fail points, brought back like a service manager does, and work of both kinds
(alerts: at least once; notices: at most once) for them to be killed in."""
import os
import pathlib
import random
import signal
import socket
import sys
import threading
import time

import pytest
import redis as redis_py

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / d) for d in ("e2e", "faults")]
from check import check, memory_kib  # noqa: E402
from world import World, phone, wait_for  # noqa: E402

WINDOW = 16
ALERT = {"issuer": "海口市气象台", "event": "typhoon", "official_id": "46010041600000_20250923090600", "official_text": "台风红色预警信号"}
FULL = os.environ.get("CRIER_FAULTS") == "full"
SOAK = os.environ.get("CRIER_FAULTS") == "soak"
# What a daemon may have resident in any row; sanitizers keep far more.
MEMORY_MIB = 64 if os.environ.get("CRIER_FLAVOUR") != "asan" else 1024
SEED = int(os.environ.get("CRIER_SEED") or 20261123)
# The steps of the way from BLMOVE to the settled slice, with how often one daemon passes them in the work below.
POINTS = ("after_blmove", "after_accept", "after_promote", "after_stage", "after_claim", "after_begin", "before_write", "after_write",
          "after_answer", "before_finish", "after_finish")
EACH_ONCE = POINTS[:4]  # passed once a notice, not once a message


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


class Keeper:
    """Starts a daemon again whenever it is found dead; until ${kills} are through with a fail point, afterwards without."""

    def __init__(self, daemon, choose, kills):
        self.daemon, self.choose, self.left, self.n_kills, self.n_exits = daemon, choose, kills, 0, 0
        self.exits = []
        self._env = dict(daemon.env)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._spawn()
        self._thread.start()
        return self

    def _spawn(self):
        self.daemon.env = dict(self._env, **(self.choose(self.n_kills) if self.left > 0 else {}))
        self.daemon.spawn()

    def _run(self):
        while not self._stop.wait(0.01):
            code = self.daemon.process.poll()
            if code is None:
                continue
            if code == -signal.SIGKILL:
                self.n_kills += 1
                self.left -= 1
            else:
                self.exits.append(code)
                time.sleep(0.2)
            self._spawn()

    def rest(self):
        """No further deaths: whoever lives with a fail point is killed and brought back without."""
        self.left = 0
        self.n_kills += 1
        self.daemon.process.kill()

    def stop(self):
        self._stop.set()
        self._thread.join(10)


class Scale:
    """The most memory that any daemon of a bed ever had resident, in KiB; looked at all the time, because most of them are killed."""

    def __init__(self, daemons):
        self.daemons, self.peak = daemons, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scale", daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop.wait(0.05):
            self.look()

    def look(self):
        for d in list(self.daemons):
            process = d.process
            if process is not None:
                self.peak = max(self.peak, memory_kib(process.pid))
        return self.peak

    def stop(self):
        self._stop.set()
        self._thread.join(5)


class Bed(World):
    """World, with a seeded dice of its own and notices that are remembered."""

    def __init__(self, row):
        super().__init__()
        self.row = row
        self.dice = random.Random(f"{SEED}/{row}")
        self.sent = {}
        self.keepers = []
        self.scale = Scale(self.daemons)
        self.provider.keep_raw = False
        self.allow_numbers = self.allow_panics = False

    def fp(self, point, action, nth):
        return {"CRIER_FP": f"{point}={action}@{nth}", "CRIER_FP_SEED": str(self.dice.randrange(1 << 30))}

    def begin(self, n_daemons=1, lease_ms=9000, window=WINDOW, timeout_ms=3000, delivery=None, provider=None, redis_up=True, **options):
        """Redis and daemons, with the times of tests."""
        if redis_up and self.redis.process is None:
            self.redis.start()
        for i in range(n_daemons):
            self.daemon(f"d{i}", provider={"window": window, **(provider or {})},
                        delivery={"lease_ms": lease_ms, "timeout_ms": timeout_ms, **(delivery or {})}, **options)
        self.crierd = self.daemons[0]
        return self

    def run(self):
        for d in self.daemons:
            d.start()
        return self

    def preload(self, **env):
        """The daemons of this bed with tests/faults/preload.c in them."""
        if os.environ.get("CRIER_FLAVOUR") == "asan":
            pytest.skip("the sanitizers have allocations and names to themselves")
        self.env.update(LD_PRELOAD=str(self.kit("faults/preload.so")), **env)
        return self

    @staticmethod
    def kit(name):
        path = pathlib.Path(os.environ.get("CRIER_TOOLS") or os.environ["CRIER_BUILD"]) / name
        assert path.exists(), f"{path} is not built: make FLAVOUR=faults faultkit"
        return path

    def work(self, n_recipients, n_notices=1, scheduled=False, lanes=("alert", "notice"), name="", lasts=3600, **more):
        """So many recipients in each lane, spread over so many notices; more where one would be too large for the inbox. ${lasts}: seconds
        until an alert's end; ${more}: further members of the notices."""
        n_notices = max(n_notices, -(-n_recipients // 3000))
        each = max(1, n_recipients // n_notices)
        for k in range(n_notices):
            people = [phone(i) for i in range(each)]
            when = {"send_at": iso(1 + k % 4)} if scheduled and k % 2 else {}
            for kind in lanes:
                id_ = f"{kind}{name}-{k}"
                self.sent[id_] = each
                if kind == "alert":
                    self.push({"v": 1, "id": id_, "kind": "alert", "to": {"phones": people}, "not_after": iso(lasts), **when,
                               "alert": {**ALERT, "level": "red", "issued_at": iso(-60), "expires": iso(lasts)}}, emergency=True)
                else:
                    self.notice(id_, people, **when, **more)

    @staticmethod
    def free_port():
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            return s.getsockname()[1]

    def all_accepted(self):
        """Stored and staged: from here on the promise counts."""
        client = self.redis.client
        return all(client.hget(self.key(f"n:{id_}"), "staged") == b"1" for id_ in self.sent)

    def second_start_is_the_same(self):
        """Redis started once more holds what it held (a torn script at the end of the file is not replayed by half)."""
        def everything():
            client = self.redis.client
            return [(client.hgetall(self.key(f"n:{id_}")), client.get(self.key(f"n:{id_}:st"))) for id_ in self.sent]
        before = everything()
        self.redis.kill(signal.SIGTERM)
        self.redis.start()
        return everything() == before

    def all_over(self):
        try:
            return all(self.redis.client.hget(self.key(f"n:{id_}"), "state") in (b"6", b"7", b"8", b"9") for id_ in self.sent)
        except redis_py.RedisError:  # it is just being broken
            return False

    def finished(self, seconds=90):
        """Every notice sent is over; the books."""
        try:
            wait_for(self.all_over, seconds)
        except AssertionError:
            pass  # the books tell who hangs
        books = check(self, self.sent)
        assert "gone" not in books, f"not even the notice is there: {books['gone'].lost[:3]}"
        return books

    def halt(self):
        self.scale.look()
        for k in self.keepers:
            k.stop()
        for d in self.daemons:
            if d.process is not None and d.process.poll() is None:
                d.process.send_signal(signal.SIGCONT)

    def peak_mib(self):
        return self.scale.look() / 1024
