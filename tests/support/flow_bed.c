#include "tests/support/flow_bed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

#define WAIT_MS 10000

/* ---- what the parts tell ---- */

static void on_settled(void *arg, const char *id, enum lane lane, const uint32_t counts[RECIPIENT_STATE_N])
{
    struct flow_bed *b = arg;

    (void)id, (void)lane;
    for (size_t s = 0; s < RECIPIENT_STATE_N; s++)
        b->settled[s] += counts[s];
    scheduler_settled(b->scheduler);
}

static void on_room(void *arg)
{
    struct flow_bed *b = arg;

    if (b->feeder != NULL)
        feeder_poke(b->feeder);
}

static void on_work(void *arg)
{
    struct flow_bed *b = arg;

    if (b->feeder != NULL)
        feeder_wake(b->feeder);
}

static void on_notice(void *arg, const char *id, enum notice_state s)
{
    (void)arg, (void)id, (void)s;
}

static void on_accepted(void *arg, const struct notice *n)
{
    struct flow_bed *b = arg;

    b->n_accepted++;
    if (n->cancels[0] != '\0')
        feeder_drop(b->feeder, n->cancels);
    for (size_t i = 0; i < n->alert.n_supersedes; i++)
        feeder_drop(b->feeder, n->alert.supersedes[i]);
    scheduler_poke(b->scheduler);
}

static void on_rejected(void *arg, const char *reason)
{
    struct flow_bed *b = arg;

    b->n_rejected++;
    memset(b->reason, 0, sizeof(b->reason));
    memcpy(b->reason, reason, strnlen(reason, sizeof(b->reason) - 1));
}

/* ---- wiring ---- */

static void on_state(void *arg, enum redis_state s, const char *why)
{
    struct flow_bed *b = arg;

    (void)why;
    if (b->feeder == NULL)
        return;
    if (s == REDIS_UP && b->replay)
        feeder_replay(b->feeder);
    feeder_set_usable(b->feeder, s == REDIS_UP);
    scheduler_set_usable(b->scheduler, s == REDIS_UP);
    if (s == REDIS_UP)
        intake_start(b->intake);
}

static struct redis *connect_redis(struct flow_bed *b, bool main)
{
    struct redis_opts o = {.url = redis_server_url(b->server),
                           .timeout_ms = main ? 3000 : 0,
                           .on_state = main ? on_state : NULL,
                           .arg = b};
    struct err e;
    struct redis *r = redis_new(b->loop, &o, &e);

    if (r == NULL)
        panic("%s", e.msg);
    return r;
}

static int dead_port(struct flow_bed *b)
{
    struct httpd *h = httpd_new(b->loop, &(struct httpd_opts){.max_body = 1024}, flow_on_first, b);
    struct err e;
    int port;

    if (httpd_listen_tcp(h, "127.0.0.1:0", &e) != 0)
        panic("%s", e.msg);
    port = httpd_port(h);
    httpd_free(h);
    return port;
}

static void start_link(struct flow_bed *b, size_t i)
{
    struct link_opts lo = {.loop = b->loop,
                           .http = b->http,
                           .queue = b->q,
                           .config = &b->config,
                           .conf = &b->providers[i],
                           .timeout_ms = b->opts.timeout_ms,
                           .route = (uint8_t)i,
                           .reserved_percent = 20,
                           .on_room = on_room,
                           .arg = b};
    struct err e;

    b->links[i] = link_new(&lo, &e);
    if (b->links[i] == NULL)
        panic("%s", e.msg);
}

static void new_link(struct flow_bed *b, size_t i, const struct flow_opts *o)
{
    struct config_provider *p = &b->providers[i];
    struct httpd_opts ho = {.max_body = 1 << 20, .max_connections = 1024};
    struct err e;
    int port;

    b->httpd[i] = i == 0 && o->on_first != NULL
                      ? httpd_new(b->loop, &ho, o->on_first, o->arg)
                      : httpd_new(b->loop, &ho, i == 0 ? flow_on_first : flow_on_second, b);
    if (httpd_listen_tcp(b->httpd[i], "127.0.0.1:0", &e) != 0)
        panic("%s", e.msg);
    port = i == 0 && o->dead_first ? dead_port(b) : httpd_port(b->httpd[i]);
    *p = (struct config_provider){
        .name = xasprintf("p%zu", i),
        .driver = xstrdup("json"),
        .channel = xstrdup(i == 1 && o->second_channel != NULL ? o->second_channel : "sms"),
        .community = xstrdup("venus"),
        .url = xasprintf("http://127.0.0.1:%d/send", port),
        .window = o->window > 0 ? o->window : 8,
        .rate = o->rate,
        .batch = o->batch > 0 ? o->batch : 1,
        .priority = (int64_t)i};
    if (i == 0 && o->shape != NULL)
        o->shape(b, p);
    start_link(b, i);
}

