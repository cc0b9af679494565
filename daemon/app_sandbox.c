/* The simulated phones speak to the hooks as a provider would, without the detour over a socket. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/app_int.h"
#include "daemon/hooks.h"
#include "daemon/link.h"
#include "daemon/sandbox.h"

static void on_handled(void *arg, int status, const char *type, const char *body, size_t n)
{
    (void)arg, (void)type, (void)body, (void)n;
    if (status != 200)
        log_warn("sandbox.refused", "status=%d", status);
}

static const char *no_header(void *arg, const char *name)
{
    (void)arg, (void)name;
    return NULL;
}

static void hand_over(struct app *a, const char *provider, const char *kind, const char *body, size_t n)
{
    struct provider_callback in = {.method = "POST",
                                   .kind = kind,
                                   .url = "",
                                   .query = "",
                                   .content_type = "application/json",
                                   .body = body,
                                   .body_len = n,
                                   .now_ms = clock_wall_ms(),
                                   .header = no_header};

    for (size_t i = 0; i < a->n_links; i++)
        if (strcmp(link_conf(a->links[i])->name, provider) == 0) {
            hooks_handle(a->hooks[i], &in, on_handled, a);
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
