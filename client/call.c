#include "client/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"

#define ANSWER_MAX     (64u << 20)
#define LINE_MAX_BYTES (4u << 20)

void call_path_init(struct call_path *p, const char *fixed)
{
    buf_init(&p->text, 16384);
    p->has_query = false;
    buf_str(&p->text, fixed);
}

/* RFC 3986: everything but the unreserved characters. */
static void escape(struct buf *b, const char *s)
{
    for (const unsigned char *u = (const unsigned char *)s; *u != '\0'; u++) {
        bool plain = (*u >= 'a' && *u <= 'z') || (*u >= 'A' && *u <= 'Z') || (*u >= '0' && *u <= '9') ||
                     strchr("-._~", *u) != NULL;
        if (plain)
            buf_chr(b, (char)*u);
        else
            buf_fmt(b, "%%%02X", *u);
    }
}

void call_path_segment(struct call_path *p, const char *value)
{
    buf_chr(&p->text, '/');
    escape(&p->text, value);
}

void call_path_fixed(struct call_path *p, const char *fixed)
{
    buf_str(&p->text, fixed);
}

void call_path_query(struct call_path *p, const char *name, const char *value)
{
    if (value == NULL)
        return;
    buf_chr(&p->text, p->has_query ? '&' : '?');
    p->has_query = true;
    buf_str(&p->text, name);
    buf_chr(&p->text, '=');
    escape(&p->text, value);
}

void call_path_fini(struct call_path *p)
{
    buf_fini(&p->text);
}

int call_exit_status(int http, const char *code)
{
    if (strcmp(code, "empty-audience") == 0 || http == 404)
        return CLI_NOTHING;
    if (strcmp(code, "redis-unavailable") == 0)
        return CLI_UNREACHABLE;
    if (http == 429 || http >= 500)
        return http == 501 ? CLI_REFUSED : CLI_LATER;
    return CLI_REFUSED;
}

/* ---- the connection ---- */

static int connect_daemon(struct cli *c, struct call_path *p)
{
    struct secret token = {.value = NULL, .len = 0};
    struct err e = {.code = ""};
    const char *socket = c->socket;

    call_path_query(p, "community", c->community);
    if (c->fetch != NULL)
        return CLI_OK;
    if (c->url != NULL && c->socket != NULL)
        return cli_fail(c, CLI_USAGE, "--socket and --url exclude each other");
    if (c->token_file != NULL) {
        char *spec = xasprintf("file:%s", c->token_file);
        int bad = secret_load(&token, spec, &e);
        free(spec);
        if (bad != 0)
            return cli_fail(c, CLI_CONFIG, "%s", e.msg);
    }
    if (c->url == NULL && socket == NULL) {
        const char *env = getenv("CRIER_SOCKET");
        socket = env != NULL && *env != '\0' ? env : "/run/crier/admin.sock";
    }
    c->fetch = fetch_new(c->url == NULL ? socket : NULL, c->url, token.value, &e);
    secret_fini(&token);
    if (c->fetch == NULL)
        return cli_fail(c, CLI_CONFIG, "%s", e.msg);
    return CLI_OK;
}

static int unreachable(const struct cli *c, const struct err *e)
{
    return cli_fail(c, CLI_UNREACHABLE, "%s%s", e->msg,
                    c->url == NULL ? "; is crierd running, and is this its socket? (--socket, $CRIER_SOCKET)"
                                   : "");
}

/* ---- refusals ---- */

static const char *member(const json_t *o, const char *name)
{
    const char *s = json_string_value(json_object_get(o, name));

    return s != NULL ? s : "";
}

static int refused(const struct cli *c, int http, const json_t *answer)
{
    const json_t *error = json_object_get(answer, "error");
    const char *code = member(error, "code"), *field = member(error, "field");
    int status = call_exit_status(http, code);

    if (error == NULL)
        return cli_fail(c, status, "the daemon answered %d without an explanation", http);
    return cli_fail(c, status, "%s%s%s%s [%s]", member(error, "message"), *field != '\0' ? " (" : "", field,
                    *field != '\0' ? ")" : "", code);
}

/* ---- calls ---- */

struct exchange {
    const char *method;
    const char *accept, *type, *idem_key;
    const char *body;
    size_t body_len;
    bool (*on_chunk)(void *arg, const char *p, size_t n);
    void *arg;
};

