"""Rows T: the day jumps past the end of what is under way, clocks are put forward and back, everything stands still for a while."""
import calendar
import os
import signal
import time

import pytest
from bed import FULL, iso
from check import CANCELLED, EXPIRED
from test_p import judge
from world import phone, wait_for

RECIPIENTS = 10000 if FULL else 1000


@pytest.mark.short
@pytest.mark.row("T1b", "the day jumps past not_after in mid-broadcast, and back again")
def test_t1_past_the_end(bed, row):
    """What had not begun expires, is not sent, and does not rise again when the day goes back."""
    bed.provider.delay = 0.03
    bed.begin(2).run()
    bed.work(RECIPIENTS, 4, lasts=3600, not_after=iso(3600))
    wait_for(bed.all_accepted, 20, "all audiences frozen")
    bed.provider.wait(200)
    bed.clock(2 * 3600 * 1000)
    jumped = time.monotonic()
    states = ("expired", "done")
    for id_ in bed.sent:
        bed.until(id_, states, 30)
    bed.clock(-600 * 1000)
    at = time.monotonic()
    bed.notice("later", [phone(1)])  # the daemons have been through all of it when this one is over
    bed.until("later")
    late = [m for m in bed.provider.messages if m.at > jumped + 0.5 and not m.ref.startswith("later")]
    bed.sent["later"] = 1
    books = bed.finished(20)
    n_expired = books["emergency"].states[EXPIRED] + books["normal"].states[EXPIRED]
    again = [m for m in late if m.at > at]
    judge(row, books, 0, f"requests of {2 * RECIPIENTS} after it, {len(again)} after the day went back; {n_expired} expired", bound=0)
    assert not late and n_expired > RECIPIENTS and not books["normal"].unknown and not books["normal"].states[CANCELLED]


def utc(*parts):
    return calendar.timegm((*parts, 0, 0, 0)[:6] + (0, 0, 0))


# Notices by their local time with its offset, and the instant that this is.
ZONES = [
    ("T1c", "clocks are put forward in America/New_York", "America/New_York", utc(2027, 3, 14, 6, 59, 0),
     {"before": ("2027-03-14T01:59:30-05:00", utc(2027, 3, 14, 6, 59, 30)), "after": ("2027-03-14T03:00:30-04:00", utc(2027, 3, 14, 7, 0, 30)),
      "skipped": ("2027-03-14T02:30:00-05:00", utc(2027, 3, 14, 7, 30, 0))}),
    ("T1c", "clocks are put back in America/New_York", "America/New_York", utc(2027, 11, 7, 5, 29, 0),
     {"first": ("2027-11-07T01:30:00-04:00", utc(2027, 11, 7, 5, 30, 0)), "second": ("2027-11-07T01:30:00-05:00", utc(2027, 11, 7, 6, 30, 0)),
      "after": ("2027-11-07T02:30:00-05:00", utc(2027, 11, 7, 7, 30, 0))}),
    ("T1c", "half an hour of summer time on Lord Howe Island", "Australia/Lord_Howe", utc(2027, 4, 3, 14, 44, 0),
     {"first": ("2027-04-04T01:45:00+11:00", utc(2027, 4, 3, 14, 45, 0)), "second": ("2027-04-04T01:45:00+10:30", utc(2027, 4, 3, 15, 15, 0)),
      "day after": ("2027-04-05T01:45:00+10:30", utc(2027, 4, 4, 15, 15, 0))}),
]


@pytest.mark.short
@pytest.mark.parametrize("case", ZONES if FULL else ZONES[2:], ids=lambda c: f"T1c-{c[2]}-{c[3]}")
def test_t1_summer_time(bed, row, case):
    """Each goes out once, at its instant and not at what a clock on the wall shows; the day is walked through in steps."""
    _, _, zone, began, times = case
    bed.begin(2, community={"timezone": zone}).run()
    offset = began - int(time.time())
    bed.clock(offset * 1000)
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began + 7 * 86400))
    for id_, (local, _) in times.items():
        name = id_.replace(" ", "-")
        bed.notice(name, [phone(i) for i in range(20)], send_at=local, not_after=end)
        bed.sent[name] = 20
    wait_for(lambda: all(bed.show(id_) and bed.show(id_)["state"] == "scheduled" for id_ in bed.sent), 20, "all scheduled")
    early, wrong = [], []
    for id_, (_, at) in sorted(times.items(), key=lambda t: t[1][1]):
        name = id_.replace(" ", "-")
        bed.clock((at - 5 - int(time.time())) * 1000)
        moved = time.monotonic()
        bed.notice(f"now-{name}", [phone(50)], not_after=end)  # when it is over, everything due has been looked for
        bed.until(f"now-{name}")
        if time.monotonic() - moved < 3.5:  # a slow machine may have come to its time meanwhile
            early += bed.provider.of(name)
        bed.clock((at + 1 - int(time.time())) * 1000)
        bed.until(name)
        wrong += [m for m in bed.provider.of(name) if m.at < moved]
    books = bed.finished(20)
    judge(row, books, 0, f"crashes; {len(times)} times in {zone}, {len(early) + len(wrong)} messages before their time", bound=0)
    assert not early and not wrong


@pytest.mark.short
@pytest.mark.row("T2", "everything stands still beyond the lease, as when a virtual machine is suspended")
def test_t2_suspended(bed, row):
    """Two daemons and Redis stop in mid-broadcast, the day goes on, they wake one after the other: as P10 for each daemon."""
    n = 3 if FULL else 1
    bed.provider.delay = 0.02
    bed.begin(2, lease_ms=3000, timeout_ms=1000).run()
    bed.work(RECIPIENTS, 8)
    asleep = 0
    for k in range(n):
        bed.provider.wait(len(bed.provider.messages) + 200)
        sleepers = [bed.redis.process, *(d.process for d in bed.daemons)]
        for p in sleepers:
            os.kill(p.pid, signal.SIGSTOP)
        began = time.monotonic()
        time.sleep(4)  # the length of the sleep is what is tried
        asleep += time.monotonic() - began
        bed.dice.shuffle(sleepers)
        for p in sleepers:
            os.kill(p.pid, signal.SIGCONT)
            time.sleep(0.2 * bed.dice.random())
    bed.provider.delay = 0
    books = bed.finished(60)
    judge(row, books, 2 * n, f"daemons asleep, {asleep:.0f} s in all")
