"""Signing in by text at the place, and who did not come."""
from test_activity_due import HOUR, ball, join, said
from test_replies import roster, shown
from test_send import iso
from world import phone, wait_for


def test_who_holds_a_seat_signs_in_with_the_digits_told_at_the_place(venus):
    """Before its time and with other digits nobody is signed in; who waits goes to the desk; once is enough."""
    ball(venus, 2, "--sign-in", "4711")
    join(venus, 0, 1, 2)
    venus.reply(phone(0), "签到4711")
    wait_for(lambda: said(venus, phone(0), "现在不能签到"), 10, "too early")
    venus.clock(int(29.5 * HOUR))
    venus.reply(phone(0), "签到 4712")
    wait_for(lambda: said(venus, phone(0), "数字不对"), 10, "other digits")
    venus.reply(phone(0), "签到４７１１")
    wait_for(lambda: said(venus, phone(0), "签到成功"), 10, "signed in")
    venus.reply(phone(0), "签到 4711")
    wait_for(lambda: said(venus, phone(0), "不用再签"), 10, "signed in already")
    venus.reply(phone(2), "签到4711")
    wait_for(lambda: said(venus, phone(2), "请到现场签到台"), 10, "to the desk")
    assert [(r["phone"], r["status"]) for r in roster(venus)] == [(phone(0), "attended"), (phone(1), "confirmed"), (phone(2), "waiting")]
    a = shown(venus)
    assert (a["attended"], a["absent"]) == (1, None), a


def test_after_the_start_who_did_not_come_is_counted(venus):
    """attended and absent, in people; without digits a sign-in goes before staff as ever."""
    venus.cli("activity", "add", "basketball", "--title", "篮球赛", "--seats", 9, "--starts", iso(6), "--sign-in", "4711").ok()
    venus.reply(phone(0), "报名 篮球赛 3人")
    venus.reply(phone(1), "报名 篮球赛 2人")
    wait_for(lambda: shown(venus)["taken"] == 5, 5, "two registrations before the start")
    venus.reply(phone(1), "签到4711")
    wait_for(lambda: shown(venus)["attended"] == 2, 10, "signed in")
    wait_for(lambda: shown(venus)["absent"] == 3, 15, "after the start")
    venus.cli("activity", "change", "basketball", "--sign-in", "none").ok()
    venus.reply(phone(0), "签到4711")
    wait_for(lambda: [t for t in venus.cli("inbox", "list").ok().lines if t["text"] == "签到4711"], 10, "before staff")
