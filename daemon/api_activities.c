#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/api_handlers.h"
#include "daemon/api_list.h"
#include "queue/roster.h"

static json_t *shown(const struct api_call *c, const struct activity *a)
{
    return activity_json(a, clock_wall_ms(), c->tz);
}

static void on_activity(void *arg, const struct queue_result *r, const struct activity *a)
{
    struct api_call *c = arg;

    if (r->status != QUEUE_OK || a == NULL)
        api_call_refused(c, r);
    else
        api_call_json(c, 200, shown(c, a));
}

/* Who came, in people; before the start nobody is absent. */
struct attendance {
    struct api_call *call;
    struct activity activity;
    uint64_t attended, absent;
};

static void on_entry(void *arg, const struct roster_entry *e)
{
    struct attendance *n = arg;

    n->attended += e->status == REG_ATTENDED ? e->count : 0;
    n->absent += e->status == REG_CONFIRMED ? e->count : 0;
}

static void on_counted(void *arg, const struct queue_result *r)
{
    struct attendance *n = arg;
    bool begun = n->activity.starts_at <= clock_wall_ms();
    json_t *o;

    if (r->status != QUEUE_OK) {
        api_call_refused(n->call, r);
        return;
    }
    o = shown(n->call, &n->activity);
    json_object_set_new(o, "attended", json_integer((json_int_t)n->attended));
    json_object_set_new(o, "absent", begun ? json_integer((json_int_t)n->absent) : json_null());
    api_call_json(n->call, 200, o);
}

static void on_shown(void *arg, const struct queue_result *r, const struct activity *a)
{
    struct attendance *n = arg;

    if (r->status != QUEUE_OK || a == NULL) {
        api_call_refused(n->call, r);
        return;
    }
    n->activity = *a;
    roster_entries(n->call->q, a->code, on_entry, on_counted, n);
}

void api_activities_show(struct api_call *c)
{
    struct attendance *n = api_call_state(c, sizeof(*n));

    n->call = c;
    roster_get(c->q, c->match.params[0], on_shown, n);
}

static void on_each(void *arg, const struct activity *a)
{
    struct api_list *l = arg;

    if (!api_list_full(l))
        api_list_add(l, shown(api_list_call(l), a));
}

void api_activities_list(struct api_call *c)
{
    struct api_list *l = api_list_new(c);

    if (l != NULL)
        roster_list(c->q, on_each, api_list_on_done, l);
}

/* ---- create ---- */

static void on_made(void *arg, const struct queue_result *r)
{
    struct api_call *c = arg;

    if (r->status != QUEUE_OK)
        api_call_refused(c, r);
    else
        api_call_json(c, 201, shown(c, c->state));
}

void api_activities_create(struct api_call *c)
{
    struct activity *a = api_call_state(c, sizeof(*a));
    struct err e;

    if (c->body == NULL)
        api_call_error(c, 400, "bad-json", NULL, "the activity is missing: send it as a JSON object");
    else if (activity_from_json(a, c->body, c->tz, &e) != 0)
        api_call_err(c, &e);
    else {
        api_call_target(c, a->code);
        roster_put(c->q, a, on_made, c);
    }
}

/* ---- state ---- */

static void on_state(void *arg, const struct queue_result *r)
{
    struct api_call *c = arg;

    if (r->status != QUEUE_OK)
        api_call_refused(c, r);
    else
        roster_get(c->q, c->match.params[0], on_activity, c);
}

void api_activities_open(struct api_call *c)
{
    roster_set_state(c->q, c->match.params[0], ACTIVITY_OPEN, on_state, c);
}

void api_activities_close(struct api_call *c)
{
    roster_set_state(c->q, c->match.params[0], ACTIVITY_CLOSED, on_state, c);
}
