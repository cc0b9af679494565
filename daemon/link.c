#include "daemon/link_token.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "text/utf8.h"

static void on_wake(void *arg)
{
    struct link *l = arg;

    loop_post(l->o.loop, &l->room);
}

static void on_room(void *arg)
{
    struct link *l = arg;

    l->o.on_room(l->o.arg);
}

/* ---- life ---- */

int link_check(const struct config *config, const struct config_provider *conf, struct err *e)
{
    struct link_conf c;

    if (link_conf_init(&c, config, conf, e) != 0)
        return -1;
    link_conf_fini(&c);
    return 0;
}

int link_carries(const struct config *config, const struct config_provider *conf, const char *text, size_t n,
                 struct err *e)
{
    struct provider_msg m = {.to = "+8613800000000",
                             .text = text,
                             .text_len = n,
                             .ref = "check.0.1",
                             .lane = LANE_NORMAL,
                             .purpose = PURPOSE_NOTICE};
    struct link_conf c;
    int rc = 2;

    if (link_conf_init(&c, config, conf, e) != 0)
        return -1;
    if (c.driver->fits != NULL) {
        rc = c.driver->fits(&c.conf, &m, e) == 0;
        m.purpose = PURPOSE_PROMOTION;
        rc = rc || c.driver->fits(&c.conf, &m, NULL) == 0;
    }
    link_conf_fini(&c);
    return rc;
}

struct link *link_new(const struct link_opts *o, struct err *e)
{
    struct link *l = xcalloc(1, sizeof(*l));

    l->o = *o;
    if (link_conf_init(&l->c, o->config, o->conf, e) != 0) {
        free(l);
        return NULL;
    }
    link_breaker_init(&l->breaker);
    link_limit_init(&l->limit, (size_t)o->conf->window);
    l->pace = link_pace_new(o->loop, o->queue, o->conf->name, o->conf->rate);
    l->room = (struct loop_task){.cb = on_room, .arg = l};
    l->wake = loop_timer_new(o->loop, on_wake, l);
    if (l->c.driver->token != NULL)
        l->token = link_token_new(l);
    TAILQ_INIT(&l->running);
    TAILQ_INIT(&l->spare);
    return l;
}

void link_free(struct link *l)
{
    struct link_op *op;

    if (l == NULL)
        return;
    while ((op = TAILQ_FIRST(&l->running)) != NULL)
        link_cancel(op);
    while ((op = TAILQ_FIRST(&l->spare)) != NULL) {
        TAILQ_REMOVE(&l->spare, op, entry);
        link_op_free(op);
    }
    loop_task_cancel(l->o.loop, &l->room);
    loop_timer_free(l->wake);
    link_pace_free(l->pace);
    link_token_free(l->token);
    link_conf_fini(&l->c);
    link_conf_fini(&l->next);
    free(l);
}

int link_prepare(struct link *l, const struct config *config, const struct config_provider *conf,
                 struct err *e)
{
    link_conf_fini(&l->next);
    if (link_conf_init(&l->next, config, conf, e) != 0)
        return -1;
    l->next_config = config;
    l->next_conf = conf;
    return 0;
}

void link_reconfigure(struct link *l)
{
    const struct config_provider *conf = l->next_conf;

    if (l->next.driver == NULL)
        panic("link %s: reconfigured without being prepared", l->c.conf.name);
    link_conf_fini(&l->c);
    l->c = l->next;
    l->next = (struct link_conf){.driver = NULL};
    l->o.config = l->next_config;
    l->o.conf = conf;
    if (l->token != NULL)
        link_token_reset(l->token);
    link_pace_set_rate(l->pace, conf->rate);
    link_limit_set(&l->limit, (size_t)conf->window);
    loop_post(l->o.loop, &l->room);
}

const struct config_provider *link_conf(const struct link *l)
{
    return l->o.conf;
}

const struct driver *link_driver(const struct link *l)
{
    return l->c.driver;
}

const struct provider_conf *link_provider(const struct link *l)
{
    return &l->c.conf;
}

uint8_t link_route(const struct link *l)
{
    return l->o.route;
}

size_t link_batch(const struct link *l)
{
    size_t batch = l->c.conf.batch;

    return batch < l->c.driver->batch_max ? batch : l->c.driver->batch_max;
}

