#include "daemon/replier.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/replier_int.h"

#define LEASE_MS      3000
#define POLL_MS       200
#define GATHER_MS     4
#define AWAY_MS       500   /* Redis did not answer */
#define ACTIVITIES_MS 60000 /* the window of activities looked at moves with time */
#define YESTERDAY_MS  86400000
#define TEXT_MAX      4000 /* bytes of one answer */

static void begin(struct replier *r);

/* ---- states ---- */

static void enter(struct replier *r, enum replier_state s)
{
    r->state = s;
}

static void free_jobs(struct replier *r)
{
    for (size_t i = 0; i < r->n_jobs; i++)
        replier_job_free(r->jobs[i]);
    r->n_jobs = 0;
}

/* Come back in ${ms}; ${firm}: not even a poke makes it sooner. */
static void idle(struct replier *r, int64_t ms, bool firm)
{
    free_jobs(r);
    enter(r, REPLIER_IDLE);
    r->not_before_ms = firm ? clock_mono_ms() + ms : 0;
    loop_timer_arm_ms(r->timer, r->stopping || (r->poked && !firm) ? 0 : ms);
}

static void on_timer(void *arg)
{
    begin(arg);
}

void replier_poke(struct replier *r)
{
    r->poked = true;
    if (r->state == REPLIER_IDLE && clock_mono_ms() >= r->not_before_ms)
        loop_timer_arm_ms(r->timer, 0);
}

/* ---- leaving ---- */

static void on_given_up(void *arg, const struct queue_result *result, bool mine)
{
    struct replier *r = arg;

    (void)result;
    (void)mine;
    enter(r, REPLIER_LEFT);
    r->leads = false;
    if (r->stopped_cb)
        r->stopped_cb(r->stopped_arg);
}

void replier_stop(struct replier *r, loop_fn cb, void *arg)
{
    r->stopping = true;
    r->stopped_cb = cb;
    r->stopped_arg = arg;
    if (r->state == REPLIER_IDLE)
        loop_timer_arm_ms(r->timer, 0);
}

/* ---- the lease ---- */

static void look(struct replier *r);

static void on_lease(void *arg, const struct queue_result *result, bool mine)
{
    struct replier *r = arg;

    if (result->status == QUEUE_OK && mine != r->leads)
        log_info(mine ? "replies.led" : "replies.followed", "community=%s", queue_community(r->q));
    r->leads = result->status == QUEUE_OK && mine;
    if (result->status != QUEUE_OK)
        idle(r, AWAY_MS, true);
    else if (!mine)
        idle(r, r->lease_ms / 3, true);
    else
        look(r);
}

/* Every round begins here. */
static void begin(struct replier *r)
{
    int64_t now_ms = clock_mono_ms();

    if (r->stopping) {
        enter(r, REPLIER_LEAVING);
        replies_lease(r->q, 0, on_given_up, r);
    } else if (r->leads && now_ms < r->lease_good_until_ms) {
        look(r);
    } else {
        enter(r, REPLIER_LEASING);
        r->lease_good_until_ms = now_ms + r->lease_ms / 2;
        replies_lease(r->q, r->lease_ms, on_lease, r);
    }
}

/* ---- activities ---- */

const struct activity *replier_activity(const struct replier *r, const char *code)
{
    for (size_t i = 0; i < r->activities.n; i++)
        if (strcmp(r->activities.v[i].code, code) == 0)
            return &r->activities.v[i];
    return NULL;
}

void replier_add_activity(struct replier_activities *list, const struct activity *a)
{
    if (list->n == list->cap) {
        list->cap = list->cap ? 2 * list->cap : 16;
        list->v = xrealloc(list->v, list->cap * sizeof(*list->v));
    }
    list->v[list->n++] = *a;
}

static void on_activity(void *arg, const struct activity *a)
{
    struct replier *r = arg;

    replier_add_activity(&r->activities, a);
}

static void on_activities(void *arg, const struct queue_result *result)
{
    struct replier *r = arg;

    if (result->status == QUEUE_OK) {
        r->activities_loaded_ms = clock_mono_ms();
        look(r);
    } else {
        r->activities_loaded_ms = 0;
        idle(r, AWAY_MS, true);
    }
}

/* ${version} was read before the list: at worst the list is newer and loaded once more. */
static void load_activities(struct replier *r, uint64_t version, int64_t now_at)
{
    enter(r, REPLIER_LOADING);
    r->activities.n = 0;
    r->activities_version = version;
    roster_list_since(r->q, now_at - YESTERDAY_MS, on_activity, on_activities, r);
}

/* ---- a batch ---- */

static void settle(struct replier *r);

void replier_asked(struct replier *r)
{
    r->n_under_way++;
}

void replier_answered(struct replier *r, const struct queue_result *result)
{
    if (result->status == QUEUE_UNAVAILABLE || result->status == QUEUE_UNSURE)
        r->failed = true;
    if (--r->n_under_way > 0)
        return;
    if (r->failed)
        idle(r, AWAY_MS, true);
    else
        settle(r);
}

