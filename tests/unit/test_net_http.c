/* The HTTP client: outcomes, what is sent once, whom it may reach. */
#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "net/http.h"
#include "tests/support/hostile.h"
#include "tests/support/http_trials.h"

/* ------------------------------------------------------------------ servers */

static void serve_reset(struct hostile *h, int fd, void *arg)
{
    (void)arg;
    hostile_read_request(h, fd);
    hostile_reset_on_close(fd);
}

static void serve_close(struct hostile *h, int fd, void *arg)
{
    (void)arg;
    hostile_read_request(h, fd);
}

/* The trap: the first request of a connection is answered, the second is read and the connection closed unanswered. */
static void serve_close_reused(struct hostile *h, int fd, void *arg)
{
    (void)arg;
    if (hostile_read_request(h, fd))
        hostile_say_ok(fd);
    hostile_read_request(h, fd);
}

static void serve_reset_reused(struct hostile *h, int fd, void *arg)
{
    serve_close_reused(h, fd, arg);
    hostile_reset_on_close(fd);
}

/* Reads one byte of the second request, then closes. */
static void serve_close_at_once(struct hostile *h, int fd, void *arg)
{
    (void)arg;
    if (hostile_read_request(h, fd))
        hostile_say_ok(fd);
    hostile_read_some(fd);
}

static void serve_drip(struct hostile *h, int fd, void *arg)
{
    (void)arg;
    if (!hostile_read_request(h, fd))
        return;
    hostile_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    while (hostile_pause(fd, 50))
        hostile_say(fd, "x");
}

static void serve_huge(struct hostile *h, int fd, void *arg)
{
    char chunk[4097];

    (void)arg;
    memset(chunk, 'x', sizeof(chunk) - 1);
    chunk[sizeof(chunk) - 1] = '\0';
    if (!hostile_read_request(h, fd))
        return;
    hostile_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    for (int i = 0; i < 24000 && hostile_pause(fd, 0); i++)
        hostile_say(fd, chunk);
}

