/* Requests of driver `aliyun`. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "provider/aliyun.h"
#include "provider/cloud.h"
#include "provider/sign.h"
#include "provider/vendor.h"

#define VERSION "2017-05-25"

#define FIELDS_MAX 12
struct plan {
    const char *action;
    struct cloud_field query[CLOUD_FIELDS_MAX], form[FIELDS_MAX];
    size_t n_query, n_form;
    struct buf numbers, values, signs, extensions; /* what the fields point into */
    struct buf encoded;                            /* the query as it is signed and sent */
    char date[32];
};

static void plan_fini(struct plan *p)
{
    buf_fini(&p->numbers);
    buf_fini(&p->values);
    buf_fini(&p->signs);
    buf_fini(&p->extensions);
    buf_fini(&p->encoded);
}

static void add(struct cloud_field *list, size_t *n, const char *name, const char *value, size_t len)
{
    list[(*n)++] = (struct cloud_field){.name = name, .value = value, .n = len};
}

static void add_query(struct plan *p, const char *name, const char *value)
{
    add(p->query, &p->n_query, name, value, strlen(value));
}

/* Bare 11 digits for the mainland, digits with the country's code for others. */
static const char *number_of(const char *to)
{
    return aliyun_mainland(to) ? to + 3 : to + (to[0] == '+');
}

static void add_values(struct buf *out, const struct vendor_match *k)
{
    buf_chr(out, '{');
    for (size_t i = 0; i < k->t->n_vars; i++) {
        buf_str(out, i > 0 ? ",\"" : "\"");
        buf_json(out, k->t->vars[i].name, strlen(k->t->vars[i].name));
        buf_str(out, "\":\"");
        buf_json(out, k->values[i].s, k->values[i].n);
        buf_chr(out, '"');
    }
    buf_chr(out, '}');
}

static void plan_one_text(struct plan *p, const struct provider_conf *c, const struct provider_msg *m,
                          size_t n, const struct vendor_match *k)
{
    p->action = "SendSms";
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_chr(&p->numbers, ',');
        buf_str(&p->numbers, number_of(m[i].to));
    }
    add(p->query, &p->n_query, "PhoneNumbers", buf_cstr(&p->numbers), p->numbers.len);
    add_query(p, "SignName", c->sign);
    add_query(p, "TemplateCode", k->t->id);
    if (k->t->n_vars > 0) {
        add_values(&p->values, k);
        add(p->query, &p->n_query, "TemplateParam", buf_cstr(&p->values), p->values.len);
    }
    if (n == 1) /* comes back as out_id */
        add_query(p, "OutId", m->ref);
    if (c->sender[0] != '\0')
        add_query(p, "SmsUpExtendCode", c->sender);
}

static void add_quoted(struct buf *b, bool first, const char *s)
{
    buf_str(b, first ? "[\"" : ",\"");
    buf_json(b, s, strlen(s));
    buf_chr(b, '"');
}

/* -1 when one of them is not said by the first one's template: joins keeps such apart. */
static int plan_many_texts(struct plan *p, const struct provider_conf *c, const struct provider_msg *m,
                           size_t n, const struct vendor_template *t, struct err *e)
{
    struct vendor_match k;

    p->action = "SendBatchSms";
    for (size_t i = 0; i < n; i++) {
        if (vendor_find(c, m[i].text, m[i].text_len, m[i].purpose, &k, e) != 0)
            return -1;
        if (k.t != t || n > ALIYUN_BATCH_MAX)
            return err_set(e, "bad-message", NULL, "texts of several templates cannot travel together");
        add_quoted(&p->numbers, i == 0, number_of(m[i].to));
        add_quoted(&p->signs, i == 0, c->sign);
        add_quoted(&p->extensions, i == 0, c->sender);
        buf_chr(&p->values, i == 0 ? '[' : ',');
        add_values(&p->values, &k);
    }
    buf_chr(&p->numbers, ']');
    buf_chr(&p->signs, ']');
    buf_chr(&p->extensions, ']');
    buf_chr(&p->values, ']');
    add_query(p, "TemplateCode", t->id);
    add(p->form, &p->n_form, "PhoneNumberJson", buf_cstr(&p->numbers), p->numbers.len);
    add(p->form, &p->n_form, "SignNameJson", buf_cstr(&p->signs), p->signs.len);
    if (t->n_vars > 0)
        add(p->form, &p->n_form, "TemplateParamJson", buf_cstr(&p->values), p->values.len);
    if (c->sender[0] != '\0')
        add(p->form, &p->n_form, "SmsUpExtendCodeJson", buf_cstr(&p->extensions), p->extensions.len);
    return 0;
}

static int plan_init(struct plan *p, const struct provider_conf *c, const struct provider_msg *m, size_t n,
                     int64_t now_ms, struct err *e)
{
    struct buf date = {
        .data = p->date, .len = 0, .cap = sizeof(p->date), .ceiling = sizeof(p->date) - 1, .overflow = false};
    struct vendor_match k;
    size_t same = 1;

    p->n_query = p->n_form = 0;
    p->numbers = p->values = p->signs = p->extensions = p->encoded = BUF_INIT(1u << 20);
    sign_utc(&date, now_ms);
    if (vendor_find(c, m->text, m->text_len, m->purpose, &k, e) != 0)
        return -1;
    while (same < n && aliyun_same_text(m, &m[same]))
        same++;
    if (same < n)
        return plan_many_texts(p, c, m, n, k.t, e);
    plan_one_text(p, c, m, n, &k);
    return 0;
}

