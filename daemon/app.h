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
#include "daemon/slot.h"
#include "model/intent.h"
#include "net/http.h"
#include "net/httpd.h"
#include "net/loop.h"
#include "queue/queue.h"

struct link;
struct feeder;
struct intake;
struct scheduler;
struct planner;
struct replier;
struct usher;
struct hooks;
struct api;
struct events;
struct sandbox;
struct embedded;
struct canary;
struct outage;
struct journal;
struct sdnotify;
struct app_progress;
struct watch;

struct community {
    const struct config_community *conf;
    struct queue *queue; /* over the main connection: claims, begin, finish, staging */
    struct queue
        *side; /* over the side connection: API, hooks, replies, looking: never waits behind claims */
    struct redis *block_e, *block; /* BLMOVE on inbox:e and inbox */
    struct intake *intake;
    struct scheduler *scheduler;
    struct planner *planner;
    struct feeder *feeder;
    struct replier *replier;
    struct usher *usher;        /* reminders of activities */
    struct intent_words *words; /* of replies: shipped and the configuration's own */
    struct link **links;        /* those of this community, by channel and priority; borrowed from app */
    size_t n_links;
    const char **channels; /* order of channels when a notice names none: as the links' */
    size_t n_channels;
    struct app *app;
    struct queue_holdings holds; /* of the last check */
    size_t n_held, n_held_told;  /* alerts of the journal that wait for residents to be there again */
    int64_t asked[QUEUE_STANDING_MAX], asked_up_to; /* records of the journal whose states are asked for */
    size_t n_asked;
    bool asking;
};

struct app {
    struct loop *loop;
    struct config *config;
    struct http *http;
    struct redis *redis_main, *redis_side;
    struct community *communities;
    size_t n_communities;
    struct link **links; /* [n_links], in the order of config->providers */
    size_t n_links;
    struct hooks **hooks; /* [n_links], one per link */
    struct api *api;
    struct events *events;
    struct watch *watch;       /* states and health, for those who watch events */
    struct sandbox *sandbox;   /* NULL without a sandbox provider */
    struct embedded *embedded; /* NULL unless redis.url = "embedded" */
    struct slot slot;          /* who this daemon is among those of the state directory */
    struct journal *journal;   /* alerts from HTTP that are not over */
    struct canary *canary;     /* what Redis held */
    uint64_t n_losses;         /* how often it had lost something */
    char journal_words[256];   /* why the journal cannot be written; "" when it can */
    bool told_homeless;
    struct outage *outage; /* the last one that ended */
    struct sdnotify *notify;
    struct config *
        *retired; /* configurations before the last reloads: requests under way may still point into them */
    size_t n_retired;
    struct loop_signal *signals[3];
    struct loop_timer *check_again, *progress, *drain_limit;
    struct app_progress *progress_list; /* notices that moved since the last event */
    size_t n_progress;
    char daemon_id[40];
    struct queue_durability durability; /* of the last check */
    bool redis_usable;                  /* checked and not in recovery: claims allowed */
    char redis_words[256];              /* why Redis is not usable, for readyz; "" when it is */
    char replayed_run[48];              /* the Redis process that was told the last results again */
    bool was_usable;                    /* at least once since the start */
    bool taken_over;                    /* what a former life held was taken back */
    size_t n_checks;                    /* checks under way */
    bool checks_ok, forbidden;          /* ... for want of a right */
    size_t n_draining;                  /* parts that still drain */
    bool draining;
    int exit_status;
    int64_t started_at;
};

struct app *app_new(struct config *conf, struct err *e) MUSTCHECK; /* takes conf */
int app_run(struct app *a);                                        /* until stopped; exit status */
void app_free(struct app *a);
void app_drain(struct app *a); /* SIGTERM */
struct community *
app_community(struct app *a,
              const char *name); /* NULL/"" = the only one; NULL when there is none or it is not unique */
/* Everything that may have made room or work calls this; cheap, idempotent. */
void app_poke(struct app *a);
/* Look at Redis, and at what is to be said again, now rather than in two seconds. */
void app_recovery_pass_soon(struct app *a);
/* This notice was cancelled: the journal never says it again. */
void app_recovery_cancelled(struct community *c, const char *id);
/* One line for people: what is up and how much is under way. */
void app_status_line(const struct app *a, char *out, size_t n);

#endif
