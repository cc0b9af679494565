/* Driver `sandbox`: messages go to the simulated phones of daemon/sandbox.c, in this process. Their receipts and replies come back in the
 * JSON of driver `json`. */
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "provider/drivers.h"

#define SANDBOX_BATCH_MAX 1000
#define SANDBOX_MS_MAX    600000

static int option_ms(const char *value, size_t n, bool may_be_off, int64_t *out)
{
    if (may_be_off && n == 3 && strncmp(value, "off", 3) == 0) {
        *out = -1;
        return 0;
    }
    return num_i64_n(value, n, 0, SANDBOX_MS_MAX, out);
}

/* One "name=value". */
static int option_parse(const char *p, size_t n, struct sandbox_url *out)
{
    if (n > 6 && strncmp(p, "delay=", 6) == 0)
        return option_ms(p + 6, n - 6, false, &out->delay_ms);
    if (n > 8 && strncmp(p, "receipt=", 8) == 0)
        return option_ms(p + 8, n - 8, true, &out->receipt_ms);
    return -1;
}

int sandbox_url_parse(const char *url, struct sandbox_url *out, struct err *e)
{
    const char *p = url != NULL ? url : "";

    *out = (struct sandbox_url){.delay_ms = 0, .receipt_ms = 100};
    if (*p == '\0' || strcmp(p, "sandbox:") == 0)
        return 0;
    if (strncmp(p, "sandbox:?", 9) != 0)
        goto refused;
    p += 9;
    for (;;) {
        size_t n = strcspn(p, "&");

        if (option_parse(p, n, out) < 0)
            goto refused;
        if (p[n] == '\0')
            return 0;
        p += n + 1;
    }
refused:
    return err_set(
        e, "bad-url", "url",
        "driver sandbox takes \"sandbox:?delay=MS&receipt=MS\" (0 to %d, receipt may be off), found \"%s\"",
        SANDBOX_MS_MAX, url);
}

static int sandbox_check(const struct provider_conf *c, struct err *e)
{
    struct sandbox_url u;

    if (c->batch < 1 || c->batch > SANDBOX_BATCH_MAX)
        return err_set(e, "bad-option", "batch", "batch %zu; driver sandbox takes 1 to %d", c->batch,
                       SANDBOX_BATCH_MAX);
    return sandbox_url_parse(c->url, &u, e);
}

const struct driver sandbox_driver = {
    .name = "sandbox",
    .batch_max = SANDBOX_BATCH_MAX,
    .in_process = true,
    .check = sandbox_check,
    .callback = callback_json,
};
