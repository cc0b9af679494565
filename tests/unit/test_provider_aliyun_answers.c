/* Driver aliyun: what answers mean, every code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/support/driver_bed.h"

static const struct provider_conf conf = {.name = "ali", .driver = "aliyun", .channel = "sms", .batch = 100};

#define ANSWER(code) "{\"Message\":\"m\",\"RequestId\":\"R\",\"Code\":\"" code "\"}"
#define LIMIT(words) "{\"Message\":\"" words "\",\"RequestId\":\"R\",\"Code\":\"isv.BUSINESS_LIMIT_CONTROL\"}"

static const struct answer_row {
    int status;
    const char *body;
    enum verdict verdict;
    int64_t retry_ms; /* -1 = none */
    enum throttle_scope scope;
    enum throttle_until until;
    enum provider_about about;
} answers[] = {
    {200, "{\"Message\":\"OK\",\"RequestId\":\"R\",\"Code\":\"OK\",\"BizId\":\"900619746936498440^0\"}",
     VERDICT_SENT,                                                                                                              -1,      0,                  0,               0                },
    {200, ANSWER("OK"),                                                                                  VERDICT_SENT,          -1,      0,                  0,               0                },
    {500, ANSWER("OK"),                                                                                  VERDICT_UNKNOWN,       -1,      0,                  0,               0                },
    {200, LIMIT("触发分钟级流控Permits:1"),                                                       VERDICT_THROTTLED,     -1,      THROTTLE_RECIPIENT, THROTTLE_MINUTE, 0                },
    {200, LIMIT("触发小时级流控Permits:5"),                                                       VERDICT_THROTTLED,     -1,      THROTTLE_RECIPIENT, THROTTLE_HOUR,   0                },
    {200, LIMIT("触发天级流控Permits:10"),                                                         VERDICT_THROTTLED,     3600000, THROTTLE_RECIPIENT, 0,               0                },
    {200, LIMIT("something new"),                                                                        VERDICT_THROTTLED,     -1,      THROTTLE_RECIPIENT, 0,               0                },
    {200, ANSWER("isv.SMS_OVER_LIMIT"),                                                                  VERDICT_THROTTLED,     3600000, THROTTLE_RECIPIENT, 0,               0                },
    {400, ANSWER("Throttling"),                                                                          VERDICT_THROTTLED,     2000,    0,                  0,               0                },
    {400, ANSWER("Throttling.User"),                                                                     VERDICT_THROTTLED,     2000,    0,                  0,               0                },
    {503, ANSWER("Throttling.Api"),                                                                      VERDICT_THROTTLED,     2000,    0,                  0,               0                },
    {200, ANSWER("isp.SYSTEM_ERROR"),                                                                    VERDICT_RETRY,         -1,      0,                  0,               0                },
    {503, ANSWER("ServiceUnavailable"),                                                                  VERDICT_RETRY,         -1,      0,                  0,               0                },
    {500, ANSWER("InternalError"),                                                                       VERDICT_RETRY,         -1,      0,                  0,               0                },
    {503, "<html>busy</html>",                                                                           VERDICT_RETRY,         -1,      0,                  0,               0                },
    {500, "<html>oops</html>",                                                                           VERDICT_UNKNOWN,       -1,      0,                  0,               0                },
    {502, "",                                                                                            VERDICT_UNKNOWN,       -1,      0,                  0,               0                },
    {504, "",                                                                                            VERDICT_UNKNOWN,       -1,      0,                  0,               0                },
    {429, "",                                                                                            VERDICT_THROTTLED,     -1,      0,                  0,               0                },
    {403, "<html>firewall</html>",                                                                       VERDICT_BAD_ACCOUNT,   -1,      0,                  0,               0                },
    {400, ANSWER("SignatureNonceUsed"),                                                                  VERDICT_UNKNOWN,       -1,      0,                  0,               0                },
    {200, ANSWER("isv.MOBILE_NUMBER_ILLEGAL"),                                                           VERDICT_BAD_RECIPIENT, -1,      0,                  0,               ABOUT_DEAD_NUMBER},
    {200, ANSWER("isv.DOMESTIC_NUMBER_NOT_SUPPORTED"),                                                   VERDICT_BAD_RECIPIENT, -1,      0,                  0,               0                },
    {200, ANSWER("isv.CUSTOMER_REFUSED"),                                                                VERDICT_BAD_RECIPIENT, -1,      0,                  0,               ABOUT_OPTED_OUT  },
    {200, ANSWER("isv.NOT_YET_INVENTED"),                                                                VERDICT_UNKNOWN,       -1,      0,                  0,               0                },
    {200, "{\"Code\":\"\"}",                                                                             VERDICT_UNKNOWN,       -1,      0,                  0,               0                },
    {200, "{\"Code\":0}",                                                                                VERDICT_UNKNOWN,       -1,      0,                  0,               0                },
    {200, "{\"Code\":\"OK\",\"Code\":\"OK\"}",                                                           VERDICT_UNKNOWN,       -1,      0,                  0,               0                },
    {200, "[\"OK\"]",                                                                                    VERDICT_UNKNOWN,       -1,      0,                  0,               0                },
    {200, "\"OK\"",                                                                                      VERDICT_UNKNOWN,       -1,      0,                  0,               0                },
    {200, "",                                                                                            VERDICT_UNKNOWN,       -1,      0,                  0,               0                },
    {200, "{\"Code\":\"OK\"",                                                                            VERDICT_UNKNOWN,       -1,      0,                  0,               0                },
};

