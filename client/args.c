#include "client/args.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

enum { OPT_BASE = 1000, GLOBAL_BASE = 2000 };

static const struct args_option globals[] = {
    {"socket",     "PATH", "admin socket of crierd (default $CRIER_SOCKET, else /run/crier/admin.sock)", false},
    {"url",        "URL",  "speak HTTP to a distant crierd instead; needs --token-file",                 false},
    {"token-file", "FILE", "file with the token for --url (see `crier key add`)",                        false},
    {"community",  "NAME", "which community, where crierd serves several",                               false},
    {"json",       NULL,   "JSON: a list is one object a line, a single thing one object",               false},
    {"help",       NULL,   "explain and exit",                                                           false},
    {"version",    NULL,   "print the version and exit",                                                 false},
    {NULL,         NULL,   NULL,                                                                         false},
};
enum { G_SOCKET, G_URL, G_TOKEN_FILE, G_COMMUNITY, G_JSON, G_HELP, G_VERSION };

static size_t count(const struct args_option *o)
{
    size_t n = 0;

    while (o[n].name != NULL)
        n++;
    return n;
}

static void long_options(struct option *out, const struct args_option *rows, int base)
{
    for (size_t i = 0; rows[i].name != NULL; i++)
        out[i] = (struct option){.name = rows[i].name,
                                 .has_arg = rows[i].arg != NULL ? required_argument : no_argument,
                                 .flag = NULL,
                                 .val = base + (int)i};
}

static void take_global(struct cli *c, int which, bool *help, bool *version)
{
    switch (which) {
    case G_SOCKET:
        c->socket = optarg;
        break;
    case G_URL:
        c->url = optarg;
        break;
    case G_TOKEN_FILE:
        c->token_file = optarg;
        break;
    case G_COMMUNITY:
        c->community = optarg;
        break;
    case G_JSON:
        c->json = true;
        break;
    case G_HELP:
        *help = true;
        break;
    case G_VERSION:
        *version = true;
        break;
    default:
        panic("global option %d has no row", which);
    }
}

/* ':' = a value is missing, '?' = unknown or ambiguous. */
static int complain(const struct cli *c, int got, char **argv, const char *verb)
{
    const char *found = optind > 0 && argv[optind - 1] != NULL ? argv[optind - 1] : "";

    if (got == ':')
        return cli_fail(c, CLI_USAGE, "%s needs a value; see `crier %s%s--help`", found, verb,
                        *verb != '\0' ? " " : "");
    return cli_fail(c, CLI_USAGE, "unknown option %s; see `crier %s%s--help`", found, verb,
                    *verb != '\0' ? " " : "");
}

int args_global(struct cli *c, int argc, char **argv, int *used, bool *help, bool *version)
{
    struct option longs[ARRAY_LEN(globals)] = {0};
    int got;

    long_options(longs, globals, GLOBAL_BASE);
    optind = 0;
    opterr = 0;
    while ((got = getopt_long(argc, argv, "+:h", longs, NULL)) != -1) {
        if (got == 'h')
            *help = true;
        else if (got >= GLOBAL_BASE)
            take_global(c, got - GLOBAL_BASE, help, version);
        else
            return complain(c, got, argv, "");
    }
    *used = optind;
    return 0;
}

static int take(struct args *a, const struct cli *c, const struct args_option *o, const char *verb)
{
    if (!o->many && args_has(a, o->name))
        return cli_fail(c, CLI_USAGE, "--%s was given twice; see `crier %s --help`", o->name, verb);
    if (a->n_given == ARGS_MAX)
        return cli_fail(c, CLI_USAGE, "more than %d options", ARGS_MAX);
    a->given[a->n_given].option = o;
    a->given[a->n_given].value = o->arg != NULL ? optarg : "";
    a->n_given++;
    return 0;
}

int args_parse(struct args *a, struct cli *c, const char *verb, const struct args_option *options, int argc,
               char **argv)
{
    size_t n = count(options), n_globals = count(globals);
    struct option *longs = xcalloc(n + n_globals + 1, sizeof(*longs));
    bool version = false;
    int got, status = 0;

    *a = (struct args){.n_given = 0};
    long_options(longs, options, OPT_BASE);
    long_options(longs + n, globals, GLOBAL_BASE);
    optind = 0;
    opterr = 0;
    while (status == 0 && (got = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
        if (got == 'h')
            a->help = true;
        else if (got >= GLOBAL_BASE)
            take_global(c, got - GLOBAL_BASE, &a->help, &version);
        else if (got >= OPT_BASE)
            status = take(a, c, &options[got - OPT_BASE], verb);
        else
            status = complain(c, got, argv, verb);
    }
    free(longs);
    for (int i = optind; status == 0 && i < argc; i++) {
        if (a->n_words == ARGS_MAX)
            return cli_fail(c, CLI_USAGE, "more than %d arguments", ARGS_MAX);
        a->words[a->n_words++] = argv[i];
    }
    return status;
}

const char *args_nth(const struct args *a, const char *name, size_t i)
{
    for (size_t k = 0; k < a->n_given; k++)
        if (strcmp(a->given[k].option->name, name) == 0 && i-- == 0)
            return a->given[k].value;
    return NULL;
}

bool args_has(const struct args *a, const char *name)
{
    return args_nth(a, name, 0) != NULL;
}

const char *args_get(const struct args *a, const char *name)
{
    const char *last = NULL;

    for (size_t k = 0; k < a->n_given; k++)
        if (strcmp(a->given[k].option->name, name) == 0)
            last = a->given[k].value;
    return last;
}

void args_print_options(FILE *out, const struct args_option *options)
{
    size_t width = 0;

    for (size_t i = 0; options[i].name != NULL; i++) {
        size_t w = strlen(options[i].name) + (options[i].arg != NULL ? 1 + strlen(options[i].arg) : 0);
        width = w > width ? w : width;
    }
    for (size_t i = 0; options[i].name != NULL; i++) {
        const char *arg = options[i].arg != NULL ? options[i].arg : "";
        int pad = (int)(width - strlen(options[i].name) - (*arg != '\0' ? 1 + strlen(arg) : 0));
        fprintf(out, "  --%s%s%s%*s  %s%s\n", options[i].name, *arg != '\0' ? " " : "", arg, pad, "",
                options[i].help, options[i].many ? " (repeatable)" : "");
    }
}

void args_print_globals(FILE *out)
{
    args_print_options(out, globals);
}
