"""Trouble that is no crash: a slow Redis, a full Redis, connections cut, providers that hang or are down, several daemons and communities."""
import json
import signal
import socket
import threading

from provider import Code, Hang, Provider, Status
from test_faults import accepted
from test_send import alert, iso
from world import PROVIDER, phone, section, stays, wait_for


def test_a_provider_that_never_answers_makes_unknown_and_holds_up_nobody_else(town):
    """A timeout after the request was written is doubt: at most once for normal."""
    town.start(provider={"window": 4}, delivery={"timeout_ms": 500})
    town.provider.for_number(phone(3), Hang())
    town.notice("hang", [phone(i) for i in range(40)])
    n = town.until("hang")
    assert (n["counts"]["accepted"], n["counts"]["unknown"]) == (39, 1)
    assert len(town.provider.to(phone(3))) == 1


def test_on_unknown_resend_sends_again(town):
    """Contract 3: on_unknown resend: the producer prefers a second copy to none."""
    town.start(delivery={"timeout_ms": 500})
    town.provider.for_number(phone(1), Hang(), Code(0))
    town.notice("again", [phone(1)], on_unknown="resend")
    n = town.until("again", seconds=120)
    assert n["counts"]["accepted"] == 1 and len(town.provider.to(phone(1))) == 2


def test_the_second_provider_of_a_channel_takes_over(town):
    """Contract 5: priority and several providers of one channel give failover, here from one that refuses connections."""
    town.redis.start()
    second = Provider().start()
    dead = Provider()
    dead._listener.close()
    more = section("provider", "p2", {**PROVIDER, "url": second.url, "priority": 200})
    town.crierd = town.daemon(provider={"url": dead.url, "priority": 1}, more=more).start()
    try:
        town.notice("over", [phone(i) for i in range(50)])
        n = town.until("over", seconds=60)
        assert n["counts"]["accepted"] == 50 and len(second.of("over")) == 50
        assert {r["provider"] for r in town.recipients("over")} == {"p2"}
    finally:
        town.crierd.stop()
        second.stop()


def test_a_bad_account_is_not_hammered(town):
    """Code 3: the account, not the recipient: kept and tried later, slowly; the other provider takes over when there is one."""
    town.start()
    town.provider.script(lambda n, items: Code(3))
    town.notice("account", [phone(i) for i in range(200)])
    town.provider.wait(1)
    stays(lambda: len(town.provider.requests) < 600, 3, "leaving an account alone that is refused")
    states = {r["state"] for r in town.recipients("account")}
    assert "unknown" not in states and "accepted" not in states


def test_scripts_flushed_in_mid_broadcast_are_loaded_again(town):
    """EVALSHA with NOSCRIPT fallback."""
    town.start(provider={"window": 8})
    town.provider.delay = 0.01
    town.notice("flush", [phone(i) for i in range(800)])
    for i in range(4):
        town.provider.wait(100 * (i + 1))
        town.redis.client.script_flush()
    n = town.until("flush")
    assert n["counts"]["accepted"] == 800 and town.provider.copies() == {}


def test_connections_cut_in_mid_broadcast_lose_nothing(town):
    """CLIENT KILL of every connection, several times: lost answers of scripts are asked again, nobody is sent to twice."""
    town.start(provider={"window": 8})
    town.provider.delay = 0.01
    town.notice("cut", [phone(i) for i in range(1200)])
    for i in range(6):
        town.provider.wait(120 * (i + 1))
        town.redis.client.client_kill_filter(_type="normal", skipme=True)
    n = town.until("cut", seconds=90)
    got = accepted(town, "cut")
    assert [to for to, k in got.items() if k > 1] == []
    assert n["counts"]["accepted"] + n["counts"]["unknown"] == 1200
    assert len(got) >= n["counts"]["accepted"]
    assert n["counts"]["unknown"] <= 6 * 8


def test_a_redis_that_stands_still_is_waited_for(town):
    """SIGSTOP for longer than redis.timeout_ms: no crash, no second copies, all arrive."""
    town.start(provider={"window": 8}, more="")
    town.provider.delay = 0.01
    town.notice("still", [phone(i) for i in range(600)])
    town.provider.wait(100)
    town.redis.process.send_signal(signal.SIGSTOP)
    wait_for(lambda: town.crierd.get("/readyz")[0] == 503, 15, "the daemon to notice")
    stopped = len(town.provider.messages)
    assert town.crierd.get("/healthz")[0] == 200, "the daemon stands still with its Redis"
    town.redis.process.send_signal(signal.SIGCONT)
    n = town.until("still", seconds=60)
    got = accepted(town, "still")
    assert [to for to, k in got.items() if k > 1] == []
    assert n["counts"]["accepted"] + n["counts"]["unknown"] == 600 and n["counts"]["unknown"] <= 8
    assert stopped < 600


