/* The configuration file: what loads, and how mistakes are told. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/config.h"
#include "tests/support/config_bed.h"

static void the_contracts_minimal_file_loads(void **state)
{
    struct err e;
    struct config *c = config_bed_load(MINIMAL, NULL, NULL, &e);

    (void)state;
    assert_string_equal(e.msg, "");
    assert_non_null(c);
    assert_int_equal(c->n_communities, 1);
    assert_string_equal(c->communities[0].name, "venus");
    assert_string_equal(c->communities[0].title, "金星社区");
    assert_string_equal(c->communities[0].sign, "金星社区");
    assert_int_equal(c->communities[0].n_areas, 1);
    assert_string_equal(c->communities[0].areas[0], "460106");
    assert_null(c->communities[0].areas[1]);
    assert_string_equal(c->redis.url, "unix:///run/x/redis.sock");
    assert_string_equal(c->redis.prefix, "crier:");
    assert_string_equal(c->listen.admin, "unix:///run/x/admin.sock");
    assert_int_equal(c->n_providers, 1);
    assert_string_equal(c->providers[0].community, "venus");
    assert_int_equal(c->providers[0].window, 64);
    assert_true(c->providers[0].rate == 0);
    assert_string_equal(c->providers[0].secret.value, "geheim-1");
    assert_string_equal(c->providers[0].hook_secret.value, "geheim-2");
    assert_int_equal(c->providers[0].hook_secret_old.len, 0);
    assert_string_equal(c->providers[0].sign, "金星社区");
    assert_int_equal(c->delivery.lease_ms, 90000);
    assert_string_equal(c->state_dir, "/var/lib/crier");
    assert_false(c->dev);
    assert_string_equal(config_provider_where(&c->providers[0], "url") + strlen(config_bed.file), ":4");
    assert_string_equal(config_provider_where(&c->providers[0], "priority") + strlen(config_bed.file),
                        ":4"); /* not set: its section */
    assert_ptr_equal(config_community(c, NULL), &c->communities[0]);
    assert_null(config_community(c, "mars"));
    config_free(c);
}

static void mistakes_are_told_with_file_line_found_and_allowed(void **state)
{
    static const struct {
        const char *what, *text, *line, *says, *allowed;
    } rows[] = {
        {"an unknown option at the top",                     V "colour = red\n",                                                     ":2:", "'colour'",            "state_dir"                        },
        {"an unknown option in a section",                   V "redis {\n urll = \"x\"\n}\n",                                        ":3:", "'urll'",              "url, prefix"                      },
        {"an unknown section",                               V "smtp { }\n",                                                         ":2:", "'smtp'",              "provider"                         },
        {"a word where a number belongs",                    V "provider \"p\" { driver = json\n window = many }",
         ":3:",                                                                                                                             "\"many\"",            "1..4096"                          },
        {"a number out of range",                            V "provider \"p\" { driver = json window = 5000 }",                     ":2:", "5000",
         "1..4096"                                                                                                                                                                                    },
        {"a negative rate",                                  V "provider \"p\" { driver = json rate = -1 }",                         ":2:", "-1",                  "0..100000"                        },
        {"a fraction where a whole number belongs",          V "delivery { lease_ms = 1.5 }",                                        ":2:", "1.5",
         "whole number"                                                                                                                                                                               },
        {"a boolean that is neither",                        V "redis { accept_eviction = maybe }",                                  ":2:", "maybe",               "yes or no"                        },
        {"a log level that is none",                         V "log { level = loud }",                                               ":2:", "loud",                "error, warn, info or debug"       },
        {"a Redis URL of another kind",                      V "redis { url = \"http://x\" }",                                       ":2:", "http://x",            "embedded"                         },
        {"a zone nobody knows",                              "community \"v\" { timezone = \"Asia/Haikou\" }",                       ":1:", "Asia/Haikou",
         "time zone"                                                                                                                                                                                  },
        {"a listening address without a port",               V "listen { http = \"127.0.0.1\" }",                                    ":2:", "127.0.0.1",
         "ADDRESS:PORT"                                                                                                                                                                               },
        {"an area that is no code",                          "community \"v\" { areas = {\"海口\"} }",                             ":1:", "海口",              "digits"                           },
        {"a channel that no notice can name",                V "provider \"p\" { driver = json\n channel = fax }",
         ":3:",                                                                                                                             "fax",                 "sms, wechat, wecom or loudspeaker"},
        {"a literal secret, which is not repeated",          V "provider \"p\" { driver = json secret = \"hunter2\" }",
         ":2:",                                                                                                                             "provider.secret",     "env:NAME"                         },
        {"a secret from nowhere",                            V "provider \"p\" { driver = json\nsecret = \"env:NOT_THERE_1\" }",
         ":3:",                                                                                                                             "NOT_THERE_1",         "environment"                      },
        {"an option set twice",                              V "log {\nlevel = info\nlevel = warn }",                                ":4:", "second time",         "once"                             },
        {"a section that stands twice",                      V "log { level = info }\nlog { }",                                      ":3:", "second time",
         "one section"                                                                                                                                                                                },
        {"two providers of one name",                        V "provider \"p\" { driver = json }\nprovider \"p\" { driver = json }",
         ":3:",                                                                                                                             "duplicate title 'p'", "once"                             },
        {"two communities of one name",                      V V,                                                                    ":2:", "duplicate title 'v'", "once"                             },
        {"a section without its name",                       V "provider { }",                                                       ":2:", "missing title",       "in quotes"                        },
        {"a name with other characters",                     V "provider \"p 1\" { driver = json }",                                 ":2:", "provider",
         "letters, digits"                                                                                                                                                                            },
        {"no equal sign",                                    V "log { level info }",                                                 ":2:", "missing equal sign",  "name = value"                     },
        {"a section that is open at the end",                V "log { level = info",                                                 ":3:", "section log is open",
         "closing brace"                                                                                                                                                                              },
        {"a comment that is open at the end",                V "/* log { level = info }",                                            "",    "comment",             "*/"                               },
        {"a text that is open at the end",                   V "log { level = \"info }",                                             ":",   "premature end",       "closed"                           },
        {"a provider without driver",                        V "provider \"p\" { }",                                                 ":2:", "no driver",           "driver ="                         },
        {"a provider of nobody's community",                 V "provider \"p\" { driver = json\ncommunity = mars }",
         ":3:",                                                                                                                             "mars",                "section"                          },
        {"two communities and a provider that does not say",
         V "community \"w\" { }\nprovider \"p\" { driver = json\n}",                                                                 "",    "for whom",            "\"v\""                            },
        {"no community at all",                              "log { }\n",                                                            "",    "no community",        "at least one"                     },
        {"a list where one value belongs",                   V "log { level = {\"info\"} }",                                         ":2:", "unexpected token",
         "name = value"                                                                                                                                                                               },
        {"a control character in a text",                    "community \"v\" { name = \"a\\nb\" }",                                 ":1:", "name",                "control"                          },
        {"bytes that are not UTF-8",                         V "\nlog { level = \"\xff\" }",                                         ":3:", "no text",             "UTF-8"                            },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e;
        struct config *c = config_bed_load(rows[i].text, NULL, NULL, &e);

        if (c != NULL || strstr(e.msg, rows[i].line) == NULL || strstr(e.msg, rows[i].says) == NULL ||
            strstr(e.msg, rows[i].allowed) == NULL ||
            strncmp(e.msg, config_bed.file, strlen(config_bed.file)) != 0)
            fail_msg("%s: %s", rows[i].what, c != NULL ? "was accepted" : e.msg);
        if (strstr(e.msg, "hunter2") != NULL)
            fail_msg("a secret is repeated: %s", e.msg);
    }
}

