/* Registrations: the registration script's caller, rosters, what one phone is registered for. */
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "queue/queue_int.h"
#include "queue/roster_int.h"

#define ENTRIES_PAGE 500
#define OF_PHONE_MAX 64
#define PROMOTE_MAX  64 /* parties that can move up when one leaves; the next registration moves the rest */

/* ---- reading registrations ---- */

/* "status TAB people TAB at TAB resident TAB name" */
static bool read_entry(struct roster_entry *e, const char *line, size_t n)
{
    int64_t f[4];
    const char *p = line, *end = line + n;

    memset(e, 0, sizeof(*e));
    for (int i = 0; i < 4; i++) {
        const char *tab = memchr(p, '\t', (size_t)(end - p));
        if (!tab || num_i64_n(p, (size_t)(tab - p), 0, INT64_MAX, &f[i]) < 0)
            return false;
        p = tab + 1;
    }
    if (f[0] > REG_OFFERED || f[1] > UINT32_MAX || (size_t)(end - p) >= sizeof(e->name))
        return false;
    e->status = (enum reg_status)f[0];
    e->count = (uint32_t)f[1];
    e->at = f[2];
    e->resident = (uint64_t)f[3];
    memcpy(e->name, p, (size_t)(end - p));
    return true;
}

/* Of somebody who has a place: the sets are right, a line may be the rest of a torn write. */
static enum reg_status seated(enum reg_status s)
{
    return s == REG_ATTENDED || s == REG_OFFERED ? s : REG_CONFIRMED;
}

struct entries_op {
    struct queue_op op;
    void (*each)(void *arg, const struct roster_entry *e);
    queue_done_fn cb;
    void *arg;
    char code[ACTIVITY_CODE_MAX + 1];
    size_t set; /* which of SETS */
    int64_t offset;
};

static const enum key SETS[] = {KEY_ACTIVITY_CONF, KEY_ACTIVITY_WAIT, KEY_ACTIVITY_OUT};

static void entries_page(struct entries_op *o)
{
    queue_op_reset(&o->op);
    queue_op_key(&o->op, KEY_ACTIVITY, o->code);
    queue_op_key(&o->op, KEY_ACTIVITY_REG, o->code);
    queue_op_key(&o->op, SETS[o->set], o->code);
    queue_op_key(&o->op, KEY_OFFERS, NULL);
    queue_op_i64(&o->op, o->offset);
    queue_op_i64(&o->op, ENTRIES_PAGE);
    queue_op_str(&o->op, o->code);
    queue_op_script(&o->op, SCRIPT_ROSTER_ENTRIES);
}

static void each_entry(const struct entries_op *o, const struct redis_value *list)
{
    struct roster_entry e;

    for (size_t i = 0; i + 3 < redis_value_count(list); i += 4) {
        size_t n = 0;
        const char *line = redis_value_str(redis_value_at(list, i + 1), &n);
        uint32_t rank = (uint32_t)queue_value_i64(list, i + 2, 0);
        if (!line || !read_entry(&e, line, n) ||
            !queue_value_copy(redis_value_at(list, i), e.phone, sizeof(e.phone)))
            continue;
        if (SETS[o->set] == KEY_ACTIVITY_CONF) {
            e.place = rank;
            e.status = seated(e.status);
            e.confirm_by = queue_value_i64(list, i + 3, 0);
        } else if (SETS[o->set] == KEY_ACTIVITY_WAIT) {
            e.position = rank;
            e.status = REG_WAITING;
        }
        o->each(o->arg, &e);
    }
}

static void on_entries(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct entries_op *o = (struct entries_op *)op;

    if (r->status != QUEUE_OK) {
        o->cb(o->arg, r);
        return;
    }
    each_entry(o, redis_value_at(v, 2));
    if (queue_value_i64(v, 1, 0) == ENTRIES_PAGE)
        o->offset += ENTRIES_PAGE;
    else {
        o->set++;
        o->offset = 0;
    }
    if (o->set < ARRAY_LEN(SETS))
        entries_page(o);
    else
        o->cb(o->arg, r);
}

void roster_entries(struct queue *q, const char *code, void (*each)(void *arg, const struct roster_entry *e),
                    queue_done_fn cb, void *arg)
{
    struct entries_op *o = queue_op_new(q, sizeof(*o), on_entries);

    o->each = each;
    o->cb = cb;
    o->arg = arg;
    if (strlen(code) > ACTIVITY_CODE_MAX)
        code = ""; /* no activity has so long a code */
    memcpy(o->code, code, strlen(code) + 1);
    entries_page(o);
}

/* ---- one phone ---- */

struct phone_op {
    struct queue_op op;
    void (*each)(void *arg, const char *code, const struct roster_entry *e);
    queue_done_fn cb;
    void *arg;
    char phone[ROSTER_WHO_MAX];
};

