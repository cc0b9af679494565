/* The text of a description: sections of "key = value". A line that begins with a blank goes on with the value before it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "provider/spec_int.h"
#include "text/utf8.h"

enum { ENTRIES_MAX = 400, KEY_MAX = 400, VALUE_MAX = 8192 };

/* ${patterns}: keys are lists of codes, "quoted" or /regular expressions/ where they hold what would end them. */
static const struct {
    const char *name;
    bool patterns;
} sections[] = {
    {"let",      false},
    {"request",  false},
    {"query",    false},
    {"headers",  false},
    {"form",     false},
    {"response", false},
    {"classes",  true },
    {"http",     true },
    {"auth",     false},
    {"receipt",  false},
    {"status",   true },
    {"codes",    true },
    {"reply",    false},
};

int spec_fail(const struct spec_source *src, int line, const char *fmt, ...)
{
    char text[300];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    text[utf8_cut(text, n < 0 ? 0 : strlen(text), sizeof(text) - 1)] = '\0';
    return err_set(src->e, "bad-spec", "spec", "%.80s:%d: %s", src->file, line, text);
}

const struct spec_section *spec_section(const struct spec_source *src, const char *name)
{
    for (size_t i = 0; i < src->n; i++)
        if (strcmp(src->sections[i].name, name) == 0)
            return &src->sections[i];
    return NULL;
}

static int known(const char *name, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(sections); i++)
        if (strlen(sections[i].name) == n && memcmp(sections[i].name, name, n) == 0)
            return (int)i;
    return -1;
}

static int fail_section(const struct spec_source *src, int line, const char *s, size_t n)
{
    struct buf names = BUF_INIT(200);
    int rc;

    for (size_t i = 0; i < ARRAY_LEN(sections); i++)
        buf_fmt(&names, "%s[%s]", i > 0 ? ", " : "", sections[i].name);
    rc = spec_fail(src, line, "a section \"%.*s\"; allowed: %s", (int)(n < 40 ? n : 40), s, buf_cstr(&names));
    buf_fini(&names);
    return rc;
}

static int take_section(struct spec_source *src, int line, const char *s, size_t n)
{
    struct spec_section *to;

    if (n < 3 || s[n - 1] != ']')
        return spec_fail(src, line, "a section that is not closed; allowed: [name]");
    if (known(s + 1, n - 2) < 0)
        return fail_section(src, line, s + 1, n - 2);
    src->sections = xrealloc(src->sections, (src->n + 1) * sizeof(*src->sections));
    to = &src->sections[src->n];
    *to = (struct spec_section){.name = xstrndup(s + 1, n - 2), .line = line};
    if (spec_section(src, to->name) != NULL) {
        free(to->name);
        return spec_fail(src, line, "section [%.*s] a second time; allowed: each once", (int)(n - 2), s + 1);
    }
    src->n++;
    return 0;
}

/* Where the '=' stands that ends the key; ${n} when there is none. */
static size_t equals(const char *s, size_t n, bool patterns)
{
    char inside = '\0';

    for (size_t i = 0; i < n; i++) {
        bool first = i == 0 || s[i - 1] == ' ' || s[i - 1] == ',';

        if (inside != '\0') {
            if (s[i] == '\\')
                i++;
            else if (s[i] == inside)
                inside = '\0';
        } else if (patterns && first && (s[i] == '"' || s[i] == '/')) {
            inside = s[i];
        } else if (s[i] == '=') {
            return i;
        }
    }
    return n;
}

static size_t trimmed(const char *s, size_t n)
{
    while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '\r'))
        n--;
    return n;
}

static size_t blanks(const char *s, size_t n)
{
    size_t i = 0;

    while (i < n && (s[i] == ' ' || s[i] == '\t'))
        i++;
    return i;
}

static int take_entry(struct spec_source *src, int line, const char *s, size_t n)
{
    struct spec_section *in = src->n > 0 ? &src->sections[src->n - 1] : NULL;
    bool patterns = in != NULL && sections[known(in->name, strlen(in->name))].patterns;
    size_t at = equals(s, n, patterns), key = trimmed(s, at), skip;
    struct spec_entry *to;

    if (in == NULL)
        return spec_fail(src, line, "an entry before any section; allowed: [request] and the like");
    if (at == n || key == 0 || key > KEY_MAX)
        return spec_fail(src, line, "a line that is no entry; allowed: key = value, # comment, [section]");
    if (in->n == ENTRIES_MAX)
        return spec_fail(src, line, "more than %d entries in one section", ENTRIES_MAX);
    skip = at + 1 + blanks(s + at + 1, n - at - 1);
    in->entries = xrealloc(in->entries, (in->n + 1) * sizeof(*in->entries));
    to = &in->entries[in->n++];
    *to = (struct spec_entry){.optional = !patterns && s[key - 1] == '?', .line = line};
    to->key = xstrndup(s, to->optional ? trimmed(s, key - 1) : key);
    to->value = xstrndup(s + skip, n - skip);
    return 0;
}

/* A line that begins with a blank. */
static int take_more(struct spec_source *src, int line, const char *s, size_t n)
{
    struct spec_section *in = src->n > 0 ? &src->sections[src->n - 1] : NULL;
    struct spec_entry *last = in != NULL && in->n > 0 ? &in->entries[in->n - 1] : NULL;
    char *whole;

    if (last == NULL)
        return spec_fail(src, line, "a line that begins with a blank goes on with an entry; here is none");
    if (strlen(last->value) + n > VALUE_MAX)
        return spec_fail(src, line, "a value of more than %d bytes", VALUE_MAX);
    whole = xasprintf("%s%.*s", last->value, (int)n, s);
    free(last->value);
    last->value = whole;
    return 0;
}

static int take_line(struct spec_source *src, int line, const char *s, size_t n)
{
    size_t skip = blanks(s, n);

    n = trimmed(s, n);
    if (n <= skip || s[skip] == '#')
        return 0;
    if (n - skip > VALUE_MAX)
        return spec_fail(src, line, "a line of more than %d bytes", VALUE_MAX);
    if (skip > 0)
        return take_more(src, line, s + skip, n - skip);
    return s[0] == '[' ? take_section(src, line, s, n) : take_entry(src, line, s, n);
}

static bool has_control(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (((unsigned char)s[i] < 0x20 && s[i] != '\t' && s[i] != '\r') || s[i] == 0x7f)
            return true;
    return false;
}

int spec_read(struct spec_source *src, const char *text, size_t n)
{
    size_t at = n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    int line = 1;

    if (n > SPEC_FILE_MAX)
        return spec_fail(src, 1, "a file of more than %d bytes", SPEC_FILE_MAX);
    for (; at < n; line++) {
        const char *nl = memchr(text + at, '\n', n - at);
        size_t len = nl != NULL ? (size_t)(nl - text) - at : n - at;

        if (!utf8_valid(text + at, len) || has_control(text + at, len))
            return spec_fail(src, line, "bytes that are no text; allowed: UTF-8 without control characters");
        if (take_line(src, line, text + at, len) != 0)
            return -1;
        at += len + 1;
    }
    return 0;
}

void spec_source_fini(struct spec_source *src)
{
    for (size_t i = 0; i < src->n; i++) {
        struct spec_section *s = &src->sections[i];

        for (size_t k = 0; k < s->n; k++) {
            free(s->entries[k].key);
            free(s->entries[k].value);
        }
        free(s->entries);
        free(s->name);
    }
    free(src->sections);
    src->sections = NULL;
    src->n = 0;
}
