/* Audience words, progress lines and what an ending means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "client/call.h"
#include "client/progress.h"
#include "client/to.h"

static const struct {
    const char *name;
    const char *words[4];
    const char *json; /* NULL = refused */
} audiences[] = {
    {"everyone",                      {"everyone"},                 "{\"everyone\": true}"                },
    {"the same kind is one list",     {"tag:老人", "tag:党员"}, "{\"tags\": [\"老人\", \"党员\"]}"},
    {"different kinds are members",
     {"area:460106", "building:3栋"},
     "{\"areas\": [\"460106\"], \"buildings\": [\"3栋\"]}"                                               },
    {"a number is a phone",
     {"+8613800138000", "13800138001"},
     "{\"phones\": [\"+8613800138000\", \"13800138001\"]}"                                                },
    {"full-width digits are a phone",
     {"１３８００１３８０００"},
     "{\"phones\": [\"１３８００１３８０００\"]}"                                              },
    {"a resident by id",              {"resident:17"},              "{\"residents\": [\"17\"]}"           },
    {"an activity",                   {"activity:篮球"},          "{\"activity\": \"篮球\"}"          },
    {"an activity with a status",
     {"activity:篮球:waiting", "activity:篮球:confirmed"},
     "{\"activity\": \"篮球\", \"status\": [\"waiting\", \"confirmed\"]}"                               },
    {"two activities are refused",    {"activity:a", "activity:b"}, NULL                                  },
    {"an unknown kind is refused",    {"floor:3"},                  NULL                                  },
    {"an empty value is refused",     {"tag:"},                     NULL                                  },
    {"a word is refused",             {"all"},                      NULL                                  },
};

static void test_audiences(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(audiences); i++) {
        json_t *o = json_object();
        struct err e = {.msg = ""};
        int bad = 0;
        for (size_t k = 0; k < 4 && audiences[i].words[k] != NULL && bad == 0; k++)
            bad = to_add(o, audiences[i].words[k], &e);
        char *text = json_dumps(o, 0);
        if ((bad != 0) != (audiences[i].json == NULL) || (bad == 0 && strcmp(text, audiences[i].json) != 0))
            fail_msg("%s: %d %s %s", audiences[i].name, bad, text, e.msg);
        if (bad != 0)
            assert_string_equal(e.code, "usage");
        free(text);
        json_decref(o);
    }
}

static const struct {
    const char *name, *notice;
    const char *line;
    int status; /* -1 = not over */
} endings[] = {
    {"half way",
     "{\"state\":\"running\",\"total\":10,\"counts\":{\"accepted\":5,\"pending\":5},\"rate\":2.5,\"eta_s\":"
     "2}",                                                                                                                        "5/10  50 %  2/s  about 2 s left",   -1         },
    {"a list that is still growing has no share",
     "{\"state\":\"running\",\"staged\":false,\"total\":10,\"counts\":{\"accepted\":9},\"rate\":4}",                              "9 of 10 so far  4/s",               -1         },
    {"minutes when there are many",
     "{\"state\":\"running\",\"total\":10,\"counts\":{},\"rate\":1,\"eta_s\":600}",                                               "0/10  0 %  1/s  about 10 min left", -1         },
    {"no rate, no promise",                       "{\"state\":\"running\",\"total\":10,\"counts\":{},\"rate\":0,\"eta_s\":null}",
     "0/10  0 %",                                                                                                                                                      -1         },
    {"scheduled says so",                         "{\"state\":\"scheduled\",\"total\":0,\"counts\":{}}",                          "0/0  0 %  scheduled",               -1         },
    {"all accepted is done",                      "{\"state\":\"done\",\"total\":3,\"counts\":{\"accepted\":2,\"delivered\":1}}",
     "3/3  100 %  done",                                                                                                                                               CLI_OK     },
    {"opted out is not a failure",
     "{\"state\":\"done\",\"total\":3,\"counts\":{\"accepted\":2,\"suppressed\":1}}",                                             "3/3  100 %  done",
     CLI_OK                                                                                                                                                                       },
    {"one failure is done in part",
     "{\"state\":\"done\",\"total\":3,\"counts\":{\"accepted\":2,\"failed\":1}}",                                                 "3/3  100 %  done",
     CLI_PART                                                                                                                                                                     },
    {"one in doubt is done in part",
     "{\"state\":\"done\",\"total\":3,\"counts\":{\"accepted\":2,\"unknown\":1}}",                                                "3/3  100 %  done",
     CLI_PART                                                                                                                                                                     },
    {"cancelled is done in part",                 "{\"state\":\"cancelled\",\"total\":3,\"counts\":{\"accepted\":3}}",
     "3/3  100 %  cancelled",                                                                                                                                          CLI_PART   },
    {"nobody meant is nothing matched",           "{\"state\":\"rejected\",\"total\":0,\"counts\":{}}",
     "0/0  0 %  rejected",                                                                                                                                             CLI_NOTHING},
    {"done with nobody is nothing matched",       "{\"state\":\"done\",\"total\":0,\"counts\":{}}",
     "0/0  0 %  done",                                                                                                                                                 CLI_NOTHING},
};

