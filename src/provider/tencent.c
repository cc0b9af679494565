/* Driver `tencent`: Tencent Cloud SMS, version 2021-01-11, SendSms: the same text for up to 200 numbers, signed by TC3-HMAC-SHA256.
 *
 * The vendor's templates number their variables {1}, {2}...: ours do so too ({{1}}, {{2}}), or have names, which then count in the order in which they first appear. Every number gets
 * a SerialNo of its own, which its receipt names as `sid`. */
#include "provider/tencent.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "provider/cloud.h"
#include "provider/drivers.h"
#include "provider/vendor.h"

#define BATCH_MAX    200
#define HOST_MAX     256
#define CONTENT_TYPE "application/json; charset=utf-8"
#define REGION       "ap-guangzhou"

/* ---- settings ---- */

static bool is_digits(const char *s)
{
    return s[0] != '\0' && strspn(s, "0123456789") == strlen(s);
}

/* Where variable ${i} stands in TemplateParamSet, from 0. Names that are numbers tell it, others count as they appear. -1: numbers that are not 1 to n, or mixed with names. */
static int position(const struct vendor_template *t, size_t i)
{
    size_t n_numbers = 0;
    int64_t number;

    for (size_t k = 0; k < t->n_vars; k++)
        n_numbers += is_digits(t->vars[k].name);
    if (n_numbers == 0)
        return (int)i;
    if (n_numbers != t->n_vars || num_i64(t->vars[i].name, 1, (int64_t)t->n_vars, &number) != 0)
        return -1;
    return (int)number - 1;
}

static int check_template(const struct vendor_template *t, struct err *e)
{
    bool taken[VENDOR_VARS_MAX] = {false};

    if (!is_digits(t->id))
        return err_set(e, "bad-option", "driver",
                       "the id \"%.40s\" of template \"%.40s\" is no template id of Tencent (digits)", t->id,
                       t->title);
    for (size_t i = 0; i < t->n_vars; i++) {
        int at = position(t, i);

        if (at < 0 || taken[at])
            return err_set(
                e, "bad-option", "driver",
                "the variables of template \"%.40s\" are neither all names nor the numbers 1 to %zu",
                t->title, t->n_vars);
        taken[at] = true;
    }
    return 0;
}

/* What goes into a header line. */
static bool is_word(const char *s)
{
    return s[0] != '\0' &&
           strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-*") == strlen(s);
}

static int check_account(const struct provider_conf *c, struct err *e)
{
    if (!is_word(c->account) || c->secret == NULL || c->secret->len == 0)
        return err_set(e, "bad-option", !is_word(c->account) ? "account" : "secret",
                       "driver tencent needs account (the SecretId) and secret (the SecretKey)");
    if (!is_digits(c->app))
        return err_set(e, "bad-option", "app", "driver tencent needs app: the SmsSdkAppId, digits");
    if (c->sign == NULL || c->sign[0] == '\0' || strstr(c->sign, "【") != NULL)
        return err_set(e, "bad-option", "sign",
                       "driver tencent needs sign: the text of the approved signature, without 【】");
    if (c->region[0] != '\0' && !is_word(c->region))
        return err_set(e, "bad-option", "region", "region \"%.40s\" is none", c->region);
    return 0;
}

static int tencent_check(const struct provider_conf *c, struct err *e)
{
    const char *path;
    char host[HOST_MAX];

    if (strcmp(c->channel, "sms") != 0)
        return err_set(e, "bad-option", "channel", "driver tencent sends over channel sms");
    if (check_account(c, e) != 0)
        return -1;
    if (c->sender[0] != '\0' && !is_digits(c->sender))
        return err_set(e, "bad-option", "sender", "sender is the extension code: digits");
    if (c->batch < 1 || c->batch > BATCH_MAX)
        return err_set(e, "bad-option", "batch", "batch %zu; driver tencent takes 1 to %d", c->batch,
                       BATCH_MAX);
    if (cloud_address(c->url, host, sizeof(host), &path) != 0)
        return err_set(e, "bad-url", "url", "driver tencent needs an address without a query");
    if (c->n_templates == 0)
        return err_set(e, "bad-option", "driver",
                       "driver tencent sends by approved templates only, and no section vendor_template "
                       "belongs to it");
    for (size_t i = 0; i < c->n_templates; i++)
        if (check_template(&c->templates[i], e) != 0)
            return -1;
    return 0;
}

/* ---- requests ---- */

static bool is_mainland(const char *to)
{
    return strncmp(to, "+86", 3) == 0;
}

