#include "daemon/app.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/api.h"
#include "daemon/app_int.h"
#include "daemon/canary.h"
#include "daemon/embedded.h"
#include "daemon/events.h"
#include "daemon/feeder.h"
#include "daemon/intake.h"
#include "daemon/journal.h"
#include "daemon/outage.h"
#include "daemon/planner.h"
#include "daemon/reload.h"
#include "daemon/replier.h"
#include "daemon/sandbox.h"
#include "daemon/scheduler.h"
#include "daemon/sdnotify.h"
#include "daemon/usher.h"
#include "daemon/watch.h"

enum { WATCHDOG_SLACK_MS = 10000 };

/* ---- making, in this order; app_free goes the same way back ---- */

static void on_term(void *arg)
{
    app_drain(arg);
}

static void on_hup(void *arg)
{
    struct app *a = arg;
    struct err e = {{0}, {0}, {0}};

    sdnotify_reloading(a->notify);
    if (reload_run(a, &e) == 0)
        log_info("config.reloaded", "file=\"%s\"", a->config->path);
    else
        log_error("config.refused", "why=\"%s\"", e.msg);
    sdnotify_ready(a->notify);
}

/* For the watchdog: the loop turns, or nobody would ask; do the schedulers? */
static bool is_alive(void *arg)
{
    const struct app *a = arg;

    for (size_t i = 0; i < a->n_communities; i++)
        if (a->communities[i].scheduler != NULL &&
            !scheduler_alive(a->communities[i].scheduler, a->config->redis.timeout_ms + WATCHDOG_SLACK_MS))
            return false;
    return true;
}

/* Loop, log, who we are: nothing here touches the network. */
static int make_ground(struct app *a, struct err *e)
{
    struct http_opts http = {.user_agent = "crier/" CRIER_VERSION, .max_in_flight = 16, .ca_file = NULL};

#ifdef CRIER_TEST_BUILD
    http.ca_file = getenv("CRIER_CA_FILE"); /* the authority of the tests' certificates */
#endif
    for (size_t i = 0; i < a->config->n_providers; i++)
        http.max_in_flight += (size_t)a->config->providers[i].window;
    a->loop = loop_new(e);
    if (a->loop == NULL || slot_take(&a->slot, a->config->state_dir, e) != 0)
        return -1;
    memcpy(a->daemon_id, a->slot.id, sizeof(a->daemon_id));
    a->journal = journal_open(a->config->state_dir, a->slot.number, e);
    a->canary = canary_open(a->config->state_dir, a->slot.number);
    a->http = a->journal != NULL ? http_new(a->loop, &http, e) : NULL;
    if (a->http == NULL)
        return -1;
    a->notify = sdnotify_new(a->loop, is_alive, a);
    a->events = events_new();
    app_events_init(a);
    a->signals[0] = loop_signal_new(a->loop, SIGTERM, on_term, a);
    a->signals[1] = loop_signal_new(a->loop, SIGINT, on_term, a);
    a->signals[2] = loop_signal_new(a->loop, SIGHUP, on_hup, a);
    return 0;
}

static void on_embedded_down(void *arg, const char *why)
{
    (void)arg;
    log_warn("redis.embedded-down", "why=\"%s\"", why);
}

/* The embedded Redis, and connections: they come up by themselves, now or later. */
static int make_redis(struct app *a, struct err *e)
{
    struct embedded_opts o = {.loop = a->loop,
                              .state_dir = a->config->state_dir,
                              .on_ready = NULL,
                              .on_down = on_embedded_down,
                              .arg = a};
    const char *url = a->config->redis.url;

    if (strcmp(url, "embedded") == 0) {
        a->embedded = embedded_new(&o, e);
        if (a->embedded == NULL)
            return -1;
        url = embedded_url(a->embedded);
    }
    if (app_redis_new(a, e) != 0)
        return -1;
    a->n_communities = a->config->n_communities;
    a->communities = xcalloc(a->n_communities + 1, sizeof(*a->communities));
    for (size_t i = 0; i < a->n_communities; i++) {
        app_community_queues(a, &a->communities[i], &a->config->communities[i]);
        if (app_community_connect(a, &a->communities[i], url, e) != 0)
            return -1;
    }
    return 0;
}

static bool wants_sandbox(const struct config *c)
{
    for (size_t i = 0; i < c->n_providers; i++)
        if (strcmp(c->providers[i].driver, "sandbox") == 0)
            return true;
    return false;
}

/* Links first: feeders are given those of their community. */
static int make_parts(struct app *a, struct err *e)
{
    if (wants_sandbox(a->config))
        a->sandbox = sandbox_new(a->loop);
    for (size_t i = 0; i < a->n_communities; i++) {
        a->communities[i].words = app_community_words(a->communities[i].conf, e);
        if (a->communities[i].words == NULL)
            return -1;
    }
    if (app_links_new(a, e) != 0)
        return -1;
    for (size_t i = 0; i < a->n_communities; i++)
        app_community_parts(a, &a->communities[i]);
    if (a->sandbox != NULL)
        app_sandbox_connect(a);
    a->watch = watch_new(a);
    return 0;
}

static int write_ready_file(const struct app *a, struct err *e)
{
    const char *path = a->config->listen.ready_file;
    char *part, text[16];
    int fd, n, rc = -1;

    if (path[0] == '\0')
        return 0;
    part = xasprintf("%s.part", path);
    n = snprintf(text, sizeof(text), "%d\n", api_port(a->api));
    fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd >= 0 && n > 0 && write(fd, text, (size_t)n) == n && rename(part, path) == 0)
        rc = 0;
    else
        err_set(e, "listen", "listen.ready_file", "cannot write %s", path);
    if (fd >= 0)
        close(fd);
    free(part);
    return rc;
}

