#include "base/num.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int num_i64_n(const char *s, size_t n, int64_t min, int64_t max, int64_t *out)
{
    bool negative;
    int64_t v = 0;
    size_t i = 0;

    negative = n > 0 && s[0] == '-';
    if (n > 0 && (s[0] == '-' || s[0] == '+'))
        i++;
    if (i == n)
        return -1;
    for (; i < n; i++) {
        int digit = s[i] - '0';

        if (digit < 0 || digit > 9)
            return -1;
        /* counted downwards: the negative side is one larger */
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, digit, &v))
            return -1;
    }
    if (!negative && __builtin_sub_overflow((int64_t)0, v, &v))
        return -1;
    if (v < min || v > max)
        return -1;
    *out = v;
    return 0;
}

int num_i64(const char *s, int64_t min, int64_t max, int64_t *out)
{
    return num_i64_n(s, strlen(s), min, max, out);
}

int num_double(const char *s, double min, double max, double *out)
{
    char *end;
    double v;

    /* strtod also takes leading blanks, hexadecimal, "inf" and "nan": plain decimal numbers only */
    if (s[0] == '\0' || s[strspn(s, "0123456789+-.eE")] != '\0')
        return -1;
    errno = 0;
    v = strtod(s, &end);
    if (end == s || *end != '\0' || errno == ERANGE || !isfinite(v) || v < min || v > max)
        return -1;
    *out = v;
    return 0;
}
