#include "client/cli.h"

#include <stdarg.h>
#include <string.h>

#include "base/err.h"
#include "client/verbs.h"

int cli_fail(const struct cli *c, int status, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fputs("crier: ", c->err);
    vfprintf(c->err, fmt, ap);
    fputc('\n', c->err);
    va_end(ap);
    return status;
}

static void print_row(FILE *out, const struct verbs_row *v)
{
    char left[80];
    int n = snprintf(left, sizeof(left), "%s%s%s%s%s", v->group != NULL ? v->group : "",
                     v->group != NULL ? " " : "", v->name, *v->takes != '\0' ? " " : "", v->takes);

    fprintf(out, "  %-28s %s\n", n > 0 && (size_t)n < sizeof(left) ? left : v->name, v->summary);
}

/* ${group} NULL: all verbs. */
static void print_verbs(FILE *out, const char *group)
{
    const struct verbs_row *v;

    for (size_t i = 0; (v = verbs_at(i)) != NULL; i++)
        if (group == NULL || (v->group != NULL && strcmp(v->group, group) == 0))
            print_row(out, v);
}

static int overview(FILE *out)
{
    fputs(
        "crier sends notices and alerts to a community, and follows what becomes of them.\n\n"
        "usage: crier [--socket PATH | --url URL --token-file FILE] [--json] [--community NAME] VERB ...\n\n"
        "verbs (each has --help with examples):\n",
        out);
    print_verbs(out, NULL);
    fputs("\noptions:\n", out);
    args_print_globals(out);
    fputs("\nexit status: 0 done; 1 done in part; 2 usage; 3 nothing matched; 4 refused; 69 daemon or Redis\n"
          "unreachable; 75 try later; 78 configuration\n",
          out);
    return CLI_OK;
}

static int explain(FILE *out, const struct verbs_row *v)
{
    fprintf(out, "crier %s%s%s: %s\n\nusage: crier %s%s%s%s%s [options]\n", v->group != NULL ? v->group : "",
            v->group != NULL ? " " : "", v->name, v->summary, v->group != NULL ? v->group : "",
            v->group != NULL ? " " : "", v->name, *v->takes != '\0' ? " " : "", v->takes);
    if (v->options[0].name != NULL) {
        fputs("\noptions:\n", out);
        args_print_options(out, v->options);
    }
    fputs("\noptions of every verb:\n", out);
    args_print_globals(out);
    fprintf(out, "\nexamples:\n%s", v->examples);
    return CLI_OK;
}

static int run_verb(struct cli *c, const struct verbs_row *v, int argc, char **argv)
{
    struct args a;
    char name[80];
    int n = snprintf(name, sizeof(name), "%s%s%s", v->group != NULL ? v->group : "",
                     v->group != NULL ? " " : "", v->name);
    int status;

    if (n < 0 || (size_t)n >= sizeof(name))
        panic("a verb's name does not fit");
    status = args_parse(&a, c, name, v->options, argc, argv);

    if (status != CLI_OK)
        return status;
    if (a.help)
        return explain(c->out, v);
    if (a.n_words < v->min_words)
        return cli_fail(c, CLI_USAGE, "%s needs %s; see `crier %s --help`", name, v->takes, name);
    if (a.n_words > v->max_words)
        return cli_fail(c, CLI_USAGE, "what is '%s'? %s takes %s; see `crier %s --help`",
                        a.words[v->max_words], name, *v->takes != '\0' ? v->takes : "no arguments", name);
    return v->run(c, &a);
}

static int dispatch(struct cli *c, int argc, char **argv)
{
    bool wants_help = strcmp(argv[0], "help") == 0;
    int used = 0;

    if (wants_help && argc == 1)
        return overview(c->out);
    if (wants_help) {
        argc--;
        argv++;
    }
    const struct verbs_row *v = verbs_find(argc, argv, &used);
    if (v != NULL)
        return wants_help ? explain(c->out, v) : run_verb(c, v, argc - used + 1, argv + used - 1);
    if (verbs_is_group(argv[0])) {
        bool asked =
            wants_help || (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0));
        if (!asked)
            cli_fail(c, CLI_USAGE, "'%s%s%s' is no verb; there are:", argv[0], argc > 1 ? " " : "",
                     argc > 1 ? argv[1] : "");
        print_verbs(asked ? c->out : c->err, argv[0]);
        return asked ? CLI_OK : CLI_USAGE;
    }
    return cli_fail(c, CLI_USAGE, "'%s' is no verb; `crier --help` lists them", argv[0]);
}

int cli_main(int argc, char **argv, FILE *out, FILE *err)
{
    struct cli c = {.out = out, .err = err};
    bool help = false, version = false;
    int used = 0, status = args_global(&c, argc, argv, &used, &help, &version);

    if (status == CLI_OK) {
        if (version)
            fprintf(out, "crier %s\n", CRIER_VERSION);
        else if (help)
            overview(out);
        else if (used >= argc) {
            overview(err);
            status = CLI_USAGE;
        } else
            status = dispatch(&c, argc - used, argv + used);
    }
    fetch_free(c.fetch);
    return status;
}
