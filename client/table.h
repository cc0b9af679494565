/* Tables for people: columns aligned by what a terminal shows (a Chinese character takes two places).
 *
 * Hides: widths. Rows are held back until 200 are there (or the end), so that most tables are measured whole and a list of a million rows
 * needs no memory; later rows keep at least the widths of the first. */
#ifndef CLIENT_TABLE_H
#define CLIENT_TABLE_H

#include <stdio.h>

#define TABLE_COLUMNS 16

struct table;
/* ${titles}: borrowed for the table's life. */
struct table *table_new(FILE *out, const char *const *titles, size_t n_columns);
/* Cells are copied; control characters become '?'; NULL and "" are shown as "-". ${right}: bit i = column i is a number, aligned right. */
void table_row(struct table *t, const char *const *cells, unsigned right);
/* Print the header now, for a table that may stay empty. */
void table_head(struct table *t);
/* Print what is left; frees. Returns the number of rows. An empty table prints nothing. */
size_t table_end(struct table *t);

/* ${s} for a terminal: control and bidi characters as '?'. Caller frees. */
char *table_clean(const char *s);

#endif
