#include "client/repeat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "client/table.h"

static const char *const belonging[] = {"time", "last-time", "days-before", "until", "except"};

static int check(const struct cli *c, const struct args *a)
{
    if (args_has(a, "repeat")) {
        if (args_has(a, "wait"))
            return cli_fail(c, CLI_USAGE,
                            "--wait and --repeat exclude each other: what comes again is never done");
        return CLI_OK;
    }
    for (size_t i = 0; i < ARRAY_LEN(belonging); i++)
        if (args_has(a, belonging[i]))
            return cli_fail(c, CLI_USAGE, "--%s belongs to --repeat", belonging[i]);
    return CLI_OK;
}

/* "lunar:8/15" -> {"lunar": "8/15"} */
static int add_rule(const struct cli *c, const char *rule, json_t *o)
{
    static const char *const kinds[] = {"lunar", "term", "festival", "rrule"};
    const char *colon = strchr(rule, ':');

    for (size_t i = 0; colon != NULL && i < ARRAY_LEN(kinds); i++)
        if (strlen(kinds[i]) == (size_t)(colon - rule) && strncmp(kinds[i], rule, strlen(kinds[i])) == 0) {
            json_object_set_new(o, kinds[i], json_string(colon + 1));
            return CLI_OK;
        }
    return cli_fail(c, CLI_USAGE,
                    "--repeat %s; allowed: lunar:8/15, festival:NAME, term:qingming, term:winter-solstice, "
                    "rrule:FREQ=...",
                    rule);
}

static int add_members(const struct cli *c, const struct args *a, json_t *o)
{
    static const char *const names[][2] = {
        {"time",      "at"       },
        {"last-time", "not_after"},
        {"until",     "until"    }
    };
    json_t *except = json_array();
    const char *s = args_get(a, "days-before");
    int64_t n;

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (args_has(a, names[i][0]))
            json_object_set_new(o, names[i][1], json_string(args_get(a, names[i][0])));
    for (size_t i = 0; args_nth(a, "except", i) != NULL; i++)
        json_array_append_new(except, json_string(args_nth(a, "except", i)));
    if (json_array_size(except) > 0)
        json_object_set(o, "except", except);
    json_decref(except);
    if (s != NULL && num_i64(s, 0, 60, &n) != 0)
        return cli_fail(c, CLI_USAGE, "--days-before %s; allowed is a number from 0 to 60", s);
    if (s != NULL)
        json_object_set_new(o, "days_before", json_integer(n));
    return CLI_OK;
}

int repeat_add(const struct cli *c, const struct args *a, json_t *body)
{
    json_t *o;
    int status = check(c, a);

    if (status != CLI_OK || !args_has(a, "repeat"))
        return status;
    o = json_object();
    status = add_rule(c, args_get(a, "repeat"), o);
    if (status == CLI_OK)
        status = add_members(c, a, o);
    if (status == CLI_OK)
        json_object_set(body, "repeat", o);
    json_decref(o);
    return status;
}

void repeat_tell(const struct cli *c, const json_t *dates)
{
    const json_t *row;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)dates, i, row)
    {
        const char *date = json_string_value(json_object_get(row, "date")),
                   *note = json_string_value(json_object_get(row, "note"));
        char *clean = table_clean(note != NULL ? note : "");

        if (date == NULL)
            fprintf(c->out, "no such day: %s\n", clean);
        else
            fprintf(c->out, "%s: sent at %s%s%s%s\n", date,
                    json_string_value(json_object_get(row, "send_at")), clean[0] != '\0' ? " (" : "", clean,
                    clean[0] != '\0' ? ")" : "");
        free(clean);
    }
}
