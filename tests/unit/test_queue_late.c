/* Recipients that wait for a time of their own, in a real Redis: kept over claims and daemons, gone when they are settled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/queue_fixture.h"

#define KEY "crier:{venus}:"
#define ALL 15u

static struct queue_claim *claim(struct queue *q)
{
    struct queue_claim *c = fixture_claim(fix, q, ALL);

    assert_non_null(c);
    return c;
}

/* Recipients 0 and 1 of three begun: 0 must wait a minute over provider 2, 1 an hour over any, 2 is not begun. */
static struct queue_claim *throttled(struct queue *q)
{
    struct queue_claim *c;
    struct queue_go go[NOTICE_SLICE];
    struct queue_outcome o[2];

    memset(o, 0, sizeof(o));
    fixture_running(fix, "a", "normal", 3);
    c = claim(q);
    assert_string_equal(c->late, "");
    assert_int_equal(fixture_begin(fix, q, c, 0, 2, go), 2);
    for (uint32_t i = 0; i < 2; i++) {
        o[i].off = i;
        o[i].attempt = 1;
        o[i].state = RECIPIENT_PENDING;
        o[i].late_route = i == 0 ? 2 : QUEUE_ANY_ROUTE;
        o[i].late_in_ms = i == 0 ? 60000 : 3600000;
    }
    assert_true(fixture_finish(fix, q, c, o, 2, true, 0));
    return c;
}

/* "off.route.ms off.route.ms" with waits of a minute and an hour, some milliseconds of which may be over. */
static void assert_both(const char *late)
{
    unsigned off[2], route[2];
    long long ms[2];

    if (sscanf(late, "%u.%u.%lld %u.%u.%lld", &off[0], &route[0], &ms[0], &off[1], &route[1], &ms[1]) != 6)
        fail_msg("\"%s\"", late);
    assert_int_equal(off[0], 0);
    assert_int_equal(route[0], 2);
    assert_in_range(ms[0], 50000, 60001); /* ticks are rounded up */
    assert_int_equal(off[1], 1);
    assert_int_equal(route[1], QUEUE_ANY_ROUTE);
    assert_in_range(ms[1], 3590000, 3600001);
}

static void test_another_daemon_knows_who_waits(void **state)
{
    struct queue_claim *c = throttled(fix->q);
    struct queue *other = fixture_queue(fix, "d2", 60000);

    (void)state;
    fixture_claim_free(c);
    c = claim(other);
    assert_int_equal(c->n, 3);
    assert_both(c->late);
    fixture_claim_free(c);
}

static void test_a_wait_that_is_over_is_not_told_and_a_new_one_replaces_the_old(void **state)
{
    struct queue_claim *c = throttled(fix->q);
    struct queue_outcome o;
    struct queue_go go[NOTICE_SLICE];

    (void)state;
    fixture_claim_free(c);
    fixture_ticks(fix, 120000); /* two minutes later */
    c = claim(fix->q);
    assert_true(strncmp(c->late, "1.16.", 5) == 0);
    assert_null(strchr(c->late, ' '));
    assert_int_equal(fixture_begin(fix, fix->q, c, 1, 1, go), 1);
    memset(&o, 0, sizeof(o));
    o = (struct queue_outcome){.off = 1,
                               .attempt = 1,
                               .state = RECIPIENT_PENDING,
                               .late_route = QUEUE_ANY_ROUTE,
                               .late_in_ms = 5000};
    assert_true(fixture_finish(fix, fix->q, c, &o, 1, true, 0));
    fixture_claim_free(c);
    c = claim(fix->q);
    assert_true(strncmp(c->late, "1.16.", 5) == 0 && strlen(c->late) <= strlen("1.16.5000"));
    fixture_claim_free(c);
}

static void test_settled_and_nothing_is_left(void **state)
{
    struct queue_claim *c = throttled(fix->q);
    struct queue_go go[NOTICE_SLICE];

    (void)state;
    fixture_claim_free(c);
    c = claim(fix->q);
    assert_int_equal(fixture_begin(fix, fix->q, c, 0, 3, go), 3);
    assert_true(fixture_finish_all(fix, fix->q, c, 0, 3, 1, RECIPIENT_ACCEPTED, true, 0));
    assert_true(fixture_redis_is(fix, "0", "EXISTS", KEY "n:a:late", NULL));
    fixture_claim_free(c);
}

static void test_cancelled_and_nothing_is_left(void **state)
{
    struct queue_claim *c = throttled(fix->q);

    (void)state;
    fixture_claim_free(c);
    assert_true(fixture_redis_is(fix, "1", "EXISTS", KEY "n:a:late", NULL));
    fixture_cancel(fix, "a");
    fixture_sweep(fix, fix->q);
    assert_true(fixture_redis_is(fix, "0", "EXISTS", KEY "n:a:late", NULL));
}

/* Who lost the slice meanwhile has no say in when its recipients are tried. */
static void test_a_former_owner_keeps_nobody_waiting(void **state)
{
    struct queue_claim *c, *mine;
    struct queue *other = fixture_queue(fix, "d2", 60000);
    struct queue_go go[NOTICE_SLICE];
    struct queue_outcome o = {
        .off = 0, .attempt = 1, .state = RECIPIENT_PENDING, .late_route = 0, .late_in_ms = 60000};

    (void)state;
    fixture_running(fix, "a", "emergency", 3);
    c = claim(fix->q);
    assert_int_equal(fixture_begin(fix, fix->q, c, 0, 3, go), 3);
    fixture_end_leases(fix, "a");
    mine = claim(other);
    assert_false(fixture_finish(fix, fix->q, c, &o, 1, true, 0));
    assert_true(fixture_redis_is(fix, "0", "EXISTS", KEY "n:a:late", NULL));
    fixture_claim_free(c);
    fixture_claim_free(mine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_another_daemon_knows_who_waits, fixture_fresh),
        cmocka_unit_test_setup(test_a_wait_that_is_over_is_not_told_and_a_new_one_replaces_the_old,
                               fixture_fresh),
        cmocka_unit_test_setup(test_settled_and_nothing_is_left, fixture_fresh),
        cmocka_unit_test_setup(test_cancelled_and_nothing_is_left, fixture_fresh),
        cmocka_unit_test_setup(test_a_former_owner_keeps_nobody_waiting, fixture_fresh),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
