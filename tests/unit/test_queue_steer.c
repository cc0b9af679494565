/* Steering and the end of notices, against a real Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "tests/support/queue_fixture.h"

#define KEY  "crier:{venus}:"
#define ALL  15u
#define HOUR 3600000LL

static void steer(void (*what)(struct queue *q, const char *id, queue_done_fn cb, void *arg), const char *id)
{
    what(fix->q, id, fixture_on_done, fix);
    fixture_wait(fix);
}

static void test_cancel_stops_what_is_claimed(void **state)
{
    struct queue_claim *c;

    (void)state;
    fixture_running(fix, "a", "normal", 2500);
    c = fixture_claim(fix, fix->q, ALL);
    fixture_begin(fix, fix->q, c, 0, 30, NULL);
    fixture_cancel(fix, "a");
    assert_int_equal(fix->status, QUEUE_OK);
    assert_int_equal(fixture_begin(fix, fix->q, c, 30, 30, NULL), 0);
    assert_string_equal(fix->e.code, "stopped");
    assert_string_equal(fix->e.field, "cancelled");
    assert_true(fixture_nothing_to_claim());
    fixture_sweep(fix, fix->q);
    /* what was written is still awaited */
    assert_int_equal(fixture_count("a", RECIPIENT_CANCELLED), 2470);
    assert_int_equal(fixture_count("a", RECIPIENT_SENDING), 30);
    fixture_finish_all(fix, fix->q, c, 0, 20, 1, RECIPIENT_ACCEPTED, false, 0);
    fixture_finish_all(fix, fix->q, c, 20, 10, 1, RECIPIENT_PENDING, true, 0);
    fixture_end_leases(fix, "a");
    fixture_sweep(fix, fix->q);
    assert_int_equal(fixture_count("a", RECIPIENT_ACCEPTED), 20);
    assert_int_equal(fixture_count("a", RECIPIENT_CANCELLED), 2480);
    assert_true(fixture_redis_is(fix, "0", "EXISTS", KEY "n:a:own", KEY "n:a:work", NULL));
    assert_true(fixture_redis_is(fix, "0", "ZCARD", KEY "closing", NULL));
    fixture_cancel(fix, "a");
    assert_int_equal(fix->status, QUEUE_OK); /* idempotent */
    assert_int_equal(fixture_get(fix, "a").state, NOTICE_CANCELLED);
    fixture_claim_free(c);
}

static void test_cancel_with_a_dead_owner(void **state)
{
    struct queue_claim *c;

    (void)state;
    fixture_running(fix, "a", "emergency", 50);
    c = fixture_claim(fix, fix->q, ALL);
    fixture_begin(fix, fix->q, c, 0, 10, NULL);
    fixture_cancel(fix, "a");
    fixture_end_leases(fix, "a");
    fixture_sweep(fix, fix->q);
    assert_int_equal(fixture_count("a", RECIPIENT_UNKNOWN), 10); /* they may have arrived */
    assert_int_equal(fixture_count("a", RECIPIENT_CANCELLED), 40);
    fixture_finish_all(fix, fix->q, c, 0, 10, 1, RECIPIENT_ACCEPTED, true,
                       0); /* and the dead owner was only slow */
    assert_int_equal(fixture_count("a", RECIPIENT_ACCEPTED), 10);
    fixture_claim_free(c);
}

static void test_refusals(void **state)
{
    (void)state;
    fixture_cancel(fix, "nobody");
    assert_string_equal(fix->e.code, "no-such-notice");
    steer(queue_pause, "nobody");
    assert_string_equal(fix->e.code, "no-such-notice");
    steer(queue_resume, "nobody");
    assert_string_equal(fix->e.code, "no-such-notice");
    fixture_get(fix, "nobody");
    assert_string_equal(fix->e.code, "no-such-notice");
    fixture_running(fix, "a", "normal", 1);
    fixture_cancel(fix, "a");
    steer(queue_pause, "a");
    assert_string_equal(fix->e.code, "wrong-state");
    assert_string_equal(fix->e.field, "cancelled");
    steer(queue_resume, "a");
    assert_string_equal(fix->e.field, "cancelled");
}

static void test_pause_and_resume(void **state)
{
    struct queue_claim *c;

    (void)state;
    fixture_running(fix, "a", "normal", 300);
    c = fixture_claim(fix, fix->q, ALL);
    steer(queue_pause, "a");
    steer(queue_pause, "a");
    assert_int_equal(fix->status, QUEUE_OK);
    assert_int_equal(fixture_get(fix, "a").state, NOTICE_PAUSED);
    assert_int_equal(fixture_begin(fix, fix->q, c, 0, 30, NULL), 0);
    assert_string_equal(fix->e.field, "paused");
    fixture_finish(fix, fix->q, c, NULL, 0, true, 0);
    assert_true(fixture_nothing_to_claim());
    fixture_claim_free(c);
    steer(queue_resume, "a");
    steer(queue_resume, "a");
    assert_int_equal(fix->status, QUEUE_OK);
    for (int i = 0; i < 3; i++) {
        c = fixture_claim(fix, fix->q, ALL);
        assert_non_null(c);
        fixture_claim_free(c);
    }
    assert_true(fixture_nothing_to_claim());
}

