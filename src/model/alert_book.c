/* The book of messages and events. Part of alert_decide.h. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/alert_decide.h"
#include "model/cap_int.h"

#define KEY_MAX 512

struct alert_message *alert_book_message(const struct alert_book *b, const char *key)
{
    for (size_t i = 0; i < b->n_messages; i++)
        if (strcmp(b->messages[i].key, key) == 0)
            return &b->messages[i];
    return NULL;
}

struct alert_known *alert_book_event(const struct alert_book *b, const char *root)
{
    for (size_t i = 0; i < b->n_events; i++)
        if (strcmp(b->events[i].root, root) == 0)
            return &b->events[i];
    return NULL;
}

static void replace(char **at, const char *s)
{
    char *copy = xstrdup(s);

    free(*at);
    *at = copy;
}

static struct alert_message *message(struct alert_book *b, const char *key, const char *root)
{
    struct alert_message *m = alert_book_message(b, key);

    if (m == NULL) {
        b->messages = cap_more(b->messages, &b->n_messages, sizeof(*b->messages));
        m = &b->messages[b->n_messages - 1];
        m->key = xstrdup(key);
        m->root = xstrdup(root);
    }
    return m;
}

static struct alert_known *event(struct alert_book *b, const char *root)
{
    struct alert_known *k = alert_book_event(b, root);

    if (k == NULL) {
        b->events = cap_more(b->events, &b->n_events, sizeof(*b->events));
        k = &b->events[b->n_events - 1];
        k->root = xstrdup(root);
        k->sender = xstrdup("");
        k->event = xstrdup("");
        k->areas = xstrdup("");
        k->title = xstrdup("");
        k->issuer = xstrdup("");
    }
    return k;
}

void alert_known_told(struct alert_known *k, const char *notice)
{
    k->notices = cap_more(k->notices, &k->n_notices, sizeof(*k->notices));
    k->notices[k->n_notices - 1] = xstrdup(notice);
}

void alert_known_forget(struct alert_known *k)
{
    for (size_t i = 0; i < k->n_notices; i++)
        free(k->notices[i]);
    free(k->notices);
    k->notices = NULL;
    k->n_notices = 0;
}

/* A chain that this message joins to another one: they are one from now on, with what both told. */
static void join(struct alert_book *b, struct alert_known *k, const char *root)
{
    struct alert_known *other = alert_book_event(b, root);

    if (other == NULL || other == k)
        return;
    k->told = k->told || (other->told && !other->ended);
    for (size_t i = 0; i < other->n_notices; i++)
        alert_known_told(k, other->notices[i]);
    alert_known_forget(other);
    other->ended = true;
    for (size_t i = 0; i < b->n_messages; i++) /* ${root} may be one of these */
        if (strcmp(b->messages[i].root, other->root) == 0)
            replace(&b->messages[i].root, k->root);
}

/* What it refers to is over, whether it came already or comes later. */
static void bury(struct alert_book *b, const struct cap_alert *a, const char *root)
{
    char key[KEY_MAX];

    for (size_t i = 0; i < a->n_refs; i++) {
        const struct cap_ref *r = &a->refs[i];
        struct alert_known *k;
        struct alert_message *m;

        if (strcmp(r->sender, a->sender) != 0 ||
            !alert_key(r->sender, r->identifier, r->sent_at, key, sizeof(key)))
            continue;
        m = message(b, key, root);
        k = alert_book_event(b, m->root);
        if (k != NULL && k->drill != (a->status == CAP_EXERCISE))
            continue;
        m->dead = true;
        k = alert_book_event(b, root);
        if (k != NULL && strcmp(m->root, root) != 0)
            join(b, k, m->root);
    }
}

/* Only what is meant for the public, or a part of an exercise, changes what is known of an event. */
static bool has_effect(const struct cap_alert *a)
{
    return (a->status == CAP_ACTUAL || a->status == CAP_EXERCISE) && a->scope == CAP_PUBLIC &&
           a->type != CAP_ACK && a->type != CAP_ERROR;
}

static void note(struct alert_known *k, const struct warning *w, const struct alert_verdict *v)
{
    bool ends = v->decision == ALERT_END || cap_ends(w->cap);

    k->drill = w->cap->status == CAP_EXERCISE;
    replace(&k->sender, w->cap->sender);
    if (w->cap->sent_at > k->latest_at)
        k->latest_at = w->cap->sent_at;
    if (ends) {
        k->ended = true;
        return;
    }
    if (v->decision == ALERT_SEND || !k->told) {
        const char *title = w->info != NULL ? w->info->headline : NULL,
                   *issuer = w->info != NULL ? w->info->sender_name : NULL;

        replace(&k->title, title != NULL ? title : "");
        replace(&k->issuer, issuer != NULL ? issuer : w->cap->sender);
        k->level = w->level;
        replace(&k->event, w->event);
        replace(&k->areas, w->areas);
    }
    k->expires_at = w->expires_at;
    if (v->decision == ALERT_SEND)
        k->told = !(k->ended = false);
}

void alert_book_add(struct alert_book *b, const struct warning *w, const struct alert_verdict *v)
{
    const struct alert_message *known;
    struct alert_known *k;
    char key[KEY_MAX];
    bool was_dead;

    if (v->decision == ALERT_REFUSE || v->decision == ALERT_IGNORE ||
        !alert_key(w->cap->sender, w->cap->identifier, w->cap->sent_at, key, sizeof(key)))
        return;
    known = alert_book_message(b, key);
    was_dead = known != NULL && known->dead;
    message(b, key, v->root)->seen = true;
    if (!has_effect(w->cap))
        return;
    k = alert_book_event(b, v->root);
    /* What came too late changes nothing; an end of nothing known is remembered by its references alone. */
    if (k == NULL && !was_dead && !cap_ends(w->cap))
        k = event(b, v->root);
    if (k != NULL && !was_dead && w->cap->sent_at >= k->latest_at)
        note(k, w, v);
    bury(b, w->cap, v->root);
}

void alert_book_fini(struct alert_book *b)
{
    for (size_t i = 0; i < b->n_messages; i++) {
        free(b->messages[i].key);
        free(b->messages[i].root);
    }
    for (size_t i = 0; i < b->n_events; i++) {
        free(b->events[i].root);
        free(b->events[i].sender);
        free(b->events[i].event);
        free(b->events[i].areas);
        free(b->events[i].title);
        free(b->events[i].issuer);
        alert_known_forget(&b->events[i]);
    }
    free(b->messages);
    free(b->events);
    *b = (struct alert_book){.events = NULL};
}
