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
static int64_t now_at;
static size_t n_due;

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

static void on_due(void *arg, const struct queue_result *r, int64_t now)
{
    (void)arg;
    now_at = now;
    queue_bed_note(roster_bed.bed, r);
}

static size_t look(int64_t ahead_ms)
{
    n_due = 0;
    roster_due(roster_bed.bed->q[0], ahead_ms, on_each, on_due, NULL);
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
    };

    return cmocka_run_group_tests(tests, begin, end);
}
