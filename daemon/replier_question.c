/* Answers to questions with choices, and asking back which of several questions is meant. */
#include <stdio.h>
#include <string.h>

#include "daemon/replier_int.h"

enum { WORDS = 256 };

static const struct intent_question *question(const struct replies_pending *p, const char *id, size_t n)
{
    for (size_t i = 0; i < p->n_questions; i++)
        if (strlen(p->questions[i].id) == n && memcmp(p->questions[i].id, id, n) == 0)
            return &p->questions[i];
    return NULL;
}

void replier_do_answer(struct replier_job *j, const struct replies_pending *p)
{
    const struct intent_question *q = question(p, j->intent.question, strlen(j->intent.question));
    char choice[WORDS] = "";

    if (q == NULL)
        return;
    intent_question_choice(q, j->intent.choice, choice, sizeof(choice));
    j->d.result = "answered";
    j->d.question = j->intent.question;
    j->d.choice = j->intent.choice;
    j->d.who = replier_identity(j);
    j->takes_part = true; /* who was asked is answered, resident or not */
    if (registry_say_answered(replier_words(j), j->resident.lang, choice) == 0)
        replier_answer(j, REPLIER_EFFECT, LANE_NORMAL);
}

/* "“周六还是周日”选周日", or the title of an activity. */
static void words_of(const struct replier_job *j, const struct replies_pending *p, const char *item,
                     char *out, size_t size)
{
    const char *mark = strrchr(item, '#');
    const struct intent_question *q = mark != NULL ? question(p, item, (size_t)(mark - item)) : NULL;
    const struct activity *a = mark == NULL ? replier_activity(j->r, item) : NULL;
    struct buf words = BUF_INIT(1024);
    char choice[WORDS] = "";

    out[0] = '\0';
    if (q != NULL) {
        intent_question_choice(q, (size_t)(mark[1] - '0'), choice, sizeof(choice));
        (void)registry_say_choice_of(&words, j->resident.lang, q->title, choice);
        (void)snprintf(out, size, "%s", buf_cstr(&words));
    } else if (a != NULL) {
        (void)snprintf(out, size, "%s", a->title);
    }
    buf_fini(&words);
}

bool replier_ask_which(struct replier_job *j, const struct replies_pending *p)
{
    char words[REPLIER_OFFERED][2 * WORDS];
    const char *list[REPLIER_OFFERED];
    size_t n = 0;

    if (j->intent.kind != INTENT_UNKNOWN || j->intent.n_offers < 2)
        return false;
    for (size_t i = 0; i < j->intent.n_offers && n < REPLIER_OFFERED; i++) {
        words_of(j, p, j->intent.offers[i], words[n], sizeof(words[n]));
        if (words[n][0] == '\0')
            continue;
        memcpy(j->offered[n], j->intent.offers[i], sizeof(j->offered[n]));
        list[n] = words[n];
        n++;
    }
    j->d.result = "choice";
    j->d.offered = j->offered;
    j->d.n_offered = n;
    j->d.offered_for = INTENT_ANSWER;
    j->takes_part = true;
    if (registry_say_choice_answer(replier_words(j), j->resident.lang, list, n) == 0)
        replier_answer(j, REPLIER_ASKED, LANE_NORMAL);
    return true;
}
