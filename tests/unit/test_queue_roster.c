/* Activities and seats in Redis: who has one, who waits, who moves up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "queue/roster.h"
#include "tests/support/queue_bed.h"
#include "tests/support/roster_bed.h"

static void an_activity_comes_back_as_it_was_put(void **state)
{
    (void)state;
    struct activity a = roster_bed_match(20);

    roster_bed_create(&a);
    roster_bed_create(&a); /* the answer was lost: said again */
    roster_bed_show();
    assert_string_equal(roster_bed.activity.code, "篮球");
    assert_string_equal(roster_bed.activity.aliases[1], "篮球比赛");
    assert_int_equal(roster_bed.activity.n_aliases, 2);
    assert_int_equal(roster_bed.activity.starts_at, a.starts_at);
    assert_int_equal(roster_bed.activity.seats, 20);
    assert_int_equal(roster_bed.activity.stored, ACTIVITY_OPEN);
    a.seats = 21;
    roster_put(roster_bed.bed->q[0], &a, queue_bed_done, roster_bed.bed);
    queue_bed_wait(roster_bed.bed, 1);
    assert_string_equal(roster_bed.bed->e.code, "exists");
    memcpy(a.code, "bm", sizeof("bm"));
    roster_change(roster_bed.bed->q[0], &a, NULL, queue_bed_changed, roster_bed.bed);
    queue_bed_wait(roster_bed.bed, 1);
    assert_string_equal(roster_bed.bed->e.code, "no-such-activity");
}

static void seats_then_waiting_list_then_promotion(void **state)
{
    (void)state;
    struct activity a = roster_bed_match(2);

    roster_bed_create(&a);
    assert_int_equal(roster_bed_join(1, 0), REG_OK_CONFIRMED);
    assert_int_equal(roster_bed.out.place, 1);
    assert_int_equal(roster_bed.out.seats_left, 1);
    assert_int_equal(roster_bed_join(2, 1), REG_OK_CONFIRMED);
    assert_int_equal(roster_bed.out.place, 2);
    assert_int_equal(roster_bed_join(3, 0), REG_OK_WAITING);
    assert_int_equal(roster_bed.out.position, 1);
    assert_int_equal(roster_bed_join(4, 0), REG_OK_WAITING);
    assert_int_equal(roster_bed.out.position, 2);
    assert_int_equal(roster_bed_join(1, 0), REG_ALREADY);
    assert_int_equal(roster_bed_leave(1), REG_OK_LEFT);
    assert_int_equal(roster_bed.n_moved, 1);
    assert_string_equal(roster_bed.moved[0].phone, "+8613800000003");
    assert_int_equal(roster_bed.moved[0].place, 2);
    assert_int_equal(roster_bed_join(1, 0), REG_OK_WAITING); /* again: at the end */
    assert_int_equal(roster_bed.out.position, 2);
    assert_int_equal(roster_bed_show()->taken, 2);
    assert_int_equal(roster_bed.activity.waiting, 2);
    assert_int_equal(roster_bed_leave(9), REG_NOT_REGISTERED);
}

static void a_party_waits_until_it_fits_and_nobody_jumps_over_it(void **state)
{
    (void)state;
    struct activity a = roster_bed_match(5);

    roster_bed_create(&a);
    assert_int_equal(roster_bed_join(1, 4), REG_OK_CONFIRMED);
    assert_int_equal(roster_bed_join(2, 3), REG_OK_WAITING); /* one seat is free */
    assert_int_equal(roster_bed_join(3, 1), REG_OK_WAITING); /* it would fit, but stands behind */
    assert_int_equal(roster_bed.out.position, 4);
    assert_int_equal(roster_bed_leave(1), REG_OK_LEFT);
    assert_int_equal(roster_bed.n_moved, 2);
    assert_int_equal(roster_bed.moved[0].place, 1);
    assert_int_equal(roster_bed.moved[0].count, 3);
    assert_int_equal(roster_bed.moved[1].place, 4);
    assert_int_equal(roster_bed_show()->taken, 4);
}

static void a_party_can_grow_within_the_seats_and_shrink(void **state)
{
    (void)state;
    struct activity a = roster_bed_match(5);

    roster_bed_create(&a);
    assert_int_equal(roster_bed_join(1, 2), REG_OK_CONFIRMED);
    assert_int_equal(roster_bed_join(2, 1), REG_OK_CONFIRMED);
    assert_int_equal(roster_bed.out.place, 3);
    assert_int_equal(roster_bed_join(1, 4), REG_CHANGED);
    assert_int_equal(roster_bed.out.place, 1);
    assert_int_equal(roster_bed_own(2), 1);
    assert_int_equal(roster_bed.entries[0].place, 5); /* the party before it grew */
    assert_int_equal(roster_bed_join(1, 5), REG_TOO_MANY);
    assert_int_equal(roster_bed.out.count, 4);
    assert_int_equal(roster_bed_join(3, 2), REG_OK_WAITING);
    assert_int_equal(roster_bed_join(1, 0), REG_ALREADY); /* no number said: nothing changes */
    assert_int_equal(roster_bed.out.count, 4);
    assert_int_equal(roster_bed_join(1, 2), REG_CHANGED);
    assert_int_equal(roster_bed.n_moved, 1);
    assert_int_equal(roster_bed_show()->taken, 5);
    assert_int_equal(roster_bed_join(4, 6), REG_TOO_MANY);
    assert_int_equal(roster_bed_join(4, 11), REG_TOO_MANY);
}

