/* Driver tencent: what answers mean, every code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/support/driver_bed.h"

static const struct provider_conf conf = {.name = "qq", .driver = "tencent", .channel = "sms", .batch = 200};

static const struct code_row {
    const char *code;
    enum verdict verdict;
    int64_t retry_ms; /* -1 = none */
    enum throttle_scope scope;
    enum throttle_until until;
    enum provider_about about;
} codes[] = {
    {"RequestLimitExceeded",                                            VERDICT_THROTTLED,     1000,    0,                  0,            0                },
    {"RequestLimitExceeded.IPLimitExceeded",                            VERDICT_THROTTLED,     1000,    0,                  0,            0                },
    {"RequestLimitExceeded.UinLimitExceeded",                           VERDICT_THROTTLED,     1000,    0,                  0,            0                },
    {"RequestLimitExceeded.GlobalRegionUinLimitExceeded",               VERDICT_THROTTLED,     1000,    0,                  0,            0                },
    {"LimitExceeded.GlobalSmsSendingRateLimit",                         VERDICT_THROTTLED,     1000,    0,                  0,            0                },
    {"InternalError",                                                   VERDICT_RETRY,         -1,      0,                  0,            0                },
    {"InternalError.SendAndRecvFail",                                   VERDICT_RETRY,         -1,      0,                  0,            0                },
    {"InternalError.UnknownError",                                      VERDICT_RETRY,         -1,      0,                  0,            0                },
    {"InternalError.OtherError",                                        VERDICT_RETRY,         -1,      0,                  0,            0                },
    {"InternalError.ParseBackendResponseFail",                          VERDICT_RETRY,         -1,      0,                  0,            0                },
    {"InternalError.JsonParseFail",                                     VERDICT_RETRY,         -1,      0,                  0,            0                },
    {"FailedOperation.OtherError",                                      VERDICT_RETRY,         -1,      0,                  0,            0                },
    {"FailedOperation.ParametersOtherError",                            VERDICT_RETRY,         -1,      0,                  0,            0                },
    {"ServiceUnavailable",                                              VERDICT_RETRY,         -1,      0,                  0,            0                },
    {"InternalError.Timeout",                                           VERDICT_UNKNOWN,       -1,      0,                  0,            0                },
    {"LimitExceeded.PhoneNumberThirtySecondLimit",                      VERDICT_THROTTLED,     31000,   THROTTLE_RECIPIENT, 0,            0                },
    {"LimitExceeded.PhoneNumberOneHourLimit",                           VERDICT_THROTTLED,     3600000, THROTTLE_RECIPIENT, 0,            0                },
    {"LimitExceeded.PhoneNumberDailyLimit",                             VERDICT_THROTTLED,     -1,      THROTTLE_RECIPIENT, THROTTLE_DAY, 0                },
    {"LimitExceeded.PhoneNumberSameContentDailyLimit",                  VERDICT_THROTTLED,     -1,      THROTTLE_RECIPIENT,
     THROTTLE_DAY,                                                                                                                        0                },
    {"LimitExceeded.DeliveryFrequencyLimit",                            VERDICT_THROTTLED,     -1,      THROTTLE_RECIPIENT, THROTTLE_DAY, 0                },
    {"FailedOperation.MarketingSendTimeConstraint",                     VERDICT_THROTTLED,     3600000, THROTTLE_RECIPIENT, 0,            0                },
    {"LimitExceeded.AppDailyLimit",                                     VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"LimitExceeded.AppMainlandChinaDailyLimit",                        VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"LimitExceeded.AppGlobalDailyLimit",                               VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"LimitExceeded.DailyLimit",                                        VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"LimitExceeded.AppCountryOrRegionDailyLimit",                      VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"LimitExceeded.PhoneNumberCountLimit",                             VERDICT_BAD_MESSAGE,   -1,      0,                  0,            0                },
    {"MissingParameter",                                                VERDICT_BAD_MESSAGE,   -1,      0,                  0,            0                },
    {"MissingParameter.EmptyPhoneNumberSet",                            VERDICT_BAD_MESSAGE,   -1,      0,                  0,            0                },
    {"FailedOperation.FailResolvePacket",                               VERDICT_BAD_MESSAGE,   -1,      0,                  0,            0                },
    {"FailedOperation.JsonParseFail",                                   VERDICT_BAD_MESSAGE,   -1,      0,                  0,            0                },
    {"InvalidParameter",                                                VERDICT_BAD_MESSAGE,   -1,      0,                  0,            0                },
    {"InvalidParameter.SmsSdkAppId",                                    VERDICT_BAD_MESSAGE,   -1,      0,                  0,            0                },
    {"InvalidParameterValue.IncorrectPhoneNumber",                      VERDICT_BAD_RECIPIENT, -1,      0,                  0,            ABOUT_DEAD_NUMBER},
    {"FailedOperation.PhoneNumberParseFail",                            VERDICT_BAD_RECIPIENT, -1,      0,                  0,            ABOUT_DEAD_NUMBER},
    {"UnsupportedOperation.UnsupportedRegion",                          VERDICT_BAD_RECIPIENT, -1,      0,                  0,            0                },
    {"LimitExceeded.AppCountryOrRegionInBlacklist",                     VERDICT_BAD_RECIPIENT, -1,      0,                  0,            0                },
    {"UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone",       VERDICT_BAD_RECIPIENT, -1,      0,                  0,            0                },
    {"UnsupportedOperation.GlobalTemplateToChineseMainlandPhone",       VERDICT_BAD_RECIPIENT, -1,      0,                  0,            0                },
    {"UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber", VERDICT_BAD_RECIPIENT, -1,      0,                  0,            0                },
    {"FailedOperation.PhoneNumberInBlacklist",                          VERDICT_BAD_RECIPIENT, -1,      0,                  0,            ABOUT_OPTED_OUT  },
    {"FailedOperation.ContainSensitiveWord",                            VERDICT_BAD_MESSAGE,   -1,      0,                  0,            0                },
    {"InvalidParameter.DirtyWordFound",                                 VERDICT_BAD_MESSAGE,   -1,      0,                  0,            0                },
    {"InvalidParameterValue.ContentLengthLimit",                        VERDICT_BAD_MESSAGE,   -1,      0,                  0,            0                },
    {"InvalidParameterValue.TemplateParameterLengthLimit",              VERDICT_BAD_MESSAGE,   -1,      0,                  0,            0                },
    {"InvalidParameterValue.TemplateParameterFormatError",              VERDICT_BAD_MESSAGE,   -1,      0,                  0,            0                },
    {"InvalidParameterValue.ProhibitedUseUrlInTemplateParameter",       VERDICT_BAD_MESSAGE,   -1,      0,                  0,            0                },
    {"FailedOperation.TemplateParamSetNotMatchApprovedTemplate",        VERDICT_BAD_MESSAGE,   -1,      0,                  0,            0                },
    {"FailedOperation.TemplateIncorrectOrUnapproved",                   VERDICT_BAD_MESSAGE,   -1,      0,                  0,            0                },
    {"FailedOperation.TemplateUnapprovedOrNotExist",                    VERDICT_BAD_MESSAGE,   -1,      0,                  0,            0                },
    {"FailedOperation.TemplateIdNotExist",                              VERDICT_BAD_MESSAGE,   -1,      0,                  0,            0                },
    {"FailedOperation.SignatureIncorrectOrUnapproved",                  VERDICT_BAD_MESSAGE,   -1,      0,                  0,            0                },
    {"FailedOperation.MissingSignature",                                VERDICT_BAD_MESSAGE,   -1,      0,                  0,            0                },
    {"FailedOperation.InsufficientBalanceInSmsPackage",                 VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"UnauthorizedOperation.ServiceSuspendDueToArrears",                VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"UnauthorizedOperation.SdkAppIdIsDisabled",                        VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"InvalidParameterValue.SdkAppIdNotExist",                          VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"UnauthorizedOperation.SmsSdkAppIdVerifyFail",                     VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"UnauthorizedOperation.RequestPermissionDeny",                     VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"UnauthorizedOperation.RequestIpNotInWhitelist",                   VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny",  VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"InternalError.SigVerificationFail",                               VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"InternalError.SigFieldMissing",                                   VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"InternalError.RequestTimeException",                              VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"AuthFailure.SignatureFailure",                                    VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"AuthFailure.SignatureExpire",                                     VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"AuthFailure.SecretIdNotFound",                                    VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"AuthFailure.InvalidSecretId",                                     VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"AuthFailure.TokenFailure",                                        VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"AuthFailure.UnauthorizedOperation",                               VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"AuthFailure.InvalidAuthorization",                                VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"IpInBlacklist",                                                   VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"IpNotInWhitelist",                                                VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"InvalidAction",                                                   VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"NoSuchVersion",                                                   VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"NoSuchProduct",                                                   VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"ActionOffline",                                                   VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"UnsupportedRegion",                                               VERDICT_BAD_ACCOUNT,   -1,      0,                  0,            0                },
    {"LimitExceeded.SomethingNew",                                      VERDICT_UNKNOWN,       -1,      0,                  0,            0                },
    {"ok",                                                              VERDICT_UNKNOWN,       -1,      0,                  0,            0                },
};

static void judge(const struct provider_msg *m, size_t n, int status, const char *body,
                  struct provider_verdict *v)
{
    driver_judge(&tencent_driver, &conf, m, n, status, body, -1, v);
}

static void compare(const struct code_row *r, const struct provider_verdict *v, const char *where)
{
    if (v->verdict != r->verdict || v->retry_after_ms != r->retry_ms || v->scope != r->scope ||
        v->until != r->until || v->about != r->about ||
        strncmp(v->detail, r->code, strnlen(r->code, 63)) != 0)
        fail_msg("%s %s: %s, retry %lld, scope %d, until %d, about %d (%s)", where, r->code,
                 verdict_name(v->verdict), (long long)v->retry_after_ms, v->scope, v->until, v->about,
                 v->detail);
}

static void test_every_code_for_the_request_and_for_a_number(void **state)
{
    struct provider_msg m = driver_msg("+8613800000001", "今晚停水", "n.0.1");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        struct provider_verdict v;
        char body[400];

        snprintf(body, sizeof(body),
                 "{\"Response\":{\"Error\":{\"Code\":\"%s\",\"Message\":\"m\"},\"RequestId\":\"r\"}}",
                 codes[i].code);
        judge(&m, 1, 200, body, &v);
        compare(&codes[i], &v, "request");
        snprintf(body, sizeof(body),
                 "{\"Response\":{\"SendStatusSet\":[{\"SerialNo\":\"\",\"PhoneNumber\":\"+8613800000001\","
                 "\"Fee\":0,"
                 "\"Code\":\"%s\",\"Message\":\"m\"}],\"RequestId\":\"r\"}}",
                 codes[i].code);
        judge(&m, 1, 200, body, &v);
        compare(&codes[i], &v, "number");
    }
}

