/* libcurl's sockets on libevent. Private to net/http*.c.
 *
 * Hides: which events are registered. A connection that goes back to libcurl's pool stays registered for reading, so
 * that the next request on it costs no epoll_ctl. That is safe only for sockets whose closing we are told of: those
 * that were connected when libcurl last spoke of them (`settled`); libcurl closes the others behind our back. */
#ifndef NET_HTTP_SOCK_H
#define NET_HTTP_SOCK_H

#include "net/loop.h"

struct http_socks;

/* ${bits}: CURL_CSELECT_* */
typedef void (*http_sock_fn)(void *owner, int fd, int bits);

struct http_socks *http_socks_new(struct loop *l, http_sock_fn on_ready);
void http_socks_free(struct http_socks *s);
/* A new socket with this number exists: whatever we knew of the number is stale. */
void http_socks_opened(struct http_socks *s, int fd);
/* Close it, events first. */
void http_socks_close(struct http_socks *s, int fd);
/* libcurl's CURL_POLL_*; ${settled}: connected, and its end will be told by http_socks_close. */
void http_socks_watch(struct http_socks *s, int fd, int what, bool settled, void *owner);

#endif
