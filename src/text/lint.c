#include "text/lint.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "text/lint_words.h"
#include "text/segment.h"
#include "text/utf8.h"

#define CHARACTERS_MAX 500 /* facts/providers/08 8.3 */
#define NEARLY         10  /* so few characters over a part's end are worth a word */

struct lint {
    const char *text;
    size_t n;
    const char *sign;
    enum lint_class class;
    void (*each)(void *arg, const struct lint_finding *f);
    void *arg;
    size_t refused;
};

int lint_class_parse(const char *s)
{
    static const char *const names[] = {
        [LINT_NOTICE] = "notice", [LINT_PROMOTION] = "promotion", [LINT_ALERT] = "alert"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i], s) == 0)
            return (int)i;
    return -1;
}

static void tell(struct lint *l, const struct lint_finding *f)
{
    l->refused += f->refused;
    l->each(l->arg, f);
}

/* ---- what stands at one place ---- */

static unsigned bit_of(enum lint_class c)
{
    switch (c) {
    case LINT_NOTICE:
        return IN_NOTICE;
    case LINT_PROMOTION:
        return IN_PROMOTION;
    case LINT_ALERT:
        return IN_ALERT;
    }
    return 0;
}

/* The longest of the words that stands here; its length, or 0. */
static size_t word_here(const struct lint_word *w, const char *p, size_t left)
{
    size_t longest = 0;

    for (size_t i = 0; w->words[i] != NULL; i++) {
        size_t len = strlen(w->words[i]);

        if (len <= left && len > longest && memcmp(p, w->words[i], len) == 0)
            longest = len;
    }
    return longest;
}

