/* Emergencies that come back from the journal, and entries that a daemon's life left in process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "daemon/intake.h"
#include "daemon/journal.h"
#include "tests/support/queue_fixture.h"

struct bed {
    struct fixture *f;
    struct journal *journal;
    struct intake *intake;
    struct redis *block[2];
    struct config config;
    struct config_community community;
    char dir[40], community_name[8];
    size_t n_accepted;
};

/* The next alert comes over HTTP in the moment in which the first one is stored; Redis does not know it yet. */
static void on_accepted(void *arg, const struct notice *n)
{
    struct bed *b = arg;
    struct err e;

    (void)n;
    if (b->n_accepted++ == 0)
        assert_true(journal_add(b->journal, "venus", "{\"id\":\"typhoon-2\"}", 18, &e) > 0);
}

static void on_rejected(void *arg, const char *reason)
{
    (void)arg;
    fail_msg("rejected: %s", reason);
}

static void bed_open(struct bed *b)
{
    struct err e = {{0}, {0}, {0}};
    struct intake_opts o = {.config = &b->config,
                            .community = &b->community,
                            .on_accepted = on_accepted,
                            .on_rejected = on_rejected,
                            .arg = b};

    *b = (struct bed){.dir = "/tmp/crier-resubmit-XXXXXX", .community_name = "venus"};
    assert_non_null(mkdtemp(b->dir));
    b->community.name = b->community_name;
    b->f = fixture_new(REDIS_SERVER_MEMORY, NULL);
    b->journal = journal_open(b->dir, 0, &e);
    assert_non_null(b->journal);
    o.loop = b->f->loop;
    o.queue = b->f->q;
    o.journal = b->journal;
    for (size_t i = 0; i < ARRAY_LEN(b->block); i++)
        b->block[i] = redis_new(b->f->loop, &(struct redis_opts){.url = redis_server_url(b->f->server)}, &e);
    o.block = b->block[0];
    o.block_e = b->block[1];
    b->intake = intake_new(&o);
}

static void bed_close(struct bed *b)
{
    char *path = xasprintf("%s/journal-0", b->dir);

    intake_free(b->intake);
    journal_close(b->journal);
    for (size_t i = 0; i < ARRAY_LEN(b->block); i++)
        redis_free(b->block[i]);
    fixture_free(b->f);
    unlink(path);
    rmdir(b->dir);
    free(path);
}

static bool is_accepted(void *arg)
{
    return ((struct bed *)arg)->n_accepted > 0;
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static void see(void *arg, const struct journal_record *r)
{
    if (strcmp(r->id, "typhoon-1") == 0)
        *(struct journal_record *)arg = *r;
}

/* Redis came, went and came: the record is said once at a time, confirmed, and kept: Redis may lose it yet. */
static void a_record_said_again_is_confirmed_once_and_kept(void **state)
{
    struct bed b;
    struct err e;
    static const char json[] =
        "{\"v\":1,\"id\":\"typhoon-1\",\"kind\":\"notice\",\"lane\":\"emergency\",\"on_unknown\":\"resend\","
        "\"to\":{\"everyone\":true},\"text\":\"x\",\"not_after\":\"2100-01-01T00:00:00+08:00\"}";
    int64_t number;
    struct journal_record r = {.confirmed = false};

    (void)state;
    bed_open(&b);
    number = journal_add(b.journal, "venus", json, strlen(json), &e);
    assert_true(number > 0);
    intake_resubmit(b.intake, number, json, strlen(json));
    intake_resubmit(b.intake, number, json, strlen(json));
    assert_true(loop_run_until(b.f->loop, is_accepted, &b, 5000));
    loop_run_until(b.f->loop, never, NULL, 50);
    assert_int_equal(b.n_accepted, 1);
    assert_int_equal(journal_n_open(b.journal), 2);
    journal_each(b.journal, see, &r);
    assert_true(r.confirmed);
    bed_close(&b);
}

/* What it ends was lost with everything else: the all-clear is said all the same, to those whom it names. */
static void an_all_clear_outlives_the_alert_that_redis_lost(void **state)
{
    struct bed b;
    struct err e;
    static const char json[] =
        "{\"v\":1,\"id\":\"clear-1\",\"kind\":\"allclear\",\"lane\":\"urgent\",\"cancels\":\"typhoon-1\","
        "\"on_unknown\":\"resend\",\"to\":{\"phones\":[\"+8613800000001\"]},\"text\":\"x\","
        "\"not_after\":\"2100-01-01T00:00:00+08:00\"}";
    int64_t number;

    (void)state;
    bed_open(&b);
    number = journal_add(b.journal, "venus", json, strlen(json), &e);
    assert_true(number > 0);
    intake_resubmit(b.intake, number, json, strlen(json));
    assert_true(loop_run_until(b.f->loop, is_accepted, &b, 5000));
    assert_int_equal(fixture_get(b.f, "clear-1").state, NOTICE_STAGING);
    bed_close(&b);
}

static bool nothing_in_process(void *arg)
{
    char *n = redis_server_ask(((struct bed *)arg)->f->server, "LLEN", "crier:{venus}:inproc:d1", NULL);
    bool none = strcmp(n, "0") == 0;

    free(n);
    return none;
}

/* A producer said it twice, and the daemon died with both: neither waits for the daemon's next start. */
static void two_entries_of_the_same_words_are_both_settled(void **state)
{
    static const char json[] = "{\"id\":\"water\",\"to\":{\"everyone\":true},\"text\":\"x\"}";
    struct bed b;

    (void)state;
    bed_open(&b);
    free(redis_server_ask(b.f->server, "LPUSH", "crier:{venus}:inproc:d1", json, json, json, NULL));
    intake_start(b.intake);
    assert_true(loop_run_until(b.f->loop, nothing_in_process, &b, 5000));
    assert_int_equal(fixture_get(b.f, "water").state, NOTICE_STAGING);
    bed_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_said_again_is_confirmed_once_and_kept),
        cmocka_unit_test(an_all_clear_outlives_the_alert_that_redis_lost),
        cmocka_unit_test(two_entries_of_the_same_words_are_both_settled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
