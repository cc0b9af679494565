/* Answers of Alibaba Cloud SMS. Business refusals come with HTTP status 200 as well: the code decides. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "provider/aliyun.h"
#include "provider/classes.h"

#define HOUR_MS 3600000

/* clang-format off */
static const struct class_row codes[] = {
    CLASS_SENT("OK"),
    /* throttles */
    CLASS_THROTTLED_ONE("isv.BUSINESS_LIMIT_CONTROL", "too many messages to this number", 0, THROTTLE_TOLD),
    /* of the account or of the number, the code does not say: who meets it waits, the others go on */
    CLASS_THROTTLED_ONE("isv.SMS_OVER_LIMIT", "the day's quota is used up", HOUR_MS, THROTTLE_TOLD),
    CLASS_THROTTLED("Throttling*", "too many requests", 2000),
    /* faults of the platform */
    CLASS_RETRY("isp.SYSTEM_ERROR", "a fault of the platform"),
    CLASS_RETRY("ServiceUnavailable", "the platform is not available"),
    CLASS_RETRY("InternalError", "a fault of the platform"),
    /* every nonce is new: somebody on the way repeated the request, and the first copy was taken */
    CLASS_UNKNOWN("SignatureNonceUsed", "the request came twice; the first copy may have been taken"),
    /* the recipient */
    CLASS_DEAD("isv.MOBILE_NUMBER_ILLEGAL", "not a mobile number"),
    CLASS_RECIPIENT("isv.DOMESTIC_NUMBER_NOT_SUPPORTED", "a template for numbers abroad was used for one of the mainland"),
    CLASS_OPTED_OUT("isv.CUSTOMER_REFUSED", "has told the provider that messages are not wanted"),
    /* the message */
    CLASS_MESSAGE("isv.BLACK_KEY_CONTROL_LIMIT", "a value holds words that are blocked"),
    CLASS_MESSAGE("isv.MOBILE_COUNT_OVER_LIMIT", "too many numbers in one request"),
    CLASS_MESSAGE("isv.INVALID_PARAMETERS", "parameters are wrong"),
    CLASS_MESSAGE("isv.INVALID_JSON_PARAM", "parameters are wrong"),
    CLASS_MESSAGE("isv.TEMPLATE_MISSING_PARAMETERS", "the template has a variable that was not filled"),
    CLASS_MESSAGE("isv.TEMPLATE_PARAMS_ILLEGAL", "a value is not what its variable was approved for"),
    CLASS_MESSAGE("isv.PARAM_LENGTH_LIMIT", "a value is too long for its variable"),
    CLASS_MESSAGE("isv.PARAM_NOT_SUPPORT_URL", "a value holds an address"),
    CLASS_MESSAGE("TEMPLATE_PARAMETER_COUNT_ILLEGAL", "the template has other variables"),
    CLASS_MESSAGE("isv.SMS_CONTENT_ILLEGAL", "words that are not allowed"),
    CLASS_MESSAGE("isv.UNSUPPORTED_CONTENT", "characters that are not supported"),
    CLASS_MESSAGE("isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE", "the text does not suit the template's type"),
    CLASS_MESSAGE("isv.SMS_TEMPLATE_ILLEGAL", "the template is not approved"),
    CLASS_MESSAGE("isv.SMS_SIGNATURE_ILLEGAL", "the signature is not approved"),
    CLASS_MESSAGE("isv.SMS_SIGN_ILLEGAL", "the signature is not approved"),
    CLASS_MESSAGE("isv.SIGN_NAME_ILLEGAL", "the signature is not approved"),
    CLASS_MESSAGE("isv.SIGN_STATE_ILLEGAL", "the signature is not approved"),
    CLASS_MESSAGE("isv.SMS_SIGNATURE_SCENE_ILLEGAL", "the signature is approved for something else"),
    CLASS_MESSAGE("isv.EXTEND_CODE_ERROR", "the extension code is used by another signature"),
    CLASS_MESSAGE("SIGNATURE_BLACKLIST", "the signature is on a blacklist"),
    /* the account */
    CLASS_ACCOUNT("isv.DAY_LIMIT_CONTROL", "the limit of the day that is set in the console is reached"),
    CLASS_ACCOUNT("isv.MONTH_LIMIT_CONTROL", "the limit of the month that is set in the console is reached"),
    CLASS_ACCOUNT("isv.SMS_TEST_*", "the account still uses the test signature or template"),
    CLASS_ACCOUNT("isv.AMOUNT_NOT_ENOUGH", "no balance"),
    CLASS_ACCOUNT("isv.OUT_OF_SERVICE", "suspended"),
    CLASS_ACCOUNT("isv.PRODUCT_UN_SUBSCRIPT", "the service is not opened"),
    CLASS_ACCOUNT("isv.PRODUCT_UNSUBSCRIBE", "the service is not opened"),
    CLASS_ACCOUNT("isv.ACCOUNT_NOT_EXISTS", "no such account"),
    CLASS_ACCOUNT("isv.ACCOUNT_ABNORMAL", "the account is not in order"),
    CLASS_ACCOUNT("isv.SECURITY_FROZEN_ACCOUNT", "the account is frozen"),
    CLASS_ACCOUNT("isp.RAM_PERMISSION_DENY", "the RAM user may not send: AliyunDysmsFullAccess"),
    CLASS_ACCOUNT("Forbidden.RAM", "the RAM user may not send: AliyunDysmsFullAccess"),
    CLASS_ACCOUNT("NoPermission", "the RAM user may not send: AliyunDysmsFullAccess"),
    CLASS_ACCOUNT("isv.DENY_IP_RANGE", "requests from this address are refused"),
    CLASS_ACCOUNT("SignatureDoesNotMatch", "wrong AccessKey secret"),
    CLASS_ACCOUNT("InvalidAccessKeyId.*", "the AccessKey is unknown or disabled"),
    CLASS_ACCOUNT("IncompleteSignature", "the signature is not complete"),
    CLASS_ACCOUNT("InvalidTimeStamp.*", "this machine's clock is wrong"),
    CLASS_ACCOUNT("InvalidVersion", "the API has no such version"),
    CLASS_ACCOUNT("InvalidAction.NotFound", "the API has no such action"),
    CLASS_ACCOUNT("MissingParameter*", "a parameter is missing"),
};
/* clang-format on */

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
