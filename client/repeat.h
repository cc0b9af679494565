/* `repeat` of a notice from the options of the command line. */
#ifndef CLIENT_REPEAT_H
#define CLIENT_REPEAT_H

#include <jansson.h>

#include "client/args.h"
#include "client/cli.h"

/* Add the member "repeat" when --repeat is there. CLI_OK, or CLI_USAGE after telling what is wrong. Whether the rule is one says the daemon. */
int repeat_add(const struct cli *c, const struct args *a, json_t *body);
/* The dates of an answer, for people; nothing when it has none. */
void repeat_tell(const struct cli *c, const json_t *dates);

#endif
