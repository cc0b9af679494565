/* Driver `twilio`: Programmable Messaging, REST 2010-04-01. One recipient a request, free text.
 *
 *   POST URL/2010-04-01/Accounts/ACCOUNT/Messages.json     form; Basic ACCOUNT:SECRET, or with `app` an API key: Basic APP:SECRET
 *   201  {"sid":"SM...","status":"queued",...}   4xx, 5xx  {"code":21211,"message":...}
 *
 * Reports come to the address that travels with every message, with our reference in its query: the signature covers it. There is no idempotency, so an answer that is lost
 * stays in doubt. Twilio keeps a message in its own queue for up to ten hours; ValidityPeriod ends that with our not_after. */
#include <string.h>

#include "provider/drivers.h"
#include "provider/sign.h"
#include "provider/twilio_int.h"
#include "text/utf8.h"

#define BODY_MAX     1600 /* UTF-16 units */
#define VALIDITY_MAX 36000
#define VALIDITY_MIN 5

bool twilio_is_sid(const char *s, const char *prefix)
{
    size_t n = strlen(prefix);

    return strncmp(s, prefix, n) == 0 && strspn(s + n, "0123456789abcdef") == 32 && s[n + 32] == '\0';
}

const struct secret *twilio_auth_token(const struct provider_conf *c)
{
    if (c->hook_token != NULL && c->hook_token->len > 0)
        return c->hook_token;
    return c->app[0] == '\0' && c->secret != NULL && c->secret->len > 0 ? c->secret : NULL;
}

static bool has(const struct secret *s)
{
    return s != NULL && s->len > 0;
}

static bool is_number(const char *s)
{
    size_t n = strlen(s + (s[0] == '+'));

    return n >= 3 && n <= 15 && strspn(s + (s[0] == '+'), "0123456789") == n;
}

/* A name that stands for us where carriers allow one: up to 11 letters, digits and blanks, a letter among them. */
static bool is_alphanumeric(const char *s)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t n = strlen(s);

    return n >= 1 && n <= 11 && strpbrk(s, letters) != NULL &&
           strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 +-_&") == n;
}

static int check_account(const struct provider_conf *c, struct err *e)
{
    if (!twilio_is_sid(c->account, "AC"))
        return err_set(e, "bad-option", "account",
                       "driver twilio needs the Account SID: AC and 32 hexadecimal digits");
    if (c->app[0] != '\0' && !twilio_is_sid(c->app, "SK"))
        return err_set(e, "bad-option", "app", "an API key's SID is SK and 32 hexadecimal digits");
    if (!has(c->secret))
        return err_set(e, "bad-option", "secret",
                       "driver twilio needs the auth token, or with app the secret of that API key");
    return 0;
}

/* Twilio does not call hosts with an underscore in their name. */
static bool has_odd_host(const char *url)
{
    const char *host = strstr(url, "://");
    size_t n = host != NULL ? strcspn(host + 3, "/?#") : 0;

    return host != NULL && memchr(host + 3, '_', n) != NULL;
}

static int check_hooks(const struct provider_conf *c, struct err *e)
{
    if (!has(c->hook_secret))
        return 0;
    if (c->public_url[0] == '\0')
        return err_set(
            e, "bad-option", "public_url",
            "driver twilio needs it beside hook_secret: signatures cover the address Twilio calls");
    if (has_odd_host(c->public_url))
        return err_set(e, "bad-option", "public_url", "Twilio calls no host with an underscore in its name");
    if (twilio_auth_token(c) == NULL)
        return err_set(
            e, "bad-option", "hook_token",
            "with an API key callbacks are still signed with the account's auth token: name it here");
    return 0;
}

static int check(const struct provider_conf *c, struct err *e)
{
    size_t n = strlen(c->url);

    if (check_account(c, e) != 0)
        return -1;
    if (!twilio_is_sid(c->sender, "MG") && !is_number(c->sender) && !is_alphanumeric(c->sender))
        return err_set(
            e, "bad-option", "sender",
            "driver twilio needs a number, a messaging service (MG and 32 hexadecimal digits) or a "
            "name of up to 11 letters and digits");
    if (n > 0 && c->url[n - 1] == '/')
        return err_set(e, "bad-url", "url", "without a slash at the end");
    return check_hooks(c, e);
}

