/* Staging against a real Redis: the audience is frozen once, without gaps and without twins, whoever helps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/queue_fixture.h"

#define KEY            "crier:{venus}:"
#define JSON(id, lane) "{\"id\":\"" id "\",\"lane\":\"" lane "\",\"to\":{\"everyone\":true},\"text\":\"x\"}"

static struct queue_stage_job job;
static char json[512];
static int64_t next_ms;
static uint64_t total;

static void on_next(void *arg, const struct queue_result *r, const struct queue_stage_job *j, int64_t next)
{
    memset(&job, 0, sizeof(job));
    if (j != NULL) {
        job = *j;
        assert_true(j->json_len < sizeof(json));
        memcpy(json, j->json, j->json_len + 1);
    }
    next_ms = next;
    fixture_take(arg, r);
}

static void next(struct queue *q)
{
    queue_stage_next(q, 15, on_next, fix);
    fixture_wait(fix);
    assert_int_equal(fix->status, QUEUE_OK);
}

static void on_put(void *arg, const struct queue_result *r, uint64_t n)
{
    total = n;
    fixture_take(arg, r);
}

/* Lines for numbers [from, to). */
static void put(struct queue *q, const char *id, const char *expected, const char *cursor, bool last,
                size_t from, size_t to)
{
    struct buf b = BUF_INIT(1 << 20);

    for (size_t i = from; i < to; i++)
        buf_fmt(&b, "+861380%07zu wechat:o%zu\t%zu\n", i, i, i + 1);
    queue_stage_put(q, id, expected, cursor, last, buf_cstr(&b), b.len, on_put, fix);
    fixture_wait(fix);
    buf_fini(&b);
}

static void test_pages_of_any_size(void **state)
{
    static const size_t pages[] = {30, 100, 1, 69, 250, 0, 7};
    char before[64] = "", after[64];
    size_t n = 0;

    (void)state;
    assert_string_equal(fixture_accept(fix, fix->q, JSON("a", "normal")), "accepted");
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        fixture_end_leases(fix, "a"); /* of the page before */
        next(fix->q);
        assert_string_equal(job.id, "a");
        assert_string_equal(job.cursor, before);
        assert_int_equal(job.total, n);
        assert_true(snprintf(after, sizeof(after), "%zu", i + 1) > 0);
        put(fix->q, "a", before, after, i + 1 == ARRAY_LEN(pages), n, n + pages[i]);
        assert_int_equal(fix->status, QUEUE_OK);
        n += pages[i];
        assert_int_equal(total, n);
        memcpy(before, after, sizeof(before));
    }
    assert_int_equal(fixture_get(fix, "a").total, 457);
    assert_true(fixture_get(fix, "a").staged);
    for (size_t seen = 0; seen < 457;) {
        struct queue_claim *c = fixture_claim(fix, fix->q, 15);
        char expected[64];

        assert_non_null(c);
        assert_int_equal(c->first, seen);
        assert_int_equal(c->n, seen < 400 ? 100 : 57);
        assert_true(snprintf(expected, sizeof(expected), "+861380%07zu wechat:o%zu\t%zu\n", seen, seen,
                             seen + 1) > 0);
        assert_memory_equal(c->lines, expected, strlen(expected));
        seen += c->n;
        fixture_claim_free(c);
    }
    next(fix->q);
    assert_string_equal(job.id, "");
    assert_int_equal(next_ms, -1);
}

static void test_the_slower_daemon_is_told(void **state)
{
    struct queue *d2 = fixture_queue(fix, "d2", 60000);

    (void)state;
    fixture_accept(fix, fix->q, JSON("a", "normal"));
    next(fix->q);
    put(fix->q, "a", "", "5", false, 0, 5);
    put(d2, "a", "", "5", false, 0, 5);
    assert_int_equal(fix->status, QUEUE_REFUSED);
    assert_string_equal(fix->e.code, "stage-lost");
    put(d2, "a", "5", "8", true, 5, 8);
    assert_int_equal(total, 8);
    put(fix->q, "a", "8", "9", true, 8, 9);
    assert_string_equal(fix->e.code, "stage-lost");
    put(fix->q, "nobody", "", "9", true, 8, 9);
    assert_string_equal(fix->e.code, "stage-lost");
    assert_int_equal(fixture_get(fix, "a").total, 8);
}

static void test_one_daemon_stages_at_a_time(void **state)
{
    struct queue *d2 = fixture_queue(fix, "d2", 60000);

    (void)state;
    fixture_accept(fix, fix->q, JSON("a", "normal"));
    next(fix->q);
    next(d2);
    assert_string_equal(job.id, "");
    assert_true(next_ms > 50000 && next_ms <= 60000);
    fixture_end_leases(fix, "a");
    next(d2);
    assert_string_equal(job.id, "a");
}

static void on_takeover(void *arg, const struct queue_result *r, size_t n)
{
    (void)n;
    fixture_take(arg, r);
}

