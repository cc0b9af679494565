#include "daemon/link_int.h"

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

static int unknown_driver(const char *name, struct err *e)
{
    struct buf names = BUF_INIT(200);

    for (size_t i = 0; provider_driver_at(i) != NULL; i++)
        buf_fmt(&names, "%s%s", i > 0 ? ", " : "", provider_driver_at(i)->name);
    err_set(e, "bad-driver", "driver", "no driver is called \"%s\"; allowed: %s", name, buf_cstr(&names));
    buf_fini(&names);
    return -1;
}

static int check_conf(struct link *l, const struct config_provider *c, struct err *e)
{
    const struct driver *driver = provider_driver(c->driver);

    if (driver == NULL)
        return unknown_driver(c->driver, e);
    if (driver->needs_url && http_check_url(c->url, c->allow_private, &l->reach, e) != 0)
        return -1;
    l->driver = driver;
    l->o.conf = c;
    l->conf = (struct provider_conf){.name = c->name,
                                     .driver = c->driver,
                                     .channel = c->channel,
                                     .community = c->community,
                                     .url = c->url,
                                     .secret = &c->secret,
                                     .batch = (size_t)c->batch,
                                     .sign = c->sign};
    return driver->check != NULL ? driver->check(&l->conf, e) : 0;
}

/* Says where the option stands that is at fault. */
static int take_conf(struct link *l, const struct config_provider *c, struct err *e)
{
    struct err why = {{0}, {0}, {0}};
    const char *where;

    if (check_conf(l, c, &why) == 0)
        return 0;
    where = config_provider_where(c, why.field[0] != '\0' ? why.field : "url");
    return err_set(e, why.code, why.field, "%s%sprovider \"%s\": %s", where, where[0] != '\0' ? ": " : "",
                   c->name, why.msg);
}

int link_check(const struct config_provider *conf, struct err *e)
{
    struct link l = {.reach = HTTP_REACH_PUBLIC};

    return take_conf(&l, conf, e);
}

struct link *link_new(const struct link_opts *o, struct err *e)
{
    struct link *l = xcalloc(1, sizeof(*l));

    l->o = *o;
    if (take_conf(l, o->conf, e) != 0) {
        free(l);
        return NULL;
    }
    link_breaker_init(&l->breaker);
    l->pace = link_pace_new(o->loop, o->queue, o->conf->name, o->conf->rate);
    l->room = (struct loop_task){.cb = on_room, .arg = l};
    l->wake = loop_timer_new(o->loop, on_wake, l);
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
    free(l);
}

void link_reconfigure(struct link *l, const struct config_provider *conf)
{
    struct err e;

    if (take_conf(l, conf, &e) != 0)
        panic("link %s: the new configuration was not checked: %s", conf->name, e.msg);
    link_pace_set_rate(l->pace, conf->rate);
    loop_post(l->o.loop, &l->room);
}

const struct config_provider *link_conf(const struct link *l)
{
    return l->o.conf;
}

const struct driver *link_driver(const struct link *l)
{
    return l->driver;
}

const struct provider_conf *link_provider(const struct link *l)
{
    return &l->conf;
}

uint8_t link_route(const struct link *l)
{
    return l->o.route;
}

size_t link_batch(const struct link *l)
{
    size_t batch = l->conf.batch;

    return batch < l->driver->batch_max ? batch : l->driver->batch_max;
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
        log_info(paused ? "link.paused" : "link.resumed", "provider=%s why=\"%s\"", l->conf.name,
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

void link_permit_cancel(struct link_permit *p)
{
    link_pace_cancel(p);
}

/* ---- looking ---- */

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

/* Why it does not send, for people; "" when it does. */
static json_t *why_json(const struct link *l)
{
    int64_t now_us = clock_mono_us();
    long long seconds;
    json_t *why;

    if (l->paused)
        return json_string(l->why);
    if (l->breaker.state != LINK_BREAKER_CLOSED) {
        seconds = (link_breaker_wait_us(&l->breaker, LANE_NORMAL, now_us) + 999999) / 1000000;
        why = json_sprintf("%s; tried again in %lld s, by an emergency within a second",
                           l->bad_account ? "it refuses the account (credentials, balance, sign?)"
                                          : "no good answer again and again",
                           seconds > 0 ? seconds : 0);
    } else if (l->throttled_us > now_us) {
        why = json_sprintf("it asked for a pause of %lld s more",
                           (long long)(l->throttled_us - now_us) / 1000000);
    } else {
        why = json_string("");
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
    json_object_set_new(o, "window", json_integer(c->window));
    json_object_set_new(o, "rate", json_real(c->rate));
    json_object_set_new(o, "batch", json_integer(c->batch));
    json_object_set_new(o, "priority", json_integer(c->priority));
    json_object_set_new(o, "breaker_open", json_boolean(l->stats.breaker_open));
    json_object_set_new(o, "verdicts", verdicts_json(l));
    return o;
}
