"""What cannot be accepted goes whole to `rejected`, with its own code, and the queue goes on (contract 3, issue "Bad input")."""
import json

import pytest

from test_send import alert, iso
from world import phone, wait_for

GOOD = {"v": 1, "kind": "notice", "to": {"phones": [phone(1)]}, "text": "a"}


def with_(**members):
    return {**GOOD, **members}


BAD = [
    ("malformed JSON", b'{"v":1,', "bad-json"),
    ("no object", b'[1]', None),
    ("nothing at all", b'', None),
    ("wrong type of text", with_(text=7), "bad-type"),
    ("wrong type of to", with_(to="everyone"), None),
    ("unknown member", with_(colour="red"), "unknown-member"),
    ("unknown member of to", with_(to={"everbody": True}), None),
    ("65 KiB", with_(text="x" * 66000), "too-large"),
    ("duplicate keys", b'{"v":1,"kind":"notice","to":{"everyone":true},"text":"a","text":"b"}', "duplicate-member"),
    ("a NUL byte", b'{"v":1,"kind":"notice","to":{"everyone":true},"text":"a\0b"}', "nul-byte"),
    ("an escaped NUL", b'{"v":1,"kind":"notice","to":{"everyone":true},"text":"a\\u0000b"}', "nul-byte"),
    ("bad UTF-8", b'{"v":1,"kind":"notice","to":{"everyone":true},"text":"\xb1\xa8"}', "bad-utf8"),
    ("a lone surrogate", b'{"v":1,"kind":"notice","to":{"everyone":true},"text":"\\ud800"}', None),
    ("past not_after", with_(not_after="2020-01-01T00:00:00+08:00"), "not-after-passed"),
    ("a date that does not exist", with_(send_at="2026-02-30T09:00:00+08:00"), "bad-time"),
    ("a time without offset", with_(send_at="2036-02-20T09:00:00"), "bad-time"),
    ("an empty audience", with_(to={"tags": ["没有人"]}), "empty-audience"),
    ("a question about no activity", with_(ask={"rsvp": "nosuch"}), "no-such-activity"),
    ("the people of no activity", with_(to={"activity": "nosuch"}), "no-such-activity"),
    ("everybody but the people of no activity", with_(to={"everyone": True, "not": {"activity": "nosuch"}}), "no-such-activity"),
    ("an empty selector", with_(to={}), "bad-audience"),
    ("an unknown variable", with_(text="{{nmae}}您好"), "unknown-variable"),
    ("a landline", with_(to={"phones": ["0898-66666666"]}), "bad-phone"),
    ("a service number", with_(to={"phones": ["10690000000000"]}), "bad-phone"),
    ("no text", {"v": 1, "kind": "notice", "to": {"phones": [phone(1)]}}, "no-text"),
    ("an unknown kind", with_(kind="news"), "bad-kind"),
    ("an unknown lane", with_(lane="fast"), "bad-lane"),
    ("a bad id", with_(id="a b"), "bad-id"),
    ("an id of the daemon's own", with_(id="_a.2.29931429"), "bad-id"),
    ("another version", with_(v=2), "bad-version"),
    ("an alert without an alert", with_(kind="alert"), None),
    ("1000 nested lists", b'{"v":1,"kind":"notice","to":{"everyone":true},"text":' + b"[" * 1000 + b"]" * 1000 + b"}", None),
]


@pytest.mark.parametrize("what, entry, code", BAD, ids=[b[0] for b in BAD])
def test_a_bad_entry_is_rejected_whole_and_the_next_one_is_sent(venus_shared, what, entry, code):
    """One daemon for all rows: nothing of one disturbs the next."""
    world = venus_shared
    before = len(world.cli("rejected", "list").ok().lines)
    world.push(entry)
    rows = world.rejected(before + 1)
    row = rows[0]
    if code is not None:
        assert row["reason"] == code, row
    assert row["reason"] and row["message"], row
    assert {"reason", "message", "entry", "at"} <= set(row)
    sent = len(world.provider.messages)
    world.notice(None, [phone(9)], f"nach {before}")
    world.provider.wait(sent + 1, 10)


