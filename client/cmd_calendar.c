#include <string.h>

#include "base/num.h"
#include "client/cmd.h"
#include "client/rows.h"
#include "client/table.h"
#include "model/when.h"

struct days {
    struct cli *c;
    struct table *table; /* NULL with --json */
    const char *rule;
    size_t n, missing;
};

static void show(struct days *l, const char *date, const char *note)
{
    const char *cells[] = {date, note};
    json_t *o;

    if (l->table != NULL) {
        table_row(l->table, cells, 0);
        return;
    }
    o = json_pack("{s:s?, s:s, s:s}", "date", date, "rule", l->rule, "note", note);
    rows_json(l->c, o);
    json_decref(o);
}

/* Years without the day are told, not passed over. */
static void on_day(void *arg, const struct date *d, const char *note)
{
    struct days *l = arg;
    struct buf b = BUF_INIT(32);

    if (d == NULL) {
        l->missing++;
        show(l, NULL, note);
        return;
    }
    l->n++;
    buf_fmt(&b, "%04d-%02d-%02d", d->year, d->month, d->day);
    show(l, buf_cstr(&b), note);
    buf_fini(&b);
}

static int year(const struct cli *c, const struct args *a, const char *name, int *out)
{
    int64_t v;

    if (!args_has(a, name))
        return cli_fail(c, CLI_USAGE, "calendar resolve needs --%s YEAR", name);
    if (num_i64(args_get(a, name), 1, 9999, &v) != 0)
        return cli_fail(c, CLI_USAGE, "--%s %s; allowed is a year", name, args_get(a, name));
    *out = (int)v;
    return CLI_OK;
}

int cmd_calendar_resolve(struct cli *c, const struct args *a)
{
    static const char *const titles[] = {"DATE", "NOTE"};
    struct days l = {.c = c, .rule = a->words[0]};
    struct err e = {{0}, {0}, {0}};
    struct when *w;
    int from = 0, to = 0, rc;

    if (year(c, a, "from", &from) != CLI_OK || year(c, a, "to", &to) != CLI_OK)
        return CLI_USAGE;
    w = when_parse(a->words[0], &e);
    if (w == NULL)
        return cli_fail(c, CLI_REFUSED, "%s", e.msg);
    l.table = c->json ? NULL : table_new(c->out, titles, 2);
    rc = when_resolve(w, from, to, on_day, &l, &e);
    if (l.table != NULL)
        table_end(l.table);
    when_free(w);
    if (rc != 0)
        return cli_fail(c, CLI_REFUSED, "%s", e.msg);
    return l.n > 0 ? CLI_OK : CLI_NOTHING;
}
