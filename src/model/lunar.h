/* The Chinese calendar from a table: lunar days, Qingming, the winter solstice. Pure.
 *
 * Hides: the table. Years outside of it are refused, never guessed; libical's and ICU's own lunar calendars are days wrong (2027, 2030, 2070). */
#ifndef MODEL_LUNAR_H
#define MODEL_LUNAR_H

#include <stdbool.h>

#include "base/err.h"

#define LUNAR_FIRST 2023 /* lunar years; 2023 ends in February 2024 */
#define LUNAR_LAST  2099

struct date {
    int year, month, day; /* Gregorian, month 1-12 */
};
/* Days since 1970-01-01, and back. Any proleptic Gregorian date. */
long date_days(struct date d);
struct date date_from_days(long days);
bool date_valid(struct date d);
/* "2026-09-25" */
bool date_parse(const char *s, struct date *out);

enum lunar_leap {
    LUNAR_REGULAR, /* the month itself, never its leap twin */
    LUNAR_LEAP     /* the leap month only: years without it have no such day */
};
/* The day ${month}/${day} of lunar year ${year}. ${day} 30 in a month of 29 days: ${last} takes the 29th instead. 0, or -1 with code "no-such-date" (the year has no such day) or
 * "year-outside" (beyond the table). */
int lunar_date(int year, int month, int day, enum lunar_leap leap, bool last, struct date *out,
               struct err *e) MUSTCHECK;
/* Qingming (in April) and the winter solstice (in December) of a Gregorian year. -1 with code "year-outside". */
int lunar_qingming(int year, struct date *out, struct err *e) MUSTCHECK;
int lunar_solstice(int year, struct date *out, struct err *e) MUSTCHECK;

#endif
