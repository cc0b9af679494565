#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "client/cmd.h"
#include "client/progress.h"
#include "client/repeat.h"
#include "client/rows.h"
#include "client/table.h"
#include "client/to.h"
#include "text/utf8.h"

#define TEXT_FILE_MAX 65536

/* All members are optional in the options of a verb; asking for one that the verb has not is no error here. */
static void set_string(json_t *o, const char *member, const char *value)
{
    if (value != NULL)
        json_object_set_new(o, member, json_string(value));
}

/* *${out}: the file's bytes without the last line feed; caller frees. "-" is stdin. */
static int read_text(const struct cli *c, const char *path, char **out)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    struct buf b = BUF_INIT(TEXT_FILE_MAX);
    char part[4096];
    size_t n;
    bool failed;

    if (f == NULL)
        return cli_fail(c, CLI_USAGE, "cannot read %s: %s", path, strerror(errno));
    while ((n = fread(part, 1, sizeof(part), f)) > 0 && buf_add(&b, part, n) == 0)
        ;
    failed = ferror(f) != 0;
    if (f != stdin)
        fclose(f);
    while (b.len > 0 && (b.data[b.len - 1] == '\n' || b.data[b.len - 1] == '\r'))
        b.data[--b.len] = '\0';
    if (failed || b.overflow || !utf8_valid(buf_cstr(&b), b.len)) {
        cli_fail(c, CLI_REFUSED, "%s: %s", path,
                 failed       ? "cannot be read"
                 : b.overflow ? "more than 64 KiB"
                              : "not UTF-8");
        buf_fini(&b);
        return CLI_REFUSED;
    }
    *out = buf_take(&b);
    return CLI_OK;
}

/* --text or --text-file into ${member}. */
static int add_text(const struct cli *c, const struct args *a, const char *option, json_t *o,
                    const char *member)
{
    char file_option[40], *text = NULL;
    int n = snprintf(file_option, sizeof(file_option), "%s-file", option);
    const char *given = args_get(a, option), *path;
    int status = CLI_OK;

    if (n < 0 || (size_t)n >= sizeof(file_option))
        return CLI_USAGE;
    path = args_get(a, file_option);
    if (given != NULL && path != NULL)
        return cli_fail(c, CLI_USAGE, "--%s and --%s exclude each other", option, file_option);
    if (path != NULL)
        status = read_text(c, path, &text);
    else if (given != NULL && !utf8_valid(given, strlen(given)))
        status = cli_fail(c, CLI_REFUSED, "--%s is not UTF-8", option);
    if (status == CLI_OK)
        set_string(o, member, path != NULL ? text : given);
    free(text);
    return status;
}

static int add_time(const struct cli *c, const struct args *a, const char *option, json_t *o,
                    const char *member)
{
    const char *s = args_get(a, option);
    struct err e;
    int64_t at;

    if (s == NULL)
        return CLI_OK;
    if (clock_parse_iso(s, &at, &e) != 0)
        return cli_fail(c, CLI_USAGE,
                        "--%s: %s; allowed is ISO 8601 with offset, as 2026-09-25T09:00:00+08:00", option,
                        e.msg);
    set_string(o, member, s);
    return CLI_OK;
}

static int add_audience(const struct cli *c, const struct args *a, json_t *o)
{
    json_t *to = json_object(), *not_to = json_object();
    struct err e;
    const char *word;
    int bad = 0;

    for (size_t i = 0; bad == 0 && (word = args_nth(a, "to", i)) != NULL; i++)
        bad = to_add(to, word, &e);
    for (size_t i = 0; bad == 0 && (word = args_nth(a, "not-to", i)) != NULL; i++)
        bad = to_add(not_to, word, &e);
    if (bad != 0) {
        json_decref(to);
        json_decref(not_to);
        return cli_fail(c, CLI_USAGE, "%s", e.msg);
    }
    if (json_object_size(not_to) > 0)
        json_object_set(to, "not", not_to);
    if (json_object_size(to) > 0)
        json_object_set(o, "to", to);
    json_decref(to);
    json_decref(not_to);
    return CLI_OK;
}

