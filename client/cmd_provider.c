#include "base/mem.h"
#include "client/cmd.h"
#include "client/dry.h"
#include "client/rows.h"

static const struct rows_column columns[] = {
    {"NAME",      "name",      ROWS_TEXT  },
    {"DRIVER",    "driver",    ROWS_TEXT  },
    {"CHANNEL",   "channel",   ROWS_TEXT  },
    {"STATE",     "state",     ROWS_TEXT  },
    {"IN FLIGHT", "in_flight", ROWS_NUMBER},
    {"LIMIT",     "limit",     ROWS_NUMBER},
    {"WINDOW",    "window",    ROWS_NUMBER},
    {"RATE",      "rate",      ROWS_NUMBER},
    {"PRIORITY",  "priority",  ROWS_NUMBER},
    {"WHY",       "why",       ROWS_TEXT  },
};

int cmd_provider_list(struct cli *c, const struct args *a)
{
    struct call_path p;

    call_path_init(&p, "/api/v1/providers");
    call_path_query(&p, "limit", args_get(a, "limit"));
    return rows_list(c, &p, columns, ARRAY_LEN(columns), false);
}

static int steer(struct cli *c, const struct args *a, const char *tail, json_t *body, json_t **answer)
{
    struct call_path p;

    call_path_init(&p, "/api/v1/providers");
    call_path_segment(&p, a->words[0]);
    call_path_fixed(&p, tail);
    return call_json(c, "POST", &p, body, answer);
}

static int say(struct cli *c, int status, json_t *answer, const char *name, const char *done)
{
    if (status != CLI_OK)
        return status;
    if (c->json)
        rows_json(c, answer);
    else
        fprintf(c->out, "%s %s\n", name, done);
    json_decref(answer);
    return CLI_OK;
}

int cmd_provider_pause(struct cli *c, const struct args *a)
{
    json_t *answer = NULL;
    int status = steer(c, a, "/pause", NULL, &answer);

    return say(c, status, answer, a->words[0],
               "paused: nothing is sent through it until `crier provider resume`");
}

int cmd_provider_resume(struct cli *c, const struct args *a)
{
    json_t *answer = NULL;
    int status = steer(c, a, "/resume", NULL, &answer);

    return say(c, status, answer, a->words[0], "sends again");
}

int cmd_provider_test(struct cli *c, const struct args *a)
{
    static const struct rows_column result[] = {
        {"provider", "provider", ROWS_TEXT  },
        {"verdict",  "verdict",  ROWS_TEXT  },
        {"took ms",  "took_ms",  ROWS_NUMBER},
        {"its id",   "id",       ROWS_TEXT  },
        {"detail",   "detail",   ROWS_TEXT  },
    };
    const char *text = args_has(a, "text") ? args_get(a, "text") : "crier 测试短信";
    json_t *answer;
    int status;
    bool sent;

    if (!args_has(a, "to"))
        return cli_fail(c, CLI_USAGE, "to which number? provider test sends one real message: --to +86...");
    if (args_has(a, "dry-run"))
        return dry_provider_test(c, a->words[0], args_get(a, "to"), text);
    status = steer(c, a, "/test", json_pack("{s:s,s:s}", "to", args_get(a, "to"), "text", text), &answer);
    if (status != CLI_OK)
        return status;
    sent = json_is_true(json_object_get(answer, "sent"));
    rows_show(c, answer, result, ARRAY_LEN(result));
    return sent ? CLI_OK : CLI_REFUSED;
}

int cmd_key_add(struct cli *c, const struct args *a)
{
    struct call_path p;
    json_t *body, *answer;
    int status;

    if (!args_has(a, "role"))
        return cli_fail(c, CLI_USAGE, "which role? --role viewer, sender, alerter or admin");
    body = json_pack("{s:s,s:s}", "name", a->words[0], "role", args_get(a, "role"));
    if (body == NULL)
        return cli_fail(c, CLI_REFUSED, "the name is not UTF-8");
    if (args_has(a, "only"))
        json_object_set_new(body, "community", json_string(args_get(a, "only")));
    call_path_init(&p, "/api/v1/keys");
    status = call_json(c, "POST", &p, body, &answer);
    if (status != CLI_OK)
        return status;
    if (c->json)
        rows_json(c, answer);
    else {
        fprintf(c->out, "%s\n", json_string_value(json_object_get(answer, "token")));
        fputs("this token is shown once and kept nowhere: put it into a file that only its user can read\n",
              c->err);
    }
    json_decref(answer);
    return CLI_OK;
}

int cmd_key_revoke(struct cli *c, const struct args *a)
{
    struct call_path p;
    json_t *answer = NULL;
    int status;

    call_path_init(&p, "/api/v1/keys");
    call_path_segment(&p, a->words[0]);
    status = call_json(c, "DELETE", &p, NULL, &answer);
    return say(c, status, answer, a->words[0], "revoked");
}

int cmd_key_list(struct cli *c, const struct args *a)
{
    static const struct rows_column keys[] = {
        {"ID",        "id",         ROWS_TEXT},
        {"NAME",      "name",       ROWS_TEXT},
        {"ROLE",      "role",       ROWS_TEXT},
        {"COMMUNITY", "community",  ROWS_TEXT},
        {"CREATED",   "created_at", ROWS_TIME},
    };
    struct call_path p;

    call_path_init(&p, "/api/v1/keys");
    call_path_query(&p, "limit", args_get(a, "limit"));
    return rows_list(c, &p, keys, ARRAY_LEN(keys), false);
}

int cmd_audit_list(struct cli *c, const struct args *a)
{
    static const struct rows_column audit[] = {
        {"AT",     "at",     ROWS_TIME  },
        {"WHO",    "who",    ROWS_TEXT  },
        {"ROLE",   "role",   ROWS_TEXT  },
        {"FROM",   "from",   ROWS_TEXT  },
        {"DID",    "did",    ROWS_TEXT  },
        {"STATUS", "status", ROWS_NUMBER},
        {"DETAIL", "detail", ROWS_TEXT  },
    };
    struct call_path p;

    call_path_init(&p, "/api/v1/audit");
    call_path_query(&p, "limit", args_get(a, "limit"));
    return rows_list(c, &p, audit, ARRAY_LEN(audit), false);
}
