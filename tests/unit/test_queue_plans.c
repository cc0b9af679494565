/* Plans in Redis: stored once, an occurrence made once by one of two daemons, nothing made after cancel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "daemon/planner.h"
#include "queue/codec.h"
#include "tests/support/queue_bed.h"

#define TZ   "Asia/Shanghai"
#define HOUR (3600 * 1000LL)

static struct queue_bed *b;
static enum queue_accept_result result;
static char kept_id[80], kept_json[2000], kept_cursor[16], state[20];
static struct buf log_rows = BUF_INIT(4096);
static size_t n_rows;
static int64_t now_at, next_ms;

static int start(void **s)
{
    (void)s;
    b = queue_bed_new();
    return 0;
}

static int stop(void **s)
{
    (void)s;
    queue_bed_free(b);
    buf_fini(&log_rows);
    return 0;
}

static int fresh(void **s)
{
    (void)s;
    queue_bed_clear(b);
    return 0;
}

static void on_put(void *arg, const struct queue_result *r, enum queue_accept_result a, const char *id)
{
    (void)id;
    queue_bed_note(arg, r);
    result = a;
}

static void on_plan(void *arg, const struct plans_row *p)
{
    (void)arg;
    n_rows++;
    snprintf(kept_id, sizeof(kept_id), "%s", p->id);
    snprintf(kept_json, sizeof(kept_json), "%.*s", (int)p->json_len, p->json);
    snprintf(kept_cursor, sizeof(kept_cursor), "%s", p->cursor);
}

static void on_due(void *arg, const struct queue_result *r, int64_t at, int64_t ms)
{
    queue_bed_note(arg, r);
    now_at = at;
    next_ms = ms;
}

static void on_got(void *arg, const struct queue_result *r, const struct plans_row *p, const char *const *log,
                   size_t n_log)
{
    queue_bed_note(arg, r);
    snprintf(state, sizeof(state), "%s", p != NULL ? p->state : "none");
    buf_reset(&log_rows);
    for (size_t i = 0; i < n_log; i++)
        buf_str(&log_rows, log[i]);
}

static enum queue_accept_result put(const char *id, const char *asked, int64_t first_in_ms)
{
    const char *json = "{\"kind\":\"notice\",\"repeat\":{\"at\":\"09:00\",\"from\":\"2026-01-01\",\"rrule\":"
                       "\"FREQ=DAILY;COUNT=3\"},\"text\":\"a\",\"to\":{\"everyone\":true},\"v\":1}";
    struct plans_put p = {.id = id, .json = json, .asked = asked, .cursor = "2025-12-31"};

    plans_due(b->q[0], 0, on_plan, on_due, b); /* what time it is there */
    queue_bed_wait(b, 1);
    p.first_at = now_at + first_in_ms;
    plans_put(b->q[0], &p, on_put, b);
    queue_bed_wait(b, 1);
    return result;
}

static size_t due(int daemon)
{
    n_rows = 0;
    plans_due(b->q[daemon], 10, on_plan, on_due, b);
    queue_bed_wait(b, 1);
    return n_rows;
}

/* What was told last by due(), at ${at}. */
static void step(int daemon, int64_t at)
{
    struct plans_row row = {
        .id = kept_id, .json = kept_json, .json_len = strlen(kept_json), .cursor = kept_cursor};
    struct planner_own own;
    struct plans_step s;

    assert_int_equal(planner_decide(&row, at, TZ, &s, &own, NULL), 0);
    plans_step(b->q[daemon], &s, queue_bed_done, b);
    queue_bed_wait(b, 1);
    assert_int_equal(b->last.status, QUEUE_OK);
    planner_own_fini(&own);
}

static void expect_inbox(const char *n)
{
    char *s = redis_server_ask(b->server, "LLEN", "crier:{venus}:inbox", NULL);

    assert_string_equal(s, n);
    free(s);
}

static void look(const char *id)
{
    plans_get(b->q[1], id, on_got, b);
    queue_bed_wait(b, 1);
}

static void a_plan_is_stored_once(void **s)
{
    (void)s;
    assert_int_equal(put("p", "A", 48 * HOUR), QUEUE_ACCEPTED);
    assert_int_equal(put("p", "A", 48 * HOUR), QUEUE_SAME);
    assert_int_equal(put("p", "B", 48 * HOUR), QUEUE_CONFLICT);
    assert_int_equal(due(0), 0); /* a day before its time, not earlier */
    assert_in_range(next_ms, 23 * HOUR, 24 * HOUR);
    queue_bed_clock(b, 25 * HOUR);
    assert_int_equal(due(0), 1);
}

