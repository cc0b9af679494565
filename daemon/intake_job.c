/* The way of one entry; a submission over HTTP takes the same way, but is answered instead of rejected.
 *
 *   parse ── template ── complete ──▶ check what it names ──▶ cancel the target (cancel, allclear) ──▶ [journal] ──▶ accept ──▶ cancel what it supersedes ──▶ accepted
 *      └──────────┴─────────┴──────────────┴─────────────────────────┴─────────────────────────────────────────┴─▶ rejected
 *
 * The target is cancelled before the entry is settled: a crash in between repeats the cancel, never loses it. Every step can be repeated; an entry is
 * repeated until Redis takes it. */

#include "daemon/intake_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/journal.h"
#include "daemon/templates.h"
#include "queue/codec.h"

static void go(struct job *j);

static void on_again(void *arg)
{
    go(arg);
}

struct job *intake_job_new(struct intake *i)
{
    struct job *j = xcalloc(1, sizeof(*j));

    j->intake = i;
    j->again = loop_timer_new(i->o.loop, on_again, j);
    j->again_ms = INTAKE_AGAIN_MIN_MS;
    TAILQ_INSERT_TAIL(&i->jobs, j, jobs);
    return j;
}

void intake_job_free(struct job *j)
{
    TAILQ_REMOVE(&j->intake->jobs, j, jobs);
    loop_task_cancel(j->intake->o.loop, &j->answer);
    loop_timer_free(j->again);
    notice_free(j->notice);
    free(j->entry);
    free(j->json);
    free(j->plan_json);
    free(j->idem_key);
    free(j);
}

static void job_over(struct job *j)
{
    struct source *s = j->source;

    intake_job_free(j);
    if (s != NULL)
        intake_source_wait(s);
}

static void again_later(struct job *j)
{
    loop_timer_arm_ms(j->again, j->again_ms);
    j->again_ms = j->again_ms * 2 < INTAKE_AGAIN_MAX_MS ? j->again_ms * 2 : INTAKE_AGAIN_MAX_MS;
}

/* ---- answers to submissions ---- */

static void on_answer(void *arg)
{
    struct job *j = arg;
    struct queue_result r = {.status = j->why.code[0] != '\0' ? QUEUE_REFUSED : QUEUE_OK, .e = &j->why};

    j->cb(j->arg, &r, j->result, j->notice);
    intake_job_free(j);
}

static void answer_later(struct job *j)
{
    j->answer = (struct loop_task){.cb = on_answer, .arg = j};
    loop_post(j->intake->o.loop, &j->answer);
}

/* Redis is away. Whoever submitted is told; in the journal stays what may have been stored, so that it surely is in the end. */
static void answer_away(struct job *j, const struct queue_result *r)
{
    if (j->journal_number != 0 && r->status == QUEUE_UNAVAILABLE)
        journal_done(j->intake->o.journal, j->journal_number);
    j->cb(j->arg, r, QUEUE_ACCEPTED, j->notice);
    intake_job_free(j);
}

static bool is_submission(const struct job *j)
{
    return j->cb != NULL;
}

bool intake_job_away(struct job *j, const struct queue_result *r)
{
    if (r->status != QUEUE_UNAVAILABLE && r->status != QUEUE_UNSURE)
        return false;
    if (is_submission(j))
        answer_away(j, r);
    else
        again_later(j);
    return true;
}

/* ---- the steps ---- */

void intake_job_refuse(struct job *j, const struct err *e)
{
    j->why = *e;
    j->step = STEP_REJECT;
    go(j);
}

static void accepted(struct job *j)
{
    struct intake *i = j->intake;

    if (j->journal_number != 0 && (j->known_before || j->notice->kind == NOTICE_CANCEL))
        journal_done(i->o.journal, j->journal_number);
    else if (j->journal_number != 0)
        journal_confirmed(i->o.journal, j->journal_number);
    if (j->result == QUEUE_ACCEPTED) {
        log_info("notice.accepted", "notice=%s kind=%s lane=%s", j->notice->id,
                 notice_kind_name(j->notice->kind), lane_name(j->notice->lane));
        i->o.on_accepted(i->o.arg, j->notice);
    }
    if (is_submission(j)) {
        struct queue_result r = {.status = QUEUE_OK, .e = NULL};

        j->cb(j->arg, &r, j->result, j->notice);
        intake_job_free(j);
        return;
    }
    job_over(j);
}

static void on_rejected(void *arg, const struct queue_result *r)
{
    struct job *j = arg;

    if (r->status != QUEUE_OK && r->status != QUEUE_REFUSED) {
        again_later(j);
        return;
    }
    if (r->status == QUEUE_REFUSED)
        log_error("notice.not-rejected", "code=%s why=\"%s\"", r->e->code, r->e->msg);
    job_over(j);
}

