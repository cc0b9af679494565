/* Start-up checks: what is refused, what is warned of, and the words of durability. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/clock.h"
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

static int states[2];
static size_t n_states;

static void on_states(void *arg, const struct queue_result *r, const int *found, size_t n)
{
    assert_true(n <= 2);
    memcpy(states, found, n * sizeof(*found));
    n_states = n;
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

static bool never(void *arg)
{
    (void)arg;
    return false;
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

/* The disk of this server is full after ${more} bytes, or has room again (${more} < 0). */
static void limit_file(struct fixture *f, long more)
{
    char *path = xasprintf("%s/appendonlydir/*.incr.aof", redis_server_dir(f->server));
    struct rlimit limit = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    struct stat st;
    glob_t found;

    assert_int_equal(glob(path, 0, NULL, &found), 0);
    assert_int_equal(stat(found.gl_pathv[found.gl_pathc - 1], &st), 0);
    if (more >= 0)
        limit.rlim_cur = (rlim_t)(st.st_size + more);
    assert_int_equal(prlimit(redis_server_pid(f->server), RLIMIT_FSIZE, &limit, NULL), 0);
    globfree(&found);
    free(path);
}

static bool says(struct fixture *f, const char *words, ...)
{
    int64_t end_us = clock_mono_us() + 10000000;
    bool found = false;

    while (!found && clock_mono_us() < end_us) {
        char *info = redis_server_ask(f->server, "INFO", "persistence", NULL);
        va_list ap;

        found = true;
        va_start(ap, words);
        for (const char *w = words; w != NULL; w = va_arg(ap, const char *))
            found = found && strstr(info, w) != NULL;
        va_end(ap);
        free(info);
        if (!found)
            loop_run_until(f->loop, never, NULL, 10);
    }
    return found;
}

/* Redis 7.0.15 goes on behind the half command that a full disk left in its file, and cannot read it when it starts the next time. */
static void test_file_is_written_anew_after_a_full_disk(void **state)
{
    struct fixture *f;

    (void)state;
    signal(SIGXFSZ, SIG_IGN); /* inherited: a write beyond the limit fails, as it does on a full disk */
    f = fixture_new(REDIS_SERVER_AOF_EVERYSEC, NULL);
    check(f);
    assert_true(d.ok);
    assert_true(says(f, "aof_rewrite_in_progress:0", "aof_rewrite_scheduled:0", NULL));
    limit_file(f, 40); /* in the middle of a command */
    free(redis_server_ask(f->server, "SET", "before", "a value of more than forty bytes, all in all", NULL));
    assert_true(says(f, "aof_last_write_status:err", NULL));
    check(f);
    assert_false(d.ok);
    limit_file(f, -1);
    assert_true(says(f, "aof_last_write_status:ok", NULL));
    free(redis_server_ask(f->server, "SET", "after", "1", NULL));
    check(f);
    assert_true(d.ok);
    assert_true(says(f, "aof_rewrite_in_progress:0", "aof_rewrite_scheduled:0",
                     "aof_last_bgrewrite_status:ok", NULL));
    redis_server_kill(f->server);
    redis_server_restart(f->server);
    assert_true(fixture_redis_is(f, "1", "GET", "after", NULL));
    fixture_free(f);
}

static void test_data_has_a_name(void **state)
{
    struct fixture *f = fixture_new(REDIS_SERVER_MEMORY, NULL);
    struct queue_holdings before;

    (void)state;
    check(f);
    before = d.holds;
    assert_true(before.gen == 1 && before.born[0] != '\0');
    check(f);
    assert_string_equal(d.holds.born, before.born);
    assert_int_equal(d.holds.gen, 2);
    fixture_flush(f);
    check(f);
    assert_string_not_equal(d.holds.born, before.born);
    assert_string_equal(d.holds.acked_born, "");
    queue_acknowledge(f->q, fixture_on_done, f);
    fixture_wait(f);
    check(f);
    assert_string_equal(d.holds.acked_born, d.holds.born);
    assert_int_equal(d.holds.acked_gen, 1);
    fixture_free(f);
}

static void test_holdings_are_told(void **state)
{
    struct fixture *f = fixture_new(REDIS_SERVER_MEMORY, NULL);
    const char *const ids[] = {"a", "nobody"};

    (void)state;
    check(f);
    assert_true(d.holds.n_residents == 0 && d.holds.n_notices == 0 && d.holds.n_ids == 0);
    fixture_running(f, "a", "urgent", 3);
    free(redis_server_ask(f->server, "HSET", KEY "people", "n", "7", NULL));
    check(f);
    assert_int_equal(d.holds.n_residents, 7);
    assert_int_equal(d.holds.n_notices, 1);
    assert_int_equal(d.holds.n_ids, 1);
    assert_string_equal(d.holds.ids[0], "a");
    queue_standing(f->q, ids, 2, on_states, f);
    fixture_wait(f);
    assert_int_equal(n_states, 2);
    assert_int_equal(states[0], NOTICE_RUNNING);
    assert_int_equal(states[1], -1);
    fixture_free(f);
}

static void test_a_full_redis_is_told(void **state)
{
    struct fixture *f = fixture_new(REDIS_SERVER_MEMORY, NULL);

    (void)state;
    check(f);
    assert_true(d.ok && !d.full);
    set(f, "maxmemory", "1mb");
    check(f);
    assert_true(d.ok && d.full);
    assert_non_null(strstr(d.refusal, "memory is full"));
    set(f, "maxmemory", "0");
    check(f);
    assert_true(d.ok && !d.full);
    assert_true(fixture_redis_is(f, "0", "EXISTS", KEY "probe", NULL));
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
        cmocka_unit_test(test_file_is_written_anew_after_a_full_disk),
        cmocka_unit_test(test_data_has_a_name),
        cmocka_unit_test(test_holdings_are_told),
        cmocka_unit_test(test_a_full_redis_is_told),
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_config_may_be_forbidden),
        cmocka_unit_test(test_every_script_loads),
        cmocka_unit_test(test_scripts_and_keys_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
