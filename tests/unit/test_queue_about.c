/* What providers say of a number for the time to come: opted out, dead, alive again. Believed only of somebody who was written to at this number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "queue/mids.h"
#include "queue/people.h"
#include "tests/support/queue_fixture.h"

#define KEY  "crier:{venus}:"
#define DEAD KEY "dead.numbers"
#define ALL  15u

#define FIRST  "+8613800000000" /* of recipient 0, and 1 */
#define SECOND "+8613800000001"

static struct resident seen;
static size_t n_seen;

/* One notice of three recipients, all accepted at the first attempt; the first of them is a resident. */
static int fresh(void **state)
{
    struct queue_claim *c;

    (void)state;
    fixture_flush(fix);
    n_seen = 0;
    fixture_running(fix, "n.1", "normal", 3);
    c = fixture_claim(fix, fix->q, ALL);
    fixture_begin(fix, fix->q, c, 0, c->n, NULL);
    fixture_finish_all(fix, fix->q, c, 0, c->n, 1, RECIPIENT_ACCEPTED, true, 0);
    fixture_claim_free(c);
    return 0;
}

static void on_import(void *arg, const struct queue_result *r, const struct people_import *c)
{
    (void)c;
    fixture_on_done(arg, r);
}

static void person(const char *name, const char *phone)
{
    struct resident r = {.id = 0, .n_phones = 1};

    memcpy(r.name, name, strlen(name) + 1);
    memcpy(r.phones[0], phone, strlen(phone) + 1);
    people_put(fix->q, &r, 1, false, on_import, fix);
    fixture_wait(fix);
}

