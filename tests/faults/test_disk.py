"""Row R6b: Redis on a disk that is really full."""
import os
import subprocess
import time

import pytest
from bed import WINDOW
from test_p import judge
from test_r import loaded, resumed_after
from world import Redis, wait_for

SIZE_MIB = 24


class SmallDisk:
    """A file system of its own, of a few MiB; skips where nobody may mount one."""

    def __init__(self, path):
        self.path = path
        path.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "crier-faults", path], capture_output=True, text=True, check=False) \
            if os.geteuid() == 0 else None
        if done is None or done.returncode != 0:
            pytest.skip(f"no right to mount a small disk: {done.stderr.strip() if done else 'not root'}; row R6 does it with a file size limit")

    def fill(self):
        """Not a byte more fits."""
        with open(self.path / "filler", "ab", buffering=0) as f:
            for size in (65536, 4096, 1):
                try:
                    while f.write(bytes(size)) == size:
                        pass
                except OSError:
                    pass

    def free(self):
        (self.path / "filler").unlink()

    def close(self):
        subprocess.run(["umount", self.path], check=False, capture_output=True)


@pytest.mark.full
@pytest.mark.row("R6b", f"a disk of {SIZE_MIB} MiB for the append-only file is full")
def test_r6_full_disk(bed, row):
    disk = SmallDisk(bed.directory / "disk")
    try:
        bed.redis = Redis(disk.path)
        loaded(bed, 8)
        bed.provider.wait(100)
        disk.fill()
        wait_for(lambda: bed.redis.client.info("persistence")["aof_last_write_status"] == "err", 20, "Redis to notice")
        time.sleep(1)  # so long may it take to stop
        sent = len(bed.provider.messages)
        time.sleep(2)
        went_on = len(bed.provider.messages) - sent
        took = resumed_after(bed, disk.free)
        books = bed.finished()
        same = bed.second_start_is_the_same()
        judge(row, books, 1, f"full disk; {went_on} sent after 1 s of it; resumed after {took:.1f} s; second start {'the same' if same else 'DIFFERENT'}")
        assert went_on <= WINDOW and took <= 10 and same
    finally:
        bed.halt()
        for d in bed.daemons:
            d.stop()
        bed.redis.kill()
        disk.close()
