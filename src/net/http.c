/* A client: requests spread over a few multi handles ("shards").
 *
 *   http_begin --add_handle--> shard --task: one kick for all that were added--> libcurl --socket events--> shard
 *                                                                                  |
 *   completion <-- task: drain of curl_multi_info_read <---------------------------+
 *
 * libcurl's callbacks (timer, socket) only take notes; libcurl is called from tasks and events alone. What a request
 * costs in one multi handle grows with the requests in flight there, so one shard takes SHARD_FULL of them. */
#include "net/http.h"

#include <stdlib.h>

#include "base/mem.h"
#include "net/http_op.h"
#include "net/http_url.h"

enum { SHARD_FULL = 64 };

struct http_shard {
    struct http *http;
    CURLM *multi;
    struct loop_task task;
    struct loop_timer *timer;
    int64_t deadline_us; /* libcurl wants to be called then; 0 = never. The timer may be early, never late */
    int64_t armed_us;    /* the timer fires then; 0 = not armed */
    bool kick;           /* libcurl wants to be called now */
    size_t n_active;
    struct http_op_list idle, active;
};

struct http {
    struct loop *loop;
    struct http_socks *socks;
    struct http_shard **shards;
    size_t n_shards, n_in_flight, n_idle;
    struct http_op_list failed;
    struct loop_task fail_task;
    size_t max_in_flight;
    char *user_agent, *ca_file;
    bool dead, two_writes;
};

static void must(CURLMcode rc, const char *what)
{
    if (rc != CURLM_OK)
        panic("libcurl: %s: %s", what, curl_multi_strerror(rc));
}

static void arm(struct http_shard *s)
{
    if (s->deadline_us == 0 || (s->armed_us != 0 && s->armed_us <= s->deadline_us))
        return;
    s->armed_us = s->deadline_us;
    loop_timer_arm_us(s->timer, s->deadline_us - loop_now_us());
}

/* libcurl tells when it wants to be called. It changes its mind with every request: the timer is left as it is when it
 * fires early enough. */
static int on_timer_wish(CURLM *multi, long ms, void *arg)
{
    struct http_shard *s = arg;

    (void)multi;
    s->deadline_us = 0;
    if (ms == 0) {
        s->kick = true;
        loop_post(s->http->loop, &s->task);
    } else if (ms > 0) {
        s->deadline_us = loop_now_us() + (int64_t)ms * 1000;
        arm(s);
    }
    return 0;
}

static void on_timer(void *arg)
{
    struct http_shard *s = arg;

    s->armed_us = 0;
    if (s->deadline_us == 0)
        return;
    if (s->deadline_us > loop_now_us()) {
        arm(s);
        return;
    }
    s->deadline_us = 0;
    s->kick = true;
    loop_post(s->http->loop, &s->task);
}

static int on_socket_wish(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
    struct http_shard *s = arg;
    struct http_op *op = NULL;
    bool settled = false;

    (void)unused;
    if (what == CURL_POLL_IN && curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&op) == CURLE_OK &&
        op != NULL)
        settled = op->settled;
    http_socks_watch(s->http->socks, fd, what, settled, s);
    return 0;
}

static void on_socket_ready(void *owner, int fd, int bits)
{
    struct http_shard *s = owner;
    int running;

    must(curl_multi_socket_action(s->multi, fd, bits, &running), "socket_action");
    loop_post(s->http->loop, &s->task);
}

/* The request is over; its room can be used at once, its handle (and the answer in it) not yet. */
static void leave(struct http_op *op)
{
    op->state = HTTP_OP_IDLE;
    op->shard->n_active--;
    op->shard->http->n_in_flight--;
}

static void retire(struct http_op *op)
{
    struct http_shard *s = op->shard;
    struct http *h = s->http;

    op->call = NULL;
    if (h->n_idle >= h->max_in_flight) {
        http_op_free(op);
        return;
    }
    h->n_idle++;
    TAILQ_INSERT_HEAD(&s->idle, op, entry); /* the warmest first */
}

/* ${op} is in no list. Its answer is borrowed by the callback: the op goes back to the idle ones afterwards. */
static void complete(struct http_op *op, CURLcode rc)
{
    struct http *h = op->shard->http;
    struct http_answer a;

    http_op_outcome(op, rc, &a);
    leave(op);
    op->cb(op->arg, &a);
    if (h->dead)
        http_op_free(op); /* http_free did not find it in a list */
    else
        retire(op);
}

