/* Driver twilio: requests byte for byte, every code, signatures, callbacks good and hostile. */
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
#include "provider/sign.h"
#include "provider/twilio_int.h"
#include "tests/support/vectors.h"

#define ACCOUNT "AC00000000000000000000000000000000"
#define SID     "SM0123456789abcdef0123456789abcdef"

static char token_text[] = "test_auth_token", hook_text[] = "h00k/x", key_text[] = "key-secret",
            none_text[] = "";
static const struct secret token = {.value = token_text, .len = 15}, hook = {.value = hook_text, .len = 6},
                           key = {.value = key_text, .len = 10}, none = {.value = none_text, .len = 0};

static struct provider_conf conf(void)
{
    return (struct provider_conf){.name = "tw",
                                  .driver = "twilio",
                                  .channel = "sms",
                                  .url = "https://api.twilio.com",
                                  .account = ACCOUNT,
                                  .app = "",
                                  .sender = "+14155550100",
                                  .region = "",
                                  .variant = "",
                                  .public_url = "https://notify.example.org",
                                  .secret = &token,
                                  .hook_secret = &hook,
                                  .hook_token = &none,
                                  .hook_key = &none,
                                  .batch = 1};
}

static struct provider_msg message(const char *text)
{
    return (struct provider_msg){.to = "+8613800000001",
                                 .text = text,
                                 .text_len = strlen(text),
                                 .ref = "n-1.0.2",
                                 .lane = LANE_NORMAL};
}

/* ---- configuration ---- */

static void what_an_account_needs(void **state)
{
    static const struct {
        const char *field, *account, *app, *sender, *public_url;
        const struct secret *secret, *hook_token;
    } rows[] = {
        {"account",    "AC1",   "",                                   "+14155550100",                       "https://a.b",     &token, &none },
        {"app",        ACCOUNT, "SK1",                                "+14155550100",                       "https://a.b",     &token, &none },
        {"secret",     ACCOUNT, "",                                   "+14155550100",                       "https://a.b",     &none,  &none },
        {"sender",     ACCOUNT, "",                                   "",                                   "https://a.b",     &token, &none },
        {"sender",     ACCOUNT, "",                                   "MG0000000000000000000000000000000g", "https://a.b",     &token, &none },
        {"sender",     ACCOUNT, "",                                   "a name that is too long",            "https://a.b",     &token, &none },
        {"public_url", ACCOUNT, "",                                   "+14155550100",                       "",                &token, &none },
        {"public_url", ACCOUNT, "",                                   "+14155550100",                       "https://a_b.c",   &token, &none },
        {"hook_token", ACCOUNT, "SK00000000000000000000000000000000", "+14155550100",                       "https://a.b",     &key,
         &none                                                                                                                               },
        {NULL,         ACCOUNT, "SK00000000000000000000000000000000", "+14155550100",                       "https://a.b",     &key,   &token},
        {NULL,         ACCOUNT, "",                                   "MG00000000000000000000000000000000", "https://a.b/x_y", &token, &none },
        {NULL,         ACCOUNT, "",                                   "VenusOffice",                        "https://a.b",     &token, &none },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct provider_conf c = conf();
        struct err e = {{0}, {0}, {0}};
        int rc;

        c.account = rows[i].account, c.app = rows[i].app, c.sender = rows[i].sender;
        c.public_url = rows[i].public_url, c.secret = rows[i].secret, c.hook_token = rows[i].hook_token;
        rc = twilio_driver.check(&c, &e);
        if (rc != (rows[i].field != NULL ? -1 : 0) || (rc != 0 && strcmp(e.field, rows[i].field) != 0))
            fail_msg("row %zu: %d %s %s", i, rc, e.field, e.msg);
    }
}

static void without_callbacks_no_public_address_is_needed(void **state)
{
    struct provider_conf c = conf();
    struct err e;

    (void)state;
    c.hook_secret = &none;
    c.public_url = "";
    assert_int_equal(twilio_driver.check(&c, &e), 0);
}

/* ---- requests ---- */

static void expect_request(const struct provider_conf *c, const struct provider_msg *m, const char *body)
{
    struct provider_request r;
    struct err e;

    provider_request_init(&r);
    r.now_ms = 1716192000000;
    for (int again = 0; again < 2; again++) {
        assert_int_equal(twilio_driver.build(c, m, 1, &r, &e), 0);
        assert_string_equal(buf_cstr(&r.body), body);
        assert_int_equal(r.call.body_len, strlen(body));
        assert_string_equal(r.call.url,
                            "https://api.twilio.com/2010-04-01/Accounts/" ACCOUNT "/Messages.json");
        assert_string_equal(r.call.method, "POST");
        assert_string_equal(r.call.headers[0], "Content-Type: application/x-www-form-urlencoded");
    }
    provider_request_fini(&r);
}