/* 0 or -1. */
static int run(struct cli *c, struct call_path *p, const struct exchange *x, int *http, struct buf *answer,
               struct err *e)
{
    const char *headers[4] = {NULL, NULL, NULL, NULL};
    char *lines[3] = {NULL, NULL, NULL};
    size_t n = 0;
    int rc;

    if (x->accept != NULL)
        lines[n++] = xasprintf("Accept: %s", x->accept);
    if (x->type != NULL)
        lines[n++] = xasprintf("Content-Type: %s", x->type);
    if (x->idem_key != NULL)
        lines[n++] = xasprintf("Idempotency-Key: %s", x->idem_key);
    for (size_t i = 0; i < n; i++)
        headers[i] = lines[i];
    struct fetch_call call = {.method = x->method,
                              .path = buf_cstr(&p->text),
                              .headers = headers,
                              .body = x->body,
                              .body_len = x->body_len,
                              .on_chunk = x->on_chunk,
                              .arg = x->arg,
                              .timeout_ms = x->on_chunk != NULL ? 0 : 120000};
    rc = p->text.overflow ? err_set(e, "too-large", NULL, "an argument is too long")
                          : fetch_run(c->fetch, &call, http, answer, e);
    for (size_t i = 0; i < n; i++)
        free(lines[i]);
    return rc;
}

