/* net/redis against a real Redis that is killed, frozen and restarted, and against servers that only pretend. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/redis.h"
#include "tests/support/hostile.h"
#include "tests/support/redis_server.h"

enum { PATIENCE_MS = 15000 };

static struct loop *loop;
static struct redis *redis;
static struct redis_server *server;

static struct {
    int n_up, n_down;
    char why[160];
    bool inside; /* a call into the module is on the stack */
} seen;

static void on_state(void *arg, enum redis_state s, const char *why)
{
    (void)arg;
    assert_false(seen.inside);
    seen.n_up += s == REDIS_UP;
    if (s == REDIS_DOWN) {
        size_t n = strnlen(why, sizeof(seen.why) - 1);

        seen.n_down++;
        memcpy(seen.why, why, n);
        seen.why[n] = '\0';
    }
}

static struct redis_opts options(const char *url)
{
    return (struct redis_opts){.url = url,
                               .client_name = "crier-test",
                               .connect_timeout_ms = 2000,
                               .timeout_ms = 3000,
                               .backoff_min_ms = 5,
                               .backoff_max_ms = 50,
                               .on_state = on_state};
}

static void open_with(struct redis_opts o)
{
    struct err e;

    memset(&seen, 0, sizeof(seen));
    seen.inside = true;
    redis = redis_new(loop, &o, &e);
    seen.inside = false;
    assert_non_null(redis);
}

static int setup(void **state)
{
    struct err e;

    (void)state;
    loop = loop_new(&e);
    redis = NULL;
    return loop != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    redis_free(redis);
    loop_free(loop);
    redis_server_stop(server);
    server = NULL;
    return 0;
}

static bool is_up(void *arg)
{
    (void)arg;
    return redis_state(redis) == REDIS_UP;
}

