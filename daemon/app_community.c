#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/app_int.h"
#include "daemon/feeder.h"
#include "daemon/hooks.h"
#include "daemon/intake.h"
#include "daemon/link.h"
#include "daemon/planner.h"
#include "daemon/replier.h"
#include "daemon/scheduler.h"
#include "daemon/usher.h"

#define LOOK_MAX_MS 10000 /* activities: staff and other daemons change them without telling */

/* ---- queues and connections ---- */

void app_community_queues(struct app *a, struct community *c, const struct config_community *conf)
{
    struct queue_opts o = {.redis = a->redis_main,
                           .prefix = a->config->redis.prefix,
                           .community = conf->name,
                           .daemon_id = a->daemon_id,
                           .lease_ms = a->config->delivery.lease_ms,
                           .on_misconf = app_redis_look_soon,
                           .arg = a};

    c->app = a;
    c->conf = conf;
    c->queue = queue_new(&o);
    o.redis = a->redis_side;
    c->side = queue_new(&o);
}

int app_community_connect(struct app *a, struct community *c, const char *url, struct err *e)
{
    struct redis_opts o = {.url = url, .client_name = "crier-inbox"};

    c->block = redis_new(a->loop, &o, e);
    o.client_name = "crier-inbox-e";
    c->block_e = c->block != NULL ? redis_new(a->loop, &o, e) : NULL;
    return c->block_e != NULL ? 0 : -1;
}

/* ---- words of replies ---- */

static int add_words(struct intent_words *w, enum intent_kind k, char **words, struct err *e)
{
    for (size_t i = 0; words != NULL && words[i] != NULL; i++)
        if (intent_words_add(w, k, words[i], e) != 0)
            return -1;
    return 0;
}

struct intent_words *app_community_words(const struct config_community *conf, struct err *e)
{
    struct intent_words *w = intent_words_new();

    if (add_words(w, INTENT_JOIN, conf->words_join, e) == 0 &&
        add_words(w, INTENT_LEAVE, conf->words_leave, e) == 0 &&
        add_words(w, INTENT_QUERY, conf->words_query, e) == 0 &&
        add_words(w, INTENT_HELP, conf->words_help, e) == 0 &&
        add_words(w, INTENT_STOP, conf->words_stop, e) == 0 &&
        add_words(w, INTENT_START, conf->words_start, e) == 0)
        return w;
    intent_words_free(w);
    return NULL;
}

/* ---- links ---- */

static void on_room(void *arg)
{
    struct community *c = arg;

    if (c->feeder != NULL)
        feeder_poke(c->feeder);
}

/* A route number is four bits in the ledger and must mean the same provider to every daemon and after a restart: its place in the file. */
static struct link *new_link(struct app *a, const struct config_provider *conf, size_t route, struct err *e)
{
    struct community *c = app_community(a, conf->community);
    struct link_opts o = {.loop = a->loop,
                          .http = a->http,
                          .queue = c->queue,
                          .config = a->config,
                          .conf = conf,
                          .route = (uint8_t)route,
                          .reserved_percent = a->config->delivery.slots_reserved_percent,
                          .timeout_ms = a->config->delivery.timeout_ms,
                          .sandbox = a->sandbox,
                          .on_room = on_room,
                          .arg = c};

    return link_new(&o, e);
}

static int by_priority(const void *x, const void *y)
{
    const struct config_provider *a = link_conf(*(struct link *const *)x),
                                 *b = link_conf(*(struct link *const *)y);

    if (a->priority != b->priority)
        return a->priority < b->priority ? -1 : 1;
    return a < b ? -1 : a > b;
}

static void add_channel(struct community *c, const char *channel)
{
    for (size_t i = 0; i < c->n_channels; i++)
        if (strcmp(c->channels[i], channel) == 0)
            return;
    c->channels[c->n_channels++] = channel;
}

void app_community_sort(struct app *a, struct community *c)
{
    if (c->links == NULL) {
        c->links = xcalloc(a->n_links + 1, sizeof(struct link *));
        c->channels = xcalloc(a->n_links + 1, sizeof(char *));
    }
    c->n_links = c->n_channels = 0;
    for (size_t i = 0; i < a->n_links; i++)
        if (strcmp(link_conf(a->links[i])->community, c->conf->name) == 0)
            c->links[c->n_links++] = a->links[i];
    qsort(c->links, c->n_links, sizeof(struct link *), by_priority);
    for (size_t i = 0; i < c->n_links; i++)
        add_channel(c, link_conf(c->links[i])->channel);
}