def test_a_redis_that_comes_back_empty_is_an_alarm_in_the_log(venus):
    r = venus.redis.client
    venus.notice("before", [phone(1)])
    venus.provider.wait(1)
    r.flushall()
    r.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")  # it is looked at anew at once, not only at the next look
    wait_for(lambda: "event=redis.data-lost" in venus.crierd.text(), 15, "the alarm")
    venus.notice("after", [phone(2)])
    venus.provider.wait(2)
    assert len(venus.provider.of("before")) == 1


def test_a_full_redis_refuses_new_work_and_finishes_what_runs(town):
    """maxmemory reached: accept is refused with a word (75 or 69), what runs goes on (scripts with allow-oom), nothing is lost."""
    town.start(provider={"window": 8})
    town.provider.delay = 0.01
    town.notice("runs", [phone(i) for i in range(400)])
    town.provider.wait(50)
    town.redis.client.config_set("maxmemory", "1mb")
    r = town.cli("send", "--to", phone(1), "--text", "neu")
    assert r.code in (69, 75), r
    assert r.err
    n = town.until("runs", seconds=60)
    assert n["counts"]["accepted"] == 400
    town.redis.client.config_set("maxmemory", "0")
    wait_for(lambda: town.cli("send", "--to", phone(1), "--text", "neu", "--id", "later").code == 0, 30, "accepted again")
    town.until("later")


def test_an_entry_pushed_into_a_full_redis_is_not_lost(town):
    """What was pushed before Redis was full and could not be accepted then waits; it is accepted when there is room."""
    town.start()
    town.crierd.stop()
    town.notice("waits", [phone(1)])
    town.redis.client.config_set("maxmemory", "1mb")
    town.crierd.start(ready=False)
    stays(lambda: town.provider.messages == [], 1.5, "waiting for room")
    town.redis.client.config_set("maxmemory", "0")
    town.until("waits", seconds=40)


RELAY = ["alert", "relay", "--id", "j1", "--to", phone(1), "--issuer", "海口市气象台", "--issued", iso(-60), "--expires", iso(3600), "--event", "typhoon",
         "--level", "red", "--official-text", "台风红色预警信号"]


def test_an_emergency_refused_without_redis_is_told_so_and_can_be_said_again(town):
    """Accepted means stored: without Redis the caller gets 69 (surely not done) or 75, never 0; the same command later is sent once."""
    town.start()
    town.redis.kill()
    wait_for(lambda: town.crierd.get("/readyz")[0] == 503, 15)
    assert town.cli(*RELAY).code in (69, 75)
    town.redis.start()
    wait_for(lambda: town.crierd.get("/readyz")[0] == 200, 20)
    town.cli(*RELAY).ok()
    town.cli(*RELAY).ok()
    town.until("j1")
    assert len(town.provider.of("j1")) == 1


def test_an_emergency_under_way_when_everything_crashes_comes_back_from_the_journal(town):
    """Contract 4: emergencies taken over HTTP or CLI are fsynced to a local journal first: Redis hangs, the daemon is killed before it answered."""
    town.start()
    town.redis.process.send_signal(signal.SIGSTOP)
    result = []
    thread = threading.Thread(target=lambda: result.append(town.cli(*RELAY)))
    thread.start()
    wait_for(lambda: any(f.stat().st_size > 0 for f in (town.directory / "state").glob("journal-*")), 10, "the journal's record")
    town.crierd.kill()
    thread.join(30)
    assert result[0].code != 0
    town.redis.kill()
    town.redis.start()
    town.crierd.start()
    town.until("j1")
    assert len(town.provider.of("j1")) == 1


def test_a_higher_level_supersedes_the_lower_one_at_once(town):
    """Contract 4: a superseded level stops at once; those who were not reached yet get the new words only."""
    town.start(provider={"window": 4})
    town.provider.delay = 0.03
    people = [phone(i) for i in range(600)]
    town.push(alert("yellow", people))
    town.provider.wait(50)
    orange = alert("orange", people, "orange")
    orange["alert"]["supersedes"] = ["yellow"]
    town.push(orange, emergency=True)
    wait_for(lambda: len(town.provider.of("orange")) > 20, 10, "the orange alert")
    late = [m for m in town.provider.of("yellow") if m.at > town.provider.of("orange")[0].at + 0.05]
    assert len(late) <= 4, f"{len(late)} yellow messages after the orange alert had begun"
    town.provider.delay = 0
    town.until("orange", seconds=60)
    assert len(accepted(town, "orange")) == 600
    n = town.show("yellow")
    assert n["state"] == "cancelled" and sum(n["counts"].values()) == 600


