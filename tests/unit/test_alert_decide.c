/* What becomes of official warnings: a row for every line of the decision table, each a sequence of messages and what the last one does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/alert_decide.h"
#include "tests/support/cap_text.h"

#define STEPS  5
#define BLUE   .title = "海口市气象台发布台风蓝色预警信号"
#define ORANGE .title = "海口市气象台发布台风橙色预警信号"
#define RED    .title = "海口市气象台变更台风橙色预警信号为台风红色预警信号"
#define UPDATE .type = "Update"
#define CANCEL .type = "Cancel"

struct row {
    const char *what;
    struct cap_said m
        [STEPS]; /* those without an id are not there; each comes at the minute at which it is sent unless at_min says */
    int at_min;        /* when the last one comes; 0 = when it is sent */
    const char *says;  /* decision/action of the last one */
    const char *areas; /* watched; NULL = 460106 */
    int least;
    bool drill;
};

/* clang-format off */
static const struct row rows[] = {
    {.what = "a new warning", .m = {{.id = "a"}}, .says = "send/new"},
    {.what = "an exercise without a list", .m = {{.id = "a", .status = "Exercise"}}, .says = "store/"},
    {.what = "an exercise with a list", .m = {{.id = "a", .status = "Exercise"}}, .drill = true, .says = "send/drill"},
    {.what = "an exercise for elsewhere", .m = {{.id = "a", .status = "Exercise", .code = "440100000000"}}, .drill = true, .says = "store/"},
    {.what = "the end of an exercise", .m = {{.id = "a", .status = "Exercise"}, {.id = "b", CANCEL, .status = "Exercise", .sent_min = 1, .refs = "a"}}, .drill = true, .says = "end/end"},
    {.what = "a warning's end does not end an exercise", .m = {{.id = "a", .status = "Exercise"}, {.id = "b", CANCEL, .sent_min = 1, .refs = "a"}}, .drill = true, .says = "store/"},
    {.what = "an exercise ends no warning", .m = {{.id = "a"}, {.id = "b", CANCEL, .status = "Exercise", .sent_min = 1, .refs = "a"}, {.id = "c", UPDATE, RED, .sent_min = 2, .refs = "a"}}, .drill = true, .says = "send/raised"},
    {.what = "a test", .m = {{.id = "a", .status = "Test"}}, .drill = true, .says = "store/"},
    {.what = "a system message", .m = {{.id = "a", .status = "System"}}, .says = "store/"},
    {.what = "a draft", .m = {{.id = "a", .status = "Draft"}}, .says = "store/"},
    {.what = "a test cancel ends nothing", .m = {{.id = "a"}, {.id = "b", CANCEL, .status = "Test", .sent_min = 1, .refs = "a"}, {.id = "c", CANCEL, .sent_min = 2, .refs = "a"}}, .says = "end/end"},
    {.what = "restricted", .m = {{.id = "a", .scope = "Restricted"}}, .says = "store/"},
    {.what = "private", .m = {{.id = "a", .scope = "Private"}}, .says = "store/"},
    {.what = "an acknowledgement", .m = {{.id = "a", .type = "Ack", .refs = "x", .no_info = true}}, .says = "store/"},
    {.what = "an error", .m = {{.id = "a", .type = "Error", .refs = "x", .no_info = true}}, .says = "store/"},
    {.what = "expired on arrival", .m = {{.id = "a", .expires_min = 60}}, .at_min = 60, .says = "store/"},
    {.what = "one that does not say until when holds a day", .m = {{.id = "a", .expires_min = -1}}, .at_min = 23 * 60, .says = "send/new"},
    {.what = "and then has expired", .m = {{.id = "a", .expires_min = -1}}, .at_min = 24 * 60, .says = "store/"},
    {.what = "sent too long ago, though it still holds", .m = {{.id = "a", .expires_min = 48 * 60}}, .at_min = 24 * 60 + 1, .says = "store/"},
    {.what = "the same message again", .m = {{.id = "a"}, {.id = "a"}}, .says = "ignore/"},
    {.what = "the same identifier, another time: another message", .m = {{.id = "a"}, {.id = "a", .sent_min = 1}}, .says = "send/new"},
    {.what = "for another area", .m = {{.id = "a", .code = "440100000000"}}, .says = "store/"},
    {.what = "for the province", .m = {{.id = "a", .code = "460000"}}, .says = "send/new"},
    {.what = "for a township of ours", .m = {{.id = "a", .code = "460106003000"}}, .says = "send/new"},
    {.what = "no area is watched", .m = {{.id = "a"}}, .areas = "", .says = "store/"},
    {.what = "names no area", .m = {{.id = "a", .no_area = true}}, .says = "store/"},
    {.what = "names its area in its number only", .m = {{.id = "46010041600000_20250923090600", .no_area = true}}, .says = "send/new"},
    {.what = "too low", .m = {{.id = "a", BLUE}}, .least = 3, .says = "store/"},
    {.what = "just high enough", .m = {{.id = "a"}}, .least = 3, .says = "send/new"},
    {.what = "an earthquake's early warning", .m = {{.id = "a", .event = "地震预警", .title = "地震预警"}}, .says = "store/"},
    {.what = "an earthquake's report", .m = {{.id = "a", .event = "地震速报", .title = "地震速报", .severity = "Severe"}}, .says = "send/new"},
    {.what = "an update that raises", .m = {{.id = "a"}, {.id = "b", UPDATE, RED, .sent_min = 9, .refs = "a"}}, .says = "send/raised"},
    {.what = "an alert with references is an update", .m = {{.id = "a"}, {.id = "b", RED, .sent_min = 9, .refs = "a"}}, .says = "send/raised"},
    {.what = "an update that says the same", .m = {{.id = "a"}, {.id = "b", UPDATE, .sent_min = 9, .refs = "a"}}, .says = "store/"},
    {.what = "an update that lowers", .m = {{.id = "a", ORANGE}, {.id = "b", UPDATE, .sent_min = 9, .refs = "a"}}, .says = "send/lowered"},
    {.what = "a lower level is told once", .m = {{.id = "a", ORANGE}, {.id = "b", UPDATE, .sent_min = 9, .refs = "a"}, {.id = "c", UPDATE, .sent_min = 10, .refs = "b@9"}}, .says = "store/"},
    {.what = "also below what is told else", .m = {{.id = "a", ORANGE}, {.id = "b", UPDATE, BLUE, .sent_min = 9, .refs = "a"}}, .least = 3, .says = "send/lowered"},
    {.what = "down and up again is told", .m = {{.id = "a", ORANGE}, {.id = "b", UPDATE, .sent_min = 9, .refs = "a"}, {.id = "c", UPDATE, ORANGE, .sent_min = 10, .refs = "a b@9"}}, .says = "send/raised"},
    {.what = "an update that reaches further places of ours", .m = {{.id = "a", .code = "460105"}, {.id = "b", UPDATE, .sent_min = 9, .refs = "a"}}, .areas = "460105,460106", .says = "send/wider"},
    {.what = "an update that leaves us out ends it here", .m = {{.id = "a"}, {.id = "b", UPDATE, .code = "460107", .sent_min = 9, .refs = "a"}}, .says = "end/end"},
    {.what = "an update of another kind", .m = {{.id = "a"}, {.id = "b", UPDATE, .event = "暴雨", .title = "发布暴雨黄色预警信号", .sent_min = 9, .refs = "a"}}, .says = "send/changed"},
    {.what = "another scale is no higher level", .m = {{.id = "a", ORANGE}, {.id = "b", UPDATE, .title = "启动台风Ⅲ级应急响应", .sent_min = 9, .refs = "a"}}, .says = "send/changed"},
    {.what = "an update of what is not known", .m = {{.id = "b", UPDATE, .sent_min = 9, .refs = "a"}}, .says = "send/new"},
    {.what = "an update of what nobody was told of", .m = {{.id = "a", BLUE}, {.id = "b", UPDATE, RED, .sent_min = 9, .refs = "a"}}, .least = 3, .says = "send/new"},
    {.what = "an update of another sender's", .m = {{.id = "a"}, {.id = "b", UPDATE, .sent_min = 9, .refs = "a", .sender = "second@example.cn", .ref_sender = CAP_SENDER}}, .says = "send/new"},
    {.what = "an update of what has expired", .m = {{.id = "a", .expires_min = 60}, {.id = "b", UPDATE, .sent_min = 70, .refs = "a", .expires_min = 200}}, .says = "send/new"},
    {.what = "an update after the end", .m = {{.id = "a"}, {.id = "b", CANCEL, .sent_min = 1, .refs = "a"}, {.id = "c", UPDATE, .sent_min = 2, .refs = "a"}}, .says = "send/new"},
    {.what = "refers to itself only", .m = {{.id = "a", UPDATE, .refs = "a"}}, .says = "send/new"},
    {.what = "cancel", .m = {{.id = "a"}, {.id = "b", CANCEL, .sent_min = 9, .refs = "a"}}, .says = "end/end"},
    {.what = "cancel without a block", .m = {{.id = "a"}, {.id = "b", CANCEL, .sent_min = 9, .refs = "a", .no_info = true}}, .says = "end/end"},
    {.what = "cancel of the latest of a chain", .m = {{.id = "a"}, {.id = "b", UPDATE, RED, .sent_min = 9, .refs = "a"}, {.id = "c", CANCEL, .sent_min = 10, .refs = "b@9"}}, .says = "end/end"},
    {.what = "all-clear", .m = {{.id = "a"}, {.id = "b", UPDATE, .response = "AllClear", .sent_min = 9, .refs = "a"}}, .says = "end/end"},
    {.what = "past", .m = {{.id = "a"}, {.id = "b", UPDATE, .urgency = "Past", .sent_min = 9, .refs = "a"}}, .says = "end/end"},
    {.what = "an end that has expired is an end", .m = {{.id = "a"}, {.id = "b", CANCEL, .sent_min = 9, .expires_min = 9, .refs = "a"}}, .at_min = 30, .says = "end/end"},
    {.what = "a second end", .m = {{.id = "a"}, {.id = "b", CANCEL, .sent_min = 9, .refs = "a"}, {.id = "c", CANCEL, .sent_min = 10, .refs = "a"}}, .says = "store/"},
    {.what = "the end of what nobody was told of", .m = {{.id = "a", .code = "110000"}, {.id = "b", CANCEL, .sent_min = 9, .refs = "a"}}, .says = "store/"},
    {.what = "the end of what is not known", .m = {{.id = "b", CANCEL, .sent_min = 9, .refs = "a"}}, .says = "store/"},
    {.what = "an end without references", .m = {{.id = "a"}, {.id = "b", CANCEL, .sent_min = 9}}, .says = "store/"},
    {.what = "an end by another sender", .m = {{.id = "a"}, {.id = "b", CANCEL, .sent_min = 9, .refs = "a", .sender = "second@example.cn", .ref_sender = CAP_SENDER}}, .says = "refuse/"},
    {.what = "a sender that is none of ours", .m = {{.id = "a", .sender = "third@example.cn"}}, .says = "refuse/"},
    {.what = "late, already updated", .m = {{.id = "b", UPDATE, RED, .sent_min = 9, .refs = "a"}, {.id = "a"}}, .at_min = 10, .says = "store/"},
    {.what = "late, already cancelled", .m = {{.id = "b", CANCEL, .sent_min = 9, .refs = "a"}, {.id = "a"}}, .at_min = 10, .says = "store/"},
    {.what = "late, a later one of the chain came", .m = {{.id = "a"}, {.id = "c", UPDATE, RED, .sent_min = 9, .refs = "a"}, {.id = "b", UPDATE, .sent_min = 5, .refs = "a"}}, .at_min = 10, .says = "store/"},
    {.what = "one end of several open warnings", .m = {{.id = "a"}, {.id = "b", .sent_min = 1, .title = "发布暴雨黄色预警信号"}, {.id = "c", CANCEL, .sent_min = 9, .refs = "a b@1"}, {.id = "d", CANCEL, .sent_min = 10, .refs = "b@1"}}, .says = "store/"},
    {.what = "the whole history as references", .m = {{.id = "a"}, {.id = "b", UPDATE, ORANGE, .sent_min = 1, .refs = "a"}, {.id = "c", UPDATE, RED, .sent_min = 2, .refs = "a b@1"}, {.id = "d", UPDATE, RED, .sent_min = 3, .refs = "a b@1 c@2"}}, .says = "store/"},
};
/* clang-format on */

