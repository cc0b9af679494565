/* Providers and Redis that fail: what is repeated, what is parked, what waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "tests/support/flow_bed.h"

static bool one_sent(struct flow_bed *b)
{
    return b->n_messages >= 1;
}

static bool two_sent(struct flow_bed *b)
{
    return b->n_messages >= 2;
}

static void a_lost_answer_parks_a_normal_notice(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 2, .retry_base_ms = 20});

    (void)state;
    b->answer[0] = FLOW_DROP;
    flow_notice(b, "n1", "normal", 0, 3);
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_UNKNOWN], 3);
    assert_int_equal(b->n_messages, 3);
    flow_free(b);
}

static void a_lost_answer_is_sent_again_for_an_emergency(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 2, .retry_base_ms = 20});

    (void)state;
    b->answer[0] = FLOW_DROP;
    flow_notice(b, "n1", "emergency", 0, 1);
    assert_true(flow_until(b, one_sent));
    b->answer[0] = FLOW_OK;
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_ACCEPTED], 1);
    assert_int_equal(b->n_messages, 2);
    assert_string_equal(b->messages[1].ref, "n1.0.2");
    flow_free(b);
}

static size_t sent_to(const struct flow_bed *b, const char *to)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n_messages; i++)
        n += strcmp(b->messages[i].to, to) == 0;
    return n;
}

static bool other_sent_again(struct flow_bed *b)
{
    return sent_to(b, "+8613800000001") == 2;
}

/* 100 ms stand for the 5 s of lane urgent; a report is given nine to twelve times as long. */
static void an_answer_in_doubt_waits_for_the_report_though_its_slice_comes_back_earlier(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 2, .retry_base_ms = 100});

    (void)state;
    b->answer[0] = FLOW_CODE;
    b->code = 5;
    memcpy(b->drop_to, "+8613800000000", sizeof("+8613800000000"));
    flow_notice(b, "n1", "urgent", 0, 2);
    assert_true(flow_until(b, two_sent));
    flow_run_ms(b, 20);
    b->answer[0] = FLOW_OK;
    b->drop_to[0] = '\0';
    assert_true(flow_until(b, other_sent_again));
    assert_int_equal(sent_to(b, "+8613800000000"), 1);
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(sent_to(b, "+8613800000000"), 2);
    assert_true(b->messages[b->n_messages - 1].at_us - b->messages[0].at_us > 850000);
    flow_free(b);
}

static void a_provider_that_wants_quiet_gets_it_and_no_attempt_is_counted(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 1, .retry_base_ms = 20});

    (void)state;
    b->answer[0] = FLOW_429;
    b->retry_after = 1;
    flow_notice(b, "n1", "normal", 0, 1);
    assert_true(flow_until(b, one_sent));
    b->answer[0] = FLOW_OK;
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(b->n_messages, 2);
    assert_true(b->messages[1].at_us - b->messages[0].at_us >= 990000);
    assert_string_equal(b->messages[1].ref, "n1.0.1");
    flow_free(b);
}

static bool breaker_opened(struct flow_bed *b)
{
    return link_stats(b->links[0])->breaker_open;
}

static bool breaker_closed(struct flow_bed *b)
{
    return !link_stats(b->links[0])->breaker_open;
}

static void a_provider_that_fails_is_left_alone_probed_and_used_again(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 4, .retry_base_ms = 20});
    size_t before;

    (void)state;
    b->answer[0] = FLOW_503;
    flow_notice(b, "n1", "normal", 0, 60);
    assert_true(flow_until(b, breaker_opened));
    assert_string_equal(link_state(b->links[0]), "breaker-open");
    flow_run_ms(b, 100);
    before = b->n_requests;
    flow_run_ms(b, 600);
    assert_int_equal(b->n_requests, before); /* nothing before the probe is due */
    b->answer[0] = FLOW_OK;
    assert_true(flow_until(b, breaker_closed));
    assert_true(b->n_requests >= before + 1);
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_ACCEPTED], 60);
    flow_free(b);
}

static void the_second_provider_takes_over_from_one_that_is_not_there(void **state)
{
    struct flow_bed *b =
        flow_new(&(struct flow_opts){.window = 2, .n_links = 2, .dead_first = true, .retry_base_ms = 1000});
    int64_t began = clock_mono_ms();

    (void)state;
    flow_notice(b, "n1", "urgent", 0, 5);
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_ACCEPTED], 5);
    assert_int_equal(b->n_messages, 5);
    assert_int_equal(b->messages[0].provider, 1);
    assert_true(clock_mono_ms() - began < 3000);
    flow_free(b);
}

