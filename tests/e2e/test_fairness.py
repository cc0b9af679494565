"""500 people want 50 seats at once, over three daemons; every reply comes twice or three times, in any order, and the daemon that decides is killed."""
import collections
import http.client
import random
import threading

import pytest

from test_replies import basketball, roster, shown
from world import HOOK_SECRET, phone, settled, wait_for

PEOPLE, SEATS, SENDERS, WINDOW = 500, 50, 12, 64


def post_all(world, daemons, jobs):
    """Every (daemon, person) of ${jobs}; a provider says a reply again until somebody answers 200, to whichever daemon."""
    lock, failed = threading.Lock(), []

    def send(dice):
        while True:
            with lock:
                if not jobs:
                    return
                k, person = jobs.pop()
            for _ in range(200):
                try:
                    done = world.provider.reply(daemons[k].url, HOOK_SECRET, phone(person), "报名 篮球", id_=f"m-{person}")[0] == 200
                except (OSError, http.client.HTTPException):
                    done = False
                if done:
                    break
                k = dice.randrange(len(daemons))
            else:
                failed.append(person)
    threads = [threading.Thread(target=send, args=(random.Random(i),)) for i in range(SENDERS)]
    for t in threads:
        t.start()
    return threads, failed


def leader(daemons):
    led = [d for d in daemons if d.process is not None and "event=replies.led" in d.text()]
    return led[-1] if led else None


@pytest.mark.parametrize("kill", [False, True], ids=["all-live", "the-one-that-decides-dies"])
def test_five_hundred_people_for_fifty_seats_over_three_daemons(town, kill):
    """Exactly 50 seats, the waiting list in order of arrival, one effect and at most one answer for everybody; a withdrawal moves up who waits first."""
    town.start()
    daemons = [town.crierd, town.daemon("second").start(), town.daemon("third").start()]
    basketball(town, SEATS)
    dice = random.Random(7)
    jobs = [(dice.randrange(3), person) for person in range(PEOPLE) for _ in range(dice.choice((2, 3)))]
    dice.shuffle(jobs)
    threads, failed = post_all(town, daemons, jobs)
    if kill:
        wait_for(lambda: leader(daemons) and shown(town)["taken"] > 0, 20, "a daemon that decides")
        victim = leader(daemons)
        asked = next(d for d in daemons if d is not victim)
        victim.kill()
        town.crierd = asked
        victim.start()
    for t in threads:
        t.join()
    assert failed == []
    wait_for(lambda: shown(town)["taken"] + shown(town)["waiting"] >= PEOPLE, 60, "everybody is decided")
    a = shown(town)
    assert (a["taken"], a["waiting"]) == (SEATS, PEOPLE - SEATS), a
    rows = roster(town)
    assert len(rows) == PEOPLE and len({r["phone"] for r in rows}) == PEOPLE
    assert [r["place"] for r in rows[:SEATS]] == list(range(1, SEATS + 1))
    assert [r["position"] for r in rows[SEATS:]] == list(range(1, PEOPLE - SEATS + 1))
    arrived = [fields[b"from"].decode() for _, fields in town.redis.client.xrange(town.key("replies.log"))]
    assert [r["phone"] for r in rows] == arrived, "seats, then the waiting list, in the order in which replies were stored"
    # An answer is a message like any other: what a killed daemon had under way is in doubt and not sent again (contract 4).
    least = PEOPLE - WINDOW if kill else PEOPLE
    wait_for(lambda: len({m.to for m in town.provider.messages}) >= least, 60, "everybody is answered")
    per_person = collections.Counter(settled(lambda: tuple(m.to for m in town.provider.messages), 1, 30))
    assert max(per_person.values()) == 1, per_person.most_common(3)
    town.provider.reply(town.crierd.url, HOOK_SECRET, rows[10]["phone"], "取消")
    wait_for(lambda: shown(town)["waiting"] == PEOPLE - SEATS - 1, 20, "somebody moves up")
    assert roster(town)[SEATS - 1]["phone"] == rows[SEATS]["phone"] and shown(town)["taken"] == SEATS
    assert town.cli("rejected", "list").ok().lines == []
