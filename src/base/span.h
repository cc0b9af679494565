/* Lengths of time as people write them: "90m", "2h", "1d". Whole minutes. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPAN_MAX_MIN (31 * 1440)
#define SPAN_FORM    "a length of time such as 90m, 2h or 1d, at most 31d"

/* Minutes, 1..SPAN_MAX_MIN; -1 when it is none. */
int span_parse(const char *s, uint32_t *minutes);
/* "2h", "90m": hours when they are whole. ${out} of 16 bytes; returns it. */
const char *span_format(uint32_t minutes, char *out, size_t n);
/* For the option table. */
bool span_valid(const char *s);

#endif
