#include "queue/states.h"

#include "queue/queue_int.h"

struct states_op {
    struct queue_op op;
    states_fn on_state;
    queue_done_fn cb;
    void *arg;
};

static void on_states(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct states_op *o = (struct states_op *)op;

    for (size_t i = 1; r->status == QUEUE_OK && i + 1 < redis_value_count(v); i += 2) {
        const char *id = redis_value_str(redis_value_at(v, i), NULL);
        int64_t state = queue_value_i64(v, i + 1, -1);

        if (id != NULL && state >= 0 && state < NOTICE_STATE_N)
            o->on_state(o->arg, id, (enum notice_state)state);
    }
    o->cb(o->arg, r);
}

void states_read(struct queue *q, const char *const *ids, size_t n_ids, states_fn on_state, queue_done_fn cb,
                 void *arg)
{
    struct states_op *o = queue_op_new(q, sizeof(*o), on_states);

    o->on_state = on_state;
    o->cb = cb;
    o->arg = arg;
    queue_op_key(&o->op, KEY_NOTICES, NULL);
    for (size_t i = 0; i < n_ids; i++)
        queue_op_str(&o->op, ids[i]);
    queue_op_script(&o->op, SCRIPT_STATES);
}
