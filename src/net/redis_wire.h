/* The bytes of one connection to Redis. Private to net/redis*.c.
 *
 * Hides: the socket and its events, the output that the socket has not taken yet, and hiredis' parser of answers. Knows
 * nothing of commands, greetings and deadlines. */
#ifndef NET_REDIS_WIRE_H
#define NET_REDIS_WIRE_H

#include "base/buf.h"
#include "net/loop.h"

struct redisReader; /* hiredis; its header must come after net/redis.h, whose names it uses as macros */
struct redisReply;
struct event;

struct redis_wire_ops {
    void (*on_open)(void *arg); /* the socket is connected */
    /* One answer, taken. */
    void (*on_answer)(void *arg, struct redisReply *reply);
    /* It is over: call redis_wire_close. ${why} is static, or errno's text. */
    void (*on_end)(void *arg, const char *why);
};

struct redis_wire {
    struct loop *loop;
    const struct redis_wire_ops *ops;
    void *arg;
    int fd;    /* -1 = closed */
    bool open; /* connected */
    struct event *ev_read, *ev_write;
    struct redisReader *reader;
    struct buf out;
    size_t out_at;             /* of `out`, already written */
    uint64_t n_out, n_written; /* bytes of this connection, queued and written */
};

void redis_wire_init(struct redis_wire *w, struct loop *l, const struct redis_wire_ops *ops, void *arg);
/* Takes ${fd}, whose connect is under way. */
void redis_wire_begin(struct redis_wire *w, int fd);
/* Idempotent; allowed from inside every callback. n_written stays readable until redis_wire_begin. */
void redis_wire_close(struct redis_wire *w);
/* Append a command. -1 when 8 MiB wait already. It leaves with redis_wire_flush. */
int redis_wire_queue(struct redis_wire *w, int argc, const char *const *argv, const size_t *lens);
/* Write what waits; what the socket does not take waits for its event. */
void redis_wire_flush(struct redis_wire *w);
/* Read what is there, within a bound. false when the connection has ended meanwhile. */
bool redis_wire_read(struct redis_wire *w);

#endif
