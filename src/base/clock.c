#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/tz.h"

static struct {
    bool on;
    int64_t wall_ms, mono_us;
} fake;

static int64_t now_us(clockid_t id)
{
    struct timespec ts;

    if (clock_gettime(id, &ts) != 0)
        panic("clock_gettime(%d) failed", (int)id);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
    return fake.on ? fake.wall_ms : now_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_mono_us(void)
{
    return fake.on ? fake.mono_us : now_us(CLOCK_BOOTTIME);
}

int64_t clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

void clock_fake(int64_t wall_ms, int64_t mono_us)
{
    fake.on = true;
    fake.wall_ms = wall_ms;
    fake.mono_us = mono_us;
}

void clock_fake_advance(int64_t ms)
{
    fake.wall_ms += ms;
    fake.mono_us += ms * 1000;
}

void clock_fake_off(void)
{
    fake.on = false;
}

/* ${n} digits as a number from ${min} to ${max}; the text moves on. -1 = not so. */
static int digits(const char **s, int n, int min, int max)
{
    int v = 0;

    for (int i = 0; i < n; i++) {
        if ((*s)[i] < '0' || (*s)[i] > '9')
            return -1;
        v = v * 10 + ((*s)[i] - '0');
    }
    *s += n;
    return v < min || v > max ? -1 : v;
}

static bool skip(const char **s, char c)
{
    if (**s != c)
        return false;
    (*s)++;
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/* ".5", ",123456": milliseconds, the rest is cut off. false when no digit follows. */
static bool fraction(const char **s, int *ms)
{
    int unit = 100;

    if (**s < '0' || **s > '9')
        return false;
    for (; **s >= '0' && **s <= '9'; (*s)++) {
        *ms += unit * (**s - '0');
        unit /= 10;
    }
    return true;
}

/* "YYYY-MM-DDThh:mm[:ss[.fff]]" as milliseconds since 1970 as if it were UTC. */
static bool date_and_time(const char **s, int64_t *local_ms)
{
    int year, month, day, hour, minute, second = 0, ms = 0;

    if ((year = digits(s, 4, 1, 9999)) < 0 || !skip(s, '-') || (month = digits(s, 2, 1, 12)) < 0 ||
        !skip(s, '-') || (day = digits(s, 2, 1, days_in_month(year, month))) < 0)
        return false;
    if (**s != 'T' && **s != 't' && **s != ' ')
        return false;
    (*s)++;
    if ((hour = digits(s, 2, 0, 23)) < 0 || !skip(s, ':') || (minute = digits(s, 2, 0, 59)) < 0)
        return false;
    if (skip(s, ':') && (second = digits(s, 2, 0, 59)) < 0)
        return false;
    if ((skip(s, '.') || skip(s, ',')) && !fraction(s, &ms))
        return false;
    *local_ms = (((tz_days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms;
    return true;
}

/* "Z", "+08:00", "+0800", "+08". */
static bool zone_offset(const char **s, int *offset_s)
{
    int sign, hour, minute = 0;

    *offset_s = 0;
    if (skip(s, 'Z') || skip(s, 'z'))
        return true;
    if (**s != '+' && **s != '-')
        return false;
    sign = *(*s)++ == '-' ? -1 : 1;
    if ((hour = digits(s, 2, 0, 15)) < 0)
        return false;
    if ((skip(s, ':') || **s != '\0') && (minute = digits(s, 2, 0, 59)) < 0)
        return false;
    *offset_s = sign * (hour * 3600 + minute * 60);
    return true;
}

int clock_parse_iso(const char *s, int64_t *at, struct err *e)
{
    const char *p = s;
    int64_t local_ms;
    int offset_s;

    if (!date_and_time(&p, &local_ms))
        return err_set(e, "bad-time", NULL, "\"%.40s\" is not a time like 2026-09-25T09:00:00+08:00", s);
    if (*p == '\0')
        return err_set(e, "bad-time", NULL, "\"%.40s\" lacks the offset from UTC (+08:00 or Z)", s);
    if (!zone_offset(&p, &offset_s) || *p != '\0')
        return err_set(e, "bad-time", NULL, "\"%.40s\" does not end in an offset like +08:00 or Z", s);
    *at = local_ms - (int64_t)offset_s * 1000;
    return 0;
}

int clock_parse_local(const char *s, const char *tz, int64_t *at, struct err *e)
{
    const struct tz *z = tz_find(tz);
    const char *p = s;
    int64_t local_ms, second, unix_s;

    if (!date_and_time(&p, &local_ms) || *p != '\0')
        return clock_parse_iso(s, at, e);
    if (z == NULL)
        return err_set(e, "bad-time", NULL, "the time zone \"%.40s\" is not known to this system", tz);
    second = local_ms >= 0 ? local_ms / 1000 : (local_ms - 999) / 1000;
    if (!tz_instant(z, second, &unix_s))
        return err_set(e, "bad-time", NULL,
                       "\"%.40s\" does not exist in %.40s: clocks are put forward over it", s, tz);
    *at = unix_s * 1000 + (local_ms - second * 1000);
    return 0;
}

void clock_local(int64_t at, const char *tz, struct clock_local *out)
{
    const struct tz *z = tz_find(tz);
    int64_t unix_s = at >= 0 ? at / 1000 : (at - 999) / 1000, local_s, days;
    int rest;

    if (z == NULL)
        panic("time zone \"%s\" was not checked", tz);
    out->offset_s = tz_offset(z, unix_s);
    local_s = unix_s + out->offset_s;
    days = (local_s >= 0 ? local_s : local_s - 86399) / 86400;
    rest = (int)(local_s - days * 86400);
    tz_date(days, &out->year, &out->month, &out->day);
    out->hour = rest / 3600;
    out->minute = rest / 60 % 60;
    out->second = rest % 60;
    out->weekday = (int)(((days + 4) % 7 + 7) % 7);
}

const char *clock_format_iso(int64_t at, const char *tz, char *out, size_t n)
{
    struct clock_local t;
    int minutes, len;

    clock_local(at, tz, &t);
    minutes = (t.offset_s < 0 ? -t.offset_s : t.offset_s) / 60;
    len = snprintf(out, n, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", t.year, t.month, t.day, t.hour,
                   t.minute, t.second, t.offset_s < 0 ? '-' : '+', minutes / 60, minutes % 60);
    if (len < 0 || (size_t)len >= n)
        panic("clock_format_iso: %zu bytes are too few", n);
    return out;
}

bool clock_tz_check(const char *tz)
{
    return tz_find(tz) != NULL;
}
