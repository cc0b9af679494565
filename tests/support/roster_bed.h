/* One activity and its roster in Redis, registered for over two daemons in turn. */
#ifndef TESTS_SUPPORT_ROSTER_BED_H
#define TESTS_SUPPORT_ROSTER_BED_H

#include "queue/roster.h"
#include "tests/support/queue_bed.h"

#define HOUR 3600000LL

/* The world of one test. */
extern struct roster_bed {
    struct queue_bed *bed;
    struct registry_outcome out; /* of the last request */
    struct roster_promoted moved[64];
    size_t n_moved;
    struct roster_entry entries[2000]; /* by the last look */
    char codes[64][ACTIVITY_CODE_MAX + 1];
    size_t n_entries;
    struct activity activity; /* as it was shown last */
    unsigned n_op;
} roster_bed;

/* An activity of so many seats in two days. */
struct activity roster_bed_match(uint32_t seats);
void roster_bed_create(const struct activity *a);
void roster_bed_on_register(void *arg, const struct queue_result *r, const struct registry_outcome *o,
                            const struct roster_promoted *p, size_t n);
/* What becomes of a request of person ${person}, over the next daemon. */
enum reg_result roster_bed_ask(const char *op, int person, bool leave, uint32_t count);
enum reg_result roster_bed_join(int person, uint32_t count);
enum reg_result roster_bed_leave(int person);
void roster_bed_on_activity(void *arg, const struct queue_result *r, const struct activity *a);
const struct activity *roster_bed_show(void);
void roster_bed_on_entry(void *arg, const struct roster_entry *e);
/* The roster, into entries. */
void roster_bed_look(void);
/* What a person has a place in: into codes and entries. */
size_t roster_bed_own(int person);
int roster_bed_setup(void **state);

#endif
