/* The breaker of one provider account: when so much fails that asking on only does harm.
 *
 * Hides: the sliding window and the way back. No clock and no timer of its own: callers pass ${now_us} (CLOCK_BOOTTIME).
 *
 *              >= 50 % hard of >= 20 in 10 s            wait over: one request goes
 *      CLOSED ──────────────────────────────▶ OPEN ──────────────────────────────▶ PROBING
 *         ▲                                    ▲  wait x 2 (1 s .. 30 s)  hard        │
 *         │                                    └──────────────────────────────────────┤
 *         └───────────────────────────────────────────────────────────── anything else┘
 *
 * For lane emergency the wait is never longer than a second: never silence (queue-protocol 6). */
#ifndef DAEMON_LINK_BREAKER_H
#define DAEMON_LINK_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "model/notice.h"

#define LINK_BREAKER_SECONDS 10

enum link_breaker_state { LINK_BREAKER_CLOSED = 0, LINK_BREAKER_OPEN, LINK_BREAKER_PROBING };

struct link_breaker {
    enum link_breaker_state state;
    struct {
        int64_t second;
        uint32_t n, hard;
    } cells[LINK_BREAKER_SECONDS];
    int64_t opened_us; /* when it opened, or the last probe failed */
    int64_t wait_ms;   /* until the next probe */
};

void link_breaker_init(struct link_breaker *b);
/* May a request of this lane start? While open: only when a probe is due. */
bool link_breaker_allows(const struct link_breaker *b, enum lane lane, int64_t now_us);
/* Until it would, in microseconds; 0 = now, -1 = when the probe under way is over. */
int64_t link_breaker_wait_us(const struct link_breaker *b, enum lane lane, int64_t now_us);
/* A request starts (after allows said yes). True when it is a probe: its end must be told with ${probe}. */
bool link_breaker_start(struct link_breaker *b);
/* A request is over. ${hard}: the account or the way to it is at fault. Returns true when the state changed. */
bool link_breaker_end(struct link_breaker *b, bool probe, bool hard, int64_t now_us);
/* Open it at once (the account is refused): the longest wait. */
void link_breaker_trip(struct link_breaker *b, int64_t now_us);
/* A probe that never came to anything (cancelled, handed back): the next one may go at once. */
void link_breaker_forget(struct link_breaker *b);

#endif
