/* What a script leaves behind whose last writes Redis did not keep: it is put right, and nobody is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "queue/codec.h"
#include "tests/support/queue_fixture.h"

#define KEY "crier:{venus}:"
#define ALL 15u

static struct fixture *f;

static int start(void **state)
{
    (void)state;
    f = fixture_new(REDIS_SERVER_MEMORY, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    fixture_free(f);
    return 0;
}

static int fresh(void **state)
{
    (void)state;
    fixture_flush(f);
    return 0;
}

/* Who was `seen` when a notice was refused is meant again when it is accepted again. */
static void a_refusal_cut_off_leaves_nobody_out_of_the_next_try(void **state)
{
    static const char notice[] = "{\"v\":1,\"id\":\"a\",\"to\":{\"everyone\":true},\"text\":\"x\"}";

    (void)state;
    assert_string_equal(fixture_accept(f, f->q, notice), "accepted");
    queue_stage_refuse(f->q, "a", "empty-audience", "nobody is meant", fixture_on_done, f);
    fixture_wait(f);
    assert_int_equal(f->status, QUEUE_OK);
    free(redis_server_ask(f->server, "SADD", KEY "n:a:seen", "+8613800000000",
                          NULL)); /* its last command was cut off */
    assert_string_equal(fixture_accept(f, f->q, notice), "accepted");
    assert_true(fixture_stage(f, f->q, 3));
    assert_int_equal(fixture_get(f, "a").total, 3);
}

/* A redrive takes the notice out of `purge` last. */
static void a_notice_that_runs_again_keeps_its_audience(void **state)
{
    struct queue_claim *c;

    (void)state;
    fixture_running(f, "a", "normal", 2);
    c = fixture_claim(f, f->q, ALL);
    assert_non_null(c);
    free(redis_server_ask(f->server, "ZADD", KEY "purge", "1", "a", NULL));
    fixture_sweep(f, f->q);
    assert_true(fixture_redis_is(f, "1", "EXISTS", KEY "n:a:aud", NULL));
    assert_true(fixture_redis_is(f, "0", "ZCARD", KEY "purge", NULL));
    assert_int_equal(fixture_begin(f, f->q, c, 0, 2, NULL), 2);
    assert_true(fixture_finish_all(f, f->q, c, 0, 2, 1, RECIPIENT_ACCEPTED, true, 0));
    fixture_claim_free(c);
    fixture_audit(f, f->q);
    free(redis_server_ask(f->server, "ZADD", KEY "purge", "1", "a", NULL));
    fixture_sweep(f, f->q);
    assert_true(fixture_redis_is(f, "0", "EXISTS", KEY "n:a:aud", NULL));
}

/* ---- what goes with an audience ---- */

/* The notice as it was stored, after its audience was deleted; the caller frees. */
static char *stored_after_purge(const char *to)
{
    char *json, *notice = xasprintf("{\"v\":1,\"id\":\"a\",\"to\":%s,\"text\":\"\\\"phones\\\":[\\\"+"
                                    "8613800000009\\\"], \\\"to\\\":{}\"}",
                                    to);

    fixture_flush(f);
    assert_string_equal(fixture_accept(f, f->q, notice), "accepted");
    free(notice);
    fixture_cancel(f, "a");
    fixture_sweep(f, f->q); /* closed */
    free(redis_server_ask(f->server, "ZADD", KEY "purge", "1", "a", NULL));
    fixture_sweep(f, f->q);
    assert_true(fixture_redis_is(f, "0", "ZCARD", KEY "purge", NULL));
    json = redis_server_ask(f->server, "HGET", KEY "n:a", "json", NULL);
    assert_non_null(json);
    return json;
}

/* The numbers somebody was addressed by are no better than the audience; the notice can be read as before, and what it says is not touched. */
static void the_numbers_of_a_notice_go_with_its_audience(void **state)
{
    static const struct {
        const char *to, *left; /* as the stored notice has it; NULL = nothing is left of `to` */
    } rows[] = {
        {"{\"phones\":[\"+8613800000001\",\"+8613800000002\"]}",                                          NULL                             },
        {"{\"phones\":[\"+8613800000001\"],\"tags\":[\"老人\"]}",                                       "\"to\":{\"tags\":[\"老人\"]}" },
        {"{\"areas\":[\"460106\"],\"phones\":[\"+8613800000001\"]}",                                      "\"to\":{\"areas\":[\"460106\"]}"},
        {"{\"everyone\":true,\"not\":{\"phones\":[\"+8613800000001\"]}}",                                 "\"to\":{\"everyone\":true}"     },
        {"{\"areas\":[\"460106\"],\"not\":{\"not\":{\"phones\":[\"+8613800000001\"]},\"tags\":[\"x\"]}}",
         "\"to\":{\"areas\":[\"460106\"],\"not\":{\"tags\":[\"x\"]}}"                                                                      },
        {"{\"everyone\":true}",                                                                           "\"to\":{\"everyone\":true}"     },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *json = stored_after_purge(rows[i].to);
        struct err e = {.msg = ""};
        struct notice *n = codec_stored(json, strlen(json), &e);

        if (n == NULL)
            fail_msg("row %zu: %s: %s", i, e.msg, json);
        assert_null(strstr(json, "+8613800000001"));
        assert_string_equal(n->texts[0].text, "\"phones\":[\"+8613800000009\"], \"to\":{}");
        if (rows[i].left == NULL ? n->to != NULL : strstr(json, rows[i].left) == NULL)
            fail_msg("row %zu: %s", i, json);
        notice_free(n);
        free(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_refusal_cut_off_leaves_nobody_out_of_the_next_try, fresh),
        cmocka_unit_test_setup(a_notice_that_runs_again_keeps_its_audience, fresh),
        cmocka_unit_test_setup(the_numbers_of_a_notice_go_with_its_audience, fresh),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
