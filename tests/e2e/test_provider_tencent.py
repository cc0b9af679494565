"""Driver tencent against a double that is as strict as Tencent Cloud SMS; and Alibaba's account suspended in mid-broadcast, Tencent taking over."""
import collections
import time

from aliyun import Aliyun
from tencent import Tencent
from test_send import alert
from vendor import Close
from wechat import WeChat
from world import HOOK_SECRET, PROVIDER, phone, section, wait_for

AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
TEMPLATES = {"1110": "{1}您好,今晚停水", "1111": "今晚停水"}


def templates(provider, first, second):
    return (section("vendor_template", f"{provider}-water", {"provider": provider, "id": first, "text": "{{name}}您好,今晚停水"})
            + section("vendor_template", f"{provider}-short", {"provider": provider, "id": second, "text": "今晚停水"}))


def start(town, double, **provider):
    town.env["P1_SECRET"] = "testSecretKey"
    town.start(provider={"driver": "tencent", "url": double.url, "account": "testSecretId", "app": "1400006666", "window": 16, **provider},
               more=templates("p1", "1110", "1111"))
    double.settings["hook"] = f"{town.crierd.url}/hooks/p1/{HOOK_SECRET}"


def counts(town, id_):
    return collections.Counter(r["state"] for r in town.recipients(id_))


def copies(messages):
    return {n: k for n, k in collections.Counter(m.to for m in messages).items() if k > 1}


def test_a_thousand_residents_mixed_errors_receipts_and_replies(town):
    double = Tencent(templates=TEMPLATES, receipt="-1").start()
    try:
        black, wrong, limited, dead, mute = (phone(i) for i in (3, 5, 7, 13, 17))
        double.for_number(black, "FailedOperation.PhoneNumberInBlacklist")
        double.for_number(wrong, "InvalidParameterValue.IncorrectPhoneNumber")
        double.for_number(limited, "LimitExceeded.PhoneNumberDailyLimit")
        double.reports.update({dead: "MK:0001", mute: None})
        start(town, double, batch=100)
        double.next("InternalError.OtherError", "RequestLimitExceeded")
        town.residents([f"居民{i},{phone(i)},460106,1栋," for i in range(500)]).ok()
        town.notice("own", {"everyone": True}, text="{{name}}您好,今晚停水")
        town.notice("same", [phone(i) for i in range(500, 1000)], text="今晚停水", lane="urgent")
        wait_for(lambda: counts(town, "own")["delivered"] >= 495, 90, "receipts of own")
        wait_for(lambda: counts(town, "same")["delivered"] == 500, 60, "receipts of same")
        got = {r["to"]: r for r in town.recipients("own")}
        assert got[black]["state"] == "failed" and "PhoneNumberInBlacklist" in got[black]["detail"]
        assert got[wrong]["state"] == "failed" and got[dead]["state"] == "failed" and "MK:0001" in got[dead]["detail"]
        assert got[limited]["state"] in ("pending", "retry", "sending") and got[mute]["state"] == "accepted"
        assert copies(double.messages) == {} and len(double.messages) == 997

        # what was said of numbers is kept: who opted out gets no notices, whose number is dead can be phoned
        wait_for(lambda: {p for r in town.cli("resident", "list", "--dead").ok().lines for p in r["dead"]} == {wrong, dead}, 10, "two dead numbers")
        assert [r["opted_out"] for r in town.cli("resident", "show", black).ok().lines] == [True]
        assert any(r["check"] == "numbers" and "2 numbers are dead" in r["detail"] for r in town.cli("doctor").lines)
        double.for_number(black)
        double.reports.pop(dead)
        town.notice("again", [black, dead], text="今晚停水")
        town.until("again")
        assert [m.to for m in double.messages[997:]] == [dead], "who opted out gets no notices"
        town.push(alert("typhoon", [black], text="今晚停水", level="red"), emergency=True)
        town.until("typhoon")
        assert double.messages[-1].to == black, "but emergencies"
        wait_for(lambda: [p for r in town.cli("resident", "list", "--dead").ok().lines for p in r["dead"]] == [wrong], 10, "the delivery report")
        assert max(len(r.body) for r in double.requests) > 1500, "the same text travels together"

        assert double.reply(phone(21), "听不懂的话", at=1457336869) == (200, b'{"result":0,"errmsg":"OK"}')
        assert double.reply(phone(21), "听不懂的话", at=1457336869)[0] == 200
        assert double.reply(phone(21), "听不懂的话", at=1457336870)[0] == 200
        wait_for(lambda: [r["text"] for r in town.cli("inbox", "list").ok().lines].count("听不懂的话") == 2, 10, "two texts of three calls")
    finally:
        double.stop()


