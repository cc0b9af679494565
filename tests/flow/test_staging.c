/* Staging large audiences, and what happens when the notice ends in the middle of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/stager.h"
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
    queue_stage_next(f->q, on_job, &s);
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
    queue_stage_next(f->q, on_job, &s);
    fixture_wait(f);
    loop_run_until(f->loop, never, NULL, 50); /* whatever still was under way */
    assert_int_equal(s.n_done, 1);
    assert_true(s.lost);
    assert_int_equal(fixture_get(f, "gone").state, NOTICE_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_audience_is_staged_whole),
        cmocka_unit_test(a_notice_cancelled_while_it_is_staged_ends_once),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
