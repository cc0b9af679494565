/* Reminders: which is due when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/span.h"
#include "model/reminder.h"

#define H 3600000LL

static void lengths_of_time_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        int want; /* -1 = none */
    } rows[] = {
        {"90m", 90   },
        {"2h",  120  },
        {"1d",  1440 },
        {"31d", 44640},
        {"32d", -1   },
        {"0h",  -1   },
        {"h",   -1   },
        {"",    -1   },
        {"2",   -1   },
        {"2 h", -1   },
        {"-2h", -1   },
        {"2w",  -1   },
    };
    char out[16];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint32_t minutes = 0;
        int rc = span_parse(rows[i].s, &minutes);
        if (rc != (rows[i].want < 0 ? -1 : 0) || (rc == 0 && (int)minutes != rows[i].want))
            fail_msg("%s: %d %u", rows[i].s, rc, minutes);
    }
    assert_string_equal(span_format(1440, out, sizeof(out)), "24h");
    assert_string_equal(span_format(90, out, sizeof(out)), "90m");
}

/* Starts at hour 100; reminders 24 and 2 hours before. */
/* clang-format off */
static const struct {
    const char *what;
    enum activity_state stored;
    int64_t fixed, now; /* hours */
    uint32_t reminded;
    uint32_t due;
    int64_t until; /* hours; 0 = not asked */
} ROWS[] = {
    {"too early",                                  ACTIVITY_OPEN,      0,  75,  0,    0,    0},
    {"the day before, until the next one",         ACTIVITY_OPEN,      0,  76,  0,    1440, 98},
    {"a daemon was away: late is better",          ACTIVITY_OPEN,      0,  97,  0,    1440, 98},
    {"once",                                       ACTIVITY_OPEN,      0,  77,  1440, 0,    0},
    {"two hours before, until the start",          ACTIVITY_OPEN,      0,  98,  1440, 120,  100},
    {"of two that are late the latest only",       ACTIVITY_OPEN,      0,  99,  0,    120,  100},
    {"both went out",                              ACTIVITY_OPEN,      0,  99,  120,  0,    0},
    {"never after the start",                      ACTIVITY_OPEN,      0,  100, 0,    0,    0},
    {"not of what was called off",                 ACTIVITY_CANCELLED, 0,  98,  0,    0,    0},
    {"registration is closed, it takes place",     ACTIVITY_CLOSED,    0,  98,  0,    120,  100},
    {"made or moved after its time: left out",     ACTIVITY_OPEN,      90, 91,  0,    0,    0},
    {"made or moved after its time: the next one", ACTIVITY_OPEN,      90, 98,  0,    120,  100},
    {"made or moved an hour before",               ACTIVITY_OPEN,      99, 99,  0,    0,    0},
};
/* clang-format on */

static void which_is_due_when(void **state)
{
    (void)state;
    const char *const list[] = {"24h", "2h", NULL};
    struct activity_reminders community;

    reminder_plan(&community, list);
    assert_int_equal(community.n, 2);
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        const struct activity a = {.starts_at = 100 * H,
                                   .stored = ROWS[i].stored,
                                   .fixed_at = ROWS[i].fixed * H,
                                   .reminded = ROWS[i].reminded};
        uint32_t due = reminder_due(&a, &community, ROWS[i].now * H);
        if (due != ROWS[i].due)
            fail_msg("%s: %u", ROWS[i].what, due);
        if (ROWS[i].until != 0 && reminder_until(&a, &community, ROWS[i].now * H) != ROWS[i].until * H)
            fail_msg("%s: until", ROWS[i].what);
    }
}

static void its_own_replace_the_community_s(void **state)
{
    (void)state;
    const char *const list[] = {"24h", NULL};
    struct activity_reminders community, nothing;
    struct activity a = {
        .starts_at = 100 * H, .stored = ACTIVITY_OPEN, .reminders = {.minutes = {60}, .n = 1, .set = true}
    };

    reminder_plan(&community, list);
    reminder_plan(&nothing, NULL);
    assert_int_equal(reminder_due(&a, &community, 80 * H), 0);
    assert_true(reminder_next_at(&a, &community, 80 * H) == 99 * H);
    assert_int_equal(reminder_due(&a, &community, 99 * H), 60);
    a.reminders = (struct activity_reminders){.set = true};
    assert_int_equal(reminder_due(&a, &community, 80 * H), 0);
    a.reminders.set = false;
    assert_int_equal(reminder_due(&a, &community, 80 * H), 1440);
    assert_int_equal(reminder_due(&a, &nothing, 99 * H), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_of_time_as_people_write_them),
        cmocka_unit_test(which_is_due_when),
        cmocka_unit_test(its_own_replace_the_community_s),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
