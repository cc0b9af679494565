/* Which activity a text names: by code, title or alias in full, or by a part of one (篮球 for 中秋篮球赛). */
#include "model/intent_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/fold.h"
#include "text/utf8.h"

#define NAME_CHARS 64

struct name {
    size_t activity, n;
    int32_t c[NAME_CHARS]; /* letters and digits alone */
};
struct intent_names {
    size_t n, n_activities;
    struct name name[];
};

static bool counts(int32_t c)
{
    return intent_is_han(c) || intent_is_latin(c) || intent_is_digit(c);
}

static bool is_word_char(int32_t c)
{
    return intent_is_latin(c) || intent_is_digit(c);
}

static void add_name(struct intent_names *names, size_t activity, const char *s, struct buf *folded)
{
    struct name *nm = &names->name[names->n];
    bool letters = false;

    if (fold_text(s, strlen(s), folded) || folded->len == 0)
        return;
    nm->activity = activity;
    nm->n = 0;
    for (const char *p = folded->data, *end = p + folded->len; p < end && nm->n < NAME_CHARS;) {
        int32_t c = utf8_next(&p, end);
        if (!counts(c))
            continue;
        nm->c[nm->n++] = c;
        letters = letters || !intent_is_digit(c);
    }
    /* A code of digits alone would be taken for a number of people. */
    names->n += letters;
}

struct intent_names *intent_match_names(const struct intent_ctx *ctx)
{
    struct buf folded = BUF_INIT(4096);
    struct intent_names *names;
    size_t n = 0;

    for (size_t i = 0; i < ctx->n_activities; i++)
        n += 2 + ctx->activities[i].n_aliases;
    names = xmalloc(sizeof *names + n * sizeof names->name[0]);
    names->n = 0;
    names->n_activities = ctx->n_activities;
    for (size_t i = 0; i < ctx->n_activities; i++) {
        const struct activity *a = &ctx->activities[i];
        add_name(names, i, a->code, &folded);
        add_name(names, i, a->title, &folded);
        for (size_t k = 0; k < a->n_aliases && k < ACTIVITY_ALIASES; k++)
            add_name(names, i, a->aliases[k], &folded);
    }
    buf_fini(&folded);
    return names;
}

void intent_match_free(struct intent_names *names)
{
    free(names);
}

/* A name of one letter or character is too little to be found inside other words. */
static bool stands_alone(const struct intent_text *t, size_t at, int32_t c)
{
    if (intent_is_han(c))
        return !intent_is_han(t->c[at + 1]);
    return (at > 0 && intent_is_han(t->c[at - 1])) || at + 1 == t->n; /* the English article is no code */
}

/* Does ${nm} stand at ${at}? Blanks, hyphens and quotes in the text are stepped over. */
static size_t full_at(const struct name *nm, const struct intent_text *t, size_t at)
{
    size_t i = at;

    if (nm->n == 0 || nm->c[0] != t->c[at] || (nm->n == 1 && !stands_alone(t, at, nm->c[0])))
        return 0;
    if (is_word_char(nm->c[0]) && at > 0 && is_word_char(t->c[at - 1]))
        return 0;
    for (size_t k = 0; k < nm->n; k++) {
        while (k && i < t->n &&
               (t->c[i] == ' ' || t->c[i] == '-' || t->c[i] == '"' || t->c[i] == 0x201C ||
                t->c[i] == 0x201D || t->c[i] == 0xB7))
            i++;
        if (i >= t->n || t->c[i++] != nm->c[k])
            return 0;
    }
    return is_word_char(nm->c[nm->n - 1]) && is_word_char(t->c[i]) ? 0 : i - at;
}

size_t intent_match_full(const struct intent_names *names, const struct intent_text *t, size_t at,
                         size_t *activity)
{
    size_t best = 0;

    for (size_t i = 0; i < names->n; i++) {
        size_t n = full_at(&names->name[i], t, at);
        if (n > best) {
            best = n;
            *activity = names->name[i].activity;
        }
    }
    return best;
}

/* --- parts of titles ------------------------------------------------------------------------------------------ */

/* May characters of this token be a part of a title? */
static bool may_be_title(const struct intent_token *k)
{
    switch (k->class) {
    case IC_WORD:
    case IC_ACTIVITY:
    case IC_GENERIC:
    case IC_FILL:
    case IC_OTHER:
    case IC_KIN:
    case IC_WITH:
    case IC_NEG:
    case IC_ASK:
    case IC_REASON:
    case IC_MODAL:
    case IC_WEAK:
    case IC_ME:
        return true;
    case IC_KEYWORD: /* 急救知识讲座 */
        return k->kind == INTENT_SAFE || k->kind == INTENT_SOS;
    case IC_NAME:
    case IC_COUNT:
    case IC_NUMBER:
    case IC_PLUS:
    case IC_ORDINAL:
    case IC_DETAIL:
    case IC_LE:
    case IC_HOWTO:
    case IC_COND:
    case IC_PAST:
    case IC_THIRD:
    case IC_OR:
    case IC_OWN:
        return false;
    }
    return false;
}

