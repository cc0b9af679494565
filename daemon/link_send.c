#include "daemon/link_token.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/metrics.h"
#include "text/utf8.h"

enum {
    THROTTLED_MAX_MS = 300000,
    THROTTLED_DEFAULT_MS = 1000,
    UNWELL_US = 1000000,
    TELL_AGAIN_US = 60000000,
    OPS_KEPT = 64 /* finished operations kept for reuse beyond the window */
};

static struct link_op *op_new(struct link *l, size_t n)
{
    struct link_op *op = TAILQ_FIRST(&l->spare);

    if (op != NULL) {
        TAILQ_REMOVE(&l->spare, op, entry);
        l->n_spare--;
    } else {
        op = xcalloc(1, sizeof(*op));
        op->link = l;
        provider_request_init(&op->req);
    }
    if (op->cap < n) {
        op->verdicts = xrealloc(op->verdicts, n * sizeof(*op->verdicts));
        op->cap = n;
    }
    op->waits = false;
    op->renewals = 0;
    TAILQ_INSERT_TAIL(&l->running, op, entry);
    l->stats.in_flight++;
    return op;
}

void link_op_free(struct link_op *op)
{
    provider_request_fini(&op->req);
    free(op->verdicts);
    free(op);
}

static void op_release(struct link_op *op)
{
    struct link *l = op->link;

    TAILQ_REMOVE(&l->running, op, entry);
    l->stats.in_flight--;
    op->http = NULL;
    op->sandbox = NULL;
    if (l->n_spare >= (size_t)l->o.conf->window + OPS_KEPT) {
        link_op_free(op);
        return;
    }
    TAILQ_INSERT_HEAD(&l->spare, op, entry);
    l->n_spare++;
}

static void throttle(struct link *l, int64_t retry_after_ms, int64_t now_us)
{
    int64_t ms = retry_after_ms >= 0 ? retry_after_ms : THROTTLED_DEFAULT_MS;
    int64_t until;

    if (ms > THROTTLED_MAX_MS)
        ms = THROTTLED_MAX_MS;
    until = now_us + ms * 1000;
    if (until <= l->throttled_us)
        return;
    if (l->throttled_us < now_us)
        log_warn("link.throttled", "provider=%s for_ms=%lld", l->c.conf.name, (long long)ms);
    l->throttled_us = until;
    loop_timer_arm_ms(l->wake, ms);
}

static void tell_breaker(struct link *l, bool bad_account, int64_t now_us)
{
    bool open = l->breaker.state != LINK_BREAKER_CLOSED;
    int64_t wait;

    l->stats.breaker_open = open;
    if (!open) {
        l->bad_account = false;
        link_limit_restart(&l->limit);
        link_retries_restart(&l->retries);
        log_info("link.breaker-closed", "provider=%s", l->c.conf.name);
        loop_post(l->o.loop, &l->room);
        return;
    }
    l->bad_account = bad_account;
    log_warn("link.breaker-opened", "provider=%s why=%s wait_ms=%lld", l->c.conf.name,
             bad_account ? "bad-account" : "errors", (long long)l->breaker.wait_ms);
    wait = link_breaker_wait_us(&l->breaker, LANE_EMERGENCY, now_us);
    loop_timer_arm_us(l->wake, wait > 0 ? wait : 0);
}

/* The first verdict that throttles the account, or NULL. */
static const struct provider_verdict *throttling(const struct link_op *op)
{
    for (size_t i = 0; i < op->n; i++)
        if (op->verdicts[i].verdict == VERDICT_THROTTLED && op->verdicts[i].scope == THROTTLE_ACCOUNT)
            return &op->verdicts[i];
    return NULL;
}

/* Not a byte could be sent (no route, no name, no certificate to trust): said for each lane once a minute, and an alarm when it is an
 * emergency: with few recipients the breaker would never open and nobody would hear of it. */
static void tell_not_sent(struct link_op *op, int64_t now_us)
{
    struct link *l = op->link;
    int64_t *told_us = &l->told_us[op->lane];

    if (*told_us != 0 && now_us - *told_us < TELL_AGAIN_US)
        return;
    *told_us = now_us;
    log_event(op->lane == LANE_EMERGENCY ? LOG_ERROR : LOG_WARN, "link.not-sent",
              "provider=%s lane=%s why=\"%s\"", l->c.conf.name, lane_name(op->lane), l->trouble);
}

