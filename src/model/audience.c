#include "model/audience.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/utf8.h"

#define LIST_MAX  10000 /* entries of one list; 64 KiB of JSON hold fewer */
#define WORD_MAX  96    /* bytes of one entry */
#define NOT_DEPTH 4     /* `not` inside `not` */
#define ID_MAX    64    /* a notice's id */
#define TOLD_MAX  8192  /* ids of notices, blank separated */

struct words {
    char **v; /* in the order given */
    size_t n;
    char **sorted; /* the same pointers, for long lists (NULL = look through them) */
};
#define SHORT_LIST 16

enum list { TAGS, AREAS, BUILDINGS, STATUS, RESIDENTS, PHONES, N_LISTS };
static const char *const LIST_NAMES[N_LISTS] = {"tags",   "areas",     "buildings",
                                                "status", "residents", "phones"};
static const char *const STATUS_WORDS[] = {"confirmed", "waiting", "withdrawn", "attended", "offered"};

struct audience {
    bool everyone;
    struct words list[N_LISTS];
    char *activity; /* NULL = none */
    char *told;     /* NULL = none */
    struct audience *but;
};

/* ---- from JSON ---- */

static struct audience *parse(const json_t *to, unsigned depth, struct err *e);

static bool word_ok(const char *s, size_t n)
{
    if (n == 0 || n > WORD_MAX)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
            return false;
    return true;
}

static int bad(struct err *e, const char *member, const char *what)
{
    return err_set(e, "bad-audience", member, "%s: %s", member, what);
}

/* Residents may be named by number or by string. */
static char *resident_word(const json_t *item)
{
    if (json_is_integer(item) && json_integer_value(item) > 0)
        return xasprintf("%lld", (long long)json_integer_value(item));
    const char *s = json_string_value(item);
    size_t n = s ? strlen(s) : 0;
    return n > 0 && n <= 19 && s[0] != '0' && strspn(s, "0123456789") == n ? xstrdup(s) : NULL;
}

static char *phone_word(const json_t *item, struct err *e)
{
    char phone[PHONE_MAX];
    const char *s = json_string_value(item);

    if (!s) {
        (void)bad(e, "phones", "numbers are strings such as \"+8613800138000\"");
        return NULL;
    }
    if (phone_normalise(s, strlen(s), phone, e) < 0) {
        if (e)
            memcpy(e->field, "phones", sizeof("phones"));
        return NULL;
    }
    return xstrdup(phone);
}

