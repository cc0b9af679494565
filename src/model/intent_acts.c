/* Joining and leaving. Leaving gives a seat away and cannot be undone, so it is believed only when every word is understood;
 * joining can be undone, but is not guessed either when the text names something we do not know. */
#include "model/intent_parts.h"

#include <string.h>

#include "text/fold.h"
#include "text/utf8.h"

/* 取消, 退出, cancel: what an organiser does too, unlike 不去了. */
#define REPORTABLE "取消|退出|撤销|放弃|取消报名|退掉|cancel|withdraw"

static bool is_residue(const struct intent_token *k)
{
    return k->class == IC_WORD || k->class == IC_OTHER || (k->class == IC_KEYWORD && (k->kind == INTENT_SAFE || k->kind == INTENT_SOS));
}

static bool is_act(const struct intent_token *k)
{
    return k->class == IC_WEAK || k->class == IC_PLUS || (k->class == IC_KEYWORD && (k->kind == INTENT_JOIN || k->kind == INTENT_LEAVE));
}

/* Does what is not understood touch an act or an activity, without a blank or sign between? */
static bool is_attached(const struct intent_parse *p, const struct intent_token *r)
{
    for (size_t i = 0; i < p->scan.n; i++) {
        const struct intent_token *k = &p->scan.token[i];
        if (k->chunk == r->chunk && (is_act(k) || k->class == IC_ACTIVITY))
            return true;
    }
    return false;
}

static bool in_clause(const struct intent_parse *p, size_t clause, enum intent_class class)
{
    for (size_t i = 0; i < p->scan.n; i++)
        if (p->scan.token[i].clause == clause && p->scan.token[i].class == class)
            return true;
    return false;
}

static bool act_in_clause(const struct intent_parse *p, size_t clause)
{
    for (size_t i = 0; i < p->scan.n; i++)
        if (p->scan.token[i].clause == clause && is_act(&p->scan.token[i]))
            return true;
    return false;
}

/* What was not understood, and details, go to staff as they are. */
static void fill_rest(struct intent_parse *p)
{
    char *rest = p->out->rest;

    for (size_t i = 0; i < p->scan.n; i++) {
        const struct intent_token *k = &p->scan.token[i];
        bool glued = i && k->from == p->scan.token[i - 1].to;
        if (!is_residue(k) && k->class != IC_DETAIL && k->class != IC_REASON)
            continue;
        size_t len = strlen(rest);
        if (len && !glued && len + 2 < sizeof p->out->rest)
            memcpy(rest + len, " ", 2);
        intent_scan_copy(&p->scan.text, k->from, k->to, rest, sizeof p->out->rest);
    }
}

/* --- which activity ------------------------------------------------------------------------------------------- */

static void set_activity(struct intent_parse *p, size_t activity)
{
    memcpy(p->out->activity, p->ctx->activities[activity].code, sizeof p->out->activity);
    intent_step(p->out, "activity: %s", p->out->activity);
}

static void set_ambiguous(struct intent_parse *p, const size_t *list, size_t n)
{
    for (size_t i = 0; i < n && p->out->n_ambiguous < 16; i++)
        p->out->ambiguous[p->out->n_ambiguous++] = list[i];
    intent_step(p->out, "activity: one of %zu, asked back", p->out->n_ambiguous);
}

static size_t candidates(const struct intent_ctx *ctx, enum intent_kind kind, size_t list[16])
{
    size_t n = 0;

    for (size_t i = 0; i < ctx->n_activities && n < 16; i++)
        if (kind == INTENT_JOIN ? intent_is_open(ctx, i) : intent_is_registered(ctx, i))
            list[n++] = i;
    return n;
}

/* No activity is named: the only one there is, or the one that was asked about. "不去" answers what was asked, even when the sender
 * is registered for something else; "取消" is about a registration. Returns what keeps it from being plain, or NULL. */
