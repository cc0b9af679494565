#include "daemon/hooks.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "queue/replies.h"
#include "text/phone.h"
#include "text/utf8.h"

#define STORE_MAX 100 /* replies per call of the script */
#define FIRST_MAX 200 /* bytes of the sentence about the first bad item */

struct hooks {
    struct loop *loop;
    struct queue *q;
    const struct driver *driver;
    const struct provider_conf *conf;
    void (*on_replies)(void *arg);
    void (*on_receipt)(void *arg, const char *notice, enum recipient_state s);
    void (*on_bad)(void *arg, const char *reason);
    void *arg;
    TAILQ_HEAD(, hooks_call) calls;
};

struct reply {
    char id[128], from[PHONE_MAX];
    char *text;
    size_t text_len;
    int64_t sent_at;
};

/* An item that is no reply: kept for staff. */
struct bad {
    char reason[40], message[400];
    char *entry;
    size_t entry_len;
};

struct receipt {
    struct hooks_call *c;
    char notice[NOTICE_ID_MAX + 1];
    enum recipient_state state;
    LIST_ENTRY(receipt) entry;
};

/* One request; lives until it was answered and nothing of it is under way. */
struct hooks_call {
    struct hooks *h;
    hooks_done_fn cb; /* NULL once answered or cancelled */
    void *arg;
    size_t n_under_way, n_items;
    uint64_t n_new;
    bool failed; /* something is not in Redis */
    int status;  /* decided at once (bad body), 0 = by what Redis says */
    char body[512];
    struct loop_task task;
    struct loop_timer *deadline;
    struct reply *replies; /* while the body is read */
    size_t n_replies;
    struct bad *bad; /* while the body is read; replies only */
    size_t n_kept, n_bad;
    char first[FIRST_MAX];         /* what is wrong with the first bad item */
    LIST_HEAD(, receipt) receipts; /* under way */
    TAILQ_ENTRY(hooks_call) entry;
};

/* ---- answering ---- */

static void call_free(struct hooks_call *c)
{
    struct receipt *t;

    while ((t = LIST_FIRST(&c->receipts)) != NULL) {
        LIST_REMOVE(t, entry);
        free(t);
    }
    loop_task_cancel(c->h->loop, &c->task);
    loop_timer_free(c->deadline);
    TAILQ_REMOVE(&c->h->calls, c, entry);
    free(c);
}

static void answer(struct hooks_call *c, int status, const char *body)
{
    hooks_done_fn cb = c->cb;

    c->cb = NULL;
    loop_timer_disarm(c->deadline);
    if (cb)
        cb(c->arg, status, body);
}

static void on_deadline(void *arg)
{
    struct hooks_call *c = arg;

    log_warn("hook.late", "provider=%s items=%zu", c->h->conf->name, c->n_items);
    answer(c, 503, "{\"code\":5,\"message\":\"not stored yet, send it again\"}");
}

/* Everything of this request is known. */
static void on_task(void *arg)
{
    struct hooks_call *c = arg;

    if (c->failed)
        answer(c, 503, "{\"code\":5,\"message\":\"not stored, send it again\"}");
    else
        answer(c, c->status ? c->status : 200, c->body);
    call_free(c);
}

static void one_done(struct hooks_call *c)
{
    if (--c->n_under_way > 0)
        return;
    if (c->n_new > 0 && c->h->on_replies)
        c->h->on_replies(c->h->arg);
    loop_post(c->h->loop, &c->task);
}

static void refuse(struct hooks_call *c, int status, const struct err *e)
{
    struct buf b = BUF_INIT(sizeof(c->body) - 1);

    (void)buf_str(&b, "{\"code\":2,\"message\":\"");
    (void)buf_json(&b, e->msg, strlen(e->msg));
    if (b.len > sizeof(c->body) - 8)
        b.overflow = true;
    (void)buf_str(&b, "\"}");
    const char *text = b.overflow ? "{\"code\":2}" : buf_cstr(&b);
    memcpy(c->body, text, strlen(text) + 1);
    c->status = status;
    buf_fini(&b);
}

/* ---- bad items: what is wrong with one keeps no other out ---- */

static void note_bad(struct hooks_call *c, const struct provider_bad *p)
{
    c->n_items++;
    if (c->n_bad++ == 0) {
        size_t n = utf8_cut(p->why->msg, strlen(p->why->msg), sizeof(c->first) - 1);
        memcpy(c->first, p->why->msg, n);
        c->first[n] = '\0';
    }
    if (c->h->on_bad)
        c->h->on_bad(c->h->arg, p->why->code);
}

