/* net/http against servers that misbehave. The one that matters most: a request is at the server once, whatever happens
 * to the connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/http.h"
#include "tests/support/hostile.h"

enum { PATIENCE_MS = 10000 };

static struct loop *loop;
static struct http *client;

/* One request and what came of it. */
struct trial {
    struct http_op *op;
    int n_done;
    bool begun; /* http_begin has returned */
    bool early; /* completed before that */
    struct http_answer answer;
    char body[256];
};

static void on_done(void *arg, const struct http_answer *a)
{
    struct trial *t = arg;
    size_t n = a->body_len < sizeof(t->body) - 1 ? a->body_len : sizeof(t->body) - 1;

    t->n_done++;
    t->early = !t->begun;
    t->answer = *a;
    if (n > 0)
        memcpy(t->body, a->body, n);
    t->body[n] = '\0';
    t->answer.body = NULL;
    t->op = NULL;
}

static bool is_done(void *arg)
{
    const struct trial *t = arg;

    return t->n_done > 0;
}

static const char *const headers[] = {"Content-Type: application/json", NULL};

static struct http_call post_to(const char *url)
{
    return (struct http_call){.method = "POST",
                              .url = url,
                              .headers = headers,
                              .body = "{\"to\":\"+8613800000001\"}",
                              .body_len = 23,
                              .connect_timeout_ms = 2000,
                              .timeout_ms = 5000};
}

static void begin(struct trial *t, const struct http_call *call, enum http_reach reach)
{
    *t = (struct trial){.n_done = 0};
    t->op = http_begin(client, call, reach, on_done, t);
    t->begun = true;
}

/* Begin, wait for the completion, let a few more turns pass: there must be no second one. */
static void run(struct trial *t, const struct http_call *call)
{
    begin(t, call, HTTP_REACH_LITERAL_PRIVATE);
    assert_true(loop_run_until(loop, is_done, t, PATIENCE_MS));
    assert_int_equal(t->n_done, 1);
    assert_false(t->early);
}

static int setup_with(bool two_writes)
{
    struct http_opts o = {.user_agent = "crier-test", .max_in_flight = 8, .two_writes = two_writes};
    struct err e;

    loop = loop_new(&e);
    client = http_new(loop, &o, &e);
    return loop != NULL && client != NULL ? 0 : -1;
}

static int setup(void **state)
{
    (void)state;
    return setup_with(false);
}

static int setup_two_writes(void **state)
{
    (void)state;
    return setup_with(true);
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(http_in_flight(client), 0);
    http_free(client);
    loop_free(loop);
    return 0;
}

/* ------------------------------------------------------------------ servers */

static void serve_ok(struct hostile *h, int fd, void *arg)
{
    (void)arg;
    while (hostile_read_request(h, fd))
        hostile_say_ok(fd);
}

static void serve_hang(struct hostile *h, int fd, void *arg)
{
    (void)arg;
    if (hostile_read_request(h, fd))
        hostile_hang(fd);
}

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

