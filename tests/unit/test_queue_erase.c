/* Forgetting a person: seats, history, opt-out; against a real redis-server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/redis.h"
#include "queue/erase.h"
#include "queue/people.h"
#include "queue/roster.h"
#include "tests/support/queue_bed.h"

#define WHO    "+8613800000001"
#define SECOND "+8613800000002"
#define P      "crier:{venus}:"

static struct queue_bed *bed;
static struct erase_report report;
static bool opted[2];

static void on_put(void *arg, const struct queue_result *r, const struct people_import *counts)
{
    (void)arg;
    (void)counts;
    queue_bed_note(bed, r);
}

static void put(const char *phone, const char *name)
{
    static struct resident r;

    memset(&r, 0, sizeof(r));
    r.n_phones = 1;
    memcpy(r.phones[0], phone, strlen(phone) + 1);
    memcpy(r.name, name, strlen(name) + 1);
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

static void join(const char *op, const char *phone, uint32_t count)
{
    const struct roster_request req = {
        .op_id = op, .code = "bm", .phone = phone, .name = "某人", .resident = 1, .count = count};

    queue_bed_reply(bed, op, phone);
    roster_register(bed->q[0], &req, on_register, NULL);
    queue_bed_wait(bed, 1);
    free(redis_server_ask(bed->server, "XDEL", P "replies", op, NULL)); /* settled */
}

static void on_erased(void *arg, const struct queue_result *r, const struct erase_report *got,
                      const char *const *mine, size_t n_mine)
{
    (void)arg;
    (void)mine;
    (void)n_mine;
    report = *got;
    queue_bed_note(bed, r);
}

static void erase(int queue)
{
    erase_run(bed->q[queue], 1, on_erased, NULL);
    queue_bed_wait(bed, 1);
}

static void assert_says(const char *words, const char *command, const char *key, const char *arg)
{
    char *s = redis_server_ask(bed->server, command, key, arg, NULL);

    if (strncmp(s, words, strlen(words)) != 0)
        fail_msg("%s %s: %s", command, key, s);
    free(s);
}

