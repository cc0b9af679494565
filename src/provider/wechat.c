/* Driver `wechat`: official accounts (service accounts). One follower a request.
 *
 *   notices   POST /cgi-bin/message/template/send      an approved template; reported later by the msgid of the answer
 *             POST /cgi-bin/message/subscribe/bizsend  variant "subscribe": each consent of a follower is good for one message
 *   answers   POST /cgi-bin/message/custom/send        free text, within 48 hours of what the follower wrote
 *
 * WeChat wants raw UTF-8 in its JSON: \u escapes would be shown as they are. */
#include <string.h>

#include "provider/drivers.h"
#include "provider/sign.h"
#include "provider/vendor.h"
#include "provider/wechat_int.h"
#include "text/utf8.h"

#define CUSTOM_MAX    2048 /* bytes of a free text */
#define CLIENT_ID_MAX 64

static const char *const variants[] = {"subscribe", "plain", NULL};

static bool is_app_id(const char *s)
{
    size_t n = strlen(s);

    return n >= 6 && n <= 32 && strncmp(s, "wx", 2) == 0 &&
           strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789") == n;
}

static int check(const struct provider_conf *c, struct err *e)
{
    size_t n = strlen(c->url);

    if (!is_app_id(c->account))
        return err_set(e, "bad-option", "account",
                       "driver wechat needs the AppID: wx and letters and digits");
    if (c->secret == NULL || c->secret->len == 0)
        return err_set(e, "bad-option", "secret", "driver wechat needs the AppSecret");
    if (strcmp(c->channel, "wechat") != 0)
        return err_set(e, "bad-option", "channel", "driver wechat serves channel wechat");
    if (n > 0 && c->url[n - 1] == '/')
        return err_set(e, "bad-url", "url", "without a slash at the end");
    if (weixin_variant_check(c->variant, variants, e) != 0)
        return -1;
    return weixin_hook_check(c, weixin_variant(c->variant, "plain"), e);
}

/* ---- what can be said ---- */

/* Most characters of a variable by its kind: the name without the digits behind it. */
static const struct {
    const char *kind;
    size_t max;
} kinds[] = {
    {"thing",            20},
    {"phrase",           5 },
    {"character_string", 32},
    {NULL,               0 },
};

static int check_kinds(const struct vendor_match *m, struct err *e)
{
    for (size_t i = 0; i < m->t->n_vars; i++) {
        const char *name = m->t->vars[i].name;
        size_t n = strcspn(name, "0123456789"), chars = utf8_count(m->values[i].s, m->values[i].n);

        for (size_t k = 0; kinds[k].kind != NULL; k++)
            if (m->t->vars[i].max == 0 && strlen(kinds[k].kind) == n &&
                strncmp(name, kinds[k].kind, n) == 0 && chars > kinds[k].max)
                return err_set(e, "bad-message", NULL,
                               "template %.40s fits, but {{%.20s}} has %zu characters of at most %zu",
                               m->t->title, name, chars, kinds[k].max);
    }
    return 0;
}

static int find(const struct provider_conf *c, const struct provider_msg *m, struct vendor_match *match,
                struct err *e)
{
    return vendor_find(c, m->text, m->text_len, m->purpose, match, e) != 0 || check_kinds(match, e) != 0 ? -1
                                                                                                         : 0;
}

static int fits(const struct provider_conf *c, const struct provider_msg *m, struct err *e)
{
    struct vendor_match match;

    if (m->purpose != PURPOSE_ANSWER)
        return find(c, m, &match, e);
    if (m->text_len == 0 || m->text_len > CUSTOM_MAX)
        return err_set(e, "bad-message", "text", "%zu bytes; WeChat takes 1 to %d", m->text_len, CUSTOM_MAX);
    return 0;
}

/* ---- requests ---- */

static void add_string(struct buf *b, const char *before, const char *s, size_t n)
{
    buf_str(b, before);
    buf_chr(b, '"');
    buf_json(b, s, n);
    buf_chr(b, '"');
}

