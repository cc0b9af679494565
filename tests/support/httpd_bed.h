/* The HTTP server on a loop, at a port and a socket, with a handler that echoes, holds, drops and streams. */
#ifndef TESTS_SUPPORT_HTTPD_BED_H
#define TESTS_SUPPORT_HTTPD_BED_H

#include "net/httpd.h"

enum { PATIENCE_MS = 10000 };

/* The world of one test. */
extern struct httpd_bed {
    struct loop *loop;
    struct httpd *server;
    struct httpd_req *held; /* a request that the handler did not answer */
    int n_requests;
    int n_closed;
    char *socket_path;
    size_t stream_left;
    size_t max_pending;
    char dir[40];
} httpd_bed;

/* Answer with all that is known of the request. */
void httpd_bed_echo(struct httpd_req *r);
/* The handler: /hold, /drop, /empty, /events and /long do what they say, everything else echoes. */
void httpd_bed_on_request(void *arg, struct httpd_req *r);
/* The server of this test, at a port and at socket_path. */
void httpd_bed_start(struct httpd_opts o);
/* Around each test; the directory must be empty at its end. */
int httpd_bed_setup(void **state);
int httpd_bed_teardown(void **state);
/* For loop_run_until. */
bool httpd_bed_never(void *arg);
bool httpd_bed_no_connections(void *arg);
bool httpd_bed_is_held(void *arg);
bool httpd_bed_stream_closed(void *arg);

#endif
