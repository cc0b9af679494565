/* The pacer, half a minute at each rate, on a clock and against a Redis that exist only here: never more than the rate in any sliding second at the moment of
 * the write, nor 3 % less than it over the whole time; texts of one part and of three; one daemon and two that share the account. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What the pacer calls, under other names; it is compiled into this program below. */
#define clock_mono_us     sim_now_us
#define queue_rate        sim_rate
#define loop_timer_new    sim_timer_new
#define loop_timer_free   sim_timer_free
#define loop_timer_arm_us sim_timer_arm_us
#define loop_timer_arm_ms sim_timer_arm_ms
#include "daemon/link_pace.c"

#define SECONDS    30
#define TIMERS     4
#define WRITES_MAX 400000
#define WAITING    40   /* permits asked for ahead by each daemon */
#define JITTER_US  1500 /* timers fire, and writes follow their permit, up to so much later */
#define REDIS_US   400  /* an answer takes half to one and a half of it */

struct loop_timer {
    int64_t at_us; /* 0 = not armed */
    void (*cb)(void *arg);
    void *arg;
};

struct answer {
    int64_t at_us;
    queue_rate_fn cb;
    void *arg;
    int64_t first_us, step_us;
    bool alone;
};

struct daemon;

/* A permit of ${n} segments for one daemon: what comes back with it. */
struct permit_of {
    struct daemon *d;
    uint32_t n;
};

struct daemon {
    struct link_pace *pace;
    enum lane lane;
    size_t waiting;
    struct permit_of kinds[4]; /* by segments */
};

static struct {
    int64_t now_us;
    uint64_t seed;
    struct loop_timer *timers[TIMERS];
    size_t n_timers;
    struct answer answers[TIMERS];
    int64_t late_us;           /* a write follows its permit up to so much later */
    int64_t stall_us, next_us; /* the machine stands still for so long, and when it does next */
    double free_us;            /* of the account in Redis: as in queue/lua/rate.lua */
    int64_t said_us, other_us, trip_us;
    const struct queue *last;
    struct {
        double at_us;
        uint32_t n;
    } log[64];
    size_t n_log;
    const uint32_t *parts;
    size_t n_parts, n_asked;
    struct {
        int64_t at_us;
        uint32_t n;
        enum lane lane;
    } writes[WRITES_MAX];
    size_t n_writes;
} sim;

int64_t sim_now_us(void)
{
    return sim.now_us;
}

static int64_t random_us(int64_t most)
{
    sim.seed = sim.seed * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((sim.seed >> 33) % (uint64_t)(most + 1));
}

struct loop_timer *sim_timer_new(struct loop *l, loop_fn cb, void *arg)
{
    struct loop_timer *t = xcalloc(1, sizeof(*t));

    (void)l;
    t->cb = cb;
    t->arg = arg;
    sim.timers[sim.n_timers++] = t;
    return t;
}

void sim_timer_free(struct loop_timer *t)
{
    free(t);
}

void sim_timer_arm_us(struct loop_timer *t, int64_t us)
{
    t->at_us = sim.now_us + (us > 0 ? us : 0) + random_us(JITTER_US);
}

void sim_timer_arm_ms(struct loop_timer *t, int64_t ms)
{
    sim_timer_arm_us(t, ms * 1000);
}

/* The log of grants at low rates, as in queue/lua/rate.lua. */
static double behind_the_log(double free_us, double per_second, uint32_t n)
{
    double most = per_second * 1.02 > n ? per_second * 1.02 : n;
    uint64_t sum = 0;
    size_t from = 0;

    for (size_t i = 0; i < sim.n_log; i++)
        sum += sim.log[i].n;
    while (from < sim.n_log && (sim.log[from].at_us <= free_us - 1015000 || (double)(sum + n) > most)) {
        if (free_us < sim.log[from].at_us + 1015000)
            free_us = sim.log[from].at_us + 1015000;
        sum -= sim.log[from++].n;
    }
    memmove(sim.log, sim.log + from, (sim.n_log - from) * sizeof(sim.log[0]));
    sim.n_log -= from;
    sim.log[sim.n_log].at_us = free_us;
    sim.log[sim.n_log++].n = n;
    return free_us;
}

