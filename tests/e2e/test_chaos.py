"""Everything at once: a provider that lies, a daemon that is killed, a Redis that is killed; the promise is counted afterwards (contract 4)."""
import collections
import random
import threading
import time

import pytest

from provider import Close, Code, Hang, Raw, Reset, Status
from test_send import alert
from world import Redis, phone

DEFINITE = ("503", "code 5", "429", "code 4")  # the provider says: not sent. All else but code 0 is doubt
KINDS = [("ok", None, 82), ("503", Status(503), 4), ("code 5", Code(5), 3), ("429", Status(429, retry_after=1), 1), ("code 4", Code(4), 1), ("close", Close(), 3),
         ("reset", Reset(), 2), ("rubbish", Raw("<html>"), 2), ("hang", Hang(), 1), ("500", Status(500), 1)]


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_and_nothing_is_said_twice_that_must_not_be(town, seed):
    """normal: after doubt or acceptance no further request for that person, and everybody is accounted for; emergency: everybody accepted."""
    draw, lock, what = random.Random(seed), threading.Lock(), {}
    town.redis = Redis(town.directory, appendfsync="always")
    town.start(provider={"window": 16}, delivery={"timeout_ms": 700, "lease_ms": 3000, "retry_base_ms": 20})

    def behave(number, items):
        with lock:
            kind, answer, _ = draw.choices(KINDS, [k[2] for k in KINDS])[0]
            what[number] = kind
            return answer
    town.provider.script(behave)
    town.provider.delay = 0.004
    people = 1500
    town.notice("n", [phone(i) for i in range(people)])
    town.push(alert("e", [phone(i) for i in range(400)], "red"), emergency=True)
    for round_ in range(4):
        town.provider.wait(350 * (round_ + 1), 60)
        time.sleep(draw.random() * 0.3)
        if round_ % 2:
            town.redis.restart()
        town.crierd.kill()
        town.crierd.start(ready=False)
    n = town.until("n", seconds=120)
    town.provider.script(None)
    e = town.until("e", seconds=240)
    tries = collections.defaultdict(list)
    for m in town.provider.messages:
        tries[m.ref.rsplit(".", 2)[0], m.to].append(what.get(m.request, "ok"))
    repeated = {to: kinds for (id_, to), kinds in tries.items() if id_ == "n" and any(k not in DEFINITE for k in kinds[:-1])}
    assert not repeated, f"sent again after doubt or acceptance: {list(repeated.items())[:3]}"
    states = {r["to"]: r["state"] for r in town.recipients("n")}
    assert len(states) == people == sum(n["counts"].values())
    assert set(states.values()) <= {"accepted", "unknown", "exhausted"}, collections.Counter(states.values())
    for to, state in states.items():
        kinds = tries["n", to]
        if state == "accepted":
            assert kinds and kinds[-1] == "ok", (to, kinds)
        if not kinds:
            assert state == "unknown", f"{to} got nothing and is {state}"
    assert e["counts"]["accepted"] == e["total"] == 400
    assert all("ok" in tries["e", phone(i)] for i in range(400))
    town.cli("notice", "cancel", "n")
