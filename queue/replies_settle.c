/* Replies on their way out: ended with their answers; the inbox of texts that nobody understood. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "queue/queue_int.h"
#include "queue/replies.h"

#define LINE_BYTES (NOTICE_TEXT_MAX + 1024)
#define PAGE       200

struct done_op {
    struct queue_op op;
    queue_done_fn cb;
    void *arg;
    char *key, *text; /* inbox_answer */
};

static void on_done(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct done_op *o = (struct done_op *)op;

    (void)v;
    o->cb(o->arg, r);
}

static void done_fini(struct queue_op *op)
{
    struct done_op *o = (struct done_op *)op;

    free(o->key);
    free(o->text);
}

static void settle_keys(struct queue_op *op, const char *verb, size_t n)
{
    queue_op_key(op, KEY_REPLIES, NULL);
    queue_op_key(op, KEY_REGISTER_DONE, NULL);
    queue_op_key(op, KEY_REPLIES_LOG, NULL);
    queue_op_key(op, KEY_TEXTS, NULL);
    queue_op_key(op, KEY_TEXTS_DONE, NULL);
    queue_op_str(op, verb);
    queue_op_i64(op, (int64_t)n);
}

/* A line holds no tab and no line break: they become blanks. */
static char *one_line(const char *s)
{
    char *copy = xstrdup(s ? s : "");

    for (char *p = copy; *p; p++)
        if (*p == '\t' || *p == '\n' || *p == '\r')
            *p = ' ';
    return copy;
}

/* The address under which a channel reaches ${to}: a number as it is, anything else with the channel's name before it. */
static char *address(const char *channel, const char *to)
{
    if (to[0] == '+' || strchr(to, ':') || !channel || channel[0] == '\0')
        return xstrdup(to);
    return xasprintf("%s:%s", channel, to);
}

static void add_answer(struct queue_op *op, const struct replies_answer *a)
{
    struct buf line = BUF_INIT(LINE_BYTES);
    char *to = address(a->channel, a->to), *name = one_line(a->resident_name), *text = one_line(a->text);
    const struct recipient r = {.addresses = to, .name = name, .lang = a->lang, .text = text};

    if (recipient_line(&line, &r) < 0)
        panic("an answer does not fit into a line");
    queue_op_i64(op, a->lane);
    queue_op_arg(op, line.data, line.len);
    buf_fini(&line);
    free(to);
    free(name);
    free(text);
}

static void add_offered(struct queue_op *op, const struct replies_decision *d)
{
    struct buf b = BUF_INIT(2048);

    if (d->n_offered > 0)
        (void)buf_str(&b, d->offered_for == INTENT_LEAVE    ? "leave"
                          : d->offered_for == INTENT_ANSWER ? "answer"
                                                            : "join");
    for (size_t i = 0; i < d->n_offered; i++)
        (void)buf_fmt(&b, " %s", d->offered[i]);
    if (b.overflow)
        panic("a list of offers that does not fit");
    queue_op_str(op, buf_cstr(&b));
    buf_fini(&b);
}

void replies_settle(struct queue *q, const struct replies_decision *d, size_t n, queue_done_fn cb, void *arg)
{
    struct done_op *o = queue_op_new(q, sizeof(*o), on_done);
    struct queue_op *op = &o->op;

    o->cb = cb;
    o->arg = arg;
    settle_keys(op, "settle", n);
    for (; n > 0; n--, d++) {
        queue_op_str(op, d->key);
        queue_op_str(op, d->name);
        queue_op_str(op, intent_name(d->intent));
        queue_op_str(op, d->activity);
        queue_op_str(op, d->result);
        queue_op_i64(op, d->to_inbox);
        queue_op_i64(op, d->helped);
        queue_op_i64(op, d->limited);
        add_offered(op, d);
        queue_op_str(op, d->question);
        queue_op_i64(op, d->choice);
        queue_op_str(op, d->who);
        queue_op_i64(op, (int64_t)d->n_answers);
        for (size_t i = 0; i < d->n_answers; i++)
            add_answer(op, &d->answers[i]);
    }
    queue_op_script(op, SCRIPT_REPLY_SETTLE);
}

/* ---- the inbox of texts ---- */

struct inbox_op {
    struct queue_op op;
    void (*each)(void *arg, const struct replies_inbox *i);
    queue_done_fn cb;
    void *arg;
    size_t limit, n;
    char last[40]; /* stream id of the entry shown last; "" = none */
};

static void inbox_page(struct inbox_op *o)
{
    size_t left = o->limit ? o->limit - o->n : PAGE;

    queue_op_reset(&o->op);
    queue_op_key(&o->op, KEY_TEXTS, NULL);
    queue_op_key(&o->op, KEY_TEXTS_DONE, NULL);
    queue_op_str(&o->op, o->last);
    queue_op_i64(&o->op, (int64_t)(left < PAGE ? left : PAGE));
    queue_op_script(&o->op, SCRIPT_TEXTS_LIST);
}

