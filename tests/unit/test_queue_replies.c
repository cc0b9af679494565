/* Replies in Redis: stored once, looked at by one daemon, ended in any order, counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "queue/people.h"
#include "queue/replies.h"
#include "tests/support/queue_bed.h"
#include "tests/support/replies_bed.h"

static bool mine;

static void on_lease(void *arg, const struct queue_result *r, bool is_mine)
{
    (void)arg;
    mine = is_mine;
    queue_bed_note(replies_bed.bed, r);
}

static void on_import(void *arg, const struct queue_result *r, const struct people_import *c)
{
    (void)arg;
    (void)c;
    queue_bed_note(replies_bed.bed, r);
}

static void a_repeated_callback_is_stored_once(void **state)
{
    (void)state;
    assert_int_equal(replies_bed_store("m-1", PHONE, "报名 篮球"), 1);
    assert_int_equal(replies_bed_store("m-1", PHONE, "报名 篮球"), 0);
    assert_int_equal(replies_bed_store("m-2", PHONE, "查询"), 1);
    assert_int_equal(replies_bed_look(), 2);
    assert_string_equal(replies_bed.seen[0].text, "报名 篮球");
    assert_string_equal(replies_bed.seen[0].provider, "p1");
    assert_string_equal(replies_bed.seen[1].text, "查询");
    replies_bed_end_all();
    assert_int_equal(replies_bed_store("m-1", PHONE, "报名 篮球"), 0);
    assert_int_equal(replies_bed_look(), 0);
}

static void replies_can_be_ended_in_any_order_and_only_those_named(void **state)
{
    (void)state;
    replies_bed_store("m-1", PHONE, "a");
    replies_bed_store("m-2", PHONE, "b");
    replies_bed_store("m-3", PHONE, "c");
    replies_bed_look();
    const struct replies_decision d[] = {
        {.key = replies_bed.seen[0].key, .result = "x"},
        {.key = replies_bed.seen[1].key, .result = "x"},
        {.key = replies_bed.seen[2].key, .result = "x"}
    };
    replies_bed_settle(&d[1], 1);
    assert_int_equal(replies_bed_look(), 2);
    assert_string_equal(replies_bed.seen[0].text, "a");
    assert_string_equal(replies_bed.seen[1].text, "c");
    replies_bed_store("m-4", PHONE, "d");
    replies_bed_settle(
        (const struct replies_decision[]){
            {.key = replies_bed.seen[1].key, .result = "x"},
            {.key = replies_bed.seen[0].key, .result = "x"}
    },
        2);
    assert_int_equal(replies_bed_look(), 1);
    assert_string_equal(replies_bed.seen[0].text, "d");
}

static void only_one_daemon_decides(void **state)
{
    (void)state;
    replies_lease(replies_bed.bed->q[0], 3000, on_lease, NULL);
    queue_bed_wait(replies_bed.bed, 1);
    assert_true(mine);
    replies_lease(replies_bed.bed->q[1], 3000, on_lease, NULL);
    queue_bed_wait(replies_bed.bed, 1);
    assert_false(mine);
    replies_lease(replies_bed.bed->q[0], 3000, on_lease, NULL);
    queue_bed_wait(replies_bed.bed, 1);
    assert_true(mine);
    replies_lease(replies_bed.bed->q[0], 0, on_lease, NULL);
    queue_bed_wait(replies_bed.bed, 1);
    replies_lease(replies_bed.bed->q[1], 3000, on_lease, NULL);
    queue_bed_wait(replies_bed.bed, 1);
    assert_true(mine);
}

static void the_sender_is_known_with_what_was_offered_and_registered(void **state)
{
    (void)state;
    struct resident r = {.name = "王伟", .phones = {PHONE}, .n_phones = 1, .lang = "en"};
    static const char codes[2][INTENT_OFFER_MAX] = {"篮球", "chess"};

    people_put(replies_bed.bed->q[0], &r, 1, false, on_import, NULL);
    queue_bed_wait(replies_bed.bed, 1);
    free(ASK("SADD", P "reg:" PHONE, "篮球"));
    replies_bed_store("m-1", PHONE, "报名");
    replies_bed_look();
    assert_int_equal(replies_bed.seen[0].resident.id, 1);
    assert_string_equal(replies_bed.seen[0].resident.name, "王伟");
    assert_int_equal(replies_bed.seen[0].n_registered, 1);
    assert_string_equal(replies_bed.seen[0].registered[0], "篮球");
    assert_int_equal(replies_bed.seen[0].n_offered, 0);
    replies_bed_settle(&(struct replies_decision){.key = replies_bed.seen[0].key,
                                                  .intent = INTENT_LEAVE,
                                                  .result = "ambiguous",
                                                  .offered = codes,
                                                  .n_offered = 2,
                                                  .offered_for = INTENT_LEAVE},
                       1);
    replies_bed_store("m-2", PHONE, "2");
    replies_bed_look();
    assert_int_equal(replies_bed.seen[0].n_offered, 2);
    assert_string_equal(replies_bed.seen[0].offered[1], "chess");
    assert_int_equal(replies_bed.seen[0].offered_for, INTENT_LEAVE);
    replies_bed_settle(
        &(struct replies_decision){.key = replies_bed.seen[0].key, .intent = INTENT_LEAVE, .result = "left"},
        1);
    replies_bed_store("m-3", PHONE, "2");
    replies_bed_look();
    assert_int_equal(replies_bed.seen[0].n_offered, 0); /* forgotten with the next decision */
}

static void the_same_words_a_third_time_are_muted_and_a_flood_is_told(void **state)
{
    (void)state;
    char id[16];

    for (int i = 0; i < 32; i++) {
        assert_true(snprintf(id, sizeof(id), "m-%d", i) < (int)sizeof(id));
        replies_bed_store(id, PHONE, "在吗");
    }
    replies_bed_look();
    assert_false(replies_bed.seen[1].muted);
    assert_true(replies_bed.seen[2].muted && !replies_bed.seen[2].flood);
    assert_false(replies_bed.seen[29].flood);
    assert_true(replies_bed.seen[30].flood);
    queue_bed_clock(replies_bed.bed, replies_bed.clock_ms + 11 * 60 * 1000);
    replies_bed_store("later", PHONE, "在吗");
    replies_bed_look();
    assert_false(replies_bed.seen[32].muted);
}

static void a_full_stream_refuses(void **state)
{
    (void)state;
    free(
        ASK("EVAL", "for i=1,200000 do redis.call('XADD', KEYS[1], '*', 'from', 'x') end", "1", P "replies"));
    const struct replies_in in = {
        .provider = "p1", .channel = "sms", .id = "m", .from = PHONE, .text = "a", .text_len = 1};
    replies_store(replies_bed.bed->q[0], &in, 1, replies_bed_on_store, NULL);
    queue_bed_wait(replies_bed.bed, 1);
    assert_string_equal(replies_bed.bed->e.code, "busy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_repeated_callback_is_stored_once, replies_bed_setup),
        cmocka_unit_test_setup(replies_can_be_ended_in_any_order_and_only_those_named, replies_bed_setup),
        cmocka_unit_test_setup(only_one_daemon_decides, replies_bed_setup),
        cmocka_unit_test_setup(the_sender_is_known_with_what_was_offered_and_registered, replies_bed_setup),
        cmocka_unit_test_setup(the_same_words_a_third_time_are_muted_and_a_flood_is_told, replies_bed_setup),
        cmocka_unit_test_setup(a_full_stream_refuses, replies_bed_setup),
    };

    return cmocka_run_group_tests(tests, queue_bed_begin, queue_bed_end);
}
