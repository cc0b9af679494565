/* One connection.
 *
 *   DOWN --backoff--> CONNECTING: socket, connect, greeting (AUTH, SELECT, CLIENT SETNAME, PING) --all answered--> UP
 *    ^                    |  refused, timed out, wrong password, still loading                                       |
 *    +--------------------+<------------- closed, garbage, a command past its deadline, redis_reconnect -------------+
 *
 * Of hiredis only the parser of answers is used: its async layer (0.14) knows no timeouts, runs callbacks inside
 * redisAsyncFree, never tells some failures at all and frees its context by itself. */
#include "net/redis.h"

#include <errno.h>
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/secret.h"
#include "net/redis_cmd.h"
#include "net/redis_dial.h"

enum {
    READ_BYTES = 64 * 1024,
    READS_PER_TURN = 16,
    OUTPUT_MAX = 8 * 1024 * 1024,   /* commands not yet taken by the socket */
    ANSWER_MAX = 256 * 1024 * 1024, /* one answer; more is no Redis of ours */
    OUTPUT_KEPT = 256 * 1024
};

struct redis {
    struct loop *loop;
    struct redis_url url;
    struct redis_dial dial;
    char *client_name;
    struct redis_opts opts;
    enum redis_state state;
    int fd;         /* -1 = none */
    bool connected; /* the socket is; the greeting may be under way */
    bool dead;
    struct event *ev_read, *ev_write;
    redisReader *reader;
    struct buf out;
    size_t out_at;             /* of `out`, already written */
    uint64_t n_out, n_written; /* bytes of this connection, formatted and written */
    struct redis_cmds cmds;
    struct loop_task fail_task, reconnect_task;
    struct loop_timer *connect_timer; /* CONNECTING: give up; DOWN: try again */
    struct loop_timer *deadline_timer;
    int64_t deadline_us; /* the timer fires then; 0 = not armed. May be too early, never too late */
    unsigned n_failures, n_greetings;
    uint64_t dice;
    int64_t latency_us;
    const char *reconnect_why;
    char why[160];
};

static void connect_now(void *arg);
static void lose(struct redis *r, const char *why);

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

static void drop_socket(struct redis *r)
{
    if (r->ev_read != NULL)
        event_free(r->ev_read);
    if (r->ev_write != NULL)
        event_free(r->ev_write);
    r->ev_read = r->ev_write = NULL;
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
    r->connected = false;
    if (r->reader != NULL)
        redisReaderFree(r->reader);
    r->reader = NULL;
    r->deadline_us = 0;
    loop_timer_disarm(r->deadline_timer);
}

