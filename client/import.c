#include "client/import.h"

#include <errno.h>
#include <string.h>

#define HEADER_MAX (64u * 1024)
#define ROWS_MAX   (IMPORT_PIECE + 128u * 1024)

void import_init(struct import *i, FILE *f)
{
    *i = (struct import){.f = f, .header = BUF_INIT(HEADER_MAX), .rows = BUF_INIT(ROWS_MAX), .line = 1};
}

void import_fini(struct import *i)
{
    buf_fini(&i->header);
    buf_fini(&i->rows);
}

/* Where quotes are: as text/csv has it, but every delimiter that it may choose counts. */
static void step(struct import *i, char ch)
{
    bool delimiter = ch == ',' || ch == ';' || ch == '\t';

    switch (i->state) {
    case IMPORT_CELL:
        if (ch != ' ' && !delimiter)
            i->state = ch == '"' ? IMPORT_QUOTED : IMPORT_PLAIN;
        break;
    case IMPORT_PLAIN:
        if (delimiter)
            i->state = IMPORT_CELL;
        break;
    case IMPORT_QUOTED:
        if (ch == '"')
            i->state = IMPORT_QUOTE_SEEN;
        break;
    case IMPORT_QUOTE_SEEN:
        i->state = ch == '"' ? IMPORT_QUOTED : delimiter ? IMPORT_CELL : IMPORT_PLAIN;
        break;
    }
}

/* Look at the bytes that were not seen yet; stop after the first row when ${one}. In UTF-8 and GB18030 bytes below 0x30 are never part of
 * another character. */
static void scan(struct import *i, bool one)
{
    bool was_row = false;

    while (i->seen < i->rows.len && !was_row) {
        char ch = i->rows.data[i->seen++];
        bool newline = ch == '\n' || ch == '\r', second = ch == '\n' && i->after_cr;
        i->after_cr = ch == '\r';
        if (!newline) {
            step(i, ch);
            continue;
        }
        i->lines += !second;
        if (i->state == IMPORT_QUOTED)
            continue;
        i->state = IMPORT_CELL;
        i->safe = i->seen;
        i->safe_lines = i->lines;
        /* The LF of a CR LF belongs to the row before it. */
        was_row = one && (ch == '\n' || (i->seen < i->rows.len && i->rows.data[i->seen] != '\n'));
    }
}

static int fill(struct import *i, struct err *e)
{
    char part[65536];
    size_t n;

    errno = 0;
    n = fread(part, 1, sizeof(part), i->f);
    if (n == 0 && ferror(i->f))
        return err_set(e, "unreadable", NULL, "%s", strerror(errno));
    i->end = n == 0;
    i->n_read += (int64_t)n;
    if (buf_add(&i->rows, part, n) != 0)
        return err_set(e, "bad-csv", NULL, "line %zu: a row without an end (is a quote open?)",
                       i->line + i->safe_lines);
    return 0;
}

/* Take the first ${n} bytes of the rows away. */
static void consume(struct import *i, size_t n, size_t lines)
{
    memmove(i->rows.data, i->rows.data + n, i->rows.len - n);
    i->rows.len -= n;
    i->seen -= n;
    i->lines -= lines;
    i->line += lines;
    i->safe = i->safe_lines = 0;
}

/* Blank lines before the header line, and a byte order mark, are no header. */
static bool is_blank(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strchr(" \t\r\n,;\xEF\xBB\xBF", p[i]) == NULL)
            return false;
    return true;
}

static int take_header(struct import *i, struct err *e)
{
    size_t begin = 0;

    for (;;) {
        i->safe = 0;
        scan(i, true);
        if (i->safe > 0 && !is_blank(i->rows.data + begin, i->safe - begin))
            break;
        begin = i->safe > 0 ? i->safe : begin;
        if (i->safe == 0 && i->end) { /* a header without a line end is all there is */
            i->safe = i->seen = i->rows.len;
            i->safe_lines = i->lines;
            break;
        }
        if (i->safe == 0 && fill(i, e) != 0)
            return -1;
    }
    if (i->safe == 0)
        return 0;
    if (buf_add(&i->header, i->rows.data, i->safe) != 0)
        return err_set(e, "bad-header", NULL, "the header line is longer than 64 KiB");
    consume(i, i->safe, i->safe_lines);
    return 0;
}

int import_next(struct import *i, struct buf *out, size_t *first_line, struct err *e)
{
    bool first = i->header.len == 0;

    if (first && take_header(i, e) != 0)
        return -1;
    scan(i, false);
    while (i->safe < IMPORT_PIECE && !i->end) {
        if (fill(i, e) != 0)
            return -1;
        scan(i, false);
    }
    if (i->end) {
        i->safe = i->seen = i->rows.len;
        i->safe_lines = i->lines;
    }
    if (i->safe == 0 && !(first && i->header.len > 0))
        return 0;
    *first_line = i->line;
    buf_reset(out);
    buf_add(out, i->header.data, i->header.len);
    if (i->safe > 0 && buf_add(out, i->rows.data, i->safe) != 0)
        return err_set(e, "bad-csv", NULL, "line %zu: a row that is too long", i->line);
    if (i->safe > 0)
        consume(i, i->safe, i->safe_lines);
    return 1;
}
