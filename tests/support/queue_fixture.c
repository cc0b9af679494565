#include "tests/support/queue_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "queue/codec.h"

#define WAIT_MS 10000

static bool is_done(void *arg)
{
    return ((struct fixture *)arg)->done;
}

static bool is_up(void *arg)
{
    return redis_state(((struct fixture *)arg)->redis) == REDIS_UP;
}

void fixture_wait_up(struct fixture *f)
{
    if (!loop_run_until(f->loop, is_up, f, WAIT_MS))
        panic("no connection to the test's Redis");
}

struct queue *fixture_queue(struct fixture *f, const char *daemon_id, int64_t lease_ms)
{
    const struct queue_opts o = {.redis = f->redis,
                                 .prefix = "crier:",
                                 .community = "venus",
                                 .daemon_id = daemon_id,
                                 .lease_ms = lease_ms};

    if (f->n_more == ARRAY_LEN(f->more))
        panic("too many queues in one test");
    return f->more[f->n_more++] = queue_new(&o);
}

struct fixture *fixture_new(enum redis_server_mode mode, const char *const *extra)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    struct redis_opts o = {.timeout_ms = 5000, .backoff_min_ms = 10, .backoff_max_ms = 50};
    struct err e;

    f->server = redis_server_start(mode, extra);
    f->loop = loop_new(&e);
    o.url = redis_server_url(f->server);
    f->redis = f->loop != NULL ? redis_new(f->loop, &o, &e) : NULL;
    if (f->redis == NULL)
        panic("%s", e.msg);
    fixture_wait_up(f);
    f->q = fixture_queue(f, "d1", 60000);
    return f;
}

void fixture_free(struct fixture *f)
{
    if (f == NULL)
        return;
    for (size_t i = 0; i < f->n_more; i++)
        queue_free(f->more[i]);
    redis_free(f->redis);
    loop_free(f->loop);
    redis_server_stop(f->server);
    free(f);
}

void fixture_flush(struct fixture *f)
{
    for (size_t i = 1; i < f->n_more; i++)
        queue_free(f->more[i]);
    f->n_more = 1;
    free(redis_server_ask(f->server, "FLUSHALL", NULL));
}

void fixture_take(struct fixture *f, const struct queue_result *r)
{
    f->status = r->status;
    memset(&f->e, 0, sizeof(f->e));
    if (r->e != NULL)
        f->e = *r->e;
    f->done = true;
}

void fixture_on_done(void *arg, const struct queue_result *r)
{
    fixture_take(arg, r);
}

void fixture_wait(struct fixture *f)
{
    if (!loop_run_until(f->loop, is_done, f, WAIT_MS))
        panic("no completion");
    f->done = false;
}

bool fixture_redis_is(struct fixture *f, const char *expected, ...)
{
    const char *a[16] = {NULL};
    size_t n = 0;
    va_list ap;
    char *s;
    bool ok;

    va_start(ap, expected);
    while (n < ARRAY_LEN(a) && (a[n] = va_arg(ap, const char *)) != NULL)
        n++;
    va_end(ap);
    s = redis_server_ask(f->server, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], NULL);
    ok = strcmp(s, expected) == 0;
    if (!ok)
        fprintf(stderr, "%s %s: expected '%s', found '%s'\n", a[0], a[1] != NULL ? a[1] : "", expected, s);
    free(s);
    return ok;
}

void fixture_end_leases(struct fixture *f, const char *id)
{
    static const char script[] = "local P, id = 'crier:{venus}:', ARGV[1] "
                                 "for _, s in ipairs(redis.call('ZRANGE', P..'n:'..id..':work', 0, -1)) do "
                                 "redis.call('ZADD', P..'n:'..id..':work', 'XX', 1, s) end "
                                 "for l = 0, 3 do redis.call('ZADD', P..'lane:'..l, 'XX', 1, id) "
                                 "redis.call('ZADD', P..'staging:'..l, 'XX', 1, id) end "
                                 "redis.call('ZADD', P..'closing', 'XX', 1, id) return 1";

    free(redis_server_ask(f->server, "EVAL", script, "0", id, NULL));
}

static void set_ms(struct fixture *f, const char *key, int64_t ms)
{
    char s[32];

    if (snprintf(s, sizeof(s), "%lld", (long long)ms) < 0)
        panic("snprintf");
    free(redis_server_ask(f->server, "SET", key, s, NULL));
}

