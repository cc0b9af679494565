/* The simulated phones speak to the hooks as a provider would, without the detour over a socket. */
#include <string.h>

#include "base/log.h"
#include "daemon/app_int.h"
#include "daemon/hooks.h"
#include "daemon/link.h"
#include "daemon/sandbox.h"

static void on_handled(void *arg, int status, const char *body)
{
    (void)arg, (void)body;
    if (status != 200)
        log_warn("sandbox.refused", "status=%d", status);
}

static void hand_over(struct app *a, const char *provider, const char *kind, const char *body, size_t n)
{
    for (size_t i = 0; i < a->n_links; i++)
        if (strcmp(link_conf(a->links[i])->name, provider) == 0) {
            hooks_handle(a->hooks[i], kind, body, n, on_handled, a);
            return;
        }
}

static void on_receipt(void *arg, const char *provider, const char *body, size_t n)
{
    hand_over(arg, provider, "receipt", body, n);
}

static void on_reply(void *arg, const char *provider, const char *body, size_t n)
{
    hand_over(arg, provider, "reply", body, n);
}

void app_sandbox_connect(struct app *a)
{
    sandbox_on_receipt(a->sandbox, on_receipt, a);
    sandbox_on_reply(a->sandbox, on_reply, a);
}
