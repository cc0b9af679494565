/* The HTTP face of a real daemon (embedded Redis, sandbox provider) in a child process, over its Unix socket and over TCP with tokens: every route refuses without
 * its role; error bodies, masks, Idempotency-Key, bad tokens, the metrics' names. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "daemon/app.h"
#include "daemon/routes.h"
#include "net/fetch.h"

static char dir[64];
static pid_t child;
static struct fetch *local;
static char *url;
static char *tokens[ROLE_N];

/* ---- the daemon ---- */

static _Noreturn void serve(void)
{
    char *ready = xasprintf("listen.ready_file=%s/port", dir);
    const char *const sets[] = {"listen.http=127.0.0.1:0", ready, "log.level=error", NULL};
    struct err e;
    struct config *conf = config_load(NULL, sets, dir, &e);
    struct app *a = conf != NULL ? app_new(conf, &e) : NULL;
    int status;

    if (a == NULL) {
        fprintf(stderr, "the daemon does not start: %s\n", e.msg);
        _exit(99);
    }
    status = app_run(a);
    app_free(a);
    free(ready);
    exit(status); /* with the leak check of a sanitizer build */
}

static void nap(void)
{
    const struct timespec t = {.tv_sec = 0, .tv_nsec = 20000000};

    nanosleep(&t, NULL);
}

struct answer {
    int status;
    struct buf text;
    json_t *json;
};

static struct answer ask(struct fetch *f, const char *method, const char *path, const char *body,
                         const char *header)
{
    struct answer a = {.status = 0, .text = BUF_INIT(1u << 20)};
    const char *headers[] = {header, NULL};
    struct fetch_call call = {.method = method,
                              .path = path,
                              .headers = headers,
                              .body = body,
                              .body_len = body != NULL ? strlen(body) : 0,
                              .timeout_ms = 10000};
    struct err e;

    if (fetch_run(f, &call, &a.status, &a.text, &e) != 0)
        a.status = -1;
    a.json = a.text.len > 0 ? json_loadb(a.text.data, a.text.len, 0, NULL) : NULL;
    return a;
}

static void answer_fini(struct answer *a)
{
    json_decref(a->json);
    buf_fini(&a->text);
}

static int status_of(struct fetch *f, const char *method, const char *path, const char *body)
{
    struct answer a = ask(f, method, path, body, NULL);
    int status = a.status;

    answer_fini(&a);
    return status;
}

static struct fetch *as(const char *token)
{
    struct err e;
    struct fetch *f = fetch_new(NULL, url, token, &e);

    assert_non_null(f);
    return f;
}

static void make_tokens(void)
{
    for (int r = ROLE_VIEWER; r < ROLE_N; r++) {
        char *body = xasprintf("{\"name\":\"test %s\",\"role\":\"%s\"}", role_name((enum role)r),
                               role_name((enum role)r));
        struct answer a = ask(local, "POST", "/api/v1/keys", body, NULL);
        assert_int_equal(a.status, 201);
        tokens[r] = xstrdup(json_string_value(json_object_get(a.json, "token")));
        answer_fini(&a);
        free(body);
    }
}

static int start(void **state)
{
    char *socket, *port_file, port[16] = "";
    int64_t deadline = clock_mono_ms() + 20000;
    struct err e;
    FILE *f;

    (void)state;
    memcpy(dir, "/tmp/crier-api-XXXXXX", 22);
    if (mkdtemp(dir) == NULL)
        return -1;
    child = fork();
    if (child == 0)
        serve();
    socket = xasprintf("%s/admin.sock", dir);
    port_file = xasprintf("%s/port", dir);
    local = fetch_new(socket, NULL, NULL, &e);
    while (status_of(local, "GET", "/readyz", NULL) != 200 && clock_mono_ms() < deadline)
        nap();
    f = fopen(port_file, "re");
    if (f == NULL || fgets(port, sizeof(port), f) == NULL)
        return -1;
    fclose(f);
    port[strcspn(port, "\n")] = '\0';
    url = xasprintf("http://127.0.0.1:%s", port);
    free(socket);
    free(port_file);
    make_tokens();
    return 0;
}

