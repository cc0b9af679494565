#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "text/segment.h"

/* A text as runs: ${n} times ${s}. */
struct run {
    size_t n;
    const char *s;
};
struct row {
    const char *name;
    struct run runs[3];
    const char *sign;
    enum segment_encoding encoding; /* abroad */
    size_t intl, intl_parts, cn, cn_parts;
};

/* clang-format off */
static const struct row ROWS[] = {
    {"160 a", {{160, "a"}}, NULL, SEGMENT_GSM7, 160, 1, 160, 3},
    {"161 a", {{161, "a"}}, NULL, SEGMENT_GSM7, 161, 2, 161, 3},
    {"306 a", {{306, "a"}}, NULL, SEGMENT_GSM7, 306, 2, 306, 5},
    {"307 a", {{307, "a"}}, NULL, SEGMENT_GSM7, 307, 3, 307, 5},
    {"159 a and a euro", {{159, "a"}, {1, "€"}}, NULL, SEGMENT_GSM7, 161, 2, 160, 3},
    {"158 a and a euro", {{158, "a"}, {1, "€"}}, NULL, SEGMENT_GSM7, 160, 1, 159, 3},
    {"a pair at the cut", {{152, "a"}, {1, "€"}, {152, "a"}}, NULL, SEGMENT_GSM7, 306, 3, 305, 5},
    {"70 Chinese", {{70, "汉"}}, NULL, SEGMENT_UCS2, 70, 1, 70, 1},
    {"71 Chinese", {{71, "汉"}}, NULL, SEGMENT_UCS2, 71, 2, 71, 2},
    {"134 Chinese", {{134, "汉"}}, NULL, SEGMENT_UCS2, 134, 2, 134, 2},
    {"135 Chinese", {{135, "汉"}}, NULL, SEGMENT_UCS2, 135, 3, 135, 3},
    {"an emoji at the cut", {{66, "汉"}, {1, "😀"}, {4, "汉"}}, NULL, SEGMENT_UCS2, 72, 2, 72, 2},
    {"an emoji at the cut costs a part abroad", {{66, "汉"}, {1, "😀"}, {66, "汉"}}, NULL, SEGMENT_UCS2, 134, 3, 134, 2},
    {"a backtick", {{1, "a`"}}, NULL, SEGMENT_UCS2, 2, 1, 2, 1},
    {"a tab", {{1, "a\t"}}, NULL, SEGMENT_UCS2, 2, 1, 2, 1},
    {"curly quotes", {{1, "“"}}, NULL, SEGMENT_UCS2, 1, 1, 1, 1},
    {"capital cedilla is in the alphabet", {{1, "Ç"}}, NULL, SEGMENT_GSM7, 1, 1, 1, 1},
    {"small cedilla is not", {{1, "ç"}}, NULL, SEGMENT_UCS2, 1, 1, 1, 1},
    {"Greek and newline", {{1, "ΔΦΓΛΩΠΨΣΘΞ\r\n"}}, NULL, SEGMENT_GSM7, 12, 1, 12, 1},
    {"the extension", {{1, "\f^{}\\[~]|€"}}, NULL, SEGMENT_GSM7, 20, 1, 10, 1},
    {"signature with its brackets", {{65, "汉"}}, "华为云", SEGMENT_UCS2, 70, 1, 70, 1},
    {"signature makes it two parts", {{66, "汉"}}, "华为云", SEGMENT_UCS2, 71, 2, 71, 2},
    {"signature that has its brackets", {{65, "汉"}}, "【华为云】", SEGMENT_UCS2, 70, 1, 70, 1},
    {"signature abroad in square brackets", {{150, "a"}}, "Venus", SEGMENT_GSM7, 159, 1, 157, 3},
    {"empty signature", {{70, "汉"}}, "", SEGMENT_UCS2, 70, 1, 70, 1},
};
/* clang-format on */

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        const struct row *r = &ROWS[i];
        struct buf b = BUF_INIT(10000);
        struct segment_measure in, cn;
        for (size_t k = 0; k < ARRAY_LEN(r->runs); k++)
            for (size_t j = 0; j < r->runs[k].n; j++)
                buf_str(&b, r->runs[k].s);
        segment_measure(buf_cstr(&b), b.len, r->sign, SEGMENT_INTL, &in);
        segment_measure(buf_cstr(&b), b.len, r->sign, SEGMENT_CN, &cn);
        if (in.encoding != r->encoding || in.characters != r->intl || in.parts != r->intl_parts)
            fail_msg("%s, abroad: %s %zu in %zu", r->name, segment_encoding_name(in.encoding), in.characters,
                     in.parts);
        if (cn.characters != r->cn || cn.parts != r->cn_parts || cn.encoding != SEGMENT_UCS2)
            fail_msg("%s, mainland: %zu in %zu", r->name, cn.characters, cn.parts);
        buf_fini(&b);
    }
}

/* clang-format off */
static const struct {
    const char *text, *sign;
} REAL[] = {
    {"海口市气象台9月23日9时06分发布台风黄色预警：未来24小时阵风10-11级。请关好门窗，收好阳台物品，勿到海边。平安回1，求助回2。", "龙华社区"},
    {"【龙华社区】海口市气象台9月23日9时06分发布台风黄色预警：未来24小时阵风10-11级。请关好门窗，收好阳台物品，勿到海边。平安回1，求助回2。", NULL},
};
/* clang-format on */

/* A signature given apart and the same one in the text are one count. */
static void test_signature_apart_or_inside(void **state)
{
    struct segment_measure a, b;

    (void)state;
    segment_measure(REAL[0].text, strlen(REAL[0].text), REAL[0].sign, SEGMENT_CN, &a);
    segment_measure(REAL[1].text, strlen(REAL[1].text), REAL[1].sign, SEGMENT_CN, &b);
    assert_int_equal(a.characters, b.characters);
    assert_int_equal(a.characters, 74);
    assert_int_equal(a.parts, 2);
    assert_int_equal(b.parts, 2);
}

static void test_room_left(void **state)
{
    struct segment_measure m;

    (void)state;
    segment_measure("a", 1, NULL, SEGMENT_INTL, &m);
    assert_int_equal(m.left, 159);
    segment_measure("汉", 3, NULL, SEGMENT_CN, &m);
    assert_int_equal(m.left, 69);
    segment_measure("汉", 3, "汉", SEGMENT_CN, &m);
    assert_int_equal(m.left, 66);
    segment_measure("", 0, "汉", SEGMENT_CN, &m);
    assert_int_equal(m.parts, 0);
    assert_int_equal(m.characters, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_signature_apart_or_inside),
        cmocka_unit_test(test_room_left),
    };
    return cmocka_run_group_tests_name("text_segment", tests, NULL, NULL);
}