/* Answers before the body was read, and closes. */
static void serve_early(struct hostile *h, int fd, void *arg)
{
    (void)h;
    (void)arg;
    if (hostile_read_some(fd))
        hostile_say(fd, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
    hostile_pause(fd, 200);
}

/* -------------------------------------------------------------------- tests */

static const struct {
    const char *name;
    hostile_fn serve;
    const char *say;
    enum http_outcome outcome;
    int status;
    const char *detail; /* part of it */
    int64_t timeout_ms;
} rows[] = {
    {"an answer is an answer",                                   http_trial_serve_ok,   NULL,                                           HTTP_ANSWERED, 200, "",                  5000},
    {"a server that hangs leaves us in doubt after the timeout", http_trial_serve_hang, NULL,                                           HTTP_IN_DOUBT,
     0,                                                                                                                                                     "timed out after 3", 300 },
    {"a reset after the request leaves us in doubt",             serve_reset,           NULL,                                           HTTP_IN_DOUBT, 0,   "",                  5000},
    {"a close after the request leaves us in doubt",             serve_close,           NULL,                                           HTTP_IN_DOUBT, 0,
     "closed without an answer",                                                                                                                                                 5000},
    {"garbage instead of HTTP leaves us in doubt",               http_trial_serve_text, "SSH-2.0-OpenSSH_9.2\r\n\r\nwhat?",
     HTTP_IN_DOUBT,                                                                                                                                    0,   "",                  5000},
    {"an answer cut off in its body is no answer",               http_trial_serve_text,
     "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"code\":0",                                                                       HTTP_IN_DOUBT, 0,   "",                  5000},
    {"an answer cut off in its head is no answer",               http_trial_serve_text, "HTTP/1.1 200 OK\r\nContent-Le",
     HTTP_IN_DOUBT,                                                                                                                                    0,   "",                  5000},
    {"a broken chunk is no answer",                              http_trial_serve_text,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",                                                                     HTTP_IN_DOUBT, 0,   "",                  5000},
    {"one byte now and then is cut at the timeout",              serve_drip,            NULL,                                           HTTP_IN_DOUBT, 0,   "timed out after 4",
     400                                                                                                                                                                             },
    {"an answer without end is cut at the ceiling",              serve_huge,            NULL,                                           HTTP_IN_DOUBT, 0,   "too large",         5000},
    {"a redirect is an answer and not followed",                 http_trial_serve_text,
     "HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",                                                    HTTP_ANSWERED, 307, "",
     5000                                                                                                                                                                            },
    {"an answer before the body was read is an answer",          serve_early,           NULL,                                           HTTP_ANSWERED, 413, "",                  5000},
    {"only 100 and then nothing is no answer",                   http_trial_serve_text, "HTTP/1.1 100 Continue\r\n\r\n",
     HTTP_IN_DOUBT,                                                                                                                                    0,   "",                  5000},
    {"an answer with a line behind its last chunk is an answer", http_trial_serve_text,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Sum: 1\r\n\r\n",                                           HTTP_ANSWERED,
     200,                                                                                                                                                   "",                  5000},
    {"100 and an answer cut off in its head is no answer",       http_trial_serve_text,
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Le",                                                                      HTTP_IN_DOUBT, 0,   "",                  5000},
    {"500 is an answer",                                         http_trial_serve_text, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", HTTP_ANSWERED,
     500,                                                                                                                                                   "",                  5000},
};

static void outcomes_are_told_by_what_was_written_and_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        union {
            const char *text;
            void *arg;
        } say = {.text = rows[i].say};
        struct hostile *h = hostile_start(rows[i].serve, say.arg);
        struct http_call call = http_trial_post(hostile_url(h));
        struct http_trial t;

        call.timeout_ms = rows[i].timeout_ms;
        http_trial_run(&t, &call);
        if (t.answer.outcome != rows[i].outcome || t.answer.status != rows[i].status ||
            strstr(t.answer.detail, rows[i].detail) == NULL || hostile_connections(h) != 1)
            fail_msg("%s: outcome %d, status %d, \"%s\", %u connections", rows[i].name, (int)t.answer.outcome,
                     t.answer.status, t.answer.detail, hostile_connections(h));
        hostile_stop(h);
    }
}

static const struct {
    const char *name;
    hostile_fn serve;
    const char *method;
    unsigned requests;
} reused_rows[] = {
    {"a POST on a kept connection that closes unanswered is sent once",          serve_close_reused,  "POST",    2},
    {"a POST on a kept connection that is reset is sent once",                   serve_reset_reused,  "POST",    2},
    {"a GET on a kept connection that closes unanswered is sent once",           serve_close_reused,  "GET",     2},
    {"a GET on a kept connection that is reset is sent once",                    serve_reset_reused,  "GET",     2},
    {"a POST without a body on a kept connection is sent once",                  serve_close_reused,  "POST0",   2},
    {"a large POST on a kept connection is sent once",                           serve_close_reused,  "POSTBIG", 2},
    {"a connection that closes in the middle of the request sees no second try", serve_close_at_once, "POST",
     1                                                                                                            },
};

static void a_request_is_at_the_server_once(void **state)
{
    static char big[200000]; /* more than libcurl puts into one write */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(reused_rows); i++) {
        struct hostile *h = hostile_start(reused_rows[i].serve, NULL);
        struct http_call call = http_trial_post(hostile_url(h));
        struct http_trial t;

        http_trial_run(&t, &call);
        assert_int_equal(t.answer.outcome, HTTP_ANSWERED);
        if (strcmp(reused_rows[i].method, "GET") == 0)
            call.method = "GET";
        if (strcmp(reused_rows[i].method, "POST0") == 0)
            call.body_len = 0;
        if (strcmp(reused_rows[i].method, "POSTBIG") == 0) {
            call.body = big;
            call.body_len = sizeof(big);
        }
        http_trial_run(&t, &call);
        if (t.answer.outcome != HTTP_IN_DOUBT || hostile_requests(h) != reused_rows[i].requests)
            fail_msg("%s: outcome %d, %u requests, %u connections", reused_rows[i].name,
                     (int)t.answer.outcome, hostile_requests(h), hostile_connections(h));
        hostile_stop(h);
    }
}

static size_t swallow(char *p, size_t size, size_t n, void *arg)
{
    (void)p;
    (void)arg;
    return size * n;
}

/* The negative control: plain libcurl, used as in every example, sends the second request twice. If this fails one day,
 * libcurl has changed and the guards in net/http_op.c can be thought over again. */
static void plain_libcurl_sends_it_twice(void **state)
{
    struct hostile *h = hostile_start(serve_close_reused, NULL);
    CURL *easy = curl_easy_init();

    (void)state;
    curl_easy_setopt(easy, CURLOPT_URL, hostile_url(h));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "{}");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK); /* it does not even tell */
    assert_int_equal(hostile_requests(h), 3);
    curl_easy_cleanup(easy);
    hostile_stop(h);
}

