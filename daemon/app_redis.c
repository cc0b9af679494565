#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/app_int.h"
#include "daemon/canary.h"
#include "daemon/embedded.h"
#include "daemon/feeder.h"
#include "daemon/intake.h"
#include "daemon/outage.h"
#include "daemon/planner.h"
#include "daemon/replier.h"
#include "daemon/scheduler.h"
#include "daemon/sdnotify.h"
#include "daemon/usher.h"

/*   main connection up ─▶ check each community ─all well─▶ [first life: take over] ─▶ usable ─▶ app_recovery_pass
 *          ▲                   │ not now                                              │ connection lost
 *          └── (reconnects) ◀──┴─ look again in a moment ◀────────────────────────────┘ (no Redis, no new send; what is under way keeps its results)
 *
 * What can never work (version, eviction policy, rights) ends the program when it is found at the start; later it only stops the sending. */

enum {
    CHECK_AGAIN_MS = 500,
    CHECK_SOON_MS = 50,
    LOOK_MS = 2000 /* it may have been emptied, be full, or have other settings */,
    EXIT_REFUSED = 78
};

static void set_words(struct app *a, const char *why)
{
    memset(a->redis_words, 0, sizeof(a->redis_words));
    memcpy(a->redis_words, why, strnlen(why, sizeof(a->redis_words) - 1));
}

void app_redis_set_usable(struct app *a, bool usable, const char *why)
{
    char line[200];

    set_words(a, usable ? "" : why);
    if (a->redis_usable == usable)
        return;
    a->redis_usable = usable;
    if (usable)
        log_info("redis.usable", "version=%s words=\"%s\"", a->durability.redis_version, a->durability.words);
    else
        log_warn("redis.unusable", "why=\"%s\"", why);
    for (size_t i = 0; i < a->n_communities; i++) {
        struct community *c = &a->communities[i];

        scheduler_set_usable(c->scheduler, usable && !a->draining);
        usher_set_usable(c->usher, usable && !a->draining);
        planner_set_usable(c->planner, usable && !a->draining);
        feeder_set_usable(c->feeder, usable);
        if (usable && !a->draining)
            intake_start(c->intake);
        if (usable)
            replier_poke(c->replier);
    }
    app_status_line(a, line, sizeof(line));
    sdnotify_status(a->notify, "%s", line);
}

static void usable_now(struct app *a)
{
    a->was_usable = true;
    loop_timer_arm_ms(a->check_again, LOOK_MS);
    if (!a->redis_usable)
        outage_over(a, canary_seen_at(a->canary));
    app_redis_set_usable(a, true, "");
    app_recovery_pass(a);
}

/* ---- what a former life held ---- */

static void on_taken_over(void *arg, const struct queue_result *r, size_t n)
{
    struct app *a = arg;

    if (r->status != QUEUE_OK)
        a->checks_ok = false;
    else if (n > 0)
        log_info("queue.taken-over", "leases=%zu", n);
    if (--a->n_checks > 0)
        return;
    if (!a->checks_ok) {
        loop_timer_arm_ms(a->check_again, CHECK_AGAIN_MS);
        return;
    }
    a->taken_over = true;
    usable_now(a);
}

static void take_over(struct app *a)
{
    a->checks_ok = true;
    a->n_checks = a->n_communities;
    for (size_t i = 0; i < a->n_communities; i++)
        queue_takeover(a->communities[i].queue, on_taken_over, a);
}

/* ---- checks ---- */

static bool tolerated(const struct app *a, const struct queue_durability *d)
{
    return d->ok || (a->config->redis.accept_eviction && !d->noeviction && d->run_id[0] != '\0');
}

static void refuse(struct app *a, const struct queue_durability *d)
{
    log_error("redis.refused", "why=\"%s\"", d->problem);
    a->forbidden = d->forbidden;
    set_words(a, d->problem);
    a->checks_ok = false;
    if (a->was_usable)
        return;
    fprintf(stderr, "crierd: this Redis cannot be used: %s\n", d->problem);
    a->exit_status = EXIT_REFUSED;
    loop_stop(a->loop);
}

/* Once for all communities: each check says so. Claims are held for a moment by the check, so that this comes first. */
static void restarted(struct app *a, const struct queue_durability *d)
{
    if (strcmp(a->replayed_run, d->run_id) == 0)
        return;
    memcpy(a->replayed_run, d->run_id, sizeof(a->replayed_run));
    log_warn("redis.restarted", "run_id=%.12s", d->run_id);
    for (size_t i = 0; i < a->n_communities; i++)
        feeder_replay(a->communities[i].feeder);
}

