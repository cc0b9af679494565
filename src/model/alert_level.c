#include "model/alert_level.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

static const char *const scale_names[] = {"", "signal", "provincial", "response"};
static const char *const colour_names[] = {"", "red", "orange", "yellow", "blue"};

const char *alert_scale_name(enum alert_scale s)
{
    return scale_names[s];
}

int alert_scale_parse(const char *s)
{
    for (size_t i = 0; i < ARRAY_LEN(scale_names); i++)
        if (strcmp(scale_names[i], s) == 0)
            return (int)i;
    return -1;
}

const char *alert_colour_name(int grade)
{
    return grade >= 0 && grade <= 4 ? colour_names[grade] : "";
}

int alert_colour_parse(const char *s)
{
    for (int i = 1; i <= 4; i++)
        if (strcmp(colour_names[i], s) == 0)
            return i;
    return 0;
}

/* ---- the title ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

size_t alert_title_len(const char *text)
{
    static const char *const ends[] = {"：", "。", "\n"};
    size_t n = strlen(text);

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        const char *at = strstr(text, ends[i]);
        if (at != NULL && (size_t)(at - text) < n)
            n = (size_t)(at - text);
    }
    for (size_t i = 0; i < n; i++) /* 09:06 is a time */
        if (text[i] == ':' && !(i > 0 && is_digit(text[i - 1]) && is_digit(text[i + 1])))
            return i;
    return n;
}

static bool starts(const char *s, const char *end, const char *word)
{
    size_t n = strlen(word);

    return (size_t)(end - s) >= n && memcmp(s, word, n) == 0;
}

static bool follows(const char *begin, const char *s, const char *word)
{
    size_t n = strlen(word);

    return (size_t)(s - begin) >= n && memcmp(s - n, word, n) == 0;
}

static bool holds(const char *s, size_t n, const char *word)
{
    return memmem(s, n, word, strlen(word)) != NULL;
}

/* "橙色预警", or "升级为橙色": a colour alone may be part of a place's name. */
static bool is_signal(const char *begin, const char *s, const char *after, const char *end)
{
    return starts(after, end, "预警") || starts(after, end, "(预警") || follows(begin, s, "为") ||
           follows(begin, s, "至") || follows(begin, s, "到");
}

static int last_colour(const char *s, size_t n)
{
    static const char *const colours[] = {"红色", "橙色", "黄色", "蓝色"};
    const char *end = s + n;
    int grade = 0;

    for (const char *p = s; p < end; p++)
        for (int i = 0; i < 4; i++)
            if (starts(p, end, colours[i]) && is_signal(s, p, p + strlen(colours[i]), end))
                grade = i + 1;
    return grade;
}

/* "Ⅳ级", "四级", "IV级"; a wind of 十二级 is no grade. The last one. */
static int last_grade(const char *s, size_t n)
{
    /* clang-format off */
    static const struct {
        const char *word;
        int grade;
    } grades[] = {{"Ⅰ", 1}, {"Ⅱ", 2}, {"Ⅲ", 3}, {"Ⅳ", 4}, {"一", 1}, {"二", 2}, {"三", 3}, {"四", 4},
                  {"特别重大", 1}, {"IV", 4}, {"III", 3}, {"II", 2}, {"I", 1}};
    /* clang-format on */
    const char *end = s + n;
    int grade = 0;

    for (const char *p = s; p < end; p++)
        for (size_t i = 0; i < ARRAY_LEN(grades); i++) {
            const char *after = p + strlen(grades[i].word);

            if (starts(p, end, grades[i].word) && starts(after, end, "级") && !follows(s, p, "十") &&
                !follows(s, p, "I"))
                grade = grades[i].grade;
        }
    return grade;
}

/* "blue warning", "Orange rainstorm alert"; words only. */
static int english_colour(const char *s, size_t n)
{
    int grade = 0;

    for (size_t i = 0; i < n; i++)
        for (int g = 1; g <= 4; g++) {
            size_t len = strlen(colour_names[g]);
            bool whole = i + len <= n && strncasecmp(s + i, colour_names[g], len) == 0 &&
                         (i == 0 || !isalpha((unsigned char)s[i - 1])) &&
                         (i + len == n || !isalpha((unsigned char)s[i + len]));
            if (whole)
                grade = g;
        }
    return grade;
}

static struct alert_level level(enum alert_scale scale, int grade)
{
    return (struct alert_level){grade != 0 ? scale : ALERT_SCALE_NONE, grade};
}

struct alert_level alert_level_of_title(const char *title, size_t n)
{
    int grade;

    if (holds(title, n, "响应") && (grade = last_grade(title, n)) != 0)
        return level(ALERT_SCALE_RESPONSE, grade);
    if ((grade = last_colour(title, n)) != 0)
        return level(ALERT_SCALE_SIGNAL, grade);
    if (holds(title, n, "级预警") && (grade = last_grade(title, n)) != 0)
        return level(ALERT_SCALE_PROVINCIAL, grade);
    if (memmem(title, n, "arning", 6) != NULL || memmem(title, n, "lert", 4) != NULL ||
        memmem(title, n, "ignal", 5) != NULL)
        return level(ALERT_SCALE_SIGNAL, english_colour(title, n));
    return level(ALERT_SCALE_NONE, 0);
}

/* ---- a block ---- */

static bool names_a_level(const char *name)
{
    return strcasestr(name, "level") != NULL || strcasestr(name, "colo") != NULL ||
           strstr(name, "级别") != NULL || strstr(name, "颜色") != NULL;
}

static struct alert_level level_of_pairs(const struct cap_pair *p, size_t n)
{
    static const char *const words[] = {"红", "橙", "黄", "蓝"};

    for (size_t i = 0; i < n; i++) {
        int grade = 0;

        if (p[i].name == NULL || p[i].value == NULL || !names_a_level(p[i].name))
            continue;
        for (int g = 1; g <= 4 && grade == 0; g++)
            if (strstr(p[i].value, words[g - 1]) != NULL)
                grade = g;
        if (grade == 0)
            grade = english_colour(p[i].value, strlen(p[i].value));
        if (grade != 0)
            return level(ALERT_SCALE_SIGNAL, grade);
    }
    return level(ALERT_SCALE_NONE, 0);
}

struct alert_level alert_level_of(const struct cap_info *i)
{
    const char *const texts[] = {i->headline, i->event, i->description};
    struct alert_level l;

    for (size_t k = 0; k < ARRAY_LEN(texts); k++)
        if (texts[k] != NULL) {
            l = alert_level_of_title(texts[k], alert_title_len(texts[k]));
            if (l.grade != 0)
                return l;
        }
    l = level_of_pairs(i->parameters, i->n_parameters);
    if (l.grade == 0)
        l = level_of_pairs(i->codes, i->n_codes);
    if (l.grade == 0 && i->severity != 0 && i->severity != CAP_SEVERITY_UNKNOWN)
        l = level(ALERT_SCALE_SIGNAL, i->severity); /* Extreme is red, ... Minor is blue */
    return l;
}

enum lane alert_level_lane(struct alert_level l)
{
    return l.grade == 1 || l.grade == 2 ? LANE_EMERGENCY : LANE_URGENT;
}
