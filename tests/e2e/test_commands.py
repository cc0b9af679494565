"""The remaining verbs, as staff use them (contract 6)."""
import csv
import io
import json
import os
import pty
import subprocess

from provider import Code
from test_replies import answers_to, basketball, roster, shown
from test_send import iso
from world import phone, program, stays, wait_for


def test_the_desk_signs_people_in_and_takes_the_list_away(venus):
    """activity checkin, export, close, open, cancel."""
    venus.residents(["王小明,13800000001,460106,1栋,", "李雷,13800000002,460106,1栋,"]).ok()
    basketball(venus, 5)
    for i in (1, 2):
        venus.reply(phone(i), "报名")
        answers_to(venus, phone(i))
    venus.cli("activity", "checkin", "basketball", phone(1)).ok()
    assert venus.cli("activity", "checkin", "basketball", phone(9)).code in (3, 4)
    assert {r["name"]: r["status"] for r in roster(venus)} == {"王小明": "attended", "李雷": "confirmed"}
    rows = list(csv.DictReader(io.StringIO(venus.cli("activity", "export", "basketball", as_json=False).ok().out.lstrip("\ufeff"))))
    assert {r["name"] for r in rows} == {"王小明", "李雷"} and "attended" in str(rows)
    venus.cli("activity", "close", "basketball").ok()
    assert shown(venus)["state"] == "closed"
    venus.reply(phone(3), "报名")
    wait_for(lambda: sum(v for k, v in venus.crierd.metrics().items() if k.startswith("crier_replies_total")) == 3, 10, "all three replies decided")
    assert len(roster(venus)) == 2
    venus.cli("activity", "open", "basketball").ok()
    assert shown(venus)["state"] == "open"
    venus.cli("activity", "cancel", "basketball").ok()
    assert shown(venus)["state"] == "cancelled"
    assert [a["code"] for a in venus.cli("activity", "list").ok().lines] == ["basketball"]
    r = venus.cli("activity", "add", "basketball", "--title", "x", "--seats", 3, "--starts", iso(60))
    assert r.code == 4, "the code is taken"


def test_people_of_an_activity_are_an_audience(venus):
    """to.activity + status: those who hold a seat, or wait."""
    basketball(venus, 2)
    for i in (1, 2, 3):
        venus.reply(phone(i), "报名")
        answers_to(venus, phone(i))
    venus.cli("send", "--to", "activity:basketball", "--text", "改到九点", "--id", "seats", "--wait").ok()
    venus.notice("waiting", {"activity": "basketball", "status": ["waiting"]}, "还在候补")
    venus.until("waiting")
    assert sorted(m.to for m in venus.provider.of("seats")) == [phone(1), phone(2)]
    assert [m.to for m in venus.provider.of("waiting")] == [phone(3)]


def test_selectors_of_the_command_line(venus):
    """--to tag:, area:, building:, resident: and +86...; several are all meant."""
    venus.residents(["王小明,13800000001,460106,1栋,老人", "李雷,13800000002,460105,1栋,", "韩梅梅,13800000003,460106,2栋,老人"]).ok()
    ids = {r["name"]: r["id"] for r in venus.cli("resident", "list").lines}
    for to, expected in ((["tag:老人"], {1, 3}), (["area:460106"], {1, 3}), (["area:460100"], {1, 2, 3}), (["building:1栋"], {1, 2}),
                         ([f"resident:{ids['李雷']}"], {2}), ([phone(7)], {7}), (["everyone"], {1, 2, 3}), (["tag:老人", "building:1栋"], {1})):
        id_ = f"t{abs(hash(tuple(to)))}"
        venus.cli("send", *[x for t in to for x in ("--to", t)], "--text", "a", "--id", id_, "--wait").ok()
        assert {int(m.to[-5:]) for m in venus.provider.of(id_)} == expected, to


def test_text_measure_counts_like_the_providers(venus):
    """70 UCS-2 characters in one part, 67 in each of several; the sign counts; GSM 7 abroad."""
    for text, args, parts in (("中" * 70, [], 1), ("中" * 71, [], 2), ("中" * 134, [], 2), ("中" * 135, [], 3), ("中" * 66, ["--sign", "金星社区"], 2), ("中" * 64, ["--sign", "金星社区"], 1),
                              ("a" * 160, ["--market", "intl"], 1), ("a" * 161, ["--market", "intl"], 2)):
        m = venus.cli("text", "measure", text, *args).ok().json
        assert m["parts"] == parts, (len(text), args, m)


