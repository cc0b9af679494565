#include "queue/access.h"

#include "queue/queue_int.h"

struct access_op {
    struct queue_op op;
    access_fn cb;
    void *arg;
};

static void on_answer(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct access_op *o = (struct access_op *)op;
    struct access_state s = {.serial = 0};

    if (r->status == QUEUE_OK) {
        (void)queue_value_copy(redis_value_at(v, 1), s.token, sizeof(s.token));
        s.serial = (uint64_t)queue_value_i64(v, 2, 0);
        s.left_ms = queue_value_i64(v, 3, 0);
        s.mine = queue_value_i64(v, 4, 0) == 1;
        s.force = queue_value_i64(v, 5, 0) == 1;
        s.wait_ms = queue_value_i64(v, 6, 0);
        (void)queue_value_copy(redis_value_at(v, 7), s.why, sizeof(s.why));
        s.bad_account = queue_value_i64(v, 8, 0) == 1;
    }
    o->cb(o->arg, r, &s);
}

static struct queue_op *begin(struct queue *q, const char *account, const char *verb, access_fn cb, void *arg)
{
    struct access_op *o = queue_op_new(q, sizeof(*o), on_answer);

    o->cb = cb;
    o->arg = arg;
    o->op.shared = true;
    queue_op_key(&o->op, KEY_ACCESS, account);
    queue_op_str(&o->op, verb);
    queue_op_str(&o->op, q->nonce);
    return &o->op;
}

void access_get(struct queue *q, const char *account, uint64_t refused, int64_t margin_ms, int64_t lease_ms,
                access_fn cb, void *arg)
{
    struct queue_op *op = begin(q, account, "get", cb, arg);

    queue_op_i64(op, (int64_t)refused);
    queue_op_i64(op, margin_ms);
    queue_op_i64(op, lease_ms);
    queue_op_script(op, SCRIPT_ACCESS);
}

void access_put(struct queue *q, const char *account, const char *token, int64_t lifetime_ms, access_fn cb,
                void *arg)
{
    struct queue_op *op = begin(q, account, "put", cb, arg);

    queue_op_str(op, token);
    queue_op_i64(op, lifetime_ms);
    queue_op_script(op, SCRIPT_ACCESS);
}

void access_fail(struct queue *q, const char *account, const char *why, bool bad_account, access_fn cb,
                 void *arg)
{
    struct queue_op *op = begin(q, account, "fail", cb, arg);

    queue_op_str(op, why);
    queue_op_str(op, bad_account ? "1" : "0");
    queue_op_script(op, SCRIPT_ACCESS);
}
