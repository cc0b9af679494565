/* Residents: stored line, areas, CSV header and rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/resident.h"

#define MAX_CELLS 8

/* ---- the line ---- */

static void a_line_brings_everything_back(void **state)
{
    (void)state;
    struct resident r = {
        .name = "王伟",
        .phones = {"+8613800000001", "+85251234567"},
        .n_phones = 2,
        .wechat = "oABC",
        .area = "460106",
        .building = "3栋 2单元",
        .tags = {"老人",         "志愿者"   },
        .n_tags = 2,
        .lang = "en",
        .wecom = "WangWei",
        .flags = RESIDENT_OPTED_OUT
    };
    struct resident back;
    struct buf b = BUF_INIT(2048);

    assert_int_equal(resident_line(&b, &r), 0);
    assert_string_equal(
        b.data, "+8613800000001 +85251234567\t王伟\t460106\t3栋 2单元\t老人;志愿者\ten\toABC\t1\tWangWei");
    assert_int_equal(resident_parse(b.data, b.len, &back), 0);
    assert_memory_equal(&back, &r, sizeof(r));
    buf_fini(&b);
}

static void trailing_empty_fields_are_left_out(void **state)
{
    (void)state;
    struct resident r = {.name = "李娜", .phones = {"+8613800000002"}, .n_phones = 1}, back;
    struct buf b = BUF_INIT(2048);

    assert_int_equal(resident_line(&b, &r), 0);
    assert_string_equal(b.data, "+8613800000002\t李娜");
    assert_int_equal(resident_parse(b.data, b.len, &back), 0);
    assert_memory_equal(&back, &r, sizeof(r));
    buf_fini(&b);
}

static void what_cannot_be_stored_is_refused_and_leaves_the_buffer(void **state)
{
    (void)state;
    struct resident r = {.name = "a\tb", .phones = {"+8613800000002"}, .n_phones = 1};
    struct buf b = BUF_INIT(2048), tiny = BUF_INIT(20);

    assert_int_equal(buf_str(&b, "x"), 0);
    assert_int_equal(resident_line(&b, &r), -1);
    assert_string_equal(b.data, "x");
    memcpy(r.name, "ab", 3);
    memcpy(r.tags[0], "a;b", 4);
    r.n_tags = 1;
    assert_int_equal(resident_line(&b, &r), -1);
    r.n_tags = 0;
    memcpy(r.building, "123456789", 10);
    assert_int_equal(resident_line(&tiny, &r), -1);
    buf_fini(&b);
    buf_fini(&tiny);
}

static void broken_lines_are_told(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "+8613800000001\ta\tb\tc\td\te\tf\t1\tw\tmore", /* more fields than known */
        "+8613800000001\ta\tb\tc\td\te\tf\tx",          /* flags */
        "+1 +2 +3 +4 +5\ta",                            /* too many phones */
        "+861380000000199999999\ta",                    /* too long */
        "+8613800000001\ta\t12345678901234567890",      /* area */
    };
    struct resident r;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (resident_parse(bad[i], strlen(bad[i]), &r) == 0)
            fail_msg("accepted: %s", bad[i]);
    assert_int_equal(resident_parse("", 0, &r), 0);
}

/* ---- areas ---- */

static void an_area_holds_what_lies_in_it(void **state)
{
    (void)state;
    static const struct {
        const char *what, *resident, *of;
        bool in;
    } rows[] = {
        {"the same county",                              "460106",       "460106",       true },
        {"another county",                               "460107",       "460106",       false},
        {"its city",                                     "460106",       "460100",       true },
        {"its province",                                 "460106",       "460000",       true },
        {"another province",                             "460106",       "440000",       false},
        {"another city",                                 "460202",       "460100",       false},
        {"a street in the county",                       "460106001",    "460106",       true },
        {"a village by its street",                      "460106001005", "460106001000", true },
        {"another street",                               "460106002005", "460106001000", false},
        {"a street with a ten is not cut in the middle", "460106011005", "460106010000", false},
        {"the county is not in its street",              "460106",       "460106001",    false},
        {"nobody knows where",                           "",             "460106",       false},
        {"no area is nowhere",                           "460106",       "",             false},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct resident r = {.id = 1};
        memcpy(r.area, rows[i].resident, strlen(rows[i].resident) + 1);
        if (resident_in_area(&r, rows[i].of) != rows[i].in)
            fail_msg("%s", rows[i].what);
    }
}

static void variables_and_json_mask_the_number(void **state)
{
    (void)state;
    struct resident r = {
        .id = 7, .name = "王伟", .phones = {"+8613800000001"}, .n_phones = 1, .building = "3栋"};

    assert_string_equal(resident_var(&r, "name"), "王伟");
    assert_string_equal(resident_var(&r, "phone"), "138****0001");
    assert_null(resident_var(&r, "wechat"));
    assert_true(resident_is_var("building") && !resident_is_var("tags"));
    json_t *j = resident_json(&r, true);
    assert_string_equal(json_string_value(json_array_get(json_object_get(j, "phones"), 0)), "138****0001");
    assert_string_equal(json_string_value(json_object_get(j, "id")), "7");
    json_decref(j);
    j = resident_json(&r, false);
    assert_string_equal(json_string_value(json_array_get(json_object_get(j, "phones"), 0)), "+8613800000001");
    json_decref(j);
}

/* ---- header ---- */

static size_t n_cells(const char *const *cells)
{
    size_t n = 0;

    while (n < MAX_CELLS && cells[n])
        n++;
    return n;
}

