/* Leases, doubt and former owners against a real Redis: what doubt becomes, what a former owner may say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/support/queue_fixture.h"

#define KEY "crier:{venus}:"
#define ALL 15u /* lanes */

/* A lease runs out with requests under way; the new owner meets bytes `sending`. */
static void in_doubt(const char *lane, size_t n_again, enum recipient_state s)
{
    struct queue *d2 = fixture_queue(fix, "d2", 60000);
    struct queue_claim *c, *taken;
    struct queue_go go[NOTICE_SLICE];

    fixture_running(fix, lane, lane, 10);
    c = fixture_expect_claim(fix->q, ALL, lane);
    fixture_begin(fix, fix->q, c, 0, 6, go);
    fixture_claim_and_drop(ALL, NULL);
    fixture_end_leases(fix, lane);
    taken = fixture_expect_claim(d2, ALL, lane);
    assert_int_equal(taken->kind, QUEUE_TAKEOVER);
    assert_int_equal(fixture_begin(fix, d2, taken, 0, 10, go), n_again);
    assert_int_equal(fixture_count(lane, s), s == RECIPIENT_UNKNOWN ? 6 : 10);
    if (s == RECIPIENT_SENDING) {
        assert_int_equal(go[0].attempt, 2);
        assert_int_equal(go[6].attempt, 1);
    }
    fixture_claim_free(c);
    fixture_claim_free(taken);
}

static void test_doubt_at_most_once(void **state)
{
    (void)state;
    in_doubt("normal", 4, RECIPIENT_UNKNOWN);
}

static void test_doubt_at_least_once(void **state)
{
    (void)state;
    in_doubt("urgent", 10, RECIPIENT_SENDING);
}

static void test_doubt_after_a_lost_begin(void **state)
{
    struct queue_claim *c, *again;

    (void)state;
    /* the answer of begin was lost; the owner hands the slice back without an outcome for these */
    fixture_running(fix, "park", "normal", 3);
    c = fixture_expect_claim(fix->q, ALL, "park");
    fixture_begin(fix, fix->q, c, 0, 3, NULL);
    fixture_finish(fix, fix->q, c, NULL, 0, true, 0);
    assert_int_equal(fixture_count("park", RECIPIENT_UNKNOWN), 3);
    fixture_claim_free(c);
    fixture_running(fix, "resend", "urgent", 3);
    c = fixture_expect_claim(fix->q, ALL, "resend");
    fixture_begin(fix, fix->q, c, 0, 3, NULL);
    fixture_finish(fix, fix->q, c, NULL, 0, true, 0);
    again = fixture_expect_claim(fix->q, ALL, "resend");
    assert_int_equal(again->kind, QUEUE_RETRY);
    assert_int_equal(fixture_begin(fix, fix->q, again, 0, 3, NULL), 3);
    fixture_claim_free(c);
    fixture_claim_free(again);
}

static void test_a_sending_byte_in_a_retried_slice_is_in_doubt(void **state)
{
    struct queue_claim *c;

    (void)state;
    fixture_running(fix, "a", "normal", 3);
    c = fixture_expect_claim(fix->q, ALL, "a");
    fixture_finish(fix, fix->q, c, NULL, 0, true, 0);
    fixture_claim_free(c);
    free(redis_server_ask(fix->server, "SETRANGE", KEY "n:a:st", "2", "\x01\x01",
                          NULL)); /* a write that a torn file kept alone */
    c = fixture_expect_claim(fix->q, ALL, "a");
    assert_int_equal(c->kind, QUEUE_RETRY);
    assert_int_equal(fixture_begin(fix, fix->q, c, 0, 3, NULL), 2);
    assert_int_equal(fixture_count("a", RECIPIENT_UNKNOWN), 1);
    fixture_claim_free(c);
}

static void test_a_range_is_begun_once(void **state)
{
    struct queue_claim *c;

    (void)state;
    fixture_running(fix, "a", "urgent", 10);
    c = fixture_expect_claim(fix->q, ALL, "a");
    assert_int_equal(fixture_begin(fix, fix->q, c, 0, 10, NULL), 10);
    assert_int_equal(fixture_begin(fix, fix->q, c, 0, 10, NULL), 0);
    fixture_claim_free(c);
}

