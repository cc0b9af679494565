#include "net/fetch.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct fetch {
    CURL *easy;
    char *base;          /* URL without the path */
    char *where;         /* for messages */
    char *authorization; /* header line, NULL = none */
};

/* One exchange. */
struct exchange {
    const struct fetch *fetch;
    const struct fetch_call *call;
    struct buf *answer;
    size_t at; /* of call->body */
    bool stopped;
};

struct fetch *fetch_new(const char *socket_path, const char *base_url, const char *token, struct err *e)
{
    struct fetch *f;
    size_t n;

    if ((socket_path == NULL) == (base_url == NULL))
        panic("fetch_new: one of path and URL");
    if (base_url != NULL && strncmp(base_url, "http://", 7) != 0 && strncmp(base_url, "https://", 8) != 0) {
        err_set(e, "bad-url", NULL, "\"%.200s\" is no URL; it must begin with http:// or https://", base_url);
        return NULL;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        err_set(e, "unreachable", NULL, "cannot initialise libcurl");
        return NULL;
    }
    f = xcalloc(1, sizeof(*f));
    f->easy = curl_easy_init();
    if (f->easy == NULL)
        panic("out of memory");
    f->base = xstrdup(base_url != NULL ? base_url : "http://localhost");
    f->where = xstrdup(base_url != NULL ? base_url : socket_path);
    for (n = strlen(f->base); n > 0 && f->base[n - 1] == '/'; n--)
        f->base[n - 1] = '\0';
    if (token != NULL)
        f->authorization = xasprintf("Authorization: Bearer %s", token);
    if (socket_path != NULL && curl_easy_setopt(f->easy, CURLOPT_UNIX_SOCKET_PATH, socket_path) != CURLE_OK) {
        err_set(e, "unreachable", NULL, "the path of the socket is too long: %.200s", socket_path);
        fetch_free(f);
        return NULL;
    }
    return f;
}

void fetch_free(struct fetch *f)
{
    if (f == NULL)
        return;
    curl_easy_cleanup(f->easy);
    free(f->base);
    free(f->where);
    if (f->authorization != NULL)
        explicit_bzero(f->authorization, strlen(f->authorization));
    free(f->authorization);
    free(f);
    curl_global_cleanup();
}

static bool is_refusal(const struct exchange *x)
{
    long status = 0;

    return curl_easy_getinfo(x->fetch->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK &&
           status / 100 != 2;
}

static size_t on_answer(char *p, size_t size, size_t n, void *arg)
{
    struct exchange *x = arg;

    if (x->call->on_chunk != NULL && !is_refusal(x)) {
        x->stopped = !x->call->on_chunk(x->call->arg, p, size * n);
        return x->stopped ? 0 : n;
    }
    return x->answer == NULL || buf_add(x->answer, p, size * n) == 0 ? n : 0;
}

static size_t on_send(char *p, size_t size, size_t n, void *arg)
{
    struct exchange *x = arg;
    size_t take = x->call->body_len - x->at;

    if (x->call->body_fn != NULL)
        return x->call->body_fn(x->call->arg, p, size * n);
    if (take > size * n)
        take = size * n;
    if (take > 0)
        memcpy(p, x->call->body + x->at, take);
    x->at += take;
    return take;
}

#define SET(option, value)                                                                                   \
    do {                                                                                                     \
        if (curl_easy_setopt(f->easy, option, value) != CURLE_OK)                                            \
            panic("libcurl refuses " #option);                                                               \
    } while (0)

/* The body's way is the same for all methods: read by on_send, length known or chunked. */
static void set_body(struct fetch *f, const struct fetch_call *c)
{
    bool has_body = c->body != NULL || c->body_fn != NULL || strcmp(c->method, "POST") == 0;

    SET(CURLOPT_HTTPGET, 1L);
    if (has_body) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, c->body_fn != NULL ? (curl_off_t)-1 : (curl_off_t)c->body_len);
    }
    SET(CURLOPT_NOBODY, strcmp(c->method, "HEAD") == 0 ? 1L : 0L);
    SET(CURLOPT_CUSTOMREQUEST, c->method);
}

static void append(struct curl_slist **list, const char *line)
{
    struct curl_slist *more = curl_slist_append(*list, line);

    if (more == NULL)
        panic("out of memory");
    *list = more;
}

static struct curl_slist *header_list(const struct fetch *f, const struct fetch_call *c)
{
    struct curl_slist *list = NULL;

    append(&list, "Expect:");
    if (f->authorization != NULL)
        append(&list, f->authorization);
    if (c->body_fn != NULL)
        append(&list, "Transfer-Encoding: chunked");
    for (size_t i = 0; c->headers != NULL && c->headers[i] != NULL; i++)
        append(&list, c->headers[i]);
    return list;
}

static void set_options(struct fetch *f, const struct fetch_call *c, struct exchange *x)
{
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_USERAGENT, "crier/" CRIER_VERSION);
    SET(CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    SET(CURLOPT_TIMEOUT_MS, (long)c->timeout_ms);
    SET(CURLOPT_WRITEFUNCTION, on_answer);
    SET(CURLOPT_WRITEDATA, x);
    SET(CURLOPT_READFUNCTION, on_send);
    SET(CURLOPT_READDATA, x);
    set_body(f, c);
}

static int explain(const struct fetch *f, CURLcode rc, const struct exchange *x, struct err *e)
{
    long cause = 0;
    const char *why = curl_easy_strerror(rc);

    if (x->answer != NULL && x->answer->overflow)
        return err_set(e, "unreachable", NULL, "the answer of %.200s is too large", f->where);
    if (rc == CURLE_COULDNT_CONNECT && curl_easy_getinfo(f->easy, CURLINFO_OS_ERRNO, &cause) == CURLE_OK &&
        cause != 0)
        why = strerror((int)cause);
    return err_set(e, "unreachable", NULL, "cannot reach crierd at %.200s: %s", f->where, why);
}

int fetch_run(struct fetch *f, const struct fetch_call *c, int *status, struct buf *answer, struct err *e)
{
    struct exchange x = {.fetch = f, .call = c, .answer = answer};
    struct curl_slist *list = header_list(f, c);
    char *url = xasprintf("%s%s", f->base, c->path);
    CURLcode rc;
    long code = 0;

    set_options(f, c, &x);
    SET(CURLOPT_HTTPHEADER, list);
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PATH_AS_IS, 1L); /* "." is an id like any other */
    rc = curl_easy_perform(f->easy);
    if (curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &code) != CURLE_OK)
        code = 0;
    SET(CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(list);
    free(url);
    *status = (int)code;
    if (rc == CURLE_OK || (x.stopped && code != 0))
        return 0;
    return explain(f, rc, &x, e);
}