void fixture_clock(struct fixture *f, int64_t offset_ms)
{
    set_ms(f, "crier:{venus}:clock", offset_ms);
}

void fixture_ticks(struct fixture *f, int64_t offset_ms)
{
    set_ms(f, "crier:{venus}:tick.back", offset_ms);
}

/* ---- intake ---- */

struct word {
    struct fixture *f;
    const char *word;
};

static void on_accept(void *arg, const struct queue_result *r, enum queue_accept_result a, const char *id)
{
    static const char *const words[] = {"accepted", "same", "conflict"};
    struct word *w = arg;

    (void)id;
    fixture_take(w->f, r);
    w->word = r->status == QUEUE_OK ? words[a] : w->f->e.code;
}

static const char *accept_json(struct fixture *f, struct queue *q, const char *json, bool entry)
{
    struct word w = {.f = f};
    struct notice *n = codec_notice(json, strlen(json), &f->e);
    struct queue_accept a = {
        .notice = n, .entry = entry ? json : NULL, .entry_len = entry ? strlen(json) : 0};
    char *stored;

    if (n == NULL || notice_complete(n, clock_wall_ms(), &f->e) != 0)
        panic("the test's notice is wrong: %s: %s", f->e.code, f->e.msg);
    stored = codec_canonical(n, &a.json_len);
    a.json = stored;
    queue_accept(q, &a, on_accept, &w);
    fixture_wait(f);
    notice_free(n);
    free(stored);
    return w.word;
}

const char *fixture_accept(struct fixture *f, struct queue *q, const char *json)
{
    return accept_json(f, q, json, false);
}

const char *fixture_accept_entry(struct fixture *f, struct queue *q, const char *json)
{
    return accept_json(f, q, json, true);
}

/* ---- staging ---- */

struct stage {
    struct fixture *f;
    char id[NOTICE_ID_MAX + 1], cursor[64];
};

static void on_stage_next(void *arg, const struct queue_result *r, const struct queue_stage_job *job,
                          int64_t next_ms)
{
    struct stage *s = arg;

    (void)next_ms;
    if (job != NULL) {
        memcpy(s->id, job->id, sizeof(s->id));
        memcpy(s->cursor, job->cursor, sizeof(s->cursor));
    }
    fixture_take(s->f, r);
}

static void on_stage_put(void *arg, const struct queue_result *r, uint64_t total)
{
    (void)total;
    fixture_take(arg, r);
}

bool fixture_stage(struct fixture *f, struct queue *q, size_t n)
{
    struct stage s = {.f = f};
    struct buf lines = BUF_INIT(1 << 20);

    queue_stage_next(q, 15, on_stage_next, &s);
    fixture_wait(f);
    for (size_t i = 0; s.id[0] != '\0' && i < n;) {
        char next[64];

        buf_reset(&lines);
        for (size_t k = 0; k < 1000 && i < n; k++, i++)
            buf_fmt(&lines, "+861380%07zu\t%zu\t陈某某%zu\t3号楼\n", i, i + 1, i);
        if (snprintf(next, sizeof(next), "%zu", i) < 0)
            panic("snprintf");
        queue_stage_put(q, s.id, s.cursor, next, i == n, lines.data, lines.len, on_stage_put, f);
        fixture_wait(f);
        if (f->status != QUEUE_OK)
            panic("staging: %s", f->e.msg);
        memcpy(s.cursor, next, sizeof(s.cursor));
    }
    buf_fini(&lines);
    return s.id[0] != '\0';
}

void fixture_running(struct fixture *f, const char *id, const char *lane, size_t n)
{
    char *json = xasprintf(
        "{\"v\":1,\"id\":\"%s\",\"lane\":\"%s\",\"to\":{\"everyone\":true},\"text\":\"明早八点\"}", id, lane);
    const char *word = fixture_accept(f, f->q, json);

    if (strcmp(word, "accepted") != 0 || !fixture_stage(f, f->q, n))
        panic("notice %s does not run: %s", id, word);
    free(json);
}

/* ---- slices ---- */

struct claimed {
    struct fixture *f;
    struct queue_claim *c;
};

static void on_claim(void *arg, const struct queue_result *r, struct queue_claim *claim, int64_t next_ms)
{
    struct claimed *x = arg;

    (void)next_ms;
    if (claim != NULL) {
        x->c = xmemdup(claim, sizeof(*claim));
        claim->lines = NULL;
        claim->late = NULL;
    }
    fixture_take(x->f, r);
}

