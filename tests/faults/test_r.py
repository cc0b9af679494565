"""Rows R: Redis is killed, loses power, is demoted, full, out of disk, frozen, slow, answers garbage, forgets scripts, takes rights away."""
import os
import resource
import signal
import threading
import time

import pytest
import redis as redis_py
from bed import ALERT, FULL, WINDOW, Bed, iso
from proxy import RedisProxy
from test_p import judge
from test_recovery import post, ready
from world import HOOK_SECRET, Redis, phone, settled, stays, wait_for

RECIPIENTS = 10000 if FULL else 1000


def loaded(bed, seconds=8.0, n_daemons=1, **options):
    """Daemons at work for about so long."""
    bed.begin(n_daemons, **options).run()
    bed.work(RECIPIENTS, 4, lanes=("notice",))
    bed.work(RECIPIENTS, 4, lanes=("alert",))
    bed.provider.delay = seconds * WINDOW * n_daemons / (2 * RECIPIENTS)
    wait_for(bed.all_accepted, 20, "all notices accepted")
    return bed


@pytest.mark.short
@pytest.mark.parametrize("case", [("R1", f"Redis kill -9 in a broadcast, {f}", f) for f in ("everysec", "always")], ids=lambda c: f"R1-{c[2]}")
def test_r1_kill(bed, row, case):
    n = 20 if FULL else 2
    bed.redis = Redis(bed.directory, appendfsync=case[2])
    loaded(bed, 1.2 * n)
    for _ in range(n):
        time.sleep(0.2 + bed.dice.random() * 0.4)
        bed.redis.restart()
    books = bed.finished(60 + 5 * n)
    judge(row, books, n, "kills of Redis")


class Tape:
    """The size of the append-only file over time: where power loss may cut it."""

    def __init__(self, redis):
        self.redis, self.sizes, self._stop = redis, [], threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def path(self):
        files = sorted((self.redis.directory / "appendonlydir").glob("*.incr.aof"), key=lambda p: int(p.name.split(".")[-3]))
        return files[-1] if files else None

    def _run(self):
        while not self._stop.wait(0.05):
            path = self.path()
            try:
                self.sizes.append((time.monotonic(), str(path), os.stat(path).st_size))
            except (OSError, TypeError):
                pass

    def cut(self, dice, seconds=2.0):
        """Redis is dead: the end of its file, from a random byte of the last seconds on, never reached the disk. Returns bytes lost."""
        path, now = self.path(), time.monotonic()
        size = os.stat(path).st_size
        before = [s for at, name, s in self.sizes if name == str(path) and at >= now - seconds]
        start = min(before) if before else size
        at = dice.randint(min(start, size), size)
        os.truncate(path, at)
        self.sizes.clear()
        return size - at

    def stop(self):
        self._stop.set()
        self._thread.join(5)


@pytest.mark.row("R2", "power loss: the append-only file cut at a random byte of its last 2 s, daemons alive")
@pytest.mark.full
def test_r2_power_loss(bed, row):
    planned, n, n_lost = 50 if FULL else 3, 0, 0
    loaded(bed, 1.6 * planned)
    tape = Tape(bed.redis)
    try:
        while n < planned and not bed.all_over():
            n += 1
            time.sleep(4 + 1.5 * bed.dice.random())  # 3 s of them nothing is claimed
            bed.redis.kill()
            n_lost += tape.cut(bed.dice)
            bed.redis.start()
        bed.provider.delay = 0
        books = bed.finished(120)
        same = bed.second_start_is_the_same()
    finally:
        tape.stop()
    alert, notice = books["emergency"], books["normal"]
    row.tell(f"{n} power losses, {n_lost >> 10} KiB cut off; alerts: {alert}; notices: {notice}; second restart {'the same' if same else 'DIFFERENT'}")
    assert not alert.lost and not notice.lost and not alert.stuck and not notice.stuck and "gone" not in books
    assert notice.duplicates <= 2 * WINDOW * n, notice.doubled[:5]
    assert same


