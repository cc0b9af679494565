#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/app_int.h"
#include "daemon/events.h"
#include "daemon/feeder.h"
#include "daemon/replier.h"
#include "daemon/scheduler.h"
#include "daemon/watch.h"

static void publish_notice(struct community *c, const char *type, const char *id, enum notice_state s)
{
    json_t *data = json_object();

    json_object_set_new(data, "community", json_string(c->conf->name));
    json_object_set_new(data, "id", json_string(id));
    json_object_set_new(data, "state", json_string(notice_state_name(s)));
    events_publish(c->app->events, type, data);
    watch_told(c->app->watch, c, id, s);
}

/* ---- progress: at most twice a second per notice ---- */

enum { PROGRESS_MS = 500, PROGRESS_MAX = 64 /* notices told of in one period; more wait for the next one */ };

struct app_progress {
    char id[NOTICE_ID_MAX + 1];
    struct community *community;
    uint64_t settled;
};

static void on_progress(void *arg)
{
    struct app *a = arg;

    for (size_t i = 0; i < a->n_progress; i++) {
        const struct app_progress *p = &a->progress_list[i];
        json_t *data = json_object();

        json_object_set_new(data, "community", json_string(p->community->conf->name));
        json_object_set_new(data, "id", json_string(p->id));
        json_object_set_new(data, "settled", json_integer((json_int_t)p->settled));
        json_object_set_new(data, "rate", json_real(feeder_rate(p->community->feeder, p->id)));
        events_publish(a->events, "notice.progress", data);
    }
    a->n_progress = 0;
}

static void note_progress(struct community *c, const char *id, const uint32_t counts[RECIPIENT_STATE_N])
{
    struct app *a = c->app;
    size_t i = 0;

    if (strncmp(id, NOTICE_ANSWERS, strlen(NOTICE_ANSWERS)) ==
        0) /* answers are no notices to those who watch */
        return;
    while (i < a->n_progress &&
           (a->progress_list[i].community != c || strcmp(a->progress_list[i].id, id) != 0))
        i++;
    if (i == PROGRESS_MAX)
        return;
    if (i == a->n_progress) {
        a->progress_list[i] = (struct app_progress){.id = "", .community = c, .settled = 0};
        memcpy(a->progress_list[i].id, id, strnlen(id, NOTICE_ID_MAX));
        a->n_progress++;
    }
    for (size_t s = 0; s < RECIPIENT_STATE_N; s++)
        a->progress_list[i].settled += recipient_state_is_final((enum recipient_state)s) ? counts[s] : 0;
    if (!loop_timer_armed(a->progress))
        loop_timer_arm_ms(a->progress, PROGRESS_MS);
}

void app_events_init(struct app *a)
{
    a->progress_list = xcalloc(PROGRESS_MAX, sizeof(*a->progress_list));
    a->progress = loop_timer_new(a->loop, on_progress, a);
}

void app_events_fini(struct app *a)
{
    loop_timer_free(a->progress);
    free(a->progress_list);
}

/* ---- what the parts tell ---- */

void app_events_settled(void *arg, const char *notice_id, enum lane lane,
                        const uint32_t counts[RECIPIENT_STATE_N])
{
    struct community *c = arg;

    for (size_t s = 0; s < RECIPIENT_STATE_N; s++)
        if (counts[s] != 0)
            events_recipients(c->app->events, lane, (enum recipient_state)s, counts[s]);
    note_progress(c, notice_id, counts);
    scheduler_settled(c->scheduler);
}

/* What is cancelled or superseded by it stops here at once; Redis has stopped it already. */
void app_events_accepted(void *arg, const struct notice *n)
{
    struct community *c = arg;

    if (n->kind == NOTICE_CANCEL || n->kind == NOTICE_ALLCLEAR)
        feeder_drop(c->feeder, n->cancels);
    for (size_t i = 0; i < n->alert.n_supersedes && n->send_at == 0; i++)
        feeder_drop(c->feeder, n->alert.supersedes[i]);
    publish_notice(c, "notice.accepted", n->id, n->send_at != 0 ? NOTICE_SCHEDULED : NOTICE_STAGING);
    scheduler_poke(c->scheduler);
}

void app_events_rejected(void *arg, const char *reason)
{
    struct community *c = arg;

    events_rejected(c->app->events, reason);
}

void app_events_notice(void *arg, const char *id, enum notice_state s)
{
    publish_notice(arg, "notice.state", id, s);
}

void app_events_work(void *arg)
{
    struct community *c = arg;

    feeder_wake(c->feeder);
}

void app_events_replies(void *arg)
{
    struct community *c = arg;

    replier_poke(c->replier);
}

/* A report may come days later, or to another daemon than the one that sent: then its lane is not known here, and nothing is counted under a wrong one. */
void app_events_receipt(void *arg, const char *notice, enum recipient_state s)
{
    struct community *c = arg;
    int lane = feeder_lane(c->feeder, notice);

    if (lane >= 0)
        events_recipients(c->app->events, (enum lane)lane, s, 1);
}

void app_events_reply_settled(void *arg, const struct replier_settled *s)
{
    struct community *c = arg;
    json_t *data = json_object();

    events_reply(c->app->events, s->provider, s->intent);
    if (s->registration)
        events_registration(c->app->events, s->result);
    json_object_set_new(data, "community", json_string(c->conf->name));
    json_object_set_new(data, "intent", json_string(s->intent));
    json_object_set_new(data, "activity", json_string(s->activity));
    json_object_set_new(data, "result", json_string(s->result));
    events_publish(c->app->events, "reply.settled", data);
}
