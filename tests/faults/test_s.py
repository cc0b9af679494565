"""Rows S3, S4: memory that is refused, a log that nobody takes."""
import collections
import os
import select
import signal
import struct
import subprocess
import time

import pytest
from bed import FULL
from test_p import judge
from test_r import Watch
from world import wait_for

RECIPIENTS = 10000 if FULL else 1000
# Ends that are no accident: refused at start with a reason (sysexits), or a panic that names itself.
REFUSALS = (69, 70, 71, 73, 75, 78)


class Counter:
    """The number of allocations of the daemon that is running, as the preloaded library keeps it."""

    def __init__(self, path):
        self.path = path

    def read(self):
        return struct.unpack("N", self.path.read_bytes())[0] if self.path.exists() else 0


def life(bed, counter, nth):
    """One daemon whose ${nth} allocation fails. Returns its exit status, None when it lived on, and whether it came so far at all."""
    d = bed.crierd
    d.env = dict(bed.env, CRIER_ALLOC_FAIL=str(nth))
    counter.path.write_bytes(bytes(8))
    d.spawn()
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline and d.process.poll() is None and counter.read() < nth:
        time.sleep(0.01)
    reached = counter.read() >= nth
    try:
        return d.process.wait(1), reached  # long enough on a busy machine, too: what ends late would count as "went on"
    except subprocess.TimeoutExpired:
        d.process.send_signal(signal.SIGTERM)
        d.process.wait(20)
        return None, reached


def is_clean(code, said):
    """Did it end because it wanted to, and say why? libconfuse falls over its own fallen allocations while the file is read (a fault, or an
    assertion of its lexer), before the daemon has said or taken anything: that is let pass."""
    by_confuse = code == -signal.SIGSEGV and not said or code == -signal.SIGABRT and "lexer.l:" in said and "event=" not in said
    return code in REFUSALS and said.strip() or code == -signal.SIGABRT and "panic:" in said or by_confuse


@pytest.mark.short
@pytest.mark.row("S3", "the nth allocation fails: at start, and in a small broadcast")
def test_s3_memory(bed, row):
    """A refusal with a reason, or a restart; nothing is lost of what was accepted, no notice goes out twice."""
    counter = Counter(bed.directory / "allocations")
    bed.allow_panics = True
    bed.preload(CRIER_ALLOC_COUNT=str(counter.path))
    bed.begin(lease_ms=1500).run()
    at_start = counter.read()
    bed.work(60, 1, name="x")
    bed.finished(30)
    in_all = counter.read()
    assert 500 < at_start < in_all, (at_start, in_all)
    bed.crierd.stop()
    ends, dirty = collections.Counter(), []
    n_start, n_work = (60, 60) if FULL else (8, 6)
    tries = [bed.dice.randint(1 + at_start * k // n_start, at_start * (k + 1) // n_start) for k in range(n_start)]
    tries += [bed.dice.randint(at_start, in_all) for k in range(n_work)]
    for k, nth in enumerate(tries):
        before = len(bed.crierd.text())
        if nth > at_start or k % 20 == 0:
            bed.work(40, 1, name=f"{k}-")
        code, reached = life(bed, counter, nth)
        said = bed.crierd.text()[before:]
        ends["not reached" if not reached else "went on" if code is None else code] += 1
        if code is not None and not is_clean(code, said):
            dirty.append((nth, code, said[-300:]))
    bed.crierd.env = bed.env
    bed.crierd.start()
    books = bed.finished(60)
    n = sum(v for k, v in ends.items() if isinstance(k, int))
    judge(row, books, n, f"of {len(tries)} daemons ended by a refused allocation ({dict(sorted(ends.items(), key=str))}), {len(dirty)} of them without a reason")
    assert not dirty, "\n".join(map(str, dirty[:4]))
    assert n >= len(tries) // 4


class StoppedUp:
    """A daemon's stderr: a pipe of 4 KiB that nobody reads until drain()."""

    def __init__(self, daemon):
        self.read_fd, self.write_fd = os.pipe()
        self.daemon = daemon
        daemon.spawn = self.spawn

    def spawn(self):
        d = self.daemon
        d.process = subprocess.Popen([d.program, "-c", str(d.config)], stdout=subprocess.DEVNULL, stderr=self.write_fd, env=d.env, start_new_session=True)
        return d

    def drain(self):
        text = b""
        while select.select([self.read_fd], [], [], 0.3)[0]:
            text += os.read(self.read_fd, 65536)
        return text.decode(errors="replace")

    def close(self):
        os.close(self.read_fd)
        os.close(self.write_fd)


@pytest.mark.short
@pytest.mark.row("S4", "nobody takes the log: a full pipe on stderr")
def test_s4_log(bed, row):
    """No stall, everything is sent, what was thrown away is counted, and lines come again when somebody reads."""
    bed.begin(more='log {\n  level = "debug"\n}\n')
    pipe = StoppedUp(bed.crierd)
    try:
        bed.run()
        watch = Watch(bed)
        for k in range(400):  # lines enough for 64 KiB
            bed.push({"v": 1, "id": f"bad-{k}", "kind": "nonsense"})
        bed.work(RECIPIENTS, 4)
        dropped = wait_for(lambda: bed.crierd.metrics()["crier_log_dropped_total"], 20, "lines thrown away")
        books = bed.finished(60)
        worst, dropped = watch.worst(), bed.crierd.metrics()["crier_log_dropped_total"]
        pipe.drain()
        bed.notice("after", ["+8613800000001"])
        wait_for(lambda: "notice.accepted notice=after" in pipe.drain(), 10, "a line after somebody read")
        began = time.monotonic()
        pipe.drain()
        judge(row, books, 0, f"crashes, {dropped:.0f} lines thrown away and counted; loop never later than {worst * 1000:.0f} ms; the log goes on when it is read", bound=0)
        assert worst < 0.5
        assert bed.crierd.stop() == 0 and time.monotonic() - began < 10
    finally:
        bed.halt()
        bed.crierd.stop()
        pipe.close()
