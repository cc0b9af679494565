/* Slices against a real Redis: who gets what, when again, how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/queue_fixture.h"

#define KEY "crier:{venus}:"
#define ALL 15u /* lanes */

static void test_highest_lane_first(void **state)
{
    (void)state;
    fixture_running(fix, "bulk", "bulk", 100);
    fixture_running(fix, "normal", "normal", 100);
    fixture_running(fix, "urgent", "urgent", 100);
    fixture_running(fix, "emergency", "emergency", 200);
    fixture_claim_and_drop(ALL, "emergency");
    fixture_claim_and_drop(ALL, "emergency");
    fixture_claim_and_drop(ALL, "urgent");
    fixture_claim_and_drop(1u << LANE_BULK, "bulk");
    fixture_claim_and_drop(ALL & ~(1u << LANE_NORMAL), NULL);
    fixture_claim_and_drop(ALL, "normal");
    fixture_claim_and_drop(ALL, NULL);
}

static void test_round_robin_in_a_lane(void **state)
{
    const char *const order[] = {"a", "b", "c", "a", "b", "c", "a", "a", NULL};

    (void)state;
    fixture_running(fix, "a", "normal", 400);
    fixture_running(fix, "b", "normal", 200);
    fixture_running(fix, "c", "normal", 150);
    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        fixture_claim_and_drop(ALL, order[i]);
}

static void test_a_slice_and_its_lines(void **state)
{
    struct queue_claim *c;

    (void)state;
    fixture_running(fix, "a", "normal", 130);
    fixture_claim_and_drop(ALL, "a");
    c = fixture_expect_claim(fix->q, ALL, "a");
    assert_int_equal(c->kind, QUEUE_FRESH);
    assert_int_equal(c->slice, 1);
    assert_int_equal(c->first, 100);
    assert_int_equal(c->n, 30);
    assert_int_equal(c->lane, LANE_NORMAL);
    assert_int_equal(c->on_unknown, ON_UNKNOWN_PARK);
    assert_memory_equal(c->lines, "+8613800000100\t101\t陈某某100\t3号楼\n",
                        strlen("+8613800000100\t101\t陈某某100\t3号楼\n"));
    assert_int_equal(c->lines[c->lines_len - 1], '\n');
    assert_int_equal(c->states[29], RECIPIENT_PENDING);
    fixture_claim_free(c);
}

static void test_done_after_the_audit(void **state)
{
    struct queue_claim *c;
    struct queue_go go[NOTICE_SLICE];
    struct queue_notice n;

    (void)state;
    fixture_running(fix, "a", "normal", 30);
    c = fixture_expect_claim(fix->q, ALL, "a");
    assert_int_equal(fixture_begin(fix, fix->q, c, 0, 16, go), 16);
    assert_int_equal(go[15].off, 15);
    assert_int_equal(go[15].attempt, 1);
    assert_int_equal(fixture_count("a", RECIPIENT_SENDING), 16);
    assert_int_equal(fixture_begin(fix, fix->q, c, 16, 14, go), 14);
    assert_true(fixture_finish_all(fix, fix->q, c, 0, 20, 1, RECIPIENT_ACCEPTED, false, 0));
    assert_true(fixture_finish_all(fix, fix->q, c, 20, 10, 1, RECIPIENT_FAILED, true, 0));
    n = fixture_get(fix, "a");
    assert_int_equal(n.state, NOTICE_AUDITING);
    fixture_audit(fix, fix->q);
    n = fixture_get(fix, "a");
    assert_int_equal(n.state, NOTICE_DONE);
    assert_int_equal(n.counts[RECIPIENT_ACCEPTED], 20);
    assert_int_equal(n.counts[RECIPIENT_FAILED], 10);
    assert_true(n.finished_at >= n.started_at && n.started_at >= n.created_at && n.created_at > 0);
    assert_true(fixture_redis_is(fix, "0", "EXISTS", KEY "n:a:own", KEY "n:a:work", KEY "n:a:seen", NULL));
    fixture_claim_free(c);
}

