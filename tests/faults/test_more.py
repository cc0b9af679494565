"""Rows T, S, L, I: the day jumps, descriptors run out, lanes, cancel and expiry in mid-broadcast, floods of replies."""
import http.client
import json
import resource
import socket
import threading
import time

import pytest
from bed import FULL, WINDOW, iso
from check import ACCEPTED, CANCELLED, EXPIRED, UNKNOWN
from provider import Status
from test_p import judge
from test_r import Watch
from test_recovery import post, ready
from world import HOOK_SECRET, phone, settled, wait_for

RECIPIENTS = 10000 if FULL else 1000


@pytest.mark.short
@pytest.mark.row("T1", "the day jumps forward and back by half an hour and more, and over the time of what is scheduled")
def test_t1_clock(bed, row):
    """No lease ends, nothing is promoted twice, nothing is sent twice, and what waits for its next try does not wait half an hour longer."""
    bed.begin(2, delivery={"retry_base_ms": 300}).run()
    bed.provider.delay = 0.03
    bed.provider.script(lambda n, items: Status(503) if n % 7 == 0 else None)
    bed.work(RECIPIENTS, 4, lanes=("notice",))
    bed.work(RECIPIENTS, 4, lanes=("alert",))
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 5400))
    for i in range(5):
        bed.notice(f"later-{i}", [phone(i)], send_at=later)
        bed.sent[f"later-{i}"] = 1
    hour, n, ms = 3600 * 1000, 0, 0
    for k in range(20 if FULL else 6):  # not past the alerts' not_after: that is row L4
        ms += -30 * 60000 if k % 2 else 32 * 60000
        bed.clock(ms)
        n += 1
        time.sleep(0.3)
    bed.clock(ms - 45 * 60000)  # for good: whoever waits now, waits by ticks
    bed.provider.delay = 0
    bed.provider.script(None)
    wait_for(lambda: all(bed.show(id_)["state"] == "done" for id_ in bed.sent if not id_.startswith("later")), 60, "the work of today")
    bed.clock(2 * hour)
    bed.clock(2 * hour - 5000)
    bed.clock(2 * hour)
    books = bed.finished(30)
    judge(row, books, 0, f"crashes, {n + 4} jumps", bound=0)
    assert books["normal"].unknown == 0


@pytest.mark.short
@pytest.mark.row("S1", "the journal's disk is full (a file size limit of the daemon) in a broadcast")
def test_s1_journal_full(bed, row):
    """Alerts over HTTP are refused with 507, and not sent later; everything else goes on, alerts pushed into Redis too."""
    bed.begin().run()
    bed.provider.delay = 4 * WINDOW / (2 * RECIPIENTS)
    bed.work(RECIPIENTS, 4, lanes=("notice",))
    bed.provider.wait(100)
    pid = bed.crierd.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (16, hard))
    body = {"v": 1, "id": "refused", "kind": "notice", "lane": "emergency", "to": {"phones": [phone(1)]}, "text": "x", "not_after": iso(3600)}
    status, answer = post(bed, "/api/v1/notices", body)
    told = wait_for(lambda: (lambda s: s[0] == 503 and "over HTTP or crier are refused" in s[1])(ready(bed)), 5, "readyz")
    bed.work(RECIPIENTS, 4, lanes=("alert",))
    books = bed.finished()
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
    wait_for(lambda: ready(bed)[0] == 200, 10, "ready again")
    judge(row, books, 0, f"crashes; HTTP {status} {answer['error']['code']}, readyz 503", bound=0)
    assert status == 507 and told and bed.show("refused") is None and not bed.provider.of("refused")


@pytest.mark.short
@pytest.mark.row("S2", "64 descriptors: connections hold them all")
def test_s2_descriptors(bed, row):
    """No spin on accept; an alert goes out all the same."""
    bed.begin(window=8)
    before = bed.crierd.spawn

    def spawn():
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, limits[1]))  # inherited
        try:
            return before()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    bed.crierd.spawn = spawn
    bed.run()
    pid = bed.crierd.process.pid
    held = []
    try:
        for _ in range(200):
            s = socket.socket()
            s.settimeout(2)
            s.connect(("127.0.0.1", bed.crierd.port))
            held.append(s)
        time.sleep(0.5)
        before = cpu_seconds(pid)
        time.sleep(2)
        used = (cpu_seconds(pid) - before) / 2
        bed.work(200, 1)
        books = bed.finished(30)
        alive = bed.crierd.process.poll() is None
    finally:
        for s in held:
            s.close()
    wait_for(lambda: bed.crierd.get("/healthz")[0] == 200, 15, "answers again")
    judge(row, books, 0, f"crashes, 200 connections held; {used * 100:.0f} % of a core meanwhile", bound=0)
    assert alive and used < 0.2


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


