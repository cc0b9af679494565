/* The client of Redis, with pretenders, refusals and a deaf server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/mem.h"
#include "net/redis.h"
#include "tests/support/hostile.h"
#include "tests/support/redis_bed.h"

static void pretend_hang(struct hostile *h, int fd, void *arg)
{
    (void)h;
    (void)arg;
    hostile_hang(fd);
}

static void pretend_garbage(struct hostile *h, int fd, void *arg)
{
    (void)h;
    (void)arg;
    if (hostile_read_some(fd))
        hostile_say(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
    hostile_hang(fd);
}

static void pretend_close(struct hostile *h, int fd, void *arg)
{
    (void)h;
    (void)arg;
    hostile_read_some(fd);
}

/* Greets properly (SETNAME, PING), then does with the first command what ${arg} says. */
static void pretend_then(struct hostile *h, int fd, void *arg)
{
    const char *say = arg;

    (void)h;
    if (!hostile_read_some(fd))
        return;
    hostile_say(fd, "+OK\r\n+PONG\r\n");
    if (!hostile_read_some(fd))
        return;
    hostile_say(fd, say);
    if (say[0] != '\0' && say[0] != '$')
        hostile_hang(fd);
}

static void pretend_unasked(struct hostile *h, int fd, void *arg)
{
    (void)h;
    (void)arg;
    if (hostile_read_some(fd))
        hostile_say(fd, "+OK\r\n+PONG\r\n+AND\r\n+MORE\r\n");
    hostile_hang(fd);
}

static const struct {
    const char *name;
    hostile_fn serve;
    const char *say;
    bool gets_up;
    enum redis_fault fault;
    const char *why;
} pretend_rows[] = {
    {"one that never answers the greeting is not up", pretend_hang,    NULL,              false, REDIS_NOT_SENT, "greeting" },
    {"one that speaks HTTP is not up",                pretend_garbage, NULL,              false, REDIS_NOT_SENT, "not Redis"},
    {"one that closes is not up",                     pretend_close,   NULL,              false, REDIS_NOT_SENT, "closed"   },
    {"a close after the command loses it",            pretend_then,    "",                true,  REDIS_LOST,     "closed"   },
    {"a close in the middle of an answer loses it",   pretend_then,    "$10\r\nabc",      true,  REDIS_LOST,     "closed"   },
    {"a billion elements lose it at once",            pretend_then,    "*1000000000\r\n", true,  REDIS_LOST,     "not Redis"},
    {"garbage for an answer loses it",                pretend_then,    "what?\r\n",       true,  REDIS_LOST,     "not Redis"},
    {"an absurd length for an answer loses it",       pretend_then,    "*-7\r\n",         true,  REDIS_LOST,     ""         },
    {"no answer loses it after the timeout",          pretend_then,    ":",               true,  REDIS_LOST,     "in time"  },
    {"answers nobody asked for end the connection",   pretend_unasked, NULL,              true,  REDIS_NOT_SENT, "nobody"   },
};

static bool up_once(void *arg)
{
    (void)arg;
    return redis_bed.seen.n_up > 0;
}

static void pretenders_are_found_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pretend_rows); i++) {
        struct hostile *h = hostile_start(pretend_rows[i].serve, (void *)(uintptr_t)pretend_rows[i].say);
        char *url = xasprintf("redis://127.0.0.1:%d", hostile_port(h));
        struct redis_opts o = redis_bed_options(url);
        struct redis_trial t;

        o.connect_timeout_ms = 200;
        o.timeout_ms = 200;
        o.backoff_min_ms = o.backoff_max_ms = 60000; /* one try */
        redis_bed_open(o);
        free(url);
        if (pretend_rows[i].gets_up)
            assert_true(loop_run_until(redis_bed.loop, up_once, NULL, PATIENCE_MS));
        else
            assert_true(loop_run_until(redis_bed.loop, redis_bed_went_down, &(int){1}, PATIENCE_MS));
        if (pretend_rows[i].serve == pretend_unasked)
            assert_true(loop_run_until(redis_bed.loop, redis_bed_went_down, &(int){1}, PATIENCE_MS));
        redis_bed_begin(&t, "GET", "k", NULL);
        assert_true(loop_run_until(redis_bed.loop, redis_bed_is_done, &t, PATIENCE_MS));
        if (t.n_done != 1 || t.early || t.fault != pretend_rows[i].fault ||
            strstr(redis_bed.seen.why, pretend_rows[i].why) == NULL)
            fail_msg("%s: %d completions, fault %d, why \"%s\"", pretend_rows[i].name, t.n_done, (int)t.fault,
                     redis_bed.seen.why);
        redis_free(redis_bed.redis);
        redis_bed.redis = NULL;
        loop_run_until(redis_bed.loop, redis_bed_never, NULL, 0);
        hostile_stop(h);
    }
}

static char greeting[512];

static void pretend_listen(struct hostile *h, int fd, void *arg)
{
    ssize_t n = recv(fd, greeting, sizeof(greeting) - 1, 0);

    (void)h;
    (void)arg;
    greeting[n > 0 ? n : 0] = '\0';
    hostile_say(fd, "+OK\r\n+OK\r\n+OK\r\n+PONG\r\n");
    hostile_hang(fd);
}

