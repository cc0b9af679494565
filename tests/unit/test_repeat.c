/* `repeat` of a notice: what is refused, what is filled in, and the moments that follow. */
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
#include "model/repeat.h"

#define TZ "Asia/Shanghai"

struct told {
    struct buf text; /* "2027-02-06@2027-02-05T09:00:00+08:00 ..." */
    size_t left;
};

static struct repeat *parse(const char *json, struct err *e)
{
    json_t *v = json_loads(json, 0, NULL);
    struct repeat *r = repeat_parse(v, e);

    json_decref(v);
    return r;
}

static int64_t at(const char *iso)
{
    int64_t v;

    assert_int_equal(clock_parse_iso(iso, &v, NULL), 0);
    return v;
}

static bool on_occurrence(void *arg, const struct occurrence *o)
{
    struct told *t = arg;
    char day[32], iso[40];

    if (o->date.year == 0)
        buf_fmt(&t->text, "[%s] ", o->note);
    else
        buf_fmt(&t->text, "%s@%.16s ", repeat_date(o->date, day, sizeof(day)),
                clock_format_iso(o->send_at, TZ, iso, sizeof(iso)));
    return o->date.year == 0 || --t->left > 0;
}

static void expect(const char *json, const char *after, size_t n, const char *wanted)
{
    struct told t = {.text = BUF_INIT(4096), .left = n};
    struct repeat *r = parse(json, NULL);
    struct date d;

    assert_non_null(r);
    assert_true(date_parse(after, &d));
    assert_int_equal(repeat_complete(r, 0, at("2026-11-28T10:00:00+08:00"), TZ, NULL), 0);
    assert_int_equal(repeat_walk(r, d, TZ, on_occurrence, &t, NULL), 0);
    assert_string_equal(buf_cstr(&t.text), wanted);
    buf_fini(&t.text);
    repeat_free(r);
}

static void the_evening_before_a_lunar_day(void **state)
{
    (void)state;
    expect("{\"lunar\":\"1/1\",\"at\":\"19:00\",\"days_before\":1}", "2026-11-27", 3,
           "2027-02-06@2027-02-05T19:00 2028-01-26@2028-01-25T19:00 2029-02-13@2029-02-12T19:00 ");
    expect("{\"festival\":\"mid-autumn\"}", "2026-11-27", 1, "2027-09-15@2027-09-15T09:00 ");
    expect("{\"term\":\"qingming\",\"at\":\"08:30\"}", "2027-04-05", 1, "2028-04-04@2028-04-04T08:30 ");
}

static void a_year_without_the_day_is_told(void **state)
{
    (void)state;
    expect("{\"lunar\":\"12/30\"}", "2028-01-01", 1,
           "[month 12 of lunar year 2027 has 29 days] [month 12 of lunar year 2028 has 29 days] "
           "2030-02-02@2030-02-02T09:00 ");
    expect("{\"lunar\":\"12/30,last\"}", "2028-01-01", 1, "2028-01-25@2028-01-25T09:00 ");
    expect("{\"lunar\":\"8/30\"}", "2028-01-01", 1,
           "[month 8 of lunar year 2028 has 29 days] 2029-10-07@2029-10-07T09:00 ");
    expect("{\"lunar\":\"6L/1\",\"until\":\"2027-12-31\"}", "2026-11-28", 9,
           "[lunar year 2026 has no leap month 6] [lunar year 2027 has no leap month 6] ");
}

static void a_rule_counts_from_its_first_date(void **state)
{
    (void)state;
    expect("{\"rrule\":\"FREQ=WEEKLY;INTERVAL=2;BYDAY=SA\",\"from\":\"2026-12-05\"}", "2026-12-05", 2,
           "2026-12-19@2026-12-19T09:00 2027-01-02@2027-01-02T09:00 ");
    expect("{\"rrule\":\"FREQ=DAILY;COUNT=2\",\"from\":\"2026-12-30\"}", "2026-11-27", 9,
           "2026-12-30@2026-12-30T09:00 2026-12-31@2026-12-31T09:00 ");
}

/* The years are asked for in ever larger pieces: none is left out, none twice. */
static void a_rare_rule_is_found_and_one_that_never_comes_ends(void **state)
{
    (void)state;
    expect("{\"rrule\":\"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29\"}", "2026-11-28", 4,
           "2028-02-29@2028-02-29T09:00 2032-02-29@2032-02-29T09:00 2036-02-29@2036-02-29T09:00 "
           "2040-02-29@2040-02-29T09:00 ");
    expect("{\"rrule\":\"FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=1\",\"until\":\"2032-01-01\"}", "2026-11-28", 99,
           "2027-05-01@2027-05-01T09:00 2028-05-01@2028-05-01T09:00 2029-05-01@2029-05-01T09:00 "
           "2030-05-01@2030-05-01T09:00 2031-05-01@2031-05-01T09:00 ");
    expect("{\"rrule\":\"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\"}", "2026-11-28", 1, "");
}

