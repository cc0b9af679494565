/* THE table of HTTP routes: method, path, ROLE, guard, body ceiling, handler. Authorization is decided from this table alone, before a handler runs.
 *
 * Hides: matching. Pure: knows nothing of sockets. docs/API.md lists the same routes (a lint compares them). */
#ifndef DAEMON_ROUTES_H
#define DAEMON_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

struct api_call;

/* Ascending: each may do what those before it may. */
enum role {
    ROLE_OPEN = 0, /* no token: hooks (they carry a secret of their own), the console's files, healthz */
    ROLE_LOOPBACK, /* no token from this machine, otherwise as viewer */
    ROLE_VIEWER,
    ROLE_SENDER,
    ROLE_ALERTER, /* alerts, and lanes emergency and urgent */
    ROLE_ADMIN
};
#define ROLE_N 6
const char *role_name(enum role r);
/* viewer, sender, alerter, admin; -1 for anything else. */
int role_parse(const char *s);

/* What may raise the role that a request needs. */
enum route_guard {
    GUARD_NONE,
    GUARD_BODY,  /* a notice in the body: an alert, or a lane above normal, needs ROLE_ALERTER */
    GUARD_NOTICE /* the notice named in the path: the same */
};

enum {
    ROUTE_MAKES = 1,   /* a POST that makes something: honours Idempotency-Key */
    ROUTE_AUDIT = 2,   /* written to the audit trail */
    ROUTE_NUMBERS = 4, /* answers hold phone numbers: masked over TCP unless ?full=1 (ROLE_ADMIN, audited) */
    ROUTE_GLOBAL = 8,  /* belongs to no community */
    ROUTE_BYTES = 16,  /* the body is no JSON: the handler reads it */
    ROUTE_OWN_KEY = 32 /* the handler honours Idempotency-Key itself, in Redis */
};

#define ROUTES_PARAMS 3
struct route {
    const char *method, *path; /* "{name}" matches one segment, "{name...}" the rest */
    enum role role;
    enum route_guard guard;
    size_t body_max;
    unsigned flags;
    void (*run)(struct api_call *call);
};

struct routes_match {
    const struct route *route;
    char *params[ROUTES_PARAMS]; /* decoded; caller frees with routes_match_fini */
    bool other_method;           /* no route, but the path exists with another method */
    char allow[48];              /* then: which ones, "GET, HEAD, POST" */
};
/* ${path} is decoded, without query. */
void routes_match(const char *method, const char *path, struct routes_match *m);
void routes_match_fini(struct routes_match *m);
const struct route *routes_at(size_t i); /* NULL past the end */

/* The role a request needs on this route. ${loopback}: it comes from this machine. */
enum role routes_needs(const struct route *r, bool loopback, bool full);
/* The role that this notice (as sent) needs: ROLE_SENDER or ROLE_ALERTER. Anything that is not plainly an ordinary notice needs ROLE_ALERTER. */
enum role routes_needs_for_body(const json_t *notice);

#endif
