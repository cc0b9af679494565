#include "queue/roster.h"

#include <string.h>

#include "base/mem.h"
#include "queue/queue_int.h"
#include "queue/roster_int.h"

#define PAGE        100
#define PROMOTE_MAX 100 /* parties that move up in one call of the script */

/* ---- creating and changing ---- */

struct done_op {
    struct queue_op op;
    queue_done_fn cb;
    void *arg;
    char code[ACTIVITY_CODE_MAX + 1];
};

static void on_done(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct done_op *o = (struct done_op *)op;

    (void)v;
    o->cb(o->arg, r);
}

void roster_register_keys(struct queue_op *op, const char *code, const char *phone)
{
    queue_op_key(op, KEY_ACTIVITY, code);
    queue_op_key(op, KEY_ACTIVITY_REG, code);
    queue_op_key(op, KEY_ACTIVITY_CONF, code);
    queue_op_key(op, KEY_ACTIVITY_WAIT, code);
    queue_op_key(op, KEY_ACTIVITY_OUT, code);
    queue_op_key(op, KEY_REGISTERED, phone);
    queue_op_key(op, KEY_REGISTER_DONE, NULL);
    queue_op_key(op, KEY_REPLIES, NULL);
    queue_op_key(op, KEY_OFFERS, NULL);
}

static void promote_more(struct queue_op *op, const char *code)
{
    queue_op_reset(op);
    roster_register_keys(op, code, "");
    queue_op_str(op, "promote");
    for (int i = 0; i < 4; i++) /* op id, phone, name, resident */
        queue_op_str(op, "");
    queue_op_i64(op, 0);
    queue_op_i64(op, PROMOTE_MAX);
    queue_op_str(op, code);
    queue_op_script(op, SCRIPT_REGISTER);
}

/* Those who wait move up, a hundred parties a call, until a call moves nobody. */
static void on_opened(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct done_op *o = (struct done_op *)op;

    if (r->status != QUEUE_OK || (redis_value_count(v) > 1 && redis_value_count(v) <= 9)) {
        o->cb(o->arg, r);
        return;
    }
    promote_more(op, o->code);
}

void roster_put(struct queue *q, const struct activity *a, queue_done_fn cb, void *arg)
{
    struct done_op *o = queue_op_new(q, sizeof(*o), on_done);

    o->cb = cb;
    o->arg = arg;
    queue_op_key(&o->op, KEY_ACTIVITY, a->code);
    queue_op_key(&o->op, KEY_ACTIVITIES, NULL);
    queue_op_key(&o->op, KEY_ACTIVITIES_V, NULL);
    queue_op_str(&o->op, a->code);
    roster_put_fields(&o->op, a);
    queue_op_script(&o->op, SCRIPT_ROSTER_PUT);
}

struct change_op {
    struct queue_op op;
    roster_changed_fn cb;
    void *arg;
    char code[ACTIVITY_CODE_MAX + 1];
    uint32_t n_promoted;
};

static void on_change(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct change_op *o = (struct change_op *)op;
    static const struct err gone = {
        .code = "no-such-activity", .msg = "there is no activity with this code", .field = "code"};
    size_t n = redis_value_count(v);

    if (r->status == QUEUE_OK && queue_value_i64(v, 1, 0) == REG_NO_ACTIVITY) {
        o->cb(o->arg, &(struct queue_result){.status = QUEUE_REFUSED, .e = &gone}, 0);
        return;
    }
    if (r->status == QUEUE_OK && n > 9) {
        o->n_promoted += (uint32_t)(n - 9) / 4;
        if ((n - 9) / 4 >= PROMOTE_MAX) {
            promote_more(op, o->code);
            return;
        }
    }
    o->cb(o->arg, r, o->n_promoted);
}

void roster_change(struct queue *q, const struct activity *a, const char *news, roster_changed_fn cb,
                   void *arg)
{
    struct change_op *o = queue_op_new(q, sizeof(*o), on_change);

    o->cb = cb;
    o->arg = arg;
    memcpy(o->code, a->code, sizeof(o->code));
    roster_register_keys(&o->op, a->code, "");
    queue_op_key(&o->op, KEY_ACTIVITIES, NULL);
    queue_op_key(&o->op, KEY_ACTIVITIES_V, NULL);
    queue_op_key(&o->op, KEY_INBOX, NULL);
    queue_op_str(&o->op, "change");
    for (int i = 0; i < 4; i++) /* op id, phone, name, resident */
        queue_op_str(&o->op, "");
    queue_op_i64(&o->op, 0);
    queue_op_i64(&o->op, PROMOTE_MAX);
    queue_op_str(&o->op, a->code);
    queue_op_i64(&o->op, a->rev);
    queue_op_str(&o->op, news);
    roster_put_fields(&o->op, a);
    if (a->stored == ACTIVITY_CANCELLED)
        roster_put_number(&o->op, "state", ACTIVITY_CANCELLED);
    queue_op_script(&o->op, SCRIPT_REGISTER);
}

