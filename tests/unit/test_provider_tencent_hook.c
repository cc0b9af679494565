/* Callbacks of driver tencent, good and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/support/driver_bed.h"

static const struct provider_conf conf = {.name = "qq", .driver = "tencent", .channel = "sms", .batch = 200};
static struct driver_told told;

static int call(const char *kind, const char *body, struct err *e)
{
    struct provider_callback in = {
        .method = "POST", .kind = kind, .url = "", .query = "", .content_type = "", .body = body};
    int n = driver_call(&tencent_driver, &conf, in, &told, e);

    assert_true(n < 0 || strcmp(told.ack, "{\"result\":0,\"errmsg\":\"OK\"}") == 0);
    for (size_t i = 0; i < told.n_replies; i++)
        assert_string_equal(told.texts[i], "报名");
    return n;
}

#define REPORT(status, code)                                                                                 \
    "{\"user_receive_time\":\"2015-10-17 "                                                                   \
    "08:03:04\",\"nationcode\":\"86\",\"mobile\":\"13800000001\",\"report_"                                  \
    "status\":\"" status "\",\"errmsg\":\"" code "\",\"description\":\"d\",\"sid\":\"5000:1\"}"

static void test_reports(void **state)
{
    struct err e;

    (void)state;
    assert_int_equal(
        call("receipt",
             "[" REPORT("SUCCESS", "DELIVRD") "," REPORT("FAIL", "MK:0001") "," REPORT(
                 "FAIL", "ACCEPTD") "," REPORT("MAYBE", "") ",{\"sid\":\"1\"}," REPORT("FAIL", "NEW") "]",
             &e),
        6);
    assert_int_equal(told.n_receipts, 3);
    assert_int_equal(told.n_bad, 2);
    assert_int_equal(told.receipts[0].state, RECIPIENT_DELIVERED);
    assert_string_equal(told.receipts[0].id, "5000:1");
    assert_string_equal(told.receipts[0].ref, "");
    assert_string_equal(told.receipts[0].to, "+8613800000001");
    assert_int_equal(told.receipts[1].state, RECIPIENT_FAILED);
    assert_int_equal(told.receipts[1].about, ABOUT_DEAD_NUMBER);
    assert_string_equal(told.receipts[1].detail, "MK:0001: no such number");
    assert_string_equal(told.receipts[2].detail, "NEW: d");
}

#define WROTE(time)                                                                                           \
    "{\"extend\":\"10\",\"mobile\":\"13800000001\",\"nationcode\":\"86\",\"sign\":\"s\",\"text\":\"报名\"," \
    "\"time\":" time "}"

static void test_replies_are_known_by_all_they_say(void **state)
{
    struct err e;

    (void)state;
    assert_int_equal(call("reply", WROTE("1457336869"), &e), 1);
    assert_int_equal(told.replies[0].sent_at, 1457336869000);
    assert_string_equal(told.replies[0].from, "+8613800000001");
    assert_int_equal(strlen(told.replies[0].id), 71);
    assert_int_equal(
        call("reply", "[" WROTE("1457336869") "," WROTE("1457336869") "," WROTE("1457336870") "]", &e), 3);
    assert_string_equal(told.replies[0].id, told.replies[1].id);
    assert_string_not_equal(told.replies[0].id, told.replies[2].id);
    assert_int_equal(call("reply", "{\"mobile\":\"98000001\",\"nationcode\":\"852\",\"text\":\"报名\"}", &e),
                     1);
    assert_string_equal(told.replies[0].from, "+85298000001");
    assert_int_equal(told.replies[0].sent_at, 0);
}

static const char *const refused[] = {"", "7", "{\"text\":\"x\"}", "{\"mobile\":\"1\"}",
                                      "{\"mobile\":\"1\",\"text\":7}"};

static void test_what_is_none_is_refused(void **state)
{
    struct err e;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        assert_int_equal(call("reply", refused[i], &e), -1);
    assert_int_equal(call("status", "[]", &e), -1);
    assert_string_equal(e.code, "no-such-hook");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reports),
        cmocka_unit_test(test_replies_are_known_by_all_they_say),
        cmocka_unit_test(test_what_is_none_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
