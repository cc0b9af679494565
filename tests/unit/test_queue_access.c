/* Access tokens: one daemon gets one, all use it; refused ones are renewed, at last by force, and not too often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "queue/access.h"
#include "tests/support/queue_fixture.h"

#define MARGIN 300000
#define LEASE  12000
#define KEY    "crier:{_}:access:wx.1"

static struct queue *other;
static struct access_state last;
static bool told;

static int fresh(void **state)
{
    (void)state;
    fixture_flush(fix);
    other = fixture_queue(fix, "d2", 60000);
    return 0;
}

static void on_state(void *arg, const struct queue_result *r, const struct access_state *s)
{
    (void)arg;
    assert_int_equal(r->status, QUEUE_OK);
    last = *s;
    told = true;
}

static bool is_told(void *arg)
{
    (void)arg;
    return told;
}

static void wait_told(void)
{
    assert_true(loop_run_until(fix->loop, is_told, NULL, 10000));
}

static void get(struct queue *q, uint64_t refused)
{
    told = false;
    access_get(q, "wx.1", refused, MARGIN, LEASE, on_state, NULL);
    wait_told();
}

static void put(struct queue *q, const char *token)
{
    told = false;
    access_put(q, "wx.1", token, 7200000, on_state, NULL);
    wait_told();
}

static void fail_get(struct queue *q, const char *why, bool bad)
{
    told = false;
    access_fail(q, "wx.1", why, bad, on_state, NULL);
    wait_told();
}

/* As if what stands there had happened so much earlier. */
static void earlier(const char *field, int64_t ms)
{
    char *was = redis_server_ask(fix->server, "HGET", KEY, field, NULL), text[32];
    int64_t at = 0;

    assert_int_equal(num_i64(was, 0, INT64_MAX, &at), 0);
    assert_true(snprintf(text, sizeof(text), "%lld", (long long)(at - ms)) > 0);
    free(was);
    free(redis_server_ask(fix->server, "HSET", KEY, field, text, NULL));
}

static void one_gets_it_and_all_use_it(void **state)
{
    (void)state;
    get(fix->q, 0);
    assert_true(last.mine && !last.force && last.token[0] == '\0');
    get(other, 0);
    assert_false(last.mine);
    assert_true(last.wait_ms > LEASE - 5000 && last.wait_ms <= LEASE);
    put(fix->q, "T1");
    assert_string_equal(last.token, "T1");
    get(other, 0);
    assert_string_equal(last.token, "T1");
    assert_int_equal(last.serial, 1);
    assert_true(!last.mine && last.left_ms > 7190000 && last.left_ms <= 7200000);
}

static void who_died_over_it_is_followed_when_the_lease_ends(void **state)
{
    (void)state;
    get(fix->q, 0);
    earlier("lease", LEASE);
    get(other, 0);
    assert_true(last.mine);
}

static void a_new_one_is_got_before_the_old_one_ends_and_the_old_one_is_used_meanwhile(void **state)
{
    (void)state;
    get(fix->q, 0);
    put(fix->q, "T1");
    earlier("till", 7200000 - MARGIN + 1000);
    get(fix->q, 0);
    assert_true(last.mine);
    assert_string_equal(last.token, "T1");
    get(other, 0);
    assert_false(last.mine);
    assert_string_equal(last.token, "T1");
    put(fix->q, "T2");
    get(other, 0);
    assert_string_equal(last.token, "T2");
    assert_int_equal(last.serial, 2);
}

static void a_refused_one_is_renewed_once_however_many_say_so(void **state)
{
    (void)state;
    get(fix->q, 0);
    put(fix->q, "T1");
    get(fix->q, 1);
    assert_true(last.mine && !last.force && last.token[0] == '\0');
    get(other, 1);
    assert_false(last.mine);
    put(fix->q, "T2");
    get(other, 1); /* late: it is about the old one */
    assert_false(last.mine);
    assert_string_equal(last.token, "T2");
}

/* The last token is refused, and comes back in the ordinary way: true when the next one may be got by force. */
static bool comes_back_refused(const char *token)
{
    get(fix->q, last.serial);
    assert_true(last.mine && !last.force);
    put(fix->q, token);
    get(fix->q, last.serial);
    assert_int_equal(last.mine, last.force);
    return last.force;
}

static void one_that_comes_back_and_is_refused_again_is_renewed_by_force_but_seldom(void **state)
{
    char *forces, enough[32] = "";

    (void)state;
    get(fix->q, 0);
    put(fix->q, "T1");
    assert_true(comes_back_refused("T1"));
    put(fix->q, "T2");
    assert_false(comes_back_refused("T2")); /* within 30 s */
    assert_true(last.bad_account && last.wait_ms > 20000);
    assert_string_equal(last.why, "the access token is refused again and again");
    earlier("forced", 31000);
    earlier("not_before", 31000);
    get(fix->q, 0);
    assert_true(last.mine && last.force);
    put(fix->q, "T3");
    assert_false(last.bad_account);
    earlier("forced", 31000);
    forces = redis_server_ask(fix->server, "HGET", KEY, "forces", NULL);
    assert_string_equal(strchr(forces, ' '), " 2");
    assert_true(snprintf(enough, sizeof(enough), "%.*s 5", (int)strcspn(forces, " "), forces) > 0);
    free(forces);
    free(redis_server_ask(fix->server, "HSET", KEY, "forces", enough, NULL));
    assert_false(comes_back_refused("T3")); /* enough for today */
    assert_true(last.wait_ms > 300000);
}

static void a_failure_is_told_to_all_and_the_next_try_waits(void **state)
{
    int64_t before = 0;

    (void)state;
    for (int i = 0; i < 3; i++) {
        get(fix->q, 0);
        assert_true(last.mine);
        fail_get(fix->q, "no access token: 40125: the AppSecret is wrong", true);
        get(other, 0);
        assert_false(last.mine);
        assert_true(last.bad_account && last.wait_ms > before);
        assert_string_equal(last.why, "no access token: 40125: the AppSecret is wrong");
        before = last.wait_ms;
        earlier("not_before", 60000);
    }
    get(other, 0);
    assert_true(last.mine);
    put(other, "T1");
    assert_false(last.bad_account);
    assert_string_equal(last.why, "");
    fail_get(fix->q, "late", true); /* not the one who was to get it */
    assert_false(last.bad_account);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_gets_it_and_all_use_it, fresh),
        cmocka_unit_test_setup(who_died_over_it_is_followed_when_the_lease_ends, fresh),
        cmocka_unit_test_setup(a_new_one_is_got_before_the_old_one_ends_and_the_old_one_is_used_meanwhile,
                               fresh),
        cmocka_unit_test_setup(a_refused_one_is_renewed_once_however_many_say_so, fresh),
        cmocka_unit_test_setup(one_that_comes_back_and_is_refused_again_is_renewed_by_force_but_seldom,
                               fresh),
        cmocka_unit_test_setup(a_failure_is_told_to_all_and_the_next_try_waits, fresh),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
