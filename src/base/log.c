#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

/* At most PIPE_BUF: a pipe that poll() calls writable takes a line whole and at once. */
enum { LINE_MAX_BYTES = 2048 };

static const char *const level_names[] = {"error", "warn", "info", "debug"};

static struct {
    enum log_level level;
    int fd;
    unsigned long n_dropped;
    bool torn; /* the last line was written in part: the next one begins with a newline */
    void (*tap)(void *arg, const char *line);
    void *tap_arg;
} state = {.level = LOG_INFO, .fd = STDERR_FILENO};

void log_set_level(enum log_level level)
{
    state.level = level;
}

enum log_level log_level(void)
{
    return state.level;
}

int log_level_parse(const char *s)
{
    for (size_t i = 0; i < ARRAY_LEN(level_names); i++)
        if (strcmp(s, level_names[i]) == 0)
            return (int)i;
    return -1;
}

void log_set_fd(int fd)
{
    state.fd = fd;
    state.torn = false;
}

unsigned long log_dropped(void)
{
    return state.n_dropped;
}

void log_set_tap(void (*cb)(void *arg, const char *line), void *arg)
{
    state.tap = cb;
    state.tap_arg = arg;
}

/* Bytes of the well-formed UTF-8 character at ${s} (${n} > 0 bytes left), its number in ${cp}; 0 = malformed. */
static size_t utf8_next(const unsigned char *s, size_t n, uint32_t *cp)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = s[0] < 0x80 ? 1 : s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : s[0] < 0xF5 ? 4 : 0;

    if (len == 0 || len > n)
        return 0;
    *cp = len == 1 ? s[0] : s[0] & (0xFFU >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        *cp = *cp << 6 | (s[i] & 0x3FU);
    }
    if (*cp < least[len] || *cp > 0x10FFFF || (*cp >= 0xD800 && *cp <= 0xDFFF))
        return 0;
    return len;
}

/* Characters that could end the line, hide text or turn its direction. */
static bool harmful(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp <= 0x9F) || cp == 0x061C || cp == 0xFEFF ||
           (cp >= 0x200B && cp <= 0x200F) || (cp >= 0x2028 && cp <= 0x202E) || (cp >= 0x2060 && cp <= 0x206F);
}

/* Copy ${in} escaped; what does not fit into ${size} is left out at a character's border. Returns the length and in
 * ${eaten} how much of ${in} that is. */
static size_t escape(char *out, size_t size, const char *in, size_t n, size_t *eaten)
{
    static const char hex[] = "0123456789abcdef";
    const unsigned char *s = (const unsigned char *)in;
    size_t used = 0, i = 0;

    while (i < n) {
        uint32_t cp = 0;
        size_t len = utf8_next(s + i, n - i, &cp);
        bool plain = len != 0 && !harmful(cp);
        size_t take = len != 0 ? len : 1;

        if (used + (plain ? take : 4 * take) > size)
            break;
        for (size_t k = 0; k < take; k++) {
            if (plain) {
                out[used++] = in[i + k];
                continue;
            }
            memcpy(out + used, "\\x", 2);
            out[used + 2] = hex[s[i + k] >> 4];
            out[used + 3] = hex[s[i + k] & 15];
            used += 4;
        }
        i += take;
    }
    *eaten = i;
    return used;
}

/* One write that cannot block. The descriptor's flags are left alone: it is shared with whoever started us. */
static ssize_t write_now(const char *line, size_t n)
{
    struct pollfd p = {.fd = state.fd, .events = POLLOUT, .revents = 0};
    ssize_t rc = send(state.fd, line, n, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (rc >= 0 || errno != ENOTSOCK)
        return rc;
    if (poll(&p, 1, 0) != 1 || (p.revents & POLLOUT) == 0)
        return -1;
    return write(state.fd, line, n);
}

static void emit(const char *line, size_t n)
{
    ssize_t done;

    if (state.torn && write_now("\n", 1) != 1) {
        state.n_dropped++;
        return;
    }
    state.torn = false;
    done = write_now(line, n);
    if (done != (ssize_t)n)
        state.n_dropped++;
    state.torn = done > 0 && done < (ssize_t)n;
}

void log_event(enum log_level level, const char *event, const char *fmt, ...)
{
    static const char cut[] = "...";
    char raw[LINE_MAX_BYTES], line[LINE_MAX_BYTES + 1];
    va_list ap;
    int head, rest;
    size_t n, used, eaten;

    if (level > state.level)
        return;
    head = snprintf(raw, sizeof(raw), "level=%s event=%s%s", level_names[level], event,
                    fmt[0] != '\0' ? " " : "");
    if (head < 0 || (size_t)head >= sizeof(raw))
        panic("log event \"%.40s\" is no name", event);
    va_start(ap, fmt);
    rest = vsnprintf(raw + head, sizeof(raw) - (size_t)head, fmt, ap);
    va_end(ap);
    n = strlen(raw);
    used = escape(line, LINE_MAX_BYTES - sizeof(cut), raw, n, &eaten);
    if (eaten < n || rest < 0 || (size_t)head + (size_t)rest > n) { /* say that something is missing */
        memcpy(line + used, cut, sizeof(cut) - 1);
        used += sizeof(cut) - 1;
    }
    line[used] = '\0';
    if (state.tap != NULL)
        state.tap(state.tap_arg, line);
    line[used++] = '\n';
    emit(line, used);
}