/* Longest stretch of the text at ${at} (not beyond ${end}) that is a part of ${nm}; at least two characters, of Latin letters at
 * least three and whole words. */
static size_t part_at(const struct name *nm, const struct intent_text *t, size_t at, size_t end)
{
    size_t best = 0;

    if (is_word_char(t->c[at]) && at > 0 && is_word_char(t->c[at - 1]))
        return 0;
    for (size_t k = 0; k < nm->n; k++) {
        size_t n = 0;
        while (at + n < end && k + n < nm->n && t->c[at + n] == nm->c[k + n])
            n++;
        if (n && is_word_char(t->c[at + n - 1]) && (is_word_char(t->c[at + n]) || n < 3))
            continue;
        if (n >= 2 && n > best)
            best = n;
    }
    return best;
}

bool intent_match_begins(const struct intent_names *names, const struct intent_text *t, size_t at)
{
    for (size_t i = 0; i < names->n; i++)
        if (part_at(&names->name[i], t, at, t->n))
            return true;
    return false;
}

struct cover {
    bool at[INTENT_CHARS];
    size_t n;     /* characters covered */
    size_t n_own; /* of these in words that are not general ones */
    bool full;    /* a whole name stands in the text */
};

static void cover_token_run(struct cover *c, const struct intent_names *names, size_t activity,
                            const struct intent_text *t, size_t from, size_t to)
{
    for (size_t i = from; i < to;) {
        size_t best = 0;
        for (size_t k = 0; k < names->n; k++) {
            size_t n = names->name[k].activity == activity ? part_at(&names->name[k], t, i, to) : 0;
            best = n > best ? n : best;
        }
        for (size_t k = 0; k < best; k++)
            c->at[i + k] = true;
        i += best ? best : 1;
    }
}

/* Is this token a whole name of the activity? */
static bool has_name(const struct intent_names *names, size_t activity, const struct intent_scan *s,
                     const struct intent_token *k)
{
    for (size_t m = 0; k->class == IC_ACTIVITY && m < names->n; m++)
        if (names->name[m].activity == activity &&
            full_at(&names->name[m], &s->text, k->from) == k->to - k->from)
            return true;
    return false;
}

static void cover(struct cover *c, const struct intent_scan *s, const struct intent_names *names,
                  size_t activity)
{
    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < s->n;) {
        size_t from = s->token[i].from, j = i;
        while (j < s->n && may_be_title(&s->token[j]) && (j == i || s->token[j].from == s->token[j - 1].to))
            j++;
        if (j > i)
            cover_token_run(c, names, activity, &s->text, from, s->token[j - 1].to);
        i = j > i ? j : i + 1;
    }
    for (size_t i = 0; i < s->n; i++) {
        const struct intent_token *k = &s->token[i];
        bool own =
            k->class == IC_WORD || k->class == IC_OTHER || k->class == IC_ACTIVITY || k->class == IC_KEYWORD;
        if (has_name(names, activity, s, k)) {
            memset(c->at + k->from, true, k->to - k->from);
            c->full = true;
        }
        for (size_t at = k->from; at < k->to; at++) {
            c->n += c->at[at];
            c->n_own += c->at[at] && own;
        }
    }
}

/* Half a match is none: beside a mere part of a title nothing else may stand in its clause that could be another title. */
static bool leaves_words(const struct cover *c, const struct intent_scan *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct intent_token *k = &s->token[i];
        bool same_clause = false, uncovered = false;
        size_t left = 0;
        for (size_t j = 0; j < s->n; j++)
            for (size_t at = s->token[j].from; at < s->token[j].to; at++)
                same_clause |= c->at[at] && s->token[j].clause == k->clause;
        for (size_t at = k->from; at < k->to; at++)
            left += !c->at[at];
        uncovered = k->class == IC_WORD && left;
        if (uncovered && same_clause)
            return true;
    }
    return false;
}

/* --- rewriting ------------------------------------------------------------------------------------------------ */

static bool ends_anywhere(const void *arg, size_t at)
{
    return *(const size_t *)arg == at;
}

