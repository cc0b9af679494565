/* The canary: a Redis that came back empty, or older than it was, is noticed and stays an alarm until somebody has seen it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "daemon/canary.h"

static char dir[40];
static struct canary *c;
static int64_t now = 1795867200000;

static int open_it(void **state)
{
    (void)state;
    memcpy(dir, "/tmp/crier-canary-XXXXXX", sizeof("/tmp/crier-canary-XXXXXX"));
    if (mkdtemp(dir) == NULL)
        return -1;
    c = canary_open(dir, 0);
    return 0;
}

static int close_it(void **state)
{
    char *path = xasprintf("%s/canary-0", dir);

    (void)state;
    canary_close(c);
    unlink(path);
    free(path);
    return rmdir(dir);
}

static void restart(void)
{
    canary_close(c);
    c = canary_open(dir, 0);
}

static struct queue_holdings holds(const char *born, int64_t gen)
{
    struct queue_holdings h = {.gen = gen, .n_residents = 300, .n_activities = 2, .n_notices = 1, .n_ids = 1};

    memcpy(h.born, born, strlen(born) + 1);
    memcpy(h.ids[0], "typhoon", sizeof("typhoon"));
    return h;
}

static enum canary_loss look(const char *born, int64_t gen)
{
    struct queue_holdings h = holds(born, gen);

    return canary_look(c, "venus", &h, "Asia/Shanghai", now);
}

static enum canary_loss alarm_of(const char *community)
{
    enum canary_loss loss;
    const char *words = canary_alarm(c, community, &loss);

    assert_true((words != NULL) == (loss != CANARY_FINE));
    return loss;
}

static void the_same_data_is_fine(void **state)
{
    (void)state;
    assert_int_equal(look("one", 1), CANARY_FINE);
    assert_int_equal(look("one", 2), CANARY_FINE);
    restart();
    assert_int_equal(look("one", 9), CANARY_FINE); /* other daemons looked meanwhile */
    assert_int_equal(alarm_of("venus"), CANARY_FINE);
    assert_int_equal(alarm_of("mars"), CANARY_FINE);
}

static void other_data_is_an_alarm_that_says_what_there_was(void **state)
{
    struct queue_holdings empty = {.gen = 1, .born = "two"};
    const char *words;

    (void)state;
    assert_int_equal(look("one", 5), CANARY_FINE);
    assert_int_equal(canary_look(c, "venus", &empty, "Asia/Shanghai", now), CANARY_EMPTY);
    words = canary_alarm(c, "venus", NULL);
    assert_non_null(strstr(words, "300 residents"));
    assert_non_null(strstr(words, "2 activities"));
    assert_non_null(strstr(words, "1 notices that were not over (typhoon)"));
    assert_non_null(strstr(words, "crier doctor --acknowledge"));
    assert_int_equal(canary_residents(c, "venus"), 300);
    empty.gen = 2;
    assert_int_equal(canary_look(c, "venus", &empty, "Asia/Shanghai", now), CANARY_FINE); /* told once */
    assert_int_equal(alarm_of("venus"), CANARY_EMPTY);                                    /* stands */
    assert_int_equal(alarm_of("mars"), CANARY_FINE);
}

static void the_alarm_outlives_the_daemon(void **state)
{
    (void)state;
    assert_int_equal(look("one", 5), CANARY_FINE);
    restart();
    assert_int_equal(look("two", 1), CANARY_EMPTY);
    restart();
    assert_int_equal(alarm_of("venus"), CANARY_EMPTY);
    assert_int_equal(look("two", 2), CANARY_FINE);
    assert_int_equal(alarm_of("venus"), CANARY_EMPTY);
    canary_acknowledge(c, "venus", now);
    assert_int_equal(alarm_of("venus"), CANARY_FINE);
    restart();
    assert_int_equal(alarm_of("venus"), CANARY_FINE);
}

