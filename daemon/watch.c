#include "daemon/watch.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/mem.h"
#include "daemon/events.h"
#include "daemon/link.h"
#include "queue/states.h"

enum { LOOK_MS = 1000, ASKED_MAX = 200 /* notices followed beside the newest and those under way */ };

struct known {
    char id[NOTICE_ID_MAX + 1];
    enum notice_state state;
    bool seen; /* in the answer that is being read */
    UT_hash_handle hh;
};

struct watched {
    struct watch *watch;
    struct community *community;
    struct known *by_id;
    bool primed; /* what is known was told, or was there before anybody watched */
    bool busy;
};

struct watch {
    struct app *app;
    struct loop_timer *look;
    struct watched *communities; /* [app->n_communities] */
    char (*health)[24];          /* [app->n_links]: the state last told */
};

static void forget(struct watched *c)
{
    struct known *k, *next;

    HASH_ITER(hh, c->by_id, k, next)
    {
        HASH_DEL(c->by_id, k);
        free(k);
    }
    c->primed = false;
}

/* true when it is news. */
static bool note(struct watched *c, const char *id, enum notice_state s)
{
    struct known *k = NULL;
    bool news = true;

    HASH_FIND_STR(c->by_id, id, k);
    if (k == NULL) {
        k = xcalloc(1, sizeof(*k));
        memcpy(k->id, id, strnlen(id, NOTICE_ID_MAX));
        HASH_ADD_STR(c->by_id, id, k);
        news = c->primed;
    } else {
        news = k->state != s;
    }
    k->state = s;
    k->seen = true;
    return news;
}

static void on_state(void *arg, const char *id, enum notice_state s)
{
    struct watched *c = arg;

    if (note(c, id, s))
        events_publish(c->watch->app->events, "notice.state",
                       json_pack("{s:s,s:s,s:s}", "community", c->community->conf->name, "id", id, "state",
                                 notice_state_name(s)));
}

static void on_looked(void *arg, const struct queue_result *r)
{
    struct watched *c = arg;
    struct known *k, *next;

    c->busy = false;
    if (r->status != QUEUE_OK)
        return;
    c->primed = true;
    HASH_ITER(hh, c->by_id, k, next)
    if (!k->seen) { /* over, and no longer among the newest */
        HASH_DEL(c->by_id, k);
        free(k);
    }
}

static void look_at_notices(struct watched *c)
{
    const char *ids[ASKED_MAX];
    struct known *k, *next;
    size_t n = 0;

    if (c->busy)
        return;
    HASH_ITER(hh, c->by_id, k, next)
    {
        k->seen = false;
        if (n < ASKED_MAX && !notice_state_is_final(k->state))
            ids[n++] = k->id;
    }
    c->busy = true;
    states_read(c->community->side, ids, n, on_state, on_looked, c);
}

/* A full window comes and goes with every request: that is health. */
static const char *health_of(const struct link *l)
{
    const char *state = link_state(l);

    return strcmp(state, "window-full") == 0 ? "ok" : state;
}

static void look_at_links(struct watch *w, bool tell)
{
    for (size_t i = 0; i < w->app->n_links; i++) {
        const struct link *l = w->app->links[i];
        const char *now = health_of(l);
        json_t *link;

        if (strcmp(w->health[i], now) == 0)
            continue;
        memset(w->health[i], 0, sizeof(w->health[i]));
        memcpy(w->health[i], now, strnlen(now, sizeof(w->health[i]) - 1));
        if (!tell)
            continue;
        link = link_json(l);
        events_publish(w->app->events, "provider.state",
                       json_pack("{s:s,s:s,s:s,s:O}", "community", link_conf(l)->community, "provider",
                                 link_conf(l)->name, "state", now, "why", json_object_get(link, "why")));
        json_decref(link);
    }
}

static void on_look(void *arg)
{
    struct watch *w = arg;
    bool watched = events_watched(w->app->events);

    look_at_links(w, watched);
    for (size_t i = 0; i < w->app->n_communities; i++) {
        if (watched && w->app->redis_usable)
            look_at_notices(&w->communities[i]);
        else if (!watched && !w->communities[i].busy)
            forget(&w->communities[i]);
    }
    loop_timer_arm_ms(w->look, LOOK_MS);
}

struct watch *watch_new(struct app *a)
{
    struct watch *w = xcalloc(1, sizeof(*w));

    w->app = a;
    w->communities = xcalloc(a->n_communities + 1, sizeof(*w->communities));
    for (size_t i = 0; i < a->n_communities; i++)
        w->communities[i] = (struct watched){.watch = w, .community = &a->communities[i]};
    w->health = xcalloc(a->n_links + 1, sizeof(*w->health));
    look_at_links(w, false);
    w->look = loop_timer_new(a->loop, on_look, w);
    loop_timer_arm_ms(w->look, LOOK_MS);
    return w;
}

void watch_free(struct watch *w)
{
    if (w == NULL)
        return;
    loop_timer_free(w->look);
    for (size_t i = 0; i < w->app->n_communities; i++)
        forget(&w->communities[i]);
    free(w->communities);
    free(w->health);
    free(w);
}

void watch_told(struct watch *w, const struct community *c, const char *id, enum notice_state s)
{
    if (w != NULL && events_watched(w->app->events))
        note(&w->communities[c - w->app->communities], id, s);
}
