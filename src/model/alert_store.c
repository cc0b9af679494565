#include "model/alert_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "model/cap_int.h"

/* ---- writing ---- */

static bool is_old(int64_t at, int64_t now_at)
{
    return at < now_at - ALERT_FORGET_MS;
}

static bool forgets_event(const struct alert_known *k, int64_t now_at)
{
    return is_old(k->latest_at, now_at) && (k->ended || is_old(k->expires_at, now_at));
}

/* A key ends in the time at which the message was sent. */
static bool forgets_message(const struct alert_book *b, const struct alert_message *m, int64_t now_at)
{
    const struct alert_known *k = alert_book_event(b, m->root);
    const char *comma = strrchr(m->key, ',');
    int64_t at = 0;

    if (k != NULL && !forgets_event(k, now_at))
        return false;
    return comma == NULL || num_i64(comma + 1, INT64_MIN, INT64_MAX, &at) != 0 || is_old(at, now_at);
}

static json_t *event_json(const struct alert_known *k)
{
    json_t *notices = json_array();

    for (size_t i = 0; i < k->n_notices; i++)
        json_array_append_new(notices, json_string(k->notices[i]));
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:I,s:I,s:b,s:b,s:b,s:o}", "root", k->root, "sender",
                     k->sender, "event", k->event, "areas", k->areas, "title", k->title, "issuer", k->issuer,
                     "scale", alert_scale_name(k->level.scale), "grade", k->level.grade, "latest",
                     (json_int_t)k->latest_at, "expires", (json_int_t)k->expires_at, "told", k->told, "ended",
                     k->ended, "drill", k->drill, "notices", notices);
}

char *alert_book_write(const struct alert_book *b, int64_t now_at)
{
    json_t *events = json_array(), *messages = json_array(), *book;
    char *s;

    for (size_t i = 0; i < b->n_events; i++)
        if (!forgets_event(&b->events[i], now_at))
            json_array_append_new(events, event_json(&b->events[i]));
    for (size_t i = 0; i < b->n_messages; i++) {
        const struct alert_message *m = &b->messages[i];

        if (!forgets_message(b, m, now_at))
            json_array_append_new(messages, json_pack("[s,s,b,b]", m->key, m->root, m->seen, m->dead));
    }
    book = json_pack("{s:o,s:o}", "events", events, "messages", messages);
    s = json_dumps(book, JSON_COMPACT);
    json_decref(book);
    if (s == NULL)
        panic("a book of warnings cannot be written");
    return s;
}

/* ---- reading ---- */

static int read_event(struct alert_book *b, const json_t *o)
{
    const char *root, *sender, *event, *areas, *title, *issuer, *scale;
    json_int_t latest, expires;
    int grade, told, ended, drill;
    json_t *notices, *id;
    struct alert_known *k;
    size_t i;

    if (json_unpack((json_t *)(uintptr_t)o, "{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:I,s:I,s:b,s:b,s:b,s:o}",
                    "root", &root, "sender", &sender, "event", &event, "areas", &areas, "title", &title,
                    "issuer", &issuer, "scale", &scale, "grade", &grade, "latest", &latest, "expires",
                    &expires, "told", &told, "ended", &ended, "drill", &drill, "notices", &notices) != 0 ||
        alert_scale_parse(scale) < 0)
        return -1;
    b->events = cap_more(b->events, &b->n_events, sizeof(*b->events));
    k = &b->events[b->n_events - 1];
    *k = (struct alert_known){
        .root = xstrdup(root),
        .sender = xstrdup(sender),
        .event = xstrdup(event),
        .areas = xstrdup(areas),
        .title = xstrdup(title),
        .issuer = xstrdup(issuer),
        .level = {(enum alert_scale)alert_scale_parse(scale), grade},
        .latest_at = latest,
        .expires_at = expires,
        .told = told,
        .ended = ended,
        .drill = drill
    };
    json_array_foreach(notices, i, id) alert_known_told(k, json_is_string(id) ? json_string_value(id) : "");
    return 0;
}

static int read_message(struct alert_book *b, const json_t *o)
{
    const char *key, *root;
    struct alert_message *m;
    int seen, dead;

    if (json_unpack((json_t *)(uintptr_t)o, "[s,s,b,b]", &key, &root, &seen, &dead) != 0)
        return -1;
    b->messages = cap_more(b->messages, &b->n_messages, sizeof(*b->messages));
    m = &b->messages[b->n_messages - 1];
    *m = (struct alert_message){.key = xstrdup(key), .root = xstrdup(root), .seen = seen, .dead = dead};
    return 0;
}

int alert_book_read(struct alert_book *b, const char *json, size_t n, struct err *e)
{
    json_t *book = json_loadb(json, n, JSON_REJECT_DUPLICATES, NULL), *o;
    int rc =
        json_is_array(json_object_get(book, "events")) && json_is_array(json_object_get(book, "messages"))
            ? 0
            : -1;
    size_t i;

    *b = (struct alert_book){.events = NULL};
    json_array_foreach(json_object_get(book, "events"), i, o) rc |= read_event(b, o);
    json_array_foreach(json_object_get(book, "messages"), i, o) rc |= read_message(b, o);
    json_decref(book);
    return rc == 0 ? 0 : err_set(e, "bad-book", NULL, "what is kept of official warnings cannot be read");
}