def three(town, ali, qq, *wx):
    """Alibaba before Tencent, and WeChat as a channel of its own when it is given."""
    town.env |= {"P1_SECRET": "testAccessKeySecret", "P2_SECRET": "testSecretKey", "WX_SECRET": "testWxSecret", "WX_TOKEN": "pamtest", "WX_KEY": AES_KEY}
    second = {**PROVIDER, "driver": "tencent", "url": qq.url, "account": "testSecretId", "app": "1400006666", "secret": "env:P2_SECRET", "priority": 200}
    more = section("provider", "p2", second) + templates("p1", "SMS_1001", "SMS_1002") + templates("p2", "1110", "1111")
    for d in wx:
        more += section("provider", "wx", {"driver": "wechat", "channel": "wechat", "url": d.url, "account": d.settings["account"], "secret": "env:WX_SECRET",
                                           "hook_secret": "env:P1_HOOK", "hook_token": "env:WX_TOKEN", "hook_key": "env:WX_KEY", "window": 8})
        more += section("vendor_template", "wx-water", {"provider": "wx", "id": "tpl-1", "text": "{{thing1}}您好,今晚停水"})
    town.start(provider={"driver": "aliyun", "url": ali.url, "account": "testAccessKeyId", "window": 8, "priority": 1}, more=more)
    for name, d in (("p1", ali), ("p2", qq)):
        d.settings["hook"] = f"{town.crierd.url}/hooks/{name}/{HOOK_SECRET}"
    for d in wx:
        d.settings["hook"] = f"{town.crierd.url}/hooks/wx/{HOOK_SECRET}/wechat"


def test_an_account_suspended_in_mid_broadcast_loses_nobody(town):
    """isv.ACCOUNT_ABNORMAL, then isv.AMOUNT_NOT_ENOUGH: Tencent takes over; nobody is lost and nobody written to twice."""
    ali = Aliyun(templates={"SMS_1001": "${name}您好,今晚停水", "SMS_1002": "今晚停水"}).start()
    qq = Tencent(templates=TEMPLATES).start()
    try:
        three(town, ali, qq)
        ali.delay = 0.005
        town.residents([f"居民{i},{phone(i)},460106,1栋," for i in range(1000)]).ok()
        town.notice("water", {"everyone": True}, text="{{name}}您好,今晚停水")
        ali.wait(250)
        ali.suspended = "isv.ACCOUNT_ABNORMAL"
        qq.wait(250, 60)
        ali.suspended = "isv.AMOUNT_NOT_ENOUGH"
        town.until("water", seconds=90)
        both = ali.messages + qq.messages
        assert copies(both) == {} and len(both) == 1000
        wait_for(lambda: counts(town, "water")["delivered"] == 1000, 30, "all receipts")
        asked = len(ali.requests) - len(ali.messages)
        assert asked < 60, f"a suspended account was asked {asked} times"
    finally:
        ali.stop()
        qq.stop()


