/* Options and words of the crier command: where they may stand, what is refused, and that help is printed from the same table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "client/cli.h"
#include "client/verbs.h"

struct run {
    int status;
    char *out, *err;
};

/* Splits ${line} at blanks and runs it. */
static struct run run(const char *line)
{
    char copy[1024], *argv[64] = {NULL}, *p = copy;
    struct run r = {.out = NULL};
    size_t n_out, n_err;
    int argc = 0;
    FILE *out = open_memstream(&r.out, &n_out), *err = open_memstream(&r.err, &n_err);

    assert_true(strlen(line) < sizeof(copy));
    memcpy(copy, line, strlen(line) + 1);
    while (*p != '\0' && argc < 63) {
        argv[argc++] = p;
        p += strcspn(p, " ");
        if (*p != '\0')
            *p++ = '\0';
    }
    r.status = cli_main(argc, argv, out, err);
    fclose(out);
    fclose(err);
    return r;
}

static void run_free(struct run *r)
{
    free(r->out);
    free(r->err);
}

struct row {
    const char *name, *line;
    int status;
    const char *out, *err; /* must be part of it; NULL = not looked at */
};

static const struct row rows[] = {
    {"without a verb the overview goes to stderr",        "crier",                                                       CLI_USAGE,       "",                               "usage: crier"          },
    {"--help lists the verbs on stdout",                  "crier --help",                                                CLI_OK,          "notice recipients ID",           ""                      },
    {"--version names the version",                       "crier --version",                                             CLI_OK,          "crier " CRIER_VERSION,           ""                      },
    {"an unknown verb is named",                          "crier sned",                                                  CLI_USAGE,       "",                               "'sned' is no verb"     },
    {"a group alone lists its verbs",                     "crier notice",                                                CLI_USAGE,       "",                               "notice show ID"        },
    {"a group's --help lists them on stdout",             "crier notice --help",                                         CLI_OK,          "notice show ID",                 ""                      },
    {"an unknown second word is named with its group",    "crier notice shw x",                                          CLI_USAGE,       "",
     "'notice shw' is no verb"                                                                                                                                                                      },
    {"help VERB explains a verb",                         "crier help text measure",                                     CLI_OK,          "usage: crier text measure TEXT", ""                      },
    {"VERB --help explains it with options and examples", "crier send --help",                                           CLI_OK,          "--to WHO",                       ""                      },
    {"an unknown option is named with the verb",          "crier notice list --foo",                                     CLI_USAGE,       "",
     "unknown option --foo; see `crier notice list --help`"                                                                                                                                         },
    {"an option without its value is named",              "crier send --text",                                           CLI_USAGE,       "",                               "--text needs a value"  },
    {"an option that may be given once is refused twice", "crier send --text a --text b",                                CLI_USAGE,       "",
     "--text was given twice"                                                                                                                                                                       },
    {"a missing word is told",                            "crier notice show",                                           CLI_USAGE,       "",                               "notice show needs ID"  },
    {"a word too many is told",                           "crier text measure a b",                                      CLI_USAGE,       "",                               "what is 'b'?"          },
    {"a verb without words takes none",                   "crier notice list x",                                         CLI_USAGE,       "",                               "takes no arguments"    },
    {"an unknown global option is refused",               "crier --bogus send",                                          CLI_USAGE,       "",                               "unknown option --bogus"},
    {"--json before the verb counts",                     "crier --json text measure ab",                                CLI_OK,          "{\"characters\":2",              ""                      },
    {"--json after the verb counts",                      "crier text measure ab --json",                                CLI_OK,          "{\"characters\":2",              ""                      },
    {"-- ends the options",                               "crier --json text measure -- --sign",                         CLI_OK,          "{\"characters\":6",              ""                      },
    {"text measure needs no daemon",                      "crier --socket /nonexistent --json text measure ab --sign x", CLI_OK,
     "\"characters\":5",                                                                                                                                                    ""                      },
    {"an unknown market is refused",                      "crier text measure ab --market moon",                         CLI_USAGE,       "",
     "allowed are cn and intl"                                                                                                                                                                      },
    {"an unreachable daemon is 69",                       "crier --socket /nonexistent/x.sock status",                   CLI_UNREACHABLE, "",
     "/nonexistent/x.sock"                                                                                                                                                                          },
    {"--socket and --url exclude each other",             "crier --socket /x --url http://127.0.0.1:1 status",           CLI_USAGE,
     "",                                                                                                                                                                    "exclude each other"    },
    {"a token file that cannot be read is 78",
     "crier --url http://127.0.0.1:1 --token-file /nonexistent/t status",                                                CLI_CONFIG,      "",                               "/nonexistent/t"        },
    {"send without --to asks to whom",                    "crier send --text hi",                                        CLI_USAGE,       "",                               "to whom?"              },
    {"send without a text asks what",                     "crier send --to everyone",                                    CLI_USAGE,       "",                               "what?"                 },
    {"an audience word that names nobody is refused",     "crier send --to nobody --text hi",                            CLI_USAGE,       "",
     "'nobody' names nobody"                                                                                                                                                                        },
    {"a time without offset is refused",                  "crier send --to everyone --text hi --at 2026-09-25T09:00:00",
     CLI_USAGE,                                                                                                                           "",                               "--at"                  },
    {"a text and a text file exclude each other",         "crier send --to everyone --text hi --text-file x",
     CLI_USAGE,                                                                                                                           "",                               "exclude each other"    },
    {"a variable needs a name",                           "crier send --to everyone --text hi --var =x",                 CLI_USAGE,       "",                               "NAME=VALUE"            },
    {"a state that is none is refused before asking",     "crier --socket /nonexistent notice list --state gone",
     CLI_USAGE,                                                                                                                           "",                               "allowed are staging"   },
    {"a limit that is no number is refused",              "crier notice list --limit many",                              CLI_USAGE,       "",                               "--limit many"          },
    {"a dry run asks whether the text is there",
     "crier --socket /nonexistent/x.sock inbox answer 1-1 hello --dry-run",                                              CLI_UNREACHABLE, "",
     "cannot reach"                                                                                                                                                                                 },
    {"a dry run asks whether the provider is there",
     "crier --socket /nonexistent/x.sock provider test p1 --to +8613800138000 --dry-run",                                CLI_UNREACHABLE, "",
     "cannot reach"                                                                                                                                                                                 },
    {"activity add names what is missing",                "crier activity add ball --title Ball --seats 3",              CLI_USAGE,       "",
     "needs --starts"                                                                                                                                                                               },
    {"activity add refuses no seats",
     "crier activity add ball --title Ball --seats 0 --starts 2026-09-25T09:00:00+08:00",                                CLI_USAGE,       "",
     "--seats 0"                                                                                                                                                                                    },
    {"an import of a file that is not there is usage",    "crier resident import /nonexistent/p.csv",                    CLI_USAGE,
     "",                                                                                                                                                                    "/nonexistent/p.csv"    },
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct run r = run(rows[i].line);
        if (r.status != rows[i].status || strstr(r.out, rows[i].out) == NULL ||
            strstr(r.err, rows[i].err) == NULL)
            fail_msg("%s: status %d\nout: %s\nerr: %s", rows[i].name, r.status, r.out, r.err);
        run_free(&r);
    }
}