bool link_paced(const struct link *l)
{
    return l->o.conf->rate > 0;
}

/* ---- state ---- */

const char *link_state(const struct link *l)
{
    if (l->paused)
        return "paused";
    if (l->breaker.state != LINK_BREAKER_CLOSED)
        return l->bad_account ? "bad-account" : "breaker-open";
    if (l->throttled_us > clock_mono_us())
        return "throttled";
    if (link_slots_free(l, LANE_EMERGENCY) == 0)
        return "window-full";
    return "ok";
}

void link_pause(struct link *l, bool paused, const char *why)
{
    if (l->paused != paused)
        log_info(paused ? "link.paused" : "link.resumed", "provider=%s why=\"%s\"", l->c.conf.name,
                 why != NULL ? why : "");
    l->paused = l->stats.paused = paused;
    memset(l->why, 0, sizeof(l->why));
    if (why != NULL)
        memcpy(l->why, why, utf8_cut(why, strlen(why), sizeof(l->why) - 1));
    loop_post(l->o.loop, &l->room);
}

/* ---- permits ---- */

struct link_permit *link_permit(struct link *l, enum lane lane, uint32_t n, void (*cb)(void *arg), void *arg)
{
    return link_pace_ask(l->pace, lane, n, cb, arg);
}

void link_wrote(struct link *l, uint32_t n)
{
    link_pace_wrote(l->pace, n, clock_mono_us());
}

void link_permit_cancel(struct link_permit *p)
{
    link_pace_cancel(p);
}

/* ---- looking ---- */

size_t link_limit_now(const struct link *l)
{
    return l->limit.now;
}

uint64_t link_retries_delayed(const struct link *l)
{
    return l->retries.denied_total;
}

const struct link_stats *link_stats(const struct link *l)
{
    return &l->stats;
}

static json_t *verdicts_json(const struct link *l)
{
    json_t *o = json_object();

    for (size_t v = 0; v < VERDICT_N; v++)
        json_object_set_new(o, verdict_name((enum verdict)v), json_integer((json_int_t)l->stats.verdicts[v]));
    return o;
}

/* Why it does not send, or why its last request got no answer, for people; "" when there is nothing to tell. */
static json_t *why_json(const struct link *l)
{
    int64_t now_us = clock_mono_us();
    long long seconds;
    json_t *why;

    if (l->paused)
        return json_string(l->why);
    if (l->breaker.state != LINK_BREAKER_CLOSED) {
        seconds = (link_breaker_wait_us(&l->breaker, LANE_NORMAL, now_us) + 999999) / 1000000;
        why = json_sprintf("%s%s%s; tried again in %lld s, by an emergency within a second",
                           l->bad_account ? "it refuses the account (credentials, balance, sign?)"
                                          : "no good answer again and again",
                           l->trouble[0] != '\0' ? ": " : "", l->trouble, seconds > 0 ? seconds : 0);
    } else if (l->throttled_us > now_us) {
        why = json_sprintf("it asked for a pause of %lld s more",
                           (long long)(l->throttled_us - now_us) / 1000000);
    } else {
        why = json_string(l->trouble);
    }
    return why;
}

json_t *link_json(const struct link *l)
{
    const struct config_provider *c = l->o.conf;
    json_t *o = json_object();

    json_object_set_new(o, "name", json_string(c->name));
    json_object_set_new(o, "driver", json_string(c->driver));
    json_object_set_new(o, "channel", json_string(c->channel));
    json_object_set_new(o, "community", json_string(c->community));
    json_object_set_new(o, "state", json_string(link_state(l)));
    json_object_set_new(o, "why", why_json(l));
    json_object_set_new(o, "in_flight", json_integer((json_int_t)l->stats.in_flight));
    json_object_set_new(o, "limit", json_integer((json_int_t)l->limit.now));
    json_object_set_new(o, "window", json_integer(c->window));
    json_object_set_new(o, "rate", json_real(c->rate));
    json_object_set_new(o, "batch", json_integer(c->batch));
    json_object_set_new(o, "priority", json_integer(c->priority));
    json_object_set_new(o, "retries_delayed", json_integer((json_int_t)l->retries.denied_total));
    json_object_set_new(o, "breaker_open", json_boolean(l->stats.breaker_open));
    json_object_set_new(o, "verdicts", verdicts_json(l));
    return o;
}
