/* Recipients that wait longer than the rest of their slice: a slice comes back when the first of its recipients may be tried again, these not before their own
 * time (an answer in doubt gives the delivery report time to decide before a second copy is sent).
 *
 * Hides: a bounded table in memory. What it forgets (restart, more than LATE_MAX) is only tried again earlier. No clock of its own. */
#ifndef DAEMON_LATE_H
#define DAEMON_LATE_H

#include <stddef.h>
#include <stdint.h>

#define LATE_MAX 20000

struct late;

struct late *late_new(void);
void late_free(struct late *l); /* NULL is fine */
void late_put(struct late *l, const char *notice, uint64_t index, int64_t until_us, int64_t now_us);
/* Microseconds until this recipient may be tried; 0 = now. */
int64_t late_wait_us(struct late *l, const char *notice, uint64_t index, int64_t now_us);
size_t late_n(const struct late *l);

#endif
