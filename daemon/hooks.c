#include "daemon/hooks_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

#define JSON    "application/json"
#define ACK_MAX 65536 /* the longest answer of a driver: an encrypted one of WeChat */

/* ---- answering ---- */

static void call_free(struct hooks_call *c)
{
    hooks_items_free(c);
    loop_task_cancel(c->h->o.loop, &c->task);
    loop_timer_free(c->deadline);
    TAILQ_REMOVE(&c->h->calls, c, entry);
    buf_fini(&c->ack.body);
    buf_fini(&c->refusal);
    free(c);
}

static void answer(struct hooks_call *c, int status, const char *type, const char *body, size_t n)
{
    hooks_done_fn cb = c->cb;

    c->cb = NULL;
    loop_timer_disarm(c->deadline);
    if (cb != NULL)
        cb(c->arg, status, type, body, n);
}

static void answer_json(struct hooks_call *c, int status, const char *body)
{
    answer(c, status, JSON, body, strlen(body));
}

static void on_deadline(void *arg)
{
    struct hooks_call *c = arg;

    log_warn("hook.late", "provider=%s items=%zu", c->h->o.conf->name, c->n_items);
    answer_json(c, 503, "{\"code\":5,\"message\":\"not stored yet, send it again\"}");
}

/* Taken, but for some items: said in the answer, which is "taken" nevertheless, lest the provider repeats them for ever. */
static void answer_with_bad(struct hooks_call *c)
{
    buf_reset(&c->refusal);
    (void)buf_fmt(&c->refusal, "{\"code\":0,\"refused\":%zu,\"message\":\"", c->n_bad);
    (void)buf_json(&c->refusal, c->first, strlen(c->first));
    (void)buf_str(&c->refusal, "\"}");
    answer_json(c, 200, c->refusal.overflow ? "{\"code\":0}" : buf_cstr(&c->refusal));
}

/* Everything of this request is known. */
static void on_task(void *arg)
{
    struct hooks_call *c = arg;

    if (c->failed)
        answer_json(c, 503, "{\"code\":5,\"message\":\"not stored, send it again\"}");
    else if (c->status != 0)
        answer_json(c, c->status, buf_cstr(&c->refusal));
    else if (c->ack.type != NULL)
        answer(c, 200, c->ack.type, buf_cstr(&c->ack.body), c->ack.body.len);
    else if (c->n_bad > 0)
        answer_with_bad(c);
    else
        answer_json(c, 200, "{\"code\":0}");
    call_free(c);
}

void hooks_one_done(struct hooks_call *c)
{
    if (--c->n_under_way > 0)
        return;
    if (c->n_new > 0 && c->h->o.on_replies != NULL)
        c->h->o.on_replies(c->h->o.arg);
    loop_post(c->h->o.loop, &c->task);
}

static void refuse(struct hooks_call *c, int status, const struct err *e)
{
    (void)buf_str(&c->refusal, "{\"code\":2,\"message\":\"");
    (void)buf_json(&c->refusal, e->msg, strlen(e->msg));
    (void)buf_str(&c->refusal, "\"}");
    c->status = status;
}

/* ---- calls ---- */

static int status_of(const struct err *e)
{
    if (strcmp(e->code, "hook-signature") == 0)
        return 403;
    if (strcmp(e->code, "no-such-hook") == 0)
        return 404;
    return 400;
}

static void read_items(struct hooks_call *c, const struct provider_callback *in)
{
    const struct driver *driver = c->h->o.driver;
    struct provider_sink sink = hooks_sink;
    struct err e = {{0}, {0}, {0}};

    sink.arg = c;
    if (in->body_len > HOOKS_BODY_MAX) {
        (void)err_set(&e, "too-large", NULL, "more than %d bytes", HOOKS_BODY_MAX);
        refuse(c, 413, &e);
    } else if (driver->callback == NULL) {
        (void)err_set(&e, "no-such-hook", NULL, "driver %s has no callbacks", driver->name);
        refuse(c, 404, &e);
    } else if (driver->callback(c->h->o.conf, in, &sink, &c->ack, &e) < 0) {
        refuse(c, status_of(&e), &e);
    }
    if (c->n_items > HOOKS_ITEMS_MAX) {
        (void)err_set(&e, "too-many", NULL, "more than %d items in one request", HOOKS_ITEMS_MAX);
        buf_reset(&c->refusal);
        refuse(c, 413, &e);
    } else {
        hooks_store(c);
    }
    if (c->n_bad > 0)
        log_warn("hook.bad", "provider=%s kind=%s items=%zu bad=%zu first=\"%s\"", c->h->o.conf->name,
                 in->kind, c->n_items, c->n_bad, c->first);
}

struct hooks_call *hooks_handle(struct hooks *h, const struct provider_callback *in, hooks_done_fn cb,
                                void *arg)
{
    struct hooks_call *c = xcalloc(1, sizeof(*c));

    c->h = h;
    c->cb = cb;
    c->arg = arg;
    c->task.cb = on_task;
    c->task.arg = c;
    c->deadline = loop_timer_new(h->o.loop, on_deadline, c);
    loop_timer_arm_ms(c->deadline, HOOKS_DEADLINE_MS);
    buf_init(&c->refusal, 1024);
    buf_init(&c->ack.body, ACK_MAX);
    TAILQ_INSERT_TAIL(&h->calls, c, entry);
    c->n_under_way = 1; /* held until everything is begun */
    read_items(c, in);
    hooks_one_done(c);
    return c;
}

void hooks_cancel(struct hooks_call *c)
{
    c->cb = NULL;
}

struct hooks *hooks_new(const struct hooks_opts *o)
{
    struct hooks *h = xcalloc(1, sizeof(*h));

    h->o = *o;
    TAILQ_INIT(&h->calls);
    return h;
}

void hooks_free(struct hooks *h)
{
    struct hooks_call *c, *next;

    if (h == NULL)
        return;
    TAILQ_FOREACH_SAFE(c, &h->calls, entry, next)
    {
        call_free(c);
    }
    free(h);
}
