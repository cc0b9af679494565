/* Texts that nobody understood, entries that the queue refused, and what a reply would mean. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/api_handlers.h"
#include "daemon/api_list.h"
#include "daemon/intake.h"
#include "daemon/replier.h"
#include "daemon/scheduler.h"
#include "queue/replies.h"
#include "text/phone.h"

#define ANSWER_TEXT_MAX 2000

/* ---- inbox ---- */

static json_t *inbox_json(const struct api_call *c, const struct replies_inbox *i)
{
    json_t *o = json_object();

    json_object_set_new(o, "key", api_call_string(i->key, strlen(i->key)));
    json_object_set_new(o, "at", api_call_time(c, i->at));
    json_object_set_new(o, "from", api_call_phone(c, i->from));
    json_object_set_new(o, "name", i->name != NULL ? api_call_string(i->name, strlen(i->name)) : json_null());
    json_object_set_new(o, "channel", api_call_string(i->channel, strlen(i->channel)));
    json_object_set_new(o, "text", api_call_words(c, i->text, i->text_len));
    json_object_set_new(o, "answered", json_boolean(i->answered));
    return o;
}

static void on_inbox(void *arg, const struct replies_inbox *i)
{
    struct api_list *l = arg;

    if (!api_list_full(l))
        api_list_add(l, inbox_json(api_list_call(l), i));
}

static size_t limit_of(const struct api_list *l)
{
    return api_list_limit(l) == SIZE_MAX ? 0 : api_list_limit(l);
}

void api_replies_inbox(struct api_call *c)
{
    struct api_list *l = api_list_new(c);

    if (l != NULL)
        replies_inbox_list(c->q, limit_of(l), on_inbox, api_list_on_done, l);
}

struct found {
    struct api_call *call;
    json_t *entry;
};

static void found_free(void *state)
{
    struct found *f = state;

    json_decref(f->entry);
}

static void on_maybe(void *arg, const struct replies_inbox *i)
{
    struct found *f = arg;

    if (f->entry == NULL)
        f->entry = inbox_json(f->call, i);
}

static void on_looked(void *arg, const struct queue_result *r)
{
    struct found *f = arg;

    if (r->status != QUEUE_OK)
        api_call_refused(f->call, r);
    else if (f->entry == NULL)
        api_call_error(f->call, 404, "no-such-entry", "key", "there is no such entry in the inbox");
    else
        api_call_json(f->call, 200, json_incref(f->entry));
}

void api_replies_inbox_show(struct api_call *c)
{
    struct found *f = api_call_state(c, sizeof(*f));

    c->state_free = found_free;
    f->call = c;
    replies_inbox_get(c->q, c->match.params[0], on_maybe, on_looked, f);
}

static void on_answered(void *arg, const struct queue_result *r)
{
    struct api_call *c = arg;

    if (r->status == QUEUE_OK) {
        scheduler_poke(c->community->scheduler);
        app_poke(c->app);
    }
    api_call_on_done(c, r);
}

void api_replies_inbox_answer(struct api_call *c)
{
    const json_t *text = json_object_get(c->body, "text");

    if (!json_is_string(text) || json_string_length(text) == 0 || json_string_length(text) > ANSWER_TEXT_MAX)
        api_call_error(c, 400, "bad-text", "text", "send {\"text\":\"...\"} of 1 to %d bytes",
                       ANSWER_TEXT_MAX);
    else
        replies_inbox_answer(c->q, c->match.params[0], json_string_value(text), on_answered, c);
}

/* ---- rejected ---- */

static void on_rejected(void *arg, const struct queue_rejected *r)
{
    struct api_list *l = arg;
    const struct api_call *c = api_list_call(l);

    if (!api_list_full(l))
        api_list_add(l, json_pack("{s:o,s:o,s:o,s:o,s:o}", "key", api_call_string(r->key, strlen(r->key)),
                                  "reason", api_call_string(r->reason, strlen(r->reason)), "message",
                                  api_call_words(c, r->message, strlen(r->message)), "entry",
                                  api_call_words(c, r->entry, r->entry_len), "at", api_call_time(c, r->at)));
}

void api_replies_rejected(struct api_call *c)
{
    struct api_list *l = api_list_new(c);

    if (l != NULL)
        queue_rejected_list(c->q, limit_of(l), on_rejected, api_list_on_done, l);
}

void api_replies_rejected_retry(struct api_call *c)
{
    queue_rejected_retry(c->q, c->match.params[0], api_call_on_done, c);
}

void api_replies_rejected_dismiss(struct api_call *c)
{
    queue_rejected_dismiss(c->q, c->match.params[0], api_call_on_done, c);
}

/* ---- explain ---- */

static void on_explained(void *arg, const struct queue_result *r, json_t *intent)
{
    struct api_call *c = arg;

    if (r->status != QUEUE_OK || intent == NULL)
        api_call_refused(c, r);
    else
        api_call_json(c, 200, intent);
}

void api_replies_explain(struct api_call *c)
{
    const json_t *text = json_object_get(c->body, "text");
    const char *from = api_call_member(c, "from");
    char phone[PHONE_MAX];
    struct err e;

    if (!json_is_string(text))
        api_call_error(c, 400, "bad-text", "text",
                       "send {\"text\":\"...\",\"from\":\"+86...\"}; from may be left out");
    else if (from != NULL && phone_normalise(from, strlen(from), phone, &e) != 0)
        api_call_err(c, &e);
    else
        replier_explain(c->community->replier, json_string_value(text), json_string_length(text),
                        from != NULL ? phone : NULL, on_explained, c);
}
