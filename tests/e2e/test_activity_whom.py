"""Activities for some: who may register, and how the others are told."""
from test_activity_due import ball, said
from test_replies import roster, shown
from world import phone, wait_for


def test_only_whom_it_is_for_gets_a_seat_and_the_others_are_told_whom_it_is_for(venus):
    """By tag and area; strangers too are refused politely; who is not meant is not offered it; a price is told."""
    venus.residents([f"王一,{phone(1)},460106,1栋,老人", f"李二,{phone(2)},460106,1栋,志愿者", f"赵三,{phone(3)},110101,9栋,老人"]).ok()
    ball(venus, 5, "--for-tag", "老人", "--for-area", "460106", "--price", "每人10元", "--map", "https://map.example/1")
    a = shown(venus)
    assert (a["for_tags"], a["for_areas"], a["price"], a["map"]) == (["老人"], ["460106"], "每人10元", "https://map.example/1")
    for i in (1, 2, 3):
        venus.reply(phone(i), "报名 篮球赛")
    text, = wait_for(lambda: said(venus, phone(1), "报名成功"), 10, "a seat")
    assert "费用：每人10元" in text, text
    for i in (2, 3):
        text, = wait_for(lambda: said(venus, phone(i), "只面向"), 10, "told whom it is for")
        assert "只面向指定片区的老人" in text, text
    venus.reply(phone(2), "帮助")
    text, = wait_for(lambda: said(venus, phone(2), "没有可报名"), 10, "nothing is open for this person")
    assert [r["phone"] for r in roster(venus)] == [phone(1)]
    venus.cli("activity", "change", "basketball", "--for-tag", "none", "--for-area", "none").ok()
    venus.reply(phone(2), "报名 篮球赛")
    wait_for(lambda: said(venus, phone(2), "报名成功"), 10, "open to all now")


def test_who_registered_before_stays_and_may_still_leave(venus):
    """Whom it is for may be said later: nobody loses a seat by it."""
    venus.residents([f"李二,{phone(2)},460106,1栋,志愿者"]).ok()
    ball(venus, 5)
    venus.reply(phone(2), "报名 篮球赛")
    wait_for(lambda: said(venus, phone(2), "报名成功"), 10, "a seat")
    venus.cli("activity", "change", "basketball", "--for-tag", "老人").ok()
    venus.reply(phone(2), "报名 篮球赛 2人")
    wait_for(lambda: said(venus, phone(2), "已改为2人"), 10, "the number of people is theirs to change")
    venus.reply(phone(2), "取消")
    wait_for(lambda: said(venus, phone(2), "已退出"), 10, "they may leave")
    venus.reply(phone(2), "报名 篮球赛")
    wait_for(lambda: said(venus, phone(2), "只面向老人"), 10, "but not come back")
