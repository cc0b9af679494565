/* The replier: from stored replies to seats and answers; one or two daemons against a real redis-server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/replier.h"
#include "queue/people.h"
#include "tests/support/queue_bed.h"

#define P        "crier:{venus}:"
#define ASK(...) redis_server_ask(bed->server, __VA_ARGS__, NULL)
#define WAIT_MS  20000
#define HOUR     3600000LL

static struct queue_bed *bed;
static struct intent_words *words;
static struct replier *replier[2];
static int n_settled, n_expected, n_stored;
static char last_result[40], last_intent[16];
static bool stopped;
static json_t *explained;

static void on_settled(void *arg, const struct replier_settled *s)
{
    (void)arg;
    n_settled++;
    assert_true(strlen(s->result) < sizeof(last_result) && strlen(s->intent) < sizeof(last_intent));
    memcpy(last_result, s->result, strlen(s->result) + 1);
    memcpy(last_intent, s->intent, strlen(s->intent) + 1);
}

static void start(int i)
{
    const struct replier_opts o = {.loop = bed->loop,
                                   .queue = bed->q[i],
                                   .words = words,
                                   .tz = "Asia/Shanghai",
                                   .sign = "金星社区",
                                   .lease_ms = 600,
                                   .on_settled = on_settled};

    replier[i] = replier_new(&o);
}

static void on_stopped(void *arg)
{
    (void)arg;
    stopped = true;
}

static bool is_stopped(void *arg)
{
    (void)arg;
    return stopped;
}

static void stop(int i)
{
    if (!replier[i])
        return;
    stopped = false;
    replier_stop(replier[i], on_stopped, NULL);
    assert_true(loop_run_until(bed->loop, is_stopped, NULL, WAIT_MS));
    replier_free(replier[i]);
    replier[i] = NULL;
}

/* ---- acting ---- */

static void on_store(void *arg, const struct queue_result *r, size_t n)
{
    (void)arg;
    n_expected += (int)n;
    queue_bed_note(bed, r);
}

static void store_as(const char *id, const char *from, const char *text)
{
    const struct replies_in in = {
        .provider = "p1", .channel = "sms", .id = id, .from = from, .text = text, .text_len = strlen(text)};

    replies_store(bed->q[n_stored++ % 2], &in, 1, on_store, NULL);
}

static bool all_settled(void *arg)
{
    (void)arg;
    return n_settled >= n_expected;
}

static void settle_all(void)
{
    for (int i = 0; i < 2; i++)
        if (replier[i])
            replier_poke(replier[i]);
    if (!loop_run_until(bed->loop, all_settled, NULL, WAIT_MS))
        fail_msg("%d of %d replies are settled", n_settled, n_expected);
    assert_int_equal(n_settled, n_expected);
}

/* A text comes and is decided; -> what became of it. */
static const char *text(int person, const char *words_of_it)
{
    char id[24], from[PHONE_MAX];

    assert_true(snprintf(id, sizeof(id), "m-%d", n_stored) < (int)sizeof(id));
    assert_true(snprintf(from, sizeof(from), "+86138000%05d", person) < (int)sizeof(from));
    store_as(id, from, words_of_it);
    queue_bed_wait(bed, 1);
    settle_all();
    return last_result;
}

static void on_changed(void *arg, const struct queue_result *r, uint32_t n_promoted)
{
    (void)n_promoted;
    queue_bed_done(arg, r);
}

