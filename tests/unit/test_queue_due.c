/* What becomes due in activities, done once by a script; against a real redis-server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/num.h"
#include "tests/support/roster_bed.h"

#define INBOX "crier:{venus}:inbox"
#define ACT   "crier:{venus}:act:篮球"

static struct activity a;
static bool sent;
static int64_t now_at, lapses_at;
static size_t n_due, n_lapsed;
static char lapsed[8][ROSTER_WHO_MAX];

static char *ask_redis(const char *command, const char *x, const char *y)
{
    return redis_server_ask(roster_bed.bed->server, command, x, y, NULL);
}

static void expect(const char *what, const char *command, const char *x, const char *y)
{
    char *got = ask_redis(command, x, y);

    got[strcspn(got, "\n")] = '\0';
    assert_string_equal(got, what);
    free(got);
}

static void on_remind(void *arg, const struct queue_result *r, bool s)
{
    (void)arg;
    sent = s;
    queue_bed_note(roster_bed.bed, r);
}

/* "" or the code of the refusal. */
static const char *remind(int daemon, uint32_t minutes, const char *id)
{
    roster_remind(roster_bed.bed->q[daemon], &a, minutes, id, "{\"id\":\"r\"}", on_remind, NULL);
    queue_bed_wait(roster_bed.bed, 1);
    return roster_bed.bed->last.status == QUEUE_OK ? "" : roster_bed.bed->e.code;
}

static void on_each(void *arg, const struct activity *got)
{
    (void)arg;
    a = *got;
    n_due++;
}

static void on_lapsed(void *arg, const char *code, const char *who)
{
    (void)arg;
    assert_string_equal(code, "篮球");
    memcpy(lapsed[n_lapsed++], who, strlen(who) + 1);
}

static void on_due(void *arg, const struct queue_result *r, int64_t now, int64_t next)
{
    (void)arg;
    now_at = now;
    lapses_at = next;
    queue_bed_note(roster_bed.bed, r);
}

static size_t look(int64_t ahead_ms)
{
    n_due = n_lapsed = 0;
    roster_due(roster_bed.bed->q[0], ahead_ms, on_each, on_lapsed, on_due, NULL);
    queue_bed_wait(roster_bed.bed, 1);
    assert_int_equal(roster_bed.bed->last.status, QUEUE_OK);
    return n_due;
}

static void on_changed(void *arg, const struct queue_result *r, uint32_t n)
{
    (void)arg;
    (void)n;
    queue_bed_note(roster_bed.bed, r);
}

static void change(void)
{
    roster_change(roster_bed.bed->q[1], &a, NULL, on_changed, NULL);
    queue_bed_wait(roster_bed.bed, 1);
    assert_int_equal(roster_bed.bed->last.status, QUEUE_OK);
}

static int setup(void **state)
{
    roster_bed_setup(state);
    struct activity m = roster_bed_match(2);
    m.reminders = (struct activity_reminders){
        .minutes = {1440, 120},
          .n = 2, .set = true
    };
    roster_bed_create(&m);
    roster_bed.n_op = 0;
    assert_int_equal(look(72 * HOUR), 1);
    return 0;
}

static void what_begins_soon_is_found_with_its_reminders(void **state)
{
    (void)state;
    assert_int_equal(look(47 * HOUR), 0);
    assert_int_equal(look(49 * HOUR), 1);
    assert_int_equal(a.reminders.n, 2);
    assert_int_equal(a.reminders.minutes[1], 120);
    assert_true(a.reminders.set);
    assert_int_equal(a.reminded, 0);
    assert_true(llabs(now_at - clock_wall_ms()) < HOUR);
    assert_true(llabs(a.fixed_at - now_at) < HOUR);
}

static void a_reminder_goes_out_once_whoever_asks(void **state)
{
    (void)state;
    roster_bed_join(1, 1);
    assert_string_equal(remind(0, 1440, "r-1"), "");
    assert_true(sent);
    assert_string_equal(remind(1, 1440, "r-1"), "changed-meanwhile");
    assert_string_equal(remind(1, 2000, "r-0"), "changed-meanwhile"); /* an earlier one comes too late */
    expect("1", "LLEN", INBOX, NULL);
    assert_int_equal(look(49 * HOUR), 1);
    assert_int_equal(a.reminded, 1440);
    assert_string_equal(remind(1, 120, "r-2"), "");
    expect("2", "LLEN", INBOX, NULL);
}

static void nobody_who_holds_a_seat_is_no_reminder(void **state)
{
    (void)state;
    assert_string_equal(remind(0, 1440, "r-1"), "");
    assert_false(sent);
    expect("0", "LLEN", INBOX, NULL);
}