static void decide(const struct row *r, struct alert_book *b, const struct alert_rules *rules,
                   const struct cap_said *m, bool last, struct alert_verdict *v)
{
    struct cap_list l = {.alerts = NULL};
    struct warning w;

    cap_said_parse(m, &l);
    warning_of(&l.alerts[0], rules->watched, &w);
    alert_decide(b, &w, rules, CAP_T0 + (last && r->at_min != 0 ? r->at_min : m->sent_min) * 60000LL, v);
    alert_book_add(b, &w, v);
    cap_list_fini(&l);
}

static void run(const struct row *r, size_t n)
{
    static const char *const senders[] = {CAP_SENDER, "second@example.cn"};
    struct area_set watched;
    struct alert_rules rules = {.watched = &watched,
                                .senders = senders,
                                .n_senders = 2,
                                .least_grade = r->least,
                                .stale_ms = ALERT_STALE_MS,
                                .drill_list = r->drill};
    struct alert_book b = {.events = NULL};
    struct alert_verdict v = {.action = ""};
    char said[64];

    assert_int_equal(area_set_parse(&watched, r->areas != NULL ? r->areas : "460106", NULL), 0);
    for (size_t i = 0; i < STEPS && r->m[i].id != NULL; i++)
        decide(r, &b, &rules, &r->m[i], i + 1 == STEPS || r->m[i + 1].id == NULL, &v);
    assert_true(snprintf(said, sizeof(said), "%s/%s", alert_decision_name(v.decision), v.action) <
                (int)sizeof(said));
    if (strcmp(said, r->says) != 0)
        fail_msg("row %zu, %s: %s (%s)", n, r->what, said, v.why);
    alert_book_fini(&b);
}

