#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/stager_int.h"

static void add_roll(struct stager *s, const json_t *code)
{
    const char *name = json_string_value(code);

    if (name == NULL || strlen(name) > ACTIVITY_CODE_MAX)
        return;
    for (size_t i = 0; i < s->n_rolls; i++)
        if (strcmp(s->rolls[i].code, name) == 0)
            return;
    memcpy(s->rolls[s->n_rolls++].code, name, strlen(name) + 1);
}

void stager_rolls_init(struct stager *s)
{
    json_t *to = audience_json(s->audience);

    add_roll(s, json_object_get(to, "activity"));
    add_roll(s, json_object_get(json_object_get(to, "not"), "activity"));
    json_decref(to);
}

void stager_rolls_fini(struct stager *s)
{
    struct stager_member *m, *next;

    for (size_t i = 0; i < s->n_rolls; i++)
        HASH_ITER(hh, s->rolls[i].members, m, next)
        {
            HASH_DEL(s->rolls[i].members, m);
            free(m);
        }
}

static void on_entry(void *arg, const struct roster_entry *e)
{
    struct stager *s = arg;
    struct stager_roll *roll = &s->rolls[s->n_rolls_loaded];
    struct stager_member *m = NULL;

    HASH_FIND_STR(roll->members, e->phone, m);
    if (m == NULL) {
        m = xcalloc(1, sizeof(*m));
        memcpy(m->phone, e->phone, sizeof(m->phone));
        HASH_ADD_STR(roll->members, phone, m);
    }
    memcpy(m->name, e->name, sizeof(m->name));
    m->status = e->status;
}

static void on_entries(void *arg, const struct queue_result *r)
{
    struct stager *s = arg;

    if (r->status != QUEUE_OK && r->status != QUEUE_REFUSED) {
        stager_read_failed(s, r);
        return;
    }
    s->n_rolls_loaded++; /* an activity that does not exist has no members */
    stager_roll_over(s);
}

void stager_rolls_load(struct stager *s)
{
    roster_entries(s->o.queue, s->rolls[s->n_rolls_loaded].code, on_entry, on_entries, s);
}

const struct stager_member *stager_member(const struct stager *s, size_t roll, const char *phone)
{
    struct stager_member *m = NULL;

    if (roll < s->n_rolls)
        HASH_FIND_STR(s->rolls[roll].members, phone, m);
    return m;
}

bool stager_in_activity(void *arg, const char *activity, const struct audience *which,
                        const struct resident *r)
{
    const struct stager *s = arg;

    for (size_t i = 0; i < s->n_rolls; i++) {
        if (strcmp(s->rolls[i].code, activity) != 0)
            continue;
        for (size_t k = 0; k < r->n_phones; k++) {
            const struct stager_member *m = stager_member(s, i, r->phones[k]);

            if (m != NULL && audience_status_wanted(which, reg_status_name(m->status)))
                return true;
        }
    }
    return false;
}
