/* From raw sections to struct config: defaults, references between sections, secrets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "config/raw.h"

static char **copy_list(const struct raw_value *v)
{
    char **list = xcalloc(v->n + 1, sizeof(*list));

    for (size_t i = 0; i < v->n; i++)
        list[i] = xstrdup(v->items[i]);
    return list;
}

/* Store one option's value at its place in ${base}. What does not parse here was let through by option_check: our bug. */
static void store(const struct config_option *o, const struct raw_value *v, void *base)
{
    const char *text = v->where != NULL && v->n > 0 ? v->items[0] : o->def;
    void *at = (char *)base + o->offset;
    int64_t whole = 0;
    double number = 0;

    switch (o->type) {
    case CONFIG_STRING:
        *(char **)at = xstrdup(text);
        return;
    case CONFIG_LIST:
        *(char ***)at = copy_list(v);
        return;
    case CONFIG_BOOL:
        *(bool *)at = option_bool(text) == 1;
        return;
    case CONFIG_INT:
        if (num_i64(text, (int64_t)o->min, (int64_t)o->max, &whole) != 0)
            panic("option %s cannot be \"%s\"", o->name, text);
        *(int64_t *)at = whole;
        return;
    case CONFIG_FLOAT:
        if (num_double(text, o->min, o->max, &number) != 0)
            panic("option %s cannot be \"%s\"", o->name, text);
        *(double *)at = number;
        return;
    }
}

static void store_section(const char *kind, const struct raw_section *s, void *base)
{
    static const struct raw_value unset = {.items = NULL, .n = 0, .where = NULL};
    size_t n;
    const struct config_option *o = config_options(&n);

    for (size_t i = 0; i < n; i++)
        if (strcmp(o[i].section, kind) == 0)
            store(&o[i], s != NULL ? &s->values[i] : &unset, base);
}

static const char *origin(const struct raw_section *s, const char *option)
{
    int i = option_index(s->kind, option);

    return i >= 0 && s->values[i].where != NULL ? s->values[i].where : s->where;
}

const char *config_template_where(const struct config_vendor_template *t, const char *option)
{
    return t->origin != NULL ? origin(t->origin, option) : "";
}

const char *config_provider_where(const struct config_provider *p, const char *option)
{
    return p->origin != NULL ? origin(p->origin, option) : "";
}

static void or_else(char **text, const char *otherwise)
{
    if ((*text)[0] != '\0')
        return;
    free(*text);
    *text = xstrdup(otherwise);
}

static int build_community(const struct raw_section *s, struct config_community *c, struct err *e)
{
    store_section("community", s, c);
    c->name = xstrdup(s->title);
    or_else(&c->title, c->name);
    or_else(&c->sign, c->title);
    while (c->areas[c->n_areas] != NULL)
        c->n_areas++;
    for (size_t i = 0; i < c->n_areas; i++) {
        size_t n = strspn(c->areas[i], "0123456789");

        if (c->areas[i][n] != '\0' || n < 2 || n > 12)
            return err_set(e, "config", "community.areas",
                           "%s: area is \"%.40s\"; allowed: an area code of 2..12 digits", origin(s, "areas"),
                           c->areas[i]);
    }
    for (size_t i = 0; c->reminders[i] != NULL; i++)
        if (i >= 4)
            return err_set(e, "config", "community.reminders",
                           "%s: more than 4 reminders; allowed: at most 4", origin(s, "reminders"));
    return 0;
}

static int load_secrets(const struct raw_section *s, struct config_provider *p, struct err *e)
{
    struct {
        const char *option, *spec;
        struct secret *secret;
    } all[] = {
        {"secret",          p->secret_spec,          &p->secret         },
        {"hook_secret",     p->hook_secret_spec,     &p->hook_secret    },
        {"hook_secret_old", p->hook_secret_old_spec, &p->hook_secret_old},
        {"hook_token",      p->hook_token_spec,      &p->hook_token     },
        {"hook_key",        p->hook_key_spec,        &p->hook_key       },
    };
    struct err why;

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (secret_load(all[i].secret, all[i].spec, &why) != 0)
            return err_set(e, "config", all[i].option, "%s: %s of provider \"%s\": %s",
                           origin(s, all[i].option), all[i].option, s->title, why.msg);
    return 0;
}

static bool names_secret(const char *s)
{
    return strncmp(s, "env:", 4) == 0 || strncmp(s, "file:", 5) == 0 || strncmp(s, "credential:", 11) == 0;
}

static int build_settings(const struct raw_section *s, struct config_provider *p, struct err *e)
{
    size_t n = 0;
    struct err why;

    while (p->settings_list[n] != NULL)
        n++;
    p->settings = xcalloc(n + 1, sizeof(*p->settings));
    for (; p->n_settings < n; p->n_settings++) {
        const char *item = p->settings_list[p->n_settings], *equals = strchr(item, '=');
        struct config_setting *to = &p->settings[p->n_settings];

        if (equals == NULL || equals == item)
            return err_set(
                e, "config", "settings",
                "%s: a setting is \"%.40s\"; allowed: \"key=value\", \"key=env:NAME\" and the like",
                origin(s, "settings"), item);
        to->key = xstrndup(item, (size_t)(equals - item));
        if (!names_secret(equals + 1)) {
            to->value = (struct secret){.value = xstrdup(equals + 1), .len = strlen(equals + 1)};
        } else if (secret_load(&to->value, equals + 1, &why) != 0) {
            p->n_settings++; /* so that its key is freed */
            return err_set(e, "config", "settings", "%s: setting %.40s of provider \"%s\": %s",
                           origin(s, "settings"), to->key, s->title, why.msg);
        }
    }
    return 0;
}

