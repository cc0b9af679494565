/* A notice with `repeat` becomes a plan: it is judged by its first occurrence, and the words it was asked with are kept, so that a template is read anew each time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/intake_int.h"
#include "queue/plans.h"

struct first {
    int64_t now;
    bool found;
    struct occurrence o;
};

/* One whose time is over already is not sent late by a plan that was made later. */
static bool on_occurrence(void *arg, const struct occurrence *o)
{
    struct first *f = arg;

    f->found = o->date.year != 0 && o->send_at > f->now;
    f->o = *o;
    return !f->found;
}

static int check_kind(const struct notice *n, struct err *e)
{
    if (n->kind != NOTICE_NOTICE && n->kind != NOTICE_PROMOTION)
        return err_set(e, "bad-repeat", "repeat", "only a notice or a promotion comes again, not kind %s",
                       notice_kind_name(n->kind));
    if (n->lane_set && n->lane <= LANE_URGENT)
        return err_set(
            e, "bad-repeat", "lane",
            "what comes again is of lane normal or bulk: an urgent message is said when it is due");
    if (n->not_after != 0)
        return err_set(e, "bad-repeat", "not_after",
                       "\"not_after\" ends a single notice; say \"repeat.not_after\" (a time of the day) and "
                       "\"repeat.until\" (the last date)");
    if (n->ask_until != 0)
        return err_set(e, "bad-repeat", "ask.until",
                       "\"ask.until\" is one moment; a question that comes again ends with each occurrence");
    if (strlen(n->id) + REPEAT_SUFFIX > NOTICE_ID_MAX)
        return err_set(e, "bad-id", "id", "the id of what comes again has at most %d characters",
                       NOTICE_ID_MAX - REPEAT_SUFFIX);
    return 0;
}

/* What was asked, with the id and with what `repeat` left open. */
static char *kept_json(const struct notice *n)
{
    json_t *o = json_loads(n->asked, 0, NULL);
    char *s;

    json_object_set_new(o, "id", json_string(n->id));
    json_object_set_new(o, "repeat", repeat_json(n->repeat));
    json_object_del(o, "send_at");
    s = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(o);
    if (s == NULL)
        panic("a plan cannot be written as JSON");
    return s;
}

int intake_plan(struct job *j, struct err *e)
{
    struct notice *n = j->notice;
    const char *tz = j->intake->o.community->timezone;
    struct first f = {.now = clock_wall_ms(), .found = false};
    struct date before;

    if (check_kind(n, e) != 0 || repeat_complete(n->repeat, n->send_at, f.now, tz, e) != 0)
        return -1;
    before = date_from_days(date_days(n->repeat->from) - 1);
    if (repeat_walk(n->repeat, before, tz, on_occurrence, &f, e) != 0) {
        if (e != NULL && e->field[0] == '\0')
            memcpy(e->field, "repeat", sizeof("repeat"));
        return -1;
    }
    if (!f.found)
        return err_set(e, "bad-repeat", "repeat", "no day of this rule is still to come");
    free(j->plan_json);
    j->plan_json = kept_json(n);
    j->plan_first_at = n->send_at = f.o.send_at;
    n->not_after = f.o.not_after;
    repeat_date(date_from_days(date_days(f.o.date) - 1), j->plan_cursor, sizeof(j->plan_cursor));
    return 0;
}

void intake_plan_store(struct job *j, queue_accept_fn cb)
{
    struct plans_put p = {.id = j->notice->id,
                          .json = j->plan_json,
                          .asked = j->notice->asked,
                          .entry = j->entry,
                          .entry_len = j->entry_len,
                          .idem_key = j->idem_key,
                          .first_at = j->plan_first_at,
                          .cursor = j->plan_cursor};

    plans_put(j->intake->o.queue, &p, cb, j);
}
