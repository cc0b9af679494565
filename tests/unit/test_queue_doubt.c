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

static struct fixture *f;

static int start(void **state)
{
    (void)state;
    f = fixture_new(REDIS_SERVER_MEMORY, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    fixture_free(f);
    return 0;
}

static int fresh(void **state)
{
    (void)state;
    fixture_flush(f);
    return 0;
}

/* Claim; the id must be this one (NULL = nothing). */
static struct queue_claim *expect_claim(struct queue *q, unsigned lanes, const char *id)
{
    struct queue_claim *c = fixture_claim(f, q, lanes);

    assert_int_equal(f->status, QUEUE_OK);
    if (id == NULL) {
        assert_null(c);
        return NULL;
    }
    assert_non_null(c);
    assert_string_equal(c->id, id);
    return c;
}

static void claim_and_drop(unsigned lanes, const char *id)
{
    fixture_claim_free(expect_claim(f->q, lanes, id));
}

static uint64_t count(const char *id, enum recipient_state s)
{
    return fixture_get(f, id).counts[s];
}

/* A lease runs out with requests under way; the new owner meets bytes `sending`. */
static void in_doubt(const char *lane, size_t n_again, enum recipient_state s)
{
    struct queue *d2 = fixture_queue(f, "d2", 60000);
    struct queue_claim *c, *taken;
    struct queue_go go[NOTICE_SLICE];

    fixture_running(f, lane, lane, 10);
    c = expect_claim(f->q, ALL, lane);
    fixture_begin(f, f->q, c, 0, 6, go);
    claim_and_drop(ALL, NULL);
    fixture_end_leases(f, lane);
    taken = expect_claim(d2, ALL, lane);
    assert_int_equal(taken->kind, QUEUE_TAKEOVER);
    assert_int_equal(fixture_begin(f, d2, taken, 0, 10, go), n_again);
    assert_int_equal(count(lane, s), s == RECIPIENT_UNKNOWN ? 6 : 10);
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
    fixture_running(f, "park", "normal", 3);
    c = expect_claim(f->q, ALL, "park");
    fixture_begin(f, f->q, c, 0, 3, NULL);
    fixture_finish(f, f->q, c, NULL, 0, true, 0);
    assert_int_equal(count("park", RECIPIENT_UNKNOWN), 3);
    fixture_claim_free(c);
    fixture_running(f, "resend", "urgent", 3);
    c = expect_claim(f->q, ALL, "resend");
    fixture_begin(f, f->q, c, 0, 3, NULL);
    fixture_finish(f, f->q, c, NULL, 0, true, 0);
    again = expect_claim(f->q, ALL, "resend");
    assert_int_equal(again->kind, QUEUE_RETRY);
    assert_int_equal(fixture_begin(f, f->q, again, 0, 3, NULL), 3);
    fixture_claim_free(c);
    fixture_claim_free(again);
}

static void test_a_sending_byte_in_a_retried_slice_is_in_doubt(void **state)
{
    struct queue_claim *c;

    (void)state;
    fixture_running(f, "a", "normal", 3);
    c = expect_claim(f->q, ALL, "a");
    fixture_finish(f, f->q, c, NULL, 0, true, 0);
    fixture_claim_free(c);
    free(redis_server_ask(f->server, "SETRANGE", KEY "n:a:st", "2", "\x01\x01",
                          NULL)); /* a write that a torn file kept alone */
    c = expect_claim(f->q, ALL, "a");
    assert_int_equal(c->kind, QUEUE_RETRY);
    assert_int_equal(fixture_begin(f, f->q, c, 0, 3, NULL), 2);
    assert_int_equal(count("a", RECIPIENT_UNKNOWN), 1);
    fixture_claim_free(c);
}

static void test_a_range_is_begun_once(void **state)
{
    struct queue_claim *c;

    (void)state;
    fixture_running(f, "a", "urgent", 10);
    c = expect_claim(f->q, ALL, "a");
    assert_int_equal(fixture_begin(f, f->q, c, 0, 10, NULL), 10);
    assert_int_equal(fixture_begin(f, f->q, c, 0, 10, NULL), 0);
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

        fixture_flush(f);
        d2 = fixture_queue(f, "d2", 60000);
        fixture_running(f, "a", late[i].lane, 1);
        c = expect_claim(f->q, ALL, "a");
        fixture_begin(f, f->q, c, 0, 1, NULL);
        fixture_end_leases(f, "a");
        taken = expect_claim(d2, ALL, "a");
        assert_false(fixture_finish_all(f, f->q, c, 0, 1, 1, late[i].says, true, 0));
        if (count("a", late[i].becomes) != 1)
            fail_msg("%s", late[i].name);
        /* and it cannot settle what is not its own */
        assert_true(fixture_redis_is(f, taken->owner, "HGET", KEY "n:a:own", "0", NULL));
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

            fixture_flush(f);
            fixture_running(f, "a", "normal", 2);
            c = expect_claim(f->q, ALL, "a");
            fixture_begin(f, f->q, c, 0, 1, NULL);
            if (later[i].first == RECIPIENT_DELIVERED)
                fixture_receipt(f, "a", 0, 1, RECIPIENT_DELIVERED);
            else
                fixture_finish_all(f, f->q, c, 0, 1, 1, later[i].first, false, 0);
            if (stale)
                free(redis_server_ask(f->server, "HSET", KEY "n:a:own", "0", "somebody.else.1", NULL));
            fixture_finish_all(f, f->q, c, 0, 1, 1, later[i].then, false, 0);
            if (count("a", later[i].becomes) != 1)
                fail_msg("%s%s", later[i].name, stale ? ", by a former owner" : "");
            fixture_claim_free(c);
        }
}

