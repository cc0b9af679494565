/* A test's queue: a private redis-server, a loop, and one or two struct queues over connections of their own (two daemons).
 *
 * Hides: starting, waiting. Everything that fails panics. */
#ifndef TESTS_SUPPORT_QUEUE_BED_H
#define TESTS_SUPPORT_QUEUE_BED_H

#include "queue/queue.h"
#include "tests/support/redis_server.h"

struct queue_bed {
    struct redis_server *server;
    struct loop *loop;
    struct redis *redis[2];
    struct queue *q[2];
    int n_done; /* counted by queue_bed_done and by callbacks of the test */
    struct queue_result last;
    struct err e;
};

struct queue_bed *queue_bed_new(void);
void queue_bed_free(struct queue_bed *b);
/* One bed for a group of tests: its cmocka setup and teardown; each test finds it in ${state}. */
int queue_bed_begin(void **state);
int queue_bed_end(void **state);
/* Wait until both connections carry commands (after redis_reconnect, a restart). */
void queue_bed_up(struct queue_bed *b);
/* FLUSHALL. */
void queue_bed_clear(struct queue_bed *b);
/* Run the loop until ${n_done} has grown by ${n} since the last wait. */
void queue_bed_wait(struct queue_bed *b, int n);
/* A queue_done_fn with the bed as argument; note() does the same inside other completions. */
void queue_bed_done(void *bed, const struct queue_result *r);
void queue_bed_note(struct queue_bed *b, const struct queue_result *r);
/* A reply that nobody has decided yet, with this stream id ("7-0"); ids must grow. One that is there already stays. */
void queue_bed_reply(struct queue_bed *b, const char *id, const char *from);
/* queue_bed_done for roster_change. */
void queue_bed_changed(void *bed, const struct queue_result *r, uint32_t n_promoted);
/* Move Redis' clock as the scripts see it: now = Redis' TIME + ${ms}. */
void queue_bed_clock(struct queue_bed *b, int64_t ms);

#endif
