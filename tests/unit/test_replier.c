/* Replies decided in the order they came: seats, promotions, crashes, two daemons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "daemon/replier.h"
#include "tests/support/queue_bed.h"
#include "tests/support/replier_bed.h"

static void a_text_takes_a_seat_and_is_answered_with_the_place(void **state)
{
    (void)state;
    replier_bed_add_activity("篮球", "中秋篮球赛", 2);
    replier_bed_add_resident(1, "王伟");
    assert_string_equal(replier_bed_text(1, "报名篮球赛"), "confirmed");
    replier_bed_look("篮球");
    assert_int_equal(replier_bed.seen.taken, 1);
    assert_string_equal(replier_bed.entries[0].name, "王伟");
    assert_int_equal(replier_bed.entries[0].resident, 1);
    assert_int_equal(replier_bed_n_answers("+8613800000001\t\t王伟\t"), 1);
    replier_bed_expect(ASK("XLEN", P "replies"), "0");
    replier_bed_expect(ASK("HLEN", P "rdone"), "0");
    replier_bed_expect(ASK("XLEN", P "texts"), "0");
}

static void a_withdrawal_promotes_and_both_are_told(void **state)
{
    (void)state;
    replier_bed_add_activity("篮球", "中秋篮球赛", 1);
    assert_string_equal(replier_bed_text(1, "报名 篮球"), "confirmed");
    assert_string_equal(replier_bed_text(2, "报名 篮球"), "waiting");
    assert_string_equal(replier_bed_text(1, "取消"), "left");
    replier_bed_look("篮球");
    assert_string_equal(replier_bed.entries[0].phone, "+8613800000002");
    assert_int_equal(replier_bed.entries[0].status, REG_CONFIRMED);
    assert_int_equal(replier_bed_n_answers("+8613800000001"), 2);
    assert_int_equal(replier_bed_n_answers("+8613800000002"), 2);
}

static void more_seats_by_staff_are_told_to_those_who_move_up(void **state)
{
    (void)state;
    replier_bed_add_activity("篮球", "中秋篮球赛", 1);
    replier_bed_text(1, "报名 篮球");
    replier_bed_text(2, "报名 篮球");
    replier_bed_look("篮球");
    replier_bed.seen.seats = 5;
    roster_change(replier_bed.bed->q[1], &replier_bed.seen, NULL, queue_bed_changed, replier_bed.bed);
    queue_bed_wait(replier_bed.bed, 1);
    replier_bed.n_expected++; /* the news */
    replier_bed_settle();
    assert_string_equal(replier_bed.last_result, "promoted");
    assert_int_equal(replier_bed_n_answers("+8613800000002"), 2);
}

static void five_hundred_people_text_twice_for_fifty_seats_at_two_daemons(void **state)
{
    (void)state;
    enum { N = 500, SEATS = 50 };
    char id[24], from[PHONE_MAX];

    replier_bed_add_activity("篮球", "中秋篮球赛", SEATS);
    replier_bed_start(1);
    for (int copy = 0; copy < 2; copy++)
        for (int i = 0; i < N; i++) {
            assert_true(snprintf(id, sizeof(id), "m-%d", i) < (int)sizeof(id));
            assert_true(snprintf(from, sizeof(from), "+86138000%05d", i) < (int)sizeof(from));
            replier_bed_store(id, from, "我要报名篮球");
        }
    queue_bed_wait(replier_bed.bed, 2 * N);
    assert_int_equal(replier_bed.n_expected, N);
    replier_bed_settle();
    replier_bed_look("篮球");
    assert_int_equal(replier_bed.seen.taken, SEATS);
    assert_int_equal(replier_bed.seen.waiting, N - SEATS);
    assert_int_equal(replier_bed.n_entries, N);
    /* The order of arrival is the order of the stream, which the history keeps. */
    char *order = ASK("EVAL",
                      "local r = {} for _, e in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do r[#r + 1] "
                      "= e[2][2] end return table.concat(r, ' ')",
                      "1", P "replies.log");
    const char *p = order;
    for (size_t i = 0; i < replier_bed.n_entries; i++, p += strcspn(p, " ") + 1)
        assert_memory_equal(replier_bed.entries[i].phone, p, strcspn(p, " "));
    free(order);
    assert_int_equal(replier_bed_n_answers("+86138"), N);
}

