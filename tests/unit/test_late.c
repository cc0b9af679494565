/* Who of a slice waits for a time of his own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/mem.h"
#include "daemon/late.h"

#define NOW 1000000

static const struct {
    const char *name, *text;
    uint32_t off, route;
    int64_t after_us, wait_us;
} rows[] = {
    {"nobody waits",                              "",                                                             0,  0,  0,       0      },
    {"who is named waits over this provider",     "7.1.2000",                                                     7,  1,  0,       2000000},
    {"not over another one",                      "7.1.2000",                                                     7,  2,  0,       0      },
    {"nor does anybody else",                     "7.1.2000",                                                     8,  1,  0,       0      },
    {"over any provider",                         "7.16.2000",                                                    7,  3,  0,       2000000},
    {"the longest wait counts",                   "7.16.100 7.1.2000",                                            7,  1,  0,       2000000},
    {"the last of many is found",                 "1.0.1 2.0.1 3.0.1 4.0.1 5.0.1 6.0.1 7.0.1 8.0.1 9.0.1 99.0.5", 99, 0,  0,
     5000                                                                                                                                 },
    {"time passes",                               "7.1.2000",                                                     7,  1,  1500000, 500000 },
    {"and is over",                               "7.1.2000",                                                     7,  1,  2000000, 0      },
    {"an offset beyond the slice is passed over", "100.1.5 7.1.2000",                                             7,  1,  0,       2000000},
    {"a provider that cannot be is passed over",  "7.17.5",                                                       7,  17, 0,       0      },
    {"half a triple ends it",                     "7.1.2000 8.1",                                                 7,  1,  0,       2000000},
    {"words are no wait",                         "seven.1.2000",                                                 7,  1,  0,       0      },
    {"a wait of years is damage",                 "7.1.99999999999",                                              7,  1,  0,       0      },
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct late *l = late_parse(rows[i].text, NOW);
        int64_t wait = late_wait_us(l, rows[i].off, rows[i].route, NOW + rows[i].after_us);

        if (wait != rows[i].wait_us)
            fail_msg("%s: %lld us", rows[i].name, (long long)wait);
        late_free(l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
