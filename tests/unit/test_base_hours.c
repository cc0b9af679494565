/* Hours of the day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/hours.h"
#include "base/mem.h"

#define MIN 60000LL

static const struct {
    const char *hours, *at;
    int64_t wait_ms;
} rows[] = {
    {"08:00-20:00", "2026-11-28T08:00:00+08:00", 0        },
    {"08:00-20:00", "2026-11-28T19:59:59+08:00", 0        },
    {"08:00-20:00", "2026-11-28T20:00:00+08:00", 720 * MIN},
    {"08:00-20:00", "2026-11-28T07:59:30+08:00", 30000    },
    {"08:00-20:00", "2026-11-28T23:30:00Z",      30 * MIN }, /* 07:30 the next day there */
    {"22:00-06:00", "2026-11-28T23:00:00+08:00", 0        },
    {"22:00-06:00", "2026-11-28T05:59:00+08:00", 0        },
    {"22:00-06:00", "2026-11-28T06:00:00+08:00", 960 * MIN},
    {"00:00-24:00", "2026-11-28T03:00:00+08:00", 0        },
    {"",            "2026-11-28T03:00:00+08:00", 0        },
};

static void test_waits(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t at, wait;

        assert_int_equal(clock_parse_iso(rows[i].at, &at, NULL), 0);
        wait = hours_wait_ms(rows[i].hours, at, "Asia/Shanghai");
        if (wait != rows[i].wait_ms)
            fail_msg("%s at %s: %lld", rows[i].hours, rows[i].at, (long long)wait);
        assert_int_equal(hours_wait_ms(rows[i].hours, at + wait, "Asia/Shanghai"), 0);
    }
}

static void test_what_is_none(void **state)
{
    static const char *const bad[] = {"",
                                      "8:00-20:00",
                                      "08:00-20:0",
                                      "08:00-08:00",
                                      "08:00 20:00",
                                      "08:60-20:00",
                                      "24:01-20:00",
                                      "08:00-20:00 ",
                                      "25:00-20:00"};

    (void)state;
    assert_true(hours_check("08:00-20:00"));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (hours_check(bad[i]))
            fail_msg("\"%s\"", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