@pytest.mark.short
@pytest.mark.row("R3", "Redis is emptied (FLUSHALL) in a broadcast")
def test_r3_emptied(bed, row):
    """Alarm within 5 s; alerts that came over HTTP come back from the journal and reach everybody; nothing else is sent by itself."""
    each = RECIPIENTS // 4
    people = [phone(i) for i in range(each)]
    bed.begin(lease_ms=20000).run()
    bed.provider.delay = 8 * WINDOW / (2 * RECIPIENTS)
    bed.work(RECIPIENTS, 4, lanes=("notice",))
    bed.sent = {f"alert-{k}": each for k in range(4)}
    for id_ in bed.sent:
        status, answer = post(bed, "/api/v1/notices", {"v": 1, "id": id_, "kind": "alert", "to": {"phones": people}, "not_after": iso(3600),
                                                       "alert": {**ALERT, "level": "red", "issued_at": iso(-60), "expires": iso(3600)}})
        assert status == 202, answer
    bed.provider.wait(2 * each)  # the first half
    before, began, wall = len(bed.provider.messages), time.monotonic(), time.time()
    bed.redis.client.flushall()
    wait_for(lambda: (lambda s: s[0] == 503 and "does not hold the data any more" in s[1])(ready(bed)), 20, "the alarm")
    took = time.monotonic() - began
    books = bed.finished()
    late = sum(1 for m in bed.provider.messages[before:] if m.ref.startswith("notice") and m.wall > wall)
    bed.cli("doctor", "--acknowledge").ok()
    again = wait_for(lambda: ready(bed)[0] == 200, 10, "ready")
    alert = books["emergency"]
    row.tell(f"alarm after {took:.1f} s; alerts: {alert} ({before} messages before it); {late} messages of notices afterwards; after --acknowledge ready: {'yes' if again else 'no'}")
    assert took <= 5 and late <= WINDOW and alert.recipients == 4 * each and not alert.lost and not alert.stuck and alert.unknown == 0
    assert not bed.redis.client.exists(bed.key("n:notice-0"))


def resumed_after(bed, mend, seconds=15):
    """Call ${mend}; how long until the provider hears the next message."""
    before = len(bed.provider.messages)
    began = time.monotonic()
    mend()
    bed.provider.wait(before + 30, seconds)
    return time.monotonic() - began


@pytest.mark.full
@pytest.mark.row("R4", "the master becomes a replica (READONLY) and master again")
def test_r4_readonly(bed, row):
    loaded(bed, 8)
    bed.provider.wait(100)
    bed.redis.client.execute_command("REPLICAOF", "127.0.0.1", "1")
    sent = settled(lambda: len(bed.provider.messages))
    stays(lambda: len(bed.provider.messages) == sent, 2, "no mark, no send: the silence")
    took = resumed_after(bed, lambda: bed.redis.client.execute_command("REPLICAOF", "NO", "ONE"))
    books = bed.finished()
    judge(row, books, 1, f"demotion; resumed after {took:.1f} s")
    assert took <= 10


@pytest.mark.short
@pytest.mark.row("R4b", "failover behind one address: connections stay with the old master, now a replica")
def test_r4_failover(bed, row):
    old = Redis(bed.directory, options=["--port", "0"]).start()
    (bed.directory / "new").mkdir()
    new = Redis(bed.directory / "new").start()
    proxy = RedisProxy(old.socket, bed.directory / "proxy.sock").start()
    port = Bed.free_port()
    old.client.config_set("port", port)
    new.client.execute_command("REPLICAOF", "127.0.0.1", str(port))
    bed.redis = old
    try:
        wait_for(lambda: new.client.info("replication").get("master_link_status") == "up", 20, "the replica")
        loaded(bed, 4, redis_url=proxy.url)
        bed.provider.wait(100)
        proxy.upstream = new.socket

        def failover():
            new.client.execute_command("REPLICAOF", "NO", "ONE")
            old.client.execute_command("REPLICAOF", "127.0.0.1", "1")
        took = resumed_after(bed, failover, 30)
        bed.redis = new
        books = bed.finished()
        judge(row, books, 3, f"failover; resumed after {took:.1f} s")
        assert took <= 10
    finally:
        bed.halt()
        for d in bed.daemons:
            d.stop()
        proxy.stop()
        old.kill()
        new.kill()


