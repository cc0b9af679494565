#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/api_handlers.h"
#include "daemon/api_list.h"
#include "daemon/api_notice_json.h"
#include "daemon/feeder.h"
#include "daemon/link.h"
#include "daemon/scheduler.h"
#include "queue/codec.h"

#define PAGE 1000

/* ---- as JSON ---- */

static json_t *counts_json(const struct queue_notice *n)
{
    json_t *o = json_object();

    for (int s = 0; s < RECIPIENT_STATE_N; s++)
        json_object_set_new(o, recipient_state_name((enum recipient_state)s),
                            json_integer((json_int_t)n->counts[s]));
    return o;
}

/* Recipients that will still be sent. */
static uint64_t left(const struct queue_notice *n)
{
    return n->counts[RECIPIENT_PENDING] + n->counts[RECIPIENT_SENDING] + n->counts[RECIPIENT_RETRY];
}

json_t *api_notice_json(const struct api_call *c, const struct community *community,
                        const struct queue_notice *n)
{
    double rate = n->state == NOTICE_RUNNING ? feeder_rate(community->feeder, n->id) : 0;
    bool moves =
        rate > 0; /* nobody settled lately, or by another daemon: then no number is better than a wrong one */
    json_t *o = json_object();

    json_object_set_new(o, "id", json_string(n->id));
    json_object_set_new(o, "title",
                        n->head[0] != '\0' ? api_call_words(c, n->head, strlen(n->head)) : json_null());
    json_object_set_new(o, "kind", json_string(notice_kind_name(n->kind)));
    json_object_set_new(o, "lane", json_string(lane_name(n->lane)));
    json_object_set_new(o, "state", json_string(notice_state_name(n->state)));
    json_object_set_new(o, "total", json_integer((json_int_t)n->total));
    json_object_set_new(o, "staged", json_boolean(n->staged));
    json_object_set_new(o, "counts", counts_json(n));
    json_object_set_new(o, "created_at", api_call_time(c, n->created_at));
    json_object_set_new(o, "due_at", api_call_time(c, n->due_at));
    json_object_set_new(o, "started_at", api_call_time(c, n->started_at));
    json_object_set_new(o, "finished_at", api_call_time(c, n->finished_at));
    json_object_set_new(o, "not_after", api_call_time(c, n->not_after));
    json_object_set_new(o, "rate", moves ? json_real(rate) : json_null());
    json_object_set_new(o, "eta_s", moves && n->staged ? json_real((double)left(n) / rate) : json_null());
    json_object_set_new(o, "reason",
                        n->reason[0] != '\0' ? api_call_string(n->reason, strlen(n->reason)) : json_null());
    return o;
}

/* ---- list, show ---- */

static void on_each(void *arg, const struct queue_notice *n)
{
    struct api_list *l = arg;

    if (!api_list_full(l))
        api_list_add(l, api_notice_json(api_list_call(l), api_list_call(l)->community, n));
}

/* "alert,allclear" -> bits, 0 = none was named; -1 when one is no kind. */
static int kinds_of(const char *words)
{
    char word[16];
    int kinds = 0;

    for (const char *p = words; p != NULL && *p != '\0';) {
        size_t n = strcspn(p, ",");
        int kind = -1;

        if (n < sizeof(word)) {
            memcpy(word, p, n);
            word[n] = '\0';
            kind = notice_kind_parse(word);
        }
        if (kind < 0)
            return -1;
        kinds |= 1 << kind;
        p += n + (p[n] == ',');
    }
    return kinds;
}

void api_notices_list(struct api_call *c)
{
    const char *word = api_call_query(c, "state"), *words = api_call_query(c, "kind");
    int state = word != NULL ? notice_state_parse(word) : -1, kinds = kinds_of(words);
    struct api_list *l;

    if (kinds < 0) {
        api_call_error(c, 400, "bad-query", "kind", "there is no such kind: '%.40s'", words);
        return;
    }
    if (word != NULL && state < 0) {
        api_call_error(c, 400, "bad-query", "state", "there is no state '%.40s'", word);
        return;
    }
    l = api_list_new(c);
    if (l != NULL)
        queue_notice_list(c->q, state, (unsigned)kinds, api_list_limit(l) == SIZE_MAX ? 0 : api_list_limit(l),
                          on_each, api_list_on_done, l);
}

struct shown {
    struct api_call *call;
    json_t *answer;
};

static void shown_free(void *state)
{
    struct shown *s = state;

    json_decref(s->answer);
}

/* The selector, with its numbers masked as everywhere. */
static json_t *selector_json(const struct api_call *c, const struct audience *to)
{
    json_t *selector = to != NULL ? audience_json(to) : json_null(), *phones = json_array(), *phone;
    size_t i;

    json_array_foreach(json_object_get(selector, "phones"), i, phone)
        json_array_append_new(phones, api_call_phone(c, json_string_value(phone)));
    if (i > 0)
        json_object_set(selector, "phones", phones);
    json_decref(phones);
    return selector;
}

