#include "daemon/notices.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/log.h"
#include "base/mem.h"
#include "queue/codec.h"
#include "text/phone.h"
#include "text/tmpl.h"

#define RATE_SECONDS 6 /* the running one and five whole ones */

enum { REFUSED_MAX = 16, PERSONAL_MAX = 3, LAST_WAY_MIN = 20, ROUTES = 16 };

struct waiter {
    void (*cb)(void *arg);
    void *arg;
    TAILQ_ENTRY(waiter) entry;
};

struct notices_entry {
    char id[NOTICE_ID_MAX + 1];
    struct notices *owner;
    enum notices_state state;
    struct notice *notice;
    struct tmpl **tmpls; /* [notice->n_texts] */
    unsigned refs;
    TAILQ_HEAD(, waiter) waiters;
    struct {
        int64_t second;
        uint64_t n;
    } cells[RATE_SECONDS];
    struct {
        const char *text; /* of the notice; NULL = whatever it says to whom */
        int64_t until_us;
        uint8_t route;
    } refused[REFUSED_MAX];
    size_t next_refused;
    unsigned n_personal; /* refused texts with names in them */
    bool taken
        [ROUTES]; /* this provider has accepted a message of this notice: what it refuses is then somebody's, not everybody's */
    unsigned n_refused[ROUTES]; /* messages it refused, none taken */
    UT_hash_handle hh;
    TAILQ_ENTRY(notices_entry) lru; /* least recently used first */
};

struct notices {
    struct queue *queue;
    struct notices_entry *by_id;
    TAILQ_HEAD(, notices_entry) lru;
    size_t n;
};

struct notices *notices_new(struct queue *q)
{
    struct notices *n = xcalloc(1, sizeof(*n));

    n->queue = q;
    TAILQ_INIT(&n->lru);
    return n;
}

static void entry_clear(struct notices_entry *e)
{
    for (size_t i = 0; e->tmpls != NULL && i < e->notice->n_texts; i++)
        tmpl_free(e->tmpls[i]);
    free(e->tmpls);
    e->tmpls = NULL;
    notice_free(e->notice);
    e->notice = NULL;
}

static void entry_drop(struct notices_entry *e)
{
    struct waiter *w;

    while ((w = TAILQ_FIRST(&e->waiters)) != NULL) {
        TAILQ_REMOVE(&e->waiters, w, entry);
        free(w);
    }
    HASH_DEL(e->owner->by_id, e);
    TAILQ_REMOVE(&e->owner->lru, e, lru);
    e->owner->n--;
    entry_clear(e);
    free(e);
}

void notices_free(struct notices *n)
{
    struct notices_entry *e;

    if (n == NULL)
        return;
    while ((e = TAILQ_FIRST(&n->lru)) != NULL)
        entry_drop(e);
    free(n);
}

/* Entries that are in use or loading stay, whatever the number: their number is bounded by the slices held. */
static void make_room(struct notices *n)
{
    struct notices_entry *e, *next;

    TAILQ_FOREACH_SAFE(e, &n->lru, lru, next)
    {
        if (n->n <= NOTICES_MAX)
            return;
        if (e->refs == 0 && e->state != NOTICES_LOADING)
            entry_drop(e);
    }
}

static int compile(struct notices_entry *e, const char *json, size_t len, struct err *err)
{
    e->notice = codec_stored(json, len, err);
    if (e->notice == NULL)
        return -1;
    e->tmpls = xcalloc(e->notice->n_texts + 1, sizeof(struct tmpl *));
    for (size_t i = 0; i < e->notice->n_texts; i++) {
        const char *text = e->notice->texts[i].text;

        e->tmpls[i] = tmpl_compile(text, strlen(text), err);
        if (e->tmpls[i] == NULL)
            return -1;
    }
    return 0;
}

static void on_json(void *arg, const struct queue_result *r, const char *json, size_t len)
{
    struct notices_entry *e = arg;
    struct waiter *w;
    struct err err = {{0}, {0}, {0}};

    if (r->status == QUEUE_OK && json != NULL && compile(e, json, len, &err) == 0) {
        e->state = NOTICES_READY;
    } else if (r->status == QUEUE_OK || r->status == QUEUE_REFUSED) {
        entry_clear(e);
        e->state = NOTICES_GONE;
        log_error("notice.unreadable", "notice=%s why=\"%s\"", e->id,
                  json == NULL ? "there is none" : err.msg);
    } else {
        e->state = NOTICES_UNAVAILABLE;
    }
    e->refs++; /* a waiter may give the last one back */
    while ((w = TAILQ_FIRST(&e->waiters)) != NULL) {
        struct waiter now = *w;

        TAILQ_REMOVE(&e->waiters, w, entry);
        free(w);
        now.cb(now.arg);
    }
    notices_give(e, NULL);
}

