/* Commands under way on one connection, in the order of their answers. Private to net/redis*.c.
 *
 * Hides: where a command waits (for its answer, or for its failure to be told), which of them may have reached Redis,
 * their deadlines and the free list. */
#ifndef NET_REDIS_CMD_H
#define NET_REDIS_CMD_H

#include "base/buf.h"
#include "net/redis.h"

struct redis_cmds;

struct redis_cmd {
    TAILQ_ENTRY(redis_cmd) entry;
    struct redis_cmds *owner;
    redis_done_fn cb; /* NULL = cancelled, nobody waits */
    void *arg;
    int64_t began_us;
    int64_t deadline_us; /* 0 = none */
    uint64_t end;        /* offset in the connection's output right behind this command */
    enum redis_fault fault;
    const char *why; /* static text or the connection's own */
    bool failed;     /* is in `failed` */
    bool internal;   /* the connection's own greeting */
    bool timed;      /* counts for the latency (blocking commands do not) */
};

TAILQ_HEAD(redis_cmd_list, redis_cmd);

struct redis_cmds {
    struct redis_cmd_list waiting; /* for an answer, oldest first */
    struct redis_cmd_list failed;  /* to be completed with `fault` in the next task */
    struct redis_cmd_list spare;
    size_t n_spare, n_live; /* n_live: begun by users, neither completed nor cancelled */
};

void redis_cmds_init(struct redis_cmds *q);
void redis_cmds_fini(struct redis_cmds *q); /* no completions */
struct redis_cmd *redis_cmds_take(struct redis_cmds *q, redis_done_fn cb, void *arg);
void redis_cmds_give_back(struct redis_cmd *c);
/* The answer has come: complete ${c} (already out of the list) and give it back. */
void redis_cmds_complete(struct redis_cmd *c, const struct redis_answer *a);
/* ${c} is not in a list: redis_cmds_tell_failed will complete it with ${fault}; ${why} is borrowed until then. */
void redis_cmds_fail(struct redis_cmd *c, enum redis_fault fault, const char *why);
/* Complete those that failed so far, in their order, until *${stop}. What fails meanwhile is left for the next call:
 * whoever begins anew at once must not keep us here. */
void redis_cmds_tell_failed(struct redis_cmds *q, const bool *stop);
/* The connection is gone after ${written} bytes of output: everything waiting fails, NOT_SENT where Redis cannot have
 * the whole command, LOST otherwise. The connection's own commands just end. */
void redis_cmds_fail_all(struct redis_cmds *q, uint64_t written, const char *why);
/* Earliest deadline of those waiting, 0 = none. */
int64_t redis_cmds_deadline_us(const struct redis_cmds *q);

/* Append the command in Redis' protocol. ${lens} may be NULL. -1 past the buffer's ceiling (buffer unchanged). */
int redis_cmds_format(struct buf *b, int argc, const char *const *argv, const size_t *lens);

#endif
