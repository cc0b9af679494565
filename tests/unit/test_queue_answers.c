/* Answers to replies in Redis: they become rolling notices; texts for staff. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "queue/replies.h"
#include "tests/support/queue_bed.h"
#include "tests/support/replies_bed.h"

/* Id of the only rolling notice of the normal lane. */
static char *rolling(void)
{
    char *id = ASK("ZRANGE", P "lane:2", "0", "-1");
    char *lf = strchr(id, '\n');

    if (lf)
        *lf = '\0';
    return id;
}

static char *of_notice(const char *command, const char *tail, const char *field)
{
    char *id = rolling(), *key = xasprintf(P "n:%s%s", id, tail), *answer;

    answer = field ? ASK(command, key, field) : ASK(command, key);
    free(key);
    free(id);
    return answer;
}

static size_t n_texts;
static char text_keys[8][40];
static bool text_answered[8];

static void on_text(void *arg, const struct replies_inbox *i)
{
    (void)arg;
    replies_bed_copy(text_keys[n_texts], sizeof(text_keys[0]), i->key);
    text_answered[n_texts++] = i->answered;
}

static struct replies_answer answer(const char *to, const char *text)
{
    return (struct replies_answer){
        .to = to, .resident_name = "王伟", .lang = "en", .text = text, .lane = LANE_NORMAL, .channel = "sms"};
}

static void answers_become_a_rolling_notice_once(void **state)
{
    (void)state;
    struct replies_answer a[] = {answer(PHONE, "您已报名\n第1位"), answer("+8613800000002", "轮到您了")};

    replies_bed_store("m-1", PHONE, "报名 篮球");
    replies_bed_look();
    struct replies_decision d = {.key = replies_bed.seen[0].key,
                                 .intent = INTENT_JOIN,
                                 .activity = "篮球",
                                 .result = "confirmed",
                                 .answers = a,
                                 .n_answers = 2};
    replies_bed_settle(&d, 1);
    replies_bed_settle(&d, 1); /* the daemon crashed before it knew: said again, without effect */
    replies_bed_expect(of_notice("HGET", "", "total"), "2");
    replies_bed_expect(of_notice("HGET", "", "nsl"), "1");
    replies_bed_expect(of_notice("HGET", "", "kind"), "5");
    replies_bed_expect(of_notice("HGET", "", "state"), "3");
    replies_bed_expect(of_notice("HGET", "", "staged"), "0");
    replies_bed_expect(of_notice("STRLEN", ":st", NULL), "4");
    replies_bed_expect(of_notice("HGET", ":aud", "0"),
                       PHONE "\t\t王伟\t\ten\t您已报名 第1位\n+8613800000002\t\t王伟\t\ten\t轮到您了\n");
    replies_bed_expect(ASK("XLEN", P "replies.log"), "1");
    replies_bed_expect(ASK("XLEN", P "replies"), "0");
}

static void the_tail_slice_grows_and_fills_and_a_settled_one_is_reopened(void **state)
{
    (void)state;
    static struct replies_answer a[150];

    for (size_t i = 0; i < ARRAY_LEN(a); i++)
        a[i] = answer(PHONE, "好");
    replies_bed_store("m-1", PHONE, "a");
    replies_bed_store("m-2", PHONE, "b");
    replies_bed_store("m-3", PHONE, "c");
    replies_bed_look();
    replies_bed_settle(
        &(struct replies_decision){
            .key = replies_bed.seen[0].key, .result = "x", .answers = a, .n_answers = 30},
        1);
    /* Slice 0 was claimed and settled meanwhile. */
    char *id = rolling(), *key = xasprintf(P "n:%s", id);
    free(ASK("HSET", key, "cur", "1"));
    replies_bed_settle(
        &(struct replies_decision){
            .key = replies_bed.seen[1].key, .result = "x", .answers = a, .n_answers = 150},
        1);
    replies_bed_expect(of_notice("HGET", "", "total"), "180");
    replies_bed_expect(of_notice("HGET", "", "nsl"), "2");
    replies_bed_expect(of_notice("STRLEN", ":st", NULL), "360");
    char *work = xasprintf(P "n:%s:work", id);
    replies_bed_expect(ASK("ZRANGE", work, "0", "-1"), "0");
    free(work);
    /* Closed by the claim script when its minute was over: the next answer opens another. */
    free(ASK("HSET", key, "staged", "1"));
    replies_bed_settle(
        &(struct replies_decision){
            .key = replies_bed.seen[2].key, .result = "x", .answers = a, .n_answers = 1},
        1);
    replies_bed_expect(of_notice("HGET", "", "total"), "180");
    replies_bed_expect(ASK("ZCARD", P "lane:2"), "2");
    free(key);
    free(id);
}