#define RESULT(phone, code, serial)                                                                          \
    "{\"SerialNo\":\"" serial "\",\"PhoneNumber\":\"" phone "\",\"Fee\":1,\"Code\":\"" code                  \
    "\",\"Message\":\"m\"}"
#define SET_OF(results) "{\"Response\":{\"SendStatusSet\":[" results "],\"RequestId\":\"r\"}}"

static void test_every_number_has_its_own_verdict(void **state)
{
    struct provider_msg m[4];
    struct provider_verdict v[4];

    (void)state;
    m[0] = m[3] = driver_msg("+8613800000001", "a", "n.0.1");
    m[1] = driver_msg("+8613800000002", "a", "n.1.1");
    m[2] = driver_msg("+8613800000003", "a", "n.2.1");
    judge(m, 4, 200,
          SET_OF(RESULT("+8613800000002", "FailedOperation.PhoneNumberInBlacklist", "") "," RESULT(
              "+8613800000001", "Ok", "5000:1") "," RESULT("+8613800000009", "Ok",
                                                           "5000:9") "," RESULT("+8613800000001", "Ok",
                                                                                "5000:2")),
          v);
    assert_int_equal(v[0].verdict, VERDICT_SENT);
    assert_string_equal(v[0].id, "5000:1");
    assert_int_equal(v[1].verdict, VERDICT_BAD_RECIPIENT);
    assert_int_equal(v[1].about, ABOUT_OPTED_OUT);
    assert_int_equal(v[2].verdict, VERDICT_UNKNOWN); /* nobody says anything of it */
    assert_int_equal(v[3].verdict, VERDICT_SENT);
    assert_string_equal(v[3].id, "5000:2");
    judge(m, 2, 200, SET_OF(RESULT("", "Ok", "5000:1") "," RESULT("", "ServiceUnavailable", "")), v);
    assert_int_equal(v[0].verdict, VERDICT_SENT);
    assert_int_equal(v[1].verdict, VERDICT_RETRY);
}

