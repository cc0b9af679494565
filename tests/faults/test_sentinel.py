"""Row R4c: the master dies for good, a sentinel makes its replica the master."""
import subprocess
import time

import pytest
import redis as redis_py
from bed import WINDOW, Bed
from test_r import loaded, resumed_after
from world import Redis, wait_for

DOWN_MS = 500  # how long the sentinel waits before it calls a Redis dead


class Sentinel:
    """One sentinel whose word is enough."""

    def __init__(self, directory, master_port):
        self.port = Bed.free_port()
        self.client = redis_py.Redis(port=self.port, socket_timeout=5)
        self._file = directory / "sentinel.conf"
        self._file.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {directory}\n"
            f"sentinel monitor venus 127.0.0.1 {master_port} 1\n"
            f"sentinel down-after-milliseconds venus {DOWN_MS}\nsentinel failover-timeout venus 5000\n", encoding="ascii")
        self.url = f"sentinel://venus@127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        self.process = subprocess.Popen(["redis-server", str(self._file), "--sentinel"], stdout=subprocess.DEVNULL)
        wait_for(self.knows_the_replica, 30, "the sentinel's knowledge of the replica")
        return self

    def knows_the_replica(self):
        try:
            return int(self.client.sentinel_master("venus")["num-slaves"]) == 1
        except redis_py.RedisError:
            return False

    def stop(self):
        self.process.kill()
        self.process.wait(10)


@pytest.mark.full
@pytest.mark.row("R4c", "the master dies for good, a sentinel promotes its replica")
def test_r4c_sentinel(bed, row):
    ports = [Bed.free_port(), Bed.free_port()]
    old = Redis(bed.directory, options=["--port", str(ports[0])]).start()
    (bed.directory / "new").mkdir()
    new = Redis(bed.directory / "new", options=["--port", str(ports[1]), "--replicaof", f"127.0.0.1 {ports[0]}"]).start()
    sentinel = Sentinel(bed.directory, ports[0])
    bed.redis = old
    try:
        wait_for(lambda: new.client.info("replication").get("master_link_status") == "up", 20, "the replica")
        sentinel.start()
        loaded(bed, 4, redis_url=sentinel.url)
        bed.provider.wait(100)
        began = time.monotonic()
        took = resumed_after(bed, old.kill, 30)
        assert took >= DOWN_MS / 1000 and time.monotonic() > began
        bed.redis = new
        books = bed.finished()
        alert, notice = books["emergency"], books["normal"]
        row.tell(f"1 failover; resumed after {took:.1f} s; alerts: {alert}; notices: {notice}")
        # What the replica did not have yet is forgotten, as in a power loss (R2).
        assert not alert.lost and not notice.lost and not alert.stuck and not notice.stuck and "gone" not in books
        assert notice.duplicates <= 2 * WINDOW, notice.doubled[:5]
        assert took <= 20
    finally:
        bed.halt()
        for d in bed.daemons:
            d.stop()
        if sentinel.process is not None:
            sentinel.stop()
        old.kill()
        new.kill()
