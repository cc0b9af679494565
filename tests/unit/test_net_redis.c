/* The client of Redis, with a real server. */
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
#include "tests/support/redis_bed.h"
#include "tests/support/redis_server.h"

static void commands_are_answered_in_order_and_values_read(void **state)
{
    struct redis_trial set, get, number, wrong;

    (void)state;
    redis_bed_open_real();
    redis_bed_begin(&set, "SET", "k", "甲\r\n乙");
    redis_bed_begin(&get, "GET", "k", NULL);
    redis_bed_begin(&number, "STRLEN", "k", NULL);
    redis_bed_begin(&wrong, "LPUSH", "k", "x");
    assert_int_equal(redis_in_flight(redis_bed.redis), 4);
    redis_bed_finish(&wrong, REDIS_REFUSED);
    assert_non_null(strstr(wrong.text, "WRONGTYPE"));
    assert_string_equal(set.text, "OK");
    assert_string_equal(get.text, "甲\r\n乙");
    assert_int_equal(number.number, 8);
    assert_int_equal(redis_in_flight(redis_bed.redis), 0);
    assert_true(redis_latency_us(redis_bed.redis) > 0);
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
    redis_bed_open_real();
    redis_begin(redis_bed.redis, NULL, NULL, 5, set, lens);
    redis_begin(redis_bed.redis, on_binary, &done, 4, get, NULL);
    assert_true(loop_run_until(redis_bed.loop, flag_set, &done, PATIENCE_MS));
    assert_int_equal(redis_in_flight(redis_bed.redis), 0);
}

static void a_killed_redis_loses_what_was_under_way_and_comes_back(void **state)
{
    struct redis_trial blocked, after;
    const char *argv[] = {"BLPOP", "nothing", "0"};
    int one = 1;

    (void)state;
    redis_bed_open_real();
    blocked = (struct redis_trial){.begun = true};
    redis_begin_timeout(redis_bed.redis, 0, redis_bed_on_done, &blocked, 3, argv, NULL);
    redis_bed_begin(&after, "PING", NULL, NULL); /* waits behind it */
    loop_run_until(redis_bed.loop, redis_bed_never, NULL, 20);
    assert_int_equal(blocked.n_done, 0);
    redis_server_kill(redis_bed.server);
    redis_bed_finish(&blocked, REDIS_LOST);
    redis_bed_finish(&after, REDIS_LOST);
    assert_true(loop_run_until(redis_bed.loop, redis_bed_went_down, &one, PATIENCE_MS));
    redis_bed_begin(&after, "PING", NULL, NULL);
    redis_bed_finish(&after, REDIS_NOT_SENT);
    redis_server_restart(redis_bed.server);
    assert_true(loop_run_until(redis_bed.loop, redis_bed_is_up, NULL, PATIENCE_MS));
    redis_bed_begin(&after, "PING", NULL, NULL);
    redis_bed_finish(&after, REDIS_OK);
    assert_true(redis_bed.seen.n_up >= 2);
}

static void a_frozen_redis_is_given_up_after_the_timeout(void **state)
{
    struct redis_opts o;
    struct redis_trial t[3];
    int64_t began;

    (void)state;
    redis_bed.server = redis_server_start(REDIS_SERVER_MEMORY, NULL);
    o = redis_bed_options(redis_server_url(redis_bed.server));
    o.timeout_ms = 150;
    o.connect_timeout_ms = 150;
    redis_bed_open(o);
    assert_true(loop_run_until(redis_bed.loop, redis_bed_is_up, NULL, PATIENCE_MS));
    redis_server_freeze(redis_bed.server, true);
    began = loop_now_us();
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        redis_bed_begin(&t[i], "PING", NULL, NULL);
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        redis_bed_finish(&t[i], REDIS_LOST);
    assert_in_range(loop_now_us() - began, 140000, 2000000);
    assert_string_equal(redis_bed.seen.why, "no answer in time");
    loop_run_until(redis_bed.loop, redis_bed_never, NULL,
                   400); /* the greeting times out too, and is tried again */
    assert_true(redis_bed.seen.n_down >= 2);
    redis_server_freeze(redis_bed.server, false);
    assert_true(loop_run_until(redis_bed.loop, redis_bed_is_up, NULL, PATIENCE_MS));
    redis_bed_begin(&t[0], "PING", NULL, NULL);
    redis_bed_finish(&t[0], REDIS_OK);
}