/* Says ${arg} after the request, then closes. */
static void serve_text(struct hostile *h, int fd, void *arg)
{
    if (hostile_read_request(h, fd))
        hostile_say(fd, arg);
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
    {"an answer is an answer",                                   serve_ok,    NULL,                                                          HTTP_ANSWERED, 200, "",                  5000},
    {"a server that hangs leaves us in doubt after the timeout", serve_hang,  NULL,                                                          HTTP_IN_DOUBT, 0,
     "timed out after 3",                                                                                                                                                             300 },
    {"a reset after the request leaves us in doubt",             serve_reset, NULL,                                                          HTTP_IN_DOUBT, 0,   "",                  5000},
    {"a close after the request leaves us in doubt",             serve_close, NULL,                                                          HTTP_IN_DOUBT, 0,
     "closed without an answer",                                                                                                                                                      5000},
    {"garbage instead of HTTP leaves us in doubt",               serve_text,  "SSH-2.0-OpenSSH_9.2\r\n\r\nwhat?",
     HTTP_IN_DOUBT,                                                                                                                                         0,   "",                  5000},
    {"an answer cut off in its body is no answer",               serve_text,
     "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"code\":0",                                                                            HTTP_IN_DOUBT, 0,   "",                  5000},
    {"an answer cut off in its head is no answer",               serve_text,  "HTTP/1.1 200 OK\r\nContent-Le",                               HTTP_IN_DOUBT,
     0,                                                                                                                                                          "",                  5000},
    {"a broken chunk is no answer",                              serve_text,  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
     HTTP_IN_DOUBT,                                                                                                                                         0,   "",                  5000},
    {"one byte now and then is cut at the timeout",              serve_drip,  NULL,                                                          HTTP_IN_DOUBT, 0,   "timed out after 4",
     400                                                                                                                                                                                  },
    {"an answer without end is cut at the ceiling",              serve_huge,  NULL,                                                          HTTP_IN_DOUBT, 0,   "too large",         5000},
    {"a redirect is an answer and not followed",                 serve_text,
     "HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",                                                         HTTP_ANSWERED, 307, "",
     5000                                                                                                                                                                                 },
    {"an answer before the body was read is an answer",          serve_early, NULL,                                                          HTTP_ANSWERED, 413, "",                  5000},
    {"only 100 and then nothing is no answer",                   serve_text,  "HTTP/1.1 100 Continue\r\n\r\n",                               HTTP_IN_DOUBT, 0,
     "",                                                                                                                                                                              5000},
    {"an answer with a line behind its last chunk is an answer", serve_text,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Sum: 1\r\n\r\n",                                                HTTP_ANSWERED,
     200,                                                                                                                                                        "",                  5000},
    {"100 and an answer cut off in its head is no answer",       serve_text,
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Le",                                                                           HTTP_IN_DOUBT, 0,   "",                  5000},
    {"500 is an answer",                                         serve_text,  "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",                HTTP_ANSWERED, 500, "",
     5000                                                                                                                                                                                 },
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
        struct http_call call = post_to(hostile_url(h));
        struct trial t;

        call.timeout_ms = rows[i].timeout_ms;
        run(&t, &call);
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
        struct http_call call = post_to(hostile_url(h));
        struct trial t;

        run(&t, &call);
        assert_int_equal(t.answer.outcome, HTTP_ANSWERED);
        if (strcmp(reused_rows[i].method, "GET") == 0)
            call.method = "GET";
        if (strcmp(reused_rows[i].method, "POST0") == 0)
            call.body_len = 0;
        if (strcmp(reused_rows[i].method, "POSTBIG") == 0) {
            call.body = big;
            call.body_len = sizeof(big);
        }
        run(&t, &call);
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
    struct hostile *h = hostile_start(serve_ok, NULL);
    char *url = xstrdup(hostile_url(h));
    struct http_call call = post_to(url);
    struct trial t;

    (void)state;
    hostile_stop(h);
    run(&t, &call);
    assert_int_equal(t.answer.outcome, HTTP_NOT_SENT);
    assert_string_equal(t.answer.detail, "Connection refused");
    free(url);
}

static void what_cannot_be_started_is_not_sent(void **state)
{
    static const char *const split[] = {"X-A: b\r\nX-Evil: c", NULL};
    struct http_call calls[] = {post_to("http://127.0.0.1:1/a b"), post_to("nonsense://x"),
                                post_to("http://127.0.0.1:9/"), post_to("http://127.0.0.1:9/")};
    struct trial t;

    (void)state;
    calls[2].method = "BREW";
    calls[3].headers = split;
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        run(&t, &calls[i]);
        assert_int_equal(t.answer.outcome, HTTP_NOT_SENT);
        assert_true(t.answer.detail[0] != '\0');
    }
}

static void an_address_out_of_reach_is_not_sent(void **state)
{
    struct hostile *h = hostile_start(serve_ok, NULL);
    struct http_call call = post_to(hostile_url(h));
    char *https = xasprintf("https://127.0.0.1:%d/", hostile_port(h));
    struct trial t;

    (void)state;
    begin(&t, &call, HTTP_REACH_PUBLIC);
    assert_true(loop_run_until(loop, is_done, &t, PATIENCE_MS));
    assert_int_equal(t.answer.outcome, HTTP_NOT_SENT);
    call.url = https;
    begin(&t, &call, HTTP_REACH_PUBLIC);
    assert_true(loop_run_until(loop, is_done, &t, PATIENCE_MS));
    assert_int_equal(t.answer.outcome, HTTP_NOT_SENT);
    assert_non_null(strstr(t.answer.detail, "address"));
    assert_int_equal(hostile_connections(h), 0);
    free(https);
    hostile_stop(h);
}

/* A connection opened with a wide reach lies in the pool; a call with a narrow reach must not use it. */
static void a_pooled_connection_does_not_widen_the_reach(void **state)
{
    struct hostile *h = hostile_start(serve_ok, NULL);
    char *url = xasprintf("http://localhost:%d/", hostile_port(h));
    struct http_call call = post_to(url);
    struct trial t;

    (void)state;
    begin(&t, &call, HTTP_REACH_PRIVATE);
    assert_true(loop_run_until(loop, is_done, &t, PATIENCE_MS));
    assert_int_equal(t.answer.outcome, HTTP_ANSWERED);
    begin(&t, &call, HTTP_REACH_PUBLIC);
    assert_true(loop_run_until(loop, is_done, &t, PATIENCE_MS));
    assert_int_equal(t.answer.outcome, HTTP_NOT_SENT);
    assert_int_equal(hostile_requests(h), 1);
    free(url);
    hostile_stop(h);
}

