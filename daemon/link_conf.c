/* From the configuration to what a driver sees of its account. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/link_int.h"
#include "net/addr.h"
#include "provider/spec.h"
#include "provider/vendor.h"

static int unknown_driver(const char *name, struct err *e)
{
    struct buf names = BUF_INIT(200);

    for (size_t i = 0; provider_driver_at(i) != NULL; i++)
        buf_fmt(&names, "%s%s", i > 0 ? ", " : "", provider_driver_at(i)->name);
    err_set(e, "bad-driver", "driver", "no driver is called \"%s\"; allowed: %s", name, buf_cstr(&names));
    buf_fini(&names);
    return -1;
}

static const char *or_empty(const char *s)
{
    return s != NULL ? s : "";
}

static int take_templates(struct link_conf *lc, const struct config *config, const struct config_provider *c,
                          struct err *e)
{
    size_t n = config != NULL ? config->n_templates : 0;

    lc->templates = xcalloc(n + 1, sizeof(*lc->templates));
    for (size_t i = 0; i < n; i++) {
        const struct config_vendor_template *t = &config->templates[i];
        struct vendor_template *to = &lc->templates[lc->n_templates];
        struct err why = {{0}, {0}, {0}};

        if (strcmp(t->provider, c->name) != 0)
            continue;
        lc->n_templates++;
        if (vendor_template_init(to, t->name, t->id, t->text, t->limits, &why) != 0)
            return err_set(e, why.code, NULL, "%s: vendor_template \"%s\": %s",
                           config_template_where(t, why.field), t->name, why.msg);
        to->approved = t->approved;
        to->promotion = t->promotion;
    }
    lc->conf.templates = lc->templates;
    lc->conf.n_templates = lc->n_templates;
    return 0;
}

static int check_hook_from(const struct config_provider *c, struct err *e)
{
    for (size_t i = 0; c->hook_from != NULL && c->hook_from[i] != NULL; i++)
        if (!addr_is_network(c->hook_from[i]))
            return err_set(e, "bad-option", "hook_from",
                           "\"%.60s\" is no address or network such as 203.0.113.0/24", c->hook_from[i]);
    return 0;
}

static void take_settings(struct link_conf *lc, const struct config_provider *c)
{
    lc->settings = xcalloc(c->n_settings + 1, sizeof(*lc->settings));
    for (size_t i = 0; i < c->n_settings; i++)
        lc->settings[i] =
            (struct provider_setting){.key = c->settings[i].key, .value = &c->settings[i].value};
    lc->conf.settings = lc->settings;
    lc->conf.n_settings = c->n_settings;
}

static void take_options(struct link_conf *lc, const struct config_provider *c)
{
    const char *url = or_empty(c->url);

    lc->conf =
        (struct provider_conf){.name = c->name,
                               .driver = c->driver,
                               .channel = c->channel,
                               .community = c->community,
                               .url = url[0] == '\0' && lc->driver->url != NULL ? lc->driver->url : url,
                               .account = or_empty(c->account),
                               .app = or_empty(c->app),
                               .sender = or_empty(c->sender),
                               .region = or_empty(c->region),
                               .variant = or_empty(c->variant),
                               .secret = &c->secret,
                               .hook_token = &c->hook_token,
                               .hook_key = &c->hook_key,
                               .public_url = or_empty(c->public_url),
                               .hook_secret = &c->hook_secret,
                               .batch = (size_t)c->batch,
                               .sign = c->sign};
    take_settings(lc, c);
}

/* Driver http: the description, and where the API is if the account does not say. */
static int take_spec(struct link_conf *lc, const struct config *config, const struct config_provider *c,
                     struct err *e)
{
    const char *name = or_empty(c->spec);

    if (name[0] == '\0')
        return 0;
    if (strcmp(lc->driver->name, "http") != 0)
        return err_set(e, "bad-option", "spec", "driver %s knows no descriptions; allowed: driver = \"http\"",
                       lc->driver->name);
    lc->spec = link_spec_load(config != NULL ? config->provider_dir : NULL, name, e);
    if (lc->spec == NULL)
        return -1;
    lc->conf.spec = lc->spec;
    if (lc->conf.url[0] == '\0')
        lc->conf.url = spec_base(lc->spec);
    return 0;
}

static int take(struct link_conf *lc, const struct config *config, const struct config_provider *c,
                struct err *e)
{
    lc->driver = provider_driver(c->driver);
    if (lc->driver == NULL)
        return unknown_driver(c->driver, e);
    take_options(lc, c);
    if (check_hook_from(c, e) != 0 || take_templates(lc, config, c, e) != 0 ||
        take_spec(lc, config, c, e) != 0)
        return -1;
    if (strcmp(lc->driver->name, "http") == 0 && lc->spec == NULL)
        return lc->driver->check(&lc->conf, e); /* says that it needs one */
    if (lc->driver->needs_url && http_check_url(lc->conf.url, c->allow_private, &lc->reach, e) != 0)
        return -1;
    return lc->driver->check != NULL ? lc->driver->check(&lc->conf, e) : 0;
}

int link_conf_init(struct link_conf *lc, const struct config *config, const struct config_provider *c,
                   struct err *e)
{
    struct err why = {{0}, {0}, {0}};
    const char *where;

    *lc = (struct link_conf){.reach = HTTP_REACH_PUBLIC};
    if (take(lc, config, c, &why) == 0)
        return 0;
    link_conf_fini(lc);
    where = config_provider_where(c, why.field[0] != '\0' ? why.field : "url");
    return err_set(e, why.code, why.field, "%s%sprovider \"%s\": %s", where, where[0] != '\0' ? ": " : "",
                   c->name, why.msg);
}

void link_conf_fini(struct link_conf *lc)
{
    for (size_t i = 0; i < lc->n_templates; i++)
        vendor_template_fini(&lc->templates[i]);
    free(lc->templates);
    free(lc->settings);
    spec_free(lc->spec);
    *lc = (struct link_conf){.driver = NULL};
}
