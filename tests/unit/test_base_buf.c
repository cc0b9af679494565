/* base/buf, base/num, base/err: bytes with a ceiling, numbers from text, failures as values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"

static void appends_grow_and_stay_terminated(void **state)
{
    struct buf b = BUF_INIT(100000);

    (void)state;
    assert_string_equal(buf_cstr(&b), "");
    for (int i = 0; i < 10000; i++)
        assert_int_equal(buf_fmt(&b, "%d,", i % 10), 0);
    assert_int_equal(b.len, 20000);
    assert_int_equal(strlen(b.data), 20000);
    buf_reset(&b);
    assert_string_equal(buf_cstr(&b), "");
    buf_u64(&b, UINT64_MAX);
    buf_chr(&b, ' ');
    buf_i64(&b, INT64_MIN);
    buf_chr(&b, ' ');
    buf_i64(&b, 0);
    assert_string_equal(buf_cstr(&b), "18446744073709551615 -9223372036854775808 0");
    buf_fini(&b);
    buf_fini(&b);
}

static void past_the_ceiling_nothing_changes_and_it_is_remembered(void **state)
{
    struct buf b = BUF_INIT(8);

    (void)state;
    assert_int_equal(buf_str(&b, "12345678"), 0); /* exactly full */
    assert_int_equal(buf_chr(&b, '9'), -1);
    assert_true(b.overflow);
    assert_string_equal(buf_cstr(&b), "12345678");
    buf_reset(&b);
    assert_int_equal(buf_str(&b, "123456"), 0);
    assert_int_equal(buf_fmt(&b, "%s", "789"), -1);
    assert_string_equal(buf_cstr(&b), "123456");
    assert_int_equal(b.len, 6);
    assert_int_equal(buf_chr(&b, '7'), -1); /* there would be room; but something is missing before it */
    buf_reset(&b);
    assert_int_equal(buf_json(&b, "ab\n\x01", 4), -1);
    assert_string_equal(buf_cstr(&b), "");
    buf_reset(&b);
    assert_int_equal(buf_i64(&b, -123456789), -1);
    assert_int_equal(b.len, 0);
    assert_int_equal(buf_add(&b, "x", SIZE_MAX), -1);
    buf_fini(&b);
}

static void a_number_may_fill_the_buffer(void **state)
{
    struct buf b = BUF_INIT(4);

    (void)state;
    assert_int_equal(buf_i64(&b, -123), 0);
    assert_string_equal(buf_cstr(&b), "-123");
    buf_fini(&b);
}

static void json_escapes_what_must_be(void **state)
{
    static const char in[] = "a\"b\\c\b\f\n\r\t\x01\x1f\0d/é中";
    struct buf b = BUF_INIT(1000);

    (void)state;
    assert_int_equal(buf_json(&b, in, sizeof(in) - 1), 0);
    assert_string_equal(buf_cstr(&b), "a\\\"b\\\\c\\b\\f\\n\\r\\t\\u0001\\u001f\\u0000d/é中");
    assert_int_equal(buf_json(&b, "", 0), 0);
    buf_fini(&b);
}

static void memory_can_be_taken_out(void **state)
{
    struct buf b = BUF_INIT(10);
    char *p;

    (void)state;
    buf_str(&b, "abc");
    p = buf_take(&b);
    assert_string_equal(p, "abc");
    free(p);
    assert_string_equal(buf_cstr(&b), "");
    p = buf_take(&b);
    assert_string_equal(p, "");
    free(p);
    buf_str(&b, "secret");
    buf_wipe(&b);
    assert_null(b.data);
    assert_int_equal(b.ceiling, 10);
}

