/* Driver `wecom`: answers, and callbacks of kind `wecom` (always encrypted). */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "provider/drivers.h"
#include "provider/sign.h"
#include "provider/wecom_int.h"

/* clang-format off */
const struct class_row wecom_rows[] = {
    CLASS_SENT("0"),
    CLASS_RETRY("-1", "WeCom is busy"),
    CLASS_THROTTLED("45009", "too many requests in a minute", 60000), CLASS_THROTTLED("45033", "too many requests at once", 1000),
    CLASS_TOKEN("40014", "access token refused"), CLASS_TOKEN("42001", "access token has run out"), CLASS_TOKEN("41001", "access token missing"),
    CLASS_ACCOUNT("40001", "the secret is wrong"), CLASS_ACCOUNT("40013", "no such CorpID"), CLASS_ACCOUNT("40091", "the secret is wrong"),
    CLASS_ACCOUNT("41002", "CorpID missing"),
    CLASS_ACCOUNT("41004", "secret missing"), CLASS_ACCOUNT("60020", "the address of this machine is not on the application's list"),
    CLASS_ACCOUNT("48002", "the application may not use this"), CLASS_ACCOUNT("48004", "the application may not use this"),
    CLASS_ACCOUNT("50003", "the application is disabled"),
    CLASS_ACCOUNT("301002", "the application may not use this"), CLASS_ACCOUNT("40056", "no such AgentId"), CLASS_ACCOUNT("41011", "AgentId missing"),
    CLASS_ACCOUNT("60011", "the application may not see these members"),
    CLASS_ACCOUNT("93000", "no such robot: the key is wrong, or it was removed from its group"),
    CLASS_RECIPIENT("81013", "no member whom the application may see"), CLASS_RECIPIENT("82001", "no member"),
    CLASS_RECIPIENT("40003", "no such member"), CLASS_RECIPIENT("40031", "no such member"),
    CLASS_RECIPIENT("60111", "no such member"), CLASS_RECIPIENT("301021", "no such member"),
    CLASS_RECIPIENT("50002", "the application may not see this member"),
    CLASS_MESSAGE("40008", "this kind of message is not taken"), CLASS_MESSAGE("40035", "a parameter is wrong"),
    CLASS_MESSAGE("40058", "a parameter is wrong"), CLASS_MESSAGE("44004", "no text"),
    CLASS_MESSAGE("45002", "the text is too long"), CLASS_MESSAGE("41016", "no text"), CLASS_MESSAGE("40007", "no such media"),
};
/* clang-format on */
const size_t wecom_n_rows = ARRAY_LEN(wecom_rows);

/* Is ${who} in "userid1|userid2"? WeCom writes them in lower case, however they are spelled. */
static bool is_listed(const json_t *list, const char *who)
{
    const char *p = json_string_value(list);
    size_t n = strlen(who);

    while (p != NULL && *p != '\0') {
        size_t len = strcspn(p, "|");

        if (len == n && strncasecmp(p, who, n) == 0)
            return true;
        p += len + (p[len] == '|');
    }
    return false;
}

static void take_id(const json_t *o, struct provider_verdict *v)
{
    const json_t *id = json_object_get(o, "msgid");

    if (json_is_string(id) && json_string_length(id) < sizeof(v->id))
        memcpy(v->id, json_string_value(id), json_string_length(id) + 1);
}

static void refuse(struct provider_verdict *v, const char *words)
{
    v->verdict = VERDICT_BAD_RECIPIENT;
    class_detail(v, words);
}

/* "ok" is said of the request; whom it did not reach stands beside it. */
static void judge_sent(const json_t *o, const struct provider_msg *m, struct provider_verdict *v)
{
    if (is_listed(json_object_get(o, "invaliduser"), m->to))
        refuse(v, "no member whom the application may see");
    else if (is_listed(json_object_get(o, "unlicenseduser"), m->to))
        refuse(v, "the member has no licence");
    else
        take_id(o, v);
}

void wecom_classify(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                    const struct http_answer *a, struct provider_verdict *v)
{
    char code[24];
    json_t *o = weixin_answer(a, code);

    (void)c;
    for (size_t i = 0; i < n; i++) {
        if (a->status == 200 && code[0] != '\0') {
            class_judge(wecom_rows, wecom_n_rows, code, a->retry_after_ms, &v[i]);
            if (v[i].verdict == VERDICT_SENT)
                judge_sent(o, &m[i], &v[i]);
        } else if (a->status == 200) {
            class_detail(&v[i], "the answer has no errcode");
        } else if (a->status == 503) { /* said before anything was done; after 500, 502, 504 nobody knows */
            v[i].verdict = VERDICT_RETRY;
            class_detail(&v[i], "HTTP status 503");
        } else {
            class_http(a->status, a->retry_after_ms, &v[i]);
        }
    }
    json_decref(o);
}

/* ---- callbacks ---- */

/* The office proves that this address is its own: the plain text of what was sent encrypted. */
static int handshake(const struct provider_conf *c, const struct form *query, struct provider_ack *ack,
                     struct err *e)
{
    const char *echo = form_get(query, "echostr"), *given = form_get(query, "msg_signature");
    const char *parts[] = {c->hook_token->value, form_get(query, "timestamp"), form_get(query, "nonce"),
                           echo};
    struct buf b = BUF_INIT(2 * SIGN_MAX);
    bool good;

    weixin_sign(&b, parts, ARRAY_LEN(parts));
    good = !b.overflow && sign_equal(buf_cstr(&b), b.len, given, strlen(given)) &&
           weixin_decrypt(&ack->body, c->hook_key, c->account, echo, strlen(echo)) == 0;
    buf_fini(&b);
    if (good)
        return 0;
    return err_set(
        e, "hook-signature", NULL,
        "msg_signature does not fit: are hook_token, hook_key and account those of the application?");
}

static int tell_message(const struct form *msg, const struct provider_sink *sink, struct err *e)
{
    struct provider_reply r;
    char line[1024];

    if (weixin_head(&r, msg, "wecom", e) != 0)
        return -1;
    if (weixin_is_event(msg, "click")) { /* a menu entry is as good as its words */
        r.text = form_get(msg, "EventKey");
        r.text_len = strlen(r.text);
    } else if (strcmp(form_get(msg, "MsgType"), "event") == 0) {
        return 0;
    } else {
        weixin_words(&r, msg, line, sizeof(line));
    }
    sink->reply(sink->arg, &r);
    return 1;
}

int wecom_callback(const struct provider_conf *c, const struct provider_callback *in,
                   const struct provider_sink *sink, struct provider_ack *ack, struct err *e)
{
    bool get = strcmp(in->method, "GET") == 0;
    struct form query, msg;
    int told;

    if (strcmp(in->kind, "wecom") != 0 || (!get && strcmp(in->method, "POST") != 0) || wecom_is_robot(c))
        return err_set(e, "no-such-hook", NULL, "driver wecom has GET and POST .../wecom");
    if (c->hook_token == NULL || c->hook_token->len == 0 || !weixin_key_valid(c->hook_key))
        return err_set(e, "hook-signature", NULL, "hook_token and hook_key are not set");
    if (weixin_query(&query, in, e) != 0)
        return -1;
    ack->type = "text/plain; charset=utf-8";
    if (get) {
        told = handshake(c, &query, ack, e);
    } else if ((told = weixin_open(&msg, c, in, &query, c->account, false, e)) == 0) {
        told = tell_message(&msg, sink, e);
        form_fini(&msg);
    }
    form_fini(&query);
    return told;
}
