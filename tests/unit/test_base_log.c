/* base/log: one event a line, whatever strangers put into it, and never waiting for a reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

static int fds[2];

static int setup(void **state)
{
    (void)state;
    log_set_level(LOG_INFO);
    if (pipe(fds) != 0 || fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0)
        return -1;
    log_set_fd(fds[1]);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    log_set_fd(2);
    close(fds[0]);
    close(fds[1]);
    return 0;
}

static const char *line(void)
{
    static char text[8192];
    ssize_t n = read(fds[0], text, sizeof(text) - 1);

    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void a_line_has_level_event_and_pairs(void **state)
{
    (void)state;
    log_info("delivery.settled", "notice=%s ms=%d", "n-1", 412);
    assert_string_equal(line(), "level=info event=delivery.settled notice=n-1 ms=412\n");
    log_error("redis.lost", "%s", "");
    assert_string_equal(line(), "level=error event=redis.lost \n");
    log_debug("x.y", "a=%d", 1);
    assert_string_equal(line(), "");
    log_set_level(LOG_DEBUG);
    log_debug("x.y", "a=%d", 1);
    assert_string_equal(line(), "level=debug event=x.y a=1\n");
    log_set_level(LOG_ERROR);
    log_warn("x.y", "a=%d", 1);
    assert_string_equal(line(), "");
}

static void levels_are_parsed(void **state)
{
    (void)state;
    assert_int_equal(log_level_parse("error"), LOG_ERROR);
    assert_int_equal(log_level_parse("debug"), LOG_DEBUG);
    assert_int_equal(log_level_parse("loud"), -1);
    assert_int_equal(log_level_parse(""), -1);
}

static const struct {
    const char *name, *in, *out;
} rows[] = {
    {"text stays",                               "明早八点 ok é", "明早八点 ok é"               },
    {"a newline cannot begin a line of its own", "a\nlevel=error",     "a\\x0alevel=error"                },
    {"carriage return, tab, escape, delete",     "\r\t\x1b[2J\x7f",    "\\x0d\\x09\\x1b[2J\\x7f"          },
    {"C1 controls",                              "\xc2\x9bX",          "\\xc2\\x9bX"                      },
    {"the line separator",
     "a\xe2\x80\xa8"
     "b",                                                              "a\\xe2\\x80\\xa8b"                },
    {"text cannot be turned around",
     "\xe2\x80\xae"
     "abc\xe2\x81\xa9",                                                "\\xe2\\x80\\xaeabc\\xe2\\x81\\xa9"},
    {"nor hidden",
     "a\xe2\x80\x8b"
     "b\xef\xbb\xbf",                                                  "a\\xe2\\x80\\x8bb\\xef\\xbb\\xbf" },
    {"a lone continuation byte",                 "a\x80z",             "a\\x80z"                          },
    {"a character cut off",                      "a\xe4\xb8",          "a\\xe4\\xb8"                      },
    {"an overlong slash",                        "\xc0\xaf",           "\\xc0\\xaf"                       },
    {"a surrogate",                              "\xed\xa0\x80",       "\\xed\\xa0\\x80"                  },
    {"beyond Unicode",                           "\xf4\x90\x80\x80",   "\\xf4\\x90\\x80\\x80"             },
    {"an emoji stays",                           "\xf0\x9f\x8f\x80",   "\xf0\x9f\x8f\x80"                 },
};

static void what_could_forge_or_hide_is_escaped(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *want = xasprintf("level=info event=t.t v=%s\n", rows[i].out);
        const char *got;

        log_info("t.t", "v=%s", rows[i].in);
        got = line();
        if (strcmp(got, want) != 0)
            fail_msg("%s: %s", rows[i].name, got);
        free(want);
    }
}

static void a_quoted_value_ends_where_we_end_it(void **state)
{
    (void)state;
    log_info("t.t", "why=\"%s\" n=%d", "he said \"no\" level=error", 7);
    assert_string_equal(line(), "level=info event=t.t why=\"he said \\\"no\\\" level=error\" n=7\n");
    log_info("t.t", "why=\"%s\"", "C:\\ ends with a backslash\\");
    assert_string_equal(line(), "level=info event=t.t why=\"C:\\\\ ends with a backslash\\\\\"\n");
    log_info("t.t", "why=\"%s\"", "a\n\\x0a");
    assert_string_equal(line(),
                        "level=info event=t.t why=\"a\\x0a\\\\x0a\"\n"); /* the two can be told apart */
    log_info("t.t", "why=\"%.*s%.3s\" k=%s", 2, "\"\"\"", "abcdef", "\"");
    assert_string_equal(line(), "level=info event=t.t why=\"\\\"\\\"abc\" k=\"\n");
}

