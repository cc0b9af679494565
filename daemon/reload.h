/* SIGHUP: a new configuration, all or nothing.
 *
 * Hides: what is compared, what is replaced, and in which order nothing can fail any more. */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "daemon/app.h"

/* How the configuration was loaded: said again at each reload. Borrowed for the life of the program. */
void reload_source(const char *path, const char *const *sets, const char *dev_dir);
/* Load, check, compare, replace. 0, or -1 with the reason: then everything stays as it was. */
int reload_run(struct app *a, struct err *e) MUSTCHECK;

#endif
