/* A provider that wants no more to one number for a while: that one waits or goes another way, the others are not held up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/support/flow_bed.h"

#define SLOW "+8613800000001"

static struct flow_bed *new_bed(size_t n_links, int64_t seconds)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 8, .n_links = n_links, .lease_ms = 2000});

    memcpy(b->slow_to, SLOW, sizeof(SLOW));
    b->retry_after = seconds;
    return b;
}

static size_t sent_to(const struct flow_bed *b, const char *to)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n_messages; i++)
        n += strcmp(b->messages[i].to, to) == 0;
    return n;
}

static bool all_but_one(struct flow_bed *b)
{
    return b->settled[RECIPIENT_ACCEPTED] == 29 && b->settled[RECIPIENT_PENDING] == 1;
}

static void the_others_go_on_and_the_one_waits_its_time(void **state)
{
    struct flow_bed *b = new_bed(1, 2);
    int64_t first = 0;

    (void)state;
    flow_notice(b, "n1", "normal", 0, 30);
    assert_true(flow_until(b, all_but_one));
    assert_string_equal(link_state(b->links[0]), "ok"); /* the account is not at fault */
    for (size_t i = 0; i < b->n_messages; i++)
        if (strcmp(b->messages[i].to, SLOW) == 0)
            first = b->messages[i].at_us;
    b->slow_to[0] = '\0';
    flow_run_ms(b, 1000);
    assert_int_equal(sent_to(b, SLOW), 1);
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(sent_to(b, SLOW), 2);
    assert_string_equal(b->messages[b->n_messages - 1].ref, "n1.1.1"); /* a throttle is no attempt */
    assert_true(b->messages[b->n_messages - 1].at_us - first >= 1990000);
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_ACCEPTED], 30);
    flow_free(b);
}

static void another_provider_takes_it_at_once(void **state)
{
    struct flow_bed *b = new_bed(2, 3600);
    int64_t began = clock_mono_ms();

    (void)state;
    flow_notice(b, "n1", "normal", 0, 30);
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_true(clock_mono_ms() - began < 3000);
    assert_int_equal(sent_to(b, SLOW), 2);
    for (size_t i = 0; i < b->n_messages; i++)
        assert_int_equal(b->messages[i].provider, i == b->n_messages - 1 ? 1 : 0);
    flow_free(b);
}

static void it_still_waits_after_the_daemon_died(void **state)
{
    struct flow_bed *b = new_bed(1, 4);

    (void)state;
    flow_notice(b, "n1", "normal", 0, 30);
    assert_true(flow_until(b, all_but_one));
    flow_restart(b);
    b->slow_to[0] = '\0';
    flow_notice(b, "n2", "normal", 100, 1); /* it works again... */
    assert_true(flow_until_state(b, "n2", NOTICE_DONE));
    flow_run_ms(b, 1500);
    assert_int_equal(sent_to(b, SLOW), 1); /* ...and knows whom to leave alone */
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(sent_to(b, SLOW), 2);
    flow_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_others_go_on_and_the_one_waits_its_time),
        cmocka_unit_test(another_provider_takes_it_at_once),
        cmocka_unit_test(it_still_waits_after_the_daemon_died),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