static void new_parts(struct flow_bed *b, const struct flow_opts *o)
{
    struct feeder_opts fo = {.loop = b->loop,
                             .queue = b->q,
                             .links = b->links,
                             .n_links = b->n_links,
                             .sign = "金星社区",
                             .channels = b->channels,
                             .n_channels = b->n_channels,
                             .lease_ms = o->lease_ms > 0 ? o->lease_ms : 30000,
                             .retry_base_ms = o->retry_base_ms,
                             .on_settled = on_settled,
                             .arg = b};
    struct scheduler_opts so = {.loop = b->loop,
                                .queue = b->q,
                                .sweep_ms = 200,
                                .channels = b->channels,
                                .n_channels = b->n_channels,
                                .on_work = on_work,
                                .on_notice = on_notice,
                                .arg = b};
    struct intake_opts io = {.loop = b->loop,
                             .queue = b->q,
                             .block_e = b->block_e,
                             .block = b->block,
                             .config = &b->config,
                             .community = &b->community,
                             .on_accepted = on_accepted,
                             .on_rejected = on_rejected,
                             .arg = b};

    b->intake = intake_new(&io);
    b->scheduler = scheduler_new(&so);
    b->feeder = feeder_new(&fo);
}

static bool all_up(void *arg)
{
    struct flow_bed *b = arg;

    return redis_state(b->redis) == REDIS_UP && redis_state(b->block) == REDIS_UP &&
           redis_state(b->block_e) == REDIS_UP;
}

static void start_queue(struct flow_bed *b, const struct flow_opts *o)
{
    struct queue_opts qo = {.prefix = "crier:", .community = "venus", .daemon_id = "d1"};

    b->redis = connect_redis(b, true);
    b->block = connect_redis(b, false);
    b->block_e = connect_redis(b, false);
    qo.redis = b->redis;
    qo.lease_ms = o->lease_ms > 0 ? o->lease_ms : 30000;
    b->q = queue_new(&qo);
}

static void stop_queue(struct flow_bed *b)
{
    queue_free(b->q);
    redis_free(b->redis);
    redis_free(b->block);
    redis_free(b->block_e);
}

static void start_work(struct flow_bed *b)
{
    if (!loop_run_until(b->loop, all_up, b, WAIT_MS))
        panic("no connection to the test's Redis");
    new_parts(b, &b->opts);
    on_state(b, REDIS_UP, "");
}

/* Connections go with the daemon: an answer to what its parts had asked would reach nobody. */
void flow_restart(struct flow_bed *b)
{
    intake_free(b->intake);
    scheduler_free(b->scheduler);
    feeder_free(b->feeder);
    b->feeder = NULL;
    for (size_t i = 0; i < b->n_links; i++)
        link_free(b->links[i]);
    stop_queue(b);
    start_queue(b, &b->opts);
    for (size_t i = 0; i < b->n_links; i++)
        start_link(b, i);
    start_work(b);
}

struct flow_bed *flow_new(const struct flow_opts *o)
{
    struct flow_bed *b = xcalloc(1, sizeof(*b));
    struct http_opts ho = {.user_agent = "crier-test", .max_in_flight = 64};
    struct err e;

    b->opts = *o;
    b->server = redis_server_start(o->aof ? REDIS_SERVER_AOF : REDIS_SERVER_MEMORY, NULL);
    b->loop = loop_new(&e);
    b->http = b->loop != NULL ? http_new(b->loop, &ho, &e) : NULL;
    if (b->http == NULL)
        panic("%s", e.msg);
    b->community.name = xstrdup("venus");
    b->config.template_dir = xstrdup("");
    start_queue(b, o);
    b->n_links = o->n_links > 0 ? o->n_links : 1;
    for (size_t i = 0; i < b->n_links; i++)
        new_link(b, i, o);
    for (size_t i = 0; i < b->n_links; i++)
        if (i == 0 || strcmp(b->providers[i].channel, b->channels[0]) != 0)
            b->channels[b->n_channels++] = b->providers[i].channel;
    start_work(b);
    return b;
}

