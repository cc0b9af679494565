/* What WeChat and WeCom share: known signatures and encryptions, envelopes good and hostile, XML, access tokens. */
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
#include "provider/xml.h"
#include "tests/support/vectors.h"

static struct secret secret_of(char *text)
{
    return (struct secret){.value = text, .len = strlen(text)};
}

/* ---- vectors ---- */

static void check_sig(const json_t *v, const char *expect)
{
    const json_t *list = json_object_get(v, "parts");
    const char *parts[4];
    struct buf b = BUF_INIT(100);

    for (size_t i = 0; i < json_array_size(list); i++)
        parts[i] = json_string_value(json_array_get(list, i));
    weixin_sign(&b, parts, json_array_size(list));
    assert_string_equal(buf_cstr(&b), expect);
    buf_fini(&b);
}

static void check_enc(const json_t *v, const char *expect)
{
    char *key_text = xstrdup(vectors_str(v, "aeskey"));
    struct secret key = secret_of(key_text);
    struct buf b = BUF_INIT(4096);

    weixin_encrypt(&b, &key, vectors_str(v, "id"), vectors_str(v, "random"), vectors_str(v, "msg"),
                   strlen(vectors_str(v, "msg")));
    assert_string_equal(buf_cstr(&b), expect);
    buf_fini(&b);
    free(key_text);
}

static void check_dec(const json_t *v, const char *expect)
{
    char *key_text = xstrdup(vectors_str(v, "aeskey"));
    struct secret key = secret_of(key_text);
    const char *sealed = vectors_str(v, "encrypt");
    struct buf b = BUF_INIT(4096);

    assert_int_equal(weixin_decrypt(&b, &key, vectors_str(v, "id"), sealed, strlen(sealed)), 0);
    assert_string_equal(buf_cstr(&b), expect);
    buf_reset(&b);
    assert_int_equal(weixin_decrypt(&b, &key, "wx0000000000000000", sealed, strlen(sealed)), -1);
    assert_int_equal(weixin_decrypt(&b, &key, vectors_str(v, "id"), sealed, strlen(sealed) - 24), -1);
    assert_int_equal(b.len, 0);
    buf_fini(&b);
    free(key_text);
}

static void known_signatures_and_encryptions(void **state)
{
    (void)state;
    vectors_each("wx_sig", check_sig);
    vectors_each("wx_enc", check_enc);
    vectors_each("wx_dec", check_dec);
}

static char key_text[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", token_text[] = "pamtest";
static const struct secret key = {.value = key_text, .len = 43}, token = {.value = token_text, .len = 7};

static void what_was_not_encrypted_for_us_is_refused(void **state)
{
    static const char *const bad[] = {
        "", "x", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAA==", "!!!!"};
    struct buf b = BUF_INIT(4096), sealed = BUF_INIT(4096);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(weixin_decrypt(&b, &key, "wxb11529c136998cb6", bad[i], strlen(bad[i])), -1);
    for (size_t n = 0; n < 70; n++) { /* every length of padding */
        char msg[70];

        memset(msg, 'x', sizeof(msg));
        buf_reset(&b);
        buf_reset(&sealed);
        weixin_encrypt(&sealed, &key, "wxb11529c136998cb6", "aaaabbbbccccdddd", msg, n);
        assert_int_equal(weixin_decrypt(&b, &key, "wxb11529c136998cb6", buf_cstr(&sealed), sealed.len), 0);
        assert_int_equal(b.len, n);
        assert_int_equal(weixin_decrypt(&b, &key, "wxb11529c136998cb", buf_cstr(&sealed), sealed.len), -1);
    }
    buf_fini(&b);
    buf_fini(&sealed);
}

/* ---- XML ---- */

static void elements_become_fields(void **state)
{
    static const char text[] = "<?xml version=\"1.0\"?>\n<xml><ToUserName><![CDATA[gh_1]]></ToUserName> "
                               "<Content>报名 &lt;1&gt; &amp; <![CDATA[]] ]]>"
                               "</Content>\n<Empty/><Scan><Type>qr</Type><Result> a "
                               "</Result></Scan><MsgId>24560000000000001</MsgId></xml>";
    struct form f;
    struct err e;

    (void)state;
    assert_int_equal(xml_read(&f, text, strlen(text), &e), 0);
    assert_int_equal(f.n, 6);
    assert_string_equal(form_get(&f, "ToUserName"), "gh_1");
    assert_string_equal(form_get(&f, "Content"), "报名 <1> & ]] ");
    assert_string_equal(form_get(&f, "Scan/Result"), " a ");
    assert_string_equal(form_get(&f, "MsgId"), "24560000000000001");
    form_fini(&f);
}

static void what_is_no_xml_or_too_much_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "x",
        "<xml>",
        "<xml></xm>",
        "<xml/><xml/>",
        "<!DOCTYPE xml><xml/>",
        "<!DOCTYPE xml [<!ENTITY a \"b\">]><xml>&a;</xml>",
        "<!DOCTYPE xml SYSTEM \"file:///etc/passwd\"><xml/>",
        "<xml>&a;</xml>",
        "<xml>\xff</xml>",
        "<?xml version=\"1.0\" encoding=\"GBK\"?><xml><a>\xb1\xa8</a></xml>",
        "<a><a><a><a><a><a><a><a><a>x</a></a></a></a></a></a></a></a></a>",
    };
    struct buf b = BUF_INIT(2 * XML_BYTES_MAX);
    struct form f;
    struct err e;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (xml_read(&f, bad[i], strlen(bad[i]), &e) != -1 || strcmp(e.code, "bad-xml") != 0)
            fail_msg("taken: %s", bad[i]);
    }
    buf_str(&b, "<xml>");
    for (size_t i = 0; i <= FORM_FIELDS_MAX; i++)
        buf_str(&b, "<a>1</a>");
    buf_str(&b, "</xml>");
    assert_int_equal(xml_read(&f, b.data, b.len, &e), -1);
    buf_reset(&b);
    buf_str(&b, "<xml><a>");
    for (size_t i = 0; i < XML_BYTES_MAX; i++)
        buf_chr(&b, 'x');
    buf_str(&b, "</a></xml>");
    assert_int_equal(xml_read(&f, b.data, b.len, &e), -1);
    buf_fini(&b);
}