/* Two replies of one sender are two batches: the second must see what the first did. */
static bool has_sender(const struct replier *r, const char *from)
{
    for (size_t i = 0; i < r->n_jobs; i++)
        if (strcmp(r->jobs[i]->from, from) == 0)
            return true;
    return false;
}

static void on_pending(void *arg, const struct queue_result *result, const struct replies_pending *list,
                       size_t n)
{
    struct replier *r = arg;

    if (result->status != QUEUE_OK || n == 0) {
        idle(r, result->status == QUEUE_OK ? POLL_MS : AWAY_MS, result->status != QUEUE_OK);
        return;
    }
    if (!r->activities_loaded_ms || clock_mono_ms() - r->activities_loaded_ms > ACTIVITIES_MS ||
        list[0].activities_version != r->activities_version) {
        load_activities(r, list[0].activities_version, list[0].now_at);
        return;
    }
    enter(r, REPLIER_DECIDING);
    r->failed = false;
    r->n_under_way = 1; /* held until all are begun */
    for (size_t i = 0; i < n && !has_sender(r, list[i].from); i++) {
        struct replier_job *j = r->jobs[r->n_jobs++] = replier_job_new(r, &list[i]);
        replier_job_decide(j, &list[i]);
    }
    r->more = n == REPLIER_BATCH || r->n_jobs < n;
    replier_answered(r, &(struct queue_result){.status = QUEUE_OK});
}

static void look(struct replier *r)
{
    enter(r, REPLIER_LOOKING);
    r->poked = false;
    replies_pending(r->q, REPLIER_BATCH, on_pending, r);
}

static void tell(const struct replier *r, const struct replier_job *j)
{
    const struct replier_settled s = {.provider = j->provider,
                                      .intent = intent_name(j->d.intent),
                                      .activity = j->d.activity ? j->d.activity : "",
                                      .result = j->d.result,
                                      .registration = j->registration,
                                      .n_answers = j->n_answers};

    log_debug("reply.settled", "community=%s provider=%s intent=%s rule=%s result=%s answers=%zu",
              queue_community(r->q), s.provider, s.intent, j->intent.rule, s.result, s.n_answers);
    if (r->on_settled)
        r->on_settled(r->arg, &s);
}

static void on_settled(void *arg, const struct queue_result *result)
{
    struct replier *r = arg;
    size_t n_answers = 0;

    if (result->status != QUEUE_OK) {
        log_warn("replies.postponed", "community=%s replies=%zu why=\"%s\"", queue_community(r->q), r->n_jobs,
                 result->e->msg);
        idle(r, AWAY_MS, true);
        return;
    }
    for (size_t i = 0; i < r->n_jobs; i++) {
        tell(r, r->jobs[i]);
        n_answers += r->jobs[i]->n_answers;
    }
    free_jobs(r);
    if (n_answers > 0 && r->on_answers)
        r->on_answers(r->arg);
    if (r->more || r->stopping)
        begin(r);
    else if (r->poked) /* many come: a few together cost less than each alone */
        idle(r, GATHER_MS, true);
    else
        idle(r, POLL_MS, false);
}

static void settle(struct replier *r)
{
    struct replies_decision d[REPLIER_BATCH];

    enter(r, REPLIER_SETTLING);
    for (size_t i = 0; i < r->n_jobs; i++) {
        r->jobs[i]->d.answers = r->jobs[i]->answers;
        r->jobs[i]->d.n_answers = r->jobs[i]->n_answers;
        d[i] = r->jobs[i]->d;
    }
    replies_settle(r->q, d, r->n_jobs, on_settled, r);
}

/* ---- life ---- */

struct replier *replier_new(const struct replier_opts *o)
{
    struct replier *r = xcalloc(1, sizeof(*r));

    r->loop = o->loop;
    r->q = o->queue;
    r->words = o->words;
    replier_set_place(r, o->tz, o->sign);
    r->lease_ms = o->lease_ms > 0 ? o->lease_ms : LEASE_MS;
    r->on_settled = o->on_settled;
    r->on_answers = o->on_answers;
    r->arg = o->arg;
    buf_init(&r->text, TEXT_MAX);
    r->timer = loop_timer_new(r->loop, on_timer, r);
    loop_timer_arm_ms(r->timer, 0);
    return r;
}

bool replier_leads(const struct replier *r)
{
    return r->leads;
}

void replier_set_words(struct replier *r, const struct intent_words *words)
{
    r->words = words;
}

void replier_set_place(struct replier *r, const char *tz, const char *sign)
{
    free(r->tz);
    free(r->echo);
    r->tz = xstrdup(tz);
    r->echo = sign && sign[0] ? xasprintf("【%s】", sign) : NULL;
}

void replier_free(struct replier *r)
{
    if (!r)
        return;
    loop_timer_free(r->timer);
    replier_explain_free(r);
    free_jobs(r);
    free(r->activities.v);
    buf_fini(&r->text);
    free(r->tz);
    free(r->echo);
    free(r);
}
