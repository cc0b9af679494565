/* Driver `wechat`: what answers and codes mean. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "provider/wechat_int.h"

#define R(c, text)                                                                                           \
    {                                                                                                        \
        .code = (c), .verdict = VERDICT_RETRY, .words = (text)                                               \
    }
#define T(c, text, ms)                                                                                       \
    {                                                                                                        \
        .code = (c), .verdict = VERDICT_THROTTLED, .words = (text), .wait_ms = (ms)                          \
    }
#define PR(c, text)                                                                                          \
    {                                                                                                        \
        .code = (c), .verdict = VERDICT_BAD_RECIPIENT, .words = (text)                                       \
    }
#define PM(c, text)                                                                                          \
    {                                                                                                        \
        .code = (c), .verdict = VERDICT_BAD_MESSAGE, .words = (text)                                         \
    }
#define PA(c, text)                                                                                          \
    {                                                                                                        \
        .code = (c), .verdict = VERDICT_BAD_ACCOUNT, .words = (text)                                         \
    }
#define TOK(c, text)                                                                                         \
    {                                                                                                        \
        .code = (c), .verdict = VERDICT_BAD_ACCOUNT, .words = (text), .stale_token = true                    \
    }

/* clang-format off */
const struct class_row wechat_rows[] = {
    {.code = "0", .verdict = VERDICT_SENT, .words = ""},
    R("-1", "WeChat is busy"), R("61450", "WeChat is busy"),
    T("45011", "too many requests in a minute", 60000),
    TOK("40001", "access token refused, or the secret is wrong"), TOK("40014", "access token refused"), TOK("42001", "access token has run out"),
    TOK("41001", "access token missing"), TOK("42007", "access token revoked"),
    PA("40013", "no such AppID"), PA("40125", "the AppSecret is wrong"), PA("41002", "AppID missing"), PA("41004", "AppSecret missing"),
    PA("40243", "the AppSecret is frozen"), PA("40164", "the address of this machine is not on the account's list"),
    PA("89503", "an administrator must allow the address of this machine"), PA("89506", "an administrator refused the address of this machine"),
    PA("89507", "an administrator refused the address of this machine"),
    PA("50004", "the account is banned"), PA("50007", "the account is frozen"),
    PA("45009", "the account's calls of this day are used up"),
    PA("48001", "the account may not use this"), PA("48004", "the account may not use this any more"), PA("48008", "the account may not use this"),
    PA("50001", "the account may not use this"), PA("50002", "the account is limited"), PA("61007", "the account may not use this"),
    PA("45028", "no mass sends left"),
    PR("45047", "no more answers until this person writes"), PR("45015", "wrote more than 48 hours ago"),
    PR("43004", "does not follow the account"), PR("50005", "does not follow the account"), PR("40003", "no follower of this account"),
    PR("43019", "is on the blacklist"), PR("43101", "did not consent to this message, or no more"), PR("48002", "refuses messages"),
    PR("46004", "no such person"),
    PM("40036", "the template's id is wrong"), PM("40037", "no such template"), PM("41028", "the template's id is wrong"),
    PM("40039", "a link is wrong"), PM("40048", "a link is wrong"), PM("41030", "a page is wrong"), PM("40165", "a page is wrong"),
    PM("47001", "the data cannot be read"), PM("47003", "a value does not fit its variable"), PM("40033", "a character is not taken"),
    PM("40035", "a parameter is wrong"), PM("40038", "the request is wrong"), PM("44002", "no data"), PM("44004", "no text"), PM("45002", "the text is too long"),
    PM("43002", "the request is wrong"), PM("43116", "the template is blocked for abuse"),
    PM("45065", "said before"), PM("45066", "said before, a moment ago"), PM("45067", "the client's id is too long"),
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