static int stop(void **state)
{
    int status = 0;
    char *rm = xasprintf("/tmp/crier-api-%s", dir + strlen("/tmp/crier-api-"));
    pid_t cleaner;

    (void)state;
    kill(child, SIGTERM);
    waitpid(child, &status, 0);
    cleaner = fork();
    if (cleaner == 0) {
        execlp("rm", "rm", "-rf", rm, (char *)NULL);
        _exit(127);
    }
    waitpid(cleaner, NULL, 0);
    free(rm);
    fetch_free(local);
    free(url);
    for (int r = 0; r < ROLE_N; r++)
        free(tokens[r]);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* ---- roles ---- */

/* The path of a route with something in place of each parameter. */
static void path_of(const struct route *r, char *out, size_t n)
{
    struct buf b = BUF_INIT(n - 1);

    for (const char *p = r->path; *p != '\0'; p++) {
        if (*p != '{') {
            buf_chr(&b, *p);
            continue;
        }
        buf_str(&b, strstr(r->path, "phone") != NULL ? "13800138000"
                    : strstr(p, "file") == p + 1     ? "app.js"
                                                     : "x");
        p = strchr(p, '}');
    }
    memcpy(out, buf_cstr(&b), b.len + 1);
    buf_fini(&b);
}

static void try_route(const struct route *r, enum role role, struct fetch *f)
{
    enum role needs = routes_needs(r, true, false);
    char path[128];
    int status;

    if (strcmp(r->path, "/api/v1/events") == 0 && role >= needs)
        return; /* would never end */
    path_of(r, path, sizeof(path));
    status = status_of(f, r->method, path, strcmp(r->method, "POST") == 0 ? "{}" : NULL);
    if (role >= needs &&
        (status == 401 || status == -1 || (status == 403 && strncmp(path, "/hooks/", 7) != 0)))
        fail_msg("%s %s as %s: %d", r->method, path, role_name(role), status);
    if (role < needs && status != (role == ROLE_OPEN ? 401 : 403))
        fail_msg("%s %s as %s: %d, and needs %s", r->method, path, role_name(role), status, role_name(needs));
}

static void test_every_route_refuses_without_its_role(void **state)
{
    const struct route *r;

    (void)state;
    for (int role = ROLE_OPEN; role < ROLE_N; role++) {
        struct fetch *f = as(tokens[role]);
        for (size_t i = 0; role != ROLE_LOOPBACK && (r = routes_at(i)) != NULL; i++)
            try_route(r, (enum role)role, f);
        fetch_free(f);
    }
}

static void test_an_alert_needs_an_alerter(void **state)
{
    struct fetch *f = as(tokens[ROLE_SENDER]), *g = as(tokens[ROLE_ALERTER]);
    static const char *const body =
        "{\"v\":1,\"id\":\"urgent-1\",\"to\":{\"phones\":[\"13800138009\"]},\"text\":\"x\",\"lane\":"
        "\"urgent\",\"send_at\":\"2037-01-01T00:00:00Z\"}";

    (void)state;
    assert_int_equal(status_of(f, "POST", "/api/v1/notices", body), 403);
    assert_int_equal(status_of(g, "POST", "/api/v1/notices", body), 202);
    assert_int_equal(status_of(f, "POST", "/api/v1/notices/urgent-1/cancel", NULL), 403);
    assert_int_equal(status_of(g, "POST", "/api/v1/notices/urgent-1/cancel", NULL), 200);
    fetch_free(f);
    fetch_free(g);
}

/* ---- answers ---- */

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
    {"a limit beyond",                       "GET",    "/api/v1/notices?limit=5000",       NULL,                                 400, "bad-query"       },
    {"an activity that is not there",        "GET",    "/api/v1/activities/none",          NULL,                                 404, "no-such-activity"},
    {"its roster",                           "GET",    "/api/v1/activities/none/roster",   NULL,                                 404, "no-such-activity"},
    {"a resident's id that is none",         "GET",    "/api/v1/residents/abc",            NULL,                                 400, "bad-id"          },
    {"erasing nobody",                       "DELETE", "/api/v1/residents/999999",         NULL,                                 404, "no-such-resident"},
    {"merging is not there yet and says so", "POST",   "/api/v1/residents/merge",          "{}",                                 501, "not-supported"   },
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
        struct answer a = ask(local, rows[i].method, rows[i].path, rows[i].body, NULL);
        const json_t *e = json_object_get(a.json, "error");
        const char *code = json_string_value(json_object_get(e, "code")),
                   *message = json_string_value(json_object_get(e, "message"));
        if (a.status != rows[i].status || code == NULL || strcmp(code, rows[i].code) != 0 ||
            message == NULL || *message == '\0' || json_object_get(e, "doc") == NULL ||
            json_object_get(e, "field") == NULL)
            fail_msg("%s: %d %s", rows[i].name, a.status, buf_cstr(&a.text));
        answer_fini(&a);
    }
}

