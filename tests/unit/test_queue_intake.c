/* Intake against a real Redis: what is accepted once, what is a conflict, what is rejected, what a crash leaves behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "queue/codec.h"
#include "tests/support/queue_fixture.h"

#define KEY            "crier:{venus}:"
#define NOTICE_A       "{\"v\":1,\"id\":\"a\",\"to\":{\"everyone\":true},\"text\":\"明早八点\"}"
#define NOTICE_A_AGAIN "{ \"text\":\"明早八点\", \"to\":{\"everyone\":true}, \"id\":\"a\" }"
#define NOTICE_A_OTHER "{\"v\":1,\"id\":\"a\",\"to\":{\"everyone\":true},\"text\":\"明早九点\"}"

static void test_same_id(void **state)
{
    (void)state;
    assert_string_equal(fixture_accept(fix, fix->q, NOTICE_A), "accepted");
    assert_string_equal(fixture_accept(fix, fix->q, NOTICE_A), "same");
    /* the order of members and what is left to its default are no difference, and neither is the hour */
    clock_fake(clock_wall_ms() + 3600000, clock_mono_us());
    assert_string_equal(fixture_accept(fix, fix->q, NOTICE_A_AGAIN), "same");
    clock_fake_off();
    assert_string_equal(fixture_accept(fix, fix->q, NOTICE_A_OTHER), "conflict");
    assert_true(fixture_redis_is(fix, "1", "ZCARD", KEY "staging:2", NULL));
    assert_true(fixture_redis_is(fix, "1", "ZCARD", KEY "notices", NULL));
}

struct accepted {
    char id[NOTICE_ID_MAX + 1];
    enum queue_accept_result a;
};

static struct accepted accepted;

static void on_accept(void *arg, const struct queue_result *r, enum queue_accept_result a, const char *id)
{
    accepted.a = a;
    assert_true(snprintf(accepted.id, sizeof(accepted.id), "%s", id) < (int)sizeof(accepted.id));
    fixture_take(arg, r);
}

/* Idempotency-Key: the id is made anew for each request. */
static void accept_keyed(const char *text, const char *idem)
{
    struct err e;
    char *json = xasprintf("{\"to\":{\"everyone\":true},\"text\":\"%s\"}", text);
    struct notice *n = codec_notice(json, strlen(json), &e);
    struct queue_accept a = {.notice = n, .idem_key = idem};
    char *stored;

    assert_non_null(n);
    codec_new_id(clock_wall_ms(), n->id);
    assert_int_equal(notice_complete(n, clock_wall_ms(), &e), 0);
    stored = codec_canonical(n, &a.json_len);
    a.json = stored;
    queue_accept(fix->q, &a, on_accept, fix);
    fixture_wait(fix);
    assert_int_equal(fix->status, QUEUE_OK);
    free(stored);
    free(json);
    notice_free(n);
}

static void test_idempotency_key(void **state)
{
    char first[NOTICE_ID_MAX + 1];

    (void)state;
    accept_keyed("eins", "k1");
    assert_int_equal(accepted.a, QUEUE_ACCEPTED);
    memcpy(first, accepted.id, sizeof(first));
    accept_keyed("eins", "k1");
    assert_int_equal(accepted.a, QUEUE_SAME);
    assert_string_equal(accepted.id, first);
    accept_keyed("zwei", "k1");
    assert_int_equal(accepted.a, QUEUE_CONFLICT);
    accept_keyed("eins", "k2");
    assert_int_equal(accepted.a, QUEUE_ACCEPTED);
    assert_true(fixture_redis_is(fix, "2", "ZCARD", KEY "staging:2", NULL));
}

static char taken[4096];
static size_t n_taken;

static void on_entry(void *arg, const struct queue_result *r, const char *entry, size_t n)
{
    n_taken = entry != NULL ? n : 0;
    assert_true(n_taken < sizeof(taken));
    memcpy(taken, entry != NULL ? entry : "", n_taken);
    taken[n_taken] = '\0';
    fixture_take(arg, r);
}

