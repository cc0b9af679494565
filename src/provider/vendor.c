#include "provider/vendor.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "text/utf8.h"

/* ---- reading ---- */

static size_t var_index(const struct vendor_template *t, const char *name, size_t n)
{
    size_t i = 0;

    while (i < t->n_vars && (strlen(t->vars[i].name) != n || memcmp(t->vars[i].name, name, n) != 0))
        i++;
    return i;
}

static int add_hole(struct vendor_template *t, const char *name, size_t n, struct err *e)
{
    size_t i = var_index(t, name, n);

    if (n == 0 || n > 64)
        return err_set(e, "bad-template", "text",
                       "a variable without a name, or with one longer than 64 bytes");
    if (t->n_holes > 0 && t->literals[t->n_holes][0] == '\0')
        return err_set(e, "bad-template", "text",
                       "two variables side by side: nobody could tell where the first one ends");
    if (t->n_holes == VENDOR_VARS_MAX)
        return err_set(e, "bad-template", "text", "more than %d variables", VENDOR_VARS_MAX);
    if (i == t->n_vars)
        t->vars[t->n_vars++] = (struct vendor_var){.name = xstrndup(name, n), .max = 0};
    t->holes[t->n_holes++] = i;
    return 0;
}

static int read_text(struct vendor_template *t, const char *text, struct err *e)
{
    for (;;) {
        const char *open = strstr(text, "{{"), *close = open != NULL ? strstr(open, "}}") : NULL;

        if (open != NULL && close == NULL)
            return err_set(e, "bad-template", "text", "{{ without }}");
        t->literals[t->n_holes] = open != NULL ? xstrndup(text, (size_t)(open - text)) : xstrdup(text);
        if (open == NULL)
            return 0;
        if (add_hole(t, open + 2, (size_t)(close - open - 2), e) != 0)
            return -1;
        text = close + 2;
    }
}

/* "name 20" */
static int read_limit(struct vendor_template *t, const char *limit, struct err *e)
{
    const char *blank = strrchr(limit, ' ');
    int64_t max;
    size_t i;

    if (blank == NULL || num_i64(blank + 1, 1, 1000, &max) != 0)
        return err_set(e, "bad-template", "limits", "\"%.40s\" is no limit; allowed: \"NAME CHARACTERS\"",
                       limit);
    i = var_index(t, limit, (size_t)(blank - limit));
    if (i == t->n_vars)
        return err_set(e, "bad-template", "limits", "the text has no variable called \"%.*s\"",
                       (int)(blank - limit), limit);
    t->vars[i].max = (size_t)max;
    return 0;
}

int vendor_template_init(struct vendor_template *t, const char *title, const char *id, const char *text,
                         char *const *limits, struct err *e)
{
    *t = (struct vendor_template){.title = xstrdup(title), .id = xstrdup(id), .approved = true};
    if (read_text(t, text, e) != 0)
        return -1;
    for (; limits != NULL && *limits != NULL; limits++)
        if (read_limit(t, *limits, e) != 0)
            return -1;
    return 0;
}

void vendor_template_fini(struct vendor_template *t)
{
    free(t->title);
    free(t->id);
    for (size_t i = 0; i < ARRAY_LEN(t->literals); i++)
        free(t->literals[i]);
    for (size_t i = 0; i < t->n_vars; i++)
        free(t->vars[i].name);
    *t = (struct vendor_template){.title = NULL};
}

/* ---- matching ---- */

/* The first place of ${what} in ${s}, at ${from} or later; NULL = none. */
static const char *find(const char *s, size_t n, size_t from, const char *what)
{
    size_t len = strlen(what);

    return from <= n ? memmem(s + from, n - from, what, len) : NULL;
}

static bool take(struct vendor_match *m, size_t var, const char *s, size_t n)
{
    struct vendor_value *v = &m->values[var];

    if (v->s != NULL) /* a variable that stands twice says the same twice */
        return v->n == n && memcmp(v->s, s, n) == 0;
    *v = (struct vendor_value){.s = s, .n = n};
    return true;
}

/* Fixed parts in order, each at its first possible place, the last one at the end: as with wildcards, this finds a way whenever there is one. Values have at least one byte. */
static bool matches(const struct vendor_template *t, const char *text, size_t n, struct vendor_match *m)
{
    size_t head = strlen(t->literals[0]), tail = strlen(t->literals[t->n_holes]), at = head;

    *m = (struct vendor_match){.t = t};
    if (t->n_holes == 0)
        return n == head && memcmp(text, t->literals[0], n) == 0;
    if (n < head + tail || memcmp(text, t->literals[0], head) != 0 ||
        memcmp(text + n - tail, t->literals[t->n_holes], tail) != 0)
        return false;
    n -= tail;
    for (size_t i = 0; i < t->n_holes; i++) {
        const char *next = i + 1 == t->n_holes ? text + n : find(text, n, at + 1, t->literals[i + 1]);

        if (next == NULL || next <= text + at || !take(m, t->holes[i], text + at, (size_t)(next - text) - at))
            return false;
        at = (size_t)(next - text) + (i + 1 == t->n_holes ? 0 : strlen(t->literals[i + 1]));
    }
    return true;
}

/* -1 with the reason when a value is too long or the template is not for this. */
static int may_use(const struct vendor_match *m, enum provider_purpose purpose, struct err *e)
{
    const struct vendor_template *t = m->t;

    if (!t->approved)
        return err_set(e, "bad-message", NULL, "template %.40s fits, but is not approved", t->title);
    if (t->promotion != (purpose == PURPOSE_PROMOTION))
        return err_set(e, "bad-message", NULL, "template %.40s fits, but is approved for %s only", t->title,
                       t->promotion ? "promotions" : "notices");
    for (size_t i = 0; i < t->n_vars; i++) {
        size_t chars = utf8_count(m->values[i].s, m->values[i].n);

        if (t->vars[i].max > 0 && chars > t->vars[i].max)
            return err_set(e, "bad-message", NULL,
                           "template %.40s fits, but {{%.20s}} has %zu characters of at most %zu", t->title,
                           t->vars[i].name, chars, t->vars[i].max);
    }
    return 0;
}

int vendor_find(const struct provider_conf *c, const char *text, size_t n, enum provider_purpose purpose,
                struct vendor_match *m, struct err *e)
{
    struct err near = {{0}, {0}, {0}};

    for (size_t i = 0; i < c->n_templates; i++)
        if (matches(&c->templates[i], text, n, m) &&
            may_use(m, purpose, near.msg[0] == '\0' ? &near : NULL) == 0)
            return 0;
    if (near.msg[0] != '\0')
        return err_set(e, "bad-message", NULL, "%s", near.msg);
    if (c->n_templates == 0)
        return err_set(e, "bad-message", NULL,
                       "provider %.40s has no vendor_template, and sends nothing else", c->name);
    if (c->n_templates == 1)
        return err_set(e, "bad-message", NULL,
                       "the only template of provider %.40s, %.40s, says another text", c->name,
                       c->templates[0].title);
    return err_set(e, "bad-message", NULL, "none of the %zu templates of provider %.40s says this text",
                   c->n_templates, c->name);
}

int vendor_fits(const struct provider_conf *c, const struct provider_msg *m, struct err *e)
{
    struct vendor_match match;

    return vendor_find(c, m->text, m->text_len, m->purpose, &match, e);
}
