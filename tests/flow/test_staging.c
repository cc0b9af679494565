/* Staging large audiences, and what happens when the notice ends in the middle of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/scheduler.h"
#include "daemon/stager_int.h"
#include "tests/support/queue_fixture.h"

enum { PEOPLE = 3000, CHUNK = 250 };

static struct fixture *f;

static void on_put(void *arg, const struct queue_result *r, const struct people_import *counts)
{
    (void)counts;
    fixture_take(arg, r);
}

static void import_people(void)
{
    struct resident *list = xcalloc(CHUNK, sizeof(*list));

    for (unsigned done = 0; done < PEOPLE; done += CHUNK) {
        for (unsigned i = 0; i < CHUNK; i++) {
            list[i].n_phones = 1;
            assert_true(snprintf(list[i].phones[0], sizeof(list[i].phones[0]), "+86138000%05u", done + i) >
                        0);
            assert_true(snprintf(list[i].name, sizeof(list[i].name), "n%u", done + i) > 0);
        }
        people_put(f->q, list, CHUNK, false, on_put, f);
        fixture_wait(f);
        assert_int_equal(f->status, QUEUE_OK);
    }
    free(list);
}

static int start(void **state)
{
    (void)state;
    f = fixture_new(REDIS_SERVER_MEMORY, NULL);
    import_people();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    fixture_free(f);
    return 0;
}

struct staging {
    struct stager *stager;
    const char *cancel_id; /* cancelled as soon as a page is stored */
    size_t n_pages, n_done;
    bool lost;
};

static void on_cancelled(void *arg, const struct queue_result *r)
{
    (void)arg;
    assert_int_equal(r->status, QUEUE_OK);
}

static void on_page(void *arg)
{
    struct staging *s = arg;

    if (s->n_pages++ == 0 && s->cancel_id != NULL)
        queue_cancel(f->q, s->cancel_id, "cancelled", on_cancelled, NULL);
}

static void on_done(void *arg, const struct queue_result *r, const struct stager_counts *c, bool lost)
{
    struct staging *s = arg;

    (void)c;
    s->n_done++;
    s->lost = lost;
    fixture_take(f, r);
}

