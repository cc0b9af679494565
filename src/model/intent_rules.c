/* The rules in their order: what is short and whole first, then what forbids to act, then the acts. */
#include "model/intent_parts.h"

#include <string.h>

#include "base/mem.h"

/* Nothing but signs: "？" asks for help; anything else says nothing. */
static bool nothing_said(struct intent_parse *p)
{
    if (p->scan.n)
        return false;
    if (p->scan.asks)
        return intent_decide(p, INTENT_HELP, "question-mark", "nothing but a question mark");
    return intent_decide(p, INTENT_UNKNOWN, "empty", "no words");
}

/* The whole text, without signs at its ends, is a keyword. */
static bool whole_keyword(struct intent_parse *p)
{
    const struct intent_text *t = &p->scan.text;
    const struct intent_entry *e =
        intent_words_whole(p->w, t, p->scan.token[0].from, p->scan.token[p->scan.n - 1].to);

    if (!e)
        return false;
    switch (e->kind) {
    case INTENT_STOP:
    case INTENT_START:
    case INTENT_CHECKIN:
    case INTENT_ANSWER:
    case INTENT_VOTE:
        return !p->scan.asks && intent_decide(p, e->kind, "whole-keyword", "the whole text is a keyword");
    case INTENT_QUERY:
    case INTENT_HELP:
        return intent_decide(p, e->kind, "whole-keyword", "the whole text is a keyword");
    case INTENT_JOIN:
    case INTENT_LEAVE:
    case INTENT_SAFE:
    case INTENT_SOS:
    case INTENT_UNKNOWN:
        return false;
    }
    return false;
}

/* Only tokens of these kinds from ${from} on? */
static bool rest_is_about_acts(const struct intent_parse *p, size_t from)
{
    for (size_t i = from; i < p->scan.n; i++) {
        switch (p->scan.token[i].class) {
        case IC_KEYWORD:
        case IC_ACTIVITY:
        case IC_FILL:
        case IC_ME:
        case IC_GENERIC:
        case IC_ASK:
        case IC_HOWTO:
        case IC_MODAL:
            continue;
        case IC_WORD:
        case IC_WEAK:
        case IC_NAME:
        case IC_COUNT:
        case IC_NUMBER:
        case IC_PLUS:
        case IC_ORDINAL:
        case IC_DETAIL:
        case IC_LE:
        case IC_KIN:
        case IC_WITH:
        case IC_REASON:
        case IC_NEG:
        case IC_COND:
        case IC_PAST:
        case IC_THIRD:
        case IC_OR:
        case IC_OWN:
        case IC_OTHER:
            return false;
        }
    }
    return true;
}

/* "help 怎么报名", "帮助 报名". */
static bool help_first(struct intent_parse *p)
{
    const struct intent_text *t = &p->scan.text;
    size_t from = p->scan.token[0].from, to = from;

    while (to < t->n && t->c[to] != ' ' && t->c[to] != ':' && t->c[to] != ',')
        to++;
    if (!intent_lexicon_has("help|帮助", t, from, to) || !rest_is_about_acts(p, 1))
        return false;
    return intent_decide(p, INTENT_HELP, "help-first", "begins with the word for help");
}

/* "怎么报名篮球", "如何退订": asks how an act is done. */
static bool how_to(struct intent_parse *p)
{
    for (size_t i = 0; i < p->scan.n; i++) {
        bool act = false;
        for (size_t k = i + 1; k < p->scan.n; k++)
            act |= p->scan.token[k].class == IC_KEYWORD;
        if (p->scan.token[i].class == IC_HOWTO && act && rest_is_about_acts(p, 0))
            return intent_decide(p, INTENT_HELP, "how-to", "asks how it is done");
    }
    return false;
}

