"""crier calendar resolve: works without a daemon, agrees with another implementation, reports years without the day."""
import datetime
import json
import random
import subprocess

import pytest
from dateutil import rrule
from world import program


def resolve(rule, from_, to, as_json=True):
    argv = [program("crier"), *(["--json"] if as_json else []), "calendar", "resolve", rule, "--from", str(from_), "--to", str(to)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=20)


def days(rule, from_, to):
    r = resolve(rule, from_, to)
    assert r.returncode in (0, 3), r.stderr
    return [json.loads(line)["date"] for line in r.stdout.splitlines()]


def test_a_festival_is_a_line_each():
    """Spring Festival 2027 is on the 6th (ICU says the 7th)."""
    r = resolve("festival:spring-festival", 2027, 2027)
    assert (r.returncode, json.loads(r.stdout)) == (0, {"date": "2027-02-06", "rule": "festival:spring-festival", "note": "lunar year 2027"})
    assert "2027-02-06  lunar year 2027" in resolve("festival:spring-festival", 2027, 2027, as_json=False).stdout


def test_a_year_without_the_day_is_told():
    """Not passed over: the twelfth month of 2024 has 29 days."""
    line = json.loads(resolve("lunar:12/30", 2025, 2025).stdout)
    assert line["date"] is None and line["note"] == "month 12 of lunar year 2024 has 29 days"


@pytest.mark.parametrize("rule,from_,to,words", [
    ("lunar:1/1", 2100, 2100, "2024 to 2099"),
    ("festival:easter", 2026, 2026, "allowed: spring-festival, lantern"),
    ("rrule:FREQ=LUNAR_YEARLY;BYMONTH=1", 2026, 2026, "allowed for FREQ: DAILY, WEEKLY, MONTHLY or YEARLY"),
])
def test_what_cannot_be_known_is_refused(rule, from_, to, words):
    """Years outside of the table, names and rules that are none: exit 4 with what is allowed."""
    r = resolve(rule, from_, to)
    assert r.returncode == 4 and words in r.stderr and r.stdout == ""


def random_rule(dice):
    freq = dice.choice(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
    parts = [f"FREQ={freq}"]
    if dice.random() < 0.5:
        parts.append(f"INTERVAL={dice.randint(1, 5)}")
    if dice.random() < 0.4:
        parts.append("BYMONTH=" + ",".join(map(str, sorted(dice.sample(range(1, 13), dice.randint(1, 4))))))
    if dice.random() < 0.5:
        numbers = ["1", "2", "-1", "5"] if freq in ("MONTHLY", "YEARLY") and dice.random() < 0.6 else [""]  # dateutil takes a mixture for "both"
        parts.append("BYDAY=" + ",".join(dice.choice(numbers) + d for d in dice.sample(["MO", "TU", "WE", "TH", "FR", "SA", "SU"], dice.randint(1, 3))))
    elif freq != "WEEKLY" and dice.random() < 0.6:
        parts.append("BYMONTHDAY=" + ",".join(map(str, dice.sample([1, 15, 28, 29, 30, 31, -1, -2], dice.randint(1, 3)))))
    if freq != "WEEKLY" and len(parts) > 2 and any(p.startswith(("BYDAY", "BYMONTHDAY")) for p in parts) and dice.random() < 0.3:
        parts.append(f"BYSETPOS={dice.choice(['1', '-1', '2', '1,-1'])}")
    if dice.random() < 0.2:
        parts.append(f"WKST={dice.choice(['MO', 'SU'])}")
    end = dice.random()
    if end < 0.3:
        parts.append(f"COUNT={dice.randint(1, 40)}")
    elif end < 0.5:
        parts.append(f"UNTIL={dice.choice(['20270315', '20281231', '20271001'])}")
    return ";".join(parts)


def test_rules_agree_with_another_implementation():
    """120 rules, always the same ones, against python-dateutil, over three years from a random start."""
    dice = random.Random(20261128)
    for _ in range(120):
        rule = random_rule(dice)
        start = datetime.date(2026, 1, 1) + datetime.timedelta(days=dice.randint(0, 500))
        theirs = rrule.rrulestr(rule, dtstart=datetime.datetime.combine(start, datetime.time()))
        wanted = [d.date().isoformat() for d in theirs.between(datetime.datetime(2026, 1, 1), datetime.datetime(2028, 12, 31), inc=True)]
        assert days(f"rrule:{rule}@{start}", 2026, 2028) == wanted, (rule, start)
