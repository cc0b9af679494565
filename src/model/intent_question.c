/* Answers to questions with choices (ask.choices of a notice): by number, letter, "第一个" or the choice's own words. What fits one open question is its
 * answer; what fits several, or an invitation or a list too, is asked back, never guessed. */
#include "model/intent_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/fold.h"

size_t intent_question_n_choices(const struct intent_question *q)
{
    size_t n = q->choices[0] != '\0';

    for (const char *s = q->choices; (s = strchr(s, '\t')) != NULL; s++)
        n++;
    return n;
}

void intent_question_choice(const struct intent_question *q, size_t number, char *out, size_t size)
{
    const char *s = q->choices;

    for (size_t i = 1; i < number && s != NULL; i++)
        if ((s = strchr(s, '\t')) != NULL)
            s++;
    (void)snprintf(out, size, "%.*s", s != NULL ? (int)strcspn(s, "\t") : 0, s != NULL ? s : "");
}

/* Do the tokens beside [from, to) only say "I choose ..., please"? */
static bool only_manners_beside(const struct intent_parse *p, size_t from, size_t to)
{
    for (size_t i = 0; i < p->scan.n; i++) {
        const struct intent_token *k = &p->scan.token[i];
        if ((k->to <= from || k->from >= to) && k->class != IC_FILL && k->class != IC_ME)
            return false;
        if ((k->from < from && k->to > from) || (k->from < to && k->to > to))
            return false;
    }
    return true;
}

/* The whole of the text, manners aside, is these words. */
static bool says(const struct intent_parse *p, const char *words)
{
    const struct intent_text *t = &p->scan.text;
    struct buf folded = BUF_INIT(1024);
    struct intent_text *w = NULL;
    bool same = false;

    if (fold_text(words, strlen(words), &folded) == 0 && folded.len > 0) {
        w = xmalloc(sizeof *w);
        if (intent_scan_text(w, folded.data, folded.len) != 0)
            w->n = 0;
    }
    for (size_t at = 0; w != NULL && w->n > 0 && at + w->n <= t->n && !same; at++)
        same = memcmp(t->c + at, w->c, w->n * sizeof w->c[0]) == 0 && only_manners_beside(p, at, at + w->n);
    free(w);
    buf_fini(&folded);
    return same;
}

/* Which choice of ${q} the text is; 0 = none. */
static size_t choice_of(const struct intent_parse *p, const struct intent_question *q, size_t number)
{
    char words[256];
    size_t n = intent_question_n_choices(q), found = 0;

    for (size_t i = 1; i <= n; i++) {
        intent_question_choice(q, i, words, sizeof words);
        if (!says(p, words))
            continue;
        if (found != 0)
            return 0; /* two choices read the same */
        found = i;
    }
    return found != 0 ? found : number <= n ? number : 0;
}

static void offer(struct intent *out, const char *item, size_t choice)
{
    if (out->n_offers == INTENT_OFFERS)
        return;
    if (choice != 0)
        (void)snprintf(out->offers[out->n_offers++], INTENT_OFFER_MAX, "%.64s#%u", item,
                       (unsigned)(choice % 100));
    else
        (void)snprintf(out->offers[out->n_offers++], INTENT_OFFER_MAX, "%.64s", item);
}

static bool answer(struct intent_parse *p, const struct intent_question *q, size_t choice, const char *rule)
{
    (void)snprintf(p->out->question, sizeof p->out->question, "%s", q->id);
    p->out->choice = (uint32_t)choice;
    return intent_decide(p, INTENT_ANSWER, rule, "a choice of the question that is open");
}

bool intent_question_pick(struct intent_parse *p, const char *item)
{
    const char *mark = strrchr(item, '#');
    size_t choice = mark != NULL ? (size_t)strtoul(mark + 1, NULL, 10) : 0;

    if (mark == NULL)
        return false;
    for (size_t i = 0; i < p->ctx->n_questions; i++) {
        const struct intent_question *q = &p->ctx->questions[i];
        if (strlen(q->id) == (size_t)(mark - item) && strncmp(q->id, item, strlen(q->id)) == 0 &&
            choice >= 1 && choice <= intent_question_n_choices(q))
            return answer(p, q, choice, "offered-number");
    }
    return intent_decide(p, INTENT_UNKNOWN, "no-such-choice", "the question of the list is closed");
}

bool intent_question_takes(const struct intent_ctx *ctx, size_t number)
{
    for (size_t i = 0; i < ctx->n_questions; i++)
        if (number >= 1 && number <= intent_question_n_choices(&ctx->questions[i]))
            return true;
    return false;
}

/* What else than a question the text may answer: the list that was offered, the invitation that is open. */
static void offer_others(struct intent_parse *p, size_t number)
{
    const struct intent_ctx *ctx = p->ctx;

    if (number >= 1 && number <= ctx->n_offered)
        offer(p->out, ctx->offered[number - 1], 0);
    if (ctx->asked != NULL && (number == 1 || (number == 0 && intent_answers_yes_or_no(p))) &&
        (p->out->n_offers == 0 || strcmp(p->out->offers[p->out->n_offers - 1], ctx->asked) != 0))
        offer(p->out, ctx->asked, 0);
}

bool intent_answers_question(struct intent_parse *p)
{
    const struct intent_ctx *ctx = p->ctx;
    const struct intent_entry *whole;
    size_t number = intent_answers_only_number(p), fits = 0, last = 0, choice = 0;

    if (ctx->n_questions == 0 || p->scan.asks || p->scan.n == 0)
        return false;
    whole = intent_words_whole(p->w, &p->scan.text, p->scan.token[0].from, p->scan.token[p->scan.n - 1].to);
    if (whole != NULL && whole->kind == INTENT_STOP)
        return false;
    if (number >= 1 && number <= ctx->n_offered && strchr(ctx->offered[number - 1], '#') != NULL)
        return intent_question_pick(p, ctx->offered[number - 1]);
    if (number >= 1 && number <= ctx->n_offered && ctx->offered_for == INTENT_ANSWER)
        return false; /* an activity from the list of what was asked back: the rule of numbers picks it */
    for (size_t i = 0; i < ctx->n_questions; i++) {
        size_t c = choice_of(p, &ctx->questions[i], number);
        if (c == 0)
            continue;
        offer(p->out, ctx->questions[i].id, c);
        last = i;
        choice = c;
        fits++;
    }
    if (fits == 0)
        return false;
    offer_others(p, number);
    if (p->out->n_offers > 1)
        return intent_decide(p, INTENT_UNKNOWN, "answer-ambiguous", "several questions are open: asked back");
    p->out->n_offers = 0;
    return answer(p, &ctx->questions[last], choice, number != 0 ? "answer-choice" : "answer-words");
}
