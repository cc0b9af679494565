/* Opening sockets to a Redis. Private to net/redis*.c.
 *
 * Hides: Unix paths, literal addresses and names. A name is looked up when the addresses are used up, by the blocking
 * resolver: use literal addresses or "localhost" where a slow name server must not hold up the loop. */
#ifndef NET_REDIS_DIAL_H
#define NET_REDIS_DIAL_H

#include <netdb.h>
#include <stdbool.h>

struct redis_dial {
    const char *path; /* Unix socket; NULL = tcp. All three borrowed */
    const char *host, *port;
    struct addrinfo *found;
    const struct addrinfo *next; /* not yet tried */
    char why[128];
};

/* Where the next call of redis_dial_open goes; what was found before is forgotten. Borrowed until the next aim or redis_dial_fini. */
void redis_dial_aim(struct redis_dial *d, const char *path, const char *host, const char *port);
void redis_dial_fini(struct redis_dial *d);
/* A new non-blocking socket whose connect is under way or done; the caller owns it. Every call tries the next address.
 * -1 with ${why} filled when this one failed at once. */
int redis_dial_open(struct redis_dial *d);
/* Addresses left that were not tried yet? */
bool redis_dial_more(const struct redis_dial *d);

#endif
