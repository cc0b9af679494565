/* Driver json: requests byte for byte, answers of every kind (contract 5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "provider/answer.h"
#include "provider/drivers.h"

static char secret_text[] = "s3cret";
static const struct secret secret = {.value = secret_text, .len = 6};
static const struct provider_conf single = {.name = "p1",
                                            .driver = "json",
                                            .channel = "sms",
                                            .url = "http://127.0.0.1:9/send",
                                            .batch = 1,
                                            .secret = &secret};
static const struct provider_conf batch = {
    .name = "p1", .driver = "json", .channel = "sms", .url = "http://127.0.0.1:9/send", .batch = 100};

static struct provider_msg message(const char *to, const char *text, const char *ref)
{
    return (struct provider_msg){
        .to = to, .text = text, .text_len = strlen(text), .ref = ref, .lane = LANE_URGENT};
}

static void test_single_request_is_the_contract_s_object(void **state)
{
    struct provider_request r;
    struct provider_msg m = message("+8613800000001", "台风\"桦加沙\"\n\\", "n1.0.1");
    struct err e;

    (void)state;
    provider_request_init(&r);
    assert_int_equal(json_driver.build(&single, &m, 1, &r, &e), 0);
    assert_string_equal(buf_cstr(&r.body),
                        "{\"to\":\"+8613800000001\",\"text\":\"台风\\\"桦加沙\\\"\\n\\\\\",\"ref\":\"n1.0."
                        "1\",\"lane\":\"urgent\",\"channel\":\"sms\"}");
    assert_int_equal(r.call.body_len, strlen(r.call.body));
    assert_string_equal(r.call.method, "POST");
    assert_string_equal(r.call.url, single.url);
    assert_string_equal(r.header_list[0], "Content-Type: application/json");
    assert_string_equal(r.header_list[1], "Authorization: Bearer s3cret");
    assert_null(r.header_list[2]);
    provider_request_fini(&r);
}

static void test_batch_request_is_a_list_even_of_one_and_is_reusable(void **state)
{
    struct provider_request r;
    struct provider_msg m[2] = {message("+8613800000001", "a", "n.0.1"),
                                message("+8613800000002", "b", "n.1.1")};
    struct err e;

    (void)state;
    provider_request_init(&r);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(json_driver.build(&batch, m, 2, &r, &e), 0);
        assert_string_equal(buf_cstr(&r.body), "{\"messages\":[{\"to\":\"+8613800000001\",\"text\":\"a\","
                                               "\"ref\":\"n.0.1\",\"lane\":\"urgent\",\"channel\":\"sms\"},"
                                               "{\"to\":\"+8613800000002\",\"text\":\"b\",\"ref\":\"n.1.1\","
                                               "\"lane\":\"urgent\",\"channel\":\"sms\"}]}");
        assert_null(r.header_list[1]); /* no secret, no header */
    }
    assert_int_equal(json_driver.build(&batch, m, 1, &r, &e), 0);
    assert_string_equal(buf_cstr(&r.body), "{\"messages\":[{\"to\":\"+8613800000001\",\"text\":\"a\",\"ref\":"
                                           "\"n.0.1\",\"lane\":\"urgent\",\"channel\":\"sms\"}]}");
    provider_request_fini(&r);
}

/* ---- answers to one message ---- */

