/* Reads the descriptions of HTTP APIs: the daemon reads files, provider/spec.h reads text. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "daemon/link_int.h"
#include "provider/spec.h"

#define DEFAULT_DIR "/etc/crier/providers.d"

static int fail(struct err *e, const char *path, const char *why)
{
    return err_set(e, "bad-spec", "spec", "%.200s: %s; allowed: a readable description of at most %d bytes",
                   path, why, SPEC_FILE_MAX);
}

static int read_all(const char *path, struct buf *out, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    char piece[4096];
    ssize_t got;

    if (fd < 0)
        return fail(e, path, strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return fail(e, path, "not a file");
    }
    while ((got = read(fd, piece, sizeof(piece))) > 0 && buf_add(out, piece, (size_t)got) == 0)
        ;
    close(fd);
    if (got < 0)
        return fail(e, path, strerror(errno));
    return out->overflow ? fail(e, path, "larger than that") : 0;
}

struct spec *link_spec_load(const char *dir, const char *name, struct err *e)
{
    char *path = xasprintf("%s/%s.conf", dir != NULL && dir[0] != '\0' ? dir : DEFAULT_DIR, name);
    struct buf text = BUF_INIT(SPEC_FILE_MAX);
    struct spec *s = NULL;

    if (read_all(path, &text, e) == 0)
        s = spec_parse(buf_cstr(&text), text.len, path, e);
    buf_fini(&text);
    free(path);
    return s;
}