static void a_torn_write_of_the_tail_is_overwritten(void **state)
{
    (void)state;
    struct replies_answer a = answer(PHONE, "好");

    replies_bed_store("m-1", PHONE, "a");
    replies_bed_store("m-2", PHONE, "b");
    replies_bed_look();
    replies_bed_settle(
        &(struct replies_decision){
            .key = replies_bed.seen[0].key, .result = "x", .answers = &a, .n_answers = 1},
        1);
    char *id = rolling(), *aud = xasprintf(P "n:%s:aud", id), *line = ASK("HGET", aud, "0");
    char *torn = xasprintf("%s+8613800000099\tlost\n", line);
    free(ASK("HSET", aud, "0", torn));
    replies_bed_settle(
        &(struct replies_decision){
            .key = replies_bed.seen[1].key, .result = "x", .answers = &a, .n_answers = 1},
        1);
    char *twice = xasprintf("%s%s", line, line);
    replies_bed_expect(ASK("HGET", aud, "0"), twice);
    free(twice);
    free(torn);
    free(line);
    free(aud);
    free(id);
}

static void unknown_texts_wait_for_staff_who_answer(void **state)
{
    (void)state;
    replies_bed_store("m-1", PHONE, "楼道灯坏了");
    replies_bed_store("m-2", "+8613800000002", "谢谢");
    replies_bed_look();
    for (size_t i = 0; i < 2; i++)
        replies_bed_settle(
            &(struct replies_decision){
                .key = replies_bed.seen[i].key, .result = "unknown", .name = "王伟", .to_inbox = true},
            1);
    n_texts = 0;
    replies_inbox_list(replies_bed.bed->q[0], 0, on_text, queue_bed_done, replies_bed.bed);
    queue_bed_wait(replies_bed.bed, 1);
    assert_int_equal(n_texts, 2);
    replies_inbox_answer(replies_bed.bed->q[0], text_keys[1], "师傅下午来修", queue_bed_done,
                         replies_bed.bed);
    queue_bed_wait(replies_bed.bed, 1);
    assert_int_equal(replies_bed.bed->last.status, QUEUE_OK);
    replies_bed_expect(of_notice("HGET", ":aud", "0"), PHONE "\t\t王伟\t\t\t师傅下午来修\n");
    n_texts = 0;
    replies_inbox_list(replies_bed.bed->q[0], 0, on_text, queue_bed_done, replies_bed.bed);
    queue_bed_wait(replies_bed.bed, 1);
    assert_true(text_answered[1] && !text_answered[0]);
    n_texts = 0;
    replies_inbox_list(replies_bed.bed->q[0], 1, on_text, queue_bed_done, replies_bed.bed);
    queue_bed_wait(replies_bed.bed, 1);
    assert_int_equal(n_texts, 1);
    char *key = xstrdup(text_keys[0]);
    n_texts = 0;
    replies_inbox_get(replies_bed.bed->q[0], key, on_text, queue_bed_done, replies_bed.bed);
    queue_bed_wait(replies_bed.bed, 1);
    assert_int_equal(n_texts, 1);
    assert_string_equal(text_keys[0], key);
    free(key);
    replies_inbox_get(replies_bed.bed->q[0], "nonsense", on_text, queue_bed_done, replies_bed.bed);
    queue_bed_wait(replies_bed.bed, 1);
    assert_int_equal(n_texts, 1);
    replies_inbox_answer(replies_bed.bed->q[0], "1-1", "?", queue_bed_done, replies_bed.bed);
    queue_bed_wait(replies_bed.bed, 1);
    assert_string_equal(replies_bed.bed->e.code, "no-such-entry");
    replies_inbox_answer(replies_bed.bed->q[0], "nonsense", "?", queue_bed_done, replies_bed.bed);
    queue_bed_wait(replies_bed.bed, 1);
    assert_string_equal(replies_bed.bed->e.code, "no-such-entry");
}

