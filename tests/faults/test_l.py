"""Row L1: a million bulk recipients are running when alerts arrive."""
import gc
import statistics
import time

import pytest
from bed import iso
from world import phone, settled, wait_for

RESIDENTS, NOTICES, ALERTS, BIG, ROUNDS = 100000, 10, 30, 10000, 3


def percentile(values, p):
    return sorted(values)[min(len(values) - 1, int(len(values) * p))]


class Tail:
    """When the messages of some notices arrived. Looks at each message once: the provider shall not wait for us."""

    def __init__(self, provider):
        self.messages, self.n = provider.messages, 0

    def follow(self, id_, n, seconds):
        """The times of the next ${n} messages of this notice."""
        prefix, times, deadline = id_ + ".", [], time.monotonic() + seconds
        while len(times) < n:
            assert time.monotonic() < deadline, f"{len(times)} of {n} messages of {id_} in {seconds} s"
            time.sleep(0.01)
            end = len(self.messages)
            times += [m.at for m in self.messages[self.n:end] if m.ref.startswith(prefix)]
            self.n = end
        return times


def first_request(bed, tail, name):
    """Seconds from the LPUSH of a small alert to its first request at the provider."""
    at = time.monotonic()
    bed.work(10, 1, lanes=("alert",), name=name)
    return tail.follow(f"alert{name}-0", 10, 30)[0] - at


def rate_of(bed, tail, name):
    """Recipients a second of an emergency to the harbour, from its first request to its last, and the bulk messages in between."""
    first = len(bed.provider.messages)
    bed.push({"v": 1, "id": name, "kind": "notice", "lane": "emergency", "to": {"tags": ["harbour"]}, "text": "请立即撤离", "not_after": iso(3600)}, emergency=True)
    times = tail.follow(name, BIG, 120)
    beside = sum(times[0] <= m.at <= times[-1] and m.ref.startswith("bulk-") for m in bed.provider.messages[first:])
    return BIG / (times[-1] - times[0]), beside


def steer(bed, what):
    """Pause or resume the bulk notices; a second later nothing of them is under way, or the window is full of them."""
    for k in range(NOTICES):
        bed.cli("notice", what, f"bulk-{k}").ok()
    count = settled if what == "pause" else (lambda value: bed.provider.wait(value() + 300))
    count(lambda: len(bed.provider.messages))


@pytest.mark.full
@pytest.mark.alone
@pytest.mark.row("L1", f"{NOTICES * RESIDENTS:,} bulk recipients running, alerts arrive")
def test_l1_million(request, bed, row):
    gc.disable()  # the provider shall not become slower with every message that it keeps
    request.addfinalizer(gc.enable)
    bed.begin(window=32).run()
    bed.residents([f"居民,{phone(i)},460106,,{'harbour' if i < BIG else ''}" for i in range(RESIDENTS)]).ok()
    tail = Tail(bed.provider)
    for k in range(NOTICES):
        bed.notice(f"bulk-{k}", {"everyone": True}, lane="bulk", not_after=iso(7200))
    wait_for(lambda: all((bed.show(f"bulk-{k}") or {}).get("staged") for k in range(NOTICES)), 120, "a million recipients staged")
    lines, bad = [], []
    for delay in (0, 0.02):
        bed.provider.delay = delay
        tail.follow("bulk-0", 30, 20)
        times = []
        for k in range(ALERTS):
            times.append(first_request(bed, tail, f"{int(delay * 1000)}x{k}"))
            time.sleep(0.1 * bed.dice.random())  # at any moment of the feeder's turn
        p99 = percentile(times, 0.99)
        lines.append(f"provider delay {delay * 1000:.0f} ms: first request after LPUSH p50 {statistics.median(times) * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms of {ALERTS}")
        bad += [lines[-1]] if p99 >= 0.1 + delay else []
    # By turns, and with the provider's time as the limit: what else the machine does falls on both.
    alone, beside = [], []
    for k in range(ROUNDS):
        steer(bed, "pause")
        alone.append(rate_of(bed, tail, f"alone-{k}")[0])
        steer(bed, "resume")
        beside.append(rate_of(bed, tail, f"beside-{k}"))
    n_bulk = sum(n for _, n in beside)
    rate, rate_alone = statistics.median(r for r, _ in beside), statistics.median(alone)
    left = sum(bed.show(f"bulk-{k}")["counts"]["pending"] for k in range(NOTICES))
    row.tell("; ".join(lines) + f"; {BIG} recipients at {rate:.0f}/s, {rate / rate_alone * 100:.0f} % of {rate_alone:.0f}/s with bulk paused, {n_bulk / ROUNDS:.0f} bulk messages "
             f"meanwhile; {left} bulk still waiting then")
    for k in range(NOTICES):
        bed.cli("notice", "cancel", f"bulk-{k}")
    assert not bad and rate >= 0.9 * rate_alone and left > 100000
