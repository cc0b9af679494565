"""Rows H8 to H10: a provider that cannot prove who it is, whose name leads nowhere or where it must not, that is away for hours."""
import time

import pytest
from bed import FULL, WINDOW, Bed
from provider import Provider
from test_h import Listener
from test_more import cpu_seconds
from test_p import judge
from test_r import Watch
from tls import Papers, TlsFront
from world import PROVIDER, section, wait_for

RECIPIENTS = 10000 if FULL else 1000


def second_choice(url):
    return section("provider", "p2", {**PROVIDER, "url": url, "priority": 200, "window": WINDOW})


def alarmed(bed):
    """The alarm of lane emergency: an error in the log, a reason in `provider list`, an age in the metrics."""
    lines = [line for line in bed.crierd.text().splitlines() if "level=error" in line and "event=link.not-sent" in line and "lane=emergency" in line]
    why = next(p["why"] for p in bed.cli("provider", "list").ok().lines if p["name"] == "p1")
    return lines and why and bed.crierd.metrics().get('crier_lane_oldest_seconds{lane="emergency"}', 0) > 0


CERTIFICATES = {"expired": "an expired certificate", "stranger": "a certificate for another host", "self_signed": "a self-signed certificate",
                "tls10": "TLS 1.0 and nothing newer"}


@pytest.mark.short
@pytest.mark.parametrize("case", [("H8", what, name) for name, what in CERTIFICATES.items()], ids=lambda c: f"H8-{c[2]}")
def test_h8_certificates(bed, row, case):
    """Not a byte of a message goes there; the other provider gets everything; with none left: an alarm, and no silence."""
    papers, name = Papers(bed.directory), case[2]
    bad = TlsFront(bed.provider.port, papers.good if name == "tls10" else getattr(papers, name), old_tls=name == "tls10").start()
    good = TlsFront(bed.provider.port, papers.good).start()
    bed.env["CRIER_CA_FILE"] = papers.ca
    try:
        bed.begin(provider={"url": bad.url, "priority": 1}, more=second_choice(good.url)).run()
        bed.work(RECIPIENTS // 10, 1)
        books = bed.finished(60)
        judge(row, books, 0, "bytes to the one without proof, all to the other", bound=0)
        assert good.n_bytes > 0 and bad.n_connections > 0 and bad.n_bytes == 0
        bed.cli("provider", "pause", "p2").ok()
        bed.work(10, 1, lanes=("alert",), name="alone")
        wait_for(lambda: alarmed(bed), 20, "the alarm of lane emergency")
        tries, began = bad.n_connections, time.monotonic()
        wait_for(lambda: bad.n_connections >= tries + 2, 20, "further tries")
        every = (time.monotonic() - began) / 2
        assert bad.n_bytes == 0 and not bed.provider.of("alertalone-0")
        bad.show(papers.good)
        mended = time.monotonic()
        bed.provider.wait_for(lambda p: any(m.ref.startswith("alertalone-0.") for m in p.messages), 30, "the alert after the certificate was renewed")
        took = time.monotonic() - mended
        books = bed.finished(30)
        judge(row, books, 0, f"bytes to the one without proof, all to the other; alone: alarm, a try every {every:.1f} s, {took:.1f} s after a good certificate", bound=0)
        assert took <= 3
    finally:
        bad.stop()
        good.stop()


NAMES = [("H9", "the provider's name does not resolve", "fail:0"), ("H9", "the name server takes 5 s", "192.0.2.1:5000"),
         *(("H9", f"the name leads to {what}", f"{address}:0") for what, address in (
             ("loopback", "127.0.0.1"), ("10.0.0.1", "10.0.0.1"), ("cloud metadata", "169.254.169.254"), ("cloud metadata in 100.64/10", "100.100.100.200")))]


@pytest.mark.short
@pytest.mark.parametrize("case", NAMES if FULL else NAMES[:3], ids=lambda c: f"H9-{c[2]}")
def test_h9_names(bed, row, case):
    """Nothing is sent there, nothing is in doubt, the loop does not wait, the other provider gets everything."""
    trap = Listener(lambda c: c.recv(1))
    bed.preload(CRIER_NAMES=f"sms.example={case[2]}")
    try:
        bed.begin(timeout_ms=2000, provider={"url": f"https://sms.example:{trap.port}/send", "priority": 1}, more=second_choice(bed.provider.url)).run()
        watch = Watch(bed)
        bed.work(RECIPIENTS // 10, 1)
        books = bed.finished(60)
        worst = watch.worst()
        tried = sum(v for k, v in bed.crierd.metrics().items() if k.startswith('crier_sends_total{provider="p1"'))
        judge(row, books, 0, f"sent there in {tried:.0f} tries, {trap.n} connections; loop never later than {worst * 1000:.0f} ms", bound=0)
        assert tried > 0 and trap.n == 0 and worst < 0.5
    finally:
        trap.stop()


@pytest.mark.short
@pytest.mark.row("H10", "total outage for 6 h of the queue's clock in a broadcast")
def test_h10_outage(bed, row):
    """The breaker opens, probes only, one retry entry a slice at most, hardly any work, and it resumes by itself."""
    n_bulk, n_alert = (99000, 9000) if FULL else (1500, 500)
    port, client = Bed.free_port(), bed.redis.client
    bed.begin(provider={"url": f"http://127.0.0.1:{port}/send", "batch": 20}, timeout_ms=10000, lease_ms=30000, delivery={"sweep_ms": 1000}).run()
    bed.work(n_bulk, lanes=("notice",), lane="bulk", lasts=86400)
    bed.work(n_alert, lanes=("alert",), lasts=86400)
    wait_for(bed.all_accepted, 60, "all notices staged")
    wait_for(lambda: bed.crierd.metrics()['crier_breaker_open{provider="p1"}'] == 1, 20, "the breaker")

    def tries():
        return sum(v for k, v in bed.crierd.metrics().items() if k.startswith("crier_sends_total"))
    before, cpu, began, most = tries(), cpu_seconds(bed.crierd.process.pid), time.monotonic(), 0
    steps = 12 if FULL else 6
    for k in range(1, steps + 1):
        bed.clock(6 * 3600 * 1000 * k // steps)
        time.sleep(2 if FULL else 0.5)  # the time that the outage is watched
        for id_, n in bed.sent.items():
            most = max(most, client.zcard(bed.key(f"n:{id_}:work")) - -(-n // 100))
    took = time.monotonic() - began
    used, tried = (cpu_seconds(bed.crierd.process.pid) - cpu) / took, tries() - before
    bed.provider.stop()
    bed.provider = Provider(port=port).start()
    began = time.monotonic()
    bed.provider.wait(1, 60)
    first = time.monotonic() - began
    books = bed.finished(120)
    alert, bulk = books["emergency"], books["bulk"]
    row.tell(f"{tried / took:.1f} requests/s tried, {used * 100:.1f} % of a core, {most} retry entries beyond one a slice, peak {bed.peak_mib():.0f} MiB, "
             f"first message {first:.1f} s after the outage; alerts: {alert}; bulk: {bulk}")
    for book in (alert, bulk):
        assert not book.lost and not book.stuck and book.duplicates == 0 and book.unknown == 0
    assert alert.states[2] == alert.recipients and most <= 0
    assert tried / took <= 5 and used < 0.05 and first <= 5
