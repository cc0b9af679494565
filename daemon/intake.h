/* Intake: inbox entries (and notices from HTTP) become accepted notices or rejected entries; nothing is dropped.
 *
 * Used by the BLMOVE loops of a community and by the API; the same checks for both. */
#ifndef DAEMON_INTAKE_H
#define DAEMON_INTAKE_H

#include "config/config.h"
#include "queue/queue.h"

struct intake;
struct journal;
struct intake_opts {
    struct loop *loop;
    struct queue *queue;
    struct redis *block_e, *block;
    const struct config *config;
    const struct config_community *community;
    struct journal *journal; /* emergency and urgent notices from HTTP are written here first; NULL = none */
    void (*on_accepted)(void *arg, const struct notice *n); /* poke the scheduler; cancel targets */
    void (*on_rejected)(void *arg, const char *reason);
    void *arg;
};
struct intake *intake_new(const struct intake_opts *o);
/* Begin the BLMOVE loops (after queue_check said yes and this daemon's old in-process entries were recovered); stop them. */
void intake_start(struct intake *i);
void intake_stop(struct intake *i);
/* Another configuration (reload). Borrowed. */
void intake_set_config(struct intake *i, const struct config *config,
                       const struct config_community *community);
void intake_free(struct intake *i);
/* A notice from HTTP or the command line: parsed, completed, stored. Completion: OK with result and id, or REFUSED with the reason (not put into `rejected`: the caller is told). ${dry}: stop
 * before storing. ${tree} borrowed for the call. */
typedef void (*intake_fn)(void *arg, const struct queue_result *r, enum queue_accept_result a,
                          const struct notice *n);
void intake_submit(struct intake *i, const json_t *tree, const char *idem_key, bool dry, intake_fn cb,
                   void *arg);
/* A record of the journal that Redis may not know: say it again. Afterwards the journal is told. */
void intake_resubmit(struct intake *i, int64_t journal_number, const char *json, size_t n);

#endif
