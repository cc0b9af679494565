/* Selectors: who is meant; and the lines of a frozen audience. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/audience.h"

static struct audience *parse(const char *json, struct err *e)
{
    json_t *j = json_loads(json, 0, NULL);
    struct audience *a;

    assert_non_null(j);
    a = audience_parse(j, e);
    json_decref(j);
    return a;
}

static struct audience *must_parse(const char *json)
{
    struct err e = {.msg = ""};
    struct audience *a = parse(json, &e);

    if (!a)
        fail_msg("%s: %s", json, e.msg);
    return a;
}

static bool in_activity(void *arg, const char *activity, const struct audience *which,
                        const struct resident *r)
{
    (void)arg;
    /* 王伟 is confirmed, 李娜 waits. */
    return strcmp(activity, "篮球") == 0 &&
           audience_status_wanted(which, strcmp(r->name, "王伟") == 0 ? "confirmed" : "waiting");
}

static const struct resident WANG = {.id = 1,
                                     .name = "王伟",
                                     .phones = {"+8613800000001"},
                                     .n_phones = 1,
                                     .area = "460106",
                                     .building = "3栋",
                                     .tags = {"老人"},
                                     .n_tags = 1};
static const struct resident LI = {
    .id = 2,
    .name = "李娜",
    .phones = {"+8613800000002", "+8613800000003"},
    .n_phones = 2,
    .area = "460107",
    .building = "4栋",
    .tags = {"志愿者",      "党员"        },
    .n_tags = 2
};

static void members_are_and_lists_are_or(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        bool wang, li;
    } rows[] = {
        {"{\"everyone\":true}",                                                                  true,  true },
        {"{\"tags\":[\"老人\"]}",                                                              true,  false},
        {"{\"tags\":[\"老人\",\"党员\"]}",                                                   true,  true },
        {"{\"areas\":[\"460100\"]}",                                                             true,  true },
        {"{\"areas\":[\"460107\"]}",                                                             false, true },
        {"{\"tags\":[\"老人\",\"党员\"],\"areas\":[\"460107\"]}",                            false, true },
        {"{\"buildings\":[\"3栋\"]}",                                                           true,  false},
        {"{\"buildings\":[\"3\"]}",                                                              false, false},
        {"{\"phones\":[\"138 0000 0003\"]}",                                                     false, true },
        {"{\"residents\":[1]}",                                                                  true,  false},
        {"{\"residents\":[\"2\"]}",                                                              false, true },
        {"{\"everyone\":true,\"not\":{\"tags\":[\"老人\"]}}",                                  false, true },
        {"{\"everyone\":true,\"not\":{\"tags\":[\"老人\"],\"buildings\":[\"9栋\"]}}",         true,  true },
        {"{\"areas\":[\"460100\"],\"not\":{\"everyone\":true,\"not\":{\"tags\":[\"党员\"]}}}", false, true },
        {"{\"activity\":\"篮球\"}",                                                            true,  false},
        {"{\"activity\":\"篮球\",\"status\":[\"waiting\"]}",                                   false, true },
        {"{\"activity\":\"篮球\",\"status\":[\"confirmed\",\"waiting\"]}",                     true,  true },
        {"{\"everyone\":true,\"not\":{\"activity\":\"篮球\"}}",                                false, true },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct audience *a = must_parse(rows[i].json);
        if (audience_matches(a, &WANG, in_activity, NULL) != rows[i].wang ||
            audience_matches(a, &LI, in_activity, NULL) != rows[i].li)
            fail_msg("%s", rows[i].json);
        audience_free(a);
    }
}

static void strangers_are_meant_only_by_their_number(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        bool meant;
    } rows[] = {
        {"{\"phones\":[\"13800000009\"]}",                                        true },
        {"{\"phones\":[\"13800000008\"]}",                                        false},
        {"{\"everyone\":true}",                                                   false},
        {"{\"phones\":[\"13800000009\"],\"tags\":[\"老人\"]}",                  false},
        {"{\"phones\":[\"13800000009\"],\"activity\":\"篮球\"}",                false},
        {"{\"phones\":[\"13800000009\"],\"not\":{\"phones\":[\"13800000009\"]}}", false},
        {"{\"phones\":[\"13800000009\"],\"not\":{\"phones\":[\"13800000008\"]}}", true },
        {"{\"phones\":[\"13800000009\"],\"not\":{\"everyone\":true}}",            false},
        {"{\"phones\":[\"13800000009\"],\"not\":{\"tags\":[\"老人\"]}}",        true },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct audience *a = must_parse(rows[i].json);
        if (audience_matches_stranger(a, "+8613800000009") != rows[i].meant)
            fail_msg("%s", rows[i].json);
        audience_free(a);
    }
}

