/* Driver http: callbacks of the shipped descriptions, good and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/support/http_bed.h"
#include "tests/support/vectors.h"

#define FORM "application/x-www-form-urlencoded"
#define JSON "application/json"

static struct http_bed b;

static void open_shipped(const char *name, const char *const *settings)
{
    if (http_bed_ship(&b, name, NULL, settings) != 0)
        fail_msg("%s", b.e.msg);
}

/* ---- Yunpian: JSON in a form field ---- */

static void test_yunpian_receipts(void **state)
{
    (void)state;
    open_shipped("yunpian", NULL);
    assert_int_equal(http_bed_call(&b, "POST", "receipt", "", FORM,
                                   "sms_status=%5B%7B%22error_detail%22%3A%22%22%2C%22sid%22%3A9527%2C%22uid%"
                                   "22%3A%22n1.0.1%22%2C%22user_receive_time%22%3A"
                                   "%222014-03-17+22%3A55%3A21%22%2C%22error_msg%22%3A%22DELIVRD%22%2C%"
                                   "22mobile%22%3A%2213800000001%22%2C"
                                   "%22report_status%22%3A%22SUCCESS%22%7D%2C%7B%22sid%22%3A9528%2C%22uid%22%"
                                   "3A%22n1.1.1%22%2C%22error_msg%22%3A"
                                   "%22MK%3A0001%22%2C%22report_status%22%3A%22FAIL%22%7D%2C%7B%22sid%22%"
                                   "3A9529%2C%22uid%22%3A%22n1.2.1%22%2C"
                                   "%22report_status%22%3A%22MAYBE%22%7D%5D"),
                     3);
    assert_int_equal(b.told.n_receipts, 2);
    assert_string_equal(b.told.receipts[0].ref, "n1.0.1");
    assert_int_equal(b.told.receipts[0].state, RECIPIENT_DELIVERED);
    assert_string_equal(b.told.receipts[0].detail, "");
    assert_int_equal(b.told.receipts[1].state, RECIPIENT_FAILED);
    assert_string_equal(b.told.receipts[1].detail, "MK:0001: no such number");
    assert_int_equal(b.told.receipts[1].about, ABOUT_DEAD_NUMBER);
    assert_int_equal(b.told.n_bad, 1);
    assert_string_equal(b.told.ack, "SUCCESS");
    assert_string_equal(b.told.ack_type, "text/plain");
    http_bed_close(&b);
}

static void test_yunpian_replies(void **state)
{
    (void)state;
    open_shipped("yunpian", NULL);
    assert_int_equal(
        http_bed_call(
            &b, "POST", "reply", "", FORM,
            "sms_reply=%7B%22base_extend%22%3A%228888%22%2C%22extend%22%3A%22%22%2C%22id%22%3A%222a70c6bb%22%"
            "2C%22mobile"
            "%22%3A%2213800000001%22%2C%22reply_time%22%3A%222024-05-20+16%3A00%3A01%22%2C%22text%22%3A"
            "%22%E6%8A%A5%E5%90%8D%22%7D"),
        1);
    assert_int_equal(b.told.n_replies, 1);
    assert_string_equal(b.told.replies[0].id, "2a70c6bb");
    assert_string_equal(b.told.replies[0].from, "13800000001");
    assert_string_equal(b.told.texts[0], "报名");
    assert_int_equal(b.told.replies[0].sent_at, 1716192001000); /* Beijing time */
    assert_int_equal(http_bed_call(&b, "POST", "reply", "", FORM, "sms_status=%5B%5D"),
                     -1); /* the other field */
    assert_int_equal(http_bed_call(&b, "POST", "reply", "", FORM, "sms_reply=%7B"), -1);
    assert_int_equal(http_bed_call(&b, "POST", "reply", "", FORM, "sms_reply=%zz"), -1);
    assert_int_equal(http_bed_call(&b, "GET", "reply", "sms_reply=%5B%5D", "", ""), -1);
    assert_string_equal(b.e.code, "no-such-hook");
    assert_int_equal(http_bed_call(&b, "POST", "event", "", FORM, "sms_reply=%5B%5D"), -1);
    assert_string_equal(b.e.code, "no-such-hook");
    assert_int_equal(http_bed_call(&b, "POST", "reply", "", FORM, "sms_reply=%5B7%2Cnull%2C%7B%7D%5D"), 3);
    assert_int_equal(b.told.n_bad, 3);
    assert_string_equal(b.told.ack,
                        "SUCCESS"); /* what is bad once is bad for ever: it is not asked for again */
    http_bed_close(&b);
}