static void a_paced_provider_gets_no_second_with_more_than_its_rate(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 16, .rate = 40});

    (void)state;
    flow_notice(b, "n1", "normal", 0, 90);
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(b->n_messages, 90);
    for (size_t i = 0; i + 40 < 90; i++)
        if (b->messages[i + 40].at_us - b->messages[i].at_us < 1000000)
            fail_msg("41 messages within %lld us",
                     (long long)(b->messages[i + 40].at_us - b->messages[i].at_us));
    /* and the rate is used: 90 messages at 40 a second take 2.25 s */
    assert_true(b->messages[89].at_us - b->messages[0].at_us < 2600000);
    flow_free(b);
}

static void on_drained(void *arg)
{
    struct flow_bed *b = arg;

    b->drained = true;
}

static bool is_drained(struct flow_bed *b)
{
    return b->drained;
}

static void draining_finishes_requests_and_hands_the_rest_back(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 2});
    char *work;

    (void)state;
    b->answer[0] = FLOW_HOLD;
    flow_notice(b, "n1", "urgent", 0, 150);
    assert_true(flow_until(b, two_sent));
    feeder_drain(b->feeder, on_drained, b);
    flow_run_ms(b, 50);
    assert_false(b->drained);
    flow_release(b);
    assert_true(flow_until(b, is_drained));
    assert_int_equal(b->n_messages, 2);
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_ACCEPTED], 2);
    work = redis_server_ask(b->server, "HLEN", "crier:{venus}:n:n1:own", NULL);
    assert_string_equal(work, "0"); /* nobody owns a slice of it any more */
    free(work);
    flow_free(b);
}

static bool all_settled(struct flow_bed *b)
{
    return b->settled[RECIPIENT_ACCEPTED] == 20;
}

static void results_wait_while_redis_is_away_and_nothing_is_sent_twice(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 4, .aof = true});

    (void)state;
    b->answer[0] = FLOW_HOLD;
    flow_notice(b, "n1", "urgent", 0, 20);
    assert_true(flow_until(b, two_sent));
    redis_server_kill(b->server);
    flow_release(b);
    flow_run_ms(b, 300);
    assert_true(b->n_messages <= 4); /* no Redis, no new send */
    redis_server_restart(b->server);
    assert_true(flow_until(b, all_settled));
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(b->n_messages, 20);
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_ACCEPTED], 20);
    flow_free(b);
}

/* The report was written, Redis died before it read it: it is said again. */
static void a_report_that_redis_never_read_is_said_again(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 4, .aof = true});

    (void)state;
    b->answer[0] = FLOW_HOLD;
    flow_notice(b, "n1", "urgent", 0, 20);
    assert_true(flow_until(b, two_sent));
    redis_server_freeze(b->server, true);
    flow_release(b);
    flow_run_ms(b, 300);
    redis_server_kill(b->server);
    redis_server_restart(b->server);
    assert_true(flow_until(b, all_settled));
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(b->n_messages, 20);
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_ACCEPTED], 20);
    flow_free(b);
}

static size_t n_refused_told;

static void count_refused(void *arg, const char *line)
{
    (void)arg;
    n_refused_told += strstr(line, "event=slice.report-refused") != NULL;
}

static bool refusal_told(struct flow_bed *b)
{
    (void)b;
    return n_refused_told > 0;
}

/* Somebody took a right away: every slice says its results again and again, the log says it once. */
static void a_report_that_redis_refuses_is_said_again_and_told_once(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 4});

    (void)state;
    n_refused_told = 0;
    log_set_tap(count_refused, NULL);
    b->answer[0] = FLOW_HOLD;
    flow_notice(b, "n1", "urgent", 0, 20);
    assert_true(flow_until(b, two_sent));
    free(redis_server_ask(b->server, "ACL", "SETUSER", "default", "-setrange", NULL));
    flow_release(b);
    assert_true(flow_until(b, refusal_told));
    flow_run_ms(b, 700); /* it is said again several times */
    assert_int_equal(n_refused_told, 1);
    free(redis_server_ask(b->server, "ACL", "SETUSER", "default", "+setrange", NULL));
    assert_true(flow_until(b, all_settled));
    log_set_tap(NULL, NULL);
    flow_free(b);
}

/* What the file held at ${size} is all that is left of it. */
static long file_size(const char *path, long cut_to)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    if (cut_to >= 0)
        assert_int_equal(truncate(path, cut_to), 0);
    return (long)st.st_size;
}

