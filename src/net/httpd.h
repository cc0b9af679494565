/* Incoming HTTP: TCP and Unix-socket listeners.
 *
 * Hides: evhttp and its missing limits (header and body ceilings, most connections, an absolute time per request,
 * pausing accept when descriptors run out). Handlers answer now or later; a request whose client has gone may still be
 * answered (the answer is dropped). */
#ifndef NET_HTTPD_H
#define NET_HTTPD_H

#include "base/buf.h"
#include "net/loop.h"

struct httpd;
struct
    httpd_req; /* one request; lives, with all its parts, until it is answered (httpd_answer / httpd_drop / httpd_stream_end) */

struct httpd_opts {
    size_t max_header;       /* default 16 KiB */
    size_t max_body;         /* default 64 KiB; larger is answered 413 */
    size_t max_connections;  /* TCP and Unix each; default 512, at most RLIMIT_NOFILE / 4; more are closed */
    int64_t idle_timeout_ms; /* default 65 000 */
    int64_t request_timeout_ms; /* absolute, from first byte to last byte of the request; default 10 000 */
};

typedef void (*httpd_fn)(void *arg, struct httpd_req *r);
struct httpd *httpd_new(struct loop *l, const struct httpd_opts *o, httpd_fn on_request, void *arg);
/* "127.0.0.1:8025", "[::1]:8025"; port 0 = the system's choice, told by httpd_port. 0 or -1 with code "listen". */
int httpd_listen_tcp(struct httpd *s, const char *host_port, struct err *e) MUSTCHECK;
/* A stale socket file is replaced, a live one is an error. Mode 0660. */
int httpd_listen_unix(struct httpd *s, const char *path, struct err *e) MUSTCHECK;
int httpd_port(const struct httpd *s); /* of the last TCP listener */
/* Stop accepting; connections under way finish. */
void httpd_close_listeners(struct httpd *s);
size_t httpd_connections(const struct httpd *s);
/* Closes all at the end of the turn (streams are told by their ${on_close}); requests not yet answered must still be. */
void httpd_free(struct httpd *s);

const char *httpd_method(const struct httpd_req *r);                   /* "GET" */
const char *httpd_path(const struct httpd_req *r);                     /* decoded, without query */
const char *httpd_raw_path(const struct httpd_req *r);                 /* as received, without query */
const char *httpd_query(const struct httpd_req *r, const char *name);  /* decoded; NULL when absent */
const char *httpd_raw_query(const struct httpd_req *r);                /* after '?', or "" */
const char *httpd_header(const struct httpd_req *r, const char *name); /* NULL when absent */
const char *httpd_body(const struct httpd_req *r, size_t *len);        /* borrowed until answered */
bool httpd_is_local(const struct httpd_req *r);                        /* came over the Unix socket */
const char *httpd_peer(const struct httpd_req *r); /* address without port, "" over Unix */

/* Answer and finish; ${body} is copied. ${type} e.g. "application/json". */
void httpd_header_add(struct httpd_req *r, const char *name, const char *value);
void httpd_answer(struct httpd_req *r, int status, const char *type, const char *body, size_t len);
/* Close the connection without an answer (so that the provider repeats the callback). */
void httpd_drop(struct httpd_req *r);
/* A streamed answer (server-sent events, long lists): begin, chunks, end. ${on_close} once when the client went away
 * first (then the request is gone; do not call end). httpd_stream_pending: bytes not yet taken by the socket. */
void httpd_stream_begin(struct httpd_req *r, int status, const char *type, loop_fn on_close, void *arg);
void httpd_stream_chunk(struct httpd_req *r, const void *p, size_t n);
/* Call ${cb} once when what is pending has been written (back pressure for long lists). */
void httpd_stream_when_drained(struct httpd_req *r, loop_fn cb, void *arg);
size_t httpd_stream_pending(const struct httpd_req *r);
void httpd_stream_end(struct httpd_req *r);

#endif
