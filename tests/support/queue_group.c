/* One fixture for a whole group of tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/queue_fixture.h"

#define ALL ((1u << LANE_N) - 1)

struct fixture *fix;

int fixture_start(void **state)
{
    (void)state;
    fix = fixture_new(REDIS_SERVER_MEMORY, NULL);
    return 0;
}

int fixture_stop(void **state)
{
    (void)state;
    fixture_free(fix);
    fix = NULL;
    return 0;
}

int fixture_fresh(void **state)
{
    (void)state;
    fixture_flush(fix);
    return 0;
}

uint64_t fixture_count(const char *id, enum recipient_state s)
{
    return fixture_get(fix, id).counts[s];
}

bool fixture_nothing_to_claim(void)
{
    struct queue_claim *c = fixture_claim(fix, fix->q, ALL);
    bool none = c == NULL;

    fixture_claim_free(c);
    return none;
}

struct queue_claim *fixture_expect_claim(struct queue *q, unsigned lanes, const char *id)
{
    struct queue_claim *c = fixture_claim(fix, q, lanes);

    assert_int_equal(fix->status, QUEUE_OK);
    if (id == NULL) {
        assert_null(c);
        return NULL;
    }
    assert_non_null(c);
    assert_string_equal(c->id, id);
    return c;
}

void fixture_claim_and_drop(unsigned lanes, const char *id)
{
    fixture_claim_free(fixture_expect_claim(fix->q, lanes, id));
}
