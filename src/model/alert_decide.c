#include "model/alert_decide.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* The questions; each is one bit. */
enum {
    BAD = 1 << 0,             /* lacks what a message must have */
    STRANGER = 1 << 1,        /* its sender is none of ours */
    KNOWN = 1 << 2,           /* this very message came before */
    BETWEEN_SYSTEMS = 1 << 3, /* Ack, Error */
    DRILL = 1 << 4,           /* status Exercise, and we have a list for that */
    NOT_ACTUAL = 1 << 5,
    NOT_PUBLIC = 1 << 6,
    ENDS = 1 << 7,
    OTHERS = 1 << 8, /* what it refers to is somebody else's */
    CHAIN = 1 << 9,  /* what it refers to is known */
    TOLD = 1 << 10,  /* and residents were told of it */
    OVER = 1 << 11,  /* and it has ended */
    DEAD = 1 << 12,  /* a later message of its chain came earlier */
    EXPIRED = 1 << 13,
    STALE = 1 << 14,
    SECONDS = 1 << 15,  /* an earthquake's early warning */
    NO_WATCH = 1 << 16, /* we do not know our own places */
    UNNAMED = 1 << 17,  /* it names no place */
    UNREADABLE = 1 << 18,
    ELSEWHERE = 1 << 19,
    TOO_LOW = 1 << 20,
    RAISED = 1 << 21, /* against what was told last */
    LOWERED = 1 << 22,
    CHANGED = 1 << 23, /* another kind of event, or another scale */
    WIDER = 1 << 24,   /* concerns watched places that were not told */
    UPDATES = 1 << 25,
    LAPSED = 1 << 26, /* what was told has expired by itself */
};

struct row {
    unsigned all, none; /* facts that must hold; that must not */
    enum alert_decision decision;
    const char *action, *why;
};

/* The first row that fits decides. */
/* clang-format off */
static const struct row rows[] = {
    {BAD, 0, ALERT_REFUSE, "", "the message is not complete"},
    {STRANGER, 0, ALERT_REFUSE, "", "its sender is not one whose warnings are taken"},
    {KNOWN, 0, ALERT_IGNORE, "", "this message came before"},
    {ENDS | OTHERS, CHAIN, ALERT_REFUSE, "", "it ends a warning of another sender"},
    {BETWEEN_SYSTEMS, 0, ALERT_STORE, "", "a message between systems, not for the public"},
    {DRILL | ENDS | CHAIN | TOLD, NOT_PUBLIC | OVER, ALERT_END, "end", "it ends an exercise that people were told of"},
    {DRILL, NOT_PUBLIC | ENDS | DEAD | EXPIRED | STALE | SECONDS | NO_WATCH | UNNAMED | UNREADABLE | ELSEWHERE, ALERT_SEND, "drill", "an exercise: for the list of the exercise only"},
    {NOT_ACTUAL, 0, ALERT_STORE, "", "not an actual warning: exercise, test, system or draft"},
    {NOT_PUBLIC, 0, ALERT_STORE, "", "not for the public"},
    {ENDS | CHAIN | TOLD, OVER, ALERT_END, "end", "it ends a warning that people were told of"},
    {ENDS, 0, ALERT_STORE, "", "it ends what nobody was told of, or what has ended already"},
    {DEAD, 0, ALERT_STORE, "", "a message that came earlier updates or cancels it, or is newer"},
    {EXPIRED, 0, ALERT_STORE, "", "it has expired"},
    {STALE, 0, ALERT_STORE, "", "it was sent too long ago"},
    {SECONDS, 0, ALERT_STORE, "", "an earthquake's early warning counts seconds: no text message arrives in time"},
    {NO_WATCH, 0, ALERT_STORE, "", "no area is known here to compare it with"},
    {UPDATES | CHAIN | TOLD | ELSEWHERE, OVER | LAPSED, ALERT_END, "end", "the update does not concern the watched area any more"},
    {UNNAMED, 0, ALERT_STORE, "", "it names no area: a person has to decide"},
    {UNREADABLE, 0, ALERT_STORE, "", "its area cannot be read or compared: a person has to decide"},
    {ELSEWHERE, 0, ALERT_STORE, "", "it is for another area"},
    {UPDATES | CHAIN | TOLD | LOWERED, OVER | LAPSED | CHANGED, ALERT_SEND, "lowered", "the level fell: told once"},
    {TOO_LOW, 0, ALERT_STORE, "", "below the level from which residents are told"},
    {UPDATES | CHAIN | TOLD | CHANGED, OVER | LAPSED, ALERT_SEND, "changed", "it has become a warning of another kind"},
    {UPDATES | CHAIN | TOLD | RAISED, OVER | LAPSED, ALERT_SEND, "raised", "the level rose"},
    {UPDATES | CHAIN | TOLD | WIDER, OVER | LAPSED, ALERT_SEND, "wider", "it concerns places here that it did not concern before"},
    {UPDATES | CHAIN | TOLD, OVER | LAPSED, ALERT_STORE, "", "an update that changes neither level nor kind nor area"},
    {UPDATES | CHAIN | TOLD, 0, ALERT_SEND, "new", "an update of what is over: as a new warning"},
    {UPDATES, 0, ALERT_SEND, "new", "an update of what nobody was told of: as a new warning"},
    {0, 0, ALERT_SEND, "new", "a new warning for the watched area"},
};
/* clang-format on */

const char *alert_decision_name(enum alert_decision d)
{
    static const char *const names[] = {"send", "store", "ignore", "end", "refuse"};

    return names[d];
}

