/* Known signatures: tests/golden/signatures.json, published by the providers or computed by somebody else's code. */
#ifndef TESTS_SUPPORT_VECTORS_H
#define TESTS_SUPPORT_VECTORS_H

#include <jansson.h>

/* Call ${check} for every vector of this kind; ${v} holds its members, `expect` what must come out. Fails the test when there is none. */
void vectors_each(const char *kind, void (*check)(const json_t *v, const char *expect));
/* A string member; fails the test when it is missing. */
const char *vectors_str(const json_t *v, const char *name);

#endif
