/* Everything a stranger can send to drivers wechat and wecom: answers, tokens, XML, and callbacks (made valid outside, so that what is inside is reached). First byte picks. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "provider/drivers.h"
#include "provider/weixin.h"
#include "provider/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define APP "wxb11529c136998cb6"
static char key_text[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", token_text[] = "pamtest";
static const struct secret key = {.value = key_text, .len = 43}, token = {.value = token_text, .len = 7};
static const struct provider_conf conf = {.name = "p",
                                          .account = APP,
                                          .app = "1",
                                          .variant = "",
                                          .secret = &token,
                                          .hook_token = &token,
                                          .hook_key = &key};

static void on_receipt(void *arg, const struct provider_receipt *r)
{
    (void)arg;
    if (r->id[0] == '\0' || strnlen(r->detail, sizeof(r->detail)) == sizeof(r->detail))
        abort();
}

static void on_reply(void *arg, const struct provider_reply *r)
{
    volatile char last = r->text_len > 0 ? r->text[r->text_len - 1] : '\0';

    (void)arg;
    (void)last;
    if (r->id[0] == '\0' || strchr(r->from, ':') == NULL || r->text_len > CALLBACK_TEXT_MAX)
        abort();
}

static void judge(const struct driver *d, const char *body, size_t n)
{
    struct provider_msg m[2] = {{.to = "oABC"}, {.to = "LiSi"}};
    struct provider_verdict v[2] = {{.verdict = VERDICT_UNKNOWN}, {.verdict = VERDICT_UNKNOWN}};
    struct http_answer a = {
        .outcome = HTTP_ANSWERED, .status = 200, .body = body, .body_len = n, .retry_after_ms = -1};
    char out[PROVIDER_TOKEN_MAX];
    int64_t life;
    struct err e;

    d->classify(&conf, m, d->batch_max > 1 ? 2 : 1, &a, v);
    if ((unsigned)v[0].verdict >= VERDICT_N || strnlen(v[0].id, sizeof(v[0].id)) == sizeof(v[0].id))
        abort();
    (void)d->token->parse(&conf, &a, out, &life, &e);
}

static void call(const struct driver *d, const char *kind, const char *body, size_t n, const char *query)
{
    const struct provider_sink sink = {.receipt = on_receipt, .reply = on_reply};
    struct provider_callback in = {.method = "POST",
                                   .kind = kind,
                                   .url = "",
                                   .query = query,
                                   .content_type = "",
                                   .body = body,
                                   .body_len = n,
                                   .now_ms = 1716192000000};
    struct provider_ack ack = {.type = NULL, .body = BUF_INIT(1000)};
    struct err e;

    (void)d->callback(&conf, &in, &sink, &ack, &e);
    buf_fini(&ack.body);
}

static void call_sealed(const struct driver *d, const char *kind, const char *inner, size_t n)
{
    struct buf sealed = BUF_INIT(1 << 20), sig = BUF_INIT(100);
    const char *parts[] = {token_text, "1716192000", "17", NULL};
    char *query, *body;

    weixin_encrypt(&sealed, &key, APP, "aaaabbbbccccdddd", inner, n);
    parts[3] = buf_cstr(&sealed);
    weixin_sign(&sig, parts, 4);
    query = xasprintf("timestamp=1716192000&nonce=17&msg_signature=%s", buf_cstr(&sig));
    body = xasprintf("<xml><Encrypt>%s</Encrypt></xml>", buf_cstr(&sealed));
    call(d, kind, body, strlen(body), query);
    free(query);
    free(body);
    buf_fini(&sealed);
    buf_fini(&sig);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct form f;
    struct err e;
    char *s;
    size_t n = size - 1;

    if (size == 0 || size > 60000)
        return 0;
    s = xmemdup(data + 1, n); /* exactly so long: the sanitizer sees a read past it */
    switch (data[0] % 6) {
    case 0:
        judge(&wechat_driver, s, n);
        break;
    case 1:
        judge(&wecom_driver, s, n);
        break;
    case 2:
        if (xml_read(&f, s, n, &e) == 0)
            form_fini(&f);
        break;
    case 3:
        call_sealed(&wechat_driver, "wechat", s, n);
        break;
    case 4:
        call_sealed(&wecom_driver, "wecom", s, n);
        break;
    case 5:
        call(&wechat_driver, "wechat", s, n, "timestamp=1716192000&nonce=17&msg_signature=x");
        break;
    }
    free(s);
    return 0;
}
