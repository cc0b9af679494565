/* A description as a whole: [let], [request] and its fields; the rest is in spec_answer.c and spec_hook.c. */
#include "provider/spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "provider/spec_int.h"

enum { HEADERS_MAX = 12, FIELDS_MAX = 100, BATCH_MAX = 1000 };

/* ---- entries ---- */

const struct spec_entry *spec_entry(const struct spec_source *src, const char *section, const char *key)
{
    const struct spec_section *s = spec_section(src, section);

    for (size_t i = 0; s != NULL && i < s->n; i++)
        if (strcmp(s->entries[i].key, key) == 0)
            return &s->entries[i];
    return NULL;
}

static bool is_key(const char *const *keys, const struct spec_entry *e, bool *several)
{
    size_t n = strlen(e->key);

    for (; *keys != NULL; keys++) {
        if (strncmp(*keys, e->key, n) != 0) /* else it has n characters at least */
            continue;
        *several = (*keys)[n] == '+';
        if ((*keys)[n] == '\0' || *several)
            return true;
    }
    return false;
}

static int fail_key(const struct spec_source *src, const struct spec_entry *e, const char *const *keys)
{
    struct buf names = BUF_INIT(300);
    int rc;

    for (size_t i = 0; keys[i] != NULL; i++)
        buf_fmt(&names, "%s%.*s", i > 0 ? ", " : "", (int)strcspn(keys[i], "+"), keys[i]);
    rc = spec_fail(src, e->line, "entry \"%.40s\"; allowed: %s", e->key, buf_cstr(&names));
    buf_fini(&names);
    return rc;
}

int spec_keys(const struct spec_source *src, const char *section, const char *const *keys)
{
    const struct spec_section *s = spec_section(src, section);

    for (size_t i = 0; s != NULL && i < s->n; i++) {
        const struct spec_entry *e = &s->entries[i];
        bool several = false;

        if (e->optional || !is_key(keys, e, &several))
            return fail_key(src, e, keys);
        if (!several && spec_entry(src, section, e->key) != e)
            return spec_fail(src, e->line, "%.40s a second time; allowed: once", e->key);
    }
    return 0;
}

char *spec_text(const struct spec_source *src, const char *section, const char *key, const char *otherwise)
{
    const struct spec_entry *e = spec_entry(src, section, key);

    if (e == NULL && otherwise == NULL)
        return NULL;
    return xstrdup(e != NULL ? e->value : otherwise);
}

int spec_format_read(const struct spec_source *src, const char *section, bool hook, enum spec_format *out)
{
    static const char *const words[] = {"json", "form", "query", "text", "xml"};
    const struct spec_entry *e = spec_entry(src, section, "format");

    *out = FORMAT_JSON;
    for (size_t i = 0; e != NULL && i < ARRAY_LEN(words); i++)
        if (strcmp(words[i], e->value) == 0 && (hook ? i != FORMAT_TEXT : i != FORMAT_QUERY)) {
            *out = (enum spec_format)i;
            return 0;
        }
    if (e == NULL)
        return 0;
    return spec_fail(src, e->line, "format \"%.40s\"; allowed: %s", e->value,
                     hook ? "json, form, query, xml" : "json, form, text, xml");
}

int spec_pick_entry(const struct spec_source *src, const char *section, const char *key,
                    struct spec_pick *out)
{
    const struct spec_entry *e = spec_entry(src, section, key);

    return e != NULL ? spec_pick_parse(src, e, out) : 0;
}

int spec_conds_entries(const struct spec_source *src, const char *section, const char *key,
                       struct spec_conds **out, size_t *n)
{
    const struct spec_section *s = spec_section(src, section);

    for (size_t i = 0; s != NULL && i < s->n; i++) {
        if (strcmp(s->entries[i].key, key) != 0)
            continue;
        *out = xrealloc(*out, (*n + 1) * sizeof(**out));
        (*out)[*n] = (struct spec_conds){.list = NULL};
        if (spec_conds_parse(src, &s->entries[i], &(*out)[(*n)++]) != 0)
            return -1;
    }
    return 0;
}

