/* What a reply means. Documented grammar in docs/REPLIES.md; keywords of contract 9.
 *
 * Hides: folding, lead-ins, keywords without blanks, questions and negations, arguments. Pure and total: every text has an
 * intent, `unknown` at worst; nothing irreversible (leave, stop, join) is guessed. */
#ifndef MODEL_INTENT_H
#define MODEL_INTENT_H

#include <jansson.h>

#include "model/activity.h"

enum intent_kind {
    INTENT_UNKNOWN = 0,
    INTENT_JOIN,
    INTENT_LEAVE,
    INTENT_QUERY,
    INTENT_CHECKIN,
    INTENT_ANSWER,
    INTENT_VOTE,
    INTENT_SAFE,
    INTENT_SOS,
    INTENT_HELP,
    INTENT_STOP,
    INTENT_START
};
const char *intent_name(enum intent_kind k);

/* Words per intent, folded. Built from the shipped defaults plus the community's own (configuration). */
struct intent_words;
struct intent_words *intent_words_new(void); /* the defaults of contract 9 */
/* Add a word to an intent; -1 with code "keyword-conflict" when another intent has it. */
int intent_words_add(struct intent_words *w, enum intent_kind k, const char *word, struct err *e);
void intent_words_free(struct intent_words *w);

/* A question with choices that is open for the sender. */
#define INTENT_QUESTIONS 8
#define INTENT_OFFERS    9
#define INTENT_OFFER_MAX                                                                                     \
    72 /* an item of a numbered list, with its NUL: code of an activity, or NOTICE#CHOICE */
struct intent_question {
    const char *id, *title; /* of the notice; how its text begins */
    const char *choices;    /* separated by tabs, at least two */
};
size_t intent_question_n_choices(const struct intent_question *q);
/* The words of choice ${number} (from 1). */
void intent_question_choice(const struct intent_question *q, size_t number, char *out, size_t size);

/* What is known about the sender when the reply came. */
struct intent_ctx {
    const struct activity
        *activities; /* all that may be meant: open ones and those the sender is registered for */
    size_t n_activities;
    const bool *open;       /* per activity: registration is open now */
    const bool *registered; /* per activity: the sender holds a place or waits */
    const char *
        asked; /* code of the activity that the last message to this person asked about, or NULL: a bare "1" or "好" joins it */
    const char (
        *offered)[INTENT_OFFER_MAX]; /* last numbered list offered to this person: "2" picks the second */
    size_t n_offered;
    /* what the list was offered for: a number from it means that (INTENT_UNKNOWN = join) */
    enum intent_kind offered_for;
    bool rollcall_open;
    const struct intent_question *questions; /* oldest first */
    size_t n_questions;
};

#define INTENT_STEPS 16
struct intent {
    enum intent_kind kind;
    char activity[ACTIVITY_CODE_MAX + 1]; /* "" = none named or several possible */
    size_t ambiguous[16];                 /* indexes into ctx->activities when several are possible */
    size_t n_ambiguous;
    char question[65];                            /* answer: the notice that asked; "" otherwise */
    uint32_t choice;                              /* answer: which choice, from 1 */
    char offers[INTENT_OFFERS][INTENT_OFFER_MAX]; /* what the text may answer, when that is several things */
    size_t n_offers;
    uint32_t count;                /* party size, >= 1 for join (default 1) */
    char name[96];                 /* "" = none given */
    char rest[256];                /* folded text that was not understood (cut) */
    char rule[48];                 /* which rule decided: "keyword-prefix", "bare-number", "question", ... */
    char steps[INTENT_STEPS][160]; /* for `crier reply explain` */
    size_t n_steps;
};

/* Parse ${n} bytes (any bytes; invalid UTF-8 -> unknown). */
void intent_parse(const struct intent_words *w, const struct intent_ctx *ctx, const char *text, size_t n,
                  struct intent *out);
/* As contract 6, `reply explain`. Caller decrefs. */
json_t *intent_json(const struct intent *i, const struct intent_ctx *ctx);

#endif
