/* A claimed slice: up to 100 recipients of one notice that this daemon sends to and reports on.
 *
 * Hides: which link each recipient goes to, and the order of marks and reports. Begun ranges go forward only and are begun once per claim; outcomes are
 * appended in the order in which they come and reported as they stand; the last report settles the slice or hands the rest back. */
#ifndef DAEMON_SLICE_H
#define DAEMON_SLICE_H

#include "daemon/delivery.h"

/* Takes what ${c} holds. Goes on by itself as soon as its notice is at hand. */
struct slice *slice_new(struct feeder *f, struct queue_claim *c);
/* Make deliveries while the links have room for its lane. */
void slice_advance(struct slice *s);
/* Begin nothing more; what was not begun goes back, to be claimed again ${retry_in_ms} from now. ${stopped}: the notice itself is stopped, so not even what
 * was just marked is written. */
void slice_close(struct slice *s, int64_t retry_in_ms, bool stopped);
/* Send what is due to be reported, when Redis is usable. Once the last report is confirmed feeder_slice_done frees the slice, later. */
void slice_report(struct slice *s);
/* Redis is back: report again what was not confirmed. */
void slice_resume(struct slice *s);
void slice_free(struct slice *s); /* shutdown: no more reports */

#endif
