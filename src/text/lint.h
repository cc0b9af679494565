/* What carriers and messaging providers in mainland China refuse or block in a text, said in plain words with what to change.
 *
 * Hides: the table of words and forms. A hint is no verdict: carriers' lists are secret and change; what is here is what vendors publish and offices keep running into. Pure.
 * Source: facts/peers/platforms-and-operators.md 6.2, facts/providers/08-sms-text-facts.md 8.3. */
#ifndef TEXT_LINT_H
#define TEXT_LINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum lint_class { LINT_NOTICE, LINT_PROMOTION, LINT_ALERT };
int lint_class_parse(const char *s); /* "notice", "promotion", "alert"; -1 for anything else */

struct lint_finding {
    const char *code; /* stable: "link", "contact", "opt-out-missing", ... */
    bool refused;     /* vendors say they refuse it; false: often blocked, or costs more than it has to */
    const char *what; /* the place in the text, borrowed from it */
    size_t what_len;  /* 0: the text as a whole */
    const char *zh;   /* one sentence for staff: why, and what to change */
    const char *en;
};
/* Call ${each} for every finding in the order of the text's places, those of the whole text last. Valid UTF-8. ${sign} as in segment_measure. The sentences live as long as the call.
 * Returns how many are `refused`. */
size_t lint_text(const char *text, size_t n, const char *sign, enum lint_class c,
                 void (*each)(void *arg, const struct lint_finding *f), void *arg);
/* The findings as JSON: [{"code","refused","what","at","message","message_en"}], `at` in characters, -1 for the text as a whole. The caller decrefs. */
json_t *lint_json(const char *text, size_t n, const char *sign, enum lint_class c);

#endif
