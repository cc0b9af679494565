/* Driver http: what answers mean. Every code of the shipped descriptions; sent is never guessed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/support/http_bed.h"

static struct http_bed b;

#define SENT VERDICT_SENT
#define R    VERDICT_RETRY
#define T    VERDICT_THROTTLED
#define PR   VERDICT_BAD_RECIPIENT
#define PM   VERDICT_BAD_MESSAGE
#define PA   VERDICT_BAD_ACCOUNT
#define U    VERDICT_UNKNOWN

/* Answers as they come: (description, status, body) -> verdict, id, words. */
static const struct {
    const char *spec;
    int status;
    const char *body;
    enum verdict verdict;
    const char *id, *detail;
} answers[] = {
    {"yunpian",             200,
     "{\"code\":0,\"msg\":\"发送成功\",\"count\":1,\"fee\":0.05,\"unit\":\"RMB\",\"mobile\":\"13800000001\","
     "\"sid\":3310228982}",                                                                                             SENT, "3310228982",                       ""                                             },
    {"yunpian",             200, "{\"code\":\"0\",\"sid\":9007199254740993}",                                           SENT, "9007199254740993",                 ""                                             },
    {"yunpian",             400,
     "{\"http_status_code\":400,\"code\":2,\"msg\":\"请求参数格式错误\",\"detail\":\"参数 mobile 格式不正确, "
     "13800000001\"}",                                                                                                  PM,   "",                                 "2; 参数 mobile 格式不正确, ***********"},
    {"yunpian",             400, "{\"code\":0}",                                                                        U,    "",                                 "0: not a code that is known"                  },
    {"yunpian",             200, "{\"sid\":5}",                                                                         U,    "",                                 "200: not a code that is known"                },
    {"yunpian",             200, "",                                                                                    U,    "",                                 "200: not a code that is known"                },
    {"yunpian",             200, "<html>",                                                                              U,    "",                                 NULL                                           },
    {"yunpian",             200, "{\"code\":0",                                                                         U,    "",                                 NULL                                           },
    {"yunpian",             200, "{\"code\":1,\"code\":0}",                                                             U,    "",                                 NULL                                           },
    {"yunpian",             200, "{\"code\":null}",                                                                     U,    "",                                 NULL                                           },
    {"yunpian",             200, "{\"code\":[0]}",                                                                      U,    "",                                 NULL                                           },
    {"yunpian",             200, "{\"code\":0.0}",                                                                      SENT, "",                                 NULL                                           }, /* a number is a number */
    {"yunpian",             200, "{\"code\":false}",                                                                    U,    "",                                 "false: not a code that is known"              },
    {"yunpian",             429, "",                                                                                    T,    "",                                 "429"                                          },
    {"yunpian",             500, "{\"code\":-50,\"msg\":\"未知异常\"}",                                             R,    "",                                 "-50; 未知异常"                            },
    {"yunpian",             502, "",                                                                                    U,    "",                                 NULL                                           },
    {"yunpian",             400, "{\"code\":987,\"msg\":\"?\"}",                                                        U,    "",                                 "987: not a code that is known; ?"             },
    {"smsbao",              200, "0",                                                                                   SENT, "",                                 ""                                             },
    {"smsbao",              200, " 0\r\n",                                                                              SENT, "",                                 ""                                             },
    {"smsbao",              500, "0",                                                                                   U,    "",                                 NULL                                           },
    {"smsbao",              200, "00",                                                                                  U,    "",                                 NULL                                           },
    {"smsbao",              200, "0 ok",                                                                                U,    "",                                 NULL                                           },
    {"smsbao",              200, "",                                                                                    U,    "",                                 NULL                                           },
    {"smsbao",              200, "\xff\xfe",                                                                            U,    "",                                 "??: not a code that is known"                 },
    {"huyi",                200, "{\"code\":2,\"msg\":\"提交成功\",\"smsid\":\"16236721370712\"}",                  SENT, "16236721370712",
     ""                                                                                                                                                                                                          },
    {"huyi",                200, "{\"code\":0,\"msg\":\"提交失败\",\"smsid\":\"0\"}",                               U,    "",                                 NULL                                           },
    {"chuanglan",           200,
     "{\"code\":\"0\",\"msgId\":\"17041010383624511\",\"time\":\"20170410103836\",\"errorMsg\":\"\"}",                  SENT,
     "17041010383624511",                                                                                                                                         ""                                             },
    {"luosimao",            200, "{\"error\":0,\"msg\":\"ok\"}",                                                        SENT, "",                                 ""                                             },
    {"submail",             200, "{\"status\":\"success\",\"send_id\":\"093c0a7df143c087d6cba9cdf0cf3738\",\"fee\":1}",
     SENT,                                                                                                                    "093c0a7df143c087d6cba9cdf0cf3738", ""                                             },
    {"submail",             200, "{\"status\":\"error\",\"code\":\"251\",\"msg\":\"x\"}",                               U,    "",
     "251: not a code that is known; x"                                                                                                                                                                          },
    {"submail",             200, "{\"status\":\"error\",\"code\":\"105\",\"msg\":\"x\"}",                               PA,   "",
     "105: the application or the account is not active; x"                                                                                                                                                      },
    {"submail",             200, "{\"status\":\"error\",\"code\":\"114\",\"msg\":\"x\"}",                               PR,   "",
     "114: on the account's blacklist; x"                                                                                                                                                                        },
    {"kannel",              202, "0: Accepted for delivery",                                                            SENT, "",                                 ""                                             },
    {"kannel",              202, "3: Queued for later delivery",                                                        SENT, "",                                 ""                                             },
    {"kannel",              200, "0: Accepted for delivery",                                                            SENT, "",                                 ""                                             },
    {"kannel",              202, "Sent.",                                                                               SENT, "",                                 ""                                             },
    {"kannel",              202, "Sent. Message splits: 3",                                                             SENT, "",                                 ""                                             },
    {"kannel",              202, "Sent. Denied receivers are: +8613800000001",                                          PR,   "",
     "Sent.?Denied?receivers?are:?+*************: denied"                                                                                                                                                        },
    {"kannel",              202, "",                                                                                    U,    "",                                 NULL                                           },
    {"kannel",              503, "Temporal failure, try again later.",                                                  R,    "",                                 NULL                                           },
    {"kannel",              500, "Sending failed.",                                                                     R,    "",                                 NULL                                           },
    {"kannel",              403, "Not routable. Do not try again.",                                                     PR,   "",                                 NULL                                           },
    {"kannel",              403, "Authorization failed for sendsms",                                                    PA,   "",                                 NULL                                           },
    {"kannel",              400, "Sender missing and no global set, rejected",                                          PA,   "",                                 NULL                                           },
    {"kannel",              400, "Missing receiver number, rejected",                                                   PM,   "",                                 NULL                                           },
    {"kannel",              400, "Charset or body misformed, rejected",                                                 PM,   "",                                 NULL                                           },
    {"kannel",              404, "Error 404",                                                                           PA,   "",                                 NULL                                           },
    {"kannel",              200, "<html>It works!</html>",                                                              U,    "",                                 NULL                                           },
    {"android-sms-gateway", 202,
     "{\"id\":\"18c407bd3b2f7df78b92bd05a0703d07\",\"state\":\"Pending\",\"recipients\":[{\"phoneNumber\":\"+"
     "8613800000001\",\"state\":\"Pending\"}]}",                                                                        SENT, "18c407bd3b2f7df78b92bd05a0703d07", ""                                             },
    {"android-sms-gateway", 202, "{}",                                                                                  U,    "",                                 NULL                                           },
    {"android-sms-gateway", 200, "<html>",                                                                              U,    "",                                 NULL                                           },
    {"android-sms-gateway", 409, "{\"message\":\"duplicate\"}",                                                         SENT, "18c407bd3b2f7df78b92bd05a0703d07", ""                                             },
    {"android-sms-gateway", 409, "",                                                                                    SENT, "18c407bd3b2f7df78b92bd05a0703d07", ""                                             },
    {"android-sms-gateway", 400, "{\"message\":\"phoneNumbers is required\"}",                                          PM,   "",
     "400; phoneNumbers is required"                                                                                                                                                                             },
    {"android-sms-gateway", 401, "",                                                                                    PA,   "",                                 NULL                                           },
    {"android-sms-gateway", 403, "",                                                                                    PA,   "",                                 NULL                                           },
    {"android-sms-gateway", 404, "",                                                                                    PA,   "",                                 NULL                                           },
    {"android-sms-gateway", 429, "",                                                                                    T,    "",                                 NULL                                           },
    {"android-sms-gateway", 500, "",                                                                                    R,    "",                                 NULL                                           },
    {"android-sms-gateway", 503, "",                                                                                    R,    "",                                 "503: its queue is full, or the phone is away" },
    {"android-sms-gateway", 302, "",                                                                                    U,    "",                                 NULL                                           },
};