static void a_waiting_party_that_shrinks_may_move_up_itself(void **state)
{
    (void)state;
    struct activity a = roster_bed_match(4);

    roster_bed_create(&a);
    assert_int_equal(roster_bed_join(1, 3), REG_OK_CONFIRMED);
    assert_int_equal(roster_bed_join(2, 2), REG_OK_WAITING);
    assert_int_equal(roster_bed_join(2, 1), REG_CHANGED);
    assert_int_equal(roster_bed.out.status, REG_CONFIRMED);
    assert_int_equal(roster_bed.out.place, 4);
    assert_int_equal(roster_bed_show()->waiting, 0);
}

static void place_and_position_are_those_of_the_first_of_a_party(void **state)
{
    (void)state;
    struct activity a = roster_bed_match(5);

    roster_bed_create(&a);
    roster_bed_join(1, 2);
    assert_int_equal(roster_bed.out.place, 1);
    roster_bed_join(2, 3);
    assert_int_equal(roster_bed.out.place, 3);
    roster_bed_join(3, 2);
    assert_int_equal(roster_bed.out.position, 1);
    roster_bed_join(4, 2);
    assert_int_equal(roster_bed.out.position, 3);
}

static void seats_given_back_while_cancelled_go_to_those_who_wait_when_it_opens_again(void **state)
{
    (void)state;
    struct activity a = roster_bed_match(2);

    roster_bed_create(&a);
    for (int i = 1; i <= 3; i++)
        roster_bed_join(i, 0);
    roster_set_state(roster_bed.bed->q[0], "篮球", ACTIVITY_CANCELLED, queue_bed_done, roster_bed.bed);
    queue_bed_wait(roster_bed.bed, 1);
    roster_bed_leave(1);
    assert_int_equal(roster_bed.n_moved, 0);
    roster_set_state(roster_bed.bed->q[0], "篮球", ACTIVITY_OPEN, queue_bed_done, roster_bed.bed);
    queue_bed_wait(roster_bed.bed, 1);
    assert_int_equal(roster_bed_show()->taken, 2);
    assert_int_equal(roster_bed.activity.waiting, 0);
}

static void who_waits_goes_before_who_comes_when_seats_have_become_free(void **state)
{
    (void)state;
    struct activity a = roster_bed_match(1);

    roster_bed_create(&a);
    roster_bed_join(1, 0);
    roster_bed_join(2, 0);
    free(redis_server_ask(roster_bed.bed->server, "HSET", "crier:{venus}:act:篮球", "seats", "3", NULL));
    assert_int_equal(roster_bed_join(3, 0), REG_OK_CONFIRMED);
    assert_int_equal(roster_bed.out.place, 3);
    assert_int_equal(roster_bed.n_moved, 1);
    assert_int_equal(roster_bed.moved[0].place, 2);
}

static void the_window_and_staff_decide(void **state)
{
    (void)state;
    struct activity a = roster_bed_match(5);

    a.opens_at = clock_wall_ms() + HOUR;
    a.closes_at = clock_wall_ms() + 3 * HOUR;
    roster_bed_create(&a);
    assert_int_equal(roster_bed_join(1, 0), REG_NOT_OPEN);
    assert_true(roster_bed.out.opens_at == a.opens_at && roster_bed.out.closes_at == a.closes_at);
    queue_bed_clock(roster_bed.bed, 2 * HOUR);
    assert_int_equal(roster_bed_join(1, 0), REG_OK_CONFIRMED);
    queue_bed_clock(roster_bed.bed, 4 * HOUR);
    assert_int_equal(roster_bed_join(2, 0), REG_NOT_OPEN);
    assert_int_equal(roster_bed_join(1, 0), REG_ALREADY);
    assert_int_equal(roster_bed_leave(1), REG_OK_LEFT); /* one may still leave */
    roster_set_state(roster_bed.bed->q[0], "篮球", ACTIVITY_OPEN, queue_bed_done, roster_bed.bed);
    queue_bed_wait(roster_bed.bed, 1);
    assert_int_equal(roster_bed_join(2, 0), REG_OK_CONFIRMED);
    roster_set_state(roster_bed.bed->q[0], "篮球", ACTIVITY_CLOSED, queue_bed_done, roster_bed.bed);
    queue_bed_wait(roster_bed.bed, 1);
    assert_int_equal(roster_bed_join(3, 0), REG_NOT_OPEN);
    roster_set_state(roster_bed.bed->q[0], "篮球", ACTIVITY_CANCELLED, queue_bed_done, roster_bed.bed);
    queue_bed_wait(roster_bed.bed, 1);
    assert_int_equal(roster_bed_join(3, 0), REG_CANCELLED_ACTIVITY);
    roster_set_state(roster_bed.bed->q[0], "篮球", ACTIVITY_CLOSED, queue_bed_done, roster_bed.bed);
    queue_bed_wait(roster_bed.bed, 1);
    assert_string_equal(roster_bed.bed->e.code, "wrong-state");
    assert_int_equal(roster_bed_join(3, 0), REG_CANCELLED_ACTIVITY); /* closing undoes no cancelling */
    queue_bed_clock(roster_bed.bed, 49 * HOUR);
    roster_set_state(roster_bed.bed->q[0], "篮球", ACTIVITY_OPEN, queue_bed_done, roster_bed.bed);
    queue_bed_wait(roster_bed.bed, 1);
    assert_string_equal(roster_bed.bed->e.code, "wrong-state");
}

