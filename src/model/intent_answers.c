/* Short texts that mean something because a question is open: a roll-call, an invitation, a numbered list. */
#include "model/intent_parts.h"

#include <string.h>

/* The text without signs at its ends. */
static void bounds(const struct intent_parse *p, size_t *from, size_t *to)
{
    const struct intent_text *t = &p->scan.text;

    *from = 0;
    *to = t->n;
    while (*from < *to && !intent_is_han(t->c[*from]) && !intent_is_latin(t->c[*from]) &&
           !intent_is_digit(t->c[*from]))
        ++*from;
    while (*to > *from && !intent_is_han(t->c[*to - 1]) && !intent_is_latin(t->c[*to - 1]) &&
           !intent_is_digit(t->c[*to - 1]))
        --*to;
}

static void set_activity(struct intent *out, const char *code)
{
    size_t n = strlen(code);

    if (n > ACTIVITY_CODE_MAX)
        n = ACTIVITY_CODE_MAX;
    memcpy(out->activity, code, n);
    out->activity[n] = '\0';
}

static void add_ambiguous(struct intent_parse *p, const char *code)
{
    size_t i = code ? intent_find(p->ctx, code) : SIZE_MAX;

    for (size_t k = 0; k < p->out->n_ambiguous; k++)
        if (p->out->ambiguous[k] == i)
            return;
    if (i != SIZE_MAX && p->out->n_ambiguous < 16)
        p->out->ambiguous[p->out->n_ambiguous++] = i;
}

/* "二", "2号", "B": a place in a list, where one was offered. */
static size_t as_choice(const struct intent_parse *p)
{
    size_t from, to;

    bounds(p, &from, &to);
    return (p->ctx->n_offered || p->ctx->n_questions) && !p->scan.asks
               ? intent_args_choice(&p->scan.text, from, to)
               : 0;
}

/* The one number that is all the text says ("1", "回复1", "第2个"); 0 = it says something else. */
size_t intent_answers_only_number(const struct intent_parse *p)
{
    size_t value = 0, n = 0;

    for (size_t i = 0; i < p->scan.n; i++) {
        const struct intent_token *k = &p->scan.token[i];
        if (k->class == IC_NUMBER || k->class == IC_ORDINAL) {
            value = k->value;
            n++;
        } else if (k->class != IC_FILL && k->class != IC_ME) {
            return as_choice(p);
        }
    }
    if (n == 0)
        return as_choice(p);
    return n == 1 && !p->scan.asks ? value : 0;
}

/* Everything beside the keywords of the roll-call says nothing. */
static bool nothing_else(const struct intent_parse *p)
{
    for (size_t i = 0; i < p->scan.n; i++) {
        const struct intent_token *k = &p->scan.token[i];
        bool known = (k->class == IC_KEYWORD && k->kind == INTENT_SAFE) || k->class == IC_FILL ||
                     k->class == IC_ME || k->class == IC_LE || k->class == IC_COUNT || k->class == IC_KIN ||
                     k->class == IC_NAME || k->class == IC_DETAIL ||
                     (k->class == IC_NUMBER && k->value == 1) ||
                     intent_token_is(p, k, "很|非常|挺|家|家里|家中|在家|回家|到家|已|已经");
        if (!known)
            return false;
    }
    return true;
}

/* A list or an invitation is open too: "1" may be meant for it. */
static bool rollcall_number(struct intent_parse *p, size_t number)
{
    const struct intent_ctx *ctx = p->ctx;

    if (ctx->asked && number == 1)
        add_ambiguous(p, ctx->asked);
    if (number >= 1 && number <= ctx->n_offered)
        add_ambiguous(p, ctx->offered[number - 1]);
    if (p->out->n_ambiguous || (ctx->asked && number == 1) || intent_question_takes(ctx, number))
        return intent_decide(p, INTENT_UNKNOWN, "bare-number-ambiguous",
                             "a roll-call and something else are both open: asked back");
    if (number == 1)
        return intent_decide(p, INTENT_SAFE, "rollcall-number", "1 = safe, while a roll-call is open");
    if (number == 2)
        return intent_decide(p, INTENT_SOS, "rollcall-number", "2 = needs help, while a roll-call is open");
    return false;
}