static void test_answers_of_the_shipped_descriptions(void **state)
{
    struct provider_msg m = driver_msg("+8613800000001", "停电", "n1.0.1");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct provider_verdict v;

        if (http_bed_ship(&b, answers[i].spec, NULL, NULL) != 0)
            fail_msg("%s", b.e.msg);
        http_bed_judge(&b, &m, 1, answers[i].status, answers[i].body, &v);
        if (v.verdict != answers[i].verdict || strcmp(v.id, answers[i].id) != 0 ||
            (answers[i].detail != NULL && strcmp(v.detail, answers[i].detail) != 0))
            fail_msg("%s %d %s: %s, id \"%s\", \"%s\"", answers[i].spec, answers[i].status, answers[i].body,
                     verdict_name(v.verdict), v.id, v.detail);
        http_bed_close(&b);
    }
}

/* Every documented code, by class. */
static const struct {
    const char *spec;
    int status;
    const char *answer; /* %s: the code */
    enum verdict verdict;
    enum throttle_scope scope;
    enum throttle_until until;
    int64_t wait_ms;
    enum provider_about about;
    const char *codes;
} classes[] = {
    {"yunpian",   400, "{\"code\":%s}",     T,  THROTTLE_RECIPIENT, THROTTLE_TOLD, 30000,  ABOUT_NOTHING,     "8"                               },
    {"yunpian",   400, "{\"code\":%s}",     T,  THROTTLE_RECIPIENT, THROTTLE_TOLD, 300000, ABOUT_NOTHING,     "9"                               },
    {"yunpian",   400, "{\"code\":%s}",     T,  THROTTLE_RECIPIENT, THROTTLE_HOUR, -1,     ABOUT_NOTHING,     "22"                              },
    {"yunpian",   400, "{\"code\":%s}",     T,  THROTTLE_ACCOUNT,   THROTTLE_TOLD, -1,     ABOUT_NOTHING,     "-4 -5"                           },
    {"yunpian",   400, "{\"code\":%s}",     PR, 0,                  0,             -1,     ABOUT_NOTHING,     "17 20 23"                        },
    {"yunpian",   400, "{\"code\":%s}",     PR, 0,                  0,             -1,     ABOUT_OPTED_OUT,   "10"                              },
    {"yunpian",   400, "{\"code\":%s}",     R,  0,                  0,             -1,     ABOUT_NOTHING,     "28 14 -50 -51 -53"               },
    {"yunpian",   400, "{\"code\":%s}",     PA, 0,                  0,             -1,     ABOUT_NOTHING,     "3 -1 -2 -3 -57 15 16 18 24 25 27"},
    {"yunpian",   400, "{\"code\":%s}",     PM, 0,                  0,             -1,     ABOUT_NOTHING,     "1 2 4 5 7 13 19"                 },
    {"yunpian",   400, "{\"code\":%s}",     U,  0,                  0,             -1,     ABOUT_NOTHING,     "6 11 12 21 99 -99 0"             },
    {"smsbao",    200, "%s",                PA, 0,                  0,             -1,     ABOUT_NOTHING,     "30 40 41 42 43"                  },
    {"smsbao",    200, "%s",                PM, 0,                  0,             -1,     ABOUT_NOTHING,     "50 -1"                           },
    {"smsbao",    200, "%s",                PR, 0,                  0,             -1,     ABOUT_DEAD_NUMBER, "51"                              },
    {"smsbao",    200, "%s",                U,  0,                  0,             -1,     ABOUT_NOTHING,     "1 44 52 -2"                      },
    {"huyi",      200, "{\"code\":%s}",     PA, 0,                  0,             -1,     ABOUT_NOTHING,     "400 401 402 405 4050 4051 4052"  },
    {"huyi",      200, "{\"code\":%s}",     PR, 0,                  0,             -1,     ABOUT_NOTHING,     "403 406 4030"                    },
    {"huyi",      200, "{\"code\":%s}",     PM, 0,                  0,             -1,     ABOUT_NOTHING,     "404 407 4070 4071 4072"          },
    {"huyi",      200, "{\"code\":%s}",     T,  THROTTLE_RECIPIENT, 0,             -1,     ABOUT_NOTHING,
     "408 4080 4081 4082 4083 4084 4085 4086"                                                                                                   },
    {"huyi",      200, "{\"code\":%s}",     U,  0,                  0,             -1,     ABOUT_NOTHING,     "0 1 3 409 4087"                  },
    {"chuanglan", 200, "{\"code\":\"%s\"}", T,  THROTTLE_ACCOUNT,   0,             -1,     ABOUT_NOTHING,     "103 104 133"                     },
    {"chuanglan", 200, "{\"code\":\"%s\"}", PM, 0,                  0,             -1,     ABOUT_NOTHING,     "105 106 123 130"                 },
    {"chuanglan", 200, "{\"code\":\"%s\"}", PR, 0,                  0,             -1,     ABOUT_NOTHING,     "107 108 109 125"                 },
    {"chuanglan", 200, "{\"code\":\"%s\"}", PA, 0,                  0,             -1,     ABOUT_NOTHING,
     "101 102 110 112 114 115 116 117 118 131 132"                                                                                              },
    {"chuanglan", 200, "{\"code\":\"%s\"}", U,  0,                  0,             -1,     ABOUT_NOTHING,     "1 100 111 134"                   },
    {"luosimao",  200, "{\"error\":%s}",    PA, 0,                  0,             -1,     ABOUT_NOTHING,     "-10 -11 -20 -32 -50"             },
    {"luosimao",  200, "{\"error\":%s}",    PM, 0,                  0,             -1,     ABOUT_NOTHING,     "-30 -31 -33 -34 -43"             },
    {"luosimao",  200, "{\"error\":%s}",    PR, 0,                  0,             -1,     ABOUT_DEAD_NUMBER, "-40"                             },
    {"luosimao",  200, "{\"error\":%s}",    PR, 0,                  0,             -1,     ABOUT_OPTED_OUT,   "-41"                             },
    {"luosimao",  200, "{\"error\":%s}",    T,  THROTTLE_RECIPIENT, 0,             -1,     ABOUT_NOTHING,     "-42"                             },
    {"luosimao",  200, "{\"error\":%s}",    U,  0,                  0,             -1,     ABOUT_NOTHING,     "1 -1 -44"                        },
    {"huawei",    200, "{\"code\":\"%s\"}", R,  0,                  0,             -1,     ABOUT_NOTHING,     "E000000"                         },
    {"huawei",    200, "{\"code\":\"%s\"}", PA, 0,                  0,             -1,     ABOUT_NOTHING,     "E000001 E000023 E000101 E000112" },
    {"huawei",    200, "{\"code\":\"%s\"}", PM, 0,                  0,             -1,     ABOUT_NOTHING,     "E000510"                         },
    {"huawei",    200, "{\"code\":\"%s\"}", U,  0,                  0,             -1,     ABOUT_NOTHING,     "000000 E000503 E200028 x"        },
};