static void keep_results(struct app *a)
{
    for (size_t i = 0; i < a->n_communities; i++)
        feeder_keep_results(a->communities[i].feeder, !a->durability.survives_power_loss);
}

static void checks_failed(struct app *a)
{
    char why[sizeof(a->redis_words)];

    memcpy(why, a->redis_words, sizeof(why));
    app_redis_set_usable(a, false, why);
    loop_timer_arm_ms(a->check_again, CHECK_AGAIN_MS);
}

static void on_check(void *arg, const struct queue_result *r, const struct queue_durability *d)
{
    struct community *c = arg;
    struct app *a = c->app;

    if (r->status != QUEUE_OK) {
        a->checks_ok = false;
        set_words(a, r->e->msg);
        log_warn("redis.not-checked", "connection=main why=\"%s\"", r->e->msg);
    } else if (!tolerated(a, d)) {
        refuse(a, d);
    } else {
        bool news = strcmp(a->durability.words, d->words) != 0;

        a->durability = *d;
        for (size_t i = 0; news && i < d->n_warnings; i++)
            log_warn("redis.warning", "what=\"%s\"", d->warnings[i]);
        app_recovery_looked(c, &d->holds);
        if (d->run_id_changed)
            restarted(a, d);
        keep_results(a);
    }
    if (--a->n_checks > 0)
        return;
    if (!a->checks_ok)
        checks_failed(a);
    else if (!a->taken_over)
        take_over(a);
    else
        usable_now(a);
}

static void ask(struct app *a)
{
    if (a->n_checks > 0 || redis_state(a->redis_main) != REDIS_UP)
        return;
    a->checks_ok = true;
    a->forbidden = false;
    a->n_checks = a->n_communities;
    for (size_t i = 0; i < a->n_communities; i++)
        queue_check(a->communities[i].queue, on_check, &a->communities[i]);
}

/* A server that was good and is not any more is not asked again on the same connection: another may answer behind its address now. */
static void check(void *arg)
{
    struct app *a = arg;

    if (a->was_usable && !a->checks_ok && !a->forbidden && a->n_checks == 0 &&
        redis_state(a->redis_main) == REDIS_UP) {
        a->checks_ok = true;
        redis_reconnect(a->redis_main, "Redis did not pass its checks");
        return;
    }
    ask(a);
}

void app_redis_look_soon(void *arg)
{
    struct app *a = arg;

    loop_timer_arm_ms(a->check_again, CHECK_SOON_MS);
}

static void on_side_check(void *arg, const struct queue_result *r, const struct queue_durability *d)
{
    (void)arg, (void)d;
    if (r->status != QUEUE_OK)
        log_warn("redis.not-checked", "connection=side why=\"%s\"", r->e->msg);
}

/* ---- connections ---- */

static void on_main(void *arg, enum redis_state s, const char *why)
{
    struct app *a = arg;

    log_debug("redis.connection", "name=main state=%d why=\"%s\"", (int)s, why != NULL ? why : "");
    if (s == REDIS_UP)
        ask(a);
    else if (s == REDIS_DOWN)
        app_redis_set_usable(a, false, why != NULL && why[0] != '\0' ? why : "Redis is not reachable");
}

static void on_side(void *arg, enum redis_state s, const char *why)
{
    struct app *a = arg;

    (void)why;
    if (s != REDIS_UP)
        return;
    for (size_t i = 0; i < a->n_communities; i++) {
        queue_check(a->communities[i].side, on_side_check, a);
        if (a->communities[i].replier != NULL)
            replier_poke(a->communities[i].replier);
    }
}

int app_redis_new(struct app *a, struct err *e)
{
    struct redis_opts o = {.url = a->embedded != NULL ? embedded_url(a->embedded) : a->config->redis.url,
                           .client_name = "crier-main",
                           .timeout_ms = a->config->redis.timeout_ms,
                           .on_state = on_main,
                           .arg = a};

    a->check_again = loop_timer_new(a->loop, check, a);
    set_words(a, "Redis was not reached yet");
    a->redis_main = redis_new(a->loop, &o, e);
    o.client_name = "crier-side";
    o.on_state = on_side;
    a->redis_side = a->redis_main != NULL ? redis_new(a->loop, &o, e) : NULL;
    return a->redis_side != NULL ? 0 : -1;
}
