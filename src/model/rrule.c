/* Reading an RRULE. Part of rrule.h. */
#include "model/rrule.h"

#include <limits.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

static const char *const weekdays[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};

static bool read_number(const char *s, size_t n, int64_t min, int64_t max, int64_t *out)
{
    return n > 0 && s[0] != '+' && num_i64_n(s, n, min, max, out) == 0 && *out != 0;
}

static int read_weekday(const char *s, size_t n)
{
    for (size_t i = 0; n == 2 && i < ARRAY_LEN(weekdays); i++)
        if (memcmp(s, weekdays[i], 2) == 0)
            return (int)i;
    return -1;
}

static bool add(struct rrule_list *l, int64_t v)
{
    if (l->n == RRULE_LIST)
        return false;
    l->v[l->n++] = (int)v;
    return true;
}

/* ---- one reader for each part; ${s} is one value, or one of a list ---- */

static bool read_freq(struct rrule *r, const char *s, size_t n)
{
    static const char *const known[] = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"};

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (strlen(known[i]) == n && memcmp(known[i], s, n) == 0) {
            r->freq = (enum rrule_freq)i;
            return true;
        }
    return false;
}

static bool read_interval(struct rrule *r, const char *s, size_t n)
{
    return read_number(s, n, 1, 1000, &r->interval);
}

static bool read_count(struct rrule *r, const char *s, size_t n)
{
    return read_number(s, n, 1, 10000, &r->count);
}

/* "20261231" */
static bool read_until(struct rrule *r, const char *s, size_t n)
{
    struct date d;
    char iso[11];

    if (n != 8)
        return false;
    memcpy(iso, s, 4);
    memcpy(iso + 5, s + 4, 2);
    memcpy(iso + 8, s + 6, 2);
    iso[4] = iso[7] = '-';
    iso[10] = '\0';
    if (!date_parse(iso, &d))
        return false;
    r->until = date_days(d);
    return true;
}

/* "SA", "1SA", "-1SU" */
static bool read_day(struct rrule *r, const char *s, size_t n)
{
    int day = n >= 2 ? read_weekday(s + n - 2, 2) : -1;
    int64_t nth = 0;

    return day >= 0 && (n == 2 || read_number(s, n - 2, -53, 53, &nth)) && add(&r->day, day) &&
           add(&r->nth, nth);
}

static bool read_month(struct rrule *r, const char *s, size_t n)
{
    int64_t v;

    return read_number(s, n, 1, 12, &v) && add(&r->month, v);
}

static bool read_month_day(struct rrule *r, const char *s, size_t n)
{
    int64_t v;

    return read_number(s, n, -31, 31, &v) && add(&r->month_day, v);
}

static bool read_year_day(struct rrule *r, const char *s, size_t n)
{
    int64_t v;

    return read_number(s, n, -366, 366, &v) && add(&r->year_day, v);
}

static bool read_set_pos(struct rrule *r, const char *s, size_t n)
{
    int64_t v;

    return read_number(s, n, -366, 366, &v) && add(&r->set_pos, v);
}

static bool read_wkst(struct rrule *r, const char *s, size_t n)
{
    r->wkst = read_weekday(s, n);
    return r->wkst >= 0;
}

enum {
    PART_FREQ,
    PART_INTERVAL,
    PART_COUNT,
    PART_UNTIL,
    PART_BYDAY,
    PART_BYMONTHDAY,
    PART_BYYEARDAY,
    PART_BYMONTH,
    PART_BYSETPOS,
    PART_WKST
};
static const struct {
    const char *name;
    bool list;
    bool (*read)(struct rrule *r, const char *s, size_t n);
    const char *allowed;
} parts[] = {
    [PART_FREQ] = {"FREQ",       false, read_freq,      "DAILY, WEEKLY, MONTHLY or YEARLY"   },
    [PART_INTERVAL] = {"INTERVAL",   false, read_interval,  "a number from 1 to 1000"            },
    [PART_COUNT] = {"COUNT",      false, read_count,     "a number from 1 to 10000"           },
    [PART_UNTIL] = {"UNTIL",      false, read_until,     "a day such as 20261231"             },
    [PART_BYDAY] = {"BYDAY",      true,  read_day,       "days such as SA, 1SA, -1SU"         },
    [PART_BYMONTHDAY] = {"BYMONTHDAY", true,  read_month_day, "numbers from 1 to 31 or -1 to -31"  },
    [PART_BYYEARDAY] = {"BYYEARDAY",  true,  read_year_day,  "numbers from 1 to 366 or -1 to -366"},
    [PART_BYMONTH] = {"BYMONTH",    true,  read_month,     "numbers from 1 to 12"               },
    [PART_BYSETPOS] = {"BYSETPOS",   true,  read_set_pos,   "numbers from 1 to 366 or -1 to -366"},
    [PART_WKST] = {"WKST",       false, read_wkst,      "MO, TU, WE, TH, FR, SA or SU"       },
};

