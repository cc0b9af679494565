#include "net/http_op.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "net/addr.h"
#include "net/http_url.h"

enum {
    ANSWER_DEFAULT = 256 * 1024,
    ANSWER_KEPT = 64 * 1024,
    CONNECTION_AGE_S = 30 /* idle for longer = not reused: the peer may be closing it right now */
};

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct http_op *op = arg;

    return buf_add(&op->answer, p, size * n) == 0 ? n : 0;
}

/* libcurl takes a head that is cut off in its middle for a complete one: only the blank line is its end. Each head (100, then
 * 200) begins anew; lines behind the last chunk come here too and have no blank line. */
static size_t on_head_line(char *p, size_t size, size_t n, void *arg)
{
    struct http_op *op = arg;

    (void)size;
    if (n >= 5 && memcmp(p, "HTTP/", 5) == 0)
        op->head_complete = false;
    else if (n <= 2 && (p[0] == '\r' || p[0] == '\n'))
        op->head_complete = true;
    return n;
}

/* The request's body, in two writes. There is no SEEKFUNCTION: libcurl cannot begin it a second time. */
static size_t on_send(char *p, size_t size, size_t n, void *arg)
{
    struct http_op *op = arg;
    size_t left = op->call->body_len - op->body_at, take = size * n < left ? size * n : left;

    if (take > 0)
        memcpy(p, op->call->body + op->body_at, take);
    op->body_at += take;
    return take;
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct http_op *op = arg;
    int fd;

    (void)purpose;
    if (!http_url_allowed(op->reach, op->tls, &a->addr)) {
        op->refused = true;
        return CURL_SOCKET_BAD;
    }
    fd = socket(a->family, a->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->protocol);
    if (fd >= 0) {
        op->settled = false;
        http_socks_opened(op->socks, fd);
    }
    return fd;
}

static int on_close(void *arg, curl_socket_t fd)
{
    http_socks_close(arg, fd);
    return 0;
}

/* A pooled connection may have been opened for another reach: its address is checked again, once per address. */
static bool address_allowed(struct http_op *op, const char *ip)
{
    struct sockaddr_storage sa;
    size_t n = strlen(ip);

    if (op->checked_reach == op->reach && strcmp(ip, op->checked_ip) == 0)
        return true;
    if (!addr_literal(ip, &sa) || !http_url_allowed(op->reach, op->tls, (const struct sockaddr *)&sa)) {
        op->refused = true;
        return false;
    }
    if (n < sizeof(op->checked_ip)) {
        memcpy(op->checked_ip, ip, n + 1);
        op->checked_reach = op->reach;
    }
    return true;
}

/* libcurl is connected and about to write the request: it comes here before every try. When anything was written for this
 * request already, the connection died and libcurl wants to write a second copy on another one, silently: never. */
static int on_ready(void *arg, char *peer_ip, char *local_ip, int peer_port, int local_port)
{
    struct http_op *op = arg;

    (void)local_ip;
    (void)peer_port;
    (void)local_port;
    op->settled = true;
    if (http_op_written(op) || FP_FAILS("before_write"))
        return CURL_PREREQFUNC_ABORT;
    op->n_tries++;
    return address_allowed(op, peer_ip) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

#ifdef CRIER_TEST_BUILD
/* libcurl tells of what it has just written. */
static int on_written(CURL *easy, curl_infotype what, char *p, size_t n, void *arg)
{
    (void)easy, (void)p, (void)n, (void)arg;
    if (what == CURLINFO_HEADER_OUT)
        FP("after_write");
    return 0;
}
#endif

#define SET(option, value)                                                                                   \
    do {                                                                                                     \
        CURLcode set_rc_ = curl_easy_setopt(op->easy, option, value);                                        \
        if (set_rc_ != CURLE_OK)                                                                             \
            panic("libcurl refuses " #option ": %s", curl_easy_strerror(set_rc_));                           \
    } while (0)

static void set_what_never_changes(struct http_op *op, const struct http_opts *o)
{
    SET(CURLOPT_PRIVATE, op);
    SET(CURLOPT_NOSIGNAL, 1L);
    /* Otherwise a request that is given up while its name is looked up waits for the name server, and the loop with it. The
     * resolver's thread ends by itself and frees what is its own. */
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_MAXREDIRS, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_TCP_NODELAY, 1L);
    SET(CURLOPT_MAXAGE_CONN, (long)CONNECTION_AGE_S);
    SET(CURLOPT_UPLOAD_BUFFERSIZE, 32768L);
    SET(CURLOPT_USERAGENT, o->user_agent);
    if (o->ca_file != NULL)
        SET(CURLOPT_CAINFO, o->ca_file);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, op);
    SET(CURLOPT_HEADERFUNCTION, on_head_line);
    SET(CURLOPT_HEADERDATA, op);
    SET(CURLOPT_READFUNCTION, on_send);
    SET(CURLOPT_READDATA, op);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
    SET(CURLOPT_OPENSOCKETDATA, op);
    SET(CURLOPT_CLOSESOCKETFUNCTION, on_close);
    SET(CURLOPT_CLOSESOCKETDATA, op->socks); /* connections outlive the op */
    SET(CURLOPT_PREREQFUNCTION, on_ready);
    SET(CURLOPT_PREREQDATA, op);
#ifdef CRIER_TEST_BUILD
    SET(CURLOPT_VERBOSE, 1L);
    SET(CURLOPT_DEBUGFUNCTION, on_written);
#endif
}

