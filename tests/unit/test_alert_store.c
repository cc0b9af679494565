/* The book of official warnings is the same after it was kept, and forgets in time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/alert_notice.h"
#include "model/alert_store.h"
#include "tests/support/cap_text.h"

static struct area_set watched = {.codes = {"460106"}, .n = 1};
static const struct alert_rules rules = {.watched = &watched, .stale_ms = ALERT_STALE_MS};

/* What becomes of it; a notice is noted as told. */
static const char *take(struct alert_book *b, const struct cap_said *m, json_t **notice)
{
    struct alert_verdict v;
    struct cap_list l;
    struct warning w;
    json_t *o = NULL;

    cap_said_parse(m, &l);
    warning_of(&l.alerts[0], &watched, &w);
    alert_decide(b, &w, &rules, CAP_T0 + m->sent_min * 60000LL, &v);
    alert_book_add(b, &w, &v);
    if (v.decision == ALERT_SEND || v.decision == ALERT_END)
        o = alert_notice(b, &w, &v, &watched);
    if (v.decision == ALERT_SEND)
        alert_known_told(alert_book_event(b, v.root), json_string_value(json_object_get(o, "id")));
    cap_list_fini(&l);
    if (notice != NULL)
        *notice = o;
    else
        json_decref(o);
    return alert_decision_name(v.decision);
}

static void again(struct alert_book *b, int64_t now_at)
{
    char *s = alert_book_write(b, now_at), *t;

    alert_book_fini(b);
    assert_int_equal(alert_book_read(b, s, strlen(s), NULL), 0);
    t = alert_book_write(b, now_at);
    assert_string_equal(s, t);
    free(s);
    free(t);
}

static void a_story_goes_on_after_it_was_kept(void **state)
{
    /* clang-format off */
    static const struct cap_said story[] = {
        {.id = "a"},
        {.id = "b", .type = "Update", .title = "台风红色预警信号", .sent_min = 1, .refs = "a"},
        {.id = "c", .sent_min = 2, .title = "发布暴雨黄色预警信号"},
        {.id = "d", .type = "Cancel", .sent_min = 3, .refs = "b@1 c@2", .no_info = true},
    };
    /* clang-format on */
    struct alert_book b = {.events = NULL};
    char told[300];
    json_t *end;
    const char *ids;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(take(&b, &story[i], NULL), "send");
        again(&b, CAP_T0);
        assert_string_equal(take(&b, &story[i], NULL), "ignore");
    }
    assert_string_equal(take(&b, &story[3], &end), "end");
    ids = json_string_value(json_object_get(json_object_get(end, "to"), "told"));
    assert_true(strlen(ids) < sizeof(told));
    assert_non_null(strchr(ids, ' ')); /* whoever was told by any of the three */
    assert_int_equal(strlen(ids), 3 * strlen("cap-202509230906-0123456789abcdef") + 2);
    assert_non_null(json_object_get(end, "text"));
    json_decref(end);
    again(&b, CAP_T0);
    alert_book_fini(&b);
}

static void what_is_over_is_forgotten_in_time(void **state)
{
    static const struct cap_said said = {.id = "a"};
    struct alert_book b = {.events = NULL};
    int64_t day = 24 * 3600 * 1000LL;

    (void)state;
    assert_string_equal(take(&b, &said, NULL), "send");
    again(&b, CAP_T0 + 14 * day); /* it held until the second day */
    assert_int_equal(b.n_events, 1);
    assert_int_equal(b.n_messages, 1);
    again(&b, CAP_T0 + 15 * day + 1);
    assert_int_equal(b.n_events, 0);
    assert_int_equal(b.n_messages, 0);
    alert_book_fini(&b);
}

static void what_is_no_book_is_refused(void **state)
{
    static const char *const bad[] = {"", "[]", "{}", "{\"events\":[{}],\"messages\":[]}",
                                      "{\"events\":[],\"messages\":[[1]]}"};
    struct alert_book b;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(alert_book_read(&b, bad[i], strlen(bad[i]), NULL), -1);
        alert_book_fini(&b);
    }
}

/* Station, time and words unchanged; a level only where the message has a signal. */
static void a_notice_carries_the_official_words(void **state)
{
    static const struct cap_said signal = {.id = "a"},
                                 response = {.id = "b", .title = "海口市启动防汛防风Ⅱ级应急响应"};
    struct alert_book b = {.events = NULL};
    json_t *n;
    const json_t *a;

    (void)state;
    assert_string_equal(take(&b, &signal, &n), "send");
    a = json_object_get(n, "alert");
    assert_string_equal(json_string_value(json_object_get(a, "official_text")),
                        "海口市气象台发布台风黄色预警信号：受台风影响，请注意防范。");
    assert_string_equal(json_string_value(json_object_get(a, "issuer")), "海口市气象台");
    assert_string_equal(json_string_value(json_object_get(a, "issued_at")), "2025-09-23T09:06:00+08:00");
    assert_string_equal(json_string_value(json_object_get(a, "level")), "yellow");
    assert_string_equal(json_string_value(json_object_get(n, "lane")), "urgent");
    assert_true(json_is_true(json_object_get(json_object_get(n, "to"), "everyone")));
    json_decref(n);
    assert_string_equal(take(&b, &response, &n), "send");
    assert_null(json_object_get(json_object_get(n, "alert"), "level"));
    assert_string_equal(json_string_value(json_object_get(n, "lane")), "emergency");
    json_decref(n);
    alert_book_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_story_goes_on_after_it_was_kept),
        cmocka_unit_test(what_is_over_is_forgotten_in_time),
        cmocka_unit_test(what_is_no_book_is_refused),
        cmocka_unit_test(a_notice_carries_the_official_words),
    };

    return cmocka_run_group_tests_name("alert_store", tests, NULL, NULL);
}
