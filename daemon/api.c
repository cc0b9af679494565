/* The way of a request:
 *
 *   match ─▶ who (socket: all rights; TCP: token) ─▶ community ─▶ body ─▶ guard (does this notice need more rights?) ─▶ role ─▶ memo ─▶ handler
 *
 * Whoever lacks the role of the table learns nothing else: the community and the body are looked at only after the table's own role was granted. */
#include "daemon/api.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/api_call.h"
#include "daemon/api_memo.h"
#include "daemon/metrics.h"
#include "daemon/tokens.h"
#include "queue/codec.h"

#define BODY_MAX (640u * 1024) /* the table sets lower ceilings per route */

static void run(struct api_call *c)
{
    c->route->run(c);
}

/* ---- memo ---- */

static void hash_body(struct api_call *c)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char md[SHA256_DIGEST_LENGTH];
    size_t n;
    const char *body = httpd_body(c->req, &n);

    SHA256((const unsigned char *)(body != NULL ? body : ""), n, md);
    for (size_t i = 0; i < sizeof(md); i++) {
        c->body_hash[2 * i] = hex[md[i] >> 4];
        c->body_hash[2 * i + 1] = hex[md[i] & 15];
    }
    c->body_hash[64] = '\0';
}

static bool same_under_way(const struct api_call *c, const char *key)
{
    const struct api_call *other;

    TAILQ_FOREACH(other, &c->api->calls, entry)
    if (other != c && other->memo_key != NULL && strcmp(other->memo_key, key) == 0)
        return true;
    return false;
}

static void remember_or_run(struct api_call *c)
{
    const char *given = httpd_header(c->req, "Idempotency-Key"), *text;
    int status;

    if ((c->route->flags & ROUTE_MAKES) == 0 || (c->route->flags & ROUTE_OWN_KEY) != 0 || given == NULL ||
        *given == '\0') {
        run(c);
        return;
    }
    char *key = xasprintf("%s|%s|%s|%s", c->who, c->route->path, queue_community(c->q), given);
    hash_body(c);
    if (same_under_way(c, key)) {
        free(key);
        api_call_error(c, 409, "in-progress", NULL,
                       "the first request with this Idempotency-Key has no answer yet: try again");
        return;
    }
    switch (api_memo_find(c->api->memo, key, c->body_hash, &status, &text)) {
    case API_MEMO_SAME:
        free(key);
        api_call_text(c, status, "application/json", text, strlen(text));
        return;
    case API_MEMO_OTHER:
        free(key);
        api_call_error(c, 409, "idempotency-conflict", NULL,
                       "this Idempotency-Key was used for another request");
        return;
    case API_MEMO_NONE:
        break;
    }
    c->memo_key = key;
    run(c);
}

/* ---- role and guard ---- */

static bool allowed(struct api_call *c, enum role needs)
{
    if (c->role >= needs)
        return true;
    api_call_error(c, 403, "role", NULL, "this needs the role %s; the key '%s' has %s", role_name(needs),
                   c->who, role_name(c->role));
    return false;
}

static void on_guarded_notice(void *arg, const struct queue_result *r, const struct queue_notice *n)
{
    struct api_call *c = arg;
    bool ordinary;

    if (r->status != QUEUE_OK || n == NULL) {
        api_call_refused(c, r);
        return;
    }
    ordinary = (n->kind == NOTICE_NOTICE || n->kind == NOTICE_PROMOTION) && n->lane >= LANE_NORMAL;
    if (allowed(c, ordinary ? ROLE_SENDER : ROLE_ALERTER))
        remember_or_run(c);
}

static void guard(struct api_call *c)
{
    switch (c->route->guard) {
    case GUARD_NONE:
        break;
    case GUARD_BODY:
        if (!allowed(c, routes_needs_for_body(c->body)))
            return;
        break;
    case GUARD_NOTICE:
        if (c->role >= ROLE_ALERTER)
            break;
        queue_notice_get(c->q, c->match.params[0], on_guarded_notice, c);
        return;
    }
    remember_or_run(c);
}

/* ---- body and community ---- */

/* 0, or -1 after answering. */
static int read_body(struct api_call *c)
{
    struct err e;
    size_t n;
    const char *body = httpd_body(c->req, &n);

    if (n > c->route->body_max) {
        api_call_error(c, 413, "too-large", NULL, "the body has %zu bytes; this route takes at most %zu", n,
                       c->route->body_max);
        return -1;
    }
    if (n == 0 || (c->route->flags & ROUTE_BYTES) != 0)
        return 0;
    c->body = codec_load(body, n, &e);
    if (c->body != NULL && json_is_object(c->body))
        return 0;
    if (c->body != NULL)
        err_set(&e, "bad-json", NULL, "the body must be a JSON object");
    api_call_err(c, &e);
    return -1;
}

static int find_community(struct api_call *c)
{
    const char *name = api_call_query(c, "community");

    if (name == NULL && c->only[0] != '\0')
        name = c->only;
    c->community = app_community(c->app, name);
    if (c->community == NULL && (c->route->flags & ROUTE_GLOBAL) != 0 && name == NULL)
        c->community = &c->app->communities[0]; /* where its audit trail goes */
    if (c->community == NULL) {
        if (name != NULL)
            api_call_error(c, 404, "no-such-community", "community", "there is no community '%.40s'", name);
        else
            api_call_error(
                c, 400, "which-community", "community",
                "this daemon serves several communities: say which (?community=NAME, --community NAME)");
        return -1;
    }
    c->q = c->community->side;
    c->tz = c->community->conf->timezone;
    if (c->only[0] == '\0' || strcmp(c->only, c->community->conf->name) == 0)
        return 0;
    api_call_error(c, 403, "role", "community", "the key '%s' is valid for the community '%s' only", c->who,
                   c->only);
    return -1;
}

