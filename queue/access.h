/* Access tokens of provider accounts (APIs that want one with every request): one for all daemons and communities, got by one of them at a time.
 *
 * Hides: key `access:`. Same conventions as queue.h. */
#ifndef QUEUE_ACCESS_H
#define QUEUE_ACCESS_H

#include "queue/queue.h"

#define ACCESS_TOKEN_MAX 1024 /* with the NUL */

struct access_state {
    char token[ACCESS_TOKEN_MAX]; /* "" = there is none that is good */
    uint64_t serial;              /* its number */
    int64_t left_ms;
    bool mine, force; /* whoever asked is the one to get a new one now, by force */
    int64_t wait_ms;  /* until somebody may get one */
    char why[96];     /* why the last try failed; "" = it did not */
    bool bad_account;
};
typedef void (*access_fn)(void *arg, const struct queue_result *r, const struct access_state *s);

/* ${account}: name of the provider, and what its token depends on. ${refused}: number of the token that the API refused, 0 = none. From ${margin_ms} before its end on a new one is
 * got; whoever is told ${mine} has ${lease_ms} for it, then access_put or access_fail. */
void access_get(struct queue *q, const char *account, uint64_t refused, int64_t margin_ms, int64_t lease_ms,
                access_fn cb, void *arg);
void access_put(struct queue *q, const char *account, const char *token, int64_t lifetime_ms, access_fn cb,
                void *arg);
/* The next try is a second later, after each failure twice as much, at most a minute. */
void access_fail(struct queue *q, const char *account, const char *why, bool bad_account, access_fn cb,
                 void *arg);

#endif
