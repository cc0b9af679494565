/* Bearer tokens: "id.secret", 256 bit; Redis holds the SHA-256 of the secret.
 *
 * Hides: the cached keyring, its refreshing, and the limit for bad tokens (5 a minute and address). Tokens that were seen before go on working while Redis
 * is away. */
#ifndef DAEMON_TOKENS_H
#define DAEMON_TOKENS_H

#include "net/loop.h"
#include "queue/keyring.h"

struct tokens;
/* ${q}: the queue that reads and writes the keyring; borrowed. */
struct tokens *tokens_new(struct loop *l, struct queue *q);
void tokens_free(struct tokens *t);

enum tokens_verdict {
    TOKENS_GOOD,
    TOKENS_MISSING,
    TOKENS_BAD,
    TOKENS_LIMITED,    /* bad, and too many of them from there */
    TOKENS_UNAVAILABLE /* not known here, and the keyring cannot be read now */
};
/* ${k} is valid during the call, GOOD only. */
typedef void (*tokens_fn)(void *arg, enum tokens_verdict v, const struct keyring_key *k);
/* Judge the value of an Authorization header (NULL = none) from ${peer}. ${cb} comes once, perhaps inside this call. */
void tokens_check(struct tokens *t, const char *authorization, const char *peer, tokens_fn cb, void *arg);

/* Make a key: ${token} of >= TOKENS_TEXT bytes gets "id.secret"; the only time it is seen. */
#define TOKENS_TEXT 96
void tokens_make(const char *name, const char *role, const char *community, struct keyring_key *k,
                 char token[TOKENS_TEXT]);
/* A key that was stored just now: it is good from here on, before the keyring is read again. */
void tokens_learn(struct tokens *t, const struct keyring_key *k);
/* A key that was revoked just now: worthless from here on. */
void tokens_forget(struct tokens *t, const char *id);
/* Read the keyring again. */
void tokens_refresh(struct tokens *t);
/* Is there a valid token in file ${path}? If not, make a key `${name}` of ${role} and write it there (mode 0600); for --dev. Later, once Redis answers; tried until it does. */
void tokens_file(struct tokens *t, const char *path, const char *name, const char *role);

#endif
