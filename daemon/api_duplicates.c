/* GET /api/v1/residents?duplicates=1: who may be there twice: same number, or same name in the same building.
 *
 * Everybody is looked at twice: first the numbers and names are counted, then who has one that came twice is told, with the first who had it. Memory is eight bytes for each of
 * them: a slot holds half of its hash, and the first resident's id. A false match in a million residents is less likely than one in a thousand, and is looked at by a person anyway. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/api_handlers.h"
#include "daemon/api_list.h"
#include "queue/people.h"

#define TWICE    (1u << 31)
#define PER_HEAD 4 /* slots for each resident: two or three are used */
#define ID_MAX   (TWICE - 1)

struct twin_slot {
    uint32_t print, first; /* first: id, and TWICE */
};

struct twins {
    struct api_call *call;
    struct api_list *list;
    struct twin_slot *slots;
    size_t n_slots, n_used;
    uint64_t after;
    bool telling;
};

static void twins_free(void *state)
{
    free(((struct twins *)state)->slots);
}

/* FNV-1a, stirred so that the low bits are as good as the high ones. */
static uint64_t hash(const char *kind, const char *a, const char *b)
{
    const char *const parts[] = {kind, a, b};
    uint64_t h = 14695981039346656037u;

    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        for (const char *p = parts[i];; p++) {
            h = (h ^ (unsigned char)*p) * 1099511628211u;
            if (*p == '\0')
                break;
        }
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdu;
    return h ^ h >> 33;
}

/* The slot of this hash, or the free one where it belongs; NULL: the table is full (people were added meanwhile). */
static struct twin_slot *find(const struct twins *t, uint64_t h)
{
    uint32_t print = (uint32_t)(h >> 32);

    for (size_t k = 0; k < t->n_slots; k++) {
        struct twin_slot *s = &t->slots[(h + k) % t->n_slots];
        if (s->first == 0 || s->print == print)
            return s;
    }
    return NULL;
}

static void count_one(struct twins *t, const struct resident *r, uint64_t h)
{
    struct twin_slot *s = find(t, h);

    if (s == NULL || t->n_used >= t->n_slots - 1 || r->id > ID_MAX)
        return;
    if (s->first != 0) {
        s->first |= TWICE;
        return;
    }
    *s = (struct twin_slot){.print = (uint32_t)(h >> 32), .first = (uint32_t)r->id};
    t->n_used++;
}

/* The first who had it; 0 = nobody else has it. The first one is told with itself. */
static uint32_t first_of(const struct twins *t, uint64_t h)
{
    const struct twin_slot *s = find(t, h);

    return s != NULL && (s->first & TWICE) != 0 ? s->first & ~TWICE : 0;
}

static void tell(struct twins *t, const struct resident *r, uint32_t first, const char *why)
{
    json_t *o = resident_json(r, !t->call->full);

    json_object_set_new(o, "same_as", json_sprintf("%u", first));
    json_object_set_new(o, "same", json_string(why));
    api_list_add(t->list, o);
}

static void on_each(void *arg, const struct resident *r)
{
    struct twins *t = arg;
    uint64_t h;
    uint32_t first;

    for (size_t i = 0; i < r->n_phones; i++) {
        h = hash("phone", r->phones[i], "");
        if (!t->telling)
            count_one(t, r, h);
        else if ((first = first_of(t, h)) != 0) {
            tell(t, r, first, "phone");
            return;
        }
    }
    if (r->building[0] == '\0')
        return;
    h = hash("name", r->name, r->building);
    if (!t->telling)
        count_one(t, r, h);
    else if ((first = first_of(t, h)) != 0)
        tell(t, r, first, "name and building");
}

static void step(void *arg);

static void on_block(void *arg, const struct queue_result *r, uint64_t next)
{
    struct twins *t = arg;

    t->after = next;
    if (r->status != QUEUE_OK || api_list_full(t->list) || (next == 0 && t->telling)) {
        api_list_end(t->list, r);
        return;
    }
    t->telling |= next == 0;
    api_list_more(t->list, step, t);
}

static void step(void *arg)
{
    struct twins *t = arg;

    people_walk(t->call->q, t->after, on_each, on_block, t);
}

static void on_count(void *arg, const struct queue_result *r, uint64_t n)
{
    struct twins *t = arg;

    if (r->status != QUEUE_OK) {
        api_list_end(t->list, r);
        return;
    }
    t->n_slots = PER_HEAD * (size_t)n + 1024;
    t->slots = xcalloc(t->n_slots, sizeof(*t->slots));
    step(t);
}

void api_duplicates_list(struct api_call *c)
{
    struct api_list *l = api_list_new(c);
    struct twins *t;

    if (l == NULL)
        return;
    t = api_call_state(c, sizeof(*t));
    c->state_free = twins_free;
    t->call = c;
    t->list = l;
    people_count(c->q, on_count, t);
}
