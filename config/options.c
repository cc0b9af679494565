/* THE option table: what the operator may say. Man page, example file and defaults are compared with it by a lint. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/hours.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/span.h"
#include "config/raw.h"

bool option_is_name(const char *s)
{
    size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    return n > 0 && n <= 32 && s[n] == '\0';
}

static bool is_prefix(const char *s)
{
    size_t n = strlen(s);

    return n > 0 && n <= 64 && s[strcspn(s, "{} \t")] == '\0';
}

static bool starts(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0 && s[strlen(with)] != '\0';
}

/* As notices name them (contract: channels). */
static bool is_channel(const char *s)
{
    static const char *const known[] = {"sms", "wechat", "wecom", "loudspeaker"};

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (strcmp(known[i], s) == 0)
            return true;
    return false;
}

static bool is_redis_url(const char *s)
{
    return strcmp(s, "embedded") == 0 || starts(s, "unix:///") || starts(s, "redis://") ||
           starts(s, "sentinel://");
}

static bool is_admin(const char *s)
{
    return s[0] == '\0' || starts(s, "unix:///");
}

static bool is_http(const char *s)
{
    const char *colon = strrchr(s, ':'), *from;
    unsigned char address[16];
    char host[48];
    int64_t port;
    size_t n;

    if (s[0] == '\0')
        return true;
    if (colon == NULL || colon == s || num_i64(colon + 1, 0, 65535, &port) != 0)
        return false;
    /* an IPv6 address needs its brackets, or its last group would be read as the port; a name might be several addresses, or none */
    n = (size_t)(colon - s);
    if (s[0] == '[' && (n < 2 || colon[-1] != ']'))
        return false;
    from = s[0] == '[' ? s + 1 : s;
    n = s[0] == '[' ? n - 2 : n;
    if (n >= sizeof(host))
        return false;
    memcpy(host, from, n);
    host[n] = '\0';
    return inet_pton(s[0] == '[' ? AF_INET6 : AF_INET, host, address) == 1;
}

static bool is_url(const char *s)
{
    return starts(s, "http://") || starts(s, "https://") || strncmp(s, "sandbox:", 8) == 0;
}

static bool is_web(const char *s)
{
    return (starts(s, "http://") || starts(s, "https://")) && s[strlen(s) - 1] != '/' &&
           strpbrk(s, "?# ") == NULL;
}

static bool is_secret(const char *s)
{
    return s[0] == '\0' || starts(s, "file:") || starts(s, "credential:") || starts(s, "env:");
}

static bool is_level(const char *s)
{
    return log_level_parse(s) >= 0;
}

static bool is_path(const char *s)
{
    return s[0] == '/' || s[0] == '\0';
}

#define SECRET_FORM "file:PATH, credential:NAME or env:NAME (never the secret itself)"
#define MAX_MS      86400000.0

#define AT(kind, member) .offset = offsetof(struct kind, member)
#define STR(d)           .type = CONFIG_STRING, .def = (d)
#define INT(d, lo, hi)   .type = CONFIG_INT, .def = (d), .min = (lo), .max = (hi)
#define NUM(d, lo, hi)   .type = CONFIG_FLOAT, .def = (d), .min = (lo), .max = (hi)
#define BOOL(d)          .type = CONFIG_BOOL, .def = (d)
#define LIST             .type = CONFIG_LIST, .def = ""
#define FORM(f, text)    .ok = (f), .allowed = (text)
#define LIVE             .reloadable = true

