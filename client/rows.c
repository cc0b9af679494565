#include "client/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "client/table.h"
#include "text/utf8.h"

#define CELL 512

static const json_t *find(const json_t *row, const char *key)
{
    const char *dot = strchr(key, '.');
    char first[64];
    size_t n = dot != NULL ? (size_t)(dot - key) : strlen(key);

    if (n >= sizeof(first))
        panic("a column's key does not fit");
    memcpy(first, key, n);
    first[n] = '\0';
    row = json_object_get(row, first);
    return dot != NULL ? find(row, dot + 1) : row;
}

static void add_value(struct buf *b, const json_t *v)
{
    size_t i;
    const json_t *item;

    switch (json_typeof(v)) {
    case JSON_STRING:
        buf_add(b, json_string_value(v), json_string_length(v));
        break;
    case JSON_INTEGER:
        buf_i64(b, json_integer_value(v));
        break;
    case JSON_REAL:
        buf_fmt(b, "%.1f", json_real_value(v));
        break;
    case JSON_TRUE:
        buf_str(b, "yes");
        break;
    case JSON_FALSE:
        buf_str(b, "no");
        break;
    case JSON_NULL:
        break;
    case JSON_ARRAY:
        json_array_foreach((json_t *)(uintptr_t)v, i, item)
        {
            if (i > 0)
                buf_str(b, ", ");
            add_value(b, item);
        }
        break;
    case JSON_OBJECT: {
        char *text = json_dumps(v, JSON_COMPACT);
        buf_str(b, text != NULL ? text : "");
        free(text);
        break;
    }
    }
}

const char *rows_cell(const json_t *row, const struct rows_column *column, char *out, size_t n)
{
    struct buf b = BUF_INIT(1u << 20);
    const json_t *v = find(row, column->key);
    size_t len;

    if (v != NULL && !(column->kind == ROWS_TOTAL && json_is_false(json_object_get(row, "staged"))))
        add_value(&b, v);
    if (column->kind == ROWS_TIME && b.len == 25 &&
        b.data[10] == 'T') { /* 2026-09-25T09:00:00+08:00, without its seconds */
        memmove(b.data + 16, b.data + 19, 6);
        b.len = 22;
    }
    len = utf8_cut(buf_cstr(&b), b.len, n - 4);
    memcpy(out, buf_cstr(&b), len);
    memcpy(out + len, len < b.len ? "…" : "", len < b.len ? 4 : 1);
    buf_fini(&b);
    return out;
}

void rows_json(const struct cli *c, const json_t *thing)
{
    json_dumpf(thing, c->out, JSON_COMPACT);
    fputc('\n', c->out);
}

struct list {
    const struct cli *c;
    struct table *table;
    const struct rows_column *columns;
    size_t n_columns;
};

static void on_row(void *arg, json_t *row)
{
    struct list *l = arg;
    char text[TABLE_COLUMNS][CELL];
    const char *cells[TABLE_COLUMNS];
    unsigned right = 0;

    if (l->c->json) {
        rows_json(l->c, row);
        return;
    }
    for (size_t i = 0; i < l->n_columns; i++) {
        cells[i] = rows_cell(row, &l->columns[i], text[i], CELL);
        if (l->columns[i].kind == ROWS_NUMBER || l->columns[i].kind == ROWS_TOTAL)
            right |= 1u << i;
    }
    table_row(l->table, cells, right);
}

int rows_list(struct cli *c, struct call_path *p, const struct rows_column *columns, size_t n_columns,
              bool empty_is_nothing)
{
    const char *titles[TABLE_COLUMNS];
    struct list l = {.c = c, .columns = columns, .n_columns = n_columns};
    size_t n = 0;
    int status;

    if (n_columns > TABLE_COLUMNS)
        panic("a list of %zu columns", n_columns);
    for (size_t i = 0; i < n_columns; i++)
        titles[i] = columns[i].title;
    l.table = table_new(c->out, titles, n_columns);
    status = call_list(c, p, on_row, &l, &n);
    if (status == CLI_OK && n == 0 && !c->json && !empty_is_nothing)
        table_head(l.table);
    table_end(l.table);
    return status == CLI_OK && n == 0 && empty_is_nothing ? CLI_NOTHING : status;
}

void rows_show(const struct cli *c, json_t *thing, const struct rows_column *columns, size_t n_columns)
{
    size_t width = 0;

    if (c->json) {
        rows_json(c, thing);
        json_decref(thing);
        return;
    }
    for (size_t i = 0; i < n_columns; i++) {
        size_t w = utf8_width(columns[i].title, strlen(columns[i].title));
        width = w > width ? w : width;
    }
    for (size_t i = 0; i < n_columns; i++) {
        char cell[CELL];
        size_t w = utf8_width(columns[i].title, strlen(columns[i].title));
        char *clean = table_clean(rows_cell(thing, &columns[i], cell, sizeof(cell)));
        fprintf(c->out, "%s%*s  %s\n", columns[i].title, (int)(width - w), "", *clean != '\0' ? clean : "-");
        free(clean);
    }
    json_decref(thing);
}
