/* What is known of official warnings, in Redis. Same conventions as queue.h.
 *
 * Hides: the hash `alerts.book` and the stream `alerts.log`. A decision is recorded together with the notices that follow from it, and only on the book that it was made on:
 * of two daemons one is told to decide again. */
#ifndef QUEUE_ALERTS_H
#define QUEUE_ALERTS_H

#include "queue/queue.h"

/* ${book}: as recorded last (borrowed), "" when there is none. */
typedef void (*alerts_load_fn)(void *arg, const struct queue_result *r, int64_t version, const char *book,
                               size_t n);
void alerts_load(struct queue *q, alerts_load_fn cb, void *arg);

struct alerts_record {
    int64_t version; /* of the book that was decided on */
    const char *book;
    const char *const *rows; /* messages as they are listed */
    size_t n_rows;
    const struct alerts_job {
        const char *json; /* an entry of the inbox */
        bool emergency;
    } * jobs;
    size_t n_jobs;
};
/* ${again}: the book has changed meanwhile, nothing was recorded. */
typedef void (*alerts_record_fn)(void *arg, const struct queue_result *r, bool again);
void alerts_record(struct queue *q, const struct alerts_record *a, alerts_record_fn cb, void *arg);

/* Newest first, at most ${limit}; ${each} per message (borrowed), then ${cb}. ${before}: only entries older than this key, NULL = from the newest. */
typedef void (*alerts_each_fn)(void *arg, const char *key, const char *row, size_t n);
void alerts_list(struct queue *q, const char *before, size_t limit, alerts_each_fn each, queue_done_fn cb,
                 void *arg);

#endif
