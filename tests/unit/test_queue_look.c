/* Receipts, looking, and what stays of a notice, against a real Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "tests/support/queue_fixture.h"

#define KEY  "crier:{venus}:"
#define ALL  15u
#define HOUR 3600000LL

static void finish_notice(const char *id, size_t n, enum recipient_state s)
{
    struct queue_claim *c;

    fixture_running(fix, id, "normal", n);
    while ((c = fixture_claim(fix, fix->q, ALL)) != NULL) {
        fixture_begin(fix, fix->q, c, 0, c->n, NULL);
        fixture_finish_all(fix, fix->q, c, 0, c->n, 1, s, true, 0);
        fixture_claim_free(c);
    }
}

/* A receipt on a recipient in state ${is} after ${attempts}, for attempt ${of}. */
static const struct {
    const char *name;
    enum recipient_state is;
    uint32_t attempts, of;
    enum recipient_state says, becomes;
} receipts[] = {
    {"delivered raises accepted",                             RECIPIENT_ACCEPTED,  1, 1, RECIPIENT_DELIVERED, RECIPIENT_DELIVERED},
    {"failed lowers accepted to the truth",                   RECIPIENT_ACCEPTED,  1, 1, RECIPIENT_FAILED,    RECIPIENT_FAILED   },
    {"delivered stays when failed comes late",                RECIPIENT_DELIVERED, 1, 1, RECIPIENT_FAILED,
     RECIPIENT_DELIVERED                                                                                                         },
    {"delivered decides what was unknown",                    RECIPIENT_UNKNOWN,   1, 1, RECIPIENT_DELIVERED, RECIPIENT_DELIVERED},
    {"failed decides what was unknown",                       RECIPIENT_UNKNOWN,   1, 1, RECIPIENT_FAILED,    RECIPIENT_FAILED   },
    {"a receipt may come before the answer",                  RECIPIENT_SENDING,   1, 1, RECIPIENT_DELIVERED,
     RECIPIENT_DELIVERED                                                                                                         },
    {"delivered spares the second copy of what was in doubt", RECIPIENT_RETRY,     1, 1, RECIPIENT_DELIVERED,
     RECIPIENT_DELIVERED                                                                                                         },
    {"delivered of an earlier attempt counts",                RECIPIENT_SENDING,   2, 1, RECIPIENT_DELIVERED,
     RECIPIENT_DELIVERED                                                                                                         },
    {"failure of an earlier attempt does not",                RECIPIENT_SENDING,   2, 1, RECIPIENT_FAILED,    RECIPIENT_SENDING  },
    {"no receipt for an attempt that was not made",           RECIPIENT_RETRY,     1, 2, RECIPIENT_DELIVERED,
     RECIPIENT_RETRY                                                                                                             },
    {"no receipt for what was never sent",                    RECIPIENT_PENDING,   0, 1, RECIPIENT_DELIVERED, RECIPIENT_PENDING  },
    {"no receipt for attempt 0",                              RECIPIENT_PENDING,   0, 0, RECIPIENT_DELIVERED, RECIPIENT_PENDING  },
    {"failed for good is not raised",                         RECIPIENT_FAILED,    1, 1, RECIPIENT_DELIVERED, RECIPIENT_FAILED   },
    {"delivered of an earlier attempt lifts a later failure", RECIPIENT_FAILED,    2, 1, RECIPIENT_DELIVERED,
     RECIPIENT_DELIVERED                                                                                                         },
    {"delivered of the attempt that failed does not",         RECIPIENT_FAILED,    2, 2, RECIPIENT_DELIVERED,
     RECIPIENT_FAILED                                                                                                            },
    {"what arrived although it was cancelled is delivered",   RECIPIENT_CANCELLED, 1, 1, RECIPIENT_DELIVERED,
     RECIPIENT_DELIVERED                                                                                                         },
};

static void test_receipts(void **state)
{
    (void)state;
    fixture_running(fix, "a", "normal", 1);
    for (size_t i = 0; i < ARRAY_LEN(receipts); i++) {
        const char *cmd = "return redis.call('SETRANGE', KEYS[1], 0, string.char(ARGV[1], ARGV[2]))";
        char is[16], attempts[16];

        assert_true(snprintf(is, sizeof(is), "%u", 0x20u | receipts[i].is) > 0);
        assert_true(snprintf(attempts, sizeof(attempts), "%u", receipts[i].attempts) > 0);
        free(redis_server_ask(fix->server, "EVAL", cmd, "1", KEY "n:a:st", is, attempts, NULL));
        fixture_receipt(fix, "a", 0, receipts[i].of, receipts[i].says);
        assert_int_equal(fix->status, QUEUE_OK);
        if (fixture_count("a", receipts[i].becomes) != 1)
            fail_msg("%s", receipts[i].name);
    }
    fixture_receipt(fix, "a", 1, 1, RECIPIENT_DELIVERED);
    assert_string_equal(fix->e.code, "no-such-recipient");
    fixture_receipt(fix, "b", 0, 1, RECIPIENT_DELIVERED);
    assert_string_equal(fix->e.code, "no-such-notice");
}

