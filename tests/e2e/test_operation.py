"""What operators see: start, --check, readyz, metrics, reload, the command line's exits and shapes (contract 5, 6, 8)."""
import json
import pathlib
import re
import signal
import subprocess

from provider import Code, Provider, post_json
from test_send import alert, iso
from world import phone, program, wait_for

METRICS = ["crier_notices", "crier_recipients_total", "crier_sends_total", "crier_send_seconds", "crier_lane_oldest_seconds", "crier_inflight",
           "crier_breaker_open", "crier_replies_total", "crier_registrations_total", "crier_rejected_total", "crier_redis_up", "crier_redis_seconds",
           "crier_loop_lag_seconds", "crier_build_info"]


def check(world, text, *args):
    path = world.directory / "check.conf"
    path.write_text(text)
    done = subprocess.run([program("crierd"), "-c", str(path), "--check", *args], capture_output=True, text=True, env=world.env, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_check_prints_the_effective_configuration_without_secrets(town):
    """--check: proves Redis, time zone, credentials, provider settings; prints with secrets masked; exit 0."""
    town.redis.start()
    code, out, err = check(town, town.config_text())
    assert code == 0, out + err
    assert "金星社区" in out and "window" in out and "64" in out
    assert "p1-secret-f00d" not in out + err and "p1-hook-cafe" not in out + err


def test_configuration_errors_name_file_line_found_and_allowed(town):
    """`file:line: what was found; what is allowed`; unknown options are errors; exit 78."""
    town.redis.start()
    good = town.config_text()
    for bad, words in [
        (good.replace("window = 64", "window = 900000"), ["900000", "4096"]),
        (good.replace("window = 64", "windw = 64"), ["windw"]),
        (good.replace('driver = "json"', 'driver = "jsno"'), ["jsno", "json"]),
        (good.replace("Asia/Shanghai", "Asia/Schanghai"), ["Asia/Schanghai"]),
        (good.replace('secret = "env:P1_SECRET"', 'secret = "geheim"'), ["env:"]),
        (good.replace('"env:P1_SECRET"', '"env:P1_NOWHERE"'), ["P1_NOWHERE"]),
        (good.replace("http://127.0.0.1", "ftp://127.0.0.1"), ["ftp://"]),
        (good.replace("http://127.0.0.1", "http://sms.example.com"), ["https"]),
        (good.replace('channel = "sms"', 'channel = "fax"'), ["fax", "loudspeaker"]),
        (good + "community {\n", []),
        (good.replace("window = 64", "window = many"), ["window"]),
    ]:
        assert bad != good
        code, out, err = check(town, bad)
        assert code == 78, (words, code, out, err)
        assert re.search(r"check\.conf:\d+: ", err), err
        for word in words:
            assert word in err, (word, err)
        assert "geheim" not in err


def test_check_warns_of_a_community_without_provider(town):
    """It is no error: a community may be prepared before its account is."""
    town.redis.start()
    assert "has no provider" not in check(town, town.config_text())[2]
    code, out, err = check(town, town.config_text() + 'community "mars" { name = "火星社区" }\n', "--set", "provider.p1.community=venus")
    assert code == 0 and 'warning: community "mars" has no provider' in err, (code, err)


def test_check_says_that_redis_is_away(town):
    """--check proves Redis."""
    code, out, err = check(town, town.config_text())
    assert code == 78 and "redis" in (out + err).lower(), (code, out, err)


def test_check_says_that_the_state_directory_cannot_be_made(town):
    """--check finds what a start would fail of, and makes nothing."""
    town.redis.start()
    (town.directory / "a-file").write_text("")
    code, out, err = check(town, town.config_text(), "--set", f"state_dir={town.directory}/a-file/state")
    assert code == 78 and "state_dir" in err and "a-file" in err, (code, out, err)
    code, out, err = check(town, town.config_text(), "--set", f"state_dir={town.directory}/not/yet/there")
    assert code == 0 and not (town.directory / "not").exists(), (code, out, err)


def test_set_overrides_an_option(town):
    """--set section.option=value"""
    town.redis.start()
    code, out, err = check(town, town.config_text(), "--set", "provider.p1.window=17")
    assert code == 0 and re.search(r"window\s*=\s*17", out), out + err
    assert check(town, town.config_text(), "--set", "provider.p1.windw=17")[0] == 78


def test_readyz_says_in_words_what_survives(venus):
    """Contract 4: daemon crash, Redis crash, power loss, with the Redis as configured."""
    status, text = venus.crierd.get("/readyz")
    assert status == 200
    for word in ("daemon crash yes", "Redis crash yes", "power loss NO"):
        assert word.lower() in text.lower(), text
    venus.redis.client.config_set("appendfsync", "always")
    assert wait_for(lambda: "power loss yes" in venus.crierd.get("/readyz")[1].lower(), 90, "the new durability")
    assert venus.crierd.get("/healthz")[0] == 200


def test_an_evicting_redis_is_refused(town):
    """queue-protocol 3.2: maxmemory-policy other than noeviction may throw work away: refused, with how to mend it; accept_eviction overrides."""
    town.redis.start()
    town.redis.client.config_set("maxmemory-policy", "allkeys-lru")
    d = town.daemon().spawn()
    assert d.process.wait(20) == 78 and "noeviction" in d.text()
    town.crierd = town.daemon("knows", args=("--set", "redis.accept_eviction=yes")).start()
    town.notice("n", [phone(1)])
    town.until("n")


def test_metrics_have_the_names_of_the_contract(venus):
    """Contract 8: the names are part of the contract; values follow what happened."""
    venus.notice("m", [phone(1), phone(2)])
    venus.until("m")
    venus.push(b"{")
    venus.rejected()
    venus.cli("activity", "add", "bb", "--title", "篮球赛", "--seats", 2, "--starts", iso(86400)).ok()
    venus.reply(phone(1), "报名")
    wait_for(lambda: any(k.startswith("crier_registrations_total{") for k in venus.crierd.metrics()), 10, "a registration counted")
    text = venus.crierd.get("/metrics")[1]
    for name in METRICS:
        assert re.search(rf"^# TYPE {name} ", text, re.M), f"{name} is missing"
    m = venus.crierd.metrics()
    assert m['crier_recipients_total{lane="normal",state="accepted"}'] >= 2
    assert m['crier_sends_total{provider="p1",verdict="sent"}'] >= 2
    assert m['crier_send_seconds_count{provider="p1"}'] >= 2
    assert m['crier_send_seconds_bucket{provider="p1",le="+Inf"}'] == m['crier_send_seconds_count{provider="p1"}']
    assert m["crier_redis_up"] == 1
    assert m['crier_replies_total{provider="p1",intent="join"}'] == 1
    assert m['crier_rejected_total{reason="bad-json"}'] == 1
    assert m['crier_inflight{provider="p1"}'] == 0 and m['crier_breaker_open{provider="p1"}'] == 0
    assert any(k.startswith("crier_build_info{") and 'version="' in k for k in m)
    for line in text.splitlines():
        assert re.fullmatch(r'(# (TYPE|HELP) .*)|([a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [0-9.eE+-]+(Inf|NaN)?)', line), line


def test_sighup_takes_a_good_file_and_refuses_a_bad_one_whole(town):
    """SIGHUP reloads all or nothing."""
    town.start()
    second = Provider().start()
    try:
        town.crierd.config.write_text(town.config_text(provider={"url": second.url}))
        town.crierd.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "reload" in town.crierd.text(), 10, "a reload in the log")
        town.notice("moved", [phone(1)])
        town.until("moved")
        assert len(second.of("moved")) == 1 and not town.provider.of("moved")
        town.crierd.config.write_text(town.config_text(provider={"url": town.provider.url, "window": 0}))
        size = len(town.crierd.text())
        town.crierd.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "crierd.conf:" in town.crierd.text()[size:], 10, "the refusal in the log, with the line")
        town.notice("stays", [phone(1)])
        town.until("stays")
        assert len(second.of("stays")) == 1, "half of a bad file was taken"
        town.crierd.config.write_text(town.config_text(redis_url="redis://127.0.0.1:1/0"))
        size = len(town.crierd.text())
        town.crierd.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "restart" in town.crierd.text()[size:], 10, "what needs a restart")
        town.crierd.config.write_text(town.config_text(provider={"batch": 5}))
        size = len(town.crierd.text())
        town.crierd.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "restart" in town.crierd.text()[size:], 10, "another batch would misread answers under way")
        assert town.crierd.process.poll() is None
    finally:
        town.crierd.stop()
        second.stop()