static void test_retry_waits(void **state)
{
    struct queue_claim *c, *again;
    struct queue_go go[NOTICE_SLICE];

    (void)state;
    fixture_running(fix, "a", "normal", 10);
    c = fixture_expect_claim(fix->q, ALL, "a");
    fixture_begin(fix, fix->q, c, 0, 10, go);
    fixture_finish_all(fix, fix->q, c, 0, 7, 1, RECIPIENT_ACCEPTED, false, 0);
    assert_true(fixture_finish_all(fix, fix->q, c, 7, 3, 1, RECIPIENT_RETRY, true, 30000));
    fixture_claim_and_drop(ALL, NULL);
    fixture_ticks(fix, 29000);
    fixture_claim_and_drop(ALL, NULL);
    fixture_ticks(fix, 31000);
    again = fixture_expect_claim(fix->q, ALL, "a");
    assert_int_equal(again->kind, QUEUE_RETRY);
    assert_int_equal(again->states[6], RECIPIENT_ACCEPTED);
    assert_int_equal(again->states[7], RECIPIENT_RETRY);
    assert_int_equal(again->routes[7], 3);
    assert_int_equal(fixture_begin(fix, fix->q, again, 0, 10, go), 3);
    assert_int_equal(go[0].off, 7);
    assert_int_equal(go[0].attempt, 2);
    fixture_ticks(fix, 0);
    fixture_claim_free(c);
    fixture_claim_free(again);
}

static void test_a_retry_before_the_lease_would_end(void **state)
{
    struct queue_claim *c;

    (void)state;
    fixture_running(fix, "a", "normal", 10);
    fixture_running(fix, "b", "normal", 10);
    fixture_claim_and_drop(ALL, "a");
    c = fixture_expect_claim(fix->q, ALL, "b");
    fixture_claim_and_drop(ALL, NULL); /* both wait for the ends of their leases now, a first */
    fixture_begin(fix, fix->q, c, 0, 10, NULL);
    fixture_finish_all(fix, fix->q, c, 0, 10, 1, RECIPIENT_RETRY, true, 0);
    fixture_claim_and_drop(ALL, "b");
    fixture_claim_free(c);
}

static void test_nothing_written_is_no_attempt(void **state)
{
    struct queue_claim *c;
    struct queue_go go[NOTICE_SLICE];

    (void)state;
    fixture_running(fix, "a", "bulk", 5);
    for (int i = 0; i < 40; i++) { /* far more than a bulk notice has attempts */
        c = fixture_expect_claim(fix->q, ALL, "a");
        assert_int_equal(fixture_begin(fix, fix->q, c, 0, 5, go), 5);
        assert_int_equal(go[0].attempt, 1);
        fixture_finish_all(fix, fix->q, c, 0, 5, 1, RECIPIENT_PENDING, true, 0);
        fixture_claim_free(c);
    }
    assert_int_equal(fixture_count("a", RECIPIENT_PENDING), 5);
}

static void try_until_the_end(const char *lane, uint32_t tries)
{
    struct queue_claim *c;
    struct queue_go go[NOTICE_SLICE];

    fixture_running(fix, lane, lane, 2);
    for (uint32_t i = 1; i <= tries; i++) {
        c = fixture_expect_claim(fix->q, ALL, lane);
        assert_int_equal(fixture_begin(fix, fix->q, c, 0, 2, go), 2);
        assert_int_equal(go[1].attempt, i < 255 ? i : 255);
        fixture_finish_all(fix, fix->q, c, 0, 2, go[1].attempt, RECIPIENT_RETRY, true, 0);
        fixture_claim_free(c);
    }
}

static void test_attempt_limits(void **state)
{
    (void)state;
    try_until_the_end("normal", 15);
    assert_int_equal(fixture_count("normal", RECIPIENT_EXHAUSTED), 2);
    assert_true(fixture_redis_is(fix, "2", "XLEN", KEY "dead", NULL));
    try_until_the_end("urgent", 60);
    assert_int_equal(fixture_count("urgent", RECIPIENT_EXHAUSTED), 2);
    try_until_the_end("emergency", 300); /* no limit before it expires, also beyond what a byte counts */
    assert_int_equal(fixture_count("emergency", RECIPIENT_RETRY), 2);
}

static void test_begin_enforces_the_limit_too(void **state)
{
    struct queue_claim *c;

    (void)state;
    fixture_running(fix, "a", "normal", 2);
    free(redis_server_ask(fix->server, "HSET", KEY "n:a", "maxa", "2", NULL));
    free(redis_server_ask(fix->server, "SETRANGE", KEY "n:a:st", "0", "\x04\x02", NULL));
    c = fixture_expect_claim(fix->q, ALL, "a");
    assert_int_equal(fixture_begin(fix, fix->q, c, 0, 2, NULL), 1);
    assert_int_equal(fixture_count("a", RECIPIENT_EXHAUSTED), 1);
    assert_true(fixture_redis_is(fix, "1", "XLEN", KEY "dead", NULL));
    fixture_claim_free(c);
}

