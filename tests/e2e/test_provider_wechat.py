"""Drivers wechat and wecom against doubles that check what the vendors check: tokens shared by daemons, templates, reports, one person by two channels."""
import pytest

from wechat import WeChat
from wecom import WeCom
from world import HOOK_SECRET, SECRET, phone, section, wait_for

KEY, CORP_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
TEXT, TEMPLATE = "停水通知: 明早九点", 'vendor_template "water" {\n provider = "wx"\n id = "tpl-1"\n text = "停水通知: {{thing1}}"\n}\n'


def openid(i):
    return f"oABC{i:020d}"


@pytest.fixture
def wx():
    d = WeChat(secret=SECRET, hook_token="pamtest", aes_key=KEY).start()
    yield d
    d.stop()


@pytest.fixture
def wk():
    d = WeCom(secret=SECRET, hook_token="QDG6eK", aes_key=CORP_KEY).start()
    yield d
    d.stop()


def wx_section(wx, **more):
    return section("provider", "wx", {"driver": "wechat", "channel": "wechat", "url": wx.url, "account": wx.settings["account"], "secret": "env:P1_SECRET",
                                      "hook_secret": "env:P1_HOOK", "hook_token": "env:WX_TOKEN", "hook_key": "env:WX_KEY", "window": 32, **more}) + TEMPLATE


def wk_section(wk, **more):
    return section("provider", "wk", {"driver": "wecom", "channel": "wecom", "url": wk.url, "account": wk.settings["account"], "app": "218",
                                      "secret": "env:P1_SECRET", "hook_secret": "env:P1_HOOK", "hook_token": "env:WK_TOKEN", "hook_key": "env:WK_KEY", "window": 32,
                                      "batch": 100, **more})


@pytest.fixture
def office(town, wx):
    """One daemon with WeChat and SMS."""
    town.env |= {"WX_TOKEN": "pamtest", "WX_KEY": KEY}
    town.start(more=wx_section(wx))
    wx.settings["hook"] = f"{town.crierd.url}/hooks/wx/{HOOK_SECRET}/wechat"
    return town


def people(world, n):
    world.residents([f"某{i},{phone(i)},,,,{openid(i)}" for i in range(n)], "name,phone,area,building,tags,wechat").ok()


def counts(world, id_):
    return world.show(id_)["counts"]


def no_token_in_logs(world, double):
    for d in world.daemons:
        assert double.token is None or double.token not in d.text()


def test_a_thousand_followers_mixed_errors_and_reports(office, wx):
    """Whom WeChat does not reach gets the text by SMS; nobody twice, nobody lost, reports find their recipients by WeChat's own ids."""
    n = 1000
    people(office, n)
    wx.twice, wx.report_after = True, 0
    blocked = {openid(i) for i in range(100, 130)}
    wx.status = lambda o: "failed:user block" if o in blocked else "success"
    for i in range(0, 20):
        wx.for_number(openid(i), 43004)
    for i in range(200, n, 40):
        wx.for_number(openid(i), -1, None)
    office.notice("n", {"everyone": True}, TEXT, channels=["wechat", "sms"])
    office.until("n", seconds=180)
    c = wait_for(lambda: (lambda c: c if c["delivered"] + c["failed"] == n - 40 else None)(counts(office, "n")), 60, "reports")
    assert (c["delivered"], c["failed"], c["accepted"]) == (n - 70, 30, 40)
    assert sorted(m.to for m in office.provider.messages) == sorted([phone(i) for i in range(20)] + [phone(i) for i in range(200, n, 40)])
    told = [m.to for m in wx.messages]
    assert len(told) == len(set(told)) == n - 40
    assert wx.n_tokens == wx.token_requests == 1
    assert all(answer == (200, b"success") for _, _, answer in wx.callbacks)
    no_token_in_logs(office, wx)


def test_a_revoked_token_is_renewed_once_and_the_requests_are_repeated(office, wx):
    people(office, 60)
    wx.status = lambda o: None
    office.notice("a", {"everyone": True}, TEXT, channels=["wechat"])
    office.until("a")
    wx.revoke()
    office.notice("b", {"everyone": True}, TEXT, channels=["wechat"])
    office.until("b")
    assert counts(office, "b")["accepted"] == 60
    assert (wx.n_tokens, wx.forced) == (2, 0)
    assert all(r["attempts"] == 1 for r in office.recipients("b"))