static void a_refused_connection_is_not_sent(void **state)
{
    struct hostile *h = hostile_start(http_trial_serve_ok, NULL);
    char *url = xstrdup(hostile_url(h));
    struct http_call call = http_trial_post(url);
    struct http_trial t;

    (void)state;
    hostile_stop(h);
    http_trial_run(&t, &call);
    assert_int_equal(t.answer.outcome, HTTP_NOT_SENT);
    assert_string_equal(t.answer.detail, "Connection refused");
    free(url);
}

static void what_cannot_be_started_is_not_sent(void **state)
{
    static const char *const split[] = {"X-A: b\r\nX-Evil: c", NULL};
    struct http_call calls[] = {http_trial_post("http://127.0.0.1:1/a b"), http_trial_post("nonsense://x"),
                                http_trial_post("http://127.0.0.1:9/"),
                                http_trial_post("http://127.0.0.1:9/")};
    struct http_trial t;

    (void)state;
    calls[2].method = "BREW";
    calls[3].headers = split;
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        http_trial_run(&t, &calls[i]);
        assert_int_equal(t.answer.outcome, HTTP_NOT_SENT);
        assert_true(t.answer.detail[0] != '\0');
    }
}

static void an_address_out_of_reach_is_not_sent(void **state)
{
    struct hostile *h = hostile_start(http_trial_serve_ok, NULL);
    struct http_call call = http_trial_post(hostile_url(h));
    char *https = xasprintf("https://127.0.0.1:%d/", hostile_port(h));
    struct http_trial t;

    (void)state;
    http_trial_begin(&t, &call, HTTP_REACH_PUBLIC);
    assert_true(loop_run_until(http_trials.loop, http_trial_is_done, &t, PATIENCE_MS));
    assert_int_equal(t.answer.outcome, HTTP_NOT_SENT);
    call.url = https;
    http_trial_begin(&t, &call, HTTP_REACH_PUBLIC);
    assert_true(loop_run_until(http_trials.loop, http_trial_is_done, &t, PATIENCE_MS));
    assert_int_equal(t.answer.outcome, HTTP_NOT_SENT);
    assert_non_null(strstr(t.answer.detail, "address"));
    assert_int_equal(hostile_connections(h), 0);
    free(https);
    hostile_stop(h);
}

/* A connection opened with a wide reach lies in the pool; a call with a narrow reach must not use it. */
static void a_pooled_connection_does_not_widen_the_reach(void **state)
{
    struct hostile *h = hostile_start(http_trial_serve_ok, NULL);
    char *url = xasprintf("http://localhost:%d/", hostile_port(h));
    struct http_call call = http_trial_post(url);
    struct http_trial t;

    (void)state;
    http_trial_begin(&t, &call, HTTP_REACH_PRIVATE);
    assert_true(loop_run_until(http_trials.loop, http_trial_is_done, &t, PATIENCE_MS));
    assert_int_equal(t.answer.outcome, HTTP_ANSWERED);
    http_trial_begin(&t, &call, HTTP_REACH_PUBLIC);
    assert_true(loop_run_until(http_trials.loop, http_trial_is_done, &t, PATIENCE_MS));
    assert_int_equal(t.answer.outcome, HTTP_NOT_SENT);
    assert_int_equal(hostile_requests(h), 1);
    free(url);
    hostile_stop(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(outcomes_are_told_by_what_was_written_and_read, http_trial_setup,
                                        http_trial_teardown),
        cmocka_unit_test_setup_teardown(a_request_is_at_the_server_once, http_trial_setup,
                                        http_trial_teardown),
        cmocka_unit_test_setup_teardown(outcomes_are_told_by_what_was_written_and_read,
                                        http_trial_setup_two_writes, http_trial_teardown),
        cmocka_unit_test_setup_teardown(a_request_is_at_the_server_once, http_trial_setup_two_writes,
                                        http_trial_teardown),
        cmocka_unit_test_setup_teardown(plain_libcurl_sends_it_twice, http_trial_setup, http_trial_teardown),
        cmocka_unit_test_setup_teardown(a_refused_connection_is_not_sent, http_trial_setup,
                                        http_trial_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_started_is_not_sent, http_trial_setup,
                                        http_trial_teardown),
        cmocka_unit_test_setup_teardown(an_address_out_of_reach_is_not_sent, http_trial_setup,
                                        http_trial_teardown),
        cmocka_unit_test_setup_teardown(a_pooled_connection_does_not_widen_the_reach, http_trial_setup,
                                        http_trial_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
