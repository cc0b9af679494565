/* What carriers refuse, found and explained. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "text/lint.h"

#define REFUSED "!"

/* Codes in the order of the text, with the words they stand at; what is refused with a mark. */
static const struct {
    const char *name, *text;
    enum lint_class class;
    const char *found;
} rows[] = {
    {"a plain notice",                    "今晚七点停水两小时，请提前储水。",           LINT_NOTICE,    ""                                   },
    {"an official warning",               "海口市气象台9月23日9时发布台风黄色预警。", LINT_ALERT,     ""                                   },
    {"a private contact",                 "报名请加微信群",                                      LINT_NOTICE,    "!contact=加微信 "                },
    {"a greeting is a promotion",         "祝大家中秋节快乐",                                   LINT_NOTICE,    "greeting=节快乐 "                },
    {"which promotions may say",          "中秋快乐，来赏月。拒收请回复R",                LINT_PROMOTION, ""                                   },
    {"a promotion says how to refuse",    "周六市集开张",                                         LINT_PROMOTION, "!opt-out-missing "                  },
    {"at its end",                        "拒收请回复R，周六市集开张",                      LINT_PROMOTION, "!opt-out-missing "                  },
    {"in the older words too",            "周六市集开张，回T退订",                            LINT_PROMOTION, ""                                   },
    {"a notice does not",                 "今晚停水，拒收请回复R",                            LINT_NOTICE,    "!opt-out-in-notice=拒收请回复 "},
    {"a mobile number",                   "请致电13800000001。",                                    LINT_NOTICE,    "!mobile-number=13800000001 "        },
    {"a longer number is none",           "单号138000000012，请查收",                             LINT_NOTICE,    ""                                   },
    {"a landline is fine",                "请致电0898-65370000",                                     LINT_NOTICE,    ""                                   },
    {"several symbols are one",           "明早见😀👍🏻！",                                   LINT_NOTICE,    "symbol=😀👍🏻 "               },
    {"a short link is two things",        "见https://t.cn/abc",                                        LINT_NOTICE,    "link=https:// !short-link=t.cn/ "   },
    {"a signature of its own",            "【金星社区】今晚停水",                             LINT_NOTICE,    "!signature=【 "                    },
    {"an exercise is marked in brackets", "【演练】海口市气象台发布台风黄色预警",     LINT_ALERT,     ""                                   },
    {"nothing",                           "",                                                           LINT_NOTICE,    ""                                   },
};

static void on_finding(void *arg, const struct lint_finding *f)
{
    struct buf *b = arg;

    assert_non_null(f->zh);
    assert_true(strlen(f->zh) > 10 && strlen(f->en) > 10);
    buf_fmt(b, "%s%s%s%.*s ", f->refused ? REFUSED : "", f->code, f->what_len > 0 ? "=" : "",
            (int)f->what_len, f->what_len > 0 ? f->what : "");
}

static void test_texts(void **state)
{
    struct buf b = BUF_INIT(1000);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t refused, marks = 0;

        buf_reset(&b);
        refused = lint_text(rows[i].text, strlen(rows[i].text), "金星社区", rows[i].class, on_finding, &b);
        if (strcmp(buf_cstr(&b), rows[i].found) != 0)
            fail_msg("%s: \"%s\"", rows[i].name, buf_cstr(&b));
        for (const char *p = rows[i].found; *p != '\0'; p++)
            marks += *p == REFUSED[0];
        assert_int_equal(refused, marks);
    }
    buf_fini(&b);
}

/* 70 characters with the signature are one part, 134 two. */
static void test_the_length_says_what_to_save(void **state)
{
    static const struct {
        size_t n;
        const char *found, *words;
    } lengths[] = {
        {64,  "",           NULL                },
        {65,  "just-over ", "再删 1 个字"   },
        {74,  "just-over ", "再删 10 个字"  },
        {75,  "",           NULL                },
        {129, "just-over ", "现在每人 3 条"},
        {494, "",           NULL                },
        {495, "!too-long ", "请删去 1 字"   },
    };
    struct buf text = BUF_INIT(2000), found = BUF_INIT(1000);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        json_t *list;

        buf_reset(&text);
        buf_reset(&found);
        for (size_t k = 0; k < lengths[i].n; k++)
            buf_str(&text, "水");
        (void)lint_text(text.data, text.len, "金星社区", LINT_NOTICE, on_finding, &found);
        if (strcmp(buf_cstr(&found), lengths[i].found) != 0)
            fail_msg("%zu: \"%s\"", lengths[i].n, buf_cstr(&found));
        list = lint_json(text.data, text.len, "金星社区", LINT_NOTICE);
        if (lengths[i].words != NULL)
            assert_non_null(strstr(json_string_value(json_object_get(json_array_get(list, 0), "message")),
                                   lengths[i].words));
        json_decref(list);
    }
    buf_fini(&text);
    buf_fini(&found);
}

static void test_as_json(void **state)
{
    static const char text[] = "报名请加微信";
    json_t *list = lint_json(text, strlen(text), NULL, LINT_NOTICE);
    const json_t *f = json_array_get(list, 0);

    (void)state;
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(json_string_value(json_object_get(f, "what")), "加微信");
    assert_int_equal(json_integer_value(json_object_get(f, "at")), 3);
    assert_true(json_is_true(json_object_get(f, "refused")));
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_the_length_says_what_to_save),
        cmocka_unit_test(test_as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
