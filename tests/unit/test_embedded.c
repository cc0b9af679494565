#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/embedded.h"

enum { LONG_MS = 20000 };

struct seen {
    struct loop *loop;
    struct embedded *m;
    int n_ready, n_down, wanted_ready;
};

static char dir[64];

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static int set_up(void **state)
{
    (void)state;
    memcpy(dir, "/tmp/crier-embedded-XXXXXX", 27);
    assert_non_null(mkdtemp(dir));
    log_set_level(LOG_ERROR);
    return 0;
}

/* A test that failed half-way leaves its server, which outlives us by design. */
static void kill_what_listens(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct ucred peer = {.pid = 0};
    socklen_t n = sizeof(peer);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(snprintf(a.sun_path, sizeof(a.sun_path), "%s/redis/redis.sock", dir) > 0);
    if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 && peer.pid > 0)
        kill(peer.pid, SIGKILL);
    close(fd);
}

static int tear_down(void **state)
{
    (void)state;
    kill_what_listens();
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void on_ready(void *arg)
{
    ((struct seen *)arg)->n_ready++;
}

static void on_down(void *arg, const char *why)
{
    assert_true(why[0] != '\0');
    ((struct seen *)arg)->n_down++;
}

static bool is_ready(void *arg)
{
    const struct seen *s = arg;

    return s->n_ready >= s->wanted_ready;
}

static void begin(struct seen *s, const char *state_dir)
{
    struct err e = {.msg = ""};

    *s = (struct seen){.loop = loop_new(&e)};
    s->m = embedded_new(
        &(struct embedded_opts){
            .loop = s->loop, .state_dir = state_dir, .on_ready = on_ready, .on_down = on_down, .arg = s},
        &e);
    assert_string_equal(e.msg, "");
    assert_non_null(s->m);
    assert_int_equal(s->n_ready, 0); /* never inside the call */
}

static void wait_ready(struct seen *s, int times)
{
    s->wanted_ready = times;
    assert_true(loop_run_until(s->loop, is_ready, s, LONG_MS));
}

static void end(struct seen *s)
{
    embedded_stop(s->m);
    loop_free(s->loop);
}

/* One command, its answer as text (arrays: the second element); the caller frees. */
static char *ask(const char *url, const char *command)
{
    redisContext *c = redisConnectUnix(url + strlen("unix://"));
    redisReply *r = c != NULL && c->err == 0 ? redisCommand(c, command) : NULL;
    char *text = NULL;

    if (r != NULL && r->type == REDIS_REPLY_ARRAY && r->elements == 2)
        text = xstrdup(r->element[1]->str);
    else if (r != NULL && r->str != NULL)
        text = xstrdup(r->str);
    freeReplyObject(r);
    redisFree(c);
    return text;
}

/* It answers LOADING until it has read its file. */
static void expect(const char *url, const char *command, const char *answer)
{
    int64_t until = clock_mono_ms() + LONG_MS;
    char *text = ask(url, command);

    while (text != NULL && strncmp(text, "LOADING", 7) == 0 && clock_mono_ms() < until) {
        free(text);
        text = ask(url, command);
    }

    if (text == NULL || strcmp(text, answer) != 0)
        fail_msg("%s: %s, not %s", command, text != NULL ? text : "no answer", answer);
    free(text);
}

static bool lives(pid_t pid)
{
    char path[64], stat[256] = "";
    FILE *f;

    assert_true(snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid) > 0);
    f = fopen(path, "r");
    if (f == NULL)
        return false;
    if (fgets(stat, sizeof(stat), f) == NULL)
        stat[0] = '\0';
    fclose(f);
    return strstr(stat, ") Z ") == NULL; /* a zombie waits for its parent only */
}

