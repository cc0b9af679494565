/* The planner: makes notices of plans, a day before their time; one per community; any daemon may do any step.
 *
 * Hides: how an occurrence follows from a plan (its id is PLAN.YYYYMMDD), and what becomes of one whose time was slept through: it is listed as too late, not sent. */
#ifndef DAEMON_PLANNER_H
#define DAEMON_PLANNER_H

#include "queue/plans.h"

struct planner;
struct planner_opts {
    struct loop *loop;
    struct queue *queue;
    const char *tz; /* copied */
};
struct planner *planner_new(const struct planner_opts *o);
void planner_free(struct planner *p); /* NULL is fine */
/* Another configuration (reload). */
void planner_set_place(struct planner *p, const char *tz);
void planner_set_usable(struct planner *p, bool usable);

/* What is to be done about plan ${row} at ${now_at}: pure. The strings that ${out} points to belong to ${own}. -1: the plan cannot be read. */
struct planner_own {
    char cursor[16], notice[NOTICE_ID_MAX + 1];
    char *entry, *row;
};
int planner_decide(const struct plans_row *row, int64_t now_at, const char *tz, struct plans_step *out,
                   struct planner_own *own, struct err *e) MUSTCHECK;
void planner_own_fini(struct planner_own *own);

#endif
