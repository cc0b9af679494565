#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "client/cmd.h"
#include "client/import.h"
#include "client/rows.h"
#include "client/table.h"
#include "text/csv.h"

static const struct rows_column columns[] = {
    {"ID",        "id",        ROWS_TEXT},
    {"NAME",      "name",      ROWS_TEXT},
    {"PHONES",    "phones",    ROWS_TEXT},
    {"AREA",      "area",      ROWS_TEXT},
    {"BUILDING",  "building",  ROWS_TEXT},
    {"TAGS",      "tags",      ROWS_TEXT},
    {"OPTED OUT", "opted_out", ROWS_TEXT},
    {"DEAD",      "dead",      ROWS_TEXT},
};

static const struct rows_column twin_columns[] = {
    {"ID",       "id",       ROWS_TEXT},
    {"NAME",     "name",     ROWS_TEXT},
    {"PHONES",   "phones",   ROWS_TEXT},
    {"BUILDING", "building", ROWS_TEXT},
    {"SAME AS",  "same_as",  ROWS_TEXT},
    {"SAME",     "same",     ROWS_TEXT},
};

static void add_filters(struct call_path *p, const struct args *a)
{
    call_path_query(p, "tag", args_get(a, "tag"));
    call_path_query(p, "area", args_get(a, "area"));
    call_path_query(p, "building", args_get(a, "building"));
    call_path_query(p, "dead", args_has(a, "dead") ? "1" : NULL);
    call_path_query(p, "full", args_has(a, "full") ? "1" : NULL);
}

int cmd_resident_list(struct cli *c, const struct args *a)
{
    struct call_path p;
    int64_t n;

    if (args_has(a, "limit") && num_i64(args_get(a, "limit"), 1, INT32_MAX, &n) != 0)
        return cli_fail(c, CLI_USAGE, "--limit %s; allowed is a number from 1", args_get(a, "limit"));
    if (args_has(a, "duplicates") &&
        (args_has(a, "tag") || args_has(a, "area") || args_has(a, "building") || args_has(a, "dead")))
        return cli_fail(
            c, CLI_USAGE,
            "--duplicates looks at everybody: --tag, --area, --building and --dead do not go with it");
    call_path_init(&p, "/api/v1/residents");
    add_filters(&p, a);
    call_path_query(&p, "limit", args_get(a, "limit"));
    call_path_query(&p, "duplicates", args_has(a, "duplicates") ? "1" : NULL);
    if (args_has(a, "duplicates"))
        return rows_list(c, &p, twin_columns, ARRAY_LEN(twin_columns), false);
    return rows_list(c, &p, columns, ARRAY_LEN(columns), false);
}

int cmd_resident_show(struct cli *c, const struct args *a)
{
    struct call_path p;
    int status;

    call_path_init(&p, "/api/v1/residents");
    call_path_segment(&p, a->words[0]);
    call_path_query(&p, "full", args_has(a, "full") ? "1" : NULL);
    status = rows_list(c, &p, columns, ARRAY_LEN(columns), true);
    return status == CLI_NOTHING
               ? cli_fail(c, CLI_NOTHING, "no resident has the id or number %s", a->words[0])
               : status;
}

static void say_counts(struct cli *c, const json_t *removed)
{
    json_t *v,
        *tree = (json_t *)(uintptr_t)removed; /* jansson's iterator is not const, but changes nothing */
    const char *key;

    json_object_foreach(tree, key, v)
    {
        if (json_integer_value(v) > 0)
            fprintf(c->out, "  removed  %-16s %lld\n", key, (long long)json_integer_value(v));
    }
}

