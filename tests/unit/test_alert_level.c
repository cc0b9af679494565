/* Levels, kinds and places of official warnings, from the words that authorities really use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/alert_level.h"
#include "model/event_area.h"

static void levels_by_title(void **state)
{
    static const struct {
        const char *text;
        enum alert_scale scale;
        int grade;
        const char *event;
    } rows[] = {
        {"海口市气象台2025年09月23日09时06分发布台风黄色预警信号:受台风“桦加沙”影响,可能升级为红色预警。",
         ALERT_SCALE_SIGNAL,                                                                                                                                                  3, "typhoon"       },
        {"24日18时15分,海口市气象台变更暴雨橙色预警信号为暴雨红色预警信号:受对流云团影响",                         ALERT_SCALE_SIGNAL,
         1,                                                                                                                                                                      "rainstorm"     },
        {"海口市气象台变更台风橙色预警信号为台风红色预警信号",                                                               ALERT_SCALE_SIGNAL,     1, "typhoon"       },
        {"海口市气象台09:06发布雷雨大风黄色预警信号：未来6小时",                                                               ALERT_SCALE_SIGNAL,     3, "thunder-gust"  },
        {"台风橙色预警降级为黄色",                                                                                                         ALERT_SCALE_SIGNAL,     3, "typhoon"       },
        {"元氏县气象台更新大风蓝色预警[Ⅳ级/一般]",                                                                                 ALERT_SCALE_SIGNAL,     4, "gale"          },
        {"Yuanshi updates blue warning of gale [Level IV/General]",                                                                                   ALERT_SCALE_SIGNAL,     4, "gale"          },
        {"红色娘子军纪念园活动取消",                                                                                                      ALERT_SCALE_NONE,       0, NULL            },
        {"海南省气象局将台风四级预警提升为三级预警",                                                                              ALERT_SCALE_PROVINCIAL, 3, "typhoon"       },
        {"海南省气象局将台风四级预警提升为三级",                                                                                    ALERT_SCALE_PROVINCIAL, 3, "typhoon"       },
        {"海口市三防指挥部将防汛防风Ⅳ级应急响应提升为Ⅲ级",                                                                  ALERT_SCALE_RESPONSE,   3, "flood-and-wind"},
        {"海口市启动防汛防风II级应急响应",                                                                                              ALERT_SCALE_RESPONSE,   2, "flood-and-wind"},
        {"海口市启动防汛防风一级应急响应",                                                                                             ALERT_SCALE_RESPONSE,   1, "flood-and-wind"},
        {"最大阵风十二级以上",                                                                                                               ALERT_SCALE_NONE,       0, NULL            },
        {"",                                                                                                                                          ALERT_SCALE_NONE,       0, NULL            },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t n = alert_title_len(rows[i].text);
        struct alert_level l = alert_level_of_title(rows[i].text, n);
        const char *event = alert_event_of_text(rows[i].text, n);

        if (l.scale != rows[i].scale || l.grade != rows[i].grade ||
            (event == NULL) != (rows[i].event == NULL) ||
            (event != NULL && strcmp(event, rows[i].event) != 0))
            fail_msg("%s: scale %d grade %d event %s", rows[i].text, (int)l.scale, l.grade,
                     event != NULL ? event : "-");
    }
}

static void a_block_falls_back_to_parameters_and_severity(void **state)
{
    struct cap_pair awareness = {(char *)(uintptr_t) "awareness_level",
                                 (char *)(uintptr_t) "3; orange; Severe"};
    struct cap_info i = {.severity = CAP_MINOR};

    (void)state;
    assert_int_equal(alert_level_of(&i).grade, 4);
    i.parameters = &awareness;
    i.n_parameters = 1;
    assert_int_equal(alert_level_of(&i).grade, 2);
    i.headline = (char *)(uintptr_t) "发布台风红色预警信号";
    assert_int_equal(alert_level_of(&i).grade, 1);
    assert_int_equal(alert_level_lane(alert_level_of(&i)), LANE_EMERGENCY);
    i = (struct cap_info){.severity = CAP_SEVERITY_UNKNOWN};
    assert_int_equal(alert_level_of(&i).grade, 0);
    assert_int_equal(alert_level_lane(alert_level_of(&i)), LANE_URGENT);
}

static void early_warnings_are_known_reports_are_none(void **state)
{
    struct cap_info early = {.event = (char *)(uintptr_t) "地震预警"},
                    report = {.event = (char *)(uintptr_t) "地震速报"};

    (void)state;
    assert_true(alert_is_early_warning(&early));
    assert_false(alert_is_early_warning(&report));
}

static void codes_lie_inside_each_other(void **state)
{
    static const struct {
        const char *a, *b;
        bool related;
    } rows[] = {
        {"460106",       "460100",       true },
        {"460106",       "460000",       true },
        {"460106",       "46",           true },
        {"460106",       "460107",       false},
        {"460106",       "460106003000", true },
        {"460106003000", "460106003002", true },
        {"460106010000", "460106011000", false},
        {"460106",       "460100000000", true },
        {"460106",       "440100",       false},
        {"460106",       "469000",       false},
        {"460106",       "000000",       true },
        {"341823100000", "341823",       true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (area_code_related(rows[i].a, rows[i].b) != rows[i].related ||
            area_code_related(rows[i].b, rows[i].a) != rows[i].related)
            fail_msg("%s and %s", rows[i].a, rows[i].b);
}

static void only_place_codes_are_place_codes(void **state)
{
    static const struct {
        const char *name, *value, *code;
    } rows[] = {
        {"CPEAS Geographic Code", "460100000000",  "4601"     },
        {"GB/T 2260",             "460106",        "460106"   },
        {"SAME",                  "046105",        NULL       },
        {"UGC",                   "FLZ063",        NULL       },
        {"EXCLUDE_POLYGON",       "20,110 21,110", NULL       },
        {NULL,                    "460106003000",  "460106003"},
        {"x",                     "46",            NULL       },
        {"x",                     NULL,            NULL       },
    };
    char out[AREA_CODE_MAX + 1];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cap_pair p = {(char *)(uintptr_t)rows[i].name, (char *)(uintptr_t)rows[i].value};
        bool is = area_code_of(&p, out);

        if (is != (rows[i].code != NULL) || (is && strcmp(out, rows[i].code) != 0))
            fail_msg("row %zu", i);
    }
}

static struct cap_point square[4];

static enum area_match match(double lat, double lon, double half, const char *watched, char *hits)
{
    struct cap_polygon p = {square, 4};
    struct cap_area a = {.polygons = &p, .n_polygons = 1};
    struct cap_info i = {.areas = &a, .n_areas = 1};
    struct area_set w;
    uint32_t hit = 0;
    enum area_match m;

    for (int k = 0; k < 4; k++)
        square[k] = (struct cap_point){lat + (k == 0 || k == 3 ? -half : half), lon + (k < 2 ? -half : half)};
    assert_int_equal(area_set_parse(&w, watched, NULL), 0);
    m = area_match_info(&w, &i, &hit);
    area_hits(&w, hit, hits);
    return m;
}

static void polygons_meet_districts(void **state)
{
    char hits[AREAS_MAX * (AREA_CODE_MAX + 1)];

    (void)state;
    assert_int_equal(match(19.95, 110.15, 0.01, "460108,460105", hits),
                     AREA_BY_SHAPE); /* inside 秀英 alone */
    assert_string_equal(hits, "460105");
    assert_int_equal(match(20, 110, 5, "460108,460105", hits), AREA_BY_SHAPE); /* around everything */
    assert_string_equal(hits, "460105,460108");
    assert_int_equal(match(18.25, 109.5, 0.1, "460106", hits), AREA_NO);           /* 三亚 */
    assert_int_equal(match(19.95, 110.15, 0.01, "110105", hits), AREA_UNREADABLE); /* no outline is known */
    assert_int_equal(match(20.3, 110.3, 0.1, "460106003", hits), AREA_NO);
}

