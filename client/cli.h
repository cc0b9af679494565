/* The crier command: global options, exit codes, the way to a verb.
 *
 * Hides: where options may stand (before and after the verb) and how the daemon's address is found. */
#ifndef CLIENT_CLI_H
#define CLIENT_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "net/fetch.h"

/* Contract 6. */
enum {
    CLI_OK = 0,
    CLI_PART = 1, /* done in part */
    CLI_USAGE = 2,
    CLI_NOTHING = 3,      /* nothing matched */
    CLI_REFUSED = 4,      /* refused: says why, and how to mend it */
    CLI_UNREACHABLE = 69, /* daemon or Redis unreachable */
    CLI_LATER = 75,
    CLI_CONFIG = 78
};

struct cli {
    const char *socket, *url, *token_file, *community; /* as given; NULL = not */
    bool json;
    FILE *out, *err;     /* stdout and stderr, or a test's */
    struct fetch *fetch; /* made by the first call */
};

/* The whole program; returns the exit status. ${argv} may be permuted. */
int cli_main(int argc, char **argv, FILE *out, FILE *err);

/* Print `crier: ...` to c->err and return ${status}. */
int cli_fail(const struct cli *c, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
