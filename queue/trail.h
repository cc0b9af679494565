/* The audit trail in Redis: who did what, and who looked at complete numbers. Same conventions as queue.h.
 *
 * Hides: the stream `audit` of a community (at most about 100,000 entries). No phone number, text or secret goes into it. */
#ifndef QUEUE_TRAIL_H
#define QUEUE_TRAIL_H

#include "queue/queue.h"

struct trail_entry {
    const char *who; /* name of the key, or "admin socket" */
    const char *role;
    const char *from;   /* address, "" over the Unix socket */
    const char *did;    /* "POST /api/v1/notices/{id}/cancel" */
    const char *target; /* "typhoon-0906", "" */
    int64_t status;     /* of the answer */
    int64_t at;         /* reading only */
};

void trail_add(struct queue *q, const struct trail_entry *e, queue_done_fn cb, void *arg);
/* Newest first, at most ${limit} (1 .. 10,000); ${each} per entry (borrowed), then ${cb}. ${before}: only entries older than this key, NULL = from the newest;
 * the last key seen is handed to ${each}. */
typedef void (*trail_each_fn)(void *arg, const char *key, const struct trail_entry *e);
void trail_list(struct queue *q, const char *before, size_t limit, trail_each_fn each, queue_done_fn cb,
                void *arg);

#endif