static bool read_values(struct rrule *r, size_t part, const char *s, size_t n)
{
    if (!parts[part].list)
        return parts[part].read(r, s, n);
    for (;;) {
        size_t len = 0;

        while (len < n && s[len] != ',')
            len++;
        if (!parts[part].read(r, s, len))
            return false;
        if (len == n)
            return true;
        s += len + 1;
        n -= len + 1;
    }
}

/* "NAME=VALUE" of ${n} bytes; marks it in ${seen}. */
static int read_part(struct rrule *r, const char *s, size_t n, unsigned *seen, struct err *e)
{
    const char *equals = memchr(s, '=', n);
    size_t len = equals != NULL ? (size_t)(equals - s) : n;

    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (strlen(parts[i].name) != len || memcmp(parts[i].name, s, len) != 0)
            continue;
        if ((*seen & 1u << i) != 0)
            return err_set(e, "bad-rule", NULL, "%s stands twice in the rule", parts[i].name);
        *seen |= 1u << i;
        if (equals == NULL || !read_values(r, i, equals + 1, n - len - 1))
            return err_set(e, "bad-rule", NULL, "\"%.*s\" is not understood; allowed for %s: %s",
                           (int)(n < 60 ? n : 60), s, parts[i].name, parts[i].allowed);
        return 0;
    }
    return err_set(e, "bad-rule", NULL,
                   "a rule has no part \"%.*s\"; allowed: FREQ, INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY, "
                   "BYYEARDAY, BYMONTH, BYSETPOS, WKST",
                   (int)(len < 40 ? len : 40), s);
}

static bool has_numbered_day(const struct rrule *r)
{
    for (size_t i = 0; i < r->nth.n; i++)
        if (r->nth.v[i] != 0)
            return true;
    return false;
}

/* What RFC 5545 3.3.10 forbids together. */
static int check_whole(const struct rrule *r, unsigned seen, struct err *e)
{
    if ((seen & 1u << PART_FREQ) == 0)
        return err_set(e, "bad-rule", NULL, "the rule has no FREQ");
    if (r->count != 0 && r->until != LONG_MAX)
        return err_set(e, "bad-rule", NULL, "COUNT and UNTIL exclude each other");
    if (has_numbered_day(r) && r->freq != RRULE_MONTHLY && r->freq != RRULE_YEARLY)
        return err_set(e, "bad-rule", NULL,
                       "numbered days such as 1SA go with FREQ=MONTHLY and FREQ=YEARLY only");
    if (r->month_day.n > 0 && r->freq == RRULE_WEEKLY)
        return err_set(e, "bad-rule", NULL, "BYMONTHDAY does not go with FREQ=WEEKLY");
    if (r->year_day.n > 0 && r->freq != RRULE_YEARLY)
        return err_set(e, "bad-rule", NULL, "BYYEARDAY goes with FREQ=YEARLY only");
    if (r->set_pos.n > 0 && r->day.n + r->month_day.n + r->year_day.n + r->month.n == 0)
        return err_set(e, "bad-rule", NULL, "BYSETPOS needs another BY... to choose from");
    return 0;
}

int rrule_parse(const char *text, struct rrule *out, struct err *e)
{
    unsigned seen = 0;

    *out = (struct rrule){.interval = 1, .until = LONG_MAX};
    for (const char *p = text;;) {
        size_t n = strcspn(p, ";");

        if (read_part(out, p, n, &seen, e) != 0)
            return -1;
        if (p[n] == '\0')
            break;
        p += n + 1;
    }
    return check_whole(out, seen, e);
}
