/* The rooms inside the replier: replier.c (lease, batch, states) -> replier_decide.c (one reply: what it means, what it asks of Redis) -> replier_answer.c (guards and words).
 * replier_explain.c looks with the same eyes and touches nothing. */
#ifndef DAEMON_REPLIER_INT_H
#define DAEMON_REPLIER_INT_H

#include "daemon/replier.h"

#define REPLIER_BATCH   64
#define REPLIER_OFFERED 9 /* longest numbered list: one digit to answer with */

/* All activities that start after yesterday, in order of start. */
struct replier_activities {
    struct activity *v;
    size_t n, cap;
};

struct replier_job {
    struct replier *r;
    /* What came, copied. */
    char *key, *provider, *channel, *from, *text, *promoted;
    size_t text_len;
    struct resident resident;
    unsigned answers_last_hour, answers_last_day, all_last_day;
    int event; /* enum provider_event */
    bool helped_today, muted, flood, takes_part, rollcall;
    uint32_t promoted_place, promoted_count;
    int64_t promoted_confirm_by;
    bool promoted_lapsed;
    int64_t now_at;
    /* What becomes of it. */
    struct intent intent;
    struct replies_decision d;
    bool registration;
    struct replies_answer *answers; /* [n_answers]; texts and numbers in `owned` */
    size_t n_answers, cap_answers;
    char **owned;
    size_t n_owned;
    char offered[REPLIER_OFFERED][INTENT_OFFER_MAX];
    struct registry_own *own; /* query */
    size_t n_own;
};

enum replier_state {
    REPLIER_IDLE = 0,
    REPLIER_LEASING,
    REPLIER_LOADING,
    REPLIER_LOOKING,
    REPLIER_DECIDING,
    REPLIER_SETTLING,
    REPLIER_LEAVING,
    REPLIER_LEFT
};

struct replier {
    struct loop *loop;
    struct queue *q;
    const struct intent_words *words;
    char *tz, *echo; /* echo: "【sign】" or NULL */
    int64_t lease_ms;
    void (*on_settled)(void *arg, const struct replier_settled *s);
    void (*on_answers)(void *arg);
    void *arg;

    enum replier_state state;
    bool poked, leads, stopping, failed;        /* failed: something of this batch could not be asked */
    int64_t lease_good_until_ms, not_before_ms; /* clock_mono_ms */
    struct loop_timer *timer;
    loop_fn stopped_cb;
    void *stopped_arg;

    struct replier_activities activities;
    uint64_t activities_version;
    int64_t activities_loaded_ms;
    struct replier_job *jobs[REPLIER_BATCH];
    size_t n_jobs, n_under_way;
    bool more; /* the batch was not all that was pending */
    struct buf text;
    LIST_HEAD(, replier_look) looks; /* replier_explain */
};

/* ---- replier.c ---- */
const struct activity *replier_activity(const struct replier *r, const char *code); /* NULL when it is none */
void replier_add_activity(struct replier_activities *list, const struct activity *a);
/* One question of a job to Redis was asked / was answered. */
void replier_asked(struct replier *r);
void replier_answered(struct replier *r, const struct queue_result *result);

/* ---- replier_decide.c ---- */
char *replier_copy(const char *s, size_t n);
struct replier_job *replier_job_new(struct replier *r, const struct replies_pending *p);
void replier_job_free(struct replier_job *j);
/* Find out what it means and begin what must be asked; after the last replier_answered the decision is complete. */
void replier_job_decide(struct replier_job *j, const struct replies_pending *p);
/* The intent of a text with what is known of its sender. */
void replier_parse(const struct intent_words *words, const struct replier_activities *list,
                   const struct replies_pending *p, const char *text, size_t n, struct intent *out,
                   void (*with)(void *arg, const struct intent_ctx *ctx), void *arg);

/* One person, one seat and one answer, by whatever way they write: the first number stands for them. */
const char *replier_identity(const struct replier_job *j);
/* An empty buffer for the words of an answer. */
struct buf *replier_words(struct replier_job *j);

/* ---- replier_question.c ---- */
void replier_do_answer(struct replier_job *j, const struct replies_pending *p);
/* A text that may answer several things: the sender is asked which. False when it is none such. */
bool replier_ask_which(struct replier_job *j, const struct replies_pending *p);

/* ---- replier_signin.c ---- */
/* They sign in, and there is something to sign in to: asked of Redis. */
bool replier_signs_in(struct replier_job *j, const struct replies_pending *p);

/* ---- replier_eligible.c ---- */
/* They want to register for what is not for them: said so, and it was all. */
bool replier_refuses(struct replier_job *j, const struct replies_pending *p);
/* What is open and for them, at most REPLIER_OFFERED. */
size_t replier_open_for(const struct replier_job *j, const struct activity **list);

/* ---- replier_answer.c ---- */
enum replier_class {
    REPLIER_EFFECT, /* something changed: always answered, floods excepted */
    REPLIER_ASKED,  /* an answer was asked for: unless muted */
    REPLIER_LIMITED /* nothing changed: three an hour, ten a day */
};
/* A short code or service number; ids of other channels are none. */
bool replier_is_service(const char *from);
/* It holds our own signature: an answer of ours that a machine sent back. */
bool replier_is_echo(const struct replier_job *j);
bool replier_may_answer(const struct replier_job *j, enum replier_class class);
/* Queue what stands in r->text as an answer to the sender. */
void replier_answer(struct replier_job *j, enum replier_class class, enum lane lane);
/* The same to somebody else. */
void replier_answer_to(struct replier_job *j, const char *phone, const char *name);

/* ---- replier_explain.c ---- */
void replier_explain_free(struct replier *r);

#endif
