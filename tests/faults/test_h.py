"""Rows H: a provider that is slow, breaks off, talks nonsense, redirects, or says different things about each of a batch."""
import socket
import threading
import time

import pytest
from bed import FULL, iso
from check import ACCEPTED, EXHAUSTED, FAILED, PENDING, RETRY, UNKNOWN, check
from provider import Close, Code, Hang, Late, Provider, Raw, Reset, Status, Wire
from test_p import judge
from world import phone, wait_for

RECIPIENTS = 10000 if FULL else 1000
STATES = {PENDING: "pending", ACCEPTED: "accepted", RETRY: "retry", FAILED: "failed", EXHAUSTED: "exhausted", UNKNOWN: "unknown"}


class Listener:
    """A TCP server that does what ${serve}(connection) does, one thread for each connection."""

    def __init__(self, serve):
        self.serve, self.n = serve, 0
        self.sock = socket.socket()
        self.sock.bind(("127.0.0.1", 0))
        self.sock.listen(128)
        self.port = self.sock.getsockname()[1]
        self.kept = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                connection, _ = self.sock.accept()
            except OSError:
                return
            self.n += 1
            self.kept.append(connection)
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection):
        try:
            self.serve(connection)
        except OSError:
            pass

    def stop(self):
        for s in (self.sock, *self.kept):
            s.close()


def state_of(bed, id_="n"):
    rows = bed.recipients(id_)
    return {r["to"]: r["state"] for r in rows}


@pytest.mark.short
@pytest.mark.row("H1", "time runs out before, and after, the request is written")
def test_h1_timeouts(bed, row):
    silent = Listener(lambda c: time.sleep(60))  # takes the connection, never says a word of TLS
    try:
        bed.begin(timeout_ms=300, provider={"url": f"https://127.0.0.1:{silent.port}/send"}).run()
        bed.notice("before", [phone(i) for i in range(20)])
        wait_for(lambda: silent.n >= 3, 20, "tries")
        wait_for(lambda: sum(v for k, v in bed.crierd.metrics().items() if k.startswith("crier_sends_total")) >= 3, 20, "tries that are over")
        before = state_of(bed, "before")
        assert set(before.values()) <= {"pending", "retry", "sending"}, set(before.values())
        assert bed.cli("notice", "cancel", "before").code == 0
        bed.crierd.stop()
        bed.daemons.clear()
        bed.begin(timeout_ms=300).run()
        n = RECIPIENTS // 50
        bed.provider.script(lambda k, items: Hang() if k % 5 == 0 else None)
        bed.notice("after", [phone(i) for i in range(n)])
        bed.sent["after"] = n
        books = bed.finished(60)
        hung = n // 5
        row.tell(f"before: {len(before)} not sent, 0 unknown; after: {books['normal']}, {hung} never answered")
        assert books["normal"].unknown == hung and not books["normal"].lost and books["normal"].duplicates == 0
        assert len(bed.provider.of("after")) == n
    finally:
        silent.stop()


@pytest.mark.short
@pytest.mark.row("H2", "HTTP 500 502 503 504, business codes 1 to 5 and an unknown one")
def test_h2_codes(bed, row):
    """As the contract's table says; an alert is told everybody in the end."""
    table = [(Status(500), "unknown"), (Status(502), "unknown"), (Status(504), "unknown"), (Status(503), "accepted"), (Code(1), "failed"), (Code(2), "failed"),
             (Code(4, retry_after=0), "accepted"), (Code(5), "accepted"), (Code(77), "unknown"), (Status(404), "unknown"), (Status(418), "unknown")]
    bed.begin(provider={"window": 4}).run()
    for i, (what, _) in enumerate(table):
        bed.provider.for_number(phone(i), what, Code(0))
    for i in range(len(table)):  # a text of its own for each: one that is refused is not offered for the others
        bed.notice(f"n{i}", [phone(i)])
    states = {}
    for i in range(len(table)):
        bed.until(f"n{i}", seconds=30)
        states.update(state_of(bed, f"n{i}"))
    wrong = [(i, states[phone(i)], want) for i, (_, want) in enumerate(table) if states[phone(i)] != want]
    twice = [i for i, (_, want) in enumerate(table) if want != "accepted" and len(bed.provider.to(phone(i))) != 1]
    row.tell(f"{len(table)} codes, {len(table) - len(wrong)} as in the table, {len(twice)} sent again that must not be")
    assert not wrong and not twice, (wrong, twice)


