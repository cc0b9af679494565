/* Activities: their window and their JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "model/eligible.h"

static void the_window_and_staff_decide_the_state(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int64_t opens, closes, starts, now;
        enum activity_state stored, want;
    } rows[] = {
        {"opens at once",                             0,  0,  100, 5,   ACTIVITY_OPEN,      ACTIVITY_OPEN     },
        {"before it opens",                           10, 0,  100, 9,   ACTIVITY_OPEN,      ACTIVITY_PLANNED  },
        {"the moment it opens",                       10, 0,  100, 10,  ACTIVITY_OPEN,      ACTIVITY_OPEN     },
        {"without closing time it ends at the start", 0,  0,  100, 100, ACTIVITY_OPEN,      ACTIVITY_CLOSED   },
        {"closes before the start",                   0,  50, 100, 50,  ACTIVITY_OPEN,      ACTIVITY_CLOSED   },
        {"staff closed it",                           0,  50, 100, 5,   ACTIVITY_CLOSED,    ACTIVITY_CLOSED   },
        {"staff cancelled it",                        0,  50, 100, 500, ACTIVITY_CANCELLED, ACTIVITY_CANCELLED},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct activity a = {.opens_at = rows[i].opens,
                                   .closes_at = rows[i].closes,
                                   .starts_at = rows[i].starts,
                                   .stored = rows[i].stored};
        if (activity_state_at(&a, rows[i].now) != rows[i].want)
            fail_msg("%s", rows[i].what);
    }
}

static int parse(struct activity *a, const char *json, struct err *e)
{
    json_t *j = json_loads(json, 0, NULL);
    int rc;

    assert_non_null(j);
    rc = activity_from_json(a, j, "Asia/Shanghai", e);
    json_decref(j);
    return rc;
}

static void a_body_becomes_an_activity_and_back(void **state)
{
    (void)state;
    struct activity a;
    struct err e = {.msg = ""};

    if (parse(&a,
              "{\"code\":\"篮球-1\",\"title\":\" 篮球赛 "
              "\",\"seats\":20,\"aliases\":[\"basketball\",\"打球\"],\"starts\":\"2026-11-28T09:00\","
              "\"closes_at\":\"2026-11-27T18:00:00+08:00\","
              "\"opens_at\":null,\"place\":\"文化广场\"}",
              &e) < 0)
        fail_msg("%s", e.msg);
    assert_string_equal(a.title, "篮球赛");
    assert_int_equal(a.max_party, 10);
    assert_int_equal(a.n_aliases, 2);
    assert_int_equal(a.opens_at, 0);
    assert_int_equal(a.starts_at, 1795827600000);
    a.taken = 3;
    json_t *j = activity_json(&a, a.starts_at - 86400000, "Asia/Shanghai");
    assert_string_equal(json_string_value(json_object_get(j, "state")), "open");
    assert_int_equal(json_integer_value(json_object_get(j, "free")), 17);
    assert_string_equal(json_string_value(json_object_get(j, "starts_at")), "2026-11-28T09:00:00+08:00");
    assert_true(json_is_null(json_object_get(j, "opens_at")));
    json_decref(j);
}

static void bad_bodies_name_the_member(void **state)
{
    (void)state;
    static const struct {
        const char *json, *field;
    } rows[] = {
        {"[]",                                                                                                           "body"          },
        {"{\"title\":\"t\",\"seats\":1,\"starts\":\"2026-11-28T09:00\"}",                                                "code"          },
        {"{\"code\":\"a b\",\"title\":\"t\",\"seats\":1,\"starts\":\"2026-11-28T09:00\"}",                               "code"          },
        {"{\"code\":\"a:reg\",\"title\":\"t\",\"seats\":1,\"starts\":\"2026-11-28T09:00\"}",                             "code"          },
        {"{\"code\":\"\\ud83c\\udfc0\",\"title\":\"t\",\"seats\":1,\"starts\":\"2026-11-28T09:00\"}",                    "code"          },
        {"{\"code\":\"篮球篮球篮球篮球篮球篮\",\"title\":\"t\",\"seats\":1,\"starts\":\"2026-11-28T09:00\"}",
         "code"                                                                                                                          },
        {"{\"code\":\"a\",\"seats\":1,\"starts\":\"2026-11-28T09:00\"}",                                                 "title"         },
        {"{\"code\":\"a\",\"title\":\"t\\nu\",\"seats\":1,\"starts\":\"2026-11-28T09:00\"}",                             "title"         },
        {"{\"code\":\"a\",\"title\":\"t\",\"starts\":\"2026-11-28T09:00\"}",                                             "seats"         },
        {"{\"code\":\"a\",\"title\":\"t\",\"seats\":0,\"starts\":\"2026-11-28T09:00\"}",                                 "seats"         },
        {"{\"code\":\"a\",\"title\":\"t\",\"seats\":\"9\",\"starts\":\"2026-11-28T09:00\"}",                             "seats"         },
        {"{\"code\":\"a\",\"title\":\"t\",\"seats\":1}",                                                                 "starts_at"     },
        {"{\"code\":\"a\",\"title\":\"t\",\"seats\":1,\"starts\":\"2026-02-30T09:00\"}",                                 "starts"        },
        {"{\"code\":\"a\",\"title\":\"t\",\"seats\":1,\"starts\":\"2026-11-28T09:00\",\"opens\":\"2026-11-"
         "28T10:00\"}",                                                                                         "starts_at"     },
        {"{\"code\":\"a\",\"title\":\"t\",\"seats\":1,\"starts\":\"2026-11-28T09:00\",\"colour\":\"red\"}",
         "colour"                                                                                                                        },
        {"{\"code\":\"a\",\"title\":\"t\",\"seats\":1,\"starts\":\"2026-11-28T09:00\",\"aliases\":[\"\"]}",
         "aliases"                                                                                                                       },
        {"{\"code\":\"a\",\"title\":\"t\",\"seats\":1,\"starts\":\"2026-11-28T09:00\",\"aliases\":\"x\"}",
         "aliases"                                                                                                                       },
        {"{\"code\":\"a\",\"title\":\"t\",\"seats\":1,\"starts\":\"2026-11-28T09:00\",\"reminders\":["
         "\"soon\"]}",                                                                                          "reminders"     },
        {"{\"code\":\"a\",\"title\":\"t\",\"seats\":1,\"starts\":\"2026-11-28T09:00\",\"reminders\":\"24h\"}",
         "reminders"                                                                                                                     },
        {"{\"code\":\"a\",\"title\":\"t\",\"seats\":1,\"starts\":\"2026-11-28T09:00\",\"map\":\"http://"
         "map.example/1\"}",                                                                                    "map"           },
        {"{\"code\":\"a\",\"title\":\"t\",\"seats\":1,\"starts\":\"2026-11-28T09:00\",\"map\":\"https://a "
         "b\"}",                                                                                                "map"           },
        {"{\"code\":\"a\",\"title\":\"t\",\"seats\":1,\"starts\":\"2026-11-28T09:00\",\"for_areas\":["
         "\"venus\"]}",                                                                                         "for_areas"     },
        {"{\"code\":\"a\",\"title\":\"t\",\"seats\":1,\"starts\":\"2026-11-28T09:00\",\"for_tags\":[\"\"]}",
         "for_tags"                                                                                                                      },
        {"{\"code\":\"a\",\"title\":\"t\",\"seats\":1,\"starts\":\"2026-11-28T09:00\",\"confirm_within\":"
         "120}",                                                                                                "confirm_within"},
        {"{\"code\":\"a\",\"title\":\"t\",\"seats\":1,\"starts\":\"2026-11-28T09:00\",\"sign_in\":\"123\"}",
         "sign_in"                                                                                                                       },
        {"{\"code\":\"a\",\"title\":\"t\",\"seats\":1,\"starts\":\"2026-11-28T09:00\",\"sign_in\":\"12a4\"}",
         "sign_in"                                                                                                                       },
        {"{\"code\":\"a\",\"title\":\"t\",\"seats\":1,\"starts\":\"2026-11-28T09:00\",\"sign_in\":4711}",
         "sign_in"                                                                                                                       },
    };
    struct activity a;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e = {.msg = ""};
        if (parse(&a, rows[i].json, &e) == 0 || strcmp(e.code, "bad-activity") ||
            strcmp(e.field, rows[i].field))
            fail_msg("%s: %s %s", rows[i].json, e.field, e.msg);
    }
}

static void whom_it_is_for(void **state)
{
    (void)state;
    const struct resident old = {.id = 7, .area = "460106", .tags = {"老人"}, .n_tags = 1},
                          young = {.id = 8, .area = "460107", .tags = {"志愿者"}, .n_tags = 1},
                          nobody = {.id = 0};
    static const struct {
        const char *what;
        struct activity a;
        bool old, young, nobody;
    } rows[] = {
        {"for all",             {.n_tags = 0},                                    true, true,  true },
        {"by tag",              {.tags = {"老人", "党员"}, .n_tags = 2},      true, false, false},
        {"by area",             {.areas = {"460106"}, .n_areas = 1},              true, false, false},
        {"by area, the city's", {.areas = {"460100"}, .n_areas = 1},              true, true,  false},
        {"both must be so",
         {.tags = {"志愿者"}, .n_tags = 1, .areas = {"460106"}, .n_areas = 1},
         false,                                                                         false,
         false                                                                                      },
        {"one area is enough",  {.areas = {"460107", "460106"}, .n_areas = 2},    true, true,  false},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (eligible(&rows[i].a, &old) != rows[i].old || eligible(&rows[i].a, &young) != rows[i].young ||
            eligible(&rows[i].a, &nobody) != rows[i].nobody)
            fail_msg("%s", rows[i].what);
}

static void names_go_there_and_back(void **state)
{
    (void)state;
    for (int i = 0; i <= REG_OFFERED; i++)
        assert_int_equal(reg_status_parse(reg_status_name((enum reg_status)i)), i);
    assert_int_equal(reg_status_parse("here"), -1);
    assert_string_equal(activity_state_name(ACTIVITY_CANCELLED), "cancelled");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_window_and_staff_decide_the_state),
        cmocka_unit_test(a_body_becomes_an_activity_and_back),
        cmocka_unit_test(bad_bodies_name_the_member),
        cmocka_unit_test(whom_it_is_for),
        cmocka_unit_test(names_go_there_and_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
