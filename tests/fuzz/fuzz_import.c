/* Any bytes as a file for `crier resident import`: the pieces hold every byte after the header once and in order, and say truly on which line they begin. */
#include <stdlib.h>
#include <string.h>

#include "client/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Line ends as a person counts them: LF, CR LF, CR. */
static size_t lines_in(const char *p, size_t n)
{
    size_t lines = 0;

    for (size_t i = 0; i < n; i++)
        lines += p[i] == '\r' || (p[i] == '\n' && (i == 0 || p[i - 1] != '\r'));
    return lines;
}

/* The input is repeated to a size that needs several pieces when it begins with a slash. */
static void make_file(const uint8_t *data, size_t n, struct buf *file)
{
    size_t times = data[0] == '/' ? 900000 / n + 1 : 1;

    for (size_t i = 0; i < times; i++)
        buf_add(file, data, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct buf file = BUF_INIT(1 << 23), piece = BUF_INIT(1 << 20);
    struct import in;
    struct err e;
    size_t line = 0, at = 0;
    int got;
    FILE *f;

    if (n == 0 || n > 1 << 16)
        return 0;
    make_file(data, n, &file);
    f = fmemopen(file.data, file.len, "r");
    if (f == NULL)
        return 0;
    import_init(&in, f);
    while ((got = import_next(&in, &piece, &line, &e)) == 1) {
        if (piece.len < in.header.len || memcmp(piece.data, in.header.data, in.header.len) != 0)
            abort();
        if (at == 0) { /* the header comes from the beginning of the file */
            if (in.header.len > file.len || memcmp(file.data, in.header.data, in.header.len) != 0)
                abort();
            at = in.header.len;
        }
        if (line != 1 + lines_in(file.data, at))
            abort();
        if (at + piece.len - in.header.len > file.len ||
            memcmp(file.data + at, piece.data + in.header.len, piece.len - in.header.len) != 0)
            abort();
        at += piece.len - in.header.len;
    }
    if (got == 0 && at != file.len && in.header.len > 0)
        abort();
    import_fini(&in);
    fclose(f);
    buf_fini(&file);
    buf_fini(&piece);
    return 0;
}
