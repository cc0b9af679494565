/* Tokens of the HTTP API in Redis: id -> name, role, hash. Same conventions as queue.h.
 *
 * Hides: the hash PREFIX{_}:keys and its JSON values. A secret never comes here: only its SHA-256. Shared by all communities and daemons. */
#ifndef QUEUE_KEYRING_H
#define QUEUE_KEYRING_H

#include "queue/queue.h"

struct keyring_key {
    char id[24];   /* [a-z0-9]: the part of a token before the dot */
    char name[64]; /* for people */
    char role[16];
    char community[40]; /* "" = all */
    char sha256[65];    /* of the part after the dot, hex */
    int64_t created_at;
};

/* ${q}: any community's queue. An id that is there already is refused: code "exists". */
void keyring_put(struct queue *q, const struct keyring_key *k, queue_done_fn cb, void *arg);
/* Code "no-such-key". */
void keyring_delete(struct queue *q, const char *id, queue_done_fn cb, void *arg);
/* ${each} per key (in no order), then ${cb}. Entries that cannot be read are left out. */
void keyring_list(struct queue *q, void (*each)(void *arg, const struct keyring_key *k), queue_done_fn cb,
                  void *arg);

#endif
