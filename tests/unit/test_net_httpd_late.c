/* The HTTP server: late answers, streams and those who do not read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/httpd.h"
#include "tests/support/ear.h"
#include "tests/support/httpd_bed.h"

static void a_late_answer_arrives_and_one_to_nobody_is_dropped(void **state)
{
    struct ear e;

    (void)state;
    httpd_bed_start((struct httpd_opts){.max_header = 0});
    ear_dial(&e, httpd_bed.loop, httpd_port(httpd_bed.server));
    ear_say(&e, "POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
    assert_true(loop_run_until(httpd_bed.loop, httpd_bed_is_held, NULL, PATIENCE_MS));
    loop_run_until(httpd_bed.loop, httpd_bed_never, NULL, 20);
    httpd_bed_echo(httpd_bed.held);
    httpd_bed.held = NULL;
    ear_listen(&e, "body=hi");
    ear_say(&e, "POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
    assert_true(loop_run_until(httpd_bed.loop, httpd_bed_is_held, NULL, PATIENCE_MS));
    ear_hang_up(&e);
    loop_run_until(httpd_bed.loop, httpd_bed_never, NULL, 20);
    httpd_bed_echo(httpd_bed.held);
    httpd_bed.held = NULL;
    assert_true(loop_run_until(httpd_bed.loop, httpd_bed_no_connections, NULL, PATIENCE_MS));
}

static void a_request_outlives_the_server(void **state)
{
    struct ear e;
    size_t n;

    (void)state;
    httpd_bed_start((struct httpd_opts){.max_header = 0});
    ear_dial(&e, httpd_bed.loop, httpd_port(httpd_bed.server));
    ear_say(&e, "POST /hold?a=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
    assert_true(loop_run_until(httpd_bed.loop, httpd_bed_is_held, NULL, PATIENCE_MS));
    httpd_free(httpd_bed.server);
    httpd_bed.server = NULL;
    loop_run_until(httpd_bed.loop, httpd_bed_never, NULL, 5);
    assert_string_equal(httpd_method(httpd_bed.held), "POST");
    assert_string_equal(httpd_query(httpd_bed.held, "a"), "1");
    assert_string_equal(httpd_header(httpd_bed.held, "Host"), "x");
    assert_memory_equal(httpd_body(httpd_bed.held, &n), "hi", 2);
    assert_string_equal(httpd_path(httpd_bed.held), "/hold");
    httpd_bed_echo(httpd_bed.held);
    ear_listen(&e, NULL);
    ear_hang_up(&e);
}

static void dropping_closes_without_an_answer(void **state)
{
    struct ear e;

    (void)state;
    httpd_bed_start((struct httpd_opts){.max_header = 0});
    ear_dial(&e, httpd_bed.loop, httpd_port(httpd_bed.server));
    ear_say(&e, "GET /drop HTTP/1.1\r\nHost: x\r\n\r\n");
    ear_listen(&e, NULL);
    assert_int_equal(e.got.len, 0);
    assert_int_equal(httpd_connections(httpd_bed.server), 0);
    ear_hang_up(&e);
}

static void a_stream_goes_on_and_ends(void **state)
{
    struct ear e;

    (void)state;
    httpd_bed_start((struct httpd_opts){.idle_timeout_ms = 150});
    ear_dial(&e, httpd_bed.loop, httpd_port(httpd_bed.server));
    ear_say(&e, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    ear_listen(&e, "data: 1\n\n");
    assert_non_null(strstr(buf_cstr(&e.got), "Transfer-Encoding: chunked"));
    loop_run_until(httpd_bed.loop, httpd_bed_never, NULL, 400); /* the client's silence does not end it */
    assert_int_equal(httpd_bed.n_closed, 0);
    httpd_stream_chunk(httpd_bed.held, "data: 2\n\n", 9);
    ear_listen(&e, "data: 2\n\n");
    httpd_stream_end(httpd_bed.held);
    httpd_bed.held = NULL;
    ear_listen(&e, "\r\n0\r\n\r\n");
    ear_say(&e, "GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
    ear_listen(&e, "GET /next");
    assert_int_equal(httpd_bed.n_closed, 0);
    ear_hang_up(&e);
}

static void a_stream_whose_client_goes_is_told_once(void **state)
{
    struct ear e;

    (void)state;
    httpd_bed_start((struct httpd_opts){.max_header = 0});
    ear_dial(&e, httpd_bed.loop, httpd_port(httpd_bed.server));
    ear_say(&e, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    ear_listen(&e, "data: 1\n\n");
    ear_hang_up(&e);
    assert_true(loop_run_until(httpd_bed.loop, httpd_bed_stream_closed, NULL, PATIENCE_MS));
    loop_run_until(httpd_bed.loop, httpd_bed_never, NULL, 20);
    assert_int_equal(httpd_bed.n_closed, 1);
    assert_int_equal(httpd_connections(httpd_bed.server), 0);
}

/* A client that sends and sends while it listens must not fill our memory. */
static void a_talkative_client_of_a_stream_is_bounded(void **state)
{
    struct ear e;
    char noise[65536];
    size_t taken = 0;

    (void)state;
    httpd_bed_start((struct httpd_opts){.max_header = 0});
    memset(noise, 'x', sizeof(noise));
    ear_dial(&e, httpd_bed.loop, httpd_port(httpd_bed.server));
    ear_say(&e, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    ear_listen(&e, "data: 1\n\n");
    for (int stalled = 0; stalled < 50 && taken < 64 * 1024 * 1024;) {
        ssize_t n = send(e.fd, noise, sizeof(noise), MSG_NOSIGNAL);

        taken += n > 0 ? (size_t)n : 0;
        stalled = n > 0 ? 0 : stalled + 1;
        loop_run_until(httpd_bed.loop, httpd_bed_never, NULL, n > 0 ? 0 : 1);
    }
    assert_in_range(taken, 1, 32 * 1024 * 1024); /* the kernel's buffers and a little more */
    ear_hang_up(&e);
}

static void a_long_answer_waits_for_a_slow_reader(void **state)
{
    struct ear e;

    (void)state;
    httpd_bed.max_pending = 0;
    httpd_bed_start((struct httpd_opts){.max_header = 0});
    ear_dial(&e, httpd_bed.loop, httpd_port(httpd_bed.server));
    ear_say(&e, "GET /long HTTP/1.1\r\nHost: x\r\n\r\n");
    loop_run_until(httpd_bed.loop, httpd_bed_never, NULL, 50); /* nobody reads: it stops by itself */
    assert_non_null(httpd_bed.held);
    assert_true(httpd_bed.stream_left > 0);
    ear_listen(&e, "\r\n0\r\n\r\n");
    assert_null(httpd_bed.held);
    assert_in_range(httpd_bed.max_pending, 1, 100000);
    assert_true(e.got.len > 20000000);
    ear_hang_up(&e);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, httpd_bed_setup, httpd_bed_teardown)
    const struct CMUnitTest tests[] = {
        T(a_late_answer_arrives_and_one_to_nobody_is_dropped),
        T(a_request_outlives_the_server),
        T(dropping_closes_without_an_answer),
        T(a_stream_goes_on_and_ends),
        T(a_stream_whose_client_goes_is_told_once),
        T(a_talkative_client_of_a_stream_is_bounded),
        T(a_long_answer_waits_for_a_slow_reader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
