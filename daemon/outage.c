#include "daemon/outage.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

enum {
    SETTLE_MS = 3000, /* the first sweeps turn what has expired */
    LONG_MS = 10000,  /* an outage that is told of although nothing expired */
    NAMED_MAX = 5,
    LOOKED_MAX = 100
};

struct outage {
    struct app *app;
    struct loop_timer *timer;
    int64_t since, until;
    size_t n_waiting, n_expired, n_open;
    int64_t n_unsent;
    bool unknown; /* Redis did not tell all */
    struct buf names;
};

int64_t outage_unsent(const struct queue_notice *n)
{
    uint64_t unsent =
        n->counts[RECIPIENT_PENDING] + n->counts[RECIPIENT_RETRY] + n->counts[RECIPIENT_EXPIRED];

    return n->staged ? (int64_t)unsent : -1;
}

static void tell(struct outage *o)
{
    int64_t ms = o->until - o->since;

    if (o->n_expired > 0)
        log_error("outage.over", "s=%lld expired_unsent=%zu can_still_go=%zu%s notices=\"%s%s\"",
                  (long long)(ms / 1000), o->n_expired, o->n_open, o->unknown ? " incomplete=yes" : "",
                  buf_cstr(&o->names), o->n_expired > NAMED_MAX ? ", ..." : "");
    else if (ms >= LONG_MS)
        log_info("outage.over", "s=%lld expired_unsent=0 can_still_go=%zu%s", (long long)(ms / 1000),
                 o->n_open, o->unknown ? " incomplete=yes" : "");
}

static void answered(void *arg, const struct queue_result *r)
{
    struct outage *o = arg;

    o->unknown = o->unknown || r->status != QUEUE_OK;
    if (--o->n_waiting == 0)
        tell(o);
}

static void on_expired(void *arg, const struct queue_notice *n)
{
    struct outage *o = arg;

    if (n->not_after < o->since || outage_unsent(n) == 0)
        return;
    if (o->n_expired++ < NAMED_MAX)
        buf_fmt(&o->names, "%s%s", o->names.len != 0 ? ", " : "", n->id);
}

static void on_open(void *arg, const struct queue_notice *n)
{
    (void)n;
    ((struct outage *)arg)->n_open++;
}

static void on_timer(void *arg)
{
    struct outage *o = arg;

    if (o->n_waiting > 0)
        return;
    o->n_expired = o->n_open = 0;
    o->unknown = false;
    buf_reset(&o->names);
    o->n_waiting = 3 * o->app->n_communities;
    for (size_t i = 0; i < o->app->n_communities; i++) {
        struct queue *q = o->app->communities[i].side;

        queue_notice_expired(q, clock_wall_ms() - o->since, LOOKED_MAX, on_expired, answered, o);
        queue_notice_list(q, NOTICE_RUNNING, 0, LOOKED_MAX, on_open, answered, o);
        queue_notice_list(q, NOTICE_STAGING, 0, LOOKED_MAX, on_open, answered, o);
    }
}

void outage_over(struct app *a, int64_t since)
{
    struct outage *o = a->outage;

    if (since == 0)
        return;
    if (o == NULL) {
        o = a->outage = xcalloc(1, sizeof(*o));
        o->app = a;
        o->timer = loop_timer_new(a->loop, on_timer, o);
        buf_init(&o->names, 4096);
    }
    if (!loop_timer_armed(o->timer)) /* Redis comes and goes: one outage */
        o->since = since;
    o->until = clock_wall_ms();
    loop_timer_arm_ms(o->timer, SETTLE_MS);
}

void outage_free(struct app *a)
{
    if (a->outage == NULL)
        return;
    loop_timer_free(a->outage->timer);
    buf_fini(&a->outage->names);
    free(a->outage);
    a->outage = NULL;
}
