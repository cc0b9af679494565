/* Start-up checks: what is refused, what is warned of, and the words of durability. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "queue/keys.h"
#include "queue/scripts.h"
#include "tests/support/queue_fixture.h"

#define KEY "crier:{venus}:"

static struct queue_durability d;

static void on_check(void *arg, const struct queue_result *r, const struct queue_durability *found)
{
    d = *found;
    fixture_take(arg, r);
}

static void check(struct fixture *f)
{
    queue_check(f->q, on_check, f);
    fixture_wait(f);
}

static bool warned(const char *words)
{
    for (size_t i = 0; i < d.n_warnings; i++)
        if (strstr(d.warnings[i], words) != NULL)
            return true;
    return false;
}

static void set(struct fixture *f, const char *name, const char *value)
{
    free(redis_server_ask(f->server, "CONFIG", "SET", name, value, NULL));
}

static void test_memory_only(void **state)
{
    struct fixture *f = fixture_new(REDIS_SERVER_MEMORY, NULL);

    (void)state;
    check(f);
    assert_true(d.ok);
    assert_int_equal(f->status, QUEUE_OK);
    assert_string_equal(
        d.words,
        "alerts accepted now survive: daemon crash yes, Redis crash NO, host power loss NO (appendonly no)");
    assert_true(d.survives_daemon_crash && !d.survives_redis_crash && !d.survives_power_loss);
    assert_true(warned("appendonly yes"));
    assert_string_equal(d.problem, "");
    assert_int_equal(strlen(d.run_id), 40);
    assert_false(d.run_id_changed);
    set(f, "maxmemory-policy", "allkeys-lru");
    check(f);
    assert_false(d.ok);
    assert_non_null(strstr(d.problem, "noeviction"));
    set(f, "maxmemory-policy", "noeviction");
    free(redis_server_ask(f->server, "SET", KEY "schema", "2", NULL));
    check(f);
    assert_false(d.ok);
    assert_int_equal(f->status, QUEUE_OK);
    assert_non_null(strstr(d.problem, "newer crier"));
    free(redis_server_ask(f->server, "DEL", KEY "schema", NULL));
    free(redis_server_ask(f->server, "REPLICAOF", "127.0.0.1", "1", NULL));
    check(f);
    assert_false(d.ok);
    assert_non_null(strstr(d.problem, "replica"));
    free(redis_server_ask(f->server, "REPLICAOF", "NO", "ONE", NULL));
    check(f);
    assert_true(d.ok);
    fixture_free(f);
}

static void test_restart(void **state)
{
    struct fixture *f = fixture_new(REDIS_SERVER_AOF, NULL);
    char *rewrites;

    (void)state;
    check(f);
    assert_true(d.ok);
    assert_string_equal(d.words, "alerts accepted now survive: daemon crash yes, Redis crash yes, host power "
                                 "loss yes (appendfsync always)");
    assert_true(fixture_redis_is(f, "0", "EXISTS", KEY "hold", NULL));
    set(f, "appendfsync", "everysec");
    check(f);
    assert_string_equal(d.words, "alerts accepted now survive: daemon crash yes, Redis crash yes, host power "
                                 "loss NO (appendfsync everysec)");
    assert_true(warned("2 seconds"));
    assert_false(d.run_id_changed);
    redis_server_kill(f->server);
    check(f);
    assert_false(d.ok);
    assert_int_not_equal(f->status, QUEUE_OK);
    redis_server_restart(f->server);
    fixture_wait_up(f);
    check(f);
    assert_true(d.ok);
    assert_true(d.run_id_changed);
    assert_true(fixture_redis_is(f, "1", "EXISTS", KEY "hold", NULL)); /* results first, claims later */
    rewrites = redis_server_ask(f->server, "KEYS", KEY "rewrite:*", NULL);
    assert_non_null(strstr(rewrites, d.run_id));
    free(rewrites);
    check(f);
    assert_false(d.run_id_changed);
    fixture_free(f);
}

static void test_lost_data_is_noticed(void **state)
{
    struct fixture *f = fixture_new(REDIS_SERVER_MEMORY, NULL);

    (void)state;
    check(f);
    check(f);
    assert_false(warned("lost data"));
    fixture_flush(f);
    check(f);
    assert_true(warned("lost data"));
    assert_true(d.data_lost);
    fixture_free(f);
}

static void test_rights(void **state)
{
    struct fixture *f = fixture_new(REDIS_SERVER_MEMORY, NULL);

    (void)state;
    free(redis_server_ask(f->server, "ACL", "SETUSER", "default", "-config", "-bgrewriteaof", NULL));
    check(f);
    assert_true(d.ok);
    free(redis_server_ask(f->server, "ACL", "SETUSER", "default", "-lpush", NULL));
    check(f);
    assert_false(d.ok);
    assert_int_equal(f->status, QUEUE_OK);
    assert_non_null(strstr(d.problem, "right"));
    fixture_free(f);
}

static void test_config_may_be_forbidden(void **state)
{
    struct fixture *f = fixture_new(REDIS_SERVER_AOF, NULL);

    (void)state;
    free(redis_server_ask(f->server, "ACL", "SETUSER", "default", "-config", "-bgrewriteaof", NULL));
    check(f);
    assert_true(d.ok);
    assert_non_null(strstr(d.words, "host power loss NO (appendfsync unknown"));
    assert_true(warned("BGREWRITEAOF"));
    fixture_free(f);
}

/* Every script compiles on this Redis, also in the form for Redis 6.2. */
static void test_every_script_loads(void **state)
{
    struct fixture *f = fixture_new(REDIS_SERVER_MEMORY, NULL);

    (void)state;
    for (int s = 0; s < SCRIPT_N; s++)
        for (int legacy = 0; legacy < 2 && s != SCRIPT_PRELUDE; legacy++) {
            size_t n;
            const char *text = script_text((enum script)s, legacy, &n);
            char *sha = redis_server_ask(f->server, "SCRIPT", "LOAD", text, NULL);

            if (strcmp(sha, script_sha((enum script)s, legacy)) != 0)
                fail_msg("%s: %s", script_name((enum script)s), sha);
            free(sha);
        }
    fixture_free(f);
}

/* Keys are spelled in keys.h; the scripts about notices derive theirs, so both must agree. */
static void test_scripts_and_keys_agree(void **state)
{
    (void)state;
    for (int s = 0; s < SCRIPT_N; s++) {
        size_t n;
        const char *text = s == SCRIPT_PRELUDE ? "" : script_text((enum script)s, false, &n);

        while ((text = strstr(text, "P .. '")) != NULL) {
            char stem[32], pattern[64];
            size_t len = strcspn(text += 6, "'");
            bool known = false;

            assert_true(len < sizeof(stem));
            memcpy(stem, text, len);
            stem[len] = '\0';
            for (int k = 0; k < KEY_N && !known; k++)
                known = strncmp(keys_pattern((enum key)k, pattern, sizeof(pattern)), stem, len) == 0 &&
                        (pattern[len] == '\0' || pattern[len] == '<');
            if (!known && strcmp(stem, "inproc:check") != 0)
                fail_msg("%s uses the key '%s', which keys.h does not know", script_name((enum script)s),
                         stem);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_only),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_lost_data_is_noticed),
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_config_may_be_forbidden),
        cmocka_unit_test(test_every_script_loads),
        cmocka_unit_test(test_scripts_and_keys_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
