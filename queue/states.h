/* States of the notices that somebody may be looking at, for events: the newest, those under way, those asked for. Same conventions as queue.h. */
#ifndef QUEUE_STATES_H
#define QUEUE_STATES_H

#include "queue/queue.h"

/* ${on_state} once for each, then ${cb}. ${ids} are asked for beside the others; copied. */
typedef void (*states_fn)(void *arg, const char *id, enum notice_state s);
void states_read(struct queue *q, const char *const *ids, size_t n_ids, states_fn on_state, queue_done_fn cb,
                 void *arg);

#endif
