#include "client/dry.h"

#include <string.h>

#include "base/mem.h"
#include "client/call.h"
#include "client/rows.h"

/* ${o} is taken: what would be sent. */
static int tell(const struct cli *c, json_t *o, const struct rows_column *columns, size_t n_columns)
{
    json_object_set_new(o, "dry_run", json_true());
    rows_show(c, o, columns, n_columns);
    if (!c->json)
        fputs("nothing was sent (--dry-run)\n", c->out);
    return CLI_OK;
}

/* GET ${collection}/${name}; NULL when that failed, with *status. */
static json_t *look(struct cli *c, const char *collection, const char *name, int *status)
{
    struct call_path p;
    json_t *thing = NULL;

    call_path_init(&p, collection);
    call_path_segment(&p, name);
    *status = call_json(c, "GET", &p, NULL, &thing);
    return thing;
}

static json_int_t count_of(const json_t *notice, const char *state)
{
    return json_integer_value(json_object_get(json_object_get(notice, "counts"), state));
}

static bool is_in(const json_t *notice, const char *const *states)
{
    const char *s = json_string_value(json_object_get(notice, "state"));

    for (; *states != NULL; states++)
        if (s != NULL && strcmp(s, *states) == 0)
            return true;
    return false;
}

/* ${notice} is taken. */
static int tell_notice(struct cli *c, json_t *notice, json_int_t n, const char *const *states)
{
    static const struct rows_column columns[] = {
        {"id",         "id",         ROWS_TEXT  },
        {"state",      "state",      ROWS_TEXT  },
        {"recipients", "recipients", ROWS_NUMBER},
        {"not after",  "not_after",  ROWS_TEXT  },
        {"text",       "text",       ROWS_TEXT  },
    };
    const char *state = json_string_value(json_object_get(notice, "state"));
    int status;

    if (!is_in(notice, states)) {
        status =
            cli_fail(c, CLI_REFUSED, "it would be refused: this notice is %s", state != NULL ? state : "?");
    } else {
        json_t *o = json_pack("{s:O,s:O,s:I,s:O,s:O}", "id", json_object_get(notice, "id"), "state",
                              json_object_get(notice, "state"), "recipients", n, "not_after",
                              json_object_get(notice, "not_after"), "text", json_object_get(notice, "text"));
        status = o != NULL ? tell(c, o, columns, ARRAY_LEN(columns))
                           : cli_fail(c, CLI_LATER, "the daemon's answer lacks members");
    }
    json_decref(notice);
    return status;
}

int dry_redrive(struct cli *c, const struct args *a)
{
    static const char *const states[] = {"running", "auditing", "done", NULL}, *const again[] = {"failed",
                                                                                                 "exhausted",
                                                                                                 "unknown"};
    const char *id = a->words[0];
    int status;
    json_t *notice = look(c, "/api/v1/notices", id, &status);
    json_int_t n = 0, named = 0;

    if (notice == NULL)
        return status;
    for (size_t i = 0; i < ARRAY_LEN(again); i++)
        if (args_has(a, again[i])) {
            named++;
            n += count_of(notice, again[i]);
        }
    if (named == 0)
        n = count_of(notice, "failed") + count_of(notice, "exhausted");
    status = tell_notice(c, notice, n, states);
    return status == CLI_OK && n == 0 ? cli_fail(c, CLI_NOTHING, "nobody of %s would be tried again", id)
                                      : status;
}

int dry_resume(struct cli *c, const char *id)
{
    static const char *const states[] = {"paused", "running", "staging", "scheduled", NULL};
    int status;
    json_t *notice = look(c, "/api/v1/notices", id, &status);

    if (notice == NULL)
        return status;
    return tell_notice(c, notice, count_of(notice, "pending") + count_of(notice, "retry"), states);
}

