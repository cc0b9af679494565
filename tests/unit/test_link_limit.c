/* How many requests a provider gets at once, and how often it is asked again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "daemon/link_limit.h"

#define SECOND 1000000

/* ${rounds} times as many requests as go at once, all begun before the first is over. */
static void rounds(struct link_limit *l, int n, bool trouble)
{
    for (int k = 0; k < n; k++) {
        size_t out = l->now;
        uint64_t first = 0;

        for (size_t i = 0; i < out; i++) {
            uint64_t begun = link_limit_begin(l);

            first = first != 0 ? first : begun;
        }
        for (size_t i = 0; i < out; i++)
            link_limit_end(l, first + i, trouble, true);
    }
}

static void it_doubles_until_the_window_is_full(void **state)
{
    struct link_limit l;

    (void)state;
    link_limit_init(&l, 64);
    assert_int_equal(l.now, 8);
    rounds(&l, 1, false);
    assert_int_equal(l.now, 16);
    rounds(&l, 2, false);
    assert_int_equal(l.now, 64);
    rounds(&l, 5, false);
    assert_int_equal(l.now, 64);
}

static void a_small_window_is_used_at_once(void **state)
{
    struct link_limit l;

    (void)state;
    link_limit_init(&l, 3);
    assert_int_equal(l.now, 3);
}

static void trouble_takes_three_tenths_once_for_all_that_were_out(void **state)
{
    struct link_limit l;

    (void)state;
    link_limit_init(&l, 64);
    rounds(&l, 3, false);
    rounds(&l, 1, true);
    assert_int_equal(l.now, 44);
    rounds(&l, 1, true);
    assert_int_equal(l.now, 30);
    rounds(&l, 20, true);
    assert_int_equal(l.now, 1); /* something always goes */
}

static void after_trouble_it_grows_by_one_for_each_window_full(void **state)
{
    struct link_limit l;

    (void)state;
    link_limit_init(&l, 64);
    rounds(&l, 3, false);
    rounds(&l, 1, true);
    rounds(&l, 1, false);
    assert_int_equal(l.now, 45);
    rounds(&l, 10, false);
    assert_int_equal(l.now, 55);
    link_limit_restart(&l);
    assert_int_equal(l.now, 8);
    rounds(&l, 3, false);
    assert_int_equal(l.now, 64);
}

static void what_never_came_near_the_limit_proves_nothing(void **state)
{
    struct link_limit l;

    (void)state;
    link_limit_init(&l, 64);
    for (int i = 0; i < 100; i++)
        link_limit_end(&l, link_limit_begin(&l), false, false);
    assert_int_equal(l.now, 8);
}

static void a_smaller_window_counts_at_once(void **state)
{
    struct link_limit l;

    (void)state;
    link_limit_init(&l, 64);
    rounds(&l, 3, false);
    link_limit_set(&l, 10);
    assert_int_equal(l.now, 10);
    link_limit_set(&l, 20);
    rounds(&l, 1, false);
    assert_int_equal(l.now, 20);
}

/* ---- retries ---- */

/* How many of ${n} retries asked for at ${now_us} may go. */
static int granted(struct link_retries *r, int n, int64_t now_us)
{
    int64_t wait;
    int go = 0;

    for (int i = 0; i < n; i++)
        go += link_retries_take(r, 0, now_us, &wait);
    return go;
}

static void retries_are_a_fifth_of_the_first_sends_of_ten_seconds(void **state)
{
    struct link_retries r = {0};

    (void)state;
    link_retries_first(&r, 1000, 100 * SECOND);
    assert_int_equal(granted(&r, 500, 100 * SECOND), 200);
    assert_int_equal(granted(&r, 500, 109 * SECOND), 0);
    link_retries_first(&r, 500, 109 * SECOND);
    assert_int_equal(granted(&r, 500, 109 * SECOND), 100);
}

static void a_few_may_always_be_tried_again(void **state)
{
    struct link_retries r = {0};

    (void)state;
    assert_int_equal(granted(&r, 100, 50 * SECOND), 20);
    assert_int_equal(granted(&r, 100, 59 * SECOND), 0);
    assert_int_equal(granted(&r, 100, 60 * SECOND), 20);
}

static void one_that_succeeds_makes_room_for_the_next(void **state)
{
    struct link_retries r = {0};

    (void)state;
    assert_int_equal(granted(&r, 100, 50 * SECOND), 20);
    for (int i = 0; i < 5; i++)
        link_retries_give(&r, 51 * SECOND);
    assert_int_equal(granted(&r, 100, 52 * SECOND), 5);
    link_retries_restart(&r);
    assert_int_equal(granted(&r, 100, 52 * SECOND), 20);
}

static void who_waits_is_told_his_turn(void **state)
{
    struct link_retries r = {0};
    int64_t wait[41];

    (void)state;
    granted(&r, 20, 50 * SECOND);
    for (int i = 0; i < 41; i++)
        assert_false(link_retries_take(&r, 0, 50 * SECOND, &wait[i]));
    assert_int_equal(wait[0], 1000);
    assert_int_equal(wait[15], 1000);
    assert_int_equal(wait[16], 2000);
    assert_int_equal(wait[40], 3000);
    for (int i = 0; i < 2000; i++)
        link_retries_take(&r, 999, 50 * SECOND, &wait[0]);
    assert_in_range(wait[0], 60000, 61000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_doubles_until_the_window_is_full),
        cmocka_unit_test(a_small_window_is_used_at_once),
        cmocka_unit_test(trouble_takes_three_tenths_once_for_all_that_were_out),
        cmocka_unit_test(after_trouble_it_grows_by_one_for_each_window_full),
        cmocka_unit_test(what_never_came_near_the_limit_proves_nothing),
        cmocka_unit_test(a_smaller_window_counts_at_once),
        cmocka_unit_test(retries_are_a_fifth_of_the_first_sends_of_ten_seconds),
        cmocka_unit_test(a_few_may_always_be_tried_again),
        cmocka_unit_test(one_that_succeeds_makes_room_for_the_next),
        cmocka_unit_test(who_waits_is_told_his_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
