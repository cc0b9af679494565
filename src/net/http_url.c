#include "net/http_url.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "net/addr.h"

bool http_url_tls(const char *url)
{
    return strncasecmp(url, "https:", 6) == 0;
}

bool http_url_allowed(enum http_reach reach, bool tls, const struct sockaddr *sa)
{
    enum addr_class class = addr_classify(sa);

    switch (reach) {
    case HTTP_REACH_PUBLIC:
        return class == ADDR_PUBLIC && tls;
    case HTTP_REACH_LITERAL_PRIVATE:
        return class == ADDR_LOOPBACK || class == ADDR_PRIVATE;
    case HTTP_REACH_PRIVATE:
        return class == ADDR_LOOPBACK || class == ADDR_PRIVATE || class == ADDR_LINK_LOCAL ||
               (class == ADDR_PUBLIC && tls);
    }
    return false;
}

static int bad(struct err *e, const char *why)
{
    return err_set(e, "bad-url", NULL, "%s", why);
}

/* The host without brackets. false when there is none. */
static bool host_of(CURLU *u, char *out, size_t n)
{
    char *host = NULL;
    size_t len;
    bool ok;

    if (curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        return false;
    len = strlen(host);
    ok = len > 0 && len < n;
    if (ok && host[0] == '[' && host[len - 1] == ']') {
        memcpy(out, host + 1, len - 2);
        out[len - 2] = '\0';
    } else if (ok) {
        memcpy(out, host, len + 1);
    }
    curl_free(host);
    return ok;
}

static bool has_part(CURLU *u, CURLUPart part)
{
    char *text = NULL;
    bool there = curl_url_get(u, part, &text, 0) == CURLUE_OK;

    curl_free(text);
    return there;
}

static int judge(CURLU *u, bool tls, bool allow_private, enum http_reach *reach, struct err *e)
{
    struct sockaddr_storage sa;
    char host[256];

    if (!host_of(u, host, sizeof(host)))
        return bad(e, "the URL has no host");
    if (has_part(u, CURLUPART_USER) || has_part(u, CURLUPART_PASSWORD))
        return bad(e, "the URL must not hold a user or a password (give them as a secret)");
    if (addr_literal(host, &sa) &&
        http_url_allowed(HTTP_REACH_LITERAL_PRIVATE, tls, (struct sockaddr *)&sa)) {
        *reach = HTTP_REACH_LITERAL_PRIVATE;
        return 0;
    }
    if (addr_literal(host, &sa) && !http_url_allowed(allow_private ? HTTP_REACH_PRIVATE : HTTP_REACH_PUBLIC,
                                                     true, (struct sockaddr *)&sa))
        return bad(e, "the URL's address is not one that requests may go to");
    if (!tls && !allow_private)
        return bad(e, "plain http is allowed to a literal loopback or private address only; use https");
    if (!tls && addr_literal(host, &sa) && addr_classify((struct sockaddr *)&sa) == ADDR_PUBLIC)
        return bad(e, "plain http to a public address is not allowed; use https");
    *reach = allow_private ? HTTP_REACH_PRIVATE : HTTP_REACH_PUBLIC;
    return 0;
}

int http_url_check(const char *url, bool allow_private, enum http_reach *reach, struct err *e)
{
    CURLU *u;
    int rc;

    for (const char *p = url; *p != '\0'; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7F)
            return bad(e, "the URL holds a blank or a control character");
    if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
        return bad(e, "the URL must begin with https:// or http://");
    if (strchr(url, '#') != NULL)
        return bad(e, "the URL must not have a part after '#'");
    u = curl_url();
    if (u == NULL)
        panic("out of memory");
    if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK)
        rc = bad(e, "the URL is malformed");
    else
        rc = judge(u, http_url_tls(url), allow_private, reach, e);
    curl_url_cleanup(u);
    return rc;
}
