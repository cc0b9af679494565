/* Listeners and limits. Connections: httpd_conn.c; requests and answers: httpd_req.c. */
#include "net/httpd.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/httpd_conn.h"

enum { BACKLOG = 512, ACCEPT_PAUSE_MS = 200, CONNECTIONS_MAX = 512 };

/* libevent calls a listener's error callback with the argument of its accept callback, which is evhttp: our way back. */
static TAILQ_HEAD(, httpd) servers = TAILQ_HEAD_INITIALIZER(servers);

static struct httpd *server_of(const struct evhttp *http)
{
    struct httpd *s;

    TAILQ_FOREACH(s, &servers, entry)
    if (s->tcp.http == http || s->local.http == http)
        return s;
    panic("an evhttp without its server");
}

static void on_accept_resume(void *arg)
{
    struct httpd *s = arg;

    for (size_t i = 0; i < s->n_listeners; i++)
        evconnlistener_enable(evhttp_bound_socket_get_listener(s->listeners[i].bound));
}

/* accept() fails and the connection stays in the queue: without a pause the loop would spin. */
static void on_accept_error(struct evconnlistener *listener, void *http)
{
    int cause = errno;
    struct httpd *s = server_of(http);

    (void)listener;
    loop_enter(s->loop);
    if (loop_timer_armed(s->accept_timer))
        return;
    log_warn("http.accept-paused", "why=\"%s\" ms=%d", strerror(cause), ACCEPT_PAUSE_MS);
    for (size_t i = 0; i < s->n_listeners; i++)
        evconnlistener_disable(evhttp_bound_socket_get_listener(s->listeners[i].bound));
    loop_timer_arm_ms(s->accept_timer, ACCEPT_PAUSE_MS);
}

static void side_init(struct httpd_side *side, struct httpd *s, bool local)
{
    struct timeval idle = {.tv_sec = (time_t)(s->opts.idle_timeout_ms / 1000),
                           .tv_usec = (suseconds_t)(s->opts.idle_timeout_ms % 1000 * 1000)};

    side->server = s;
    side->local = local;
    side->http = evhttp_new(loop_base(s->loop));
    if (side->http == NULL)
        panic("out of memory");
    evhttp_set_max_headers_size(side->http, (ev_ssize_t)s->opts.max_header);
    evhttp_set_max_body_size(side->http, (ev_ssize_t)s->opts.max_body);
    evhttp_set_timeout_tv(side->http, &idle);
    evhttp_set_allowed_methods(side->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
                                               EVHTTP_REQ_PATCH | EVHTTP_REQ_DELETE | EVHTTP_REQ_HEAD |
                                               EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE);
    /* read what is too large to its end, so that the client gets to see our 413; the request's time bounds it */
    evhttp_set_flags(side->http, EVHTTP_SERVER_LINGERING_CLOSE);
    httpd_conn_accept(side);
}

/* Visitors never hold more than a quarter of the descriptors: sending needs its own. */
static size_t connections_default(void)
{
    struct rlimit r;
    rlim_t quarter =
        getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur != RLIM_INFINITY ? r.rlim_cur / 4 : CONNECTIONS_MAX;

    return quarter < CONNECTIONS_MAX ? quarter > 4 ? (size_t)quarter : 4 : CONNECTIONS_MAX;
}

struct httpd *httpd_new(struct loop *l, const struct httpd_opts *o, httpd_fn on_request, void *arg)
{
    struct httpd *s = xcalloc(1, sizeof(*s));

