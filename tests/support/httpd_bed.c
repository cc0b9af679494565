#include "tests/support/httpd_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/httpd.h"

struct httpd_bed httpd_bed;

void httpd_bed_echo(struct httpd_req *r)
{
    struct buf out = BUF_INIT(65536 + 4096);
    size_t n;
    const char *body = httpd_body(r, &n), *a = httpd_query(r, "a"), *x = httpd_header(r, "X-Test");

    buf_fmt(&out, "%s %s raw=%s query=%s a=%s x=%s local=%d peer=%s body=", httpd_method(r), httpd_path(r),
            httpd_raw_path(r), httpd_raw_query(r), a != NULL ? a : "-", x != NULL ? x : "-",
            httpd_is_local(r), httpd_peer(r));
    buf_add(&out, body, n);
    httpd_header_add(r, "X-Answer", "yes");
    httpd_answer(r, 200, "text/plain", out.data, out.len);
    buf_fini(&out);
}

static void on_stream_closed(void *arg)
{
    (void)arg;
    httpd_bed.n_closed++;
    httpd_bed.held = NULL;
}

static void feed_stream(void *arg)
{
    static const char piece[10000];

    (void)arg;
    while (httpd_bed.stream_left > 0 && httpd_stream_pending(httpd_bed.held) < 50000) {
        size_t n = httpd_bed.stream_left < sizeof(piece) ? httpd_bed.stream_left : sizeof(piece);

        httpd_stream_chunk(httpd_bed.held, piece, n);
        httpd_bed.stream_left -= n;
        if (httpd_stream_pending(httpd_bed.held) > httpd_bed.max_pending)
            httpd_bed.max_pending = httpd_stream_pending(httpd_bed.held);
    }
    if (httpd_bed.stream_left > 0) {
        httpd_stream_when_drained(httpd_bed.held, feed_stream, NULL);
        return;
    }
    httpd_stream_end(httpd_bed.held);
    httpd_bed.held = NULL;
}

void httpd_bed_on_request(void *arg, struct httpd_req *r)
{
    const char *path = httpd_path(r);

    (void)arg;
    httpd_bed.n_requests++;
    if (strcmp(path, "/hold") == 0) {
        httpd_bed.held = r;
    } else if (strcmp(path, "/drop") == 0) {
        httpd_drop(r);
    } else if (strcmp(path, "/empty") == 0) {
        httpd_answer(r, 204, "text/plain", NULL, 0);
    } else if (strcmp(path, "/events") == 0) {
        httpd_bed.held = r;
        httpd_stream_begin(r, 200, "text/event-stream", on_stream_closed, NULL);
        httpd_stream_chunk(r, "data: 1\n\n", 9);
    } else if (strcmp(path, "/long") == 0) {
        httpd_bed.held = r;
        httpd_bed.stream_left = 20000000;
        httpd_stream_begin(r, 200, "application/octet-stream", on_stream_closed, NULL);
        feed_stream(NULL);
    } else {
        httpd_bed_echo(r);
    }
}

void httpd_bed_start(struct httpd_opts o)
{
    struct err e = {.msg = ""};

    httpd_bed.server = httpd_new(httpd_bed.loop, &o, httpd_bed_on_request, NULL);
    if (httpd_listen_tcp(httpd_bed.server, "127.0.0.1:0", &e) < 0 ||
        httpd_listen_unix(httpd_bed.server, httpd_bed.socket_path, &e) < 0)
        fail_msg("%s", e.msg);
    assert_true(httpd_port(httpd_bed.server) > 0);
}

int httpd_bed_setup(void **state)
{
    struct err e;

    (void)state;
    httpd_bed.loop = loop_new(&e);
    httpd_bed.held = NULL;
    httpd_bed.n_requests = httpd_bed.n_closed = 0;
    memcpy(httpd_bed.dir, "/tmp/crier-httpd-XXXXXX", 24);
    if (mkdtemp(httpd_bed.dir) == NULL)
        return -1;
    httpd_bed.socket_path = xasprintf("%s/s", httpd_bed.dir);
    return httpd_bed.loop != NULL ? 0 : -1;
}

int httpd_bed_teardown(void **state)
{
    (void)state;
    httpd_free(httpd_bed.server);
    httpd_bed.server = NULL;
    loop_free(httpd_bed.loop);
    free(httpd_bed.socket_path);
    return rmdir(httpd_bed.dir); /* the socket file is gone */
}

bool httpd_bed_never(void *arg)
{
    (void)arg;
    return false;
}

bool httpd_bed_no_connections(void *arg)
{
    (void)arg;
    return httpd_connections(httpd_bed.server) == 0;
}

bool httpd_bed_is_held(void *arg)
{
    (void)arg;
    return httpd_bed.held != NULL;
}

bool httpd_bed_stream_closed(void *arg)
{
    (void)arg;
    return httpd_bed.n_closed > 0;
}
