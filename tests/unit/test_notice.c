/* What a notice becomes before it is stored: defaults, an alert's text, and what must hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "queue/codec.h"

#define NOW    1758589860000LL /* 2025-09-23 09:11 in China */
#define HOUR   3600000LL
#define TO     "\"to\":{\"everyone\":true}"
#define ISSUED "\"issuer\":\"海口市气象台\",\"issued_at\":\"2025-09-23T09:06:00+08:00\""
#define ALERT  "\"kind\":\"alert\"," TO ",\"alert\":{" ISSUED ",\"expires\":\"2025-09-24T09:06:00+08:00\""

static const struct {
    const char *name, *json;
    enum lane lane;
    enum on_unknown on_unknown;
    int64_t not_after;
} good[] = {
    {"a notice",                                                 "{" TO ",\"text\":\"x\"}",                                           LANE_NORMAL,    ON_UNKNOWN_PARK,   NOW + 12 * HOUR},
    {"a promotion",                                              "{\"kind\":\"promotion\"," TO ",\"text\":\"x\"}",                    LANE_BULK,      ON_UNKNOWN_PARK,
     NOW + 12 * HOUR                                                                                                                                                                    },
    {"a notice that asks for a higher lane",                     "{\"lane\":\"urgent\"," TO ",\"text\":\"x\"}",                       LANE_URGENT,
     ON_UNKNOWN_RESEND,                                                                                                                                                  NOW + 12 * HOUR},
    {"a notice that asks to be sent again",                      "{\"on_unknown\":\"resend\"," TO ",\"text\":\"x\"}",                 LANE_NORMAL,
     ON_UNKNOWN_RESEND,                                                                                                                                                  NOW + 12 * HOUR},
    {"a notice for later",                                       "{\"send_at\":\"2025-09-25T09:11:00+08:00\"," TO ",\"text\":\"x\"}", LANE_NORMAL,
     ON_UNKNOWN_PARK,                                                                                                                                                    NOW + 60 * HOUR},
    {"a notice a little late",                                   "{\"send_at\":\"2025-09-23T08:11:00+08:00\"," TO ",\"text\":\"x\"}",
     LANE_NORMAL,                                                                                                                                     ON_UNKNOWN_PARK,   NOW + 11 * HOUR},
    {"a yellow alert",                                           "{" ALERT ",\"level\":\"yellow\",\"official_text\":\"x\"}}",         LANE_URGENT,
     ON_UNKNOWN_RESEND,                                                                                                                                                  1758675960000  },
    {"an orange alert",                                          "{" ALERT ",\"level\":\"orange\",\"official_text\":\"x\"}}",         LANE_EMERGENCY,
     ON_UNKNOWN_RESEND,                                                                                                                                                  1758675960000  },
    {"a red alert",                                              "{" ALERT ",\"level\":\"red\",\"official_text\":\"x\"}}",            LANE_EMERGENCY,
     ON_UNKNOWN_RESEND,                                                                                                                                                  1758675960000  },
    {"an alert that may be parked",
     "{\"on_unknown\":\"park\"," ALERT ",\"level\":\"red\",\"official_text\":\"x\"}}",                                                LANE_EMERGENCY,
     ON_UNKNOWN_PARK,                                                                                                                                                    1758675960000  },
    {"an alert with an earlier end",
     "{\"not_after\":\"2025-09-23T10:11:00+08:00\"," ALERT ",\"official_text\":\"x\"}}",                                              LANE_URGENT,
     ON_UNKNOWN_RESEND,                                                                                                                                                  NOW + HOUR     },
    {"an alert is not sent after it expired, whatever is asked",
     "{\"not_after\":\"2026-09-23T10:11:00+08:00\"," ALERT ",\"official_text\":\"x\"}}",                                              LANE_URGENT,
     ON_UNKNOWN_RESEND,                                                                                                                                                  1758675960000  },
    {"an alert with not_after instead of expires",
     "{\"kind\":\"alert\"," TO ",\"not_after\":\"2025-09-23T10:11:00+08:00\",\"alert\":{" ISSUED
     ",\"official_text\":\"x\"}}",                                                                                                    LANE_URGENT,    ON_UNKNOWN_RESEND, NOW + HOUR     },
    {"an all-clear goes to those who were told",
     "{\"kind\":\"allclear\",\"cancels\":\"t\",\"text\":\"解除\"}",                                                                 LANE_URGENT,    ON_UNKNOWN_RESEND,
     NOW + 12 * HOUR                                                                                                                                                                    },
    {"a cancel",                                                 "{\"kind\":\"cancel\",\"cancels\":\"t\"}",                           LANE_NORMAL,    ON_UNKNOWN_PARK,   NOW + 12 * HOUR},
    {"variables of the notice and of residents",
     "{\"vars\":{\"place\":\"广场\"}," TO ",\"text\":\"{{name}} {{building}} {{place}}\"}",                                         LANE_NORMAL,
     ON_UNKNOWN_PARK,                                                                                                                                                    NOW + 12 * HOUR},
};

