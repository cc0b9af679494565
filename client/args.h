/* Options and words of one verb, from a table.
 *
 * Hides: getopt_long. Help texts are printed from the same table that is parsed, so that they cannot differ. */
#ifndef CLIENT_ARGS_H
#define CLIENT_ARGS_H

#include <stdbool.h>
#include <stdio.h>

#include "client/cli.h"

struct args_option {
    const char *name; /* without dashes */
    const char *arg;  /* what it takes, for help ("TEXT"); NULL = a switch */
    const char *help; /* one line */
    bool many;        /* may be given several times */
};

#define ARGS_MAX 256 /* options given, and words given */

struct args {
    struct {
        const struct args_option *option;
        const char *value;
    } given[ARGS_MAX];
    size_t n_given;
    const char *words[ARGS_MAX]; /* what is no option; borrowed from argv */
    size_t n_words;
    bool help;
};

/* Global options stop at the first word (a verb); fills ${c}. *${used} = arguments eaten, program name included. 0, or an exit status (message printed); CLI_OK with *help set for --help/--version. */
int args_global(struct cli *c, int argc, char **argv, int *used, bool *help, bool *version);
/* Options and words of a verb, called ${verb} in messages (argv[0] is skipped); the global options are understood here too. ${options} ends with a row whose
 * name is NULL. 0, or CLI_USAGE with the message printed. */
int args_parse(struct args *a, struct cli *c, const char *verb, const struct args_option *options, int argc,
               char **argv);
/* Value of an option (the last one given), or NULL. Asking for an option that the verb does not have is our bug. */
const char *args_get(const struct args *a, const char *name);
bool args_has(const struct args *a, const char *name);
/* The ${i}-th value of a repeatable option, or NULL past the last. */
const char *args_nth(const struct args *a, const char *name, size_t i);
/* One line per option, aligned. */
void args_print_options(FILE *out, const struct args_option *options);
void args_print_globals(FILE *out);

#endif
