/* The face of the parser: names, the entry, the explanation. */
#include "model/intent_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "text/fold.h"
#include "text/utf8.h"

static const char *const KIND_NAMES[] = {
    [INTENT_UNKNOWN] = "unknown", [INTENT_JOIN] = "join",       [INTENT_LEAVE] = "leave",
    [INTENT_QUERY] = "query",     [INTENT_CHECKIN] = "checkin", [INTENT_ANSWER] = "answer",
    [INTENT_VOTE] = "vote",       [INTENT_SAFE] = "safe",       [INTENT_SOS] = "sos",
    [INTENT_HELP] = "help",       [INTENT_STOP] = "stop",       [INTENT_START] = "start",
};

const char *intent_name(enum intent_kind k)
{
    return KIND_NAMES[k];
}

void intent_step(struct intent *out, const char *fmt, ...)
{
    char line[512];
    va_list ap;

    if (out->n_steps == INTENT_STEPS)
        return;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
    len = utf8_cut(line, len, sizeof out->steps[0] - 1);
    memcpy(out->steps[out->n_steps], line, len);
    out->steps[out->n_steps++][len] = '\0';
}

bool intent_decide(struct intent_parse *p, enum intent_kind kind, const char *rule, const char *why)
{
    p->out->kind = kind;
    memcpy(p->out->rule, rule, strlen(rule) + 1);
    intent_step(p->out, "%s: %s", rule, why);
    return true;
}

bool intent_has(const struct intent_parse *p, enum intent_class class)
{
    return intent_count(p, class) != 0;
}

size_t intent_count(const struct intent_parse *p, enum intent_class class)
{
    size_t n = 0;

    for (size_t i = 0; i < p->scan.n; i++)
        n += p->scan.token[i].class == class;
    return n;
}

const struct intent_token *intent_keyword(const struct intent_parse *p, enum intent_kind kind)
{
    for (size_t i = 0; i < p->scan.n; i++)
        if (p->scan.token[i].class == IC_KEYWORD && p->scan.token[i].kind == kind)
            return &p->scan.token[i];
    return NULL;
}

bool intent_token_is(const struct intent_parse *p, const struct intent_token *k, const char *words)
{
    return intent_lexicon_has(words, &p->scan.text, k->from, k->to);
}

bool intent_is_open(const struct intent_ctx *ctx, size_t activity)
{
    return activity < ctx->n_activities && ctx->open && ctx->open[activity];
}

bool intent_is_registered(const struct intent_ctx *ctx, size_t activity)
{
    return activity < ctx->n_activities && ctx->registered && ctx->registered[activity];
}

size_t intent_find(const struct intent_ctx *ctx, const char *code)
{
    for (size_t i = 0; i < ctx->n_activities; i++)
        if (strcmp(ctx->activities[i].code, code) == 0)
            return i;
    return SIZE_MAX;
}

/* What the tokens are, in words of `reply explain`. */
static const char *const CLASS_NAMES[] = {
    [IC_WORD] = "?",
    [IC_KEYWORD] = "keyword",
    [IC_WEAK] = "weak keyword",
    [IC_ACTIVITY] = "activity",
    [IC_NAME] = "name",
    [IC_COUNT] = "people",
    [IC_NUMBER] = "number",
    [IC_PLUS] = "plus",
    [IC_ORDINAL] = "ordinal",
    [IC_DETAIL] = "detail",
    [IC_ME] = "sender",
    [IC_FILL] = "-",
    [IC_LE] = "told",
    [IC_GENERIC] = "general",
    [IC_KIN] = "companion",
    [IC_WITH] = "with",
    [IC_REASON] = "reason",
    [IC_NEG] = "negation",
    [IC_ASK] = "question",
    [IC_HOWTO] = "how-to",
    [IC_COND] = "condition",
    [IC_PAST] = "past",
    [IC_MODAL] = "may",
    [IC_THIRD] = "somebody else",
    [IC_OR] = "or",
    [IC_OWN] = "own state",
    [IC_OTHER] = "other",
};

