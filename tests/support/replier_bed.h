/* One or two repliers over one queue: texts come, are decided and answered. */
#ifndef TESTS_SUPPORT_REPLIER_BED_H
#define TESTS_SUPPORT_REPLIER_BED_H

#include "daemon/replier.h"
#include "tests/support/queue_bed.h"

#define P        "crier:{venus}:"
#define ASK(...) redis_server_ask(replier_bed.bed->server, __VA_ARGS__, NULL)
#define WAIT_MS  20000
#define HOUR     3600000LL

/* The world of one test. */
extern struct replier_bed {
    struct queue_bed *bed;
    struct intent_words *words;
    struct replier *replier[2];
    int n_settled;
    int n_expected;
    int n_stored;
    char last_result[40];
    char last_intent[16];
    bool stopped;
    struct activity seen; /* by the last look */
    struct roster_entry entries[600];
    size_t n_entries;
} replier_bed;

/* Replier 0 or 1, each over a connection of its own. */
void replier_bed_start(int i);
void replier_bed_stop(int i);
void replier_bed_on_store(void *arg, const struct queue_result *r, size_t n);
/* A text comes; on_store counts what is expected to be decided. */
void replier_bed_store(const char *id, const char *from, const char *text);
bool replier_bed_all_settled(void *arg);
/* Until all that came is decided, and nothing more. */
void replier_bed_settle(void);
/* A text comes and is decided; -> what became of it. */
const char *replier_bed_text(int person, const char *words_of_it);
void replier_bed_add_activity(const char *code, const char *title, uint32_t seats);
void replier_bed_add_resident(int person, const char *name);
/* The activity and its roster, into seen and entries. */
void replier_bed_look(const char *code);
/* All answers so far, one a line. */
char *replier_bed_answers(void);
int replier_bed_n_answers(const char *to);
/* Equal? Frees the answer. */
void replier_bed_expect(char *answer, const char *want);
int replier_bed_setup(void **state);
int replier_bed_teardown(void **state);
int replier_bed_begin(void **state);
int replier_bed_end(void **state);

#endif