static void test_pause_before_it_runs(void **state)
{
    (void)state;
    assert_string_equal(
        fixture_accept(
            fix, fix->q,
            "{\"id\":\"s\",\"to\":{\"everyone\":true},\"text\":\"x\",\"send_at\":\"2096-01-01T00:00:00Z\"}"),
        "accepted");
    steer(queue_pause, "s");
    assert_true(fixture_redis_is(fix, "0", "ZCARD", KEY "sched", NULL));
    steer(queue_resume, "s");
    assert_int_equal(fixture_get(fix, "s").state, NOTICE_SCHEDULED);
    assert_true(fixture_redis_is(fix, "1", "ZCARD", KEY "sched", NULL));
    assert_string_equal(
        fixture_accept(fix, fix->q, "{\"id\":\"n\",\"to\":{\"everyone\":true},\"text\":\"x\"}"), "accepted");
    steer(queue_pause, "n");
    assert_false(fixture_stage(fix, fix->q, 1));
    steer(queue_resume, "n");
    assert_true(fixture_stage(fix, fix->q, 1));
    assert_int_equal(fixture_get(fix, "n").state, NOTICE_RUNNING);
}

static void test_expiry(void **state)
{
    struct queue_claim *c, *accepted;

    (void)state;
    fixture_running(fix, "a", "normal", 300);
    accepted = fixture_claim(fix, fix->q, ALL);
    fixture_begin(fix, fix->q, accepted, 0, 100, NULL);
    fixture_finish_all(fix, fix->q, accepted, 0, 60, 1, RECIPIENT_ACCEPTED, false, 0);
    fixture_finish_all(fix, fix->q, accepted, 60, 40, 1, RECIPIENT_RETRY, true, 20 * HOUR);
    c = fixture_claim(fix, fix->q, ALL);
    fixture_clock(fix, 12 * HOUR + 1000);
    assert_int_equal(fixture_begin(fix, fix->q, c, 0, 10, NULL), 0);
    assert_string_equal(fix->e.code, "stopped");
    assert_string_equal(fix->e.field, "expired");
    fixture_sweep(fix, fix->q);
    fixture_clock(fix, 0);
    assert_int_equal(fixture_get(fix, "a").state, NOTICE_EXPIRED);
    assert_int_equal(fixture_count("a", RECIPIENT_ACCEPTED), 60);
    assert_int_equal(fixture_count("a", RECIPIENT_EXPIRED), 240);
    fixture_claim_free(c);
    fixture_claim_free(accepted);
}

static void test_a_claim_expires_too(void **state)
{
    (void)state;
    fixture_running(fix, "a", "normal", 5);
    fixture_clock(fix, 12 * HOUR + 1000);
    assert_true(fixture_nothing_to_claim());
    fixture_clock(fix, 0);
    assert_int_equal(fixture_get(fix, "a").state, NOTICE_EXPIRED);
    fixture_sweep(fix, fix->q);
    assert_int_equal(fixture_count("a", RECIPIENT_EXPIRED), 5);
}

static char expired[200];

static void on_expired(void *arg, const struct queue_notice *n)
{
    size_t len = strlen(expired);

    assert_ptr_equal(arg, fix);
    assert_int_equal(n->state, NOTICE_EXPIRED);
    assert_true(snprintf(expired + len, sizeof(expired) - len, "%s:%d/%d ", n->id,
                         (int)(n->counts[RECIPIENT_PENDING] + n->counts[RECIPIENT_EXPIRED]),
                         (int)n->total) > 0);
}

