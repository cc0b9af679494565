#include "daemon/scheduler.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/stager.h"

enum {
    LOOK_MAX_MS = 1000, /* other producers and daemons make work without telling */
    AUDIT_SOON_MS = 30,
    SWEEP_SOON_MS = 100,
    AGAIN_MS = 500,
    STAGERS_MAX = 4 /* of lanes normal and bulk; as many again of those above, which never wait for them */
};

/* One repeating call to Redis: at most one under way; poked while it is, it runs once more. */
struct routine {
    struct scheduler *scheduler;
    void (*run)(struct scheduler *s);
    struct loop_timer *timer;
    bool busy, again;
};

struct staging {
    struct scheduler *scheduler;
    struct stager *stager;
    bool high; /* lane emergency or urgent */
    TAILQ_ENTRY(staging) entry;
};

struct counting {
    struct scheduler *scheduler;
    struct stager *stager;
    void (*cb)(void *arg, const struct queue_result *r, uint64_t recipients, uint64_t suppressed);
    void *arg;
    TAILQ_ENTRY(counting) entry;
};

struct scheduler {
    struct scheduler_opts o;
    bool usable, audit_soon, sweep_soon;
    int64_t turned_at; /* by the monotonic clock: a sweep came back, or sweeps became possible */
    struct routine promote, stage, audit, sweep;
    TAILQ_HEAD(, staging) stagings;
    size_t n_stagings[2]; /* of lanes normal and bulk; of those above */
    TAILQ_HEAD(, counting) countings;
};

/* ---- routines ---- */

static void routine_start(struct routine *r)
{
    if (!r->scheduler->usable)
        return;
    if (r->busy) {
        r->again = true;
        return;
    }
    r->busy = true;
    loop_timer_disarm(r->timer);
    r->run(r->scheduler);
}

static void on_routine(void *arg)
{
    routine_start(arg);
}

static void routine_init(struct routine *r, struct scheduler *s, void (*run)(struct scheduler *s))
{
    *r = (struct routine){.scheduler = s, .run = run, .timer = NULL, .busy = false, .again = false};
    r->timer = loop_timer_new(s->o.loop, on_routine, r);
}

/* It is over; run again in ${ms} (0 = at once). */
static void routine_over(struct routine *r, int64_t ms)
{
    r->busy = false;
    if (r->again)
        ms = 0;
    r->again = false;
    if (r->scheduler->usable)
        loop_timer_arm_ms(r->timer, ms);
}

static bool failed(const struct queue_result *r, const char *what)
{
    if (r->status == QUEUE_REFUSED)
        log_error("scheduler.refused", "step=%s code=%s why=\"%s\"", what, r->e->code, r->e->msg);
    return r->status != QUEUE_OK;
}

static int64_t at_most(int64_t ms, int64_t most)
{
    return ms < 0 || ms > most ? most : ms;
}

/* ---- promote ---- */

static void on_promoted(void *arg, const struct queue_result *r, size_t n, int64_t next_ms)
{
    struct scheduler *s = arg;

    if (failed(r, "promote")) {
        routine_over(&s->promote, AGAIN_MS);
        return;
    }
    if (n > 0) {
        FP("after_promote");
        routine_start(&s->stage);
    }
    routine_over(&s->promote, n > 0 ? 0 : at_most(next_ms, LOOK_MAX_MS));
}

static void run_promote(struct scheduler *s)
{
    queue_promote(s->o.queue, on_promoted, s);
}

/* ---- stage ---- */

static void on_page(void *arg)
{
    struct staging *st = arg;

    st->scheduler->o.on_work(st->scheduler->o.arg);
}

static void on_staged(void *arg, const struct queue_result *r, const struct stager_counts *c, bool lost)
{
    struct staging *st = arg;
    struct scheduler *s = st->scheduler;

    (void)r, (void)c;
    TAILQ_REMOVE(&s->stagings, st, entry);
    s->n_stagings[st->high]--;
    free(st);
    if (!lost)
        scheduler_settled(s); /* a notice that sends nothing is complete at once */
    routine_start(&s->stage);
}

static void on_job(void *arg, const struct queue_result *r, const struct queue_stage_job *job,
                   int64_t next_ms)
{
    struct scheduler *s = arg;
    struct stager_opts o = {
        .loop = s->o.loop, .queue = s->o.queue, .channels = s->o.channels, .n_channels = s->o.n_channels};
    struct staging *st;

    if (failed(r, "stage")) {
        routine_over(&s->stage, AGAIN_MS);
        return;
    }
    if (job == NULL) {
        routine_over(&s->stage, at_most(next_ms, LOOK_MAX_MS));
        return;
    }
    st = xcalloc(1, sizeof(*st));
    st->scheduler = s;
    st->high = job->lane <= LANE_URGENT;
    TAILQ_INSERT_TAIL(&s->stagings, st, entry);
    s->n_stagings[st->high]++;
    s->o.on_notice(s->o.arg, job->id, NOTICE_STAGING);
    st->stager = stager_new(&o, job, on_page, on_staged, st);
    routine_over(&s->stage, 0);
}

