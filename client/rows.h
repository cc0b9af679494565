/* Answers of the daemon for people: lists as tables, one thing as lines of name and value; with --json what came, a line each.
 *
 * Hides: how a JSON value is written into a cell. */
#ifndef CLIENT_ROWS_H
#define CLIENT_ROWS_H

#include "client/call.h"

enum rows_kind {
    ROWS_TEXT,
    ROWS_NUMBER,
    ROWS_TIME,
    ROWS_TOTAL /* of a notice: unknown until it is staged */
};
struct rows_column {
    const char *title;
    const char *key; /* member; "a.b" looks into an object */
    enum rows_kind kind;
};

/* GET ${p} (taken) as a list. CLI_NOTHING (silent) when ${empty_is_nothing} and nothing came. */
int rows_list(struct cli *c, struct call_path *p, const struct rows_column *columns, size_t n_columns,
              bool empty_is_nothing);
/* Print one thing: as JSON on one line, or the columns as `title: value`. ${thing} is taken. */
void rows_show(const struct cli *c, json_t *thing, const struct rows_column *columns, size_t n_columns);
/* The text of one cell; ${out} of >= 512 bytes. Longer text is cut at a character's border and ends with an ellipsis. */
const char *rows_cell(const json_t *row, const struct rows_column *column, char *out, size_t n);
/* Any JSON on one line. */
void rows_json(const struct cli *c, const json_t *thing);

#endif
