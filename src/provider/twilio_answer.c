/* Driver `twilio`: what answers and codes mean. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "provider/twilio_int.h"

/* clang-format off */
const struct class_row twilio_rows[] = {
    CLASS_THROTTLED("20429", "too many requests", 0),
    CLASS_THROTTLED("14107", "send rate exceeded", 0),
    CLASS_THROTTLED("21611", "the queue of our number is full", 10000),
    CLASS_THROTTLED("30001", "Twilio's queue overflowed", 10000),
    CLASS_THROTTLED("30022", "hourly or minute rate of the carrier", 60000),
    CLASS_THROTTLED("63018", "rate of the channel", 0),
    CLASS_RETRY("30017", "the carrier is congested"),
    CLASS_RETRY("30020", "Twilio's own fault"), CLASS_RETRY("30021", "Twilio's own fault"), CLASS_RETRY("30410", "the carrier timed out"),
    CLASS_RETRY("12400", "Twilio's own fault"),
    CLASS_RETRY("30008", "the carrier tells no reason"),
    {.code = "30003", .verdict = VERDICT_BAD_RECIPIENT, .words = "phone switched off or out of reach", .about = ABOUT_MISSED},
    CLASS_RECIPIENT("30004", "blocked by the phone or the carrier"),
    CLASS_DEAD("21211", "no valid number"), CLASS_DEAD("21217", "no valid number"), CLASS_DEAD("21401", "no valid number"),
    CLASS_DEAD("21421", "no valid number"),
    CLASS_DEAD("30014", "no valid number"),
    CLASS_DEAD("21214", "cannot be reached"), CLASS_DEAD("21612", "cannot be reached by SMS from our number"),
    CLASS_DEAD("21614", "not a mobile number"),
    CLASS_DEAD("30005", "unknown or no longer in use"),
    CLASS_DEAD("30006", "a landline, or its carrier cannot be reached"),
    CLASS_OPTED_OUT("21610", "has told Twilio STOP"),
    /* the account lacks the country of this number: no reason to stop sending to the others */
    CLASS_RECIPIENT("21408", "the account may not send to this country (geo permissions)"),
    CLASS_RECIPIENT("21215", "the account may not send to this country (geo permissions)"),
    CLASS_MESSAGE("30007", "filtered by the carrier for its content"),
    CLASS_MESSAGE("21602", "no text"), CLASS_MESSAGE("21604", "no recipient in the request"), CLASS_MESSAGE("21617", "the text is too long"),
    CLASS_MESSAGE("21618", "the text is not accepted"),
    CLASS_MESSAGE("21620", "bad media"), CLASS_MESSAGE("21623", "too many media"), CLASS_MESSAGE("21656", "bad content variables"),
    CLASS_MESSAGE("30019", "too large"),
    CLASS_MESSAGE("30010", "dearer than allowed"),
    CLASS_UNKNOWN("30009", "a part of an inbound message is missing"),
    CLASS_ACCOUNT("21608", "trial account: number not verified"), CLASS_ACCOUNT("21219", "trial account: number not verified"),
    CLASS_ACCOUNT("21603", "no sender"), CLASS_ACCOUNT("21606", "the sender is not ours or cannot send SMS"),
    CLASS_ACCOUNT("21659", "the sender is not ours"),
    CLASS_ACCOUNT("21212", "the sender is no valid number"), CLASS_ACCOUNT("21616", "the sender matches several numbers"),
    CLASS_ACCOUNT("30018", "no sender can reach this destination"),
    CLASS_ACCOUNT("30024", "the sender is not provisioned"), CLASS_ACCOUNT("30034", "the sender is not registered (10DLC)"),
    CLASS_ACCOUNT("30032", "the toll-free sender is not verified"),
    CLASS_ACCOUNT("30023", "daily cap of the carrier is reached"), CLASS_ACCOUNT("30027", "daily cap of the carrier is reached"),
    CLASS_ACCOUNT("20003", "authentication failed"), CLASS_ACCOUNT("20005", "the account is not active"), CLASS_ACCOUNT("20006", "access denied"),
    CLASS_ACCOUNT("20403", "forbidden"),
    CLASS_ACCOUNT("90010", "the account is not active"), CLASS_ACCOUNT("21472", "the messaging service has no senders"),
    CLASS_ACCOUNT("30002", "the account is suspended"),
    CLASS_ACCOUNT("20404", "no such address: account or url is wrong"), CLASS_ACCOUNT("20422", "a parameter is wrong"),
    CLASS_ACCOUNT("21609", "Twilio does not like our callback address"),
};
/* clang-format on */
const size_t twilio_n_rows = ARRAY_LEN(twilio_rows);

/* "" when it is none. */
static void code_text(const json_t *code, char out[24])
{
    out[0] = '\0';
    if (json_is_integer(code) && json_integer_value(code) > 0)
        (void)snprintf(out, 24, "%lld", (long long)json_integer_value(code)); /* 19 digits at most */
}

static void judge_code(const char *code, int status, int64_t retry_after_ms, struct provider_verdict *v)
{
    bool known = class_find(twilio_rows, twilio_n_rows, code) != NULL;

    if (code[0] != '\0' && (known || (status != 429 && status != 401 && status != 503)))
        class_judge(twilio_rows, twilio_n_rows, code, retry_after_ms, v);
    else
        class_http(status, retry_after_ms, v);
    /* 503 is said before anything was done. After 500, 502, 504 nobody knows: stays in doubt. */
    if (v->verdict == VERDICT_UNKNOWN && status == 503 && !known) {
        v->verdict = VERDICT_RETRY;
        v->retry_after_ms = retry_after_ms;
    }
}

/* A resource was made: it is sent unless it says that it failed at once. */
static void judge_made(const json_t *o, struct provider_verdict *v)
{
    const char *sid = json_string_value(json_object_get(o, "sid")),
               *status = json_string_value(json_object_get(o, "status"));
    char code[24];

    if (sid == NULL || (!twilio_is_sid(sid, "SM") && !twilio_is_sid(sid, "MM"))) {
        class_detail(v, "the answer has no message id");
        return;
    }
    memcpy(v->id, sid, strlen(sid) + 1);
    if (status != NULL && (strcmp(status, "failed") == 0 || strcmp(status, "undelivered") == 0 ||
                           strcmp(status, "canceled") == 0)) {
        code_text(json_object_get(o, "error_code"), code);
        class_judge(twilio_rows, twilio_n_rows, code, -1, v);
        return;
    }
    v->verdict = VERDICT_SENT;
}

void twilio_classify(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                     const struct http_answer *a, struct provider_verdict *v)
{
    json_t *o = json_loadb(a->body != NULL ? a->body : "", a->body_len, JSON_REJECT_DUPLICATES, NULL);
    char code[24];

    (void)c, (void)m;
    if (n != 1)
        panic("driver twilio: %zu messages in one answer", n);
    code_text(json_object_get(o, "code"), code);
    if (a->status == 201 || a->status == 200) {
        if (json_is_object(o) && code[0] == '\0')
            judge_made(o, v);
        else
            class_detail(v, "the answer is no message");
    } else {
        judge_code(code, a->status, a->retry_after_ms, v);
    }
    json_decref(o);
}
