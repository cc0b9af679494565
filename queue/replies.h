/* Replies on their way from the hook to their one effect, the answers they get, and the inbox of texts that nobody understood.
 *
 * Hides: stream `replies`, de-duplication keys, rolling answer notices, loop guards. A reply is stored (hook answers 200), then decided by the one daemon that holds the reply lease, in order of
 * arrival; replies_settle ends it in the same step that stores its answers. */
#ifndef QUEUE_REPLIES_H
#define QUEUE_REPLIES_H

#include "queue/roster.h"

/* Store replies from one callback (<= 100): each only once per provider and id (7 days). Completion = they are in Redis. ${n_new}: how many were not known before. Code "busy"
 * when more than REPLIES_WAITING_MAX wait to be decided. Borrowed until this returns. */
#define REPLIES_WAITING_MAX 200000
struct replies_in {
    const char *provider, *channel, *id, *from, *text;
    size_t text_len;
    int64_t sent_at;
    int event; /* 0 = a text; else what the sender did (enum provider_event): the text is for staff only */
};
typedef void (*replies_store_fn)(void *arg, const struct queue_result *r, size_t n_new);
void replies_store(struct queue *q, const struct replies_in *list, size_t n, replies_store_fn cb, void *arg);

/* What a callback brought as replies and nobody can read (<= 100): whole into the stream `rejected` for staff, the same content of a provider once in 7 days. Completion and
 * ${n_new} as above; code "busy" when REPLIES_REJECTED_MAX entries are there. Borrowed until this returns. */
#define REPLIES_REJECTED_MAX 100000
struct replies_bad {
    const char *reason, *message, *entry;
    size_t entry_len;
};
void replies_reject(struct queue *q, const char *provider, const struct replies_bad *list, size_t n,
                    replies_store_fn cb, void *arg);

/* Take the lease for deciding replies (or renew it); ${mine} tells. ${lease_ms} e.g. 3,000; 0 gives it up. */
void replies_lease(struct queue *q, int64_t lease_ms,
                   void (*cb)(void *arg, const struct queue_result *r, bool mine), void *arg);
/* The oldest undecided replies, at most ${n} (<= 64), with what is known of each sender, in one round trip. Everything is borrowed for the completion. */
struct replies_pending {
    const char *key; /* stream id: op_id for roster_register, and for replies_settle */
    const char *provider, *channel, *id, *from, *text; /* "" for an entry of `promoted` */
    size_t text_len;
    int event;                   /* as it was stored */
    int64_t at;                  /* when it came */
    int64_t now_at;              /* Redis' clock at this look */
    uint64_t activities_version; /* changes whenever staff put or change an activity */
    const char *
        promoted; /* no reply, but news: ${from} moved up in this activity because staff gave more seats; NULL for replies */
    const char *promoted_name;
    uint32_t promoted_place, promoted_count;
    int64_t promoted_confirm_by; /* the seat is only offered until then */
    bool promoted_lapsed;        /* rather: what was offered to ${from} was not confirmed in time */
    struct resident resident;    /* id 0 = unknown sender */
    const char *asked;           /* activity the last message to this person asked about, or NULL */
    const char (*offered)[INTENT_OFFER_MAX];
    size_t n_offered;
    enum intent_kind offered_for; /* what the numbered list was offered for (join or leave) */
    const char (*registered)[ACTIVITY_CODE_MAX + 1];
    size_t n_registered;
    bool rollcall_open;
    const struct intent_question *questions; /* with choices, open when the reply came; oldest first */
    size_t n_questions;
    unsigned answers_last_hour,
        answers_last_day; /* automatic answers without an effect to this sender, in this hour and day of the clock */
    unsigned all_last_day; /* all automatic answers of this day */
    bool helped_today;     /* the one help answer a day was given */
    bool muted; /* loop guard: identical text three times in ten minutes; answers stop, effects count */
    bool flood; /* more than 30 replies in a minute: not even effects are answered */
};
typedef void (*replies_pending_fn)(void *arg, const struct queue_result *r,
                                   const struct replies_pending *list, size_t n);
void replies_pending(struct queue *q, size_t n, replies_pending_fn cb, void *arg);
/* The same about one sender without a reply of theirs: `key`, `text` and the like are empty. */
void replies_sender(struct queue *q, const char *from, replies_pending_fn cb, void *arg);
/* A question was put to these people (notice with `ask`), at most 1,000. Borrowed until this returns. */
struct replies_question {
    const char *activity;   /* a bare "1" or "好" joins it; NULL = none */
    int64_t rollcall_until; /* a roll-call is open until then; 0 = none */
    const char *notice;     /* whose choices these are; NULL = none */
    const char *choices;    /* separated by tabs */
    int64_t until;          /* answers that come before it count */
};
void replies_ask(struct queue *q, const char *const *phones, size_t n, const struct replies_question *ask,
                 queue_done_fn cb, void *arg);
/* What people chose. In no order; a person who answers meanwhile may be told of twice, with the same or a later choice. Codes "no-such-notice", "no-question". */
struct replies_choice {
    const char *who, *name;
    unsigned choice; /* from 1 */
    int64_t at;
};
struct replies_choices {
    const char *choices; /* separated by tabs; NULL unless the result is QUEUE_OK */
    int64_t until;
};
void replies_choices(struct queue *q, const char *notice,
                     void (*each)(void *arg, const struct replies_choice *c),
                     void (*cb)(void *arg, const struct queue_result *r, const struct replies_choices *c),
                     void *arg);

/* One answer: goes to a rolling internal notice of its lane and minute (kind NOTICE_ANSWER). */
struct replies_answer {
    const char *to, *resident_name, *lang, *text;
    enum lane lane; /* normal, or urgent for roll-call */
    const char *channel;
};
struct replies_decision {
    const char *key; /* which reply */
    enum intent_kind intent;
    const char *activity; /* "" = none */
    const char *result;   /* word for metrics and history */
    const char *name;     /* the sender's, for the inbox; NULL = none */
    bool to_inbox;        /* staff must see it */
    bool helped;          /* this answer is the day's help answer */
    bool limited;         /* nothing changed: the answer counts for the hourly and daily limit */
    const char *question; /* notice that ${choice} answers; NULL = none */
    unsigned choice;
    const char *who; /* the person who answers: one answer each */
    const char (
        *offered)[INTENT_OFFER_MAX]; /* numbered list now offered to the sender (n 0 = forget the last one) */
    size_t n_offered;
    enum intent_kind offered_for;
    const struct replies_answer *answers;
    size_t n_answers;
};
/* End replies (at most 64, each key once): history, inbox, context, answers, all in one step, once; one that was ended before has no second effect. A line break or tab in a text becomes a
 * blank. Borrowed until this returns. */
void replies_settle(struct queue *q, const struct replies_decision *d, size_t n, queue_done_fn cb, void *arg);

struct replies_inbox {
    const char *key, *from, *text, *name, *channel;
    size_t text_len;
    int64_t at;
    bool answered;
};
/* What nobody understood, newest first; ${limit} 0 = all. */
void replies_inbox_list(struct queue *q, size_t limit, void (*each)(void *arg, const struct replies_inbox *i),
                        queue_done_fn cb, void *arg);
/* One of them, if it is there. */
void replies_inbox_get(struct queue *q, const char *key,
                       void (*each)(void *arg, const struct replies_inbox *i), queue_done_fn cb, void *arg);
/* Staff answer one: an answer is queued and the entry marked. Code "no-such-entry". */
void replies_inbox_answer(struct queue *q, const char *key, const char *text, queue_done_fn cb, void *arg);

#endif
