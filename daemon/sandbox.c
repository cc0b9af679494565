#include "daemon/sandbox.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/secret.h"
#include "provider/drivers.h"

#define SANDBOX_PHONES   10000
#define SANDBOX_MESSAGES 20
#define SANDBOX_OWED     100000 /* receipts; a phone that owes more has simply lost reception */
#define SANDBOX_PER_CALL 100    /* receipts told in one callback */
#define SANDBOX_ADDRESS  96

struct message {
    char *text, *provider, *ref; /* ref NULL = written by the phone's owner */
    enum lane lane;
    int64_t at;
};

struct phone {
    char address[SANDBOX_ADDRESS];
    struct message messages[SANDBOX_MESSAGES]; /* ring */
    size_t first, n;
    uint64_t n_ever;
    UT_hash_handle hh;
    TAILQ_ENTRY(phone) entry; /* newest message first */
};
TAILQ_HEAD(phone_list, phone);

struct sandbox_op {
    struct sandbox *owner;
    struct sandbox_url url;
    char *provider;               /* its own: what the link has goes with a reload */
    const struct provider_msg *m; /* borrowed until completion */
    size_t n;
    struct loop_timer *timer;
    void (*cb)(void *arg, const struct provider_verdict *v, size_t n);
    void *arg;
    TAILQ_ENTRY(sandbox_op) entry;
};
TAILQ_HEAD(op_list, sandbox_op);

struct owed { /* a receipt, or a text that a phone wrote */
    char *provider, *ref, *from, *text;
    int64_t due_ms; /* monotonic */
    int64_t at;
    TAILQ_ENTRY(owed) entry;
};
TAILQ_HEAD(owed_list, owed);

struct sandbox {
    struct loop *loop;
    struct phone *by_address;
    struct phone_list phones;
    struct op_list ops;
    struct owed_list receipts; /* by due_ms */
    struct owed_list texts;
    size_t n_receipts;
    struct loop_timer *receipt_timer;
    struct loop_task text_task;
    uint64_t n_ids;
    char run[17]; /* ids of one life of the daemon never repeat those of another */
    void (*on_receipt)(void *arg, const char *provider, const char *body, size_t n);
    void *receipt_arg;
    void (*on_reply)(void *arg, const char *provider, const char *body, size_t n);
    void *reply_arg;
};

static void tell_receipts(void *arg);
static void tell_texts(void *arg);

struct sandbox *sandbox_new(struct loop *l)
{
    struct sandbox *s = xcalloc(1, sizeof(*s));

    s->loop = l;
    TAILQ_INIT(&s->phones);
    TAILQ_INIT(&s->ops);
    TAILQ_INIT(&s->receipts);
    TAILQ_INIT(&s->texts);
    s->receipt_timer = loop_timer_new(l, tell_receipts, s);
    s->text_task = (struct loop_task){.cb = tell_texts, .arg = s};
    secret_random_hex(s->run, (sizeof(s->run) - 1) / 2);
    return s;
}

/* ---- phones ---- */

static void message_fini(struct message *m)
{
    free(m->text);
    free(m->provider);
    free(m->ref);
}

static void phone_free(struct sandbox *s, struct phone *p)
{
    HASH_DEL(s->by_address, p);
    TAILQ_REMOVE(&s->phones, p, entry);
    for (size_t i = 0; i < p->n; i++)
        message_fini(&p->messages[(p->first + i) % SANDBOX_MESSAGES]);
    free(p);
}

static struct phone *phone_find(const struct sandbox *s, const char *address)
{
    struct phone *p = NULL;

    HASH_FIND_STR(s->by_address, address, p);
    return p;
}

/* The phone, moved to the front; made when it is new, in the place of the one that was silent longest when there are too many. */
static struct phone *phone_touch(struct sandbox *s, const char *address)
{
    struct phone *p = phone_find(s, address);

    if (p != NULL) {
        TAILQ_REMOVE(&s->phones, p, entry);
    } else {
        if (HASH_COUNT(s->by_address) >= SANDBOX_PHONES)
            phone_free(s, TAILQ_LAST(&s->phones, phone_list));
        p = xcalloc(1, sizeof(*p));
        memcpy(p->address, address, strlen(address) + 1);
        HASH_ADD_STR(s->by_address, address, p);
    }
    TAILQ_INSERT_HEAD(&s->phones, p, entry);
    return p;
}

static void phone_keep(struct sandbox *s, const char *address, const struct message *m)
{
    struct phone *p = phone_touch(s, address);

    if (p->n == SANDBOX_MESSAGES) {
        message_fini(&p->messages[p->first]);
        p->first = (p->first + 1) % SANDBOX_MESSAGES;
        p->n--;
    }
    p->messages[(p->first + p->n) % SANDBOX_MESSAGES] = *m;
    p->n++;
    p->n_ever++;
}

/* ---- messages to phones ---- */

