/* Driver wecom: requests byte for byte, partial failures, every code, callbacks. */
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
#include "provider/wecom_int.h"
#include "tests/support/driver_bed.h"

#define CORP "wx5823bf96d3bd56c7"

static char secret_text[] = "s/+x", key_text[] = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
            token_text[] = "QDG6eK", hook_text[] = "hook", none_text[] = "";
static const struct secret secret = {.value = secret_text, .len = 4}, key = {.value = key_text, .len = 43},
                           token = {.value = token_text, .len = 6}, hook = {.value = hook_text, .len = 4},
                           none = {.value = none_text, .len = 0};

static struct provider_conf conf(void)
{
    return (struct provider_conf){.name = "wk",
                                  .driver = "wecom",
                                  .channel = "wecom",
                                  .url = "https://qyapi.weixin.qq.com",
                                  .account = CORP,
                                  .app = "218",
                                  .sender = "",
                                  .region = "",
                                  .variant = "",
                                  .public_url = "",
                                  .secret = &secret,
                                  .hook_secret = &hook,
                                  .hook_token = &token,
                                  .hook_key = &key,
                                  .batch = 100};
}

static struct provider_msg message(const char *to, const char *text, enum provider_purpose purpose)
{
    return (struct provider_msg){.to = to,
                                 .text = text,
                                 .text_len = strlen(text),
                                 .ref = "n.0.1",
                                 .lane = LANE_NORMAL,
                                 .purpose = purpose};
}

static void what_an_account_needs(void **state)
{
    static const struct {
        const char *field, *account, *app, *variant;
        const struct secret *secret, *hook, *key;
    } rows[] = {
        {"account",     "",   "218", "",      &secret, &hook, &key },
        {"app",         CORP, "",    "",      &secret, &hook, &key },
        {"app",         CORP, "x",   "",      &secret, &hook, &key },
        {"secret",      CORP, "218", "",      &none,   &hook, &key },
        {"variant",     CORP, "218", "x",     &secret, &hook, &key },
        {"hook_key",    CORP, "218", "",      &secret, &hook, &none},
        {"hook_secret", "",   "",    "robot", &secret, &hook, &key },
        {NULL,          "",   "",    "robot", &secret, &none, &none},
        {NULL,          CORP, "218", "",      &secret, &none, &none},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct provider_conf c = conf();
        struct err e = {{0}, {0}, {0}};
        int rc;

        c.account = rows[i].account, c.app = rows[i].app, c.variant = rows[i].variant;
        c.secret = rows[i].secret, c.hook_secret = rows[i].hook, c.hook_key = rows[i].key;
        rc = wecom_driver.check(&c, &e);
        if (rc != (rows[i].field != NULL ? -1 : 0) || (rc != 0 && strcmp(e.field, rows[i].field) != 0))
            fail_msg("row %zu: %d %s %s", i, rc, e.field, e.msg);
    }
}

static void expect_request(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                           const char *url, const char *body)
{
    struct provider_request r;
    struct err e = {{0}, {0}, {0}};

    provider_request_init(&r);
    r.token = "T";
    for (int again = 0; again < 2; again++) {
        if (wecom_driver.build(c, m, n, &r, &e) != 0)
            fail_msg("%s", e.msg);
        assert_string_equal(buf_cstr(&r.body), body);
        assert_string_equal(r.call.url, url);
    }
    provider_request_fini(&r);
}

static void members_are_told_together(void **state)
{
    struct provider_conf c = conf();
    struct provider_msg m[2] = {message("zhang.san", "停电\"1\"", PURPOSE_NOTICE),
                                message("LiSi", "停电\"1\"", PURPOSE_NOTICE)};

    (void)state;
    expect_request(&c, m, 2, "https://qyapi.weixin.qq.com/cgi-bin/message/send?access_token=T",
                   "{\"touser\":\"zhang.san|LiSi\",\"msgtype\":\"text\",\"agentid\":218,\"text\":{"
                   "\"content\":\"停电\\\"1\\\"\"},"
                   "\"safe\":0,\"enable_duplicate_check\":1,\"duplicate_check_interval\":600}");
    m[0].purpose = PURPOSE_ANSWER; /* may be due again at once */
    expect_request(&c, m, 1, "https://qyapi.weixin.qq.com/cgi-bin/message/send?access_token=T",
                   "{\"touser\":\"zhang.san\",\"msgtype\":\"text\",\"agentid\":218,\"text\":{\"content\":"
                   "\"停电\\\"1\\\"\"},\"safe\":0}");
}

static void a_robot_tells_the_group_and_mentions(void **state)
{
    struct provider_conf c = conf();
    struct provider_msg m[2] = {message("@all", "停电", PURPOSE_ALERT),
                                message("LiSi", "停电", PURPOSE_ALERT)};

    (void)state;
    c.variant = "robot";
    expect_request(
        &c, m, 2, "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=s%2F%2Bx",
        "{\"msgtype\":\"text\",\"text\":{\"content\":\"停电\",\"mentioned_list\":[\"@all\",\"LiSi\"]}}");
    assert_false(wecom_driver.token->needed(&c));
    c.variant = "";
    assert_true(wecom_driver.token->needed(&c));
}