static int add_vars(const struct cli *c, const struct args *a, json_t *o)
{
    json_t *vars = json_object();
    const char *pair;
    int status = CLI_OK;

    for (size_t i = 0; status == CLI_OK && (pair = args_nth(a, "var", i)) != NULL; i++) {
        const char *eq = strchr(pair, '=');
        char *name = eq != NULL ? xstrndup(pair, (size_t)(eq - pair)) : NULL;
        if (eq == NULL || eq == pair)
            status = cli_fail(c, CLI_USAGE, "--var %s; allowed is NAME=VALUE", pair);
        else
            json_object_set_new(vars, name, json_string(eq + 1));
        free(name);
    }
    if (status == CLI_OK && json_object_size(vars) > 0)
        json_object_set(o, "vars", vars);
    json_decref(vars);
    return status;
}

static void add_list(const struct args *a, const char *option, json_t *o, const char *member)
{
    json_t *list = json_array();
    const char *s;

    for (size_t i = 0; (s = args_nth(a, option, i)) != NULL; i++)
        json_array_append_new(list, json_string(s));
    if (json_array_size(list) > 0)
        json_object_set(o, member, list);
    json_decref(list);
}

/* What send and the alert verbs have in common. */
static int add_common(const struct cli *c, const struct args *a, json_t *o)
{
    int status = add_audience(c, a, o);

    set_string(o, "id", args_get(a, "id"));
    set_string(o, "lane", args_get(a, "lane"));
    set_string(o, "on_unknown", args_get(a, "on-unknown"));
    add_list(a, "channel", o, "channels");
    if (status == CLI_OK)
        status = add_vars(c, a, o);
    if (status == CLI_OK)
        status = add_time(c, a, "at", o, "send_at");
    return status == CLI_OK ? add_time(c, a, "not-after", o, "not_after") : status;
}

/* ---- the answer ---- */

/* What carriers will not like; the daemon sends it all the same, since their lists are guesses. */
static void tell_warnings(const struct cli *c, const json_t *list)
{
    const json_t *f;
    size_t i;

    json_array_foreach(list, i, f)
    {
        char *what = table_clean(json_string_value(json_object_get(f, "what")));

        fprintf(c->out, "%s %s%s%s\n",
                json_is_true(json_object_get(f, "refused")) ? "refused by carriers:" : "hint:", what,
                what[0] != '\0' ? ": " : "", json_string_value(json_object_get(f, "message")));
        free(what);
    }
}

static void tell_dry(const struct cli *c, json_t *answer)
{
    static const struct rows_column columns[] = {
        {"recipients", "recipients", ROWS_NUMBER},
        {"left out",   "suppressed", ROWS_NUMBER},
        {"lane",       "lane",       ROWS_TEXT  },
        {"send at",    "send_at",    ROWS_TEXT  },
        {"not after",  "not_after",  ROWS_TEXT  },
        {"text",       "text",       ROWS_TEXT  },
        {"characters", "characters", ROWS_NUMBER},
        {"parts each", "parts",      ROWS_NUMBER},
        {"messages",   "messages",   ROWS_NUMBER},
        {"providers",  "providers",  ROWS_TEXT  },
        {"cost",       "cost_note",  ROWS_TEXT  },
    };

    if (!c->json)
        tell_warnings(c, json_object_get(answer, "warnings"));
    rows_show(c, json_incref(answer), columns, ARRAY_LEN(columns));
    if (!c->json)
        repeat_tell(c, json_object_get(answer, "dates"));
    if (!c->json)
        fputs("nothing was sent (--dry-run)\n", c->out);
    json_decref(answer);
}

/* Why each of them cannot carry the text. */
static void tell_cannot(const struct cli *c, const json_t *cannot)
{
    const json_t *row;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)cannot, i, row)
    {
        char *name = table_clean(json_string_value(json_object_get(row, "provider"))),
             *why = table_clean(json_string_value(json_object_get(row, "why")));

        fprintf(c->out, "provider %s cannot carry it: %s\n", name, why);
        free(name);
        free(why);
    }
}

