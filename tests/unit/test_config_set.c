/* The configuration: --set, --dev, printing it, loading it again. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "config/config.h"
#include "tests/support/config_bed.h"

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
    struct config *c = config_bed_load(MINIMAL, sets, NULL, &e);

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
        struct config *c = config_bed_load(MINIMAL, sets, NULL, &e);

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
    struct config *c = config_bed_load(MINIMAL, NULL, "here", &e);

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
        c = config_bed_load(V, NULL, NULL, &e);
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
    struct config *c = config_bed_load(MINIMAL, sets, NULL, &e), *again;
    struct buf first = BUF_INIT(65536), second = BUF_INIT(65536);

    (void)state;
    assert_non_null(c);
    config_print(c, add_line, &first);
    assert_null(strstr(buf_cstr(&first), "geheim"));
    assert_null(strstr(buf_cstr(&first), "kennwort"));
    assert_non_null(strstr(buf_cstr(&first), "redis://***@127.0.0.1:6379/0"));
    assert_non_null(strstr(buf_cstr(&first), "https://***@api.example/x?***"));
    assert_non_null(strstr(buf_cstr(&first), "env:P1_SECRET"));
    again = config_bed_load(buf_cstr(&first), NULL, NULL, &e);
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
        struct config *now = config_bed_load(MINIMAL, i == 4 ? base : NULL, NULL, &e),
                      *next = config_bed_load(MINIMAL, sets, NULL, &e);
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
    struct config *now = config_bed_load(MINIMAL, NULL, NULL, &e),
                  *more = config_bed_load(MINIMAL "provider \"p2\" { driver = json }", NULL, NULL, &e);

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
    struct config *now = config_bed_load(
                      V "provider \"a\" { driver = json } provider \"b\" { driver = json }", NULL, NULL, &e),
                  *turned = config_bed_load(
                      V "provider \"b\" { driver = json } provider \"a\" { driver = json }", NULL, NULL, &e);

    (void)state;
    assert_int_equal(config_can_reload(now, turned, &e), -1);
    assert_non_null(strstr(e.msg, "order"));
    config_free(now);
    config_free(turned);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
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

    return cmocka_run_group_tests(tests, config_bed_setup, config_bed_teardown);
}
