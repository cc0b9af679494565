#include "provider/answer.h"

#include <jansson.h>
#include <string.h>

#include "base/num.h"

#define ANSWER_ID_BYTES 80
#define RETRY_AFTER_MAX 86400

static const struct answer_item answer_none = {.code = -1, .retry_after_ms = -1};

/* ---- the plain form ---- */

struct scan {
    const char *p, *end;
};

enum member {
    MEMBER_CODE,
    MEMBER_ID,
    MEMBER_TO,
    MEMBER_RETRY,
    MEMBER_RESULTS,
    MEMBER_REF,
    MEMBER_MESSAGE,
    MEMBER_DETAIL,
    MEMBER_SCOPE,
    MEMBER_UNTIL
};
static const struct {
    const char *name;
    size_t len;
    enum member member;
} members[] = {
    {"code",        4,  MEMBER_CODE   },
    {"id",          2,  MEMBER_ID     },
    {"to",          2,  MEMBER_TO     },
    {"results",     7,  MEMBER_RESULTS},
    {"retry_after", 11, MEMBER_RETRY  },
    {"ref",         3,  MEMBER_REF    },
    {"message",     7,  MEMBER_MESSAGE},
    {"detail",      6,  MEMBER_DETAIL },
    {"scope",       5,  MEMBER_SCOPE  },
    {"until",       5,  MEMBER_UNTIL  },
};

static void scan_blank(struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
        s->p++;
}

static bool is_word(const char *s, size_t n, const char *word)
{
    return s != NULL && n == strlen(word) && memcmp(s, word, n) == 0;
}

static void take_scope(struct answer_item *item, const char *s, size_t n)
{
    item->recipient = is_word(s, n, "recipient");
}

static void take_until(struct answer_item *item, const char *s, size_t n)
{
    static const char *const words[] = {
        [THROTTLE_TOLD] = "", [THROTTLE_MINUTE] = "minute", [THROTTLE_HOUR] = "hour", [THROTTLE_DAY] = "day"};

    for (enum throttle_until u = THROTTLE_MINUTE; u <= THROTTLE_DAY; u++)
        if (is_word(s, n, words[u]))
            item->until = u;
}

/* The next character after blanks if it is ${c}. */
static bool scan_char(struct scan *s, char c)
{
    scan_blank(s);
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

static int scan_string(struct scan *s, const char **out, size_t *n)
{
    const char *from;

    if (!scan_char(s, '"'))
        return -1;
    from = s->p;
    while (s->p < s->end && *s->p >= 0x20 && *s->p < 0x7f && *s->p != '"' && *s->p != '\\')
        s->p++;
    if (s->p == s->end || *s->p != '"')
        return -1;
    *out = from;
    *n = (size_t)(s->p - from);
    s->p++;
    return 0;
}

/* 0 or [1-9][0-9]{0,8}; what follows decides whether the number ends here. */
static int scan_integer(struct scan *s, int64_t *out)
{
    int64_t v = 0;
    int digits = 0;

    scan_blank(s);
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9' && digits < 9) {
        if (digits == 1 && v == 0)
            return -1;
        v = v * 10 + (*s->p++ - '0');
        digits++;
    }
    if (digits == 0 || s->p == s->end ||
        (*s->p != ',' && *s->p != '}' && *s->p != ' ' && *s->p != '\n' && *s->p != '\r'))
        return -1;
    *out = v;
    return 0;
}

static int scan_member(struct scan *s, unsigned *seen, enum member *out)
{
    const char *name = NULL;
    size_t n = 0;

    if (scan_string(s, &name, &n) < 0 || !scan_char(s, ':'))
        return -1;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (members[i].len != n || memcmp(members[i].name, name, n) != 0)
            continue;
        if ((*seen & (1u << members[i].member)) != 0)
            return -1;
        *seen |= 1u << members[i].member;
        *out = members[i].member;
        return 0;
    }
    return -1;
}

static int scan_retry(struct scan *s, struct answer_item *item)
{
    int64_t seconds = 0;

    if (scan_integer(s, &seconds) < 0)
        return -1;
    item->retry_after_ms = seconds <= RETRY_AFTER_MAX ? seconds * 1000 : -1;
    return 0;
}

