/* Notices by lane and state, for metrics (crier_notices). Same conventions as queue.h. */
#ifndef QUEUE_TALLY_H
#define QUEUE_TALLY_H

#include "queue/queue.h"

struct tally {
    uint64_t notices[LANE_N][NOTICE_STATE_N]; /* among the newest 1,000 */
};
/* ${t} is NULL unless r->status is QUEUE_OK; valid for the call. */
typedef void (*tally_fn)(void *arg, const struct queue_result *r, const struct tally *t);
void tally_read(struct queue *q, tally_fn cb, void *arg);

#endif