/* What a former owner reports after its slice went to another one that has not begun yet. */
static const struct {
    const char *name, *lane;
    enum recipient_state says, becomes;
} late[] = {
    {"accepted is a fact",                       "normal", RECIPIENT_ACCEPTED,   RECIPIENT_ACCEPTED},
    {"failed for good is a fact",                "normal", RECIPIENT_FAILED,     RECIPIENT_FAILED  },
    {"unknown counts towards caution",           "normal", RECIPIENT_UNKNOWN,    RECIPIENT_UNKNOWN },
    {"retry is an opinion",                      "normal", RECIPIENT_RETRY,      RECIPIENT_SENDING },
    {"nothing written is an opinion",            "normal", RECIPIENT_PENDING,    RECIPIENT_SENDING },
    {"suppressed is an opinion",                 "normal", RECIPIENT_SUPPRESSED, RECIPIENT_SENDING },
    {"an alert is not parked by a former owner", "urgent", RECIPIENT_UNKNOWN,    RECIPIENT_SENDING },
    {"an alert's acceptance is a fact",          "urgent", RECIPIENT_ACCEPTED,   RECIPIENT_ACCEPTED},
};

static void test_what_a_former_owner_may_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(late); i++) {
        struct queue *d2;
        struct queue_claim *c, *taken;

        fixture_flush(fix);
        d2 = fixture_queue(fix, "d2", 60000);
        fixture_running(fix, "a", late[i].lane, 1);
        c = fixture_expect_claim(fix->q, ALL, "a");
        fixture_begin(fix, fix->q, c, 0, 1, NULL);
        fixture_end_leases(fix, "a");
        taken = fixture_expect_claim(d2, ALL, "a");
        assert_false(fixture_finish_all(fix, fix->q, c, 0, 1, 1, late[i].says, true, 0));
        if (fixture_count("a", late[i].becomes) != 1)
            fail_msg("%s", late[i].name);
        /* and it cannot settle what is not its own */
        assert_true(fixture_redis_is(fix, taken->owner, "HGET", KEY "n:a:own", "0", NULL));
        fixture_claim_free(c);
        fixture_claim_free(taken);
    }
}

/* What is known does not get worse, whoever says so, and however often. */
static const struct {
    const char *name;
    enum recipient_state first, then, becomes;
} later[] = {
    {"accepted stays when retry is said of the same attempt",  RECIPIENT_ACCEPTED,  RECIPIENT_RETRY,
     RECIPIENT_ACCEPTED                                                                                                  },
    {"accepted stays when failed is said of the same attempt", RECIPIENT_ACCEPTED,  RECIPIENT_FAILED,
     RECIPIENT_ACCEPTED                                                                                                  },
    {"delivered stays when accepted comes late",               RECIPIENT_DELIVERED, RECIPIENT_ACCEPTED,
     RECIPIENT_DELIVERED                                                                                                 },
    {"delivered stays when nothing was written is said",       RECIPIENT_DELIVERED, RECIPIENT_PENDING,
     RECIPIENT_DELIVERED                                                                                                 },
    {"failed stays when the same attempt was accepted before", RECIPIENT_FAILED,    RECIPIENT_ACCEPTED,
     RECIPIENT_FAILED                                                                                                    },
    {"failed stays when unknown is said",                      RECIPIENT_FAILED,    RECIPIENT_UNKNOWN,  RECIPIENT_FAILED },
    {"unknown becomes failed",                                 RECIPIENT_UNKNOWN,   RECIPIENT_FAILED,   RECIPIENT_FAILED },
    {"unknown stays when retry is said",                       RECIPIENT_UNKNOWN,   RECIPIENT_RETRY,    RECIPIENT_UNKNOWN},
};

static void test_what_is_known_stays(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(later); i++)
        for (int stale = 0; stale < 2; stale++) {
            struct queue_claim *c;

            fixture_flush(fix);
            fixture_running(fix, "a", "normal", 2);
            c = fixture_expect_claim(fix->q, ALL, "a");
            fixture_begin(fix, fix->q, c, 0, 1, NULL);
            if (later[i].first == RECIPIENT_DELIVERED)
                fixture_receipt(fix, "a", 0, 1, RECIPIENT_DELIVERED);
            else
                fixture_finish_all(fix, fix->q, c, 0, 1, 1, later[i].first, false, 0);
            if (stale)
                free(redis_server_ask(fix->server, "HSET", KEY "n:a:own", "0", "somebody.else.1", NULL));
            fixture_finish_all(fix, fix->q, c, 0, 1, 1, later[i].then, false, 0);
            if (fixture_count("a", later[i].becomes) != 1)
                fail_msg("%s%s", later[i].name, stale ? ", by a former owner" : "");
            fixture_claim_free(c);
        }
}