/* "https://host/path?" and what was encoded. */
static void add_url(struct provider_request *req, const char *address, const char *path, const char *query)
{
    size_t base = (size_t)(strstr(address, "://") + 3 - address);

    base += strcspn(address + base, "/");
    buf_reset(&req->url);
    buf_add(&req->url, address, base);
    buf_str(&req->url, path);
    buf_chr(&req->url, '?');
    buf_str(&req->url, query);
}

/* libcurl gives a POST a Content-Type of its own unless told otherwise; with an empty body there is none. */
static const char *content_type(const struct plan *p)
{
    return p->n_form > 0 ? "application/x-www-form-urlencoded" : "";
}

static void sign_v3(const struct provider_conf *c, struct plan *p, struct provider_request *req,
                    const char *host, const char *path)
{
    char hash[CLOUD_HEX];
    struct buf authorization = BUF_INIT(2048);
    struct cloud_field signed_headers[] = {
        {"content-type",          content_type(p), strlen(content_type(p))},
        {"host",                  host,            strlen(host)           },
        {"x-acs-action",          p->action,       strlen(p->action)      },
        {"x-acs-content-sha256",  hash,            CLOUD_HEX - 1          },
        {"x-acs-date",            p->date,         strlen(p->date)        },
        {"x-acs-signature-nonce", req->nonce,      strlen(req->nonce)     },
        {"x-acs-version",         VERSION,         strlen(VERSION)        },
    };
    size_t first = p->n_form > 0 ? 0 : 1;
    struct cloud_request r = {.method = "POST",
                              .path = path,
                              .headers = signed_headers + first,
                              .n_headers = ARRAY_LEN(signed_headers) - first,
                              .body = buf_cstr(&req->body),
                              .body_len = req->body.len};

    cloud_hash(hash, r.body, r.body_len);
    cloud_query(&p->encoded, p->query, p->n_query);
    r.query = buf_cstr(&p->encoded);
    cloud_acs3(&authorization, &r, c->account, c->secret);
    provider_header(req, "Content-Type", content_type(p));
    for (size_t i = 2; i < ARRAY_LEN(signed_headers); i++)
        provider_header(req, signed_headers[i].name, signed_headers[i].value);
    provider_header(req, "Authorization", buf_cstr(&authorization));
    provider_headers_end(req);
    buf_fini(&authorization);
}

static void sign_v1(const struct provider_conf *c, struct plan *p, struct provider_request *req)
{
    struct cloud_field all[CLOUD_FIELDS_MAX + FIELDS_MAX];
    struct buf text = BUF_INIT(1u << 20), signature = BUF_INIT(64);

    add_query(p, "AccessKeyId", c->account);
    add_query(p, "Action", p->action);
    add_query(p, "Format", "JSON");
    add_query(p, "SignatureMethod", "HMAC-SHA1");
    add_query(p, "SignatureNonce", req->nonce);
    add_query(p, "SignatureVersion", "1.0");
    add_query(p, "Timestamp", p->date);
    add_query(p, "Version", VERSION);
    memcpy(all, p->query, p->n_query * sizeof(all[0]));
    memcpy(all + p->n_query, p->form, p->n_form * sizeof(all[0]));
    cloud_query(&text, all, p->n_query + p->n_form);
    cloud_acs1(&signature, "POST", buf_cstr(&text), c->secret);
    add_query(p, "Signature", buf_cstr(&signature));
    cloud_query(&p->encoded, p->query, p->n_query);
    provider_header(req, "Content-Type", content_type(p));
    provider_headers_end(req);
    if (text.overflow)
        req->url.overflow = true;
    buf_fini(&text);
    buf_fini(&signature);
}

static bool fits_in(const struct plan *p, const struct provider_request *req)
{
    return !p->numbers.overflow && !p->values.overflow && !p->signs.overflow && !p->extensions.overflow &&
           !p->encoded.overflow && !req->url.overflow && !req->body.overflow && !req->headers.overflow;
}

int aliyun_build(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                 struct provider_request *req, struct err *e)
{
    const char *address = aliyun_address(c), *path;
    char host[ALIYUN_HOST_MAX];
    struct plan p;
    int rc;

    if (n == 0 || n > c->batch || address == NULL || cloud_address(address, host, sizeof(host), &path) != 0)
        panic("driver aliyun: %zu messages in a request of at most %zu, or settings that check refuses", n,
              c->batch);
    buf_reset(&req->body);
    buf_reset(&req->url);
    provider_headers_begin(req);
    rc = plan_init(&p, c, m, n, req->now_ms, e);
    if (rc == 0) {
        cloud_query(&req->body, p.form, p.n_form);
        if (aliyun_v1(c))
            sign_v1(c, &p, req);
        else
            sign_v3(c, &p, req, host, path);
        add_url(req, address, path, buf_cstr(&p.encoded));
        if (!fits_in(&p, req))
            rc = err_set(e, "bad-message", "text", "the request would be too large");
    }
    plan_fini(&p);
    provider_post(req, buf_cstr(&req->url));
    return rc;
}
