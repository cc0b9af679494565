/* One delivery: one request with 1..batch recipients of one slice, from the rendered text to the ledger.
 *
 *      slice has recipients, link has a slot
 *            │ render
 *            ▼
 *      CLAIMED ──▶ PACED ──permit──▶ MARKING ──begun──▶ (MARKED) ──▶ SENDING ──verdict──▶ SETTLING ──confirmed──▶ DONE
 *         │ no rate: at once           │ refused, nothing to send │              │  ▲
 *         │                            ▼                          ▼              ▼  │ Redis is back
 *         └── handed back ──────────▶ DONE ◀──────────────────────┘          SETTLE_WAIT
 *
 * Hides: the moves. delivery_enter is the only writer of the state: it moves the delivery to that state's list, so the counts per state can never lie.
 * Marks come before the write (no mark, no send), permits before the marks, so that what is marked is written at once. */
#ifndef DAEMON_DELIVERY_H
#define DAEMON_DELIVERY_H

#include "daemon/link.h"

enum delivery_state {
    DELIVERY_CLAIMED = 0, /* rendered; wants to be marked */
    DELIVERY_PACED,       /* waits for its permits */
    DELIVERY_MARKING,     /* `begin` is on its way to Redis */
    DELIVERY_MARKED,      /* lanes normal and bulk: waits a moment for a slot of the window */
    DELIVERY_SENDING,     /* the request is out */
    DELIVERY_SETTLING,    /* its outcomes are, or will be with the next report, on their way to Redis */
    DELIVERY_SETTLE_WAIT, /* Redis did not take them yet */
    DELIVERY_DONE         /* in the pool */
};
#define DELIVERY_STATE_N 8
const char *delivery_state_name(enum delivery_state s);

/* Why messages of such a notice are sent, as providers see it. */
enum provider_purpose delivery_purpose(enum notice_kind kind);

struct slice;
struct feeder;
struct delivery;

/* A delivery of ${s} over ${l} (NULL: no channel reaches these recipients; they fail without a request). The slot is already taken. */
struct delivery *delivery_new(struct slice *s, struct link *l);
/* Add recipient ${off}, rendered; the next ones may be added while delivery_is_full says no. One that cannot be rendered is added too: it will fail for good. False: its message
 * cannot travel in one request with those before, and was not added. */
bool delivery_add(struct delivery *d, uint32_t off);
bool delivery_is_full(const struct delivery *d);
/* All added, up to (not including) offset ${end}: ask for permits, or get ready for the next mark. */
void delivery_start(struct delivery *d, uint32_t end);
/* Mark those that are ready and lie side by side with as few calls as possible. */
void delivery_mark_ready(struct slice *s);
/* Write what is marked and waits, as slots come free. */
void delivery_write_marked(struct feeder *f);
/* Its notice was stopped before it was written. */
void delivery_not_written(struct delivery *d);
/* Nothing of it has been marked yet: give back slot and permit. For hand-back. */
void delivery_drop(struct delivery *d);
/* It is marked, and its notice is stopped: take it back if no byte of it was written yet. */
void delivery_take_back(struct delivery *d);
/* The report that held its outcomes was confirmed, or failed for now. */
void delivery_settled(struct delivery *d);
void delivery_unsettled(struct delivery *d);
/* Whatever its state, no callback of it will come; the memory goes. For shutdown. */
void delivery_cancel(struct delivery *d);
void delivery_pool_free(struct feeder *f);

#endif
