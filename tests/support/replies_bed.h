/* Replies in a queue of two daemons: stored by one, looked at by the other. */
#ifndef TESTS_SUPPORT_REPLIES_BED_H
#define TESTS_SUPPORT_REPLIES_BED_H

#include "queue/replies.h"
#include "tests/support/queue_bed.h"

/* What was pending, copied. */
struct replies_seen {
    char key[40], from[32], text[64], provider[16], promoted[40], offered[4][40], registered[4][40];
    struct resident resident;
    size_t n_offered, n_registered;
    enum intent_kind offered_for;
    unsigned hour, day, all;
    bool helped, muted, flood;
};

#define P        "crier:{venus}:"
#define ASK(...) redis_server_ask(replies_bed.bed->server, __VA_ARGS__, NULL)
#define PHONE    "+8613800000001"

/* The world of one test. */
extern struct replies_bed {
    struct queue_bed *bed;
    size_t n_new;                 /* by the last store */
    int64_t clock_ms;             /* offset of Redis' clock as the scripts see it */
    struct replies_seen seen[64]; /* the last look at what is pending */
    size_t n_seen;
} replies_bed;

void replies_bed_on_store(void *arg, const struct queue_result *r, size_t n);
size_t replies_bed_store(const char *id, const char *from, const char *text);
void replies_bed_copy(char *out, size_t size, const char *s);
size_t replies_bed_look(void);
void replies_bed_settle(const struct replies_decision *d, size_t n);
void replies_bed_end_all(void);
void replies_bed_expect(char *answer, const char *want);
int replies_bed_setup(void **state);

#endif