void spec_need(struct spec *s, const char *key, int line, unsigned at, bool optional)
{
    bool hook = at == AT_HOOK;

    for (size_t i = 0; i < s->n_needs; i++)
        if (strcmp(s->needs[i].key, key) == 0 && s->needs[i].hook == hook && s->needs[i].optional == optional)
            return;
    s->needs = xrealloc(s->needs, (s->n_needs + 1) * sizeof(*s->needs));
    s->needs[s->n_needs++] =
        (struct spec_need){.key = xstrdup(key), .line = line, .hook = hook, .optional = optional};
}

/* ---- fields ---- */

static bool is_field_name(const char *s)
{
    return s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-[]")] == '\0' &&
           strlen(s) <= 64;
}

static int read_fields(const struct spec_source *src, struct spec *s, const char *section, unsigned at,
                       size_t max, struct spec_fields *out)
{
    const struct spec_section *in = spec_section(src, section);

    for (size_t i = 0; in != NULL && i < in->n; i++) {
        const struct spec_entry *e = &in->entries[i];
        struct spec_field *f;

        if (!is_field_name(e->key))
            return spec_fail(src, e->line, "name \"%.40s\"; allowed: letters, digits, _ . - [ ]", e->key);
        if (spec_entry(src, section, e->key) != e)
            return spec_fail(src, e->line, "%.40s a second time; allowed: once", e->key);
        if (out->n == max)
            return spec_fail(src, e->line, "more than %zu entries in [%s]", max, section);
        out->list = xrealloc(out->list, (out->n + 1) * sizeof(*out->list));
        f = &out->list[out->n];
        *f = (struct spec_field){.value = spec_template(src, s, e->value, e->line, at),
                                 .optional = e->optional};
        if (f->value == NULL)
            return -1;
        f->name = xstrdup(e->key);
        out->n++;
    }
    return 0;
}

static void fields_fini(struct spec_fields *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free(f->list[i].name);
        spec_node_free(f->list[i].value);
    }
    free(f->list);
}

/* ---- [request] ---- */

/* A template whose values may not break out of where they stand. */
static struct spec_node *read_safe(const struct spec_source *src, struct spec *s, const struct spec_entry *e,
                                   unsigned at, unsigned safe, const char *how)
{
    struct spec_node *node = spec_template(src, s, e->value, e->line, at);

    for (size_t i = 0; node != NULL && i < node->n_args; i++) {
        if ((node->args[i]->safe & safe) == safe)
            continue;
        (void)spec_fail(
            src, e->line,
            "piece %zu of this value stands unescaped in %.10s; allowed: ${%s(...)}, or what cannot "
            "hold anything but letters and digits",
            i + 1, e->key, how);
        spec_node_free(node);
        return NULL;
    }
    return node;
}

static int read_body(const struct spec_source *src, struct spec *s)
{
    static const struct {
        const char *key, *type;
        unsigned safe;
        const char *how;
    } kinds[] = {
        {"json", "application/json",          SAFE_JSON, "json"},
        {"xml",  "text/xml; charset=utf-8",   SAFE_XML,  "xml" },
        {"raw",  "text/plain; charset=utf-8", 0,         ""    },
    };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        const struct spec_entry *e = spec_entry(src, "request", kinds[i].key);

        if (e == NULL)
            continue;
        if (s->body != NULL || s->has_form)
            return spec_fail(src, e->line, "%s beside another body; allowed: one of json, xml, raw, [form]",
                             e->key);
        s->body = read_safe(src, s, e, AT_BODY, kinds[i].safe, kinds[i].how);
        if (s->body == NULL)
            return -1;
        s->content_type = spec_text(src, "request", "content_type", kinds[i].type);
    }
    if (s->has_form)
        s->content_type =
            spec_text(src, "request", "content_type", "application/x-www-form-urlencoded; charset=utf-8");
    return 0;
}