/* Our reference, for WeChat to know a message of the last ten minutes again. It holds the attempt: what we send again on purpose is another message. */
static void add_client_id(struct buf *b, const char *ref)
{
    uint8_t hash[SIGN_MAX];

    buf_str(b, ",\"client_msg_id\":\"");
    if (strlen(ref) <= CLIENT_ID_MAX)
        buf_json(b, ref, strlen(ref));
    else
        sign_hex(b, hash, sign_hash(SIGN_SHA256, ref, strlen(ref), hash), false);
    buf_chr(b, '"');
}

static void add_data(struct buf *b, const struct vendor_match *m)
{
    buf_str(b, ",\"data\":{");
    for (size_t i = 0; i < m->t->n_vars; i++) {
        add_string(b, i > 0 ? "," : "", m->t->vars[i].name, strlen(m->t->vars[i].name));
        add_string(b, ":{\"value\":", m->values[i].s, m->values[i].n);
        buf_chr(b, '}');
    }
    buf_chr(b, '}');
}

static const char *say(struct buf *b, const struct provider_conf *c, const struct provider_msg *m,
                       struct err *e)
{
    bool subscribe = weixin_variant(c->variant, "subscribe");
    struct vendor_match match;

    add_string(b, "{\"touser\":", m->to, strlen(m->to));
    if (m->purpose == PURPOSE_ANSWER) {
        add_string(b, ",\"msgtype\":\"text\",\"text\":{\"content\":", m->text, m->text_len);
        buf_str(b, "}}");
        return "/cgi-bin/message/custom/send";
    }
    if (find(c, m, &match, e) != 0)
        return NULL;
    add_string(b, ",\"template_id\":", match.t->id, strlen(match.t->id));
    if (!subscribe)
        add_client_id(b, m->ref);
    add_data(b, &match);
    buf_chr(b, '}');
    return subscribe ? "/cgi-bin/message/subscribe/bizsend" : "/cgi-bin/message/template/send";
}

static int build(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                 struct provider_request *req, struct err *e)
{
    struct buf *b = &req->body;
    const char *path;

    if (n != 1)
        panic("driver wechat: %zu messages in one request", n);
    if (fits(c, m, e) != 0)
        return -1;
    buf_reset(b);
    if ((path = say(b, c, m, e)) == NULL)
        return -1;
    buf_reset(&req->url);
    buf_fmt(&req->url, "%s%s?access_token=%s", c->url, path, req->token);
    if (b->overflow || req->url.overflow)
        return err_set(e, "bad-message", "text", "the request would be larger than %zu bytes", b->ceiling);
    provider_post_json(req, buf_cstr(&req->url));
    return 0;
}

/* ---- the access token ---- */

static int token_build(const struct provider_conf *c, bool force, struct provider_request *req, struct err *e)
{
    struct buf *b = &req->body;

    buf_reset(b);
    add_string(b, "{\"grant_type\":\"client_credential\",\"appid\":", c->account, strlen(c->account));
    add_string(b, ",\"secret\":", c->secret->value, c->secret->len);
    buf_fmt(b, ",\"force_refresh\":%s}", force ? "true" : "false");
    buf_reset(&req->url);
    buf_fmt(&req->url, "%s/cgi-bin/stable_token", c->url);
    if (b->overflow || req->url.overflow)
        return err_set(e, "token", NULL, "the request for an access token does not fit");
    provider_post_json(req, buf_cstr(&req->url));
    return 0;
}

static int token_parse(const struct provider_conf *c, const struct http_answer *a, char *token,
                       int64_t *lifetime_ms, struct err *e)
{
    (void)c;
    return weixin_token_parse(wechat_rows, wechat_n_rows, a, token, lifetime_ms, e);
}

static const struct driver_token tokens = {.build = token_build, .parse = token_parse};

const struct driver wechat_driver = {
    .name = "wechat",
    .batch_max = 1,
    .needs_url = true,
    .url = "https://api.weixin.qq.com",
    .receipt_ids = true,
    .token = &tokens,
    .check = check,
    .fits = fits,
    .build = build,
    .classify = wechat_classify,
    .callback = wechat_callback,
};
