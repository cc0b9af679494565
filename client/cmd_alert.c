/* alert inspect (without a daemon), intake, list, show: official warnings. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "client/cmd.h"
#include "client/rows.h"
#include "client/table.h"
#include "model/alert_store.h"

#define SENDERS_MAX 32

struct inspection {
    struct area_set watched;
    const char *senders[SENDERS_MAX];
    struct alert_rules rules;
    struct alert_book book;
    int64_t now_at;
    size_t n_taken; /* alerts that were not refused */
};

/* One byte more than is allowed is read, so that the parser can say so. */
static int read_file(const struct cli *c, const char *path, struct buf *out)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    char part[8192];
    size_t n;
    bool failed;

    if (f == NULL)
        return cli_fail(c, CLI_USAGE, "cannot read %s: %s", path, strerror(errno));
    while (out->len <= CAP_BYTES_MAX && (n = fread(part, 1, sizeof(part), f)) > 0)
        buf_add(out, part, n);
    failed = ferror(f) != 0;
    if (f != stdin)
        fclose(f);
    return failed ? cli_fail(c, CLI_USAGE, "%s cannot be read", path) : CLI_OK;
}

/* In the order of the file, each knowing what came before it. */
static json_t *inspect(struct inspection *in, const struct cap_alert *a)
{
    bool bad = a->bad[0] != '\0';
    struct alert_verdict v;
    struct warning w;
    json_t *row;

    if (!bad)
        warning_of(a, &in->watched, &w);
    alert_decide(&in->book, bad ? NULL : &w, &in->rules, in->now_at, &v);
    row = alert_row(a, bad ? NULL : &w, &v);
    if (!bad)
        alert_book_add(&in->book, &w, &v);
    in->n_taken += v.decision != ALERT_REFUSE;
    return row;
}

static int read_rules(const struct cli *c, const struct args *a, struct inspection *in)
{
    const char *areas = args_get(a, "areas"), *now = args_get(a, "now"), *s;
    struct err e;

    if (area_set_parse(&in->watched, areas != NULL ? areas : "", &e) != 0)
        return cli_fail(c, CLI_USAGE, "--areas: %s", e.msg);
    in->now_at = clock_wall_ms();
    if (now != NULL && clock_parse_iso(now, &in->now_at, &e) != 0)
        return cli_fail(c, CLI_USAGE, "--now: %s", e.msg);
    in->rules = (struct alert_rules){
        .watched = &in->watched, .senders = in->senders, .stale_ms = ALERT_STALE_MS, .drill_list = false};
    for (size_t i = 0; (s = args_nth(a, "sender", i)) != NULL; i++) {
        if (i == SENDERS_MAX)
            return cli_fail(c, CLI_USAGE, "at most %d --sender", SENDERS_MAX);
        in->senders[in->rules.n_senders++] = s;
    }
    return CLI_OK;
}

static void show(const struct cli *c, const json_t *rows)
{
    char *s = json_dumps(rows, c->json ? JSON_COMPACT : JSON_INDENT(2));

    fprintf(c->out, "%s\n", s);
    free(s);
}

/* A file that is refused as a whole is one row, too: whoever reads the list always finds why. */
static int refuse(const struct cli *c, const char *path, const struct err *e, json_t *rows)
{
    const struct cap_alert nothing = {.identifier = NULL};
    const struct alert_verdict v = {.decision = ALERT_REFUSE, .action = "", .why = e->msg};

    json_array_append_new(rows, alert_row(&nothing, NULL, &v));
    show(c, rows);
    return cli_fail(c, CLI_REFUSED, "%s: %s", path, e->msg);
}

int cmd_alert_inspect(struct cli *c, const struct args *a)
{
    struct buf bytes = BUF_INIT(CAP_BYTES_MAX + 8192);
    struct inspection in = {.now_at = 0};
    struct cap_list list = {.alerts = NULL};
    json_t *rows = json_array();
    struct err e;
    int status = read_rules(c, a, &in);

    if (status == CLI_OK)
        status = read_file(c, a->words[0], &bytes);
    if (status == CLI_OK && cap_parse(&list, buf_cstr(&bytes), bytes.len, &e) != 0)
        status = refuse(c, a->words[0], &e, rows);
    else if (status == CLI_OK) {
        for (size_t i = 0; i < list.n; i++)
            json_array_append_new(rows, inspect(&in, &list.alerts[i]));
        show(c, rows);
        if (in.n_taken == 0)
            status = cli_fail(c, CLI_REFUSED, "%s: no alert of it is taken: see why", a->words[0]);
    }
    cap_list_fini(&list);
    alert_book_fini(&in.book);
    json_decref(rows);
    buf_fini(&bytes);
    return status;
}

/* ---- with a daemon ---- */

