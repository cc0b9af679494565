/* Answers of Tencent Cloud SMS: HTTP status 200 for nearly everything. Either the whole request is refused (Response.Error), or every number has its own code. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "provider/classes.h"
#include "provider/tencent.h"

#define SECOND_MS 1000
#define HOUR_MS   3600000

/* The first one that fits counts: beginnings stand behind what they begin. */
/* clang-format off */
static const struct class_row codes[] = {
    CLASS_SENT("Ok"),
    /* throttles */
    CLASS_THROTTLED("RequestLimitExceeded*", "too many requests", SECOND_MS),
    CLASS_THROTTLED("LimitExceeded.GlobalSmsSendingRateLimit", "too many requests", SECOND_MS),
    CLASS_THROTTLED_ONE("LimitExceeded.PhoneNumberThirtySecondLimit", "the same text to this number within 30 s", 31 * SECOND_MS, THROTTLE_TOLD),
    CLASS_THROTTLED_ONE("LimitExceeded.PhoneNumberOneHourLimit", "too many messages to this number within an hour", HOUR_MS, THROTTLE_TOLD),
    CLASS_THROTTLED_ONE("LimitExceeded.PhoneNumberDailyLimit", "the day's messages to this number are used up", 0, THROTTLE_DAY),
    CLASS_THROTTLED_ONE("LimitExceeded.PhoneNumberSameContentDailyLimit", "the day's messages of this text to this number are used up", 0, THROTTLE_DAY),
    CLASS_THROTTLED_ONE("LimitExceeded.DeliveryFrequencyLimit", "the day's messages to this number are used up", 0, THROTTLE_DAY),
    CLASS_THROTTLED_ONE("FailedOperation.MarketingSendTimeConstraint", "promotions are taken from 8 to 22 o'clock", HOUR_MS, THROTTLE_TOLD),
    /* faults of the platform; of this one they say themselves that it may have been sent */
    CLASS_UNKNOWN("InternalError.Timeout", "the platform ran out of time: it may have been sent"),
    CLASS_ACCOUNT("InternalError.SigVerificationFail", "the signature of the request is wrong"),
    CLASS_ACCOUNT("InternalError.SigFieldMissing", "the signature of the request is wrong"),
    CLASS_ACCOUNT("InternalError.RequestTimeException", "this machine's clock is wrong"),
    CLASS_RETRY("InternalError", "a fault of the platform"),
    CLASS_RETRY("InternalError.SendAndRecvFail", "a fault of the platform"),
    CLASS_RETRY("InternalError.UnknownError", "a fault of the platform"),
    CLASS_RETRY("InternalError.OtherError", "a fault of the platform"),
    CLASS_RETRY("InternalError.ParseBackendResponseFail", "a fault of the platform"),
    CLASS_RETRY("InternalError.JsonParseFail", "a fault of the platform"),
    CLASS_RETRY("FailedOperation.OtherError", "a fault of the platform"),
    CLASS_RETRY("FailedOperation.ParametersOtherError", "a fault of the platform"),
    CLASS_RETRY("ServiceUnavailable", "the platform is not available"),
    /* the recipient */
    CLASS_DEAD("InvalidParameterValue.IncorrectPhoneNumber", "not a telephone number"),
    CLASS_DEAD("FailedOperation.PhoneNumberParseFail", "not a telephone number"),
    CLASS_OPTED_OUT("FailedOperation.PhoneNumberInBlacklist", "on a blacklist: wants no messages"),
    CLASS_RECIPIENT("UnsupportedOperation.UnsupportedRegion", "not sent to this country"),
    CLASS_RECIPIENT("LimitExceeded.AppCountryOrRegionInBlacklist", "not sent to this country"),
    CLASS_RECIPIENT("UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone", "a template for the mainland was used for a number abroad"),
    CLASS_RECIPIENT("UnsupportedOperation.GlobalTemplateToChineseMainlandPhone", "a template for numbers abroad was used for one of the mainland"),
    CLASS_RECIPIENT("UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber", "numbers of the mainland and from abroad in one request"),
    /* the account, before the beginnings below */
    CLASS_ACCOUNT("LimitExceeded.AppDailyLimit", "the application's limit of the day is reached"),
    CLASS_ACCOUNT("LimitExceeded.AppMainlandChinaDailyLimit", "the application's limit of the day is reached"),
    CLASS_ACCOUNT("LimitExceeded.AppGlobalDailyLimit", "the application's limit of the day is reached"),
    CLASS_ACCOUNT("LimitExceeded.DailyLimit", "the limit of the day is reached"),
    CLASS_ACCOUNT("LimitExceeded.AppCountryOrRegionDailyLimit", "the limit of the day for this country is reached"),
    CLASS_ACCOUNT("FailedOperation.InsufficientBalanceInSmsPackage", "the package is used up"),
    CLASS_ACCOUNT("UnauthorizedOperation.ServiceSuspendDueToArrears", "suspended: no balance"),
    CLASS_ACCOUNT("UnauthorizedOperation.SdkAppIdIsDisabled", "the application is disabled"),
    CLASS_ACCOUNT("InvalidParameterValue.SdkAppIdNotExist", "no such application"),
    CLASS_ACCOUNT("UnauthorizedOperation.SmsSdkAppIdVerifyFail", "the application is another account's"),
    CLASS_ACCOUNT("UnauthorizedOperation.RequestPermissionDeny", "the account may not send"),
    CLASS_ACCOUNT("UnauthorizedOperation.RequestIpNotInWhitelist", "requests from this address are refused"),
    CLASS_ACCOUNT("UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny", "personal accounts send no promotions"),
    CLASS_ACCOUNT("AuthFailure.SignatureExpire", "this machine's clock is wrong"),
    CLASS_ACCOUNT("AuthFailure*", "the SecretId or the SecretKey is wrong"),
    CLASS_ACCOUNT("IpInBlacklist", "requests from this address are refused"),
    CLASS_ACCOUNT("IpNotInWhitelist", "requests from this address are refused"),
    CLASS_ACCOUNT("InvalidAction", "the API has no such action"),
    CLASS_ACCOUNT("NoSuchVersion", "the API has no such version"),
    CLASS_ACCOUNT("NoSuchProduct", "the API has no such product"),
    CLASS_ACCOUNT("ActionOffline", "the API is switched off"),
    CLASS_ACCOUNT("UnsupportedRegion", "the API has no such region"),
    /* the message */
    CLASS_MESSAGE("FailedOperation.ContainSensitiveWord", "words that are not allowed"),
    CLASS_MESSAGE("InvalidParameter.DirtyWordFound", "words that are not allowed"),
    CLASS_MESSAGE("InvalidParameterValue.ContentLengthLimit", "the text is too long"),
    CLASS_MESSAGE("InvalidParameterValue.TemplateParameterLengthLimit", "a value is too long for its variable"),
    CLASS_MESSAGE("InvalidParameterValue.TemplateParameterFormatError", "a value is not what its variable was approved for"),
    CLASS_MESSAGE("InvalidParameterValue.ProhibitedUseUrlInTemplateParameter", "a value holds an address"),
    CLASS_MESSAGE("FailedOperation.TemplateParamSetNotMatchApprovedTemplate", "the template has other variables"),
    CLASS_MESSAGE("FailedOperation.TemplateIncorrectOrUnapproved", "the template is not approved"),
    CLASS_MESSAGE("FailedOperation.TemplateUnapprovedOrNotExist", "the template is not approved"),
    CLASS_MESSAGE("FailedOperation.TemplateIdNotExist", "there is no such template"),
    CLASS_MESSAGE("FailedOperation.SignatureIncorrectOrUnapproved", "the signature is not approved"),
    CLASS_MESSAGE("FailedOperation.MissingSignature", "the signature is missing"),
    CLASS_MESSAGE("LimitExceeded.PhoneNumberCountLimit", "too many numbers in one request"),
    CLASS_MESSAGE("FailedOperation.FailResolvePacket", "the request was not understood"),
    CLASS_MESSAGE("FailedOperation.JsonParseFail", "the request was not understood"),
    CLASS_MESSAGE("MissingParameter*", "a parameter is missing"),
    CLASS_MESSAGE("InvalidParameter*", "a parameter is wrong"),
};
/* clang-format on */

