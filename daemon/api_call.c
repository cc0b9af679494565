#include "daemon/api_call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "daemon/api_memo.h"
#include "queue/trail.h"
#include "text/phone.h"
#include "text/utf8.h"

#define ERROR_DOC "docs/API.md#errors"

/* ---- the end ---- */

static void on_trail(void *arg, const struct queue_result *r)
{
    (void)arg;
    if (r->status != QUEUE_OK)
        log_warn("api.audit-lost", "code=%s", r->e->code);
}

/* Identifiers only: numbers in it are masked, however they are written. */
static const char *target_of(const struct api_call *c, char *out, size_t n)
{
    const char *s = c->target[0] != '\0' ? c->target : c->match.params[0] != NULL ? c->match.params[0] : "";
    struct buf b = BUF_INIT(1024);
    size_t len;

    if (utf8_valid(s, strlen(s)))
        api_call_mask_text(&b, s, strlen(s));
    len = utf8_cut(buf_cstr(&b), b.len, n - 1);
    memcpy(out, buf_cstr(&b), len);
    out[len] = '\0';
    buf_fini(&b);
    return out;
}

static bool is_look(const struct api_call *c)
{
    return (c->route->flags & ROUTE_NUMBERS) != 0 && c->full && !c->local;
}

static void leave_trail(struct api_call *c)
{
    char did[160], target[80];
    int n;

    if (c->route == NULL || c->q == NULL || c->who[0] == '\0' ||
        ((c->route->flags & ROUTE_AUDIT) == 0 && !is_look(c)))
        return;
    n = snprintf(did, sizeof(did), "%s %s%s", c->route->method, c->route->path,
                 is_look(c) ? " (full numbers)" : "");
    if (n < 0 || (size_t)n >= sizeof(did))
        panic("a route's path does not fit");
    if (is_look(c) && api_memo_seen(c->api->memo, c->who, did))
        return;
    struct trail_entry e = {.who = c->who,
                            .role = role_name(c->role),
                            .from = c->peer,
                            .did = did,
                            .target = target_of(c, target, sizeof(target)),
                            .status = c->status};
    trail_add(c->q, &e, on_trail, NULL);
}

void api_call_end(struct api_call *c)
{
    leave_trail(c);
    TAILQ_REMOVE(&c->api->calls, c, entry);
    if (c->state != NULL && c->state_free != NULL)
        c->state_free(c->state);
    free(c->state);
    free(c->memo_key);
    json_decref(c->body);
    routes_match_fini(&c->match);
    free(c);
}

void api_call_target(struct api_call *c, const char *target)
{
    size_t n = strlen(target);

    n = utf8_valid(target, n) ? utf8_cut(target, n, sizeof(c->target) - 1) : 0;
    memcpy(c->target, target, n);
    c->target[n] = '\0';
}

void *api_call_state(struct api_call *c, size_t n)
{
    if (c->state != NULL)
        panic("a call has one state");
    c->state = xcalloc(1, n);
    return c->state;
}

/* ---- answers ---- */

void api_call_text(struct api_call *c, int status, const char *type, const char *text, size_t n)
{
    c->status = status;
    httpd_header_add(c->req, "X-Content-Type-Options", "nosniff");
    httpd_header_add(c->req, "Cache-Control", "no-store");
    if (status == 401)
        httpd_header_add(c->req, "WWW-Authenticate", "Bearer");
    if (status == 503 || status == 429)
        httpd_header_add(c->req, "Retry-After", status == 429 ? "60" : "2");
    httpd_answer(c->req, status, type, text, n);
    api_call_end(c);
}

void api_call_json(struct api_call *c, int status, json_t *taken)
{
    char *text = json_dumps(taken, JSON_COMPACT);

    json_decref(taken);
    if (text == NULL)
        panic("an answer that is no JSON (%s)", c->route != NULL ? c->route->path : "");
    if (c->memo_key != NULL)
        api_memo_keep(c->api->memo, c->memo_key, c->body_hash, status, text);
    api_call_text(c, status, "application/json", text, strlen(text));
    free(text);
}

json_t *api_call_error_json(const char *code, const char *field, const char *message)
{
    json_t *words = api_call_string(message, strlen(message));

    return json_pack("{s:{s:s,s:o,s:s?,s:s}}", "error", "code", code, "message", words, "field",
                     field != NULL && *field != '\0' ? field : NULL, "doc", ERROR_DOC);
}

void api_call_error(struct api_call *c, int status, const char *code, const char *field, const char *fmt, ...)
{
    struct err e;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(e.msg, sizeof(e.msg), fmt, ap);
    va_end(ap);
    if (n < 0)
        e.msg[0] = '\0';
    else if ((size_t)n >= sizeof(e.msg))
        e.msg[utf8_cut(e.msg, sizeof(e.msg) - 1, sizeof(e.msg) - 1)] = '\0';
    api_call_json(c, status, api_call_error_json(code, field, e.msg));
}

/* Codes that are not about the request's form. Everything that is not here is 422 (understood, but refused); "bad-..." is 400. */
static int status_of(const char *code)
{
    static const struct {
        const char *code;
        int status;
    } rows[] = {
        {"id-conflict",          409},
        {"exists",               409},
        {"wrong-state",          409},
        {"changed-meanwhile",    409},
        {"seats-taken",          409},
        {"idempotency-conflict", 409},
        {"too-large",            413},
        {"not-registered",       404},
        {"unknown-member",       400},
        {"duplicate-member",     400},
        {"no-text",              400},
        {"not-supported",        501},
        {"journal",              507},
        {"redis-error",          500},
        {"redis-rights",         500},
        {"not-after-passed",     422},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].code, code) == 0)
            return rows[i].status;
    if (strncmp(code, "no-such-", 8) == 0)
        return 404;
    return strncmp(code, "bad-", 4) == 0 ? 400 : 422;
}

