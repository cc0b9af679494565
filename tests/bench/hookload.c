/* Residents who all text at once: the client of the reply benchmark.
 *
 *   hookload PORT PATH [--requests N] [--connections N] [--rate N] [--first N] [--distinct N] [--log FILE] [--get]
 *
 * POSTs N replies "报名" from N different numbers (--distinct: from so many, over and over, with the same ids) to 127.0.0.1:PORT PATH over kept-alive connections, one at a time on each. With --rate they
 * leave at even distances and the time of each counts from when it should have left, so that a slow server cannot hide by slowing the
 * client. --log writes a line "NUMBER MS" for each: when it should have left (ms since the epoch). --get sends GET PATH instead.
 * Prints one JSON object. One thread, epoll. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1024, ANSWER_MAX = 8192 };

struct conn {
    int fd;
    bool busy;
    int64_t due_us;
    size_t n_in;
    char in[ANSWER_MAX];
};

static struct {
    int port;
    const char *path, *log;
    int64_t requests, connections, rate, first, distinct;
    bool get;
} opt = {.requests = 10000, .connections = 32};

static struct conn conns[CONNECTIONS_MAX];
static int epfd;
static int64_t n_begun, n_done, n_bad, began_us, wall_offset_us;
static uint32_t *took_us;
static FILE *log_file;

static int64_t clock_us(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void die(const char *what)
{
    fprintf(stderr, "hookload: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void open_conn(struct conn *c)
{
    struct sockaddr_in sa = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)opt.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
    int one = 1;

    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
        die("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    epoll_ctl(epfd, EPOLL_CTL_ADD, c->fd, &ev);
}

static void begin(struct conn *c, int64_t due_us)
{
    char body[256], request[1024];
    int64_t number = opt.first + (opt.distinct > 0 ? n_begun % opt.distinct : n_begun);
    int n_body = snprintf(body, sizeof(body),
                          "{\"id\":\"load-%" PRId64 "\",\"from\":\"+86139%08" PRId64 "\",\"text\":\"报名\"}",
                          number, number),
        n;

    n = opt.get ? snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", opt.path)
                : snprintf(request, sizeof(request),
                           "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
                           "application/json\r\nContent-Length: %d\r\n\r\n%s",
                           opt.path, n_body, body);
    if (n < 0 || (size_t)n >= sizeof(request)) {
        errno = E2BIG;
        die("request");
    }
    if (log_file != NULL)
        fprintf(log_file, "+86139%08" PRId64 " %" PRId64 "\n", number, (due_us + wall_offset_us) / 1000);
    n_begun++;
    c->busy = true;
    c->due_us = due_us;
    c->n_in = 0;
    if (send(c->fd, request, (size_t)n, MSG_NOSIGNAL) != n)
        die("send");
}

/* A whole answer in the buffer? */
static bool answered(const struct conn *c)
{
    const char *end = memmem(c->in, c->n_in, "\r\n\r\n", 4), *length;

    if (end == NULL)
        return false;
    length = memmem(c->in, (size_t)(end - c->in), "Content-Length:", 15);
    return c->n_in >= (size_t)(end - c->in) + 4 + (length != NULL ? strtoul(length + 15, NULL, 10) : 0);
}

static void on_input(struct conn *c)
{
    ssize_t n = recv(c->fd, c->in + c->n_in, sizeof(c->in) - c->n_in, MSG_DONTWAIT);
    int64_t took;

    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        errno = n == 0 ? ECONNRESET : errno;
        die("the server closed a connection");
    }
    c->n_in += (size_t)n;
    if (!answered(c))
        return;
    if (c->n_in < 12 || memcmp(c->in + 9, "200", 3) != 0)
        n_bad++;
    took = clock_us(CLOCK_MONOTONIC) - c->due_us;
    took_us[n_done++] = took < UINT32_MAX ? (uint32_t)took : UINT32_MAX;
    c->busy = false;
}

