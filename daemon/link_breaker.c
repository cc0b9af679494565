#include "daemon/link_breaker.h"

#include <string.h>

enum {
    LEAST_REQUESTS = 20,
    HARD_PERCENT = 50,
    WAIT_MIN_MS = 1000,
    WAIT_MAX_MS = 30000,
    WAIT_EMERGENCY_MS = 1000
};

void link_breaker_init(struct link_breaker *b)
{
    memset(b, 0, sizeof(*b));
    b->wait_ms = WAIT_MIN_MS;
}

int64_t link_breaker_wait_us(const struct link_breaker *b, enum lane lane, int64_t now_us)
{
    int64_t wait_ms = b->wait_ms, left;

    switch (b->state) {
    case LINK_BREAKER_CLOSED:
        return 0;
    case LINK_BREAKER_PROBING:
        return -1;
    case LINK_BREAKER_OPEN:
        break;
    }
    if (lane == LANE_EMERGENCY && wait_ms > WAIT_EMERGENCY_MS)
        wait_ms = WAIT_EMERGENCY_MS;
    left = b->opened_us + wait_ms * 1000 - now_us;
    return left > 0 ? left : 0;
}

bool link_breaker_allows(const struct link_breaker *b, enum lane lane, int64_t now_us)
{
    return link_breaker_wait_us(b, lane, now_us) == 0;
}

bool link_breaker_start(struct link_breaker *b)
{
    if (b->state == LINK_BREAKER_CLOSED)
        return false;
    b->state = LINK_BREAKER_PROBING;
    return true;
}

static void count(struct link_breaker *b, bool hard, int64_t now_us)
{
    int64_t second = now_us / 1000000;
    size_t i = (size_t)(second % LINK_BREAKER_SECONDS);

    if (b->cells[i].second != second) {
        b->cells[i].second = second;
        b->cells[i].n = b->cells[i].hard = 0;
    }
    b->cells[i].n++;
    b->cells[i].hard += hard ? 1 : 0;
}

static bool too_much(const struct link_breaker *b, int64_t now_us)
{
    int64_t oldest = now_us / 1000000 - LINK_BREAKER_SECONDS + 1;
    uint32_t n = 0, hard = 0;

    for (size_t i = 0; i < LINK_BREAKER_SECONDS; i++)
        if (b->cells[i].second >= oldest) {
            n += b->cells[i].n;
            hard += b->cells[i].hard;
        }
    return n >= LEAST_REQUESTS && hard * 100 >= n * HARD_PERCENT;
}

static void open_breaker(struct link_breaker *b, int64_t now_us)
{
    b->state = LINK_BREAKER_OPEN;
    b->opened_us = now_us;
    memset(b->cells, 0, sizeof(b->cells));
}

bool link_breaker_end(struct link_breaker *b, bool probe, bool hard, int64_t now_us)
{
    if (probe && b->state == LINK_BREAKER_PROBING) {
        if (hard) {
            b->wait_ms = b->wait_ms * 2 < WAIT_MAX_MS ? b->wait_ms * 2 : WAIT_MAX_MS;
            open_breaker(b, now_us);
        } else {
            link_breaker_init(b);
        }
        return true;
    }
    /* Stragglers that began before it opened say nothing new. */
    if (b->state != LINK_BREAKER_CLOSED)
        return false;
    count(b, hard, now_us);
    if (!hard || !too_much(b, now_us))
        return false;
    open_breaker(b, now_us);
    return true;
}

void link_breaker_forget(struct link_breaker *b)
{
    if (b->state == LINK_BREAKER_PROBING)
        b->state = LINK_BREAKER_OPEN;
}

void link_breaker_trip(struct link_breaker *b, int64_t now_us)
{
    b->wait_ms = WAIT_MAX_MS;
    open_breaker(b, now_us);
}