static const struct {
    const char *name;
    int status;
    const char *body;
    int64_t header_ms;
    enum verdict verdict;
    int64_t retry_ms;
    const char *id;
} singles[] = {
    {"code 0 is sent, with the id",                        200, "{\"code\":0,\"id\":\"m-1\"}",                        -1,   VERDICT_SENT,          -1,   "m-1"},
    {"blanks and order do not matter",                     200, " {\n \"id\" : \"m-1\" ,\t\"code\" : 0\r\n} ",        -1,   VERDICT_SENT,
     -1,                                                                                                                                                 "m-1"},
    {"sent without an id is sent",                         200, "{\"code\":0}",                                       -1,   VERDICT_SENT,          -1,   ""   },
    {"an escaped id is read",                              200, "{\"code\":0,\"id\":\"m\\u002d1\"}",                  -1,   VERDICT_SENT,          -1,   "m-1"},
    {"members nobody knows do not disturb",                200, "{\"code\":0,\"id\":\"m\",\"cost\":{\"fen\":[4,5]}}", -1,
     VERDICT_SENT,                                                                                                                                 -1,   "m"  },
    {"an id that is no string is left out",                200, "{\"code\":0,\"id\":17}",                             -1,   VERDICT_SENT,          -1,   ""   },
    {"code 1 is a bad recipient",                          200, "{\"code\":1}",                                       -1,   VERDICT_BAD_RECIPIENT, -1,   ""   },
    {"code 2 is a bad message",                            200, "{\"code\":2}",                                       -1,   VERDICT_BAD_MESSAGE,   -1,   ""   },
    {"code 3 is a bad account",                            200, "{\"code\":3}",                                       -1,   VERDICT_BAD_ACCOUNT,   -1,   ""   },
    {"code 4 is throttled",                                200, "{\"code\":4,\"retry_after\":2}",                     -1,   VERDICT_THROTTLED,     2000, ""   },
    {"retry_after may have a fraction",                    200, "{\"code\":4,\"retry_after\":0.25}",                  -1,   VERDICT_THROTTLED,     250,
     ""                                                                                                                                                       },
    {"the header speaks when the body does not",           200, "{\"code\":4}",                                       7000, VERDICT_THROTTLED,     7000, ""   },
    {"the body's retry_after is nearer than the header's", 200, "{\"code\":4,\"retry_after\":1}",                     7000,
     VERDICT_THROTTLED,                                                                                                                            1000, ""   },
    {"an absurd retry_after is none",                      200, "{\"code\":4,\"retry_after\":900000000}",             -1,   VERDICT_THROTTLED,
     -1,                                                                                                                                                 ""   },
    {"a negative retry_after is none",                     200, "{\"code\":4,\"retry_after\":-3}",                    -1,   VERDICT_THROTTLED,     -1,   ""   },
    {"code 5 is try again",                                200, "{\"code\":5}",                                       -1,   VERDICT_RETRY,         -1,   ""   },
    {"429 is throttled with Retry-After",                  429, "slow down",                                          3000, VERDICT_THROTTLED,     3000, ""   },
    {"503 is try again",                                   503, "<html>",                                             -1,   VERDICT_RETRY,         -1,   ""   },
    {"500 is unknown even with code 0",                    500, "{\"code\":0}",                                       -1,   VERDICT_UNKNOWN,       -1,   ""   },
    {"201 is unknown",                                     201, "{\"code\":0}",                                       -1,   VERDICT_UNKNOWN,       -1,   ""   },
    {"302 is unknown",                                     302, "",                                                   -1,   VERDICT_UNKNOWN,       -1,   ""   },
    {"code 6 is none",                                     200, "{\"code\":6}",                                       -1,   VERDICT_UNKNOWN,       -1,   ""   },
    {"a negative code is none",                            200, "{\"code\":-1}",                                      -1,   VERDICT_UNKNOWN,       -1,   ""   },
    {"a code with a fraction is none",                     200, "{\"code\":0.0}",                                     -1,   VERDICT_UNKNOWN,       -1,   ""   },
    {"a code with an exponent is none",                    200, "{\"code\":0e0}",                                     -1,   VERDICT_UNKNOWN,       -1,   ""   },
    {"a code in quotes is none",                           200, "{\"code\":\"0\"}",                                   -1,   VERDICT_UNKNOWN,       -1,   ""   },
    {"a code that is false is none",                       200, "{\"code\":false}",                                   -1,   VERDICT_UNKNOWN,       -1,   ""   },
    {"a code with a leading zero is no JSON",              200, "{\"code\":00}",                                      -1,   VERDICT_UNKNOWN,       -1,   ""   },
    {"a huge code is none",                                200, "{\"code\":18446744073709551616}",                    -1,   VERDICT_UNKNOWN,       -1,   ""   },
    {"two codes are a contradiction",                      200, "{\"code\":1,\"code\":0}",                            -1,   VERDICT_UNKNOWN,       -1,   ""   },
    {"no code says nothing",                               200, "{\"id\":\"m\"}",                                     -1,   VERDICT_UNKNOWN,       -1,   ""   },
    {"an empty object says nothing",                       200, "{}",                                                 -1,   VERDICT_UNKNOWN,       -1,   ""   },
    {"an empty answer says nothing",                       200, "",                                                   -1,   VERDICT_UNKNOWN,       -1,   ""   },
    {"an array is no answer",                              200, "[{\"code\":0}]",                                     -1,   VERDICT_UNKNOWN,       -1,   ""   },
    {"a cut answer is no answer",                          200, "{\"code\":0",                                        -1,   VERDICT_UNKNOWN,       -1,   ""   },
    {"something after the object is no answer",            200, "{\"code\":0}x",                                      -1,   VERDICT_UNKNOWN,       -1,   ""   },
    {"bad UTF-8 is no answer",                             200, "{\"code\":0,\"id\":\"\xff\"}",                       -1,   VERDICT_UNKNOWN,       -1,   ""   },
    {"an escaped NUL is no answer",                        200, "{\"code\":0,\"id\":\"\\u0000\"}",                    -1,   VERDICT_UNKNOWN,       -1,   ""   },
    {"a page of HTML is no answer",                        200, "<html><body>It works!</body></html>",                -1,   VERDICT_UNKNOWN,       -1,   ""   },
};

