/* Intake: from the inbox to a stored notice, or to the stream of rejected entries. Part of queue.h. */
#include <string.h>

#include "model/policy.h"
#include "queue/queue_int.h"
#include "text/utf8.h"

#define WAIT_S        "5" /* one blocking wait for an entry */
#define WAIT_MAX_MS   8000
#define REJECTED_PAGE 100 /* entries of one answer */

struct entry_op {
    struct queue_op op;
    queue_entry_fn cb;
    void *arg;
};

static void on_entry(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct entry_op *o = (struct entry_op *)op;
    size_t n = 0;
    const char *s = redis_value_str(v, &n);

    o->cb(o->arg, r, s, n);
}

void queue_inbox_wait(struct queue *q, struct redis *blocking, bool emergency, queue_entry_fn cb, void *arg)
{
    struct entry_op *o = queue_op_new(q, sizeof(*o), on_entry);

    o->cb = cb;
    o->arg = arg;
    o->op.redis = blocking;
    o->op.timeout_ms = WAIT_MAX_MS;
    queue_op_str(&o->op, "BLMOVE");
    queue_op_key(&o->op, emergency ? KEY_INBOX_E : KEY_INBOX, NULL);
    queue_op_key(&o->op, emergency ? KEY_INPROC_E : KEY_INPROC, q->daemon_id);
    queue_op_str(&o->op, "RIGHT");
    queue_op_str(&o->op, "LEFT");
    queue_op_str(&o->op, WAIT_S);
    queue_op_command(&o->op, REDIS_STRING);
}

struct json_op {
    struct queue_op op;
    queue_entry_fn cb;
    void *arg;
    char id[NOTICE_ID_MAX + 1];
};

/* Whose it is stands beside it: an answer that was meant for another command is not taken for a notice that is broken. */
static void on_json(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct json_op *o = (struct json_op *)op;
    struct err e;
    const struct queue_result unsure = {.status = QUEUE_UNSURE, .e = &e};
    const char *id = redis_value_str(redis_value_at(v, 0), NULL);
    size_t n = 0;
    const char *s = redis_value_str(redis_value_at(v, 1), &n);

    if (r->status == QUEUE_OK &&
        (redis_value_count(v) != 2 || (id != NULL ? strcmp(id, o->id) != 0 : s != NULL))) {
        redis_reconnect(op->redis, "an answer is none to what was asked");
        err_set(&e, "unsure", NULL, "Redis' answer is not about this notice");
        o->cb(o->arg, &unsure, NULL, 0);
        return;
    }
    o->cb(o->arg, r, s, n);
}

void queue_notice_json(struct queue *q, const char *id, queue_entry_fn cb, void *arg)
{
    struct json_op *o = queue_op_new(q, sizeof(*o), on_json);

    o->cb = cb;
    o->arg = arg;
    memcpy(o->id, id, strnlen(id, NOTICE_ID_MAX));
    queue_op_str(&o->op, "HMGET");
    queue_op_key(&o->op, KEY_NOTICE, id);
    queue_op_str(&o->op, "id");
    queue_op_str(&o->op, "json");
    queue_op_command(&o->op, REDIS_ARRAY);
}

/* ---- what was left in process ---- */

struct recover_op {
    struct queue_op op;
    void (*each)(void *arg, const char *entry, size_t n);
    queue_done_fn cb;
    void *arg;
    enum { RECOVER_LARGE, RECOVER_EMERGENCIES, RECOVER_OTHERS, RECOVER_FOREIGN } step;
};

static void recover_step(struct recover_op *o)
{
    struct queue_op *op = &o->op;

    queue_op_reset(op);
    switch (o->step) {
    case RECOVER_LARGE: /* one that no answer can carry would break the connection again and again */
        queue_op_str(op, op->q->daemon_id);
        queue_op_i64(op, NOTICE_JSON_MAX);
        queue_op_str(op, "too-large");
        queue_op_str(op, "an entry may have at most 65536 bytes");
        queue_op_script(op, SCRIPT_REJECT_LARGE);
        return;
    case RECOVER_EMERGENCIES:
    case RECOVER_OTHERS:
        queue_op_str(op, "LRANGE");
        queue_op_key(op, o->step == RECOVER_EMERGENCIES ? KEY_INPROC_E : KEY_INPROC, op->q->daemon_id);
        queue_op_str(op, "0");
        queue_op_str(op, "-1");
        queue_op_command(op, REDIS_ARRAY);
        return;
    case RECOVER_FOREIGN:
        queue_sweep_begin(op);
        return;
    }
}

