"""What staff are told of notices, counts and providers: on the command line, before and after sending."""
import json
import re
import subprocess
import urllib.request

from provider import Close, Code
from test_send import alert, iso
from world import phone, program, wait_for


def test_staff_see_what_a_notice_says(venus):
    """With ids nobody chose, only the words tell two scheduled notices apart."""
    venus.cli("send", "--to", phone(1), "--text", "今晚七点停水两小时，\n请提前储水，物业电话13800138000", "--at", iso(3600), "--id", "water").ok()
    venus.cli("alert", "relay", "--id", "t1", "--to", phone(2), "--issuer", "海口市气象台", "--issued", iso(-60), "--expires", iso(7200), "--at", iso(3600),
              "--event", "typhoon", "--level", "red", "--official-text", "海口市气象台发布台风红色预警信号").ok()
    titles = {n["id"]: n["title"] for n in venus.cli("notice", "list").ok().lines}
    assert titles["water"] == "今晚七点停水两小时， 请提前储水，物业电…" and "台风红色预警" in venus.show("t1")["text"], titles
    water = venus.show("water")
    assert water["text"].startswith("今晚七点") and water["to"] == {"phones": [phone(1)]} and water["alert"] is None
    assert {"issuer": "海口市气象台", "level": "red", "event": "typhoon"}.items() <= venus.show("t1")["alert"].items()
    r = venus.cli("schedule", as_json=False)
    line, = [x for x in r.out.splitlines() if x.startswith("water")]
    assert "今晚七点" in line and re.search(r"scheduled +- ", line), r.out
    shown = venus.cli("notice", "show", "t1", as_json=False).out
    assert re.search(r"^issuer +海口市气象台", shown, re.M) and re.search(r"^text .*台风红色", shown, re.M), shown
    token = venus.cli("key", "add", "look", "--role", "viewer").ok().json["token"]
    asked = urllib.request.Request(venus.crierd.url + "/api/v1/notices/water", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        told = json.load(answer)
    assert phone(1) not in str(told) and "13800138000" not in str(told) and "停水" in told["text"], told


def test_an_empty_list_still_has_its_header(venus):
    """Silence looks like a mistake."""
    assert venus.cli("notice", "list", as_json=False).out.startswith("ID ")
    assert venus.cli("resident", "list", "--tag", "x", as_json=False).out.split()
    assert venus.cli("notice", "list").out == ""


def test_status_counts_texts_that_wait_for_an_answer(venus):
    """`inbox` is what staff have to answer, not what producers pushed."""
    venus.reply(phone(1), "路灯坏了")
    row = wait_for(lambda: venus.cli("inbox", "list").ok().lines, 10)[0]
    s = venus.cli("status").ok().json
    assert s["inbox"] == 1 and s["inbox_waiting"] == 0, s
    assert "texts without answer: 1" in venus.cli("status", as_json=False).out
    venus.cli("inbox", "answer", row["key"], "谢谢").ok()
    assert venus.cli("status").ok().json["inbox"] == 0


def test_status_without_redis_knows_what_it_does_not_know(venus):
    """Unknown is not 0."""
    venus.notice("later", [phone(1)], send_at=iso(3600))
    wait_for(lambda: venus.cli("status").json["scheduled"] == 1, 10, "the scheduled notice")
    venus.redis.kill()
    s = wait_for(lambda: (x := venus.cli("status").json) and x["redis"] == "down" and x, 20, "the loss")
    assert s["scheduled"] is None and s["inbox"] is None and s["lanes"]["normal"]["notices"] is None, s
    out = venus.cli("status", as_json=False).out
    assert "scheduled: -" in out and re.search(r"^normal +- +- +0", out, re.M), out


def test_dry_run_says_what_carriers_will_refuse(venus):
    """--dry-run lints the text as people will read it; it warns, it does not refuse."""
    warnings = venus.cli("send", "--to", phone(1), "--text", "报名请加微信群", "--dry-run").ok().json["warnings"]
    assert [w["code"] for w in warnings] == ["contact"] and warnings[0]["refused"] and warnings[0]["at"] == 3
    said = venus.cli("send", "--to", phone(1), "--text", "周六市集开张", "--kind", "promotion", "--dry-run", as_json=False).ok().out
    assert "refused by carriers: 推广类短信必须以“拒收请回复R”结尾" in said
    assert venus.cli("send", "--to", phone(1), "--text", "今晚停水", "--dry-run").ok().json["warnings"] == []


def test_dry_run_tells_that_no_provider_serves_the_channel(venus):
    """Five recipients and nobody to carry it is nothing to be pleased about."""
    r = venus.cli("send", "--to", phone(1), "--text", "a", "--channel", "wechat", "--dry-run", as_json=False)
    assert r.code == 4 and "nothing would be sent: no provider serves channel wechat" in r.err, (r.code, r.out, r.err)
    venus.cli("send", "--to", phone(1), "--text", "a", "--channel", "wechat", "--channel", "sms", "--dry-run").ok()


def test_provider_list_says_why(venus):
    """OPERATING.md: `crier provider list` says why."""
    assert venus.cli("provider", "list").ok().json["why"] == ""
    venus.provider.script(lambda n, items: Code(3))
    venus.notice("refused", [phone(1)])
    p = wait_for(lambda: (x := venus.cli("provider", "list").json)["state"] == "bad-account" and x, 20, "the refused account")
    assert "account" in p["why"] and "account" in venus.cli("provider", "list", as_json=False).out.splitlines()[1]
    venus.cli("provider", "pause", "p1").ok()
    assert venus.cli("provider", "list").json["why"].startswith("by ")


def test_a_rejected_entry_can_be_dismissed(venus):
    """One bad push must not keep the doctor worried for ever."""
    venus.push(b"{")
    row, = venus.rejected()
    assert venus.cli("doctor").code == 1
    venus.cli("rejected", "dismiss", row["key"]).ok()
    assert venus.cli("rejected", "list").lines == []
    for key in (row["key"], "nope", "99999999999999999999999-1"):
        assert venus.cli("rejected", "dismiss", key).code == 3, key
    assert not re.search(r"^BAD +rejected", venus.cli("doctor", as_json=False).out, re.M)
    assert any("dismiss" in x["did"] for x in venus.cli("audit").ok().lines)


def test_redrive_sends_to_the_unknown_only_when_told(venus):
    """An answer that was lost: nobody is sent a second copy by accident, and there is a way to do it on purpose."""
    venus.provider.script(lambda n, items: Close() if n == 1 else None)
    venus.notice("doubt", [phone(1)])
    assert venus.until("doubt")["counts"]["unknown"] == 1
    for options in ((), ("--failed",), ("--failed", "--exhausted")):
        r = venus.cli("notice", "redrive", "doubt", *options, as_json=False)
        assert r.code == 3 and "nobody" in r.err, (r.code, r.out, r.err)
    r = venus.cli("notice", "redrive", "doubt", as_json=False)
    assert r.code == 3 and "nobody" in r.err, (r.code, r.out, r.err)
    r = venus.cli("notice", "redrive", "doubt", "--unknown", as_json=False)
    assert r.code == 0 and "second copy" in r.out, (r.code, r.out, r.err)
    wait_for(lambda: venus.show("doubt")["counts"]["accepted"] == 1, 10, "the second try")
    row, = venus.recipients("doubt")
    assert row["attempts"] == 2, row


def test_wait_says_what_it_waits_for(venus):
    """Nothing gets out: no time left is invented, and the provider is named."""
    venus.provider.script(lambda n, items: Code(3))
    venus.notice("stuck", [phone(1), phone(2)])
    wait_for(lambda: venus.cli("provider", "list").json["state"] == "bad-account", 20, "the refused account")
    told = venus.directory / "told"
    with told.open("w") as err, subprocess.Popen([program("crier"), "--socket", str(venus.crierd.socket), "send", "--to", phone(3), "--text", "a", "--id", "w", "--wait"],
                                                 stdout=subprocess.DEVNULL, stderr=err) as child:
        try:
            wait_for(lambda: "waiting: provider p1 bad-account" in told.read_text(), 30, "what it waits for")
        finally:
            venus.cli("notice", "cancel", "w")
            assert child.wait(20) == 1
    assert "left" not in told.read_text(), told.read_text()


def test_no_rate_is_told_when_nobody_comes_to_an_end(venus):
    """Contract 6, rate and eta_s: a provider that refuses everything makes attempts, no progress; null is better than a wrong number."""
    venus.provider.script(lambda n, items: Code(5))
    venus.notice("refused", [phone(i) for i in range(1, 9)])
    wait_for(lambda: venus.show("refused")["counts"]["retry"] == 8, 15, "every first attempt")
    n = venus.show("refused")
    assert (n["rate"], n["eta_s"]) == (None, None), n
