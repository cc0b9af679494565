/* Two records of one person become one: seats, waiting list, opt-out, what leads to whom; against a real redis-server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/redis.h"
#include "queue/merge.h"
#include "queue/people.h"
#include "queue/roster.h"
#include "tests/support/queue_bed.h"

#define ONE   "+8613800000001"
#define TWO   "+8613800000002"
#define THREE "+8613800000003"
#define P     "crier:{venus}:"

static struct queue_bed *bed;
static struct merge_report report;
static struct merge_move moves[16];
static struct resident seen[4];
static size_t n_seen;

static void on_put(void *arg, const struct queue_result *r, const struct people_import *counts)
{
    (void)arg;
    (void)counts;
    queue_bed_note(bed, r);
}

static void put(const char *phone, const char *name, const char *tag, const char *wechat)
{
    static struct resident r;

    memset(&r, 0, sizeof(r));
    r.n_phones = 1;
    r.n_tags = tag[0] != '\0';
    memcpy(r.phones[0], phone, strlen(phone) + 1);
    memcpy(r.name, name, strlen(name) + 1);
    memcpy(r.tags[0], tag, strlen(tag) + 1);
    memcpy(r.wechat, wechat, strlen(wechat) + 1);
    people_put(bed->q[0], &r, 1, false, on_put, NULL);
    queue_bed_wait(bed, 1);
}

static void on_register(void *arg, const struct queue_result *r, const struct registry_outcome *o,
                        const struct roster_promoted *p, size_t n)
{
    (void)arg;
    (void)o;
    (void)p;
    (void)n;
    queue_bed_note(bed, r);
}

static void join_as(const char *op, const char *phone, uint64_t id, uint32_t count)
{
    const struct roster_request req = {
        .op_id = op, .code = "bm", .phone = phone, .name = "某人", .resident = id, .count = count};

    queue_bed_reply(bed, op, phone);
    roster_register(bed->q[0], &req, on_register, NULL);
    queue_bed_wait(bed, 1);
    free(redis_server_ask(bed->server, "XDEL", P "replies", op, NULL)); /* settled */
}

static void on_merged(void *arg, const struct queue_result *r, const struct merge_report *got)
{
    (void)arg;
    report = *got;
    assert_true(got->n_moves <= 16);
    if (got->n_moves > 0)
        memcpy(moves, got->moves, got->n_moves * sizeof(*moves));
    queue_bed_note(bed, r);
}

/* "" or the code of the refusal. */
static const char *merge(uint64_t into, uint64_t from, bool one_seat, bool dry)
{
    merge_run(bed->q[0], into, from, one_seat, dry, on_merged, NULL);
    queue_bed_wait(bed, 1);
    return bed->last.status == QUEUE_OK ? "" : bed->e.code;
}

static void assert_says(const char *words, const char *command, const char *key, const char *arg)
{
    char *s = redis_server_ask(bed->server, command, key, arg, NULL);

    if (strncmp(s, words, strlen(words)) != 0)
        fail_msg("%s %s %s: %s", command, key, arg, s);
    free(s);
}

static void on_each(void *arg, const struct resident *r)
{
    (void)arg;
    assert_true(n_seen < 4);
    seen[n_seen++] = *r;
}