static void an_unknown_activity_is_told_as_such(void **state)
{
    (void)state;
    assert_int_equal(roster_bed_join(1, 0), REG_NO_ACTIVITY);
    roster_get(roster_bed.bed->q[0], "篮球", roster_bed_on_activity, NULL);
    queue_bed_wait(roster_bed.bed, 1);
    assert_string_equal(roster_bed.bed->e.code, "no-such-activity");
    roster_entries(roster_bed.bed->q[0], "篮球", roster_bed_on_entry, queue_bed_done, roster_bed.bed);
    queue_bed_wait(roster_bed.bed, 1);
    assert_string_equal(roster_bed.bed->e.code, "no-such-activity");
}

static void more_seats_promote_and_the_promoted_are_told(void **state)
{
    (void)state;
    struct activity a = roster_bed_match(1);

    roster_bed_create(&a);
    for (int i = 1; i <= 4; i++)
        roster_bed_join(i, 0);
    free(redis_server_ask(roster_bed.bed->server, "XTRIM", "crier:{venus}:replies", "MAXLEN", "0",
                          NULL)); /* settled */
    a.seats = 3;
    roster_change(roster_bed.bed->q[0], &a, NULL, queue_bed_changed, roster_bed.bed);
    queue_bed_wait(roster_bed.bed, 1);
    assert_int_equal(roster_bed_show()->taken, 3);
    assert_int_equal(roster_bed.activity.waiting, 1);
    char *n = redis_server_ask(roster_bed.bed->server, "XLEN", "crier:{venus}:replies", NULL);
    assert_int_equal(n[0], '2');
    free(n);
}

static void everything_said_of_it_comes_back(void **state)
{
    (void)state;
    struct activity a = roster_bed_match(5);

    memcpy(a.map, "https://map.example/1", sizeof("https://map.example/1"));
    memcpy(a.sign_in, "4711", sizeof("4711"));
    memcpy(a.price, "每人10元", sizeof("每人10元"));
    memcpy(a.tags[0], "老人", sizeof("老人"));
    memcpy(a.tags[1], "党员", sizeof("党员"));
    memcpy(a.areas[0], "460106", sizeof("460106"));
    a.n_tags = 2;
    a.n_areas = 1;
    a.confirm_within = 120;
    a.reminders = (struct activity_reminders){.minutes = {1440}, .n = 1, .set = true};
    roster_bed_create(&a);
    json_t *differences = activity_differences(&a, roster_bed_show());
    assert_int_equal(json_array_size(differences), 0);
    json_decref(differences);
    assert_string_equal(roster_bed.activity.tags[1], "党员");
    assert_string_equal(roster_bed.activity.map, a.map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(everything_said_of_it_comes_back, roster_bed_setup),
        cmocka_unit_test_setup(an_activity_comes_back_as_it_was_put, roster_bed_setup),
        cmocka_unit_test_setup(seats_then_waiting_list_then_promotion, roster_bed_setup),
        cmocka_unit_test_setup(a_party_waits_until_it_fits_and_nobody_jumps_over_it, roster_bed_setup),
        cmocka_unit_test_setup(a_party_can_grow_within_the_seats_and_shrink, roster_bed_setup),
        cmocka_unit_test_setup(a_waiting_party_that_shrinks_may_move_up_itself, roster_bed_setup),
        cmocka_unit_test_setup(place_and_position_are_those_of_the_first_of_a_party, roster_bed_setup),
        cmocka_unit_test_setup(seats_given_back_while_cancelled_go_to_those_who_wait_when_it_opens_again,
                               roster_bed_setup),
        cmocka_unit_test_setup(who_waits_goes_before_who_comes_when_seats_have_become_free, roster_bed_setup),
        cmocka_unit_test_setup(the_window_and_staff_decide, roster_bed_setup),
        cmocka_unit_test_setup(an_unknown_activity_is_told_as_such, roster_bed_setup),
        cmocka_unit_test_setup(more_seats_promote_and_the_promoted_are_told, roster_bed_setup),
    };

    return cmocka_run_group_tests(tests, queue_bed_begin, queue_bed_end);
}
