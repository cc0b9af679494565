/* Notices that come again: list, show, cancel. They are made by send and schedule with --repeat. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "client/cmd.h"
#include "client/repeat.h"
#include "client/rows.h"

int cmd_plan_list(struct cli *c, const struct args *a)
{
    static const struct rows_column columns[] = {
        {"ID",    "id",      ROWS_TEXT},
        {"STATE", "state",   ROWS_TEXT},
        {"KIND",  "kind",    ROWS_TEXT},
        {"RULE",  "rule",    ROWS_TEXT},
        {"NEXT",  "next_at", ROWS_TIME},
        {"SAYS",  "text",    ROWS_TEXT},
    };
    struct call_path p;
    int64_t n;

    if (args_has(a, "limit") && num_i64(args_get(a, "limit"), 1, INT32_MAX, &n) != 0)
        return cli_fail(c, CLI_USAGE, "--limit %s; allowed is a number from 1", args_get(a, "limit"));
    call_path_init(&p, "/api/v1/plans");
    call_path_query(&p, "limit", args_get(a, "limit"));
    return rows_list(c, &p, columns, ARRAY_LEN(columns), false);
}

static void tell_log(const struct cli *c, const json_t *log)
{
    const json_t *row;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)log, i, row)
    {
        const char *state = json_string_value(json_object_get(row, "state")),
                   *notice = json_string_value(json_object_get(row, "notice"));

        fprintf(c->out, "%s %s%s%s\n", json_string_value(json_object_get(row, "date")),
                strcmp(state != NULL ? state : "", "made") == 0 ? "became notice"
                                                                : "was too late: it was not sent",
                notice != NULL ? " " : "", notice != NULL ? notice : "");
    }
}

static int show(const struct cli *c, json_t *plan)
{
    static const struct rows_column columns[] = {
        {"id",       "id",         ROWS_TEXT},
        {"state",    "state",      ROWS_TEXT},
        {"kind",     "kind",       ROWS_TEXT},
        {"rule",     "rule",       ROWS_TEXT},
        {"template", "template",   ROWS_TEXT},
        {"text",     "text",       ROWS_TEXT},
        {"created",  "created_at", ROWS_TIME},
    };

    rows_show(c, json_incref(plan), columns, ARRAY_LEN(columns));
    if (!c->json) {
        tell_log(c, json_object_get(plan, "log"));
        repeat_tell(c, json_object_get(plan, "dates"));
    }
    json_decref(plan);
    return CLI_OK;
}

int cmd_plan_show(struct cli *c, const struct args *a)
{
    struct call_path p;
    json_t *plan;
    int status;

    call_path_init(&p, "/api/v1/plans");
    call_path_segment(&p, a->words[0]);
    status = call_json(c, "GET", &p, NULL, &plan);
    return status == CLI_OK ? show(c, plan) : status;
}

int cmd_plan_cancel(struct cli *c, const struct args *a)
{
    struct call_path p;
    json_t *plan;
    int status;

    call_path_init(&p, "/api/v1/plans");
    call_path_segment(&p, a->words[0]);
    call_path_fixed(&p, "/cancel");
    status = call_json(c, "POST", &p, NULL, &plan);
    if (status != CLI_OK)
        return status;
    if (c->json)
        return show(c, plan);
    fprintf(c->out, "%s: no more of it is sent\n", a->words[0]);
    json_decref(plan);
    return CLI_OK;
}

/* With nothing to say it lists what is scheduled. */
int cmd_schedule_run(struct cli *c, const struct args *a)
{
    static const char *const making[] = {"to",       "not-to", "text", "text-file",
                                         "template", "repeat", "at",   "id"};
    bool makes = false;

    for (size_t i = 0; i < ARRAY_LEN(making); i++)
        makes = makes || args_has(a, making[i]);
    if (!makes)
        return cmd_notice_scheduled(c, a);
    if (!args_has(a, "at") && !args_has(a, "repeat"))
        return cli_fail(c, CLI_USAGE, "when? give --at or --repeat");
    return cmd_send_run(c, a);
}
