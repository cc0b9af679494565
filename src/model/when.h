/* When something comes round: a lunar day, a festival by its name, a solar term, an RRULE. Pure.
 *
 *   lunar:8/15   lunar:6L/1 (the leap month)   lunar:12/30,last (the 29th where the month has no 30th)
 *   festival:mid-autumn   term:qingming   term:winter-solstice
 *   rrule:FREQ=WEEKLY;BYDAY=SA   rrule:FREQ=MONTHLY;INTERVAL=2;BYDAY=1SA@2026-03-07 (counted from that day)
 *
 * Hides: which of them needs the lunar table. */
#ifndef MODEL_WHEN_H
#define MODEL_WHEN_H

#include "model/lunar.h"

struct when;

/* NULL with code "bad-rule": what was found, what is allowed. */
struct when *when_parse(const char *rule, struct err *e) MUSTCHECK;
void when_free(struct when *w); /* NULL is fine */
/* Names of festivals, NULL past the end. */
const char *when_festival(size_t i);

/* Call ${each} for every day of the Gregorian years ${from} to ${to} (both included), in order. ${note}: "" or a word for people ("leap month 6", "the 29th"). A lunar year that
 * has no such day is told too, with ${d} NULL and the reason as ${note}. 0, or -1 with code "year-outside" (nothing was told then) or "too-many" (more than WHEN_MOST). */
#define WHEN_MOST 100000
typedef void (*when_fn)(void *arg, const struct date *d, const char *note);
int when_resolve(const struct when *w, int from, int to, when_fn each, void *arg, struct err *e) MUSTCHECK;

#endif
