/* The replier: decides replies, in the order in which they came, and answers them. One per community; of several daemons the one that holds the lease works.
 *
 *   poke, or 200 ms ─▶ LEASING ─mine─▶ LOOKING ──some──▶ DECIDING ─all known─▶ SETTLING ─▶ LOOKING ...
 *                        │ another's      │ none            │ register, opt-out, look-ups, pipelined in order
 *                        ▼                ▼                 ▼ Redis is away
 *                      IDLE ◀─────────── IDLE             IDLE (the batch is decided again: every effect is bound to its reply's id)
 *
 * Hides: the lease, the batch, what is known of the sender, loop guards (security.md 5.6) and the words of the answers. A crash anywhere leaves the reply in its stream and
 * no effect is lost or had twice. */
#ifndef DAEMON_REPLIER_H
#define DAEMON_REPLIER_H

#include <jansson.h>

#include "model/intent.h"
#include "net/loop.h"
#include "queue/replies.h"

struct replier;

/* One reply was ended. Valid for the call. */
struct replier_settled {
    const char *provider; /* "" for news of a promotion by staff */
    const char *intent;   /* intent_name */
    const char *activity; /* "" = none */
    const char *result;   /* "confirmed", "waiting", "left", ..., "choice", "help", "unknown" */
    bool
        registration; /* the registration script was asked: `result` is its answer (crier_registrations_total) */
    size_t n_answers;
};
struct replier_opts {
    struct loop *loop;
    struct queue *queue;              /* borrowed */
    const struct intent_words *words; /* borrowed */
    const char *tz;                   /* copied */
    const char
        *sign; /* copied; a text that holds our own 【sign】 is an echo and never answered. May be NULL */
    int64_t lease_ms;                                               /* 0 = 3000 */
    void (*on_settled)(void *arg, const struct replier_settled *s); /* per reply; may be NULL */
    void (*on_answers)(void *arg); /* answers were queued: there is something to claim. May be NULL */
    void *arg;
};
/* Works as soon as the loop runs and Redis answers. */
struct replier *replier_new(const struct replier_opts *o);
/* A reply was stored, or Redis is back. Cheap, idempotent. */
void replier_poke(struct replier *r);
/* Finish the batch under way, give the lease up, then ${cb} (once, later; also when Redis is away). */
void replier_stop(struct replier *r, loop_fn cb, void *arg);
/* No callbacks afterwards. When replier_stop is through, or when no completion of the queue can come any more (it goes first, or in the same turn); not inside one of its own callbacks. NULL is fine. */
void replier_free(struct replier *r);
/* Is this daemon the one that decides? For status. */
bool replier_leads(const struct replier *r);
/* Words of the configuration changed (reload). Borrowed. */
void replier_set_words(struct replier *r, const struct intent_words *words);
/* Time zone and sign of the community changed (reload). Copied. */
void replier_set_place(struct replier *r, const char *tz, const char *sign);

/* The intent that ${text} would have now, with the same context (${from}: E.164 or NULL = a stranger): the JSON of contract 6. ${intent} is taken by the callee; NULL unless r->status is
 * QUEUE_OK. No effect on anything. */
typedef void (*replier_explain_fn)(void *arg, const struct queue_result *r, json_t *intent);
void replier_explain(struct replier *r, const char *text, size_t n, const char *from, replier_explain_fn cb,
                     void *arg);

#endif