static void the_server_is_durable_private_and_gone_afterwards(void **state)
{
    static const struct {
        const char *ask, *answer;
    } rows[] = {
        {"PING",                        "PONG"      },
        {"CONFIG GET appendfsync",      "always"    },
        {"CONFIG GET appendonly",       "yes"       },
        {"CONFIG GET port",             "0"         },
        {"CONFIG GET maxmemory-policy", "noeviction"},
        {"CONFIG GET save",             ""          }
    };
    struct seen s;
    struct stat st;
    char sock[128];
    pid_t pid;

    (void)state;
    begin(&s, dir);
    wait_ready(&s, 1);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        expect(embedded_url(s.m), rows[i].ask, rows[i].answer);
    assert_true(snprintf(sock, sizeof(sock), "%s", embedded_url(s.m) + strlen("unix://")) > 0);
    assert_int_equal(stat(sock, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    pid = embedded_pid(s.m);
    assert_true(lives(pid));
    assert_int_equal(getsid(pid), pid); /* Ctrl-C at our terminal does not reach it */
    end(&s);
    assert_false(lives(pid));
    assert_int_equal(access(sock, F_OK), -1);
}

static void a_killed_server_comes_back_with_its_data(void **state)
{
    struct seen s;
    pid_t first;

    (void)state;
    begin(&s, dir);
    wait_ready(&s, 1);
    expect(embedded_url(s.m), "SET word kept", "OK");
    first = embedded_pid(s.m);
    assert_int_equal(kill(first, SIGKILL), 0);
    wait_ready(&s, 2);
    assert_int_equal(s.n_down, 1);
    assert_int_not_equal(embedded_pid(s.m), first);
    expect(embedded_url(s.m), "GET word", "kept");
    end(&s);
}

static bool has_spawned(void *arg)
{
    char path[128];

    (void)arg;
    assert_true(snprintf(path, sizeof(path), "%s/redis/data.lock", dir) > 0);
    return access(path, F_OK) == 0;
}

/* A daemon that dies without a word, after its server came up (or, too early, right after it was started). */
static pid_t crash_a_daemon(bool too_early)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        struct seen s;

        begin(&s, dir);
        if (too_early)
            assert_true(loop_run_until(s.loop, has_spawned, &s, LONG_MS));
        else
            wait_ready(&s, 1);
        _exit(7);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    return pid;
}

static void the_next_daemon_adopts_the_server_of_a_crashed_one(void **state)
{
    struct seen s;
    pid_t pid;

    (void)state;
    crash_a_daemon(false);
    begin(&s, dir);
    expect(embedded_url(s.m), "PING", "PONG"); /* it was running before we looked */
    wait_ready(&s, 1);
    pid = embedded_pid(s.m);
    /* an adopted server is watched and replaced like our own */
    assert_int_equal(kill(pid, SIGKILL), 0);
    wait_ready(&s, 2);
    assert_int_not_equal(embedded_pid(s.m), pid);
    expect(embedded_url(s.m), "PING", "PONG");
    pid = embedded_pid(s.m);
    end(&s);
    assert_false(lives(pid));
}

static void a_daemon_that_died_while_starting_it_leaves_one_server_only(void **state)
{
    struct seen s;
    pid_t pid;

    (void)state;
    crash_a_daemon(true);
    begin(&s, dir);
    wait_ready(&s, 1);
    expect(embedded_url(s.m), "PING", "PONG");
    pid = embedded_pid(s.m);
    end(&s);
    assert_false(lives(pid));
}

static void two_daemons_share_one_server_and_the_last_stops_it(void **state)
{
    struct seen a, b;
    pid_t pid;

    (void)state;
    begin(&a, dir);
    wait_ready(&a, 1);
    begin(&b, dir);
    wait_ready(&b, 1);
    pid = embedded_pid(a.m);
    assert_int_equal(embedded_pid(b.m), pid);
    end(&a);
    assert_true(lives(pid));
    expect(embedded_url(b.m), "PING", "PONG");
    /* a ended without reaping: it is our child still, so b's stop leaves a zombie that this process collects */
    end(&b);
    waitpid(pid, NULL, 0);
    assert_false(lives(pid));
}

static void what_can_never_work_is_said_at_once(void **state)
{
    char deep[200], file[128];
    struct err e;
    struct loop *l = loop_new(&e);
    struct embedded_opts o = {.loop = l, .state_dir = deep};
    FILE *f;

    (void)state;
    memset(deep, 'x', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    memcpy(deep, "/tmp/", 5);
    assert_null(embedded_new(&o, &e));
    assert_non_null(strstr(e.msg, "too long"));
    assert_true(snprintf(file, sizeof(file), "%s/a-file", dir) > 0);
    f = fopen(file, "w");
    assert_non_null(f);
    fclose(f);
    o.state_dir = file;
    assert_null(embedded_new(&o, &e));
    assert_non_null(strstr(e.msg, file));
    loop_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_server_is_durable_private_and_gone_afterwards, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_killed_server_comes_back_with_its_data, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_next_daemon_adopts_the_server_of_a_crashed_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_daemon_that_died_while_starting_it_leaves_one_server_only, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(two_daemons_share_one_server_and_the_last_stops_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_can_never_work_is_said_at_once, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
