/* Schedule, staging, and the housekeeping that walks notices on: promote, audit, sweep, takeover. Part of queue.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#include "queue/queue_int.h"

#define LOST_MAX     64 /* claims without an answer that are remembered */
#define PROMOTE_MAX  100
#define HEARTBEAT_MS 30000
#define AUDIENCE_KEPT_MS                                                                                     \
    (7 * 24 * 3600 * 1000LL) /* an all-clear goes to those who were told; then privacy wins */

struct promote_op {
    struct queue_op op;
    queue_promote_fn cb;
    void *arg;
};

static void on_promote(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct promote_op *o = (struct promote_op *)op;

    o->cb(o->arg, r, (size_t)queue_value_i64(v, 1, 0), queue_value_i64(v, 2, -1));
}

void queue_promote(struct queue *q, queue_promote_fn cb, void *arg)
{
    struct promote_op *o = queue_op_new(q, sizeof(*o), on_promote);

    o->cb = cb;
    o->arg = arg;
    queue_op_i64(&o->op, PROMOTE_MAX);
    queue_op_script(&o->op, SCRIPT_PROMOTE);
}

/* ---- staging ---- */

struct stage_next_op {
    struct queue_op op;
    queue_stage_next_fn cb;
    void *arg;
    bool again;
};

static void on_stage_next(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct stage_next_op *o = (struct stage_next_op *)op;
    struct queue_stage_job job = {.lane = LANE_NORMAL};

    if (r->status == QUEUE_UNSURE || (r->status != QUEUE_OK && o->again))
        op->q->lost_stage = true;
    if (!queue_value_copy(redis_value_at(v, 1), job.id, sizeof(job.id)) || job.id[0] == '\0') {
        o->cb(o->arg, r, NULL, queue_value_i64(v, 2, -1));
        return;
    }
    job.json = redis_value_str(redis_value_at(v, 2), &job.json_len);
    queue_value_copy(redis_value_at(v, 3), job.cursor, sizeof(job.cursor));
    job.total = (uint64_t)queue_value_i64(v, 4, 0);
    job.not_after = queue_value_i64(v, 5, 0);
    job.lane = (enum lane)queue_value_i64(v, 6, LANE_NORMAL);
    o->cb(o->arg, r, &job, 0);
}

/* Held by this life of this daemon: takeover looks for tag and nonce. */
static void add_life(struct queue_op *op)
{
    char life[40];
    int n = snprintf(life, sizeof(life), "%s.%s", op->q->tag, op->q->nonce);

    if (n < 0 || (size_t)n >= sizeof(life))
        panic("an owner does not fit");
    queue_op_str(op, life);
}

void queue_stage_next(struct queue *q, unsigned lanes, queue_stage_next_fn cb, void *arg)
{
    struct stage_next_op *o = queue_op_new(q, sizeof(*o), on_stage_next);

    o->cb = cb;
    o->arg = arg;
    o->again = q->lost_stage;
    q->lost_stage = false;
    add_life(&o->op);
    queue_op_i64(&o->op, q->lease_ms);
    queue_op_i64(&o->op, o->again);
    queue_op_lanes(&o->op, lanes);
    queue_op_script(&o->op, SCRIPT_STAGE_NEXT);
}

void queue_stage_again(struct queue *q)
{
    q->lost_stage = true;
}

struct stage_put_op {
    struct queue_op op;
    queue_stage_put_fn cb;
    void *arg;
};

static void on_stage_put(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct stage_put_op *o = (struct stage_put_op *)op;

    o->cb(o->arg, r, (uint64_t)queue_value_i64(v, 1, 0));
}

void queue_stage_put(struct queue *q, const char *id, const char *expected, const char *cursor, bool last,
                     const char *lines, size_t n, queue_stage_put_fn cb, void *arg)
{
    struct stage_put_op *o = queue_op_new(q, sizeof(*o), on_stage_put);

    o->cb = cb;
    o->arg = arg;
    queue_op_str(&o->op, id);
    queue_op_str(&o->op, expected);
    queue_op_str(&o->op, cursor);
    queue_op_i64(&o->op, last);
    queue_op_i64(&o->op, q->lease_ms);
    queue_op_arg(&o->op, lines, n);
    queue_op_script(&o->op, SCRIPT_STAGE_PUT);
}

