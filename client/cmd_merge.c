/* crier resident merge: two records of one person become one. */
#include <string.h>

#include "base/mem.h"
#include "client/cmd.h"
#include "client/rows.h"
#include "client/table.h"

static const struct rows_column columns[] = {
    {"ID",        "id",        ROWS_TEXT},
    {"NAME",      "name",      ROWS_TEXT},
    {"PHONES",    "phones",    ROWS_TEXT},
    {"AREA",      "area",      ROWS_TEXT},
    {"BUILDING",  "building",  ROWS_TEXT},
    {"TAGS",      "tags",      ROWS_TEXT},
    {"OPTED OUT", "opted_out", ROWS_TEXT},
};

static const char *in_words(const char *what)
{
    static const char *const rows[][2] = {
        {"moves",    "the registration is the person's now"                              },
        {"stays",    "the registration is the person's now"                              },
        {"goes",     "two withdrawn registrations: one row is kept"                      },
        {"given-up", "both were registered: the registration of the first number is kept"},
        {"instead",  "both were registered: the registration of the other number is kept"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i][0], what) == 0)
            return rows[i][1];
    return what;
}

static void say(struct cli *c, const json_t *answer, const char *from)
{
    const json_t *o;
    json_t *who = json_object_get(answer, "resident");
    const char *id = json_string_value(json_object_get(who, "id"));
    bool dry = json_is_true(json_object_get(answer, "dry_run"));
    size_t i;

    if (json_is_true(json_object_get(answer, "already")))
        fprintf(c->out, "residents %s and %s are one already\n", id, from);
    else
        fprintf(c->out, "resident %s %s one with %s%s\n", from, dry ? "would become" : "is now", id,
                dry ? " (--dry-run: nothing was done)" : "");
    json_array_foreach(json_object_get(answer, "registrations"), i, o)
    {
        char *code = table_clean(json_string_value(json_object_get(o, "code")));
        fprintf(c->out, "  %s: %s\n", code, in_words(json_string_value(json_object_get(o, "what"))));
        free(code);
    }
    if (json_integer_value(json_object_get(answer, "promoted")) > 0)
        fprintf(c->out, "  %lld moved up from waiting lists\n",
                (long long)json_integer_value(json_object_get(answer, "promoted")));
    rows_show(c, json_incref(who), columns, ARRAY_LEN(columns));
}

int cmd_resident_merge(struct cli *c, const struct args *a)
{
    struct call_path p;
    json_t *answer;
    json_t *body = json_pack("{s:s,s:s,s:b}", "into", a->words[0], "from", a->words[1], "one_seat",
                             args_has(a, "one-seat"));
    int status;

    call_path_init(&p, "/api/v1/residents/merge");
    call_path_query(&p, "dry", args_has(a, "dry-run") ? "1" : NULL);
    status = call_json(c, "POST", &p, body, &answer);
    if (status != CLI_OK)
        return status;
    if (c->json)
        rows_json(c, answer);
    else
        say(c, answer, a->words[1]);
    json_decref(answer);
    return CLI_OK;
}