/* A question word; English auxiliaries ask only where a clause begins ("is it full", but "my son is sick"). */
static bool has_question_word(const struct intent_parse *p)
{
    for (size_t i = 0; i < p->scan.n; i++) {
        const struct intent_token *k = &p->scan.token[i];
        bool inside = i && p->scan.token[i - 1].clause == k->clause;
        if (k->class == IC_ASK &&
            !(inside && intent_token_is(p, k, "is|are|was|were|do|does|did|would|should|could|will")))
            return true;
    }
    return false;
}

static bool asks(const struct intent_parse *p)
{
    const struct intent_token *last = &p->scan.token[p->scan.n - 1];

    return p->scan.asks || has_question_word(p) || intent_has(p, IC_HOWTO) ||
           (last->class == IC_NEG && p->scan.n > 1 && intent_token_is(p, last, "没|没有|未"));
}

/* "我报名了吗", "报名成功了吗": the sender asks for the own state. */
static bool own_state(struct intent_parse *p)
{
    const struct intent_token *join = intent_keyword(p, INTENT_JOIN);
    bool mine = join && intent_has(p, IC_LE) &&
                (intent_has(p, IC_ME) || p->scan.text.c[join->from] == 0x6211); /* 我 */

    if (!asks(p) || (!mine && !intent_has(p, IC_OWN)) || intent_keyword(p, INTENT_LEAVE))
        return false;
    if (intent_has(p, IC_WORD) || intent_has(p, IC_OTHER) || intent_has(p, IC_THIRD) ||
        intent_has(p, IC_COND) || intent_has(p, IC_HOWTO))
        return false;
    return intent_decide(p, INTENT_QUERY, "own-state", "asks whether the own registration stands");
}

static bool question(struct intent_parse *p)
{
    return asks(p) && intent_decide(p, INTENT_UNKNOWN, "question", "a question about an act is not that act");
}

/* Opting out is the whole text or nothing: "T恤", "退订短信怎么写" never unsubscribe anyone. */
static bool stop_inside(struct intent_parse *p)
{
    return intent_keyword(p, INTENT_STOP) &&
           intent_decide(p, INTENT_UNKNOWN, "opt-out-not-whole",
                         "an opt-out word counts only as the whole text: for staff to read");
}

/* "我要恢复订阅", "请恢复". */
static bool start_with_manners(struct intent_parse *p)
{
    const struct intent_text *t = &p->scan.text;
    size_t from = 0, to = p->scan.n;

    while (from < to && (p->scan.token[from].class == IC_FILL || p->scan.token[from].class == IC_ME))
        from++;
    while (to > from && p->scan.token[to - 1].class == IC_FILL)
        to--;
    if (from == to)
        return false;
    const struct intent_entry *e =
        intent_words_whole(p->w, t, p->scan.token[from].from, p->scan.token[to - 1].to);
    if (!e || (e->kind != INTENT_START && e->kind != INTENT_QUERY))
        return false;
    return intent_decide(p, e->kind, "keyword-with-manners", "a keyword and nothing else but manners");
}

static bool is_act(enum intent_kind k)
{
    return k == INTENT_JOIN || k == INTENT_LEAVE || k == INTENT_QUERY || k == INTENT_CHECKIN ||
           k == INTENT_ANSWER || k == INTENT_VOTE;
}

static bool has_act(const struct intent_parse *p)
{
    for (size_t i = 0; i < p->scan.n; i++)
        if (p->scan.token[i].class == IC_KEYWORD && is_act(p->scan.token[i].kind))
            return true;
    return p->scan.n_list != 0 || intent_has(p, IC_PLUS) || intent_has(p, IC_WEAK);
}

static bool no_act(struct intent_parse *p)
{
    return !has_act(p) && intent_decide(p, INTENT_UNKNOWN, "no-keyword", "no word that asks for an act");
}

/* Words that turn an act into talk about it. */
static const struct {
    enum intent_class class;
    const char *rule, *why;
} TALK[] = {
    {IC_NEG,   "negated",       "a negated act is not that act"                      },
    {IC_COND,  "conditional",   "said with a condition or a doubt: not asked for now"},
    {IC_THIRD, "somebody-else", "about somebody else"                                },
    {IC_OWN,   "told",          "tells about a registration"                         },
};