static void on_phone(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct phone_op *o = (struct phone_op *)op;
    struct roster_entry e;
    char code[ACTIVITY_CODE_MAX + 1];

    for (size_t i = 1; r->status == QUEUE_OK && i < redis_value_count(v); i++) {
        const struct redis_value *one = redis_value_at(v, i);
        size_t n = 0;
        const char *line = redis_value_str(redis_value_at(one, 1), &n);
        if (!line || !read_entry(&e, line, n) ||
            !queue_value_copy(redis_value_at(one, 0), code, sizeof(code)))
            continue;
        memcpy(e.phone, o->phone, sizeof(e.phone));
        e.place = (uint32_t)queue_value_i64(one, 2, 0);
        e.position = (uint32_t)queue_value_i64(one, 3, 0);
        e.status = e.place ? seated(e.status) : REG_WAITING;
        o->each(o->arg, code, &e);
    }
    o->cb(o->arg, r);
}

void roster_of_phone(struct queue *q, const char *phone,
                     void (*each)(void *arg, const char *code, const struct roster_entry *e),
                     queue_done_fn cb, void *arg)
{
    struct phone_op *o = queue_op_new(q, sizeof(*o), on_phone);

    o->each = each;
    o->cb = cb;
    o->arg = arg;
    if (strlen(phone) >= sizeof(o->phone))
        phone = "";
    memcpy(o->phone, phone, strlen(phone) + 1);
    queue_op_key(&o->op, KEY_REGISTERED, phone);
    queue_op_str(&o->op, phone);
    queue_op_i64(&o->op, OF_PHONE_MAX);
    queue_op_script(&o->op, SCRIPT_ROSTER_PHONE);
}

/* ---- registering ---- */

struct register_op {
    struct queue_op op;
    roster_register_fn cb;
    void *arg;
};

static void read_outcome(struct registry_outcome *o, const struct redis_value *v)
{
    int64_t result = queue_value_i64(v, 1, REG_NO_ACTIVITY), status = queue_value_i64(v, 2, REG_WITHDRAWN);

    memset(o, 0, sizeof(*o));
    o->result = result >= 0 && result < REG_RESULT_N ? (enum reg_result)result : REG_NO_ACTIVITY;
    o->status = status >= 0 && status <= REG_OFFERED ? (enum reg_status)status : REG_WITHDRAWN;
    o->count = (uint32_t)queue_value_i64(v, 3, 0);
    o->place = (uint32_t)queue_value_i64(v, 4, 0);
    o->position = (uint32_t)queue_value_i64(v, 5, 0);
    o->seats_left = (uint32_t)queue_value_i64(v, 6, 0);
    o->opens_at = queue_value_i64(v, 7, 0);
    o->closes_at = queue_value_i64(v, 8, 0);
}

static size_t read_promoted(struct roster_promoted *list, size_t max, const struct redis_value *v)
{
    size_t n = 0, values = redis_value_count(v);
    int64_t confirm_by = values > 9 && values % 4 == 2 ? queue_value_i64(v, values - 1, 0) : 0;

    for (size_t i = 9; i + 3 < redis_value_count(v) && n < max; i += 4) {
        struct roster_promoted *p = &list[n];
        if (!queue_value_copy(redis_value_at(v, i), p->phone, sizeof(p->phone)))
            continue;
        queue_value_copy(redis_value_at(v, i + 1), p->name, sizeof(p->name));
        p->place = (uint32_t)queue_value_i64(v, i + 2, 0);
        p->count = (uint32_t)queue_value_i64(v, i + 3, 0);
        p->confirm_by = confirm_by;
        n++;
    }
    return n;
}

static void on_register(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct register_op *o = (struct register_op *)op;
    struct roster_promoted promoted[PROMOTE_MAX];
    struct registry_outcome outcome;

    read_outcome(&outcome, v);
    size_t n = r->status == QUEUE_OK ? read_promoted(promoted, PROMOTE_MAX, v) : 0;
    o->cb(o->arg, r, r->status == QUEUE_OK ? &outcome : NULL, promoted, n);
}

void roster_register(struct queue *q, const struct roster_request *req, roster_register_fn cb, void *arg)
{
    struct register_op *o = queue_op_new(q, sizeof(*o), on_register);

    o->cb = cb;
    o->arg = arg;
    roster_register_keys(&o->op, req->code, req->phone);
    queue_op_str(&o->op, req->leave ? "leave" : "join");
    queue_op_str(&o->op, req->op_id);
    queue_op_str(&o->op, req->phone);
    queue_op_str(&o->op, req->name);
    queue_op_i64(&o->op, (int64_t)req->resident);
    queue_op_i64(&o->op, req->count);
    queue_op_i64(&o->op, PROMOTE_MAX);
    queue_op_str(&o->op, req->code);
    queue_op_script(&o->op, SCRIPT_REGISTER);
}
