#include "base/err.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* At most PIPE_BUF, as in log.c. How long a reader who is behind may take before we end without a word. */
enum { LINE_MAX_BYTES = 1200, READER_MS = 1000 };

/* The length that an UTF-8 character should have by its first byte; 0 = no first byte. */
static size_t character_length(unsigned char lead)
{
    return lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
}

/* Drop what is left of UTF-8 characters that were cut, at the end of ${s} or where "%.40s" ended within it. */
static void drop_torn_characters(char *s)
{
    char *to = s;

    while (*s != '\0') {
        size_t need = character_length((unsigned char)*s), have = 1;

        while (have < need && ((unsigned char)s[have] & 0xC0) == 0x80)
            have++;
        if (have == need) {
            memmove(to, s, have);
            to += have;
        }
        s += have;
    }
    *to = '\0';
}

static void copy_cut(char *to, size_t size, const char *from)
{
    size_t n = strlen(from);

    if (n >= size)
        n = size - 1;
    memcpy(to, from, n);
    to[n] = '\0';
    if (from[n] != '\0')
        drop_torn_characters(to);
}

int err_set(struct err *e, const char *code, const char *field, const char *fmt, ...)
{
    va_list ap;
    int n;

    if (e == NULL)
        return -1;
    copy_cut(e->code, sizeof(e->code), code);
    copy_cut(e->field, sizeof(e->field), field != NULL ? field : "");
    va_start(ap, fmt);
    n = vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
    va_end(ap);
    if (n < 0)
        copy_cut(e->msg, sizeof(e->msg), code);
    else
        drop_torn_characters(e->msg);
    return -1;
}

/* Whoever must end cannot wait for a reader that has stopped: a process that hangs in its last words is not restarted. */
static void write_last_words(const char *line, size_t n)
{
    struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};

    if (poll(&p, 1, READER_MS) != 1 || (p.revents & POLLOUT) == 0)
        return;
    if (send(STDERR_FILENO, line, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == ENOTSOCK &&
        write(STDERR_FILENO, line, n) < 0)
        return; /* nobody is listening and we are about to end anyway */
}

/* stdio's buffers may be in any state when we come here: format on the stack, one write. */
static void say(const char *prefix, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
static void say(const char *prefix, const char *fmt, va_list ap)
{
    char line[LINE_MAX_BYTES];
    size_t used = 0;
    int n;

    copy_cut(line, sizeof(line) - 1, prefix);
    used = strlen(line);
    n = vsnprintf(line + used, sizeof(line) - 1 - used, fmt, ap);
    if (n > 0)
        used = strlen(line);
    line[used++] = '\n';
    write_last_words(line, used);
}

void panic_at(const char *file, int line, const char *fmt, ...)
{
    char prefix[300];
    va_list ap;

    if (snprintf(prefix, sizeof(prefix), "panic: %s:%d: ", file, line) < 0)
        prefix[0] = '\0';
    va_start(ap, fmt);
    say(prefix, fmt, ap);
    va_end(ap);
    abort();
}

void fatal(int status, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say("", fmt, ap);
    va_end(ap);
    exit(status);
}