static const char *const bad_messages[] = {
    "isv.BLACK_KEY_CONTROL_LIMIT",
    "isv.MOBILE_COUNT_OVER_LIMIT",
    "isv.INVALID_PARAMETERS",
    "isv.INVALID_JSON_PARAM",
    "isv.TEMPLATE_MISSING_PARAMETERS",
    "isv.TEMPLATE_PARAMS_ILLEGAL",
    "isv.PARAM_LENGTH_LIMIT",
    "isv.PARAM_NOT_SUPPORT_URL",
    "TEMPLATE_PARAMETER_COUNT_ILLEGAL",
    "isv.SMS_CONTENT_ILLEGAL",
    "isv.UNSUPPORTED_CONTENT",
    "isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE",
    "isv.SMS_TEMPLATE_ILLEGAL",
    "isv.SMS_SIGNATURE_ILLEGAL",
    "isv.SMS_SIGN_ILLEGAL",
    "isv.SIGN_NAME_ILLEGAL",
    "isv.SIGN_STATE_ILLEGAL",
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL",
    "isv.EXTEND_CODE_ERROR",
    "SIGNATURE_BLACKLIST",
};
static const char *const bad_accounts[] = {
    "isv.DAY_LIMIT_CONTROL",
    "isv.MONTH_LIMIT_CONTROL",
    "isv.SMS_TEST_NUMBER_LIMIT",
    "isv.SMS_TEST_SIGN_TEMPLATE_LIMIT",
    "isv.SMS_TEST_TEMPLATE_PARAMS_ILLEGAL",
    "isv.AMOUNT_NOT_ENOUGH",
    "isv.OUT_OF_SERVICE",
    "isv.PRODUCT_UN_SUBSCRIPT",
    "isv.PRODUCT_UNSUBSCRIBE",
    "isv.ACCOUNT_NOT_EXISTS",
    "isv.ACCOUNT_ABNORMAL",
    "isv.SECURITY_FROZEN_ACCOUNT",
    "isp.RAM_PERMISSION_DENY",
    "Forbidden.RAM",
    "NoPermission",
    "isv.DENY_IP_RANGE",
    "SignatureDoesNotMatch",
    "InvalidAccessKeyId.NotFound",
    "InvalidAccessKeyId.Inactive",
    "IncompleteSignature",
    "InvalidTimeStamp.Expired",
    "InvalidTimeStamp.Format",
    "InvalidVersion",
    "InvalidAction.NotFound",
    "MissingParameter",
};

static void judge(const struct provider_msg *m, size_t n, int status, const char *body,
                  struct provider_verdict *v)
{
    driver_judge(&aliyun_driver, &conf, m, n, status, body, -1, v);
}

static void test_answers(void **state)
{
    struct provider_msg m = driver_msg("+8613800000001", "今晚停水", "n.0.1");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        const struct answer_row *r = &answers[i];
        struct provider_verdict v;

        judge(&m, 1, r->status, r->body, &v);
        if (v.verdict != r->verdict || v.retry_after_ms != r->retry_ms || v.scope != r->scope ||
            v.until != r->until || v.about != r->about)
            fail_msg("%d %s: %s, retry %lld, scope %d, until %d, about %d (%s)", r->status, r->body,
                     verdict_name(v.verdict), (long long)v.retry_after_ms, v.scope, v.until, v.about,
                     v.detail);
    }
}

