/* The HTTP server: requests, limits, connections, its doors. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/fetch.h"
#include "net/httpd.h"
#include "tests/support/ear.h"
#include "tests/support/httpd_bed.h"

/* ---------------------------------------------------------- clients: fetch */

struct client {
    const char *socket_path, *url, *method, *path, *body;
    int status, rc;
    struct buf answer;
    struct err e;
    pthread_t thread;
    volatile bool done;
};

static void *fetch_in_thread(void *arg)
{
    static const char *const headers[] = {"X-Test: 测试", NULL};
    struct client *c = arg;
    struct fetch *f = fetch_new(c->socket_path, c->url, "t0ken", &c->e);
    struct fetch_call call = {.method = c->method,
                              .path = c->path,
                              .headers = headers,
                              .body = c->body,
                              .body_len = c->body != NULL ? strlen(c->body) : 0,
                              .timeout_ms = 8000};

    c->rc = f != NULL ? fetch_run(f, &call, &c->status, &c->answer, &c->e) : -1;
    fetch_free(f);
    c->done = true;
    return NULL;
}

static bool client_done(void *arg)
{
    return ((struct client *)arg)->done;
}

/* The loop looks at the clock only when something happens: nudge it. */
static void await(struct client *c)
{
    int64_t deadline = loop_now_us() + PATIENCE_MS * 1000;

    while (!client_done(c) && loop_now_us() < deadline)
        loop_run_until(httpd_bed.loop, httpd_bed_never, NULL, 2);
    assert_true(c->done);
    pthread_join(c->thread, NULL);
}

static void fetch(struct client *c, bool local, const char *method, const char *path, const char *body)
{
    char *url = xasprintf("http://127.0.0.1:%d/", httpd_port(httpd_bed.server));

    *c = (struct client){.socket_path = local ? httpd_bed.socket_path : NULL,
                         .url = local ? NULL : url,
                         .method = method,
                         .path = path,
                         .body = body,
                         .answer = BUF_INIT(1 << 20)};
    assert_int_equal(pthread_create(&c->thread, NULL, fetch_in_thread, c), 0);
    await(c);
    free(url);
}

static void requests_arrive_with_all_their_parts(void **state)
{
    static const struct {
        bool local;
        const char *method, *path, *body, *answer;
    } rows[] = {
        {false, "GET",    "/x%20y/%E4%BD%A0?a=1%2B2&b", NULL,
         "GET /x y/你 raw=/x%20y/%E4%BD%A0 query=a=1%2B2&b a=- x=测试 local=0 peer=127.0.0.1 body="                                    },
        {false, "GET",    "/p?a=1%2B2&b=",              NULL,
         "GET /p raw=/p query=a=1%2B2&b= a=1+2 x=测试 local=0 peer=127.0.0.1 body="                                                     },
        {true,  "POST",   "/p",                         "{\"文\":1}", "POST /p raw=/p query= a=- x=测试 local=1 peer= body={\"文\":1}"},
        {true,  "PUT",    "/p",                         "x",           "PUT /p raw=/p query= a=- x=测试 local=1 peer= body=x"           },
        {true,  "PATCH",  "/p",                         "x",           "PATCH /p raw=/p query= a=- x=测试 local=1 peer= body=x"         },
        {true,  "DELETE", "/p",                         NULL,          "DELETE /p raw=/p query= a=- x=测试 local=1 peer= body="         },
        {false, "POST",   "/p",                         "",            "POST /p raw=/p query= a=- x=测试 local=0 peer=127.0.0.1 body="  },
    };

    (void)state;
    httpd_bed_start((struct httpd_opts){.max_header = 0});
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct client c;

        fetch(&c, rows[i].local, rows[i].method, rows[i].path, rows[i].body);
        assert_int_equal(c.rc, 0);
        assert_int_equal(c.status, 200);
        assert_string_equal(buf_cstr(&c.answer), rows[i].answer);
        buf_fini(&c.answer);
    }
    assert_true(loop_run_until(httpd_bed.loop, httpd_bed_no_connections, NULL, PATIENCE_MS));
}

