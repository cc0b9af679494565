#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "text/tmpl.h"

static const char *lookup(void *arg, const char *name, size_t *n)
{
    const char *v = NULL;

    (void)arg;
    if (!strcmp(name, "name"))
        v = "陈大海";
    else if (!strcmp(name, "姓名"))
        v = "王芳";
    else if (!strcmp(name, "braces"))
        v = "{{name}}";
    else if (!strcmp(name, "empty"))
        v = "";
    if (v)
        *n = strlen(v);
    return v;
}

/* ${out} NULL: refused, and ${why} is part of the reason. */
/* clang-format off */
static const struct {
    const char *name, *in, *out, *why;
} ROWS[] = {
    {"nothing", "", "", NULL},
    {"no names", "明早八点篮球赛", "明早八点篮球赛", NULL},
    {"one name", "明早八点篮球赛, {{name}}", "明早八点篮球赛, 陈大海", NULL},
    {"names side by side", "{{name}}{{姓名}}", "陈大海王芳", NULL},
    {"blanks around a name", "{{ name }}!", "陈大海!", NULL},
    {"a fallback that is not needed", "{{name|邻居}}", "陈大海", NULL},
    {"a fallback for an unknown name", "{{x|邻居}}您好", "邻居您好", NULL},
    {"a fallback for an empty value", "{{empty|邻居}}您好", "邻居您好", NULL},
    {"no fallback", "a{{x}}b", "ab", NULL},
    {"an empty fallback", "a{{x|}}b", "ab", NULL},
    {"braces for themselves", "write \\{{name}} for {{name}}", "write {{name}} for 陈大海", NULL},
    {"a value is never a template", "{{braces}}", "{{name}}", NULL},
    {"lone closing braces are text", "a }} b", "a }} b", NULL},
    {"single braces are text", "{name}", "{name}", NULL},
    {"a backslash elsewhere is text", "a\\b", "a\\b", NULL},
    {"not closed", "dear {{name", NULL, "character 6 is not closed"},
    {"not closed before the next", "{{name {{name}}", NULL, "character 1 is not closed"},
    {"no name", "{{}}", NULL, "is no name"},
    {"only a fallback", "{{|x}}", NULL, "is no name"},
    {"a blank inside a name", "{{first name}}", NULL, "is no name"},
    {"an expression", "{{name()}}", NULL, "is no name"},
    {"three braces", "{{{name}}}", NULL, "is no"},
    {"invalid UTF-8", "\xD0\xD5", NULL, "not UTF-8"},
};
/* clang-format on */

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct buf b = BUF_INIT(1000);
        struct err e = {.code = ""};
        struct tmpl *t = tmpl_compile(ROWS[i].in, strlen(ROWS[i].in), &e);
        if (!ROWS[i].out && (t || strcmp(e.code, "bad-template") || !strstr(e.msg, ROWS[i].why)))
            fail_msg("%s: \"%s\"", ROWS[i].name, e.msg);
        if (ROWS[i].out && (!t || tmpl_render(t, lookup, NULL, &b) || strcmp(buf_cstr(&b), ROWS[i].out)))
            fail_msg("%s: \"%s\" %s", ROWS[i].name, buf_cstr(&b), e.msg);
        tmpl_free(t);
        buf_fini(&b);
    }
}

static void test_names_once_in_order(void **state)
{
    struct tmpl *t = tmpl_compile("{{b}}{{a}}{{b|x}}{{c.d-e_1}}", 28, NULL);

    (void)state;
    assert_non_null(t);
    assert_int_equal(tmpl_n_names(t), 3);
    assert_string_equal(tmpl_name(t, 0), "b");
    assert_string_equal(tmpl_name(t, 1), "a");
    assert_string_equal(tmpl_name(t, 2), "c.d-e_1");
    tmpl_free(t);
}

static void test_overflow_is_an_error(void **state)
{
    struct buf b = BUF_INIT(10);
    struct tmpl *t = tmpl_compile("dear {{name}}", 13, NULL);

    (void)state;
    assert_int_equal(tmpl_render(t, lookup, NULL, &b), -1);
    tmpl_free(t);
    buf_fini(&b);
}

static void test_long_names(void **state)
{
    struct buf b = BUF_INIT(1000);

    (void)state;
    for (size_t n = 64; n <= 65; n++) {
        buf_reset(&b);
        buf_str(&b, "{{");
        for (size_t i = 0; i < n; i++)
            buf_str(&b, "名");
        buf_str(&b, "}}");
        struct tmpl *t = tmpl_compile(b.data, b.len, NULL);
        assert_int_equal(t != NULL, n == 64);
        tmpl_free(t);
    }
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_names_once_in_order),
        cmocka_unit_test(test_overflow_is_an_error),
        cmocka_unit_test(test_long_names),
    };
    return cmocka_run_group_tests_name("text_tmpl", tests, NULL, NULL);
}
