#include "daemon/link_pace.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

/* A permit is due at its own time slot. The slots come from Redis in blocks of about BLOCK_MS; a block is asked for when the head of the highest
 * waiting lane needs more than is left, or soon will, and only for those that wait. Slots are 2 % wider than 1/rate: timers fire late and requests jitter,
 * and a provider counts in its own seconds. At 50 a second that leaves the 51st message 20 ms behind the second of the first.
 *
 * What comes late. The log of the last second bounds this daemon exactly; of others it knows only that they use their own slots at their own time. So
 * while the daemon draws alone on the account (Redis tells), it catches up with up to LATE_ALONE_US, a little faster than the rate until it is back in
 * its schedule; the log says when not even that is allowed. Beside another daemon slots that are LATE_SHARED_US late are lost, but for the last one in
 * hand: on a machine that is always late something goes out all the same. */
#define MARGIN   1.02
#define BLOCK_MS 80
#define LOW_US   20000 /* so much before the slots in hand end, the next are asked for */
#define LATE_US                                                                                              \
    5000 /* up to this late a schedule is kept (inside the margin of a second); later it starts anew from now */
#define LATE_ALONE_US  150000  /* less than JOIN of queue/lua/rate.lua */
#define LATE_SHARED_US 15000   /* less than MARGIN of a second */
#define CATCH_UP       0.8     /* of a step, while behind the schedule */
#define STALE_US       1000000 /* slots that were in hand so long are of an earlier time altogether */
#define SECOND_US      1015000 /* MARGIN less LATE_US: messages of one segment never meet it */
#define SMALL_RATE     50      /* a second: writes themselves keep their distance */
#define AGAIN_MS       100     /* Redis did not answer: ask again */
#define LOG_MAX        16384   /* grants of one second that are remembered */
/* One segment in so many is for lane bulk, when it has something: beside normal it is slow, not still. */
#define TRICKLE 50

struct link_permit {
    struct link_pace *pace;
    enum lane lane;
    uint32_t n;
    void (*cb)(void *arg);
    void *arg;
    TAILQ_ENTRY(link_permit) entry;
};
TAILQ_HEAD(permits, link_permit);

struct grant {
    int64_t at_us;
    uint32_t n;
};

struct link_pace {
    struct loop *loop;
    struct queue *queue;
    char *name;
    double rate;
    int64_t step_us;
    struct permits lanes[LANE_N];
    uint64_t waiting;
    uint32_t left;         /* slots in hand */
    uint32_t n_since_bulk; /* segments of lane normal since the last of lane bulk, while that waited */
    int64_t next_us;       /* time of the first of them */
    int64_t then_us;       /* the block behind them, when it does not follow at once: its first slot */
    uint32_t then_left;
    int64_t free_us;           /* the line is free again: end of the last grant's slots */
    int64_t busy_us;           /* since when somebody waits */
    int64_t block_us;          /* when the last block came */
    int64_t asked_us, trip_us; /* the way to Redis and back: begun, and what it takes */
    bool alone;                /* on the account, as the last block said */
    bool asking;
    uint32_t asked; /* slots of the request under way */
    struct loop_timer *timer;
    struct grant *log; /* ring */
    size_t log_cap, log_at, log_n;
    uint64_t log_sum;
};

static void on_timer(void *arg);

struct link_pace *link_pace_new(struct loop *l, struct queue *q, const char *name, double rate)
{
    struct link_pace *p = xcalloc(1, sizeof(*p));

    p->loop = l;
    p->queue = q;
    p->name = xstrdup(name);
    for (size_t i = 0; i < LANE_N; i++)
        TAILQ_INIT(&p->lanes[i]);
    p->timer = loop_timer_new(l, on_timer, p);
    link_pace_set_rate(p, rate);
    return p;
}

static struct link_permit *head(const struct link_pace *p)
{
    for (size_t i = 0; i <= LANE_URGENT; i++)
        if (!TAILQ_EMPTY(&p->lanes[i]))
            return TAILQ_FIRST(&p->lanes[i]);
    if (!TAILQ_EMPTY(&p->lanes[LANE_NORMAL]) &&
        (p->n_since_bulk < TRICKLE - 1 || TAILQ_EMPTY(&p->lanes[LANE_BULK])))
        return TAILQ_FIRST(&p->lanes[LANE_NORMAL]);
    return TAILQ_FIRST(&p->lanes[LANE_BULK]);
}

static void take_out(struct link_permit *permit)
{
    TAILQ_REMOVE(&permit->pace->lanes[permit->lane], permit, entry);
    permit->pace->waiting -= permit->n;
}