/* Everything was read; some of it was bad: said in the log and in the answer, which is "taken" nevertheless. */
static void tell_bad(struct hooks_call *c, const char *kind)
{
    struct buf b = BUF_INIT(sizeof(c->body) - 1);

    log_warn("hook.bad", "provider=%s kind=%s items=%zu bad=%zu first=\"%s\"", c->h->conf->name, kind,
             c->n_items, c->n_bad, c->first);
    (void)buf_fmt(&b, "{\"code\":0,\"refused\":%zu,\"message\":\"", c->n_bad);
    (void)buf_json(&b, c->first, strlen(c->first));
    (void)buf_str(&b, "\"}");
    if (!b.overflow && !c->status)
        memcpy(c->body, b.data, b.len + 1);
    buf_fini(&b);
}

static void on_bad_receipt(void *arg, const struct provider_bad *p)
{
    note_bad(arg, p);
}

static void on_bad_reply(void *arg, const struct provider_bad *p)
{
    struct hooks_call *c = arg;

    note_bad(c, p);
    if (c->n_items > HOOKS_ITEMS_MAX)
        return;
    c->bad = xrealloc(c->bad, (c->n_kept + 1) * sizeof(*c->bad));
    struct bad *b = &c->bad[c->n_kept++];
    memcpy(b->reason, p->why->code, sizeof(b->reason));
    memcpy(b->message, p->why->msg, sizeof(b->message));
    b->entry = xmemdup(p->item, p->len);
    b->entry_len = p->len;
}

/* ---- replies ---- */

static void on_stored(void *arg, const struct queue_result *r, size_t n_new)
{
    struct hooks_call *c = arg;

    if (r->status != QUEUE_OK) {
        c->failed = true;
        log_warn("hook.failed", "provider=%s kind=reply why=\"%s\"", c->h->conf->name, r->e->msg);
    }
    c->n_new += n_new;
    one_done(c);
}

static void on_kept(void *arg, const struct queue_result *r, size_t n_new)
{
    (void)n_new; /* not for the replier */
    on_stored(arg, r, 0);
}

static void on_reply(void *arg, const struct provider_reply *p)
{
    struct hooks_call *c = arg;

    if (++c->n_items > HOOKS_ITEMS_MAX)
        return;
    c->replies = xrealloc(c->replies, (c->n_replies + 1) * sizeof(*c->replies));
    struct reply *r = &c->replies[c->n_replies++];
    memcpy(r->id, p->id, sizeof(r->id));
    /* A sender that is no mobile number (a service number, say) is kept as it came: it is stored and never answered. */
    if (phone_normalise(p->from, strlen(p->from), r->from, NULL) < 0)
        memcpy(r->from, p->from, sizeof(r->from));
    r->text = xmemdup(p->text_len ? p->text : "", p->text_len + (p->text_len == 0));
    r->text_len = p->text_len;
    r->sent_at = p->sent_at;
}

static void store_replies(struct hooks_call *c)
{
    struct replies_in in[STORE_MAX];

    for (size_t at = 0; at < c->n_replies;) {
        size_t n = 0;
        for (; n < STORE_MAX && at < c->n_replies; n++, at++) {
            const struct reply *r = &c->replies[at];
            in[n] = (struct replies_in){.provider = c->h->conf->name,
                                        .channel = c->h->conf->channel,
                                        .id = r->id,
                                        .from = r->from,
                                        .text = r->text,
                                        .text_len = r->text_len,
                                        .sent_at = r->sent_at};
        }
        c->n_under_way++;
        replies_store(c->h->q, in, n, on_stored, c);
    }
}

static void store_bad(struct hooks_call *c)
{
    struct replies_bad in[STORE_MAX];

    for (size_t at = 0; at < c->n_kept;) {
        size_t n = 0;
        for (; n < STORE_MAX && at < c->n_kept; n++, at++) {
            const struct bad *b = &c->bad[at];
            in[n] = (struct replies_bad){
                .reason = b->reason, .message = b->message, .entry = b->entry, .entry_len = b->entry_len};
        }
        c->n_under_way++;
        replies_reject(c->h->q, c->h->conf->name, in, n, on_kept, c);
    }
}

static void free_replies(struct hooks_call *c)
{
    for (size_t i = 0; i < c->n_kept; i++)
        free(c->bad[i].entry);
    free(c->bad);
    c->bad = NULL;
    c->n_kept = 0;
    for (size_t i = 0; i < c->n_replies; i++)
        free(c->replies[i].text);
    free(c->replies);
    c->replies = NULL;
    c->n_replies = 0;
}

static void read_replies(struct hooks_call *c, const char *body, size_t n)
{
    struct err e = {.msg = ""};
    int found = c->h->driver->replies(c->h->conf, body, n, on_reply, on_bad_reply, c, &e);

    if (found < 0)
        refuse(c, 400, &e);
    if (c->n_items > HOOKS_ITEMS_MAX) {
        (void)err_set(&e, "too-many", NULL, "more than %d replies in one request", HOOKS_ITEMS_MAX);
        refuse(c, 413, &e);
    } else {
        store_replies(c);
        store_bad(c);
    }
    free_replies(c);
}

/* ---- receipts ---- */