static struct notice *make(const char *name, const char *json)
{
    struct err e;
    struct notice *n = codec_notice(json, strlen(json), &e);

    if (n == NULL)
        fail_msg("%s: %s: %s", name, e.code, e.msg);
    return n;
}

static void test_completed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct err e = {{0}, {0}, {0}};
        struct notice *n = make(good[i].name, good[i].json);

        if (notice_complete(n, NOW, &e) != 0)
            fail_msg("%s: %s: %s", good[i].name, e.code, e.msg);
        if (n->lane != good[i].lane || n->on_unknown != good[i].on_unknown ||
            n->not_after != good[i].not_after)
            fail_msg("%s: lane %s, on_unknown %d, not_after %lld", good[i].name, lane_name(n->lane),
                     (int)n->on_unknown, (long long)n->not_after);
        if (n->kind == NOTICE_ALLCLEAR)
            assert_string_equal(audience_told(n->to), "t");
        notice_free(n);
    }
}

static const struct {
    const char *name, *json, *code, *field;
} bad[] = {
    {"no audience",                     "{\"text\":\"x\"}",                                                        "bad-audience",      "to"             },
    {"no text",                         "{" TO "}",                                                                "no-text",           "text"           },
    {"an empty text",                   "{" TO ",\"text\":\" \\n\"}",                                              "no-text",           "text"           },
    {"nothing but a name",              "{" TO ",\"text\":\" {{name}}{{area}}\\n\"}",                              "no-text",           "text"           },
    {"nothing but what is empty",       "{" TO ",\"vars\":{\"x\":\"\"},\"text\":\"{{x}}\"}",                       "no-text",           "text"           },
    {"an empty text in one language",   "{" TO ",\"text\":{\"zh-CN\":\"x\",\"en\":\"\"}}",                         "no-text",           "text"           },
    {"a template that nobody resolved", "{" TO ",\"template\":\"invitation\"}",                                    "unknown-template",
     "template"                                                                                                                                          },
    {"an unknown variable",             "{" TO ",\"text\":\"{{plcae}}\"}",                                         "unknown-variable",  "text"           },
    {"braces that stay open",           "{" TO ",\"text\":\"{{name\"}",                                            "bad-template",      NULL             },
    {"a time that has passed",          "{" TO ",\"text\":\"x\",\"not_after\":\"2025-09-23T09:10:00+08:00\"}",
     "not-after-passed",                                                                                                                "not_after"      },
    {"a start long ago",                "{" TO ",\"text\":\"x\",\"send_at\":\"2025-09-22T09:10:00+08:00\"}",
     "not-after-passed",                                                                                                                "send_at"        },
    {"an end before the start",
     "{" TO
     ",\"text\":\"x\",\"send_at\":\"2025-09-25T09:00:00+08:00\",\"not_after\":\"2025-09-24T09:00:00+08:00\"}",     "bad-time",          "not_after"      },
    {"an alert without its member",     "{\"kind\":\"alert\"," TO ",\"text\":\"x\"}",                              "alert-incomplete",
     "alert"                                                                                                                                             },
    {"an alert of nobody",
     "{\"kind\":\"alert\"," TO ",\"text\":\"x\",\"alert\":{\"issued_at\":\"2025-09-23T09:06:00+08:00\"}}",
     "alert-incomplete",                                                                                                                "alert.issuer"   },
    {"an alert without its time",       "{\"kind\":\"alert\"," TO ",\"text\":\"x\",\"alert\":{\"issuer\":\"x\"}}",
     "alert-incomplete",                                                                                                                "alert.issued_at"},
    {"an alert without an end",         "{\"kind\":\"alert\"," TO ",\"text\":\"x\",\"alert\":{" ISSUED "}}",
     "alert-incomplete",                                                                                                                "alert.expires"  },
    {"an alert that has expired",
     "{\"kind\":\"alert\"," TO ",\"text\":\"x\",\"alert\":{" ISSUED
     ",\"expires\":\"2025-09-23T09:10:00+08:00\"}}",                                                               "not-after-passed",  "alert.expires"  },
    {"an alert past its not_after",
     "{\"kind\":\"alert\",\"not_after\":\"2025-09-23T09:10:00+08:00\"," TO
     ",\"text\":\"x\",\"alert\":{" ISSUED "}}",
     "not-after-passed",                                                                                                                "not_after"      },
    {"an alert without words",          "{" ALERT "}}",                                                            "no-text",           "text"           },
    {"a notice dressed as an alert",    "{" TO ",\"text\":\"x\",\"alert\":{" ISSUED "}}",                          "unexpected-member",
     "alert"                                                                                                                                             },
    {"a cancel of nothing",             "{\"kind\":\"cancel\"}",                                                   "no-cancels",        "cancels"        },
    {"an all-clear of nothing",         "{\"kind\":\"allclear\",\"text\":\"x\"}",                                  "no-cancels",        "cancels"        },
    {"an all-clear without words",      "{\"kind\":\"allclear\",\"cancels\":\"t\"}",                               "no-text",           "text"           },
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err e = {{0}, {0}, {0}};
        struct notice *n = make(bad[i].name, bad[i].json);

        if (notice_complete(n, NOW, &e) == 0 || strcmp(e.code, bad[i].code) != 0 ||
            (bad[i].field != NULL && strcmp(e.field, bad[i].field) != 0))
            fail_msg("%s: %s in '%s': %s", bad[i].name, e.code, e.field, e.msg);
        notice_free(n);
    }
}

