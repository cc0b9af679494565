/* One client of Redis on a loop, a real server or a pretender for it, commands and their completions. */
#ifndef TESTS_SUPPORT_REDIS_BED_H
#define TESTS_SUPPORT_REDIS_BED_H

#include "net/redis.h"
#include "tests/support/redis_server.h"

enum { PATIENCE_MS = 15000 };

/* One command and its completion. */
struct redis_trial {
    struct redis_cmd *cmd;
    int n_done;
    bool begun, early;
    enum redis_fault fault;
    char text[256];
    int64_t number;
    int64_t took_ms;
};

/* The world of one test. */
extern struct redis_bed {
    struct loop *loop;
    struct redis *redis;
    struct redis_server *server; /* a real one, when a test started it */
    struct {
        int n_up, n_down;
        char why[160];
        bool inside; /* a call into the module is on the stack */
    } seen;
} redis_bed;

/* Short times, and the state counted in `seen`. */
struct redis_opts redis_bed_options(const char *url);
/* The client of this test; it may not call back before it is there. */
void redis_bed_open(struct redis_opts o);
/* Around each test: a loop; teardown ends client and server too. */
int redis_bed_setup(void **state);
int redis_bed_teardown(void **state);
/* For loop_run_until; went_down: ${arg} is an int, how often at least. */
bool redis_bed_is_up(void *arg);
bool redis_bed_went_down(void *arg);
bool redis_bed_never(void *arg);
/* A server, and a client that is up. */
void redis_bed_open_real(void);
/* The completion of a trial, which is its argument. */
void redis_bed_on_done(void *arg, const struct redis_answer *a);
bool redis_bed_is_done(void *arg);
/* Begin a command of one to three words; wait for its one completion, which must be this. */
void redis_bed_begin(struct redis_trial *t, const char *a, const char *b, const char *c);
void redis_bed_finish(struct redis_trial *t, enum redis_fault fault);

#endif
