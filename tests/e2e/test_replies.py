"""Residents text back: seats, waiting list, promotion, answers; one effect however often a provider repeats (contract 4 and 9)."""
import json
import threading

import pytest

from provider import post_json
from test_send import iso
from world import HOOK_SECRET, phone, wait_for

SPELLINGS = ["报名", "报名 篮球赛", "报名篮球赛", "我要报名篮球", "報名籃球賽", "参加篮球赛", "报名!", "BM", "bm 篮球赛", "join", "Join basketball", "报名，篮球赛。",
             "我想参加篮球赛", "报名 🏀 篮球赛", "　报名　篮球赛　"]


def basketball(world, seats=20, **options):
    args = [x for k, v in options.items() for x in (f"--{k}", v)]
    world.cli("activity", "add", "basketball", "--title", "篮球赛", "--alias", "篮球", "--seats", seats, "--starts", iso(86400), *args).ok()


def shown(world, code="basketball"):
    return world.cli("activity", "show", code).ok().json


def roster(world, status=None, code="basketball"):
    rows = world.cli("activity", "roster", code).ok().lines
    return [r for r in rows if status is None or r["status"] == status]


def answers_to(world, number, n=1, seconds=15):
    return wait_for(lambda: (lambda m: m if len(m) >= n else None)(world.provider.to(number)), seconds, f"{n} answers to resident {number[-5:]}")


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_spelling_registers(reply_town, text):
    """facts 6.4: every one of these is a registration; the answer names the place and the seats left."""
    world, number = reply_town()
    world.reply(number, text)
    said = answers_to(world, number)[0].text
    rows = [r for r in roster(world) if r["phone"] == number]
    assert [r["status"] for r in rows] == ["confirmed"], (text, said)
    assert any(ch.isdigit() for ch in said) and "篮球赛" in said, said


@pytest.fixture(scope="module")
def reply_world(module_town):
    basketball(module_town, 60)
    return module_town


@pytest.fixture
def reply_town(request, reply_world):
    request.node.world = reply_world

    def fresh():
        reply_world.next_number = getattr(reply_world, "next_number", 100) + 1
        return reply_world, phone(reply_world.next_number)
    return fresh


def test_seats_waiting_list_withdrawal_and_promotion(venus):
    """Contract 4: seats are never oversold; a withdrawal promotes the first who waits, and tells them."""
    basketball(venus, 20)
    for i in range(27):
        venus.reply(phone(i), SPELLINGS[i % len(SPELLINGS)])
    wait_for(lambda: shown(venus)["taken"] + shown(venus)["waiting"] == 27, 20, "27 registrations")
    a = shown(venus)
    assert (a["seats"], a["taken"], a["waiting"], a["state"]) == (20, 20, 7, "open")
    assert [r["phone"] for r in roster(venus, "confirmed")] == [phone(i) for i in range(20)]
    assert [r["position"] for r in roster(venus, "waiting")] == list(range(1, 8))
    venus.reply(phone(3), "取消报名")
    venus.reply(phone(4), "不去了")
    wait_for(lambda: shown(venus)["waiting"] == 5, 10, "two promotions")
    confirmed = {r["phone"] for r in roster(venus, "confirmed")}
    assert {phone(20), phone(21)} <= confirmed and not {phone(3), phone(4)} & confirmed and len(confirmed) == 20
    assert len(answers_to(venus, phone(20), 2)) == 2, "the promoted one is told"
    assert shown(venus)["taken"] == 20
    answers = venus.provider.messages
    assert all(m.lane in ("normal", "urgent") for m in answers)
    assert venus.cli("notice", "list").lines == [], "answers stay out of notice list"


def test_the_same_reply_twice_counts_once(venus):
    """Contract 4: one effect however often a provider repeats it."""
    basketball(venus)
    for _ in range(5):
        venus.reply(phone(1), "报名3人", id_="same-id")
    answers_to(venus, phone(1))
    row, = roster(venus)
    assert row["count"] == 3 and shown(venus)["taken"] == 3
    venus.reply(phone(2), "报名")
    answers_to(venus, phone(2))
    assert len(venus.provider.to(phone(1))) == 1


def test_repeats_at_the_same_moment_count_once(venus):
    """The same callback on ten connections at once."""
    basketball(venus, 5)
    bodies = [[{"id": f"r{i}", "from": phone(i), "text": "报名"} for i in range(10)]] * 10
    url = f"{venus.crierd.url}/hooks/p1/{HOOK_SECRET}/reply"
    results = []
    threads = [threading.Thread(target=lambda b=b: results.append(post_json(url, b))) for b in bodies]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert results == [(200, {"code": 0})] * 10
    wait_for(lambda: shown(venus)["taken"] + shown(venus)["waiting"] == 10, 15, "ten registrations")
    assert (shown(venus)["taken"], shown(venus)["waiting"]) == (5, 5)
    for i in range(10):
        answers_to(venus, phone(i))
    assert len(venus.provider.messages) == 10


