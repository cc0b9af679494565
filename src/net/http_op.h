/* One request on one libcurl easy handle, which is kept and used again. Private to net/http*.c.
 *
 * Hides: libcurl's options and callbacks, and how an outcome is read from what was written and read. */
#ifndef NET_HTTP_OP_H
#define NET_HTTP_OP_H

#include <curl/curl.h>

#include "net/http.h"
#include "net/http_sock.h"

struct http_shard;

enum http_op_state { HTTP_OP_IDLE, HTTP_OP_ACTIVE, HTTP_OP_FAILED };

struct http_op {
    TAILQ_ENTRY(http_op) entry; /* of the list of its state */
    enum http_op_state state;
    struct http_shard *shard;
    CURL *easy;
    struct http_socks *socks;
    /* what the easy handle is set to, so that only changes cost anything */
    char *url;
    struct curl_slist *headers;
    bool post, two_writes;
    int64_t connect_timeout_ms, timeout_ms;
    int64_t body_len;
    /* the request under way */
    const struct http_call *call; /* borrowed */
    http_done_fn cb;
    void *arg;
    enum http_reach reach;
    bool tls;
    size_t body_at;
    struct buf answer;
    int64_t began_us;
    unsigned n_tries;    /* times libcurl was about to write the request */
    bool settled;        /* connected since the last new socket */
    bool refused;        /* the address was not allowed */
    bool head_complete;  /* the answer's head has come to its blank line */
    const char *reason;  /* FAILED: why it was never started */
    char checked_ip[48]; /* last address that was allowed to this op, and to which reach */
    enum http_reach checked_reach;
};

TAILQ_HEAD(http_op_list, http_op);

struct http_op *http_op_new(struct http_shard *shard, struct http_socks *socks, const struct http_opts *o);
void http_op_free(struct http_op *op);
/* Make the handle carry ${call}. false with op->reason when that cannot be. */
bool http_op_prepare(struct http_op *op, const struct http_call *call, enum http_reach reach);
bool http_op_written(const struct http_op *op);
/* What became of it. Borrows from op until the next http_op_prepare. */
void http_op_outcome(struct http_op *op, CURLcode rc, struct http_answer *a);

#endif
