/* JSON to notice and back: contract 3, member by member. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "queue/codec.h"

#define TO "\"to\":{\"everyone\":true}"

static const struct {
    const char *name, *json, *code, *field;
} refused[] = {
    {"nothing at all",                     "",                                               "bad-json",          ""                },
    {"not JSON",                           "hello",                                          "bad-json",          ""                },
    {"an object that does not end",        "{\"v\":1",                                       "bad-json",          ""                },
    {"bytes after the object",             "{\"v\":1} x",                                    "bad-json",          ""                },
    {"a member twice",                     "{\"v\":1,\"v\":1}",                              "duplicate-member",  ""                },
    {"a member twice further down",        "{\"vars\":{\"a\":\"1\",\"a\":\"2\"}}",           "duplicate-member",  ""                },
    {"bad UTF-8",                          "{\"text\":\"\xff\xfe\"}",                        "bad-utf8",          ""                },
    {"an overlong UTF-8 form",             "{\"text\":\"\xc0\xaf\"}",                        "bad-utf8",          ""                },
    {"an escaped NUL",                     "{\"text\":\"a\\u0000b\"}",                       "nul-byte",          ""                },
    {"half a surrogate pair",              "{\"text\":\"\\ud800\"}",                         "bad-json",          ""                },
    {"a list",                             "[1]",                                            "bad-type",          ""                },
    {"a string",                           "\"x\"",                                          "bad-json",          ""                },
    {"an unknown member",                  "{\"v\":1,\"txt\":\"x\"}",                        "unknown-member",    "txt"             },
    {"an unknown member of alert",         "{\"alert\":{\"colour\":\"red\"}}",               "unknown-member",    "alert.colour"    },
    {"another version",                    "{\"v\":2}",                                      "bad-version",       "v"               },
    {"a version in words",                 "{\"v\":\"1\"}",                                  "bad-version",       "v"               },
    {"an id with a blank",                 "{\"id\":\"a b\"}",                               "bad-id",            "id"              },
    {"an empty id",                        "{\"id\":\"\"}",                                  "bad-id",            "id"              },
    {"an id of 65 characters",
     "{\"id\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",       "bad-id",            "id"              },
    {"an id that is a number",             "{\"id\":7}",                                     "bad-type",          "id"              },
    {"an unknown kind",                    "{\"kind\":\"warning\"}",                         "bad-kind",          "kind"            },
    {"the internal kind",                  "{\"kind\":\"answer\"}",                          "bad-kind",          "kind"            },
    {"an unknown lane",                    "{\"lane\":\"fast\"}",                            "bad-lane",          "lane"            },
    {"an audience that is empty",          "{\"to\":{}}",                                    "bad-audience",      NULL              },
    {"an audience with an unknown member", "{\"to\":{\"everybody\":true}}",                  "bad-audience",      NULL              },
    {"an audience that only we may name",  "{\"to\":{\"told\":\"x\"}}",                      "bad-audience",      NULL              },
    {"an audience that is a word",         "{\"to\":\"everyone\"}",                          "bad-audience",      NULL              },
    {"a landline",                         "{\"to\":{\"phones\":[\"0898-66668888\"]}}",      "bad-phone",         NULL              },
    {"a text that is a number",            "{\"text\":5}",                                   "bad-type",          "text"            },
    {"a text without languages",           "{\"text\":{}}",                                  "no-text",           "text"            },
    {"a language without a name",          "{\"text\":{\"\":\"x\"}}",                        "bad-language",      "text"            },
    {"a language whose text is null",      "{\"text\":{\"en\":null}}",                       "bad-type",          "text"            },
    {"a variable that is a number",        "{\"vars\":{\"n\":5}}",                           "bad-type",          "vars"            },
    {"an unknown channel",                 "{\"channels\":[\"fax\"]}",                       "bad-channel",       "channels"        },
    {"a channel twice",                    "{\"channels\":[\"sms\",\"sms\"]}",               "bad-channel",       "channels"        },
    {"no channel",                         "{\"channels\":[]}",                              "bad-channel",       "channels"        },
    {"a time without an offset",           "{\"send_at\":\"2026-09-25T09:00:00\"}",          "bad-time",          "send_at"         },
    {"a date that does not exist",         "{\"not_after\":\"2026-02-30T09:00:00Z\"}",       "bad-time",          "not_after"       },
    {"a time in seconds",                  "{\"send_at\":1700000000}",                       "bad-type",          "send_at"         },
    {"a colour that is none",              "{\"alert\":{\"level\":\"purple\"}}",             "bad-level",         "alert.level"     },
    {"exercise in words",                  "{\"alert\":{\"exercise\":\"yes\"}}",             "bad-type",          "alert.exercise"  },
    {"superseded ids that are none",       "{\"alert\":{\"supersedes\":[\"a b\"]}}",         "bad-id",            "alert.supersedes"},
    {"superseded numbers",                 "{\"alert\":{\"supersedes\":[5]}}",               "bad-type",          "alert.supersedes"},
    {"on_unknown in other words",          "{\"on_unknown\":\"ask\"}",                       "bad-on-unknown",    "on_unknown"      },
    {"repeat",                             "{\"repeat\":{\"lunar\":\"8/32\"}}",              "bad-repeat",        "repeat"          },
    {"one choice",                         "{\"ask\":{\"choices\":[\"A\"]}}",                "bad-ask",           "ask.choices"     },
    {"a choice twice",                     "{\"ask\":{\"choices\":[\"A\",\"A\"]}}",          "bad-ask",           "ask.choices"     },
    {"a choice twice to who replies",      "{\"ask\":{\"choices\":[\"no\",\"ＮＯ \"]}}",   "bad-ask",           "ask.choices"     },
    {"until without choices",              "{\"ask\":{\"rsvp\":\"x\",\"until\":\"x\"}}",     "bad-ask",           "ask"             },
    {"two questions",                      "{\"ask\":{\"rollcall\":true,\"rsvp\":\"x\"}}",   "bad-ask",           "ask"             },
    {"text and template",                  "{\"text\":\"x\",\"template\":\"t\"}",            "text-and-template", "template"        },
    {"cancels of an ordinary notice",      "{\"cancels\":\"x\"}",                            "unexpected-member", "cancels"         },
    {"a cancel with an audience",          "{\"kind\":\"cancel\",\"cancels\":\"x\"," TO "}", "unexpected-member",
     "to"                                                                                                                           },
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct err e = {{0}, {0}, {0}};
        struct notice *n = codec_notice(refused[i].json, strlen(refused[i].json), &e);

        if (n != NULL || strcmp(e.code, refused[i].code) != 0 ||
            (refused[i].field != NULL && strcmp(e.field, refused[i].field) != 0))
            fail_msg("%s: expected %s in '%s', found %s in '%s' (%s)", refused[i].name, refused[i].code,
                     refused[i].field != NULL ? refused[i].field : "any", n != NULL ? "a notice" : e.code,
                     e.field, e.msg);
        assert_true(e.msg[0] != '\0' && e.msg[strlen(e.msg) - 1] != '.');
    }
}

/* ${n} bytes of ${open} before and ${close} after ${inside}. */
static char *nested(const char *before, char open, char close, size_t n, const char *after)
{
    size_t a = strlen(before), b = strlen(after);
    char *s = xmalloc(a + 2 * n + b + 1);

    memcpy(s, before, a);
    memset(s + a, open, n);
    memset(s + a + n, close, n);
    memcpy(s + a + 2 * n, after, b + 1);
    return s;
}

