#include "base/span.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

static const struct {
    char letter;
    uint32_t minutes;
} UNITS[] = {
    {'m', 1   },
    {'h', 60  },
    {'d', 1440},
};

int span_parse(const char *s, uint32_t *minutes)
{
    size_t n = strlen(s);
    int64_t v;

    if (n < 2 || num_i64_n(s, n - 1, 1, SPAN_MAX_MIN, &v) != 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(UNITS); i++)
        if (s[n - 1] == UNITS[i].letter && v * UNITS[i].minutes <= SPAN_MAX_MIN) {
            *minutes = (uint32_t)v * UNITS[i].minutes;
            return 0;
        }
    return -1;
}

const char *span_format(uint32_t minutes, char *out, size_t n)
{
    if (minutes % 60 == 0)
        snprintf(out, n, "%uh", minutes / 60);
    else
        snprintf(out, n, "%um", minutes);
    return out;
}

bool span_valid(const char *s)
{
    uint32_t minutes;

    return span_parse(s, &minutes) == 0;
}
