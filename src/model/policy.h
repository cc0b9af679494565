/* What next: from a verdict and the history to the recipient's next state and time. One pure table.
 *
 * Sources: contract 4; queue-protocol 1.6 (2) and 2.3. */
#ifndef MODEL_POLICY_H
#define MODEL_POLICY_H

#include "model/notice.h"

enum verdict {
    VERDICT_SENT = 0,
    VERDICT_RETRY,
    VERDICT_THROTTLED,
    VERDICT_BAD_RECIPIENT,
    VERDICT_BAD_MESSAGE,
    VERDICT_BAD_ACCOUNT,
    VERDICT_UNKNOWN
};
#define VERDICT_N 7
const char *verdict_name(enum verdict v);

/* THROTTLED: whom it concerns. */
enum throttle_scope {
    THROTTLE_ACCOUNT = 0, /* all that goes over this provider */
    THROTTLE_RECIPIENT    /* this address only; the others may go on */
};
/* THROTTLED: until when. Providers count messages to one number in minutes, hours and days as clocks in China show them (UTC+8). */
enum throttle_until {
    THROTTLE_TOLD = 0, /* retry_after_ms from now, or as the provider's client sees fit */
    THROTTLE_MINUTE,   /* the end of the running minute, hour, day */
    THROTTLE_HOUR,
    THROTTLE_DAY
};

struct policy_in {
    enum lane lane;
    enum on_unknown on_unknown;
    enum verdict verdict;
    bool written;           /* any byte of the request left */
    uint32_t attempts;      /* including this one, when it counted */
    int64_t retry_after_ms; /* provider's wish, -1 = none */
    uint32_t random;        /* for jitter */
    enum throttle_scope scope;
    enum throttle_until until;
    int64_t now_at; /* THROTTLE_RECIPIENT: the time */
};
struct policy_out {
    /* ACCEPTED, RETRY, FAILED, UNKNOWN, or PENDING (nothing was written: hand back, not an attempt) */
    enum recipient_state next;
    int64_t delay_ms; /* RETRY and PENDING: earliest next try from now */
    bool counts;      /* was this an attempt? */
};
void policy_next(const struct policy_in *in, struct policy_out *out);
/* Most attempts: 15 for normal and bulk, 60 for urgent, none (0) for emergency. */
uint32_t policy_max_attempts(enum lane l);
/* Whole-exchange and connect timeout of a send in this lane. */
int64_t policy_timeout_ms(enum lane l);
int64_t policy_connect_timeout_ms(enum lane l);

#endif
