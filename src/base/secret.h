/* Secrets named in the configuration: `file:PATH`, `credential:NAME` (systemd's $CREDENTIALS_DIRECTORY), `env:NAME`.
 *
 * Hides: where they come from. A literal is refused. The value is wiped when freed and never printed. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct secret {
    char *value; /* NUL terminated, one trailing newline of a file removed; NULL = not set */
    size_t len;
};

/* Load what ${spec} names (NULL or "" = an empty secret, success). 1 byte to 64 KiB: what is named and holds nothing is an error. 0 or -1 with code "secret". */
int secret_load(struct secret *s, const char *spec, struct err *e) MUSTCHECK;
void secret_fini(struct secret *s);
/* Constant time. false when either is empty. */
bool secret_equal(const struct secret *s, const char *given, size_t n);
/* ${n} random bytes as hex (2n characters + NUL). */
void secret_random_hex(char *out, size_t n);
void secret_random(void *out, size_t n);

#endif