def test_a_revoked_token_that_comes_back_is_renewed_by_force(office, wx):
    people(office, 20)
    wx.status = lambda o: None
    office.notice("a", {"everyone": True}, TEXT, channels=["wechat"])
    office.until("a")
    wx.sticky = True
    wx.revoke()
    office.notice("b", {"everyone": True}, TEXT, channels=["wechat"])
    office.until("b", seconds=60)
    assert counts(office, "b")["accepted"] == 20 and wx.forced == 1
    assert len(wx.messages) == 40


def test_without_a_token_the_other_channel_is_used(office, wx):
    people(office, 30)
    wx.refuse_tokens = 40125
    office.notice("n", {"everyone": True}, TEXT, channels=["wechat", "sms"])
    office.until("n", seconds=60)
    assert counts(office, "n")["accepted"] == 30
    assert sorted({m.to for m in office.provider.messages}) == [phone(i) for i in range(30)] and len(office.provider.messages) == 30
    assert wx.messages == [] and wx.token_requests < 6
    assert "AppSecret is wrong" in office.crierd.text() and SECRET not in office.crierd.text()


def test_two_daemons_share_one_token(town, wx):
    town.env |= {"WX_TOKEN": "pamtest", "WX_KEY": KEY}
    town.start(more=wx_section(wx))
    wx.settings["hook"] = f"{town.crierd.url}/hooks/wx/{HOOK_SECRET}/wechat"
    other = town.daemon("second", text=town.config_text("second", more=wx_section(wx))).start()
    wx.status, wx.delay = lambda o: None, 0.02
    people(town, 600)
    town.notice("n", {"everyone": True}, TEXT, channels=["wechat"])
    town.until("n", seconds=60)
    assert counts(town, "n")["accepted"] == 600
    sent = [d.metrics().get('crier_sends_total{provider="wx",verdict="sent"}', 0) for d in (town.crierd, other)]
    assert sum(sent) == 600 and min(sent) > 0, sent
    assert wx.token_requests == 1
    wx.revoke()
    town.notice("m", {"everyone": True}, TEXT, channels=["wechat"])
    town.until("m", seconds=60)
    assert counts(town, "m")["accepted"] == 600 and wx.token_requests == 2
    no_token_in_logs(town, wx)


def test_one_person_has_one_seat_by_whatever_channel(office, wx):
    """The resident is known by the WeChat id; the answer comes back by WeChat; a stranger is themselves."""
    people(office, 3)
    office.cli("activity", "add", "basketball", "--title", "篮球赛", "--seats", 5, "--starts", "2099-01-01T10:00:00+08:00").ok()
    for _ in range(3):
        assert wx.writes(openid(0), "报名 篮球赛", id_=1) == (200, b"success")
    wx.wait(1)
    office.reply(phone(0), "报名 篮球赛")
    wait_for(lambda: len(office.provider.messages) == 1, 10, "the answer to the text message")
    rows = office.cli("activity", "roster", "basketball").ok().lines
    assert [(r["phone"], r["name"]) for r in rows] == [(phone(0), "某0")]
    wx.writes("oSTRANGER0000000000000000", "报名 篮球赛")
    wx.wait(2)
    assert [m.to for m in wx.messages] == [openid(0), "oSTRANGER0000000000000000"] and all(m.extra["kind"] == "custom" for m in wx.messages)
    wx.writes(openid(0), "取消报名")
    wx.wait(3)
    rows = office.cli("activity", "roster", "basketball").ok().lines
    assert {r["phone"]: r["status"] for r in rows} == {phone(0): "withdrawn", "wechat:oSTRANGER0000000000000000": "confirmed"}
    wx.writes(openid(1), "退订")
    wx.wait(4)
    office.notice("later", {"everyone": True}, TEXT, channels=["sms"])
    office.until("later")
    assert counts(office, "later")["accepted"] == 2


def test_who_follows_no_more_is_told_by_sms_until_they_come_back(office, wx):
    people(office, 2)
    wx.status = lambda o: None
    assert wx.event(openid(0), "unsubscribe") == (200, b"success")
    wait_for(lambda: [r["wechat"] for r in sorted(office.cli("resident", "list").ok().lines, key=lambda r: int(r["id"]))] == [False, True], 10, "the flag")
    office.notice("a", {"everyone": True}, TEXT, channels=["wechat", "sms"])
    office.until("a")
    assert [m.to for m in office.provider.messages] == [phone(0)] and [m.to for m in wx.messages] == [openid(1)]
    wx.event(openid(0), "subscribe", "<EventKey>qrscene_r-17</EventKey>")
    wait_for(lambda: all(r["wechat"] for r in office.cli("resident", "list").ok().lines), 10, "the flag is gone")
    wx.event("oNEW0000000000000000000000", "SCAN", "<EventKey>r-18</EventKey>")
    lines = wait_for(lambda: (lambda rows: rows if len(rows) == 3 else None)(office.cli("inbox", "list").ok().lines), 10, "three lines for staff")
    assert any("r-17" in r["text"] for r in lines) and any("r-18" in r["text"] and r["from"] == "wechat:oNEW0000000000000000000000" for r in lines)


