/* Evaluation: one request or callback, its names and its memory. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "provider/spec_int.h"

enum { LET_MAX = 65536 };

void spec_env_init(struct spec_env *env, const struct provider_conf *c, struct err *e)
{
    size_t n = c->spec->let.n;

    *env = (struct spec_env){.spec = c->spec, .conf = c, .nonce = "", .body = "", .e = e};
    env->let = xcalloc(n + 1, sizeof(*env->let));
    env->let_known = xcalloc(n + 1, sizeof(*env->let_known));
    for (size_t i = 0; i < n; i++)
        buf_init(&env->let[i], LET_MAX);
}

void spec_env_fini(struct spec_env *env)
{
    for (size_t i = 0; i < env->spec->let.n; i++) {
        buf_wipe(&env->let[i]);
        buf_fini(&env->let[i]);
    }
    free(env->let);
    free(env->let_known);
}

int spec_eval(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    if (node->eval(env, node, out) == 0 && !out->overflow)
        return 0;
    if (out->overflow)
        return err_set(env->e, "bad-message", "text", "a value would be larger than %zu bytes", out->ceiling);
    return -1;
}

/* ---- the account ---- */

static const struct secret *plain(const char *s, struct secret *room)
{
    union {
        const char *given;
        char *value; /* a secret is never written to */
    } as = {.given = s};

    if (s == NULL || s[0] == '\0')
        return NULL;
    *room = (struct secret){.value = as.value, .len = strlen(s)};
    return room;
}

static const struct secret *option(const struct provider_conf *c, const char *key, struct secret *room)
{
    const struct {
        const char *key;
        const char *text;
        const struct secret *secret;
    } options[] = {
        {"account",    c->account,    NULL         },
        {"app",        c->app,        NULL         },
        {"sender",     c->sender,     NULL         },
        {"region",     c->region,     NULL         },
        {"variant",    c->variant,    NULL         },
        {"public_url", c->public_url, NULL         },
        {"secret",     NULL,          c->secret    },
        {"hook_token", NULL,          c->hook_token},
        {"hook_key",   NULL,          c->hook_key  },
    };

    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (strcmp(options[i].key, key) == 0)
            return options[i].secret != NULL && options[i].secret->len > 0 ? options[i].secret
                                                                           : plain(options[i].text, room);
    return NULL;
}

const struct secret *spec_setting(const struct provider_conf *c, const char *key, struct secret *room)
{
    for (size_t i = 0; i < c->n_settings; i++)
        if (strcmp(c->settings[i].key, key) == 0)
            return c->settings[i].value->len > 0 ? c->settings[i].value : NULL;
    return option(c, key, room);
}

bool spec_hook_url(const struct provider_conf *c, const char *kind, struct buf *out)
{
    if (c->public_url == NULL || c->public_url[0] == '\0' || c->hook_secret == NULL ||
        c->hook_secret->len == 0)
        return false;
    buf_fmt(out, "%s/hooks/%s/", c->public_url, c->name);
    buf_add(out, c->hook_secret->value, c->hook_secret->len);
    return buf_fmt(out, "/%s", kind) == 0;
}