static const char *the_only_one(struct intent_parse *p, enum intent_kind kind)
{
    const struct intent_ctx *ctx = p->ctx;
    const struct intent_token *leave = intent_keyword(p, INTENT_LEAVE);
    size_t asked = ctx->asked ? intent_find(ctx, ctx->asked) : SIZE_MAX, list[16], n = candidates(ctx, kind, list);
    bool refuses = kind == INTENT_LEAVE && leave && !intent_token_is(p, leave, REPORTABLE);

    if (asked != SIZE_MAX && (refuses || (kind == INTENT_JOIN && intent_is_open(ctx, asked)))) {
        set_activity(p, asked);
        return NULL;
    }
    if (n == 0)
        return kind == INTENT_JOIN ? "none-open" : "none-registered";
    if (n == 1) {
        set_activity(p, list[0]);
        return NULL;
    }
    set_ambiguous(p, list, n);
    return "ambiguous";
}

static bool resolve(struct intent_parse *p, enum intent_kind kind, const char *rule, const char *why)
{
    const char *other = NULL;

    fill_rest(p);
    if (p->n_named == 1)
        set_activity(p, p->named[0]);
    else if (p->n_named > 1)
        set_ambiguous(p, p->named, p->n_named);
    else
        other = the_only_one(p, kind);
    if (p->n_named > 1)
        other = "ambiguous";
    return intent_decide(p, kind, other ? other : rule, why);
}

/* Could what is not understood be the name of an activity that we do not have ("报名乒乓球")? One short stretch. */
static bool looks_like_title(const struct intent_parse *p)
{
    size_t from = SIZE_MAX, to = 0, n_words = 0, n_han = 0, n_latin = 0;

    for (size_t i = 0; i < p->scan.n; i++) {
        if (!is_residue(&p->scan.token[i]))
            continue;
        if (p->scan.token[i].class != IC_WORD)
            return false;
        from = from == SIZE_MAX ? i : from;
        to = i;
        n_words++;
    }
    for (size_t i = from; i <= to && n_words; i++) {
        const struct intent_token *k = &p->scan.token[i];
        if (k->class != IC_WORD && k->class != IC_GENERIC && k->class != IC_FILL)
            return false;
        if (k->clause != p->scan.token[from].clause)
            return false;
        for (size_t at = k->from; at < k->to; at++)
            n_han += intent_is_han(p->scan.text.c[at]);
        n_latin += intent_is_latin(p->scan.text.c[k->from]);
    }
    bool told = to + 1 < p->scan.n && p->scan.token[to + 1].class == IC_LE;
    return n_words && n_han <= 10 && n_latin <= 3 && !told;
}

static bool no_such_activity(struct intent_parse *p, enum intent_kind kind)
{
    if (!looks_like_title(p))
        return false;
    fill_rest(p);
    return intent_decide(p, kind, "no-such-activity", "names an activity that there is not: told so, nothing done");
}

static size_t n_residue(const struct intent_parse *p)
{
    size_t n = 0;

    for (size_t i = 0; i < p->scan.n; i++)
        n += is_residue(&p->scan.token[i]);
    return n;
}

/* --- leaving -------------------------------------------------------------------------------------------------- */

/* Token before/after ${k} that says something; NULL at the ends. */
static const struct intent_token *neighbour(const struct intent_parse *p, const struct intent_token *k, int step)
{
    const struct intent_token *first = p->scan.token, *last = first + p->scan.n - 1;

    for (k += step; k >= first && k <= last; k += step)
        if (k->class != IC_FILL)
            return k;
    return NULL;
}

static bool weather(const struct intent_parse *p)
{
    for (size_t i = 0; i < p->scan.n; i++)
        if (intent_token_is(p, &p->scan.token[i], "下雨|下大雨|下暴雨|台风|暴雨|天气不好|刮风|打雷"))
            return true;
    return false;
}

