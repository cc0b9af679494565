/* Addresses of a Redis: "unix:///path[?db=N]", "redis://[user:pass@]host[:port][/db]".
 *
 * Hides: the syntax. Passwords are percent-decoded and wiped when freed. */
#ifndef NET_REDIS_URL_H
#define NET_REDIS_URL_H

#include "base/err.h"

struct redis_url {
    char *path; /* Unix socket; NULL = tcp */
    char *host, *port;
    char *user, *pass; /* NULL = none */
    int db;
};

/* 0, or -1 with code "bad-url" (and nothing to free). The URL itself is not repeated in the message: it may hold a
 * password. */
int redis_url_parse(struct redis_url *u, const char *text, struct err *e) MUSTCHECK;
void redis_url_fini(struct redis_url *u);

#endif
