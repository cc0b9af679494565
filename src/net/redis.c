/* One connection.
 *
 *   DOWN --backoff--> CONNECTING: socket, connect, greeting (AUTH, SELECT, CLIENT SETNAME, PING) --all answered--> UP
 *    ^                    |  refused, timed out, wrong password, still loading                                       |
 *    +--------------------+<------------- closed, garbage, a command past its deadline, redis_reconnect -------------+
 *
 * With sentinels CONNECTING is two connections, one after the other: a sentinel names the master; the master's greeting
 * ends with ROLE.
 *
 * Of hiredis only the parser of answers is used: its async layer (0.14) knows no timeouts, runs callbacks inside
 * redisAsyncFree, never tells some failures at all and frees its context by itself. */
#include "net/redis.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"
#include "net/redis_cmd.h"
#include "net/redis_dial.h"
#include "net/redis_sentinel.h"
#include "net/redis_wire.h"

#define REDISCOVER_US 5000000

struct redis {
    struct loop *loop;
    struct redis_url url;
    struct redis_dial dial;
    struct redis_sentinel sentinel;
    char *client_name;
    struct redis_opts opts;
    enum redis_state state;
    bool dead;
    struct redis_wire wire;
    struct redis_cmds cmds;
    struct loop_task fail_task, reconnect_task;
    struct loop_timer *connect_timer; /* CONNECTING: give up; DOWN: try again */
    struct loop_timer *deadline_timer;
    int64_t deadline_us; /* the timer fires then; 0 = not armed. May be too early, never too late */
    unsigned n_failures, n_greetings;
    uint64_t dice;
    int64_t latency_us;
    int64_t up_us; /* since when UP */
    const char *reconnect_why;
    char why[160];
};

static void enter(struct redis *r, enum redis_state s, const char *why)
{
    r->state = s;
    if (r->opts.on_state != NULL)
        r->opts.on_state(r->opts.arg, s, why);
}

/* Half of the doubled time for sure, half by chance, so that many daemons do not come back in step. */
static int64_t backoff_ms(struct redis *r)
{
    unsigned shift = r->n_failures < 16 ? r->n_failures : 16;
    int64_t ms = r->opts.backoff_min_ms << shift;

    if (ms > r->opts.backoff_max_ms)
        ms = r->opts.backoff_max_ms;
    r->dice ^= r->dice << 13;
    r->dice ^= r->dice >> 7;
    r->dice ^= r->dice << 17;
    return ms / 2 + (int64_t)(r->dice % (uint64_t)(ms / 2 + 1));
}

static void hang_up(struct redis *r)
{
    redis_wire_close(&r->wire);
    r->deadline_us = 0;
    loop_timer_disarm(r->deadline_timer);
}

/* The connection is over. Nothing of the users runs in here except on_state. */
static void lose(struct redis *r, const char *why)
{
    /* a refused address is followed by the next one at once (localhost: ::1, then 127.0.0.1), and so is a sentinel */
    bool more =
        r->state == REDIS_CONNECTING && (redis_dial_more(&r->dial) || redis_sentinel_next(&r->sentinel));

    if (why != r->why) { /* kept: on_state and the completions of the next task are told */
        size_t n = strnlen(why, sizeof(r->why) - 1);

        memcpy(r->why, why, n);
        r->why[n] = '\0';
    }
    hang_up(r);
    redis_cmds_fail_all(&r->cmds, r->wire.n_written, r->why);
    if (!TAILQ_EMPTY(&r->cmds.failed))
        loop_post(r->loop, &r->fail_task);
    loop_timer_arm_ms(r->connect_timer, more ? 0 : backoff_ms(r));
    r->n_failures += !more;
    enter(r, REDIS_DOWN, r->why);
}

static void tell_failed(void *arg)
{
    struct redis *r = arg;

    redis_cmds_tell_failed(&r->cmds, &r->dead);
    if (!r->dead && !TAILQ_EMPTY(&r->cmds.failed))
        loop_post(r->loop, &r->fail_task);
}

