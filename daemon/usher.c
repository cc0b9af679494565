#include "daemon/usher.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/span.h"
#include "daemon/activity_news.h"
#include "model/notice.h"
#include "model/registry.h"
#include "model/reminder.h"
#include "net/loop.h"

#define AHEAD_MS (SPAN_MAX_MIN * 60000LL)
#define SOON_MAX 20 /* reminders, and offers, of one look; the rest at the next */
#define AGAIN_MS 1000
#define LEAST_MS 50

/* A reminder that is due, and for what. */
struct due {
    struct usher *usher;
    struct activity activity;
    uint32_t minutes;
};

/* An offer of a seat that was not confirmed in time. */
struct lapsed {
    struct usher *usher;
    char code[ACTIVITY_CODE_MAX + 1], who[ROSTER_WHO_MAX];
};

struct usher {
    struct usher_opts o;
    struct loop_timer *timer;
    bool usable, looking;
    struct activity *list; /* of the look under way */
    size_t n, cap;
    struct due asked[SOON_MAX]; /* reminders under way */
    struct lapsed lapsed[SOON_MAX];
    size_t n_begun, n_lapsed;
    size_t n_asked; /* answers that are to come */
    bool failed;
};

static void look(struct usher *u);

static void on_timer(void *arg)
{
    look(arg);
}

static void rest(struct usher *u, int64_t ms)
{
    u->looking = false;
    if (u->usable)
        loop_timer_arm_ms(u->timer, ms < LEAST_MS ? LEAST_MS : ms > u->o.look_ms ? u->o.look_ms : ms);
}

/* What lapsed may not have been all: the next look comes at once. */
static void answered(struct usher *u, const struct queue_result *r)
{
    u->failed = u->failed || (r->status != QUEUE_OK && r->status != QUEUE_REFUSED);
    if (--u->n_asked == 0)
        rest(u, u->n_lapsed > 0 && !u->failed ? LEAST_MS : AGAIN_MS);
}

/* ---- one offer ---- */

static void on_lapse(void *arg, const struct queue_result *r)
{
    struct lapsed *l = arg;
    const char *community = queue_community(l->usher->o.queue);

    if (r->status == QUEUE_OK)
        log_info("activity.offer-lapsed", "community=%s activity=%s", community, l->code);
    else
        log_warn("activity.offer-lapsed", "community=%s activity=%s why=\"%s\" next=\"tried again\"",
                 community, l->code, r->e->msg);
    answered(l->usher, r);
}

static void on_lapsed(void *arg, const char *code, const char *who)
{
    struct usher *u = arg;
    struct lapsed *l = &u->lapsed[u->n_lapsed];

    if (u->n_lapsed == SOON_MAX || strlen(code) >= sizeof(l->code) || strlen(who) >= sizeof(l->who))
        return;
    l->usher = u;
    memcpy(l->code, code, strlen(code) + 1);
    memcpy(l->who, who, strlen(who) + 1);
    u->n_lapsed++;
}

static void lapse_all(struct usher *u)
{
    for (size_t i = 0; i < u->n_lapsed; i++) {
        u->n_asked++;
        roster_lapse(u->o.queue, u->lapsed[i].code, u->lapsed[i].who, on_lapse, &u->lapsed[i]);
    }
}

/* ---- one reminder ---- */

struct saying {
    const struct activity *activity;
    const char *tz;
};

static int say(const void *arg, struct buf *out, const char *lang)
{
    const struct saying *s = arg;

    return registry_say_reminder(out, lang, s->tz, s->activity);
}

static void on_reminded(void *arg, const struct queue_result *r, bool sent)
{
    struct due *d = arg;
    struct usher *u = d->usher;

    if (r->status == QUEUE_OK && sent)
        log_info("activity.reminder", "community=%s activity=%s minutes=%u", queue_community(u->o.queue),
                 d->activity.code, d->minutes);
    else if (r->status != QUEUE_OK && r->status != QUEUE_REFUSED) /* refused: another daemon was faster */
        log_warn("activity.reminder", "community=%s activity=%s why=\"%s\" next=\"tried again\"",
                 queue_community(u->o.queue), d->activity.code, r->e->msg);
    answered(u, r);
}

static void remind(struct usher *u, const struct activity *a, uint32_t minutes, int64_t until_at)
{
    const struct saying what = {.activity = a, .tz = u->o.conf->timezone};
    char id[NOTICE_ID_MAX + 1], *entry;
    struct due *d = &u->asked[u->n_begun++];
    json_t *o;

    d->usher = u;
    d->activity = *a;
    d->minutes = minutes;
    activity_news_id(id, sizeof(id), "remind", a->code, a->starts_at / 1000, minutes);
    o = activity_news_make(id, a, json_pack("[s]", "confirmed"), until_at, what.tz, say, &what);
    entry = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    u->n_asked++;
    roster_remind(u->o.queue, a, minutes, id, entry, on_reminded, d);
    free(entry);
}

/* ---- a look ---- */

static void on_activity(void *arg, const struct activity *a)
{
    struct usher *u = arg;

    if (u->n == u->cap) {
        u->cap = u->cap ? 2 * u->cap : 16;
        u->list = xrealloc(u->list, u->cap * sizeof(*u->list));
    }
    u->list[u->n++] = *a;
}

static void on_looked(void *arg, const struct queue_result *r, int64_t now_at, int64_t lapses_at)
{
    struct usher *u = arg;
    struct activity_reminders plan;
    int64_t next = lapses_at;

    if (r->status != QUEUE_OK) {
        rest(u, AGAIN_MS);
        return;
    }
    lapse_all(u);
    reminder_plan(&plan, (const char *const *)u->o.conf->reminders);
    for (size_t i = 0; i < u->n && u->n_begun < SOON_MAX; i++) {
        const struct activity *a = &u->list[i];
        uint32_t minutes = reminder_due(a, &plan, now_at);
        int64_t at = reminder_next_at(a, &plan, now_at);

        if (minutes != 0)
            remind(u, a, minutes, reminder_until(a, &plan, now_at));
        if (at != 0 && (next == 0 || at < next))
            next = at;
    }
    if (u->n_asked == 0)
        rest(u, next != 0 ? next - now_at : u->o.look_ms);
}

static void look(struct usher *u)
{
    if (!u->usable || u->looking)
        return;
    u->looking = true;
    u->n = u->n_begun = u->n_lapsed = 0;
    u->failed = false;
    roster_due(u->o.queue, AHEAD_MS, on_activity, on_lapsed, on_looked, u);
}

/* ---- life ---- */

struct usher *usher_new(const struct usher_opts *o)
{
    struct usher *u = xcalloc(1, sizeof(*u));

    u->o = *o;
    u->timer = loop_timer_new(o->loop, on_timer, u);
    return u;
}

void usher_free(struct usher *u)
{
    if (u == NULL)
        return;
    loop_timer_free(u->timer);
    free(u->list);
    free(u);
}

void usher_set_usable(struct usher *u, bool usable)
{
    if (u->usable == usable)
        return;
    u->usable = usable;
    if (usable)
        look(u);
    else
        loop_timer_disarm(u->timer);
}

void usher_set_conf(struct usher *u, const struct config_community *conf)
{
    u->o.conf = conf;
}
