/* The roster in Redis as a whole: listed, asked for by hundreds, said twice, cut short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "queue/roster.h"
#include "tests/support/queue_bed.h"
#include "tests/support/roster_bed.h"

static void the_same_reply_has_one_effect(void **state)
{
    (void)state;
    struct activity a = roster_bed_match(5);

    roster_bed_create(&a);
    assert_int_equal(roster_bed_ask("7-1", 1, false, 3), REG_OK_CONFIRMED);
    assert_int_equal(roster_bed.out.count, 3);
    assert_int_equal(roster_bed_ask("7-1", 1, false, 3), REG_OK_CONFIRMED);
    assert_int_equal(roster_bed_ask("8-1", 1, true, 0), REG_OK_LEFT);
    assert_int_equal(roster_bed_ask("7-1", 1, false, 3), REG_OK_CONFIRMED);
    assert_int_equal(roster_bed_show()->taken, 0);
}

static void who_comes_back_is_listed_once(void **state)
{
    (void)state;
    struct activity a = roster_bed_match(5);

    roster_bed_create(&a);
    roster_bed_join(1, 0);
    roster_bed_leave(1);
    roster_bed_join(1, 0);
    roster_bed_look();
    assert_int_equal(roster_bed.n_entries, 1);
    assert_int_equal(roster_bed.entries[0].status, REG_CONFIRMED);
}

static void the_roster_lists_confirmed_then_waiting_then_withdrawn(void **state)
{
    (void)state;
    struct activity a = roster_bed_match(3);

    roster_bed_create(&a);
    roster_bed_join(1, 2);
    roster_bed_join(2, 0);
    roster_bed_join(3, 0);
    roster_bed_join(4, 0);
    roster_bed_leave(2);
    roster_checkin(roster_bed.bed->q[0], "篮球", "+8613800000001", queue_bed_done, roster_bed.bed);
    queue_bed_wait(roster_bed.bed, 1);
    assert_int_equal(roster_bed.bed->last.status, QUEUE_OK);
    roster_checkin(roster_bed.bed->q[0], "篮球", "+8613800000004", queue_bed_done, roster_bed.bed);
    queue_bed_wait(roster_bed.bed, 1);
    assert_string_equal(roster_bed.bed->e.code, "not-registered");
    roster_bed_look();
    static const struct {
        const char *phone;
        enum reg_status status;
        uint32_t place, position;
    } want[] = {
        {"+8613800000001", REG_ATTENDED,  1, 0},
        {"+8613800000003", REG_CONFIRMED, 3, 0},
        {"+8613800000004", REG_WAITING,   0, 1},
        {"+8613800000002", REG_WITHDRAWN, 0, 0}
    };
    assert_int_equal(roster_bed.n_entries, ARRAY_LEN(want));
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        assert_string_equal(roster_bed.entries[i].phone, want[i].phone);
        assert_int_equal(roster_bed.entries[i].status, want[i].status);
        assert_int_equal(roster_bed.entries[i].place, want[i].place);
        assert_int_equal(roster_bed.entries[i].position, want[i].position);
        assert_int_equal(roster_bed.entries[i].resident, 7);
        assert_string_equal(roster_bed.entries[i].name, "某人");
        assert_true(roster_bed.entries[i].at > 0);
    }
    assert_int_equal(roster_bed_own(2), 0);
    assert_int_equal(roster_bed_own(4), 1);
    assert_string_equal(roster_bed.codes[0], "篮球");
    assert_int_equal(roster_bed.entries[0].position, 1);
}

/* A daemon that slept through its lease wakes up with replies that others have decided and settled meanwhile. */
static void a_reply_that_is_settled_has_no_effect_any_more(void **state)
{
    struct activity a = roster_bed_match(5);
    struct roster_request late = {
        .op_id = "1-0", .code = "篮球", .phone = "+8613800000001", .name = "某人", .count = 0};

    (void)state;
    roster_bed_create(&a);
    roster_bed.n_op = 0;
    assert_int_equal(roster_bed_join(1, 0), REG_OK_CONFIRMED); /* 1-0 */
    free(redis_server_ask(roster_bed.bed->server, "XDEL", "crier:{venus}:replies", "1-0", NULL));
    free(redis_server_ask(roster_bed.bed->server, "HDEL", "crier:{venus}:rdone", "1-0", NULL));
    assert_int_equal(roster_bed_leave(1), REG_OK_LEFT); /* 2-0 */
    roster_register(roster_bed.bed->q[1], &late, roster_bed_on_register, NULL);
    queue_bed_wait(roster_bed.bed, 1);
    assert_int_equal(roster_bed.bed->last.status, QUEUE_REFUSED);
    assert_string_equal(roster_bed.bed->e.code, "decided");
    assert_int_equal(roster_bed_show()->taken, 0);
}