static void judge_code(const char *code, int64_t retry_after_ms, struct provider_verdict *v)
{
    class_judge(codes, ARRAY_LEN(codes), code, retry_after_ms, v);
}

/* The request was refused, nothing was sent. All have the same text, so that only what is said of a number does not concern all of them. */
static void judge_request(const char *code, size_t n, const struct http_answer *a, struct provider_verdict *v)
{
    if (strcmp(code, "Ok") == 0)
        class_detail(v, "the answer contradicts itself");
    else
        judge_code(code, a->retry_after_ms, v);
    if (n > 1 && (v->verdict == VERDICT_BAD_RECIPIENT ||
                  (v->verdict == VERDICT_THROTTLED && v->scope == THROTTLE_RECIPIENT)))
        class_alone(v);
    for (size_t i = 1; i < n; i++)
        v[i] = v[0];
}

struct results {
    const struct provider_msg *m;
    size_t n;
    bool taken[200];
};

/* The message that result ${at} is about: by its number; where it names none, by its place. ${n}: none. */
static size_t message_of(struct results *k, size_t at, const json_t *result)
{
    const char *phone = json_string_value(json_object_get(result, "PhoneNumber"));

    if (phone == NULL || phone[0] == '\0')
        return at < k->n && !k->taken[at] ? at : k->n;
    for (size_t i = 0; i < k->n; i++)
        if (!k->taken[i] && strcmp(k->m[i].to, phone) == 0)
            return i;
    return k->n;
}

