#include "daemon/late.h"

#include <stdlib.h>

#include "base/mem.h"
#include "queue/queue.h"

#define WAIT_MAX_MS 172800000 /* two days: no wait of ours is longer; a number beyond it is damage */

struct late_entry {
    uint32_t off, route;
    int64_t until_us;
};

struct late {
    size_t n;
    struct late_entry entries[];
};

static bool number(const char **p, char end, int64_t *out)
{
    char *after;
    long long v = strtoll(*p, &after, 10);

    if (after == *p || v < 0 || (*after != end && !(end == ' ' && *after == '\0')))
        return false;
    *out = v;
    *p = *after == '\0' ? after : after + 1;
    return true;
}

struct late *late_parse(const char *text, int64_t now_us)
{
    struct late *l = NULL;
    int64_t off, route, ms;
    size_t cap = 0;

    while (*text != '\0' && number(&text, '.', &off) && number(&text, '.', &route) &&
           number(&text, ' ', &ms)) {
        if (off >= NOTICE_SLICE || route > QUEUE_ANY_ROUTE || ms > WAIT_MAX_MS)
            continue;
        if (l == NULL || l->n == cap) {
            size_t n = l != NULL ? l->n : 0;

            cap = cap != 0 ? 2 * cap : 8;
            l = xrealloc(l, sizeof(*l) + cap * sizeof(l->entries[0]));
            l->n = n;
        }
        l->entries[l->n++] = (struct late_entry){
            .off = (uint32_t)off, .route = (uint32_t)route, .until_us = now_us + ms * 1000};
    }
    return l;
}

void late_free(struct late *l)
{
    free(l);
}

int64_t late_wait_us(const struct late *l, uint32_t off, uint32_t route, int64_t now_us)
{
    int64_t wait = 0;

    for (size_t i = 0; l != NULL && i < l->n; i++) {
        const struct late_entry *e = &l->entries[i];

        if (e->off == off && (e->route == route || e->route == QUEUE_ANY_ROUTE) &&
            e->until_us - now_us > wait)
            wait = e->until_us - now_us;
    }
    return wait;
}
