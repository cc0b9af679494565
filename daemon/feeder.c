#include "daemon/feeder.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "daemon/feeder_int.h"

enum { LEASE_MARGIN_MAX_MS = 10000 };

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
    feeder_claims_free(f);
    delivery_pool_free(f);
    notices_free(f->notices);
    ring_free(f->ring);
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

void feeder_expect(struct feeder *f, enum lane lane, int64_t ms)
{
    int64_t at_us = clock_mono_us() + ms * 1000;

    if (f->quiet_until_us[lane] > at_us)
        f->quiet_until_us[lane] = at_us;
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
    size_t n_over = 0;

    if (n == 0)
        return;
    for (size_t i = 0; i < n; i++) {
        counts[o[i].state]++;
        n_over += recipient_state_is_final(o[i].state);
    }
    if (now / 1000000 != f->settled_second) {
        f->n_settled_last = now / 1000000 == f->settled_second + 1 ? f->n_settled_second : 0;
        f->n_settled_second = 0;
        f->settled_second = now / 1000000;
    }
    f->n_settled_second += n;
    if (f->ring != NULL)
        ring_add(f->ring, &s->claim, o, n, now);
    notices_settled(s->notice, n_over, now);
    f->o.on_settled(f->o.arg, s->claim.id, s->claim.lane, counts);
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

    delivery_write_marked(f);
    if (f->usable)
        advance_all(f);
    clean_all(f);
    if (f->usable) {
        feeder_claim_some(f);
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

void feeder_keep_results(struct feeder *f, bool keep)
{
    if (keep == (f->ring != NULL))
        return;
    ring_free(f->ring);
    f->ring = keep ? ring_new() : NULL;
}

void feeder_replay(struct feeder *f)
{
    size_t n = f->ring != NULL ? ring_replay(f->ring, f->o.queue, clock_mono_us()) : 0;

    if (n > 0)
        log_warn("feeder.replayed", "results=%zu", n);
}

void feeder_set_place(struct feeder *f, const char *sign, const char *tz)
{
    f->o.tz = tz;
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

void feeder_try_again(struct feeder *f, const char *notice_id)
{
    notices_forget_refusals(f->notices, notice_id);
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

int feeder_lane(const struct feeder *f, const char *notice_id)
{
    return notices_lane(f->notices, notice_id);
}
