/* Slices: claim, begin, finish. Part of queue.h.
 *
 *   claim --> begin range --> (request written) --> finish outcomes ... --> finish last: settled, or waiting until its retry
 *     ^                                                                                           |
 *     +---- lease ran out (takeover: bytes found `sending` are in doubt) <-- daemon gone          +--> claim again
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "queue/queue_int.h"

struct claim_op {
    struct queue_op op;
    queue_claim_fn cb;
    void *arg;
    char owner[40];
};

/* A slice without its snapshot (deleted) still has recipients: as many empty lines. */
static void take_lines(struct queue_claim *c, const struct redis_value *blob, uint64_t total)
{
    uint64_t left = total > c->first ? total - c->first : 0;
    uint32_t most = left < NOTICE_SLICE ? (uint32_t)left : NOTICE_SLICE;
    size_t len = 0;
    const char *s = redis_value_str(blob, &len);

    if (s == NULL) {
        c->lines = xmalloc((size_t)most + 1);
        memset(c->lines, '\n', most);
        c->lines[most] = '\0';
        c->lines_len = most;
        c->n = most;
        return;
    }
    c->lines = xmalloc(len + 1);
    memcpy(c->lines, s, len);
    c->lines[len] = '\0';
    c->lines_len = len;
    for (const char *p = s; c->n < most && (p = memchr(p, '\n', len - (size_t)(p - s))) != NULL; p++)
        c->n++;
}

static void take_ledger(struct queue_claim *c, const struct redis_value *st)
{
    size_t len = 0;
    const char *s = redis_value_str(st, &len);

    for (uint32_t i = 0; i < c->n && 2 * (size_t)i + 1 < len; i++) {
        unsigned char b = (unsigned char)s[2 * i];

        c->states[i] = b & 15;
        c->routes[i] = b >> 4;
        c->attempts[i] = (unsigned char)s[2 * i + 1];
    }
}

static void take_late(struct queue_claim *c, const struct redis_value *late)
{
    size_t len = 0;
    const char *s = redis_value_str(late, &len);

    c->late = xmalloc(len + 1);
    if (len > 0)
        memcpy(c->late, s, len);
    c->late[len] = '\0';
}

static enum queue_claim_kind claim_kind(const struct redis_value *v)
{
    const char *s = redis_value_str(v, NULL);

    if (s != NULL && s[0] == 'f')
        return QUEUE_FRESH;
    return s != NULL && s[0] == 'r' ? QUEUE_RETRY : QUEUE_TAKEOVER;
}

static void on_claim(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct claim_op *o = (struct claim_op *)op;
    struct queue_claim c;

    memset(&c, 0, sizeof(c));
    if (r->status == QUEUE_UNSURE)
        queue_claim_lost(op->q, o->owner);
    if (!queue_value_copy(redis_value_at(v, 1), c.id, sizeof(c.id)) || c.id[0] == '\0') {
        o->cb(o->arg, r, NULL, queue_value_i64(v, 2, -1));
        return;
    }
    c.slice = (uint32_t)queue_value_i64(v, 2, 0);
    c.first = (uint64_t)c.slice * NOTICE_SLICE;
    c.kind = claim_kind(redis_value_at(v, 3));
    c.lane = (enum lane)queue_value_i64(v, 4, LANE_BULK);
    c.on_unknown = (enum on_unknown)queue_value_i64(v, 5, ON_UNKNOWN_PARK);
    c.not_after = queue_value_i64(v, 6, 0);
    memcpy(c.owner, o->owner, sizeof(c.owner));
    take_lines(&c, redis_value_at(v, 8), (uint64_t)queue_value_i64(v, 7, 0));
    take_ledger(&c, redis_value_at(v, 9));
    take_late(&c, redis_value_at(v, 10));
    o->cb(o->arg, r, &c, 0);
    free(c.lines);
    free(c.late);
}

void queue_claim(struct queue *q, unsigned lanes, queue_claim_fn cb, void *arg)
{
    struct claim_op *o;
    int n;

    queue_claims_free_lost(q);
    o = queue_op_new(q, sizeof(*o), on_claim);
    n = snprintf(o->owner, sizeof(o->owner), "%s.%s.%llx", q->tag, q->nonce,
                 (unsigned long long)++q->n_claims);

    if (n < 0 || (size_t)n >= sizeof(o->owner))
        panic("an owner token does not fit");
    o->cb = cb;
    o->arg = arg;
    queue_op_lanes(&o->op, lanes);
    queue_op_str(&o->op, o->owner);
    queue_op_i64(&o->op, q->lease_ms);
    queue_op_script(&o->op, SCRIPT_CLAIM);
}

