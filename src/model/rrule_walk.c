/* The days of a rule (RFC 5545 3.3.10). Part of rrule.h.
 *
 * Written here, because libical 3.0.16 is right only where the start is itself a day of the rule: FREQ=MONTHLY;BYDAY=1SA from January 1 gives its first day twice,
 * FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=15 gives March, May, August. Every day is asked whether it belongs, period by period: nothing can hang. tests/e2e/test_calendar.py
 * compares with another implementation. */
#include <string.h>

#include "model/rrule.h"

struct day {
    struct date d;
    long n;                /* days since 1970 */
    int weekday;           /* 0 = Monday */
    int of_year;           /* 1.. */
    int in_month, in_year; /* how many days these have */
};

static int weekday_of(long n)
{
    return (int)(((n + 3) % 7 + 7) % 7);
}

static struct day day_at(long n)
{
    struct day t = {.d = date_from_days(n), .n = n, .weekday = weekday_of(n)};
    struct date january = {.year = t.d.year, .month = 1, .day = 1},
                next = {.year = t.d.year + 1, .month = 1, .day = 1};
    struct date month = {.year = t.d.year, .month = t.d.month, .day = 1};
    struct date after = {.year = t.d.month == 12 ? t.d.year + 1 : t.d.year,
                         .month = t.d.month == 12 ? 1 : t.d.month + 1,
                         .day = 1};

    t.of_year = (int)(n - date_days(january)) + 1;
    t.in_year = (int)(date_days(next) - date_days(january));
    t.in_month = (int)(date_days(after) - date_days(month));
    return t;
}

/* Is the ${at}-th (from 1) of ${of} in the list, counted from either end? */
static bool has(const struct rrule_list *l, int at, int of)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i] == at || l->v[i] == at - of - 1)
            return true;
    return false;
}

static bool month_fits(const struct rrule *r, const struct day *t)
{
    return r->month.n == 0 || has(&r->month, t->d.month, 0x10000);
}

/* A weekday, or the n-th of its kind in the month (or year). */
static bool day_fits(const struct rrule *r, const struct day *t)
{
    bool year = r->freq == RRULE_YEARLY && r->month.n == 0;
    int at = year ? t->of_year : t->d.day, of = year ? t->in_year : t->in_month;
    int nth = (at - 1) / 7 + 1, from_end = -((of - at) / 7 + 1);

    if (r->day.n == 0)
        return true;
    for (size_t i = 0; i < r->day.n; i++)
        if (r->day.v[i] == t->weekday && (r->nth.v[i] == 0 || r->nth.v[i] == nth || r->nth.v[i] == from_end))
            return true;
    return false;
}

/* What the start says where the rule says nothing. */
static bool start_fits(const struct rrule *r, const struct day *t, const struct day *start)
{
    bool said = r->day.n + r->month_day.n + r->year_day.n > 0;

    switch (r->freq) {
    case RRULE_DAILY:
        return true;
    case RRULE_WEEKLY:
        return r->day.n > 0 || t->weekday == start->weekday;
    case RRULE_MONTHLY:
        return said || t->d.day == start->d.day;
    case RRULE_YEARLY:
        return said || (t->d.day == start->d.day && (r->month.n > 0 || t->d.month == start->d.month));
    }
    return false;
}

static bool fits(const struct rrule *r, const struct day *t, const struct day *start)
{
    return month_fits(r, t) && day_fits(r, t) &&
           (r->month_day.n == 0 || has(&r->month_day, t->d.day, t->in_month)) &&
           (r->year_day.n == 0 || has(&r->year_day, t->of_year, t->in_year)) && start_fits(r, t, start);
}

/* Which period a day lies in, counted from anywhere. */
static long period_of(const struct rrule *r, const struct day *t)
{
    switch (r->freq) {
    case RRULE_DAILY:
        return t->n;
    case RRULE_WEEKLY: {
        long monday = t->n + 3 - r->wkst;

        return monday >= 0 ? monday / 7 : -((-monday + 6) / 7);
    }
    case RRULE_MONTHLY:
        return t->d.year * 12L + t->d.month;
    case RRULE_YEARLY:
        break;
    }
    return t->d.year;
}

#define PERIOD_MAX 366

struct walk {
    const struct rrule *r;
    struct day start;
    long days[PERIOD_MAX]; /* of the period so far */
    int n;
    int64_t told;
    bool (*each)(void *arg, struct date d);
    void *arg;
};

/* The days of one period, chosen by BYSETPOS, told. False: enough. */
static bool tell(struct walk *w)
{
    for (int i = 0; i < w->n; i++) {
        if (w->r->set_pos.n > 0 && !has(&w->r->set_pos, i + 1, w->n))
            continue;
        if (w->days[i] < w->start.n)
            continue;
        if (w->days[i] > w->r->until || (w->r->count > 0 && w->told == w->r->count) ||
            !w->each(w->arg, date_from_days(w->days[i])))
            return false;
        w->told++;
    }
    w->n = 0;
    return true;
}

/* The first day of the period that ${start} is in: what BYSETPOS counts begins there. */
static long first_of_period(const struct rrule *r, const struct day *start)
{
    switch (r->freq) {
    case RRULE_DAILY:
        return start->n;
    case RRULE_WEEKLY:
        return start->n - (start->weekday - r->wkst + 7) % 7;
    case RRULE_MONTHLY:
        return start->n - start->d.day + 1;
    case RRULE_YEARLY:
        break;
    }
    return start->n - start->of_year + 1;
}

void rrule_walk(const struct rrule *r, struct date start, int last, bool (*each)(void *arg, struct date d),
                void *arg)
{
    struct walk w = {.r = r, .start = day_at(date_days(start)), .n = 0, .told = 0, .each = each, .arg = arg};
    long first = first_of_period(r, &w.start),
         end = date_days((struct date){.year = last + 1, .month = 1, .day = 1});
    struct day t = day_at(first);
    long begin = period_of(r, &t), period = begin;

    for (long n = first; n < end; n++) {
        t = day_at(n);
        if (period_of(r, &t) != period) {
            if (!tell(&w))
                return;
            period = period_of(r, &t);
        }
        if ((period - begin) % r->interval == 0 && fits(r, &t, &w.start))
            w.days[w.n++] = n;
    }
    tell(&w);
}