static json_t *alert_json(const struct api_call *c, const struct notice_alert *a)
{
    json_t *o = json_object();

    if (!a->present) {
        json_decref(o);
        return json_null();
    }
    json_object_set_new(o, "issuer", a->issuer != NULL ? json_string(a->issuer) : json_null());
    json_object_set_new(o, "level", a->level != NULL ? json_string(a->level) : json_null());
    json_object_set_new(o, "event", a->event != NULL ? json_string(a->event) : json_null());
    json_object_set_new(o, "issued_at", api_call_time(c, a->issued_at));
    json_object_set_new(o, "expires", api_call_time(c, a->expires_at));
    json_object_set_new(o, "exercise", json_boolean(a->exercise));
    return o;
}

/* What it says, to whom: from the notice as it was stored. */
static void on_stored(void *arg, const struct queue_result *r, const char *json, size_t len)
{
    struct shown *s = arg;
    const struct api_call *c = s->call;
    struct err e;
    struct notice *n = r->status == QUEUE_OK && json != NULL ? codec_stored(json, len, &e) : NULL;

    if (r->status != QUEUE_OK) {
        api_call_refused(s->call, r);
        return;
    }
    if (n != NULL) {
        const char *text = n->n_texts > 0 ? n->texts[0].text : NULL;

        json_object_set_new(s->answer, "text",
                            text != NULL ? api_call_words(c, text, strlen(text)) : json_null());
        json_object_set_new(s->answer, "to", selector_json(c, n->to));
        json_object_set_new(s->answer, "alert", alert_json(c, &n->alert));
    }
    notice_free(n);
    api_call_json(s->call, 200, json_incref(s->answer));
}

static void on_notice(void *arg, const struct queue_result *r, const struct queue_notice *n)
{
    struct shown *s = arg;

    if (r->status != QUEUE_OK || n == NULL) {
        api_call_refused(s->call, r);
        return;
    }
    s->answer = api_notice_json(s->call, s->call->community, n);
    queue_notice_json(s->call->q, n->id, on_stored, s);
}

void api_notices_show(struct api_call *c)
{
    struct shown *s = api_call_state(c, sizeof(*s));

    c->state_free = shown_free;
    s->call = c;
    queue_notice_get(c->q, c->match.params[0], on_notice, s);
}

/* ---- recipients ---- */

struct walk {
    struct api_list *list;
    uint64_t next, total;
    int state; /* -1 = all */
};

static const char *provider_of(const struct app *a, const struct community *community, uint8_t route)
{
    for (size_t i = 0; i < a->n_links; i++) {
        const struct config_provider *conf = link_conf(a->links[i]);
        if (link_route(a->links[i]) == route && strcmp(conf->community, community->conf->name) == 0)
            return conf->name;
    }
    return NULL;
}

static json_t *recipient_json(const struct api_call *c, const struct queue_recipient *q)
{
    struct recipient r = {.addresses = "", .resident = ""};
    char line[sizeof(q->line)], address[128];
    const char *to = NULL, *provider = q->attempts > 0 ? provider_of(c->app, c->community, q->route) : NULL;
    json_t *o = json_object();

    memcpy(line, q->line, sizeof(line));
    if (line[0] != '\0' && recipient_parse(line, &r) == 0 &&
        (to = recipient_address(&r, "sms", address, sizeof(address))) == NULL)
        to = r.addresses;
    json_object_set_new(o, "index", json_integer((json_int_t)q->index));
    json_object_set_new(o, "to", to != NULL ? api_call_phone(c, to) : json_null());
    json_object_set_new(o, "resident",
                        *r.resident != '\0' ? api_call_string(r.resident, strlen(r.resident)) : json_null());
    json_object_set_new(o, "state", json_string(recipient_state_name(q->state)));
    json_object_set_new(o, "attempts", json_integer(q->attempts));
    json_object_set_new(o, "provider", provider != NULL ? json_string(provider) : json_null());
    json_object_set_new(o, "detail", api_call_string(q->detail, strlen(q->detail)));
    return o;
}

static void on_recipient(void *arg, const struct queue_recipient *r)
{
    struct walk *w = arg;

    w->next = r->index + 1;
    if ((w->state < 0 || (int)r->state == w->state) && !api_list_full(w->list))
        api_list_add(w->list, recipient_json(api_list_call(w->list), r));
}

static void step(void *arg);

static void on_page(void *arg, const struct queue_result *r)
{
    struct walk *w = arg;

    if (r->status != QUEUE_OK || api_list_full(w->list) || w->next >= w->total)
        api_list_end(w->list, r);
    else
        api_list_more(w->list, step, w);
}

