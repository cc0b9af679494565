/* Receipts that name the provider's id instead of our reference: found, held until the id is known, never wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "queue/mids.h"
#include "tests/support/queue_fixture.h"

#define KEY "crier:{venus}:"
#define ALL 15u

static char told[80];     /* the notice of the last receipt */
static char held_ref[80]; /* of the last held receipt */
static enum recipient_state held_state;

/* One notice of three recipients, all accepted at the first attempt. */
static int fresh(void **state)
{
    struct queue_claim *c;

    (void)state;
    fixture_flush(fix);
    held_ref[0] = told[0] = '\0';
    fixture_running(fix, "n.1", "normal", 3);
    c = fixture_claim(fix, fix->q, ALL);
    fixture_begin(fix, fix->q, c, 0, c->n, NULL);
    fixture_finish_all(fix, fix->q, c, 0, c->n, 1, RECIPIENT_ACCEPTED, true, 0);
    fixture_claim_free(c);
    return 0;
}

static void on_held(void *arg, const char *ref, const struct queue_report *report)
{
    (void)arg;
    assert_string_equal(report->why, "ali: DELIVRD");
    assert_true(snprintf(held_ref, sizeof(held_ref), "%s", ref) > 0);
    held_state = report->state;
}

static void put(const char *id, const char *to, const char *ref)
{
    struct mid m = {.ref = ref};

    assert_true(mids_key(m.key, id, to));
    mids_put(fix->q, "ali", &m, 1, on_held, fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(fix->status, QUEUE_OK);
}

static void on_receipt(void *arg, const struct queue_result *r, const char *notice)
{
    assert_true(snprintf(told, sizeof(told), "%s", notice) >= 0);
    fixture_on_done(arg, r);
}

static void receipt(const char *id, const char *to, enum recipient_state s)
{
    char key[MIDS_ID_MAX];

    assert_true(mids_key(key, id, to));
    mids_receipt(fix->q, "ali", key,
                 &(struct queue_report){.state = s, .detail = "DELIVRD", .to = "", .about = "", .why = ""},
                 on_receipt, fix);
    fixture_wait(fix);
}

static uint64_t count(enum recipient_state s)
{
    return fixture_get(fix, "n.1").counts[s];
}

static void test_a_receipt_finds_its_recipient_by_id(void **state)
{
    (void)state;
    put("90061^0", "", "n.1.2.1");
    receipt("90061^0", "", RECIPIENT_DELIVERED);
    assert_int_equal(fix->status, QUEUE_OK);
    assert_string_equal(told, "n.1");
    assert_int_equal(count(RECIPIENT_DELIVERED), 1);
    assert_true(fixture_redis_is(fix, "DELIVRD", "HGET", KEY "n:n.1:det", "2", NULL));
}

static void test_one_id_for_many_is_told_apart_by_number(void **state)
{
    (void)state;
    put("B7", "+8613800000000", "n.1.0.1");
    put("B7", "+8613800000001", "n.1.1.1");
    receipt("B7", "+8613800000001", RECIPIENT_FAILED);
    assert_int_equal(count(RECIPIENT_FAILED), 1);
    assert_int_equal(count(RECIPIENT_ACCEPTED), 2);
    receipt("B7", "+8613800000009", RECIPIENT_DELIVERED);
    assert_string_equal(fix->e.code, "no-such-id");
    assert_int_equal(count(RECIPIENT_DELIVERED), 0);
}

static void test_a_receipt_before_the_answer_is_held_and_told_once(void **state)
{
    (void)state;
    receipt("B8", "", RECIPIENT_FAILED);
    receipt("B8", "", RECIPIENT_DELIVERED);
    receipt("B8", "", RECIPIENT_FAILED); /* in any order: the better one stays */
    assert_string_equal(fix->e.code, "no-such-id");
    put("B8", "", "n.1.1.1");
    assert_string_equal(held_ref, "n.1.1.1");
    assert_int_equal(held_state, RECIPIENT_DELIVERED);
    held_ref[0] = '\0';
    put("B8", "", "n.1.1.1");
    assert_string_equal(held_ref, "");
}

static void test_ids_of_two_providers_never_meet(void **state)
{
    struct mid m = {.ref = "n.1.0.1"};

    (void)state;
    assert_true(mids_key(m.key, "B9", ""));
    mids_put(fix->q, "tencent", &m, 1, on_held, fixture_on_done, fix);
    fixture_wait(fix);
    receipt("B9", "", RECIPIENT_DELIVERED);
    assert_string_equal(fix->e.code, "no-such-id");
    assert_int_equal(count(RECIPIENT_DELIVERED), 0);
}

/* Receipts by reference need no id: they can come before the answer has been reported, and the report may be said again. */
static void test_a_failure_that_was_faster_than_its_answer_stays(void **state)
{
    const struct queue_report failed = {.state = RECIPIENT_FAILED, .detail = "MK:0001"};
    struct queue_claim *c;

    (void)state;
    fixture_running(fix, "n.2", "normal", 2);
    c = fixture_claim(fix, fix->q, ALL);
    fixture_begin(fix, fix->q, c, 0, c->n, NULL);
    queue_receipt(fix->q, "n.2", 0, 1, &failed, fixture_on_done, fix);
    fixture_wait(fix);
    fixture_finish_all(fix, fix->q, c, 0, c->n, 1, RECIPIENT_ACCEPTED, true, 0);
    fixture_finish_all(fix, fix->q, c, 0, c->n, 1, RECIPIENT_ACCEPTED, false, 0);
    fixture_claim_free(c);
    assert_int_equal(fixture_get(fix, "n.2").counts[RECIPIENT_FAILED], 1);
    assert_int_equal(fixture_get(fix, "n.2").counts[RECIPIENT_ACCEPTED], 1);
}

static void test_what_is_kept_ends(void **state)
{
    (void)state;
    put("B10", "", "n.1.0.1");
    receipt("B11", "", RECIPIENT_DELIVERED);
    assert_true(fixture_redis_is(
        fix, "1", "EVAL",
        "local a, b = redis.call('PTTL', KEYS[1]), redis.call('PTTL', KEYS[2]) "
        "return (a > 71 * 3600000 and a <= 72 * 3600000 and b > 0 and b <= 3600000) and 1 or 0",
        "2", KEY "mid:ali:B10", KEY "early:ali:B11", NULL));
}

static void test_references(void **state)
{
    static const char *const bad[] = {
        "", "n", "n.1", "n.1.", "n..1", ".1.1", "n 1.1.1", "n.-1.1", "n.1.99999999999999999999"};
    char notice[NOTICE_ID_MAX + 1];
    uint64_t index;
    uint32_t attempt;

    (void)state;
    assert_true(mids_ref_parse("a.b.7.2", notice, &index, &attempt));
    assert_string_equal(notice, "a.b");
    assert_int_equal(index, 7);
    assert_int_equal(attempt, 2);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(mids_ref_parse(bad[i], notice, &index, &attempt));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_receipt_finds_its_recipient_by_id, fresh),
        cmocka_unit_test_setup(test_one_id_for_many_is_told_apart_by_number, fresh),
        cmocka_unit_test_setup(test_a_receipt_before_the_answer_is_held_and_told_once, fresh),
        cmocka_unit_test_setup(test_ids_of_two_providers_never_meet, fresh),
        cmocka_unit_test_setup(test_a_failure_that_was_faster_than_its_answer_stays, fresh),
        cmocka_unit_test_setup(test_what_is_kept_ends, fresh),
        cmocka_unit_test(test_references),
    };
    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
