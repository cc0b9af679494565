/* The descriptions in config/providers.d: they load with what their header asks for, and their requests byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>

#include "base/mem.h"
#include "tests/support/http_bed.h"
#include "tests/support/vectors.h"

static struct http_bed b;
static struct vendor_template water;

/* ---- the header: "# settings: a, b" ---- */

static const char *const no_settings[] = {NULL};

/* What stands behind "# WORD: " in the file, as a list of settings "name=value"; ${n} of them. */
static size_t header(const char *path, const char *word, const char *value, char out[][80])
{
    char line[600], key[40];
    FILE *f = fopen(path, "r");
    size_t n = 0;

    assert_non_null(f);
    assert_true(snprintf(key, sizeof(key), "# %s: ", word) > 0);
    while (fgets(line, sizeof(line), f) != NULL && line[0] == '#') {
        char *save = NULL;

        if (strncmp(line, key, strlen(key)) != 0)
            continue;
        for (char *w = strtok_r(line + strlen(key), ", \n", &save); w != NULL;
             w = strtok_r(NULL, ", \n", &save))
            assert_true(snprintf(out[n++], sizeof(out[0]), "%s=%s", w, value) > 0);
    }
    (void)fclose(f);
    return n;
}

static void check_one(const char *name)
{
    char path[300], given[HTTP_BED_MAX][80], batch[4][80], options[8][80];
    const char *list[HTTP_BED_MAX + 1] = {NULL};
    size_t n, n_options;

    assert_true(snprintf(path, sizeof(path), "config/providers.d/%s.conf", name) > 0);
    n = header(path, "settings", "x", given);
    n += header(path, "optional", "x", given + n);
    n_options = header(path, "options", "x", options);
    for (size_t i = 0; i < n_options; i++)
        if (strncmp(options[i], "hook_token=", 11) == 0)
            memcpy(given[n++], options[i], sizeof(given[0]));
    for (size_t i = 0; i < n; i++)
        list[i] = given[i];
    if (http_bed_ship(&b, name, NULL, list) != 0)
        fail_msg("%s", b.e.msg);
    if (b.conf.url[0] == '\0')
        b.conf.url = "https://given.example";
    b.conf.templates = &water;
    b.conf.n_templates = 1;
    assert_int_equal(header(path, "batch", "", batch), 1);
    b.conf.batch = (size_t)strtoul(batch[0], NULL, 10);
    if (http_driver.check(&b.conf, &b.e) != 0)
        fail_msg("%s: %s", name, b.e.msg);
    b.conf.batch++;
    assert_int_equal(http_driver.check(&b.conf, &b.e), -1); /* the header tells the largest */
    assert_string_equal(b.e.field, "batch");
    http_bed_close(&b);
}

/* Without any one of its settings it is refused, and so is one more. */
static void check_each_setting(const char *name)
{
    char path[300], given[HTTP_BED_MAX][80];
    size_t n;

    assert_true(snprintf(path, sizeof(path), "config/providers.d/%s.conf", name) > 0);
    n = header(path, "settings", "x", given);
    for (size_t left_out = 0; left_out <= n; left_out++) {
        const char *list[HTTP_BED_MAX + 1] = {NULL};
        size_t to = 0;

        for (size_t i = 0; i < n; i++)
            if (i != left_out)
                list[to++] = given[i];
        list[to++] = "hook_token=x";
        if (left_out == n)
            list[to++] = "slip=x";
        assert_int_equal(http_bed_ship(&b, name, "https://given.example", list), 0);
        b.conf.templates = &water;
        b.conf.n_templates = 1;
        if (http_driver.check(&b.conf, &b.e) == 0)
            fail_msg("%s: taken without %s", name, left_out < n ? given[left_out] : "a word about slip");
        assert_string_equal(b.e.field, "settings");
        http_bed_close(&b);
    }
}

