/* Callbacks of providers: receipts and replies in. One struct hooks per provider account.
 *
 * Hides: which driver reads what, references and ids back to recipients, and when it is true to say "taken": only when Redis has it. The route has compared the secret already. */
#ifndef DAEMON_HOOKS_H
#define DAEMON_HOOKS_H

#include "net/loop.h"
#include "provider/provider.h"
#include "queue/queue.h"

#define HOOKS_BODY_MAX    262144
#define HOOKS_ITEMS_MAX   10000 /* receipts or replies in one body */
#define HOOKS_DEADLINE_MS 3000

struct hooks;

struct hooks_opts {
    struct loop *loop;
    struct queue *queue; /* the community's side queue; borrowed */
    const struct driver *driver;
    const struct provider_conf *conf; /* borrowed */
    void (*on_replies)(void *arg);    /* new replies are in Redis: poke the replier. May be NULL */
    void (*on_receipt)(void *arg, const char *notice,
                       enum recipient_state s);    /* one receipt was taken. May be NULL */
    void (*on_bad)(void *arg, const char *reason); /* an item was none: counted by its reason. May be NULL */
    void *arg;
};
struct hooks *hooks_new(const struct hooks_opts *o);
/* Requests under way complete no more. When no completion of the queue can come any more (it goes first, or in the same turn). NULL is fine. */
void hooks_free(struct hooks *h);

/* ${status} 200 (what the API's provider wants to hear: {"code":0} unless its driver says otherwise), 400 (unreadable), 403 (wrong signature), 404 (the API has no such
 * callback), 413, 503 (not in Redis yet: say it again). ${body} is borrowed. */
typedef void (*hooks_done_fn)(void *arg, int status, const char *type, const char *body, size_t n);
struct hooks_call;
/* Exactly one completion, later, within HOOKS_DEADLINE_MS, none after hooks_cancel. ${in} is read before this returns. */
struct hooks_call *hooks_handle(struct hooks *h, const struct provider_callback *in, hooks_done_fn cb,
                                void *arg);
/* Whoever asked has gone; what was read is stored nevertheless. */
void hooks_cancel(struct hooks_call *c);

#endif