static void say_proof(struct cli *c, const json_t *o)
{
    const json_t *scan = json_object_get(o, "scan"), *v;
    size_t i;

    fprintf(c->out, "resident %s %s\n", json_string_value(json_object_get(o, "id")),
            json_is_true(json_object_get(o, "ok")) ? "is forgotten" : "is not wholly forgotten yet");
    say_counts(c, json_object_get(o, "removed"));
    json_array_foreach(json_object_get(o, "remains"), i, v) fprintf(
        c->out, "  remains  %-16s %lld: %s\n", json_string_value(json_object_get(v, "what")),
        (long long)json_integer_value(json_object_get(v, "n")), json_string_value(json_object_get(v, "why")));
    fprintf(c->out, "  looked   at %lld keys of Redis: found in %lld\n",
            (long long)json_integer_value(json_object_get(scan, "keys")),
            (long long)json_integer_value(json_object_get(scan, "found")));
}

static int confirm(struct cli *c, const char *id)
{
    char line[16];

    if (isatty(STDIN_FILENO) != 1)
        return cli_fail(c, CLI_REFUSED,
                        "nothing was erased: it is for good; without a terminal say so with --yes");
    fprintf(c->err, "forget resident %s for good: their seats, messages, replies, texts? [y/N] ", id);
    if (fgets(line, sizeof(line), stdin) == NULL || (line[0] != 'y' && line[0] != 'Y'))
        return cli_fail(c, CLI_REFUSED, "nothing was erased");
    return CLI_OK;
}

int cmd_resident_erase(struct cli *c, const struct args *a)
{
    struct call_path p;
    json_t *answer;
    int status = args_has(a, "yes") ? CLI_OK : confirm(c, a->words[0]);

    if (status != CLI_OK)
        return status;
    call_path_init(&p, "/api/v1/residents");
    call_path_segment(&p, a->words[0]);
    status = call_json(c, "DELETE", &p, NULL, &answer);
    if (status != CLI_OK)
        return status;
    if (!json_is_true(json_object_get(answer, "ok")))
        status = CLI_PART;
    if (c->json)
        rows_json(c, answer);
    else
        say_proof(c, answer);
    json_decref(answer);
    return status;
}

int cmd_resident_export(struct cli *c, const struct args *a)
{
    const char *path = args_get(a, "output");
    struct call_path p;
    FILE *out = c->out;
    int status;

    if (path != NULL && (out = fopen(path, "wbe")) == NULL)
        return cli_fail(c, CLI_USAGE, "cannot write %s: %s", path, strerror(errno));
    call_path_init(&p, "/api/v1/residents/export");
    add_filters(&p, a);
    status = call_copy(c, &p, "text/csv", out);
    if (out != c->out && fclose(out) != 0 && status == CLI_OK)
        status = cli_fail(c, CLI_LATER, "cannot write %s: %s", path, strerror(errno));
    return status;
}

/* ---- import ---- */

struct run {
    struct cli *c;
    int64_t size, told_at;
    bool terminal, drawn;
    int64_t n_rows, n_bad, added, changed, kept, duplicate;
    FILE *errors; /* --errors; NULL = not asked for */
};

/* ${what}: "checking" or "storing". */
static void tell_progress(struct run *r, const char *what, int64_t done)
{
    int64_t now = clock_mono_ms();
    int percent = r->size > 0 ? (int)(done * 100 / r->size) : 0;

    if (now - r->told_at < (r->terminal ? 100 : 5000))
        return;
    r->told_at = now;
    if (r->terminal)
        fprintf(r->c->err, "\r\033[K%s  %d %%  %lld rows", what, percent, (long long)r->n_rows);
    else
        fprintf(r->c->err, "%s: %d %%, %lld rows\n", what, percent, (long long)r->n_rows);
    r->drawn = r->terminal;
    fflush(r->c->err);
}

static void clear_progress(struct run *r)
{
    if (r->drawn)
        fputs("\r\033[K", r->c->err);
    r->drawn = false;
}

static const char *text_of(const json_t *o, const char *name)
{
    const char *s = json_string_value(json_object_get(o, name));

    return s != NULL ? s : "";
}

