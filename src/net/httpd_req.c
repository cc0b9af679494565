/* Requests and answers. evhttp frees a request together with its connection unless it is owned; the httpd_req, and what
 * was asked with it, lives until it is answered, whatever happened to the client meanwhile. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "net/httpd_conn.h"

static const struct {
    enum evhttp_cmd_type type;
    const char *name;
} methods[] = {
    {EVHTTP_REQ_GET,     "GET"    },
    {EVHTTP_REQ_POST,    "POST"   },
    {EVHTTP_REQ_PUT,     "PUT"    },
    {EVHTTP_REQ_PATCH,   "PATCH"  },
    {EVHTTP_REQ_DELETE,  "DELETE" },
    {EVHTTP_REQ_HEAD,    "HEAD"   },
    {EVHTTP_REQ_OPTIONS, "OPTIONS"},
    {EVHTTP_REQ_TRACE,   "TRACE"  }
};

static size_t count_headers(struct evhttp_request *er, const char *name)
{
    struct evkeyval *h;
    size_t n = 0;

    TAILQ_FOREACH(h, evhttp_request_get_input_headers(er), next)
    n += strcasecmp(h->key, name) == 0;
    return n;
}

/* Two readings of where the body ends are how one request is smuggled in another: refuse. */
static bool ambiguous(struct evhttp_request *er)
{
    size_t lengths = count_headers(er, "Content-Length"), encodings = count_headers(er, "Transfer-Encoding");
    const char *encoding = evhttp_find_header(evhttp_request_get_input_headers(er), "Transfer-Encoding");

    return lengths + encodings > 1 || (encoding != NULL && strcasecmp(encoding, "chunked") != 0) ||
           count_headers(er, "Host") > 1;
}

/* The decoded path, NULL when a NUL is hidden in it. */
static char *decoded_path(const char *raw)
{
    size_t n = 0;
    char *path = evhttp_uridecode(raw, 0, &n);

    if (path != NULL && strlen(path) != n) {
        free(path);
        return NULL;
    }
    return path;
}

static void refuse(struct evhttp_request *er)
{
    static const char body[] =
        "{\"error\":{\"code\":\"bad-request\",\"message\":\"the path or the framing of this request "
        "can be read in two ways\",\"field\":null,\"doc\":\"docs/API.md#errors\"}}";
    struct evbuffer *out = evbuffer_new();

    if (out == NULL || evbuffer_add(out, body, sizeof(body) - 1) != 0)
        panic("out of memory");
    evhttp_add_header(evhttp_request_get_output_headers(er), "Connection", "close");
    evhttp_add_header(evhttp_request_get_output_headers(er), "Content-Type", "application/json");
    evhttp_send_reply(er, HTTP_BADREQUEST, NULL, out);
    evbuffer_free(out);
}

static void req_free(struct httpd_req *r)
{
    if (r->er != NULL && r->conn == NULL) /* its connection has gone: ours */
        evhttp_request_free(r->er);
    if (r->query_parsed)
        evhttp_clear_headers(&r->query);
    loop_task_cancel(r->loop, &r->close_task);
    loop_task_cancel(r->loop, &r->drained_task);
    free(r->path);
    free(r->raw_path);
    free(r);
}

static void run_close(void *arg)
{
    struct httpd_req *r = arg;
    loop_fn cb = r->on_close;
    void *cb_arg = r->on_close_arg;

    req_free(r);
    if (cb != NULL)
        cb(cb_arg);
}

static void run_drained(void *arg)
{
    struct httpd_req *r = arg;
    loop_fn cb = r->on_drained;

    r->on_drained = NULL;
    if (cb != NULL && r->conn != NULL)
        cb(r->on_drained_arg);
}

