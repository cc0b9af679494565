/* THE table of verbs: name, what it takes, what it does, options, examples, handler. Help texts and docs/man/crier.1 follow it. */
#ifndef CLIENT_VERBS_H
#define CLIENT_VERBS_H

#include "client/args.h"

struct verbs_row {
    const char *group; /* "notice", or NULL for a verb of one word */
    const char *name;
    const char *takes; /* "ID", "FILE", "" */
    size_t min_words, max_words;
    const char *summary; /* one line */
    const struct args_option *options;
    const char *examples; /* lines, each ended by LF */
    int (*run)(struct cli *c, const struct args *a);
};

/* The row that ${argv}[0] (and [1]) name; *${used} = how many of them. NULL when there is none. */
const struct verbs_row *verbs_find(int argc, char *const *argv, int *used);
/* NULL past the end. */
const struct verbs_row *verbs_at(size_t i);
bool verbs_is_group(const char *word);

#endif
