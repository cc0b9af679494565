#include "daemon/link_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "text/utf8.h"

enum {
    THROTTLED_MAX_EMERGENCY_MS = 30000,
    PRESSED_MS = 100,      /* asked for again whenever a slot comes free */
    PERMITS_AHEAD_MS = 250 /* most time's worth of requests that wait for permits */
};

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

/* ---- room ---- */

/* Slots of the window that lane ${lane} may fill: lanes 2 and 3 leave the reserve alone, lane 2 also a trickle for lane 3 (1 slot, 2 % of large windows). */
static size_t slots_allowed(const struct link *l, enum lane lane)
{
    size_t window = (size_t)l->o.conf->window, reserve, low, trickle;

    if (lane <= LANE_URGENT)
        return window;
    reserve = (window * (size_t)l->o.reserved_percent + 99) / 100;
    if (reserve >= window)
        reserve = window - 1;
    low = window - reserve;
    trickle = low >= 4 ? (low + 49) / 50 : 0;
    return lane == LANE_NORMAL ? low - trickle : low;
}

static size_t slots_free(const struct link *l, enum lane lane)
{
    size_t low = l->slots[LANE_NORMAL] + l->slots[LANE_BULK];
    size_t all = low + l->slots[LANE_EMERGENCY] + l->slots[LANE_URGENT];
    size_t window = (size_t)l->o.conf->window, allowed = slots_allowed(l, lane);
    size_t mine = lane <= LANE_URGENT ? all : lane == LANE_NORMAL ? l->slots[LANE_NORMAL] : low;
    size_t free_all, free_mine;

    if (lane <= LANE_URGENT)
        mine += l->unsettled[LANE_EMERGENCY] + l->unsettled[LANE_URGENT];
    else if (l->unsettled[LANE_NORMAL] + l->unsettled[LANE_BULK] >= window)
        return 0;
    free_all = all < window ? window - all : 0;
    free_mine = mine < allowed ? allowed - mine : 0;
    if (lane == LANE_NORMAL && low >= slots_allowed(l, LANE_BULK))
        return 0;
    return free_all < free_mine ? free_all : free_mine;
}

bool link_usable(const struct link *l, enum lane lane, int64_t *wait_ms)
{
    int64_t now = clock_mono_us(), wait, until = l->throttled_us;

    if (l->paused) {
        *wait_ms = -1;
        return false;
    }
    if (lane == LANE_EMERGENCY && until > now + (int64_t)THROTTLED_MAX_EMERGENCY_MS * 1000)
        until = now + (int64_t)THROTTLED_MAX_EMERGENCY_MS * 1000;
    wait = link_breaker_wait_us(&l->breaker, lane, now);
    if (wait < 0) /* a probe is out: its end will say */
        wait = 1000000;
    if (until - now > wait)
        wait = until - now;
    *wait_ms = (wait + 999) / 1000;
    return wait == 0;
}

bool link_healthy(const struct link *l)
{
    return l->unwell_us == 0 || l->unwell_us < clock_mono_us();
}

/* Requests that may wait for permits at once. */
static size_t permits_room(const struct link *l, size_t slots)
{
    double ahead = l->o.conf->rate * PERMITS_AHEAD_MS / 1000;
    uint64_t most = ahead > 2 ? (uint64_t)ahead : 2, waiting = link_pace_waiting(l->pace);

    if (l->o.conf->rate <= 0)
        return slots;
    if (waiting >= most)
        return 0;
    return slots < most - waiting ? slots : (size_t)(most - waiting);
}

bool link_pressed(const struct link *l, enum lane lane)
{
    return lane > LANE_URGENT && l->pressed_us != 0 && clock_mono_us() < l->pressed_us;
}

size_t link_room(const struct link *l, enum lane lane)
{
    size_t slots = slots_free(l, lane);
    int64_t wait;

    if (slots == 0 || link_pressed(l, lane) || !link_usable(l, lane, &wait))
        return 0;
    if (l->breaker.state != LINK_BREAKER_CLOSED)
        slots = 1;
    return permits_room(l, slots) * link_batch(l);
}

bool link_slot_take(struct link *l, enum lane lane)
{
    if (link_room(l, lane) == 0) {
        if (lane <= LANE_URGENT)
            l->pressed_us = clock_mono_us() + (int64_t)PRESSED_MS * 1000;
        return false;
    }
    l->slots[lane]++;
    if (link_breaker_start(&l->breaker))
        l->probe_slot = true;
    return true;
}

static void leave_slot(struct link *l, enum lane lane)
{
    if (l->slots[lane] == 0)
        panic("link %s: a slot too many was given back", l->conf.name);
    l->slots[lane]--;
    if (l->probe_slot && l->slots[0] + l->slots[1] + l->slots[2] + l->slots[3] == 0) {
        l->probe_slot = false;
        link_breaker_forget(&l->breaker);
    }
    loop_post(l->o.loop, &l->room);
}

void link_slot_give(struct link *l, enum lane lane)
{
    leave_slot(l, lane);
}

void link_slot_unsettled(struct link *l, enum lane lane)
{
    leave_slot(l, lane);
    l->unsettled[lane]++;
}

void link_slot_settled(struct link *l, enum lane lane)
{
    if (l->unsettled[lane] == 0)
        panic("link %s: settled what was not open", l->conf.name);
    l->unsettled[lane]--;
    loop_post(l->o.loop, &l->room);
}

const char *link_state(const struct link *l)
{
    if (l->paused)
        return "paused";
    if (l->breaker.state != LINK_BREAKER_CLOSED)
        return l->bad_account ? "bad-account" : "breaker-open";
    if (l->throttled_us > clock_mono_us())
        return "throttled";
    if (slots_free(l, LANE_EMERGENCY) == 0)
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

json_t *link_json(const struct link *l)
{
    const struct config_provider *c = l->o.conf;
    json_t *o = json_object();

    json_object_set_new(o, "name", json_string(c->name));
    json_object_set_new(o, "driver", json_string(c->driver));
    json_object_set_new(o, "channel", json_string(c->channel));
    json_object_set_new(o, "community", json_string(c->community));
    json_object_set_new(o, "state", json_string(link_state(l)));
    json_object_set_new(o, "why", json_string(l->why));
    json_object_set_new(o, "in_flight", json_integer((json_int_t)l->stats.in_flight));
    json_object_set_new(o, "window", json_integer(c->window));
    json_object_set_new(o, "rate", json_real(c->rate));
    json_object_set_new(o, "batch", json_integer(c->batch));
    json_object_set_new(o, "priority", json_integer(c->priority));
    json_object_set_new(o, "breaker_open", json_boolean(l->stats.breaker_open));
    json_object_set_new(o, "verdicts", verdicts_json(l));
    return o;
}