static void reject(struct job *j)
{
    struct intake *i = j->intake;

    if (is_submission(j)) {
        if (j->journal_number != 0)
            journal_done(i->o.journal, j->journal_number);
        answer_later(j);
        return;
    }
    if (j->recovered) {
        log_error("journal.refused", "notice=%s reason=%s", j->notice != NULL ? j->notice->id : "?",
                  j->why.code);
        journal_done(i->o.journal, j->journal_number);
    }
    if (j->again_ms == INTAKE_AGAIN_MIN_MS) { /* the first time */
        log_info("notice.rejected", "reason=%s field=%s", j->why.code, j->why.field);
        i->o.on_rejected(i->o.arg, j->why.code);
    }
    if (j->entry != NULL && j->entry_len > NOTICE_JSON_MAX) {
        queue_reject_large(i->o.queue, NOTICE_JSON_MAX, j->why.code, j->why.msg, on_rejected, j);
        return;
    }
    queue_reject(i->o.queue, j->entry != NULL ? j->entry : j->json,
                 j->entry != NULL ? j->entry_len : j->json_len, j->why.code, j->why.msg, on_rejected, j);
}

/* Never said again, even when Redis loses everything the moment after. */
static void cancelled(struct intake *i, const char *id)
{
    if (i->o.journal != NULL)
        journal_cancelled(i->o.journal, i->o.community->name, id);
}

static void on_superseded(void *arg, const struct queue_result *r)
{
    struct job *j = arg;

    if (r->status == QUEUE_UNAVAILABLE || r->status == QUEUE_UNSURE) {
        again_later(j); /* it is stored: nobody is told "refused" any more */
        return;
    }
    cancelled(j->intake, j->notice->alert.supersedes[j->n_superseded]);
    if (r->status == QUEUE_OK)
        log_info("notice.superseded", "notice=%s by=%s", j->notice->alert.supersedes[j->n_superseded],
                 j->notice->id);
    j->n_superseded++;
    go(j);
}

/* A due notice stops the level before it at once; a scheduled one does so when it is staged. */
static void supersede(struct job *j)
{
    const struct notice *n = j->notice;
    bool due = n->send_at == 0 || n->send_at <= clock_wall_ms();

    if (!due || j->result != QUEUE_ACCEPTED || j->n_superseded >= n->alert.n_supersedes) {
        accepted(j);
        return;
    }
    queue_cancel(j->intake->o.queue, n->alert.supersedes[j->n_superseded], "superseded", on_superseded, j);
}

/* Said twice by whoever submits it: one record is enough, and its id must be the one that was accepted. */
static bool is_in_journal_already(const struct job *j, const char *id)
{
    return strcmp(j->notice->id, id) != 0 ||
           journal_has_other(j->intake->o.journal, j->journal_number, j->intake->o.community->name, id);
}

static void on_accept(void *arg, const struct queue_result *r, enum queue_accept_result a, const char *id)
{
    struct job *j = arg;
    struct err e;

    if (intake_job_away(j, r))
        return;
    FP("after_accept");
    if (r->status == QUEUE_REFUSED && strcmp(r->e->code, "already-settled") == 0) {
        job_over(j); /* only entries of the inbox: somebody else has it */
        return;
    }
    if (r->status == QUEUE_REFUSED) {
        intake_job_refuse(j, r->e);
        return;
    }
    if (a == QUEUE_CONFLICT && j->recovered)
        a = QUEUE_SAME; /* the journal keeps the completed notice, not the words that were asked; the id is what counts */
    if (a == QUEUE_CONFLICT) {
        err_set(&e, "id-conflict", "id", "a notice with this id and other content was accepted before");
        intake_job_refuse(j, &e);
        return;
    }
    j->result = a;
    j->known_before = a == QUEUE_SAME && j->journal_number != 0 && is_in_journal_already(j, id);
    if (a == QUEUE_SAME && id != NULL && id[0] != '\0')
        memcpy(j->notice->id, id, strnlen(id, NOTICE_ID_MAX) + 1);
    j->step = STEP_SUPERSEDE;
    go(j);
}

static void accept_it(struct job *j)
{
    struct queue_accept a = {.notice = j->notice,
                             .json = j->json,
                             .json_len = j->json_len,
                             .entry = j->entry,
                             .entry_len = j->entry_len,
                             .idem_key = j->idem_key};

    if (j->notice->repeat != NULL)
        intake_plan_store(j, on_accept);
    else
        queue_accept(j->intake->o.queue, &a, on_accept, j);
}

/* Over already, or lost by Redis together with what is said again now: that is what was wanted. */
static bool is_over_anyway(const struct job *j, const char *code)
{
    return strcmp(code, "wrong-state") == 0 || (j->recovered && strcmp(code, "no-such-notice") == 0);
}