static int read_base(const struct spec_source *src, struct spec *s)
{
    const struct spec_entry *e = spec_entry(src, "request", "base");

    s->base = xstrdup(e != NULL ? e->value : "");
    if (e != NULL && ((strncmp(e->value, "http://", 7) != 0 && strncmp(e->value, "https://", 8) != 0) ||
                      strpbrk(e->value, "?#$ \t") != NULL))
        return spec_fail(
            src, e->line,
            "base \"%.60s\"; allowed: http://HOST[/PATH] or https://..., written out; or leave it "
            "to the provider's url",
            e->value);
    return 0;
}

static int read_path(const struct spec_source *src, struct spec *s)
{
    const struct spec_entry *e = spec_entry(src, "request", "path");

    if (e == NULL)
        return 0;
    if (e->value[0] != '/' || strpbrk(e->value, "#\t") != NULL)
        return spec_fail(src, e->line, "path \"%.60s\"; allowed: /PATH[?QUERY]", e->value);
    s->path = read_safe(src, s, e, AT_PATH, SAFE_URL, "url");
    return s->path != NULL ? 0 : -1;
}

static int read_number(const struct spec_source *src, const char *section, const char *key, int64_t otherwise,
                       int64_t max, int64_t *out)
{
    const struct spec_entry *e = spec_entry(src, section, key);

    *out = otherwise;
    if (e == NULL || num_i64(e->value, 1, max, out) == 0)
        return 0;
    return spec_fail(src, e->line, "%s \"%.40s\"; allowed: 1 to %lld", key, e->value, (long long)max);
}

static int read_one_of(const struct spec_source *src, const char *key, const char *a, const char *b,
                       char **out)
{
    const struct spec_entry *e = spec_entry(src, "request", key);

    *out = spec_text(src, "request", key, a);
    if (strcmp(*out, a) == 0 || strcmp(*out, b) == 0)
        return 0;
    return spec_fail(src, e->line, "%s \"%.40s\"; allowed: %s, %s", key, e->value, a, b);
}

static int read_options(const struct spec_source *src, struct spec *s)
{
    const struct spec_entry *zone = spec_entry(src, "request", "zone"),
                            *id = spec_entry(src, "request", "id");
    char *needs = NULL;
    int64_t batch;
    int rc = read_one_of(src, "needs", "text", "template", &needs);

    s->needs_template = needs[0] == 't' && strcmp(needs, "template") == 0;
    free(needs);
    if (rc != 0 || read_number(src, "request", "batch", 1, BATCH_MAX, &batch) != 0)
        return -1;
    s->batch = (size_t)batch;
    s->join = spec_text(src, "request", "join", ",");
    s->zone = spec_text(src, "request", "zone", "Asia/Shanghai");
    if (!clock_tz_check(s->zone))
        return spec_fail(src, zone != NULL ? zone->line : 1,
                         "zone \"%.40s\"; allowed: a zone such as Asia/Shanghai", s->zone);
    if (id != NULL) {
        s->given = spec_template(src, s, id->value, id->line, AT_GIVEN);
        return s->given != NULL ? 0 : -1;
    }
    return 0;
}

static int check_request(const struct spec_source *src, const struct spec *s)
{
    const struct spec_section *in = spec_section(src, "request");

    if (strcmp(s->method, "GET") == 0 && (s->body != NULL || s->has_form))
        return spec_fail(src, in->line, "a GET with a body; allowed: [query] instead");
    if (s->uses_template > 0 && !s->needs_template)
        return spec_fail(src, s->uses_template,
                         "the template of a message; allowed only with needs = template in [request]");
    for (size_t i = 0; i < s->headers.n; i++)
        if (strcasecmp(s->headers.list[i].name, "Content-Type") == 0 ||
            strcasecmp(s->headers.list[i].name, "Content-Length") == 0 ||
            strcasecmp(s->headers.list[i].name, "Host") == 0)
            return spec_fail(src, spec_entry(src, "headers", s->headers.list[i].name)->line,
                             "header %s; allowed: others; content_type in [request] says the type",
                             s->headers.list[i].name);
    return 0;
}

