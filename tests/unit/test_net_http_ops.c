/* The HTTP client: several requests, cancelling, completions that begin and end others. */
#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "net/http.h"
#include "tests/support/hostile.h"
#include "tests/support/http_trials.h"

static bool written(void *arg)
{
    const struct http_trial *t = arg;

    return http_written(t->op);
}

static bool server_has_one(void *arg)
{
    return hostile_requests(arg) == 1;
}

static void after_cancel_there_is_no_completion(void **state)
{
    struct hostile *h = hostile_start(http_trial_serve_hang, NULL);
    struct http_call call = http_trial_post(hostile_url(h)), bad = http_trial_post("nonsense://x");
    struct http_trial t;

    (void)state;
    http_trial_begin(&t, &call, HTTP_REACH_LITERAL_PRIVATE); /* at once: nothing was written */
    assert_false(http_cancel(t.op));
    loop_run_until(http_trials.loop, http_trial_never, NULL, 20);
    assert_int_equal(t.n_done, 0);
    http_trial_begin(&t, &call, HTTP_REACH_LITERAL_PRIVATE); /* under way: it was */
    assert_true(loop_run_until(http_trials.loop, written, &t, PATIENCE_MS));
    assert_true(loop_run_until(http_trials.loop, server_has_one, h, PATIENCE_MS));
    assert_true(http_cancel(t.op));
    loop_run_until(http_trials.loop, http_trial_never, NULL, 20);
    assert_int_equal(t.n_done, 0);
    http_trial_begin(&t, &bad, HTTP_REACH_LITERAL_PRIVATE); /* failed, not yet told */
    assert_false(http_cancel(t.op));
    loop_run_until(http_trials.loop, http_trial_never, NULL, 20);
    assert_int_equal(t.n_done, 0);
    hostile_stop(h);
}

static struct http_trial pair[2];

static void cancel_the_other(void *arg, const struct http_answer *a)
{
    struct http_trial *t = arg, *other = t == &pair[0] ? &pair[1] : &pair[0];

    http_trial_on_done(t, a);
    if (other->op != NULL) {
        http_cancel(other->op);
        other->op = NULL;
    }
}

static bool any_done(void *arg)
{
    (void)arg;
    return pair[0].n_done + pair[1].n_done > 0;
}

/* Both answers may be in when the first is told: the second must not come after its cancel. */
static void a_completion_may_cancel_another(void **state)
{
    struct hostile *h = hostile_start(http_trial_serve_ok, NULL);
    struct http_call call = http_trial_post(hostile_url(h));

    (void)state;
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 2; i++) {
            pair[i] = (struct http_trial){.begun = true};
            pair[i].op =
                http_begin(http_trials.client, &call, HTTP_REACH_LITERAL_PRIVATE, cancel_the_other, &pair[i]);
        }
        assert_true(loop_run_until(http_trials.loop, any_done, NULL, PATIENCE_MS));
        loop_run_until(http_trials.loop, http_trial_never, NULL, 2);
        assert_int_equal(pair[0].n_done + pair[1].n_done, 1);
    }
    hostile_stop(h);
}

static struct {
    struct http_call call;
    int n_left, n_done;
} chain;

static void next_of_chain(void *arg, const struct http_answer *a)
{
    (void)arg;
    assert_int_equal(a->outcome, HTTP_ANSWERED);
    chain.n_done++;
    if (chain.n_left > 0) {
        chain.n_left--;
        http_begin(http_trials.client, &chain.call, HTTP_REACH_LITERAL_PRIVATE, next_of_chain, NULL);
    }
}

static bool chain_done(void *arg)
{
    (void)arg;
    return chain.n_done == 500;
}

static void a_completion_may_begin_the_next_and_connections_are_kept(void **state)
{
    struct hostile *h = hostile_start(http_trial_serve_ok, NULL);

    (void)state;
    memset(&chain, 0, sizeof(chain));
    chain.call = http_trial_post(hostile_url(h));
    chain.n_left = 500 - 8;
    for (int i = 0; i < 8; i++)
        http_begin(http_trials.client, &chain.call, HTTP_REACH_LITERAL_PRIVATE, next_of_chain, NULL);
    assert_true(loop_run_until(http_trials.loop, chain_done, NULL, PATIENCE_MS));
    assert_int_equal(hostile_requests(h), 500);
    assert_in_range(hostile_connections(h), 1, 9);
    hostile_stop(h);
}