/* clang-format off */
static const struct config_option options[] = {
    {"", "state_dir", STR(""), FORM(is_path, "an absolute path"), AT(config, state_dir),
     .help = "where the daemon keeps its state; without it $STATE_DIRECTORY, $XDG_STATE_HOME/crier, /var/lib/crier"},
    {"", "template_dir", STR("/etc/crier/templates"), FORM(is_path, "an absolute path"), AT(config, template_dir), LIVE,
     .help = "message templates that jobs name with \"template\""},
    {"", "provider_dir", STR("/etc/crier/providers.d"), FORM(is_path, "an absolute path"), AT(config, provider_dir), LIVE,
     .help = "descriptions of HTTP APIs that providers name with \"spec\""},
    {"", "console_dir", STR(""), FORM(is_path, "an absolute path"), AT(config, console_dir),
     .help = "serve the web console from this directory instead of the one built in"},

    {"community", "name", STR(""), AT(config_community, title), LIVE,
     .help = "the name that residents know; without it the section's title"},
    {"community", "areas", LIST, AT(config_community, areas), LIVE,
     .help = "codes of the administrative areas it lies in, \"460106\""},
    {"community", "timezone", STR("Asia/Shanghai"), FORM(clock_tz_check, "a zone of the time zone database such as Asia/Shanghai"),
     AT(config_community, timezone), LIVE, .help = "the time that residents live by"},
    {"community", "sign", STR(""), AT(config_community, sign), LIVE,
     .help = "the signature providers put before each message; without it the name"},
    {"community", "words_join", LIST, AT(config_community, words_join), LIVE,
     .help = "further words that mean: register me"},
    {"community", "words_leave", LIST, AT(config_community, words_leave), LIVE,
     .help = "further words that mean: withdraw me"},
    {"community", "words_query", LIST, AT(config_community, words_query), LIVE,
     .help = "further words that mean: what am I registered for"},
    {"community", "words_help", LIST, AT(config_community, words_help), LIVE,
     .help = "further words that mean: how does this work"},
    {"community", "words_stop", LIST, AT(config_community, words_stop), LIVE,
     .help = "further words that, as the whole message, mean: send me nothing more"},
    {"community", "words_start", LIST, AT(config_community, words_start), LIVE,
     .help = "further words that mean: send to me again"},
    {"community", "reminders", LIST, FORM(span_valid, "a list of at most 4 lengths of time, {\"24h\", \"2h\"}"), AT(config_community, reminders), LIVE,
     .help = "how long before its start those who hold a seat in an activity are reminded"},

    {"redis", "url", STR("embedded"), FORM(is_redis_url, "embedded, unix:///PATH[?db=N], redis://[USER:PASSWORD@]HOST:PORT[/DB] or sentinel://NAME@HOST:PORT,HOST:PORT"),
     AT(config, redis.url), .help = "the Redis that holds the queue; embedded: a private redis-server in the state directory"},
    {"redis", "prefix", STR("crier:"), FORM(is_prefix, "1..64 characters without braces and blanks"), AT(config, redis.prefix),
     .help = "what all keys begin with; the community's name in braces follows"},
    {"redis", "accept_eviction", BOOL("no"), AT(config, redis.accept_eviction),
     .help = "run although Redis may throw keys away when its memory is full"},
    {"redis", "timeout_ms", INT("3000", 50, 600000), AT(config, redis.timeout_ms),
     .help = "how long an answer of Redis may take before the connection is given up"},

    {"listen", "admin", STR("unix:///run/crier/admin.sock"), FORM(is_admin, "unix:///PATH, or nothing"), AT(config, listen.admin),
     .help = "the socket that the crier command uses; owner and group of the daemon may connect"},
    {"listen", "http", STR(""), FORM(is_http, "ADDRESS:PORT like 127.0.0.1:8025 or [::1]:8025 (an address, no name), or nothing"), AT(config, listen.http),
     .help = "TCP address for the API with tokens, the console and the providers' callbacks; port 0: any"},
    {"listen", "ready_file", STR(""), FORM(is_path, "an absolute path"), AT(config, listen.ready_file),
     .help = "the TCP port is written to this file when the daemon listens"},

    {"delivery", "lease_ms", INT("90000", 500, MAX_MS), AT(config, delivery.lease_ms),
     .help = "how long a silent daemon keeps the slices it took; at least three times the longest send"},
    {"delivery", "drain_ms", INT("35000", 0, MAX_MS), AT(config, delivery.drain_ms),
     .help = "how long requests under way may take when the daemon stops"},
    {"delivery", "timeout_ms", INT("0", 0, 600000), AT(config, delivery.timeout_ms),
     .help = "how long one request to a provider may take; 0: 15 to 30 seconds by lane"},
    {"delivery", "sweep_ms", INT("5000", 50, 600000), AT(config, delivery.sweep_ms),
     .help = "how often the queue is looked through for what was left behind"},
    {"delivery", "retry_base_ms", INT("0", 0, MAX_MS), AT(config, delivery.retry_base_ms),
     .help = "first delay before a failed message is tried again; 0: by lane"},
    {"delivery", "slots_reserved_percent", INT("20", 0, 90), AT(config, delivery.slots_reserved_percent),
     .help = "share of each window that lanes emergency and urgent have to themselves"},

    {"log", "level", STR("info"), FORM(is_level, "error, warn, info or debug"), AT(config, log.level), LIVE,
     .help = "the least important line that is written"},

    {"provider", "driver", STR(""), AT(config_provider, driver), .help = "the API it speaks: json, sandbox, ..."},
    {"provider", "channel", STR("sms"), FORM(is_channel, "sms, wechat, wecom or loudspeaker"), AT(config_provider, channel),
     .help = "the way its messages take to people: sms, wechat, wecom or loudspeaker"},
    {"provider", "community", STR(""), AT(config_provider, community),
     .help = "the community it serves; implied when there is only one"},
    {"provider", "url", STR(""), FORM(is_url, "http://..., https://... or sandbox:"), AT(config_provider, url), LIVE,
     .help = "where its API is"},
    {"provider", "window", INT("16", 1, 4096), AT(config_provider, window), LIVE, .help = "most requests in flight"},
    {"provider", "rate", NUM("0", 0, 100000), AT(config_provider, rate), LIVE,
     .help = "most message parts a second, paced evenly; 0: no limit"},
    {"provider", "batch", INT("1", 1, 1000), AT(config_provider, batch),
     .help = "recipients in one request, where the API can"},
    {"provider", "priority", INT("100", 0, 1000), AT(config_provider, priority), LIVE,
     .help = "of several providers of one channel the lowest is used first"},
    {"provider", "secret", STR(""), FORM(is_secret, SECRET_FORM), AT(config_provider, secret_spec), LIVE, .secret = true,
     .help = "the key of the account"},
    {"provider", "hook_secret", STR(""), FORM(is_secret, SECRET_FORM), AT(config_provider, hook_secret_spec), LIVE, .secret = true,
     .help = "the part of the callback's path that only the provider knows; without it there are no callbacks"},
    {"provider", "hook_secret_old", STR(""), FORM(is_secret, SECRET_FORM), AT(config_provider, hook_secret_old_spec), LIVE, .secret = true,
     .help = "a second one that is still good while the first is being replaced"},
    {"provider", "allow_private", BOOL("no"), AT(config_provider, allow_private), LIVE,
     .help = "the name in url may lead to a private address"},
    {"provider", "sign", STR(""), AT(config_provider, sign), LIVE, .help = "the signature; without it the community's"},
    {"provider", "promotion_hours", STR(""), FORM(hours_check, "HH:MM-HH:MM"), AT(config_provider, promotion_hours), LIVE,
     .help = "promotions go out in these hours only, \"08:00-20:00\", and wait for them; none: at any time"},
    {"provider", "promotion_footer", STR(""), AT(config_provider, promotion_footer), LIVE,
     .help = "what promotions end with here, 拒收请回复R; added where the text does not have it"},
    {"provider", "price", NUM("0", 0, 100), AT(config_provider, price), LIVE,
     .help = "yuan for one part within the mainland, for the costs that a dry run tells; 0: not known"},
    {"provider", "account", STR(""), AT(config_provider, account), LIVE,
     .help = "who we are there: AccessKey id, SecretId, Account SID, AppID, CorpID"},
    {"provider", "app", STR(""), AT(config_provider, app), LIVE,
     .help = "the application there: SdkAppId, AgentId"},
    {"provider", "sender", STR(""), AT(config_provider, sender), LIVE,
     .help = "whom messages come from: a number, a messaging service, an extension code"},
    {"provider", "region", STR(""), AT(config_provider, region), LIVE, .help = "the region of its API, where it has several"},
    {"provider", "variant", STR(""), AT(config_provider, variant), LIVE,
     .help = "which of several ways of the API to use; see the driver"},
    {"provider", "public_url", STR(""), FORM(is_web, "https://HOST[/PATH] or http://..., without a slash at the end"),
     AT(config_provider, public_url), LIVE, .help = "how the provider reaches this daemon; signatures of callbacks cover it"},
    {"provider", "hook_token", STR(""), FORM(is_secret, SECRET_FORM), AT(config_provider, hook_token_spec), LIVE, .secret = true,
     .help = "what the provider signs callbacks with, where that is a secret of its own"},
    {"provider", "hook_key", STR(""), FORM(is_secret, SECRET_FORM), AT(config_provider, hook_key_spec), LIVE, .secret = true,
     .help = "what the provider encrypts callbacks with"},
    {"provider", "hook_from", LIST, AT(config_provider, hook_from), LIVE,
     .help = "addresses and networks that its callbacks may come from, \"203.0.113.0/24\"; none: any"},
    {"provider", "spec", STR(""), FORM(option_is_name, "a name of letters, digits, - and _"), AT(config_provider, spec), LIVE,
     .help = "driver http: the description of the API, PROVIDER_DIR/NAME.conf"},
    {"provider", "settings", LIST, AT(config_provider, settings_list), LIVE, .secret = true,
     .help = "driver http: what the description asks for, \"key=value\" or \"key=env:NAME\""},

    {"vendor_template", "provider", STR(""), AT(config_vendor_template, provider), LIVE, .help = "the provider that approved it"},
    {"vendor_template", "id", STR(""), AT(config_vendor_template, id), LIVE, .help = "its id there"},
    {"vendor_template", "text", STR(""), AT(config_vendor_template, text), LIVE,
     .help = "the approved wording, {{name}} for its variables"},
    {"vendor_template", "limits", LIST, AT(config_vendor_template, limits), LIVE,
     .help = "most characters of variables, \"name 20\""},
    {"vendor_template", "approved", BOOL("yes"), AT(config_vendor_template, approved), LIVE,
     .help = "no while the vendor has not decided: it is not used then"},
    {"vendor_template", "promotion", BOOL("no"), AT(config_vendor_template, promotion), LIVE,
     .help = "approved for promotions, which need a template of their own"},
};