static void test_suppressed(void **state)
{
    struct queue_claim *c;
    struct queue_outcome o[2] = {
        {.off = 0, .attempt = 0, .state = RECIPIENT_SUPPRESSED},
        {.off = 1, .attempt = 1, .state = RECIPIENT_SUPPRESSED}
    };

    (void)state;
    fixture_running(fix, "a", "normal", 2);
    c = fixture_expect_claim(fix->q, ALL, "a");
    fixture_begin(fix, fix->q, c, 1, 1, NULL);
    fixture_finish(fix, fix->q, c, o, 2, true, 0);
    assert_int_equal(fixture_count("a", RECIPIENT_SUPPRESSED), 2);
    assert_int_equal(fixture_get(fix, "a").state, NOTICE_AUDITING);
    fixture_claim_free(c);
}

static void test_hold(void **state)
{
    (void)state;
    fixture_running(fix, "a", "normal", 2);
    free(redis_server_ask(fix->server, "SET", KEY "hold", "1", "PX", "60000", NULL));
    fixture_claim_and_drop(ALL, NULL);
    free(redis_server_ask(fix->server, "DEL", KEY "hold", NULL));
    fixture_claim_and_drop(ALL, "a");
}

static int64_t first_us, step_us;
static bool alone;

static void on_rate(void *arg, const struct queue_result *r, int64_t first, int64_t step, bool is_alone)
{
    first_us = first;
    step_us = step;
    alone = is_alone;
    fixture_take(arg, r);
}

static void test_rate_is_paced_over_all(void **state)
{
    const struct queue_opts other = {
        .redis = fix->redis, .prefix = "crier:", .community = "mars", .daemon_id = "d9"};
    struct queue *q = queue_new(&other);

    (void)state;
    queue_rate(fix->q, "p1", 100, 50, 0, on_rate, fix);
    fixture_wait(fix);
    assert_int_equal(first_us, 0);
    assert_int_equal(step_us, 10000);
    assert_true(alone);
    /* another community's daemon waits behind the fifty, and a little longer: the first may be late with some of them */
    queue_rate(q, "p1", 100, 1, 0, on_rate, fix);
    fixture_wait(fix);
    assert_true(first_us > 500000 && first_us <= 700000);
    assert_false(alone);
    queue_rate(fix->q, "p1", 100, 1, 100000, on_rate, fix);
    fixture_wait(fix);
    assert_true(first_us > 510000 && first_us <= 710000);
    assert_false(alone);
    queue_free(q);
}

static void test_who_draws_alone_catches_up(void **state)
{
    (void)state;
    queue_rate(fix->q, "p2", 100, 1, 100000, on_rate, fix);
    fixture_wait(fix);
    assert_int_equal(first_us, -100000);
    assert_true(alone);
}

/* Four texts of three segments would fit a second of even steps. */
static void test_at_low_rates_the_last_second_is_remembered(void **state)
{
    int64_t began = loop_now_us(), at[4];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(at); i++) {
        queue_rate(fix->q, "p3", 10, 3, 0, on_rate, fix);
        fixture_wait(fix);
        at[i] = first_us + loop_now_us() - began;
    }
    assert_true(at[3] - at[0] > 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_highest_lane_first, fixture_fresh),
        cmocka_unit_test_setup(test_round_robin_in_a_lane, fixture_fresh),
        cmocka_unit_test_setup(test_a_slice_and_its_lines, fixture_fresh),
        cmocka_unit_test_setup(test_done_after_the_audit, fixture_fresh),
        cmocka_unit_test_setup(test_retry_waits, fixture_fresh),
        cmocka_unit_test_setup(test_a_retry_before_the_lease_would_end, fixture_fresh),
        cmocka_unit_test_setup(test_nothing_written_is_no_attempt, fixture_fresh),
        cmocka_unit_test_setup(test_attempt_limits, fixture_fresh),
        cmocka_unit_test_setup(test_begin_enforces_the_limit_too, fixture_fresh),
        cmocka_unit_test_setup(test_suppressed, fixture_fresh),
        cmocka_unit_test_setup(test_hold, fixture_fresh),
        cmocka_unit_test_setup(test_rate_is_paced_over_all, fixture_fresh),
        cmocka_unit_test_setup(test_who_draws_alone_catches_up, fixture_fresh),
        cmocka_unit_test_setup(test_at_low_rates_the_last_second_is_remembered, fixture_fresh),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
