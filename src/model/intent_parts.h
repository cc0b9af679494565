/* The rooms inside the intent parser; included by intent*.c alone.
 *
 * The way of a text: intent.c folds it -> intent_scan.c cuts it into tokens, with the words of intent_lexicon.c (what people
 * say around a keyword), intent_words.c (the keywords), intent_args.c (numbers, names) and intent_match.c (activities) ->
 * intent_rules.c decides. Characters are code points of the folded text; positions are indexes into them. */
#ifndef MODEL_INTENT_PARTS_H
#define MODEL_INTENT_PARTS_H

#include "base/buf.h"
#include "model/intent.h"

#define INTENT_CHARS  240 /* longer texts are letters to the office, no replies */
#define INTENT_TOKENS 128

enum intent_class {
    IC_WORD = 0, /* not understood */
    IC_KEYWORD,  /* .kind */
    IC_WEAK,     /* may be meant as joining, when nothing else is in the way: "去", "报" */
    IC_ACTIVITY, /* .value: index; a code, title or alias in full */
    IC_NAME,
    IC_COUNT,   /* .value people: "3人", "两位", "俩" */
    IC_NUMBER,  /* .value: bare digits */
    IC_PLUS,    /* .value: "+1" */
    IC_ORDINAL, /* .value: "第2个" */
    IC_DETAIL,  /* an address, a telephone number, a time, an age: understood, for staff to read */
    IC_ME,      /* the sender as the one who acts: "我", "帮我", "i'd like to" */
    IC_FILL,    /* says nothing: "请", "谢谢", "吧" */
    IC_LE,      /* "了": what is told rather than asked for, unless the sender is the subject */
    IC_GENERIC, /* "活动", "比赛": names no activity by itself */
    IC_KIN,     /* "孩子", "朋友" */
    IC_WITH,    /* "和", "带" */
    IC_REASON,  /* "有事", "加班": why somebody cannot come */
    IC_NEG,
    IC_ASK,
    IC_HOWTO,
    IC_COND,  /* "如果", "可能", "再说" */
    IC_PAST,  /* "已经", "昨天" */
    IC_MODAL, /* "可以", "能" */
    IC_THIRD, /* "他", "你们": somebody else acts */
    IC_OR,    /* "还是" */
    IC_OWN,   /* "报名成功": asks about the own state when it is a question */
    IC_OTHER  /* known and no part of any act: "报名表" */
};

struct intent_text {
    int32_t c[INTENT_CHARS + 1]; /* ends with 0 */
    size_t n;
};

struct intent_token {
    enum intent_class class;
    enum intent_kind kind;
    size_t from, to; /* characters [from, to) */
    size_t chunk;    /* runs between blanks and punctuation, counted */
    size_t clause;   /* runs between punctuation, counted */
    size_t value;
};

struct intent_scan {
    struct intent_text text;
    struct intent_token token[INTENT_TOKENS];
    size_t n;
    bool asks;     /* a question mark, or "去不去" */
    size_t n_list; /* "1. 张三 2. 李四": how many such marks */
};

struct intent_names;

/* --- intent_lexicon.c: what people say around a keyword --- */
struct intent_lexicon_row {
    enum intent_class class;
    const char *words; /* separated by '|', folded */
};
extern const struct intent_lexicon_row intent_lexicon[];
extern const size_t intent_n_lexicon;
/* What answers an open question as the whole text. */
extern const char *const intent_yes_words, *const intent_no_words;
/* Is the whole of ${t} one of the words separated by '|'? */
bool intent_lexicon_has(const char *words, const struct intent_text *t, size_t from, size_t to);

/* --- intent_words.c: keywords and lexicon, searchable --- */
struct intent_entry {
    const int32_t *c;
    size_t n;
    enum intent_class class;
    enum intent_kind kind;
    bool whole; /* counts only as the whole text */
};
/* Longest entry at ${at}, or NULL. Latin words end at a border of words. */
const struct intent_entry *intent_words_at(const struct intent_words *w, const struct intent_text *t,
                                           size_t at);
/* Longest keyword at ${at} that counts inside a text, or NULL. */
const struct intent_entry *intent_words_keyword_at(const struct intent_words *w, const struct intent_text *t,
                                                   size_t at);
/* The keyword that the characters [from, to) are, or NULL. */
const struct intent_entry *intent_words_whole(const struct intent_words *w, const struct intent_text *t,
                                              size_t from, size_t to);

/* --- intent_args.c: numbers and names --- */
/* "二", "2号", "b": all of the text from ${from} to ${to} is a place in a list; 0 = it is not. */
size_t intent_args_choice(const struct intent_text *t, size_t from, size_t to);
/* A number at ${at}, with what follows it: 0 = none, else its length; fills class, kind and value of ${out}. */
size_t intent_args_number(const struct intent_text *t, size_t at, struct intent_token *out);
/* Length of a person's name that the run of Han characters at ${at} begins with; 0 = none. ${ends_at}: may a name end before the
 * character at this position (a keyword follows, say)? */
size_t intent_args_name(const struct intent_text *t, size_t at, bool (*ends_at)(const void *arg, size_t at),
                        const void *arg);

