/* crierd: sends a neighbourhood office's notices and alerts, and takes residents' answers. */
#include <getopt.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/app.h"
#include "daemon/check.h"
#include "daemon/reload.h"

#define DEFAULT_FILE "/etc/crier/crier.conf"

enum { EXIT_USAGE = 2, EXIT_UNAVAILABLE = 69 };

static const struct option options[] = {
    {"config",  required_argument, NULL, 'c'},
    {"check",   no_argument,       NULL, 'k'},
    {"set",     required_argument, NULL, 's'},
    {"dev",     required_argument, NULL, 'd'},
    {"version", no_argument,       NULL, 'V'},
    {"help",    no_argument,       NULL, 'h'},
    {NULL,      0,                 NULL, 0  },
};

static const char usage[] =
    "usage: crierd [-c FILE] [--check] [--set section.option=value]... [--dev DIR] [--version]\n"
    "\n"
    "  -c, --config FILE   configuration; default " DEFAULT_FILE "\n"
    "      --check         check everything the configuration needs, print it, exit 0 or 78\n"
    "      --set S.O=V     override an option (repeatable); S.TITLE.O=V in a titled section\n"
    "      --dev DIR       everything in one directory: embedded Redis, sandbox provider, console on "
    "127.0.0.1\n"
    "      --version       print the version\n"
    "      --help          print this\n"
    "\n"
    "SIGHUP reloads the configuration, SIGTERM finishes what is under way and ends. See crierd(8), "
    "crier.conf(5).\n";

struct args {
    const char *file, *dev;
    const char **sets; /* NULL terminated */
    size_t n_sets;
    bool check;
};

static void add_set(struct args *a, const char *value)
{
    a->sets = xrealloc(a->sets, (a->n_sets + 2) * sizeof(*a->sets));
    a->sets[a->n_sets++] = value;
    a->sets[a->n_sets] = NULL;
}

/* -1 = go on; otherwise the exit status. */
static int parse_args(struct args *a, int argc, char **argv)
{
    int o;

    while ((o = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (o) {
        case 'c':
            a->file = optarg;
            break;
        case 'k':
            a->check = true;
            break;
        case 's':
            add_set(a, optarg);
            break;
        case 'd':
            a->dev = optarg;
            break;
        case 'V':
            puts("crierd " CRIER_VERSION);
            return 0;
        case 'h':
            fputs(usage, stdout);
            return 0;
        default:
            fputs(usage, stderr);
            return EXIT_USAGE;
        }
    }
    if (optind == argc)
        return -1;
    fprintf(stderr, "crierd: \"%s\" is not expected here\n%s", argv[optind], usage);
    return EXIT_USAGE;
}

static int run(struct config *conf, struct err *e)
{
    struct app *app;
    int status;

    log_set_level((enum log_level)log_level_parse(conf->log.level));
    /* A peer that went away, a file that may not grow: errors of write(), like a full disk. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
        panic("signal failed");
    /* Out of memory is no property of the text that is being read: an alert must not be refused as malformed for it. */
    json_set_alloc_funcs(xmalloc, free);
    json_object_seed(0); /* from the system's randomness: strangers choose the keys */
    app = app_new(conf, e);
    if (app == NULL) {
        fprintf(stderr, "crierd: %s\n", e->msg);
        return strcmp(e->code, "listen") == 0 ? EXIT_UNAVAILABLE : CONFIG_EXIT;
    }
    status = app_run(app);
    app_free(app);
    return status;
}

static void *crypto_malloc(size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return xmalloc(n);
}

static void *crypto_realloc(void *p, size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return xrealloc(p, n);
}

static void crypto_free(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    free(p);
}

int main(int argc, char **argv)
{
    struct args a = {.file = NULL, .dev = NULL, .sets = NULL, .n_sets = 0, .check = false};
    struct err e = {{0}, {0}, {0}};
    struct config *conf;
    int status = parse_args(&a, argc, argv);

    /* libcrypto 3.0 falls over the allocations that fail while it sets itself up, which it does at its first use: without a word, in the midst of the work. */
    if (CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) != 1)
        panic("libcrypto was used before it was set up");
    if (status >= 0)
        return status;
    if (a.file == NULL && a.dev == NULL)
        a.file = DEFAULT_FILE;
    conf = config_load(a.file, a.sets, a.dev, &e);
    if (conf == NULL) {
        fprintf(stderr, "crierd: %s\n", e.msg);
        free(a.sets);
        return CONFIG_EXIT;
    }
    reload_source(a.file, a.sets, a.dev);
    if (a.check) {
        status = check_run(conf);
        config_free(conf);
    } else {
        status = run(conf, &e);
    }
    free(a.sets);
    return status;
}
