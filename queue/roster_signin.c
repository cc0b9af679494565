/* Who came: signed in at the desk, or by text. */
#include "queue/queue_int.h"
#include "queue/roster_int.h"

void roster_checkin(struct queue *q, const char *code, const char *phone, queue_done_fn cb, void *arg)
{
    struct queue_op *op = queue_done_new(q, cb, arg);

    queue_op_key(op, KEY_ACTIVITY_REG, code);
    queue_op_key(op, KEY_ACTIVITY_CONF, code);
    queue_op_key(op, KEY_OFFERS, NULL);
    queue_op_str(op, phone);
    queue_op_str(op, code);
    queue_op_script(op, SCRIPT_ROSTER_CHECKIN);
}

struct signin_op {
    struct queue_op op;
    roster_signin_fn cb;
    void *arg;
};

static void on_signin(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct signin_op *o = (struct signin_op *)op;
    int64_t result = queue_value_i64(v, 1, REG_SIGN_NO_SEAT);
    const struct registry_signin s = {.result = result >= 0 && result < REG_SIGN_N ? (enum reg_sign)result
                                                                                   : REG_SIGN_NO_SEAT,
                                      .count = (uint32_t)queue_value_i64(v, 2, 0),
                                      .opens_at = queue_value_i64(v, 3, 0),
                                      .closes_at = queue_value_i64(v, 4, 0)};

    o->cb(o->arg, r, &s);
}

void roster_signin(struct queue *q, const char *code, const char *phone, const char *digits,
                   roster_signin_fn cb, void *arg)
{
    struct signin_op *o = queue_op_new(q, sizeof(*o), on_signin);

    o->cb = cb;
    o->arg = arg;
    queue_op_key(&o->op, KEY_ACTIVITY, code);
    queue_op_key(&o->op, KEY_ACTIVITY_REG, code);
    queue_op_key(&o->op, KEY_ACTIVITY_CONF, code);
    queue_op_key(&o->op, KEY_OFFERS, NULL);
    queue_op_str(&o->op, phone);
    queue_op_str(&o->op, code);
    queue_op_str(&o->op, digits);
    queue_op_i64(&o->op, ACTIVITY_SIGN_BEFORE_MS);
    queue_op_i64(&o->op, ACTIVITY_SIGN_AFTER_MS);
    queue_op_script(&o->op, SCRIPT_ROSTER_SIGNIN);
}
