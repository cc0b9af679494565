/* Inside app*.c and reload.c only. */
#ifndef DAEMON_APP_INT_H
#define DAEMON_APP_INT_H

#include "daemon/app.h"

/* app_community.c: the parts of one community, and the links of all. */
int app_links_new(struct app *a, struct err *e) MUSTCHECK;
void app_links_free(struct app *a);
void app_community_sort(struct app *a,
                        struct community *c); /* its links and channels, in order of priority */
void app_community_queues(struct app *a, struct community *c, const struct config_community *conf);
int app_community_connect(struct app *a, struct community *c, const char *url, struct err *e) MUSTCHECK;
void app_community_parts(struct app *a, struct community *c);
void app_community_free_parts(struct community *c); /* what works */
void app_community_free(struct community *c);       /* queues and connections */
struct intent_words *app_community_words(const struct config_community *conf, struct err *e) MUSTCHECK;

/* app_sandbox.c */
void app_sandbox_connect(struct app *a);

/* app_redis.c: connections up and down, checks, recovery, usable or not. */
int app_redis_new(struct app *a, struct err *e) MUSTCHECK;
void app_redis_set_usable(struct app *a, bool usable, const char *why);
/* ${app}: check Redis in a moment, not at the next look. */
void app_redis_look_soon(void *app);

/* app_recovery.c: what Redis lost, and what is said again because of it. */
void app_recovery_looked(struct community *c, const struct queue_holdings *h); /* every good check */
void app_recovery_pass(struct app *a);                                         /* while Redis is usable */

/* app_events.c: what the parts tell, turned into counters, events and pokes. */
void app_events_init(struct app *a);
void app_events_fini(struct app *a);
void app_events_settled(void *arg, const char *notice_id, enum lane lane,
                        const uint32_t counts[RECIPIENT_STATE_N]);
void app_events_accepted(void *arg, const struct notice *n);
void app_events_rejected(void *arg, const char *reason);
void app_events_notice(void *arg, const char *id, enum notice_state s);
void app_events_work(void *arg);
void app_events_replies(void *arg);
void app_events_receipt(void *arg, const char *notice, enum recipient_state s);
struct replier_settled;
void app_events_reply_settled(void *arg, const struct replier_settled *s);

#endif
