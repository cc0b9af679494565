/* Looking at notices. Part of queue.h.
 *
 * Counts come from the ledger. A short one travels with the notice; a long one is read page by page, so that neither Redis nor this
 * process stops for a million recipients. Ids are looked up in batches:
 *
 *   ids (NOTICE_LIST, or the one asked for) -> batch (NOTICE_GET) -> for each: [pages of its ledger] -> told -> next batch -> next ids */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "queue/queue_int.h"

#define BATCH      16
#define LEDGER_ROW 65536 /* recipients per page */

enum look_step { LOOK_IDS, LOOK_BATCH, LOOK_LEDGER };
enum { KINDS = NOTICE_ANSWER + 1 };

struct look_op {
    struct queue_op op;
    void (*each)(void *arg, const struct queue_notice *n);
    queue_done_fn cb;
    queue_notice_fn one; /* queue_notice_get: instead of each and cb */
    void *arg;
    enum look_step step;
    int state;
    unsigned kinds;
    int64_t back_ms;      /* > 0: what expired in this time, instead of what is in a state */
    uint64_t limit, told; /* limit 0 = all */
    int64_t next;         /* rank of the next ids, -1 = these are the last */
    char (*ids)[NOTICE_ID_MAX + 1];
    size_t n_ids, at; /* ids below `at` are looked up */
    struct queue_notice batch[BATCH];
    bool short_ledger[BATCH];
    size_t n_batch, shown;
    uint64_t counted; /* recipients of batch[shown] */
};

static void look_fini(struct queue_op *op)
{
    free(((struct look_op *)op)->ids);
}

static void count(struct queue_notice *n, const struct redis_value *st)
{
    size_t len = 0;
    const char *s = redis_value_str(st, &len);

    for (size_t i = 0; i + 1 < len; i += 2) {
        unsigned state = (unsigned char)s[i] & 15u;

        if (state < RECIPIENT_STATE_N)
            n->counts[state]++;
    }
}

static bool parse_notice(const struct redis_value *v, struct queue_notice *n)
{
    memset(n, 0, sizeof(*n));
    if (!queue_value_copy(redis_value_at(v, 0), n->id, sizeof(n->id)))
        return false;
    n->kind = (enum notice_kind)queue_value_i64(v, 1, 0);
    n->lane = (enum lane)queue_value_i64(v, 2, 0);
    n->state = (enum notice_state)queue_value_i64(v, 3, 0);
    n->total = (uint64_t)queue_value_i64(v, 4, 0);
    n->staged = queue_value_i64(v, 5, 0) != 0;
    n->created_at = queue_value_i64(v, 6, 0);
    n->due_at = queue_value_i64(v, 7, 0);
    n->started_at = queue_value_i64(v, 8, 0);
    n->finished_at = queue_value_i64(v, 9, 0);
    n->not_after = queue_value_i64(v, 10, 0);
    queue_value_copy(redis_value_at(v, 11), n->reason, sizeof(n->reason));
    queue_value_copy(redis_value_at(v, 12), n->head, sizeof(n->head));
    return true;
}

/* As the script wants them. */
static const char *kind_digits(unsigned kinds, char out[KINDS + 1])
{
    size_t n = 0;

    for (unsigned k = 0; k < KINDS; k++)
        if ((kinds >> k & 1u) != 0)
            out[n++] = (char)('0' + k);
    out[n] = '\0';
    return out;
}

static void ask_ids(struct look_op *o)
{
    char digits[KINDS + 1];

    o->step = LOOK_IDS;
    queue_op_reset(&o->op);
    if (o->back_ms > 0) {
        queue_op_i64(&o->op, o->back_ms);
        queue_op_i64(&o->op, (int64_t)o->limit);
        queue_op_script(&o->op, SCRIPT_EXPIRED_LIST);
        return;
    }
    queue_op_i64(&o->op, o->next);
    queue_op_i64(&o->op, o->limit != 0 && o->limit - o->told < 200 ? (int64_t)(o->limit - o->told) : 200);
    queue_op_i64(&o->op, o->state);
    queue_op_str(&o->op, kind_digits(o->kinds, digits));
    queue_op_script(&o->op, SCRIPT_NOTICE_LIST);
}