static json_t *parse(const struct buf *b)
{
    return b->len > 0 ? json_loadb(b->data, b->len, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

int call_quiet(struct cli *c, const char *method, struct call_path *p, int *http, json_t **out, struct err *e)
{
    struct buf answer = BUF_INIT(ANSWER_MAX);
    struct exchange x = {.method = method, .accept = "application/json"};
    int status = connect_daemon(c, p);

    *out = NULL;
    *http = 0;
    if (status != CLI_OK)
        err_set(e, "configuration", NULL, "the connection cannot be made");
    else if (run(c, p, &x, http, &answer, e) != 0)
        status = CLI_UNREACHABLE;
    else
        *out = parse(&answer);
    call_path_fini(p);
    buf_fini(&answer);
    return status;
}

static int finish(const struct cli *c, int http, const struct buf *answer, json_t **out, json_t **refusal)
{
    json_t *tree = parse(answer);
    int status = CLI_OK;

    if (http / 100 != 2) {
        if (refusal == NULL || tree == NULL)
            status = refused(c, http, tree);
        else {
            *refusal = json_incref(tree);
            status = call_exit_status(http, member(json_object_get(tree, "error"), "code"));
        }
    } else if (out != NULL) {
        if (tree == NULL)
            status = cli_fail(c, CLI_LATER, "the daemon's answer is no JSON");
        else
            *out = json_incref(tree);
    }
    json_decref(tree);
    return status;
}

/* Is it worth asking again? Only with a key, so that what is made is made once. */
static bool is_lost(const struct exchange *x, int rc, int http, const struct buf *answer)
{
    json_t *tree;
    bool unsure;

    if (x->idem_key == NULL)
        return false;
    if (rc != 0 || http != 503)
        return rc != 0;
    tree = parse(answer);
    unsure = strcmp(member(json_object_get(tree, "error"), "code"), "redis-unsure") == 0;
    json_decref(tree);
    return unsure;
}

static int exchange(struct cli *c, struct call_path *p, struct exchange *x, json_t **out, json_t **refusal)
{
    struct buf answer = BUF_INIT(ANSWER_MAX);
    struct err e = {.code = ""};
    char key[33];
    int http = 0, rc = -1, status = connect_daemon(c, p);

    if (out != NULL)
        *out = NULL;
    if (refusal != NULL)
        *refusal = NULL;
    secret_random_hex(key, 16);
    if (strcmp(x->method, "POST") == 0)
        x->idem_key = key;
    for (int tries = 0; status == CLI_OK && tries < 3; tries++) {
        buf_reset(&answer);
        rc = run(c, p, x, &http, &answer, &e);
        if (!is_lost(x, rc, http, &answer))
            break;
    }
    if (status == CLI_OK)
        status = rc != 0 ? unreachable(c, &e) : finish(c, http, &answer, out, refusal);
    call_path_fini(p);
    buf_fini(&answer);
    return status;
}

int call_json(struct cli *c, const char *method, struct call_path *p, json_t *body, json_t **out)
{
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    struct exchange x = {.method = method,
                         .accept = "application/json",
                         .type = text != NULL ? "application/json" : NULL,
                         .body = text,
                         .body_len = text != NULL ? strlen(text) : 0};
    int status = exchange(c, p, &x, out, NULL);

    free(text);
    json_decref(body);
    return status;
}

int call_bytes(struct cli *c, struct call_path *p, const char *type, const char *bytes, size_t n,
               json_t **out, json_t **refusal)
{
    struct exchange x = {
        .method = "POST", .accept = "application/json", .type = type, .body = bytes, .body_len = n};

    return exchange(c, p, &x, out, refusal);
}

/* ---- lists ---- */

struct lines {
    struct buf line;
    void (*each)(void *arg, json_t *row);
    void *arg;
    size_t n;
    json_t *error; /* a last line that tells why the list ends early, or the refusal */
    bool broken;
};

static void on_line(struct lines *l)
{
    json_t *row = l->line.len > 0 ? json_loadb(l->line.data, l->line.len, 0, NULL) : NULL;

    if (row == NULL)
        l->broken = l->broken || l->line.len > 0;
    else if (json_object_get(row, "error") != NULL && json_is_object(json_object_get(row, "error")))
        l->error = json_incref(row);
    else {
        l->n++;
        l->each(l->arg, row);
    }
    json_decref(row);
    buf_reset(&l->line);
}

static bool on_chunk(void *arg, const char *p, size_t n)
{
    struct lines *l = arg;

    while (n > 0 && l->error == NULL) {
        const char *nl = memchr(p, '\n', n);
        size_t k = nl != NULL ? (size_t)(nl - p) : n;
        if (buf_add(&l->line, p, k) != 0)
            l->broken = true;
        if (nl == NULL)
            break;
        on_line(l);
        p += k + 1;
        n -= k + 1;
    }
    return !l->broken;
}

int call_list(struct cli *c, struct call_path *p, void (*each)(void *arg, json_t *row), void *arg, size_t *n)
{
    struct lines l = {.line = BUF_INIT(LINE_MAX_BYTES), .each = each, .arg = arg};
    struct exchange x = {.method = "GET", .accept = "application/x-ndjson", .on_chunk = on_chunk, .arg = &l};
    struct buf refusal = BUF_INIT(ANSWER_MAX);
    struct err e = {.code = ""};
    int http = 0, status = connect_daemon(c, p);

    if (status != CLI_OK)
        ; /* told */
    else if (run(c, p, &x, &http, &refusal, &e) != 0)
        status = unreachable(c, &e);
    else {
        on_line(&l);
        if (http / 100 != 2)
            l.error = parse(&refusal);
        if (l.error != NULL || http / 100 != 2)
            status = refused(c, http / 100 == 2 ? 503 : http, l.error);
        else if (l.broken)
            status = cli_fail(c, CLI_LATER, "the daemon's list is no JSON");
    }
    if (n != NULL)
        *n = l.n;
    json_decref(l.error);
    call_path_fini(p);
    buf_fini(&l.line);
    buf_fini(&refusal);
    return status;
}

/* ---- copies ---- */

struct copy {
    FILE *out;
    bool failed;
};

static bool on_copy(void *arg, const char *p, size_t n)
{
    struct copy *k = arg;

    k->failed = k->failed || fwrite(p, 1, n, k->out) != n;
    return !k->failed;
}

int call_copy(struct cli *c, struct call_path *p, const char *accept, FILE *out)
{
    struct copy k = {.out = out};
    struct exchange x = {.method = "GET", .accept = accept, .on_chunk = on_copy, .arg = &k};
    struct buf refusal = BUF_INIT(ANSWER_MAX);
    struct err e = {.code = ""};
    int http = 0, status = connect_daemon(c, p);

    if (status != CLI_OK)
        ; /* told */
    else if (run(c, p, &x, &http, &refusal, &e) != 0)
        status = unreachable(c, &e);
    else if (k.failed)
        status = cli_fail(c, CLI_LATER, "cannot write: %s", strerror(errno));
    else if (http / 100 != 2) {
        json_t *tree = parse(&refusal);
        status = refused(c, http, tree);
        json_decref(tree);
    } else if (fflush(out) != 0)
        status = cli_fail(c, CLI_LATER, "cannot write: %s", strerror(errno));
    call_path_fini(p);
    buf_fini(&refusal);
    return status;
}
