/* base/err: who ends, ends, even when nobody reads what he says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

enum { PATIENCE_S = 5, FATAL_STATUS = 78 };

/* stderr becomes a pipe that takes not one byte more; blocking, as a service manager hands it over. */
static void stop_up_stderr(void)
{
    int fds[2];
    char block[4096] = {0};

    if (pipe(fds) != 0 || fcntl(fds[1], F_SETFL, O_NONBLOCK) != 0)
        _exit(1);
    while (write(fds[1], block, sizeof(block)) > 0)
        continue;
    while (write(fds[1], block, 1) > 0)
        continue;
    if (fcntl(fds[1], F_SETFL, 0) != 0 || dup2(fds[1], STDERR_FILENO) < 0)
        _exit(1);
}

static int status_of(void (*end)(void))
{
    struct rlimit no_core = {0, 0};
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        setrlimit(RLIMIT_CORE, &no_core);
        alarm(PATIENCE_S); /* who waits for a reader dies of this */
        stop_up_stderr();
        end();
        _exit(1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void end_by_panic(void)
{
    panic("nobody reads %d", 1);
}

static void end_by_fatal(void)
{
    fatal(FATAL_STATUS, "nobody reads %d", 2);
}

static void a_panic_does_not_wait_for_a_reader(void **state)
{
    int status = status_of(end_by_panic);

    (void)state;
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void a_refusal_does_not_wait_for_a_reader(void **state)
{
    int status = status_of(end_by_fatal);

    (void)state;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), FATAL_STATUS);
}

/* "%.40s" of what somebody wrote ends at a byte, not at a character. */
static void what_is_quoted_in_part_is_cut_at_a_character(void **state)
{
    struct err e;

    (void)state;
    err_set(&e, "bad", NULL, "status \"%.4s\" is none, nor %.5s", "状态", "a😀b");
    assert_string_equal(e.msg, "status \"状\" is none, nor a😀");
    err_set(&e, "bad", NULL, "%.2s|%.1s|%.7s", "状", "é",
            "a状\xff"
            "b");
    assert_string_equal(e.msg, "||a状b");
}

static void what_is_too_long_is_cut_at_a_character(void **state)
{
    struct err e;
    char longer[4096];

    (void)state;
    for (size_t i = 0; i + 3 < sizeof(longer); i += 3)
        memcpy(longer + i, "\xe6\xb5\xb7", 4);
    assert_int_equal(err_set(&e, "code", "field", "%s", longer), -1);
    assert_int_equal(strlen(e.msg) % 3, 0);
    assert_in_range(strlen(e.msg), sizeof(e.msg) - 4, sizeof(e.msg) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_panic_does_not_wait_for_a_reader),
        cmocka_unit_test(a_refusal_does_not_wait_for_a_reader),
        cmocka_unit_test(what_is_too_long_is_cut_at_a_character),
        cmocka_unit_test(what_is_quoted_in_part_is_cut_at_a_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
