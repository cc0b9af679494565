#include "client/table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "text/utf8.h"

#define HELD 200

struct table {
    FILE *out;
    const char *const *titles;
    size_t n_columns;
    size_t width[TABLE_COLUMNS];
    char *held[HELD][TABLE_COLUMNS];
    unsigned right[HELD];
    size_t n_held, n_rows;
    unsigned head_right;
    bool head_printed;
};

/* Could end a line, move the cursor or turn the reading direction: not from a stranger's text onto a terminal. */
static bool is_harmful(int32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0x061c || c == 0x200e || c == 0x200f || c == 0x2028 ||
           c == 0x2029;
}

char *table_clean(const char *s)
{
    struct buf b = BUF_INIT(1u << 20);
    const char *p = s, *end = s + strlen(s);

    while (p < end) {
        const char *from = p;
        int32_t c = utf8_next(&p, end);
        if (is_harmful(c))
            buf_chr(&b, '?');
        else
            buf_add(&b, from, (size_t)(p - from));
    }
    return buf_take(&b);
}

struct table *table_new(FILE *out, const char *const *titles, size_t n_columns)
{
    struct table *t = xcalloc(1, sizeof(*t));

    if (n_columns > TABLE_COLUMNS)
        panic("a table of %zu columns", n_columns);
    t->out = out;
    t->titles = titles;
    t->n_columns = n_columns;
    for (size_t i = 0; i < n_columns; i++)
        t->width[i] = utf8_width(titles[i], strlen(titles[i]));
    return t;
}

static void print_cell(const struct table *t, const char *s, size_t i, bool right)
{
    size_t w = utf8_width(s, strlen(s));
    int pad = w < t->width[i] ? (int)(t->width[i] - w) : 0;
    bool last = i + 1 == t->n_columns;

    if (right)
        fprintf(t->out, "%*s%s", pad, "", s);
    else
        fprintf(t->out, "%s%*s", s, last ? 0 : pad, "");
    fputs(last ? "\n" : "  ", t->out);
}

void table_head(struct table *t)
{
    for (size_t i = 0; i < t->n_columns && !t->head_printed; i++)
        print_cell(t, t->titles[i], i, (t->head_right >> i & 1) != 0);
    t->head_printed = true;
}

static void flush(struct table *t)
{
    if (t->n_held > 0)
        table_head(t);
    for (size_t r = 0; r < t->n_held; r++)
        for (size_t i = 0; i < t->n_columns; i++) {
            print_cell(t, t->held[r][i], i, (t->right[r] >> i & 1) != 0);
            free(t->held[r][i]);
        }
    t->n_held = 0;
}

void table_row(struct table *t, const char *const *cells, unsigned right)
{
    for (size_t i = 0; i < t->n_columns; i++) {
        char *s = cells[i] != NULL && *cells[i] != '\0' ? table_clean(cells[i]) : xstrdup("-");
        size_t w = utf8_width(s, strlen(s));
        t->width[i] = w > t->width[i] ? w : t->width[i];
        t->held[t->n_held][i] = s;
    }
    t->right[t->n_held++] = right;
    t->head_right |= right;
    t->n_rows++;
    if (t->n_held == HELD)
        flush(t);
}

size_t table_end(struct table *t)
{
    size_t n = t->n_rows;

    flush(t);
    free(t);
    return n;
}
