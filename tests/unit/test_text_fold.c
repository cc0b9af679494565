#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "text/fold.h"

/* clang-format off */
static const struct {
    const char *name, *in, *folded, *trimmed;
} ROWS[] = {
    {"nothing", "", "", ""},
    {"case", "Join BASKETBALL", "join basketball", "join basketball"},
    {"full-width letters, digits and blank", "ＹＥＳ　１", "yes 1", "yes 1"},
    {"traditional keywords", "報名籃球賽", "报名篮球赛", "报名篮球赛"},
    {"traditional opt-out", "退訂", "退订", "退订"},
    {"punctuation at the ends", "“退订。”", "“退订。”", "退订"},
    {"full-width punctuation", "ＴＤ！！", "td!!", "td"},
    {"emoji at the ends", "🏀报名篮球😀", "🏀报名篮球😀", "报名篮球"},
    {"a question mark that is all there is", "？", "?", "?"},
    {"an emoji that is all there is", "👍", "👍", "👍"},
    {"blanks and newlines", " \t报名\r\n\r\n 篮球  ", "报名 篮球", "报名 篮球"},
    {"zero-width characters inside", "报\xE2\x80\x8B名\xEF\xBB\xBF", "报名", "报名"},
    {"direction marks around", "\xE2\x80\xAD+1\xE2\x80\xAC", "+1", "+1"},
    {"the sign of a number stays", "。+1。", "。+1。", "+1"},
    {"a plus without a number goes", "+ 报名", "+ 报名", "报名"},
    {"circled digit", "①", "1", "1"},
    {"negative circled digit", "❷", "2", "2"},
    {"keycap emoji", "1\xEF\xB8\x8F\xE2\x83\xA3", "1", "1"},
    {"heavy plus", "➕1", "+1", "+1"},
    {"decomposed accent is composed", "Jose\xCC\x81", "josé", "josé"},
    {"sharp s", "Straße", "strasse", "strasse"},
    {"compatibility ideograph", "\xEF\xA4\x8A", "金", "金"},
    {"Kangxi radical", "\xE2\xBC\x84", "乙", "乙"},
    {"no-break blank", "报名\xC2\xA0篮球", "报名 篮球", "报名 篮球"},
    {"an ellipsis", "报名…", "报名...", "报名"},
    {"numbers in words are left alone", "報名兩個人", "报名两个人", "报名两个人"},
};
/* clang-format on */

static void test_rows(void **state)
{
    struct buf b = BUF_INIT(200);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        if (fold_text(ROWS[i].in, strlen(ROWS[i].in), &b) || strcmp(buf_cstr(&b), ROWS[i].folded))
            fail_msg("fold_text, %s: \"%s\"", ROWS[i].name, buf_cstr(&b));
        if (fold_trim(ROWS[i].in, strlen(ROWS[i].in), &b) || strcmp(buf_cstr(&b), ROWS[i].trimmed))
            fail_msg("fold_trim, %s: \"%s\"", ROWS[i].name, buf_cstr(&b));
    }
    buf_fini(&b);
}

static void test_folding_twice_changes_nothing(void **state)
{
    struct buf a = BUF_INIT(200), b = BUF_INIT(200);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        assert_int_equal(fold_text(ROWS[i].in, strlen(ROWS[i].in), &a), 0);
        assert_int_equal(fold_text(buf_cstr(&a), a.len, &b), 0);
        assert_string_equal(buf_cstr(&a), buf_cstr(&b));
    }
    buf_fini(&a);
    buf_fini(&b);
}

static void test_malformed_and_too_long_are_refused(void **state)
{
    struct buf b = BUF_INIT(8);

    (void)state;
    assert_int_equal(fold_text("\xD0\xD5", 2, &b), -1);
    assert_int_equal(fold_text("a\0b", 3, &b), -1);
    assert_int_equal(fold_text("123456789", 9, &b), -1);
    assert_int_equal(fold_text("12345678", 8, &b), 0);
    /* One character that becomes eighteen. */
    assert_int_equal(fold_text("\xEF\xB7\xBA", 3, &b), -1);
    buf_fini(&b);
}

/* A representative of each part of the table: a pair out of order would be missed by the search. */
static void test_simplified(void **state)
{
    static const char trad[] = "報參動賽籃請幫復訂閱課樓號兩個們沒無時問嗎誰這裡邊開關選擇認確詢颱臺陳劉張楊"
                               "趙黃吳鄭馮許鄧葉蘇呂萬億亂龍龔龜隊線給";
    static const char simp[] = "报参动赛篮请帮复订阅课楼号两个们没无时问吗谁这里边开关选择认确询台台陈刘张杨"
                               "赵黄吴郑冯许邓叶苏吕万亿亂龙龚龟队线给";
    struct buf b = BUF_INIT(1000);

    (void)state;
    assert_int_equal(fold_text(trad, strlen(trad), &b), 0);
    assert_string_equal(buf_cstr(&b), simp);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_folding_twice_changes_nothing),
        cmocka_unit_test(test_malformed_and_too_long_are_refused),
        cmocka_unit_test(test_simplified),
    };
    return cmocka_run_group_tests_name("text_fold", tests, NULL, NULL);
}