static void test_too_large_bodies(void **state)
{
    char *big = xmalloc(70001);

    (void)state;
    memset(big, ' ', 70000);
    big[70000] = '\0';
    assert_int_equal(status_of(local, "POST", "/api/v1/notices", big), 413);
    free(big);
}

static void test_idempotency_key_of_a_key(void **state)
{
    static const char *const body = "{\"name\":\"once\",\"role\":\"viewer\"}";
    struct answer a = ask(local, "POST", "/api/v1/keys", body, "Idempotency-Key: one"),
                  b = ask(local, "POST", "/api/v1/keys", body, "Idempotency-Key: one"),
                  c = ask(local, "POST", "/api/v1/keys", "{\"name\":\"other\",\"role\":\"viewer\"}",
                          "Idempotency-Key: one");

    (void)state;
    assert_int_equal(a.status, 201);
    assert_int_equal(b.status, 201);
    assert_string_equal(json_string_value(json_object_get(a.json, "id")),
                        json_string_value(json_object_get(b.json, "id")));
    assert_int_equal(c.status, 409);
    answer_fini(&a);
    answer_fini(&b);
    answer_fini(&c);
}

static void test_a_key_is_good_at_once_and_worthless_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct answer a =
            ask(local, "POST", "/api/v1/keys", "{\"name\":\"short\",\"role\":\"viewer\"}", NULL);
        struct fetch *f = as(json_string_value(json_object_get(a.json, "token")));
        char *path = xasprintf("/api/v1/keys/%s", json_string_value(json_object_get(a.json, "id")));
        assert_int_equal(status_of(f, "GET", "/api/v1/status", NULL), 200);
        assert_int_equal(status_of(local, "DELETE", path, NULL), 200);
        if (i == 0)
            assert_int_equal(status_of(f, "GET", "/api/v1/status", NULL), 401);
        fetch_free(f);
        answer_fini(&a);
        free(path);
    }
}

static void test_numbers_are_masked_over_tcp(void **state)
{
    struct fetch *viewer = as(tokens[ROLE_VIEWER]), *admin = as(tokens[ROLE_ADMIN]);
    static const struct {
        const char *path;
    } lists[] = {{"/api/v1/residents"}, {"/api/v1/residents/13800138001"}, {"/api/v1/residents/export"}};

    (void)state;
    assert_int_equal(status_of(local, "POST", "/api/v1/residents/import", "name,phone\n王小明,13800138001\n"),
                     200);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        char *full = xasprintf("%s?full=1", lists[i].path);
        struct answer masked = ask(viewer, "GET", lists[i].path, NULL, NULL),
                      whole = ask(admin, "GET", full, NULL, NULL),
                      here = ask(local, "GET", lists[i].path, NULL, NULL);
        assert_int_equal(masked.status, 200);
        assert_non_null(strstr(buf_cstr(&masked.text), "138****8001"));
        assert_null(strstr(buf_cstr(&masked.text), "13800138001"));
        assert_non_null(strstr(buf_cstr(&whole.text), "+8613800138001"));
        assert_non_null(strstr(buf_cstr(&here.text), "+8613800138001"));
        assert_int_equal(status_of(viewer, "GET", full, NULL), 403);
        answer_fini(&masked);
        answer_fini(&whole);
        answer_fini(&here);
        free(full);
    }
    struct answer trail = ask(local, "GET", "/api/v1/audit?limit=1000", NULL, NULL);
    assert_non_null(strstr(buf_cstr(&trail.text), "GET /api/v1/residents (full numbers)"));
    assert_null(strstr(buf_cstr(&trail.text), "13800138001"));
    answer_fini(&trail);
    fetch_free(viewer);
    fetch_free(admin);
}