static void bad_selectors_name_the_member(void **state)
{
    (void)state;
    static const struct {
        const char *json, *code, *field;
    } rows[] = {
        {"{\"told\":\"x\",\"tags\":[\"老人\"]}",                                                  "bad-audience", "told"     },
        {"{\"everyone\":true,\"not\":{\"told\":\"x\"}}",                                            "bad-audience", "told"     },
        {"{}",                                                                                      "bad-audience", "to"       },
        {"[]",                                                                                      "bad-audience", "to"       },
        {"{\"everyone\":false}",                                                                    "bad-audience", "everyone" },
        {"{\"everybody\":true}",                                                                    "bad-audience", "everybody"},
        {"{\"tags\":[]}",                                                                           "bad-audience", "tags"     },
        {"{\"tags\":\"老人\"}",                                                                   "bad-audience", "tags"     },
        {"{\"tags\":[\"\"]}",                                                                       "bad-audience", "tags"     },
        {"{\"tags\":[\"a\\tb\"]}",                                                                  "bad-audience", "tags"     },
        {"{\"tags\":[1]}",                                                                          "bad-audience", "tags"     },
        {"{\"residents\":[0]}",                                                                     "bad-audience", "residents"},
        {"{\"residents\":[\"x\"]}",                                                                 "bad-audience", "residents"},
        {"{\"phones\":[\"12345\"]}",                                                                "bad-phone",    "phones"   },
        {"{\"phones\":[13800000001]}",                                                              "bad-audience", "phones"   },
        {"{\"status\":[\"confirmed\"],\"everyone\":true}",                                          "bad-audience", "status"   },
        {"{\"activity\":\"a\",\"status\":[\"here\"]}",                                              "bad-audience", "status"   },
        {"{\"not\":{\"tags\":[\"a\"]}}",                                                            "bad-audience", "to"       },
        {"{\"everyone\":true,\"not\":{}}",                                                          "bad-audience", "not"      },
        {"{\"everyone\":true,\"not\":{\"not\":{\"not\":{\"not\":{\"not\":{\"everyone\":true}}}}}}",
         "bad-audience",                                                                                            "not"      },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e = {.msg = ""};
        struct audience *a = parse(rows[i].json, &e);
        if (a || strcmp(e.code, rows[i].code) || strcmp(e.field, rows[i].field))
            fail_msg("%s: %s %s", rows[i].json, e.code, e.field);
    }
}

static void the_canonical_form_parses_to_itself(void **state)
{
    (void)state;
    struct audience *a =
        must_parse("{\"not\":{\"tags\":[\"x\"]},\"phones\":[\"138-0000-0001\"],\"residents\":[3],"
                   "\"activity\":\"篮球\",\"status\":[\"waiting\"],\"everyone\":true}");
    json_t *j = audience_json(a);
    struct audience *b = audience_parse(j, NULL);
    json_t *k = audience_json(b);

    assert_true(json_equal(j, k));
    assert_string_equal(json_string_value(json_array_get(json_object_get(j, "phones"), 0)), "+8613800000001");
    assert_string_equal(json_string_value(json_array_get(json_object_get(j, "residents"), 0)), "3");
    assert_true(audience_is_listed(b));
    assert_int_equal(audience_n_phones(b), 1);
    assert_string_equal(audience_resident(b, 0), "3");
    assert_string_equal(audience_activity(b), "篮球");
    json_decref(j);
    json_decref(k);
    audience_free(a);
    audience_free(b);
}

static void those_who_were_told(void **state)
{
    (void)state;
    struct audience *a = audience_new_told("typhoon-1"), *b;
    json_t *j = audience_json(a);

    b = audience_parse(j, NULL);
    assert_non_null(b);
    assert_string_equal(audience_told(b), "typhoon-1");
    assert_false(audience_is_listed(b));
    json_decref(j);
    audience_free(a);
    audience_free(b);
}