static void on_register(void *arg, const struct queue_result *r, const struct registry_outcome *o,
                        const struct roster_promoted *p, size_t n)
{
    (void)arg;
    (void)o;
    (void)p;
    (void)n;
    queue_bed_note(replier_bed.bed, r);
}

static char pending_key[40];

static void on_pending(void *arg, const struct queue_result *r, const struct replies_pending *list, size_t n)
{
    (void)arg;
    assert_int_equal(n, 1);
    memcpy(pending_key, list[0].key, strlen(list[0].key) + 1);
    queue_bed_note(replier_bed.bed, r);
}

static void a_crash_between_registering_and_settling_has_no_second_effect(void **state)
{
    (void)state;
    replier_bed_add_activity("篮球", "中秋篮球赛", 5);
    replier_bed_stop(0);
    replier_bed_store("m-1", "+8613800000001", "报名 篮球 3人");
    queue_bed_wait(replier_bed.bed, 1);
    replies_pending(replier_bed.bed->q[0], 64, on_pending, NULL);
    queue_bed_wait(replier_bed.bed, 1);
    const struct roster_request q = {
        .op_id = pending_key, .code = "篮球", .phone = "+8613800000001", .name = "", .count = 3};
    roster_register(replier_bed.bed->q[0], &q, on_register, NULL);
    queue_bed_wait(replier_bed.bed, 1);
    replier_bed_start(1); /* another daemon takes over */
    replier_bed_settle();
    assert_string_equal(replier_bed.last_result, "confirmed");
    replier_bed_look("篮球");
    assert_int_equal(replier_bed.seen.taken, 3);
    assert_int_equal(replier_bed_n_answers("+8613800000001"), 1);
}

static void two_texts_of_one_sender_are_decided_one_after_the_other(void **state)
{
    (void)state;
    replier_bed_add_activity("篮球", "中秋篮球赛", 5);
    replier_bed_add_activity("象棋", "象棋赛", 5);
    replier_bed_store("m-1", "+8613800000001", "报名 篮球");
    replier_bed_store("m-2", "+8613800000001", "取消"); /* means the only one registered for */
    queue_bed_wait(replier_bed.bed, 2);
    replier_bed_settle();
    assert_string_equal(replier_bed.last_result, "left");
    replier_bed_look("篮球");
    assert_int_equal(replier_bed.seen.taken, 0);
}

static void the_lease_goes_to_the_other_daemon_when_the_first_stops(void **state)
{
    (void)state;
    replier_bed_add_activity("篮球", "中秋篮球赛", 5);
    assert_string_equal(replier_bed_text(1, "报名 篮球"), "confirmed");
    assert_true(replier_leads(replier_bed.replier[0]));
    replier_bed_start(1);
    assert_string_equal(replier_bed_text(2, "报名 篮球"), "confirmed");
    assert_false(replier_leads(replier_bed.replier[1]));
    replier_bed_stop(0);
    assert_string_equal(replier_bed_text(3, "报名 篮球"), "confirmed");
    assert_true(replier_leads(replier_bed.replier[1]));
}

static void a_new_activity_is_known_to_the_next_text(void **state)
{
    (void)state;
    replier_bed_add_resident(1, "王伟");
    replier_bed_add_activity("象棋", "象棋赛", 5);
    assert_string_equal(replier_bed_text(1, "报名 象棋"), "confirmed");
    replier_bed_add_activity("篮球", "中秋篮球赛", 5);
    assert_string_equal(replier_bed_text(1, "报名 篮球"), "confirmed");
    roster_set_state(replier_bed.bed->q[0], "篮球", ACTIVITY_CLOSED, queue_bed_done, replier_bed.bed);
    queue_bed_wait(replier_bed.bed, 1);
    assert_string_equal(replier_bed_text(2, "报名 篮球"), "not-open");
}