/* Complete the oldest command. */
static void on_answer(void *arg, redisReply *reply)
{
    struct redis *r = arg;
    struct redis_cmd *c = TAILQ_FIRST(&r->cmds.waiting);
    struct redis_answer a = {
        .fault = REDIS_OK, .value = (const struct redis_value *)(const void *)reply, .error = ""};

    if (c == NULL) {
        freeReplyObject(reply);
        lose(r, "an answer came that nobody asked for");
        return;
    }
    TAILQ_REMOVE(&r->cmds.waiting, c, entry);
    if (c->timed) {
        int64_t took = loop_now_us() - c->began_us;

        r->latency_us = r->latency_us == 0 ? took : (7 * r->latency_us + took) / 8;
    }
    if (reply->type == REDIS_REPLY_ERROR)
        a = (struct redis_answer){.fault = REDIS_REFUSED, .value = NULL, .error = reply->str};
    redis_cmds_complete(c, &a);
    freeReplyObject(reply);
}

static void on_end(void *arg, const char *why)
{
    lose(arg, why);
}

/* The end of a turn: all that was begun in it leaves in one write. */
static void flush(void *arg)
{
    struct redis *r = arg;

    redis_wire_flush(&r->wire);
}

static void watch_deadline(struct redis *r, int64_t at_us)
{
    if (at_us == 0 || (r->deadline_us != 0 && r->deadline_us <= at_us))
        return;
    r->deadline_us = at_us;
    loop_timer_arm_us(r->deadline_timer, at_us - loop_now_us());
}

static void on_deadline(void *arg)
{
    struct redis *r = arg;
    int64_t first;

    r->deadline_us = 0;
    /* The process may have been stopped: an answer that is already here is no timeout. */
    if (!r->wire.open || !redis_wire_read(&r->wire))
        return;
    first = redis_cmds_deadline_us(&r->cmds);
    if (first != 0 && first <= loop_now_us())
        lose(r, "no answer in time");
    else
        watch_deadline(r, first);
}

/* Queue a command on the open socket. -1 when too much waits already. */
static int queue(struct redis *r, struct redis_cmd *c, int64_t timeout_ms, int argc, const char *const *argv,
                 const size_t *lens)
{
    if (redis_wire_queue(&r->wire, argc, argv, lens) < 0)
        return -1;
    c->end = r->wire.n_out;
    c->began_us = loop_now_us();
    if (timeout_ms > 0)
        c->deadline_us = c->began_us + timeout_ms * 1000;
    TAILQ_INSERT_TAIL(&r->cmds.waiting, c, entry);
    watch_deadline(r, c->deadline_us);
    return 0;
}

/* One answer of the greeting. */
static void on_greeting(void *arg, const struct redis_answer *a)
{
    struct redis *r = arg;

    if (a->fault != REDIS_OK) {
        size_t n = strnlen(a->error, sizeof(r->why) - 1);

        memcpy(r->why, a->error, n);
        r->why[n] = '\0';
        lose(r, r->why);
        return;
    }
    if (--r->n_greetings > 0)
        return;
    loop_timer_disarm(r->connect_timer);
    r->n_failures = 0;
    redis_dial_fini(&r->dial); /* the next connection looks the name up again */
    redis_sentinel_good(&r->sentinel);
    r->up_us = loop_now_us();
    enter(r, REDIS_UP, "");
}

static void on_role(void *arg, const struct redis_answer *a)
{
    const char *role = redis_value_str(redis_value_at(a->value, 0), NULL);

    if (a->fault == REDIS_OK && (role == NULL || strcmp(role, "master") != 0))
        lose(arg, "the sentinel named a Redis that is no master");
    else
        on_greeting(arg, a);
}

static void on_master_named(void *arg, const struct redis_answer *a)
{
    struct redis *r = arg;
    const char *why = redis_sentinel_answer(&r->sentinel, a);

    if (why != NULL) {
        lose(r, why);
        return;
    }
    hang_up(r);
    redis_dial_fini(&r->dial);
    loop_timer_arm_ms(r->connect_timer, 0);
}

