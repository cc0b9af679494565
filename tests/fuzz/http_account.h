/* What the fuzz targets of driver http share: an account, two messages, and everything the driver does with them. */
#ifndef TESTS_FUZZ_HTTP_ACCOUNT_H
#define TESTS_FUZZ_HTTP_ACCOUNT_H

#include <stdlib.h>
#include <string.h>

#include "provider/drivers.h"
#include "provider/spec.h"
#include "provider/vendor.h"
#include "text/utf8.h"

static char secret_text[] = "s3cret\"<&";
static const struct secret secret = {.value = secret_text, .len = 9};
static const struct provider_setting setting_list[] = {
    {"apikey", &secret},
    {"user",   &secret},
    {"key",    &secret}
};
static const struct provider_msg messages[2] = {
    {.to = "+8613800000001",
     .text = "停电 \"A\" 2",
     .text_len = 12,
     .ref = "n.0.1",
     .not_after = 1716192999000},
    {.to = "+8613800000002",
     .text = "停电 \"A\" 2",
     .text_len = 12,
     .ref = "n.1.1",
     .not_after = 1716192999000},
};

static inline void account(struct provider_conf *c, const struct spec *s, const struct vendor_template *t)
{
    *c = (struct provider_conf){.name = "p1",
                                .driver = "http",
                                .channel = "sms",
                                .url = "https://api.example",
                                .account = "",
                                .app = "",
                                .sender = "",
                                .region = "",
                                .variant = "",
                                .hook_token = &secret,
                                .public_url = "https://venus.example",
                                .hook_secret = &secret,
                                .batch = 1,
                                .sign = "社区",
                                .templates = t,
                                .n_templates = 1,
                                .settings = setting_list,
                                .n_settings = 3,
                                .spec = s};
}

/* A request is one: no control character in its address and headers. */
static inline void build(const struct provider_conf *c)
{
    struct provider_request r;
    struct err e = {.code = ""};

    provider_request_init(&r);
    r.now_ms = 1716192000123;
    memcpy(r.nonce, "0123456789abcdef0123456789abcdef", 33);
    if (http_driver.build(c, messages, 1, &r, &e) == 0) {
        for (const char *p = r.call.url; *p != '\0'; p++)
            if ((unsigned char)*p <= 0x20 && *p != ' ')
                abort();
        for (size_t i = 0; r.call.headers[i] != NULL; i++)
            for (const char *p = r.call.headers[i]; *p != '\0'; p++)
                if ((unsigned char)*p < 0x20)
                    abort();
    } else if (e.code[0] == '\0' || e.msg[0] == '\0') {
        abort();
    }
    provider_request_fini(&r);
}

static inline void judge(const struct provider_conf *c, size_t n, int status, const void *body, size_t len)
{
    struct provider_verdict v[2] = {
        {.verdict = VERDICT_UNKNOWN, .retry_after_ms = -1},
        {.verdict = VERDICT_UNKNOWN, .retry_after_ms = -1}
    };
    struct http_answer a = {
        .outcome = HTTP_ANSWERED, .status = status, .body = body, .body_len = len, .retry_after_ms = -1};

    http_driver.classify(c, messages, n, &a, v);
    for (size_t i = 0; i < n; i++)
        if (!utf8_valid(v[i].detail, strlen(v[i].detail)) ||
            strnlen(v[i].id, sizeof(v[i].id)) == sizeof(v[i].id))
            abort();
}

static void on_receipt(void *arg, const struct provider_receipt *r)
{
    (void)arg;
    if ((r->ref[0] == '\0' && r->id[0] == '\0') || !utf8_valid(r->detail, strlen(r->detail)) ||
        (r->state != RECIPIENT_DELIVERED && r->state != RECIPIENT_FAILED))
        abort();
}

static void on_reply(void *arg, const struct provider_reply *r)
{
    (void)arg;
    if (r->id[0] == '\0' || r->from[0] == '\0' || (r->text_len > 0 && !utf8_valid(r->text, r->text_len)))
        abort();
}

static void on_bad(void *arg, const struct provider_bad *b)
{
    (void)arg;
    if (b->len == 0 || b->why->msg[0] == '\0' || !utf8_valid(b->item, b->len))
        abort();
}

static const char *no_header(void *arg, const char *name)
{
    (void)arg, (void)name;
    return NULL;
}

static inline void call_back(const struct provider_conf *c, const char *kind, bool get, const void *body,
                             size_t len)
{
    const struct provider_sink sink = {on_receipt, on_reply, on_bad, on_bad, NULL};
    struct provider_ack ack = {.body = BUF_INIT(65536)};
    char *query = xmalloc(len + 1);
    struct err e = {.code = ""};
    struct provider_callback in = {.method = get ? "GET" : "POST",
                                   .kind = kind,
                                   .url = "",
                                   .query = query,
                                   .content_type = "application/x-www-form-urlencoded",
                                   .body = get ? "" : body,
                                   .body_len = get ? 0 : len,
                                   .now_ms = 1716192000123,
                                   .header = no_header};

    memcpy(query, body, len);
    query[len] = '\0';
    if (!get)
        query[0] = '\0';
    if (http_driver.callback(c, &in, &sink, &ack, &e) < 0 && e.msg[0] == '\0')
        abort();
    buf_fini(&ack.body);
    free(query);
}

#endif
