/* Runs a fuzz target over files, without libFuzzer: to repeat a finding under gdb or valgrind, or where there is only gcc.
 *
 *   cc -D_GNU_SOURCE -Isrc -I. tests/fuzz/driver.c tests/fuzz/fuzz_csv.c build/release/lib{text,base}.a -lutf8proc -o x
 *   ./x tests/fuzz/corpus_csv/*
 */
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int run(const char *path)
{
    struct buf b = BUF_INIT(1 << 24);
    char chunk[65536];
    size_t n;
    FILE *f = fopen(path, "re");

    if (!f) {
        perror(path);
        return 1;
    }
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        if (buf_add(&b, chunk, n) < 0)
            break;
    fclose(f);
    LLVMFuzzerTestOneInput((const uint8_t *)buf_cstr(&b), b.len);
    buf_fini(&b);
    return 0;
}

int main(int argc, char **argv)
{
    int rc = 0;

    for (int i = 1; i < argc; i++)
        rc |= run(argv[i]);
    printf("%d files\n", argc - 1);
    return rc;
}
