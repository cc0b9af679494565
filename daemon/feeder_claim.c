/* Claiming: what may be put to use now is asked for, highest lane first, and a little ahead. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/feeder_int.h"

enum {
    CLAIMS_MAX = 8,      /* claims under way at once */
    AHEAD_MS = 250,      /* slices for so long, at the present speed, are claimed ahead of the room */
    AHEAD_MAX = 1600,    /* ... recipients at most */
    QUIET_MAX_MS = 1000, /* another daemon may have made work that nobody told us of */
    SLOW_US = 250000,    /* Redis takes so long to answer: half of the claims */
    STUCK_US = 1000000,  /* so long: none, but for alerts one at a time */
    STUCK_LOOK_MS = 500
};

struct claim {
    struct feeder *feeder;
    unsigned lanes;
    TAILQ_ENTRY(claim) entry;
};

void feeder_claims_free(struct feeder *f)
{
    struct claim *c;

    while ((c = TAILQ_FIRST(&f->claims)) != NULL) {
        TAILQ_REMOVE(&f->claims, c, entry);
        free(c);
    }
}

/* Recipients that may be claimed ahead of the room, so that a slot that comes free finds work: as many as go in AHEAD_MS. */
static uint64_t ahead(const struct feeder *f)
{
    uint64_t per_second = f->n_settled_second > f->n_settled_last ? f->n_settled_second : f->n_settled_last;
    uint64_t n = per_second * AHEAD_MS / 1000;

    return n < 1 ? 1 : n > AHEAD_MAX ? AHEAD_MAX : n;
}

/* A Redis that is slow gets less to do, not more. An alert never waits for it to become quick: one claim at a time goes on. */
struct feeder_claims feeder_claims_at(int64_t latency_us)
{
    const unsigned alerts = 1u << LANE_EMERGENCY | 1u << LANE_URGENT, all = (1u << LANE_N) - 1;

    if (latency_us > STUCK_US)
        return (struct feeder_claims){.most = 1, .lanes = alerts, .halved = true};
    if (latency_us > SLOW_US)
        return (struct feeder_claims){.most = CLAIMS_MAX / 2, .lanes = all, .halved = true};
    return (struct feeder_claims){.most = CLAIMS_MAX, .lanes = all, .halved = false};
}

static void tell_pressure(struct feeder *f, const struct feeder_claims *c, int64_t latency_us)
{
    if (c->most == f->claims_most)
        return;
    if (c->most == CLAIMS_MAX && f->claims_most != 0)
        log_info("redis.quick-again", "ms=%lld", (long long)(latency_us / 1000));
    else if (c->most < CLAIMS_MAX)
        log_warn("redis.slow", "ms=%lld claims=%s", (long long)(latency_us / 1000),
                 c->most == 1 ? "\"alerts only, one at a time\"" : "halved");
    f->claims_most = c->most;
}

/* How many recipients of this lane could be put to use now; 0 when no link can take any for the time being. */
static uint64_t wanted(const struct feeder *f, enum lane lane)
{
    uint64_t room = 0;
    bool any = false;
    int64_t wait;

    for (size_t i = 0; i < f->o.n_links; i++) {
        room += link_room(f->o.links[i], lane);
        any = any || (link_usable(f->o.links[i], lane, &wait) && !link_pressed(f->o.links[i], lane));
    }
    return any ? room + ahead(f) : 0;
}

static unsigned lanes_to_claim(const struct feeder *f, const struct feeder_claims *c, int64_t now_us)
{
    unsigned lanes = 0;
    uint64_t unsent = (uint64_t)f->n_claims * NOTICE_SLICE;

    for (enum lane l = LANE_EMERGENCY; l < LANE_N; l++) {
        /* The trickle of lane bulk does not count what the lane above it holds. */
        uint64_t held =
            l == LANE_BULK ? (uint64_t)f->n_claims * NOTICE_SLICE + f->n_unsent[l] : unsent + f->n_unsent[l];

        unsent += f->n_unsent[l];
        if (l > LANE_URGENT && f->n_loading > 0) /* an alert will have the room in a moment */
            return lanes;
        if ((c->lanes & (1u << l)) != 0 && now_us >= f->quiet_until_us[l] &&
            held < wanted(f, l) >> (c->halved ? 1 : 0))
            lanes |= 1u << l;
    }
    return lanes;
}

/* An emergency or urgent slice is here: what is below and not begun goes back, and whoever has room for it takes it later. */
static void hand_back_below(struct feeder *f, enum lane lane)
{
    struct slice *s, *next;

    for (enum lane l = lane + 1; lane <= LANE_URGENT && l < LANE_N; l++)
        TAILQ_FOREACH_SAFE(s, &f->open[l], entry, next)
        {
            log_debug("slice.handed-back", "notice=%s slice=%u lane=%s", s->claim.id, s->claim.slice,
                      lane_name(l));
            slice_close(s, 0, false);
        }
}

static void be_quiet(struct feeder *f, unsigned lanes, int64_t ms)
{
    int64_t until;

    if (ms < 0 || ms > QUIET_MAX_MS)
        ms = QUIET_MAX_MS;
    until = clock_mono_us() + ms * 1000;
    for (enum lane l = LANE_EMERGENCY; l < LANE_N; l++)
        if ((lanes & (1u << l)) != 0)
            f->quiet_until_us[l] = until;
    feeder_wake_in_ms(f, ms);
}

static void on_claim(void *arg, const struct queue_result *r, struct queue_claim *claim, int64_t next_ms)
{
    struct claim *c = arg;
    struct feeder *f = c->feeder;
    unsigned lanes = c->lanes;
    struct slice *s;

    TAILQ_REMOVE(&f->claims, c, entry);
    free(c);
    f->n_claims--;
    if (r->status != QUEUE_OK) {
        if (r->status == QUEUE_REFUSED)
            log_error("claim.refused", "code=%s why=\"%s\"", r->e->code, r->e->msg);
        be_quiet(f, lanes, QUIET_MAX_MS);
        return;
    }
    if (claim == NULL) {
        be_quiet(f, lanes, next_ms > 0 ? next_ms : next_ms == 0 ? 1 : QUIET_MAX_MS);
        return;
    }
    FP("after_claim");
    hand_back_below(f, claim->lane);
    s = slice_new(f, claim);
    if (f->draining)
        slice_close(s, 0, false);
    loop_post(f->o.loop, &f->task);
}

void feeder_claim_some(struct feeder *f)
{
    int64_t now = clock_mono_us(), latency = queue_latency_us(f->o.queue);
    const struct feeder_claims may = feeder_claims_at(latency);
    unsigned lanes;

    tell_pressure(f, &may, latency);
    if (may.halved)
        feeder_wake_in_ms(f, STUCK_LOOK_MS);
    while (f->usable && !f->draining && f->n_claims < may.most &&
           (lanes = lanes_to_claim(f, &may, now)) != 0) {
        struct claim *c = xcalloc(1, sizeof(*c));

        c->feeder = f;
        c->lanes = lanes;
        TAILQ_INSERT_TAIL(&f->claims, c, entry);
        f->n_claims++;
        queue_claim(f->o.queue, lanes, on_claim, c);
    }
}
