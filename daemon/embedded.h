/* A private redis-server for people who do not want to run one: redis.url = "embedded".
 *
 * Hides: its configuration (AOF with appendfsync always, a unix socket, no TCP), its process, and who may start it. The server outlives a
 * crash of the daemon on purpose; the next life adopts it. A lock on the data that the server itself holds makes sure that never two of them
 * write the same files, whoever dies when. Several daemons may share one state directory and then share the server: the last one stops it. */
#ifndef DAEMON_EMBEDDED_H
#define DAEMON_EMBEDDED_H

#include <sys/types.h>

#include "net/loop.h"

struct embedded;

struct embedded_opts {
    struct loop *loop;
    const char *state_dir; /* copied; the server lives in STATE_DIR/redis, which is made */
    /* Never inside a call into this module; may be NULL. Ready: connections are accepted (again), the answer may still be LOADING.
     * Down: it died, and is being started again. */
    void (*on_ready)(void *arg);
    void (*on_down)(void *arg, const char *why);
    void *arg;
};

/* Starts or adopts the server, beginning in the next turn. NULL with e->msg when that can never work: no redis-server installed, no
 * directory, a path too long for a unix socket. */
struct embedded *embedded_new(const struct embedded_opts *o, struct err *e) MUSTCHECK;
/* "unix:///...": known at once, valid as long as the struct; connections to it can be tried at any time. */
const char *embedded_url(const struct embedded *m);
pid_t embedded_pid(const struct embedded *m); /* 0 while it is not running */
/* Stop the server, unless another daemon uses it, and free. Waits up to 10 s for it to end, then kills it (nothing is lost by that:
 * appendfsync always). NULL is fine. */
void embedded_stop(struct embedded *m);

#endif
