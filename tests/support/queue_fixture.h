/* A queue on a private Redis, with its calls made synchronous: each runs the loop until the completion came (or panics after 10 s).
 *
 * The status, code and field of the last call are kept in the fixture. */
#ifndef TESTS_SUPPORT_QUEUE_FIXTURE_H
#define TESTS_SUPPORT_QUEUE_FIXTURE_H

#include "queue/queue.h"
#include "tests/support/redis_server.h"

struct fixture {
    struct redis_server *server;
    struct loop *loop;
    struct redis *redis;
    struct queue *q;       /* daemon "d1", lease 60 s */
    struct queue *more[8]; /* what fixture_queue made */
    size_t n_more;
    bool done;
    enum queue_status status; /* of the last call */
    struct err e;
};

struct fixture *fixture_new(enum redis_server_mode mode, const char *const *extra);
void fixture_free(struct fixture *f);
/* One fixture for a whole group of tests: its setup and teardown, and the setup of each test (FLUSHALL). */
extern struct fixture *fix;
int fixture_start(void **state);
int fixture_stop(void **state);
int fixture_fresh(void **state);
/* Another daemon (or another life of one); freed with the fixture. */
struct queue *fixture_queue(struct fixture *f, const char *daemon_id, int64_t lease_ms);
void fixture_flush(struct fixture *f); /* FLUSHALL */

/* For calls that have no wrapper here: begin, with these as callback and argument, then wait. */
void fixture_on_done(void *arg, const struct queue_result *r);
void fixture_take(struct fixture *f, const struct queue_result *r); /* from inside another callback */
void fixture_wait(struct fixture *f);
void fixture_wait_up(struct fixture *f);

/* One Redis command; equal to ${expected}? Prints both when not. */
bool fixture_redis_is(struct fixture *f, const char *expected, ...) __attribute__((sentinel));
/* Time passes for this notice: leases of slices and staging (they follow Redis' own clock, not P clock), waits. */
void fixture_end_leases(struct fixture *f, const char *id);
/* `P clock`: days pass. */
void fixture_clock(struct fixture *f, int64_t offset_ms);
/* Ticks: what leases and waits go by. */
void fixture_ticks(struct fixture *f, int64_t offset_ms);

/* "accepted" | "same" | "conflict", or the refusal's code. The notice is completed at ${now_at} = now. */
const char *fixture_accept(struct fixture *f, struct queue *q, const char *json);
/* The same for an entry that was taken from the inbox. */
const char *fixture_accept_entry(struct fixture *f, struct queue *q, const char *json);
/* Stage ${n} recipients +8613800000000... into the notice that is next; returns false when none was. */
bool fixture_stage(struct fixture *f, struct queue *q, size_t n);
/* A notice that runs: id, lane by name, recipients. */
void fixture_running(struct fixture *f, const char *id, const char *lane, size_t n);
/* NULL when nothing is to be claimed; free with fixture_claim_free. */
struct queue_claim *fixture_claim(struct fixture *f, struct queue *q, unsigned lanes);
void fixture_claim_free(struct queue_claim *c);
size_t fixture_begin(struct fixture *f, struct queue *q, const struct queue_claim *c, uint32_t off,
                     uint32_t n, struct queue_go *go);
bool fixture_finish(struct fixture *f, struct queue *q, const struct queue_claim *c,
                    const struct queue_outcome *o, size_t n, bool last, int64_t retry_in_ms);
/* All of [off, off + n) with one outcome of attempt ${attempt}. */
bool fixture_finish_all(struct fixture *f, struct queue *q, const struct queue_claim *c, uint32_t off,
                        uint32_t n, uint32_t attempt, enum recipient_state s, bool last, int64_t retry_in_ms);
struct queue_notice fixture_get(struct fixture *f, const char *id);
/* Of `fix`: recipients of a notice in this state; nobody can claim anything; what is claimed is of this notice (NULL = nothing), and is it let go? */
uint64_t fixture_count(const char *id, enum recipient_state s);
bool fixture_nothing_to_claim(void);
struct queue_claim *fixture_expect_claim(struct queue *q, unsigned lanes, const char *id);
void fixture_claim_and_drop(unsigned lanes, const char *id);
/* Until they say there is no more. */
void fixture_audit(struct fixture *f, struct queue *q);
void fixture_sweep(struct fixture *f, struct queue *q);
void fixture_cancel(struct fixture *f, const char *id);
void fixture_receipt(struct fixture *f, const char *id, uint64_t index, uint32_t attempt,
                     enum recipient_state s);

#endif
