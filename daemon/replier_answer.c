/* Whom the replier answers, how often, and in which words' buffer. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/replier_int.h"

#define LIMIT_HOUR 3
#define LIMIT_DAY  10
#define LIMIT_ALL  40 /* a day, effects too: whoever goes on after that is a machine */

bool replier_is_service(const char *from)
{
    return from[0] != '\0' && from[strspn(from, "+0123456789")] == '\0' && phone_is_service(from);
}

bool replier_is_echo(const struct replier_job *j)
{
    return j->r->echo && memmem(j->text, j->text_len, j->r->echo, strlen(j->r->echo));
}

/* Residents and people who take part; never service numbers, never our own words come back (security.md 5.6). */
static bool is_answerable(const struct replier_job *j)
{
    if (j->resident.id == 0 && !j->takes_part)
        return false;
    return !replier_is_service(j->from) && !replier_is_echo(j);
}

bool replier_may_answer(const struct replier_job *j, enum replier_class class)
{
    if (!is_answerable(j) || j->flood || j->all_last_day >= LIMIT_ALL)
        return false;
    switch (class) {
    case REPLIER_EFFECT:
        return true;
    case REPLIER_ASKED:
        return !j->muted;
    case REPLIER_LIMITED:
        return !j->muted && j->answers_last_hour < LIMIT_HOUR && j->answers_last_day < LIMIT_DAY;
    }
    return false;
}

static char *own(struct replier_job *j, const char *s)
{
    j->owned = xrealloc(j->owned, (j->n_owned + 1) * sizeof(*j->owned));
    j->owned[j->n_owned] = xstrdup(s);
    return j->owned[j->n_owned++];
}

static struct replies_answer *add(struct replier_job *j)
{
    if (j->n_answers == j->cap_answers) {
        j->cap_answers = j->cap_answers ? 2 * j->cap_answers : 2;
        j->answers = xrealloc(j->answers, j->cap_answers * sizeof(*j->answers));
    }
    struct replies_answer *a = &j->answers[j->n_answers++];
    memset(a, 0, sizeof(*a));
    a->text = own(j, buf_cstr(&j->r->text));
    a->lane = LANE_NORMAL;
    return a;
}

void replier_answer(struct replier_job *j, enum replier_class class, enum lane lane)
{
    if (!replier_may_answer(j, class) || j->r->text.len == 0 || j->r->text.overflow)
        return;
    struct replies_answer *a = add(j);
    a->to = j->from;
    a->resident_name = j->resident.name;
    a->lang = j->resident.lang;
    a->channel = j->channel;
    a->lane = lane;
    j->d.limited = class == REPLIER_LIMITED;
}

void replier_answer_to(struct replier_job *j, const char *phone, const char *name)
{
    if (j->r->text.len == 0 || j->r->text.overflow)
        return;
    struct replies_answer *a = add(j);
    a->to = own(j, phone);
    a->resident_name = own(j, name);
    a->channel = "sms";
}
