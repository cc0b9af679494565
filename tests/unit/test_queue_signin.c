/* Signing in by text; against a real redis-server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/support/roster_bed.h"

static struct registry_signin s;

static void on_signin(void *arg, const struct queue_result *r, const struct registry_signin *got)
{
    (void)arg;
    s = *got;
    queue_bed_note(roster_bed.bed, r);
}

static enum reg_sign sign_in(int daemon, int person, const char *digits)
{
    char phone[PHONE_MAX];

    assert_true(snprintf(phone, sizeof(phone), "+86138000%05d", person) < (int)sizeof(phone));
    roster_signin(roster_bed.bed->q[daemon], "篮球", phone, digits, on_signin, NULL);
    queue_bed_wait(roster_bed.bed, 1);
    assert_int_equal(roster_bed.bed->last.status, QUEUE_OK);
    return s.result;
}

/* Seats for 1 (two people) and 2; 3 waits. It starts in 48 hours; it is 47 h 30 min. */
static int setup(void **state)
{
    roster_bed_setup(state);
    struct activity m = roster_bed_match(3);
    memcpy(m.sign_in, "4711", sizeof("4711"));
    roster_bed_create(&m);
    roster_bed.n_op = 0;
    roster_bed_join(1, 2);
    roster_bed_join(2, 0);
    roster_bed_join(3, 0);
    queue_bed_clock(roster_bed.bed, 47 * HOUR + HOUR / 2);
    return 0;
}

static void who_holds_a_seat_signs_in_with_the_digits_once(void **state)
{
    (void)state;
    assert_int_equal(sign_in(0, 1, "4711"), REG_SIGN_OK);
    assert_int_equal(s.count, 2);
    assert_int_equal(sign_in(1, 1, "4711"), REG_SIGN_ALREADY);
    roster_bed_look();
    assert_int_equal(roster_bed.entries[0].status, REG_ATTENDED);
    assert_int_equal(roster_bed.entries[1].status, REG_CONFIRMED);
}

static void other_digits_sign_nobody_in(void **state)
{
    (void)state;
    assert_int_equal(sign_in(0, 2, "4712"), REG_SIGN_WRONG);
    assert_int_equal(sign_in(0, 2, ""), REG_SIGN_WRONG);
    roster_bed_look();
    assert_int_equal(roster_bed.entries[1].status, REG_CONFIRMED);
}

static void who_waits_withdrew_or_never_registered_holds_no_seat(void **state)
{
    (void)state;
    assert_int_equal(sign_in(0, 3, "4711"), REG_SIGN_NO_SEAT);
    assert_int_equal(sign_in(0, 9, "4711"), REG_SIGN_NO_SEAT);
    roster_bed_leave(3);
    assert_int_equal(sign_in(0, 3, "4711"), REG_SIGN_NO_SEAT);
}

static void only_around_the_start(void **state)
{
    (void)state;
    static const struct {
        int64_t minutes; /* after the start */
        enum reg_sign want;
    } rows[] = {
        {-61, REG_SIGN_NOT_NOW},
        {181, REG_SIGN_NOT_NOW},
        {179, REG_SIGN_OK     },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        queue_bed_clock(roster_bed.bed, 48 * HOUR + rows[i].minutes * 60000);
        if (sign_in(0, 1, "4711") != rows[i].want)
            fail_msg("%d minutes: %d", (int)rows[i].minutes, s.result);
    }
    assert_true(s.closes_at - s.opens_at == 4 * HOUR);
}

static void without_digits_or_called_off_nobody_signs_in(void **state)
{
    (void)state;
    struct activity a = *roster_bed_show();

    a.sign_in[0] = '\0';
    roster_change(roster_bed.bed->q[0], &a, NULL, queue_bed_changed, roster_bed.bed);
    queue_bed_wait(roster_bed.bed, 1);
    assert_int_equal(sign_in(0, 1, ""), REG_SIGN_NO_SEAT);
    a = *roster_bed_show();
    memcpy(a.sign_in, "4711", sizeof("4711"));
    a.stored = ACTIVITY_CANCELLED;
    roster_change(roster_bed.bed->q[0], &a, NULL, queue_bed_changed, roster_bed.bed);
    queue_bed_wait(roster_bed.bed, 1);
    assert_int_equal(sign_in(0, 1, "4711"), REG_SIGN_NO_SEAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(who_holds_a_seat_signs_in_with_the_digits_once, setup),
        cmocka_unit_test_setup(other_digits_sign_nobody_in, setup),
        cmocka_unit_test_setup(who_waits_withdrew_or_never_registered_holds_no_seat, setup),
        cmocka_unit_test_setup(only_around_the_start, setup),
        cmocka_unit_test_setup(without_digits_or_called_off_nobody_signs_in, setup),
    };

    return cmocka_run_group_tests(tests, queue_bed_begin, queue_bed_end);
}