static const struct config_kind kinds[] = {
    {"", false}, {"community", true}, {"redis", false}, {"listen", false},
    {"delivery", false}, {"log", false}, {"provider", true}, {"vendor_template", true},
};
/* clang-format on */

const struct config_option *config_options(size_t *n)
{
    *n = ARRAY_LEN(options);
    return options;
}

const struct config_kind *config_kinds(size_t *n)
{
    *n = ARRAY_LEN(kinds);
    return kinds;
}

int option_index(const char *kind, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (strcmp(options[i].section, kind) == 0 && strcmp(options[i].name, name) == 0)
            return (int)i;
    return -1;
}

void option_names(const char *kind, char *out, size_t n)
{
    struct buf b = BUF_INIT(n - 1);

    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (strcmp(options[i].section, kind) == 0)
            buf_fmt(&b, "%s%s", b.len == 0 ? "" : ", ", options[i].name);
    if (kind[0] == '\0')
        for (size_t i = 1; i < ARRAY_LEN(kinds); i++)
            buf_fmt(&b, ", %s", kinds[i].name);
    memcpy(out, buf_cstr(&b), b.len + 1);
    buf_fini(&b);
}

int option_bool(const char *value)
{
    static const struct {
        const char *word;
        int is;
    } words[] = {
        {"yes",   1},
        {"true",  1},
        {"on",    1},
        {"no",    0},
        {"false", 0},
        {"off",   0}
    };

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcasecmp(words[i].word, value) == 0)
            return words[i].is;
    return -1;
}

