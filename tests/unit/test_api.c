/* The HTTP face of a daemon: refusals, lists, limits, the console, the metrics' names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "daemon/routes.h"
#include "net/fetch.h"
#include "tests/support/api_bed.h"

static const struct {
    const char *name, *method, *path, *body;
    int status;
    const char *code;
} rows[] = {
    {"no such path",                         "GET",    "/api/v1/nothing",                  NULL,                                 404, "no-such-path"    },
    {"another method",                       "PUT",    "/api/v1/notices",                  NULL,                                 405, "method"          },
    {"a body that is no JSON",               "POST",   "/api/v1/notices",                  "{\"v\":1",                           400, "bad-json"        },
    {"a body that is no object",             "POST",   "/api/v1/notices",                  "[1]",                                400, "bad-json"        },
    {"a member twice",                       "POST",   "/api/v1/notices",                  "{\"v\":1,\"v\":1}",                  400, "duplicate-member"},
    {"an unknown member",                    "POST",   "/api/v1/notices",
     "{\"v\":1,\"to\":{\"everyone\":true},\"text\":\"x\",\"bogus\":1}",                                                          400, "unknown-member"  },
    {"a number that is none",                "POST",   "/api/v1/notices",
     "{\"v\":1,\"to\":{\"phones\":[\"123\"]},\"text\":\"x\"}",                                                                   400, "bad-phone"       },
    {"too late",                             "POST",   "/api/v1/notices",
     "{\"v\":1,\"to\":{\"everyone\":true},\"text\":\"x\",\"not_after\":\"2001-01-01T00:00:00Z\"}",                               422,
     "not-after-passed"                                                                                                                                 },
    {"a notice that is not there",           "GET",    "/api/v1/notices/none",             NULL,                                 404, "no-such-notice"  },
    {"its recipients",                       "GET",    "/api/v1/notices/none/recipients",  NULL,                                 404, "no-such-notice"  },
    {"cancelling it",                        "POST",   "/api/v1/notices/none/cancel",      NULL,                                 404, "no-such-notice"  },
    {"a state that is none",                 "GET",    "/api/v1/notices?state=gone",       NULL,                                 400, "bad-query"       },
    {"a kind that is none",                  "GET",    "/api/v1/notices?kind=alert,x",     NULL,                                 400, "bad-query"       },
    {"a limit beyond",                       "GET",    "/api/v1/notices?limit=5000",       NULL,                                 400, "bad-query"       },
    {"an activity that is not there",        "GET",    "/api/v1/activities/none",          NULL,                                 404, "no-such-activity"},
    {"its roster",                           "GET",    "/api/v1/activities/none/roster",   NULL,                                 404, "no-such-activity"},
    {"a resident's id that is none",         "GET",    "/api/v1/residents/abc",            NULL,                                 400, "bad-id"          },
    {"erasing nobody",                       "DELETE", "/api/v1/residents/999999",         NULL,                                 404, "no-such-resident"},
    {"merging without naming anybody",       "POST",   "/api/v1/residents/merge",          "{}",                                 400, "bad-id"          },
    {"an inbox entry that is not there",     "GET",    "/api/v1/inbox/1-1",                NULL,                                 404, "no-such-entry"   },
    {"a provider that is not there",         "POST",   "/api/v1/providers/none/pause",     NULL,                                 404, "no-such-provider"},
    {"a key with a role that is none",       "POST",   "/api/v1/keys",                     "{\"name\":\"x\",\"role\":\"root\"}", 400,
     "bad-role"                                                                                                                                         },
    {"a key that is not there",              "DELETE", "/api/v1/keys/none",                NULL,                                 404, "no-such-key"     },
    {"a community that is not there",        "GET",    "/api/v1/notices?community=none",   NULL,                                 404,
     "no-such-community"                                                                                                                                },
    {"a wrong hook secret",                  "POST",   "/hooks/sandbox/wrong/reply",       "{}",                                 403, "hook-secret"     },
    {"a hook of no provider looks the same", "POST",   "/hooks/none/wrong/reply",          "{}",                                 403, "hook-secret"     },
    {"a CSV without a name column",          "POST",   "/api/v1/residents/import?check=1", "phone\n13800138000\n",               400,
     "bad-header"                                                                                                                                       },
    {"a CSV with bad rows imports nothing",  "POST",   "/api/v1/residents/import",
     "name,phone\nA,13800138010\nB,12\n",                                                                                        422, "bad-rows"        },
    {"a reply without text",                 "POST",   "/api/v1/replies/explain",          "{}",                                 400, "bad-text"        },
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct api_answer a = api_bed_ask(api_bed.local, rows[i].method, rows[i].path, rows[i].body, NULL);
        const json_t *e = json_object_get(a.json, "error");
        const char *code = json_string_value(json_object_get(e, "code")),
                   *message = json_string_value(json_object_get(e, "message"));
        if (a.status != rows[i].status || code == NULL || strcmp(code, rows[i].code) != 0 ||
            message == NULL || *message == '\0' || json_object_get(e, "doc") == NULL ||
            json_object_get(e, "field") == NULL)
            fail_msg("%s: %d %s", rows[i].name, a.status, buf_cstr(&a.text));
        api_bed_answer_fini(&a);
    }
}

static void test_too_large_bodies(void **state)
{
    char *big = xmalloc(70001);

    (void)state;
    memset(big, ' ', 70000);
    big[70000] = '\0';
    assert_int_equal(api_bed_status_of(api_bed.local, "POST", "/api/v1/notices", big), 413);
    free(big);
}

static void test_lists_are_objects_or_lines(void **state)
{
    struct api_answer page = api_bed_ask(api_bed.local, "GET", "/api/v1/providers", NULL, NULL),
                      lines = api_bed_ask(api_bed.local, "GET", "/api/v1/providers", NULL,
                                          "Accept: application/x-ndjson");

    (void)state;
    assert_int_equal(json_array_size(json_object_get(page.json, "items")), 1);
    assert_string_equal(json_string_value(json_object_get(lines.json, "name")), "sandbox");
    assert_int_equal(lines.text.data[lines.text.len - 1], '\n');
    api_bed_answer_fini(&page);
    api_bed_answer_fini(&lines);
}

static bool leave(void *arg, const char *p, size_t n)
{
    (void)arg;
    (void)p;
    (void)n;
    return false;
}

/* 12,000 people are more than the sockets' buffers hold: the daemon is in the middle of its list when the client goes. */
static void test_a_client_may_leave_a_long_list(void **state)
{
    static const char *const paths[] = {"/api/v1/residents?stream=1", "/api/v1/residents/export",
                                        "/api/v1/notices?stream=1", "/api/v1/events"};
    struct buf csv = BUF_INIT(1u << 20);

    (void)state;
    buf_str(&csv, "name,phone\n");
    for (int i = 0; i < 12000; i++)
        buf_fmt(&csv, "Resident %d,139%08d\n", i, i);
    assert_int_equal(api_bed_status_of(api_bed.local, "POST", "/api/v1/residents/import", csv.data), 200);
    for (size_t i = 0; i < 3 * ARRAY_LEN(paths); i++) {
        struct fetch *f = api_bed_as(api_bed.tokens[ROLE_ADMIN]);
        struct buf answer = BUF_INIT(1u << 20);
        struct fetch_call call = {
            .method = "GET", .path = paths[i % ARRAY_LEN(paths)], .on_chunk = leave, .timeout_ms = 10000};
        struct err e;
        int status;
        assert_int_equal(fetch_run(f, &call, &status, &answer, &e), 0);
        buf_fini(&answer);
        fetch_free(f);
    }
    struct api_answer all = api_bed_ask(api_bed.local, "GET", "/api/v1/residents/export", NULL, NULL);
    assert_int_equal(all.status, 200);
    assert_non_null(strstr(buf_cstr(&all.text), "Resident 11999,"));
    api_bed_answer_fini(&all);
    buf_fini(&csv);
}

