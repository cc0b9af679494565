/* net/redis behind sentinels: real Redis as masters and replicas, sentinels that say what the test tells them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/redis.h"
#include "tests/support/hostile.h"
#include "tests/support/redis_server.h"

enum { PATIENCE_MS = 15000, N = 2 };

static struct loop *loop;
static struct redis *redis;
static struct redis_server *servers[N];
static int ports[N];
static struct hostile *sentinels[N];
static char why[160];
static int n_up;

/* What the sentinels answer; their threads read it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char said[N][128];

static void tell(int sentinel, const char *text)
{
    pthread_mutex_lock(&lock);
    snprintf(said[sentinel], sizeof(said[sentinel]), "%s", text);
    pthread_mutex_unlock(&lock);
}

static void tell_port(int sentinel, int port)
{
    char digits[8], *text;

    snprintf(digits, sizeof(digits), "%d", port);
    text = xasprintf("*2\r\n$9\r\n127.0.0.1\r\n$%zu\r\n%s\r\n", strlen(digits), digits);
    tell(sentinel, text);
    free(text);
}

static void pretend(struct hostile *h, int fd, void *arg)
{
    char text[sizeof(said[0])];

    (void)h;
    while (hostile_read_some(fd)) {
        pthread_mutex_lock(&lock);
        memcpy(text, arg, sizeof(text));
        pthread_mutex_unlock(&lock);
        if (text[0] == '\0') {
            hostile_hang(fd);
            return;
        }
        hostile_say(fd, text);
    }
}

static void on_state(void *arg, enum redis_state s, const char *because)
{
    (void)arg;
    n_up += s == REDIS_UP;
    if (s == REDIS_DOWN)
        snprintf(why, sizeof(why), "%s", because);
}

static int free_port(void)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(sa);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (const struct sockaddr *)&sa, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    close(fd);
    return ntohs(sa.sin_port);
}

static int setup(void **state)
{
    struct err e;

    (void)state;
    loop = loop_new(&e);
    n_up = 0;
    why[0] = '\0';
    memset(said, 0, sizeof(said));
    for (int i = 0; i < N; i++) {
        char *port;

        ports[i] = free_port();
        port = xasprintf("%d", ports[i]);
        servers[i] = redis_server_start(REDIS_SERVER_MEMORY, (const char *const[]){"--port", port, NULL});
        sentinels[i] = hostile_start(pretend, said[i]);
        free(port);
    }
    return loop != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    redis_free(redis);
    redis = NULL;
    loop_free(loop);
    for (int i = 0; i < N; i++) {
        hostile_stop(sentinels[i]);
        redis_server_stop(servers[i]);
    }
    return 0;
}

static void open_it(void)
{
    char *url = xasprintf("sentinel://venus@127.0.0.1:%d,127.0.0.1:%d/2", hostile_port(sentinels[0]),
                          hostile_port(sentinels[1]));
    struct redis_opts o = {.url = url,
                           .connect_timeout_ms = 300,
                           .timeout_ms = 1000,
                           .backoff_min_ms = 5,
                           .backoff_max_ms = 50,
                           .on_state = on_state};
    struct err e;

    redis = redis_new(loop, &o, &e);
    assert_non_null(redis);
    free(url);
}

static bool is_up(void *arg)
{
    return redis_state(redis) == REDIS_UP && n_up >= *(int *)arg;
}

static void wait_up(int times)
{
    if (!loop_run_until(loop, is_up, &times, PATIENCE_MS))
        fail_msg("not up: %s", why);
}

static bool says(void *arg)
{
    return strstr(why, arg) != NULL;
}

static bool flag_set(void *arg)
{
    return *(bool *)arg;
}

static void on_set(void *arg, const struct redis_answer *a)
{
    if (a->fault != REDIS_OK)
        fail_msg("%s", a->error);
    *(bool *)arg = true;
}

/* Leaves a mark where we are connected to. */
static void mark(const char *value)
{
    bool done = false;

    redis_begin(redis, on_set, &done, 3, (const char *[]){"SET", "mark", value}, NULL);
    assert_true(loop_run_until(loop, flag_set, &done, PATIENCE_MS));
}