static int fail_unserved(const struct cli *c, const struct args *a, bool cannot)
{
    struct buf channels = BUF_INIT(1024);
    const char *s;
    int status;

    if (cannot)
        return cli_fail(c, CLI_REFUSED, "nothing would be sent: no provider can carry this text");
    for (size_t i = 0; (s = args_nth(a, "channel", i)) != NULL; i++)
        buf_fmt(&channels, "%s%s", i > 0 ? ", " : " channel ", s);
    status = cli_fail(c, CLI_REFUSED, "nothing would be sent: no provider serves%s",
                      channels.len > 0 ? buf_cstr(&channels) : " this community");
    buf_fini(&channels);
    return status;
}

/* ${body} is taken. */
static int dry_run(struct cli *c, const struct args *a, json_t *body)
{
    struct call_path p;
    json_t *answer;
    int status;
    bool nobody, unserved, cannot;

    call_path_init(&p, "/api/v1/notices?dry=1");
    p.has_query = true;
    status = call_json(c, "POST", &p, body, &answer);
    if (status != CLI_OK)
        return status;
    nobody = json_object_get(answer, "recipients") != NULL &&
             json_integer_value(json_object_get(answer, "recipients")) == 0;
    unserved = json_is_array(json_object_get(answer, "providers")) &&
               json_array_size(json_object_get(answer, "providers")) == 0;
    cannot = json_array_size(json_object_get(answer, "cannot")) > 0;
    if (!c->json)
        tell_cannot(c, json_object_get(answer, "cannot"));
    tell_dry(c, answer);
    if (nobody)
        status = cli_fail(c, CLI_NOTHING, "nobody is meant by this audience");
    else if (unserved)
        status = fail_unserved(c, a, cannot);
    return status;
}

/* Would this go to nobody? Asked before a notice that is sent at once to a selection, so that a wrong tag is told here and not found later among the
 * rejected. Not asked about alerts (nothing delays them), numbers and everyone. */
static bool is_selection(const json_t *body)
{
    static const char *const members[] = {"tags", "areas", "buildings", "activity"};
    const json_t *to = json_object_get(body, "to"), *kind = json_object_get(body, "kind");

    if (json_object_get(body, "send_at") != NULL || json_object_get(body, "repeat") != NULL ||
        (kind != NULL && strcmp(json_string_value(kind), "promotion") != 0 &&
         strcmp(json_string_value(kind), "notice") != 0))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (json_object_get(to, members[i]) != NULL)
            return true;
    return false;
}

static int check_audience(struct cli *c, json_t *body)
{
    struct call_path p;
    json_t *answer;
    int status;

    if (!is_selection(body))
        return CLI_OK;
    call_path_init(&p, "/api/v1/notices?dry=1");
    p.has_query = true;
    status = call_json(c, "POST", &p, json_incref(body), &answer);
    if (status != CLI_OK)
        return status;
    if (json_is_integer(json_object_get(answer, "recipients")) &&
        json_integer_value(json_object_get(answer, "recipients")) == 0)
        status = cli_fail(c, CLI_NOTHING, "nobody is meant by this audience: nothing was sent");
    json_decref(answer);
    return status;
}

/* ${body} is taken. */
static int submit(struct cli *c, const struct args *a, json_t *body)
{
    struct call_path p;
    json_t *answer;
    char id[80];
    int status;

    if (args_has(a, "dry-run"))
        return dry_run(c, a, body);
    status = check_audience(c, body);
    if (status != CLI_OK) {
        json_decref(body);
        return status;
    }
    call_path_init(&p, "/api/v1/notices");
    status = call_json(c, "POST", &p, body, &answer);
    if (status != CLI_OK)
        return status;
    int n = snprintf(id, sizeof(id), "%s", json_string_value(json_object_get(answer, "id")));
    if (n < 0 || (size_t)n >= sizeof(id)) {
        json_decref(answer);
        return cli_fail(c, CLI_LATER, "the daemon's answer has no id");
    }
    if (!args_has(a, "wait")) {
        if (c->json)
            rows_json(c, answer);
        else
            fprintf(c->out, "%s %s%s%s\n", id,
                    json_is_true(json_object_get(answer, "same")) ? "was accepted before" : "accepted",
                    json_is_true(json_object_get(answer, "deferred"))
                        ? "; promotions wait for their hours: goes out at "
                        : "",
                    json_is_true(json_object_get(answer, "deferred"))
                        ? json_string_value(json_object_get(answer, "send_at"))
                        : "");
        if (!c->json)
            repeat_tell(c, json_object_get(answer, "dates"));
    }
    json_decref(answer);
    return args_has(a, "wait") ? progress_wait(c, id) : CLI_OK;
}