static const char *expired_in(int64_t ms)
{
    expired[0] = '\0';
    queue_notice_expired(fix->q, ms, 10, on_expired, fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(fix->status, QUEUE_OK);
    return expired;
}

/* What was missed is listed for a while, also while its recipients are still being turned; what was cancelled or is done is not. */
static void test_what_expired_is_listed(void **state)
{
    struct queue_claim *c;

    (void)state;
    fixture_running(fix, "done", "normal", 1);
    c = fixture_claim(fix, fix->q, ALL);
    fixture_begin(fix, fix->q, c, 0, 1, NULL);
    fixture_finish_all(fix, fix->q, c, 0, 1, 1, RECIPIENT_ACCEPTED, true, 0);
    fixture_claim_free(c);
    fixture_audit(fix, fix->q);
    fixture_running(fix, "stopped", "normal", 2);
    fixture_cancel(fix, "stopped");
    fixture_running(fix, "late", "normal", 5);
    assert_string_equal(expired_in(24 * HOUR), "");
    fixture_clock(fix, 12 * HOUR + 1000);
    assert_true(fixture_nothing_to_claim());
    assert_string_equal(expired_in(24 * HOUR), "late:5/5 ");
    fixture_sweep(fix, fix->q);
    assert_string_equal(expired_in(24 * HOUR), "late:5/5 ");
    fixture_clock(fix, 37 * HOUR);
    assert_string_equal(expired_in(24 * HOUR), "");
    assert_string_equal(expired_in(26 * HOUR), "late:5/5 ");
    fixture_clock(fix, 0);
}

static void test_the_sweep_finds_what_nobody_claims(void **state)
{
    (void)state;
    fixture_running(fix, "running", "bulk", 5);
    fixture_running(fix, "paused", "bulk", 5);
    steer(queue_pause, "paused");
    assert_string_equal(
        fixture_accept(fix, fix->q, "{\"id\":\"staging\",\"to\":{\"everyone\":true},\"text\":\"x\"}"),
        "accepted");
    fixture_clock(fix, 12 * HOUR + 1000);
    fixture_sweep(fix, fix->q);
    fixture_clock(fix, 0);
    assert_int_equal(fixture_get(fix, "running").state, NOTICE_EXPIRED);
    assert_int_equal(fixture_count("running", RECIPIENT_EXPIRED), 5);
    assert_int_equal(fixture_get(fix, "paused").state, NOTICE_EXPIRED);
    assert_int_equal(fixture_count("paused", RECIPIENT_EXPIRED), 5);
    assert_true(fixture_redis_is(fix, "0", "ZCARD", KEY "expiry", NULL));
}

static void finish_notice(const char *id, size_t n, enum recipient_state s)
{
    struct queue_claim *c;

    fixture_running(fix, id, "normal", n);
    while ((c = fixture_claim(fix, fix->q, ALL)) != NULL) {
        fixture_begin(fix, fix->q, c, 0, c->n, NULL);
        fixture_finish_all(fix, fix->q, c, 0, c->n, 1, s, true, 0);
        fixture_claim_free(c);
    }
}

static void test_audit_reopens_a_live_byte(void **state)
{
    struct queue_claim *c;

    (void)state;
    finish_notice("a", 1500, RECIPIENT_ACCEPTED);
    assert_int_equal(fixture_get(fix, "a").state, NOTICE_AUDITING);
    free(redis_server_ask(fix->server, "SETRANGE", KEY "n:a:st", "2466", "\x04\x01",
                          NULL)); /* recipient 1233 */
    fixture_audit(fix, fix->q);
    assert_int_equal(fixture_get(fix, "a").state, NOTICE_RUNNING);
    c = fixture_claim(fix, fix->q, ALL);
    assert_non_null(c);
    assert_int_equal(c->slice, 12);
    assert_int_equal(fixture_begin(fix, fix->q, c, 0, 100, NULL), 1);
    fixture_finish_all(fix, fix->q, c, 33, 1, 2, RECIPIENT_ACCEPTED, true, 0);
    fixture_claim_free(c);
    fixture_audit(fix, fix->q);
    assert_int_equal(fixture_get(fix, "a").state, NOTICE_DONE);
    assert_int_equal(fixture_count("a", RECIPIENT_ACCEPTED), 1500);
}

static void test_audit_never_overwrites_cancelled(void **state)
{
    (void)state;
    finish_notice("a", 10, RECIPIENT_ACCEPTED);
    fixture_cancel(fix, "a");
    free(redis_server_ask(fix->server, "ZADD", KEY "auditing", "1", "a",
                          NULL)); /* a torn file kept it there */
    fixture_audit(fix, fix->q);
    assert_int_equal(fixture_get(fix, "a").state, NOTICE_CANCELLED);
}

static uint64_t n_redriven;

static void on_redrive(void *arg, const struct queue_result *r, uint64_t n)
{
    n_redriven = n;
    fixture_take(arg, r);
}

static void redrive_those(const char *id, unsigned states)
{
    queue_redrive(fix->q, id, states, on_redrive, fix);
    fixture_wait(fix);
}

static void redrive(const char *id)
{
    redrive_those(id, QUEUE_REDRIVE_FAILED | QUEUE_REDRIVE_EXHAUSTED);
}

static void test_redrive(void **state)
{
    struct queue_claim *c;
    struct queue_go go[NOTICE_SLICE];

    (void)state;
    finish_notice("a", 2150, RECIPIENT_FAILED);
    fixture_audit(fix, fix->q);
    redrive("a");
    assert_int_equal(fix->status, QUEUE_OK);
    assert_int_equal(n_redriven, 2150);
    assert_int_equal(fixture_get(fix, "a").state, NOTICE_RUNNING);
    c = fixture_claim(fix, fix->q, ALL);
    assert_int_equal(c->kind, QUEUE_RETRY);
    assert_int_equal(fixture_begin(fix, fix->q, c, 0, c->n, go), 100);
    assert_int_equal(go[0].attempt, 2); /* a reference never names two messages */
    fixture_claim_free(c);
    redrive("nobody");
    assert_string_equal(fix->e.code, "no-such-notice");
    fixture_clock(fix, 13 * HOUR);
    redrive("a");
    fixture_clock(fix, 0);
    assert_string_equal(fix->e.code, "not-after-passed");
}

static void test_redrive_leaves_the_unknown_out_unless_asked(void **state)
{
    struct queue_claim *c;
    struct queue_go go[NOTICE_SLICE];

    (void)state;
    finish_notice("a", 150, RECIPIENT_UNKNOWN);
    fixture_audit(fix, fix->q);
    redrive("a");
    assert_int_equal(n_redriven, 0);
    assert_int_equal(fixture_get(fix, "a").state, NOTICE_DONE);
    redrive_those("a", QUEUE_REDRIVE_UNKNOWN);
    assert_int_equal(fix->status, QUEUE_OK);
    assert_int_equal(n_redriven, 150);
    assert_int_equal(fixture_get(fix, "a").counts[RECIPIENT_PENDING], 150);
    c = fixture_claim(fix, fix->q, ALL);
    assert_int_equal(fixture_begin(fix, fix->q, c, 0, c->n, go), c->n);
    assert_int_equal(go[0].attempt, 2); /* a late receipt of the first copy is not taken for the second's */
    fixture_claim_free(c);
}

/* A second copy is nothing that follows from wanting another one: each state is asked for by name. */
static void test_redrive_takes_exactly_the_states_asked_for(void **state)
{
    static const enum recipient_state states[] = {RECIPIENT_FAILED, RECIPIENT_EXHAUSTED, RECIPIENT_UNKNOWN};
    char *reply;

    (void)state;
    finish_notice("a", 30, RECIPIENT_FAILED);
    fixture_audit(fix, fix->q);
    /* attempt 1; recipients 0..9 failed, 10..19 exhausted, 20..29 unknown, 29 accepted */
    reply = redis_server_ask(fix->server, "EVAL",
                             "for i = 0, 29 do redis.call('SETRANGE', KEYS[1], 2 * i, string.char(5 + "
                             "math.floor(i / 10))) end redis.call('SETRANGE', KEYS[1], 58, '\\2') return 1",
                             "1", KEY "n:a:st", NULL);
    free(reply);
    for (size_t i = ARRAY_LEN(states); i-- > 0;) {
        redrive_those("a", 1u << states[i]);
        assert_int_equal(fix->status, QUEUE_OK);
        assert_int_equal(n_redriven, states[i] == RECIPIENT_UNKNOWN ? 9 : 10);
        assert_int_equal(fixture_get(fix, "a").counts[states[i]], 0);
        if (i > 0)
            assert_int_equal(fixture_get(fix, "a").counts[states[i - 1]], 10);
    }
    assert_int_equal(fixture_get(fix, "a").counts[RECIPIENT_PENDING], 29);
    assert_int_equal(fixture_get(fix, "a").counts[RECIPIENT_ACCEPTED], 1);
    redrive_those("a", 1u << RECIPIENT_ACCEPTED | 1u << RECIPIENT_PENDING); /* no such wish */
    assert_int_equal(n_redriven, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_cancel_stops_what_is_claimed, fixture_fresh),
        cmocka_unit_test_setup(test_cancel_with_a_dead_owner, fixture_fresh),
        cmocka_unit_test_setup(test_refusals, fixture_fresh),
        cmocka_unit_test_setup(test_pause_and_resume, fixture_fresh),
        cmocka_unit_test_setup(test_pause_before_it_runs, fixture_fresh),
        cmocka_unit_test_setup(test_expiry, fixture_fresh),
        cmocka_unit_test_setup(test_a_claim_expires_too, fixture_fresh),
        cmocka_unit_test_setup(test_what_expired_is_listed, fixture_fresh),
        cmocka_unit_test_setup(test_the_sweep_finds_what_nobody_claims, fixture_fresh),
        cmocka_unit_test_setup(test_audit_reopens_a_live_byte, fixture_fresh),
        cmocka_unit_test_setup(test_audit_never_overwrites_cancelled, fixture_fresh),
        cmocka_unit_test_setup(test_redrive, fixture_fresh),
        cmocka_unit_test_setup(test_redrive_leaves_the_unknown_out_unless_asked, fixture_fresh),
        cmocka_unit_test_setup(test_redrive_takes_exactly_the_states_asked_for, fixture_fresh),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
