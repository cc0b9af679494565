#include "model/resident.h"

#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "text/utf8.h"

#define LINE_FIELDS 9

/* ---- the line ---- */

static bool has_any(const char *s, const char *set)
{
    return s[strcspn(s, set)] != '\0';
}

static int join_phones(struct buf *out, const struct resident *r)
{
    for (size_t i = 0; i < r->n_phones; i++)
        if (has_any(r->phones[i], " \t\n") || buf_fmt(out, "%s%s", i ? " " : "", r->phones[i]) < 0)
            return -1;
    return 0;
}

static int join_tags(struct buf *out, const struct resident *r)
{
    for (size_t i = 0; i < r->n_tags; i++)
        if (has_any(r->tags[i], ";\t\n") || buf_fmt(out, "%s%s", i ? ";" : "", r->tags[i]) < 0)
            return -1;
    return 0;
}

static int add_field(struct buf *out, const char *s)
{
    return has_any(s, "\t\n") || buf_chr(out, '\t') < 0 || buf_str(out, s) < 0 ? -1 : 0;
}

int resident_line(struct buf *out, const struct resident *r)
{
    size_t start = out->len;
    bool bad = join_phones(out, r) < 0 || add_field(out, r->name) < 0 || add_field(out, r->area) < 0 ||
               add_field(out, r->building) < 0 || buf_chr(out, '\t') < 0 || join_tags(out, r) < 0 ||
               add_field(out, r->lang) < 0 || add_field(out, r->wechat) < 0 || buf_chr(out, '\t') < 0 ||
               (r->flags && buf_u64(out, r->flags) < 0) || add_field(out, r->wecom) < 0;
    if (bad) {
        if (out->data)
            out->data[out->len = start] = '\0';
        return -1;
    }
    while (out->len > start && out->data[out->len - 1] == '\t')
        out->data[--out->len] = '\0';
    return 0;
}

/* Copy into a fixed field; -1 when it does not fit: truncation is never a result. */
static int copy(char *dst, size_t size, const char *s, size_t n)
{
    if (n >= size || memchr(s, '\0', n))
        return -1;
    memcpy(dst, s, n);
    dst[n] = '\0';
    return 0;
}

/* The next piece of [*p, end) up to ${sep}; false when nothing is left. */
static bool next_piece(const char **p, const char *end, char sep, const char **s, size_t *n)
{
    if (*p > end)
        return false;
    const char *stop = memchr(*p, sep, (size_t)(end - *p));
    if (!stop)
        stop = end;
    *s = *p;
    *n = (size_t)(stop - *p);
    *p = stop + 1;
    return true;
}

static int split_list(const char *s, size_t n, char sep, char *list, size_t width, size_t max, size_t *count)
{
    const char *p = s, *piece;
    size_t len;

    *count = 0;
    if (n == 0)
        return 0;
    while (next_piece(&p, s + n, sep, &piece, &len)) {
        if (*count == max || len == 0 || copy(list + *count * width, width, piece, len) < 0)
            return -1;
        ++*count;
    }
    return 0;
}

int resident_parse(const char *line, size_t n, struct resident *out)
{
    const char *f[LINE_FIELDS], *p = line;
    size_t len[LINE_FIELDS], k = 0;
    int64_t flags = 0;

    for (size_t i = 0; i < LINE_FIELDS; i++)
        f[i] = "", len[i] = 0;
    while (k < LINE_FIELDS && next_piece(&p, line + n, '\t', &f[k], &len[k]))
        k++;
    if (p <= line + n)
        return -1; /* more fields than we know: written by a newer version */
    memset(out, 0, sizeof(*out));
    if (len[7] > 0 && num_i64_n(f[7], len[7], 0, INT32_MAX, &flags) < 0)
        return -1;
    out->flags = (unsigned)flags;
    return split_list(f[0], len[0], ' ', out->phones[0], PHONE_MAX, RESIDENT_PHONES, &out->n_phones) < 0 ||
                   copy(out->name, sizeof(out->name), f[1], len[1]) < 0 ||
                   copy(out->area, sizeof(out->area), f[2], len[2]) < 0 ||
                   copy(out->building, sizeof(out->building), f[3], len[3]) < 0 ||
                   split_list(f[4], len[4], ';', out->tags[0], sizeof(out->tags[0]), RESIDENT_TAGS,
                              &out->n_tags) < 0 ||
                   copy(out->lang, sizeof(out->lang), f[5], len[5]) < 0 ||
                   copy(out->wechat, sizeof(out->wechat), f[6], len[6]) < 0 ||
                   copy(out->wecom, sizeof(out->wecom), f[8], len[8]) < 0
               ? -1
               : 0;
}

