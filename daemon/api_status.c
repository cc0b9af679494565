/* Is it well, and what goes on: healthz, readyz, status, metrics, events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/api_handlers.h"
#include "daemon/api_notice_json.h"
#include "daemon/canary.h"
#include "daemon/events.h"
#include "daemon/feeder.h"
#include "daemon/journal.h"
#include "daemon/link.h"
#include "daemon/metrics.h"
#include "daemon/outage.h"
#include "queue/queue.h"

#define RUNNING_MAX     50
#define EXPIRED_MAX     50
#define SSE_PENDING_MAX (256u * 1024) /* a watcher that takes less is dropped */
#define SSE_BEAT_MS     15000

void api_status_health(struct api_call *c)
{
    api_call_json(c, 200, json_pack("{s:b,s:s}", "healthy", 1, "version", CRIER_VERSION));
}

/* ---- ready ---- */

static json_t *durability_json(const struct queue_durability *d)
{
    json_t *warnings = json_array();

    for (size_t i = 0; i < d->n_warnings; i++)
        json_array_append_new(warnings, api_call_string(d->warnings[i], strlen(d->warnings[i])));
    return json_pack("{s:b,s:s,s:s,s:b,s:b,s:b,s:b,s:s,s:o}", "ok", d->ok, "words", d->words, "problem",
                     d->problem, "daemon_crash", d->survives_daemon_crash, "redis_crash",
                     d->survives_redis_crash, "power_loss", d->survives_power_loss, "aof", d->aof,
                     "redis_version", d->redis_version, "warnings", warnings);
}

static bool link_works(const struct link *l)
{
    const struct link_stats *s = link_stats(l);

    return !s->paused && !s->breaker_open;
}

static void say(json_t *list, char *taken)
{
    json_array_append_new(list, api_call_string(taken, strlen(taken)));
    free(taken);
}

/* Providers that send nothing now are told; a community without any that sends is why the daemon is not ready. */
static bool check_links(const struct app *a, json_t *problems)
{
    bool good = true;

    for (size_t i = 0; i < a->n_links; i++)
        if (!link_works(a->links[i]))
            say(problems, xasprintf("provider %s sends nothing: %s", link_conf(a->links[i])->name,
                                    link_state(a->links[i])));
    for (size_t k = 0; k < a->n_communities; k++) {
        const char *name = a->communities[k].conf->name;
        bool any = false;
        for (size_t i = 0; i < a->n_links; i++)
            any = any || (strcmp(link_conf(a->links[i])->community, name) == 0 && link_works(a->links[i]));
        if (!any)
            say(problems, xasprintf("community %s has no provider that sends", name));
        good = good && any;
    }
    return good;
}

/* What Redis lost stays a problem until somebody acknowledges it. */
static bool check_losses(const struct app *a, json_t *problems)
{
    bool good = true;

    for (size_t i = 0; i < a->n_communities; i++) {
        const struct community *c = &a->communities[i];
        enum canary_loss loss;
        const char *words = canary_alarm(a->canary, c->conf->name, &loss);
        if (words != NULL)
            say(problems, xstrdup(words));
        if (c->n_held > 0)
            say(problems,
                xasprintf(
                    "community %s: %zu accepted alerts cannot be sent: the residents are gone; import them "
                    "(crier resident import FILE), then run: crier doctor --acknowledge",
                    c->conf->name, c->n_held));
        good = good && loss != CANARY_EMPTY && c->n_held == 0;
    }
    return good;
}

/* New work is refused, while what was accepted goes on. */
static bool check_intake(const struct app *a, json_t *problems)
{
    if (a->durability.full)
        say(problems, xasprintf("new notices and alerts are refused, those accepted are sent: %s",
                                a->durability.refusal));
    if (a->journal_words[0] != '\0')
        say(problems,
            xasprintf(
                "emergency and urgent notices over HTTP or crier are refused, those accepted are sent: %s",
                a->journal_words));
    return !a->durability.full && a->journal_words[0] == '\0';
}

/* {"ready","redis","problems","durability"} into ${o}. */
static bool add_ready(const struct app *a, json_t *o)
{
    json_t *problems = json_array();
    bool ready = check_links(a, problems);
    bool usable = a->redis_usable &&
                  redis_state(a->redis_side) == REDIS_UP; /* the API speaks over the side connection */

    if (!usable)
        say(problems, xasprintf("Redis is not usable: nothing is sent and nothing is accepted%s%s%s",
                                a->redis_words[0] != '\0' ? " (" : "", a->redis_words,
                                a->redis_words[0] != '\0' ? ")" : ""));
    ready = check_losses(a, problems) && ready;
    ready = check_intake(a, problems) && ready;
    if (a->draining)
        say(problems, xstrdup("the daemon is shutting down: it finishes what is under way"));
    ready = ready && usable && !a->draining;
    json_object_set_new(o, "version", json_string(CRIER_VERSION));
    json_object_set_new(o, "ready", json_boolean(ready));
    json_object_set_new(o, "redis", json_string(usable ? "up" : "down"));
    json_object_set_new(o, "problems", problems);
    json_object_set_new(o, "durability", durability_json(&a->durability));
    json_object_set_new(o, "full", json_boolean(a->durability.full));
    json_object_set_new(o, "journal",
                        json_pack("{s:I,s:b}", "alerts", (json_int_t)journal_n_open(a->journal), "writable",
                                  a->journal_words[0] == '\0'));
    return ready;
}

