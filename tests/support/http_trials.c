#include "tests/support/http_trials.h"

#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "net/http.h"
#include "tests/support/hostile.h"

struct http_trials http_trials;

void http_trial_on_done(void *arg, const struct http_answer *a)
{
    struct http_trial *t = arg;
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

bool http_trial_is_done(void *arg)
{
    const struct http_trial *t = arg;

    return t->n_done > 0;
}

static const char *const headers[] = {"Content-Type: application/json", NULL};

struct http_call http_trial_post(const char *url)
{
    return (struct http_call){.method = "POST",
                              .url = url,
                              .headers = headers,
                              .body = "{\"to\":\"+8613800000001\"}",
                              .body_len = 23,
                              .connect_timeout_ms = 2000,
                              .timeout_ms = 5000};
}

void http_trial_begin(struct http_trial *t, const struct http_call *call, enum http_reach reach)
{
    *t = (struct http_trial){.n_done = 0};
    t->op = http_begin(http_trials.client, call, reach, http_trial_on_done, t);
    t->begun = true;
}

void http_trial_run(struct http_trial *t, const struct http_call *call)
{
    http_trial_begin(t, call, HTTP_REACH_LITERAL_PRIVATE);
    assert_true(loop_run_until(http_trials.loop, http_trial_is_done, t, PATIENCE_MS));
    assert_int_equal(t->n_done, 1);
    assert_false(t->early);
}

static int setup_with(bool two_writes)
{
    struct http_opts o = {.user_agent = "crier-test", .max_in_flight = 8, .two_writes = two_writes};
    struct err e;

    http_trials.loop = loop_new(&e);
    http_trials.client = http_new(http_trials.loop, &o, &e);
    return http_trials.loop != NULL && http_trials.client != NULL ? 0 : -1;
}

int http_trial_setup(void **state)
{
    (void)state;
    return setup_with(false);
}

int http_trial_setup_two_writes(void **state)
{
    (void)state;
    return setup_with(true);
}

int http_trial_teardown(void **state)
{
    (void)state;
    assert_int_equal(http_in_flight(http_trials.client), 0);
    http_free(http_trials.client);
    loop_free(http_trials.loop);
    return 0;
}

void http_trial_serve_ok(struct hostile *h, int fd, void *arg)
{
    (void)arg;
    while (hostile_read_request(h, fd))
        hostile_say_ok(fd);
}

void http_trial_serve_hang(struct hostile *h, int fd, void *arg)
{
    (void)arg;
    if (hostile_read_request(h, fd))
        hostile_hang(fd);
}

void http_trial_serve_text(struct hostile *h, int fd, void *arg)
{
    if (hostile_read_request(h, fd))
        hostile_say(fd, arg);
}

bool http_trial_never(void *arg)
{
    (void)arg;
    return false;
}
