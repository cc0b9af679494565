/* What a callback brought: replies into Redis, receipts to their recipients, the rest to staff. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/hooks_int.h"
#include "queue/mids.h"
#include "queue/replies.h"
#include "text/phone.h"
#include "text/utf8.h"

#define STORE_MAX 100 /* replies per call of the script */

/* ---- bad items: what is wrong with one keeps no other out ---- */

static void note_bad(struct hooks_call *c, const struct provider_bad *p)
{
    c->n_items++;
    if (c->n_bad++ == 0)
        memcpy(c->first, p->why->msg, utf8_cut(p->why->msg, strlen(p->why->msg), sizeof(c->first) - 1));
    if (c->h->o.on_bad != NULL)
        c->h->o.on_bad(c->h->o.arg, p->why->code);
}

static void on_bad_receipt(void *arg, const struct provider_bad *p)
{
    note_bad(arg, p);
}

static void on_bad_reply(void *arg, const struct provider_bad *p)
{
    struct hooks_call *c = arg;
    struct hooks_bad *b;

    note_bad(c, p);
    if (c->n_items > HOOKS_ITEMS_MAX)
        return;
    c->bad = xrealloc(c->bad, (c->n_kept + 1) * sizeof(*c->bad));
    b = &c->bad[c->n_kept++];
    memcpy(b->reason, p->why->code, sizeof(b->reason));
    memcpy(b->message, p->why->msg, sizeof(b->message));
    b->entry = xmemdup(p->len > 0 ? p->item : "", p->len + (p->len == 0));
    b->entry_len = p->len;
}

/* ---- replies ---- */

static void on_stored(void *arg, const struct queue_result *r, size_t n_new)
{
    struct hooks_call *c = arg;

    if (r->status != QUEUE_OK) {
        c->failed = true;
        log_warn("hook.failed", "provider=%s kind=reply why=\"%s\"", c->h->o.conf->name, r->e->msg);
    }
    c->n_new += n_new;
    hooks_one_done(c);
}

static void on_kept(void *arg, const struct queue_result *r, size_t n_new)
{
    (void)n_new; /* not for the replier */
    on_stored(arg, r, 0);
}

static void store_bad(struct hooks_call *c)
{
    struct replies_bad in[STORE_MAX];

    for (size_t at = 0; at < c->n_kept;) {
        size_t n = 0;

        for (; n < STORE_MAX && at < c->n_kept; n++, at++) {
            const struct hooks_bad *b = &c->bad[at];

            in[n] = (struct replies_bad){
                .reason = b->reason, .message = b->message, .entry = b->entry, .entry_len = b->entry_len};
        }
        c->n_under_way++;
        replies_reject(c->h->o.queue, c->h->o.conf->name, in, n, on_kept, c);
    }
}

/* A sender becomes a key, an address in a list, a cell of a line. */
static bool is_sender(const char *from)
{
    for (; *from != '\0'; from++)
        if ((unsigned char)*from <= ' ' || *from == 0x7f)
            return false;
    return true;
}

static void on_reply(void *arg, const struct provider_reply *p)
{
    struct hooks_call *c = arg;
    struct hooks_reply *r;
    char number[PHONE_MAX];
    bool known = phone_normalise(p->from, strlen(p->from), number, NULL) == 0;

    if (!known && !is_sender(p->from)) {
        struct err e;

        err_set(&e, "bad-reply", "from", "the sender's name holds a blank or a control character");
        on_bad_reply(c, &(struct provider_bad){.why = &e, .item = p->text, .len = p->text_len});
        return;
    }
    if (++c->n_items > HOOKS_ITEMS_MAX)
        return;
    c->replies = xrealloc(c->replies, (c->n_replies + 1) * sizeof(*c->replies));
    r = &c->replies[c->n_replies++];
    memcpy(r->id, p->id, sizeof(r->id));
    /* A sender that is no mobile number (a service number, say) is kept as it came: it is stored and never answered. */
    if (known)
        memcpy(r->from, number, sizeof(number));
    else
        memcpy(r->from, p->from, sizeof(r->from));
    r->text = xmemdup(p->text_len > 0 ? p->text : "", p->text_len + (p->text_len == 0));
    r->text_len = p->text_len;
    r->sent_at = p->sent_at;
    r->event = p->event;
}