static void test_every_verb_explains_itself(void **state)
{
    const struct verbs_row *v;

    (void)state;
    for (size_t i = 0; (v = verbs_at(i)) != NULL; i++) {
        char line[128];
        int n = snprintf(line, sizeof(line), "crier %s%s%s --help", v->group != NULL ? v->group : "",
                         v->group != NULL ? " " : "", v->name);
        assert_true(n > 0 && (size_t)n < sizeof(line));
        struct run r = run(line);
        if (r.status != CLI_OK || strstr(r.out, "examples:\n  ") == NULL || strstr(r.out, v->summary) == NULL)
            fail_msg("%s: status %d\n%s", line, r.status, r.out);
        for (const struct args_option *o = v->options; o->name != NULL; o++)
            if (strstr(r.out, o->name) == NULL)
                fail_msg("%s does not tell of --%s", line, o->name);
        run_free(&r);
    }
}

static void test_what_sends_has_a_dry_run(void **state)
{
    static const char *const senders[] = {"send", "relay", "clear", "answer", "test"};
    const struct verbs_row *v;

    (void)state;
    for (size_t i = 0; (v = verbs_at(i)) != NULL; i++)
        for (size_t k = 0; k < ARRAY_LEN(senders); k++) {
            bool has = false;
            if (strcmp(v->name, senders[k]) != 0)
                continue;
            for (const struct args_option *o = v->options; o->name != NULL; o++)
                has = has || strcmp(o->name, "dry-run") == 0;
            if (!has)
                fail_msg("%s sends and has no --dry-run", v->name);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_every_verb_explains_itself),
        cmocka_unit_test(test_what_sends_has_a_dry_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