/* Talk about a leaving that happened, or that is somebody else's. */
static const char *leave_is_told(const struct intent_parse *p, const struct intent_token *k)
{
    const struct intent_token *before = neighbour(p, k, -1), *after = k + 1 < p->scan.token + p->scan.n ? k + 1 : NULL;
    bool reportable = intent_token_is(p, k, REPORTABLE), me = intent_has(p, IC_ME);

    if (before && before->class == IC_PAST)
        return "tells what happened already";
    if (!me && weather(p) && (reportable || intent_token_is(p, k, "不打了|不玩了|打不了|打不了了")))
        return "tells that the weather is against it";
    if (reportable && before && is_residue(before) && before->chunk == k->chunk && !me && !intent_keyword(p, INTENT_JOIN))
        return "tells that something else was cancelled";
    if (reportable && after && after->class == IC_LE && !me)
        return "tells that something was cancelled";
    if (reportable && before && before->class == IC_GENERIC && before->chunk == k->chunk && !me && !intent_keyword(p, INTENT_JOIN))
        return "tells that something was cancelled";
    if (before && before->class == IC_KIN && before->clause == k->clause && !in_clause(p, k->clause, IC_REASON))
        return "somebody else does not come";
    if (before && before->class == IC_KEYWORD && before->kind == INTENT_LEAVE && before->to == k->from && reportable)
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

    if (is_attached(p, r))
        return false;
    if (in_clause(p, r->clause, IC_REASON))
        return true;
    for (size_t i = 0; i < p->scan.n && !first; i++)
        if (p->scan.token[i].clause == r->clause)
            first = &p->scan.token[i];
    return !act_in_clause(p, r->clause) && first && (first->class == IC_ME || first->class == IC_KIN);
}

static bool residue_is_all_reasons(const struct intent_parse *p)
{
    for (size_t i = 0; i < p->scan.n; i++)
        if (is_residue(&p->scan.token[i]) && !residue_is_reason(p, &p->scan.token[i]))
            return false;
    return true;
}

static bool pick_to_leave(struct intent_parse *p)
{
    const struct intent_ctx *ctx = p->ctx;
    size_t value = 0;

    if (!ctx->n_offered || p->n_named || intent_count(p, IC_NUMBER) + intent_count(p, IC_ORDINAL) != 1 || n_residue(p))
        return false;
    for (size_t i = 0; i < p->scan.n; i++)
        if (p->scan.token[i].class == IC_NUMBER || p->scan.token[i].class == IC_ORDINAL)
            value = p->scan.token[i].value;
    size_t at = value >= 1 && value <= ctx->n_offered ? intent_find(ctx, ctx->offered[value - 1]) : SIZE_MAX;
    if (at == SIZE_MAX)
        return false;
    set_activity(p, at);
    return intent_decide(p, INTENT_LEAVE, "offered-number", "leaves a number of the list that was offered");
}

bool intent_acts_leave(struct intent_parse *p)
{
    const struct intent_token *leave = intent_keyword(p, INTENT_LEAVE), *join = intent_keyword(p, INTENT_JOIN);
    const char *why = NULL;

    if (!leave)
        return false;
    for (size_t i = 0; i < p->scan.n && !why; i++)
        if (p->scan.token[i].class == IC_KEYWORD && p->scan.token[i].kind == INTENT_LEAVE)
            why = leave_is_told(p, &p->scan.token[i]);
    if (why || intent_has(p, IC_MODAL))
        return intent_decide(p, INTENT_UNKNOWN, "told", why ? why : "tells what may be done");
    if (join && p->n_named > 1)
        return intent_decide(p, INTENT_UNKNOWN, "two-acts", "leaves one activity and joins another: for staff to read");
    if (pick_to_leave(p))
        return true;
    if ((why = leave_is_partial(p)) != NULL)
        return intent_decide(p, INTENT_UNKNOWN, "leave-part", why);
    if (join && join->clause != leave->clause && n_residue(p))
        return intent_decide(p, INTENT_UNKNOWN, "two-acts", "leaves one activity and joins another: for staff to read");
    if (residue_is_all_reasons(p))
        return resolve(p, INTENT_LEAVE, "leave-keyword", join ? "leaving beats joining" : "asks to leave");
    if (p->n_named == 0 && no_such_activity(p, INTENT_LEAVE))
        return true;
    return intent_decide(p, INTENT_UNKNOWN, "unclear", "words beside the leaving that are not understood: for staff to read");
}

/* --- joining -------------------------------------------------------------------------------------------------- */

