#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "model/registry.h"
#include "model/registry_texts.h"
#include "text/utf8.h"

#define TZ "Asia/Shanghai"

static const struct activity BB = {.code = "bb",
                                   .title = "中秋篮球赛",
                                   .aliases = {"篮球"},
                                   .n_aliases = 1,
                                   .seats = 20,
                                   .max_party = 5,
                                   .starts_at = 1790334000000, /* 2026-09-25T19:00+08:00 */
                                   .place = "文化广场"};
static const struct activity YMQ = {
    .code = "ymq", .title = "羽毛球友谊赛", .seats = 8, .starts_at = 1790334000000};

static void test_every_language_has_every_text_with_the_same_places(void **state)
{
    (void)state;
    for (size_t id = 0; id < REGISTRY_TEXT_N; id++)
        for (size_t a = 0; a < REGISTRY_LANGS; a++) {
            if (!registry_texts[id][a])
                fail_msg("text %zu has no language %zu", id, a);
            if (id == TEXT_TIME)
                continue; /* a month is a number here and a name there */
            for (const char *p = registry_texts[id][a]; (p = strchr(p, '{')) != NULL; p++)
                for (size_t b = 0, n = strcspn(p, "}") + 1; b < REGISTRY_LANGS; b++)
                    if (!memmem(registry_texts[id][b], strlen(registry_texts[id][b]), p, n))
                        fail_msg("text %zu: %.*s is missing in \"%s\"", id, (int)n, p, registry_texts[id][b]);
        }
}

/* clang-format off */
static const struct {
    const char *name;
    enum intent_kind asked;
    struct registry_outcome o;
    const char *zh, *en;
} OUTCOMES[] = {
    {"a seat", INTENT_JOIN, {.result = REG_OK_CONFIRMED, .count = 1, .place = 12, .seats_left = 8},
     "报名成功：中秋篮球赛，目前第12号，还剩8个名额。9月25日19:00，文化广场。回复“取消”可退出。",
     "You are in: 中秋篮球赛, place 12 for now, 8 seats left. Starts Sep 25 19:00, 文化广场. Reply CANCEL to withdraw."},
    {"seats for a party", INTENT_JOIN, {.result = REG_OK_CONFIRMED, .count = 3, .place = 5, .seats_left = 13},
     "报名成功：中秋篮球赛，目前第5-7号共3人，还剩13个名额。9月25日19:00，文化广场。回复“取消”可退出。", "places 5-7 for now (3 people), 13 seats left"},
    {"waiting", INTENT_JOIN, {.result = REG_OK_WAITING, .status = REG_WAITING, .count = 1, .position = 2},
     "中秋篮球赛名额已满，您在候补第2位，有空位会短信通知您。回复“取消”可退出。", "number 2 on the waiting list;"},
    {"waiting, a party", INTENT_JOIN, {.result = REG_OK_WAITING, .status = REG_WAITING, .count = 2, .position = 1},
     "中秋篮球赛名额已满，您在候补第1位（2人），有空位会短信通知您。回复“取消”可退出。", "list (2 people);"},
    {"waiting, a party larger than the seats left", INTENT_JOIN,
     {.result = REG_OK_WAITING, .status = REG_WAITING, .count = 2, .position = 1, .seats_left = 1},
     "中秋篮球赛名额不够：还剩1个，您报2人。您在候补第1位，有空位会短信通知您。回复“取消”可退出。", "only 1 seats left, not 2. You are number 1"},
    {"waiting behind others, with seats left", INTENT_JOIN,
     {.result = REG_OK_WAITING, .status = REG_WAITING, .count = 1, .position = 3, .seats_left = 1},
     "中秋篮球赛还剩1个名额，前面有人候补。您在候补第3位，轮到会短信通知您。回复“取消”可退出。", "1 seats left, but others wait before you. You are number 3"},
    {"left", INTENT_LEAVE, {.result = REG_OK_LEFT, .status = REG_WITHDRAWN, .seats_left = 9},
     "您已退出中秋篮球赛，现在还剩9个名额。想再参加，请回复“报名篮球”。", "reply JOIN 篮球"},
    {"already", INTENT_JOIN, {.result = REG_ALREADY, .count = 1, .place = 4, .seats_left = 3},
     "您已报名中秋篮球赛，目前第4号，还剩3个名额，不用再报。回复“取消”可退出。", "You are in already"},
    {"already waiting", INTENT_JOIN, {.result = REG_ALREADY, .status = REG_WAITING, .count = 1, .position = 4},
     "您已在中秋篮球赛候补第4位，有空位会短信通知您。回复“取消”可退出。", "waiting list"},
    {"changed", INTENT_JOIN, {.result = REG_CHANGED, .count = 2, .place = 4, .seats_left = 3},
     "中秋篮球赛已改为2人，目前第4-5号共2人，还剩3个名额。", "changed to 2 people"},
    {"changed, waiting", INTENT_JOIN, {.result = REG_CHANGED, .status = REG_WAITING, .count = 2, .position = 3},
     "中秋篮球赛已改为2人，您在候补第3位", "changed to 2 people, number 3"},
    {"not registered", INTENT_LEAVE, {.result = REG_NOT_REGISTERED}, "您没有报名中秋篮球赛，不用取消。", "not registered"},
    {"not open", INTENT_JOIN, {.result = REG_NOT_OPEN, .opens_at = 1789952400000, .closes_at = 1790298000000},
     "中秋篮球赛现在不能报名，报名时间：9月21日09:00至9月25日09:00。", "from Sep 21 09:00 to Sep 25 09:00"},
    {"closed by staff", INTENT_JOIN, {.result = REG_NOT_OPEN}, "中秋篮球赛报名已截止", "has closed"},
    {"too late to leave", INTENT_LEAVE, {.result = REG_NOT_OPEN, .opens_at = 1, .closes_at = 2}, "请联系社区工作人员", "call the community office"},
    {"too many", INTENT_JOIN, {.result = REG_TOO_MANY, .count = 9}, "中秋篮球赛一次最多报5人", "at most 5 people"},
    {"no such activity", INTENT_JOIN, {.result = REG_NO_ACTIVITY}, "没有找到这个活动", "no such activity"},
    {"cancelled", INTENT_JOIN, {.result = REG_CANCELLED_ACTIVITY}, "中秋篮球赛已取消举办", "will not take place"},
};
/* clang-format on */