void flow_free(struct flow_bed *b)
{
    flow_release(b);
    intake_free(b->intake);
    scheduler_free(b->scheduler);
    feeder_free(b->feeder);
    for (size_t i = 0; i < b->n_links; i++) {
        link_free(b->links[i]);
        httpd_free(b->httpd[i]);
        free(b->providers[i].name);
        free(b->providers[i].driver);
        free(b->providers[i].channel);
        free(b->providers[i].community);
        free(b->providers[i].url);
    }
    stop_queue(b);
    http_free(b->http);
    loop_free(b->loop);
    redis_server_stop(b->server);
    free(b->community.name);
    free(b->config.template_dir);
    free(b);
}

/* ---- driving ---- */

void flow_push(struct flow_bed *b, bool emergency, const char *json)
{
    free(redis_server_ask(b->server, "LPUSH", emergency ? "crier:{venus}:inbox:e" : "crier:{venus}:inbox",
                          json, NULL));
}

void flow_notice(struct flow_bed *b, const char *id, const char *lane, unsigned from, unsigned n)
{
    struct buf json = BUF_INIT(NOTICE_JSON_MAX);

    buf_fmt(&json, "{\"v\":1,\"id\":\"%s\",\"lane\":\"%s\",\"text\":\"明早八点篮球赛\",\"to\":{\"phones\":[",
            id, lane);
    for (unsigned i = 0; i < n; i++)
        buf_fmt(&json, "%s\"+861380%07u\"", i > 0 ? "," : "", from + i);
    if (buf_str(&json, "]}}") != 0)
        panic("too many numbers");
    flow_push(b, strcmp(lane, "emergency") == 0, json.data);
    buf_fini(&json);
}

struct condition {
    struct flow_bed *b;
    bool (*cond)(struct flow_bed *b);
};

static bool holds(void *arg)
{
    struct condition *c = arg;

    return c->cond(c->b);
}

bool flow_until(struct flow_bed *b, bool (*cond)(struct flow_bed *b))
{
    struct condition c = {.b = b, .cond = cond};

    return loop_run_until(b->loop, holds, &c, WAIT_MS);
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

void flow_run_ms(struct flow_bed *b, int64_t ms)
{
    loop_run_until(b->loop, never, NULL, ms);
}

struct got {
    bool done;
    struct queue_notice n;
};

static void on_got(void *arg, const struct queue_result *r, const struct queue_notice *n)
{
    struct got *g = arg;

    if (r->status == QUEUE_OK && n != NULL)
        g->n = *n;
    g->done = true;
}

static bool got_it(void *arg)
{
    return ((struct got *)arg)->done;
}

struct queue_notice flow_get(struct flow_bed *b, const char *id)
{
    struct got g;

    memset(&g, 0, sizeof(g));
    g.n.state = NOTICE_REJECTED;
    queue_notice_get(b->q, id, on_got, &g);
    if (!loop_run_until(b->loop, got_it, &g, WAIT_MS))
        panic("no answer about %s", id);
    return g.n;
}

bool flow_until_state_within(struct flow_bed *b, const char *id, enum notice_state s, int64_t ms)
{
    int64_t end = clock_mono_ms() + ms;

    while (clock_mono_ms() < end) {
        struct queue_notice n = flow_get(b, id);

        if (n.id[0] != '\0' && n.state == s)
            return true;
        flow_run_ms(b, 10);
    }
    return false;
}

bool flow_until_state(struct flow_bed *b, const char *id, enum notice_state s)
{
    return flow_until_state_within(b, id, s, WAIT_MS);
}

void flow_warm(struct flow_bed *b)
{
    flow_notice(b, "warm", "bulk", 9000000, 1000);
    if (!flow_until_state(b, "warm", NOTICE_DONE) ||
        link_limit_now(b->links[0]) != (size_t)b->providers[0].window)
        panic("the window is not used");
    b->n_messages = b->n_requests = b->most_in_flight = b->n_accepted = 0;
    memset(b->settled, 0, sizeof(b->settled));
}

size_t flow_count(const struct flow_bed *b, const char *notice)
{
    size_t n = 0, len = strlen(notice);

    for (size_t i = 0; i < b->n_messages; i++)
        n += strncmp(b->messages[i].ref, notice, len) == 0 && b->messages[i].ref[len] == '.';
    return n;
}