static void test_every_description_loads_with_the_settings_of_its_header(void **state)
{
    DIR *dir = opendir("config/providers.d");
    const struct dirent *d;
    size_t n = 0;

    (void)state;
    assert_non_null(dir);
    while ((d = readdir(dir)) != NULL) {
        size_t len = strlen(d->d_name);
        char name[100];

        if (len < 6 || len > sizeof(name) || strcmp(d->d_name + len - 5, ".conf") != 0)
            continue;
        memcpy(name, d->d_name, len - 5);
        name[len - 5] = '\0';
        check_one(name);
        check_each_setting(name);
        n++;
    }
    closedir(dir);
    assert_true(n >= 9);
}

/* ---- requests ---- */

static void build(const char *name, const char *url, const char *const *settings,
                  const struct provider_msg *m, size_t n)
{
    if (http_bed_ship(&b, name, url, settings) != 0)
        fail_msg("%s", b.e.msg);
    b.conf.templates = &water;
    b.conf.n_templates = 1;
    b.conf.batch = n;
    if (http_driver.check(&b.conf, &b.e) != 0 || http_driver.build(&b.conf, m, n, &b.req, &b.e) != 0)
        fail_msg("%s: %s", name, b.e.msg);
}

#define FORM_TYPE "Content-Type: application/x-www-form-urlencoded; charset=utf-8"
#define TEXT      "停电 通知"
#define CODED     "%E3%80%90%E6%B5%8B%E8%AF%95%E7%AD%BE%E5%90%8D%E3%80%91%E5%81%9C%E7%94%B5"

static const struct {
    const char *name, *url;
    const char *settings[6];
    const char *method, *to, *headers[4], *body;
} requests[] = {
    {"yunpian",
     NULL,                       {"apikey=k&1"},
     "POST", "https://sms.yunpian.com/v2/sms/single_send.json",
     {FORM_TYPE},
     "apikey=k%261&mobile=13800000001&text=" CODED "+%E9%80%9A%E7%9F%A5&uid=n1.0.1"             },
    {"yunpian",
     "http://127.0.0.1:9/",      {"apikey=k", "extend=01"},
     "POST", "http://127.0.0.1:9/v2/sms/single_send.json",
     {FORM_TYPE},
     "apikey=k&mobile=13800000001&text=" CODED "+%E9%80%9A%E7%9F%A5&uid=n1.0.1&extend=01"       },
    {"smsbao",
     NULL,                       {"user=u 1", "password=secret"},
     "GET",  "https://api.smsbao.com/sms?u=u%201&p=5ebe2294ecd0e0f08eab7690d2a6ee69&m=13800000001&c=" CODED
     "%20%E9%80%9A%E7%9F%A5",                               {NULL},
     NULL                                                                                       },
    {"huyi",
     NULL,                       {"id=cf_demo", "key=apikey123"},
     "POST", "https://106.ihuyi.com/webservice/sms.php?method=Submit",
     {FORM_TYPE},
     "account=cf_demo&mobile=13800000001&content=" CODED
     "+%E9%80%9A%E7%9F%A5&time=1716192000&format=json&password=465c66edca592d6843861f32348c22e9"},
    {"chuanglan",
     NULL,                       {"account=N\"1", "password=p", "receiver=r", "pswd=s"},
     "POST", "https://smssh1.253.com/msg/v1/send/json",
     {"Content-Type: application/json"},
     "{\"account\":\"N\\\"1\",\"password\":\"p\",\"phone\":\"13800000001\",\"msg\":\"【测试签名】" TEXT
     "\",\"report\":\"true\",\"uid\":\"n1.0.1\"}"                                               },
    {"luosimao",
     NULL,                       {"apikey=abc"},
     "POST", "https://sms-api.luosimao.com/v1/send.json",
     {FORM_TYPE, "Authorization: Basic YXBpOmtleS1hYmM="},
     "mobile=13800000001&message=%E5%81%9C%E7%94%B5+%E9%80%9A%E7%9F%A5%E3%80%90%E6%B5%8B%E8%AF%95%E7%AD%BE%"
     "E5%90%8D%E3%80%91"                                                                        },
    {"submail",
     NULL,                       {"appid=1", "appkey=k", "hook_token=t"},
     "POST", "https://api-v4.mysubmail.com/sms/send.json",
     {FORM_TYPE},
     "appid=1&to=13800000001&content=" CODED "+%E9%80%9A%E7%9F%A5&tag=n1.0.1&signature=k"       },
    {"kannel",
     "http://192.168.1.5:13013", {"user=foo", "password=b r"},
     "GET",  "http://192.168.1.5:13013/cgi-bin/sendsms?username=foo&password=b%20r&to=%2B8613800000001&text=" CODED
     "%20%E9%80%9A%E7%9F%A5&coding=2&charset=UTF-8&dlr-mask=19&dlr-url="
     "https%3A%2F%2Fvenus.example%2Fhooks%2Fp1%2Fhook-secret%2Freceipt%3Fref%3Dn1.0.1%26type%3D%25d%26answer%"
     "3D%25A%26fid%3D%25F",                                 {NULL},
     NULL                                                                                       },
    {"android-sms-gateway",
     "http://192.168.1.20:8080", {"user=sms", "password=pw", "hook_token=t"},
     "POST", "http://192.168.1.20:8080/messages",
     {"Content-Type: application/json", "Authorization: Basic c21zOnB3"},
     "{\"id\":\"18c407bd3b2f7df78b92bd05a0703d07\",\"textMessage\":{\"text\":\"【测试签名】" TEXT
     "\"},\"phoneNumbers\":[\"+8613800000001\"],"
     "\"withDeliveryReport\":true,\"ttl\":3600}"                                                },
};