static void exceptions_and_the_end(void **state)
{
    (void)state;
    expect("{\"rrule\":\"FREQ=DAILY\",\"except\":[\"2026-12-02\"],\"until\":\"2026-12-03\"}", "2026-11-30", 9,
           "2026-12-01@2026-12-01T09:00 2026-12-03@2026-12-03T09:00 ");
}

static void the_hour_that_clocks_skip(void **state)
{
    struct told t = {.text = BUF_INIT(4096), .left = 2};
    struct repeat *r = parse("{\"rrule\":\"FREQ=DAILY\",\"at\":\"02:30\",\"from\":\"2027-03-14\"}", NULL);
    struct date d = {2027, 3, 13};

    (void)state;
    assert_int_equal(repeat_complete(r, 0, 0, "America/New_York", NULL), 0);
    assert_int_equal(repeat_walk(r, d, "America/New_York", on_occurrence, &t, NULL), 0);
    /* 03:30 EDT is 07:30Z; the next day 02:30 EDT is 06:30Z */
    assert_string_equal(buf_cstr(&t.text), "2027-03-14@2027-03-14T15:30 2027-03-15@2027-03-15T14:30 ");
    buf_fini(&t.text);
    repeat_free(r);
}

static void what_is_left_open_comes_from_send_at(void **state)
{
    struct repeat *r = parse("{\"rrule\":\"FREQ=WEEKLY;BYDAY=SA\",\"days_before\":1}", NULL);
    char *s;
    json_t *o;

    (void)state;
    assert_int_equal(repeat_complete(r, at("2026-12-04T18:15:00+08:00"), 0, TZ, NULL), 0);
    o = repeat_json(r);
    s = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(
        s, "{\"at\":\"18:15\",\"days_before\":1,\"from\":\"2026-12-05\",\"rrule\":\"FREQ=WEEKLY;BYDAY=SA\"}");
    free(s);
    json_decref(o);
    repeat_free(r);
}

static void what_is_no_rule_is_refused(void **state)
{
    static const char *const bad[][2] = {
        {"{}",                                                                    "repeat"            },
        {"{\"at\":\"09:00\"}",                                                    "repeat"            },
        {"{\"lunar\":\"8/31\"}",                                                  "repeat"            },
        {"{\"lunar\":8}",                                                         "repeat.lunar"      },
        {"{\"lunar\":\"8/15\",\"term\":\"qingming\"}",                            "repeat"            },
        {"{\"festival\":\"easter\"}",                                             "repeat"            },
        {"{\"rrule\":\"FREQ=SECONDLY\"}",                                         "repeat"            },
        {"{\"rrule\":\"\"}",                                                      "repeat"            },
        {"{\"rrule\":\"FREQ=LUNAR_YEARLY;BYMONTH=1\"}",                           "repeat"            },
        {"{\"lunar\":\"8/15\",\"at\":\"9:00\"}",                                  "repeat.at"         },
        {"{\"lunar\":\"8/15\",\"at\":\"24:00\"}",                                 "repeat.at"         },
        {"{\"lunar\":\"8/15\",\"days_before\":61}",                               "repeat.days_before"},
        {"{\"lunar\":\"8/15\",\"until\":\"2027-02-30\"}",                         "repeat.until"      },
        {"{\"lunar\":\"8/15\",\"until\":\"0000-01-01\"}",                         "repeat.until"      },
        {"{\"lunar\":\"8/15\",\"from\":\"2028-01-01\",\"until\":\"2027-01-01\"}", "repeat.until"      },
        {"{\"lunar\":\"8/15\",\"except\":\"2027-01-01\"}",                        "repeat.except"     },
        {"{\"lunar\":\"8/15\",\"every\":2}",                                      "repeat"            },
        {"[]",                                                                    "repeat"            },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct err e = {{0}, {0}, {0}};

        assert_null(parse(bad[i][0], &e));
        assert_string_equal(e.code, "bad-repeat");
        assert_string_equal(e.field, bad[i][1]);
    }
}

static void an_end_before_the_time_is_refused(void **state)
{
    struct repeat *r = parse("{\"lunar\":\"8/15\",\"not_after\":\"09:00\"}", NULL);
    struct err e = {{0}, {0}, {0}};

    (void)state;
    assert_int_equal(repeat_complete(r, 0, 0, TZ, &e), -1);
    assert_string_equal(e.field, "repeat.not_after");
    repeat_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_evening_before_a_lunar_day),
        cmocka_unit_test(a_year_without_the_day_is_told),
        cmocka_unit_test(a_rule_counts_from_its_first_date),
        cmocka_unit_test(a_rare_rule_is_found_and_one_that_never_comes_ends),
        cmocka_unit_test(exceptions_and_the_end),
        cmocka_unit_test(the_hour_that_clocks_skip),
        cmocka_unit_test(what_is_left_open_comes_from_send_at),
        cmocka_unit_test(what_is_no_rule_is_refused),
        cmocka_unit_test(an_end_before_the_time_is_refused),
    };

    return cmocka_run_group_tests_name("repeat", tests, NULL, NULL);
}