static void drain(struct http_shard *s)
{
    CURLMsg *m;
    int left;

    while (!s->http->dead && (m = curl_multi_info_read(s->multi, &left)) != NULL) {
        struct http_op *op = NULL;
        CURLcode rc = m->data.result; /* the message goes with remove_handle */

        if (m->msg != CURLMSG_DONE)
            continue;
        if (curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&op) != CURLE_OK || op == NULL)
            panic("a handle without its request");
        must(curl_multi_remove_handle(s->multi, op->easy), "remove_handle");
        TAILQ_REMOVE(&s->active, op, entry);
        complete(op, rc);
    }
}

static void run_shard(void *arg)
{
    struct http_shard *s = arg;
    int running;

    if (s->kick) {
        s->kick = false;
        must(curl_multi_socket_action(s->multi, CURL_SOCKET_TIMEOUT, 0, &running), "socket_action");
    }
    drain(s);
}

static void run_failed(void *arg)
{
    struct http *h = arg;
    struct http_op *op;
    size_t n = 0;

    TAILQ_FOREACH(op, &h->failed, entry)
    n++;
    while (n-- > 0 && !h->dead && (op = TAILQ_FIRST(&h->failed)) != NULL) {
        TAILQ_REMOVE(&h->failed, op, entry);
        complete(op, CURLE_FAILED_INIT);
    }
    if (!h->dead && !TAILQ_EMPTY(&h->failed))
        loop_post(h->loop, &h->fail_task);
}

static struct http_shard *shard_new(struct http *h)
{
    struct http_shard *s = xcalloc(1, sizeof(*s));

    s->http = h;
    TAILQ_INIT(&s->idle);
    TAILQ_INIT(&s->active);
    s->task = (struct loop_task){.cb = run_shard, .arg = s};
    s->timer = loop_timer_new(h->loop, on_timer, s);
    s->multi = curl_multi_init();
    if (s->multi == NULL)
        panic("out of memory");
    must(curl_multi_setopt(s->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING), "setopt");
    must(curl_multi_setopt(s->multi, CURLMOPT_MAXCONNECTS, (long)(2 * SHARD_FULL)), "setopt");
    must(curl_multi_setopt(s->multi, CURLMOPT_TIMERFUNCTION, on_timer_wish), "setopt");
    must(curl_multi_setopt(s->multi, CURLMOPT_TIMERDATA, s), "setopt");
    must(curl_multi_setopt(s->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wish), "setopt");
    must(curl_multi_setopt(s->multi, CURLMOPT_SOCKETDATA, s), "setopt");
    h->shards = xrealloc(h->shards, (h->n_shards + 1) * sizeof(struct http_shard *));
    h->shards[h->n_shards++] = s;
    return s;
}

static void free_ops(struct http_op_list *list, CURLM *multi)
{
    struct http_op *op;

    while ((op = TAILQ_FIRST(list)) != NULL) {
        TAILQ_REMOVE(list, op, entry);
        if (multi != NULL)
            must(curl_multi_remove_handle(multi, op->easy), "remove_handle");
        http_op_free(op);
    }
}

struct http *http_new(struct loop *l, const struct http_opts *o, struct err *e)
{
    struct http *h;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        err_set(e, "http", NULL, "cannot initialise libcurl");
        return NULL;
    }
    h = xcalloc(1, sizeof(*h));
    h->loop = l;
    h->max_in_flight = o->max_in_flight > 0 ? o->max_in_flight : SHARD_FULL;
    h->two_writes = o->two_writes;
    h->user_agent = xstrdup(o->user_agent != NULL ? o->user_agent : "crier");
    h->ca_file = o->ca_file != NULL ? xstrdup(o->ca_file) : NULL;
    h->socks = http_socks_new(l, on_socket_ready);
    TAILQ_INIT(&h->failed);
    h->fail_task = (struct loop_task){.cb = run_failed, .arg = h};
    return h;
}

