/* Answers of Alibaba Cloud SMS. Business refusals come with HTTP status 200 as well: the code decides. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "provider/aliyun.h"
#include "provider/classes.h"

#define HOUR_MS 3600000

static const struct class_row codes[] = {
    {.code = "OK",                                                            .verdict = VERDICT_SENT,                 .words = ""},
 /* throttles */
    {.code = "isv.BUSINESS_LIMIT_CONTROL",
     .verdict = VERDICT_THROTTLED,
     .words = "too many messages to this number",
     .scope = THROTTLE_RECIPIENT},
 /* of the account or of the number, the code does not say: who meets it waits, the others go on */
    {.code = "isv.SMS_OVER_LIMIT",
     .verdict = VERDICT_THROTTLED,
     .words = "the day's quota is used up",
     .wait_ms = HOUR_MS,
     .scope = THROTTLE_RECIPIENT},
    {.code = "Throttling*",                                                      .verdict = VERDICT_THROTTLED,                                                                                      .words = "too many requests",.wait_ms = 2000},
 /* faults of the platform */
    {.code = "isp.SYSTEM_ERROR",.verdict = VERDICT_RETRY,.words = "a fault of the platform"},
    {.code = "ServiceUnavailable",                                              .verdict = VERDICT_RETRY,                                                                        .words = "the platform is not available"},
    {.code = "InternalError",                                            .verdict = VERDICT_RETRY,              .words = "a fault of the platform"},
 /* every nonce is new: somebody on the way repeated the request, and the first copy was taken */
    {.code = "SignatureNonceUsed",
     .verdict = VERDICT_UNKNOWN,
     .words = "the request came twice; the first copy may have been taken"},
 /* the recipient */
    {.code = "isv.MOBILE_NUMBER_ILLEGAL",
     .verdict = VERDICT_BAD_RECIPIENT,
     .words = "not a mobile number",
     .about = ABOUT_DEAD_NUMBER},
    {.code = "isv.DOMESTIC_NUMBER_NOT_SUPPORTED",
     .verdict = VERDICT_BAD_RECIPIENT,
     .words = "a template for numbers abroad was used for one of the mainland"},
    {.code = "isv.CUSTOMER_REFUSED",
     .verdict = VERDICT_BAD_RECIPIENT,
     .words = "has told the provider that messages are not wanted",
     .about = ABOUT_OPTED_OUT},
 /* the message */
    {.code = "isv.BLACK_KEY_CONTROL_LIMIT",
     .verdict = VERDICT_BAD_MESSAGE,
     .words = "a value holds words that are blocked"},
    {.code = "isv.MOBILE_COUNT_OVER_LIMIT",
     .verdict = VERDICT_BAD_MESSAGE,
     .words = "too many numbers in one request"},
    {.code = "isv.INVALID_PARAMETERS",                         .verdict = VERDICT_BAD_MESSAGE,                                                                .words = "parameters are wrong"},
    {.code = "isv.INVALID_JSON_PARAM",                              .verdict = VERDICT_BAD_MESSAGE,                                                                     .words = "parameters are wrong"},
    {.code = "isv.TEMPLATE_MISSING_PARAMETERS",
     .verdict = VERDICT_BAD_MESSAGE,
     .words = "the template has a variable that was not filled"},
    {.code = "isv.TEMPLATE_PARAMS_ILLEGAL",
     .verdict = VERDICT_BAD_MESSAGE,
     .words = "a value is not what its variable was approved for"},
    {.code = "isv.PARAM_LENGTH_LIMIT",
     .verdict = VERDICT_BAD_MESSAGE,
     .words = "a value is too long for its variable"},
    {.code = "isv.PARAM_NOT_SUPPORT_URL",
     .verdict = VERDICT_BAD_MESSAGE,
     .words = "a value holds an address"                                    },
    {.code = "TEMPLATE_PARAMETER_COUNT_ILLEGAL",
     .verdict = VERDICT_BAD_MESSAGE,
     .words = "the template has other variables"},
    {.code = "isv.SMS_CONTENT_ILLEGAL",
     .verdict = VERDICT_BAD_MESSAGE,
     .words = "words that are not allowed"},
    {.code = "isv.UNSUPPORTED_CONTENT",
     .verdict = VERDICT_BAD_MESSAGE,
     .words = "characters that are not supported"},
    {.code = "isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE",
     .verdict = VERDICT_BAD_MESSAGE,
     .words = "the text does not suit the template's type"                                           },
    {.code = "isv.SMS_TEMPLATE_ILLEGAL",
     .verdict = VERDICT_BAD_MESSAGE,
     .words = "the template is not approved"},
    {.code = "isv.SMS_SIGNATURE_ILLEGAL",
     .verdict = VERDICT_BAD_MESSAGE,
     .words = "the signature is not approved"},
    {.code = "isv.SMS_SIGN_ILLEGAL",
     .verdict = VERDICT_BAD_MESSAGE,
     .words = "the signature is not approved" },
    {.code = "isv.SIGN_NAME_ILLEGAL",
     .verdict = VERDICT_BAD_MESSAGE,
     .words = "the signature is not approved"                                                            },
    {.code = "isv.SIGN_STATE_ILLEGAL",
     .verdict = VERDICT_BAD_MESSAGE,
     .words = "the signature is not approved"},
    {.code = "isv.SMS_SIGNATURE_SCENE_ILLEGAL",
     .verdict = VERDICT_BAD_MESSAGE,
     .words = "the signature is approved for something else"},
    {.code = "isv.EXTEND_CODE_ERROR",
     .verdict = VERDICT_BAD_MESSAGE,
     .words = "the extension code is used by another signature"},
    {.code = "SIGNATURE_BLACKLIST",
     .verdict = VERDICT_BAD_MESSAGE,
     .words = "the signature is on a blacklist"                                              },
 /* the account */
    {.code = "isv.DAY_LIMIT_CONTROL",
     .verdict = VERDICT_BAD_ACCOUNT,
     .words = "the limit of the day that is set in the console is reached"},
    {.code = "isv.MONTH_LIMIT_CONTROL",
     .verdict = VERDICT_BAD_ACCOUNT,
     .words = "the limit of the month that is set in the console is reached"},
    {.code = "isv.SMS_TEST_*",
     .verdict = VERDICT_BAD_ACCOUNT,
     .words = "the account still uses the test signature or template"},
    {.code = "isv.AMOUNT_NOT_ENOUGH", .verdict = VERDICT_BAD_ACCOUNT,                                        .words = "no balance"                        },
    {.code = "isv.OUT_OF_SERVICE",        .verdict = VERDICT_BAD_ACCOUNT,                                               .words = "suspended"},
    {.code = "isv.PRODUCT_UN_SUBSCRIPT",
     .verdict = VERDICT_BAD_ACCOUNT,
     .words = "the service is not opened"},
    {.code = "isv.PRODUCT_UNSUBSCRIBE",                                                   .verdict = VERDICT_BAD_ACCOUNT,                                            .words = "the service is not opened"},
    {.code = "isv.ACCOUNT_NOT_EXISTS",                                    .verdict = VERDICT_BAD_ACCOUNT,                                                                           .words = "no such account"                                            },
    {.code = "isv.ACCOUNT_ABNORMAL",                                   .verdict = VERDICT_BAD_ACCOUNT,                               .words = "the account is not in order"},
    {.code = "isv.SECURITY_FROZEN_ACCOUNT",                                             .verdict = VERDICT_BAD_ACCOUNT,          .words = "the account is frozen"},
    {.code = "isp.RAM_PERMISSION_DENY",
     .verdict = VERDICT_BAD_ACCOUNT,
     .words = "the RAM user may not send: AliyunDysmsFullAccess"},
    {.code = "Forbidden.RAM",
     .verdict = VERDICT_BAD_ACCOUNT,
     .words = "the RAM user may not send: AliyunDysmsFullAccess"                                                                                                    },
    {.code = "NoPermission",
     .verdict = VERDICT_BAD_ACCOUNT,
     .words = "the RAM user may not send: AliyunDysmsFullAccess"},
    {.code = "isv.DENY_IP_RANGE",
     .verdict = VERDICT_BAD_ACCOUNT,
     .words = "requests from this address are refused"},
    {.code = "SignatureDoesNotMatch",             .verdict = VERDICT_BAD_ACCOUNT,                                                    .words = "wrong AccessKey secret"},
    {.code = "InvalidAccessKeyId.*",
     .verdict = VERDICT_BAD_ACCOUNT,
     .words = "the AccessKey is unknown or disabled"                                                                                                     },
    {.code = "IncompleteSignature",                                      .verdict = VERDICT_BAD_ACCOUNT,                          .words = "the signature is not complete"},
    {.code = "InvalidTimeStamp.*",                         .verdict = VERDICT_BAD_ACCOUNT,                                                                .words = "this machine's clock is wrong"},
    {.code = "InvalidVersion",                               .verdict = VERDICT_BAD_ACCOUNT,                                             .words = "the API has no such version"},
    {.code = "InvalidAction.NotFound",                               .verdict = VERDICT_BAD_ACCOUNT,       .words = "the API has no such action"                                                 },
    {.code = "MissingParameter*",                                 .verdict = VERDICT_BAD_ACCOUNT,                            .words = "a parameter is missing"},
};

