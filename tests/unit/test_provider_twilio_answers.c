/* Driver twilio: what answers mean, every code. */
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
#include "provider/twilio_int.h"
#include "tests/support/driver_bed.h"

#define SID "SM0123456789abcdef0123456789abcdef"

static const struct provider_conf conf = {.name = "tw", .driver = "twilio", .channel = "sms", .batch = 1};
static const struct provider_msg message = {.to = "+8613800000001", .text = "x", .text_len = 1};

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

static struct provider_verdict judge(int status, const char *body, int64_t retry_after_ms)
{
    struct provider_verdict v;

    driver_judge(&twilio_driver, &conf, &message, 1, status, body, retry_after_ms, &v);
    return v;
}

static void answers_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct provider_verdict v = judge(answers[i].status, answers[i].body, -1);

        if (v.verdict != answers[i].verdict || strcmp(v.id, answers[i].id) != 0)
            fail_msg("%s: %s, id \"%s\"", answers[i].name, verdict_name(v.verdict), v.id);
    }
    assert_int_equal(judge(429, "{\"code\":20429}", 7000).retry_after_ms, 7000);
}

/* The fact sheet's table, said a second time. */
static const struct driver_class classes[] = {
    {VERDICT_THROTTLED,     false, ABOUT_NOTHING,     "20429 14107 21611 30001 30022 63018"},
    {VERDICT_RETRY,         false, ABOUT_NOTHING,     "30017 30020 30021 30410 12400 30008"},
    {VERDICT_BAD_RECIPIENT, false, ABOUT_MISSED,      "30003"                              },
    {VERDICT_BAD_RECIPIENT, false, ABOUT_NOTHING,     "30004 21408 21215"                  },
    {VERDICT_BAD_RECIPIENT, false, ABOUT_DEAD_NUMBER,
     "21211 21217 21401 21421 30014 21214 21612 21614 30005 30006"                         },
    {VERDICT_BAD_RECIPIENT, false, ABOUT_OPTED_OUT,   "21610"                              },
    {VERDICT_BAD_MESSAGE,   false, ABOUT_NOTHING,
     "30007 21602 21604 21617 21618 21620 21623 21656 30019 30010"                         },
    {VERDICT_UNKNOWN,       false, ABOUT_NOTHING,     "30009"                              },
    {VERDICT_BAD_ACCOUNT,   false, ABOUT_NOTHING,
     "21608 21219 21603 21606 21659 21212 21616 30018 30024 30034 30032 30023 30027 20003 20005 20006 20403 "
     "90010 21472 30002 "
     "20404 20422 21609"                                                                   },
};

static void every_code_has_its_class(void **state)
{
    (void)state;
    assert_int_equal(driver_check_classes(&twilio_driver, &conf, &message, 1, 400,
                                          "{\"code\":%s,\"message\":\"x\",\"status\":400}", classes,
                                          ARRAY_LEN(classes)),
                     twilio_n_rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_judged),
        cmocka_unit_test(every_code_has_its_class),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
