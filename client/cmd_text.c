#include <string.h>

#include "base/num.h"
#include "client/cmd.h"
#include "client/rows.h"
#include "client/table.h"
#include "text/lint.h"
#include "text/segment.h"
#include "text/utf8.h"

static json_t *measure(const struct segment_measure *m, const char *market, const struct args *a)
{
    json_t *o = json_object();
    double price = 0;
    int64_t recipients = 1;

    json_object_set_new(o, "characters", json_integer((json_int_t)m->characters));
    json_object_set_new(o, "encoding", json_string(segment_encoding_name(m->encoding)));
    json_object_set_new(o, "parts", json_integer((json_int_t)m->parts));
    json_object_set_new(o, "market", json_string(market));
    json_object_set_new(o, "left", json_integer((json_int_t)m->left));
    if (args_has(a, "recipients"))
        (void)num_i64(args_get(a, "recipients"), 1, 100000000, &recipients);
    if (args_has(a, "recipients") || args_has(a, "price"))
        json_object_set_new(o, "messages", json_integer((json_int_t)(recipients * (int64_t)m->parts)));
    if (args_has(a, "price") && num_double(args_get(a, "price"), 0, 1000, &price) == 0)
        json_object_set_new(o, "cost", json_real((double)recipients * (double)m->parts * price));
    return o;
}

int cmd_text_measure(struct cli *c, const struct args *a)
{
    static const struct rows_column columns[] = {
        {"characters", "characters", ROWS_NUMBER},
        {"encoding",   "encoding",   ROWS_TEXT  },
        {"parts",      "parts",      ROWS_NUMBER},
        {"market",     "market",     ROWS_TEXT  },
        {"left",       "left",       ROWS_NUMBER},
        {"messages",   "messages",   ROWS_NUMBER},
        {"cost",       "cost",       ROWS_NUMBER},
    };
    const char *text = a->words[0], *market = args_has(a, "market") ? args_get(a, "market") : "cn";
    struct segment_measure m;
    int64_t n;
    double price;

    if (strcmp(market, "cn") != 0 && strcmp(market, "intl") != 0)
        return cli_fail(c, CLI_USAGE, "--market %s; allowed are cn and intl", market);
    if (args_has(a, "recipients") && num_i64(args_get(a, "recipients"), 1, 100000000, &n) != 0)
        return cli_fail(c, CLI_USAGE, "--recipients %s; allowed is a number from 1 to 100000000",
                        args_get(a, "recipients"));
    if (args_has(a, "price") && num_double(args_get(a, "price"), 0, 1000, &price) != 0)
        return cli_fail(c, CLI_USAGE, "--price %s; allowed is a number from 0 to 1000", args_get(a, "price"));
    if (!utf8_valid(text, strlen(text)))
        return cli_fail(c, CLI_REFUSED, "the text is not UTF-8");
    segment_measure(text, strlen(text), args_get(a, "sign"),
                    strcmp(market, "cn") == 0 ? SEGMENT_CN : SEGMENT_INTL, &m);
    rows_show(c, measure(&m, market, a), columns,
              args_has(a, "price")        ? 7
              : args_has(a, "recipients") ? 6
                                          : 5);
    return CLI_OK;
}

static void show_findings(const struct cli *c, const json_t *list)
{
    static const char *const titles[] = {"", "WORDS", "WHY, AND WHAT TO CHANGE"};
    struct table *t = table_new(c->out, titles, 3);
    const json_t *f;
    size_t i;

    json_array_foreach(list, i, f)
    {
        const char *cells[] = {json_is_true(json_object_get(f, "refused")) ? "refused" : "hint",
                               json_string_value(json_object_get(f, "what")),
                               json_string_value(json_object_get(f, "message"))};

        table_row(t, cells, 0);
    }
    if (table_end(t) == 0)
        fputs("nothing that carriers are known to refuse\n", c->out);
}

int cmd_text_lint(struct cli *c, const struct args *a)
{
    const char *text = a->words[0], *name = args_has(a, "class") ? args_get(a, "class") : "notice";
    int class = lint_class_parse(name);
    const json_t *f;
    size_t i, refused = 0;
    json_t *list;

    if (class < 0)
        return cli_fail(c, CLI_USAGE, "--class %s; allowed are notice, promotion and alert", name);
    if (!utf8_valid(text, strlen(text)))
        return cli_fail(c, CLI_REFUSED, "the text is not UTF-8");
    list = lint_json(text, strlen(text), args_get(a, "sign"), (enum lint_class) class);
    json_array_foreach(list, i, f)
    {
        refused += json_is_true(json_object_get(f, "refused"));
        if (c->json)
            rows_json(c, f);
    }
    if (!c->json)
        show_findings(c, list);
    json_decref(list);
    return refused > 0 ? CLI_REFUSED : CLI_OK;
}
