/* Inside feeder.c, slice.c and delivery.c only: what they share. */
#ifndef DAEMON_FEEDER_INT_H
#define DAEMON_FEEDER_INT_H

#include "base/buf.h"
#include "base/list.h"
#include "daemon/delivery.h"
#include "daemon/feeder.h"
#include "daemon/late.h"
#include "daemon/notices.h"
#include "daemon/ring.h"
#include "daemon/slice.h"

#define FEEDER_LINKS 16 /* a route number has four bits */

/* What may be claimed while Redis takes so long to answer. */
struct feeder_claims {
    size_t most;    /* under way at once */
    unsigned lanes; /* bits */
    bool halved;    /* half of what the links could take */
};
struct feeder_claims feeder_claims_at(int64_t latency_us);

struct mark;
struct report;
struct claim;

struct delivery_item {
    uint32_t off, attempt;
    size_t text_at;  /* in the delivery's text buffer, when the text is its own */
    const char *bad; /* why nothing can be sent to this one; NULL = all is well */
    char ref[NOTICE_ID_MAX + 32];
    char to[96];
};

struct delivery {
    enum delivery_state state;
    struct slice *slice;
    struct link *link; /* NULL: unreachable recipients */
    struct link_permit *permit;
    struct link_op *op;
    uint32_t first, end; /* offsets [first, end) of the slice are begun with it */
    uint32_t n, cap;     /* recipients; after marking only those that may be sent */
    struct provider_msg *msgs;
    struct delivery_item *items;
    struct buf text;
    uint32_t segments;
    int64_t marked_us;              /* when Redis said it may be sent; MARKED only */
    uint32_t out_end;               /* its outcomes lie before this place in the slice's list */
    TAILQ_ENTRY(delivery) entry;    /* of its state's list */
    TAILQ_ENTRY(delivery) of_slice; /* live, then settling */
};
TAILQ_HEAD(deliveries, delivery);

struct slice {
    struct feeder *feeder;
    struct queue_claim claim;
    struct notices_entry *notice;
    struct late *late; /* who waits for a time of his own; NULL = nobody */
    struct recipient recipients[NOTICE_SLICE];
    uint32_t next;                    /* first offset that no delivery was made for */
    uint32_t covered;                 /* end of the last delivery's range */
    struct link *links[FEEDER_LINKS]; /* that the notice's channels allow, best first */
    size_t n_links;
    struct queue_outcome out[NOTICE_SLICE];
    uint32_t n_out, n_reported, n_confirmed;
    unsigned n_reports, n_marks; /* under way */
    struct deliveries live;      /* CLAIMED .. SENDING, in the order of their offsets */
    struct deliveries settling;  /* SETTLING and SETTLE_WAIT, in the order of their outcomes */
    int64_t lease_end_us;        /* nothing is begun or written after this */
    int64_t retry_in_ms;         /* soonest next try of anything that failed for now; -1 = nothing did */
    int64_t again_wait_ms;       /* > 0: the provider has had enough of retries, for so long */
    bool asked, loaded, closing, stopped, last_sent, dirty, open;
    TAILQ_ENTRY(slice) entry;   /* feeder's open[lane] or busy */
    TAILQ_ENTRY(slice) unclean; /* feeder's dirty list */
};
TAILQ_HEAD(slices, slice);

