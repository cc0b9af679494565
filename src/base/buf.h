/* Bytes that grow up to a ceiling.
 *
 * Hides: growth and the ceiling. Truncation is an error, never a result: past the ceiling every append is refused,
 * the buffer stays as it was and `overflow` is set and stays set until buf_reset, so that a run of appends can be
 * checked once at its end. `data` is always NUL terminated once anything was appended (the NUL does not count). */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct buf {
    char *data;
    size_t len;
    size_t cap;     /* allocated */
    size_t ceiling; /* len never exceeds it */
    bool overflow;
};

#define BUF_INIT(max) ((struct buf){.data = NULL, .len = 0, .cap = 0, .ceiling = (max), .overflow = false})

void buf_init(struct buf *b, size_t ceiling);
/* Frees the bytes; the struct can be used again (ceiling kept). buf_fini of a zeroed struct is a no-op. */
void buf_fini(struct buf *b);
/* Empty, keep the memory, clear `overflow`. */
void buf_reset(struct buf *b);
/* Overwrite with zeros before freeing: for secrets. */
void buf_wipe(struct buf *b);

/* All return 0, or -1 past the ceiling. */
int buf_add(struct buf *b, const void *p, size_t n);
int buf_str(struct buf *b, const char *s);
int buf_chr(struct buf *b, char c);
int buf_fmt(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int buf_vfmt(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
int buf_u64(struct buf *b, uint64_t v);
int buf_i64(struct buf *b, int64_t v);
/* Append ${n} bytes of UTF-8 as the inside of a JSON string (no quotes around it): escapes `"`, `\`, control
 * characters; everything else as it is. The caller has checked that it is UTF-8. */
int buf_json(struct buf *b, const char *s, size_t n);
/* The bytes as a C string ("" when empty); borrowed until the next change. */
const char *buf_cstr(const struct buf *b);
/* Hand the memory over to the caller (who frees it); the buffer is empty afterwards. Never NULL. */
char *buf_take(struct buf *b);

#endif