static void files_that_cannot_be_read_are_named(void **state)
{
    struct err e = {.msg = ""};

    (void)state;
    assert_null(config_load("/nowhere/crier.conf", NULL, NULL, &e));
    assert_non_null(strstr(e.msg, "/nowhere/crier.conf"));
    assert_null(config_load("/tmp", NULL, NULL, &e));
    assert_non_null(strstr(e.msg, "not a file"));
    config_bed_write("log { }\n\0", 9);
    assert_null(config_load(config_bed.file, NULL, NULL, &e));
    assert_non_null(strstr(e.msg, "NUL"));
}

static void what_editors_leave_behind_does_no_harm(void **state)
{
    struct err e;
    struct config *c = config_bed_load("\xEF\xBB\xBF# 说明\r\ncommunity \"v\" {\r\n name = \"社区\"\r\n}\r\n",
                                       NULL, NULL, &e);

    (void)state;
    assert_string_equal(e.msg, "");
    assert_non_null(c);
    assert_string_equal(c->communities[0].title, "社区");
    config_free(c);
}

static void lists_can_be_assigned_anew_and_extended(void **state)
{
    struct err e;
    struct config *c =
        config_bed_load("community \"v\" { areas = {11, 12} areas = {\"13\"} areas += {14} words_join = "
                        "{\"算我一个\", \"加我\"} }",
                        NULL, NULL, &e);

    (void)state;
    assert_non_null(c);
    assert_int_equal(c->communities[0].n_areas, 2);
    assert_string_equal(c->communities[0].areas[0], "13");
    assert_string_equal(c->communities[0].areas[1], "14");
    assert_string_equal(c->communities[0].words_join[1], "加我");
    assert_null(c->communities[0].words_join[2]);
    assert_null(c->communities[0].words_stop[0]);
    config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_contracts_minimal_file_loads),
        cmocka_unit_test(mistakes_are_told_with_file_line_found_and_allowed),
        cmocka_unit_test(files_that_cannot_be_read_are_named),
        cmocka_unit_test(what_editors_leave_behind_does_no_harm),
        cmocka_unit_test(lists_can_be_assigned_anew_and_extended),
    };

    return cmocka_run_group_tests(tests, config_bed_setup, config_bed_teardown);
}