/* --- intent_scan.c --- */
/* Characters of ${n} bytes of folded UTF-8. -1 when there are too many. */
int intent_scan_text(struct intent_text *t, const char *s, size_t n);
bool intent_is_han(int32_t c);
bool intent_is_latin(int32_t c); /* a letter that is no Han character, or an apostrophe inside a word */
bool intent_is_digit(int32_t c);
/* -1 when there are too many tokens. */
int intent_scan(struct intent_scan *s, const struct intent_words *w, const struct intent_names *names);
/* The characters [from, to) as UTF-8, appended; cut to what fits into ${size}. */
void intent_scan_copy(const struct intent_text *t, size_t from, size_t to, char *out, size_t size);

/* --- intent_match.c: which activity is meant --- */
/* Codes, titles and aliases of all activities, folded once per text. */
struct intent_names *intent_match_names(const struct intent_ctx *ctx);
void intent_match_free(struct intent_names *names);
/* A code, title or alias that stands in full at ${at}: the length of the longest, or 0. */
size_t intent_match_full(const struct intent_names *names, const struct intent_text *t, size_t at,
                         size_t *activity);
/* Does a part of a title stand at ${at} (two characters at least)? */
bool intent_match_begins(const struct intent_names *names, const struct intent_text *t, size_t at);
/* The activities that the text names, as well as each other, ascending; 0 when it names none. Tokens that are parts of their titles
 * become IC_ACTIVITY. ${prefer}: of several that fit, these are meant (open, or registered). */
size_t intent_match(struct intent_scan *s, const struct intent_names *names, const struct intent_ctx *ctx,
                    const bool *prefer, size_t out[16]);

/* --- intent_rules.c, intent_answers.c, intent_leave.c, intent_join.c: the decision --- */
struct intent_parse {
    const struct intent_words *w;
    const struct intent_ctx *ctx;
    struct intent_names *names;
    struct intent_scan scan;
    struct intent *out;
    const char *raw; /* the text as it came, for names in their own spelling */
    size_t n_raw;
    size_t named[16]; /* activities that the text names */
    size_t n_named;
};
/* Decide. A rule returns false to leave the text to the next one. */
void intent_rules(struct intent_parse *p);
typedef bool (*intent_rule)(struct intent_parse *p);
/* intent_answers.c: what is short because a question is open. */
bool intent_answers_rollcall(struct intent_parse *p);
bool intent_answers_number(struct intent_parse *p);
bool intent_answers_word(struct intent_parse *p);
bool intent_answers_rest(struct intent_parse *p); /* "3个人", "篮球" */
/* The one number that is all the text says; 0 = it says something else. */
size_t intent_answers_only_number(const struct intent_parse *p);
bool intent_answers_yes_or_no(const struct intent_parse *p);
/* intent_question.c: choices of a notice. */
bool intent_answers_question(struct intent_parse *p);
/* An item of the offered list that is a choice; false when it is none. */
bool intent_question_pick(struct intent_parse *p, const char *item);
bool intent_question_takes(const struct intent_ctx *ctx, size_t number);
/* intent_leave.c, intent_join.c: what changes a registration. */
bool intent_leave(struct intent_parse *p);
bool intent_join(struct intent_parse *p);
/* intent_acts.c: what they share. */
/* 取消, 退出, cancel: what an organiser does too, unlike 不去了. */
#define INTENT_REPORTABLE "取消|退出|撤销|放弃|取消报名|退掉|cancel|withdraw"
/* A word that is not understood? */
bool intent_acts_is_residue(const struct intent_token *k);
size_t intent_acts_n_residue(const struct intent_parse *p);
/* Does it touch an act or an activity, without a blank or sign between? */
bool intent_acts_is_attached(const struct intent_parse *p, const struct intent_token *r);
bool intent_acts_in_clause(const struct intent_parse *p, size_t clause);
/* Could what is not understood be the name of an activity that we do not have ("报名乒乓球")? One short stretch. */
bool intent_acts_looks_like_title(const struct intent_parse *p);
/* Decide that it is one; false when it does not look like one. */
bool intent_acts_no_such(struct intent_parse *p, enum intent_kind kind);
void intent_acts_set(struct intent_parse *p, size_t activity);
/* Decide ${kind}: for the activity that is named, else the only one there is, else ask back. ${rule}: when it is plain. */
bool intent_acts_resolve(struct intent_parse *p, enum intent_kind kind, const char *rule, const char *why);

/* Note what was understood, for `crier reply explain`; cut to a line. */
void intent_step(struct intent *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The decision; always true, so that a rule can return it. ${why}: one sentence for the steps. */
bool intent_decide(struct intent_parse *p, enum intent_kind kind, const char *rule, const char *why);
/* Tokens. */
bool intent_has(const struct intent_parse *p, enum intent_class class);
size_t intent_count(const struct intent_parse *p, enum intent_class class);
/* First token that is a keyword of ${kind}, or NULL. */
const struct intent_token *intent_keyword(const struct intent_parse *p, enum intent_kind kind);
bool intent_token_is(const struct intent_parse *p, const struct intent_token *k, const char *words);
bool intent_is_open(const struct intent_ctx *ctx, size_t activity);
bool intent_is_registered(const struct intent_ctx *ctx, size_t activity);
/* Index of the activity with this code, or SIZE_MAX. */
size_t intent_find(const struct intent_ctx *ctx, const char *code);

#endif