static void ask_batch(struct look_op *o)
{
    size_t n = o->n_ids - o->at < BATCH ? o->n_ids - o->at : BATCH;

    o->step = LOOK_BATCH;
    queue_op_reset(&o->op);
    for (size_t i = 0; i < n; i++)
        queue_op_str(&o->op, o->ids[o->at + i]);
    o->at += n;
    queue_op_script(&o->op, SCRIPT_NOTICE_GET);
}

static void ask_ledger(struct look_op *o)
{
    o->step = LOOK_LEDGER;
    queue_op_reset(&o->op);
    queue_op_str(&o->op, "GETRANGE");
    queue_op_key(&o->op, KEY_NOTICE_ST, o->batch[o->shown].id);
    queue_op_i64(&o->op, (int64_t)(2 * o->counted));
    queue_op_i64(&o->op, (int64_t)(2 * (o->counted + LEDGER_ROW)) - 1);
    queue_op_command(&o->op, REDIS_STRING);
}

static void finish(struct look_op *o, const struct queue_result *r)
{
    struct err e;
    struct queue_result none = {.status = QUEUE_REFUSED, .e = &e};

    if (o->one == NULL) {
        o->cb(o->arg, r);
    } else if (r->status != QUEUE_OK) {
        o->one(o->arg, r, NULL);
    } else if (o->told == 0) {
        err_set(&e, "no-such-notice", NULL, "there is no such notice");
        o->one(o->arg, &none, NULL);
    } else {
        o->one(o->arg, r, &o->batch[0]);
    }
}

/* Tell what is complete, ask for what is missing. */
static void advance(struct look_op *o, const struct queue_result *r)
{
    while (o->shown < o->n_batch) {
        if (!o->short_ledger[o->shown] && o->counted < o->batch[o->shown].total) {
            ask_ledger(o);
            return;
        }
        if (o->one == NULL)
            o->each(o->arg, &o->batch[o->shown]);
        o->told++;
        o->shown++;
        o->counted = 0;
    }
    if (o->at < o->n_ids)
        ask_batch(o);
    else if (o->next >= 0 && (o->limit == 0 || o->told < o->limit))
        ask_ids(o);
    else
        finish(o, r);
}

static void take_ids(struct look_op *o, const struct redis_value *v)
{
    size_t n = redis_value_count(v) > 2 ? redis_value_count(v) - 2 : 0;

    o->next = queue_value_i64(v, 1, -1);
    o->ids = xrealloc(o->ids, (n != 0 ? n : 1) * sizeof(*o->ids));
    o->n_ids = o->at = 0;
    for (size_t i = 0; i < n; i++)
        if (queue_value_copy(redis_value_at(v, 2 + i), o->ids[o->n_ids], sizeof(*o->ids)))
            o->n_ids++;
}

static void take_batch(struct look_op *o, const struct redis_value *v)
{
    o->n_batch = o->shown = 0;
    o->counted = 0;
    for (size_t i = 1; i < redis_value_count(v) && o->n_batch < BATCH; i++) {
        const struct redis_value *one = redis_value_at(v, i), *st = redis_value_at(one, 13);

        if (!parse_notice(one, &o->batch[o->n_batch]))
            continue;
        o->short_ledger[o->n_batch] = redis_value_type(st) == REDIS_STRING;
        if (o->short_ledger[o->n_batch])
            count(&o->batch[o->n_batch], st);
        o->n_batch++;
    }
}

static void on_look(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct look_op *o = (struct look_op *)op;

    if (r->status != QUEUE_OK) {
        finish(o, r);
        return;
    }
    switch (o->step) {
    case LOOK_IDS:
        take_ids(o, v);
        break;
    case LOOK_BATCH:
        take_batch(o, v);
        break;
    case LOOK_LEDGER:
        count(&o->batch[o->shown], v);
        o->counted += LEDGER_ROW;
        break;
    }
    advance(o, r);
}

