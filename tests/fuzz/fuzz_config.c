/* A configuration file: whatever it is, it loads or is refused with a sentence, and what loads prints to something that loads and prints the same. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_line(void *arg, const char *text)
{
    if (buf_fmt(arg, "%s\n", text) != 0)
        panic("the print is larger than 4 MiB");
}

static struct config *load(const void *bytes, size_t n, struct err *e)
{
    char path[40];
    int fd = memfd_create("config", 0);
    struct config *c;

    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n ||
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd) < 0)
        panic("no file to load from");
    *e = (struct err){.msg = ""};
    c = config_load(path, NULL, NULL, e);
    close(fd);
    return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf first = BUF_INIT(4 << 20), second = BUF_INIT(4 << 20);
    struct err e;
    struct config *c = load(data, size, &e), *again;

    if (c == NULL) {
        if (e.msg[0] == '\0')
            panic("refused without a word");
        return 0;
    }
    config_print(c, add_line, &first);
    again = load(first.data, first.len, &e);
    /* URLs are masked in the print and may be none any more */
    if (again == NULL && strstr(buf_cstr(&first), "***") == NULL)
        panic("what was printed does not load: %s", e.msg);
    if (again != NULL) {
        config_print(again, add_line, &second);
        if (strcmp(buf_cstr(&first), buf_cstr(&second)) != 0)
            panic("what was printed loads as something else");
    }
    config_free(c);
    config_free(again);
    buf_fini(&first);
    buf_fini(&second);
    return 0;
}
