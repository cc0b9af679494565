/* Driver wechat: requests byte for byte, what answers mean, every code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "provider/drivers.h"
#include "provider/vendor.h"
#include "provider/wechat_int.h"
#include "tests/support/driver_bed.h"

#define APP "wxb11529c136998cb6"
#define NOW 1716192000000ll

static char secret_text[] = "app-\"secret", key_text[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
            token_text[] = "pamtest", hook_text[] = "hook", none_text[] = "";
static const struct secret secret = {.value = secret_text, .len = 11}, key = {.value = key_text, .len = 43},
                           token = {.value = token_text, .len = 7}, hook = {.value = hook_text, .len = 4},
                           none = {.value = none_text, .len = 0};
static struct vendor_template water;

static struct provider_conf conf(void)
{
    return (struct provider_conf){.name = "wx",
                                  .driver = "wechat",
                                  .channel = "wechat",
                                  .url = "https://api.weixin.qq.com",
                                  .account = APP,
                                  .app = "",
                                  .sender = "",
                                  .region = "",
                                  .variant = "",
                                  .public_url = "",
                                  .secret = &secret,
                                  .hook_secret = &hook,
                                  .hook_token = &token,
                                  .hook_key = &key,
                                  .templates = &water,
                                  .n_templates = 1,
                                  .batch = 1};
}

static struct provider_msg message(const char *text, enum provider_purpose purpose)
{
    return (struct provider_msg){.to = "oABCDEFGHIJKLMNOPQRSTUVWXYZ1",
                                 .text = text,
                                 .text_len = strlen(text),
                                 .ref = "n-1.0.2",
                                 .lane = LANE_NORMAL,
                                 .purpose = purpose};
}

static void what_an_account_needs(void **state)
{
    static const struct {
        const char *field, *account, *channel, *variant;
        const struct secret *secret, *hook_token, *hook_key;
    } rows[] = {
        {"account",    "gh_1", "wechat", "",                &secret, &token, &key   },
        {"secret",     APP,    "wechat", "",                &none,   &token, &key   },
        {"channel",    APP,    "sms",    "",                &secret, &token, &key   },
        {"variant",    APP,    "wechat", "mass",            &secret, &token, &key   },
        {"hook_token", APP,    "wechat", "",                &secret, &none,  &key   },
        {"hook_key",   APP,    "wechat", "",                &secret, &token, &none  },
        {"hook_key",   APP,    "wechat", "plain",           &secret, &token, &secret},
        {NULL,         APP,    "wechat", "plain",           &secret, &token, &none  },
        {NULL,         APP,    "wechat", "subscribe,plain", &secret, &token, &key   },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct provider_conf c = conf();
        struct err e = {{0}, {0}, {0}};
        int rc;

        c.account = rows[i].account, c.channel = rows[i].channel, c.variant = rows[i].variant;
        c.secret = rows[i].secret, c.hook_token = rows[i].hook_token, c.hook_key = rows[i].hook_key;
        rc = wechat_driver.check(&c, &e);
        if (rc != (rows[i].field != NULL ? -1 : 0) || (rc != 0 && strcmp(e.field, rows[i].field) != 0))
            fail_msg("row %zu: %d %s %s", i, rc, e.field, e.msg);
    }
}

/* ---- requests ---- */

static void expect_request(const struct provider_conf *c, const struct provider_msg *m, const char *path,
                           const char *body)
{
    struct provider_request r;
    char url[200];
    struct err e = {{0}, {0}, {0}};

    provider_request_init(&r);
    r.token = "T_1-x";
    assert_true(snprintf(url, sizeof(url), "https://api.weixin.qq.com%s?access_token=T_1-x", path) > 0);
    for (int again = 0; again < 2; again++) {
        if (wechat_driver.build(c, m, 1, &r, &e) != 0)
            fail_msg("%s", e.msg);
        assert_string_equal(buf_cstr(&r.body), body);
        assert_string_equal(r.call.url, url);
        assert_string_equal(r.call.method, "POST");
        assert_string_equal(r.header_list[0], "Content-Type: application/json; charset=utf-8");
    }
    provider_request_fini(&r);
}