static void a_message_carries_our_reference_in_its_callback(void **state)
{
    struct provider_conf c = conf();
    struct provider_msg m = message("台风 1 & 2");

    (void)state;
    expect_request(&c, &m,
                   "To=%2B8613800000001&From=%2B14155550100&Body=%E5%8F%B0%E9%A3%8E+1+%26+2&StatusCallback="
                   "https%3A%2F%2Fnotify.example.org%2Fhooks%2Ftw%2Fh00k%252Fx%2Freceipt%3Fref%3Dn-1.0.2");
}

static void a_service_no_callback_and_a_time_after_which_it_is_of_no_use(void **state)
{
    static const struct {
        int64_t not_after;
        const char *more;
    } rows[] = {
        {0,             ""                  },
        {1716192090999, "&ValidityPeriod=90"},
        {1716192001000, "&ValidityPeriod=5" },
        {1716228000000, ""                  },
    };
    struct provider_conf c = conf();

    (void)state;
    c.sender = "MG00000000000000000000000000000000";
    c.hook_secret = &none;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct provider_msg m = message("x");
        char body[200];

        m.not_after = rows[i].not_after;
        assert_true(
            snprintf(body, sizeof(body),
                     "To=%%2B8613800000001&MessagingServiceSid=MG00000000000000000000000000000000&Body=x%s",
                     rows[i].more) > 0);
        expect_request(&c, &m, body);
    }
}

static void credentials_are_the_account_or_an_api_key(void **state)
{
    struct provider_conf c = conf();
    struct provider_msg m = message("x");
    struct provider_request r;
    struct err e;

    (void)state;
    provider_request_init(&r);
    assert_int_equal(twilio_driver.build(&c, &m, 1, &r, &e), 0);
    assert_string_equal(r.header_list[2],
                        "Authorization: Basic "
                        "QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDp0ZXN0X2F1dGhfdG9rZW4=");
    c.app = "SK00000000000000000000000000000000";
    c.secret = &key;
    assert_int_equal(twilio_driver.build(&c, &m, 1, &r, &e), 0);
    assert_string_equal(r.header_list[2],
                        "Authorization: Basic U0swMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDprZXktc2VjcmV0");
    assert_null(r.header_list[3]);
    provider_request_fini(&r);
}

static void a_text_that_is_too_long_is_known_before(void **state)
{
    struct provider_conf c = conf();
    char text[4 * 1601 + 1];
    struct provider_request r;
    struct err e;

    (void)state;
    provider_request_init(&r);
    for (size_t i = 0; i < 801; i++)
        memcpy(text + 4 * i, "😀", 5);
    struct provider_msg m = message(text);
    assert_int_equal(twilio_driver.fits(&c, &m, &e), -1); /* 1602 units */
    assert_int_equal(twilio_driver.build(&c, &m, 1, &r, &e), -1);
    assert_string_equal(e.code, "bad-message");
    m.text_len = 4 * 800;
    assert_int_equal(twilio_driver.fits(&c, &m, &e), 0);
    m.text_len = 0;
    assert_int_equal(twilio_driver.fits(&c, &m, &e), -1);
    provider_request_fini(&r);
}

/* ---- answers ---- */

static struct provider_verdict classify(int status, const char *body, int64_t retry_after_ms)
{
    struct provider_conf c = conf();
    struct provider_msg m = message("x");
    struct http_answer a = {.outcome = HTTP_ANSWERED,
                            .status = status,
                            .body = body,
                            .body_len = strlen(body),
                            .retry_after_ms = retry_after_ms};
    struct provider_verdict v = {.verdict = VERDICT_UNKNOWN, .retry_after_ms = -1};

    twilio_driver.classify(&c, &m, 1, &a, &v);
    return v;
}

