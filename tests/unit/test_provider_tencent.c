/* Driver tencent: requests byte for byte, every code, all settings, callbacks good and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "provider/drivers.h"
#include "provider/vendor.h"
#include "tests/support/vectors.h"

#define NOW 1716192000000 /* 2024-05-20T08:00:00Z */

static char key[] = "testSecretKey";
static const struct secret secret = {.value = key, .len = sizeof(key) - 1};
static struct vendor_template templates[4];
static struct provider_conf conf;
static struct provider_request req;

static void template(size_t i, const char *id, const char *text)
{
    vendor_template_fini(&templates[i]);
    assert_int_equal(vendor_template_init(&templates[i], "t", id, text, NULL, NULL), 0);
}

static int set_up(void **state)
{
    (void)state;
    template(0, "1110", "{{name}}您好,{{time}}球赛");
    template(1, "1111", "今晚停水");
    template(2, "1112", "{{2}}点,{{1}}见");
    template(3, "1113", "{{what}}特卖,拒收请回复R");
    templates[3].promotion = true;
    conf = (struct provider_conf){.name = "qq",
                                  .driver = "tencent",
                                  .channel = "sms",
                                  .url = tencent_driver.url,
                                  .account = "testSecretId",
                                  .app = "1400006666",
                                  .sender = "",
                                  .region = "",
                                  .variant = "",
                                  .secret = &secret,
                                  .batch = 200,
                                  .sign = "测试签名",
                                  .templates = templates,
                                  .n_templates = ARRAY_LEN(templates)};
    provider_request_init(&req);
    req.now_ms = NOW;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(templates); i++)
        vendor_template_fini(&templates[i]);
    provider_request_fini(&req);
    return 0;
}

static struct provider_msg message(const char *to, const char *text, const char *ref)
{
    return (struct provider_msg){
        .to = to, .text = text, .text_len = strlen(text), .ref = ref, .lane = LANE_NORMAL};
}

static void has_header(const char *line)
{
    for (size_t i = 0; req.header_list[i] != NULL; i++)
        if (strcmp(req.header_list[i], line) == 0)
            return;
    fail_msg("no header \"%s\"", line);
}

/* ---- requests ---- */

/* The body and the signature of vector TC3-c, which is a whole request to this API. */
static void check_vector(const json_t *v, const char *expect)
{
    json_t *body = json_loads(vectors_str(v, "body"), 0, NULL);
    const char *phone = json_string_value(json_array_get(json_object_get(body, "PhoneNumberSet"), 0));
    struct provider_msg m = message(phone, "张三您好,08:30球赛", "m-42");
    char line[300];
    struct err e;

    if (strcmp(vectors_str(v, "service"), "sms") == 0) {
        assert_int_equal(tencent_driver.build(&conf, &m, 1, &req, &e), 0);
        assert_string_equal(req.call.body, vectors_str(v, "body"));
        snprintf(line, sizeof(line),
                 "Authorization: TC3-HMAC-SHA256 Credential=testSecretId/2024-05-20/sms/tc3_request, "
                 "SignedHeaders=content-type;host, Signature=%s",
                 expect);
        has_header(line);
    }
    json_decref(body);
}

static void test_the_known_request(void **state)
{
    (void)state;
    vectors_each("tc3", check_vector);
    assert_string_equal(req.call.method, "POST");
    assert_string_equal(req.call.url, "https://sms.tencentcloudapi.com/");
    assert_int_equal(req.call.body_len, strlen(req.call.body));
    has_header("Content-Type: application/json; charset=utf-8");
    has_header("X-TC-Action: SendSms");
    has_header("X-TC-Version: 2021-01-11");
    has_header("X-TC-Region: ap-guangzhou");
    has_header("X-TC-Timestamp: 1716192000");
    assert_null(req.header_list[6]);
}

static void test_several_numbers(void **state)
{
    struct provider_msg m[2] = {message("+8613800000001", "今晚停水", "n.0.1"),
                                message("+8613800000002", "今晚停水", "n.1.1")};
    struct err e;

    (void)state;
    conf.sender = "10";
    conf.region = "ap-beijing";
    assert_int_equal(tencent_driver.build(&conf, m, 2, &req, &e), 0);
    assert_string_equal(
        req.call.body,
        "{\"PhoneNumberSet\":[\"+8613800000001\",\"+8613800000002\"],\"SmsSdkAppId\":"
        "\"1400006666\",\"TemplateId\":\"1111\",\"SignName\":\"测试签名\",\"ExtendCode\":\"10\"}");
    has_header("X-TC-Region: ap-beijing");
}

