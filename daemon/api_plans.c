/* /api/v1/plans: notices that come again, when they do, and what became of them. They are made by POST /api/v1/notices with "repeat". */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/api_call.h"
#include "daemon/api_handlers.h"
#include "daemon/api_list.h"
#include "daemon/api_plan_json.h"
#include "queue/codec.h"
#include "queue/plans.h"

#define PAGE  50
#define DATES 5 /* shown of one plan */

/* ---- dates ---- */

struct dates {
    const struct api_call *call;
    json_t *out;
    int64_t later_than;
    size_t n, most;
};

static bool on_occurrence(void *arg, const struct occurrence *o)
{
    struct dates *d = arg;
    bool missing = o->date.year == 0;
    char day[32];

    if (!missing && o->send_at <= d->later_than)
        return true;
    json_array_append_new(d->out, json_pack("{s:s?,s:o,s:o,s:s}", "date",
                                            missing ? NULL : repeat_date(o->date, day, sizeof(day)),
                                            "send_at", api_call_time(d->call, o->send_at), "not_after",
                                            api_call_time(d->call, o->not_after), "note", o->note));
    d->n += !missing;
    return d->n < d->most;
}

json_t *api_plan_dates(const struct api_call *c, const struct repeat *r, struct date after,
                       int64_t later_than, size_t n)
{
    struct dates d = {.call = c, .out = json_array(), .later_than = later_than, .n = 0, .most = n};

    if (repeat_walk(r, after, c->tz, on_occurrence, &d, NULL) != 0)
        json_array_clear(d.out);
    return d.out;
}

/* ---- list, show ---- */

static json_t *plan_json(const struct api_call *c, const struct plans_row *p, const struct notice *n,
                         size_t n_dates)
{
    struct date after = {0, 0, 0};
    const char *text = n->n_texts > 0 ? n->texts[0].text : NULL;
    bool goes_on = strcmp(p->state, "active") == 0 && date_parse(p->cursor, &after);
    json_t *dates = goes_on ? api_plan_dates(c, n->repeat, after, 0, n_dates) : json_array(),
           *next = json_null();
    size_t i;
    json_t *one;

    json_array_foreach(dates, i, one)
    {
        if (json_is_null(next) && json_is_string(json_object_get(one, "date")))
            next = json_incref(json_object_get(one, "send_at"));
    }
    return json_pack("{s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:s?,s:o,s:o}", "id", p->id, "state", p->state, "kind",
                     notice_kind_name(n->kind), "rule", n->repeat->rule, "repeat", repeat_json(n->repeat),
                     "next_at", next, "created_at", api_call_time(c, p->created_at), "template",
                     n->template_name[0] != '\0' ? n->template_name : NULL, "text",
                     text != NULL ? api_call_words(c, text, strlen(text)) : json_null(), "dates", dates);
}

static struct notice *read_plan(const struct plans_row *p)
{
    struct notice *n = codec_stored(p->json, p->json_len, NULL);

    if (n != NULL && n->repeat != NULL)
        return n;
    notice_free(n);
    return NULL;
}

struct walk {
    struct api_list *list;
    size_t from;
};

static void on_plan(void *arg, const struct plans_row *p)
{
    struct walk *w = arg;
    struct notice *n = api_list_full(w->list) ? NULL : read_plan(p);

    if (n != NULL)
        api_list_add(w->list, plan_json(api_list_call(w->list), p, n, 1));
    notice_free(n);
}

static void list_step(void *arg);

static void on_page(void *arg, const struct queue_result *r, size_t n_seen)
{
    struct walk *w = arg;

    w->from += n_seen;
    if (r->status != QUEUE_OK || n_seen < PAGE || api_list_full(w->list))
        api_list_end(w->list, r);
    else
        api_list_more(w->list, list_step, w);
}

static void list_step(void *arg)
{
    struct walk *w = arg;

    plans_list(api_list_call(w->list)->q, w->from, PAGE, on_plan, on_page, w);
}

void api_plans_list(struct api_call *c)
{
    struct api_list *l = api_list_new(c);
    struct walk *w;

    if (l == NULL)
        return;
    w = api_call_state(c, sizeof(*w));
    w->list = l;
    list_step(w);
}

static void on_got(void *arg, const struct queue_result *r, const struct plans_row *p, const char *const *log,
                   size_t n_log)
{
    struct api_call *c = arg;
    struct notice *n = p != NULL ? read_plan(p) : NULL;
    json_t *o, *rows = json_array(), *row;

    if (n == NULL) {
        json_decref(rows);
        if (r->status != QUEUE_OK)
            api_call_refused(c, r);
        else
            api_call_error(c, 500, "bad-plan", NULL, "the plan in Redis cannot be read");
        return;
    }
    o = plan_json(c, p, n, DATES);
    for (size_t i = 0; i < n_log; i++)
        if ((row = json_loads(log[i], 0, NULL)) != NULL)
            json_array_append_new(rows, row);
    json_object_set_new(o, "log", rows);
    notice_free(n);
    api_call_json(c, 200, o);
}

void api_plans_show(struct api_call *c)
{
    plans_get(c->q, c->match.params[0], on_got, c);
}

/* ---- cancel ---- */

static void on_cancelled(void *arg, const struct queue_result *r)
{
    struct api_call *c = arg;

    if (r->status != QUEUE_OK)
        api_call_refused(c, r);
    else
        plans_get(c->q, c->match.params[0], on_got, c);
}

/* Only what is a plan: notices have a way of their own, with a role that follows from their lane. */
static void on_known(void *arg, const struct queue_result *r, const struct plans_row *p,
                     const char *const *log, size_t n_log)
{
    struct api_call *c = arg;

    (void)p, (void)log, (void)n_log;
    if (r->status != QUEUE_OK)
        api_call_refused(c, r);
    else
        queue_cancel(c->q, c->match.params[0], "cancelled", on_cancelled, c);
}

void api_plans_cancel(struct api_call *c)
{
    plans_get(c->q, c->match.params[0], on_known, c);
}