def test_the_entry_is_kept_whole(venus):
    """Contract 3: whole, with a reason code and a sentence, in the stream `rejected`."""
    entry = json.dumps(with_(colour="红" * 100), ensure_ascii=False)
    venus.push(entry)
    row = venus.rejected()[0]
    assert row["entry"] == entry
    (key, fields), = venus.redis.client.xrange(venus.key("rejected"))
    assert entry.encode() in fields.values()
    assert venus.crierd.metrics()['crier_rejected_total{reason="unknown-member"}'] == 1
    assert "unknown-member" in venus.cli("rejected", "list", as_json=False).out


def test_every_bad_input_of_the_list_has_a_code_of_its_own():
    """Issue: "each goes to `rejected` with its own reason code"."""
    named = ["malformed JSON", "wrong type of text", "unknown member", "65 KiB", "duplicate keys", "a NUL byte", "bad UTF-8", "past not_after",
             "an empty audience", "an unknown variable"]
    codes = [code for what, _, code in BAD if what in named]
    assert len(codes) == len(named) == len(set(codes))


def test_a_thousand_bad_entries_do_not_hold_up_a_good_one(venus):
    """The queue never stops."""
    for i in range(1000):
        venus.push(b'{"v":1,%d' % i)
    venus.notice("good", [phone(1)])
    venus.until("good", seconds=30)
    assert venus.redis.client.llen(venus.key("inbox")) == 0
    wait_for(lambda: venus.redis.client.xlen(venus.key("rejected")) == 1000, 10, "1000 rejected entries")


def test_an_entry_of_20_mb_neither_stops_the_queue_nor_the_daemon(venus):
    venus.push(b"x" * 20_000_000)
    venus.push(b"y" * 10_000_000, emergency=True)
    for i in range(2):
        venus.notice(f"after-{i}", [phone(i)])
    venus.provider.wait(2)
    rows = venus.rejected(2)
    assert [r["reason"] for r in rows] == ["too-large"] * 2
    assert sorted(len(r["entry"]) for r in rows) == [65536, 65536]  # shown cut, kept whole
    kept = [e[b"entry"] for _, e in venus.redis.client.xrange(venus.key("rejected"))]
    assert sorted(map(len, kept)) == [10_000_000, 20_000_000]
    assert venus.redis.client.keys(venus.key("inproc*")) == []


def test_a_rejected_entry_can_be_put_back(venus):
    """`rejected retry`: staff mend what was missing and try again."""
    venus.push({"v": 1, "id": "retry-me", "kind": "notice", "to": {"tags": ["篮球"]}, "text": "a"})
    row = venus.rejected()[0]
    assert row["reason"] == "empty-audience"
    bad = venus.push(b"{")
    rows = venus.rejected(2)
    key = next(r for r in rows if r["reason"] == "bad-json")["key"]
    assert venus.cli("rejected", "retry", key).code == 0
    assert venus.cli("rejected", "retry", "1-1").code == 3
    wait_for(lambda: any(r["reason"] == "bad-json" and r["key"] != key for r in venus.cli("rejected", "list").lines), 10, "the entry refused again")
    assert bad is None


def test_an_alert_that_is_not_complete_is_refused(venus):
    """facts 6.5: no warning without issuer, issue time and official text."""
    job = alert("a1", [phone(1)])
    del job["alert"]["issuer"]
    venus.push(job)
    assert venus.rejected()[0]["reason"] == "alert-incomplete"


def test_http_refuses_with_the_same_codes(venus):
    """Contract 7: errors are {"error":{"code","message","field","doc"}} with a fitting status. Over the admin socket: exit 4."""
    r = venus.cli("send", "--to", phone(1), "--text", "{{nmae}}")
    assert r.code == 4 and "nmae" in r.err
    r = venus.cli("send", "--to", "0898-66666666", "--text", "a")
    assert r.code in (2, 4) and r.err
    r = venus.cli("send", "--to", phone(1), "--text", "a", "--not-after", "2020-01-01T00:00:00+08:00")
    assert r.code == 4
    r = venus.cli("send", "--to", phone(1), "--text", "a", "--at", "morgen")
    assert r.code == 2
    assert venus.cli("rejected", "list").lines == []
    assert venus.provider.messages == []
    _ = iso