static void add_activity(const char *code, const char *title, uint32_t seats)
{
    struct activity a = {
        .seats = seats, .max_party = 10, .starts_at = clock_wall_ms() + 48 * HOUR, .stored = ACTIVITY_OPEN};

    memcpy(a.code, code, strlen(code) + 1);
    memcpy(a.title, title, strlen(title) + 1);
    roster_put(bed->q[0], &a, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_int_equal(bed->last.status, QUEUE_OK);
}

static void on_import(void *arg, const struct queue_result *r, const struct people_import *c)
{
    (void)arg;
    (void)c;
    queue_bed_note(bed, r);
}

static void add_resident(int person, const char *name)
{
    struct resident r = {.n_phones = 1};

    memcpy(r.name, name, strlen(name) + 1);
    assert_true(snprintf(r.phones[0], sizeof(r.phones[0]), "+86138000%05d", person) <
                (int)sizeof(r.phones[0]));
    people_put(bed->q[0], &r, 1, false, on_import, NULL);
    queue_bed_wait(bed, 1);
}

/* ---- looking ---- */

static struct activity seen;
static struct roster_entry entries[600];
static size_t n_entries;

static void on_activity(void *arg, const struct queue_result *r, const struct activity *a)
{
    (void)arg;
    seen = *a;
    queue_bed_note(bed, r);
}

static void on_entry(void *arg, const struct roster_entry *e)
{
    (void)arg;
    entries[n_entries++] = *e;
}

static void look(const char *code)
{
    roster_get(bed->q[1], code, on_activity, NULL);
    n_entries = 0;
    roster_entries(bed->q[1], code, on_entry, queue_bed_done, bed);
    queue_bed_wait(bed, 2);
}

/* All answers so far, one a line. */
static char *answers(void)
{
    return ASK("EVAL",
               "local r = {} for _, k in ipairs(redis.call('KEYS', '*:aud')) do for _, v in "
               "ipairs(redis.call('HVALS', k)) do r[#r + 1] = v end end "
               "return table.concat(r)",
               "0");
}

static int n_answers(const char *to)
{
    char *all = answers();
    int n = 0;

    for (char *p = all; (p = strstr(p, to)) != NULL; p++)
        n++;
    free(all);
    return n;
}

static void expect(char *answer, const char *want)
{
    assert_string_equal(answer, want);
    free(answer);
}

/* ---- tests ---- */

static int setup(void **state)
{
    (void)state;
    queue_bed_clear(bed);
    queue_bed_clock(bed, -(clock_wall_ms() %
                           HOUR)); /* begins with the hour: limits per hour do not change under a test */
    n_settled = n_expected = n_stored = 0;
    start(0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stop(0);
    stop(1);
    return 0;
}

static void a_text_takes_a_seat_and_is_answered_with_the_place(void **state)
{
    (void)state;
    add_activity("篮球", "中秋篮球赛", 2);
    add_resident(1, "王伟");
    assert_string_equal(text(1, "报名篮球赛"), "confirmed");
    look("篮球");
    assert_int_equal(seen.taken, 1);
    assert_string_equal(entries[0].name, "王伟");
    assert_int_equal(entries[0].resident, 1);
    assert_int_equal(n_answers("+8613800000001\t\t王伟\t"), 1);
    expect(ASK("XLEN", P "replies"), "0");
    expect(ASK("HLEN", P "rdone"), "0");
    expect(ASK("XLEN", P "texts"), "0");
}

static void a_withdrawal_promotes_and_both_are_told(void **state)
{
    (void)state;
    add_activity("篮球", "中秋篮球赛", 1);
    assert_string_equal(text(1, "报名 篮球"), "confirmed");
    assert_string_equal(text(2, "报名 篮球"), "waiting");
    assert_string_equal(text(1, "取消"), "left");
    look("篮球");
    assert_string_equal(entries[0].phone, "+8613800000002");
    assert_int_equal(entries[0].status, REG_CONFIRMED);
    assert_int_equal(n_answers("+8613800000001"), 2);
    assert_int_equal(n_answers("+8613800000002"), 2);
}

static void more_seats_by_staff_are_told_to_those_who_move_up(void **state)
{
    (void)state;
    add_activity("篮球", "中秋篮球赛", 1);
    text(1, "报名 篮球");
    text(2, "报名 篮球");
    look("篮球");
    seen.seats = 5;
    roster_change(bed->q[1], &seen, NULL, on_changed, bed);
    queue_bed_wait(bed, 1);
    n_expected++; /* the news */
    settle_all();
    assert_string_equal(last_result, "promoted");
    assert_int_equal(n_answers("+8613800000002"), 2);
}

static void five_hundred_people_text_twice_for_fifty_seats_at_two_daemons(void **state)
{
    (void)state;
    enum { N = 500, SEATS = 50 };
    char id[24], from[PHONE_MAX];

    add_activity("篮球", "中秋篮球赛", SEATS);
    start(1);
    for (int copy = 0; copy < 2; copy++)
        for (int i = 0; i < N; i++) {
            assert_true(snprintf(id, sizeof(id), "m-%d", i) < (int)sizeof(id));
            assert_true(snprintf(from, sizeof(from), "+86138000%05d", i) < (int)sizeof(from));
            store_as(id, from, "我要报名篮球");
        }
    queue_bed_wait(bed, 2 * N);
    assert_int_equal(n_expected, N);
    settle_all();
    look("篮球");
    assert_int_equal(seen.taken, SEATS);
    assert_int_equal(seen.waiting, N - SEATS);
    assert_int_equal(n_entries, N);
    /* The order of arrival is the order of the stream, which the history keeps. */
    char *order = ASK("EVAL",
                      "local r = {} for _, e in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do r[#r + 1] "
                      "= e[2][2] end return table.concat(r, ' ')",
                      "1", P "replies.log");
    const char *p = order;
    for (size_t i = 0; i < n_entries; i++, p += strcspn(p, " ") + 1)
        assert_memory_equal(entries[i].phone, p, strcspn(p, " "));
    free(order);
    assert_int_equal(n_answers("+86138"), N);
}

static void on_register(void *arg, const struct queue_result *r, const struct registry_outcome *o,
                        const struct roster_promoted *p, size_t n)
{
    (void)arg;
    (void)o;
    (void)p;
    (void)n;
    queue_bed_note(bed, r);
}

static char pending_key[40];

static void on_pending(void *arg, const struct queue_result *r, const struct replies_pending *list, size_t n)
{
    (void)arg;
    assert_int_equal(n, 1);
    memcpy(pending_key, list[0].key, strlen(list[0].key) + 1);
    queue_bed_note(bed, r);
}

static void a_crash_between_registering_and_settling_has_no_second_effect(void **state)
{
    (void)state;
    add_activity("篮球", "中秋篮球赛", 5);
    stop(0);
    store_as("m-1", "+8613800000001", "报名 篮球 3人");
    queue_bed_wait(bed, 1);
    replies_pending(bed->q[0], 64, on_pending, NULL);
    queue_bed_wait(bed, 1);
    const struct roster_request q = {
        .op_id = pending_key, .code = "篮球", .phone = "+8613800000001", .name = "", .count = 3};
    roster_register(bed->q[0], &q, on_register, NULL);
    queue_bed_wait(bed, 1);
    start(1); /* another daemon takes over */
    settle_all();
    assert_string_equal(last_result, "confirmed");
    look("篮球");
    assert_int_equal(seen.taken, 3);
    assert_int_equal(n_answers("+8613800000001"), 1);
}

static void two_texts_of_one_sender_are_decided_one_after_the_other(void **state)
{
    (void)state;
    add_activity("篮球", "中秋篮球赛", 5);
    add_activity("象棋", "象棋赛", 5);
    store_as("m-1", "+8613800000001", "报名 篮球");
    store_as("m-2", "+8613800000001", "取消"); /* means the only one registered for */
    queue_bed_wait(bed, 2);
    settle_all();
    assert_string_equal(last_result, "left");
    look("篮球");
    assert_int_equal(seen.taken, 0);
}

static void an_ambiguous_text_is_asked_back_and_the_number_decides(void **state)
{
    (void)state;
    add_activity("篮球", "中秋篮球赛", 5);
    add_activity("象棋", "象棋赛", 5);
    add_resident(1, "王伟");
    assert_string_equal(text(1, "报名"), "choice");
    look("篮球");
    assert_int_equal(seen.taken, 0);
    assert_string_equal(text(1, "2"), "confirmed");
    look("象棋");
    assert_int_equal(seen.taken, 1);
}

static void opting_out_is_recorded_also_for_strangers_who_get_no_answer(void **state)
{
    (void)state;
    add_resident(1, "王伟");
    assert_string_equal(text(1, "退订"), "opted-out");
    assert_string_equal(text(1, "退订"), "opted-out-before");
    assert_string_equal(text(2, "TD"), "opted-out");
    expect(ASK("SCARD", P "optout"), "2");
    assert_string_equal(text(1, "恢复订阅"), "opted-in");
    expect(ASK("SCARD", P "optout"), "1");
    assert_int_equal(n_answers("+8613800000001"), 3);
    assert_int_equal(n_answers("+8613800000002"), 0);
}

static int n_said(const char *what)
{
    char *all = answers();
    int n = 0;

    for (char *p = all; (p = strstr(p, what)) != NULL; p++)
        n++;
    free(all);
    return n;
}

static void leaving_what_is_not_there_tells_what_there_is(void **state)
{
    (void)state;
    add_activity("篮球", "中秋篮球赛", 8);
    assert_string_equal(text(1, "报名 篮球"), "confirmed");
    assert_string_equal(text(1, "取消围棋"), "not-registered");
    assert_string_equal(last_intent, "leave");
    look("篮球");
    assert_int_equal(seen.taken, 1);
    assert_int_equal(n_said("您的报名：中秋篮球赛目前第1号"), 1);
    assert_int_equal(n_said("没有报名任何活动"), 0);
}

static void a_number_two_questions_ask_for_is_asked_back(void **state)
{
    const char *const phone = "+8613800000001";

    (void)state;
    add_activity("篮球", "中秋篮球赛", 8);
    add_resident(1, "王伟");
    replies_ask(bed->q[0], &phone, 1, "篮球", 0, queue_bed_done, bed);
    replies_ask(bed->q[0], &phone, 1, NULL, clock_wall_ms() + HOUR, queue_bed_done, bed);
    queue_bed_wait(bed, 2);
    assert_string_equal(text(1, "1"), "unknown");
    assert_int_equal(n_said("平安回“平安”，需要帮助回“求助”，参加中秋篮球赛回“报名"), 1);
    expect(ASK("XLEN", P "texts"), "1"); /* staff see it too */
    look("篮球");
    assert_int_equal(seen.taken, 0);
    assert_string_equal(text(1, "平安"), "safe");
}

static void unknown_texts_go_to_staff_with_one_help_a_day(void **state)
{
    (void)state;
    add_resident(1, "王伟");
    assert_string_equal(text(1, "楼道灯坏了三天了"), "unknown");
    assert_string_equal(text(1, "你们管不管啊"), "unknown");
    assert_string_equal(text(2, "你好我是路过的人"), "unknown");
    expect(ASK("XLEN", P "texts"), "3");
    assert_int_equal(n_answers("+8613800000001"), 1);
    assert_int_equal(n_answers("+8613800000002"), 0);
}

static void answers_without_an_effect_are_limited_and_effects_are_not(void **state)
{
    (void)state;
    add_activity("篮球", "中秋篮球赛", 5);
    add_resident(1, "王伟");
    assert_string_equal(text(1, "报名 篮球"), "confirmed");
    static const char *const again[] = {"报名 篮球", "报名篮球赛", "我要报名篮球",
                                        "参加篮球",  "篮球报名",   "bm 篮球"};
    for (size_t i = 0; i < ARRAY_LEN(again); i++)
        assert_string_equal(text(1, again[i]), "already");
    assert_int_equal(n_answers("+8613800000001"), 1 + 3);
    assert_string_equal(text(1, "取消篮球"), "left");
    assert_int_equal(n_answers("+8613800000001"), 1 + 3 + 1);
}

static void machines_are_never_answered(void **state)
{
    (void)state;
    add_activity("篮球", "中秋篮球赛", 5);
    add_resident(1, "王伟");
    store_as("svc", "10690000", "报名 篮球");
    queue_bed_wait(bed, 1);
    settle_all();
    assert_string_equal(last_result, "noted");
    text(1, "【金星社区】报名 篮球");
    look("篮球");
    assert_int_equal(seen.taken, 0);
    expect(answers(), "");
    expect(ASK("XLEN", P "texts"), "2");
    /* the sign of a reloaded configuration counts from now on, the old one is a text like others */
    replier_set_place(replier[0], "Asia/Urumqi", "水星社区");
    text(1, "【水星社区】报名 篮球");
    look("篮球");
    assert_int_equal(seen.taken, 0);
    text(1, "报名 篮球");
    look("篮球");
    assert_int_equal(seen.taken, 1);
}

static void the_lease_goes_to_the_other_daemon_when_the_first_stops(void **state)
{
    (void)state;
    add_activity("篮球", "中秋篮球赛", 5);
    assert_string_equal(text(1, "报名 篮球"), "confirmed");
    assert_true(replier_leads(replier[0]));
    start(1);
    assert_string_equal(text(2, "报名 篮球"), "confirmed");
    assert_false(replier_leads(replier[1]));
    stop(0);
    assert_string_equal(text(3, "报名 篮球"), "confirmed");
    assert_true(replier_leads(replier[1]));
}

static void a_new_activity_is_known_to_the_next_text(void **state)
{
    (void)state;
    add_resident(1, "王伟");
    add_activity("象棋", "象棋赛", 5);
    assert_string_equal(text(1, "报名 象棋"), "confirmed");
    add_activity("篮球", "中秋篮球赛", 5);
    assert_string_equal(text(1, "报名 篮球"), "confirmed");
    roster_set_state(bed->q[0], "篮球", ACTIVITY_CLOSED, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_string_equal(text(2, "报名 篮球"), "not-open");
}

static void redis_that_dies_loses_nothing(void **state)
{
    (void)state;
    add_activity("篮球", "中秋篮球赛", 5);
    assert_string_equal(text(1, "报名 篮球"), "confirmed");
    redis_server_freeze(bed->server, true);
    replier_poke(replier[0]);
    redis_reconnect(bed->redis[0], "test"); /* what was under way is lost */
    redis_server_freeze(bed->server, false);
    assert_string_equal(text(2, "报名 篮球"), "confirmed");
    look("篮球");
    assert_int_equal(seen.taken, 2);
}

static int turns_left;

static bool turns_are_over(void *arg)
{
    (void)arg;
    return turns_left-- <= 0;
}

static bool nothing_waits(void *arg)
{
    (void)arg;
    char *n = ASK("XLEN", P "replies");
    bool none = strcmp(n, "0") == 0;

    free(n);
    return none;
}

/* The connection is lost after every number of turns of the loop: while looking, registering, settling. */
static void whenever_the_connection_is_lost_each_reply_has_one_effect_and_an_answer(void **state)
{
    (void)state;
    enum { N = 16 };
    char id[24], from[PHONE_MAX];

    add_activity("篮球", "中秋篮球赛", N);
    for (int k = 0; k < N; k++) {
        assert_true(snprintf(id, sizeof(id), "m-%d", k) < (int)sizeof(id));
        assert_true(snprintf(from, sizeof(from), "+86138000%05d", k) < (int)sizeof(from));
        const struct replies_in in = {.provider = "p1",
                                      .channel = "sms",
                                      .id = id,
                                      .from = from,
                                      .text = "报名",
                                      .text_len = strlen("报名")};
        replies_store(bed->q[1], &in, 1, on_store, NULL);
        queue_bed_wait(bed, 1);
        replier_poke(replier[0]);
        turns_left = k;
        assert_true(loop_run_until(bed->loop, turns_are_over, NULL, WAIT_MS));
        redis_reconnect(bed->redis[0], "test");
        if (!loop_run_until(bed->loop, nothing_waits, NULL, WAIT_MS))
            fail_msg("after %d turns: the reply still waits", k);
        if (n_answers(from) != 1)
            fail_msg("after %d turns: %d answers", k, n_answers(from));
    }
    queue_bed_up(bed);
    look("篮球");
    assert_int_equal(seen.taken, N);
    expect(ASK("HLEN", P "rdone"), "0");
}

static void a_bare_word_does_not_make_a_party_smaller(void **state)
{
    (void)state;
    add_activity("篮球", "中秋篮球赛", 5);
    assert_string_equal(text(1, "报名 篮球 3人"), "confirmed");
    assert_string_equal(text(1, "报名 篮球"), "already");
    assert_string_equal(text(1, "报名 篮球 2人"), "changed");
    look("篮球");
    assert_int_equal(seen.taken, 2);
}

static void on_explained(void *arg, const struct queue_result *r, json_t *intent)
{
    (void)arg;
    explained = intent;
    queue_bed_note(bed, r);
}

static void explaining_has_the_context_of_the_sender_and_no_effect(void **state)
{
    (void)state;
    add_activity("篮球", "中秋篮球赛", 5);
    text(1, "报名 篮球");
    replier_explain(replier[0], "取消", strlen("取消"), "+8613800000001", on_explained, NULL);
    queue_bed_wait(bed, 1);
    assert_string_equal(json_string_value(json_object_get(explained, "intent")), "leave");
    assert_string_equal(json_string_value(json_object_get(explained, "activity")), "篮球");
    json_decref(explained);
    replier_explain(replier[0], "报名 3人", strlen("报名 3人"), NULL, on_explained, NULL);
    queue_bed_wait(bed, 1);
    assert_int_equal(json_integer_value(json_object_get(explained, "count")), 3);
    json_decref(explained);
    look("篮球");
    assert_int_equal(seen.taken, 1);
}

static int begin(void **state)
{
    (void)state;
    bed = queue_bed_new();
    words = intent_words_new();
    return 0;
}

static int end(void **state)
{
    (void)state;
    intent_words_free(words);
    queue_bed_free(bed);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_text_takes_a_seat_and_is_answered_with_the_place),
        TEST(a_withdrawal_promotes_and_both_are_told),
        TEST(more_seats_by_staff_are_told_to_those_who_move_up),
        TEST(five_hundred_people_text_twice_for_fifty_seats_at_two_daemons),
        TEST(a_crash_between_registering_and_settling_has_no_second_effect),
        TEST(two_texts_of_one_sender_are_decided_one_after_the_other),
        TEST(an_ambiguous_text_is_asked_back_and_the_number_decides),
        TEST(opting_out_is_recorded_also_for_strangers_who_get_no_answer),
        TEST(leaving_what_is_not_there_tells_what_there_is),
        TEST(a_number_two_questions_ask_for_is_asked_back),
        TEST(unknown_texts_go_to_staff_with_one_help_a_day),
        TEST(answers_without_an_effect_are_limited_and_effects_are_not),
        TEST(machines_are_never_answered),
        TEST(the_lease_goes_to_the_other_daemon_when_the_first_stops),
        TEST(a_new_activity_is_known_to_the_next_text),
        TEST(redis_that_dies_loses_nothing),
        TEST(whenever_the_connection_is_lost_each_reply_has_one_effect_and_an_answer),
        TEST(a_bare_word_does_not_make_a_party_smaller),
        TEST(explaining_has_the_context_of_the_sender_and_no_effect),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
