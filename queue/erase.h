/* Forgetting a person altogether. Same conventions as queue.h.
 *
 * Hides: the order of steps (begin, registrations, every key, the resident, once more until a look at every key finds nothing). Each can be repeated: an erasure that was cut
 * short is gone on with by asking again. */
#ifndef QUEUE_ERASE_H
#define QUEUE_ERASE_H

#include "queue/queue.h"

enum erase_kind {
    ERASE_AUDIENCE = 0, /* messages sent and to be sent */
    ERASE_LOG,
    ERASE_TEXTS,
    ERASE_CONSENT,
    ERASE_REJECTED,
    ERASE_SENDER,
    ERASE_MID,
    ERASE_OTHER,
    ERASE_KIND_N
};
const char *erase_kind_name(enum erase_kind k);

struct erase_report {
    uint32_t n_addresses,
        n_shared; /* numbers and ids of this person alone; those that others have too stay */
    uint32_t n_registrations, n_left_activities, n_promoted;
    uint64_t removed[ERASE_KIND_N];
    uint64_t n_keys, n_left; /* looked at in the last look; found there */
    bool suppressed;         /* had opted out: a keyed hash keeps that */
    bool rewritten;          /* Redis was asked to write its append-only file anew */
};
/* Code "no-such-resident". ${mine}: the addresses that were forgotten, borrowed for the call. report->n_left > 0: something keeps coming, ask again. */
typedef void (*erase_fn)(void *arg, const struct queue_result *r, const struct erase_report *report,
                         const char *const *mine, size_t n_mine);
void erase_run(struct queue *q, uint64_t id, erase_fn cb, void *arg);

#endif
