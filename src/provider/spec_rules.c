/* The rules of answers and callbacks: where a value stands, conditions, classes of codes. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "provider/spec_int.h"

enum { REGEX_MAX = 200, LIST_MAX = 64 };

static char *word(const char *s, size_t n)
{
    while (n > 0 && s[0] == ' ') {
        s++;
        n--;
    }
    while (n > 0 && s[n - 1] == ' ')
        n--;
    return xstrndup(s, n);
}

/* POSIX extended, without what lets one cost more than its length times the text's. */
static regex_t *regex_new(const struct spec_source *src, int line, const char *text)
{
    regex_t *re;
    bool back = false;

    for (const char *p = text; *p != '\0'; p++)
        back |= *p == '{' || (*p == '\\' && p[1] >= '0' && p[1] <= '9');
    if (text[0] == '\0' || strlen(text) > REGEX_MAX || back) {
        (void)spec_fail(src, line,
                        "a regular expression that is empty, longer than %d bytes, or holds { or \\1",
                        REGEX_MAX);
        return NULL;
    }
    re = xcalloc(1, sizeof(*re));
    if (regcomp(re, text, REG_EXTENDED) == 0)
        return re;
    free(re);
    (void)spec_fail(src, line, "\"%.60s\" is no regular expression (POSIX extended)", text);
    return NULL;
}

static void regex_free(regex_t *re)
{
    if (re != NULL)
        regfree(re);
    free(re);
}

static void list_free(char **list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        free(list[i]);
    free(list);
}

/* "A, B" cut at ${by}; quotes around an item are taken off. NULL terminated. */
static char **list_new(const char *s, char by)
{
    char **list = xcalloc(LIST_MAX + 1, sizeof(*list));
    size_t n = 0;

    for (const char *end; n < LIST_MAX; s = end + 1) {
        size_t len;

        end = strchr(s, by);
        len = end != NULL ? (size_t)(end - s) : strlen(s);
        list[n] = word(s, len);
        len = strlen(list[n]);
        if (len >= 2 && list[n][0] == '"' && list[n][len - 1] == '"') {
            char *inside = xstrndup(list[n] + 1, len - 2);

            free(list[n]);
            list[n] = inside;
        }
        n++;
        if (end == NULL)
            break;
    }
    return list;
}

/* ---- where a value stands ---- */

static int pick_read(const struct spec_source *src, int line, const char *s, size_t n, struct spec_pick *out)
{
    const char *tilde = memmem(s, n, " ~ ", 3);
    char *paths = xstrndup(s, tilde != NULL ? (size_t)(tilde - s) : n);

    out->paths = list_new(paths, '|');
    free(paths);
    for (char **p = out->paths; *p != NULL; p++) {
        if (strcmp(*p, "body") == 0)
            **p = '\0';
        else if (**p != '/')
            return spec_fail(src, line,
                             "\"%.40s\"; allowed: /path, /path | /other, body, each also with ~ REGEX", *p);
    }
    if (tilde != NULL) {
        char *text = word(tilde + 3, (size_t)(s + n - tilde) - 3);

        out->re = regex_new(src, line, text);
        free(text);
        return out->re != NULL ? 0 : -1;
    }
    return 0;
}

int spec_pick_parse(const struct spec_source *src, const struct spec_entry *e, struct spec_pick *out)
{
    return pick_read(src, e->line, e->value, strlen(e->value), out);
}

void spec_pick_fini(struct spec_pick *p)
{
    list_free(p->paths);
    regex_free(p->re);
    *p = (struct spec_pick){.paths = NULL};
}

/* ---- conditions ---- */

static const struct {
    const char *word;
    enum spec_op op;
    bool value;
} ops[] = {
    {"==",     OP_IN,     true },
    {"in",     OP_IN,     true },
    {"!=",     OP_NOT_IN, true },
    {"=~",     OP_MATCH,  true },
    {"exists", OP_EXISTS, false},
    {"absent", OP_ABSENT, false},
};

static int cond_value(const struct spec_source *src, int line, const char *value, bool several,
                      struct spec_cond *c)
{
    if (c->op == OP_MATCH) {
        c->re = regex_new(src, line, value);
        return c->re != NULL ? 0 : -1;
    }
    c->values = list_new(value, several ? ',' : '\x01');
    for (char **v = c->values; *v != NULL; v++)
        if (**v == '\0')
            return spec_fail(src, line, "nothing to compare with; allowed: a value, exists, absent");
    return 0;
}

