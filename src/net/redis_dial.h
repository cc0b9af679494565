/* Opening sockets to a Redis. Private to net/redis*.c.
 *
 * Hides: Unix paths, literal addresses and names. A name is looked up when the addresses are used up, by the blocking
 * resolver: use literal addresses or "localhost" where a slow name server must not hold up the loop. */
#ifndef NET_REDIS_DIAL_H
#define NET_REDIS_DIAL_H

#include <netdb.h>
#include <stdbool.h>

#include "net/redis_url.h"

struct redis_dial {
    const struct redis_url *url; /* borrowed */
    struct addrinfo *found;
    const struct addrinfo *next; /* not yet tried */
    char why[128];
};

void redis_dial_init(struct redis_dial *d, const struct redis_url *url);
void redis_dial_fini(struct redis_dial *d);
/* A new non-blocking socket whose connect is under way or done; the caller owns it. Every call tries the next address.
 * -1 with ${why} filled when this one failed at once. */
int redis_dial_open(struct redis_dial *d);
/* Addresses left that were not tried yet? */
bool redis_dial_more(const struct redis_dial *d);

#endif
