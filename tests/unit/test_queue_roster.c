/* Seats, waiting list, promotion: one script decides; against a real redis-server and two queues as two daemons have them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "queue/roster.h"
#include "tests/support/queue_bed.h"

#define HOUR 3600000LL

static struct queue_bed *bed;
static struct registry_outcome out;
static struct roster_promoted moved[64];
static size_t n_moved;
static struct roster_entry entries[2000];
static char codes[64][ACTIVITY_CODE_MAX + 1];
static size_t n_entries;
static struct activity activity;
static unsigned n_op;

static void on_changed(void *arg, const struct queue_result *r, uint32_t n_promoted)
{
    (void)n_promoted;
    queue_bed_done(arg, r);
}

static struct activity match(uint32_t seats)
{
    int64_t t = clock_wall_ms();
    struct activity a = {
        .code = "篮球",
        .title = "篮球赛",
        .aliases = {"lanqiu", "篮球比赛"},
        .n_aliases = 2,
        .seats = seats,
        .starts_at = t + 48 * HOUR,
        .stored = ACTIVITY_OPEN,
        .max_party = 10
    };

    return a;
}

static void create(const struct activity *a)
{
    roster_put(bed->q[0], a, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    if (bed->last.status != QUEUE_OK)
        fail_msg("%s: %s", bed->e.code, bed->e.msg);
}

static void on_register(void *arg, const struct queue_result *r, const struct registry_outcome *o,
                        const struct roster_promoted *p, size_t n)
{
    struct registry_outcome *to = arg ? arg : &out;

    if (o)
        *to = *o;
    n_moved = n;
    memcpy(moved, p, n * sizeof(*p));
    queue_bed_note(bed, r);
}

static enum reg_result ask(const char *op, int person, bool leave, uint32_t count)
{
    char phone[PHONE_MAX];
    struct roster_request req = {.op_id = op,
                                 .code = "篮球",
                                 .leave = leave,
                                 .phone = phone,
                                 .name = "某人",
                                 .resident = 7,
                                 .count = count};

    assert_true(snprintf(phone, sizeof(phone), "+86138000%05d", person) < (int)sizeof(phone));
    queue_bed_reply(bed, op, phone);
    roster_register(bed->q[n_op % 2], &req, on_register, NULL);
    queue_bed_wait(bed, 1);
    if (bed->last.status != QUEUE_OK)
        fail_msg("%s: %s", bed->e.code, bed->e.msg);
    return out.result;
}

static enum reg_result join(int person, uint32_t count)
{
    char op[24];

    assert_true(snprintf(op, sizeof(op), "%u-0", ++n_op) < (int)sizeof(op));
    return ask(op, person, false, count);
}

static enum reg_result leave(int person)
{
    char op[24];

    assert_true(snprintf(op, sizeof(op), "%u-0", ++n_op) < (int)sizeof(op));
    return ask(op, person, true, 0);
}

static void on_activity(void *arg, const struct queue_result *r, const struct activity *a)
{
    (void)arg;
    if (a)
        activity = *a;
    queue_bed_note(bed, r);
}

static const struct activity *show(void)
{
    roster_get(bed->q[0], "篮球", on_activity, NULL);
    queue_bed_wait(bed, 1);
    return &activity;
}

static void on_entry(void *arg, const struct roster_entry *e)
{
    (void)arg;
    assert_true(n_entries < ARRAY_LEN(entries));
    entries[n_entries++] = *e;
}

static void roster(void)
{
    n_entries = 0;
    roster_entries(bed->q[0], "篮球", on_entry, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
}

static void on_own(void *arg, const char *code, const struct roster_entry *e)
{
    (void)arg;
    memcpy(codes[n_entries], code, strlen(code) + 1);
    entries[n_entries++] = *e;
}

static size_t own(int person)
{
    char phone[PHONE_MAX];

    n_entries = 0;
    assert_true(snprintf(phone, sizeof(phone), "+86138000%05d", person) < (int)sizeof(phone));
    roster_of_phone(bed->q[0], phone, on_own, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    return n_entries;
}

static int setup(void **state)
{
    (void)state;
    queue_bed_clear(bed);
    return 0;
}

/* ---- activities ---- */

