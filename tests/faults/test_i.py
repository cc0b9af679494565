"""Rows I1b, I3: replies at a rate that lasts, and machines that answer machines."""
import json
import subprocess
import threading

import pytest
from bed import iso
from test_r import Watch
from world import HOOK_SECRET, phone, wait_for


@pytest.mark.full
@pytest.mark.alone
@pytest.mark.row("I1b", "5,000 replies a second for 20 s, each number about three times")
def test_i1_sustained(bed, row):
    """hookload's replies leave at even distances; each id is taken once, everybody gets a seat and one answer."""
    rate, seconds = 5000, 20
    distinct = rate * seconds // 3 + 1
    bed.provider.keep_raw = False
    bed.begin(provider={"batch": 50}).run()
    bed.cli("activity", "add", "basketball", "--title", "篮球赛", "--alias", "篮球", "--seats", distinct, "--starts", iso(86400)).ok()
    watch = Watch(bed)
    out = subprocess.run([str(bed.kit("bench/hookload")), str(bed.crierd.port), f"/hooks/p1/{HOOK_SECRET}/reply", "--requests", str(rate * seconds), "--rate", str(rate),
                          "--distinct", str(distinct), "--connections", "64"], capture_output=True, text=True, timeout=120, check=False)
    worst = watch.worst()
    assert out.stdout, out.stderr
    load = json.loads(out.stdout)
    seated = wait_for(lambda: (lambda n: n if n >= distinct else None)(bed.redis.client.zcard(bed.key("act:basketball:conf"))), 120, "all seats")
    bed.provider.wait(distinct, 120)
    answers = len(bed.provider.messages)
    twice = answers - len({m.to for m in bed.provider.messages})
    row.tell(f"{load['requests']} posts at {load['per_second']}/s, {load['bad']} refused, p99 {load['p99_ms']:.0f} ms; {seated} of {distinct} seats, {answers} answers, "
             f"{twice} of them second ones; loop never later than {worst * 1000:.0f} ms, peak {bed.peak_mib():.0f} MiB")
    assert load["bad"] == 0 and load["per_second"] >= 0.95 * rate and seated == distinct and answers == distinct and not twice


class Machine:
    """A phone that answers every message at once, by itself."""

    def __init__(self, bed, to, say):
        self.bed, self.to, self.say, self.n = bed, to, say, 0

    def answer(self, text):
        self.n += 1
        self.bed.reply(self.to, self.say(text, self.n))


SAYINGS = {"the same words": lambda text, n: "您好，我正在开车，稍后回复您", "our own words back": lambda text, n: text, "other words each time": lambda text, n: f"自动回复第{n}次：我不在",
           "a question, always the same": lambda text, n: "查询"}


@pytest.mark.short
@pytest.mark.row("I3", "automatic answers to every message: the same words, our own, other words each time, a question")
def test_i3_machines(bed, row):
    """At most three answers to each, then silence; a person besides them is answered."""
    bed.begin().run()
    bed.residents([f"机{i},{phone(i)},460106,," for i in range(5)]).ok()
    machines = [Machine(bed, phone(i), say) for i, say in enumerate(SAYINGS.values())]
    stop, n_seen = threading.Event(), [0]

    def serve():
        while not stop.wait(0.01):
            messages = bed.provider.messages
            while n_seen[0] < len(messages):
                m = messages[n_seen[0]]
                for machine in machines:
                    if machine.to == m.to:
                        machine.answer(m.text)
                n_seen[0] += 1
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()

    def settled():
        """Every reply decided, every answer sent and answered in its turn."""
        decided = sum(v for k, v in bed.crierd.metrics().items() if k.startswith("crier_replies_total"))
        return decided == sum(m.n for m in machines) and n_seen[0] == len(bed.provider.messages) and decided >= len(machines)
    try:
        bed.notice("n", [m.to for m in machines])
        bed.until("n")
        for _ in range(5):  # from one to the next, everything under way has had its turn
            wait_for(settled, 30, "silence")
            bed.notice(f"pulse-{_}", [phone(4)])
            bed.until(f"pulse-{_}")
    finally:
        stop.set()
        thread.join(10)
    answers = {name: len(bed.provider.to(m.to)) - 1 for name, m in zip(SAYINGS, machines)}
    before = len(bed.provider.to(phone(4)))
    bed.reply(phone(4), "查询")
    wait_for(lambda: len(bed.provider.to(phone(4))) > before, 10, "an answer to a person")
    row.tell(", ".join(f"{name}: {n} answers" for name, n in answers.items()) + "; then silence; a person is answered")
    assert max(answers.values()) <= 3, answers