/* The message of isv.BUSINESS_LIMIT_CONTROL says which window is full: 触发分钟级流控Permits:1. Minutes and hours are those of clocks in China. The day is the last 24 hours, and
 * nobody tells when the oldest message leaves it: asked again every hour. */
static void read_window(const char *message, struct provider_verdict *v)
{
    if (strstr(message, "分钟级") != NULL)
        v->until = THROTTLE_MINUTE;
    else if (strstr(message, "小时级") != NULL)
        v->until = THROTTLE_HOUR;
    else if (strstr(message, "天级") != NULL)
        v->retry_after_ms = HOUR_MS;
}

static void judge_code(const char *code, const char *message, int64_t retry_after_ms,
                       struct provider_verdict *v)
{
    class_judge(codes, ARRAY_LEN(codes), code, retry_after_ms, v);
    if (strcmp(code, "isv.BUSINESS_LIMIT_CONTROL") == 0)
        read_window(message, v);
}

/* BizId stands for all of the request; receipts name it together with the number. Half an id would find nothing. */
static void take_id(const json_t *answer, struct provider_verdict *v)
{
    const char *id = json_string_value(json_object_get(answer, "BizId"));

    if (id != NULL && strlen(id) < sizeof(v->id))
        memcpy(v->id, id, strlen(id) + 1);
}

