/* A provider that accepts everything: the other end of the benchmarks.
 *
 *   sink [--port N] [--delay MS] [--times FILE]
 *
 * Prints "port N" and answers every request on kept-alive connections with {"code":0,"id":"x"}; a body with "messages"
 * gets {"results":[{"to":...,"code":0,"id":"x"},...]}. --times: when each request arrived, one line of microseconds (CLOCK_MONOTONIC)
 * each, complete after GET /count. GET /count answers {"requests":N,"messages":M}. One thread,
 * epoll, no library, so that it costs as little as possible next to what is measured. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { IN_MAX = 1 << 20, EVENTS = 256 };

struct conn {
    int fd;
    char *in, *out;
    size_t n_in, cap_in, n_out, at_out, cap_out;
    int64_t due_ms; /* when the waiting answer may leave */
    bool waiting, dead;
    TAILQ_ENTRY(conn) entry;
};

static TAILQ_HEAD(, conn) delayed = TAILQ_HEAD_INITIALIZER(delayed);
static unsigned long long n_requests, n_messages;
static int64_t delay_ms;
static int epfd;
static FILE *times;

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void note_time(void)
{
    struct timespec ts;

    if (times == NULL)
        return;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    fprintf(times, "%lld\n", (long long)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
}

static void *need(void *p)
{
    if (p == NULL) {
        perror("sink");
        exit(1);
    }
    return p;
}

static void add(struct conn *c, const char *p, size_t n)
{
    if (c->n_out + n > c->cap_out) {
        c->cap_out = (c->n_out + n) * 2;
        c->out = need(realloc(c->out, c->cap_out));
    }
    memcpy(c->out + c->n_out, p, n);
    c->n_out += n;
}

static void close_conn(struct conn *c)
{
    if (c->waiting)
        TAILQ_REMOVE(&delayed, c, entry);
    close(c->fd);
    free(c->in);
    free(c->out);
    free(c);
}

/* One result for every "to":"..." of the body. */
static void batch_answer(struct conn *c, const char *body, size_t n)
{
    static const char begin[] = "{\"results\":[", tail[] = "\",\"code\":0,\"id\":\"x\"}";
    /* the length is known when all is written: room for it is left */
    static const char head[] =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 00000000\r\n\r\n";
    const char *p = body, *end = body + n;
    size_t head_at = c->n_out, body_at;
    char digits[16];
    int results = 0;

    add(c, head, sizeof(head) - 1);
    body_at = c->n_out;
    add(c, begin, sizeof(begin) - 1);
    while ((p = memmem(p, (size_t)(end - p), "\"to\":\"", 6)) != NULL) {
        const char *quote = memchr(p + 6, '"', (size_t)(end - p) - 6);

        if (quote == NULL)
            break;
        if (results++ > 0)
            add(c, ",", 1);
        add(c, "{", 1);
        add(c, p, (size_t)(quote - p)); /* "to":"... */
        add(c, tail, sizeof(tail) - 1);
        n_messages++;
        p = quote + 1;
    }
    add(c, "]}", 2);
    snprintf(digits, sizeof(digits), "%08zu", c->n_out - body_at);
    memcpy(c->out + head_at + sizeof(head) - 1 - 12, digits, 8);
}

static void answer(struct conn *c, const char *head, const char *body, size_t n)
{
    static const char one[] =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n"
        "{\"code\":0,\"id\":\"x\"}";
    char text[256], counts[96];
    int len;

    if (strncmp(head, "GET /count", 10) == 0) {
        if (times != NULL)
            fflush(times);
        len =
            snprintf(counts, sizeof(counts), "{\"requests\":%llu,\"messages\":%llu}", n_requests, n_messages);
        len = snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len, counts);
        add(c, text, (size_t)len);
        return;
    }
    n_requests++;
    note_time();
    if (memmem(body, n, "\"messages\"", 10) != NULL) {
        batch_answer(c, body, n);
        return;
    }
    n_messages++;
    add(c, one, sizeof(one) - 1);
}

static size_t content_length(const char *head, size_t n)
{
    const char *p = head, *end = head + n;

    while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        p++;
        if ((size_t)(end - p) > 15 && strncasecmp(p, "Content-Length:", 15) == 0)
            return strtoul(p + 15, NULL, 10);
    }
    return 0;
}

