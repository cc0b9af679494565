#include "daemon/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"

#define PROGRESS_MAX 64 /* notices under way at the same time; more are told by their states only */

struct events_sub {
    struct events *events;
    void (*cb)(void *arg, const char *type, const char *json);
    void *arg;
    TAILQ_ENTRY(events_sub) entry;
};

struct progress {
    char community[40], id[NOTICE_ID_MAX + 1];
    uint64_t counts[RECIPIENT_STATE_N];
};

struct events {
    struct events_counters counters;
    TAILQ_HEAD(, events_sub) subs;
    struct progress progress[PROGRESS_MAX];
    size_t n_progress;
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

struct events_sub *events_subscribe(struct events *e, void (*cb)(void *arg, const char *type, const char *json), void *arg)
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

/* ---- progress ---- */

static struct progress *progress_of(struct events *e, const char *community, const char *id)
{
    for (size_t i = 0; i < e->n_progress; i++)
        if (strcmp(e->progress[i].id, id) == 0 && strcmp(e->progress[i].community, community) == 0)
            return &e->progress[i];
    if (e->n_progress == PROGRESS_MAX)
        return NULL;
    struct progress *p = &e->progress[e->n_progress++];
    memset(p, 0, sizeof(*p));
    set_key(p->community, sizeof(p->community), community);
    set_key(p->id, sizeof(p->id), id);
    return p;
}

void events_progress(struct events *e, const char *community, const char *notice_id, const uint32_t counts[RECIPIENT_STATE_N])
{
    struct progress *p;

    if (TAILQ_EMPTY(&e->subs) || (p = progress_of(e, community, notice_id)) == NULL)
        return;
    for (size_t s = 0; s < RECIPIENT_STATE_N; s++)
        p->counts[s] += counts[s];
}

void events_tell_progress(struct events *e)
{
    size_t n = e->n_progress;

    e->n_progress = 0;
    for (size_t i = 0; i < n; i++) {
        const struct progress *p = &e->progress[i];
        json_t *settled = json_object();
        for (int s = 0; s < RECIPIENT_STATE_N; s++)
            if (p->counts[s] > 0)
                json_object_set_new(settled, recipient_state_name((enum recipient_state)s), json_integer((json_int_t)p->counts[s]));
        events_publish(e, "notice.progress", json_pack("{s:s,s:s,s:o}", "community", p->community, "id", p->id, "settled", settled));
    }
}
