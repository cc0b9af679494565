/* One reply: what it means, what it asks of Redis, what is answered. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/replier_int.h"
#include "provider/provider.h"
#include "queue/people.h"

/* ---- a job ---- */

/* Any bytes, with a NUL behind them. */
char *replier_copy(const char *s, size_t n)
{
    char *copy = xmalloc(n + 1);

    memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

struct replier_job *replier_job_new(struct replier *r, const struct replies_pending *p)
{
    struct replier_job *j = xcalloc(1, sizeof(*j));

    j->r = r;
    j->key = xstrdup(p->key);
    j->provider = xstrdup(p->provider);
    j->channel = xstrdup(p->channel);
    j->from = xstrdup(p->from);
    j->text = replier_copy(p->text, p->text_len);
    j->text_len = p->text_len;
    j->resident = p->resident;
    j->answers_last_hour = p->answers_last_hour;
    j->answers_last_day = p->answers_last_day;
    j->all_last_day = p->all_last_day;
    j->event = p->event;
    j->helped_today = p->helped_today;
    j->muted = p->muted;
    j->flood = p->flood;
    j->rollcall = p->rollcall_open;
    j->takes_part = p->n_registered > 0;
    j->now_at = p->now_at;
    if (p->promoted) {
        j->promoted = xstrdup(p->promoted);
        j->promoted_place = p->promoted_place;
        j->promoted_count = p->promoted_count;
        j->promoted_confirm_by = p->promoted_confirm_by;
        j->promoted_lapsed = p->promoted_lapsed;
    }
    j->d.key = j->key;
    j->d.name = j->resident.name;
    j->d.result = "none";
    return j;
}

void replier_job_free(struct replier_job *j)
{
    if (!j)
        return;
    for (size_t i = 0; i < j->n_owned; i++)
        free(j->owned[i]);
    free(j->owned);
    free(j->answers);
    free(j->own);
    free(j->key);
    free(j->provider);
    free(j->channel);
    free(j->from);
    free(j->text);
    free(j->promoted);
    free(j);
}

static const char *lang_of(const struct replier_job *j)
{
    return j->resident.lang;
}

struct buf *replier_words(struct replier_job *j)
{
    buf_reset(&j->r->text);
    return &j->r->text;
}

/* ---- registering ---- */

static void tell_promoted(struct replier_job *j, const struct activity *a, const struct roster_promoted *p,
                          size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (registry_say_promoted(replier_words(j), "", j->r->tz, a, p[i].place, p[i].count,
                                  p[i].confirm_by) == 0)
            replier_answer_to(j, p[i].phone, p[i].name);
}

static bool is_effect(enum reg_result r)
{
    return r == REG_OK_CONFIRMED || r == REG_OK_WAITING || r == REG_OK_LEFT || r == REG_CHANGED;
}

static void on_register(void *arg, const struct queue_result *r, const struct registry_outcome *o,
                        const struct roster_promoted *promoted, size_t n)
{
    struct replier_job *j = arg;
    const struct activity *a = replier_activity(j->r, j->intent.activity);

    if (r->status == QUEUE_OK && a) {
        j->registration = true;
        j->d.result = reg_result_name(o->result);
        j->takes_part |= o->status != REG_WITHDRAWN || o->result == REG_OK_LEFT;
        if (registry_say_outcome(replier_words(j), lang_of(j), j->r->tz, a, j->intent.kind, o) == 0)
            replier_answer(j, is_effect(o->result) ? REPLIER_EFFECT : REPLIER_LIMITED, LANE_NORMAL);
        tell_promoted(j, a, promoted, n);
    } else if (r->status == QUEUE_REFUSED) {
        j->d.result = "refused"; /* our fault: staff must see it, and it must not block the others */
        j->d.to_inbox = true;
    }
    replier_answered(j->r, r);
}

const char *replier_identity(const struct replier_job *j)
{
    return j->resident.n_phones > 0 ? j->resident.phones[0] : j->from;
}

static void ask_registration(struct replier_job *j)
{
    const struct roster_request q = {
        .op_id = j->key,
        .code = j->intent.activity,
        .leave = j->intent.kind == INTENT_LEAVE,
        .phone = replier_identity(j),
        .name = j->intent.name[0] ? j->intent.name : j->resident.name,
        .resident = j->resident.id,
        /* A bare "报名" of somebody who is registered with three must not make it one. */
        .count = j->intent.count > 1 ? j->intent.count : 0};

    j->d.activity = j->intent.activity;
    replier_asked(j->r);
    roster_register(j->r->q, &q, on_register, j);
}

/* A numbered list instead of a guess; remembered so that "2" can be understood. */
static void offer(struct replier_job *j, const struct activity *const *list, size_t n, const char *result)
{
    j->d.result = result;
    if (registry_say_choice(replier_words(j), lang_of(j), j->intent.kind, list, n) < 0)
        return;
    replier_answer(j, REPLIER_LIMITED, LANE_NORMAL);
    for (size_t i = 0; i < n; i++)
        memcpy(j->offered[i], list[i]->code, sizeof(list[i]->code));
    j->d.offered = j->offered;
    j->d.n_offered = n;
    j->d.offered_for = j->intent.kind;
}

/* ---- asking about oneself ---- */

static void on_own(void *arg, const char *code, const struct roster_entry *e)
{
    struct replier_job *j = arg;
    const struct activity *a = replier_activity(j->r, code);

    if (!a || a->stored == ACTIVITY_CANCELLED || j->n_own == REPLIER_OFFERED)
        return;
    j->own = xrealloc(j->own, (j->n_own + 1) * sizeof(*j->own));
    j->own[j->n_own++] = (struct registry_own){
        .activity = a, .status = e->status, .count = e->count, .place = e->place, .position = e->position};
}

static void on_own_done(void *arg, const struct queue_result *r)
{
    struct replier_job *j = arg;

    if (r->status == QUEUE_OK && registry_say_own(replier_words(j), lang_of(j), j->own, j->n_own) == 0)
        replier_answer(j, j->intent.kind == INTENT_QUERY ? REPLIER_ASKED : REPLIER_LIMITED, LANE_NORMAL);
    replier_answered(j->r, r);
}

static void ask_own(struct replier_job *j)
{
    replier_asked(j->r);
    roster_of_phone(j->r->q, replier_identity(j), on_own, on_own_done, j);
}

static void do_query(struct replier_job *j)
{
    j->d.result = "query";
    ask_own(j);
}

/* ---- joining and leaving ---- */

static void do_join_or_leave(struct replier_job *j)
{
    const struct activity *list[REPLIER_OFFERED];
    size_t n = 0;

    if (j->intent.activity[0]) {
        ask_registration(j);
        return;
    }
    for (size_t i = 0; i < j->intent.n_ambiguous && n < REPLIER_OFFERED; i++)
        list[n++] = &j->r->activities.v[j->intent.ambiguous[i]];
    if (n == 0 && j->intent.kind == INTENT_JOIN)
        n = replier_open_for(j, list);
    if (n > 0) {
        offer(j, list, n, "choice");
        return;
    }
    if (j->intent.kind == INTENT_LEAVE) {
        j->d.result = "not-registered"; /* for what was named; told is what there is to leave */
        ask_own(j);
        return;
    }
    j->d.result = "none-open";
    if (registry_say_none_open(replier_words(j), lang_of(j)) == 0)
        replier_answer(j, REPLIER_LIMITED, LANE_NORMAL);
}

/* ---- opting out and in ---- */

static void on_opt(void *arg, const struct queue_result *r, bool changed)
{
    struct replier_job *j = arg;
    bool stop = j->intent.kind == INTENT_STOP;

    if (r->status == QUEUE_OK) {
        int said = stop ? registry_say_stop(replier_words(j), lang_of(j), !changed)
                        : registry_say_start(replier_words(j), lang_of(j), !changed);
        j->d.result =
            stop ? (changed ? "opted-out" : "opted-out-before") : (changed ? "opted-in" : "opted-in-before");
        if (said == 0)
            replier_answer(j, changed ? REPLIER_EFFECT : REPLIER_LIMITED, LANE_NORMAL);
    } else if (r->status == QUEUE_REFUSED) {
        j->d.result = "refused";
        j->d.to_inbox = true;
    }
    replier_answered(j->r, r);
}

static void do_opt(struct replier_job *j)
{
    replier_asked(j->r);
    people_opt(j->r->q, j->from, j->intent.kind == INTENT_STOP, j->text, j->key, on_opt, j);
}

/* ---- the rest ---- */

static void say_help(struct replier_job *j, enum replier_class class)
{
    const struct activity *list[REPLIER_OFFERED];
    size_t n = replier_open_for(j, list);

    if (!replier_may_answer(j, class) || registry_say_help(replier_words(j), lang_of(j), list, n) < 0)
        return;
    replier_answer(j, class, LANE_NORMAL);
    j->d.helped = true;
}

static void do_help(struct replier_job *j)
{
    j->d.result = "help";
    say_help(j, REPLIER_LIMITED);
}

/* A number that a roll-call and an invitation both ask for: staff see it, for it may be a call for help, and the sender is asked for a word. */
static bool ask_back(struct replier_job *j)
{
    bool activity = j->intent.n_ambiguous != 0;

    if (!j->rollcall || (!activity && strcmp(j->intent.rule, "bare-number-ambiguous") != 0))
        return false;
    if (registry_say_choice_rollcall(replier_words(j), lang_of(j),
                                     activity ? &j->r->activities.v[j->intent.ambiguous[0]] : NULL) == 0)
        replier_answer(j, REPLIER_LIMITED, LANE_URGENT);
    return true;
}

static void do_unknown(struct replier_job *j)
{
    j->d.result = "unknown";
    j->d.to_inbox = true;
    if (ask_back(j))
        return;
    if (!j->helped_today)
        say_help(j, REPLIER_LIMITED);
}

static void do_rollcall(struct replier_job *j)
{
    bool sos = j->intent.kind == INTENT_SOS;

    j->d.result = sos ? "sos" : "safe";
    j->d.to_inbox = sos;
    if (registry_say_rollcall(replier_words(j), lang_of(j), sos) == 0)
        replier_answer(j, REPLIER_EFFECT, LANE_URGENT);
}

/* Understood, but carried out by people: it is put before staff. */
static void do_note(struct replier_job *j)
{
    j->d.result = "noted";
    j->d.to_inbox = true;
}

/* ---- what the sender did ---- */

static void on_reach(void *arg, const struct queue_result *r)
{
    struct replier_job *j = arg;

    replier_answered(j->r, r);
}

/* Follows an account, or no more: known of the person from now on, and before staff. */
static void do_event(struct replier_job *j)
{
    bool follow = j->event == PROVIDER_EVENT_FOLLOW;

    do_note(j);
    if (j->event == PROVIDER_EVENT_NOTE)
        return;
    j->d.result = follow ? "follows" : "unfollowed";
    replier_asked(j->r);
    people_reach(j->r->q, j->from, follow, on_reach, j);
}

static void (*const ACTS[])(struct replier_job *j) = {
    [INTENT_UNKNOWN] = do_unknown, [INTENT_JOIN] = do_join_or_leave, [INTENT_LEAVE] = do_join_or_leave,
    [INTENT_QUERY] = do_query,     [INTENT_CHECKIN] = do_note,       [INTENT_ANSWER] = do_note,
    [INTENT_VOTE] = do_note,       [INTENT_SAFE] = do_rollcall,      [INTENT_SOS] = do_rollcall,
    [INTENT_HELP] = do_help,       [INTENT_STOP] = do_opt,           [INTENT_START] = do_opt,
};

/* Somebody moved up without a reply of theirs, or did not confirm in time: told like everything else. */
static void do_promoted(struct replier_job *j, const char *name)
{
    const struct activity *a = replier_activity(j->r, j->promoted);
    const char *lang = lang_of(j), *tz = j->r->tz;

    j->d.result = j->promoted_lapsed ? "lapsed" : j->promoted_confirm_by != 0 ? "offered" : "promoted";
    j->d.activity = j->promoted;
    if (a && (j->promoted_lapsed ? registry_say_lapsed(replier_words(j), lang, a)
                                 : registry_say_promoted(replier_words(j), lang, tz, a, j->promoted_place,
                                                         j->promoted_count, j->promoted_confirm_by)) == 0)
        replier_answer_to(j, j->from, name);
}

void replier_parse(const struct intent_words *w, const struct replier_activities *list,
                   const struct replies_pending *p, const char *text, size_t n, struct intent *out,
                   void (*with)(void *arg, const struct intent_ctx *ctx), void *arg)
{
    bool *open = xcalloc(2 * list->n + 1, sizeof(*open)), *registered = open + list->n;
    const struct intent_ctx ctx = {.activities = list->v,
                                   .n_activities = list->n,
                                   .open = open,
                                   .registered = registered,
                                   .asked = p->asked,
                                   .offered = p->offered,
                                   .n_offered = p->n_offered,
                                   .offered_for = p->offered_for,
                                   .rollcall_open = p->rollcall_open,
                                   .questions = p->questions,
                                   .n_questions = p->n_questions};

    for (size_t i = 0; i < list->n; i++) {
        open[i] = activity_state_at(&list->v[i], p->now_at) == ACTIVITY_OPEN;
        for (size_t k = 0; k < p->n_registered; k++)
            registered[i] |= strcmp(p->registered[k], list->v[i].code) == 0;
    }
    intent_parse(w, &ctx, text, n, out);
    if (with)
        with(arg, &ctx);
    free(open);
}

void replier_job_decide(struct replier_job *j, const struct replies_pending *p)
{
    if (p->promoted) {
        do_promoted(j, p->promoted_name);
        return;
    }
    if (j->event != PROVIDER_EVENT_NONE) {
        j->d.intent = INTENT_UNKNOWN;
        do_event(j);
        return;
    }
    replier_parse(j->r->words, &j->r->activities, p, j->text, j->text_len, &j->intent, NULL, NULL);
    j->d.intent = j->intent.kind;
    /* A service number has no will of its own, and our own words that come back are nobody's: nothing in them is an act. */
    if (replier_is_service(j->from) || replier_is_echo(j)) {
        j->d.intent = INTENT_UNKNOWN;
        do_note(j);
        return;
    }
    if (j->intent.kind == INTENT_ANSWER && j->intent.question[0] != '\0')
        replier_do_answer(j, p);
    else if (!replier_ask_which(j, p) && !replier_refuses(j, p) && !replier_signs_in(j, p))
        ACTS[j->intent.kind](j);
}