static void what_was_written_of_another_start_is_not_sent(void **state)
{
    (void)state;
    roster_bed_join(1, 1);
    struct activity before = a;
    a.starts_at += HOUR;
    change();
    a = before;
    assert_string_equal(remind(0, 1440, "r-1"), "changed-meanwhile");
    look(72 * HOUR);
    a.stored = ACTIVITY_CANCELLED;
    change();
    look(72 * HOUR);
    assert_string_equal(remind(0, 1440, "r-1"), "changed-meanwhile");
    expect("0", "LLEN", INBOX, NULL);
}

/* State 3 = running, 7 = cancelled. */
static void moved_or_called_off_it_stops_what_still_goes_out(void **state)
{
    (void)state;
    roster_bed_join(1, 1);
    assert_string_equal(remind(0, 1440, "r-1"), "");
    free(redis_server_ask(roster_bed.bed->server, "HSET", "crier:{venus}:n:r-1", "id", "r-1", "lane", "2",
                          "state", "3", NULL));
    look(72 * HOUR);
    a.seats = 5;
    change(); /* neither time nor called off: it goes on */
    expect("3", "HGET", "crier:{venus}:n:r-1", "state");
    look(72 * HOUR);
    a.starts_at += HOUR;
    change();
    expect("7", "HGET", "crier:{venus}:n:r-1", "state");
    look(72 * HOUR);
    assert_int_equal(a.reminded, 0); /* the new start has reminders of its own */
    assert_string_equal(remind(0, 1440, "r-2"), "");
    look(72 * HOUR);
    a.stored = ACTIVITY_CANCELLED;
    change(); /* not taken out of the inbox yet: a mark stands in its way */
    expect("7", "HGET", "crier:{venus}:n:r-2", "state");
    expect("-", "HGET", "crier:{venus}:n:r-2", "digest");
}

/* ---- offers ---- */

static void lapse(int daemon, int person)
{
    char phone[PHONE_MAX];

    assert_true(snprintf(phone, sizeof(phone), "+86138000%05d", person) < (int)sizeof(phone));
    roster_lapse(roster_bed.bed->q[daemon], "篮球", phone, queue_bed_done, roster_bed.bed);
    queue_bed_wait(roster_bed.bed, 1);
    assert_int_equal(roster_bed.bed->last.status, QUEUE_OK);
}

/* What became of a person. */
static const struct roster_entry *entry(int person)
{
    static const struct roster_entry nobody = {.status = REG_WITHDRAWN, .phone = ""};
    char phone[PHONE_MAX];

    assert_true(snprintf(phone, sizeof(phone), "+86138000%05d", person) < (int)sizeof(phone));
    roster_bed_look();
    for (size_t i = 0; i < roster_bed.n_entries; i++)
        if (strcmp(roster_bed.entries[i].phone, phone) == 0)
            return &roster_bed.entries[i];
    return &nobody;
}

/* Two seats, taken by 1 and 2; 3, 4 and 5 wait; a free seat must be confirmed within two hours. */
static int setup_offers(void **state)
{
    roster_bed_setup(state);
    struct activity m = roster_bed_match(2);
    m.confirm_within = 120;
    roster_bed_create(&m);
    roster_bed.n_op = 0;
    for (int i = 1; i <= 5; i++)
        roster_bed_join(i, 0);
    look(72 * HOUR);
    return 0;
}

static void a_free_seat_is_offered_to_the_next_in_line_and_held(void **state)
{
    (void)state;
    assert_int_equal(roster_bed_leave(1), REG_OK_LEFT);
    assert_int_equal(roster_bed.n_moved, 1);
    assert_string_equal(roster_bed.moved[0].phone, "+8613800000003");
    assert_true(llabs(roster_bed.moved[0].confirm_by - now_at - 2 * HOUR) < HOUR / 2);
    assert_int_equal(entry(3)->status, REG_OFFERED);
    assert_int_equal(entry(3)->place, 2);
    assert_true(entry(3)->confirm_by == roster_bed.moved[0].confirm_by);
    assert_int_equal(roster_bed_show()->taken, 2); /* nobody else gets it meanwhile */
    assert_int_equal(roster_bed_join(6, 0), REG_OK_WAITING);
    expect("篮球", "HGET", "crier:{venus}:ctx:+8613800000003", "asked");
    look(HOUR);
    assert_int_equal(n_lapsed, 0);
    assert_true(lapses_at == roster_bed.moved[0].confirm_by || lapses_at > now_at);
}

