/* What follows a verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "model/policy.h"

#define E LANE_EMERGENCY
#define U LANE_URGENT
#define N LANE_NORMAL
#define B LANE_BULK

static const struct {
    const char *name;
    struct policy_in
        in; /* lane, on_unknown, verdict, written, attempts, retry_after_ms, random, scope, until, now_at */
    enum recipient_state next;
    bool counts;
    int64_t min_ms, max_ms;
} rows[] = {
    {"sent is accepted",
     {N, ON_UNKNOWN_PARK, VERDICT_SENT, true, 1, -1, 7, THROTTLE_ACCOUNT, THROTTLE_TOLD, 0},
     RECIPIENT_ACCEPTED, true,
     0,       0      },
    {"a bad number fails for good",
     {E, ON_UNKNOWN_RESEND, VERDICT_BAD_RECIPIENT, true, 1, -1, 7, THROTTLE_ACCOUNT, THROTTLE_TOLD, 0},
     RECIPIENT_FAILED,   true,
     0,       0      },
    {"a bad message fails for good",
     {B, ON_UNKNOWN_PARK, VERDICT_BAD_MESSAGE, true, 1, -1, 7, THROTTLE_ACCOUNT, THROTTLE_TOLD, 0},
     RECIPIENT_FAILED,   true,
     0,       0      },
    {"a bad account says nothing about the recipient",
     {N, ON_UNKNOWN_PARK, VERDICT_BAD_ACCOUNT, true, 1, -1, 7, THROTTLE_ACCOUNT, THROTTLE_TOLD, 0},
     RECIPIENT_PENDING,  false,
     15000,   30000  },
    {"throttled is no attempt",
     {N, ON_UNKNOWN_PARK, VERDICT_THROTTLED, true, 1, -1, 7, THROTTLE_ACCOUNT, THROTTLE_TOLD, 0},
     RECIPIENT_PENDING,  false,
     15000,   30000  },
    {"the provider's wish is granted",
     {N, ON_UNKNOWN_PARK, VERDICT_THROTTLED, true, 1, 90000, 7, THROTTLE_ACCOUNT, THROTTLE_TOLD, 0},
     RECIPIENT_PENDING,  false,
     90000,   90000  },
    {"the provider's wish has a ceiling",
     {N, ON_UNKNOWN_PARK, VERDICT_THROTTLED, true, 1, 86400000, 7, THROTTLE_ACCOUNT, THROTTLE_TOLD, 0},
     RECIPIENT_PENDING,  false,
     300000,  300000 },
    {"an emergency waits 30 s at most",
     {E, ON_UNKNOWN_RESEND, VERDICT_THROTTLED, true, 1, 86400000, 7, THROTTLE_ACCOUNT, THROTTLE_TOLD, 0},
     RECIPIENT_PENDING,  false,
     30000,   30000  },
    {"an emergency tries again at once",
     {E, ON_UNKNOWN_RESEND, VERDICT_RETRY, true, 1, -1, 12345, THROTTLE_ACCOUNT, THROTTLE_TOLD, 0},
     RECIPIENT_RETRY,    true,
     500,     1000   },
    {"an emergency never waits long",
     {E, ON_UNKNOWN_RESEND, VERDICT_RETRY, true, 200, -1, 12345, THROTTLE_ACCOUNT, THROTTLE_TOLD, 0},
     RECIPIENT_RETRY,    true,
     15000,   30000  },
    {"urgent waits up to five minutes",
     {U, ON_UNKNOWN_RESEND, VERDICT_RETRY, true, 50, -1, 99, THROTTLE_ACCOUNT, THROTTLE_TOLD, 0},
     RECIPIENT_RETRY,    true,
     150000,  300000 },
    {"normal: second try after two minutes",
     {N, ON_UNKNOWN_PARK, VERDICT_RETRY, true, 2, -1, 99, THROTTLE_ACCOUNT, THROTTLE_TOLD, 0},
     RECIPIENT_RETRY,    true,
     60000,   120000 },
    {"bulk: later tries after an hour",
     {B, ON_UNKNOWN_PARK, VERDICT_RETRY, true, 9, -1, 99, THROTTLE_ACCOUNT, THROTTLE_TOLD, 0},
     RECIPIENT_RETRY,    true,
     1800000, 3600000},
    {"nothing written is no attempt",
     {N, ON_UNKNOWN_PARK, VERDICT_RETRY, false, 1, -1, 99, THROTTLE_ACCOUNT, THROTTLE_TOLD, 0},
     RECIPIENT_PENDING,  false,
     15000,   30000  },
    {"unknown and nothing written is no doubt",
     {N, ON_UNKNOWN_PARK, VERDICT_UNKNOWN, false, 1, -1, 99, THROTTLE_ACCOUNT, THROTTLE_TOLD, 0},
     RECIPIENT_PENDING,  false,
     15000,   30000  },
    {"doubt parks a notice",
     {N, ON_UNKNOWN_PARK, VERDICT_UNKNOWN, true, 1, -1, 99, THROTTLE_ACCOUNT, THROTTLE_TOLD, 0},
     RECIPIENT_UNKNOWN,  true,
     0,       0      },
    {"doubt parks also when asked in lane urgent",
     {U, ON_UNKNOWN_PARK, VERDICT_UNKNOWN, true, 1, -1, 99, THROTTLE_ACCOUNT, THROTTLE_TOLD, 0},
     RECIPIENT_UNKNOWN,  true,
     0,       0      },
    {"doubt resends an alert after 15 to 30 s",
     {E, ON_UNKNOWN_RESEND, VERDICT_UNKNOWN, true, 1, -1, 4000000000u, THROTTLE_ACCOUNT, THROTTLE_TOLD, 0},
     RECIPIENT_RETRY,    true,
     15000,   30000  },
    {"doubt resends an urgent alert within a minute",
     {U, ON_UNKNOWN_RESEND, VERDICT_UNKNOWN, true, 3, -1, 0, THROTTLE_ACCOUNT, THROTTLE_TOLD, 0},
     RECIPIENT_RETRY,    true,
     45000,   60000  },
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct policy_out out;

        policy_next(&rows[i].in, &out);
        if (out.next != rows[i].next || out.counts != rows[i].counts || out.delay_ms < rows[i].min_ms ||
            out.delay_ms > rows[i].max_ms)
            fail_msg("%s: %s, %s, %lld ms", rows[i].name, recipient_state_name(out.next),
                     out.counts ? "counts" : "does not count", (long long)out.delay_ms);
    }
}

