/* One notice's audience on its way into the ledger: from the selector to frozen lines, or only counted.
 *
 * Hides: where recipients come from (a walk through all residents, lists, activities, those told of another notice), who is left out, and paging:
 * reading goes on while the page before is stored, memory is bounded by two pages. */
#ifndef DAEMON_STAGER_H
#define DAEMON_STAGER_H

#include "queue/people.h"
#include "queue/queue.h"
#include "queue/roster.h"

struct stager;
struct stager_opts {
    struct loop *loop;
    struct queue *queue;
    const char *const *channels; /* when the notice names none; borrowed */
    size_t n_channels;
};
struct stager_counts {
    uint64_t recipients, suppressed /* opted out */, unreachable /* no address for any of the channels */;
};
/* ${lost}: another daemon stages it, or it is over: nothing more to do here. Called once, later; the stager frees itself before. */
typedef void (*stager_done_fn)(void *arg, const struct queue_result *r, const struct stager_counts *c,
                               bool lost);
/* Called after each page that was stored: slices may be claimable. */
typedef void (*stager_page_fn)(void *arg);

/* Stage ${job}. Goes on until it is done; while Redis is away it waits. */
struct stager *stager_new(const struct stager_opts *o, const struct queue_stage_job *job,
                          stager_page_fn on_page, stager_done_fn cb, void *arg);
/* Only count: as recipients of ${lane} over the default channels. ${a} is borrowed until completion. Ends with the first failure. */
struct stager *stager_new_count(const struct stager_opts *o, const struct audience *a, enum lane lane,
                                stager_done_fn cb, void *arg);
void stager_free(struct stager *s); /* no callback */

#endif