static void a_notice_goes_by_its_template_with_our_reference(void **state)
{
    struct provider_conf c = conf();
    struct provider_msg m = message("停水通知: \"五号楼\", 时间 9:00", PURPOSE_NOTICE);

    (void)state;
    expect_request(&c, &m, "/cgi-bin/message/template/send",
                   "{\"touser\":\"oABCDEFGHIJKLMNOPQRSTUVWXYZ1\",\"template_id\":\"tpl-1\",\"client_msg_id\":"
                   "\"n-1.0.2\","
                   "\"data\":{\"thing1\":{\"value\":\"\\\"五号楼\\\"\"},\"time2\":{\"value\":\"9:00\"}}}");
    c.variant = "subscribe";
    expect_request(&c, &m, "/cgi-bin/message/subscribe/bizsend",
                   "{\"touser\":\"oABCDEFGHIJKLMNOPQRSTUVWXYZ1\",\"template_id\":\"tpl-1\","
                   "\"data\":{\"thing1\":{\"value\":\"\\\"五号楼\\\"\"},\"time2\":{\"value\":\"9:00\"}}}");
    c.variant = "";
    m.ref = "a-name-of-sixty-four-characters-which-is-the-longest-there-may.b.123456789.4294967295";
    struct provider_request r;
    struct err e;
    provider_request_init(&r);
    r.token = "T";
    assert_int_equal(wechat_driver.build(&c, &m, 1, &r, &e), 0);
    const char *id = strstr(buf_cstr(&r.body), "client_msg_id\":\"");
    assert_non_null(id);
    assert_int_equal(strcspn(id + 16, "\""), 64);
    provider_request_fini(&r);
}

static void an_answer_is_free_text(void **state)
{
    struct provider_conf c = conf();
    struct provider_msg m = message("您已报名\n第 3 位", PURPOSE_ANSWER);

    (void)state;
    expect_request(&c, &m, "/cgi-bin/message/custom/send",
                   "{\"touser\":\"oABCDEFGHIJKLMNOPQRSTUVWXYZ1\",\"msgtype\":\"text\",\"text\":{\"content\":"
                   "\"您已报名\\n第 3 位\"}}");
}

static void what_no_template_says_is_known_before(void **state)
{
    struct provider_conf c = conf();
    struct provider_msg m = message("别的", PURPOSE_NOTICE),
                        lengthy = message("停水通知: 一二三四五六七八九十一二三四五六七八九十一, 时间 9:00",
                                          PURPOSE_NOTICE);
    struct provider_request r;
    struct err e;

    (void)state;
    provider_request_init(&r);
    r.token = "T";
    assert_int_equal(wechat_driver.fits(&c, &m, &e), -1);
    assert_int_equal(wechat_driver.build(&c, &m, 1, &r, &e), -1);
    assert_string_equal(e.code, "bad-message");
    assert_int_equal(wechat_driver.fits(&c, &lengthy, &e), -1);
    assert_non_null(strstr(e.msg, "{{thing1}} has 21 characters of at most 20"));
    m.purpose = PURPOSE_ANSWER;
    assert_int_equal(wechat_driver.fits(&c, &m, &e), 0);
    m.text_len = 2049;
    assert_int_equal(wechat_driver.fits(&c, &m, &e), -1);
    provider_request_fini(&r);
}

static void the_request_for_a_token(void **state)
{
    struct provider_conf c = conf();
    struct provider_request r;
    struct err e;

    (void)state;
    provider_request_init(&r);
    assert_int_equal(wechat_driver.token->build(&c, false, &r, &e), 0);
    assert_string_equal(r.call.url, "https://api.weixin.qq.com/cgi-bin/stable_token");
    assert_string_equal(buf_cstr(&r.body), "{\"grant_type\":\"client_credential\",\"appid\":\"" APP
                                           "\",\"secret\":\"app-\\\"secret\",\"force_refresh\":false}");
    assert_int_equal(wechat_driver.token->build(&c, true, &r, &e), 0);
    assert_non_null(strstr(buf_cstr(&r.body), "\"force_refresh\":true"));
    provider_request_fini(&r);
}

