/* What net/http adds to libcurl.
 *
 *   bench_http URL [--requests N] [--window N] [--rounds N]
 *
 * Sends the same POSTs to the same sink, in turns, (a) with a bare libcurl-multi sender written here, tuned by all means
 * known: handles reused, events kept registered, epoll's changelist, POSTFIELDS (which libcurl may send twice), one
 * multi handle for 64 requests; (b) the same with READFUNCTION, which is what makes a second copy impossible; (c)
 * through net/http, in two writes and in one. Prints the rates, the CPU time of this process per request and the ratios to (a). */
#include <curl/curl.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "net/http.h"

static const char body[] =
    "{\"to\":\"+8613800000000\",\"text\":\"【金星社区】明早八点文化广场篮球赛, 请穿运动鞋, 带好饮水; "
    "不能来的请回复 取消。\","
    "\"ref\":\"basketball-20260925.123456.1\",\"lane\":\"normal\",\"channel\":\"sms\"}";
static const char *const headers[] = {"Content-Type: application/json",
                                      "Authorization: Bearer 0123456789abcdef", NULL};

static struct {
    const char *url;
    int64_t n, window, rounds;
} opt = {.n = 100000, .window = 64, .rounds = 3};

static int64_t n_begun, n_done;

/* (a), (b): bare libcurl */

enum { FDS = 4096, PER_MULTI = 64 };

struct bare {
    CURLM *multi;
    struct event *timer;
    struct event *by_fd[FDS];
    int done_fd;
};

struct request {
    CURL *easy;
    size_t at;
};

static struct event_base *base;
static struct curl_slist *list;
static bool with_readfunction;

static size_t swallow(char *p, size_t size, size_t n, void *arg)
{
    (void)p;
    (void)arg;
    return size * n;
}

static size_t give(char *p, size_t size, size_t n, void *arg)
{
    struct request *r = arg;
    size_t left = sizeof(body) - 1 - r->at, take = size * n < left ? size * n : left;

    memcpy(p, body + r->at, take);
    r->at += take;
    return take;
}

static void bare_begin(struct bare *b, struct request *r)
{
    n_begun++;
    r->at = 0;
    if (curl_multi_add_handle(b->multi, r->easy) != CURLM_OK)
        panic("add_handle");
}

static void bare_drain(struct bare *b)
{
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(b->multi, &left)) != NULL) {
        struct request *r;
        long status = 0;

        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&r);
        curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
        if (m->data.result != CURLE_OK || status != 200)
            panic("request failed: %s", curl_easy_strerror(m->data.result));
        curl_multi_remove_handle(b->multi, r->easy);
        n_done++;
        if (n_begun < opt.n)
            bare_begin(b, r);
    }
    if (n_done == opt.n)
        event_base_loopbreak(base);
}

static void bare_event(evutil_socket_t fd, short what, void *arg)
{
    struct bare *b = arg;
    int running;

    curl_multi_socket_action(
        b->multi, fd, ((what & EV_READ) ? CURL_CSELECT_IN : 0) | ((what & EV_WRITE) ? CURL_CSELECT_OUT : 0),
        &running);
    bare_drain(b);
}

static int bare_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
    struct bare *b = arg;

    (void)easy;
    (void)unused;
    if (fd >= FDS)
        panic("too many sockets");
    if (b->by_fd[fd] == NULL && what != CURL_POLL_REMOVE)
        b->by_fd[fd] = event_new(base, fd, EV_READ | EV_PERSIST, bare_event, b);
    if ((what & CURL_POLL_OUT) != 0) { /* connecting */
        event_del(b->by_fd[fd]);
        event_assign(b->by_fd[fd], base, fd, EV_WRITE | EV_PERSIST, bare_event, b);
        event_add(b->by_fd[fd], NULL);
    } else if (what == CURL_POLL_IN && (event_get_events(b->by_fd[fd]) & EV_READ) == 0) {
        event_del(b->by_fd[fd]);
        event_assign(b->by_fd[fd], base, fd, EV_READ | EV_PERSIST, bare_event, b);
        event_add(b->by_fd[fd], NULL);
    }
    return 0; /* POLL_REMOVE: stays registered */
}

