/* net/fetch: what the command line uses. Answers in pieces, uploads of unknown size, peers that fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "net/fetch.h"
#include "tests/support/hostile.h"

static char request[65536];
static size_t n_request;

/* Keeps what comes (until it ends in ${arg}), then answers. */
static void serve_recorded(struct hostile *h, int fd, void *arg)
{
    const char *end = arg;
    size_t n_end = strlen(end);

    (void)h;
    n_request = 0;
    while (n_request < sizeof(request) - 1) {
        ssize_t n = recv(fd, request + n_request, sizeof(request) - 1 - n_request, 0);

        if (n <= 0)
            return;
        n_request += (size_t)n;
        if (n_request >= n_end && memcmp(request + n_request - n_end, end, n_end) == 0)
            break;
    }
    request[n_request] = '\0';
    hostile_say(fd, "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    hostile_say(fd, "3\r\ndef\r\n0\r\n\r\n");
    hostile_hang(fd);
}

static void serve_text(struct hostile *h, int fd, void *arg)
{
    if (hostile_read_request(h, fd))
        hostile_say(fd, arg);
}

static void serve_redirect(struct hostile *h, int fd, void *arg)
{
    (void)arg;
    while (hostile_read_request(h, fd))
        hostile_say(fd, "HTTP/1.1 302 X\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
}

static struct fetch *client_of(const struct hostile *h, const char *token)
{
    char *url = xasprintf("http://127.0.0.1:%d", hostile_port(h));
    struct err e = {.msg = ""};
    struct fetch *f = fetch_new(NULL, url, token, &e);

    assert_non_null(f);
    free(url);
    return f;
}

#define TEXT(s) ((void *)(uintptr_t)(s))

static void a_request_has_its_token_headers_and_body(void **state)
{
    static const char *const headers[] = {"Idempotency-Key: k-1", "Content-Type: application/json", NULL};
    struct hostile *h = hostile_start(serve_recorded, TEXT("{\"v\":1}"));
    struct fetch *f = client_of(h, "t0ken");
    struct fetch_call c = {
        .method = "PUT", .path = "/api/v1/x?y=1", .headers = headers, .body = "{\"v\":1}", .body_len = 7};
    struct buf answer = BUF_INIT(1000);
    struct err e;
    int status = 0;

    (void)state;
    assert_int_equal(fetch_run(f, &c, &status, &answer, &e), 0);
    assert_int_equal(status, 201);
    assert_string_equal(buf_cstr(&answer), "abcdef");
    assert_int_equal(strncmp(request, "PUT /api/v1/x?y=1 HTTP/1.1\r\n", 28), 0);
    assert_non_null(strstr(request, "\r\nAuthorization: Bearer t0ken\r\n"));
    assert_non_null(strstr(request, "\r\nIdempotency-Key: k-1\r\n"));
    assert_non_null(strstr(request, "\r\nContent-Length: 7\r\n"));
    assert_null(strstr(request, "Expect:"));
    buf_fini(&answer);
    fetch_free(f);
    hostile_stop(h);
}

struct source {
    int n_left;
};

static size_t give(void *arg, char *p, size_t n)
{
    struct source *s = arg;

    assert_true(n >= 4);
    if (s->n_left-- <= 0)
        return 0;
    memcpy(p, "row\n", 4);
    return 4;
}

static void an_upload_of_unknown_size_is_streamed(void **state)
{
    struct hostile *h = hostile_start(serve_recorded, TEXT("\r\n0\r\n\r\n"));
    struct fetch *f = client_of(h, NULL);
    struct source s = {.n_left = 1000};
    struct fetch_call c = {.method = "POST", .path = "/p", .body_fn = give, .arg = &s};
    struct buf answer = BUF_INIT(1000);
    struct err e;
    size_t rows = 0;
    int status = 0;

    (void)state;
    assert_int_equal(fetch_run(f, &c, &status, &answer, &e), 0);
    assert_non_null(strstr(request, "\r\nTransfer-Encoding: chunked\r\n"));
    assert_null(strstr(request, "Authorization:"));
    for (const char *p = request; (p = strstr(p, "row\n")) != NULL; p += 4)
        rows++;
    assert_int_equal(rows, 1000);
    buf_fini(&answer);
    fetch_free(f);
    hostile_stop(h);
}

struct sink {
    struct buf got;
    bool stop;
};

static bool take(void *arg, const char *p, size_t n)
{
    struct sink *s = arg;

    buf_add(&s->got, p, n);
    return !s->stop;
}

static void an_answer_may_be_taken_in_pieces_and_stopped(void **state)
{
    struct hostile *h = hostile_start(serve_recorded, TEXT("\r\n\r\n"));
    struct fetch *f = client_of(h, NULL);
    struct sink s = {.got = BUF_INIT(1000)};
    struct fetch_call c = {.method = "GET", .path = "/", .on_chunk = take, .arg = &s};
    struct err e;
    int status = 0;

    (void)state;
    assert_int_equal(fetch_run(f, &c, &status, NULL, &e), 0);
    assert_string_equal(buf_cstr(&s.got), "abcdef");
    buf_reset(&s.got);
    s.stop = true;
    fetch_free(f);
    f = client_of(h, NULL); /* the server answers once a connection */
    assert_int_equal(fetch_run(f, &c, &status, NULL, &e), 0);
    assert_int_equal(status, 201);
    assert_true(s.got.len >= 3);
    buf_fini(&s.got);
    fetch_free(f);
    hostile_stop(h);
}

/* Larger than any buffer on the way: not a byte of it is handed over as the file that was asked for. */
static void a_refusal_is_collected_and_never_taken_for_the_answer(void **state)
{
    char *body = xmalloc(20001), *text;
    struct sink s = {.got = BUF_INIT(100)};
    struct fetch_call c = {.method = "GET", .path = "/", .on_chunk = take, .arg = &s};
    struct buf answer = BUF_INIT(1u << 20);
    struct hostile *h;
    struct fetch *f;
    struct err e;
    int status = 0;

    (void)state;
    memset(body, 'x', 20000);
    body[20000] = '\0';
    text = xasprintf("HTTP/1.1 403 Forbidden\r\nContent-Length: 20000\r\n\r\n%s", body);
    h = hostile_start(serve_text, TEXT(text));
    f = client_of(h, NULL);
    assert_int_equal(fetch_run(f, &c, &status, &answer, &e), 0);
    assert_int_equal(status, 403);
    assert_int_equal(s.got.len, 0);
    assert_int_equal(answer.len, 20000);
    buf_fini(&s.got);
    buf_fini(&answer);
    fetch_free(f);
    hostile_stop(h);
    free(text);
    free(body);
}

static void failures_are_told(void **state)
{
    static const struct {
        const char *say;
        const char *msg; /* part of it */
    } rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", ""},
        {"",                                                  ""},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n",   ""},
        {"SSH-2.0-x\r\n",                                     ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct hostile *h = hostile_start(serve_text, TEXT(rows[i].say));
        struct fetch *f = client_of(h, NULL);
        struct fetch_call c = {.method = "GET", .path = "/", .timeout_ms = 5000};
        struct buf answer = BUF_INIT(1000);
        struct err e = {.code = ""};
        int status = 0;

        assert_int_equal(fetch_run(f, &c, &status, &answer, &e), -1);
        assert_string_equal(e.code, "unreachable");
        assert_non_null(strstr(e.msg, "127.0.0.1"));
        buf_fini(&answer);
        fetch_free(f);
        hostile_stop(h);
    }
}

static void an_answer_past_its_ceiling_is_a_failure(void **state)
{
    struct hostile *h =
        hostile_start(serve_text, TEXT("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nabcdefghijkl"));
    struct fetch *f = client_of(h, NULL);
    struct fetch_call c = {.method = "GET", .path = "/"};
    struct buf answer = BUF_INIT(10);
    struct err e = {.code = ""};
    int status = 0;

    (void)state;
    assert_int_equal(fetch_run(f, &c, &status, &answer, &e), -1);
    assert_non_null(strstr(e.msg, "too large"));
    buf_fini(&answer);
    fetch_free(f);
    hostile_stop(h);
}

static void redirects_are_answers_and_connections_are_kept(void **state)
{
    struct hostile *h = hostile_start(serve_redirect, NULL);
    struct fetch *f = client_of(h, NULL);
    struct fetch_call get = {.method = "GET", .path = "/"}, del = {.method = "DELETE", .path = "/"},
                      post = {.method = "POST", .path = "/"};
    struct fetch_call *calls[] = {&get, &post, &del, &get};
    struct buf answer = BUF_INIT(10);
    struct err e;
    int status = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        assert_int_equal(fetch_run(f, calls[i], &status, &answer, &e), 0);
        assert_int_equal(status, 302);
    }
    assert_int_equal(hostile_requests(h), 4);
    assert_int_equal(hostile_connections(h), 1);
    buf_fini(&answer);
    fetch_free(f);
    hostile_stop(h);
}

static void addresses_are_checked(void **state)
{
    struct err e = {.code = ""};
    char longer[300];

    (void)state;
    assert_null(fetch_new(NULL, "localhost:8025", NULL, &e));
    assert_string_equal(e.code, "bad-url");
    memset(longer, 'x', sizeof(longer) - 1);
    longer[0] = '/';
    longer[sizeof(longer) - 1] = '\0';
    {
        struct fetch *f = fetch_new(longer, NULL, NULL, &e);
        struct fetch_call c = {.method = "GET", .path = "/"};
        struct buf answer = BUF_INIT(10);
        int status = 0;

        if (f != NULL)
            assert_int_equal(fetch_run(f, &c, &status, &answer, &e), -1);
        assert_string_equal(e.code, "unreachable");
        fetch_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_has_its_token_headers_and_body),
        cmocka_unit_test(an_upload_of_unknown_size_is_streamed),
        cmocka_unit_test(an_answer_may_be_taken_in_pieces_and_stopped),
        cmocka_unit_test(a_refusal_is_collected_and_never_taken_for_the_answer),
        cmocka_unit_test(failures_are_told),
        cmocka_unit_test(an_answer_past_its_ceiling_is_a_failure),
        cmocka_unit_test(redirects_are_answers_and_connections_are_kept),
        cmocka_unit_test(addresses_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
