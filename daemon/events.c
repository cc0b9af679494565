#include "daemon/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"

struct events_sub {
    struct events *events;
    void (*cb)(void *arg, const char *type, const char *json);
    void *arg;
    TAILQ_ENTRY(events_sub) entry;
};

struct events {
    struct events_counters counters;
    TAILQ_HEAD(, events_sub) subs;
};

struct events *events_new(void)
{
    struct events *e = xcalloc(1, sizeof(*e));

    TAILQ_INIT(&e->subs);
    return e;
}

void events_free(struct events *e)
{
    struct events_sub *s;

    if (e == NULL)
        return;
    while ((s = TAILQ_FIRST(&e->subs)) != NULL) {
        TAILQ_REMOVE(&e->subs, s, entry);
        free(s);
    }
    free(e);
}

/* ---- counters ---- */

void events_recipients(struct events *e, enum lane l, enum recipient_state s, uint64_t n)
{
    e->counters.recipients[l][s] += n;
}

static void set_key(char *out, size_t n, const char *key)
{
    size_t len = strlen(key);

    len = len < n ? len : n - 1;
    memcpy(out, key, len);
    out[len] = '\0';
}

/* The cell of ${key}: its own, a free one, or the last ("other") when the table is full: labels never grow without bound. */
static void count(struct events_cell *table, size_t n, const char *key)
{
    size_t i = 0;

    while (i + 1 < n && table[i].key[0] != '\0' && strcmp(table[i].key, key) != 0)
        i++;
    if (table[i].key[0] == '\0')
        set_key(table[i].key, sizeof(table[i].key), i + 1 < n ? key : "other");
    table[i].n++;
}

void events_reply(struct events *e, const char *provider, const char *intent)
{
    char key[96];
    int n = snprintf(key, sizeof(key), "%s\t%s", provider, intent);

    if (n > 0 && (size_t)n < sizeof(key))
        count(e->counters.replies, ARRAY_LEN(e->counters.replies), key);
}

void events_registration(struct events *e, const char *result)
{
    count(e->counters.registrations, ARRAY_LEN(e->counters.registrations), result);
}

void events_rejected(struct events *e, const char *reason)
{
    count(e->counters.rejected, ARRAY_LEN(e->counters.rejected), reason);
}

const struct events_counters *events_counters(const struct events *e)
{
    return &e->counters;
}

/* ---- watching ---- */

void events_publish(struct events *e, const char *type, json_t *data)
{
    struct events_sub *s, *next;
    char *text = !TAILQ_EMPTY(&e->subs) ? json_dumps(data, JSON_COMPACT) : NULL;

    json_decref(data);
    if (text != NULL)
        TAILQ_FOREACH_SAFE(s, &e->subs, entry, next)
    s->cb(s->arg, type, text);
    free(text);
}

bool events_watched(const struct events *e)
{
    return !TAILQ_EMPTY(&e->subs);
}

struct events_sub *events_subscribe(struct events *e,
                                    void (*cb)(void *arg, const char *type, const char *json), void *arg)
{
    struct events_sub *s = xcalloc(1, sizeof(*s));

    s->events = e;
    s->cb = cb;
    s->arg = arg;
    TAILQ_INSERT_TAIL(&e->subs, s, entry);
    return s;
}

void events_unsubscribe(struct events_sub *s)
{
    TAILQ_REMOVE(&s->events->subs, s, entry);
    free(s);
}