static void store_replies(struct hooks_call *c)
{
    struct replies_in in[STORE_MAX];

    for (size_t at = 0; at < c->n_replies;) {
        size_t n = 0;

        for (; n < STORE_MAX && at < c->n_replies; n++, at++) {
            const struct hooks_reply *r = &c->replies[at];

            in[n] = (struct replies_in){.provider = c->h->o.conf->name,
                                        .channel = c->h->o.conf->channel,
                                        .id = r->id,
                                        .from = r->from,
                                        .text = r->text,
                                        .text_len = r->text_len,
                                        .sent_at = r->sent_at,
                                        .event = (int)r->event};
        }
        c->n_under_way++;
        replies_store(c->h->o.queue, in, n, on_stored, c);
    }
}

/* ---- receipts ---- */

static void receipt_over(struct hooks_receipt *t, const struct queue_result *r)
{
    struct hooks_call *c = t->c;

    if (r->status == QUEUE_OK) {
        if (c->h->o.on_receipt != NULL)
            c->h->o.on_receipt(c->h->o.arg, t->notice, t->state);
    } else if (r->status != QUEUE_REFUSED || strncmp(r->e->code, "no-such-", 8) != 0) {
        c->failed = true; /* about nothing we sent, it would be no use to say it again */
        log_warn("hook.failed", "provider=%s kind=receipt why=\"%s\"", c->h->o.conf->name, r->e->msg);
    }
    LIST_REMOVE(t, entry);
    free(t);
    hooks_one_done(c);
}

static void on_taken(void *arg, const struct queue_result *r)
{
    receipt_over(arg, r);
}

static void on_found(void *arg, const struct queue_result *r, const char *notice)
{
    struct hooks_receipt *t = arg;

    memcpy(t->notice, notice, strlen(notice) + 1);
    receipt_over(t, r);
}

static struct hooks_receipt *receipt_new(struct hooks_call *c, enum recipient_state s)
{
    struct hooks_receipt *t = xcalloc(1, sizeof(*t));

    t->c = c;
    t->state = s;
    LIST_INSERT_HEAD(&c->receipts, t, entry);
    c->n_under_way++;
    return t;
}

/* Does one id stand for several recipients? */
static bool names_to(const struct hooks *h)
{
    bool ids = h->o.driver->receipt_ids, to = h->o.driver->receipt_ids_to;

    if (h->o.driver->receipts_name != NULL)
        h->o.driver->receipts_name(h->o.conf, &ids, &to);
    return to;
}

static struct queue_report report_of(const struct hooks *h, const struct provider_receipt *p, char why[200])
{
    if (snprintf(why, 200, "%s: %s", h->o.conf->name, p->detail) < 0)
        why[0] = '\0';
    return (struct queue_report){.state = p->state,
                                 .detail = p->detail,
                                 .to = p->to[0] == '+' ? p->to : "",
                                 .about = provider_about_name(p->about),
                                 .why = why};
}

static void on_receipt(void *arg, const struct provider_receipt *p)
{
    struct hooks_call *c = arg;
    char notice[NOTICE_ID_MAX + 1], key[MIDS_ID_MAX], why[200];
    struct queue_report report = report_of(c->h, p, why);
    struct hooks_receipt *t;
    uint64_t index;
    uint32_t attempt;

    if (++c->n_items > HOOKS_ITEMS_MAX)
        return;
    if (p->ref[0] != '\0') {
        if (!mids_ref_parse(p->ref, notice, &index, &attempt))
            return; /* not ours */
        t = receipt_new(c, p->state);
        memcpy(t->notice, notice, sizeof(notice));
        queue_receipt(c->h->o.queue, notice, index, attempt, &report, on_taken, t);
    } else if (mids_key(key, p->id, names_to(c->h) ? p->to : "")) {
        t = receipt_new(c, p->state);
        mids_receipt(c->h->o.queue, c->h->o.conf->name, key, &report, on_found, t);
    }
}

const struct provider_sink hooks_sink = {.receipt = on_receipt,
                                         .reply = on_reply,
                                         .bad_receipt = on_bad_receipt,
                                         .bad_reply = on_bad_reply,
                                         .arg = NULL};

void hooks_store(struct hooks_call *c)
{
    store_replies(c);
    store_bad(c);
}

void hooks_items_free(struct hooks_call *c)
{
    struct hooks_receipt *t;

    while ((t = LIST_FIRST(&c->receipts)) != NULL) {
        LIST_REMOVE(t, entry);
        free(t);
    }
    for (size_t i = 0; i < c->n_replies; i++)
        free(c->replies[i].text);
    free(c->replies);
    for (size_t i = 0; i < c->n_kept; i++)
        free(c->bad[i].entry);
    free(c->bad);
}
