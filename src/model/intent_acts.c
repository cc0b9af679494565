/* What joining and leaving share: words that are not understood, and which activity is meant. */
#include "model/intent_parts.h"

#include <string.h>

bool intent_acts_is_residue(const struct intent_token *k)
{
    return k->class == IC_WORD || k->class == IC_OTHER ||
           (k->class == IC_KEYWORD && (k->kind == INTENT_SAFE || k->kind == INTENT_SOS));
}

static bool is_act(const struct intent_token *k)
{
    return k->class == IC_WEAK || k->class == IC_PLUS ||
           (k->class == IC_KEYWORD && (k->kind == INTENT_JOIN || k->kind == INTENT_LEAVE));
}

bool intent_acts_is_attached(const struct intent_parse *p, const struct intent_token *r)
{
    for (size_t i = 0; i < p->scan.n; i++) {
        const struct intent_token *k = &p->scan.token[i];
        if (k->chunk == r->chunk && (is_act(k) || k->class == IC_ACTIVITY))
            return true;
    }
    return false;
}

bool intent_acts_in_clause(const struct intent_parse *p, size_t clause)
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
        if (!intent_acts_is_residue(k) && k->class != IC_DETAIL && k->class != IC_REASON)
            continue;
        size_t len = strlen(rest);
        if (len && !glued && len + 2 < sizeof p->out->rest)
            memcpy(rest + len, " ", 2);
        intent_scan_copy(&p->scan.text, k->from, k->to, rest, sizeof p->out->rest);
    }
}

/* --- which activity ------------------------------------------------------------------------------------------- */

void intent_acts_set(struct intent_parse *p, size_t activity)
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
    size_t asked = ctx->asked ? intent_find(ctx, ctx->asked) : SIZE_MAX, list[16],
           n = candidates(ctx, kind, list);
    bool refuses = kind == INTENT_LEAVE && leave && !intent_token_is(p, leave, INTENT_REPORTABLE);

    if (asked != SIZE_MAX && (refuses || (kind == INTENT_JOIN && intent_is_open(ctx, asked)))) {
        intent_acts_set(p, asked);
        return NULL;
    }
    if (n == 0)
        return kind == INTENT_JOIN ? "none-open" : "none-registered";
    if (n == 1) {
        intent_acts_set(p, list[0]);
        return NULL;
    }
    set_ambiguous(p, list, n);
    return "ambiguous";
}

bool intent_acts_resolve(struct intent_parse *p, enum intent_kind kind, const char *rule, const char *why)
{
    const char *other = NULL;

    fill_rest(p);
    if (p->n_named == 1)
        intent_acts_set(p, p->named[0]);
    else if (p->n_named > 1)
        set_ambiguous(p, p->named, p->n_named);
    else
        other = the_only_one(p, kind);
    if (p->n_named > 1)
        other = "ambiguous";
    return intent_decide(p, kind, other ? other : rule, why);
}

bool intent_acts_looks_like_title(const struct intent_parse *p)
{
    size_t from = SIZE_MAX, to = 0, n_words = 0, n_han = 0, n_latin = 0;

    for (size_t i = 0; i < p->scan.n; i++) {
        if (!intent_acts_is_residue(&p->scan.token[i]))
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

bool intent_acts_no_such(struct intent_parse *p, enum intent_kind kind)
{
    if (!intent_acts_looks_like_title(p))
        return false;
    fill_rest(p);
    return intent_decide(p, kind, "no-such-activity",
                         "names an activity that there is not: told so, nothing done");
}

size_t intent_acts_n_residue(const struct intent_parse *p)
{
    size_t n = 0;

    for (size_t i = 0; i < p->scan.n; i++)
        n += intent_acts_is_residue(&p->scan.token[i]);
    return n;
}