static void a_connection_is_kept_and_requests_may_come_in_one_piece(void **state)
{
    struct ear e;

    (void)state;
    httpd_bed_start((struct httpd_opts){.max_header = 0});
    ear_dial(&e, httpd_bed.loop, httpd_port(httpd_bed.server));
    ear_say(&e, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
    ear_listen(&e, "GET /1 ");
    assert_non_null(strstr(buf_cstr(&e.got), "X-Answer: yes"));
    ear_say(&e, "GET /2 HTTP/1.1\r\nHost: x\r\n\r\nPOST /3 HTTP/1.1\r\nHost: x\r\nContent-Length: "
                "3\r\n\r\nabcGET /4 HTTP/1.1\r\n");
    ear_listen(&e, "body=abc");
    ear_say(&e, "Host: x\r\n\r\n");
    ear_listen(&e, "GET /4 ");
    assert_int_equal(httpd_bed.n_requests, 4);
    assert_int_equal(httpd_connections(httpd_bed.server), 1);
    ear_hang_up(&e);
    assert_true(loop_run_until(httpd_bed.loop, httpd_bed_no_connections, NULL, PATIENCE_MS));
}

static const struct {
    const char *name, *request, *answer; /* NULL = closed without an answer */
} bad_rows[] = {
    {"two lengths",           "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
     "400"                                                                                                             },
    {"the same length twice",
     "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",                           "400"},
    {"a length and chunks",
     "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",            "400"},
    {"an unknown encoding",
     "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",                        "400"},
    {"two hosts",             "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",                                     "400"},
    {"a NUL in the path",     "GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n",                                           "400"},
    {"no HTTP at all",        "what?\r\n\r\n",                                                                    "400"},
    {"a negative length",     "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",                         "400"},
    {"an unknown method",     "BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n",                                            "501"},
};

static void malformed_requests_do_not_reach_the_handler(void **state)
{
    (void)state;
    httpd_bed_start((struct httpd_opts){.max_header = 0});
    for (size_t i = 0; i < ARRAY_LEN(bad_rows); i++) {
        struct ear e;

        ear_dial(&e, httpd_bed.loop, httpd_port(httpd_bed.server));
        ear_say(&e, bad_rows[i].request);
        ear_listen(&e, NULL); /* the connection ends too: what follows cannot be told apart */
        if (httpd_bed.n_requests != 0 || strncmp(buf_cstr(&e.got) + 9, bad_rows[i].answer, 3) != 0)
            fail_msg("%s: %d requests, %.60s", bad_rows[i].name, httpd_bed.n_requests, buf_cstr(&e.got));
        ear_hang_up(&e);
    }
}

static void what_is_too_large_is_refused(void **state)
{
    struct buf big = BUF_INIT(1 << 20);
    struct ear e;

    (void)state;
    httpd_bed_start((struct httpd_opts){.max_header = 2000, .max_body = 1000});
    buf_str(&big, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n");
    for (int i = 0; i < 5000; i++)
        buf_chr(&big, 'x');
    ear_dial(&e, httpd_bed.loop, httpd_port(httpd_bed.server));
    ear_say(&e, buf_cstr(&big));
    ear_listen(&e, NULL);
    assert_int_equal(strncmp(buf_cstr(&e.got), "HTTP/1.1 413", 12), 0);
    ear_hang_up(&e);
    buf_reset(&big);
    buf_str(&big, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 50; i++)
        buf_str(&big, "20\r\n01234567890123456789012345678901\r\n");
    buf_str(&big, "0\r\n\r\n");
    ear_dial(&e, httpd_bed.loop, httpd_port(httpd_bed.server));
    ear_say(&e, buf_cstr(&big));
    ear_listen(&e, NULL);
    assert_int_equal(strncmp(buf_cstr(&e.got), "HTTP/1.1 413", 12), 0);
    ear_hang_up(&e);
    buf_reset(&big);
    buf_str(&big, "GET / HTTP/1.1\r\nHost: x\r\nX-Big: ");
    for (int i = 0; i < 5000; i++)
        buf_chr(&big, 'x');
    buf_str(&big, "\r\n\r\n");
    ear_dial(&e, httpd_bed.loop, httpd_port(httpd_bed.server));
    ear_say(&e, buf_cstr(&big));
    ear_listen(&e, NULL);
    assert_int_equal(strncmp(buf_cstr(&e.got), "HTTP/1.1 4", 10), 0);
    ear_hang_up(&e);
    assert_int_equal(httpd_bed.n_requests, 0);
    buf_fini(&big);
}

static void a_request_that_dribbles_is_cut_and_an_idle_connection_is_not(void **state)
{
    struct ear e, idle;
    int64_t began;

    (void)state;
    httpd_bed_start((struct httpd_opts){.request_timeout_ms = 200, .idle_timeout_ms = 60000});
    ear_dial(&idle, httpd_bed.loop, httpd_port(httpd_bed.server));
    ear_dial(&e, httpd_bed.loop, httpd_port(httpd_bed.server));
    ear_say(&e, "GET / HTTP/1.1\r\nX: ");
    began = loop_now_us();
    while (!ear_ended(&e) && loop_now_us() - began < 3000000) {
        if (send(e.fd, "y", 1, MSG_NOSIGNAL) < 0)
            break;
        loop_run_until(httpd_bed.loop, httpd_bed_never, NULL, 10);
    }
    assert_true(e.eof);
    assert_in_range(loop_now_us() - began, 150000, 2000000);
    assert_int_equal(httpd_bed.n_requests, 0);
    assert_int_equal(httpd_connections(httpd_bed.server), 1);
    ear_say(&idle, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
    ear_listen(&idle, "GET /late");
    loop_run_until(httpd_bed.loop, httpd_bed_never, NULL,
                   300); /* an answered request leaves no timer behind */
    ear_say(&idle, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    ear_listen(&idle, "GET /later");
    ear_hang_up(&e);
    ear_hang_up(&idle);
}

static void an_idle_connection_is_closed_after_its_time(void **state)
{
    struct ear e;

    (void)state;
    httpd_bed_start((struct httpd_opts){.idle_timeout_ms = 100});
    ear_dial(&e, httpd_bed.loop, httpd_port(httpd_bed.server));
    ear_listen(&e, NULL);
    assert_int_equal(httpd_connections(httpd_bed.server), 0);
    ear_hang_up(&e);
}

static void more_connections_than_allowed_are_closed(void **state)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    struct ear e[4];
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    httpd_bed_start((struct httpd_opts){.max_connections = 3});
    for (size_t i = 0; i < 4; i++) {
        ear_dial(&e[i], httpd_bed.loop, httpd_port(httpd_bed.server));
        loop_run_until(httpd_bed.loop, httpd_bed_never, NULL, 20);
    }
    ear_listen(&e[3], NULL);
    assert_int_equal(httpd_connections(httpd_bed.server), 3);
    memcpy(sa.sun_path, httpd_bed.socket_path,
           strlen(httpd_bed.socket_path) + 1); /* the other door stays open */
    assert_true(fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0);
    loop_run_until(httpd_bed.loop, httpd_bed_never, NULL, 50);
    assert_int_equal(httpd_connections(httpd_bed.server), 4);
    close(fd);
    ear_hang_up(&e[0]);
    loop_run_until(httpd_bed.loop, httpd_bed_never, NULL, 50);
    assert_int_equal(httpd_connections(httpd_bed.server), 2);
    ear_hang_up(&e[3]);
    ear_dial(&e[3], httpd_bed.loop, httpd_port(httpd_bed.server));
    ear_say(&e[3], "GET /now HTTP/1.1\r\nHost: x\r\n\r\n");
    ear_listen(&e[3], "GET /now");
    for (size_t i = 1; i < 4; i++)
        ear_hang_up(&e[i]);
}

static void an_empty_answer_keeps_the_connection(void **state)
{
    struct ear e;

    (void)state;
    httpd_bed_start((struct httpd_opts){.max_header = 0});
    ear_dial(&e, httpd_bed.loop, httpd_port(httpd_bed.server));
    ear_say(&e, "GET /empty HTTP/1.1\r\nHost: x\r\n\r\nGET /x HTTP/1.1\r\nHost: x\r\n\r\n");
    ear_listen(&e, "GET /x");
    assert_int_equal(strncmp(buf_cstr(&e.got), "HTTP/1.1 204", 12), 0);
    ear_hang_up(&e);
}

static void a_stale_socket_is_replaced_and_a_live_one_is_not(void **state)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    struct httpd_opts o = {.max_header = 0};
    struct httpd *second = httpd_new(httpd_bed.loop, &o, httpd_bed_on_request, NULL);
    struct err e = {.msg = ""};
    struct stat st;
    char *file = xasprintf("%s/file", httpd_bed.dir);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    memcpy(sa.sun_path, httpd_bed.socket_path, strlen(httpd_bed.socket_path) + 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    close(fd); /* the file stays behind */
    httpd_bed_start(o);
    assert_int_equal(stat(httpd_bed.socket_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    assert_int_equal(httpd_listen_unix(second, httpd_bed.socket_path, &e), -1);
    assert_string_equal(e.code, "listen");
    close(open(file, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(httpd_listen_unix(second, file, &e), -1);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(httpd_listen_tcp(second, "nowhere", &e), -1);
    assert_int_equal(httpd_listen_tcp(second, "127.0.0.1:x", &e), -1);
    assert_int_equal(httpd_listen_tcp(second, "[::1]:0", &e), 0);
    httpd_close_listeners(httpd_bed.server);
    assert_int_equal(stat(httpd_bed.socket_path, &st), -1);
    assert_int_equal(httpd_listen_unix(second, httpd_bed.socket_path, &e), 0);
    httpd_free(second);
    loop_run_until(httpd_bed.loop, httpd_bed_never, NULL, 0);
    free(file);
}

static int n_pauses;

static void count_pauses(void *arg, const char *line)
{
    (void)arg;
    n_pauses += strstr(line, "http.accept-paused") != NULL;
}

/* Descriptors run out: no spinning, and service again when there are some. */
static void accept_pauses_when_descriptors_run_out(void **state)
{
    struct rlimit before, tight;
    int spare[64], n = 0, null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct ear e;

    (void)state;
    n_pauses = 0;
    httpd_bed_start((struct httpd_opts){.max_header = 0});
    log_set_tap(count_pauses, NULL);
    log_set_fd(null_fd);
    ear_dial(&e, httpd_bed.loop, httpd_port(httpd_bed.server));
    ear_say(&e, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    tight = before;
    tight.rlim_cur = (rlim_t)e.fd + 8;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    while (n < 64 && (spare[n] = dup(0)) >= 0)
        n++;
    loop_run_until(httpd_bed.loop, httpd_bed_never, NULL, 500);
    assert_in_range(n_pauses, 1, 4); /* every 200 ms, not thousands */
    while (n > 0)
        close(spare[--n]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    ear_listen(&e, "GET /x");
    log_set_tap(NULL, NULL);
    log_set_fd(2);
    close(null_fd);
    ear_hang_up(&e);
}

static void fetch_tells_when_nobody_is_there(void **state)
{
    struct client c;

    (void)state;
    httpd_bed_start((struct httpd_opts){.max_header = 0});
    httpd_close_listeners(httpd_bed.server);
    fetch(&c, true, "GET", "/", NULL);
    assert_int_equal(c.rc, -1);
    assert_string_equal(c.e.code, "unreachable");
    assert_non_null(strstr(c.e.msg, httpd_bed.socket_path));
    buf_fini(&c.answer);
    fetch(&c, false, "GET", "/", NULL);
    assert_int_equal(c.rc, -1);
    buf_fini(&c.answer);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, httpd_bed_setup, httpd_bed_teardown)
    const struct CMUnitTest tests[] = {
        T(requests_arrive_with_all_their_parts),
        T(a_connection_is_kept_and_requests_may_come_in_one_piece),
        T(malformed_requests_do_not_reach_the_handler),
        T(what_is_too_large_is_refused),
        T(a_request_that_dribbles_is_cut_and_an_idle_connection_is_not),
        T(an_idle_connection_is_closed_after_its_time),
        T(more_connections_than_allowed_are_closed),
        T(an_empty_answer_keeps_the_connection),
        T(a_stale_socket_is_replaced_and_a_live_one_is_not),
        T(accept_pauses_when_descriptors_run_out),
        T(fetch_tells_when_nobody_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