void queue_stage_refuse(struct queue *q, const char *id, const char *reason, const char *message,
                        queue_done_fn cb, void *arg)
{
    struct queue_op *op = queue_done_new(q, cb, arg);

    queue_op_str(op, id);
    queue_op_str(op, reason);
    queue_op_str(op, message);
    queue_op_script(op, SCRIPT_STAGE_REFUSE);
}

/* ---- audit and sweep ---- */

struct more_op {
    struct queue_op op;
    queue_more_fn cb;
    void *arg;
};

static void on_more(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct more_op *o = (struct more_op *)op;

    o->cb(o->arg, r, queue_value_i64(v, 1, 0) != 0);
}

void queue_audit(struct queue *q, queue_more_fn cb, void *arg)
{
    struct more_op *o = queue_op_new(q, sizeof(*o), on_more);

    o->cb = cb;
    o->arg = arg;
    queue_op_script(&o->op, SCRIPT_AUDIT);
}

void queue_sweep_begin(struct queue_op *op)
{
    struct queue *q = op->q;
    int64_t life_ms = q->lease_ms < HEARTBEAT_MS ? q->lease_ms : HEARTBEAT_MS;

    queue_op_str(op, q->daemon_id);
    queue_op_i64(op, life_ms);
    queue_op_str(op, CRIER_VERSION);
    queue_op_str(op, q->nonce);
    queue_op_i64(op, AUDIENCE_KEPT_MS);
    queue_op_script(op, SCRIPT_SWEEP);
}

void queue_sweep(struct queue *q, queue_more_fn cb, void *arg)
{
    struct more_op *o = queue_op_new(q, sizeof(*o), on_more);

    o->cb = cb;
    o->arg = arg;
    queue_sweep_begin(&o->op);
}

/* ---- takeover ---- */

struct takeover_op {
    struct queue_op op;
    queue_takeover_fn cb; /* NULL: for unanswered claims only */
    void *arg;
    size_t n;
    char (*tokens)[40];
    size_t n_tokens;
};

static void takeover_from(struct takeover_op *o, int64_t from)
{
    queue_op_reset(&o->op);
    queue_op_str(&o->op, o->op.q->tag);
    queue_op_str(&o->op, o->op.q->nonce);
    queue_op_i64(&o->op, from);
    queue_op_i64(&o->op, o->cb != NULL);
    for (size_t i = 0; i < o->n_tokens; i++)
        queue_op_str(&o->op, o->tokens[i]);
    queue_op_script(&o->op, SCRIPT_TAKEOVER);
}

static void on_takeover(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct takeover_op *o = (struct takeover_op *)op;
    int64_t next = queue_value_i64(v, 1, -1);

    o->n += (size_t)queue_value_i64(v, 2, 0);
    if (r->status == QUEUE_OK && next >= 0)
        takeover_from(o, next);
    else if (o->cb != NULL)
        o->cb(o->arg, r, o->n);
    else if (r->status == QUEUE_UNAVAILABLE || r->status == QUEUE_UNSURE)
        for (size_t i = 0; i < o->n_tokens; i++)
            queue_claim_lost(op->q, o->tokens[i]);
}

static void takeover_fini(struct queue_op *op)
{
    free(((struct takeover_op *)op)->tokens);
}

void queue_claim_lost(struct queue *q, const char *owner)
{
    if (q->n_lost_claims >= LOST_MAX)
        return; /* the rest waits until its leases end */
    q->lost_claims = xrealloc(q->lost_claims, (q->n_lost_claims + 1) * sizeof(*q->lost_claims));
    memcpy(q->lost_claims[q->n_lost_claims++], owner, sizeof(*q->lost_claims));
}

void queue_claims_free_lost(struct queue *q)
{
    struct takeover_op *o;

    if (q->n_lost_claims == 0)
        return;
    o = queue_op_new(q, sizeof(*o), on_takeover);
    o->op.fini = takeover_fini;
    o->tokens = q->lost_claims;
    o->n_tokens = q->n_lost_claims;
    q->lost_claims = NULL;
    q->n_lost_claims = 0;
    takeover_from(o, 0);
}

void queue_takeover(struct queue *q, queue_takeover_fn cb, void *arg)
{
    struct takeover_op *o = queue_op_new(q, sizeof(*o), on_takeover);

    o->cb = cb;
    o->arg = arg;
    takeover_from(o, 0);
}