static const struct {
    const char *name, *json, *text;
} texts[] = {
    {"an official text that names issuer and time stays as it is",
     "{" ALERT ",\"official_text\":\"海口市气象台2025年09月23日09时06分发布台风黄色预警信号\"}}",
     "海口市气象台2025年09月23日09时06分发布台风黄色预警信号"                                                                                           },
    {"hours without a leading nought are the same time",
     "{" ALERT ",\"official_text\":\"23日9时6分,海口市气象台变更\"}}",                                                    "23日9时6分,海口市气象台变更"},
    {"issuer and time are added where they are missing",
     "{" ALERT ",\"official_text\":\"台风黄色预警信号\"}}",
     "台风黄色预警信号【海口市气象台 2025年09月23日09时06分】"                                                                                          },
    {"the issuer alone is not enough",                             "{" ALERT ",\"official_text\":\"海口市气象台发布\"}}",
     "海口市气象台发布【海口市气象台 2025年09月23日09时06分】"                                                                                          },
    {"advice is marked as the community's",
     "{" ALERT ",\"official_text\":\"海口市气象台09:06发布\",\"advice\":\"请关好门窗\"}}",
     "海口市气象台09:06发布【社区提示】请关好门窗"                                                                                                        },
    {"an exercise says so first",
     "{" ALERT ",\"exercise\":true,\"official_text\":\"海口市气象台09:06发布\"}}",
     "【演练】海口市气象台09:06发布"                                                                                                                             },
    {"an exercise with its own text says so too",                  "{\"text\":\"集合\"," ALERT ",\"exercise\":true}}",
     "【演练】集合"                                                                                                                                                    },
    {"and only once",                                              "{\"text\":\"【演练】集合\"," ALERT ",\"exercise\":true}}", "【演练】集合"                    },
    {"the producer's own text is not touched",
     "{\"text\":\"own\"," ALERT ",\"official_text\":\"x\",\"advice\":\"y\"}}",                                                       "own"                                   },
    {"braces of an official text are no template",
     "{" ALERT ",\"official_text\":\"海口市气象台09:06 {{x}}\"}}",                                                             "海口市气象台09:06 \\{{x}}"       },
};

static void test_all_that_an_alert_lacks_is_named_at_once(void **state)
{
    const char json[] = "{\"kind\":\"alert\"," TO ",\"text\":\"x\",\"alert\":{\"event\":\"typhoon\"}}";
    struct err e = {.msg = ""};
    struct notice *n = make("an alert that says little", json);

    (void)state;
    assert_int_equal(notice_complete(n, NOW, &e), -1);
    assert_string_equal(e.field, "alert.issuer");
    assert_non_null(strstr(e.msg, "issuer"));
    assert_non_null(strstr(e.msg, "issued_at"));
    assert_non_null(strstr(e.msg, "expires"));
    notice_free(n);
}

