/* POST /api/v1/residents/merge {"into": ID, "from": ID, "one_seat": false}: two records of one person become one; ?dry=1 only tells. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "daemon/api_handlers.h"
#include "daemon/api_list.h"
#include "queue/merge.h"

static void on_merged(void *arg, const struct queue_result *r, const struct merge_report *report)
{
    struct api_call *c = arg;
    json_t *moves;

    if (r->status != QUEUE_OK) {
        api_call_refused(c, r);
        return;
    }
    moves = json_array();
    for (size_t i = 0; i < report->n_moves; i++)
        json_array_append_new(moves, json_pack("{s:s,s:s}", "code", report->moves[i].code, "what",
                                               merge_fate_name(report->moves[i].fate)));
    api_call_json(c, 200,
                  json_pack("{s:b,s:s,s:b,s:b,s:o,s:o,s:I}", "ok", 1, "from", api_call_member(c, "from"),
                            "already", report->already, "dry_run", api_call_flag(c, "dry"), "resident",
                            resident_json(&report->resident, !c->full), "registrations", moves, "promoted",
                            (json_int_t)report->n_promoted));
}

/* 0, or -1 after answering. */
static int read_id(struct api_call *c, const char *name, uint64_t *out)
{
    const char *s = api_call_member(c, name);
    int64_t id;

    if (s == NULL || num_i64(s, 1, INT64_MAX, &id) != 0) {
        api_call_error(c, 400, "bad-id", name,
                       "%s is the id of a resident as a string of digits, found %.40s", name,
                       s != NULL ? s : "nothing");
        return -1;
    }
    *out = (uint64_t)id;
    return 0;
}

void api_residents_merge(struct api_call *c)
{
    uint64_t into, from;
    char target[64];

    if (read_id(c, "into", &into) != 0 || read_id(c, "from", &from) != 0)
        return;
    snprintf(target, sizeof(target), "%s%llu and %llu", api_call_flag(c, "dry") ? "dry run: " : "",
             (unsigned long long)into, (unsigned long long)from);
    api_call_target(c, target);
    merge_run(c->q, into, from, json_is_true(json_object_get(c->body, "one_seat")), api_call_flag(c, "dry"),
              on_merged, c);
}
