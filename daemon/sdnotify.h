/* Telling the service manager how we are: READY, RELOADING, STOPPING, STATUS, WATCHDOG.
 *
 * Hides: sd_notify's protocol (datagrams to $NOTIFY_SOCKET, abstract names too), written by hand: the protocol is the interface, libsystemd
 * is not needed for it. Without a service manager every call does nothing. A datagram that cannot be sent is dropped: there is nobody to tell. */
#ifndef DAEMON_SDNOTIFY_H
#define DAEMON_SDNOTIFY_H

#include "net/loop.h"

struct sdnotify;

/* Reads and unsets $NOTIFY_SOCKET, $WATCHDOG_USEC, $WATCHDOG_PID. When a watchdog is asked for, its timer runs on ${l} three times in its
 * period: that it fires proves that the loop turns; ${alive}(arg) tells whether the dispatcher got on (or had nothing to do) since it was asked
 * last. Only when both are so is the watchdog fed. ${alive} may be NULL. Never NULL. */
struct sdnotify *sdnotify_new(struct loop *l, bool (*alive)(void *arg), void *arg);
void sdnotify_free(struct sdnotify *s); /* NULL is fine */
bool sdnotify_used(const struct sdnotify *s);

void sdnotify_ready(struct sdnotify *s);
void sdnotify_reloading(struct sdnotify *s); /* sdnotify_ready says that it is over */
void sdnotify_stopping(struct sdnotify *s);
/* One line for people: `systemctl status`. Cut at 200 bytes, control characters become blanks. Sent only when it differs from the last one. */
void sdnotify_status(struct sdnotify *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