void api_call_err(struct api_call *c, const struct err *e)
{
    api_call_json(c, status_of(e->code), api_call_error_json(e->code, e->field, e->msg));
}

json_t *api_call_result_json(const struct queue_result *r, int *status)
{
    switch (r->status) {
    case QUEUE_OK:
        break;
    case QUEUE_REFUSED:
        *status = status_of(r->e->code);
        return api_call_error_json(r->e->code, r->e->field, r->e->msg);
    case QUEUE_UNAVAILABLE: /* Redis is there, and wants nothing new for now; or it is not there */
        *status = 503;
        return api_call_error_json(r->e->field[0] != '\0' ? "redis-refuses" : "redis-unavailable", NULL,
                                   r->e->msg);
    case QUEUE_UNSURE:
        *status = 503;
        return api_call_error_json("redis-unsure", NULL, r->e->msg);
    }
    panic("a result that is no refusal");
}

void api_call_refused(struct api_call *c, const struct queue_result *r)
{
    int status = 500;
    json_t *o = api_call_result_json(r, &status);

    api_call_json(c, status, o);
}

void api_call_on_done(void *call, const struct queue_result *r)
{
    struct api_call *c = call;

    if (r->status != QUEUE_OK)
        api_call_refused(c, r);
    else
        api_call_json(c, 200, json_pack("{s:b}", "ok", 1));
}

/* ---- the request ---- */

const char *api_call_query(const struct api_call *c, const char *name)
{
    const char *s = httpd_query(c->req, name);

    return s != NULL && *s != '\0' ? s : NULL;
}

bool api_call_flag(const struct api_call *c, const char *name)
{
    const char *s = api_call_query(c, name);

    return s != NULL && (strcmp(s, "1") == 0 || strcmp(s, "true") == 0);
}

int api_call_query_i64(struct api_call *c, const char *name, int64_t min, int64_t max, int64_t otherwise,
                       int64_t *out)
{
    const char *s = api_call_query(c, name);

    *out = otherwise;
    if (s == NULL || num_i64(s, min, max, out) == 0)
        return 0;
    api_call_error(c, 400, "bad-query", name, "%s: allowed is a number from %lld to %lld", name,
                   (long long)min, (long long)max);
    return -1;
}

const char *api_call_member(const struct api_call *c, const char *name)
{
    return json_string_value(json_object_get(c->body, name));
}

/* ---- values ---- */

json_t *api_call_time(const struct api_call *c, int64_t at)
{
    char text[40];

    return at != 0 ? json_string(clock_format_iso(at, c->tz, text, sizeof(text))) : json_null();
}

json_t *api_call_string(const char *s, size_t n)
{
    struct buf b = BUF_INIT(4 * n + 16);
    const char *p = s, *end = s + n;
    json_t *o;

    if (utf8_valid(s, n))
        return json_stringn(s, n);
    while (p < end) {
        const char *from = p;
        if (utf8_next(&p, end) > 0)
            buf_add(&b, from, (size_t)(p - from));
        else
            buf_str(&b, "\xEF\xBF\xBD");
    }
    o = json_stringn(buf_cstr(&b), b.len);
    buf_fini(&b);
    return o;
}

json_t *api_call_phone(const struct api_call *c, const char *e164)
{
    char masked[PHONE_MAX];

    if (c->full || *e164 == '\0')
        return *e164 != '\0' ? api_call_string(e164, strlen(e164)) : json_null();
    phone_mask(e164, masked);
    return api_call_string(masked, strlen(masked));
}

static bool is_digit(char ch)
{
    return ch >= '0' && ch <= '9';
}

/* A mobile number of the mainland as people and programs write it: 11 digits from 13 to 19, also after 86 or +86; or anything after a plus. */
static bool is_number(const char *digits, size_t n, bool plus)
{
    if (n == 13 && strncmp(digits, "86", 2) == 0) {
        digits += 2;
        n -= 2;
    }
    if (n == 11 && digits[0] == '1' && digits[1] >= '3')
        return true;
    return plus && n >= 7 && n <= 15;
}

void api_call_mask_text(struct buf *out, const char *s, size_t n)
{
    size_t i = 0;

    while (i < n) {
        size_t k = i;
        while (k < n && is_digit(s[k]))
            k++;
        if (k == i) {
            buf_chr(out, s[i++]);
            continue;
        }
        if (is_number(s + i, k - i, i > 0 && s[i - 1] == '+')) {
            buf_add(out, s + i, (size_t)(k - i > 11 ? 5 : 3));
            buf_str(out, "****");
            buf_add(out, s + k - 4, 4);
        } else
            buf_add(out, s + i, k - i);
        i = k;
    }
}

json_t *api_call_words(const struct api_call *c, const char *s, size_t n)
{
    struct buf b = BUF_INIT(n + n / 4 + 64);
    json_t *o;

    if (c->full)
        return api_call_string(s, n);
    api_call_mask_text(&b, s, n);
    o = api_call_string(buf_cstr(&b), b.len);
    buf_fini(&b);
    return o;
}
