/* What people chose of the choices of a notice: how many each, or who. */
#include <string.h>

#include "daemon/api_handlers.h"
#include "daemon/api_list.h"
#include "queue/replies.h"

enum { CHOICES = 100 };

struct walk {
    struct api_list *list;
    bool people;
    unsigned count[CHOICES];
};

static void on_choice(void *arg, const struct replies_choice *ch)
{
    struct walk *w = arg;
    const struct api_call *c = api_list_call(w->list);

    if (ch->choice < CHOICES)
        w->count[ch->choice]++;
    if (w->people && !api_list_full(w->list))
        api_list_add(w->list, json_pack("{s:o,s:o,s:I,s:o}", "phone", api_call_phone(c, ch->who), "name",
                                        ch->name[0] != '\0' ? api_call_string(ch->name, strlen(ch->name))
                                                            : json_null(),
                                        "number", (json_int_t)ch->choice, "at", api_call_time(c, ch->at)));
}

static void on_walked(void *arg, const struct queue_result *r, const struct replies_choices *all)
{
    struct walk *w = arg;
    const char *s = all->choices;

    for (size_t i = 1; r->status == QUEUE_OK && !w->people && s != NULL && i < CHOICES; i++) {
        size_t n = strcspn(s, "\t");

        api_list_add(w->list, json_pack("{s:I,s:o,s:I,s:o}", "number", (json_int_t)i, "choice",
                                        api_call_string(s, n), "count", (json_int_t)w->count[i], "until",
                                        api_call_time(api_list_call(w->list), all->until)));
        s = s[n] == '\t' ? s + n + 1 : NULL;
    }
    api_list_end(w->list, r);
}

void api_answers_list(struct api_call *c)
{
    const char *by = api_call_query(c, "by");
    struct api_list *l;
    struct walk *w;

    if (by != NULL && strcmp(by, "choice") != 0 && strcmp(by, "person") != 0) {
        api_call_error(c, 400, "bad-query", "by", "\"by\" is choice or person");
        return;
    }
    l = api_list_new(c);
    if (l == NULL)
        return;
    w = api_call_state(c, sizeof(*w));
    w->list = l;
    w->people = by != NULL && strcmp(by, "person") == 0;
    replies_choices(c->q, c->match.params[0], on_choice, on_walked, w);
}
