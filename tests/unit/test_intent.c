#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/num.h"
#include "model/intent.h"

/* Labelled replies: tests/corpus/replies/README.md tells what the scenes and columns are. */
#define CORPUS "tests/corpus/replies"

/* clang-format off */
static const struct activity ACTIVITIES[] = {
    {.code = "bb", .title = "中秋篮球赛", .aliases = {"篮球", "lanqiu", "basketball"}, .n_aliases = 3},
    {.code = "ymq", .title = "羽毛球友谊赛", .aliases = {"羽毛球"}, .n_aliases = 1},
    {.code = "sh", .title = "老年人书画班", .aliases = {"书画"}, .n_aliases = 1},
    {.code = "jj", .title = "急救知识讲座"},
    {.code = "gcw", .title = "广场舞大赛"},
    {.code = "bbx", .title = "少儿篮球训练营"},
};
/* clang-format on */
static const bool YES[6] = {true, true, true, true, true, true}, NO[6];
static const bool FIRST[6] = {true};
static const char OFFERED[2][INTENT_OFFER_MAX] = {"bb", "ymq"};

/* clang-format off */
static const struct scene {
    const char *name;
    struct intent_ctx ctx;
} SCENES[] = {
    {"one", {.activities = ACTIVITIES, .n_activities = 1, .open = YES, .registered = NO}},
    {"one-in", {.activities = ACTIVITIES, .n_activities = 1, .open = YES, .registered = YES}},
    {"two", {.activities = ACTIVITIES, .n_activities = 2, .open = YES, .registered = NO}},
    {"two-bb", {.activities = ACTIVITIES, .n_activities = 2, .open = YES, .registered = FIRST}},
    {"two-in", {.activities = ACTIVITIES, .n_activities = 2, .open = YES, .registered = YES}},
    {"none", {.activities = NULL, .n_activities = 0}},
    {"closed", {.activities = ACTIVITIES, .n_activities = 1, .open = NO, .registered = NO}},
    {"many", {.activities = ACTIVITIES, .n_activities = 6, .open = YES, .registered = NO}},
    {"asked", {.activities = ACTIVITIES, .n_activities = 2, .open = YES, .registered = NO, .asked = "bb"}},
    {"asked-in", {.activities = ACTIVITIES, .n_activities = 2, .open = YES, .registered = FIRST, .asked = "bb"}},
    {"asked-other", {.activities = ACTIVITIES, .n_activities = 2, .open = YES, .registered = FIRST, .asked = "ymq"}},
    {"rollcall", {.activities = ACTIVITIES, .n_activities = 1, .open = YES, .registered = NO, .rollcall_open = true}},
    {"rollcall-asked", {.activities = ACTIVITIES, .n_activities = 1, .open = YES, .registered = NO, .rollcall_open = true, .asked = "bb"}},
    {"list", {.activities = ACTIVITIES, .n_activities = 2, .open = YES, .registered = NO, .offered = OFFERED, .n_offered = 2}},
    {"list-leave",
     {.activities = ACTIVITIES, .n_activities = 2, .open = YES, .registered = YES, .offered = OFFERED, .n_offered = 2, .offered_for = INTENT_LEAVE}},
};
/* clang-format on */

static struct intent_words *words;

static const struct intent_ctx *scene(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(SCENES); i++)
        if (strcmp(SCENES[i].name, name) == 0)
            return &SCENES[i].ctx;
    fail_msg("no scene \"%s\"", name);
    return NULL;
}

/* "\n" in a text of the corpus is a line break. */
static void unescape(char *s)
{
    char *p;

    while ((p = strstr(s, "\\n")) != NULL) {
        *p = '\n';
        memmove(p + 1, p + 2, strlen(p + 2) + 1);
    }
}

/* Columns of a row in place; those left out are NULL. */
static size_t split(char *line, char *cells[6])
{
    size_t n = 0;

    for (char *p = line; p && n < 6; n++) {
        cells[n] = p;
        p = strchr(p, '\t');
        if (p)
            *p++ = '\0';
    }
    for (size_t i = n; i < 6; i++)
        cells[i] = NULL;
    return n;
}

