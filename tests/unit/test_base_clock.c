/* base/clock and base/tz: times as text, time zones, the fake clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/tz.h"

static const struct {
    const char *text;
    bool good;
    int64_t at;
} iso_rows[] = {
    {"2026-09-25T09:00:00+08:00",    true,  1790298000000},
    {"2026-09-25T01:00:00Z",         true,  1790298000000},
    {"2026-09-25T01:00Z",            true,  1790298000000},
    {"2026-09-25 09:00+08:00",       true,  1790298000000},
    {"2026-09-25T09:00:00+0800",     true,  1790298000000},
    {"2026-09-25T09:00:00+08",       true,  1790298000000},
    {"2026-09-24T20:30:00.5-04:30",  true,  1790298000500},
    {"2026-09-25T01:00:00.1234567Z", true,  1790298000123},
    {"1970-01-01T00:00:00Z",         true,  0            },
    {"1969-12-31T23:59:59.999Z",     true,  -1           },
    {"2024-02-29T00:00:00Z",         true,  1709164800000},
    {"2026-02-29T00:00:00Z",         false, 0            },
    {"2100-02-29T00:00:00Z",         false, 0            },
    {"2026-13-01T00:00:00Z",         false, 0            },
    {"2026-00-01T00:00:00Z",         false, 0            },
    {"2026-04-31T00:00:00Z",         false, 0            },
    {"2026-01-01T24:00:00Z",         false, 0            },
    {"2026-01-01T00:60:00Z",         false, 0            },
    {"2026-01-01T00:00:60Z",         false, 0            },
    {"2026-01-01T00:00:00",          false, 0            },
    {"2026-01-01",                   false, 0            },
    {"2026-01-01T00:00:00+8:00",     false, 0            },
    {"2026-01-01T00:00:00+99:00",    false, 0            },
    {"2026-01-01T00:00:00+08:60",    false, 0            },
    {"2026-01-01T00:00:00Zx",        false, 0            },
    {"2026-01-01T00:00:00.Z",        false, 0            },
    {"26-01-01T00:00:00Z",           false, 0            },
    {" 2026-01-01T00:00:00Z",        false, 0            },
    {"tomorrow",                     false, 0            },
    {"",                             false, 0            },
};

static void iso_times_need_an_offset_and_a_day_that_exists(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(iso_rows); i++) {
        struct err e = {.code = ""};
        int64_t at = 0;
        bool good = clock_parse_iso(iso_rows[i].text, &at, &e) == 0;

        if (good != iso_rows[i].good || (good && at != iso_rows[i].at))
            fail_msg("\"%s\": %s, %lld", iso_rows[i].text, good ? "taken" : e.msg, (long long)at);
        if (!good)
            assert_string_equal(e.code, "bad-time");
    }
}

static const struct {
    const char *text, *tz;
    bool good;
    const char *utc;
} local_rows[] = {
    {"2026-09-25T09:00",       "Asia/Shanghai",    true,  "2026-09-25T01:00:00+00:00"},
    {"2026-09-25T09:00+00:00", "Asia/Shanghai",    true,  "2026-09-25T09:00:00+00:00"},
    {"1988-07-01T12:00:00",    "Asia/Shanghai",    true,
     "1988-07-01T03:00:00+00:00"                                                     }, /* China had summer time then */
    {"2026-07-01T12:00",       "Europe/Berlin",    true,  "2026-07-01T10:00:00+00:00"},
    {"2026-12-01T12:00",       "Europe/Berlin",    true,  "2026-12-01T11:00:00+00:00"},
    {"2026-03-29T02:30",       "Europe/Berlin",    false, NULL                       }, /* skipped */
    {"2026-10-25T02:30",       "Europe/Berlin",    true,  "2026-10-25T00:30:00+00:00"}, /* lived twice: the earlier */
    {"2055-07-01T12:00",       "America/New_York", true,
     "2055-07-01T16:00:00+00:00"                                                     }, /* beyond the table: its rule */
    {"2055-12-01T12:00",       "America/New_York", true,  "2055-12-01T17:00:00+00:00"},
    {"2055-01-01T12:00",       "Australia/Sydney", true,
     "2055-01-01T01:00:00+00:00"                                                     }, /* summer over the new year */
    {"2055-07-01T12:00",       "Australia/Sydney", true,  "2055-07-01T02:00:00+00:00"},
    {"2026-01-01T12:00",       "Asia/Kathmandu",   true,  "2026-01-01T06:15:00+00:00"},
    {"2026-01-01T12:00",       "UTC",              true,  "2026-01-01T12:00:00+00:00"},
    {"2026-01-01T12:00",       "Mars/Olympus",     false, NULL                       },
};

