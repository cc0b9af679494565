/* Fault T1: the clock of Redis is set back or forward, or somebody moves the day. What waits waits as long as it was meant to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "queue/replies.h"
#include "tests/support/queue_fixture.h"

#define KEY  "crier:{venus}:"
#define ALL  15u
#define HOUR 3600000LL

/* What Redis holds is as if its clock had been an hour ahead so far, and was set right just now. */
static void clock_was_set_back(const char *id)
{
    static const char script[] =
        "local P, id, hour = 'crier:{venus}:', ARGV[1], 3600000 "
        "for _, z in ipairs({P..'n:'..id..':work', P..'lane:0', P..'lane:1', P..'lane:2', P..'lane:3'}) do "
        "for _, m in ipairs(redis.call('ZRANGE', z, 0, -1)) do redis.call('ZINCRBY', z, hour, m) end end "
        "local late = redis.call('HGETALL', P..'n:'..id..':late') for i = 1, #late, 2 do redis.call('HSET', "
        "P..'n:'..id..':late', late[i], (late[i + 1]:gsub('(%d+%.%d+%.)(%d+)', function(o, t) "
        "return o..string.format('%.0f', t + hour) end))) end "
        "local seen = redis.call('GET', P..'tick.seen') "
        "redis.call('SET', P..'tick.seen', string.format('%.0f', seen + hour)) return 1";
    char *answer = redis_server_ask(fix->server, "EVAL", script, "0", id, NULL);

    assert_string_equal(answer, "1");
    free(answer);
}

/* One recipient of the notice is to be tried again in ${ms}. */
static void wait_for_retry(const char *id, int64_t ms)
{
    struct queue_claim *c;

    fixture_running(fix, id, "urgent", 1);
    c = fixture_claim(fix, fix->q, ALL);
    assert_non_null(c);
    assert_int_equal(fixture_begin(fix, fix->q, c, 0, 1, NULL), 1);
    assert_true(fixture_finish_all(fix, fix->q, c, 0, 1, 1, RECIPIENT_RETRY, true, ms));
    fixture_claim_free(c);
}