static void op_free(struct sandbox_op *op)
{
    TAILQ_REMOVE(&op->owner->ops, op, entry);
    loop_timer_free(op->timer);
    free(op->provider);
    free(op);
}

static void owe_receipt(struct sandbox *s, const struct sandbox_op *op, const char *ref)
{
    struct owed *o, *after;

    if (op->url.receipt_ms < 0 || s->on_receipt == NULL || s->n_receipts >= SANDBOX_OWED)
        return;
    o = xcalloc(1, sizeof(*o));
    o->provider = xstrdup(op->provider);
    o->ref = xstrdup(ref);
    o->due_ms = clock_mono_ms() + op->url.receipt_ms;
    /* Nearly always the last one: providers differ only in their receipt times. */
    TAILQ_FOREACH_REVERSE(after, &s->receipts, owed_list, entry)
    if (after->due_ms <= o->due_ms)
        break;
    if (after != NULL)
        TAILQ_INSERT_AFTER(&s->receipts, after, o, entry);
    else
        TAILQ_INSERT_HEAD(&s->receipts, o, entry);
    s->n_receipts++;
    if (!loop_timer_armed(s->receipt_timer) || TAILQ_FIRST(&s->receipts) == o)
        loop_timer_arm_ms(s->receipt_timer, op->url.receipt_ms);
}

static void deliver(struct sandbox_op *op, const struct provider_msg *m, struct provider_verdict *v)
{
    struct sandbox *s = op->owner;
    struct message kept;

    *v = (struct provider_verdict){.verdict = VERDICT_SENT, .retry_after_ms = -1};
    if (m->to[0] == '\0' || strlen(m->to) >= SANDBOX_ADDRESS) {
        v->verdict = VERDICT_BAD_RECIPIENT;
        return;
    }
    (void)snprintf(v->id, sizeof(v->id), "%s-%" PRIu64, s->run,
                   ++s->n_ids); /* 16 + 1 + 20 characters at most */
    kept = (struct message){.text = xstrndup(m->text, m->text_len),
                            .provider = xstrdup(op->provider),
                            .ref = xstrdup(m->ref),
                            .lane = m->lane,
                            .at = clock_wall_ms()};
    phone_keep(s, m->to, &kept);
    owe_receipt(s, op, m->ref);
}

static void on_accept(void *arg)
{
    struct sandbox_op *op = arg;
    void (*cb)(void *, const struct provider_verdict *, size_t) = op->cb;
    void *cb_arg = op->arg;
    size_t n = op->n;
    struct provider_verdict *v = xcalloc(n, sizeof(*v));

    for (size_t i = 0; i < n; i++)
        deliver(op, &op->m[i], &v[i]);
    op_free(op); /* before the callback: it may end the sandbox */
    cb(cb_arg, v, n);
    free(v);
}

struct sandbox_op *sandbox_send(struct sandbox *s, const struct provider_conf *c,
                                const struct provider_msg *m, size_t n,
                                void (*cb)(void *arg, const struct provider_verdict *v, size_t n), void *arg)
{
    struct sandbox_op *op = xcalloc(1, sizeof(*op));
    struct err e;

    *op = (struct sandbox_op){.owner = s, .provider = xstrdup(c->name), .m = m, .n = n, .cb = cb, .arg = arg};
    if (sandbox_url_parse(c->url, &op->url, &e) < 0)
        panic("sandbox: %s went through the check", e.msg);
    op->timer = loop_timer_new(s->loop, on_accept, op);
    loop_timer_arm_ms(op->timer, op->url.delay_ms);
    TAILQ_INSERT_TAIL(&s->ops, op, entry);
    return op;
}

void sandbox_cancel(struct sandbox_op *op)
{
    op_free(op);
}

/* ---- what comes back from phones ---- */

void sandbox_on_receipt(struct sandbox *s,
                        void (*cb)(void *arg, const char *provider, const char *body, size_t n), void *arg)
{
    s->on_receipt = cb;
    s->receipt_arg = arg;
}

void sandbox_on_reply(struct sandbox *s,
                      void (*cb)(void *arg, const char *provider, const char *body, size_t n), void *arg)
{
    s->on_reply = cb;
    s->reply_arg = arg;
}

static void owed_free(struct owed *o)
{
    free(o->provider);
    free(o->ref);
    free(o->from);
    free(o->text);
    free(o);
}

/* Call ${cb} with ${tree} (taken) as text. */
static void tell(void (*cb)(void *arg, const char *provider, const char *body, size_t n), void *arg,
                 const char *provider, json_t *tree)
{
    char *body = json_dumps(tree, JSON_COMPACT);

    json_decref(tree);
    if (body != NULL && cb != NULL)
        cb(arg, provider, body, strlen(body));
    free(body);
}

