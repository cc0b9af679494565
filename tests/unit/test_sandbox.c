/* Simulated phones: receive, report, text back, within bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "daemon/sandbox.h"
#include "provider/drivers.h"

#define DEADLINE_MS 5000

struct world {
    struct loop *loop;
    struct sandbox *box;
    size_t n_accepted, n_calls, n_receipts, n_replies;
    char provider[32], body[4096];
};

static const struct provider_conf quick = {
    .name = "demo", .driver = "sandbox", .channel = "sms", .batch = 100, .url = "sandbox:?receipt=0"};
static const struct provider_conf slow = {.name = "slow",
                                          .driver = "sandbox",
                                          .channel = "sms",
                                          .batch = 100,
                                          .url = "sandbox:?delay=60&receipt=off"};

static void on_sent(void *arg, const struct provider_verdict *v, size_t n)
{
    struct world *w = arg;

    w->n_calls++;
    for (size_t i = 0; i < n; i++)
        w->n_accepted += v[i].verdict == VERDICT_SENT;
}

static void no_bad(void *arg, const struct provider_bad *b)
{
    (void)arg;
    fail_msg("%s", b->why->msg);
}

static void count_receipt(void *arg, const struct provider_receipt *r)
{
    struct world *w = arg;

    assert_int_equal(r->state, RECIPIENT_DELIVERED);
    w->n_receipts++;
}

static void on_receipt(void *arg, const char *provider, const char *body, size_t n)
{
    struct world *w = arg;
    struct err e;

    (void)snprintf(w->provider, sizeof(w->provider), "%s", provider);
    assert_true(callback_receipts(&quick, body, n, count_receipt, no_bad, w, &e) > 0);
}

static void on_reply(void *arg, const char *provider, const char *body, size_t n)
{
    struct world *w = arg;

    (void)snprintf(w->provider, sizeof(w->provider), "%s", provider);
    (void)snprintf(w->body, sizeof(w->body), "%.*s", (int)n, body);
    w->n_replies++;
}

static int world_new(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    struct err e;

    w->loop = loop_new(&e);
    w->box = sandbox_new(w->loop);
    sandbox_on_receipt(w->box, on_receipt, w);
    sandbox_on_reply(w->box, on_reply, w);
    *state = w;
    return 0;
}

static int world_free(void **state)
{
    struct world *w = *state;

    sandbox_free(w->box);
    loop_free(w->loop);
    free(w);
    return 0;
}

static bool receipts_came(void *arg)
{
    return ((struct world *)arg)->n_receipts >= 250;
}
static bool sent(void *arg)
{
    return ((struct world *)arg)->n_calls >= 1;
}
static bool replied(void *arg)
{
    return ((struct world *)arg)->n_replies >= 2;
}
static bool never(void *arg)
{
    (void)arg;
    return false;
}

static void test_messages_arrive_and_are_reported(void **state)
{
    struct world *w = *state;
    char to[250][20], ref[250][32];
    struct provider_msg m[250];
    json_t *list;

    for (int i = 0; i < 250; i++) {
        (void)snprintf(to[i], sizeof(to[i]), "+8613800000%03d", i);
        (void)snprintf(ref[i], sizeof(ref[i]), "n.%d.1", i);
        m[i] = (struct provider_msg){
            .to = to[i], .text = "台风黄色预警xxx", .text_len = 18, .ref = ref[i], .lane = LANE_EMERGENCY};
    }
    (void)sandbox_send(w->box, &quick, m, 250, on_sent, w);
    assert_int_equal(w->n_calls, 0); /* never inside the call */
    assert_true(loop_run_until(w->loop, receipts_came, w, DEADLINE_MS));
    assert_int_equal(w->n_calls, 1);
    assert_int_equal(w->n_accepted, 250);
    assert_int_equal(w->n_receipts, 250);
    assert_string_equal(w->provider, "demo");
    list = sandbox_messages(w->box, "+8613800000007");
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "text")), "台风黄色预警");
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "ref")), "n.7.1");
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "lane")), "emergency");
    json_decref(list);
    list = sandbox_phones(w->box, 10);
    assert_int_equal(json_array_size(list), 10);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "phone")),
                        "+8613800000249");
    json_decref(list);
}

