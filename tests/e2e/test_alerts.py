"""Official warnings (CAP) from POST to residents' phones: told once per level, replaced, ended for exactly those who were told."""
import json
import re
import threading
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone

from world import phone, settled, wait_for

SENDER = "haikou_qxt@example.cn"
T0 = datetime.now(timezone(timedelta(hours=8))).replace(microsecond=0) - timedelta(minutes=30)


def at(minute):
    return (T0 + timedelta(minutes=minute)).isoformat()


def cap(id_, minute, colour="黄", type_="Alert", refs=(), info=True, code="460100000000", title=None, extra="", **over):
    """One message; refs = [(id, minute), ...]."""
    refs = " ".join(f"{SENDER},{i},{at(m)}" for i, m in refs)
    body = f"""<info><language>zh-CN</language><category>Met</category><event>台风</event>{extra}<urgency>Expected</urgency><severity>Moderate</severity>
      <certainty>Likely</certainty><expires>{at(24 * 60)}</expires><senderName>海口市气象台</senderName>
      <headline>{title or f"海口市气象台发布台风{colour}色预警信号"}</headline><description>受台风影响，{{{{name}}}} 请注意防范（{id_}）。</description>
      <area><areaDesc>海口市</areaDesc><geocode><valueName>CPEAS Geographic Code</valueName><value>{code}</value></geocode></area></info>""" if info else ""
    said = {"identifier": id_, "sender": SENDER, "sent": at(minute), "status": "Actual", "msgType": type_, "scope": "Public", **over}
    return ('<?xml version="1.0" encoding="UTF-8"?><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">' +
            "".join(f"<{k}>{v}</{k}>" for k, v in said.items()) + f"<references>{refs}</references>{body}</alert>")


