#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "text/phone.h"

/* ${want}: E.164, or a part of the reason when it begins with a blank. */
/* clang-format off */
static const struct {
    const char *name, *in, *want;
} ROWS[] = {
    {"bare mobile number", "13800138000", "+8613800138000"},
    {"blanks", " 138 0013 8000 ", "+8613800138000"},
    {"hyphens", "138-0013-8000", "+8613800138000"},
    {"dots", "138.0013.8000", "+8613800138000"},
    {"brackets", "(86)13800138000", "+8613800138000"},
    {"full-width brackets", "（86）13800138000", "+8613800138000"},
    {"full-width digits", "１３８００１３８０００", "+8613800138000"},
    {"+86", "+8613800138000", "+8613800138000"},
    {"+86 and blank", "+86 138 0013 8000", "+8613800138000"},
    {"full-width plus", "＋86 13800138000", "+8613800138000"},
    {"86", "8613800138000", "+8613800138000"},
    {"0086", "008613800138000", "+8613800138000"},
    {"stray 0", "013800138000", "+8613800138000"},
    {"stray 0 after +86", "+86013800138000", "+8613800138000"},
    {"direction marks that a phone copies along", "\xE2\x80\xAD+8613800138000\xE2\x80\xAC", "+8613800138000"},
    {"the apostrophe that marks text in a spreadsheet", "'13800138000", "+8613800138000"},
    {"a number that went through floating point", "13800138000.0", "+8613800138000"},
    {"scientific with every digit", "1.3800138000E+10", "+8613800138000"},
    {"scientific with every digit and zeros", "1.380013800000e10", "+8613800138000"},
    {"19x", "19912345678", "+8619912345678"},
    {"16x", "16612345678", "+8616612345678"},
    {"Hong Kong", "+852 6123 4567", "+85261234567"},
    {"Macau", "+853 6612 3456", "+85366123456"},
    {"Taiwan", "+886 912 345 678", "+886912345678"},
    {"Taiwan with its 0", "+886 0912-345-678", "+886912345678"},
    {"elsewhere", "+1 (415) 555-0100", "+14155550100"},
    {"the longest international number", "+123456789012345", "+123456789012345"},

    {"empty", "", " is empty"},
    {"only decoration", " - ", " is empty"},
    {"scientific", "1.38E+10", " how a spreadsheet shortens"},
    {"scientific, nearly full", "1.380013800e10", " how a spreadsheet shortens"},
    {"scientific, more than full", "1.38001380005E+10", " how a spreadsheet shortens"},
    {"scientific without a point", "138E+8", " how a spreadsheet shortens"},
    {"scientific, beyond any number", "1.3800138000E+99999999999", " how a spreadsheet shortens"},
    {"scientific, two points", "1.38.0138000E+10", " how a spreadsheet shortens"},
    {"scientific, whole, no mobile number", "9.5588E+4", " service number"},
    {"landline with area code", "0898-66778899", " landline"},
    {"landline of Beijing", "010 6677 8899", " landline"},
    {"landline without area code", "66778899", " landline"},
    {"landline with +86", "+86 0898 66778899", " landline"},
    {"106 code", "10690000123456", " service number"},
    {"95 number", "95588", " service number"},
    {"carrier", "10086", " service number"},
    {"emergency call", "120", " service number"},
    {"hotline", "12345", " service number"},
    {"400 number", "400-820-8820", " service number"},
    {"IoT 1440", "1440012345678", " internet of things"},
    {"IoT 10648", "1064812345678", " internet of things"},
    {"ten digits", "1380013800", " digits missing"},
    {"twelve digits", "138001380001", " too many digits"},
    {"begins with 12", "12800138000", " begin with 13 to 19"},
    {"letters", "1380013800O", " other characters than digits"},
    {"two numbers", "13800138000/13900139000", " more than one number"},
    {"two numbers, Chinese comma", "13800138000、13900139000", " more than one number"},
    {"Hong Kong too short", "+852 612 3456", " Hong Kong"},
    {"Taiwan landline", "+886 2 2345 6789", " Taiwan"},
    {"00 for abroad", "0085261234567", " + instead of 00"},
    {"too long for E.164", "+1234567890123456", " 7 to 15 digits"},
    {"too short for E.164", "+123456", " 7 to 15 digits"},
    {"country code 0", "+0123456789", " 7 to 15 digits"},
    {"plus in the middle", "138+00138000", " other characters than digits"},
    {"very many digits", "1380013800013800138000138001380001380013800", " too many digits"},
    {"a name", "张三", " other characters than digits"},
    {"invalid UTF-8", "138\xD0\xD5", " not UTF-8"},
};
/* clang-format on */

