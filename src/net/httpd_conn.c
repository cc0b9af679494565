/* Connections: evhttp makes and frees them; here they are counted and timed.
 *
 * evhttp 2.1 tells nobody of a new connection. What it offers is a hook that makes its bufferevent; a moment later the
 * bufferevent's callback argument is the evhttp_connection, and only then its end can be watched. */
#include "net/httpd_conn.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"

enum { PATIENCE_MS = 1000 /* who keeps us waiting longer gives way when there is no room */ };

/* It has said something, or is gone. */
static void stop_silence(struct httpd_conn *c)
{
    if (!c->silent)
        return;
    c->silent = false;
    TAILQ_REMOVE(&c->server->silent, c, silent_entry);
}

static void stop_reading(struct httpd_conn *c)
{
    if (!c->reading)
        return;
    c->reading = false;
    TAILQ_REMOVE(&c->server->reading, c, reading_entry);
}

static void on_closed(struct evhttp_connection *evcon, void *arg)
{
    struct httpd_conn *c = arg;

    (void)evcon;
    stop_reading(c);
    stop_silence(c);
    evbuffer_remove_cb_entry(bufferevent_get_input(c->bev), c->on_input);
    if (c->req != NULL)
        httpd_req_orphan(c->req);
    HASH_DEL(c->server->conns, c);
    c->side->n_conns--;
    free(c);
}

static void start_reading(struct httpd_conn *c)
{
    struct httpd *s = c->server;

    if (c->reading || c->req != NULL)
        return;
    stop_silence(c);
    c->reading = true;
    c->since_us = loop_now_us();
    c->deadline_us = loop_now_us() + s->opts.request_timeout_ms * 1000;
    TAILQ_INSERT_TAIL(&s->reading, c, reading_entry); /* one timeout for all: the list is in order */
    if (!loop_timer_armed(s->reading_timer))
        loop_timer_arm_ms(s->reading_timer, s->opts.request_timeout_ms);
}

static void on_input(struct evbuffer *in, const struct evbuffer_cb_info *info, void *arg)
{
    (void)in;
    if (info->n_added > 0)
        start_reading(arg);
}

void httpd_conn_begin(struct httpd_conn *c)
{
    if (evbuffer_get_length(bufferevent_get_input(c->bev)) > 0)
        start_reading(c);
}

/* Requests that take too long to arrive. The timer is lazy: armed for the first, looked at again when it fires. */
void httpd_conn_run_reading(void *server)
{
    struct httpd *s = server;
    struct httpd_conn *c;
    int64_t now = loop_now_us();

    while ((c = TAILQ_FIRST(&s->reading)) != NULL && c->deadline_us <= now) {
        if (c->evcon == NULL)
            panic("a request came in before its connection was known");
        evhttp_connection_free(c->evcon);
    }
    if (c != NULL)
        loop_timer_arm_us(s->reading_timer, c->deadline_us - now);
}

static void on_request(struct evhttp_request *er, void *arg)
{
    struct httpd_side *side = arg;
    struct httpd *s = side->server;
    struct evhttp_connection *evcon = evhttp_request_get_connection(er);
    struct httpd_conn *c;
    struct httpd_req *r;

    loop_enter(s->loop);
    HASH_FIND_PTR(s->conns, &evcon, c);
    if (c == NULL)
        panic("a request on a connection that was never seen");
    stop_reading(c);
    r = httpd_req_new(c, er);
    if (r != NULL)
        s->on_request(s->arg, r);
}

static struct bufferevent *on_accept(struct event_base *base, void *arg)
{
    struct httpd_side *side = arg;
    struct httpd *s = side->server;
    struct httpd_conn *c = xcalloc(1, sizeof(*c));

    c->server = s;
    c->side = side;
    c->bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    if (c->bev == NULL)
        panic("out of memory");
    /* While an answer is written evhttp reads on without end, only to see the client go: bound it. */
    bufferevent_setwatermark(c->bev, EV_READ, 0, s->opts.max_header + s->opts.max_body + 65536);
    c->on_input = evbuffer_add_cb(bufferevent_get_input(c->bev), on_input, c);
    TAILQ_INSERT_TAIL(&s->fresh, c, fresh_entry);
    loop_post(s->loop, &s->fresh_task);
    return c->bev;
}

/* Is ${c}, at the head of its list, one that must give way? Both lists are in order. */
static bool gives_way(const struct httpd_conn *c)
{
    return c->evcon != NULL && c->since_us + PATIENCE_MS * 1000 <= loop_now_us();
}

/* All connections are taken: who never said anything, or has been dawdling over a request for a while, makes room. Else a few hundred slow strangers would shut
 * out the providers. */
static bool make_room(struct httpd_side *side)
{
    struct httpd *s = side->server;
    struct httpd_conn *c;

    TAILQ_FOREACH(c, &s->silent, silent_entry)
    if (c->side == side)
        break;
    if (c == NULL || !gives_way(c)) {
        TAILQ_FOREACH(c, &s->reading, reading_entry)
        if (c->side == side)
            break;
    }
    if (c == NULL || !gives_way(c))
        return false;
    evhttp_connection_free(c->evcon);
    return true;
}

/* Connections accepted in this turn: their evhttp_connection is known now. */
void httpd_conn_run_fresh(void *server)
{
    struct httpd *s = server;
    struct httpd_conn *c;

    while ((c = TAILQ_FIRST(&s->fresh)) != NULL) {
        void *evcon = NULL;

        TAILQ_REMOVE(&s->fresh, c, fresh_entry);
        bufferevent_getcb(c->bev, NULL, NULL, NULL, &evcon);
        if (evcon == NULL)
            panic("evhttp keeps its connections elsewhere than expected");
        c->evcon = evcon;
        HASH_ADD_PTR(s->conns, evcon, c);
        evhttp_connection_set_closecb(c->evcon, on_closed, c);
        if (!c->reading) {
            c->silent = true;
            c->since_us = loop_now_us();
            TAILQ_INSERT_TAIL(&s->silent, c, silent_entry);
        }
        if (++c->side->n_conns > s->opts.max_connections && !make_room(c->side)) {
            log_debug("http.connection-refused", "connections=%zu", s->opts.max_connections);
            evhttp_connection_free(c->evcon);
        }
    }
}

void httpd_conn_accept(struct httpd_side *side)
{
    evhttp_set_bevcb(side->http, on_accept, side);
    evhttp_set_gencb(side->http, on_request, side);
}