static void test_answers_to_one_message(void **state)
{
    struct provider_msg m = message("+8613800000001", "a", "n.0.1");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(singles); i++) {
        char *body = xmemdup(singles[i].body,
                             strlen(singles[i].body)); /* exactly so long: sanitizers see a read past it */
        struct http_answer a = {.outcome = HTTP_ANSWERED,
                                .status = singles[i].status,
                                .body = body,
                                .body_len = strlen(singles[i].body),
                                .retry_after_ms = singles[i].header_ms};
        struct provider_verdict v;

        memset(&v, 0xa5, sizeof(v));
        json_driver.classify(&single, &m, 1, &a, &v);
        if (v.verdict != singles[i].verdict || v.retry_after_ms != singles[i].retry_ms ||
            strcmp(v.id, singles[i].id) != 0)
            fail_msg("%s: %s, retry %lld, id \"%s\"", singles[i].name, verdict_name(v.verdict),
                     (long long)v.retry_after_ms, v.id);
        free(body);
    }
}

/* ---- whom a throttle concerns ---- */

static const struct {
    const char *name, *body;
    enum verdict verdict;
    enum throttle_scope scope;
    enum throttle_until until;
    int64_t retry_ms;
} throttles[] = {
    {"code 4 alone concerns the account",         "{\"code\":4,\"retry_after\":2}",                               VERDICT_THROTTLED,
     THROTTLE_ACCOUNT,                                                                                                                                   THROTTLE_TOLD,   2000 },
    {"it can say that it concerns the recipient", "{\"code\":4,\"scope\":\"recipient\",\"retry_after\":60}",
     VERDICT_THROTTLED,                                                                                                              THROTTLE_RECIPIENT, THROTTLE_TOLD,   60000},
    {"and until when",                            "{\"code\":4,\"until\":\"hour\",\"scope\":\"recipient\"}",      VERDICT_THROTTLED,
     THROTTLE_RECIPIENT,                                                                                                                                 THROTTLE_HOUR,   -1   },
    {"the end of the minute",                     "{\"code\":4,\"until\":\"minute\",\"scope\":\"recipient\"}",    VERDICT_THROTTLED,
     THROTTLE_RECIPIENT,                                                                                                                                 THROTTLE_MINUTE, -1   },
    {"the end of the day, told by jansson",       "{\"code\":4,\"until\":\"d\\u0061y\",\"scope\":\"recipient\"}",
     VERDICT_THROTTLED,                                                                                                              THROTTLE_RECIPIENT, THROTTLE_DAY,    -1   },
    {"a window of the account is none",           "{\"code\":4,\"until\":\"hour\"}",                              VERDICT_THROTTLED,
     THROTTLE_ACCOUNT,                                                                                                                                   THROTTLE_TOLD,   -1   },
    {"a scope nobody knows is the account",       "{\"code\":4,\"scope\":\"all\"}",                               VERDICT_THROTTLED,
     THROTTLE_ACCOUNT,                                                                                                                                   THROTTLE_TOLD,   -1   },
    {"a scope that is no string is the account",  "{\"code\":4,\"scope\":[\"recipient\"]}",                       VERDICT_THROTTLED,
     THROTTLE_ACCOUNT,                                                                                                                                   THROTTLE_TOLD,   -1   },
    {"no throttle, no scope",                     "{\"code\":5,\"scope\":\"recipient\",\"until\":\"day\"}",       VERDICT_RETRY,
     THROTTLE_ACCOUNT,                                                                                                                                   THROTTLE_TOLD,   -1   },
};