def test_a_withdrawal_never_joins_and_a_question_is_no_act(venus):
    """Contract 9: 取消 is never an opt-out; questions and negations are not that act; facts 6.4: 报名取消 must leave."""
    basketball(venus)
    venus.reply(phone(1), "报名")
    answers_to(venus, phone(1))
    venus.reply(phone(1), "取消了吗")
    venus.reply(phone(1), "不要取消")
    venus.reply(phone(2), "我没有报名")
    venus.reply(phone(2), "报名费多少钱")
    venus.reply(phone(3), "报名取消")
    venus.reply(phone(4), "T恤要几号")
    venus.reply(phone(9), "报名")
    answers_to(venus, phone(9))
    assert [r["phone"] for r in roster(venus, "confirmed")] == [phone(1), phone(9)]
    venus.reply(phone(1), "报名取消")
    wait_for(lambda: [r["phone"] for r in roster(venus, "confirmed")] == [phone(9)], 10, "the withdrawal")


def test_unknown_text_lands_in_the_inbox_and_can_be_answered(venus):
    """Contract 6: `inbox list` shows what no rule understood; staff answer by text."""
    basketball(venus)
    venus.residents(["王小明,13800000001,460106,1栋,"]).ok()
    venus.reply(phone(1), "楼下的路灯坏了三天了")
    row = wait_for(lambda: venus.cli("inbox", "list").ok().lines, 10, "the inbox entry")[0]
    assert row["text"] == "楼下的路灯坏了三天了" and row["from"] == phone(1) and row["name"] == "王小明"
    before = len(venus.provider.to(phone(1)))
    venus.cli("inbox", "answer", row["key"], "已通知物业,谢谢").ok()
    assert answers_to(venus, phone(1), before + 1)[-1].text.endswith("已通知物业,谢谢")
    assert venus.cli("inbox", "list").lines[0]["answered"]


def test_stop_silences_notices_but_not_alerts_and_start_undoes_it(venus):
    """Contract 9: stop only as the whole message; alerts of lanes emergency and urgent still come."""
    from test_send import alert
    venus.residents(["王小明,13800000001,460106,1栋,", "王小红,13800000002,460106,1栋,"]).ok()
    venus.reply(phone(1), "退订")
    answers_to(venus, phone(1))
    venus.notice("n1", {"everyone": True})
    n = venus.until("n1")
    assert n["counts"]["suppressed"] + n["counts"]["accepted"] == n["total"] and venus.provider.of("n1")[0].to == phone(2)
    venus.push(alert("a1", [phone(1)]))
    venus.until("a1")
    assert [m.to for m in venus.provider.of("a1")] == [phone(1)]
    venus.reply(phone(1), "恢复订阅")
    answers_to(venus, phone(1), 3)
    venus.notice("n2", {"everyone": True})
    venus.until("n2")
    assert {m.to for m in venus.provider.of("n2")} == {phone(1), phone(2)}


def test_two_open_activities_are_offered_not_guessed(venus):
    """facts 6.4: ambiguous text gets a numbered choice; the number picks."""
    venus.residents(["王小明,13800000001,460106,1栋,"]).ok()
    basketball(venus)
    venus.cli("activity", "add", "chess", "--title", "象棋赛", "--seats", 8, "--starts", iso(86400)).ok()
    venus.reply(phone(1), "报名")
    said = answers_to(venus, phone(1))[0].text
    assert "篮球赛" in said and "象棋赛" in said
    assert roster(venus) == [] and roster(venus, code="chess") == []
    pick = next(n for n in ("1", "2") if said.index(n) < said.index("象棋赛") and (n == "2" or said.index("象棋赛") < said.index("篮球赛")))
    venus.reply(phone(1), pick)
    wait_for(lambda: roster(venus, code="chess"), 10, "the pick")
    assert roster(venus) == []


def test_before_the_window_and_after_it_nobody_registers(venus):
    """An activity has a window; outside it the answer says when."""
    venus.residents(["王小明,13800000001,460106,1栋,", "李雷,13800000002,460106,1栋,"]).ok()
    basketball(venus, 5, opens=iso(3600), closes=iso(7200))
    assert shown(venus)["state"] == "planned"
    venus.reply(phone(1), "报名 篮球赛")
    answers_to(venus, phone(1))
    assert roster(venus) == []
    venus.clock(3700 * 1000)
    venus.reply(phone(2), "报名 篮球赛")
    answers_to(venus, phone(2))
    assert [r["phone"] for r in roster(venus)] == [phone(2)]