static void test_a_delay_is_kept_and_cancel_means_no_completion(void **state)
{
    struct world *w = *state;
    struct provider_msg m = {
        .to = "+8613800000001", .text = "a", .text_len = 1, .ref = "n.0.1", .lane = LANE_BULK};
    int64_t began_ms = clock_mono_ms();
    struct sandbox_op *op;
    json_t *list;

    (void)sandbox_send(w->box, &slow, &m, 1, on_sent, w);
    assert_true(loop_run_until(w->loop, sent, w, DEADLINE_MS));
    assert_true(clock_mono_ms() - began_ms >= 59);
    op = sandbox_send(w->box, &slow, &m, 1, on_sent, w);
    sandbox_cancel(op);
    assert_false(loop_run_until(w->loop, never, w, 100));
    assert_int_equal(w->n_calls, 1);
    list = sandbox_messages(w->box, "+8613800000001");
    assert_int_equal(json_array_size(list), 1); /* what was cancelled did not arrive */
    json_decref(list);
    assert_int_equal(w->n_receipts, 0);                   /* receipt=off */
    (void)sandbox_send(w->box, &slow, &m, 1, on_sent, w); /* freed with the sandbox */
}

/* A reload while a message is on its way: what the account was called before is gone with the old options. */
static void test_options_may_change_while_a_message_is_on_its_way(void **state)
{
    struct world *w = *state;
    struct provider_msg m = {
        .to = "+8613800000001", .text = "a", .text_len = 1, .ref = "n.0.1", .lane = LANE_BULK};
    struct provider_conf c = slow;
    char name[] = "slow";
    json_t *list;

    c.name = name;
    (void)sandbox_send(w->box, &c, &m, 1, on_sent, w);
    memset(name, 'x', sizeof(name) - 1);
    assert_true(loop_run_until(w->loop, sent, w, DEADLINE_MS));
    list = sandbox_messages(w->box, "+8613800000001");
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "provider")), "slow");
    json_decref(list);
}

static void check_reply(void *arg, const struct provider_reply *r)
{
    (void)arg;
    assert_string_equal(r->from, "+8613800000001");
    assert_memory_equal(r->text, "报名 \"篮球\"", r->text_len);
    assert_true(r->sent_at > 0);
}

static void test_a_phone_texts_back_each_text_with_an_id_of_its_own(void **state)
{
    struct world *w = *state;
    char first[4096];
    struct err e;
    json_t *list;

    sandbox_text(w->box, "demo", "+8613800000001", "报名 \"篮球\"");
    assert_int_equal(w->n_replies, 0);
    assert_true(loop_run_until(w->loop, never, w, 50) == false && w->n_replies == 1);
    assert_string_equal(w->provider, "demo");
    assert_int_equal(callback_replies(&quick, w->body, strlen(w->body), check_reply, no_bad, w, &e), 1);
    memcpy(first, w->body, sizeof(first));
    sandbox_text(w->box, "demo", "+8613800000001", "报名 \"篮球\"");
    assert_true(loop_run_until(w->loop, replied, w, DEADLINE_MS));
    assert_string_not_equal(first, w->body);
    list = sandbox_messages(w->box, "+8613800000001");
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "direction")),
                        "from-phone");
    json_decref(list);
    sandbox_text(w->box, "demo", "+8613800000001", "never told"); /* freed with the sandbox */
}

static void test_the_bounds_hold(void **state)
{
    struct world *w = *state;
    json_t *list;

    for (int i = 0; i < 10050; i++) {
        char from[20];

        (void)snprintf(from, sizeof(from), "+86138000%05d", i);
        sandbox_text(w->box, "demo", from, "1");
    }
    for (int i = 0; i < 25; i++) {
        char text[8];

        (void)snprintf(text, sizeof(text), "%d", i);
        sandbox_text(w->box, "demo", "+8613800010049", text);
    }
    list = sandbox_phones(w->box, 0);
    assert_int_equal(json_array_size(list), 10000);
    json_decref(list);
    list = sandbox_messages(w->box, "+8613800000049");
    assert_int_equal(json_array_size(list), 0); /* silent longest: gone */
    json_decref(list);
    list = sandbox_messages(w->box, "+8613800010049");
    assert_int_equal(json_array_size(list), 20);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "text")), "5");
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 19), "text")), "24");
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_messages_arrive_and_are_reported, world_new, world_free),
        cmocka_unit_test_setup_teardown(test_options_may_change_while_a_message_is_on_its_way, world_new,
                                        world_free),
        cmocka_unit_test_setup_teardown(test_a_delay_is_kept_and_cancel_means_no_completion, world_new,
                                        world_free),
        cmocka_unit_test_setup_teardown(test_a_phone_texts_back_each_text_with_an_id_of_its_own, world_new,
                                        world_free),
        cmocka_unit_test_setup_teardown(test_the_bounds_hold, world_new, world_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
