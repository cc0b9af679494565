/* The application: owns every long-lived object, in the order in which they are made; passes each part what it needs.
 *
 *  app ── loop, http, config
 *      ── redis connections: main (claims, results), side (API, looking), and per community two blocking ones (inbox:e, inbox)
 *      ── per community: queue, side queue, intake, scheduler (promote, stage, audit, sweep), feeder (claims -> deliveries), replier, hooks
 *      ── links: one per configured provider
 *      ── httpd + api (routes), metrics, events */
#ifndef DAEMON_APP_H
#define DAEMON_APP_H

#include "config/config.h"
#include "net/http.h"
#include "net/httpd.h"
#include "net/loop.h"
#include "queue/queue.h"

struct link;
struct feeder;
struct intake;
struct scheduler;
struct replier;
struct hooks;
struct api;
struct events;
struct sandbox;
struct embedded;
struct journal;

struct community {
    const struct config_community *conf;
    struct queue *queue;   /* over the main connection: claims, begin, finish, staging */
    struct queue *side;    /* over the side connection: API, hooks, replies, looking: never waits behind claims */
    struct redis *block_e, *block; /* BLMOVE on inbox:e and inbox */
    struct intake *intake;
    struct scheduler *scheduler;
    struct feeder *feeder;
    struct replier *replier;
    struct app *app;
};

struct app {
    struct loop *loop;
    struct config *config;
    struct http *http;
    struct redis *redis_main, *redis_side;
    struct community *communities;
    size_t n_communities;
    struct link **links;   /* [n_links], in the order of config->providers */
    size_t n_links;
    struct api *api;
    struct events *events;
    struct sandbox *sandbox;   /* NULL without a sandbox provider */
    struct embedded *embedded; /* NULL unless redis.url = "embedded" */
    char daemon_id[40];
    struct queue_durability durability; /* of the last check */
    bool redis_usable;     /* checked and not in recovery: claims allowed */
    bool draining;
    int64_t started_at;
};

struct app *app_new(struct config *conf, struct err *e) MUSTCHECK; /* takes conf */
int app_run(struct app *a);      /* until stopped; exit status */
void app_free(struct app *a);
void app_drain(struct app *a);   /* SIGTERM */
struct community *app_community(struct app *a, const char *name); /* NULL/"" = the only one; NULL when there is none or it is not unique */
/* Everything that may have made room or work calls this; cheap, idempotent. */
void app_poke(struct app *a);

#endif
