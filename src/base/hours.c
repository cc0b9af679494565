#include "base/hours.h"

#include <stddef.h>
#include <string.h>

#include "base/clock.h"

#define DAY_MIN 1440

static int two_digits(const char *s, int most)
{
    int v;

    if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
        return -1;
    v = (s[0] - '0') * 10 + (s[1] - '0');
    return v <= most ? v : -1;
}

/* "HH:MM" in minutes, -1 when it is none; 24:00 is the end of the day. */
static int minutes(const char *s)
{
    int hour = two_digits(s, 24), minute = hour >= 0 && s[2] == ':' ? two_digits(s + 3, 59) : -1;

    if (minute < 0 || (hour == 24 && minute > 0))
        return -1;
    return hour * 60 + minute;
}

static bool parse(const char *s, int *from, int *to)
{
    if (strlen(s) != 11 || s[5] != '-')
        return false;
    *from = minutes(s);
    *to = minutes(s + 6);
    return *from >= 0 && *to >= 0 && *from != *to;
}

bool hours_check(const char *s)
{
    int from, to;

    return parse(s, &from, &to);
}

int64_t hours_wait_ms(const char *s, int64_t at, const char *tz)
{
    struct clock_local t;
    int from, to, now, wait;

    if (s == NULL || !parse(s, &from, &to))
        return 0;
    clock_local(at, tz, &t);
    now = t.hour * 60 + t.minute;
    if (from < to ? now >= from && now < to : now >= from || now < to)
        return 0;
    wait = ((from - now) % DAY_MIN + DAY_MIN) % DAY_MIN;
    /* Where a change of summer time lies in between, whoever waits looks again: an hour early at most. */
    return wait * 60000LL - t.second * 1000LL - at % 1000;
}
