/* Which Redis is the master? Sentinels know. Private to net/redis*.c.
 *
 * Hides: whose turn it is to be asked, their command and their answers. Knows no socket: net/redis.c connects to
 * the sentinel that redis_sentinel_aim names, asks, hands the answer in and goes on to the master. That one is
 * believed only when it says itself that it is a master (ROLE): a sentinel may not have heard of a failover yet. */
#ifndef NET_REDIS_SENTINEL_H
#define NET_REDIS_SENTINEL_H

#include <stdbool.h>

#include "net/redis.h"
#include "net/redis_dial.h"
#include "net/redis_url.h"

struct redis_sentinel {
    const struct redis_url *url; /* borrowed */
    size_t at;                   /* whom to ask; stays with the one that answered */
    size_t n_asked;              /* in this round */
    char host[256], port[8];     /* the master, once found */
    bool found;
};

void redis_sentinel_init(struct redis_sentinel *s, const struct redis_url *url);
/* Is there somebody to be asked first? */
bool redis_sentinel_needed(const struct redis_sentinel *s);
/* The next open goes to the master when it was found, else to the sentinel whose turn it is. */
void redis_sentinel_aim(const struct redis_sentinel *s, struct redis_dial *d);
/* The answer to SENTINEL GET-MASTER-ADDR-BY-NAME. NULL and the master is found; or why not (static). */
const char *redis_sentinel_answer(struct redis_sentinel *s, const struct redis_answer *a);
/* This way led nowhere: the next sentinel has its turn. true while one was not asked in this round: go on at once. */
bool redis_sentinel_next(struct redis_sentinel *s);
/* The master answered: the next round begins with the sentinel that named it. */
void redis_sentinel_good(struct redis_sentinel *s);

#endif