static bool written(void *arg)
{
    const struct trial *t = arg;

    return http_written(t->op);
}

static bool server_has_one(void *arg)
{
    return hostile_requests(arg) == 1;
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static void after_cancel_there_is_no_completion(void **state)
{
    struct hostile *h = hostile_start(serve_hang, NULL);
    struct http_call call = post_to(hostile_url(h)), bad = post_to("nonsense://x");
    struct trial t;

    (void)state;
    begin(&t, &call, HTTP_REACH_LITERAL_PRIVATE); /* at once: nothing was written */
    assert_false(http_cancel(t.op));
    loop_run_until(loop, never, NULL, 20);
    assert_int_equal(t.n_done, 0);
    begin(&t, &call, HTTP_REACH_LITERAL_PRIVATE); /* under way: it was */
    assert_true(loop_run_until(loop, written, &t, PATIENCE_MS));
    assert_true(loop_run_until(loop, server_has_one, h, PATIENCE_MS));
    assert_true(http_cancel(t.op));
    loop_run_until(loop, never, NULL, 20);
    assert_int_equal(t.n_done, 0);
    begin(&t, &bad, HTTP_REACH_LITERAL_PRIVATE); /* failed, not yet told */
    assert_false(http_cancel(t.op));
    loop_run_until(loop, never, NULL, 20);
    assert_int_equal(t.n_done, 0);
    hostile_stop(h);
}

static struct trial pair[2];

static void cancel_the_other(void *arg, const struct http_answer *a)
{
    struct trial *t = arg, *other = t == &pair[0] ? &pair[1] : &pair[0];

    on_done(t, a);
    if (other->op != NULL) {
        http_cancel(other->op);
        other->op = NULL;
    }
}

static bool any_done(void *arg)
{
    (void)arg;
    return pair[0].n_done + pair[1].n_done > 0;
}

/* Both answers may be in when the first is told: the second must not come after its cancel. */
static void a_completion_may_cancel_another(void **state)
{
    struct hostile *h = hostile_start(serve_ok, NULL);
    struct http_call call = post_to(hostile_url(h));

    (void)state;
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 2; i++) {
            pair[i] = (struct trial){.begun = true};
            pair[i].op = http_begin(client, &call, HTTP_REACH_LITERAL_PRIVATE, cancel_the_other, &pair[i]);
        }
        assert_true(loop_run_until(loop, any_done, NULL, PATIENCE_MS));
        loop_run_until(loop, never, NULL, 2);
        assert_int_equal(pair[0].n_done + pair[1].n_done, 1);
    }
    hostile_stop(h);
}

static struct {
    struct http_call call;
    int n_left, n_done;
} chain;

static void next_of_chain(void *arg, const struct http_answer *a)
{
    (void)arg;
    assert_int_equal(a->outcome, HTTP_ANSWERED);
    chain.n_done++;
    if (chain.n_left > 0) {
        chain.n_left--;
        http_begin(client, &chain.call, HTTP_REACH_LITERAL_PRIVATE, next_of_chain, NULL);
    }
}

static bool chain_done(void *arg)
{
    (void)arg;
    return chain.n_done == 500;
}

static void a_completion_may_begin_the_next_and_connections_are_kept(void **state)
{
    struct hostile *h = hostile_start(serve_ok, NULL);

    (void)state;
    memset(&chain, 0, sizeof(chain));
    chain.call = post_to(hostile_url(h));
    chain.n_left = 500 - 8;
    for (int i = 0; i < 8; i++)
        http_begin(client, &chain.call, HTTP_REACH_LITERAL_PRIVATE, next_of_chain, NULL);
    assert_true(loop_run_until(loop, chain_done, NULL, PATIENCE_MS));
    assert_int_equal(hostile_requests(h), 500);
    assert_in_range(hostile_connections(h), 1, 9);
    hostile_stop(h);
}