static void test_failed_becomes_accepted_when_an_earlier_attempt_got_through(void **state)
{
    struct queue_claim *c;

    (void)state;
    fixture_running(fix, "a", "normal", 2);
    c = fixture_expect_claim(fix->q, ALL, "a");
    fixture_begin(fix, fix->q, c, 0, 1, NULL);
    free(redis_server_ask(fix->server, "EVAL", "return redis.call('SETRANGE', KEYS[1], 0, string.char(5, 2))",
                          "1", KEY "n:a:st", NULL));
    fixture_finish_all(fix, fix->q, c, 0, 1, 1, RECIPIENT_ACCEPTED, false, 0);
    assert_int_equal(fixture_count("a", RECIPIENT_ACCEPTED), 1);
    fixture_claim_free(c);
}

static void test_a_zombie_does_not_undo_unknown(void **state)
{
    struct queue *d2 = fixture_queue(fix, "d2", 60000);
    struct queue_claim *c, *taken;

    (void)state;
    fixture_running(fix, "a", "normal", 2);
    c = fixture_expect_claim(fix->q, ALL, "a");
    fixture_begin(fix, fix->q, c, 0, 2, NULL);
    fixture_end_leases(fix, "a");
    taken = fixture_expect_claim(d2, ALL, "a");
    fixture_begin(fix, d2, taken, 0, 2, NULL);
    fixture_finish(fix, d2, taken, NULL, 0, true, 0);
    fixture_audit(fix, d2);
    assert_int_equal(fixture_get(fix, "a").state, NOTICE_DONE);
    fixture_finish_all(fix, fix->q, c, 0, 1, 1, RECIPIENT_PENDING, true, 0);
    assert_int_equal(fixture_count("a", RECIPIENT_UNKNOWN), 2);
    fixture_finish_all(fix, fix->q, c, 1, 1, 1, RECIPIENT_ACCEPTED, true, 0);
    assert_int_equal(fixture_count("a", RECIPIENT_ACCEPTED), 1);
    fixture_claim_free(c);
    fixture_claim_free(taken);
}

static void test_begin_of_a_lost_slice(void **state)
{
    struct queue *d2 = fixture_queue(fix, "d2", 60000);
    struct queue_claim *c;

    (void)state;
    fixture_running(fix, "a", "normal", 2);
    c = fixture_expect_claim(fix->q, ALL, "a");
    fixture_end_leases(fix, "a");
    fixture_claim_free(fixture_expect_claim(d2, ALL, "a"));
    assert_int_equal(fixture_begin(fix, fix->q, c, 0, 2, NULL), 0);
    assert_int_equal(fix->status, QUEUE_REFUSED);
    assert_string_equal(fix->e.code, "lost");
    fixture_claim_free(c);
}

static void test_begin_renews_the_lease(void **state)
{
    struct queue *d2 = fixture_queue(fix, "d2", 60000);
    struct queue_claim *c;

    (void)state;
    fixture_running(fix, "a", "normal", 20);
    c = fixture_expect_claim(fix->q, ALL, "a");
    fixture_end_leases(fix, "a");
    assert_int_equal(fixture_begin(fix, fix->q, c, 0, 10, NULL), 10); /* late, but nobody took it */
    fixture_claim_free(fixture_expect_claim(d2, ALL, NULL));
    fixture_end_leases(fix, "a");
    fixture_claim_free(fixture_expect_claim(d2, ALL, "a"));
    fixture_claim_free(c);
}

/* Nobody moves anything: a short lease really runs out. */
static void test_a_lease_runs_out(void **state)
{
    struct queue *brief = fixture_queue(fix, "d2", 40);
    struct queue_claim *c, *taken = NULL;
    int64_t deadline = clock_mono_ms() + 5000;

    (void)state;
    fixture_running(fix, "a", "normal", 20);
    c = fixture_expect_claim(brief, ALL, "a");
    while (taken == NULL && clock_mono_ms() < deadline)
        taken = fixture_claim(fix, fix->q, ALL);
    assert_non_null(taken);
    assert_int_equal(taken->kind, QUEUE_TAKEOVER);
    fixture_claim_free(c);
    fixture_claim_free(taken);
}