@pytest.mark.full
@pytest.mark.row("R5", "maxmemory reached in a broadcast")
def test_r5_full(bed, row):
    loaded(bed, 4)
    bed.provider.wait(100)
    bed.redis.client.config_set("maxmemory", "1mb")
    r = bed.cli("send", "--to", "+8613800000001", "--text", "neu")
    status, answer = post(bed, "/api/v1/notices", {"v": 1, "kind": "notice", "to": {"phones": ["+8613800000001"]}, "text": "neu"})
    told = wait_for(lambda: (lambda s: s[1] if s[0] == 503 and "memory is full" in s[1] else None)(ready(bed)), 5, "readyz")
    books = bed.finished()
    judge(row, books, 0, f"crashes; a new notice meanwhile: exit {r.code}, HTTP {status} {answer['error']['code']}, readyz 503", bound=0)
    assert r.code == 75 and status == 503 and answer["error"]["code"] == "redis-refuses" and told


@pytest.mark.full
@pytest.mark.row("R6", "MISCONF: the append-only file cannot be written")
def test_r6_disk_full(bed, row):
    """The disk is full for the server process alone: a file size limit."""
    bed.redis = Redis(bed.directory, appendfsync="everysec")
    loaded(bed, 6)
    bed.provider.wait(100)
    pid = bed.redis.process.pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1024, hard))
    wait_for(lambda: bed.redis.client.info("persistence")["aof_last_write_status"] == "err", 10, "Redis to notice")
    time.sleep(1)
    sent = len(bed.provider.messages)
    time.sleep(2)
    went_on = len(bed.provider.messages) - sent
    took = resumed_after(bed, lambda: resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard)))
    books = bed.finished()
    judge(row, books, 1, f"full disk; {went_on} sent after 1 s of it; resumed after {took:.1f} s")
    assert went_on <= WINDOW and took <= 10


def slowest(bed, stop, out):
    while not stop.is_set():
        began = time.monotonic()
        status, _ = bed.crierd.get("/healthz")
        out.append(time.monotonic() - began if status == 200 else 99.0)
        time.sleep(0.05)


class Watch:
    """How long the daemon's event loop ever took to answer."""

    def __init__(self, bed):
        self.times, self._stop = [], threading.Event()
        self._thread = threading.Thread(target=slowest, args=(bed, self._stop, self.times), daemon=True)
        self._thread.start()

    def worst(self):
        self._stop.set()
        self._thread.join(15)
        return max(self.times, default=99.0)


def hook_seconds(bed):
    """How long a reply waits for its answer, whatever that is."""
    began = time.monotonic()
    try:
        status, _ = bed.provider.reply(bed.crierd.url, HOOK_SECRET, "+8613800000001", "你好")
    except OSError:
        status = 0
    return time.monotonic() - began, status


@pytest.mark.full
@pytest.mark.row("R7", "Redis stands still for 30 s (SIGSTOP)")
def test_r7_frozen(bed, row):
    loaded(bed, 6)
    bed.provider.wait(100)
    watch = Watch(bed)
    bed.redis.process.send_signal(signal.SIGSTOP)
    time.sleep(1)
    waited, status = hook_seconds(bed)
    time.sleep(29 - waited)
    took = resumed_after(bed, lambda: bed.redis.process.send_signal(signal.SIGCONT))
    books = bed.finished()
    worst, peak = watch.worst(), bed.peak_mib()
    judge(row, books, 1, f"freeze; loop never later than {worst * 1000:.0f} ms, webhook {status} after {waited:.1f} s, resumed after {took:.1f} s, peak {peak:.0f} MiB")
    assert worst < 1 and waited <= 4 and status != 200 and peak < 64 and took <= 10


