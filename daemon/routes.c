#include "daemon/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/api_handlers.h"
#include "model/notice.h"

#define KB 1024u

/* clang-format off */
static const struct route table[] = {
    /* method, path, role, guard, body, flags, handler */
    {"POST", "/api/v1/notices", ROLE_SENDER, GUARD_BODY, 64 * KB, ROUTE_MAKES | ROUTE_OWN_KEY | ROUTE_AUDIT, api_submit_run},
    {"GET", "/api/v1/notices", ROLE_VIEWER, GUARD_NONE, 0, 0, api_notices_list},
    {"GET", "/api/v1/notices/{id}", ROLE_VIEWER, GUARD_NONE, 0, ROUTE_NUMBERS, api_notices_show},
    {"GET", "/api/v1/notices/{id}/recipients", ROLE_VIEWER, GUARD_NONE, 0, ROUTE_NUMBERS, api_notices_recipients},
    {"GET", "/api/v1/notices/{id}/answers", ROLE_VIEWER, GUARD_NONE, 0, ROUTE_NUMBERS, api_answers_list},
    {"POST", "/api/v1/notices/{id}/pause", ROLE_SENDER, GUARD_NOTICE, 4 * KB, ROUTE_AUDIT, api_notices_pause},
    {"POST", "/api/v1/notices/{id}/resume", ROLE_SENDER, GUARD_NOTICE, 4 * KB, ROUTE_AUDIT, api_notices_resume},
    {"POST", "/api/v1/notices/{id}/cancel", ROLE_SENDER, GUARD_NOTICE, 4 * KB, ROUTE_AUDIT, api_notices_cancel},
    {"POST", "/api/v1/notices/{id}/approve", ROLE_SENDER, GUARD_NOTICE, 4 * KB, ROUTE_AUDIT, api_notices_approve},
    {"POST", "/api/v1/notices/{id}/redrive", ROLE_SENDER, GUARD_NOTICE, 4 * KB, ROUTE_AUDIT, api_notices_redrive},

    {"GET", "/api/v1/plans", ROLE_VIEWER, GUARD_NONE, 0, 0, api_plans_list},
    {"GET", "/api/v1/plans/{id}", ROLE_VIEWER, GUARD_NONE, 0, 0, api_plans_show},
    {"POST", "/api/v1/plans/{id}/cancel", ROLE_SENDER, GUARD_NONE, 4 * KB, ROUTE_AUDIT, api_plans_cancel},

    {"POST", "/api/v1/alerts", ROLE_ALERTER, GUARD_NONE, 512 * KB, ROUTE_BYTES | ROUTE_MAKES | ROUTE_AUDIT, api_alerts_submit},
    {"GET", "/api/v1/alerts", ROLE_VIEWER, GUARD_NONE, 0, 0, api_alerts_list},

    {"POST", "/api/v1/activities", ROLE_SENDER, GUARD_NONE, 16 * KB, ROUTE_MAKES | ROUTE_AUDIT, api_activities_create},
    {"GET", "/api/v1/activities", ROLE_VIEWER, GUARD_NONE, 0, 0, api_activities_list},
    {"GET", "/api/v1/activities/{code}", ROLE_VIEWER, GUARD_NONE, 0, 0, api_activities_show},
    {"POST", "/api/v1/activities/{code}/change", ROLE_SENDER, GUARD_NONE, 16 * KB, ROUTE_AUDIT, api_activities_change},
    {"POST", "/api/v1/activities/{code}/open", ROLE_SENDER, GUARD_NONE, 4 * KB, ROUTE_AUDIT, api_activities_open},
    {"POST", "/api/v1/activities/{code}/close", ROLE_SENDER, GUARD_NONE, 4 * KB, ROUTE_AUDIT, api_activities_close},
    {"POST", "/api/v1/activities/{code}/cancel", ROLE_SENDER, GUARD_NONE, 4 * KB, ROUTE_AUDIT, api_activities_cancel},
    {"GET", "/api/v1/activities/{code}/roster", ROLE_VIEWER, GUARD_NONE, 0, ROUTE_NUMBERS, api_roster_list},
    {"POST", "/api/v1/activities/{code}/checkin", ROLE_SENDER, GUARD_NONE, 4 * KB, ROUTE_AUDIT, api_roster_checkin},
    {"GET", "/api/v1/activities/{code}/export", ROLE_VIEWER, GUARD_NONE, 0, ROUTE_NUMBERS, api_roster_export},

    {"POST", "/api/v1/residents/import", ROLE_ADMIN, GUARD_NONE, 512 * KB, ROUTE_BYTES | ROUTE_AUDIT, api_import_run},
    {"GET", "/api/v1/residents/export", ROLE_VIEWER, GUARD_NONE, 0, ROUTE_NUMBERS, api_residents_export},
    {"POST", "/api/v1/residents/merge", ROLE_ADMIN, GUARD_NONE, 4 * KB, ROUTE_AUDIT, api_residents_merge},
    {"GET", "/api/v1/residents", ROLE_VIEWER, GUARD_NONE, 0, ROUTE_NUMBERS, api_residents_list},
    {"GET", "/api/v1/residents/{id}", ROLE_VIEWER, GUARD_NONE, 0, ROUTE_NUMBERS, api_residents_show},
    {"DELETE", "/api/v1/residents/{id}", ROLE_ADMIN, GUARD_NONE, 0, ROUTE_AUDIT, api_residents_erase},

    {"GET", "/api/v1/inbox", ROLE_VIEWER, GUARD_NONE, 0, ROUTE_NUMBERS, api_replies_inbox},
    {"GET", "/api/v1/inbox/{key}", ROLE_VIEWER, GUARD_NONE, 0, ROUTE_NUMBERS, api_replies_inbox_show},
    {"POST", "/api/v1/inbox/{key}/answer", ROLE_SENDER, GUARD_NONE, 16 * KB, ROUTE_MAKES | ROUTE_AUDIT, api_replies_inbox_answer},
    {"GET", "/api/v1/rejected", ROLE_VIEWER, GUARD_NONE, 0, ROUTE_NUMBERS, api_replies_rejected},
    {"POST", "/api/v1/rejected/{key}/retry", ROLE_ALERTER, GUARD_NONE, 4 * KB, ROUTE_AUDIT, api_replies_rejected_retry},
    {"POST", "/api/v1/rejected/{key}/dismiss", ROLE_SENDER, GUARD_NONE, 4 * KB, ROUTE_AUDIT, api_replies_rejected_dismiss},
    {"POST", "/api/v1/replies/explain", ROLE_VIEWER, GUARD_NONE, 16 * KB, 0, api_replies_explain},

    {"GET", "/api/v1/providers", ROLE_VIEWER, GUARD_NONE, 0, ROUTE_GLOBAL, api_providers_list},
    {"POST", "/api/v1/providers/{name}/test", ROLE_SENDER, GUARD_NONE, 16 * KB, ROUTE_MAKES | ROUTE_AUDIT | ROUTE_GLOBAL, api_providers_test},
    {"POST", "/api/v1/providers/{name}/pause", ROLE_ALERTER, GUARD_NONE, 4 * KB, ROUTE_AUDIT | ROUTE_GLOBAL, api_providers_pause},
    {"POST", "/api/v1/providers/{name}/resume", ROLE_ALERTER, GUARD_NONE, 4 * KB, ROUTE_AUDIT | ROUTE_GLOBAL, api_providers_resume},

    {"GET", "/api/v1/status", ROLE_VIEWER, GUARD_NONE, 0, ROUTE_GLOBAL, api_status_show},
    {"POST", "/api/v1/doctor/acknowledge", ROLE_ADMIN, GUARD_NONE, 4 * KB, ROUTE_AUDIT, api_doctor_acknowledge},
    {"GET", "/api/v1/events", ROLE_VIEWER, GUARD_NONE, 0, ROUTE_NUMBERS | ROUTE_GLOBAL, api_status_events},
    {"GET", "/api/v1/keys", ROLE_ADMIN, GUARD_NONE, 0, ROUTE_GLOBAL, api_keys_list},
    {"POST", "/api/v1/keys", ROLE_ADMIN, GUARD_NONE, 4 * KB, ROUTE_MAKES | ROUTE_AUDIT | ROUTE_GLOBAL, api_keys_add},
    {"DELETE", "/api/v1/keys/{id}", ROLE_ADMIN, GUARD_NONE, 0, ROUTE_AUDIT | ROUTE_GLOBAL, api_keys_revoke},
    {"GET", "/api/v1/audit", ROLE_ADMIN, GUARD_NONE, 0, 0, api_keys_audit},

    {"GET", "/api/v1/sandbox/phones", ROLE_VIEWER, GUARD_NONE, 0, ROUTE_NUMBERS | ROUTE_GLOBAL, api_sandbox_phones},
    {"GET", "/api/v1/sandbox/phones/{phone}", ROLE_VIEWER, GUARD_NONE, 0, ROUTE_NUMBERS | ROUTE_GLOBAL, api_sandbox_phone},
    {"POST", "/api/v1/sandbox/phones/{phone}/text", ROLE_SENDER, GUARD_NONE, 16 * KB, ROUTE_GLOBAL, api_sandbox_text},

    {"POST", "/hooks/{provider}/{secret}/{kind}", ROLE_OPEN, GUARD_NONE, 256 * KB, ROUTE_BYTES | ROUTE_GLOBAL, api_hooks_in},
    {"GET", "/hooks/{provider}/{secret}/{kind}", ROLE_OPEN, GUARD_NONE, 0, ROUTE_GLOBAL, api_hooks_in},
    {"GET", "/healthz", ROLE_OPEN, GUARD_NONE, 0, ROUTE_GLOBAL, api_status_health},
    {"GET", "/readyz", ROLE_LOOPBACK, GUARD_NONE, 0, ROUTE_GLOBAL, api_status_ready},
    {"GET", "/metrics", ROLE_LOOPBACK, GUARD_NONE, 0, ROUTE_GLOBAL, api_status_metrics},
    {"GET", "/", ROLE_OPEN, GUARD_NONE, 0, ROUTE_GLOBAL, api_console_file},
    {"GET", "/console/{file...}", ROLE_OPEN, GUARD_NONE, 0, ROUTE_GLOBAL, api_console_file},
};
/* clang-format on */

