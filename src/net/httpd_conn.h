/* Connections and requests of the HTTP server. Private to net/httpd*.c. */
#ifndef NET_HTTPD_CONN_H
#define NET_HTTPD_CONN_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#define HASH_FUNCTION(key, len, hash)                                                                        \
    HASH_FNV(key, len, hash) /* the default one falls through cases: clang warns */
#include <uthash.h>

#include "net/httpd.h"

/* One listener kind with its evhttp: tells where a connection came in. */
struct httpd_side {
    struct httpd *server;
    struct evhttp *http;
    bool local;
    size_t n_conns; /* counted apart: a flood from the network leaves the socket of staff usable */
};

struct httpd_conn {
    struct httpd *server;
    struct httpd_side *side;
    struct evhttp_connection *evcon; /* key of the server's table; NULL until it is in there */
    struct bufferevent *bev;
    struct evbuffer_cb_entry *on_input;
    struct httpd_req *req; /* being handled; NULL while a request is read or awaited */
    bool reading;          /* a request has begun to come in: is in the server's list `reading` */
    int64_t deadline_us;   /* of that request */
    TAILQ_ENTRY(httpd_conn) reading_entry;
    bool silent;      /* never said anything: in the server's list of these */
    int64_t since_us; /* silent, or reading the present request */
    TAILQ_ENTRY(httpd_conn) silent_entry;
    TAILQ_ENTRY(httpd_conn) fresh_entry;
    UT_hash_handle hh;
};

struct httpd_req {
    struct loop *loop;
    struct httpd_conn *conn;   /* NULL: the client has gone */
    struct evhttp_request *er; /* NULL: being sent, evhttp's again */
    char *path, *raw_path;
    struct evkeyvalq query;
    bool query_parsed, local, streaming;
    char peer[64];
    /* streams */
    struct evbuffer_cb_entry *on_output;
    loop_fn on_close, on_drained;
    void *on_close_arg, *on_drained_arg;
    struct loop_task close_task, drained_task;
};

TAILQ_HEAD(httpd_conns, httpd_conn);

struct httpd {
    struct loop *loop;
    struct httpd_opts opts;
    httpd_fn on_request;
    void *arg;
    struct httpd_side tcp, local;
    struct httpd_listener {
        struct httpd_side *side;
        struct evhttp_bound_socket *bound;
    } * listeners;
    size_t n_listeners;
    char **socket_paths;
    size_t n_socket_paths;
    int port;
    struct httpd_conn *conns; /* table by evcon */
    struct httpd_conns fresh; /* accepted in this turn, evcon not yet known */
    struct httpd_conns reading, silent;
    struct loop_task fresh_task;
    struct loop_timer *reading_timer, *accept_timer;
    bool dead;
    TAILQ_ENTRY(httpd) entry;
};

/* httpd_req.c: a request of ${conn} is complete. NULL when it was answered at once (malformed). */
struct httpd_req *httpd_req_new(struct httpd_conn *conn, struct evhttp_request *er);
/* httpd_req.c: the connection is going away under the request. */
void httpd_req_orphan(struct httpd_req *r);
/* httpd_conn.c */
void httpd_conn_accept(struct httpd_side *side); /* sets up evhttp's hooks for new connections */
void httpd_conn_begin(struct httpd_conn *c);     /* the next request on a connection may already be there */
void httpd_conn_run_fresh(void *server);
void httpd_conn_run_reading(void *server);

#endif
