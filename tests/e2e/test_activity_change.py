"""Staff change an activity or call it off: who waits moves up, who is concerned is told, once."""
from test_replies import answers_to, basketball, roster, shown
from test_send import iso
from world import phone, wait_for


def fill(world, n, seats):
    basketball(world, seats)
    for i in range(n):
        world.reply(phone(i), "报名 篮球赛")
        wait_for(lambda: shown(world)["taken"] + shown(world)["waiting"] == i + 1, 10, f"registration {i}")


def news(world, number, word):
    return [m.text for m in world.provider.to(number) if word in m.text]


def test_more_seats_another_time_and_who_is_concerned_is_told_once(venus):
    """One command: the waiting list moves up in order and is told, everybody concerned gets the news, a repetition tells nobody again."""
    fill(venus, 5, 2)
    venus.reply(phone(1), "取消")
    wait_for(lambda: shown(venus)["waiting"] == 2, 10, "a withdrawal")
    venus.reply(phone(9), "你好")  # writes, takes no part
    args = ("activity", "change", "basketball", "--seats", 3, "--starts", iso(2 * 86400), "--place", "体育馆")
    dry = venus.cli(*args, "--dry-run").ok().json
    assert (dry["dry_run"], dry["promoted"], dry["told"], len(dry["who"])) == (True, 1, 4, 4), dry
    assert set(dry["changed"]) == {"seats", "starts_at", "place"} and "体育馆" in dry["text"]
    assert shown(venus)["seats"] == 2 and venus.cli("notice", "list").lines == []
    done = venus.cli(*args).ok().json
    assert (done["promoted"], done["told"], done["taken"], done["waiting"]) == (1, 4, 3, 1), done
    venus.until(done["notice"])
    for i in (0, 2, 3, 4):
        assert len(news(venus, phone(i), "活动有变")) == 1, i
    assert news(venus, phone(1), "活动有变") == [] and news(venus, phone(9), "活动有变") == []
    said = wait_for(lambda: news(venus, phone(3), "转为正式"), 10, "the promotion is told")
    assert "目前第3号" in said[0] and "体育馆" in said[0], said
    again = venus.cli(*args).ok().json
    assert (again["changed"], again["notice"], again["told"]) == ([], None, 0)
    assert len(venus.cli("notice", "list").lines) == 1
    past = venus.cli("activity", "change", "basketball", "--starts", "2020-01-01T00:00:00Z")
    assert past.code == 4 and "begun already" in past.err
    fewer = venus.cli("activity", "change", "basketball", "--seats", 2)
    assert fewer.code == 4 and "3 are taken" in fewer.err, fewer.err
    quiet = venus.cli("activity", "change", "basketball", "--place", "文化广场", "--quiet").ok().json
    assert quiet["notice"] is None and shown(venus)["place"] == "文化广场"
    assert len(venus.cli("notice", "list").lines) == 1


def test_weather_cancellation_is_one_command(venus):
    """activity cancel --because: told with the reason, once; who registers afterwards gets a polite answer and no seat."""
    fill(venus, 3, 2)
    dry = venus.cli("activity", "cancel", "basketball", "--because", "台风", "--dry-run").ok().json
    assert dry["told"] == 3 and shown(venus)["state"] == "open"
    human = venus.cli("activity", "cancel", "basketball", "--because", "台风", as_json=False).ok()
    assert "3 people are told" in human.out and "台风" in human.out, human.out
    for i in range(3):
        said = wait_for(lambda: news(venus, phone(i), "取消举办"), 15, f"resident {i} is told")
        assert len(said) == 1 and "原因：台风" in said[0] and "篮球赛" in said[0], said
    assert shown(venus)["state"] == "cancelled"
    again = venus.cli("activity", "cancel", "basketball", "--because", "台风").ok().json
    assert (again["changed"], again["notice"]) == ([], None)
    venus.reply(phone(2), "报名 篮球赛")
    assert "取消举办" in answers_to(venus, phone(2), 3)[-1].text
    venus.reply(phone(0), "我的")
    assert "没有报名任何活动" in answers_to(venus, phone(0), 3)[-1].text
    assert len(roster(venus)) == 3 and len(venus.cli("notice", "list").lines) == 1
    refused = venus.cli("activity", "change", "basketball", "--seats", 9)
    assert refused.code == 4, refused
