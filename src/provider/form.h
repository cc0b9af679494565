/* application/x-www-form-urlencoded, in callbacks and queries. */
#ifndef PROVIDER_FORM_H
#define PROVIDER_FORM_H

#include <stddef.h>

#include "base/err.h"

#define FORM_FIELDS_MAX 200

struct form_field {
    char *name, *value; /* decoded, NUL terminated */
    size_t value_len;
};
struct form {
    struct form_field fields[FORM_FIELDS_MAX];
    size_t n;
    char *bytes; /* what they point into */
};

/* 0, or -1 with code "bad-form": more fields than FORM_FIELDS_MAX, %XX that is none, NUL, not UTF-8. An empty text has no fields. */
int form_parse(struct form *f, const char *s, size_t n, struct err *e) MUSTCHECK;
void form_fini(struct form *f);
/* The first value of this name, "" when there is none. Borrowed. */
const char *form_get(const struct form *f, const char *name);

#endif
