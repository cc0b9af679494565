/* Replies: stored once, decided by one daemon, ended once with their answers; against a real redis-server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "queue/people.h"
#include "queue/replies.h"
#include "tests/support/queue_bed.h"

#define P        "crier:{venus}:"
#define ASK(...) redis_server_ask(bed->server, __VA_ARGS__, NULL)
#define PHONE    "+8613800000001"

static struct queue_bed *bed;
static size_t n_new;
static bool mine;
static int64_t clock_ms; /* offset of Redis' clock as the scripts see it */

/* The last look at what is pending, copied. */
static struct seen {
    char key[40], from[32], text[64], provider[16], promoted[40], offered[4][40], registered[4][40];
    struct resident resident;
    size_t n_offered, n_registered;
    enum intent_kind offered_for;
    unsigned hour, day, all;
    bool helped, muted, flood;
} seen[64];
static size_t n_seen;

static void on_store(void *arg, const struct queue_result *r, size_t n)
{
    (void)arg;
    n_new = n;
    queue_bed_note(bed, r);
}

static size_t store(const char *id, const char *from, const char *text)
{
    const struct replies_in in = {.provider = "p1",
                                  .channel = "sms",
                                  .id = id,
                                  .from = from,
                                  .text = text,
                                  .text_len = strlen(text),
                                  .sent_at = 5};

    replies_store(bed->q[0], &in, 1, on_store, NULL);
    queue_bed_wait(bed, 1);
    assert_int_equal(bed->last.status, QUEUE_OK);
    return n_new;
}

static void copy(char *out, size_t size, const char *s)
{
    size_t n = s ? strlen(s) : 0;

    assert_true(n < size);
    memcpy(out, s ? s : "", n + 1);
}

static void on_pending(void *arg, const struct queue_result *r, const struct replies_pending *list, size_t n)
{
    (void)arg;
    n_seen = n;
    memset(seen, 0, sizeof(seen));
    for (size_t i = 0; i < n; i++) {
        const struct replies_pending *p = &list[i];
        struct seen *s = &seen[i];
        copy(s->key, sizeof(s->key), p->key);
        copy(s->from, sizeof(s->from), p->from);
        copy(s->text, sizeof(s->text), p->text);
        copy(s->provider, sizeof(s->provider), p->provider);
        copy(s->promoted, sizeof(s->promoted), p->promoted);
        for (size_t k = 0; k < p->n_offered && k < 4; k++)
            copy(s->offered[k], sizeof(s->offered[k]), p->offered[k]);
        for (size_t k = 0; k < p->n_registered && k < 4; k++)
            copy(s->registered[k], sizeof(s->registered[k]), p->registered[k]);
        s->resident = p->resident;
        s->n_offered = p->n_offered;
        s->n_registered = p->n_registered;
        s->offered_for = p->offered_for;
        s->hour = p->answers_last_hour;
        s->day = p->answers_last_day;
        s->all = p->all_last_day;
        s->helped = p->helped_today;
        s->muted = p->muted;
        s->flood = p->flood;
    }
    queue_bed_note(bed, r);
}

static size_t look(void)
{
    replies_pending(bed->q[1], 64, on_pending, NULL);
    queue_bed_wait(bed, 1);
    assert_int_equal(bed->last.status, QUEUE_OK);
    return n_seen;
}

