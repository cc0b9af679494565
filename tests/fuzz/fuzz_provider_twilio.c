/* Everything a stranger can send to driver twilio: answers and callbacks. First byte picks what the rest is; for callbacks the signature is made right, so that what is
 * behind it is reached: a line with the query, then the body. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "provider/drivers.h"
#include "provider/sign.h"
#include "provider/twilio_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char token_text[] = "token";
static const struct secret token = {.value = token_text, .len = 5};
static struct buf signature;

static const char *header(void *arg, const char *name)
{
    (void)arg, (void)name;
    return buf_cstr(&signature);
}

static void on_receipt(void *arg, const struct provider_receipt *r)
{
    (void)arg;
    if (r->ref[0] == '\0' || strnlen(r->detail, sizeof(r->detail)) == sizeof(r->detail))
        abort();
}

static void on_reply(void *arg, const struct provider_reply *r)
{
    volatile char last = r->text_len > 0 ? r->text[r->text_len - 1] : '\0';

    (void)arg;
    (void)last;
    if (r->id[0] == '\0' || r->from[0] == '\0' || r->text_len > CALLBACK_TEXT_MAX)
        abort();
}

/* The query of a JSON body: its hash. */
static char *hash_query(const char *body, size_t n)
{
    struct buf b = BUF_INIT(100);
    uint8_t hash[SIGN_MAX];

    buf_str(&b, "bodySHA256=");
    sign_hex(&b, hash, sign_hash(SIGN_SHA256, body, n, hash), false);
    return buf_take(&b);
}

static void judge(const struct provider_conf *c, const char *body, size_t n, int status)
{
    struct provider_msg m = {.to = "+8613800000001"};
    struct provider_verdict v = {.verdict = VERDICT_UNKNOWN, .retry_after_ms = -1};
    struct http_answer a = {
        .outcome = HTTP_ANSWERED, .status = status, .body = body, .body_len = n, .retry_after_ms = -1};

    twilio_driver.classify(c, &m, 1, &a, &v);
    if ((unsigned)v.verdict >= VERDICT_N || (v.verdict == VERDICT_SENT && status >= 300) ||
        strnlen(v.id, sizeof(v.id)) == sizeof(v.id))
        abort();
}

static void call(const struct provider_conf *c, const char *kind, const char *type, const char *s, size_t n)
{
    const struct provider_sink sink = {.receipt = on_receipt, .reply = on_reply};
    const char *line = n > 0 ? memchr(s, '\n', n) : NULL;
    size_t q = line != NULL ? (size_t)(line - s) : 0;
    size_t at = line != NULL ? q + 1 : 0;
    char *body = xmemdup(s + at, n - at);
    char *query = type[0] != '\0' ? hash_query(body, n - at) : xstrndup(n > 0 ? s : "", q);
    char *url = xasprintf("https://a.example/hooks/p/s/%s?%s", kind, query);
    struct provider_callback in = {.method = "POST",
                                   .kind = kind,
                                   .url = url,
                                   .query = query,
                                   .content_type = type,
                                   .body = body,
                                   .body_len = n - at,
                                   .header = header};
    struct provider_ack ack = {.type = NULL, .body = BUF_INIT(1000)};
    struct form f = {.n = 0};
    struct err e;

    buf_reset(&signature);
    if (type[0] != '\0' || form_parse(&f, in.body, in.body_len, &e) != 0)
        f = (struct form){.n = 0};
    twilio_sign(&signature, &token, url, strlen(url), f.fields, f.n);
    form_fini(&f);
    (void)twilio_driver.callback(c, &in, &sink, &ack, &e);
    buf_fini(&ack.body);
    free(body);
    free(query);
    free(url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct provider_conf c = {.name = "p",
                                           .driver = "twilio",
                                           .account = "",
                                           .app = "",
                                           .public_url = "https://a.example",
                                           .secret = &token};
    static const int status[] = {201, 400, 429, 500};
    const char *s = (const char *)data + 1;

    if (signature.ceiling == 0)
        buf_init(&signature, 64);
    if (size == 0)
        return 0;
    switch (data[0] % 4) {
    case 0:
        judge(&c, s, size - 1, status[data[0] / 4 % 4]);
        break;
    case 1:
        call(&c, "receipt", "", s, size - 1);
        break;
    case 2:
        call(&c, "reply", "", s, size - 1);
        break;
    case 3:
        call(&c, "reply", "application/json", s, size - 1);
        break;
    }
    return 0;
}
