/* Outgoing HTTP requests.
 *
 * Hides: libcurl's multi interface. Contract of http_begin: exactly one completion, never inside http_begin, never
 * after http_cancel; and libcurl's silent second copy of a request on a dead kept-alive connection cannot happen: its
 * pre-request callback, which stands before every try, refuses one once a byte was written, for POST and GET alike, and
 * the request ends HTTP_IN_DOUBT (tests/unit/test_net_http.c counts at the server). Redirects are not followed, the
 * environment's proxies and netrc are ignored, HTTP/1.1 only, TLS >= 1.2 verified. */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "base/http_msg.h"
#include "net/loop.h"

struct http;    /* a client: connection pools, easy handles kept and reused */
struct http_op; /* one request under way */

struct http_opts {
    const char *user_agent;
    size_t max_in_flight; /* expected most requests at once (handles kept, connections cached) */
    const char *ca_file;  /* NULL = the system's */
    /* Read bodies through a callback that cannot be rewound: a second lock against libcurl's second copy, which costs a
     * second write and a quarter more CPU for every request. Off: the pre-request callback alone, see above. */
    bool two_writes;
};

struct http *http_new(struct loop *l, const struct http_opts *o, struct err *e) MUSTCHECK;
/* Cancels what is under way (no completions), closes connections. NULL is fine. */
void http_free(struct http *h);

/* Addresses a request may go to. Decided per call's URL by its owner when the configuration is read. */
enum http_reach {
    HTTP_REACH_PUBLIC, /* https only; loopback, private, link-local, 100.64/10, ULA and multicast refused after resolution */
    HTTP_REACH_LITERAL_PRIVATE, /* the URL's host is a literal loopback/private address: that address, http allowed */
    HTTP_REACH_PRIVATE /* allow_private = true: public, private, loopback and link-local; http to those that are not public */
};
/* Check a configured URL and say which reach it needs: 0, or -1 with code "bad-url". Plain http is allowed to a literal
 * private or loopback address only (contract 5, security 5.3). */
int http_check_url(const char *url, bool allow_private, enum http_reach *reach, struct err *e) MUSTCHECK;

typedef void (*http_done_fn)(void *arg, const struct http_answer *a);
/* Start ${call} (borrowed, with everything it points to, until completion or cancel). Never fails: what cannot be
 * started completes as HTTP_NOT_SENT. The returned handle is valid until the completion is called. */
struct http_op *http_begin(struct http *h, const struct http_call *call, enum http_reach reach,
                           http_done_fn cb, void *arg);
/* No completion will come. Returns true when any byte of the request had been written (the outcome is in doubt). */
bool http_cancel(struct http_op *op);
/* Has any byte of the request been written so far? */
bool http_written(const struct http_op *op);
size_t http_in_flight(const struct http *h);

#endif