bool alert_key(const char *sender, const char *identifier, int64_t sent_at, char *out, size_t n)
{
    int len = snprintf(out, n, "%s,%s,%lld", sender, identifier, (long long)sent_at);

    return len > 0 && (size_t)len < n;
}

/* ---- the facts ---- */

struct chain {
    const struct alert_known *event; /* NULL = not known */
    bool others;
};

/* Of several references the chain that people were told of counts, else the last one that is known. */
static struct chain chain_of(const struct alert_book *b, const struct cap_alert *a)
{
    struct chain c = {NULL, false};
    char key[512];

    for (size_t i = 0; i < a->n_refs; i++) {
        const struct alert_message *m;
        const struct alert_known *k;

        if (strcmp(a->refs[i].sender, a->sender) != 0) {
            c.others = true;
            continue;
        }
        if (!alert_key(a->refs[i].sender, a->refs[i].identifier, a->refs[i].sent_at, key, sizeof(key)) ||
            (m = alert_book_message(b, key)) == NULL || (k = alert_book_event(b, m->root)) == NULL)
            continue;
        if (k->drill != (a->status == CAP_EXERCISE))
            continue; /* an exercise ends no warning, a warning is no part of an exercise */
        if (c.event == NULL || !c.event->told || c.event->ended || (k->told && !k->ended))
            c.event = k;
    }
    return c;
}

/* Is each place of ${a} one of ${b}? Both are comma separated. */
static bool all_within(const char *a, const char *b)
{
    while (*a != '\0') {
        size_t n = strcspn(a, ",");
        const char *p = b;
        bool found = false;

        while (*p != '\0' && !found) {
            size_t m = strcspn(p, ",");
            found = n == m && strncmp(a, p, n) == 0;
            p += m + (p[m] == ',');
        }
        if (!found)
            return false;
        a += n + (a[n] == ',');
    }
    return true;
}

static unsigned when(bool holds, unsigned fact)
{
    return holds ? fact : 0;
}

static unsigned of_chain(const struct warning *w, const struct alert_known *k, int64_t now_at)
{
    bool changed = k->level.scale != w->level.scale || strcmp(k->event, w->event) != 0;

    return CHAIN | when(k->told, TOLD) | when(k->ended, OVER) | when(changed, CHANGED) |
           when(k->expires_at <= now_at, LAPSED) | when(w->cap->sent_at < k->latest_at, DEAD) |
           when(w->level.grade != 0 && (k->level.grade == 0 || w->level.grade < k->level.grade), RAISED) |
           when(w->level.grade > k->level.grade && k->level.grade != 0, LOWERED) |
           when(!all_within(w->areas, k->areas), WIDER);
}

static bool is_stranger(const struct alert_rules *r, const char *sender)
{
    for (size_t i = 0; i < r->n_senders; i++)
        if (strcmp(r->senders[i], sender) == 0)
            return false;
    return r->n_senders > 0;
}

static unsigned of_message(const struct cap_alert *a, const struct alert_rules *r)
{
    return when(is_stranger(r, a->sender), STRANGER) |
           when(a->type == CAP_ACK || a->type == CAP_ERROR, BETWEEN_SYSTEMS) |
           when(a->status == CAP_EXERCISE && r->drill_list, DRILL) |
           when(a->status != CAP_ACTUAL, NOT_ACTUAL) | when(a->scope != CAP_PUBLIC, NOT_PUBLIC) |
           when(cap_ends(a), ENDS) | when(cap_updates(a), UPDATES);
}

static unsigned of_content(const struct warning *w, const struct alert_rules *r, int64_t now_at)
{
    bool low = r->least_grade != 0 && (w->level.grade == 0 || w->level.grade > r->least_grade);

    return when(w->info != NULL && w->expires_at <= now_at, EXPIRED) |
           when(w->cap->sent_at < now_at - r->stale_ms, STALE) | when(w->early_warning, SECONDS) |
           when(r->watched->n == 0, NO_WATCH) | when(w->match == AREA_UNNAMED, UNNAMED) |
           when(w->match == AREA_UNREADABLE, UNREADABLE) | when(w->match == AREA_NO, ELSEWHERE) |
           when(low, TOO_LOW);
}

static unsigned facts(const struct alert_book *b, const struct warning *w, const struct alert_rules *r,
                      int64_t now_at, struct alert_verdict *v)
{
    const struct alert_message *self;
    struct chain c;
    unsigned f;

    if (w == NULL || w->cap->bad[0] != '\0' ||
        !alert_key(w->cap->sender, w->cap->identifier, w->cap->sent_at, v->root, sizeof(v->root)))
        return BAD;
    self = alert_book_message(b, v->root);
    c = chain_of(b, w->cap);
    f = of_message(w->cap, r) | of_content(w, r, now_at);
    f |= when(self != NULL && self->seen, KNOWN) | when(self != NULL && self->dead, DEAD) |
         when(c.others, OTHERS);
    if (c.event == NULL && self != NULL) /* the chain that a message which ended it began */
        c.event = alert_book_event(b, self->root);
    if (c.event != NULL) {
        f |= of_chain(w, c.event, now_at);
        memcpy(v->root, c.event->root, strlen(c.event->root) + 1);
    }
    return f;
}

void alert_decide(const struct alert_book *b, const struct warning *w, const struct alert_rules *r,
                  int64_t now_at, struct alert_verdict *v)
{
    unsigned f;

    *v = (struct alert_verdict){.root = ""};
    f = facts(b, w, r, now_at, v);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if ((f & rows[i].all) == rows[i].all && (f & rows[i].none) == 0) {
            v->decision = rows[i].decision;
            v->action = rows[i].action;
            v->why = rows[i].why;
            break;
        }
    if (v->decision == ALERT_REFUSE)
        v->root[0] = '\0';
}