static void judge_result(const json_t *result, const struct http_answer *a, struct provider_verdict *v)
{
    const char *code = json_string_value(json_object_get(result, "Code")),
               *id = json_string_value(json_object_get(result, "SerialNo"));

    if (code == NULL || code[0] == '\0') {
        class_detail(v, "the answer has no code for this message");
    } else if (strcmp(code, "Ok") == 0 && a->status != 200) {
        class_detail(v, "the answer contradicts itself");
    } else {
        judge_code(code, -1, v);
        if (v->verdict == VERDICT_SENT && id != NULL && strlen(id) < sizeof(v->id))
            memcpy(v->id, id, strlen(id) + 1);
    }
}

static void judge_results(const json_t *set, const struct provider_msg *m, size_t n,
                          const struct http_answer *a, struct provider_verdict *v)
{
    struct results k = {.m = m, .n = n};

    for (size_t i = 0; i < n; i++)
        class_detail(&v[i], "the answer names no result for this message");
    for (size_t at = 0; at < json_array_size(set); at++) {
        const json_t *result = json_array_get(set, at);
        size_t i = message_of(&k, at, result);

        if (i == n)
            continue;
        k.taken[i] = true;
        judge_result(result, a, &v[i]);
    }
}

void tencent_classify(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                      const struct http_answer *a, struct provider_verdict *v)
{
    json_t *answer = json_loadb(a->body != NULL ? a->body : "", a->body_len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *response = json_object_get(answer, "Response"),
                 *set = json_object_get(response, "SendStatusSet");
    const char *code = json_string_value(json_object_get(json_object_get(response, "Error"), "Code"));

    (void)c;
    if (code != NULL && code[0] != '\0') {
        judge_request(code, n, a, v);
    } else if (json_is_array(set)) {
        judge_results(set, m, n, a, v);
    } else {
        class_stranger(a, v);
        for (size_t i = 1; i < n; i++)
            v[i] = v[0];
    }
    json_decref(answer);
}