/* ---- envelopes ---- */

#define APP "wxb11529c136998cb6"
#define NOW 1716192000000ll
static const struct provider_conf conf = {
    .name = "wx", .account = APP, .hook_token = &token, .hook_key = &key};
static const struct provider_conf no_key = {.name = "wx", .account = APP, .hook_token = &token};

static char query_text[300];
static char *body_text;

static struct provider_callback sealed_call(const char *msg, const char *id, int64_t at)
{
    struct buf sealed = BUF_INIT(100000), sig = BUF_INIT(100);
    char time[24];

    weixin_encrypt(&sealed, &key, id, "aaaabbbbccccdddd", msg, strlen(msg));
    assert_true(snprintf(time, sizeof(time), "%lld", (long long)at) > 0);
    const char *parts[] = {token_text, time, "1234567890", buf_cstr(&sealed)};
    weixin_sign(&sig, parts, 4);
    assert_true(snprintf(query_text, sizeof(query_text),
                         "timestamp=%s&nonce=1234567890&encrypt_type=aes&msg_signature=%s", time,
                         buf_cstr(&sig)) > 0);
    free(body_text);
    body_text = xasprintf("<xml><ToUserName>gh_1</ToUserName><Encrypt><![CDATA[%s]]></Encrypt></xml>",
                          buf_cstr(&sealed));
    buf_fini(&sealed);
    buf_fini(&sig);
    return (struct provider_callback){.method = "POST",
                                      .kind = "wechat",
                                      .query = query_text,
                                      .content_type = "text/xml",
                                      .body = body_text,
                                      .body_len = strlen(body_text),
                                      .now_ms = NOW};
}

static int open_call(const struct provider_conf *c, const struct provider_callback *in, bool plain,
                     struct form *msg, struct err *e)
{
    struct form query;
    int rc;

    memset(e, 0, sizeof(*e));
    if (weixin_query(&query, in, e) != 0)
        return -1;
    rc = weixin_open(msg, c, in, &query, APP, plain, e);
    form_fini(&query);
    return rc;
}

static void a_sealed_message_is_opened(void **state)
{
    static const char *const rows[] = {"<xml><Content>报名</Content></xml>",
                                       " {\"Content\":\"报名\",\"MsgId\":24560000000000001,\"x\":[1]}"};
    struct form msg;
    struct err e;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct provider_callback in = sealed_call(rows[i], APP, NOW / 1000);

        assert_int_equal(open_call(&conf, &in, false, &msg, &e), 0);
        assert_string_equal(form_get(&msg, "Content"), "报名");
        if (i == 1)
            assert_string_equal(form_get(&msg, "MsgId"), "24560000000000001");
        form_fini(&msg);
    }
}

