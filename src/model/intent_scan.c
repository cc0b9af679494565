/* From characters to tokens. */
#include "model/intent_parts.h"

#include <string.h>
#include <utf8proc.h>

#include "text/utf8.h"

bool intent_is_han(int32_t c)
{
    return (c >= 0x4E00 && c <= 0x9FFF) || c == 0x3007 || (c >= 0x3400 && c <= 0x4DBF) ||
           (c >= 0x20000 && c <= 0x3134F);
}

bool intent_is_digit(int32_t c)
{
    return c >= '0' && c <= '9';
}

bool intent_is_latin(int32_t c)
{
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || c == '\'';
    if (intent_is_han(c))
        return false;
    utf8proc_category_t k = utf8proc_category(c);
    return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO;
}

/* "报 名", "我 要 报 名": Chinese characters that all stand alone belong together. */
static void close_up(struct intent_text *t)
{
    size_t n = 0;

    for (size_t i = 0; i < t->n; i++)
        if (i % 2 ? t->c[i] != ' ' : !intent_is_han(t->c[i]))
            return;
    for (size_t i = 0; i < t->n; i += 2)
        t->c[n++] = t->c[i];
    t->n = n;
    t->c[n] = 0;
}

int intent_scan_text(struct intent_text *t, const char *s, size_t n)
{
    t->n = 0;
    for (const char *p = s, *end = s + n; p < end;) {
        int32_t c = utf8_next(&p, end);
        if (t->n == INTENT_CHARS)
            return -1;
        t->c[t->n++] = c == 0x2019 || c == 0x2018 ? '\'' : c;
    }
    t->c[t->n] = 0;
    close_up(t);
    return 0;
}

void intent_scan_copy(const struct intent_text *t, size_t from, size_t to, char *out, size_t size)
{
    size_t len = strlen(out);

    for (size_t i = from; i < to; i++) {
        char utf8[4];
        size_t n = utf8_encode(t->c[i], utf8);
        if (len + n + 1 > size)
            return;
        memcpy(out + len, utf8, n);
        len += n;
        out[len] = '\0';
    }
}

/* The work of one scan: where we are, and whether the last character belonged to an unknown word. */
struct scanner {
    struct intent_scan *s;
    const struct intent_words *w;
    const struct intent_names *names;
    size_t at, chunk, clause;
    bool in_word;
};

static bool emit(struct scanner *x, struct intent_token token, size_t n)
{
    struct intent_scan *s = x->s;

    if (s->n == INTENT_TOKENS)
        return false;
    token.from = x->at;
    token.to = x->at + n;
    token.chunk = x->chunk;
    token.clause = x->clause;
    s->token[s->n++] = token;
    x->at += n;
    x->in_word = token.class == IC_WORD;
    return true;
}

/* One more character (or Latin word) that nothing knows: lengthen the word before it. */
static bool emit_unknown(struct scanner *x, size_t n)
{
    if (x->in_word) {
        x->s->token[x->s->n - 1].to += n;
        x->at += n;
        return true;
    }
    return emit(x, (struct intent_token){.class = IC_WORD}, n);
}

/* May a name end here? Before punctuation, digits, a keyword, "和", or a count. */
static bool name_ends_at(const void *arg, size_t at)
{
    const struct scanner *x = arg;
    const struct intent_text *t = &x->s->text;
    struct intent_token count;

    if (!intent_is_han(t->c[at]))
        return true;
    const struct intent_entry *e = intent_words_at(x->w, t, at);
    if (e && (e->class == IC_KEYWORD || e->class == IC_WITH || (e->class == IC_GENERIC && e->n > 1) ||
              e->class == IC_KIN))
        return true;
    return intent_args_number(t, at, &count) != 0;
}

static size_t name_at(const struct scanner *x)
{
    const struct intent_entry *e;

    if (x->in_word || !intent_is_han(x->s->text.c[x->at]))
        return 0;
    e = intent_words_at(x->w, &x->s->text, x->at);
    if (e && e->n > 1)
        return 0; /* a word that only begins like a name */
    return intent_args_name(&x->s->text, x->at, name_ends_at, x);
}

