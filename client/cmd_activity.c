#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "client/cmd.h"
#include "client/rows.h"

static const struct rows_column columns[] = {
    {"CODE",    "code",      ROWS_TEXT  },
    {"TITLE",   "title",     ROWS_TEXT  },
    {"STATE",   "state",     ROWS_TEXT  },
    {"SEATS",   "seats",     ROWS_NUMBER},
    {"TAKEN",   "taken",     ROWS_NUMBER},
    {"WAITING", "waiting",   ROWS_NUMBER},
    {"STARTS",  "starts_at", ROWS_TIME  },
};

static void path_of(struct call_path *p, const struct args *a, const char *tail)
{
    call_path_init(p, "/api/v1/activities");
    if (a != NULL)
        call_path_segment(p, a->words[0]);
    call_path_fixed(p, tail);
}

static int add_times(const struct cli *c, const struct args *a, json_t *o)
{
    static const char *const names[][2] = {
        {"opens",  "opens_at" },
        {"closes", "closes_at"},
        {"starts", "starts_at"}
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *s = args_get(a, names[i][0]);
        struct err e;
        int64_t at;
        if (s == NULL)
            continue;
        if (clock_parse_iso(s, &at, &e) != 0)
            return cli_fail(c, CLI_USAGE,
                            "--%s: %s; allowed is ISO 8601 with offset, as 2026-09-25T09:00:00+08:00",
                            names[i][0], e.msg);
        json_object_set_new(o, names[i][1], json_string(s));
    }
    return CLI_OK;
}

/* Required are title, seats and start; the daemon judges the values. */
static int describe(const struct cli *c, const struct args *a, json_t *o)
{
    static const char *const needed[] = {"title", "seats", "starts"};
    json_t *aliases = json_array();
    const char *s;
    int64_t seats = 0, party = 0;

    for (size_t i = 0; (s = args_nth(a, "alias", i)) != NULL; i++)
        json_array_append_new(aliases, json_string(s));
    json_object_set_new(o, "aliases", aliases);
    for (size_t i = 0; i < ARRAY_LEN(needed); i++)
        if (!args_has(a, needed[i]))
            return cli_fail(c, CLI_USAGE, "activity add needs --%s", needed[i]);
    if (num_i64(args_get(a, "seats"), 1, 1000000, &seats) != 0)
        return cli_fail(c, CLI_USAGE, "--seats %s; allowed is a number from 1 to 1000000",
                        args_get(a, "seats"));
    if (args_has(a, "max-party") && num_i64(args_get(a, "max-party"), 1, 1000, &party) != 0)
        return cli_fail(c, CLI_USAGE, "--max-party %s; allowed is a number from 1 to 1000",
                        args_get(a, "max-party"));
    json_object_set_new(o, "code", json_string(a->words[0]));
    json_object_set_new(o, "title", json_string(args_get(a, "title")));
    json_object_set_new(o, "seats", json_integer(seats));
    if (party > 0)
        json_object_set_new(o, "max_party", json_integer(party));
    if (args_has(a, "place"))
        json_object_set_new(o, "place", json_string(args_get(a, "place")));
    return add_times(c, a, o);
}

static int say(struct cli *c, int status, json_t *answer, const char *code, const char *done)
{
    if (status != CLI_OK)
        return status;
    if (c->json)
        rows_json(c, answer);
    else
        fprintf(c->out, "%s %s\n", code, done);
    json_decref(answer);
    return CLI_OK;
}

int cmd_activity_add(struct cli *c, const struct args *a)
{
    struct call_path p;
    json_t *body = json_object(), *answer = NULL;
    int status = describe(c, a, body);

    if (status != CLI_OK) {
        json_decref(body);
        return status;
    }
    path_of(&p, NULL, "");
    status = call_json(c, "POST", &p, body, &answer);
    return say(c, status, answer, a->words[0], "added");
}

int cmd_activity_list(struct cli *c, const struct args *a)
{
    struct call_path p;

    path_of(&p, NULL, "");
    call_path_query(&p, "limit", args_get(a, "limit"));
    return rows_list(c, &p, columns, ARRAY_LEN(columns), false);
}

