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

static int add_time(const struct cli *c, const struct args *a, json_t *o, const char *name, bool may_be_none)
{
    const char *s = args_get(a, name);
    char member[16];
    struct err e;
    int64_t at;

    if (s == NULL)
        return CLI_OK;
    snprintf(member, sizeof(member), "%.8s_at", name);
    if (may_be_none && strcmp(s, "none") == 0)
        json_object_set_new(o, member, json_null());
    else if (clock_parse_iso(s, &at, &e) == 0)
        json_object_set_new(o, member, json_string(s));
    else
        return cli_fail(c, CLI_USAGE,
                        "--%s: %s; allowed is ISO 8601 with offset, as 2026-09-25T09:00:00+08:00", name,
                        e.msg);
    return CLI_OK;
}

static int add_number(const struct cli *c, const struct args *a, json_t *o, const char *name,
                      const char *member, int64_t max)
{
    int64_t n;

    if (!args_has(a, name))
        return CLI_OK;
    if (num_i64(args_get(a, name), 1, max, &n) != 0)
        return cli_fail(c, CLI_USAGE, "--%s %s; allowed is a number from 1 to %lld", name, args_get(a, name),
                        (long long)max);
    json_object_set_new(o, member, json_integer(n));
    return CLI_OK;
}

static void add_text(const struct args *a, json_t *o, const char *name)
{
    if (args_has(a, name))
        json_object_set_new(o, name, json_string(args_get(a, name)));
}

static void add_or_none(const struct args *a, json_t *o, const char *name, const char *member)
{
    const char *s = args_get(a, name);

    if (s != NULL)
        json_object_set_new(o, member, strcmp(s, "none") == 0 ? json_null() : json_string(s));
}

/* "none" takes away what there was. */
static void add_list(const struct args *a, json_t *o, const char *name, const char *member)
{
    json_t *list = json_array();
    const char *s;

    for (size_t i = 0; (s = args_nth(a, name, i)) != NULL; i++)
        if (strcmp(s, "none") != 0)
            json_array_append_new(list, json_string(s));
    if (args_has(a, name))
        json_object_set(o, member, list);
    json_decref(list);
}

/* What the options say; the daemon judges the values. ${change}: a time may be taken away. */
static int describe(const struct cli *c, const struct args *a, json_t *o, bool change)
{
    static const char *const times[] = {"opens", "closes", "starts"};
    int status = CLI_OK;

    if (args_has(a, "alias"))
        add_list(a, o, "alias", "aliases");
    add_text(a, o, "title");
    add_text(a, o, "place");
    add_text(a, o, "map");
    add_text(a, o, "price");
    add_or_none(a, o, "sign-in", "sign_in");
    add_list(a, o, "for-tag", "for_tags");
    add_list(a, o, "for-area", "for_areas");
    add_list(a, o, "remind", "reminders");
    add_or_none(a, o, "confirm-within", "confirm_within");
    status = add_number(c, a, o, "seats", "seats", 1000000);
    if (status == CLI_OK)
        status = add_number(c, a, o, "max-party", "max_party", 1000);
    for (size_t i = 0; i < ARRAY_LEN(times) && status == CLI_OK; i++)
        status = add_time(c, a, o, times[i], change && i < 2);
    return status;
}

