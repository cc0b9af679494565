/* Replies on their way in: stored, leased, looked at. */
#include "queue/replies.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "queue/queue_int.h"

#define PENDING_MAX    64
#define OFFERED_MAX    16
#define REGISTERED_MAX 64
#define ASKED_SECONDS  (7 * 86400)

/* ---- storing ---- */

struct store_op {
    struct queue_op op;
    replies_store_fn cb;
    void *arg;
};

static void on_store(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct store_op *o = (struct store_op *)op;

    o->cb(o->arg, r, (size_t)queue_value_i64(v, 1, 0));
}

void replies_store(struct queue *q, const struct replies_in *list, size_t n, replies_store_fn cb, void *arg)
{
    struct store_op *o = queue_op_new(q, sizeof(*o), on_store);

    o->cb = cb;
    o->arg = arg;
    queue_op_key(&o->op, KEY_REPLIES, NULL);
    queue_op_i64(&o->op, REPLIES_WAITING_MAX);
    for (size_t i = 0; i < n; i++) {
        queue_op_str(&o->op, list[i].provider);
        queue_op_str(&o->op, list[i].channel);
        queue_op_str(&o->op, list[i].id);
        queue_op_str(&o->op, list[i].from);
        queue_op_arg(&o->op, list[i].text, list[i].text_len);
        queue_op_i64(&o->op, list[i].sent_at);
        queue_op_i64(&o->op, list[i].event);
    }
    queue_op_script(&o->op, SCRIPT_REPLY_STORE);
}

void replies_reject(struct queue *q, const char *provider, const struct replies_bad *list, size_t n,
                    replies_store_fn cb, void *arg)
{
    struct store_op *o = queue_op_new(q, sizeof(*o), on_store);

    o->cb = cb;
    o->arg = arg;
    queue_op_key(&o->op, KEY_REJECTED, NULL);
    queue_op_i64(&o->op, REPLIES_REJECTED_MAX);
    queue_op_str(&o->op, provider);
    for (size_t i = 0; i < n; i++) {
        queue_op_str(&o->op, list[i].reason);
        queue_op_str(&o->op, list[i].message);
        queue_op_arg(&o->op, list[i].entry, list[i].entry_len);
    }
    queue_op_script(&o->op, SCRIPT_REPLY_REJECT);
}

/* ---- the lease ---- */

struct lease_op {
    struct queue_op op;
    void (*cb)(void *arg, const struct queue_result *r, bool mine);
    void *arg;
};

static void on_lease(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct lease_op *o = (struct lease_op *)op;

    o->cb(o->arg, r, queue_value_i64(v, 1, 0) == 1);
}

void replies_lease(struct queue *q, int64_t lease_ms,
                   void (*cb)(void *arg, const struct queue_result *r, bool mine), void *arg)
{
    struct lease_op *o = queue_op_new(q, sizeof(*o), on_lease);

    o->cb = cb;
    o->arg = arg;
    queue_op_key(&o->op, KEY_REPLIES_LEASE, NULL);
    queue_op_str(&o->op, q->daemon_id);
    queue_op_i64(&o->op, lease_ms);
    queue_op_script(&o->op, SCRIPT_REPLY_LEASE);
}

/* ---- pending ---- */

struct pending_op {
    struct queue_op op;
    replies_pending_fn cb;
    void *arg;
};

/* What `list` in the completion points into. */
struct pending_one {
    char offered[OFFERED_MAX][INTENT_OFFER_MAX];
    struct intent_question questions[INTENT_QUESTIONS];
    char registered[REGISTERED_MAX][ACTIVITY_CODE_MAX + 1];
};

static const char *text_of(const struct redis_value *v, size_t *n)
{
    size_t len = 0;
    const char *s = redis_value_str(v, &len);

    if (n)
        *n = s ? len : 0;
    return s ? s : "";
}