static void test_alert_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct err e;
        struct notice *n = make(texts[i].name, texts[i].json);

        if (notice_complete(n, NOW, &e) != 0)
            fail_msg("%s: %s: %s", texts[i].name, e.code, e.msg);
        assert_int_equal(notice_complete(n, NOW, &e), 0);
        if (n->n_texts != 1 || strcmp(n->texts[0].text, texts[i].text) != 0)
            fail_msg("%s: %s", texts[i].name, n->texts[0].text);
        notice_free(n);
    }
}

static void test_too_long(void **state)
{
    struct err e;
    struct notice *n = make("a long alert", "{\"text\":\"x\"," ALERT "}}");

    (void)state;
    free(n->texts[0].text);
    n->texts[0].text = xmalloc(NOTICE_TEXT_MAX + 2);
    memset(n->texts[0].text, 'x', NOTICE_TEXT_MAX + 1);
    n->texts[0].text[NOTICE_TEXT_MAX + 1] = '\0';
    assert_int_equal(notice_complete(n, NOW, &e), -1);
    assert_string_equal(e.code, "text-too-long");
    n->texts[0].text[NOTICE_TEXT_MAX] = '\0';
    assert_int_equal(notice_complete(n, NOW, &e), 0);
    notice_free(n);
}

/* Of most residents no language is known: a file of the office has no such column. */
static void test_language(void **state)
{
    static const struct {
        const char *texts, *lang, *expected;
    } rows[] = {
        {"{\"en\":\"e\",\"zh-CN\":\"z\"}", "",      "z"},
        {"{\"en\":\"e\",\"zh-CN\":\"z\"}", "en",    "e"},
        {"{\"en\":\"e\",\"zh-CN\":\"z\"}", "en-GB", "e"},
        {"{\"en\":\"e\",\"zh-CN\":\"z\"}", "zh",    "z"},
        {"{\"en\":\"e\",\"zh-CN\":\"z\"}", "fr",    "z"},
        {"{\"en\":\"e\",\"fr\":\"f\"}",    "",      "e"},
        {"\"x\"",                          "en",    "x"},
        {"{\"\":\"x\",\"zh-CN\":\"z\"}",   "fr",    "x"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e;
        char *json = xasprintf("{" TO ",\"text\":%s}", rows[i].texts);
        struct notice *n = codec_stored(json, strlen(json), &e);

        if (n == NULL)
            fail_msg("%s: %s", json, e.msg);
        if (strcmp(notice_text_for(n, rows[i].lang), rows[i].expected) != 0)
            fail_msg("%s for %s: %s", json, rows[i].lang, notice_text_for(n, rows[i].lang));
        notice_free(n);
        free(json);
    }
}

static void test_names(void **state)
{
    (void)state;
    for (int s = 0; s < NOTICE_STATE_N; s++)
        assert_int_equal(notice_state_parse(notice_state_name((enum notice_state)s)), s);
    for (int s = 0; s < RECIPIENT_STATE_N; s++)
        assert_int_equal(recipient_state_parse(recipient_state_name((enum recipient_state)s)), s);
    for (int l = 0; l < LANE_N; l++)
        assert_int_equal(lane_parse(lane_name((enum lane)l)), l);
    assert_int_equal(notice_kind_parse("alert"), NOTICE_ALERT);
    assert_int_equal(lane_parse("fast"), -1);
    assert_string_equal(notice_state_name(NOTICE_AWAITING_APPROVAL), "awaiting-approval");
    assert_true(notice_state_is_final(NOTICE_EXPIRED) && !notice_state_is_final(NOTICE_AUDITING));
    assert_true(recipient_state_is_final(RECIPIENT_ACCEPTED) && !recipient_state_is_final(RECIPIENT_RETRY));
}

/* Official warnings name Beijing time wherever the machine stands, and whether or not it has the data of that zone. */
static void test_beijing_time_needs_no_zone_data(void **state)
{
    struct notice *n = make("an alert", "{" ALERT ",\"official_text\":\"台风黄色预警\"}}");
    struct err e = {.msg = ""};

    (void)state;
    assert_int_equal(setenv("TZDIR", "/nonexistent", 1), 0);
    assert_int_equal(notice_complete(n, NOW, &e), 0);
    assert_string_equal(n->texts[0].text, "台风黄色预警【海口市气象台 2025年09月23日09时06分】");
    assert_int_equal(unsetenv("TZDIR"), 0);
    notice_free(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beijing_time_needs_no_zone_data), /* first: zones are read once and kept */
        cmocka_unit_test(test_completed),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_all_that_an_alert_lacks_is_named_at_once),
        cmocka_unit_test(test_alert_texts),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_language),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
