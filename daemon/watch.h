/* What watchers of events are told beside what the parts of this daemon tell: every change of a notice's state, whichever daemon made it, and the health of providers.
 *
 * Hides: that both are looked at once a second, while somebody watches. */
#ifndef DAEMON_WATCH_H
#define DAEMON_WATCH_H

#include "daemon/app.h"

struct watch;
/* When communities and links are there; freed after the communities' queues, whose answers it takes. */
struct watch *watch_new(struct app *a);
void watch_free(struct watch *w);
/* Watchers have been told of this state already. */
void watch_told(struct watch *w, const struct community *c, const char *id, enum notice_state s);

#endif
