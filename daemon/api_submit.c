/* POST /api/v1/notices: stored before it is answered, or (?dry=1) only judged and counted. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/api_call.h"
#include "daemon/api_handlers.h"
#include "daemon/api_plan_json.h"
#include "daemon/delivery.h"
#include "daemon/intake.h"
#include "daemon/link.h"
#include "daemon/scheduler.h"
#include "model/resident.h"
#include "text/lint.h"
#include "text/segment.h"
#include "text/tmpl.h"

#define SAMPLE_MAX 32768
#define DATES      5 /* told of what comes again */

/* ---- stored ---- */

/* Later than was asked: it waits for the hours of promotions. */
static bool is_deferred(const struct api_call *c, const struct notice *n)
{
    const char *asked = json_string_value(json_object_get(c->body, "send_at"));
    int64_t at = 0, now = clock_wall_ms();

    if (n->repeat != NULL || (asked != NULL && clock_parse_iso(asked, &at, NULL) != 0))
        return false;
    return n->kind == NOTICE_PROMOTION && n->send_at > (at > now ? at : now);
}

/* Of what comes again: the next times. */
static void add_dates(const struct api_call *c, json_t *o, const struct notice *n)
{
    const struct repeat *r = n->repeat;

    if (r == NULL)
        return;
    json_object_set_new(o, "repeat", repeat_json(r));
    json_object_set_new(o, "dates",
                        api_plan_dates(c, r, date_from_days(date_days(r->from) - 1), clock_wall_ms(), DATES));
}

static json_t *accepted_json(const struct api_call *c, enum queue_accept_result a, const struct notice *n)
{
    json_t *o =
        json_pack("{s:s,s:s,s:s,s:o,s:o,s:b,s:b}", "id", n->id, "kind", notice_kind_name(n->kind), "lane",
                  lane_name(n->lane), "send_at", api_call_time(c, n->send_at), "not_after",
                  api_call_time(c, n->not_after), "same", a == QUEUE_SAME, "deferred", is_deferred(c, n));

    add_dates(c, o, n);
    return o;
}

static void on_submitted(void *arg, const struct queue_result *r, enum queue_accept_result a,
                         const struct notice *n)
{
    struct api_call *c = arg;

    if (n != NULL)
        api_call_target(c, n->id);
    if (r->status != QUEUE_OK) {
        api_call_refused(c, r);
        return;
    }
    switch (a) {
    case QUEUE_ACCEPTED:
    case QUEUE_SAME:
        api_call_json(c, 202, accepted_json(c, a, n));
        return;
    case QUEUE_CONFLICT:
        api_call_error(c, 409, "id-conflict", "id",
                       "a notice with this id and other content was accepted before");
        return;
    }
}

/* ---- dry run ---- */

struct dry {
    json_t *answer;
    struct audience *to;
};

static void dry_free(void *state)
{
    struct dry *d = state;

    json_decref(d->answer);
    audience_free(d->to);
}

/* Values of the notice; for what each resident brings, a word of usual length. */
static const char *sample(void *arg, const char *name, size_t *n)
{
    const struct notice *notice = arg;
    const char *value = NULL;

    for (size_t i = 0; i < notice->n_vars; i++)
        if (strcmp(notice->vars[i].name, name) == 0)
            value = notice->vars[i].value;
    if (value == NULL && resident_is_var(name))
        value = strcmp(name, "phone") == 0 ? "138****8000" : "某某某";
    *n = value != NULL ? strlen(value) : 0;
    return value;
}

static enum lint_class lint_class_of(const struct notice *n)
{
    if (n->kind == NOTICE_PROMOTION)
        return LINT_PROMOTION;
    return n->kind == NOTICE_ALERT || n->kind == NOTICE_ALLCLEAR ? LINT_ALERT : LINT_NOTICE;
}

static void add_text(json_t *o, const struct api_call *c, const struct notice *n)
{
    const char *text = notice_text_for(n, "zh-CN");
    struct buf out = BUF_INIT(SAMPLE_MAX);
    struct segment_measure m;
    struct tmpl *t = text != NULL ? tmpl_compile(text, strlen(text), NULL) : NULL;

    if (t == NULL || tmpl_render(t, sample, (void *)(uintptr_t)n, &out) != 0) {
        tmpl_free(t);
        buf_fini(&out);
        return;
    }
    segment_measure(buf_cstr(&out), out.len, c->community->conf->sign, SEGMENT_CN, &m);
    json_object_set_new(o, "text", api_call_string(buf_cstr(&out), out.len));
    json_object_set_new(o, "characters", json_integer((json_int_t)m.characters));
    json_object_set_new(o, "parts", json_integer((json_int_t)m.parts));
    json_object_set_new(o, "approximate", json_boolean(tmpl_n_names(t) > n->n_vars));
    json_object_set_new(o, "warnings",
                        lint_json(buf_cstr(&out), out.len, c->community->conf->sign, lint_class_of(n)));
    tmpl_free(t);
    buf_fini(&out);
}

static bool is_wanted(const struct api_call *c, const struct notice *n, const struct config_provider *p)
{
    bool wanted = n->n_channels == 0;

    for (size_t k = 0; k < n->n_channels; k++)
        wanted = wanted || strcmp(n->channels[k], p->channel) == 0;
    return wanted && strcmp(p->community, c->community->conf->name) == 0;
}

