/* Time. `_at` names hold milliseconds since the Unix epoch (UTC), `_ms` names hold durations.
 *
 * Hides: the sources of time, so that tests can replace them. clock_wall_ms is for what people see; deadlines and
 * leases use clock_mono_us (CLOCK_BOOTTIME: counts suspend, never jumps). What Redis decides uses Redis' TIME. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

int64_t clock_wall_ms(void);
int64_t clock_mono_us(void);
int64_t clock_mono_ms(void);
/* Tests: freeze both clocks at these values; clock_fake_advance moves both. clock_fake_off returns to the real ones. */
void clock_fake(int64_t wall_ms, int64_t mono_us);
void clock_fake_advance(int64_t ms);
void clock_fake_off(void);

/* ISO 8601 with an offset or Z is required ("2026-09-25T09:00:00+08:00", seconds and fraction optional); dates that do
 * not exist are refused. 0, or -1 with code "bad-time" and the text found. */
int clock_parse_iso(const char *s, int64_t *at, struct err *e);
/* As clock_parse_iso, but a time without an offset is taken in the zone ${tz} ("Asia/Shanghai"). */
int clock_parse_local(const char *s, const char *tz, int64_t *at, struct err *e);
/* "2026-09-25T09:00:00+08:00" in ${tz} (IANA name; must have passed clock_tz_check). ${out} of >= 32 bytes; returned. */
const char *clock_format_iso(int64_t at, const char *tz, char *out, size_t n);
/* Broken-down local time of ${at} in ${tz}: what residents read. */
struct clock_local {
    int year, month, day, hour, minute, second, weekday; /* month 1-12, weekday 0 = Sunday */
    int offset_s;
};
void clock_local(int64_t at, const char *tz, struct clock_local *out);
/* Does the system know this zone? */
bool clock_tz_check(const char *tz);

#endif
