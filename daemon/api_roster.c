/* Who takes part: list, desk, export. A roster is sorted, so it is held whole: it is as long as an activity has participants. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/api_handlers.h"
#include "daemon/api_list.h"
#include "daemon/roster_export.h"
#include "text/phone.h"

struct roster {
    struct api_call *call;
    struct api_list *list;
    struct roster_entry *entries;
    size_t n, cap;
    struct activity activity;
    const struct roster_format *format; /* of an export */
};

static void roster_done(void *state)
{
    struct roster *r = state;

    free(r->entries);
}

static struct roster *roster_new(struct api_call *c)
{
    struct roster *r = api_call_state(c, sizeof(*r));

    c->state_free = roster_done;
    r->call = c;
    return r;
}

static void on_entry(void *arg, const struct roster_entry *e)
{
    struct roster *r = arg;

    if (r->n == r->cap) {
        r->cap = r->cap != 0 ? 2 * r->cap : 64;
        r->entries = xrealloc(r->entries, r->cap * sizeof(*r->entries));
    }
    r->entries[r->n++] = *e;
}

/* Confirmed and attended by place, then the waiting by position, then those who withdrew by time. */
static int by_order(const void *pa, const void *pb)
{
    const struct roster_entry *a = pa, *b = pb;
    int group_a = a->status == REG_WITHDRAWN ? 2 : a->status == REG_WAITING,
        group_b = b->status == REG_WITHDRAWN ? 2 : b->status == REG_WAITING;

    if (group_a != group_b)
        return group_a - group_b;
    if (a->place != b->place)
        return a->place < b->place ? -1 : 1;
    if (a->position != b->position)
        return a->position < b->position ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

static void sort(struct roster *r)
{
    if (r->n > 1)
        qsort(r->entries, r->n, sizeof(*r->entries), by_order);
}

static json_t *number(uint32_t n)
{
    return n > 0 ? json_integer(n) : json_null();
}

static json_t *entry_json(const struct api_call *c, const struct roster_entry *e)
{
    json_t *o = json_object();

    json_object_set_new(o, "place", number(e->place));
    json_object_set_new(o, "name", api_call_string(e->name, strlen(e->name)));
    json_object_set_new(o, "phone",
                        strncmp(e->phone, "erased:", 7) == 0 ? json_null() : api_call_phone(c, e->phone));
    json_object_set_new(o, "count", json_integer(e->count));
    json_object_set_new(o, "status", json_string(reg_status_name(e->status)));
    json_object_set_new(o, "position", number(e->position));
    json_object_set_new(o, "at", api_call_time(c, e->at));
    json_object_set_new(o, "confirm_by", e->confirm_by != 0 ? api_call_time(c, e->confirm_by) : json_null());
    return o;
}

/* ---- list ---- */

static void on_entries(void *arg, const struct queue_result *res)
{
    struct roster *r = arg;

    sort(r);
    for (size_t i = 0; res->status == QUEUE_OK && i < r->n && !api_list_full(r->list); i++)
        api_list_add(r->list, entry_json(r->call, &r->entries[i]));
    api_list_end(r->list, res);
}

/* An activity that is not there has no empty roster: 404. */
static void on_known(void *arg, const struct queue_result *res, const struct activity *a)
{
    struct roster *r = arg;

    if (res->status != QUEUE_OK || a == NULL)
        api_list_end(r->list, res);
    else
        roster_entries(r->call->q, r->call->match.params[0], on_entry, on_entries, r);
}

void api_roster_list(struct api_call *c)
{
    struct api_list *l = api_list_new(c);
    struct roster *r;

    if (l == NULL)
        return;
    r = roster_new(c);
    r->list = l;
    roster_get(c->q, c->match.params[0], on_known, r);
}

/* ---- desk ---- */

void api_roster_checkin(struct api_call *c)
{
    const char *given = api_call_member(c, "phone");
    char *phone = api_call_state(c, PHONE_MAX);
    struct err e;

    if (given == NULL)
        api_call_error(c, 400, "bad-phone", "phone", "whose number? send {\"phone\":\"+86...\"}");
    else if (phone_normalise(given, strlen(given), phone, &e) != 0)
        api_call_err(c, &e);
    else
        roster_checkin(c->q, c->match.params[0], phone, api_call_on_done, c);
}

/* ---- export ---- */

static void on_exported(void *arg, const struct queue_result *res)
{
    struct roster *r = arg;
    struct api_call *c = r->call;
    const struct roster_export x = {.activity = &r->activity,
                                    .entries = r->entries,
                                    .n = r->n,
                                    .full = c->full,
                                    .tz = c->tz,
                                    .community = queue_community(c->q),
                                    .now_at = clock_wall_ms()};
    struct buf out = BUF_INIT(64u << 20);
    char disposition[80];

    if (res->status != QUEUE_OK) {
        api_call_refused(c, res);
        return;
    }
    sort(r);
    r->format->render(&out, &x);
    if (r->format->file != NULL) {
        snprintf(disposition, sizeof(disposition), "attachment; filename=\"%s\"", r->format->file);
        httpd_header_add(c->req, "Content-Disposition", disposition);
        httpd_header_add(c->req, "Content-Security-Policy",
                         "default-src 'none'; style-src 'unsafe-inline'; sandbox");
    }
    api_call_text(c, 200, r->format->type, buf_cstr(&out), out.len);
    buf_fini(&out);
}

static void on_export_known(void *arg, const struct queue_result *res, const struct activity *a)
{
    struct roster *r = arg;

    if (res->status != QUEUE_OK || a == NULL) {
        api_call_refused(r->call, res);
        return;
    }
    r->activity = *a;
    roster_entries(r->call->q, r->call->match.params[0], on_entry, on_exported, r);
}

void api_roster_export(struct api_call *c)
{
    struct roster *r = roster_new(c);

    r->format = roster_format(api_call_query(c, "format"));
    if (r->format == NULL)
        api_call_error(c, 400, "bad-query", "format", "allowed are " ROSTER_FORMATS);
    else
        roster_get(c->q, c->match.params[0], on_export_known, r);
}
