/* Callbacks of driver wechat: what followers write and do, the handshake, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "provider/weixin.h"
#include "tests/support/driver_bed.h"

#define APP "wxb11529c136998cb6"
#define NOW 1716192000000ll

static char key_text[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", token_text[] = "pamtest";
static const struct secret key = {.value = key_text, .len = 43}, token = {.value = token_text, .len = 7};
static const struct provider_conf conf = {.name = "wx",
                                          .driver = "wechat",
                                          .channel = "wechat",
                                          .account = APP,
                                          .variant = "",
                                          .hook_token = &token,
                                          .hook_key = &key};
static struct driver_told told;

static int call(const char *method, const char *kind, const char *query, const char *body, struct err *e)
{
    struct provider_callback in = {.method = method,
                                   .kind = kind,
                                   .url = "",
                                   .query = query,
                                   .content_type = "text/xml",
                                   .body = body,
                                   .now_ms = NOW};

    return driver_call(&wechat_driver, &conf, in, &told, e);
}

static int said(const char *inner, struct err *e)
{
    struct buf sealed = BUF_INIT(100000), sig = BUF_INIT(100);
    const char *parts[] = {token_text, "1716192000", "17", NULL};
    char query[200], *xml = xasprintf("<xml><ToUserName>gh_1</ToUserName><FromUserName>oABC</"
                                      "FromUserName><CreateTime>1716191990</CreateTime>%s</xml>",
                                      inner);
    int rc;

    weixin_encrypt(&sealed, &key, APP, "aaaabbbbccccdddd", xml, strlen(xml));
    free(xml);
    xml = xasprintf("<xml><Encrypt>%s</Encrypt></xml>", buf_cstr(&sealed));
    parts[3] = buf_cstr(&sealed);
    weixin_sign(&sig, parts, 4);
    assert_true(
        snprintf(query, sizeof(query), "timestamp=1716192000&nonce=17&msg_signature=%s", buf_cstr(&sig)) > 0);
    rc = call("POST", "wechat", query, xml, e);
    free(xml);
    buf_fini(&sealed);
    buf_fini(&sig);
    return rc;
}

/* clang-format off */
#define EVENT(name, more) "<MsgType>event</MsgType><Event>" name "</Event>" more

static void what_followers_write_and_do(void **state)
{
    static const struct {
        const char *xml, *id, *text;
        enum provider_event event;
    } rows[] = {
        {"<MsgType>text</MsgType><Content>报名 1</Content><MsgId>24560000000000001</MsgId>",                    "24560000000000001",           "报名 1",                     PROVIDER_EVENT_NONE    },
        {"<MsgType>voice</MsgType><Recognition>救命</Recognition><MsgId>7</MsgId>",                             "7",                           "救命",                       PROVIDER_EVENT_NONE    },
        {"<MsgType>image</MsgType><PicUrl>http://x</PicUrl><MsgId>8</MsgId>",                                   "8",                           "[图片 / picture]",           PROVIDER_EVENT_NONE    },
        {"<MsgType>location</MsgType><Location_X>20.0</Location_X><Location_Y>110.3</Location_Y><Label>文化广场</Label><MsgId>9</MsgId>",
         "9",                                                                                                                                  "[位置 / location] 文化广场 (20.0, 110.3)", PROVIDER_EVENT_NONE},
        {EVENT("CLICK", "<EventKey>报名 篮球赛</EventKey>"),                                                    "oABC.1716191990.CLICK",       "报名 篮球赛",                PROVIDER_EVENT_NONE    },
        {EVENT("subscribe", "<EventKey>qrscene_r-17</EventKey>"),                                               "oABC.1716191990.subscribe",   "[关注 / now follows the account] 场景 / scene: r-17", PROVIDER_EVENT_FOLLOW},
        {EVENT("subscribe", "<EventKey></EventKey>"),                                                           "oABC.1716191990.subscribe",   "[关注 / now follows the account]", PROVIDER_EVENT_FOLLOW},
        {EVENT("SCAN", "<EventKey>r-17</EventKey>"),                                                            "oABC.1716191990.SCAN",        "[扫码 / scanned a code] 场景 / scene: r-17", PROVIDER_EVENT_NOTE},
        {EVENT("unsubscribe", ""),                                                                              "oABC.1716191990.unsubscribe", "[取消关注 / follows the account no more]", PROVIDER_EVENT_UNFOLLOW},
    };
    struct err e;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (said(rows[i].xml, &e) != 1)
            fail_msg("row %zu: %s", i, e.msg);
        assert_string_equal(told.replies[0].id, rows[i].id);
        assert_string_equal(told.replies[0].from, "wechat:oABC");
        assert_string_equal(told.texts[0], rows[i].text);
        assert_int_equal(told.replies[0].event, rows[i].event);
        assert_int_equal(told.replies[0].sent_at, 1716191990000ll);
        assert_string_equal(told.ack, "success");
    }
    assert_int_equal(said(EVENT("VIEW", "<EventKey>http://x</EventKey>"), &e), 0);
    assert_int_equal(told.n_replies + told.n_receipts, 0);
}

