#include "text/csv.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/utf8.h"

#define ROW_MAX 65536

static const char UTF16[] = "the file is UTF-16: save it as \"CSV UTF-8\"";

/* In both encodings a byte below 0x30 is never part of another character, so lines, quotes and commas are found in the
 * bytes as they come, and a row is decoded when it is complete. */
enum encoding { UNDECIDED, UTF8, GB18030 };
enum state { CELL_BEGIN, IN_PLAIN, IN_QUOTES, QUOTE_SEEN };

struct csv {
    csv_row_fn on_row;
    void *arg;
    enum encoding encoding;
    enum state state;
    char delimiter; /* 0 until the header line is complete */
    bool after_cr, stopped, failed, any_byte;
    struct buf head; /* the header line as it came, until the delimiter is known */
    bool head_quoted;
    struct buf row;     /* cells, each ended by NUL */
    struct buf decoded; /* the same in UTF-8 */
    size_t n_cells;
    const char **cells;
    size_t cap_cells;
    size_t line, row_line, quote_line; /* line: where the next byte stands */
    iconv_t iconv;
    struct err err;
};

struct csv *csv_new(csv_row_fn on_row, void *arg)
{
    struct csv *c = xcalloc(1, sizeof *c);

    c->on_row = on_row;
    c->arg = arg;
    c->line = c->row_line = 1;
    c->iconv = (iconv_t)-1;
    buf_init(&c->head, ROW_MAX);
    buf_init(&c->row, ROW_MAX);
    buf_init(&c->decoded, 2 * ROW_MAX); /* two bytes of GB18030 are at most three of UTF-8 */
    return c;
}

void csv_free(struct csv *c)
{
    if (!c)
        return;
    if (c->iconv != (iconv_t)-1)
        iconv_close(c->iconv);
    buf_fini(&c->head);
    buf_fini(&c->row);
    buf_fini(&c->decoded);
    free(c->cells);
    free(c);
}

void csv_set_line(struct csv *c, size_t line)
{
    c->line = line;
}

static int fail(struct csv *c, const char *why, size_t line)
{
    c->failed = true;
    return err_set(&c->err, "bad-csv", NULL, "line %zu: %s", line, why);
}

/* --- a complete row ------------------------------------------------------------------------------------------- */

static bool is_ascii(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] >= 0x80)
            return false;
    return true;
}

/* As utf8_valid, and NUL may end cells. */
static bool cells_are_utf8(const char *s, size_t n)
{
    for (const char *p = s, *end = s + n; p < end;)
        if (utf8_next(&p, end) < 0)
            return false;
    return true;
}

static int from_gb18030(struct csv *c)
{
    char chunk[4096], *in = c->row.data;
    size_t n_in = c->row.len;

    if (c->iconv == (iconv_t)-1)
        c->iconv = iconv_open("UTF-8", "GB18030");
    if (c->iconv == (iconv_t)-1)
        return fail(c, "the system cannot decode GB18030: save the file as UTF-8", c->row_line);
    buf_reset(&c->decoded);
    iconv(c->iconv, NULL, NULL, NULL, NULL);
    while (n_in) {
        char *out = chunk;
        size_t n_out = sizeof chunk;
        size_t rc = iconv(c->iconv, &in, &n_in, &out, &n_out);
        buf_add(&c->decoded, chunk, sizeof chunk - n_out);
        if (rc == (size_t)-1 && errno != E2BIG)
            return fail(c, "there are bytes that are neither UTF-8 nor GB18030", c->row_line);
    }
    return c->decoded.overflow ? fail(c, "the row is longer than 64 KiB", c->row_line) : 0;
}

/* The bytes of the row in UTF-8, borrowed until the next row; NULL after fail(). The first row that is not all ASCII decides. */
static char *decode(struct csv *c)
{
    if (is_ascii(c->row.data, c->row.len))
        return c->row.data;
    bool utf8 = cells_are_utf8(c->row.data, c->row.len);
    if (c->encoding == UNDECIDED)
        c->encoding = utf8 ? UTF8 : GB18030;
    if (c->encoding == GB18030)
        return from_gb18030(c) ? NULL : c->decoded.data;
    if (utf8)
        return c->row.data;
    fail(c, "there are bytes that are not UTF-8, though the file began as UTF-8", c->row_line);
    return NULL;
}

/* Length of the blank that begins (ends) ${s}: ASCII, no-break and ideographic blanks; 0 = none. */
static size_t blank_at(const char *s, size_t n, bool back)
{
    static const char *const WIDE[] = {"\xC2\xA0", "\xE3\x80\x80", "\xEF\xBB\xBF"};
    char c;

    if (n == 0)
        return 0;
    c = back ? s[n - 1] : s[0];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
        return 1;
    for (size_t i = 0; i < ARRAY_LEN(WIDE) && (unsigned char)c >= 0x80; i++) {
        size_t k = strlen(WIDE[i]);
        if (n >= k && memcmp(back ? s + n - k : s, WIDE[i], k) == 0)
            return k;
    }
    return 0;
}