def test_two_accounts_suspended_one_after_the_other_and_wechat_takes_the_rest(town):
    """Alibaba fails in mid-broadcast, Tencent takes over and fails too, WeChat takes who has an id. Nobody twice; who could not be told is listed by number."""
    ali = Aliyun(templates={"SMS_1001": "${name}您好,今晚停水", "SMS_1002": "今晚停水"}).start()
    qq = Tencent(templates=TEMPLATES).start()
    wx = WeChat(secret="testWxSecret", hook_token="pamtest", aes_key=AES_KEY).start()
    try:
        three(town, ali, qq, wx)
        ali.delay = qq.delay = wx.delay = 0.005
        followers = {f"oABC{i:020d}": phone(i) for i in range(1000) if i % 5}
        back = {number: openid for openid, number in followers.items()}
        town.residents([f"居民{i},{phone(i)},460106,1栋,,{back.get(phone(i), '')}" for i in range(1000)], "name,phone,area,building,tags,wechat").ok()
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1800))
        town.notice("water", {"everyone": True}, text="{{name}}您好,今晚停水", channels=["sms", "wechat"], not_after=soon)
        ali.wait(250)
        ali.suspended = "isv.ACCOUNT_ABNORMAL"
        qq.wait(250, 60)
        qq.suspended = "FailedOperation.InsufficientBalanceInSmsPackage"

        def told():
            """Everybody who was written to, by number, one entry for each message."""
            with ali.lock, qq.lock, wx.lock:
                return [m.to for m in ali.messages] + [m.to for m in qq.messages] + [followers[m.to] for m in wx.messages]
        wait_for(lambda: set(told()) >= set(followers.values()), 90, "all who have an id")
        wait_for(lambda: counts(town, "water")["delivered"] == len(told()), 30, "all receipts")
        rest = {phone(i) for i in range(1000)} - set(told())
        assert rest and rest.isdisjoint(followers.values()) and len(wx.messages) > 100
        assert town.show("water")["state"] == "running", "who has no other way is tried until the notice is of no use any more"
        pending = {r["to"] for r in town.recipients("water") if r["state"] in ("pending", "retry", "sending")}
        assert pending == rest

        town.clock(1801 * 1000)
        ended = town.until("water", "expired", seconds=30)
        assert ended["counts"]["delivered"] == 1000 - len(rest) and ended["counts"]["expired"] == len(rest)
        lost = town.recipients("water", "expired")
        assert {r["to"] for r in lost} == rest, "the list of whom to phone"
        assert sorted(told()) == sorted({phone(i) for i in range(1000)} - rest), "nobody twice"
        for double, name in ((ali, "Alibaba"), (qq, "Tencent")):
            refused = len(double.requests) - len(double.messages)
            assert refused < 120, f"{name} was asked {refused} times while suspended"
    finally:
        ali.stop()
        qq.stop()
        wx.stop()


def test_what_could_carry_a_text_is_said_before_it_is_sent(town):
    """`--dry-run` and `--check`: who can carry it, and why another cannot."""
    double = Tencent(templates=TEMPLATES).start()
    second = {**PROVIDER, "url": town.provider.url, "priority": 200}
    try:
        town.env["P1_SECRET"] = "testSecretKey"
        texts = town.directory / "texts"
        texts.mkdir()
        (texts / "water.txt").write_text("{{name}}您好,今晚停水")
        (texts / "other.txt").write_text("{{name}}您好,明天停水")
        qq = {"driver": "tencent", "url": double.url, "account": "testSecretId", "app": "1400006666"}
        more = templates("p1", "1110", "1111").replace('今晚停水"\n}', '今晚停水"\n  limits = {"name 3"}\n}', 1) + f'template_dir = "{texts}"\n'
        town.start(provider=qq, more=more)
        good = town.cli("send", "--to", phone(1), "--text", "今晚停水", "--dry-run").ok().json
        assert good["providers"] == ["p1"] and good["cannot"] == []
        bad = town.cli("send", "--to", phone(1), "--text", "别的", "--dry-run")
        assert bad.code == 4 and bad.json["providers"] == [] and "none of the 2 templates" in bad.json["cannot"][0]["why"]
        long = town.cli("send", "--to", phone(1), "--text", "欧阳欧阳您好,今晚停水", "--dry-run", as_json=False)
        assert long.code == 4 and "{{name}} has 4 characters of at most 3" in long.out, long.out
        text = town.config_text("checked", provider=qq, more=section("provider", "p2", second) + more)
        d = town.daemon("checked", text=text, args=["--check"])
        assert d.spawn().process.wait(30) == 0
        said = d.text()
        assert '# template water.txt: provider "p1" can carry it' in said
        assert '# template other.txt: provider "p1" cannot carry it: none of the 2 templates' in said
        assert "no provider can carry it" not in said, "p2 carries any text"
    finally:
        double.stop()