void queue_notice_get(struct queue *q, const char *id, queue_notice_fn cb, void *arg)
{
    struct look_op *o = queue_op_new(q, sizeof(*o), on_look);

    o->op.fini = look_fini;
    o->one = cb;
    o->arg = arg;
    o->next = -1;
    o->ids = xcalloc(1, sizeof(*o->ids));
    /* An id that does not fit is no notice's. */
    if (snprintf(o->ids[0], sizeof(*o->ids), "%s", id) >= (int)sizeof(*o->ids))
        o->ids[0][0] = '\0';
    o->n_ids = 1;
    ask_batch(o);
}

void queue_notice_list(struct queue *q, int state, unsigned kinds, size_t limit,
                       void (*each)(void *arg, const struct queue_notice *n), queue_done_fn cb, void *arg)
{
    struct look_op *o = queue_op_new(q, sizeof(*o), on_look);

    o->op.fini = look_fini;
    o->each = each;
    o->cb = cb;
    o->arg = arg;
    o->state = state;
    o->kinds = kinds;
    o->limit = limit;
    ask_ids(o);
}

void queue_notice_expired(struct queue *q, int64_t back_ms, size_t limit,
                          void (*each)(void *arg, const struct queue_notice *n), queue_done_fn cb, void *arg)
{
    struct look_op *o = queue_op_new(q, sizeof(*o), on_look);

    o->op.fini = look_fini;
    o->each = each;
    o->cb = cb;
    o->arg = arg;
    o->back_ms = back_ms > 0 ? back_ms : 1;
    o->limit = limit;
    ask_ids(o);
}

/* ---- recipients ---- */

struct recipients_op {
    struct queue_op op;
    void (*each)(void *arg, const struct queue_recipient *r);
    queue_done_fn cb;
    void *arg;
    uint64_t from;
};

/* The ${i}-th line of a slice's snapshot, cut at the size shown. */
static void line_of(const struct redis_value *blob, uint64_t i, char *out, size_t n)
{
    size_t len = 0;
    const char *s = redis_value_str(blob, &len), *end = s != NULL ? s + len : NULL, *eol;

    out[0] = '\0';
    for (; s != NULL && i > 0; i--) {
        s = memchr(s, '\n', (size_t)(end - s));
        if (s != NULL)
            s++;
    }
    eol = s != NULL && s < end ? memchr(s, '\n', (size_t)(end - s)) : NULL;
    if (eol == NULL)
        return;
    len = (size_t)(eol - s) < n ? (size_t)(eol - s) : n - 1;
    memcpy(out, s, len);
    out[len] = '\0';
}

static void on_recipients(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct recipients_op *o = (struct recipients_op *)op;
    const struct redis_value *blobs = redis_value_at(v, 3), *details = redis_value_at(v, 4);
    size_t len = 0;
    const char *st = redis_value_str(redis_value_at(v, 2), &len);

    for (size_t i = 0; 2 * i + 1 < len; i++) {
        struct queue_recipient x = {.index = o->from + i};
        unsigned char b = (unsigned char)st[2 * i];

        x.state = (enum recipient_state)(b & 15);
        x.route = b >> 4;
        x.attempts = (unsigned char)st[2 * i + 1];
        line_of(redis_value_at(blobs, x.index / NOTICE_SLICE - o->from / NOTICE_SLICE),
                x.index % NOTICE_SLICE, x.line, sizeof(x.line));
        queue_value_copy(redis_value_at(details, i), x.detail, sizeof(x.detail));
        o->each(o->arg, &x);
    }
    o->cb(o->arg, r);
}

void queue_recipients(struct queue *q, const char *id, uint64_t from, uint32_t n,
                      void (*each)(void *arg, const struct queue_recipient *r), queue_done_fn cb, void *arg)
{
    struct recipients_op *o = queue_op_new(q, sizeof(*o), on_recipients);

    if (n > 1000)
        panic("%u recipients in one call", n);
    o->each = each;
    o->cb = cb;
    o->arg = arg;
    o->from = from;
    queue_op_str(&o->op, id);
    queue_op_i64(&o->op, (int64_t)from);
    queue_op_i64(&o->op, n);
    queue_op_script(&o->op, SCRIPT_RECIPIENTS);
}