static void greet(struct redis *r, redis_done_fn cb, int argc, const char *const *argv)
{
    struct redis_cmd *c = redis_cmds_take(&r->cmds, cb, r);

    c->internal = true;
    r->n_greetings++;
    if (queue(r, c, 0, argc, argv, NULL) < 0)
        panic("the greeting does not fit");
}

static void on_open(void *arg)
{
    struct redis *r = arg;
    const struct redis_url *u = &r->url;

    r->n_greetings = 0;
    if (redis_sentinel_needed(&r->sentinel)) {
        greet(r, on_master_named, 3, (const char *[]){"SENTINEL", "GET-MASTER-ADDR-BY-NAME", u->master});
        flush(r);
        return;
    }
    if (u->pass != NULL && u->user != NULL)
        greet(r, on_greeting, 3, (const char *[]){"AUTH", u->user, u->pass});
    else if (u->pass != NULL)
        greet(r, on_greeting, 2, (const char *[]){"AUTH", u->pass});
    if (u->db != 0) {
        struct buf text = BUF_INIT(16);

        (void)buf_i64(&text, u->db);
        greet(r, on_greeting, 2, (const char *[]){"SELECT", buf_cstr(&text)});
        buf_fini(&text);
    }
    if (r->client_name != NULL)
        greet(r, on_greeting, 3, (const char *[]){"CLIENT", "SETNAME", r->client_name});
    greet(r, on_greeting, 1,
          (const char *[]){"PING"}); /* also proves that it has loaded and answers at all */
    if (u->n_sentinels > 0)
        greet(r, on_role, 1, (const char *[]){"ROLE"});
    flush(r);
}

static const struct redis_wire_ops wire_ops = {.on_open = on_open, .on_answer = on_answer, .on_end = on_end};

/* The connect timer: CONNECTING lasted too long, or it is time to try (again), or a sentinel has named the master. */
static void connect_now(void *arg)
{
    struct redis *r = arg;
    int fd;

    if (r->state == REDIS_CONNECTING && r->wire.fd >= 0) {
        lose(r, r->wire.open ? "no answer to the greeting in time" : "no connection in time");
        return;
    }
    if (r->state != REDIS_CONNECTING)
        enter(r, REDIS_CONNECTING, "");
    if (r->dead || r->state != REDIS_CONNECTING)
        return;
    if (!redis_dial_more(&r->dial))
        redis_sentinel_aim(&r->sentinel, &r->dial);
    fd = redis_dial_open(&r->dial);
    if (fd < 0) {
        lose(r, r->dial.why);
        return;
    }
    redis_wire_begin(&r->wire, fd);
    loop_timer_arm_ms(r->connect_timer, r->opts.connect_timeout_ms);
}

static void reconnect(void *arg)
{
    struct redis *r = arg;

    if (r->state != REDIS_DOWN)
        lose(r, r->reconnect_why);
}

int redis_check_url(const char *url, struct err *e)
{
    struct redis_url u;

    if (redis_url_parse(&u, url, e) < 0)
        return -1;
    redis_url_fini(&u);
    return 0;
}

struct redis *redis_new(struct loop *l, const struct redis_opts *o, struct err *e)
{
    struct redis *r = xcalloc(1, sizeof(*r));

