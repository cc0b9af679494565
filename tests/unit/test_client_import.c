/* A CSV file in pieces: cut between rows, header first, lines counted as in the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "client/import.h"

static FILE *file_of(const char *text, size_t n)
{
    FILE *f = tmpfile();

    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    rewind(f);
    return f;
}

static const struct {
    const char *name, *text;
    const char *piece; /* the one piece; NULL = none comes */
    size_t first_line;
} rows[] = {
    {"header and rows",                                "name,phone\na,1\nb,2\n",  "name,phone\na,1\nb,2\n",  2},
    {"the last row may lack its line end",             "name,phone\na,1",         "name,phone\na,1",         2},
    {"a header alone is a piece without rows",         "name,phone\n",            "name,phone\n",            2},
    {"a header without a line end too",                "name,phone",              "name,phone",              1},
    {"an empty file has no piece",                     "",                        NULL,                      0},
    {"carriage return and line feed are one line end", "h\r\na\r\nb\r\n",         "h\r\na\r\nb\r\n",         2},
    {"a lone carriage return ends a line",             "h\ra\rb\r",               "h\ra\rb\r",               2},
    {"blank lines before the header stay with it",     "\n\nh\na\n",              "\n\nh\na\n",              4},
    {"a line break in a quoted header belongs to it",  "\"na\nme\",phone\na,1\n", "\"na\nme\",phone\na,1\n",
     3                                                                                                        },
};

static void test_one_piece(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        FILE *f = file_of(rows[i].text, strlen(rows[i].text));
        struct import in;
        struct buf out = BUF_INIT(1u << 20);
        struct err e = {.msg = ""};
        size_t line = 0;
        import_init(&in, f);
        int got = import_next(&in, &out, &line, &e);
        if (got != (rows[i].piece != NULL) ||
            (got == 1 && (strcmp(buf_cstr(&out), rows[i].piece) != 0 || line != rows[i].first_line)))
            fail_msg("%s: got %d, line %zu, '%s' %s", rows[i].name, got, line, buf_cstr(&out), e.msg);
        if (got == 1)
            assert_int_equal(import_next(&in, &out, &line, &e), 0);
        import_fini(&in);
        buf_fini(&out);
        fclose(f);
    }
}

/* 40,000 rows, every hundredth with a line break, commas and doubled quotes inside quotes. */
static void test_many_pieces_hold_every_row_once(void **state)
{
    struct buf text = BUF_INIT(8u << 20), all = BUF_INIT(8u << 20), out = BUF_INIT(1u << 20);
    struct import in;
    struct err e = {.msg = ""};
    size_t line = 0, expected = 2, n_pieces = 0;
    FILE *f;

    (void)state;
    for (int i = 0; i < 40000; i++)
        buf_fmt(&text, i % 100 == 7 ? "%d,\"a\n\"\"b\"\",%d\"\n" : "%d,abcdefghijklmnop%d\n", i, i);
    buf_str(&out, "name,phone\n");
    buf_add(&out, text.data, 0);
    f = tmpfile();
    assert_non_null(f);
    fputs("name,phone\n", f);
    assert_int_equal(fwrite(text.data, 1, text.len, f), text.len);
    rewind(f);
    import_init(&in, f);
    while (import_next(&in, &out, &line, &e) == 1) {
        assert_int_equal(strncmp(out.data, "name,phone\n", 11), 0);
        assert_int_equal(line, expected);
        assert_true(out.len <= 512u * 1024);
        assert_int_equal(out.data[out.len - 1], '\n');
        buf_add(&all, out.data + 11, out.len - 11);
        for (size_t i = 11; i < out.len; i++)
            expected += out.data[i] == '\n';
        n_pieces++;
    }
    assert_true(n_pieces > 1);
    assert_int_equal(all.len, text.len);
    assert_memory_equal(all.data, text.data, text.len);
    import_fini(&in);
    buf_fini(&text);
    buf_fini(&all);
    buf_fini(&out);
    fclose(f);
}

static void test_a_quote_that_never_closes_is_told_with_its_line(void **state)
{
    size_t n = 700u * 1024;
    char *text = xmalloc(n);
    struct import in;
    struct buf out = BUF_INIT(1u << 20);
    struct err e = {.msg = ""};
    size_t line;
    FILE *f;

    (void)state;
    memset(text, 'x', n);
    memcpy(text, "h\na\n\"b", 6);
    f = file_of(text, n);
    import_init(&in, f);
    assert_int_equal(import_next(&in, &out, &line, &e), -1);
    assert_non_null(strstr(e.msg, "line 3"));
    import_fini(&in);
    buf_fini(&out);
    fclose(f);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_piece),
        cmocka_unit_test(test_many_pieces_hold_every_row_once),
        cmocka_unit_test(test_a_quote_that_never_closes_is_told_with_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