/* ---- looking at one ---- */

json_t *resident_json(const struct resident *r, bool masked)
{
    json_t *phones = json_array(), *tags = json_array(), *dead = json_array(), *former = json_array();
    char id[24], mask[PHONE_MAX];
    struct buf b = BUF_INIT(sizeof(id));

    (void)buf_u64(&b, r->id);
    for (size_t i = 0; i < r->n_phones; i++) {
        phone_mask(r->phones[i], mask);
        json_array_append_new(phones, json_string(masked ? mask : r->phones[i]));
        if ((r->dead >> i & 1) != 0)
            json_array_append_new(dead, json_string(masked ? mask : r->phones[i]));
    }
    for (size_t i = 0; i < r->n_tags; i++)
        json_array_append_new(tags, json_string(r->tags[i]));
    for (size_t i = 0; i < r->n_former; i++)
        json_array_append_new(former, json_sprintf("%llu", (unsigned long long)r->former[i]));
    json_t *j = json_pack(
        "{s:s, s:s, s:o, s:s, s:s, s:o, s:s, s:b, s:b, s:b, s:o, s:o}", "id", buf_cstr(&b), "name", r->name,
        "phones", phones, "area", r->area, "building", r->building, "tags", tags, "lang", r->lang, "wechat",
        r->wechat[0] != '\0' && (r->flags & RESIDENT_NO_WECHAT) == 0, "wecom", r->wecom[0] != '\0',
        "opted_out", (r->flags & RESIDENT_OPTED_OUT) != 0, "dead", dead, "former", former);
    buf_fini(&b);
    return j;
}

bool resident_has_tag(const struct resident *r, const char *tag)
{
    for (size_t i = 0; i < r->n_tags; i++)
        if (strcmp(r->tags[i], tag) == 0)
            return true;
    return false;
}

/* GB/T 2260 codes: province, prefecture, county are pairs of digits; streets and villages behind them are threes. Zeros at the end mean "all of it". */
static size_t area_stem(const char *code)
{
    size_t n = strlen(code);

    while (n > 6 && (n - 6) % 3 == 0 && memcmp(code + n - 3, "000", 3) == 0)
        n -= 3;
    while (n <= 6 && n >= 2 && n % 2 == 0 && memcmp(code + n - 2, "00", 2) == 0)
        n -= 2;
    return n;
}

bool resident_in_area(const struct resident *r, const char *of)
{
    if (r->area[0] == '\0' || of[0] == '\0')
        return false;
    return strncmp(r->area, of, area_stem(of)) == 0;
}

static const char *const VARS[] = {"name", "building", "area", "phone"};

bool resident_is_var(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(VARS); i++)
        if (strcmp(VARS[i], name) == 0)
            return true;
    return false;
}

const char *resident_var(const struct resident *r, const char *name)
{
    static char mask[PHONE_MAX];

    if (strcmp(name, "name") == 0)
        return r->name;
    if (strcmp(name, "building") == 0)
        return r->building;
    if (strcmp(name, "area") == 0)
        return r->area;
    if (strcmp(name, "phone") != 0)
        return NULL;
    if (r->n_phones == 0)
        return "";
    phone_mask(r->phones[0], mask);
    return mask;
}
