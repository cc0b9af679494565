/* CSV as spreadsheets write it: RFC 4180 quoting, CR LF or LF, UTF-8 with or without BOM, GB18030; comma, semicolon or tab
 * (decided by the header line).
 *
 * Hides: decoding and quoting. Push parser: bytes in, rows out, memory bounded by one row (64 KiB). */
#ifndef TEXT_CSV_H
#define TEXT_CSV_H

#include "base/buf.h"

struct csv;

struct csv_row {
    size_t line; /* number of the line in the file on which the row begins, from 1: what the person sees */
    size_t n_cells;
    const char *const *cells; /* UTF-8, trimmed of blanks at both ends; borrowed for the call */
};
/* Return false to stop. Rows of nothing but blanks and delimiters, which spreadsheets append, are not reported. */
typedef bool (*csv_row_fn)(void *arg, const struct csv_row *row);

struct csv *csv_new(csv_row_fn on_row, void *arg);
/* 0, or -1 with code "bad-csv" (unclosed quote, row too long, bytes that are neither UTF-8 nor GB18030: which line). Encoding is
 * decided on what comes first that is not ASCII; a file that begins as UTF-8 and turns invalid is an error. */
int csv_feed(struct csv *c, const char *p, size_t n, struct err *e) MUSTCHECK;
/* A piece of a file comes with the file's header line before it: after that line was fed, tell on which line of the file the piece begins. */
void csv_set_line(struct csv *c, size_t line);
int csv_end(struct csv *c, struct err *e) MUSTCHECK;
void csv_free(struct csv *c);
/* Write one cell, quoted where needed; a cell that begins with = + - @ and is not a number is written so that a spreadsheet does not take
 * it for a formula. */
int csv_cell(struct buf *out, const char *s, size_t n);

#endif