/* The connection is over. Nothing of the users runs in here except on_state. */
static void lose(struct redis *r, const char *why)
{
    /* a refused address is followed by the next one at once (localhost: ::1, then 127.0.0.1) */
    bool more = r->state == REDIS_CONNECTING && redis_dial_more(&r->dial);

    if (why != r->why) { /* kept: on_state and the completions of the next task are told */
        size_t n = strnlen(why, sizeof(r->why) - 1);

        memcpy(r->why, why, n);
        r->why[n] = '\0';
    }
    drop_socket(r);
    redis_cmds_fail_all(&r->cmds, r->n_written, r->why);
    buf_fini(&r->out);
    r->out_at = 0;
    r->n_out = r->n_written = 0;
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

/* Complete the oldest command with ${reply} (taken). false when the connection is over. */
static bool answer_one(struct redis *r, redisReply *reply)
{
    struct redis_cmd *c = TAILQ_FIRST(&r->cmds.waiting);
    struct redis_answer a = {
        .fault = REDIS_OK, .value = (const struct redis_value *)(const void *)reply, .error = ""};
    const redisReader *before = r->reader;

    if (c == NULL) {
        freeReplyObject(reply);
        lose(r, "an answer came that nobody asked for");
        return false;
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
    return !r->dead && r->reader == before;
}

/* All answers that are complete. false when the connection is over. */
static bool answer_all(struct redis *r)
{
    for (;;) {
        void *reply = NULL;

        if (redisReaderGetReply(r->reader, &reply) != 0) {
            lose(r, "the answer is not Redis' protocol");
            return false;
        }
        if (reply == NULL)
            break;
        if (!answer_one(r, reply))
            return false;
    }
    if (r->reader->len - r->reader->pos > ANSWER_MAX) {
        lose(r, "an answer is larger than 256 MiB");
        return false;
    }
    return true;
}

/* Read what is there, within a bound. false when the connection is over. */
static bool read_some(struct redis *r)
{
    static char bytes[READ_BYTES]; /* one thread, and not kept */

    for (int i = 0; i < READS_PER_TURN; i++) {
        ssize_t n = recv(r->fd, bytes, sizeof(bytes), 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return true;
        if (n <= 0) {
            lose(r, n == 0 ? "Redis closed the connection" : strerror(errno));
            return false;
        }
        if (redisReaderFeed(r->reader, bytes, (size_t)n) != 0)
            panic("out of memory");
        if (!answer_all(r))
            return false;
        if ((size_t)n < sizeof(bytes))
            return true;
    }
    return true;
}

static void on_read(evutil_socket_t fd, short what, void *arg)
{
    struct redis *r = arg;

    (void)fd;
    (void)what;
    loop_enter(r->loop);
    read_some(r);
}

/* Write what waits; what the socket does not take waits for its event. */
static void flush(void *arg)
{
    struct redis *r = arg;

    if (r->dead || !r->connected || r->out_at == r->out.len)
        return;
    while (r->out_at < r->out.len) {
        ssize_t n = send(r->fd, r->out.data + r->out_at, r->out.len - r->out_at, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (event_add(r->ev_write, NULL) != 0)
                panic("cannot watch a descriptor");
            return;
        }
        if (n < 0) {
            lose(r, strerror(errno));
            return;
        }
        r->out_at += (size_t)n;
        r->n_written += (uint64_t)n;
    }
    if (r->out.cap > OUTPUT_KEPT)
        buf_fini(&r->out);
    buf_reset(&r->out);
    r->out_at = 0;
}

/* Move what is not yet written to the front. */
static void compact(struct redis *r)
{
    size_t left = r->out.len - r->out_at;

    if (r->out_at == 0)
        return;
    memmove(r->out.data, r->out.data + r->out_at, left);
    r->out.len = left;
    r->out_at = 0;
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
    if (!r->connected || !read_some(r))
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
    size_t before = r->out.len;

    if (redis_cmds_format(&r->out, argc, argv, lens) < 0) {
        compact(r);
        before = r->out.len;
        if (redis_cmds_format(&r->out, argc, argv, lens) < 0)
            return -1;
    }
    r->n_out += r->out.len - before;
    c->end = r->n_out;
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
    enter(r, REDIS_UP, "");
}

static void greet(struct redis *r, int argc, const char *const *argv)
{
    struct redis_cmd *c = redis_cmds_take(&r->cmds, on_greeting, r);

    c->internal = true;
    r->n_greetings++;
    if (queue(r, c, 0, argc, argv, NULL) < 0)
        panic("the greeting does not fit");
}

static void on_connected(struct redis *r)
{
    char db[16];
    const struct redis_url *u = &r->url;

    r->connected = true;
    r->n_greetings = 0;
    if (u->pass != NULL && u->user != NULL)
        greet(r, 3, (const char *[]){"AUTH", u->user, u->pass});
    else if (u->pass != NULL)
        greet(r, 2, (const char *[]){"AUTH", u->pass});
    if (u->db != 0) {
        struct buf text = BUF_INIT(sizeof(db));

        (void)buf_i64(&text, u->db);
        greet(r, 2, (const char *[]){"SELECT", buf_cstr(&text)});
        buf_fini(&text);
    }
    if (r->client_name != NULL)
        greet(r, 3, (const char *[]){"CLIENT", "SETNAME", r->client_name});
    greet(r, 1, (const char *[]){"PING"}); /* also proves that it has loaded and answers at all */
    flush(r);
}

static void on_write(evutil_socket_t fd, short what, void *arg)
{
    struct redis *r = arg;
    int cause = 0;
    socklen_t len = sizeof(cause);

    (void)what;
    loop_enter(r->loop);
    if (r->connected) {
        flush(r);
        return;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &cause, &len) < 0)
        cause = errno;
    if (cause != 0) {
        lose(r, strerror(cause));
        return;
    }
    if (event_add(r->ev_read, NULL) != 0)
        panic("cannot watch a descriptor");
    on_connected(r);
}

/* The connect timer: CONNECTING lasted too long, or it is time to try (again). */
static void connect_now(void *arg)
{
    struct redis *r = arg;

    if (r->state == REDIS_CONNECTING) {
        lose(r, r->connected ? "no answer to the greeting in time" : "no connection in time");
        return;
    }
    enter(r, REDIS_CONNECTING, "");
    if (r->dead || r->state != REDIS_CONNECTING)
        return;
    r->fd = redis_dial_open(&r->dial);
    if (r->fd < 0) {
        lose(r, r->dial.why);
        return;
    }
    r->reader = redisReaderCreate();
    if (r->reader != NULL)
        r->reader->maxbuf = READ_BYTES; /* keep a buffer of this size between answers */
    r->ev_read = event_new(loop_base(r->loop), r->fd, EV_READ | EV_PERSIST, on_read, r);
    r->ev_write = event_new(loop_base(r->loop), r->fd, EV_WRITE, on_write, r);
    if (r->reader == NULL || r->ev_read == NULL || r->ev_write == NULL)
        panic("out of memory");
    if (event_add(r->ev_write, NULL) != 0)
        panic("cannot watch a descriptor");
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
    r->fd = -1;
    buf_init(&r->out, OUTPUT_MAX);
    redis_dial_init(&r->dial, &r->url);
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
    drop_socket(r);
    loop_timer_free(r->connect_timer);
    loop_timer_free(r->deadline_timer);
    loop_task_cancel(r->loop, &r->fail_task);
    loop_task_cancel(r->loop, &r->reconnect_task);
    loop_off_turn(r->loop, flush, r);
    redis_cmds_fini(&r->cmds);
    redis_dial_fini(&r->dial);
    redis_url_fini(&r->url);
    buf_fini(&r->out);
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