static void bare_timeout(evutil_socket_t fd, short what, void *arg)
{
    struct bare *b = arg;
    int running;

    (void)fd;
    (void)what;
    curl_multi_socket_action(b->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    bare_drain(b);
}

static int bare_timer(CURLM *multi, long ms, void *arg)
{
    struct bare *b = arg;
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    (void)multi;
    if (ms < 0)
        event_del(b->timer);
    else
        event_add(b->timer, &tv);
    return 0;
}

static void bare_handle(struct request *r)
{
    r->easy = curl_easy_init();
    curl_easy_setopt(r->easy, CURLOPT_URL, opt.url);
    curl_easy_setopt(r->easy, CURLOPT_PRIVATE, r);
    curl_easy_setopt(r->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(r->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(r->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(r->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(sizeof(body) - 1));
    if (with_readfunction) {
        curl_easy_setopt(r->easy, CURLOPT_READFUNCTION, give);
        curl_easy_setopt(r->easy, CURLOPT_READDATA, r);
    } else {
        curl_easy_setopt(r->easy, CURLOPT_POSTFIELDS, body);
    }
    curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, swallow);
    curl_easy_setopt(r->easy, CURLOPT_TIMEOUT_MS, 10000L);
    curl_easy_setopt(r->easy, CURLOPT_PROXY, "");
}

static void run_bare(void)
{
    struct event_config *cfg = event_config_new();
    size_t n_multi = (size_t)(opt.window + PER_MULTI - 1) / PER_MULTI;
    struct bare *b = xcalloc(n_multi, sizeof(*b));
    struct request *r = xcalloc((size_t)opt.window, sizeof(*r));

    event_config_set_flag(cfg, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    base = event_base_new_with_config(cfg);
    event_config_free(cfg);
    for (size_t i = 0; i < n_multi; i++) {
        b[i].multi = curl_multi_init();
        b[i].timer = evtimer_new(base, bare_timeout, &b[i]);
        curl_multi_setopt(b[i].multi, CURLMOPT_SOCKETFUNCTION, bare_socket);
        curl_multi_setopt(b[i].multi, CURLMOPT_SOCKETDATA, &b[i]);
        curl_multi_setopt(b[i].multi, CURLMOPT_TIMERFUNCTION, bare_timer);
        curl_multi_setopt(b[i].multi, CURLMOPT_TIMERDATA, &b[i]);
        curl_multi_setopt(b[i].multi, CURLMOPT_MAXCONNECTS, (long)(2 * PER_MULTI));
    }
    for (int64_t i = 0; i < opt.window && i < opt.n; i++) {
        bare_handle(&r[i]);
        bare_begin(&b[(size_t)i % n_multi], &r[i]);
    }
    event_base_dispatch(base);
    for (int64_t i = 0; i < opt.window; i++)
        curl_easy_cleanup(r[i].easy);
    for (size_t i = 0; i < n_multi; i++) {
        curl_multi_cleanup(b[i].multi);
        event_free(b[i].timer);
        for (size_t k = 0; k < FDS; k++)
            if (b[i].by_fd[k] != NULL)
                event_free(b[i].by_fd[k]);
    }
    event_base_free(base);
    free(b);
    free(r);
}

/* (c): through net/http */

static struct loop *loop;
static struct http *client;
static struct http_call call;
static enum http_reach reach;

static void on_done(void *arg, const struct http_answer *a)
{
    (void)arg;
    if (a->outcome != HTTP_ANSWERED || a->status != 200)
        panic("request failed: %s", a->detail);
    if (++n_done == opt.n)
        loop_stop(loop);
    if (n_begun < opt.n) {
        n_begun++;
        http_begin(client, &call, reach, on_done, NULL);
    }
}

static void run_net(bool two_writes)
{
    struct http_opts o = {
        .user_agent = "crier", .max_in_flight = (size_t)opt.window, .two_writes = two_writes};
    struct err e = {.msg = ""};

    loop = loop_new(&e);
    if (loop == NULL || (client = http_new(loop, &o, &e)) == NULL ||
        http_check_url(opt.url, false, &reach, &e) < 0)
        fatal(2, "%s", e.msg);
    call = (struct http_call){.method = "POST",
                              .url = opt.url,
                              .headers = headers,
                              .body = body,
                              .body_len = sizeof(body) - 1,
                              .connect_timeout_ms = 5000,
                              .timeout_ms = 10000};
    for (int64_t i = 0; i < opt.window && i < opt.n; i++) {
        n_begun++;
        http_begin(client, &call, reach, on_done, NULL);
    }
    loop_run(loop);
    http_free(client);
    loop_free(loop);
}

static int64_t cpu_us(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec +
           u.ru_stime.tv_usec;
}

static void run_postfields(void)
{
    with_readfunction = false;
    run_bare();
}

static void run_readfunction(void)
{
    with_readfunction = true;
    run_bare();
}

static void run_net_two(void)
{
    run_net(true);
}

static void run_net_one(void)
{
    run_net(false);
}

static struct {
    const char *name;
    void (*run)(void);
    double rate, cpu; /* the best round */
} senders[] = {
    {"bare libcurl, POSTFIELDS",   run_postfields,   0, 0},
    {"bare libcurl, READFUNCTION", run_readfunction, 0, 0},
    {"net/http",                   run_net_one,      0, 0},
    {"net/http, two writes",       run_net_two,      0, 0}
};

static void measure(size_t i)
{
    int64_t wall = loop_now_us(), cpu = cpu_us();
    double rate;

    n_begun = n_done = 0;
    senders[i].run();
    rate = (double)opt.n * 1e6 / (double)(loop_now_us() - wall);
    if (rate > senders[i].rate) {
        senders[i].rate = rate;
        senders[i].cpu = (double)(cpu_us() - cpu) / (double)opt.n;
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        int64_t *v = strcmp(argv[i], "--requests") == 0 ? &opt.n
                     : strcmp(argv[i], "--window") == 0 ? &opt.window
                     : strcmp(argv[i], "--rounds") == 0 ? &opt.rounds
                                                        : NULL;
        if (v == NULL)
            opt.url = argv[i];
        else if (++i >= argc || num_i64(argv[i], 1, 100000000, v) < 0)
            fatal(2, "a number is missing after %s", argv[i - 1]);
    }
    if (opt.url == NULL)
        fatal(2, "usage: bench_http URL [--requests N] [--window N] [--rounds N]");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    list = curl_slist_append(list, "Expect:");
    for (size_t i = 0; headers[i] != NULL; i++)
        list = curl_slist_append(list, headers[i]);
    for (int64_t round = 0; round < opt.rounds; round++)
        for (size_t i = 0; i < ARRAY_LEN(senders); i++)
            measure(i);
    printf("%-28s %12s %10s %8s\n", "sender", "requests/s", "CPU us", "ratio");
    for (size_t i = 0; i < ARRAY_LEN(senders); i++)
        printf("%-28s %12.0f %10.1f %8.2f\n", senders[i].name, senders[i].rate, senders[i].cpu,
               senders[i].rate / senders[0].rate);
    curl_slist_free_all(list);
    curl_global_cleanup();
    return 0;
}
