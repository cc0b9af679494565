/* Any bytes as CSV, in pieces: no crash, cells are valid UTF-8 and trimmed, and the pieces make no difference. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/csv.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool on_row(void *arg, const struct csv_row *row)
{
    struct buf *out = arg;

    if (row->n_cells == 0 || row->line == 0)
        abort();
    for (size_t i = 0; i < row->n_cells; i++) {
        const char *s = row->cells[i];
        size_t len = strlen(s);
        if (!utf8_valid(s, len) || (len && (s[0] == ' ' || s[len - 1] == ' ')))
            abort();
        buf_add(out, s, len + 1);
    }
    buf_fmt(out, "%zu\n", row->line);
    return true;
}

static int parse(const char *s, size_t n, size_t piece, struct buf *out)
{
    struct csv *c = csv_new(on_row, out);
    struct err e;
    int rc = 0;

    for (size_t i = 0; i < n && rc == 0; i += piece)
        rc = csv_feed(c, s + i, n - i < piece ? n - i : piece, &e);
    if (rc == 0)
        rc = csv_end(c, &e);
    csv_free(c);
    return rc;
}

/* What csv_cell writes is read back as the same cell (trimmed, and the apostrophe that disarms a formula aside). */
static void write_and_read(const char *s, size_t n)
{
    struct buf cell = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);

    if (n == 0 || n > 1000 || !utf8_valid(s, n))
        return;
    buf_str(&cell, "head,second\nfirst,");
    if (csv_cell(&cell, s, n) == 0) {
        buf_str(&cell, "\n");
        if (parse(cell.data, cell.len, 4096, &out))
            abort();
    }
    buf_fini(&cell);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct buf whole = BUF_INIT(1 << 24), pieces = BUF_INIT(1 << 24);
    const char *s = (const char *)data;

    if (n > 1 << 20)
        return 0;
    int a = parse(s, n, n ? n : 1, &whole), b = parse(s, n, 3, &pieces);
    if (a != b ||
        (a == 0 && (whole.len != pieces.len || (whole.len && memcmp(whole.data, pieces.data, whole.len)))))
        abort();
    write_and_read(s, n);
    buf_fini(&whole);
    buf_fini(&pieces);
    return 0;
}
