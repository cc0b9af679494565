#include "base/tz.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

enum { FILE_MAX_BYTES = 256 * 1024, DAY_S = 86400 };

/* "the ${week}th ${weekday} of ${month}, at ${at_s}" (week 5 = the last) */
struct rule {
    int month, week, weekday, at_s;
};

struct tz {
    struct tz *next;
    char *name;
    size_t n_changes;
    int64_t *change_at; /* ascending */
    int *offset_after;  /* from change_at[i] on */
    int offset_before;  /* before the first change */
    bool has_tail, tail_dst;
    int tail_std, tail_dst_offset; /* after the last change */
    struct rule begin, end;        /* of summer time */
};

static struct tz *known;

/* Howard Hinnant's days_from_civil: years that begin in March, eras of 400 years. */
int64_t tz_days(int year, int month, int day)
{
    int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void tz_date(int64_t days, int *year, int *month, int *day)
{
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

static int64_t be(const unsigned char *p, size_t n)
{
    uint64_t v = (p[0] & 0x80) != 0 ? UINT64_MAX : 0;

    for (size_t i = 0; i < n; i++)
        v = v << 8 | p[i];
    return (int64_t)v;
}

/* Unsigned decimal below ${limit} at *s; -1 when there is none. */
static int number(const char **s, int limit)
{
    int v = 0;

    if (**s < '0' || **s > '9')
        return -1;
    for (; **s >= '0' && **s <= '9'; (*s)++)
        if ((v = v * 10 + (**s - '0')) > limit)
            return -1;
    return v;
}

/* "[+-]hh[:mm[:ss]]" in seconds. */
static bool clock_time(const char **s, int *out)
{
    int sign = 1, part[3] = {0, 0, 0};

    if (**s == '-' || **s == '+')
        sign = *(*s)++ == '-' ? -1 : 1;
    for (int i = 0; i < 3; i++) {
        if (i > 0 && **s != ':')
            break;
        *s += i > 0;
        if ((part[i] = number(s, i == 0 ? 167 : 59)) < 0)
            return false;
    }
    *out = sign * (part[0] * 3600 + part[1] * 60 + part[2]);
    return true;
}

static bool abbreviation(const char **s)
{
    size_t n = **s == '<' ? strcspn(*s, ">") + 1 : strcspn(*s, "0123456789+-,");

    if (n < 3 || n > strlen(*s))
        return false;
    *s += n;
    return true;
}

/* ",Mm.w.d[/time]"; the Julian forms are in no zone of today and make the tail unknown. */
static bool one_rule(const char **s, struct rule *r)
{
    if (strncmp(*s, ",M", 2) != 0)
        return false;
    *s += 2;
    r->month = number(s, 12);
    if (*(*s)++ != '.')
        return false;
    r->week = number(s, 5);
    if (*(*s)++ != '.')
        return false;
    r->weekday = number(s, 6);
    r->at_s = 7200;
    if (r->month < 1 || r->week < 1 || r->weekday < 0)
        return false;
    if (**s != '/')
        return true;
    (*s)++;
    return clock_time(s, &r->at_s);
}

/* The rule for all time after the last change: "CST-8", "CET-1CEST,M3.5.0,M10.5.0/3". */
static bool parse_tail(struct tz *z, const char *s)
{
    int west;

    if (!abbreviation(&s) || !clock_time(&s, &west))
        return false;
    z->tail_std = -west;
    if (*s == '\0')
        return true;
    if (!abbreviation(&s))
        return false;
    z->tail_dst_offset = z->tail_std + 3600;
    if (*s != ',') {
        if (!clock_time(&s, &west))
            return false;
        z->tail_dst_offset = -west;
    }
    z->tail_dst = one_rule(&s, &z->begin) && one_rule(&s, &z->end) && *s == '\0';
    return z->tail_dst;
}

/* One header with its counts and where its parts lie. */
struct block {
    size_t n_utc, n_std, n_leap, n_time, n_type, n_char, width, size;
};

static bool read_block(const unsigned char *p, size_t n, size_t width, struct block *b)
{
    if (n < 44 || memcmp(p, "TZif", 4) != 0)
        return false;
    *b = (struct block){.n_utc = (size_t)(be(p + 20, 4) & 0xFFFFFF),
                        .n_std = (size_t)(be(p + 24, 4) & 0xFFFFFF),
                        .n_leap = (size_t)(be(p + 28, 4) & 0xFFFFFF),
                        .n_time = (size_t)(be(p + 32, 4) & 0xFFFFFF),
                        .n_type = (size_t)(be(p + 36, 4) & 0xFFFFFF),
                        .n_char = (size_t)(be(p + 40, 4) & 0xFFFFFF),
                        .width = width};
    b->size = 44 + b->n_time * (width + 1) + b->n_type * 6 + b->n_char + b->n_leap * (width + 4) + b->n_std +
              b->n_utc;
    return b->n_type > 0 && b->size <= n;
}

static bool read_changes(struct tz *z, const unsigned char *p, const struct block *b)
{
    const unsigned char *times = p + 44, *kinds = times + b->n_time * b->width, *types = kinds + b->n_time;

    z->n_changes = b->n_time;
    z->change_at = xcalloc(b->n_time, sizeof(*z->change_at));
    z->offset_after = xcalloc(b->n_time, sizeof(*z->offset_after));
    z->offset_before = (int)be(types, 4);
    for (size_t i = 0; i < b->n_time; i++) {
        if (kinds[i] >= b->n_type)
            return false;
        z->change_at[i] = be(times + i * b->width, b->width);
        z->offset_after[i] = (int)be(types + (size_t)kinds[i] * 6, 4);
    }
    return true;
}

static bool parse_file(struct tz *z, const unsigned char *p, size_t n)
{
    struct block b;
    char tail[80];
    size_t len;

    if (!read_block(p, n, 4, &b))
        return false;
    if (p[4] < '2') /* version 1: 32 bit times, no tail */
        return read_changes(z, p, &b);
    p += b.size;
    n -= b.size;
    if (!read_block(p, n, 8, &b) || !read_changes(z, p, &b))
        return false;
    p += b.size;
    n -= b.size;
    if (n < 2 || p[0] != '\n')
        return true;
    for (len = 0; len + 1 < n && p[len + 1] != '\n' && len < sizeof(tail) - 1; len++)
        tail[len] = (char)p[len + 1];
    tail[len] = '\0';
    z->has_tail = parse_tail(z, tail);
    return true;
}

static void tz_free(struct tz *z)
{
    free(z->name);
    free(z->change_at);
    free(z->offset_after);
    free(z);
}

/* The zone's file, whole, or NULL. The caller frees. */
static unsigned char *read_zone(const char *name, size_t *n)
{
    const char *dir = getenv("TZDIR");
    char path[PATH_MAX];
    unsigned char *bytes;
    ssize_t got;
    int fd, len;

    len = snprintf(path, sizeof(path), "%s/%s", dir != NULL ? dir : "/usr/share/zoneinfo", name);
    if (len < 0 || (size_t)len >= sizeof(path) || (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        return NULL;
    bytes = xmalloc(FILE_MAX_BYTES);
    *n = 0;
    while ((got = read(fd, bytes + *n, FILE_MAX_BYTES - *n)) > 0)
        *n += (size_t)got;
    close(fd);
    if (got == 0)
        return bytes;
    free(bytes);
    return NULL;
}

/* "Area/City": no absolute path, no "..", nothing a path could be bent with. */
static bool name_ok(const char *s)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-";

    return s[0] != '\0' && s[0] != '/' && strlen(s) < 64 && s[strspn(s, allowed)] == '\0';
}

const struct tz *tz_find(const char *name)
{
    unsigned char *bytes;
    struct tz *z;
    size_t n;

    for (z = known; z != NULL; z = z->next)
        if (strcmp(z->name, name) == 0)
            return z;
    if (!name_ok(name))
        return NULL;
    z = xcalloc(1, sizeof(*z));
    z->name = xstrdup(name);
    bytes = read_zone(name, &n);
    /* UTC needs no file: the machine may have no tzdata */
    if (bytes == NULL ? strcmp(name, "UTC") != 0 : !parse_file(z, bytes, n)) {
        free(bytes);
        tz_free(z);
        return NULL;
    }
    free(bytes);
    z->next = known;
    known = z;
    return z;
}

/* The rule's instant in ${year}, in seconds of a clock that stands on standard time + nothing. */
static int64_t rule_local(const struct rule *r, int year)
{
    int64_t first = tz_days(year, r->month, 1);
    int64_t next = r->month == 12 ? tz_days(year + 1, 1, 1) : tz_days(year, r->month + 1, 1);
    int64_t day = first + ((r->weekday - (first + 4) % 7) % 7 + 7) % 7 + 7 * (r->week - 1);

    while (day >= next)
        day -= 7;
    return day * DAY_S + r->at_s;
}

static int tail_offset(const struct tz *z, int64_t unix_s)
{
    int64_t local = unix_s + z->tail_std, from, to;
    int year, month, day;

    if (!z->tail_dst)
        return z->tail_std;
    tz_date((local >= 0 ? local : local - DAY_S + 1) / DAY_S, &year, &month, &day);
    from = rule_local(&z->begin, year) - z->tail_std;
    to = rule_local(&z->end, year) - z->tail_dst_offset;
    if (from < to)
        return unix_s >= from && unix_s < to ? z->tail_dst_offset : z->tail_std;
    return unix_s >= from || unix_s < to ? z->tail_dst_offset : z->tail_std; /* southern hemisphere */
}

int tz_offset(const struct tz *z, int64_t unix_s)
{
    size_t low = 0, high = z->n_changes;

    if (z->has_tail && (high == 0 || unix_s >= z->change_at[high - 1]))
        return tail_offset(z, unix_s);
    while (low < high) { /* the first change after unix_s */
        size_t mid = low + (high - low) / 2;

        if (z->change_at[mid] <= unix_s)
            low = mid + 1;
        else
            high = mid;
    }
    return low == 0 ? z->offset_before : z->offset_after[low - 1];
}

bool tz_instant(const struct tz *z, int64_t local_s, int64_t *unix_s)
{
    /* No offset is larger than a day: the two that matter are those in force a day before and a day after. */
    int before = tz_offset(z, local_s - DAY_S), after = tz_offset(z, local_s + DAY_S);
    int high = before > after ? before : after, low = before > after ? after : before;

    *unix_s = local_s - high; /* the earlier instant first */
    if (tz_offset(z, *unix_s) == high)
        return true;
    *unix_s = local_s - low;
    return tz_offset(z, *unix_s) == low;
}
