#include "daemon/ring.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"

struct ring_outcome {
    uint8_t off, attempt, state, route;
};

struct ring_entry {
    int64_t at_us;
    char id[NOTICE_ID_MAX + 1], owner[40];
    uint32_t slice, n_slice;
    uint32_t n;
    TAILQ_ENTRY(ring_entry) entry;
    struct ring_outcome outcomes[];
};

struct ring {
    TAILQ_HEAD(, ring_entry) entries; /* oldest first */
    size_t n;                         /* outcomes */
};

struct ring *ring_new(void)
{
    struct ring *r = xcalloc(1, sizeof(*r));

    TAILQ_INIT(&r->entries);
    return r;
}

static void drop_oldest(struct ring *r)
{
    struct ring_entry *e = TAILQ_FIRST(&r->entries);

    TAILQ_REMOVE(&r->entries, e, entry);
    r->n -= e->n;
    free(e);
}

void ring_clear(struct ring *r)
{
    while (!TAILQ_EMPTY(&r->entries))
        drop_oldest(r);
}

void ring_free(struct ring *r)
{
    if (r == NULL)
        return;
    ring_clear(r);
    free(r);
}

static void forget(struct ring *r, int64_t now_us)
{
    struct ring_entry *e;

    while ((e = TAILQ_FIRST(&r->entries)) != NULL &&
           (e->at_us < now_us - (int64_t)RING_KEPT_MS * 1000 || r->n > RING_MAX))
        drop_oldest(r);
}

void ring_add(struct ring *r, const struct queue_claim *c, const struct queue_outcome *o, size_t n,
              int64_t now_us)
{
    struct ring_entry *e = xmalloc(sizeof(*e) + n * sizeof(e->outcomes[0]));

    memset(e, 0, sizeof(*e));
    e->at_us = now_us;
    memcpy(e->id, c->id, sizeof(e->id));
    memcpy(e->owner, c->owner, sizeof(e->owner));
    e->slice = c->slice;
    e->n_slice = c->n;
    e->n = (uint32_t)n;
    for (size_t i = 0; i < n; i++)
        e->outcomes[i] = (struct ring_outcome){.off = (uint8_t)o[i].off,
                                               .attempt = (uint8_t)o[i].attempt,
                                               .state = (uint8_t)o[i].state,
                                               .route = o[i].route};
    TAILQ_INSERT_TAIL(&r->entries, e, entry);
    r->n += n;
    forget(r, now_us);
}

static void on_said(void *arg, const struct queue_result *r, bool mine)
{
    (void)arg, (void)r, (void)mine;
}

size_t ring_replay(struct ring *r, struct queue *q, int64_t now_us)
{
    struct ring_entry *e;

    forget(r, now_us);
    TAILQ_FOREACH(e, &r->entries, entry)
    {
        struct queue_claim c;
        struct queue_outcome o[NOTICE_SLICE];

        memset(&c, 0, sizeof(c));
        memset(o, 0, sizeof(o));
        memcpy(c.id, e->id, sizeof(c.id));
        memcpy(c.owner, e->owner, sizeof(c.owner));
        c.slice = e->slice;
        c.n = e->n_slice;
        for (size_t i = 0; i < e->n; i++) {
            o[i].off = e->outcomes[i].off;
            o[i].attempt = e->outcomes[i].attempt;
            o[i].state = (enum recipient_state)e->outcomes[i].state;
            o[i].route = e->outcomes[i].route;
        }
        queue_finish(q, &c, o, e->n, false, 0, on_said, NULL);
    }
    return r->n;
}