def test_who_wants_no_messages_of_the_account_is_told_by_sms_from_then_on(office, wx):
    """WeChat takes the message and says afterwards that it was blocked: that one failed, and the next goes another way at once."""
    people(office, 3)
    wx.report_after = 0
    wx.status = lambda o: {openid(0): "failed:user block", openid(1): "failed: system failed"}.get(o, "success")
    office.notice("a", {"everyone": True}, TEXT, channels=["wechat", "sms"])
    office.until("a")
    wait_for(lambda: counts(office, "a")["failed"] == 2 and counts(office, "a")["delivered"] == 1, 10, "the reports")
    line = wait_for(lambda: office.cli("inbox", "list").ok().lines, 10, "a line for staff")[0]
    assert line["from"] in (f"wechat:{openid(0)}", phone(0)) and "拒收" in line["text"]
    assert office.provider.messages == []
    wait_for(lambda: [r["wechat"] for r in sorted(office.cli("resident", "list").ok().lines, key=lambda r: int(r["id"]))] == [False, True, True], 10, "the flag")
    office.notice("b", {"everyone": True}, TEXT, channels=["wechat", "sms"])
    office.until("b")
    assert [m.to for m in office.provider.messages] == [phone(0)]
    assert sorted(m.to for m in wx.messages[3:]) == [openid(1), openid(2)]


def test_callbacks_are_signed_encrypted_and_of_now(office, wx):
    assert wx.handshake() == (200, b"4375120948345356249")
    assert wx.handshake(token="another")[0] == 403
    text = "<xml><FromUserName>oABC</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content>x</Content><MsgId>1</MsgId></xml>"
    for wrong in ({"plain": True}, {"msg_signature": "0" * 40}, {"receiver": "wx0000000000000000"}, {"timestamp": 1716192000}):
        assert wx.push(text, **wrong)[0] == 403, wrong
    assert wx.push("<!DOCTYPE a><xml/>")[0] == 400
    assert office.redis.client.xlen(office.key("replies")) == 0


def test_wecom_members_in_batches_those_it_cannot_reach_by_sms(town, wk):
    town.env |= {"WK_TOKEN": "QDG6eK", "WK_KEY": CORP_KEY}
    town.start(more=wk_section(wk))
    wk.settings["hook"] = f"{town.crierd.url}/hooks/wk/{HOOK_SECRET}/wecom"
    n = 1000
    town.residents([f"某{i},{phone(i)},,,,Member{i}" for i in range(n)], "name,phone,area,building,tags,wecom").ok()
    wk.members = {f"member{i}" for i in range(n) if i % 10}
    wk.unlicensed = {"Member1"}
    town.notice("n", {"everyone": True}, "停电", channels=["wecom", "sms"])
    town.until("n", seconds=90)
    assert counts(town, "n")["accepted"] == n
    told = [m.to for m in wk.messages]
    assert len(told) == len(set(told)) == n - 101
    assert sorted(m.to for m in town.provider.messages) == sorted([phone(i) for i in range(0, n, 10)] + [phone(1)])
    assert len([r for r in wk.requests if r.path == "/cgi-bin/message/send"]) <= 20
    assert wk.handshake() == (200, b"1616140317555161061")
    town.cli("activity", "add", "basketball", "--title", "篮球赛", "--seats", 5, "--starts", "2099-01-01T10:00:00+08:00").ok()
    for _ in range(2):
        assert wk.text("Member5", "报名 篮球赛", id_=7) == (200, b"")
    wk.wait(n - 100)
    assert (wk.messages[-1].to, "篮球赛" in wk.messages[-1].text) == ("Member5", True)
    assert [r["phone"] for r in town.cli("activity", "roster", "basketball").ok().lines] == [phone(5)]


def test_a_robot_tells_its_group_once(town, wk):
    robot = {"variant": "robot", "account": None, "app": None, "hook_secret": None, "hook_token": None, "hook_key": None}
    wk.settings["robot"] = SECRET
    town.start(more=wk_section(wk, **robot))
    town.residents([f"五号楼群,{phone(1)},,,群,@all"], "name,phone,area,building,tags,wecom").ok()
    town.notice("n", {"tags": ["群"]}, "停电", channels=["wecom"])
    town.until("n")
    assert wk.group == [("停电", ["@all"])] and counts(town, "n")["accepted"] == 1
    assert wk.token_requests == 0
