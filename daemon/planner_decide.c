/* From a plan and the time to the next occurrence. Part of planner.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/planner.h"

struct next_two {
    struct occurrence o[2];
    size_t n;
    char missing[160]; /* a year without the day before the first of them */
};

static bool on_occurrence(void *arg, const struct occurrence *o)
{
    struct next_two *t = arg;

    if (o->date.year != 0)
        t->o[t->n++] = *o;
    else if (t->n == 0)
        memcpy(t->missing, o->note, sizeof(t->missing));
    return t->n < 2;
}

static void put_time(json_t *o, const char *name, int64_t at, const char *tz)
{
    char s[40];

    json_object_set_new(o, name, json_string(clock_format_iso(at, tz, s, sizeof(s))));
}

/* ${plan} becomes the entry of one occurrence. */
static char *entry_json(json_t *plan, const struct plans_row *row, const struct occurrence *o,
                        const char *notice, const char *tz)
{
    char *s;

    json_object_del(plan, "repeat");
    json_object_set_new(plan, "id", json_string(notice));
    json_object_set_new(plan, "plan", json_string(row->id));
    put_time(plan, "send_at", o->send_at, tz);
    put_time(plan, "not_after", o->not_after, tz);
    s = json_dumps(plan, JSON_COMPACT | JSON_SORT_KEYS);
    if (s == NULL)
        panic("an occurrence cannot be written as JSON");
    return s;
}

static char *log_row(const struct next_two *t, const char *notice, bool late, const char *tz)
{
    char day[32];
    json_t *o = json_pack("{s:s,s:s,s:s?}", "date", repeat_date(t->o[0].date, day, sizeof(day)), "state",
                          late ? "too-late" : "made", "notice", late ? NULL : notice);
    char *s;

    put_time(o, "send_at", t->o[0].send_at, tz);
    if (t->missing[0] != '\0')
        json_object_set_new(o, "note", json_string(t->missing));
    s = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    if (s == NULL)
        panic("a row cannot be written as JSON");
    return s;
}

static void name_notice(const struct plans_row *row, struct date d, char *out, size_t n)
{
    int len = snprintf(out, n, "%s.%04d%02d%02d", row->id, d.year, d.month, d.day);

    if (len < 0 || (size_t)len >= n)
        panic("the id of an occurrence does not fit");
}

static int decide(json_t *plan, const struct plans_row *row, int64_t now_at, const char *tz,
                  struct plans_step *out, struct planner_own *own, struct err *e)
{
    struct repeat *r = repeat_parse(json_object_get(plan, "repeat"), e);
    struct next_two t = {.n = 0};
    struct date after;
    int rc = -1;

    if (r == NULL)
        return -1;
    if (!date_parse(row->cursor, &after))
        err_set(e, "bad-repeat", NULL, "the plan does not know how far it came");
    else
        rc = repeat_walk(r, after, tz, on_occurrence, &t, e);
    repeat_free(r);
    if (rc != 0)
        return -1;
    *out = (struct plans_step){
        .id = row->id, .cursor = row->cursor, .new_cursor = row->cursor, .notice = "", .entry = NULL};
    if (t.n == 0) /* over */
        return 0;
    name_notice(row, t.o[0].date, own->notice, sizeof(own->notice));
    out->notice = own->notice;
    out->not_after = t.o[0].not_after;
    out->new_cursor = repeat_date(t.o[0].date, own->cursor, sizeof(own->cursor));
    out->next_at = t.n > 1 ? t.o[1].send_at : 0;
    out->row = own->row = log_row(&t, own->notice, t.o[0].not_after <= now_at, tz);
    if (t.o[0].not_after > now_at)
        out->entry = own->entry = entry_json(plan, row, &t.o[0], own->notice, tz);
    return 0;
}

int planner_decide(const struct plans_row *row, int64_t now_at, const char *tz, struct plans_step *out,
                   struct planner_own *own, struct err *e)
{
    json_t *plan = json_loadb(row->json, row->json_len, 0, NULL);
    int rc;

    memset(own, 0, sizeof(*own));
    if (plan == NULL)
        return err_set(e, "bad-json", NULL, "the plan is no JSON");
    rc = decide(plan, row, now_at, tz, out, own, e);
    json_decref(plan);
    return rc;
}

void planner_own_fini(struct planner_own *own)
{
    free(own->entry);
    free(own->row);
    own->entry = own->row = NULL;
}