static void reports_of_template_messages(void **state)
{
    static const struct {
        const char *status;
        enum recipient_state state;
        const char *detail;
        size_t n_blocks;
    } rows[] = {
        {"success",               RECIPIENT_DELIVERED, "",                      0},
        {"failed:user block",     RECIPIENT_FAILED,    "failed:user block",     1},
        {"failed: user block",    RECIPIENT_FAILED,    "failed: user block",    1},
        {"failed: system failed", RECIPIENT_FAILED,    "failed: system failed", 0},
        {"failed:freq limit",     RECIPIENT_FAILED,    "failed:freq limit",     0},
    };
    struct err e;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *xml = xasprintf(EVENT("TEMPLATESENDJOBFINISH", "<MsgID>3557254367693750277</MsgID><Status><![CDATA[%s]]></Status>"), rows[i].status);

        assert_int_equal(said(xml, &e), 1 + (int)rows[i].n_blocks);
        free(xml);
        assert_int_equal(told.n_receipts, 1);
        assert_int_equal(told.n_replies, rows[i].n_blocks);
        if (rows[i].n_blocks > 0) {
            assert_int_equal(told.replies[0].event, PROVIDER_EVENT_UNFOLLOW);
            assert_string_equal(told.replies[0].from, "wechat:oABC");
        }
        assert_string_equal(told.receipts[0].id, "3557254367693750277");
        assert_string_equal(told.receipts[0].ref, "");
        assert_int_equal(told.receipts[0].state, rows[i].state);
        assert_string_equal(told.receipts[0].detail, rows[i].detail);
    }
}

/* clang-format on */

static void what_is_no_message_is_refused(void **state)
{
    static const char *const bad[] = {
        "<MsgType>text</MsgType><Content>x</Content>",
        "<Content>x</Content><MsgId>1</MsgId>",
        "<MsgType>event</MsgType>",
        "<MsgType>text</MsgType><Content>x</Content><MsgId>1 2</MsgId>",
    };
    struct err e;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(said(bad[i], &e), -1);
        assert_string_equal(e.code, "bad-reply");
    }
    assert_int_equal(call("POST", "reply", "", "x", &e), -1);
    assert_string_equal(e.code, "no-such-hook");
    assert_int_equal(call("POST", "wechat", "timestamp=1716192000&nonce=17&signature=x",
                          "<xml><Content>x</Content></xml>", &e),
                     -1);
    assert_string_equal(e.code, "hook-signature");
}

static void the_handshake_gives_the_echo_back(void **state)
{
    const char *parts[] = {token_text, "1716192000", "17"};
    struct buf sig = BUF_INIT(100);
    char query[200];
    struct err e;

    (void)state;
    weixin_sign(&sig, parts, 3);
    assert_true(snprintf(query, sizeof(query),
                         "signature=%s&timestamp=1716192000&nonce=17&echostr=4375120948345356249",
                         buf_cstr(&sig)) > 0);
    assert_int_equal(call("GET", "wechat", query, "", &e), 0);
    assert_string_equal(told.ack, "4375120948345356249");
    query[10] ^= 1;
    assert_int_equal(call("GET", "wechat", query, "", &e), -1);
    assert_string_equal(e.code, "hook-signature");
    assert_string_equal(told.ack, "");
    buf_fini(&sig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_followers_write_and_do),
        cmocka_unit_test(reports_of_template_messages),
        cmocka_unit_test(what_is_no_message_is_refused),
        cmocka_unit_test(the_handshake_gives_the_echo_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