static void redis_that_dies_loses_nothing(void **state)
{
    (void)state;
    replier_bed_add_activity("篮球", "中秋篮球赛", 5);
    assert_string_equal(replier_bed_text(1, "报名 篮球"), "confirmed");
    redis_server_freeze(replier_bed.bed->server, true);
    replier_poke(replier_bed.replier[0]);
    redis_reconnect(replier_bed.bed->redis[0], "test"); /* what was under way is lost */
    redis_server_freeze(replier_bed.bed->server, false);
    assert_string_equal(replier_bed_text(2, "报名 篮球"), "confirmed");
    replier_bed_look("篮球");
    assert_int_equal(replier_bed.seen.taken, 2);
}

static int turns_left;

static bool turns_are_over(void *arg)
{
    (void)arg;
    return turns_left-- <= 0;
}

static bool nothing_waits(void *arg)
{
    (void)arg;
    char *n = ASK("XLEN", P "replies");
    bool none = strcmp(n, "0") == 0;

    free(n);
    return none;
}

/* The connection is lost after every number of turns of the loop: while looking, registering, settling. */
static void whenever_the_connection_is_lost_each_reply_has_one_effect_and_an_answer(void **state)
{
    (void)state;
    enum { N = 16 };
    char id[24], from[PHONE_MAX];

    replier_bed_add_activity("篮球", "中秋篮球赛", N);
    for (int k = 0; k < N; k++) {
        assert_true(snprintf(id, sizeof(id), "m-%d", k) < (int)sizeof(id));
        assert_true(snprintf(from, sizeof(from), "+86138000%05d", k) < (int)sizeof(from));
        const struct replies_in in = {.provider = "p1",
                                      .channel = "sms",
                                      .id = id,
                                      .from = from,
                                      .text = "报名",
                                      .text_len = strlen("报名")};
        replies_store(replier_bed.bed->q[1], &in, 1, replier_bed_on_store, NULL);
        queue_bed_wait(replier_bed.bed, 1);
        replier_poke(replier_bed.replier[0]);
        turns_left = k;
        assert_true(loop_run_until(replier_bed.bed->loop, turns_are_over, NULL, WAIT_MS));
        redis_reconnect(replier_bed.bed->redis[0], "test");
        if (!loop_run_until(replier_bed.bed->loop, nothing_waits, NULL, WAIT_MS))
            fail_msg("after %d turns: the reply still waits", k);
        if (replier_bed_n_answers(from) != 1)
            fail_msg("after %d turns: %d answers", k, replier_bed_n_answers(from));
    }
    queue_bed_up(replier_bed.bed);
    replier_bed_look("篮球");
    assert_int_equal(replier_bed.seen.taken, N);
    replier_bed_expect(ASK("HLEN", P "rdone"), "0");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, replier_bed_setup, replier_bed_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_text_takes_a_seat_and_is_answered_with_the_place),
        TEST(a_withdrawal_promotes_and_both_are_told),
        TEST(more_seats_by_staff_are_told_to_those_who_move_up),
        TEST(five_hundred_people_text_twice_for_fifty_seats_at_two_daemons),
        TEST(a_crash_between_registering_and_settling_has_no_second_effect),
        TEST(two_texts_of_one_sender_are_decided_one_after_the_other),
        TEST(the_lease_goes_to_the_other_daemon_when_the_first_stops),
        TEST(a_new_activity_is_known_to_the_next_text),
        TEST(redis_that_dies_loses_nothing),
        TEST(whenever_the_connection_is_lost_each_reply_has_one_effect_and_an_answer),
    };

    return cmocka_run_group_tests(tests, replier_bed_begin, replier_bed_end);
}
