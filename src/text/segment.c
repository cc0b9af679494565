#include "text/segment.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "text/utf8.h"

/* The default alphabet of 3GPP TS 23.038 beyond ASCII. ASCII itself is below, as ranges with holes. */
static const uint16_t GSM7_OTHER[] = {
    0xA3,  0xA5,  0xE8,  0xE9,  0xF9,  0xEC,  0xF2,  0xC7,  0xD8,  0xF8, 0xC5, 0xE5, 0x394,
    0x3A6, 0x393, 0x39B, 0x3A9, 0x3A0, 0x3A8, 0x3A3, 0x398, 0x39E, 0xC6, 0xE6, 0xDF, 0xC9,
    0xA4,  0xA1,  0xC4,  0xD6,  0xD1,  0xDC,  0xA7,  0xBF,  0xE4,  0xF6, 0xF1, 0xFC, 0xE0,
};

/* Septets that a character costs; 0 when the alphabet has it not. */
static unsigned gsm7_septets(int32_t c)
{
    if (c == '\n' || c == '\r')
        return 1;
    if (c == '\f' || c == 0x20AC)
        return 2;
    if (c < 0x20)
        return 0;
    if (c < 0x7F)
        return c == '`' ? 0 : strchr("^{}\\[~]|", c) ? 2 : 1;
    for (size_t i = 0; i < sizeof GSM7_OTHER / sizeof GSM7_OTHER[0]; i++)
        if (GSM7_OTHER[i] == c)
            return 1;
    return 0;
}

static unsigned utf16_units(int32_t c)
{
    return c > 0xFFFF ? 2 : 1;
}

/* Up to four pieces make one message: bracket, signature, bracket, text. */
struct piece {
    const char *s;
    size_t n;
};
#define N_PIECES 4

static bool has_brackets(const char *sign)
{
    size_t n = strlen(sign);
    return (n >= 6 && !memcmp(sign, "【", 3) && !memcmp(sign + n - 3, "】", 3)) ||
           (n >= 2 && sign[0] == '[' && sign[n - 1] == ']');
}

static void pieces_of(struct piece out[N_PIECES], const char *text, size_t n, const char *sign,
                      enum segment_market m)
{
    bool bare = sign && *sign && !has_brackets(sign);
    const char *open = m == SEGMENT_CN ? "【" : "[", *close = m == SEGMENT_CN ? "】" : "]";

    out[0] = (struct piece){open, bare ? strlen(open) : 0};
    out[1] = (struct piece){sign ? sign : "", sign ? strlen(sign) : 0};
    out[2] = (struct piece){close, bare ? strlen(close) : 0};
    out[3] = (struct piece){text, n};
}

static bool all_gsm7(const struct piece *ps)
{
    for (size_t i = 0; i < N_PIECES; i++)
        for (const char *p = ps[i].s, *end = p + ps[i].n; p < end;)
            if (gsm7_septets(utf8_next(&p, end)) == 0)
                return false;
    return true;
}

/* Fill parts of ${per} units one after the other: a character of two units (an escape and its follower, a surrogate
 * pair) is never cut, so it may leave a unit of a part unused. Returns units in all. */
static size_t pack(const struct piece *ps, bool gsm7, size_t per, size_t *n_parts, size_t *left)
{
    size_t total = 0, used = 0, parts = 1;

    for (size_t i = 0; i < N_PIECES; i++)
        for (const char *p = ps[i].s, *end = p + ps[i].n; p < end;) {
            int32_t c = utf8_next(&p, end);
            size_t u = gsm7 ? gsm7_septets(c) : utf16_units(c);
            total += u;
            if (used + u > per) {
                parts++;
                used = 0;
            }
            used += u;
        }
    *n_parts = parts;
    *left = per - used;
    return total;
}

/* The mainland: every character is one, whatever it is; up to 70 in one part, else 67 a part. */
static void measure_cn(const struct piece *ps, struct segment_measure *out)
{
    size_t n = pack(ps, false, SIZE_MAX, &out->parts, &out->left);

    out->encoding = SEGMENT_UCS2;
    out->characters = n;
    out->parts = n <= 70 ? 1 : (n + 66) / 67;
    out->left = n <= 70 ? 70 - n : out->parts * 67 - n;
}

static void measure_intl(const struct piece *ps, struct segment_measure *out)
{
    bool gsm7 = all_gsm7(ps);
    size_t single = gsm7 ? 160 : 70, many = gsm7 ? 153 : 67;

    out->encoding = gsm7 ? SEGMENT_GSM7 : SEGMENT_UCS2;
    out->characters = pack(ps, gsm7, single, &out->parts, &out->left);
    if (out->parts > 1)
        pack(ps, gsm7, many, &out->parts, &out->left);
}

void segment_measure(const char *text, size_t n, const char *sign, enum segment_market m,
                     struct segment_measure *out)
{
    struct piece ps[N_PIECES];

    if (n == 0) {
        *out = (struct segment_measure){.encoding = m == SEGMENT_CN ? SEGMENT_UCS2 : SEGMENT_GSM7,
                                        .left = m == SEGMENT_CN ? 70 : 160};
        return;
    }
    pieces_of(ps, text, n, sign, m);
    if (m == SEGMENT_CN)
        measure_cn(ps, out);
    else
        measure_intl(ps, out);
}

const char *segment_encoding_name(enum segment_encoding e)
{
    return e == SEGMENT_GSM7 ? "gsm7" : "ucs2";
}
