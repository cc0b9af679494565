/* The effective configuration as text, and what may change while running: both walk the option table. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "config/raw.h"

enum { LINE_MAX_BYTES = 64 * 1024 };

/* A text in quotes, as libconfuse reads it back. */
static void quote(struct buf *b, const char *text)
{
    buf_chr(b, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\' || (*text == '$' && text[1] == '{'))
            buf_chr(b, '\\');
        buf_chr(b, *text);
    }
    buf_chr(b, '"');
}

char *config_mask_url(const char *url)
{
    const char *host = strstr(url, "://"), *at, *query;
    struct buf b = BUF_INIT(LINE_MAX_BYTES);
    size_t n;

    if (host == NULL)
        return xstrdup(url);
    host += 3;
    n = strcspn(host, "/?#");
    at = memrchr(host, '@', n);
    buf_add(&b, url, (size_t)(host - url));
    if (at != NULL) {
        buf_str(&b, "***@");
        host = at + 1;
    }
    query = strncmp(url, "http", 4) == 0 ? strchr(host, '?') : NULL;
    if (query == NULL)
        buf_str(&b, host);
    else {
        buf_add(&b, host, (size_t)(query - host));
        buf_str(&b, "?***");
    }
    return buf_take(&b);
}

/* "key=value": what is not the name of a secret may be one. */
static char *mask_setting(const char *item)
{
    const char *value = strchr(item, '=');

    if (value == NULL || strncmp(value, "=env:", 5) == 0 || strncmp(value, "=file:", 6) == 0 ||
        strncmp(value, "=credential:", 12) == 0)
        return xstrdup(item);
    return xasprintf("%.*s=***", (int)(value - item), item);
}

static void value(struct buf *b, const struct config_option *o, const void *base, bool mask)
{
    const void *at = (const char *)base + o->offset;
    char *masked;

    switch (o->type) {
    case CONFIG_STRING:
        masked = mask && strcmp(o->name, "url") == 0 ? config_mask_url(*(char *const *)at)
                                                     : xstrdup(*(char *const *)at);
        quote(b, masked);
        free(masked);
        return;
    case CONFIG_LIST:
        buf_chr(b, '{');
        for (char *const *item = *(char *const *const *)at; *item != NULL; item++) {
            buf_str(b, item == *(char *const *const *)at ? "" : ", ");
            masked = mask && o->secret ? mask_setting(*item) : xstrdup(*item);
            quote(b, masked);
            free(masked);
        }
        buf_chr(b, '}');
        return;
    case CONFIG_INT:
        buf_i64(b, *(const int64_t *)at);
        return;
    case CONFIG_FLOAT:
        buf_fmt(b, "%.10g", *(const double *)at);
        return;
    case CONFIG_BOOL:
        buf_str(b, *(const bool *)at ? "yes" : "no");
        return;
    }
}

struct printer {
    void (*line)(void *arg, const char *text);
    void *arg;
};

static void print_section(const struct printer *p, const char *kind, const char *title, const void *base)
{
    struct buf b = BUF_INIT(LINE_MAX_BYTES);
    size_t n;
    const struct config_option *o = config_options(&n);
    const char *indent = kind[0] != '\0' ? "    " : "";

    if (kind[0] != '\0') {
        buf_fmt(&b, title != NULL ? "%s \"%s\" {" : "%s {", kind, title);
        p->line(p->arg, buf_cstr(&b));
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(o[i].section, kind) != 0)
            continue;
        buf_reset(&b);
        buf_fmt(&b, "%s%s = ", indent, o[i].name);
        value(&b, &o[i], base, true);
        p->line(p->arg, buf_cstr(&b));
    }
    if (kind[0] != '\0')
        p->line(p->arg, "}");
    buf_fini(&b);
}

