/* Answers of Redis that never came: what was carried out all the same comes back at once, not when a lease ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "tests/support/queue_fixture.h"

#define KEY "crier:{venus}:"

static void on_lost_claim(void *arg, const struct queue_result *r, struct queue_claim *claim, int64_t next_ms)
{
    (void)next_ms;
    assert_null(claim);
    assert_int_equal(r->status, QUEUE_UNSURE);
    (*(int *)arg)++;
}

static void on_lost_stage(void *arg, const struct queue_result *r, const struct queue_stage_job *job,
                          int64_t next_ms)
{
    (void)next_ms;
    assert_null(job);
    assert_int_equal(r->status, QUEUE_UNSURE);
    (*(int *)arg)++;
}

static void on_away(void *arg, const struct queue_result *r, const struct queue_stage_job *job,
                    int64_t next_ms)
{
    (void)next_ms;
    assert_null(job);
    assert_int_equal(r->status, QUEUE_UNAVAILABLE);
    (*(int *)arg)++;
}

static bool is_up(void *arg)
{
    return redis_state(arg) == REDIS_UP;
}

static bool both_lost(void *arg)
{
    return *(int *)arg == 2;
}

static bool told_away(void *arg)
{
    return *(int *)arg == 3;
}

/* Redis does not answer for a while: the claim and the staging that it carried out are known to nobody. */
static void test_what_a_lost_answer_held_comes_back_at_once(void **state)
{
    struct err e;
    const struct redis_opts ro = {
        .url = redis_server_url(fix->server), .timeout_ms = 100, .backoff_min_ms = 1, .backoff_max_ms = 5};
    struct redis *hasty = redis_new(fix->loop, &ro, &e);
    const struct queue_opts qo = {
        .redis = hasty, .prefix = "crier:", .community = "venus", .daemon_id = "d3", .lease_ms = 60000};
    struct queue *q = queue_new(&qo);
    int n_lost = 0;
    unsigned slices = 0;

    (void)state;
    assert_true(loop_run_until(fix->loop, is_up, hasty, 5000));
    assert_null(fixture_claim(fix, fix->q, 15)); /* loads the script */
    fixture_running(fix, "a", "normal", 150);
    assert_string_equal(
        fixture_accept(fix, fix->q, "{\"id\":\"b\",\"to\":{\"everyone\":true},\"text\":\"x\"}"), "accepted");
    redis_server_freeze(fix->server, true);
    queue_claim(q, 15, on_lost_claim, &n_lost);
    queue_stage_next(q, 15, on_lost_stage, &n_lost);
    assert_true(loop_run_until(fix->loop, both_lost, &n_lost, 5000));
    queue_stage_next(q, 15, on_away, &n_lost); /* asked in vain: what was lost is still to be asked for */
    assert_true(loop_run_until(fix->loop, told_away, &n_lost, 5000));
    redis_server_freeze(fix->server, false);
    assert_true(loop_run_until(fix->loop, is_up, hasty, 5000));
    assert_true(fixture_redis_is(fix, "1", "HLEN", KEY "n:a:own", NULL)); /* it was carried out */
    for (int i = 0; i < 2; i++) { /* in any order: the script that frees it may have to be loaded first */
        struct queue_claim *c = fixture_claim(fix, q, 15);

        assert_non_null(c);
        slices |= 1u << c->slice;
        fixture_claim_free(c);
    }
    assert_int_equal(slices, 3);
    assert_true(fixture_stage(fix, q, 1));
    assert_int_equal(fixture_get(fix, "b").total, 1);
    queue_free(q);
    redis_free(hasty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_lost_answer_held_comes_back_at_once),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