static void test_every_code_has_its_class(void **state)
{
    struct provider_msg m = driver_msg("+8613800000001", "停电", "n1.0.1");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
        char codes[100], body[200], *save = NULL;

        assert_true(snprintf(codes, sizeof(codes), "%s", classes[i].codes) > 0);
        assert_int_equal(http_bed_ship(&b, classes[i].spec, NULL, NULL), 0);
        for (char *code = strtok_r(codes, " ", &save); code != NULL; code = strtok_r(NULL, " ", &save)) {
            const char *at = strstr(classes[i].answer, "%s");
            struct provider_verdict v;

            assert_true(snprintf(body, sizeof(body), "%.*s%s%s", (int)(at - classes[i].answer),
                                 classes[i].answer, code, at + 2) > 0);
            http_bed_judge(&b, &m, 1, classes[i].status, body, &v);
            if (v.verdict != classes[i].verdict || v.scope != classes[i].scope ||
                v.until != classes[i].until || v.retry_after_ms != classes[i].wait_ms ||
                v.about != classes[i].about || v.detail[0] == '\0')
                fail_msg("%s %s: %s scope %d until %d wait %lld about %d \"%s\"", classes[i].spec, body,
                         verdict_name(v.verdict), (int)v.scope, (int)v.until, (long long)v.retry_after_ms,
                         (int)v.about, v.detail);
        }
        http_bed_close(&b);
    }
}