static void acknowledged_through_another_daemon(void **state)
{
    struct queue_holdings h = holds("two", 3);

    (void)state;
    look("one", 5);
    look("two", 1);
    memcpy(h.acked_born, "one", sizeof("one")); /* that was something else */
    h.acked_gen = 5;
    canary_look(c, "venus", &h, "Asia/Shanghai", now);
    assert_int_equal(alarm_of("venus"), CANARY_EMPTY);
    memcpy(h.acked_born, "two", sizeof("two"));
    h.acked_gen = 2;
    h.gen = 4;
    canary_look(c, "venus", &h, "Asia/Shanghai", now);
    assert_int_equal(alarm_of("venus"), CANARY_FINE);
}

/* This daemon was not there when the data was lost and somebody acknowledged it. */
static void acknowledged_while_this_daemon_was_away(void **state)
{
    struct queue_holdings h = holds("two", 9);

    (void)state;
    look("one", 5);
    restart();
    memcpy(h.acked_born, "two", sizeof("two"));
    h.acked_gen = 4;
    assert_int_equal(canary_look(c, "venus", &h, "Asia/Shanghai", now),
                     CANARY_EMPTY); /* what its journal holds is gone there all the same */
    assert_int_equal(alarm_of("venus"), CANARY_FINE);
}

static void an_older_state_is_noticed(void **state)
{
    struct queue_holdings h;

    (void)state;
    look("one", 50);
    assert_int_equal(look("one", 48), CANARY_ROLLED);
    assert_int_equal(alarm_of("venus"), CANARY_ROLLED);
    assert_non_null(strstr(canary_alarm(c, "venus", NULL), "told last"));
    assert_int_equal(look("one", 49), CANARY_FINE);
    h = holds("one", 50);
    memcpy(h.acked_born, "one", sizeof("one"));
    h.acked_gen = 47; /* of an earlier loss */
    canary_look(c, "venus", &h, "Asia/Shanghai", now);
    assert_int_equal(alarm_of("venus"), CANARY_ROLLED);
    h.gen = 51;
    h.acked_gen = 50;
    canary_look(c, "venus", &h, "Asia/Shanghai", now);
    assert_int_equal(alarm_of("venus"), CANARY_FINE);
}

/* Emptied again while the alarm stands: what there was to lose is what the first alarm says. */
static void a_second_loss_keeps_the_words_of_the_first(void **state)
{
    struct queue_holdings empty = {.gen = 1, .born = "two"};

    (void)state;
    look("one", 5);
    canary_look(c, "venus", &empty, "Asia/Shanghai", now);
    memcpy(empty.born, "three", sizeof("three"));
    assert_int_equal(canary_look(c, "venus", &empty, "Asia/Shanghai", now), CANARY_EMPTY);
    assert_non_null(strstr(canary_alarm(c, "venus", NULL), "300 residents"));
    assert_int_equal(canary_residents(c, "venus"), 300);
}

static void a_torn_file_is_begun_anew(void **state)
{
    char *path = xasprintf("%s/canary-0", dir);

    (void)state;
    look("one", 5);
    assert_int_equal(truncate(path, 20), 0);
    restart();
    assert_int_equal(look("two", 1), CANARY_FINE);
    assert_int_equal(look("three", 1), CANARY_EMPTY);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same_data_is_fine, open_it, close_it),
        cmocka_unit_test_setup_teardown(other_data_is_an_alarm_that_says_what_there_was, open_it, close_it),
        cmocka_unit_test_setup_teardown(the_alarm_outlives_the_daemon, open_it, close_it),
        cmocka_unit_test_setup_teardown(acknowledged_through_another_daemon, open_it, close_it),
        cmocka_unit_test_setup_teardown(acknowledged_while_this_daemon_was_away, open_it, close_it),
        cmocka_unit_test_setup_teardown(an_older_state_is_noticed, open_it, close_it),
        cmocka_unit_test_setup_teardown(a_second_loss_keeps_the_words_of_the_first, open_it, close_it),
        cmocka_unit_test_setup_teardown(a_torn_file_is_begun_anew, open_it, close_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
