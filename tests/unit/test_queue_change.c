/* Staff change an activity: seats, promotions, news in one script; against a real redis-server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "queue/roster.h"
#include "tests/support/queue_bed.h"

#define HOUR  3600000LL
#define INBOX "crier:{venus}:inbox"

static struct queue_bed *bed;
static struct registry_outcome out;
static struct activity a;
static uint32_t n_promoted;
static unsigned n_op;

static void on_register(void *arg, const struct queue_result *r, const struct registry_outcome *o,
                        const struct roster_promoted *p, size_t n)
{
    (void)arg;
    (void)p;
    (void)n;
    if (o)
        out = *o;
    queue_bed_note(bed, r);
}

static enum reg_result ask(int person, bool leave, uint32_t count)
{
    char phone[PHONE_MAX], op[24];
    struct roster_request req = {
        .op_id = op, .code = "篮球", .leave = leave, .phone = phone, .name = "某人", .count = count};

    assert_true(snprintf(op, sizeof(op), "%u-0", ++n_op) < (int)sizeof(op));
    assert_true(snprintf(phone, sizeof(phone), "+86138000%05d", person) < (int)sizeof(phone));
    queue_bed_reply(bed, op, phone);
    roster_register(bed->q[0], &req, on_register, NULL);
    queue_bed_wait(bed, 1);
    assert_int_equal(bed->last.status, QUEUE_OK);
    return out.result;
}

static void on_activity(void *arg, const struct queue_result *r, const struct activity *got)
{
    (void)arg;
    if (got)
        a = *got;
    queue_bed_note(bed, r);
}

static void look(void)
{
    roster_get(bed->q[0], "篮球", on_activity, NULL);
    queue_bed_wait(bed, 1);
}

static void on_changed(void *arg, const struct queue_result *r, uint32_t n)
{
    (void)arg;
    n_promoted = n;
    queue_bed_note(bed, r);
}

/* "" or the code of the refusal. */
static const char *change(const struct activity *to, const char *news)
{
    roster_change(bed->q[1], to, news, on_changed, NULL);
    queue_bed_wait(bed, 1);
    return bed->last.status == QUEUE_OK ? "" : bed->e.code;
}

static int length(const char *command, const char *key)
{
    char *n = redis_server_ask(bed->server, command, key, NULL);
    int64_t value = -1;

    assert_int_equal(num_i64_n(n, strcspn(n, "\n"), 0, INT32_MAX, &value), 0);
    free(n);
    return (int)value;
}

