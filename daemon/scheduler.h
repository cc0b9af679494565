/* The scheduler: promotes what is due, freezes audiences (staging), audits, sweeps, heartbeats. One per community; any daemon may do any step.
 *
 * poke() is idempotent. */
#ifndef DAEMON_SCHEDULER_H
#define DAEMON_SCHEDULER_H

#include "queue/people.h"
#include "queue/queue.h"
#include "queue/roster.h"

struct scheduler;
struct scheduler_opts {
    struct loop *loop;
    struct queue *queue;
    int64_t sweep_ms;
    const char *const *channels; /* the configured order, when a notice names none; borrowed */
    size_t n_channels;
    void (*on_work)(void *arg); /* a slice may be claimable now: poke the feeder */
    void (*on_notice)(void *arg, const char *id, enum notice_state s); /* for events */
    void *arg;
};
struct scheduler *scheduler_new(const struct scheduler_opts *o);
void scheduler_free(struct scheduler *s);
void scheduler_poke(struct scheduler *s);
void scheduler_set_usable(struct scheduler *s, bool usable);
/* Recipients were settled: a notice may be complete, so that the audit should look soon. */
void scheduler_settled(struct scheduler *s);
/* Does it get on? A sweep goes to Redis and back every ${sweep_ms} while Redis is usable; one that is more than ${patience_ms} late is lost. */
bool scheduler_alive(const struct scheduler *s, int64_t patience_ms);
/* How many recipients an audience would have now, and how many of them are suppressed; for --dry-run and "Send to 2,310 people". */
void scheduler_count(struct scheduler *s, const struct audience *a,
                     void (*cb)(void *arg, const struct queue_result *r, uint64_t recipients,
                                uint64_t suppressed),
                     void *arg);

#endif