static void test_metrics_have_the_contracts_names(void **state)
{
    static const char *const names[] = {"crier_notices",
                                        "crier_recipients_total",
                                        "crier_sends_total",
                                        "crier_send_seconds",
                                        "crier_lane_oldest_seconds",
                                        "crier_inflight",
                                        "crier_breaker_open",
                                        "crier_replies_total",
                                        "crier_registrations_total",
                                        "crier_rejected_total",
                                        "crier_redis_up",
                                        "crier_redis_seconds",
                                        "crier_loop_lag_seconds",
                                        "crier_build_info"};
    struct api_answer a = api_bed_ask(api_bed.local, "GET", "/metrics", NULL, NULL);

    (void)state;
    assert_int_equal(a.status, 200);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char *type = xasprintf("# TYPE %s ", names[i]);
        if (strstr(buf_cstr(&a.text), type) == NULL)
            fail_msg("%s is missing", names[i]);
        free(type);
    }
    assert_non_null(strstr(buf_cstr(&a.text), "crier_redis_up 1\n"));
    api_bed_answer_fini(&a);
}

static void test_readyz_says_what_survives(void **state)
{
    struct api_answer a = api_bed_ask(api_bed.local, "GET", "/readyz", NULL, NULL);

    (void)state;
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(json_string_value(json_object_get(json_object_get(a.json, "durability"), "words")),
                           "Redis crash"));
    api_bed_answer_fini(&a);
    assert_int_equal(api_bed_status_of(api_bed.local, "POST", "/api/v1/providers/sandbox/pause", NULL), 200);
    a = api_bed_ask(api_bed.local, "GET", "/readyz", NULL, NULL);
    assert_int_equal(a.status, 503);
    assert_non_null(strstr(buf_cstr(&a.text), "has no provider that sends"));
    api_bed_answer_fini(&a);
    assert_int_equal(api_bed_status_of(api_bed.local, "POST", "/api/v1/providers/sandbox/resume", NULL), 200);
}

static void test_the_console_may_load_only_itself(void **state)
{
    static const char *const paths[] = {"/",
                                        "/console/",
                                        "/console/app.js",
                                        "/console/residents.js",
                                        "/console/style.css",
                                        "/console/icon.svg"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        assert_int_equal(api_bed_status_of(api_bed.local, "GET", paths[i], NULL), 200);
    assert_int_equal(api_bed_status_of(api_bed.local, "GET", "/console/../../etc/passwd", NULL), 404);
    assert_int_equal(api_bed_status_of(api_bed.local, "GET", "/console/..%2fapi.c", NULL), 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_too_large_bodies),
        cmocka_unit_test(test_lists_are_objects_or_lines),
        cmocka_unit_test(test_a_client_may_leave_a_long_list),
        cmocka_unit_test(test_metrics_have_the_contracts_names),
        cmocka_unit_test(test_readyz_says_what_survives),
        cmocka_unit_test(test_the_console_may_load_only_itself),
    };

    return cmocka_run_group_tests(tests, api_bed_start, api_bed_stop);
}