static void test_normalise(void **state)
{
    char out[PHONE_MAX];
    struct err e;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        bool good = ROWS[i].want[0] == '+';
        int rc = phone_normalise(ROWS[i].in, strlen(ROWS[i].in), out, &e);
        if (good && (rc || strcmp(out, ROWS[i].want) || !phone_is_e164(out, strlen(out))))
            fail_msg("%s: rc %d, \"%s\"", ROWS[i].name, rc, rc ? e.msg : out);
        if (!good && (rc != -1 || strcmp(e.code, "bad-phone") || !strstr(e.msg, ROWS[i].want + 1)))
            fail_msg("%s: rc %d, \"%s\"", ROWS[i].name, rc, rc ? e.msg : out);
    }
}

static void test_reason_shows_the_value_as_found(void **state)
{
    char out[PHONE_MAX];
    struct err e;

    (void)state;
    assert_int_equal(phone_normalise("0898-66778899", 13, out, &e), -1);
    assert_string_equal(e.msg, "\"0898-66778899\" is a landline number: landlines receive no texts");
    assert_int_equal(phone_normalise("a\n\"b", 4, out, &e), -1);
    assert_non_null(strstr(e.msg, "\"a  b\""));
    assert_int_equal(phone_normalise("1", 1, out, NULL), -1);
}

/* clang-format off */
static const struct {
    const char *in, *want;
} MASKS[] = {
    {"+8613800138000", "138****8000"}, {"13800138000", "138****8000"},   {"+85261234567", "+852****4567"},
    {"+14155550100", "+141****0100"},  {"+1234567", "+1****67"},         {"", "****"},
    {"10690000", "1****00"},           {"wechat:o6_bmjrPTlm6", "****"}, {"+12345678901234567890", "****"},
};
/* clang-format on */

static void test_mask(void **state)
{
    char out[PHONE_MAX];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(MASKS); i++) {
        phone_mask(MASKS[i].in, out);
        assert_string_equal(out, MASKS[i].want);
    }
}

static void test_is_e164(void **state)
{
    (void)state;
    assert_true(phone_is_e164("+8613800138000", 14));
    assert_false(phone_is_e164("13800138000", 11));
    assert_false(phone_is_e164("+86 13800138000", 15));
    assert_false(phone_is_e164("+8612800138000", 14));
    assert_false(phone_is_e164("+8601380013800", 14));
    assert_false(phone_is_e164("", 0));
    assert_false(phone_is_e164("+", 1));
}

static void test_service_numbers_are_never_answered(void **state)
{
    static const char *const service[] = {
        "10690000123456", "+8610690000123456", "95588", "10086", "12306", "12381", "106", "", "银行"};
    static const char *const people[] = {"+8613800138000", "13800138000", "+85261234567"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(service); i++)
        assert_true(phone_is_service(service[i]));
    for (size_t i = 0; i < ARRAY_LEN(people); i++)
        assert_false(phone_is_service(people[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normalise),
        cmocka_unit_test(test_reason_shows_the_value_as_found),
        cmocka_unit_test(test_mask),
        cmocka_unit_test(test_is_e164),
        cmocka_unit_test(test_service_numbers_are_never_answered),
    };
    return cmocka_run_group_tests_name("text_phone", tests, NULL, NULL);
}
