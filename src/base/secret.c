#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/mem.h"

enum { SECRET_MAX = 64 * 1024 };

/* Read ${fd} to its end into ${bytes} of SECRET_MAX + 1. The number of bytes, or -1 with errno. */
static ssize_t read_all(int fd, char *bytes)
{
    size_t n = 0;

    while (n <= SECRET_MAX) {
        ssize_t got = read(fd, bytes + n, (size_t)SECRET_MAX + 1 - n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        n += (size_t)got;
    }
    return (ssize_t)n;
}

static void keep(struct secret *s, const char *bytes, size_t n)
{
    s->value = xmalloc(n + 1);
    memcpy(s->value, bytes, n);
    s->value[n] = '\0';
    s->len = n;
}

static int load_file(struct secret *s, const char *path, struct err *e)
{
    char *bytes;
    ssize_t n;
    size_t len;
    int fd, rc = -1, cause;

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_set(e, "secret", NULL, "cannot open the secret's file %s: %s", path, strerror(errno));
    bytes = xmalloc((size_t)SECRET_MAX + 1);
    n = read_all(fd, bytes);
    cause = errno;
    close(fd);
    len = n > 0 ? (size_t)n : 0;
    if (len > 0 && len <= SECRET_MAX && bytes[len - 1] == '\n')
        len--;
    if (n < 0)
        err_set(e, "secret", NULL, "cannot read the secret's file %s: %s", path, strerror(cause));
    else if (len > SECRET_MAX)
        err_set(e, "secret", NULL, "the secret's file %s is larger than 64 KiB", path);
    else if (len == 0)
        err_set(e, "secret", NULL, "the secret's file %s is empty", path);
    else if (memchr(bytes, '\0', len) != NULL)
        err_set(e, "secret", NULL, "the secret's file %s holds a NUL byte", path);
    else {
        keep(s, bytes, len);
        rc = 0;
    }
    explicit_bzero(bytes, (size_t)SECRET_MAX + 1);
    free(bytes);
    return rc;
}

static int load_credential(struct secret *s, const char *name, struct err *e)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    char path[PATH_MAX];
    int n;

    if (name[0] == '\0' || strchr(name, '/') != NULL || name[0] == '.')
        return err_set(e, "secret", NULL, "credential:%s is not the name of a credential", name);
    if (dir == NULL)
        return err_set(
            e, "secret", NULL,
            "credential:%s needs $CREDENTIALS_DIRECTORY, which systemd sets for LoadCredential=", name);
    n = snprintf(path, sizeof(path), "%s/%s", dir, name);
    if (n < 0 || (size_t)n >= sizeof(path))
        return err_set(e, "secret", NULL, "the path of credential:%s is too long", name);
    return load_file(s, path, e);
}

static int load_env(struct secret *s, const char *name, struct err *e)
{
    const char *value = name[0] != '\0' ? getenv(name) : NULL;
    size_t n;

    if (value == NULL)
        return err_set(e, "secret", NULL, "the environment has no variable named by env:%s", name);
    n = strlen(value);
    if (n > SECRET_MAX)
        return err_set(e, "secret", NULL, "the value of env:%s is larger than 64 KiB", name);
    if (n == 0)
        return err_set(e, "secret", NULL, "the value of env:%s is empty", name);
    keep(s, value, n);
    return 0;
}

static const struct {
    const char *prefix;
    int (*load)(struct secret *s, const char *rest, struct err *e);
} sources[] = {
    {"file:",       load_file      },
    {"credential:", load_credential},
    {"env:",        load_env       }
};

int secret_load(struct secret *s, const char *spec, struct err *e)
{
    *s = (struct secret){.value = NULL, .len = 0};
    if (spec == NULL || spec[0] == '\0')
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        size_t n = strlen(sources[i].prefix);

        if (strncmp(spec, sources[i].prefix, n) == 0)
            return sources[i].load(s, spec + n, e);
    }
    /* The text found is not repeated: it may be the secret itself. */
    return err_set(e, "secret", NULL,
                   "a secret cannot stand here itself; allowed are file:PATH, credential:NAME and env:NAME");
}

void secret_fini(struct secret *s)
{
    if (s->value != NULL)
        explicit_bzero(s->value, s->len);
    free(s->value);
    *s = (struct secret){.value = NULL, .len = 0};
}

bool secret_equal(const struct secret *s, const char *given, size_t n)
{
    unsigned char differ = 0;

    if (s->len == 0 || n == 0)
        return false;
    /* Time depends on what was given, never on how much of it was right. */
    for (size_t i = 0; i < n; i++)
        differ = (unsigned char)(differ | ((unsigned char)given[i] ^ (unsigned char)s->value[i % s->len]));
    return (differ == 0) & (n == s->len);
}

void secret_random(void *out, size_t n)
{
    unsigned char *p = out;

    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            panic("getrandom: %s", strerror(errno));
        p += got;
        n -= (size_t)got;
    }
}

void secret_random_hex(char *out, size_t n)
{
    static const char hex[] = "0123456789abcdef";

    secret_random(out, n);
    for (size_t i = n; i-- > 0;) { /* from the end: the bytes are spread out in place */
        unsigned char c = (unsigned char)out[i];

        out[2 * i + 1] = hex[c & 15];
        out[2 * i] = hex[c >> 4];
    }
    out[2 * n] = '\0';
}