static void many_at_once_are_spread_and_all_complete(void **state)
{
    static struct http_trial trials[200];
    struct hostile *h = hostile_start(http_trial_serve_ok, NULL);
    struct http_call call = http_trial_post(hostile_url(h));

    (void)state;
    call.connect_timeout_ms = call.timeout_ms = PATIENCE_MS - 1000;
    for (size_t i = 0; i < ARRAY_LEN(trials); i++)
        http_trial_begin(&trials[i], &call, HTTP_REACH_LITERAL_PRIVATE);
    assert_int_equal(http_in_flight(http_trials.client), ARRAY_LEN(trials));
    for (size_t i = 0; i < ARRAY_LEN(trials); i++) {
        assert_true(loop_run_until(http_trials.loop, http_trial_is_done, &trials[i], PATIENCE_MS));
        assert_int_equal(trials[i].n_done, 1);
        assert_int_equal(trials[i].answer.outcome, HTTP_ANSWERED);
        assert_string_equal(trials[i].body, "{\"code\":0,\"id\":\"x\"}");
    }
    assert_int_equal(hostile_requests(h), ARRAY_LEN(trials));
    hostile_stop(h);
}

static void count_turn(void *arg)
{
    (*(int *)arg)++;
}

/* The peer closed while the connection lay idle: no doubt, a new connection, and no spinning meanwhile. */
static void an_idle_connection_that_closed_costs_nothing(void **state)
{
    struct hostile *h = hostile_start(http_trial_serve_text,
                                      (void *)(uintptr_t) "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    struct http_call call = http_trial_post(hostile_url(h));
    struct http_trial t;
    int n_turns = 0;

    (void)state;
    for (int i = 0; i < 5; i++) {
        http_trial_run(&t, &call);
        assert_int_equal(t.answer.outcome, HTTP_ANSWERED);
        loop_run_until(http_trials.loop, http_trial_never, NULL, 20); /* the close arrives */
    }
    assert_int_equal(hostile_requests(h), 5);
    loop_on_turn(http_trials.loop, count_turn, &n_turns);
    loop_run_until(http_trials.loop, http_trial_never, NULL, 50);
    loop_off_turn(http_trials.loop, count_turn, &n_turns);
    assert_in_range(n_turns, 0, 20);
    hostile_stop(h);
}

static void retry_after_is_read(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"HTTP/1.1 429 X\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",    7000},
        {"HTTP/1.1 429 X\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", -1  },
        {"HTTP/1.1 429 X\r\nRetry-After: -3\r\nContent-Length: 0\r\n\r\n",   -1  },
        {"HTTP/1.1 429 X\r\nContent-Length: 0\r\n\r\n",                      -1  },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct hostile *h = hostile_start(http_trial_serve_text, (void *)(uintptr_t)cases[i].text);
        struct http_call call = http_trial_post(hostile_url(h));
        struct http_trial t;

        http_trial_run(&t, &call);
        assert_int_equal(t.answer.status, 429);
        assert_int_equal(t.answer.retry_after_ms, cases[i].ms);
        hostile_stop(h);
    }
}

static void free_from(void *arg, const struct http_answer *a)
{
    http_trial_on_done(arg, a);
    http_free(http_trials.client);
}

static void freeing_cancels_all_even_inside_a_completion(void **state)
{
    struct http_opts o = {.user_agent = "crier-test", .max_in_flight = 8};
    struct hostile *h = hostile_start(http_trial_serve_ok, NULL),
                   *hang = hostile_start(http_trial_serve_hang, NULL);
    struct http_call call = http_trial_post(hostile_url(h)), other = http_trial_post(hostile_url(hang));
    struct http_trial t = {.begun = true}, t2;
    struct err e;

    (void)state;
    http_trial_begin(&t2, &other, HTTP_REACH_LITERAL_PRIVATE);
    http_begin(http_trials.client, &call, HTTP_REACH_LITERAL_PRIVATE, free_from, &t);
    assert_true(loop_run_until(http_trials.loop, http_trial_is_done, &t, PATIENCE_MS));
    loop_run_until(http_trials.loop, http_trial_never, NULL, 20);
    assert_int_equal(t2.n_done, 0);
    http_trials.client = http_new(http_trials.loop, &o, &e);
    assert_non_null(http_trials.client);
    hostile_stop(h);
    hostile_stop(hang);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_at_once_are_spread_and_all_complete, http_trial_setup_two_writes,
                                        http_trial_teardown),
        cmocka_unit_test_setup_teardown(after_cancel_there_is_no_completion, http_trial_setup,
                                        http_trial_teardown),
        cmocka_unit_test_setup_teardown(a_completion_may_cancel_another, http_trial_setup,
                                        http_trial_teardown),
        cmocka_unit_test_setup_teardown(a_completion_may_begin_the_next_and_connections_are_kept,
                                        http_trial_setup, http_trial_teardown),
        cmocka_unit_test_setup_teardown(many_at_once_are_spread_and_all_complete, http_trial_setup,
                                        http_trial_teardown),
        cmocka_unit_test_setup_teardown(an_idle_connection_that_closed_costs_nothing, http_trial_setup,
                                        http_trial_teardown),
        cmocka_unit_test_setup_teardown(retry_after_is_read, http_trial_setup, http_trial_teardown),
        cmocka_unit_test_setup_teardown(freeing_cancels_all_even_inside_a_completion, http_trial_setup,
                                        http_trial_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
