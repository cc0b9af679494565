/* The other provider, at the right time, for every verdict that asks for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "queue/people.h"
#include "tests/support/flow_bed.h"

static struct flow_bed *two(int code)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 4, .n_links = 2});

    b->answer[0] = FLOW_CODE;
    b->code = code;
    return b;
}

static size_t over(const struct flow_bed *b, int provider)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n_messages; i++)
        n += b->messages[i].provider == provider;
    return n;
}

/* Everybody is served within five seconds although waits of this lane begin at 15. */
static void assert_served(struct flow_bed *b, const char *lane, unsigned n)
{
    int64_t began = clock_mono_ms();

    flow_notice(b, "n1", lane, 0, n);
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_ACCEPTED], n);
    assert_true(clock_mono_ms() - began < 5000);
    assert_int_equal(over(b, 1), n);
}

static void an_account_that_is_refused_is_left_and_the_next_takes_over_at_once(void **state)
{
    struct flow_bed *b = two(3);

    (void)state;
    assert_served(b, "normal", 150);
    assert_string_equal(link_state(b->links[0]), "bad-account");
    assert_true(over(b, 0) <= 4); /* what was out when the first answer came */
    flow_run_ms(b, 1500);
    assert_true(over(b, 0) <= 5); /* and it is not asked all the time */
    flow_free(b);
}

static void an_account_that_is_refused_is_asked_once_a_second_for_an_alert_that_has_nobody_else(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 4, .retry_base_ms = 100});

    (void)state;
    b->answer[0] = FLOW_CODE;
    b->code = 3;
    flow_notice(b, "e1", "emergency", 0, 20);
    flow_run_ms(b, 2600);
    assert_in_range(b->n_requests, 2, 4 + 4);
    b->answer[0] = FLOW_OK;
    assert_true(flow_until_state(b, "e1", NOTICE_DONE));
    assert_int_equal(flow_get(b, "e1").counts[RECIPIENT_ACCEPTED], 20);
    flow_free(b);
}

static void a_text_that_is_refused_is_not_offered_again_and_goes_over_the_next(void **state)
{
    struct flow_bed *b = two(2);

    (void)state;
    assert_served(b, "normal", 150);
    assert_true(over(b, 0) <= 4);
    assert_string_equal(link_state(b->links[0]), "ok"); /* the account is well: other notices go over it */
    b->answer[0] = FLOW_OK;
    flow_notice(b, "n2", "normal", 1000, 1);
    assert_true(flow_until_state(b, "n2", NOTICE_DONE));
    assert_int_equal(b->messages[b->n_messages - 1].provider, 0);
    flow_free(b);
}

static bool has_asked_once(struct flow_bed *b)
{
    return b->n_requests > 0;
}

static void a_text_that_everybody_refuses_fails_after_few_requests(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 4});

    (void)state;
    b->answer[0] = FLOW_CODE;
    b->code = 2;
    flow_notice(b, "n1", "normal", 0, 150);
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_FAILED], 150);
    assert_true(b->n_messages <= 20 + 4);
    flow_free(b);
}

/* One weird name among many, or one number: whoever accepts the same notice for others does not refuse the notice. */
static void a_refusal_of_one_recipient_costs_nobody_else_the_notice(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 1});

    (void)state;
    b->answer[0] = FLOW_CODE;
    b->code = 2;
    flow_notice(b, "n1", "normal", 0, 150);
    assert_true(flow_until(b, has_asked_once));
    b->answer[0] = FLOW_OK;
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_in_range(flow_get(b, "n1").counts[RECIPIENT_FAILED], 1, 3);
    assert_true(flow_get(b, "n1").counts[RECIPIENT_ACCEPTED] >= 147);
    flow_free(b);
}

static void an_alert_is_offered_for_everybody_whatever_was_refused(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 4});

    (void)state;
    b->answer[0] = FLOW_CODE;
    b->code = 2;
    flow_notice(b, "e1", "emergency", 0, 150);
    assert_true(flow_until_state(b, "e1", NOTICE_DONE));
    assert_int_equal(b->n_messages, 150);
    flow_free(b);
}

static void a_throttled_account_is_spared_and_the_next_takes_over_at_once(void **state)
{
    struct flow_bed *b = two(4);

    (void)state;
    b->retry_after = 60;
    assert_served(b, "normal", 150);
    assert_string_equal(link_state(b->links[0]), "throttled");
    assert_true(over(b, 0) <= 4);
    flow_free(b);
}

static void try_again_means_the_next_one_first(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 4, .n_links = 2, .retry_base_ms = 20});

    (void)state;
    b->answer[0] = FLOW_503;
    flow_notice(b, "n1", "urgent", 0, 6);
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_ACCEPTED], 6);
    assert_int_equal(over(b, 0), 6);
    assert_int_equal(over(b, 1), 6);
    flow_free(b);
}

static void a_bad_number_is_bad_everywhere_on_its_channel(void **state)
{
    struct flow_bed *b = two(1);

    (void)state;
    flow_notice(b, "n1", "normal", 0, 5);
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_FAILED], 5);
    assert_int_equal(over(b, 1), 0);
    flow_free(b);
}

static bool breaker_opened(struct flow_bed *b)
{
    return link_stats(b->links[0])->breaker_open;
}

static bool breaker_closed(struct flow_bed *b)
{
    return !link_stats(b->links[0])->breaker_open;
}