static void test_requests_are_byte_for_byte(void **state)
{
    struct provider_msg m = driver_msg("+8613800000001", TEXT, "n1.0.1");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        build(requests[i].name, requests[i].url, requests[i].settings, &m, 1);
        assert_string_equal(b.req.call.method, requests[i].method);
        assert_string_equal(b.req.call.url, requests[i].to);
        if (requests[i].body == NULL)
            assert_null(b.req.call.body);
        else
            assert_string_equal(b.req.call.body, requests[i].body);
        for (size_t k = 0; k < 4; k++) {
            if (requests[i].headers[k] == NULL) {
                assert_null(b.req.header_list[k]);
                break;
            }
            assert_string_equal(b.req.header_list[k], requests[i].headers[k]);
        }
        http_bed_close(&b);
    }
}

static void test_huawei_sends_a_template_to_several(void **state)
{
    static const char *const settings[] = {"key=k1", "secret=appsecret1", "channel=8820", NULL};
    struct provider_msg m[2] = {driver_msg("+8613800000001", "今晚八点停水，共2小时。", "n1.0.1"),
                                driver_msg("+8613800000002", "今晚八点停水，共2小时。", "n1.1.1")};

    (void)state;
    build("huawei", "https://smsapi.example:443", settings, m, 2);
    assert_string_equal(b.req.call.url, "https://smsapi.example:443/sms/batchSendSms/v1");
    assert_string_equal(b.req.header_list[1],
                        "Authorization: WSSE realm=\"SDP\",profile=\"UsernameToken\",type=\"Appkey\"");
    assert_string_equal(b.req.header_list[2],
                        "X-WSSE: UsernameToken "
                        "Username=\"k1\",PasswordDigest=\"rBC4CnN7EiD9fEdA5m3DvjhiWqb3b3rzL4I7CGrVLDg=\","
                        "Nonce=\"0123456789abcdef0123456789abcdef\",Created=\"2024-05-20T08:00:00Z\"");
    assert_string_equal(b.req.call.body,
                        "from=8820&to=%2B8613800000001%2C%2B8613800000002&templateId=TPL1&templateParas="
                        "%5B%22%E4%BB%8A%E6%99%9A%E5%85%AB%E7%82%B9%22%2C%222%22%5D&statusCallback="
                        "https%3A%2F%2Fvenus.example%2Fhooks%2Fp1%2Fhook-secret%2Freceipt");
    m[1].text = "今晚九点停水，共2小时。";
    assert_false(http_driver.joins(&b.conf, &m[0], &m[1]));
    m[0].text = "没有这样的模板";
    m[0].text_len = strlen(m[0].text);
    assert_int_equal(http_driver.fits(&b.conf, m, &b.e), -1);
    assert_int_equal(http_driver.build(&b.conf, m, 1, &b.req, &b.e), -1);
    assert_string_equal(b.e.code, "bad-message");
    http_bed_close(&b);
}

