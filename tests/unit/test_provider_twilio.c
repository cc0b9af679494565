/* Driver twilio: requests byte for byte, all settings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "provider/drivers.h"

#define ACCOUNT "AC00000000000000000000000000000000"
#define SID     "SM0123456789abcdef0123456789abcdef"

static char token_text[] = "test_auth_token", hook_text[] = "h00k/x", key_text[] = "key-secret",
            none_text[] = "";
static const struct secret token = {.value = token_text, .len = 15}, hook = {.value = hook_text, .len = 6},
                           key = {.value = key_text, .len = 10}, none = {.value = none_text, .len = 0};

static struct provider_conf conf(void)
{
    return (struct provider_conf){.name = "tw",
                                  .driver = "twilio",
                                  .channel = "sms",
                                  .url = "https://api.twilio.com",
                                  .account = ACCOUNT,
                                  .app = "",
                                  .sender = "+14155550100",
                                  .region = "",
                                  .variant = "",
                                  .public_url = "https://notify.example.org",
                                  .secret = &token,
                                  .hook_secret = &hook,
                                  .hook_token = &none,
                                  .hook_key = &none,
                                  .batch = 1};
}

static struct provider_msg message(const char *text)
{
    return (struct provider_msg){.to = "+8613800000001",
                                 .text = text,
                                 .text_len = strlen(text),
                                 .ref = "n-1.0.2",
                                 .lane = LANE_NORMAL};
}

/* ---- configuration ---- */

static void what_an_account_needs(void **state)
{
    static const struct {
        const char *field, *account, *app, *sender, *public_url;
        const struct secret *secret, *hook_token;
    } rows[] = {
        {"account",    "AC1",   "",                                   "+14155550100",                       "https://a.b",     &token, &none },
        {"app",        ACCOUNT, "SK1",                                "+14155550100",                       "https://a.b",     &token, &none },
        {"secret",     ACCOUNT, "",                                   "+14155550100",                       "https://a.b",     &none,  &none },
        {"sender",     ACCOUNT, "",                                   "",                                   "https://a.b",     &token, &none },
        {"sender",     ACCOUNT, "",                                   "MG0000000000000000000000000000000g", "https://a.b",     &token, &none },
        {"sender",     ACCOUNT, "",                                   "a name that is too long",            "https://a.b",     &token, &none },
        {"public_url", ACCOUNT, "",                                   "+14155550100",                       "",                &token, &none },
        {"public_url", ACCOUNT, "",                                   "+14155550100",                       "https://a_b.c",   &token, &none },
        {"hook_token", ACCOUNT, "SK00000000000000000000000000000000", "+14155550100",                       "https://a.b",     &key,
         &none                                                                                                                               },
        {NULL,         ACCOUNT, "SK00000000000000000000000000000000", "+14155550100",                       "https://a.b",     &key,   &token},
        {NULL,         ACCOUNT, "",                                   "MG00000000000000000000000000000000", "https://a.b/x_y", &token, &none },
        {NULL,         ACCOUNT, "",                                   "VenusOffice",                        "https://a.b",     &token, &none },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct provider_conf c = conf();
        struct err e = {{0}, {0}, {0}};
        int rc;

        c.account = rows[i].account, c.app = rows[i].app, c.sender = rows[i].sender;
        c.public_url = rows[i].public_url, c.secret = rows[i].secret, c.hook_token = rows[i].hook_token;
        rc = twilio_driver.check(&c, &e);
        if (rc != (rows[i].field != NULL ? -1 : 0) || (rc != 0 && strcmp(e.field, rows[i].field) != 0))
            fail_msg("row %zu: %d %s %s", i, rc, e.field, e.msg);
    }
}

static void without_callbacks_no_public_address_is_needed(void **state)
{
    struct provider_conf c = conf();
    struct err e;

    (void)state;
    c.hook_secret = &none;
    c.public_url = "";
    assert_int_equal(twilio_driver.check(&c, &e), 0);
}

/* ---- requests ---- */