void api_status_ready(struct api_call *c)
{
    json_t *o = json_object();
    bool ready = add_ready(c->app, o);

    json_object_set_new(
        o, "words",
        json_string(ready ? "ready: notices and alerts are accepted and sent" : "not ready: see problems"));
    api_call_json(c, ready ? 200 : 503, o);
}

/* ---- status ---- */

struct status {
    struct api_call *call;
    json_t *answer, *running, *expired;
    size_t n_waiting;
    bool unknown; /* Redis did not tell some of the numbers */
    struct queue_stats sum;
    struct part {
        struct status *status;
        const struct community *community;
    } * parts; /* one per community */
};

static void status_free(void *state)
{
    struct status *s = state;

    free(s->parts);
    json_decref(s->answer);
    json_decref(s->running);
    json_decref(s->expired);
}

static bool mine(const struct api_call *c, const char *community)
{
    const char *asked = api_call_query(c, "community");

    if (c->only[0] != '\0' && strcmp(c->only, community) != 0)
        return false;
    return asked == NULL || strcmp(asked, community) == 0;
}

/* A number that Redis did not tell is unknown, not 0. */
static json_t *number(const struct status *s, uint64_t n)
{
    return s->unknown ? json_null() : json_integer((json_int_t)n);
}

static json_t *lanes_json(const struct status *s)
{
    json_t *lanes = json_object();
    size_t in_flight[LANE_N] = {0};

    for (size_t i = 0; i < s->call->app->n_communities; i++) {
        json_t *f = feeder_json(s->call->app->communities[i].feeder), *lane;
        const char *name;
        json_object_foreach(json_object_get(f, "lanes"), name, lane)
        {
            int l = lane_parse(name);
            json_t *state;
            const char *word;
            if (l < 0 || !json_is_object(lane))
                continue;
            json_object_foreach(lane, word, state) if (strcmp(word, "unsent") != 0) /* claimed, not begun */
                in_flight[l] += (size_t)json_integer_value(state);
        }
        json_decref(f);
    }
    for (int l = 0; l < LANE_N; l++)
        json_object_set_new(
            lanes, lane_name((enum lane)l),
            json_pack("{s:o,s:o,s:I}", "notices", number(s, s->sum.lane_notices[l]), "oldest_s",
                      s->unknown ? json_null() : json_real((double)s->sum.lane_oldest_ms[l] / 1e3),
                      "in_flight", (json_int_t)in_flight[l]));
    return lanes;
}

static void finish(struct status *s)
{
    struct api_call *c = s->call;
    json_t *o = json_incref(s->answer), *providers = json_array();

    for (size_t i = 0; i < c->app->n_links; i++)
        if (c->gone || mine(c, link_conf(c->app->links[i])->community))
            json_array_append_new(providers, link_json(c->app->links[i]));
    json_object_set_new(o, "lanes", lanes_json(s));
    json_object_set_new(o, "providers", providers);
    json_object_set(o, "running", s->running);
    json_object_set(o, "expired", s->expired);
    json_object_set_new(o, "can_still_go", number(s, s->sum.staging + json_array_size(s->running)));
    json_object_set_new(o, "scheduled", number(s, s->sum.scheduled));
    json_object_set_new(o, "staging", number(s, s->sum.staging));
    json_object_set_new(o, "dead_numbers", number(s, s->sum.dead_numbers));
    json_object_set_new(o, "inbox", number(s, s->sum.unanswered));
    json_object_set_new(o, "inbox_waiting", number(s, s->sum.inbox + s->sum.inbox_e));
    json_object_set_new(o, "rejected", number(s, s->sum.rejected));
    api_call_json(c, 200, o);
}

static void answered(struct status *s)
{
    if (--s->n_waiting == 0)
        finish(s);
}

static void on_running(void *arg, const struct queue_notice *n)
{
    const struct part *p = arg;

    if (json_array_size(p->status->running) < RUNNING_MAX)
        json_array_append_new(p->status->running, api_notice_json(p->status->call, p->community, n));
}

/* Expired before it was sent to all: told for a day, so that nobody takes it for sent. */
static void on_expired(void *arg, const struct queue_notice *n)
{
    const struct part *p = arg;
    const struct api_call *c = p->status->call;
    int64_t unsent = outage_unsent(n);

    if (unsent == 0)
        return;
    json_array_append_new(p->status->expired,
                          json_pack("{s:s,s:s,s:s,s:o,s:o,s:o,s:o}", "community", p->community->conf->name,
                                    "id", n->id, "lane", lane_name(n->lane), "send_at",
                                    api_call_time(c, n->due_at), "not_after", api_call_time(c, n->not_after),
                                    "unsent", unsent < 0 ? json_null() : json_integer((json_int_t)unsent),
                                    "total", unsent < 0 ? json_null() : json_integer((json_int_t)n->total)));
}

