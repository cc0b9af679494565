"""Notices that come again: `repeat`, crier schedule, crier plan."""
import datetime

from world import phone, wait_for

CHINA = datetime.timezone(datetime.timedelta(hours=8))
DAY = 24 * 3600 * 1000


def in_hours(n):
    """"HH:MM" so many hours from now, and the date that is then."""
    t = datetime.datetime.now(CHINA) + datetime.timedelta(hours=n)
    return t.strftime("%H:%M"), t.date()


def ids(town):
    return {n["id"]: n["state"] for n in town.cli("notice", "list").ok().lines}


def test_a_daily_notice_is_sent_each_day_until_it_is_cancelled(town):
    """Made a day ahead as a notice of its own, sent at its time, made again; cancel stops what is scheduled too."""
    town.start()
    at, first = in_hours(2)
    made = town.cli("schedule", "--to", phone(1), "--text", "晨练", "--repeat", "rrule:FREQ=DAILY", "--time", at, "--id", "walk").ok().json
    assert [d["date"] for d in made["dates"]] == [str(first + datetime.timedelta(days=i)) for i in range(5)]
    names = [f"walk.{first + datetime.timedelta(days=i):%Y%m%d}" for i in range(3)]
    wait_for(lambda: ids(town) == {names[0]: "scheduled"}, 10, "the first one")
    town.clock(3 * 3600 * 1000)
    town.until(names[0])
    assert [m.text for m in town.provider.messages] == ["晨练"]
    wait_for(lambda: ids(town).get(names[1]) == "scheduled", 10, "the second one")
    town.crierd.stop()
    town.crierd.start()
    town.clock(DAY + 3 * 3600 * 1000)
    town.until(names[1])
    wait_for(lambda: ids(town).get(names[2]) == "scheduled", 10, "the third one")
    assert town.cli("plan", "cancel", "walk").ok().json["state"] == "cancelled"
    assert ids(town) == {names[0]: "done", names[1]: "done", names[2]: "cancelled"}
    assert len(town.provider.messages) == 2
    shown = town.cli("plan", "show", "walk", as_json=False).ok().out
    assert f"{first} became notice {names[0]}" in shown


def test_what_was_slept_through_is_listed_and_not_sent(town):
    """No daemon for four days: each missed day is listed, the next one goes out."""
    town.start()
    at, first = in_hours(2)
    town.push({"v": 1, "id": "walk", "to": {"phones": [phone(1)]}, "text": "晨练", "repeat": {"rrule": "FREQ=DAILY", "at": at}})
    wait_for(lambda: len(ids(town)) == 1, 10, "the first one")
    town.crierd.stop()
    town.clock(4 * DAY)
    town.crierd.start()
    late = wait_for(lambda: [r["date"] for r in town.cli("plan", "show", "walk").ok().json["log"] if r["state"] == "too-late"], 10, "too late")
    wait_for(lambda: "scheduled" in ids(town).values(), 10, "the next one")
    late = [r["date"] for r in town.cli("plan", "show", "walk").ok().json["log"] if r["state"] == "too-late"]
    assert late == [str(first + datetime.timedelta(days=i)) for i in (1, 2, 3)]
    assert not town.provider.messages


def test_a_dry_run_shows_the_next_dates_and_keeps_nothing(town):
    """The evening before Mid-Autumn, five years on; a year without the day is told."""
    town.start()
    r = town.cli("schedule", "--to", phone(1), "--text", "明天中秋", "--repeat", "festival:mid-autumn", "--days-before", "1", "--time", "19:00", "--dry-run", as_json=False).ok()
    assert "2027-09-15: sent at 2027-09-14T19:00:00+08:00 (lunar year 2027)" in r.out and "2031-10-01" in r.out
    r = town.cli("send", "--to", phone(1), "--text", "除夕", "--repeat", "lunar:12/30", "--dry-run", as_json=False).ok()
    assert "no such day: month 12 of lunar year 2026 has 29 days" in r.out
    assert town.cli("plan", "list").ok().out == ""


def test_bad_rules_are_refused_never_sent_once(town):
    """Over the command line and from the queue: nothing is sent, the reason is told."""
    town.start()
    for rule in ("rrule:FREQ=SECONDLY", "rrule:FREQ=DAILY;UNTIL=20200101", "lunar:13/1", "festival:easter"):
        r = town.cli("schedule", "--to", phone(1), "--text", "a", "--repeat", rule)
        assert r.code == 4, (rule, r.out, r.err)
    for extra in ({"kind": "alert"}, {"lane": "urgent"}, {"not_after": "2030-01-01T00:00:00Z"}, {"id": "x" * 60}):
        town.push({"v": 1, "to": {"phones": [phone(1)]}, "text": "a", "repeat": {"lunar": "8/15"}, **extra})
    rows = town.rejected(4)
    assert sorted(r["reason"] for r in rows) == ["bad-id", "bad-repeat", "bad-repeat", "bad-repeat"]
    assert ids(town) == {} and not town.provider.messages


def test_an_id_names_a_plan_or_a_notice(town):
    """The same id and words are one plan; other words are refused; a notice cannot take a plan's id."""
    town.start()
    args = ("schedule", "--to", phone(1), "--text", "腊八", "--repeat", "lunar:12/8", "--id", "laba")
    town.cli(*args).ok()
    assert town.cli(*args).ok().json["same"] is True
    assert town.cli(*args, "--days-before", "1").code == 4
    assert town.cli("send", "--to", phone(1), "--text", "a", "--id", "laba").code == 4
    assert [p["id"] for p in town.cli("plan", "list").ok().lines] == ["laba"]
    assert town.cli("plan", "show", "laba").ok().json["dates"][0]["date"] == "2027-01-15"
    town.push({"v": 1, "kind": "cancel", "cancels": "laba"})
    wait_for(lambda: town.cli("plan", "show", "laba").ok().json["state"] == "cancelled", 10, "cancelled")
    assert town.cli("plan", "cancel", "nowhere").code == 3
