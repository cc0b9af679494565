/* net/http and names: a name server that takes its time delays nobody but the one who asked. getaddrinfo() is our own here: libcurl
 * calls this one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "net/http.h"

enum { SERVER_MS = 1500, TIMEOUT_MS = 100, LATE_MS = 700, TICK_MS = 10, PATIENCE_MS = 10000 };

static _Atomic int n_asked, n_answered;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    struct timespec ts = {.tv_sec = SERVER_MS / 1000, .tv_nsec = SERVER_MS % 1000 * 1000000};
    int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

    *(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
    if (name == NULL || strcmp(name, "slow.example") != 0)
        return next(name, service, hints, out);
    n_asked++;
    nanosleep(&ts, NULL);
    n_answered++;
    return EAI_NONAME;
}

struct trial {
    struct loop_timer *tick;
    int64_t ticked_us, worst_us;
    int n_done;
    enum http_outcome outcome;
};

static void on_tick(void *arg)
{
    struct trial *t = arg;
    int64_t now_us = clock_mono_us();

    if (t->ticked_us != 0 && now_us - t->ticked_us > t->worst_us)
        t->worst_us = now_us - t->ticked_us;
    t->ticked_us = now_us;
    loop_timer_arm_ms(t->tick, TICK_MS);
}

static void on_done(void *arg, const struct http_answer *a)
{
    struct trial *t = arg;

    t->n_done++;
    t->outcome = a->outcome;
}

static bool is_done(void *arg)
{
    return ((struct trial *)arg)->n_done > 0;
}

static bool has_answered(void *arg)
{
    (void)arg;
    return n_answered == n_asked;
}

static void a_slow_name_server_does_not_stop_the_loop(void **state)
{
    struct http_opts o = {.user_agent = "crier-test", .max_in_flight = 1};
    struct http_call call = {.method = "GET",
                             .url = "https://slow.example/",
                             .connect_timeout_ms = TIMEOUT_MS,
                             .timeout_ms = TIMEOUT_MS};
    struct trial t = {.n_done = 0};
    struct err e;
    struct loop *loop = loop_new(&e);
    struct http *client = http_new(loop, &o, &e);
    int64_t began_us = clock_mono_us();

    (void)state;
    assert_non_null(client);
    t.tick = loop_timer_new(loop, on_tick, &t);
    on_tick(&t);
    http_begin(client, &call, HTTP_REACH_PUBLIC, on_done, &t);
    assert_true(loop_run_until(loop, is_done, &t, PATIENCE_MS));
    assert_in_range(clock_mono_us() - began_us, 0, LATE_MS * 1000);
    assert_int_equal(t.outcome, HTTP_NOT_SENT);
    assert_true(
        loop_run_until(loop, has_answered, &t, PATIENCE_MS)); /* who asked is gone: nothing is touched */
    assert_int_equal(n_asked, 1);
    assert_int_equal(t.n_done, 1);
    assert_in_range(t.worst_us, 0, LATE_MS * 1000);
    loop_timer_free(t.tick);
    http_free(client);
    loop_free(loop);
}

/* A cancelled request, and one whose client is freed, wait for nobody either. */
static void neither_cancel_nor_the_end_wait_for_a_name_server(void **state)
{
    struct http_opts o = {.user_agent = "crier-test", .max_in_flight = 1};
    struct http_call call = {
        .method = "GET", .url = "https://slow.example/", .connect_timeout_ms = 5000, .timeout_ms = 5000};
    struct trial t = {.n_done = 0};
    struct err e;
    struct loop *loop = loop_new(&e);
    struct http *client = http_new(loop, &o, &e);
    struct http_op *op;
    int64_t began_us = clock_mono_us();

    (void)state;
    op = http_begin(client, &call, HTTP_REACH_PUBLIC, on_done, &t);
    http_begin(client, &call, HTTP_REACH_PUBLIC, on_done, &t);
    assert_false(loop_run_until(loop, is_done, &t, 50));
    assert_false(http_cancel(op));
    assert_false(loop_run_until(loop, is_done, &t, 50));
    http_free(client);
    assert_in_range(clock_mono_us() - began_us, 0, LATE_MS * 1000);
    assert_int_equal(t.n_done, 0);
    assert_true(loop_run_until(loop, has_answered, NULL, PATIENCE_MS));
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_name_server_does_not_stop_the_loop),
        cmocka_unit_test(neither_cancel_nor_the_end_wait_for_a_name_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