static void tell_tokens(struct intent_parse *p)
{
    char line[160] = "";
    size_t len = 0;

    for (size_t i = 0; i < p->scan.n; i++) {
        const struct intent_token *k = &p->scan.token[i];
        const char *what = k->class == IC_KEYWORD ? intent_name(k->kind) : CLASS_NAMES[k->class];
        size_t need = 4 * (k->to - k->from) + strlen(what) + 4;
        if (len + need >= sizeof line)
            break;
        line[len++] = ' ';
        line[len] = '\0';
        intent_scan_copy(&p->scan.text, k->from, k->to, line, sizeof line);
        len = strlen(line);
        line[len++] = '[';
        memcpy(line + len, what, strlen(what));
        len += strlen(what);
        line[len++] = ']';
        line[len] = '\0';
    }
    intent_step(p->out, "words:%s", line);
}

static void parse_folded(struct intent_parse *p)
{
    const bool *prefer;

    p->names = intent_match_names(p->ctx);
    if (intent_scan(&p->scan, p->w, p->names)) {
        intent_decide(p, INTENT_UNKNOWN, "too-long", "more words than a reply has");
    } else {
        prefer = intent_keyword(p, INTENT_LEAVE) ? p->ctx->registered : p->ctx->open;
        p->n_named = intent_match(&p->scan, p->names, p->ctx, prefer, p->named);
        tell_tokens(p);
        intent_rules(p);
    }
    intent_match_free(p->names);
}

void intent_parse(const struct intent_words *w, const struct intent_ctx *ctx, const char *text, size_t n,
                  struct intent *out)
{
    static const struct intent_ctx nothing;
    struct intent_parse p;
    struct buf folded = BUF_INIT(16 * INTENT_CHARS);

    memset(out, 0, sizeof *out);
    out->count = 1;
    p.w = w;
    p.ctx = ctx ? ctx : &nothing;
    p.out = out;
    p.raw = text;
    p.n_raw = n;
    p.n_named = 0;
    if (!utf8_valid(text, n)) {
        intent_decide(&p, INTENT_UNKNOWN, "not-utf8", "the text is not UTF-8");
    } else if (n > 16 * INTENT_CHARS || fold_text(text, n, &folded) ||
               intent_scan_text(&p.scan.text, folded.data ? folded.data : "", folded.len)) {
        intent_decide(&p, INTENT_UNKNOWN, "too-long", "a letter, not a reply");
    } else {
        intent_step(out, "folded: \"%s\"", buf_cstr(&folded));
        parse_folded(&p);
    }
    buf_fini(&folded);
}

json_t *intent_json(const struct intent *i, const struct intent_ctx *ctx)
{
    json_t *ambiguous = json_array(), *steps = json_array();

    for (size_t k = 0; k < i->n_ambiguous; k++)
        if (ctx && i->ambiguous[k] < ctx->n_activities)
            json_array_append_new(ambiguous, json_string(ctx->activities[i->ambiguous[k]].code));
    for (size_t k = 0; k < i->n_steps; k++)
        json_array_append_new(steps, json_string(i->steps[k]));
    json_t *j = json_pack("{s:s, s:o, s:I, s:o, s:s, s:s, s:o, s:o}", "intent", intent_name(i->kind),
                          "activity", i->activity[0] ? json_string(i->activity) : json_null(), "count",
                          (json_int_t)i->count, "name", i->name[0] ? json_string(i->name) : json_null(),
                          "rest", i->rest, "rule", i->rule, "ambiguous", ambiguous, "steps", steps);
    if (i->kind == INTENT_ANSWER && i->question[0]) {
        json_object_set_new(j, "question", json_string(i->question));
        json_object_set_new(j, "choice", json_integer(i->choice));
    }
    return j;
}
