/* Staff change an activity, or call it off, and those concerned are told: registered and waiting.
 *
 *   read it ── judge what is asked ──▶ judge the news like any notice, count whom it reaches ──▶ (?dry=1: say so) ──▶ one script: change, promotions, news into the inbox
 *
 * The news has an id of its own, made of the code and the number of the change: whoever asks again after a lost answer changes nothing and tells nobody twice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/activity_news.h"
#include "daemon/api_handlers.h"
#include "daemon/api_list.h"
#include "daemon/intake.h"
#include "daemon/scheduler.h"
#include "model/registry.h"
#include "queue/roster.h"
#include "text/utf8.h"

#define BECAUSE_MAX 300

struct change {
    struct api_call *call;
    struct activity before, after;
    bool off, quiet, dry;
    char because[BECAUSE_MAX + 1];
    json_t *answer, *news, *who;
    struct audience *to;
    uint32_t seats_left, n_promoted; /* dry run: what the waiting list would do */
    bool stuck;
};

static void change_free(void *state)
{
    struct change *g = state;

    json_decref(g->answer);
    json_decref(g->news);
    json_decref(g->who);
    audience_free(g->to);
}

/* ---- the news ---- */

static int say(const void *arg, struct buf *out, const char *lang)
{
    const struct change *g = arg;
    const char *tz = g->call->tz;

    return g->off ? registry_say_off(out, lang, tz, &g->before, g->because)
                  : registry_say_moved(out, lang, tz, &g->before, &g->after);
}

static json_t *make_news(const struct change *g)
{
    char id[NOTICE_ID_MAX + 1];

    activity_news_id(id, sizeof(id), "activity", g->after.code, g->before.rev + 1, -1);
    return activity_news_make(id, &g->after, json_pack("[s,s,s]", "confirmed", "offered", "waiting"),
                              g->after.starts_at, g->call->tz, say, g);
}

/* Nobody needs news of what has begun. */
static bool has_news(const struct change *g)
{
    return !g->quiet && g->before.taken + g->before.waiting > 0 && g->after.starts_at > clock_wall_ms() &&
           (g->off || registry_is_moved(&g->before, &g->after));
}

/* ---- the answer ---- */

static void answer(struct change *g, const struct activity *now)
{
    json_t *o = activity_json(now, clock_wall_ms(), g->call->tz);

    json_object_update(o, g->answer);
    json_object_set_new(o, "promoted", json_integer(g->n_promoted));
    json_object_set_new(o, "dry_run", json_boolean(g->dry));
    if (g->who != NULL)
        json_object_set(o, "who", g->who);
    api_call_json(g->call, 200, o);
}

static void on_after(void *arg, const struct queue_result *r, const struct activity *a)
{
    struct change *g = arg;

    if (r->status != QUEUE_OK || a == NULL)
        api_call_refused(g->call, r);
    else
        answer(g, a);
}

static void on_changed(void *arg, const struct queue_result *r, uint32_t n_promoted)
{
    struct change *g = arg;

    g->n_promoted = n_promoted;
    if (r->status != QUEUE_OK)
        api_call_refused(g->call, r);
    else
        roster_get(g->call->q, g->after.code, on_after, g);
}

/* ---- dry run: who would move up, who would be told ---- */

static void on_entry(void *arg, const struct roster_entry *e)
{
    struct change *g = arg;

    if (e->status == REG_WAITING && !g->off) {
        g->stuck = g->stuck || e->count > g->seats_left;
        g->n_promoted += !g->stuck;
        g->seats_left -= g->stuck ? 0 : e->count;
    }
    if (g->news == NULL ||
        (e->status != REG_CONFIRMED && e->status != REG_WAITING && e->status != REG_OFFERED))
        return;
    json_array_append_new(
        g->who, json_pack("{s:o,s:o,s:s}", "name", api_call_string(e->name, strlen(e->name)), "phone",
                          api_call_phone(g->call, e->phone), "status", reg_status_name(e->status)));
}

static void on_entries(void *arg, const struct queue_result *r)
{
    struct change *g = arg;

    if (r->status != QUEUE_OK)
        api_call_refused(g->call, r);
    else
        answer(g, &g->after);
}

static void foretell(struct change *g)
{
    if (g->after.seats < g->before.taken) {
        api_call_error(g->call, 409, "seats-taken", "seats", "seats cannot be %u: %u are taken",
                       g->after.seats, g->before.taken);
        return;
    }
    g->seats_left = g->after.seats - g->before.taken;
    g->stuck = g->after.starts_at <= clock_wall_ms();
    g->who = json_array();
    roster_entries(g->call->q, g->after.code, on_entry, on_entries, g);
}

static void go(struct change *g)
{
    char *news;

    if (g->dry) {
        foretell(g);
        return;
    }
    news = g->news != NULL ? json_dumps(g->news, JSON_COMPACT) : NULL;
    roster_change(g->call->q, &g->after, news, on_changed, g);
    free(news);
}

/* ---- whom the news reaches ---- */