static void assert_marked(int server, const char *value)
{
    char *mine;

    mine = redis_server_ask(servers[server], "EVAL",
                            "redis.call('SELECT', 2) return redis.call('GET', 'mark') or 'none'", "0", NULL);
    assert_int_equal(strncmp(mine, value, strlen(value)), 0);
    free(mine);
}

static void replicate(int server, int of)
{
    char *port = xasprintf("%d", ports[of]);

    free(redis_server_ask(servers[server], "REPLICAOF", of == server ? "NO" : "127.0.0.1",
                          of == server ? "ONE" : port, NULL));
    free(port);
}

static void the_master_that_the_first_sentinel_names_is_used(void **state)
{
    (void)state;
    tell_port(0, ports[1]);
    open_it();
    wait_up(1);
    mark("here");
    assert_marked(1, "here");
    assert_marked(0, "none");
    assert_int_equal(hostile_connections(sentinels[1]), 0);
}

static void a_sentinel_that_hangs_or_knows_nothing_is_followed_by_the_next(void **state)
{
    (void)state;
    tell_port(1, ports[0]);
    open_it(); /* the first says nothing */
    wait_up(1);
    redis_reconnect(redis, "once more");
    wait_up(2);
    assert_int_equal(hostile_connections(sentinels[0]), 1); /* the one that answered is asked first now */
    tell(1, "*-1\r\n");
    redis_reconnect(redis, "once more");
    assert_true(loop_run_until(loop, says, (void *)(uintptr_t) "knows no master", PATIENCE_MS));
    tell_port(0, ports[0]);
    wait_up(3);
}

static void a_replica_is_not_taken_for_the_master(void **state)
{
    (void)state;
    replicate(0, 1);
    tell_port(0, ports[0]); /* has not heard of the failover */
    tell_port(1, ports[0]);
    open_it();
    assert_true(loop_run_until(loop, says, (void *)(uintptr_t) "no master", PATIENCE_MS));
    assert_int_equal(n_up, 0);
    tell_port(1, ports[1]);
    wait_up(1);
    mark("new");
    assert_marked(1, "new");
}

static void after_a_failover_the_new_master_is_found(void **state)
{
    (void)state;
    replicate(1, 0);
    tell_port(0, ports[0]);
    open_it();
    wait_up(1);
    redis_server_kill(servers[0]);
    replicate(1, 1);
    tell_port(0, ports[1]);
    wait_up(2);
    mark("after");
    assert_marked(1, "after");
}

static void rubbish_from_a_sentinel_is_survived(void **state)
{
    static const char *const rubbish[] = {"-ERR unknown command\r\n",
                                          "$5\r\nhello\r\n",
                                          "*2\r\n:1\r\n:2\r\n",
                                          "*2\r\n$9\r\n127.0.0.1\r\n$5\r\n99999\r\n",
                                          "*0\r\n",
                                          "%%%%\r\n"};

    (void)state;
    tell(1, "*-1\r\n");
    for (size_t i = 0; i < ARRAY_LEN(rubbish); i++) {
        tell(0, rubbish[i]);
        if (i == 0)
            open_it();
        assert_true(loop_run_until(loop, says, (void *)(uintptr_t) "knows no master", PATIENCE_MS));
        why[0] = '\0';
    }
    assert_int_equal(n_up, 0);
    tell_port(0, ports[0]);
    wait_up(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_master_that_the_first_sentinel_names_is_used, setup, teardown),
        cmocka_unit_test_setup_teardown(a_sentinel_that_hangs_or_knows_nothing_is_followed_by_the_next, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_replica_is_not_taken_for_the_master, setup, teardown),
        cmocka_unit_test_setup_teardown(after_a_failover_the_new_master_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(rubbish_from_a_sentinel_is_survived, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