static void on_job(void *arg, const struct queue_result *r, const struct queue_stage_job *job,
                   int64_t next_ms)
{
    static const char *const channels[] = {"sms"};
    struct stager_opts o = {.loop = f->loop, .queue = f->q, .channels = channels, .n_channels = 1};
    struct staging *s = arg;

    (void)r, (void)next_ms;
    assert_non_null(job);
    s->stager = stager_new(&o, job, on_page, on_done, s);
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static void a_large_audience_is_staged_whole(void **state)
{
    struct staging s = {.cancel_id = NULL};

    (void)state;
    assert_string_equal(
        fixture_accept(f, f->q, "{\"v\":1,\"id\":\"all\",\"to\":{\"everyone\":true},\"text\":\"x\"}"),
        "accepted");
    queue_stage_next(f->q, 15, on_job, &s);
    fixture_wait(f);
    assert_false(s.lost);
    assert_int_equal(fixture_get(f, "all").total, PEOPLE);
    assert_true(s.n_pages > 3);
}

/* The next page is read while the one before is being stored: both answers come back to a stager that is still there. */
static void a_notice_cancelled_while_it_is_staged_ends_once(void **state)
{
    struct staging s = {.cancel_id = "gone"};

    (void)state;
    assert_string_equal(
        fixture_accept(f, f->q, "{\"v\":1,\"id\":\"gone\",\"to\":{\"everyone\":true},\"text\":\"x\"}"),
        "accepted");
    queue_stage_next(f->q, 15, on_job, &s);
    fixture_wait(f);
    loop_run_until(f->loop, never, NULL, 50); /* whatever still was under way */
    assert_int_equal(s.n_done, 1);
    assert_true(s.lost);
    assert_int_equal(fixture_get(f, "gone").state, NOTICE_CANCELLED);
}

/* ---- a crash in the middle ---- */

enum { MEANT = 1500 };

struct crash {
    struct queue *queue; /* of the daemon that stages */
    struct stager *stager;
    size_t n_pages, crash_at;
    bool crashed;
};

static void on_page_or_crash(void *arg)
{
    struct crash *c = arg;

    c->crashed = ++c->n_pages == c->crash_at || c->crashed;
}

static void on_crash_done(void *arg, const struct queue_result *r, const struct stager_counts *c, bool lost)
{
    (void)arg, (void)c;
    assert_false(lost);
    fixture_take(f, r);
}

static void on_crash_job(void *arg, const struct queue_result *r, const struct queue_stage_job *job,
                         int64_t next_ms)
{
    static const char *const channels[] = {"sms"};
    struct crash *c = arg;
    struct stager_opts o = {.loop = f->loop, .queue = c->queue, .channels = channels, .n_channels = 1};

    (void)r, (void)next_ms;
    assert_non_null(job);
    c->stager = stager_new(&o, job, on_page_or_crash, on_crash_done, c);
}

static bool is_crashed(void *arg)
{
    return ((struct crash *)arg)->crashed;
}

static void redis_script(const char *script)
{
    free(redis_server_ask(f->server, "EVAL", script, "0", NULL));
}

static void told_of_another(void)
{
    fixture_running(f, "big", "normal", MEANT);
    redis_script("redis.call('SET', 'crier:{venus}:n:big:st', string.rep(string.char(2, 1), 1500))");
}

static void registered(void)
{
    redis_script(
        "redis.call('HSET', 'crier:{venus}:act:party', 'code', 'party') for i = 1, 1500 do local p = "
        "string.format('+86138000%05d', 10000 + i) redis.call('HSET', 'crier:{venus}:act:party:reg', p, "
        "'0\\t1\\t1\\t0\\tn') redis.call('ZADD', 'crier:{venus}:act:party:conf', i, p) end");
}

/* While nobody stages, somebody comes in front of all. */
static void roster_moves(void)
{
    redis_script("redis.call('HSET', 'crier:{venus}:act:party:reg', '+8613800020000', '0\\t1\\t1\\t0\\tn') "
                 "redis.call('ZADD', 'crier:{venus}:act:party:conf', 0, '+8613800020000')");
}

static const struct {
    const char *id, *json;
    void (*prepare)(void), (*meanwhile)(void);
    uint64_t total;
} crashes[] = {
    {"clear", "{\"v\":1,\"id\":\"clear\",\"kind\":\"allclear\",\"cancels\":\"big\",\"text\":\"x\"}",
     told_of_another,                                                                                            NULL, MEANT    },
    {"party", "{\"v\":1,\"id\":\"party\",\"to\":{\"activity\":\"party\"},\"text\":\"x\"}",           registered,
     roster_moves,                                                                                                     MEANT + 1},
};

/* Nobody is frozen twice, nobody is left out, whichever page was the last one that was stored. */
static void staging_that_died_in_the_middle_is_finished_by_another(void **state)
{
    struct queue *other = fixture_queue(f, "d2", 60000);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(crashes); i++) {
        const struct queue_opts qo = {.redis = f->redis,
                                      .prefix = "crier:",
                                      .community = "venus",
                                      .daemon_id = "d9",
                                      .lease_ms = 60000};
        struct crash first = {.queue = queue_new(&qo), .crash_at = 2}, second = {.queue = other};
        char *key = xasprintf("crier:{venus}:n:%s", crashes[i].id);

        crashes[i].prepare();
        assert_string_equal(fixture_accept(f, f->q, crashes[i].json), "accepted");
        queue_stage_next(first.queue, 15, on_crash_job, &first);
        assert_true(loop_run_until(f->loop, is_crashed, &first, 10000));
        queue_free(first.queue); /* with what was under way */
        stager_free(first.stager);
        assert_true(fixture_get(f, crashes[i].id).total > 0);
        assert_true(fixture_get(f, crashes[i].id).total < MEANT);
        if (crashes[i].meanwhile != NULL)
            crashes[i].meanwhile();
        fixture_end_leases(f, crashes[i].id);
        queue_stage_next(other, 15, on_crash_job, &second);
        fixture_wait(f);
        if (fixture_get(f, crashes[i].id).total != crashes[i].total)
            fail_msg("%s: %llu recipients", crashes[i].id,
                     (unsigned long long)fixture_get(f, crashes[i].id).total);
        assert_true(fixture_redis_is(f, "1", "HGET", key, "staged", NULL));
        free(key);
    }
}

/* Its own page was stored and the answer lost: another one of this daemon goes on from there, not after a lease. */
static void on_second_page(void *arg)
{
    struct staging *s = arg;

    if (s->n_pages++ > 0)
        return;
    s->stager->put_unsure = true;
    free(redis_server_ask(f->server, "HSET", "crier:{venus}:n:unsure", "cursor", "w:1999", NULL));
}

