/* The feeder: claims slices when a link has room, turns them into deliveries, settles them. One per community.
 *
 * poke() is idempotent: everything that might have made room or work just pokes. */
#ifndef DAEMON_FEEDER_H
#define DAEMON_FEEDER_H

#include <jansson.h>

#include "daemon/link.h"

struct feeder;
struct feeder_opts {
    struct loop *loop;
    struct queue *queue;
    struct link **links; /* those of this community, by channel and priority; borrowed */
    size_t n_links;
    const char *sign;
    const char *tz;              /* of the community, for the hours of promotions; NULL = they have none */
    const char *const *channels; /* the configured order of channels when a notice names none */
    size_t n_channels;
    int64_t lease_ms;      /* that of the queue */
    int64_t retry_base_ms; /* > 0: replaces the first wait of each lane, the others in proportion (tests) */
    /* ledger changes of a notice, for events and metrics: after results were confirmed by Redis */
    void (*on_settled)(void *arg, const char *notice_id, enum lane lane,
                       const uint32_t counts[RECIPIENT_STATE_N]);
    void *arg;
};
struct feeder *feeder_new(const struct feeder_opts *o);
void feeder_free(struct feeder *f);
void feeder_poke(struct feeder *f);
/* As poke, and there may be new work: ask Redis now instead of when it said to come again. */
void feeder_wake(struct feeder *f);
/* Redis is (not) usable: claims stop, what is under way keeps its results and reports them later. */
void feeder_set_usable(struct feeder *f, bool usable);
/* Redis may lose what it confirmed in the last seconds (appendfsync everysec): keep these results; and Redis came back as another process: say them again. */
void feeder_keep_results(struct feeder *f, bool keep);
void feeder_replay(struct feeder *f);
/* The community's sign and time zone, borrowed (reload). */
void feeder_set_place(struct feeder *f, const char *sign, const char *tz);
/* A notice was cancelled, paused or superseded: do not begin more of it, hand its slices back. */
void feeder_drop(struct feeder *f, const char *notice_id);
/* The operator wants what failed tried again: what providers said of it is forgotten. */
void feeder_try_again(struct feeder *f, const char *notice_id);
/* Stop claiming; ${cb} once when all requests are over, settled and handed back. */
void feeder_drain(struct feeder *f, loop_fn cb, void *arg);
size_t feeder_in_flight(const struct feeder *f);
/* Deliveries per lane and state, for status and metrics. */
json_t *feeder_json(const struct feeder *f);
/* The lane of a notice that this daemon sent lately; -1 = not known here. */
int feeder_lane(const struct feeder *f, const char *notice_id);
/* Sliding rate of recipients of a notice that came to an end on this daemon, per second (0 = none lately). Attempts that end in another try do not count. */
double feeder_rate(const struct feeder *f, const char *notice_id);

#endif