static int cond_read(const struct spec_source *src, int line, const char *text, struct spec_cond *c)
{
    size_t subject = strcspn(text, " "), skip = subject + strspn(text + subject, " "),
           op = strcspn(text + skip, " "), value = skip + op + strspn(text + skip + op, " ");

    c->http = subject == 4 && memcmp(text, "http", 4) == 0;
    if (!c->http && pick_read(src, line, text, subject, &c->pick) != 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
        if (strlen(ops[i].word) != op || memcmp(ops[i].word, text + skip, op) != 0 ||
            ops[i].value != (text[value] != '\0'))
            continue;
        c->op = ops[i].op;
        return ops[i].value ? cond_value(src, line, text + value, strcmp(ops[i].word, "in") == 0, c) : 0;
    }
    return spec_fail(
        src, line,
        "condition \"%.60s\"; allowed: http or /path, then == V, != V, in V, W, =~ REGEX, exists, absent",
        text);
}

int spec_conds_parse(const struct spec_source *src, const struct spec_entry *e, struct spec_conds *out)
{
    const char *at = e->value;

    for (;;) {
        const char *end = strstr(at, " and ");
        char *text = word(at, end != NULL ? (size_t)(end - at) : strlen(at));
        int rc;

        out->list = xrealloc(out->list, (out->n + 1) * sizeof(*out->list));
        out->list[out->n] = (struct spec_cond){.http = false};
        rc = cond_read(src, e->line, text, &out->list[out->n++]);
        free(text);
        if (rc != 0 || end == NULL)
            return rc;
        at = end + 5;
    }
}

void spec_conds_fini(struct spec_conds *c)
{
    for (size_t i = 0; i < c->n; i++) {
        spec_pick_fini(&c->list[i].pick);
        list_free(c->list[i].values);
        regex_free(c->list[i].re);
    }
    free(c->list);
    *c = (struct spec_conds){.list = NULL};
}

/* ---- codes ---- */

/* One item of "A, "B, C*", /D/": the text behind it. */
static const char *pattern_read(const struct spec_source *src, int line, const char *s,
                                struct spec_pattern *out)
{
    struct buf text = BUF_INIT(SPEC_FILE_MAX);
    char close = *s == '"' || *s == '/' ? *s : ',';

    for (s += close != ','; *s != '\0' && *s != close; s++) {
        if (*s == '\\' && s[1] == close)
            s++;
        buf_chr(&text, *s);
    }
    if (close != ',' && *s != close) {
        (void)spec_fail(src, line, "a code that begins with %c and does not end with it", close);
        buf_fini(&text);
        return NULL;
    }
    s += close != ',';
    s += strspn(s, " ");
    if (close == '/')
        out->re = regex_new(src, line, buf_cstr(&text));
    out->text = close == ',' ? word(buf_cstr(&text), text.len) : xstrdup(buf_cstr(&text));
    buf_fini(&text);
    if (close == '/' && out->re == NULL)
        return NULL;
    if (out->text[0] == '\0' || (*s != '\0' && *s != ',')) {
        (void)spec_fail(src, line,
                        "a list of codes; allowed: CODE, CODE*, \"CODE\", /REGEX/ with commas between");
        return NULL;
    }
    return s;
}

int spec_patterns_parse(const struct spec_source *src, const struct spec_entry *e, struct spec_pattern **out,
                        size_t *n)
{
    const char *s = e->key;

    *out = NULL;
    for (*n = 0;; s++) {
        s += strspn(s, " ");
        *out = xrealloc(*out, (*n + 1) * sizeof(**out));
        (*out)[*n] = (struct spec_pattern){.text = NULL};
        s = pattern_read(src, e->line, s, &(*out)[(*n)++]);
        if (s == NULL)
            break;
        if (*s == '\0')
            return 0;
    }
    for (size_t i = 0; i < *n; i++)
        spec_pattern_fini(&(*out)[i]);
    free(*out);
    return -1;
}

void spec_pattern_fini(struct spec_pattern *p)
{
    free(p->text);
    regex_free(p->re);
    *p = (struct spec_pattern){.text = NULL};
}