static void a_blocking_command_brings_its_own_time(void **state)
{
    struct redis_opts o;
    const char *argv[] = {"BLPOP", "nothing", "0.3"};
    struct redis_trial t = {.begun = true};

    (void)state;
    redis_bed.server = redis_server_start(REDIS_SERVER_MEMORY, NULL);
    o = redis_bed_options(redis_server_url(redis_bed.server));
    o.timeout_ms = 100;
    redis_bed_open(o);
    assert_true(loop_run_until(redis_bed.loop, redis_bed_is_up, NULL, PATIENCE_MS));
    redis_begin_timeout(redis_bed.redis, 2000, redis_bed_on_done, &t, 3, argv, NULL);
    redis_bed_finish(&t, REDIS_OK);
    assert_int_equal(redis_bed.seen.n_down, 0);
    assert_int_equal(redis_latency_us(redis_bed.redis), 0); /* nor does it count as slowness */
}

/* The daemon was stopped longer than the timeout: an answer that lies in the socket is an answer. */
static void being_stopped_ourselves_is_no_timeout(void **state)
{
    struct redis_opts o;
    struct redis_trial t, warm;

    (void)state;
    redis_bed.server = redis_server_start(REDIS_SERVER_MEMORY, NULL);
    o = redis_bed_options(redis_server_url(redis_bed.server));
    o.timeout_ms = 50;
    redis_bed_open(o);
    assert_true(loop_run_until(redis_bed.loop, redis_bed_is_up, NULL, PATIENCE_MS));
    redis_bed_begin(&warm, "PING", NULL, NULL);
    redis_bed_begin(&t, "PING", NULL, NULL);
    loop_run_until(redis_bed.loop, redis_bed_never, NULL, 0); /* one turn: it leaves */
    for (int64_t until = loop_now_us() + 120000; loop_now_us() < until;)
        continue;
    redis_bed_finish(&t, REDIS_OK);
    assert_int_equal(redis_bed.seen.n_down, 0);
}

static void cancelled_commands_are_not_completed_and_the_others_are(void **state)
{
    struct redis_trial t[5];

    (void)state;
    redis_bed_open_real();
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        redis_bed_begin(&t[i], "ECHO", (const char *[]){"0", "1", "2", "3", "4"}[i], NULL);
    redis_cancel(t[0].cmd);
    redis_cancel(t[2].cmd);
    redis_cancel(t[4].cmd);
    assert_int_equal(redis_in_flight(redis_bed.redis), 2);
    redis_bed_finish(&t[1], REDIS_OK);
    redis_bed_finish(&t[3], REDIS_OK);
    assert_string_equal(t[1].text, "1");
    assert_string_equal(t[3].text, "3");
    loop_run_until(redis_bed.loop, redis_bed_never, NULL, 20);
    assert_int_equal(t[0].n_done + t[2].n_done + t[4].n_done, 0);
    redis_server_kill(redis_bed.server); /* and cancelled in the list of failures */
    assert_true(loop_run_until(redis_bed.loop, redis_bed_went_down, &(int){1}, PATIENCE_MS));
    redis_bed_begin(&t[0], "PING", NULL, NULL);
    redis_bed_begin(&t[1], "PING", NULL, NULL);
    redis_cancel(t[0].cmd);
    redis_bed_finish(&t[1], REDIS_NOT_SENT);
    assert_int_equal(t[0].n_done, 0);
}

static void free_inside(void *arg, const struct redis_answer *a)
{
    redis_bed_on_done(arg, a);
    redis_free(redis_bed.redis);
    redis_bed.redis = NULL;
}

static void freeing_inside_a_completion_ends_everything(void **state)
{
    struct redis_trial t = {.begun = true}, others[3];
    const char *argv[] = {"PING"};

    (void)state;
    redis_bed_open_real();
    redis_begin(redis_bed.redis, free_inside, &t, 1, argv, NULL);
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        redis_bed_begin(&others[i], "PING", NULL, NULL);
    redis_bed_finish(&t, REDIS_OK);
    loop_run_until(redis_bed.loop, redis_bed_never, NULL, 20);
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
        redis_begin(redis_bed.redis, again, NULL, 1, argv, NULL);
    }
}

