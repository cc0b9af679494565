/* Two records of one person become one. Same conventions as queue.h.
 *
 * Hides: the order of steps: registrations one by one, each decided by lua/register.lua (a seat that is given up goes to who waits), then the records in one script. Every step can
 * be repeated: a merge that was cut short is gone on with by asking again. */
#ifndef QUEUE_MERGE_H
#define QUEUE_MERGE_H

#include "model/activity.h"
#include "model/resident.h"
#include "queue/queue.h"

enum merge_fate { /* of one registration that is not under the first number, or not under the number of the resident that stays */
                  MERGE_MOVES,    /* is now under the first number */
                  MERGE_STAYS,    /* is there already */
                  MERGE_GOES,     /* withdrawn, and there is another row */
                  MERGE_GIVEN_UP, /* a seat, given up for the one under the first number */
                  MERGE_INSTEAD,  /* a seat, stands for the one under the first number, which is given up */
                  MERGE_FATE_N
};
const char *merge_fate_name(enum merge_fate f);
struct merge_move {
    char code[ACTIVITY_CODE_MAX + 1];
    enum merge_fate fate;
};
struct merge_report {
    struct resident resident; /* what stays */
    bool already;             /* they were one before */
    uint32_t n_promoted;
    const struct merge_move *moves; /* borrowed for the call */
    size_t n_moves;
};
typedef void (*merge_fn)(void *arg, const struct queue_result *r, const struct merge_report *report);
/* ${into} stays, ${from} leads to it from then on. ${one_seat}: where both are registered, one registration is kept; else that is refused ("both-registered"). ${dry}: only tell. Also codes
 * "no-such-resident", "same-resident", "merged-elsewhere", "being-erased", "too-many", "seat-of-another". */
void merge_run(struct queue *q, uint64_t into, uint64_t from, bool one_seat, bool dry, merge_fn cb,
               void *arg);

#endif
