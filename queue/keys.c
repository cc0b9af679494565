#include "queue/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum scope { KEYS_COMMUNITY, KEYS_SHARED };

static const struct {
    const char *stem, *tail;
    enum scope scope;
} table[KEY_N] = {
#define KEY(name, stem, tail, scope) [KEY_##name] = {stem, tail, KEYS_##scope},
    KEYS_TABLE(KEY)
#undef KEY
};

void keys_init(struct keys *k, const char *prefix, const char *community)
{
    if (community[0] == '\0' || strpbrk(community, "{}") != NULL)
        panic("community '%s' cannot be part of a key", community);
    k->community = xasprintf("%s{%s}:", prefix, community);
    k->shared = xasprintf("%s{_}:", prefix);
}

void keys_fini(struct keys *k)
{
    free(k->community);
    free(k->shared);
    k->community = k->shared = NULL;
}

static bool takes_name(enum key key)
{
    const char *stem = table[key].stem;

    return stem[strlen(stem) - 1] == ':';
}

int keys_add(const struct keys *k, struct buf *out, enum key key, const char *name, size_t n)
{
    const char *prefix = table[key].scope == KEYS_SHARED ? k->shared : k->community;

    if (takes_name(key) != (name != NULL))
        panic("key %s: %s a name", table[key].stem, name != NULL ? "does not take" : "needs");
    buf_str(out, prefix);
    buf_str(out, table[key].stem);
    if (name != NULL)
        buf_add(out, name, n);
    return buf_str(out, table[key].tail);
}

const char *keys_pattern(enum key key, char *out, size_t n)
{
    int len = snprintf(out, n, "%s%s%s", table[key].stem, takes_name(key) ? "<name>" : "", table[key].tail);

    if (len < 0 || (size_t)len >= n)
        panic("key pattern does not fit");
    return out;
}
