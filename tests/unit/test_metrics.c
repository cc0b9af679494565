/* The Prometheus text: buckets, labels; the names of the contract are asked for in test_api.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "daemon/events.h"
#include "daemon/metrics.h"

static void test_buckets(void **state)
{
    static const struct {
        const char *name;
        int64_t us;
        size_t bucket;
    } rows[] = {
        {"nothing is in the first",       0,         0 },
        {"a bound belongs to its bucket", 5000,      0 },
        {"one more to the next",          5001,      1 },
        {"the last bound",                30000000,  11},
        {"beyond all bounds",             30000001,  12},
        {"far beyond",                    INT64_MAX, 12},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (metrics_bucket(rows[i].us) != rows[i].bucket)
            fail_msg("%s: %zu", rows[i].name, metrics_bucket(rows[i].us));
    for (size_t i = 1; i < METRICS_BOUNDS; i++)
        assert_true(metrics_bounds_us[i] > metrics_bounds_us[i - 1]);
}

static void test_labels_are_escaped(void **state)
{
    struct buf b = BUF_INIT(1000);

    (void)state;
    assert_int_equal(metrics_label(&b, "a\"b\\c\nd金"), 0);
    assert_string_equal(buf_cstr(&b), "a\\\"b\\\\c\\nd金");
    buf_fini(&b);
}

static void test_counters_are_bounded(void **state)
{
    struct events *e = events_new();
    const struct events_counters *c = events_counters(e);

    (void)state;
    events_reply(e, "p1", "join");
    events_reply(e, "p1", "join");
    events_reply(e, "p1", "leave");
    assert_string_equal(c->replies[0].key, "p1\tjoin");
    assert_int_equal(c->replies[0].n, 2);
    assert_int_equal(c->replies[1].n, 1);
    for (int i = 0; i < 1000; i++) {
        char reason[32];
        assert_true(snprintf(reason, sizeof(reason), "reason-%d", i) < (int)sizeof(reason));
        events_rejected(e, reason);
    }
    size_t last = ARRAY_LEN(c->rejected) - 1;
    assert_string_equal(c->rejected[last].key, "other");
    assert_int_equal(c->rejected[last].n, 1000 - (int)last);
    events_free(e);
}

static int n_heard;

static void hear(void *arg, const char *type, const char *json)
{
    struct events_sub **me = arg;

    assert_string_equal(type, "notice.state");
    assert_string_equal(json, "{\"id\":\"x\"}");
    n_heard++;
    if (n_heard == 2) {
        events_unsubscribe(*me);
        *me = NULL;
    }
}

static void test_a_subscriber_may_leave_while_it_is_told(void **state)
{
    struct events *e = events_new();
    struct events_sub *one, *two;

    (void)state;
    n_heard = 0;
    one = events_subscribe(e, hear, &one);
    two = events_subscribe(e, hear, &two);
    for (int i = 0; i < 2; i++)
        events_publish(e, "notice.state", json_pack("{s:s}", "id", "x"));
    assert_int_equal(n_heard, 3);
    assert_non_null(one);
    assert_null(two);
    events_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_labels_are_escaped),
        cmocka_unit_test(test_counters_are_bounded),
        cmocka_unit_test(test_a_subscriber_may_leave_while_it_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