static void check_huyi(const json_t *v, const char *expect)
{
    static const char *const settings[] = {"id=cf_demo", "key=apikey123", NULL};
    struct provider_msg m = driver_msg("+8613800138000", "停电通知", "n1.0.1");
    char want[80];

    if (strcmp(vectors_str(v, "name"), "huyi") != 0)
        return;
    build("huyi", NULL, settings, &m, 1);
    assert_true(snprintf(want, sizeof(want), "&password=%s", expect) > 0);
    assert_non_null(strstr(b.req.call.body, want));
    http_bed_close(&b);
}

static void check_smsbao(const json_t *v, const char *expect)
{
    static const char *const settings[] = {"user=u", "password=secret", NULL};
    struct provider_msg m = driver_msg("+8613800138000", "停电通知", "n1.0.1");

    if (strcmp(vectors_str(v, "name"), "smsbao-password") != 0)
        return;
    build("smsbao", NULL, settings, &m, 1);
    assert_non_null(strstr(b.req.call.url, expect));
    http_bed_close(&b);
}

static void test_known_digests_come_out_of_the_shipped_descriptions(void **state)
{
    (void)state;
    vectors_each("digest", check_huyi);
    vectors_each("digest", check_smsbao);
}

/* The fact sheet's vector: both ways of writing the digest. */
static void test_huawei_digest(void **state)
{
    static const char text[] =
        "[let]\nc = ${utc('%Y-%m-%dT%H:%M:%SZ')}\n[request]\nbase = https://a.example\nraw = "
        "${b64(sha256(cat('0123456789abcdef', let.c, 'appsecret1')))} "
        "${b64(hex(sha256(cat('0123456789abcdef', let.c, 'appsecret1'))))}\n[response]\nok = /c == 0\n";
    struct provider_msg m = driver_msg("+8613800138000", "x", "n1.0.1");

    (void)state;
    assert_int_equal(http_bed_open(&b, text, NULL, no_settings), 0);
    assert_int_equal(http_driver.build(&b.conf, &m, 1, &b.req, &b.e), 0);
    assert_string_equal(
        b.req.call.body,
        "mFx5VbXPS5hF3l7lqJ9x5882y+Yrd+2ru5mGCkI0EAA= "
        "OTg1Yzc5NTViNWNmNGI5ODQ1ZGU1ZWU1YTg5ZjcxZTdjZjM2Y2JlNjJiNzdlZGFiYmI5OTg2MGE0MjM0MTAwMA==");
    http_bed_close(&b);
}

/* ---- the example of the document ---- */

static void test_the_example_in_the_document_works(void **state)
{
    static const char *const settings[] = {"user=venus", "key=k1", NULL};
    struct provider_msg m = driver_msg("+8613800000001", "停电", "n1.0.1");
    static char text[100000];
    FILE *f = fopen("docs/PROVIDERS.md", "r");
    struct provider_verdict v;
    char *from, *end;

    (void)state;
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    (void)fclose(f);
    from = strstr(text, "```\n# settings: user, key\n");
    assert_non_null(from);
    end = strstr(from + 4, "```");
    assert_non_null(end);
    *end = '\0';
    if (http_bed_open(&b, from + 4, NULL, settings) != 0 || http_driver.check(&b.conf, &b.e) != 0 ||
        http_driver.build(&b.conf, &m, 1, &b.req, &b.e) != 0)
        fail_msg("%s", b.e.msg);
    assert_string_equal(b.req.call.url, "https://sms.acme.example/send");
    assert_string_equal(b.req.call.body, "user=venus&mobiles=13800000001&text=" CODED
                                         "&ts=1716192000&sig=EE2A2E9F8CBDE3AA2DCED1797AE1F1EC");
    http_bed_judge(&b, &m, 1, 200, "{\"ret\":\"0\",\"task\":\"t9\"}", &v);
    assert_int_equal(v.verdict, VERDICT_SENT);
    assert_string_equal(v.id, "t9");
    assert_int_equal(http_bed_call(&b, "GET", "receipt", "task=t9&mobile=13800000001&state=0", "", ""), 1);
    assert_int_equal(b.told.receipts[0].state, RECIPIENT_DELIVERED);
    assert_string_equal(b.told.ack, "OK");
    http_bed_close(&b);
}