    if (redis_url_parse(&r->url, o->url, e) < 0) {
        free(r);
        return NULL;
    }
    r->loop = l;
    r->opts = *o;
    r->opts.url = NULL; /* not ours, and never looked at again */
    if (r->opts.connect_timeout_ms <= 0)
        r->opts.connect_timeout_ms = 3000;
    if (r->opts.backoff_min_ms <= 0)
        r->opts.backoff_min_ms = 50;
    if (r->opts.backoff_max_ms <= 0)
        r->opts.backoff_max_ms = 2000;
    r->client_name = o->client_name != NULL ? xstrdup(o->client_name) : NULL;
    redis_wire_init(&r->wire, l, &wire_ops, r);
    redis_sentinel_init(&r->sentinel, &r->url);
    redis_cmds_init(&r->cmds);
    secret_random(&r->dice, sizeof(r->dice));
    r->dice |= 1;
    r->fail_task = (struct loop_task){.cb = tell_failed, .arg = r};
    r->reconnect_task = (struct loop_task){.cb = reconnect, .arg = r};
    r->connect_timer = loop_timer_new(l, connect_now, r);
    r->deadline_timer = loop_timer_new(l, on_deadline, r);
    loop_on_turn_last(l, flush, r);
    loop_timer_arm_ms(r->connect_timer, 0);
    return r;
}

void redis_free(struct redis *r)
{
    if (r == NULL || r->dead)
        return;
    r->dead = true;
    hang_up(r);
    loop_timer_free(r->connect_timer);
    loop_timer_free(r->deadline_timer);
    loop_task_cancel(r->loop, &r->fail_task);
    loop_task_cancel(r->loop, &r->reconnect_task);
    loop_off_turn(r->loop, flush, r);
    redis_cmds_fini(&r->cmds);
    redis_dial_fini(&r->dial);
    redis_url_fini(&r->url);
    free(r->client_name);
    r->client_name = NULL;
    r->state = REDIS_DOWN;
    loop_at_turn_end(r->loop, free, r); /* we may be inside one of its callbacks */
}

enum redis_state redis_state(const struct redis *r)
{
    return r->state;
}

void redis_reconnect(struct redis *r, const char *why)
{
    if (r->state == REDIS_DOWN || r->reconnect_task.posted)
        return;
    r->reconnect_why = why;
    loop_post(r->loop, &r->reconnect_task);
}

void redis_rediscover(struct redis *r, const char *why)
{
    if (r->url.n_sentinels > 0 && r->state == REDIS_UP && loop_now_us() - r->up_us >= REDISCOVER_US)
        redis_reconnect(r, why);
}

size_t redis_in_flight(const struct redis *r)
{
    return r->cmds.n_live;
}

int64_t redis_latency_us(const struct redis *r)
{
    return r->latency_us;
}

static void nobody(void *arg, const struct redis_answer *a)
{
    (void)arg;
    (void)a;
}

static struct redis_cmd *begin(struct redis *r, int64_t timeout_ms, bool timed, redis_done_fn cb, void *arg,
                               int argc, const char *const *argv, const size_t *lens)
{
    struct redis_cmd *c = redis_cmds_take(&r->cmds, cb != NULL ? cb : nobody, arg);

    r->cmds.n_live++;
    c->timed = timed;
    if (r->state == REDIS_UP && !r->reconnect_task.posted && queue(r, c, timeout_ms, argc, argv, lens) == 0)
        return c;
    redis_cmds_fail(c, REDIS_NOT_SENT,
                    r->state == REDIS_UP ? "too many commands wait for Redis" : "not connected to Redis");
    loop_post(r->loop, &r->fail_task);
    return c;
}

struct redis_cmd *redis_begin(struct redis *r, redis_done_fn cb, void *arg, int argc, const char *const *argv,
                              const size_t *lens)
{
    return begin(r, r->opts.timeout_ms, true, cb, arg, argc, argv, lens);
}

struct redis_cmd *redis_begin_timeout(struct redis *r, int64_t timeout_ms, redis_done_fn cb, void *arg,
                                      int argc, const char *const *argv, const size_t *lens)
{
    return begin(r, timeout_ms, false, cb, arg, argc, argv, lens);
}

void redis_cancel(struct redis_cmd *c)
{
    struct redis_cmds *q = c->owner;

    if (c->cb == NULL)
        panic("a Redis command was cancelled twice");
    q->n_live--;
    c->cb = NULL;
    if (!c->failed)
        return; /* its answer still comes and must be skipped */
    TAILQ_REMOVE(&q->failed, c, entry);
    redis_cmds_give_back(c);
}
