/* Descriptions of HTTP APIs for driver http: PROVIDER_DIR/NAME.conf as text, compiled once into what requests are built and answers are judged with.
 *
 * Hides: the language (docs/PROVIDERS.md). Pure: whoever reads the file hands its text over. */
#ifndef PROVIDER_SPEC_H
#define PROVIDER_SPEC_H

#include <stddef.h>

#include "base/err.h"

#define SPEC_FILE_MAX 65536

struct spec;

/* ${file} is what messages call it. NULL with code "bad-spec" and e->msg = "FILE:LINE: what was found; allowed: ...". */
struct spec *spec_parse(const char *text, size_t n, const char *file, struct err *e) MUSTCHECK;
void spec_free(struct spec *s);
/* Where the API is when the account does not say; "" = it must. Borrowed. */
const char *spec_base(const struct spec *s);

#endif