static const struct {
    const char *text;
    int64_t min, max;
    bool good;
    int64_t value;
} int_rows[] = {
    {"0",                    0,         10,        true,  0        },
    {"10",                   0,         10,        true,  10       },
    {"+7",                   0,         10,        true,  7        },
    {"-7",                   -10,       10,        true,  -7       },
    {"007",                  0,         10,        true,  7        },
    {"9223372036854775807",  INT64_MIN, INT64_MAX, true,  INT64_MAX},
    {"-9223372036854775808", INT64_MIN, INT64_MAX, true,  INT64_MIN},
    {"9223372036854775808",  INT64_MIN, INT64_MAX, false, 0        },
    {"-9223372036854775809", INT64_MIN, INT64_MAX, false, 0        },
    {"11",                   0,         10,        false, 0        },
    {"-1",                   0,         10,        false, 0        },
    {"",                     0,         10,        false, 0        },
    {"-",                    -10,       10,        false, 0        },
    {"+",                    -10,       10,        false, 0        },
    {" 1",                   0,         10,        false, 0        },
    {"1 ",                   0,         10,        false, 0        },
    {"1x",                   0,         10,        false, 0        },
    {"0x1",                  0,         10,        false, 0        },
    {"1.0",                  0,         10,        false, 0        },
    {"１",                  0,         10,        false, 0        },
    {"--1",                  -10,       10,        false, 0        },
};

static void integers_are_read_whole_or_not_at_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(int_rows); i++) {
        int64_t v = 99;
        int rc = num_i64(int_rows[i].text, int_rows[i].min, int_rows[i].max, &v);

        if ((rc == 0) != int_rows[i].good || (rc == 0 ? v != int_rows[i].value : v != 99))
            fail_msg("\"%s\": rc %d, %lld", int_rows[i].text, rc, (long long)v);
    }
}

static void doubles_are_plain_decimal_numbers(void **state)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"1",     true },
        {"-0.5",  true },
        {"1e2",   true },
        {".5",    true },
        {"",      false},
        {"x",     false},
        {" 1",    false},
        {"1 ",    false},
        {"0x10",  false},
        {"inf",   false},
        {"nan",   false},
        {"1e999", false},
        {"101",   false},
        {"1.5.2", false}
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        double v = 0;

        if ((num_double(rows[i].text, -100, 100, &v) == 0) != rows[i].good)
            fail_msg("\"%s\"", rows[i].text);
    }
}

static void an_error_is_cut_at_a_characters_border(void **state)
{
    struct err e;
    char longer[600];

    (void)state;
    assert_int_equal(err_set(NULL, "x", NULL, "%d", 1), -1);
    assert_int_equal(err_set(&e, "not-after-passed", "not_after", "it is %d", 7), -1);
    assert_string_equal(e.code, "not-after-passed");
    assert_string_equal(e.field, "not_after");
    assert_string_equal(e.msg, "it is 7");
    assert_int_equal(err_set(&e, "x", NULL, "%s", ""), -1);
    assert_string_equal(e.field, "");
    for (size_t i = 0; i < 199; i++)
        memcpy(longer + 3 * i, "中", 3);
    longer[597] = '\0';
    err_set(&e, "x", longer, "%s", longer);
    assert_int_equal(strlen(e.msg), 399); /* 133 characters, exactly full */
    assert_int_equal(strlen(e.field), 63);
    err_set(&e, "x", NULL, "a%s", longer);
    assert_int_equal(strlen(e.msg), 397);
    err_set(&e, "x", NULL, "ab%s", longer);
    assert_int_equal(strlen(e.msg), 398);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_grow_and_stay_terminated),
        cmocka_unit_test(past_the_ceiling_nothing_changes_and_it_is_remembered),
        cmocka_unit_test(a_number_may_fill_the_buffer),
        cmocka_unit_test(json_escapes_what_must_be),
        cmocka_unit_test(memory_can_be_taken_out),
        cmocka_unit_test(integers_are_read_whole_or_not_at_all),
        cmocka_unit_test(doubles_are_plain_decimal_numbers),
        cmocka_unit_test(an_error_is_cut_at_a_characters_border),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
