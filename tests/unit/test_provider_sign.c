/* Hashes, codings and escapes that signatures are made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "provider/sign.h"
#include "tests/support/vectors.h"

static struct buf b;

static int clear(void **state)
{
    (void)state;
    buf_fini(&b);
    b = BUF_INIT(4096);
    return 0;
}

static enum sign_hash hash_of(const char *name)
{
    return strcmp(name, "md5") == 0 ? SIGN_MD5 : strcmp(name, "sha1") == 0 ? SIGN_SHA1 : SIGN_SHA256;
}

static void check_digest(const json_t *v, const char *expect)
{
    const char *input = vectors_str(v, "input");
    uint8_t out[SIGN_MAX];

    buf_reset(&b);
    sign_hex(&b, out, sign_hash(hash_of(vectors_str(v, "alg")), input, strlen(input), out), false);
    assert_string_equal(buf_cstr(&b), expect);
}

static void check_hmac(const json_t *v, const char *expect)
{
    const char *key = vectors_str(v, "key"), *input = vectors_str(v, "input");
    uint8_t out[SIGN_MAX];

    buf_reset(&b);
    sign_hex(&b, out, sign_hmac(SIGN_SHA256, key, strlen(key), input, strlen(input), out), false);
    assert_string_equal(buf_cstr(&b), expect);
}

static void test_known_digests(void **state)
{
    (void)state;
    vectors_each("digest", check_digest);
}

static void test_known_hmac(void **state)
{
    (void)state;
    vectors_each("hmac_sha256_hex", check_hmac);
}

static void test_nothing_can_be_hashed_too(void **state)
{
    uint8_t out[SIGN_MAX];

    (void)state;
    sign_hex(&b, out, sign_hash(SIGN_SHA256, NULL, 0, out), true);
    assert_string_equal(buf_cstr(&b), "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855");
}

static const struct {
    const char *plain, *coded, *url;
} base64_rows[] = {
    {"",         "",         ""        },
    {"f",        "Zg==",     "Zg"      },
    {"fo",       "Zm8=",     "Zm8"     },
    {"foobar",   "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff", "+/8=",     "-_8"     },
};

static void test_base64_there_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(base64_rows); i++) {
        size_t n = strlen(base64_rows[i].plain);

        buf_reset(&b);
        sign_base64(&b, base64_rows[i].plain, n);
        assert_string_equal(buf_cstr(&b), base64_rows[i].coded);
        buf_reset(&b);
        sign_base64url(&b, base64_rows[i].plain, n);
        assert_string_equal(buf_cstr(&b), base64_rows[i].url);
        buf_reset(&b);
        assert_int_equal(sign_unbase64(&b, base64_rows[i].coded, strlen(base64_rows[i].coded)), 0);
        assert_int_equal(b.len, n);
        assert_memory_equal(buf_cstr(&b), base64_rows[i].plain, n);
    }
}

static void test_unbase64_is_as_loose_as_wechat_keys_need_and_no_looser(void **state)
{
    static const char *const bad[] = {"Zg=a", "Z g!", "Zm9v-_"};

    (void)state;
    assert_int_equal(sign_unbase64(&b, "Zm9v\r\n YmFy", 11), 0);
    assert_string_equal(buf_cstr(&b), "foobar");
    buf_reset(&b);
    assert_int_equal(sign_unbase64(&b, "Zh", 2), 0); /* no padding, unused bits set */
    assert_string_equal(buf_cstr(&b), "f");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(sign_unbase64(&b, bad[i], strlen(bad[i])), -1);
    assert_int_equal(sign_unbase64(&b, "Zm\0v", 4), -1);
}

static void test_escapes(void **state)
{
    (void)state;
    sign_percent(&b, "08:30 ~ 9*张", strlen("08:30 ~ 9*张"));
    assert_string_equal(buf_cstr(&b), "08%3A30%20~%209%2A%E5%BC%A0");
    buf_reset(&b);
    sign_form(&b, "a b*~\n", 6);
    assert_string_equal(buf_cstr(&b), "a+b*%7E%0A");
    buf_reset(&b);
    sign_percent(&b, "a\0b", 3);
    assert_string_equal(buf_cstr(&b), "a%00b");
}

static void test_equal_compares_all_of_it(void **state)
{
    (void)state;
    assert_true(sign_equal("abc", 3, "abc", 3));
    assert_false(sign_equal("abc", 3, "abd", 3));
    assert_false(sign_equal("abc", 3, "ab", 2));
    assert_false(sign_equal("abc", 3, "abcd", 4));
    assert_false(sign_equal("", 0, "", 0)); /* nothing is not a signature */
}

static void test_utc(void **state)
{
    (void)state;
    sign_utc(&b, 1716192000999);
    assert_string_equal(buf_cstr(&b), "2024-05-20T08:00:00Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_known_digests, clear),
        cmocka_unit_test_setup(test_known_hmac, clear),
        cmocka_unit_test_setup(test_nothing_can_be_hashed_too, clear),
        cmocka_unit_test_setup(test_base64_there_and_back, clear),
        cmocka_unit_test_setup(test_unbase64_is_as_loose_as_wechat_keys_need_and_no_looser, clear),
        cmocka_unit_test_setup(test_escapes, clear),
        cmocka_unit_test_setup(test_equal_compares_all_of_it, clear),
        cmocka_unit_test_setup(test_utc, clear),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    buf_fini(&b);
    return failed;
}
