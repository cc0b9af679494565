/* Inside lint*.c only: the words. */
#ifndef TEXT_LINT_WORDS_H
#define TEXT_LINT_WORDS_H

#include "text/lint.h"

enum { IN_NOTICE = 1, IN_PROMOTION = 2, IN_ALERT = 4, IN_ALL = 7 };

struct lint_word {
    const char *words[16]; /* NULL terminated */
    const char *code;
    unsigned in;
    bool refused;
    const char *zh, *en;
};
extern const struct lint_word lint_words[];
extern const size_t lint_n_words;

#endif