static const struct {
    const char *name;
    int status;
    const char *body;
    enum verdict verdict;
    const char *id;
} answers[] = {
    {"made",                          201, "{\"sid\":\"" SID "\",\"status\":\"queued\",\"error_code\":null}",          VERDICT_SENT,        SID                                 },
    {"accepted by a service",         201, "{\"sid\":\"MM0123456789abcdef0123456789abcdef\",\"status\":\"accepted\"}",
     VERDICT_SENT,                                                                                                                          "MM0123456789abcdef0123456789abcdef"},
    {"failed at once",                201, "{\"sid\":\"" SID "\",\"status\":\"failed\",\"error_code\":21610}",
     VERDICT_BAD_RECIPIENT,                                                                                                                 SID                                 },
    {"made, but no id",               201, "{\"status\":\"queued\"}",                                                  VERDICT_UNKNOWN,     ""                                  },
    {"made, odd id",                  201, "{\"sid\":\"SM0123\",\"status\":\"queued\"}",                               VERDICT_UNKNOWN,     ""                                  },
    {"a code with 200 is no success", 200, "{\"code\":21610,\"sid\":\"" SID "\"}",                                     VERDICT_UNKNOWN,     ""                                  },
    {"a page",                        200, "<html>",                                                                   VERDICT_UNKNOWN,     ""                                  },
    {"a list",                        201, "[]",                                                                       VERDICT_UNKNOWN,     ""                                  },
    {"nothing",                       201, "",                                                                         VERDICT_UNKNOWN,     ""                                  },
    {"429 without a code",            429, "slow down",                                                                VERDICT_THROTTLED,   ""                                  },
    {"429 with a code nobody knows",  429, "{\"code\":29999}",                                                         VERDICT_THROTTLED,   ""                                  },
    {"401 without a code",            401, "",                                                                         VERDICT_BAD_ACCOUNT, ""                                  },
    {"503",                           503, "{\"code\":20503}",                                                         VERDICT_RETRY,       ""                                  },
    {"500: who knows",                500, "{\"code\":20500}",                                                         VERDICT_UNKNOWN,     ""                                  },
    {"502: who knows",                502, "",                                                                         VERDICT_UNKNOWN,     ""                                  },
    {"a code nobody knows",           400, "{\"code\":29999,\"message\":\"x\"}",                                       VERDICT_UNKNOWN,     ""                                  },
    {"a code in quotes is none",      400, "{\"code\":\"21610\"}",                                                     VERDICT_UNKNOWN,     ""                                  },
    {"a negative code is none",       400, "{\"code\":-1}",                                                            VERDICT_UNKNOWN,     ""                                  },
};

static void answers_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct provider_verdict v = classify(answers[i].status, answers[i].body, -1);

        if (v.verdict != answers[i].verdict || strcmp(v.id, answers[i].id) != 0)
            fail_msg("%s: %s, id \"%s\"", answers[i].name, verdict_name(v.verdict), v.id);
    }
    assert_int_equal(classify(429, "{\"code\":20429}", 7000).retry_after_ms, 7000);
}

/* The fact sheet's table, said a second time. */
static const struct {
    enum verdict verdict;
    enum provider_about about;
    const char *codes;
} classes[] = {
    {VERDICT_THROTTLED,     ABOUT_NOTHING,     "20429 14107 21611 30001 30022 63018"                        },
    {VERDICT_RETRY,         ABOUT_NOTHING,     "30017 30020 30021 30410 12400 30008"                        },
    {VERDICT_BAD_RECIPIENT, ABOUT_NOTHING,     "30003 30004 21408 21215"                                    },
    {VERDICT_BAD_RECIPIENT, ABOUT_DEAD_NUMBER, "21211 21217 21401 21421 30014 21214 21612 21614 30005 30006"},
    {VERDICT_BAD_RECIPIENT, ABOUT_OPTED_OUT,   "21610"                                                      },
    {VERDICT_BAD_MESSAGE,   ABOUT_NOTHING,     "30007 21602 21604 21617 21618 21620 21623 21656 30019 30010"},
    {VERDICT_UNKNOWN,       ABOUT_NOTHING,     "30009"                                                      },
    {VERDICT_BAD_ACCOUNT,   ABOUT_NOTHING,
     "21608 21219 21603 21606 21659 21212 21616 30018 30024 30034 30032 30023 30027 20003 20005 20006 20403 "
     "90010 21472 30002 "
     "20404 20422 21609"                                                                                    },
};

static void every_code_has_its_class(void **state)
{
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
        char list[400], body[80], *save = NULL;

        assert_true(snprintf(list, sizeof(list), "%s", classes[i].codes) < (int)sizeof(list));
        for (char *code = strtok_r(list, " ", &save); code != NULL; code = strtok_r(NULL, " ", &save), n++) {
            assert_true(snprintf(body, sizeof(body), "{\"code\":%s,\"message\":\"x\",\"status\":400}", code) >
                        0);
            struct provider_verdict v = classify(400, body, -1);
            if (v.verdict != classes[i].verdict || v.about != classes[i].about ||
                strncmp(v.detail, code, strlen(code)) != 0 || v.scope != THROTTLE_ACCOUNT)
                fail_msg("%s: %s (%s)", code, verdict_name(v.verdict), v.detail);
        }
    }
    assert_int_equal(n, twilio_n_rows);
}

