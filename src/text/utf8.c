#include "text/utf8.h"

#include <string.h>
#include <utf8proc.h>

/* What may follow a lead byte: how many bytes the character has, and the range of its second byte. The range excludes
 * overlong forms (E0, F0), surrogates (ED) and what lies past U+10FFFF (F4). */
struct lead {
    unsigned char len, lo, hi;
};

static struct lead lead_of(unsigned char c)
{
    if (c < 0x80)
        return (struct lead){1, 0, 0};
    if (c < 0xC2)
        return (struct lead){0, 0, 0};
    if (c < 0xE0)
        return (struct lead){2, 0x80, 0xBF};
    if (c < 0xF0)
        return (struct lead){3, c == 0xE0 ? 0xA0 : 0x80, c == 0xED ? 0x9F : 0xBF};
    if (c < 0xF5)
        return (struct lead){4, c == 0xF0 ? 0x90 : 0x80, c == 0xF4 ? 0x8F : 0xBF};
    return (struct lead){0, 0, 0};
}

int32_t utf8_next(const char **p, const char *end)
{
    const unsigned char *s = (const unsigned char *)*p;
    size_t n = (size_t)(end - *p);
    struct lead l = lead_of(s[0]);

    ++*p;
    if (l.len == 1)
        return s[0];
    if (l.len == 0 || n < l.len || s[1] < l.lo || s[1] > l.hi)
        return -1;
    int32_t c = s[0] & (0x7F >> l.len);
    for (size_t i = 1; i < l.len; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return -1;
        c = c << 6 | (s[i] & 0x3F);
    }
    *p += l.len - 1;
    return c;
}

size_t utf8_encode(int32_t c, char out[4])
{
    return (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)out);
}

/* Eight bytes of plain ASCII without NUL? Most of what comes by is that, or CJK. */
static bool ascii8(const char *s)
{
    uint64_t v;

    memcpy(&v, s, sizeof v);
    return (v & 0x8080808080808080u) == 0 && ((v - 0x0101010101010101u) & ~v & 0x8080808080808080u) == 0;
}

bool utf8_valid(const char *s, size_t n)
{
    const char *p = s, *end = s + n;

    while (p < end) {
        if (end - p >= 8 && ascii8(p)) {
            p += 8;
            continue;
        }
        if (utf8_next(&p, end) <= 0)
            return false;
    }
    return true;
}

size_t utf8_count(const char *s, size_t n)
{
    size_t k = 0;

    for (size_t i = 0; i < n; i++)
        k += ((unsigned char)s[i] & 0xC0) != 0x80;
    return k;
}

size_t utf8_width(const char *s, size_t n)
{
    const char *p = s, *end = s + n;
    size_t w = 0;

    while (p < end) {
        int32_t c = utf8_next(&p, end);
        if (c < 0) {
            w++; /* a terminal shows one replacement sign */
            continue;
        }
        int cw = utf8proc_charwidth(c);
        w += cw > 0 ? (size_t)cw : 0;
    }
    return w;
}

size_t utf8_cut(const char *s, size_t n, size_t max)
{
    if (n <= max)
        return n;
    size_t k = max;
    while (k > 0 && ((unsigned char)s[k] & 0xC0) == 0x80)
        k--;
    return k;
}