static void read_entry(struct replies_pending *p, const struct redis_value *e)
{
    int64_t mute = redis_value_int(queue_value_field(e, "mute"), 0);
    const struct redis_value *code = queue_value_field(e, "promoted");

    p->provider = text_of(queue_value_field(e, "provider"), NULL);
    p->channel = text_of(queue_value_field(e, "channel"), NULL);
    p->id = text_of(queue_value_field(e, "id"), NULL);
    p->from = text_of(queue_value_field(e, "from"), NULL);
    p->text = text_of(queue_value_field(e, "text"), &p->text_len);
    p->at = redis_value_int(queue_value_field(e, "at"), 0);
    p->event = (int)redis_value_int(queue_value_field(e, "event"), 0);
    p->muted = mute > 0;
    p->flood = mute > 1;
    if (code) {
        p->promoted = text_of(code, NULL);
        p->promoted_name = text_of(queue_value_field(e, "name"), NULL);
        p->promoted_place = (uint32_t)redis_value_int(queue_value_field(e, "place"), 0);
        p->promoted_count = (uint32_t)redis_value_int(queue_value_field(e, "count"), 0);
        p->promoted_confirm_by = redis_value_int(queue_value_field(e, "until"), 0);
        p->promoted_lapsed = queue_value_field(e, "lapsed") != NULL;
    }
}

/* Numbers of the context's `out`: hour, limited answers in it; day, limited answers, all answers of it; day of the last help answer. */
static void read_answers(struct replies_pending *p, const char *s, size_t n)
{
    int64_t g[6] = {0}, hour = p->now_at / 3600000, day = p->now_at / 86400000;
    const char *end = s + n;

    for (int i = 0; i < 6 && s < end; i++) {
        const char *stop = memchr(s, ' ', (size_t)(end - s));
        if (!stop)
            stop = end;
        if (num_i64_n(s, (size_t)(stop - s), 0, INT64_MAX, &g[i]) < 0)
            return;
        s = stop + 1;
    }
    p->answers_last_hour = g[0] == hour ? (unsigned)g[1] : 0;
    p->answers_last_day = g[2] == day ? (unsigned)g[3] : 0;
    p->all_last_day = g[2] == day ? (unsigned)g[4] : 0;
    p->helped_today = g[5] == day;
}

/* "join code1 code2": the first word is the intent it was offered for. */
static void read_offered(struct replies_pending *p, struct pending_one *one, const char *s, size_t n)
{
    const char *end = s + n;

    for (bool first = true; s < end; first = false) {
        const char *stop = memchr(s, ' ', (size_t)(end - s));
        if (!stop)
            stop = end;
        size_t len = (size_t)(stop - s);
        if (first)
            p->offered_for = len == 5 && memcmp(s, "leave", 5) == 0    ? INTENT_LEAVE
                             : len == 6 && memcmp(s, "answer", 6) == 0 ? INTENT_ANSWER
                                                                       : INTENT_JOIN;
        else if (len < INTENT_OFFER_MAX && p->n_offered < OFFERED_MAX) {
            memcpy(one->offered[p->n_offered], s, len);
            one->offered[p->n_offered++][len] = '\0';
        }
        s = stop + 1;
    }
    p->offered = one->offered;
}

static void read_registered(struct replies_pending *p, struct pending_one *one,
                            const struct redis_value *codes)
{
    for (size_t i = 0; i < redis_value_count(codes) && p->n_registered < REGISTERED_MAX; i++)
        if (queue_value_copy(redis_value_at(codes, i), one->registered[p->n_registered],
                             sizeof(one->registered[0])))
            p->n_registered++;
    p->registered = one->registered;
}

static void read_questions(struct replies_pending *p, struct pending_one *one, const struct redis_value *list)
{
    for (size_t i = 0; i + 2 < redis_value_count(list) && p->n_questions < INTENT_QUESTIONS; i += 3)
        one->questions[p->n_questions++] =
            (struct intent_question){.id = text_of(redis_value_at(list, i), NULL),
                                     .choices = text_of(redis_value_at(list, i + 1), NULL),
                                     .title = text_of(redis_value_at(list, i + 2), NULL)};
    p->questions = one->questions;
}