static void test_depth(void **state)
{
    static const struct {
        size_t depth;
        const char *code;
    } rows[] = {
        {31,     "unknown-member"},
        {32,     "bad-json"      },
        {100000, "too-large"     }
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e;
        char *s = nested("{\"x\":", '[', ']', rows[i].depth, "}");

        assert_null(codec_notice(s, strlen(s), &e));
        assert_string_equal(e.code, rows[i].code);
        free(s);
    }
}

static void test_brackets_in_strings_are_no_depth(void **state)
{
    struct err e;
    char *s = nested("{\"text\":\"\\\"", '[', '{', 40, "\"}");
    struct notice *n = codec_notice(s, strlen(s), &e);

    (void)state;
    assert_non_null(n);
    notice_free(n);
    free(s);
}

static void test_size(void **state)
{
    struct err e;
    size_t len = NOTICE_JSON_MAX + 1;
    char *s = xmalloc(len);

    (void)state;
    memset(s, ' ', len);
    s[0] = '{';
    s[NOTICE_JSON_MAX - 1] = '}';
    assert_null(codec_notice(s, len, &e));
    assert_string_equal(e.code, "too-large");
    struct notice *n = codec_notice(s, NOTICE_JSON_MAX, &e); /* 64 KiB exactly */
    assert_non_null(n);
    notice_free(n);
    memset(s, 0, 4);
    assert_null(codec_notice(s, 4, &e));
    assert_string_equal(e.code, "nul-byte");
    free(s);
}

static const char full[] =
    "{\"v\":1,\"id\":\"typhoon-20250923-0906\",\"kind\":\"alert\",\"lane\":\"urgent\",\"to\":{\"areas\":["
    "\"460106\"],\"not\":{\"tags\":[\"外出\"]}},"
    "\"text\":{\"zh-CN\":\"台风, "
    "{{name}}\",\"en\":\"Typhoon\"},\"vars\":{\"place\":\"文化广场\"},\"channels\":[\"wechat\",\"sms\"],"
    "\"send_at\":\"2025-09-23T09:10:00.250+08:00\",\"not_after\":\"2025-09-23T21:00:00+08:00\",\"alert\":{"
    "\"issuer\":\"海口市气象台\","
    "\"issued_at\":\"2025-09-23T09:06:00+08:00\",\"event\":\"typhoon\",\"level\":\"yellow\",\"official_id\":"
    "\"46010041600000_20250923090600\","
    "\"official_text\":\"海口市气象台发布台风黄色预警信号\",\"advice\":\"请关好门窗\",\"expires\":\"2025-09-"
    "24T09:06:00+08:00\","
    "\"supersedes\":[\"typhoon-20250922-1700\"],\"exercise\":true},\"on_unknown\":\"resend\",\"ask\":{"
    "\"rollcall\":true}}";

