#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "client/cmd.h"
#include "client/dry.h"
#include "client/rows.h"
#include "client/table.h"

static const struct rows_column columns[] = {
    {"KEY",      "key",      ROWS_TEXT},
    {"AT",       "at",       ROWS_TIME},
    {"FROM",     "from",     ROWS_TEXT},
    {"NAME",     "name",     ROWS_TEXT},
    {"ANSWERED", "answered", ROWS_TEXT},
    {"TEXT",     "text",     ROWS_TEXT},
};

int cmd_inbox_list(struct cli *c, const struct args *a)
{
    struct call_path p;

    call_path_init(&p, "/api/v1/inbox");
    call_path_query(&p, "limit", args_get(a, "limit"));
    call_path_query(&p, "full", args_has(a, "full") ? "1" : NULL);
    return rows_list(c, &p, columns, ARRAY_LEN(columns), false);
}

int cmd_inbox_show(struct cli *c, const struct args *a)
{
    struct call_path p;
    json_t *answer;
    int status;

    call_path_init(&p, "/api/v1/inbox");
    call_path_segment(&p, a->words[0]);
    call_path_query(&p, "full", args_has(a, "full") ? "1" : NULL);
    status = call_json(c, "GET", &p, NULL, &answer);
    if (status == CLI_OK)
        rows_show(c, answer, columns, ARRAY_LEN(columns));
    return status;
}

static int post(struct cli *c, struct call_path *p, json_t *body, const char *done)
{
    json_t *answer;
    int status = call_json(c, "POST", p, body, &answer);

    if (status != CLI_OK)
        return status;
    if (c->json)
        rows_json(c, answer);
    else
        fprintf(c->out, "%s\n", done);
    json_decref(answer);
    return CLI_OK;
}

int cmd_inbox_answer(struct cli *c, const struct args *a)
{
    struct call_path p;

    if (args_has(a, "dry-run"))
        return dry_inbox_answer(c, a->words[0], a->words[1]);
    call_path_init(&p, "/api/v1/inbox");
    call_path_segment(&p, a->words[0]);
    call_path_fixed(&p, "/answer");
    return post(c, &p, json_pack("{s:s}", "text", a->words[1]), "answer queued");
}

int cmd_rejected_list(struct cli *c, const struct args *a)
{
    static const struct rows_column rejected[] = {
        {"KEY",     "key",     ROWS_TEXT},
        {"AT",      "at",      ROWS_TIME},
        {"REASON",  "reason",  ROWS_TEXT},
        {"MESSAGE", "message", ROWS_TEXT},
        {"ENTRY",   "entry",   ROWS_TEXT},
    };
    struct call_path p;

    call_path_init(&p, "/api/v1/rejected");
    call_path_query(&p, "limit", args_get(a, "limit"));
    call_path_query(&p, "full", args_has(a, "full") ? "1" : NULL);
    return rows_list(c, &p, rejected, ARRAY_LEN(rejected), false);
}

int cmd_rejected_retry(struct cli *c, const struct args *a)
{
    struct call_path p;

    if (args_has(a, "dry-run"))
        return dry_rejected_retry(c, a->words[0]);
    call_path_init(&p, "/api/v1/rejected");
    call_path_segment(&p, a->words[0]);
    call_path_fixed(&p, "/retry");
    return post(c, &p, NULL, "put back into the inbox");
}

int cmd_rejected_dismiss(struct cli *c, const struct args *a)
{
    struct call_path p;

    call_path_init(&p, "/api/v1/rejected");
    call_path_segment(&p, a->words[0]);
    call_path_fixed(&p, "/dismiss");
    return post(c, &p, NULL, "deleted");
}

int cmd_reply_explain(struct cli *c, const struct args *a)
{
    static const struct rows_column explained[] = {
        {"intent",           "intent",    ROWS_TEXT  },
        {"activity",         "activity",  ROWS_TEXT  },
        {"count",            "count",     ROWS_NUMBER},
        {"name",             "name",      ROWS_TEXT  },
        {"not understood",   "rest",      ROWS_TEXT  },
        {"rule",             "rule",      ROWS_TEXT  },
        {"several possible", "ambiguous", ROWS_TEXT  },
    };
    struct call_path p;
    json_t *body = json_pack("{s:s}", "text", a->words[0]), *answer;
    const json_t *step;
    size_t i;
    int status;

    if (body == NULL)
        return cli_fail(c, CLI_REFUSED, "the text is not UTF-8");
    if (args_has(a, "from"))
        json_object_set_new(body, "from", json_string(args_get(a, "from")));
    call_path_init(&p, "/api/v1/replies/explain");
    status = call_json(c, "POST", &p, body, &answer);
    if (status != CLI_OK)
        return status;
    rows_show(c, json_incref(answer), explained, ARRAY_LEN(explained));
    if (!c->json) {
        fputs("step by step:\n", c->out);
        json_array_foreach(json_object_get(answer, "steps"), i, step)
        {
            char *clean = table_clean(json_string_value(step)); /* it quotes what a stranger wrote */

            fprintf(c->out, "  %zu. %s\n", i + 1, clean);
            free(clean);
        }
    }
    json_decref(answer);
    return CLI_OK;
}
