/* DELETE /api/v1/residents/{id}: forget a person, and prove it. */
#include <string.h>

#include "base/num.h"
#include "daemon/api_handlers.h"
#include "daemon/api_list.h"
#include "daemon/journal.h"
#include "queue/erase.h"

struct search {
    const char *const *mine;
    size_t n_mine, n;
    int64_t until_at;
};

/* The digits are looked for: a text writes them without the plus. */
static void on_record(void *arg, const struct journal_record *r)
{
    struct search *s = arg;

    for (size_t i = 0; i < s->n_mine; i++) {
        const char *what = s->mine[i];

        what += strncmp(what, "+86", 3) == 0 ? 3 : what[0] == '+';
        if (memmem(r->json, r->n, what, strlen(what)) == NULL)
            continue;
        s->n++;
        s->until_at = r->not_after > s->until_at ? r->not_after : s->until_at;
        return;
    }
}

static void remain(json_t *list, const char *what, json_int_t n, const char *why)
{
    if (n > 0)
        json_array_append_new(list, json_pack("{s:s,s:I,s:s}", "what", what, "n", n, "why", why));
}

static json_t *remains(const struct api_call *c, const struct erase_report *r, struct search *s)
{
    json_t *list = json_array();

    if (c->app->journal != NULL)
        journal_each(c->app->journal, on_record, s);
    remain(list, "shared", r->n_shared, "numbers or ids that another resident has too");
    remain(list, "suppression", r->suppressed,
           "opted out: a keyed one-way hash of each number, so that a later import sends them nothing");
    remain(list, "journal", (json_int_t)s->n,
           "alerts that are not over name the number; this daemon's journal drops them when they are over");
    remain(list, "redis", (json_int_t)r->n_left,
           "came in meanwhile, or is being decided: ask again in a moment");
    remain(list, "append-only file", !r->rewritten,
           "Redis did not begin to write it anew: until it does, the file holds what was (BGREWRITEAOF)");
    return list;
}

static void on_erased(void *arg, const struct queue_result *r, const struct erase_report *report,
                      const char *const *mine, size_t n_mine)
{
    struct api_call *c = arg;
    struct search search = {.mine = mine, .n_mine = n_mine};
    json_t *removed;

    if (r->status != QUEUE_OK) {
        api_call_refused(c, r);
        return;
    }
    removed = json_pack("{s:I,s:I,s:I}", "addresses", (json_int_t)report->n_addresses, "registrations",
                        (json_int_t)report->n_registrations, "left_activities",
                        (json_int_t)report->n_left_activities);
    for (int k = 0; k < ERASE_KIND_N; k++)
        json_object_set_new(removed, erase_kind_name((enum erase_kind)k),
                            json_integer((json_int_t)report->removed[k]));
    api_call_json(c, 200,
                  json_pack("{s:b,s:s,s:o,s:I,s:o,s:{s:I,s:I},s:o}", "ok", report->n_left == 0, "id",
                            c->match.params[0], "removed", removed, "promoted",
                            (json_int_t)report->n_promoted, "suppressed", json_boolean(report->suppressed),
                            "scan", "keys", (json_int_t)report->n_keys, "found", (json_int_t)report->n_left,
                            "remains", remains(c, report, &search)));
}

#define ID_MOST 9999999999 /* longer ones are phone numbers */

void api_residents_erase(struct api_call *c)
{
    int64_t id;

    if (num_i64(c->match.params[0], 1, ID_MOST, &id) != 0 || c->match.params[0][0] == '+')
        api_call_error(c, 400, "bad-id", "id",
                       "'%.40s' is not the id of a resident; who has a number: resident show NUMBER",
                       c->match.params[0]);
    else
        erase_run(c->q, (uint64_t)id, on_erased, c);
}