int cmd_activity_show(struct cli *c, const struct args *a)
{
    static const struct rows_column all[] = {
        {"code",        "code",      ROWS_TEXT  },
        {"title",       "title",     ROWS_TEXT  },
        {"also called", "aliases",   ROWS_TEXT  },
        {"state",       "state",     ROWS_TEXT  },
        {"seats",       "seats",     ROWS_NUMBER},
        {"taken",       "taken",     ROWS_NUMBER},
        {"waiting",     "waiting",   ROWS_NUMBER},
        {"opens",       "opens_at",  ROWS_TEXT  },
        {"closes",      "closes_at", ROWS_TEXT  },
        {"starts",      "starts_at", ROWS_TEXT  },
        {"place",       "place",     ROWS_TEXT  },
    };
    struct call_path p;
    json_t *answer;
    int status;

    path_of(&p, a, "");
    status = call_json(c, "GET", &p, NULL, &answer);
    if (status == CLI_OK)
        rows_show(c, answer, all, ARRAY_LEN(all));
    return status;
}

static int change(struct cli *c, const struct args *a, const char *tail, json_t *body, const char *done)
{
    struct call_path p;
    json_t *answer = NULL;
    int status;

    path_of(&p, a, tail);
    status = call_json(c, "POST", &p, body, &answer);
    return say(c, status, answer, a->words[0], done);
}

int cmd_activity_open(struct cli *c, const struct args *a)
{
    return change(c, a, "/open", NULL, "open: registration follows its window");
}

int cmd_activity_close(struct cli *c, const struct args *a)
{
    return change(c, a, "/close", NULL, "closed: nobody can register any more");
}

int cmd_activity_cancel(struct cli *c, const struct args *a)
{
    char *done = xasprintf("cancelled; tell those who registered: crier send --to activity:%s --text ...",
                           a->words[0]);
    int status = change(c, a, "/cancel", NULL, done);

    free(done);
    return status;
}

int cmd_activity_checkin(struct cli *c, const struct args *a)
{
    return change(c, a, "/checkin", json_pack("{s:s}", "phone", a->words[1]), "signed in");
}

int cmd_activity_roster(struct cli *c, const struct args *a)
{
    static const struct rows_column roster[] = {
        {"PLACE",    "place",    ROWS_NUMBER},
        {"NAME",     "name",     ROWS_TEXT  },
        {"PHONE",    "phone",    ROWS_TEXT  },
        {"COUNT",    "count",    ROWS_NUMBER},
        {"STATUS",   "status",   ROWS_TEXT  },
        {"POSITION", "position", ROWS_NUMBER},
    };
    struct call_path p;

    path_of(&p, a, "/roster");
    call_path_query(&p, "limit", args_get(a, "limit"));
    call_path_query(&p, "full", args_has(a, "full") ? "1" : NULL);
    return rows_list(c, &p, roster, ARRAY_LEN(roster), false);
}

int cmd_activity_export(struct cli *c, const struct args *a)
{
    const char *format = args_has(a, "format") ? args_get(a, "format") : "csv", *path = args_get(a, "output");
    struct call_path p;
    FILE *out = c->out;
    int status;

    if (strcmp(format, "csv") != 0 && strcmp(format, "text") != 0)
        return cli_fail(c, CLI_USAGE, "--format %s; allowed are csv and text", format);
    if (path != NULL && (out = fopen(path, "wbe")) == NULL)
        return cli_fail(c, CLI_USAGE, "cannot write %s: %s", path, strerror(errno));
    path_of(&p, a, "/export");
    call_path_query(&p, "format", format);
    call_path_query(&p, "full", args_has(a, "full") ? "1" : NULL);
    status = call_copy(c, &p, "text/csv, text/plain", out);
    if (out != c->out && fclose(out) != 0 && status == CLI_OK)
        status = cli_fail(c, CLI_LATER, "cannot write %s: %s", path, strerror(errno));
    return status;
}