static const char *field(const struct redis_value *e, const char *name, size_t *n)
{
    size_t len = 0;
    const char *s = redis_value_str(queue_value_field(e, name), &len);

    if (n)
        *n = s ? len : 0;
    return s ? s : "";
}

static void each_text(struct inbox_op *o, const struct redis_value *one)
{
    const struct redis_value *e = redis_value_at(one, 1);
    struct replies_inbox i = {.from = field(e, "from", NULL),
                              .name = field(e, "name", NULL),
                              .channel = field(e, "channel", NULL),
                              .at = redis_value_int(queue_value_field(e, "at"), 0),
                              .answered = queue_value_i64(one, 2, 0) > 0};

    i.text = field(e, "text", &i.text_len);
    if (!queue_value_copy(redis_value_at(one, 0), o->last, sizeof(o->last)))
        return;
    i.key = o->last;
    o->n++;
    o->each(o->arg, &i);
}

static void on_inbox(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct inbox_op *o = (struct inbox_op *)op;
    size_t n = redis_value_count(v);

    for (size_t i = 1; r->status == QUEUE_OK && i < n; i++)
        each_text(o, redis_value_at(v, i));
    if (r->status == QUEUE_OK && n == PAGE + 1 && o->n != o->limit)
        inbox_page(o);
    else
        o->cb(o->arg, r);
}

void replies_inbox_list(struct queue *q, size_t limit, void (*each)(void *arg, const struct replies_inbox *i),
                        queue_done_fn cb, void *arg)
{
    struct inbox_op *o = queue_op_new(q, sizeof(*o), on_inbox);

    o->each = each;
    o->cb = cb;
    o->arg = arg;
    o->limit = limit;
    inbox_page(o);
}

/* Redis' id of a stream entry: digits-digits. */
static bool is_stream_id(const char *s)
{
    size_t n = strspn(s, "0123456789");

    return n > 0 && n < 20 && s[n] == '-' && s[n + 1] && strspn(s + n + 1, "0123456789") == strlen(s + n + 1);
}

void replies_inbox_get(struct queue *q, const char *key,
                       void (*each)(void *arg, const struct replies_inbox *i), queue_done_fn cb, void *arg)
{
    struct inbox_op *o = queue_op_new(q, sizeof(*o), on_inbox);

    o->each = each;
    o->cb = cb;
    o->arg = arg;
    o->limit = 1;
    queue_op_key(&o->op, KEY_TEXTS, NULL);
    queue_op_key(&o->op, KEY_TEXTS_DONE, NULL);
    queue_op_str(&o->op, "one");
    queue_op_str(&o->op, is_stream_id(key) ? key : "0-0" /* which no entry has */);
    queue_op_script(&o->op, SCRIPT_TEXTS_LIST);
}

static void refuse(struct done_op *o, const char *code, const char *why)
{
    struct err err;

    (void)err_set(&err, code, NULL, "%s", why);
    o->cb(o->arg, &(struct queue_result){.status = QUEUE_REFUSED, .e = &err});
}

/* The entry is known: queue the answer. */
static void on_entry(struct queue_op *op, const struct queue_result *r, const struct redis_value *v)
{
    struct done_op *o = (struct done_op *)op;
    const struct redis_value *e = redis_value_at(redis_value_at(v, 0), 1);

    if (r->status != QUEUE_OK) {
        o->cb(o->arg, r);
        return;
    }
    if (redis_value_count(e) == 0) {
        refuse(o, "no-such-entry", "there is no such text in the inbox");
        return;
    }
    if (strlen(o->text) > NOTICE_TEXT_MAX) {
        refuse(o, "too-long", "an answer has at most 8000 bytes");
        return;
    }
    const struct replies_answer a = {.to = field(e, "from", NULL),
                                     .resident_name = field(e, "name", NULL),
                                     .text = o->text,
                                     .lane = LANE_NORMAL,
                                     .channel = field(e, "channel", NULL)};
    queue_op_reset(op);
    op->on_answer = on_done;
    settle_keys(op, "answer", 1);
    queue_op_str(op, o->key);
    for (int i = 0; i < 11;
         i++) /* name, intent, activity, result, inbox, help, limited, offered, question, choice, who */
        queue_op_str(op, "");
    queue_op_i64(op, 1);
    add_answer(op, &a);
    queue_op_script(op, SCRIPT_REPLY_SETTLE);
}

void replies_inbox_answer(struct queue *q, const char *key, const char *text, queue_done_fn cb, void *arg)
{
    if (!is_stream_id(key))
        key = "0-0"; /* which no entry has */

    struct done_op *o = queue_op_new(q, sizeof(*o), on_entry);

    o->op.fini = done_fini;
    o->cb = cb;
    o->arg = arg;
    o->key = xstrdup(key);
    o->text = xstrdup(text);
    queue_op_str(&o->op, "XRANGE");
    queue_op_key(&o->op, KEY_TEXTS, NULL);
    queue_op_str(&o->op, key);
    queue_op_str(&o->op, key);
    queue_op_command(&o->op, REDIS_ARRAY);
}