static void test_a_restarted_daemon_stages_on_at_once(void **state)
{
    struct queue *again = fixture_queue(fix, "d1", 60000);

    (void)state;
    fixture_accept(fix, fix->q, JSON("a", "normal"));
    next(fix->q);
    next(again);
    assert_string_equal(job.id, "");
    queue_takeover(again, on_takeover, fix);
    fixture_wait(fix);
    next(again);
    assert_string_equal(job.id, "a");
}

static void test_highest_lane_first(void **state)
{
    (void)state;
    fixture_accept(fix, fix->q, JSON("b", "bulk"));
    fixture_accept(fix, fix->q, JSON("e", "emergency"));
    next(fix->q);
    assert_string_equal(job.id, "e");
    assert_int_equal(job.lane, LANE_EMERGENCY);
    assert_non_null(strstr(json, "\"lane\":\"emergency\""));
    next(fix->q);
    assert_string_equal(job.id, "b");
}

static void test_only_allowed_lanes_are_staged(void **state)
{
    (void)state;
    fixture_accept(fix, fix->q, JSON("n", "normal"));
    queue_stage_next(fix->q, 1u << LANE_EMERGENCY | 1u << LANE_URGENT, on_next, fix);
    fixture_wait(fix);
    assert_string_equal(job.id, "");
    fixture_accept(fix, fix->q, JSON("u", "urgent"));
    queue_stage_next(fix->q, 1u << LANE_EMERGENCY | 1u << LANE_URGENT, on_next, fix);
    fixture_wait(fix);
    assert_string_equal(job.id, "u");
    next(fix->q);
    assert_string_equal(job.id, "n");
}

/* In whatever lane: asking once is enough. */
static void test_all_that_a_daemon_lost_track_of_is_handed_out_again(void **state)
{
    (void)state;
    fixture_accept(fix, fix->q, JSON("e", "emergency"));
    fixture_accept(fix, fix->q, JSON("n", "normal"));
    next(fix->q);
    next(fix->q);
    next(fix->q);
    assert_string_equal(job.id, "");
    queue_stage_again(fix->q);
    next(fix->q);
    assert_string_equal(job.id, "e");
    next(fix->q);
    assert_string_equal(job.id, "n");
    next(fix->q);
    assert_string_equal(job.id, "");
}

static void test_twins_are_dropped(void **state)
{
    static const char page1[] = "+8613800000001\t1\n+8613800000002\t2\n+8613800000001\t3\n\t4\n\t5\n";
    static const char page2[] = "+8613800000002 wechat:o2\t6\n+8613800000003\t7\n";

    (void)state;
    fixture_accept(fix, fix->q, JSON("a", "normal"));
    next(fix->q);
    queue_stage_put(fix->q, "a", "", "5", false, page1, strlen(page1), on_put, fix);
    fixture_wait(fix);
    assert_int_equal(total, 4); /* people without an address stay: they are told of, not left out */
    queue_stage_put(fix->q, "a", "5", "7", true, page2, strlen(page2), on_put, fix);
    fixture_wait(fix);
    assert_int_equal(total, 5);
    assert_true(fixture_redis_is(fix, "+8613800000001\t1\n+8613800000002\t2\n\t4\n\t5\n+8613800000003\t7\n",
                                 "HGET", KEY "n:a:aud", "0", NULL));
    assert_true(fixture_redis_is(fix, "0", "EXISTS", KEY "n:a:seen", NULL));
}

static void test_sending_begins_with_the_first_slice(void **state)
{
    struct queue_claim *c;

    (void)state;
    fixture_accept(fix, fix->q, JSON("a", "normal"));
    next(fix->q);
    put(fix->q, "a", "", "90", false, 0, 90);
    assert_null(fixture_claim(fix, fix->q, 15));
    put(fix->q, "a", "90", "110", false, 90, 110);
    assert_int_equal(fixture_get(fix, "a").state, NOTICE_RUNNING);
    c = fixture_claim(fix, fix->q, 15);
    assert_non_null(c);
    fixture_begin(fix, fix->q, c, 0, 100, NULL);
    fixture_finish_all(fix, fix->q, c, 0, 100, 1, RECIPIENT_ACCEPTED, true, 0);
    fixture_claim_free(c);
    assert_null(fixture_claim(fix, fix->q, 15));
    assert_int_equal(fixture_get(fix, "a").state,
                     NOTICE_RUNNING); /* all published slices are settled, but more will come */
    put(fix->q, "a", "110", "110", true, 0, 0);
    c = fixture_claim(fix, fix->q, 15);
    assert_non_null(c);
    assert_int_equal(c->n, 10);
    fixture_begin(fix, fix->q, c, 0, 10, NULL);
    fixture_finish_all(fix, fix->q, c, 0, 10, 1, RECIPIENT_ACCEPTED, true, 0);
    fixture_claim_free(c);
    assert_int_equal(fixture_get(fix, "a").state, NOTICE_AUDITING);
}

