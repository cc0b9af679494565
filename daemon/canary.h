/* What Redis held when it was looked at last, kept in the state directory: so that a Redis that came back empty is noticed, also by a daemon that was
 * started after it, and until somebody has acknowledged it.
 *
 * Hides: the file STATE_DIR/canary-SLOT and what is compared. Losing this file loses the comparison, nothing else. */
#ifndef DAEMON_CANARY_H
#define DAEMON_CANARY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "queue/queue.h"

enum canary_loss {
    CANARY_FINE = 0,
    CANARY_ROLLED, /* the same data, as it was some writes ago: power loss, a failover, an old copy */
    CANARY_EMPTY   /* not the data that was there: emptied, another server, another database */
};

struct canary;

/* A file that cannot be read is logged and begun anew. */
struct canary *canary_open(const char *state_dir, int slot);
void canary_close(struct canary *c); /* NULL is fine */
/* Compare with the last look at this community, and remember. What was lost is returned once; the alarm stands until it is acknowledged. Times in its words are
 * those of ${tz}. */
enum canary_loss canary_look(struct canary *c, const char *community, const struct queue_holdings *h,
                             const char *tz, int64_t now);
/* The alarm that stands: its words, NULL when there is none. ${loss} may be NULL. */
const char *canary_alarm(const struct canary *c, const char *community, enum canary_loss *loss);
/* Somebody has seen it. */
void canary_acknowledge(struct canary *c, const char *community, int64_t now);
/* Residents that were there before the loss whose alarm stands; 0 without one. */
uint64_t canary_residents(const struct canary *c, const char *community);
/* When Redis was last seen to be usable, in this life or an earlier one; 0 = never. */
int64_t canary_seen_at(const struct canary *c);
/* It is usable now. */
void canary_seen(struct canary *c, int64_t now);

#endif
