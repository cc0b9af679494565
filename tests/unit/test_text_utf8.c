#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "text/utf8.h"

struct valid_row {
    const char *name, *s;
    size_t n;
    bool valid;
};
#define S(lit) lit, sizeof(lit) - 1

/* clang-format off */
static const struct valid_row VALID[] = {
    {"the empty text", S(""), true},
    {"ASCII of more than eight bytes", S("hello, neighbours"), true},
    {"Chinese", S("明早八点篮球赛"), true},
    {"an emoji", S("\xF0\x9F\x98\x80"), true},
    {"the last code point", S("\xF4\x8F\xBF\xBF"), true},
    {"NUL is no text", S("a\0b"), false},
    {"NUL inside eight ASCII bytes", S("abc\0defghijk"), false},
    {"past the last code point", S("\xF4\x90\x80\x80"), false},
    {"overlong slash", S("\xC0\xAF"), false},
    {"overlong in three bytes", S("\xE0\x80\xAF"), false},
    {"overlong in four bytes", S("\xF0\x80\x80\xAF"), false},
    {"a surrogate", S("\xED\xA0\x80"), false},
    {"a lone continuation byte", S("\x80"), false},
    {"a character cut short", S("\xE6\x98"), false},
    {"a lead byte before ASCII", S("\xE6\x98z"), false},
    {"GB18030 bytes", S("\xD0\xD5\xC3\xFB"), false},
    {"FF", S("\xFF"), false},
};
/* clang-format on */

static void test_valid(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(VALID); i++)
        if (utf8_valid(VALID[i].s, VALID[i].n) != VALID[i].valid)
            fail_msg("%s", VALID[i].name);
}

static void test_next_moves_one_byte_past_garbage(void **state)
{
    static const char s[] = "\xE6\x98\xE6\x98\x8E";
    const char *p = s, *end = s + sizeof s - 1;

    (void)state;
    assert_int_equal(utf8_next(&p, end), -1);
    assert_ptr_equal(p, s + 1);
    assert_int_equal(utf8_next(&p, end), -1);
    assert_int_equal(utf8_next(&p, end), 0x660E);
    assert_ptr_equal(p, end);
}

/* clang-format off */
static const struct {
    const char *name, *s;
    size_t count, width;
} SIZES[] = {
    {"nothing", "", 0, 0},
    {"ASCII", "abc", 3, 3},
    {"Chinese is two columns wide", "报名 ok", 5, 7},
    {"an emoji is two columns wide", "\xF0\x9F\x98\x80", 1, 2},
    {"a full-width digit is two columns wide", "１", 1, 2},
    {"zero width takes none", "a\xE2\x80\x8B" "b", 3, 2},
    {"a combining accent takes none", "e\xCC\x81", 2, 1},
};
/* clang-format on */

static void test_sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(SIZES); i++) {
        size_t n = strlen(SIZES[i].s);
        if (utf8_count(SIZES[i].s, n) != SIZES[i].count || utf8_width(SIZES[i].s, n) != SIZES[i].width)
            fail_msg("%s: count %zu width %zu", SIZES[i].name, utf8_count(SIZES[i].s, n),
                     utf8_width(SIZES[i].s, n));
    }
}

static void test_encode_is_the_inverse_of_next(void **state)
{
    static const int32_t CODES[] = {'a', 0xE9, 0x62A5, 0x1F600, 0x10FFFF};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CODES); i++) {
        char s[4];
        size_t n = utf8_encode(CODES[i], s);
        const char *p = s;
        assert_int_equal(utf8_next(&p, s + n), CODES[i]);
        assert_ptr_equal(p, s + n);
    }
}

static void test_cut_never_halves_a_character(void **state)
{
    static const size_t want[] = {0, 0, 0, 3, 3, 3, 6, 7, 7};

    (void)state;
    for (size_t max = 0; max < ARRAY_LEN(want); max++)
        assert_int_equal(utf8_cut("报名x", 7, max), want[max]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_next_moves_one_byte_past_garbage),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_encode_is_the_inverse_of_next),
        cmocka_unit_test(test_cut_never_halves_a_character),
    };
    return cmocka_run_group_tests_name("text_utf8", tests, NULL, NULL);
}