static void numbers_are_shown_as_printf_shows_them(void **state)
{
    (void)state;
    log_info("t.t", "%d %u %06d %lld %llu %zu %ld %x 100%%", -1, 4000000000U, 42, -5000000000LL,
             18446744073709551615ULL, (size_t)7, -3L, 255U);
    assert_string_equal(
        line(), "level=info event=t.t -1 4000000000 000042 -5000000000 18446744073709551615 7 -3 ff 100%\n");
}

static void a_long_line_is_cut_and_says_so(void **state)
{
    char longer[5001];
    const char *got;

    (void)state;
    memset(longer, 'x', 5000);
    longer[5000] = '\0';
    log_info("t.t", "v=%s", longer);
    got = line();
    assert_in_range(strlen(got), 2000, 2048);
    assert_string_equal(got + strlen(got) - 4, "...\n");
    memset(longer, '\n', 1000); /* grows fourfold when escaped */
    longer[1000] = '\0';
    log_info("t.t", "v=%s", longer);
    got = line();
    assert_in_range(strlen(got), 2000, 2048);
    assert_string_equal(got + strlen(got) - 4, "...\n");
    assert_null(memchr(got, '\n', strlen(got) - 1));
}

static void a_full_pipe_drops_lines_and_does_not_wait(void **state)
{
    unsigned long before = log_dropped();
    int written = 0;

    (void)state;
    for (int i = 0; i < 20000 && log_dropped() == before; i++)
        written++, log_info("t.t", "some text to fill the pipe with i=%d", i);
    assert_true(log_dropped() > before); /* and we are here: nothing waited */
    while (line()[0] != '\0')
        continue;
    log_info("t.t", "v=%d", 1);
    assert_string_equal(line(), "level=info event=t.t v=1\n");
    assert_true(written > 100);
}

static void a_full_socket_drops_too_and_never_glues_lines(void **state)
{
    int pair[2];
    unsigned long before = log_dropped();
    char text[4096];
    ssize_t n;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    log_set_fd(pair[1]);
    for (int i = 0; i < 100000 && log_dropped() < before + 3; i++)
        log_info("t.t", "i=%06d", i);
    assert_true(log_dropped() >= before + 3);
    while ((n = recv(pair[0], text, sizeof(text), MSG_DONTWAIT)) > 0)
        continue;
    log_info("t.t", "v=%s", "after");
    n = recv(pair[0], text, sizeof(text) - 1, MSG_DONTWAIT);
    assert_true(n > 0);
    text[n] = '\0';
    assert_non_null(strstr(text, "level=info event=t.t v=after\n"));
    close(pair[0]);
    close(pair[1]);
}

static char tapped[256];

static void tap(void *arg, const char *text)
{
    (void)arg;
    memcpy(tapped, text, strlen(text) + 1);
}

static void tests_can_listen(void **state)
{
    (void)state;
    log_set_tap(tap, NULL);
    log_info("t.t", "v=%d", 7);
    log_set_tap(NULL, NULL);
    log_info("t.t", "v=%d", 8);
    assert_string_equal(tapped, "level=info event=t.t v=7");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_line_has_level_event_and_pairs),
        T(levels_are_parsed),
        T(what_could_forge_or_hide_is_escaped),
        T(a_quoted_value_ends_where_we_end_it),
        T(numbers_are_shown_as_printf_shows_them),
        T(a_long_line_is_cut_and_says_so),
        T(a_full_pipe_drops_lines_and_does_not_wait),
        T(a_full_socket_drops_too_and_never_glues_lines),
        T(tests_can_listen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