/* 500 people ask at once through two daemons; every reply comes twice. */
static void five_hundred_ask_for_fifty_seats(void **state)
{
    (void)state;
    enum { N = 500, SEATS = 50 };
    struct activity a = roster_bed_match(SEATS);
    static struct registry_outcome outs[2][N];
    char phone[PHONE_MAX], op[24];

    roster_bed_create(&a);
    for (int copy = 0; copy < 2; copy++)
        for (int i = 0; i < N; i++) {
            assert_true(snprintf(phone, sizeof(phone), "+86138000%05d", i) < (int)sizeof(phone));
            assert_true(snprintf(op, sizeof(op), "%d-9", i + 1) < (int)sizeof(op));
            queue_bed_reply(roster_bed.bed, op, phone);
            const struct roster_request req = {
                .op_id = op, .code = "篮球", .phone = phone, .name = "某人", .count = 0};
            roster_register(roster_bed.bed->q[(i + copy) % 2], &req, roster_bed_on_register, &outs[copy][i]);
        }
    queue_bed_wait(roster_bed.bed, 2 * N);
    int n_confirmed = 0, n_waiting = 0;
    for (int i = 0; i < N; i++) {
        assert_memory_equal(&outs[0][i].result, &outs[1][i].result, sizeof(outs[0][i].result));
        n_confirmed += outs[0][i].result == REG_OK_CONFIRMED;
        n_waiting += outs[0][i].result == REG_OK_WAITING;
    }
    assert_int_equal(n_confirmed, SEATS);
    assert_int_equal(n_waiting, N - SEATS);
    roster_bed_show();
    assert_int_equal(roster_bed.activity.taken, SEATS);
    assert_int_equal(roster_bed.activity.waiting, N - SEATS);
    roster_bed_look();
    assert_int_equal(roster_bed.n_entries, N);
    for (size_t i = 0; i < SEATS; i++)
        assert_int_equal(roster_bed.entries[i].place, i + 1);
    for (size_t i = SEATS; i < N; i++)
        assert_int_equal(roster_bed.entries[i].position, i + 1 - SEATS);
}

/* A log torn inside the script: the line says confirmed, the seat was never taken; or the seat is taken and the line still waits. */
static void torn_writes_neither_oversell_nor_lose_a_place(void **state)
{
    (void)state;
    struct activity a = roster_bed_match(2);

    roster_bed_create(&a);
    assert_int_equal(roster_bed_join(1, 0), REG_OK_CONFIRMED);
    free(redis_server_ask(roster_bed.bed->server, "ZREM", "crier:{venus}:act:篮球:conf", "+8613800000001",
                          NULL));
    assert_int_equal(roster_bed_join(1, 0), REG_OK_CONFIRMED);
    assert_int_equal(roster_bed_join(2, 0), REG_OK_CONFIRMED);
    assert_int_equal(roster_bed_join(3, 0), REG_OK_WAITING);
    free(redis_server_ask(roster_bed.bed->server, "ZREM", "crier:{venus}:act:篮球:conf", "+8613800000001",
                          NULL));
    free(redis_server_ask(roster_bed.bed->server, "ZADD", "crier:{venus}:act:篮球:conf", "9",
                          "+8613800000003", NULL));
    assert_int_equal(roster_bed_leave(2),
                     REG_OK_LEFT); /* the promotion that was cut short is completed, with one seat */
    assert_int_equal(roster_bed.n_moved, 1);
    assert_int_equal(roster_bed_show()->taken, 1);
    assert_int_equal(roster_bed.activity.waiting, 0);
    assert_int_equal(roster_bed_own(3), 1);
    assert_int_equal(roster_bed.entries[0].status, REG_CONFIRMED);
}

static void a_promotion_that_was_cut_short_keeps_its_seat_when_all_are_taken(void **state)
{
    (void)state;
    struct activity a = roster_bed_match(1);

    roster_bed_create(&a);
    roster_bed_join(1, 0);
    roster_bed_join(2, 0);
    free(redis_server_ask(roster_bed.bed->server, "ZREM", "crier:{venus}:act:篮球:conf", "+8613800000001",
                          NULL));
    free(redis_server_ask(roster_bed.bed->server, "ZADD", "crier:{venus}:act:篮球:conf", "9",
                          "+8613800000002", NULL));
    assert_int_equal(roster_bed_join(3, 0), REG_OK_WAITING);
    assert_int_equal(roster_bed_own(2), 1);
    assert_int_equal(roster_bed.entries[0].status, REG_CONFIRMED);
    assert_int_equal(roster_bed_leave(3), REG_OK_LEFT); /* the next look at the list completes it */
    assert_int_equal(roster_bed.n_moved, 1);
    assert_string_equal(roster_bed.moved[0].phone, "+8613800000002");
    assert_int_equal(roster_bed_show()->taken, 1);
    assert_int_equal(roster_bed.activity.waiting, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_same_reply_has_one_effect, roster_bed_setup),
        cmocka_unit_test_setup(who_comes_back_is_listed_once, roster_bed_setup),
        cmocka_unit_test_setup(the_roster_lists_confirmed_then_waiting_then_withdrawn, roster_bed_setup),
        cmocka_unit_test_setup(a_reply_that_is_settled_has_no_effect_any_more, roster_bed_setup),
        cmocka_unit_test_setup(five_hundred_ask_for_fifty_seats, roster_bed_setup),
        cmocka_unit_test_setup(torn_writes_neither_oversell_nor_lose_a_place, roster_bed_setup),
        cmocka_unit_test_setup(a_promotion_that_was_cut_short_keeps_its_seat_when_all_are_taken,
                               roster_bed_setup),
    };

    return cmocka_run_group_tests(tests, queue_bed_begin, queue_bed_end);
}