static void test_variables_with_numbers_stand_where_the_numbers_say(void **state)
{
    struct provider_msg m = message("+8613800000001", "九点,\"广场\"见", "n.0.1");
    struct err e;

    (void)state;
    assert_int_equal(tencent_driver.build(&conf, &m, 1, &req, &e), 0);
    assert_non_null(strstr(req.call.body, "\"TemplateParamSet\":[\"\\\"广场\\\"\",\"九\"]"));
}

static void test_a_text_that_no_template_says_is_not_sent(void **state)
{
    struct provider_msg m = message("+8613800000001", "别的", "n.0.1");
    struct err e;

    (void)state;
    assert_int_equal(tencent_driver.build(&conf, &m, 1, &req, &e), -1);
    assert_string_equal(e.code, "bad-message");
    assert_int_equal(tencent_driver.fits(&conf, &m, &e), -1);
}

static void test_what_travels_together(void **state)
{
    struct provider_msg a = message("+8613800000001", "今晚停水", "n.0.1"),
                        same = message("+8613800000002", "今晚停水", "n.1.1"),
                        other = message("+8613800000002", "九点,广场见", "n.1.1"),
                        abroad = message("+85298000001", "今晚停水", "n.1.1");

    (void)state;
    assert_true(tencent_driver.joins(&conf, &a, &same));
    assert_false(tencent_driver.joins(&conf, &a, &other));
    assert_false(tencent_driver.joins(&conf, &a, &abroad));
    same.purpose = PURPOSE_PROMOTION;
    assert_false(tencent_driver.joins(&conf, &a, &same));
}

/* ---- settings ---- */

/* Version 14 loses its way in rows of different length. */
/* clang-format off */
static const struct {
    const char *what, *channel, *account, *app, *sign, *sender, *region, *url, *field;
    size_t batch;
} settings[] = {
    {.what = "as it is"                     },
    {                              .what = "another channel",                            .channel = "wechat", .field = "channel"},
    {                                                  .what = "no account",                                 .account = "", .field = "account"},
    {                                                  .what = "an account that breaks a header",            .account = "a\nb", .field = "account"},
    {                                                  .what = "no application",                             .app = "", .field = "app"},
    {                                                      .what = "an application that is none",                .app = "x", .field = "app"},
    {                                                      .what = "no signature",                               .sign = "", .field = "sign"},
    {                                                     .what = "a signature with brackets",                  .sign = "【x】", .field = "sign"},
    {                                                     .what = "an extension code",                          .sender = "10"},
    {                             .what = "an extension code that is none", .sender = "x", .field = "sender"},
    {                                                   .what = "a region",                              .region = "ap-nanjing"},
    {         .what = "a region that breaks a header",                                   .region = "a b", .field = "region"},
    {   .what = "an address with a query",                                      .url = "https://h/?a", .field = "url"},
    {    .what = "as many as may be",                                                    .batch = 200},
    { .what = "too many in a request",                                                     .batch = 201, .field = "batch"},
};
/* clang-format on */

#define SET(option)                                                                                          \
    if (settings[i].option != NULL)                                                                          \
    conf.option = settings[i].option

static void test_settings(void **state)
{
    const struct provider_conf good = conf;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        struct err e = {{0}, {0}, {0}};
        int rc;

        conf = good;
        SET(channel);
        SET(account);
        SET(app);
        SET(sign);
        SET(sender);
        SET(region);
        SET(url);
        conf.batch = settings[i].batch != 0 ? settings[i].batch : conf.batch;
        rc = tencent_driver.check(&conf, &e);
        if (rc != (settings[i].field != NULL ? -1 : 0) ||
            (rc != 0 && strcmp(e.field, settings[i].field) != 0))
            fail_msg("%s: %d, field \"%s\": %s", settings[i].what, rc, e.field, e.msg);
    }
    conf = good;
    conf.n_templates = 0;
    assert_int_equal(tencent_driver.check(&conf, NULL), -1);
}