struct httpd_req *httpd_req_new(struct httpd_conn *conn, struct evhttp_request *er)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(er);
    const char *raw = uri != NULL ? evhttp_uri_get_path(uri) : NULL;
    char *path = raw != NULL ? decoded_path(raw) : NULL;
    struct httpd_req *r;
    char *peer = NULL;
    ev_uint16_t port;
    size_t n;

    if (path == NULL || ambiguous(er)) {
        free(path);
        refuse(er);
        return NULL;
    }
    r = xcalloc(1, sizeof(*r));
    r->loop = conn->server->loop;
    r->conn = conn;
    r->er = er;
    r->path = path;
    r->raw_path = xstrdup(raw);
    r->local = conn->side->local;
    r->close_task = (struct loop_task){.cb = run_close, .arg = r};
    r->drained_task = (struct loop_task){.cb = run_drained, .arg = r};
    evhttp_connection_get_peer(conn->evcon, &peer, &port);
    n = !r->local && peer != NULL ? strlen(peer) : 0;
    if (n > 0 && n < sizeof(r->peer))
        memcpy(r->peer, peer, n + 1);
    conn->req = r;
    return r;
}

void httpd_req_orphan(struct httpd_req *r)
{
    bool server_ends = r->conn->server->dead;

    if (evhttp_request_get_connection(r->er) != NULL) { /* evhttp is about to free it */
        if (r->streaming)
            r->er = NULL;
        else
            evhttp_request_own(r->er); /* who decides late still asks for its parts */
    }
    r->conn->req = NULL;
    r->conn = NULL;
    r->on_output = NULL; /* gone with its buffer */
    if (!r->streaming)
        return; /* lives until it is answered */
    if (server_ends)
        run_close(r); /* the end of the turn: nobody is on the stack, and there may be no other turn */
    else
        loop_post(r->loop, &r->close_task);
}

const char *httpd_method(const struct httpd_req *r)
{
    for (size_t i = 0; r->er != NULL && i < ARRAY_LEN(methods); i++)
        if (methods[i].type == evhttp_request_get_command(r->er))
            return methods[i].name;
    return "";
}

const char *httpd_path(const struct httpd_req *r)
{
    return r->path;
}

const char *httpd_raw_path(const struct httpd_req *r)
{
    return r->raw_path;
}

const char *httpd_raw_query(const struct httpd_req *r)
{
    const char *q = r->er != NULL ? evhttp_uri_get_query(evhttp_request_get_evhttp_uri(r->er)) : NULL;

    return q != NULL ? q : "";
}

/* Parsed at the first question only: most requests have no query. */
static const struct evkeyvalq *query_of(struct httpd_req *r)
{
    if (!r->query_parsed) {
        r->query_parsed = true;
        TAILQ_INIT(&r->query);
        if (httpd_raw_query(r)[0] != '\0' && evhttp_parse_query_str(httpd_raw_query(r), &r->query) != 0)
            TAILQ_INIT(&r->query); /* malformed: as if absent (libevent has cleared it) */
    }
    return &r->query;
}

const char *httpd_query(const struct httpd_req *r, const char *name)
{
    struct httpd_req *cache = (struct httpd_req *)(uintptr_t)r;
    const struct evkeyval *kv;

    TAILQ_FOREACH(kv, query_of(cache), next)
    if (strcmp(kv->key, name) == 0)
        return kv->value;
    return NULL;
}

const char *httpd_header(const struct httpd_req *r, const char *name)
{
    return r->er != NULL ? evhttp_find_header(evhttp_request_get_input_headers(r->er), name) : NULL;
}

const char *httpd_body(const struct httpd_req *r, size_t *len)
{
    struct evbuffer *in = r->er != NULL ? evhttp_request_get_input_buffer(r->er) : NULL;

    *len = in != NULL ? evbuffer_get_length(in) : 0;
    return *len > 0 ? (const char *)evbuffer_pullup(in, -1) : "";
}

bool httpd_is_local(const struct httpd_req *r)
{
    return r->local;
}

const char *httpd_peer(const struct httpd_req *r)
{
    return r->peer;
}

void httpd_header_add(struct httpd_req *r, const char *name, const char *value)
{
    if (r->conn != NULL && evhttp_add_header(evhttp_request_get_output_headers(r->er), name, value) != 0)
        panic("header %s: a line break in its value", name);
}