static int64_t due_of(int64_t i)
{
    return opt.rate > 0 ? began_us + i * 1000000 / opt.rate : clock_us(CLOCK_MONOTONIC);
}

static void begin_what_is_due(void)
{
    int64_t now = clock_us(CLOCK_MONOTONIC);

    for (int64_t i = 0; i < opt.connections && n_begun < opt.requests; i++) {
        int64_t due = due_of(n_begun);

        if (due > now && opt.rate > 0)
            return;
        if (!conns[i].busy)
            begin(&conns[i], due);
    }
}

static void run(void)
{
    struct epoll_event got[256];

    began_us = clock_us(CLOCK_MONOTONIC);
    wall_offset_us = clock_us(CLOCK_REALTIME) - began_us;
    while (n_done < opt.requests) {
        int64_t wait = 100000;
        struct timespec ts;
        int n;

        begin_what_is_due();
        if (opt.rate > 0 && n_begun < opt.requests)
            wait = due_of(n_begun) - clock_us(CLOCK_MONOTONIC);
        wait = wait < 0 ? 1000 : wait; /* all connections are busy: an answer wakes us */
        ts = (struct timespec){.tv_sec = wait / 1000000, .tv_nsec = wait % 1000000 * 1000};
        n = epoll_pwait2(epfd, got, 256, &ts, NULL);
        for (int i = 0; i < n; i++)
            on_input(got[i].data.ptr);
    }
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static double percentile_ms(double p)
{
    return took_us[(size_t)((double)(opt.requests - 1) * p)] / 1000.0;
}

static void options(int argc, char **argv)
{
    for (int i = 3; i < argc; i++) {
        int64_t *v = strcmp(argv[i], "--requests") == 0      ? &opt.requests
                     : strcmp(argv[i], "--connections") == 0 ? &opt.connections
                     : strcmp(argv[i], "--rate") == 0        ? &opt.rate
                     : strcmp(argv[i], "--first") == 0       ? &opt.first
                     : strcmp(argv[i], "--distinct") == 0    ? &opt.distinct
                                                             : NULL;

        if (strcmp(argv[i], "--get") == 0)
            opt.get = true;
        else if (strcmp(argv[i], "--log") == 0 && i + 1 < argc)
            opt.log = argv[++i];
        else if (v != NULL && i + 1 < argc)
            *v = strtoll(argv[++i], NULL, 10);
        else
            argc = 0;
    }
    if (argc < 3 || opt.requests < 1 || opt.connections < 1 || opt.connections > CONNECTIONS_MAX) {
        fprintf(stderr, "usage: hookload PORT PATH [--requests N] [--connections N] [--rate N] [--first N] "
                        "[--distinct N] [--log FILE] [--get]\n");
        exit(2);
    }
    opt.port = (int)strtol(argv[1], NULL, 10);
    opt.path = argv[2];
}

int main(int argc, char **argv)
{
    int64_t wall;

    options(argc, argv);
    if (opt.log != NULL && (log_file = fopen(opt.log, "w")) == NULL)
        die(opt.log);
    took_us = calloc((size_t)opt.requests, sizeof(*took_us));
    if (took_us == NULL)
        die("memory");
    epfd = epoll_create1(EPOLL_CLOEXEC);
    for (int64_t i = 0; i < opt.connections; i++)
        open_conn(&conns[i]);
    run();
    wall = clock_us(CLOCK_MONOTONIC) - began_us;
    qsort(took_us, (size_t)opt.requests, sizeof(*took_us), by_size);
    printf("{\"requests\":%" PRId64 ",\"bad\":%" PRId64
           ",\"seconds\":%.3f,\"per_second\":%.0f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
           opt.requests, n_bad, (double)wall / 1e6, (double)opt.requests * 1e6 / (double)wall,
           percentile_ms(0.5), percentile_ms(0.99), percentile_ms(1.0));
    if (log_file != NULL)
        fclose(log_file);
    free(took_us);
    return n_bad > 0;
}
