#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "config/config.h"

static char dir[] = "/tmp/crier-config-XXXXXX";
static char file[64];

#define MINIMAL                                                                                              \
    "community \"venus\" { name = \"金星社区\"  areas = {\"460106\"}  timezone = \"Asia/Shanghai\" }\n"  \
    "redis    { url = \"unix:///run/x/redis.sock\" }\n"                                                      \
    "listen   { admin = \"unix:///run/x/admin.sock\"   http = \"127.0.0.1:8025\" }\n"                        \
    "provider \"p1\" { driver = \"json\"  channel = \"sms\"  url = \"http://127.0.0.1:9000/send\"  window "  \
    "= 64  rate = 0 "                                                                                        \
    " batch = 1  secret = \"env:P1_SECRET\"  hook_secret = \"env:P1_HOOK\" }\n"

static void write_bytes(const char *bytes, size_t n)
{
    FILE *f = fopen(file, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static struct config *load(const char *text, const char *const *sets, const char *dev, struct err *e)
{
    memset(e, 0, sizeof(*e));
    write_bytes(text, strlen(text));
    return config_load(file, sets, dev, e);
}

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_true(snprintf(file, sizeof(file), "%s/crier.conf", dir) < (int)sizeof(file));
    setenv("P1_SECRET", "geheim-1", 1);
    setenv("P1_HOOK", "geheim-2", 1);
    unsetenv("STATE_DIRECTORY");
    unsetenv("XDG_STATE_HOME");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(file);
    return rmdir(dir);
}

static void the_contracts_minimal_file_loads(void **state)
{
    struct err e;
    struct config *c = load(MINIMAL, NULL, NULL, &e);

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
    assert_string_equal(config_provider_where(&c->providers[0], "url") + strlen(file), ":4");
    assert_string_equal(config_provider_where(&c->providers[0], "priority") + strlen(file),
                        ":4"); /* not set: its section */
    assert_ptr_equal(config_community(c, NULL), &c->communities[0]);
    assert_null(config_community(c, "mars"));
    config_free(c);
}

#define V "community \"v\" { }\n"

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
        struct config *c = load(rows[i].text, NULL, NULL, &e);

        if (c != NULL || strstr(e.msg, rows[i].line) == NULL || strstr(e.msg, rows[i].says) == NULL ||
            strstr(e.msg, rows[i].allowed) == NULL || strncmp(e.msg, file, strlen(file)) != 0)
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
    write_bytes("log { }\n\0", 9);
    assert_null(config_load(file, NULL, NULL, &e));
    assert_non_null(strstr(e.msg, "NUL"));
}

static void what_editors_leave_behind_does_no_harm(void **state)
{
    struct err e;
    struct config *c =
        load("\xEF\xBB\xBF# 说明\r\ncommunity \"v\" {\r\n name = \"社区\"\r\n}\r\n", NULL, NULL, &e);

    (void)state;
    assert_string_equal(e.msg, "");
    assert_non_null(c);
    assert_string_equal(c->communities[0].title, "社区");
    config_free(c);
}