@pytest.mark.full
@pytest.mark.alone
@pytest.mark.row("L1s", "99,000 bulk recipients running, an alert to 3,000 arrives (not 1,000,000)")
def test_l1_overtaking(bed, row):
    delay, people = 0.02, 3000
    bed.provider.delay = delay
    bed.begin(window=32).run()

    def alert(id_):
        name = id_.split("-")[1]
        at = time.monotonic()
        bed.work(people, 1, lanes=("alert",), name=name)
        wait_for(lambda: len(bed.provider.of(f"alert{name}-0")) >= people, 60, "the alert")
        got = bed.provider.of(f"alert{name}-0")
        return got[0].at - at, people / (got[-1].at - got[0].at)
    _, alone = alert("x-alone")
    for k in range(33):
        bed.notice(f"bulk-{k}", [phone(i) for i in range(3000)], lane="bulk", not_after=iso(3600))
    wait_for(lambda: len(bed.provider.of("bulk-0")) > 300, 20, "bulk running")
    first, rate = [], []
    for k in range(5):
        f, r = alert(f"x-{k}")
        first.append(f)
        rate.append(r)
        time.sleep(0.2)
    row.tell(f"provider delay {delay * 1000:.0f} ms: first request after LPUSH at worst {max(first) * 1000:.0f} ms, rate {min(rate) / alone * 100:.0f}..{max(rate) / alone * 100:.0f} % "
             f"of {alone:.0f}/s alone")
    assert max(first) <= 1 + delay and sum(rate) / len(rate) >= 0.8 * alone
    for k in range(33):
        bed.cli("notice", "cancel", f"bulk-{k}")


@pytest.mark.short
@pytest.mark.row("L2", "an alert to many and 50 small notices of its lane at once")
def test_l2_round_robin(bed, row):
    bed.provider.delay = 0.05
    bed.begin(2).run()
    bed.work(RECIPIENTS, 1, lanes=("notice",), name="big")
    bed.provider.wait(50)
    at = time.monotonic()
    small = 50
    for k in range(small):
        bed.notice(f"small-{k}", [phone(k)])
        bed.sent[f"small-{k}"] = 1
    wait_for(lambda: sum(1 for m in bed.provider.messages if m.ref.startswith("small-")) == small, 30, "the small ones")
    took, big = time.monotonic() - at, len(bed.provider.of("noticebig-0"))
    bed.provider.delay = 0
    books = bed.finished(60)
    judge(row, books, 0, f"crashes; {small} small ones through after {took:.2f} s, {big} of {RECIPIENTS} of the large one then", bound=0)
    assert big < RECIPIENTS


@pytest.mark.short
@pytest.mark.row("L3", "cancelled at 30 %")
def test_l3_cancel(bed, row):
    bed.provider.delay = 0.02
    bed.begin(2).run()
    bed.notice("n", [phone(i) for i in range(3000)])
    bed.provider.wait(900)
    bed.cli("notice", "cancel", "n").ok()
    at = time.monotonic()
    n = bed.until("n", "cancelled", 20)
    settled(lambda: len(bed.provider.messages), 1)
    late = [m for m in bed.provider.of("n") if m.at > at]
    last = max((m.at - at for m in late), default=0)
    wait_for(lambda: bed.show("n")["counts"]["pending"] == 0, 10, "closed")
    counts = bed.show("n")["counts"]
    row.tell(f"{len(bed.provider.of('n'))} of 3000 sent, last request {last * 1000:.0f} ms after cancel returned; accepted {counts['accepted']}, cancelled {counts['cancelled']}")
    assert last <= 2 and sum(counts.values()) == 3000 == n["total"] and counts["accepted"] == len(bed.provider.of("n"))
    assert counts["cancelled"] == 3000 - counts["accepted"]


