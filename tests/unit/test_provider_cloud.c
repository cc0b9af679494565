/* Signatures of the two large Chinese clouds: all that were published, and some that somebody else's code computed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "provider/cloud.h"
#include "tests/support/vectors.h"

static struct cloud_field fields[CLOUD_FIELDS_MAX];
static struct buf out, query;

static int clear(void **state)
{
    (void)state;
    buf_fini(&out);
    buf_fini(&query);
    out = query = BUF_INIT(1u << 16);
    return 0;
}

static struct secret secret_of(const json_t *v)
{
    char *value = (char *)(uintptr_t)vectors_str(v, "secret");

    return (struct secret){.value = value, .len = strlen(value)};
}

static size_t take(const json_t *object)
{
    const char *name;
    json_t *value;
    size_t n = 0;

    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        assert_true(n < CLOUD_FIELDS_MAX);
        fields[n++] = (struct cloud_field){
            .name = name, .value = json_string_value(value), .n = json_string_length(value)};
    }
    return n;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct cloud_field *)a)->name, ((const struct cloud_field *)b)->name);
}

static void ends_with(const char *expect)
{
    size_t n = strlen(expect);

    assert_true(out.len > n && !out.overflow);
    assert_string_equal(buf_cstr(&out) + out.len - n, expect);
}

static void check_v1(const json_t *v, const char *expect)
{
    struct secret key = secret_of(v);

    buf_reset(&out);
    buf_reset(&query);
    cloud_query(&query, fields, take(json_object_get(v, "params")));
    cloud_acs1(&out, vectors_str(v, "method"), buf_cstr(&query), &key);
    assert_string_equal(buf_cstr(&out), expect);
}

static void test_alibaba_v1(void **state)
{
    (void)state;
    vectors_each("aliyun_v1", check_v1);
}

static void check_acs3(const json_t *v, const char *expect)
{
    struct cloud_request r = {.method = vectors_str(v, "method"), .path = "/", .body = "", .body_len = 0};
    struct secret key = secret_of(v);
    char hash[CLOUD_HEX];

    buf_reset(&out);
    buf_reset(&query);
    cloud_query(&query, fields, take(json_object_get(v, "query")));
    r.query = buf_cstr(&query);
    r.n_headers = take(json_object_get(v, "headers"));
    cloud_hash(hash, "", 0);
    fields[r.n_headers++] =
        (struct cloud_field){.name = "x-acs-content-sha256", .value = hash, .n = strlen(hash)};
    qsort(fields, r.n_headers, sizeof(fields[0]), by_name);
    r.headers = fields;
    cloud_acs3(&out, &r, "someone", &key);
    assert_memory_equal(buf_cstr(&out), "ACS3-HMAC-SHA256 Credential=someone,SignedHeaders=host;x-acs-", 61);
    ends_with(expect);
}

static void test_alibaba_v3(void **state)
{
    (void)state;
    vectors_each("acs3", check_acs3);
}

static void check_tc3(const json_t *v, const char *expect)
{
    struct cloud_request r = {.method = "POST", .path = "/", .query = "", .body = vectors_str(v, "body")};
    struct secret key = secret_of(v);

    r.body_len = strlen(r.body);
    r.n_headers = take(json_object_get(v, "headers"));
    qsort(fields, r.n_headers, sizeof(fields[0]), by_name);
    r.headers = fields;
    buf_reset(&out);
    cloud_tc3(&out, &r, vectors_str(v, "service"), json_integer_value(json_object_get(v, "timestamp")) * 1000,
              "someone", &key);
    assert_memory_equal(buf_cstr(&out), "TC3-HMAC-SHA256 Credential=someone/", 35);
    assert_memory_equal(buf_cstr(&out) + 35, vectors_str(v, "date"), 10);
    ends_with(expect);
}

static void test_tencent(void **state)
{
    (void)state;
    vectors_each("tc3", check_tc3);
}

static const struct {
    const char *url, *host, *path; /* host NULL: refused */
} addresses[] = {
    {"https://dysmsapi.aliyuncs.com/",           "dysmsapi.aliyuncs.com",   "/"   },
    {"https://dysmsapi.aliyuncs.com",            "dysmsapi.aliyuncs.com",   "/"   },
    {"https://sms.tencentcloudapi.com:443/",     "sms.tencentcloudapi.com", "/"   },
    {"http://127.0.0.1:80/x",                    "127.0.0.1",               "/x"  },
    {"https://h:80/",                            "h:80",                    "/"   },
    {"http://127.0.0.1:8901",                    "127.0.0.1:8901",          "/"   },
    {"http://[::1]:8901/a/b",                    "[::1]:8901",              "/a/b"},
    {"https:///",                                NULL,                      NULL  },
    {"dysmsapi.aliyuncs.com",                    NULL,                      NULL  },
    {"https://h/?a=1",                           NULL,                      NULL  },
    {"https://a-host-that-is-too-long.example/", NULL,                      NULL  },
};

static void test_addresses(void **state)
{
    char host[30];
    const char *path;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
        int rc = cloud_address(addresses[i].url, host, sizeof(host), &path);

        assert_int_equal(rc, addresses[i].host != NULL ? 0 : -1);
        if (rc != 0)
            continue;
        assert_string_equal(host, addresses[i].host);
        assert_string_equal(path, addresses[i].path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_alibaba_v1, clear),
        cmocka_unit_test_setup(test_alibaba_v3, clear),
        cmocka_unit_test_setup(test_tencent, clear),
        cmocka_unit_test_setup(test_addresses, clear),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);

    clear(NULL);
    return rc;
}
