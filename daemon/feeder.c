#include "daemon/feeder.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "daemon/feeder_int.h"

enum {
    CLAIMS_MAX = 8,      /* claims under way at once */
    AHEAD_MS = 250,      /* slices for so long, at the present speed, are claimed ahead of the room */
    AHEAD_MAX = 1600,    /* ... recipients at most */
    QUIET_MAX_MS = 1000, /* another daemon may have made work that nobody told us of */
    LEASE_MARGIN_MAX_MS = 10000
};

static void on_task(void *arg);

static void on_timer(void *arg);

/* ---- life ---- */

struct feeder *feeder_new(const struct feeder_opts *o)
{
    struct feeder *f = xcalloc(1, sizeof(*f));

    f->o = *o;
    f->notices = notices_new(o->queue);
    for (size_t i = 0; i < LANE_N; i++)
        TAILQ_INIT(&f->open[i]);
    TAILQ_INIT(&f->busy);
    TAILQ_INIT(&f->dirty);
    TAILQ_INIT(&f->marks);
    TAILQ_INIT(&f->reports);
    TAILQ_INIT(&f->claims);
    for (size_t i = 0; i < DELIVERY_STATE_N; i++)
        TAILQ_INIT(&f->states[i]);
    secret_random(&f->seed, sizeof(f->seed));
    f->task = (struct loop_task){.cb = on_task, .arg = f};
    f->timer = loop_timer_new(o->loop, on_timer, f);
    return f;
}

static void take_off(struct feeder *f, struct slice *s)
{
    if (s->open) {
        f->n_unsent[s->claim.lane] -= s->claim.n - s->next;
        TAILQ_REMOVE(&f->open[s->claim.lane], s, entry);
    } else {
        TAILQ_REMOVE(&f->busy, s, entry);
    }
    if (s->dirty)
        TAILQ_REMOVE(&f->dirty, s, unclean);
    f->n_slices--;
    slice_free(s);
}

struct claim {
    struct feeder *feeder;
    unsigned lanes;
    TAILQ_ENTRY(claim) entry;
};

static void claims_free(struct feeder *f)
{
    struct claim *c;

    while ((c = TAILQ_FIRST(&f->claims)) != NULL) {
        TAILQ_REMOVE(&f->claims, c, entry);
        free(c);
    }
}

void feeder_free(struct feeder *f)
{
    struct slice *s;

    if (f == NULL)
        return;
    for (size_t i = 0; i < LANE_N; i++)
        while ((s = TAILQ_FIRST(&f->open[i])) != NULL)
            take_off(f, s);
    while ((s = TAILQ_FIRST(&f->busy)) != NULL)
        take_off(f, s);
    delivery_marks_free(f);
    slice_reports_free(f);
    claims_free(f);
    delivery_pool_free(f);
    notices_free(f->notices);
    loop_task_cancel(f->o.loop, &f->task);
    loop_timer_free(f->timer);
    free(f);
}

/* ---- what the parts tell ---- */

void feeder_dirty(struct feeder *f, struct slice *s)
{
    if (!s->dirty) {
        s->dirty = true;
        TAILQ_INSERT_TAIL(&f->dirty, s, unclean);
    }
    loop_post(f->o.loop, &f->task);
}

void feeder_slice_done(struct feeder *f, struct slice *s)
{
    take_off(f, s);
    loop_post(f->o.loop, &f->task);
}

/* xorshift64*: jitter only. */
uint32_t feeder_random(struct feeder *f)
{
    f->seed = f->seed != 0 ? f->seed : 1;
    f->seed ^= f->seed >> 12;
    f->seed ^= f->seed << 25;
    f->seed ^= f->seed >> 27;
    return (uint32_t)((f->seed * 0x2545f4914f6cdd1dULL) >> 32);
}

void feeder_wake_in_ms(struct feeder *f, int64_t ms)
{
    if (f->timer_at_us != 0 && loop_timer_armed(f->timer) && f->timer_at_us <= clock_mono_us() + ms * 1000)
        return;
    f->timer_at_us = clock_mono_us() + ms * 1000;
    loop_timer_arm_ms(f->timer, ms);
}