void link_pace_free(struct link_pace *p)
{
    struct link_permit *permit;

    if (p == NULL)
        return;
    while ((permit = head(p)) != NULL) {
        take_out(permit);
        free(permit);
    }
    loop_timer_free(p->timer);
    free(p->log);
    free(p->name);
    free(p);
}

void link_pace_set_rate(struct link_pace *p, double rate)
{
    size_t want = rate < LOG_MAX ? (size_t)rate + 2 : LOG_MAX;

    if (rate <= 0)
        want = 0;
    if (want != p->log_cap) {
        free(p->log);
        p->log = want != 0 ? xcalloc(want, sizeof(*p->log)) : NULL;
        p->log_cap = want;
        p->log_at = p->log_n = 0;
        p->log_sum = 0;
    }
    p->rate = rate;
    p->step_us = rate > 0 ? (int64_t)(1e6 * MARGIN / rate) : 0;
    p->left = p->then_left = 0;
    if (p->waiting != 0)
        loop_timer_arm_us(p->timer, 0);
}

uint64_t link_pace_waiting(const struct link_pace *p)
{
    return p->waiting;
}

/* ---- the last second ---- */

static void log_forget(struct link_pace *p, int64_t before_us)
{
    while (p->log_n != 0 && p->log[p->log_at].at_us <= before_us) {
        p->log_sum -= p->log[p->log_at].n;
        p->log_at = (p->log_at + 1) % p->log_cap;
        p->log_n--;
    }
}

/* When ${n} more segments fit into the sliding second: 0 = now. One message that alone is more than a second's worth goes when the second is empty. */
static int64_t log_due(struct link_pace *p, uint32_t n, int64_t now_us)
{
    uint64_t sum, room = p->rate >= 1 ? (uint64_t)p->rate : 1;

    log_forget(p, now_us - SECOND_US);
    sum = p->log_sum;
    if (sum + n <= room || p->log_n == 0)
        return 0;
    for (size_t i = 0; i < p->log_n; i++) {
        const struct grant *g = &p->log[(p->log_at + i) % p->log_cap];

        sum -= g->n;
        if (sum + n <= room)
            return g->at_us + SECOND_US;
    }
    return p->log[(p->log_at + p->log_n - 1) % p->log_cap].at_us + SECOND_US;
}

static void log_add(struct link_pace *p, uint32_t n, int64_t now_us)
{
    if (p->log_n == p->log_cap)
        log_forget(p, p->log[p->log_at].at_us);
    p->log[(p->log_at + p->log_n) % p->log_cap] = (struct grant){.at_us = now_us, .n = n};
    p->log_n++;
    p->log_sum += n;
}

/* ---- blocks ---- */

/* Slots in hand move up to the new block, so that a message of several segments finds its slots side by side. Beside another daemon, whose slots lie
 * between, that would make them late: the new block waits until they are used. */
static void join_block(struct link_pace *p, int64_t first_us, int64_t step_us)
{
    int64_t from_us = first_us - (int64_t)p->left * step_us;

    if (p->left != 0 && !p->alone && from_us - p->next_us > LATE_SHARED_US) {
        p->then_us = first_us;
        p->then_left = p->asked;
        return;
    }
    if (p->left == 0 || p->next_us < from_us)
        p->next_us = from_us;
    p->left += p->asked;
}

/* The head needs more than is in hand: on to the next block. A slot or two that are too few for it are lost. */
static void turn_to_next_block(struct link_pace *p)
{
    p->next_us = p->then_us;
    p->left = p->then_left;
    p->then_left = 0;
}

/* A single long one was spent waiting for this process. */
static void learn_trip(struct link_pace *p, int64_t took_us)
{
    int64_t most = 2 * p->trip_us + 1000;

    p->trip_us = (3 * p->trip_us + (took_us < most ? took_us : most)) / 4;
}

static void on_block(void *arg, const struct queue_result *r, int64_t first_in_us, int64_t step_us,
                     bool alone)
{
    struct link_pace *p = arg;
    int64_t now_us = clock_mono_us(), said_us = p->asked_us + p->trip_us;

    p->asking = false;
    learn_trip(p, now_us - p->asked_us);
    if (r->status != QUEUE_OK) {
        loop_timer_arm_ms(p->timer, AGAIN_MS);
        return;
    }
    p->alone = alone;
    p->block_us = now_us;
    /* The answer may have waited for us: Redis counts from when it said it. */
    join_block(p, (said_us < now_us ? said_us : now_us) + first_in_us, step_us);
    loop_timer_arm_us(p->timer, 0);
}