static void keep_error(const struct run *r, const json_t *row)
{
    const char *column = text_of(row, "column"), *reason = text_of(row, "reason");
    struct buf b = BUF_INIT(16384);

    buf_fmt(&b, "%lld,", (long long)json_integer_value(json_object_get(row, "line")));
    csv_cell(&b, column, strlen(column));
    buf_chr(&b, ',');
    csv_cell(&b, reason, strlen(reason));
    buf_str(&b, "\r\n");
    fwrite(buf_cstr(&b), 1, b.len, r->errors);
    buf_fini(&b);
}

static void tell_errors(struct run *r, const json_t *errors)
{
    const json_t *row;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)errors, i, row)
    {
        r->n_bad++;
        if (r->errors != NULL)
            keep_error(r, row);
        if (r->c->json) { /* inside the one object that import_print_end closes: memory stays bounded however many there are */
            fputs(r->n_bad == 1 ? "" : ",", r->c->out);
            json_dumpf(row, r->c->out, JSON_COMPACT);
            continue;
        }
        clear_progress(r);
        char *reason = table_clean(json_string_value(json_object_get(row, "reason")));
        char *column = table_clean(json_string_value(json_object_get(row, "column")));
        fprintf(r->c->err, "line %lld, %s: %s\n", (long long)json_integer_value(json_object_get(row, "line")),
                column, reason);
        free(reason);
        free(column);
    }
}

static int64_t number(const json_t *o, const char *name)
{
    return json_integer_value(json_object_get(o, name));
}

enum pass { PASS_CHECK, PASS_DRY, PASS_STORE };

static int send_piece(struct run *r, const struct buf *piece, size_t first_line, enum pass pass)
{
    static const char *const query[] = {"check", "dry", "partial"};
    struct call_path p;
    char line[24];
    json_t *answer;
    int status, n = snprintf(line, sizeof(line), "%zu", first_line);

    if (n < 0 || (size_t)n >= sizeof(line))
        return CLI_USAGE;
    call_path_init(&p, "/api/v1/residents/import");
    call_path_query(&p, query[pass], "1");
    call_path_query(&p, "first_line", line);
    status = call_bytes(r->c, &p, "text/csv", piece->data, piece->len, &answer, NULL);
    if (status != CLI_OK)
        return status;
    r->n_rows += number(answer, "rows");
    r->added += number(answer, "added");
    r->changed += number(answer, "changed");
    r->kept += number(answer, "kept");
    r->duplicate += number(answer, "duplicate");
    if (pass == PASS_CHECK)
        tell_errors(r, json_object_get(answer, "errors"));
    json_decref(answer);
    return CLI_OK;
}

static int run_pass(struct run *r, FILE *f, const char *path, enum pass pass)
{
    struct import in;
    struct buf piece = BUF_INIT(640u * 1024);
    struct err e;
    size_t first_line;
    int got, status = CLI_OK;

    rewind(f);
    import_init(&in, f);
    r->n_rows = 0;
    while (status == CLI_OK && (got = import_next(&in, &piece, &first_line, &e)) != 0) {
        if (got < 0) {
            clear_progress(r);
            status = cli_fail(r->c, CLI_REFUSED, "%s: %s", path, e.msg);
            break;
        }
        status = send_piece(r, &piece, first_line, pass);
        tell_progress(r,
                      pass == PASS_CHECK ? "checking"
                      : pass == PASS_DRY ? "counting"
                                         : "storing",
                      in.n_read);
    }
    clear_progress(r);
    import_fini(&in);
    buf_fini(&piece);
    return status;
}

/* A stream has to be read twice: keep it in a file without a name. */
static FILE *spool(const struct cli *c)
{
    FILE *f = tmpfile();
    char part[65536];
    size_t n;

    while (f != NULL && (n = fread(part, 1, sizeof(part), stdin)) > 0)
        if (fwrite(part, 1, n, f) != n) {
            fclose(f);
            f = NULL;
        }
    if (f == NULL || fflush(f) != 0 || ferror(stdin)) {
        cli_fail(c, CLI_LATER, "cannot keep what comes from stdin: %s", strerror(errno));
        if (f != NULL)
            fclose(f);
        return NULL;
    }
    return f;
}