const struct route *routes_at(size_t i)
{
    return i < ARRAY_LEN(table) ? &table[i] : NULL;
}

/* ---- roles ---- */

static const char *const names[ROLE_N] = {"open", "loopback", "viewer", "sender", "alerter", "admin"};

const char *role_name(enum role r)
{
    return names[r];
}

int role_parse(const char *s)
{
    for (int r = ROLE_VIEWER; r < ROLE_N; r++)
        if (strcmp(names[r], s) == 0)
            return r;
    return -1;
}

enum role routes_needs(const struct route *r, bool loopback, bool full)
{
    if (full && (r->flags & ROUTE_NUMBERS) != 0)
        return ROLE_ADMIN;
    if (r->role == ROLE_LOOPBACK)
        return loopback ? ROLE_OPEN : ROLE_VIEWER;
    return r->role;
}

enum role routes_needs_for_body(const json_t *notice)
{
    const json_t *kind = json_object_get(notice, "kind"), *lane = json_object_get(notice, "lane");
    const char *k = json_string_value(kind), *l = json_string_value(lane);
    bool ordinary_kind =
        kind == NULL || (k != NULL && (strcmp(k, "notice") == 0 || strcmp(k, "promotion") == 0));
    bool ordinary_lane = lane == NULL || (l != NULL && (strcmp(l, "normal") == 0 || strcmp(l, "bulk") == 0));

