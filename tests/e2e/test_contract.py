"""Sentences of the contract that no other file tries."""
import http.client
import json
import socket
import subprocess
import threading

import pytest

from world import phone, program, wait_for


class Watcher:
    """Reads GET /api/v1/events: [(type, data)]"""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        self.sock.sendall(b"GET /api/v1/events HTTP/1.0\r\n\r\n")
        self.events, self.open = [], False
        self.thread = threading.Thread(target=self._read)
        self.thread.start()
        wait_for(lambda: self.open, 10, "the stream")

    def _read(self):
        name = None
        for line in self.sock.makefile("r", encoding="utf-8"):
            self.open = self.open or line.startswith(": crier")
            if line.startswith("event: "):
                name = line[7:].strip()
            elif line.startswith("data: "):
                self.events.append((name, json.loads(line[6:])))

    def of(self, name, **members):
        return [d for n, d in list(self.events) if n == name and all(d.get(k) == v for k, v in members.items())]

    def close(self):
        self.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.sock.close()


def test_events_tell_states_of_every_daemon_and_the_health_of_providers(town):
    """Contract 7: progress, states, replies, provider health; the watcher sits at a daemon that does not send."""
    town.start()
    town.residents(["王小明,13800000001"], "name,phone").ok()
    other = town.daemon("other").start()
    watcher = Watcher(other.socket)
    try:
        town.cli("provider", "pause", "p1", daemon=other).ok()
        wait_for(lambda: watcher.of("provider.state", provider="p1", state="paused"), 10, "the pause")
        town.cli("send", "--to", phone(1), "--text", "a", "--id", "told", "--wait").ok()
        wait_for(lambda: watcher.of("notice.state", id="told", state="done"), 10, "the end")
        town.cli("send", "--to", phone(1), "--text", "b", "--id", "later", "--at", "2036-01-01T09:00:00+08:00").ok()
        town.cli("notice", "cancel", "later").ok()
        wait_for(lambda: watcher.of("notice.state", id="later", state="cancelled"), 10, "the cancel")
        town.cli("provider", "resume", "p1", daemon=other).ok()
        wait_for(lambda: watcher.of("provider.state", state="ok"), 10, "the resume")
        town.reply(phone(1), "帮助")
        wait_for(lambda: len(town.provider.to(phone(1))) > 1, 10, "the answer")
        assert not [d for _, d in watcher.events if d.get("id", "").startswith("_a.")], "answers are no notices"
        states = [d["state"] for d in watcher.of("notice.state", id="told")]
        assert states.count("done") == 1, states
    finally:
        watcher.close()


def test_a_template_speaks_the_resident_s_language(town):
    """Contract 3: "template": "name"; NAME.txt for everybody, NAME.LANGUAGE.txt for those who speak it."""
    folder = town.directory / "templates"
    folder.mkdir()
    (folder / "flood.txt").write_text("{{place}}积水, {{name}}\n")
    (folder / "flood.en.txt").write_text("{{name}}: flood at {{place}}\n")
    town.start(more=f'template_dir = "{folder}"\n')
    town.residents(["王小明,13800000001,", "Ann,13800000002,en", "Jean,13800000003,fr"], "name,phone,lang").ok()
    town.notice("flood", {"everyone": True}, None, template="flood", vars={"place": "文化广场"})
    assert town.until("flood")["counts"]["accepted"] == 3
    assert {m.to: m.text for m in town.provider.of("flood")} == {
        phone(1): "文化广场积水, 王小明", phone(2): "Ann: flood at 文化广场", phone(3): "文化广场积水, Jean"}
    town.notice("nowhere", {"everyone": True}, None, template="flood")
    town.notice("nothing", {"everyone": True}, None, template="drought")
    assert {r["reason"] for r in town.rejected(2)} == {"unknown-variable", "unknown-template"}


def test_who_has_no_language_is_spoken_to_in_chinese(venus):
    """A file of residents has no column of languages; texts by language come in any order."""
    venus.residents(["王小明,13800000001", "李雷,13800000002"], "name,phone").ok()
    venus.notice("both", {"everyone": True}, {"en": "Water is off", "zh-CN": "停水"})
    venus.until("both")
    assert {m.text for m in venus.provider.of("both")} == {"停水"}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "DELETE"])
def test_a_method_that_a_path_does_not_know_is_refused_like_everything_else(venus_shared, method):
    """Contract 7: errors are JSON; RFC 9110: 405 says what is allowed."""
    connection = http.client.HTTPConnection("127.0.0.1", venus_shared.crierd.port, timeout=10)
    connection.request(method, "/api/v1/notices")
    answer = connection.getresponse()
    error = json.loads(answer.read())["error"]
    connection.close()
    assert answer.status == 405 and error["code"] == "method" and set(error) == {"code", "message", "field", "doc"}
    assert answer.getheader("Allow") == "POST, GET, HEAD"


def test_a_name_to_listen_on_is_refused_before_the_start(town):
    """5: --check finds what a start would fail of."""
    path = town.directory / "check.conf"
    for http_option in ("localhost:8025", "300.1.1.1:80", "[::1:80", "::1:80"):
        path.write_text(town.config_text().replace("127.0.0.1:0", http_option))
        done = subprocess.run([program("crierd"), "--check", "-c", str(path)], capture_output=True, text=True, env=town.env, timeout=30)
        assert done.returncode == 78 and "listen.http" in done.stderr and "127.0.0.1:8025" in done.stderr, done


def test_times_have_their_offset_in_tables_too(venus):
    """Contract 6: times are ISO 8601 with offset."""
    venus.cli("send", "--to", phone(1), "--text", "a", "--at", "2036-01-01T09:00:00+08:00", "--not-after", "2036-01-01T10:00:00+08:00").ok()
    assert "  2036-01-01T09:00+08:00  a" in venus.cli("schedule", as_json=False).ok().out


def test_strangers_who_hold_all_connections_do_not_shut_out_a_provider(venus):
    """A request that takes more than a second to arrive, and a connection that says nothing, make room: 10 and 65 seconds were too long for a callback."""
    held = []
    try:
        for i in range(600):
            held.append(socket.create_connection(("127.0.0.1", venus.crierd.port), timeout=5))
            if i % 2:
                held[-1].sendall(b"GET /healthz HTTP/1.1\r\nX: ")
        wait_for(lambda: venus.crierd.get("/healthz")[0] == 200, 6, "an answer beside 600 strangers")
        venus.reply(phone(1), "你好")
    finally:
        for connection in held:
            connection.close()
