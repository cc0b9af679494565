#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "text/csv.h"

/* Rows as one text: "line:cell|cell|" each. */
static bool on_row(void *arg, const struct csv_row *row)
{
    struct buf *b = arg;

    buf_fmt(b, "%zu:", row->line);
    for (size_t i = 0; i < row->n_cells; i++)
        buf_fmt(b, "%s|", row->cells[i]);
    buf_str(b, "\n");
    return true;
}

static int parse(const char *s, size_t n, size_t chunk, struct buf *out, struct err *e)
{
    struct csv *c = csv_new(on_row, out);
    int rc = 0;

    for (size_t i = 0; i < n && rc == 0; i += chunk)
        rc = csv_feed(c, s + i, n - i < chunk ? n - i : chunk, e);
    if (rc == 0)
        rc = csv_end(c, e);
    csv_free(c);
    return rc;
}

#define S(lit) lit, sizeof(lit) - 1
/* ${out} begins with '!': an error whose text holds the rest. */
/* clang-format off */
static const struct {
    const char *name, *in;
    size_t n;
    const char *out;
} ROWS[] = {
    {"nothing", S(""), ""},
    {"a header and a row", S("name,phone\n张三,138\n"), "1:name|phone|\n2:张三|138|\n"},
    {"no newline at the end", S("a,b\nc,d"), "1:a|b|\n2:c|d|\n"},
    {"CR LF", S("a,b\r\nc,d\r\n"), "1:a|b|\n2:c|d|\n"},
    {"CR alone", S("a,b\rc,d\r"), "1:a|b|\n2:c|d|\n"},
    {"a byte order mark", S("\xEF\xBB\xBF姓名,手机\n"), "1:姓名|手机|\n"},
    {"semicolons", S("姓名;手机;标签\na;b,c;d\n"), "1:姓名|手机|标签|\n2:a|b,c|d|\n"},
    {"tabs", S("姓名\t手机\na\tb\n"), "1:姓名|手机|\n2:a|b|\n"},
    {"the header alone decides the delimiter", S("a,b\nc;d;e,f\n"), "1:a|b|\n2:c;d;e|f|\n"},
    {"a delimiter inside quotes does not count", S("\"a;b;c\",d\n"), "1:a;b;c|d|\n"},
    {"quotes", S("a,\"b \"\"c\"\", d\"\n"), "1:a|b \"c\", d|\n"},
    {"a newline inside quotes keeps the line numbers", S("a,b\n\"x\r\ny\",1\nz,2\n"), "1:a|b|\n2:x\r\ny|1|\n4:z|2|\n"},
    {"a quote inside a plain cell is text", S("a,5\"x\n"), "1:a|5\"x|\n"},
    {"blanks before a quote", S("a, \"b,c\"\n"), "1:a|b,c|\n"},
    {"text after a closing quote is kept", S("a,\"b\"c\n"), "1:a|bc|\n"},
    {"cells are trimmed", S(" a ,\xE3\x80\x80张三\xC2\xA0,\" b \"\n"), "1:a|张三|b|\n"},
    {"empty cells", S("a,,\n,b,\n"), "1:a|||\n2:|b||\n"},
    {"blank lines and rows of commas are no rows", S("a,b\n\n ,\n,,,\nc,d\n"), "1:a|b|\n5:c|d|\n"},
    {"blank lines before the header", S("\r\n\r\na,b\n"), "3:a|b|\n"},
    {"GB18030", S("\xD0\xD5\xC3\xFB,\xCA\xD6\xBB\xFA\n\xB6\xA1\xD2\xBB,138\n"), "1:姓名|手机|\n2:丁一|138|\n"},
    {"GB18030 after an English header", S("name,phone\n\xB3\xC2\xB4\xF3\xBA\xA3,138\n"), "1:name|phone|\n2:陈大海|138|\n"},
    {"a four-byte character of GB18030", S("\xD0\xD5\xC3\xFB\n\x81\x39\xf0\x35\n"), "1:姓名|\n2:㐐|\n"},
    {"once GB18030, always: bytes that would be UTF-8 too", S("\xD0\xD5\xC3\xFB\n\xD2\xBB\n"), "1:姓名|\n2:一|\n"},
    {"UTF-8 that turns invalid", S("姓名,手机\n\xB6\xA1\xD2\xBB,138\n"), "!line 2: there are bytes that are not UTF-8"},
    {"a byte order mark, then GB18030", S("\xEF\xBB\xBFname\n\xB6\xA1\n"), "!line 2: there are bytes that are not UTF-8"},
    {"neither encoding", S("a,b\n\xFF\xFF,c\n"), "!line 2: there are bytes that are neither"},
    {"half a character of GB18030", S("a\n\xB6\n"), "!line 2: there are bytes that are neither"},
    {"a quote that is not closed", S("a,b\nc,\"d\ne,f\n"), "!line 2: a quote is opened here and never closed"},
    {"a quote in the header that is not closed", S("a,\"b\nc,d\n"), "!line 1: a quote is opened"},
    {"NUL", S("a,b\nc\0,d\n"), "!line "},
    {"UTF-16", S("\xFF\xFE" "a\0,\0b\0\n\0"), "!UTF-16"},
    {"an open quote that is closed at once", S("a,\"\"\n"), "1:a||\n"},
};
/* clang-format on */

