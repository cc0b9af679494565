/* An activity as a calendar file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "model/activity_ics.h"
#include "text/utf8.h"

static void a_calendar_holds_what_is_known_escaped(void **state)
{
    (void)state;
    const struct activity a = {.code = "篮球",
                               .title = "中秋篮球赛, 男女; 都来",
                               .place = "文化广场",
                               .price = "每人10元",
                               .map = "https://map.example/1?a=1,2",
                               .stored = ACTIVITY_OPEN,
                               .rev = 3,
                               .starts_at = 1790334000000}; /* 2026-09-25T19:00+08:00 */
    struct buf b = BUF_INIT(4000);

    assert_int_equal(activity_ics(&b, &a, "venus", 1790000000000), 0);
    assert_string_equal(
        buf_cstr(&b),
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//crier//activities//EN\r\nMETHOD:PUBLISH\r\n"
        "BEGIN:VEVENT\r\nUID:篮球@venus.crier\r\nSEQUENCE:3\r\nDTSTAMP:20260921T141320Z\r\n"
        "DTSTART:20260925T110000Z\r\nSUMMARY:中秋篮球赛\\, 男女\\; 都来\r\nLOCATION:文化广场\r\n"
        "URL:https://map.example/1?a=1,2\r\nDESCRIPTION:每人10元\r\nSTATUS:CONFIRMED\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n");
    buf_fini(&b);
}

static void long_lines_are_folded_between_characters(void **state)
{
    (void)state;
    struct activity a = {.code = "x", .stored = ACTIVITY_CANCELLED, .starts_at = 1790334000000};
    struct buf b = BUF_INIT(4000);

    for (int i = 0; i < 40; i++)
        memcpy(a.title + 3 * i, "赛", 4);
    assert_int_equal(activity_ics(&b, &a, "venus", 1790000000000), 0);
    assert_non_null(strstr(buf_cstr(&b), "STATUS:CANCELLED\r\n"));
    assert_null(strstr(b.data, "LOCATION"));
    size_t n_folds = 0;
    for (const char *line = b.data; *line != '\0';) {
        const char *end = strstr(line, "\r\n");
        assert_non_null(end);
        assert_true(end - line <= 75);
        assert_true(utf8_valid(line, (size_t)(end - line)));
        n_folds += *line == ' ';
        line = end + 2;
    }
    assert_int_equal(n_folds, 1);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_calendar_holds_what_is_known_escaped),
        cmocka_unit_test(long_lines_are_folded_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
