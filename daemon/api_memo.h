/* What the API remembers for a while: answers by Idempotency-Key, and which looks at complete numbers were written down already.
 *
 * Hides: a bounded table in memory. Notices keep their keys in Redis (queue_accept); everything else that a POST makes is protected against a
 * repeat on the same daemon within an hour. */
#ifndef DAEMON_API_MEMO_H
#define DAEMON_API_MEMO_H

#include <stdbool.h>
#include <stddef.h>

struct api_memo;
struct api_memo *api_memo_new(void);
void api_memo_free(struct api_memo *m);
enum api_memo_found { API_MEMO_NONE, API_MEMO_SAME, API_MEMO_OTHER /* same key, other request */ };
/* SAME: *${status} and *${text} (borrowed until the next keep) are the answer given then. */
enum api_memo_found api_memo_find(struct api_memo *m, const char *key, const char *hash, int *status,
                                  const char **text);
/* Answers other than 2xx are not kept: the request may be tried again. */
void api_memo_keep(struct api_memo *m, const char *key, const char *hash, int status, const char *text);
/* Was ${did} by ${who} seen in the last ten minutes? Notes it. */
bool api_memo_seen(struct api_memo *m, const char *who, const char *did);

#endif