/* ---- signatures ---- */

static void check_vector(const json_t *v, const char *expect)
{
    const char *url = vectors_str(v, "url"), *name;
    struct form_field fields[40];
    char *secret_text = xstrdup(vectors_str(v, "token"));
    struct secret secret = {.value = secret_text, .len = strlen(secret_text)};
    struct buf out = BUF_INIT(64);
    json_t *value, *one;
    size_t n = 0, i;

    json_object_foreach(json_object_get(v, "params"), name, value)
    {
        json_t *list = json_is_array(value) ? json_incref(value) : json_pack("[O]", value);
        json_array_foreach(list, i, one) fields[n++] =
            (struct form_field){.name = xstrdup(name),
                                .value = xstrdup(json_string_value(one)),
                                .value_len = json_string_length(one)};
        json_decref(list);
    }
    twilio_sign(&out, &secret, url, strlen(url), fields, n);
    assert_string_equal(buf_cstr(&out), expect);
    for (i = 0; i < n; i++) {
        free(fields[i].name);
        free(fields[i].value);
    }
    buf_fini(&out);
    free(secret_text);
}

static void known_signatures(void **state)
{
    (void)state;
    vectors_each("twilio", check_vector);
}

/* ---- callbacks ---- */

static struct provider_receipt receipt;
static struct provider_reply reply;
static char reply_text[256];
static int n_told;
static const char *signature;

static void on_receipt(void *arg, const struct provider_receipt *r)
{
    (void)arg;
    receipt = *r;
    n_told++;
}

static void on_reply(void *arg, const struct provider_reply *r)
{
    (void)arg;
    reply = *r;
    memcpy(reply_text, r->text, r->text_len);
    reply_text[r->text_len] = '\0';
    n_told++;
}

static const char *header(void *arg, const char *name)
{
    (void)arg;
    return strcmp(name, "X-Twilio-Signature") == 0 ? signature : NULL;
}

struct call {
    const char *method, *kind, *public_url, *query, *type, *body,
        *sign_url;         /* sign_url NULL: as it is called */
    const char *signature; /* NULL: the right one */
};

static struct err why;
static char ack_type[64], ack_body[200];

static int call(const struct call *k)
{
    const struct provider_sink sink = {.receipt = on_receipt, .reply = on_reply};
    struct provider_conf c = conf();
    struct provider_ack ack = {.type = NULL, .body = BUF_INIT(1000)};
    struct buf sig = BUF_INIT(64);
    char url[600];
    struct form f;
    struct err e;
    int rc;

    c.public_url = k->public_url;
    assert_true(snprintf(url, sizeof(url), "%s/hooks/tw/s/%s%s%s", k->public_url, k->kind,
                         k->query[0] != '\0' ? "?" : "", k->query) < (int)sizeof(url));
    if (strcmp(k->type, "application/json") == 0)
        f = (struct form){.n = 0, .bytes = NULL};
    else if (form_parse(&f, k->body, strlen(k->body), &e) != 0)
        f = (struct form){.n = 0, .bytes = NULL};
    twilio_sign(&sig, &token, k->sign_url != NULL ? k->sign_url : url,
                strlen(k->sign_url != NULL ? k->sign_url : url), f.fields, f.n);
    form_fini(&f);
    signature = k->signature != NULL ? (k->signature[0] != '\0' ? k->signature : NULL) : buf_cstr(&sig);
    struct provider_callback in = {.method = k->method,
                                   .kind = k->kind,
                                   .url = url,
                                   .query = k->query,
                                   .content_type = k->type,
                                   .body = k->body,
                                   .body_len = strlen(k->body),
                                   .header = header};
    n_told = 0;
    memset(&receipt, 0, sizeof(receipt));
    memset(&why, 0, sizeof(why));
    rc = twilio_driver.callback(&c, &in, &sink, &ack, &why);
    memset(ack_type, 0, sizeof(ack_type));
    if (ack.type != NULL)
        memcpy(ack_type, ack.type, strlen(ack.type) + 1);
    memcpy(ack_body, buf_cstr(&ack.body), ack.body.len + 1);
    buf_fini(&ack.body);
    buf_fini(&sig);
    return rc;
}