/* ---- what a request refuses ---- */

static void test_an_address_that_is_no_number_is_a_bad_recipient(void **state)
{
    static const char *const settings[] = {"apikey=k", NULL};
    struct provider_msg m = driver_msg("wechat:oABC", "x", "n1.0.1");

    (void)state;
    assert_int_equal(http_bed_ship(&b, "yunpian", NULL, settings), 0);
    assert_int_equal(http_driver.build(&b.conf, &m, 1, &b.req, &b.e), -1);
    assert_string_equal(b.e.code, "bad-recipient");
    http_bed_close(&b);
    assert_int_equal(http_bed_ship(&b, "android-sms-gateway", "http://127.0.0.1:9",
                                   (const char *const[]){"user=u", "password=p", NULL}),
                     0);
    m = driver_msg("wecom:a\"b", "x", "n1.0.1"); /* it would break out of its JSON */
    assert_int_equal(http_driver.build(&b.conf, &m, 1, &b.req, &b.e), -1);
    assert_string_equal(b.e.code, "bad-recipient");
    http_bed_close(&b);
    assert_int_equal(http_bed_ship(&b, "yunpian", NULL, settings), 0);
    m = driver_msg("+85260000001", "x", "n1.0.1"); /* not of the mainland: as E.164 */
    assert_int_equal(http_driver.build(&b.conf, &m, 1, &b.req, &b.e), 0);
    assert_non_null(strstr(b.req.call.body, "mobile=%2B85260000001&"));
    http_bed_close(&b);
}

static void test_a_header_never_becomes_two(void **state)
{
    static const char *const settings[] = {"a=x\r\nEvil: 1", NULL};
    struct provider_msg m = driver_msg("+8613800138000", "x", "n1.0.1");

    (void)state;
    assert_int_equal(
        http_bed_open(
            &b, "[request]\nbase = https://a.example\n[headers]\nX-A = ${cfg.a}\n[response]\nok = /c == 0\n",
            NULL, settings),
        0);
    assert_int_equal(http_driver.build(&b.conf, &m, 1, &b.req, &b.e), -1);
    assert_non_null(strstr(b.e.msg, "header X-A would hold a control character"));
    http_bed_close(&b);
}

static void test_a_signature_that_stands_in_the_text_is_not_put_twice(void **state)
{
    static const char *const settings[] = {"apikey=k", NULL};
    struct provider_msg m = driver_msg("+8613800000001", "【测试签名】停电", "n1.0.1");

    (void)state;
    build("yunpian", NULL, settings, &m, 1);
    assert_non_null(strstr(b.req.call.body, "&text=" CODED "&uid"));
    http_bed_close(&b);
}

static int set_up(void **state)
{
    struct err e;

    (void)state;
    return vendor_template_init(&water, "water", "TPL1", "{{time}}停水，共{{hours}}小时。", NULL, &e);
}

static int tear_down(void **state)
{
    (void)state;
    vendor_template_fini(&water);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_description_loads_with_the_settings_of_its_header),
        cmocka_unit_test(test_requests_are_byte_for_byte),
        cmocka_unit_test(test_huawei_sends_a_template_to_several),
        cmocka_unit_test(test_known_digests_come_out_of_the_shipped_descriptions),
        cmocka_unit_test(test_huawei_digest),
        cmocka_unit_test(test_the_example_in_the_document_works),
        cmocka_unit_test(test_an_address_that_is_no_number_is_a_bad_recipient),
        cmocka_unit_test(test_a_header_never_becomes_two),
        cmocka_unit_test(test_a_signature_that_stands_in_the_text_is_not_put_twice),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
