/* From the inbox to the provider and back into the ledger. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/flow_bed.h"

static void a_notice_reaches_everybody_once_and_is_done(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 8});
    struct queue_notice n;

    (void)state;
    flow_notice(b, "n1", "normal", 0, 250);
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    n = flow_get(b, "n1");
    assert_int_equal(n.total, 250);
    assert_int_equal(n.counts[RECIPIENT_ACCEPTED], 250);
    assert_int_equal(b->n_messages, 250);
    assert_int_equal(b->settled[RECIPIENT_ACCEPTED], 250);
    assert_int_equal(feeder_in_flight(b->feeder), 0);
    flow_free(b);
}

static void a_reference_names_notice_index_and_attempt(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 1});

    (void)state;
    flow_notice(b, "n-1.x", "normal", 7, 2);
    assert_true(flow_until_state(b, "n-1.x", NOTICE_DONE));
    assert_string_equal(b->messages[0].ref, "n-1.x.0.1");
    assert_string_equal(b->messages[0].to, "+8613800000007");
    assert_string_equal(b->messages[1].ref, "n-1.x.1.1");
    flow_free(b);
}

static bool b_is_held(struct flow_bed *b)
{
    return b->n_held == 1;
}

static bool a_is_claimed(struct flow_bed *b)
{
    char *n = redis_server_ask(b->server, "HLEN", "crier:{venus}:n:a:own", NULL);
    bool yes = strcmp(n, "1") == 0;

    free(n);
    return yes;
}

static bool one_failed_and_one_waits(struct flow_bed *b)
{
    return b->settled[RECIPIENT_FAILED] == 1 && b->settled[RECIPIENT_RETRY] > 0 && !a_is_claimed(b);
}

static void on_redriven(void *arg, const struct queue_result *r, uint64_t n)
{
    assert_int_equal(r->status, QUEUE_OK);
    *(uint64_t *)arg = n;
}

static uint64_t n_redriven;

static bool is_redriven(struct flow_bed *b)
{
    (void)b;
    return n_redriven > 0;
}

/* It is marked with its neighbours although nobody here meant to write to it. */
static void who_is_tried_again_while_the_slice_is_held_is_not_left_in_doubt(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 1, .retry_base_ms = 300});

    (void)state;
    b->fail_each = 2; /* ...8 is to be tried again, ...7 is no number */
    b->answer[0] = FLOW_CODE;
    b->code = 1;
    flow_notice(b, "a", "normal", 7, 2);
    assert_true(flow_until(b, one_failed_and_one_waits));
    b->answer[0] = FLOW_HOLD;
    flow_notice(b, "b", "normal", 101, 1);
    assert_true(flow_until(b, b_is_held));
    assert_true(flow_until(b, a_is_claimed)); /* and waits for the slot */
    queue_redrive(b->q, "a", QUEUE_REDRIVE_FAILED, on_redriven, &n_redriven);
    assert_true(flow_until(b, is_redriven));
    b->fail_each = 0;
    flow_release(b);
    assert_true(flow_until_state(b, "a", NOTICE_DONE));
    assert_int_equal(flow_get(b, "a").counts[RECIPIENT_ACCEPTED], 2);
    flow_free(b);
}

static void a_batch_carries_as_many_recipients_as_configured(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 4, .batch = 10});

    (void)state;
    flow_notice(b, "n1", "normal", 0, 125);
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(b->n_messages, 125);
    assert_int_equal(b->n_requests, 13); /* two slices: 10 x 10, then 10 + 10 + 5 */
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_ACCEPTED], 125);
    flow_free(b);
}

static bool is_full(struct flow_bed *b)
{
    return b->n_held == 6;
}

static void the_window_is_never_exceeded(void **state)
{
    /* 8 slots, 20 % reserved = 2, 1 of the rest kept for lane bulk */
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 8});

    (void)state;
    b->answer[0] = FLOW_HOLD;
    flow_notice(b, "n1", "bulk", 0, 60);
    assert_true(flow_until(b, is_full));
    flow_run_ms(b, 50);
    assert_int_equal(b->n_in_flight, 6);
    flow_release(b);
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_true(b->most_in_flight <= 6);
    flow_free(b);
}

static bool large_is_full(struct flow_bed *b)
{
    return b->n_held == 32;
}

/* Some are marked ahead so that no slot waits for Redis; they are not written before there is one, and not at all after cancel. */
static void a_large_window_is_kept_and_what_was_marked_ahead_obeys_cancel(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 40});
    struct queue_notice n;

    (void)state;
    flow_warm(b);
    b->answer[0] = FLOW_HOLD;
    flow_notice(b, "n1", "bulk", 0, 200);
    assert_true(flow_until(b, large_is_full));
    flow_run_ms(b, 50);
    assert_int_equal(b->n_in_flight, 32);
    assert_int_equal(feeder_in_flight(b->feeder), 42);
    flow_push(b, true, "{\"v\":1,\"id\":\"c1\",\"kind\":\"cancel\",\"cancels\":\"n1\"}");
    assert_true(flow_until_state(b, "n1", NOTICE_CANCELLED));
    flow_release(b);
    flow_run_ms(b, 300);
    assert_int_equal(b->n_messages, 32);
    n = flow_get(b, "n1");
    assert_int_equal(n.counts[RECIPIENT_ACCEPTED], 32);
    assert_int_equal(n.counts[RECIPIENT_CANCELLED], 168);
    flow_free(b);
}

