/* Inside intake*.c only. */
#ifndef DAEMON_INTAKE_INT_H
#define DAEMON_INTAKE_INT_H

#include "daemon/intake.h"
#include "model/activity.h"

enum { INTAKE_AGAIN_MIN_MS = 100, INTAKE_AGAIN_MAX_MS = 2000 };

enum { INTAKE_ACTIVITIES = 3 }; /* ask.rsvp, to.activity, to.not.activity */

enum step { STEP_CHECK, STEP_CANCEL, STEP_ACCEPT, STEP_SUPERSEDE, STEP_REJECT };

struct source { /* one BLMOVE loop */
    struct intake *intake;
    struct redis *redis;
    bool emergency, waiting;
    struct loop_timer *again;
};

struct job {
    struct intake *intake;
    struct source *source; /* goes on when this is over; NULL for submissions and recovered entries */
    struct notice *notice; /* NULL when it could not be parsed */
    char *entry, *json, *idem_key;
    size_t entry_len, json_len;
    enum step step;
    char activities[INTAKE_ACTIVITIES][ACTIVITY_CODE_MAX + 1]; /* that must be there */
    size_t n_activities, n_checked;
    size_t n_superseded;
    char *plan_json;        /* a notice that comes again: what is kept of it */
    int64_t plan_first_at;  /* when it is sent for the first time */
    char plan_cursor[16];   /* the day before its first date */
    struct err why;         /* of a rejection */
    int64_t journal_number; /* 0 = not in the journal */
    bool recovered;         /* from the journal: nobody waits for an answer */
    bool known_before;      /* the journal has another record of it */
    bool met;               /* the recovery under way has found its entry in the in-process list */
    bool dry;               /* a submission that ends before anything is stored or stopped */
    enum queue_accept_result result;
    intake_fn cb; /* submissions */
    void *arg;
    struct loop_timer *again;
    int64_t again_ms;
    struct loop_task answer;
    TAILQ_ENTRY(job) jobs;
};

struct intake {
    struct intake_opts o;
    struct source sources[2];
    bool running, recovering;
    bool unsure; /* a wait was cut off: an entry may lie in the in-process list unseen */
    TAILQ_HEAD(, job) jobs;
};

struct job *intake_job_new(struct intake *i);
/* Parse what it brings, and go on. */
void intake_job_start(struct job *j);
void intake_job_free(struct job *j);
/* The end of the checks, well or badly. */
void intake_job_checked(struct job *j);
void intake_job_refuse(struct job *j, const struct err *e);
/* True when ${r} says that Redis is away: then it was dealt with. */
bool intake_job_away(struct job *j, const struct queue_result *r);

/* ---- intake_check.c ---- */
void intake_check_init(struct job *j); /* what is to be asked */
void intake_check(struct job *j);      /* ask; also once more from where it stopped */

/* ---- intake_hours.c ---- */
/* Move a completed promotion into the hours of those who would carry it. ${end_given}: the producer said not_after. -1 with code "not-after-passed" when they begin too late. */
int intake_hours(const struct intake *i, struct notice *n, bool end_given, struct err *e) MUSTCHECK;

/* ---- intake_plan.c ---- */
/* A notice with `repeat`: judged as its first occurrence will be, and what is kept. -1 with code "bad-repeat". */
int intake_plan(struct job *j, struct err *e) MUSTCHECK;
void intake_plan_store(struct job *j, queue_accept_fn cb);

void intake_source_wait(struct source *s);

#endif
