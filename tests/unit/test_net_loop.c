/* net/loop: when callbacks come, and when they must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/loop.h"

enum { PATIENCE_MS = 5000 };

static struct loop *loop;
static struct buf trace;

static int setup(void **state)
{
    struct err e;

    (void)state;
    loop = loop_new(&e);
    buf_init(&trace, 65536);
    return loop != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    loop_free(loop);
    buf_fini(&trace);
    return 0;
}

static void note(void *arg)
{
    (void)buf_str(&trace, arg);
}

static void note_and_stop(void *arg)
{
    note(arg);
    loop_stop(loop);
}

static bool traced(void *arg)
{
    return strcmp(buf_cstr(&trace), arg) == 0;
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

#define TEXT(s) ((void *)(uintptr_t)(s))

static void timers_fire_in_the_order_of_their_times(void **state)
{
    struct loop_timer *a = loop_timer_new(loop, note_and_stop, TEXT("a")),
                      *b = loop_timer_new(loop, note, TEXT("b"));
    int64_t began = loop_now_us();

    (void)state;
    loop_timer_arm_ms(a, 30);
    loop_timer_arm_us(b, 500);
    assert_true(loop_timer_armed(a));
    assert_string_equal(buf_cstr(&trace), "");
    loop_run(loop);
    assert_string_equal(buf_cstr(&trace), "ba");
    assert_in_range(loop_now_us() - began, 30000, 2000000);
    assert_false(loop_timer_armed(a));
    loop_timer_free(a);
    loop_timer_free(b);
}

static void a_disarmed_or_moved_timer_does_not_fire(void **state)
{
    struct loop_timer *a = loop_timer_new(loop, note, TEXT("a")), *b = loop_timer_new(loop, note, TEXT("b"));

    (void)state;
    loop_timer_arm_ms(a, 1);
    loop_timer_arm_ms(b, 1);
    loop_timer_arm_ms(b, 60000); /* moved */
    loop_timer_disarm(a);
    loop_run_until(loop, never, NULL, 30);
    assert_string_equal(buf_cstr(&trace), "");
    assert_true(loop_timer_armed(b));
    loop_timer_arm_ms(b, 0);
    assert_true(loop_run_until(loop, traced, TEXT("b"), PATIENCE_MS));
    loop_timer_free(a);
    loop_timer_free(b);
}

static struct loop_timer *self;

static void free_self(void *arg)
{
    note(arg);
    loop_timer_free(self);
    self = NULL;
}

static void a_timer_may_free_itself(void **state)
{
    (void)state;
    self = loop_timer_new(loop, free_self, TEXT("x"));
    loop_timer_arm_ms(self, 0);
    assert_true(loop_run_until(loop, traced, TEXT("x"), PATIENCE_MS));
    loop_run_until(loop, never, NULL, 5);
    assert_null(self);
}

static struct loop_timer *twins[2];

static void free_twin(void *arg)
{
    size_t i = (size_t)(uintptr_t)arg;

    note(TEXT("t"));
    loop_timer_free(twins[1 - i]);
    twins[1 - i] = NULL;
}

/* Both are due in the same turn: the second must not be called after the first has freed it. */
static void a_timer_freed_by_another_in_the_same_turn_does_not_fire(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        twins[i] = loop_timer_new(loop, free_twin, (void *)(uintptr_t)i);
        loop_timer_arm_ms(twins[i], 1);
    }
    usleep(5000);
    loop_run_until(loop, never, NULL, 20);
    assert_string_equal(buf_cstr(&trace), "t");
    loop_timer_free(twins[0]);
    loop_timer_free(twins[1]);
}

static void the_fake_clock_does_not_stop_timers(void **state)
{
    struct loop_timer *a = loop_timer_new(loop, note, TEXT("a"));

    (void)state;
    clock_fake(1000, 1000);
    loop_timer_arm_ms(a, 2);
    assert_true(loop_run_until(loop, traced, TEXT("a"), PATIENCE_MS));
    clock_fake_off();
    loop_timer_free(a);
}

static struct loop_task first, second, third;

static void post_third(void *arg)
{
    note(arg);
    loop_post(loop, &third);
    assert_string_equal(buf_cstr(&trace), "|1"); /* not inside loop_post */
}

static void count_turn(void *arg)
{
    (*(int *)arg)++;
    note(TEXT("|"));
}

static void tasks_run_in_order_and_what_they_post_in_the_same_turn(void **state)
{
    int turns = 0;

    (void)state;
    first = (struct loop_task){.cb = post_third, .arg = TEXT("1")};
    second = (struct loop_task){.cb = note, .arg = TEXT("2")};
    third = (struct loop_task){.cb = note, .arg = TEXT("3")};
    loop_on_turn(loop, count_turn, &turns);
    loop_post(loop, &first);
    loop_post(loop, &second);
    loop_post(loop, &second); /* posted is posted */
    /* the steps also run before the first turn: what was begun until now leaves */
    assert_true(loop_run_until(loop, traced, TEXT("|123|"), PATIENCE_MS));
    assert_int_equal(turns, 2);
    loop_off_turn(loop, count_turn, &turns);
}