static void test_outcomes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(OUTCOMES); i++) {
        struct buf b = BUF_INIT(2000);
        assert_int_equal(registry_say_outcome(&b, "", TZ, &BB, OUTCOMES[i].asked, &OUTCOMES[i].o), 0);
        if (!strstr(buf_cstr(&b), OUTCOMES[i].zh))
            fail_msg("%s: %s", OUTCOMES[i].name, buf_cstr(&b));
        if (utf8_count(b.data, b.len) > 67)
            fail_msg("%s: %zu characters: %s", OUTCOMES[i].name, utf8_count(b.data, b.len), b.data);
        buf_reset(&b);
        assert_int_equal(registry_say_outcome(&b, "en", TZ, &BB, OUTCOMES[i].asked, &OUTCOMES[i].o), 0);
        if (!strstr(buf_cstr(&b), OUTCOMES[i].en))
            fail_msg("%s: %s", OUTCOMES[i].name, buf_cstr(&b));
        buf_fini(&b);
    }
}

static void test_lists(void **state)
{
    const struct activity *both[] = {&BB, &YMQ};
    const struct registry_own own[] = {
        {.activity = &BB,  .status = REG_CONFIRMED, .count = 2, .place = 3   },
        {.activity = &YMQ, .status = REG_WAITING,   .count = 1, .position = 4}
    };
    struct buf b = BUF_INIT(2000);

    (void)state;
    assert_int_equal(registry_say_choice(&b, "zh-CN", INTENT_JOIN, both, 2), 0);
    assert_string_equal(buf_cstr(&b), "您想报名哪一个？请回复数字：1 中秋篮球赛；2 羽毛球友谊赛");
    buf_reset(&b);
    assert_int_equal(registry_say_choice(&b, "en-GB", INTENT_LEAVE, both, 2), 0);
    assert_string_equal(
        buf_cstr(&b),
        "Which one would you like to leave? Reply with the number: 1 中秋篮球赛; 2 羽毛球友谊赛");
    buf_reset(&b);
    assert_int_equal(registry_say_choice_rollcall(&b, "", &BB), 0);
    assert_string_equal(buf_cstr(&b),
                        "请用文字再回一次：平安回“平安”，需要帮助回“求助”，参加中秋篮球赛回“报名篮球”。");
    buf_reset(&b);
    assert_int_equal(registry_say_own(&b, "", own, 2), 0);
    assert_string_equal(buf_cstr(&b),
                        "您的报名：中秋篮球赛目前第3-4号共2人；羽毛球友谊赛候补第4位。回复“取消”可退出。");
    buf_reset(&b);
    assert_int_equal(registry_say_own(&b, "", NULL, 0), 0);
    assert_non_null(strstr(b.data, "没有报名任何活动"));
    buf_reset(&b);
    assert_int_equal(registry_say_help(&b, "", both, 2), 0);
    assert_string_equal(
        buf_cstr(&b),
        "现在可报名：中秋篮球赛、羽毛球友谊赛。回复“报名篮球”报名，“取消”退出，“我的”查看，“退订”不再接收。");
    buf_reset(&b);
    assert_int_equal(registry_say_help(&b, "", NULL, 0), 0);
    assert_non_null(strstr(b.data, "没有可报名的活动"));
    buf_fini(&b);
}

