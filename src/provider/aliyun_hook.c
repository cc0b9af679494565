/* Callbacks of Alibaba Cloud SMS: SmsReport (receipt) and SmsUp (reply), arrays of objects, not signed: the secret in the path is what protects them. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "provider/aliyun.h"
#include "provider/carrier.h"
#include "provider/items.h"

static const struct carrier_row reports[] = {
    {"MOBILE_NOT_ON_SERVICE",   CARRIER_FAILED,  ABOUT_MISSED,      "off, out of area, suspended, or no such number"   },
    {"INVALID_NUMBER",          CARRIER_FAILED,  ABOUT_DEAD_NUMBER, "not a number that can be reached"                 },
    {"MOBILE_IN_BLACK",         CARRIER_FAILED,  ABOUT_OPTED_OUT,   "on a blacklist: wants no messages"                },
    {"USER_REJECT",             CARRIER_FAILED,  ABOUT_OPTED_OUT,   "has told the carrier that messages are not wanted"},
    {"MOBILE_SEND_LIMIT",       CARRIER_FAILED,  ABOUT_NOTHING,     "too many messages to this number"                 },
    {"MOBILE_ACCOUNT_ABNORMAL", CARRIER_FAILED,  ABOUT_MISSED,
     "the subscriber's account: moved, suspended, in debt"                                                             },
    {"MOBLLE_TERMINAL_ERROR",   CARRIER_FAILED,  ABOUT_MISSED,      "the telephone: memory full, or not allowed"       },
    {"MOBILE_TERMINAL_ERROR",   CARRIER_FAILED,  ABOUT_MISSED,      "the telephone: memory full, or not allowed"       },
    {"SP_NOT_BY_INTER_SMS",     CARRIER_FAILED,  ABOUT_NOTHING,     "takes no messages from abroad"                    },
    {"CONTENT_KEYWORD",         CARRIER_FAILED,  ABOUT_NOTHING,     "blocked for its words"                            },
    {"CONTENT_ERROR",           CARRIER_FAILED,  ABOUT_NOTHING,     "blocked: words, or no hint how to unsubscribe"    },
    {"PARAMS_ILLEGAL",          CARRIER_FAILED,  ABOUT_NOTHING,     "parameters are wrong"                             },
    {"SIGNATURE_BLACKLIST",     CARRIER_FAILED,  ABOUT_NOTHING,     "the signature is on a blacklist"                  },
    {"IS_CLOSE",                CARRIER_FAILED,  ABOUT_NOTHING,     "the provider's channel is closed"                 },
    {"IS_CLOSED",               CARRIER_FAILED,  ABOUT_NOTHING,     "the provider's channel is closed"                 },
    {"NO_ROUTE",                CARRIER_FAILED,  ABOUT_NOTHING,     "the provider has no channel for this"             },
    {"SP_UNKNOWN_ERROR",        CARRIER_FAILED,  ABOUT_NOTHING,     "the carrier does not know"                        },
    {"REQUEST_SUCCESS",         CARRIER_PENDING, ABOUT_NOTHING,     ""                                                 }, /* and no carrier ever said more */
};

/* "123", or 123 */
static bool id_of(const json_t *v, char *out, size_t n)
{
    int len = -1;

    if (json_is_string(v) && json_string_length(v) == strlen(json_string_value(v)))
        len = snprintf(out, n, "%s", json_string_value(v));
    else if (json_is_integer(v))
        len = snprintf(out, n, "%lld", (long long)json_integer_value(v));
    for (int i = 0; i < len && (size_t)i < n; i++)
        if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f)
            return false;
    return len > 0 && (size_t)len < n;
}

/* Delivered, not delivered, or the report contradicts itself. */
static int outcome_of(const json_t *o, const char *code, bool *delivered, struct err *e)
{
    const json_t *success = json_object_get(o, "success");
    const char *word = json_string_value(success);

    if (json_is_boolean(success))
        *delivered = json_is_true(success);
    else if (word != NULL && (strcmp(word, "true") == 0 || strcmp(word, "false") == 0))
        *delivered = word[0] == 't';
    else if (success == NULL && code[0] != '\0')
        *delivered = strcmp(code, "DELIVERED") == 0;
    else
        return err_set(e, "bad-receipt", "success", "member \"success\" must be true or false");
    return 0;
}

static int report_read(void *arg, const json_t *o, struct err *e)
{
    struct items_reading *g = arg;
    struct provider_receipt r = {.state = RECIPIENT_DELIVERED};
    char code[64], told[160];
    const char *phone;
    bool delivered;

    items_words(code, sizeof(code), json_object_get(o, "err_code"));
    items_words(told, sizeof(told), json_object_get(o, "err_msg"));
    if (items_member(o, "phone_number", 40, &phone, "bad-receipt", e) < 0 ||
        outcome_of(o, code, &delivered, e) < 0)
        return -1;
    items_phone(r.to, "", phone);
    if (!id_of(json_object_get(o, "out_id"), r.ref, sizeof(r.ref)))
        r.ref[0] = '\0';
    if (!id_of(json_object_get(o, "biz_id"), r.id, sizeof(r.id)) && r.ref[0] == '\0')
        return err_set(e, "bad-receipt", "biz_id", "neither out_id nor biz_id say which message is meant");
    if (delivered || carrier_failed(reports, ARRAY_LEN(reports), code, told, &r))
        g->sink->receipt(g->sink->arg, &r);
    return 0;
}

static int up_read(void *arg, const json_t *o, struct err *e)
{
    static const char *const all[] = {"phone_number", "send_time", "dest_code", "content"};
    struct items_reading *g = arg;
    struct provider_reply r = {.sent_at = items_time(json_object_get(o, "send_time"))};
    const json_t *content = json_object_get(o, "content");
    const char *phone;

    if (items_member(o, "phone_number", 40, &phone, "bad-reply", e) < 0)
        return -1;
    if (!json_is_string(content))
        return err_set(e, "bad-reply", "content",
                       content ? "member \"content\" must be a string" : "member \"content\" is missing");
    items_phone(r.from, "", phone);
    if (!id_of(json_object_get(o, "sequence_id"), r.id, sizeof(r.id)))
        items_id(r.id, o, all, ARRAY_LEN(all));
    items_reply(g, &r, content);
    return 0;
}

int aliyun_callback(const struct provider_conf *c, const struct provider_callback *in,
                    const struct provider_sink *sink, struct provider_ack *ack, struct err *e)
{
    return items_callback(c, in, sink, report_read, up_read, "{\"code\":0,\"msg\":\"接收成功\"}", ack, e);
}