/* ---- Chuanglan: everything in the query, a password in it ---- */

static void test_chuanglan_callbacks_bring_their_password(void **state)
{
    static const char *const settings[] = {"account=a", "password=p", "receiver=rec", "pswd=w d", NULL};

    (void)state;
    open_shipped("chuanglan", settings);
    assert_int_equal(http_bed_call(&b, "GET", "receipt",
                                   "receiver=rec&pswd=w+d&msgid=17041&uid=n1.4.2&reportTime=2405201600&"
                                   "mobile=13800000001&status=MBBLACK"
                                   "&notifyTime=240520160001&statusDesc=%E9%BB%91%E5%90%8D%E5%8D%95",
                                   "", ""),
                     1);
    assert_string_equal(b.told.receipts[0].ref, "n1.4.2");
    assert_int_equal(b.told.receipts[0].about, ABOUT_OPTED_OUT);
    assert_string_equal(b.told.receipts[0].detail, "MBBLACK: on a blacklist; 黑名单");
    assert_string_equal(b.told.ack, "{\"clcode\":\"000000\"}");
    assert_string_equal(b.told.ack_type, "application/json");
    assert_int_equal(
        http_bed_call(&b, "GET", "receipt", "receiver=rec&pswd=w+d&uid=n1.4.2&status=ACCEPTD", "", ""), 1);
    assert_int_equal(b.told.n_receipts + b.told.n_bad, 0); /* under way: nothing to tell yet */
    assert_int_equal(
        http_bed_call(&b, "GET", "receipt", "receiver=rec&pswd=wd&uid=n1.4.2&status=DELIVRD", "", ""), -1);
    assert_string_equal(b.e.code, "hook-signature");
    assert_int_equal(http_bed_call(&b, "GET", "receipt", "uid=n1.4.2&status=DELIVRD", "", ""), -1);
    assert_string_equal(b.e.code, "hook-signature");
    assert_int_equal(b.told.n_receipts, 0);
    http_bed_close(&b);
}

static void test_replies_without_an_id_are_known_by_all_they_say(void **state)
{
    static const char *const settings[] = {"account=a", "password=p", "receiver=rec", "pswd=x", NULL};
    char first[128];

    (void)state;
    open_shipped("chuanglan", settings);
    assert_int_equal(
        http_bed_call(
            &b, "GET", "reply",
            "receiver=rec&pswd=x&moTime=2405201600&mobile=13800000001&msg=%E6%8A%A5%E5%90%8D&destcode=1069",
            "", ""),
        1);
    assert_int_equal(strncmp(b.told.replies[0].id, "h-", 2), 0);
    assert_int_equal(strlen(b.told.replies[0].id), 34);
    assert_int_equal(b.told.replies[0].sent_at, 1716192000000);
    memcpy(first, b.told.replies[0].id, sizeof(first));
    assert_int_equal(
        http_bed_call(
            &b, "GET", "reply",
            "moTime=2405201600&destcode=1069&receiver=rec&pswd=x&mobile=13800000001&msg=%e6%8a%a5%e5%90%8d",
            "", ""),
        1);
    assert_string_equal(b.told.replies[0].id, first); /* the same, told again */
    assert_int_equal(
        http_bed_call(
            &b, "GET", "reply",
            "receiver=rec&pswd=x&moTime=2405201601&mobile=13800000001&msg=%E6%8A%A5%E5%90%8D&destcode=1069",
            "", ""),
        1);
    assert_string_not_equal(b.told.replies[0].id, first); /* a minute later: another one */
    http_bed_close(&b);
}

