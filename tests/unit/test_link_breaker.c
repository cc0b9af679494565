#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "daemon/link_breaker.h"

#define SECOND 1000000

/* ${n} requests at ${at_us}, of which every ${every}-th is hard (0 = none). */
static void requests(struct link_breaker *b, int n, int every, int64_t at_us)
{
    for (int i = 0; i < n; i++)
        link_breaker_end(b, false, every != 0 && i % every == 0, at_us);
}

static const struct {
    const char *name;
    int n, every;
    int64_t spread_us;
    enum link_breaker_state state;
} rows[] = {
    {"19 failures are too few to judge",                   19, 1, 0,              LINK_BREAKER_CLOSED},
    {"20 failures open it",                                20, 1, 0,              LINK_BREAKER_OPEN  },
    {"half of 40 open it",                                 40, 2, 0,              LINK_BREAKER_OPEN  },
    {"a third of 60 does not",                             60, 3, 0,              LINK_BREAKER_CLOSED},
    {"20 failures, one every second, are never 20 in ten", 20, 1, SECOND,         LINK_BREAKER_CLOSED},
    {"20 failures within eight seconds open it",           20, 1, SECOND * 2 / 5, LINK_BREAKER_OPEN  },
};

static void opens_at_half_hard_of_twenty_in_ten_seconds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct link_breaker b;

        link_breaker_init(&b);
        if (rows[i].spread_us == 0)
            requests(&b, rows[i].n, rows[i].every, 100 * SECOND);
        for (int k = 0; rows[i].spread_us != 0 && k < rows[i].n; k++)
            requests(&b, 1, 1, 100 * SECOND + k * rows[i].spread_us);
        if (b.state != rows[i].state)
            fail_msg("%s: state %d", rows[i].name, (int)b.state);
    }
}

static void one_probe_at_a_time_and_waits_that_double(void **state)
{
    struct link_breaker b;
    int64_t now = 100 * SECOND;

    (void)state;
    link_breaker_init(&b);
    requests(&b, 20, 1, now);
    assert_false(link_breaker_allows(&b, LANE_NORMAL, now));
    assert_int_equal(link_breaker_wait_us(&b, LANE_NORMAL, now), SECOND);
    now += SECOND;
    assert_true(link_breaker_allows(&b, LANE_NORMAL, now));
    assert_true(link_breaker_start(&b));
    assert_false(link_breaker_allows(&b, LANE_EMERGENCY, now));
    assert_true(link_breaker_end(&b, true, true, now));
    assert_int_equal(link_breaker_wait_us(&b, LANE_NORMAL, now), 2 * SECOND);
    for (int i = 0; i < 10; i++) {
        now += link_breaker_wait_us(&b, LANE_NORMAL, now);
        link_breaker_start(&b);
        link_breaker_end(&b, true, true, now);
    }
    assert_int_equal(link_breaker_wait_us(&b, LANE_NORMAL, now), 30 * SECOND);
    assert_int_equal(link_breaker_wait_us(&b, LANE_EMERGENCY, now), SECOND); /* never silence */
    now += SECOND;
    link_breaker_start(&b);
    assert_true(link_breaker_end(&b, true, false, now));
    assert_true(link_breaker_allows(&b, LANE_NORMAL, now));
}

static void a_probe_that_came_to_nothing_lets_the_next_one_go(void **state)
{
    struct link_breaker b;

    (void)state;
    link_breaker_init(&b);
    link_breaker_trip(&b, 0);
    assert_int_equal(link_breaker_wait_us(&b, LANE_BULK, 0), 30 * SECOND);
    link_breaker_start(&b);
    assert_false(link_breaker_allows(&b, LANE_BULK, 31 * SECOND));
    link_breaker_forget(&b);
    assert_true(link_breaker_allows(&b, LANE_BULK, 31 * SECOND));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_at_half_hard_of_twenty_in_ten_seconds),
        cmocka_unit_test(one_probe_at_a_time_and_waits_that_double),
        cmocka_unit_test(a_probe_that_came_to_nothing_lets_the_next_one_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
