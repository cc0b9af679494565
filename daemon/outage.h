/* After Redis was away: what expired meanwhile without having been sent to all, and what can still go. Never silently late or dropped.
 *
 * Counts come from the ledger. Also for `crier status`: the last day. */
#ifndef DAEMON_OUTAGE_H
#define DAEMON_OUTAGE_H

#include "daemon/app.h"

#define OUTAGE_DAY_MS (24 * 3600 * INT64_C(1000))

/* To how many recipients it was not sent: -1 = its audience was not even known. */
int64_t outage_unsent(const struct queue_notice *n);
/* Redis is usable again after ${since} (milliseconds since the epoch, 0 = never before): tells it in the log a moment later, when sweeps have been through. */
void outage_over(struct app *a, int64_t since);
void outage_free(struct app *a);

#endif