static void on_recover(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct recover_op *o = (struct recover_op *)op;

    if (r->status != QUEUE_OK || o->step == RECOVER_FOREIGN) {
        o->cb(o->arg, r);
        return;
    }
    /* Taken from the right, put in at the left: the oldest is last. */
    for (size_t i = o->step != RECOVER_LARGE ? redis_value_count(v) : 0; i-- > 0;) {
        size_t n;
        const char *s = redis_value_str(redis_value_at(v, i), &n);

        if (s != NULL)
            o->each(o->arg, s, n);
    }
    o->step++;
    recover_step(o);
}

void queue_inproc_recover(struct queue *q, void (*each)(void *arg, const char *entry, size_t n),
                          queue_done_fn cb, void *arg)
{
    struct recover_op *o = queue_op_new(q, sizeof(*o), on_recover);

    o->each = each;
    o->cb = cb;
    o->arg = arg;
    o->step = RECOVER_LARGE;
    recover_step(o);
}

/* ---- accept and reject ---- */

struct accept_op {
    struct queue_op op;
    queue_accept_fn cb;
    void *arg;
};

static void on_accept(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct accept_op *o = (struct accept_op *)op;
    const char *word = redis_value_str(redis_value_at(v, 1), NULL);
    enum queue_accept_result a = QUEUE_ACCEPTED;
    char id[NOTICE_ID_MAX + 1];

    queue_value_copy(redis_value_at(v, 2), id, sizeof(id));
    if (word != NULL && strcmp(word, "same") == 0)
        a = QUEUE_SAME;
    else if (word != NULL && strcmp(word, "conflict") == 0)
        a = QUEUE_CONFLICT;
    o->cb(o->arg, r, a, id);
}

#define HEAD_CHARACTERS 20

/* How the first text begins, on one line. A number is kept whole or not at all: half of one could not be masked. */
static void add_head(struct queue_op *op, const struct notice *n)
{
    const char *p = n->n_texts > 0 ? n->texts[0].text : "", *end = p + strlen(p);
    struct buf b = BUF_INIT(95);

    for (int i = 0; i < HEAD_CHARACTERS && p < end; i++) {
        const char *from = p;
        int32_t c = utf8_next(&p, end);

        if (c < ' ')
            buf_chr(&b, ' ');
        else
            buf_add(&b, from, (size_t)(p - from));
    }
    if (p < end) {
        while (*p >= '0' && *p <= '9' && b.len > 0 && b.data[b.len - 1] >= '0' && b.data[b.len - 1] <= '9')
            p--, b.len--;
        buf_str(&b, "…");
    }
    queue_op_arg(op, b.data != NULL ? b.data : "", b.len);
    buf_fini(&b);
}

void queue_accept(struct queue *q, const struct queue_accept *a, queue_accept_fn cb, void *arg)
{
    struct accept_op *o = queue_op_new(q, sizeof(*o), on_accept);
    const struct notice *n = a->notice;
    struct queue_op *op = &o->op;
    bool listed = n->kind != NOTICE_ANSWER && n->kind != NOTICE_CANCEL;

    o->cb = cb;
    o->arg = arg;
    queue_op_str(op, n->id);
    queue_op_arg(op, a->entry != NULL ? a->entry : "", a->entry != NULL ? a->entry_len : 0);
    queue_op_str(op, q->daemon_id);
    queue_op_i64(op, (int64_t)n->kind);
    queue_op_i64(op, (int64_t)n->lane);
    queue_op_i64(op, (int64_t)n->on_unknown);
    queue_op_i64(op, (int64_t)policy_max_attempts(n->lane));
    queue_op_i64(op, n->send_at);
    queue_op_i64(op, n->not_after);
    queue_op_arg(op, a->json, a->json_len);
    if (n->asked != NULL)
        queue_op_digest(op, n->asked, strlen(n->asked));
    else
        queue_op_digest(op, a->json, a->json_len);
    queue_op_str(op, a->idem_key);
    queue_op_i64(op, listed);
    add_head(op, n);
    queue_op_str(op, n->plan);
    queue_op_script(op, SCRIPT_ACCEPT);
}