static void run_stage(struct scheduler *s)
{
    const unsigned all = (1u << LANE_N) - 1, high = 1u << LANE_EMERGENCY | 1u << LANE_URGENT;
    unsigned lanes = 0;

    if (s->n_stagings[false] < STAGERS_MAX)
        lanes |= all & ~high;
    if (s->n_stagings[true] < STAGERS_MAX)
        lanes |= high;
    if (lanes == 0)
        s->stage.busy = false; /* the end of one starts it again */
    else
        queue_stage_next(s->o.queue, lanes, on_job, s);
}

/* ---- audit, sweep ---- */

static void on_audited(void *arg, const struct queue_result *r, bool more)
{
    struct scheduler *s = arg;

    if (failed(r, "audit"))
        routine_over(&s->audit, AGAIN_MS);
    else
        routine_over(&s->audit, more ? 0 : s->audit_soon ? AUDIT_SOON_MS : s->o.sweep_ms);
}

static void run_audit(struct scheduler *s)
{
    s->audit_soon = false;
    queue_audit(s->o.queue, on_audited, s);
}

static void on_swept(void *arg, const struct queue_result *r, bool more)
{
    struct scheduler *s = arg;

    s->turned_at = clock_mono_ms();
    if (failed(r, "sweep"))
        routine_over(&s->sweep, AGAIN_MS);
    else
        routine_over(&s->sweep, more ? 0 : s->sweep_soon ? SWEEP_SOON_MS : s->o.sweep_ms);
}

static void run_sweep(struct scheduler *s)
{
    s->sweep_soon = false;
    queue_sweep(s->o.queue, on_swept, s);
}

/* ---- counting ---- */

static void on_counted(void *arg, const struct queue_result *r, const struct stager_counts *c, bool lost)
{
    struct counting *ct = arg;
    struct counting now = *ct;

    (void)lost;
    TAILQ_REMOVE(&ct->scheduler->countings, ct, entry);
    free(ct);
    now.cb(now.arg, r, c->recipients, c->suppressed);
}

void scheduler_count(struct scheduler *s, const struct audience *a,
                     void (*cb)(void *arg, const struct queue_result *r, uint64_t recipients,
                                uint64_t suppressed),
                     void *arg)
{
    struct stager_opts o = {
        .loop = s->o.loop, .queue = s->o.queue, .channels = s->o.channels, .n_channels = s->o.n_channels};
    struct counting *ct = xcalloc(1, sizeof(*ct));

    ct->scheduler = s;
    ct->cb = cb;
    ct->arg = arg;
    TAILQ_INSERT_TAIL(&s->countings, ct, entry);
    ct->stager = stager_new_count(&o, a, LANE_NORMAL, on_counted, ct);
}

/* ---- life ---- */

struct scheduler *scheduler_new(const struct scheduler_opts *o)
{
    struct scheduler *s = xcalloc(1, sizeof(*s));

    s->o = *o;
    TAILQ_INIT(&s->stagings);
    TAILQ_INIT(&s->countings);
    routine_init(&s->promote, s, run_promote);
    routine_init(&s->stage, s, run_stage);
    routine_init(&s->audit, s, run_audit);
    routine_init(&s->sweep, s, run_sweep);
    return s;
}

void scheduler_free(struct scheduler *s)
{
    struct staging *st;
    struct counting *ct;

    if (s == NULL)
        return;
    while ((st = TAILQ_FIRST(&s->stagings)) != NULL) {
        TAILQ_REMOVE(&s->stagings, st, entry);
        stager_free(st->stager);
        free(st);
    }
    while ((ct = TAILQ_FIRST(&s->countings)) != NULL) {
        TAILQ_REMOVE(&s->countings, ct, entry);
        stager_free(ct->stager);
        free(ct);
    }
    loop_timer_free(s->promote.timer);
    loop_timer_free(s->stage.timer);
    loop_timer_free(s->audit.timer);
    loop_timer_free(s->sweep.timer);
    free(s);
}

void scheduler_poke(struct scheduler *s)
{
    routine_start(&s->promote);
    routine_start(&s->stage);
    /* What was cancelled is closed soon, not at the next regular sweep; many pokes are one sweep. */
    if (!s->sweep.busy && s->usable && !s->sweep_soon)
        loop_timer_arm_ms(s->sweep.timer, SWEEP_SOON_MS);
    s->sweep_soon = true;
}

void scheduler_settled(struct scheduler *s)
{
    if (s->audit_soon || !s->usable)
        return;
    s->audit_soon = true; /* one that is under way looks here when it is over */
    if (!s->audit.busy)
        loop_timer_arm_ms(s->audit.timer, AUDIT_SOON_MS);
}

bool scheduler_alive(const struct scheduler *s, int64_t patience_ms)
{
    return !s->usable || clock_mono_ms() - s->turned_at <= s->o.sweep_ms + patience_ms;
}

void scheduler_set_usable(struct scheduler *s, bool usable)
{
    if (s->usable == usable)
        return;
    s->usable = usable;
    if (!usable) {
        loop_timer_disarm(s->promote.timer);
        loop_timer_disarm(s->stage.timer);
        loop_timer_disarm(s->audit.timer);
        loop_timer_disarm(s->sweep.timer);
        return;
    }
    s->turned_at = clock_mono_ms();
    routine_start(&s->sweep); /* the heartbeat first */
    routine_start(&s->audit);
    scheduler_poke(s);
}