static void test_plain_answers(void **state)
{
    struct buf b = BUF_INIT(2000);

    (void)state;
    assert_int_equal(registry_say_stop(&b, "", false), 0);
    assert_non_null(strstr(b.data, "紧急预警仍会发送"));
    assert_non_null(strstr(b.data, "恢复"));
    buf_reset(&b);
    assert_int_equal(registry_say_stop(&b, "en", true), 0);
    assert_non_null(strstr(b.data, "already"));
    buf_reset(&b);
    assert_int_equal(registry_say_start(&b, "zh-TW", false), 0);
    assert_non_null(strstr(b.data, "退订"));
    buf_reset(&b);
    assert_int_equal(registry_say_none_open(&b, "zh-CN"), 0);
    assert_int_equal(registry_say_rollcall(&b, "", true), 0);
    assert_non_null(strstr(b.data, "求助"));
    buf_reset(&b);
    assert_int_equal(registry_say_promoted(&b, "", TZ, &BB, 20, 1, 0), 0);
    assert_string_equal(
        buf_cstr(&b),
        "好消息：中秋篮球赛有空位了，您已转为正式，目前第20号。9月25日19:00，文化广场。回复“取消”可退出。");
    buf_reset(&b);
    assert_int_equal(registry_say_promoted(&b, "", TZ, &BB, 20, 2, 1790298000000), 0);
    assert_string_equal(buf_cstr(&b), "中秋篮球赛有空位了（2人），为您保留到9月25日09:"
                                      "00。请回复“好”确认，不能来回复“取消”，过时转给下一位。");
    buf_reset(&b);
    assert_int_equal(registry_say_lapsed(&b, "", &BB), 0);
    assert_non_null(strstr(b.data, "已转给下一位。还想参加，请回复“报名篮球”"));
    buf_fini(&b);
}

