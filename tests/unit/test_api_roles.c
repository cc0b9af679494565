/* The HTTP face of a daemon: every route refuses without its role, keys, bad tokens, what is masked for whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/routes.h"
#include "net/fetch.h"
#include "tests/support/api_bed.h"

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
    status = api_bed_status_of(f, r->method, path, strcmp(r->method, "POST") == 0 ? "{}" : NULL);
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
        struct fetch *f = api_bed_as(api_bed.tokens[role]);
        for (size_t i = 0; role != ROLE_LOOPBACK && (r = routes_at(i)) != NULL; i++)
            try_route(r, (enum role)role, f);
        fetch_free(f);
    }
}

static void test_an_alert_needs_an_alerter(void **state)
{
    struct fetch *f = api_bed_as(api_bed.tokens[ROLE_SENDER]), *g = api_bed_as(api_bed.tokens[ROLE_ALERTER]);
    static const char *const body =
        "{\"v\":1,\"id\":\"urgent-1\",\"to\":{\"phones\":[\"13800138009\"]},\"text\":\"x\",\"lane\":"
        "\"urgent\",\"send_at\":\"2037-01-01T00:00:00Z\"}";

    (void)state;
    assert_int_equal(api_bed_status_of(f, "POST", "/api/v1/notices", body), 403);
    assert_int_equal(api_bed_status_of(g, "POST", "/api/v1/notices", body), 202);
    assert_int_equal(api_bed_status_of(f, "POST", "/api/v1/notices/urgent-1/cancel", NULL), 403);
    assert_int_equal(api_bed_status_of(g, "POST", "/api/v1/notices/urgent-1/cancel", NULL), 200);
    fetch_free(f);
    fetch_free(g);
}

static void test_idempotency_key_of_a_key(void **state)
{
    static const char *const body = "{\"name\":\"once\",\"role\":\"viewer\"}";
    struct api_answer a = api_bed_ask(api_bed.local, "POST", "/api/v1/keys", body, "Idempotency-Key: one"),
                      b = api_bed_ask(api_bed.local, "POST", "/api/v1/keys", body, "Idempotency-Key: one"),
                      c = api_bed_ask(api_bed.local, "POST", "/api/v1/keys",
                                      "{\"name\":\"other\",\"role\":\"viewer\"}", "Idempotency-Key: one");

    (void)state;
    assert_int_equal(a.status, 201);
    assert_int_equal(b.status, 201);
    assert_string_equal(json_string_value(json_object_get(a.json, "id")),
                        json_string_value(json_object_get(b.json, "id")));
    assert_int_equal(c.status, 409);
    api_bed_answer_fini(&a);
    api_bed_answer_fini(&b);
    api_bed_answer_fini(&c);
}

static void test_a_key_is_good_at_once_and_worthless_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct api_answer a = api_bed_ask(api_bed.local, "POST", "/api/v1/keys",
                                          "{\"name\":\"short\",\"role\":\"viewer\"}", NULL);
        struct fetch *f = api_bed_as(json_string_value(json_object_get(a.json, "token")));
        char *path = xasprintf("/api/v1/keys/%s", json_string_value(json_object_get(a.json, "id")));
        assert_int_equal(api_bed_status_of(f, "GET", "/api/v1/status", NULL), 200);
        assert_int_equal(api_bed_status_of(api_bed.local, "DELETE", path, NULL), 200);
        if (i == 0)
            assert_int_equal(api_bed_status_of(f, "GET", "/api/v1/status", NULL), 401);
        fetch_free(f);
        api_bed_answer_fini(&a);
        free(path);
    }
}

static void test_numbers_are_masked_over_tcp(void **state)
{
    struct fetch *viewer = api_bed_as(api_bed.tokens[ROLE_VIEWER]),
                 *admin = api_bed_as(api_bed.tokens[ROLE_ADMIN]);
    static const struct {
        const char *path;
    } lists[] = {{"/api/v1/residents"}, {"/api/v1/residents/13800138001"}, {"/api/v1/residents/export"}};

    (void)state;
    assert_int_equal(api_bed_status_of(api_bed.local, "POST", "/api/v1/residents/import",
                                       "name,phone\n王小明,13800138001\n"),
                     200);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        char *full = xasprintf("%s?full=1", lists[i].path);
        struct api_answer masked = api_bed_ask(viewer, "GET", lists[i].path, NULL, NULL),
                          whole = api_bed_ask(admin, "GET", full, NULL, NULL),
                          here = api_bed_ask(api_bed.local, "GET", lists[i].path, NULL, NULL);
        assert_int_equal(masked.status, 200);
        assert_non_null(strstr(buf_cstr(&masked.text), "138****8001"));
        assert_null(strstr(buf_cstr(&masked.text), "13800138001"));
        assert_non_null(strstr(buf_cstr(&whole.text), "+8613800138001"));
        assert_non_null(strstr(buf_cstr(&here.text), "+8613800138001"));
        assert_int_equal(api_bed_status_of(viewer, "GET", full, NULL), 403);
        api_bed_answer_fini(&masked);
        api_bed_answer_fini(&whole);
        api_bed_answer_fini(&here);
        free(full);
    }
    struct api_answer trail = api_bed_ask(api_bed.local, "GET", "/api/v1/audit?limit=1000", NULL, NULL);
    assert_non_null(strstr(buf_cstr(&trail.text), "GET /api/v1/residents (full numbers)"));
    assert_null(strstr(buf_cstr(&trail.text), "13800138001"));
    api_bed_answer_fini(&trail);
    fetch_free(viewer);
    fetch_free(admin);
}

/* Wait until ${path} shows ${text} over the socket. */
static void wait_for(const char *path, const char *text)
{
    int64_t deadline = clock_mono_ms() + 10000;
    bool there = false;

    while (!there && clock_mono_ms() < deadline) {
        struct api_answer a = api_bed_ask(api_bed.local, "GET", path, NULL, NULL);
        there = strstr(buf_cstr(&a.text), text) != NULL;
        api_bed_answer_fini(&a);
        if (!there)
            api_bed_nap();
    }
    if (!there)
        fail_msg("%s never shows %s", path, text);
}