static size_t words_at(struct lint *l, const char *p)
{
    size_t left = l->n - (size_t)(p - l->text), longest = 0;

    for (size_t i = 0; i < lint_n_words; i++) {
        const struct lint_word *w = &lint_words[i];
        size_t len = (w->in & bit_of(l->class)) != 0 ? word_here(w, p, left) : 0;
        struct lint_finding f = {
            .code = w->code, .refused = w->refused, .what = p, .what_len = len, .zh = w->zh, .en = w->en};

        if (len == 0)
            continue;
        tell(l, &f);
        longest = len > longest ? len : longest;
    }
    return longest;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A mainland mobile number standing alone; its length, or 0. */
static size_t mobile_at(const struct lint *l, const char *p)
{
    size_t left = l->n - (size_t)(p - l->text), n = 0;

    if ((p > l->text && is_digit(p[-1])) || left < 11 || p[0] != '1' || p[1] < '3')
        return 0;
    while (n < left && is_digit(p[n]))
        n++;
    return n == 11 ? n : 0;
}

/* Symbols that phones and gateways turn into boxes: emoji, dingbats, private use. */
static bool is_symbol(int32_t c)
{
    return c >= 0x1F000 || (c >= 0x2600 && c <= 0x27BF) || (c >= 0xE000 && c <= 0xF8FF) || c == 0xFE0F ||
           c == 0x200D;
}

static size_t symbols_at(const struct lint *l, const char *p)
{
    const char *end = l->text + l->n, *at = p, *next = p;

    while (at < end && is_symbol(utf8_next(&next, end)))
        at = next;
    return (size_t)(at - p);
}

static size_t forms_at(struct lint *l, const char *p)
{
    struct lint_finding mobile = {.code = "mobile-number",
                                  .refused = true,
                                  .what = p,
                                  .what_len = mobile_at(l, p),
                                  .zh = "正文里不能留个人手机号。请改写社区的固定电话。",
                                  .en = "private mobile numbers are refused: give the office's landline"};
    struct lint_finding symbol = {.code = "symbol",
                                  .refused = false,
                                  .what = p,
                                  .what_len = symbols_at(l, p),
                                  .zh = "表情和特殊符号会被拒发或变成方框，而且一个算两个字。请删去。",
                                  .en =
                                      "emoji and rare symbols are refused or shown as boxes: take them out"};

    if (mobile.what_len > 0)
        tell(l, &mobile);
    if (symbol.what_len > 0)
        tell(l, &symbol);
    return mobile.what_len > symbol.what_len ? mobile.what_len : symbol.what_len;
}

static void walk(struct lint *l)
{
    const char *end = l->text + l->n;

    for (const char *p = l->text; p < end;) {
        size_t words = words_at(l, p), forms = forms_at(l, p), len = words > forms ? words : forms;
        const char *next = p;

        (void)utf8_next(&next, end);
        p = len > (size_t)(next - p) ? p + len : next;
    }
}

/* ---- what the text is as a whole ---- */

static bool begins(const struct lint *l, const char *with)
{
    return l->n >= strlen(with) && memcmp(l->text, with, strlen(with)) == 0;
}

/* The forms that vendors know; the last words of a promotion. */
static bool has_opt_out(const struct lint *l)
{
    static const char *const hints[] = {"拒收请回复R", "回T退订",   "回TD退订",  "退订回T",
                                        "退订回TD",    "退订回复T", "回复TD退订"};

    for (size_t i = 0; i < ARRAY_LEN(hints); i++)
        if (l->n >= strlen(hints[i]) &&
            memcmp(l->text + l->n - strlen(hints[i]), hints[i], strlen(hints[i])) == 0)
            return true;
    return false;
}

static void whole_signature(struct lint *l)
{
    struct lint_finding f = {
        .code = "signature",
        .refused = true,
        .what = l->text,
        .what_len = strlen("【"),
        .zh = "签名由系统加在最前面，正文不要再以【】开头，否则有两个签名会被拒发。",
        .en = "the signature is added by itself: a text that begins with 【 has two of them"};

    if (begins(l, "【") && !begins(l, "【演练】"))
        tell(l, &f);
}

static void whole_opt_out(struct lint *l)
{
    struct lint_finding f = {.code = "opt-out-missing",
                             .refused = true,
                             .zh = "推广类短信必须以“拒收请回复R”结尾。",
                             .en = "a promotion has to end with how to refuse more: 拒收请回复R"};

    if (l->class == LINT_PROMOTION && !has_opt_out(l))
        tell(l, &f);
}

/* Characters beyond the last whole part: 70 for one, then 67 each. */
static size_t over_by(const struct segment_measure *m)
{
    return m->parts == 2 ? m->characters - 70 : m->characters - 67 * (m->parts - 1);
}

static void whole_length(struct lint *l)
{
    char zh[200], en[200];
    struct segment_measure m;
    struct lint_finding f = {.zh = zh, .en = en};
    int a, b;

    segment_measure(l->text, l->n, l->sign, SEGMENT_CN, &m);
    if (m.characters > CHARACTERS_MAX) {
        f.code = "too-long";
        f.refused = true;
        a = snprintf(zh, sizeof(zh), "全文连签名 %zu 字，服务商最多收 %d 字。请删去 %zu 字。", m.characters,
                     CHARACTERS_MAX, m.characters - CHARACTERS_MAX);
        b = snprintf(en, sizeof(en), "%zu characters with the signature; providers take %d", m.characters,
                     CHARACTERS_MAX);
    } else if (m.parts > 1 && over_by(&m) <= NEARLY) {
        f.code = "just-over";
        a = snprintf(zh, sizeof(zh), "再删 %zu 个字就少一条短信的费用（现在每人 %zu 条）。", over_by(&m),
                     m.parts);
        b = snprintf(en, sizeof(en), "%zu characters less save a part (now %zu for everybody)", over_by(&m),
                     m.parts);
    } else {
        return;
    }
    if (a > 0 && b > 0)
        tell(l, &f);
}

size_t lint_text(const char *text, size_t n, const char *sign, enum lint_class c,
                 void (*each)(void *arg, const struct lint_finding *f), void *arg)
{
    struct lint l = {.text = text, .n = n, .sign = sign, .class = c, .each = each, .arg = arg, .refused = 0};

    walk(&l);
    whole_signature(&l);
    whole_opt_out(&l);
    whole_length(&l);
    return l.refused;
}

/* ---- as JSON ---- */

struct lint_list {
    json_t *list;
    const char *text;
};

static void add(void *arg, const struct lint_finding *f)
{
    struct lint_list *l = arg;
    json_int_t at = f->what_len > 0 ? (json_int_t)utf8_count(l->text, (size_t)(f->what - l->text)) : -1;

    json_array_append_new(l->list, json_pack("{s:s, s:b, s:s%, s:I, s:s, s:s}", "code", f->code, "refused",
                                             f->refused, "what", f->what_len > 0 ? f->what : "", f->what_len,
                                             "at", at, "message", f->zh, "message_en", f->en));
}

json_t *lint_json(const char *text, size_t n, const char *sign, enum lint_class c)
{
    struct lint_list l = {.list = json_array(), .text = text};

    (void)lint_text(text, n, sign, c, add, &l);
    return l.list;
}