/* What is wrong with ${o}, or NULL. */
static const char *differs(const struct intent *o, char *const cells[6])
{
    int64_t count;

    if (strcmp(intent_name(o->kind), cells[2]) != 0)
        return "intent";
    if (cells[3] && strcmp(cells[3], "*") == 0) {
        if (o->activity[0] || o->n_ambiguous == 0)
            return "should be ambiguous";
    } else if (cells[3] &&
               (strcmp(o->activity, strcmp(cells[3], "-") ? cells[3] : "") != 0 || o->n_ambiguous)) {
        return "activity";
    }
    if (cells[4] && (num_i64(cells[4], 1, 9999, &count) || count != o->count))
        return "count";
    if (cells[5] && strcmp(o->name, cells[5]) != 0)
        return "name";
    return NULL;
}

/* What is no leaving in one scene is none where there is more to lose. Scenes with an open question aside: there short texts mean more. */
static size_t n_rows, n_wrong, n_known, n_irreversible, n_lost;

static void check_no_loss(const char *file, size_t line_no, char *const cells[6])
{
    static const char *const SCENES_TO_LOSE[] = {"one-in", "two-bb", "two-in"};
    struct intent o;

    if (strcmp(cells[2], "leave") == 0 || strncmp(cells[0], "list", 4) == 0)
        return;
    for (size_t i = 0; i < ARRAY_LEN(SCENES_TO_LOSE); i++) {
        intent_parse(words, scene(SCENES_TO_LOSE[i]), cells[1], strlen(cells[1]), &o);
        bool leaves = o.kind == INTENT_LEAVE && (o.activity[0] || o.n_ambiguous);
        if (!leaves && (o.kind != INTENT_STOP || strcmp(cells[2], "stop") == 0))
            continue;
        n_lost++;
        print_message("%s:%zu: \"%s\" %s in scene %s (%s)\n", file, line_no, cells[1],
                      leaves ? "gives a seat away" : "opts out", SCENES_TO_LOSE[i], o.rule);
    }
}

/* How many of each intent there are, and how many were understood. */
static size_t tally[INTENT_START + 1][2];

static void count_row(const char *label, bool right)
{
    for (int k = 0; k <= INTENT_START; k++)
        if (strcmp(label, intent_name((enum intent_kind)k)) == 0) {
            tally[k][0]++;
            tally[k][1] += right;
        }
}

static void print_tally(const char *what)
{
    for (int k = 0; k <= INTENT_START; k++)
        if (tally[k][0])
            print_message("%-20s %-8s %4zu of %4zu right, %.1f %%\n", what, intent_name((enum intent_kind)k),
                          tally[k][1], tally[k][0], 100.0 * (double)tally[k][1] / (double)tally[k][0]);
}

static void check_row(const char *file, size_t line_no, char *line)
{
    char *cells[6];
    struct intent o;
    bool known = line[0] == '~';

    line += known;
    if (line[0] == '#' || line[0] == '\0')
        return;
    if (split(line, cells) < 3)
        fail_msg("%s:%zu: a row has three columns at least", file, line_no);
    unescape(cells[1]);
    intent_parse(words, scene(cells[0]), cells[1], strlen(cells[1]), &o);
    n_rows++;
    check_no_loss(file, line_no, cells);
    const char *why = differs(&o, cells);
    bool acts = (o.kind == INTENT_JOIN || o.kind == INTENT_LEAVE)
                    ? o.activity[0] != '\0'
                    : o.kind == INTENT_STOP || o.kind == INTENT_START;
    count_row(cells[2], !why);
    if (!why && known)
        fail_msg("%s:%zu: \"%s\" is understood now: take the ~ away", file, line_no, cells[1]);
    if (!why)
        return;
    n_known += known;
    n_wrong++;
    n_irreversible += acts && strcmp(why, "name") != 0;
    if (known)
        return;
    print_message("%s:%zu: [%s] \"%s\": %s: %s %s n=%u name=\"%s\" %zu possible, rule %s\n", file, line_no,
                  cells[0], cells[1], why, intent_name(o.kind), o.activity, o.count, o.name, o.n_ambiguous,
                  o.rule);
    for (size_t i = 0; i < o.n_steps; i++)
        print_message("    %s\n", o.steps[i]);
}

static void check_file(const char *file)
{
    char path[512], *line = NULL;
    size_t cap = 0, line_no = 0;
    ssize_t n;
    FILE *f;

    assert_in_range(snprintf(path, sizeof path, "%s/%s", CORPUS, file), 1, sizeof path - 1);
    f = fopen(path, "re");
    assert_non_null(f);
    while ((n = getline(&line, &cap, f)) > 0) {
        line[strcspn(line, "\n")] = '\0';
        check_row(file, ++line_no, line);
    }
    free(line);
    fclose(f);
}

