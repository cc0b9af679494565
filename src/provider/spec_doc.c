/* What comes over the wire as a document: JSON, form, text; and what conditions and paths find in it. Everything here is a stranger's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "provider/drivers.h"
#include "provider/spec_int.h"
#include "provider/xml.h"
#include "text/utf8.h"

enum { DEPTH_MAX = 32, MATCH_MAX = 1024, VALUE_MAX = 65536 };

/* ---- reading ---- */

/* Brackets outside strings: nothing deep is handed to the parser. */
static bool is_shallow(const char *s, size_t n)
{
    size_t depth = 0;
    bool inside = false;

    for (size_t i = 0; i < n; i++) {
        if (inside && s[i] == '\\')
            i++;
        else if (s[i] == '"')
            inside = !inside;
        else if (!inside && (s[i] == '[' || s[i] == '{') && ++depth > DEPTH_MAX)
            return false;
        else if (!inside && (s[i] == ']' || s[i] == '}') && depth > 0)
            depth--;
    }
    return true;
}

static int read_json(struct spec_doc *d, const char *s, size_t n, bool mend, struct err *e)
{
    struct buf mended = BUF_INIT(3 * n + 16);
    json_error_t why;

    if (!is_shallow(s, n))
        return err_set(e, "bad-json", NULL, "more than %d brackets in each other", DEPTH_MAX);
    if (mend)
        callback_mend(&mended, s, n);
    d->tree = json_loadb(mend    ? buf_cstr(&mended)
                         : n > 0 ? s
                                 : "",
                         mend ? mended.len : n, JSON_REJECT_DUPLICATES | (mend ? JSON_ALLOW_NUL : 0), &why);
    buf_fini(&mended);
    if (d->tree == NULL) /* jansson's text may quote what it found */
        return err_set(e, "bad-json", NULL, "not JSON: wrong at line %d, column %d", why.line, why.column);
    return 0;
}

static void take_text(struct spec_doc *d, const char *s, size_t n)
{
    while (n > 0 && strchr(" \t\r\n", s[0]) != NULL && s[0] != '\0') {
        s++;
        n--;
    }
    while (n > 0 && strchr(" \t\r\n", s[n - 1]) != NULL && s[n - 1] != '\0')
        n--;
    d->text = n > 0 ? s : "";
    d->len = n;
}

int spec_doc_read(struct spec_doc *d, enum spec_format format, const char *s, size_t n, bool mend,
                  struct err *e)
{
    *d = (struct spec_doc){.format = format, .text = ""};
    take_text(d, s, n);
    switch (format) {
    case FORMAT_JSON:
        return read_json(d, s, n, mend, e);
    case FORMAT_FORM:
    case FORMAT_QUERY:
        return form_parse(&d->form, s, n, e);
    case FORMAT_TEXT:
        return 0;
    case FORMAT_XML:
        return xml_tree(&d->tree, s, n, e);
    }
    return -1;
}

void spec_doc_fini(struct spec_doc *d)
{
    json_decref(d->tree);
    form_fini(&d->form);
    d->tree = NULL;
}

/* ---- looking ---- */

/* One step of an RFC 6901 pointer: "~1" is '/', "~0" is '~'. */
static const json_t *step(const json_t *v, const char *token, size_t n)
{
    char key[256];
    size_t len = 0;
    int64_t index;

    if (json_is_array(v))
        return num_i64_n(token, n, 0, 1000000, &index) == 0 ? json_array_get(v, (size_t)index) : NULL;
    for (size_t i = 0; i < n && len < sizeof(key) - 1; i++) {
        bool escaped = token[i] == '~' && i + 1 < n && (token[i + 1] == '0' || token[i + 1] == '1');

        key[len++] = escaped ? (token[++i] == '0' ? '~' : '/') : token[i];
    }
    key[len] = '\0';
    return json_object_get(v, key);
}

const json_t *spec_path(const json_t *from, const char *path)
{
    while (from != NULL && *path == '/') {
        size_t n = strcspn(path + 1, "/");

        from = step(from, path + 1, n);
        path += 1 + n;
    }
    return json_is_null(from) ? NULL : from;
}

