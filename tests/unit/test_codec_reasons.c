/* Bytes that are no notice: each fault has its own reason code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "queue/codec.h"

#define TO "\"to\":{\"everyone\":true}"

static const struct {
    const char *name, *bytes;
    size_t n; /* 0 = strlen */
    const char *code, *field;
} rows[] = {
    {"nothing",                     "",                                                                 0,  "bad-json",         ""      },
    {"cut off",                     "{\"v\":1,",                                                        0,  "bad-json",         ""      },
    {"something behind it",         "{\"v\":1,\"kind\":\"notice\"," TO ",\"text\":\"a\"}}",             0,  "bad-json",         ""      },
    {"a lone surrogate",            "{\"text\":\"\\ud800\"}",                                           0,  "bad-json",         ""      },
    {"a member twice",              "{\"v\":1,\"text\":\"a\",\"text\":\"a\"}",                          0,  "duplicate-member", ""      },
    {"a member twice, deep inside", "{\"v\":1,\"to\":{\"tags\":[],\"tags\":[]}}",                       0,  "duplicate-member", ""      },
    {"a raw NUL",                   "{\"text\":\"a\0b\"}",                                              14, "nul-byte",         ""      },
    {"an escaped NUL",              "{\"text\":\"a\\u0000b\"}",                                         0,  "nul-byte",         ""      },
    {"GB18030",                     "{\"text\":\"\xb1\xa8\xc3\xfb\"}",                                  0,  "bad-utf8",         ""      },
    {"an overlong form",            "{\"text\":\"\xc0\xaf\"}",                                          0,  "bad-utf8",         ""      },
    {"a surrogate in UTF-8",        "{\"text\":\"\xed\xa0\x80\"}",                                      0,  "bad-utf8",         ""      },
    {"a member nobody knows",       "{\"v\":1,\"kind\":\"notice\"," TO ",\"text\":\"a\",\"colour\":1}", 0,
     "unknown-member",                                                                                                          "colour"},
    {"a number for a text",         "{\"v\":1,\"kind\":\"notice\"," TO ",\"text\":7}",                  0,  "bad-type",         "text"  },
    {"another version",             "{\"v\":2,\"kind\":\"notice\"," TO ",\"text\":\"a\"}",              0,  "bad-version",      "v"     },
};

static void test_each_fault_has_its_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t n = rows[i].n > 0 ? rows[i].n : strlen(rows[i].bytes);
        char *bytes = xmemdup(rows[i].bytes, n);
        struct err e = {.code = ""};
        struct notice *notice = codec_notice(bytes, n, &e);

        if (notice != NULL || strcmp(e.code, rows[i].code) != 0 || strcmp(e.field, rows[i].field) != 0 ||
            e.msg[0] == '\0')
            fail_msg("%s: code \"%s\", field \"%s\": %s", rows[i].name, e.code, e.field, e.msg);
        free(bytes);
    }
}

/* Errors are logged. */
static void test_what_is_malformed_is_not_quoted(void **state)
{
    static const char bytes[] = "{\"v\":1,\"to\":{\"phones\":[\"+8613800000011\" \"+8613800000012\"]}}";
    struct err e = {.code = ""};

    (void)state;
    assert_null(codec_notice(bytes, strlen(bytes), &e));
    assert_null(strstr(e.msg, "138000"));
    assert_non_null(strstr(e.msg, "column"));
}

static void test_more_than_64_kib_is_too_large_and_64_kib_are_not(void **state)
{
    char *bytes = xmalloc(NOTICE_JSON_MAX + 1);
    struct err e = {.code = ""};

    (void)state;
    memset(bytes, ' ', NOTICE_JSON_MAX + 1);
    assert_null(codec_notice(bytes, NOTICE_JSON_MAX + 1, &e));
    assert_string_equal(e.code, "too-large");
    assert_null(codec_notice(bytes, NOTICE_JSON_MAX, &e));
    assert_string_equal(e.code, "bad-json");
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_fault_has_its_code),
        cmocka_unit_test(test_what_is_malformed_is_not_quoted),
        cmocka_unit_test(test_more_than_64_kib_is_too_large_and_64_kib_are_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