/* ${status}, or the refusal of a notice without an audience. */
static int need_to(struct cli *c, int status, const json_t *body)
{
    if (status == CLI_OK && json_object_get(body, "to") == NULL)
        return cli_fail(c, CLI_USAGE,
                        "to whom? give --to (everyone, tag:T, area:CODE, building:B, activity:CODE, "
                        "resident:ID, +86...)");
    return status;
}

int cmd_send_run(struct cli *c, const struct args *a)
{
    json_t *body = json_pack("{s:i}", "v", 1);
    int status = add_common(c, a, body);

    set_string(body, "kind", args_get(a, "kind"));
    set_string(body, "template", args_get(a, "template"));
    if (status == CLI_OK)
        status = add_text(c, a, "text", body, "text");
    if (status == CLI_OK)
        status = repeat_add(c, a, body);
    status = need_to(c, status, body);
    if (status == CLI_OK && json_object_get(body, "text") == NULL &&
        json_object_get(body, "template") == NULL)
        status = cli_fail(c, CLI_USAGE, "what? give --text, --text-file or --template");
    if (status != CLI_OK) {
        json_decref(body);
        return status;
    }
    return submit(c, a, body);
}

static int add_alert(const struct cli *c, const struct args *a, json_t *alert)
{
    int status = add_text(c, a, "official-text", alert, "official_text");

    set_string(alert, "issuer", args_get(a, "issuer"));
    set_string(alert, "event", args_get(a, "event"));
    set_string(alert, "level", args_get(a, "level"));
    set_string(alert, "official_id", args_get(a, "official-id"));
    set_string(alert, "advice", args_get(a, "advice"));
    add_list(a, "supersedes", alert, "supersedes");
    if (args_has(a, "exercise"))
        json_object_set_new(alert, "exercise", json_true());
    if (status == CLI_OK)
        status = add_time(c, a, "issued", alert, "issued_at");
    return status == CLI_OK ? add_time(c, a, "expires", alert, "expires") : status;
}

int cmd_send_alert(struct cli *c, const struct args *a)
{
    json_t *body = json_pack("{s:i,s:s}", "v", 1, "kind", "alert"), *alert = json_object();
    int status = add_common(c, a, body);

    json_object_set_new(body, "alert", alert);
    if (status == CLI_OK)
        status = add_alert(c, a, alert);
    if (status == CLI_OK)
        status = add_text(c, a, "text", body, "text");
    status = need_to(c, status, body);
    /* An alert ends with the warning it relays, unless told otherwise. */
    if (status == CLI_OK && json_object_get(body, "not_after") == NULL &&
        json_object_get(alert, "expires") != NULL)
        json_object_set(body, "not_after", json_object_get(alert, "expires"));
    if (status != CLI_OK) {
        json_decref(body);
        return status;
    }
    return submit(c, a, body);
}

int cmd_send_clear(struct cli *c, const struct args *a)
{
    json_t *body = json_pack("{s:i,s:s,s:s}", "v", 1, "kind", "allclear", "cancels", a->words[0]);
    int status = add_common(c, a, body);

    if (status == CLI_OK)
        status = add_text(c, a, "text", body, "text");
    if (status == CLI_OK && json_object_get(body, "text") == NULL)
        status = cli_fail(c, CLI_USAGE, "give the words of the all-clear: --text or --text-file");
    if (status != CLI_OK) {
        json_decref(body);
        return status;
    }
    return submit(c, a, body);
}