static bool begins_with_two(const struct intent_parse *p)
{
    return p->scan.n && p->scan.token[0].class == IC_NUMBER && p->scan.token[0].value == 2;
}

bool intent_answers_rollcall(struct intent_parse *p)
{
    size_t number = intent_answers_only_number(p), from, to;
    bool sos = intent_keyword(p, INTENT_SOS) != NULL, safe = intent_keyword(p, INTENT_SAFE) != NULL;
    bool doubt = p->scan.asks || intent_has(p, IC_NEG) || intent_has(p, IC_ASK) || intent_has(p, IC_HOWTO);

    if (!p->ctx->rollcall_open)
        return false;
    if (number)
        return rollcall_number(p, number);
    bounds(p, &from, &to);
    /* Who texts "help" during a disaster may well need it; a needless call back costs less than a missed one. */
    if (!p->scan.asks && intent_lexicon_has("help|帮助", &p->scan.text, from, to))
        return intent_decide(p, INTENT_SOS, "rollcall-help", "\"help\" while a roll-call is open");
    if (sos && !doubt)
        return intent_decide(p, INTENT_SOS, "rollcall-word", "asks for help while a roll-call is open");
    if (safe && !doubt && nothing_else(p))
        return intent_decide(p, INTENT_SAFE, "rollcall-word", "says safe while a roll-call is open");
    if (begins_with_two(p) && !safe && !doubt && !intent_keyword(p, INTENT_JOIN) &&
        !intent_keyword(p, INTENT_LEAVE))
        return intent_decide(p, INTENT_SOS, "rollcall-number", "2 = needs help, with words for staff");
    if (sos || safe)
        return intent_decide(p, INTENT_UNKNOWN, "rollcall-unclear",
                             "a roll-call is open and the answer is not plain: for staff to read");
    return false;
}

/* What a choice from the offered list was asked for. */
static bool pick(struct intent_parse *p, size_t number)
{
    const struct intent_ctx *ctx = p->ctx;
    enum intent_kind kind = ctx->offered_for == INTENT_UNKNOWN ? INTENT_JOIN : ctx->offered_for;

    if (number < 1 || number > ctx->n_offered)
        return intent_decide(p, INTENT_UNKNOWN, "no-such-choice",
                             "the list that was offered has no such number");
    if (intent_question_pick(p, ctx->offered[number - 1]))
        return true;
    if (kind == INTENT_ANSWER)
        kind = INTENT_JOIN; /* the invitation, among what was asked back */
    set_activity(p->out, ctx->offered[number - 1]);
    return intent_decide(p, kind, "offered-number", "a number from the list that was offered");
}

bool intent_answers_number(struct intent_parse *p)
{
    const struct intent_ctx *ctx = p->ctx;
    size_t number = intent_answers_only_number(p);

    if (number == 0)
        return false;
    if (ctx->n_offered && ctx->asked && number == 1 && ctx->offered_for != INTENT_ANSWER &&
        strcmp(ctx->asked, ctx->offered[0]) != 0) {
        add_ambiguous(p, ctx->asked);
        add_ambiguous(p, ctx->offered[0]);
        return intent_decide(p, INTENT_UNKNOWN, "bare-number-ambiguous",
                             "a list and an invitation are both open: asked back");
    }
    if (ctx->n_offered)
        return pick(p, number);
    if (ctx->asked && number == 1) {
        set_activity(p->out, ctx->asked);
        return intent_decide(p, INTENT_JOIN, "bare-number", "1 = yes to the invitation that is open");
    }
    return intent_decide(p, INTENT_UNKNOWN, "bare-number", "a number, and nothing was asked that it answers");
}

/* "不了，谢谢" is no; but "好的谢谢" may only thank for the news. */
static size_t before_thanks(const struct intent_parse *p, size_t to)
{
    const struct intent_token *last = p->scan.n > 1 ? &p->scan.token[p->scan.n - 1] : NULL;

    if (!last ||
        !intent_token_is(p, last, "谢谢|谢谢你|谢谢您|多谢|感谢|抱歉|不好意思|thanks|thank you|sorry"))
        return to;
    return p->scan.token[p->scan.n - 2].to;
}

