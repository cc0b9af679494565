/* Leaving gives a seat away and cannot be undone: it is believed only when every word is understood. */
#include "model/intent_parts.h"

#include <string.h>

static bool in_clause(const struct intent_parse *p, size_t clause, enum intent_class class)
{
    for (size_t i = 0; i < p->scan.n; i++)
        if (p->scan.token[i].clause == clause && p->scan.token[i].class == class)
            return true;
    return false;
}

/* Token before/after ${k} that says something; NULL at the ends. */
static const struct intent_token *neighbour(const struct intent_parse *p, const struct intent_token *k,
                                            int step)
{
    const struct intent_token *first = p->scan.token, *last = first + p->scan.n - 1;

    for (k += step; k >= first && k <= last; k += step)
        if (k->class != IC_FILL)
            return k;
    return NULL;
}

/* Small words that say nothing elsewhere, but beside a leaving make it talk: "不去也行", "取消就取消", "收到取消". */
static bool has_turning_word(const struct intent_parse *p, const struct intent_token *leave)
{
    for (size_t i = 0; i < p->scan.n; i++) {
        const struct intent_token *k = &p->scan.token[i];
        bool after = k > leave;
        if (k->class != IC_FILL || k->chunk != leave->chunk)
            continue;
        if (intent_token_is(p, k, "收到|知道了|明白|对|是|是的|必须|一定"))
            return true;
        if (after &&
            intent_token_is(
                p, k, "也|就|都|全|还|行|行的|好|好的|好啊|算了|可惜|确认|确定|需要|愿意|希望|想|要|结果"))
            return true;
        if (!after && intent_token_is(p, k, "都|全") && !intent_has(p, IC_ME))
            return true;
    }
    return false;
}

static bool weather(const struct intent_parse *p)
{
    for (size_t i = 0; i < p->scan.n; i++)
        if (intent_token_is(p, &p->scan.token[i],
                            "下雨|下大雨|下暴雨|落雨|落大雨|台风|暴雨|天气不好|刮风|打雷"))
            return true;
    return false;
}

/* "取消取消": the same word once more. */
static bool says_again(const struct intent_parse *p, const struct intent_token *a,
                       const struct intent_token *b)
{
    const struct intent_text *t = &p->scan.text;
    size_t n = a->to - a->from;

    return b->to - b->from == n && memcmp(t->c + a->from, t->c + b->from, n * sizeof t->c[0]) == 0;
}

/* Talk about a leaving that happened, or that is somebody else's. */
static const char *leave_is_told(const struct intent_parse *p, const struct intent_token *k)
{
    const struct intent_token *before = neighbour(p, k, -1),
                              *after = k + 1 < p->scan.token + p->scan.n ? k + 1 : NULL;
    bool reportable = intent_token_is(p, k, INTENT_REPORTABLE), me = intent_has(p, IC_ME);

    if (before && before->class == IC_PAST)
        return "tells what happened already";
    if (has_turning_word(p, k))
        return "talks about a leaving";
    if (!me && weather(p) && (reportable || intent_token_is(p, k, "不打|不打了|唔打|不玩了|打不了|打不了了")))
        return "tells that the weather is against it";
    if (before && intent_acts_is_residue(before) && before->to == k->from && !me &&
        !intent_keyword(p, INTENT_JOIN))
        return "tells about something else";
    if (reportable && after && after->class == IC_LE && !me)
        return "tells that something was cancelled";
    if (reportable && before && before->class == IC_GENERIC && before->chunk == k->chunk && !me &&
        !intent_keyword(p, INTENT_JOIN))
        return "tells that something was cancelled";
    if (before && before->class == IC_KIN && before->clause == k->clause &&
        !in_clause(p, k->clause, IC_REASON))
        return "somebody else does not come";
    if (before && before->class == IC_KEYWORD && before->kind == INTENT_LEAVE && before->to == k->from &&
        reportable && !says_again(p, before, k))
        return "cancels a cancelling";
    return NULL;
}