static void test_numbers_inside_texts_are_masked_too(void **state)
{
    static const char *const paths[] = {"/api/v1/inbox", "/api/v1/notices/masked-1/recipients",
                                        "/api/v1/sandbox/phones", "/api/v1/activities/hike/roster",
                                        "/api/v1/activities/hike/export"};
    struct fetch *viewer = api_bed_as(api_bed.tokens[ROLE_VIEWER]);

    (void)state;
    assert_int_equal(
        api_bed_status_of(
            api_bed.local, "POST", "/api/v1/activities",
            "{\"code\":\"hike\",\"title\":\"Hike\",\"seats\":3,\"starts_at\":\"2037-01-01T00:00:00Z\"}"),
        201);
    assert_int_equal(api_bed_status_of(api_bed.local, "POST", "/api/v1/sandbox/phones/13800138055/text",
                                       "{\"text\":\"路灯坏了, 打我另一个号码 13800138066\"}"),
                     202);
    assert_int_equal(api_bed_status_of(api_bed.local, "POST", "/api/v1/sandbox/phones/13800138056/text",
                                       "{\"text\":\"join hike\"}"),
                     202);
    assert_int_equal(
        api_bed_status_of(
            api_bed.local, "POST", "/api/v1/notices",
            "{\"v\":1,\"id\":\"masked-1\",\"to\":{\"phones\":[\"13800138057\"]},\"text\":\"x\"}"),
        202);
    wait_for("/api/v1/inbox", "13800138066");
    wait_for("/api/v1/activities/hike/roster", "13800138056");
    wait_for("/api/v1/notices/masked-1/recipients", "13800138057");
    wait_for("/api/v1/sandbox/phones", "13800138057");
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct api_answer a = api_bed_ask(viewer, "GET", paths[i], NULL, NULL);
        if (a.status != 200 || strstr(buf_cstr(&a.text), "****80") == NULL ||
            strstr(buf_cstr(&a.text), "138001380") != NULL)
            fail_msg("%s: %d %s", paths[i], a.status, buf_cstr(&a.text));
        api_bed_answer_fini(&a);
    }
    fetch_free(viewer);
}

/* Last: afterwards this address is limited for a minute. The fifth is the revoked key of another test. */
static void test_bad_tokens_are_limited_and_good_ones_go_on(void **state)
{
    struct fetch *good = api_bed_as(api_bed.tokens[ROLE_VIEWER]);

    (void)state;
    assert_int_equal(api_bed_status_of(good, "GET", "/api/v1/status", NULL), 200);
    for (int i = 0; i < 7; i++) {
        char *token = xasprintf("%.10s.%064d", i < 3 ? "aaaaaaaaaa" : api_bed.tokens[ROLE_ADMIN], i);
        struct fetch *bad = api_bed_as(token);
        int status = api_bed_status_of(bad, "GET", "/api/v1/status", NULL);
        if (status != (i < 4 ? 401 : 429))
            fail_msg("bad token %d: %d", i + 1, status);
        fetch_free(bad);
        free(token);
    }
    assert_int_equal(api_bed_status_of(good, "GET", "/api/v1/status", NULL), 200);
    fetch_free(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_route_refuses_without_its_role),
        cmocka_unit_test(test_an_alert_needs_an_alerter),
        cmocka_unit_test(test_idempotency_key_of_a_key),
        cmocka_unit_test(test_a_key_is_good_at_once_and_worthless_at_once),
        cmocka_unit_test(test_numbers_are_masked_over_tcp),
        cmocka_unit_test(test_numbers_inside_texts_are_masked_too),
        cmocka_unit_test(test_bad_tokens_are_limited_and_good_ones_go_on),
    };

    return cmocka_run_group_tests(tests, api_bed_start, api_bed_stop);
}
