/* Hours of the day, "08:00-20:00", in a community's time: when something may go out. Pure but for the time zone data. */
#ifndef BASE_HOURS_H
#define BASE_HOURS_H

#include <stdbool.h>
#include <stdint.h>

/* Is this "HH:MM-HH:MM", two different times? The second may be the earlier one: then the hours go over midnight. */
bool hours_check(const char *s);
/* How long until they begin, in ms; 0 = they are now. ${s} passed hours_check, or is "" (always). ${tz} passed clock_tz_check. */
int64_t hours_wait_ms(const char *s, int64_t at, const char *tz);

#endif
