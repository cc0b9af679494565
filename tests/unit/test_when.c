/* The year's days: lunar dates, festivals, solar terms, RRULEs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "model/when.h"

static struct buf found;

static void on_day(void *arg, const struct date *d, const char *note)
{
    (void)arg;
    (void)note;
    if (d == NULL)
        buf_str(&found, "- ");
    else
        buf_fmt(&found, "%04d-%02d-%02d ", d->year, d->month, d->day);
}

static const char *resolve(const char *rule, int from, int to)
{
    struct err e = {{0}, {0}, {0}};
    struct when *w = when_parse(rule, &e);

    buf_fini(&found);
    found = BUF_INIT(1 << 20);
    if (w == NULL || when_resolve(w, from, to, on_day, NULL, &e) != 0) {
        buf_reset(&found);
        buf_fmt(&found, "!%s", e.code);
    }
    when_free(w);
    return buf_cstr(&found);
}

/* Official days, many of them where ICU's calendar is wrong (2027, 2030, 2057, 2070). */
static const struct {
    const char *rule;
    int from, to;
    const char *days;
} rows[] = {
    {"festival:spring-festival", 2026, 2030, "2026-02-17 2027-02-06 2028-01-26 2029-02-13 2030-02-03 "},
    {"festival:new-years-eve",   2026, 2030, "2026-02-16 2027-02-05 2028-01-25 2029-02-12 2030-02-02 "},
    {"festival:lantern",         2027, 2030, "2027-02-20 2028-02-09 2029-02-27 2030-02-17 "           },
    {"festival:dragon-heads-up", 2070, 2070, "2070-03-13 "                                            },
    {"festival:double-ninth",    2057, 2057, "2057-10-06 "                                            },
    {"festival:mid-autumn",      2024, 2027, "2024-09-17 2025-10-06 2026-09-25 2027-09-15 "           },
    {"festival:dragon-boat",     2024, 2026, "2024-06-10 2025-05-31 2026-06-19 "                      },
    {"festival:qixi",            2024, 2026, "2024-08-10 2025-08-29 2026-08-19 "                      },
    {"festival:laba",            2024, 2027, "2024-01-18 2025-01-07 2026-01-26 2027-01-15 "           },
    {"festival:qingming",        2024, 2027, "2024-04-04 2025-04-04 2026-04-05 2027-04-05 "           },
    {"term:winter-solstice",     2024, 2027, "2024-12-21 2025-12-21 2026-12-22 2027-12-22 "           },
    {"festival:national-day",    2026, 2027, "2026-10-01 2027-10-01 "                                 },
    {"lunar:8/15",               2026, 2026, "2026-09-25 "                                            },
    {"lunar:12/30",              2024, 2027, "2024-02-09 - - - "                                      },
    {"lunar:12/30,last",         2024, 2027, "2024-02-09 2025-01-28 2026-02-16 2027-02-05 "           },
    {"lunar:6L/1",               2025, 2026, "2025-07-25 - "                                          },
    {"lunar:6/1",                2025, 2025, "2025-06-25 "                                            },
    {"lunar:7/1",                2025, 2025, "2025-08-23 "                                            },
    {"lunar:1/1",                2023, 2024, "!year-outside"                                          },
    {"lunar:1/1",                2099, 2100, "!year-outside"                                          },
    {"lunar:13/1",               2026, 2026, "!bad-rule"                                              },
    {"lunar:1/31",               2026, 2026, "!bad-rule"                                              },
    {"lunar:1/1,first",          2026, 2026, "!bad-rule"                                              },
    {"festival:easter",          2026, 2026, "!bad-rule"                                              },
    {"solar:1/1",                2026, 2026, "!bad-rule"                                              },
    {"festival:new-year",        2027, 2026, "!bad-rule"                                              },
};

static void test_days(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(resolve(rows[i].rule, rows[i].from, rows[i].to), rows[i].days) != 0)
            fail_msg("%s %d-%d: %s", rows[i].rule, rows[i].from, rows[i].to, buf_cstr(&found));
}