static int read_request(const struct spec_source *src, struct spec *s)
{
    static const char *const keys[] = {"base",  "method", "path", "json", "xml", "raw", "content_type",
                                       "needs", "batch",  "join", "zone", "id",  NULL};

    if (spec_section(src, "request") == NULL)
        return spec_fail(src, 1, "no section [request]; allowed: one that says how a message is sent");
    if (spec_keys(src, "request", keys) != 0 ||
        read_fields(src, s, "let", AT_ANY, FIELDS_MAX, &s->let) != 0 || read_options(src, s) != 0 ||
        read_base(src, s) != 0 || read_one_of(src, "method", "POST", "GET", &s->method) != 0 ||
        read_path(src, s) != 0)
        return -1;
    s->has_form = spec_section(src, "form") != NULL;
    if (read_fields(src, s, "form", AT_BODY, FIELDS_MAX, &s->form) != 0 || read_body(src, s) != 0 ||
        read_fields(src, s, "query", AT_LATE, FIELDS_MAX, &s->query) != 0 ||
        read_fields(src, s, "headers", AT_LATE, HEADERS_MAX, &s->headers) != 0)
        return -1;
    return check_request(src, s);
}

int spec_compile(const struct spec_source *src, struct spec *s)
{
    return read_request(src, s) != 0 || spec_compile_response(src, s) != 0 || spec_compile_hooks(src, s) != 0
               ? -1
               : 0;
}

/* ---- life ---- */

struct spec *spec_parse(const char *text, size_t n, const char *file, struct err *e)
{
    struct spec_source src = {.file = file, .e = e};
    struct spec *s = xcalloc(1, sizeof(*s));

    s->file = xstrdup(file);
    if (spec_read(&src, text, n) != 0 || spec_compile(&src, s) != 0) {
        spec_free(s);
        s = NULL;
    }
    spec_source_fini(&src);
    return s;
}

static void response_fini(struct spec_response *r)
{
    struct spec_classes rest = {.list = NULL};

    for (size_t i = 0; i < r->n_ok; i++)
        spec_conds_fini(&r->ok[i]);
    free(r->ok);
    spec_pick_fini(&r->id);
    spec_pick_fini(&r->code);
    spec_pick_fini(&r->message);
    spec_pick_fini(&r->retry_after);
    free(r->items);
    spec_pick_fini(&r->item_to);
    spec_pick_fini(&r->item_id);
    spec_pick_fini(&r->item_code);
    spec_conds_fini(&r->item_ok);
    spec_classes_fini(&r->classes);
    spec_classes_fini(&r->http);
    rest.list = xcalloc(1, sizeof(*rest.list)); /* frees its words as those of the others */
    rest.list[0].row = r->rest;
    rest.n = 1;
    spec_classes_fini(&rest);
}

void spec_free(struct spec *s)
{
    if (s == NULL)
        return;
    free(s->file);
    free(s->base);
    free(s->method);
    free(s->content_type);
    free(s->join);
    free(s->zone);
    spec_node_free(s->path);
    spec_node_free(s->body);
    spec_node_free(s->given);
    fields_fini(&s->let);
    fields_fini(&s->query);
    fields_fini(&s->headers);
    fields_fini(&s->form);
    response_fini(&s->response);
    spec_hook_fini(&s->receipt);
    spec_hook_fini(&s->reply);
    for (size_t i = 0; i < s->n_equals; i++) {
        spec_node_free(s->equals[i].left);
        spec_node_free(s->equals[i].right);
    }
    free(s->equals);
    spec_node_free(s->auth_time);
    for (size_t i = 0; i < s->n_needs; i++)
        free(s->needs[i].key);
    free(s->needs);
    free(s);
}

const char *spec_base(const struct spec *s)
{
    return s->base;
}