static const struct {
    const char *what, *id, *text;
    bool good;
} wordings[] = {
    {"an id that is none",       "SMS_1", "x",               false},
    {"numbers in another order", "1",     "{{2}}a{{1}}",     true },
    {"a number left out",        "1",     "{{1}}a{{3}}",     false},
    {"one number in two forms",  "1",     "{{1}}a{{01}}",    false},
    {"numbers and names",        "1",     "{{1}}a{{name}}",  false},
    {"number nought",            "1",     "{{0}}a{{1}}",     false},
    {"names",                    "1",     "{{a}}a{{name}}b", true },
};

static void test_templates(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wordings); i++) {
        template(0, wordings[i].id, wordings[i].text);
        if ((tencent_driver.check(&conf, NULL) == 0) != wordings[i].good)
            fail_msg("%s: %s", wordings[i].what, wordings[i].text);
    }
}

/* ---- answers ---- */

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

static void classify(const struct provider_msg *m, size_t n, int status, const char *body,
                     struct provider_verdict *v)
{
    char *exact = xmemdup(body, strlen(body)); /* exactly so long: the sanitizer sees a read past it */
    struct http_answer a = {.outcome = HTTP_ANSWERED,
                            .status = status,
                            .body = exact,
                            .body_len = strlen(body),
                            .retry_after_ms = -1};

    for (size_t i = 0; i < n; i++)
        v[i] = (struct provider_verdict){.verdict = VERDICT_UNKNOWN, .retry_after_ms = -1};
    tencent_driver.classify(&conf, m, n, &a, v);
    free(exact);
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
    struct provider_msg m = message("+8613800000001", "今晚停水", "n.0.1");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        struct provider_verdict v;
        char body[400];

        snprintf(body, sizeof(body),
                 "{\"Response\":{\"Error\":{\"Code\":\"%s\",\"Message\":\"m\"},\"RequestId\":\"r\"}}",
                 codes[i].code);
        classify(&m, 1, 200, body, &v);
        compare(&codes[i], &v, "request");
        snprintf(body, sizeof(body),
                 "{\"Response\":{\"SendStatusSet\":[{\"SerialNo\":\"\",\"PhoneNumber\":\"+8613800000001\","
                 "\"Fee\":0,"
                 "\"Code\":\"%s\",\"Message\":\"m\"}],\"RequestId\":\"r\"}}",
                 codes[i].code);
        classify(&m, 1, 200, body, &v);
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
    m[0] = m[3] = message("+8613800000001", "a", "n.0.1");
    m[1] = message("+8613800000002", "a", "n.1.1");
    m[2] = message("+8613800000003", "a", "n.2.1");
    classify(m, 4, 200,
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
    classify(m, 2, 200, SET_OF(RESULT("", "Ok", "5000:1") "," RESULT("", "ServiceUnavailable", "")), v);
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
    struct provider_msg m[2] = {message("+8613800000001", "a", "n.0.1"),
                                message("+8613800000002", "a", "n.1.1")};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        struct provider_verdict v[2];

        classify(m, 2, odd[i].status, odd[i].body, v);
        if (v[0].verdict != odd[i].verdict || (v[1].verdict != odd[i].verdict && i > 0))
            fail_msg("%d %s: %s", odd[i].status, odd[i].body, verdict_name(v[0].verdict));
    }
}

static void test_of_several_nobody_is_judged_for_another(void **state)
{
    struct provider_msg m[2] = {message("+8613800000001", "a", "n.0.1"),
                                message("+8613800000002", "a", "n.1.1")};
    struct provider_verdict v[2];

    (void)state;
    classify(m, 2, 200, "{\"Response\":{\"Error\":{\"Code\":\"FailedOperation.PhoneNumberInBlacklist\"}}}",
             v);
    assert_int_equal(v[1].verdict, VERDICT_RETRY);
    assert_int_equal(v[1].scope, THROTTLE_RECIPIENT);
    assert_int_equal(v[1].about, ABOUT_NOTHING);
    classify(m, 2, 200, "{\"Response\":{\"Error\":{\"Code\":\"FailedOperation.ContainSensitiveWord\"}}}", v);
    assert_int_equal(v[1].verdict, VERDICT_BAD_MESSAGE);
}

