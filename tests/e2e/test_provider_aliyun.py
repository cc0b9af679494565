"""Driver aliyun against a double that is as strict as Alibaba Cloud SMS: 1,000 residents, mixed errors, receipts and replies."""
import collections

from aliyun import Aliyun
from test_send import alert
from vendor import Close
from world import HOOK_SECRET, phone, section, wait_for

KEY = "testAccessKeySecret"
TEMPLATES = {"SMS_1001": "${name}您好,今晚停水", "SMS_1002": "今晚停水", "SMS_1003": "台风警报,请留在家中"}


def templates(provider="p1"):
    return (section("vendor_template", "water", {"provider": provider, "id": "SMS_1001", "text": "{{name}}您好,今晚停水", "limits": '{"name 35"}'})
            .replace('"{\\"name 35\\"}"', '{"name 35"}')
            + section("vendor_template", "water-short", {"provider": provider, "id": "SMS_1002", "text": "今晚停水"})
            + section("vendor_template", "typhoon", {"provider": provider, "id": "SMS_1003", "text": "台风警报,请留在家中"}))


def start(town, double, more="", **provider):
    town.env["P1_SECRET"] = KEY
    town.start(provider={"driver": "aliyun", "url": double.url, "account": "testAccessKeyId", "window": 16, **provider}, more=templates() + more)
    double.settings["hook"] = f"{town.crierd.url}/hooks/p1/{HOOK_SECRET}"


def states(town, id_):
    return {r["to"]: r for r in town.recipients(id_)}


def copies(double):
    return {n: k for n, k in collections.Counter(m.to for m in double.messages).items() if k > 1}


def test_a_thousand_residents_mixed_errors_receipts_and_replies(town):
    double = Aliyun(templates=TEMPLATES).start()
    try:
        refused, illegal, limited, rejects, dead, mute = (phone(i) for i in (3, 5, 7, 11, 13, 17))
        double.for_number(refused, "isv.CUSTOMER_REFUSED")
        double.for_number(illegal, "isv.MOBILE_NUMBER_ILLEGAL")
        double.for_number(limited, "isv.BUSINESS_LIMIT_CONTROL")
        double.reports.update({rejects: "USER_REJECT", dead: "MK:0001", mute: None})
        start(town, double, more='# short texts\n')
        double.next(Close(), "isp.SYSTEM_ERROR", "Throttling.User", "ServiceUnavailable")
        town.residents([f"居民{i},{phone(i)},460106,1栋," for i in range(1000)]).ok()
        town.notice("water", {"everyone": True}, text="{{name}}您好,今晚停水")
        wait_for(lambda: len(double.messages) >= 995, 60, "nearly all messages")

        def settled():
            s = collections.Counter(r["state"] for r in town.recipients("water"))
            return s if s["delivered"] >= 993 else None
        wait_for(settled, 60, "receipts")
        got = states(town, "water")
        assert got[refused]["state"] == "failed" and "isv.CUSTOMER_REFUSED" in got[refused]["detail"]
        assert got[illegal]["state"] == "failed" and "isv.MOBILE_NUMBER_ILLEGAL" in got[illegal]["detail"]
        assert got[limited]["state"] in ("pending", "retry", "sending"), got[limited]
        assert got[rejects]["state"] == "failed" and got[dead]["state"] == "failed" and got[mute]["state"] == "accepted"
        unknown = [r for r in got.values() if r["state"] == "unknown"]
        assert len(unknown) == 1, "the connection that was closed without an answer leaves one in doubt"
        assert copies(double) == {}
        # everybody is accounted for, and nobody who was not sent to is called sent to
        sent = {m.to for m in double.messages}
        assert {n for n, r in got.items() if r["state"] in ("accepted", "delivered")} <= sent
        assert len(got) == 1000
        assert all(m.ref.startswith("water.") for m in double.messages)

        assert double.reply(phone(20), "帮助") == (200, '{"code":0,"msg":"接收成功"}'.encode())
        assert double.reply(phone(21), "听不懂的话", sequence_id=77)[0] == 200
        assert double.reply(phone(21), "听不懂的话", sequence_id=77)[0] == 200
        rows = wait_for(lambda: (lambda r: r if len(r) >= 1 else None)(town.cli("inbox", "list").ok().lines), 10, "the text in the inbox")
        assert [r["text"] for r in rows].count("听不懂的话") == 1
    finally:
        double.stop()


def test_lists_travel_together_and_one_bad_number_takes_nobody_with_it(town):
    """SendBatchSms and SendSms with several numbers; receipts by BizId and number; a refusal names nobody, so each is asked alone."""
    double = Aliyun(templates=TEMPLATES).start()
    try:
        double.for_number(phone(42), "isv.MOBILE_NUMBER_ILLEGAL")
        start(town, double, batch=50)
        town.residents([f"居民{i},{phone(i)},460106,1栋," for i in range(200)]).ok()
        town.notice("own", {"everyone": True}, text="{{name}}您好,今晚停水", lane="urgent")
        town.notice("same", [phone(i) for i in range(200, 400)], text="今晚停水")
        town.until("own", seconds=60)
        town.until("same", seconds=60)
        wait_for(lambda: collections.Counter(r["state"] for r in town.recipients("own"))["delivered"] == 199, 30, "receipts of own")
        wait_for(lambda: collections.Counter(r["state"] for r in town.recipients("same"))["delivered"] == 200, 30, "receipts of same")
        got = states(town, "own")
        assert got[phone(42)]["state"] == "failed" and len(double.messages) == 399 and copies(double) == {}
        assert len(double.requests) < 120, "50 at once"
        actions = collections.Counter(r.headers["x-acs-action"] for r in double.requests)
        assert actions["SendBatchSms"] >= 4 and actions["SendSms"] >= 4
    finally:
        double.stop()


def test_the_older_signature(town):
    double = Aliyun(templates=TEMPLATES).start()
    try:
        start(town, double, variant="v1", batch=20)
        town.notice("v1", [phone(i) for i in range(60)], text="今晚停水")
        town.until("v1")
        assert len(double.messages) == 60 and all("Signature" in r.query for r in double.requests)
    finally:
        double.stop()


def test_a_full_minute_ends_with_the_clock_s_minute(town):
    """isv.BUSINESS_LIMIT_CONTROL of a minute: kept for that number alone, and sent in the next minute."""
    clock = {"ahead": 0.0}
    import time
    double = Aliyun(templates=TEMPLATES, minute=1, clock=lambda: time.time() + clock["ahead"]).start()
    try:
        start(town, double)
        town.notice("first", [phone(1), phone(2)], text="今晚停水")
        town.until("first")
        town.push(alert("second", [phone(1), phone(3)], text="台风警报,请留在家中"), emergency=True)
        wait_for(lambda: states(town, "second").get(phone(3), {}).get("state") in ("accepted", "delivered"), 20, "the other one")
        assert states(town, "second")[phone(1)]["state"] in ("pending", "retry", "sending")
        clock["ahead"] = 61.0
        wait_for(lambda: states(town, "second")[phone(1)]["state"] in ("accepted", "delivered"), 90, "the one who had to wait")
        assert collections.Counter(m.to for m in double.messages) == {phone(1): 2, phone(2): 1, phone(3): 1}
    finally:
        double.stop()