/* As text that can be compared: 0 and "0" are equal. Lists and objects have none. */
static bool add_scalar(const json_t *v, struct buf *out)
{
    switch (json_typeof(v)) {
    case JSON_STRING:
        return buf_add(out, json_string_value(v), json_string_length(v)) == 0;
    case JSON_INTEGER:
        return buf_i64(out, json_integer_value(v)) == 0;
    case JSON_REAL:
        return buf_fmt(out, "%.17g", json_real_value(v)) == 0;
    case JSON_TRUE:
        return buf_str(out, "true") == 0;
    case JSON_FALSE:
        return buf_str(out, "false") == 0;
    case JSON_NULL:
    case JSON_OBJECT:
    case JSON_ARRAY:
        return false;
    }
    return false;
}

static void get_path(const char *path, const struct spec_doc *d, const json_t *item, struct buf *out)
{
    const json_t *v;

    if (path[0] == '\0') {
        buf_add(out, d->text, d->len);
    } else if (spec_is_tree(d->format)) {
        v = spec_path(item != NULL ? item : d->tree, path);
        if (v != NULL)
            (void)add_scalar(v, out);
    } else if (d->format != FORMAT_TEXT) {
        buf_str(out, form_get(&d->form, path + 1));
    }
}

/* The first bracketed part of what fits, or all of it. */
static bool match(regex_t *re, struct buf *value)
{
    regmatch_t m[2];
    size_t from, n;

    if (value->len > MATCH_MAX)
        value->data[utf8_cut(value->data, value->len, MATCH_MAX)] = '\0';
    if (regexec(re, buf_cstr(value), 2, m, 0) != 0)
        return false;
    from = (size_t)(m[1].rm_so >= 0 ? m[1].rm_so : m[0].rm_so);
    n = (size_t)(m[1].rm_so >= 0 ? m[1].rm_eo : m[0].rm_eo) - from;
    memmove(value->data, value->data + from, n);
    value->data[n] = '\0';
    value->len = n;
    return n > 0;
}

bool spec_pick_get(const struct spec_pick *p, const struct spec_doc *d, const json_t *item, struct buf *out)
{
    struct buf value = BUF_INIT(VALUE_MAX);
    bool found = false;

    for (size_t i = 0; !found && p->paths != NULL && p->paths[i] != NULL; i++) {
        buf_reset(&value);
        get_path(p->paths[i], d, item, &value);
        found = !value.overflow && value.len > 0 && (p->re == NULL || match(p->re, &value));
    }
    if (found)
        found = buf_add(out, buf_cstr(&value), value.len) == 0;
    buf_fini(&value);
    return found;
}

/* ---- conditions ---- */

static bool is_listed(char *const *values, const struct buf *v)
{
    for (; *values != NULL; values++)
        if (strlen(*values) == v->len && memcmp(*values, buf_cstr(v), v->len) == 0)
            return true;
    return false;
}

static bool holds(const struct spec_cond *c, const struct spec_doc *d, const json_t *item, int status)
{
    struct buf v = BUF_INIT(VALUE_MAX);
    bool there = false, yes = false;

    if (c->http)
        there = buf_i64(&v, status) == 0;
    else if (d != NULL)
        there = spec_pick_get(&c->pick, d, item, &v);
    switch (c->op) {
    case OP_IN:
        yes = there && is_listed(c->values, &v);
        break;
    case OP_NOT_IN:
        yes = there && !is_listed(c->values, &v);
        break;
    case OP_MATCH:
        if (v.len > MATCH_MAX)
            v.data[utf8_cut(v.data, v.len, MATCH_MAX)] = '\0';
        yes = there && regexec(c->re, buf_cstr(&v), 0, NULL, 0) == 0;
        break;
    case OP_EXISTS:
        yes = there;
        break;
    case OP_ABSENT:
        yes = !there;
        break;
    }
    buf_fini(&v);
    return yes;
}

bool spec_conds_hold(const struct spec_conds *c, const struct spec_doc *d, const json_t *item, int status)
{
    for (size_t i = 0; i < c->n; i++)
        if (!holds(&c->list[i], d, item, status))
            return false;
    return c->n > 0;
}