@pytest.mark.short
@pytest.mark.row("H3", "429 with Retry-After 1, a date, absurd, negative, missing, nonsense")
def test_h3_retry_after(bed, row):
    bed.begin(provider={"window": 4}).run()
    lines = []
    for k, value in enumerate(("1", "date", "-5", None, "soon")):
        if value == "date":
            value = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 3))
        bed.provider.next(Status(429, retry_after=value))
        bed.notice(f"n{k}", [phone(k)])
        n = bed.until(f"n{k}", seconds=30)
        at = [m.at for m in bed.provider.to(phone(k))]
        assert n["counts"]["accepted"] == 1 and len(at) == 2, (value, n["counts"], len(at))
        assert k != 1 or at[1] - at[0] > 1.5, "sooner than the date said"
        lines.append(f"{'date +3 s' if k == 1 else value}: {at[1] - at[0]:.1f} s")
    bed.provider.next(Status(429, retry_after=10 ** 12))
    bed.notice("absurd", [phone(50)])
    text = wait_for(lambda: [line for line in bed.crierd.text().splitlines() if "link.throttled" in line and "for_ms=300000" in line], 10, "the cap")
    row.tell("again after " + ", ".join(lines) + "; 10^12: capped at 300 s")
    assert text
    bed.cli("notice", "cancel", "absurd")