int dry_inbox_answer(struct cli *c, const char *key, const char *text)
{
    static const struct rows_column columns[] = {
        {"to",        "to",   ROWS_TEXT},
        {"name",      "name", ROWS_TEXT},
        {"they said", "said", ROWS_TEXT},
        {"text",      "text", ROWS_TEXT},
    };
    int status;
    json_t *entry = look(c, "/api/v1/inbox", key, &status), *o;

    if (entry == NULL)
        return status;
    o = json_pack("{s:s,s:O,s:O,s:O,s:s}", "key", key, "to", json_object_get(entry, "from"), "name",
                  json_object_get(entry, "name"), "said", json_object_get(entry, "text"), "text", text);
    json_decref(entry);
    return o != NULL ? tell(c, o, columns, ARRAY_LEN(columns))
                     : cli_fail(c, CLI_REFUSED, "the text is not UTF-8");
}

/* ---- lists that know no single thing ---- */

struct search {
    const char *member, *value;
    json_t *found;
};

static void on_row(void *arg, json_t *row)
{
    struct search *s = arg;
    const char *value = json_string_value(json_object_get(row, s->member));

    if (s->found == NULL && value != NULL && strcmp(value, s->value) == 0)
        s->found = json_incref(row);
}

/* The row of a list whose ${member} is ${value}; NULL when that failed, with *status. */
static json_t *find(struct cli *c, const char *list, const char *member, const char *value, int *status)
{
    struct search s = {.member = member, .value = value};
    struct call_path p;

    call_path_init(&p, list);
    *status = call_list(c, &p, on_row, &s, NULL);
    if (*status == CLI_OK && s.found == NULL)
        *status =
            cli_fail(c, CLI_NOTHING, "there is no %s with the %s %s", strrchr(list, '/') + 1, member, value);
    if (*status != CLI_OK) {
        json_decref(s.found);
        return NULL;
    }
    return s.found;
}

int dry_rejected_retry(struct cli *c, const char *key)
{
    static const struct rows_column columns[] = {
        {"key",         "key",        ROWS_TEXT  },
        {"was refused", "reason",     ROWS_TEXT  },
        {"recipients",  "recipients", ROWS_NUMBER},
        {"text",        "text",       ROWS_TEXT  },
    };
    int status;
    json_t *row = find(c, "/api/v1/rejected", "key", key, &status), *entry, *answer = NULL;
    const char *text;
    struct call_path p;
    bool nobody;

    if (row == NULL)
        return status;
    text = json_string_value(json_object_get(row, "entry"));
    entry = text != NULL ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (entry == NULL) {
        status =
            cli_fail(c, CLI_REFUSED, "it would be refused again, or is too long to be judged from here (%s)",
                     json_string_value(json_object_get(row, "reason")));
    } else {
        call_path_init(&p, "/api/v1/notices?dry=1");
        p.has_query = true;
        status = call_json(c, "POST", &p, entry, &answer);
    }
    if (status == CLI_OK) {
        json_object_set(answer, "key", json_object_get(row, "key"));
        json_object_set(answer, "reason", json_object_get(row, "reason"));
        nobody = json_is_integer(json_object_get(answer, "recipients")) &&
                 json_integer_value(json_object_get(answer, "recipients")) == 0;
        status = tell(c, answer, columns, ARRAY_LEN(columns));
        if (nobody)
            status = cli_fail(c, CLI_NOTHING, "nobody is meant by this audience: it would be refused again");
    }
    json_decref(row);
    return status;
}

int dry_provider_test(struct cli *c, const char *name, const char *to, const char *text)
{
    static const struct rows_column columns[] = {
        {"provider", "provider", ROWS_TEXT},
        {"state",    "state",    ROWS_TEXT},
        {"to",       "to",       ROWS_TEXT},
        {"text",     "text",     ROWS_TEXT},
    };
    int status;
    json_t *row = find(c, "/api/v1/providers", "name", name, &status), *o;

    if (row == NULL)
        return status;
    o = json_pack("{s:s,s:O,s:s,s:s}", "provider", name, "state", json_object_get(row, "state"), "to", to,
                  "text", text);
    json_decref(row);
    return o != NULL ? tell(c, o, columns, ARRAY_LEN(columns))
                     : cli_fail(c, CLI_REFUSED, "the text is not UTF-8");
}
