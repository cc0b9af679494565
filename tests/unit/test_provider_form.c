/* Forms and tables of codes: what several drivers read callbacks and answers with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "provider/classes.h"
#include "provider/form.h"

static void test_fields_are_decoded(void **state)
{
    static const char text[] = "To=%2B8613800000001&Body=%E5%9B%9E+1&empty=&flag&&To=second&x=1%3D2";
    struct form f;
    struct err e;

    (void)state;
    assert_int_equal(form_parse(&f, text, strlen(text), &e), 0);
    assert_int_equal(f.n, 6);
    assert_string_equal(form_get(&f, "To"), "+8613800000001");
    assert_string_equal(form_get(&f, "Body"), "回 1");
    assert_string_equal(form_get(&f, "empty"), "");
    assert_string_equal(form_get(&f, "flag"), "");
    assert_string_equal(form_get(&f, "none"), "");
    assert_string_equal(form_get(&f, "x"), "1=2");
    form_fini(&f);
    assert_int_equal(form_parse(&f, NULL, 0, &e), 0);
    assert_int_equal(f.n, 0);
    form_fini(&f);
}

static void test_what_is_no_form_is_refused(void **state)
{
    static const char *const bad[] = {"a=%", "a=%4", "a=%zz", "a=%00", "a=%ff", "%c3=1"};
    char many[FORM_FIELDS_MAX * 2 + 3];
    struct form f;
    struct err e;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(form_parse(&f, bad[i], strlen(bad[i]), &e), -1);
        assert_string_equal(e.code, "bad-form");
    }
    for (size_t i = 0; i <= FORM_FIELDS_MAX; i++)
        memcpy(many + 2 * i, "a&", 2);
    assert_int_equal(form_parse(&f, many, 2 * (FORM_FIELDS_MAX + 1), &e), -1);
    assert_int_equal(form_parse(&f, many, 2 * FORM_FIELDS_MAX, &e), 0);
    form_fini(&f);
}

static const struct class_row rows[] = {
    {.code = "OK",                 .verdict = VERDICT_SENT,          .words = ""         },
    {                .code = "LIMIT.Day",
     .verdict = VERDICT_THROTTLED,
     .words = "enough today",
     .scope = THROTTLE_RECIPIENT,
     .until = THROTTLE_DAY},
    {                                                                                 .code = "LIMIT.*",            .verdict = VERDICT_THROTTLED,     .words = "too fast",  .wait_ms = 1000},
    {.code = "BLACK",              .verdict = VERDICT_BAD_RECIPIENT, .words = "opted out", .about = ABOUT_OPTED_OUT},
};

static struct provider_verdict judged(const char *code, int64_t retry_after_ms)
{
    struct provider_verdict v = {.verdict = VERDICT_SENT, .retry_after_ms = -1};

    class_judge(rows, ARRAY_LEN(rows), code, retry_after_ms, &v);
    return v;
}

static void test_codes_have_classes(void **state)
{
    struct provider_verdict v = judged("OK", -1);

    (void)state;
    assert_int_equal(v.verdict, VERDICT_SENT);
    assert_string_equal(v.detail, "");
    v = judged("LIMIT.Day", -1);
    assert_int_equal(v.scope, THROTTLE_RECIPIENT);
    assert_int_equal(v.until, THROTTLE_DAY);
    assert_int_equal(v.retry_after_ms, -1);
    assert_string_equal(v.detail, "LIMIT.Day: enough today");
    assert_int_equal(judged("LIMIT.Rate", -1).retry_after_ms, 1000);
    assert_int_equal(judged("LIMIT.Rate", 7000).retry_after_ms, 7000);
    assert_int_equal(judged("BLACK", -1).about, ABOUT_OPTED_OUT);
}

static void test_an_unknown_code_is_never_success(void **state)
{
    struct provider_verdict v = judged("OK\n2", -1);

    (void)state;
    assert_int_equal(v.verdict, VERDICT_UNKNOWN);
    assert_string_equal(v.detail, "OK?2: not a code that is known");
    assert_int_equal(judged("", -1).verdict, VERDICT_UNKNOWN);
    class_http(200, -1, &v);
    assert_int_equal(v.verdict, VERDICT_UNKNOWN); /* HTTP alone says nothing */
    class_http(429, 5000, &v);
    assert_int_equal(v.verdict, VERDICT_THROTTLED);
    assert_int_equal(v.retry_after_ms, 5000);
    class_http(403, -1, &v);
    assert_int_equal(v.verdict, VERDICT_BAD_ACCOUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_are_decoded),
        cmocka_unit_test(test_what_is_no_form_is_refused),
        cmocka_unit_test(test_codes_have_classes),
        cmocka_unit_test(test_an_unknown_code_is_never_success),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
