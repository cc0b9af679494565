/* Driver `wecom`: messages of a WeCom application to members, or (variant "robot") to a group.
 *
 *   application   POST /cgi-bin/message/send      up to 1,000 members in one request; those it could not reach are named in the answer
 *   robot         POST /cgi-bin/webhook/send      one message to the group, its recipients mentioned by their ids; "@all" mentions everybody
 *
 * Both carry free text. There are no reports of delivery. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "provider/drivers.h"
#include "provider/sign.h"
#include "provider/wecom_int.h"

#define TEXT_MAX    2048 /* bytes */
#define MEMBERS_MAX 1000
#define REPEAT_S    600 /* the same request within this time is not carried out again */

static const char *const variants[] = {"robot", NULL};

bool wecom_is_robot(const struct provider_conf *c)
{
    return weixin_variant(c->variant, "robot");
}

static int check_app(const struct provider_conf *c, struct err *e)
{
    size_t n = strlen(c->account);
    int64_t agent;

    if (n < 4 || n > 64 ||
        strspn(c->account, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != n)
        return err_set(e, "bad-option", "account", "driver wecom needs the CorpID");
    if (num_i64(c->app, 1, INT32_MAX, &agent) != 0)
        return err_set(e, "bad-option", "app", "driver wecom needs the AgentId: a number");
    return 0;
}

static int check(const struct provider_conf *c, struct err *e)
{
    size_t n = strlen(c->url);

    if (weixin_variant_check(c->variant, variants, e) != 0)
        return -1;
    if (c->secret == NULL || c->secret->len == 0)
        return err_set(e, "bad-option", "secret",
                       "driver wecom needs the application's secret, or the key of the group's robot");
    if (strcmp(c->channel, "wecom") != 0)
        return err_set(e, "bad-option", "channel", "driver wecom serves channel wecom");
    if (n > 0 && c->url[n - 1] == '/')
        return err_set(e, "bad-url", "url", "without a slash at the end");
    if (!wecom_is_robot(c) && check_app(c, e) != 0)
        return -1;
    if (wecom_is_robot(c) && c->hook_secret != NULL && c->hook_secret->len > 0)
        return err_set(e, "bad-option", "hook_secret", "a group's robot calls nobody back");
    return weixin_hook_check(c, false, e);
}

static int fits(const struct provider_conf *c, const struct provider_msg *m, struct err *e)
{
    (void)c;
    if (m->text_len == 0 || m->text_len > TEXT_MAX)
        return err_set(e, "bad-message", "text", "%zu bytes; WeCom takes 1 to %d", m->text_len, TEXT_MAX);
    if (strpbrk(m->to, "|") != NULL)
        return err_set(e, "bad-message", "to", "no member's id");
    return 0;
}

/* One request says one text, and says it with or without the check for repeats. */
static bool joins(const struct provider_conf *c, const struct provider_msg *first,
                  const struct provider_msg *m)
{
    (void)c;
    return first->text_len == m->text_len && memcmp(first->text, m->text, m->text_len) == 0 &&
           (first->purpose == PURPOSE_ANSWER) == (m->purpose == PURPOSE_ANSWER) &&
           strpbrk(m->to, "|") == NULL && strpbrk(first->to, "|") == NULL;
}

static void add_string(struct buf *b, const char *before, const char *s, size_t n)
{
    buf_str(b, before);
    buf_chr(b, '"');
    buf_json(b, s, n);
    buf_chr(b, '"');
}

/* The same answer may be due twice within minutes, so only other messages are checked for repeats. */
static void say_to_members(struct buf *b, const struct provider_conf *c, const struct provider_msg *m,
                           size_t n)
{
    buf_str(b, "{\"touser\":\"");
    for (size_t i = 0; i < n; i++) {
        buf_str(b, i > 0 ? "|" : "");
        buf_json(b, m[i].to, strlen(m[i].to));
    }
    buf_fmt(b, "\",\"msgtype\":\"text\",\"agentid\":%s", c->app);
    add_string(b, ",\"text\":{\"content\":", m->text, m->text_len);
    buf_str(b, "},\"safe\":0");
    if (m->purpose != PURPOSE_ANSWER)
        buf_fmt(b, ",\"enable_duplicate_check\":1,\"duplicate_check_interval\":%d", REPEAT_S);
    buf_chr(b, '}');
}

static void say_to_group(struct buf *b, const struct provider_msg *m, size_t n)
{
    add_string(b, "{\"msgtype\":\"text\",\"text\":{\"content\":", m->text, m->text_len);
    buf_str(b, ",\"mentioned_list\":[");
    for (size_t i = 0; i < n; i++)
        add_string(b, i > 0 ? "," : "", m[i].to, strlen(m[i].to));
    buf_str(b, "]}}");
}

static int build(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                 struct provider_request *req, struct err *e)
{
    struct buf *b = &req->body, *url = &req->url;

    if (n == 0 || n > MEMBERS_MAX)
        panic("driver wecom: %zu messages in one request", n);
    for (size_t i = 0; i < n; i++)
        if (fits(c, &m[i], e) != 0)
            return -1;
    buf_reset(b);
    buf_reset(url);
    buf_str(url, c->url);
    if (wecom_is_robot(c)) {
        say_to_group(b, m, n);
        buf_str(url, "/cgi-bin/webhook/send?key=");
        sign_percent(url, c->secret->value, c->secret->len);
    } else {
        say_to_members(b, c, m, n);
        buf_fmt(url, "/cgi-bin/message/send?access_token=%s", req->token);
    }
    if (b->overflow || url->overflow)
        return err_set(e, "bad-message", "text", "the request would be larger than %zu bytes", b->ceiling);
    provider_post_json(req, buf_cstr(url));
    return 0;
}

/* ---- the access token ---- */

static bool token_needed(const struct provider_conf *c)
{
    return !wecom_is_robot(c);
}

/* WeCom gives the same token again while it is good; there is nothing to force. */
static int token_build(const struct provider_conf *c, bool force, struct provider_request *req, struct err *e)
{
    (void)force;
    buf_reset(&req->url);
    buf_fmt(&req->url, "%s/cgi-bin/gettoken?corpid=%s&corpsecret=", c->url, c->account);
    sign_percent(&req->url, c->secret->value, c->secret->len);
    if (req->url.overflow)
        return err_set(e, "token", NULL, "the request for an access token does not fit");
    req->header_list[0] = NULL;
    req->call.method = "GET";
    req->call.url = buf_cstr(&req->url);
    req->call.headers = req->header_list;
    req->call.body = NULL;
    req->call.body_len = 0;
    return 0;
}

static int token_parse(const struct provider_conf *c, const struct http_answer *a, char *token,
                       int64_t *lifetime_ms, struct err *e)
{
    (void)c;
    return weixin_token_parse(wecom_rows, wecom_n_rows, a, token, lifetime_ms, e);
}

static const struct driver_token tokens = {
    .needed = token_needed, .build = token_build, .parse = token_parse};

const struct driver wecom_driver = {
    .name = "wecom",
    .batch_max = MEMBERS_MAX,
    .needs_url = true,
    .url = "https://qyapi.weixin.qq.com",
    .token = &tokens,
    .check = check,
    .fits = fits,
    .joins = joins,
    .build = build,
    .classify = wecom_classify,
    .callback = wecom_callback,
};