static char *append_file(struct flow_bed *b)
{
    char *pattern = xasprintf("%s/appendonlydir/*.incr.aof", redis_server_dir(b->server)), *path;
    glob_t g;

    assert_int_equal(glob(pattern, 0, NULL, &g), 0);
    path = xstrdup(g.gl_pathv[g.gl_pathc - 1]);
    globfree(&g);
    free(pattern);
    return path;
}

static bool ten_settled(struct flow_bed *b)
{
    return b->settled[RECIPIENT_ACCEPTED] == 10;
}

/* Power loss: confirmed marks and results are gone; the provider has the messages. Lane normal must not send them again. */
static void what_redis_forgot_is_said_again_and_nothing_is_sent_twice(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 4, .aof = true, .lease_ms = 1000});
    char *path;
    long size;

    (void)state;
    feeder_keep_results(b->feeder, true);
    b->replay = true;
    b->answer[0] = FLOW_HOLD;
    flow_notice(b, "n1", "normal", 0, 10);
    assert_true(flow_until(b, two_sent));
    path = append_file(b);
    size = file_size(path, -1);
    flow_release(b);
    assert_true(flow_until(b, ten_settled));
    redis_server_kill(b->server);
    file_size(path, size);
    redis_server_restart(b->server);
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(b->n_messages, 10);
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_ACCEPTED], 10);
    free(path);
    flow_free(b);
}

static void rubbish_from_a_provider_is_unknown(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 2});

    (void)state;
    b->answer[0] = FLOW_CODE;
    b->code = 77;
    flow_notice(b, "n1", "normal", 0, 2);
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_UNKNOWN], 2);
    flow_free(b);
}

static struct {
    int n_errors, n_warnings;
} told;

static void count_not_sent(void *arg, const char *line)
{
    (void)arg;
    if (strstr(line, "event=link.not-sent") == NULL)
        return;
    told.n_errors += strstr(line, "level=error") != NULL && strstr(line, "lane=emergency") != NULL;
    told.n_warnings += strstr(line, "level=warn") != NULL && strstr(line, "lane=normal") != NULL;
}

static bool both_told(struct flow_bed *b)
{
    (void)b;
    return told.n_errors > 0 && told.n_warnings > 0;
}

/* Two recipients are too few for the breaker: somebody has to be told all the same, and not with every try. */
static void an_emergency_that_cannot_be_sent_is_an_alarm_and_said_once(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 2, .dead_first = true, .retry_base_ms = 20});
    json_t *json;

    (void)state;
    memset(&told, 0, sizeof(told));
    log_set_tap(count_not_sent, NULL);
    flow_notice(b, "n1", "emergency", 0, 2);
    flow_notice(b, "n2", "normal", 0, 1);
    assert_true(flow_until(b, both_told));
    flow_run_ms(b, 300); /* several tries */
    assert_true(link_stats(b->links[0])->verdicts[VERDICT_RETRY] > 3);
    assert_int_equal(told.n_errors, 1);
    assert_int_equal(told.n_warnings, 1);
    json = link_json(b->links[0]);
    assert_non_null(strstr(json_string_value(json_object_get(json, "why")), "Connection refused"));
    json_decref(json);
    log_set_tap(NULL, NULL);
    flow_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_answer_parks_a_normal_notice),
        cmocka_unit_test(a_lost_answer_is_sent_again_for_an_emergency),
        cmocka_unit_test(an_answer_in_doubt_waits_for_the_report_though_its_slice_comes_back_earlier),
        cmocka_unit_test(a_provider_that_wants_quiet_gets_it_and_no_attempt_is_counted),
        cmocka_unit_test(a_provider_that_fails_is_left_alone_probed_and_used_again),
        cmocka_unit_test(the_second_provider_takes_over_from_one_that_is_not_there),
        cmocka_unit_test(a_paced_provider_gets_no_second_with_more_than_its_rate),
        cmocka_unit_test(draining_finishes_requests_and_hands_the_rest_back),
        cmocka_unit_test(results_wait_while_redis_is_away_and_nothing_is_sent_twice),
        cmocka_unit_test(a_report_that_redis_never_read_is_said_again),
        cmocka_unit_test(a_report_that_redis_refuses_is_said_again_and_told_once),
        cmocka_unit_test(what_redis_forgot_is_said_again_and_nothing_is_sent_twice),
        cmocka_unit_test(rubbish_from_a_provider_is_unknown),
        cmocka_unit_test(an_emergency_that_cannot_be_sent_is_an_alarm_and_said_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
