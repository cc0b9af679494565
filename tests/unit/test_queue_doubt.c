/* Leases, doubt and former owners against a real Redis: what doubt becomes, what a former owner may say. */
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
    fixture_clock(f, 61000);
    taken = expect_claim(d2, ALL, lane);
    assert_int_equal(taken->kind, QUEUE_TAKEOVER);
    assert_int_equal(fixture_begin(f, d2, taken, 0, 10, go), n_again);
    assert_int_equal(count(lane, s), s == RECIPIENT_UNKNOWN ? 6 : 10);
    if (s == RECIPIENT_SENDING) {
        assert_int_equal(go[0].attempt, 2);
        assert_int_equal(go[6].attempt, 1);
    }
    fixture_clock(f, 0);
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
        fixture_clock(f, 61000);
        taken = expect_claim(d2, ALL, "a");
        assert_false(fixture_finish_all(f, f->q, c, 0, 1, 1, late[i].says, true, 0));
        if (count("a", late[i].becomes) != 1)
            fail_msg("%s", late[i].name);
        /* and it cannot settle what is not its own */
        assert_true(fixture_redis_is(f, taken->owner, "HGET", KEY "n:a:own", "0", NULL));
        fixture_claim_free(c);
        fixture_claim_free(taken);
    }
    fixture_clock(f, 0);
}

static void test_a_zombie_does_not_undo_unknown(void **state)
{
    struct queue *d2 = fixture_queue(f, "d2", 60000);
    struct queue_claim *c, *taken;

    (void)state;
    fixture_running(f, "a", "normal", 2);
    c = expect_claim(f->q, ALL, "a");
    fixture_begin(f, f->q, c, 0, 2, NULL);
    fixture_clock(f, 61000);
    taken = expect_claim(d2, ALL, "a");
    fixture_begin(f, d2, taken, 0, 2, NULL);
    fixture_finish(f, d2, taken, NULL, 0, true, 0);
    fixture_audit(f, d2);
    fixture_clock(f, 0);
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
    fixture_clock(f, 61000);
    fixture_claim_free(expect_claim(d2, ALL, "a"));
    fixture_clock(f, 0);
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
    fixture_clock(f, 50000);
    fixture_begin(f, f->q, c, 0, 10, NULL);
    fixture_clock(f, 70000);
    fixture_claim_free(expect_claim(d2, ALL, NULL));
    fixture_clock(f, 111000);
    fixture_claim_free(expect_claim(d2, ALL, "a"));
    fixture_clock(f, 0);
    fixture_claim_free(c);
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
    fixture_running(f, "a", "normal", 300);
    claim_and_drop(ALL, "a");
    claim_and_drop(ALL, "a");
    fixture_claim_free(expect_claim(d2, ALL, "a"));
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

static void test_suppressed(void **state)
{
    struct queue_claim *c;
    struct queue_outcome o[2] = {
        {.off = 0, .attempt = 0, .state = RECIPIENT_SUPPRESSED},
        {.off = 1, .attempt = 1, .state = RECIPIENT_SUPPRESSED}
    };

    (void)state;
    fixture_running(f, "a", "normal", 2);
    c = expect_claim(f->q, ALL, "a");
    fixture_begin(f, f->q, c, 1, 1, NULL);
    fixture_finish(f, f->q, c, o, 2, true, 0);
    assert_int_equal(count("a", RECIPIENT_SUPPRESSED), 2);
    assert_int_equal(fixture_get(f, "a").state, NOTICE_AUDITING);
    fixture_claim_free(c);
}

static void test_hold(void **state)
{
    (void)state;
    fixture_running(f, "a", "normal", 2);
    free(redis_server_ask(f->server, "SET", KEY "hold", "1", "PX", "60000", NULL));
    claim_and_drop(ALL, NULL);
    free(redis_server_ask(f->server, "DEL", KEY "hold", NULL));
    claim_and_drop(ALL, "a");
}

static int64_t first_us, step_us;

static void on_rate(void *arg, const struct queue_result *r, int64_t first, int64_t step)
{
    first_us = first;
    step_us = step;
    fixture_take(arg, r);
}

static void test_rate_is_paced_over_all(void **state)
{
    const struct queue_opts other = {
        .redis = f->redis, .prefix = "crier:", .community = "mars", .daemon_id = "d9"};
    struct queue *q = queue_new(&other);

    (void)state;
    queue_rate(f->q, "p1", 10, 5, on_rate, f);
    fixture_wait(f);
    assert_int_equal(first_us, 0);
    assert_int_equal(step_us, 100000);
    queue_rate(q, "p1", 10, 1, on_rate, f); /* another community waits behind the five */
    fixture_wait(f);
    assert_true(first_us > 300000 && first_us <= 500000);
    queue_rate(f->q, "p1", 10, 1, on_rate, f);
    fixture_wait(f);
    assert_true(first_us > 400000 && first_us <= 600000);
    queue_free(q);
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
        cmocka_unit_test_setup(test_a_zombie_does_not_undo_unknown, fresh),
        cmocka_unit_test_setup(test_begin_of_a_lost_slice, fresh),
        cmocka_unit_test_setup(test_begin_renews_the_lease, fresh),
        cmocka_unit_test_setup(test_a_restarted_daemon_takes_back_its_own, fresh),
        cmocka_unit_test_setup(test_suppressed, fresh),
        cmocka_unit_test_setup(test_hold, fresh),
        cmocka_unit_test_setup(test_rate_is_paced_over_all, fresh),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
