/* What goes with a keyword: how many people, who, and details for staff (addresses, times, telephone numbers). */
#include "model/intent_parts.h"

#include <string.h>

#include "base/mem.h"
#include "text/utf8.h"

/* Of words separated by '|' the longest that stands at ${at}: its length, or 0. */
static size_t one_of(const struct intent_text *t, size_t at, const char *words)
{
    size_t best = 0;

    for (const char *p = words, *end = words + strlen(words); p < end; p++) {
        size_t i = at;
        bool same = true;
        while (p < end && *p != '|') {
            int32_t c = utf8_next(&p, end);
            same = same && i < t->n && t->c[i] == c;
            i++;
        }
        bool border = same && !(intent_is_latin(t->c[i - 1]) && intent_is_latin(t->c[i]));
        if (border && i - at > best)
            best = i - at;
    }
    return best;
}

/* --- numbers -------------------------------------------------------------------------------------------------- */

#define PEOPLE    "个人|个名额|个位置|个位子|个座位|个席位|名额|人次|人|位|名|口人|口子|口|个"
#define PEOPLE_EN "people|persons|person|ppl|pax|p|players|seats|seat|spots|spot|places|of us|adults"
#define DETAIL                                                                                                                               \
    "栋|幢|号楼|号|单元|室|楼|座|层|点|点半|点钟|时|分|月|日|岁|元|块|年|路|届|期|排|弄|巷|米|公里|分钟|" \
    "小时|天|周|斤|#|班|队|组|场|次|am|pm|km|kg"

static size_t digits_at(const struct intent_text *t, size_t at, size_t *value)
{
    size_t n = 0;

    *value = 0;
    while (at + n < t->n && intent_is_digit(t->c[at + n])) {
        if (*value < 1000000)
            *value = *value * 10 + (size_t)(t->c[at + n] - '0');
        n++;
    }
    return n;
}

/* Digits, units and the signs between them, as far as they go: "2栋301", "8:30", "3-201", "13800138000". */
static size_t detail_length(const struct intent_text *t, size_t at)
{
    size_t i = at, skip;

    for (;;) {
        if (i < t->n && intent_is_digit(t->c[i]))
            i++;
        else if ((skip = one_of(t, i, DETAIL)) != 0)
            i += skip;
        else if (i + 1 < t->n && t->c[i] < 0x80 && strchr(":-./", (int)t->c[i]) &&
                 intent_is_digit(t->c[i + 1]))
            i++;
        else
            return i - at;
    }
}

/* Length of the unit that makes a number one of people, a blank before it included. */
static size_t people_unit(const struct intent_text *t, size_t at)
{
    size_t n = one_of(t, at, PEOPLE), blank = at < t->n && t->c[at] == ' ';

    if (n == 0 && blank && (n = one_of(t, at + 1, PEOPLE)) != 0)
        n++;
    if (n == 0 && (n = one_of(t, at + blank, PEOPLE_EN)) != 0)
        n += blank;
    return n;
}

static size_t plain_number(const struct intent_text *t, size_t at, struct intent_token *out)
{
    size_t value, n = digits_at(t, at, &value), unit;
    int32_t next = t->c[at + n];

    out->value = value;
    out->class = IC_NUMBER;
    if (n <= 4 && (unit = people_unit(t, at + n)) != 0) {
        out->class = IC_COUNT;
        return n + unit;
    }
    size_t detail = detail_length(t, at);
    if (detail > n || n > 3 || value > 99) {
        out->class = IC_DETAIL;
        return detail;
    }
    return intent_is_latin(next) ? 0 : n; /* "3v3" is a word */
}

/* 一 to 九百九十九, 两; 0 = none. */
static size_t han_number(const struct intent_text *t, size_t at, size_t *value)
{
    static const char DIGITS[] = "〇一二三四五六七八九", FORMAL[] = "零壹贰叁肆伍陆柒捌玖";
    size_t n = 0, digit = 0;
    bool have = false;

    *value = 0;
    for (; at + n < t->n; n++) {
        int32_t c = t->c[at + n];
        const char *p = DIGITS, *end = DIGITS + sizeof DIGITS - 1;
        size_t d = 0;
        while (p < end && utf8_next(&p, end) != c)
            d++;
        if (d == 10)
            for (p = FORMAL, end = FORMAL + sizeof FORMAL - 1, d = 0; p < end && utf8_next(&p, end) != c;)
                d++;
        if (c == 0x4E24) /* 两 */
            d = 2;
        if (c == 0x5341 || c == 0x62FE || c == 0x767E || c == 0x4F70) { /* 十 拾 百 佰 */
            *value += (have ? digit : 1) * (c == 0x5341 || c == 0x62FE ? 10 : 100);
            have = false;
        } else if (d < 10 && !have) {
            digit = d;
            have = true;
        } else {
            break;
        }
    }
    *value += have ? digit : 0;
    return n;
}

static size_t han_count(const struct intent_text *t, size_t at, struct intent_token *out)
{
    size_t value, unit,
        n = one_of(t, at, "俩人|俩|两公婆|俩公婆|两夫妻|夫妻俩|两口子|两仔爷|父子俩|母女俩|母子俩|父女俩");

    out->class = IC_COUNT;
    if (n != 0) {
        out->value = 2;
        return n;
    }
    if ((n = one_of(t, at, "仨人|仨")) != 0) {
        out->value = 3;
        return n;
    }
    if ((n = han_number(t, at, &value)) == 0 || (unit = one_of(t, at + n, PEOPLE)) == 0)
        return 0;
    out->value = value;
    return n + unit;
}