int64_t feeder_lease_us(const struct feeder *f)
{
    int64_t margin = f->o.lease_ms / 4;

    if (margin > LEASE_MARGIN_MAX_MS)
        margin = LEASE_MARGIN_MAX_MS;
    return (f->o.lease_ms - margin) * 1000;
}

void feeder_settled(struct feeder *f, struct slice *s, const struct queue_outcome *o, size_t n)
{
    uint32_t counts[RECIPIENT_STATE_N] = {0};
    int64_t now = clock_mono_us();

    if (n == 0)
        return;
    for (size_t i = 0; i < n; i++)
        counts[o[i].state]++;
    if (now / 1000000 != f->settled_second) {
        f->n_settled_last = now / 1000000 == f->settled_second + 1 ? f->n_settled_second : 0;
        f->n_settled_second = 0;
        f->settled_second = now / 1000000;
    }
    f->n_settled_second += n;
    notices_settled(s->notice, n, now);
    f->o.on_settled(f->o.arg, s->claim.id, s->claim.lane, counts);
}

/* ---- claiming ---- */

/* Recipients that may be claimed ahead of the room, so that a slot that comes free finds work: as many as go in AHEAD_MS. */
static uint64_t ahead(const struct feeder *f)
{
    uint64_t per_second = f->n_settled_second > f->n_settled_last ? f->n_settled_second : f->n_settled_last;
    uint64_t n = per_second * AHEAD_MS / 1000;

    return n < 1 ? 1 : n > AHEAD_MAX ? AHEAD_MAX : n;
}

/* How many recipients of this lane could be put to use now; 0 when no link can take any for the time being. */
static uint64_t wanted(const struct feeder *f, enum lane lane)
{
    uint64_t room = 0;
    bool any = false;
    int64_t wait;

    for (size_t i = 0; i < f->o.n_links; i++) {
        room += link_room(f->o.links[i], lane);
        any = any || link_usable(f->o.links[i], lane, &wait);
    }
    return any ? room + ahead(f) : 0;
}