static bool is_claimed(struct queue *q)
{
    struct queue_claim *c = fixture_claim(fix, q, ALL);
    bool yes = c != NULL;

    assert_int_equal(fix->status, QUEUE_OK);
    fixture_claim_free(c);
    return yes;
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

/* Until it may be claimed, or two seconds are over. */
static bool is_claimed_soon(void)
{
    for (int i = 0; i < 200; i++) {
        if (is_claimed(fix->q))
            return true;
        loop_run_until(fix->loop, never, NULL, 10);
    }
    return false;
}

static void a_retry_does_not_wait_for_the_day_that_was_set_back(void **state)
{
    (void)state;
    wait_for_retry("a", 300);
    fixture_clock(fix, -HOUR / 2);
    assert_false(is_claimed(fix->q));
    assert_true(is_claimed_soon());
}

static void a_retry_does_not_come_early_because_the_day_moved_on(void **state)
{
    (void)state;
    wait_for_retry("a", 30000);
    fixture_clock(fix, HOUR);
    assert_false(is_claimed(fix->q));
}

static void a_retry_waits_no_longer_when_redis_own_clock_is_set_back(void **state)
{
    (void)state;
    fixture_sweep(fix, fix->q);
    wait_for_retry("a", 300);
    clock_was_set_back("a");
    fixture_sweep(fix, fix->q);
    assert_true(is_claimed_soon());
}

static void a_lease_neither_ends_nor_lasts_an_hour_longer_when_the_clock_is_set_back(void **state)
{
    struct queue *brief = fixture_queue(fix, "d2", 700);
    struct queue_claim *c;

    (void)state;
    fixture_sweep(fix, fix->q);
    fixture_running(fix, "a", "urgent", 1);
    c = fixture_claim(fix, brief, ALL);
    assert_non_null(c);
    clock_was_set_back("a");
    fixture_sweep(fix, fix->q);
    assert_false(is_claimed(fix->q));
    assert_int_equal(fixture_begin(fix, brief, c, 0, 1, NULL), 1); /* its lease is renewed in the same time */
    assert_true(is_claimed_soon());
    fixture_claim_free(c);
}

static void set_back_twice_adds_up(void **state)
{
    (void)state;
    fixture_sweep(fix, fix->q);
    wait_for_retry("a", 300);
    for (int i = 0; i < 2; i++) {
        clock_was_set_back("a");
        fixture_sweep(fix, fix->q);
        fixture_sweep(fix, fix->q);
    }
    assert_true(is_claimed_soon());
}

/* In doubt about an alert: its second copy must not come an hour later. */
static void who_waits_alone_waits_no_longer_when_the_clock_is_set_back(void **state)
{
    struct queue_outcome o = {
        .off = 0, .attempt = 1, .state = RECIPIENT_RETRY, .late_route = QUEUE_ANY_ROUTE, .late_in_ms = 300};
    struct queue_claim *c;
    long long ms = 0;

    (void)state;
    fixture_sweep(fix, fix->q);
    fixture_running(fix, "a", "emergency", 1);
    c = fixture_claim(fix, fix->q, ALL);
    assert_non_null(c);
    assert_int_equal(fixture_begin(fix, fix->q, c, 0, 1, NULL), 1);
    assert_true(fixture_finish(fix, fix->q, c, &o, 1, true, 0));
    fixture_claim_free(c);
    clock_was_set_back("a");
    fixture_sweep(fix, fix->q);
    c = NULL; /* what passed since the last sweep passes once more */
    for (int i = 0; i < 200 && (c = fixture_claim(fix, fix->q, ALL)) == NULL; i++)
        loop_run_until(fix->loop, never, NULL, 10);
    assert_non_null(c);
    assert_true(c->late[0] == '\0' || sscanf(c->late, "0.16.%lld", &ms) == 1);
    assert_in_range(ms, 0, 2000);
    fixture_claim_free(c);
}

/* Its turn goes by ticks like everybody's: behind what waits longer it would stand for as long as the day was moved. */
static void an_answer_is_claimed_at_once_also_when_the_day_has_moved_on(void **state)
{
    struct replies_answer a = {.to = "+8613800000001", .text = "好", .lane = LANE_URGENT};
    struct replies_decision d = {.result = "x", .answers = &a, .n_answers = 1};
    struct queue_claim *c;
    char *key, *ttl;

    (void)state;
    wait_for_retry("a", 30000);
    fixture_clock(fix, HOUR);
    key = redis_server_ask(fix->server, "XADD", KEY "replies", "*", "from", "+8613800000001", "text", "x",
                           "at", "1", NULL);
    d.key = key;
    replies_settle(fix->q, &d, 1, fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(fix->status, QUEUE_OK);
    c = fixture_claim(fix, fix->q, ALL);
    assert_non_null(c);
    assert_true(strncmp(c->id, "_a.1.", 5) == 0);
    fixture_claim_free(c);
    ttl = redis_server_ask(fix->server, "TTL", KEY "ctx:+8613800000001",
                           NULL); /* nothing of a sender stays for ever */
    assert_true(strtol(ttl, NULL, 10) > 0);
    free(ttl);
    free(key);
}

/* Claims are held for 3 s after a restart; machines have their clock set right just then. */
static void a_hold_lasts_no_longer_than_it_says(void **state)
{
    char *left;

    (void)state;
    fixture_running(fix, "a", "urgent", 1);
    free(redis_server_ask(fix->server, "SET", KEY "hold", "200", "PX", "3600000", NULL));
    assert_false(is_claimed(fix->q));
    left = redis_server_ask(fix->server, "PTTL", KEY "hold", NULL);
    assert_true(strtol(left, NULL, 10) <= 200);
    free(left);
    assert_true(is_claimed_soon());
    free(redis_server_ask(fix->server, "SET", KEY "hold", "1", "PX", "3600000", NULL)); /* an operator's */
    assert_false(is_claimed(fix->q));
    assert_true(fixture_redis_is(fix, "1", "EXISTS", KEY "hold", NULL));
}

static int64_t first_us;

static void on_rate(void *arg, const struct queue_result *r, int64_t first_in_us, int64_t step_us, bool alone)
{
    (void)step_us;
    (void)alone;
    first_us = first_in_us;
    fixture_take(arg, r);
}

static void permits_do_not_wait_for_the_time_that_was(void **state)
{
    static const char script[] =
        "local k = 'crier:{_}:rl:p9' local free, said, more = redis.call('GET', k):match('^(%S+) "
        "(%S+)(.*)$') "
        "more = more:gsub('(%d+):', function(at) return string.format('%.0f:', at + 1.8e9) end) "
        "redis.call('SET', k, string.format('%.3f %.0f', free + 1.8e9, said + 1.8e9)..more) return 1";
    char *answer;

    (void)state;
    queue_rate(fix->q, "p9", 10, 5, 0, on_rate, fix);
    fixture_wait(fix);
    answer = redis_server_ask(fix->server, "EVAL", script, "0", NULL);
    assert_string_equal(answer, "1");
    free(answer);
    queue_rate(fix->q, "p9", 10, 1, 0, on_rate, fix);
    fixture_wait(fix);
    assert_true(first_us > 300000 && first_us <= 500000); /* behind the five, not half an hour */
    queue_rate(fix->q, "p9", 10, 8, 0, on_rate, fix);     /* more than the second still holds */
    fixture_wait(fix);
    assert_true(first_us > 500000 && first_us <= 2000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_retry_does_not_wait_for_the_day_that_was_set_back, fixture_fresh),
        cmocka_unit_test_setup(a_retry_does_not_come_early_because_the_day_moved_on, fixture_fresh),
        cmocka_unit_test_setup(a_retry_waits_no_longer_when_redis_own_clock_is_set_back, fixture_fresh),
        cmocka_unit_test_setup(a_lease_neither_ends_nor_lasts_an_hour_longer_when_the_clock_is_set_back,
                               fixture_fresh),
        cmocka_unit_test_setup(set_back_twice_adds_up, fixture_fresh),
        cmocka_unit_test_setup(who_waits_alone_waits_no_longer_when_the_clock_is_set_back, fixture_fresh),
        cmocka_unit_test_setup(an_answer_is_claimed_at_once_also_when_the_day_has_moved_on, fixture_fresh),
        cmocka_unit_test_setup(a_hold_lasts_no_longer_than_it_says, fixture_fresh),
        cmocka_unit_test_setup(permits_do_not_wait_for_the_time_that_was, fixture_fresh),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