def test_a_stale_admin_socket_is_replaced(town):
    """Contract 5: after kill -9 the socket file is still there; the next start takes its place."""
    town.start()
    town.crierd.kill()
    town.crierd.start()
    assert town.cli("status").code == 0


def test_exit_codes_of_the_command_line(venus):
    """0 done; 2 usage; 3 nothing matched; 4 refused; 69 unreachable."""
    assert venus.cli("status").code == 0
    assert venus.cli("bogus").code == 2
    assert venus.cli("notice", "show").code == 2
    assert venus.cli("notice", "show", "no-such-id").code == 3
    assert venus.cli("activity", "show", "none").code == 3
    assert venus.cli("notice", "cancel", "no-such-id").code == 3
    assert venus.cli("send", "--to", phone(1)).code == 2
    assert venus.cli("send", "--to", "tag:nobody", "--text", "a", "--dry-run").code == 3
    for key in ("nope", "1-1", "99999999999999999999999-1"):
        assert venus.cli("rejected", "retry", key).code == 3, key
    r = venus.cli("activity", "add", "past", "--title", "t", "--seats", 3, "--starts", iso(-60))
    assert r.code not in (0, 75) and "starts-passed" in r.out + r.err, (r.code, r.out, r.err)
    assert venus.cli("activity", "show", "past").code == 3
    r = venus.cli("activity", "add", "x", "--title", "t", "--seats", 0, "--starts", iso(60))
    assert r.code in (2, 4)
    lost = subprocess.run([program("crier"), "--socket", str(venus.directory / "none.sock"), "status"], capture_output=True, text=True)
    assert lost.returncode == 69 and lost.stderr
    assert venus.cli("--help", as_json=False).code == 0
    for verb in (["send"], ["alert", "relay"], ["notice", "list"], ["activity", "add"], ["resident", "import"], ["rejected", "list"]):
        r = venus.cli(*verb, "--help", as_json=False)
        assert r.code == 0 and "crier " + " ".join(verb) in r.out, (verb, r.out, r.err)


