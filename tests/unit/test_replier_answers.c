/* What is answered to replies, what is asked back, and who is not answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/replier.h"
#include "tests/support/queue_bed.h"
#include "tests/support/replier_bed.h"

static void an_ambiguous_text_is_asked_back_and_the_number_decides(void **state)
{
    (void)state;
    replier_bed_add_activity("篮球", "中秋篮球赛", 5);
    replier_bed_add_activity("象棋", "象棋赛", 5);
    replier_bed_add_resident(1, "王伟");
    assert_string_equal(replier_bed_text(1, "报名"), "choice");
    replier_bed_look("篮球");
    assert_int_equal(replier_bed.seen.taken, 0);
    assert_string_equal(replier_bed_text(1, "2"), "confirmed");
    replier_bed_look("象棋");
    assert_int_equal(replier_bed.seen.taken, 1);
}

static void opting_out_is_recorded_also_for_strangers_who_get_no_answer(void **state)
{
    (void)state;
    replier_bed_add_resident(1, "王伟");
    assert_string_equal(replier_bed_text(1, "退订"), "opted-out");
    assert_string_equal(replier_bed_text(1, "退订"), "opted-out-before");
    assert_string_equal(replier_bed_text(2, "TD"), "opted-out");
    replier_bed_expect(ASK("SCARD", P "optout"), "2");
    assert_string_equal(replier_bed_text(1, "恢复订阅"), "opted-in");
    replier_bed_expect(ASK("SCARD", P "optout"), "1");
    assert_int_equal(replier_bed_n_answers("+8613800000001"), 3);
    assert_int_equal(replier_bed_n_answers("+8613800000002"), 0);
}

static int n_said(const char *what)
{
    char *all = replier_bed_answers();
    int n = 0;

    for (char *p = all; (p = strstr(p, what)) != NULL; p++)
        n++;
    free(all);
    return n;
}

static void leaving_what_is_not_there_tells_what_there_is(void **state)
{
    (void)state;
    replier_bed_add_activity("篮球", "中秋篮球赛", 8);
    assert_string_equal(replier_bed_text(1, "报名 篮球"), "confirmed");
    assert_string_equal(replier_bed_text(1, "取消围棋"), "not-registered");
    assert_string_equal(replier_bed.last_intent, "leave");
    replier_bed_look("篮球");
    assert_int_equal(replier_bed.seen.taken, 1);
    assert_int_equal(n_said("您的报名：中秋篮球赛目前第1号"), 1);
    assert_int_equal(n_said("没有报名任何活动"), 0);
}

static void a_number_two_questions_ask_for_is_asked_back(void **state)
{
    const char *const phone = "+8613800000001";

    (void)state;
    replier_bed_add_activity("篮球", "中秋篮球赛", 8);
    replier_bed_add_resident(1, "王伟");
    replies_ask(replier_bed.bed->q[0], &phone, 1, &(struct replies_question){.activity = "篮球"},
                queue_bed_done, replier_bed.bed);
    replies_ask(replier_bed.bed->q[0], &phone, 1,
                &(struct replies_question){.rollcall_until = clock_wall_ms() + HOUR}, queue_bed_done,
                replier_bed.bed);
    queue_bed_wait(replier_bed.bed, 2);
    assert_string_equal(replier_bed_text(1, "1"), "unknown");
    assert_int_equal(n_said("平安回“平安”，需要帮助回“求助”，参加中秋篮球赛回“报名"), 1);
    replier_bed_expect(ASK("XLEN", P "texts"), "1"); /* staff see it too */
    replier_bed_look("篮球");
    assert_int_equal(replier_bed.seen.taken, 0);
    assert_string_equal(replier_bed_text(1, "平安"), "safe");
}

static void unknown_texts_go_to_staff_with_one_help_a_day(void **state)
{
    (void)state;
    replier_bed_add_resident(1, "王伟");
    assert_string_equal(replier_bed_text(1, "楼道灯坏了三天了"), "unknown");
    assert_string_equal(replier_bed_text(1, "你们管不管啊"), "unknown");
    assert_string_equal(replier_bed_text(2, "你好我是路过的人"), "unknown");
    replier_bed_expect(ASK("XLEN", P "texts"), "3");
    assert_int_equal(replier_bed_n_answers("+8613800000001"), 1);
    assert_int_equal(replier_bed_n_answers("+8613800000002"), 0);
}

