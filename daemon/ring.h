/* Results of the last seconds, kept to be said again when Redis comes back without them (its host lost power, appendfsync everysec).
 *
 * Hides: a compact, bounded list. Only what was confirmed is here; what was not is still with its slice. No clock of its own. */
#ifndef DAEMON_RING_H
#define DAEMON_RING_H

#include "queue/queue.h"

#define RING_KEPT_MS                                                                                         \
    6000 /* Redis writes to disk every second, at the latest after two; the rest is for slow disks */
#define RING_MAX 1000000 /* outcomes */

struct ring;

struct ring *ring_new(void);
void ring_free(struct ring *r); /* NULL is fine */
void ring_add(struct ring *r, const struct queue_claim *c, const struct queue_outcome *o, size_t n,
              int64_t now_us);
/* Report everything of the last RING_KEPT_MS again, as facts. Answers are not waited for. Returns the number of outcomes. */
size_t ring_replay(struct ring *r, struct queue *q, int64_t now_us);
void ring_clear(struct ring *r);

#endif
