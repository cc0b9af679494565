/* Time zones by IANA name, without the process-wide TZ variable.
 *
 * Hides: TZif files (RFC 8536) and the rule at their end. Zones are read once and kept; nothing here touches the
 * environment, so that libcurl's resolver threads may run beside it. */
#ifndef BASE_TZ_H
#define BASE_TZ_H

#include <stdbool.h>
#include <stdint.h>

struct tz;

/* The zone, kept for the life of the process, or NULL when the system does not know the name. $TZDIR is honoured. */
const struct tz *tz_find(const char *name);
/* Seconds east of Greenwich at ${unix_s}. */
int tz_offset(const struct tz *z, int64_t unix_s);
/* The instant that clocks in ${z} show as ${local_s} (seconds since 1970 as if it were UTC). Of two such instants (the
 * hour that is lived twice) the earlier one. false when no clock ever shows it (the hour that is skipped). */
bool tz_instant(const struct tz *z, int64_t local_s, int64_t *unix_s);

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back. Month 1-12. */
int64_t tz_days(int year, int month, int day);
void tz_date(int64_t days, int *year, int *month, int *day);

#endif
