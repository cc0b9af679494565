"""The daemon under a service manager, and with a Redis of its own."""
import os
import signal
import socket
import subprocess

import pytest
import redis

from world import phone, program, wait_for


class Manager:
    """What systemd would be told."""

    def __init__(self, directory):
        self.path = str(directory / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(0.02)
        self.said = []

    def hear(self, word, seconds=15):
        def heard():
            try:
                while True:
                    self.said.append(self.socket.recv(4096).decode())
            except (socket.timeout, BlockingIOError):
                pass
            return [s for s in self.said if s.startswith(word)]
        return wait_for(heard, seconds, f"{word} in {self.said[-5:]}")


@pytest.fixture
def manager(town):
    m = Manager(town.directory)
    town.env["NOTIFY_SOCKET"] = m.path
    yield m
    m.socket.close()


def test_the_service_manager_is_told_how_we_are(town, manager):
    """READY, STATUS, RELOADING and READY again, STOPPING; the watchdog is fed meanwhile."""
    town.env["WATCHDOG_USEC"] = "600000"
    town.start()
    manager.hear("READY=1")
    assert "ready" in manager.hear("STATUS=ready")[0]
    manager.hear("WATCHDOG=1")
    town.crierd.process.send_signal(signal.SIGHUP)
    manager.hear("RELOADING=1\nMONOTONIC_USEC=")
    wait_for(lambda: len(manager.hear("READY=1")) == 2, what="ready after the reload")
    town.crierd.stop()
    manager.hear("STOPPING=1")


def test_a_wrong_file_on_reload_changes_nothing(town, manager):
    """SIGHUP reloads all or nothing; the manager hears READY in both cases."""
    town.start()
    manager.hear("READY=1")
    good = town.crierd.config.read_text()
    town.crierd.config.write_text(good.replace("rate = 0", "rate = 7").replace("sweep_ms = 200", "sweep_ms = 300"))
    town.crierd.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "event=config.refused" in town.crierd.text() and "sweep_ms" in town.crierd.text(), what="the refusal, with the option's name")
    wait_for(lambda: len(manager.hear("READY=1")) == 2, what="ready after the refusal")
    town.crierd.config.write_text(good.replace("rate = 0", "rate = 7"))
    town.crierd.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "event=config.reloaded" in town.crierd.text(), what="the reload")


@pytest.fixture
def embedded(town):
    """A daemon that brings its own Redis, and that Redis' directory."""
    town.crierd = town.daemon(redis_url="embedded").start()
    return town.directory / "state" / "redis"


def server_of(directory):
    client = redis.Redis(unix_socket_path=str(directory / "redis.sock"))
    try:
        return client.info("server")["process_id"]
    finally:
        client.close()


def gone(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            return ") Z " in f.read()
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_embedded_redis_is_durable_and_leaves_with_the_daemon(town, embedded):
    """url = "embedded": AOF always, a socket, no port; stopped with the daemon, its data is there the next time."""
    assert "host power loss yes" in town.crierd.get("/readyz")[1].lower().replace("power loss: yes", "power loss yes")
    town.cli("send", "--id", "once", "--to", phone(1), "--text", "你好").ok()
    town.until("once")
    pid = server_of(embedded)
    town.crierd.stop()
    wait_for(lambda: gone(pid), what="the end of the server")
    town.crierd.start()
    assert town.show("once")["state"] == "done"


def test_a_killed_embedded_redis_is_replaced_and_work_goes_on(town, embedded):
    """It is supervised."""
    pid = server_of(embedded)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: gone(pid), what="the end of the server")
    wait_for(lambda: town.crierd.text().count("event=redis.usable") == 2 and town.crierd.get("/readyz")[0] == 200, what="ready again")
    town.cli("send", "--id", "after", "--to", phone(2), "--text", "你好").ok()
    town.until("after")
    assert server_of(embedded) != pid


def test_a_killed_daemon_finds_its_redis_again(town, embedded):
    """kill -9 of the daemon: the server lives on, is adopted by the next life, and ends with it."""
    pid = server_of(embedded)
    town.crierd.kill()
    assert not gone(pid)
    town.crierd.start()
    assert server_of(embedded) == pid
    town.crierd.stop()
    wait_for(lambda: gone(pid), what="the end of the server")


def test_two_daemons_share_an_embedded_redis(town, embedded):
    """Several daemons may share a state directory; the last one stops the server."""
    pid = server_of(embedded)
    second = town.daemon("second", redis_url="embedded").start()
    assert server_of(embedded) == pid
    town.crierd.stop()
    assert not gone(pid)
    assert second.get("/readyz")[0] == 200
    second.stop()
    wait_for(lambda: gone(pid), what="the end of the server")


def test_the_programs_say_their_version(town):
    """One version, from the file VERSION."""
    said = {subprocess.run([program(name), "--version"], capture_output=True, text=True, check=True).stdout.split()[-1] for name in ("crierd", "crier")}
    assert len(said) == 1