/* ---- request ---- */

/* As Twilio counts: a character beyond the basic plane is two. */
static size_t units(const char *s, size_t n)
{
    size_t count = utf8_count(s, n);

    for (size_t i = 0; i < n; i++)
        count += (unsigned char)s[i] >= 0xf0;
    return count;
}

static int fits(const struct provider_conf *c, const struct provider_msg *m, struct err *e)
{
    size_t n = units(m->text, m->text_len);

    (void)c;
    if (n == 0 || n > BODY_MAX)
        return err_set(e, "bad-message", "text", "%zu characters; Twilio takes 1 to %d", n, BODY_MAX);
    return 0;
}

static void field(struct buf *b, const char *name, const char *value, size_t n)
{
    if (b->len > 0)
        buf_chr(b, '&');
    buf_str(b, name);
    buf_chr(b, '=');
    sign_form(b, value, n);
}

/* Where the report of this message is to come. */
static void add_callback(struct buf *b, const struct provider_conf *c, const struct provider_msg *m)
{
    struct buf url = BUF_INIT(4096);

    if (c->public_url[0] == '\0' || !has(c->hook_secret))
        return;
    buf_fmt(&url, "%s/hooks/%s/", c->public_url, c->name);
    sign_percent(&url, c->hook_secret->value, c->hook_secret->len);
    buf_str(&url, "/receipt?ref=");
    sign_percent(&url, m->ref, strlen(m->ref));
    if (!url.overflow)
        field(b, "StatusCallback", buf_cstr(&url), url.len);
    else
        b->overflow = true;
    buf_wipe(&url);
    buf_fini(&url);
}

static void add_validity(struct buf *b, const struct provider_msg *m, int64_t now_ms)
{
    int64_t left = (m->not_after - now_ms) / 1000;

    if (m->not_after == 0 || left >= VALIDITY_MAX)
        return;
    buf_fmt(b, "&ValidityPeriod=%lld", (long long)(left > VALIDITY_MIN ? left : VALIDITY_MIN));
}

static void set_headers(const struct provider_conf *c, struct provider_request *req)
{
    struct buf who = BUF_INIT(512);

    buf_fmt(&who, "%s:", c->app[0] != '\0' ? c->app : c->account);
    buf_add(&who, c->secret->value, c->secret->len);
    buf_reset(&req->headers);
    buf_str(&req->headers, "Authorization: Basic ");
    sign_base64(&req->headers, buf_cstr(&who), who.len);
    if (who.overflow)
        req->headers.overflow = true;
    buf_wipe(&who);
    buf_fini(&who);
    req->header_list[0] = "Content-Type: application/x-www-form-urlencoded";
    req->header_list[1] = "Accept: application/json";
    req->header_list[2] = buf_cstr(&req->headers);
    req->header_list[3] = NULL;
}

static int build(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                 struct provider_request *req, struct err *e)
{
    struct buf *b = &req->body;

    if (n != 1)
        panic("driver twilio: %zu messages in one request", n);
    if (fits(c, m, e) != 0)
        return -1;
    buf_reset(b);
    field(b, "To", m->to, strlen(m->to));
    field(b, twilio_is_sid(c->sender, "MG") ? "MessagingServiceSid" : "From", c->sender, strlen(c->sender));
    field(b, "Body", m->text, m->text_len);
    add_callback(b, c, m);
    add_validity(b, m, req->now_ms);
    buf_reset(&req->url);
    buf_fmt(&req->url, "%s/2010-04-01/Accounts/%s/Messages.json", c->url, c->account);
    set_headers(c, req);
    if (b->overflow || req->url.overflow || req->headers.overflow)
        return err_set(e, "bad-message", "text", "the request would be larger than %zu bytes", b->ceiling);
    provider_post(req, buf_cstr(&req->url));
    return 0;
}

const struct driver twilio_driver = {
    .name = "twilio",
    .batch_max = 1,
    .needs_url = true,
    .url = "https://api.twilio.com",
    .check = check,
    .fits = fits,
    .build = build,
    .classify = twilio_classify,
    .callback = twilio_callback,
};