/* ---- lists of results ---- */

static void test_results_are_found_by_number_in_any_order(void **state)
{
    struct provider_msg m[4] = {
        driver_msg("+8613800000001", "x", "n.0.1"), driver_msg("+8613800000002", "x", "n.1.1"),
        driver_msg("+8613800000003", "x", "n.2.1"), driver_msg("+8613800000003", "x", "n.3.1")};
    struct provider_verdict v[4];

    (void)state;
    assert_int_equal(http_bed_ship(&b, "huawei", "https://a.example", NULL), 0);
    b.conf.batch = 4;
    http_bed_judge(
        &b, m, 4, 200,
        "{\"result\":[{\"originTo\":\"+8613800000003\",\"smsMsgId\":\"c_1\",\"status\":\"000000\"},"
        "{\"originTo\":\"13800000002\",\"smsMsgId\":\"b_1\",\"status\":\"E000001\"},"
        "{\"originTo\":\"+8613800000009\",\"smsMsgId\":\"z_1\",\"status\":\"000000\"},"
        "{\"originTo\":\"+8613800000003\",\"smsMsgId\":\"d_1\",\"status\":\"000000\"},7,null],"
        "\"code\":\"000000\",\"description\":\"Success\"}",
        v);
    assert_int_equal(v[0].verdict, VERDICT_UNKNOWN);
    assert_string_equal(v[0].detail, "the answer names no result for this message");
    assert_int_equal(v[1].verdict, VERDICT_BAD_ACCOUNT);
    assert_string_equal(v[1].id, "");
    assert_int_equal(v[2].verdict, VERDICT_SENT);
    assert_string_equal(v[2].id, "c_1");
    assert_string_equal(v[2].detail, "");
    assert_int_equal(v[3].verdict, VERDICT_SENT);
    assert_string_equal(v[3].id, "d_1");
    http_bed_judge(&b, m, 2, 200, "{\"code\":\"000000\",\"description\":\"Success\",\"result\":[]}", v);
    assert_int_equal(v[0].verdict, VERDICT_UNKNOWN); /* success without a result for anybody */
    assert_int_equal(v[1].verdict, VERDICT_UNKNOWN);
    http_bed_judge(&b, m, 2, 401, "{\"code\":\"E000101\",\"description\":\"Authentication failed.\"}", v);
    assert_int_equal(v[0].verdict, VERDICT_BAD_ACCOUNT);
    assert_int_equal(v[1].verdict, VERDICT_BAD_ACCOUNT);
    http_bed_close(&b);
}