static void a_cancelled_task_does_not_run(void **state)
{
    (void)state;
    first = (struct loop_task){.cb = note, .arg = TEXT("1")};
    second = (struct loop_task){.cb = note, .arg = TEXT("2")};
    loop_post(loop, &first);
    loop_post(loop, &second);
    loop_task_cancel(loop, &first);
    loop_task_cancel(loop, &first);
    assert_true(loop_run_until(loop, traced, TEXT("2"), PATIENCE_MS));
}

static int n_spins;

static void post_self(void *arg)
{
    (void)arg;
    n_spins++;
    loop_post(loop, &first);
}

/* A task that posts itself for ever must not starve timers. */
static void tasks_do_not_starve_events(void **state)
{
    struct loop_timer *a = loop_timer_new(loop, note_and_stop, TEXT("a"));

    (void)state;
    n_spins = 0;
    first = (struct loop_task){.cb = post_self};
    loop_post(loop, &first);
    loop_timer_arm_ms(a, 5);
    loop_run(loop);
    assert_string_equal(buf_cstr(&trace), "a");
    assert_true(n_spins > 1000);
    loop_task_cancel(loop, &first);
    loop_timer_free(a);
}

static void leave_turn(void *arg)
{
    note(arg);
    loop_off_turn(loop, leave_turn, arg);
    loop_at_turn_end(loop, note, TEXT("end"));
}

static void register_steps(void *arg)
{
    note(arg);
    loop_on_turn_last(loop, leave_turn, TEXT("L"));
    loop_on_turn(loop, leave_turn, TEXT("A"));
    loop_on_turn(loop, leave_turn, TEXT("B"));
}

static void turn_steps_have_an_order_and_may_leave(void **state)
{
    (void)state;
    first = (struct loop_task){.cb = register_steps, .arg = TEXT("t")};
    second = (struct loop_task){.cb = note, .arg = TEXT("u")};
    loop_post(loop, &first);
    assert_true(loop_run_until(loop, traced, TEXT("tABLendendend"), PATIENCE_MS));
    loop_post(loop, &second);
    assert_true(loop_run_until(loop, traced, TEXT("tABLendendendu"), PATIENCE_MS));
}

static void stop_before_run_is_not_lost(void **state)
{
    (void)state;
    loop_stop(loop);
    assert_false(loop_run_until(loop, never, NULL, PATIENCE_MS)); /* returns at once, and keeps the stop */
    loop_run(loop);                                               /* returns */
}

static void signals_come_as_callbacks(void **state)
{
    struct loop_signal *s = loop_signal_new(loop, SIGUSR1, note_and_stop, TEXT("s"));

    (void)state;
    raise(SIGUSR1);
    assert_string_equal(buf_cstr(&trace), "");
    loop_run(loop);
    assert_string_equal(buf_cstr(&trace), "s");
    loop_signal_free(s);
}

static int pipe_fds[2];

static void read_pipe(void *arg)
{
    char c;

    assert_int_equal(read(pipe_fds[0], &c, 1), 1);
    note(arg);
}

static void descriptors_are_watched_until_freed(void **state)
{
    struct loop_fd *f;

    (void)state;
    assert_int_equal(pipe(pipe_fds), 0);
    f = loop_fd_new(loop, pipe_fds[0], read_pipe, TEXT("r"));
    assert_int_equal(write(pipe_fds[1], "ab", 2), 2);
    assert_true(loop_run_until(loop, traced, TEXT("rr"), PATIENCE_MS));
    loop_fd_free(f);
    assert_int_equal(write(pipe_fds[1], "c", 1), 1);
    loop_run_until(loop, never, NULL, 10);
    assert_string_equal(buf_cstr(&trace), "rr");
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

static void slow(void *arg)
{
    (void)arg;
    usleep(20000);
    loop_stop(loop);
}

static void lag_is_the_longest_turn(void **state)
{
    (void)state;
    first = (struct loop_task){.cb = slow};
    loop_post(loop, &first);
    loop_run(loop);
    loop_run_until(loop, never, NULL, 5);
    assert_in_range(loop_lag_take_us(loop), 20000, 2000000);
    assert_in_range(loop_lag_take_us(loop), 0, 19999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(timers_fire_in_the_order_of_their_times, setup, teardown),
        cmocka_unit_test_setup_teardown(a_disarmed_or_moved_timer_does_not_fire, setup, teardown),
        cmocka_unit_test_setup_teardown(a_timer_may_free_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(a_timer_freed_by_another_in_the_same_turn_does_not_fire, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_fake_clock_does_not_stop_timers, setup, teardown),
        cmocka_unit_test_setup_teardown(tasks_run_in_order_and_what_they_post_in_the_same_turn, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_cancelled_task_does_not_run, setup, teardown),
        cmocka_unit_test_setup_teardown(tasks_do_not_starve_events, setup, teardown),
        cmocka_unit_test_setup_teardown(turn_steps_have_an_order_and_may_leave, setup, teardown),
        cmocka_unit_test_setup_teardown(stop_before_run_is_not_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(signals_come_as_callbacks, setup, teardown),
        cmocka_unit_test_setup_teardown(descriptors_are_watched_until_freed, setup, teardown),
        cmocka_unit_test_setup_teardown(lag_is_the_longest_turn, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
