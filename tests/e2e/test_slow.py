"""A Redis that is slow (queue-protocol 6): less is claimed, alerts go on, nothing is lost or doubled, connections stay."""
import pathlib
import sys
import time

from test_recovery import iso
from world import phone, wait_for

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
from proxy import RedisProxy  # noqa: E402


def test_a_slow_redis_gets_less_to_do_and_alerts_go_on(town):
    town.redis.start()
    proxy = RedisProxy(town.redis.socket, town.directory / "proxy.sock").start()
    try:
        town.crierd = town.daemon(redis_url=proxy.url, provider={"window": 4}, delivery={"lease_ms": 60000}).start()
        town.provider.delay = 0.02
        town.notice("many", [phone(i) for i in range(2000)])
        town.provider.wait(100)
        proxy.delay = 0.25  # there and back, for one connection after the other
        wait_for(lambda: "event=redis.slow" in town.crierd.text() and "alerts only" in town.crierd.text(), 60, "said in the log")
        client, key = town.redis.client, town.key("n:many")
        cur = int(client.hget(key, "cur"))
        time.sleep(5)
        assert int(client.hget(key, "cur")) - cur <= 1, "claimed all the same"
        assert int(client.hget(key, "cur")) < 20
        town.push({"v": 1, "id": "red", "kind": "notice", "lane": "emergency", "to": {"phones": [phone(1)]}, "text": "x", "not_after": iso(3600)}, emergency=True)
        wait_for(lambda: town.provider.of("red"), 60, "the alert")
        assert int(client.hget(key, "cur")) - cur <= 1
        proxy.delay = 0.0
        town.provider.delay = 0
        n = town.until("many", seconds=60)
        assert n["counts"]["accepted"] == 2000 and town.provider.copies() == {}
        wait_for(lambda: "event=redis.quick-again" in town.crierd.text(), 20, "said in the log")
    finally:
        town.crierd.stop()
        proxy.stop()