static unsigned lanes_to_claim(const struct feeder *f, int64_t now_us)
{
    unsigned lanes = 0;
    uint64_t unsent = (uint64_t)f->n_claims * NOTICE_SLICE;

    for (enum lane l = LANE_EMERGENCY; l < LANE_N; l++) {
        /* The trickle of lane bulk does not count what the lane above it holds. */
        uint64_t held =
            l == LANE_BULK ? (uint64_t)f->n_claims * NOTICE_SLICE + f->n_unsent[l] : unsent + f->n_unsent[l];

        unsent += f->n_unsent[l];
        if (now_us >= f->quiet_until_us[l] && held < wanted(f, l))
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
    hand_back_below(f, claim->lane);
    s = slice_new(f, claim);
    if (f->draining)
        slice_close(s, 0, false);
    loop_post(f->o.loop, &f->task);
}

static void claim_some(struct feeder *f)
{
    int64_t now = clock_mono_us();
    unsigned lanes;

    while (f->usable && !f->draining && f->n_claims < CLAIMS_MAX && (lanes = lanes_to_claim(f, now)) != 0) {
        struct claim *c = xcalloc(1, sizeof(*c));

        c->feeder = f;
        c->lanes = lanes;
        TAILQ_INSERT_TAIL(&f->claims, c, entry);
        f->n_claims++;
        queue_claim(f->o.queue, lanes, on_claim, c);
    }
}

/* ---- one turn ---- */

static void advance_all(struct feeder *f)
{
    struct slice *s, *next;

    for (size_t l = 0; l < LANE_N; l++)
        TAILQ_FOREACH_SAFE(s, &f->open[l], entry, next)
    slice_advance(s);
}

static void clean_all(struct feeder *f)
{
    struct slice *s;

    while ((s = TAILQ_FIRST(&f->dirty)) != NULL) {
        TAILQ_REMOVE(&f->dirty, s, unclean);
        s->dirty = false;
        if (f->usable)
            delivery_mark_ready(s);
        slice_report(s);
    }
}

static void arm(struct feeder *f)
{
    int64_t now = clock_mono_us(), soonest = -1;

    for (size_t l = 0; l < LANE_N; l++)
        if (f->quiet_until_us[l] > now && (soonest < 0 || f->quiet_until_us[l] < soonest))
            soonest = f->quiet_until_us[l];
    if (soonest >= 0)
        feeder_wake_in_ms(f, (soonest - now + 999) / 1000);
}

static void on_task(void *arg)
{
    struct feeder *f = arg;

    if (f->usable)
        advance_all(f);
    clean_all(f);
    if (f->usable) {
        claim_some(f);
        arm(f);
    }
    if (f->on_drained != NULL && f->n_slices == 0 && f->n_claims == 0) {
        loop_fn cb = f->on_drained;

        f->on_drained = NULL;
        cb(f->on_drained_arg);
    }
}

static void dirty_all(struct feeder *f)
{
    struct slice *s;

    for (size_t l = 0; l < LANE_N; l++)
        TAILQ_FOREACH(s, &f->open[l], entry)
    feeder_dirty(f, s);
    TAILQ_FOREACH(s, &f->busy, entry)
    feeder_dirty(f, s);
}

static void on_timer(void *arg)
{
    struct feeder *f = arg;

    f->timer_at_us = 0;
    if (f->stuck && f->usable) {
        f->stuck = false;
        dirty_all(f);
    }
    feeder_poke(f);
}

void feeder_poke(struct feeder *f)
{
    loop_post(f->o.loop, &f->task);
}

void feeder_wake(struct feeder *f)
{
    memset(f->quiet_until_us, 0, sizeof(f->quiet_until_us));
    loop_post(f->o.loop, &f->task);
}

/* ---- steering ---- */

void feeder_set_usable(struct feeder *f, bool usable)
{
    struct slice *s;

    if (f->usable == usable)
        return;
    f->usable = usable;
    if (!usable)
        return;
    for (size_t l = 0; l < LANE_N; l++)
        TAILQ_FOREACH(s, &f->open[l], entry)
    slice_resume(s);
    TAILQ_FOREACH(s, &f->busy, entry)
    slice_resume(s);
    feeder_wake(f);
}

void feeder_set_sign(struct feeder *f, const char *sign)
{
    f->o.sign = sign;
}

static void close_open(struct feeder *f, const char *notice_id, bool stopped)
{
    struct slice *s, *next;

    for (size_t l = 0; l < LANE_N; l++)
        TAILQ_FOREACH_SAFE(s, &f->open[l], entry, next)
    if (notice_id == NULL || strcmp(s->claim.id, notice_id) == 0)
        slice_close(s, 0, stopped);
}

void feeder_drop(struct feeder *f, const char *notice_id)
{
    struct slice *s;

    close_open(f, notice_id, true);
    TAILQ_FOREACH(s, &f->busy, entry)
    if (strcmp(s->claim.id, notice_id) == 0)
        slice_close(s, 0, true);
}

void feeder_drain(struct feeder *f, loop_fn cb, void *arg)
{
    f->draining = true;
    f->on_drained = cb;
    f->on_drained_arg = arg;
    close_open(f, NULL, false);
    loop_post(f->o.loop, &f->task);
}

/* ---- looking ---- */

size_t feeder_in_flight(const struct feeder *f)
{
    size_t n = 0;

    for (size_t s = 0; s < DELIVERY_DONE; s++)
        for (size_t l = 0; l < LANE_N; l++)
            n += f->n_states[s][l];
    return n;
}

json_t *feeder_json(const struct feeder *f)
{
    json_t *lanes = json_object(), *o = json_object();

    for (enum lane l = LANE_EMERGENCY; l < LANE_N; l++) {
        json_t *states = json_object();

        for (enum delivery_state s = DELIVERY_CLAIMED; s < DELIVERY_DONE; s++)
            json_object_set_new(states, delivery_state_name(s), json_integer((json_int_t)f->n_states[s][l]));
        json_object_set_new(states, "unsent", json_integer((json_int_t)f->n_unsent[l]));
        json_object_set_new(lanes, lane_name(l), states);
    }
    json_object_set_new(o, "lanes", lanes);
    json_object_set_new(o, "slices", json_integer((json_int_t)f->n_slices));
    json_object_set_new(o, "usable", json_boolean(f->usable));
    return o;
}

double feeder_rate(const struct feeder *f, const char *notice_id)
{
    return notices_rate(f->notices, notice_id, clock_mono_us());
}
