#include "daemon/link_token.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/policy.h"
#include "provider/sign.h"
#include "queue/access.h"
#include "text/utf8.h"

enum {
    MARGIN_MS = 300000, /* from so long before its end on a new one is got */
    FETCH_MS = 8000,
    CONNECT_MS = 3000,
    LEASE_MS = 12000,  /* FETCH_MS, and Redis on both sides of it */
    LOOK_MS = 200,     /* somebody waits: has another daemon got it? */
    AGAIN_US = 5000000 /* nobody waits */
};

struct link_token {
    struct link *l;
    char account[64]; /* as Redis knows it */
    char token[PROVIDER_TOKEN_MAX];
    uint64_t serial;
    uint64_t refused, told; /* a number that Redis is still to be told of; the one it is being told of */
    int64_t good_until_us, ask_after_us;
    bool asking, outdated; /* outdated: the answer under way is about other settings */
    struct http_op *http;
    struct provider_request req;
    struct link_ops waiting;
    struct loop_timer *timer;
};

/* ---- which account ---- */

/* Another secret is another account: a token of the old one must not be used on. */
static void name_account(struct link_token *t)
{
    const struct provider_conf *c = &t->l->c.conf;
    struct buf b = BUF_INIT(1u << 17), hex = BUF_INIT(2 * SIGN_MAX);
    uint8_t hash[SIGN_MAX];

    buf_fmt(&b, "%s\n%s\n%s\n%s\n", c->driver, c->url, c->account, c->app);
    if (c->secret != NULL && c->secret->len > 0)
        buf_add(&b, c->secret->value, c->secret->len);
    sign_hex(&hex, hash, sign_hash(SIGN_SHA256, buf_cstr(&b), b.len, hash), false);
    if (snprintf(t->account, sizeof(t->account), "%s.%.16s", c->name, buf_cstr(&hex)) >=
        (int)sizeof(t->account))
        panic("a provider's name that does not fit");
    buf_wipe(&b);
    buf_fini(&b);
    buf_fini(&hex);
}

static void forget(struct link_token *t)
{
    OPENSSL_cleanse(t->token, sizeof(t->token));
    t->serial = t->refused = t->told = 0;
    t->good_until_us = 0;
}

static bool is_good(const struct link_token *t, int64_t now_us)
{
    return t->token[0] != '\0' && now_us < t->good_until_us && t->serial != t->refused;
}

/* ---- whoever waits ---- */

static struct link_op *take_first(struct link_token *t)
{
    struct link_op *op = TAILQ_FIRST(&t->waiting);

    if (op != NULL)
        link_token_leave(t, op);
    return op;
}

/* Completions may free the link's operations, never the link. */
static void serve(struct link_token *t)
{
    struct link_op *op;

    while (is_good(t, clock_mono_us()) && (op = take_first(t)) != NULL)
        link_op_go(op);
}

static void give_up_all(struct link_token *t, enum verdict v, const char *why)
{
    struct link_op *op;
    size_t n = 0;

    TAILQ_FOREACH(op, &t->waiting, of_token)
    n++; /* not those that come while they are told */
    for (; n > 0 && (op = take_first(t)) != NULL; n--)
        link_op_give_up(op, v, why);
}

/* The first that has waited as long as it would for a connection: an alert less than others. */
static struct link_op *first_late(const struct link_token *t, int64_t now_us)
{
    struct link_op *op;

    TAILQ_FOREACH(op, &t->waiting, of_token)
    if (now_us - op->waits_from_us >= policy_connect_timeout_ms(op->lane) * 1000)
        break;
    return op;
}

static void give_up_late(struct link_token *t, int64_t now_us)
{
    struct link_op *op;

    while ((op = first_late(t, now_us)) != NULL) {
        link_token_leave(t, op);
        link_op_give_up(op, VERDICT_RETRY, "no access token came in time");
    }
}

/* ---- getting one ---- */

static void on_state(void *arg, const struct queue_result *r, const struct access_state *s);

static void on_fetched(void *arg, const struct http_answer *a)
{
    struct link_token *t = arg;
    struct link *l = t->l;
    char token[PROVIDER_TOKEN_MAX];
    int64_t lifetime_ms = 0;
    struct err e = {{0}, {0}, {0}};

    t->http = NULL;
    if (a->outcome != HTTP_ANSWERED)
        (void)err_set(&e, "token", NULL, "no access token: %s", a->detail);
    else if (l->c.driver->token->parse(&l->c.conf, a, token, &lifetime_ms, &e) == 0)
        e.code[0] = '\0';
    t->asking = true;
    if (e.code[0] == '\0') {
        log_info("link.token", "provider=%s good_s=%lld", l->c.conf.name, (long long)(lifetime_ms / 1000));
        access_put(l->o.queue, t->account, token, lifetime_ms, on_state, t);
        OPENSSL_cleanse(token, sizeof(token));
        return;
    }
    log_warn("link.token-failed", "provider=%s why=\"%s\"", l->c.conf.name, e.msg);
    e.msg[utf8_cut(e.msg, strlen(e.msg), 90)] = '\0';
    access_fail(l->o.queue, t->account, e.msg, strcmp(e.code, "bad-account") == 0, on_state, t);
}

