/* What an entry names must be there: the activities it asks about or is sent to, and the notice that an all-clear ends. Asked of Redis before anything is stored or stopped;
 * a record of the journal was judged when it came in. */
#include <string.h>

#include "daemon/intake_int.h"
#include "queue/roster.h"

static void add_code(struct job *j, const char *code)
{
    if (code == NULL || code[0] == '\0' || strlen(code) > ACTIVITY_CODE_MAX)
        return;
    for (size_t i = 0; i < j->n_activities; i++)
        if (strcmp(j->activities[i], code) == 0)
            return;
    memcpy(j->activities[j->n_activities++], code, strlen(code) + 1);
}

void intake_check_init(struct job *j)
{
    const struct notice *n = j->notice;
    json_t *to = n->to != NULL ? audience_json(n->to) : NULL;

    j->n_activities = j->n_checked = 0;
    add_code(j, n->ask_rsvp);
    add_code(j, json_string_value(json_object_get(to, "activity")));
    add_code(j, json_string_value(json_object_get(json_object_get(to, "not"), "activity")));
    json_decref(to);
}

/* True when ${r} let it pass; otherwise the job was dealt with. */
static bool passed(struct job *j, const struct queue_result *r)
{
    if (intake_job_away(j, r))
        return false;
    if (r->status == QUEUE_OK)
        return true;
    intake_job_refuse(j, r->e);
    return false;
}

static void on_activity(void *arg, const struct queue_result *r, const struct activity *a)
{
    struct job *j = arg;
    struct err e;

    (void)a;
    if (r->status == QUEUE_REFUSED && strcmp(r->e->code, "no-such-activity") == 0) {
        err_set(&e, "no-such-activity", j->n_checked == 0 && j->notice->ask_rsvp[0] != '\0' ? "ask" : "to",
                "there is no activity with the code \"%s\"", j->activities[j->n_checked]);
        intake_job_refuse(j, &e);
        return;
    }
    if (!passed(j, r))
        return;
    j->n_checked++;
    intake_check(j);
}

static void on_target(void *arg, const struct queue_result *r, const struct queue_notice *n)
{
    struct job *j = arg;

    (void)n;
    if (passed(j, r))
        intake_job_checked(j);
}

void intake_check(struct job *j)
{
    struct queue *q = j->intake->o.queue;

    if (j->n_checked < j->n_activities)
        roster_get(q, j->activities[j->n_checked], on_activity, j);
    else if (j->notice->kind == NOTICE_ALLCLEAR)
        queue_notice_get(q, j->notice->cancels, on_target, j);
    else
        intake_job_checked(j);
}