static void receipt(uint64_t index, uint32_t attempt, enum recipient_state s, const char *to,
                    const char *about)
{
    const struct queue_report report = {
        .state = s, .detail = "", .to = to, .about = about, .why = "ali: MK:0001"};

    queue_receipt(fix->q, "n.1", index, attempt, &report, fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(fix->status, QUEUE_OK);
}

static void on_each(void *arg, const struct resident *r)
{
    (void)arg;
    n_seen++;
    seen = *r;
}

static void look_up(const char *phone)
{
    n_seen = 0;
    people_by_phones(fix->q, &phone, 1, on_each, fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(n_seen, 1);
}

static void test_a_dead_number_is_kept_until_it_is_delivered_to(void **state)
{
    (void)state;
    person("张三", FIRST);
    receipt(0, 1, RECIPIENT_FAILED, FIRST, "dead");
    assert_true(fixture_redis_is(fix, "1", "HLEN", DEAD, NULL));
    look_up(FIRST);
    assert_int_equal(seen.dead, 1);
    assert_int_equal(seen.flags, 0);
    receipt(0, 1, RECIPIENT_DELIVERED, FIRST, "");
    assert_true(fixture_redis_is(fix, "0", "HLEN", DEAD, NULL));
    look_up(FIRST);
    assert_int_equal(seen.dead, 0);
}

#define SOFT     KEY "soft.numbers"
#define HALF_DAY (12LL * 3600 * 1000)

/* What is known of the first number is older by ${ms}. */
static void grows_older(int64_t ms)
{
    char by[32];

    assert_true(snprintf(by, sizeof(by), "%lld", (long long)ms) > 0);
    assert_true(fixture_redis_is(fix, "1", "EVAL",
                                 "local n, at = redis.call('HGET', KEYS[1], KEYS[2]):match('(%d+) (%d+)') "
                                 "redis.call('HSET', KEYS[1], KEYS[2], n .. string.format(' %.0f', at - "
                                 "ARGV[1])) return 1",
                                 "2", SOFT, FIRST, by, NULL));
}

/* One more notice to the first recipient, which is reported as not reached. */
static void missed_again(void)
{
    static int n;
    char id[16];
    struct queue_claim *c;
    const struct queue_report report = {
        .state = RECIPIENT_FAILED, .detail = "", .to = FIRST, .about = "missed", .why = "ali: UNDELIV"};

    assert_true(snprintf(id, sizeof(id), "m.%d", ++n) > 0);
    fixture_running(fix, id, "normal", 1);
    c = fixture_claim(fix, fix->q, ALL);
    fixture_begin(fix, fix->q, c, 0, c->n, NULL);
    fixture_finish_all(fix, fix->q, c, 0, c->n, 1, RECIPIENT_ACCEPTED, true, 0);
    fixture_claim_free(c);
    for (int twice = 0; twice < 2; twice++) { /* providers say things again, days later too */
        queue_receipt(fix->q, id, 0, 1, &report, fixture_on_done, fix);
        fixture_wait(fix);
        assert_int_equal(fix->status, QUEUE_OK);
        if (twice == 0 && fixture_redis_is(fix, "1", "EXISTS", SOFT, NULL))
            grows_older(HALF_DAY);
    }
}

static void test_a_phone_that_is_off_is_dead_the_third_time(void **state)
{
    (void)state;
    person("张三", FIRST);
    missed_again();
    missed_again();
    grows_older(-60000); /* the same night */
    missed_again();
    assert_true(fixture_redis_is(fix, "1", "HLEN", SOFT, NULL));
    look_up(FIRST);
    assert_int_equal(seen.dead, 0);
    missed_again();
    look_up(FIRST);
    assert_int_equal(seen.dead, 1);
    assert_true(fixture_redis_is(fix, "0", "EXISTS", SOFT, NULL));
    receipt(0, 1, RECIPIENT_DELIVERED, FIRST, "");
    assert_true(fixture_redis_is(fix, "0", "EXISTS", DEAD, NULL));
}

static void test_a_delivery_between_begins_the_count_anew(void **state)
{
    (void)state;
    missed_again();
    missed_again();
    receipt(0, 1, RECIPIENT_DELIVERED, FIRST, "");
    assert_true(fixture_redis_is(fix, "0", "EXISTS", SOFT, NULL));
    missed_again();
    missed_again();
    grows_older(180 * HALF_DAY); /* half a year ago does not count */
    missed_again();
    assert_true(fixture_redis_is(fix, "0", "EXISTS", DEAD, NULL));
}

static void test_a_report_that_names_no_number_means_the_recipient_s(void **state)
{
    (void)state;
    receipt(0, 1, RECIPIENT_FAILED, "", "dead");
    assert_true(fixture_redis_is(fix, "1", "HEXISTS", DEAD, FIRST, NULL));
    receipt(0, 1, RECIPIENT_DELIVERED, "", "");
    assert_true(fixture_redis_is(fix, "0", "HLEN", DEAD, NULL));
}

static void test_nobody_is_believed_about_a_number_that_was_not_written_to(void **state)
{
    (void)state;
    receipt(0, 1, RECIPIENT_FAILED, "+8613800099999", "dead");
    receipt(0, 1, RECIPIENT_FAILED, SECOND, "out");
    receipt(0, 2, RECIPIENT_FAILED, FIRST, "dead"); /* an attempt that was never made */
    receipt(0, 0, RECIPIENT_FAILED, FIRST, "out");
    assert_true(fixture_redis_is(fix, "0", "EXISTS", DEAD, KEY "optout", KEY "consent", NULL));
    receipt(0, 1, RECIPIENT_FAILED, FIRST, "dead");
    receipt(1, 1, RECIPIENT_DELIVERED, FIRST, ""); /* somebody else's phone works */
    assert_true(fixture_redis_is(fix, "1", "HLEN", DEAD, NULL));
}

static void test_an_opt_out_has_the_provider_as_proof(void **state)
{
    (void)state;
    person("张三", FIRST);
    receipt(0, 1, RECIPIENT_FAILED, FIRST, "out");
    look_up(FIRST);
    assert_int_equal(seen.flags, RESIDENT_OPTED_OUT);
    assert_true(fixture_redis_is(fix, "1", "SISMEMBER", KEY "optout", FIRST, NULL));
    assert_true(fixture_redis_is(fix, "1", "XLEN", KEY "consent", NULL));
    receipt(0, 1, RECIPIENT_FAILED, FIRST, "out"); /* said again: nothing new */
    assert_true(fixture_redis_is(fix, "1", "XLEN", KEY "consent", NULL));
}

static void test_what_an_answer_says_is_kept_the_same_way(void **state)
{
    (void)state;
    people_about(fix->q, "+8613800077777", "dead", "qq: no such number", fixture_on_done, fix);
    fixture_wait(fix);
    assert_true(fixture_redis_is(fix, "1", "HEXISTS", DEAD, "+8613800077777", NULL));
    people_about(fix->q, "+8613800077777", "alive", "", fixture_on_done, fix);
    fixture_wait(fix);
    assert_true(fixture_redis_is(fix, "0", "EXISTS", DEAD, NULL));
    people_about(fix->q, "+8613800077777", "out", "qq: blacklist", fixture_on_done, fix);
    fixture_wait(fix);
    assert_true(fixture_redis_is(fix, "1", "SISMEMBER", KEY "optout", "+8613800077777", NULL));
    people_about(fix->q, "wechat:o1", "dead", "", fixture_on_done, fix);
    fixture_wait(fix);
    assert_true(fixture_redis_is(fix, "0", "EXISTS", DEAD, NULL));
}

static void test_a_number_that_nobody_has_any_more_is_forgotten(void **state)
{
    (void)state;
    person("张三", FIRST);
    person("李四", FIRST);
    receipt(0, 1, RECIPIENT_FAILED, FIRST, "dead");
    people_erase(fix->q, 1, fixture_on_done, fix);
    fixture_wait(fix);
    assert_true(fixture_redis_is(fix, "1", "HLEN", DEAD, NULL));
    people_erase(fix->q, 2, fixture_on_done, fix);
    fixture_wait(fix);
    assert_true(fixture_redis_is(fix, "0", "HLEN", DEAD, NULL));
}

static struct queue_report held;
static char held_to[40], held_about[8], held_why[80];

static void on_held(void *arg, const char *ref, const struct queue_report *report)
{
    (void)arg;
    assert_string_equal(ref, "n.1.0.1");
    held = *report;
    assert_true(snprintf(held_to, sizeof(held_to), "%s", report->to) >= 0);
    assert_true(snprintf(held_about, sizeof(held_about), "%s", report->about) >= 0);
    assert_true(snprintf(held_why, sizeof(held_why), "%s", report->why) >= 0);
}

static void on_found(void *arg, const struct queue_result *r, const char *notice)
{
    (void)notice;
    fixture_on_done(arg, r);
}

static void test_a_report_that_was_held_says_it_later(void **state)
{
    const struct queue_report early = {
        .state = RECIPIENT_FAILED, .detail = "MK:0001", .to = FIRST, .about = "dead", .why = "qq: MK:0001"};
    struct mid m = {.key = "5000:1", .ref = "n.1.0.1"};

    (void)state;
    mids_receipt(fix->q, "qq", "5000:1", &early, on_found, fix);
    fixture_wait(fix);
    assert_true(fixture_redis_is(fix, "0", "EXISTS", DEAD, NULL));
    mids_put(fix->q, "qq", &m, 1, on_held, fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(held.state, RECIPIENT_FAILED);
    assert_string_equal(held_to, FIRST);
    assert_string_equal(held_about, "dead");
    assert_string_equal(held_why, "qq: MK:0001");
    mids_receipt(fix->q, "qq", "5000:1", &early, on_found, fix);
    fixture_wait(fix);
    assert_true(fixture_redis_is(fix, "1", "HEXISTS", DEAD, FIRST, NULL));
}

#define UNIT(test) cmocka_unit_test_setup(test, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_a_dead_number_is_kept_until_it_is_delivered_to),
        UNIT(test_a_phone_that_is_off_is_dead_the_third_time),
        UNIT(test_a_delivery_between_begins_the_count_anew),
        UNIT(test_a_report_that_names_no_number_means_the_recipient_s),
        UNIT(test_nobody_is_believed_about_a_number_that_was_not_written_to),
        UNIT(test_an_opt_out_has_the_provider_as_proof),
        UNIT(test_what_an_answer_says_is_kept_the_same_way),
        UNIT(test_a_number_that_nobody_has_any_more_is_forgotten),
        UNIT(test_a_report_that_was_held_says_it_later),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
