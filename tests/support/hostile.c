#include "tests/support/hostile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/err.h"

enum { CONNS_MAX = 256 };

struct conn {
    struct hostile *h;
    pthread_t thread;
    int fd;
};

struct hostile {
    hostile_fn fn;
    void *arg;
    int listener, port;
    char url[64];
    pthread_t acceptor;
    atomic_uint n_requests, n_connections;
    pthread_mutex_t lock; /* of conns, n, stopping */
    struct conn conns[CONNS_MAX];
    size_t n;
    bool stopping;
};

static void *serve(void *arg)
{
    struct conn *c = arg;

    c->h->fn(c->h, c->fd, c->h->arg);
    pthread_mutex_lock(&c->h->lock);
    close(c->fd);
    c->fd = -1;
    pthread_mutex_unlock(&c->h->lock);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct hostile *h = arg;
    int fd;

    while ((fd = accept4(h->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        struct conn *c;

        atomic_fetch_add(&h->n_connections, 1);
        pthread_mutex_lock(&h->lock);
        if (h->stopping || h->n == CONNS_MAX) {
            close(fd);
            pthread_mutex_unlock(&h->lock);
            continue;
        }
        c = &h->conns[h->n++];
        *c = (struct conn){.h = h, .fd = fd};
        if (pthread_create(&c->thread, NULL, serve, c) != 0)
            panic("pthread_create");
        pthread_mutex_unlock(&h->lock);
    }
    return NULL;
}

struct hostile *hostile_start(hostile_fn fn, void *arg)
{
    struct hostile *h = xcalloc(1, sizeof(*h));
    struct sockaddr_in sa = {.sin_family = AF_INET};
    socklen_t len = sizeof(sa);

    h->fn = fn;
    h->arg = arg;
    pthread_mutex_init(&h->lock, NULL);
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    h->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (h->listener < 0 || bind(h->listener, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
        listen(h->listener, 1024) < 0 || getsockname(h->listener, (struct sockaddr *)&sa, &len) < 0)
        panic("hostile server: %s", strerror(errno));
    h->port = ntohs(sa.sin_port);
    if (snprintf(h->url, sizeof(h->url), "http://127.0.0.1:%d/send", h->port) < 0)
        panic("snprintf");
    if (pthread_create(&h->acceptor, NULL, accept_all, h) != 0)
        panic("pthread_create");
    return h;
}

void hostile_stop(struct hostile *h)
{
    shutdown(h->listener, SHUT_RDWR);
    pthread_join(h->acceptor, NULL);
    close(h->listener);
    pthread_mutex_lock(&h->lock);
    h->stopping = true;
    for (size_t i = 0; i < h->n; i++)
        if (h->conns[i].fd >= 0)
            shutdown(h->conns[i].fd, SHUT_RDWR);
    pthread_mutex_unlock(&h->lock);
    for (size_t i = 0; i < h->n; i++)
        pthread_join(h->conns[i].thread, NULL);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

int hostile_port(const struct hostile *h)
{
    return h->port;
}

const char *hostile_url(const struct hostile *h)
{
    return h->url;
}

unsigned hostile_requests(const struct hostile *h)
{
    return atomic_load(&h->n_requests);
}

unsigned hostile_connections(const struct hostile *h)
{
    return atomic_load(&h->n_connections);
}

/* One byte at a time: nothing of the next request may be taken along. */
static bool read_byte(int fd, char *c)
{
    ssize_t n;

    do
        n = recv(fd, c, 1, 0);
    while (n < 0 && errno == EINTR);
    return n == 1;
}

bool hostile_read_request(struct hostile *h, int fd)
{
    char head[8192], c;
    const char *p;
    size_t n = 0, body = 0;

    while (n < sizeof(head) - 1 && read_byte(fd, &c)) {
        head[n++] = c;
        head[n] = '\0';
        if (n >= 4 && memcmp(head + n - 4, "\r\n\r\n", 4) == 0)
            break;
    }
    if (n < 4 || memcmp(head + n - 4, "\r\n\r\n", 4) != 0)
        return false;
    if ((p = strcasestr(head, "\r\nContent-Length:")) != NULL)
        body = strtoul(p + 17, NULL, 10);
    while (body > 0 && read_byte(fd, &c))
        body--;
    if (body > 0)
        return false;
    atomic_fetch_add(&h->n_requests, 1);
    return true;
}

bool hostile_read_some(int fd)
{
    char bytes[4096];

    return recv(fd, bytes, sizeof(bytes), 0) > 0;
}

void hostile_say(int fd, const char *text)
{
    size_t n = strlen(text);

    while (n > 0) {
        ssize_t done = send(fd, text, n, MSG_NOSIGNAL);

        if (done <= 0)
            return;
        text += done;
        n -= (size_t)done;
    }
}

void hostile_say_ok(int fd)
{
    hostile_say(fd, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n"
                    "{\"code\":0,\"id\":\"x\"}");
}

void hostile_reset_on_close(int fd)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

void hostile_hang(int fd)
{
    while (hostile_read_some(fd))
        continue;
}

bool hostile_pause(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLRDHUP};

    return poll(&p, 1, ms) == 0;
}