def test_doctor_says_what_is_good_and_what_is_not(venus):
    """doctor: one line per check; the warning about appendfsync is there."""
    r = venus.cli("doctor", as_json=False)
    assert r.code in (0, 1) and "appendfsync" in r.out + r.err


def test_provider_test_pause_and_resume(venus):
    """provider test sends one message and tells the verdict; a paused provider sends nothing until it is resumed."""
    r = venus.cli("provider", "test", "p1", "--to", phone(5), "--text", "试")
    assert r.code == 0 and venus.provider.to(phone(5))[0].text.endswith("试"), r.out + r.err
    venus.cli("provider", "pause", "p1").ok()
    assert venus.cli("provider", "list").lines[0]["state"] == "paused"
    venus.notice("later", [phone(1)])
    wait_for(lambda: venus.show("later"), 10)
    stays(lambda: venus.provider.of("later") == [], 0.5, "the silence of a paused provider")
    venus.cli("provider", "resume", "p1").ok()
    venus.until("later")
    assert venus.cli("provider", "pause", "p9").code == 3


def test_keys_roles_and_the_audit_trail(venus):
    """key add / list / revoke; what was done by whom stands in the audit."""
    token = venus.cli("key", "add", "desk", "--role", "viewer").ok().json["token"]
    url = ["--url", venus.crierd.url, "--token-file", str(venus.directory / "token")]
    (venus.directory / "token").write_text(token + "\n")

    def remote(*args):
        return subprocess.run([program("crier"), *url, "--json", *args], capture_output=True, text=True, env=venus.env, timeout=30)
    assert remote("notice", "list").returncode == 0
    assert remote("send", "--to", phone(1), "--text", "a").returncode == 4
    key, = [k for k in venus.cli("key", "list").ok().lines if k["name"] == "desk"]
    assert token not in json.dumps(key)
    venus.cli("key", "revoke", key["id"]).ok()
    assert remote("notice", "list").returncode == 4
    trail = venus.cli("audit").ok().out
    assert "/api/v1/keys" in trail and token not in trail


def test_numbers_are_masked_over_tcp_and_complete_over_the_socket(venus):
    """Contract 6: over the admin socket complete E.164, elsewhere masked unless asked for."""
    venus.notice("n", [phone(1)])
    venus.until("n")
    token = venus.cli("key", "add", "eye", "--role", "viewer").ok().json["token"]
    (venus.directory / "token").write_text(token)
    out = subprocess.run([program("crier"), "--url", venus.crierd.url, "--token-file", str(venus.directory / "token"), "--json", "notice", "recipients", "n"],
                         capture_output=True, text=True, env=venus.env, timeout=30).stdout
    assert "138****0001" in out and "13800000001" not in out
    assert venus.recipients("n")[0]["to"] == phone(1)


def test_wait_draws_a_progress_bar_on_a_terminal(town):
    """send --wait: sent/total, rate, time left, on a terminal."""
    town.start(provider={"window": 4})
    town.provider.delay = 0.05
    town.residents([f"居民{i},138{i:08d},460106,1栋," for i in range(200)]).ok()
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(program("crier"), ["crier", "--socket", town.crierd.socket, "send", "--to", "everyone", "--text", "a", "--id", "bar", "--wait"], town.env)
    out = b""
    try:
        while True:
            data = os.read(fd, 65536)
            if not data:
                break
            out += data
    except OSError:
        pass
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, out
    assert b"200" in out and b"/s" in out and out.count(b"\r") > 3, out[-600:]


def test_wait_ends_with_1_when_some_got_nothing(venus):
    """Exit status 1: done in part."""
    from provider import Code
    venus.provider.for_number(phone(2), Code(1))
    r = venus.cli("send", "--to", phone(1), "--to", phone(2), "--text", "a", "--id", "part", "--wait")
    assert r.code == 1, r


