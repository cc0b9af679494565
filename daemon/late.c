#include "daemon/late.h"

#include <stdlib.h>
#include <uthash.h>

#include "base/mem.h"

struct late_entry {
    uint64_t key;
    int64_t until_us;
    UT_hash_handle hh; /* in the order of coming */
};

struct late {
    struct late_entry *entries;
};

struct late *late_new(void)
{
    return xcalloc(1, sizeof(struct late));
}

static void drop(struct late *l, struct late_entry *e)
{
    HASH_DEL(l->entries, e);
    free(e);
}

void late_free(struct late *l)
{
    struct late_entry *e, *next;

    if (l == NULL)
        return;
    HASH_ITER(hh, l->entries, e, next)
    drop(l, e);
    free(l);
}

/* FNV-1a. Two recipients with one key only wait for each other. */
static uint64_t key_of(const char *notice, uint64_t index)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (const char *p = notice; *p != '\0'; p++)
        h = (h ^ (unsigned char)*p) * 0x100000001b3u;
    for (size_t i = 0; i < sizeof(index); i++)
        h = (h ^ ((index >> (8 * i)) & 255)) * 0x100000001b3u;
    return h;
}

/* Those that came first are over first, or nearly so. */
static void make_room(struct late *l, int64_t now_us)
{
    struct late_entry *e;

    while ((e = l->entries) != NULL && (e->until_us <= now_us || HASH_COUNT(l->entries) >= LATE_MAX))
        drop(l, e);
}

void late_put(struct late *l, const char *notice, uint64_t index, int64_t until_us, int64_t now_us)
{
    uint64_t key = key_of(notice, index);
    struct late_entry *e = NULL;

    make_room(l, now_us);
    HASH_FIND(hh, l->entries, &key, sizeof(key), e);
    if (e != NULL)
        drop(l, e);
    e = xcalloc(1, sizeof(*e));
    e->key = key;
    e->until_us = until_us;
    HASH_ADD(hh, l->entries, key, sizeof(e->key), e);
}

int64_t late_wait_us(struct late *l, const char *notice, uint64_t index, int64_t now_us)
{
    struct late_entry *e = NULL;
    uint64_t key;

    if (l->entries == NULL)
        return 0;
    key = key_of(notice, index);
    HASH_FIND(hh, l->entries, &key, sizeof(key), e);
    if (e == NULL)
        return 0;
    if (e->until_us > now_us)
        return e->until_us - now_us;
    drop(l, e);
    return 0;
}

size_t late_n(const struct late *l)
{
    return HASH_COUNT(l->entries);
}
