/* Callbacks of driver twilio: signatures, good ones and hostile ones. */
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
#include "tests/support/driver_bed.h"
#include "tests/support/vectors.h"

#define ACCOUNT "AC00000000000000000000000000000000"
#define SID     "SM0123456789abcdef0123456789abcdef"

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

static char token_text[] = "test_auth_token", hook_text[] = "h00k/x";
static const struct secret token = {.value = token_text, .len = 15}, hook = {.value = hook_text, .len = 6};
static struct driver_told told;
static struct err why;

static const char *header(void *arg, const char *name)
{
    return strcmp(name, "X-Twilio-Signature") == 0 ? arg : NULL;
}

struct call {
    const char *method, *kind, *public_url, *query, *type, *body,
        *sign_url;         /* sign_url NULL: as it is called */
    const char *signature; /* NULL: the right one */
};

static int call(const struct call *k)
{
    static const struct provider_conf conf = {.name = "tw",
                                              .driver = "twilio",
                                              .account = ACCOUNT,
                                              .app = "",
                                              .secret = &token,
                                              .hook_secret = &hook};
    struct provider_conf c = conf;
    struct buf right = BUF_INIT(64);
    struct form f = {.n = 0, .bytes = NULL};
    char url[600];
    int rc;

    c.public_url = k->public_url;
    assert_true(snprintf(url, sizeof(url), "%s/hooks/tw/s/%s%s%s", k->public_url, k->kind,
                         k->query[0] != '\0' ? "?" : "", k->query) < (int)sizeof(url));
    if (strcmp(k->type, "application/json") == 0 || form_parse(&f, k->body, strlen(k->body), &why) != 0)
        f = (struct form){.n = 0, .bytes = NULL};
    twilio_sign(&right, &token, k->sign_url != NULL ? k->sign_url : url,
                strlen(k->sign_url != NULL ? k->sign_url : url), f.fields, f.n);
    form_fini(&f);
    char *signature = xstrdup(k->signature != NULL ? k->signature : buf_cstr(&right));
    struct provider_callback in = {.method = k->method,
                                   .kind = k->kind,
                                   .url = url,
                                   .query = k->query,
                                   .content_type = k->type,
                                   .body = k->body,
                                   .header = header,
                                   .arg = signature[0] != '\0' ? signature : NULL};
    rc = driver_call(&twilio_driver, &c, in, &told, &why);
    free(signature);
    buf_fini(&right);
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
    assert_string_equal(told.receipts[0].ref, "n-1.0.2");
    assert_string_equal(told.receipts[0].id, "");
    assert_int_equal(told.receipts[0].state, RECIPIENT_DELIVERED);
    assert_string_equal(told.ack_type, "text/plain");
    assert_string_equal(told.ack, "");
    assert_int_equal(status_call("read", ""), 1);
    assert_int_equal(told.receipts[0].state, RECIPIENT_DELIVERED);
    assert_int_equal(status_call("undelivered", "&ErrorCode=30005"), 1);
    assert_int_equal(told.receipts[0].state, RECIPIENT_FAILED);
    assert_int_equal(told.receipts[0].about, ABOUT_DEAD_NUMBER);
    assert_string_equal(told.receipts[0].detail, "30005: unknown or no longer in use");
    assert_int_equal(status_call("failed", ""), 1);
    assert_string_equal(told.receipts[0].detail, "failed");
}

static void steps_on_the_way_are_taken_and_are_nothing(void **state)
{
    static const char *const steps[] = {"queued",    "sending",  "sent", "accepted",
                                        "scheduled", "received", "",     "delivered "};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        assert_int_equal(status_call(steps[i], ""), 0);
        assert_int_equal(told.n_receipts + told.n_replies, 0);
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
        assert_string_equal(told.replies[0].id, SID);
        assert_string_equal(told.replies[0].from, "+8613800000001");
        assert_string_equal(told.texts[0], rows[i].text);
        assert_string_equal(told.ack_type, "text/xml; charset=utf-8");
        assert_string_equal(told.ack, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response></Response>");
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
        if (call(&rows[i]) != -1 || strcmp(why.code, "hook-signature") != 0 ||
            told.n_receipts + told.n_replies != 0)
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
    assert_string_equal(told.texts[0], "报名");
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
        if (call(&rows[i].k) != -1 || strcmp(why.code, rows[i].code) != 0 ||
            told.n_receipts + told.n_replies != 0)
            fail_msg("row %zu: %s", i, why.code);
}

static void a_report_about_nothing_of_ours_is_taken(void **state)
{
    struct call k = {"POST", "receipt", HOST, "", FORM, "MessageStatus=delivered&MessageSid=" SID,
                     NULL,   NULL};

    (void)state;
    assert_int_equal(call(&k), 0);
    assert_int_equal(told.n_receipts + told.n_replies, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
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
