/* From a selector to frozen recipients: who is meant, who is left out, what they read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "queue/people.h"
#include "tests/support/flow_bed.h"

struct waiting {
    bool done;
    enum queue_status status;
    uint64_t recipients, suppressed;
};

static bool is_done(void *arg)
{
    return ((struct waiting *)arg)->done;
}

static void wait_for(struct flow_bed *b, struct waiting *w)
{
    assert_true(loop_run_until(b->loop, is_done, w, 20000));
    assert_int_equal(w->status, QUEUE_OK);
}

static void on_put(void *arg, const struct queue_result *r, const struct people_import *counts)
{
    struct waiting *w = arg;

    (void)counts;
    w->status = r->status;
    w->done = true;
}

static void on_opted(void *arg, const struct queue_result *r, bool changed)
{
    struct waiting *w = arg;

    (void)changed;
    w->status = r->status;
    w->done = true;
}

__attribute__((format(printf, 3, 4))) static void format(char *out, size_t n, const char *fmt, ...)
{
    va_list ap;
    int len;

    va_start(ap, fmt);
    len = vsnprintf(out, n, fmt, ap);
    va_end(ap);
    assert_true(len > 0 && (size_t)len < n);
}

/* Numbers +8613800000000 + i, names 居民i, building i / 10, tag 老人 for every third, area 460106 or 460107. */
static void residents(struct flow_bed *b, unsigned from, unsigned n)
{
    struct resident *list = xcalloc(n, sizeof(*list));
    struct waiting w = {.done = false};

    for (unsigned i = 0; i < n; i++) {
        struct resident *r = &list[i];

        format(r->name, sizeof(r->name), "居民%u", from + i);
        format(r->phones[0], sizeof(r->phones[0]), "+86138%08u", from + i);
        r->n_phones = 1;
        format(r->building, sizeof(r->building), "%u栋", (from + i) / 10);
        memcpy(r->area, i % 2 == 0 ? "460106" : "460107", 7);
        if (i % 3 == 0) {
            memcpy(r->tags[0], "老人", sizeof("老人"));
            r->n_tags = 1;
        }
    }
    people_put(b->q, list, n, false, on_put, &w);
    wait_for(b, &w);
    free(list);
}

static void opt_out(struct flow_bed *b, const char *phone)
{
    struct waiting w = {.done = false};

    people_opt(b->q, phone, true, "退订", "", on_opted, &w);
    wait_for(b, &w);
}

static const struct {
    const char *name, *to, *lane;
    unsigned total;
} rows[] = {
    {"everyone is everyone but those who opted out",            "{\"everyone\":true}",                                 "normal",    59},
    {"an emergency reaches also those who opted out",           "{\"everyone\":true}",                                 "emergency", 60},
    {"a tag means those who bear it",                           "{\"tags\":[\"老人\"]}",                             "urgent",    20},
    {"members are AND",                                         "{\"tags\":[\"老人\"],\"areas\":[\"460106\"]}",      "urgent",    10},
    {"not takes away",                                          "{\"everyone\":true,\"not\":{\"tags\":[\"老人\"]}}", "urgent",    40},
    {"a building is a list of people",                          "{\"buildings\":[\"0栋\",\"1栋\"]}",                 "urgent",    20},
    {"a number may be a stranger's, and twice the same is one",
     "{\"phones\":[\"13800000003\",\"13800099001\",\"+8613800099001\"]}",                                              "urgent",    2 },
    {"a stranger who opted out is left out",                    "{\"phones\":[\"13800000003\",\"13800099002\"]}",      "normal",    1 },
};

static void selectors_become_recipients(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 16});

    (void)state;
    residents(b, 0, 60);
    opt_out(b, "+8613800000007");
    opt_out(b, "+8613800099002");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *json = xasprintf("{\"v\":1,\"id\":\"n%zu\",\"text\":\"x\",\"lane\":\"%s\",\"to\":%s}", i,
                               rows[i].lane, rows[i].to);
        char *id = xasprintf("n%zu", i);

        flow_push(b, false, json);
        if (!flow_until_state(b, id, NOTICE_DONE) || flow_get(b, id).total != rows[i].total)
            fail_msg("%s: %llu recipients", rows[i].name, (unsigned long long)flow_get(b, id).total);
        assert_int_equal(flow_count(b, id), rows[i].total);
        free(json);
        free(id);
    }
    flow_free(b);
}

static void on_counted(void *arg, const struct queue_result *r, uint64_t recipients, uint64_t suppressed)
{
    struct waiting *w = arg;

    w->status = r->status;
    w->recipients = recipients;
    w->suppressed = suppressed;
    w->done = true;
}

static void counting_tells_how_many_without_sending(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 4});
    struct err e;
    json_t *to = json_pack("{s:b}", "everyone", 1);
    struct audience *a = audience_parse(to, &e);
    struct waiting w = {.done = false};

    (void)state;
    residents(b, 0, 350);
    opt_out(b, "+8613800000007");
    scheduler_count(b->scheduler, a, on_counted, &w);
    wait_for(b, &w);
    assert_int_equal(w.recipients, 349);
    assert_int_equal(w.suppressed, 1);
    assert_int_equal(b->n_messages, 0);
    audience_free(a);
    json_decref(to);
    flow_free(b);
}

static void a_text_may_name_person_building_and_area(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 1});

    (void)state;
    residents(b, 42, 1);
    flow_push(b, false,
              "{\"v\":1,\"id\":\"n\",\"to\":{\"everyone\":true},\"vars\":{\"place\":\"文化广场\"},"
              "\"text\":\"{{name|邻居}}({{building}}, {{area}}): {{place}}\"}");
    assert_true(flow_until_state(b, "n", NOTICE_DONE));
    assert_string_equal(b->last_text, "居民42(4栋, 460106): 文化广场");
    flow_free(b);
}

static void those_who_were_told_hear_the_all_clear(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 2});

    (void)state;
    flow_notice(b, "n1", "urgent", 0, 120);
    assert_true(flow_until_state(b, "n1", NOTICE_DONE));
    flow_push(b, true,
              "{\"v\":1,\"id\":\"c1\",\"kind\":\"allclear\",\"cancels\":\"n1\",\"lane\":\"emergency\","
              "\"text\":\"警报解除\"}");
    assert_true(flow_until_state(b, "c1", NOTICE_DONE));
    assert_int_equal(flow_count(b, "c1"), 120);
    flow_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selectors_become_recipients),
        cmocka_unit_test(counting_tells_how_many_without_sending),
        cmocka_unit_test(a_text_may_name_person_building_and_area),
        cmocka_unit_test(those_who_were_told_hear_the_all_clear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
