/* A notice that comes again: `repeat` of contract 3, and the moments that follow from it. Pure but for the time zone data.
 *
 *   {"lunar":"8/15","at":"09:00","days_before":1}   {"rrule":"FREQ=WEEKLY;BYDAY=SA"}   {"term":"qingming"}   {"festival":"mid-autumn"}
 *
 * The day of a rule is its *date*; it is sent `days_before` days earlier, at `at`. `from`, `until` and `except` speak of dates.
 * Hides: how the calendar is asked year by year, and what the producer may leave open. */
#ifndef MODEL_REPEAT_H
#define MODEL_REPEAT_H

#include <jansson.h>
#include <stdint.h>

#include "model/when.h"

#define REPEAT_BEFORE_MAX 60
#define REPEAT_EXCEPT_MAX 200
#define REPEAT_SUFFIX     9 /* ".20270206": what an occurrence's id has behind the plan's */

struct repeat {
    char *rule;        /* as when.h reads it, without the start of an RRULE unless it was given there */
    int at, end;       /* minutes of the day; -1 = not said */
    int days_before;   /* 0-60 */
    struct date from;  /* year 0 = not said */
    struct date until; /* the last one that counts; year 0 = none */
    struct date *except;
    size_t n_except;
};

/* NULL with code "bad-repeat" and the member as field. A rule that cannot be worked out is refused. */
struct repeat *repeat_parse(const json_t *v, struct err *e) MUSTCHECK;
void repeat_free(struct repeat *r); /* NULL is fine */
/* repeat_parse(repeat_json(r)) is r again. */
json_t *repeat_json(const struct repeat *r);
/* Fill in what was left open: the first date (that of ${send_at}, or of ${now_at} where ${send_at} is 0) and the time (that of ${send_at}, or 09:00), in ${tz}. -1 with code "bad-repeat". */
int repeat_complete(struct repeat *r, int64_t send_at, int64_t now_at, const char *tz,
                    struct err *e) MUSTCHECK;

struct occurrence {
    struct date date;           /* year 0: this is no occurrence, ${note} says which year has no such day */
    int64_t send_at, not_after; /* ms */
    char note[160];
};
/* Call ${each} for every occurrence with a date later than ${after}, in order, until it says false or the table of lunar years ends. ${r} is complete. 0, or -1 with the code of when_resolve. */
typedef bool (*repeat_fn)(void *arg, const struct occurrence *o);
int repeat_walk(const struct repeat *r, struct date after, const char *tz, repeat_fn each, void *arg,
                struct err *e) MUSTCHECK;
/* "2027-02-06" into ${out} of >= 16 bytes; returned. */
const char *repeat_date(struct date d, char *out, size_t n);

#endif