static bool tencent_joins(const struct provider_conf *c, const struct provider_msg *first,
                          const struct provider_msg *m)
{
    (void)c;
    return is_mainland(first->to) == is_mainland(m->to) &&
           (first->purpose == PURPOSE_PROMOTION) == (m->purpose == PURPOSE_PROMOTION) &&
           first->text_len == m->text_len && memcmp(first->text, m->text, m->text_len) == 0;
}

static void add_string(struct buf *b, const char *before, const char *s, size_t n)
{
    buf_str(b, before);
    buf_chr(b, '"');
    buf_json(b, s, n);
    buf_chr(b, '"');
}

static void add_values(struct buf *b, const struct vendor_match *k)
{
    const struct vendor_value *in_order[VENDOR_VARS_MAX] = {NULL};

    for (size_t i = 0; i < k->t->n_vars; i++) {
        int at = position(k->t, i);

        if (at >= 0)
            in_order[at] = &k->values[i];
    }
    for (size_t i = 0; i < k->t->n_vars && in_order[i] != NULL; i++)
        add_string(b, i == 0 ? ",\"TemplateParamSet\":[" : ",", in_order[i]->s, in_order[i]->n);
    if (k->t->n_vars > 0)
        buf_chr(b, ']');
}

static void add_body(struct buf *b, const struct provider_conf *c, const struct provider_msg *m, size_t n,
                     const struct vendor_match *k)
{
    for (size_t i = 0; i < n; i++)
        add_string(b, i == 0 ? "{\"PhoneNumberSet\":[" : ",", m[i].to, strlen(m[i].to));
    add_string(b, "],\"SmsSdkAppId\":", c->app, strlen(c->app));
    add_string(b, ",\"TemplateId\":", k->t->id, strlen(k->t->id));
    add_string(b, ",\"SignName\":", c->sign, strlen(c->sign));
    add_values(b, k);
    if (c->sender[0] != '\0')
        add_string(b, ",\"ExtendCode\":", c->sender, strlen(c->sender));
    if (n == 1) /* for the vendor's support: it stands in their logs */
        add_string(b, ",\"SessionContext\":", m->ref, strlen(m->ref));
    buf_chr(b, '}');
}

static void add_headers(const struct provider_conf *c, struct provider_request *req, const char *host,
                        const char *path)
{
    const struct cloud_field signed_headers[] = {
        {"content-type", CONTENT_TYPE, strlen(CONTENT_TYPE)},
        {"host",         host,         strlen(host)        },
    };
    struct cloud_request r = {.method = "POST",
                              .path = path,
                              .query = "",
                              .headers = signed_headers,
                              .n_headers = ARRAY_LEN(signed_headers),
                              .body = buf_cstr(&req->body),
                              .body_len = req->body.len};
    struct buf text = BUF_INIT(1024);

    provider_headers_begin(req);
    provider_header(req, "Content-Type", CONTENT_TYPE);
    provider_header(req, "X-TC-Action", "SendSms");
    provider_header(req, "X-TC-Version", "2021-01-11");
    provider_header(req, "X-TC-Region", c->region[0] != '\0' ? c->region : REGION);
    buf_i64(&text, req->now_ms / 1000);
    provider_header(req, "X-TC-Timestamp", buf_cstr(&text));
    buf_reset(&text);
    cloud_tc3(&text, &r, "sms", req->now_ms, c->account, c->secret);
    provider_header(req, "Authorization", buf_cstr(&text));
    provider_headers_end(req);
    if (text.overflow)
        req->headers.overflow = true;
    buf_fini(&text);
}

static int tencent_build(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                         struct provider_request *req, struct err *e)
{
    struct vendor_match k;
    char host[HOST_MAX];
    const char *path;

    if (n == 0 || n > c->batch || cloud_address(c->url, host, sizeof(host), &path) != 0)
        panic("driver tencent: %zu messages in a request of at most %zu, or settings that check refuses", n,
              c->batch);
    if (vendor_find(c, m->text, m->text_len, m->purpose, &k, e) != 0)
        return -1;
    buf_reset(&req->body);
    add_body(&req->body, c, m, n, &k);
    add_headers(c, req, host, path);
    if (req->body.overflow || req->headers.overflow)
        return err_set(e, "bad-message", "text", "the request would be too large");
    provider_post(req, c->url);
    return 0;
}

const struct driver tencent_driver = {
    .name = "tencent",
    .batch_max = BATCH_MAX,
    .needs_url = true,
    .url = "https://sms.tencentcloudapi.com/",
    .receipt_ids = true,
    .blames_all = true,
    .check = tencent_check,
    .fits = vendor_fits,
    .joins = tencent_joins,
    .build = tencent_build,
    .classify = tencent_classify,
    .callback = tencent_callback,
};