static void check_codes(const char *const *codes, size_t n, enum verdict verdict)
{
    struct provider_msg m = driver_msg("+8613800000001", "今晚停水", "n.0.1");

    for (size_t i = 0; i < n; i++) {
        char body[200];
        struct provider_verdict v;

        snprintf(body, sizeof(body), "{\"Message\":\"m\",\"Code\":\"%s\"}", codes[i]);
        for (int status = 200; status <= 400; status += 200) { /* the code counts, not the status */
            judge(&m, 1, status, body, &v);
            if (v.verdict != verdict || strncmp(v.detail, codes[i], strlen(codes[i])) != 0)
                fail_msg("%s: %s, \"%s\"", codes[i], verdict_name(v.verdict), v.detail);
        }
    }
}

static void test_every_code_of_the_message_and_of_the_account(void **state)
{
    (void)state;
    check_codes(bad_messages, ARRAY_LEN(bad_messages), VERDICT_BAD_MESSAGE);
    check_codes(bad_accounts, ARRAY_LEN(bad_accounts), VERDICT_BAD_ACCOUNT);
}

static void test_the_id_is_taken_whole_or_not_at_all(void **state)
{
    struct provider_msg m[2] = {driver_msg("+8613800000001", "今晚停水", "n.0.1"),
                                driver_msg("+8613800000002", "今晚停水", "n.1.1")};
    struct provider_verdict v[2];
    char body[300], id[100];

    (void)state;
    judge(m, 2, 200, answers[0].body, v);
    assert_string_equal(v[0].id, "900619746936498440^0");
    assert_string_equal(v[1].id, "900619746936498440^0");
    assert_string_equal(v[1].detail, "");
    memset(id, '9', sizeof(id) - 1);
    id[sizeof(id) - 1] = '\0';
    snprintf(body, sizeof(body), "{\"Code\":\"OK\",\"BizId\":\"%s\"}", id);
    judge(m, 1, 200, body, v);
    assert_int_equal(v[0].verdict, VERDICT_SENT);
    assert_string_equal(v[0].id, "");
}

static const struct {
    const char *what, *second, *body;
    enum verdict verdict;
} lists[] = {
    {"a number that is none: which one?", "今晚停水",         ANSWER("isv.MOBILE_NUMBER_ILLEGAL"),     VERDICT_RETRY      },
    {"somebody who refused: who?",        "今晚停水",         ANSWER("isv.CUSTOMER_REFUSED"),          VERDICT_RETRY      },
    {"too many to one of them",           "今晚停水",         LIMIT("触发小时级流控Permits:5"), VERDICT_RETRY      },
    {"a bad value among others",          "李四您好,9球赛", ANSWER("isv.TEMPLATE_PARAMS_ILLEGAL"),   VERDICT_RETRY      },
    {"a bad text, the same for all",      "今晚停水",         ANSWER("isv.SMS_CONTENT_ILLEGAL"),       VERDICT_BAD_MESSAGE},
    {"too fast: all of them",             "今晚停水",         ANSWER("Throttling.User"),               VERDICT_THROTTLED  },
    {"the account: all of them",          "李四您好,9球赛", ANSWER("isv.AMOUNT_NOT_ENOUGH"),         VERDICT_BAD_ACCOUNT},
};

static void test_of_several_nobody_is_judged_for_another(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct provider_msg m[2] = {driver_msg("+8613800000001", "今晚停水", "n.0.1"),
                                    driver_msg("+8613800000002", lists[i].second, "n.1.1")};
        struct provider_verdict v[2];

        judge(m, 2, 200, lists[i].body, v);
        if (v[0].verdict != lists[i].verdict || v[1].verdict != lists[i].verdict ||
            v[0].about != ABOUT_NOTHING ||
            (v[0].verdict == VERDICT_RETRY && v[0].scope != THROTTLE_RECIPIENT))
            fail_msg("%s: %s, %s", lists[i].what, verdict_name(v[0].verdict), verdict_name(v[1].verdict));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_every_code_of_the_message_and_of_the_account),
        cmocka_unit_test(test_the_id_is_taken_whole_or_not_at_all),
        cmocka_unit_test(test_of_several_nobody_is_judged_for_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