static void test_endings(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        json_t *o = json_loads(endings[i].notice, 0, NULL);
        char line[256];
        int status = progress_is_over(o) ? progress_status(o) : -1;
        progress_line(o, false, 80, line, sizeof(line));
        if (status != endings[i].status || strcmp(line, endings[i].line) != 0)
            fail_msg("%s: %d '%s'", endings[i].name, status, line);
        json_decref(o);
    }
}

static void test_the_bar_fits_the_terminal(void **state)
{
    static const size_t widths[] = {40, 80, 200};
    static const char *const bars[] = {"3/10", "[######..............] 3/10",
                                       "[############............................] 3/10"};
    json_t *o = json_loads("{\"state\":\"running\",\"total\":10,\"counts\":{\"accepted\":3}}", 0, NULL);
    char line[256];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
        progress_line(o, true, widths[i], line, sizeof(line));
        if (strncmp(line, bars[i], strlen(bars[i])) != 0)
            fail_msg("width %zu: '%s'", widths[i], line);
        assert_true(strlen(line) <= widths[i]);
    }
    json_decref(o);
}

static void test_exit_codes_of_refusals(void **state)
{
    static const struct {
        int http;
        const char *code;
        int status;
    } codes[] = {
        {404, "no-such-notice",      CLI_NOTHING    },
        {400, "bad-phone",           CLI_REFUSED    },
        {409, "id-conflict",         CLI_REFUSED    },
        {422, "empty-audience",      CLI_NOTHING    },
        {503, "redis-unavailable",   CLI_UNREACHABLE},
        {503, "redis-unsure",        CLI_LATER      },
        {429, "too-many-bad-tokens", CLI_LATER      },
        {401, "token-bad",           CLI_REFUSED    },
        {403, "role",                CLI_REFUSED    },
        {501, "not-supported",       CLI_REFUSED    },
        {500, "redis-error",         CLI_LATER      },
        {413, "too-large",           CLI_REFUSED    },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (call_exit_status(codes[i].http, codes[i].code) != codes[i].status)
            fail_msg("%d %s: %d", codes[i].http, codes[i].code,
                     call_exit_status(codes[i].http, codes[i].code));
}

static void test_paths_escape_what_people_type(void **state)
{
    struct call_path p;

    (void)state;
    call_path_init(&p, "/api/v1/activities");
    call_path_segment(&p, "篮球/../x?y");
    call_path_fixed(&p, "/roster");
    call_path_query(&p, "full", NULL);
    call_path_query(&p, "q", "a&b=+c");
    call_path_query(&p, "n", "1");
    assert_string_equal(buf_cstr(&p.text),
                        "/api/v1/activities/%E7%AF%AE%E7%90%83%2F..%2Fx%3Fy/roster?q=a%26b%3D%2Bc&n=1");
    call_path_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_audiences),
        cmocka_unit_test(test_endings),
        cmocka_unit_test(test_the_bar_fits_the_terminal),
        cmocka_unit_test(test_exit_codes_of_refusals),
        cmocka_unit_test(test_paths_escape_what_people_type),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
