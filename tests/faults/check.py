"""The provider's book against the ledger in Redis: who was lost, doubled, is in doubt, hangs.

    book = check(town)            # every notice
    book["normal"].lost, .duplicates, .unknown, .stuck
"""
import collections
import re

PENDING, SENDING, ACCEPTED, DELIVERED, RETRY, FAILED, EXHAUSTED, UNKNOWN, SUPPRESSED, CANCELLED, EXPIRED = range(11)
LANES = ("emergency", "urgent", "normal", "bulk")
DONE, OVER = b"6", (b"6", b"7", b"8")


class Lane:
    """One lane's sums; people are (notice, index)."""

    def __init__(self):
        self.notices = self.recipients = self.copies = self.duplicates = 0
        self.lost, self.stuck, self.doubled = [], [], []
        self.states = collections.Counter()

    @property
    def unknown(self):
        return self.states[UNKNOWN]

    def __str__(self):
        return f"{self.recipients} recipients, lost {len(self.lost)}, duplicates {self.duplicates}, unknown {self.unknown}, stuck {len(self.stuck)}"


def copies_of(provider, counts=None):
    """{(notice, index): messages}; without ${counts} those that the provider accepted."""
    counts = counts or (lambda m: m.answer == 0)
    seen = collections.Counter()
    with provider.lock:
        for m in provider.messages:
            if m.ref and counts(m):
                name, index, _ = m.ref.rsplit(".", 2)
                seen[name, int(index)] += 1
    return seen


def ledger(client, prefix, name):
    """(hash of the notice, [state of each recipient])"""
    fields = client.hgetall(f"{prefix}n:{name}")
    raw = client.get(f"{prefix}n:{name}:st") or b""
    return fields, [raw[i] & 15 for i in range(0, len(raw), 2)]


def check(town, notices=None, counts=None, providers=None):
    """{lane: Lane} of ${notices}, {id: number of recipients}; none given: what Redis has."""
    prefix, client = town.key(""), town.redis.client
    books = collections.defaultdict(Lane)
    copies = collections.Counter()
    for provider in providers or [town.provider]:
        copies += copies_of(provider, counts)
    if notices is None:
        notices = {n.decode(): None for n in client.zrange(f"{prefix}notices", 0, -1)}
    for name, expected in notices.items():
        judge(books, name, expected, copies, *ledger(client, prefix, name))
    return books


def judge(books, name, expected, copies, fields, states):
    if not fields:  # not even the notice is there
        books["gone"].lost += [(name, i) for i in range(expected or 1)]
        return
    book = books[LANES[int(fields[b"lane"])]]
    book.notices += 1
    book.recipients += len(states)
    if fields[b"state"] not in OVER:
        book.stuck.append((name, f"state {fields[b'state'].decode()}"))
    if expected is not None and len(states) != expected:
        book.lost += [(name, i) for i in range(len(states), expected)]
    resend = fields.get(b"unk") == b"1"
    for i, state in enumerate(states):
        n = copies[name, i]
        book.states[state] += 1
        book.copies += n
        book.duplicates += max(0, n - 1)
        if n > 1:
            book.doubled.append((name, i))
        if state in (PENDING, SENDING, RETRY):
            book.stuck.append((name, i))
        if n == 0 and (state in (ACCEPTED, DELIVERED) or (resend and state == UNKNOWN)):
            book.lost.append((name, i))  # "sent", and the provider knows nothing of it


def memory_kib(pid):
    """The most that a daemon had resident so far; 0 when it is over, or has not become a daemon yet."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
            text = f.read()
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+)", text)
    return int(found[1]) if found and text.startswith("Name:\tcrierd\n") else 0