static void test_a_throttle_says_whom_it_concerns(void **state)
{
    struct provider_msg m = message("+8613800000001", "a", "n.0.1");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(throttles); i++) {
        struct http_answer a = {.outcome = HTTP_ANSWERED,
                                .status = 200,
                                .body = throttles[i].body,
                                .body_len = strlen(throttles[i].body),
                                .retry_after_ms = -1};
        struct provider_verdict v;

        memset(&v, 0xa5, sizeof(v));
        json_driver.classify(&single, &m, 1, &a, &v);
        if (v.verdict != throttles[i].verdict || v.scope != throttles[i].scope ||
            v.until != throttles[i].until || v.retry_after_ms != throttles[i].retry_ms)
            fail_msg("%s: %s, scope %d, until %d, retry %lld", throttles[i].name, verdict_name(v.verdict),
                     (int)v.scope, (int)v.until, (long long)v.retry_after_ms);
    }
}

static void test_an_id_that_does_not_fit_is_left_out_not_cut(void **state)
{
    struct provider_msg m = message("+8613800000001", "a", "n.0.1");
    char body[256];
    struct provider_verdict v;

    (void)state;
    for (int len = 78; len <= 82; len++) {
        int n = snprintf(body, sizeof(body), "{\"code\":0,\"id\":\"%0*d\"}", len, 7);
        struct http_answer a = {.outcome = HTTP_ANSWERED,
                                .status = 200,
                                .body = body,
                                .body_len = (size_t)n,
                                .retry_after_ms = -1};

        json_driver.classify(&single, &m, 1, &a, &v);
        assert_int_equal(v.verdict, VERDICT_SENT);
        assert_int_equal(strlen(v.id), len <= 79 ? len : 0);
    }
}

/* ---- answers to a batch of four: 1, 2, 3, and 1 again ---- */