static void test_failed_becomes_accepted_when_an_earlier_attempt_got_through(void **state)
{
    struct queue_claim *c;

    (void)state;
    fixture_running(f, "a", "normal", 2);
    c = expect_claim(f->q, ALL, "a");
    fixture_begin(f, f->q, c, 0, 1, NULL);
    free(redis_server_ask(f->server, "EVAL", "return redis.call('SETRANGE', KEYS[1], 0, string.char(5, 2))",
                          "1", KEY "n:a:st", NULL));
    fixture_finish_all(f, f->q, c, 0, 1, 1, RECIPIENT_ACCEPTED, false, 0);
    assert_int_equal(count("a", RECIPIENT_ACCEPTED), 1);
    fixture_claim_free(c);
}

static void test_a_zombie_does_not_undo_unknown(void **state)
{
    struct queue *d2 = fixture_queue(f, "d2", 60000);
    struct queue_claim *c, *taken;

    (void)state;
    fixture_running(f, "a", "normal", 2);
    c = expect_claim(f->q, ALL, "a");
    fixture_begin(f, f->q, c, 0, 2, NULL);
    fixture_end_leases(f, "a");
    taken = expect_claim(d2, ALL, "a");
    fixture_begin(f, d2, taken, 0, 2, NULL);
    fixture_finish(f, d2, taken, NULL, 0, true, 0);
    fixture_audit(f, d2);
    assert_int_equal(fixture_get(f, "a").state, NOTICE_DONE);
    fixture_finish_all(f, f->q, c, 0, 1, 1, RECIPIENT_PENDING, true, 0);
    assert_int_equal(count("a", RECIPIENT_UNKNOWN), 2);
    fixture_finish_all(f, f->q, c, 1, 1, 1, RECIPIENT_ACCEPTED, true, 0);
    assert_int_equal(count("a", RECIPIENT_ACCEPTED), 1);
    fixture_claim_free(c);
    fixture_claim_free(taken);
}

static void test_begin_of_a_lost_slice(void **state)
{
    struct queue *d2 = fixture_queue(f, "d2", 60000);
    struct queue_claim *c;

    (void)state;
    fixture_running(f, "a", "normal", 2);
    c = expect_claim(f->q, ALL, "a");
    fixture_end_leases(f, "a");
    fixture_claim_free(expect_claim(d2, ALL, "a"));
    assert_int_equal(fixture_begin(f, f->q, c, 0, 2, NULL), 0);
    assert_int_equal(f->status, QUEUE_REFUSED);
    assert_string_equal(f->e.code, "lost");
    fixture_claim_free(c);
}

static void test_begin_renews_the_lease(void **state)
{
    struct queue *d2 = fixture_queue(f, "d2", 60000);
    struct queue_claim *c;

    (void)state;
    fixture_running(f, "a", "normal", 20);
    c = expect_claim(f->q, ALL, "a");
    fixture_end_leases(f, "a");
    assert_int_equal(fixture_begin(f, f->q, c, 0, 10, NULL), 10); /* late, but nobody took it */
    fixture_claim_free(expect_claim(d2, ALL, NULL));
    fixture_end_leases(f, "a");
    fixture_claim_free(expect_claim(d2, ALL, "a"));
    fixture_claim_free(c);
}