static char *list_word(enum list which, const json_t *item, struct err *e)
{
    const char *s = json_string_value(item);
    char *w = NULL;

    if (which == PHONES)
        return phone_word(item, e);
    if (which == RESIDENTS)
        w = resident_word(item);
    else if (which == STATUS) {
        for (size_t i = 0; s && i < ARRAY_LEN(STATUS_WORDS); i++)
            if (strcmp(STATUS_WORDS[i], s) == 0)
                w = xstrdup(s);
    } else if (s && word_ok(s, json_string_length(item)))
        w = xstrndup(s, json_string_length(item));
    if (!w)
        (void)bad(e, LIST_NAMES[which],
                  which == STATUS      ? "allowed are confirmed, waiting, withdrawn, attended, offered"
                  : which == RESIDENTS ? "residents are named by their numbers"
                                       : "every entry is a text of 1 to 96 bytes without control characters");
    return w;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int parse_list(struct audience *a, enum list which, const json_t *v, struct err *e)
{
    struct words *l = &a->list[which];
    size_t n = json_array_size(v);

    if (!json_is_array(v) || n == 0)
        return bad(e, LIST_NAMES[which],
                   json_is_array(v) ? "the list is empty; leave the member out" : "must be a list");
    if (n > LIST_MAX)
        return bad(e, LIST_NAMES[which], "more than 10000 entries");
    l->v = xcalloc(n, sizeof(*l->v));
    for (size_t i = 0; i < n; i++) {
        l->v[l->n] = list_word(which, json_array_get(v, i), e);
        if (!l->v[l->n])
            return -1;
        l->n++;
    }
    if (n > SHORT_LIST) {
        l->sorted = xmemdup(l->v, n * sizeof(*l->v));
        qsort(l->sorted, n, sizeof(*l->sorted), by_text);
    }
    return 0;
}

/* One or several ids, each separated from the next by one blank. */
static int parse_told(const char *member, const json_t *v, char **out, struct err *e)
{
    const char *s = json_is_string(v) ? json_string_value(v) : "";
    bool ok = json_string_length(v) == strlen(s) && strlen(s) <= TOLD_MAX;
    size_t n;

    for (; ok; s += n + 1) {
        n = strcspn(s, " ");
        ok = n <= ID_MAX && word_ok(s, n);
        if (s[n] == '\0')
            break;
    }
    if (!ok)
        return bad(e, member, "must be ids of notices");
    *out = xstrdup(json_string_value(v));
    return 0;
}

static int parse_word(const char *member, const json_t *v, size_t max, char **out, struct err *e)
{
    if (!json_is_string(v) || !word_ok(json_string_value(v), json_string_length(v)) ||
        json_string_length(v) > max)
        return bad(e, member, "must be one name");
    *out = xstrdup(json_string_value(v));
    return 0;
}

static int parse_member(struct audience *a, const char *key, const json_t *v, unsigned depth, struct err *e)
{
    for (int k = 0; k < N_LISTS; k++)
        if (strcmp(key, LIST_NAMES[k]) == 0)
            return parse_list(a, (enum list)k, v, e);
    if (strcmp(key, "everyone") == 0) {
        if (!json_is_true(v))
            return bad(e, key, "can only be true; leave it out otherwise");
        a->everyone = true;
        return 0;
    }
    if (strcmp(key, "activity") == 0)
        return parse_word(key, v, WORD_MAX, &a->activity, e);
    if (strcmp(key, "told") == 0)
        return parse_told(key, v, &a->told, e);
    if (strcmp(key, "not") == 0) {
        if (depth == NOT_DEPTH)
            return bad(e, key, "nested too deeply");
        a->but = parse(v, depth + 1, e);
        return a->but ? 0 : -1;
    }
    return err_set(e, "bad-audience", key,
                   "unknown member \"%.*s\"; known are everyone, tags, areas, buildings, activity, status, "
                   "residents, phones, not",
                   (int)utf8_cut(key, strlen(key), 40), key);
}

static bool names_somebody(const struct audience *a)
{
    for (int k = 0; k < N_LISTS; k++)
        if (k != STATUS && a->list[k].n > 0)
            return true;
    return a->everyone || a->activity || a->told;
}

static struct audience *parse(const json_t *to, unsigned depth, struct err *e)
{
    struct audience *a = xcalloc(1, sizeof(*a));
    const char *key, *where = depth ? "not" : "to";
    json_t *v, *tree = (json_t *)(uintptr_t)to; /* jansson's iterator is not const, but changes nothing */

    if (!json_is_object(to)) {
        (void)bad(e, where, "must be an object such as {\"everyone\":true}");
        goto fail;
    }
    json_object_foreach(tree, key, v)
    {
        if (parse_member(a, key, v, depth, e) < 0)
            goto fail;
    }
    if (a->list[STATUS].n > 0 && !a->activity) {
        (void)bad(e, "status", "says nothing without activity");
        goto fail;
    }
    if (a->told &&
        (depth > 0 || json_object_size(to) > 1)) { /* the queue answers it without looking at anything else */
        (void)bad(e, "told", "stands alone");
        goto fail;
    }
    if (!names_somebody(a)) {
        (void)bad(e, where, "names nobody; everybody is {\"everyone\":true}");
        goto fail;
    }
    return a;
fail:
    audience_free(a);
    return NULL;
}

struct audience *audience_parse(const json_t *to, struct err *e)
{
    return parse(to, 0, e);
}

json_t *audience_json(const struct audience *a)
{
    json_t *j = json_object();

    if (a->everyone)
        json_object_set_new(j, "everyone", json_true());
    for (int k = 0; k < N_LISTS; k++) {
        if (a->list[k].n == 0)
            continue;
        json_t *l = json_array();
        for (size_t i = 0; i < a->list[k].n; i++)
            json_array_append_new(l, json_string(a->list[k].v[i]));
        json_object_set_new(j, LIST_NAMES[k], l);
    }
    if (a->activity)
        json_object_set_new(j, "activity", json_string(a->activity));
    if (a->told)
        json_object_set_new(j, "told", json_string(a->told));
    if (a->but)
        json_object_set_new(j, "not", audience_json(a->but));
    return j;
}

void audience_free(struct audience *a)
{
    if (!a)
        return;
    for (int k = 0; k < N_LISTS; k++) {
        for (size_t i = 0; i < a->list[k].n; i++)
            free(a->list[k].v[i]);
        free(a->list[k].v);
        free(a->list[k].sorted);
    }
    free(a->activity);
    free(a->told);
    audience_free(a->but);
    free(a);
}

/* ---- looking ---- */

struct audience *audience_new_told(const char *notice_id)
{
    struct audience *a = xcalloc(1, sizeof(*a));

    a->told = xstrdup(notice_id);
    return a;
}

const char *audience_told(const struct audience *a)
{
    return a->told;
}

bool audience_is_listed(const struct audience *a)
{
    return a->list[PHONES].n > 0 || a->list[RESIDENTS].n > 0;
}

size_t audience_n_phones(const struct audience *a)
{
    return a->list[PHONES].n;
}

const char *audience_phone(const struct audience *a, size_t i)
{
    return a->list[PHONES].v[i];
}

size_t audience_n_residents(const struct audience *a)
{
    return a->list[RESIDENTS].n;
}

const char *audience_resident(const struct audience *a, size_t i)
{
    return a->list[RESIDENTS].v[i];
}

const char *audience_activity(const struct audience *a)
{
    return a->activity ? a->activity : "";
}

static bool holds(const struct words *l, const char *s)
{
    if (l->sorted)
        return bsearch(&s, l->sorted, l->n, sizeof(*l->sorted), by_text) != NULL;
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->v[i], s) == 0)
            return true;
    return false;
}