/* Blanks and signs. 、 and & stand between names and end no clause; brackets and quotes neither. */
static void separator(struct scanner *x)
{
    int32_t c = x->s->text.c[x->at++];

    x->in_word = false;
    x->chunk++;
    if (c == '?')
        x->s->asks = true;
    if (c < 0x80 ? strchr(",.;:!?~", (int)c) != NULL : c == 0x3002 || c == 0x2026)
        x->clause++;
}

static bool is_separator(const struct intent_text *t, size_t at)
{
    int32_t c = t->c[at];

    return !intent_is_han(c) && !intent_is_latin(c) && !intent_is_digit(c) &&
           !(c == '+' && intent_is_digit(t->c[at + 1]));
}

/* "1. 张三", "2、李四", "3) 王五": the mark of a list that is handed round. Length, or 0. */
static size_t list_mark(const struct scanner *x)
{
    const struct intent_text *t = &x->s->text;
    size_t i = x->at;

    if (x->at && t->c[x->at - 1] != ' ')
        return 0;
    while (intent_is_digit(t->c[i]))
        i++;
    if (i == x->at || i > x->at + 2 || (t->c[i] != '.' && t->c[i] != 0x3001 && t->c[i] != ')'))
        return 0;
    i++;
    while (t->c[i] == ' ')
        i++;
    return intent_is_han(t->c[i]) ? i - x->at : 0;
}

/* "去不去", "参加不参加": a question without a mark. */
static bool asks_by_doubling(const struct intent_text *t, size_t at)
{
    if (t->c[at] != 0x4E0D && t->c[at] != 0x6CA1) /* 不 没 */
        return false;
    if (at >= 1 && intent_is_han(t->c[at - 1]) && t->c[at - 1] == t->c[at + 1])
        return true;
    return at >= 2 && at + 2 < t->n && t->c[at - 2] == t->c[at + 1] && t->c[at - 1] == t->c[at + 2];
}

static size_t latin_word(const struct intent_text *t, size_t at)
{
    size_t i = at;

    while (i < t->n && (intent_is_latin(t->c[i]) || intent_is_digit(t->c[i]) ||
                        (t->c[i] == '-' && i > at && intent_is_latin(t->c[i + 1]))))
        i++;
    return i > at ? i - at : 1;
}

/* The word at this place. "报名表" is none of the acts, but in "报名表演" with a 表演大赛 it is: a title that begins behind the
 * keyword wins over a longer word. */
static const struct intent_entry *word_at(const struct scanner *x)
{
    const struct intent_text *t = &x->s->text;
    const struct intent_entry *e = intent_words_at(x->w, t, x->at), *k;

    if (!e || e->class != IC_OTHER || (k = intent_words_keyword_at(x->w, t, x->at)) == NULL)
        return e;
    return intent_match_begins(x->names, t, x->at + k->n) ? k : e;
}

static bool one_token(struct scanner *x)
{
    const struct intent_text *t = &x->s->text;
    struct intent_token token = {.class = IC_WORD};
    const struct intent_entry *e;
    size_t n;

    if (intent_is_digit(t->c[x->at]) && !x->in_word && (n = list_mark(x)) != 0) {
        x->s->n_list++;
        x->at += n;
        x->chunk++;
        return true;
    }
    if (is_separator(t, x->at)) {
        separator(x);
        return true;
    }
    x->s->asks |= asks_by_doubling(t, x->at);
    if ((n = intent_match_full(x->names, t, x->at, &token.value)) != 0) {
        token.class = IC_ACTIVITY;
        return emit(x, token, n);
    }
    if ((n = intent_args_number(t, x->at, &token)) != 0)
        return emit(x, token, n);
    if ((n = name_at(x)) != 0)
        return emit(x, (struct intent_token){.class = IC_NAME}, n);
    if ((e = word_at(x)) != NULL)
        return emit(x, (struct intent_token){.class = e->class, .kind = e->kind}, e->n);
    return emit_unknown(x, intent_is_han(t->c[x->at]) ? 1 : latin_word(t, x->at));
}

int intent_scan(struct intent_scan *s, const struct intent_words *w, const struct intent_names *names)
{
    struct scanner x = {.s = s, .w = w, .names = names};

    s->n = s->n_list = 0;
    s->asks = false;
    while (x.at < s->text.n)
        if (!one_token(&x))
            return -1;
    return 0;
}