/* What one request says about the account. */
static void judge(struct link_op *op, bool written, int64_t took_us, int64_t now_us)
{
    struct link *l = op->link;
    const struct provider_verdict *v = op->verdicts;
    bool bad_account = v[0].verdict == VERDICT_BAD_ACCOUNT;
    const struct provider_verdict *slow = throttling(op);
    bool again = v[0].verdict == VERDICT_RETRY && v[0].scope == THROTTLE_ACCOUNT;
    bool hard = bad_account || again || v[0].verdict == VERDICT_UNKNOWN, changed;

    for (size_t i = 0; i < op->n; i++)
        l->stats.verdicts[v[i].verdict]++;
    if (written) {
        l->stats.hist[metrics_bucket(took_us)]++;
        l->stats.hist_count++;
        l->stats.hist_sum_us += (uint64_t)took_us;
    }
    l->unwell_us = written || took_us == 0 ? 0 : now_us + UNWELL_US;
    if (!written && took_us != 0)
        tell_not_sent(op, now_us);
    link_limit_end(&l->limit, op->begun, slow != NULL || op->overload,
                   2 * l->stats.in_flight >= l->limit.now);
    if (slow != NULL)
        throttle(l, slow->retry_after_ms, now_us);
    changed = link_breaker_end(&l->breaker, op->probe, hard, now_us);
    if (bad_account && l->breaker.state == LINK_BREAKER_CLOSED) {
        link_breaker_trip(&l->breaker, now_us);
        changed = true;
    }
    if (changed)
        tell_breaker(l, bad_account, now_us);
}

static void finish(struct link_op *op, bool written, int64_t took_us)
{
    link_done_fn cb = op->cb;
    void *arg = op->arg;

    judge(op, written, took_us, clock_mono_us());
    op->cb = NULL;
    cb(arg, op->verdicts, op->n, written, took_us);
    op_release(op);
}

/* As drivers expect them. */
static void reset_verdicts(struct link_op *op)
{
    for (size_t i = 0; i < op->n; i++)
        op->verdicts[i] = (struct provider_verdict){.verdict = VERDICT_UNKNOWN, .retry_after_ms = -1};
}

static void set_all(struct link_op *op, enum verdict verdict, const char *detail)
{
    size_t n = utf8_cut(detail, strlen(detail), sizeof(op->verdicts[0].detail) - 1);

    reset_verdicts(op);
    for (size_t i = 0; i < op->n; i++) {
        op->verdicts[i].verdict = verdict;
        memcpy(op->verdicts[i].detail, detail, n);
    }
}

/* The API refused the access token and did nothing: the same request goes once more with another one; a second time when that one, got in the ordinary way, was the same. */
static bool renews(struct link_op *op)
{
    struct link *l = op->link;

    if (l->token == NULL || !op->verdicts[0].stale_token || op->renewals == 2)
        return false;
    op->renewals++;
    link_token_refused(l->token, op->serial);
    link_token_wait(l->token, op);
    return true;
}

static void on_http(void *arg, const struct http_answer *a)
{
    struct link_op *op = arg;
    char *trouble = op->link->trouble;
    size_t n = a->outcome == HTTP_ANSWERED
                   ? 0
                   : utf8_cut(a->detail, strlen(a->detail), sizeof(op->link->trouble) - 1);

    op->http = NULL;
    memcpy(trouble, a->detail, n);
    trouble[n] = '\0';
    op->overload = a->timed_out || (a->outcome == HTTP_ANSWERED && a->status == 503);
    switch (a->outcome) {
    case HTTP_ANSWERED:
        FP("after_answer");
        reset_verdicts(op);
        op->link->c.driver->classify(&op->link->c.conf, op->msgs, op->n, a, op->verdicts);
        if (renews(op))
            return;
        break;
    case HTTP_NOT_SENT:
        set_all(op, VERDICT_RETRY, a->detail);
        break;
    case HTTP_IN_DOUBT:
        set_all(op, VERDICT_UNKNOWN, a->detail);
        break;
    }
    finish(op, a->outcome != HTTP_NOT_SENT, a->took_us);
}