static const struct {
    const char *name;
    int status;
    const char *body;
    const char *verdicts; /* one letter each: s r t R(bad-recipient) m a u */
    const char *ids;
} batches[] = {
    {"in order",                                            200,
     "{\"results\":[{\"to\":\"+8613800000001\",\"code\":0,\"id\":\"a\"},{\"to\":\"+8613800000002\",\"code\":"
     "1},{\"to\":\"+8613800000003\",\"code\":4,\"retry_after\":1},{\"to\":\"+8613800000001\",\"code\":0,"
     "\"id\":\"b\"}]}",                                                                                                    "sRts", "a,,,b"          },
    {"in any order; a number sent twice by order",          200,
     "{\"results\":[{\"code\":0,\"to\":\"+8613800000003\",\"id\":\"c\"},{\"id\":\"a\",\"to\":\"+"
     "8613800000001\",\"code\":0},{\"to\":\"+8613800000001\",\"code\":5},{\"to\":\"+8613800000002\",\"code\":"
     "2}]}",                                                                                                               "smsr", "a,,c,"          },
    {"missing results stay unknown",                        200,
     "{\"results\":[{\"to\":\"+8613800000002\",\"code\":0,\"id\":\"x\"}]}",                                                "usuu", ",x,,"           },
    {"a number that was not sent is ignored",               200,
     "{\"results\":[{\"to\":\"+8613800000009\",\"code\":0},{\"to\":\"+861380000000\",\"code\":0},{\"to\":\"+"
     "86138000000011\",\"code\":0},{\"to\":\"\",\"code\":0},{\"to\":\"+8613800000003\",\"code\":0}]}",                     "uusu", ",,,"            },
    {"more results for a number than messages are ignored", 200,
     "{\"results\":[{\"to\":\"+8613800000002\",\"code\":0,\"id\":\"x\"},{\"to\":\"+8613800000002\",\"code\":"
     "1}]}",                                                                                                               "usuu", ",x,,"           },
    {"a result without number counts for nobody",           200,
     "{\"results\":[{\"code\":0},{\"to\":7,\"code\":0},7,null,[],\"x\"]}",                                                 "uuuu", ",,,"            },
    {"a result without code is unknown",                    200,
     "{\"results\":[{\"to\":\"+8613800000001\"},{\"to\":\"+8613800000002\",\"code\":9}]}",                                 "uuuu", ",,,"            },
    {"escapes and strange members",                         200,
     "{\"results\":[{\"to\":\"\\u002b8613800000001\",\"code\":0,\"id\":\"\xe4\xb8\x80\",\"x\":{}}],\"y\":[1]"
     "}",                                                                                                                  "suuu", "\xe4\xb8\x80,,,"},
    {"plain results before something strange count once",   200,
     "{\"results\":[{\"to\":\"+8613800000001\",\"code\":1},{\"to\":\"+8613800000002\",\"code\":0,\"x\":null}]"
     "}",                                                                                                                  "Rsuu", ",,,"            },
    {"cut off: nothing of it counts",                       200,
     "{\"results\":[{\"to\":\"+8613800000001\",\"code\":0},{\"to\":\"+86138",                                              "uuuu", ",,,"            },
    {"two lists are a contradiction",                       200,
     "{\"results\":[{\"to\":\"+8613800000001\",\"code\":0}],\"results\":[]}",                                              "uuuu", ",,,"            },
    {"the whole request refused as bad account",            200, "{\"code\":3}",                                           "aaaa", ",,,"            },
    {"the whole request throttled",                         200, "{\"code\":4,\"retry_after\":1}",                         "tttt", ",,,"            },
    {"code 0 without results names nobody",                 200, "{\"code\":0,\"id\":\"x\"}",                              "uuuu", ",,,"            },
    {"code 1 without results cannot mean everybody",        200, "{\"code\":1}",                                           "uuuu", ",,,"            },
    {"results win over a code beside them",                 200, "{\"code\":3,\"results\":[]}",                            "uuuu", ",,,"            },
    {"results that are no list",                            200, "{\"results\":{}}",                                       "uuuu", ",,,"            },
    {"429 is for all",                                      429, "",                                                       "tttt", ",,,"            },
    {"503 is for all",                                      503, "",                                                       "rrrr", ",,,"            },
    {"404 is unknown for all",                              404, "{\"results\":[{\"to\":\"+8613800000001\",\"code\":0}]}", "uuuu", ",,,"            },
};

static char letter(enum verdict v)
{
    return "srtRmau"[v];
}

static void test_answers_to_a_batch(void **state)
{
    struct provider_msg m[4] = {
        message("+8613800000001", "a", "n.0.1"), message("+8613800000002", "b", "n.1.1"),
        message("+8613800000003", "c", "n.2.1"), message("+8613800000001", "d", "n.3.1")};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(batches); i++) {
        char *body = xmemdup(batches[i].body, strlen(batches[i].body));
        struct http_answer a = {.outcome = HTTP_ANSWERED,
                                .status = batches[i].status,
                                .body = body,
                                .body_len = strlen(batches[i].body),
                                .retry_after_ms = -1};
        struct provider_verdict v[4];
        char found[5] = "", ids[400] = "";
        size_t at = 0;

        memset(v, 0xa5, sizeof(v));
        json_driver.classify(&batch, m, 4, &a, v);
        for (size_t k = 0; k < 4; k++) {
            found[k] = letter(v[k].verdict);
            at += (size_t)snprintf(ids + at, sizeof(ids) - at, "%s%s", k > 0 ? "," : "", v[k].id);
        }
        if (strcmp(found, batches[i].verdicts) != 0 || strcmp(ids, batches[i].ids) != 0)
            fail_msg("%s: %s instead of %s, ids %s", batches[i].name, found, batches[i].verdicts, ids);
        free(body);
    }
}

