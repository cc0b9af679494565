/* Replies on their way from the hook to their one effect, the answers they get, and the inbox of texts that nobody understood.
 *
 * Hides: stream `replies`, de-duplication keys, rolling answer notices, loop guards. A reply is stored (hook answers 200), then decided by the one daemon that holds the reply lease, in order of
 * arrival; replies_settle ends it in the same step that stores its answers. */
#ifndef QUEUE_REPLIES_H
#define QUEUE_REPLIES_H

#include "provider/provider.h"
#include "queue/roster.h"

/* Store replies from one callback (<= 100): each only once per provider and id (7 days). Completion = they are in Redis. ${n_new}: how many were not known before. */
struct replies_in {
    const char *provider, *channel, *id, *from, *text;
    size_t text_len;
    int64_t sent_at;
};
typedef void (*replies_store_fn)(void *arg, const struct queue_result *r, size_t n_new);
void replies_store(struct queue *q, const struct replies_in *list, size_t n, replies_store_fn cb, void *arg);

/* Take the lease for deciding replies (or renew it); ${mine} tells. ${lease_ms} e.g. 3,000. */
void replies_lease(struct queue *q, int64_t lease_ms, void (*cb)(void *arg, const struct queue_result *r, bool mine), void *arg);
/* The oldest undecided replies, at most ${n} (<= 64), with what is known of each sender, in one round trip. Everything is borrowed for the completion. */
struct replies_pending {
    const char *key;      /* stream id: op_id for roster_register, and for replies_settle */
    const char *provider, *channel, *id, *from, *text;
    size_t text_len;
    int64_t at;
    struct resident resident;     /* id 0 = unknown sender */
    const char *asked;            /* activity the last message to this person asked about, or NULL */
    const char (*offered)[ACTIVITY_CODE_MAX + 1];
    size_t n_offered;
    enum intent_kind offered_for; /* what the numbered list was offered for (join or leave) */
    const char (*registered)[ACTIVITY_CODE_MAX + 1];
    size_t n_registered;
    bool rollcall_open;
    unsigned answers_last_hour, answers_last_day; /* automatic answers to this sender */
    bool helped_today;            /* the one help answer a day was given */
    bool muted;                   /* loop guard: identical text three times in ten minutes; answers stop, effects count */
};
typedef void (*replies_pending_fn)(void *arg, const struct queue_result *r, const struct replies_pending *list, size_t n);
void replies_pending(struct queue *q, size_t n, replies_pending_fn cb, void *arg);

/* One answer: goes to a rolling internal notice of its lane and minute (kind NOTICE_ANSWER). */
struct replies_answer {
    const char *to, *resident_name, *lang, *text;
    enum lane lane; /* normal, or urgent for roll-call */
    const char *channel;
};
struct replies_decision {
    const char *key;              /* which reply */
    enum intent_kind intent;
    const char *activity;         /* "" = none */
    const char *result;           /* word for metrics and history */
    bool to_inbox;                /* staff must see it */
    bool helped;                  /* this answer is the day's help answer */
    const char (*offered)[ACTIVITY_CODE_MAX + 1]; /* numbered list now offered to the sender (n 0 = forget the last one) */
    size_t n_offered;
    enum intent_kind offered_for;
    const struct replies_answer *answers;
    size_t n_answers;
};
/* End a reply: history, inbox, context, answers, all in one step, once. */
void replies_settle(struct queue *q, const struct replies_decision *d, queue_done_fn cb, void *arg);

struct replies_inbox {
    const char *key, *from, *text, *name, *channel;
    size_t text_len;
    int64_t at;
    bool answered;
};
void replies_inbox_list(struct queue *q, size_t limit, void (*each)(void *arg, const struct replies_inbox *i), queue_done_fn cb, void *arg);
/* Staff answer one: an answer is queued and the entry marked. Code "no-such-entry". */
void replies_inbox_answer(struct queue *q, const char *key, const char *text, queue_done_fn cb, void *arg);

#endif