static int build_provider(const struct config *c, const struct raw_section *s, struct config_provider *p,
                          struct err *e)
{
    const struct config_community *of;

    store_section("provider", s, p);
    p->name = xstrdup(s->title);
    p->origin = s;
    if (p->driver[0] == '\0')
        return err_set(e, "config", "provider.driver",
                       "%s: provider \"%s\" has no driver; allowed: driver = \"json\" or another", s->where,
                       p->name);
    if (p->community[0] == '\0' && c->n_communities > 1)
        return err_set(
            e, "config", "provider.community",
            "%s: provider \"%s\" does not say for whom; allowed: community = \"%s\" or another of the %zu",
            s->where, p->name, c->communities[0].name, c->n_communities);
    or_else(&p->community, c->communities[0].name);
    of = config_community(c, p->community);
    if (of == NULL)
        return err_set(e, "config", "provider.community",
                       "%s: no community is called \"%.40s\"; allowed: one that has a section",
                       origin(s, "community"), p->community);
    or_else(&p->sign, of->sign);
    if (load_secrets(s, p, e) != 0)
        return -1;
    return build_settings(s, p, e);
}

static int build_communities(const struct raw *r, struct config *c, const char *path, struct err *e)
{
    size_t n = raw_count(r, "community");

    if (n == 0)
        return err_set(e, "config", "community",
                       "%s: no community; allowed: at least one section community \"name\" { }", path);
    c->communities = xcalloc(n, sizeof(*c->communities));
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->sections[i].kind, "community") == 0 &&
            build_community(&r->sections[i], &c->communities[c->n_communities++], e) != 0)
            return -1;
    return 0;
}

static int build_providers(const struct raw *r, struct config *c, struct err *e)
{
    c->providers = xcalloc(raw_count(r, "provider") + 1, sizeof(*c->providers));
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->sections[i].kind, "provider") == 0 &&
            build_provider(c, &r->sections[i], &c->providers[c->n_providers++], e) != 0)
            return -1;
    return 0;
}

static bool has_provider(const struct config *c, const char *name)
{
    for (size_t i = 0; i < c->n_providers; i++)
        if (strcmp(c->providers[i].name, name) == 0)
            return true;
    return false;
}

static int build_template(const struct config *c, const struct raw_section *s,
                          struct config_vendor_template *t, struct err *e)
{
    store_section("vendor_template", s, t);
    t->name = xstrdup(s->title);
    t->origin = s;
    if (!has_provider(c, t->provider))
        return err_set(e, "config", "vendor_template.provider",
                       "%s: no provider is called \"%.40s\"; allowed: one that has a section",
                       origin(s, "provider"), t->provider);
    if (t->id[0] == '\0' || t->text[0] == '\0')
        return err_set(e, "config", "vendor_template.id",
                       "%s: template \"%s\" has no %s; allowed: id = \"...\" and text = \"...\"", s->where,
                       t->name, t->id[0] == '\0' ? "id" : "text");
    return 0;
}

static int build_templates(const struct raw *r, struct config *c, struct err *e)
{
    c->templates = xcalloc(raw_count(r, "vendor_template") + 1, sizeof(*c->templates));
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->sections[i].kind, "vendor_template") == 0 &&
            build_template(c, &r->sections[i], &c->templates[c->n_templates++], e) != 0)
            return -1;
    return 0;
}

/* Contract 5: the option, else what systemd made for us, else the user's own place, else the system's. */
static void resolve_state_dir(struct config *c)
{
    const char *systemd = getenv("STATE_DIRECTORY"), *xdg = getenv("XDG_STATE_HOME");

    if (c->state_dir[0] != '\0')
        return;
    free(c->state_dir);
    if (systemd != NULL && systemd[0] == '/')
        c->state_dir = xstrndup(systemd, strcspn(systemd, ":")); /* several are separated by colons */
    else if (xdg != NULL && xdg[0] == '/') /* relative ones are invalid by the XDG rules */
        c->state_dir = xasprintf("%s/crier", xdg);
    else
        c->state_dir = xstrdup("/var/lib/crier");
}

struct config *load_build(struct raw *r, const char *path, struct err *e)
{
    struct config *c = xcalloc(1, sizeof(*c));
    size_t n;
    const struct config_kind *kinds = config_kinds(&n);

    c->path = xstrdup(path);
    c->raw = r;
    for (size_t i = 0; i < n; i++)
        if (!kinds[i].titled)
            store_section(kinds[i].name, raw_find(r, kinds[i].name, NULL), c);
    resolve_state_dir(c);
    if (build_communities(r, c, path, e) == 0 && build_providers(r, c, e) == 0 &&
        build_templates(r, c, e) == 0)
        return c;
    config_free(c);
    return NULL;
}