static int setup(void **state)
{
    (void)state;
    queue_bed_clear(bed);
    memset(&a, 0, sizeof(a));
    memcpy(a.code, "篮球", sizeof("篮球"));
    memcpy(a.title, "篮球赛", sizeof("篮球赛"));
    a.seats = 3;
    a.max_party = 10;
    a.stored = ACTIVITY_OPEN;
    a.starts_at = clock_wall_ms() + 48 * HOUR;
    roster_put(bed->q[0], &a, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    look();
    return 0;
}

static void more_seats_promote_in_order_of_arrival_and_put_the_news_into_the_inbox(void **state)
{
    (void)state;
    for (int i = 1; i <= 7; i++)
        ask(i, false, 0);
    free(redis_server_ask(bed->server, "XTRIM", "crier:{venus}:replies", "MAXLEN", "0", NULL)); /* settled */
    a.seats = 5;
    a.starts_at += HOUR;
    assert_string_equal(change(&a, "{\"id\":\"n\"}"), "");
    assert_int_equal(n_promoted, 2);
    assert_int_equal(length("LLEN", INBOX), 1);
    assert_int_equal(length("XLEN", "crier:{venus}:replies"), 2);
    look();
    assert_int_equal(a.taken, 5);
    assert_int_equal(a.waiting, 2);
    assert_int_equal(a.rev, 1);
    char *rank =
        redis_server_ask(bed->server, "ZRANK", "crier:{venus}:act:篮球:conf", "+8613800000005", NULL);
    assert_int_equal(rank[0], '4');
    free(rank);
}

static void more_than_one_call_can_promote_is_promoted(void **state)
{
    (void)state;
    for (int i = 1; i <= 240; i++)
        ask(i, false, 0);
    a.seats = 240;
    assert_string_equal(change(&a, NULL), "");
    assert_int_equal(n_promoted, 237);
    look();
    assert_int_equal(a.taken, 240);
}

static void seats_are_never_fewer_than_are_taken(void **state)
{
    (void)state;
    ask(1, false, 2);
    a.seats = 1;
    assert_string_equal(change(&a, "{}"), "seats-taken");
    assert_non_null(strstr(bed->e.msg, "2 are taken"));
    assert_int_equal(length("LLEN", INBOX), 0);
    look();
    assert_int_equal(a.seats, 3);
    a.seats = 2;
    assert_string_equal(change(&a, NULL), "");
}

static void a_party_that_waits_is_not_shut_out_for_ever(void **state)
{
    (void)state;
    ask(1, false, 1);
    assert_int_equal(ask(2, false, 3), REG_OK_WAITING);
    a.seats = 2;
    assert_string_equal(change(&a, NULL), "seats-taken");
    assert_non_null(strstr(bed->e.msg, "3 people wait as one party"));
}

static void nobody_concerned_is_no_news(void **state)
{
    (void)state;
    a.starts_at += HOUR;
    assert_string_equal(change(&a, "{}"), "");
    assert_int_equal(length("LLEN", INBOX), 0);
    look();
    assert_int_equal(a.rev, 1);
}

static void two_who_change_it_at_once_do_not_undo_each_other(void **state)
{
    (void)state;
    struct activity mine = a;

    a.seats = 10;
    assert_string_equal(change(&a, NULL), "");
    memcpy(mine.title, "羽毛球", sizeof("羽毛球"));
    assert_string_equal(change(&mine, NULL), "changed-meanwhile");
    look();
    assert_int_equal(a.seats, 10);
    assert_string_equal(a.title, "篮球赛");
}

static void called_off_refuses_who_comes_and_promotes_nobody(void **state)
{
    (void)state;
    for (int i = 1; i <= 4; i++)
        ask(i, false, 0);
    a.stored = ACTIVITY_CANCELLED;
    a.seats = 10;
    assert_string_equal(change(&a, "{}"), "");
    assert_int_equal(n_promoted, 0);
    assert_int_equal(length("LLEN", INBOX), 1);
    assert_int_equal(ask(9, false, 0), REG_CANCELLED_ACTIVITY);
    assert_int_equal(ask(4, false, 0),
                     REG_CANCELLED_ACTIVITY); /* waits no more for what does not take place */
    look();
    assert_int_equal(a.stored, ACTIVITY_CANCELLED);
    assert_int_equal(a.waiting, 1);
}

static void an_unknown_activity_is_told_as_such(void **state)
{
    (void)state;
    memcpy(a.code, "bm", sizeof("bm"));
    assert_string_equal(change(&a, "{}"), "no-such-activity");
    assert_int_equal(length("LLEN", INBOX), 0);
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
        cmocka_unit_test_setup(more_seats_promote_in_order_of_arrival_and_put_the_news_into_the_inbox, setup),
        cmocka_unit_test_setup(more_than_one_call_can_promote_is_promoted, setup),
        cmocka_unit_test_setup(seats_are_never_fewer_than_are_taken, setup),
        cmocka_unit_test_setup(a_party_that_waits_is_not_shut_out_for_ever, setup),
        cmocka_unit_test_setup(nobody_concerned_is_no_news, setup),
        cmocka_unit_test_setup(two_who_change_it_at_once_do_not_undo_each_other, setup),
        cmocka_unit_test_setup(called_off_refuses_who_comes_and_promotes_nobody, setup),
        cmocka_unit_test_setup(an_unknown_activity_is_told_as_such, setup),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
