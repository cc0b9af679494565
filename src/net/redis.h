/* One connection to Redis, kept alive for ever.
 *
 * Hides: the socket, the greeting, reconnecting, deadlines and hiredis' parser of answers (why not its async layer:
 * redis.c). Contract of redis_begin: exactly one completion, never inside
 * redis_begin, never after redis_cancel. Commands begun in one turn leave in one pipeline. While the connection is
 * not up, redis_begin completes (deferred) with REDIS_NOT_SENT. A command that gets no answer within the timeout
 * closes the connection: it and all others under way complete with REDIS_LOST (they may have been executed). */
#ifndef NET_REDIS_H
#define NET_REDIS_H

#include <stdarg.h>

#include "net/loop.h"

struct redis;
struct redis_cmd;
struct redis_value; /* an answer; borrowed for the completion's duration */

enum redis_fault {
    REDIS_OK = 0,
    REDIS_REFUSED,  /* Redis answered with an error: `error` holds its text ("OOM command not allowed ...") */
    REDIS_NOT_SENT, /* not connected: surely not executed */
    REDIS_LOST      /* connection lost or timed out: may have been executed */
};

struct redis_answer {
    enum redis_fault fault;
    const struct redis_value *value; /* OK only */
    const char *error;               /* REFUSED: Redis' own words; otherwise a short reason */
};

enum redis_state { REDIS_DOWN, REDIS_CONNECTING, REDIS_UP };

struct redis_opts {
    const char *
        url; /* "unix:///path[?db=N]", "redis://[user:pass@]host:port[/db]" (host literal or localhost; resolved at each connect),
              * "sentinel://[user:pass@]name@host:port,host:port[/db]": at each connect the sentinels are asked for the master */
    const char *client_name;                /* CLIENT SETNAME; may be NULL */
    int64_t connect_timeout_ms;             /* default 3000 */
    int64_t timeout_ms;                     /* per command; 0 = none (blocking commands bring their own) */
    int64_t backoff_min_ms, backoff_max_ms; /* default 50 .. 2000, with jitter */
    void (*on_state)(void *arg, enum redis_state s,
                     const char *why); /* never inside a call into this module */
    void *arg;
};

/* Check the URL's form only: 0, or -1 with "bad-url". */
int redis_check_url(const char *url, struct err *e) MUSTCHECK;
/* Starts connecting in the next turn and reconnects for ever. After AUTH/SELECT/SETNAME succeeded -> REDIS_UP. */
struct redis *redis_new(struct loop *l, const struct redis_opts *o, struct err *e) MUSTCHECK;
/* No completions for what is under way, its handles end too. NULL is fine. May be called from inside one of its
 * callbacks: the memory goes at the end of the turn. */
void redis_free(struct redis *r);
enum redis_state redis_state(const struct redis *r);
/* Drop the connection and connect anew (READONLY after a failover, a hung peer). */
void redis_reconnect(struct redis *r, const char *why);
/* This Redis refuses to be the master (NOREPLICAS: cut off from its replicas?): with sentinels they are asked anew, at most every
 * 5 s; without any there is nobody to ask and nothing happens. */
void redis_rediscover(struct redis *r, const char *why);
size_t redis_in_flight(const struct redis *r);

typedef void (*redis_done_fn)(void *arg, const struct redis_answer *a);
/* Arguments are copied before the call returns. ${lens} may be NULL (C strings). ${cb} may be NULL: nobody waits. While
 * 8 MiB of commands are not yet taken by the socket: REDIS_NOT_SENT. */
struct redis_cmd *redis_begin(struct redis *r, redis_done_fn cb, void *arg, int argc, const char *const *argv,
                              const size_t *lens);
/* No completion will come; whether it was executed is unknown. */
void redis_cancel(struct redis_cmd *c);
/* As redis_begin with this command's own timeout (for BLMOVE: block time + margin). 0 = none. */
struct redis_cmd *redis_begin_timeout(struct redis *r, int64_t timeout_ms, redis_done_fn cb, void *arg,
                                      int argc, const char *const *argv, const size_t *lens);
/* Smoothed command time in microseconds (EWMA), 0 before the first answer. */
int64_t redis_latency_us(const struct redis *r);

/* Reading answers. All are total: a wrong type gives the harmless value named. */
enum redis_type { REDIS_NIL, REDIS_STRING, REDIS_INTEGER, REDIS_ARRAY, REDIS_STATUS, REDIS_ERROR };
enum redis_type redis_value_type(const struct redis_value *v); /* NULL -> REDIS_NIL */
const char *redis_value_str(const struct redis_value *v,
                            size_t *len); /* string/status/error, NUL terminated; else NULL, 0 */
int64_t redis_value_int(const struct redis_value *v,
                        int64_t otherwise); /* integers, and strings that are whole decimal numbers */
size_t redis_value_count(const struct redis_value *v);                           /* array; else 0 */
const struct redis_value *redis_value_at(const struct redis_value *v, size_t i); /* past the end: NULL */

#endif