def test_lists_take_a_limit(venus):
    """With --json a list is one object a line, without limit unless --limit."""
    venus.residents([f"居民{i},138{i:08d},460106,1栋," for i in range(1, 301)]).ok()
    assert len(venus.cli("resident", "list").ok().lines) == 300
    assert len(venus.cli("resident", "list", "--limit", 7).ok().lines) == 7
    venus.notice("all", {"everyone": True})
    venus.until("all")
    assert len(venus.recipients("all")) == 300
    assert len(venus.cli("notice", "recipients", "all", "--limit", 5).ok().lines) == 5
    basketball(venus)
    venus.cli("activity", "add", "chess", "--title", "象棋赛", "--seats", 3, "--starts", iso(60)).ok()
    for i in (1, 2):
        venus.reply(phone(i), "报名篮球赛")
        answers_to(venus, phone(i), 2)
        venus.reply(phone(i), "路灯坏了")
        venus.cli("key", "add", f"k{i}", "--role", "viewer").ok()
        venus.push(b"{")
        venus.notice(f"s{i}", [phone(i)], send_at=iso(3600))
    venus.rejected(2)
    wait_for(lambda: len(venus.cli("inbox", "list").lines) == 2, 10)
    wait_for(lambda: venus.show("s2"), 10)
    for verb in (["notice", "list"], ["schedule"], ["inbox", "list"], ["rejected", "list"], ["activity", "list"], ["activity", "roster", "basketball"], ["key", "list"],
                 ["audit"]):
        assert len(venus.cli(*verb).ok().lines) > 1, verb
        assert len(venus.cli(*verb, "--limit", 1).ok().lines) == 1, verb
    assert len(venus.cli("provider", "list", "--limit", 1).ok().lines) == 1


def test_what_sends_has_a_dry_run(venus):
    """Anything that sends has --dry-run, which says how many and sends nothing."""
    venus.residents(["王小明,13800000001,460106,1栋,"]).ok()
    assert venus.cli("send", "--to", "everyone", "--text", "{{name}}您好", "--dry-run").ok().json["recipients"] == 1
    assert venus.cli("alert", "relay", "--to", "everyone", "--issuer", "海口市气象台", "--issued", iso(-60), "--expires", iso(3600), "--event", "typhoon", "--level",
                     "yellow", "--official-text", "x", "--dry-run").ok().json["recipients"] == 1
    assert venus.cli("provider", "test", "p1", "--to", phone(1), "--dry-run").ok().json == {
        "provider": "p1", "state": "ok", "to": phone(1), "text": "crier 测试短信", "dry_run": True}
    assert venus.cli("provider", "test", "p9", "--to", phone(1), "--dry-run").code == 3
    stays(lambda: venus.provider.messages == [], 0.3, "the silence after a dry run")
    assert venus.cli("notice", "list").lines == []


def test_what_sends_again_has_a_dry_run(venus):
    """redrive, resume, rejected retry, inbox answer: how many, and whether it would be refused; nothing is sent, nothing changes."""
    venus.residents(["王小明,13800000001,460106,1栋,"]).ok()
    venus.provider.for_number(phone(1), Code(1))
    venus.notice("n", [phone(1), phone(2)])
    venus.until("n")
    assert venus.cli("notice", "redrive", "n", "--dry-run").ok().json["recipients"] == 1
    assert "nothing was sent" in venus.cli("notice", "redrive", "n", "--dry-run", as_json=False).ok().out
    assert venus.cli("notice", "redrive", "no", "--dry-run").code == 3
    assert venus.cli("notice", "resume", "n", "--dry-run").code == 4
    venus.provider.hold()
    venus.notice("p", [phone(i) for i in range(10, 400)])
    wait_for(lambda: (venus.show("p") or {}).get("state") == "running", 10)
    venus.cli("notice", "pause", "p").ok()
    assert venus.cli("notice", "resume", "p", "--dry-run").ok().json["recipients"] > 0
    assert venus.show("p")["state"] == "paused"
    venus.provider.release()
    venus.push({"v": 1, "kind": "notice", "to": {"tags": ["新"]}, "text": "a"})
    key = venus.rejected()[0]["key"]
    assert venus.cli("rejected", "retry", key, "--dry-run").code == 3, "still nobody"
    venus.residents(["李雷,13800000005,460106,1栋,新"]).ok()
    assert venus.cli("rejected", "retry", key, "--dry-run").ok().json["recipients"] == 1
    assert venus.cli("rejected", "retry", "1-1", "--dry-run").code == 3
    assert [r["key"] for r in venus.cli("rejected", "list").lines] == [key]
    venus.reply(phone(1), "路灯坏了")
    text = wait_for(lambda: venus.cli("inbox", "list").lines, 10)[0]
    assert venus.cli("inbox", "answer", text["key"], "谢谢", "--dry-run").ok().json["to"] == phone(1)
    assert venus.cli("inbox", "answer", "1-1", "谢谢", "--dry-run").code == 3
    assert not venus.cli("inbox", "list").lines[0]["answered"]


def test_a_dot_is_an_id(venus):
    """[A-Za-z0-9._-]{1,64}"""
    for id_ in (".", "..", "a.."):
        venus.notice(id_, [phone(1)])
        assert venus.until(id_)["id"] == id_