static void look_up(uint64_t id)
{
    n_seen = 0;
    people_by_ids(bed->q[0], &id, 1, on_each, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
}

static int setup(void **state)
{
    (void)state;
    struct activity a = {
        .code = "bm", .title = "羽毛球", .seats = 3, .max_party = 5, .stored = ACTIVITY_OPEN};

    queue_bed_clear(bed);
    put(ONE, "张三", "老人", "oVenus1");
    put(TWO, "张三丰", "篮球", "oVenus2");
    a.starts_at = clock_wall_ms() + 3600000;
    roster_put(bed->q[0], &a, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    return 0;
}

static void the_other_record_leads_to_the_one_that_stays(void **state)
{
    (void)state;
    assert_string_equal(merge(1, 2, false, false), "");
    assert_false(report.already);
    look_up(2);
    assert_int_equal(n_seen, 1);
    assert_int_equal(seen[0].id, 1);
    assert_int_equal(seen[0].n_phones, 2);
    assert_string_equal(seen[0].phones[1], TWO);
    assert_int_equal(seen[0].n_tags, 2);
    assert_string_equal(seen[0].wechat, "oVenus1 oVenus2");
    assert_int_equal(seen[0].n_former, 1);
    assert_int_equal(seen[0].former[0], 2);
    assert_says("1", "HGET", P "ph:2", TWO);
    assert_says("1", "HGET", P "people", "n");
    assert_string_equal(merge(1, 2, false, false), ""); /* again */
    assert_true(report.already);
    assert_says("1", "HGET", P "people", "n");
}

static void chains_lead_to_the_last_one(void **state)
{
    (void)state;
    put(THREE, "三丰", "", "");
    assert_string_equal(merge(1, 2, false, false), "");
    assert_string_equal(merge(3, 1, false, false), "");
    look_up(2);
    assert_int_equal(seen[0].id, 3);
    assert_int_equal(seen[0].n_former, 2);
    assert_string_equal(merge(1, 2, false, false), ""); /* both are 3 */
    assert_true(report.already);
    assert_string_equal(merge(1, 9, false, false), "no-such-resident");
    assert_string_equal(merge(3, 3, false, false), "same-resident");
}

static void a_registration_goes_along_with_its_party(void **state)
{
    (void)state;
    join_as("1-0", TWO, 2, 2);
    assert_string_equal(merge(1, 2, false, true), ""); /* told only */
    assert_int_equal(report.n_moves, 1);
    assert_int_equal(moves[0].fate, MERGE_MOVES);
    assert_says("0", "ZRANK", P "act:bm:conf", TWO);
    assert_string_equal(merge(1, 2, false, false), "");
    assert_says("0", "ZRANK", P "act:bm:conf", ONE);
    assert_says("1", "ZRANK", P "act:bm:conf", ONE "#2");
    assert_says("2", "ZCARD", P "act:bm:conf", NULL);
    assert_says("1", "SISMEMBER", P "reg:" ONE, "bm");
    assert_says("0", "SISMEMBER", P "reg:" TWO, "bm");
    assert_says("0", "HEXISTS", P "act:bm:reg", TWO);
}

static void two_seats_are_refused_until_told_and_then_who_waits_moves_up(void **state)
{
    (void)state;
    join_as("1-0", ONE, 1, 1);
    join_as("2-0", TWO, 2, 2);
    join_as("3-0", THREE, 0, 2); /* waits */
    assert_string_equal(merge(1, 2, false, false), "both-registered");
    assert_says("3", "ZCARD", P "act:bm:conf", NULL);
    assert_says("1", "HEXISTS", P "res:0", "2");
    assert_string_equal(merge(1, 2, true, false), "");
    assert_int_equal(report.n_promoted, 1);
    assert_int_equal(moves[0].fate, MERGE_GIVEN_UP);
    assert_says("0", "ZRANK", P "act:bm:conf", ONE);
    assert_says("1", "ZRANK", P "act:bm:conf", THREE);
    assert_says("3", "ZCARD", P "act:bm:conf", NULL);
    assert_says("0", "ZCARD", P "act:bm:wait", NULL);
    assert_says("0", "EXISTS", P "reg:" TWO, NULL);
}

static void a_seat_that_is_offered_stays_offered(void **state)
{
    (void)state;
    join_as("1-0", TWO, 2, 1);
    free(redis_server_ask(bed->server, "HSET", P "act:bm:reg", TWO, "4\t1\t1000\t2\t某人", NULL));
    free(redis_server_ask(bed->server, "ZADD", P "offers", "5000", "bm " TWO, NULL));
    assert_string_equal(merge(1, 2, false, false), "");
    assert_says("5000", "ZSCORE", P "offers", "bm " ONE);
    assert_says("1", "ZCARD", P "offers", NULL);
    assert_says("4", "HGET", P "act:bm:reg", ONE);
}

static void a_seat_stands_before_a_place_on_the_waiting_list(void **state)
{
    (void)state;
    join_as("1-0", TWO, 2, 1);
    join_as("2-0", THREE, 0, 2);
    join_as("3-0", ONE, 1, 1); /* waits, and is made the earlier one */
    free(redis_server_ask(bed->server, "HSET", P "act:bm:reg", ONE, "1\t1\t1000\t1\t某人", NULL));
    assert_string_equal(merge(1, 2, true, false), "");
    assert_int_equal(moves[0].fate, MERGE_INSTEAD);
    assert_says("0", "ZRANK", P "act:bm:conf", ONE);
    assert_says("3", "ZCARD", P "act:bm:conf", NULL);
    assert_says("0", "ZCARD", P "act:bm:wait", NULL);
}

static void on_opt(void *arg, const struct queue_result *r, bool changed)
{
    (void)arg;
    (void)changed;
    queue_bed_note(bed, r);
}

static void who_opted_out_on_one_side_has_opted_out_and_the_proof_says_why(void **state)
{
    (void)state;
    people_opt(bed->q[0], TWO, true, "退订", "", on_opt, NULL);
    queue_bed_wait(bed, 1);
    assert_string_equal(merge(1, 2, false, false), "");
    assert_int_equal(report.resident.flags & RESIDENT_OPTED_OUT, RESIDENT_OPTED_OUT);
    look_up(1);
    assert_int_equal(seen[0].flags, RESIDENT_OPTED_OUT);
    assert_says("2", "XLEN", P "consent", NULL);
}

static void a_question_put_to_either_number_is_answered_once(void **state)
{
    (void)state;
    free(redis_server_ask(bed->server, "HSET", P "ctx:" TWO, "choices", "vote", "rollcall", "9", NULL));
    free(redis_server_ask(bed->server, "HSET", P "ctx:" ONE, "choices", "vote other", "rollcall", "7", NULL));
    free(redis_server_ask(bed->server, "HSET", P "n:vote:ans", ONE, "1 1000 张三", TWO, "2 2000 张三", NULL));
    assert_string_equal(merge(1, 2, false, false), "");
    assert_says("1", "HLEN", P "n:vote:ans", NULL);
    assert_says("2 2000", "HGET", P "n:vote:ans", ONE);
    assert_says("9", "HGET", P "ctx:" ONE, "rollcall");
    assert_says("vote other", "HGET", P "ctx:" ONE, "choices");
    assert_says("0", "EXISTS", P "ctx:" TWO, NULL);
}

static void too_many_numbers_are_refused_before_anything_is_done(void **state)
{
    char phone[16], id[4];

    (void)state;
    for (unsigned i = 3; i <= 5; i++) {
        snprintf(phone, sizeof(phone), "+861380000%04u", i);
        snprintf(id, sizeof(id), "%u", i);
        put(phone, "张三", "", "");
        const char *code = merge(1, i, false, false);
        assert_string_equal(code, "");
    }
    assert_string_equal(merge(1, 2, false, false), "too-many");
    assert_says("1", "HEXISTS", P "res:0", "2");
}

static void who_registers_while_the_records_become_one_is_the_person_that_stays(void **state)
{
    (void)state;
    assert_string_equal(merge(1, 2, false, false), "");
    join_as("1-0", TWO, 2, 1); /* read before the merge, decided after it */
    assert_says("0", "ZRANK", P "act:bm:conf", ONE);
    assert_says("0", "HEXISTS", P "act:bm:reg", TWO);
}

static void a_merge_cut_short_is_gone_on_with_by_another_daemon(void **state)
{
    (void)state;
    join_as("1-0", TWO, 2, 2);
    merge_run(bed->q[0], 1, 2, false, false, on_merged, NULL);
    redis_reconnect(bed->redis[0], "the test cuts it short");
    queue_bed_wait(bed, 1);
    assert_int_not_equal(bed->last.status, QUEUE_OK);
    queue_bed_up(bed);
    merge_run(bed->q[1], 1, 2, false, false, on_merged, NULL);
    queue_bed_wait(bed, 1);
    assert_int_equal(bed->last.status, QUEUE_OK);
    look_up(2);
    assert_int_equal(seen[0].id, 1);
    assert_says("0", "ZRANK", P "act:bm:conf", ONE);
    assert_says("2", "ZCARD", P "act:bm:conf", NULL);
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
        cmocka_unit_test_setup(the_other_record_leads_to_the_one_that_stays, setup),
        cmocka_unit_test_setup(chains_lead_to_the_last_one, setup),
        cmocka_unit_test_setup(a_registration_goes_along_with_its_party, setup),
        cmocka_unit_test_setup(two_seats_are_refused_until_told_and_then_who_waits_moves_up, setup),
        cmocka_unit_test_setup(a_seat_that_is_offered_stays_offered, setup),
        cmocka_unit_test_setup(a_seat_stands_before_a_place_on_the_waiting_list, setup),
        cmocka_unit_test_setup(who_opted_out_on_one_side_has_opted_out_and_the_proof_says_why, setup),
        cmocka_unit_test_setup(a_question_put_to_either_number_is_answered_once, setup),
        cmocka_unit_test_setup(too_many_numbers_are_refused_before_anything_is_done, setup),
        cmocka_unit_test_setup(who_registers_while_the_records_become_one_is_the_person_that_stays, setup),
        cmocka_unit_test_setup(a_merge_cut_short_is_gone_on_with_by_another_daemon, setup),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