@pytest.mark.full
@pytest.mark.row("R7b", "every answer of Redis comes 2 s late, for 12 s")
def test_r7_slow(bed, row):
    bed.redis.start()
    proxy = RedisProxy(bed.redis.socket, bed.directory / "proxy.sock").start()
    try:
        loaded(bed, 6, redis_url=proxy.url)
        bed.provider.wait(100)
        watch = Watch(bed)
        proxy.delay = 1.0  # there and back
        time.sleep(12)
        proxy.delay = 0.0
        books = bed.finished()
        worst = watch.worst()
        judge(row, books, 4, f"slow spell; loop never later than {worst * 1000:.0f} ms")
        assert worst < 1
    finally:
        bed.halt()
        for d in bed.daemons:
            d.stop()
        proxy.stop()


@pytest.mark.full
@pytest.mark.row("R7c", "BUSY: somebody's script runs for 3 s")
def test_r7_busy(bed, row):
    loaded(bed, 4)
    bed.provider.wait(100)
    bed.redis.client.config_set("busy-reply-threshold", 100)
    client = redis_py.Redis(unix_socket_path=bed.redis.socket, socket_timeout=20)

    def spin():
        try:
            client.eval("while true do end", 0)
        except redis_py.RedisError:
            pass
    thread = threading.Thread(target=spin, daemon=True)
    thread.start()
    time.sleep(3)
    took = resumed_after(bed, lambda: bed.redis.client.script_kill())
    thread.join(10)
    books = bed.finished()
    judge(row, books, 1, f"busy script; resumed after {took:.1f} s")
    assert took <= 10


@pytest.mark.full
@pytest.mark.row("R8", "answers cut in their middle, of a wrong type, huge, garbage; connections cut")
def test_r8_broken_answers(bed, row):
    bed.redis.start()
    proxy = RedisProxy(bed.redis.socket, bed.directory / "proxy.sock").start()
    nonsense = [b":1\r\n" * 50, b"$536870912\r\nabc", b"*1000000000\r\n", b"\x00\xff garbage\r\n", b"+OK\r\n" * 500, b"*-5\r\n", b"$-7\r\n", b"*2\r\n" * 100]
    n = 60 if FULL else 8
    try:
        loaded(bed, n * 0.25, redis_url=proxy.url)
        bed.provider.wait(50)
        for i in range(n):
            kind = i % 3
            if kind == 0:
                proxy.cut_answer(bed.dice.randint(1, 60))
            elif kind == 1:
                proxy.say(bed.dice.choice(nonsense))
            else:
                proxy.cut_all()
            time.sleep(0.1 + bed.dice.random() * 0.2)
        books = bed.finished(60)
        judge(row, books, n, f"broken answers, {proxy.n_accepted} connections")
        assert not [d for d in bed.daemons if d.process.poll() is not None], "a daemon died of it"
    finally:
        bed.halt()
        for d in bed.daemons:
            d.stop()
        proxy.stop()


@pytest.mark.full
@pytest.mark.row("R9", "SCRIPT FLUSH again and again; the right to run scripts taken away for 3 s")
def test_r9_noscript_acl(bed, row):
    loaded(bed, 8)
    for _ in range(20):
        bed.redis.client.script_flush()
        time.sleep(0.05)
    bed.redis.client.execute_command("ACL", "SETUSER", "default", "-evalsha", "-eval")
    time.sleep(3)
    told = "right" in bed.crierd.text()
    took = resumed_after(bed, lambda: bed.redis.client.execute_command("ACL", "SETUSER", "default", "+evalsha", "+eval"), 40)
    books = bed.finished()
    judge(row, books, 0, f"crashes, a right taken away, {'said in the log' if told else 'NOT said'}; resumed after {took:.1f} s", bound=0)
    assert told