static void on_taken(void *arg, const struct queue_result *r)
{
    struct receipt *t = arg;
    struct hooks_call *c = t->c;

    if (r->status == QUEUE_OK) {
        if (c->h->on_receipt)
            c->h->on_receipt(c->h->arg, t->notice, t->state);
    } else if (r->status != QUEUE_REFUSED || strncmp(r->e->code, "no-such-", 8) != 0) {
        c->failed = true; /* about nothing we sent, it would be no use to say it again */
        log_warn("hook.failed", "provider=%s kind=receipt why=\"%s\"", c->h->conf->name, r->e->msg);
    }
    LIST_REMOVE(t, entry);
    free(t);
    one_done(c);
}

/* The number after the last '.' of ${s} (${n} bytes); *${n} becomes what is before it. */
static bool last_number(const char *s, size_t *n, int64_t max, int64_t *out)
{
    const char *dot = memrchr(s, '.', *n);

    if (!dot || num_i64_n(dot + 1, (size_t)(s + *n - dot - 1), 0, max, out) < 0)
        return false;
    *n = (size_t)(dot - s);
    return true;
}

/* "NOTICE.INDEX.ATTEMPT"; the notice's id may hold dots itself. */
static void on_receipt(void *arg, const struct provider_receipt *p)
{
    struct hooks_call *c = arg;
    size_t n = strnlen(p->ref, sizeof(p->ref));
    int64_t attempt = 0, index = 0;

    if (++c->n_items > HOOKS_ITEMS_MAX)
        return;
    if (!last_number(p->ref, &n, UINT32_MAX, &attempt) || !last_number(p->ref, &n, INT64_MAX, &index) ||
        !notice_id_valid(p->ref, n))
        return; /* not ours */
    struct receipt *t = xcalloc(1, sizeof(*t));
    t->c = c;
    memcpy(t->notice, p->ref, n);
    t->state = p->state;
    LIST_INSERT_HEAD(&c->receipts, t, entry);
    c->n_under_way++;
    queue_receipt(c->h->q, t->notice, (uint64_t)index, (uint32_t)attempt, p->state, p->detail, on_taken, t);
}

static void read_receipts(struct hooks_call *c, const char *body, size_t n)
{
    struct err e = {.msg = ""};

    if (c->h->driver->receipts(c->h->conf, body, n, on_receipt, on_bad_receipt, c, &e) < 0)
        refuse(c, 400, &e);
    if (c->n_items > HOOKS_ITEMS_MAX) {
        (void)err_set(&e, "too-many", NULL, "more than %d receipts in one request", HOOKS_ITEMS_MAX);
        refuse(c, 413, &e);
    }
}

/* ---- calls ---- */

struct hooks_call *hooks_handle(struct hooks *h, const char *kind, const char *body, size_t n,
                                hooks_done_fn cb, void *arg)
{
    static const char taken[] = "{\"code\":0}";
    struct hooks_call *c = xcalloc(1, sizeof(*c));
    struct err e;

    c->h = h;
    c->cb = cb;
    c->arg = arg;
    c->task.cb = on_task;
    c->task.arg = c;
    c->deadline = loop_timer_new(h->loop, on_deadline, c);
    loop_timer_arm_ms(c->deadline, HOOKS_DEADLINE_MS);
    TAILQ_INSERT_TAIL(&h->calls, c, entry);
    memcpy(c->body, taken, sizeof(taken));
    c->n_under_way = 1; /* held until everything is begun */
    if (n > HOOKS_BODY_MAX) {
        (void)err_set(&e, "too-large", NULL, "more than %d bytes", HOOKS_BODY_MAX);
        refuse(c, 413, &e);
    } else if (strcmp(kind, "reply") == 0 && h->driver->replies)
        read_replies(c, body, n);
    else if (strcmp(kind, "receipt") == 0 && h->driver->receipts)
        read_receipts(c, body, n);
    else {
        (void)err_set(&e, "no-such-hook", NULL, "driver %s has no such callback", h->driver->name);
        refuse(c, 404, &e);
    }
    if (c->n_bad > 0)
        tell_bad(c, kind);
    one_done(c);
    return c;
}

void hooks_cancel(struct hooks_call *c)
{
    c->cb = NULL;
}

struct hooks *hooks_new(const struct hooks_opts *o)
{
    struct hooks *h = xcalloc(1, sizeof(*h));

    h->loop = o->loop;
    h->q = o->queue;
    h->driver = o->driver;
    h->conf = o->conf;
    h->on_replies = o->on_replies;
    h->on_receipt = o->on_receipt;
    h->on_bad = o->on_bad;
    h->arg = o->arg;
    TAILQ_INIT(&h->calls);
    return h;
}

void hooks_free(struct hooks *h)
{
    struct hooks_call *c, *next;

    if (!h)
        return;
    TAILQ_FOREACH_SAFE(c, &h->calls, entry, next)
    {
        call_free(c);
    }
    free(h);
}
