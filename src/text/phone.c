#include "text/phone.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "text/utf8.h"

#define DIGITS_MAX 32

/* What a person wrote, without its decoration. */
struct written {
    char digits[DIGITS_MAX + 1];
    size_t n;
    bool plus;
};

/* The value as it may stand in a message to staff: printable and short. */
struct shown {
    char s[64];
};

static struct shown show(const char *s, size_t n)
{
    struct shown out;
    size_t k = utf8_valid(s, n) ? utf8_cut(s, n, sizeof out.s - 4) : 0;

    for (size_t i = 0; i < k; i++)
        out.s[i] = (unsigned char)s[i] < 0x20 || s[i] == 0x7F || s[i] == '"' ? ' ' : s[i];
    memcpy(out.s + k, k < n ? "..." : "", k < n ? 4 : 1);
    return out;
}

static bool begins(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

/* Blanks, hyphens and dashes, dots, brackets; and what copying from a phone or a web page leaves behind: zero-width
 * characters, direction marks, the apostrophe by which a spreadsheet marks text. */
static bool is_decoration(int32_t c)
{
    if (c < 0x80)
        return c > 0 && strchr(" \t\r\n-.()'", (int)c) != NULL;
    return c == 0xA0 || c == 0xAD || (c >= 0x2000 && c <= 0x2015) || c == 0x2019 ||
           (c >= 0x202A && c <= 0x202F) || (c >= 0x2060 && c <= 0x2069) || c == 0x2212 || c == 0x3000 ||
           c == 0xFEFF || c == 0xFF08 || c == 0xFF09 || c == 0xFF0D || c == 0xFF0E || c == 0xB7;
}

/* Signs by which people put two numbers into one field. */
static bool is_separator(int32_t c)
{
    return c == '/' || c == ',' || c == ';' || c == '|' || c == 0x3001 || c == 0xFF0C || c == 0xFF1B ||
           c == 0xFF0F;
}

/* "1.38E+10", also "1.38e10". */
static bool is_scientific(const char *s, size_t n)
{
    size_t i = 0;

    while (i < n && ((s[i] >= '0' && s[i] <= '9') || s[i] == '.'))
        i++;
    if (i == 0 || i >= n || (s[i] != 'e' && s[i] != 'E'))
        return false;
    i++;
    if (i < n && s[i] == '+')
        i++;
    size_t from = i;
    while (i < n && s[i] >= '0' && s[i] <= '9')
        i++;
    return i == n && i > from;
}

/* The number itself when all of its digits are there ("1.3800138000E+10"): one digit before the point, and no more than zeros behind those that the exponent makes whole. */
static bool scientific_whole(const char *s, size_t n, char out[PHONE_MAX])
{
    const char *e = memchr(s, 'E', n);
    size_t k, whole = 0;

    if (e == NULL)
        e = memchr(s, 'e', n);
    for (const char *p = e + 1 + (e + 1 < s + n && e[1] == '+'); p < s + n && whole < 100; p++)
        whole = 10 * whole + (size_t)(*p - '0');
    k = (size_t)(e - s);
    if (k < 2 || s[1] != '.' || k - 2 < whole || whole + 2 > PHONE_MAX)
        return false;
    for (size_t i = 2 + whole; i < k; i++)
        if (s[i] != '0')
            return false;
    out[0] = s[0];
    memcpy(out + 1, s + 2, whole);
    out[1 + whole] = '\0';
    return strchr(out, '.') == NULL;
}

static int read_written(const char *s, size_t n, struct written *w, struct err *e)
{
    const char *end = s + n;

    /* 13800138000.0: a number that went through a table of floating-point numbers. */
    if (n > 12 && s[n - 2] == '.' && s[n - 1] == '0' && memchr(s, '.', n - 2) == NULL)
        end -= 2;
    for (const char *p = s; p < end;) {
        int32_t c = utf8_next(&p, end);
        if (c >= 0xFF10 && c <= 0xFF19)
            c -= 0xFF10 - '0';
        if (is_decoration(c))
            continue;
        if ((c == '+' || c == 0xFF0B) && w->n == 0 && !w->plus) {
            w->plus = true;
            continue;
        }
        if (is_separator(c) && w->n >= 7)
            return err_set(e, "bad-phone", NULL, "\"%s\" holds more than one number: one number to a field",
                           show(s, n).s);
        if (c < '0' || c > '9')
            return err_set(e, "bad-phone", NULL,
                           "\"%s\" is not a telephone number: it holds other characters than digits",
                           show(s, n).s);
        if (w->n == DIGITS_MAX)
            return err_set(e, "bad-phone", NULL, "\"%s\" has too many digits for a telephone number",
                           show(s, n).s);
        w->digits[w->n++] = (char)c;
    }
    w->digits[w->n] = '\0';
    return 0;
}

static bool is_mobile(const char *d, size_t n)
{
    return n == 11 && d[0] == '1' && d[1] >= '3';
}

/* Countries whose numbers are checked beyond E.164, because residents use them. */
/* clang-format off */
static const struct {
    const char *code, *name;
    size_t n_digits;
    char first; /* of a number that receives texts; 0 = any */
} NEIGHBOURS[] = {
    {"852", "Hong Kong", 8, 0},
    {"853", "Macau", 8, 0},
    {"886", "Taiwan", 9, '9'},
};
/* clang-format on */

static int abroad(const struct written *w, const char *s, size_t n, char out[PHONE_MAX], struct err *e)
{
    const char *d = w->digits;
    char fixed[DIGITS_MAX + 1];

    for (size_t i = 0; i < ARRAY_LEN(NEIGHBOURS); i++) {
        size_t k = strlen(NEIGHBOURS[i].code);
        if (!begins(d, NEIGHBOURS[i].code))
            continue;
        const char *rest = d + k;
        rest += NEIGHBOURS[i].first && *rest == '0'; /* +886 (0)912... */
        if (strlen(rest) != NEIGHBOURS[i].n_digits || (NEIGHBOURS[i].first && *rest != NEIGHBOURS[i].first))
            return err_set(e, "bad-phone", NULL,
                           "\"%s\" is not a mobile number of %s: +%s is followed by %zu digits%s",
                           show(s, n).s, NEIGHBOURS[i].name, NEIGHBOURS[i].code, NEIGHBOURS[i].n_digits,
                           NEIGHBOURS[i].first ? " beginning with 9" : "");
        /* No longer than ${d}: cannot be cut. */
        snprintf(fixed, sizeof fixed, "%s%s", NEIGHBOURS[i].code, rest);
        d = fixed;
        break;
    }
    size_t len = strlen(d);
    if (len < 7 || len > 15 || d[0] == '0')
        return err_set(e, "bad-phone", NULL,
                       "\"%s\" is not an international number: + is followed by the country code and 7 to 15 "
                       "digits in all",
                       show(s, n).s);
    out[0] = '+';
    memcpy(out + 1, d, len + 1);
    return 0;
}

/* Why are these digits no mobile number of the mainland? First row that fits. */
static const char *why_not_mobile(const char *d, size_t n)
{
    if (n == 0)
        return "is empty";
    if (begins(d, "106") || begins(d, "95") || begins(d, "96") || begins(d, "400") || begins(d, "800") ||
        (n <= 6 && n >= 3))
        return n == 13 && begins(d, "10648")
                   ? "is a 13-digit number of the internet of things: it reaches no person"
                   : "is a service number: it receives no texts";
    if (n == 13 && d[0] == '1')
        return "is a 13-digit number of the internet of things: it reaches no person";
    if (begins(d, "00"))
        return "has a foreign country code: write it with + instead of 00";
    if (d[0] == '0' && n >= 10 && n <= 12)
        return "is a landline number: landlines receive no texts";
    if (d[0] != '1' && (n == 7 || n == 8))
        return "looks like a landline number without its area code: landlines receive no texts; Hong Kong "
               "and Macau need +852 or +853";
    if (d[0] == '1' && d[1] >= '3' && n < 11)
        return "has digits missing: a mobile number has 11";
    if (d[0] == '1' && d[1] >= '3')
        return "has too many digits: a mobile number has 11";
    return "is not a mobile number: these have 11 digits and begin with 13 to 19; other countries need + and "
           "their code";
}

static int mainland(const char *d, size_t n, const char *s, size_t n_s, char out[PHONE_MAX], struct err *e)
{
    if (is_mobile(d + (d[0] == '0'), n - (d[0] == '0'))) {
        memcpy(out, "+86", 3);
        memcpy(out + 3, d + (d[0] == '0'), 12);
        return 0;
    }
    return err_set(e, "bad-phone", NULL, "\"%s\" %s", show(s, n_s).s, why_not_mobile(d, n));
}

int phone_normalise(const char *s, size_t n, char out[PHONE_MAX], struct err *e)
{
    struct written w = {.n = 0};
    char whole[PHONE_MAX];

    if (!utf8_valid(s, n))
        return err_set(e, "bad-phone", NULL, "the number holds bytes that are not UTF-8");
    if (is_scientific(s, n) && scientific_whole(s, n, whole))
        return phone_normalise(whole, strlen(whole), out, e);
    if (is_scientific(s, n))
        return err_set(e, "bad-phone", NULL,
                       "\"%s\" is how a spreadsheet shortens a long number, its last digits are lost: format "
                       "the column as text and export again",
                       show(s, n).s);
    if (read_written(s, n, &w, e))
        return -1;
    const char *d = w.digits;
    if (w.plus && !begins(d, "86"))
        return abroad(&w, s, n, out, e);
    /* The country code counts as one only when a number follows: 86 and eleven digits, or 00 before it. */
    if (w.plus)
        d += 2;
    else if (begins(d, "0086"))
        d += 4;
    else if (begins(d, "86") && w.n >= 13)
        d += 2;
    return mainland(d, strlen(d), s, n, out, e);
}

static bool all_digits(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return n > 0;
}

bool phone_is_e164(const char *s, size_t n)
{
    char again[PHONE_MAX];

    return n >= 8 && n <= 16 && s[0] == '+' && all_digits(s + 1, n - 1) &&
           phone_normalise(s, n, again, NULL) == 0 && strlen(again) == n && memcmp(again, s, n) == 0;
}

void phone_mask(const char *e164, char out[PHONE_MAX])
{
    size_t n = strlen(e164);
    const char *d = e164;

    if (n == 14 && begins(d, "+86")) {
        d += 3;
        n -= 3;
    }
    bool plus = *d == '+';
    size_t n_digits = n - plus;
    if (n_digits < 7 || n_digits > 15 || !all_digits(d + plus, n_digits)) {
        memcpy(out, "****", 5);
        return;
    }
    /* At least four digits stay hidden. Of numbers abroad the first three are mostly the country code. */
    size_t head = n_digits >= 9 ? 3 : 1, tail = n_digits >= 11 ? 4 : 2;
    char *p = out;
    if (plus)
        *p++ = '+';
    memcpy(p, d + plus, head);
    memcpy(p + head, "****", 4);
    memcpy(p + head + 4, d + n - tail, tail + 1);
}

bool phone_is_service(const char *s)
{
    char e164[PHONE_MAX];

    /* Whatever cannot receive a text is never answered; short codes and service numbers are refused like landlines. */
    return phone_normalise(s, strlen(s), e164, NULL) != 0;
}
