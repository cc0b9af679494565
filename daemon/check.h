/* crierd --check: is everything there that the configuration needs? */
#ifndef DAEMON_CHECK_H
#define DAEMON_CHECK_H

#include "config/config.h"

/* Prints the effective configuration (secrets masked) and what was found to stdout, what is wrong to stderr. Exit status: 0 or 78. */
int check_run(const struct config *c);

#endif