static void test_the_corpus(void **state)
{
    DIR *d = opendir(CORPUS);
    struct dirent *e;

    (void)state;
    if (!d)
        fail_msg("%s is not here: run from the top of the tree", CORPUS);
    while ((e = readdir(d)) != NULL)
        if (strlen(e->d_name) > 4 && strcmp(e->d_name + strlen(e->d_name) - 4, ".tsv") == 0)
            check_file(e->d_name);
    closedir(d);
    print_tally("replies");
    print_message("%zu replies, %zu wrong, of these %zu known, %zu with an effect; %zu losses elsewhere\n",
                  n_rows, n_wrong, n_known, n_irreversible, n_lost);
    assert_true(n_rows >= 1500);
    assert_int_equal(n_irreversible, 0);
    assert_int_equal(n_lost, 0);
    assert_int_equal(n_wrong, n_known);
}

static void parse(const char *scene_name, const char *text, struct intent *o)
{
    intent_parse(words, scene(scene_name), text, strlen(text), o);
}

static void test_any_bytes_have_an_intent(void **state)
{
    static const char *const TEXTS[] = {"",     "\xFF\xFE",         "\xE6\x8A",    " ",
                                        "\n\n", "\xF0\x9F\x8F\x80", "\xE2\x80\x8B"};
    char longest[9000];
    struct intent o;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        parse("one", TEXTS[i], &o);
        assert_int_equal(o.kind, INTENT_UNKNOWN);
    }
    intent_parse(words, scene("one"), "报名\0退订", 13, &o);
    assert_int_equal(o.kind, INTENT_UNKNOWN);
    memset(longest, 'a', sizeof longest);
    intent_parse(words, scene("one"), longest, sizeof longest, &o);
    assert_string_equal(o.rule, "too-long");
    intent_parse(words, NULL, "报名", 6, &o);
    assert_int_equal(o.kind, INTENT_JOIN);
    assert_string_equal(o.activity, "");
}

static void test_details_go_to_staff(void **state)
{
    struct intent o;

    (void)state;
    parse("one", "报名篮球 张三 2栋301 13800138000", &o);
    assert_string_equal(o.rest, "2栋301 13800138000");
    parse("one", "报名乒乓球", &o);
    assert_string_equal(o.rest, "乒乓球");
    assert_string_equal(o.rule, "no-such-activity");
    parse("one", "物业电话多少", &o);
    assert_string_equal(o.rest, "物业电话多少");
}

static void test_names_keep_their_spelling(void **state)
{
    struct intent o;

    (void)state;
    parse("one", "報名籃球賽 陳大海", &o);
    assert_string_equal(o.activity, "bb");
    assert_string_equal(o.name, "陳大海");
}

/* Two activities share an alias: the one that is open, or that the sender is registered for, is meant. */
static void test_open_or_registered_decides_among_equals(void **state)
{
    static const struct activity two[] = {
        {.code = "bb1", .title = "九月篮球赛", .aliases = {"篮球"}, .n_aliases = 1},
        {.code = "bb2", .title = "十月篮球赛", .aliases = {"篮球"}, .n_aliases = 1}
    };
    static const bool second[] = {false, true}, both[] = {true, true};
    struct intent_ctx c = {.activities = two, .n_activities = 2, .open = second, .registered = second};
    struct intent o;

    (void)state;
    intent_parse(words, &c, "报名篮球", 12, &o);
    assert_string_equal(o.activity, "bb2");
    intent_parse(words, &c, "取消篮球", 12, &o);
    assert_string_equal(o.activity, "bb2");
    c.open = c.registered = both;
    intent_parse(words, &c, "报名篮球", 12, &o);
    assert_int_equal(o.n_ambiguous, 2);
    intent_parse(words, &c, "报名九月篮球", 18, &o);
    assert_string_equal(o.activity, "bb1");
    intent_parse(words, &c, "取消篮球", 12, &o);
    assert_int_equal(o.n_ambiguous, 2);
    assert_string_equal(o.activity, "");
}