static const struct rows_column columns[] = {
    {"SENT",       "sent",       ROWS_TIME},
    {"IDENTIFIER", "identifier", ROWS_TEXT},
    {"TYPE",       "msgType",    ROWS_TEXT},
    {"LEVEL",      "level",      ROWS_TEXT},
    {"HEADLINE",   "headline",   ROWS_TEXT},
    {"DECISION",   "decision",   ROWS_TEXT},
    {"NOTICE",     "notice",     ROWS_TEXT},
    {"WHY",        "why",        ROWS_TEXT},
};

static bool is_refused(const json_t *row)
{
    const char *decision = json_string_value(json_object_get(row, "decision"));

    return decision != NULL && strcmp(decision, "refuse") == 0;
}

/* One line for people, an object with --json; how many were refused. */
static size_t show_rows(const struct cli *c, const json_t *rows)
{
    size_t i, n_refused = 0;
    json_t *row;

    json_array_foreach((json_t *)(uintptr_t)rows, i, row)
    {
        char cell[512];

        n_refused += is_refused(row);
        if (c->json) {
            rows_json(c, row);
            continue;
        }
        for (size_t k = 0; k < ARRAY_LEN(columns); k++) {
            char *s = table_clean(rows_cell(row, &columns[k], cell, sizeof(cell)));

            fprintf(c->out, "%s%s", k > 0 ? "  " : "", s);
            free(s);
        }
        fputc('\n', c->out);
    }
    return n_refused;
}

int cmd_alert_intake(struct cli *c, const struct args *a)
{
    struct buf bytes = BUF_INIT(CAP_BYTES_MAX + 8192);
    bool dry = args_has(a, "dry-run");
    struct call_path p;
    json_t *answer = NULL;
    const json_t *rows;
    int status = read_file(c, a->words[0], &bytes);

    if (status == CLI_OK) {
        call_path_init(&p, dry ? "/api/v1/alerts?dry=1" : "/api/v1/alerts");
        p.has_query = dry;
        status = call_bytes(c, &p, "application/cap+xml", buf_cstr(&bytes), bytes.len, &answer, NULL);
    }
    if (status == CLI_OK) {
        rows = json_object_get(answer, "alerts");
        if (show_rows(c, rows) == json_array_size(rows))
            status = cli_fail(c, CLI_REFUSED, "%s: no alert of it is taken: see why", a->words[0]);
    }
    if (status == CLI_OK && dry && !c->json)
        fputs("nothing was sent (--dry-run)\n", c->out);
    json_decref(answer);
    buf_fini(&bytes);
    return status;
}

int cmd_alert_list(struct cli *c, const struct args *a)
{
    struct call_path p;

    call_path_init(&p, "/api/v1/alerts");
    call_path_query(&p, "limit", args_get(a, "limit"));
    return rows_list(c, &p, columns, ARRAY_LEN(columns), false);
}

struct search {
    const struct cli *c;
    const char *identifier;
    size_t n;
};

static void on_listed(void *arg, json_t *row)
{
    /* clang-format off */
    static const struct rows_column all[] = {
        {"identifier", "identifier", ROWS_TEXT},
        {"sender",     "sender",     ROWS_TEXT},
        {"sent",       "sent",       ROWS_TIME},
        {"status",     "status",     ROWS_TEXT},
        {"type",       "msgType",    ROWS_TEXT},
        {"event",      "event",      ROWS_TEXT},
        {"level",      "level",      ROWS_TEXT},
        {"scale",      "scale",      ROWS_TEXT},
        {"expires",    "expires",    ROWS_TIME},
        {"issuer",     "senderName", ROWS_TEXT},
        {"headline",   "headline",   ROWS_TEXT},
        {"areas here", "matched",    ROWS_TEXT},
        {"decision",   "decision",   ROWS_TEXT},
        {"why",        "why",        ROWS_TEXT},
        {"notice",     "notice",     ROWS_TEXT},
    };
    /* clang-format on */
    const char *identifier = json_string_value(json_object_get(row, "identifier"));
    struct search *s = arg;

    if (identifier == NULL || strcmp(identifier, s->identifier) != 0)
        return;
    s->n++;
    rows_show(s->c, json_incref(row), all, ARRAY_LEN(all));
}

/* The same identifier may have come several times, each time sent anew. */
int cmd_alert_show(struct cli *c, const struct args *a)
{
    struct search s = {.c = c, .identifier = a->words[0]};
    struct call_path p;
    int status;

    call_path_init(&p, "/api/v1/alerts");
    status = call_list(c, &p, on_listed, &s, NULL);
    if (status == CLI_OK && s.n == 0)
        status = cli_fail(c, CLI_NOTHING, "no official warning %s came", a->words[0]);
    return status;
}
