#include "model/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "model/when_int.h"

#define RULE_MAX 300

static const struct {
    const char *name;
    enum when_kind kind;
    int month, day;
} festivals[] = {
    {"spring-festival", WHEN_LUNAR,    1,  1 },
    {"lantern",         WHEN_LUNAR,    1,  15},
    {"dragon-heads-up", WHEN_LUNAR,    2,  2 },
    {"shangsi",         WHEN_LUNAR,    3,  3 },
    {"qingming",        WHEN_QINGMING, 0,  0 },
    {"dragon-boat",     WHEN_LUNAR,    5,  5 },
    {"qixi",            WHEN_LUNAR,    7,  7 },
    {"zhongyuan",       WHEN_LUNAR,    7,  15},
    {"mid-autumn",      WHEN_LUNAR,    8,  15},
    {"double-ninth",    WHEN_LUNAR,    9,  9 },
    {"winter-solstice", WHEN_SOLSTICE, 0,  0 },
    {"laba",            WHEN_LUNAR,    12, 8 },
    {"new-years-eve",   WHEN_EVE,      0,  0 },
    {"new-year",        WHEN_SOLAR,    1,  1 },
    {"womens-day",      WHEN_SOLAR,    3,  8 },
    {"labour-day",      WHEN_SOLAR,    5,  1 },
    {"youth-day",       WHEN_SOLAR,    5,  4 },
    {"childrens-day",   WHEN_SOLAR,    6,  1 },
    {"party-day",       WHEN_SOLAR,    7,  1 },
    {"army-day",        WHEN_SOLAR,    8,  1 },
    {"national-day",    WHEN_SOLAR,    10, 1 },
};

const char *when_festival(size_t i)
{
    return i < ARRAY_LEN(festivals) ? festivals[i].name : NULL;
}

/* ---- reading ---- */

static int read_festival(struct when *w, const char *name, struct err *e)
{
    struct buf names = BUF_INIT(400);

    for (size_t i = 0; i < ARRAY_LEN(festivals); i++) {
        if (strcmp(festivals[i].name, name) == 0) {
            w->kind = festivals[i].kind;
            w->month = festivals[i].month;
            w->day = festivals[i].day;
            buf_fini(&names);
            return 0;
        }
        buf_fmt(&names, "%s%s", i > 0 ? ", " : "", festivals[i].name);
    }
    err_set(e, "bad-rule", NULL, "no festival is called \"%.40s\"; allowed: %s", name, buf_cstr(&names));
    buf_fini(&names);
    return -1;
}

static int read_term(struct when *w, const char *name, struct err *e)
{
    if (strcmp(name, "qingming") == 0)
        w->kind = WHEN_QINGMING;
    else if (strcmp(name, "winter-solstice") == 0)
        w->kind = WHEN_SOLSTICE;
    else
        return err_set(e, "bad-rule", NULL,
                       "no solar term is called \"%.40s\"; allowed: qingming, winter-solstice", name);
    return 0;
}

/* "8/15", "6L/1", "12/30,last" */
static int read_lunar(struct when *w, const char *s, struct err *e)
{
    const char *slash = strchr(s, '/'), *comma = strchr(s, ',');
    size_t month_len = slash != NULL ? (size_t)(slash - s) : 0;
    int64_t month, day;

    w->kind = WHEN_LUNAR;
    if (month_len > 0 && s[month_len - 1] == 'L') {
        w->leap = LUNAR_LEAP;
        month_len--;
    }
    if (slash == NULL || num_i64_n(s, month_len, 1, 12, &month) != 0 ||
        num_i64_n(slash + 1, comma != NULL ? (size_t)(comma - slash - 1) : strlen(slash + 1), 1, 30, &day) !=
            0 ||
        (comma != NULL && strcmp(comma, ",last") != 0))
        return err_set(e, "bad-rule", NULL,
                       "\"%.40s\" is no lunar day; allowed: MONTH/DAY, 6L/1 for a leap month, 12/30,last for "
                       "the last day of a month",
                       s);
    w->month = (int)month;
    w->day = (int)day;
    w->last = comma != NULL;
    return 0;
}

static int read_rrule(struct when *w, const char *s, struct err *e)
{
    const char *at = strchr(s, '@');
    char rule[RULE_MAX];
    size_t n = at != NULL ? (size_t)(at - s) : strlen(s);

    w->kind = WHEN_RRULE;
    if (n >= sizeof(rule))
        return err_set(e, "bad-rule", NULL, "the rule has %zu characters; at most %zu are taken", n,
                       sizeof(rule) - 1);
    memcpy(rule, s, n);
    rule[n] = '\0';
    if (at != NULL && !date_parse(at + 1, &w->start))
        return err_set(e, "bad-rule", NULL,
                       "\"%.20s\" is no day; allowed behind the @ is one such as 2026-03-07", at + 1);
    return rrule_parse(rule, &w->rule, e);
}

