#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Drop an UTF-8 character that was cut in the middle at the end of ${s}. */
static void trim_torn_character(char *s)
{
    size_t n = strlen(s), back = 0, need;
    unsigned char lead;

    while (back < n && back < 3 && ((unsigned char)s[n - 1 - back] & 0xC0) == 0x80)
        back++;
    if (back == n)
        return;
    lead = (unsigned char)s[n - 1 - back];
    need = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (need > back)
        s[n - 1 - back] = '\0';
}

static void copy_cut(char *to, size_t size, const char *from)
{
    size_t n = strlen(from);

    if (n >= size)
        n = size - 1;
    memcpy(to, from, n);
    to[n] = '\0';
    if (from[n] != '\0')
        trim_torn_character(to);
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
    else if ((size_t)n >= sizeof(e->msg))
        trim_torn_character(e->msg);
    return -1;
}

/* stdio's buffers may be in any state when we come here: format on the stack, one write. */
static void say(const char *prefix, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
static void say(const char *prefix, const char *fmt, va_list ap)
{
    char line[1200];
    size_t used = 0;
    int n;

    copy_cut(line, sizeof(line) - 1, prefix);
    used = strlen(line);
    n = vsnprintf(line + used, sizeof(line) - 1 - used, fmt, ap);
    if (n > 0)
        used = strlen(line);
    line[used++] = '\n';
    if (write(STDERR_FILENO, line, used) < 0)
        return; /* nobody is listening and we are about to end anyway */
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
