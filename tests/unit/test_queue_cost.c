/* What a recipient costs Redis: memory (asserted), and the scripts' CPU (printed; asserted with room for a busy machine). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "tests/support/queue_fixture.h"

#define KEY        "crier:{venus}:"
#define RECIPIENTS 20000
#define MOST_BYTES 70
#define RUN        10
#define MOST_US    390 /* three times the goal of 130 us for claim + begin + finish of 100 */

static int64_t number_in(struct fixture *f, const char *section, const char *name)
{
    char *info = redis_server_ask(f->server, "INFO", section, NULL), *at = strstr(info, name);
    int64_t v = 0;

    assert_non_null(at);
    at += strlen(name);
    assert_int_equal(num_i64_n(at, strcspn(at, "\r,\n"), 0, INT64_MAX, &v), 0);
    free(info);
    return v;
}

static void test_memory(void **state)
{
    struct fixture *f = fixture_new(REDIS_SERVER_MEMORY, NULL);
    int64_t before, after;

    (void)state;
    fixture_running(f, "warm", "normal", 1);
    before = number_in(f, "memory", "used_memory:");
    fixture_running(f, "big", "normal", RECIPIENTS);
    /* The set of addresses seen while staging is freed beside the work. */
    for (int i = 0; number_in(f, "memory", "lazyfree_pending_objects:") > 0; i++)
        assert_true(i < 10000);
    after = number_in(f, "memory", "used_memory:");
    printf("memory: %.1f bytes per recipient\n", (double)(after - before) / RECIPIENTS);
    assert_true(after - before < MOST_BYTES * RECIPIENTS);
    fixture_free(f);
}

static int64_t evalsha_us(struct fixture *f)
{
    char *info = redis_server_ask(f->server, "INFO", "commandstats", NULL);
    const char *at = strstr(info, "cmdstat_evalsha:");
    int64_t v = 0;

    assert_non_null(at);
    at = strstr(at, ",usec=");
    assert_non_null(at);
    at += strlen(",usec=");
    assert_int_equal(num_i64_n(at, strcspn(at, ","), 0, INT64_MAX, &v), 0);
    free(info);
    return v;
}

static void one_slice(struct fixture *f)
{
    struct queue_claim *c = fixture_claim(f, f->q, 15);

    assert_non_null(c);
    assert_int_equal(fixture_begin(f, f->q, c, 0, 100, NULL), 100);
    assert_true(fixture_finish_all(f, f->q, c, 0, 100, 1, RECIPIENT_ACCEPTED, true, 0));
    fixture_claim_free(c);
}

/* The quietest of many short runs: other programs share these processors. */
static void test_cpu(void **state)
{
    struct fixture *f = fixture_new(REDIS_SERVER_MEMORY, NULL);
    int64_t best = INT64_MAX;

    (void)state;
    fixture_running(f, "big", "normal", RECIPIENTS);
    for (size_t done = 0; done < RECIPIENTS / NOTICE_SLICE; done += RUN) {
        int64_t us;

        free(redis_server_ask(f->server, "CONFIG", "RESETSTAT", NULL));
        for (size_t i = 0; i < RUN; i++)
            one_slice(f);
        us = evalsha_us(f);
        if (us < best)
            best = us;
    }
    printf("claim + begin + finish of 100 recipients: %.1f us of Redis\n", (double)best / RUN);
    assert_true(best < MOST_US * RUN);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_cpu),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
