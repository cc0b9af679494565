/* The Prometheus text of /metrics: names and labels of contract 8.
 *
 * Hides: the text format and where each number comes from. What only Redis knows is asked at each scrape; when it does not answer within its connection's
 * timeout these lines are left out (crier_redis_up tells why), never repeated from memory. */
#ifndef DAEMON_METRICS_H
#define DAEMON_METRICS_H

#include "base/buf.h"
#include "daemon/app.h"

/* Upper bounds of crier_send_seconds in microseconds, ascending; the bucket after the last is +Inf. */
#define METRICS_BOUNDS 12
extern const int64_t metrics_bounds_us[METRICS_BOUNDS];
/* Index of the bucket that ${us} falls into: 0 .. METRICS_BOUNDS. For link_stats.hist, whose cells are counts per bucket (not cumulative). */
size_t metrics_bucket(int64_t us);

/* Write the text; ${cb} once, later, never after metrics_forget. ${text} is borrowed for the call. */
typedef void (*metrics_fn)(void *arg, const char *text, size_t n);
void metrics_begin(struct app *a, metrics_fn cb, void *arg);

/* The queues are gone: scrapes under way end without a completion. */
void metrics_forget(void);

/* One label value: backslash, quote and line feed escaped. Used by metrics.c; public for its tests. */
int metrics_label(struct buf *out, const char *value);

#endif
