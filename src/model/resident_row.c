/* A resident out of a CSV file: header and rows. */
#include <string.h>

#include "base/mem.h"
#include "model/resident.h"
#include "text/fold.h"
#include "text/utf8.h"

#define N_COLUMNS 8 /* in the order of struct resident_columns */

static const struct column {
    const char *name; /* what we call it when the file has none */
    const char *words[10];
} COLUMNS[N_COLUMNS] = {
    {"name",     {"name", "姓名", "名字", "居民姓名", "full name"}                                                },
    {"phone",
     {"phone", "手机", "手机号", "手机号码", "電話", "电话", "联系电话", "mobile", "phone number", "tel"}},
    {"area",     {"area", "区划", "行政区划", "区划代码", "行政区划代码", "area code"}                    },
    {"building", {"building", "楼栋", "楼", "楼号", "楼栋号", "栋"}                                              },
    {"tags",     {"tags", "标签", "tag", "分组"}                                                                      },
    {"lang",     {"lang", "语言", "language"}                                                                           },
    {"wechat",   {"wechat", "微信", "openid", "wechat id"}                                                              },
    {"wecom",    {"wecom", "企业微信", "userid", "wecom id"}                                                          },
};

/* Which column is ${cell}? -1 = none we know. */
static int column_of(const char *cell)
{
    struct buf b = BUF_INIT(256);
    int found = -1;

    if (fold_trim(cell, strlen(cell), &b) == 0)
        for (int c = 0; c < N_COLUMNS; c++)
            for (size_t w = 0; w < ARRAY_LEN(COLUMNS[c].words) && COLUMNS[c].words[w]; w++)
                if (strcmp(COLUMNS[c].words[w], buf_cstr(&b)) == 0)
                    found = c;
    buf_fini(&b);
    return found;
}

/* What the person sees in the file, quoted and cut to a readable length. */
static const char *shown(const char *s, char out[64])
{
    size_t n = utf8_cut(s, strlen(s), 56);

    memcpy(out, s, n);
    memcpy(out + n, s[n] ? "..." : "", s[n] ? 4 : 1);
    return out;
}

static int missing_column(const struct resident_columns *c, size_t n, const char *const *cells, struct err *e)
{
    struct buf b = BUF_INIT(240);
    char s[64];

    for (size_t i = 0; i < n; i++)
        if (buf_fmt(&b, "%s%s", i ? ", " : "", shown(cells[i], s)) < 0)
            break;
    err_set(e, "bad-header", c->name < 0 ? "name" : "phone",
            "the first line must name a column %s; its columns are: %s; known are name (姓名), phone (手机), "
            "area (区划), building (楼栋), tags (标签)",
            c->name < 0 ? "name (姓名)" : "phone (手机)", b.len ? buf_cstr(&b) : "none");
    buf_fini(&b);
    return -1;
}

int resident_columns(struct resident_columns *c, size_t n, const char *const *cells, struct err *e)
{
    int at[N_COLUMNS];
    char s[64];

    memset(c, 0, sizeof(*c));
    for (int k = 0; k < N_COLUMNS; k++)
        at[k] = -1;
    for (size_t i = 0; i < n; i++) {
        int k = column_of(cells[i]);
        if (k < 0) {
            c->n_ignored++;
            continue;
        }
        if (at[k] >= 0)
            return err_set(e, "bad-header", COLUMNS[k].name,
                           "the columns %d and %zu (\"%s\") both mean %s: leave one out", at[k] + 1, i + 1,
                           shown(cells[i], s), COLUMNS[k].name);
        at[k] = (int)i;
        size_t len = utf8_cut(cells[i], strlen(cells[i]), sizeof(c->titles[k]) - 1);
        memcpy(c->titles[k], cells[i], len);
        c->titles[k][len] = '\0';
    }
    c->name = at[0], c->phone = at[1], c->area = at[2], c->building = at[3], c->tags = at[4], c->lang = at[5],
    c->wechat = at[6], c->wecom = at[7];
    return c->name < 0 || c->phone < 0 ? missing_column(c, n, cells, e) : 0;
}

/* ---- rows ---- */

struct row {
    const struct resident_columns *c;
    size_t n;
    const char *const *cells;
    struct err *e;
};

static const char *cell(const struct row *w, int column)
{
    return column >= 0 && (size_t)column < w->n ? w->cells[column] : "";
}

/* A cell as it is, if it fits and can be stored. */
static int take(const struct row *w, int column, int k, char *out, size_t size)
{
    const char *v = cell(w, column);
    char s[64];
    size_t n = strlen(v);

    if (n >= size)
        return err_set(w->e, "too-long", w->c->titles[k], "at most %zu bytes, found %zu: \"%s\"", size - 1, n,
                       shown(v, s));
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)v[i] < 0x20 || v[i] == 0x7f)
            return err_set(w->e, "bad-character", w->c->titles[k],
                           "a line break, tab or control character in the cell");
    memcpy(out, v, n + 1);
    return 0;
}

/* Separators that people put between several values of one cell; length in bytes of the one at ${p}, 0 = none. */
static size_t separator(const char *p, const char *const *set)
{
    for (; *set; set++)
        if (strncmp(p, *set, strlen(*set)) == 0)
            return strlen(*set);
    return 0;
}

