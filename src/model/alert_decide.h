/* What becomes of an official warning: told to residents, kept only, or the end of an earlier one.
 *
 * The whole rule is one table over facts; this module knows no clock, no Redis, no channel. What is known already stands in a book: every message that came, and the event (a
 * chain of messages: the first and all that update it) that it belongs to. Pure. */
#ifndef MODEL_ALERT_DECIDE_H
#define MODEL_ALERT_DECIDE_H

#include "model/warning.h"

enum alert_decision { ALERT_SEND, ALERT_STORE, ALERT_IGNORE, ALERT_END, ALERT_REFUSE };

/* The chain as it stands: what its latest message said, and what residents were told. */
struct alert_known {
    char *root; /* key of its first message */
    char *sender;
    char *event;
    struct alert_level level; /* that was told last; of the latest message while nothing was */
    char *areas;              /* that were told last */
    char *title, *issuer;     /* of what was told last */
    char **notices;           /* ids of the notices that told it, oldest first */
    size_t n_notices;
    int64_t latest_at, expires_at; /* of its latest message: when it was sent, until when it holds */
    bool told, ended, drill;
};
/* A message that came, or that one which came says is over. */
struct alert_message {
    char *key, *root;
    bool seen; /* it came itself */
    bool dead; /* updated or cancelled by another one */
};
struct alert_book {
    struct alert_known *events;
    struct alert_message *messages;
    size_t n_events, n_messages;
};

struct alert_rules {
    const struct area_set *watched;
    const char *const *senders; /* whose warnings are taken; n 0 = anybody's */
    size_t n_senders;
    int least_grade;  /* 4 = everything from blue up, ... 1 = red only; 0 = also what has no level */
    int64_t stale_ms; /* sent longer ago: not told any more */
    bool drill_list;  /* there is a list of people who take part in exercises */
};
#define ALERT_STALE_MS (24 * 3600 * 1000LL)

struct alert_verdict {
    enum alert_decision decision;
    const char *
        action; /* what it is told as: "new", "raised", "lowered", "changed", "wider", "drill", "end"; "" when nothing is told */
    const char *why; /* static, one sentence without a full stop */
    char root[512];  /* key of the chain that it belongs to from now on; "" = none */
};

/* Read only: what ${w} (NULL: a message that is not complete) would do at ${now_at}. */
void alert_decide(const struct alert_book *b, const struct warning *w, const struct alert_rules *r,
                  int64_t now_at, struct alert_verdict *v);
/* Put it into the book: afterwards the same message is known. Nothing for a refused or known one. */
void alert_book_add(struct alert_book *b, const struct warning *w, const struct alert_verdict *v);
/* A notice told it; nobody is to be told its end any more. */
void alert_known_told(struct alert_known *k, const char *notice);
void alert_known_forget(struct alert_known *k);
void alert_book_fini(struct alert_book *b);

const char *alert_decision_name(enum alert_decision d);
/* "SENDER,IDENTIFIER,MILLISECONDS" into ${out}; false: longer than ${n}. */
bool alert_key(const char *sender, const char *identifier, int64_t sent_at, char *out, size_t n);
/* By key; NULL when there is none. */
struct alert_message *alert_book_message(const struct alert_book *b, const char *key);
struct alert_known *alert_book_event(const struct alert_book *b, const char *root);

#endif
