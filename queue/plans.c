#include "queue/plans.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "queue/queue_int.h"

/* ---- put ---- */

struct put_op {
    struct queue_op op;
    queue_accept_fn cb;
    void *arg;
};

static void on_put(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct put_op *o = (struct put_op *)op;
    const char *word = redis_value_str(redis_value_at(v, 1), NULL);
    enum queue_accept_result a = QUEUE_ACCEPTED;
    char id[NOTICE_ID_MAX + 1];

    queue_value_copy(redis_value_at(v, 2), id, sizeof(id));
    if (word != NULL && strcmp(word, "same") == 0)
        a = QUEUE_SAME;
    else if (word != NULL && strcmp(word, "conflict") == 0)
        a = QUEUE_CONFLICT;
    o->cb(o->arg, r, a, id);
}

void plans_put(struct queue *q, const struct plans_put *p, queue_accept_fn cb, void *arg)
{
    struct put_op *o = queue_op_new(q, sizeof(*o), on_put);

    o->cb = cb;
    o->arg = arg;
    queue_op_str(&o->op, p->id);
    queue_op_arg(&o->op, p->entry != NULL ? p->entry : "", p->entry != NULL ? p->entry_len : 0);
    queue_op_str(&o->op, q->daemon_id);
    queue_op_str(&o->op, p->json);
    queue_op_digest(&o->op, p->asked, strlen(p->asked));
    queue_op_str(&o->op, p->idem_key);
    queue_op_i64(&o->op, p->first_at - PLANS_AHEAD_MS);
    queue_op_str(&o->op, p->cursor);
    queue_op_script(&o->op, SCRIPT_PLAN_PUT);
}

/* ---- due ---- */

struct due_op {
    struct queue_op op;
    plans_each_fn each;
    plans_due_fn cb;
    void *arg;
};

static void on_due(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct due_op *o = (struct due_op *)op;

    for (size_t i = 3; r->status == QUEUE_OK && i < redis_value_count(v); i++) {
        const struct redis_value *one = redis_value_at(v, i);
        struct plans_row p = {.id = redis_value_str(redis_value_at(one, 0), NULL),
                              .state = "active",
                              .cursor = redis_value_str(redis_value_at(one, 2), NULL)};

        p.json = redis_value_str(redis_value_at(one, 1), &p.json_len);
        if (p.id != NULL && p.json != NULL && p.cursor != NULL)
            o->each(o->arg, &p);
    }
    o->cb(o->arg, r, queue_value_i64(v, 1, 0), queue_value_i64(v, 2, -1));
}

void plans_due(struct queue *q, size_t most, plans_each_fn each, plans_due_fn cb, void *arg)
{
    struct due_op *o = queue_op_new(q, sizeof(*o), on_due);

    o->each = each;
    o->cb = cb;
    o->arg = arg;
    queue_op_i64(&o->op, (int64_t)most);
    queue_op_script(&o->op, SCRIPT_PLANS_DUE);
}

/* ---- step ---- */

void plans_step(struct queue *q, const struct plans_step *s, queue_done_fn cb, void *arg)
{
    struct queue_op *op = queue_done_new(q, cb, arg);

    queue_op_str(op, s->id);
    queue_op_str(op, s->cursor);
    queue_op_str(op, s->new_cursor);
    if (s->next_at != 0)
        queue_op_i64(op, s->next_at - PLANS_AHEAD_MS);
    else
        queue_op_str(op, "");
    queue_op_str(op, s->notice);
    queue_op_i64(op, s->not_after);
    queue_op_str(op, s->entry);
    queue_op_str(op, s->row);
    queue_op_script(op, SCRIPT_PLAN_STEP);
}

/* ---- looking ---- */

static bool row_of(const struct redis_value *v, struct plans_row *p)
{
    p->id = redis_value_str(redis_value_at(v, 0), NULL);
    p->state = redis_value_str(redis_value_at(v, 1), NULL);
    p->json = redis_value_str(redis_value_at(v, 2), &p->json_len);
    p->cursor = redis_value_str(redis_value_at(v, 3), NULL);
    p->created_at = redis_value_int(redis_value_at(v, 4), 0);
    return p->id != NULL && p->state != NULL && p->json != NULL && p->cursor != NULL;
}

struct list_op {
    struct queue_op op;
    plans_each_fn each;
    plans_page_fn cb;
    void *arg;
};

static void on_list(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct list_op *o = (struct list_op *)op;
    struct plans_row p;

    for (size_t i = 2; r->status == QUEUE_OK && i < redis_value_count(v); i++)
        if (row_of(redis_value_at(v, i), &p))
            o->each(o->arg, &p);
    o->cb(o->arg, r, (size_t)queue_value_i64(v, 1, 0));
}

void plans_list(struct queue *q, size_t from, size_t n, plans_each_fn each, plans_page_fn cb, void *arg)
{
    struct list_op *o = queue_op_new(q, sizeof(*o), on_list);

    o->each = each;
    o->cb = cb;
    o->arg = arg;
    queue_op_i64(&o->op, (int64_t)from);
    queue_op_i64(&o->op, (int64_t)n);
    queue_op_script(&o->op, SCRIPT_PLANS_LIST);
}

struct get_op {
    struct queue_op op;
    plans_get_fn cb;
    void *arg;
};

static void on_get(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct get_op *o = (struct get_op *)op;
    const struct redis_value *rows = redis_value_at(v, 2);
    size_t n = r->status == QUEUE_OK ? redis_value_count(rows) : 0, n_log = 0;
    const char **log = xcalloc(n + 1, sizeof(*log));
    struct plans_row p;
    bool there = r->status == QUEUE_OK && row_of(redis_value_at(v, 1), &p);

    for (size_t i = 0; i < n; i++) {
        log[n_log] = redis_value_str(redis_value_at(rows, i), NULL);
        n_log += log[n_log] != NULL;
    }
    o->cb(o->arg, r, there ? &p : NULL, log, n_log);
    free(log);
}

void plans_get(struct queue *q, const char *id, plans_get_fn cb, void *arg)
{
    struct get_op *o = queue_op_new(q, sizeof(*o), on_get);

    o->cb = cb;
    o->arg = arg;
    queue_op_str(&o->op, id);
    queue_op_script(&o->op, SCRIPT_PLAN_GET);
}
