/* POST /api/v1/residents/import: one piece (<= 512 KiB, header line first) of a CSV file.
 *
 * The whole piece is judged before any row of it is stored: a piece with bad rows is refused (422, with all of them) unless ?partial=1. ?check=1 only judges; ?dry=1 also tells
 * what would change. ?first_line=N: line of the file on which the first row stands, so that rows are named by their number in the file.
 *
 * Rows are parsed twice (judge, store): storing takes several turns, and a batch of rows is much smaller than the piece. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/api_call.h"
#include "daemon/api_handlers.h"
#include "model/resident.h"
#include "queue/people.h"
#include "text/csv.h"

#define BITE     8192 /* bytes fed to the parser at a time: at most a few hundred rows */
#define ROWS_MAX 1000 /* people_put takes no more */

struct import {
    struct api_call *call;
    char *body;
    size_t n_body, at, header_end, first_line;
    bool check, dry, partial;
    struct csv *csv;
    struct resident_columns columns;
    bool have_columns;
    struct err header_err;
    struct resident *batch;
    size_t n_batch;
    json_t *errors;
    uint64_t n_rows;
    struct people_import counts;
    const char *default_area;
};

static void import_done(void *state)
{
    struct import *i = state;

    csv_free(i->csv);
    json_decref(i->errors);
    free(i->body);
    free(i->batch);
}

/* ---- rows ---- */

static void add_error(struct import *i, size_t line, const struct err *e)
{
    json_array_append_new(i->errors, json_pack("{s:I,s:o,s:o}", "line", (json_int_t)line, "column",
                                               api_call_string(e->field, strlen(e->field)), "reason",
                                               api_call_string(e->msg, strlen(e->msg))));
}

static bool on_header(struct import *i, const struct csv_row *row)
{
    i->have_columns = resident_columns(&i->columns, row->n_cells, row->cells, &i->header_err) == 0;
    return i->have_columns;
}

/* First pass: judge. */
static bool on_judged_row(void *arg, const struct csv_row *row)
{
    struct import *i = arg;
    struct resident r;
    struct err e;

    if (!i->have_columns)
        return on_header(i, row);
    i->n_rows++;
    if (resident_from_row(&r, &i->columns, row->n_cells, row->cells, i->default_area, &e) != 0)
        add_error(i, row->line, &e);
    return true;
}

/* Second pass: collect the good ones. */
static bool on_row(void *arg, const struct csv_row *row)
{
    struct import *i = arg;
    struct err e;

    if (!i->have_columns)
        return on_header(i, row);
    if (i->n_batch == ROWS_MAX)
        panic("more than %d rows in %d bytes", ROWS_MAX, BITE);
    if (resident_from_row(&i->batch[i->n_batch], &i->columns, row->n_cells, row->cells, i->default_area,
                          &e) == 0)
        i->n_batch++;
    return true;
}

/* ---- the end ---- */

static json_t *summary(const struct import *i)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:O,s:I}", "rows", (json_int_t)i->n_rows, "added",
                     (json_int_t)i->counts.added, "changed", (json_int_t)i->counts.changed, "kept",
                     (json_int_t)i->counts.kept, "duplicate", (json_int_t)i->counts.duplicate, "errors",
                     i->errors, "ignored_columns", (json_int_t)i->columns.n_ignored);
}

static void refuse_rows(struct import *i)
{
    size_t bad = json_array_size(i->errors);
    char *words = xasprintf(
        "%zu of %llu rows are bad: nothing of this piece was imported (?partial=1 imports the others)", bad,
        (unsigned long long)i->n_rows);
    json_t *o = api_call_error_json("bad-rows", NULL, words);

    json_object_set(o, "errors", i->errors);
    free(words);
    api_call_json(i->call, 422, o);
}

/* ---- passes ---- */

static struct csv *open_csv(struct import *i, csv_row_fn on_each)
{
    i->have_columns = false;
    i->at = 0;
    return csv_new(on_each, i);
}

