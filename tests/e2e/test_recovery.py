"""Redis comes back empty, is full, and the journal's disk is full: who is told, what is said again, what goes on."""
import http.client
import json
import resource
import socket
import time

from world import phone, wait_for


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def relay(id_, *to, expires=3600, level="red"):
    where = [word for t in to for word in ("--to", t)]
    return ["alert", "relay", "--id", id_, *where, "--issuer", "海口市气象台", "--issued", iso(-60), "--expires", iso(expires), "--event", "typhoon",
            "--level", level, "--official-text", "台风红色预警信号"]


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self.path)


def post(town, path, body):
    """(status, JSON)"""
    c = UnixConnection(town.crierd.socket)
    c.request("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    answer = c.getresponse()
    data = json.loads(answer.read())
    c.close()
    return answer.status, data


def ready(town):
    status, text = town.crierd.get("/readyz")
    return status, " ".join(json.loads(text)["problems"]) if status in (200, 503) else text


def alarm(town, seconds=5):
    """Within five seconds /readyz says that data was lost."""
    def told():
        status, words = ready(town)
        return words if status == 503 and "does not hold the data any more" in words else None
    return wait_for(told, seconds, "the alarm")


def fine(town):
    wait_for(lambda: ready(town)[0] == 200, 10, "ready again")


def held(town, n):
    return wait_for(lambda: f"{n} accepted alerts cannot be sent" in ready(town)[1], 10, "the alert that is held")


def test_a_redis_that_came_back_empty_is_an_alarm_until_somebody_acknowledges_it(venus):
    """R3: within 5 s in the log, the metrics, readyz, status and doctor; in words; also after a restart of the daemon; until `crier doctor --acknowledge`."""
    venus.residents([f"张某某,{phone(1)},460106,3栋,老人"]).ok()
    venus.notice("running", [phone(i) for i in range(50)], send_at=iso(3600))
    venus.until("running", "scheduled")
    wait_for(lambda: '"residents": 1' in (venus.directory / "state/canary-0").read_text() and "running" in (venus.directory / "state/canary-0").read_text(), 10, "the canary")
    assert venus.cli("doctor", "--acknowledge").code == 3, "nothing was lost yet"
    venus.redis.client.flushall()
    words = alarm(venus)
    assert "1 residents" in words and "(running)" in words and "crier doctor --acknowledge" in words
    assert "event=redis.data-lost" in venus.crierd.text()
    assert venus.crierd.metrics()['crier_data_lost{community="venus"}'] == 1
    assert venus.cli("status").code == 75
    doctor = venus.cli("doctor")
    assert doctor.code == 1 and any("does not hold the data any more" in row["detail"] and not row["ok"] for row in doctor.lines)
    venus.crierd.stop()
    venus.crierd.start(ready=False)
    alarm(venus)
    venus.notice("after", [phone(2)])  # new work is taken all the same
    venus.until("after")
    assert "does not hold" in venus.cli("doctor", "--acknowledge").ok().json["acknowledged"]
    fine(venus)
    assert venus.crierd.metrics()['crier_data_lost{community="venus"}'] == 0
    assert any(row["did"] == "POST /api/v1/doctor/acknowledge" for row in venus.cli("audit").ok().lines)
    venus.crierd.stop()
    venus.crierd.start()
    assert not venus.provider.of("running")


def test_a_redis_emptied_while_the_daemon_was_away_is_noticed(venus):
    venus.notice("x", [phone(1)])
    venus.until("x")
    venus.crierd.stop()
    venus.redis.client.flushall()
    venus.crierd.start(ready=False)
    alarm(venus)
    other = venus.daemon("other").start(ready=False)  # knows nothing of what was there
    wait_for(lambda: other.get("/readyz")[0] == 200, 10)
    venus.cli("doctor", "--acknowledge").ok()
    fine(venus)


def test_alerts_come_back_from_the_journal_and_nothing_else(venus):
    """Accepted alerts that are neither over, cancelled nor expired are sent again by themselves, with their own id; notices are not."""
    people = [phone(i) for i in range(3)]
    venus.cli(*relay("over", people[0])).ok()
    venus.until("over")
    wait_for(lambda: venus.cli("status").json["journal"]["alerts"] == 0, 10, "what is over is struck out")
    venus.provider.hold()
    running = relay("running", *people)
    venus.cli(*running).ok()
    venus.cli(*running).ok()
    venus.cli(*relay("stopped", *people)).ok()
    venus.cli(*relay("urgent", people[1], level="yellow")).ok()
    venus.cli("send", "--to", people[2], "--text", "你好", "--id", "notice").ok()
    wait_for(lambda: all(venus.provider.of(id_) for id_ in ("running", "stopped", "urgent", "notice")), 10, "all under way")
    venus.cli("notice", "cancel", "stopped").ok()
    venus.redis.client.flushall()
    alarm(venus)
    venus.provider.release()
    for id_ in ("running", "urgent"):
        venus.until(id_)
    assert venus.show("running")["lane"] == "emergency" and venus.show("running")["counts"]["accepted"] == 3
    assert venus.show("urgent")["lane"] == "urgent"
    time.sleep(2.5)  # one more look: who else would come has come
    assert {n["id"] for n in venus.cli("notice", "list").ok().lines} == {"running", "urgent"}
    assert len(venus.provider.of("over")) == 1 and len(venus.provider.of("stopped")) == 3 and len(venus.provider.of("notice")) == 1
    assert "event=alert.said-again" in venus.crierd.text()
    wait_for(lambda: venus.cli("status").json["journal"]["alerts"] == 0, 10, "what is over is struck out")


def test_a_single_alert_that_redis_does_not_know_any_more_is_said_again(venus):
    venus.provider.hold()
    venus.cli(*relay("gone", phone(1))).ok()
    venus.provider.wait(1)
    venus.redis.client.delete(venus.key("n:gone"))
    venus.provider.release()
    venus.until("gone")


def test_an_alert_waits_for_the_residents_it_is_for(venus):
    """Without the residents it would be sent to nobody, or to those who are imported already: it is held, loudly, and goes when all are back."""
    rows = [f"张某某,{phone(i)},460106,3栋,老人" for i in range(40)]
    venus.residents(rows).ok()
    venus.provider.hold()
    venus.cli(*relay("storm", "everyone")).ok()
    venus.provider.wait(4)  # the account finds out how much the provider bears
    wait_for(lambda: '"residents": 40' in (venus.directory / "state/canary-0").read_text(), 10, "the canary")
    venus.redis.client.flushall()
    alarm(venus)
    venus.provider.release()
    held(venus, 1)
    assert venus.crierd.metrics()['crier_alerts_held{community="venus"}'] == 1
    venus.residents(rows[:10]).ok()
    time.sleep(4.5)  # two looks
    assert venus.show("storm") is None
    held(venus, 1)
    venus.residents(rows).ok()
    venus.until("storm")
    assert venus.show("storm")["total"] == 40 and not venus.cli("rejected", "list").ok().lines
    assert ready(venus)[0] == 503, "the loss itself still wants to be seen"
    venus.cli("doctor", "--acknowledge").ok()
    fine(venus)


def test_with_fewer_residents_the_alert_goes_when_that_is_acknowledged(venus):
    rows = [f"张某某,{phone(i)},460106,3栋,老人" for i in range(10)]
    venus.residents(rows).ok()
    venus.provider.hold()
    venus.cli(*relay("storm", "everyone")).ok()
    venus.provider.wait(4)
    wait_for(lambda: '"residents": 10' in (venus.directory / "state/canary-0").read_text(), 10, "the canary")
    venus.redis.client.flushall()
    alarm(venus)
    venus.provider.release()
    held(venus, 1)
    venus.residents(rows[:9]).ok()
    assert venus.cli("doctor", "--acknowledge").ok().json["held"] == 1
    venus.until("storm")
    assert venus.show("storm")["total"] == 9


def test_a_full_redis_is_told_and_new_work_is_refused_for_now(venus):
    """R5: 503 over HTTP, 75 (try later) from the command line, readyz and status say why; what is accepted goes on."""
    venus.provider.delay = 0.01
    venus.notice("runs", [phone(i) for i in range(300)])
    venus.provider.wait(4)
    venus.redis.client.config_set("maxmemory", "1mb")
    status, words = wait_for(lambda: (lambda r: r if r[0] == 503 else None)(ready(venus)), 5, "not ready")
    assert "memory is full" in words and "those accepted are sent" in words
    assert venus.cli("status").code == 75
    assert venus.crierd.metrics()["crier_redis_full"] == 1 and venus.crierd.metrics()["crier_redis_up"] == 1
    status, answer = post(venus, "/api/v1/notices", {"v": 1, "id": "new", "kind": "notice", "to": {"phones": [phone(1)]}, "text": "x"})
    assert (status, answer["error"]["code"]) == (503, "redis-refuses")
    assert venus.cli("send", "--to", phone(1), "--text", "x").code == 75
    assert venus.cli(*relay("red", phone(1))).code == 75
    venus.until("runs")
    venus.redis.client.config_set("maxmemory", "0")
    fine(venus)
    time.sleep(2.5)
    assert venus.show("red") is None, "who was told 'refused' is not surprised later"


def test_a_journal_that_cannot_be_written_refuses_alerts_and_nothing_else(venus):
    """S1: 507 over HTTP, 75 from the command line, said in readyz; sending goes on, so do alerts pushed into Redis. The disk is full for this process: a file size limit."""
    pid = venus.crierd.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    venus.cli(*relay("before", phone(1))).ok()
    venus.until("before")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (16, hard))
    body = {"v": 1, "id": "red", "kind": "notice", "lane": "emergency", "to": {"phones": [phone(1)]}, "text": "x", "not_after": iso(3600)}
    status, answer = post(venus, "/api/v1/notices", body)
    assert (status, answer["error"]["code"]) == (507, "journal"), answer
    assert venus.cli(*relay("red2", phone(1))).code == 75
    status, words = wait_for(lambda: (lambda r: r if r[0] == 503 else None)(ready(venus)), 5, "not ready")
    assert "cannot be written" in words and "over HTTP or crier are refused" in words
    assert venus.crierd.metrics()["crier_journal_writable"] == 0
    venus.cli("send", "--to", phone(2), "--text", "x", "--id", "plain").ok()
    venus.push({**body, "id": "pushed"}, emergency=True)
    for id_ in ("plain", "pushed"):
        venus.until(id_)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
    fine(venus)
    assert venus.show("red") is None
    venus.cli(*relay("red2", phone(1))).ok()
    venus.until("red2")