/* Nobody moves anything: a short lease really runs out. */
static void test_a_lease_runs_out(void **state)
{
    struct queue *brief = fixture_queue(f, "d2", 40);
    struct queue_claim *c, *taken = NULL;
    int64_t deadline = clock_mono_ms() + 5000;

    (void)state;
    fixture_running(f, "a", "normal", 20);
    c = expect_claim(brief, ALL, "a");
    while (taken == NULL && clock_mono_ms() < deadline)
        taken = fixture_claim(f, f->q, ALL);
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
    fixture_running(f, "a", "urgent", 400);
    for (size_t i = 0; i < ARRAY_LEN(offsets); i++) {
        struct queue_claim *c = expect_claim(f->q, ALL, "a");

        assert_int_equal(c->kind, QUEUE_FRESH);
        assert_int_equal(fixture_begin(f, f->q, c, 0, 50, NULL), 50);
        fixture_clock(f, offsets[i]);
        assert_int_equal(fixture_begin(f, f->q, c, 50, 50, NULL), 50);
        fixture_claim_free(c);
    }
    fixture_claim_free(expect_claim(f->q, ALL, "a"));
    for (size_t i = 0; i < ARRAY_LEN(offsets); i++) {
        fixture_clock(f, offsets[i]);
        claim_and_drop(ALL, NULL);
    }
    assert_int_equal(count("a", RECIPIENT_SENDING), 300);
}

/* The machine's clock was an hour ahead when this notice was served last. */
static void test_a_clock_that_went_back_holds_nobody_up(void **state)
{
    (void)state;
    fixture_running(f, "a", "normal", 200);
    claim_and_drop(ALL, "a");
    free(redis_server_ask(f->server, "ZINCRBY", KEY "lane:2", "3600000", "a", NULL));
    claim_and_drop(ALL, "a");
}

static size_t n_ended;

static void on_takeover(void *arg, const struct queue_result *r, size_t n)
{
    n_ended = n;
    fixture_take(arg, r);
}

static void test_a_restarted_daemon_takes_back_its_own(void **state)
{
    struct queue *d2 = fixture_queue(f, "d2", 60000), *d1_again = fixture_queue(f, "d1", 60000);
    struct queue_claim *c;

    (void)state;
    fixture_running(f, "b", "normal", 10);
    fixture_claim_free(expect_claim(d2, ALL, "b"));
    fixture_running(f, "a", "normal", 300);
    claim_and_drop(ALL, "a");
    claim_and_drop(ALL, "a");
    fixture_claim_free(expect_claim(d2, ALL, "a"));
    claim_and_drop(ALL, NULL);
    queue_takeover(d1_again, on_takeover, f);
    fixture_wait(f);
    assert_int_equal(f->status, QUEUE_OK);
    assert_int_equal(n_ended, 2);
    c = expect_claim(d1_again, ALL, "a");
    assert_int_equal(c->kind, QUEUE_TAKEOVER);
    fixture_claim_free(c);
    fixture_claim_free(expect_claim(d1_again, ALL, "a"));
    fixture_claim_free(expect_claim(d1_again, ALL, NULL)); /* d2 keeps its lease */
    queue_takeover(d1_again, on_takeover, f);              /* and its own are not ended by itself */
    fixture_wait(f);
    assert_int_equal(n_ended, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_doubt_at_most_once, fresh),
        cmocka_unit_test_setup(test_doubt_at_least_once, fresh),
        cmocka_unit_test_setup(test_doubt_after_a_lost_begin, fresh),
        cmocka_unit_test_setup(test_a_sending_byte_in_a_retried_slice_is_in_doubt, fresh),
        cmocka_unit_test_setup(test_a_range_is_begun_once, fresh),
        cmocka_unit_test_setup(test_what_a_former_owner_may_say, fresh),
        cmocka_unit_test_setup(test_what_is_known_stays, fresh),
        cmocka_unit_test_setup(test_failed_becomes_accepted_when_an_earlier_attempt_got_through, fresh),
        cmocka_unit_test_setup(test_a_zombie_does_not_undo_unknown, fresh),
        cmocka_unit_test_setup(test_begin_of_a_lost_slice, fresh),
        cmocka_unit_test_setup(test_begin_renews_the_lease, fresh),
        cmocka_unit_test_setup(test_a_lease_runs_out, fresh),
        cmocka_unit_test_setup(test_moving_the_day_ends_no_lease, fresh),
        cmocka_unit_test_setup(test_a_clock_that_went_back_holds_nobody_up, fresh),
        cmocka_unit_test_setup(test_a_restarted_daemon_takes_back_its_own, fresh),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