/* The next value of a list cell, blanks trimmed; false at the end. */
static bool next_value(const char **p, const char *const *set, const char **s, size_t *n)
{
    size_t skip;

    while (**p == ' ' || separator(*p, set) > 0)
        *p += **p == ' ' ? 1 : separator(*p, set);
    if (**p == '\0')
        return false;
    *s = *p;
    while (**p && (skip = separator(*p, set)) == 0)
        ++*p;
    *n = (size_t)(*p - *s);
    while (*n > 0 && (*s)[*n - 1] == ' ')
        --*n;
    return true;
}

static bool has_phone(const struct resident *r, const char *phone)
{
    for (size_t i = 0; i < r->n_phones; i++)
        if (strcmp(r->phones[i], phone) == 0)
            return true;
    return false;
}

static int take_phones(const struct row *w, struct resident *r)
{
    static const char *const SET[] = {";", "；", "/", "／", "、", ",", "，", NULL};
    const char *p = cell(w, w->c->phone), *s;
    size_t n;

    while (next_value(&p, SET, &s, &n)) {
        if (r->n_phones == RESIDENT_PHONES)
            return err_set(w->e, "too-many", w->c->titles[1], "more than %d numbers in one row",
                           RESIDENT_PHONES);
        if (phone_normalise(s, n, r->phones[r->n_phones], w->e) < 0) {
            if (w->e)
                memcpy(w->e->field, w->c->titles[1], sizeof(w->c->titles[1]));
            return -1;
        }
        if (!has_phone(r, r->phones[r->n_phones]))
            r->n_phones++;
    }
    return r->n_phones ? 0
                       : err_set(w->e, "bad-phone", w->c->titles[1],
                                 "the cell is empty: every row needs a mobile number");
}

static int take_tags(const struct row *w, struct resident *r)
{
    static const char *const SET[] = {";", "；", "、", NULL};
    const char *p = cell(w, w->c->tags), *s;
    size_t n;
    char v[64];

    for (const char *q = p; *q; q++)
        if ((unsigned char)*q < 0x20 || *q == 0x7f)
            return err_set(w->e, "bad-character", w->c->titles[4],
                           "a line break, tab or control character in the cell");
    while (next_value(&p, SET, &s, &n)) {
        if (n >= sizeof(r->tags[0]))
            return err_set(w->e, "too-long", w->c->titles[4],
                           "a tag has at most %zu bytes, found %zu: \"%s\"", sizeof(r->tags[0]) - 1, n,
                           shown(s, v));
        if (r->n_tags == RESIDENT_TAGS)
            return err_set(w->e, "too-many", w->c->titles[4], "more than %d tags in one row", RESIDENT_TAGS);
        memcpy(r->tags[r->n_tags], s, n);
        r->tags[r->n_tags][n] = '\0';
        if (!resident_has_tag(r, r->tags[r->n_tags])) /* looks at those before it only */
            r->n_tags++;
    }
    return 0;
}

static int take_area(const struct row *w, struct resident *r, const char *default_area)
{
    char s[64];

    if (take(w, w->c->area, 2, r->area, sizeof(r->area)) < 0)
        return -1;
    size_t n = strlen(r->area);
    if (n == 0) {
        const char *d = default_area ? default_area : "";
        if (strlen(d) >= sizeof(r->area))
            return err_set(w->e, "bad-area", w->c->titles[2],
                           "the community's own area code \"%s\" is too long", shown(d, s));
        memcpy(r->area, d, strlen(d) + 1);
    } else if (n < 2 || n > 12 || strspn(r->area, "0123456789") != n)
        return err_set(w->e, "bad-area", w->c->titles[2],
                       "an area is a code of 2 to 12 digits such as 460106, found \"%s\"", shown(r->area, s));
    return 0;
}

/* Ids of another channel: parts of addresses, so they hold no blanks; several are separated like numbers. */
static int take_id(const struct row *w, int column, int k, char out[64])
{
    static const char *const SET[] = {";", "；", "、", NULL};
    char all[64], s[64];
    const char *p = all, *id;
    size_t n, len = 0, n_ids = 0;

    out[0] = '\0';
    if (take(w, column, k, all, sizeof(all)) < 0)
        return -1;
    for (; next_value(&p, SET, &id, &n); n_ids++) {
        if (memchr(id, ' ', n) || memchr(id, '|', n))
            return err_set(w->e, "bad-character", w->c->titles[k],
                           "an id without blanks, found \"%s\" (several are separated by ;)", shown(all, s));
        if (n_ids == RESIDENT_IDS)
            return err_set(w->e, "too-many", w->c->titles[k], "more than %d ids in one row", RESIDENT_IDS);
        if (len > 0)
            out[len++] = ' ';
        memcpy(out + len, id, n);
        out[len += n] = '\0';
    }
    return 0;
}

int resident_from_row(struct resident *r, const struct resident_columns *c, size_t n,
                      const char *const *cells, const char *default_area, struct err *e)
{
    const struct row w = {.c = c, .n = n, .cells = cells, .e = e};

    memset(r, 0, sizeof(*r));
    if (take(&w, c->name, 0, r->name, sizeof(r->name)) < 0)
        return -1;
    if (r->name[0] == '\0')
        return err_set(e, "no-name", c->titles[0], "the cell is empty: every row needs a name");
    if (take_phones(&w, r) < 0 || take_area(&w, r, default_area) < 0 ||
        take(&w, c->building, 3, r->building, sizeof(r->building)) < 0 || take_tags(&w, r) < 0 ||
        take(&w, c->lang, 5, r->lang, sizeof(r->lang)) < 0 || take_id(&w, c->wechat, 6, r->wechat) < 0 ||
        take_id(&w, c->wecom, 7, r->wecom) < 0)
        return -1;
    return 0;
}