static void on_counted(void *arg, const struct queue_result *r, uint64_t recipients, uint64_t suppressed)
{
    struct change *g = arg;

    if (r->status != QUEUE_OK) {
        api_call_refused(g->call, r);
        return;
    }
    json_object_set_new(g->answer, "told", json_integer((json_int_t)(recipients - suppressed)));
    json_object_set_new(g->answer, "suppressed", json_integer((json_int_t)suppressed));
    json_object_set(g->answer, "notice", json_object_get(g->news, "id"));
    json_object_set(g->answer, "text", json_object_get(json_object_get(g->news, "text"), "zh-CN"));
    go(g);
}

/* The news is judged before anything is changed: what the queue would refuse changes nothing. */
static void on_judged(void *arg, const struct queue_result *r, enum queue_accept_result a,
                      const struct notice *n)
{
    struct change *g = arg;
    struct err e;

    (void)a;
    (void)n;
    if (r->status != QUEUE_OK) {
        api_call_refused(g->call, r);
        return;
    }
    g->to = audience_parse(json_object_get(g->news, "to"), &e);
    if (g->to == NULL)
        api_call_err(g->call, &e);
    else
        scheduler_count(g->call->community->scheduler, g->to, on_counted, g);
}

/* Those concerned could not be told any more. What nobody is registered for may be put down as it was. */
static bool is_moved_into_the_past(const struct change *g)
{
    return !g->off && g->after.starts_at != g->before.starts_at && g->after.starts_at != 0 &&
           g->after.starts_at <= clock_wall_ms() && g->before.taken + g->before.waiting > 0;
}

static void judge(struct change *g)
{
    json_t *changed;

    if (is_moved_into_the_past(g)) {
        api_call_error(g->call, 409, "starts-passed", "starts_at",
                       "it would have begun already, and %u people take part or wait: nobody could be told",
                       g->before.taken + g->before.waiting);
        return;
    }
    changed = activity_differences(&g->before, &g->after);
    if (g->off)
        json_array_append_new(changed, json_string("state"));
    g->answer = json_pack("{s:o,s:i,s:i,s:n,s:b}", "changed", changed, "told", 0, "suppressed", 0, "notice",
                          "quiet", g->quiet);
    if (!has_news(g)) {
        go(g);
        return;
    }
    g->news = make_news(g);
    intake_submit(g->call->community->intake, g->news, NULL, true, on_judged, g);
}

/* ---- what is asked ---- */

static bool is_same(const struct change *g)
{
    json_t *d = activity_differences(&g->before, &g->after);
    bool same = json_array_size(d) == 0;

    json_decref(d);
    return same;
}

/* Asked for before, or nothing new: nothing is done, nobody told again. */
static void answer_same(struct change *g)
{
    g->answer = json_pack("{s:[],s:i,s:i,s:n,s:b}", "changed", "told", 0, "suppressed", 0, "notice", "quiet",
                          g->quiet);
    answer(g, &g->before);
}

static void on_before(void *arg, const struct queue_result *r, const struct activity *a)
{
    struct change *g = arg;
    struct err e;

    if (r->status != QUEUE_OK || a == NULL) {
        api_call_refused(g->call, r);
        return;
    }
    g->before = g->after = *a;
    if (a->stored == ACTIVITY_CANCELLED) {
        if (g->off)
            answer_same(g);
        else
            api_call_error(g->call, 409, "wrong-state", NULL,
                           "it does not take place: open it again first, then change it");
        return;
    }
    if (g->off)
        g->after.stored = ACTIVITY_CANCELLED;
    else if (activity_change_from_json(&g->after, g->call->body, g->call->tz, &e) != 0) {
        api_call_err(g->call, &e);
        return;
    }
    if (!g->off && is_same(g))
        answer_same(g);
    else
        judge(g);
}

static int take_because(struct change *g, const json_t *v)
{
    const char *s = json_string_value(v);
    size_t n = s != NULL ? json_string_length(v) : 0;

    if (v == NULL || json_is_null(v))
        return 0;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < 0x20)
            s = NULL, n = 0;
    if (s == NULL || n > BECAUSE_MAX) {
        api_call_error(g->call, 400, "bad-because", "because",
                       "the reason is a text of one line, at most %d bytes", BECAUSE_MAX);
        return -1;
    }
    memcpy(g->because, s, n);
    g->because[n] = '\0';
    return 0;
}

static void begin(struct api_call *c, bool off)
{
    struct change *g = api_call_state(c, sizeof(*g));

    c->state_free = change_free;
    g->call = c;
    g->off = off;
    g->dry = api_call_flag(c, "dry");
    if (c->body == NULL && !off) {
        api_call_error(c, 400, "bad-json", NULL, "what shall change? send a JSON object");
        return;
    }
    if (json_object_get(c->body, "quiet") != NULL && !json_is_boolean(json_object_get(c->body, "quiet"))) {
        api_call_error(c, 400, "bad-quiet", "quiet", "quiet is true or false");
        return;
    }
    g->quiet = json_is_true(json_object_get(c->body, "quiet"));
    if (off && take_because(g, json_object_get(c->body, "because")) != 0)
        return;
    json_object_del(c->body, "quiet");
    roster_get(c->q, c->match.params[0], on_before, g);
}

void api_activities_change(struct api_call *c)
{
    begin(c, false);
}

void api_activities_cancel(struct api_call *c)
{
    begin(c, true);
}
