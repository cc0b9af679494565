/* Joining can be undone, but is not guessed either when the text names something that we do not know. */
#include "model/intent_parts.h"

#include <string.h>

#include "text/fold.h"
#include "text/utf8.h"

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

/* "两个大人两个小孩": numbers that each say of whom; 0 when they do not. */
static size_t sum_by_kind(const struct intent_parse *p)
{
    size_t n = 0, sum = 0;

    for (size_t i = 0; i < p->scan.n; i++) {
        const struct intent_token *k = &p->scan.token[i];
        if (k->class != IC_COUNT)
            continue;
        if (i + 1 == p->scan.n || k->value == 0 ||
            !intent_token_is(p, k + 1, "大人|小孩|小孩子|孩子|老人|成人|成年人|儿童|男|女|男的|女的"))
            return 0;
        sum += k->value;
        n++;
    }
    return n > 1 ? sum : 0;
}

/* How many people. false: the text says different numbers. */
static bool take_count(struct intent_parse *p)
{
    size_t people, bare, self, kin = companions(p, &self), names = intent_count(p, IC_NAME);
    bool with_count = false;

    if ((people = sum_by_kind(p)) != 0) {
        p->out->count = (uint32_t)people;
        return true;
    }
    if (!one_value(p, IC_COUNT, IC_PLUS, &people) || !one_value(p, IC_NUMBER, IC_NUMBER, &bare) ||
        has_stray_number(p))
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
    if (at == SIZE_MAX || intent_acts_n_residue(p))
        return false;
    intent_acts_set(p, at);
    take_names(p);
    return intent_decide(p, INTENT_JOIN, "offered-number", "joins a number of the list that was offered");
}

/* "我要报名", "算我一份": the keyword itself names the sender. */
static bool names_sender(const struct intent_parse *p, const struct intent_token *k)
{
    for (size_t i = k->from; i < k->to; i++)
        if (p->scan.text.c[i] == 0x6211) /* 我 */
            return true;
    return false;
}

static const char *join_is_told(const struct intent_parse *p, const struct intent_token *join)
{
    const struct intent_token *after = join && join + 1 < p->scan.token + p->scan.n ? join + 1 : NULL;
    bool me = intent_has(p, IC_ME) || (join && names_sender(p, join));

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
        bool other_clause = !intent_acts_in_clause(p, k->clause);
        if (!intent_acts_is_residue(k))
            continue;
        if (intent_acts_is_attached(p, k) || (!other_clause && (k->class != IC_WORD || p->n_named == 0)))
            return false;
    }
    return true;
}

/* "去", "报": believed only when an activity is named or asked about, or people are counted for 报, and nothing is left over. */
static bool weak_is_enough(const struct intent_parse *p)
{
    bool counted = false;

    for (size_t i = 0; i < p->scan.n; i++)
        counted |= intent_token_is(p, &p->scan.token[i], "报") && intent_has(p, IC_COUNT);
    return intent_acts_n_residue(p) == 0 && !intent_has(p, IC_LE) && !intent_has(p, IC_REASON) &&
           !intent_has(p, IC_DETAIL) && (p->n_named == 1 || p->ctx->asked || counted);
}

bool intent_join(struct intent_parse *p)
{
    const struct intent_token *join = intent_keyword(p, INTENT_JOIN);
    bool list = p->scan.n_list && intent_count(p, IC_NAME) >= p->scan.n_list, plus = intent_has(p, IC_PLUS);
    const char *why;

    if (!join && !plus && !list && !(intent_has(p, IC_WEAK) && weak_is_enough(p)))
        return false;
    if (list && !join && p->ctx->rollcall_open)
        return intent_decide(p, INTENT_UNKNOWN, "rollcall-unclear",
                             "a roll-call is open: a number and a name are not plain");
    if ((why = join_is_told(p, join)) != NULL)
        return intent_decide(p, INTENT_UNKNOWN, "told", why);
    if (intent_has(p, IC_REASON) && intent_acts_n_residue(p) == 0 && !p->n_named)
        return false;
    if (pick_to_join(p))
        return true;
    bool sum = intent_count(p, IC_PLUS) + (plus && !join ? intent_count(p, IC_NUMBER) : 0) > 1;
    if (sum || !take_count(p))
        return intent_decide(p, INTENT_UNKNOWN, "which-count",
                             "different numbers, or none that can be a number of people");
    bool unnamed_title = p->n_named == 0 && intent_acts_n_residue(p) && intent_acts_looks_like_title(p);
    if (unnamed_title && (join || !residue_is_harmless(p)))
        return intent_acts_no_such(p, INTENT_JOIN);
    if (!residue_is_harmless(p))
        return false;
    take_names(p);
    return intent_acts_resolve(p, INTENT_JOIN,
                               join   ? "join-keyword"
                               : plus ? "plus-number"
                               : list ? "list-line"
                                      : "weak-keyword",
                               "asks to join");
}