def test_strangers_are_heard_but_not_entertained(venus):
    """security.md 5.6: automatic answers go to residents and to people who take part only; what a stranger wrote still reaches the office."""
    basketball(venus)
    venus.reply(phone(7), "你们是谁")
    wait_for(lambda: venus.cli("inbox", "list").ok().lines, 10, "the inbox entry")
    venus.reply(phone(7), "报名")
    assert "篮球赛" in answers_to(venus, phone(7))[0].text
    assert len(venus.provider.to(phone(7))) == 1


def test_a_question_makes_a_bare_number_an_answer(venus):
    """Contract 3, ask.rsvp: after it a bare 1, +1 or 好 of those who were asked registers them; of others it does not."""
    venus.residents([f"居民{i},138{i:08d},460106,{i}栋," for i in range(1, 6)]).ok()
    basketball(venus)
    venus.notice("ask", {"phones": [phone(i) for i in range(1, 5)]}, "篮球赛,参加请回1", ask={"rsvp": "basketball"})
    venus.until("ask")
    for i, text in enumerate(("1", "+1", "１", "好"), 1):
        venus.reply(phone(i), text)
    wait_for(lambda: len(roster(venus, "confirmed")) == 4, 10, "four registrations")
    venus.reply(phone(5), "1")
    venus.reply(phone(1), "取消")
    wait_for(lambda: len(roster(venus, "confirmed")) == 3, 10, "the withdrawal, which came after the stranger's 1")
    assert not [r for r in roster(venus) if r["phone"] == phone(5)]


def test_the_hook_tells_the_truth(venus):
    """Contract 5: 200 only when it is in Redis; 403 for a wrong secret; 400 for what is no reply; what is bad in an array keeps no good one out."""
    url = f"{venus.crierd.url}/hooks/p1"
    good = {"id": "m1", "from": phone(1), "text": "报名"}
    assert post_json(f"{url}/wrong/reply", good)[0] == 403
    assert post_json(f"{url}/{HOOK_SECRET}x/reply", good)[0] == 403
    assert post_json(f"{venus.crierd.url}/hooks/p9/{HOOK_SECRET}/reply", good)[0] in (403, 404)
    assert post_json(f"{url}/{HOOK_SECRET}/reply", b"{")[0] == 400
    assert post_json(f"{url}/{HOOK_SECRET}/reply", {"from": phone(1), "text": "x"})[0] == 400
    assert post_json(f"{url}/{HOOK_SECRET}/receipt", {"ref": "a", "status": "sleeping"})[0] == 400
    assert post_json(f"{url}/{HOOK_SECRET}/reply", b"x" * 200000)[0] in (400, 413)
    status, body = post_json(f"{url}/{HOOK_SECRET}/reply", [{"id": "m2", "from": phone(1), "text": 1}, {"id": "m3", "from": phone(2), "text": "几点开始", "time": "soon"}])
    assert (status, body["code"], body["refused"]) == (200, 0, 1) and "text" in body["message"]
    wait_for(lambda: [t for t in venus.cli("inbox", "list").lines if t["text"] == "几点开始"], 10, "the good one in the inbox")
    rejected = venus.cli("rejected", "list").lines
    assert [json.loads(r["entry"])["text"] for r in rejected if r["reason"] == "bad-reply"] == [1, "x"], rejected
    assert venus.cli("rejected", "retry", rejected[0]["key"]).code == 4
    assert venus.crierd.metrics()['crier_rejected_total{reason="bad-reply"}'] == 2
    venus.redis.kill()
    status, _ = post_json(f"{url}/{HOOK_SECRET}/reply", good)
    assert 500 <= status < 600
    venus.redis.start()
    wait_for(lambda: venus.crierd.get("/readyz")[0] == 200, 20, "ready again")
    assert post_json(f"{url}/{HOOK_SECRET}/reply", good) == (200, {"code": 0})


def test_explain_tells_what_a_reply_would_do(venus):
    """Contract 6: reply explain: intent, activity, count, rule, steps; nothing happens."""
    basketball(venus)
    e = venus.cli("reply", "explain", "报名３人 篮球").ok().json
    assert (e["intent"], e["activity"], e["count"]) == ("join", "basketball", 3) and e["steps"] and e["rule"]
    assert venus.cli("reply", "explain", "退订").json["intent"] == "stop"
    assert venus.cli("reply", "explain", "怎么退订").json["intent"] != "stop"
    assert venus.cli("reply", "explain", "报名取消").json["intent"] == "leave"
    assert roster(venus) == []