def test_redrive_tells_when_there_is_nobody_to_try_again(venus):
    """Nobody failed: exit 3 and a sentence, not "tries again"."""
    venus.notice("fine", [phone(1)])
    venus.until("fine")
    r = venus.cli("notice", "redrive", "fine", as_json=False)
    assert r.code == 3 and "nobody" in r.err and not r.out, (r.code, r.out, r.err)


def test_a_refused_account_says_when_it_is_tried_again(venus):
    """Ordinary work waits half a minute: staff are not told "0 s"."""
    venus.provider.for_number(phone(1), Code(3))
    venus.notice("n", [phone(1)])
    why = wait_for(lambda: venus.cli("provider", "list").lines[0]["why"], 10)
    seconds = int(re.search(r"tried again in (\d+) s", why)[1])
    assert 15 <= seconds <= 30 and "emergency" in why, why


def test_doctor_calls_a_refused_account_bad(venus):
    """A provider that says "bad account" is no provider that is well."""
    venus.provider.script(lambda n, items: Code(3))
    venus.notice("refused", [phone(1)])
    wait_for(lambda: "bad-account" in venus.cli("provider", "list", as_json=False).out, 20, "the refused account")
    r = venus.cli("doctor", as_json=False)
    assert r.code == 1 and re.search(r"^BAD +provider +p1: bad-account", r.out, re.M), r.out


def test_wait_tells_where_the_reason_stands(venus):
    """A notice that is refused when it starts: --wait says where to read why."""
    r = venus.cli("send", "--to", "everyone", "--text", "a", "--channel", "wechat", "--wait", as_json=False)
    assert r.code == 3 and ("crier rejected list" in r.out or "nobody" in r.err), (r.code, r.out, r.err)


def test_send_and_wait_from_the_command_line(venus):
    """send --wait returns when the notice is done; the id can be given; --dry-run sends nothing."""
    r = venus.cli("send", "--to", phone(1), "--to", phone(2), "--text", "停水通知", "--dry-run").ok()
    assert r.json["recipients"] == 2 and venus.provider.messages == []
    r = venus.cli("send", "--to", phone(1), "--to", phone(2), "--text", "停水通知", "--id", "water", "--wait").ok()
    assert {m.to for m in venus.provider.of("water")} == {phone(1), phone(2)}
    assert venus.show("water")["state"] == "done"
    r = venus.cli("send", "--to", phone(1), "--text", "另一个", "--id", "water")
    assert r.code == 4 and "id-conflict" in r.err + r.out
    assert [n["id"] for n in venus.cli("notice", "list").ok().lines] == ["water"]
    assert "water" in venus.cli("notice", "list", as_json=False).out


