#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void buf_init(struct buf *b, size_t ceiling)
{
    *b = BUF_INIT(ceiling);
}

void buf_fini(struct buf *b)
{
    free(b->data);
    *b = BUF_INIT(b->ceiling);
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->overflow = false;
    if (b->data != NULL)
        b->data[0] = '\0';
}

void buf_wipe(struct buf *b)
{
    if (b->data != NULL)
        explicit_bzero(b->data, b->cap);
    buf_fini(b);
}

/* Room for ${n} more bytes and the NUL. */
static int reserve(struct buf *b, size_t n)
{
    size_t want, cap;

    if (b->overflow || n > b->ceiling || b->len > b->ceiling - n) {
        b->overflow = true;
        return -1;
    }
    want = b->len + n + 1;
    if (want <= b->cap)
        return 0;
    cap = b->cap < 64 ? 64 : b->cap;
    while (cap < want)
        cap += cap < 1U << 20 ? cap : cap / 2;
    if (cap > b->ceiling + 1)
        cap = b->ceiling + 1;
    b->data = xrealloc(b->data, cap);
    b->cap = cap;
    return 0;
}

int buf_add(struct buf *b, const void *p, size_t n)
{
    if (reserve(b, n) < 0)
        return -1;
    if (n != 0)
        memcpy(b->data + b->len, p, n);
    b->len += n;
    b->data[b->len] = '\0';
    return 0;
}

int buf_str(struct buf *b, const char *s)
{
    return buf_add(b, s, strlen(s));
}

int buf_chr(struct buf *b, char c)
{
    return buf_add(b, &c, 1);
}

int buf_vfmt(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    size_t room = b->cap > b->len ? b->cap - b->len : 0;
    int n;

    va_copy(again, ap);
    n = vsnprintf(room != 0 ? b->data + b->len : NULL, room, fmt, ap);
    if (n < 0)
        panic("buf_fmt: bad format \"%s\"", fmt);
    if (reserve(b, (size_t)n) < 0) {
        if (room != 0)
            b->data[b->len] = '\0'; /* undo what the first try wrote */
        va_end(again);
        return -1;
    }
    if ((size_t)n >= room && vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again) != n)
        panic("buf_fmt: two lengths for one format \"%s\"", fmt);
    va_end(again);
    b->len += (size_t)n;
    return 0;
}

int buf_fmt(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    int rc;

    va_start(ap, fmt);
    rc = buf_vfmt(b, fmt, ap);
    va_end(ap);
    return rc;
}

static int add_number(struct buf *b, uint64_t v, bool negative)
{
    char digits[21];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    if (negative)
        digits[--at] = '-';
    return buf_add(b, digits + at, sizeof(digits) - at);
}

int buf_u64(struct buf *b, uint64_t v)
{
    return add_number(b, v, false);
}

int buf_i64(struct buf *b, int64_t v)
{
    return v < 0 ? add_number(b, 0 - (uint64_t)v, true) : add_number(b, (uint64_t)v, false);
}

/* What stands after the backslash; 'u' = \u00XX; 0 = the byte stays as it is. */
static const char json_escape[256] = {
    [0] = 'u',  [1] = 'u',    [2] = 'u',    [3] = 'u',    [4] = 'u',   [5] = 'u',     [6] = 'u',
    [7] = 'u',  ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', [11] = 'u',  ['\f'] = 'f',  ['\r'] = 'r',
    [14] = 'u', [15] = 'u',   [16] = 'u',   [17] = 'u',   [18] = 'u',  [19] = 'u',    [20] = 'u',
    [21] = 'u', [22] = 'u',   [23] = 'u',   [24] = 'u',   [25] = 'u',  [26] = 'u',    [27] = 'u',
    [28] = 'u', [29] = 'u',   [30] = 'u',   [31] = 'u',   ['"'] = '"', ['\\'] = '\\',
};

static int json_escaped(struct buf *b, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char out[6] = {'\\', json_escape[c], '0', '0', hex[c >> 4], hex[c & 15]};

    return buf_add(b, out, out[1] == 'u' ? 6 : 2);
}

int buf_json(struct buf *b, const char *s, size_t n)
{
    size_t before = b->len, from = 0, i = 0;

    while (i < n) {
        while (i < n && json_escape[(unsigned char)s[i]] == 0)
            i++;
        if (buf_add(b, s + from, i - from) < 0)
            goto refused;
        if (i < n && json_escaped(b, (unsigned char)s[i++]) < 0)
            goto refused;
        from = i;
    }
    return b->overflow ? -1 : 0;
refused:
    b->len = before;
    if (b->data != NULL)
        b->data[before] = '\0';
    return -1;
}

const char *buf_cstr(const struct buf *b)
{
    return b->data != NULL ? b->data : "";
}

char *buf_take(struct buf *b)
{
    char *p = b->data != NULL ? b->data : xstrdup("");

    *b = BUF_INIT(b->ceiling);
    return p;
}