    s->loop = l;
    s->opts = *o;
    s->opts.max_header = o->max_header != 0 ? o->max_header : 16 * 1024;
    s->opts.max_body = o->max_body != 0 ? o->max_body : 64 * 1024;
    s->opts.max_connections = o->max_connections != 0 ? o->max_connections : connections_default();
    s->opts.idle_timeout_ms = o->idle_timeout_ms > 0 ? o->idle_timeout_ms : 65000;
    s->opts.request_timeout_ms = o->request_timeout_ms > 0 ? o->request_timeout_ms : 10000;
    s->on_request = on_request;
    s->arg = arg;
    TAILQ_INIT(&s->fresh);
    TAILQ_INIT(&s->reading);
    TAILQ_INIT(&s->silent);
    s->fresh_task = (struct loop_task){.cb = httpd_conn_run_fresh, .arg = s};
    s->reading_timer = loop_timer_new(l, httpd_conn_run_reading, s);
    s->accept_timer = loop_timer_new(l, on_accept_resume, s);
    side_init(&s->tcp, s, false);
    side_init(&s->local, s, true);
    TAILQ_INSERT_TAIL(&servers, s, entry);
    return s;
}

/* Takes ${fd}, bound. */
static int listen_on(struct httpd *s, struct httpd_side *side, int fd, const char *where, struct err *e)
{
    struct evconnlistener *listener = evconnlistener_new(
        loop_base(s->loop), NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, BACKLOG, fd);

    struct evhttp_bound_socket *bound;

    if (listener == NULL) {
        int cause = errno;

        close(fd);
        return err_set(e, "listen", NULL, "cannot listen on %s: %s", where, strerror(cause));
    }
    bound = evhttp_bind_listener(side->http, listener);
    if (bound == NULL)
        panic("out of memory");
    evconnlistener_set_error_cb(listener, on_accept_error);
    s->listeners = xrealloc(s->listeners, (s->n_listeners + 1) * sizeof(*s->listeners));
    s->listeners[s->n_listeners++] = (struct httpd_listener){.side = side, .bound = bound};
    return 0;
}

/* "127.0.0.1:8025", "[::1]:8025" */
static bool parse_host_port(const char *text, struct sockaddr_storage *sa, socklen_t *len)
{
    int n = sizeof(*sa);
    const char *colon = strrchr(text, ':');

    memset(sa, 0, sizeof(*sa));
    if (colon == NULL || strspn(colon + 1, "0123456789") != strlen(colon + 1) || colon[1] == '\0')
        return false;
    if (strcmp(colon, ":0") == 0) { /* libevent's parser refuses port 0 */
        char host[80];
        int used = snprintf(host, sizeof(host), "%.*s:1", (int)(colon - text), text);

        if (used < 0 || (size_t)used >= sizeof(host) ||
            evutil_parse_sockaddr_port(host, (struct sockaddr *)sa, &n) != 0)
            return false;
        if (sa->ss_family == AF_INET)
            ((struct sockaddr_in *)sa)->sin_port = 0;
        else
            ((struct sockaddr_in6 *)sa)->sin6_port = 0;
    } else if (evutil_parse_sockaddr_port(text, (struct sockaddr *)sa, &n) != 0) {
        return false;
    }
    *len = (socklen_t)n;
    return true;
}

static int port_of(int fd)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof(sa);

    if (getsockname(fd, (struct sockaddr *)&sa, &len) != 0)
        return 0;
    return ntohs(sa.ss_family == AF_INET ? ((struct sockaddr_in *)&sa)->sin_port
                                         : ((struct sockaddr_in6 *)&sa)->sin6_port);
}

int httpd_listen_tcp(struct httpd *s, const char *host_port, struct err *e)
{
    struct sockaddr_storage sa;
    socklen_t len;
    int fd, one = 1;

    if (!parse_host_port(host_port, &sa, &len))
        return err_set(e, "listen", NULL,
                       "\"%s\" is no address to listen on; allowed is ADDRESS:PORT or [ADDRESS]:PORT",
                       host_port);
    fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
        bind(fd, (struct sockaddr *)&sa, len) < 0) {
        int cause = errno;

        if (fd >= 0)
            close(fd);
        return err_set(e, "listen", NULL, "cannot listen on %s: %s", host_port, strerror(cause));
    }
    if (listen_on(s, &s->tcp, fd, host_port, e) < 0)
        return -1;
    s->port = port_of(fd);
    return 0;
}