/* The name in the sender's own spelling: the stretch of the raw text that folds to it. Falls back to the folded one. */
static void copy_name(struct intent_parse *p, const struct intent_token *k)
{
    char folded[64] = "", *out = p->out->name;
    size_t len = strlen(out);
    struct buf b = BUF_INIT(sizeof folded);

    intent_scan_copy(&p->scan.text, k->from, k->to, folded, sizeof folded);
    for (const char *s = p->raw, *end = s + p->n_raw; s < end && out[len] == '\0';) {
        const char *q = s;
        for (size_t i = k->from; i < k->to && q < end; i++)
            utf8_next(&q, end);
        size_t n = (size_t)(q - s);
        if (fold_text(s, n, &b) == 0 && strcmp(buf_cstr(&b), folded) == 0 && len + n < sizeof p->out->name) {
            memcpy(out + len, s, n);
            out[len + n] = '\0';
        }
        utf8_next(&s, end);
    }
    if (out[len] == '\0')
        intent_scan_copy(&p->scan.text, k->from, k->to, out, sizeof p->out->name);
    buf_fini(&b);
}

static void take_names(struct intent_parse *p)
{
    for (size_t i = 0; i < p->scan.n; i++) {
        size_t len = strlen(p->out->name);
        if (p->scan.token[i].class != IC_NAME)
            continue;
        if (len && len + sizeof "、" + 12 > sizeof p->out->name)
            return;
        if (len)
            memcpy(p->out->name + len, "、", sizeof "、");
        copy_name(p, &p->scan.token[i]);
    }
}

/* The one value that all tokens of these classes have; 0 = none there. false when they differ. */
static bool one_value(const struct intent_parse *p, enum intent_class a, enum intent_class b, size_t *value)
{
    *value = 0;
    for (size_t i = 0; i < p->scan.n; i++) {
        const struct intent_token *k = &p->scan.token[i];
        if (k->class != a && k->class != b)
            continue;
        if (k->value == 0 || (*value && *value != k->value))
            return false;
        *value = k->value;
    }
    return true;
}

/* "我和老婆": companions of the sender, who comes too. */
static size_t companions(const struct intent_parse *p, size_t *self)
{
    size_t n = 0, with = SIZE_MAX;

    *self = 0;
    for (size_t i = 0; i < p->scan.n; i++) {
        if (p->scan.token[i].class == IC_WITH && with == SIZE_MAX)
            with = i;
        n += p->scan.token[i].class == IC_KIN;
    }
    if (with == SIZE_MAX)
        return 0;
    *self = (with > 0 && p->scan.token[with - 1].class == IC_ME) || !intent_has(p, IC_NAME);
    return n;
}

/* Three digits and more, beside no name: no number of people, and nobody's room either. */
static bool has_stray_number(const struct intent_parse *p)
{
    for (size_t i = 0; i < p->scan.n; i++) {
        const struct intent_token *k = &p->scan.token[i];
        bool digits = k->class == IC_DETAIL && k->to - k->from < 7;
        for (size_t at = k->from; at < k->to && digits; at++)
            digits = intent_is_digit(p->scan.text.c[at]);
        if (digits)
            return !intent_has(p, IC_NAME);
    }
    return false;
}

/* How many people. false: the text says different numbers. */
static bool take_count(struct intent_parse *p)
{
    size_t people, bare, self, kin = companions(p, &self), names = intent_count(p, IC_NAME);
    bool with_count = false;

    if (!one_value(p, IC_COUNT, IC_PLUS, &people) || !one_value(p, IC_NUMBER, IC_NUMBER, &bare) || has_stray_number(p))
        return false;
    for (size_t i = 1; i < p->scan.n; i++)
        with_count |= p->scan.token[i].class == IC_COUNT && p->scan.token[i - 1].class == IC_WITH;
    if (bare && people && bare != people)
        return false;
    if (people)
        p->out->count = (uint32_t)(people + (with_count ? self : 0));
    else if (bare)
        p->out->count = (uint32_t)bare;
    else if (names + kin + self)
        p->out->count = (uint32_t)(names + kin + self);
    return true;
}