def test_what_expired_during_an_outage_is_told_and_so_is_what_can_still_go(town):
    """After an outage: in the log, in status and doctor, with how many recipients it was not sent to. Nothing is sent late."""
    town.start(provider={"window": 2})
    town.provider.delay = 0.4
    ends = time.time() + 5
    for k in range(2):
        town.notice(f"long-{k}", [phone(i) for i in range(30)], lane="bulk")
    for k in range(3):
        town.notice(f"short-{k}", [phone(i) for i in range(30)], not_after=iso(5), lane="bulk")
    for id_ in ("long-0", "long-1", "short-0", "short-1", "short-2"):
        town.until(id_, ("running", "done"))
    assert not town.cli("status").json["expired"]
    town.redis.kill()
    time.sleep(max(0.0, ends + 1 - time.time()))
    town.redis.start()
    wait_for(lambda: "event=outage.over" in town.crierd.text(), 20, "the log")
    line = [x for x in town.crierd.text().splitlines() if "event=outage.over" in x][-1]
    assert "expired_unsent=3 can_still_go=2" in line and all(f"short-{k}" in line for k in range(3)), line
    status = town.cli("status").json
    rows = {r["id"]: r for r in status["expired"]}
    assert sorted(rows) == ["short-0", "short-1", "short-2"] and status["can_still_go"] == 2
    assert all(0 < r["unsent"] <= 30 == r["total"] for r in rows.values())
    assert "3 notices expired unsent" in town.cli("status", as_json=False).out and "2 can still go" in town.cli("status", as_json=False).out
    doctor = town.cli("doctor")
    assert doctor.code == 1 and any(r["check"] == "expired" and not r["ok"] and "short-1" in r["detail"] for r in doctor.lines)
    town.provider.delay = 0
    for k in range(2):
        town.until(f"long-{k}", seconds=60)
    assert all(m.wall <= ends + 1 for k in range(3) for m in town.provider.of(f"short-{k}"))
    wait_for(lambda: town.cli("status").json["can_still_go"] == 0, 20)