/* At the end of the turn: nothing of libcurl is on the stack any more. */
static void dispose(void *arg)
{
    struct http *h = arg;

    free_ops(&h->failed, NULL);
    for (size_t i = 0; i < h->n_shards; i++) {
        struct http_shard *s = h->shards[i];

        free_ops(&s->active, s->multi);
        free_ops(&s->idle, NULL);
        if (curl_multi_cleanup(s->multi) != CURLM_OK)
            panic("libcurl: cleanup");
        loop_timer_free(s->timer);
        loop_task_cancel(h->loop, &s->task); /* libcurl's last timer wish may have posted it */
        free(s);
    }
    free(h->shards);
    http_socks_free(h->socks);
    free(h->user_agent);
    free(h->ca_file);
    free(h);
    curl_global_cleanup();
}

void http_free(struct http *h)
{
    if (h == NULL || h->dead)
        return;
    h->dead = true;
    loop_task_cancel(h->loop, &h->fail_task);
    for (size_t i = 0; i < h->n_shards; i++) {
        loop_task_cancel(h->loop, &h->shards[i]->task);
        loop_timer_disarm(h->shards[i]->timer);
    }
    loop_at_turn_end(h->loop, dispose, h);
}

int http_check_url(const char *url, bool allow_private, enum http_reach *reach, struct err *e)
{
    return http_url_check(url, allow_private, reach, e);
}

/* The first with room, so that few requests share few warm connections; when all are full a new one, up to what was
 * announced; then the emptiest. */
static struct http_shard *pick_shard(struct http *h)
{
    struct http_shard *least = NULL;

    for (size_t i = 0; i < h->n_shards; i++) {
        if (h->shards[i]->n_active < SHARD_FULL)
            return h->shards[i];
        if (least == NULL || h->shards[i]->n_active < least->n_active)
            least = h->shards[i];
    }
    return least == NULL || h->n_shards * SHARD_FULL < h->max_in_flight ? shard_new(h) : least;
}

static struct http_op *take_op(struct http *h)
{
    struct http_opts o = {.user_agent = h->user_agent, .ca_file = h->ca_file, .two_writes = h->two_writes};
    struct http_shard *s;
    struct http_op *op;

    /* more than was announced: keep as many handles as were needed once */
    if (h->n_in_flight >= h->max_in_flight)
        h->max_in_flight = h->n_in_flight + 1;
    s = pick_shard(h);
    op = TAILQ_FIRST(&s->idle);
    if (op != NULL) {
        TAILQ_REMOVE(&s->idle, op, entry);
        h->n_idle--;
    } else {
        op = http_op_new(s, h->socks, &o);
    }
    s->n_active++;
    h->n_in_flight++;
    return op;
}

struct http_op *http_begin(struct http *h, const struct http_call *call, enum http_reach reach,
                           http_done_fn cb, void *arg)
{
    struct http_op *op = take_op(h);

    op->cb = cb;
    op->arg = arg;
    op->began_us = loop_now_us();
    if (http_op_prepare(op, call, reach) && curl_multi_add_handle(op->shard->multi, op->easy) == CURLM_OK) {
        op->state = HTTP_OP_ACTIVE;
        TAILQ_INSERT_TAIL(&op->shard->active, op, entry);
        return op;
    }
    if (op->reason == NULL)
        op->reason = "libcurl does not take the request";
    op->state = HTTP_OP_FAILED;
    TAILQ_INSERT_TAIL(&h->failed, op, entry);
    loop_post(h->loop, &h->fail_task);
    return op;
}

bool http_cancel(struct http_op *op)
{
    bool written = http_written(op);

    switch (op->state) {
    case HTTP_OP_IDLE:
        panic("a request was cancelled after its completion");
    case HTTP_OP_FAILED:
        TAILQ_REMOVE(&op->shard->http->failed, op, entry);
        break;
    case HTTP_OP_ACTIVE:
        TAILQ_REMOVE(&op->shard->active, op, entry);
        must(curl_multi_remove_handle(op->shard->multi, op->easy), "remove_handle");
        break;
    }
    leave(op);
    retire(op);
    return written;
}

bool http_written(const struct http_op *op)
{
    return op->state == HTTP_OP_ACTIVE && http_op_written(op);
}

size_t http_in_flight(const struct http *h)
{
    return h->n_in_flight;
}