static void many_at_once_are_spread_and_all_complete(void **state)
{
    static struct trial trials[200];
    struct hostile *h = hostile_start(serve_ok, NULL);
    struct http_call call = post_to(hostile_url(h));

    (void)state;
    call.connect_timeout_ms = call.timeout_ms = PATIENCE_MS - 1000;
    for (size_t i = 0; i < ARRAY_LEN(trials); i++)
        begin(&trials[i], &call, HTTP_REACH_LITERAL_PRIVATE);
    assert_int_equal(http_in_flight(client), ARRAY_LEN(trials));
    for (size_t i = 0; i < ARRAY_LEN(trials); i++) {
        assert_true(loop_run_until(loop, is_done, &trials[i], PATIENCE_MS));
        assert_int_equal(trials[i].n_done, 1);
        assert_int_equal(trials[i].answer.outcome, HTTP_ANSWERED);
        assert_string_equal(trials[i].body, "{\"code\":0,\"id\":\"x\"}");
    }
    assert_int_equal(hostile_requests(h), ARRAY_LEN(trials));
    hostile_stop(h);
}

static void count_turn(void *arg)
{
    (*(int *)arg)++;
}

/* The peer closed while the connection lay idle: no doubt, a new connection, and no spinning meanwhile. */
static void an_idle_connection_that_closed_costs_nothing(void **state)
{
    struct hostile *h =
        hostile_start(serve_text, (void *)(uintptr_t) "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    struct http_call call = post_to(hostile_url(h));
    struct trial t;
    int n_turns = 0;

    (void)state;
    for (int i = 0; i < 5; i++) {
        run(&t, &call);
        assert_int_equal(t.answer.outcome, HTTP_ANSWERED);
        loop_run_until(loop, never, NULL, 20); /* the close arrives */
    }
    assert_int_equal(hostile_requests(h), 5);
    loop_on_turn(loop, count_turn, &n_turns);
    loop_run_until(loop, never, NULL, 50);
    loop_off_turn(loop, count_turn, &n_turns);
    assert_in_range(n_turns, 0, 20);
    hostile_stop(h);
}

static void retry_after_is_read(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"HTTP/1.1 429 X\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",    7000},
        {"HTTP/1.1 429 X\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", -1  },
        {"HTTP/1.1 429 X\r\nRetry-After: -3\r\nContent-Length: 0\r\n\r\n",   -1  },
        {"HTTP/1.1 429 X\r\nContent-Length: 0\r\n\r\n",                      -1  },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct hostile *h = hostile_start(serve_text, (void *)(uintptr_t)cases[i].text);
        struct http_call call = post_to(hostile_url(h));
        struct trial t;

        run(&t, &call);
        assert_int_equal(t.answer.status, 429);
        assert_int_equal(t.answer.retry_after_ms, cases[i].ms);
        hostile_stop(h);
    }
}

static void free_from(void *arg, const struct http_answer *a)
{
    on_done(arg, a);
    http_free(client);
}

static void freeing_cancels_all_even_inside_a_completion(void **state)
{
    struct http_opts o = {.user_agent = "crier-test", .max_in_flight = 8};
    struct hostile *h = hostile_start(serve_ok, NULL), *hang = hostile_start(serve_hang, NULL);
    struct http_call call = post_to(hostile_url(h)), other = post_to(hostile_url(hang));
    struct trial t = {.begun = true}, t2;
    struct err e;

    (void)state;
    begin(&t2, &other, HTTP_REACH_LITERAL_PRIVATE);
    http_begin(client, &call, HTTP_REACH_LITERAL_PRIVATE, free_from, &t);
    assert_true(loop_run_until(loop, is_done, &t, PATIENCE_MS));
    loop_run_until(loop, never, NULL, 20);
    assert_int_equal(t2.n_done, 0);
    client = http_new(loop, &o, &e);
    assert_non_null(client);
    hostile_stop(h);
    hostile_stop(hang);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(outcomes_are_told_by_what_was_written_and_read, setup, teardown),
        cmocka_unit_test_setup_teardown(a_request_is_at_the_server_once, setup, teardown),
        cmocka_unit_test_setup_teardown(outcomes_are_told_by_what_was_written_and_read, setup_two_writes,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_request_is_at_the_server_once, setup_two_writes, teardown),
        cmocka_unit_test_setup_teardown(many_at_once_are_spread_and_all_complete, setup_two_writes, teardown),
        cmocka_unit_test_setup_teardown(plain_libcurl_sends_it_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refused_connection_is_not_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_started_is_not_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(an_address_out_of_reach_is_not_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pooled_connection_does_not_widen_the_reach, setup, teardown),
        cmocka_unit_test_setup_teardown(after_cancel_there_is_no_completion, setup, teardown),
        cmocka_unit_test_setup_teardown(a_completion_may_cancel_another, setup, teardown),
        cmocka_unit_test_setup_teardown(a_completion_may_begin_the_next_and_connections_are_kept, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(many_at_once_are_spread_and_all_complete, setup, teardown),
        cmocka_unit_test_setup_teardown(an_idle_connection_that_closed_costs_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(retry_after_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(freeing_cancels_all_even_inside_a_completion, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