struct http_op *http_op_new(struct http_shard *shard, struct http_socks *socks, const struct http_opts *o)
{
    struct http_op *op = xcalloc(1, sizeof(*op));

    op->shard = shard;
    op->socks = socks;
    op->two_writes = o->two_writes;
    op->easy = curl_easy_init();
    op->body_len = -1;
    if (op->easy == NULL)
        panic("out of memory");
    buf_init(&op->answer, ANSWER_DEFAULT);
    set_what_never_changes(op, o);
    return op;
}

void http_op_free(struct http_op *op)
{
    curl_easy_cleanup(op->easy);
    curl_slist_free_all(op->headers);
    buf_fini(&op->answer);
    free(op->url);
    free(op);
}

/* Header lines end where they say they end. */
static bool clean(const char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < ' ' || *s == 0x7F)
            return false;
    return true;
}

static const char *const no_headers[] = {NULL};

/* Is the handle's list (behind our own lines at its head) this one? */
static bool same_headers(const struct http_op *op, const char *const *lines)
{
    const struct curl_slist *l = op->headers;

    if (l == NULL)
        return false;
    for (l = l->next; l != NULL && *lines != NULL; l = l->next, lines++)
        if (strcmp(l->data, *lines) != 0)
            return false;
    return l == NULL && *lines == NULL;
}

static bool set_headers(struct http_op *op, const char *const *lines)
{
    /* An empty Expect: no 100-continue, which would cost a second's wait where it is not understood. */
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");

    for (; *lines != NULL; lines++) {
        if (!clean(*lines) || strchr(*lines, ':') == NULL) {
            curl_slist_free_all(list);
            op->reason = "a header is malformed";
            return false;
        }
        if (curl_slist_append(list, *lines) == NULL)
            panic("out of memory");
    }
    SET(CURLOPT_HTTPHEADER, list);
    curl_slist_free_all(op->headers);
    op->headers = list;
    return true;
}

static bool set_url(struct http_op *op, const char *url)
{
    if (op->url != NULL && strcmp(op->url, url) == 0)
        return true;
    if (!clean(url) || strchr(url, ' ') != NULL) {
        op->reason = "the URL is malformed";
        return false;
    }
    SET(CURLOPT_URL, url);
    free(op->url);
    op->url = xstrdup(url);
    return true;
}

static void set_method(struct http_op *op, bool post, size_t body_len)
{
    /* Given by POSTFIELDS, the body leaves together with the head. By itself that is the way libcurl sends twice:
     * on_ready() is what prevents it. */
    if (post && !op->two_writes)
        SET(CURLOPT_POSTFIELDS, body_len > 0 ? op->call->body : "");
    if (post && (!op->post || op->body_len != (int64_t)body_len)) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body_len);
        op->body_len = (int64_t)body_len;
    }
    if (!post && (op->post || op->body_len != 0)) {
        SET(CURLOPT_HTTPGET, 1L);
        op->body_len = 0;
    }
    op->post = post;
}