static void step(void *arg)
{
    struct walk *w = arg;
    struct api_call *c = api_list_call(w->list);
    uint64_t from = w->next, n = w->total - from;

    n = n < PAGE ? n : PAGE;
    w->next = from + n; /* even when the queue tells of fewer */
    queue_recipients(c->q, c->match.params[0], from, (uint32_t)n, on_recipient, on_page, w);
}

static void on_known(void *arg, const struct queue_result *r, const struct queue_notice *n)
{
    struct walk *w = arg;

    if (r->status != QUEUE_OK || n == NULL || n->total == 0) {
        api_list_end(w->list, r);
        return;
    }
    w->total = n->total;
    step(w);
}

void api_notices_recipients(struct api_call *c)
{
    const char *word = api_call_query(c, "state");
    int state = word != NULL ? recipient_state_parse(word) : -1;
    struct api_list *l;
    struct walk *w;

    if (word != NULL && state < 0) {
        api_call_error(c, 400, "bad-query", "state", "there is no state '%.40s'", word);
        return;
    }
    l = api_list_new(c);
    if (l == NULL)
        return;
    w = api_call_state(c, sizeof(*w));
    w->state = state;
    w->list = l;
    queue_notice_get(c->q, c->match.params[0], on_known, w);
}

/* ---- steering ---- */

static void on_after(void *arg, const struct queue_result *r, const struct queue_notice *n)
{
    struct api_call *c = arg;

    if (r->status != QUEUE_OK || n == NULL)
        api_call_json(c, 200,
                      json_pack("{s:s}", "id", c->match.params[0])); /* it was done; only the look failed */
    else
        api_call_json(c, 200, api_notice_json(c, c->community, n));
}

static void on_steered(void *arg, const struct queue_result *r)
{
    struct api_call *c = arg;

    if (r->status != QUEUE_OK) {
        api_call_refused(c, r);
        return;
    }
    scheduler_poke(c->community->scheduler);
    app_poke(c->app);
    queue_notice_get(c->q, c->match.params[0], on_after, c);
}

/* Stopped in Redis: also here nothing more of it is begun. */
static void on_stopped(void *arg, const struct queue_result *r)
{
    struct api_call *c = arg;

    if (r->status == QUEUE_OK)
        feeder_drop(c->community->feeder, c->match.params[0]);
    on_steered(c, r);
}

void api_notices_pause(struct api_call *c)
{
    queue_pause(c->q, c->match.params[0], on_stopped, c);
}

void api_notices_resume(struct api_call *c)
{
    queue_resume(c->q, c->match.params[0], on_steered, c);
}

static void on_cancelled(void *arg, const struct queue_result *r)
{
    struct api_call *c = arg;

    if (r->status == QUEUE_OK)
        app_recovery_cancelled(c->community, c->match.params[0]);
    on_stopped(c, r);
}

void api_notices_cancel(struct api_call *c)
{
    queue_cancel(c->q, c->match.params[0], "cancelled", on_cancelled, c);
}

static void on_redriven(void *arg, const struct queue_result *r, uint64_t n)
{
    struct api_call *c = arg;

    if (r->status != QUEUE_OK) {
        api_call_refused(c, r);
        return;
    }
    app_poke(c->app);
    api_call_json(c, 200, json_pack("{s:s,s:I}", "id", c->match.params[0], "recipients", (json_int_t)n));
}

/* {"failed":true,"unknown":true}: exactly these; without a word failed and exhausted ones. */
void api_notices_redrive(struct api_call *c)
{
    static const struct {
        const char *member;
        unsigned state;
    } rows[] = {
        {"failed",    QUEUE_REDRIVE_FAILED   },
        {"exhausted", QUEUE_REDRIVE_EXHAUSTED},
        {"unknown",   QUEUE_REDRIVE_UNKNOWN  },
    };
    unsigned states = 0;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const json_t *v = json_object_get(c->body, rows[i].member);
        if (v != NULL && !json_is_boolean(v)) {
            api_call_error(c, 400, "bad-type", rows[i].member, "send {\"%s\":true}, or nothing",
                           rows[i].member);
            return;
        }
        states |= json_is_true(v) ? rows[i].state : 0;
    }
    if (states == 0)
        states = QUEUE_REDRIVE_FAILED | QUEUE_REDRIVE_EXHAUSTED;
    feeder_try_again(c->community->feeder, c->match.params[0]);
    queue_redrive(c->q, c->match.params[0], states, on_redriven, c);
}

static void on_approve(void *arg, const struct queue_result *r, const struct queue_notice *n)
{
    struct api_call *c = arg;

    if (r->status != QUEUE_OK || n == NULL)
        api_call_refused(c, r);
    else
        api_call_error(c, 409, "not-awaiting-approval", "id", "the notice does not await approval: it is %s",
                       notice_state_name(n->state));
}

void api_notices_approve(struct api_call *c)
{
    queue_notice_get(c->q, c->match.params[0], on_approve, c);
}
