/* Who is meant, as words on the command line -> the selector of contract 3.
 *
 * everyone | tag:T | area:CODE | building:B | activity:CODE[:status] | resident:ID | a number. Words of the same kind are OR, different kinds AND. Pure. */
#ifndef CLIENT_TO_H
#define CLIENT_TO_H

#include <jansson.h>

#include "base/err.h"

/* Add ${word} to ${selector} (an object). 0, or -1 with code "usage" and a sentence. Numbers are passed on as written: the daemon judges them. */
int to_add(json_t *selector, const char *word, struct err *e);

#endif
