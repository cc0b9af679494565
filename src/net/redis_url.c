#include "net/redis_url.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/mem.h"
#include "base/num.h"

enum { DB_MAX = 65535, PORT_REDIS = 6379, PORT_SENTINEL = 26379 };

static int bad(struct err *e, const char *what)
{
    return err_set(e, "bad-url", NULL,
                   "%s; allowed are unix:///PATH[?db=N], redis://[USER:PASSWORD@]HOST[:PORT][/DB] and "
                   "sentinel://[USER:PASSWORD@]NAME@HOST[:PORT],HOST[:PORT]...[/DB]",
                   what);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Percent-decoded copy, NULL when malformed or a NUL is hidden in it. */
static char *decoded(const char *s, size_t n)
{
    char *out = xmalloc(n + 1);
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        char c = s[i];

        if (c == '%') {
            int high = i + 2 < n ? hex_digit(s[i + 1]) : -1, low = i + 2 < n ? hex_digit(s[i + 2]) : -1;

            if (high < 0 || low < 0 || high + low == 0) {
                free(out);
                return NULL;
            }
            c = (char)(high << 4 | low);
            i += 2;
        }
        out[used++] = c;
    }
    out[used] = '\0';
    return out;
}

static int parse_unix(struct redis_url *u, const char *s, struct err *e)
{
    const char *query = strchr(s, '?');
    size_t n = query != NULL ? (size_t)(query - s) : strlen(s);
    int64_t db = 0;

    if (s[0] != '/' || n < 2)
        return bad(e, "the path of the Unix socket must be absolute");
    if (n >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return bad(e, "the path of the Unix socket is longer than 107 bytes");
    if (query != NULL && (strncmp(query, "?db=", 4) != 0 || num_i64(query + 4, 0, DB_MAX, &db) < 0))
        return bad(e, "after '?' only db=N may stand");
    u->path = xstrndup(s, n);
    u->db = (int)db;
    return 0;
}

static int parse_userinfo(struct redis_url *u, const char *s, size_t n, struct err *e)
{
    const char *colon = memchr(s, ':', n);
    size_t n_user = colon != NULL ? (size_t)(colon - s) : n;

    if (colon == NULL)
        return bad(e, "before '@' both USER and PASSWORD are needed (USER may be empty: \":PASSWORD@\")");
    if (n_user > 0 && (u->user = decoded(s, n_user)) == NULL)
        return bad(e, "the user's name is not percent-encoded properly");
    if ((u->pass = decoded(colon + 1, n - n_user - 1)) == NULL)
        return bad(e, "the password is not percent-encoded properly");
    return 0;
}

static int parse_host(struct redis_host *h, const char *s, size_t n, int64_t port, struct err *e)
{
    const char *end = s + n, *after;

    if (n > 0 && s[0] == '[') { /* [::1]:6379 */
        after = memchr(s, ']', n);
        if (after == NULL)
            return bad(e, "'[' is not closed");
        h->host = xstrndup(s + 1, (size_t)(after - s) - 1);
        after++;
    } else {
        after = memchr(s, ':', n);
        if (after == NULL)
            after = end;
        h->host = xstrndup(s, (size_t)(after - s));
    }
    if (h->host[0] == '\0' || h->host[strcspn(h->host, " \t\r\n/?#@%")] != '\0')
        return bad(e, "the host is missing or malformed");
    if (after < end &&
        (*after != ':' || num_i64_n(after + 1, (size_t)(end - after) - 1, 1, 65535, &port) < 0))
        return bad(e, "the port must be 1..65535");
    h->port = xasprintf("%d", (int)port);
    return 0;
}

/* What stands before "/DB"; the number behind it. */
static int parse_db(struct redis_url *u, const char *s, size_t *n, struct err *e)
{
    const char *slash = strchr(s, '/');
    int64_t db = 0;

    *n = slash != NULL ? (size_t)(slash - s) : strlen(s);
    if (slash != NULL && slash[1] != '\0' && num_i64(slash + 1, 0, DB_MAX, &db) < 0)
        return bad(e, "the database after '/' must be a number");
    u->db = (int)db;
    return 0;
}

static int parse_tcp(struct redis_url *u, const char *s, struct err *e)
{
    const char *at;
    size_t n;

    if (parse_db(u, s, &n, e) < 0)
        return -1;
    if ((at = memrchr(s, '@', n)) != NULL) {
        if (parse_userinfo(u, s, (size_t)(at - s), e) < 0)
            return -1;
        n -= (size_t)(at + 1 - s);
        s = at + 1;
    }
    return parse_host(&u->at, s, n, PORT_REDIS, e);
}

static int parse_sentinels(struct redis_url *u, const char *s, size_t n, struct err *e)
{
    const char *end = s + n, *comma;

    for (;; s = comma + 1) {
        comma = memchr(s, ',', (size_t)(end - s));
        if (u->n_sentinels == REDIS_SENTINELS)
            return bad(e, "more than 9 sentinels");
        if (parse_host(&u->sentinels[u->n_sentinels++], s, (size_t)((comma != NULL ? comma : end) - s),
                       PORT_SENTINEL, e) < 0)
            return -1;
        if (comma == NULL)
            return 0;
    }
}

static int parse_sentinel(struct redis_url *u, const char *s, struct err *e)
{
    const char *at, *name_at, *end;
    size_t n, n_name;

    if (parse_db(u, s, &n, e) < 0)
        return -1;
    end = s + n;
    at = memrchr(s, '@', n);
    if (at == NULL)
        return bad(e, "sentinel:// needs the NAME of the master before '@'");
    n_name = (size_t)(at - s);
    if ((name_at = memrchr(s, '@', n_name)) != NULL) {
        if (parse_userinfo(u, s, (size_t)(name_at - s), e) < 0)
            return -1;
        n_name = (size_t)(at - name_at) - 1;
        s = name_at + 1;
    }
    u->master = decoded(s, n_name);
    if (u->master == NULL || u->master[0] == '\0')
        return bad(e, "the NAME of the master before '@' is missing or malformed");
    return parse_sentinels(u, at + 1, (size_t)(end - at) - 1, e);
}

int redis_url_parse(struct redis_url *u, const char *text, struct err *e)
{
    int rc;

    *u = (struct redis_url){.path = NULL};
    if (strncmp(text, "unix://", 7) == 0)
        rc = parse_unix(u, text + 7, e);
    else if (strncmp(text, "redis://", 8) == 0)
        rc = parse_tcp(u, text + 8, e);
    else if (strncmp(text, "sentinel://", 11) == 0)
        rc = parse_sentinel(u, text + 11, e);
    else
        rc = bad(e, "this is no address of a Redis");
    if (rc < 0)
        redis_url_fini(u);
    return rc;
}

void redis_url_fini(struct redis_url *u)
{
    if (u->pass != NULL)
        explicit_bzero(u->pass, strlen(u->pass));
    free(u->path);
    free(u->at.host);
    free(u->at.port);
    free(u->master);
    for (size_t i = 0; i < u->n_sentinels; i++) {
        free(u->sentinels[i].host);
        free(u->sentinels[i].port);
    }
    free(u->user);
    free(u->pass);
    *u = (struct redis_url){.path = NULL};
}