static void test_rows_in_pieces_of_any_size(void **state)
{
    static const size_t CHUNKS[] = {1, 2, 3, 7, 1000};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        for (size_t k = 0; k < ARRAY_LEN(CHUNKS); k++) {
            struct buf b = BUF_INIT(10000);
            struct err e = {.msg = ""};
            int rc = parse(ROWS[i].in, ROWS[i].n, CHUNKS[k], &b, &e);
            if (ROWS[i].out[0] == '!'
                    ? rc != -1 || strcmp(e.code, "bad-csv") || !strstr(e.msg, ROWS[i].out + 1)
                    : rc != 0 || strcmp(buf_cstr(&b), ROWS[i].out))
                fail_msg("%s, %zu bytes at a time: rc %d %s\n%s", ROWS[i].name, CHUNKS[k], rc, e.msg,
                         buf_cstr(&b));
            buf_fini(&b);
        }
}

static void test_memory_is_bounded_by_one_row(void **state)
{
    struct buf in = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
    struct err e;

    (void)state;
    buf_str(&in, "a,b\nc,");
    for (size_t i = 0; i < 70000; i++)
        buf_chr(&in, 'x');
    assert_int_equal(parse(in.data, in.len, 4096, &out, &e), -1);
    assert_string_equal(e.msg, "line 2: the row is longer than 64 KiB");

    in.data[6] = '"';
    assert_int_equal(parse(in.data, in.len, 4096, &out, &e), -1);
    assert_non_null(strstr(e.msg, "line 2: a quote is opened here"));

    memset(in.data, 'x', in.len);
    assert_int_equal(parse(in.data, in.len, 4096, &out, &e), -1);
    assert_non_null(strstr(e.msg, "header"));
    buf_fini(&in);
    buf_fini(&out);
}

static void test_a_row_of_many_cells(void **state)
{
    struct buf in = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);

    (void)state;
    buf_str(&in, "a,b\n");
    for (size_t i = 0; i < 60000; i++)
        buf_chr(&in, ',');
    buf_str(&in, "z\n");
    assert_int_equal(parse(in.data, in.len, 5000, &out, NULL), 0);
    assert_int_equal(out.len, strlen("1:a|b|\n2:") + 60000 + strlen("z|\n"));
    buf_fini(&in);
    buf_fini(&out);
}

static bool stop_at_two(void *arg, const struct csv_row *row)
{
    size_t *n = arg;

    ++*n;
    return row->line < 2;
}

static void test_the_caller_may_stop(void **state)
{
    size_t n = 0;
    struct csv *c = csv_new(stop_at_two, &n);

    (void)state;
    assert_int_equal(csv_feed(c, "a\nb\nc\nd\n", 8, NULL), 0);
    assert_int_equal(csv_feed(c, "\"e", 2, NULL), 0);
    assert_int_equal(csv_end(c, NULL), 0);
    assert_int_equal(n, 2);
    csv_free(c);
}

/* clang-format off */
static const struct {
    const char *name, *in, *out;
} CELLS[] = {
    {"plain", "张三", "张三"},
    {"empty", "", ""},
    {"comma", "a,b", "\"a,b\""},
    {"quote", "a\"b", "\"a\"\"b\""},
    {"newline", "a\nb", "\"a\nb\""},
    {"blank at the end", "a ", "\"a \""},
    {"a formula", "=1+1", "'=1+1"},
    {"a formula with a comma", "=SUM(A1,A2)", "\"'=SUM(A1,A2)\""},
    {"a formula by plus", "+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"},
    {"a formula by at", "@SUM(1)", "'@SUM(1)"},
    {"a formula by a full-width sign", "＝1", "'＝1"},
    {"a telephone number is a number", "+8613800138000", "+8613800138000"},
    {"a negative number", "-1.5", "-1.5"},
    {"a lone minus", "-", "'-"},
};
/* clang-format on */

static void test_cells_are_safe_for_spreadsheets(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CELLS); i++) {
        struct buf b = BUF_INIT(100);
        assert_int_equal(csv_cell(&b, CELLS[i].in, strlen(CELLS[i].in)), 0);
        if (strcmp(buf_cstr(&b), CELLS[i].out))
            fail_msg("%s: %s", CELLS[i].name, buf_cstr(&b));
        buf_fini(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_in_pieces_of_any_size),
        cmocka_unit_test(test_memory_is_bounded_by_one_row),
        cmocka_unit_test(test_a_row_of_many_cells),
        cmocka_unit_test(test_the_caller_may_stop),
        cmocka_unit_test(test_cells_are_safe_for_spreadsheets),
    };
    return cmocka_run_group_tests_name("text_csv", tests, NULL, NULL);
}
