/* A real daemon (embedded Redis, sandbox provider) in a child process, asked over its Unix socket and over TCP with a token for each role. */
#ifndef TESTS_SUPPORT_API_BED_H
#define TESTS_SUPPORT_API_BED_H

#include "daemon/routes.h"
#include "net/fetch.h"

struct api_answer {
    int status;
    struct buf text;
    json_t *json;
};

/* The world of one test. */
extern struct api_bed {
    char dir[64]; /* its state */
    pid_t child;
    struct fetch *local; /* over its Unix socket */
    char *url;
    char *tokens[ROLE_N];
} api_bed;

/* 20 ms, between two looks at a condition. */
void api_bed_nap(void);
/* One request with at most one header of its own; status -1: no answer. Free the answer with api_bed_answer_fini. */
struct api_answer api_bed_ask(struct fetch *f, const char *method, const char *path, const char *body,
                              const char *header);
void api_bed_answer_fini(struct api_answer *a);
int api_bed_status_of(struct fetch *f, const char *method, const char *path, const char *body);
/* Over TCP with this token; the caller frees it. */
struct fetch *api_bed_as(const char *token);
/* Around the group: the daemon runs, a key of each role is made; it must end with status 0. */
int api_bed_start(void **state);
int api_bed_stop(void **state);

#endif
