/* Halves of characters: what is left when somebody cut a text in the middle of one. */
#include <string.h>

#include "base/mem.h"
#include "provider/drivers.h"
#include "text/utf8.h"

#define REPLACEMENT "\xEF\xBF\xBD"

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of the escape \uXXXX that begins at ${i}; -1 when there is none. */
static long escape_at(const char *s, size_t n, size_t i)
{
    long v = 0;

    if (n < 6 || i > n - 6 || s[i] != '\\' || s[i + 1] != 'u')
        return -1;
    for (size_t k = i + 2; k < i + 6; k++) {
        if (hex(s[k]) < 0)
            return -1;
        v = v << 4 | hex(s[k]);
    }
    return v;
}

/* Bytes of the escape at ${i} (a backslash); ${lone}: half a surrogate pair. */
static size_t escape_length(const char *s, size_t n, size_t i, bool *lone)
{
    long v = escape_at(s, n, i);

    *lone = false;
    if (v < 0)
        return n - i < 2 ? 1 : 2;
    if (v < 0xD800 || v > 0xDFFF)
        return 6;
    long next = v < 0xDC00 ? escape_at(s, n, i + 6) : -1;
    *lone = next < 0xDC00 || next > 0xDFFF;
    return *lone ? 6 : 12;
}

/* Bytes of a UTF-8 sequence that begins at ${i} and is broken off by a closing quote; 0 when that is not so. */
static size_t broken_off(const char *s, size_t n, size_t i)
{
    unsigned char c = (unsigned char)s[i];
    size_t need = c >= 0xF0 && c < 0xF5 ? 4 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xC2 && c < 0xE0 ? 2 : 0;
    size_t have = 1;

    while (have < need && i + have < n && ((unsigned char)s[i + have] & 0xC0) == 0x80)
        have++;
    return have < need && i + have < n && s[i + have] == '"' ? have : 0;
}

void callback_mend(struct buf *out, const char *body, size_t n)
{
    size_t from = 0, i = 0;

    buf_reset(out);
    while (i < n) {
        bool lone = false;
        size_t len = 1, gone = 0;

        if (body[i] == '\\') {
            len = escape_length(body, n, i, &lone);
            gone = lone ? len : 0;
        } else if ((unsigned char)body[i] >= 0xC2) {
            gone = broken_off(body, n, i);
            const char *p = body + i;
            if (gone)
                len = gone;
            else if (utf8_next(&p, body + n) >= 0)
                len = (size_t)(p - body) - i; /* a whole character */
        }
        if (gone) {
            (void)buf_add(out, body + from, i - from);
            (void)buf_str(out, REPLACEMENT);
            from = i + gone;
        }
        i += len;
    }
    (void)buf_add(out, body + from, n - from);
}
