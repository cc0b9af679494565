/* Whom an activity is for: what is offered to a sender, and what is refused. */
#include <string.h>

#include "daemon/replier_int.h"
#include "model/eligible.h"

static bool is_registered(const struct replies_pending *p, const char *code)
{
    for (size_t i = 0; i < p->n_registered; i++)
        if (strcmp(p->registered[i], code) == 0)
            return true;
    return false;
}

bool replier_refuses(struct replier_job *j, const struct replies_pending *p)
{
    const struct activity *a = replier_activity(j->r, j->intent.activity);

    /* Who is registered already confirms, or changes the number of people: whom it is for may have been said later. */
    if (j->intent.kind != INTENT_JOIN || !a || eligible(a, &j->resident) || is_registered(p, a->code) ||
        a->stored == ACTIVITY_CANCELLED)
        return false;
    j->d.result = "not-eligible";
    j->d.activity = j->intent.activity;
    if (registry_say_not_eligible(replier_words(j), j->resident.lang, a) == 0)
        replier_answer(j, REPLIER_LIMITED, LANE_NORMAL);
    return true;
}

size_t replier_open_for(const struct replier_job *j, const struct activity **list)
{
    size_t n = 0;

    for (size_t i = 0; i < j->r->activities.n && n < REPLIER_OFFERED; i++) {
        const struct activity *a = &j->r->activities.v[i];
        if (activity_state_at(a, j->now_at) == ACTIVITY_OPEN && eligible(a, &j->resident))
            list[n++] = a;
    }
    return n;
}