#define FORM "application/x-www-form-urlencoded"
#define HOST "https://notify.example.org"

static int status_call(const char *status, const char *more)
{
    char body[300];
    struct call k = {"POST", "receipt", HOST, "ref=n-1.0.2", FORM, body, NULL, NULL};

    assert_true(snprintf(body, sizeof(body),
                         "SmsSid=" SID "&SmsStatus=%s&MessageStatus=%s&To=%%2B8613800000001&MessageSid=" SID
                         "&ApiVersion=2010-04-01%s",
                         status, status, more) < (int)sizeof(body));
    return call(&k);
}

static void a_report_is_told_by_our_reference(void **state)
{
    (void)state;
    assert_int_equal(status_call("delivered", ""), 1);
    assert_string_equal(receipt.ref, "n-1.0.2");
    assert_string_equal(receipt.id, "");
    assert_int_equal(receipt.state, RECIPIENT_DELIVERED);
    assert_string_equal(ack_type, "text/plain");
    assert_string_equal(ack_body, "");
    assert_int_equal(status_call("read", ""), 1);
    assert_int_equal(receipt.state, RECIPIENT_DELIVERED);
    assert_int_equal(status_call("undelivered", "&ErrorCode=30005"), 1);
    assert_int_equal(receipt.state, RECIPIENT_FAILED);
    assert_int_equal(receipt.about, ABOUT_DEAD_NUMBER);
    assert_string_equal(receipt.detail, "30005: unknown or no longer in use");
    assert_int_equal(status_call("failed", ""), 1);
    assert_string_equal(receipt.detail, "failed");
}

static void steps_on_the_way_are_taken_and_are_nothing(void **state)
{
    static const char *const steps[] = {"queued",    "sending",  "sent", "accepted",
                                        "scheduled", "received", "",     "delivered "};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        assert_int_equal(status_call(steps[i], ""), 0);
        assert_int_equal(n_told, 0);
    }
}

