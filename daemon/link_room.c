/* Room: who may take how many of the window's slots, and when a request may be written. */
#include "base/clock.h"
#include "base/err.h"
#include "daemon/link_int.h"

enum {
    THROTTLED_MAX_EMERGENCY_MS = 30000,
    PRESSED_MS = 100,      /* asked for again whenever a slot comes free */
    PERMITS_AHEAD_MS = 250 /* most time's worth of requests that wait for permits */
};

static size_t reserve_of(const struct link *l, size_t window)
{
    return (window * (size_t)l->o.reserved_percent + 99) / 100;
}

/* What the provider is given at once: the limit it bears. Lanes emergency and urgent have their reserve on top of what the lower lanes may fill, also when
 * that is little; together never more than the configured window. */
static size_t window_of(const struct link *l, enum lane lane)
{
    size_t most = (size_t)l->o.conf->window, more = l->limit.now + reserve_of(l, most);

    if (lane > LANE_URGENT)
        return l->limit.now;
    return more < most ? more : most;
}

/* Slots of the window that lane ${lane} may fill: lanes 2 and 3 leave the reserve alone, lane 2 also a trickle for lane 3 (1 slot, 2 % of large windows). */
static size_t slots_allowed(const struct link *l, enum lane lane)
{
    size_t window = window_of(l, lane), reserve, low, trickle;

    if (lane <= LANE_URGENT)
        return window;
    reserve = reserve_of(l, window);
    if (reserve >= window)
        reserve = window - 1;
    low = window - reserve;
    trickle = low >= 4 ? (low + 49) / 50 : 0;
    return lane == LANE_NORMAL ? low - trickle : low;
}

/* Requests of lower lanes that may be marked before a slot is free, so that a slot never waits for Redis. A crash leaves them unknown though nothing was written, so
 * they are few, and small windows, whose providers are slow or careful, have none. Lanes that are sent at least once never run ahead. */
static size_t ahead(const struct link *l)
{
    size_t window = window_of(l, LANE_BULK);

    return window >= 32 && l->o.conf->rate <= 0 && l->breaker.state == LINK_BREAKER_CLOSED ? window / 4 : 0;
}

static size_t high_slots(const struct link *l)
{
    return l->slots[LANE_EMERGENCY] + l->slots[LANE_URGENT];
}

/* What the lower lanes hold of the window: requests out. */
static size_t low_writing(const struct link *l)
{
    return l->writing[LANE_NORMAL] + l->writing[LANE_BULK];
}

static size_t room_high(const struct link *l)
{
    size_t window = window_of(l, LANE_EMERGENCY);
    size_t taken = high_slots(l) + low_writing(l) + l->unsettled[LANE_EMERGENCY] + l->unsettled[LANE_URGENT];

    return taken < window ? window - taken : 0;
}

static size_t at_most(size_t n, size_t most)
{
    return n < most ? n : most;
}

static size_t minus(size_t a, size_t b)
{
    return a > b ? a - b : 0;
}

size_t link_slots_free(const struct link *l, enum lane lane)
{
    size_t low = l->slots[LANE_NORMAL] + l->slots[LANE_BULK], more = ahead(l),
           window = window_of(l, LANE_BULK), n;

    if (lane <= LANE_URGENT)
        return room_high(l);
    if (l->unsettled[LANE_NORMAL] + l->unsettled[LANE_BULK] >= (size_t)l->o.conf->window)
        return 0;
    n = minus(slots_allowed(l, LANE_BULK) + more, low);
    if (lane == LANE_NORMAL)
        n = at_most(n, minus(slots_allowed(l, LANE_NORMAL) + more, l->slots[LANE_NORMAL]));
    return at_most(n, minus(window + more, high_slots(l) + low));
}

bool link_write_take(struct link *l, enum lane lane)
{
    size_t window = window_of(l, lane);

    if (lane > LANE_URGENT && (link_pressed(l, lane) || low_writing(l) >= slots_allowed(l, LANE_BULK) ||
                               low_writing(l) + high_slots(l) >= window ||
                               (lane == LANE_NORMAL && l->writing[lane] >= slots_allowed(l, lane))))
        return false;
    l->writing[lane]++;
    return true;
}

