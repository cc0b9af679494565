"""Rows P: processes that die or stand still. Alerts and notices run at the same time; a keeper brings daemons back."""
import os
import signal
import time

import pytest
from bed import EACH_ONCE, FULL, POINTS, WINDOW, Keeper
from world import wait_for

RECIPIENTS = 10000 if FULL else 1000  # in each lane
NOTICES = 60 if FULL else 8
KILLS = 200 if FULL else 4
NAMES = {"after_blmove": "P1", "after_accept": "P2", "after_promote": "P3", "after_stage": "P3b", "after_claim": "P4", "after_begin": "P5",
         "before_write": "P6", "after_write": "P7", "after_answer": "P8", "before_finish": "P8b", "after_finish": "P9"}


def judge(row, books, kills, what="kills", bound=None, unknown=None):
    """Acceptance of the matrix; ${bound}: second copies of an alert that are allowed, ${unknown}: recipients of notices in doubt."""
    alert, notice = books["emergency"], books["normal"]
    bound = kills * WINDOW if bound is None else bound
    unknown = kills * WINDOW if unknown is None else unknown
    row.tell(f"{kills} {what}; alerts: {alert}; notices: {notice}")
    assert "gone" not in books, books["gone"].lost[:5]
    assert not alert.lost and not notice.lost, (alert.lost[:5], notice.lost[:5])
    assert not alert.stuck and not notice.stuck, (alert.stuck[:5], notice.stuck[:5])
    assert notice.duplicates == 0, notice.doubled[:5]
    assert alert.duplicates <= bound, f"{alert.duplicates} second copies of alerts, at most {bound}"
    assert alert.unknown == 0
    assert notice.unknown <= unknown, f"{notice.unknown} unknown, at most {unknown}"


@pytest.mark.short
@pytest.mark.parametrize("case", [(NAMES[p], f"kill -9 {p.replace('_', ' ')}", p) for p in POINTS], ids=[f"{NAMES[p]}-{p}" for p in POINTS])
def test_kill(bed, row, case):
    """P1-P9: the daemon dies at this step, again and again, and comes back."""
    point = case[2]
    kills = min(KILLS, NOTICES) if point in EACH_ONCE else KILLS
    bed.provider.delay = 0.001
    bed.begin()
    nth = (lambda: bed.dice.randint(1, 3)) if point in EACH_ONCE else (lambda: bed.dice.randint(1, 6 if point == "after_claim" else 60))
    keeper = Keeper(bed.crierd, lambda life: bed.fp(point, "kill", nth()), kills).start()
    bed.keepers.append(keeper)
    bed.work(RECIPIENTS, NOTICES, scheduled=True, lanes=("notice",))
    wait_for(lambda: keeper.n_kills >= kills // 2 or bed.all_over(), 60, "half of the kills, or all notices done")
    bed.work(RECIPIENTS, NOTICES, scheduled=True, lanes=("alert",))
    books = bed.finished(120 if FULL else 40)
    assert keeper.n_kills > 0, "nobody was killed: nothing was tested"
    assert not keeper.exits, f"the daemon ended by itself: {keeper.exits}"
    judge(row, books, keeper.n_kills)


def stopped(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        return f.read().rpartition(")")[2].split()[0] == "T"


@pytest.mark.short
@pytest.mark.parametrize("case", [("P10", f"SIGSTOP beyond the lease {p.replace('_', ' ')}, then CONT", p)
                                  for p in (POINTS if FULL else ("after_begin", "before_write"))], ids=lambda c: f"P10-{c[2]}")
def test_stop(bed, row, case):
    """P10: a daemon stands still at this step until others have its work, then goes on as if nothing had happened."""
    point, n_stops = case[2], 0
    bed.provider.delay = 0.002
    lease_s = 6 if FULL else 3
    bed.begin(2, lease_ms=lease_s * 1000, timeout_ms=lease_s * 1000 // 3)
    zombie, other = bed.daemons
    zombie.env = dict(zombie.env, **bed.fp(point, "stop", bed.dice.randint(1, 2) if point in EACH_ONCE else bed.dice.randint(1, 5)))
    zombie.spawn()
    bed.work(RECIPIENTS, NOTICES, scheduled=True)
    wait_for(lambda: stopped(zombie.process.pid), 20, "the daemon to stand still")
    other.spawn()
    time.sleep(lease_s + 1)  # beyond the lease: what is tried
    n_stops += 1
    os.kill(zombie.process.pid, signal.SIGCONT)
    books = bed.finished(60)
    # What it had under way is sent again by the other, and it may still send as much itself when it wakes.
    judge(row, books, n_stops, "stops", bound=2 * WINDOW * n_stops, unknown=2 * WINDOW * n_stops)


@pytest.mark.short
@pytest.mark.row("P11", "SIGTERM in load")
def test_p11_sigterm(bed, row):
    """It finishes what is under way and hands the rest back: nothing is in doubt, nothing twice, the next one goes on."""
    bed.provider.delay = 0.02
    bed.begin(lease_ms=60000, timeout_ms=2000).run()
    bed.work(RECIPIENTS, 2)
    worst, n = 0, 8 if FULL else 2
    for k in range(n):
        bed.provider.wait(len(bed.provider.messages) + 100)
        began = time.monotonic()
        assert bed.crierd.stop(signal.SIGTERM) == 0
        worst = max(worst, time.monotonic() - began)
        bed.crierd.start(ready=False)
    bed.provider.delay = 0
    books = bed.finished(60)
    judge(row, books, 0, f"of {n} deaths unasked; slowest exit {worst:.2f} s", bound=0)
    assert worst <= 2 + 5


@pytest.mark.short
@pytest.mark.row("P12", "three daemons, rolling restart (one version)")
def test_p12_rolling_restart(bed, row):
    bed.provider.delay = 0.02
    bed.begin(3, lease_ms=60000, timeout_ms=2000).run()
    bed.work(RECIPIENTS, 2)
    for d in bed.daemons * (3 if FULL else 1):
        bed.provider.wait(len(bed.provider.messages) + 100)
        assert d.stop(signal.SIGTERM) == 0
        d.start(ready=False)
    bed.provider.delay = 0
    books = bed.finished(60)
    judge(row, books, 0, "crashes", bound=0)