static void ask(struct link_pace *p, const struct link_permit *h)
{
    uint64_t block = (uint64_t)(p->rate * BLOCK_MS / 1000), want = p->waiting - p->left;
    uint64_t least = p->left >= h->n ? 0 : p->alone ? h->n - p->left : h->n; /* what is left may be lost */
    int64_t kept_us = clock_mono_us() - p->busy_us;

    if (want > block)
        want = block;
    if (want < least)
        want = least;
    if (want == 0)
        return;
    p->asking = true;
    p->asked = (uint32_t)want;
    p->asked_us = clock_mono_us();
    queue_rate(p->queue, p->name, p->rate / MARGIN, p->asked,
               kept_us < LATE_ALONE_US ? kept_us : LATE_ALONE_US, on_block, p);
}

static void grant(struct link_pace *p, struct link_permit *h, int64_t due_us, int64_t now_us)
{
    void (*cb)(void *arg) = h->cb;
    void *arg = h->arg;
    int64_t start = now_us - due_us > LATE_US ? now_us : due_us;
    bool behind = p->alone && now_us - p->next_us > LATE_US;
    int64_t taken_us = (int64_t)h->n * p->step_us;

    take_out(h);
    if (h->lane == LANE_BULK || TAILQ_EMPTY(&p->lanes[LANE_BULK]))
        p->n_since_bulk = 0;
    else if (h->lane == LANE_NORMAL)
        p->n_since_bulk += h->n;
    p->left -= h->n;
    p->next_us += taken_us;
    p->free_us = start + (behind ? (int64_t)((double)taken_us * CATCH_UP) : taken_us);
    log_add(p, h->n, now_us);
    free(h);
    cb(arg);
}

static int64_t due_at(struct link_pace *p, const struct link_permit *h, int64_t now_us)
{
    int64_t due = p->next_us, full = log_due(p, h->n, now_us);

    if (due < p->free_us)
        due = p->free_us;
    return due < full ? full : due;
}

static void grant_freely(struct link_permit *h)
{
    void (*cb)(void *arg) = h->cb;
    void *arg = h->arg;

    take_out(h);
    free(h);
    cb(arg);
}

/* Not enough for the first in line; or enough, but whoever asks only when nothing is left loses the way to Redis and back. */
static bool wants_more(const struct link_pace *p, const struct link_permit *h)
{
    return !p->asking && p->then_left == 0 &&
           (p->left < h->n || (p->waiting > p->left && p->left * p->step_us < LOW_US + p->trip_us));
}

/* What is too late to be used. */
static void forget_late(struct link_pace *p, int64_t now_us)
{
    int64_t over_us = now_us - p->next_us - (p->alone ? LATE_ALONE_US : LATE_SHARED_US);
    int64_t n = over_us > 0 && p->left > 0 ? over_us / p->step_us + 1 : 0;

    if (n == 0)
        return;
    if (now_us - p->block_us > STALE_US) {
        p->left = p->then_left = 0;
        return;
    }
    if (n > (int64_t)p->left - 1)
        n = (int64_t)p->left - 1;
    p->left -= (uint32_t)n;
    p->next_us += n * p->step_us;
}

static void advance(struct link_pace *p)
{
    struct link_permit *h;

    while ((h = head(p)) != NULL) {
        int64_t now = clock_mono_us(), due;

        if (p->rate <= 0) {
            grant_freely(h);
            continue;
        }
        forget_late(p, now);
        if (p->left < h->n && p->then_left != 0)
            turn_to_next_block(p);
        if (wants_more(p, h))
            ask(p, h);
        if (p->left < h->n)
            return;
        due = due_at(p, h, now);
        if (due > now) {
            loop_timer_arm_us(p->timer, due - now);
            return;
        }
        grant(p, h, due, now);
    }
}

static void on_timer(void *arg)
{
    advance(arg);
}

struct link_permit *link_pace_ask(struct link_pace *p, enum lane lane, uint32_t n, void (*cb)(void *arg),
                                  void *arg)
{
    struct link_permit *h = xcalloc(1, sizeof(*h));

    h->pace = p;
    h->lane = lane;
    h->n = n > 0 ? n : 1;
    h->cb = cb;
    h->arg = arg;
    TAILQ_INSERT_TAIL(&p->lanes[lane], h, entry);
    if (p->waiting == 0)
        p->busy_us = clock_mono_us();
    p->waiting += h->n;
    /* A higher lane must not wait for the timer of the lower one that was the head so far. */
    if (head(p) == h)
        loop_timer_arm_us(p->timer, 0);
    return h;
}

void link_pace_wrote(struct link_pace *p, uint32_t n, int64_t now_us)
{
    int64_t end = now_us + (int64_t)((double)n * 1002000 / p->rate);

    if (p->rate > 0 && p->rate <= SMALL_RATE && end > p->free_us)
        p->free_us = end;
}

void link_pace_cancel(struct link_permit *permit)
{
    take_out(permit);
    free(permit);
}