static uint64_t n_unanswered;

static void on_stats(void *arg, const struct queue_result *r, const struct queue_stats *s)
{
    n_unanswered = s->unanswered;
    queue_bed_note(arg, r);
}

/* Texts and what is known of their answers end together: otherwise every answered text that was trimmed hides one that waits. */
static void the_inbox_counts_who_waits_also_after_the_oldest_were_trimmed(void **state)
{
    (void)state;
    free(ASK(
        "EVAL",
        "for i = 1, 100000 do redis.call('XADD', KEYS[1], i .. '-1', 'from', 'x', 'text', 'y', 'at', '1') "
        "if i <= 300 then redis.call('HSET', KEYS[2], i .. '-1', '1') end end return 1",
        "2", P "texts", P "texts.done"));
    for (int i = 0; i < 2; i++) {
        replies_bed_store(i ? "m-2" : "m-1", PHONE, "楼道灯坏了");
        replies_bed_look();
        replies_bed_settle(
            &(struct replies_decision){.key = replies_bed.seen[0].key, .result = "unknown", .to_inbox = true},
            1);
    }
    replies_bed_expect(ASK("XLEN", P "texts"), "99902");
    replies_bed_expect(ASK("HLEN", P "texts.done"), "200");
    queue_stats(replies_bed.bed->q[0], on_stats, replies_bed.bed);
    queue_bed_wait(replies_bed.bed, 1);
    assert_int_equal(n_unanswered, 99702);
    n_texts = 0;
    replies_inbox_get(replies_bed.bed->q[0], "150-1", on_text, queue_bed_done,
                      replies_bed.bed); /* far beyond the newest thousand */
    queue_bed_wait(replies_bed.bed, 1);
    assert_int_equal(n_texts, 1);
    assert_true(text_answered[0]);
}

static void answers_are_counted_by_hour_and_day(void **state)
{
    (void)state;
    struct replies_answer a = answer(PHONE, "好");

    for (int i = 0; i < 2; i++) {
        replies_bed_store(i ? "m-2" : "m-1", PHONE, i ? "b" : "a");
        replies_bed_look();
        replies_bed_settle(&(struct replies_decision){.key = replies_bed.seen[0].key,
                                                      .result = "x",
                                                      .answers = &a,
                                                      .n_answers = 1,
                                                      .limited = i == 0,
                                                      .helped = i == 0},
                           1);
    }
    replies_bed_store("m-3", PHONE, "c");
    replies_bed_look();
    assert_int_equal(replies_bed.seen[0].hour, 1);
    assert_int_equal(replies_bed.seen[0].day, 1);
    assert_int_equal(replies_bed.seen[0].all, 2);
    assert_true(replies_bed.seen[0].helped);
    queue_bed_clock(replies_bed.bed, replies_bed.clock_ms + 24 * 3600 * 1000);
    replies_bed_look();
    assert_int_equal(replies_bed.seen[0].hour, 0);
    assert_int_equal(replies_bed.seen[0].all, 0);
    assert_false(replies_bed.seen[0].helped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(answers_become_a_rolling_notice_once, replies_bed_setup),
        cmocka_unit_test_setup(the_tail_slice_grows_and_fills_and_a_settled_one_is_reopened,
                               replies_bed_setup),
        cmocka_unit_test_setup(a_torn_write_of_the_tail_is_overwritten, replies_bed_setup),
        cmocka_unit_test_setup(the_inbox_counts_who_waits_also_after_the_oldest_were_trimmed,
                               replies_bed_setup),
        cmocka_unit_test_setup(unknown_texts_wait_for_staff_who_answer, replies_bed_setup),
        cmocka_unit_test_setup(answers_are_counted_by_hour_and_day, replies_bed_setup),
    };

    return cmocka_run_group_tests(tests, queue_bed_begin, queue_bed_end);
}
