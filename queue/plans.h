/* Plans in Redis: notices that come again. Same conventions as queue.h.
 *
 * Hides: the keys `plans`, `plans.due`, `plan:...`. A step (one occurrence made, or found too late) is taken only on the cursor it was decided on: of two daemons one takes it.
 * A plan is cancelled as a notice is, by queue_cancel. */
#ifndef QUEUE_PLANS_H
#define QUEUE_PLANS_H

#include "queue/queue.h"

#define PLANS_AHEAD_MS (24 * 3600 * 1000LL) /* an occurrence becomes a notice so long before its time */

struct plans_put {
    const char *id, *json;
    const char *asked; /* what "same content" compares */
    const char *entry; /* the inbox entry to settle, or NULL */
    size_t entry_len;
    const char *idem_key; /* or NULL */
    int64_t first_at;     /* when the first occurrence is to be sent */
    const char *cursor;   /* the day before its date */
};
/* Completion as queue_accept's. */
void plans_put(struct queue *q, const struct plans_put *p, queue_accept_fn cb, void *arg);

struct plans_row {
    const char *id, *state, *json, *cursor; /* borrowed; state: active, ended, cancelled */
    size_t json_len;
    int64_t created_at;
};
typedef void (*plans_each_fn)(void *arg, const struct plans_row *p);
/* Those whose next occurrence is to be made now, at most ${most}: ${each} per plan, then ${cb} with the time in Redis and how long until there is one (-1 = none). */
typedef void (*plans_due_fn)(void *arg, const struct queue_result *r, int64_t now_at, int64_t next_ms);
void plans_due(struct queue *q, size_t most, plans_each_fn each, plans_due_fn cb, void *arg);

struct plans_step {
    const char *id, *cursor, *new_cursor;
    int64_t
        next_at; /* when the occurrence after this one is to be sent; 0 = there is none: the plan is over */
    const char *notice; /* id of what is made */
    int64_t not_after;
    const char *entry; /* NULL = nothing is made */
    const char *row;   /* JSON for the plan's log; NULL = none */
};
void plans_step(struct queue *q, const struct plans_step *s, queue_done_fn cb, void *arg);

/* Newest first, ${n} from rank ${from} on. ${n_seen} < ${n}: that was the end. */
typedef void (*plans_page_fn)(void *arg, const struct queue_result *r, size_t n_seen);
void plans_list(struct queue *q, size_t from, size_t n, plans_each_fn each, plans_page_fn cb, void *arg);
/* One plan and the rows of its log; NULL with code "no-such-plan". */
typedef void (*plans_get_fn)(void *arg, const struct queue_result *r, const struct plans_row *p,
                             const char *const *log, size_t n_log);
void plans_get(struct queue *q, const char *id, plans_get_fn cb, void *arg);

#endif
