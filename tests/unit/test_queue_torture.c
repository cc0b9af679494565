/* Four daemons, one at-least-once and one at-most-once notice, faults after every step; then the provider's book is compared with the ledger.
 *
 * One process plays all daemons in turns, so that a seed repeats a run (CRIER_SEED=n). Faults: a daemon dies after any step and comes back
 * (taking its own work back, or leaving it until its leases end); it hangs while its leases end and goes on as if nothing had happened; an
 * answer of Redis is lost and the call is repeated; scripts are flushed; the provider says try again, says no, or accepts without being heard.
 *
 * Nothing may be lost; no recipient of the at-most-once notice may get two copies; second copies of the other only from lost answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "tests/support/queue_fixture.h"

#define RECIPIENTS 1500
#define DAEMONS    4
#define RANGE      20
#define TURNS      40000
#define ALL        15u

enum step { IDLE, CLAIMED, BEGUN, SENT };
struct daemon {
    char id[8];
    struct queue *q;
    enum step step;
    struct queue_claim *c;
    uint32_t off; /* next range */
    struct queue_go go[NOTICE_SLICE];
    size_t n_go;
    struct queue_outcome out[NOTICE_SLICE];
    size_t n_out;
};
struct book { /* what the provider knows */
    const char *id;
    unsigned copies[RECIPIENTS], refused[RECIPIENTS];
};

static struct fixture *f;
static struct daemon daemons[DAEMONS];
static struct book alo, amo;
static uint64_t random_state;
static unsigned n_deaths, n_hangs, n_unheard, n_repeats;

/* Below ${n}. */
static unsigned pick(unsigned n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((random_state >> 33) % n);
}

static bool one_in(unsigned n)
{
    return pick(n) == 0;
}

static struct queue *life(const char *id)
{
    const struct queue_opts o = {
        .redis = f->redis, .prefix = "crier:", .community = "venus", .daemon_id = id, .lease_ms = 60000};

    return queue_new(&o);
}

static void on_takeover(void *arg, const struct queue_result *r, size_t n)
{
    (void)n;
    fixture_take(arg, r);
}

static void drop(struct daemon *d)
{
    fixture_claim_free(d->c);
    d->c = NULL;
    d->step = IDLE;
    d->off = 0;
    d->n_go = d->n_out = 0;
}

static void end_all_leases(void)
{
    fixture_end_leases(f, alo.id);
    fixture_end_leases(f, amo.id);
}

static void die(struct daemon *d)
{
    n_deaths++;
    drop(d);
    queue_free(d->q);
    d->q = life(d->id);
    if (one_in(2)) {
        queue_takeover(d->q, on_takeover, f);
        fixture_wait(f);
    } else {
        end_all_leases(); /* everybody else's work is taken too, while they go on */
    }
}

static enum recipient_state doubt(const struct queue_claim *c)
{
    return c->on_unknown == ON_UNKNOWN_RESEND ? RECIPIENT_RETRY : RECIPIENT_UNKNOWN;
}

/* The provider's answer to one message, entered in its book. */
static enum recipient_state send_one(const struct queue_claim *c, uint64_t index)
{
    struct book *b = strcmp(c->id, alo.id) == 0 ? &alo : &amo;
    unsigned luck = pick(100);

    if (luck < 8)
        return RECIPIENT_RETRY;
    if (luck < 10)
        return RECIPIENT_PENDING; /* not even written */
    if (luck < 12) {
        b->refused[index]++;
        return RECIPIENT_FAILED;
    }
    b->copies[index]++;
    if (luck < 15) {
        n_unheard++;
        return doubt(c);
    }
    return RECIPIENT_ACCEPTED;
}

static void step_claim(struct daemon *d)
{
    d->c = fixture_claim(f, d->q, ALL);
    if (d->c != NULL)
        d->step = CLAIMED;
}

static void step_begin(struct daemon *d)
{
    uint32_t n = d->c->n - d->off < RANGE ? d->c->n - d->off : RANGE;

    d->n_go = fixture_begin(f, d->q, d->c, d->off, n, d->go);
    if (f->status != QUEUE_OK) {
        drop(d); /* lost: somebody else has it */
        return;
    }
    d->off += n;
    if (one_in(50))
        d->n_go = 0; /* the answer was lost: nothing may be written */
    d->step = BEGUN;
}

static void step_send(struct daemon *d)
{
    d->n_out = d->n_go;
    for (size_t i = 0; i < d->n_go; i++)
        d->out[i] = (struct queue_outcome){.off = d->go[i].off,
                                           .attempt = d->go[i].attempt,
                                           .state = send_one(d->c, d->c->first + d->go[i].off),
                                           .route = 1};
    d->step = SENT;
}

