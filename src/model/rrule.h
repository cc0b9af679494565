/* Inside when*.c and rrule*.c only: a rule, read. */
#ifndef MODEL_RRULE_H
#define MODEL_RRULE_H

#include <stdint.h>

#include "model/lunar.h"

#define RRULE_LIST 32

enum rrule_freq { RRULE_DAILY, RRULE_WEEKLY, RRULE_MONTHLY, RRULE_YEARLY };
struct rrule_list {
    int v[RRULE_LIST];
    size_t n;
};
struct rrule {
    enum rrule_freq freq;
    int64_t interval, count; /* count 0 = no limit */
    long until;              /* days since 1970, LONG_MAX = none */
    int wkst;                /* 0 = Monday */
    struct rrule_list month, month_day, year_day, set_pos;
    struct rrule_list day, nth; /* weekdays 0 = Monday, each with its number (0 = every one) */
};

/* -1 with code "bad-rule": what was found, what is allowed. Anything that is not a rule of days is refused, never guessed. */
int rrule_parse(const char *text, struct rrule *out, struct err *e) MUSTCHECK;
/* The days of ${r} counted from ${start}, in order, as long as ${each} says true and until the end of year ${last}. */
void rrule_walk(const struct rrule *r, struct date start, int last, bool (*each)(void *arg, struct date d),
                void *arg);

#endif
