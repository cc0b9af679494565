/* Lanes: an emergency never waits for what is below it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/support/flow_bed.h"

static bool low_lanes_full(struct flow_bed *b)
{
    return b->n_held >= 6;
}

static bool alert_sent(struct flow_bed *b)
{
    return flow_count(b, "e1") >= 1;
}

static void an_emergency_uses_slots_that_lower_lanes_never_fill(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 8});

    (void)state;
    b->answer[0] = FLOW_HOLD;
    flow_notice(b, "b1", "bulk", 0, 300);
    assert_true(flow_until(b, low_lanes_full));
    flow_notice(b, "e1", "emergency", 1000, 1);
    assert_true(flow_until(b, alert_sent));
    assert_int_equal(flow_count(b, "b1"), 6);
    flow_release(b);
    assert_true(flow_until_state(b, "b1", NOTICE_DONE));
    flow_free(b);
}

static void claimed_lower_work_is_handed_back_and_the_emergency_goes_first(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 8});
    size_t last_e1 = 0, b1_before = 0;

    (void)state;
    b->answer[0] = FLOW_HOLD;
    flow_notice(b, "b1", "bulk", 0, 300);
    assert_true(flow_until(b, low_lanes_full));
    flow_notice(b, "e1", "emergency", 1000, 40);
    assert_true(flow_until(b, alert_sent));
    flow_release(b);
    assert_true(flow_until_state(b, "e1", NOTICE_DONE));
    assert_true(flow_until_state(b, "b1", NOTICE_DONE));
    for (size_t i = 0; i < b->n_messages; i++)
        if (strncmp(b->messages[i].ref, "e1.", 3) == 0)
            last_e1 = i;
    for (size_t i = 0; i < last_e1; i++)
        b1_before += strncmp(b->messages[i].ref, "b1.", 3) == 0;
    assert_true(
        b1_before <=
        6 + 8); /* those that were out, and at most a window while the rest of the alert was claimed */
    assert_int_equal(flow_count(b, "b1"), 300);
    assert_int_equal(flow_count(b, "e1"), 40);
    flow_free(b);
}

static size_t unsent(const struct flow_bed *b, const char *lane)
{
    json_t *all = feeder_json(b->feeder);
    json_int_t n =
        json_integer_value(json_object_get(json_object_get(json_object_get(all, "lanes"), lane), "unsent"));

    json_decref(all);
    return (size_t)n;
}

static void what_is_claimed_and_not_begun_does_not_stay_with_a_daemon_that_has_an_alert(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 8});

    (void)state;
    b->answer[0] = FLOW_HOLD;
    flow_notice(b, "b1", "bulk", 0, 300);
    assert_true(flow_until(b, low_lanes_full));
    assert_int_equal(unsent(b, "bulk"), 94);
    flow_notice(b, "e1", "emergency", 1000, 20);
    assert_true(flow_until(b, alert_sent));
    assert_int_equal(unsent(b, "bulk"), 0);
    flow_release(b);
    assert_true(flow_until_state(b, "b1", NOTICE_DONE)); /* it was handed back, not lost */
    flow_free(b);
}

static void a_dropped_notice_leaves_nothing_to_begin(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 8});

    (void)state;
    b->answer[0] = FLOW_HOLD;
    flow_notice(b, "b1", "bulk", 0, 300);
    assert_true(flow_until(b, low_lanes_full));
    feeder_drop(b->feeder, "b1");
    assert_int_equal(unsent(b, "bulk"), 0);
    flow_free(b);
}

static void permits_go_to_the_highest_lane_first(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 8, .rate = 20});
    int64_t pushed;
    size_t i = 0;

    (void)state;
    flow_notice(b, "b1", "normal", 0, 60);
    flow_run_ms(b, 500);
    pushed = clock_mono_us();
    flow_notice(b, "e1", "emergency", 1000, 3);
    assert_true(flow_until_state(b, "e1", NOTICE_DONE));
    while (i < b->n_messages && strncmp(b->messages[i].ref, "e1.", 3) != 0)
        i++;
    assert_true(b->messages[i].at_us - pushed <
                200000); /* a few permits' time, not the 2.5 s that the rest of the notice takes */
    flow_free(b);
}

static void a_trickle_of_bulk_goes_on_beside_normal(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 10});

    (void)state;
    flow_warm(b);
    b->answer[0] = FLOW_HOLD;
    flow_notice(b, "n1", "normal", 0, 300);
    flow_notice(b, "b1", "bulk", 1000, 100);
    flow_run_ms(b, 1500);
    assert_true(flow_count(b, "n1") >= 7);
    assert_int_equal(flow_count(b, "b1"), 1);
    flow_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_emergency_uses_slots_that_lower_lanes_never_fill),
        cmocka_unit_test(claimed_lower_work_is_handed_back_and_the_emergency_goes_first),
        cmocka_unit_test(what_is_claimed_and_not_begun_does_not_stay_with_a_daemon_that_has_an_alert),
        cmocka_unit_test(a_dropped_notice_leaves_nothing_to_begin),
        cmocka_unit_test(permits_go_to_the_highest_lane_first),
        cmocka_unit_test(a_trickle_of_bulk_goes_on_beside_normal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
