"""Driver twilio against a double that checks what Twilio checks: everybody is told once, reports come in any order, STOP is heard."""
import pytest

from twilio import Twilio
from vendor import Close
from world import HOOK_SECRET, SECRET, phone, wait_for

PUBLIC = "https://notify.example.org"
ACCOUNT = "AC00000000000000000000000000000000"


@pytest.fixture
def double():
    d = Twilio(token=SECRET, hook=f"{PUBLIC}/hooks/p1/{HOOK_SECRET}/reply")
    d.public = PUBLIC
    yield d.start()
    d.stop()


@pytest.fixture
def office(town, double):
    town.start(provider={"driver": "twilio", "url": double.url, "account": ACCOUNT, "sender": "+14155550100", "public_url": PUBLIC, "window": 32})
    double.real = town.crierd.url
    return town


def states(world, id_):
    return {r["to"]: (r["state"], r["detail"]) for r in world.recipients(id_)}


def settled(world, id_, n, seconds=60):
    """Until no recipient waits for a report any more."""
    return wait_for(lambda: (lambda c: c if c["delivered"] + c["failed"] + c["unknown"] == n else None)(world.show(id_)["counts"]), seconds, f"{n} reports")


def test_a_thousand_residents_mixed_errors_and_reports_in_any_order(office, double):
    """Nobody lost, nobody written to twice; the ledger tells of each what Twilio told."""
    n = 1000
    double.twice = True
    undelivered = {phone(i) for i in range(100, 200)}
    double.report = lambda m: [("undelivered", 30003), "sent", "queued"] if m.to in undelivered else ["delivered", "sent", "queued"]
    for i in range(0, 20):
        double.for_number(phone(i), "21610")
    for i in range(20, 40):
        double.for_number(phone(i), "20429", None)      # once too fast
    for i in range(40, 50):
        double.for_number(phone(i), "30008", "30008", None)
    for i in range(50, 60):
        double.for_number(phone(i), "21614")
    office.notice("n", [phone(i) for i in range(n)], "停水通知: 明天 9 点")
    office.until("n", seconds=120)
    counts = settled(office, "n", n)
    assert (counts["delivered"], counts["failed"], counts["unknown"]) == (n - 130, 130, 0)
    told = [m.to for m in double.messages]
    assert len(told) == len(set(told)) == n - 30
    seen = states(office, "n")
    assert seen[phone(0)] == ("failed", "21610: has told Twilio STOP")
    assert seen[phone(150)] == ("failed", "30003: phone switched off or out of reach")
    assert seen[phone(45)][0] == "delivered"
    assert all(answer == 200 for _, _, answer in double.callbacks), double.callbacks[:3]


def test_a_lost_answer_stays_in_doubt_until_the_report_comes(office, double):
    """Nothing is sent again; the report tells what became of it."""
    double.report_after = 0
    double.report = lambda m: []
    double.next(Close)
    office.notice("n", [phone(1)])
    office.until("n")
    assert office.show("n")["counts"]["unknown"] == 1
    assert double.call(f"{PUBLIC}/hooks/p1/{HOOK_SECRET}/receipt?ref=n.0.1", [("MessageSid", "SM" + "0" * 32), ("MessageStatus", "delivered")])[0] == 200
    assert office.show("n")["counts"]["delivered"] == 1
    assert len(double.requests) == 1


def test_what_residents_write_has_one_effect_and_stop_is_heard(office, double):
    office.cli("activity", "add", "basketball", "--title", "篮球赛", "--seats", 3, "--starts", "2099-01-01T10:00:00+08:00").ok()
    for i in range(4):
        for _ in range(3):
            assert double.reply(phone(i), "报名 篮球赛", sid=f"SM{i:032x}")[0] == 200
    double.wait(4)
    wait_for(lambda: (lambda a: (a["taken"], a["waiting"]) == (3, 1))(office.cli("activity", "show", "basketball").ok().json), 10, "three seats and one who waits")
    assert sorted(m.to for m in double.messages) == [phone(i) for i in range(4)]
    status, body = double.reply(phone(0), "STOP")
    assert (status, body) == (200, b'<?xml version="1.0" encoding="UTF-8"?><Response></Response>')
    wait_for(lambda: office.redis.client.sismember(office.key("optout"), phone(0)), 10, "the opt-out")
    office.notice("later", [phone(0), phone(1)], kind="promotion")
    wait_for(lambda: office.until("later") and {k: v[0] for k, v in states(office, "later").items()} == {phone(1): "delivered"}, 10,
             "one who is told, and one who wants nothing")


def test_a_callback_that_is_not_signed_changes_nothing(office, double):
    fields = [("MessageSid", "SM" + "0" * 32), ("From", phone(1)), ("Body", "报名")]
    for wrong in ("x", "l35TAYkEW3oZSvQew5nuDbnWGvY="):
        assert double.call(f"{PUBLIC}/hooks/p1/{HOOK_SECRET}/reply", fields, {"X-Twilio-Signature": wrong})[0] == 403
    assert double.call(f"{PUBLIC}/hooks/p1/wrong/reply", fields)[0] == 403
    double.public = ""
    assert double.call(f"{office.crierd.url}/hooks/p1/{HOOK_SECRET}/reply", fields)[0] == 403, "signed for the address it was called by, not for the public one"
    assert office.redis.client.xlen(office.key("replies")) == 0


def test_wrong_credentials_stop_the_account_and_are_said(office, double):
    double.settings["token"] = "another"
    office.notice("n", [phone(i) for i in range(50)], "x", lane="emergency")  # tried every second
    wait_for(lambda: office.cli("provider", "list").ok().lines[0]["state"] == "bad-account", 10, "the account is refused")
    assert len(double.requests) < 50
    double.settings["token"] = SECRET
    office.until("n", seconds=60)
    assert len({m.to for m in double.messages}) == len(double.messages) == 50
