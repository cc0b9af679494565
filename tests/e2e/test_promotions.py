"""Promotions: their hours, what they end with, what they cost."""
import datetime

from world import phone, wait_for

CHINA = datetime.timezone(datetime.timedelta(hours=8))


def hours(from_, to):
    """"HH:MM-HH:MM", so many minutes from now in the community's time."""
    now = datetime.datetime.now(CHINA)
    return "-".join((now + datetime.timedelta(minutes=m)).strftime("%H:%M") for m in (from_, to))


def test_outside_its_hours_a_promotion_waits_and_says_until_when(town):
    """Deferred, never dropped: the answer names the new time; an alert and a notice go out meanwhile."""
    town.start(provider={"promotion_hours": hours(120, 240)})
    r = town.cli("send", "--to", phone(1), "--text", "周六市集开张，拒收请回复R", "--kind", "promotion", "--id", "market", as_json=False).ok()
    assert "market accepted; promotions wait for their hours: goes out at " in r.out
    n = town.show("market")
    at = datetime.datetime.fromisoformat(r.out.split()[-1])
    assert n["state"] == "scheduled"
    assert 115 < (at - datetime.datetime.now(CHINA)).total_seconds() / 60 < 125
    town.notice("water", [phone(1)], "今晚停水")
    town.until("water")
    assert [m.text for m in town.provider.messages] == ["今晚停水"]


def test_a_promotion_that_would_be_too_late_is_refused_with_the_reason(town):
    """not_after before the hours begin: listed as rejected, never sent late."""
    town.start(provider={"promotion_hours": hours(120, 240)})
    end = (datetime.datetime.now(CHINA) + datetime.timedelta(hours=1)).isoformat(timespec="seconds")
    r = town.cli("send", "--to", phone(1), "--text", "周六市集开张", "--kind", "promotion", "--not-after", end)
    assert r.code == 4 and "promotions go out in certain hours only" in r.err
    town.push({"v": 1, "id": "late", "kind": "promotion", "to": {"phones": [phone(1)]}, "text": "a", "not_after": end})
    assert town.rejected()[0]["reason"] == "not-after-passed"


def test_hours_that_close_in_mid_broadcast_hold_the_rest_back(town):
    """What is not sent when the hours end waits in the queue, also over a change of the configuration."""
    town.start(provider={"promotion_hours": hours(-60, 60), "window": 1}, delivery={"retry_base_ms": 50})
    town.provider.delay = 0.02
    town.push({"v": 1, "id": "market", "kind": "promotion", "to": {"phones": [phone(i) for i in range(300)]}, "text": "周六市集开张"})
    town.provider.wait(20)
    town.crierd.config.write_text(town.config_text(provider={"promotion_hours": hours(120, 240), "window": 1}, delivery={"retry_base_ms": 50}))
    town.crierd.process.send_signal(1)
    wait_for(lambda: "event=config.reloaded" in town.crierd.text() or "reload" in town.crierd.text(), 10, "the reload")

    def still():
        counts = town.show("market")["counts"]
        return counts if counts["sending"] == 0 and counts["pending"] + counts["retry"] > 0 else None
    first = wait_for(still, 10, "a pause")
    town.notice("water", [phone(1)], "今晚停水")
    town.until("water")
    assert town.show("market")["counts"]["accepted"] == wait_for(still)["accepted"] >= first["accepted"]
    assert town.show("market")["state"] == "running"


def test_the_footer_is_added_to_promotions_only_and_once(town):
    """Vendors require it on promotions and refuse it on notices."""
    town.start(provider={"promotion_footer": "，拒收请回复R", "price": 0.05})
    for id_, kind, text in (("a", "promotion", "周六市集开张"), ("b", "promotion", "{{name}}，周日还有，拒收请回复R"), ("c", "notice", "今晚停水")):
        town.push({"v": 1, "id": id_, "kind": kind, "to": {"phones": [phone(1)]}, "text": text, "vars": {"name": "王伟"}})
        town.until(id_)
    assert [m.text for m in town.provider.messages] == ["周六市集开张，拒收请回复R", "王伟，周日还有，拒收请回复R", "今晚停水"]
    dry = town.cli("send", "--to", phone(1), "--to", phone(2), "--text", "今晚停水", "--dry-run").ok().json
    assert dry["cost"] == 0.1 and dry["cost_note"] == "0.10 yuan at p1"