def test_an_all_clear_goes_to_those_who_were_told(town):
    """kind allclear: to the same recipients, only once they were told."""
    town.start()
    town.provider.for_number(phone(2), Code(1))
    town.push(alert("storm", [phone(1), phone(2), phone(3)]))
    town.until("storm")
    r = town.cli("alert", "clear", "storm", "--text", "海口市气象台解除台风黄色预警信号", "--id", "storm-over")
    assert r.code == 0, r.err
    town.until("storm-over")
    assert sorted(m.to for m in town.provider.of("storm-over")) == [phone(1), phone(3)]


def test_an_all_clear_of_nothing_is_refused(town):
    """An all-clear ends something that was sent: without it there is nobody to tell."""
    town.start()
    town.push({"v": 1, "id": "ghost-over", "kind": "allclear", "cancels": "ghost", "text": "解除"})
    assert town.rejected()[0]["reason"] == "no-such-notice"
    assert not town.provider.messages


def test_two_communities_share_a_daemon_and_nothing_else(town):
    """community several times: provider takes community = "x", the command line --community."""
    town.redis.start()
    second = Provider().start()
    more = (section("community", "mars", {"name": "火星社区"}) + section("provider", "m1", {**PROVIDER, "url": second.url, "community": "mars"}))
    town.crierd = town.daemon(provider={"community": "venus"}, more=more).start()
    try:
        for name, i in (("venus", 1), ("mars", 2)):
            town.redis.client.lpush(f"crier:{{{name}}}:inbox", json.dumps({"v": 1, "id": "same", "kind": "notice", "to": {"phones": [phone(i)]}, "text": name}))
        wait_for(lambda: town.provider.of("same") and second.of("same"), 10)
        assert [m.text for m in town.provider.of("same")] == ["venus"] and [m.text for m in second.of("same")] == ["mars"]
        assert town.cli("notice", "show", "same").code in (2, 4), "which community? must be said"
        for name, i in (("venus", 1), ("mars", 2)):
            rows = town.cli("--community", name, "notice", "recipients", "same").ok().lines
            assert [r["to"] for r in rows] == [phone(i)]
    finally:
        town.crierd.stop()
        second.stop()


def test_events_tell_what_happens(venus):
    """GET /api/v1/events: server-sent events: progress, states, replies."""
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(venus.crierd.socket)
    sock.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
    got = bytearray()

    def read():
        sock.settimeout(15)
        try:
            while True:
                data = sock.recv(65536)
                if not data:
                    return
                got.extend(data)
        except OSError:
            pass
    thread = threading.Thread(target=read)
    thread.start()
    wait_for(lambda: b"text/event-stream" in got, 10, "the stream")
    venus.notice("told", [phone(1)])
    venus.until("told")
    wait_for(lambda: b"event:" in got and b"told" in got, 10, "events of the notice")
    sock.shutdown(socket.SHUT_RDWR)
    thread.join(10)
    sock.close()
    assert b"138000" not in got



def test_garbage_on_the_http_port_stops_nothing(venus):
    """What is no HTTP, half a request, a hundred open connections: the daemon goes on."""
    idle = []
    for data in (b"\x00" * 5000, b"GET / HTTP/9.9\r\n\r\n", b"POST /hooks/p1/x/reply HTTP/1.1\r\nContent-Length: -5\r\n\r\n", b"GET /" + b"a" * 70000,
                 b"POST /api/v1/notices HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b"GET /readyz HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
                 b"GET /../../etc/passwd HTTP/1.1\r\n\r\n", b"GET /console/..%2f..%2fetc%2fpasswd HTTP/1.1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", venus.crierd.port)) as s:
            s.sendall(data)
            s.settimeout(2)
            try:
                answer = s.recv(4096)
            except OSError:
                answer = b""
            assert b"root:" not in answer and not answer.startswith(b"HTTP/1.1 200"), (data[:40], answer[:80])
    for _ in range(100):
        s = socket.create_connection(("127.0.0.1", venus.crierd.port))
        s.sendall(b"GET /health")
        idle.append(s)
    venus.notice("on", [phone(1)])
    venus.until("on")
    assert venus.crierd.get("/healthz")[0] == 200
    for s in idle:
        s.close()


def test_a_day_of_503_ends_in_exhausted_and_redrive_tries_again(town):
    """The attempt limit is reached: listed as exhausted; `notice redrive` opens it again."""
    town.start(delivery={"retry_base_ms": 10})
    town.provider.script(lambda n, items: Status(503))
    town.notice("tired", [phone(1)])
    n = town.until("tired", seconds=90)
    assert n["counts"]["exhausted"] == 1, n
    assert len(town.provider.requests) == 15
    town.provider.script(None)
    town.cli("notice", "redrive", "tired").ok()
    n = town.until("tired", seconds=30)
    n = wait_for(lambda: (lambda n: n if n["counts"]["accepted"] == 1 else None)(town.show("tired")), 20, "the redriven message")
