/* Signing in by text: "签到1234", with the digits that are told at the place. */
#include <string.h>

#include "daemon/replier_int.h"

/* The one run of digits in what stands behind the keyword; "" = none, or several. */
static void digits_of(const char *rest, char *out, size_t n)
{
    const char *from = rest + strcspn(rest, "0123456789");
    size_t len = strspn(from, "0123456789");

    out[0] = '\0';
    if (len == 0 || len >= n || from[len + strcspn(from + len, "0123456789")] != '\0')
        return;
    memcpy(out, from, len);
    out[len] = '\0';
}

static bool may_sign_in(const struct activity *a, int64_t now_at)
{
    return a != NULL && a->sign_in[0] != '\0' && a->stored != ACTIVITY_CANCELLED &&
           now_at >= a->starts_at - ACTIVITY_SIGN_BEFORE_MS && now_at < a->starts_at + ACTIVITY_SIGN_AFTER_MS;
}

/* Of what the sender is registered for, the one with these digits, else the one whose time it is, else any with digits. */
static const struct activity *own_one(const struct replier_job *j, const struct replies_pending *p,
                                      const char *digits)
{
    const struct activity *best = NULL;

    for (size_t i = 0; i < p->n_registered; i++) {
        const struct activity *a = replier_activity(j->r, p->registered[i]);
        if (a == NULL || a->sign_in[0] == '\0')
            continue;
        if (strcmp(a->sign_in, digits) == 0 && may_sign_in(a, j->now_at))
            return a;
        if (best == NULL || (may_sign_in(a, j->now_at) && !may_sign_in(best, j->now_at)))
            best = a;
    }
    return best;
}

/* Something takes place now where one signs in by text: who is not registered is sent to the desk. */
static const struct activity *any_one(const struct replier_job *j)
{
    for (size_t i = 0; i < j->r->activities.n; i++)
        if (may_sign_in(&j->r->activities.v[i], j->now_at))
            return &j->r->activities.v[i];
    return NULL;
}

static void on_signed(void *arg, const struct queue_result *r, const struct registry_signin *s)
{
    static const char *const names[REG_SIGN_N] = {"signed-in", "signed-in-before", "no-seat", "wrong-code",
                                                  "not-now"};
    struct replier_job *j = arg;
    const struct activity *a = replier_activity(j->r, j->intent.activity);

    if (r->status == QUEUE_OK && a != NULL) {
        j->d.result = names[s->result];
        if (registry_say_signin(replier_words(j), j->resident.lang, j->r->tz, a, s) == 0)
            replier_answer(j, s->result == REG_SIGN_OK ? REPLIER_EFFECT : REPLIER_LIMITED, LANE_NORMAL);
    } else if (r->status == QUEUE_REFUSED) {
        j->d.result = "refused";
        j->d.to_inbox = true;
    }
    replier_answered(j->r, r);
}

bool replier_signs_in(struct replier_job *j, const struct replies_pending *p)
{
    char digits[sizeof(((struct activity *)0)->sign_in)];
    const struct activity *a;

    if (j->intent.kind != INTENT_CHECKIN)
        return false;
    digits_of(j->intent.rest, digits, sizeof(digits));
    a = own_one(j, p, digits);
    if (a == NULL)
        a = any_one(j);
    if (a == NULL)
        return false; /* for staff, as ever */
    memcpy(j->intent.activity, a->code, sizeof(a->code));
    j->d.activity = j->intent.activity;
    replier_asked(j->r);
    roster_signin(j->r->q, a->code, replier_identity(j), digits, on_signed, j);
    return true;
}