static void on_cancelled(void *arg, const struct queue_result *r)
{
    struct job *j = arg;

    if (intake_job_away(j, r))
        return;
    if (r->status == QUEUE_REFUSED && !is_over_anyway(j, r->e->code)) {
        intake_job_refuse(j, r->e);
        return;
    }
    cancelled(j->intake, j->notice->cancels);
    j->step = STEP_ACCEPT;
    go(j);
}

static bool takes_back(const struct notice *n)
{
    return n->kind == NOTICE_CANCEL || n->kind == NOTICE_ALLCLEAR;
}

void intake_job_checked(struct job *j)
{
    if (j->dry) {
        answer_later(j);
        return;
    }
    j->step = takes_back(j->notice) ? STEP_CANCEL : STEP_ACCEPT;
    go(j);
}

static void go(struct job *j)
{
    switch (j->step) {
    case STEP_CHECK:
        intake_check(j);
        return;
    case STEP_CANCEL:
        queue_cancel(j->intake->o.queue, j->notice->cancels, "cancelled", on_cancelled, j);
        return;
    case STEP_ACCEPT:
        accept_it(j);
        return;
    case STEP_SUPERSEDE:
        supersede(j);
        return;
    case STEP_REJECT:
        reject(j);
        return;
    }
}

/* Template, id, defaults, audience of an all-clear, and what is stored. */
static int complete(struct job *j, struct err *e)
{
    struct notice *n = j->notice;
    bool end_given = n->not_after != 0;

    if (templates_fill(j->intake->o.config->template_dir, n, e) != 0)
        return -1;
    if (n->id[0] == '\0')
        codec_new_id(clock_wall_ms(), n->id);
    if (n->kind == NOTICE_ALLCLEAR && n->to == NULL)
        n->to = audience_new_told(n->cancels);
    if (n->repeat != NULL && intake_plan(j, e) != 0)
        return -1;
    end_given = end_given || (n->repeat != NULL && n->repeat->end >= 0);
    if (notice_complete(n, clock_wall_ms(), e) != 0 || intake_hours(j->intake, n, end_given, e) != 0)
        return -1;
    free(j->json);
    j->json = codec_canonical(n, &j->json_len);
    intake_check_init(j);
    j->step = STEP_CHECK;
    return 0;
}

void intake_job_start(struct job *j)
{
    struct err e = {{0}, {0}, {0}};

    if (j->notice == NULL)
        j->notice = codec_notice(j->entry, j->entry_len, &e);
    if (j->notice == NULL || complete(j, &e) != 0) {
        intake_job_refuse(j, &e);
        return;
    }
    go(j);
}

/* ---- submissions ---- */

static int into_journal(struct job *j, struct err *e)
{
    struct intake *i = j->intake;

    if (i->o.journal == NULL || j->notice->lane > LANE_URGENT)
        return 0; /* plans are of lower lanes: what repeats can be said again */
    j->journal_number = journal_add(i->o.journal, i->o.community->name, j->json, j->json_len, e);
    if (j->journal_number > 0)
        return 0;
    j->journal_number = 0;
    return -1;
}

void intake_submit(struct intake *i, const json_t *tree, const char *idem_key, bool dry, intake_fn cb,
                   void *arg)
{
    struct job *j = intake_job_new(i);

    j->cb = cb;
    j->arg = arg;
    j->idem_key = idem_key != NULL ? xstrdup(idem_key) : NULL;
    j->notice = codec_notice_json(tree, &j->why);
    if (j->notice == NULL || complete(j, &j->why) != 0 || (!dry && into_journal(j, &j->why) != 0)) {
        answer_later(j);
        return;
    }
    j->why.code[0] = '\0';
    j->dry = dry;
    go(j);
}

/* Said again while it is being said, its end would come twice, and its number may belong to another record by then. */
static bool is_under_way(const struct intake *i, int64_t journal_number)
{
    const struct job *j;

    TAILQ_FOREACH(j, &i->jobs, jobs)
    if (j->journal_number == journal_number)
        return true;
    return false;
}

void intake_resubmit(struct intake *i, int64_t journal_number, const char *json, size_t n)
{
    struct err e = {{0}, {0}, {0}};
    struct job *j;

    if (is_under_way(i, journal_number))
        return;
    j = intake_job_new(i);
    j->journal_number = journal_number;
    j->recovered = true;
    j->entry = xmemdup(json, n);
    j->entry_len = n;
    j->notice = codec_stored(json, n, &e);
    if (j->notice == NULL || j->notice->not_after <= clock_wall_ms()) {
        if (j->notice != NULL)
            err_set(&e, "not-after-passed", "not_after",
                    "the notice came back from the journal after its time");
        intake_job_refuse(j, &e);
        return;
    }
    j->json = codec_canonical(j->notice, &j->json_len);
    free(j->entry); /* it never was in an inbox */
    j->entry = NULL;
    j->entry_len = 0;
    j->step = takes_back(j->notice) ? STEP_CANCEL : STEP_ACCEPT;
    go(j);
}
