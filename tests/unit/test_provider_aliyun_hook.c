/* Callbacks of driver aliyun, good and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/support/driver_bed.h"

#define NOW 1716192000000 /* 2024-05-20T08:00:00Z */

static const struct provider_conf conf = {.name = "ali", .driver = "aliyun", .channel = "sms", .batch = 1};

static struct driver_told told;

static int call(const char *kind, const char *body, const char *method, struct err *e)
{
    struct provider_callback in = {.method = method,
                                   .kind = kind,
                                   .url = "",
                                   .query = "",
                                   .content_type = "application/json",
                                   .body = body,
                                   .now_ms = NOW};
    int n = driver_call(&aliyun_driver, &conf, in, &told, e);

    if (n >= 0) {
        assert_string_equal(told.ack_type, "application/json");
        assert_string_equal(told.ack, "{\"code\":0,\"msg\":\"接收成功\"}");
    }
    return n;
}

#define REPORT(more)                                                                                         \
    "{\"phone_number\":\"13800000001\",\"send_time\":\"2017-01-01 00:00:00\",\"report_time\":\"2017-01-01 "  \
    "00:00:12\",\"sms_size\":\"1\"," more "}"

static const struct {
    const char *what, *item, *ref, *id, *to, *detail;
    enum recipient_state state;
    enum provider_about about;
    int n; /* told.receipts told; -1: bad */
} reports[] = {
    {"delivered",
     REPORT("\"success\":true,\"err_code\":\"DELIVERED\",\"err_msg\":\"用户接收成功\",\"biz_id\":\"12345\","
            "\"out_id\":\"n1.0.1\""),
     "n1.0.1",                                                                                                         "12345", "+8613800000001", "",                                                                      RECIPIENT_DELIVERED, 0,                 1 },
    {"of a list",
     REPORT("\"success\":true,\"err_code\":\"DELIVERED\",\"biz_id\":\"12345^0\",\"out_id\":\"\""),           "",
     "12345^0",                                                                                                                 "+8613800000001", "",                                                                      RECIPIENT_DELIVERED, 0,                 1 },
    {"not delivered",
     REPORT(
         "\"success\":false,\"err_code\":\"MOBILE_NOT_ON_SERVICE\",\"biz_id\":\"1\",\"out_id\":\"n1.0.1\""),
     "n1.0.1",                                                                                                         "1",     "+8613800000001", "MOBILE_NOT_ON_SERVICE: off, out of area, suspended, or no such number",
     RECIPIENT_FAILED,                                                                                                                                                                                                                          ABOUT_MISSED,      1 },
    {"no such number",
     REPORT("\"success\":false,\"err_code\":\"INVALID_NUMBER\",\"biz_id\":\"1\",\"out_id\":\"n1.0.1\""),
     "n1.0.1",                                                                                                         "1",     "+8613800000001", "INVALID_NUMBER: not a number that can be reached",                      RECIPIENT_FAILED,
     ABOUT_DEAD_NUMBER,                                                                                                                                                                                                                                            1 },
    {"opted out",
     REPORT("\"success\":false,\"err_code\":\"USER_REJECT\",\"biz_id\":\"1\",\"out_id\":\"n1.0.1\""),
     "n1.0.1",                                                                                                         "1",     "+8613800000001", "USER_REJECT: has told the carrier that messages are not wanted",
     RECIPIENT_FAILED,                                                                                                                                                                                                                          ABOUT_OPTED_OUT,   1 },
    {"a carrier's own code",
     REPORT("\"success\":false,\"err_code\":\"MK:0001\",\"biz_id\":\"1\",\"out_id\":\"n1.0.1\""),            "n1.0.1",
     "1",                                                                                                                       "+8613800000001", "MK:0001: no such number",                                               RECIPIENT_FAILED,    ABOUT_DEAD_NUMBER, 1 },
    {"a code by beginning",
     REPORT("\"success\":false,\"err_code\":\"IB:0008\",\"biz_id\":\"1\",\"out_id\":\"n1.0.1\""),            "n1.0.1",
     "1",                                                                                                                       "+8613800000001", "IB:0008: a fault between gateways",                                     RECIPIENT_FAILED,    0,                 1 },
    {"a code nobody knows",
     REPORT("\"success\":false,\"err_code\":\"ZZ:1\",\"err_msg\":\"空\\n号\",\"biz_id\":\"1\",\"out_id\":"
            "\"n1.0.1\""),
     "n1.0.1",                                                                                                         "1",     "+8613800000001", "ZZ:1: 空 号",                                                         RECIPIENT_FAILED,    0,                 1 },
    {"never reported",
     REPORT("\"success\":false,\"err_code\":\"REQUEST_SUCCESS\",\"biz_id\":\"1\",\"out_id\":\"n1.0.1\""),    "",
     "",                                                                                                                        "",               "",                                                                      0,                   0,                 0 },
    {"true in quotes",       REPORT("\"success\":\"true\",\"biz_id\":1234567890123,\"out_id\":\"\""),        "",
     "1234567890123",                                                                                                           "+8613800000001", "",                                                                      RECIPIENT_DELIVERED, 0,                 1 },
    {"only the code",        REPORT("\"err_code\":\"DELIVERED\",\"biz_id\":\"1\""),                          "",       "1",     "+8613800000001", "",
     RECIPIENT_DELIVERED,                                                                                                                                                                                                                       0,                 1 },
    {"no outcome",           REPORT("\"biz_id\":\"1\""),                                                     "",       "",      "",               "",                                                                      0,                   0,                 -1},
    {"no number",            "{\"success\":true,\"biz_id\":\"1\"}",                                          "",       "",      "",               "",                                                                      0,                   0,                 -1},
    {"of what?",             REPORT("\"success\":true"),                                                     "",       "",      "",               "",                                                                      0,                   0,                 -1},
    {"no object",            "7",                                                                            "",       "",      "",               "",                                                                      0,                   0,                 -1},
};