static void lists_can_be_assigned_anew_and_extended(void **state)
{
    struct err e;
    struct config *c = load("community \"v\" { areas = {11, 12} areas = {\"13\"} areas += {14} words_join = "
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

static void set_wins_over_the_file(void **state)
{
    static const char *const sets[] = {"provider.p1.rate=5",
                                       "provider.window=7",
                                       "redis.url=embedded",
                                       "state_dir=/var/tmp/x",
                                       "community.venus.areas=11,12",
                                       "listen.http=",
                                       NULL};
    struct err e;
    struct config *c = load(MINIMAL, sets, NULL, &e);

    (void)state;
    assert_string_equal(e.msg, "");
    assert_non_null(c);
    assert_true(c->providers[0].rate == 5);
    assert_int_equal(c->providers[0].window, 7);
    assert_string_equal(c->redis.url, "embedded");
    assert_string_equal(c->state_dir, "/var/tmp/x");
    assert_int_equal(c->communities[0].n_areas, 2);
    assert_string_equal(c->communities[0].areas[1], "12");
    assert_string_equal(c->listen.http, "");
    config_free(c);
}

static void a_wrong_set_is_refused(void **state)
{
    static const struct {
        const char *set, *says;
    } rows[] = {
        {"redis.url",                   "not understood"      },
        {"redis.uri=x",                 "no such option 'uri'"},
        {"redis.url=ftp://x",           "allowed"             },
        {"provider.p2.rate=5",          "p2"                  },
        {"smtp.x=1",                    "no section smtp"     },
        {"a.b.c.d=1",                   "not understood"      },
        {"provider.p1.rate=fast",       "0..100000"           },
        {"redis.x.url=embedded",        "no section"          },
        {"provider.p1.secret=literal9", "env:NAME"            },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *const sets[] = {rows[i].set, NULL};
        struct err e;
        struct config *c = load(MINIMAL, sets, NULL, &e);

        if (c != NULL || strstr(e.msg, rows[i].says) == NULL || strstr(e.msg, "--set") == NULL ||
            strstr(e.msg, "literal9") != NULL)
            fail_msg("--set %s: %s", rows[i].set, c != NULL ? "was accepted" : e.msg);
    }
}

static void dev_needs_no_file(void **state)
{
    struct err e;
    struct config *c = config_load(NULL, NULL, "/tmp/x", &e);

    (void)state;
    assert_non_null(c);
    assert_true(c->dev);
    assert_string_equal(c->redis.url, "embedded");
    assert_string_equal(c->state_dir, "/tmp/x");
    assert_string_equal(c->listen.admin, "unix:///tmp/x/admin.sock");
    assert_int_equal(strncmp(c->listen.http, "127.0.0.1:", 10), 0);
    assert_string_equal(c->communities[0].name, "dev");
    assert_string_equal(c->communities[0].title, "示例社区");
    assert_string_equal(c->providers[0].name, "sandbox");
    assert_string_equal(c->providers[0].driver, "sandbox");
    assert_string_equal(c->providers[0].channel, "sms");
    assert_string_equal(c->providers[0].community, "dev");
    config_free(c);
}

static void dev_leaves_what_the_file_says(void **state)
{
    struct err e;
    struct config *c = load(MINIMAL, NULL, "here", &e);

    (void)state;
    assert_non_null(c);
    assert_int_equal(c->n_communities, 1);
    assert_string_equal(c->communities[0].name, "venus");
    assert_int_equal(c->n_providers, 1);
    assert_string_equal(c->redis.url, "unix:///run/x/redis.sock");
    assert_string_equal(c->listen.http, "127.0.0.1:8025");
    assert_int_equal(c->state_dir[0], '/');
    assert_string_equal(c->state_dir + strlen(c->state_dir) - 5, "/here");
    config_free(c);
}

static void a_second_dev_daemon_takes_any_port(void **state)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(8025), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    struct err e;
    struct config *c;

    (void)state;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0) /* else another program holds it: as good */
        assert_int_equal(listen(fd, 1), 0);
    c = config_load(NULL, NULL, "/tmp/x", &e);
    close(fd);
    assert_non_null(c);
    assert_string_equal(c->listen.http, "127.0.0.1:0");
    config_free(c);
}

static void the_state_directory_is_where_the_contract_says(void **state)
{
    static const struct {
        const char *systemd, *xdg, *is;
    } rows[] = {
        {NULL,                        NULL,              "/var/lib/crier"       },
        {NULL,                        "/home/li/.state", "/home/li/.state/crier"},
        {NULL,                        "relative",        "/var/lib/crier"       },
        {"/var/lib/other",            "/home/li/.state", "/var/lib/other"       },
        {"/var/lib/one:/var/lib/two", NULL,              "/var/lib/one"         },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e;
        struct config *c;

        rows[i].systemd != NULL ? setenv("STATE_DIRECTORY", rows[i].systemd, 1) : unsetenv("STATE_DIRECTORY");
        rows[i].xdg != NULL ? setenv("XDG_STATE_HOME", rows[i].xdg, 1) : unsetenv("XDG_STATE_HOME");
        c = load(V, NULL, NULL, &e);
        assert_non_null(c);
        assert_string_equal(c->state_dir, rows[i].is);
        config_free(c);
    }
    unsetenv("STATE_DIRECTORY");
    unsetenv("XDG_STATE_HOME");
}

static void add_line(void *arg, const char *text)
{
    assert_int_equal(buf_fmt(arg, "%s\n", text), 0);
}

