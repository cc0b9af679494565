#include "tests/support/roster_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "queue/roster.h"
#include "tests/support/queue_bed.h"

struct roster_bed roster_bed;

struct activity roster_bed_match(uint32_t seats)
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

void roster_bed_create(const struct activity *a)
{
    roster_put(roster_bed.bed->q[0], a, queue_bed_done, roster_bed.bed);
    queue_bed_wait(roster_bed.bed, 1);
    if (roster_bed.bed->last.status != QUEUE_OK)
        fail_msg("%s: %s", roster_bed.bed->e.code, roster_bed.bed->e.msg);
}

void roster_bed_on_register(void *arg, const struct queue_result *r, const struct registry_outcome *o,
                            const struct roster_promoted *p, size_t n)
{
    struct registry_outcome *to = arg ? arg : &roster_bed.out;

    if (o)
        *to = *o;
    roster_bed.n_moved = n;
    memcpy(roster_bed.moved, p, n * sizeof(*p));
    queue_bed_note(roster_bed.bed, r);
}

enum reg_result roster_bed_ask(const char *op, int person, bool leave, uint32_t count)
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
    queue_bed_reply(roster_bed.bed, op, phone);
    roster_register(roster_bed.bed->q[roster_bed.n_op % 2], &req, roster_bed_on_register, NULL);
    queue_bed_wait(roster_bed.bed, 1);
    if (roster_bed.bed->last.status != QUEUE_OK)
        fail_msg("%s: %s", roster_bed.bed->e.code, roster_bed.bed->e.msg);
    return roster_bed.out.result;
}

enum reg_result roster_bed_join(int person, uint32_t count)
{
    char op[24];

    assert_true(snprintf(op, sizeof(op), "%u-0", ++roster_bed.n_op) < (int)sizeof(op));
    return roster_bed_ask(op, person, false, count);
}

enum reg_result roster_bed_leave(int person)
{
    char op[24];

    assert_true(snprintf(op, sizeof(op), "%u-0", ++roster_bed.n_op) < (int)sizeof(op));
    return roster_bed_ask(op, person, true, 0);
}

void roster_bed_on_activity(void *arg, const struct queue_result *r, const struct activity *a)
{
    (void)arg;
    if (a)
        roster_bed.activity = *a;
    queue_bed_note(roster_bed.bed, r);
}

const struct activity *roster_bed_show(void)
{
    roster_get(roster_bed.bed->q[0], "篮球", roster_bed_on_activity, NULL);
    queue_bed_wait(roster_bed.bed, 1);
    return &roster_bed.activity;
}

void roster_bed_on_entry(void *arg, const struct roster_entry *e)
{
    (void)arg;
    assert_true(roster_bed.n_entries < ARRAY_LEN(roster_bed.entries));
    roster_bed.entries[roster_bed.n_entries++] = *e;
}

void roster_bed_look(void)
{
    roster_bed.n_entries = 0;
    roster_entries(roster_bed.bed->q[0], "篮球", roster_bed_on_entry, queue_bed_done, roster_bed.bed);
    queue_bed_wait(roster_bed.bed, 1);
}

static void on_own(void *arg, const char *code, const struct roster_entry *e)
{
    (void)arg;
    memcpy(roster_bed.codes[roster_bed.n_entries], code, strlen(code) + 1);
    roster_bed.entries[roster_bed.n_entries++] = *e;
}

size_t roster_bed_own(int person)
{
    char phone[PHONE_MAX];

    roster_bed.n_entries = 0;
    assert_true(snprintf(phone, sizeof(phone), "+86138000%05d", person) < (int)sizeof(phone));
    roster_of_phone(roster_bed.bed->q[0], phone, on_own, queue_bed_done, roster_bed.bed);
    queue_bed_wait(roster_bed.bed, 1);
    return roster_bed.n_entries;
}

int roster_bed_setup(void **state)
{
    roster_bed.bed = *state;
    queue_bed_clear(roster_bed.bed);
    return 0;
}
