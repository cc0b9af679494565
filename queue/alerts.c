#include "queue/alerts.h"

#include <stdio.h>

#include "queue/queue_int.h"

/* ---- load ---- */

struct load_op {
    struct queue_op op;
    alerts_load_fn cb;
    void *arg;
};

static void on_load(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct load_op *o = (struct load_op *)op;
    const char *book = "";
    int64_t version = 0;
    size_t n = 0;

    if (r->status == QUEUE_OK) {
        version = queue_value_i64(v, 1, 0);
        book = redis_value_str(redis_value_at(v, 2), &n);
    }
    o->cb(o->arg, r, version, book != NULL ? book : "", n);
}

void alerts_load(struct queue *q, alerts_load_fn cb, void *arg)
{
    struct load_op *o = queue_op_new(q, sizeof(*o), on_load);

    o->cb = cb;
    o->arg = arg;
    queue_op_key(&o->op, KEY_ALERTS_BOOK, NULL);
    queue_op_script(&o->op, SCRIPT_ALERTS_LOAD);
}

/* ---- record ---- */

struct record_op {
    struct queue_op op;
    alerts_record_fn cb;
    void *arg;
};

static void on_record(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct record_op *o = (struct record_op *)op;

    o->cb(o->arg, r, r->status == QUEUE_OK && queue_value_i64(v, 1, 0) == 0);
}

void alerts_record(struct queue *q, const struct alerts_record *a, alerts_record_fn cb, void *arg)
{
    struct record_op *o = queue_op_new(q, sizeof(*o), on_record);

    o->cb = cb;
    o->arg = arg;
    queue_op_key(&o->op, KEY_ALERTS_BOOK, NULL);
    queue_op_key(&o->op, KEY_ALERTS_LOG, NULL);
    queue_op_key(&o->op, KEY_INBOX, NULL);
    queue_op_key(&o->op, KEY_INBOX_E, NULL);
    queue_op_i64(&o->op, a->version);
    queue_op_str(&o->op, a->book);
    queue_op_i64(&o->op, (int64_t)a->n_jobs);
    for (size_t i = 0; i < a->n_jobs; i++) {
        queue_op_str(&o->op, a->jobs[i].emergency ? "e" : "");
        queue_op_str(&o->op, a->jobs[i].json);
    }
    for (size_t i = 0; i < a->n_rows; i++)
        queue_op_str(&o->op, a->rows[i]);
    queue_op_script(&o->op, SCRIPT_ALERTS_RECORD);
}

/* ---- list ---- */

struct list_op {
    struct queue_op op;
    alerts_each_fn each;
    queue_done_fn cb;
    void *arg;
};

static void on_list(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct list_op *o = (struct list_op *)op;

    for (size_t i = 0; r->status == QUEUE_OK && i < redis_value_count(v); i++) {
        const struct redis_value *entry = redis_value_at(v, i);
        const char *key = redis_value_str(redis_value_at(entry, 0), NULL), *row;
        size_t n = 0;

        row = redis_value_str(queue_value_field(redis_value_at(entry, 1), "row"), &n);
        if (key != NULL && row != NULL)
            o->each(o->arg, key, row, n);
    }
    o->cb(o->arg, r);
}

void alerts_list(struct queue *q, const char *before, size_t limit, alerts_each_fn each, queue_done_fn cb,
                 void *arg)
{
    struct list_op *o = queue_op_new(q, sizeof(*o), on_list);
    char from[80] = "+";

    if (before != NULL) {
        int n = snprintf(from, sizeof(from), "(%s", before);
        if (n < 0 || (size_t)n >= sizeof(from))
            panic("the key of an entry does not fit");
    }
    o->each = each;
    o->cb = cb;
    o->arg = arg;
    queue_op_str(&o->op, "XREVRANGE");
    queue_op_key(&o->op, KEY_ALERTS_LOG, NULL);
    queue_op_str(&o->op, from);
    queue_op_str(&o->op, "-");
    queue_op_str(&o->op, "COUNT");
    queue_op_i64(&o->op, (int64_t)limit);
    queue_op_command(&o->op, REDIS_ARRAY);
}