@pytest.mark.short
@pytest.mark.row("H4", "closed or reset without an answer, on fresh and reused connections; cut in the middle of an answer")
def test_h4_broken_off(bed, row):
    half = b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"code":0,'
    whats = (Close(), Reset(), Wire(half), Wire(b"HTTP/1.1 200"), Wire(b"SSH-2.0-x\r\n"))
    bed.provider.script(lambda k, items: whats[k // 7 % len(whats)] if k % 7 == 6 else None)
    bed.begin(provider={"window": 8}).run()
    bed.work(2000, 2, lanes=("notice",))
    books = bed.finished(90)
    everything = check(bed, bed.sent, counts=lambda m: True)
    broken = sum(1 for k in range(1, len(bed.provider.requests) + 1) if k % 7 == 6)
    row.tell(f"{broken} requests broken off: {books['normal']}; requests of one recipient beyond the first: {everything['normal'].duplicates}")
    assert everything["normal"].duplicates == 0, "a request went out twice"
    assert not books["normal"].lost and not books["normal"].stuck
    assert books["normal"].unknown == broken


@pytest.mark.short
@pytest.mark.row("H5", "answers that are garbage: wrong types, 10 MB, 100,000 levels, NUL, bad UTF-8, gzip")
def test_h5_garbage(bed, row):
    answers = [b"", b"null", b"[]", b'{"code":"0"}', b'{"code":0.0}', b'{"code":null}', b'{"code":[0]}', b"{" * 100000, b"[" * 100000, b'{"code":0' * 9, b'{"code":0,"id":"\xff\xfe"}',
               b'{"code":0,"id":"a\x00b"}', b"\x1f\x8b\x08\x00garbage", b"x" * (10 << 20), b'{"id":"1"}', b'{"code":99999999999999999999}', b"\x00" * 1000, "零".encode()]
    bed.begin(provider={"window": 4}).run()
    for i, body in enumerate(answers):
        bed.provider.for_number(phone(i), Raw(body))
    bed.notice("n", [phone(i) for i in range(len(answers))])
    bed.until("n", seconds=30)
    states = state_of(bed)
    rows = [states[phone(i)] for i in range(len(answers))]
    sent_twice = [i for i in range(len(answers)) if len(bed.provider.to(phone(i))) != 1]
    peak = bed.peak_mib()
    row.tell(f"{len(answers)} answers: {rows.count('unknown')} unknown, {rows.count('accepted')} accepted; peak {peak:.0f} MiB")
    assert set(rows) <= {"unknown", "accepted"} and rows.count("accepted") <= 1 and not sent_twice and peak < 64, rows
    assert bed.crierd.process.poll() is None


def drip(connection):
    connection.recv(65536)
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789":
        connection.send(bytes([byte]))
        time.sleep(0.1)


@pytest.mark.short
@pytest.mark.row("H6", "an answer of 10 bytes a second")
def test_h6_slow_loris(bed, row):
    slow = Listener(drip)
    try:
        bed.begin(timeout_ms=700, provider={"url": f"http://127.0.0.1:{slow.port}/send", "window": 8}).run()
        began = time.monotonic()
        bed.notice("n", [phone(i) for i in range(8)])
        n = bed.until("n", seconds=20)
        took = time.monotonic() - began
        row.tell(f"8 requests cut at the total timeout of 0.7 s, all over after {took:.1f} s, {n['counts']['unknown']} unknown, {slow.n} connections")
        assert n["counts"]["unknown"] == 8 and took < 3 and slow.n == 8
    finally:
        slow.stop()


@pytest.mark.short
@pytest.mark.row("H7", "redirects: 301 302 303 307 308, to elsewhere, to file:, to cloud metadata")
def test_h7_redirects(bed, row):
    other = Provider().start()
    targets = [other.url, "file:///etc/passwd", "http://169.254.169.254/latest/meta-data/", "http://100.100.100.200/latest/meta-data/"]
    cases = [(status, target) for status in (301, 302, 303, 307, 308) for target in targets]
    try:
        bed.begin(provider={"window": 4}).run()
        for i, (status, target) in enumerate(cases):
            answer = f"HTTP/1.1 {status} Moved\r\nLocation: {target}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode()
            bed.provider.for_number(phone(3 * i), Wire(answer))
        bed.notice("n", [phone(i) for i in range(3 * len(cases))])  # between good answers: the breaker is another row
        bed.until("n", seconds=20)
        states = state_of(bed)
        states = {states[phone(3 * i)] for i in range(len(cases))}
        once = len(bed.provider.of("n")) == 3 * len(cases)
        row.tell(f"{len(cases)} redirects, followed {len(other.requests)}, {'asked once each' if once else 'ASKED AGAIN'}, states {sorted(states)}")
        assert not other.requests and once and states == {"unknown"}
    finally:
        other.stop()


@pytest.mark.short
@pytest.mark.row("H11", "accepted, but no receipt ever comes")
def test_h11_no_receipts(bed, row):
    n = RECIPIENTS // 10
    bed.begin().run()
    bed.work(n, 1)
    bed.finished(30)
    for days in (1, 3):
        bed.clock(days * 86400 * 1000)
        bed.notice(f"pulse-{days}", [phone(1)], not_after=iso(days * 86400 + 3600))
        bed.until(f"pulse-{days}")  # what was due of the rest has been looked at
    books = bed.finished(10)
    judge(row, books, 0, "crashes; 3 days later", bound=0)
    assert books["normal"].states[ACCEPTED] == n and books["emergency"].states[ACCEPTED] == n


@pytest.mark.short
@pytest.mark.row("H12", "a batch's answer with results missing, doubled, for strangers, in any order")
def test_h12_batches(bed, row):
    """Batches of 20: of those numbers that nothing was said about it is not known."""
    n, hidden = 2000, {phone(i) for i in range(0, 2000, 9)}
    refused = {phone(i) for i in range(4, n, 50)} - hidden
    bed.provider.shuffle = True
    for to in hidden:
        bed.provider.for_number(to, Raw(b""))  # no result
    for to in refused:
        bed.provider.for_number(to, Code(1))
    render = bed.provider._render

    def noisy(what, codes, items, batch):
        data, close = render(what, codes, items, batch)
        return data.replace(b'{"results": [', b'{"results": [{"to": "+8613900000000", "code": 0, "id": "s"}, {"code": 0}, 7, ').replace(
            *content_length(data)), close
    bed.provider._render = noisy
    bed.begin(provider={"batch": 20, "window": 4}).run()
    bed.work(n, 1, lanes=("notice",))
    books = bed.finished(60)
    lane = books["normal"]
    row.tell(f"{lane}; {len(hidden)} without a result, {lane.states[FAILED]} failed of {len(refused)}")
    assert lane.unknown == len(hidden) and lane.states[FAILED] == len(refused) and lane.states[ACCEPTED] == n - len(hidden) - len(refused)
    assert not lane.lost and lane.duplicates == 0
    assert len(bed.provider.messages) == n


def content_length(data):
    """The header as it is, and as it is with the noise in it."""
    old = next(line for line in data.split(b"\r\n") if line.startswith(b"Content-Length"))
    extra = len(b'{"to": "+8613900000000", "code": 0, "id": "s"}, {"code": 0}, 7, ') if b'{"results": [' in data else 0
    return old, b"Content-Length: %d" % (int(old.split(b":")[1]) + extra)


@pytest.mark.short
@pytest.mark.row("H13", "slow and late answers beyond the timeout, in both lanes")
def test_h13_late(bed, row):
    """Answers after the timeout come to nobody: alerts again, notices unknown."""
    bed.provider.script(lambda k, items: Late(1.2) if k % 40 == 0 else None)
    bed.begin(timeout_ms=500).run()
    bed.work(RECIPIENTS // 2, 2)
    books = bed.finished(60)
    late = sum(1 for k in range(1, len(bed.provider.requests) + 1) if k % 40 == 0)
    row.tell(f"{late} answers too late; alerts: {books['emergency']}; notices: {books['normal']}")
    assert books["normal"].duplicates == 0 and not books["normal"].lost and not books["emergency"].lost
    assert not books["normal"].stuck and not books["emergency"].stuck and books["emergency"].unknown == 0
    assert books["emergency"].duplicates + books["normal"].unknown <= late
