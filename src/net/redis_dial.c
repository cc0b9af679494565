#include "net/redis_dial.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void redis_dial_fini(struct redis_dial *d)
{
    if (d->found != NULL)
        freeaddrinfo(d->found);
    d->found = NULL;
    d->next = NULL;
}

void redis_dial_aim(struct redis_dial *d, const char *path, const char *host, const char *port)
{
    redis_dial_fini(d);
    *d = (struct redis_dial){.path = path, .host = host, .port = port};
}

bool redis_dial_more(const struct redis_dial *d)
{
    return d->next != NULL;
}

static int refuse(struct redis_dial *d, const char *what, const char *why)
{
    if (snprintf(d->why, sizeof(d->why), "%s: %s", what, why) < 0)
        d->why[0] = '\0';
    return -1;
}

/* Takes ${fd}. */
static int start(struct redis_dial *d, int fd, const struct sockaddr *sa, socklen_t len)
{
    int cause;

    if (connect(fd, sa, len) == 0 || errno == EINPROGRESS)
        return fd;
    cause = errno;
    close(fd);
    return refuse(d, "connect", strerror(cause));
}

static int open_unix(struct redis_dial *d)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    int fd;

    memcpy(sa.sun_path, d->path, strlen(d->path) + 1); /* length checked by redis_url_parse */
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return refuse(d, "socket", strerror(errno));
    return start(d, fd, (const struct sockaddr *)&sa, sizeof(sa));
}

static int look_up(struct redis_dial *d)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    const char *host = d->host;
    int rc;

    redis_dial_fini(d);
    rc = getaddrinfo(host, d->port, &hints, &d->found);
    if (rc != 0) {
        hints.ai_flags = AI_NUMERICSERV;
        rc = getaddrinfo(host, d->port, &hints, &d->found);
    }
    if (rc != 0 &&
        strcmp(host, "localhost") == 0) /* loopback by definition (RFC 6761), also without /etc/hosts */
        rc = getaddrinfo("127.0.0.1", d->port, &hints, &d->found);
    if (rc != 0) {
        d->found = NULL;
        return refuse(d, "look up the host", gai_strerror(rc));
    }
    d->next = d->found;
    return 0;
}

int redis_dial_open(struct redis_dial *d)
{
    const struct addrinfo *ai;
    int fd, one = 1;

    if (d->path != NULL)
        return open_unix(d);
    if (d->next == NULL && look_up(d) < 0)
        return -1;
    ai = d->next;
    d->next = ai->ai_next;
    fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return refuse(d, "socket", strerror(errno));
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)) < 0) {
        int cause = errno;

        close(fd);
        return refuse(d, "set socket options", strerror(cause));
    }
    return start(d, fd, ai->ai_addr, ai->ai_addrlen);
}