static bool went_down(void *arg)
{
    return seen.n_down >= *(int *)arg;
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static void open_real(void)
{
    server = redis_server_start(REDIS_SERVER_MEMORY, NULL);
    open_with(options(redis_server_url(server)));
    assert_true(loop_run_until(loop, is_up, NULL, PATIENCE_MS));
}

/* One command and its completion. */
struct trial {
    struct redis_cmd *cmd;
    int n_done;
    bool begun, early;
    enum redis_fault fault;
    char text[256];
    int64_t number;
    int64_t took_ms;
};

static void on_done(void *arg, const struct redis_answer *a)
{
    struct trial *t = arg;
    const char *s = a->fault == REDIS_OK ? redis_value_str(a->value, NULL) : a->error;
    size_t n = s != NULL ? strnlen(s, sizeof(t->text) - 1) : 0;

    t->n_done++;
    t->early = !t->begun;
    t->fault = a->fault;
    t->number = redis_value_int(a->value, -1);
    if (n > 0)
        memcpy(t->text, s, n);
    t->text[n] = '\0';
    t->cmd = NULL;
}

static bool is_done(void *arg)
{
    const struct trial *t = arg;

    return t->n_done > 0;
}

static void begin(struct trial *t, const char *a, const char *b, const char *c)
{
    const char *argv[] = {a, b, c};

    *t = (struct trial){.n_done = 0};
    seen.inside = true;
    t->cmd = redis_begin(redis, on_done, t, c != NULL ? 3 : b != NULL ? 2 : 1, argv, NULL);
    seen.inside = false;
    t->begun = true;
}

static void finish(struct trial *t, enum redis_fault fault)
{
    assert_true(loop_run_until(loop, is_done, t, PATIENCE_MS));
    assert_int_equal(t->n_done, 1);
    assert_false(t->early);
    if (t->fault != fault)
        fail_msg("fault %d (%s) instead of %d", (int)t->fault, t->text, (int)fault);
}

/* ------------------------------------------------------------- a real Redis */

static void commands_are_answered_in_order_and_values_read(void **state)
{
    struct trial set, get, number, wrong;

    (void)state;
    open_real();
    begin(&set, "SET", "k", "甲\r\n乙");
    begin(&get, "GET", "k", NULL);
    begin(&number, "STRLEN", "k", NULL);
    begin(&wrong, "LPUSH", "k", "x");
    assert_int_equal(redis_in_flight(redis), 4);
    finish(&wrong, REDIS_REFUSED);
    assert_non_null(strstr(wrong.text, "WRONGTYPE"));
    assert_string_equal(set.text, "OK");
    assert_string_equal(get.text, "甲\r\n乙");
    assert_int_equal(number.number, 8);
    assert_int_equal(redis_in_flight(redis), 0);
    assert_true(redis_latency_us(redis) > 0);
}

static void on_binary(void *arg, const struct redis_answer *a)
{
    const struct redis_value *v = a->value;
    size_t n;

    *(bool *)arg = true;
    assert_int_equal(redis_value_type(v), REDIS_ARRAY);
    assert_int_equal(redis_value_count(v), 3);
    assert_memory_equal(redis_value_str(redis_value_at(v, 0), &n), "a\0b", 4);
    assert_int_equal(n, 3);
    assert_int_equal(redis_value_type(redis_value_at(v, 1)), REDIS_NIL);
    assert_int_equal(redis_value_int(redis_value_at(v, 2), -1), 42); /* a string that is a number */
    assert_null(redis_value_at(v, 3));
    assert_null(redis_value_str(v, &n));
    assert_int_equal(n, 0);
    assert_int_equal(redis_value_int(redis_value_at(v, 0), -7), -7);
    assert_int_equal(redis_value_count(redis_value_at(v, 0)), 0);
    assert_int_equal(redis_value_type(NULL), REDIS_NIL);
}

static bool flag_set(void *arg)
{
    return *(bool *)arg;
}

static void arguments_and_answers_are_binary_safe_and_total(void **state)
{
    const char *set[] = {"MSET", "x", "a\0b", "y", "42"}, *get[] = {"MGET", "x", "none", "y"};
    const size_t lens[] = {4, 1, 3, 1, 2};
    bool done = false;

    (void)state;
    open_real();
    redis_begin(redis, NULL, NULL, 5, set, lens);
    redis_begin(redis, on_binary, &done, 4, get, NULL);
    assert_true(loop_run_until(loop, flag_set, &done, PATIENCE_MS));
    assert_int_equal(redis_in_flight(redis), 0);
}

static void a_killed_redis_loses_what_was_under_way_and_comes_back(void **state)
{
    struct trial blocked, after;
    const char *argv[] = {"BLPOP", "nothing", "0"};
    int one = 1;

    (void)state;
    open_real();
    blocked = (struct trial){.begun = true};
    redis_begin_timeout(redis, 0, on_done, &blocked, 3, argv, NULL);
    begin(&after, "PING", NULL, NULL); /* waits behind it */
    loop_run_until(loop, never, NULL, 20);
    assert_int_equal(blocked.n_done, 0);
    redis_server_kill(server);
    finish(&blocked, REDIS_LOST);
    finish(&after, REDIS_LOST);
    assert_true(loop_run_until(loop, went_down, &one, PATIENCE_MS));
    begin(&after, "PING", NULL, NULL);
    finish(&after, REDIS_NOT_SENT);
    redis_server_restart(server);
    assert_true(loop_run_until(loop, is_up, NULL, PATIENCE_MS));
    begin(&after, "PING", NULL, NULL);
    finish(&after, REDIS_OK);
    assert_true(seen.n_up >= 2);
}

static void a_frozen_redis_is_given_up_after_the_timeout(void **state)
{
    struct redis_opts o;
    struct trial t[3];
    int64_t began;

    (void)state;
    server = redis_server_start(REDIS_SERVER_MEMORY, NULL);
    o = options(redis_server_url(server));
    o.timeout_ms = 150;
    o.connect_timeout_ms = 150;
    open_with(o);
    assert_true(loop_run_until(loop, is_up, NULL, PATIENCE_MS));
    redis_server_freeze(server, true);
    began = loop_now_us();
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        begin(&t[i], "PING", NULL, NULL);
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        finish(&t[i], REDIS_LOST);
    assert_in_range(loop_now_us() - began, 140000, 2000000);
    assert_string_equal(seen.why, "no answer in time");
    loop_run_until(loop, never, NULL, 400); /* the greeting times out too, and is tried again */
    assert_true(seen.n_down >= 2);
    redis_server_freeze(server, false);
    assert_true(loop_run_until(loop, is_up, NULL, PATIENCE_MS));
    begin(&t[0], "PING", NULL, NULL);
    finish(&t[0], REDIS_OK);
}

static void a_blocking_command_brings_its_own_time(void **state)
{
    struct redis_opts o;
    const char *argv[] = {"BLPOP", "nothing", "0.3"};
    struct trial t = {.begun = true};

    (void)state;
    server = redis_server_start(REDIS_SERVER_MEMORY, NULL);
    o = options(redis_server_url(server));
    o.timeout_ms = 100;
    open_with(o);
    assert_true(loop_run_until(loop, is_up, NULL, PATIENCE_MS));
    redis_begin_timeout(redis, 2000, on_done, &t, 3, argv, NULL);
    finish(&t, REDIS_OK);
    assert_int_equal(seen.n_down, 0);
    assert_int_equal(redis_latency_us(redis), 0); /* nor does it count as slowness */
}

/* The daemon was stopped longer than the timeout: an answer that lies in the socket is an answer. */
static void being_stopped_ourselves_is_no_timeout(void **state)
{
    struct redis_opts o;
    struct trial t, warm;

    (void)state;
    server = redis_server_start(REDIS_SERVER_MEMORY, NULL);
    o = options(redis_server_url(server));
    o.timeout_ms = 50;
    open_with(o);
    assert_true(loop_run_until(loop, is_up, NULL, PATIENCE_MS));
    begin(&warm, "PING", NULL, NULL);
    begin(&t, "PING", NULL, NULL);
    loop_run_until(loop, never, NULL, 0); /* one turn: it leaves */
    for (int64_t until = loop_now_us() + 120000; loop_now_us() < until;)
        continue;
    finish(&t, REDIS_OK);
    assert_int_equal(seen.n_down, 0);
}

static void cancelled_commands_are_not_completed_and_the_others_are(void **state)
{
    struct trial t[5];

    (void)state;
    open_real();
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        begin(&t[i], "ECHO", (const char *[]){"0", "1", "2", "3", "4"}[i], NULL);
    redis_cancel(t[0].cmd);
    redis_cancel(t[2].cmd);
    redis_cancel(t[4].cmd);
    assert_int_equal(redis_in_flight(redis), 2);
    finish(&t[1], REDIS_OK);
    finish(&t[3], REDIS_OK);
    assert_string_equal(t[1].text, "1");
    assert_string_equal(t[3].text, "3");
    loop_run_until(loop, never, NULL, 20);
    assert_int_equal(t[0].n_done + t[2].n_done + t[4].n_done, 0);
    redis_server_kill(server); /* and cancelled in the list of failures */
    assert_true(loop_run_until(loop, went_down, &(int){1}, PATIENCE_MS));
    begin(&t[0], "PING", NULL, NULL);
    begin(&t[1], "PING", NULL, NULL);
    redis_cancel(t[0].cmd);
    finish(&t[1], REDIS_NOT_SENT);
    assert_int_equal(t[0].n_done, 0);
}

static void free_inside(void *arg, const struct redis_answer *a)
{
    on_done(arg, a);
    redis_free(redis);
    redis = NULL;
}

static void freeing_inside_a_completion_ends_everything(void **state)
{
    struct trial t = {.begun = true}, others[3];
    const char *argv[] = {"PING"};

    (void)state;
    open_real();
    redis_begin(redis, free_inside, &t, 1, argv, NULL);
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        begin(&others[i], "PING", NULL, NULL);
    finish(&t, REDIS_OK);
    loop_run_until(loop, never, NULL, 20);
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_int_equal(others[i].n_done, 0);
}

static int n_retries;

static void again(void *arg, const struct redis_answer *a)
{
    const char *argv[] = {"PING"};

    (void)arg;
    if (a->fault == REDIS_NOT_SENT) {
        n_retries++;
        redis_begin(redis, again, NULL, 1, argv, NULL);
    }
}

/* Whoever tries again at once must not keep the loop from connecting. */
static void a_hasty_caller_does_not_stop_the_loop(void **state)
{
    const char *argv[] = {"PING"};

    (void)state;
    server = redis_server_start(REDIS_SERVER_MEMORY, NULL);
    open_with(options(redis_server_url(server)));
    n_retries = 0;
    redis_begin(redis, again, NULL, 1, argv, NULL);
    assert_true(loop_run_until(loop, is_up, NULL, PATIENCE_MS));
    assert_true(n_retries > 0);
    loop_run_until(loop, never, NULL, 20);
    assert_int_equal(redis_in_flight(redis), 0);
}

static void reconnecting_loses_what_is_under_way(void **state)
{
    struct trial blocked = {.begun = true}, after;
    const char *argv[] = {"BLPOP", "nothing", "0"};

    (void)state;
    open_real();
    redis_begin_timeout(redis, 0, on_done, &blocked, 3, argv, NULL);
    loop_run_until(loop, never, NULL, 20);
    seen.inside = true;
    redis_reconnect(redis, "READONLY");
    seen.inside = false;
    begin(&after, "PING", NULL, NULL);
    finish(&blocked, REDIS_LOST);
    finish(&after, REDIS_NOT_SENT);
    assert_string_equal(seen.why, "READONLY");
    assert_true(loop_run_until(loop, is_up, NULL, PATIENCE_MS));
}

static void the_greeting_sets_name_and_database(void **state)
{
    char *url;
    struct trial t;
    int two = 2;

    (void)state;
    server = redis_server_start(REDIS_SERVER_MEMORY, (const char *[]){"--databases", "16", NULL});
    url = xasprintf("%s?db=5", redis_server_url(server));
    open_with(options(url));
    free(url);
    assert_true(loop_run_until(loop, is_up, NULL, PATIENCE_MS));
    begin(&t, "CLIENT", "INFO", NULL);
    finish(&t, REDIS_OK);
    assert_non_null(strstr(t.text, "name=crier-test"));
    assert_non_null(strstr(t.text, "db=5"));
    redis_free(redis);
    url = xasprintf("%s?db=99", redis_server_url(server)); /* refused: never up, tried again and again */
    open_with(options(url));
    free(url);
    assert_true(loop_run_until(loop, went_down, &two, PATIENCE_MS));
    assert_int_equal(seen.n_up, 0);
    assert_non_null(strstr(seen.why, "out of range"));
}

/* ---------------------------------------------------------------- pretenders */

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
    return seen.n_up > 0;
}