/* The connection goes on without this request. (Before evhttp is told to send: it may free the connection.) */
static void let_go(struct httpd_req *r)
{
    struct httpd_conn *c = r->conn;

    c->req = NULL;
    if (r->on_output != NULL)
        evbuffer_remove_cb_entry(bufferevent_get_output(c->bev), r->on_output);
    r->er = NULL; /* evhttp frees it when it is sent */
    req_free(r);
    httpd_conn_begin(c);
}

void httpd_answer(struct httpd_req *r, int status, const char *type, const char *body, size_t len)
{
    struct evhttp_request *er = r->er;
    struct evbuffer *out;

    if (r->conn == NULL) {
        req_free(r);
        return;
    }
    httpd_header_add(r, "Content-Type", type != NULL ? type : "application/octet-stream");
    out = evbuffer_new();
    if (out == NULL || (len > 0 && evbuffer_add(out, body, len) != 0))
        panic("out of memory");
    let_go(r);
    evhttp_send_reply(er, status, NULL, out);
    evbuffer_free(out);
}

/* Outside of evhttp's own callbacks. */
static void run_drop(void *arg)
{
    struct httpd_req *r = arg;
    struct httpd_conn *c = r->conn;

    if (c != NULL)
        evhttp_connection_free(c->evcon); /* orphans r */
    req_free(r);
}

void httpd_drop(struct httpd_req *r)
{
    r->streaming = false;
    r->close_task.cb = run_drop;
    loop_post(r->loop, &r->close_task);
}

static void on_output(struct evbuffer *out, const struct evbuffer_cb_info *info, void *arg)
{
    struct httpd_req *r = arg;

    (void)info;
    if (r->on_drained != NULL && evbuffer_get_length(out) == 0)
        loop_post(r->loop, &r->drained_task);
}

/* Silence of the client is no reason to end a stream. */
static void set_timeouts(const struct httpd_conn *c, bool reading)
{
    int64_t ms = c->server->opts.idle_timeout_ms;
    struct timeval idle = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

    bufferevent_set_timeouts(c->bev, reading ? &idle : NULL, &idle);
}

void httpd_stream_begin(struct httpd_req *r, int status, const char *type, loop_fn on_close, void *arg)
{
    r->streaming = true;
    r->on_close = on_close;
    r->on_close_arg = arg;
    if (r->conn == NULL) {
        loop_post(r->loop, &r->close_task);
        return;
    }
    httpd_header_add(r, "Content-Type", type);
    if (r->er->major < 1 ||
        (r->er->major == 1 && r->er->minor < 1)) /* no chunks: the end is the end of it all */
        httpd_header_add(r, "Connection", "close");
    r->on_output = evbuffer_add_cb(bufferevent_get_output(r->conn->bev), on_output, r);
    set_timeouts(r->conn, false);
    evhttp_send_reply_start(r->er, status, NULL);
}

void httpd_stream_chunk(struct httpd_req *r, const void *p, size_t n)
{
    struct evbuffer *piece;

    if (r->conn == NULL || n == 0)
        return;
    piece = evbuffer_new();
    if (piece == NULL || evbuffer_add(piece, p, n) != 0)
        panic("out of memory");
    evhttp_send_reply_chunk(r->er, piece);
    evbuffer_free(piece);
}

size_t httpd_stream_pending(const struct httpd_req *r)
{
    return r->conn != NULL ? evbuffer_get_length(bufferevent_get_output(r->conn->bev)) : 0;
}

void httpd_stream_when_drained(struct httpd_req *r, loop_fn cb, void *arg)
{
    r->on_drained = cb;
    r->on_drained_arg = arg;
    if (r->conn != NULL && httpd_stream_pending(r) == 0)
        loop_post(r->loop, &r->drained_task);
}

void httpd_stream_end(struct httpd_req *r)
{
    struct evhttp_request *er = r->er;

    if (r->conn == NULL) {
        req_free(r);
        return;
    }
    set_timeouts(r->conn, true);
    let_go(r);
    evhttp_send_reply_end(er);
}