    return ordinary_kind && ordinary_lane && json_object_get(notice, "alert") == NULL ? ROLE_SENDER
                                                                                      : ROLE_ALERTER;
}

/* ---- matching ---- */

/* Does ${path} have the form of ${pattern}? Parameters are copied when it does. */
static bool matches(const char *pattern, const char *path, struct routes_match *m)
{
    size_t n = 0;

    while (*pattern != '\0') {
        if (*pattern != '{') {
            if (*pattern++ != *path++)
                return false;
            continue;
        }
        const char *close = strchr(pattern, '}');
        bool rest = close - pattern > 3 && strncmp(close - 3, "...", 3) == 0;
        size_t len = rest ? strlen(path) : strcspn(path, "/");
        if ((len == 0 && !rest) || n == ROUTES_PARAMS)
            return false;
        m->params[n++] = xstrndup(path, len);
        pattern = close + 1;
        path += len;
    }
    return *path == '\0';
}

void routes_match_fini(struct routes_match *m)
{
    for (size_t i = 0; i < ROUTES_PARAMS; i++) {
        free(m->params[i]);
        m->params[i] = NULL;
    }
}

static void allow(struct routes_match *m, const char *method)
{
    size_t used = strlen(m->allow);
    int n = snprintf(m->allow + used, sizeof(m->allow) - used, "%s%s", used > 0 ? ", " : "",
                     strcmp(method, "GET") == 0 ? "GET, HEAD" : method);

    if (n < 0 || (size_t)n >= sizeof(m->allow) - used)
        panic("the methods of a path do not fit");
}

/* A fixed segment wins over a parameter because it stands first in the table ("residents/export" before "residents/{id}"). */
void routes_match(const char *method, const char *path, struct routes_match *m)
{
    *m = (struct routes_match){.route = NULL};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (matches(table[i].path, path, m)) {
            if (strcmp(table[i].method, method) == 0) {
                m->route = &table[i];
                return;
            }
            m->other_method = true;
            allow(m, table[i].method);
        }
        routes_match_fini(m);
    }
}
