#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "daemon/sdnotify.h"

/* A service manager: a datagram socket that keeps what it is told. */
static int manager(const char *name, socklen_t path_len)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    memcpy(a.sun_path, name, path_len);
    if (a.sun_path[0] == '@')
        a.sun_path[0] = '\0';
    assert_int_equal(
        bind(fd, (struct sockaddr *)&a, (socklen_t)offsetof(struct sockaddr_un, sun_path) + path_len), 0);
    return fd;
}

/* What was said next, "" when nothing is there within ${ms}. */
static const char *heard(int fd, int ms, char *out, size_t n)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    ssize_t got = 0;

    if (poll(&p, 1, ms) == 1)
        got = recv(fd, out, n - 1, 0);
    out[got > 0 ? got : 0] = '\0';
    return out;
}

static void every_word_reaches_the_manager(void **state)
{
    static const struct {
        const char *kind;
        bool abstract;
    } rows[] = {
        {"a socket with a path",           false},
        {"a socket with an abstract name", true }
    };
    struct err e;
    char said[400];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char name[80];
        struct loop *l = loop_new(&e);
        struct sdnotify *s;
        int fd;

        assert_true(snprintf(name, sizeof(name), "%scrier-notify-%d", rows[i].abstract ? "@" : "/tmp/",
                             (int)getpid()) > 0);
        fd = manager(name, (socklen_t)strlen(name));
        setenv("NOTIFY_SOCKET", name, 1);
        unsetenv("WATCHDOG_USEC");
        s = sdnotify_new(l, NULL, NULL);
        if (!sdnotify_used(s))
            fail_msg("%s is not used", rows[i].kind);
        assert_null(getenv("NOTIFY_SOCKET"));
        sdnotify_ready(s);
        assert_string_equal(heard(fd, 1000, said, sizeof(said)), "READY=1");
        sdnotify_reloading(s);
        assert_int_equal(strncmp(heard(fd, 1000, said, sizeof(said)), "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
        sdnotify_stopping(s);
        assert_string_equal(heard(fd, 1000, said, sizeof(said)), "STOPPING=1");
        sdnotify_status(s, "in flight %d\nREADY=1", 3);
        assert_string_equal(heard(fd, 1000, said, sizeof(said)), "STATUS=in flight 3 READY=1");
        sdnotify_status(s, "in flight %d\nREADY=1", 3);
        sdnotify_status(s, "in flight %d", 4);
        assert_string_equal(heard(fd, 1000, said, sizeof(said)), "STATUS=in flight 4");
        sdnotify_free(s);
        loop_free(l);
        close(fd);
        if (!rows[i].abstract)
            unlink(name);
    }
}

static void without_a_manager_nothing_happens(void **state)
{
    static const char *const names[] = {NULL, "", "relative", "@", "/"};
    struct err e;
    struct loop *l = loop_new(&e);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct sdnotify *s;

        names[i] != NULL ? setenv("NOTIFY_SOCKET", names[i], 1) : unsetenv("NOTIFY_SOCKET");
        s = sdnotify_new(l, NULL, NULL);
        assert_false(sdnotify_used(s));
        sdnotify_ready(s);
        sdnotify_status(s, "%s", "nobody hears");
        sdnotify_free(s);
    }
    loop_free(l);
}

static void a_manager_that_is_gone_does_not_hurt(void **state)
{
    struct err e;
    struct loop *l = loop_new(&e);
    struct sdnotify *s;

    (void)state;
    setenv("NOTIFY_SOCKET", "/tmp/crier-notify-nowhere", 1);
    s = sdnotify_new(l, NULL, NULL);
    sdnotify_ready(s);
    sdnotify_free(s);
    loop_free(l);
}

struct dispatcher {
    int asked, alive_for;
};

static bool is_alive(void *arg)
{
    struct dispatcher *d = arg;

    d->asked++;
    return d->asked <= d->alive_for;
}

static bool asked_enough(void *arg)
{
    const struct dispatcher *d = arg;

    return d->asked >= 6;
}

static void the_watchdog_is_fed_only_while_the_dispatcher_lives(void **state)
{
    struct dispatcher d = {.asked = 0, .alive_for = 4};
    struct err e;
    struct loop *l = loop_new(&e);
    char name[80], said[100];
    int fd, fed = 0;
    struct sdnotify *s;

    (void)state;
    assert_true(snprintf(name, sizeof(name), "@crier-watchdog-%d", (int)getpid()) > 0);
    fd = manager(name, (socklen_t)strlen(name));
    setenv("NOTIFY_SOCKET", name, 1);
    setenv("WATCHDOG_USEC", "30000", 1);
    unsetenv("WATCHDOG_PID");
    s = sdnotify_new(l, is_alive, &d);
    assert_true(loop_run_until(l, asked_enough, &d, 5000));
    while (strcmp(heard(fd, 0, said, sizeof(said)), "WATCHDOG=1") == 0)
        fed++;
    assert_int_equal(fed, 4);
    sdnotify_free(s);
    loop_free(l);
    close(fd);
}

static void a_watchdog_for_another_process_is_not_ours(void **state)
{
    struct dispatcher d = {.asked = 0, .alive_for = 100};
    struct err e;
    struct loop *l = loop_new(&e);
    struct sdnotify *s;

    (void)state;
    setenv("NOTIFY_SOCKET", "@crier-watchdog-other", 1);
    setenv("WATCHDOG_USEC", "3000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    s = sdnotify_new(l, is_alive, &d);
    assert_false(loop_run_until(l, asked_enough, &d, 50));
    assert_int_equal(d.asked, 0);
    sdnotify_free(s);
    loop_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_reaches_the_manager),
        cmocka_unit_test(without_a_manager_nothing_happens),
        cmocka_unit_test(a_manager_that_is_gone_does_not_hurt),
        cmocka_unit_test(the_watchdog_is_fed_only_while_the_dispatcher_lives),
        cmocka_unit_test(a_watchdog_for_another_process_is_not_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
