/* What becomes due in activities: found by any daemon, done once by a script. */
#include <string.h>

#include "base/mem.h"
#include "queue/queue_int.h"
#include "queue/roster_int.h"

#define PAGE          100
#define LAPSE_PROMOTE 64 /* parties that can move up when one offer lapses */

/* ---- what comes ---- */

struct due_op {
    struct queue_op op;
    void (*each)(void *arg, const struct activity *a);
    void (*lapsed)(void *arg, const char *code, const char *who);
    void (*cb)(void *arg, const struct queue_result *r, int64_t now_at, int64_t lapses_at);
    void *arg;
    int64_t ahead_ms, offset;
};

static void due_page(struct due_op *o)
{
    queue_op_reset(&o->op);
    queue_op_key(&o->op, KEY_ACTIVITIES, NULL);
    queue_op_key(&o->op, KEY_OFFERS, NULL);
    queue_op_i64(&o->op, o->ahead_ms);
    queue_op_i64(&o->op, o->offset);
    queue_op_i64(&o->op, PAGE);
    queue_op_script(&o->op, SCRIPT_ROSTER_DUE);
}

/* "CODE WHO" */
static void each_lapsed(const struct due_op *o, const struct redis_value *list)
{
    char member[ACTIVITY_CODE_MAX + ROSTER_WHO_MAX + 2];

    for (size_t i = 0; i < redis_value_count(list); i++) {
        char *gap =
            queue_value_copy(redis_value_at(list, i), member, sizeof(member)) ? strchr(member, ' ') : NULL;
        if (gap == NULL)
            continue;
        *gap = '\0';
        o->lapsed(o->arg, member, gap + 1);
    }
}

static void on_due(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct due_op *o = (struct due_op *)op;
    size_t n = redis_value_count(v);
    struct activity a;

    if (r->status == QUEUE_OK && o->offset == 0)
        each_lapsed(o, redis_value_at(v, 2));
    for (size_t i = 4; r->status == QUEUE_OK && i < n; i++) {
        const struct redis_value *one = redis_value_at(v, i);
        if (redis_value_count(redis_value_at(one, 1)) == 0)
            continue; /* listed, but never written: a torn creation */
        roster_read_activity(&a, redis_value_at(one, 1), queue_value_i64(one, 2, 0),
                             queue_value_i64(one, 3, 0));
        o->each(o->arg, &a);
    }
    if (r->status == QUEUE_OK && n == PAGE + 4) {
        o->offset += PAGE;
        due_page(o);
        return;
    }
    o->cb(o->arg, r, queue_value_i64(v, 1, 0), queue_value_i64(v, 3, 0));
}

void roster_due(struct queue *q, int64_t ahead_ms, void (*each)(void *arg, const struct activity *a),
                void (*lapsed)(void *arg, const char *code, const char *who),
                void (*cb)(void *arg, const struct queue_result *r, int64_t now_at, int64_t lapses_at),
                void *arg)
{
    struct due_op *o = queue_op_new(q, sizeof(*o), on_due);

    o->each = each;
    o->lapsed = lapsed;
    o->cb = cb;
    o->arg = arg;
    o->ahead_ms = ahead_ms;
    due_page(o);
}

/* ---- offers ---- */

void roster_lapse(struct queue *q, const char *code, const char *who, queue_done_fn cb, void *arg)
{
    struct queue_op *op = queue_done_new(q, cb, arg);

    roster_register_keys(op, code, who);
    queue_op_str(op, "lapse");
    queue_op_str(op, "");
    queue_op_str(op, who);
    queue_op_str(op, "");
    queue_op_i64(op, 0);
    queue_op_i64(op, 0);
    queue_op_i64(op, LAPSE_PROMOTE);
    queue_op_str(op, code);
    queue_op_script(op, SCRIPT_REGISTER);
}

/* ---- reminders ---- */

struct remind_op {
    struct queue_op op;
    void (*cb)(void *arg, const struct queue_result *r, bool sent);
    void *arg;
};

static void on_remind(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct remind_op *o = (struct remind_op *)op;

    o->cb(o->arg, r, r->status == QUEUE_OK && queue_value_i64(v, 1, 0) == 1);
}

void roster_remind(struct queue *q, const struct activity *a, uint32_t minutes, const char *id,
                   const char *entry, void (*cb)(void *arg, const struct queue_result *r, bool sent),
                   void *arg)
{
    struct remind_op *o = queue_op_new(q, sizeof(*o), on_remind);

    o->cb = cb;
    o->arg = arg;
    queue_op_key(&o->op, KEY_ACTIVITY, a->code);
    queue_op_key(&o->op, KEY_ACTIVITY_REG, a->code);
    queue_op_key(&o->op, KEY_ACTIVITY_CONF, a->code);
    queue_op_key(&o->op, KEY_INBOX, NULL);
    queue_op_i64(&o->op, a->rev);
    queue_op_i64(&o->op, minutes);
    queue_op_str(&o->op, id);
    queue_op_str(&o->op, entry);
    queue_op_script(&o->op, SCRIPT_ROSTER_REMIND);
}
