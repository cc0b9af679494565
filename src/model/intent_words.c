/* Keywords per intent, and the lexicon beside them, as one searchable list. */
#include "model/intent_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/fold.h"
#include "text/utf8.h"

#define WORD_CHARS 32

/* The defaults: contract 9, and what people write for the same. Those that begin a row are the contract's. */
/* clang-format off */
static const struct {
    enum intent_kind kind;
    const char *words;
} DEFAULTS[] = {
    {INTENT_JOIN, "报名|参加|我要报名|bm|join|算我一个|算上我|加一|加1|加我一个|带我一个|报名参加|参与|接龙|报个名|报上名额|留个位置|留个位子|留个座位|留个位|给我留|帮我留|替我留|算我|算我一份|预我|预我一份|预埋我|名字写上|名字加上|名字记上|"
                  "抱名|爆名|暴名|豹名|抱明|爆明|报明|报铭|报鸣|报民|参家|参佳|餐加|餐家|惨加|"
                  "sign up|sign me up|signup|register|register me|count me in|i'm in|im in|i am in|enroll|enrol|attend|take part"},
    {INTENT_LEAVE, "取消|取消报名|退出|不去了|cancel|leave|不去|不来|不来了|不参加|不参加了|不参与|不报名|不报名了|不报了|不要报名了|不打了|打不了|打不了了|不玩了|不想去|不想去了|不想来|不想来了|不想参加|不想参加了|不想报名|不想报名了|"
                   "不能去|不能去了|不能来|不能来了|不能参加|不能参加了|不能到场|去不了|去不了了|来不了|来不了了|参加不了|参加不了了|去不成|去不成了|来不成了|没法去|没法来|没法参加|没办法去|没办法来|没办法参加|"
                   "没空去|没空来|没空参加|没时间去|没时间来|没时间参加|无法参加|无法前来|无法到场|不准备去了|不准备参加了|不打算去了|不打算参加了|不方便去|不方便参加|不会去了|不会来了|不会参加了|"
                   "唔去|唔去了|唔来|唔来了|唔参加|唔参加了|唔报|唔报名|唔打|去唔到|来唔到|去唔成|冇时间去|冇空去|冇得闲去|不得闲去|没有办法去|没有办法来|没有办法参加|名字去掉|名字划掉|名字删掉|名额让给别人|位置让给别人|取销|取销报名|不打|"
                   "撤销报名|撤回报名|撤销|放弃|放弃报名|放弃名额|弃权|弃赛|退赛|退报|退掉|退名额|名额让|让出名额|"
                   "can't make it|cant make it|cannot make it|can not make it|can't come|cant come|cannot come|can't join|cant join|cannot join|can't attend|cannot attend|can't go|cant go|cannot go|can't play|"
                   "won't make it|won't be able to make it|won't come|won't be coming|won't be there|not coming|not going|not able to come|not able to make it|not able to attend|unable to attend|unable to come|"
                   "unable to make it|withdraw|withdraw me|drop out|pull out|count me out|remove me|i'm out|im out|take me off|cancel my registration|cancel registration|unregister"},
    {INTENT_QUERY, "查询|我的|我的报名|查寻|status|查一下|查一查|查报名|查询报名|我的活动|查看报名|查看我的报名|my status|my registration"},
    {INTENT_CHECKIN, "签到|checkin|check in|check-in"},
    {INTENT_HELP, "帮助|?|help|怎么报名|使用说明|怎么用|说明|菜单|指令"},
    {INTENT_STOP, "退订|td|t|r|拒收|stop|unsubscribe"},
    {INTENT_START, "恢复|订阅|恢复订阅|start|恢复接收|重新订阅"},
    {INTENT_SAFE, "平安|平按|平岸|凭安|评安|安全|没事|报平安|都平安|平安无事|safe|i'm safe|im safe|we're safe|we are safe|i am safe"},
    {INTENT_SOS, "求助|救命|救名|就命|救我|救救我|求救|被困|需要帮助|需要救援|请求救援|要帮助|需要急救|叫救护车|快来救|sos|need help|help me|emergency|trapped"},
};
/* clang-format on */

struct word {
    int32_t c[WORD_CHARS];
    struct intent_entry e;
};

struct intent_words {
    struct word
        *words; /* sorted: first character, then longest first; a keyword before the lexicon's same word */
    size_t n, cap;
    bool sorted;
};

static void add(struct intent_words *w, const char *s, size_t n, enum intent_class class,
                enum intent_kind kind, bool whole)
{
    struct word word = {
        .e = {.class = class, .kind = kind, .whole = whole}
    };

    for (const char *p = s, *end = s + n; p < end && word.e.n < WORD_CHARS;)
        word.c[word.e.n++] = utf8_next(&p, end);
    if (w->n == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 1024;
        w->words = xrealloc(w->words, w->cap * sizeof *w->words);
    }
    w->words[w->n++] = word;
}