static void on_sandbox(void *arg, const struct provider_verdict *v, size_t n)
{
    struct link_op *op = arg;

    op->sandbox = NULL;
    memcpy(op->verdicts, v, n * sizeof(*v));
    finish(op, true, clock_mono_us() - op->started_us);
}

static void on_refused(void *arg)
{
    finish(arg, false, 0);
}

static bool needs_token(const struct link *l)
{
    const struct driver_token *t = l->c.driver->token;

    return t != NULL && (t->needed == NULL || t->needed(&l->c.conf));
}

/* What a driver may not get by itself: it is pure. False when it has to wait for some of it. */
static bool lend_world(struct link_op *op)
{
    struct link *l = op->link;

    op->req.now_ms = clock_wall_ms();
    op->req.token = needs_token(l) ? link_token_get(l->token, &op->serial) : "";
    if (op->req.token == NULL) {
        link_token_wait(l->token, op);
        return false;
    }
    if (l->c.driver->wants_nonce)
        secret_random_hex(op->req.nonce, sizeof(op->req.nonce) / 2);
    return true;
}

static void begin(struct link_op *op)
{
    struct link *l = op->link;
    struct err e;

    if (l->c.driver->in_process) {
        op->sandbox = sandbox_send(l->o.sandbox, &l->c.conf, op->msgs, op->n, on_sandbox, op);
        return;
    }
    if (!lend_world(op))
        return;
    if (l->c.driver->build(&l->c.conf, op->msgs, op->n, &op->req, &e) != 0) {
        set_all(op, strcmp(e.code, "bad-recipient") == 0 ? VERDICT_BAD_RECIPIENT : VERDICT_BAD_MESSAGE,
                e.msg);
        op->refuse = (struct loop_task){.cb = on_refused, .arg = op};
        loop_post(l->o.loop, &op->refuse);
        return;
    }
    op->req.call.connect_timeout_ms = policy_connect_timeout_ms(op->lane);
    op->req.call.timeout_ms = l->o.timeout_ms > 0 ? l->o.timeout_ms : policy_timeout_ms(op->lane);
    if (op->req.call.connect_timeout_ms > op->req.call.timeout_ms)
        op->req.call.connect_timeout_ms = op->req.call.timeout_ms;
    op->http = http_begin(l->o.http, &op->req.call, l->c.reach, on_http, op);
}

void link_op_give_up(struct link_op *op, enum verdict v, const char *why)
{
    int64_t waited_us = clock_mono_us() - op->waits_from_us;

    set_all(op, v, why);
    finish(op, false, waited_us > 0 ? waited_us : 1);
}

void link_op_go(struct link_op *op)
{
    if (op->msgs[0].not_after != 0 && clock_wall_ms() >= op->msgs[0].not_after)
        link_op_give_up(op, VERDICT_RETRY, "its time ended while it waited for an access token");
    else
        begin(op);
}

struct link_op *link_send(struct link *l, enum lane lane, const struct provider_msg *m, size_t n,
                          link_done_fn cb, void *arg)
{
    struct link_op *op = op_new(l, n);

    op->lane = lane;
    op->msgs = m;
    op->n = n;
    op->cb = cb;
    op->arg = arg;
    op->started_us = l->c.driver->in_process ? clock_mono_us() : 0;
    op->probe = l->probe_slot;
    op->overload = false;
    op->begun = link_limit_begin(&l->limit);
    l->probe_slot = false;
    begin(op);
    return op;
}

bool link_written(const struct link_op *op)
{
    return op->sandbox != NULL || (op->http != NULL && http_written(op->http));
}

bool link_cancel(struct link_op *op)
{
    bool written = op->sandbox != NULL;

    loop_task_cancel(op->link->o.loop, &op->refuse);
    if (op->waits)
        link_token_leave(op->link->token, op);
    if (op->http != NULL)
        written = http_cancel(op->http);
    if (op->sandbox != NULL)
        sandbox_cancel(op->sandbox);
    if (op->probe)
        link_breaker_forget(&op->link->breaker);
    op_release(op);
    return written;
}