static void test_every_member(void **state)
{
    struct err e;
    struct notice *n = codec_notice(full, strlen(full), &e);

    (void)state;
    assert_non_null(n);
    assert_string_equal(n->id, "typhoon-20250923-0906");
    assert_int_equal(n->kind, NOTICE_ALERT);
    assert_true(n->lane_set && n->lane == LANE_URGENT);
    assert_true(n->on_unknown_set && n->on_unknown == ON_UNKNOWN_RESEND);
    assert_non_null(n->to);
    assert_int_equal(n->n_texts, 2);
    assert_string_equal(notice_text_for(n, "en-GB"), "Typhoon");
    assert_string_equal(notice_text_for(n, "zh-HK"), "台风, {{name}}");
    assert_string_equal(n->vars[0].name, "place");
    assert_string_equal(n->vars[0].value, "文化广场");
    assert_int_equal(n->n_channels, 2);
    assert_string_equal(n->channels[0], "wechat");
    assert_true(n->send_at == 1758589800250);
    assert_true(n->not_after == 1758632400000);
    assert_string_equal(n->alert.issuer, "海口市气象台");
    assert_true(n->alert.issued_at == 1758589560000 && n->alert.expires_at == 1758675960000);
    assert_string_equal(n->alert.level, "yellow");
    assert_int_equal(n->alert.n_supersedes, 1);
    assert_string_equal(n->alert.supersedes[0], "typhoon-20250922-1700");
    assert_true(n->alert.exercise && n->ask_rollcall);
    notice_free(n);
}

static const char *const round_trips[] = {
    full,
    "{}",
    "{\"id\":\"c\",\"kind\":\"cancel\",\"cancels\":\"typhoon-20250923-0906\"}",
    "{\"kind\":\"allclear\",\"cancels\":\"t\",\"text\":\"解除\"}",
    "{\"template\":\"invitation\",\"vars\":{\"a\":\"\",\"b\":\"x\"}," TO
    ",\"ask\":{\"rsvp\":\"basketball\"}}",
    "{\"text\":\"line\\nbreak \\\"quoted\\\" \\\\ \\u4e2d "
    "\\ud83d\\ude00\",\"to\":{\"phones\":[\"13800138000\"],\"tags\":[\"老人\",\"a;b\"]}}",
};

static void test_canonical_is_the_notice_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(round_trips); i++) {
        struct err e;
        size_t len, len2;
        struct notice *n = codec_notice(round_trips[i], strlen(round_trips[i]), &e), *again;
        char *s, *s2;

        if (n == NULL)
            fail_msg("%zu: %s", i, e.msg);
        s = codec_canonical(n, &len);
        assert_string_equal(n->asked, s);
        again = codec_notice(s, len, &e);
        if (again == NULL)
            fail_msg("%s: %s", s, e.msg);
        s2 = codec_canonical(again, &len2);
        assert_string_equal(s, s2);
        assert_int_equal(len, strlen(s));
        free(s);
        free(s2);
        notice_free(n);
        notice_free(again);
    }
}

static void test_a_completed_notice_is_stored_whole(void **state)
{
    struct err e;
    const char json[] = "{" TO ",\"text\":\"x\"}";
    struct notice *n = codec_notice(json, strlen(json), &e), *stored;
    size_t len;
    char *s, *s2;

    (void)state;
    assert_int_equal(notice_complete(n, 1758589560123, &e), 0);
    s = codec_canonical(n, &len);
    stored = codec_stored(s, len, &e);
    assert_non_null(stored);
    assert_true(stored->not_after == 1758589560123 + 12 * 3600000LL);
    assert_null(stored->asked);
    assert_int_equal(notice_complete(stored, 1758589560999, &e), 0); /* completed again without change */
    s2 = codec_canonical(stored, NULL);
    assert_string_equal(s, s2);
    free(s);
    free(s2);
    notice_free(n);
    notice_free(stored);
}

static void test_new_ids(void **state)
{
    char a[NOTICE_ID_MAX + 1], b[NOTICE_ID_MAX + 1];

    (void)state;
    codec_new_id(1763859960000, a);
    codec_new_id(1763859960000, b);
    assert_memory_equal(a, "n-20251123-0906-", 16);
    assert_int_equal(strlen(a), 24);
    assert_true(notice_id_valid(a, strlen(a)));
    assert_string_not_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_brackets_in_strings_are_no_depth),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_every_member),
        cmocka_unit_test(test_canonical_is_the_notice_again),
        cmocka_unit_test(test_a_completed_notice_is_stored_whole),
        cmocka_unit_test(test_new_ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