/* false = the connection is over */
static bool flush(struct conn *c)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};

    while (c->at_out < c->n_out) {
        ssize_t n = send(c->fd, c->out + c->at_out, c->n_out - c->at_out, MSG_NOSIGNAL);

        if (n < 0 && errno == EAGAIN) {
            ev.events = EPOLLIN | EPOLLOUT;
            epoll_ctl(epfd, EPOLL_CTL_MOD, c->fd, &ev);
            return true;
        }
        if (n < 0)
            return false;
        c->at_out += (size_t)n;
    }
    c->n_out = c->at_out = 0;
    return true;
}

static bool consume(struct conn *c)
{
    while (!c->waiting && c->n_in > 0) {
        const char *blank = memmem(c->in, c->n_in, "\r\n\r\n", 4);
        size_t head, body;

        if (blank == NULL)
            break;
        head = (size_t)(blank - c->in) + 4;
        body = content_length(c->in, head);
        if (c->n_in < head + body)
            break;
        answer(c, c->in, c->in + head, body);
        c->n_in -= head + body;
        memmove(c->in, c->in + head + body, c->n_in);
        if (delay_ms == 0)
            continue;
        c->waiting = true;
        c->due_ms = now_ms() + delay_ms;
        TAILQ_INSERT_TAIL(&delayed, c, entry);
    }
    return c->waiting || flush(c);
}

static bool on_input(struct conn *c)
{
    ssize_t n;

    if (c->cap_in - c->n_in < 16384) {
        if (c->cap_in >= IN_MAX)
            return false;
        c->cap_in = c->cap_in != 0 ? 2 * c->cap_in : 32768;
        c->in = need(realloc(c->in, c->cap_in));
    }
    n = recv(c->fd, c->in + c->n_in, c->cap_in - c->n_in, 0);
    if (n < 0 && errno == EAGAIN)
        return true;
    if (n <= 0)
        return false;
    c->n_in += (size_t)n;
    return consume(c);
}

static void on_accept(int listener)
{
    int fd, one = 1;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct conn *c = need(calloc(1, sizeof(*c)));
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};

        c->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev);
    }
}

static void run_due(void)
{
    struct conn *c;
    int64_t now = now_ms();

    while ((c = TAILQ_FIRST(&delayed)) != NULL && c->due_ms <= now) {
        TAILQ_REMOVE(&delayed, c, entry);
        c->waiting = false;
        if (!flush(c) || !consume(c))
            close_conn(c);
    }
}

static int listen_on(int port)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t len = sizeof(sa);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 1024) < 0 ||
        getsockname(fd, (struct sockaddr *)&sa, &len) < 0) {
        perror("sink: listen");
        exit(1);
    }
    printf("port %d\n", ntohs(sa.sin_port));
    fflush(stdout);
    return fd;
}

static void serve(int listener)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL}, got[EVENTS];

    epfd = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(epfd, EPOLL_CTL_ADD, listener, &ev);
    for (;;) {
        struct conn *first = TAILQ_FIRST(&delayed);
        int64_t wait = first != NULL ? first->due_ms - now_ms() : -1;
        int n = epoll_wait(epfd, got, EVENTS, wait < 0 && first != NULL ? 0 : (int)wait);

        for (int i = 0; i < n; i++) {
            struct conn *c = got[i].data.ptr;

            if (c == NULL)
                on_accept(listener);
            else if (((got[i].events & EPOLLOUT) != 0 && !c->waiting && !flush(c)) ||
                     ((got[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !on_input(c)))
                close_conn(c);
        }
        run_due();
    }
}

int main(int argc, char **argv)
{
    int port = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--port") == 0 && i + 1 < argc) {
            port = (int)strtol(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--delay") == 0 && i + 1 < argc) {
            delay_ms = strtol(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--times") == 0 && i + 1 < argc) {
            times = need(fopen(argv[++i], "w"));
        } else {
            fprintf(stderr, "usage: sink [--port N] [--delay MS] [--times FILE]\n");
            return 2;
        }
    }
    signal(SIGPIPE, SIG_IGN);
    serve(listen_on(port));
}