/* Consents change by a whole text alone; "我的" begins too many sentences. */
static bool is_whole(enum intent_kind k, const char *s, size_t n)
{
    static const char my[] = "我的";

    return k == INTENT_START || k == INTENT_HELP || (k == INTENT_STOP && utf8_count(s, n) < 2) ||
           (k == INTENT_STOP && n == 2) ||
           (k == INTENT_QUERY && n >= strlen(my) && memcmp(s, my, strlen(my)) == 0);
}

static void add_list(struct intent_words *w, const char *words, enum intent_class class,
                     enum intent_kind kind)
{
    for (const char *p = words; *p;) {
        size_t n = strcspn(p, "|");
        if (n)
            add(w, p, n, class, kind, class == IC_KEYWORD && is_whole(kind, p, n));
        p += n + (p[n] == '|');
    }
}

static int by_first_then_longest(const void *pa, const void *pb)
{
    const struct word *a = pa, *b = pb;

    if (a->c[0] != b->c[0])
        return a->c[0] < b->c[0] ? -1 : 1;
    if (a->e.n != b->e.n)
        return a->e.n > b->e.n ? -1 : 1;
    int rc = memcmp(a->c, b->c, a->e.n * sizeof a->c[0]);
    if (rc)
        return rc;
    return (b->e.class == IC_KEYWORD) - (a->e.class == IC_KEYWORD);
}

static void sort(struct intent_words *w)
{
    qsort(w->words, w->n, sizeof *w->words, by_first_then_longest);
    for (size_t i = 0; i < w->n; i++)
        w->words[i].e.c = w->words[i].c;
}

struct intent_words *intent_words_new(void)
{
    struct intent_words *w = xcalloc(1, sizeof *w);

    for (size_t i = 0; i < ARRAY_LEN(DEFAULTS); i++)
        add_list(w, DEFAULTS[i].words, IC_KEYWORD, DEFAULTS[i].kind);
    for (size_t i = 0; i < intent_n_lexicon; i++)
        add_list(w, intent_lexicon[i].words, intent_lexicon[i].class, INTENT_UNKNOWN);
    sort(w);
    return w;
}

void intent_words_free(struct intent_words *w)
{
    if (!w)
        return;
    free(w->words);
    free(w);
}

/* First entry that begins with ${c}. */
static size_t first_of(const struct intent_words *w, int32_t c)
{
    size_t lo = 0, hi = w->n;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (w->words[mid].c[0] < c)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool stands_at(const struct intent_entry *e, const struct intent_text *t, size_t at)
{
    if (e->whole || at + e->n > t->n || memcmp(e->c, t->c + at, e->n * sizeof e->c[0]) != 0)
        return false;
    int32_t last = e->c[e->n - 1], next = t->c[at + e->n];
    return !(intent_is_latin(last) && intent_is_latin(next)) &&
           !(intent_is_digit(last) && intent_is_digit(next));
}

static const struct intent_entry *longest_at(const struct intent_words *w, const struct intent_text *t,
                                             size_t at, bool keyword)
{
    int32_t c = t->c[at];

    for (size_t i = first_of(w, c); i < w->n && w->words[i].c[0] == c; i++) {
        const struct intent_entry *e = &w->words[i].e;
        if ((!keyword || e->class == IC_KEYWORD) && stands_at(e, t, at))
            return e;
    }
    return NULL;
}

const struct intent_entry *intent_words_at(const struct intent_words *w, const struct intent_text *t,
                                           size_t at)
{
    return longest_at(w, t, at, false);
}

const struct intent_entry *intent_words_keyword_at(const struct intent_words *w, const struct intent_text *t,
                                                   size_t at)
{
    return longest_at(w, t, at, true);
}

const struct intent_entry *intent_words_whole(const struct intent_words *w, const struct intent_text *t,
                                              size_t from, size_t to)
{
    for (size_t i = first_of(w, t->c[from]); from < to && i < w->n && w->words[i].c[0] == t->c[from]; i++) {
        const struct intent_entry *e = &w->words[i].e;
        if (e->class == IC_KEYWORD && e->n == to - from &&
            memcmp(e->c, t->c + from, e->n * sizeof e->c[0]) == 0)
            return e;
    }
    return NULL;
}

int intent_words_add(struct intent_words *w, enum intent_kind k, const char *word, struct err *e)
{
    struct buf folded = BUF_INIT(4 * WORD_CHARS);
    struct intent_text t;
    int rc = 0;

    if (fold_text(word, strlen(word), &folded) || folded.len == 0 ||
        intent_scan_text(&t, folded.data, folded.len) || t.n > WORD_CHARS) {
        rc = err_set(e, "bad-keyword", NULL,
                     "the keyword \"%.60s\" is empty, longer than %d characters or not UTF-8", word,
                     WORD_CHARS);
    } else {
        const struct intent_entry *known = intent_words_whole(w, &t, 0, t.n);
        if (known && known->kind != k)
            rc = err_set(e, "keyword-conflict", NULL,
                         "the keyword \"%s\" means %s already, it cannot mean %s too", buf_cstr(&folded),
                         intent_name(known->kind), intent_name(k));
        else if (!known) {
            add(w, folded.data, folded.len, IC_KEYWORD, k, is_whole(k, folded.data, folded.len));
            sort(w);
        }
    }
    buf_fini(&folded);
    return rc;
}
