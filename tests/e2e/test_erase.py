"""resident erase: nothing of the person is left, totals stay true, a broadcast under way ends, an opt-out outlives it."""
import subprocess

from test_replies import answers_to, basketball, roster, shown
from world import phone, program, wait_for

OPEN = "oVenus0000000000000000000042"
WHO = phone(42)


def everything(world):
    """All of Redis, readable: key and value of every key."""
    r, out = world.redis.client, []
    read = {b"string": r.get, b"list": lambda k: r.lrange(k, 0, -1), b"set": r.smembers, b"hash": r.hgetall,
            b"zset": lambda k: r.zrange(k, 0, -1), b"stream": lambda k: r.xrange(k)}
    for key in r.scan_iter(count=1000):
        if (kind := r.type(key)) != b"none":  # a lease may have ended meanwhile
            out.append((key, repr(key) + repr(read[kind](key)) + repr(r.dump(key))))
    return out


def holders(world):
    return [k for k, v in everything(world) if WHO[3:] in v or WHO[-8:] in v or OPEN in v]


def person(world):
    return [r["id"] for r in world.cli("resident", "show", WHO).ok().lines][0]


def town(world):
    rows = [f"居民{i},{phone(i)},460106,1栋,," for i in range(6)] + [f"老赵,{WHO},460106,3栋,,{OPEN}"]
    world.residents(rows, "name,phone,area,building,tags,wechat")
    basketball(world, 2)
    for i in (0, 42, 1):
        world.reply(phone(i), "报名 篮球赛")
        wait_for(lambda: any(r["phone"] == phone(i) for r in roster(world)), 10, f"registration {i}")


def test_nothing_of_the_person_is_left(venus):
    town(venus)
    venus.reply(WHO, "我想问问 138-0000-0042 这个号码能不能改")
    venus.reply(phone(3), f"请打我邻居电话{WHO[3:]}")
    venus.reply(WHO, "退订")
    wait_for(lambda: len(venus.cli("inbox", "list").lines) == 2, 10, "two texts for staff")
    answers_to(venus, WHO, 2)
    venus.cli("send", "--to", "everyone", "--id", "all", "--text", "{{name}}停水", "--lane", "urgent").ok()
    venus.cli("send", "--to", WHO, "--to", phone(1), "--id", "later", "--text", "明天停电", "--at", venus_later()).ok()
    venus.until("all")
    before = venus.show("all")["counts"]
    id_ = person(venus)
    assert holders(venus), "the test looks where something is"
    number = venus.cli("resident", "erase", WHO, "--yes")
    assert number.code == 4 and "resident show NUMBER" in number.err, number.err
    refused = venus.cli("resident", "erase", id_)
    assert refused.code == 4 and "--yes" in refused.err
    proof = venus.cli("resident", "erase", id_, "--yes").ok().json
    assert proof["ok"] and proof["scan"]["found"] == 0 and proof["scan"]["keys"] > 10, proof
    assert proof["removed"]["left_activities"] == 1 and proof["promoted"] == 1 and proof["suppressed"], proof
    assert holders(venus) == []
    assert venus.show("all")["counts"] == before, "totals stay true"
    assert (shown(venus)["taken"], shown(venus)["waiting"]) == (2, 0), "the waiting list moved up"
    assert [r["status"] for r in roster(venus) if r["phone"] is None] == ["withdrawn"], "history keeps its row"
    assert "转为正式" in answers_to(venus, phone(1), 3)[-1].text
    assert len(venus.cli("inbox", "list").lines) == 1, "what others wrote stays, without the number"
    assert venus.show("later")["state"] == "scheduled"
    assert venus.cli("resident", "erase", id_, "--yes").code == 3
    venus.residents([f"老赵,{WHO},460106,3栋,"])
    assert venus.cli("resident", "show", WHO).ok().lines[0]["opted_out"] is True, "an import does not lift the opt-out"


def venus_later():
    from test_send import iso
    return iso(3600)


def test_an_erasure_cut_short_is_gone_on_with(venus):
    """kill -9 in the middle: asked again, it ends."""
    town(venus)
    id_ = person(venus)
    pipe = venus.redis.client.pipeline(transaction=False)
    for i in range(5000):
        pipe.set(f"crier:{{venus}}:mid:p9:{i}", "x.1.1", ex=600)
    pipe.execute()
    daemon = venus.daemons[0]
    asked = subprocess.Popen([program("crier"), "--socket", str(daemon.socket), "resident", "erase", str(id_), "--yes"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(lambda: venus.redis.client.exists("crier:{venus}:erasing"), 10, "an erasure under way")
    daemon.kill()
    asked.communicate(timeout=60)
    assert asked.returncode != 0
    daemon.start()
    proof = venus.cli("resident", "erase", id_, "--yes").ok().json
    assert proof["ok"] and holders(venus) == []
    assert not venus.redis.client.exists("crier:{venus}:erasing")


def test_a_broadcast_under_way_ends_without_the_person(venus):
    """Paused before anybody was written to: the ledger stays whole, the notice ends, the person gets nothing."""
    town(venus)
    venus.cli("provider", "pause", "p1").ok()
    venus.cli("send", "--to", "everyone", "--id", "all", "--text", "停水").ok()
    wait_for(lambda: venus.show("all")["state"] == "running" and venus.show("all")["total"] == 7, 10, "an audience of seven")
    n = len(venus.provider.to(WHO))
    venus.cli("resident", "erase", person(venus), "--yes").ok()
    venus.cli("provider", "resume", "p1").ok()
    venus.until("all")
    counts = venus.show("all")["counts"]
    assert (counts["accepted"], counts["suppressed"]) == (6, 1), counts
    assert len(venus.provider.to(WHO)) == n and holders(venus) == []