static bool same_texts(const struct provider_msg *m, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (!aliyun_same_text(m, &m[i]))
            return false;
    return true;
}

/* Of several recipients it is not known who is meant: none of them is judged by it, each is asked alone. */
static void ask_alone(const struct provider_msg *m, size_t n, struct provider_verdict *v)
{
    bool one_of_them = v->verdict == VERDICT_BAD_RECIPIENT ||
                       (v->verdict == VERDICT_THROTTLED && v->scope == THROTTLE_RECIPIENT) ||
                       (v->verdict == VERDICT_BAD_MESSAGE && !same_texts(m, n));

    if (n > 1 && one_of_them)
        class_alone(v);
}

void aliyun_classify(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                     const struct http_answer *a, struct provider_verdict *v)
{
    json_t *answer = json_loadb(a->body != NULL ? a->body : "", a->body_len, JSON_REJECT_DUPLICATES, NULL);
    const char *code = json_string_value(json_object_get(answer, "Code")),
               *message = json_string_value(json_object_get(answer, "Message"));

    (void)c;
    if (code == NULL || code[0] == '\0') {
        class_stranger(a, v);
    } else if (strcmp(code, "OK") == 0 && a->status != 200) {
        class_http(a->status, a->retry_after_ms, v); /* a contradiction is no success */
        v->verdict = VERDICT_UNKNOWN;
    } else {
        judge_code(code, message != NULL ? message : "", a->retry_after_ms, v);
        if (v->verdict == VERDICT_SENT)
            take_id(answer, v);
        ask_alone(m, n, v);
    }
    json_decref(answer);
    for (size_t i = 1; i < n; i++)
        v[i] = v[0];
}