static void on_listed(void *arg, const struct queue_result *r)
{
    const struct part *p = arg;

    (void)r; /* without Redis there is nothing to list; `redis` says so */
    answered(p->status);
}

static void on_stats(void *arg, const struct queue_result *r, const struct queue_stats *q)
{
    struct status *s = arg;

    if (r->status == QUEUE_OK) {
        s->sum.inbox += q->inbox;
        s->sum.inbox_e += q->inbox_e;
        s->sum.scheduled += q->scheduled;
        s->sum.staging += q->staging;
        s->sum.rejected += q->rejected;
        s->sum.dead_numbers += q->dead_numbers;
        s->sum.unanswered += q->unanswered;
        for (int l = 0; l < LANE_N; l++) {
            s->sum.lane_notices[l] += q->lane_notices[l];
            s->sum.lane_oldest_ms[l] = q->lane_oldest_ms[l] > s->sum.lane_oldest_ms[l]
                                           ? q->lane_oldest_ms[l]
                                           : s->sum.lane_oldest_ms[l];
        }
    } else {
        s->unknown = true;
    }
    answered(s);
}

void api_status_show(struct api_call *c)
{
    struct status *s = api_call_state(c, sizeof(*s));

    c->state_free = status_free;
    s->call = c;
    s->answer = json_object();
    s->running = json_array();
    s->expired = json_array();
    s->parts = xcalloc(c->app->n_communities, sizeof(*s->parts));
    s->n_waiting = 1;
    add_ready(c->app, s->answer);
    for (size_t i = 0; i < c->app->n_communities; i++) {
        const struct community *k = &c->app->communities[i];
        if (!mine(c, k->conf->name))
            continue;
        s->n_waiting += 3;
        queue_stats(k->side, on_stats, s);
        s->parts[i] = (struct part){.status = s, .community = k};
        queue_notice_list(k->side, NOTICE_RUNNING, 0, RUNNING_MAX, on_running, on_listed, &s->parts[i]);
        queue_notice_expired(k->side, OUTAGE_DAY_MS, EXPIRED_MAX, on_expired, on_listed, &s->parts[i]);
    }
    answered(s);
}

/* ---- metrics ---- */

static void on_metrics(void *arg, const char *text, size_t n)
{
    api_call_text(arg, 200, "text/plain; version=0.0.4; charset=utf-8", text, n);
}

void api_status_metrics(struct api_call *c)
{
    metrics_begin(c->app, on_metrics, c);
}

/* ---- events ---- */

struct watcher {
    struct api_call *call;
    struct events_sub *sub;
    struct loop_timer *beat;
};

static void watcher_free(void *state)
{
    struct watcher *w = state;

    if (w->sub != NULL)
        events_unsubscribe(w->sub);
    loop_timer_free(w->beat);
}

static void on_watcher_gone(void *arg)
{
    struct watcher *w = arg;

    w->call->gone = true;
    api_call_end(w->call);
}

/* A key of one community is told of that one only. Names hold nothing that JSON escapes. */
static bool meant_for(const struct api_call *c, const char *json)
{
    char *member = xasprintf("\"community\":\"%s\"", c->only);
    bool yes = c->only[0] == '\0' || strstr(json, member) != NULL;

    free(member);
    return yes;
}

/* true when the watcher was too slow: then it is gone. */
static bool drop_slow(struct watcher *w)
{
    if (httpd_stream_pending(w->call->req) < SSE_PENDING_MAX)
        return false;
    httpd_drop(w->call->req);
    api_call_end(w->call);
    return true;
}

static void on_event(void *arg, const char *type, const char *json)
{
    struct watcher *w = arg;
    struct buf b = BUF_INIT(1u << 20);

    if (!meant_for(w->call, json) || drop_slow(w))
        return;
    buf_fmt(&b, "event: %s\ndata: ", type);
    if (w->call->full)
        buf_str(&b, json);
    else
        api_call_mask_text(&b, json, strlen(json));
    buf_str(&b, "\n\n");
    if (!b.overflow)
        httpd_stream_chunk(w->call->req, b.data, b.len);
    buf_fini(&b);
}

static void on_beat(void *arg)
{
    struct watcher *w = arg;

    if (drop_slow(w))
        return;
    httpd_stream_chunk(w->call->req, ": beat\n\n", 8);
    loop_timer_arm_ms(w->beat, SSE_BEAT_MS);
}

void api_status_events(struct api_call *c)
{
    struct watcher *w = api_call_state(c, sizeof(*w));

    c->state_free = watcher_free;
    c->streaming = true;
    c->status = 200;
    w->call = c;
    httpd_header_add(c->req, "Cache-Control", "no-store");
    httpd_header_add(c->req, "X-Content-Type-Options", "nosniff");
    httpd_stream_begin(c->req, 200, "text/event-stream", on_watcher_gone, w);
    httpd_stream_chunk(c->req, ": crier\n\n", 9);
    w->sub = events_subscribe(c->app->events, on_event, w);
    w->beat = loop_timer_new(c->app->loop, on_beat, w);
    loop_timer_arm_ms(w->beat, SSE_BEAT_MS);
}
