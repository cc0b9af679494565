/* Callbacks of Tencent Cloud SMS: status reports (receipt) and what people wrote (reply); not signed: the secret in the path is what protects them. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "provider/carrier.h"
#include "provider/items.h"
#include "provider/tencent.h"

static int report_read(void *arg, const json_t *o, struct err *e)
{
    struct items_reading *g = arg;
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

/* Seconds since 1970; more than a person's telephone can say is none. */
static int64_t sent_at(const json_t *time)
{
    json_int_t s = json_is_integer(time) ? json_integer_value(time) : 0;

    return s > 0 && s < 100000000000 ? (int64_t)s * 1000 : 0;
}

/* There is no number of the message: it is known by all it says. The same words in the same second from the same person are one message. */
static int reply_read(void *arg, const json_t *o, struct err *e)
{
    static const char *const all[] = {"nationcode", "mobile", "extend", "text", "time"};
    struct items_reading *g = arg;
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
    items_id(r.id, o, all, ARRAY_LEN(all));
    items_reply(g, &r, words);
    return 0;
}

int tencent_callback(const struct provider_conf *c, const struct provider_callback *in,
                     const struct provider_sink *sink, struct provider_ack *ack, struct err *e)
{
    return items_callback(c, in, sink, report_read, reply_read, "{\"result\":0,\"errmsg\":\"OK\"}", ack, e);
}
