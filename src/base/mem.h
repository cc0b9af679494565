/* Small allocations: succeed or abort (panic). Anything whose size a stranger chooses goes through buf instead. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *xmalloc(size_t n) __attribute__((malloc));
void *xcalloc(size_t n, size_t size) __attribute__((malloc));
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s) __attribute__((malloc));
char *xstrndup(const char *s, size_t n) __attribute__((malloc));
void *xmemdup(const void *p, size_t n) __attribute__((malloc));
/* The caller frees. */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2), malloc));

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