/* Wait until ${path} shows ${text} over the socket. */
static void wait_for(const char *path, const char *text)
{
    int64_t deadline = clock_mono_ms() + 10000;
    bool there = false;

    while (!there && clock_mono_ms() < deadline) {
        struct answer a = ask(local, "GET", path, NULL, NULL);
        there = strstr(buf_cstr(&a.text), text) != NULL;
        answer_fini(&a);
        if (!there)
            nap();
    }
    if (!there)
        fail_msg("%s never shows %s", path, text);
}

static void test_numbers_inside_texts_are_masked_too(void **state)
{
    static const char *const paths[] = {"/api/v1/inbox", "/api/v1/notices/masked-1/recipients",
                                        "/api/v1/sandbox/phones", "/api/v1/activities/hike/roster",
                                        "/api/v1/activities/hike/export"};
    struct fetch *viewer = as(tokens[ROLE_VIEWER]);

    (void)state;
    assert_int_equal(
        status_of(
            local, "POST", "/api/v1/activities",
            "{\"code\":\"hike\",\"title\":\"Hike\",\"seats\":3,\"starts_at\":\"2037-01-01T00:00:00Z\"}"),
        201);
    assert_int_equal(status_of(local, "POST", "/api/v1/sandbox/phones/13800138055/text",
                               "{\"text\":\"路灯坏了, 打我另一个号码 13800138066\"}"),
                     202);
    assert_int_equal(
        status_of(local, "POST", "/api/v1/sandbox/phones/13800138056/text", "{\"text\":\"join hike\"}"), 202);
    assert_int_equal(
        status_of(local, "POST", "/api/v1/notices",
                  "{\"v\":1,\"id\":\"masked-1\",\"to\":{\"phones\":[\"13800138057\"]},\"text\":\"x\"}"),
        202);
    wait_for("/api/v1/inbox", "13800138066");
    wait_for("/api/v1/activities/hike/roster", "13800138056");
    wait_for("/api/v1/notices/masked-1/recipients", "13800138057");
    wait_for("/api/v1/sandbox/phones", "13800138057");
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct answer a = ask(viewer, "GET", paths[i], NULL, NULL);
        if (a.status != 200 || strstr(buf_cstr(&a.text), "****80") == NULL ||
            strstr(buf_cstr(&a.text), "138001380") != NULL)
            fail_msg("%s: %d %s", paths[i], a.status, buf_cstr(&a.text));
        answer_fini(&a);
    }
    fetch_free(viewer);
}