/* Cut a WORD at the borders of what is covered; what is left over may be a name (报名篮球张三). */
static size_t split_word(struct intent_token *out, size_t room, const struct intent_token *k,
                         const struct cover *c, const struct intent_text *t)
{
    size_t n = 0;

    for (size_t i = k->from; i < k->to && n < room;) {
        size_t j = i;
        while (j < k->to && c->at[j] == c->at[i])
            j++;
        out[n] = *k;
        out[n].from = i;
        out[n].to = j;
        if (c->at[i])
            out[n].class = IC_ACTIVITY;
        else if (intent_args_name(t, i, ends_anywhere, &j) == j - i)
            out[n].class = IC_NAME;
        n++;
        i = j;
    }
    return n;
}

static void rewrite(struct intent_scan *s, const struct cover *c)
{
    struct intent_token out[INTENT_TOKENS];
    size_t n = 0;

    for (size_t i = 0; i < s->n && n < INTENT_TOKENS; i++) {
        const struct intent_token *k = &s->token[i];
        size_t covered = 0;
        for (size_t at = k->from; at < k->to; at++)
            covered += c->at[at];
        if (k->class == IC_WORD && covered) {
            n += split_word(out + n, INTENT_TOKENS - n, k, c, &s->text);
            continue;
        }
        out[n] = *k;
        if (covered == k->to - k->from && may_be_title(k))
            out[n].class = IC_ACTIVITY;
        n++;
    }
    memcpy(s->token, out, n * sizeof out[0]);
    s->n = n;
}

static bool leftover_is_name(const struct intent_scan *s, const struct cover *c)
{
    struct intent_scan trial = *s;

    rewrite(&trial, c);
    return !leaves_words(c, &trial);
}

/* --- choosing ------------------------------------------------------------------------------------------------- */

static size_t keep_preferred(size_t out[16], size_t n, const bool *prefer)
{
    size_t kept = 0, n_preferred = 0;

    for (size_t i = 0; i < n && prefer; i++)
        n_preferred += prefer[out[i]];
    if (n < 2 || n_preferred == 0)
        return n;
    for (size_t i = 0; i < n; i++)
        if (prefer[out[i]])
            out[kept++] = out[i];
    return kept;
}

/* Activities named in full by different words: all of them are meant ("报名篮球和羽毛球"). */
static size_t named_apart(const struct intent_scan *s, size_t out[16])
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++) {
        bool known = false;
        if (s->token[i].class != IC_ACTIVITY)
            continue;
        for (size_t k = 0; k < n; k++)
            known |= out[k] == s->token[i].value;
        if (!known && n < 16)
            out[n++] = s->token[i].value;
    }
    return n;
}

/* What stands as a whole name outside of the best match is meant too: "取消篮球，报名羽毛球" where only 篮球 is a whole name. */
static size_t named_besides(const struct intent_scan *s, const struct cover *best, size_t out[16], size_t n)
{
    for (size_t i = 0; i < s->n && n < 16; i++) {
        const struct intent_token *k = &s->token[i];
        bool known = k->class != IC_ACTIVITY;
        for (size_t at = k->from; at < k->to; at++)
            known |= best->at[at];
        for (size_t j = 0; j < n; j++)
            known |= out[j] == k->value;
        if (!known)
            out[n++] = k->value;
    }
    return n;
}

/* Has one activity all the names that stand in the text? */
static bool shares(const struct intent_names *names, const struct intent_scan *s, size_t activity)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->token[i].class == IC_ACTIVITY && !has_name(names, activity, s, &s->token[i]))
            return false;
    return true;
}

size_t intent_match(struct intent_scan *s, const struct intent_names *names, const struct intent_ctx *ctx,
                    const bool *prefer, size_t out[16])
{
    struct cover best = {.n = 0}, c;
    size_t n = named_apart(s, out), top = 0;

    /* Different names: several are meant, unless one activity has them all. */
    bool one_has_all = n < 2;
    for (size_t a = 0; a < ctx->n_activities && !one_has_all; a++)
        one_has_all = shares(names, s, a);
    if (!one_has_all)
        return n;
    n = 0;
    for (size_t a = 0; a < ctx->n_activities; a++) {
        cover(&c, s, names, a);
        size_t score = c.n_own ? 2 * c.n + c.full : 0;
        if (score == 0 || score < top || (!c.full && leaves_words(&c, s) && !leftover_is_name(s, &c)))
            continue;
        if (score > top)
            n = 0;
        if (n == 0)
            best = c;
        top = score;
        if (n < 16)
            out[n++] = a;
    }
    n = keep_preferred(out, n, prefer);
    if (n) {
        n = named_besides(s, &best, out, n);
        rewrite(s, &best);
    }
    return n;
}
