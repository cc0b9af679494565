/* A CSV file in pieces that the daemon can take: each with the header line, cut between rows.
 *
 * Hides: where rows end (quotes, CR LF). Memory is bounded by one piece. The bytes are passed on as they are: decoding and judging is the daemon's. */
#ifndef CLIENT_IMPORT_H
#define CLIENT_IMPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"

#define IMPORT_PIECE (384u * 1024) /* rows per piece, in bytes; with header at most 512 KiB */

struct import {
    FILE *f; /* borrowed */
    struct buf header, rows;
    size_t safe, safe_lines; /* whole rows at the beginning of `rows`, and the lines they take */
    size_t seen, lines;      /* scanned so far, and the line ends in it */
    size_t line;             /* line of the file on which `rows` begins */
    enum { IMPORT_CELL, IMPORT_PLAIN, IMPORT_QUOTED, IMPORT_QUOTE_SEEN } state;
    bool after_cr, end;
    int64_t n_read;
};

void import_init(struct import *i, FILE *f);
void import_fini(struct import *i);
/* The next piece in ${out} (reset first) and the line of its first row. 1; 0 at the end; -1 with e->msg (unreadable, a row or header that is too long). */
int import_next(struct import *i, struct buf *out, size_t *first_line, struct err *e);

#endif