static void pretend_wrongpass(struct hostile *h, int fd, void *arg)
{
    (void)h;
    (void)arg;
    if (hostile_read_some(fd))
        hostile_say(fd, "-WRONGPASS invalid username-password pair\r\n+OK\r\n+OK\r\n");
    hostile_hang(fd);
}

static void the_password_is_given_and_its_refusal_told(void **state)
{
    struct hostile *h = hostile_start(pretend_listen, NULL), *wrong = hostile_start(pretend_wrongpass, NULL);
    char *url = xasprintf("redis://anna:p%%40ss@127.0.0.1:%d/7", hostile_port(h));

    (void)state;
    redis_bed_open(redis_bed_options(url));
    free(url);
    assert_true(loop_run_until(redis_bed.loop, redis_bed_is_up, NULL, PATIENCE_MS));
    assert_string_equal(greeting,
                        "*3\r\n$4\r\nAUTH\r\n$4\r\nanna\r\n$4\r\np@ss\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n7\r\n"
                        "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$10\r\ncrier-test\r\n"
                        "*1\r\n$4\r\nPING\r\n");
    redis_free(redis_bed.redis);
    url = xasprintf("redis://:nope@127.0.0.1:%d", hostile_port(wrong));
    redis_bed_open(redis_bed_options(url));
    free(url);
    assert_true(loop_run_until(redis_bed.loop, redis_bed_went_down, &(int){2}, PATIENCE_MS));
    assert_int_equal(redis_bed.seen.n_up, 0);
    assert_non_null(strstr(redis_bed.seen.why, "WRONGPASS"));
    redis_free(redis_bed.redis);
    redis_bed.redis = NULL;
    hostile_stop(h);
    hostile_stop(wrong);
}

static void a_refused_port_is_tried_again(void **state)
{
    struct hostile *h = hostile_start(pretend_hang, NULL);
    char *url = xasprintf("redis://localhost:%d", hostile_port(h));
    int three = 3;

    (void)state;
    hostile_stop(h);
    redis_bed_open(redis_bed_options(url));
    free(url);
    assert_true(loop_run_until(redis_bed.loop, redis_bed_went_down, &three, PATIENCE_MS));
    assert_string_equal(redis_bed.seen.why, "Connection refused");
}

/* Greets, then reads no more. */
static void pretend_deaf(struct hostile *h, int fd, void *arg)
{
    int small = 4096;

    (void)h;
    (void)arg;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    if (hostile_read_some(fd))
        hostile_say(fd, "+OK\r\n+PONG\r\n");
    hostile_pause(fd, 60000);
}

enum { MIB = 1024 * 1024 };

/* ${n} commands of 1 MiB each; all complete. The number of those that were NOT_SENT. */
static size_t send_big(struct redis_trial *t, size_t n)
{
    char *big = xcalloc(1, MIB + 1);
    size_t n_not_sent = 0;

    memset(big, 'x', MIB);
    for (size_t i = 0; i < n; i++)
        redis_bed_begin(&t[i], "SET", "k", big);
    free(big);
    for (size_t i = 0; i < n; i++) {
        assert_true(loop_run_until(redis_bed.loop, redis_bed_is_done, &t[i], PATIENCE_MS));
        assert_int_equal(t[i].n_done, 1);
        assert_true(t[i].fault == REDIS_NOT_SENT || t[i].fault == REDIS_LOST);
        n_not_sent += t[i].fault == REDIS_NOT_SENT;
    }
    return n_not_sent;
}

/* The socket takes no more: what was not written whole cannot have been executed. */
static void what_was_never_written_is_not_sent(void **state)
{
    static struct redis_trial t[12];
    struct hostile *h = hostile_start(pretend_deaf, NULL);
    char *url = xasprintf("redis://127.0.0.1:%d", hostile_port(h));
    struct redis_opts o = redis_bed_options(url);
    size_t n;

    (void)state;
    o.timeout_ms = 300;
    redis_bed_open(o);
    free(url);
    assert_true(loop_run_until(redis_bed.loop, up_once, NULL, PATIENCE_MS));
    n = send_big(t, 7); /* fit into the buffer, not into the socket */
    assert_in_range(n, 1, 6);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(t[i].fault, i < 7 - n ? REDIS_LOST : REDIS_NOT_SENT);
    assert_true(loop_run_until(redis_bed.loop, redis_bed_is_up, NULL, PATIENCE_MS));
    n = send_big(t, 12); /* some do not even fit into the buffer */
    assert_in_range(n, 5, 11);
    redis_free(redis_bed.redis);
    redis_bed.redis = NULL;
    loop_run_until(redis_bed.loop, redis_bed_never, NULL, 0);
    hostile_stop(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pretenders_are_found_out, redis_bed_setup, redis_bed_teardown),
        cmocka_unit_test_setup_teardown(the_password_is_given_and_its_refusal_told, redis_bed_setup,
                                        redis_bed_teardown),
        cmocka_unit_test_setup_teardown(a_refused_port_is_tried_again, redis_bed_setup, redis_bed_teardown),
        cmocka_unit_test_setup_teardown(what_was_never_written_is_not_sent, redis_bed_setup,
                                        redis_bed_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