@pytest.mark.short
@pytest.mark.row("L4", "not_after passes in mid-broadcast, and while Redis is down")
def test_l4_expiry(bed, row):
    bed.provider.delay = 0.05
    bed.begin(2).run()
    ends = int(time.time()) + 4
    till = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ends))
    bed.notice("n", [phone(i) for i in range(3000)], not_after=till)
    bed.notice("m", [phone(i) for i in range(3000)], not_after=till)
    bed.provider.wait(300)
    bed.redis.kill()
    time.sleep(0.5)
    bed.redis.start()
    for id_ in "nm":
        bed.until(id_, "expired", 30)
        wait_for(lambda: bed.show(id_)["counts"]["pending"] == 0, 10, "closed")  # noqa: B023
    late = [m for m in bed.provider.messages if m.wall > ends + 0.1]
    counts = {k: bed.show("n")["counts"][k] + bed.show("m")["counts"][k] for k in bed.show("n")["counts"]}
    row.tell(f"{counts['accepted']} accepted, {counts['expired']} expired, {counts['unknown']} unknown of 6000; {len(late)} requests after not_after")
    assert not late and sum(counts.values()) == 6000 and counts["expired"] > 0
    assert counts["accepted"] + counts["unknown"] + counts["expired"] == 6000


class Hook:
    """A provider's connection to a daemon's hook, kept open."""

    def __init__(self, daemon):
        self.daemon, self.connection = daemon, None

    def post(self, item):
        for _ in range(50):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=10)
                self.connection.request("POST", f"/hooks/p1/{HOOK_SECRET}/reply", json.dumps(item).encode(), {"Content-Type": "application/json"})
                answer = self.connection.getresponse()
                answer.read()
                if answer.status == 200:
                    return 1
            except (OSError, http.client.HTTPException):
                self.connection = None
            time.sleep(0.05)
        return 0


def flood(bed, items, n_threads):
    """Every item by some thread to some daemon, until it is taken. Returns (taken, seconds)."""
    taken = [0] * n_threads

    def run(k):
        hook = Hook(bed.daemons[k % len(bed.daemons)])
        for item in items[k::n_threads]:
            taken[k] += hook.post(item)
    threads = [threading.Thread(target=run, args=(k,)) for k in range(n_threads)]
    began = time.monotonic()
    for t in threads:
        t.start()
    for t in threads:
        t.join(120)
    return sum(taken), time.monotonic() - began


def activity(bed, seats):
    bed.cli("activity", "add", "basketball", "--title", "篮球赛", "--alias", "篮球", "--seats", seats, "--starts", iso(86400)).ok()


def roster(bed):
    return bed.cli("activity", "roster", "basketball").ok().lines


@pytest.mark.short
@pytest.mark.row("I1", "a flood of replies, each three times, in any order, to two daemons")
def test_i1_flood(bed, row):
    n = 3000 if FULL else 500
    bed.begin(2).run()
    activity(bed, n)
    items = [{"id": f"i-{i}", "from": phone(i), "text": "报名 篮球"} for i in range(n)] * 3
    bed.dice.shuffle(items)
    watch = Watch(bed)
    taken, took = flood(bed, items, 8)
    wait_for(lambda: len(roster(bed)) >= n, 60, "all seats")
    worst, peak = watch.worst(), bed.peak_mib()
    rows = roster(bed)
    answers = wait_for(lambda: bed.provider.wait(n, 60) and len(bed.provider.messages))
    answers = settled(lambda: len(bed.provider.messages), 0.5)
    row.tell(f"{taken} posts at {taken / took:.0f}/s, {len(rows)} registered, {answers} answers for {n} people; loop never later than {worst * 1000:.0f} ms, peak {peak:.0f} MiB")
    assert taken == 3 * n and len(rows) == n and len({r['phone'] for r in rows}) == n and answers == n and peak < 64


@pytest.mark.short
@pytest.mark.row("I2", "500 replies for 50 seats at once, three daemons")
def test_i2_seats(bed, row):
    bed.begin(3).run()
    activity(bed, 50)
    items = [{"id": f"i-{i}", "from": phone(i), "text": "报名 篮球"} for i in range(500)]
    taken, took = flood(bed, items, 12)
    wait_for(lambda: len(roster(bed)) >= 500, 60, "everybody on the roster")
    rows = roster(bed)
    seated = [r for r in rows if r["status"] == "confirmed"]
    waiting = [r["position"] for r in rows if r["status"] == "waiting"]
    row.tell(f"{taken} replies in {took:.1f} s: {len(seated)} seats, {len(waiting)} wait, positions 1..{max(waiting)}")
    assert taken == 500 and len(seated) == 50 and sorted(waiting) == list(range(1, 451)) and len({r["phone"] for r in rows}) == 500