static void read_pending(struct replies_pending *p, struct pending_one *one, const struct redis_value *v)
{
    size_t n = 0;
    const char *s;

    p->key = text_of(redis_value_at(v, 0), NULL);
    read_entry(p, redis_value_at(v, 1));
    s = text_of(redis_value_at(v, 3), &n);
    if (n > 0 && resident_parse(s, n, &p->resident) == 0)
        p->resident.id = (uint64_t)queue_value_i64(v, 2, 0);
    s = text_of(redis_value_at(v, 4), &n);
    read_answers(p, s, n);
    s = text_of(redis_value_at(v, 5), &n);
    p->asked = n > 0 ? s : NULL;
    s = text_of(redis_value_at(v, 6), &n);
    read_offered(p, one, s, n);
    p->rollcall_open = queue_value_i64(v, 7, 0) > p->now_at;
    read_registered(p, one, redis_value_at(v, 8));
    read_questions(p, one, redis_value_at(v, 9));
}

static void on_pending(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct pending_op *o = (struct pending_op *)op;
    size_t n = redis_value_count(v) > 3 ? redis_value_count(v) - 3 : 0;
    struct replies_pending *list = n ? xcalloc(n, sizeof(*list)) : NULL;
    struct pending_one *ones = n ? xcalloc(n, sizeof(*ones)) : NULL;

    for (size_t i = 0; i < n; i++) {
        list[i].now_at = queue_value_i64(v, 1, 0);
        list[i].activities_version = (uint64_t)queue_value_i64(v, 2, 0);
        read_pending(&list[i], &ones[i], redis_value_at(v, i + 3));
    }
    o->cb(o->arg, r, list, n);
    free(list);
    free(ones);
}

static struct pending_op *pending_op(struct queue *q, replies_pending_fn cb, void *arg)
{
    struct pending_op *o = queue_op_new(q, sizeof(*o), on_pending);

    o->cb = cb;
    o->arg = arg;
    queue_op_key(&o->op, KEY_REPLIES, NULL);
    queue_op_key(&o->op, KEY_ACTIVITIES_V, NULL);
    return o;
}

void replies_pending(struct queue *q, size_t n, replies_pending_fn cb, void *arg)
{
    struct pending_op *o = pending_op(q, cb, arg);

    queue_op_i64(&o->op, (int64_t)(n < PENDING_MAX ? n : PENDING_MAX));
    queue_op_script(&o->op, SCRIPT_REPLY_PENDING);
}

void replies_sender(struct queue *q, const char *from, replies_pending_fn cb, void *arg)
{
    struct pending_op *o = pending_op(q, cb, arg);

    queue_op_i64(&o->op, 0);
    queue_op_str(&o->op, from);
    queue_op_script(&o->op, SCRIPT_REPLY_PENDING);
}

/* ---- asking ---- */

struct ask_op {
    struct queue_op op;
    queue_done_fn cb;
    void *arg;
};

static void on_ask(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct ask_op *o = (struct ask_op *)op;

    (void)v;
    o->cb(o->arg, r);
}

void replies_ask(struct queue *q, const char *const *phones, size_t n, const struct replies_question *ask,
                 queue_done_fn cb, void *arg)
{
    struct ask_op *o = queue_op_new(q, sizeof(*o), on_ask);

    o->cb = cb;
    o->arg = arg;
    queue_op_str(&o->op, ask->activity);
    queue_op_i64(&o->op, ask->rollcall_until);
    queue_op_i64(&o->op, ASKED_SECONDS);
    queue_op_str(&o->op, ask->notice);
    queue_op_str(&o->op, ask->choices);
    queue_op_i64(&o->op, ask->until);
    for (size_t i = 0; i < n; i++)
        queue_op_str(&o->op, phones[i]);
    queue_op_script(&o->op, SCRIPT_REPLY_ASK);
}