static char *trim(char *s, size_t n)
{
    size_t k;

    while ((k = blank_at(s, n, true)) != 0)
        n -= k;
    while ((k = blank_at(s, n, false)) != 0) {
        s += k;
        n -= k;
    }
    s[n] = '\0';
    return s;
}

static int row_done(struct csv *c)
{
    bool empty = true;
    char *p;

    if (c->row.overflow)
        return fail(c, "the row is longer than 64 KiB", c->row_line);
    if ((p = decode(c)) == NULL)
        return -1;
    if (c->n_cells > c->cap_cells) {
        c->cap_cells = c->n_cells < 16 ? 16 : 2 * c->n_cells;
        c->cells = xrealloc(c->cells, c->cap_cells * sizeof *c->cells);
    }
    for (size_t i = 0; i < c->n_cells; i++) {
        size_t n = strlen(p);
        c->cells[i] = trim(p, n);
        empty = empty && c->cells[i][0] == '\0';
        p += n + 1;
    }
    struct csv_row row = {.line = c->row_line, .n_cells = c->n_cells, .cells = c->cells};
    /* Blank lines, and the rows of nothing but commas that spreadsheets append, are no rows. */
    if (!empty && !c->on_row(c->arg, &row))
        c->stopped = true;
    buf_reset(&c->row);
    c->n_cells = 0;
    return 0;
}

/* --- bytes to cells ------------------------------------------------------------------------------------------- */

static void cell_done(struct csv *c)
{
    buf_chr(&c->row, '\0');
    c->n_cells++;
    c->state = CELL_BEGIN;
}

/* The end of a line outside quotes. */
static int line_done(struct csv *c)
{
    cell_done(c);
    return row_done(c);
}

static int in_cell(struct csv *c, char ch)
{
    switch (c->state) {
    case CELL_BEGIN:
        if (ch == ' ' || (ch == '\t' && c->delimiter != '\t'))
            return buf_chr(&c->row, ch);
        c->state = ch == '"' ? IN_QUOTES : IN_PLAIN;
        c->quote_line = c->line;
        return ch == '"' ? 0 : buf_chr(&c->row, ch);
    case IN_PLAIN:
        return buf_chr(&c->row, ch);
    case IN_QUOTES:
        if (ch != '"')
            return buf_chr(&c->row, ch);
        c->state = QUOTE_SEEN;
        return 0;
    case QUOTE_SEEN:
        /* A second quote is one; anything else after the closing quote is taken as it is. */
        c->state = ch == '"' ? IN_QUOTES : IN_PLAIN;
        return buf_chr(&c->row, ch);
    }
    return 0;
}

static int one_byte(struct csv *c, char ch)
{
    bool newline = ch == '\n' || ch == '\r', second = ch == '\n' && c->after_cr;
    int rc = 0;

    c->after_cr = ch == '\r';
    if (c->row.len == 0 && c->n_cells == 0 && c->state == CELL_BEGIN)
        c->row_line = c->line;
    if (newline && c->state != IN_QUOTES)
        rc = second ? 0 : line_done(c);
    else if (ch == c->delimiter && c->state != IN_QUOTES)
        cell_done(c);
    else
        in_cell(c, ch);
    c->line += newline && !second;
    if (c->row.overflow)
        return fail(c,
                    c->state == IN_QUOTES ? "a quote is opened here and not closed within 64 KiB"
                                          : "the row is longer than 64 KiB",
                    c->state == IN_QUOTES ? c->quote_line : c->row_line);
    return rc;
}

static int bytes(struct csv *c, const char *p, size_t n)
{
    for (size_t i = 0; i < n && !c->stopped; i++) {
        /* Inside a plain cell most bytes are just that. */
        size_t from = i;
        while (c->state == IN_PLAIN && i < n && p[i] != c->delimiter && p[i] != '\n' && p[i] != '\r')
            i++;
        if (i > from) {
            buf_add(&c->row, p + from, i - from);
            c->after_cr = false;
            if (i == n)
                return c->row.overflow ? fail(c, "the row is longer than 64 KiB", c->row_line) : 0;
        }
        if (one_byte(c, p[i]))
            return -1;
    }
    return 0;
}

/* --- the header line: which delimiter? ------------------------------------------------------------------------ */

static char choose_delimiter(const char *s, size_t n)
{
    static const char CANDIDATES[] = ",;\t";
    size_t count[sizeof CANDIDATES] = {0};
    bool quoted = false;
    char best = ',';

    for (size_t i = 0; i < n; i++) {
        const char *hit = s[i] && !quoted ? strchr(CANDIDATES, s[i]) : NULL;
        quoted ^= s[i] == '"';
        if (hit)
            count[hit - CANDIDATES]++;
    }
    if (count[1] > count[0])
        best = ';';
    if (count[2] > count[0] && count[2] > count[1])
        best = '\t';
    return best;
}

