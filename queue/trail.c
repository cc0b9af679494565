#include "queue/trail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "queue/queue_int.h"

#define TRAIL_MAX "100000"

struct add_op {
    struct queue_op op;
    queue_done_fn cb;
    void *arg;
};

static void on_add(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct add_op *o = (struct add_op *)op;

    (void)v;
    o->cb(o->arg, r);
}

void trail_add(struct queue *q, const struct trail_entry *e, queue_done_fn cb, void *arg)
{
    struct add_op *o = queue_op_new(q, sizeof(*o), on_add);
    const char *const pairs[][2] = {
        {"who",    e->who   },
        {"role",   e->role  },
        {"from",   e->from  },
        {"did",    e->did   },
        {"target", e->target}
    };

    o->cb = cb;
    o->arg = arg;
    queue_op_str(&o->op, "XADD");
    queue_op_key(&o->op, KEY_TRAIL, NULL);
    queue_op_str(&o->op, "MAXLEN");
    queue_op_str(&o->op, "~");
    queue_op_str(&o->op, TRAIL_MAX);
    queue_op_str(&o->op, "*");
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        queue_op_str(&o->op, pairs[i][0]);
        queue_op_str(&o->op, pairs[i][1]);
    }
    queue_op_str(&o->op, "status");
    queue_op_i64(&o->op, e->status);
    queue_op_command(&o->op, REDIS_STRING);
}

/* ---- reading ---- */

struct list_op {
    struct queue_op op;
    trail_each_fn each;
    queue_done_fn cb;
    void *arg;
};

static const char *field(const struct redis_value *v, const char *name)
{
    const char *s = redis_value_str(queue_value_field(v, name), NULL);

    return s != NULL ? s : "";
}

/* The key of a stream entry begins with its time. */
static int64_t time_of(const char *key)
{
    const char *dash = strchr(key, '-');
    int64_t at = 0;

    if (dash != NULL)
        (void)num_i64_n(key, (size_t)(dash - key), 0, INT64_MAX, &at);
    return at;
}

static void on_list(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct list_op *o = (struct list_op *)op;

    for (size_t i = 0; i < redis_value_count(v); i++) {
        const struct redis_value *entry = redis_value_at(v, i), *fields = redis_value_at(entry, 1);
        const char *key = redis_value_str(redis_value_at(entry, 0), NULL);
        struct trail_entry e = {.who = field(fields, "who"),
                                .role = field(fields, "role"),
                                .from = field(fields, "from"),
                                .did = field(fields, "did"),
                                .target = field(fields, "target")};
        if (key == NULL)
            continue;
        e.status = redis_value_int(queue_value_field(fields, "status"), 0);
        e.at = time_of(key);
        o->each(o->arg, key, &e);
    }
    o->cb(o->arg, r);
}

void trail_list(struct queue *q, const char *before, size_t limit, trail_each_fn each, queue_done_fn cb,
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
    queue_op_key(&o->op, KEY_TRAIL, NULL);
    queue_op_str(&o->op, from);
    queue_op_str(&o->op, "-");
    queue_op_str(&o->op, "COUNT");
    queue_op_i64(&o->op, (int64_t)limit);
    queue_op_command(&o->op, REDIS_ARRAY);
}