struct queue_claim *fixture_claim(struct fixture *f, struct queue *q, unsigned lanes)
{
    struct claimed x = {.f = f};

    queue_claim(q, lanes, on_claim, &x);
    fixture_wait(f);
    return x.c;
}

void fixture_claim_free(struct queue_claim *c)
{
    if (c == NULL)
        return;
    free(c->lines);
    free(c->late);
    free(c);
}

struct begun {
    struct fixture *f;
    struct queue_go *go;
    size_t n;
};

static void on_begin(void *arg, const struct queue_result *r, const struct queue_go *go, size_t n)
{
    struct begun *b = arg;

    if (n != 0 && b->go != NULL)
        memcpy(b->go, go, n * sizeof(*go));
    b->n = n;
    fixture_take(b->f, r);
}

size_t fixture_begin(struct fixture *f, struct queue *q, const struct queue_claim *c, uint32_t off,
                     uint32_t n, struct queue_go *go)
{
    struct begun b = {.f = f, .go = go};

    queue_begin(q, c, off, n, on_begin, &b);
    fixture_wait(f);
    return b.n;
}

struct finished {
    struct fixture *f;
    bool mine;
};

static void on_finish(void *arg, const struct queue_result *r, bool mine)
{
    struct finished *x = arg;

    x->mine = mine;
    fixture_take(x->f, r);
}

bool fixture_finish(struct fixture *f, struct queue *q, const struct queue_claim *c,
                    const struct queue_outcome *o, size_t n, bool last, int64_t retry_in_ms)
{
    struct finished x = {.f = f};

    queue_finish(q, c, o, n, last, retry_in_ms, on_finish, &x);
    fixture_wait(f);
    return x.mine;
}

bool fixture_finish_all(struct fixture *f, struct queue *q, const struct queue_claim *c, uint32_t off,
                        uint32_t n, uint32_t attempt, enum recipient_state s, bool last, int64_t retry_in_ms)
{
    struct queue_outcome *o = xcalloc(n, sizeof(*o));
    bool mine;

    for (uint32_t i = 0; i < n; i++)
        o[i] = (struct queue_outcome){.off = off + i, .attempt = attempt, .state = s, .route = 3};
    mine = fixture_finish(f, q, c, o, n, last, retry_in_ms);
    free(o);
    return mine;
}

/* ---- looking and housekeeping ---- */

struct got {
    struct fixture *f;
    struct queue_notice n;
};

static void on_notice(void *arg, const struct queue_result *r, const struct queue_notice *n)
{
    struct got *g = arg;

    if (n != NULL)
        g->n = *n;
    fixture_take(g->f, r);
}

struct queue_notice fixture_get(struct fixture *f, const char *id)
{
    struct got g = {.f = f};

    queue_notice_get(f->q, id, on_notice, &g);
    fixture_wait(f);
    return g.n;
}

struct more {
    struct fixture *f;
    bool more;
};

static void on_more(void *arg, const struct queue_result *r, bool more)
{
    struct more *m = arg;

    m->more = more;
    fixture_take(m->f, r);
}

static void repeat(struct fixture *f, struct queue *q,
                   void (*step)(struct queue *q, queue_more_fn cb, void *arg))
{
    struct more m = {.f = f, .more = true};

    for (int i = 0; m.more; i++) {
        if (i > 100000)
            panic("it never ends");
        step(q, on_more, &m);
        fixture_wait(f);
        if (f->status != QUEUE_OK)
            panic("%s: %s", f->e.code, f->e.msg);
    }
}

void fixture_audit(struct fixture *f, struct queue *q)
{
    repeat(f, q, queue_audit);
}

void fixture_sweep(struct fixture *f, struct queue *q)
{
    repeat(f, q, queue_sweep);
}

void fixture_cancel(struct fixture *f, const char *id)
{
    queue_cancel(f->q, id, "cancelled", fixture_on_done, f);
    fixture_wait(f);
}

void fixture_receipt(struct fixture *f, const char *id, uint64_t index, uint32_t attempt,
                     enum recipient_state s)
{
    queue_receipt(f->q, id, index, attempt,
                  &(struct queue_report){.state = s, .detail = "", .to = "", .about = "", .why = ""},
                  fixture_on_done, f);
    fixture_wait(f);
}