bool spec_pattern_fits(const struct spec_pattern *p, const char *code)
{
    size_t n = strlen(p->text);

    if (p->re != NULL)
        return strlen(code) <= REGEX_MAX && regexec(p->re, code, 0, NULL, 0) == 0;
    if (p->text[n - 1] == '*')
        return strncmp(p->text, code, n - 1) == 0;
    return strcmp(p->text, code) == 0;
}

/* ---- classes ---- */

static bool modifier(const char *w, struct class_row *row)
{
    static const struct {
        const char *word;
        enum throttle_until until;
    } untils[] = {
        {"minute", THROTTLE_MINUTE},
        {"hour",   THROTTLE_HOUR  },
        {"day",    THROTTLE_DAY   },
    };
    static const struct {
        const char *word;
        enum provider_about about;
    } abouts[] = {
        {"opted-out",   ABOUT_OPTED_OUT  },
        {"dead-number", ABOUT_DEAD_NUMBER},
        {"missed",      ABOUT_MISSED     },
    };
    int64_t seconds;

    for (size_t i = 0; i < ARRAY_LEN(untils); i++)
        if (strcmp(w, untils[i].word) == 0) {
            row->until = untils[i].until;
            return row->verdict == VERDICT_THROTTLED;
        }
    if (strcmp(w, "recipient") == 0) {
        row->scope = THROTTLE_RECIPIENT;
        return row->verdict == VERDICT_THROTTLED;
    }
    for (size_t i = 0; i < ARRAY_LEN(abouts); i++)
        if (strcmp(w, abouts[i].word) == 0) {
            row->about = abouts[i].about;
            return row->verdict == VERDICT_BAD_RECIPIENT;
        }
    if (strncmp(w, "wait=", 5) == 0 && num_i64(w + 5, 1, 86400, &seconds) == 0) {
        row->wait_ms = seconds * 1000;
        return row->verdict == VERDICT_THROTTLED || row->verdict == VERDICT_RETRY;
    }
    return false;
}

static bool is_verdict(const char *w, struct class_row *row)
{
    for (size_t v = 0; v < VERDICT_N; v++)
        if (strcmp(w, verdict_name((enum verdict)v)) == 0) {
            row->verdict = (enum verdict)v;
            return true;
        }
    return false;
}

int spec_verdict_parse(const struct spec_source *src, const struct spec_entry *e, struct class_row *out)
{
    const char *colon = strstr(e->value, " : ");
    char *head = xstrndup(e->value, colon != NULL ? (size_t)(colon - e->value) : strlen(e->value));
    char **words = list_new(head, ' ');
    bool good = is_verdict(words[0], out);

    for (size_t i = 1; good && words[i] != NULL; i++)
        good = words[i][0] == '\0' || modifier(words[i], out);
    list_free(words);
    free(head);
    out->code = "*";
    out->words = xstrdup(colon != NULL ? colon + 3 + strspn(colon + 3, " ") : "");
    if (good)
        return 0;
    return spec_fail(
        src, e->line,
        "\"%.60s\"; allowed: sent, retry [wait=SECONDS], throttled [recipient] [minute|hour|day] "
        "[wait=SECONDS], "
        "bad-recipient [opted-out|dead-number], bad-message, bad-account, unknown, then \" : words\"",
        e->value);
}

int spec_classes_parse(const struct spec_source *src, const struct spec_entry *e, struct spec_classes *out)
{
    struct spec_pattern *patterns;
    size_t n;

    if (spec_patterns_parse(src, e, &patterns, &n) != 0)
        return -1;
    out->list = xrealloc(out->list, (out->n + n) * sizeof(*out->list));
    for (size_t i = 0; i < n; i++)
        out->list[out->n + i] = (struct spec_class){.pattern = patterns[i], .row = {.words = NULL}};
    free(patterns);
    out->n += n;
    for (size_t i = out->n - n; i < out->n; i++)
        if (spec_verdict_parse(src, e, &out->list[i].row) != 0)
            return -1;
    return 0;
}

static void free_words(struct class_row *row)
{
    union {
        const char *borrowed;
        char *ours;
    } words = {.borrowed = row->words};

    free(words.ours);
    row->words = NULL;
}

void spec_classes_fini(struct spec_classes *c)
{
    for (size_t i = 0; i < c->n; i++) {
        spec_pattern_fini(&c->list[i].pattern);
        free_words(&c->list[i].row);
    }
    free(c->list);
    *c = (struct spec_classes){.list = NULL};
}
