"""Rows of the fault matrix: every test is one row, named by its number, and says what it measured with row.tell()."""
import json
import os
import pathlib
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from bed import FULL, MEMORY_MIB, SEED, SOAK, Bed  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "row(number, what): the row of the matrix")
    config.addinivalue_line("markers", "full: only in the whole matrix")
    config.addinivalue_line("markers", "soak: for hours, by itself: tests/faults/matrix --soak")
    config.addinivalue_line("markers", "alone: measures time: no other row beside it")
    config.addinivalue_line("markers", "short: part of the short selection of `make test`")


def pytest_collection_modifyitems(config, items):
    """CRIER_FAULTS=soak: the soak alone; full: everything else; otherwise what is marked short."""
    keep = [i for i in items if bool(i.get_closest_marker("soak")) == SOAK and (FULL or SOAK or i.get_closest_marker("short"))]
    dropped = [i for i in items if i not in keep]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = keep


class Row:
    def __init__(self, number, what):
        self.number, self.what, self.line, self.outcome = number, what, "", "NOT HELD"
        self.began, self.peak_mib = time.monotonic(), 0.0

    def tell(self, line):
        self.line = line
        return line


def write(row):
    """One JSON line for the table."""
    seconds = round(time.monotonic() - row.began, 1)
    print(f"\n{row.number:4} {row.what}: {row.line} ({row.outcome}, {seconds} s, peak {row.peak_mib:.0f} MiB, seed {SEED})")
    out = os.environ.get("CRIER_FAULTS_OUT")
    if out:
        with open(out, "a", encoding="utf-8") as f:
            f.write(json.dumps({"row": row.number, "what": row.what, "line": row.line, "outcome": row.outcome, "seconds": seconds,
                                "peak_mib": round(row.peak_mib, 1)}, ensure_ascii=False) + "\n")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    row, bed = getattr(item, "row", None), getattr(item, "bed", None)
    if report.when == "call" and row is not None:
        row.peak_mib = bed.peak_mib() if bed is not None else 0.0
        row.outcome = "skipped: " + str(call.excinfo.value) if report.skipped else "held" if report.passed else "NOT HELD"
    elif row is not None and report.failed:  # no bed, or one that left crashes, leaks or too much memory behind
        row.outcome = "NOT HELD"
    if report.when == "teardown" and row is not None:
        write(row)
    if report.failed and bed is not None:
        for d in bed.daemons:
            report.sections.append((f"{d.name}.log", d.text()[-4000:]))
        log = bed.directory / "redis.log"
        if log.exists():
            report.sections.append(("redis.log", log.read_text(errors="replace")[-1500:]))


@pytest.fixture
def row(request):
    marker = request.node.get_closest_marker("row")
    number, what = marker.args if marker else request.node.callspec.params["case"][:2]
    request.node.row = Row(number, what)
    return request.node.row


@pytest.fixture
def bed(request, row):
    """No daemon yet: bed.begin()..."""
    b = Bed(row.number)
    request.node.bed = b
    try:
        yield b
        b.halt()
        b.close()
        assert b.peak_mib() < MEMORY_MIB, f"a daemon had {b.peak_mib():.0f} MiB resident"
        leaks = b.leaks()
        assert b.allow_numbers or not leaks, f"numbers or secrets in a log: {leaks[:3]}"
        crashed = [line for d in b.daemons for line in d.text().splitlines() if "Sanitizer" in line or ("panic" in line.lower() and not b.allow_panics) or "runtime error" in line]
        assert not crashed, crashed[:5]
    finally:
        b.halt()
        b.scale.stop()
        b.close()
        b.remove()