static const struct {
    const char *rule, *days;
} rules[] = {
    {"FREQ=MONTHLY;BYDAY=1SA",
     "2027-01-02 2027-02-06 2027-03-06 2027-04-03 2027-05-01 2027-06-05 2027-07-03 2027-08-07 "
     "2027-09-04 2027-10-02 2027-11-06 2027-12-04 "                                             },
    {"FREQ=MONTHLY;BYDAY=1SA;COUNT=2",            "2027-01-02 2027-02-06 "                      },
    {"FREQ=YEARLY;BYMONTH=5;BYDAY=-1SU",          "2027-05-30 "                                 },
    {"FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=15",     "2027-01-15 2027-04-15 2027-07-15 2027-10-15 "},
    {"FREQ=MONTHLY;BYMONTHDAY=31;UNTIL=20270601", "2027-01-31 2027-03-31 2027-05-31 "           },
    {"FREQ=WEEKLY;INTERVAL=2;COUNT=3@2027-03-06", "2027-03-06 2027-03-20 2027-04-03 "           },
    {"COUNT=2;FREQ=DAILY",                        "2027-01-01 2027-01-02 "                      },
    {"FREQ=DAILY;INTERVAL=1;WKST=MO;COUNT=1",     "2027-01-01 "                                 },
    {"",                                          "!bad-rule"                                   },
    {"BYDAY=SA",                                  "!bad-rule"                                   },
    {"FREQ=HOURLY",                               "!bad-rule"                                   },
    {"FREQ=LUNAR_YEARLY;BYMONTH=10",              "!bad-rule"                                   },
    {"RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=12L",    "!bad-rule"                                   },
    {"FREQ=DAILY;COUNT=5x",                       "!bad-rule"                                   },
    {"FREQ=DAILY;COUNT=0",                        "!bad-rule"                                   },
    {"FREQ=DAILY;UNTIL=20301301",                 "!bad-rule"                                   },
    {"FREQ=YEARLY;;BYMONTH=1",                    "!bad-rule"                                   },
    {"FREQ=WEEKLY;BYDAY=255SU",                   "!bad-rule"                                   },
    {"FREQ=DAILY;INTERVAL=65537",                 "!bad-rule"                                   },
    {"FREQ=DAILY;COUNT=2;UNTIL=20271231",         "!bad-rule"                                   },
    {"FREQ=DAILY;FREQ=WEEKLY",                    "!bad-rule"                                   },
    {"FREQ=DAILY;BYMONTH=1,",                     "!bad-rule"                                   },
    {"FREQ=DAILY@2027-02-30",                     "!bad-rule"                                   },
    {"FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",     "!bad-rule"                                   },
};

static void test_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        struct buf rule = BUF_INIT(400);

        buf_fmt(&rule, "rrule:%s", rules[i].rule);
        if (strcmp(resolve(buf_cstr(&rule), 2027, 2027), rules[i].days) != 0)
            fail_msg("%s: %s", rules[i].rule, buf_cstr(&found));
        buf_fini(&rule);
    }
}

/* Each festival once in each year from 2024 to 2099, but for those near the turn of the year. */
static void test_every_festival_of_every_year(void **state)
{
    struct buf rule = BUF_INIT(64);

    (void)state;
    for (size_t i = 0; when_festival(i) != NULL; i++) {
        buf_reset(&rule);
        buf_fmt(&rule, "festival:%s", when_festival(i));
        for (int year = 2024; year <= 2099; year++) {
            size_t n = strlen(resolve(buf_cstr(&rule), year, year));

            if (n != 11 && !(strcmp(when_festival(i), "laba") == 0 && (n == 0 || n == 22)))
                fail_msg("%s %d: %s", when_festival(i), year, buf_cstr(&found));
        }
    }
    buf_fini(&rule);
}

static void test_days_of_the_civil_calendar(void **state)
{
    struct date d;

    (void)state;
    assert_int_equal(date_days((struct date){1970, 1, 1}), 0);
    assert_int_equal(date_days((struct date){2000, 3, 1}), 11017);
    for (long day = -800000; day < 800000; day += 97) {
        d = date_from_days(day);
        assert_int_equal(date_days(d), day);
        assert_true(date_valid(d));
    }
    assert_true(date_parse("2028-02-29", &d));
    assert_false(date_parse("2027-02-29", &d));
    assert_false(date_parse("2027-2-28", &d));
    assert_false(date_parse("2027-13-01", &d));
}

static int clean(void **state)
{
    (void)state;
    buf_fini(&found);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_every_festival_of_every_year),
        cmocka_unit_test(test_days_of_the_civil_calendar),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