struct feeder {
    size_t claims_most; /* what feeder_claims_at said last */
    struct feeder_opts o;
    struct notices *notices;
    struct ring *ring;          /* NULL: Redis loses nothing that it confirmed */
    struct slices open[LANE_N]; /* with recipients not yet begun */
    struct slices busy;         /* all begun: waiting for answers and confirmation */
    struct slices dirty;        /* something to report */
    TAILQ_HEAD(, mark) marks;   /* calls to Redis under way */
    TAILQ_HEAD(, report) reports;
    TAILQ_HEAD(, claim) claims;
    struct deliveries states[DELIVERY_STATE_N];
    size_t n_states[DELIVERY_STATE_N][LANE_N];
    size_t n_unsent[LANE_N]; /* recipients in open slices without a delivery */
    size_t n_slices, n_pool, n_claims;
    size_t n_loading;               /* slices of lanes emergency and urgent whose notice is on its way */
    int64_t quiet_until_us[LANE_N]; /* Redis said there is nothing in this lane before then */
    uint64_t seed;                  /* jitter */
    uint64_t n_settled_second, n_settled_last;
    int64_t settled_second;
    bool usable, draining;
    bool stuck; /* Redis did not take a report: say it again in a moment */
    struct {
        char code[sizeof(((struct err *)0)->code)];
        int64_t said_us;
        size_t n_more; /* since then, not said */
    } report_refused;
    int64_t timer_at_us;
    loop_fn on_drained;
    void *on_drained_arg;
    struct loop_task task;
    struct loop_timer *timer; /* look again: quiet lanes, broken links */
};

/* From slice.c and delivery.c to the feeder. */
void feeder_dirty(struct feeder *f, struct slice *s);      /* has something to report */
void feeder_slice_done(struct feeder *f, struct slice *s); /* settled: remove and free */
void feeder_settled(struct feeder *f, struct slice *s, const struct queue_outcome *o, size_t n);
/* A slice of this lane may be claimed again in ${ms}. */
void feeder_expect(struct feeder *f, enum lane lane, int64_t ms);
uint32_t feeder_random(struct feeder *f);
void feeder_wake_in_ms(struct feeder *f, int64_t ms);
/* How long a begun range may be written to after the call that began it was made. */
int64_t feeder_lease_us(const struct feeder *f);

/* feeder_claim.c */
void feeder_claim_some(struct feeder *f);
void feeder_claims_free(struct feeder *f);

/* slice.c to delivery.c */
void slice_outcome(struct slice *s, const struct queue_outcome *o, int64_t retry_in_ms);
bool slice_is_retry(const struct slice *s, uint32_t off);
void slice_delivery_over(struct slice *s); /* one of its deliveries left the live list */
/* slice_way.c */
void slice_find_links(struct slice *s);
/* Which link recipient ${off} goes to now. NULL with *wait_ms: none can take it for so long (-1: no channel reaches it at all). ${alone}: the wait is this
 * recipient's own, others of the slice may go. */
struct link *slice_link(const struct slice *s, uint32_t off, int64_t *wait_ms, bool *alone);
/* Of those behind the next one, for whom nothing is open now, the first who need not wait: there is a way for them, or none ever. claim.n = nobody. ${wait_ms} becomes the
 * shortest wait of those between. */
uint32_t slice_next_open(const struct slice *s, int64_t *wait_ms);
bool slice_may_be_sent(const struct slice *s, uint32_t off);
/* Is there another way to try after ${l} refused the recipient, over another channel? */
bool slice_has_other_channel(const struct slice *s, uint32_t off, const struct link *l);
/* Is there another way after ${l} refused the text: a later provider of the channel, or a later channel, that has not refused it? */
bool slice_has_later_link(const struct slice *s, uint32_t off, const struct link *l);
/* Have providers refused the text of this recipient? */
bool slice_is_refused(const struct slice *s, uint32_t off);
/* Is another link of the recipient usable now? */
bool slice_has_other_link(const struct slice *s, uint32_t off, const struct link *l);
void slice_reports_free(struct feeder *f);

/* delivery.c to delivery_mark.c */
void delivery_enter(struct delivery *d, enum delivery_state to);
/* What was counted as a retry, and was none or went well, costs nothing. */
void delivery_give_back_retry(struct delivery *d, const struct delivery_item *it);
void delivery_outcome(struct delivery *d, const struct delivery_item *it, enum recipient_state state,
                      const char *detail, int64_t retry_in_ms);
/* It leaves the live list: to settle when it brought outcomes since place ${first_out} of the slice's list, otherwise it is done. */
void delivery_over(struct delivery *d, uint32_t first_out);
void delivery_on_sent(void *arg, const struct provider_verdict *v, size_t n, bool written, int64_t took_us);
void delivery_marks_free(struct feeder *f);

#endif