static void test_lists_are_objects_or_lines(void **state)
{
    struct answer page = ask(local, "GET", "/api/v1/providers", NULL, NULL),
                  lines = ask(local, "GET", "/api/v1/providers", NULL, "Accept: application/x-ndjson");

    (void)state;
    assert_int_equal(json_array_size(json_object_get(page.json, "items")), 1);
    assert_string_equal(json_string_value(json_object_get(lines.json, "name")), "sandbox");
    assert_int_equal(lines.text.data[lines.text.len - 1], '\n');
    answer_fini(&page);
    answer_fini(&lines);
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
    assert_int_equal(status_of(local, "POST", "/api/v1/residents/import", csv.data), 200);
    for (size_t i = 0; i < 3 * ARRAY_LEN(paths); i++) {
        struct fetch *f = as(tokens[ROLE_ADMIN]);
        struct buf answer = BUF_INIT(1u << 20);
        struct fetch_call call = {
            .method = "GET", .path = paths[i % ARRAY_LEN(paths)], .on_chunk = leave, .timeout_ms = 10000};
        struct err e;
        int status;
        assert_int_equal(fetch_run(f, &call, &status, &answer, &e), 0);
        buf_fini(&answer);
        fetch_free(f);
    }
    struct answer all = ask(local, "GET", "/api/v1/residents/export", NULL, NULL);
    assert_int_equal(all.status, 200);
    assert_non_null(strstr(buf_cstr(&all.text), "Resident 11999,"));
    answer_fini(&all);
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
    struct answer a = ask(local, "GET", "/metrics", NULL, NULL);

    (void)state;
    assert_int_equal(a.status, 200);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char *type = xasprintf("# TYPE %s ", names[i]);
        if (strstr(buf_cstr(&a.text), type) == NULL)
            fail_msg("%s is missing", names[i]);
        free(type);
    }
    assert_non_null(strstr(buf_cstr(&a.text), "crier_redis_up 1\n"));
    answer_fini(&a);
}

static void test_readyz_says_what_survives(void **state)
{
    struct answer a = ask(local, "GET", "/readyz", NULL, NULL);

    (void)state;
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(json_string_value(json_object_get(json_object_get(a.json, "durability"), "words")),
                           "Redis crash"));
    answer_fini(&a);
    assert_int_equal(status_of(local, "POST", "/api/v1/providers/sandbox/pause", NULL), 200);
    a = ask(local, "GET", "/readyz", NULL, NULL);
    assert_int_equal(a.status, 503);
    assert_non_null(strstr(buf_cstr(&a.text), "has no provider that sends"));
    answer_fini(&a);
    assert_int_equal(status_of(local, "POST", "/api/v1/providers/sandbox/resume", NULL), 200);
}

static void test_the_console_may_load_only_itself(void **state)
{
    static const char *const paths[] = {"/", "/console/", "/console/app.js", "/console/style.css"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        assert_int_equal(status_of(local, "GET", paths[i], NULL), 200);
    assert_int_equal(status_of(local, "GET", "/console/../../etc/passwd", NULL), 404);
    assert_int_equal(status_of(local, "GET", "/console/..%2fapi.c", NULL), 404);
}

/* Last: afterwards this address is limited for a minute. The fifth is the revoked key of another test. */
static void test_bad_tokens_are_limited_and_good_ones_go_on(void **state)
{
    struct fetch *good = as(tokens[ROLE_VIEWER]);

    (void)state;
    assert_int_equal(status_of(good, "GET", "/api/v1/status", NULL), 200);
    for (int i = 0; i < 7; i++) {
        char *token = xasprintf("%.10s.%064d", i < 3 ? "aaaaaaaaaa" : tokens[ROLE_ADMIN], i);
        struct fetch *bad = as(token);
        int status = status_of(bad, "GET", "/api/v1/status", NULL);
        if (status != (i < 4 ? 401 : 429))
            fail_msg("bad token %d: %d", i + 1, status);
        fetch_free(bad);
        free(token);
    }
    assert_int_equal(status_of(good, "GET", "/api/v1/status", NULL), 200);
    fetch_free(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_route_refuses_without_its_role),
        cmocka_unit_test(test_an_alert_needs_an_alerter),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_too_large_bodies),
        cmocka_unit_test(test_idempotency_key_of_a_key),
        cmocka_unit_test(test_a_key_is_good_at_once_and_worthless_at_once),
        cmocka_unit_test(test_numbers_are_masked_over_tcp),
        cmocka_unit_test(test_numbers_inside_texts_are_masked_too),
        cmocka_unit_test(test_lists_are_objects_or_lines),
        cmocka_unit_test(test_a_client_may_leave_a_long_list),
        cmocka_unit_test(test_metrics_have_the_contracts_names),
        cmocka_unit_test(test_readyz_says_what_survives),
        cmocka_unit_test(test_the_console_may_load_only_itself),
        cmocka_unit_test(test_bad_tokens_are_limited_and_good_ones_go_on),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