static struct notices_entry *entry_new(struct notices *n, const char *id)
{
    struct notices_entry *e = xcalloc(1, sizeof(*e));

    memcpy(e->id, id, strnlen(id, NOTICE_ID_MAX));
    e->owner = n;
    TAILQ_INIT(&e->waiters);
    HASH_ADD_STR(n->by_id, id, e);
    n->n++;
    TAILQ_INSERT_TAIL(&n->lru, e, lru);
    e->state = NOTICES_LOADING;
    queue_notice_json(n->queue, id, on_json, e);
    return e;
}

struct notices_entry *notices_take(struct notices *n, const char *id, void (*cb)(void *arg), void *arg)
{
    struct notices_entry *e = NULL;

    HASH_FIND_STR(n->by_id, id, e);
    if (e == NULL) {
        make_room(n);
        e = entry_new(n, id);
    } else {
        TAILQ_REMOVE(&n->lru, e, lru);
        TAILQ_INSERT_TAIL(&n->lru, e, lru);
    }
    e->refs++;
    if (e->state == NOTICES_LOADING) {
        struct waiter *w = xcalloc(1, sizeof(*w));

        w->cb = cb;
        w->arg = arg;
        TAILQ_INSERT_TAIL(&e->waiters, w, entry);
    }
    return e;
}

void notices_give(struct notices_entry *e, void *arg)
{
    struct waiter *w, *next;

    TAILQ_FOREACH_SAFE(w, &e->waiters, entry, next)
    {
        if (arg != NULL && w->arg == arg) {
            TAILQ_REMOVE(&e->waiters, w, entry);
            free(w);
        }
    }
    e->refs--;
    /* What could not be read is asked for again next time. */
    if (e->refs == 0 && (e->state == NOTICES_GONE || e->state == NOTICES_UNAVAILABLE))
        entry_drop(e);
}

enum notices_state notices_state(const struct notices_entry *e)
{
    return e->state;
}

const struct notice *notices_notice(const struct notices_entry *e)
{
    return e->notice;
}

/* ---- rendering ---- */

struct values {
    const struct notice *notice;
    const struct recipient *recipient;
    char masked[PHONE_MAX];
    char address[96];
};

static const char *own_value(struct values *v, const char *name)
{
    if (strcmp(name, "name") == 0)
        return v->recipient->name;
    if (strcmp(name, "building") == 0)
        return v->recipient->building;
    if (strcmp(name, "area") == 0)
        return v->recipient->area;
    if (strcmp(name, "phone") == 0 &&
        recipient_address(v->recipient, "sms", v->address, sizeof(v->address)) != NULL) {
        phone_mask(v->address, v->masked);
        return v->masked;
    }
    return NULL;
}

static const char *on_lookup(void *arg, const char *name, size_t *n)
{
    struct values *v = arg;
    const char *value = NULL;

    for (size_t i = 0; i < v->notice->n_vars && value == NULL; i++)
        if (strcmp(v->notice->vars[i].name, name) == 0)
            value = v->notice->vars[i].value;
    if (value == NULL)
        value = own_value(v, name);
    *n = value != NULL ? strlen(value) : 0;
    return value;
}

int notices_render(const struct notices_entry *e, const struct recipient *r, struct buf *out,
                   const char **text, size_t *len, struct err *err)
{
    struct values v = {.notice = e->notice, .recipient = r, .masked = "", .address = ""};
    const char *found;
    size_t at = out->len;

    if (r->text[0] != '\0') { /* rolling answers: every line brings its own */
        *text = r->text;
        *len = strlen(r->text);
        return 0;
    }
    found = notice_text_for(e->notice, r->lang);
    for (size_t i = 0; found != NULL && i < e->notice->n_texts; i++) {
        if (e->notice->texts[i].text != found)
            continue;
        if (tmpl_n_names(e->tmpls[i]) == 0 && strstr(found, "\\{{") == NULL) {
            *text = found;
            *len = strlen(found);
            return 0;
        }
        *text = NULL;
        if (tmpl_render(e->tmpls[i], on_lookup, &v, out) != 0 || out->len - at > NOTICES_TEXT_MAX)
            return err_set(err, "too-long", "text",
                           "the text with its names filled in is longer than %d bytes", NOTICES_TEXT_MAX);
        *len = out->len - at;
        return 0;
    }
    return err_set(err, "no-text", "text", "the notice has no text");
}