/* 4,000 numbers against 4,000 residents: the walk must not be quadratic. */
static void long_lists_are_found_in(void **state)
{
    (void)state;
    json_t *to = json_object(), *phones = json_array();
    struct resident r = {.id = 1, .n_phones = 1};
    size_t n = 0;

    for (int i = 3999; i >= 0; i--)
        json_array_append_new(phones, json_sprintf("+86138000%05d", 3 * i));
    json_object_set_new(to, "phones", phones);
    struct audience *a = audience_parse(to, NULL);
    assert_non_null(a);
    assert_string_equal(audience_phone(a, 0), "+8613800011997"); /* the order given */
    for (int i = 0; i < 4000; i++) {
        struct buf b = BUF_INIT(PHONE_MAX);
        assert_int_equal(buf_fmt(&b, "+86138000%05d", i), 0);
        memcpy(r.phones[0], b.data, b.len + 1);
        n += audience_matches(a, &r, NULL, NULL);
        buf_fini(&b);
    }
    assert_int_equal(n, 1334);
    json_decref(to);
    audience_free(a);
}

/* ---- lines ---- */

static void a_recipient_line_brings_everything_back(void **state)
{
    (void)state;
    const struct recipient r = {.addresses = "+8613800000001 wechat:oABC",
                                .resident = "7",
                                .name = "王伟",
                                .building = "3栋",
                                .lang = "en",
                                .text = "您好"};
    struct recipient back;
    struct buf b = BUF_INIT(256);
    char out[96];

    assert_int_equal(recipient_line(&b, &r), 0);
    assert_string_equal(b.data, "+8613800000001 wechat:oABC\t7\t王伟\t3栋\ten\t您好");
    assert_int_equal(recipient_parse(b.data, &back), 0);
    assert_string_equal(back.name, "王伟");
    assert_string_equal(back.text, "您好");
    assert_string_equal(back.area, "");
    assert_string_equal(recipient_address(&back, "sms", out, sizeof(out)), "+8613800000001");
    assert_string_equal(recipient_address(&back, "wechat", out, sizeof(out)), "oABC");
    assert_null(recipient_address(&back, "wecom", out, sizeof(out)));
    assert_null(recipient_address(&back, "sms", out, 5));
    buf_fini(&b);
}

static void empty_fields_at_the_end_are_left_out(void **state)
{
    (void)state;
    const struct recipient r = {.addresses = "+8613800000001"};
    struct recipient back;
    struct buf b = BUF_INIT(256);

    assert_int_equal(recipient_line(&b, &r), 0);
    assert_string_equal(b.data, "+8613800000001");
    assert_int_equal(recipient_parse(b.data, &back), 0);
    assert_string_equal(back.text, "");
    buf_reset(&b);
    assert_int_equal(recipient_line(&b, &(struct recipient){.addresses = "+8613800000001", .area = "460106"}),
                     0);
    assert_string_equal(b.data, "+8613800000001\t\t\t\t\t\t460106");
    assert_int_equal(recipient_parse(b.data, &back), 0);
    assert_string_equal(back.area, "460106");
    buf_fini(&b);
}

static void lines_that_would_break_the_format_are_refused(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(256);
    struct recipient back;
    char nobody[] = "\t7", many[] = "+1\t2\t3\t4\t5\t6\t7\t8";

    assert_int_equal(recipient_line(&b, &(struct recipient){.addresses = "+86", .name = "a\nb"}), -1);
    assert_int_equal(recipient_line(&b, &(struct recipient){.addresses = "+86", .text = "a\tb"}), -1);
    assert_int_equal(recipient_line(&b, &(struct recipient){.name = "a"}), -1);
    assert_int_equal(b.len, 0);
    assert_int_equal(recipient_parse(nobody, &back), -1);
    assert_int_equal(recipient_parse(many, &back), -1);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_and_lists_are_or),
        cmocka_unit_test(strangers_are_meant_only_by_their_number),
        cmocka_unit_test(bad_selectors_name_the_member),
        cmocka_unit_test(the_canonical_form_parses_to_itself),
        cmocka_unit_test(those_who_were_told),
        cmocka_unit_test(long_lists_are_found_in),
        cmocka_unit_test(a_recipient_line_brings_everything_back),
        cmocka_unit_test(empty_fields_at_the_end_are_left_out),
        cmocka_unit_test(lines_that_would_break_the_format_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