/* ---- Kannel, SMSBao, Huawei, Luosimao, Submail ---- */

static void test_kannel_reports_and_replies(void **state)
{
    (void)state;
    open_shipped("kannel", NULL);
    assert_int_equal(http_bed_call(&b, "GET", "receipt", "ref=n1.0.1&type=8&answer=ACK/&fid=77", "", ""), 1);
    assert_int_equal(b.told.n_receipts + b.told.n_bad, 0);
    assert_int_equal(http_bed_call(&b, "GET", "receipt",
                                   "ref=n1.0.1&type=2&answer=id:77+sub:001+stat:UNDELIV+err:012&fid=77", "",
                                   ""),
                     1);
    assert_int_equal(b.told.receipts[0].state, RECIPIENT_FAILED);
    assert_string_equal(b.told.receipts[0].detail, "UNDELIV: switched off or out of reach");
    assert_int_equal(http_bed_call(&b, "GET", "receipt", "ref=n1.0.1&type=1&answer=", "", ""), 1);
    assert_int_equal(b.told.receipts[0].state, RECIPIENT_DELIVERED);
    assert_string_equal(b.told.ack, "");
    assert_string_equal(b.told.ack_type, "text/plain"); /* what is answered goes out as a message */
    assert_int_equal(
        http_bed_call(&b, "GET", "reply",
                      "from=%2B8613800000001&to=1069&text=%E6%8A%A5%E5%90%8D+A&ts=1716192000&id=uu-1", "",
                      ""),
        1);
    assert_string_equal(b.told.replies[0].from, "+8613800000001");
    assert_string_equal(b.told.texts[0], "报名 A");
    assert_int_equal(b.told.replies[0].sent_at, 1716192000000);
    assert_int_equal(http_bed_call(&b, "GET", "reply", "from=%2B8613800000001&text=&id=uu-2", "", ""), 1);
    assert_int_equal(b.told.replies[0].text_len, 0); /* somebody sent nothing */
    http_bed_close(&b);
}

static void test_huawei_receipts_name_id_and_number(void **state)
{
    (void)state;
    open_shipped("huawei", NULL);
    b.conf.batch = 100;
    assert_int_equal(http_bed_call(&b, "POST", "receipt", "", FORM,
                                   "sequence=1&total=1&updateTime=2024-05-20T08%3A00%3A00Z&source=2&smsMsgId="
                                   "a_1&status=DELIVRD&to=%2B8613800000001"),
                     1);
    assert_string_equal(b.told.receipts[0].ref, "");
    assert_string_equal(b.told.receipts[0].id, "a_1");
    assert_string_equal(b.told.receipts[0].to, "+8613800000001");
    b.conf.batch = 1; /* an id stands for one: the number is no part of the key */
    assert_int_equal(
        http_bed_call(&b, "POST", "receipt", "", FORM, "smsMsgId=a_1&status=E200028&to=%2B8613800000001"), 1);
    assert_string_equal(b.told.receipts[0].to, "");
    assert_int_equal(b.told.receipts[0].state, RECIPIENT_FAILED);
    assert_int_equal(
        http_bed_call(
            &b, "POST", "reply", "", FORM,
            "smsMsgId=m1&from=%2B8613800000001&to=1069&body=TD&createTime=2024-05-20T08%3A00%3A00Z"),
        1);
    assert_string_equal(b.told.replies[0].id, "m1");
    assert_int_equal(b.told.replies[0].sent_at, 1716192000000);
    http_bed_close(&b);
}