static void test_titles_may_hold_any_word(void **state)
{
    static const struct activity odd[] = {
        {.code = "a1",           .title = "不倒翁手工课"   },
        {.code = "报名日",    .title = "义工报名日"      },
        {.code = "3v3",          .title = "3v3街头篮球"      },
        {.code = "谁是棋王", .title = "谁是棋王"         },
        {.code = "bydd",         .title = "第三届表演大赛"}
    };
    static const struct {
        const char *text, *code;
    } rows[] = {
        {"报名不倒翁手工课",   "a1"          },
        {"报名不倒翁",            "a1"          },
        {"报名a1",                   "a1"          },
        {"报名 A1",                  "a1"          },
        {"报名3v3",                  "3v3"         },
        {"join 3v3",                   "3v3"         },
        {"报名谁是棋王",         "谁是棋王"},
        {"报名3v3街头篮球 2人", "3v3"         },
        {"报名表演",               "bydd"        },
        {"报名表演大赛 3人",    "bydd"        }
    };
    struct intent_ctx c = {.activities = odd, .n_activities = ARRAY_LEN(odd), .open = YES, .registered = NO};
    struct intent o;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        intent_parse(words, &c, rows[i].text, strlen(rows[i].text), &o);
        if (o.kind != INTENT_JOIN || strcmp(o.activity, rows[i].code))
            fail_msg("%s: %s \"%s\" %s", rows[i].text, intent_name(o.kind), o.activity, o.rule);
    }
}

static void test_own_keywords(void **state)
{
    struct intent_words *w = intent_words_new();
    struct intent o;
    struct err e;

    (void)state;
    assert_int_equal(intent_words_add(w, INTENT_JOIN, "冲鸭", &e), 0);
    assert_int_equal(intent_words_add(w, INTENT_JOIN, "冲鸭", &e), 0);
    assert_int_equal(intent_words_add(w, INTENT_STOP, "QX", &e), 0);
    assert_int_equal(intent_words_add(w, INTENT_LEAVE, "报名", &e), -1);
    assert_string_equal(e.code, "keyword-conflict");
    assert_int_equal(intent_words_add(w, INTENT_LEAVE, "報名", &e), -1);
    assert_int_equal(intent_words_add(w, INTENT_STOP, "取消", &e), -1);
    assert_int_equal(intent_words_add(w, INTENT_JOIN, "", &e), -1);
    assert_int_equal(intent_words_add(w, INTENT_JOIN, "\xFF", &e), -1);
    intent_parse(w, scene("one"), "冲鸭篮球", 12, &o);
    assert_int_equal(o.kind, INTENT_JOIN);
    assert_string_equal(o.activity, "bb");
    intent_parse(w, scene("one"), "qx", 2, &o);
    assert_int_equal(o.kind, INTENT_STOP);
    intent_parse(w, scene("one"), "qx 123", 6, &o);
    assert_int_equal(o.kind, INTENT_UNKNOWN);
    intent_words_free(w);
}

static void test_json(void **state)
{
    struct intent o;
    json_t *j;

    (void)state;
    parse("two", "报名2人 张三", &o);
    j = intent_json(&o, scene("two"));
    assert_non_null(j);
    assert_string_equal(json_string_value(json_object_get(j, "intent")), "join");
    assert_true(json_is_null(json_object_get(j, "activity")));
    assert_int_equal(json_integer_value(json_object_get(j, "count")), 2);
    assert_string_equal(json_string_value(json_object_get(j, "name")), "张三");
    assert_int_equal(json_array_size(json_object_get(j, "ambiguous")), 2);
    assert_string_equal(json_string_value(json_array_get(json_object_get(j, "ambiguous"), 1)), "ymq");
    assert_true(json_array_size(json_object_get(j, "steps")) >= 3);
    assert_string_equal(json_string_value(json_object_get(j, "rest")), "");
    json_decref(j);
    parse("one", "报名", &o);
    j = intent_json(&o, scene("one"));
    assert_string_equal(json_string_value(json_object_get(j, "activity")), "bb");
    assert_true(json_is_null(json_object_get(j, "name")));
    json_decref(j);
}

static int set_up(void **state)
{
    (void)state;
    words = intent_words_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    intent_words_free(words);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_corpus),
        cmocka_unit_test(test_any_bytes_have_an_intent),
        cmocka_unit_test(test_details_go_to_staff),
        cmocka_unit_test(test_names_keep_their_spelling),
        cmocka_unit_test(test_open_or_registered_decides_among_equals),
        cmocka_unit_test(test_titles_may_hold_any_word),
        cmocka_unit_test(test_own_keywords),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests_name("intent", tests, set_up, tear_down);
}