static struct hooks *new_hooks(struct app *a, struct link *l)
{
    struct community *c = app_community(a, link_conf(l)->community);
    struct hooks_opts o = {.loop = a->loop,
                           .queue = c->side,
                           .driver = link_driver(l),
                           .conf = link_provider(l),
                           .on_replies = app_events_replies,
                           .on_receipt = app_events_receipt,
                           .on_bad = app_events_rejected,
                           .arg = c};

    return hooks_new(&o);
}

int app_links_new(struct app *a, struct err *e)
{
    size_t n = a->config->n_providers;

    if (n > 16)
        return err_set(e, "config", "provider", "%zu providers; at most 16", n);
    a->links = xcalloc(n + 1, sizeof(struct link *));
    a->hooks = xcalloc(n + 1, sizeof(struct hooks *));
    for (; a->n_links < n; a->n_links++) {
        a->links[a->n_links] = new_link(a, &a->config->providers[a->n_links], a->n_links, e);
        if (a->links[a->n_links] == NULL)
            return -1;
        a->hooks[a->n_links] = new_hooks(a, a->links[a->n_links]);
    }
    for (size_t i = 0; i < a->n_communities; i++)
        app_community_sort(a, &a->communities[i]);
    return 0;
}

void app_links_free(struct app *a)
{
    for (size_t i = 0; i < a->n_links; i++) {
        hooks_free(a->hooks[i]);
        link_free(a->links[i]);
    }
    free(a->hooks);
    free(a->links);
    a->hooks = NULL;
    a->links = NULL;
    a->n_links = 0;
}

/* ---- the parts that work ---- */

static void new_feeder(struct app *a, struct community *c)
{
    struct feeder_opts o = {.loop = a->loop,
                            .queue = c->queue,
                            .links = c->links,
                            .n_links = c->n_links,
                            .sign = c->conf->sign,
                            .tz = c->conf->timezone,
                            .channels = c->channels,
                            .n_channels = c->n_channels,
                            .lease_ms = a->config->delivery.lease_ms,
                            .retry_base_ms = a->config->delivery.retry_base_ms,
                            .on_settled = app_events_settled,
                            .arg = c};

    c->feeder = feeder_new(&o);
}

static void new_scheduler(struct app *a, struct community *c)
{
    struct scheduler_opts o = {.loop = a->loop,
                               .queue = c->queue,
                               .sweep_ms = a->config->delivery.sweep_ms,
                               .channels = c->channels,
                               .n_channels = c->n_channels,
                               .on_work = app_events_work,
                               .on_notice = app_events_notice,
                               .arg = c};

    c->scheduler = scheduler_new(&o);
}

static void new_planner(struct app *a, struct community *c)
{
    struct planner_opts o = {.loop = a->loop, .queue = c->queue, .tz = c->conf->timezone};

    c->planner = planner_new(&o);
}

static void new_intake(struct app *a, struct community *c)
{
    struct intake_opts o = {.loop = a->loop,
                            .queue = c->queue,
                            .block_e = c->block_e,
                            .block = c->block,
                            .config = a->config,
                            .community = c->conf,
                            .journal = a->journal,
                            .on_accepted = app_events_accepted,
                            .on_rejected = app_events_rejected,
                            .arg = c};

    c->intake = intake_new(&o);
}

static void new_replier(struct app *a, struct community *c)
{
    struct replier_opts o = {.loop = a->loop,
                             .queue = c->side,
                             .words = c->words,
                             .tz = c->conf->timezone,
                             .sign = c->conf->sign,
                             .lease_ms = 0,
                             .on_settled = app_events_reply_settled,
                             .on_answers = app_events_work,
                             .arg = c};

    c->replier = replier_new(&o);
}

static void new_usher(struct app *a, struct community *c)
{
    int64_t look_ms = 5 * a->config->delivery.sweep_ms;
    struct usher_opts o = {.loop = a->loop,
                           .queue = c->side,
                           .conf = c->conf,
                           .look_ms = look_ms < LOOK_MAX_MS ? look_ms : LOOK_MAX_MS};

    c->usher = usher_new(&o);
}

void app_community_parts(struct app *a, struct community *c)
{
    new_feeder(a, c);
    new_scheduler(a, c);
    new_planner(a, c);
    new_intake(a, c);
    new_replier(a, c);
    new_usher(a, c);
}

void app_community_free_parts(struct community *c)
{
    usher_free(c->usher);
    replier_free(c->replier);
    intake_free(c->intake);
    planner_free(c->planner);
    scheduler_free(c->scheduler);
    feeder_free(c->feeder);
    c->feeder = NULL;
}

void app_community_free(struct community *c)
{
    queue_free(c->side);
    queue_free(c->queue);
    redis_free(c->block_e);
    redis_free(c->block);
    intent_words_free(c->words);
    free(c->links);
    free(c->channels);
}