void roster_set_state(struct queue *q, const char *code, enum activity_state s, queue_done_fn cb, void *arg)
{
    /* Seats given back while it was cancelled go to those who wait. */
    struct done_op *o = queue_op_new(q, sizeof(*o), s == ACTIVITY_OPEN ? on_opened : on_done);

    if (s == ACTIVITY_PLANNED)
        panic("planned is decided by the window");
    o->cb = cb;
    o->arg = arg;
    if (strlen(code) > ACTIVITY_CODE_MAX)
        code = ""; /* no activity has so long a code */
    memcpy(o->code, code, strlen(code) + 1);
    queue_op_key(&o->op, KEY_ACTIVITY, code);
    queue_op_key(&o->op, KEY_ACTIVITIES_V, NULL);
    queue_op_i64(&o->op, (int64_t)s);
    queue_op_script(&o->op, SCRIPT_ROSTER_STATE);
}

/* ---- reading activities ---- */

struct get_op {
    struct queue_op op;
    roster_activity_fn cb;
    void *arg;
};

static void on_get(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct get_op *o = (struct get_op *)op;
    struct activity a;

    if (r->status == QUEUE_OK)
        roster_read_activity(&a, redis_value_at(v, 1), queue_value_i64(v, 2, 0), queue_value_i64(v, 3, 0));
    o->cb(o->arg, r, r->status == QUEUE_OK ? &a : NULL);
}

void roster_get(struct queue *q, const char *code, roster_activity_fn cb, void *arg)
{
    struct get_op *o = queue_op_new(q, sizeof(*o), on_get);

    o->cb = cb;
    o->arg = arg;
    queue_op_key(&o->op, KEY_ACTIVITY, code);
    queue_op_key(&o->op, KEY_ACTIVITY_CONF, code);
    queue_op_key(&o->op, KEY_ACTIVITY_WAIT, code);
    queue_op_script(&o->op, SCRIPT_ROSTER_GET);
}

struct list_op {
    struct queue_op op;
    void (*each)(void *arg, const struct activity *a);
    queue_done_fn cb;
    void *arg;
    int64_t since_at, offset;
};

static void list_page(struct list_op *o)
{
    queue_op_reset(&o->op);
    queue_op_key(&o->op, KEY_ACTIVITIES, NULL);
    queue_op_i64(&o->op, o->since_at);
    queue_op_i64(&o->op, o->offset);
    queue_op_i64(&o->op, PAGE);
    queue_op_script(&o->op, SCRIPT_ROSTER_LIST);
}

static void on_list(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct list_op *o = (struct list_op *)op;
    size_t n = redis_value_count(v);
    struct activity a;

    for (size_t i = 1; r->status == QUEUE_OK && i < n; i++) {
        const struct redis_value *one = redis_value_at(v, i);
        if (redis_value_count(redis_value_at(one, 1)) == 0)
            continue; /* listed, but never written: a torn creation */
        roster_read_activity(&a, redis_value_at(one, 1), queue_value_i64(one, 2, 0),
                             queue_value_i64(one, 3, 0));
        o->each(o->arg, &a);
    }
    if (r->status == QUEUE_OK && n == PAGE + 1) {
        o->offset += PAGE;
        list_page(o);
        return;
    }
    o->cb(o->arg, r);
}

void roster_list_since(struct queue *q, int64_t since_at, void (*each)(void *arg, const struct activity *a),
                       queue_done_fn cb, void *arg)
{
    struct list_op *o = queue_op_new(q, sizeof(*o), on_list);

    o->each = each;
    o->cb = cb;
    o->arg = arg;
    o->since_at = since_at;
    list_page(o);
}

void roster_list(struct queue *q, void (*each)(void *arg, const struct activity *a), queue_done_fn cb,
                 void *arg)
{
    roster_list_since(q, 0, each, cb, arg);
}