static size_t english_count(const struct intent_text *t, size_t at, struct intent_token *out)
{
    static const char *const WORDS[] = {"one", "two",   "three", "four", "five",
                                        "six", "seven", "eight", "nine", "ten"};

    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        size_t n = one_of(t, at, WORDS[i]), unit = n ? people_unit(t, at + n) : 0;
        if (unit) {
            out->class = IC_COUNT;
            out->value = i + 1;
            return n + unit;
        }
    }
    return 0;
}

static size_t ordinal(const struct intent_text *t, size_t at, struct intent_token *out)
{
    size_t value, n = digits_at(t, at, &value);

    if (n == 0)
        n = han_number(t, at, &value);
    if (n == 0)
        return 0;
    out->class = IC_ORDINAL;
    out->value = value;
    return n + one_of(t, at + n, "个|项|场|号|种|位");
}

size_t intent_args_number(const struct intent_text *t, size_t at, struct intent_token *out)
{
    int32_t c = t->c[at];
    size_t n;

    if (intent_is_digit(c))
        return plain_number(t, at, out);
    if (c == '+' && (n = digits_at(t, at + 1, &out->value)) != 0) {
        out->class = n <= 3 ? IC_PLUS : IC_DETAIL;
        size_t unit = people_unit(t, at + 1 + n);
        return 1 + n + (n <= 3 ? unit : 0);
    }
    if (c == 0x7B2C && (n = ordinal(t, at + 1, out)) != 0) /* 第 */
        return n + 1;
    if (intent_is_han(c))
        return han_count(t, at, out);
    return intent_is_latin(c) ? english_count(t, at, out) : 0;
}

size_t intent_args_choice(const struct intent_text *t, size_t from, size_t to)
{
    size_t value, n = digits_at(t, from, &value);

    if (to == from + 1 && t->c[from] >= 'a' && t->c[from] <= 'i')
        return (size_t)(t->c[from] - 'a') + 1;
    if (n == 0)
        n = han_number(t, from, &value);
    if (n == 0)
        return 0;
    return from + n == to || from + n + one_of(t, from + n, "号|项") == to ? value : 0;
}

/* --- names ---------------------------------------------------------------------------------------------------- */

static const char SURNAMES[] = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖萧田董袁潘"
                               "于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏"
                               "韦付傅方白邹孟熊秦邱丘江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向"
                               "汤符文邢施温邬洪季樊骆冼柯欧翁庞殷庄章鲁岳翟葛伍倪牛童尤毕"
                               "聂焦祁辛齐梅阮颜柳纪盛凌饶窦岑麦蒙吉甘卓古詹包裴褚乔申耿冉霍舒兰常康吴赖申屈"
                               "俞涂谷费闵路喻安骆敖牟祝靳缪曲阳苗邝鄢蓝鄂";
static const char COMPOUND[] = "欧阳|司马|上官|诸葛|司徒|东方|夏侯|皇甫|尉迟|公孙|慕容|令狐|长孙|端木|南宫";
/* Begin like a name and are none. */
static const char NO_NAMES[] =
    "高尔夫|马拉松|毛笔|毛笔字|毛线|古筝|古琴|古诗|武术|武功|包粽子|包饺子|包汤圆|路跑|万步走|温泉|马术|马戏|"
    "金工|石雕|方言|高跷|"
    "汤圆|龙舟|龙狮|向导|花艺|葫芦丝|汪汪队|何时|何处|任意|黄昏|金婚|梅花|兰花|童话|童谣|童声|康养|安心|安宁|"
    "文学|史诗|古典|江湖|白鹭|龙虎|常规|毕业照|祝寿|阳台";
/* No given name holds one of these, and words for sports and meetings end in one of the second row. */
static const char NEVER_GIVEN[] =
    "吗呢了的吧不没要去我你他她它跟与带报取退消参名人位个几多少是在有说给把被都也还就这那很太吃喝打看做";
static const char NEVER_LAST[] = "球赛棋舞操班课营展泳跑拳堂座训队组会节牌走行游和";

static bool is_in(const char *set, int32_t c)
{
    char utf8[4];
    size_t n = utf8_encode(c, utf8);

    return c > 0 && memmem(set, strlen(set), utf8, n) != NULL;
}

static bool is_given(const struct intent_text *t, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (!intent_is_han(t->c[i]) || is_in(NEVER_GIVEN, t->c[i]))
            return false;
    return !is_in(NEVER_LAST, t->c[to - 1]);
}

size_t intent_args_name(const struct intent_text *t, size_t at, bool (*ends_at)(const void *arg, size_t at),
                        const void *arg)
{
    size_t family = one_of(t, at, COMPOUND);

    if (family == 0)
        family = is_in(SURNAMES, t->c[at]) ? 1 : 0;
    if (family == 0)
        return 0;
    for (size_t given = 2; given >= 1; given--) {
        size_t to = at + family + given;
        if (to > t->n || !is_given(t, at + family, to) || !ends_at(arg, to))
            continue;
        if (one_of(t, at, NO_NAMES) >= to - at)
            return 0;
        return to - at;
    }
    return 0;
}
