#include "text/tmpl.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "text/utf8.h"

#define NAME_CHARS_MAX 64

/* A template is a run of pieces: a stretch of literal text, or a name with its fallback. */
#define NO_NAME SIZE_MAX
struct tmpl_piece {
    size_t name;      /* index, or NO_NAME: literal */
    const char *text; /* literal, or fallback; points into tmpl.text */
    size_t n;
};

struct tmpl {
    char *text;
    struct tmpl_piece *pieces;
    size_t n_pieces;
    char **names;
    size_t n_names;
};

static void add_piece(struct tmpl *t, size_t name, const char *text, size_t n)
{
    if (name == NO_NAME && n == 0)
        return;
    if ((t->n_pieces & (t->n_pieces - 1)) == 0)
        t->pieces = xrealloc(t->pieces, (t->n_pieces ? t->n_pieces * 2 : 1) * sizeof *t->pieces);
    t->pieces[t->n_pieces++] = (struct tmpl_piece){name, text, n};
}

static size_t intern(struct tmpl *t, const char *name, size_t n)
{
    for (size_t i = 0; i < t->n_names; i++)
        if (strlen(t->names[i]) == n && memcmp(t->names[i], name, n) == 0)
            return i;
    t->names = xrealloc(t->names, (t->n_names + 1) * sizeof *t->names);
    t->names[t->n_names] = xstrndup(name, n);
    return t->n_names++;
}

static bool is_name_char(int32_t c)
{
    if (c < 0x80)
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
               c == '.' || c == '-';
    utf8proc_category_t k = utf8proc_category(c);
    return (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO) ||
           (k >= UTF8PROC_CATEGORY_MN && k <= UTF8PROC_CATEGORY_NO);
}

static bool is_name(const char *s, size_t n)
{
    size_t k = 0;

    for (const char *p = s, *end = s + n; p < end; k++)
        if (!is_name_char(utf8_next(&p, end)))
            return false;
    return k >= 1 && k <= NAME_CHARS_MAX;
}

/* What stands between "{{" and "}}". */
static int add_name(struct tmpl *t, const char *s, size_t n, struct err *e)
{
    const char *bar = memchr(s, '|', n);
    const char *fallback = bar ? bar + 1 : s + n;
    size_t n_fallback = (size_t)(s + n - fallback);
    size_t n_name = bar ? (size_t)(bar - s) : n;

    while (n_name && s[0] == ' ')
        s++, n_name--;
    while (n_name && s[n_name - 1] == ' ')
        n_name--;
    if (!is_name(s, n_name))
        return err_set(e, "bad-template", NULL,
                       "\"{{%.*s}}\" is no name: letters, digits, _ . and - are allowed, 1 to %d of them; "
                       "braces themselves are written \\{{",
                       (int)utf8_cut(s, n_name, 80), s, NAME_CHARS_MAX);
    add_piece(t, intern(t, s, n_name), fallback, n_fallback);
    return 0;
}

static int compile(struct tmpl *t, const char *text, size_t n, struct err *e)
{
    const char *p = text, *end = text + n, *from = text;

    while ((p = memmem(p, (size_t)(end - p), "{{", 2)) != NULL) {
        if (p > from && p[-1] == '\\') {
            add_piece(t, NO_NAME, from, (size_t)(p - 1 - from));
            from = p;
            p += 2;
            continue;
        }
        const char *close = memmem(p + 2, (size_t)(end - p - 2), "}}", 2);
        const char *again = memmem(p + 2, (size_t)(end - p - 2), "{{", 2);
        if (!close || (again && again < close))
            return err_set(e, "bad-template", NULL, "\"{{\" at character %zu is not closed by \"}}\"",
                           utf8_count(text, (size_t)(p - text)) + 1);
        add_piece(t, NO_NAME, from, (size_t)(p - from));
        if (add_name(t, p + 2, (size_t)(close - p - 2), e))
            return -1;
        p = from = close + 2;
    }
    add_piece(t, NO_NAME, from, (size_t)(end - from));
    return 0;
}

struct tmpl *tmpl_compile(const char *text, size_t n, struct err *e)
{
    if (!utf8_valid(text, n)) {
        err_set(e, "bad-template", NULL, "the text holds bytes that are not UTF-8");
        return NULL;
    }
    struct tmpl *t = xcalloc(1, sizeof *t);
    t->text = xstrndup(text, n);
    if (compile(t, t->text, n, e)) {
        tmpl_free(t);
        return NULL;
    }
    return t;
}

void tmpl_free(struct tmpl *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n_names; i++)
        free(t->names[i]);
    free(t->names);
    free(t->pieces);
    free(t->text);
    free(t);
}

size_t tmpl_n_names(const struct tmpl *t)
{
    return t->n_names;
}

const char *tmpl_name(const struct tmpl *t, size_t i)
{
    return t->names[i];
}

int tmpl_render(const struct tmpl *t, tmpl_lookup lookup, void *arg, struct buf *out)
{
    for (size_t i = 0; i < t->n_pieces; i++) {
        const struct tmpl_piece *p = &t->pieces[i];
        const char *s = NULL;
        size_t n = 0;
        if (p->name != NO_NAME)
            s = lookup(arg, t->names[p->name], &n);
        if (!s || n == 0) {
            s = p->text;
            n = p->n;
        }
        buf_add(out, s, n);
    }
    return out->overflow ? -1 : 0;
}
