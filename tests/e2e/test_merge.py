"""resident merge, resident list --duplicates: two records of one person become one (contract 6)."""
import signal
import subprocess

from test_replies import answers_to, basketball, roster, shown
from world import phone, program, wait_for

ONE, TWO = phone(1), phone(2)


def ids(world):
    return {r["name"]: r["id"] for r in world.cli("resident", "list").ok().lines}


def town(world):
    world.residents([f"王小明,{ONE},460106,1栋,老人", f"王晓明,{TWO},460106,1栋,篮球", f"李雷,{phone(3)},460106,2栋,"]).ok()
    basketball(world, 2)


def joined(world, who, n):
    world.reply(who, "报名 篮球赛")
    wait_for(lambda: len(roster(world)) == n, 10, "a registration")


def test_what_leads_to_the_other_record_leads_to_the_one_that_stays(venus):
    """Seat, name, selectors, cancelling from either number; again it is the same."""
    town(venus)
    joined(venus, TWO, 1)
    who = ids(venus)
    a, b = who["王小明"], who["王晓明"]
    dry = venus.cli("resident", "merge", a, b, "--dry-run").ok().json
    assert dry["dry_run"] and dry["registrations"] == [{"code": shown(venus)["code"], "what": "moves"}] and len(ids(venus)) == 3
    done = venus.cli("resident", "merge", a, b).ok().json
    assert done["resident"]["id"] == a and done["resident"]["phones"] == [ONE, TWO], done
    assert sorted(done["resident"]["tags"]) == sorted(["老人", "篮球"]), done
    assert venus.cli("resident", "merge", a, b).ok().json["already"]
    assert [(r["id"], r["former"]) for r in venus.cli("resident", "show", b).ok().lines] == [(a, [b])]
    assert [(r["phone"], r["status"]) for r in roster(venus)] == [(ONE, "confirmed")]
    venus.notice("byid", {"residents": [b]})
    venus.until("byid")
    assert [r["to"] for r in venus.recipients("byid")] == [ONE]
    venus.notice("butb", {"everyone": True, "not": {"residents": [b]}})
    venus.until("butb")
    assert [r["to"] for r in venus.recipients("butb")] == [phone(3)]
    venus.reply(TWO, "取消 篮球赛")
    wait_for(lambda: shown(venus)["taken"] == 0, 10, "the seat is given back from the other number")
    assert "merge" in str(venus.cli("audit").ok().lines)


def test_two_seats_are_refused_and_with_one_seat_the_waiting_list_moves_up(venus):
    town(venus)
    for n, who in enumerate((ONE, TWO, phone(3)), 1):
        joined(venus, who, n)
    assert (shown(venus)["taken"], shown(venus)["waiting"]) == (2, 1)
    who = ids(venus)
    refused = venus.cli("resident", "merge", who["王小明"], who["王晓明"])
    assert refused.code == 4 and "--one-seat" in refused.err and shown(venus)["code"] in refused.err, refused.err
    assert len(ids(venus)) == 3 and shown(venus)["taken"] == 2
    done = venus.cli("resident", "merge", who["王小明"], who["王晓明"], "--one-seat").ok().json
    assert done["promoted"] == 1 and done["registrations"][0]["what"] == "given-up", done
    assert (shown(venus)["taken"], shown(venus)["waiting"]) == (2, 0)
    assert "转为正式" in answers_to(venus, phone(3), 2)[-1].text


def test_who_opted_out_on_one_side_gets_no_notices(venus):
    town(venus)
    venus.reply(TWO, "退订")
    answers_to(venus, TWO, 1)
    who = ids(venus)
    assert venus.cli("resident", "merge", who["王小明"], who["王晓明"]).ok().json["resident"]["opted_out"] is True
    venus.notice("all", {"everyone": True})
    venus.until("all")
    assert [r["to"] for r in venus.recipients("all")] == [phone(3)]
    assert venus.cli("resident", "merge", who["王小明"], "999").code == 3
    assert venus.cli("resident", "merge", who["王小明"], "x").code == 4


def test_a_merge_cut_short_by_kill_is_gone_on_with(venus):
    """kill -9 somewhere in many steps; asked again it ends, no seat doubled or lost."""
    town(venus)
    for i in range(60):
        venus.cli("activity", "add", f"k{i}", "--title", f"课{i}", "--seats", "3", "--starts", "2099-01-01T08:00:00+08:00").ok()
        venus.redis.client.hset(f"crier:{{venus}}:act:k{i}:reg", TWO, f"0\t1\t{i + 1}\t2\t王晓明")
        venus.redis.client.zadd(f"crier:{{venus}}:act:k{i}:conf", {TWO: 1})
        venus.redis.client.sadd(f"crier:{{venus}}:reg:{TWO}", f"k{i}")
    daemon = venus.daemons[0]
    asked = subprocess.Popen([program("crier"), "--socket", str(daemon.socket), "resident", "merge", "1", "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(lambda: venus.redis.client.scard(f"crier:{{venus}}:reg:{ONE}") > 0, 10, "the first registration to move")
    daemon.process.send_signal(signal.SIGKILL)
    asked.communicate(timeout=60)
    daemon.kill()
    daemon.start()
    venus.cli("resident", "merge", "1", "2").ok()
    r = venus.redis.client
    assert r.scard(f"crier:{{venus}}:reg:{ONE}") == 60 and not r.exists(f"crier:{{venus}}:reg:{TWO}")
    for i in range(60):
        assert r.zrange(f"crier:{{venus}}:act:k{i}:conf", 0, -1) == [ONE.encode()], i
    assert len(venus.cli("resident", "list").lines) == 2


def test_duplicates_are_found_by_number_and_by_name_in_a_building(venus):
    venus.residents([f"王小明,{ONE},460106,1栋,", f"小明,{TWO};{ONE},460106,9栋,", f"李雷,{phone(3)},460106,2栋,", f"李雷,{phone(4)},460106,2栋,",
                     f"李雷,{phone(5)},460106,3栋,", f"韩梅梅,{phone(6)},460106,2栋,"]).ok()
    rows = {r["id"]: (r["same_as"], r["same"]) for r in venus.cli("resident", "list", "--duplicates").ok().lines}
    assert rows == {"1": ("1", "phone"), "2": ("1", "phone"), "3": ("3", "name and building"), "4": ("3", "name and building")}, rows
    assert venus.cli("resident", "list", "--duplicates", "--tag", "x").code == 2