/* With port 0, and with a --dev that found 8025 taken, nobody else tells where the console is. */
static void tell_doors(const struct app *a)
{
    const char *http = a->config->listen.http, *colon = strrchr(http, ':');

    if (a->config->listen.admin[0] != '\0')
        log_info("api.listening", "at=\"%s\"", a->config->listen.admin);
    if (colon != NULL)
        log_info("api.listening", "at=\"http://%.*s:%d/\"", (int)(colon - http), http, api_port(a->api));
}

/* Listeners open last, but also while Redis is away: readyz says so. */
static int make_face(struct app *a, struct err *e)
{
    a->drain_limit = NULL;
    a->api = api_new(a, e);
    if (a->api == NULL || api_listen(a->api, e) != 0)
        return -1;
    tell_doors(a);
    return write_ready_file(a, e);
}

struct app *app_new(struct config *conf, struct err *e)
{
    struct app *a = xcalloc(1, sizeof(*a));

    a->config = conf;
    a->slot.fd = -1;
    a->started_at = clock_wall_ms();
    if (make_ground(a, e) == 0 && make_redis(a, e) == 0 && make_parts(a, e) == 0 && make_face(a, e) == 0) {
        log_info("daemon.started", "version=%s id=%s communities=%zu providers=%zu", CRIER_VERSION,
                 a->daemon_id, a->n_communities, a->n_links);
        return a;
    }
    app_free(a);
    return NULL;
}

void app_free(struct app *a)
{
    if (a == NULL)
        return;
    api_free(a->api);
    loop_timer_free(a->drain_limit);
    loop_timer_free(a->check_again);
    outage_free(a);
    for (size_t i = 0; i < a->n_communities;
         i++) /* before the links: deliveries hold requests and permits of theirs */
        app_community_free_parts(&a->communities[i]);
    app_links_free(a);
    sandbox_free(a->sandbox);
    for (size_t i = 0; i < a->n_communities; i++)
        app_community_free(&a->communities[i]);
    free(a->communities);
    redis_free(a->redis_side);
    redis_free(a->redis_main);
    embedded_stop(a->embedded);
    watch_free(a->watch);
    if (a->loop != NULL)
        app_events_fini(a);
    events_free(a->events);
    for (size_t i = 0; i < ARRAY_LEN(a->signals); i++)
        loop_signal_free(a->signals[i]);
    sdnotify_free(a->notify);
    http_free(a->http);
    journal_close(a->journal);
    canary_close(a->canary);
    loop_free(a->loop);
    slot_give(&a->slot);
    while (a->n_retired > 0)
        config_free(a->retired[--a->n_retired]);
    free(a->retired);
    config_free(a->config);
    free(a);
}

/* ---- running ---- */

int app_run(struct app *a)
{
    sdnotify_ready(a->notify);
    loop_run(a->loop);
    return a->exit_status;
}

struct community *app_community(struct app *a, const char *name)
{
    if (name == NULL || name[0] == '\0')
        return a->n_communities == 1 ? &a->communities[0] : NULL;
    for (size_t i = 0; i < a->n_communities; i++)
        if (strcmp(a->communities[i].conf->name, name) == 0)
            return &a->communities[i];
    return NULL;
}

void app_poke(struct app *a)
{
    for (size_t i = 0; i < a->n_communities; i++) {
        scheduler_poke(a->communities[i].scheduler);
        feeder_wake(a->communities[i].feeder);
    }
}

void app_status_line(const struct app *a, char *out, size_t n)
{
    size_t in_flight = 0;
    int len;

    for (size_t i = 0; i < a->n_communities; i++)
        in_flight += feeder_in_flight(a->communities[i].feeder);
    len = snprintf(out, n, "%s; %zu requests under way%s%s",
                   a->draining       ? "draining"
                   : a->redis_usable ? "ready"
                                     : "waiting for Redis",
                   in_flight, a->redis_words[0] != '\0' ? ": " : "", a->redis_words);
    if (len < 0)
        panic("snprintf failed");
    if ((size_t)len >= n) /* for people: a cut line is better than none */
        out[n - 1] = '\0';
}

/* ---- the end ---- */

static void on_part_drained(void *arg)
{
    struct app *a = arg;

    if (--a->n_draining == 0) {
        log_info("daemon.drained", "id=%s", a->daemon_id);
        loop_stop(a->loop);
    }
}

static void on_drain_limit(void *arg)
{
    struct app *a = arg;

    log_warn("daemon.drain-over-time", "parts=%zu", a->n_draining);
    loop_stop(a->loop);
}

void app_drain(struct app *a)
{
    if (a->draining)
        return;
    a->draining = true;
    log_info("daemon.draining", "id=%s", a->daemon_id);
    sdnotify_stopping(a->notify);
    api_close_listeners(a->api);
    a->drain_limit = loop_timer_new(a->loop, on_drain_limit, a);
    loop_timer_arm_ms(a->drain_limit, a->config->delivery.drain_ms);
    a->n_draining = 2 * a->n_communities;
    for (size_t i = 0; i < a->n_communities; i++) {
        struct community *c = &a->communities[i];

        intake_stop(c->intake);
        scheduler_set_usable(c->scheduler, false);
        usher_set_usable(c->usher, false);
        planner_set_usable(c->planner, false);
        replier_stop(c->replier, on_part_drained, a);
        feeder_drain(c->feeder, on_part_drained, a);
    }
}