/* "报名2" after a list: the second of it. */
static bool pick_to_join(struct intent_parse *p)
{
    size_t value = 0, n = 0;

    for (size_t i = 0; i < p->scan.n; i++)
        if (p->scan.token[i].class == IC_NUMBER || p->scan.token[i].class == IC_ORDINAL) {
            value = p->scan.token[i].value;
            n++;
        }
    if (n != 1 || p->n_named || value < 1 || value > p->ctx->n_offered || p->ctx->offered_for == INTENT_LEAVE)
        return false;
    size_t at = intent_find(p->ctx, p->ctx->offered[value - 1]);
    if (at == SIZE_MAX || n_residue(p))
        return false;
    set_activity(p, at);
    take_names(p);
    return intent_decide(p, INTENT_JOIN, "offered-number", "joins a number of the list that was offered");
}

static const char *join_is_told(const struct intent_parse *p, const struct intent_token *join)
{
    const struct intent_token *after = join && join + 1 < p->scan.token + p->scan.n ? join + 1 : NULL;
    bool me = intent_has(p, IC_ME) || (join && p->scan.text.c[join->from] == 0x6211); /* 我 */

    if (intent_has(p, IC_PAST))
        return "tells what happened already";
    if (after && after->class == IC_LE && !me && !p->ctx->asked)
        return "tells that registration goes on";
    if (intent_has(p, IC_MODAL) && !me && !p->ctx->asked) {
        for (size_t i = 0; i < p->scan.n; i++)
            if (intent_token_is(p, &p->scan.token[i], "i can|we can"))
                return NULL;
        return "tells what may be done";
    }
    return NULL;
}

/* May the words that are not understood stand beside a joining? */
static bool residue_is_harmless(const struct intent_parse *p)
{
    for (size_t i = 0; i < p->scan.n; i++) {
        const struct intent_token *k = &p->scan.token[i];
        bool other_clause = !act_in_clause(p, k->clause);
        if (!is_residue(k))
            continue;
        if (is_attached(p, k) || (!other_clause && (k->class != IC_WORD || p->n_named == 0)))
            return false;
    }
    return true;
}

/* "去", "报": believed only when an activity is named or asked about and nothing is left over. */
static bool weak_is_enough(const struct intent_parse *p)
{
    bool counted = intent_has(p, IC_COUNT);

    return n_residue(p) == 0 && !intent_has(p, IC_LE) && !intent_has(p, IC_REASON) && (p->n_named == 1 || p->ctx->asked || counted);
}

bool intent_acts_join(struct intent_parse *p)
{
    const struct intent_token *join = intent_keyword(p, INTENT_JOIN);
    bool list = p->scan.n_list && intent_count(p, IC_NAME) >= p->scan.n_list, plus = intent_has(p, IC_PLUS);
    const char *why;

    if (!join && !plus && !list && !(intent_has(p, IC_WEAK) && weak_is_enough(p)))
        return false;
    if (list && !join && p->ctx->rollcall_open)
        return intent_decide(p, INTENT_UNKNOWN, "rollcall-unclear", "a roll-call is open: a number and a name are not plain");
    if ((why = join_is_told(p, join)) != NULL)
        return intent_decide(p, INTENT_UNKNOWN, "told", why);
    if (intent_has(p, IC_REASON) && n_residue(p) == 0 && !p->n_named)
        return false;
    if (pick_to_join(p))
        return true;
    bool sum = intent_count(p, IC_PLUS) + (plus && !join ? intent_count(p, IC_NUMBER) : 0) > 1;
    if (sum || !take_count(p))
        return intent_decide(p, INTENT_UNKNOWN, "which-count", "different numbers, or none that can be a number of people");
    bool unnamed_title = p->n_named == 0 && n_residue(p) && looks_like_title(p);
    if (unnamed_title && (join || !residue_is_harmless(p)))
        return no_such_activity(p, INTENT_JOIN);
    if (!residue_is_harmless(p))
        return false;
    take_names(p);
    return resolve(p, INTENT_JOIN, join ? "join-keyword" : plus ? "plus-number" : list ? "list-line" : "weak-keyword", "asks to join");
}
