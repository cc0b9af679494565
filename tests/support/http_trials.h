/* The HTTP client on a loop: one request, what came of it, and servers for it. */
#ifndef TESTS_SUPPORT_HTTP_TRIALS_H
#define TESTS_SUPPORT_HTTP_TRIALS_H

#include "net/http.h"
#include "tests/support/hostile.h"

enum { PATIENCE_MS = 10000 };

/* One request and what came of it. */
struct http_trial {
    struct http_op *op;
    int n_done;
    bool begun; /* http_begin has returned */
    bool early; /* completed before that */
    struct http_answer answer;
    char body[256];
};

/* The world of one test. */
extern struct http_trials {
    struct loop *loop;
    struct http *client;
} http_trials;

/* The completion of a trial, which is its argument. */
void http_trial_on_done(void *arg, const struct http_answer *a);
bool http_trial_is_done(void *arg);
/* A POST of 23 bytes with short times. */
struct http_call http_trial_post(const char *url);
void http_trial_begin(struct http_trial *t, const struct http_call *call, enum http_reach reach);
/* Begin, wait for the completion, let a few more turns pass: there must be no second one. */
void http_trial_run(struct http_trial *t, const struct http_call *call);
/* Around each test. two_writes: head and body of a request go in two pieces. */
int http_trial_setup(void **state);
int http_trial_setup_two_writes(void **state);
int http_trial_teardown(void **state);
void http_trial_serve_ok(struct hostile *h, int fd, void *arg);
void http_trial_serve_hang(struct hostile *h, int fd, void *arg);
/* Says ${arg} after the request, then closes. */
void http_trial_serve_text(struct hostile *h, int fd, void *arg);
bool http_trial_never(void *arg);

#endif
