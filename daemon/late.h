/* Recipients of one slice that wait longer than the rest of it: a slice comes back when the first of its recipients may be tried again, these not before their
 * own time (an answer in doubt gives the delivery report time to decide; a provider wants no more to this number for a while).
 *
 * Hides: how they are kept. The ledger has them too (`n:<id>:late`), so that they survive the daemon. No clock of its own. */
#ifndef DAEMON_LATE_H
#define DAEMON_LATE_H

#include <stddef.h>
#include <stdint.h>

struct late;

/* From what a claim brought: "OFFSET.ROUTE.MS" separated by blanks, MS from ${now_us} on. What cannot be read is left out. NULL when nobody waits. */
struct late *late_parse(const char *text, int64_t now_us);
void late_free(struct late *l); /* NULL is fine */
/* Microseconds until recipient ${off} may be sent to over provider number ${route}; 0 = now. ${l} may be NULL. */
int64_t late_wait_us(const struct late *l, uint32_t off, uint32_t route, int64_t now_us);

#endif
