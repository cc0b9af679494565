/* Steering and single facts: cancel, pause, resume, redrive, receipts, rate permits, numbers. Part of queue.h. */
#include <stdio.h>

#include "queue/queue_int.h"

struct done_op {
    struct queue_op op;
    queue_done_fn cb;
    void *arg;
};

static void on_done(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct done_op *o = (struct done_op *)op;

    (void)v;
    o->cb(o->arg, r);
}

struct queue_op *queue_done_new(struct queue *q, queue_done_fn cb, void *arg)
{
    struct done_op *o = queue_op_new(q, sizeof(*o), on_done);

    o->cb = cb;
    o->arg = arg;
    return &o->op;
}

void queue_cancel(struct queue *q, const char *id, const char *reason, queue_done_fn cb, void *arg)
{
    struct queue_op *op = queue_done_new(q, cb, arg);

    queue_op_str(op, id);
    queue_op_str(op, reason);
    queue_op_script(op, SCRIPT_CANCEL);
}

void queue_pause(struct queue *q, const char *id, queue_done_fn cb, void *arg)
{
    struct queue_op *op = queue_done_new(q, cb, arg);

    queue_op_str(op, id);
    queue_op_script(op, SCRIPT_PAUSE);
}

void queue_resume(struct queue *q, const char *id, queue_done_fn cb, void *arg)
{
    struct queue_op *op = queue_done_new(q, cb, arg);

    queue_op_str(op, id);
    queue_op_script(op, SCRIPT_RESUME);
}

/* ---- redrive: page by page ---- */

struct redrive_op {
    struct queue_op op;
    queue_redrive_fn cb;
    void *arg;
    uint64_t n;
    char states[4]; /* digits, for the script */
    char id[NOTICE_ID_MAX + 1];
};

static void redrive_from(struct redrive_op *o, int64_t from)
{
    queue_op_reset(&o->op);
    queue_op_str(&o->op, o->id);
    queue_op_i64(&o->op, from);
    queue_op_str(&o->op, o->states);
    queue_op_script(&o->op, SCRIPT_REDRIVE);
}

static void on_redrive(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct redrive_op *o = (struct redrive_op *)op;
    int64_t next = queue_value_i64(v, 1, -1);

    o->n += (uint64_t)queue_value_i64(v, 2, 0);
    if (r->status == QUEUE_OK && next >= 0)
        redrive_from(o, next);
    else
        o->cb(o->arg, r, o->n);
}

void queue_redrive(struct queue *q, const char *id, unsigned states, queue_redrive_fn cb, void *arg)
{
    struct redrive_op *o = queue_op_new(q, sizeof(*o), on_redrive);
    size_t n = 0;

    o->cb = cb;
    o->arg = arg;
    /* An id that does not fit is no notice's. */
    if (snprintf(o->id, sizeof(o->id), "%s", id) >= (int)sizeof(o->id))
        o->id[0] = '\0';
    for (int state = RECIPIENT_FAILED; state <= RECIPIENT_UNKNOWN; state++)
        if (states & 1u << state)
            o->states[n++] = (char)('0' + state);
    redrive_from(o, 0);
}

void queue_receipt(struct queue *q, const char *id, uint64_t index, uint32_t attempt,
                   const struct queue_report *report, queue_done_fn cb, void *arg)
{
    struct queue_op *op = queue_done_new(q, cb, arg);

    queue_op_str(op, id);
    queue_op_i64(op, (int64_t)index);
    queue_op_i64(op, (int64_t)attempt);
    queue_op_i64(op, (int64_t)report->state);
    queue_op_str(op, report->detail);
    queue_op_str(op, report->to);
    queue_op_str(op, report->about);
    queue_op_str(op, report->why);
    queue_op_script(op, SCRIPT_RECEIPT);
}

/* ---- rate ---- */

struct rate_op {
    struct queue_op op;
    queue_rate_fn cb;
    void *arg;
};

static void on_rate(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct rate_op *o = (struct rate_op *)op;

    o->cb(o->arg, r, queue_value_i64(v, 1, 0), queue_value_i64(v, 2, 0), queue_value_i64(v, 3, 0) == 1);
}

void queue_rate(struct queue *q, const char *provider, double per_second, uint32_t n, int64_t kept_us,
                queue_rate_fn cb, void *arg)
{
    struct rate_op *o = queue_op_new(q, sizeof(*o), on_rate);
    char rate[64];
    int len = snprintf(rate, sizeof(rate), "%.6f", per_second);

    if (len < 0 || (size_t)len >= sizeof(rate) || per_second <= 0)
        panic("no rate: %f", per_second);
    o->cb = cb;
    o->arg = arg;
    o->op.shared = true;
    queue_op_str(&o->op, provider);
    queue_op_str(&o->op, rate);
    queue_op_i64(&o->op, n);
    queue_op_str(&o->op, q->daemon_id);
    queue_op_i64(&o->op, kept_us);
    queue_op_script(&o->op, SCRIPT_RATE);
}

/* ---- numbers ---- */

struct stats_op {
    struct queue_op op;
    queue_stats_fn cb;
    void *arg;
};

static void on_stats(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct stats_op *o = (struct stats_op *)op;
    struct queue_stats s = {
        .inbox = (uint64_t)queue_value_i64(v, 1, 0),
        .inbox_e = (uint64_t)queue_value_i64(v, 2, 0),
        .scheduled = (uint64_t)queue_value_i64(v, 3, 0),
        .staging = (uint64_t)queue_value_i64(v, 4, 0),
        .rejected = (uint64_t)queue_value_i64(v, 5, 0),
        .unanswered = (uint64_t)queue_value_i64(v, 6 + 2 * LANE_N, 0),
        .dead_numbers = (uint64_t)queue_value_i64(v, 7 + 2 * LANE_N, 0),
    };

    for (size_t lane = 0; lane < LANE_N; lane++) {
        s.lane_notices[lane] = (uint64_t)queue_value_i64(v, 6 + 2 * lane, 0);
        s.lane_oldest_ms[lane] = queue_value_i64(v, 7 + 2 * lane, 0);
    }
    o->cb(o->arg, r, &s);
}

void queue_stats(struct queue *q, queue_stats_fn cb, void *arg)
{
    struct stats_op *o = queue_op_new(q, sizeof(*o), on_stats);

    o->cb = cb;
    o->arg = arg;
    queue_op_script(&o->op, SCRIPT_STATS);
}
