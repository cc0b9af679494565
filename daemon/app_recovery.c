/* What Redis lost, and what is said again because of it: after every look at Redis (app_redis.c).
 *
 *   look ──▶ canary: is it the data that was there? ──no──▶ alarm until acknowledged; what the journal holds counts as lost
 *    │
 *    └─ usable ──▶ journal: over ──▶ struck out
 *                          confirmed ──▶ ask Redis how it stands: over ──▶ struck out; not known ──▶ lost
 *                          not confirmed, or lost ──▶ said again; held while the residents whom it is for are gone */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/app_int.h"
#include "daemon/canary.h"
#include "daemon/intake.h"
#include "daemon/journal.h"
#include "queue/codec.h"

/* ---- what was lost ---- */

static void lose(void *arg, const struct journal_record *r)
{
    struct community *c = arg;

    if (strcmp(r->community, c->conf->name) == 0)
        journal_lost(c->app->journal, r->number);
}

void app_recovery_looked(struct community *c, const struct queue_holdings *h)
{
    struct app *a = c->app;
    enum canary_loss loss;

    c->holds = *h;
    loss = canary_look(a->canary, c->conf->name, h, c->conf->timezone, clock_wall_ms());
    if (loss == CANARY_FINE)
        return;
    a->n_losses++;
    log_error("redis.data-lost", "community=%s kind=%s why=\"%s\"", c->conf->name,
              loss == CANARY_EMPTY ? "empty" : "rolled-back", canary_alarm(a->canary, c->conf->name, NULL));
    journal_each(a->journal, lose, c);
}

/* ---- what is said again ---- */

/* Whom it is for is written in it, number by number; everybody else has to be looked up among the residents. */
static bool needs_residents(const struct journal_record *r)
{
    struct notice *n = codec_stored(r->json, r->n, NULL);
    bool needs = n != NULL && n->to != NULL &&
                 !(audience_is_listed(n->to) && audience_n_phones(n->to) > 0 && audience_told(n->to) == NULL);

    notice_free(n);
    return needs;
}

/* It would be sent to nobody, or only to those who are imported already. */
static bool is_held(const struct community *c, const struct journal_record *r)
{
    enum canary_loss loss;

    canary_alarm(c->app->canary, c->conf->name, &loss);
    if (c->holds.n_residents > 0 &&
        (loss != CANARY_EMPTY || c->holds.n_residents >= canary_residents(c->app->canary, c->conf->name)))
        return false;
    return r->not_after > clock_wall_ms() && needs_residents(r);
}

static void say_again(struct community *c, const struct journal_record *r)
{
    if (r->lost)
        log_warn("alert.said-again",
                 "notice=%s community=%s why=\"Redis lost it; who got it already may get it twice\"", r->id,
                 r->community);
    intake_resubmit(c->intake, r->number, r->json, r->n);
}

static void on_record(void *arg, const struct journal_record *r)
{
    struct app *a = arg;
    struct community *c = app_community(a, r->community);

    bool past = r->not_after != 0 && r->not_after <= clock_wall_ms();

    if (c == NULL) {
        if (past)
            journal_done(a->journal, r->number);
        else if (!a->told_homeless)
            log_error("journal.homeless", "community=%s notice=%s", r->community, r->id);
        a->told_homeless = a->told_homeless || !past;
    } else if (r->confirmed) {
        if (past)
            journal_done(a->journal, r->number); /* Redis lists whom it did not reach */
        else if (c->n_asked < ARRAY_LEN(c->asked) && !c->asking && r->number > c->asked_up_to)
            c->asked[c->n_asked++] = r->number;
    } else if (is_held(c, r)) {
        c->n_held++;
    } else {
        say_again(c, r);
    }
}

/* ---- how those that Redis had stand now ---- */

struct naming {
    struct community *community;
    const char *ids[ARRAY_LEN(((struct community *)NULL)->asked)];
    size_t n;
};

static void name_it(void *arg, const struct journal_record *r)
{
    struct naming *naming = arg;

    if (naming->n < naming->community->n_asked && naming->community->asked[naming->n] == r->number)
        naming->ids[naming->n++] = r->id;
}

static void on_states(void *arg, const struct queue_result *r, const int *states, size_t n)
{
    struct community *c = arg;
    struct journal *j = c->app->journal;

    c->asking = false;
    for (size_t i = 0; r->status == QUEUE_OK && i < n && i < c->n_asked; i++) {
        if (states[i] < 0)
            journal_lost(j,
                         c->asked[i]); /* said again after the next look, which tells what else is missing */
        else if (states[i] >= NOTICE_DONE)
            journal_done(j, c->asked[i]);
    }
    c->n_asked = 0;
}

static void ask_states(struct community *c)
{
    struct naming naming = {.community = c, .n = 0};

    if (c->asking)
        return;
    c->asked_up_to = c->n_asked == ARRAY_LEN(c->asked) ? c->asked[c->n_asked - 1] : 0;
    if (c->n_asked == 0)
        return;
    journal_each(c->app->journal, name_it, &naming);
    c->n_asked = naming.n;
    c->asking = true;
    queue_standing(c->queue, naming.ids, naming.n, on_states, c);
}

static void tell_held(struct community *c)
{
    if (c->n_held > c->n_held_told)
        log_error("alert.held",
                  "community=%s alerts=%zu why=\"accepted, and cannot be sent: the residents are gone\"",
                  c->conf->name, c->n_held);
    c->n_held_told = c->n_held;
}

static void probe_journal(struct app *a)
{
    struct err e = {{0}, {0}, {0}};
    bool good = journal_probe(a->journal, &e) == 0;

    if (!good && a->journal_words[0] == '\0')
        log_error("journal.not-writable", "why=\"%s\"", e.msg);
    if (good && a->journal_words[0] != '\0')
        log_info("journal.writable", "again=yes");
    memset(a->journal_words, 0, sizeof(a->journal_words));
    memcpy(a->journal_words, e.msg, strnlen(e.msg, sizeof(a->journal_words) - 1));
}

void app_recovery_pass(struct app *a)
{
    canary_seen(a->canary, clock_wall_ms());
    probe_journal(a);
    if (a->draining)
        return;
    for (size_t i = 0; i < a->n_communities; i++)
        a->communities[i].n_held = 0;
    journal_each(a->journal, on_record, a);
    for (size_t i = 0; i < a->n_communities; i++) {
        tell_held(&a->communities[i]);
        ask_states(&a->communities[i]);
    }
}

void app_recovery_pass_soon(struct app *a)
{
    if (a->redis_usable)
        loop_timer_arm_ms(a->check_again, 0);
}

void app_recovery_cancelled(struct community *c, const char *id)
{
    journal_cancelled(c->app->journal, c->conf->name, id);
}
