"""The double itself: what it records and does. It judges crierd, so it is judged first."""
import http.client
import json
import socket
import time

import pytest

import world  # noqa: F401  (it knows where the double is)

from bridge import Bridge
from provider import Close, Code, Late, Provider, Raw, Reset, Status, Wire, post_json


@pytest.fixture
def p():
    double = Provider().start()
    yield double
    double.stop()


def message(to="+8613800000001", ref="n.0.1"):
    return {"to": to, "text": "台风", "ref": ref, "lane": "normal", "channel": "sms"}


def test_it_records_a_message_and_accepts_it(p):
    status, body = post_json(p.url, message())
    assert status == 200 and body["code"] == 0 and body["id"]
    assert (p.messages[0].to, p.messages[0].text, p.messages[0].answer) == ("+8613800000001", "台风", 0)
    assert p.of("n") == p.messages and p.copies() == {}


def test_it_answers_a_batch_and_codes_by_number(p):
    p.for_number("+8613800000002", Code(1))
    status, body = post_json(p.url, {"messages": [message(), message("+8613800000002", "n.1.1")]})
    assert [r["code"] for r in body["results"]] == [0, 1]
    assert p.requests[0].n_messages == 2


def test_it_keeps_connections_and_counts_copies(p):
    connection = http.client.HTTPConnection(p.host, p.port)
    for _ in range(3):
        connection.request("POST", "/send", json.dumps(message()))
        connection.getresponse().read()
    connection.close()
    assert {r.connection for r in p.requests} == {1}
    assert p.copies("n") == {("n", "0"): 3}


def test_it_does_what_it_was_told_in_order(p):
    p.next(Status(429, retry_after=3), Raw("<html>"), Late(0.1, Code(5)))
    assert post_json(p.url, message())[0] == 429
    assert post_json(p.url, message())[1] == b"<html>"
    began = time.monotonic()
    assert post_json(p.url, message())[1]["code"] == 5
    assert time.monotonic() - began >= 0.1
    assert [m.answer for m in p.messages] == [None, None, 5]


@pytest.mark.parametrize("what", [Close(), Reset(), Wire(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")])
def test_it_breaks_connections(p, what):
    p.next(what)
    with pytest.raises((http.client.HTTPException, OSError)):
        post_json(p.url, message())
    assert len(p.messages) == 1


def test_hold_answers_nothing_until_release(p):
    p.hold()
    sock = socket.create_connection((p.host, p.port))
    body = json.dumps(message()).encode()
    sock.sendall(b"POST /send HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    p.wait(1)
    sock.settimeout(0.2)
    with pytest.raises(TimeoutError):
        sock.recv(1)
    p.release()
    sock.settimeout(5)
    assert sock.recv(4096).startswith(b"HTTP/1.1 200")
    sock.close()


def test_a_bridge_takes_a_message_once_and_reports_it(town):
    """The double that docs/API.md gives to writers of bridges, at the other end of a real daemon."""
    b = Bridge(secret=world.SECRET).start()
    try:
        town.start(more=world.section("provider", "bridge", {"driver": "json", "channel": "sms", "url": b.url + "/send", "secret": "env:P1_SECRET",
                                                             "hook_secret": "env:P1_HOOK", "priority": 0}))
        b.settings["callback"] = f"{town.crierd.url}/hooks/bridge/{world.HOOK_SECRET}"
        town.notice("n", {"phones": [world.phone(1)]}, "停水")
        world.wait_for(lambda: town.show("n")["counts"]["delivered"] == 1, 10, "the report")
        m = b.messages[0]
        assert (m.to, m.ref, m.text, m.extra) == (world.phone(1), "n.0.1", "停水", {"lane": "normal", "channel": "sms"})
        again = {"to": m.to, "text": m.text, "ref": m.ref, "lane": "normal", "channel": "sms"}
        assert post_json(b.url + "/send", again, {"Authorization": f"Bearer {world.SECRET}"})[1] == {"to": m.to, "code": 0, "id": m.id}
        assert post_json(b.url + "/send", again)[1] == {"code": 3}
        assert len(b.messages) == 1
    finally:
        b.stop()