/* Fault T1: somebody moves the day while slices are under way. */
static void test_moving_the_day_ends_no_lease(void **state)
{
    static const int64_t hour = 3600000;
    static const int64_t offsets[] = {hour, -hour, 0};

    (void)state;
    fixture_running(fix, "a", "urgent", 400);
    for (size_t i = 0; i < ARRAY_LEN(offsets); i++) {
        struct queue_claim *c = fixture_expect_claim(fix->q, ALL, "a");

        assert_int_equal(c->kind, QUEUE_FRESH);
        assert_int_equal(fixture_begin(fix, fix->q, c, 0, 50, NULL), 50);
        fixture_clock(fix, offsets[i]);
        assert_int_equal(fixture_begin(fix, fix->q, c, 50, 50, NULL), 50);
        fixture_claim_free(c);
    }
    fixture_claim_free(fixture_expect_claim(fix->q, ALL, "a"));
    for (size_t i = 0; i < ARRAY_LEN(offsets); i++) {
        fixture_clock(fix, offsets[i]);
        fixture_claim_and_drop(ALL, NULL);
    }
    assert_int_equal(fixture_count("a", RECIPIENT_SENDING), 300);
}

/* The machine's clock was an hour ahead when this notice was served last. */
static void test_a_clock_that_went_back_holds_nobody_up(void **state)
{
    (void)state;
    fixture_running(fix, "a", "normal", 200);
    fixture_claim_and_drop(ALL, "a");
    free(redis_server_ask(fix->server, "ZINCRBY", KEY "lane:2", "3600000", "a", NULL));
    fixture_claim_and_drop(ALL, "a");
}

static size_t n_ended;

static void on_takeover(void *arg, const struct queue_result *r, size_t n)
{
    n_ended = n;
    fixture_take(arg, r);
}

static void test_a_restarted_daemon_takes_back_its_own(void **state)
{
    struct queue *d2 = fixture_queue(fix, "d2", 60000), *d1_again = fixture_queue(fix, "d1", 60000);
    struct queue_claim *c;

    (void)state;
    fixture_running(fix, "b", "normal", 10);
    fixture_claim_free(fixture_expect_claim(d2, ALL, "b"));
    fixture_running(fix, "a", "normal", 300);
    fixture_claim_and_drop(ALL, "a");
    fixture_claim_and_drop(ALL, "a");
    fixture_claim_free(fixture_expect_claim(d2, ALL, "a"));
    fixture_claim_and_drop(ALL, NULL);
    queue_takeover(d1_again, on_takeover, fix);
    fixture_wait(fix);
    assert_int_equal(fix->status, QUEUE_OK);
    assert_int_equal(n_ended, 2);
    c = fixture_expect_claim(d1_again, ALL, "a");
    assert_int_equal(c->kind, QUEUE_TAKEOVER);
    fixture_claim_free(c);
    fixture_claim_free(fixture_expect_claim(d1_again, ALL, "a"));
    fixture_claim_free(fixture_expect_claim(d1_again, ALL, NULL)); /* d2 keeps its lease */
    queue_takeover(d1_again, on_takeover, fix);                    /* and its own are not ended by itself */
    fixture_wait(fix);
    assert_int_equal(n_ended, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_doubt_at_most_once, fixture_fresh),
        cmocka_unit_test_setup(test_doubt_at_least_once, fixture_fresh),
        cmocka_unit_test_setup(test_doubt_after_a_lost_begin, fixture_fresh),
        cmocka_unit_test_setup(test_a_sending_byte_in_a_retried_slice_is_in_doubt, fixture_fresh),
        cmocka_unit_test_setup(test_a_range_is_begun_once, fixture_fresh),
        cmocka_unit_test_setup(test_what_a_former_owner_may_say, fixture_fresh),
        cmocka_unit_test_setup(test_what_is_known_stays, fixture_fresh),
        cmocka_unit_test_setup(test_failed_becomes_accepted_when_an_earlier_attempt_got_through,
                               fixture_fresh),
        cmocka_unit_test_setup(test_a_zombie_does_not_undo_unknown, fixture_fresh),
        cmocka_unit_test_setup(test_begin_of_a_lost_slice, fixture_fresh),
        cmocka_unit_test_setup(test_begin_renews_the_lease, fixture_fresh),
        cmocka_unit_test_setup(test_a_lease_runs_out, fixture_fresh),
        cmocka_unit_test_setup(test_moving_the_day_ends_no_lease, fixture_fresh),
        cmocka_unit_test_setup(test_a_clock_that_went_back_holds_nobody_up, fixture_fresh),
        cmocka_unit_test_setup(test_a_restarted_daemon_takes_back_its_own, fixture_fresh),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
