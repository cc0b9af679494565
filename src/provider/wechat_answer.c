/* Driver `wechat`: what answers and codes mean. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "provider/wechat_int.h"

/* clang-format off */
const struct class_row wechat_rows[] = {
    CLASS_SENT("0"),
    CLASS_RETRY("-1", "WeChat is busy"), CLASS_RETRY("61450", "WeChat is busy"),
    CLASS_THROTTLED("45011", "too many requests in a minute", 60000),
    CLASS_TOKEN("40001", "access token refused, or the secret is wrong"), CLASS_TOKEN("40014", "access token refused"),
    CLASS_TOKEN("42001", "access token has run out"),
    CLASS_TOKEN("41001", "access token missing"), CLASS_TOKEN("42007", "access token revoked"),
    CLASS_ACCOUNT("40013", "no such AppID"), CLASS_ACCOUNT("40125", "the AppSecret is wrong"), CLASS_ACCOUNT("41002", "AppID missing"),
    CLASS_ACCOUNT("41004", "AppSecret missing"),
    CLASS_ACCOUNT("40243", "the AppSecret is frozen"), CLASS_ACCOUNT("40164", "the address of this machine is not on the account's list"),
    CLASS_ACCOUNT("89503", "an administrator must allow the address of this machine"),
    CLASS_ACCOUNT("89506", "an administrator refused the address of this machine"),
    CLASS_ACCOUNT("89507", "an administrator refused the address of this machine"),
    CLASS_ACCOUNT("50004", "the account is banned"), CLASS_ACCOUNT("50007", "the account is frozen"),
    CLASS_ACCOUNT("45009", "the account's calls of this day are used up"),
    CLASS_ACCOUNT("48001", "the account may not use this"), CLASS_ACCOUNT("48004", "the account may not use this any more"),
    CLASS_ACCOUNT("48008", "the account may not use this"),
    CLASS_ACCOUNT("50001", "the account may not use this"), CLASS_ACCOUNT("50002", "the account is limited"),
    CLASS_ACCOUNT("61007", "the account may not use this"),
    CLASS_ACCOUNT("45028", "no mass sends left"),
    CLASS_RECIPIENT("45047", "no more answers until this person writes"), CLASS_RECIPIENT("45015", "wrote more than 48 hours ago"),
    CLASS_RECIPIENT("43004", "does not follow the account"), CLASS_RECIPIENT("50005", "does not follow the account"),
    CLASS_RECIPIENT("40003", "no follower of this account"),
    CLASS_RECIPIENT("43019", "is on the blacklist"), CLASS_RECIPIENT("43101", "did not consent to this message, or no more"),
    CLASS_RECIPIENT("48002", "refuses messages"),
    CLASS_RECIPIENT("46004", "no such person"),
    CLASS_MESSAGE("40036", "the template's id is wrong"), CLASS_MESSAGE("40037", "no such template"),
    CLASS_MESSAGE("41028", "the template's id is wrong"),
    CLASS_MESSAGE("40039", "a link is wrong"), CLASS_MESSAGE("40048", "a link is wrong"), CLASS_MESSAGE("41030", "a page is wrong"),
    CLASS_MESSAGE("40165", "a page is wrong"),
    CLASS_MESSAGE("47001", "the data cannot be read"), CLASS_MESSAGE("47003", "a value does not fit its variable"),
    CLASS_MESSAGE("40033", "a character is not taken"),
    CLASS_MESSAGE("40035", "a parameter is wrong"), CLASS_MESSAGE("40038", "the request is wrong"), CLASS_MESSAGE("44002", "no data"),
    CLASS_MESSAGE("44004", "no text"), CLASS_MESSAGE("45002", "the text is too long"),
    CLASS_MESSAGE("43002", "the request is wrong"), CLASS_MESSAGE("43116", "the template is blocked for abuse"),
    CLASS_MESSAGE("45065", "said before"), CLASS_MESSAGE("45066", "said before, a moment ago"), CLASS_MESSAGE("45067", "the client's id is too long"),
};
/* clang-format on */
const size_t wechat_n_rows = ARRAY_LEN(wechat_rows);

/* A 64 bit number: kept as text. */
static void take_id(const json_t *o, struct provider_verdict *v)
{
    const json_t *id = json_object_get(o, "msgid");

    if (json_is_integer(id) && json_integer_value(id) > 0)
        (void)snprintf(v->id, sizeof(v->id), "%lld",
                       (long long)json_integer_value(id)); /* 19 digits at most */
}

void wechat_classify(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                     const struct http_answer *a, struct provider_verdict *v)
{
    char code[24];
    json_t *o = weixin_answer(a, code);

    (void)c, (void)m;
    if (n != 1)
        panic("driver wechat: %zu messages in one answer", n);
    if (a->status == 200 && code[0] != '\0') {
        class_judge(wechat_rows, wechat_n_rows, code, a->retry_after_ms, v);
        if (v->verdict == VERDICT_SENT)
            take_id(o, v);
    } else if (a->status == 200) {
        class_detail(v, "the answer has no errcode");
    } else if (a->status == 503) { /* said before anything was done; after 500, 502, 504 nobody knows */
        v->verdict = VERDICT_RETRY;
        class_detail(v, "HTTP status 503");
    } else {
        class_http(a->status, a->retry_after_ms, v);
    }
    json_decref(o);
}