/* ---- refused by a provider ---- */

/* The text this recipient gets, as far as others get it too; *personal: with names in it. */
static const char *shared_text(const struct notices_entry *e, const struct recipient *r, bool *personal)
{
    const char *text = r->text[0] == '\0' ? notice_text_for(e->notice, r->lang) : NULL;

    *personal = false;
    for (size_t i = 0; text != NULL && i < e->notice->n_texts; i++)
        if (e->notice->texts[i].text == text)
            *personal = tmpl_n_names(e->tmpls[i]) > 0;
    return text;
}

bool notices_is_refused(const struct notices_entry *e, uint8_t route, const struct recipient *r,
                        int64_t now_us)
{
    bool personal;
    const char *text;

    if (e->next_refused == 0)
        return false;
    text = shared_text(e, r, &personal);
    for (size_t i = 0; text != NULL && i < REFUSED_MAX; i++)
        if (e->refused[i].until_us > now_us && e->refused[i].route == route &&
            (e->refused[i].text == NULL || e->refused[i].text == text))
            return true;
    return false;
}

void notices_refused(struct notices_entry *e, uint8_t route, const char *provider, const struct recipient *r,
                     const char *detail, int64_t now_us)
{
    bool personal;
    const char *text = shared_text(e, r, &personal);

    e->n_refused[route % ROUTES]++;
    if (text == NULL || e->taken[route % ROUTES] || notices_is_refused(e, route, r, now_us))
        return;
    if (personal && ++e->n_personal < PERSONAL_MAX)
        return;
    log_error("notice.refused-by-provider",
              "notice=%s provider=%s why=\"%s\" next=\"other providers and channels\"", e->id, provider,
              detail);
    e->refused[e->next_refused % REFUSED_MAX].text = personal ? NULL : text;
    e->refused[e->next_refused % REFUSED_MAX].route = route;
    e->refused[e->next_refused % REFUSED_MAX].until_us = now_us + (int64_t)NOTICES_REFUSED_MS * 1000;
    e->next_refused++;
    e->n_personal = 0;
}

void notices_taken(struct notices_entry *e, uint8_t route)
{
    if (e->taken[route % ROUTES])
        return;
    e->taken[route % ROUTES] = true;
    for (size_t i = 0; i < REFUSED_MAX; i++)
        if (e->refused[i].route == route)
            e->refused[i].until_us = 0;
}

bool notices_surely_refused(const struct notices_entry *e, uint8_t route)
{
    return !e->taken[route % ROUTES] && e->n_refused[route % ROUTES] >= LAST_WAY_MIN;
}

void notices_forget_refusals(struct notices *n, const char *id)
{
    struct notices_entry *e = NULL;

    HASH_FIND_STR(n->by_id, id, e);
    if (e == NULL)
        return;
    memset(e->refused, 0, sizeof(e->refused));
    memset(e->n_refused, 0, sizeof(e->n_refused));
    e->next_refused = 0;
    e->n_personal = 0;
}

/* ---- rate ---- */

void notices_settled(struct notices_entry *e, size_t n, int64_t now_us)
{
    int64_t second = now_us / 1000000;
    size_t i = (size_t)(second % RATE_SECONDS);

    if (e->cells[i].second != second) {
        e->cells[i].second = second;
        e->cells[i].n = 0;
    }
    e->cells[i].n += n;
}

double notices_rate(const struct notices *n, const char *id, int64_t now_us)
{
    struct notices_entry *e = NULL;
    int64_t second = now_us / 1000000, oldest = second;
    uint64_t sum = 0;
    double span;

    HASH_FIND_STR(n->by_id, id, e);
    if (e == NULL)
        return 0;
    for (size_t i = 0; i < RATE_SECONDS; i++)
        if (e->cells[i].n != 0 && e->cells[i].second > second - RATE_SECONDS) {
            sum += e->cells[i].n;
            if (e->cells[i].second < oldest)
                oldest = e->cells[i].second;
        }
    span = (double)(now_us - oldest * 1000000) / 1e6;
    return sum == 0 ? 0 : (double)sum / (span > 0.1 ? span : 0.1);
}

int notices_lane(const struct notices *n, const char *id)
{
    struct notices_entry *e = NULL;

    HASH_FIND_STR(n->by_id, id, e);
    return e != NULL && e->notice != NULL ? (int)e->notice->lane : -1;
}
