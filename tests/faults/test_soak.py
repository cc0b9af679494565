"""The soak: a thousand deaths of three daemons, at random steps and random times, over broadcasts of 100,000. `tests/faults/matrix --soak`."""
import collections
import threading
import time

import pytest
from bed import POINTS, WINDOW, Keeper
from check import check
from world import wait_for

DEATHS, BROADCAST, DAEMONS = 1000, 100000, 3


class Reaper:
    """Kills one of the daemons at random times, wherever it stands."""

    def __init__(self, bed, longest):
        self.bed, self.longest, self.n = bed, longest, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop.wait(self.bed.dice.random() * self.longest):
            process = self.bed.dice.choice(self.bed.daemons).process
            if process is not None and process.poll() is None:
                process.kill()
                self.n += 1

    def stop(self):
        self._stop.set()
        self._thread.join(10)


class Sums:
    """The books of all broadcasts together."""

    def __init__(self):
        self.n = collections.Counter()
        self.worst = []

    def add(self, books):
        for name, lane in books.items():
            for what in ("recipients", "duplicates", "unknown"):
                self.n[name, what] += getattr(lane, what)
            self.n[name, "lost"] += len(lane.lost)
            self.n[name, "stuck"] += len(lane.stuck)
            self.worst += lane.lost[:3] + lane.stuck[:3]

    def line(self, lane):
        return ", ".join(f"{self.n[lane, what]} {what}" for what in ("recipients", "lost", "duplicates", "unknown", "stuck"))


def deaths_of(keepers):
    return sum(k.n_kills for k in keepers)


@pytest.mark.soak
@pytest.mark.row("soak", f"{DEATHS} deaths of {DAEMONS} daemons at random steps and times, in broadcasts of {BROADCAST}, half alerts, half notices")
def test_soak(bed, row):
    bed.begin(DAEMONS)
    keepers = [Keeper(d, lambda life: bed.fp(bed.dice.choice(POINTS), "kill", bed.dice.randint(1, 120)) if life % 2 else {}, DEATHS).start() for d in bed.daemons]
    bed.keepers += keepers
    reaper = Reaper(bed, 1.0)
    sums, n, began, rest = Sums(), 0, time.monotonic(), False
    while deaths_of(keepers) < DEATHS:
        n += 1
        bed.sent.clear()
        bed.work(BROADCAST // 2, name=f"{n}-")
        wait_for(lambda: bed.all_over() or deaths_of(keepers) >= DEATHS, 900, "the end of a broadcast, or of the deaths")
        if deaths_of(keepers) >= DEATHS and not rest:
            rest = True
            reaper.stop()
            for k in keepers:
                k.rest()
        wait_for(bed.all_over, 300, "the end of a broadcast")
        sums.add(check(bed, bed.sent))
        with bed.provider.lock:  # counted
            bed.provider.messages.clear()
            bed.provider.requests.clear()
    deaths, exits = deaths_of(keepers), [code for k in keepers for code in k.exits]
    took = time.monotonic() - began
    row.tell(f"{deaths} deaths ({reaper.n} at random times, the others at fail points), {n} broadcasts, {took:.0f} s; alerts: {sums.line('emergency')}; "
             f"notices: {sums.line('normal')}; at most {deaths * WINDOW} duplicates allowed in alerts, 0 in notices")
    assert deaths >= DEATHS and not exits, exits
    assert not sums.n["gone", "lost"] and not sums.worst, sums.worst[:5]
    assert sums.n["normal", "duplicates"] == 0 and sums.n["emergency", "duplicates"] <= deaths * WINDOW
    assert sums.n["emergency", "unknown"] == 0 and sums.n["normal", "unknown"] <= deaths * WINDOW
