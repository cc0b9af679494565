#include "tests/support/queue_bed.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

#define WAIT_MS 20000

static bool is_up(void *arg)
{
    struct queue_bed *b = arg;

    return redis_state(b->redis[0]) == REDIS_UP && redis_state(b->redis[1]) == REDIS_UP;
}

struct queue_bed *queue_bed_new(void)
{
    struct queue_bed *b = xcalloc(1, sizeof(*b));
    struct err e;

    b->server = redis_server_start(REDIS_SERVER_MEMORY, NULL);
    b->loop = loop_new(&e);
    if (!b->loop)
        panic("%s", e.msg);
    for (int i = 0; i < 2; i++) {
        const struct redis_opts ro = {.url = redis_server_url(b->server), .timeout_ms = 10000};
        b->redis[i] = redis_new(b->loop, &ro, &e);
        if (!b->redis[i])
            panic("%s", e.msg);
        const struct queue_opts qo = {
            .redis = b->redis[i], .prefix = "crier:", .community = "venus", .daemon_id = i ? "d1" : "d0"};
        b->q[i] = queue_new(&qo);
    }
    if (!loop_run_until(b->loop, is_up, b, WAIT_MS))
        panic("no connection to the test's Redis");
    return b;
}

void queue_bed_free(struct queue_bed *b)
{
    for (int i = 0; i < 2; i++) {
        queue_free(b->q[i]);
        redis_free(b->redis[i]);
    }
    loop_free(b->loop);
    redis_server_stop(b->server);
    free(b);
}

struct ping {
    struct redis *redis;
    bool pong;
};

static void on_pong(void *arg, const struct redis_answer *a)
{
    struct ping *p = arg;

    p->pong = a->fault == REDIS_OK;
    if (!p->pong) /* completions are deferred: this asks once a turn */
        redis_begin(p->redis, on_pong, p, 1, (const char *const[]){"PING"}, NULL);
}

static bool has_pong(void *arg)
{
    return ((struct ping *)arg)->pong;
}

void queue_bed_up(struct queue_bed *b)
{
    for (int i = 0; i < 2; i++) {
        struct ping p = {.redis = b->redis[i], .pong = false};
        redis_begin(p.redis, on_pong, &p, 1, (const char *const[]){"PING"}, NULL);
        if (!loop_run_until(b->loop, has_pong, &p, WAIT_MS))
            panic("the connection does not come back");
    }
}

void queue_bed_clear(struct queue_bed *b)
{
    free(redis_server_ask(b->server, "FLUSHALL", NULL));
}

static bool is_done(void *arg)
{
    struct queue_bed *b = arg;

    return b->n_done <= 0;
}

void queue_bed_wait(struct queue_bed *b, int n)
{
    b->n_done += n; /* notes count down */
    if (!loop_run_until(b->loop, is_done, b, WAIT_MS))
        panic("%d completions are missing", b->n_done);
    if (b->n_done < 0)
        panic("%d completions too many", -b->n_done);
}

void queue_bed_note(struct queue_bed *b, const struct queue_result *r)
{
    b->n_done--;
    b->last = *r;
    b->e = (struct err){.code = ""};
    if (r->e) {
        b->e = *r->e;
        b->last.e = &b->e;
    }
}

void queue_bed_done(void *bed, const struct queue_result *r)
{
    queue_bed_note(bed, r);
}

void queue_bed_clock(struct queue_bed *b, int64_t ms)
{
    char s[24];
    struct buf v = BUF_INIT(sizeof(s));

    (void)buf_i64(&v, ms);
    free(redis_server_ask(b->server, "SET", "crier:{venus}:clock", buf_cstr(&v), NULL));
    buf_fini(&v);
}

int queue_bed_begin(void **state)
{
    *state = queue_bed_new();
    return 0;
}

int queue_bed_end(void **state)
{
    queue_bed_free(*state);
    return 0;
}

void queue_bed_reply(struct queue_bed *b, const char *id, const char *from)
{
    free(redis_server_ask(b->server, "XADD", "crier:{venus}:replies", id, "from", from, NULL));
}

void queue_bed_changed(void *bed, const struct queue_result *r, uint32_t n_promoted)
{
    (void)n_promoted;
    queue_bed_done(bed, r);
}
