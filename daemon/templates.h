/* Templates that the operator keeps as files: TEMPLATE_DIR/NAME.txt, or one per language: NAME.zh-CN.txt, NAME.en.txt.
 *
 * Hides: file names and their limits. */
#ifndef DAEMON_TEMPLATES_H
#define DAEMON_TEMPLATES_H

#include "model/notice.h"

/* Give ${n} the texts of its template_name (NULL or "" ${dir}: there are none). Texts that the notice brings itself win. 0, or -1 with code
 * "unknown-template" or "bad-template" (too long, not UTF-8, a mistake in it). */
int templates_fill(const char *dir, struct notice *n, struct err *e) MUSTCHECK;
/* Read every template in ${dir} once, for --check: the first mistake. ${each} (may be NULL): one that is good. */
int templates_check(const char *dir, void (*each)(void *arg, const char *file, const char *text), void *arg,
                    struct err *e) MUSTCHECK;

#endif
