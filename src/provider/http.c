/* Driver `http`: any HTTP API by a description (docs/PROVIDERS.md). Here: is the account complete, and the request. */
#include <string.h>

#include "base/mem.h"
#include "provider/http_int.h"
#include "provider/sign.h"
#include "provider/spec_int.h"

enum { BATCH_MAX = 1000, PATH_MAX_BYTES = 8192, VALUE_MAX = 65536 };

/* ---- the account ---- */

static bool has_hooks(const struct provider_conf *c)
{
    return c->hook_secret != NULL && c->hook_secret->len > 0;
}

static int check_needs(const struct provider_conf *c, struct err *e)
{
    const struct spec *s = c->spec;

    for (size_t i = 0; i < s->n_needs; i++) {
        const struct spec_need *need = &s->needs[i];
        bool public = strcmp(need->key, "public_url") == 0;
        struct secret room;

        if (need->optional || (need->hook && !has_hooks(c)))
            continue;
        if (spec_setting(c, need->key, &room) == NULL)
            return err_set(
                e, "bad-option", "settings",
                "%.80s:%d asks for \"%.40s\", which is not set; allowed: settings = {\"%.40s=...\"}%s",
                s->file, need->line, need->key, need->key, public ? ", or option public_url" : "");
        if (public && !has_hooks(c))
            return err_set(e, "bad-option", "hook_secret",
                           "%.80s:%d asks for the address of callbacks, which needs hook_secret", s->file,
                           need->line);
    }
    return 0;
}

/* A setting that nothing asks for is a slip of the pen. */
static int check_unasked(const struct provider_conf *c, struct err *e)
{
    const struct spec *s = c->spec;
    struct buf names = BUF_INIT(250);

    for (size_t i = 0; i < c->n_settings; i++) {
        size_t k = 0;

        while (k < s->n_needs && strcmp(s->needs[k].key, c->settings[i].key) != 0)
            k++;
        if (k < s->n_needs)
            continue;
        for (k = 0; k < s->n_needs; k++)
            buf_fmt(&names, "%s%s", k > 0 ? ", " : "", s->needs[k].key);
        (void)err_set(e, "bad-option", "settings",
                      "setting \"%.40s\" is none that %.80s asks for; allowed: %s", c->settings[i].key,
                      s->file, s->n_needs > 0 ? buf_cstr(&names) : "none");
        buf_fini(&names);
        return -1;
    }
    return 0;
}

static int http_check(const struct provider_conf *c, struct err *e)
{
    if (c->spec == NULL)
        return err_set(e, "bad-option", "spec",
                       "driver http needs a description of the API: spec = \"NAME\"");
    if (strpbrk(c->url, "?#") != NULL)
        return err_set(e, "bad-url", "url", "the address holds ? or #; what follows the host stands in %.80s",
                       c->spec->file);
    if (c->batch < 1 || c->batch > c->spec->batch)
        return err_set(e, "bad-option", "batch", "batch %zu; %.80s takes 1 to %zu", c->batch, c->spec->file,
                       c->spec->batch);
    if (c->spec->needs_template && c->n_templates == 0)
        return err_set(e, "bad-option", "spec",
                       "%.80s sends by template only, and no vendor_template names this provider",
                       c->spec->file);
    return check_needs(c, e) != 0 || check_unasked(c, e) != 0 ? -1 : 0;
}

static int http_fits(const struct provider_conf *c, const struct provider_msg *m, struct err *e)
{
    return c->spec->needs_template ? vendor_fits(c, m, e) : 0;
}

/* One request says one thing to all of its recipients. */
static bool http_joins(const struct provider_conf *c, const struct provider_msg *first,
                       const struct provider_msg *m)
{
    (void)c;
    return first->text_len == m->text_len && memcmp(first->text, m->text, m->text_len) == 0 &&
           first->purpose == m->purpose && first->not_after == m->not_after;
}

static void http_receipts_name(const struct provider_conf *c, bool *ids, bool *ids_to)
{
    *ids = c->spec->receipt.line > 0 && c->spec->receipt.ref.paths == NULL;
    *ids_to = c->batch > 1;
}

/* ---- the request ---- */

/* name=value&name=value, each value escaped once. */
static int add_fields(struct spec_env *env, const struct spec_fields *f, bool form, struct buf *out)
{
    struct buf value = BUF_INIT(VALUE_MAX);
    size_t before = out->len;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < f->n; i++) {
        buf_reset(&value);
        rc = spec_eval(env, f->list[i].value, &value);
        if (rc != 0 || (f->list[i].optional && value.len == 0))
            continue;
        if (out->len > before)
            buf_chr(out, '&');
        (form ? sign_form : sign_percent)(out, f->list[i].name, strlen(f->list[i].name));
        buf_chr(out, '=');
        (form ? sign_form : sign_percent)(out, buf_cstr(&value), value.len);
    }
    buf_wipe(&value);
    buf_fini(&value);
    return rc;
}