static size_t n_listed;
static char listed[256];

static void on_listed(void *arg, const struct queue_notice *n)
{
    (void)arg;
    n_listed++;
    if (n_listed <= 5)
        assert_true((size_t)snprintf(listed + strlen(listed), sizeof(listed) - strlen(listed), "%s ", n->id) <
                    64);
    assert_int_equal(n->counts[RECIPIENT_PENDING], n->total);
}

static void list_kinds(int state, unsigned kinds, size_t limit)
{
    n_listed = 0;
    memset(listed, 0, sizeof(listed));
    queue_notice_list(fix->q, state, kinds, limit, on_listed, fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(fix->status, QUEUE_OK);
}

static void list(int state, size_t limit)
{
    list_kinds(state, 0, limit);
}

static void test_list_by_kind(void **state)
{
    (void)state;
    assert_string_equal(
        fixture_accept(fix, fix->q, "{\"v\":1,\"id\":\"a\",\"to\":{\"everyone\":true},\"text\":\"x\"}"),
        "accepted");
    assert_string_equal(
        fixture_accept(
            fix, fix->q,
            "{\"v\":1,\"id\":\"p\",\"kind\":\"promotion\",\"to\":{\"everyone\":true},\"text\":\"x\"}"),
        "accepted");
    assert_string_equal(
        fixture_accept(fix, fix->q, "{\"v\":1,\"id\":\"b\",\"to\":{\"everyone\":true},\"text\":\"x\"}"),
        "accepted");
    list_kinds(-1, 1u << NOTICE_PROMOTION, 0);
    assert_string_equal(listed, "p ");
    list_kinds(-1, 1u << NOTICE_NOTICE, 1); /* the limit is of those that fit */
    assert_int_equal(n_listed, 1);
    list_kinds(-1, 1u << NOTICE_NOTICE | 1u << NOTICE_PROMOTION, 0);
    assert_int_equal(n_listed, 3);
    list_kinds(-1, 1u << NOTICE_ALERT, 0);
    assert_int_equal(n_listed, 0);
}

static void test_list(void **state)
{
    (void)state;
    list(-1, 0);
    assert_int_equal(n_listed, 0);
    for (int i = 0; i < 450; i++) {
        char id[16];

        assert_true(snprintf(id, sizeof(id), "n%03d", i) > 0);
        fixture_clock(fix, i);
        fixture_running(fix, id, "normal", 1 + (i == 449 ? 6000u : 0u));
    }
    fixture_clock(fix, 0);
    list(-1, 3);
    assert_string_equal(listed, "n449 n448 n447 ");
    list(-1, 0);
    assert_int_equal(n_listed, 450);
    list(NOTICE_DONE, 0);
    assert_int_equal(n_listed, 0);
    list(NOTICE_RUNNING, 201);
    assert_int_equal(n_listed, 201);
}

static struct queue_recipient rows[1000];
static size_t n_rows;

static void on_row(void *arg, const struct queue_recipient *r)
{
    (void)arg;
    rows[n_rows++] = *r;
}

static void test_recipients(void **state)
{
    struct queue_claim *c;
    struct queue_outcome o = {
        .off = 99, .attempt = 1, .state = RECIPIENT_FAILED, .route = 5, .detail = "号码是空号"};

    (void)state;
    fixture_running(fix, "a", "normal", 250);
    c = fixture_claim(fix, fix->q, ALL);
    fixture_begin(fix, fix->q, c, 0, 100, NULL);
    fixture_finish(fix, fix->q, c, &o, 1, false, 0);
    n_rows = 0;
    queue_recipients(fix->q, "a", 98, 5, on_row, fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(n_rows, 5);
    assert_int_equal(rows[0].index, 98);
    assert_int_equal(rows[0].state, RECIPIENT_SENDING);
    assert_int_equal(rows[0].attempts, 1);
    assert_string_equal(rows[1].detail, "号码是空号");
    assert_int_equal(rows[1].route, 5);
    assert_string_equal(rows[1].line, "+8613800000099\t100\t陈某某99\t3号楼");
    assert_string_equal(rows[2].line, "+8613800000100\t101\t陈某某100\t3号楼");
    assert_string_equal(rows[2].detail, "");
    n_rows = 0;
    queue_recipients(fix->q, "a", 240, 1000, on_row, fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(n_rows, 10);
    queue_recipients(fix->q, "a", 250, 1000, on_row, fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(n_rows, 10);
    fixture_claim_free(c);
}

static void test_audiences_are_deleted_later(void **state)
{
    (void)state;
    finish_notice("a", 10, RECIPIENT_ACCEPTED);
    fixture_audit(fix, fix->q);
    fixture_sweep(fix, fix->q);
    assert_true(fixture_redis_is(fix, "1", "EXISTS", KEY "n:a:aud", NULL));
    fixture_clock(fix, 8 * 24 * HOUR);
    fixture_sweep(fix, fix->q);
    fixture_clock(fix, 0);
    assert_true(fixture_redis_is(fix, "0", "EXISTS", KEY "n:a:aud", NULL));
    assert_int_equal(fixture_count("a", RECIPIENT_ACCEPTED), 10);
    n_rows = 0;
    queue_recipients(fix->q, "a", 0, 10, on_row, fixture_on_done, fix);
    fixture_wait(fix);
    assert_int_equal(n_rows, 10);
    assert_string_equal(rows[0].line, "");
}

/* A rolling notice (answers): recipients are appended to a slice that is under way, until nothing is added any more. */
static void test_a_rolling_notice(void **state)
{
    static const char add[] =
        "local n, at = KEYS[1], tonumber(ARGV[1]) "
        "redis.call('HSET', n, 'id', 'roll', 'kind', 5, 'lane', 1, 'state', 3, 'unk', 1, 'maxa', 60, 'exp', "
        "at + 9999999, 'cur', redis.call('HGET', n, 'cur') or 0, "
        "'staged', 0, 'until', at + 60000) "
        "local i = redis.call('HINCRBY', n, 'total', 1) - 1 "
        "redis.call('HSET', n..':aud', 0, (redis.call('HGET', n..':aud', 0) or '') .. 'line' .. i .. '\\n') "
        "redis.call('SETRANGE', n..':st', 2*i+1, '\\0') redis.call('HSET', n, 'nsl', 1) "
        "if tonumber(redis.call('HGET', n, 'cur')) > 0 then redis.call('ZADD', n..':work', 'NX', at, 0) end "
        "redis.call('ZADD', KEYS[2], 'LT', at, 'roll') return 1";
    char at[32];
    struct queue_claim *c, *again;

    (void)state;
    assert_true(snprintf(at, sizeof(at), "%lld", (long long)time(NULL) * 1000) > 0);
    free(redis_server_ask(fix->server, "EVAL", add, "2", KEY "n:roll", KEY "lane:1", at, NULL));
    c = fixture_claim(fix, fix->q, ALL);
    assert_non_null(c);
    assert_int_equal(c->n, 1);
    free(redis_server_ask(fix->server, "EVAL", add, "2", KEY "n:roll", KEY "lane:1", at, NULL));
    fixture_begin(fix, fix->q, c, 0, 1, NULL);
    fixture_finish_all(fix, fix->q, c, 0, 1, 1, RECIPIENT_ACCEPTED, true, 30000);
    again = fixture_claim(fix, fix->q, ALL); /* the new one does not wait for a retry's time */
    assert_non_null(again);
    assert_int_equal(again->n, 2);
    fixture_begin(fix, fix->q, again, 0, 2, NULL);
    fixture_finish_all(fix, fix->q, again, 1, 1, 1, RECIPIENT_ACCEPTED, true, 30000);
    assert_true(fixture_nothing_to_claim());
    assert_int_equal(fixture_get(fix, "roll").state, NOTICE_RUNNING);
    fixture_clock(fix, 70000);
    assert_true(fixture_nothing_to_claim());
    fixture_audit(fix, fix->q);
    fixture_clock(fix, 0);
    assert_int_equal(fixture_get(fix, "roll").state, NOTICE_DONE);
    fixture_claim_free(c);
    fixture_claim_free(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_receipts, fixture_fresh),
        cmocka_unit_test_setup(test_list, fixture_fresh),
        cmocka_unit_test_setup(test_list_by_kind, fixture_fresh),
        cmocka_unit_test_setup(test_recipients, fixture_fresh),
        cmocka_unit_test_setup(test_audiences_are_deleted_later, fixture_fresh),
        cmocka_unit_test_setup(test_a_rolling_notice, fixture_fresh),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
