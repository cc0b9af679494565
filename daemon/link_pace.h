/* Rate permits of one provider account: who may send when, evenly spaced, highest lane first.
 *
 * Hides: blocks of permits fetched from Redis (shared by all daemons and communities), their spacing, and the log of the last
 * second that keeps every sliding second within the rate also when messages weigh several segments. */
#ifndef DAEMON_LINK_PACE_H
#define DAEMON_LINK_PACE_H

#include "net/loop.h"
#include "queue/queue.h"

struct link_pace;
struct link_permit;

/* ${name}: the provider's (copied). ${rate}: segments a second, 0 = no limit. ${queue} is borrowed. */
struct link_pace *link_pace_new(struct loop *l, struct queue *q, const char *name, double rate);
void link_pace_free(struct link_pace *p); /* no callbacks any more; permits asked for are gone */
void link_pace_set_rate(struct link_pace *p, double rate);
/* See link_permit(). The callback comes from the loop, never inside this call; the handle dies with it. */
struct link_permit *link_pace_ask(struct link_pace *p, enum lane lane, uint32_t n, void (*cb)(void *arg),
                                  void *arg);
/* What a permit of ${n} segments was for is written at ${now_us}. At small rates, where a moment's delay is a large part of the distance, the next one keeps its
 * distance from the write and not only from the permit. */
void link_pace_wrote(struct link_pace *p, uint32_t n, int64_t now_us);
void link_pace_cancel(struct link_permit *permit);
/* Segments waiting for permits now. */
uint64_t link_pace_waiting(const struct link_pace *p);

#endif