static void only_what_is_the_same_goes_together(void **state)
{
    struct provider_conf c = conf();
    struct provider_msg a = message("a", "x", PURPOSE_NOTICE), b = message("b", "y", PURPOSE_NOTICE),
                        answer = message("b", "x", PURPOSE_ANSWER), alert = message("b", "x", PURPOSE_ALERT),
                        odd = message("b|c", "x", PURPOSE_NOTICE);
    struct err e;

    (void)state;
    assert_false(wecom_driver.joins(&c, &a, &b));
    assert_false(wecom_driver.joins(&c, &a, &answer));
    assert_true(wecom_driver.joins(&c, &a, &alert));
    assert_false(wecom_driver.joins(&c, &a, &odd));
    assert_int_equal(wecom_driver.fits(&c, &odd, &e), -1); /* it would be two people */
    a.text_len = 2049;
    assert_int_equal(wecom_driver.fits(&c, &a, &e), -1);
}

static void the_request_for_a_token(void **state)
{
    struct provider_conf c = conf();
    struct provider_request r;
    struct err e;

    (void)state;
    provider_request_init(&r);
    assert_int_equal(wecom_driver.token->build(&c, true, &r, &e), 0);
    assert_string_equal(r.call.url,
                        "https://qyapi.weixin.qq.com/cgi-bin/gettoken?corpid=" CORP "&corpsecret=s%2F%2Bx");
    assert_string_equal(r.call.method, "GET");
    assert_null(r.call.body);
    provider_request_fini(&r);
}

/* ---- answers ---- */

static void judge(int status, const char *body, struct provider_verdict v[3])
{
    struct provider_conf c = conf();
    struct provider_msg m[3] = {message("zhang.san", "x", PURPOSE_NOTICE),
                                message("LiSi", "x", PURPOSE_NOTICE), message("wang", "x", PURPOSE_NOTICE)};

    driver_judge(&wecom_driver, &c, m, 3, status, body, -1, v);
}

static void those_it_did_not_reach_are_named(void **state)
{
    struct provider_verdict v[3];

    (void)state;
    judge(200,
          "{\"errcode\":0,\"errmsg\":\"ok\",\"invaliduser\":\"x|lisi\",\"unlicenseduser\":\"wang\","
          "\"msgid\":\"m-1\"}",
          v);
    assert_int_equal(v[0].verdict, VERDICT_SENT);
    assert_string_equal(v[0].id, "m-1");
    assert_int_equal(v[1].verdict, VERDICT_BAD_RECIPIENT);
    assert_string_equal(v[1].id, "");
    assert_int_equal(v[2].verdict, VERDICT_BAD_RECIPIENT);
    judge(200, "{\"errcode\":0,\"invaliduser\":\"\",\"msgid\":7}", v);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(v[i].verdict, VERDICT_SENT);
}

static const struct driver_class classes[] = {
    {VERDICT_SENT,          false, ABOUT_NOTHING, "0"                                         },
    {VERDICT_RETRY,         false, ABOUT_NOTHING, "-1"                                        },
    {VERDICT_THROTTLED,     false, ABOUT_NOTHING, "45009 45033"                               },
    {VERDICT_BAD_ACCOUNT,   true,  ABOUT_NOTHING, "40014 42001 41001"                         },
    {VERDICT_BAD_ACCOUNT,   false, ABOUT_NOTHING,
     "40001 40013 40091 41002 41004 60020 48002 48004 50003 301002 40056 41011 60011 93000"   },
    {VERDICT_BAD_RECIPIENT, false, ABOUT_NOTHING, "81013 82001 40003 40031 60111 301021 50002"},
    {VERDICT_BAD_MESSAGE,   false, ABOUT_NOTHING, "40008 40035 40058 44004 45002 41016 40007" },
};

static void every_code_has_its_class(void **state)
{
    struct provider_conf c = conf();
    struct provider_msg m[3] = {message("zhang.san", "x", PURPOSE_NOTICE),
                                message("LiSi", "x", PURPOSE_NOTICE), message("wang", "x", PURPOSE_NOTICE)};

    (void)state;
    assert_int_equal(driver_check_classes(&wecom_driver, &c, m, 3, 200, "{\"errcode\":%s,\"errmsg\":\"x\"}",
                                          classes, ARRAY_LEN(classes)),
                     wecom_n_rows);
}

static void an_answer_that_says_nothing_is_no_success(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum verdict verdict;
    } rows[] = {
        {200, "",                  VERDICT_UNKNOWN  },
        {200, "{\"msgid\":\"x\"}", VERDICT_UNKNOWN  },
        {200, "{\"errcode\":7}",   VERDICT_UNKNOWN  },
        {500, "{\"errcode\":0}",   VERDICT_UNKNOWN  },
        {503, "",                  VERDICT_RETRY    },
        {429, "",                  VERDICT_THROTTLED},
    };
    struct provider_verdict v[3];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        judge(rows[i].status, rows[i].body, v);
        assert_int_equal(v[2].verdict, rows[i].verdict);
    }
}

