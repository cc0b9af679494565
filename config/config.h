/* The configuration as plain values: what the operator said, checked, with defaults filled in.
 *
 * Hides: libconfuse and the option table (options.c is THE table). A struct config is immutable once loaded; reload loads a new one and compares. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"

#define CONFIG_EXIT 78

struct config_community {
    char *name;  /* "venus": section title; [A-Za-z0-9_-]{1,32} */
    char *title; /* option `name`: "金星社区" */
    char **areas;
    size_t n_areas;
    char *timezone; /* default Asia/Shanghai */
    char *sign;     /* 签名 for counting and for providers that want it; default = title */
    char **words_join, **words_leave, **words_query, **words_help, **words_stop,
        **words_start; /* NULL terminated, in addition to the shipped ones */
    char **reminders;  /* of activities: how long before the start; NULL terminated */
};

struct raw;
struct raw_section;

/* A wording that a vendor approved, for providers that carry no free text. */
struct config_vendor_template {
    char *name; /* section title */
    char *provider;
    char *id;      /* the vendor's */
    char *text;    /* with {{name}} for its variables */
    char **limits; /* "name 20" each, NULL terminated */
    bool approved, promotion;
    const struct raw_section *origin;
};

/* "key=value" of a provider, for driver http. */
struct config_setting {
    char *key;
    struct secret value;
};

struct config_provider {
    char *name, *driver, *channel, *community; /* community: resolved, never NULL after load */
    char *url;
    int64_t window;   /* 1..4096, default 16 */
    double rate;      /* segments a second, 0 = no limit */
    int64_t batch;    /* 1..1000, default 1 */
    int64_t priority; /* lower first; default 100 */
    char *secret_spec, *hook_secret_spec, *hook_secret_old_spec, *hook_token_spec, *hook_key_spec;
    struct secret secret, hook_secret, hook_secret_old, hook_token, hook_key;
    bool allow_private;
    char *promotion_hours, *promotion_footer;
    double price; /* yuan for one part within the mainland; 0 = not known */
    char *account, *app, *sender, *region, *variant, *public_url, *spec;
    char **hook_from; /* addresses that callbacks may come from, NULL terminated; none = any */
    char **settings_list;
    struct config_setting *settings; /* of settings_list, in its order */
    size_t n_settings;
    char *sign;
    const struct raw_section *origin; /* for config_provider_where */
};

struct config {
    struct raw *raw; /* what was written where, as long as the configuration lives */
    char *path;
    struct config_community *communities;
    size_t n_communities;
    struct config_provider *providers;
    size_t n_providers;
    struct config_vendor_template *templates;
    size_t n_templates;
    struct {
        char *url;            /* "embedded" | "unix://..." | "redis://..." */
        char *prefix;         /* "crier:" */
        bool accept_eviction; /* run although maxmemory-policy may evict: for people who know */
        int64_t timeout_ms;
    } redis;
    struct {
        char *admin;      /* "unix:///run/crier/admin.sock" | "" */
        char *http;       /* "127.0.0.1:8025" | "" */
        char *ready_file; /* tests and scripts: the chosen TCP port is written here, "" = not */
    } listen;
    struct {
        int64_t lease_ms, drain_ms;
        int64_t timeout_ms; /* of a whole send; 0 = the lanes' own (15-30 s). For tests */
        int64_t sweep_ms;
        int64_t retry_base_ms;          /* scales the retry delays; 0 = the lanes' own. For tests */
        int64_t slots_reserved_percent; /* of each window, for lanes emergency and urgent */
    } delivery;
    struct {
        char *level; /* error|warn|info|debug */
    } log;
    char *state_dir; /* resolved */
    char *template_dir;
    char *provider_dir;
    char *console_dir; /* "" = the embedded console */
    bool dev;          /* loaded with --dev */
};

/* Load ${path} with ${sets} ("section.option=value" or "section.title.option=value"; NULL terminated or NULL). NULL
 * with e->msg = "file:line: what was found; what is allowed". Secrets are loaded too. ${dev_dir} not NULL: --dev
 * (everything in that directory, embedded Redis, sandbox provider, one community "dev" unless the file has some;
 * ${path} may be NULL then). The file wins over --dev, and ${sets} over both. */
struct config *config_load(const char *path, const char *const *sets, const char *dev_dir,
                           struct err *e) MUSTCHECK;
void config_free(struct config *c);
/* Where ${option} of a provider was set ("crier.conf:12"), or else where its section stands; "" when nobody knows. Borrowed. For messages of
 * those who check more than config can. */
const char *config_provider_where(const struct config_provider *p, const char *option);
const char *config_template_where(const struct config_vendor_template *t, const char *option);
/* ${url} without what opens doors: user and password, values behind the `?` of http. The caller frees. */
char *config_mask_url(const char *url);
/* The effective configuration, secrets masked, in the file's own syntax. */
void config_print(const struct config *c, void (*line)(void *arg, const char *text), void *arg);
/* May ${next} replace ${now} while running? -1 with e->msg naming the option that needs a restart. When it may, both have the same communities
 * and providers in the same order. */
int config_can_reload(const struct config *now, const struct config *next, struct err *e);
const struct config_community *config_community(const struct config *c,
                                                const char *name); /* NULL name: the only one, or NULL */

/* The option table, for lints, docs and --help: one row each. */
enum config_type { CONFIG_STRING, CONFIG_INT, CONFIG_FLOAT, CONFIG_BOOL, CONFIG_LIST };
struct config_option {
    const char *section; /* "community", "redis", ..., "" = top level */
    const char *name;
    enum config_type type;
    const char *def; /* as written in the file; "" = none */
    double min, max; /* numbers */
    bool reloadable, secret;
    const char *help;              /* one line */
    const char *allowed;           /* strings with a form: what is allowed, for messages; else NULL */
    bool (*ok)(const char *value); /* strings with a form */
    size_t offset; /* of the member: in struct config_community, struct config_provider or struct config */
};
const struct config_option *config_options(size_t *n);

#endif