/* Decide, then take the header line through the ordinary way. */
static int head_done(struct csv *c)
{
    const char *p = c->head.data;
    size_t n = c->head.len;

    if (n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0) {
        c->encoding = UTF8;
        p += 3;
        n -= 3;
    } else if (n >= 2 && (memcmp(p, "\xFF\xFE", 2) == 0 || memcmp(p, "\xFE\xFF", 2) == 0)) {
        return fail(c, UTF16, 1);
    }
    c->delimiter = choose_delimiter(p, n);
    int rc = bytes(c, p, n);
    buf_fini(&c->head);
    return rc;
}

/* How many of the ${n} bytes belong to the header line (its end included)? *complete: is that all of it? A line of nothing but
 * its end is no header line, but it counts as a line. */
static size_t head_take(struct csv *c, const char *p, size_t n, bool *complete)
{
    for (size_t i = 0; i < n; i++) {
        c->head_quoted ^= p[i] == '"';
        bool newline = p[i] == '\n' || p[i] == '\r';
        if (newline && !c->head_quoted && c->any_byte) {
            *complete = true;
            return i + 1;
        }
        c->any_byte = c->any_byte || !newline;
    }
    *complete = false;
    return n;
}

static bool begins_utf16(const struct csv *c, const char *p)
{
    return c->delimiter == 0 && (unsigned char)(c->head.len ? c->head.data[0] : p[0]) >= 0xFE;
}

static int feed(struct csv *c, const char *p, size_t n)
{
    if (memchr(p, '\0', n))
        return fail(c, begins_utf16(c, p) ? UTF16 : "there is a NUL byte: this is no text file", c->line);
    if (c->delimiter == 0) {
        bool complete;
        size_t k = head_take(c, p, n, &complete);
        if (buf_add(&c->head, p, k))
            return fail(c, "the header line is longer than 64 KiB, or a quote in it is not closed", 1);
        if (!complete)
            return 0;
        if (head_done(c))
            return -1;
        p += k;
        n -= k;
    }
    return bytes(c, p, n);
}

static int result(const struct csv *c, int rc, struct err *e)
{
    if (rc && e)
        *e = c->err;
    return rc;
}

int csv_feed(struct csv *c, const char *p, size_t n, struct err *e)
{
    if (c->failed)
        return result(c, -1, e);
    return c->stopped || n == 0 ? 0 : result(c, feed(c, p, n), e);
}

int csv_end(struct csv *c, struct err *e)
{
    if (c->failed)
        return result(c, -1, e);
    if (!c->stopped && c->delimiter == 0 && c->head.len && head_done(c))
        return result(c, -1, e);
    if (c->stopped)
        return 0;
    if (c->state == IN_QUOTES)
        return result(c, fail(c, "a quote is opened here and never closed", c->quote_line), e);
    if (c->row.len == 0 && c->n_cells == 0 && c->state == CELL_BEGIN)
        return 0;
    return result(c, line_done(c), e);
}

/* --- writing -------------------------------------------------------------------------------------------------- */

static bool is_number(const char *s, size_t n)
{
    size_t i = n && (s[0] == '+' || s[0] == '-'), n_digits = 0, n_dots = 0;

    for (; i < n; i++) {
        n_digits += s[i] >= '0' && s[i] <= '9';
        n_dots += s[i] == '.';
    }
    return n_digits && n_dots <= 1 && n_digits + n_dots + (s[0] == '+' || s[0] == '-') == n;
}

/* Would a spreadsheet take it for a formula? Full-width signs too: some convert them first. */
static bool is_formula(const char *s, size_t n)
{
    static const char *const WIDE[] = {"\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D",
                                       "\xEF\xBC\xA0"}; /* ＝ ＋ － ＠ */

    if (n == 0 || s[0] == '\0')
        return false;
    if (strchr("=+-@\t\r", s[0]))
        return !is_number(s, n);
    for (size_t i = 0; i < ARRAY_LEN(WIDE); i++)
        if (n >= 3 && memcmp(s, WIDE[i], 3) == 0)
            return true;
    return false;
}

int csv_cell(struct buf *out, const char *s, size_t n)
{
    bool formula = is_formula(s, n), quote = n && (s[0] == ' ' || s[n - 1] == ' ');

    for (size_t i = 0; i < n && !quote; i++)
        quote = s[i] && strchr(",;\t\"\r\n", s[i]);
    if (quote)
        buf_chr(out, '"');
    if (formula)
        buf_chr(out, '\'');
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '"')
            buf_chr(out, '"');
        buf_chr(out, s[i]);
    }
    if (quote)
        buf_chr(out, '"');
    return out->overflow ? -1 : 0;
}
