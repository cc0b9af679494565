/* Driver tencent: requests byte for byte, all settings. */
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
#include "tests/support/driver_bed.h"
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

/* ---- requests ---- */

/* The body and the signature of vector TC3-c, which is a whole request to this API. */
static void check_vector(const json_t *v, const char *expect)
{
    json_t *body = json_loads(vectors_str(v, "body"), 0, NULL);
    const char *phone = json_string_value(json_array_get(json_object_get(body, "PhoneNumberSet"), 0));
    struct provider_msg m = driver_msg(phone, "张三您好,08:30球赛", "m-42");
    char line[300];
    struct err e;

    if (strcmp(vectors_str(v, "service"), "sms") == 0) {
        assert_int_equal(tencent_driver.build(&conf, &m, 1, &req, &e), 0);
        assert_string_equal(req.call.body, vectors_str(v, "body"));
        snprintf(line, sizeof(line),
                 "Authorization: TC3-HMAC-SHA256 Credential=testSecretId/2024-05-20/sms/tc3_request, "
                 "SignedHeaders=content-type;host, Signature=%s",
                 expect);
        driver_has_header(&req, line);
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
    driver_has_header(&req, "Content-Type: application/json; charset=utf-8");
    driver_has_header(&req, "X-TC-Action: SendSms");
    driver_has_header(&req, "X-TC-Version: 2021-01-11");
    driver_has_header(&req, "X-TC-Region: ap-guangzhou");
    driver_has_header(&req, "X-TC-Timestamp: 1716192000");
    assert_null(req.header_list[6]);
}

static void test_several_numbers(void **state)
{
    struct provider_msg m[2] = {driver_msg("+8613800000001", "今晚停水", "n.0.1"),
                                driver_msg("+8613800000002", "今晚停水", "n.1.1")};
    struct err e;

    (void)state;
    conf.sender = "10";
    conf.region = "ap-beijing";
    assert_int_equal(tencent_driver.build(&conf, m, 2, &req, &e), 0);
    assert_string_equal(
        req.call.body,
        "{\"PhoneNumberSet\":[\"+8613800000001\",\"+8613800000002\"],\"SmsSdkAppId\":"
        "\"1400006666\",\"TemplateId\":\"1111\",\"SignName\":\"测试签名\",\"ExtendCode\":\"10\"}");
    driver_has_header(&req, "X-TC-Region: ap-beijing");
}

static void test_variables_with_numbers_stand_where_the_numbers_say(void **state)
{
    struct provider_msg m = driver_msg("+8613800000001", "九点,\"广场\"见", "n.0.1");
    struct err e;

    (void)state;
    assert_int_equal(tencent_driver.build(&conf, &m, 1, &req, &e), 0);
    assert_non_null(strstr(req.call.body, "\"TemplateParamSet\":[\"\\\"广场\\\"\",\"九\"]"));
}

static void test_a_text_that_no_template_says_is_not_sent(void **state)
{
    struct provider_msg m = driver_msg("+8613800000001", "别的", "n.0.1");
    struct err e;

    (void)state;
    assert_int_equal(tencent_driver.build(&conf, &m, 1, &req, &e), -1);
    assert_string_equal(e.code, "bad-message");
    assert_int_equal(tencent_driver.fits(&conf, &m, &e), -1);
}

static void test_what_travels_together(void **state)
{
    struct provider_msg a = driver_msg("+8613800000001", "今晚停水", "n.0.1"),
                        same = driver_msg("+8613800000002", "今晚停水", "n.1.1"),
                        other = driver_msg("+8613800000002", "九点,广场见", "n.1.1"),
                        abroad = driver_msg("+85298000001", "今晚停水", "n.1.1");

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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