static int setup(void **state)
{
    (void)state;
    struct activity a = {
        .code = "bm", .title = "羽毛球", .seats = 2, .max_party = 5, .stored = ACTIVITY_OPEN};

    queue_bed_clear(bed);
    put(WHO, "张三");
    a.starts_at = clock_wall_ms() + 3600000;
    roster_put(bed->q[0], &a, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    return 0;
}

static void a_seat_goes_to_who_waits_and_history_keeps_a_mark(void **state)
{
    (void)state;
    join("1-0", WHO, 2);
    join("2-0", SECOND, 1);
    erase(0);
    assert_int_equal(bed->last.status, QUEUE_OK);
    assert_int_equal(report.n_left_activities, 1);
    assert_int_equal(report.n_promoted, 1);
    assert_int_equal(report.n_left, 0);
    assert_says("0", "ZRANK", P "act:bm:conf", SECOND);
    assert_says("1", "HEXISTS", P "act:bm:reg", "erased:1");
    assert_says("0", "HEXISTS", P "act:bm:reg", WHO);
    assert_says("0", "ZRANK", P "act:bm:out", "erased:1");
    erase(0);
    assert_string_equal(bed->e.code, "no-such-resident");
}

static void what_has_begun_keeps_its_seats(void **state)
{
    (void)state;
    join("1-0", WHO, 2);
    join("2-0", SECOND, 1);
    queue_bed_clock(bed, 7200000);
    erase(0);
    queue_bed_clock(bed, 0);
    assert_int_equal(report.n_left_activities, 0);
    assert_int_equal(report.n_registrations, 1);
    assert_says("2", "ZCARD", P "act:bm:conf", NULL);
    assert_says("1", "ZRANK", P "act:bm:conf", "erased:1#2");
}

static void on_opted(void *arg, const struct queue_result *r, const bool *out, size_t n)
{
    (void)arg;
    memcpy(opted, out, n * sizeof(*out));
    queue_bed_note(bed, r);
}

static void on_opt(void *arg, const struct queue_result *r, bool changed)
{
    (void)arg;
    opted[0] = changed;
    queue_bed_note(bed, r);
}

static void an_opt_out_outlives_the_person_without_the_number(void **state)
{
    static const char *const both[] = {WHO, SECOND};

    (void)state;
    people_opt(bed->q[0], WHO, true, "退订", "", on_opt, NULL);
    queue_bed_wait(bed, 1);
    erase(0);
    assert_true(report.suppressed);
    assert_says("0", "SISMEMBER", P "optout", WHO);
    people_opted_out(bed->q[0], both, 2, on_opted, NULL);
    queue_bed_wait(bed, 1);
    assert_true(opted[0]);
    assert_false(opted[1]);
    people_opt(bed->q[0], WHO, false, "恢复", "", on_opt, NULL);
    queue_bed_wait(bed, 1);
    assert_true(opted[0]); /* changed: they may ask for notices again */
    people_opted_out(bed->q[0], both, 2, on_opted, NULL);
    queue_bed_wait(bed, 1);
    assert_false(opted[0]);
}

static void a_number_that_another_resident_has_stays_theirs(void **state)
{
    (void)state;
    put(WHO, "李四");
    erase(0);
    assert_int_equal(report.n_shared, 1);
    assert_int_equal(report.n_addresses, 0);
    assert_says("2", "HGET", P "ph:1", WHO);
}

static void an_erasure_cut_short_is_gone_on_with_by_another_daemon(void **state)
{
    (void)state;
    join("1-0", WHO, 2);
    erase_run(bed->q[0], 1, on_erased, NULL);
    redis_reconnect(bed->redis[0], "the test cuts it short");
    queue_bed_wait(bed, 1);
    assert_int_not_equal(bed->last.status, QUEUE_OK);
    queue_bed_up(bed);
    erase(1);
    assert_int_equal(bed->last.status, QUEUE_OK);
    assert_int_equal(report.n_left, 0);
    assert_says("0", "EXISTS", P "erasing", NULL);
}

static int begin(void **state)
{
    (void)state;
    bed = queue_bed_new();
    return 0;
}

/* Who is forgotten leaves the list of a plan; the plan goes on for the others, and ends when nobody is left. */
static void a_plan_goes_on_without_the_person(void **state)
{
    (void)state;
    free(redis_server_ask(bed->server, "HSET", P "plan:walk", "state", "active", "json",
                          "{\"to\":{\"phones\":[\"" WHO "\",\"" SECOND "\"]}}", NULL));
    free(redis_server_ask(bed->server, "HSET", P "plan:alone", "state", "active", "json",
                          "{\"to\":{\"phones\":[\"" WHO "\"]}}", NULL));
    free(redis_server_ask(bed->server, "ZADD", P "plans.due", "1", "alone", NULL));
    erase(0);
    assert_int_equal(bed->last.status, QUEUE_OK);
    assert_int_equal(report.n_left, 0);
    assert_says("{\"to\":{\"phones\":[\"" SECOND "\"]}}", "HGET", P "plan:walk", "json");
    assert_says("active", "HGET", P "plan:walk", "state");
    assert_says("cancelled", "HGET", P "plan:alone", "state");
    assert_says("0", "ZCARD", P "plans.due", NULL);
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
        cmocka_unit_test_setup(a_seat_goes_to_who_waits_and_history_keeps_a_mark, setup),
        cmocka_unit_test_setup(what_has_begun_keeps_its_seats, setup),
        cmocka_unit_test_setup(an_opt_out_outlives_the_person_without_the_number, setup),
        cmocka_unit_test_setup(a_number_that_another_resident_has_stays_theirs, setup),
        cmocka_unit_test_setup(an_erasure_cut_short_is_gone_on_with_by_another_daemon, setup),
        cmocka_unit_test_setup(a_plan_goes_on_without_the_person, setup),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
