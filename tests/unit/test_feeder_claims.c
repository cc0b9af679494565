/* How much is claimed while Redis is slow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "daemon/feeder_int.h"

static void a_quick_redis_gets_all_there_is(void **state)
{
    struct feeder_claims c = feeder_claims_at(250000);

    (void)state;
    assert_int_equal(c.lanes, 15);
    assert_false(c.halved);
    assert_true(c.most >= 4);
    assert_int_equal(feeder_claims_at(0).most, c.most);
}

static void a_slow_one_gets_half(void **state)
{
    struct feeder_claims c = feeder_claims_at(250001);

    (void)state;
    assert_int_equal(c.lanes, 15);
    assert_true(c.halved);
    assert_int_equal(c.most, feeder_claims_at(0).most / 2);
    assert_int_equal(feeder_claims_at(1000000).most, c.most);
}

static void a_very_slow_one_gets_alerts_only(void **state)
{
    struct feeder_claims c = feeder_claims_at(1000001);

    (void)state;
    assert_int_equal(c.lanes, 1u << LANE_EMERGENCY | 1u << LANE_URGENT);
    assert_int_equal(c.most, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quick_redis_gets_all_there_is),
        cmocka_unit_test(a_slow_one_gets_half),
        cmocka_unit_test(a_very_slow_one_gets_alerts_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
