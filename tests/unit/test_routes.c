/* The route table: matching, and what role each request needs. The table is read here a second time, by hand: a route whose role is changed must be
 * changed in both places. (tests/unit/test_api.c asks a running daemon.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "daemon/routes.h"

static const struct {
    const char *method, *path; /* as a client sends it */
    const char *route;         /* the pattern that must answer; NULL = none */
    enum role role;
} rows[] = {
    {"POST",   "/api/v1/notices",                      "/api/v1/notices",                   ROLE_SENDER  },
    {"GET",    "/api/v1/notices",                      "/api/v1/notices",                   ROLE_VIEWER  },
    {"GET",    "/api/v1/notices/typhoon-1",            "/api/v1/notices/{id}",              ROLE_VIEWER  },
    {"GET",    "/api/v1/notices/typhoon-1/recipients", "/api/v1/notices/{id}/recipients",   ROLE_VIEWER  },
    {"POST",   "/api/v1/notices/typhoon-1/pause",      "/api/v1/notices/{id}/pause",        ROLE_SENDER  },
    {"POST",   "/api/v1/notices/typhoon-1/resume",     "/api/v1/notices/{id}/resume",       ROLE_SENDER  },
    {"POST",   "/api/v1/notices/typhoon-1/cancel",     "/api/v1/notices/{id}/cancel",       ROLE_SENDER  },
    {"POST",   "/api/v1/notices/typhoon-1/approve",    "/api/v1/notices/{id}/approve",      ROLE_SENDER  },
    {"POST",   "/api/v1/notices/typhoon-1/redrive",    "/api/v1/notices/{id}/redrive",      ROLE_SENDER  },
    {"POST",   "/api/v1/activities",                   "/api/v1/activities",                ROLE_SENDER  },
    {"GET",    "/api/v1/activities/篮球",            "/api/v1/activities/{code}",         ROLE_VIEWER  },
    {"POST",   "/api/v1/activities/篮球/close",      "/api/v1/activities/{code}/close",   ROLE_SENDER  },
    {"GET",    "/api/v1/activities/篮球/roster",     "/api/v1/activities/{code}/roster",  ROLE_VIEWER  },
    {"POST",   "/api/v1/residents/import",             "/api/v1/residents/import",          ROLE_ADMIN   },
    {"GET",    "/api/v1/residents/export",             "/api/v1/residents/export",          ROLE_VIEWER  },
    {"GET",    "/api/v1/residents/17",                 "/api/v1/residents/{id}",            ROLE_VIEWER  },
    {"DELETE", "/api/v1/residents/17",                 "/api/v1/residents/{id}",            ROLE_ADMIN   },
    {"POST",   "/api/v1/inbox/1-1/answer",             "/api/v1/inbox/{key}/answer",        ROLE_SENDER  },
    {"POST",   "/api/v1/rejected/1-1/retry",           "/api/v1/rejected/{key}/retry",      ROLE_ALERTER },
    {"POST",   "/api/v1/rejected/1-1/dismiss",         "/api/v1/rejected/{key}/dismiss",    ROLE_SENDER  },
    {"POST",   "/api/v1/providers/p1/pause",           "/api/v1/providers/{name}/pause",    ROLE_ALERTER },
    {"POST",   "/api/v1/keys",                         "/api/v1/keys",                      ROLE_ADMIN   },
    {"DELETE", "/api/v1/keys/k1",                      "/api/v1/keys/{id}",                 ROLE_ADMIN   },
    {"GET",    "/api/v1/audit",                        "/api/v1/audit",                     ROLE_ADMIN   },
    {"POST",   "/hooks/p1/secret/reply",               "/hooks/{provider}/{secret}/{kind}", ROLE_OPEN    },
    {"GET",    "/healthz",                             "/healthz",                          ROLE_OPEN    },
    {"GET",    "/readyz",                              "/readyz",                           ROLE_LOOPBACK},
    {"GET",    "/metrics",                             "/metrics",                          ROLE_LOOPBACK},
    {"GET",    "/",                                    "/",                                 ROLE_OPEN    },
    {"GET",    "/console/",                            "/console/{file...}",                ROLE_OPEN    },
    {"GET",    "/console/app.js",                      "/console/{file...}",                ROLE_OPEN    },
    {"GET",    "/api/v1/notices/",                     NULL,                                ROLE_OPEN    },
    {"GET",    "/api/v1/notices/a/b",                  NULL,                                ROLE_OPEN    },
    {"GET",    "/api/v1",                              NULL,                                ROLE_OPEN    },
    {"GET",    "/api/v1/noticesx",                     NULL,                                ROLE_OPEN    },
    {"POST",   "/hooks/p1/secret",                     NULL,                                ROLE_OPEN    },
    {"GET",    "",                                     NULL,                                ROLE_OPEN    },
};

