/* Access tokens of a provider's account: an endpoint that hangs, tokens that are refused, what is under way meanwhile, options that change meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tests/support/wechat_bed.h"

static struct wechat_bed *bed; /* conditions know the flow bed only */

static void begin(unsigned residents, bool with_sms, int64_t window)
{
    bed = wechat_bed_new(residents, with_sms, window, 0);
}

static void end(void)
{
    wechat_bed_free(bed);
    bed = NULL;
}

static uint64_t accepted(const char *id)
{
    return flow_get(bed->flow, id).counts[RECIPIENT_ACCEPTED];
}

/* Everybody once, and all by the same token. */
static void assert_each_once(size_t from, size_t n)
{
    assert_int_equal(bed->n_sent, from + n);
    for (size_t i = from; i < from + n; i++)
        for (size_t k = from; k < i; k++)
            assert_string_not_equal(bed->sent_to[i], bed->sent_to[k]);
}

/* Bring the first token in, and have the whole window used. */
static size_t warm(void)
{
    struct link *l = bed->flow->links[0];
    char id[16];

    for (int i = 0; i < 50 && (i == 0 || link_limit_now(l) < (size_t)bed->flow->providers[0].window); i++) {
        assert_true(snprintf(id, sizeof(id), "warm%d", i) > 0);
        wechat_bed_notice(bed, id, "urgent", "wechat");
        assert_true(flow_until_state(bed->flow, id, NOTICE_DONE));
    }
    assert_int_equal(link_limit_now(l), bed->flow->providers[0].window);
    assert_int_equal(bed->n_tokens, 1);
    return bed->n_sent;
}

/* ---- an endpoint that hangs ---- */

static bool asked_once(struct flow_bed *b)
{
    (void)b;
    return bed->n_tokens == 1;
}

static bool asked_three_times(struct flow_bed *b)
{
    (void)b;
    return bed->n_tokens == 3;
}

static void while_the_endpoint_hangs_an_alert_goes_by_another_provider_and_a_notice_waits(void **state)
{
    (void)state;
    begin(4, true, 8);
    bed->hang_tokens = true;
    wechat_bed_notice(bed, "n1", "normal", "wechat");
    assert_true(flow_until(bed->flow, asked_once));
    wechat_bed_notice(bed, "e1", "emergency", NULL);
    assert_true(flow_until_state(bed->flow, "e1", NOTICE_DONE));
    assert_int_equal(accepted("e1"), 4);
    assert_int_equal(flow_count(bed->flow, "e1"), 4); /* text messages, each once */
    assert_int_equal(bed->n_sends, 0);
    assert_int_equal(flow_get(bed->flow, "n1").state, NOTICE_RUNNING);
    assert_int_equal(accepted("n1"), 0);
    end();
}

/* 500 ms until a request is given up, then 1 s, then 2 s. */
static void the_endpoint_is_asked_again_after_waits_that_double(void **state)
{
    (void)state;
    bed = wechat_bed_new(2, false, 8, 500);
    bed->hang_tokens = true;
    wechat_bed_notice(bed, "n1", "normal", "wechat");
    assert_true(flow_until(bed->flow, asked_three_times));
    assert_true(bed->token_at_us[1] - bed->token_at_us[0] >= 1490000);
    assert_true(bed->token_at_us[2] - bed->token_at_us[1] >= 2490000);
    wechat_bed_hang_up(bed);
    assert_true(flow_until_state(bed->flow, "n1", NOTICE_DONE));
    assert_int_equal(accepted("n1"), 2);
    assert_each_once(0, 2);
    end();
}

/* ---- tokens that are refused ---- */

static void renewed_once(int code)
{
    size_t from;

    begin(10, false, 4);
    from = warm();
    bed->serial++; /* the one in use is none of WeChat's any more */
    bed->revoked = code;
    wechat_bed_notice(bed, "n1", "urgent", "wechat");
    assert_true(flow_until_state(bed->flow, "n1", NOTICE_DONE));
    assert_int_equal(accepted("n1"), 10);
    assert_int_equal(bed->n_tokens, 2);
    assert_int_equal(bed->n_forced, 0);
    assert_in_range(bed->n_refused, 1, 4); /* what was under way then, no more */
    assert_each_once(from, 10);
    for (size_t i = from; i < from + 10; i++)
        assert_int_equal(bed->sent_with[i], 3);
    end();
}