static void test_news_of_an_activity_say_what_changed(void **state)
{
    struct activity now = BB;
    struct buf b = BUF_INIT(2000);

    (void)state;
    now.starts_at += 3600000;
    assert_true(registry_is_moved(&BB, &now));
    assert_int_equal(registry_say_moved(&b, "", TZ, &BB, &now), 0);
    assert_string_equal(buf_cstr(&b), "活动有变：中秋篮球赛现改为9月25日20:00，文化广场（原定9月25日19:00）。"
                                      "您的报名或候补仍然有效，不能来请回复“取消”。");
    buf_reset(&b);
    memcpy(now.place, "体育馆", sizeof("体育馆"));
    assert_int_equal(registry_say_moved(&b, "en", TZ, &BB, &now), 0);
    assert_non_null(strstr(b.data, "is now Sep 25 20:00, 体育馆 (was Sep 25 19:00, 文化广场)"));
    buf_reset(&b);
    assert_int_equal(registry_say_off(&b, "", TZ, &BB, "台风"), 0);
    assert_string_equal(
        buf_cstr(&b), "很抱歉，中秋篮球赛（原定9月25日19:00，文化广场）取消举办，原因：台风。您不用再回复。");
    buf_reset(&b);
    assert_int_equal(registry_say_off(&b, "en", TZ, &BB, ""), 0);
    assert_null(strstr(b.data, "Reason"));
    buf_reset(&b);
    assert_int_equal(registry_say_reminder(&b, "", TZ, &BB), 0);
    assert_string_equal(buf_cstr(&b),
                        "提醒您：您报名的中秋篮球赛即将开始：9月25日19:00，文化广场。不能来请回复“取消”，"
                        "把名额让给候补的邻居。");
    assert_true(utf8_count(b.data, b.len) <= 67);
    struct activity more = BB;
    memcpy(more.map, "https://map.example/1", sizeof("https://map.example/1"));
    memcpy(more.price, "每人10元", sizeof("每人10元"));
    buf_reset(&b);
    assert_int_equal(registry_say_reminder(&b, "", TZ, &more), 0);
    assert_non_null(strstr(b.data, "让给候补的邻居。地图 https://map.example/1 "));
    buf_reset(&b);
    assert_int_equal(registry_say_promoted(&b, "", TZ, &more, 3, 1, 0), 0);
    assert_non_null(strstr(b.data, "文化广场。费用：每人10元。回复"));
    struct registry_signin sign = {
        .result = REG_SIGN_OK, .count = 2, .opens_at = 1789952400000, .closes_at = 1790298000000};
    buf_reset(&b);
    assert_int_equal(registry_say_signin(&b, "", TZ, &more, &sign), 0);
    assert_string_equal(buf_cstr(&b), "中秋篮球赛签到成功（2人），欢迎您！");
    sign.result = REG_SIGN_NOT_NOW;
    buf_reset(&b);
    assert_int_equal(registry_say_signin(&b, "", TZ, &more, &sign), 0);
    assert_non_null(strstr(b.data, "签到时间：9月21日09:00至9月25日09:00"));
    more.n_tags = 2;
    memcpy(more.tags[0], "老人", sizeof("老人"));
    memcpy(more.tags[1], "党员", sizeof("党员"));
    buf_reset(&b);
    assert_int_equal(registry_say_not_eligible(&b, "", &more), 0);
    assert_non_null(strstr(b.data, "中秋篮球赛只面向老人、党员，您的登记资料不在其中"));
    more.n_areas = 1;
    buf_reset(&b);
    assert_int_equal(registry_say_not_eligible(&b, "", &more), 0);
    assert_non_null(strstr(b.data, "只面向指定片区的老人、党员，"));
    now = BB;
    now.seats++;
    assert_false(registry_is_moved(&BB, &now));
    buf_fini(&b);
}

/* A title with braces is a value, not a place; an answer that does not fit is an error. */
static void test_values_are_never_read_again(void **state)
{
    struct activity odd = {.title = "{left}{x}", .seats = 1};
    const struct registry_outcome o = {.result = REG_NOT_REGISTERED};
    struct buf b = BUF_INIT(200), small = BUF_INIT(10);

    (void)state;
    assert_int_equal(registry_say_outcome(&b, "", TZ, &odd, INTENT_LEAVE, &o), 0);
    assert_non_null(strstr(b.data, "没有报名{left}{x}"));
    assert_int_equal(registry_say_outcome(&small, "", TZ, &odd, INTENT_LEAVE, &o), -1);
    buf_fini(&b);
    buf_fini(&small);
}

static void test_result_names(void **state)
{
    (void)state;
    for (int r = 0; r < REG_RESULT_N; r++)
        assert_non_null(reg_result_name((enum reg_result)r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_language_has_every_text_with_the_same_places),
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_plain_answers),
        cmocka_unit_test(test_news_of_an_activity_say_what_changed),
        cmocka_unit_test(test_values_are_never_read_again),
        cmocka_unit_test(test_result_names),
    };
    return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