static void test_matching(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct routes_match m;
        routes_match(rows[i].method, rows[i].path, &m);
        if ((m.route != NULL) != (rows[i].route != NULL) ||
            (m.route != NULL && (strcmp(m.route->path, rows[i].route) != 0 || m.route->role != rows[i].role)))
            fail_msg("%s %s: %s", rows[i].method, rows[i].path, m.route != NULL ? m.route->path : "none");
        routes_match_fini(&m);
    }
}

static void test_parameters_are_handed_over(void **state)
{
    struct routes_match m;

    (void)state;
    routes_match("POST", "/hooks/p1/s-3/reply", &m);
    assert_string_equal(m.params[0], "p1");
    assert_string_equal(m.params[1], "s-3");
    assert_string_equal(m.params[2], "reply");
    routes_match_fini(&m);
    routes_match("DELETE", "/api/v1/notices", &m);
    assert_null(m.route);
    assert_true(m.other_method);
    routes_match_fini(&m);
}

/* Rules that every row keeps. */
static void test_the_table_keeps_its_rules(void **state)
{
    const struct route *r;

    (void)state;
    for (size_t i = 0; (r = routes_at(i)) != NULL; i++) {
        bool api = strncmp(r->path, "/api/", 5) == 0, get = strcmp(r->method, "GET") == 0;
        if (api && r->role < ROLE_VIEWER)
            fail_msg("%s %s is open", r->method, r->path);
        if (api && !get && r->role < ROLE_SENDER && strcmp(r->path, "/api/v1/replies/explain") != 0)
            fail_msg("%s %s changes something and needs only %s", r->method, r->path, role_name(r->role));
        if (api && !get && (r->flags & ROUTE_AUDIT) == 0 && strstr(r->path, "sandbox") == NULL &&
            strstr(r->path, "explain") == NULL)
            fail_msg("%s %s changes something and leaves no trail", r->method, r->path);
        if (get && r->body_max != 0)
            fail_msg("GET %s takes a body", r->path);
        if (r->body_max > 512u * 1024)
            fail_msg("%s %s takes more than 512 KiB", r->method, r->path);
        if (r->run == NULL)
            fail_msg("%s %s has no handler", r->method, r->path);
    }
}

static void test_what_raises_the_role(void **state)
{
    struct routes_match m;

    (void)state;
    routes_match("GET", "/api/v1/residents", &m);
    assert_int_equal(routes_needs(m.route, true, false), ROLE_VIEWER);
    assert_int_equal(routes_needs(m.route, true, true), ROLE_ADMIN);
    routes_match_fini(&m);
    routes_match("GET", "/metrics", &m);
    assert_int_equal(routes_needs(m.route, true, false), ROLE_OPEN);
    assert_int_equal(routes_needs(m.route, false, false), ROLE_VIEWER);
    routes_match_fini(&m);
}

static void test_what_an_alert_needs(void **state)
{
    static const struct {
        const char *name, *body;
        enum role role;
    } bodies[] = {
        {"a notice",                         "{\"kind\":\"notice\"}",                      ROLE_SENDER },
        {"nothing said is a notice",         "{}",                                         ROLE_SENDER },
        {"a promotion in bulk",              "{\"kind\":\"promotion\",\"lane\":\"bulk\"}", ROLE_SENDER },
        {"an alert",                         "{\"kind\":\"alert\"}",                       ROLE_ALERTER},
        {"an all-clear",                     "{\"kind\":\"allclear\"}",                    ROLE_ALERTER},
        {"a cancel may be an alert's",       "{\"kind\":\"cancel\"}",                      ROLE_ALERTER},
        {"a notice in the emergency lane",   "{\"lane\":\"emergency\"}",                   ROLE_ALERTER},
        {"a notice in the urgent lane",      "{\"lane\":\"urgent\"}",                      ROLE_ALERTER},
        {"an alert member without the kind", "{\"alert\":{}}",                             ROLE_ALERTER},
        {"a kind of the wrong type",         "{\"kind\":3}",                               ROLE_ALERTER},
        {"a lane that does not exist",       "{\"lane\":\"x\"}",                           ROLE_ALERTER},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        json_t *o = json_loads(bodies[i].body, 0, NULL);
        if (routes_needs_for_body(o) != bodies[i].role)
            fail_msg("%s", bodies[i].name);
        json_decref(o);
    }
    assert_int_equal(routes_needs_for_body(NULL), ROLE_SENDER); /* no body: refused later */
}

static void test_role_names(void **state)
{
    (void)state;
    for (int r = ROLE_VIEWER; r < ROLE_N; r++)
        assert_int_equal(role_parse(role_name((enum role)r)), r);
    assert_int_equal(role_parse("open"), -1);
    assert_int_equal(role_parse("loopback"), -1);
    assert_int_equal(role_parse("root"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matching),
        cmocka_unit_test(test_parameters_are_handed_over),
        cmocka_unit_test(test_the_table_keeps_its_rules),
        cmocka_unit_test(test_what_raises_the_role),
        cmocka_unit_test(test_what_an_alert_needs),
        cmocka_unit_test(test_role_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