/* The due receipts of the first one's provider, at most SANDBOX_PER_CALL; the rest in the next turn. */
static void tell_receipts(void *arg)
{
    struct sandbox *s = arg;
    struct owed *o = TAILQ_FIRST(&s->receipts);
    int64_t now_ms = clock_mono_ms();
    char *provider;
    json_t *list;

    if (o == NULL)
        return;
    list = json_array();
    provider = xstrdup(o->provider);
    while (o != NULL && o->due_ms <= now_ms && strcmp(o->provider, provider) == 0 &&
           json_array_size(list) < SANDBOX_PER_CALL) {
        json_array_append_new(list, json_pack("{s:s, s:s}", "ref", o->ref, "status", "delivered"));
        TAILQ_REMOVE(&s->receipts, o, entry);
        s->n_receipts--;
        owed_free(o);
        o = TAILQ_FIRST(&s->receipts);
    }
    if (o != NULL)
        loop_timer_arm_ms(s->receipt_timer, o->due_ms > now_ms ? o->due_ms - now_ms : 0);
    if (json_array_size(list) > 0)
        tell(s->on_receipt, s->receipt_arg, provider, list);
    else
        json_decref(list);
    free(provider);
}

static void tell_texts(void *arg)
{
    struct sandbox *s = arg;
    struct owed *o = TAILQ_FIRST(&s->texts);
    char id[64], time[40];

    if (o == NULL)
        return;
    TAILQ_REMOVE(&s->texts, o, entry);
    if (!TAILQ_EMPTY(&s->texts))
        loop_post(s->loop, &s->text_task);
    (void)snprintf(id, sizeof(id), "%s-%" PRIu64, s->run, ++s->n_ids); /* 16 + 1 + 20 characters at most */
    clock_format_iso(o->at, "UTC", time, sizeof(time));
    tell(s->on_reply, s->reply_arg, o->provider,
         json_pack("{s:s, s:s, s:s, s:s}", "id", id, "from", o->from, "text", o->text, "time", time));
    owed_free(o);
}

void sandbox_text(struct sandbox *s, const char *provider, const char *from, const char *text)
{
    struct owed *o = xcalloc(1, sizeof(*o));
    struct message kept = {
        .text = xstrdup(text), .provider = xstrdup(provider), .lane = LANE_NORMAL, .at = clock_wall_ms()};

    if (from[0] != '\0' && strlen(from) < SANDBOX_ADDRESS)
        phone_keep(s, from, &kept);
    else
        message_fini(&kept);
    *o = (struct owed){
        .provider = xstrdup(provider), .from = xstrdup(from), .text = xstrdup(text), .at = kept.at};
    TAILQ_INSERT_TAIL(&s->texts, o, entry);
    loop_post(s->loop, &s->text_task);
}

/* ---- looking ---- */

static json_t *message_json(const struct message *m)
{
    json_t *o = json_pack("{s:s, s:s, s:s, s:I}", "direction", m->ref != NULL ? "to-phone" : "from-phone",
                          "text", m->text, "provider", m->provider, "at", (json_int_t)m->at);

    if (o != NULL && m->ref != NULL) {
        json_object_set_new(o, "ref", json_string(m->ref));
        json_object_set_new(o, "lane", json_string(lane_name(m->lane)));
    }
    return o;
}

static const struct message *message_at(const struct phone *p, size_t i)
{
    return &p->messages[(p->first + i) % SANDBOX_MESSAGES];
}

json_t *sandbox_phones(const struct sandbox *s, size_t limit)
{
    json_t *list = json_array();
    const struct phone *p;

    TAILQ_FOREACH(p, &s->phones, entry)
    {
        if (limit > 0 && json_array_size(list) >= limit)
            break;
        json_array_append_new(list, json_pack("{s:s, s:I, s:o}", "phone", p->address, "messages",
                                              (json_int_t)p->n_ever, "last",
                                              message_json(message_at(p, p->n - 1))));
    }
    return list;
}

json_t *sandbox_messages(const struct sandbox *s, const char *phone)
{
    json_t *list = json_array();
    const struct phone *p = phone_find(s, phone);

    for (size_t i = 0; p != NULL && i < p->n; i++)
        json_array_append_new(list, message_json(message_at(p, i)));
    return list;
}

void sandbox_free(struct sandbox *s)
{
    struct owed *o;

    if (s == NULL)
        return;
    while (!TAILQ_EMPTY(&s->ops))
        op_free(TAILQ_FIRST(&s->ops));
    while (!TAILQ_EMPTY(&s->phones))
        phone_free(s, TAILQ_FIRST(&s->phones));
    while ((o = TAILQ_FIRST(&s->receipts)) != NULL) {
        TAILQ_REMOVE(&s->receipts, o, entry);
        owed_free(o);
    }
    while ((o = TAILQ_FIRST(&s->texts)) != NULL) {
        TAILQ_REMOVE(&s->texts, o, entry);
        owed_free(o);
    }
    loop_timer_free(s->receipt_timer);
    loop_task_cancel(s->loop, &s->text_task);
    free(s);
}