void link_write_give(struct link *l, enum lane lane)
{
    if (l->writing[lane] == 0)
        panic("link %s: a request too many was over", l->c.conf.name);
    l->writing[lane]--;
    loop_post(l->o.loop, &l->room);
}

bool link_usable(const struct link *l, enum lane lane, int64_t *wait_ms)
{
    int64_t now = clock_mono_us(), wait, until = l->throttled_us;

    if (l->paused) {
        *wait_ms = -1;
        return false;
    }
    if (lane == LANE_EMERGENCY && until > now + (int64_t)THROTTLED_MAX_EMERGENCY_MS * 1000)
        until = now + (int64_t)THROTTLED_MAX_EMERGENCY_MS * 1000;
    wait = link_breaker_wait_us(&l->breaker, lane, now);
    if (wait < 0) /* a probe is out: its end will say */
        wait = 1000000;
    if (until - now > wait)
        wait = until - now;
    *wait_ms = (wait + 999) / 1000;
    return wait == 0;
}

bool link_healthy(const struct link *l)
{
    return l->unwell_us == 0 || l->unwell_us < clock_mono_us();
}

/* Requests that may wait for permits at once. */
static size_t permits_room(const struct link *l, size_t slots)
{
    double ahead = l->o.conf->rate * PERMITS_AHEAD_MS / 1000;
    uint64_t most = ahead > 2 ? (uint64_t)ahead : 2, waiting = link_pace_waiting(l->pace);

    if (l->o.conf->rate <= 0)
        return slots;
    if (waiting >= most)
        return 0;
    return slots < most - waiting ? slots : (size_t)(most - waiting);
}

bool link_pressed(const struct link *l, enum lane lane)
{
    return lane > LANE_URGENT && l->pressed_us != 0 && clock_mono_us() < l->pressed_us;
}

size_t link_room(const struct link *l, enum lane lane)
{
    size_t slots = link_slots_free(l, lane);
    int64_t wait;

    if (slots == 0 || link_pressed(l, lane) || !link_usable(l, lane, &wait))
        return 0;
    if (l->breaker.state != LINK_BREAKER_CLOSED)
        slots = 1;
    return permits_room(l, slots) * link_batch(l);
}

bool link_slot_take(struct link *l, enum lane lane)
{
    if (link_room(l, lane) == 0) {
        if (lane <= LANE_URGENT)
            l->pressed_us = clock_mono_us() + (int64_t)PRESSED_MS * 1000;
        return false;
    }
    l->slots[lane]++;
    if (link_breaker_start(&l->breaker))
        l->probe_slot = true;
    return true;
}

static void leave_slot(struct link *l, enum lane lane)
{
    if (l->slots[lane] == 0)
        panic("link %s: a slot too many was given back", l->c.conf.name);
    l->slots[lane]--;
    if (l->probe_slot && l->slots[0] + l->slots[1] + l->slots[2] + l->slots[3] == 0) {
        l->probe_slot = false;
        link_breaker_forget(&l->breaker);
    }
    loop_post(l->o.loop, &l->room);
}

void link_slot_give(struct link *l, enum lane lane)
{
    leave_slot(l, lane);
}

void link_slot_unsettled(struct link *l, enum lane lane)
{
    leave_slot(l, lane);
    l->unsettled[lane]++;
}

void link_slot_settled(struct link *l, enum lane lane)
{
    if (l->unsettled[lane] == 0)
        panic("link %s: settled what was not open", l->c.conf.name);
    l->unsettled[lane]--;
    loop_post(l->o.loop, &l->room);
}

/* ---- retries ---- */

void link_first(struct link *l)
{
    link_retries_first(&l->retries, 1, clock_mono_us());
}

bool link_again_take(struct link *l, uint32_t random, int64_t *wait_ms)
{
    /* A probe goes whatever it carries: it decides whether there will be anything else. */
    return l->breaker.state != LINK_BREAKER_CLOSED ||
           link_retries_take(&l->retries, random, clock_mono_us(), wait_ms);
}

void link_again_give(struct link *l)
{
    link_retries_give(&l->retries, clock_mono_us());
}
