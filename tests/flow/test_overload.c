/* A provider that cannot take more: fewer requests at once, few repetitions, and emergencies all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/support/flow_bed.h"

static bool one_held(struct flow_bed *b)
{
    return b->n_held >= 1;
}

static void a_window_is_tried_out_and_not_filled_at_once(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 64});

    (void)state;
    b->answer[0] = FLOW_HOLD;
    flow_notice(b, "b1", "bulk", 0, 100);
    assert_true(flow_until(b, one_held));
    flow_run_ms(b, 200);
    assert_int_equal(b->n_in_flight, 6); /* of the 8 to begin with a fifth is reserved */
    flow_notice(b, "e1", "emergency", 1000, 40);
    flow_run_ms(b, 200);
    assert_int_equal(b->n_in_flight, 8 + 13); /* the reserve is that of the whole window */
    flow_release(b);
    assert_true(flow_until_state(b, "b1", NOTICE_DONE));
    assert_true(flow_until_state(b, "e1", NOTICE_DONE));
    assert_true(link_limit_now(b->links[0]) > 40); /* and grew with what went well */
    flow_free(b);
}

static bool limit_low(struct flow_bed *b)
{
    return link_limit_now(b->links[0]) < 64;
}

static void too_many_requests_makes_it_fewer(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 64, .retry_base_ms = 20});

    (void)state;
    flow_warm(b);
    b->answer[0] = FLOW_429;
    b->retry_after = 0;
    flow_notice(b, "n1", "normal", 0, 100);
    assert_true(flow_until(b, limit_low));
    b->answer[0] = FLOW_OK;
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_ACCEPTED], 100);
    flow_free(b);
}

static size_t repeated(const struct flow_bed *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n_messages; i++)
        n += strcmp(strrchr(b->messages[i].ref, '.'), ".1") != 0;
    return n;
}

static bool has_delayed(struct flow_bed *b)
{
    return link_retries_delayed(b->links[0]) > 0;
}

/* 60 of 200 fail at first, a few at a time so that the breaker stays closed; retries would come after 20 ms. */
static void retries_of_notices_are_few_and_none_is_lost(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 8, .retry_base_ms = 20});

    (void)state;
    b->fail_each = 3;
    flow_notice(b, "n1", "normal", 0, 200);
    assert_true(flow_until(b, has_delayed));
    flow_run_ms(b, 1000);
    assert_in_range(repeated(b), 20, 40); /* a fifth of 200; who failed keeps on failing */
    b->fail_each = 0;
    assert_true(flow_until_state_within(b, "n1", NOTICE_DONE, 30000));
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_ACCEPTED], 200);
    flow_free(b);
}

static bool all_repeated(struct flow_bed *b)
{
    return repeated(b) >= 55;
}

static void an_alert_is_repeated_as_often_as_it_takes(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 8, .retry_base_ms = 20});

    (void)state;
    b->fail_each = 3;
    flow_notice(b, "e1", "emergency", 0, 200);
    assert_true(flow_until(b, all_repeated));
    assert_int_equal(link_retries_delayed(b->links[0]), 0);
    b->fail_each = 0;
    assert_true(flow_until_state(b, "e1", NOTICE_DONE));
    flow_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_is_tried_out_and_not_filled_at_once),
        cmocka_unit_test(too_many_requests_makes_it_fewer),
        cmocka_unit_test(retries_of_notices_are_few_and_none_is_lost),
        cmocka_unit_test(an_alert_is_repeated_as_often_as_it_takes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
