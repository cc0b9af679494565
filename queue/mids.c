#include "queue/mids.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "queue/queue_int.h"

#define MIDS_WHY_MAX 200
#define PHONE_ROOM   96

bool mids_key(char out[MIDS_ID_MAX], const char *id, const char *to)
{
    int n = snprintf(out, MIDS_ID_MAX, "%s%s%s", id, to[0] != '\0' ? " " : "", to);

    return id[0] != '\0' && n > 0 && n < MIDS_ID_MAX;
}

/* ---- references ---- */

/* The number after the last '.' of ${s} (${n} bytes); *${n} becomes what is before it. */
static bool last_number(const char *s, size_t *n, int64_t max, int64_t *out)
{
    const char *dot = memrchr(s, '.', *n);

    if (dot == NULL || num_i64_n(dot + 1, (size_t)(s + *n - dot - 1), 0, max, out) < 0)
        return false;
    *n = (size_t)(dot - s);
    return true;
}

bool mids_ref_parse(const char *ref, char notice[NOTICE_ID_MAX + 1], uint64_t *index, uint32_t *attempt)
{
    size_t n = strlen(ref);
    int64_t a = 0, i = 0;

    if (!last_number(ref, &n, UINT32_MAX, &a) || !last_number(ref, &n, INT64_MAX, &i) ||
        !notice_id_valid(ref, n))
        return false;
    memcpy(notice, ref, n);
    notice[n] = '\0';
    *index = (uint64_t)i;
    *attempt = (uint32_t)a;
    return true;
}

/* ---- remembering ---- */

struct put_op {
    struct queue_op op;
    void (*held)(void *arg, const char *ref, const struct queue_report *report);
    char provider[40];
    queue_done_fn cb;
    void *arg;
};

static void push_key(struct queue_op *op, const char *provider, const char *key)
{
    char text[MIDS_ID_MAX + 40];
    int n = snprintf(text, sizeof(text), "%s:%s", provider, key);

    if (n < 0 || (size_t)n >= sizeof(text))
        panic("a provider's name of more than 32 bytes");
    queue_op_str(op, text);
}

static const char *text_at(const struct redis_value *v, size_t i)
{
    const char *s = redis_value_str(redis_value_at(v, i), NULL);

    return s != NULL ? s : "";
}

/* What is kept as proof: "PROVIDER: detail". */
static void why_of(char out[MIDS_WHY_MAX], const char *provider, const char *detail)
{
    if (snprintf(out, MIDS_WHY_MAX, "%s: %.127s", provider, detail) < 0)
        out[0] = '\0';
}

static void on_put(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct put_op *o = (struct put_op *)op;
    size_t n = r->status == QUEUE_OK ? redis_value_count(v) : 0;

    for (size_t i = 1; i + 4 < n; i += 5) {
        char why[MIDS_WHY_MAX];
        struct queue_report report = {.state =
                                          (enum recipient_state)queue_value_i64(v, i + 1, RECIPIENT_FAILED),
                                      .detail = text_at(v, i + 2),
                                      .to = text_at(v, i + 3),
                                      .about = text_at(v, i + 4),
                                      .why = why};

        why_of(why, o->provider, report.detail);
        o->held(o->arg, text_at(v, i), &report);
    }
    o->cb(o->arg, r);
}

void mids_put(struct queue *q, const char *provider, const struct mid *list, size_t n,
              void (*held)(void *arg, const char *ref, const struct queue_report *report), queue_done_fn cb,
              void *arg)
{
    struct put_op *o = queue_op_new(q, sizeof(*o), on_put);

    o->held = held;
    memcpy(o->provider, provider, strnlen(provider, sizeof(o->provider) - 1));
    o->cb = cb;
    o->arg = arg;
    queue_op_i64(&o->op, MIDS_KEPT_MS);
    for (size_t i = 0; i < n; i++) {
        push_key(&o->op, provider, list[i].key);
        queue_op_str(&o->op, list[i].ref);
    }
    queue_op_script(&o->op, SCRIPT_MID_PUT);
}

/* ---- receipts ---- */

struct receipt_op {
    struct queue_op op;
    mids_receipt_fn cb;
    void *arg;
    enum recipient_state state;
    char detail[128], to[PHONE_ROOM], about[8], why[MIDS_WHY_MAX];
    char notice[NOTICE_ID_MAX + 1];
    bool found;
};

static void ask_receipt(struct receipt_op *o, uint64_t index, uint32_t attempt)
{
    o->found = true;
    queue_op_reset(&o->op);
    queue_op_str(&o->op, o->notice);
    queue_op_i64(&o->op, (int64_t)index);
    queue_op_i64(&o->op, attempt);
    queue_op_i64(&o->op, o->state);
    queue_op_str(&o->op, o->detail);
    queue_op_str(&o->op, o->to);
    queue_op_str(&o->op, o->about);
    queue_op_str(&o->op, o->why);
    queue_op_script(&o->op, SCRIPT_RECEIPT);
}

static void on_receipt(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    static const struct err held = {.code = "no-such-id", .field = "", .msg = "no message has this id yet"};
    static const struct queue_result refused = {.status = QUEUE_REFUSED, .e = &held};
    struct receipt_op *o = (struct receipt_op *)op;
    const char *ref = r->status == QUEUE_OK && !o->found ? redis_value_str(redis_value_at(v, 1), NULL) : NULL;
    uint64_t index;
    uint32_t attempt;

    if (r->status != QUEUE_OK || o->found) {
        o->cb(o->arg, r, o->notice);
    } else if (ref != NULL && mids_ref_parse(ref, o->notice, &index, &attempt)) {
        ask_receipt(o, index, attempt);
    } else {
        o->notice[0] = '\0';
        o->cb(o->arg, &refused, o->notice);
    }
}

void mids_receipt(struct queue *q, const char *provider, const char *key, const struct queue_report *report,
                  mids_receipt_fn cb, void *arg)
{
    struct receipt_op *o = queue_op_new(q, sizeof(*o), on_receipt);

    o->cb = cb;
    o->arg = arg;
    o->state = report->state;
    memcpy(o->detail, report->detail, strnlen(report->detail, sizeof(o->detail) - 1));
    memcpy(o->to, report->to, strnlen(report->to, sizeof(o->to) - 1));
    memcpy(o->about, report->about, strnlen(report->about, sizeof(o->about) - 1));
    memcpy(o->why, report->why, strnlen(report->why, sizeof(o->why) - 1));
    push_key(&o->op, provider, key);
    queue_op_i64(&o->op, o->state);
    queue_op_str(&o->op, o->detail);
    queue_op_str(&o->op, o->to);
    queue_op_str(&o->op, o->about);
    queue_op_script(&o->op, SCRIPT_MID_FIND);
}
