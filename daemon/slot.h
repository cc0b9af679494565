/* Lock slots of the state directory: who this daemon is.
 *
 * Hides: files slot-0.lock ... and their locks. A daemon takes the first free slot and keeps it as long as it lives; the slot's name stays the same over
 * restarts. Whoever holds a slot knows that its former holder is dead: what that one had taken can be taken back at once. */
#ifndef DAEMON_SLOT_H
#define DAEMON_SLOT_H

#include <stdbool.h>

#include "base/err.h"

#define SLOT_MAX    64
#define SLOT_ID_MAX 40

struct slot {
    int fd;
    int number;
    char id[SLOT_ID_MAX]; /* "0-3f9ac1d27be8a640": the number and what the slot's file keeps */
    bool reused;          /* there was a former holder */
};

/* Make ${state_dir} if need be and take a slot. 0, or -1 with code "state-dir". */
int slot_take(struct slot *s, const char *state_dir, struct err *e) MUSTCHECK;
/* Could ${state_dir} be made, and written to, as far as can be told without making it? 0, or -1 with code "state-dir" (*rights: it is only that this user may not). */
int slot_check(const char *state_dir, bool *rights, struct err *e) MUSTCHECK;
void slot_give(struct slot *s);

#endif