static void test_completion_when_the_last_page_brings_nothing(void **state)
{
    struct queue_claim *c;

    (void)state;
    fixture_accept(fix, fix->q, JSON("a", "normal"));
    next(fix->q);
    put(fix->q, "a", "", "100", false, 0, 100);
    c = fixture_claim(fix, fix->q, 15);
    fixture_begin(fix, fix->q, c, 0, 100, NULL);
    fixture_finish_all(fix, fix->q, c, 0, 100, 1, RECIPIENT_ACCEPTED, true, 0);
    fixture_claim_free(c);
    assert_null(fixture_claim(fix, fix->q, 15));
    put(fix->q, "a", "100", "100", true, 0, 0);
    assert_int_equal(total, 100);
    assert_null(fixture_claim(fix, fix->q, 15));
    fixture_audit(fix, fix->q);
    assert_int_equal(fixture_get(fix, "a").state, NOTICE_DONE);
}

static void test_an_empty_audience_is_refused(void **state)
{
    (void)state;
    fixture_accept(fix, fix->q, JSON("a", "normal"));
    next(fix->q);
    put(fix->q, "a", "", "end", true, 0, 0);
    assert_int_equal(fix->status, QUEUE_OK);
    assert_int_equal(total, 0);
    queue_stage_refuse(fix->q, "a", "empty-audience", "nobody is meant", fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(fix->status, QUEUE_OK);
    queue_stage_refuse(fix->q, "a", "empty-audience", "nobody is meant", fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(fixture_get(fix, "a").state, NOTICE_REJECTED);
    assert_string_equal(fixture_get(fix, "a").reason, "empty-audience");
    assert_true(fixture_redis_is(fix, "1", "XLEN", KEY "rejected", NULL));
    next(fix->q);
    assert_string_equal(job.id, "");
}

static void test_a_torn_page_is_said_again(void **state)
{
    (void)state;
    fixture_accept(fix, fix->q, JSON("a", "normal"));
    next(fix->q);
    put(fix->q, "a", "", "50", false, 0, 50);
    /* power loss inside the next page: its lines were written, what makes them count was not */
    free(redis_server_ask(fix->server, "HSET", KEY "n:a:aud", "0", "x\ny\n", NULL));
    free(redis_server_ask(fix->server, "HSET", KEY "n:a", "total", "1", "cursor", "1", NULL));
    put(fix->q, "a", "1", "3", true, 60, 62);
    assert_int_equal(total, 3);
    assert_true(fixture_redis_is(fix, "x\n+8613800000060 wechat:o60\t61\n+8613800000061 wechat:o61\t62\n",
                                 "HGET", KEY "n:a:aud", "0", NULL));
}

static void test_cancelled_while_staging(void **state)
{
    (void)state;
    fixture_accept(fix, fix->q, JSON("a", "normal"));
    next(fix->q);
    put(fix->q, "a", "", "150", false, 0, 150);
    fixture_cancel(fix, "a");
    assert_int_equal(fix->status, QUEUE_OK);
    put(fix->q, "a", "150", "160", true, 150, 160);
    assert_string_equal(fix->e.code, "stage-lost");
    assert_string_equal(fix->e.field, "cancelled");
    assert_null(fixture_claim(fix, fix->q, 15));
    fixture_sweep(fix, fix->q);
    assert_int_equal(fixture_get(fix, "a").counts[RECIPIENT_CANCELLED], 150);
    fixture_end_leases(fix, "a");
    next(fix->q);
    assert_string_equal(job.id, "");
}

static void test_not_staged_after_its_time(void **state)
{
    (void)state;
    fixture_accept(fix, fix->q, JSON("a", "normal"));
    fixture_clock(fix, 13 * 3600 * 1000LL);
    next(fix->q);
    assert_string_equal(job.id, "");
    fixture_clock(fix, 0);
    assert_int_equal(fixture_get(fix, "a").state, NOTICE_EXPIRED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_pages_of_any_size, fixture_fresh),
        cmocka_unit_test_setup(test_the_slower_daemon_is_told, fixture_fresh),
        cmocka_unit_test_setup(test_one_daemon_stages_at_a_time, fixture_fresh),
        cmocka_unit_test_setup(test_a_restarted_daemon_stages_on_at_once, fixture_fresh),
        cmocka_unit_test_setup(test_highest_lane_first, fixture_fresh),
        cmocka_unit_test_setup(test_only_allowed_lanes_are_staged, fixture_fresh),
        cmocka_unit_test_setup(test_all_that_a_daemon_lost_track_of_is_handed_out_again, fixture_fresh),
        cmocka_unit_test_setup(test_twins_are_dropped, fixture_fresh),
        cmocka_unit_test_setup(test_sending_begins_with_the_first_slice, fixture_fresh),
        cmocka_unit_test_setup(test_completion_when_the_last_page_brings_nothing, fixture_fresh),
        cmocka_unit_test_setup(test_an_empty_audience_is_refused, fixture_fresh),
        cmocka_unit_test_setup(test_a_torn_page_is_said_again, fixture_fresh),
        cmocka_unit_test_setup(test_cancelled_while_staging, fixture_fresh),
        cmocka_unit_test_setup(test_not_staged_after_its_time, fixture_fresh),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