static void test_one_address_for_receipts_and_replies(void **state)
{
    static const char *const settings[] = {"appid=1", "appkey=k", "hook_token=hk", NULL};

    (void)state;
    open_shipped("submail", settings);
    /* md5("tok" "hk") */
    assert_int_equal(http_bed_call(&b, "POST", "event", "", FORM,
                                   "events=delivered&address=13800000001&send_id=s1&token=tok&signature="
                                   "f5378de3b4d30858303f26df09fccc9d"),
                     1);
    assert_int_equal(b.told.n_receipts, 1);
    assert_string_equal(b.told.receipts[0].id, "s1");
    assert_int_equal(http_bed_call(&b, "POST", "event", "", FORM,
                                   "events=mo&address=13800000001&content=TD&timestamp=1716192000&token=tok&"
                                   "signature=f5378de3b4d30858303f26df09fccc9d"),
                     1);
    assert_int_equal(b.told.n_replies, 1);
    assert_int_equal(
        http_bed_call(&b, "POST", "event", "", FORM,
                      "events=sending&send_id=s1&token=tok&signature=f5378de3b4d30858303f26df09fccc9d"),
        0);
    assert_int_equal(http_bed_call(&b, "POST", "event", "", FORM,
                                   "events=mo&address=13800000001&content=TD&token=tok&signature=90fdbabb"),
                     -1);
    assert_string_equal(b.e.code, "hook-signature");
    http_bed_close(&b);
}

static void test_smsbao_and_luosimao_replies(void **state)
{
    (void)state;
    open_shipped("smsbao", NULL);
    assert_int_equal(http_bed_call(&b, "GET", "reply", "m=13800000001&c=TD", "", ""), 1);
    assert_string_equal(b.told.ack, "0");
    assert_string_equal(b.told.texts[0], "TD");
    http_bed_close(&b);
    open_shipped("luosimao", NULL);
    assert_int_equal(http_bed_call(&b, "POST", "reply", "", FORM, "mobile=13800000001&message=TD"), 1);
    assert_int_equal(http_bed_call(&b, "GET", "reply", "mobile=13800000001&message=TD", "", ""), 1);
    assert_string_equal(b.told.texts[0], "TD");
    assert_int_equal(http_bed_call(&b, "POST", "receipt", "", FORM, "mobile=1"), -1);
    http_bed_close(&b);
}

/* ---- SMS Gate: signed ---- */

static const char *sign_headers[] = {"X-Signature", "", "X-Timestamp", "1716192000", NULL};

static void check_android(const json_t *v, const char *expect)
{
    char setting[100], body[1000], stamp[] = "1716192000";
    const char *settings[] = {"user=u", "password=p", setting, NULL};
    size_t n = strlen(vectors_str(v, "input")) - strlen(stamp);

    if (strcmp(vectors_str(v, "name"), "android-sms-gateway") != 0)
        return;
    assert_true(snprintf(setting, sizeof(setting), "hook_token=%s", vectors_str(v, "key")) > 0);
    memcpy(body, vectors_str(v, "input"), n);
    body[n] = '\0';
    sign_headers[1] = expect;
    open_shipped("android-sms-gateway", settings);
    b.headers = sign_headers;
    assert_int_equal(http_bed_call(&b, "POST", "event", "", JSON, body), 1);
    assert_int_equal(b.told.n_replies, 1);
    assert_string_equal(b.told.replies[0].id, "Ey6ECgOkVVFjz3CL48B8C");
    assert_string_equal(b.told.replies[0].from, "+8613800138000");
    assert_string_equal(b.told.texts[0], "回复 1");
    assert_int_equal(b.told.replies[0].sent_at, 1716192000000);
    assert_string_equal(b.told.ack_type, ""); /* {"code":0}: any 2xx will do */
    b.req.now_ms += 301000;                   /* five minutes and a second later */
    assert_int_equal(http_bed_call(&b, "POST", "event", "", JSON, body), -1);
    assert_string_equal(b.e.code, "hook-signature");
    b.req.now_ms -= 2 * 301000 - 1000;
    assert_int_equal(http_bed_call(&b, "POST", "event", "", JSON, body), 1);
    b.req.now_ms -= 1000;
    assert_int_equal(http_bed_call(&b, "POST", "event", "", JSON, body), -1);
    b.req.now_ms += 301000;
    body[n - 4] ^= 1;
    assert_int_equal(http_bed_call(&b, "POST", "event", "", JSON, body), -1);
    assert_string_equal(b.e.code, "hook-signature");
    body[n - 4] ^= 1;
    sign_headers[3] = "1716192001"; /* the time is signed too */
    assert_int_equal(http_bed_call(&b, "POST", "event", "", JSON, body), -1);
    sign_headers[3] = "1716192000";
    b.headers = NULL;
    assert_int_equal(http_bed_call(&b, "POST", "event", "", JSON, body), -1);
    assert_string_equal(b.e.code, "hook-signature");
    http_bed_close(&b);
}

