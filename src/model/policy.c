#include "model/policy.h"

#define MINUTE_MS 60000
#define HOUR_MS   (60 * (int64_t)MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)
#define CHINA_MS  (8 * HOUR_MS) /* no summer time since 1991 */
/* A window that has just begun: clocks differ, and not everybody comes in its first second. */
enum { WINDOW_LATE_MS = 2000, WINDOW_SPREAD_MS = 8000 };

static const char *const verdict_names[VERDICT_N] = {
    [VERDICT_SENT] = "sent",
    [VERDICT_RETRY] = "retry",
    [VERDICT_THROTTLED] = "throttled",
    [VERDICT_BAD_RECIPIENT] = "bad-recipient",
    [VERDICT_BAD_MESSAGE] = "bad-message",
    [VERDICT_BAD_ACCOUNT] = "bad-account",
    [VERDICT_UNKNOWN] = "unknown",
};

/* Waits after the 1st, 2nd... attempt; the last one repeats. */
#define STEPS 7
struct lane_policy {
    int64_t wait_ms[STEPS];
    int64_t doubt_min_ms,
        doubt_max_ms;      /* time for a delivery report to decide before an at-least-once resend */
    int64_t wish_max_ms;   /* ceiling for a provider's Retry-After */
    int64_t window_max_ms; /* ceiling for the wait of one recipient whom the provider throttles */
    uint32_t max_attempts; /* 0 = none */
    int64_t timeout_ms, connect_timeout_ms;
};

/* clang-format off */
#define PATIENT {30000, 2 * MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS, 60 * MINUTE_MS, 60 * MINUTE_MS, 60 * MINUTE_MS}
static const struct lane_policy lanes[LANE_N] = {
    /*                  waits                                                  doubt         wish    window              attempts  timeouts */
    [LANE_EMERGENCY] = {{1000, 2000, 5000, 10000, 20000, 30000, 30000},        15000, 30000,  30000, 5 * MINUTE_MS,      0,        15000, 3000},
    [LANE_URGENT]    = {{5000, 10000, 20000, 40000, 80000, 160000, 300000},    45000, 60000, 300000, DAY_MS + MINUTE_MS, 60,       20000, 5000},
    [LANE_NORMAL]    = {PATIENT,                                               45000, 60000, 300000, DAY_MS + MINUTE_MS, 15,       30000, 5000},
    [LANE_BULK]      = {PATIENT,                                               45000, 60000, 300000, DAY_MS + MINUTE_MS, 15,       30000, 5000},
};
/* clang-format on */

const char *verdict_name(enum verdict v)
{
    return (unsigned)v < VERDICT_N ? verdict_names[v] : "?";
}

/* Between half of ${ms} and all of it: a provider that comes back must not meet everybody in the same second. */
static int64_t jitter(int64_t ms, uint32_t random)
{
    return ms / 2 + (int64_t)(random % (uint32_t)(ms / 2 + 1));
}

static int64_t backoff(const struct policy_in *in)
{
    uint32_t step = in->attempts > 0 ? in->attempts - 1 : 0;
    int64_t wait = jitter(lanes[in->lane].wait_ms[step < STEPS ? step : STEPS - 1], in->random);
    int64_t wish = in->retry_after_ms;

    if (wish > lanes[in->lane].wish_max_ms)
        wish = lanes[in->lane].wish_max_ms;
    return wish > wait ? wish : wait;
}

static int64_t doubt_wait(const struct policy_in *in)
{
    int64_t min = lanes[in->lane].doubt_min_ms, max = lanes[in->lane].doubt_max_ms;

    return min + (int64_t)(in->random % (uint32_t)(max - min + 1));
}

static int64_t till_end_of(int64_t window_ms, const struct policy_in *in)
{
    int64_t into = (in->now_at + CHINA_MS) % window_ms;

    return window_ms - into + WINDOW_LATE_MS + in->random % WINDOW_SPREAD_MS;
}

/* How long one recipient waits whom the provider throttles. */
static int64_t recipient_wait(const struct policy_in *in)
{
    int64_t wait = 0, most = lanes[in->lane].window_max_ms;

    switch (in->until) {
    case THROTTLE_TOLD:
        wait = in->retry_after_ms >= 0 ? in->retry_after_ms : MINUTE_MS + in->random % WINDOW_SPREAD_MS;
        break;
    case THROTTLE_MINUTE:
        wait = till_end_of(MINUTE_MS, in);
        break;
    case THROTTLE_HOUR:
        wait = till_end_of(HOUR_MS, in);
        break;
    case THROTTLE_DAY:
        wait = till_end_of(DAY_MS, in);
        break;
    }
    return wait < most ? wait : most;
}

static void again(const struct policy_in *in, bool counts, struct policy_out *out)
{
    out->next = counts ? RECIPIENT_RETRY : RECIPIENT_PENDING;
    out->counts = counts;
    out->delay_ms = backoff(in);
}

void policy_next(const struct policy_in *in, struct policy_out *out)
{
    *out = (struct policy_out){.next = RECIPIENT_UNKNOWN, .delay_ms = 0, .counts = true};
    switch (in->verdict) {
    case VERDICT_SENT:
        out->next = RECIPIENT_ACCEPTED;
        return;
    case VERDICT_BAD_RECIPIENT:
    case VERDICT_BAD_MESSAGE:
        out->next = RECIPIENT_FAILED;
        return;
    case VERDICT_THROTTLED:
        again(in, false, out);
        if (in->scope == THROTTLE_RECIPIENT)
            out->delay_ms = recipient_wait(in);
        return;
    case VERDICT_BAD_ACCOUNT: /* says nothing about the recipient: the link's breaker and the operator deal with it */
        again(in, false, out);
        return;
    case VERDICT_RETRY:
        again(in, in->written, out);
        return;
    case VERDICT_UNKNOWN:
        break;
    }
    if (!in->written) {
        again(in, false, out);
    } else if (in->on_unknown == ON_UNKNOWN_RESEND) {
        out->next = RECIPIENT_RETRY;
        out->delay_ms = doubt_wait(in);
    }
}

uint32_t policy_max_attempts(enum lane l)
{
    return lanes[l].max_attempts;
}

int64_t policy_timeout_ms(enum lane l)
{
    return lanes[l].timeout_ms;
}

int64_t policy_connect_timeout_ms(enum lane l)
{
    return lanes[l].connect_timeout_ms;
}
