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
        cmocka_unit_test(a_page_stored_without_an_answer_holds_nobody_up),
        cmocka_unit_test(an_alert_is_staged_beside_as_many_large_notices_as_are_staged_at_once),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