/* Whoever tries again at once must not keep the loop from connecting. */
static void a_hasty_caller_does_not_stop_the_loop(void **state)
{
    const char *argv[] = {"PING"};

    (void)state;
    redis_bed.server = redis_server_start(REDIS_SERVER_MEMORY, NULL);
    redis_bed_open(redis_bed_options(redis_server_url(redis_bed.server)));
    n_retries = 0;
    redis_begin(redis_bed.redis, again, NULL, 1, argv, NULL);
    assert_true(loop_run_until(redis_bed.loop, redis_bed_is_up, NULL, PATIENCE_MS));
    assert_true(n_retries > 0);
    loop_run_until(redis_bed.loop, redis_bed_never, NULL, 20);
    assert_int_equal(redis_in_flight(redis_bed.redis), 0);
}

static void reconnecting_loses_what_is_under_way(void **state)
{
    struct redis_trial blocked = {.begun = true}, after;
    const char *argv[] = {"BLPOP", "nothing", "0"};

    (void)state;
    redis_bed_open_real();
    redis_begin_timeout(redis_bed.redis, 0, redis_bed_on_done, &blocked, 3, argv, NULL);
    loop_run_until(redis_bed.loop, redis_bed_never, NULL, 20);
    redis_bed.seen.inside = true;
    redis_reconnect(redis_bed.redis, "READONLY");
    redis_bed.seen.inside = false;
    redis_bed_begin(&after, "PING", NULL, NULL);
    redis_bed_finish(&blocked, REDIS_LOST);
    redis_bed_finish(&after, REDIS_NOT_SENT);
    assert_string_equal(redis_bed.seen.why, "READONLY");
    assert_true(loop_run_until(redis_bed.loop, redis_bed_is_up, NULL, PATIENCE_MS));
}

static void the_greeting_sets_name_and_database(void **state)
{
    char *url;
    struct redis_trial t;
    int two = 2;

    (void)state;
    redis_bed.server = redis_server_start(REDIS_SERVER_MEMORY, (const char *[]){"--databases", "16", NULL});
    url = xasprintf("%s?db=5", redis_server_url(redis_bed.server));
    redis_bed_open(redis_bed_options(url));
    free(url);
    assert_true(loop_run_until(redis_bed.loop, redis_bed_is_up, NULL, PATIENCE_MS));
    redis_bed_begin(&t, "CLIENT", "INFO", NULL);
    redis_bed_finish(&t, REDIS_OK);
    assert_non_null(strstr(t.text, "name=crier-test"));
    assert_non_null(strstr(t.text, "db=5"));
    redis_free(redis_bed.redis);
    url = xasprintf("%s?db=99",
                    redis_server_url(redis_bed.server)); /* refused: never up, tried again and again */
    redis_bed_open(redis_bed_options(url));
    free(url);
    assert_true(loop_run_until(redis_bed.loop, redis_bed_went_down, &two, PATIENCE_MS));
    assert_int_equal(redis_bed.seen.n_up, 0);
    assert_non_null(strstr(redis_bed.seen.why, "out of range"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commands_are_answered_in_order_and_values_read, redis_bed_setup,
                                        redis_bed_teardown),
        cmocka_unit_test_setup_teardown(arguments_and_answers_are_binary_safe_and_total, redis_bed_setup,
                                        redis_bed_teardown),
        cmocka_unit_test_setup_teardown(a_killed_redis_loses_what_was_under_way_and_comes_back,
                                        redis_bed_setup, redis_bed_teardown),
        cmocka_unit_test_setup_teardown(a_frozen_redis_is_given_up_after_the_timeout, redis_bed_setup,
                                        redis_bed_teardown),
        cmocka_unit_test_setup_teardown(a_blocking_command_brings_its_own_time, redis_bed_setup,
                                        redis_bed_teardown),
        cmocka_unit_test_setup_teardown(being_stopped_ourselves_is_no_timeout, redis_bed_setup,
                                        redis_bed_teardown),
        cmocka_unit_test_setup_teardown(cancelled_commands_are_not_completed_and_the_others_are,
                                        redis_bed_setup, redis_bed_teardown),
        cmocka_unit_test_setup_teardown(freeing_inside_a_completion_ends_everything, redis_bed_setup,
                                        redis_bed_teardown),
        cmocka_unit_test_setup_teardown(a_hasty_caller_does_not_stop_the_loop, redis_bed_setup,
                                        redis_bed_teardown),
        cmocka_unit_test_setup_teardown(reconnecting_loses_what_is_under_way, redis_bed_setup,
                                        redis_bed_teardown),
        cmocka_unit_test_setup_teardown(the_greeting_sets_name_and_database, redis_bed_setup,
                                        redis_bed_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