/* queue/lua/rate.lua, in short. */
void sim_rate(struct queue *q, const char *provider, double per_second, uint32_t n, int64_t kept_us,
              queue_rate_fn cb, void *arg)
{
    double step = 1e6 / per_second, at = (double)sim.now_us, floor_us = at;
    int64_t gone_us = 2000000 + (int64_t)(8 * n * step);
    size_t i = 0;
    bool alone;

    (void)provider;
    while (sim.answers[i].cb != NULL)
        i++;
    if (sim.last != NULL && sim.last != q && sim.now_us - sim.said_us < gone_us) {
        if (sim.now_us - sim.other_us >= gone_us)
            sim.free_us = (sim.free_us > at ? sim.free_us : at) + 200000;
        sim.other_us = sim.said_us;
    }
    sim.last = q;
    sim.said_us = sim.now_us;
    alone = sim.now_us - sim.other_us >= gone_us;
    if (alone)
        floor_us -= (double)kept_us;
    if (sim.free_us < floor_us)
        sim.free_us = floor_us;
    if (per_second <= 50)
        sim.free_us = behind_the_log(sim.free_us, per_second, n);
    sim.answers[i] = (struct answer){.at_us = sim.now_us + sim.trip_us + REDIS_US / 2 + random_us(REDIS_US),
                                     .cb = cb,
                                     .arg = arg,
                                     .first_us = (int64_t)ceil(sim.free_us - at),
                                     .step_us = (int64_t)ceil(step),
                                     .alone = alone};
    sim.free_us += n * step;
}

static void ask_more(struct daemon *d);

static void on_permit(void *arg)
{
    const struct permit_of *p = arg;

    sim.writes[sim.n_writes].at_us = sim.now_us + random_us(sim.late_us);
    link_pace_wrote(p->d->pace, p->n, sim.writes[sim.n_writes].at_us);
    sim.writes[sim.n_writes].n = p->n;
    sim.writes[sim.n_writes].lane = p->d->lane;
    sim.n_writes++;
    p->d->waiting--;
    ask_more(p->d);
}

static void ask_more(struct daemon *d)
{
    while (d->waiting < WAITING) {
        uint32_t n = sim.parts[sim.n_asked++ % sim.n_parts];

        d->kinds[n] = (struct permit_of){.d = d, .n = n};
        d->waiting++;
        link_pace_ask(d->pace, d->lane, n, on_permit, &d->kinds[n]);
    }
}