static void test_android_signature(void **state)
{
    (void)state;
    vectors_each("hmac_sha256_hex", check_android);
}

/* A description without [auth]: bodies alone. */
static const char open_spec[] =
    "[request]\nbase = https://a.example\n[response]\nok = /c == 0\n"
    "[receipt]\nkind = event\nitems = /list\nwhen = /kind == r\nid = /id\nstatus = /s\ndetail = "
    "/d\n[status]\nok = delivered\nbad = failed\n"
    "[reply]\nkind = event\nitems = /list\nwhen = /kind == m\nfrom = /f | /g\ntext = /t\ntime = /at\n";
static const struct {
    const char *body;
    int told;
    size_t n_receipts, n_replies, n_bad;
} bodies[] = {
    {"{\"kind\":\"r\",\"id\":1,\"s\":\"ok\"}",                                             1,  1, 0, 0},
    {"[{\"kind\":\"r\",\"id\":1,\"s\":\"ok\"},{\"kind\":\"m\",\"g\":\"+8613800000001\"}]", 2,  1, 1, 0},
    {"{\"list\":[{\"kind\":\"r\",\"id\":1,\"s\":\"ok\"},{\"kind\":\"x\"}]}",               1,  1, 0, 0},
    {"{\"list\":{\"kind\":\"r\",\"id\":1,\"s\":\"bad\",\"d\":\"off\"}}",                   1,  1, 0, 0},
    {"{\"list\":[]}",                                                                      0,  0, 0, 0},
    {"{\"kind\":\"r\",\"s\":\"ok\"}",                                                      1,  0, 0, 1}, /* about what? */
    {"{\"kind\":\"r\",\"id\":\"a\\u0001\",\"s\":\"ok\"}",                                  1,  0, 0, 1},
    {"{\"kind\":\"m\",\"t\":\"x\"}",                                                       1,  0, 0, 1}, /* from whom? */
    {"{\"kind\":\"m\",\"f\":\"1\",\"t\":\"a\\u0000b\"}",                                   1,  0, 1, 0},
    {"{\"kind\":\"m\",\"f\":\"1\",\"t\":\"x\",\"at\":\"soon\"}",                           1,  0, 1, 0},
    {"7",                                                                                  -1, 0, 0, 0},
    {"",                                                                                   -1, 0, 0, 0},
    {"{\"kind\":\"r\",\"kind\":\"m\"}",                                                    -1, 0, 0, 0},
    {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",                -1, 0, 0, 0},
};

static void test_bodies(void **state)
{
    (void)state;
    if (http_bed_open(&b, open_spec, NULL, NULL) != 0)
        fail_msg("%s", b.e.msg);
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        int told = http_bed_call(&b, "POST", "event", "", JSON, bodies[i].body);

        if (told != bodies[i].told || b.told.n_receipts != bodies[i].n_receipts ||
            b.told.n_replies != bodies[i].n_replies || b.told.n_bad != bodies[i].n_bad)
            fail_msg("%s: told %d, %zu receipts, %zu replies, %zu bad: %s", bodies[i].body, told,
                     b.told.n_receipts, b.told.n_replies, b.told.n_bad, b.told.bad);
    }
    http_bed_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yunpian_receipts),
        cmocka_unit_test(test_yunpian_replies),
        cmocka_unit_test(test_chuanglan_callbacks_bring_their_password),
        cmocka_unit_test(test_replies_without_an_id_are_known_by_all_they_say),
        cmocka_unit_test(test_kannel_reports_and_replies),
        cmocka_unit_test(test_huawei_receipts_name_id_and_number),
        cmocka_unit_test(test_one_address_for_receipts_and_replies),
        cmocka_unit_test(test_smsbao_and_luosimao_replies),
        cmocka_unit_test(test_android_signature),
        cmocka_unit_test(test_bodies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