static const struct {
    int status;
    const char *body;
    enum verdict verdict;
} odd[] = {
    {500,                SET_OF(RESULT("+8613800000001", "Ok", "1")), VERDICT_UNKNOWN},
    {200,   "{\"Response\":{\"Error\":{\"Code\":\"Ok\"}}}",                                 VERDICT_UNKNOWN                                  },
    {200,   "{\"Response\":{\"SendStatusSet\":{}}}", VERDICT_UNKNOWN},
    {200,   SET_OF("7"),                                 VERDICT_UNKNOWN                                                                  },
    {200,   SET_OF("{\"PhoneNumber\":\"+8613800000001\",\"Code\":0}"), VERDICT_UNKNOWN},
    {200,   "{\"Response\":{}}",                                 VERDICT_UNKNOWN                                                                                                  },
    {200,   "", VERDICT_UNKNOWN},
    {200,   "[]",                                 VERDICT_UNKNOWN                                                                                                                                  },
    {502,   "<html>", VERDICT_UNKNOWN},
    {503,   "<html>",                                 VERDICT_RETRY                                                                                                                                                                  },
    {429,     "",   VERDICT_THROTTLED},
    {403, "",                             VERDICT_BAD_ACCOUNT                                                                                                                                                                                            },
};

static void test_answers_that_are_none(void **state)
{
    struct provider_msg m[2] = {driver_msg("+8613800000001", "a", "n.0.1"),
                                driver_msg("+8613800000002", "a", "n.1.1")};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        struct provider_verdict v[2];

        judge(m, 2, odd[i].status, odd[i].body, v);
        if (v[0].verdict != odd[i].verdict || (v[1].verdict != odd[i].verdict && i > 0))
            fail_msg("%d %s: %s", odd[i].status, odd[i].body, verdict_name(v[0].verdict));
    }
}

static void test_of_several_nobody_is_judged_for_another(void **state)
{
    struct provider_msg m[2] = {driver_msg("+8613800000001", "a", "n.0.1"),
                                driver_msg("+8613800000002", "a", "n.1.1")};
    struct provider_verdict v[2];

    (void)state;
    judge(m, 2, 200, "{\"Response\":{\"Error\":{\"Code\":\"FailedOperation.PhoneNumberInBlacklist\"}}}", v);
    assert_int_equal(v[1].verdict, VERDICT_RETRY);
    assert_int_equal(v[1].scope, THROTTLE_RECIPIENT);
    assert_int_equal(v[1].about, ABOUT_NOTHING);
    judge(m, 2, 200, "{\"Response\":{\"Error\":{\"Code\":\"FailedOperation.ContainSensitiveWord\"}}}", v);
    assert_int_equal(v[1].verdict, VERDICT_BAD_MESSAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_for_the_request_and_for_a_number),
        cmocka_unit_test(test_every_number_has_its_own_verdict),
        cmocka_unit_test(test_answers_that_are_none),
        cmocka_unit_test(test_of_several_nobody_is_judged_for_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