def test_json_shapes_of_the_contract(venus):
    """Contract 6: what tests read."""
    venus.notice("shape", [phone(1)])
    n = venus.until("shape")
    assert {"id", "kind", "lane", "state", "total", "counts", "created_at", "started_at", "finished_at", "rate", "eta_s"} <= set(n)
    assert set(n["counts"]) == {"pending", "sending", "accepted", "delivered", "retry", "failed", "exhausted", "unknown", "suppressed", "cancelled", "expired"}
    assert {"index", "to", "resident", "state", "attempts", "provider", "detail"} <= set(venus.recipients("shape")[0])
    s = venus.cli("status").ok().json
    assert {"version", "ready", "durability", "lanes", "providers", "running", "scheduled"} <= set(s) and s["ready"] is True
    venus.cli("activity", "add", "bb", "--title", "篮球赛", "--seats", 2, "--starts", iso(86400)).ok()
    assert {"code", "title", "seats", "taken", "waiting", "state"} <= set(venus.cli("activity", "show", "bb").json)
    venus.reply(phone(1), "报名")
    row = wait_for(lambda: venus.cli("activity", "roster", "bb").ok().lines, 10)[0]
    assert {"place", "name", "phone", "count", "status", "position"} <= set(row)
    m = venus.cli("text", "measure", "台风" * 40).ok().json
    assert {"characters", "encoding", "parts", "market"} <= set(m) and m["characters"] == 80 and m["parts"] == 2
    assert {"name", "driver", "channel"} <= set(venus.cli("provider", "list").ok().lines[0])


def test_http_needs_a_token_and_idempotency_works(venus):
    """Contract 7: bearer token on TCP; Idempotency-Key on a POST that makes something."""
    url = venus.crierd.url + "/api/v1/notices"
    body = {"v": 1, "kind": "notice", "to": {"phones": [phone(1)]}, "text": "a"}
    assert post_json(url, body)[0] == 401
    assert post_json(url, body, {"Authorization": "Bearer nonsense"})[0] == 401
    key = venus.cli("key", "add", "script", "--role", "sender").ok().json
    token = key.get("token") or key.get("key")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "once"}
    status, first = post_json(url, body, headers)
    assert status == 202 and first["id"], (status, first)
    status, second = post_json(url, body, headers)
    assert status in (200, 202) and second["id"] == first["id"]
    venus.until(first["id"])
    assert len(venus.provider.messages) == 1
    status, error = post_json(url, {**body, "colour": 1}, {"Authorization": f"Bearer {token}"})
    assert status in (400, 422) and error["error"]["code"] == "unknown-member" and error["error"]["field"] == "colour"
    assert post_json(venus.crierd.url + "/api/v1/keys", {"name": "x", "role": "admin"}, {"Authorization": f"Bearer {token}"})[0] == 403


def test_alert_relay_sends_the_official_words(venus):
    """alert relay: issuer, time and text; emergencies are journalled first."""
    venus.cli("alert", "relay", "--id", "t1", "--to", phone(1), "--issuer", "海口市气象台", "--issued", iso(-60), "--expires", iso(3600), "--event", "typhoon",
              "--level", "red", "--official-text", "海口市气象台发布台风红色预警信号", "--advice", "请勿外出").ok()
    venus.until("t1")
    m, = venus.provider.of("t1")
    assert "海口市气象台发布台风红色预警信号" in m.text and "请勿外出" in m.text and m.lane == "emergency"
    r = venus.cli("alert", "relay", "--to", phone(1), "--issued", iso(-60), "--expires", iso(3600), "--event", "typhoon", "--level", "red",
                  "--official-text", "x")
    assert r.code in (2, 4), "a warning without an issuer"


def processes_naming(path):
    """Ids of the live processes whose command line names this path."""
    found = []
    for cmdline in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(path).encode() in cmdline.read_bytes():
                found.append(cmdline.parent.name)
        except OSError:
            pass  # gone in the meantime
    return found


def test_version_and_dev(town):
    """--version; --dev DIR: everything in one directory, embedded Redis, sandbox provider, admin socket DIR/admin.sock."""
    done = subprocess.run([program("crierd"), "--version"], capture_output=True, text=True)
    assert done.returncode == 0 and re.search(r"\d+\.\d+", done.stdout)
    dev = town.directory / "dev"
    log = open(town.directory / "dev.log", "wb")
    process = subprocess.Popen([program("crierd"), "--dev", str(dev), "--set", "listen.http=127.0.0.1:0"], stdout=log, stderr=log, env=town.env,
                               start_new_session=True)
    log.close()
    try:
        def status():
            return subprocess.run([program("crier"), "--socket", str(dev / "admin.sock"), "--json", "status"], capture_output=True, text=True)
        wait_for(lambda: (dev / "admin.sock").exists() and status().returncode == 0, 30, "the dev daemon")
        words = (town.directory / "dev.log").read_text()
        assert re.search(r'event=api.listening at="http://127.0.0.1:[1-9][0-9]*/"', words), words
        r = subprocess.run([program("crier"), "--socket", str(dev / "admin.sock"), "send", "--to", phone(1), "--text", "你好", "--id", "hi", "--wait"],
                           capture_output=True, text=True, timeout=30)
        assert r.returncode == 0, r.stdout + r.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        wait_for(lambda: not processes_naming(dev), 5, "the end of the embedded Redis, which must not outlive its daemon")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    _ = alert
