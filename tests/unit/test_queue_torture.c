/* Four daemons, one at-least-once and one at-most-once notice, faults after every step; then the provider's book is compared with the ledger.
 *
 * One process plays all daemons in turns, so that a seed repeats a run (CRIER_SEED=n). Faults: a daemon dies after any step and comes back
 * (taking its own work back, or leaving it until its leases end); it hangs while its leases end and goes on as if nothing had happened; an
 * answer of Redis is lost and the call is repeated; scripts are flushed; the provider says try again, says no, or accepts without being heard.
 *
 * Nothing may be lost; no recipient of the at-most-once notice may get two copies; second copies of the other only from lost answers.
 *
 * The same with a Redis that is killed (nothing acknowledged is lost with appendfsync always), and with power loss: the end of its file is cut
 * off at any byte. What a daemon had in the air then may be sent again; still nobody is forgotten, and the work comes to its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "tests/support/queue_fixture.h"

#define RECIPIENTS 1500
#define DAEMONS    4
#define RANGE      20
#define TURNS      40000
#define CUT_MAX    3000 /* bytes of the append-only file */
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
static unsigned n_deaths, n_hangs, n_unheard, n_repeats, n_restarts;

enum redis_faults { REDIS_STEADY, REDIS_KILLED, REDIS_POWER_LOSS };

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

/* Bytes that never reached the disk: of the last file only, the ones before were closed and synced. */
static void cut_file(void)
{
    char *dir = xasprintf("%s/appendonlydir", redis_server_dir(f->server)), *path = NULL;
    static const char name[] = "appendonly.aof.";
    DIR *d = opendir(dir);
    struct stat st;
    long last = 0;

    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        long number =
            strncmp(e->d_name, name, strlen(name)) == 0 ? strtol(e->d_name + strlen(name), NULL, 10) : 0;

        if (number <= last || strstr(e->d_name, ".incr.aof") == NULL)
            continue;
        last = number;
        free(path);
        path = xasprintf("%s/%s", dir, e->d_name);
    }
    closedir(d);
    assert_non_null(path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(
        truncate(path, st.st_size - (off_t)pick((unsigned)(st.st_size < CUT_MAX ? st.st_size : CUT_MAX) + 1)),
        0);
    free(path);
    free(dir);
}

static void on_check(void *arg, const struct queue_result *r, const struct queue_durability *d)
{
    if (r->status == QUEUE_OK)
        assert_true(d->ok);
    fixture_take(arg, r);
}

static void check_redis(void)
{
    do {
        queue_check(f->q, on_check, f);
        fixture_wait(f);
    } while (f->status != QUEUE_OK);
    free(redis_server_ask(f->server, "DEL", "crier:{venus}:hold", NULL)); /* its seconds are over */
}

static void restart_redis(enum redis_faults faults)
{
    n_restarts++;
    redis_server_kill(f->server);
    fixture_cancel(f, "nobody"); /* notices that the connection is gone */
    if (faults == REDIS_POWER_LOSS)
        cut_file();
    redis_server_restart(f->server);
    fixture_wait_up(f);
    check_redis();
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

static void torture(enum redis_server_mode mode, enum redis_faults faults)
{
    const char *seed = getenv("CRIER_SEED");
    int64_t s = 20251123;
    size_t turns = 0;
    unsigned most;
    char filler[CUT_MAX + 1] = "";

    if (seed != NULL)
        assert_int_equal(num_i64(seed, 0, INT64_MAX, &s), 0);
    random_state = (uint64_t)s;
    n_deaths = n_hangs = n_unheard = n_repeats = n_restarts = 0;
    memset(&alo, 0, sizeof(alo));
    memset(&amo, 0, sizeof(amo));
    memset(daemons, 0, sizeof(daemons));
    f = fixture_new(mode, NULL);
    check_redis();
    alo.id = "alo";
    amo.id = "amo";
    fixture_running(f, alo.id, "emergency", RECIPIENTS);
    fixture_running(f, amo.id, "normal", RECIPIENTS);
    memset(filler, 'x',
           sizeof(filler) - 1); /* no cut reaches back into the staging, which nobody here would repeat */
    free(redis_server_ask(f->server, "SET", "filler", filler, NULL));
    for (size_t i = 0; i < DAEMONS; i++) {
        assert_true(snprintf(daemons[i].id, sizeof(daemons[i].id), "t%zu", i) > 0);
        daemons[i].q = life(daemons[i].id);
    }
    while (turns++ < TURNS && !(turns % 50 == 0 && over(alo.id) && over(amo.id))) {
        turn(&daemons[pick(DAEMONS)]);
        if (one_in(20))
            fixture_audit(f, f->q);
        if (faults != REDIS_STEADY && one_in(200))
            restart_redis(faults);
    }
    printf("seed %lld: %zu turns, %u deaths, %u hangs, %u restarts of Redis, %u answers unheard, %u reports "
           "repeated\n",
           (long long)s, turns, n_deaths, n_hangs, n_restarts, n_unheard, n_repeats);
    printf("second copies: %u at least once, %u at most once\n", sum_over_one(&alo), sum_over_one(&amo));
    check_book(&alo);
    check_book(&amo);
    most = faults == REDIS_POWER_LOSS ? n_restarts * 2 * NOTICE_SLICE : 0;
    assert_true(sum_over_one(&amo) <= most);
    assert_true(sum_over_one(&alo) <= n_unheard + (n_deaths + n_hangs) * RANGE * DAEMONS + most);
    for (size_t i = 0; i < DAEMONS; i++) {
        drop(&daemons[i]);
        queue_free(daemons[i].q);
    }
    fixture_free(f);
}

static void test_daemons_die(void **state)
{
    (void)state;
    torture(REDIS_SERVER_MEMORY, REDIS_STEADY);
}

static void test_redis_is_killed(void **state)
{
    (void)state;
    torture(REDIS_SERVER_AOF, REDIS_KILLED);
}

static void test_power_loss(void **state)
{
    (void)state;
    torture(REDIS_SERVER_AOF, REDIS_POWER_LOSS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_daemons_die),
        cmocka_unit_test(test_redis_is_killed),
        cmocka_unit_test(test_power_loss),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