static void test_entry_is_settled_with_its_notice(void **state)
{
    (void)state;
    free(redis_server_ask(fix->server, "LPUSH", KEY "inbox", NOTICE_A, NULL));
    queue_inbox_wait(fix->q, fix->redis, false, on_entry, fix);
    fixture_wait(fix);
    assert_string_equal(taken, NOTICE_A);
    assert_true(fixture_redis_is(fix, "1", "LLEN", KEY "inproc:d1", NULL));
    assert_string_equal(fixture_accept_entry(fix, fix->q, taken), "accepted");
    assert_true(fixture_redis_is(fix, "0", "LLEN", KEY "inproc:d1", NULL));
    assert_string_equal(fixture_accept_entry(fix, fix->q, taken), "same");
}

static void test_entry_taken_back_is_not_accepted(void **state)
{
    (void)state;
    /* its daemon was thought dead: the entry went back to the inbox, and another one will accept it */
    assert_string_equal(fixture_accept_entry(fix, fix->q, NOTICE_A), "already-settled");
    assert_int_equal(fix->status, QUEUE_REFUSED);
    assert_true(fixture_redis_is(fix, "0", "EXISTS", KEY "n:a", NULL));
}

static void test_conflict_leaves_the_entry(void **state)
{
    (void)state;
    assert_string_equal(fixture_accept(fix, fix->q, NOTICE_A), "accepted");
    free(redis_server_ask(fix->server, "LPUSH", KEY "inproc:d1:e", NOTICE_A_OTHER, NULL));
    assert_string_equal(fixture_accept_entry(fix, fix->q, NOTICE_A_OTHER), "conflict");
    assert_true(fixture_redis_is(fix, "1", "LLEN", KEY "inproc:d1:e", NULL));
    queue_reject(fix->q, NOTICE_A_OTHER, strlen(NOTICE_A_OTHER), "id-conflict",
                 "this id names another notice", fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(fix->status, QUEUE_OK);
    assert_true(fixture_redis_is(fix, "0", "LLEN", KEY "inproc:d1:e", NULL));
    assert_true(fixture_redis_is(fix, "1", "XLEN", KEY "rejected", NULL));
    queue_reject(fix->q, NOTICE_A_OTHER, strlen(NOTICE_A_OTHER), "id-conflict",
                 "this id names another notice", fixture_on_done, fix);
    fixture_wait(fix);
    assert_true(
        fixture_redis_is(fix, "1", "XLEN", KEY "rejected", NULL)); /* said again after a lost answer */
}

static char listed_key[64], listed_entry[256], listed_reason[64];
static size_t n_listed;

static void on_rejected(void *arg, const struct queue_rejected *r)
{
    (void)arg;
    n_listed++;
    assert_true(snprintf(listed_key, sizeof(listed_key), "%s", r->key) < (int)sizeof(listed_key));
    assert_true(snprintf(listed_entry, sizeof(listed_entry), "%.*s", (int)r->entry_len, r->entry) <
                (int)sizeof(listed_entry));
    assert_true(snprintf(listed_reason, sizeof(listed_reason), "%s", r->reason) < (int)sizeof(listed_reason));
    assert_true(r->at > 1700000000000);
}

static void test_rejected_entry_can_be_tried_again(void **state)
{
    const char bytes[] = "{\"bad\xff\0json"; /* whole, whatever it is */
    const char *const no_keys[] = {"nope", "", "-", "1-", "1-1-1", "99999999999999999999999-1"};

    (void)state;
    n_listed = 0;
    queue_reject(fix->q, bytes, sizeof(bytes) - 1, "bad-json", "no JSON", fixture_on_done, fix);
    fixture_wait(fix);
    queue_rejected_list(fix->q, 10, on_rejected, fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(n_listed, 1);
    assert_string_equal(listed_reason, "bad-json");
    queue_rejected_retry(fix->q, listed_key, fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(fix->status, QUEUE_OK);
    queue_inbox_wait(fix->q, fix->redis, false, on_entry, fix);
    fixture_wait(fix);
    assert_int_equal(n_taken, sizeof(bytes) - 1);
    assert_memory_equal(taken, bytes, n_taken);
    queue_rejected_retry(fix->q, listed_key, fixture_on_done, fix);
    fixture_wait(fix);
    assert_string_equal(fix->e.code, "no-such-entry");
    for (size_t i = 0; i < ARRAY_LEN(no_keys); i++) { /* what is no stream id at all is no error of Redis */
        queue_rejected_retry(fix->q, no_keys[i], fixture_on_done, fix);
        fixture_wait(fix);
        assert_string_equal(fix->e.code, "no-such-entry");
    }
}

static void test_a_rejected_emergency_goes_back_to_the_emergencies(void **state)
{
    (void)state;
    assert_true(fixture_redis_is(fix, "1", "LPUSH", KEY "inbox:e", "{\"no\":1}", NULL));
    queue_inbox_wait(fix->q, fix->redis, true, on_entry, fix);
    fixture_wait(fix);
    queue_reject(fix->q, taken, n_taken, "unknown-member", "no", fixture_on_done, fix);
    fixture_wait(fix);
    queue_rejected_list(fix->q, 10, on_rejected, fixture_on_done, fix);
    fixture_wait(fix);
    queue_rejected_retry(fix->q, listed_key, fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(fix->status, QUEUE_OK);
    assert_true(fixture_redis_is(fix, "1", "LLEN", KEY "inbox:e", NULL));
    assert_true(fixture_redis_is(fix, "0", "LLEN", KEY "inbox", NULL));
}

static void test_entry_too_long_for_a_command_is_rejected_inside_redis(void **state)
{
    (void)state;
    /* 20 MB is more than one command of ours may hold: no daemon can hand it back to Redis */
    free(redis_server_ask(fix->server, "EVAL",
                          "redis.call('LPUSH', KEYS[1], '{}', string.rep('x', 20000000), '{}')", "1",
                          KEY "inproc:d1", NULL));
    n_listed = 0;
    queue_reject_large(fix->q, 65536, "too-large", "too long", fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(fix->status, QUEUE_OK);
    assert_true(fixture_redis_is(fix, "2", "LLEN", KEY "inproc:d1", NULL));
    assert_true(fixture_redis_is(fix, "1", "XLEN", KEY "rejected", NULL));
    assert_true(fixture_redis_is(fix, "20000000", "EVAL",
                                 "return #redis.call('XRANGE', KEYS[1], '-', '+')[1][2][6]", "1",
                                 KEY "rejected", NULL)); /* whole */
    queue_reject_large(fix->q, 65536, "too-large", "too long", fixture_on_done, fix);
    fixture_wait(fix);
    assert_true(
        fixture_redis_is(fix, "1", "XLEN", KEY "rejected", NULL)); /* said again after a lost answer */
}

static void on_long(void *arg, const struct queue_rejected *r)
{
    (void)arg;
    n_listed++;
    assert_true(r->entry_len <= QUEUE_REJECTED_SHOWN);
}

static void test_rejected_entries_are_listed_in_pieces(void **state)
{
    (void)state;
    free(redis_server_ask(
        fix->server, "EVAL",
        "for i = 1, 250 do redis.call('XADD', KEYS[1], '*', 'reason', 'bad-json', 'message', "
        "'m', 'entry', string.rep('x', 3000 * i), 'at', 1700000000001) end",
        "1", KEY "rejected", NULL));
    n_listed = 0;
    queue_rejected_list(fix->q, 0, on_long, fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(fix->status, QUEUE_OK);
    assert_int_equal(n_listed, 250);
    n_listed = 0;
    queue_rejected_list(fix->q, 120, on_long, fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(n_listed, 120);
}

/* A notice that turned out to mean nobody was refused when it was staged: its id is free again, for the same words and for better ones. */
static void refuse_when_staged(const char *id)
{
    queue_stage_refuse(fix->q, id, "empty-audience", "nobody is meant", fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(fix->status, QUEUE_OK);
    assert_int_equal(fixture_get(fix, id).state, NOTICE_REJECTED);
}

static void test_a_notice_refused_when_staged_can_be_tried_again(void **state)
{
    (void)state;
    assert_string_equal(fixture_accept(fix, fix->q, NOTICE_A), "accepted");
    refuse_when_staged("a");
    assert_string_equal(fixture_accept(fix, fix->q, NOTICE_A), "accepted");
    assert_int_equal(fixture_get(fix, "a").state, NOTICE_STAGING);
    assert_int_equal(fixture_get(fix, "a").finished_at, 0);
    assert_true(fixture_redis_is(fix, "1", "ZCARD", KEY "staging:2", NULL));
    refuse_when_staged("a");
    assert_string_equal(fixture_accept(fix, fix->q, NOTICE_A_OTHER), "accepted");
    assert_string_equal(fixture_accept(fix, fix->q, NOTICE_A_OTHER), "same");
    assert_true(fixture_redis_is(fix, "1", "ZCARD", KEY "notices", NULL));
}

static size_t n_recovered;
static char recovered[256];

static void on_recovered(void *arg, const char *entry, size_t n)
{
    (void)arg;
    n_recovered++;
    assert_true(strlen(recovered) + n + 2 < sizeof(recovered));
    memcpy(recovered + strlen(recovered), entry, n);
}

static void test_own_entries_are_recovered_oldest_first(void **state)
{
    (void)state;
    n_recovered = 0;
    memset(recovered, 0, sizeof(recovered));
    free(redis_server_ask(fix->server, "LPUSH", KEY "inproc:d1", "1", "2", "3", NULL));
    free(redis_server_ask(fix->server, "LPUSH", KEY "inproc:d1:e", "e", NULL));
    queue_inproc_recover(fix->q, on_recovered, fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(fix->status, QUEUE_OK);
    assert_string_equal(recovered, "e123");
}

static void test_a_dead_daemons_entries_go_back(void **state)
{
    struct queue *d2 = fixture_queue(fix, "d2", 60000);

    (void)state;
    fixture_sweep(fix, d2); /* heartbeat */
    free(redis_server_ask(fix->server, "LPUSH", KEY "inproc:d2", "1", "2", NULL));
    free(redis_server_ask(fix->server, "LPUSH", KEY "inproc:d2:e", "e", "f", NULL));
    free(redis_server_ask(fix->server, "LPUSH", KEY "inbox", "3", NULL));
    fixture_sweep(fix, fix->q);
    assert_true(fixture_redis_is(fix, "2", "LLEN", KEY "inproc:d2", NULL)); /* it lives */
    free(redis_server_ask(fix->server, "DEL", KEY "d:d2", NULL));
    fixture_sweep(fix, fix->q);
    assert_true(
        fixture_redis_is(fix, "3\n2\n1", "LRANGE", KEY "inbox", "0", "-1", NULL)); /* 1 is read next */
    assert_true(fixture_redis_is(fix, "f\ne", "LRANGE", KEY "inbox:e", "0", "-1", NULL));
    assert_true(fixture_redis_is(fix, "d1", "SMEMBERS", KEY "daemons", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_same_id, fixture_fresh),
        cmocka_unit_test_setup(test_idempotency_key, fixture_fresh),
        cmocka_unit_test_setup(test_entry_is_settled_with_its_notice, fixture_fresh),
        cmocka_unit_test_setup(test_entry_taken_back_is_not_accepted, fixture_fresh),
        cmocka_unit_test_setup(test_conflict_leaves_the_entry, fixture_fresh),
        cmocka_unit_test_setup(test_rejected_entry_can_be_tried_again, fixture_fresh),
        cmocka_unit_test_setup(test_a_rejected_emergency_goes_back_to_the_emergencies, fixture_fresh),
        cmocka_unit_test_setup(test_entry_too_long_for_a_command_is_rejected_inside_redis, fixture_fresh),
        cmocka_unit_test_setup(test_rejected_entries_are_listed_in_pieces, fixture_fresh),
        cmocka_unit_test_setup(test_a_notice_refused_when_staged_can_be_tried_again, fixture_fresh),
        cmocka_unit_test_setup(test_own_entries_are_recovered_oldest_first, fixture_fresh),
        cmocka_unit_test_setup(test_a_dead_daemons_entries_go_back, fixture_fresh),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