static void answers_without_an_effect_are_limited_and_effects_are_not(void **state)
{
    (void)state;
    replier_bed_add_activity("篮球", "中秋篮球赛", 5);
    replier_bed_add_resident(1, "王伟");
    assert_string_equal(replier_bed_text(1, "报名 篮球"), "confirmed");
    static const char *const again[] = {"报名 篮球", "报名篮球赛", "我要报名篮球",
                                        "参加篮球",  "篮球报名",   "bm 篮球"};
    for (size_t i = 0; i < ARRAY_LEN(again); i++)
        assert_string_equal(replier_bed_text(1, again[i]), "already");
    assert_int_equal(replier_bed_n_answers("+8613800000001"), 1 + 3);
    assert_string_equal(replier_bed_text(1, "取消篮球"), "left");
    assert_int_equal(replier_bed_n_answers("+8613800000001"), 1 + 3 + 1);
}

static void machines_are_never_answered(void **state)
{
    (void)state;
    replier_bed_add_activity("篮球", "中秋篮球赛", 5);
    replier_bed_add_resident(1, "王伟");
    replier_bed_store("svc", "10690000", "报名 篮球");
    queue_bed_wait(replier_bed.bed, 1);
    replier_bed_settle();
    assert_string_equal(replier_bed.last_result, "noted");
    replier_bed_text(1, "【金星社区】报名 篮球");
    replier_bed_look("篮球");
    assert_int_equal(replier_bed.seen.taken, 0);
    replier_bed_expect(replier_bed_answers(), "");
    replier_bed_expect(ASK("XLEN", P "texts"), "2");
    /* the sign of a reloaded configuration counts from now on, the old one is a text like others */
    replier_set_place(replier_bed.replier[0], "Asia/Urumqi", "水星社区");
    replier_bed_text(1, "【水星社区】报名 篮球");
    replier_bed_look("篮球");
    assert_int_equal(replier_bed.seen.taken, 0);
    replier_bed_text(1, "报名 篮球");
    replier_bed_look("篮球");
    assert_int_equal(replier_bed.seen.taken, 1);
}

static void a_bare_word_does_not_make_a_party_smaller(void **state)
{
    (void)state;
    replier_bed_add_activity("篮球", "中秋篮球赛", 5);
    assert_string_equal(replier_bed_text(1, "报名 篮球 3人"), "confirmed");
    assert_string_equal(replier_bed_text(1, "报名 篮球"), "already");
    assert_string_equal(replier_bed_text(1, "报名 篮球 2人"), "changed");
    replier_bed_look("篮球");
    assert_int_equal(replier_bed.seen.taken, 2);
}

static json_t *explained;

static void on_explained(void *arg, const struct queue_result *r, json_t *intent)
{
    (void)arg;
    explained = intent;
    queue_bed_note(replier_bed.bed, r);
}

static void explaining_has_the_context_of_the_sender_and_no_effect(void **state)
{
    (void)state;
    replier_bed_add_activity("篮球", "中秋篮球赛", 5);
    replier_bed_text(1, "报名 篮球");
    replier_explain(replier_bed.replier[0], "取消", strlen("取消"), "+8613800000001", on_explained, NULL);
    queue_bed_wait(replier_bed.bed, 1);
    assert_string_equal(json_string_value(json_object_get(explained, "intent")), "leave");
    assert_string_equal(json_string_value(json_object_get(explained, "activity")), "篮球");
    json_decref(explained);
    replier_explain(replier_bed.replier[0], "报名 3人", strlen("报名 3人"), NULL, on_explained, NULL);
    queue_bed_wait(replier_bed.bed, 1);
    assert_int_equal(json_integer_value(json_object_get(explained, "count")), 3);
    json_decref(explained);
    replier_bed_look("篮球");
    assert_int_equal(replier_bed.seen.taken, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, replier_bed_setup, replier_bed_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_ambiguous_text_is_asked_back_and_the_number_decides),
        TEST(opting_out_is_recorded_also_for_strangers_who_get_no_answer),
        TEST(leaving_what_is_not_there_tells_what_there_is),
        TEST(a_number_two_questions_ask_for_is_asked_back),
        TEST(unknown_texts_go_to_staff_with_one_help_a_day),
        TEST(answers_without_an_effect_are_limited_and_effects_are_not),
        TEST(machines_are_never_answered),
        TEST(a_bare_word_does_not_make_a_party_smaller),
        TEST(explaining_has_the_context_of_the_sender_and_no_effect),
    };

    return cmocka_run_group_tests(tests, replier_bed_begin, replier_bed_end);
}
