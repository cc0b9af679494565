/* A daemon's sending parts on a real Redis and against a provider in the same loop that does what the test says: intake, scheduler, feeder, links.
 *
 * Hides: wiring and waiting. The provider records every message and every request in flight; what cannot be set up panics. */
#ifndef TESTS_SUPPORT_FLOW_BED_H
#define TESTS_SUPPORT_FLOW_BED_H

#include "daemon/feeder.h"
#include "daemon/intake.h"
#include "daemon/link.h"
#include "daemon/scheduler.h"
#include "net/httpd.h"
#include "queue/queue.h"
#include "tests/support/redis_server.h"

enum { FLOW_LINKS = 2, FLOW_MAX = 4096 };

struct flow_message {
    char to[24], ref[96], lane[12];
    int64_t at_us;
    int provider;
};

enum flow_answer {
    FLOW_OK = 0,
    FLOW_HOLD /* until flow_release */,
    FLOW_DROP /* close unanswered */,
    FLOW_503,
    FLOW_429,
    FLOW_CODE
};

struct flow_bed;

struct flow_opts {
    size_t n_links; /* default 1 */
    int64_t window, batch;
    double rate;
    int64_t lease_ms, retry_base_ms;
    bool aof;
    bool dead_first;            /* the first provider refuses connections */
    const char *second_channel; /* the second provider's, after "sms"; default: sms too */
    /* The first provider, when it is not driver json: its options, its handler and what that is called with; NULL = as above. */
    void (*shape)(struct flow_bed *b, struct config_provider *first);
    httpd_fn on_first;
    void *arg;
    int64_t timeout_ms;
};

struct flow_bed {
    struct flow_opts opts;
    struct redis_server *server;
    struct loop *loop;
    struct http *http;
    struct redis *redis, *block, *block_e;
    struct queue *q;
    struct config config;
    struct config_community community;
    struct config_provider providers[FLOW_LINKS];
    struct link *links[FLOW_LINKS];
    struct httpd *httpd[FLOW_LINKS];
    size_t n_links;
    const char *channels[2];
    size_t n_channels;
    struct feeder *feeder;
    struct scheduler *scheduler;
    struct intake *intake;
    /* the provider */
    enum flow_answer answer[FLOW_LINKS];
    unsigned fail_each; /* numbers that this divides get code 5; single requests only */
    int code;           /* FLOW_CODE: of the JSON answer */
    char drop_to[24];   /* requests with this number are closed unanswered, whatever `answer` says */
    char slow_to
        [24]; /* the first provider throttles this number, for ${retry_after} seconds; single requests only */
    int64_t retry_after; /* FLOW_429, FLOW_CODE 4: seconds */
    struct flow_message messages[FLOW_MAX];
    char last_text[512];
    size_t n_messages, n_requests, n_in_flight, most_in_flight;
    struct httpd_req *held[FLOW_MAX];
    char *held_answer[FLOW_MAX];
    size_t n_held;
    /* what was told */
    size_t n_accepted, n_rejected, settled[RECIPIENT_STATE_N];
    char reason[40];
    bool drained;
    bool replay; /* as after a check that found another Redis process */
};

/* The provider's handlers (flow_provider.c). */
void flow_on_first(void *arg, struct httpd_req *r);
void flow_on_second(void *arg, struct httpd_req *r);

struct flow_bed *flow_new(const struct flow_opts *o);
void flow_free(struct flow_bed *b);
/* LPUSH a notice to ${n} invented numbers from +8613800000000 + ${from}; lane by name. Not waited for. */
void flow_notice(struct flow_bed *b, const char *id, const char *lane, unsigned from, unsigned n);
void flow_push(struct flow_bed *b, bool emergency, const char *json);
/* Run until ${cond}(b), or fail after 10 s. */
bool flow_until(struct flow_bed *b, bool (*cond)(struct flow_bed *b));
void flow_run_ms(struct flow_bed *b, int64_t ms);
/* The sending part of the daemon dies and comes back: what is in memory is gone, leases are not. */
void flow_restart(struct flow_bed *b);
/* Answer what is held with `ok`, and everything that comes from now on. */
void flow_release(struct flow_bed *b);
struct queue_notice flow_get(struct flow_bed *b, const char *id);
/* Run until the notice is in this state. */
bool flow_until_state(struct flow_bed *b, const char *id, enum notice_state s);
bool flow_until_state_within(struct flow_bed *b, const char *id, enum notice_state s, int64_t ms);
/* Send until the first provider gets its whole window at once; then count from nothing. */
void flow_warm(struct flow_bed *b);
size_t flow_count(const struct flow_bed *b, const char *notice); /* messages of a notice the provider got */

#endif