void config_print(const struct config *c, void (*line)(void *arg, const char *text), void *arg)
{
    struct printer p = {.line = line, .arg = arg};
    size_t n;
    const struct config_kind *kinds = config_kinds(&n);

    for (size_t i = 0; i < n; i++)
        if (!kinds[i].titled)
            print_section(&p, kinds[i].name, NULL, c);
    for (size_t i = 0; i < c->n_communities; i++)
        print_section(&p, "community", c->communities[i].name, &c->communities[i]);
    for (size_t i = 0; i < c->n_providers; i++)
        print_section(&p, "provider", c->providers[i].name, &c->providers[i]);
    for (size_t i = 0; i < c->n_templates; i++)
        print_section(&p, "vendor_template", c->templates[i].name, &c->templates[i]);
}

/* The first option of this section that differs although it may not, or NULL. */
static const struct config_option *first_fixed(const char *kind, const void *now, const void *next, bool dev)
{
    struct buf a = BUF_INIT(LINE_MAX_BYTES), b = BUF_INIT(LINE_MAX_BYTES);
    const struct config_option *found = NULL;
    size_t n;
    const struct config_option *o = config_options(&n);

    for (size_t i = 0; i < n && found == NULL; i++) {
        if (o[i].reloadable || strcmp(o[i].section, kind) != 0)
            continue;
        if (dev && strcmp(o[i].name, "http") == 0)
            continue; /* --dev chose a free port; its own is not free now */
        buf_reset(&a);
        buf_reset(&b);
        value(&a, &o[i], now, false);
        value(&b, &o[i], next, false);
        if (strcmp(buf_cstr(&a), buf_cstr(&b)) != 0)
            found = &o[i];
    }
    buf_fini(&a);
    buf_fini(&b);
    return found;
}

static int same(const char *kind, const char *title, const void *now, const void *next, bool dev,
                struct err *e)
{
    const struct config_option *o;

    if (now == NULL || next == NULL)
        return err_set(e, "needs-restart", kind, "%s \"%s\" is %s; that needs a restart", kind, title,
                       now == NULL ? "new" : "gone");
    o = first_fixed(kind, now, next, dev);
    if (o == NULL)
        return 0;
    return err_set(e, "needs-restart", o->name, "%s%s%s%s%s has changed; that needs a restart", kind,
                   title != NULL ? "." : "", title != NULL ? title : "", kind[0] != '\0' ? "." : "", o->name);
}

/* Who has them in a list by place must not find another one there. */
static int same_order(const struct config *now, const struct config *next, struct err *e)
{
    bool same = true;

    for (size_t i = 0; i < now->n_communities; i++)
        same = same && strcmp(now->communities[i].name, next->communities[i].name) == 0;
    for (size_t i = 0; i < now->n_providers; i++)
        same = same && strcmp(now->providers[i].name, next->providers[i].name) == 0;
    return same ? 0
                : err_set(e, "needs-restart", NULL,
                          "communities or providers stand in another order; that needs a restart");
}

static const struct config_provider *provider(const struct config *c, const char *name)
{
    for (size_t i = 0; i < c->n_providers; i++)
        if (strcmp(c->providers[i].name, name) == 0)
            return &c->providers[i];
    return NULL;
}

/* Every community and provider of ${a} must be in ${b}, unchanged where it has to be. ${turned}: a is the next one. */
static int same_titled(const struct config *a, const struct config *b, bool turned, struct err *e)
{
    for (size_t i = 0; i < a->n_communities; i++) {
        const char *name = a->communities[i].name;
        const void *x = &a->communities[i], *y = config_community(b, name);

        if (same("community", name, turned ? y : x, turned ? x : y, false, e) != 0)
            return -1;
    }
    for (size_t i = 0; i < a->n_providers; i++) {
        const char *name = a->providers[i].name;
        const void *x = &a->providers[i], *y = provider(b, name);

        if (same("provider", name, turned ? y : x, turned ? x : y, false, e) != 0)
            return -1;
    }
    return 0;
}

int config_can_reload(const struct config *now, const struct config *next, struct err *e)
{
    size_t n;
    const struct config_kind *kinds = config_kinds(&n);

    for (size_t i = 0; i < n; i++)
        if (!kinds[i].titled && same(kinds[i].name, NULL, now, next, now->dev && next->dev, e) != 0)
            return -1;
    if (same_titled(now, next, false, e) != 0)
        return -1;
    if (same_titled(next, now, true, e) != 0)
        return -1;
    return same_order(now, next, e);
}
