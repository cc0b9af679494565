/* Callbacks of providers: /hooks/PROVIDER/SECRET/KIND, POST or GET as the API has it. The secret is compared in constant time before anything is read; a wrong one, a wrong place it
 * comes from and a provider that does not exist look the same. Nothing of the path is logged. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/api_call.h"
#include "daemon/api_handlers.h"
#include "daemon/hooks.h"
#include "daemon/link.h"
#include "net/addr.h"

static void on_handled(void *arg, int status, const char *type, const char *body, size_t n)
{
    struct api_call *c = arg;

    api_call_text(c, status, type, body, n);
}

static const char *header(void *arg, const char *name)
{
    return httpd_header(((struct api_call *)arg)->req, name);
}

/* Where a callback comes from: the peer, or what a proxy on this machine says of it (the last address: the one the proxy itself saw). */
static const char *origin_of(const struct api_call *c)
{
    const char *peer = httpd_peer(c->req), *forwarded = httpd_header(c->req, "X-Forwarded-For"), *last;
    struct sockaddr_storage a;

    if (forwarded == NULL || !addr_literal(peer, &a) || addr_classify((struct sockaddr *)&a) != ADDR_LOOPBACK)
        return peer;
    last = strrchr(forwarded, ',');
    last = last != NULL ? last + 1 : forwarded;
    return last + strspn(last, " ");
}

static bool may_come_from(const struct config_provider *p, const char *address)
{
    if (p->hook_from == NULL || p->hook_from[0] == NULL)
        return true;
    for (size_t i = 0; p->hook_from[i] != NULL; i++)
        if (addr_in(p->hook_from[i], address))
            return true;
    return false;
}

/* The address as the provider called it: signatures cover it. What stands in Host is not believed. */
static char *public_url(const struct api_call *c, const struct provider_conf *conf)
{
    const char *query = httpd_raw_query(c->req);

    if (conf->public_url[0] == '\0')
        return xstrdup("");
    return xasprintf("%s%s%s%s", conf->public_url, httpd_raw_path(c->req), query[0] != '\0' ? "?" : "",
                     query);
}

static void hand_over(struct api_call *c, size_t i)
{
    const char *type = httpd_header(c->req, "Content-Type");
    char *url = public_url(c, link_provider(c->app->links[i]));
    struct provider_callback in = {.method = httpd_method(c->req),
                                   .kind = c->match.params[2],
                                   .url = url,
                                   .query = httpd_raw_query(c->req),
                                   .content_type = type != NULL ? type : "",
                                   .now_ms = clock_wall_ms(),
                                   .header = header,
                                   .arg = c};

    in.body = httpd_body(c->req, &in.body_len);
    hooks_handle(c->app->hooks[i], &in, on_handled, c);
    free(url);
}

void api_hooks_in(struct api_call *c)
{
    const char *name = c->match.params[0], *secret = c->match.params[1];
    size_t found = c->app->n_links;

    for (size_t i = 0; i < c->app->n_links; i++) {
        const struct config_provider *p = link_conf(c->app->links[i]);
        bool is_new, is_old;

        if (strcmp(p->name, name) != 0)
            continue;
        is_new = secret_equal(&p->hook_secret, secret, strlen(secret));
        is_old = secret_equal(&p->hook_secret_old, secret,
                              strlen(secret)); /* both are always compared: no timing */
        if ((is_new || is_old) && may_come_from(p, origin_of(c)))
            found = i;
    }
    if (found == c->app->n_links)
        api_call_error(c, 403, "hook-secret", NULL, "this address is not one of ours");
    else
        hand_over(c, found);
}
