/* After Redis lost data: which notices it still knows, and that somebody has seen it. Part of queue.h. */
#include "queue/queue_int.h"

struct states_op {
    struct queue_op op;
    queue_standing_fn cb;
    void *arg;
};

static void on_states(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct states_op *o = (struct states_op *)op;
    int states[QUEUE_STANDING_MAX];
    size_t n = redis_value_count(v);

    n = n > 0 ? n - 1 : 0;
    if (n > QUEUE_STANDING_MAX)
        n = QUEUE_STANDING_MAX;
    for (size_t i = 0; i < n; i++)
        states[i] = (int)queue_value_i64(v, i + 1, -1);
    o->cb(o->arg, r, states, n);
}

void queue_standing(struct queue *q, const char *const *ids, size_t n, queue_standing_fn cb, void *arg)
{
    struct states_op *o = queue_op_new(q, sizeof(*o), on_states);

    if (n > QUEUE_STANDING_MAX)
        panic("%zu notices are asked for at once", n);
    o->cb = cb;
    o->arg = arg;
    for (size_t i = 0; i < n; i++)
        queue_op_str(&o->op, ids[i]);
    queue_op_script(&o->op, SCRIPT_STANDING);
}

void queue_acknowledge(struct queue *q, queue_done_fn cb, void *arg)
{
    queue_op_script(queue_done_new(q, cb, arg), SCRIPT_ACKNOWLEDGE);
}