static void fetch(struct link_token *t, bool force)
{
    struct link *l = t->l;
    struct err e;

    t->req.now_ms = clock_wall_ms();
    t->req.token = "";
    if (l->c.driver->token->build(&l->c.conf, force, &t->req, &e) != 0) {
        t->asking = true;
        access_fail(l->o.queue, t->account, "the request for a token cannot be made", true, on_state, t);
        return;
    }
    t->req.call.connect_timeout_ms = CONNECT_MS;
    t->req.call.timeout_ms = l->o.timeout_ms > 0 && l->o.timeout_ms < FETCH_MS ? l->o.timeout_ms : FETCH_MS;
    if (t->req.call.connect_timeout_ms > t->req.call.timeout_ms)
        t->req.call.connect_timeout_ms = t->req.call.timeout_ms;
    t->http = http_begin(l->o.http, &t->req.call, l->c.reach, on_fetched, t);
}

/* ---- what Redis says ---- */

static void arm(struct link_token *t)
{
    if (!TAILQ_EMPTY(&t->waiting))
        loop_timer_arm_ms(t->timer, LOOK_MS);
}

static void take(struct link_token *t, const struct access_state *s)
{
    if (t->refused != 0 && t->refused == t->told)
        forget(t);
    if (s->token[0] == '\0' || (s->serial == t->refused && t->refused != 0))
        return;
    memcpy(t->token, s->token, sizeof(t->token));
    t->serial = s->serial;
    t->refused = 0;
    t->good_until_us = clock_mono_us() + s->left_ms * 1000;
}

static void on_state(void *arg, const struct queue_result *r, const struct access_state *s)
{
    struct link_token *t = arg;

    t->asking = false;
    if (t->outdated || r->status != QUEUE_OK) {
        t->outdated = false;
        arm(t);
        return;
    }
    take(t, s);
    t->told = 0;
    if (s->mine)
        fetch(t, s->force);
    else if (s->token[0] == '\0' && s->bad_account)
        give_up_all(t, VERDICT_BAD_ACCOUNT, s->why[0] != '\0' ? s->why : "no access token");
    serve(t);
    arm(t);
}

static void poke(struct link_token *t)
{
    if (t->asking || t->http != NULL)
        return;
    t->asking = true;
    t->ask_after_us = clock_mono_us() + AGAIN_US;
    t->told = t->refused;
    access_get(t->l->o.queue, t->account, t->refused, MARGIN_MS, LEASE_MS, on_state, t);
}

static void on_timer(void *arg)
{
    struct link_token *t = arg;

    give_up_late(t, clock_mono_us());
    serve(t);
    if (!TAILQ_EMPTY(&t->waiting))
        poke(t);
    arm(t);
}

/* ---- the link's side ---- */

const char *link_token_get(struct link_token *t, uint64_t *serial)
{
    int64_t now_us = clock_mono_us();

    if (!is_good(t, now_us))
        return NULL;
    if (t->good_until_us - now_us <= (int64_t)MARGIN_MS * 1000 && now_us >= t->ask_after_us)
        poke(t);
    *serial = t->serial;
    return t->token;
}

void link_token_wait(struct link_token *t, struct link_op *op)
{
    bool first = TAILQ_EMPTY(&t->waiting);

    op->waits = true;
    op->waits_from_us = clock_mono_us();
    TAILQ_INSERT_TAIL(&t->waiting, op, of_token);
    if (first)
        loop_timer_arm_ms(t->timer, 0);
}

void link_token_leave(struct link_token *t, struct link_op *op)
{
    if (!op->waits)
        return;
    TAILQ_REMOVE(&t->waiting, op, of_token);
    op->waits = false;
}

void link_token_refused(struct link_token *t, uint64_t serial)
{
    if (serial == t->serial)
        t->refused = serial;
}

void link_token_reset(struct link_token *t)
{
    if (t->http != NULL)
        (void)http_cancel(t->http);
    t->http = NULL;
    t->outdated = t->asking;
    forget(t);
    name_account(t);
    arm(t);
}

struct link_token *link_token_new(struct link *l)
{
    struct link_token *t = xcalloc(1, sizeof(*t));

    t->l = l;
    TAILQ_INIT(&t->waiting);
    provider_request_init(&t->req);
    t->timer = loop_timer_new(l->o.loop, on_timer, t);
    name_account(t);
    return t;
}

void link_token_free(struct link_token *t)
{
    if (t == NULL)
        return;
    if (t->http != NULL)
        (void)http_cancel(t->http);
    loop_timer_free(t->timer);
    buf_wipe(&t->req.body); /* it held the secret */
    provider_request_fini(&t->req);
    forget(t);
    free(t);
}
