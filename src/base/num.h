/* Numbers from text: whole text consumed, range checked. Never atoi. Return 0, or -1 (e is left alone). */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

int num_i64(const char *s, int64_t min, int64_t max, int64_t *out);
int num_i64_n(const char *s, size_t n, int64_t min, int64_t max, int64_t *out);
int num_double(const char *s, double min, double max, double *out);

#endif