static void only_what_is_signed_sealed_for_us_and_new_is_opened(void **state)
{
    struct provider_callback in;
    struct form msg;
    struct err e;

    (void)state;
    for (int64_t off = -601; off <= 601; off += 1202) {
        in = sealed_call("<xml/>", APP, NOW / 1000 + off);
        assert_int_equal(open_call(&conf, &in, false, &msg, &e), -1);
        assert_string_equal(e.code, "hook-signature");
        in = sealed_call("<xml/>", APP, NOW / 1000 + off + (off < 0 ? 1 : -1));
        assert_int_equal(open_call(&conf, &in, false, &msg, &e), 0);
        form_fini(&msg);
    }
    in = sealed_call("<xml/>", "wx0000000000000000", NOW / 1000); /* somebody else's */
    assert_int_equal(open_call(&conf, &in, false, &msg, &e), -1);
    in = sealed_call("<xml/>", APP, NOW / 1000);
    strstr(body_text, "CDATA[")[6] ^= 1;
    assert_int_equal(open_call(&conf, &in, false, &msg, &e), -1);
    assert_string_equal(e.code, "hook-signature");
    in = sealed_call("<xml/>", APP, NOW / 1000);
    assert_int_equal(open_call(&no_key, &in, true, &msg, &e), -1);
    in.query = "nonce=1";
    assert_int_equal(open_call(&conf, &in, false, &msg, &e), -1);
}

static void a_plain_message_is_taken_only_where_that_is_chosen(void **state)
{
    const char *parts[] = {token_text, "1716192000", "1234567890"};
    struct provider_callback in = sealed_call("x", APP, NOW / 1000);
    struct buf sig = BUF_INIT(100);
    struct form msg;
    struct err e;

    (void)state;
    weixin_sign(&sig, parts, 3);
    assert_true(snprintf(query_text, sizeof(query_text), "timestamp=1716192000&nonce=1234567890&signature=%s",
                         buf_cstr(&sig)) > 0);
    in.body = "<xml><Content>x</Content></xml>";
    in.body_len = strlen(in.body);
    assert_int_equal(open_call(&no_key, &in, true, &msg, &e), 0);
    form_fini(&msg);
    assert_int_equal(open_call(&no_key, &in, false, &msg, &e), -1);
    assert_int_equal(open_call(&conf, &in, true, &msg, &e), -1); /* a key is set: then nothing else */
    query_text[strlen(query_text) - 1] ^= 1;
    assert_int_equal(open_call(&no_key, &in, true, &msg, &e), -1);
    assert_string_equal(e.code, "hook-signature");
    buf_fini(&sig);
}

/* ---- tokens ---- */

static void an_access_token_is_read_or_the_reason_why_not(void **state)
{
    static const struct class_row rows[] = {
        {.code = "40001", .verdict = VERDICT_BAD_ACCOUNT, .words = "wrong", .stale_token = true},
        {.code = "-1",               .verdict = VERDICT_RETRY,                                  .words = "busy"           },
    };
    static const struct {
        int status;
        const char *body, *code;
    } bad[] = {
        {200, "{\"errcode\":40001,\"errmsg\":\"x\"}",           "bad-account"},
        {200, "{\"errcode\":-1}",                               "token"      },
        {200, "{\"errcode\":99}",                               "token"      },
        {200, "{}",                                             "token"      },
        {200, "{\"access_token\":\"a b\",\"expires_in\":7200}", "token"      },
        {200, "{\"access_token\":\"a&b\",\"expires_in\":7200}", "token"      },
        {200, "{\"access_token\":\"\",\"expires_in\":7200}",    "token"      },
        {200, "{\"access_token\":\"a\",\"expires_in\":0}",      "token"      },
        {200, "{\"access_token\":\"a\"}",                       "token"      },
        {502, "{\"access_token\":\"a\",\"expires_in\":7200}",   "token"      },
        {200, "",                                               "token"      },
    };
    char out[PROVIDER_TOKEN_MAX];
    int64_t life = 0;
    struct err e;
    struct http_answer a = {
        .status = 200, .body = "{\"access_token\":\"a-B_9\",\"expires_in\":7200}", .body_len = 42};

    (void)state;
    a.body_len = strlen(a.body);
    assert_int_equal(weixin_token_parse(rows, 2, &a, out, &life, &e), 0);
    assert_string_equal(out, "a-B_9");
    assert_int_equal(life, 7200000);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        a = (struct http_answer){
            .status = bad[i].status, .body = bad[i].body, .body_len = strlen(bad[i].body)};
        if (weixin_token_parse(rows, 2, &a, out, &life, &e) != -1 || strcmp(e.code, bad[i].code) != 0)
            fail_msg("row %zu: %s", i, e.code);
    }
}

static int stop(void **state)
{
    (void)state;
    free(body_text);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_signatures_and_encryptions),
        cmocka_unit_test(what_was_not_encrypted_for_us_is_refused),
        cmocka_unit_test(elements_become_fields),
        cmocka_unit_test(what_is_no_xml_or_too_much_is_refused),
        cmocka_unit_test(a_sealed_message_is_opened),
        cmocka_unit_test(only_what_is_signed_sealed_for_us_and_new_is_opened),
        cmocka_unit_test(a_plain_message_is_taken_only_where_that_is_chosen),
        cmocka_unit_test(an_access_token_is_read_or_the_reason_why_not),
    };

    return cmocka_run_group_tests(tests, NULL, stop);
}
