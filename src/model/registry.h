/* Answers to residents: decision -> words. One catalogue (zh-CN, en); short, with place number, seats left and how to undo. Pure. */
#ifndef MODEL_REGISTRY_H
#define MODEL_REGISTRY_H

#include "base/buf.h"
#include "model/intent.h"

/* What the registration script decided (queue/lua/register.lua). */
enum reg_result {
    REG_OK_CONFIRMED = 0, /* a seat */
    REG_OK_WAITING,       /* on the waiting list */
    REG_OK_LEFT,
    REG_ALREADY,        /* holds a place already (same party size) */
    REG_CHANGED,        /* party size changed within the seats */
    REG_NOT_REGISTERED, /* leave without a registration */
    REG_NOT_OPEN,       /* before the window or closed */
    REG_NO_ACTIVITY,
    REG_TOO_MANY, /* party larger than allowed or than all seats */
    REG_CANCELLED_ACTIVITY
};
#define REG_RESULT_N 10
const char *reg_result_name(enum reg_result r);

/* What became of signing in by text (queue/lua/roster_signin.lua). */
enum reg_sign { REG_SIGN_OK = 0, REG_SIGN_ALREADY, REG_SIGN_NO_SEAT, REG_SIGN_WRONG, REG_SIGN_NOT_NOW };
#define REG_SIGN_N 5
struct registry_signin {
    enum reg_sign result;
    uint32_t count;
    int64_t opens_at, closes_at; /* when it is possible */
};

struct registry_outcome {
    enum reg_result result;
    enum reg_status status;
    uint32_t count;    /* party size now */
    uint32_t place;    /* 1-based place among the confirmed (first of the party) */
    uint32_t position; /* 1-based on the waiting list */
    uint32_t seats_left;
    int64_t opens_at, closes_at;
};

/* All append one finished text in ${lang} ("" = zh-CN); -1 on overflow. ${tz} for times. */
int registry_say_outcome(struct buf *out, const char *lang, const char *tz, const struct activity *a,
                         enum intent_kind asked, const struct registry_outcome *o);
int registry_say_signin(struct buf *out, const char *lang, const char *tz, const struct activity *a,
                        const struct registry_signin *s);
/* It is not for them. */
int registry_say_not_eligible(struct buf *out, const char *lang, const struct activity *a);
/* Moved up; ${confirm_by} 0 = the seat is theirs. */
int registry_say_promoted(struct buf *out, const char *lang, const char *tz, const struct activity *a,
                          uint32_t place, uint32_t count, int64_t confirm_by);
/* The seat that was offered was not confirmed in time. */
int registry_say_lapsed(struct buf *out, const char *lang, const struct activity *a);
/* News for those registered and waiting (registry_news.c): it has another time or place; it does not take place (${because} "" = no reason given). */
bool registry_is_moved(const struct activity *before, const struct activity *now);
int registry_say_moved(struct buf *out, const char *lang, const char *tz, const struct activity *before,
                       const struct activity *now);
int registry_say_off(struct buf *out, const char *lang, const char *tz, const struct activity *a,
                     const char *because);
/* It begins soon: to those who hold a seat. */
int registry_say_reminder(struct buf *out, const char *lang, const char *tz, const struct activity *a);
/* A numbered choice: "您想报名哪一个? 回复数字: 1 篮球赛 2 ..." */
int registry_say_choice(struct buf *out, const char *lang, enum intent_kind asked,
                        const struct activity *const *list, size_t n);
/* "您回答的是哪一个? 1 ... 2 ...": what a text may answer, as finished words each. */
int registry_say_choice_answer(struct buf *out, const char *lang, const char *const *list, size_t n);
/* Words of such an item: the choice of a question. */
int registry_say_choice_of(struct buf *out, const char *lang, const char *question, const char *choice);
int registry_say_answered(struct buf *out, const char *lang, const char *choice);
/* A bare "1" came while a roll-call and the invitation to ${a} were both open: which was meant? ${a} NULL: a question with choices. */
int registry_say_choice_rollcall(struct buf *out, const char *lang, const struct activity *a);
/* The sender's own registrations (n = 0: none); short on purpose: times come with the reminder. */
struct registry_own {
    const struct activity *activity;
    enum reg_status status;
    uint32_t count, place, position;
};
int registry_say_own(struct buf *out, const char *lang, const struct registry_own *own, size_t n);
int registry_say_help(struct buf *out, const char *lang, const struct activity *const *open, size_t n);
/* STOP: says that emergency alerts still come. START: says that notices come again. */
int registry_say_stop(struct buf *out, const char *lang, bool already);
int registry_say_start(struct buf *out, const char *lang, bool already);
int registry_say_none_open(struct buf *out, const char *lang);
int registry_say_rollcall(struct buf *out, const char *lang, bool sos);

#endif