static void expect_request(const struct provider_conf *c, const struct provider_msg *m, const char *body)
{
    struct provider_request r;
    struct err e;

    provider_request_init(&r);
    r.now_ms = 1716192000000;
    for (int again = 0; again < 2; again++) {
        assert_int_equal(twilio_driver.build(c, m, 1, &r, &e), 0);
        assert_string_equal(buf_cstr(&r.body), body);
        assert_int_equal(r.call.body_len, strlen(body));
        assert_string_equal(r.call.url,
                            "https://api.twilio.com/2010-04-01/Accounts/" ACCOUNT "/Messages.json");
        assert_string_equal(r.call.method, "POST");
        assert_string_equal(r.call.headers[0], "Content-Type: application/x-www-form-urlencoded");
    }
    provider_request_fini(&r);
}

static void a_message_carries_our_reference_in_its_callback(void **state)
{
    struct provider_conf c = conf();
    struct provider_msg m = message("台风 1 & 2");

    (void)state;
    expect_request(&c, &m,
                   "To=%2B8613800000001&From=%2B14155550100&Body=%E5%8F%B0%E9%A3%8E+1+%26+2&StatusCallback="
                   "https%3A%2F%2Fnotify.example.org%2Fhooks%2Ftw%2Fh00k%252Fx%2Freceipt%3Fref%3Dn-1.0.2");
}

static void a_service_no_callback_and_a_time_after_which_it_is_of_no_use(void **state)
{
    static const struct {
        int64_t not_after;
        const char *more;
    } rows[] = {
        {0,             ""                  },
        {1716192090999, "&ValidityPeriod=90"},
        {1716192001000, "&ValidityPeriod=5" },
        {1716228000000, ""                  },
    };
    struct provider_conf c = conf();

    (void)state;
    c.sender = "MG00000000000000000000000000000000";
    c.hook_secret = &none;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct provider_msg m = message("x");
        char body[200];

        m.not_after = rows[i].not_after;
        assert_true(
            snprintf(body, sizeof(body),
                     "To=%%2B8613800000001&MessagingServiceSid=MG00000000000000000000000000000000&Body=x%s",
                     rows[i].more) > 0);
        expect_request(&c, &m, body);
    }
}

static void credentials_are_the_account_or_an_api_key(void **state)
{
    struct provider_conf c = conf();
    struct provider_msg m = message("x");
    struct provider_request r;
    struct err e;

    (void)state;
    provider_request_init(&r);
    assert_int_equal(twilio_driver.build(&c, &m, 1, &r, &e), 0);
    assert_string_equal(r.header_list[2],
                        "Authorization: Basic "
                        "QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDp0ZXN0X2F1dGhfdG9rZW4=");
    c.app = "SK00000000000000000000000000000000";
    c.secret = &key;
    assert_int_equal(twilio_driver.build(&c, &m, 1, &r, &e), 0);
    assert_string_equal(r.header_list[2],
                        "Authorization: Basic U0swMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDprZXktc2VjcmV0");
    assert_null(r.header_list[3]);
    provider_request_fini(&r);
}

static void a_text_that_is_too_long_is_known_before(void **state)
{
    struct provider_conf c = conf();
    char text[4 * 1601 + 1];
    struct provider_request r;
    struct err e;

    (void)state;
    provider_request_init(&r);
    for (size_t i = 0; i < 801; i++)
        memcpy(text + 4 * i, "😀", 5);
    struct provider_msg m = message(text);
    assert_int_equal(twilio_driver.fits(&c, &m, &e), -1); /* 1602 units */
    assert_int_equal(twilio_driver.build(&c, &m, 1, &r, &e), -1);
    assert_string_equal(e.code, "bad-message");
    m.text_len = 4 * 800;
    assert_int_equal(twilio_driver.fits(&c, &m, &e), 0);
    m.text_len = 0;
    assert_int_equal(twilio_driver.fits(&c, &m, &e), -1);
    provider_request_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_account_needs),
        cmocka_unit_test(without_callbacks_no_public_address_is_needed),
        cmocka_unit_test(a_message_carries_our_reference_in_its_callback),
        cmocka_unit_test(a_service_no_callback_and_a_time_after_which_it_is_of_no_use),
        cmocka_unit_test(credentials_are_the_account_or_an_api_key),
        cmocka_unit_test(a_text_that_is_too_long_is_known_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
