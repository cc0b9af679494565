/* UTF-8, checked once at the border. */
#ifndef TEXT_UTF8_H
#define TEXT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Well-formed, no NUL, no surrogates? */
bool utf8_valid(const char *s, size_t n);
/* Code points in ${n} bytes of valid UTF-8. */
size_t utf8_count(const char *s, size_t n);
/* Decode one code point at *p (< end), advance *p; -1 on malformed input (and *p moves one byte). */
int32_t utf8_next(const char **p, const char *end);
/* Encode ${c} (a valid code point) into ${out}; the number of bytes. */
size_t utf8_encode(int32_t c, char out[4]);
/* Columns on a terminal (CJK and most emoji are 2), for tables. */
size_t utf8_width(const char *s, size_t n);
/* Longest prefix of ${s} of at most ${max} bytes that ends at a character's border. */
size_t utf8_cut(const char *s, size_t n, size_t max);

#endif