static void admitted(struct api_call *c)
{
    if (allowed(c, routes_needs(c->route,
                                c->local || strcmp(c->peer, "127.0.0.1") == 0 || strcmp(c->peer, "::1") == 0,
                                c->full && !c->local)) &&
        find_community(c) == 0 && read_body(c) == 0)
        guard(c);
}

/* ---- who ---- */

static void copy(char *out, size_t n, const char *s)
{
    size_t len = strlen(s);

    len = len < n ? len : n - 1;
    memcpy(out, s, len);
    out[len] = '\0';
}

static void on_token(void *arg, enum tokens_verdict v, const struct keyring_key *k)
{
    struct api_call *c = arg;
    int role = ROLE_OPEN;

    switch (v) {
    case TOKENS_GOOD:
        role = role_parse(k->role);
        c->role = role >= 0 ? (enum role)role : ROLE_OPEN;
        copy(c->who, sizeof(c->who), k->name);
        copy(c->only, sizeof(c->only), k->community);
        admitted(c);
        break;
    case TOKENS_MISSING:
        api_call_error(c, 401, "token-missing", NULL,
                       "this needs a token: Authorization: Bearer TOKEN (crier key add)");
        break;
    case TOKENS_BAD:
        api_call_error(c, 401, "token-bad", NULL, "this token is not valid");
        break;
    case TOKENS_LIMITED:
        api_call_error(c, 429, "too-many-bad-tokens", NULL,
                       "too many bad tokens from this address: wait a minute");
        break;
    case TOKENS_UNAVAILABLE:
        api_call_error(c, 503, "redis-unavailable", NULL,
                       "tokens cannot be checked now: Redis does not answer");
        break;
    }
}

static void identify(struct api_call *c)
{
    bool loopback = strcmp(c->peer, "127.0.0.1") == 0 || strcmp(c->peer, "::1") == 0;

    c->full = api_call_flag(c, "full");
    if (c->local) {
        c->role = ROLE_ADMIN;
        c->full = true;
        copy(c->who, sizeof(c->who), "admin socket");
        admitted(c);
    } else if (routes_needs(c->route, loopback, c->full) == ROLE_OPEN) {
        c->full = false;
        admitted(c);
    } else
        tokens_check(c->api->tokens, httpd_header(c->req, "Authorization"), c->peer, on_token, c);
}

static void on_request(void *arg, struct httpd_req *req)
{
    struct api *api = arg;
    struct api_call *c = xcalloc(1, sizeof(*c));
    const char *method = httpd_method(req);

    c->api = api;
    c->app = api->app;
    c->req = req;
    c->tz = "UTC";
    c->local = httpd_is_local(req);
    copy(c->peer, sizeof(c->peer), httpd_peer(req));
    TAILQ_INSERT_TAIL(&api->calls, c, entry);
    routes_match(strcmp(method, "HEAD") == 0 ? "GET" : method, httpd_path(req), &c->match);
    c->route = c->match.route;
    if (c->route != NULL)
        identify(c);
    else if (c->match.other_method) {
        httpd_header_add(req, "Allow", c->match.allow);
        api_call_error(c, 405, "method", NULL, "this path does not know %.16s; allowed are %s", method,
                       c->match.allow);
    } else
        api_call_error(c, 404, "no-such-path", NULL, "there is nothing here; docs/API.md lists the paths");
}

/* ---- life ---- */

struct api *api_new(struct app *a, struct err *e)
{
    static const struct httpd_opts opts = {.max_body = BODY_MAX};
    struct api *api = xcalloc(1, sizeof(*api));

    api->app = a;
    TAILQ_INIT(&api->calls);
    api->httpd = httpd_new(a->loop, &opts, on_request, api);
    if (api->httpd == NULL) {
        free(api);
        err_set(e, "listen", NULL, "the HTTP server cannot be made");
        return NULL;
    }
    api->memo = api_memo_new();
    api->tokens = tokens_new(a->loop, a->communities[0].side);
    if (a->config->dev) {
        char *path = xasprintf("%s/console-token", a->config->state_dir);
        tokens_file(api->tokens, path, "console", role_name(ROLE_ADMIN));
        free(path);
    }
    return api;
}

int api_listen(struct api *api, struct err *e)
{
    const struct config *conf = api->app->config;
    const char *admin = conf->listen.admin;

    if (admin[0] != '\0') {
        if (strncmp(admin, "unix://", 7) != 0)
            return err_set(e, "listen", "listen.admin", "%s: allowed is unix:///path", admin);
        if (httpd_listen_unix(api->httpd, admin + 7, e) != 0)
            return -1;
    }
    return conf->listen.http[0] != '\0' ? httpd_listen_tcp(api->httpd, conf->listen.http, e) : 0;
}

int api_port(const struct api *api)
{
    return httpd_port(api->httpd);
}

void api_close_listeners(struct api *api)
{
    httpd_close_listeners(api->httpd);
}

void api_free(struct api *api)
{
    struct api_call *c;

    if (api == NULL)
        return;
    while ((c = TAILQ_FIRST(&api->calls)) != NULL) {
        c->route = NULL; /* no trail: the queue is gone */
        api_call_end(c);
    }
    metrics_forget();
    httpd_free(api->httpd);
    tokens_free(api->tokens);
    api_memo_free(api->memo);
    free(api);
}