static void headers_in_any_order_and_language(void **state)
{
    (void)state;
    static const struct {
        const char *cells[MAX_CELLS];
        int name, phone, area, building, tags;
        size_t n_ignored;
    } rows[] = {
        {{"name", "phone", "area", "building", "tags"},      0, 1, 2,  3,  4,  0},
        {{"标签", "楼栋", "区划", "手机", "姓名"}, 4, 3, 2,  1,  0,  0},
        {{"备注", "姓名", "手机号码"},               1, 2, -1, -1, -1, 1},
        {{" Name ", "PHONE", "ＡＲＥＡ"},                0, 1, 2,  -1, -1, 0},
    };
    struct resident_columns c;
    struct err e;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (resident_columns(&c, n_cells(rows[i].cells), rows[i].cells, &e) < 0)
            fail_msg("row %zu: %s", i, e.msg);
        assert_int_equal(c.name, rows[i].name);
        assert_int_equal(c.phone, rows[i].phone);
        assert_int_equal(c.area, rows[i].area);
        assert_int_equal(c.building, rows[i].building);
        assert_int_equal(c.tags, rows[i].tags);
        assert_int_equal(c.n_ignored, rows[i].n_ignored);
    }
}

static void bad_headers_tell_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *cells[MAX_CELLS], *field, *holds;
    } rows[] = {
        {{"姓名", "楼栋"},         "phone", "姓名, 楼栋" },
        {{"phone"},                    "name",  "name (姓名)"  },
        {{"姓名", "手机", "name"}, "name",  "columns 1 and 3"},
        {{NULL},                       "name",  "none"           },
    };
    struct resident_columns c;
    struct err e;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(resident_columns(&c, n_cells(rows[i].cells), rows[i].cells, &e), -1);
        assert_string_equal(e.code, "bad-header");
        assert_string_equal(e.field, rows[i].field);
        if (!strstr(e.msg, rows[i].holds))
            fail_msg("row %zu: %s", i, e.msg);
    }
}

/* ---- rows ---- */

static const char *const HEADER[] = {"姓名", "手机", "区划", "楼栋", "标签"};

static int row(struct resident *r, const char *const *cells, struct err *e)
{
    struct resident_columns c;

    assert_int_equal(resident_columns(&c, ARRAY_LEN(HEADER), HEADER, e), 0);
    return resident_from_row(r, &c, n_cells(cells), cells, "460106", e);
}

static void a_row_becomes_a_resident(void **state)
{
    (void)state;
    static const char *const cells[MAX_CELLS] = {
        "王伟", "138 0000-0001；１３８０００００００２ / +86 138 0000 0001", "", "3栋", "老人、 志愿者;老人"};
    struct resident r;
    struct err e = {.msg = ""};

    if (row(&r, cells, &e) < 0)
        fail_msg("%s", e.msg);
    assert_int_equal(r.n_phones, 2);
    assert_string_equal(r.phones[0], "+8613800000001");
    assert_string_equal(r.phones[1], "+8613800000002");
    assert_string_equal(r.area, "460106");
    assert_int_equal(r.n_tags, 2);
    assert_string_equal(r.tags[1], "志愿者");
    assert_int_equal(row(&r, (const char *const[MAX_CELLS]){"李娜", "13800000002"}, &e), 0); /* short row */
    assert_string_equal(r.building, "");
}

static void bad_rows_name_column_and_reason(void **state)
{
    (void)state;
    static const struct {
        const char *what, *cells[MAX_CELLS], *code, *field;
    } rows[] = {
        {"no name",                      {"", "13800000001"},                                "no-name",       "姓名"},
        {"no number",                    {"王伟", ""},                                     "bad-phone",     "手机"},
        {"a landline",                   {"王伟", "0898-68551234"},                        "bad-phone",     "手机"},
        {"a spreadsheet's number",       {"王伟", "1.38E+10"},                             "bad-phone",     "手机"},
        {"the second number is bad",     {"王伟", "13800000001;12345"},                    "bad-phone",     "手机"},
        {"five numbers",
         {"王伟", "13800000001;13800000002;13800000003;13800000004;13800000005"},
         "too-many",                                                                                          "手机"},
        {"an area by name",              {"王伟", "13800000001", "龙华区"},             "bad-area",      "区划"},
        {"a line break in the building", {"王伟", "13800000001", "", "3\n栋"},            "bad-character", "楼栋"},
        {"a long building",
         {"王伟", "13800000001", "", "1234567890123456789012345678901234567890123456789"},
         "too-long",                                                                                          "楼栋"},
        {"a tab in the tags",            {"王伟", "13800000001", "", "", "a\tb"},          "bad-character", "标签"},
    };
    struct resident r;
    struct err e;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        memset(&e, 0, sizeof(e));
        if (row(&r, rows[i].cells, &e) == 0)
            fail_msg("accepted: %s", rows[i].what);
        if (strcmp(e.code, rows[i].code) || strcmp(e.field, rows[i].field) || !e.msg[0])
            fail_msg("%s: %s %s %s", rows[i].what, e.code, e.field, e.msg);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_brings_everything_back),
        cmocka_unit_test(trailing_empty_fields_are_left_out),
        cmocka_unit_test(what_cannot_be_stored_is_refused_and_leaves_the_buffer),
        cmocka_unit_test(broken_lines_are_told),
        cmocka_unit_test(an_area_holds_what_lies_in_it),
        cmocka_unit_test(variables_and_json_mask_the_number),
        cmocka_unit_test(headers_in_any_order_and_language),
        cmocka_unit_test(bad_headers_tell_what_is_wrong),
        cmocka_unit_test(a_row_becomes_a_resident),
        cmocka_unit_test(bad_rows_name_column_and_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
