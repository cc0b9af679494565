#include "daemon/link_limit.h"

#include <string.h>

enum {
    BEGIN_WITH = 8,
    LESS_PERCENT = 70,
    RETRY_PERCENT = 20,
    RETRY_FLOOR = 20,     /* in ten seconds */
    ASKERS = 16,          /* slices: one asks for all its recipients */
    RETRY_WAIT_MAX_S = 60 /* ask again at the latest */
};

/* ---- how many at once ---- */

void link_limit_restart(struct link_limit *l)
{
    l->now = l->most < BEGIN_WITH ? l->most : BEGIN_WITH;
    l->good = 0;
    l->careful = false;
    l->seen = l->begun;
}

void link_limit_init(struct link_limit *l, size_t window)
{
    memset(l, 0, sizeof(*l));
    l->most = window > 0 ? window : 1;
    link_limit_restart(l);
}

void link_limit_set(struct link_limit *l, size_t window)
{
    l->most = window > 0 ? window : 1;
    if (l->now > l->most)
        l->now = l->most;
    l->careful = false; /* a larger window is tried out as at the beginning */
}

uint64_t link_limit_begin(struct link_limit *l)
{
    return ++l->begun;
}

static void less(struct link_limit *l)
{
    l->now = l->now * LESS_PERCENT / 100;
    if (l->now == 0)
        l->now = 1;
    l->good = 0;
    l->careful = true;
    l->seen = l->begun;
}

static void more(struct link_limit *l)
{
    if (l->now == l->most || (l->careful && ++l->good < l->now))
        return;
    l->now++;
    l->good = 0;
}

void link_limit_end(struct link_limit *l, uint64_t begun, bool trouble, bool busy)
{
    if (trouble && begun > l->seen)
        less(l);
    else if (!trouble && busy)
        more(l);
}

/* ---- how often again ---- */

static size_t cell_at(struct link_retries *r, int64_t now_us)
{
    int64_t second = now_us / 1000000;
    size_t i = (size_t)(second % LINK_RETRY_SECONDS);

    if (r->cells[i].second != second) {
        r->cells[i].second = second;
        r->cells[i].first = r->cells[i].again = 0;
    }
    return i;
}

void link_retries_first(struct link_retries *r, uint32_t n, int64_t now_us)
{
    r->cells[cell_at(r, now_us)].first += n;
}

/* How many more in the last ten seconds would be allowed: what is (*allowed), what was (returned). */
static uint64_t spent(const struct link_retries *r, int64_t now_us, uint64_t *allowed)
{
    int64_t oldest = now_us / 1000000 - LINK_RETRY_SECONDS + 1;
    uint64_t first = 0, again = 0;

    for (size_t i = 0; i < LINK_RETRY_SECONDS; i++)
        if (r->cells[i].second >= oldest) {
            first += r->cells[i].first;
            again += r->cells[i].again;
        }
    *allowed = first * RETRY_PERCENT / 100;
    if (*allowed < RETRY_FLOOR)
        *allowed = RETRY_FLOOR;
    return again;
}

/* Who is told to wait asks again in a second, or later when many do: about ASKERS of them in a second. */
static int64_t turn_ms(struct link_retries *r, uint32_t random, int64_t now_us)
{
    int64_t span = now_us / 1000000 / LINK_RETRY_SECONDS;
    uint64_t seconds;

    if (r->denied_second != span) {
        r->denied_second = span;
        r->n_denied = 0;
    }
    seconds = 1 + r->n_denied++ / ASKERS;
    r->denied_total++;
    if (seconds > RETRY_WAIT_MAX_S)
        seconds = RETRY_WAIT_MAX_S;
    return (int64_t)seconds * 1000 + random % 1000;
}

bool link_retries_take(struct link_retries *r, uint32_t random, int64_t now_us, int64_t *wait_ms)
{
    uint64_t allowed, again = spent(r, now_us, &allowed);

    if (again >= allowed) {
        *wait_ms = turn_ms(r, random, now_us);
        return false;
    }
    r->cells[cell_at(r, now_us)].again++;
    return true;
}

void link_retries_give(struct link_retries *r, int64_t now_us)
{
    int64_t newest = now_us / 1000000;

    for (int64_t s = newest; s > newest - LINK_RETRY_SECONDS && s >= 0; s--) {
        size_t i = (size_t)(s % LINK_RETRY_SECONDS);

        if (r->cells[i].second == s && r->cells[i].again > 0) {
            r->cells[i].again--;
            return;
        }
    }
}

void link_retries_restart(struct link_retries *r)
{
    memset(r->cells, 0, sizeof(r->cells));
    r->n_denied = 0;
}
