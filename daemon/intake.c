#include "daemon/intake_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"

/* ---- the loops ---- */

static void take_entry(struct intake *i, struct source *s, const char *entry, size_t n)
{
    struct job *j = intake_job_new(i);

    j->source = s;
    j->entry = xmemdup(entry, n);
    j->entry_len = n;
    j->met = s == NULL;
    intake_job_start(j);
}

static void on_recovered_entry(void *arg, const char *entry, size_t n)
{
    struct intake *i = arg;
    struct job *j;

    TAILQ_FOREACH(j, &i->jobs, jobs)
    if (!j->met && j->entry != NULL && j->entry_len == n && memcmp(j->entry, entry, n) == 0) {
        j->met = true; /* under way just now; a second entry of the same words is another one */
        return;
    }
    take_entry(i, NULL, entry, n);
}

static void on_recovered(void *arg, const struct queue_result *r)
{
    struct intake *i = arg;

    i->recovering = false;
    i->unsure = r->status == QUEUE_UNAVAILABLE || r->status == QUEUE_UNSURE;
    if (r->status == QUEUE_REFUSED)
        log_error("intake.not-recovered", "code=%s why=\"%s\"", r->e->code, r->e->msg);
    /* Only now: an entry that is taken while the list is read would be met twice. */
    for (size_t k = 0; k < 2; k++)
        if (!i->sources[k].waiting)
            intake_source_wait(&i->sources[k]);
}

static void recover(struct intake *i)
{
    struct job *j;

    if (i->recovering)
        return;
    TAILQ_FOREACH(j, &i->jobs, jobs)
    j->met = false;
    i->recovering = true;
    queue_inproc_recover(i->o.queue, on_recovered_entry, on_recovered, i);
}

static void on_entry(void *arg, const struct queue_result *r, const char *entry, size_t n)
{
    struct source *s = arg;

    s->waiting = false;
    if (r->status == QUEUE_OK && entry != NULL) {
        FP("after_blmove");
        take_entry(s->intake, s, entry, n);
        return;
    }
    if (r->status == QUEUE_OK) {
        intake_source_wait(s);
        return;
    }
    if (r->status == QUEUE_UNSURE)
        s->intake->unsure = true;
    loop_timer_arm_ms(s->again, INTAKE_AGAIN_MAX_MS / 4);
}

static void on_source_again(void *arg)
{
    struct source *s = arg;

    if (s->intake->unsure)
        recover(s->intake);
    else
        intake_source_wait(s);
}

void intake_source_wait(struct source *s)
{
    if (!s->intake->running || s->waiting)
        return;
    s->waiting = true;
    queue_inbox_wait(s->intake->o.queue, s->redis, s->emergency, on_entry, s);
}

/* ---- the module's life ---- */

struct intake *intake_new(const struct intake_opts *o)
{
    struct intake *i = xcalloc(1, sizeof(*i));

    i->o = *o;
    TAILQ_INIT(&i->jobs);
    i->sources[0] = (struct source){.intake = i, .redis = o->block_e, .emergency = true, .again = NULL};
    i->sources[1] = (struct source){.intake = i, .redis = o->block, .emergency = false, .again = NULL};
    for (size_t k = 0; k < 2; k++)
        i->sources[k].again = loop_timer_new(o->loop, on_source_again, &i->sources[k]);
    return i;
}

void intake_start(struct intake *i)
{
    i->running = true;
    recover(i);
}

void intake_stop(struct intake *i)
{
    i->running = false;
    for (size_t k = 0; k < 2; k++)
        loop_timer_disarm(i->sources[k].again);
}

void intake_set_config(struct intake *i, const struct config *config,
                       const struct config_community *community)
{
    i->o.config = config;
    i->o.community = community;
}

void intake_free(struct intake *i)
{
    struct job *j;

    if (i == NULL)
        return;
    while ((j = TAILQ_FIRST(&i->jobs)) != NULL)
        intake_job_free(j);
    for (size_t k = 0; k < 2; k++)
        loop_timer_free(i->sources[k].again);
    free(i);
}
