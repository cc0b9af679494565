#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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

/* A line before it is escaped. */
struct raw {
    char text[LINE_MAX_BYTES];
    size_t n;
    bool quoted; /* between double quotes of the format */
    bool cut;    /* something did not fit */
};

static void add(struct raw *r, const char *s, size_t n)
{
    size_t room = sizeof(r->text) - r->n, take = n < room ? n : room;

    memcpy(r->text + r->n, s, take);
    r->n += take;
    r->cut = r->cut || take < n;
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

/* What a stranger says between double quotes must not end them. */
static void add_quoted(struct raw *r, const char *s, size_t n)
{
    for (size_t i = 0; i < n && s[i] != '\0'; i++) {
        if (s[i] == '"' || s[i] == '\\')
            add(r, "\\", 1);
        add(r, s + i, 1);
    }
}

static void add_text(struct raw *r, const char *spec, va_list ap)
{
    const char *dot = strchr(spec, '.');
    size_t most = SIZE_MAX;

    if (dot != NULL && dot[1] == '*') {
        int n = va_arg(ap, int);
        most = n >= 0 ? (size_t)n : SIZE_MAX;
    } else if (dot != NULL) {
        most = (size_t)strtoul(dot + 1, NULL, 10);
    }
    const char *s = va_arg(ap, const char *);
    if (r->quoted)
        add_quoted(r, s, most);
    else
        add(r, s, strnlen(s, most));
}

static void add_number(struct raw *r, const char *spec, va_list ap)
{
    char text[64];
    int n;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* taken from a format that the compiler has checked */
    if (strstr(spec, "ll") != NULL)
        n = snprintf(text, sizeof(text), spec, va_arg(ap, long long));
    else if (strchr(spec, 'z') != NULL)
        n = snprintf(text, sizeof(text), spec, va_arg(ap, size_t));
    else if (strchr(spec, 'l') != NULL)
        n = snprintf(text, sizeof(text), spec, va_arg(ap, long));
    else
        n = snprintf(text, sizeof(text), spec, va_arg(ap, int));
#pragma GCC diagnostic pop
    if (n < 0 || (size_t)n >= sizeof(text))
        panic("a number in a log line is too wide: %s", spec);
    add(r, text, (size_t)n);
}

/* ${fmt} with its values. Only here is it known which quotes are ours. */
static void add_pairs(struct raw *r, const char *fmt, va_list ap)
{
    while (*fmt != '\0') {
        size_t n = strcspn(fmt, "%\"");
        char spec[16];

        add(r, fmt, n);
        fmt += n;
        if (*fmt == '"') {
            r->quoted = !r->quoted;
            add(r, fmt++, 1);
            continue;
        }
        if (*fmt == '\0')
            return;
        n = 1 + strspn(fmt + 1, "-+ #0123456789.*lz") + 1;
        if (n >= sizeof(spec) || fmt[n - 1] == '\0')
            panic("the format of a log line is not understood: %s", fmt);
        memcpy(spec, fmt, n);
        spec[n] = '\0';
        fmt += n;
        if (spec[n - 1] == '%')
            add(r, "%", 1);
        else if (spec[n - 1] == 's')
            add_text(r, spec, ap);
        else if (strchr("dux", spec[n - 1]) != NULL)
            add_number(r, spec, ap);
        else
            panic("a log line cannot show a %s", spec);
    }
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
    struct raw raw = {.n = 0};
    char line[LINE_MAX_BYTES + 1];
    va_list ap;
    int head;
    size_t used, eaten;

    if (level > state.level)
        return;
    head = snprintf(raw.text, sizeof(raw.text), "level=%s event=%s%s", level_names[level], event,
                    fmt[0] != '\0' ? " " : "");
    if (head < 0 || (size_t)head >= sizeof(raw.text))
        panic("log event \"%.40s\" is no name", event);
    raw.n = (size_t)head;
    va_start(ap, fmt);
    add_pairs(&raw, fmt, ap);
    va_end(ap);
    used = escape(line, LINE_MAX_BYTES - sizeof(cut), raw.text, raw.n, &eaten);
    if (eaten < raw.n || raw.cut) { /* say that something is missing */
        memcpy(line + used, cut, sizeof(cut) - 1);
        used += sizeof(cut) - 1;
    }
    line[used] = '\0';
    if (state.tap != NULL)
        state.tap(state.tap_arg, line);
    line[used++] = '\n';
    emit(line, used);
}