static void settle(const struct replies_decision *d, size_t n)
{
    replies_settle(bed->q[0], d, n, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    if (bed->last.status != QUEUE_OK)
        fail_msg("%s: %s", bed->e.code, bed->e.msg);
}

static void end_all(void)
{
    while (look() > 0)
        for (size_t i = 0; i < n_seen; i++)
            settle(&(struct replies_decision){.key = seen[i].key, .intent = INTENT_UNKNOWN, .result = "test"},
                   1);
}

static void expect(char *answer, const char *want)
{
    assert_string_equal(answer, want);
    free(answer);
}

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

static void on_lease(void *arg, const struct queue_result *r, bool is_mine)
{
    (void)arg;
    mine = is_mine;
    queue_bed_note(bed, r);
}

static void on_import(void *arg, const struct queue_result *r, const struct people_import *c)
{
    (void)arg;
    (void)c;
    queue_bed_note(bed, r);
}

static size_t n_texts;
static char text_keys[8][40];
static bool text_answered[8];

static void on_text(void *arg, const struct replies_inbox *i)
{
    (void)arg;
    copy(text_keys[n_texts], sizeof(text_keys[0]), i->key);
    text_answered[n_texts++] = i->answered;
}

static int setup(void **state)
{
    (void)state;
    queue_bed_clear(bed);
    /* Every test begins with the hour: minutes and hours do not change under it. */
    clock_ms = -(clock_wall_ms() % 3600000);
    queue_bed_clock(bed, clock_ms);
    return 0;
}

static void a_repeated_callback_is_stored_once(void **state)
{
    (void)state;
    assert_int_equal(store("m-1", PHONE, "报名 篮球"), 1);
    assert_int_equal(store("m-1", PHONE, "报名 篮球"), 0);
    assert_int_equal(store("m-2", PHONE, "查询"), 1);
    assert_int_equal(look(), 2);
    assert_string_equal(seen[0].text, "报名 篮球");
    assert_string_equal(seen[0].provider, "p1");
    assert_string_equal(seen[1].text, "查询");
    end_all();
    assert_int_equal(store("m-1", PHONE, "报名 篮球"), 0);
    assert_int_equal(look(), 0);
}

static void replies_can_be_ended_in_any_order_and_only_those_named(void **state)
{
    (void)state;
    store("m-1", PHONE, "a");
    store("m-2", PHONE, "b");
    store("m-3", PHONE, "c");
    look();
    const struct replies_decision d[] = {
        {.key = seen[0].key, .result = "x"},
        {.key = seen[1].key, .result = "x"},
        {.key = seen[2].key, .result = "x"}
    };
    settle(&d[1], 1);
    assert_int_equal(look(), 2);
    assert_string_equal(seen[0].text, "a");
    assert_string_equal(seen[1].text, "c");
    store("m-4", PHONE, "d");
    settle(
        (const struct replies_decision[]){
            {.key = seen[1].key, .result = "x"},
            {.key = seen[0].key, .result = "x"}
    },
        2);
    assert_int_equal(look(), 1);
    assert_string_equal(seen[0].text, "d");
}

static void only_one_daemon_decides(void **state)
{
    (void)state;
    replies_lease(bed->q[0], 3000, on_lease, NULL);
    queue_bed_wait(bed, 1);
    assert_true(mine);
    replies_lease(bed->q[1], 3000, on_lease, NULL);
    queue_bed_wait(bed, 1);
    assert_false(mine);
    replies_lease(bed->q[0], 3000, on_lease, NULL);
    queue_bed_wait(bed, 1);
    assert_true(mine);
    replies_lease(bed->q[0], 0, on_lease, NULL);
    queue_bed_wait(bed, 1);
    replies_lease(bed->q[1], 3000, on_lease, NULL);
    queue_bed_wait(bed, 1);
    assert_true(mine);
}

static void the_sender_is_known_with_what_was_offered_and_registered(void **state)
{
    (void)state;
    struct resident r = {.name = "王伟", .phones = {PHONE}, .n_phones = 1, .lang = "en"};
    static const char codes[2][ACTIVITY_CODE_MAX + 1] = {"篮球", "chess"};

    people_put(bed->q[0], &r, 1, false, on_import, NULL);
    queue_bed_wait(bed, 1);
    free(ASK("SADD", P "reg:" PHONE, "篮球"));
    store("m-1", PHONE, "报名");
    look();
    assert_int_equal(seen[0].resident.id, 1);
    assert_string_equal(seen[0].resident.name, "王伟");
    assert_int_equal(seen[0].n_registered, 1);
    assert_string_equal(seen[0].registered[0], "篮球");
    assert_int_equal(seen[0].n_offered, 0);
    settle(&(struct replies_decision){.key = seen[0].key,
                                      .intent = INTENT_LEAVE,
                                      .result = "ambiguous",
                                      .offered = codes,
                                      .n_offered = 2,
                                      .offered_for = INTENT_LEAVE},
           1);
    store("m-2", PHONE, "2");
    look();
    assert_int_equal(seen[0].n_offered, 2);
    assert_string_equal(seen[0].offered[1], "chess");
    assert_int_equal(seen[0].offered_for, INTENT_LEAVE);
    settle(&(struct replies_decision){.key = seen[0].key, .intent = INTENT_LEAVE, .result = "left"}, 1);
    store("m-3", PHONE, "2");
    look();
    assert_int_equal(seen[0].n_offered, 0); /* forgotten with the next decision */
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

    store("m-1", PHONE, "报名 篮球");
    look();
    struct replies_decision d = {.key = seen[0].key,
                                 .intent = INTENT_JOIN,
                                 .activity = "篮球",
                                 .result = "confirmed",
                                 .answers = a,
                                 .n_answers = 2};
    settle(&d, 1);
    settle(&d, 1); /* the daemon crashed before it knew: said again, without effect */
    expect(of_notice("HGET", "", "total"), "2");
    expect(of_notice("HGET", "", "nsl"), "1");
    expect(of_notice("HGET", "", "kind"), "5");
    expect(of_notice("HGET", "", "state"), "3");
    expect(of_notice("HGET", "", "staged"), "0");
    expect(of_notice("STRLEN", ":st", NULL), "4");
    expect(of_notice("HGET", ":aud", "0"),
           PHONE "\t\t王伟\t\ten\t您已报名 第1位\n+8613800000002\t\t王伟\t\ten\t轮到您了\n");
    expect(ASK("XLEN", P "replies.log"), "1");
    expect(ASK("XLEN", P "replies"), "0");
}

static void the_tail_slice_grows_and_fills_and_a_settled_one_is_reopened(void **state)
{
    (void)state;
    static struct replies_answer a[150];

    for (size_t i = 0; i < ARRAY_LEN(a); i++)
        a[i] = answer(PHONE, "好");
    store("m-1", PHONE, "a");
    store("m-2", PHONE, "b");
    store("m-3", PHONE, "c");
    look();
    settle(&(struct replies_decision){.key = seen[0].key, .result = "x", .answers = a, .n_answers = 30}, 1);
    /* Slice 0 was claimed and settled meanwhile. */
    char *id = rolling(), *key = xasprintf(P "n:%s", id);
    free(ASK("HSET", key, "cur", "1"));
    settle(&(struct replies_decision){.key = seen[1].key, .result = "x", .answers = a, .n_answers = 150}, 1);
    expect(of_notice("HGET", "", "total"), "180");
    expect(of_notice("HGET", "", "nsl"), "2");
    expect(of_notice("STRLEN", ":st", NULL), "360");
    char *work = xasprintf(P "n:%s:work", id);
    expect(ASK("ZRANGE", work, "0", "-1"), "0");
    free(work);
    /* Closed by the claim script when its minute was over: the next answer opens another. */
    free(ASK("HSET", key, "staged", "1"));
    settle(&(struct replies_decision){.key = seen[2].key, .result = "x", .answers = a, .n_answers = 1}, 1);
    expect(of_notice("HGET", "", "total"), "180");
    expect(ASK("ZCARD", P "lane:2"), "2");
    free(key);
    free(id);
}

static void a_torn_write_of_the_tail_is_overwritten(void **state)
{
    (void)state;
    struct replies_answer a = answer(PHONE, "好");

    store("m-1", PHONE, "a");
    store("m-2", PHONE, "b");
    look();
    settle(&(struct replies_decision){.key = seen[0].key, .result = "x", .answers = &a, .n_answers = 1}, 1);
    char *id = rolling(), *aud = xasprintf(P "n:%s:aud", id), *line = ASK("HGET", aud, "0");
    char *torn = xasprintf("%s+8613800000099\tlost\n", line);
    free(ASK("HSET", aud, "0", torn));
    settle(&(struct replies_decision){.key = seen[1].key, .result = "x", .answers = &a, .n_answers = 1}, 1);
    char *twice = xasprintf("%s%s", line, line);
    expect(ASK("HGET", aud, "0"), twice);
    free(twice);
    free(torn);
    free(line);
    free(aud);
    free(id);
}

static void unknown_texts_wait_for_staff_who_answer(void **state)
{
    (void)state;
    store("m-1", PHONE, "楼道灯坏了");
    store("m-2", "+8613800000002", "谢谢");
    look();
    for (size_t i = 0; i < 2; i++)
        settle(
            &(struct replies_decision){
                .key = seen[i].key, .result = "unknown", .name = "王伟", .to_inbox = true},
            1);
    n_texts = 0;
    replies_inbox_list(bed->q[0], 0, on_text, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_int_equal(n_texts, 2);
    replies_inbox_answer(bed->q[0], text_keys[1], "师傅下午来修", queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_int_equal(bed->last.status, QUEUE_OK);
    expect(of_notice("HGET", ":aud", "0"), PHONE "\t\t王伟\t\t\t师傅下午来修\n");
    n_texts = 0;
    replies_inbox_list(bed->q[0], 0, on_text, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_true(text_answered[1] && !text_answered[0]);
    n_texts = 0;
    replies_inbox_list(bed->q[0], 1, on_text, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_int_equal(n_texts, 1);
    char *key = xstrdup(text_keys[0]);
    n_texts = 0;
    replies_inbox_get(bed->q[0], key, on_text, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_int_equal(n_texts, 1);
    assert_string_equal(text_keys[0], key);
    free(key);
    replies_inbox_get(bed->q[0], "nonsense", on_text, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_int_equal(n_texts, 1);
    replies_inbox_answer(bed->q[0], "1-1", "?", queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_string_equal(bed->e.code, "no-such-entry");
    replies_inbox_answer(bed->q[0], "nonsense", "?", queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_string_equal(bed->e.code, "no-such-entry");
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
        store(i ? "m-2" : "m-1", PHONE, "楼道灯坏了");
        look();
        settle(&(struct replies_decision){.key = seen[0].key, .result = "unknown", .to_inbox = true}, 1);
    }
    expect(ASK("XLEN", P "texts"), "99902");
    expect(ASK("HLEN", P "texts.done"), "200");
    queue_stats(bed->q[0], on_stats, bed);
    queue_bed_wait(bed, 1);
    assert_int_equal(n_unanswered, 99702);
    n_texts = 0;
    replies_inbox_get(bed->q[0], "150-1", on_text, queue_bed_done, bed); /* far beyond the newest thousand */
    queue_bed_wait(bed, 1);
    assert_int_equal(n_texts, 1);
    assert_true(text_answered[0]);
}

static void the_same_words_a_third_time_are_muted_and_a_flood_is_told(void **state)
{
    (void)state;
    char id[16];

    for (int i = 0; i < 32; i++) {
        assert_true(snprintf(id, sizeof(id), "m-%d", i) < (int)sizeof(id));
        store(id, PHONE, "在吗");
    }
    look();
    assert_false(seen[1].muted);
    assert_true(seen[2].muted && !seen[2].flood);
    assert_false(seen[29].flood);
    assert_true(seen[30].flood);
    queue_bed_clock(bed, clock_ms + 11 * 60 * 1000);
    store("later", PHONE, "在吗");
    look();
    assert_false(seen[32].muted);
}

static void answers_are_counted_by_hour_and_day(void **state)
{
    (void)state;
    struct replies_answer a = answer(PHONE, "好");

    for (int i = 0; i < 2; i++) {
        store(i ? "m-2" : "m-1", PHONE, i ? "b" : "a");
        look();
        settle(&(struct replies_decision){.key = seen[0].key,
                                          .result = "x",
                                          .answers = &a,
                                          .n_answers = 1,
                                          .limited = i == 0,
                                          .helped = i == 0},
               1);
    }
    store("m-3", PHONE, "c");
    look();
    assert_int_equal(seen[0].hour, 1);
    assert_int_equal(seen[0].day, 1);
    assert_int_equal(seen[0].all, 2);
    assert_true(seen[0].helped);
    queue_bed_clock(bed, clock_ms + 24 * 3600 * 1000);
    look();
    assert_int_equal(seen[0].hour, 0);
    assert_int_equal(seen[0].all, 0);
    assert_false(seen[0].helped);
}

static void a_full_stream_refuses(void **state)
{
    (void)state;
    free(
        ASK("EVAL", "for i=1,200000 do redis.call('XADD', KEYS[1], '*', 'from', 'x') end", "1", P "replies"));
    const struct replies_in in = {
        .provider = "p1", .channel = "sms", .id = "m", .from = PHONE, .text = "a", .text_len = 1};
    replies_store(bed->q[0], &in, 1, on_store, NULL);
    queue_bed_wait(bed, 1);
    assert_string_equal(bed->e.code, "busy");
}

static int begin(void **state)
{
    (void)state;
    bed = queue_bed_new();
    return 0;
}

static int end(void **state)
{
    (void)state;
    queue_bed_free(bed);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_repeated_callback_is_stored_once, setup),
        cmocka_unit_test_setup(replies_can_be_ended_in_any_order_and_only_those_named, setup),
        cmocka_unit_test_setup(only_one_daemon_decides, setup),
        cmocka_unit_test_setup(the_sender_is_known_with_what_was_offered_and_registered, setup),
        cmocka_unit_test_setup(answers_become_a_rolling_notice_once, setup),
        cmocka_unit_test_setup(the_tail_slice_grows_and_fills_and_a_settled_one_is_reopened, setup),
        cmocka_unit_test_setup(a_torn_write_of_the_tail_is_overwritten, setup),
        cmocka_unit_test_setup(the_inbox_counts_who_waits_also_after_the_oldest_were_trimmed, setup),
        cmocka_unit_test_setup(unknown_texts_wait_for_staff_who_answer, setup),
        cmocka_unit_test_setup(the_same_words_a_third_time_are_muted_and_a_flood_is_told, setup),
        cmocka_unit_test_setup(answers_are_counted_by_hour_and_day, setup),
        cmocka_unit_test_setup(a_full_stream_refuses, setup),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