bool http_op_prepare(struct http_op *op, const struct http_call *call, enum http_reach reach)
{
    const char *const *lines = call->headers != NULL ? call->headers : no_headers;
    bool post = strcmp(call->method, "POST") == 0;

    op->call = call;
    op->reach = reach;
    op->tls = http_url_tls(call->url);
    op->body_at = 0;
    op->n_tries = 0;
    op->settled = op->refused = op->head_complete = false;
    op->reason = NULL;
    if (op->answer.cap > ANSWER_KEPT)
        buf_fini(&op->answer);
    buf_reset(&op->answer);
    op->answer.ceiling = call->answer_ceiling != 0 ? call->answer_ceiling : ANSWER_DEFAULT;
    if (!post && strcmp(call->method, "GET") != 0)
        op->reason = "the method is neither GET nor POST";
    else if (!op->tls && reach == HTTP_REACH_PUBLIC)
        op->reason = "plain http is not allowed here";
    if (op->reason != NULL || !set_url(op, call->url) ||
        (!same_headers(op, lines) && !set_headers(op, lines)))
        return false;
    set_method(op, post, call->body != NULL ? call->body_len : 0);
    if (op->timeout_ms != call->timeout_ms)
        SET(CURLOPT_TIMEOUT_MS, (long)call->timeout_ms);
    if (op->connect_timeout_ms != call->connect_timeout_ms)
        SET(CURLOPT_CONNECTTIMEOUT_MS, (long)call->connect_timeout_ms);
    op->timeout_ms = call->timeout_ms;
    op->connect_timeout_ms = call->connect_timeout_ms;
    return true;
}

bool http_op_written(const struct http_op *op)
{
    long n = 0;

    /* before its first try the handle still tells of its last request */
    return op->n_tries > 0 && curl_easy_getinfo(op->easy, CURLINFO_REQUEST_SIZE, &n) == CURLE_OK && n > 0;
}

static int64_t retry_after_ms(const struct http_op *op)
{
    curl_off_t s = 0;

    if (curl_easy_getinfo(op->easy, CURLINFO_RETRY_AFTER, &s) != CURLE_OK || s <= 0)
        return -1;
    return s > INT64_MAX / 1000 ? INT64_MAX : (int64_t)s * 1000;
}

/* A sentence for people. libcurl's own texts of errors hold neither URL nor host. */
static void explain(const struct http_op *op, CURLcode rc, bool written, struct http_answer *a)
{
    const char *what = curl_easy_strerror(rc);
    long cause = 0;
    int n;

    if (op->reason != NULL)
        what = op->reason;
    else if (op->refused)
        what = "the address is not one that requests may go to";
    else if (op->answer.overflow)
        what = "the answer is too large";
    else if (rc == CURLE_SEND_FAIL_REWIND || rc == CURLE_ABORTED_BY_CALLBACK || rc == CURLE_GOT_NOTHING ||
             rc == CURLE_OK)
        what = "the connection was closed without an answer";
    else if (rc == CURLE_COULDNT_CONNECT &&
             curl_easy_getinfo(op->easy, CURLINFO_OS_ERRNO, &cause) == CURLE_OK && cause != 0)
        what = strerror((int)cause);
    if (rc == CURLE_OPERATION_TIMEDOUT && op->reason == NULL)
        n = snprintf(a->detail, sizeof(a->detail), "timed out after %lld ms, %s",
                     (long long)((loop_now_us() - op->began_us) / 1000),
                     written ? "no answer" : "nothing was sent");
    else
        n = snprintf(a->detail, sizeof(a->detail), "%s", what);
    if (n < 0)
        a->detail[0] = '\0'; /* cut off is fine: libcurl's texts are ASCII */
}

void http_op_outcome(struct http_op *op, CURLcode rc, struct http_answer *a)
{
    bool written = op->reason == NULL && http_op_written(op);
    long status = 0;

    *a = (struct http_answer){.retry_after_ms = -1, .took_us = loop_now_us() - op->began_us};
    if (op->reason == NULL && rc == CURLE_OK && op->head_complete)
        (void)curl_easy_getinfo(op->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200) {
        a->outcome = HTTP_ANSWERED;
        a->status = (int)status;
        a->body = buf_cstr(&op->answer);
        a->body_len = op->answer.len;
        a->retry_after_ms = retry_after_ms(op);
        return;
    }
    a->timed_out = rc == CURLE_OPERATION_TIMEDOUT && op->reason == NULL;
    a->outcome = written ? HTTP_IN_DOUBT : HTTP_NOT_SENT;
    explain(op, rc, written, a);
}