/* A socket file that nobody listens on any more is removed. -1 when somebody does, or it is no socket. */
static int clear_path(const struct sockaddr_un *sa, struct err *e)
{
    struct stat st;
    int fd, rc;

    if (lstat(sa->sun_path, &st) < 0)
        return 0;
    if (!S_ISSOCK(st.st_mode))
        return err_set(e, "listen", NULL, "%s exists and is no socket", sa->sun_path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(e, "listen", NULL, "socket: %s", strerror(errno));
    rc = connect(fd, (const struct sockaddr *)sa, sizeof(*sa));
    if (rc < 0 && errno != ECONNREFUSED)
        rc = errno == EAGAIN ? 0 : rc; /* its queue is full: it lives */
    else if (rc < 0)
        rc = unlink(sa->sun_path) < 0 ? -1 : 1;
    close(fd);
    if (rc == 0)
        return err_set(e, "listen", NULL, "another process listens on %s", sa->sun_path);
    return rc < 0 ? err_set(e, "listen", NULL, "cannot replace %s: %s", sa->sun_path, strerror(errno)) : 0;
}

int httpd_listen_unix(struct httpd *s, const char *path, struct err *e)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    size_t n = strlen(path);
    mode_t mask;
    int fd, rc, cause;

    if (n == 0 || n >= sizeof(sa.sun_path))
        return err_set(e, "listen", NULL, "the path of a socket must have 1..%zu bytes",
                       sizeof(sa.sun_path) - 1);
    memcpy(sa.sun_path, path, n + 1);
    if (clear_path(&sa, e) < 0)
        return -1;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(e, "listen", NULL, "socket: %s", strerror(errno));
    mask = umask(0117); /* never reachable by others, not even for a moment */
    rc = bind(fd, (struct sockaddr *)&sa, sizeof(sa));
    cause = errno;
    umask(mask);
    if (rc < 0) {
        close(fd);
        return err_set(e, "listen", NULL, "cannot listen on %s: %s", path, strerror(cause));
    }
    if (listen_on(s, &s->local, fd, path, e) < 0)
        return -1;
    s->socket_paths = xrealloc(s->socket_paths, (s->n_socket_paths + 1) * sizeof(char *));
    s->socket_paths[s->n_socket_paths++] = xstrdup(path);
    return 0;
}

int httpd_port(const struct httpd *s)
{
    return s->port;
}

void httpd_close_listeners(struct httpd *s)
{
    for (size_t i = 0; i < s->n_socket_paths;
         i++) { /* before closing: afterwards it may be somebody else's */
        if (unlink(s->socket_paths[i]) < 0)
            log_warn("http.unlink-failed", "why=\"%s\"", strerror(errno));
        free(s->socket_paths[i]);
    }
    free(s->socket_paths);
    s->socket_paths = NULL;
    s->n_socket_paths = 0;
    loop_timer_disarm(s->accept_timer);
    for (size_t i = 0; i < s->n_listeners; i++)
        evhttp_del_accept_socket(s->listeners[i].side->http, s->listeners[i].bound);
    free(s->listeners);
    s->listeners = NULL;
    s->n_listeners = 0;
}

size_t httpd_connections(const struct httpd *s)
{
    return HASH_COUNT(s->conns);
}

/* At the end of the turn: evhttp is not on the stack. */
static void dispose(void *arg)
{
    struct httpd *s = arg;

    httpd_conn_run_fresh(s);
    loop_task_cancel(s->loop, &s->fresh_task);
    TAILQ_REMOVE(&servers, s, entry);
    evhttp_free(s->tcp.http);
    evhttp_free(s->local.http);
    loop_timer_free(s->reading_timer);
    loop_timer_free(s->accept_timer);
    free(s);
}

void httpd_free(struct httpd *s)
{
    if (s == NULL || s->dead)
        return;
    s->dead = true;
    httpd_close_listeners(s);
    loop_at_turn_end(s->loop, dispose, s);
}