/* ---- callbacks ---- */

static struct driver_told told;

static int call(const char *method, const char *query, const char *body, int64_t now_ms, struct err *e)
{
    struct provider_conf c = conf();
    struct provider_callback in = {.method = method,
                                   .kind = "wecom",
                                   .url = "",
                                   .query = query,
                                   .content_type = "text/xml",
                                   .body = body,
                                   .now_ms = now_ms};

    return driver_call(&wecom_driver, &c, in, &told, e);
}

#define ECHO  "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp"
#define ECHO2 "4RPcs8TgAE7OaBO"
#define ECHO3 "FZXvnaqQ=="

/* The sample of the vendor's own documents, with + escaped and left as it is. */
static void the_handshake_gives_the_plain_text_back(void **state)
{
    static const char head[] = "msg_signature=5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3&timestamp=1409659589&"
                               "nonce=263014780&echostr=";
    static const char *const echoes[] = {ECHO "%2B" ECHO2 "%2B" ECHO3, ECHO "+" ECHO2 "+" ECHO3};
    struct err e;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char *query = xasprintf("%s%s", head, echoes[i]);

        assert_int_equal(call("GET", query, "", 1409659589000, &e), 0);
        assert_string_equal(told.ack, "1616140317555161061");
        assert_int_equal(call("GET", query, "", 1409659589000 + 700000, &e), -1);
        query[14] ^= 1;
        assert_int_equal(call("GET", query, "", 1409659589000, &e), -1);
        assert_string_equal(e.code, "hook-signature");
        assert_string_equal(told.ack, "");
        free(query);
    }
}

static int said(const char *inner, const char *corp, struct err *e)
{
    struct buf sealed = BUF_INIT(100000), sig = BUF_INIT(100);
    const char *parts[] = {token_text, "1716192000", "17", NULL};
    char query[200],
        *xml = xasprintf("<xml><ToUserName>" CORP "</ToUserName><FromUserName>LiSi</FromUserName>"
                         "<CreateTime>1716191990</CreateTime><AgentID>218</AgentID>%s</xml>",
                         inner);
    int rc;

    weixin_encrypt(&sealed, &key, corp, "aaaabbbbccccdddd", xml, strlen(xml));
    free(xml);
    xml = xasprintf("<xml><AgentID>218</AgentID><Encrypt>%s</Encrypt></xml>", buf_cstr(&sealed));
    parts[3] = buf_cstr(&sealed);
    weixin_sign(&sig, parts, 4);
    assert_true(
        snprintf(query, sizeof(query), "timestamp=1716192000&nonce=17&msg_signature=%s", buf_cstr(&sig)) > 0);
    rc = call("POST", query, xml, 1716192000000, e);
    free(xml);
    buf_fini(&sealed);
    buf_fini(&sig);
    return rc;
}

static void what_members_write(void **state)
{
    struct err e;

    (void)state;
    assert_int_equal(
        said("<MsgType>text</MsgType><Content>报名</Content><MsgId>4561255354251345929</MsgId>", CORP, &e),
        1);
    assert_string_equal(told.replies[0].from, "wecom:LiSi");
    assert_string_equal(told.replies[0].id, "4561255354251345929");
    assert_string_equal(told.texts[0], "报名");
    assert_string_equal(told.ack, "");
    assert_int_equal(said("<MsgType>event</MsgType><Event>click</Event><EventKey>查询</EventKey>", CORP, &e),
                     1);
    assert_string_equal(told.texts[0], "查询");
    assert_int_equal(said("<MsgType>event</MsgType><Event>enter_agent</Event>", CORP, &e), 0);
    assert_int_equal(told.n_replies, 0);
    assert_int_equal(
        said("<MsgType>text</MsgType><Content>x</Content><MsgId>1</MsgId>", "wx0000000000000000", &e), -1);
    assert_string_equal(e.code, "hook-signature");
    assert_int_equal(call("POST", "timestamp=1716192000&nonce=17&signature=x",
                          "<xml><Content>x</Content></xml>", 1716192000000, &e),
                     -1);
    assert_string_equal(e.code, "hook-signature");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_account_needs),
        cmocka_unit_test(members_are_told_together),
        cmocka_unit_test(a_robot_tells_the_group_and_mentions),
        cmocka_unit_test(only_what_is_the_same_goes_together),
        cmocka_unit_test(the_request_for_a_token),
        cmocka_unit_test(those_it_did_not_reach_are_named),
        cmocka_unit_test(every_code_has_its_class),
        cmocka_unit_test(an_answer_that_says_nothing_is_no_success),
        cmocka_unit_test(the_handshake_gives_the_plain_text_back),
        cmocka_unit_test(what_members_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
