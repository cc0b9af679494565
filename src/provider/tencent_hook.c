/* Callbacks of Tencent Cloud SMS: status reports (receipt) and what people wrote (reply); not signed: the secret in the path is what protects them. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "provider/carrier.h"
#include "provider/items.h"
#include "provider/sign.h"
#include "provider/tencent.h"

struct reading {
    const struct provider_sink *sink;
    struct buf text;
};

static int report_read(void *arg, const json_t *o, struct err *e)
{
    struct reading *g = arg;
    struct provider_receipt r = {.state = RECIPIENT_DELIVERED};
    const char *sid, *status, *mobile = json_string_value(json_object_get(o, "mobile"));
    char country[8], code[64], told[160];

    if (items_member(o, "sid", sizeof(r.id) - 1, &sid, "bad-receipt", e) < 0 ||
        items_member(o, "report_status", 32, &status, "bad-receipt", e) < 0)
        return -1;
    if (strcmp(status, "SUCCESS") != 0 && strcmp(status, "FAIL") != 0)
        return err_set(e, "bad-receipt", "report_status", "member \"report_status\" is SUCCESS or FAIL");
    (void)snprintf(r.id, sizeof(r.id), "%s", sid); /* length checked above */
    items_words(country, sizeof(country), json_object_get(o, "nationcode"));
    items_words(code, sizeof(code), json_object_get(o, "errmsg"));
    items_words(told, sizeof(told), json_object_get(o, "description"));
    if (mobile != NULL)
        items_phone(r.to, country, mobile);
    if (status[0] == 'S' || carrier_failed(NULL, 0, code, told, &r))
        g->sink->receipt(g->sink->arg, &r);
    return 0;
}

/* There is no number of the message: it is known by all it says. The same words in the same second from the same person are one message. */
static void derive_id(const json_t *o, char out[128])
{
    static const char *const members[] = {"nationcode", "mobile", "extend", "text"};
    struct buf text = BUF_INIT(1u << 20), id = BUF_INIT(100);
    const json_t *time = json_object_get(o, "time");
    uint8_t sum[SIGN_MAX];

    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const json_t *v = json_object_get(o, members[i]);

        buf_add(&text, json_is_string(v) ? json_string_value(v) : "", json_string_length(v));
        buf_chr(&text, '\n');
    }
    if (json_is_integer(time))
        buf_i64(&text, json_integer_value(time));
    else
        buf_str(&text, json_is_string(time) ? json_string_value(time) : "");
    buf_str(&id, "sha256:");
    sign_hex(&id, sum, sign_hash(SIGN_SHA256, text.data, text.len, sum), false);
    memcpy(out, buf_cstr(&id), id.len + 1);
    buf_fini(&text);
    buf_fini(&id);
}

/* Seconds since 1970; more than a person's telephone can say is none. */
static int64_t sent_at(const json_t *time)
{
    json_int_t s = json_is_integer(time) ? json_integer_value(time) : 0;

    return s > 0 && s < 100000000000 ? (int64_t)s * 1000 : 0;
}

static int reply_read(void *arg, const json_t *o, struct err *e)
{
    struct reading *g = arg;
    struct provider_reply r = {.sent_at = sent_at(json_object_get(o, "time"))};
    const json_t *words = json_object_get(o, "text");
    const char *mobile;
    char country[8];

    if (items_member(o, "mobile", 40, &mobile, "bad-reply", e) < 0)
        return -1;
    if (!json_is_string(words))
        return err_set(e, "bad-reply", "text",
                       words ? "member \"text\" must be a string" : "member \"text\" is missing");
    items_words(country, sizeof(country), json_object_get(o, "nationcode"));
    items_phone(r.from, country, mobile);
    derive_id(o, r.id);
    items_text(words, &g->text);
    r.text = g->text.len > 0 ? g->text.data : NULL;
    r.text_len = g->text.len;
    g->sink->reply(g->sink->arg, &r);
    return 0;
}

int tencent_callback(const struct provider_conf *c, const struct provider_callback *in,
                     const struct provider_sink *sink, struct provider_ack *ack, struct err *e)
{
    struct reading g = {.sink = sink, .text = BUF_INIT(ITEMS_TEXT_MAX)};
    bool post = strcmp(in->method, "POST") == 0;
    int told;

    if (post && strcmp(in->kind, "receipt") == 0)
        told = items_each(in->body, in->body_len, "bad-receipt", report_read, &g, sink->bad_receipt,
                          sink->arg, e);
    else if (post && strcmp(in->kind, "reply") == 0)
        told = items_each(in->body, in->body_len, "bad-reply", reply_read, &g, sink->bad_reply, sink->arg, e);
    else
        told = err_set(e, "no-such-hook", NULL, "driver %s has no such callback", c->driver);
    buf_fini(&g.text);
    ack->type = "application/json";
    buf_str(&ack->body, "{\"result\":0,\"errmsg\":\"OK\"}");
    return told;
}