bool audience_status_wanted(const struct audience *a, const char *status)
{
    return a->list[STATUS].n ? holds(&a->list[STATUS], status) : strcmp(status, "confirmed") == 0;
}

/* ---- matching ---- */

static bool tag_matches(const struct words *l, const struct resident *r)
{
    for (size_t i = 0; i < l->n; i++)
        if (resident_has_tag(r, l->v[i]))
            return true;
    return l->n == 0;
}

static bool area_matches(const struct words *l, const struct resident *r)
{
    for (size_t i = 0; i < l->n; i++)
        if (resident_in_area(r, l->v[i]))
            return true;
    return l->n == 0;
}

static bool phone_matches(const struct words *l, const struct resident *r)
{
    for (size_t i = 0; i < r->n_phones; i++)
        if (holds(l, r->phones[i]))
            return true;
    return l->n == 0;
}

static bool id_matches(const struct words *l, const struct resident *r)
{
    char id[24];
    struct buf b = BUF_INIT(sizeof(id));
    bool yes = l->n == 0;

    /* A record that was merged into this one is this one. */
    for (size_t i = 0; !yes && i <= r->n_former; i++) {
        buf_reset(&b);
        yes = buf_u64(&b, i == 0 ? r->id : r->former[i - 1]) == 0 && holds(l, buf_cstr(&b));
    }
    buf_fini(&b);
    return yes;
}

bool audience_matches(const struct audience *a, const struct resident *r,
                      bool (*in_activity)(void *arg, const char *activity, const struct audience *which,
                                          const struct resident *r),
                      void *arg)
{
    if (!tag_matches(&a->list[TAGS], r) || !area_matches(&a->list[AREAS], r) ||
        !phone_matches(&a->list[PHONES], r) || !id_matches(&a->list[RESIDENTS], r))
        return false;
    if (a->list[BUILDINGS].n > 0 && !holds(&a->list[BUILDINGS], r->building))
        return false;
    if (a->activity && !(in_activity && in_activity(arg, a->activity, a, r)))
        return false;
    return !(a->but && audience_matches(a->but, r, in_activity, arg));
}

/* A stranger has a number and nothing else, so any other member leaves them out. */
bool audience_matches_stranger(const struct audience *a, const char *phone)
{
    for (int k = 0; k < N_LISTS; k++)
        if (k != PHONES && a->list[k].n > 0)
            return false;
    if (a->activity || a->told || !holds(&a->list[PHONES], phone))
        return false;
    if (!a->but)
        return true;
    return !audience_matches_stranger(a->but, phone) && !(a->but->everyone && a->but->list[PHONES].n == 0);
}
