/* A private redis-server for tests: a child process on a unix socket in a directory of its own below $TMPDIR, gone afterwards.
 *
 * Hides: starting, waiting until it answers, killing. Every call that can fail panics: a test without its Redis has nothing to say. The
 * child dies with its parent (PR_SET_PDEATHSIG), so that a crashed test leaves no server behind. */
#ifndef TESTS_SUPPORT_REDIS_SERVER_H
#define TESTS_SUPPORT_REDIS_SERVER_H

#include <stdbool.h>

struct redis_server;

enum redis_server_mode {
    REDIS_SERVER_MEMORY /* nothing on disk */,
    REDIS_SERVER_AOF /* appendfsync always */,
    REDIS_SERVER_AOF_EVERYSEC
};

/* Returns when it answers PING. ${extra}: further arguments "--maxmemory 3mb ..." as a NULL terminated list, or NULL. */
struct redis_server *redis_server_start(enum redis_server_mode mode, const char *const *extra);
const char *redis_server_socket(const struct redis_server *s); /* path */
const char *redis_server_url(const struct redis_server *s);    /* "unix:///..." */
const char *redis_server_dir(const struct redis_server *s);
int redis_server_pid(const struct redis_server *s); /* 0 = not running */
/* kill -9 and wait; the files stay. */
void redis_server_kill(struct redis_server *s);
/* SIGSTOP / SIGCONT: a server that hangs. */
void redis_server_freeze(struct redis_server *s, bool frozen);
/* Start again with the same files (after redis_server_kill). Returns when it answers. */
void redis_server_restart(struct redis_server *s);
/* Kill, wait, remove the directory. NULL is fine. */
void redis_server_stop(struct redis_server *s);
/* One command, blocking, on a connection of its own. Returns the answer as text, one element a line (nested arrays flattened, nil = "(nil)",
 * errors "(error) ..."); the caller frees. */
char *redis_server_ask(struct redis_server *s, ...) __attribute__((sentinel));

#endif