static void every_line_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        run(&rows[i], i);
}

static void nothing_is_made_of_an_incomplete_message(void **state)
{
    struct area_set none = {.n = 0};
    struct alert_rules rules = {.watched = &none, .stale_ms = ALERT_STALE_MS};
    struct alert_book b = {.events = NULL};
    struct alert_verdict v;

    (void)state;
    alert_decide(&b, NULL, &rules, CAP_T0, &v);
    assert_int_equal(v.decision, ALERT_REFUSE);
    assert_string_equal(v.root, "");
}

/* Of several blocks the gravest that concerns us counts. */
static void the_block_that_concerns_us_counts(void **state)
{
    static const char file[] =
        "<alert xmlns=\"" CAP_NS "\"><identifier>x</identifier><sender>s</"
        "sender><sent>2025-09-23T09:06:00+08:00</sent><status>Actual</status>"
        "<msgType>Alert</msgType><scope>Public</scope>"
        "<info><language>en</language><event>Typhoon</event><headline>red warning</headline></info>"
        "<info><language>zh</language><event>台风</event><headline>台风红色预警</headline><area><areaDesc>x</"
        "areaDesc><geocode><valueName>c</valueName><value>440100</value></geocode></area></info>"
        "<info><language>zh</language><event>台风</event><headline>台风蓝色预警</headline><area><areaDesc>x</"
        "areaDesc><geocode><valueName>c</valueName><value>460000</value></geocode></area></info>"
        "<info><language>zh</language><event>台风</event><headline>台风黄色预警</headline><area><areaDesc>x</"
        "areaDesc><geocode><valueName>c</valueName><value>460106</value></geocode></area></info>"
        "</alert>";
    struct cap_list l;
    struct area_set watched;
    struct warning w;

    (void)state;
    assert_int_equal(cap_parse(&l, file, strlen(file), NULL), 0);
    assert_int_equal(area_set_parse(&watched, "460106,460107", NULL), 0);
    warning_of(&l.alerts[0], &watched, &w);
    assert_int_equal(w.level.grade, 3);
    assert_string_equal(w.areas, "460106,460107");
    assert_true(w.life_assumed);
    cap_list_fini(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_of_the_table),
        cmocka_unit_test(nothing_is_made_of_an_incomplete_message),
        cmocka_unit_test(the_block_that_concerns_us_counts),
    };

    return cmocka_run_group_tests_name("alert_decide", tests, NULL, NULL);
}