void queue_reject(struct queue *q, const char *entry, size_t n, const char *reason, const char *message,
                  queue_done_fn cb, void *arg)
{
    struct queue_op *op = queue_done_new(q, cb, arg);

    queue_op_arg(op, entry, n);
    queue_op_str(op, q->daemon_id);
    queue_op_str(op, reason);
    queue_op_str(op, message);
    queue_op_script(op, SCRIPT_REJECT);
}

void queue_reject_large(struct queue *q, size_t max, const char *reason, const char *message,
                        queue_done_fn cb, void *arg)
{
    struct queue_op *op = queue_done_new(q, cb, arg);

    queue_op_str(op, q->daemon_id);
    queue_op_i64(op, (int64_t)max);
    queue_op_str(op, reason);
    queue_op_str(op, message);
    queue_op_script(op, SCRIPT_REJECT_LARGE);
}

/* ---- rejected entries ---- */

struct rejected_op {
    struct queue_op op;
    void (*each)(void *arg, const struct queue_rejected *r);
    queue_done_fn cb;
    void *arg;
    size_t left;
    char before[48]; /* stream id of the last one told */
};

/* One page: the answers of Redis stay small however many entries there are, and however long. */
static void rejected_page(struct rejected_op *o)
{
    queue_op_reset(&o->op);
    queue_op_str(&o->op, o->before);
    queue_op_i64(&o->op, (int64_t)(o->left < REJECTED_PAGE ? o->left : REJECTED_PAGE));
    queue_op_i64(&o->op, QUEUE_REJECTED_SHOWN);
    queue_op_script(&o->op, SCRIPT_REJECTED_LIST);
}

static void on_rejected(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct rejected_op *o = (struct rejected_op *)op;
    const struct redis_value *page = redis_value_at(v, 1);
    size_t n = redis_value_count(page);

    for (size_t i = 0; i < n; i++) {
        const struct redis_value *one = redis_value_at(page, i), *f = redis_value_at(one, 1);
        struct queue_rejected x = {
            .key = redis_value_str(redis_value_at(one, 0), NULL),
            .reason = redis_value_str(queue_value_field(f, "reason"), NULL),
            .message = redis_value_str(queue_value_field(f, "message"), NULL),
            .at = redis_value_int(queue_value_field(f, "at"), 0),
        };

        x.entry = redis_value_str(queue_value_field(f, "entry"), &x.entry_len);
        if (x.key != NULL && x.reason != NULL && x.message != NULL && x.entry != NULL)
            o->each(o->arg, &x);
    }
    o->left -= n < o->left ? n : o->left;
    if (n == 0 || o->left == 0 ||
        !queue_value_copy(redis_value_at(redis_value_at(page, n - 1), 0), o->before, sizeof(o->before)))
        o->cb(o->arg, r);
    else
        rejected_page(o);
}

void queue_rejected_list(struct queue *q, size_t limit,
                         void (*each)(void *arg, const struct queue_rejected *r), queue_done_fn cb, void *arg)
{
    struct rejected_op *o = queue_op_new(q, sizeof(*o), on_rejected);

    o->each = each;
    o->cb = cb;
    o->arg = arg;
    o->left = limit != 0 ? limit : SIZE_MAX;
    rejected_page(o);
}

void queue_rejected_retry(struct queue *q, const char *key, queue_done_fn cb, void *arg)
{
    struct queue_op *op = queue_done_new(q, cb, arg);

    queue_op_str(op, key);
    queue_op_script(op, SCRIPT_REJECTED_RETRY);
}

void queue_rejected_dismiss(struct queue *q, const char *key, queue_done_fn cb, void *arg)
{
    struct queue_op *op = queue_done_new(q, cb, arg);

    queue_op_str(op, key);
    queue_op_script(op, SCRIPT_REJECTED_DISMISS);
}