static void test_reports(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(reports); i++) {
        char body[600];
        struct err e;

        snprintf(body, sizeof(body), "[%s]", reports[i].item);
        assert_int_equal(call("receipt", body, "POST", &e), 1);
        if (told.n_bad != (reports[i].n < 0) || told.n_receipts != (size_t)(reports[i].n > 0))
            fail_msg("%s: %zu told.receipts, %zu bad", reports[i].what, told.n_receipts, told.n_bad);
        if (told.n_receipts == 0)
            continue;
        if (strcmp(told.receipts[0].ref, reports[i].ref) != 0 ||
            strcmp(told.receipts[0].id, reports[i].id) != 0 ||
            strcmp(told.receipts[0].to, reports[i].to) != 0 ||
            strcmp(told.receipts[0].detail, reports[i].detail) != 0 ||
            told.receipts[0].state != reports[i].state || told.receipts[0].about != reports[i].about)
            fail_msg("%s: ref %s id %s to %s detail %s", reports[i].what, told.receipts[0].ref,
                     told.receipts[0].id, told.receipts[0].to, told.receipts[0].detail);
    }
}

static void test_a_bad_report_keeps_no_good_one_out(void **state)
{
    struct err e;

    (void)state;
    assert_int_equal(call("receipt",
                          "[" REPORT("\"success\":true,\"out_id\":\"n1.0.1\"") ",{}," REPORT(
                              "\"success\":true,\"out_id\":\"n1.1.1\"") "]",
                          "POST", &e),
                     3);
    assert_int_equal(told.n_receipts, 2);
    assert_int_equal(told.n_bad, 1);
}

#define UP(more)                                                                                             \
    "{\"phone_number\":\"13800000001\",\"send_time\":\"2017-09-01 08:00:01\",\"content\":\"报名 篮球\"," \
    "\"sign_name\":\"金星社区\",\"dest_code\":\"1234\"" more "}"

static void test_replies(void **state)
{
    struct err e;

    (void)state;
    assert_int_equal(call("reply",
                          "[" UP(",\"sequence_id\":1234567890") "," UP(",\"sequence_id\":\"1234567891\"") "]",
                          "POST", &e),
                     2);
    assert_int_equal(told.n_replies, 2);
    assert_string_equal(told.replies[0].id, "1234567890");
    assert_string_equal(told.replies[1].id, "1234567891");
    assert_string_equal(told.replies[0].from, "+8613800000001");
    assert_string_equal(told.texts[0], "报名 篮球");
    assert_int_equal(told.replies[0].sent_at, 1504224001000); /* 00:00:01 UTC */
}

static void test_a_reply_without_a_number_of_its_own_is_known_by_what_it_says(void **state)
{
    char first[128];
    struct err e;

    (void)state;
    assert_int_equal(call("reply", UP(""), "POST", &e), 1);
    memcpy(first, told.replies[0].id, sizeof(first));
    assert_int_equal(call("reply", UP(",\"more\":1"), "POST", &e), 1);
    assert_string_equal(told.replies[0].id, first);
    assert_int_equal(call("reply",
                          "{\"phone_number\":\"13800000001\",\"send_time\":\"2017-09-01 "
                          "08:00:02\",\"content\":\"报名 篮球\"}",
                          "POST", &e),
                     1);
    assert_string_not_equal(told.replies[0].id, first);
    assert_int_equal(strlen(first), 71);
}

static const struct {
    const char *kind, *method, *body, *code;
} refused[] = {
    {"reply",   "POST", "not json",                              "bad-reply"   },
    {"reply",   "POST", "7",                                     "bad-reply"   },
    {"reply",   "POST", "{\"phone_number\":\"13800000001\"}",    "bad-reply"   },
    {"reply",   "POST", "{\"phone_number\":7,\"content\":\"\"}", "bad-reply"   },
    {"receipt", "POST", "{\"a\":1,\"a\":2}",                     "bad-receipt" },
    {"receipt", "GET",  "[]",                                    "no-such-hook"},
    {"wechat",  "POST", "[]",                                    "no-such-hook"},
};

static void test_what_is_none_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct err e;

        assert_int_equal(call(refused[i].kind, refused[i].body, refused[i].method, &e), -1);
        assert_string_equal(e.code, refused[i].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reports),
        cmocka_unit_test(test_a_bad_report_keeps_no_good_one_out),
        cmocka_unit_test(test_replies),
        cmocka_unit_test(test_a_reply_without_a_number_of_its_own_is_known_by_what_it_says),
        cmocka_unit_test(test_what_is_none_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