static void what_somebody_wrote_is_told_and_answered_with_nothing(void **state)
{
    static const struct {
        const char *body, *text;
    } rows[] = {
        {"MessageSid=" SID "&From=%2B8613800000001&Body=%E6%8A%A5%E5%90%8D+1&NumMedia=0&FromCity=", "报名 1"                   },
        {"MessageSid=" SID "&From=%2B8613800000001&Body=enough&OptOutType=STOP",                    "STOP"                       },
        {"MessageSid=" SID "&From=%2B8613800000001&Body=again&OptOutType=START",                    "START"                      },
        {"MessageSid=" SID "&From=%2B8613800000001&Body=help&OptOutType=HELP",                      "help"                       },
        {"MessageSid=" SID "&From=%2B8613800000001&Body=&NumMedia=2",                               "[彩信 / media message: 2]"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct call k = {"POST", "reply", HOST, "", FORM, rows[i].body, NULL, NULL};

        assert_int_equal(call(&k), 1);
        assert_string_equal(reply.id, SID);
        assert_string_equal(reply.from, "+8613800000001");
        assert_string_equal(reply_text, rows[i].text);
        assert_string_equal(ack_type, "text/xml; charset=utf-8");
        assert_string_equal(ack_body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response></Response>");
    }
}

static const char good_body[] = "MessageSid=" SID "&From=%2B8613800000001&Body=x";

static void both_ways_to_write_the_address_are_good(void **state)
{
    static const struct {
        const char *public_url, *signed_url;
    } rows[] = {
        {"https://a.example",      "https://a.example:443/hooks/tw/s/reply"     },
        {"https://a.example:443",  "https://a.example/hooks/tw/s/reply"         },
        {"http://a.example",       "http://a.example:80/hooks/tw/s/reply"       },
        {"http://a.example:80",    "http://a.example/hooks/tw/s/reply"          },
        {"https://[2001:db8::80]", "https://[2001:db8::80]:443/hooks/tw/s/reply"},
        {"https://a.example:8443", NULL                                         },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct call k = {"POST", "reply", rows[i].public_url, "", FORM, good_body, rows[i].signed_url, NULL};

        assert_int_equal(call(&k), 1);
    }
}

static void what_is_not_signed_is_refused(void **state)
{
    const struct call rows[] = {
        {"POST", "reply", HOST,                   "",                                                                            FORM,               good_body,                                       NULL,                                    ""                            },
        {"POST", "reply", HOST,                   "",                                                                            FORM,               good_body,                                       NULL,                                    "l35TAYkEW3oZSvQew5nuDbnWGvY="},
        {"POST", "reply", HOST,                   "",                                                                            FORM,               good_body,                                       "https://evil.example/hooks/tw/s/reply", NULL                          },
        {"POST", "reply", HOST,                   "a=1",                                                                         FORM,               good_body,                                       HOST "/hooks/tw/s/reply",                NULL                          },
        {"POST", "reply", "https://a.example:81", "",                                                                            FORM,               good_body,                                       "https://a.example/hooks/tw/s/reply",
         NULL                                                                                                                                                                                                                                                                },
        {"POST", "reply", HOST,                   "",                                                                            "application/json", "{\"MessageSid\":\"" SID "\"}",                  NULL,                                    NULL                          },
        {"POST", "reply", HOST,                   "bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
         "application/json",                                                                                                                         "{\"property\": \"value\", \"boolean\": false}", NULL,                                    NULL                          },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (call(&rows[i]) != -1 || strcmp(why.code, "hook-signature") != 0 || n_told != 0)
            fail_msg("row %zu: %s", i, why.code);
    }
}

static void a_json_body_is_covered_by_its_hash(void **state)
{
    static const char body[] =
        "{\"MessageSid\":\"" SID "\",\"From\":\"+8613800000001\",\"Body\":\"报名\",\"n\":1}";
    struct buf query = BUF_INIT(100);
    uint8_t hash[SIGN_MAX];

    (void)state;
    buf_str(&query, "bodySHA256=");
    sign_hex(&query, hash, sign_hash(SIGN_SHA256, body, strlen(body), hash), false);
    struct call k = {"POST", "reply", HOST, buf_cstr(&query), "application/json", body, NULL, NULL};
    assert_int_equal(call(&k), 1);
    assert_string_equal(reply_text, "报名");
    buf_fini(&query);
}

static void what_cannot_be_read_is_refused_with_a_reason(void **state)
{
    const struct {
        struct call k;
        const char *code;
    } rows[] = {
        {{"GET", "reply", HOST, "", FORM, good_body, NULL, NULL},                       "no-such-hook"},
        {{"POST", "wechat", HOST, "", FORM, good_body, NULL, NULL},                     "no-such-hook"},
        {{"POST", "reply", HOST, "", FORM, "From=%2B8613800000001&Body=x", NULL, NULL}, "bad-reply"   },
        {{"POST", "reply", HOST, "", FORM, "MessageSid=" SID "&Body=x", NULL, NULL},    "bad-reply"   },
        {{"POST", "reply", HOST, "", FORM, "MessageSid=%zz", NULL, NULL},               "bad-form"    },
        {{"POST", "reply", HOST, "ref=%zz", FORM, good_body, NULL, NULL},               "bad-form"    },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (call(&rows[i].k) != -1 || strcmp(why.code, rows[i].code) != 0 || n_told != 0)
            fail_msg("row %zu: %s", i, why.code);
}

static void a_report_about_nothing_of_ours_is_taken(void **state)
{
    struct call k = {"POST", "receipt", HOST, "", FORM, "MessageStatus=delivered&MessageSid=" SID,
                     NULL,   NULL};

    (void)state;
    assert_int_equal(call(&k), 0);
    assert_int_equal(n_told, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_account_needs),
        cmocka_unit_test(without_callbacks_no_public_address_is_needed),
        cmocka_unit_test(a_message_carries_our_reference_in_its_callback),
        cmocka_unit_test(a_service_no_callback_and_a_time_after_which_it_is_of_no_use),
        cmocka_unit_test(credentials_are_the_account_or_an_api_key),
        cmocka_unit_test(a_text_that_is_too_long_is_known_before),
        cmocka_unit_test(answers_are_judged),
        cmocka_unit_test(every_code_has_its_class),
        cmocka_unit_test(known_signatures),
        cmocka_unit_test(a_report_is_told_by_our_reference),
        cmocka_unit_test(steps_on_the_way_are_taken_and_are_nothing),
        cmocka_unit_test(what_somebody_wrote_is_told_and_answered_with_nothing),
        cmocka_unit_test(both_ways_to_write_the_address_are_good),
        cmocka_unit_test(what_is_not_signed_is_refused),
        cmocka_unit_test(a_json_body_is_covered_by_its_hash),
        cmocka_unit_test(what_cannot_be_read_is_refused_with_a_reason),
        cmocka_unit_test(a_report_about_nothing_of_ours_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