static void on_unsure_job(void *arg, const struct queue_result *r, const struct queue_stage_job *job,
                          int64_t next_ms)
{
    static const char *const channels[] = {"sms"};
    struct stager_opts o = {.loop = f->loop, .queue = f->q, .channels = channels, .n_channels = 1};
    struct staging *s = arg;

    (void)r, (void)next_ms;
    assert_non_null(job);
    s->stager = stager_new(&o, job, on_second_page, on_done, s);
}

static void on_job_again(void *arg, const struct queue_result *r, const struct queue_stage_job *job,
                         int64_t next_ms)
{
    (void)next_ms;
    assert_non_null(job);
    assert_string_equal(job->id, "unsure");
    assert_string_equal(job->cursor, "w:1999");
    fixture_take(arg, r);
}

static void a_page_stored_without_an_answer_holds_nobody_up(void **state)
{
    struct staging s = {.cancel_id = NULL};

    (void)state;
    assert_string_equal(
        fixture_accept(f, f->q, "{\"v\":1,\"id\":\"unsure\",\"to\":{\"everyone\":true},\"text\":\"x\"}"),
        "accepted");
    queue_stage_next(f->q, 15, on_unsure_job, &s);
    fixture_wait(f);
    assert_true(s.lost);
    queue_stage_next(f->q, 15, on_job_again, f);
    fixture_wait(f);
}

/* ---- the scheduler ---- */

enum { LARGE = 4 };

struct order {
    struct scheduler *scheduler;
    size_t n_large;
    bool alert_begun;
    unsigned large_over; /* when the alert was begun */
};

static bool is_staged(unsigned i)
{
    char key[64], *staged;

    assert_true(snprintf(key, sizeof(key), "crier:{venus}:n:large%u", i) > 0);
    staged = redis_server_ask(f->server, "HGET", key, "staged", NULL);
    bool yes = strcmp(staged, "1") == 0;
    free(staged);
    return yes;
}

static void on_notice(void *arg, const char *id, enum notice_state st)
{
    struct order *o = arg;

    assert_int_equal(st, NOTICE_STAGING);
    if (strcmp(id, "alert") != 0) {
        if (++o->n_large == LARGE) { /* it is there now */
            free(redis_server_ask(f->server, "ZADD", "crier:{venus}:staging:0", "0", "alert", NULL));
            scheduler_poke(o->scheduler);
        }
        return;
    }
    o->alert_begun = true;
    for (unsigned i = 0; i < LARGE; i++)
        o->large_over += is_staged(i);
}

static void on_work(void *arg)
{
    (void)arg;
}

static bool alert_is_begun(void *arg)
{
    return ((struct order *)arg)->alert_begun;
}

static void an_alert_is_staged_beside_as_many_large_notices_as_are_staged_at_once(void **state)
{
    static const char *const channels[] = {"sms"};
    struct order order = {.scheduler = NULL};
    struct scheduler_opts o = {.loop = f->loop,
                               .queue = f->q,
                               .sweep_ms = 1000,
                               .channels = channels,
                               .n_channels = 1,
                               .on_work = on_work,
                               .on_notice = on_notice,
                               .arg = &order};

    (void)state;
    for (unsigned i = 0; i < LARGE; i++) {
        char *json = xasprintf("{\"v\":1,\"id\":\"large%u\",\"to\":{\"everyone\":true},\"text\":\"x\"}", i);

        assert_string_equal(fixture_accept(f, f->q, json), "accepted");
        free(json);
    }
    assert_string_equal(
        fixture_accept(f, f->q,
                       "{\"v\":1,\"id\":\"alert\",\"lane\":\"emergency\",\"to\":{\"everyone\":true},"
                       "\"text\":\"x\"}"),
        "accepted");
    free(redis_server_ask(f->server, "DEL", "crier:{venus}:staging:0", NULL)); /* not yet */
    order.scheduler = scheduler_new(&o);
    scheduler_set_usable(order.scheduler, true);
    assert_true(loop_run_until(f->loop, alert_is_begun, &order, 10000));
    assert_int_equal(order.large_over, 0);
    scheduler_free(order.scheduler);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_audience_is_staged_whole),
        cmocka_unit_test(a_notice_cancelled_while_it_is_staged_ends_once),
        cmocka_unit_test(staging_that_died_in_the_middle_is_finished_by_another),
        cmocka_unit_test(a_page_stored_without_an_answer_holds_nobody_up),
        cmocka_unit_test(an_alert_is_staged_beside_as_many_large_notices_as_are_staged_at_once),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