/* 2026-11-28 23:59:30 in Haikou */
#define EVENING_AT 1795881570000

static const struct {
    const char *name;
    enum lane lane;
    enum throttle_until until;
    int64_t retry_after_ms, now_at, min_ms, max_ms;
} windows[] = {
    {"as long as told",                          N, THROTTLE_TOLD,   60000,     EVENING_AT,           60000,    60000   },
    {"nothing told: a minute or so",             N, THROTTLE_TOLD,   -1,        EVENING_AT,           60000,    70000   },
    {"more than a day is a day",                 B, THROTTLE_TOLD,   900000000, EVENING_AT,           86400000, 86460000},
    {"the minute ends in 30 s",                  N, THROTTLE_MINUTE, -1,        EVENING_AT,           32000,    40000   },
    {"the hour too",                             N, THROTTLE_HOUR,   -1,        EVENING_AT,           32000,    40000   },
    {"and the day, by the clocks of China",      N, THROTTLE_DAY,    -1,        EVENING_AT,           32000,    40000   },
    {"the day before ends an hour later",        U, THROTTLE_DAY,    -1,        EVENING_AT - 3600000, 3632000,  3640000 },
    {"just after midnight a day is a whole day", N, THROTTLE_DAY,    -1,        EVENING_AT + 30000,   86402000, 86410000},
    {"an emergency looks again in five minutes", E, THROTTLE_DAY,    -1,        EVENING_AT + 30000,   300000,   300000  },
};

static void test_a_throttled_recipient_waits_for_its_window(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(windows); i++) {
        struct policy_in in = {.lane = windows[i].lane,
                               .verdict = VERDICT_THROTTLED,
                               .written = true,
                               .attempts = 1,
                               .retry_after_ms = windows[i].retry_after_ms,
                               .random = 4000000000u,
                               .scope = THROTTLE_RECIPIENT,
                               .until = windows[i].until,
                               .now_at = windows[i].now_at};
        struct policy_out out;

        policy_next(&in, &out);
        if (out.next != RECIPIENT_PENDING || out.counts || out.delay_ms < windows[i].min_ms ||
            out.delay_ms > windows[i].max_ms)
            fail_msg("%s: %s, %lld ms", windows[i].name, recipient_state_name(out.next),
                     (long long)out.delay_ms);
    }
}

static void test_limits(void **state)
{
    (void)state;
    assert_int_equal(policy_max_attempts(E), 0);
    assert_int_equal(policy_max_attempts(U), 60);
    assert_int_equal(policy_max_attempts(N), 15);
    assert_int_equal(policy_max_attempts(B), 15);
    assert_int_equal(policy_timeout_ms(E), 15000);
    assert_int_equal(policy_connect_timeout_ms(E), 3000);
    assert_int_equal(policy_timeout_ms(B), 30000);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(verdict_name(VERDICT_BAD_ACCOUNT), "bad-account");
    for (int v = 0; v < VERDICT_N; v++)
        assert_true(strlen(verdict_name((enum verdict)v)) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_a_throttled_recipient_waits_for_its_window),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