/* ---- callbacks ---- */

static struct provider_receipt receipts[4];
static struct provider_reply replies[4];
static size_t n_receipts, n_replies, n_bad;

static void on_receipt(void *arg, const struct provider_receipt *r)
{
    (void)arg;
    assert_true(n_receipts < ARRAY_LEN(receipts));
    receipts[n_receipts++] = *r;
}

static void on_reply(void *arg, const struct provider_reply *r)
{
    (void)arg;
    assert_true(n_replies < ARRAY_LEN(replies));
    assert_memory_equal(r->text, "报名", r->text_len);
    replies[n_replies++] = *r;
}

static void on_bad(void *arg, const struct provider_bad *b)
{
    (void)arg;
    (void)b;
    n_bad++;
}

static int call(const char *kind, const char *body, struct err *e)
{
    static const struct provider_sink sink = {
        .receipt = on_receipt, .reply = on_reply, .bad_receipt = on_bad, .bad_reply = on_bad};
    struct provider_callback in = {.method = "POST",
                                   .kind = kind,
                                   .url = "",
                                   .query = "",
                                   .content_type = "",
                                   .body = body,
                                   .body_len = strlen(body)};
    struct provider_ack ack = {.body = BUF_INIT(100)};
    int told;

    n_receipts = n_replies = n_bad = 0;
    told = tencent_driver.callback(&conf, &in, &sink, &ack, e);
    assert_true(told < 0 || strcmp(buf_cstr(&ack.body), "{\"result\":0,\"errmsg\":\"OK\"}") == 0);
    buf_fini(&ack.body);
    return told;
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
    assert_int_equal(n_receipts, 3);
    assert_int_equal(n_bad, 2);
    assert_int_equal(receipts[0].state, RECIPIENT_DELIVERED);
    assert_string_equal(receipts[0].id, "5000:1");
    assert_string_equal(receipts[0].ref, "");
    assert_string_equal(receipts[0].to, "+8613800000001");
    assert_int_equal(receipts[1].state, RECIPIENT_FAILED);
    assert_int_equal(receipts[1].about, ABOUT_DEAD_NUMBER);
    assert_string_equal(receipts[1].detail, "MK:0001: no such number");
    assert_string_equal(receipts[2].detail, "NEW: d");
}

#define WROTE(time)                                                                                           \
    "{\"extend\":\"10\",\"mobile\":\"13800000001\",\"nationcode\":\"86\",\"sign\":\"s\",\"text\":\"报名\"," \
    "\"time\":" time "}"

static void test_replies_are_known_by_all_they_say(void **state)
{
    struct err e;

    (void)state;
    assert_int_equal(call("reply", WROTE("1457336869"), &e), 1);
    assert_int_equal(replies[0].sent_at, 1457336869000);
    assert_string_equal(replies[0].from, "+8613800000001");
    assert_int_equal(strlen(replies[0].id), 71);
    assert_int_equal(
        call("reply", "[" WROTE("1457336869") "," WROTE("1457336869") "," WROTE("1457336870") "]", &e), 3);
    assert_string_equal(replies[0].id, replies[1].id);
    assert_string_not_equal(replies[0].id, replies[2].id);
    assert_int_equal(call("reply", "{\"mobile\":\"98000001\",\"nationcode\":\"852\",\"text\":\"报名\"}", &e),
                     1);
    assert_string_equal(replies[0].from, "+85298000001");
    assert_int_equal(replies[0].sent_at, 0);
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

#define UNIT(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_the_known_request),
        UNIT(test_several_numbers),
        UNIT(test_variables_with_numbers_stand_where_the_numbers_say),
        UNIT(test_a_text_that_no_template_says_is_not_sent),
        UNIT(test_what_travels_together),
        UNIT(test_settings),
        UNIT(test_templates),
        UNIT(test_every_code_for_the_request_and_for_a_number),
        UNIT(test_every_number_has_its_own_verdict),
        UNIT(test_answers_that_are_none),
        UNIT(test_of_several_nobody_is_judged_for_another),
        UNIT(test_reports),
        UNIT(test_replies_are_known_by_all_they_say),
        UNIT(test_what_is_none_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
