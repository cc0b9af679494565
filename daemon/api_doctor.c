/* What is wrong until somebody has seen to it. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/api_call.h"
#include "daemon/api_handlers.h"
#include "daemon/canary.h"

static void on_acknowledged(void *arg, const struct queue_result *r)
{
    struct api_call *c = arg;
    const char *name = c->community->conf->name, *alarm = canary_alarm(c->app->canary, name, NULL);
    json_t *answer;

    if (r->status != QUEUE_OK) {
        api_call_refused(c, r);
        return;
    }
    answer = json_pack("{s:s,s:s?,s:I}", "community", name, "acknowledged", alarm, "held",
                       (json_int_t)c->community->n_held);
    canary_acknowledge(c->app->canary, name, clock_wall_ms()); /* other daemons find it in Redis */
    app_recovery_pass_soon(c->app);
    api_call_json(c, 200, answer);
}

void api_doctor_acknowledge(struct api_call *c)
{
    if (canary_alarm(c->app->canary, c->community->conf->name, NULL) == NULL)
        api_call_error(c, 404, "no-such-loss", NULL,
                       "community %s has lost nothing that was not acknowledged", c->community->conf->name);
    else
        queue_acknowledge(c->q, on_acknowledged, c);
}
