"""What becomes due in activities while nobody writes: reminders, offers that lapse."""
from test_replies import roster, shown
from test_send import iso
from world import phone, stays, wait_for

HOUR = 3600000


def said(world, number, word):
    return [m.text for m in world.provider.to(number) if word in m.text]


def ball(world, seats, *more, hours=30):
    world.cli("activity", "add", "basketball", "--title", "周五篮球赛", "--alias", "篮球赛", "--seats", seats, "--place", "文化广场", "--starts", iso(hours * 3600), *more).ok()


def join(world, *people):
    for i in people:
        world.reply(phone(i), "报名 篮球赛")
        wait_for(lambda: any(e["phone"] == phone(i) for e in roster(world)), 10, f"registration of {i}")


def test_who_holds_a_seat_is_reminded_once_and_who_waits_is_not(venus):
    """The day before and two hours before; those confirmed at that moment; two daemons, one reminder; none after the start."""
    other = venus.daemon("second").start()
    ball(venus, 2, "--remind", "24h", "--remind", "2h")
    assert venus.cli("activity", "show", "basketball").ok().json["reminders"] == ["24h", "2h"]
    join(venus, 0, 1, 2)
    stays(lambda: not said(venus, phone(0), "提醒您"), 1.5, "no reminder before its time")
    venus.clock(7 * HOUR)
    for i in (0, 1):
        text, = wait_for(lambda: said(venus, phone(i), "提醒您"), 15, f"{i} is reminded")
        assert "周五篮球赛" in text and "文化广场" in text, text
    venus.reply(phone(1), "取消")
    wait_for(lambda: shown(venus)["waiting"] == 0, 10, "who waited moves up")
    venus.clock(29 * HOUR)
    wait_for(lambda: len(said(venus, phone(0), "提醒您")) == 2, 15, "two hours before")
    wait_for(lambda: len(said(venus, phone(2), "提醒您")) == 1, 15, "who moved up is reminded")
    venus.clock(31 * HOUR)
    stays(lambda: (len(said(venus, phone(0), "提醒您")), len(said(venus, phone(1), "提醒您"))) == (2, 1), 2, "once each, none after the start")
    assert venus.cli("rejected", "list").ok().lines == []
    other.stop()


def test_nobody_is_reminded_of_what_was_called_off_or_moved(venus):
    """Called off: no reminder. Moved: none for the old time, one for the new."""
    ball(venus, 2, "--remind", "2h")
    venus.cli("activity", "add", "chess", "--title", "棋赛", "--seats", 2, "--starts", iso(30 * 3600), "--remind", "2h").ok()
    join(venus, 0)
    venus.reply(phone(1), "报名 棋赛")
    wait_for(lambda: shown(venus, "chess")["taken"] == 1, 10, "registration")
    venus.cli("activity", "cancel", "chess", "--quiet").ok()
    venus.cli("activity", "change", "basketball", "--starts", iso(50 * 3600), "--quiet").ok()
    venus.clock(29 * HOUR)
    stays(lambda: not said(venus, phone(0), "提醒您") and not said(venus, phone(1), "提醒您"), 2.5, "no reminder")
    venus.clock(49 * HOUR)
    wait_for(lambda: len(said(venus, phone(0), "提醒您")) == 1, 15, "reminded of the new time")
    assert not said(venus, phone(1), "提醒您")


def test_a_seat_from_the_waiting_list_must_be_confirmed_in_time(venus):
    """Offered and held; who says nothing loses it to the next in line, who says 确认 has it; both are told."""
    ball(venus, 1, "--confirm-within", "2h")
    join(venus, 0, 1, 2)
    venus.reply(phone(0), "取消")
    text, = wait_for(lambda: said(venus, phone(1), "保留到"), 10, "the seat is offered")
    assert "周五篮球赛有空位了" in text, text
    row, = roster(venus, "offered")
    assert row["phone"] == phone(1) and row["confirm_by"], row
    assert shown(venus)["taken"] == 1 and not said(venus, phone(2), "保留到")
    venus.clock(int(2.2 * HOUR))
    wait_for(lambda: said(venus, phone(1), "没有按时确认"), 15, "it lapses")
    wait_for(lambda: said(venus, phone(2), "保留到"), 15, "the next is asked")
    venus.reply(phone(2), "确认")
    wait_for(lambda: said(venus, phone(2), "报名成功"), 10, "confirmed")
    assert [(r["phone"], r["status"]) for r in roster(venus)] == [(phone(2), "confirmed"), (phone(0), "withdrawn"), (phone(1), "withdrawn")]
    venus.clock(int(5 * HOUR))
    stays(lambda: shown(venus)["taken"] == 1 and len(roster(venus, "confirmed")) == 1, 1.5, "it stays theirs")