def post(town, text, daemon=None, role_token=None, key=None):
    token = role_token or town.token
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/cap+xml", **({"Idempotency-Key": key} if key else {})}
    request = urllib.request.Request((daemon or town.crierd).url + "/api/v1/alerts", data=text.encode(), headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as e:
        return e.code, json.loads(e.read())


def said(town, text, **k):
    """(decision, notice) of one message."""
    status, answer = post(town, text, **k)
    assert status == 200, answer
    (row,) = answer["alerts"]
    return row["decision"], row["notice"]


def open_town(town, n=3, **options):
    town.start(**options)
    town.token = token(town, "alerter")
    if n:
        town.residents([f"住户{i},{phone(i)},460106,1栋," for i in range(n)]).ok()
    return town


def token(town, role):
    return town.cli("key", "add", f"k-{role}", "--role", role).ok().json["token"]


def texts(town):
    """{text: sorted numbers}, of everything that the provider took."""
    out = {}
    for r in town.provider.requests:
        m = json.loads(r.body)
        out.setdefault(m["text"], []).append(m["to"])
    return {t: sorted(n) for t, n in out.items()}


def everybody(n=3):
    return [phone(i) for i in range(n)]


def test_a_typhoon_from_blue_to_red_to_its_end(town):
    """Each resident is told once per level; the same message again, and an update that says the same, tell nobody; the end goes to those who were told."""
    open_town(town)
    history, notices = [], []
    for i, colour in enumerate("蓝黄红"):
        message = cap(f"m{i}", i, colour, "Update" if i else "Alert", history)
        decision, notice = said(town, message)
        assert decision == "send"
        town.until(notice)
        assert said(town, message) == ("ignore", None)
        history.append((f"m{i}", i))
        notices.append(notice)
    assert said(town, cap("m3", 3, "红", "Update", history)) == ("store", None)
    decision, end = said(town, cap("m4", 4, type_="Cancel", refs=history, info=False))
    assert decision == "end"
    town.until(end)
    assert said(town, cap("m5", 5, type_="Cancel", refs=history, info=False)) == ("store", None)
    got = settled(lambda: texts(town))
    assert sorted(got.values()) == [everybody()] * 4
    for i, colour in enumerate("蓝黄红"):
        (text,) = [t for t in got if f"台风{colour}色" in t and "已解除" not in t]
        assert text.startswith(f"海口市气象台发布台风{colour}色预警信号：受台风影响，{{{{name}}}} 请注意防范（m{i}）。")  # as it was written, braces and all
        assert T0.strftime("%H时") in text or (T0 + timedelta(minutes=i)).strftime("%H时%M分") in text
    assert [t for t in got if t.endswith("海口市气象台发布台风红色预警信号 已解除。") and t.startswith("【海口市气象台 ")]
    lanes = [town.show(n)["lane"] for n in notices]
    assert lanes == ["urgent", "urgent", "emergency"]
    assert [r["decision"] for r in town.cli("alert", "list").ok().lines] == ["store", "end", "store", "send", "send", "send"]


def test_a_higher_level_stops_what_is_unsent_of_the_lower_one(town):
    """The provider hangs on the first texts of yellow: nobody who waits gets yellow after red was taken."""
    open_town(town, 40, provider={"window": 2})
    town.provider.hold()
    _, yellow = said(town, cap("y", 0))
    wait_for(lambda: len(town.provider.requests) >= 1, 10, "yellow has begun")
    _, red = said(town, cap("r", 1, "红", "Update", [("y", 0)]))
    wait_for(lambda: town.show(yellow) and town.show(yellow)["state"] == "cancelled", 10, "yellow stopped")
    begun = len(town.provider.requests)
    town.provider.release()
    town.until(red, seconds=60)
    assert len([r for r in town.provider.requests[begun:] if "黄色" in json.loads(r.body)["text"]]) == 0
    assert sorted({json.loads(r.body)["to"] for r in town.provider.requests if "红色" in json.loads(r.body)["text"]}) == everybody(40)


def test_two_daemons_and_many_posts_send_once(town):
    """The same message on both at once, twice each."""
    open_town(town)
    second = town.daemon("second").start()
    answers = []
    message = cap("a", 0, "红")
    threads = [threading.Thread(target=lambda d=d: answers.append(said(town, message, daemon=d))) for d in (town.crierd, second) * 2]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    assert sorted(a[0] for a in answers) == ["ignore", "ignore", "ignore", "send"]
    (notice,) = [a[1] for a in answers if a[0] == "send"]
    town.until(notice)
    assert settled(lambda: list(texts(town).values())) == [everybody()]


def test_an_all_clear_reaches_whoever_was_told_by_any_level(town):
    """Who came between two levels is told the end, who came later and was told nothing gets nothing, who was erased is not known any more."""
    open_town(town, 2)
    _, blue = said(town, cap("b", 0, "蓝"))
    town.until(blue)
    town.cli("resident", "erase", town.cli("resident", "show", phone(0)).ok().lines[0]["id"], "--yes").ok()
    town.residents([f"新住户,{phone(6)},460106,1栋,"]).ok()
    _, red = said(town, cap("r", 1, "红", "Update", [("b", 0)]))
    town.until(red)
    town.residents([f"更新的住户,{phone(7)},460106,1栋,"]).ok()
    decision, end = said(town, cap("p", 2, "红", "Update", [("b", 0), ("r", 1)], title="海口市气象台解除台风红色预警信号", extra="<responseType>AllClear</responseType>"))
    assert decision == "end"
    town.until(end)
    got = settled(lambda: texts(town))
    (cleared,) = [n for t, n in got.items() if "解除" in t]
    assert cleared == [phone(1), phone(6)]
    assert sorted(map(len, got.values())) == [2, 2, 2]


def test_many_at_once_are_not_taken_for_lost(town):
    """A feed of 150: while most of them still stand in the inbox, nobody may say that Redis lost them, nor say them again."""
    open_town(town, 300)
    feed = "<feed>" + "".join(re.sub(r"<\?xml[^>]*>", "", cap(f"m{i}", i % 50, title=f"海口市气象台发布台风黄色预警信号（{i}）")) for i in range(150)) + "</feed>"
    status, answer = post(town, feed)
    assert status == 200 and len(answer["alerts"]) == 150
    ids = {row["notice"] for row in answer["alerts"] if row["notice"]}
    wait_for(lambda: ids <= {n["id"] for n in town.cli("notice", "list", "--limit", "500").ok().lines if n["state"] == "done" or n["state"] == "cancelled"}, 60, "all over")
    assert "alert.said-again" not in town.crierd.text()
    assert all(len(numbers) == len(set(numbers)) for numbers in texts(town).values())


def test_what_is_refused_and_who_may(town):
    """Hostile bytes, a sender's role, another area, a test: nothing is sent."""
    open_town(town)
    assert post(town, "<!DOCTYPE a>" + cap("a", 0))[0] == 422
    assert post(town, cap("a", 0), role_token=token(town, "sender"))[0] == 403
    assert said(town, cap("a", 0, code="440100000000"))[0] == "store"
    assert said(town, cap("b", 0, status="Test"))[0] == "store"
    assert said(town, cap("c", 0, sent="yesterday"))[0] == "refuse"
    assert settled(lambda: len(town.provider.requests)) == 0


def test_intake_from_a_file_and_a_dry_run(town):
    """--dry-run records nothing: the same message counts afterwards; it is in the journal until it is over."""
    open_town(town)
    path = town.directory / "cap.xml"
    path.write_text(cap("f", 0, "橙"), encoding="utf-8")
    assert town.cli("alert", "intake", path, "--dry-run").ok().json["decision"] == "send"
    row = town.cli("alert", "intake", path).ok().json
    assert (row["decision"], row["level"]) == ("send", "orange")
    town.until(row["notice"])
    assert town.cli("alert", "intake", path).ok().json["decision"] == "ignore"
    assert town.cli("alert", "show", "f").ok().json["notice"] == row["notice"]
    assert town.cli("alert", "show", "nothing").code == 3
    assert settled(lambda: list(texts(town).values())) == [everybody()]
    path.write_text("<alert>")
    assert town.cli("alert", "intake", path).code == 4


def test_a_red_warning_is_in_the_journal_before_it_is_answered(town):
    """Redis forgets everything the moment after: it is said again from the journal."""
    open_town(town)
    town.provider.hold()
    _, notice = said(town, cap("j", 0, "红"))
    assert notice in "".join(p.read_text() for p in (town.directory / "state").glob("journal-*"))
    town.crierd.kill()
    town.redis.client.flushall()
    town.provider.release()
    town.crierd.start(ready=False)
    town.cli("doctor", "--acknowledge")
    town.residents([f"住户{i},{phone(i)},460106,1栋," for i in range(3)]).ok()
    town.until(notice)
    assert sorted(m.to for m in town.provider.of(notice))[-1] == phone(2)