static void an_activity_comes_back_as_it_was_put(void **state)
{
    (void)state;
    struct activity a = match(20);

    create(&a);
    create(&a); /* the answer was lost: said again */
    show();
    assert_string_equal(activity.code, "篮球");
    assert_string_equal(activity.aliases[1], "篮球比赛");
    assert_int_equal(activity.n_aliases, 2);
    assert_int_equal(activity.starts_at, a.starts_at);
    assert_int_equal(activity.seats, 20);
    assert_int_equal(activity.stored, ACTIVITY_OPEN);
    a.seats = 21;
    roster_put(bed->q[0], &a, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_string_equal(bed->e.code, "exists");
    memcpy(a.code, "bm", sizeof("bm"));
    roster_change(bed->q[0], &a, NULL, on_changed, bed);
    queue_bed_wait(bed, 1);
    assert_string_equal(bed->e.code, "no-such-activity");
}

/* ---- seats ---- */

static void seats_then_waiting_list_then_promotion(void **state)
{
    (void)state;
    struct activity a = match(2);

    create(&a);
    assert_int_equal(join(1, 0), REG_OK_CONFIRMED);
    assert_int_equal(out.place, 1);
    assert_int_equal(out.seats_left, 1);
    assert_int_equal(join(2, 1), REG_OK_CONFIRMED);
    assert_int_equal(out.place, 2);
    assert_int_equal(join(3, 0), REG_OK_WAITING);
    assert_int_equal(out.position, 1);
    assert_int_equal(join(4, 0), REG_OK_WAITING);
    assert_int_equal(out.position, 2);
    assert_int_equal(join(1, 0), REG_ALREADY);
    assert_int_equal(leave(1), REG_OK_LEFT);
    assert_int_equal(n_moved, 1);
    assert_string_equal(moved[0].phone, "+8613800000003");
    assert_int_equal(moved[0].place, 2);
    assert_int_equal(join(1, 0), REG_OK_WAITING); /* again: at the end */
    assert_int_equal(out.position, 2);
    assert_int_equal(show()->taken, 2);
    assert_int_equal(activity.waiting, 2);
    assert_int_equal(leave(9), REG_NOT_REGISTERED);
}

static void the_same_reply_has_one_effect(void **state)
{
    (void)state;
    struct activity a = match(5);

    create(&a);
    assert_int_equal(ask("7-1", 1, false, 3), REG_OK_CONFIRMED);
    assert_int_equal(out.count, 3);
    assert_int_equal(ask("7-1", 1, false, 3), REG_OK_CONFIRMED);
    assert_int_equal(ask("8-1", 1, true, 0), REG_OK_LEFT);
    assert_int_equal(ask("7-1", 1, false, 3), REG_OK_CONFIRMED);
    assert_int_equal(show()->taken, 0);
}

static void a_party_waits_until_it_fits_and_nobody_jumps_over_it(void **state)
{
    (void)state;
    struct activity a = match(5);

    create(&a);
    assert_int_equal(join(1, 4), REG_OK_CONFIRMED);
    assert_int_equal(join(2, 3), REG_OK_WAITING); /* one seat is free */
    assert_int_equal(join(3, 1), REG_OK_WAITING); /* it would fit, but stands behind */
    assert_int_equal(out.position, 4);
    assert_int_equal(leave(1), REG_OK_LEFT);
    assert_int_equal(n_moved, 2);
    assert_int_equal(moved[0].place, 1);
    assert_int_equal(moved[0].count, 3);
    assert_int_equal(moved[1].place, 4);
    assert_int_equal(show()->taken, 4);
}

static void a_party_can_grow_within_the_seats_and_shrink(void **state)
{
    (void)state;
    struct activity a = match(5);

    create(&a);
    assert_int_equal(join(1, 2), REG_OK_CONFIRMED);
    assert_int_equal(join(2, 1), REG_OK_CONFIRMED);
    assert_int_equal(out.place, 3);
    assert_int_equal(join(1, 4), REG_CHANGED);
    assert_int_equal(out.place, 1);
    assert_int_equal(own(2), 1);
    assert_int_equal(entries[0].place, 5); /* the party before it grew */
    assert_int_equal(join(1, 5), REG_TOO_MANY);
    assert_int_equal(out.count, 4);
    assert_int_equal(join(3, 2), REG_OK_WAITING);
    assert_int_equal(join(1, 0), REG_ALREADY); /* no number said: nothing changes */
    assert_int_equal(out.count, 4);
    assert_int_equal(join(1, 2), REG_CHANGED);
    assert_int_equal(n_moved, 1);
    assert_int_equal(show()->taken, 5);
    assert_int_equal(join(4, 6), REG_TOO_MANY);
    assert_int_equal(join(4, 11), REG_TOO_MANY);
}

static void a_waiting_party_that_shrinks_may_move_up_itself(void **state)
{
    (void)state;
    struct activity a = match(4);

    create(&a);
    assert_int_equal(join(1, 3), REG_OK_CONFIRMED);
    assert_int_equal(join(2, 2), REG_OK_WAITING);
    assert_int_equal(join(2, 1), REG_CHANGED);
    assert_int_equal(out.status, REG_CONFIRMED);
    assert_int_equal(out.place, 4);
    assert_int_equal(show()->waiting, 0);
}

static void place_and_position_are_those_of_the_first_of_a_party(void **state)
{
    (void)state;
    struct activity a = match(5);

    create(&a);
    join(1, 2);
    assert_int_equal(out.place, 1);
    join(2, 3);
    assert_int_equal(out.place, 3);
    join(3, 2);
    assert_int_equal(out.position, 1);
    join(4, 2);
    assert_int_equal(out.position, 3);
}

static void who_comes_back_is_listed_once(void **state)
{
    (void)state;
    struct activity a = match(5);

    create(&a);
    join(1, 0);
    leave(1);
    join(1, 0);
    roster();
    assert_int_equal(n_entries, 1);
    assert_int_equal(entries[0].status, REG_CONFIRMED);
}

static void seats_given_back_while_cancelled_go_to_those_who_wait_when_it_opens_again(void **state)
{
    (void)state;
    struct activity a = match(2);

    create(&a);
    for (int i = 1; i <= 3; i++)
        join(i, 0);
    roster_set_state(bed->q[0], "篮球", ACTIVITY_CANCELLED, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    leave(1);
    assert_int_equal(n_moved, 0);
    roster_set_state(bed->q[0], "篮球", ACTIVITY_OPEN, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_int_equal(show()->taken, 2);
    assert_int_equal(activity.waiting, 0);
}

static void who_waits_goes_before_who_comes_when_seats_have_become_free(void **state)
{
    (void)state;
    struct activity a = match(1);

    create(&a);
    join(1, 0);
    join(2, 0);
    free(redis_server_ask(bed->server, "HSET", "crier:{venus}:act:篮球", "seats", "3", NULL));
    assert_int_equal(join(3, 0), REG_OK_CONFIRMED);
    assert_int_equal(out.place, 3);
    assert_int_equal(n_moved, 1);
    assert_int_equal(moved[0].place, 2);
}

static void the_window_and_staff_decide(void **state)
{
    (void)state;
    struct activity a = match(5);

    a.opens_at = clock_wall_ms() + HOUR;
    a.closes_at = clock_wall_ms() + 3 * HOUR;
    create(&a);
    assert_int_equal(join(1, 0), REG_NOT_OPEN);
    assert_true(out.opens_at == a.opens_at && out.closes_at == a.closes_at);
    queue_bed_clock(bed, 2 * HOUR);
    assert_int_equal(join(1, 0), REG_OK_CONFIRMED);
    queue_bed_clock(bed, 4 * HOUR);
    assert_int_equal(join(2, 0), REG_NOT_OPEN);
    assert_int_equal(join(1, 0), REG_ALREADY);
    assert_int_equal(leave(1), REG_OK_LEFT); /* one may still leave */
    roster_set_state(bed->q[0], "篮球", ACTIVITY_OPEN, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_int_equal(join(2, 0), REG_OK_CONFIRMED);
    roster_set_state(bed->q[0], "篮球", ACTIVITY_CLOSED, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_int_equal(join(3, 0), REG_NOT_OPEN);
    roster_set_state(bed->q[0], "篮球", ACTIVITY_CANCELLED, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_int_equal(join(3, 0), REG_CANCELLED_ACTIVITY);
    queue_bed_clock(bed, 49 * HOUR);
    roster_set_state(bed->q[0], "篮球", ACTIVITY_OPEN, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_string_equal(bed->e.code, "wrong-state");
}

static void an_unknown_activity_is_told_as_such(void **state)
{
    (void)state;
    assert_int_equal(join(1, 0), REG_NO_ACTIVITY);
    roster_get(bed->q[0], "篮球", on_activity, NULL);
    queue_bed_wait(bed, 1);
    assert_string_equal(bed->e.code, "no-such-activity");
    roster_entries(bed->q[0], "篮球", on_entry, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_string_equal(bed->e.code, "no-such-activity");
}

static void more_seats_promote_and_the_promoted_are_told(void **state)
{
    (void)state;
    struct activity a = match(1);

    create(&a);
    for (int i = 1; i <= 4; i++)
        join(i, 0);
    free(redis_server_ask(bed->server, "XTRIM", "crier:{venus}:replies", "MAXLEN", "0", NULL)); /* settled */
    a.seats = 3;
    roster_change(bed->q[0], &a, NULL, on_changed, bed);
    queue_bed_wait(bed, 1);
    assert_int_equal(show()->taken, 3);
    assert_int_equal(activity.waiting, 1);
    char *n = redis_server_ask(bed->server, "XLEN", "crier:{venus}:replies", NULL);
    assert_int_equal(n[0], '2');
    free(n);
}

static void the_roster_lists_confirmed_then_waiting_then_withdrawn(void **state)
{
    (void)state;
    struct activity a = match(3);

    create(&a);
    join(1, 2);
    join(2, 0);
    join(3, 0);
    join(4, 0);
    leave(2);
    roster_checkin(bed->q[0], "篮球", "+8613800000001", queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_int_equal(bed->last.status, QUEUE_OK);
    roster_checkin(bed->q[0], "篮球", "+8613800000004", queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_string_equal(bed->e.code, "not-registered");
    roster();
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
    assert_int_equal(n_entries, ARRAY_LEN(want));
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        assert_string_equal(entries[i].phone, want[i].phone);
        assert_int_equal(entries[i].status, want[i].status);
        assert_int_equal(entries[i].place, want[i].place);
        assert_int_equal(entries[i].position, want[i].position);
        assert_int_equal(entries[i].resident, 7);
        assert_string_equal(entries[i].name, "某人");
        assert_true(entries[i].at > 0);
    }
    assert_int_equal(own(2), 0);
    assert_int_equal(own(4), 1);
    assert_string_equal(codes[0], "篮球");
    assert_int_equal(entries[0].position, 1);
}

/* A daemon that slept through its lease wakes up with replies that others have decided and settled meanwhile. */
static void a_reply_that_is_settled_has_no_effect_any_more(void **state)
{
    struct activity a = match(5);
    struct roster_request late = {
        .op_id = "1-0", .code = "篮球", .phone = "+8613800000001", .name = "某人", .count = 0};

    (void)state;
    create(&a);
    n_op = 0;
    assert_int_equal(join(1, 0), REG_OK_CONFIRMED); /* 1-0 */
    free(redis_server_ask(bed->server, "XDEL", "crier:{venus}:replies", "1-0", NULL));
    free(redis_server_ask(bed->server, "HDEL", "crier:{venus}:rdone", "1-0", NULL));
    assert_int_equal(leave(1), REG_OK_LEFT); /* 2-0 */
    roster_register(bed->q[1], &late, on_register, NULL);
    queue_bed_wait(bed, 1);
    assert_int_equal(bed->last.status, QUEUE_REFUSED);
    assert_string_equal(bed->e.code, "decided");
    show();
    assert_int_equal(activity.taken, 0);
}

/* 500 people ask at once through two daemons; every reply comes twice. */
static void five_hundred_ask_for_fifty_seats(void **state)
{
    (void)state;
    enum { N = 500, SEATS = 50 };
    struct activity a = match(SEATS);
    static struct registry_outcome outs[2][N];
    char phone[PHONE_MAX], op[24];

    create(&a);
    for (int copy = 0; copy < 2; copy++)
        for (int i = 0; i < N; i++) {
            assert_true(snprintf(phone, sizeof(phone), "+86138000%05d", i) < (int)sizeof(phone));
            assert_true(snprintf(op, sizeof(op), "%d-9", i + 1) < (int)sizeof(op));
            queue_bed_reply(bed, op, phone);
            const struct roster_request req = {
                .op_id = op, .code = "篮球", .phone = phone, .name = "某人", .count = 0};
            roster_register(bed->q[(i + copy) % 2], &req, on_register, &outs[copy][i]);
        }
    queue_bed_wait(bed, 2 * N);
    int n_confirmed = 0, n_waiting = 0;
    for (int i = 0; i < N; i++) {
        assert_memory_equal(&outs[0][i].result, &outs[1][i].result, sizeof(outs[0][i].result));
        n_confirmed += outs[0][i].result == REG_OK_CONFIRMED;
        n_waiting += outs[0][i].result == REG_OK_WAITING;
    }
    assert_int_equal(n_confirmed, SEATS);
    assert_int_equal(n_waiting, N - SEATS);
    show();
    assert_int_equal(activity.taken, SEATS);
    assert_int_equal(activity.waiting, N - SEATS);
    roster();
    assert_int_equal(n_entries, N);
    for (size_t i = 0; i < SEATS; i++)
        assert_int_equal(entries[i].place, i + 1);
    for (size_t i = SEATS; i < N; i++)
        assert_int_equal(entries[i].position, i + 1 - SEATS);
}

/* A log torn inside the script: the line says confirmed, the seat was never taken; or the seat is taken and the line still waits. */
static void torn_writes_neither_oversell_nor_lose_a_place(void **state)
{
    (void)state;
    struct activity a = match(2);

    create(&a);
    assert_int_equal(join(1, 0), REG_OK_CONFIRMED);
    free(redis_server_ask(bed->server, "ZREM", "crier:{venus}:act:篮球:conf", "+8613800000001", NULL));
    assert_int_equal(join(1, 0), REG_OK_CONFIRMED);
    assert_int_equal(join(2, 0), REG_OK_CONFIRMED);
    assert_int_equal(join(3, 0), REG_OK_WAITING);
    free(redis_server_ask(bed->server, "ZREM", "crier:{venus}:act:篮球:conf", "+8613800000001", NULL));
    free(redis_server_ask(bed->server, "ZADD", "crier:{venus}:act:篮球:conf", "9", "+8613800000003", NULL));
    assert_int_equal(leave(2),
                     REG_OK_LEFT); /* the promotion that was cut short is completed, with one seat */
    assert_int_equal(n_moved, 1);
    assert_int_equal(show()->taken, 1);
    assert_int_equal(activity.waiting, 0);
    assert_int_equal(own(3), 1);
    assert_int_equal(entries[0].status, REG_CONFIRMED);
}

static void a_promotion_that_was_cut_short_keeps_its_seat_when_all_are_taken(void **state)
{
    (void)state;
    struct activity a = match(1);

    create(&a);
    join(1, 0);
    join(2, 0);
    free(redis_server_ask(bed->server, "ZREM", "crier:{venus}:act:篮球:conf", "+8613800000001", NULL));
    free(redis_server_ask(bed->server, "ZADD", "crier:{venus}:act:篮球:conf", "9", "+8613800000002", NULL));
    assert_int_equal(join(3, 0), REG_OK_WAITING);
    assert_int_equal(own(2), 1);
    assert_int_equal(entries[0].status, REG_CONFIRMED);
    assert_int_equal(leave(3), REG_OK_LEFT); /* the next look at the list completes it */
    assert_int_equal(n_moved, 1);
    assert_string_equal(moved[0].phone, "+8613800000002");
    assert_int_equal(show()->taken, 1);
    assert_int_equal(activity.waiting, 0);
}

static int begin(void **state)
{
    (void)state;
    bed = queue_bed_new();
    return 0;
}

static int end(void **state)
{
    (void)state;
    queue_bed_free(bed);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_activity_comes_back_as_it_was_put, setup),
        cmocka_unit_test_setup(seats_then_waiting_list_then_promotion, setup),
        cmocka_unit_test_setup(the_same_reply_has_one_effect, setup),
        cmocka_unit_test_setup(a_party_waits_until_it_fits_and_nobody_jumps_over_it, setup),
        cmocka_unit_test_setup(a_party_can_grow_within_the_seats_and_shrink, setup),
        cmocka_unit_test_setup(a_waiting_party_that_shrinks_may_move_up_itself, setup),
        cmocka_unit_test_setup(place_and_position_are_those_of_the_first_of_a_party, setup),
        cmocka_unit_test_setup(who_comes_back_is_listed_once, setup),
        cmocka_unit_test_setup(seats_given_back_while_cancelled_go_to_those_who_wait_when_it_opens_again,
                               setup),
        cmocka_unit_test_setup(who_waits_goes_before_who_comes_when_seats_have_become_free, setup),
        cmocka_unit_test_setup(the_window_and_staff_decide, setup),
        cmocka_unit_test_setup(an_unknown_activity_is_told_as_such, setup),
        cmocka_unit_test_setup(more_seats_promote_and_the_promoted_are_told, setup),
        cmocka_unit_test_setup(the_roster_lists_confirmed_then_waiting_then_withdrawn, setup),
        cmocka_unit_test_setup(a_reply_that_is_settled_has_no_effect_any_more, setup),
        cmocka_unit_test_setup(five_hundred_ask_for_fifty_seats, setup),
        cmocka_unit_test_setup(torn_writes_neither_oversell_nor_lose_a_place, setup),
        cmocka_unit_test_setup(a_promotion_that_was_cut_short_keeps_its_seat_when_all_are_taken, setup),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