static void local_times_are_taken_in_their_zone(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(local_rows); i++) {
        struct err e = {.code = ""};
        int64_t at = 0;
        char text[40];
        bool good = clock_parse_local(local_rows[i].text, local_rows[i].tz, &at, &e) == 0;

        if (good != local_rows[i].good ||
            (good && strcmp(clock_format_iso(at, "UTC", text, sizeof(text)), local_rows[i].utc) != 0))
            fail_msg("%s in %s: %s", local_rows[i].text, local_rows[i].tz, good ? text : e.msg);
    }
}

/* The C library is the witness: every fifth day at an odd hour for two centuries, in zones of all kinds. */
static void zones_agree_with_the_c_library(void **state)
{
    static const char *const zones[] = {"Asia/Shanghai",       "Europe/Berlin",     "America/New_York",
                                        "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu",
                                        "Africa/Casablanca",   "Europe/Dublin",     "America/Nuuk",
                                        "Pacific/Apia",        "Asia/Tehran",       "Antarctica/Troll"};

    (void)state;
    for (size_t z = 0; z < ARRAY_LEN(zones); z++) {
        const struct tz *tz = tz_find(zones[z]);

        if (tz == NULL)
            continue; /* an older tzdata may lack one of them */
        setenv("TZ", zones[z], 1);
        tzset();
        for (time_t t = -2000000000; t < 4200000000; t += 5 * 86400 + 3677) {
            struct tm tm;

            localtime_r(&t, &tm);
            if (tm.tm_gmtoff != tz_offset(tz, t))
                fail_msg("%s at %lld: %ld, we say %d", zones[z], (long long)t, tm.tm_gmtoff,
                         tz_offset(tz, t));
        }
    }
    unsetenv("TZ");
}

static void local_times_can_be_shown(void **state)
{
    struct clock_local t;
    char text[40];

    (void)state;
    clock_local(1790298000999, "Asia/Shanghai", &t);
    assert_int_equal(t.year, 2026);
    assert_int_equal(t.month, 9);
    assert_int_equal(t.day, 25);
    assert_int_equal(t.hour, 9);
    assert_int_equal(t.minute, 0);
    assert_int_equal(t.second, 0);
    assert_int_equal(t.weekday, 5); /* Friday: the Mid-Autumn festival of 2026 */
    assert_int_equal(t.offset_s, 28800);
    clock_local(-1, "UTC", &t);
    assert_int_equal(t.year, 1969);
    assert_int_equal(t.second, 59);
    assert_int_equal(t.weekday, 3);
    assert_string_equal(clock_format_iso(1790298000999, "Asia/Shanghai", text, sizeof(text)),
                        "2026-09-25T09:00:00+08:00");
    assert_string_equal(clock_format_iso(0, "America/St_Johns", text, sizeof(text)),
                        "1969-12-31T20:30:00-03:30");
}

static void days_and_dates_are_inverse(void **state)
{
    int y = 0, m = 0, d = 0;

    (void)state;
    assert_int_equal(tz_days(1970, 1, 1), 0);
    assert_int_equal(tz_days(2000, 3, 1), 11017);
    for (int64_t day = -800000; day < 800000; day += 17) {
        tz_date(day, &y, &m, &d);
        assert_int_equal(tz_days(y, m, d), day);
    }
}

static void only_zones_of_the_system_are_known(void **state)
{
    static const char *const bad[] = {
        "",       "Asia/Shanghai ", "../../../etc/passwd", "/etc/localtime", "Asia",
        "CST-8x", "zone.tab",       "tzdata.zi",           "Asia//..",       ":Asia/Shanghai"};

    (void)state;
    assert_true(clock_tz_check("Asia/Shanghai"));
    assert_true(clock_tz_check("UTC"));
    assert_true(clock_tz_check("Etc/GMT+8"));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (clock_tz_check(bad[i]))
            fail_msg("\"%s\" was taken", bad[i]);
}

static void the_clock_can_be_replaced(void **state)
{
    (void)state;
    clock_fake(1000000, 5000000);
    assert_int_equal(clock_wall_ms(), 1000000);
    clock_fake_advance(250);
    assert_int_equal(clock_wall_ms(), 1000250);
    assert_int_equal(clock_mono_us(), 5250000);
    assert_int_equal(clock_mono_ms(), 5250);
    clock_fake_off();
    assert_in_range(clock_wall_ms() / 1000, 1700000000, 9000000000);
    assert_true(clock_mono_us() <= clock_mono_us());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iso_times_need_an_offset_and_a_day_that_exists),
        cmocka_unit_test(local_times_are_taken_in_their_zone),
        cmocka_unit_test(zones_agree_with_the_c_library),
        cmocka_unit_test(local_times_can_be_shown),
        cmocka_unit_test(days_and_dates_are_inverse),
        cmocka_unit_test(only_zones_of_the_system_are_known),
        cmocka_unit_test(the_clock_can_be_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