static void confirmed_it_is_theirs_and_never_lapses(void **state)
{
    (void)state;
    roster_bed_leave(1);
    assert_int_equal(roster_bed_join(3, 0), REG_OK_CONFIRMED);
    assert_int_equal(entry(3)->status, REG_CONFIRMED);
    assert_int_equal(roster_bed_join(3, 0), REG_ALREADY);
    queue_bed_clock(roster_bed.bed, 3 * HOUR);
    look(HOUR);
    assert_int_equal(n_lapsed, 0);
    lapse(0, 3);
    assert_int_equal(entry(3)->status, REG_CONFIRMED);
}

static void given_up_it_is_offered_to_the_next(void **state)
{
    (void)state;
    roster_bed_leave(1);
    assert_int_equal(roster_bed_leave(3), REG_OK_LEFT);
    assert_string_equal(roster_bed.moved[0].phone, "+8613800000004");
    assert_int_equal(entry(4)->status, REG_OFFERED);
    assert_int_equal(entry(3)->status, REG_WITHDRAWN);
    expect("1", "ZCARD", "crier:{venus}:offers", NULL);
}

static void not_confirmed_in_time_it_lapses_once_and_the_next_is_asked(void **state)
{
    (void)state;
    roster_bed_leave(1);
    lapse(0, 3);
    assert_int_equal(entry(3)->status, REG_OFFERED); /* not yet */
    queue_bed_clock(roster_bed.bed, 3 * HOUR);
    look(HOUR);
    assert_int_equal(n_lapsed, 1);
    assert_string_equal(lapsed[0], "+8613800000003");
    free(redis_server_ask(roster_bed.bed->server, "XTRIM", "crier:{venus}:replies", "MAXLEN", "0", NULL));
    lapse(0, 3);
    lapse(1, 3); /* two daemons saw it */
    assert_int_equal(entry(3)->status, REG_WITHDRAWN);
    assert_int_equal(entry(4)->status, REG_OFFERED);
    assert_int_equal(entry(5)->status, REG_WAITING);
    expect("2", "XLEN", "crier:{venus}:replies",
           NULL); /* one is told that it lapsed, one that it is offered */
    look(HOUR);
    assert_int_equal(n_lapsed, 0);
    free(redis_server_ask(roster_bed.bed->server, "DEL", "crier:{venus}:replies",
                          NULL));                            /* with its last id */
    assert_int_equal(roster_bed_join(3, 0), REG_OK_WAITING); /* at the end */
    assert_int_equal(roster_bed.out.position, 2);
}

static void who_is_at_the_desk_has_confirmed(void **state)
{
    (void)state;
    roster_bed_leave(1);
    roster_checkin(roster_bed.bed->q[0], "篮球", "+8613800000003", queue_bed_done, roster_bed.bed);
    queue_bed_wait(roster_bed.bed, 1);
    queue_bed_clock(roster_bed.bed, 3 * HOUR);
    look(HOUR);
    assert_int_equal(n_lapsed, 0);
    assert_int_equal(entry(3)->status, REG_ATTENDED);
}

static void an_offer_ends_with_the_start_and_after_it_nobody_is_asked(void **state)
{
    (void)state;
    queue_bed_clock(roster_bed.bed, 47 * HOUR);
    roster_bed_leave(1);
    assert_true(roster_bed.moved[0].confirm_by == roster_bed_show()->starts_at);
    free(redis_server_ask(roster_bed.bed->server, "XTRIM", "crier:{venus}:replies", "MAXLEN", "0", NULL));
    queue_bed_clock(roster_bed.bed, 49 * HOUR);
    lapse(0, 3);
    assert_int_equal(entry(4)->status, REG_WAITING);
    expect("0", "XLEN", "crier:{venus}:replies", NULL);
}

static int begin(void **state)
{
    *state = queue_bed_new();
    return 0;
}

static int end(void **state)
{
    queue_bed_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_begins_soon_is_found_with_its_reminders, setup),
        cmocka_unit_test_setup(a_reminder_goes_out_once_whoever_asks, setup),
        cmocka_unit_test_setup(nobody_who_holds_a_seat_is_no_reminder, setup),
        cmocka_unit_test_setup(what_was_written_of_another_start_is_not_sent, setup),
        cmocka_unit_test_setup(moved_or_called_off_it_stops_what_still_goes_out, setup),
        cmocka_unit_test_setup(a_free_seat_is_offered_to_the_next_in_line_and_held, setup_offers),
        cmocka_unit_test_setup(confirmed_it_is_theirs_and_never_lapses, setup_offers),
        cmocka_unit_test_setup(given_up_it_is_offered_to_the_next, setup_offers),
        cmocka_unit_test_setup(not_confirmed_in_time_it_lapses_once_and_the_next_is_asked, setup_offers),
        cmocka_unit_test_setup(who_is_at_the_desk_has_confirmed, setup_offers),
        cmocka_unit_test_setup(an_offer_ends_with_the_start_and_after_it_nobody_is_asked, setup_offers),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