static void circles_and_known_buildings(void **state)
{
    struct cap_circle c = {
        {20.2, 110.3},
        10
    };
    struct cap_area a = {.circles = &c, .n_circles = 1};
    struct cap_info i = {.areas = &a, .n_areas = 1};
    struct cap_point far = {19.75, 110.35};
    struct area_set w;
    uint32_t hit = 0;

    (void)state;
    assert_int_equal(area_set_parse(&w, "460106", NULL), 0);
    assert_int_equal(area_match_info(&w, &i, &hit), AREA_NO); /* 15 km off the box */
    c.radius_km = 20;
    assert_int_equal(area_match_info(&w, &i, &hit), AREA_BY_SHAPE);
    w.points = &far;
    w.n_points = 1;
    hit = 0;
    assert_int_equal(area_match_info(&w, &i, &hit), AREA_NO); /* no building of ours is in it */
    a.unreadable = true;
    assert_int_equal(area_match_info(&w, &i, &hit), AREA_UNREADABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_by_title),
        cmocka_unit_test(a_block_falls_back_to_parameters_and_severity),
        cmocka_unit_test(early_warnings_are_known_reports_are_none),
        cmocka_unit_test(codes_lie_inside_each_other),
        cmocka_unit_test(only_place_codes_are_place_codes),
        cmocka_unit_test(polygons_meet_districts),
        cmocka_unit_test(circles_and_known_buildings),
    };

    return cmocka_run_group_tests_name("alert_level", tests, NULL, NULL);
}