/* "I'm in hospital", "I'm out of milk": a place, unless the sentence ends or an activity follows. */
static bool in_a_place(const struct intent_parse *p)
{
    for (size_t i = 0; i + 1 < p->scan.n; i++) {
        const struct intent_token *k = &p->scan.token[i], *next = k + 1;
        if (intent_token_is(p, k, "i'm in|im in|i am in|i'm out|im out") && next->clause == k->clause &&
            next->class != IC_ACTIVITY && !intent_token_is(p, next, "for|please|pls|thanks|thank you|too"))
            return true;
    }
    return false;
}

static bool talk(struct intent_parse *p)
{
    for (size_t i = 0; i < ARRAY_LEN(TALK); i++)
        if (intent_has(p, TALK[i].class))
            return intent_decide(p, INTENT_UNKNOWN, TALK[i].rule, TALK[i].why);
    if (intent_has(p, IC_OR) && intent_keyword(p, INTENT_JOIN) && intent_keyword(p, INTENT_LEAVE))
        return intent_decide(p, INTENT_UNKNOWN, "question", "this or that: a question");
    if (in_a_place(p))
        return intent_decide(p, INTENT_UNKNOWN, "told", "tells where somebody is");
    return false;
}

/* Keywords that take what follows as it is: check-in, votes, answers; and queries with nothing unknown beside them. */
static bool prefix_keyword(struct intent_parse *p)
{
    const struct intent_token *first = NULL;

    for (size_t i = 0; i < p->scan.n && !first; i++) {
        if (p->scan.token[i].class == IC_KEYWORD && is_act(p->scan.token[i].kind))
            first = &p->scan.token[i];
        else if (p->scan.token[i].class != IC_FILL && p->scan.token[i].class != IC_ME &&
                 p->scan.token[i].class != IC_ACTIVITY)
            return false;
    }
    if (!first || first->kind == INTENT_JOIN || first->kind == INTENT_LEAVE)
        return false;
    if (intent_keyword(p, INTENT_LEAVE))
        return intent_decide(p, INTENT_UNKNOWN, "two-acts", "two acts in one text: for staff to read");
    if (first->kind == INTENT_QUERY && (intent_has(p, IC_WORD) || intent_has(p, IC_OTHER)))
        return intent_decide(p, INTENT_UNKNOWN, "unclear", "asks to look up something else");
    if (p->n_named == 1)
        memcpy(p->out->activity, p->ctx->activities[p->named[0]].code, sizeof p->out->activity);
    if (first->kind != INTENT_QUERY)
        intent_scan_copy(&p->scan.text, first->to, p->scan.text.n, p->out->rest, sizeof p->out->rest);
    return intent_decide(p, first->kind, "keyword-prefix", "begins with a keyword");
}

static bool nothing_fits(struct intent_parse *p)
{
    return intent_decide(p, INTENT_UNKNOWN, "unclear",
                         "words around the keyword that are not understood: for staff to read");
}

static const intent_rule RULES[] = {
    nothing_said,
    intent_answers_rollcall,
    intent_answers_question,
    whole_keyword,
    intent_answers_number,
    intent_answers_word,
    help_first,
    how_to,
    own_state,
    question,
    stop_inside,
    start_with_manners,
    intent_answers_rest,
    no_act,
    talk,
    prefix_keyword,
    intent_leave,
    intent_join,
    nothing_fits,
};

void intent_rules(struct intent_parse *p)
{
    size_t i = 0;

    while (!RULES[i](p))
        i++;
    if (p->out->kind == INTENT_UNKNOWN && p->out->rest[0] == '\0')
        intent_scan_copy(&p->scan.text, 0, p->scan.text.n, p->out->rest, sizeof p->out->rest);
}
