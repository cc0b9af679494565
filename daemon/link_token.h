/* The access token of a link whose API wants one with every request.
 *
 * Hides: where it comes from. It is kept in Redis for all daemons (queue/access.h); one of them at a time gets a new one, some minutes before the old one ends. Requests that
 * find none wait, unwritten, as long as their lane would for a connection; then they are given up, so that another provider can take them. Never logged. */
#ifndef DAEMON_LINK_TOKEN_H
#define DAEMON_LINK_TOKEN_H

#include "daemon/link_int.h"

struct link_token *link_token_new(struct link *l);
/* The operations have left it. NULL is fine. */
void link_token_free(struct link_token *t);
/* The account has other settings now: forget what there is. */
void link_token_reset(struct link_token *t);
/* A token that is good, or NULL; its number. Borrowed until the next turn. */
const char *link_token_get(struct link_token *t, uint64_t *serial);
/* Have ${op} wait: link_op_go or link_op_give_up will be called with it, never inside this. */
void link_token_wait(struct link_token *t, struct link_op *op);
void link_token_leave(struct link_token *t, struct link_op *op);
/* The API refused the token of this number. */
void link_token_refused(struct link_token *t, uint64_t serial);

#endif