/* Could it carry the text? Judged by a sample of it: what residents bring is of usual length. */
static bool could_carry(const struct link *l, const struct notice *n, const json_t *text, struct err *why)
{
    const struct driver *driver = link_driver(l);
    struct provider_msg m = {.to = "+8613800000000",
                             .text = json_string_value(text),
                             .text_len = json_string_length(text),
                             .ref = "dry.0.1",
                             .lane = n->lane,
                             .purpose = delivery_purpose(n->kind)};

    return driver->fits == NULL || m.text == NULL || driver->fits(link_provider(l), &m, why) == 0;
}

/* Accounts that may carry it now, by the channels that the notice wants; and why the others of these channels cannot. */
static void add_providers(json_t *o, const struct api_call *c, const struct notice *n)
{
    json_t *can = json_array(), *cannot = json_array();

    for (size_t i = 0; i < c->app->n_links; i++) {
        const struct link *l = c->app->links[i];
        const struct config_provider *p = link_conf(l);
        struct err why = {{0}, {0}, {0}};

        if (!is_wanted(c, n, p))
            continue;
        if (could_carry(l, n, json_object_get(o, "text"), &why))
            json_array_append_new(can, json_string(p->name));
        else
            json_array_append_new(cannot, json_pack("{s:s,s:o}", "provider", p->name, "why",
                                                    api_call_string(why.msg, strlen(why.msg))));
    }
    json_object_set_new(o, "providers", can);
    json_object_set_new(o, "cannot", cannot);
}

/* Of the provider that is used first and has a price. */
static void add_cost(const struct api_call *c, json_t *answer, json_int_t messages)
{
    const struct config_provider *first = NULL;
    const json_t *name;
    size_t i;

    json_array_foreach(json_object_get(answer, "providers"), i, name)
    {
        for (size_t k = 0; k < c->app->n_links; k++) {
            const struct config_provider *p = link_conf(c->app->links[k]);

            if (strcmp(p->name, json_string_value(name)) == 0 && p->price > 0 &&
                (first == NULL || p->priority < first->priority))
                first = p;
        }
    }
    if (first == NULL)
        return;
    json_object_set_new(answer, "cost", json_real((double)messages * first->price));
    json_object_set_new(answer, "cost_note",
                        json_sprintf("%.2f yuan at %.40s", (double)messages * first->price, first->name));
}

static void on_counted(void *arg, const struct queue_result *r, uint64_t recipients, uint64_t suppressed)
{
    struct api_call *c = arg;
    struct dry *d = c->state;
    json_int_t parts = json_integer_value(json_object_get(d->answer, "parts")),
               messages = (json_int_t)(recipients - suppressed) * parts;

    if (r->status != QUEUE_OK) {
        api_call_refused(c, r);
        return;
    }
    json_object_set_new(d->answer, "recipients", json_integer((json_int_t)recipients));
    json_object_set_new(d->answer, "suppressed", json_integer((json_int_t)suppressed));
    json_object_set_new(d->answer, "messages", json_integer(messages));
    add_cost(c, d->answer, messages);
    api_call_json(c, 200, json_incref(d->answer));
}

static void on_judged(void *arg, const struct queue_result *r, enum queue_accept_result a,
                      const struct notice *n)
{
    struct api_call *c = arg;
    struct dry *d;

    (void)a;
    if (r->status != QUEUE_OK) {
        api_call_refused(c, r);
        return;
    }
    d = api_call_state(c, sizeof(*d));
    c->state_free = dry_free;
    d->answer = json_pack("{s:b,s:s,s:s,s:s,s:o,s:o,s:n,s:s}", "dry_run", 1, "id", n->id, "kind",
                          notice_kind_name(n->kind), "lane", lane_name(n->lane), "send_at",
                          api_call_time(c, n->send_at), "not_after", api_call_time(c, n->not_after), "cost",
                          "cost_note", "unknown: no price is configured");
    add_dates(c, d->answer, n);
    add_text(d->answer, c, n);
    add_providers(d->answer, c, n);
    json_t *selector = n->to != NULL && audience_told(n->to) == NULL ? audience_json(n->to) : NULL;
    d->to = selector != NULL ? audience_parse(selector, NULL) : NULL;
    json_decref(selector);
    if (d->to == NULL) /* cancel, allclear: whoever was told */
        api_call_json(c, 200, json_incref(d->answer));
    else
        scheduler_count(c->community->scheduler, d->to, on_counted, c);
}

void api_submit_run(struct api_call *c)
{
    const char *given = httpd_header(c->req, "Idempotency-Key");
    bool dry = api_call_flag(c, "dry");

    if (dry)
        api_call_target(c, "dry run");
    if (c->body == NULL) {
        api_call_error(c, 400, "bad-json", NULL, "the notice is missing: send it as a JSON object");
        return;
    }
    if (given != NULL && (*given == '\0' || strlen(given) > 128)) {
        api_call_error(c, 400, "bad-idempotency-key", NULL, "an Idempotency-Key has 1 to 128 bytes");
        return;
    }
    intake_submit(c->community->intake, c->body, dry ? NULL : given, dry, dry ? on_judged : on_submitted, c);
}
