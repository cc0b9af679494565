"""Crashes and restarts: lost 0, and copies only where the promise allows them (contract 4)."""
import collections
import signal
import time

from provider import Hang
from test_send import alert
from world import phone, settled, stays, wait_for


def accepted(world, id_):
    return collections.Counter(m.to for m in world.provider.of(id_) if m.answer == 0)


def test_kill_9_in_mid_broadcast_loses_nobody_and_doubles_nobody(town):
    """At most once for normal: after kill -9 every recipient is accepted once or listed as unknown, none twice, none forgotten."""
    town.start(provider={"window": 16})
    town.provider.delay = 0.01
    town.notice("broadcast", [phone(i) for i in range(2000)])
    for round_ in range(3):
        town.provider.wait(200 * (round_ + 1))
        town.crierd.kill()
        town.crierd.start(ready=False)
    n = town.until("broadcast", seconds=60)
    got = accepted(town, "broadcast")
    assert [to for to, k in got.items() if k > 1] == []
    assert n["counts"]["accepted"] + n["counts"]["unknown"] == n["total"] == 2000
    assert n["counts"]["unknown"] <= 3 * 16
    unknown = {r["to"] for r in town.recipients("broadcast", "unknown")}
    silent = {phone(i) for i in range(2000)} - set(got)
    assert silent <= unknown, f"{len(silent - unknown)} people got nothing and nobody knows"


def test_kill_9_in_an_alert_reaches_everybody(town):
    """At least once for emergency: copies only for what was in flight."""
    town.start(provider={"window": 16})
    town.provider.delay = 0.01
    town.push(alert("storm", [phone(i) for i in range(1000)], "red"), emergency=True)
    for round_ in range(2):
        town.provider.wait(200 * (round_ + 1))
        town.crierd.kill()
        town.crierd.start(ready=False)
    n = town.until("storm", seconds=120)
    got = accepted(town, "storm")
    assert len(got) == 1000 == n["counts"]["accepted"]
    assert sum(k - 1 for k in got.values()) <= 2 * 16


def test_a_crash_between_take_and_accept_keeps_the_entry(town):
    """An entry taken from the inbox and not yet accepted is found again by the next life of the daemon: nothing forgotten, nothing twice."""
    town.start()
    town.crierd.kill()
    for i in range(50):
        town.notice(f"k{i}", [phone(i)])
    for _ in range(4):
        town.crierd.start(ready=False)  # killed as soon as it listens: somewhere between two steps
        town.crierd.kill()
    town.crierd.start()
    doubtful = 0
    for i in range(50):
        n = town.until(f"k{i}")
        assert n["counts"]["accepted"] + n["counts"]["unknown"] == 1, n
        doubtful += n["counts"]["unknown"]
        assert len(town.provider.of(f"k{i}")) == 1 or n["counts"]["unknown"], f"k{i} got lost"
    assert town.provider.copies() == {} and doubtful <= 4 * 64, "at most the window at each kill"


def test_redis_killed_and_restarted_loses_nothing(town):
    """Redis crash with AOF: accepted work goes on, readyz says what is missing meanwhile; no second copies in lane normal."""
    town.start(provider={"window": 8})
    town.provider.delay = 0.01
    town.notice("n", [phone(i) for i in range(1500)])
    town.provider.wait(200)
    town.redis.kill()
    wait_for(lambda: town.crierd.get("/readyz")[0] == 503, 15, "not ready")
    assert "redis" in town.crierd.get("/readyz")[1].lower()
    assert town.crierd.get("/healthz")[0] == 200
    assert town.crierd.metrics()["crier_redis_up"] == 0
    during = settled(lambda: len(town.provider.messages))
    stays(lambda: len(town.provider.messages) == during, 0.5, "no Redis, no new send: the silence")
    town.redis.start()
    n = town.until("n", seconds=60)
    got = accepted(town, "n")
    assert [to for to, k in got.items() if k > 1] == []
    assert n["counts"]["accepted"] + n["counts"]["unknown"] == 1500
    assert n["counts"]["unknown"] <= 8
    assert town.crierd.process.poll() is None


def test_sigterm_drains_hands_back_and_exits_0(town):
    """SIGTERM: stops claiming, finishes requests, hands back slices, exits 0; the next daemon goes on at once, nothing is unknown."""
    town.start(provider={"window": 8}, delivery={"lease_ms": 60000})
    town.provider.delay = 0.05
    town.notice("drain", [phone(i) for i in range(600)])
    town.provider.wait(50)
    assert town.crierd.stop(signal.SIGTERM) == 0
    sent = len(town.provider.messages)
    assert sent < 600
    work = town.redis.client.zrange(town.key("n:drain:work"), 0, -1, withscores=True)
    now_ms = time.time() * 1000
    assert all(score <= now_ms + 5000 for _, score in work), f"slices still leased: {work}"
    town.provider.delay = 0
    town.crierd.start(ready=False)
    began = time.monotonic()
    n = town.until("drain")
    assert time.monotonic() - began < 10
    assert n["counts"]["accepted"] == 600 and len(town.provider.messages) == 600


def test_sigterm_does_not_wait_for_ever_for_a_silent_provider(town):
    """delivery.drain_ms is the end of patience; what hangs is in doubt."""
    town.start(delivery={"drain_ms": 500})
    town.provider.for_number(phone(1), Hang())
    town.notice("hang", [phone(1)])
    town.provider.wait(1)
    began = time.monotonic()
    assert town.crierd.stop(signal.SIGTERM) == 0
    assert time.monotonic() - began < 8
    town.crierd.start()
    n = town.until("hang")
    assert n["counts"]["unknown"] == 1


def test_a_provider_that_is_away_is_waited_for(town):
    """Not a byte written = not sent: retried freely, no attempt is lost to it."""
    town.redis.start()
    from provider import Provider
    gone = Provider()
    gone._listener.close()
    town.crierd = town.daemon(provider={"url": gone.url}).start()
    town.notice("away", [phone(i) for i in range(20)])
    wait_for(lambda: town.show("away"), 10)
    wait_for(lambda: town.crierd.metrics().get('crier_sends_total{provider="p1",verdict="retry"}', 0) >= 3, 20, "several tries")
    n = town.show("away")
    assert n["counts"]["unknown"] == 0 and n["counts"]["failed"] == 0
    back = Provider(port=gone.port).start()
    try:
        n = town.until("away", seconds=60)
        assert n["counts"]["accepted"] == 20 and back.copies() == {}
    finally:
        town.crierd.stop()
        back.stop()


def test_two_daemons_share_the_work_and_one_dies(town):
    """Any daemon may do any step; the one that dies leaves its lease to the other."""
    town.start(provider={"window": 8})
    other = town.daemon("other", provider={"window": 8}).start()
    town.provider.delay = 0.01
    town.notice("both", [phone(i) for i in range(1500)])
    town.provider.wait(300)
    other.kill()
    n = town.until("both", seconds=60)
    got = accepted(town, "both")
    assert [to for to, k in got.items() if k > 1] == []
    assert n["counts"]["accepted"] + n["counts"]["unknown"] == 1500 and n["counts"]["unknown"] <= 8