static int scan_value(struct scan *s, enum member m, struct answer_item *item)
{
    const char *text = NULL;
    size_t n = 0;

    switch (m) {
    case MEMBER_CODE:
        return scan_integer(s, &item->code);
    case MEMBER_RETRY:
        return scan_retry(s, item);
    case MEMBER_ID:
        return scan_string(s, &item->id, &item->id_len);
    case MEMBER_TO:
        return scan_string(s, &item->to, &item->to_len);
    case MEMBER_SCOPE:
    case MEMBER_UNTIL:
        if (scan_string(s, &text, &n) < 0)
            return -1;
        (m == MEMBER_SCOPE ? take_scope : take_until)(item, text, n);
        return 0;
    case MEMBER_REF:
    case MEMBER_MESSAGE:
    case MEMBER_DETAIL:
        return scan_string(s, &text, &n);
    case MEMBER_RESULTS:
        return -1;
    }
    return -1;
}

/* The members of an object whose brace was read; ${results}: what to do with that member, NULL = not plain. */
static int scan_object(struct scan *s, struct answer_item *item, int (*results)(struct scan *s, void *arg),
                       void *arg)
{
    unsigned seen = 0;
    enum member m = MEMBER_CODE;

    *item = answer_none;
    if (scan_char(s, '}'))
        return 0;
    do {
        if (scan_member(s, &seen, &m) < 0)
            return -1;
        if (m == MEMBER_RESULTS ? (results == NULL || results(s, arg) < 0) : scan_value(s, m, item) < 0)
            return -1;
    } while (scan_char(s, ','));
    return scan_char(s, '}') ? 0 : -1;
}

struct scan_batch {
    answer_fn each;
    void *arg;
    bool *has_results;
};

static int scan_results(struct scan *s, void *arg)
{
    struct scan_batch *b = arg;
    struct answer_item item;

    if (!scan_char(s, '['))
        return -1;
    *b->has_results = true;
    if (scan_char(s, ']'))
        return 0;
    do {
        if (!scan_char(s, '{') || scan_object(s, &item, NULL, NULL) < 0)
            return -1;
        b->each(b->arg, &item);
    } while (scan_char(s, ','));
    return scan_char(s, ']') ? 0 : -1;
}

int answer_scan(const char *body, size_t n, bool batch, answer_fn each, void *arg, struct answer_whole *whole)
{
    struct scan s = {.p = body, .end = body + n};
    struct scan_batch b = {.each = each, .arg = arg, .has_results = &whole->has_results};

    whole->has_results = false;
    whole->item = answer_none;
    if (!scan_char(&s, '{') || scan_object(&s, &whole->item, batch ? scan_results : NULL, &b) < 0)
        return -1;
    scan_blank(&s);
    return s.p == s.end ? 0 : -1;
}

/* ---- everything else ---- */

static int64_t tree_retry(const json_t *v)
{
    double s = json_is_number(v) ? json_number_value(v) : -1;

    return s >= 0 && s <= RETRY_AFTER_MAX ? (int64_t)(s * 1000) : -1;
}

static void tree_item(const json_t *o, struct answer_item *item)
{
    const json_t *code = json_object_get(o, "code"), *id = json_object_get(o, "id"),
                 *to = json_object_get(o, "to"), *scope = json_object_get(o, "scope"),
                 *until = json_object_get(o, "until");

    *item = answer_none;
    if (json_is_integer(code) && json_integer_value(code) >= 0)
        item->code = json_integer_value(code);
    item->retry_after_ms = tree_retry(json_object_get(o, "retry_after"));
    take_scope(item, json_string_value(scope), json_string_length(scope));
    take_until(item, json_string_value(until), json_string_length(until));
    item->id = json_string_value(id);
    item->id_len = item->id != NULL ? json_string_length(id) : 0;
    item->to = json_string_value(to);
    item->to_len = item->to != NULL ? json_string_length(to) : 0;
}

int answer_load(const char *body, size_t n, bool batch, answer_fn each, void *arg, struct answer_whole *whole,
                char *id)
{
    json_t *tree = json_loadb(body, n, JSON_REJECT_DUPLICATES, NULL);
    const json_t *results, *one;
    struct answer_item item;
    size_t i;

    whole->has_results = false;
    whole->item = answer_none;
    if (!json_is_object(tree)) {
        json_decref(tree);
        return -1;
    }
    results = batch ? json_object_get(tree, "results") : NULL;
    whole->has_results = json_is_array(results);
    json_array_foreach(results, i, one)
    {
        tree_item(one, &item);
        each(arg, &item);
    }
    tree_item(tree, &whole->item);
    whole->item.to = NULL;
    whole->item.to_len = 0;
    if (whole->item.id_len >= ANSWER_ID_BYTES)
        whole->item.id = NULL;
    if (whole->item.id != NULL) {
        memcpy(id, whole->item.id, whole->item.id_len);
        id[whole->item.id_len] = '\0';
        whole->item.id = id;
    }
    json_decref(tree);
    return 0;
}