static void two_daemons_make_one(void **s)
{
    int64_t in_time = 0;

    (void)s;
    put("p", "A", HOUR);
    assert_int_equal(due(0), 1);
    step(0, in_time);
    step(1, in_time); /* decided on what has changed meanwhile */
    expect_inbox("1");
    look("p");
    assert_non_null(strstr(buf_cstr(&log_rows), "\"state\":\"made\",\"notice\":\"p.20260101\""));
    assert_null(strstr(buf_cstr(&log_rows), "20260102"));
}

static void what_is_too_late_is_listed_and_the_plan_ends(void **s)
{
    int64_t later = 0;

    (void)s;
    put("p", "A", HOUR);
    clock_parse_iso("2026-01-03T08:00:00+08:00", &later, NULL);
    for (int i = 0; i < 3; i++) { /* their dates are in the past of Redis' clock: due at once */
        assert_int_equal(due(i % 2), 1);
        step(i % 2, later);
    }
    assert_int_equal(due(0), 0);
    expect_inbox("1"); /* the third is in time */
    look("p");
    assert_string_equal(state, "ended");
    assert_non_null(
        strstr(buf_cstr(&log_rows), "{\"date\":\"2026-01-01\",\"state\":\"too-late\",\"notice\":null"));
}

static void nothing_is_made_after_cancel(void **s)
{
    (void)s;
    put("p", "A", HOUR);
    assert_int_equal(due(0), 1);
    queue_cancel(b->q[1], "p", "cancelled", queue_bed_done, b);
    queue_bed_wait(b, 1);
    assert_int_equal(b->last.status, QUEUE_OK);
    step(0, 0);
    expect_inbox("0");
    look("p");
    assert_string_equal(state, "cancelled");
    assert_int_equal(due(0), 0);
}

static void an_occurrence_of_a_cancelled_plan_is_refused(void **s)
{
    static const char json[] = "{\"v\":1,\"id\":\"p.20260101\",\"plan\":\"p\",\"to\":{\"everyone\":true},"
                               "\"text\":\"a\",\"send_at\":\"2030-01-01T09:00:00Z\"}";
    struct notice *n = codec_notice(json, sizeof(json) - 1, NULL);
    struct queue_accept a = {.notice = n, .json = json, .json_len = sizeof(json) - 1};
    char *got;

    (void)s;
    assert_int_equal(notice_complete(n, 0, NULL), 0);
    queue_accept(b->q[0], &a, on_put, b);
    queue_bed_wait(b, 1);
    assert_string_equal(b->e.code, "no-such-plan");
    put("p", "A", HOUR);
    due(0);
    step(0, 0); /* p.20260101 is made */
    queue_accept(b->q[0], &a, on_put, b);
    queue_bed_wait(b, 1);
    assert_int_equal(b->last.status, QUEUE_OK);
    queue_cancel(b->q[1], "p", "cancelled", queue_bed_done, b);
    queue_bed_wait(b, 1);
    got = redis_server_ask(b->server, "HGET", "crier:{venus}:n:p.20260101", "state", NULL);
    assert_string_equal(got, "7"); /* cancelled with its plan */
    free(got);
    memcpy(n->id, "p.20260102", sizeof("p.20260102"));
    queue_accept(b->q[0], &a, on_put, b);
    queue_bed_wait(b, 1);
    assert_string_equal(b->e.code, "plan-cancelled");
    notice_free(n);
}

static void an_occurrence_does_not_repeat_itself(void **s)
{
    static const char json[] = "{\"repeat\":{\"lunar\":\"8/15\"},\"plan\":\"p\"}";
    struct err e = {{0}, {0}, {0}};

    (void)s;
    assert_null(codec_notice(json, sizeof(json) - 1, &e));
    assert_string_equal(e.code, "unexpected-member");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_plan_is_stored_once, fresh),
        cmocka_unit_test_setup(two_daemons_make_one, fresh),
        cmocka_unit_test_setup(what_is_too_late_is_listed_and_the_plan_ends, fresh),
        cmocka_unit_test_setup(nothing_is_made_after_cancel, fresh),
        cmocka_unit_test_setup(an_occurrence_of_a_cancelled_plan_is_refused, fresh),
        cmocka_unit_test(an_occurrence_does_not_repeat_itself),
    };

    return cmocka_run_group_tests_name("queue_plans", tests, start, stop);
}
