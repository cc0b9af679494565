/* Against a real Redis: schedules, cancelling what was not staged, trouble with Redis, the counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/support/queue_fixture.h"

#define KEY            "crier:{venus}:"
#define NOTICE_A       "{\"v\":1,\"id\":\"a\",\"to\":{\"everyone\":true},\"text\":\"明早八点\"}"
#define NOTICE_A_AGAIN "{ \"text\":\"明早八点\", \"to\":{\"everyone\":true}, \"id\":\"a\" }"
#define NOTICE_A_OTHER "{\"v\":1,\"id\":\"a\",\"to\":{\"everyone\":true},\"text\":\"明早九点\"}"

static size_t n_promoted;
static int64_t next_ms;

static void on_promote(void *arg, const struct queue_result *r, size_t n, int64_t next)
{
    n_promoted = n;
    next_ms = next;
    fixture_take(arg, r);
}

static void promote(void)
{
    queue_promote(fix->q, on_promote, fix);
    fixture_wait(fix);
    assert_int_equal(fix->status, QUEUE_OK);
}

static void accept_at(const char *id, int64_t at)
{
    char iso[40];
    char *json;

    clock_format_iso(at, "UTC", iso, sizeof(iso));
    json = xasprintf("{\"id\":\"%s\",\"to\":{\"everyone\":true},\"text\":\"x\",\"send_at\":\"%s\"}", id, iso);
    assert_string_equal(fixture_accept(fix, fix->q, json), "accepted");
    free(json);
}

static void test_schedule(void **state)
{
    const int64_t day = 86400000;

    (void)state;
    accept_at("tomorrow", clock_wall_ms() + day);
    accept_at("later", clock_wall_ms() + 10 * day);
    promote();
    assert_int_equal(n_promoted, 0);
    assert_true(next_ms > day - 60000 && next_ms <= day);
    assert_int_equal(fixture_get(fix, "tomorrow").state, NOTICE_SCHEDULED);
    fixture_clock(fix, day);
    promote();
    assert_int_equal(n_promoted, 1);
    assert_int_equal(fixture_get(fix, "tomorrow").state, NOTICE_STAGING);
    promote();
    assert_int_equal(n_promoted, 0);
    fixture_clock(fix, 0);
}

static void test_schedule_is_not_blocked(void **state)
{
    (void)state;
    accept_at("real", clock_wall_ms() + 60000);
    accept_at("gone", clock_wall_ms() + 60000);
    fixture_cancel(fix, "gone");
    free(redis_server_ask(fix->server, "ZADD", KEY "sched", "1", "ghost", "2", "gone", NULL));
    fixture_clock(fix, 120000);
    promote();
    fixture_clock(fix, 0);
    assert_int_equal(n_promoted, 1);
    assert_true(fixture_redis_is(fix, "1", "XLEN", KEY "dead", NULL)); /* the ghost is told of */
    assert_true(fixture_redis_is(fix, "0", "ZCARD", KEY "sched", NULL));
    assert_int_equal(fixture_get(fix, "gone").state, NOTICE_CANCELLED); /* not resurrected */
}

static void test_cancel_is_recorded_like_a_notice(void **state)
{
    const char cancel[] = "{\"id\":\"c\",\"kind\":\"cancel\",\"cancels\":\"a\"}";

    (void)state;
    assert_string_equal(fixture_accept(fix, fix->q, cancel), "accepted");
    assert_string_equal(fixture_accept(fix, fix->q, cancel), "same");
    assert_int_equal(fixture_get(fix, "c").state, NOTICE_DONE);
    assert_true(fixture_redis_is(fix, "0", "ZCARD", KEY "notices", NULL));
    assert_true(fixture_redis_is(fix, "0", "ZCARD", KEY "staging:2", NULL));
}

static void test_scripts_are_loaded_again(void **state)
{
    (void)state;
    assert_string_equal(fixture_accept(fix, fix->q, NOTICE_A), "accepted");
    free(redis_server_ask(fix->server, "SCRIPT", "FLUSH", NULL));
    assert_string_equal(fixture_accept(fix, fix->q, NOTICE_A), "same");
    assert_int_equal(fix->status, QUEUE_OK);
}

static void test_full_memory(void **state)
{
    struct queue_claim *c;

    (void)state;
    fixture_running(fix, "big", "normal", 300);
    free(redis_server_ask(fix->server, "CONFIG", "SET", "maxmemory", "1", NULL));
    assert_string_equal(fixture_accept(fix, fix->q, NOTICE_A), "unavailable");
    assert_int_equal(fix->status, QUEUE_UNAVAILABLE);
    assert_string_equal(fix->e.field, "OOM");
    /* what runs goes on */
    c = fixture_claim(fix, fix->q, 15);
    assert_non_null(c);
    assert_int_equal(fixture_begin(fix, fix->q, c, 0, c->n, NULL), 100);
    assert_true(fixture_finish_all(fix, fix->q, c, 0, 100, 1, RECIPIENT_ACCEPTED, true, 0));
    assert_int_equal(fix->status, QUEUE_OK);
    fixture_claim_free(c);
    free(redis_server_ask(fix->server, "CONFIG", "SET", "maxmemory", "0", NULL));
    assert_int_equal(fixture_get(fix, "big").counts[RECIPIENT_ACCEPTED], 100);
}

static void test_redis_gone(void **state)
{
    (void)state;
    redis_server_kill(fix->server);
    fixture_cancel(fix, "a");
    assert_true(fix->status == QUEUE_UNSURE || fix->status == QUEUE_UNAVAILABLE);
    fixture_cancel(fix, "a");
    assert_int_equal(fix->status, QUEUE_UNAVAILABLE);
    redis_server_restart(fix->server);
    fixture_wait_up(fix);
    fixture_cancel(fix, "a");
    assert_string_equal(fix->e.code, "no-such-notice");
}

static struct queue_stats stats;

static void on_stats(void *arg, const struct queue_result *r, const struct queue_stats *s)
{
    stats = *s;
    fixture_take(arg, r);
}

static void test_stats(void **state)
{
    (void)state;
    fixture_running(fix, "r", "urgent", 1);
    assert_string_equal(fixture_accept(fix, fix->q, NOTICE_A), "accepted");
    accept_at("later", clock_wall_ms() + 60000);
    free(redis_server_ask(fix->server, "LPUSH", KEY "inbox", "1", "2", NULL));
    fixture_clock(fix, 5000);
    queue_stats(fix->q, on_stats, fix);
    fixture_wait(fix);
    fixture_clock(fix, 0);
    assert_int_equal(stats.inbox, 2);
    assert_int_equal(stats.inbox_e, 0);
    assert_int_equal(stats.scheduled, 1);
    assert_int_equal(stats.staging, 1);
    assert_int_equal(stats.lane_notices[LANE_URGENT], 1);
    assert_int_equal(stats.lane_notices[LANE_NORMAL], 0);
    assert_true(stats.lane_oldest_ms[LANE_URGENT] >= 5000 && stats.lane_oldest_ms[LANE_URGENT] < 15000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_schedule, fixture_fresh),
        cmocka_unit_test_setup(test_schedule_is_not_blocked, fixture_fresh),
        cmocka_unit_test_setup(test_cancel_is_recorded_like_a_notice, fixture_fresh),
        cmocka_unit_test_setup(test_scripts_are_loaded_again, fixture_fresh),
        cmocka_unit_test_setup(test_full_memory, fixture_fresh),
        cmocka_unit_test_setup(test_redis_gone, fixture_fresh),
        cmocka_unit_test_setup(test_stats, fixture_fresh),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