/* The next thing that happens. */
static void step(void)
{
    struct loop_timer *t = NULL;
    struct answer *a = NULL;

    for (size_t i = 0; i < sim.n_timers; i++)
        if (sim.timers[i]->at_us != 0 && (t == NULL || sim.timers[i]->at_us < t->at_us))
            t = sim.timers[i];
    for (size_t i = 0; i < TIMERS; i++)
        if (sim.answers[i].cb != NULL && (a == NULL || sim.answers[i].at_us < a->at_us))
            a = &sim.answers[i];
    assert_true(t != NULL || a != NULL); /* it must not fall silent */
    if (sim.stall_us > 0 && sim.now_us >= sim.next_us) {
        sim.now_us += sim.stall_us;
        sim.next_us = sim.now_us + 8 * sim.stall_us + random_us(8 * sim.stall_us);
    }
    if (t == NULL || (a != NULL && a->at_us < t->at_us)) {
        struct answer it = *a;
        struct queue_result r = {.status = QUEUE_OK, .e = NULL};

        a->cb = NULL;
        sim.now_us = it.at_us > sim.now_us ? it.at_us : sim.now_us;
        /* what was true when Redis said it is counted from when it is heard, however late that is */
        it.cb(it.arg, &r, it.first_us, it.step_us, it.alone);
        return;
    }
    sim.now_us = t->at_us > sim.now_us ? t->at_us : sim.now_us;
    t->at_us = 0;
    t->cb(t->arg);
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The fullest sliding second. */
static uint64_t fullest(void)
{
    uint64_t sum = 0, most = 0;
    size_t first = 0;

    for (size_t i = 0; i < sim.n_writes; i++) {
        sum += sim.writes[i].n;
        while (sim.writes[i].at_us - sim.writes[first].at_us >= 1000000)
            sum -= sim.writes[first++].n;
        if (sum > most)
            most = sum;
    }
    return most;
}

static const uint32_t ones[] = {1}, threes[] = {3}, mixed[] = {1, 3, 1, 1, 3};
static const struct {
    const char *name;
    double rate;
    const uint32_t *parts;
    size_t n_parts, n_daemons;
    double best; /* a second: what whole messages can fill of it */
    int64_t late_us, stall_us, trip_us;
    int joins_s; /* the second daemon joins so much later */
} rows[] = {
    {"1/s, one part",                                  1,    ones,   1, 1, 1,    0,     0,      0,     0 },
    {"10/s, one part",                                 10,   ones,   1, 1, 10,   0,     0,      0,     0 },
    {"600/s, one part",                                600,  ones,   1, 1, 600,  0,     0,      0,     0 },
    {"5000/s, one part",                               5000, ones,   1, 1, 5000, 0,     0,      0,     0 },
    {"10/s, three parts",                              10,   threes, 1, 1, 9,    0,     0,      0,     0 },
    {"600/s, three parts",                             600,  threes, 1, 1, 600,  0,     0,      0,     0 },
    {"5000/s, three parts",                            5000, threes, 1, 1, 5000, 0,     0,      0,     0 },
    {"600/s, one and three parts",                     600,  mixed,  5, 1, 600,  0,     0,      0,     0 },
    {"5000/s, one and three parts",                    5000, mixed,  5, 1, 5000, 0,     0,      0,     0 },
    {"1/s, two daemons",                               1,    ones,   1, 2, 1,    0,     0,      0,     0 },
    {"10/s, two daemons",                              10,   ones,   1, 2, 10,   0,     0,      0,     0 },
    {"600/s, two daemons, mixed",                      600,  mixed,  5, 2, 600,  0,     0,      0,     0 },
    {"5000/s, two daemons, mixed",                     5000, mixed,  5, 2, 5000, 0,     0,      0,     0 },
    {"1/s on a busy machine",                          1,    ones,   1, 1, 0.98, 60000, 0,      0,     0 },
    {"10/s on a busy machine",                         10,   ones,   1, 1, 7.6,  60000, 0,      0,     0 },
    {"600/s, stalls of 3 ms",                          600,  ones,   1, 1, 600,  0,     3000,   0,     0 },
    {"600/s, stalls of 30 ms",                         600,  ones,   1, 1, 600,  0,     30000,  0,     0 },
    {"600/s, stalls of 200 ms",                        600,  ones,   1, 1, 580,  0,     200000, 0,     0 },
    {"5000/s, stalls of 30 ms, mixed",                 5000, mixed,  5, 1, 5000, 0,     30000,  0,     0 },
    {"10/s, stalls of 200 ms",                         10,   ones,   1, 1, 9.7,  0,     200000, 0,     0 },
    {"600/s, Redis 20 ms away",                        600,  ones,   1, 1, 600,  0,     0,      20000, 0 },
    {"600/s, a second daemon joins",                   600,  mixed,  5, 2, 600,  0,     0,      0,     10},
    {"600/s, stalls of 200 ms, a second daemon joins", 600,  ones,   1, 2, 400,  0,     200000, 0,     10},
    {"600/s, stalls of 30 ms, two daemons",            600,  ones,   1, 2, 500,  0,     30000,  0,     0 },
    {"10/s, three parts, two daemons",                 10,   threes, 1, 2, 7,    0,     0,      0,     0 },
};

static void run(size_t row)
{
    struct daemon d[2];
    uint64_t sum = 0, most;
    int64_t end, joins;

    memset(&sim, 0, sizeof(sim));
    sim.now_us = 1000000000;
    sim.seed = row + 1;
    sim.stall_us = rows[row].stall_us;
    sim.next_us = sim.now_us + 1500000;
    sim.trip_us = rows[row].trip_us;
    sim.late_us = rows[row].late_us > 0 ? rows[row].late_us : JITTER_US;
    sim.parts = rows[row].parts;
    sim.n_parts = rows[row].n_parts;
    for (size_t i = 0; i < rows[row].n_daemons; i++) {
        d[i] = (struct daemon){
            .pace = link_pace_new(NULL, (struct queue *)(uintptr_t)(i + 1), "p1", rows[row].rate),
            .lane = LANE_NORMAL};
        if (i == 0 || rows[row].joins_s == 0)
            ask_more(&d[i]);
    }
    end = sim.now_us + SECONDS * 1000000;
    joins = rows[row].joins_s > 0 ? sim.now_us + rows[row].joins_s * 1000000 : end;
    while (sim.now_us < end) {
        step();
        if (joins < end && sim.now_us >= joins) {
            joins = end;
            ask_more(&d[1]);
        }
    }
    qsort(sim.writes, sim.n_writes, sizeof(sim.writes[0]), by_time);
    for (size_t i = 0; i < sim.n_writes; i++)
        sum += sim.writes[i].n;
    most = fullest();
    print_message("%s: fullest second %llu, %.2f a second\n", rows[row].name, (unsigned long long)most,
                  (double)sum / SECONDS);
    if ((double)most > rows[row].rate)
        fail_msg("%s: a second with %llu", rows[row].name, (unsigned long long)most);
    if ((double)sum < 0.97 * rows[row].best * SECONDS)
        fail_msg("%s: only %.2f a second", rows[row].name, (double)sum / SECONDS);
    for (size_t i = 0; i < rows[row].n_daemons; i++)
        link_pace_free(d[i].pace);
}

static void no_second_holds_more_and_no_half_minute_less(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        run(i);
}

/* Two lanes that always have something, at 600 a second: how much of it is the lower one's. */
static double share_of(enum lane high, enum lane low)
{
    struct daemon d[2];
    int64_t end;
    size_t n = 0;

    memset(&sim, 0, sizeof(sim));
    sim.now_us = 1000000000;
    sim.seed = 7;
    sim.late_us = JITTER_US;
    sim.parts = ones;
    sim.n_parts = 1;
    d[0] = (struct daemon){.pace = link_pace_new(NULL, NULL, "p1", 600), .lane = high};
    d[1] = (struct daemon){.pace = d[0].pace, .lane = low};
    ask_more(&d[0]);
    ask_more(&d[1]);
    end = sim.now_us + SECONDS * 1000000;
    while (sim.now_us < end)
        step();
    for (size_t i = 0; i < sim.n_writes; i++)
        n += sim.writes[i].lane == low;
    link_pace_free(d[0].pace);
    return (double)n / (double)sim.n_writes;
}

static void bulk_trickles_beside_normal_and_nothing_stands_before_an_alert(void **state)
{
    (void)state;
    assert_true(share_of(LANE_NORMAL, LANE_BULK) > 0.015 && share_of(LANE_NORMAL, LANE_BULK) < 0.025);
    assert_true(share_of(LANE_URGENT, LANE_BULK) < 0.001);
    assert_true(share_of(LANE_EMERGENCY, LANE_NORMAL) < 0.001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_second_holds_more_and_no_half_minute_less),
        cmocka_unit_test(bulk_trickles_beside_normal_and_nothing_stands_before_an_alert),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