/* While a provider is left alone, lanes normal and bulk have much that waits; the one request that tries it again is the alert's. */
static void the_probe_is_the_highest_lane_s(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 4, .retry_base_ms = 20});
    size_t before;

    (void)state;
    b->answer[0] = FLOW_503;
    flow_notice(b, "b1", "bulk", 0, 100);
    flow_notice(b, "n1", "normal", 1000, 100);
    assert_true(flow_until(b, breaker_opened));
    flow_run_ms(b, 100);
    before = b->n_messages;
    b->answer[0] = FLOW_OK;
    flow_notice(b, "e1", "emergency", 2000, 1);
    assert_true(flow_until(b, breaker_closed));
    assert_true(b->n_messages > before);
    assert_int_equal(strncmp(b->messages[before].ref, "e1.", 3), 0);
    flow_free(b);
}

static void push_one(struct flow_bed *b, const char *lane, const char *on_unknown)
{
    char json[256];

    assert_true(
        snprintf(json, sizeof(json),
                 "{\"v\":1,\"id\":\"n1\",\"lane\":\"%s\",\"on_unknown\":\"%s\",\"text\":\"x\",\"to\":{"
                 "\"phones\":[\"+8613800000001\"]}}",
                 lane, on_unknown) > 0);
    b->answer[0] = FLOW_DROP;
    flow_push(b, strcmp(lane, "emergency") == 0, json);
}

static bool two_came(struct flow_bed *b)
{
    return b->n_messages >= 2;
}

/* What a notice says of itself goes before what its lane does. */
static void a_notice_decides_itself_what_becomes_of_a_lost_answer(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 2, .retry_base_ms = 20});

    (void)state;
    push_one(b, "normal", "resend");
    assert_true(flow_until(b, two_came));
    b->answer[0] = FLOW_OK;
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_ACCEPTED], 1);
    flow_free(b);
    b = flow_new(&(struct flow_opts){.window = 2, .retry_base_ms = 20});
    push_one(b, "urgent", "park");
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_UNKNOWN], 1);
    assert_int_equal(b->n_messages, 1);
    flow_free(b);
}

static void on_put(void *arg, const struct queue_result *r, const struct people_import *counts)
{
    (void)counts;
    *(bool *)arg = r->status == QUEUE_OK;
}

static bool is_true(void *arg)
{
    return *(bool *)arg;
}

/* Every second one has a WeChat id. */
static void half_have_wechat(struct flow_bed *b, unsigned n)
{
    struct resident *list = xcalloc(n, sizeof(*list));
    bool put = false;

    for (unsigned i = 0; i < n; i++) {
        assert_true(snprintf(list[i].name, sizeof(list[i].name), "居民%u", i) > 0);
        assert_true(snprintf(list[i].phones[0], sizeof(list[i].phones[0]), "+861380%07u", i) > 0);
        list[i].n_phones = 1;
        if (i % 2 == 1)
            assert_true(snprintf(list[i].wechat, sizeof(list[i].wechat), "oABC%03u", i) > 0);
    }
    people_put(b->q, list, n, false, on_put, &put);
    assert_true(loop_run_until(b->loop, is_true, &put, 10000));
    free(list);
}

static bool half_is_told(struct flow_bed *b)
{
    return over(b, 1) >= 75;
}

/* The only provider of text messages is refused. Who has no other way waits for it, and holds up nobody who has one: not behind them in the slice either. */
static void who_has_no_other_way_keeps_nobody_from_theirs(const char *lane)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 4, .n_links = 2, .second_channel = "wechat"});
    char json[200];

    half_have_wechat(b, 150);
    b->answer[0] = FLOW_CODE;
    b->code = 3;
    assert_true(snprintf(json, sizeof(json),
                         "{\"v\":1,\"id\":\"n1\",\"lane\":\"%s\",\"text\":\"x\",\"to\":{\"everyone\":true}}",
                         lane) > 0);
    flow_push(b, strcmp(lane, "emergency") == 0, json);
    assert_true(flow_until(b, half_is_told));
    flow_run_ms(b, 200);
    assert_int_equal(over(b, 1), 75);
    assert_int_equal(flow_get(b, "n1").state, NOTICE_RUNNING);
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_ACCEPTED], 75);
    flow_free(b);
}

static void a_notice_goes_to_all_who_can_be_reached(void **state)
{
    (void)state;
    who_has_no_other_way_keeps_nobody_from_theirs("normal");
}

static void an_alert_goes_to_all_who_can_be_reached(void **state)
{
    (void)state;
    who_has_no_other_way_keeps_nobody_from_theirs("emergency");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_that_is_refused_is_left_and_the_next_takes_over_at_once),
        cmocka_unit_test(an_account_that_is_refused_is_asked_once_a_second_for_an_alert_that_has_nobody_else),
        cmocka_unit_test(a_text_that_is_refused_is_not_offered_again_and_goes_over_the_next),
        cmocka_unit_test(a_text_that_everybody_refuses_fails_after_few_requests),
        cmocka_unit_test(a_refusal_of_one_recipient_costs_nobody_else_the_notice),
        cmocka_unit_test(an_alert_is_offered_for_everybody_whatever_was_refused),
        cmocka_unit_test(a_throttled_account_is_spared_and_the_next_takes_over_at_once),
        cmocka_unit_test(try_again_means_the_next_one_first),
        cmocka_unit_test(the_probe_is_the_highest_lane_s),
        cmocka_unit_test(a_notice_decides_itself_what_becomes_of_a_lost_answer),
        cmocka_unit_test(a_notice_goes_to_all_who_can_be_reached),
        cmocka_unit_test(an_alert_goes_to_all_who_can_be_reached),
        cmocka_unit_test(a_bad_number_is_bad_everywhere_on_its_channel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
