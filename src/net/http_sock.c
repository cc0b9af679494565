#include "net/http_sock.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

struct sock {
    struct http_socks *all;
    void *owner;
    int fd;
    struct event *ev_read, *ev_write; /* made at the first need, kept for the number's next life */
    bool reading, writing;            /* registered with libevent */
    bool want_read, want_write;       /* libcurl's wish; reading && !want_read = idle in the pool */
    bool settled;
};

struct http_socks {
    struct loop *loop;
    http_sock_fn on_ready;
    struct sock **by_fd;
    size_t n;
};

struct http_socks *http_socks_new(struct loop *l, http_sock_fn on_ready)
{
    struct http_socks *s = xcalloc(1, sizeof(*s));

    s->loop = l;
    s->on_ready = on_ready;
    return s;
}

void http_socks_free(struct http_socks *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->by_fd[i] == NULL)
            continue;
        event_free(s->by_fd[i]->ev_read);
        event_free(s->by_fd[i]->ev_write);
        free(s->by_fd[i]);
    }
    free(s->by_fd);
    free(s);
}

static void set_reading(struct sock *k, bool on)
{
    if (k->reading == on)
        return;
    k->reading = on;
    if ((on ? event_add(k->ev_read, NULL) : event_del(k->ev_read)) != 0)
        panic("cannot watch a descriptor");
}

static void set_writing(struct sock *k, bool on)
{
    if (k->writing == on)
        return;
    k->writing = on;
    if ((on ? event_add(k->ev_write, NULL) : event_del(k->ev_write)) != 0)
        panic("cannot watch a descriptor");
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    struct sock *k = arg;
    bool readable = (what & EV_READ) != 0, writable = (what & EV_WRITE) != 0;

    loop_enter(k->all->loop);
    if (readable && !k->want_read)
        set_reading(
            k, false); /* the peer closed an idle connection; libcurl finds out when it wants to reuse it */
    if (writable && !k->want_write)
        set_writing(k, false);
    readable = readable && k->want_read;
    writable = writable && k->want_write;
    if (readable || writable)
        k->all->on_ready(k->owner, fd, (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0));
}

static struct sock *sock_of(struct http_socks *s, int fd)
{
    size_t at = (size_t)fd;
    struct sock *k;

    if (at >= s->n) {
        size_t n = at + 64;

        s->by_fd = xrealloc(s->by_fd, n * sizeof(struct sock *));
        for (size_t i = s->n; i < n; i++)
            s->by_fd[i] = NULL;
        s->n = n;
    }
    if (s->by_fd[at] != NULL)
        return s->by_fd[at];
    k = xcalloc(1, sizeof(*k));
    k->all = s;
    k->fd = fd;
    k->ev_read = event_new(loop_base(s->loop), fd, EV_READ | EV_PERSIST, on_event, k);
    k->ev_write = event_new(loop_base(s->loop), fd, EV_WRITE | EV_PERSIST, on_event, k);
    if (k->ev_read == NULL || k->ev_write == NULL)
        panic("out of memory");
    s->by_fd[at] = k;
    return k;
}

/* The kernel forgot the registrations when the old socket was closed; libcurl, which may take the new socket for the
 * old one, will not ask for them again: register anew what was wanted. */
void http_socks_opened(struct http_socks *s, int fd)
{
    struct sock *k = sock_of(s, fd);

    set_reading(k, false);
    set_writing(k, false);
    k->settled = false;
    set_reading(k, k->want_read);
    set_writing(k, k->want_write);
}

void http_socks_close(struct http_socks *s, int fd)
{
    struct sock *k = sock_of(s, fd);

    k->want_read = k->want_write = k->settled = false;
    set_reading(k, false);
    set_writing(k, false);
    close(fd);
}

void http_socks_watch(struct http_socks *s, int fd, int what, bool settled, void *owner)
{
    struct sock *k = sock_of(s, fd);

    k->want_read = what == CURL_POLL_IN || what == CURL_POLL_INOUT;
    k->want_write = what == CURL_POLL_OUT || what == CURL_POLL_INOUT;
    if (what != CURL_POLL_REMOVE) {
        k->settled = settled;
        k->owner = owner;
    }
    set_writing(k, k->want_write);
    if (k->want_read || !k->settled)
        set_reading(k, k->want_read);
}