/* One of the words, with a particle behind it or without: "好啊", "去咯". */
static bool is_said(const struct intent_parse *p, const char *words, size_t from, size_t to)
{
    const struct intent_text *t = &p->scan.text;

    if (intent_lexicon_has(words, t, from, to))
        return true;
    return to > from + 1 && intent_lexicon_has("啊|呀|啦|咯|哦|噢|嘛|哈|滴|哒|的|喔|嘅|呗", t, to - 1, to) &&
           is_said(p, words, from, to - 1);
}

bool intent_answers_yes_or_no(const struct intent_parse *p)
{
    size_t from, to;

    bounds(p, &from, &to);
    return is_said(p, intent_yes_words, from, to) || is_said(p, intent_no_words, from, before_thanks(p, to));
}

bool intent_answers_word(struct intent_parse *p)
{
    size_t from, to;

    if (!p->ctx->asked || p->scan.asks)
        return false;
    bounds(p, &from, &to);
    bool yes = is_said(p, intent_yes_words, from, to);
    bool no = is_said(p, intent_no_words, from, before_thanks(p, to));
    if (from == to || (!yes && !no))
        return false;
    if (p->ctx->rollcall_open && !intent_keyword(p, INTENT_JOIN) && !intent_keyword(p, INTENT_LEAVE) &&
        !intent_has(p, IC_WEAK)) {
        add_ambiguous(p, p->ctx->asked);
        return intent_decide(p, INTENT_UNKNOWN, "answer-ambiguous",
                             "a roll-call and an invitation are both open: asked back");
    }
    set_activity(p->out, p->ctx->asked);
    if (yes)
        return intent_decide(p, INTENT_JOIN, "answer-yes", "yes to the invitation that is open");
    return intent_decide(p, INTENT_LEAVE, "answer-no", "no to the invitation that is open");
}

/* Tokens that may stand beside a bare count or a bare title. */
static bool only_with(const struct intent_parse *p, enum intent_class class)
{
    for (size_t i = 0; i < p->scan.n; i++) {
        enum intent_class k = p->scan.token[i].class;
        if (k != class && k != IC_FILL && k != IC_ME && k != IC_GENERIC)
            return false;
    }
    size_t n = intent_count(p, class);
    return !p->scan.asks && (class == IC_COUNT ? n == 1 : n > 0);
}

/* "急救讲座，两位": a number of people for an open activity asks for seats, even without the word. */
static bool title_and_count(struct intent_parse *p)
{
    size_t count = 0;

    if (p->n_named != 1 || p->scan.asks || !intent_is_open(p->ctx, p->named[0]) ||
        intent_count(p, IC_COUNT) != 1)
        return false;
    for (size_t i = 0; i < p->scan.n; i++) {
        const struct intent_token *k = &p->scan.token[i];
        if (k->class == IC_COUNT)
            count = k->value;
        else if (k->class != IC_ACTIVITY && k->class != IC_FILL && k->class != IC_ME &&
                 k->class != IC_GENERIC)
            return false;
    }
    if (count == 0)
        return false;
    p->out->count = (uint32_t)count;
    set_activity(p->out, p->ctx->activities[p->named[0]].code);
    return intent_decide(p, INTENT_JOIN, "title-count", "an open activity and a number of people");
}

bool intent_answers_rest(struct intent_parse *p)
{
    const struct intent_ctx *ctx = p->ctx;

    if (ctx->rollcall_open)
        return false;
    if (ctx->asked && only_with(p, IC_COUNT)) {
        for (size_t i = 0; i < p->scan.n; i++)
            if (p->scan.token[i].class == IC_COUNT && p->scan.token[i].value)
                p->out->count = (uint32_t)p->scan.token[i].value;
        set_activity(p->out, ctx->asked);
        return intent_decide(p, INTENT_JOIN, "answer-count",
                             "a number of people, to the invitation that is open");
    }
    if (title_and_count(p))
        return true;
    if (p->n_named != 1 || !only_with(p, IC_ACTIVITY))
        return false;
    const char *code = ctx->activities[p->named[0]].code;
    for (size_t i = 0; i < ctx->n_offered; i++)
        if (strcmp(code, ctx->offered[i]) == 0)
            return pick(p, i + 1);
    if (ctx->asked && strcmp(ctx->asked, code) == 0) {
        set_activity(p->out, code);
        return intent_decide(p, INTENT_JOIN, "answer-title", "the activity of the invitation that is open");
    }
    return false;
}
