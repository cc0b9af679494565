/* Addresses of a Redis: "unix:///path[?db=N]", "redis://[user:pass@]host[:port][/db]",
 * "sentinel://[user:pass@]name@host[:port][,host[:port]...][/db]" (user and password are those of the Redis the sentinels name).
 *
 * Hides: the syntax. Passwords are percent-decoded and wiped when freed. */
#ifndef NET_REDIS_URL_H
#define NET_REDIS_URL_H

#include "base/err.h"

#define REDIS_SENTINELS 9

struct redis_host {
    char *host, *port;
};

struct redis_url {
    char *path;           /* Unix socket; NULL = tcp */
    struct redis_host at; /* tcp */
    char *master;         /* what the sentinels call the Redis meant; NULL = no sentinels */
    struct redis_host sentinels[REDIS_SENTINELS];
    size_t n_sentinels;
    char *user, *pass; /* NULL = none */
    int db;
};

/* 0, or -1 with code "bad-url" (and nothing to free). The URL itself is not repeated in the message: it may hold a
 * password. */
int redis_url_parse(struct redis_url *u, const char *text, struct err *e) MUSTCHECK;
void redis_url_fini(struct redis_url *u);

#endif