static void a_large_window_is_never_exceeded(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 40});

    (void)state;
    flow_warm(b);
    b->answer[0] = FLOW_HOLD;
    flow_notice(b, "n1", "bulk", 0, 700);
    assert_true(flow_until(b, large_is_full));
    flow_release(b);
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_true(b->most_in_flight <= 32);
    assert_int_equal(b->n_messages, 700);
    flow_free(b);
}

static void a_bad_recipient_fails_for_good_and_the_others_go_on(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 2});
    struct queue_notice n;

    (void)state;
    b->answer[0] = FLOW_CODE;
    b->code = 1;
    flow_notice(b, "n1", "normal", 0, 3);
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    n = flow_get(b, "n1");
    assert_int_equal(n.counts[RECIPIENT_FAILED], 3);
    assert_int_equal(b->n_messages, 3);
    flow_free(b);
}

static bool two_sent(struct flow_bed *b)
{
    return b->n_messages >= 2;
}

static void after_cancel_nothing_more_is_written(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 2});
    struct queue_notice n;

    (void)state;
    b->answer[0] = FLOW_HOLD;
    flow_notice(b, "n1", "urgent", 0, 150);
    assert_true(flow_until(b, two_sent));
    flow_push(b, true, "{\"v\":1,\"id\":\"c1\",\"kind\":\"cancel\",\"cancels\":\"n1\"}");
    assert_true(flow_until_state(b, "n1", NOTICE_CANCELLED));
    flow_release(b);
    flow_run_ms(b, 300);
    assert_int_equal(b->n_messages, 2);
    n = flow_get(b, "n1");
    assert_int_equal(n.counts[RECIPIENT_ACCEPTED], 2);
    assert_int_equal(n.counts[RECIPIENT_CANCELLED], 148);
    flow_free(b);
}

static bool one_rejected(struct flow_bed *b)
{
    return b->n_rejected == 1;
}

static const struct {
    const char *name, *json, *reason;
} refused[] = {
    {"cancelling what does not exist is refused",
     "{\"v\":1,\"id\":\"c\",\"kind\":\"cancel\",\"cancels\":\"none\"}",                                "no-such-notice"  },
    {"half a document is refused",                "{\"v\":1,",                                         "bad-json"        },
    {"a notice without words is refused",         "{\"v\":1,\"id\":\"x\",\"to\":{\"everyone\":true}}", "no-text"         },
    {"a template that nobody wrote is refused",
     "{\"v\":1,\"id\":\"x\",\"to\":{\"everyone\":true},\"template\":\"nope\"}",                        "unknown-template"},
};

static void bad_entries_are_rejected_and_the_next_one_is_sent(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct flow_bed *b = flow_new(&(struct flow_opts){.window = 2});

        flow_push(b, false, refused[i].json);
        if (!flow_until(b, one_rejected) || strcmp(b->reason, refused[i].reason) != 0)
            fail_msg("%s: reason \"%s\"", refused[i].name, b->reason);
        flow_notice(b, "n1", "normal", 0, 1);
        assert_true(flow_until_state(b, "n1", NOTICE_DONE));
        flow_free(b);
    }
}

static void an_audience_of_nobody_is_refused(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 2});

    (void)state;
    flow_push(b, false, "{\"v\":1,\"id\":\"n1\",\"text\":\"x\",\"to\":{\"tags\":[\"none\"]}}");
    assert_true(flow_until_state(b, "n1", NOTICE_REJECTED));
    flow_free(b);
}

static void a_higher_level_stops_the_one_before_it(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 2});

    (void)state;
    b->answer[0] = FLOW_HOLD;
    flow_notice(b, "yellow", "urgent", 0, 100);
    assert_true(flow_until(b, two_sent));
    flow_push(b, true,
              "{\"v\":1,\"id\":\"red\",\"kind\":\"alert\",\"to\":{\"phones\":[\"+8613800000500\"]},\"alert\":"
              "{\"issuer\":\"海口市气象台\","
              "\"issued_at\":\"2026-11-23T09:06:00+08:00\",\"event\":\"typhoon\",\"level\":\"red\","
              "\"expires\":\"2036-11-24T09:06:00+08:00\","
              "\"official_text\":\"台风红色预警\",\"supersedes\":[\"yellow\"]}}");
    assert_true(flow_until_state(b, "yellow", NOTICE_CANCELLED));
    flow_release(b);
    assert_true(flow_until_state(b, "red", NOTICE_DONE));
    assert_int_equal(flow_count(b, "yellow"), 2);
    assert_int_equal(flow_count(b, "red"), 1);
    flow_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notice_reaches_everybody_once_and_is_done),
        cmocka_unit_test(a_reference_names_notice_index_and_attempt),
        cmocka_unit_test(who_is_tried_again_while_the_slice_is_held_is_not_left_in_doubt),
        cmocka_unit_test(a_batch_carries_as_many_recipients_as_configured),
        cmocka_unit_test(the_window_is_never_exceeded),
        cmocka_unit_test(a_large_window_is_kept_and_what_was_marked_ahead_obeys_cancel),
        cmocka_unit_test(a_large_window_is_never_exceeded),
        cmocka_unit_test(a_bad_recipient_fails_for_good_and_the_others_go_on),
        cmocka_unit_test(after_cancel_nothing_more_is_written),
        cmocka_unit_test(bad_entries_are_rejected_and_the_next_one_is_sent),
        cmocka_unit_test(an_audience_of_nobody_is_refused),
        cmocka_unit_test(a_higher_level_stops_the_one_before_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