/* Feed at most ${n} bytes; the header line apart, because the line is told after it. */
static int feed(struct import *i, size_t n, struct err *e)
{
    bool header = i->at < i->header_end;
    size_t end = header ? i->header_end : i->n_body;
    size_t k = end - i->at < n || header ? end - i->at : n;

    if (csv_feed(i->csv, i->body + i->at, k, e) != 0)
        return -1;
    i->at += k;
    if (header)
        csv_set_line(i->csv, i->first_line);
    return i->at == i->n_body ? csv_end(i->csv, e) : 0;
}

/* The header line with its end, and blank lines before it; a line break inside quotes belongs to it. */
static size_t header_length(const char *p, size_t n)
{
    bool quoted = false, blank = true;

    for (size_t k = 0; k < n; k++) {
        quoted ^= p[k] == '"';
        blank = blank && strchr(" \t\r\n,;\xEF\xBB\xBF", p[k]) != NULL;
        if (!quoted && !blank && p[k] == '\n')
            return k + 1;
        if (!quoted && !blank && p[k] == '\r')
            return k + 1 < n && p[k + 1] == '\n' ? k + 2 : k + 1;
    }
    return n;
}

/* 0, or -1 after answering. */
static int judge(struct import *i)
{
    struct err e = {.code = ""};
    int rc = 0;

    i->csv = open_csv(i, on_judged_row);
    while (rc == 0 && i->at < i->n_body)
        rc = feed(i, i->n_body, &e);
    if (rc == 0 && !i->have_columns) {
        e = i->header_err;
        if (e.code[0] == '\0')
            err_set(&e, "bad-header", NULL, "the file is empty: the first line names the columns");
        rc = -1;
    }
    csv_free(i->csv);
    i->csv = NULL;
    if (rc != 0)
        api_call_err(i->call, &e);
    return rc;
}

static void bite(void *arg);

static void on_put(void *arg, const struct queue_result *r, const struct people_import *counts)
{
    struct import *i = arg;

    if (r->status != QUEUE_OK) {
        api_call_refused(i->call, r);
        return;
    }
    i->counts.added += counts->added;
    i->counts.changed += counts->changed;
    i->counts.kept += counts->kept;
    i->counts.duplicate += counts->duplicate;
    bite(i);
}

static void bite(void *arg)
{
    struct import *i = arg;
    struct err e;

    i->n_batch = 0;
    while (i->n_batch == 0 && i->at < i->n_body)
        if (feed(i, BITE, &e) != 0) {
            api_call_err(i->call, &e); /* judged well before: cannot happen, and is not hidden */
            return;
        }
    if (i->n_batch == 0)
        api_call_json(i->call, 200, summary(i));
    else
        people_put(i->call->q, i->batch, i->n_batch, i->dry, on_put, i);
}

void api_import_run(struct api_call *c)
{
    struct import *i;
    int64_t first_line;
    size_t n;
    const char *body = httpd_body(c->req, &n);

    if (api_call_query_i64(c, "first_line", 1, 1000000000, 2, &first_line) != 0)
        return;
    i = api_call_state(c, sizeof(*i));
    c->state_free = import_done;
    i->call = c;
    i->body = xmemdup(n > 0 ? body : "", n > 0 ? n : 1); /* the client may leave while rows are stored */
    i->n_body = n;
    i->header_end = header_length(i->body, n);
    i->first_line = (size_t)first_line;
    i->check = api_call_flag(c, "check");
    i->dry = api_call_flag(c, "dry");
    i->partial = api_call_flag(c, "partial") || i->dry;
    if (i->check || i->dry)
        api_call_target(c, i->check ? "check only" : "dry run");
    i->errors = json_array();
    i->default_area = c->community->conf->n_areas == 1 ? c->community->conf->areas[0] : NULL;
    if (judge(i) != 0)
        return;
    if (i->check)
        api_call_json(c, 200, summary(i));
    else if (json_array_size(i->errors) > 0 && !i->partial)
        refuse_rows(i);
    else {
        i->batch = xcalloc(ROWS_MAX, sizeof(*i->batch));
        i->csv = open_csv(i, on_row);
        bite(i);
    }
}
