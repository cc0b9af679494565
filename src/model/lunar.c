#include "model/lunar.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "model/lunar_int.h"

/* ---- Gregorian days ---- */

/* Howard Hinnant's civil calendar: years begin in March, so that the leap day is the last. */
long date_days(struct date d)
{
    long y = d.month <= 2 ? d.year - 1L : d.year, era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    long of_year = (153L * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct date date_from_days(long days)
{
    long z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097;
    long year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    long of_year = of_era - (365 * year + year / 4 - year / 100), m = (5 * of_year + 2) / 153;
    struct date d = {.day = (int)(of_year - (153 * m + 2) / 5 + 1), .month = (int)(m < 10 ? m + 3 : m - 9)};

    d.year = (int)(year + era * 400 + (d.month <= 2));
    return d;
}

bool date_valid(struct date d)
{
    struct date same = date_from_days(date_days(d));

    return d.month >= 1 && d.month <= 12 && d.day >= 1 && d.day <= 31 && same.year == d.year &&
           same.month == d.month && same.day == d.day;
}

bool date_parse(const char *s, struct date *out)
{
    int64_t y, m, d;

    if (strlen(s) != 10 || s[4] != '-' || s[7] != '-' || num_i64_n(s, 4, 1, 9999, &y) != 0 ||
        num_i64_n(s + 5, 2, 1, 12, &m) != 0 || num_i64_n(s + 8, 2, 1, 31, &d) != 0)
        return false;
    *out = (struct date){.year = (int)y, .month = (int)m, .day = (int)d};
    return date_valid(*out);
}

/* ---- lunar days ---- */

static int word_of(int year, uint32_t *w, struct err *e)
{
    if (year < LUNAR_FIRST || year > LUNAR_LAST)
        return err_set(e, "year-outside", NULL,
                       "the lunar calendar is known for the years %d to %d, not for %d", LUNAR_FIRST,
                       LUNAR_LAST, year);
    *w = lunar_table[year - LUNAR_FIRST];
    return 0;
}

/* Which month in order, 0 = the first; a leap month follows the one whose number it has. -1 = the year has none. */
static int order_of(int month, enum lunar_leap leap, int leap_month)
{
    if (leap == LUNAR_LEAP)
        return leap_month == month ? month : -1;
    return month - 1 + (leap_month != 0 && month > leap_month ? 1 : 0);
}

int lunar_date(int year, int month, int day, enum lunar_leap leap, bool last, struct date *out, struct err *e)
{
    uint32_t w;
    int order, length;
    long days;

    if (word_of(year, &w, e) != 0)
        return -1;
    if (month < 1 || month > 12 || day < 1 || day > 30)
        return err_set(e, "no-such-date", NULL, "there is no lunar day %d/%d", month, day);
    order = order_of(month, leap, (int)(w >> 13 & 15));
    if (order < 0)
        return err_set(e, "no-such-date", NULL, "lunar year %d has no leap month %d", year, month);
    length = (w >> order & 1) != 0 ? 30 : 29;
    if (day > length && !last)
        return err_set(e, "no-such-date", NULL, "month %d of lunar year %d has %d days", month, year, length);
    days = date_days((struct date){.year = year, .month = 1, .day = 1}) + (long)(w >> 17 & 63);
    for (int i = 0; i < order; i++)
        days += (w >> i & 1) != 0 ? 30 : 29;
    *out = date_from_days(days + (day > length ? length : day) - 1);
    return 0;
}

/* ---- solar terms ---- */

int lunar_qingming(int year, struct date *out, struct err *e)
{
    uint32_t w;

    if (word_of(year, &w, e) != 0)
        return -1;
    *out = (struct date){.year = year, .month = 4, .day = (w >> 23 & 1) != 0 ? 5 : 4};
    return 0;
}

int lunar_solstice(int year, struct date *out, struct err *e)
{
    uint32_t w;

    if (word_of(year, &w, e) != 0)
        return -1;
    *out = (struct date){.year = year, .month = 12, .day = (w >> 24 & 1) != 0 ? 22 : 21};
    return 0;
}