/* ---- answers ---- */

static struct provider_verdict judge(int status, const char *body)
{
    struct provider_conf c = conf();
    struct provider_msg m = message("x", PURPOSE_NOTICE);
    struct provider_verdict v;

    driver_judge(&wechat_driver, &c, &m, 1, status, body, -1, &v);
    return v;
}

static const struct driver_class classes[] = {
    {VERDICT_SENT,          false, ABOUT_NOTHING, "0"                                                    },
    {VERDICT_RETRY,         false, ABOUT_NOTHING, "-1 61450"                                             },
    {VERDICT_THROTTLED,     false, ABOUT_NOTHING, "45011"                                                },
    {VERDICT_BAD_ACCOUNT,   true,  ABOUT_NOTHING, "40001 40014 42001 41001 42007"                        },
    {VERDICT_BAD_ACCOUNT,   false, ABOUT_NOTHING,
     "40013 40125 41002 41004 40243 40164 89503 89506 89507 50004 50007 45009 48001 48004 48008 50001 50002 "
     "61007 45028"                                                                                       },
    {VERDICT_BAD_RECIPIENT, false, ABOUT_NOTHING, "45047 45015 43004 50005 40003 43019 43101 48002 46004"},
    {VERDICT_BAD_MESSAGE,   false, ABOUT_NOTHING,
     "40036 40037 41028 40039 40048 41030 40165 47001 47003 40033 40035 40038 44002 44004 45002 43002 43116 "
     "45065 45066 45067"                                                                                 },
};

static void every_code_has_its_class(void **state)
{
    struct provider_conf c = conf();
    struct provider_msg m = message("x", PURPOSE_NOTICE);

    (void)state;
    assert_int_equal(driver_check_classes(&wechat_driver, &c, &m, 1, 200,
                                          "{\"errcode\":%s,\"errmsg\":\"x rid: 1-2-3\"}", classes,
                                          ARRAY_LEN(classes)),
                     wechat_n_rows);
}

static void answers_are_judged(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum verdict verdict;
        const char *id;
    } rows[] = {
        {200, "{\"errcode\":0,\"errmsg\":\"ok\",\"msgid\":3557254367693750277}", VERDICT_SENT,
         "3557254367693750277"                                                                          },
        {200, "{\"errcode\":0,\"errmsg\":\"ok\"}",                               VERDICT_SENT,        ""},
        {200, "{\"errmsg\":\"ok\"}",                                             VERDICT_UNKNOWN,     ""},
        {200, "{\"errcode\":\"0\"}",                                             VERDICT_UNKNOWN,     ""},
        {200, "{\"errcode\":99999}",                                             VERDICT_UNKNOWN,     ""},
        {200, "<html>",                                                          VERDICT_UNKNOWN,     ""},
        {500, "{\"errcode\":0}",                                                 VERDICT_UNKNOWN,     ""},
        {503, "",                                                                VERDICT_RETRY,       ""},
        {429, "",                                                                VERDICT_THROTTLED,   ""},
        {403, "",                                                                VERDICT_BAD_ACCOUNT, ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct provider_verdict v = judge(rows[i].status, rows[i].body);

        if (v.verdict != rows[i].verdict || strcmp(v.id, rows[i].id) != 0)
            fail_msg("row %zu: %s \"%s\"", i, verdict_name(v.verdict), v.id);
    }
}

static int start(void **state)
{
    struct err e;

    (void)state;
    return vendor_template_init(&water, "water", "tpl-1", "停水通知: {{thing1}}, 时间 {{time2}}", NULL, &e);
}

static int stop(void **state)
{
    (void)state;
    vendor_template_fini(&water);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_account_needs),
        cmocka_unit_test(a_notice_goes_by_its_template_with_our_reference),
        cmocka_unit_test(an_answer_is_free_text),
        cmocka_unit_test(what_no_template_says_is_known_before),
        cmocka_unit_test(the_request_for_a_token),
        cmocka_unit_test(every_code_has_its_class),
        cmocka_unit_test(answers_are_judged),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