/* ---- conditions ---- */

#define HEAD "[request]\nbase = https://a.example\n[response]\nretry_after = /wait\ncode = /c\n"
static const struct {
    const char *rules, *body;
    enum verdict verdict;
    int64_t retry_ms;
} conditions[] = {
    {"ok = /a == 0\nok = /b == 1\n",                                          "{\"b\":1}",               SENT, -1  }, /* one of them */
    {"ok = /a == 0 and /b == 1\n",                                            "{\"b\":1}",               U,    -1  },
    {"ok = /a == 0 and /b == 1\n",                                            "{\"b\":1,\"a\":\"0\"}",   SENT, -1  },
    {"ok = /a in x, y , z\n",                                                 "{\"a\":\"y\"}",           SENT, -1  },
    {"ok = /a in x, y , z\n",                                                 "{\"a\":\"x, y\"}",        U,    -1  },
    {"ok = /a != x\n",                                                        "{\"a\":\"y\"}",           SENT, -1  },
    {"ok = /a != x\n",                                                        "{}",                      U,    -1  }, /* nothing is no value */
    {"ok = /a exists\n",                                                      "{\"a\":null}",            U,    -1  },
    {"ok = /a exists and /e absent\n",                                        "{\"a\":7}",               SENT, -1  },
    {"ok = /a exists and /e absent\n",                                        "{\"a\":7,\"e\":1}",       U,    -1  },
    {"ok = /e absent\n",                                                      "no json",                 U,    -1  }, /* what cannot be read says nothing */
    {"ok = /a =~ ^o[kK]$\n",                                                  "{\"a\":\"oK\"}",          SENT, -1  },
    {"ok = /a =~ ^o[kK]$\n",                                                  "{\"a\":\"oKo\"}",         U,    -1  },
    {"ok = /a/b~1c/1 == 5\n",                                                 "{\"a\":{\"b/c\":[4,5]}}", SENT, -1  },
    {"ok = /x|/y == 5\n",                                                     "{\"y\":5}",               SENT, -1  },
    {"ok = /a == \"x y\"\n",                                                  "{\"a\":\"x y\"}",         SENT, -1  },
    {"ok = /a == true\n",                                                     "{\"a\":true}",            SENT, -1  },
    {"ok = /a == 0\n[classes]\n5 = throttled wait=9\n",                       "{\"c\":5}",               T,    9000},
    {"ok = /a == 0\n[classes]\n5 = throttled wait=9\n",                       "{\"c\":5,\"wait\":2.5}",  T,    2500},
    {"ok = /a == 0\n[classes]\n5 = throttled wait=9\n",                       "{\"c\":5,\"wait\":-1}",   T,    9000},
    {"ok = /a == 0\n[classes]\n/^4[0-9]$/ = retry\n4* = bad-message\n",       "{\"c\":41}",              R,    -1  },
    {"ok = /a == 0\n[classes]\n/^4[0-9]$/ = retry\n4* = bad-message\n",       "{\"c\":\"4x\"}",          PM,   -1  },
    {"ok = /a == 0\n[classes]\n\"a, b\" = retry\n",                           "{\"c\":\"a, b\"}",        R,    -1  },
    {"ok = /a == 0\n[classes]\n7 = sent\n",                                   "{\"c\":7}",               SENT, -1  }, /* said by the description */
    {"ok = /a == 0\n[classes]\ndefault = bad-message\n",                      "{\"c\":8}",               PM,   -1  },
    {"ok = /a == 0\n[http]\n2xx = retry\n[classes]\ndefault = bad-message\n", "{\"c\":8}",               R,    -1  },
};

