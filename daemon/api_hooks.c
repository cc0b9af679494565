/* Callbacks of providers: POST /hooks/PROVIDER/SECRET/{reply,receipt}. The secret is compared in constant time before anything is read; a wrong one and a
 * provider that does not exist look the same. Nothing of the path is logged. */
#include <stdlib.h>
#include <string.h>

#include "daemon/api_call.h"
#include "daemon/api_handlers.h"
#include "daemon/hooks.h"
#include "daemon/link.h"

static void on_handled(void *arg, int status, const char *body)
{
    struct api_call *c = arg;

    api_call_text(c, status, "application/json", body, strlen(body));
}

void api_hooks_in(struct api_call *c)
{
    const char *name = c->match.params[0], *secret = c->match.params[1], *body;
    struct hooks *hooks = NULL;
    bool good = false;
    size_t n;

    for (size_t i = 0; i < c->app->n_links; i++) {
        const struct config_provider *p = link_conf(c->app->links[i]);
        bool is_new, is_old;

        if (strcmp(p->name, name) != 0)
            continue;
        is_new = secret_equal(&p->hook_secret, secret, strlen(secret));
        is_old = secret_equal(&p->hook_secret_old, secret,
                              strlen(secret)); /* both are always compared: no timing */
        good = is_new || is_old;
        hooks = c->app->hooks[i];
    }
    if (!good || hooks == NULL) {
        api_call_error(c, 403, "hook-secret", NULL, "this address is not one of ours");
        return;
    }
    body = httpd_body(c->req, &n);
    hooks_handle(hooks, c->match.params[2], body, n, on_handled, c);
}