static int build_body(struct spec_env *env, struct buf *out)
{
    const struct spec *s = env->spec;

    if (s->body != NULL && spec_eval(env, s->body, out) != 0)
        return -1;
    if (s->has_form && add_fields(env, &s->form, true, out) != 0)
        return -1;
    if (out->overflow)
        return err_set(env->e, "bad-message", "text", "the request would be larger than %zu bytes",
                       out->ceiling);
    env->body = buf_cstr(out);
    env->body_len = out->len;
    return 0;
}

static int build_url(struct spec_env *env, struct buf *out)
{
    const char *base = env->conf->url;
    size_t n = strlen(base), before;

    while (n > 0 && base[n - 1] == '/')
        n--;
    buf_add(out, base, n);
    before = out->len;
    if (env->spec->path != NULL && spec_eval(env, env->spec->path, out) != 0)
        return -1;
    if (env->spec->query.n > 0) {
        bool has_query = memchr(buf_cstr(out) + before, '?', out->len - before) != NULL;
        size_t mark = out->len;

        buf_chr(out, has_query ? '&' : '?');
        if (add_fields(env, &env->spec->query, false, out) != 0)
            return -1;
        if (out->len == mark + 1 && !out->overflow)
            out->data[--out->len] = '\0'; /* nothing came: every field was optional */
    }
    if (out->overflow)
        return err_set(env->e, "bad-message", "text", "the address would be larger than %zu bytes",
                       out->ceiling);
    return 0;
}

/* "Name: value" and a NUL; a value that would begin another line is refused. */
static int add_header(struct spec_env *env, const struct spec_field *f, struct buf *out)
{
    size_t before = out->len, value;

    buf_fmt(out, "%s: ", f->name);
    value = out->len;
    if (spec_eval(env, f->value, out) != 0)
        return -1;
    for (size_t i = value; i < out->len; i++)
        if ((unsigned char)out->data[i] < 0x20 || out->data[i] == 0x7f)
            return err_set(env->e, "bad-message", NULL, "header %.40s would hold a control character",
                           f->name);
    if (f->optional && out->len == value && !out->overflow) {
        out->len = before;
        out->data[before] = '\0';
        return 0;
    }
    return buf_chr(out, '\0');
}

static int build_headers(struct spec_env *env, struct provider_request *req)
{
    const struct spec *s = env->spec;
    size_t n = 0;

    if (s->content_type != NULL && s->method[0] == 'P') {
        buf_fmt(&req->headers, "Content-Type: %s", s->content_type);
        buf_chr(&req->headers, '\0');
    }
    for (size_t i = 0; i < s->headers.n; i++)
        if (add_header(env, &s->headers.list[i], &req->headers) != 0)
            return -1;
    if (req->headers.overflow)
        return err_set(env->e, "bad-message", NULL, "the headers would be larger than %zu bytes",
                       req->headers.ceiling);
    for (size_t at = 0; at < req->headers.len && n + 1 < ARRAY_LEN(req->header_list);
         at += strlen(req->headers.data + at) + 1)
        req->header_list[n++] = req->headers.data + at;
    req->header_list[n] = NULL;
    return 0;
}

static int build(struct spec_env *env, struct provider_request *req)
{
    struct vendor_match match;

    if (env->spec->needs_template) {
        if (vendor_find(env->conf, env->m->text, env->m->text_len, env->m->purpose, &match, env->e) != 0)
            return -1;
        env->match = &match;
    }
    if (build_body(env, &req->body) != 0 || build_url(env, &req->url) != 0 || build_headers(env, req) != 0)
        return -1;
    req->call.method = env->spec->method[0] == 'G' ? "GET" : "POST";
    req->call.url = buf_cstr(&req->url);
    req->call.headers = req->header_list;
    req->call.body = req->call.method[0] == 'P' ? buf_cstr(&req->body) : NULL;
    req->call.body_len = req->call.body != NULL ? req->body.len : 0;
    return 0;
}

static int http_build(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                      struct provider_request *req, struct err *e)
{
    struct spec_env env;
    int rc;

    if (n == 0 || n > c->batch)
        panic("driver http: %zu messages in a request of at most %zu", n, c->batch);
    buf_reset(&req->body);
    buf_reset(&req->url);
    buf_reset(&req->headers);
    spec_env_init(&env, c, e);
    env.m = m;
    env.n = n;
    env.now_ms = req->now_ms;
    env.nonce = req->nonce;
    rc = build(&env, req);
    spec_env_fini(&env);
    return rc;
}

const struct driver http_driver = {
    .name = "http",
    .batch_max = BATCH_MAX,
    .needs_url = true,
    .wants_nonce = true,
    .receipts_name = http_receipts_name,
    .check = http_check,
    .fits = http_fits,
    .joins = http_joins,
    .build = http_build,
    .classify = http_classify,
    .callback = http_callback,
};