/* A part of a party, or another person: not the whole registration. */
static const char *leave_is_partial(const struct intent_parse *p)
{
    bool all = false;

    for (size_t i = 0; i < p->scan.n; i++)
        all |= intent_token_is(p, &p->scan.token[i], "我们|咱们|都|全|all|both|we");
    if (intent_has(p, IC_NAME))
        return "names a person: whose place is meant?";
    if (intent_has(p, IC_PLUS) || intent_has(p, IC_NUMBER) || (intent_has(p, IC_COUNT) && !all))
        return "names a number: a part of the party, or all?";
    return NULL;
}

/* Does the clause of what was not understood give a reason, or begin with the sender? */
static bool residue_is_reason(const struct intent_parse *p, const struct intent_token *r)
{
    const struct intent_token *first = NULL;

    if (intent_acts_is_attached(p, r))
        return false;
    if (in_clause(p, r->clause, IC_REASON))
        return true;
    for (size_t i = 0; i < p->scan.n && !first; i++)
        if (p->scan.token[i].clause == r->clause)
            first = &p->scan.token[i];
    return !intent_acts_in_clause(p, r->clause) && first && (first->class == IC_ME || first->class == IC_KIN);
}

static bool residue_is_all_reasons(const struct intent_parse *p)
{
    for (size_t i = 0; i < p->scan.n; i++)
        if (intent_acts_is_residue(&p->scan.token[i]) && !residue_is_reason(p, &p->scan.token[i]))
            return false;
    return true;
}

static bool pick_to_leave(struct intent_parse *p)
{
    const struct intent_ctx *ctx = p->ctx;
    size_t value = 0;

    if (!ctx->n_offered || p->n_named || intent_count(p, IC_NUMBER) + intent_count(p, IC_ORDINAL) != 1 ||
        intent_acts_n_residue(p))
        return false;
    for (size_t i = 0; i < p->scan.n; i++)
        if (p->scan.token[i].class == IC_NUMBER || p->scan.token[i].class == IC_ORDINAL)
            value = p->scan.token[i].value;
    size_t at = value >= 1 && value <= ctx->n_offered ? intent_find(ctx, ctx->offered[value - 1]) : SIZE_MAX;
    if (at == SIZE_MAX)
        return false;
    intent_acts_set(p, at);
    return intent_decide(p, INTENT_LEAVE, "offered-number", "leaves a number of the list that was offered");
}

bool intent_leave(struct intent_parse *p)
{
    const struct intent_token *leave = intent_keyword(p, INTENT_LEAVE),
                              *join = intent_keyword(p, INTENT_JOIN);
    const char *why = NULL;

    if (!leave)
        return false;
    for (size_t i = 0; i < p->scan.n && !why; i++)
        if (p->scan.token[i].class == IC_KEYWORD && p->scan.token[i].kind == INTENT_LEAVE)
            why = leave_is_told(p, &p->scan.token[i]);
    if (why || intent_has(p, IC_MODAL))
        return intent_decide(p, INTENT_UNKNOWN, "told", why ? why : "tells what may be done");
    if (join && p->n_named > 1)
        return intent_decide(p, INTENT_UNKNOWN, "two-acts",
                             "leaves one activity and joins another: for staff to read");
    if (pick_to_leave(p))
        return true;
    if ((why = leave_is_partial(p)) != NULL)
        return intent_decide(p, INTENT_UNKNOWN, "leave-part", why);
    if (join && join->clause != leave->clause && intent_acts_n_residue(p))
        return intent_decide(p, INTENT_UNKNOWN, "two-acts",
                             "leaves one activity and joins another: for staff to read");
    if (residue_is_all_reasons(p))
        return intent_acts_resolve(p, INTENT_LEAVE, "leave-keyword",
                                   join ? "leaving beats joining" : "asks to leave");
    if (p->n_named == 0 && intent_acts_no_such(p, INTENT_LEAVE))
        return true;
    return intent_decide(p, INTENT_UNKNOWN, "unclear",
                         "words beside the leaving that are not understood: for staff to read");
}
