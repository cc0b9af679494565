#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/raw.h"

struct config *config_load(const char *path, const char *const *sets, const char *dev_dir, struct err *e)
{
    const char *name = path != NULL ? path : "--dev";
    struct raw *raw = raw_new();
    struct config *c;
    int rc;

    rc = path != NULL ? load_file(raw, path, e) : 0;
    if (rc == 0 && dev_dir != NULL)
        load_dev(raw, dev_dir);
    for (size_t i = 0; rc == 0 && sets != NULL && sets[i] != NULL; i++)
        rc = load_set(raw, sets[i], e);
    if (rc != 0) {
        raw_free(raw);
        return NULL;
    }
    c = load_build(raw, name, e);
    if (c != NULL)
        c->dev = dev_dir != NULL;
    return c;
}

static void free_option(const struct config_option *o, void *base)
{
    void *at = (char *)base + o->offset;

    switch (o->type) {
    case CONFIG_STRING:
        free(*(char **)at);
        return;
    case CONFIG_LIST:
        for (char **item = *(char ***)at; item != NULL && *item != NULL; item++)
            free(*item);
        free(*(char ***)at);
        return;
    case CONFIG_INT:
    case CONFIG_FLOAT:
    case CONFIG_BOOL:
        return;
    }
}

static void free_section(const char *kind, void *base)
{
    size_t n;
    const struct config_option *o = config_options(&n);

    for (size_t i = 0; i < n; i++)
        if (strcmp(o[i].section, kind) == 0)
            free_option(&o[i], base);
}

void config_free(struct config *c)
{
    size_t n;
    const struct config_kind *kinds = config_kinds(&n);

    if (c == NULL)
        return;
    for (size_t i = 0; i < c->n_communities; i++) {
        free_section("community", &c->communities[i]);
        free(c->communities[i].name);
    }
    for (size_t i = 0; i < c->n_providers; i++) {
        struct config_provider *p = &c->providers[i];

        free_section("provider", p);
        free(p->name);
        secret_fini(&p->secret);
        secret_fini(&p->hook_secret);
        secret_fini(&p->hook_secret_old);
        secret_fini(&p->hook_token);
        secret_fini(&p->hook_key);
        for (size_t k = 0; k < p->n_settings; k++) {
            free(p->settings[k].key);
            secret_fini(&p->settings[k].value);
        }
        free(p->settings);
    }
    for (size_t i = 0; i < c->n_templates; i++) {
        free_section("vendor_template", &c->templates[i]);
        free(c->templates[i].name);
    }
    for (size_t i = 0; i < n; i++)
        if (!kinds[i].titled)
            free_section(kinds[i].name, c);
    free(c->communities);
    free(c->providers);
    free(c->templates);
    free(c->path);
    raw_free(c->raw);
    free(c);
}

const struct config_community *config_community(const struct config *c, const char *name)
{
    if (name == NULL)
        return c->n_communities == 1 ? &c->communities[0] : NULL;
    for (size_t i = 0; i < c->n_communities; i++)
        if (strcmp(c->communities[i].name, name) == 0)
            return &c->communities[i];
    return NULL;
}
