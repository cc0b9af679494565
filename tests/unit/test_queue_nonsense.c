/* What something between us and Redis says instead of Redis' answer is never taken for one: nobody knows what was done, and the connection ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/mem.h"
#include "queue/queue.h"
#include "tests/support/hostile.h"

static struct loop *loop;

/* Greets properly (SETNAME, PING), then says ${arg} to whatever comes first. */
static void pretend(struct hostile *h, int fd, void *arg)
{
    (void)h;
    if (!hostile_read_some(fd))
        return;
    hostile_say(fd, "+OK\r\n+PONG\r\n");
    if (!hostile_read_some(fd))
        return;
    hostile_say(fd, arg);
    hostile_hang(fd);
}

struct told {
    int n;
    enum queue_status status;
    bool something; /* was handed out */
};

static void on_entry(void *arg, const struct queue_result *r, const char *entry, size_t n)
{
    struct told *t = arg;

    t->n++;
    t->status = r->status;
    t->something = entry != NULL || n != 0;
}

static void on_done(void *arg, const struct queue_result *r)
{
    on_entry(arg, r, NULL, 0);
}

static void on_finish(void *arg, const struct queue_result *r, bool mine)
{
    on_entry(arg, r, mine ? "mine" : NULL, 0);
}

static void on_left(void *arg, const char *entry, size_t n)
{
    (void)entry;
    (void)n;
    ((struct told *)arg)->something = true;
}

static void json(struct queue *q, struct redis *r, struct told *t)
{
    (void)r;
    queue_notice_json(q, "typhoon", on_entry, t);
}

static void inbox(struct queue *q, struct redis *r, struct told *t)
{
    queue_inbox_wait(q, r, true, on_entry, t);
}

static void recover(struct queue *q, struct redis *r, struct told *t)
{
    (void)r;
    queue_inproc_recover(q, on_left, on_done, t);
}

static void cancel(struct queue *q, struct redis *r, struct told *t)
{
    (void)r;
    queue_cancel(q, "typhoon", "cancelled", on_done, t);
}

static void finish(struct queue *q, struct redis *r, struct told *t)
{
    static struct queue_claim c = {.id = "typhoon", .n = 1, .owner = "x.y.1"};

    (void)r;
    queue_finish(q, &c, NULL, 0, true, 0, on_finish, t);
}

static const struct {
    const char *name;
    void (*begin)(struct queue *q, struct redis *r, struct told *t);
    const char *say;
} rows[] = {
    {"a notice is no status",                      json,    "+OK\r\n"                            },
    {"a notice is no number",                      json,    ":1\r\n"                             },
    {"a notice is not nothing at all",             json,    "*-1\r\n"                            },
    {"another's notice is not this one",           json,    "*2\r\n$1\r\na\r\n$2\r\n{}\r\n"      },
    {"what else is in a pair is no notice",        json,    "*2\r\n$-1\r\n$2\r\n{}\r\n"          },
    {"a script's answer is no notice",             json,    "*1\r\n$2\r\nok\r\n"                 },
    {"a status is no entry",                       inbox,   "+OK\r\n"                            },
    {"a list is no entry",                         inbox,   "*1\r\n$2\r\n{}\r\n"                 },
    {"a status is no end of what was left",        recover, "+OK\r\n"                            },
    {"a status does not mean cancelled",           cancel,  "+OK\r\n"                            },
    {"a number does not mean cancelled",           cancel,  ":1\r\n"                             },
    {"nothing does not mean cancelled",            cancel,  "$-1\r\n"                            },
    {"an empty list does not mean cancelled",      cancel,  "*0\r\n"                             },
    {"other words do not mean cancelled",          cancel,  "*2\r\n$2\r\nno\r\n$2\r\nok\r\n"     },
    {"an error without its code refuses nothing",  cancel,  "*1\r\n$3\r\nerr\r\n"                },
    {"a number does not mean a report was stored", finish,  ":1\r\n"                             },
    {"a notice does not mean a report was stored", finish,  "*2\r\n$7\r\ntyphoon\r\n$2\r\n{}\r\n"},
};

static bool is_up(void *arg)
{
    return redis_state(arg) == REDIS_UP;
}

static bool is_down(void *arg)
{
    return redis_state(arg) != REDIS_UP;
}

static bool is_told(void *arg)
{
    return ((struct told *)arg)->n > 0;
}

static void nonsense_is_no_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct hostile *h = hostile_start(pretend, (void *)(uintptr_t)rows[i].say);
        char *url = xasprintf("redis://127.0.0.1:%d", hostile_port(h));
        const struct redis_opts ro = {.url = url,
                                      .client_name = "t",
                                      .timeout_ms = 5000,
                                      .backoff_min_ms = 60000,
                                      .backoff_max_ms = 60000};
        struct err e;
        struct redis *redis = redis_new(loop, &ro, &e);
        const struct queue_opts qo = {
            .redis = redis, .prefix = "crier:", .community = "venus", .daemon_id = "d1", .lease_ms = 60000};
        struct queue *q = queue_new(&qo);
        struct told t = {.n = 0};

        assert_true(loop_run_until(loop, is_up, redis, 5000));
        rows[i].begin(q, redis, &t);
        assert_true(loop_run_until(loop, is_told, &t, 5000));
        if (t.n != 1 || t.status != QUEUE_UNSURE || t.something)
            fail_msg("%s: told %d times, status %d%s", rows[i].name, t.n, (int)t.status,
                     t.something ? ", something was handed out" : "");
        assert_true(loop_run_until(loop, is_down, redis, 5000));
        queue_free(q);
        redis_free(redis);
        free(url);
        hostile_stop(h);
    }
}

static int begin(void **state)
{
    struct err e;

    (void)state;
    loop = loop_new(&e);
    return loop != NULL ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    loop_free(loop);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nonsense_is_no_answer)};

    return cmocka_run_group_tests(tests, begin, end);
}
