/* Decisions about official warnings in Redis: one of two daemons is told to decide again; notices and decision come together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/alerts.h"
#include "tests/support/queue_bed.h"

static struct queue_bed *b;
static int64_t version;
static char book[100], seen[100];
static bool again;

static int start(void **state)
{
    (void)state;
    b = queue_bed_new();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    queue_bed_free(b);
    return 0;
}

static int fresh(void **state)
{
    (void)state;
    queue_bed_clear(b);
    seen[0] = '\0';
    return 0;
}

static void on_load(void *arg, const struct queue_result *r, int64_t v, const char *s, size_t n)
{
    queue_bed_note(arg, r);
    version = v;
    assert_true(n < sizeof(book));
    memcpy(book, s, n);
    book[n] = '\0';
}

static void on_record(void *arg, const struct queue_result *r, bool a)
{
    queue_bed_note(arg, r);
    assert_int_equal(r->status, QUEUE_OK);
    again = a;
}

static void on_row(void *arg, const char *key, const char *row, size_t n)
{
    (void)arg;
    assert_true(key[0] != '\0' && strlen(seen) + n + 2 < sizeof(seen));
    memcpy(seen + strlen(seen), row, n + 1);
}

static void load(struct queue *q)
{
    alerts_load(q, on_load, b);
    queue_bed_wait(b, 1);
}

static void record(struct queue *q, int64_t on, const char *new_book, const char *row)
{
    const char *const rows[] = {row};
    const struct alerts_job jobs[] = {
        {"{\"first\":1}",  false},
        {"{\"second\":2}", true }
    };
    const struct alerts_record a = {on, new_book, rows, 1, jobs, 2};

    alerts_record(q, &a, on_record, b);
    queue_bed_wait(b, 1);
}

static void one_of_two_decides_again(void **state)
{
    (void)state;
    load(b->q[0]);
    assert_int_equal(version, 0);
    assert_string_equal(book, "");
    record(b->q[0], 0, "B1", "R1");
    assert_false(again);
    record(b->q[1], 0, "B2", "R2"); /* on the book that is gone */
    assert_true(again);
    load(b->q[1]);
    assert_int_equal(version, 1);
    assert_string_equal(book, "B1");
    record(b->q[1], 1, "B2", "R2");
    assert_false(again);
    alerts_list(b->q[0], NULL, 10, on_row, queue_bed_done, b);
    queue_bed_wait(b, 1);
    assert_string_equal(seen, "R2R1"); /* what was refused left no trace */
}

static void notices_come_with_the_decision(void **state)
{
    char *s;

    (void)state;
    record(b->q[0], 5, "B", "R");
    assert_true(again);
    s = redis_server_ask(b->server, "LLEN", "crier:{venus}:inbox", NULL);
    assert_string_equal(s, "0");
    free(s);
    record(b->q[0], 0, "B", "R");
    s = redis_server_ask(b->server, "LRANGE", "crier:{venus}:inbox", "0", "-1", NULL);
    assert_non_null(strstr(s, "first"));
    free(s);
    s = redis_server_ask(b->server, "LRANGE", "crier:{venus}:inbox:e", "0", "-1", NULL);
    assert_non_null(strstr(s, "second"));
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_of_two_decides_again, fresh),
        cmocka_unit_test_setup(notices_come_with_the_decision, fresh),
    };

    return cmocka_run_group_tests_name("queue_alerts", tests, start, stop);
}