/* ---- begin ---- */

struct begin_op {
    struct queue_op op;
    queue_begin_fn cb;
    void *arg;
};

static void on_begin(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct begin_op *o = (struct begin_op *)op;
    struct queue_go go[NOTICE_SLICE];
    size_t len = 0, n = 0;
    const char *s = redis_value_str(redis_value_at(v, 1), &len);

    for (; n < NOTICE_SLICE && 2 * n + 1 < len; n++) {
        go[n].off = (unsigned char)s[2 * n];
        go[n].attempt = (unsigned char)s[2 * n + 1];
    }
    o->cb(o->arg, r, go, n);
}

void queue_begin(struct queue *q, const struct queue_claim *c, uint32_t off, uint32_t n, queue_begin_fn cb,
                 void *arg)
{
    struct begin_op *o = queue_op_new(q, sizeof(*o), on_begin);

    if (off >= NOTICE_SLICE || n > NOTICE_SLICE - off)
        panic("a range beyond its slice: %u + %u", off, n);
    o->cb = cb;
    o->arg = arg;
    queue_op_str(&o->op, c->id);
    queue_op_i64(&o->op, c->slice);
    queue_op_str(&o->op, c->owner);
    queue_op_i64(&o->op, off);
    queue_op_i64(&o->op, n);
    queue_op_i64(&o->op, c->kind == QUEUE_FRESH);
    queue_op_i64(&o->op, q->lease_ms);
    queue_op_script(&o->op, SCRIPT_BEGIN);
}

/* ---- finish ---- */

struct finish_op {
    struct queue_op op;
    queue_finish_fn cb;
    void *arg;
};

static void on_finish(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct finish_op *o = (struct finish_op *)op;

    o->cb(o->arg, r, queue_value_i64(v, 1, 0) != 0);
}

static void add_outcomes(struct queue_op *op, const struct queue_outcome *o, size_t n)
{
    unsigned char bytes[4 * NOTICE_SLICE];

    for (size_t i = 0; i < n; i++) {
        bytes[4 * i] = (unsigned char)o[i].off;
        bytes[4 * i + 1] = (unsigned char)(o[i].attempt < 255 ? o[i].attempt : 255);
        bytes[4 * i + 2] = (unsigned char)o[i].state;
        bytes[4 * i + 3] = o[i].route & 15;
    }
    queue_op_arg(op, bytes, 4 * n);
}

/* "offset.route.ms" of those that wait for a time of their own, separated by blanks. */
static void add_late(struct queue_op *op, const struct queue_outcome *o, size_t n)
{
    struct buf b = BUF_INIT(NOTICE_SLICE * 40);

    for (size_t i = 0; i < n; i++)
        if (o[i].late_in_ms > 0)
            buf_fmt(&b, "%s%u.%u.%lld", b.len > 0 ? " " : "", o[i].off, o[i].late_route,
                    (long long)o[i].late_in_ms);
    if (b.overflow)
        panic("who waits does not fit");
    queue_op_arg(op, buf_cstr(&b), b.len);
    buf_fini(&b);
}

void queue_finish(struct queue *q, const struct queue_claim *c, const struct queue_outcome *outcomes,
                  size_t n, bool last, int64_t retry_in_ms, queue_finish_fn cb, void *arg)
{
    struct finish_op *o = queue_op_new(q, sizeof(*o), on_finish);

    if (n > NOTICE_SLICE)
        panic("%zu outcomes for one slice", n);
    o->cb = cb;
    o->arg = arg;
    queue_op_str(&o->op, c->id);
    queue_op_i64(&o->op, c->slice);
    queue_op_str(&o->op, c->owner);
    queue_op_i64(&o->op, c->n);
    add_outcomes(&o->op, outcomes, n);
    queue_op_i64(&o->op, last);
    queue_op_i64(&o->op, retry_in_ms > 0 ? retry_in_ms : 0);
    add_late(&o->op, outcomes, n);
    for (size_t i = 0; i < n; i++) {
        if (outcomes[i].detail[0] == '\0')
            continue;
        queue_op_i64(&o->op, outcomes[i].off);
        queue_op_str(&o->op, outcomes[i].detail);
    }
    queue_op_script(&o->op, SCRIPT_FINISH);
}
