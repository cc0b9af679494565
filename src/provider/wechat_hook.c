/* Driver `wechat`: callbacks of kind `wechat`: the handshake, what followers write, what they do, reports of template messages.
 *
 * A call that is repeated changes nothing: messages are known by their MsgId, events by who, when and what, for seven days; the time in the signature is good for ten minutes. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "provider/drivers.h"
#include "provider/sign.h"
#include "provider/wechat_int.h"
#include "text/utf8.h"

/* The office proves that this address is its own. */
static int handshake(const struct provider_conf *c, const struct form *query, struct provider_ack *ack,
                     struct err *e)
{
    const char *parts[] = {c->hook_token != NULL && c->hook_token->len > 0 ? c->hook_token->value : "",
                           form_get(query, "timestamp"), form_get(query, "nonce")};
    const char *given = form_get(query, "signature"), *echo = form_get(query, "echostr");
    struct buf b = BUF_INIT(2 * SIGN_MAX);
    bool good;

    weixin_sign(&b, parts, ARRAY_LEN(parts));
    good = parts[0][0] != '\0' && sign_equal(buf_cstr(&b), b.len, given, strlen(given));
    buf_fini(&b);
    if (!good)
        return err_set(e, "hook-signature", NULL,
                       "signature does not fit: is hook_token the Token of the vendor's console?");
    buf_str(&ack->body, echo);
    return 0;
}

/* ---- events ---- */

static int tell_event(struct provider_reply *r, enum provider_event event, const char *text,
                      const struct provider_sink *sink)
{
    r->event = event;
    r->text = text;
    r->text_len = strlen(text);
    sink->reply(sink->arg, r);
    return 1;
}

/* "failed:user block", "failed: user block": the blank comes and goes. */
static bool is_failure(const char *status, const char *why)
{
    if (strncmp(status, "failed", 6) != 0)
        return false;
    status += 6;
    return strcmp(status + strspn(status, ": "), why) == 0;
}

/* Who wants no messages of this account is not reached by it until they follow it again: the next notice has to go another way, for WeChat says yes to it and no afterwards. */
static int tell_block(const struct form *msg, const struct provider_sink *sink)
{
    struct provider_reply r;
    struct err e;

    if (weixin_head(&r, msg, "wechat", &e) != 0)
        return 0;
    return tell_event(&r, PROVIDER_EVENT_UNFOLLOW, "[拒收消息 / wants no messages of the account]", sink);
}

static int tell_job_finish(const struct form *msg, const struct provider_sink *sink)
{
    const char *status = form_get(msg, "Status"), *id = form_get(msg, "MsgID");
    struct provider_receipt r = {.state = RECIPIENT_FAILED};

    if (strlen(id) == 0 || strlen(id) >= sizeof(r.id))
        return 0;
    memcpy(r.id, id, strlen(id) + 1);
    if (strcmp(status, "success") == 0)
        r.state = RECIPIENT_DELIVERED;
    else /* "failed:user block", "failed: system failed", "failed:freq limit" */
        (void)snprintf(r.detail, sizeof(r.detail), "%.*s", (int)utf8_cut(status, strlen(status), 90), status);
    for (char *p = r.detail; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    sink->receipt(sink->arg, &r);
    return is_failure(status, "user block") ? 1 + tell_block(msg, sink) : 1;
}

/* The scene of a code with parameters: "qrscene_12" when somebody begins to follow by it, "12" when a follower scans it. */
static void follow_line(char line[256], const struct form *msg, bool scan)
{
    const char *key = form_get(msg, "EventKey"), *scene = strncmp(key, "qrscene_", 8) == 0 ? key + 8
                                                          : scan                           ? key
                                                                                           : "";
    const char *says = scan ? "[扫码 / scanned a code]" : "[关注 / now follows the account]";

    (void)snprintf(line, 256, "%s%s%.*s", says, scene[0] != '\0' ? " 场景 / scene: " : "",
                   (int)utf8_cut(scene, strlen(scene), 128), scene);
}

static int tell_message(const struct form *msg, const struct provider_sink *sink, struct err *e)
{
    struct provider_reply r;
    char line[1024];

    if (weixin_is_event(msg, "TEMPLATESENDJOBFINISH"))
        return tell_job_finish(msg, sink);
    if (weixin_head(&r, msg, "wechat", e) != 0)
        return -1;
    if (weixin_is_event(msg, "subscribe") || weixin_is_event(msg, "SCAN")) {
        bool scan = weixin_is_event(msg, "SCAN");

        follow_line(line, msg, scan);
        return tell_event(&r, scan ? PROVIDER_EVENT_NOTE : PROVIDER_EVENT_FOLLOW, line, sink);
    }
    if (weixin_is_event(msg, "unsubscribe"))
        return tell_event(&r, PROVIDER_EVENT_UNFOLLOW, "[取消关注 / follows the account no more]", sink);
    if (weixin_is_event(msg, "CLICK")) /* a menu entry is as good as its words */
        return tell_event(&r, PROVIDER_EVENT_NONE, form_get(msg, "EventKey"), sink);
    if (strcmp(form_get(msg, "MsgType"), "event") == 0)
        return 0; /* views, places, mass sends: nothing for us */
    weixin_words(&r, msg, line, sizeof(line));
    sink->reply(sink->arg, &r);
    return 1;
}

int wechat_callback(const struct provider_conf *c, const struct provider_callback *in,
                    const struct provider_sink *sink, struct provider_ack *ack, struct err *e)
{
    bool get = strcmp(in->method, "GET") == 0;
    struct form query, msg;
    int told;

    if (strcmp(in->kind, "wechat") != 0 || (!get && strcmp(in->method, "POST") != 0))
        return err_set(e, "no-such-hook", NULL, "driver wechat has GET and POST .../wechat");
    if (weixin_query(&query, in, e) != 0)
        return -1;
    ack->type = "text/plain; charset=utf-8";
    if (get) {
        told = handshake(c, &query, ack, e);
    } else if ((told = weixin_open(&msg, c, in, &query, c->account, weixin_variant(c->variant, "plain"),
                                   e)) == 0) {
        told = tell_message(&msg, sink, e);
        form_fini(&msg);
        buf_str(&ack->body, "success"); /* no passive answer: ours go their own way */
    }
    form_fini(&query);
    return told;
}
