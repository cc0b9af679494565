/* One blocking HTTP exchange: what the command line uses to speak to the daemon.
 *
 * Hides: libcurl's easy interface. No redirects, no proxies. */
#ifndef NET_FETCH_H
#define NET_FETCH_H

#include "base/buf.h"
#include "base/http_msg.h"

struct fetch; /* keeps its connection between calls */

/* ${socket_path} (Unix socket) or ${base_url}; exactly one is not NULL. ${token} NULL = none (copied). */
struct fetch *fetch_new(const char *socket_path, const char *base_url, const char *token,
                        struct err *e) MUSTCHECK;
void fetch_free(struct fetch *f);
/* ${path} begins with '/'. ${on_chunk} NULL = the whole answer is collected in ${answer} (its ceiling holds);
 * otherwise pieces are handed over as they come (return false to stop) if the status is 2xx; what else is said is
 * collected in ${answer} (NULL: dropped) and is never taken for what was asked for. Reading the request body from ${body_fn} (may
 * be NULL) streams uploads of any size. 0 with *status set, or -1 with code "unreachable". */
struct fetch_call {
    const char *method, *path;
    const char *const *headers; /* NULL terminated or NULL */
    const char *body;
    size_t body_len;
    size_t (*body_fn)(void *arg, char *p, size_t n); /* 0 = end */
    bool (*on_chunk)(void *arg, const char *p, size_t n);
    void *arg;
    int64_t timeout_ms; /* 0 = none */
};
int fetch_run(struct fetch *f, const struct fetch_call *c, int *status, struct buf *answer,
              struct err *e) MUSTCHECK;

#endif