static void what_is_printed_loads_again_and_hides_secrets(void **state)
{
    static const char *const sets[] = {"redis.url=redis://li:kennwort@127.0.0.1:6379/0",
                                       "provider.p1.url=https://u:kennwort@api.example/x?key=kennwort",
                                       "community.name=a \"b\" \\ ${HOME}", NULL};
    struct err e;
    struct config *c = load(MINIMAL, sets, NULL, &e), *again;
    struct buf first = BUF_INIT(65536), second = BUF_INIT(65536);

    (void)state;
    assert_non_null(c);
    config_print(c, add_line, &first);
    assert_null(strstr(buf_cstr(&first), "geheim"));
    assert_null(strstr(buf_cstr(&first), "kennwort"));
    assert_non_null(strstr(buf_cstr(&first), "redis://***@127.0.0.1:6379/0"));
    assert_non_null(strstr(buf_cstr(&first), "https://***@api.example/x?***"));
    assert_non_null(strstr(buf_cstr(&first), "env:P1_SECRET"));
    again = load(buf_cstr(&first), NULL, NULL, &e);
    assert_string_equal(e.msg, "");
    assert_non_null(again);
    assert_string_equal(again->communities[0].title, c->communities[0].title);
    config_print(again, add_line, &second);
    assert_string_equal(buf_cstr(&first), buf_cstr(&second));
    config_free(c);
    config_free(again);
    buf_fini(&first);
    buf_fini(&second);
}

static void reload_is_all_or_nothing(void **state)
{
    static const struct {
        const char *what, *set, *names;
    } rows[] = {
        {"a rate may change",                  "provider.p1.rate=9",                  NULL                },
        {"the name of a community may change", "community.name=别名",               NULL                },
        {"the log level may change",           "log.level=debug",                     NULL                },
        {"the Redis may not",                  "redis.url=embedded",                  "redis.url"         },
        {"not even its password",              "redis.url=redis://a:b@127.0.0.1:1/0", "redis.url"         },
        {"the listening address may not",      "listen.http=127.0.0.1:9",             "listen.http"       },
        {"the driver may not",                 "provider.p1.driver=sandbox",          "provider.p1.driver"},
        {"the state directory may not",        "state_dir=/var/tmp",                  "state_dir"         },
    };
    struct err e;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *const sets[] = {rows[i].set, NULL};
        static const char *const base[] = {"redis.url=redis://a:c@127.0.0.1:1/0", NULL};
        struct config *now = load(MINIMAL, i == 4 ? base : NULL, NULL, &e),
                      *next = load(MINIMAL, sets, NULL, &e);
        int rc;

        assert_non_null(now);
        assert_non_null(next);
        rc = config_can_reload(now, next, &e);
        if ((rc == 0) != (rows[i].names == NULL) || (rc != 0 && strstr(e.msg, rows[i].names) == NULL))
            fail_msg("%s: %d %s", rows[i].what, rc, e.msg);
        config_free(now);
        config_free(next);
    }
}

static void reload_keeps_communities_and_providers(void **state)
{
    struct err e;
    struct config *now = load(MINIMAL, NULL, NULL, &e),
                  *more = load(MINIMAL "provider \"p2\" { driver = json }", NULL, NULL, &e);

    (void)state;
    assert_int_equal(config_can_reload(now, now, &e), 0);
    assert_int_equal(config_can_reload(now, more, &e), -1);
    assert_non_null(strstr(e.msg, "\"p2\" is new"));
    assert_int_equal(config_can_reload(more, now, &e), -1);
    assert_non_null(strstr(e.msg, "\"p2\" is gone"));
    config_free(now);
    config_free(more);
}

static void reload_keeps_the_order(void **state)
{
    struct err e;
    struct config *now = load(V "provider \"a\" { driver = json } provider \"b\" { driver = json }", NULL,
                              NULL, &e),
                  *turned = load(V "provider \"b\" { driver = json } provider \"a\" { driver = json }", NULL,
                                 NULL, &e);

    (void)state;
    assert_int_equal(config_can_reload(now, turned, &e), -1);
    assert_non_null(strstr(e.msg, "order"));
    config_free(now);
    config_free(turned);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_contracts_minimal_file_loads),
        cmocka_unit_test(mistakes_are_told_with_file_line_found_and_allowed),
        cmocka_unit_test(files_that_cannot_be_read_are_named),
        cmocka_unit_test(what_editors_leave_behind_does_no_harm),
        cmocka_unit_test(lists_can_be_assigned_anew_and_extended),
        cmocka_unit_test(set_wins_over_the_file),
        cmocka_unit_test(a_wrong_set_is_refused),
        cmocka_unit_test(dev_needs_no_file),
        cmocka_unit_test(dev_leaves_what_the_file_says),
        cmocka_unit_test(a_second_dev_daemon_takes_any_port),
        cmocka_unit_test(the_state_directory_is_where_the_contract_says),
        cmocka_unit_test(what_is_printed_loads_again_and_hides_secrets),
        cmocka_unit_test(reload_is_all_or_nothing),
        cmocka_unit_test(reload_keeps_communities_and_providers),
        cmocka_unit_test(reload_keeps_the_order),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
