"""crier alert inspect: what would become of official warnings in a file. No daemon runs here."""
import json
import os
import subprocess
from pathlib import Path

import pytest

CRIER = Path(os.environ.get("CRIER_BUILD", Path(__file__).resolve().parents[2] / "build")) / "crier"
NOW = "2025-09-23T09:30:00+08:00"
SENDER = "haikou_qxt@example.cn"


def cap(id_="a", type_="Alert", level="黄", sent="09:06", refs="", status="Actual", code="460100000000", info=True):
    body = f"""<info><language>en-US</language><event>Typhoon</event><headline>blue warning</headline></info>
      <info><language>zh-CN</language><event>台风</event><urgency>Expected</urgency><severity>Moderate</severity><certainty>Likely</certainty>
      <expires>2025-09-24T09:06:00+08:00</expires><senderName>海口市气象台</senderName><headline>海口市气象台发布台风{level}色预警信号</headline>
      <area><areaDesc>海口市</areaDesc><geocode><valueName>CPEAS Geographic Code</valueName><value>{code}</value></geocode></area></info>"""
    return f"""<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{id_}</identifier><sender>{SENDER}</sender>
      <sent>2025-09-23T{sent}:00+08:00</sent><status>{status}</status><msgType>{type_}</msgType><scope>Public</scope>
      <references>{refs}</references>{body if info else ""}</alert>"""


def ref(id_="a", sent="09:06"):
    return f"{SENDER},{id_},2025-09-23T{sent}:00+08:00"


def inspect(text, *args, now=NOW):
    data = text if isinstance(text, bytes) else text.encode()
    return subprocess.run([CRIER, "alert", "inspect", "-", "--now", now, *args], input=data, capture_output=True, check=False, timeout=20)


def rows(text, *args, **more):
    r = inspect(text, *args, **more)
    assert r.returncode == 0, r.stderr
    return json.loads(r.stdout)


def test_one_warning_is_a_list_of_one():
    """Every member of the contract; the Chinese block counts although the English one comes first."""
    (row,) = rows(cap(), "--areas", "460106")
    assert {"sender": SENDER, "identifier": "a", "sent": "2025-09-23T09:06:00+08:00", "status": "Actual", "msgType": "Alert", "scope": "Public", "event": "台风",
            "severity": "Moderate", "urgency": "Expected", "certainty": "Likely", "level": "yellow", "expires": "2025-09-24T09:06:00+08:00",
            "headline": "海口市气象台发布台风黄色预警信号", "decision": "send"}.items() <= row.items()
    assert row["areas"] == [{"name": "海口市", "codes": ["460100000000"], "polygons": 0, "circles": 0, "unreadable": False}] and row["why"]


def test_without_areas_nothing_would_be_sent():
    (row,) = rows(cap())
    assert row["decision"] == "store" and "no area is known" in row["why"]


def test_a_file_of_several_is_a_story():
    """Blue, yellow, the same once more, an orange for elsewhere, cancelled: in the order of the file."""
    feed = "<feed>" + cap(level="蓝") + cap("b", "Update", sent="09:10", refs=ref()) + cap("c", "Update", sent="09:12", refs=ref("b", "09:10")) + \
        cap("c", "Update", sent="09:12", refs=ref("b", "09:10")) + cap("x", level="橙", code="110000") + \
        cap("d", "Cancel", sent="09:20", refs=ref() + " " + ref("c", "09:12"), info=False) + "</feed>"
    assert [(r["decision"], r["action"]) for r in rows(feed, "--areas", "460106")] == [
        ("send", "new"), ("send", "raised"), ("store", None), ("ignore", None), ("store", None), ("end", "end")]


@pytest.mark.parametrize("data", [b"", b"<alert", b"<feed/>", "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>".encode() + cap().encode(),
                                  b"<?xml version='1.0' encoding='UTF-8'?>" + cap().encode().replace("台风".encode(), b"\xe9"), b" " * (4 * 1024 * 1024 + 1)],
                         ids=["empty", "torn", "no alert", "doctype", "not UTF-8", "large"])
def test_a_hostile_file_is_refused_as_a_whole(data):
    """Exit 4, and the list says why in one row."""
    r = inspect(data, "--areas", "460106")
    (row,) = json.loads(r.stdout)
    assert r.returncode == 4 and row["decision"] == "refuse" and row["why"] in r.stderr.decode()


def test_a_sender_that_is_none_of_ours_is_refused():
    r = inspect(cap(), "--areas", "460106", "--sender", "other@example.cn")
    assert r.returncode == 4 and json.loads(r.stdout)[0]["decision"] == "refuse"


def test_wrong_words_are_told():
    assert inspect(cap(), "--areas", "46x").returncode == 2
    assert inspect(cap(), now="yesterday").returncode == 2
    assert subprocess.run([CRIER, "alert", "inspect", "/does/not/exist"], capture_output=True, check=False, timeout=20).returncode == 2


def test_yesterdays_warning_is_not_told():
    (row,) = rows(cap(), "--areas", "460106", now="2025-09-25T09:30:00+08:00")
    assert row["decision"] == "store" and row["why"] == "it has expired"
