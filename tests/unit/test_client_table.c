/* Tables for people: columns by what a terminal shows; nothing harmful reaches it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "client/table.h"

static char *text;
static size_t n_text;

static FILE *begin(void)
{
    return open_memstream(&text, &n_text);
}

static void end(FILE *f, const char *expected)
{
    fclose(f);
    assert_string_equal(text, expected);
    free(text);
}

static void test_chinese_takes_two_places(void **state)
{
    static const char *const titles[] = {"NAME", "SEATS", "STATE"};
    const char *const a[] = {"王小明", "20", "open"}, *const b[] = {"Li", "3", NULL};
    FILE *f = begin();
    struct table *t = table_new(f, titles, 3);

    (void)state;
    table_row(t, a, 1u << 1);
    table_row(t, b, 1u << 1);
    assert_int_equal(table_end(t), 2);
    end(f, "NAME    SEATS  STATE\n"
           "王小明     20  open\n"
           "Li          3  -\n");
}

static void test_an_empty_table_prints_nothing(void **state)
{
    static const char *const titles[] = {"A"};
    FILE *f = begin();

    (void)state;
    assert_int_equal(table_end(table_new(f, titles, 1)), 0);
    end(f, "");
}

static void test_what_moves_a_cursor_is_shown_as_a_question_mark(void **state)
{
    static const struct {
        const char *name, *in, *out;
    } rows[] = {
        {"the Arabic letter mark too",
         "a\xD8\x9C"
         "b",                                                  "a?b"     },
        {"plain text stays",                       "报名 3", "报名 3"},
        {"an escape sequence loses its escape",    "\033[2Jx", "?[2Jx"   },
        {"a line break cannot forge a row",        "a\nb\r\t", "a?b??"   },
        {"a bidi override is taken out",
         "a\xE2\x80\xAE"
         "b",                                                  "a?b"     },
        {"a C1 control is taken out",
         "a\xC2\x9B"
         "b",                                                  "a?b"     },
        {"bytes that are not UTF-8 are taken out",
         "a\xFF"
         "b",                                                  "a?b"     },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *s = table_clean(rows[i].in);
        if (strcmp(s, rows[i].out) != 0)
            fail_msg("%s: '%s'", rows[i].name, s);
        free(s);
    }
}

static void test_a_long_list_flows_and_keeps_its_widths(void **state)
{
    static const char *const titles[] = {"N", "X"};
    const char *const wide[] = {"123456", "a"}, *const narrow[] = {"1", "b"};
    FILE *f = begin();
    struct table *t = table_new(f, titles, 2);

    (void)state;
    table_row(t, wide, 0);
    for (int i = 0; i < 499; i++)
        table_row(t, narrow, 0);
    fflush(f);
    assert_true(n_text > 0); /* the first rows went out already */
    assert_int_equal(table_end(t), 500);
    fclose(f);
    assert_non_null(strstr(text, "N       X\n123456  a\n1       b\n"));
    assert_string_equal(text + strlen(text) - strlen("1       b\n"), "1       b\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chinese_takes_two_places),
        cmocka_unit_test(test_an_empty_table_prints_nothing),
        cmocka_unit_test(test_what_moves_a_cursor_is_shown_as_a_question_mark),
        cmocka_unit_test(test_a_long_list_flows_and_keeps_its_widths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
