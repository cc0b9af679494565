#include "config/raw.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static size_t n_options(void)
{
    size_t n;

    config_options(&n);
    return n;
}

static const char *kind_name(const char *kind)
{
    size_t n;
    const struct config_kind *kinds = config_kinds(&n);

    for (size_t i = 0; i < n; i++)
        if (strcmp(kinds[i].name, kind) == 0)
            return kinds[i].name;
    panic("no section is called %s", kind);
}

struct raw *raw_new(void)
{
    struct raw *r = xcalloc(1, sizeof(*r));

    raw_section(r, "", NULL, "");
    return r;
}

static void value_free(struct raw_value *v)
{
    for (size_t i = 0; i < v->n; i++) {
        explicit_bzero(v->items[i], strlen(v->items[i]));
        free(v->items[i]);
    }
    free(v->items);
    free(v->where);
    *v = (struct raw_value){.items = NULL, .n = 0, .where = NULL};
}

void raw_free(struct raw *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->n; i++) {
        struct raw_section *s = &r->sections[i];

        for (size_t o = 0; o < n_options(); o++)
            value_free(&s->values[o]);
        free(s->values);
        free(s->title);
        free(s->where);
    }
    free(r->sections);
    free(r);
}

struct raw_section *raw_find(const struct raw *r, const char *kind, const char *title)
{
    for (size_t i = 0; i < r->n; i++) {
        struct raw_section *s = &r->sections[i];

        if (strcmp(s->kind, kind) == 0 && (title == NULL || strcmp(s->title, title) == 0))
            return s;
    }
    return NULL;
}

size_t raw_count(const struct raw *r, const char *kind)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n; i++)
        n += strcmp(r->sections[i].kind, kind) == 0;
    return n;
}

struct raw_section *raw_section(struct raw *r, const char *kind, const char *title, const char *where)
{
    struct raw_section *s = raw_find(r, kind, title);

    if (s != NULL)
        return s;
    r->sections = xrealloc(r->sections, (r->n + 1) * sizeof(*r->sections));
    s = &r->sections[r->n++];
    *s = (struct raw_section){.kind = kind_name(kind),
                              .title = title != NULL ? xstrdup(title) : NULL,
                              .where = xstrdup(where),
                              .values = xcalloc(n_options(), sizeof(*s->values))};
    return s;
}

void raw_clear(struct raw_section *s, size_t option, const char *where)
{
    value_free(&s->values[option]);
    s->values[option].where = xstrdup(where);
}

void raw_append(struct raw_section *s, size_t option, const char *value, const char *where)
{
    struct raw_value *v = &s->values[option];

    if (v->where == NULL)
        v->where = xstrdup(where);
    v->items = xrealloc(v->items, (v->n + 1) * sizeof(*v->items));
    v->items[v->n++] = xstrdup(value);
}

void raw_put(struct raw_section *s, size_t option, const char *value, const char *where)
{
    raw_clear(s, option, where);
    raw_append(s, option, value, where);
}