static void pretenders_are_found_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pretend_rows); i++) {
        struct hostile *h = hostile_start(pretend_rows[i].serve, (void *)(uintptr_t)pretend_rows[i].say);
        char *url = xasprintf("redis://127.0.0.1:%d", hostile_port(h));
        struct redis_opts o = options(url);
        struct trial t;

        o.connect_timeout_ms = 200;
        o.timeout_ms = 200;
        o.backoff_min_ms = o.backoff_max_ms = 60000; /* one try */
        open_with(o);
        free(url);
        if (pretend_rows[i].gets_up)
            assert_true(loop_run_until(loop, up_once, NULL, PATIENCE_MS));
        else
            assert_true(loop_run_until(loop, went_down, &(int){1}, PATIENCE_MS));
        if (pretend_rows[i].serve == pretend_unasked)
            assert_true(loop_run_until(loop, went_down, &(int){1}, PATIENCE_MS));
        begin(&t, "GET", "k", NULL);
        assert_true(loop_run_until(loop, is_done, &t, PATIENCE_MS));
        if (t.n_done != 1 || t.early || t.fault != pretend_rows[i].fault ||
            strstr(seen.why, pretend_rows[i].why) == NULL)
            fail_msg("%s: %d completions, fault %d, why \"%s\"", pretend_rows[i].name, t.n_done, (int)t.fault,
                     seen.why);
        redis_free(redis);
        redis = NULL;
        loop_run_until(loop, never, NULL, 0);
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
    open_with(options(url));
    free(url);
    assert_true(loop_run_until(loop, is_up, NULL, PATIENCE_MS));
    assert_string_equal(greeting,
                        "*3\r\n$4\r\nAUTH\r\n$4\r\nanna\r\n$4\r\np@ss\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n7\r\n"
                        "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$10\r\ncrier-test\r\n"
                        "*1\r\n$4\r\nPING\r\n");
    redis_free(redis);
    url = xasprintf("redis://:nope@127.0.0.1:%d", hostile_port(wrong));
    open_with(options(url));
    free(url);
    assert_true(loop_run_until(loop, went_down, &(int){2}, PATIENCE_MS));
    assert_int_equal(seen.n_up, 0);
    assert_non_null(strstr(seen.why, "WRONGPASS"));
    redis_free(redis);
    redis = NULL;
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
    open_with(options(url));
    free(url);
    assert_true(loop_run_until(loop, went_down, &three, PATIENCE_MS));
    assert_string_equal(seen.why, "Connection refused");
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
static size_t send_big(struct trial *t, size_t n)
{
    char *big = xcalloc(1, MIB + 1);
    size_t n_not_sent = 0;

    memset(big, 'x', MIB);
    for (size_t i = 0; i < n; i++)
        begin(&t[i], "SET", "k", big);
    free(big);
    for (size_t i = 0; i < n; i++) {
        assert_true(loop_run_until(loop, is_done, &t[i], PATIENCE_MS));
        assert_int_equal(t[i].n_done, 1);
        assert_true(t[i].fault == REDIS_NOT_SENT || t[i].fault == REDIS_LOST);
        n_not_sent += t[i].fault == REDIS_NOT_SENT;
    }
    return n_not_sent;
}

/* The socket takes no more: what was not written whole cannot have been executed. */
static void what_was_never_written_is_not_sent(void **state)
{
    static struct trial t[12];
    struct hostile *h = hostile_start(pretend_deaf, NULL);
    char *url = xasprintf("redis://127.0.0.1:%d", hostile_port(h));
    struct redis_opts o = options(url);
    size_t n;

    (void)state;
    o.timeout_ms = 300;
    open_with(o);
    free(url);
    assert_true(loop_run_until(loop, up_once, NULL, PATIENCE_MS));
    n = send_big(t, 7); /* fit into the buffer, not into the socket */
    assert_in_range(n, 1, 6);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(t[i].fault, i < 7 - n ? REDIS_LOST : REDIS_NOT_SENT);
    assert_true(loop_run_until(loop, is_up, NULL, PATIENCE_MS));
    n = send_big(t, 12); /* some do not even fit into the buffer */
    assert_in_range(n, 5, 11);
    redis_free(redis);
    redis = NULL;
    loop_run_until(loop, never, NULL, 0);
    hostile_stop(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commands_are_answered_in_order_and_values_read, setup, teardown),
        cmocka_unit_test_setup_teardown(arguments_and_answers_are_binary_safe_and_total, setup, teardown),
        cmocka_unit_test_setup_teardown(a_killed_redis_loses_what_was_under_way_and_comes_back, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_frozen_redis_is_given_up_after_the_timeout, setup, teardown),
        cmocka_unit_test_setup_teardown(a_blocking_command_brings_its_own_time, setup, teardown),
        cmocka_unit_test_setup_teardown(being_stopped_ourselves_is_no_timeout, setup, teardown),
        cmocka_unit_test_setup_teardown(cancelled_commands_are_not_completed_and_the_others_are, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(freeing_inside_a_completion_ends_everything, setup, teardown),
        cmocka_unit_test_setup_teardown(a_hasty_caller_does_not_stop_the_loop, setup, teardown),
        cmocka_unit_test_setup_teardown(reconnecting_loses_what_is_under_way, setup, teardown),
        cmocka_unit_test_setup_teardown(the_greeting_sets_name_and_database, setup, teardown),
        cmocka_unit_test_setup_teardown(pretenders_are_found_out, setup, teardown),
        cmocka_unit_test_setup_teardown(the_password_is_given_and_its_refusal_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refused_port_is_tried_again, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_never_written_is_not_sent, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