static void a_token_that_is_refused_is_renewed_once_and_the_requests_repeated(void **state)
{
    (void)state;
    renewed_once(40001);
    renewed_once(40014);
    renewed_once(42001);
}

/* A request goes three times at most, and the account is left alone then: nobody is told twice a second that the secret is good. */
static void an_account_whose_every_token_is_refused_is_not_asked_in_a_circle(void **state)
{
    size_t tokens, sends;

    (void)state;
    begin(1, false, 1);
    bed->refuse_all = 40001;
    wechat_bed_notice(bed, "n1", "normal", "wechat");
    flow_run_ms(bed->flow, 3000);
    tokens = bed->n_tokens, sends = bed->n_sends;
    assert_in_range(tokens, 2, 6);
    assert_in_range(sends, 3, 6);
    assert_string_equal(link_state(bed->flow->links[0]), "bad-account");
    assert_int_equal(accepted("n1"), 0);
    end();
}

static bool four_held(struct flow_bed *b)
{
    (void)b;
    return bed->n_held == 4;
}

static bool two_held(struct flow_bed *b)
{
    (void)b;
    return bed->n_held == 2;
}

/* Four are under way with the old token when WeChat revokes it: all are refused, one new token is got, all four go again and nothing was said twice. */
static void what_is_under_way_when_the_token_changes_goes_once_more_with_the_new_one(void **state)
{
    size_t from;

    (void)state;
    begin(4, false, 4);
    from = warm();
    bed->hold = true;
    wechat_bed_notice(bed, "n1", "urgent", "wechat");
    assert_true(flow_until(bed->flow, four_held));
    bed->serial++;
    bed->revoked = 42001;
    wechat_bed_release(bed, 2);
    assert_true(flow_until(bed->flow, four_held)); /* two old ones, two with the new token */
    assert_int_equal(bed->n_tokens, 2);
    bed->hold = false;
    wechat_bed_release(bed, 4);
    assert_true(flow_until_state(bed->flow, "n1", NOTICE_DONE));
    assert_int_equal(accepted("n1"), 4);
    assert_int_equal(bed->n_tokens, 2); /* the late refusals were of the old one */
    assert_int_equal(bed->n_refused, 4);
    assert_int_equal(bed->n_sends, from + 8);
    assert_each_once(from, 4);
    end();
}

/* ---- options that change ---- */

static void options_may_change_while_requests_are_under_way(void **state)
{
    size_t from;

    (void)state;
    begin(4, false, 2);
    from = warm();
    bed->hold = true;
    wechat_bed_notice(bed, "n1", "urgent", "wechat");
    assert_true(flow_until(bed->flow, two_held));
    wechat_bed_reload(bed);
    flow_run_ms(bed->flow, 20);
    wechat_bed_reload(bed);
    bed->hold = false;
    wechat_bed_release(bed, 2);
    assert_true(flow_until_state(bed->flow, "n1", NOTICE_DONE));
    assert_int_equal(accepted("n1"), 4);
    assert_each_once(from, 4);
    end();
}

static void options_may_change_while_requests_wait_for_a_token(void **state)
{
    (void)state;
    begin(3, false, 2);
    bed->hang_tokens = true;
    wechat_bed_notice(bed, "n1", "normal", "wechat");
    assert_true(flow_until(bed->flow, asked_once));
    wechat_bed_reload(bed);
    flow_run_ms(bed->flow, 20);
    wechat_bed_hang_up(bed);
    wechat_bed_reload(bed);
    assert_true(flow_until_state(bed->flow, "n1", NOTICE_DONE));
    assert_int_equal(accepted("n1"), 3);
    assert_each_once(0, 3);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(while_the_endpoint_hangs_an_alert_goes_by_another_provider_and_a_notice_waits),
        cmocka_unit_test(the_endpoint_is_asked_again_after_waits_that_double),
        cmocka_unit_test(a_token_that_is_refused_is_renewed_once_and_the_requests_repeated),
        cmocka_unit_test(an_account_whose_every_token_is_refused_is_not_asked_in_a_circle),
        cmocka_unit_test(what_is_under_way_when_the_token_changes_goes_once_more_with_the_new_one),
        cmocka_unit_test(options_may_change_while_requests_are_under_way),
        cmocka_unit_test(options_may_change_while_requests_wait_for_a_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