struct when *when_parse(const char *rule, struct err *e)
{
    static const struct {
        const char *prefix;
        int (*read)(struct when *w, const char *s, struct err *e);
    } kinds[] = {
        {"lunar:",    read_lunar   },
        {"festival:", read_festival},
        {"term:",     read_term    },
        {"rrule:",    read_rrule   },
    };
    struct when *w = xcalloc(1, sizeof(*w));

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        size_t n = strlen(kinds[i].prefix);

        if (strncmp(rule, kinds[i].prefix, n) != 0)
            continue;
        if (kinds[i].read(w, rule + n, e) == 0)
            return w;
        when_free(w);
        return NULL;
    }
    err_set(e, "bad-rule", NULL,
            "\"%.40s\" is no rule; allowed: lunar:8/15, festival:NAME, term:qingming, term:winter-solstice, "
            "rrule:FREQ=...",
            rule);
    when_free(w);
    return NULL;
}

void when_free(struct when *w)
{
    free(w);
}

/* ---- resolving ---- */

/* The day in lunar (or, for solar ones, Gregorian) year ${year}. -1 with code "no-such-date" or "year-outside". */
static int day_of(const struct when *w, int year, struct date *out, struct err *e)
{
    switch (w->kind) {
    case WHEN_LUNAR:
        return lunar_date(year, w->month, w->day, w->leap, w->last, out, e);
    case WHEN_SOLAR:
        *out = (struct date){.year = year, .month = w->month, .day = w->day};
        return 0;
    case WHEN_EVE:
        if (lunar_date(year, 1, 1, LUNAR_REGULAR, false, out, e) != 0)
            return -1;
        *out = date_from_days(date_days(*out) - 1);
        return 0;
    case WHEN_QINGMING:
        return lunar_qingming(year, out, e);
    case WHEN_SOLSTICE:
        return lunar_solstice(year, out, e);
    case WHEN_RRULE:
        break;
    }
    panic("a rule of kind %d has no day in a year", (int)w->kind);
}

static const char *note_of(const struct when *w, int year, char *out, size_t n)
{
    int len = 0;

    out[0] = '\0';
    if (w->kind == WHEN_LUNAR && w->leap == LUNAR_LEAP)
        len = snprintf(out, n, "leap month %d of lunar year %d", w->month, year);
    else if (w->kind == WHEN_LUNAR)
        len = snprintf(out, n, "lunar year %d", year);
    return len >= 0 && (size_t)len < n ? out : "";
}

struct rule_days {
    int from, n;
    when_fn each;
    void *arg;
};

static bool on_rule_day(void *arg, struct date d)
{
    struct rule_days *l = arg;

    if (d.year >= l->from)
        l->each(l->arg, &d, "");
    return ++l->n < WHEN_MOST;
}

static int resolve_rule(const struct when *w, int from, int to, when_fn each, void *arg, struct err *e)
{
    struct date start = w->start.year != 0 ? w->start : (struct date){.year = from, .month = 1, .day = 1};
    struct rule_days l = {.from = from, .n = 0, .each = each, .arg = arg};

    if (from < 1900 || to > 2200 || start.year < 1900)
        return err_set(e, "year-outside", NULL, "rules are worked out for the years 1900 to 2200");
    rrule_walk(&w->rule, start, to, on_rule_day, &l);
    return l.n < WHEN_MOST ? 0 : err_set(e, "too-many", NULL, "the rule has more than %d days", WHEN_MOST);
}

/* Would the missing day have been in these years? A month without a 30th has a 29th. */
static bool is_missed(const struct when *w, int year, int from, int to)
{
    struct date d;

    if (w->kind != WHEN_LUNAR || w->leap == LUNAR_LEAP ||
        lunar_date(year, w->month, 29, LUNAR_REGULAR, false, &d, NULL) != 0)
        return year >= from && year <= to;
    return d.year >= from && d.year <= to;
}

/* A day of lunar year y lies in Gregorian year y or, late in it, y + 1. */
int when_resolve(const struct when *w, int from, int to, when_fn each, void *arg, struct err *e)
{
    int first = w->kind == WHEN_LUNAR ? from - 1 : from;

    if (from > to)
        return err_set(e, "bad-rule", NULL, "the years from %d to %d are none", from, to);
    if (w->kind == WHEN_RRULE)
        return resolve_rule(w, from, to, each, arg, e);
    if (w->kind != WHEN_SOLAR && (first < LUNAR_FIRST || to > LUNAR_LAST))
        return err_set(e, "year-outside", NULL, "lunar days and solar terms are known for the years %d to %d",
                       LUNAR_FIRST + 1, LUNAR_LAST);
    if (w->kind == WHEN_SOLAR && (from < 1 || to > 9999))
        return err_set(e, "year-outside", NULL, "years have the numbers 1 to 9999");
    for (int year = first; year <= to; year++) {
        struct err why;
        struct date d;
        char note[64];

        if (day_of(w, year, &d, &why) != 0) {
            if (is_missed(w, year, from, to))
                each(arg, NULL, why.msg);
        } else if (d.year >= from && d.year <= to) {
            each(arg, &d, note_of(w, year, note, sizeof(note)));
        }
    }
    return 0;
}
