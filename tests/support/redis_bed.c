#include "tests/support/redis_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "net/redis.h"
#include "tests/support/redis_server.h"

struct redis_bed redis_bed;

static void on_state(void *arg, enum redis_state s, const char *why)
{
    (void)arg;
    assert_false(redis_bed.seen.inside);
    redis_bed.seen.n_up += s == REDIS_UP;
    if (s == REDIS_DOWN) {
        size_t n = strnlen(why, sizeof(redis_bed.seen.why) - 1);

        redis_bed.seen.n_down++;
        memcpy(redis_bed.seen.why, why, n);
        redis_bed.seen.why[n] = '\0';
    }
}

struct redis_opts redis_bed_options(const char *url)
{
    return (struct redis_opts){.url = url,
                               .client_name = "crier-test",
                               .connect_timeout_ms = 2000,
                               .timeout_ms = 3000,
                               .backoff_min_ms = 5,
                               .backoff_max_ms = 50,
                               .on_state = on_state};
}

void redis_bed_open(struct redis_opts o)
{
    struct err e;

    memset(&redis_bed.seen, 0, sizeof(redis_bed.seen));
    redis_bed.seen.inside = true;
    redis_bed.redis = redis_new(redis_bed.loop, &o, &e);
    redis_bed.seen.inside = false;
    assert_non_null(redis_bed.redis);
}

int redis_bed_setup(void **state)
{
    struct err e;

    (void)state;
    redis_bed.loop = loop_new(&e);
    redis_bed.redis = NULL;
    return redis_bed.loop != NULL ? 0 : -1;
}

int redis_bed_teardown(void **state)
{
    (void)state;
    redis_free(redis_bed.redis);
    loop_free(redis_bed.loop);
    redis_server_stop(redis_bed.server);
    redis_bed.server = NULL;
    return 0;
}

bool redis_bed_is_up(void *arg)
{
    (void)arg;
    return redis_state(redis_bed.redis) == REDIS_UP;
}

bool redis_bed_went_down(void *arg)
{
    return redis_bed.seen.n_down >= *(int *)arg;
}

bool redis_bed_never(void *arg)
{
    (void)arg;
    return false;
}

void redis_bed_open_real(void)
{
    redis_bed.server = redis_server_start(REDIS_SERVER_MEMORY, NULL);
    redis_bed_open(redis_bed_options(redis_server_url(redis_bed.server)));
    assert_true(loop_run_until(redis_bed.loop, redis_bed_is_up, NULL, PATIENCE_MS));
}

void redis_bed_on_done(void *arg, const struct redis_answer *a)
{
    struct redis_trial *t = arg;
    const char *s = a->fault == REDIS_OK ? redis_value_str(a->value, NULL) : a->error;
    size_t n = s != NULL ? strnlen(s, sizeof(t->text) - 1) : 0;

    t->n_done++;
    t->early = !t->begun;
    t->fault = a->fault;
    t->number = redis_value_int(a->value, -1);
    if (n > 0)
        memcpy(t->text, s, n);
    t->text[n] = '\0';
    t->cmd = NULL;
}

bool redis_bed_is_done(void *arg)
{
    const struct redis_trial *t = arg;

    return t->n_done > 0;
}

void redis_bed_begin(struct redis_trial *t, const char *a, const char *b, const char *c)
{
    const char *argv[] = {a, b, c};

    *t = (struct redis_trial){.n_done = 0};
    redis_bed.seen.inside = true;
    t->cmd = redis_begin(redis_bed.redis, redis_bed_on_done, t,
                         c != NULL   ? 3
                         : b != NULL ? 2
                                     : 1,
                         argv, NULL);
    redis_bed.seen.inside = false;
    t->begun = true;
}

void redis_bed_finish(struct redis_trial *t, enum redis_fault fault)
{
    assert_true(loop_run_until(redis_bed.loop, redis_bed_is_done, t, PATIENCE_MS));
    assert_int_equal(t->n_done, 1);
    assert_false(t->early);
    if (t->fault != fault)
        fail_msg("fault %d (%s) instead of %d", (int)t->fault, t->text, (int)fault);
}