static void step_finish(struct daemon *d)
{
    bool last = d->off == d->c->n || one_in(10); /* handed back early */
    bool mine = fixture_finish(f, d->q, d->c, d->out, d->n_out, last, 0);

    if (one_in(20)) {
        n_repeats++;
        fixture_finish(f, d->q, d->c, d->out, d->n_out, last, 0);
    }
    if (last || !mine)
        drop(d);
    else
        d->step = CLAIMED;
}

static void turn(struct daemon *d)
{
    static void (*const steps[])(struct daemon * d) = {step_claim, step_begin, step_send, step_finish};

    steps[d->step](d);
    if (one_in(150))
        die(d);
    if (one_in(300)) {
        n_hangs++;
        end_all_leases();
    }
    if (one_in(500))
        free(redis_server_ask(f->server, "SCRIPT", "FLUSH", NULL));
}

static bool over(const char *id)
{
    return notice_state_is_final(fixture_get(f, id).state);
}

static unsigned sum_over_one(const struct book *b)
{
    unsigned n = 0;

    for (size_t i = 0; i < RECIPIENTS; i++)
        n += b->copies[i] > 1 ? b->copies[i] - 1 : 0;
    return n;
}

static struct book *checked;

static void on_recipient(void *arg, const struct queue_recipient *r)
{
    unsigned copies = checked->copies[r->index];

    (void)arg;
    assert_true(recipient_state_is_final(r->state));
    if (r->state == RECIPIENT_ACCEPTED)
        assert_true(copies > 0);
    if (r->state == RECIPIENT_FAILED)
        assert_true(checked->refused[r->index] > 0);
    if (copies == 0 && checked == &alo)
        assert_true(r->state == RECIPIENT_FAILED || r->state == RECIPIENT_EXHAUSTED);
    if (copies == 0 && checked == &amo)
        assert_true(r->state == RECIPIENT_FAILED || r->state == RECIPIENT_UNKNOWN ||
                    r->state == RECIPIENT_EXHAUSTED);
}

static void check_book(struct book *b)
{
    struct queue_notice n = fixture_get(f, b->id);
    uint64_t sum = 0;

    assert_int_equal(n.state, NOTICE_DONE);
    for (size_t s = 0; s < RECIPIENT_STATE_N; s++)
        sum += n.counts[s];
    assert_int_equal(sum, RECIPIENTS);
    checked = b;
    for (uint64_t from = 0; from < RECIPIENTS; from += 1000) {
        queue_recipients(f->q, b->id, from, 1000, on_recipient, fixture_on_done, f);
        fixture_wait(f);
    }
}

static void test_torture(void **state)
{
    const char *seed = getenv("CRIER_SEED");
    int64_t s = 20251123;
    size_t turns = 0;

    (void)state;
    if (seed != NULL)
        assert_int_equal(num_i64(seed, 0, INT64_MAX, &s), 0);
    random_state = (uint64_t)s;
    f = fixture_new(REDIS_SERVER_MEMORY, NULL);
    alo.id = "alo";
    amo.id = "amo";
    fixture_running(f, alo.id, "emergency", RECIPIENTS);
    fixture_running(f, amo.id, "normal", RECIPIENTS);
    for (size_t i = 0; i < DAEMONS; i++) {
        assert_true(snprintf(daemons[i].id, sizeof(daemons[i].id), "t%zu", i) > 0);
        daemons[i].q = life(daemons[i].id);
    }
    while (turns++ < TURNS && !(turns % 50 == 0 && over(alo.id) && over(amo.id))) {
        turn(&daemons[pick(DAEMONS)]);
        if (one_in(20))
            fixture_audit(f, f->q);
    }
    printf("seed %lld: %zu turns, %u deaths, %u hangs, %u answers unheard, %u reports repeated; second "
           "copies: %u at least once, %u at most once\n",
           (long long)s, turns, n_deaths, n_hangs, n_unheard, n_repeats, sum_over_one(&alo),
           sum_over_one(&amo));
    check_book(&alo);
    check_book(&amo);
    assert_int_equal(sum_over_one(&amo), 0);
    assert_true(sum_over_one(&alo) <= n_unheard + (n_deaths + n_hangs) * RANGE * DAEMONS);
    for (size_t i = 0; i < DAEMONS; i++) {
        drop(&daemons[i]);
        queue_free(daemons[i].q);
    }
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_torture),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
