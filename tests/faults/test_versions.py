"""Row P12 with two versions of the program: the one that is here and an older one out of the history."""
import os
import pathlib
import signal
import subprocess

import pytest
from bed import FULL
from test_p import judge
from world import ROOT

RECIPIENTS = 10000 if FULL else 1000
# How many commits ago: far enough to be another program, near enough to be one that an office may still run.
AGO = os.environ.get("CRIER_OLDER") or "HEAD~40"


def older():
    """The path of the older crierd, built once in build/older/COMMIT; skips where there is no history."""
    found = subprocess.run(["git", "rev-parse", "--verify", "--quiet", f"{AGO}^{{commit}}"], cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode != 0:
        pytest.skip(f"no history at hand: {AGO} cannot be built")
    commit = found.stdout.strip()[:12]
    tree = ROOT / "build" / "older" / commit
    if not (tree / "Makefile").exists():
        tree.mkdir(parents=True, exist_ok=True)
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", tree], input=archive, check=True)
    out = subprocess.run(["make", "-j2", "FLAVOUR=faults", "BUILD=build", "programs"], cwd=tree, capture_output=True, text=True, check=False,
                         env={k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "FLAVOUR", "BUILD")})
    assert out.returncode == 0, out.stdout[-2000:] + out.stderr[-2000:]
    return commit, str(pathlib.Path(tree) / "build" / "faults" / "crierd")


@pytest.mark.full
@pytest.mark.row("P12b", "three daemons, rolling restart from an older version to this one, back, and forth again")
def test_p12_two_versions(bed, row):
    """Both run side by side on one queue in between; nothing is lost, nothing goes out twice, nothing is in doubt."""
    commit, old = older()
    bed.provider.delay = 0.02
    bed.begin(3, lease_ms=60000, timeout_ms=2000)
    new = bed.daemons[0].program
    for d in bed.daemons:
        d.program = old
    bed.run()
    bed.work(RECIPIENTS, 2)
    for program in (new, old, new):
        for d in bed.daemons:
            bed.provider.wait(len(bed.provider.messages) + 100)
            assert d.stop(signal.SIGTERM) == 0
            d.program = program
            d.start(ready=False)
    bed.provider.delay = 0
    books = bed.finished(60)
    judge(row, books, 0, f"crashes; from {commit} to this, back, forth", bound=0)
    assert books["normal"].unknown == 0