static bool is_text(const char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            return false;
    return true;
}

static bool is_possible(const struct config_option *o, const char *value)
{
    int64_t whole;
    double number;

    switch (o->type) {
    case CONFIG_INT:
        return num_i64(value, (int64_t)o->min, (int64_t)o->max, &whole) == 0;
    case CONFIG_FLOAT:
        return num_double(value, o->min, o->max, &number) == 0;
    case CONFIG_BOOL:
        return option_bool(value) >= 0;
    case CONFIG_STRING:
        /* nothing written means the same as the option left out */
        return is_text(value) && (o->ok == NULL || (value[0] == '\0' && o->def[0] == '\0') || o->ok(value));
    case CONFIG_LIST:
        return value[0] != '\0' && is_text(value) && (o->ok == NULL || o->ok(value));
    }
    return false;
}

static void what_is_allowed(const struct config_option *o, char *out, size_t n)
{
    int len = 0;

    switch (o->type) {
    case CONFIG_INT:
        len = snprintf(out, n, "a whole number %.0f..%.0f", o->min, o->max);
        break;
    case CONFIG_FLOAT:
        len = snprintf(out, n, "a number %.0f..%.0f", o->min, o->max);
        break;
    case CONFIG_BOOL:
        len = snprintf(out, n, "yes or no");
        break;
    case CONFIG_STRING:
        len = snprintf(out, n, "%s", o->allowed != NULL ? o->allowed : "text without control characters");
        break;
    case CONFIG_LIST:
        len = o->allowed != NULL ? snprintf(out, n, "%s", o->allowed)
                                 : snprintf(out, n, "a list of texts in braces, {\"a\", \"b\"}");
        break;
    }
    if (len < 0 || (size_t)len >= n)
        panic("the words for option %s do not fit", o->name);
}

int option_check(const struct config_option *o, const char *value, const char *where, struct err *e)
{
    char allowed[200], field[64];

    if (is_possible(o, value))
        return 0;
    what_is_allowed(o, allowed, sizeof(allowed));
    if (snprintf(field, sizeof(field), "%s%s%s", o->section, o->section[0] != '\0' ? "." : "", o->name) < 0)
        field[0] = '\0';
    if (o->secret) /* not repeated: it may be the secret itself */
        return err_set(e, "config", field, "%s: %s is none of the forms; allowed: %s", where, field, allowed);
    return err_set(e, "config", field, "%s: %s is \"%.80s\"; allowed: %s", where, field, value, allowed);
}
