/* The moments that follow from a `repeat`. Part of repeat.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/tz.h"
#include "model/repeat.h"

#define DEFAULT_AT (9 * 60)
#define LIFE_MS    (12 * 3600 * 1000LL) /* contract 3: not_after by default */
#define HOUR_S     3600

int repeat_complete(struct repeat *r, int64_t send_at, int64_t now_at, const char *tz, struct err *e)
{
    struct clock_local t;

    if (send_at != 0 && r->from.year != 0)
        return err_set(e, "bad-repeat", "send_at",
                       "\"send_at\" and \"repeat.from\" exclude each other: both say from when");
    if (send_at != 0) /* nothing is sent before then: dates are later */
        send_at += r->days_before * 24 * HOUR_S * 1000LL;
    clock_local(send_at != 0 ? send_at : now_at, tz, &t);
    if (r->from.year == 0)
        r->from = (struct date){.year = t.year, .month = t.month, .day = t.day};
    if (r->at < 0)
        r->at = send_at != 0 ? t.hour * 60 + t.minute : DEFAULT_AT;
    if (r->end >= 0 && r->end <= r->at)
        return err_set(e, "bad-repeat", "repeat.not_after",
                       "\"repeat.not_after\" must be later in the day than \"repeat.at\"");
    return 0;
}

struct walk {
    const struct repeat *r;
    const struct tz *tz;
    long after;
    repeat_fn each;
    void *arg;
    char missing[160]; /* a year without the day, told before what follows it */
    bool stop;
};

/* The instant of a minute of a day; an hour that clocks skip is the one after it. */
static int64_t instant(const struct walk *w, long day, int minute)
{
    int64_t local = (int64_t)day * 24 * HOUR_S + (int64_t)minute * 60, at;

    if (!tz_instant(w->tz, local, &at) && !tz_instant(w->tz, local + HOUR_S, &at))
        panic("two hours in a row do not exist");
    return at * 1000;
}

static bool is_excepted(const struct repeat *r, long day)
{
    for (size_t i = 0; i < r->n_except; i++)
        if (date_days(r->except[i]) == day)
            return true;
    return false;
}

static void tell_missing(struct walk *w)
{
    struct occurrence o = {
        .date = {0, 0, 0}
    };

    if (w->missing[0] == '\0' || w->stop)
        return;
    memcpy(o.note, w->missing, sizeof(o.note));
    w->missing[0] = '\0';
    w->stop = !w->each(w->arg, &o);
}

static void on_day(void *arg, const struct date *d, const char *note)
{
    struct walk *w = arg;
    const struct repeat *r = w->r;
    struct occurrence o = {
        .date = {0, 0, 0}
    };
    long day, sent;

    if (d == NULL) {
        if (snprintf(w->missing, sizeof(w->missing), "%s", note) < 0)
            panic("snprintf");
        return;
    }
    day = date_days(*d);
    if (day <= w->after || day < date_days(r->from)) {
        w->missing[0] = '\0'; /* before what is over anyway */
        return;
    }
    if (r->until.year != 0 && day > date_days(r->until))
        w->stop = true;
    if (w->stop || is_excepted(r, day))
        return;
    tell_missing(w);
    if (w->stop)
        return;
    sent = day - r->days_before;
    o.date = *d;
    o.send_at = instant(w, sent, r->at);
    o.not_after = r->end >= 0 ? instant(w, sent, r->end) : o.send_at + LIFE_MS;
    if (snprintf(o.note, sizeof(o.note), "%s", note) < 0)
        panic("snprintf");
    w->stop = !w->each(w->arg, &o);
}

static bool is_rrule(const struct repeat *r)
{
    return strncmp(r->rule, "rrule:", 6) == 0;
}

/* An RRULE is counted from the first date, unless it says from where. */
static struct when *rule_of(const struct repeat *r, struct err *e)
{
    char day[32], *with_start;
    struct when *w;

    if (!is_rrule(r) || strchr(r->rule, '@') != NULL)
        return when_parse(r->rule, e);
    with_start = xasprintf("%s@%s", r->rule, repeat_date(r->from, day, sizeof(day)));
    w = when_parse(with_start, e);
    free(with_start);
    return w;
}

int repeat_walk(const struct repeat *r, struct date after, const char *tz, repeat_fn each, void *arg,
                struct err *e)
{
    struct walk w = {
        .r = r, .tz = tz_find(tz), .after = date_days(after), .each = each, .arg = arg, .stop = false};
    int first = after.year > r->from.year ? after.year : r->from.year,
        last = r->until.year != 0 && r->until.year < LUNAR_LAST ? r->until.year : LUNAR_LAST, rc = 0;
    struct when *rule = rule_of(r, e);

    if (rule == NULL)
        return -1;
    if (w.tz == NULL)
        panic("a time zone that was checked is not there");
    for (int year = first, n = 1; year <= last && !w.stop && rc == 0; year += n) {
        if (is_rrule(r) && year > first)
            n *= 2; /* it is counted from its start each time: years one by one would cost their square */
        rc = when_resolve(rule, year, year + n - 1 < last ? year + n - 1 : last, on_day, &w, e);
        tell_missing(&w);
    }
    when_free(rule);
    return rc;
}