/* ---- settings ---- */

static void test_settings_are_checked(void **state)
{
    static char bad[] = "x9 y";
    const struct secret blank = {.value = bad, .len = 4};
    struct provider_conf c = single;
    struct err e;

    (void)state;
    assert_int_equal(json_driver.check(&c, &e), 0);
    c.url = "ftp://x";
    assert_int_equal(json_driver.check(&c, &e), -1);
    assert_string_equal(e.field, "url");
    c = single;
    c.batch = 1001;
    assert_int_equal(json_driver.check(&c, &e), -1);
    assert_string_equal(e.field, "batch");
    c = single;
    c.secret = &blank;
    assert_int_equal(json_driver.check(&c, &e), -1);
    assert_string_equal(e.field, "secret");
    assert_null(strstr(e.msg, "x9"));
}

static const struct {
    const char *url;
    int ok;
    int64_t delay_ms, receipt_ms;
} sandbox_urls[] = {
    {NULL,                                0,  0,      100},
    {"",                                  0,  0,      100},
    {"sandbox:",                          0,  0,      100},
    {"sandbox:?delay=20",                 0,  20,     100},
    {"sandbox:?receipt=off&delay=600000", 0,  600000, -1 },
    {"sandbox:?delay=off",                -1, 0,      0  },
    {"sandbox:?delay=600001",             -1, 0,      0  },
    {"sandbox:?delay=",                   -1, 0,      0  },
    {"sandbox:?delay=1&",                 -1, 0,      0  },
    {"sandbox:?speed=1",                  -1, 0,      0  },
    {"http://127.0.0.1/",                 -1, 0,      0  },
};

static void test_sandbox_urls(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sandbox_urls); i++) {
        struct sandbox_url u;
        struct err e;

        if (sandbox_url_parse(sandbox_urls[i].url, &u, &e) != sandbox_urls[i].ok)
            fail_msg("%s", sandbox_urls[i].url);
        if (sandbox_urls[i].ok == 0 &&
            (u.delay_ms != sandbox_urls[i].delay_ms || u.receipt_ms != sandbox_urls[i].receipt_ms))
            fail_msg("%s: %lld %lld", sandbox_urls[i].url, (long long)u.delay_ms, (long long)u.receipt_ms);
    }
}

static void test_the_table_knows_every_driver_once(void **state)
{
    (void)state;
    assert_ptr_equal(provider_driver("json"), &json_driver);
    assert_ptr_equal(provider_driver("sandbox"), &sandbox_driver);
    assert_null(provider_driver("jsonx"));
    assert_null(provider_driver(NULL));
    for (size_t i = 0; provider_driver_at(i) != NULL; i++)
        assert_ptr_equal(provider_driver(provider_driver_at(i)->name), provider_driver_at(i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single_request_is_the_contract_s_object),
        cmocka_unit_test(test_batch_request_is_a_list_even_of_one_and_is_reusable),
        cmocka_unit_test(test_answers_to_one_message),
        cmocka_unit_test(test_a_throttle_says_whom_it_concerns),
        cmocka_unit_test(test_an_id_that_does_not_fit_is_left_out_not_cut),
        cmocka_unit_test(test_answers_to_a_batch),
        cmocka_unit_test(test_settings_are_checked),
        cmocka_unit_test(test_sandbox_urls),
        cmocka_unit_test(test_the_table_knows_every_driver_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