static void test_conditions(void **state)
{
    struct provider_msg m = driver_msg("+8613800000001", "x", "n1.0.1");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(conditions); i++) {
        struct provider_verdict v;
        char text[500];

        assert_true(snprintf(text, sizeof(text), HEAD "%s", conditions[i].rules) > 0);
        if (http_bed_open(&b, text, NULL, NULL) != 0)
            fail_msg("%s", b.e.msg);
        http_bed_judge(&b, &m, 1, 200, conditions[i].body, &v);
        if (v.verdict != conditions[i].verdict || v.retry_after_ms != conditions[i].retry_ms)
            fail_msg("%s of %s: %s, wait %lld", conditions[i].rules, conditions[i].body,
                     verdict_name(v.verdict), (long long)v.retry_after_ms);
        http_bed_close(&b);
    }
}

static void test_answers_made_to_hurt(void **state)
{
    struct provider_msg m = driver_msg("+8613800000001", "x", "n1.0.1");
    struct provider_verdict v;
    static char deep[200000];

    (void)state;
    memset(deep, '[', sizeof(deep) - 1);
    assert_int_equal(http_bed_ship(&b, "yunpian", NULL, NULL), 0);
    http_bed_judge(&b, &m, 1, 200, deep, &v);
    assert_int_equal(v.verdict, VERDICT_UNKNOWN);
    memset(deep, 'a', sizeof(deep) - 1);
    memcpy(deep, "{\"code\":2,\"msg\":\"", 17);
    memcpy(deep + sizeof(deep) - 3, "\"}", 3);
    http_bed_judge(&b, &m, 1, 400, deep, &v);
    assert_int_equal(v.verdict, VERDICT_BAD_MESSAGE);
    assert_string_equal(v.detail, "2"); /* a sentence of 200,000 bytes is none for people */
    memcpy(deep, "{\"code\":0,\"sid\":\"", 17);
    http_bed_judge(&b, &m, 1, 200, deep, &v);
    assert_int_equal(v.verdict, VERDICT_SENT);
    assert_string_equal(v.id, ""); /* half an id would find nothing */
    http_bed_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_of_the_shipped_descriptions),
        cmocka_unit_test(test_every_code_has_its_class),
        cmocka_unit_test(test_results_are_found_by_number_in_any_order),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_answers_made_to_hurt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