static int describe_new(const struct cli *c, const struct args *a, json_t *o)
{
    static const char *const needed[] = {"title", "seats", "starts"};

    for (size_t i = 0; i < ARRAY_LEN(needed); i++)
        if (!args_has(a, needed[i]))
            return cli_fail(c, CLI_USAGE, "activity add needs --%s", needed[i]);
    json_object_set_new(o, "code", json_string(a->words[0]));
    return describe(c, a, o, false);
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
    int status = describe_new(c, a, body);

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
        {"code",           "code",           ROWS_TEXT  },
        {"title",          "title",          ROWS_TEXT  },
        {"also called",    "aliases",        ROWS_TEXT  },
        {"state",          "state",          ROWS_TEXT  },
        {"seats",          "seats",          ROWS_NUMBER},
        {"taken",          "taken",          ROWS_NUMBER},
        {"waiting",        "waiting",        ROWS_NUMBER},
        {"attended",       "attended",       ROWS_NUMBER},
        {"absent",         "absent",         ROWS_NUMBER},
        {"opens",          "opens_at",       ROWS_TEXT  },
        {"closes",         "closes_at",      ROWS_TEXT  },
        {"starts",         "starts_at",      ROWS_TEXT  },
        {"place",          "place",          ROWS_TEXT  },
        {"map",            "map",            ROWS_TEXT  },
        {"price",          "price",          ROWS_TEXT  },
        {"sign in with",   "sign_in",        ROWS_TEXT  },
        {"for",            "for_tags",       ROWS_TEXT  },
        {"for areas",      "for_areas",      ROWS_TEXT  },
        {"reminders",      "reminders",      ROWS_TEXT  },
        {"confirm within", "confirm_within", ROWS_TEXT  },
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

/* ---- changing, calling off ---- */

static void say_list(struct cli *c, const json_t *list)
{
    const json_t *v;
    size_t i;

    json_array_foreach(list, i, v) fprintf(c->out, "%s%s", i > 0 ? ", " : "", json_string_value(v));
}

static void say_told(struct cli *c, const json_t *o, bool dry)
{
    json_int_t told = json_integer_value(json_object_get(o, "told")),
               out = json_integer_value(json_object_get(o, "suppressed"));
    const char *notice = json_string_value(json_object_get(o, "notice"));
    const json_t *v;
    size_t i;

    if (notice == NULL) {
        fprintf(c->out, "nobody %s told\n", dry ? "would be" : "is");
        return;
    }
    fprintf(c->out, "%lld %s told (notice %s)", (long long)told,
            dry         ? "would be"
            : told == 1 ? "person is"
                        : "people are",
            notice);
    if (out > 0)
        fprintf(c->out, "; %lld opted out and %s not", (long long)out, dry ? "would" : "are");
    fprintf(c->out, "\n  %s\n", json_string_value(json_object_get(o, "text")));
    json_array_foreach(json_object_get(o, "who"), i, v) fprintf(
        c->out, "  %s %s %s\n", json_string_value(json_object_get(v, "phone")),
        json_string_value(json_object_get(v, "name")), json_string_value(json_object_get(v, "status")));
}

/* What was done, or would be, and who is told of it. */
static int say_change(struct cli *c, const struct args *a, json_t *answer)
{
    bool dry = json_is_true(json_object_get(answer, "dry_run")),
         same = json_array_size(json_object_get(answer, "changed")) == 0;
    json_int_t up = json_integer_value(json_object_get(answer, "promoted"));

    if (c->json) {
        rows_json(c, answer);
        json_decref(answer);
        return CLI_OK;
    }
    if (same)
        fprintf(c->out, "%s is so already: nothing %s, nobody is told again\n", a->words[0],
                dry ? "would change" : "was changed");
    else {
        fprintf(c->out, "%s %s: ", a->words[0], dry ? "would change" : "changed");
        say_list(c, json_object_get(answer, "changed"));
        fputc('\n', c->out);
        if (up > 0)
            fprintf(c->out, "%lld from the waiting list %s up\n", (long long)up,
                    dry ? "would move" : "moved");
        say_told(c, answer, dry);
    }
    json_decref(answer);
    return CLI_OK;
}

/* ${body} is taken. */
static int ask_change(struct cli *c, const struct args *a, const char *tail, json_t *body)
{
    struct call_path p;
    json_t *answer = NULL;
    int status;

    if (args_has(a, "quiet"))
        json_object_set_new(body, "quiet", json_true());
    path_of(&p, a, tail);
    call_path_query(&p, "dry", args_has(a, "dry-run") ? "1" : NULL);
    status = call_json(c, "POST", &p, body, &answer);
    return status == CLI_OK ? say_change(c, a, answer) : status;
}

int cmd_activity_change(struct cli *c, const struct args *a)
{
    json_t *body = json_object();
    int status = describe(c, a, body, true);

    if (status == CLI_OK && json_object_size(body) == 0)
        status = cli_fail(c, CLI_USAGE, "what shall change? see crier activity change --help");
    if (status != CLI_OK) {
        json_decref(body);
        return status;
    }
    return ask_change(c, a, "/change", body);
}

int cmd_activity_cancel(struct cli *c, const struct args *a)
{
    json_t *body = json_object();

    add_text(a, body, "because");
    return ask_change(c, a, "/cancel", body);
}

int cmd_activity_checkin(struct cli *c, const struct args *a)
{
    return change(c, a, "/checkin", json_pack("{s:s}", "phone", a->words[1]), "signed in");
}

int cmd_activity_roster(struct cli *c, const struct args *a)
{
    static const struct rows_column roster[] = {
        {"PLACE",      "place",      ROWS_NUMBER},
        {"NAME",       "name",       ROWS_TEXT  },
        {"PHONE",      "phone",      ROWS_TEXT  },
        {"COUNT",      "count",      ROWS_NUMBER},
        {"STATUS",     "status",     ROWS_TEXT  },
        {"POSITION",   "position",   ROWS_NUMBER},
        {"CONFIRM BY", "confirm_by", ROWS_TIME  },
    };
    struct call_path p;

    path_of(&p, a, "/roster");
    call_path_query(&p, "limit", args_get(a, "limit"));
    call_path_query(&p, "full", args_has(a, "full") ? "1" : NULL);
    return rows_list(c, &p, roster, ARRAY_LEN(roster), false);
}

int cmd_activity_export(struct cli *c, const struct args *a)
{
    static const char *const formats[] = {"csv", "text", "sheet", "ics"};
    const char *format = args_has(a, "format") ? args_get(a, "format") : "csv", *path = args_get(a, "output");
    struct call_path p;
    FILE *out = c->out;
    bool known = false;
    int status;

    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        known = known || strcmp(format, formats[i]) == 0;
    if (!known)
        return cli_fail(c, CLI_USAGE, "--format %s; allowed are csv, text, sheet and ics", format);
    if (path != NULL && (out = fopen(path, "wbe")) == NULL)
        return cli_fail(c, CLI_USAGE, "cannot write %s: %s", path, strerror(errno));
    path_of(&p, a, "/export");
    call_path_query(&p, "format", format);
    call_path_query(&p, "full", args_has(a, "full") ? "1" : NULL);
    status = call_copy(c, &p, "text/csv, text/plain, text/html, text/calendar", out);
    if (out != c->out && fclose(out) != 0 && status == CLI_OK)
        status = cli_fail(c, CLI_LATER, "cannot write %s: %s", path, strerror(errno));
    return status;
}