static int sum_up(struct run *r, const struct args *a, int status, bool stored)
{
    const struct cli *c = r->c;

    if (c->json)
        fprintf(c->out,
                "],\"rows\":%lld,\"bad\":%lld,\"added\":%lld,\"changed\":%lld,\"kept\":%lld,\"duplicate\":%"
                "lld,\"stored\":%s}\n",
                (long long)r->n_rows, (long long)r->n_bad, (long long)r->added, (long long)r->changed,
                (long long)r->kept, (long long)r->duplicate, stored ? "true" : "false");
    if (status != CLI_OK)
        return status;
    if (!stored && r->n_bad > 0 && !args_has(a, "dry-run"))
        return cli_fail(
            c, CLI_REFUSED,
            "%lld of %lld rows are bad: nothing was imported; mend them, or import the others with --partial",
            (long long)r->n_bad, (long long)r->n_rows);
    if (r->n_rows == 0)
        return cli_fail(c, CLI_NOTHING, "there are no rows");
    if (!c->json)
        fprintf(c->out,
                "%lld rows: %lld added, %lld changed, %lld as before, %lld twice in the file, %lld bad%s\n",
                (long long)r->n_rows, (long long)r->added, (long long)r->changed, (long long)r->kept,
                (long long)r->duplicate, (long long)r->n_bad,
                stored ? "" : "; nothing was imported (--dry-run)");
    return r->n_bad > 0 ? (stored ? CLI_PART : CLI_REFUSED) : CLI_OK;
}

/* The list of bad rows, for a spreadsheet; made before anything is read, so that a path that cannot be written changes nothing. */
static int open_errors(struct run *r, const struct args *a)
{
    const char *path = args_get(a, "errors");

    if (path == NULL)
        return CLI_OK;
    if (strcmp(path, a->words[0]) == 0)
        return cli_fail(r->c, CLI_USAGE, "--errors %s: that is the file to import", path);
    r->errors = fopen(path, "wbe");
    if (r->errors == NULL)
        return cli_fail(r->c, CLI_USAGE, "cannot write %s: %s", path, strerror(errno));
    fputs("\xEF\xBB\xBFline,column,reason\r\n", r->errors);
    return CLI_OK;
}

static int close_errors(struct run *r, const struct args *a, int status)
{
    bool bad;

    if (r->errors == NULL)
        return status;
    bad = ferror(r->errors) != 0;
    bad |= fclose(r->errors) != 0;
    return bad && status == CLI_OK
               ? cli_fail(r->c, CLI_LATER, "cannot write %s: %s", args_get(a, "errors"), strerror(errno))
               : status;
}

int cmd_resident_import(struct cli *c, const struct args *a)
{
    const char *path = a->words[0];
    struct run r = {.c = c, .terminal = isatty(fileno(c->err)) == 1, .told_at = clock_mono_ms()};
    bool dry = args_has(a, "dry-run");
    struct stat st;
    FILE *f = strcmp(path, "-") == 0 ? spool(c) : fopen(path, "rbe");
    int status;

    if (f == NULL && strcmp(path, "-") == 0)
        return CLI_LATER;
    if (f == NULL)
        return cli_fail(c, CLI_USAGE, "cannot read %s: %s", path, strerror(errno));
    status = open_errors(&r, a);
    if (status != CLI_OK) {
        fclose(f);
        return status;
    }
    if (fstat(fileno(f), &st) == 0)
        r.size = st.st_size;
    if (c->json)
        fputs("{\"errors\":[", c->out);
    status = close_errors(&r, a, run_pass(&r, f, path, PASS_CHECK));
    bool store = status == CLI_OK && (r.n_bad == 0 || args_has(a, "partial") || dry) && r.n_rows > 0;
    if (store)
        status = run_pass(&r, f, path, dry ? PASS_DRY : PASS_STORE);
    fclose(f);
    return sum_up(&r, a, status, store && status == CLI_OK && !dry);
}
