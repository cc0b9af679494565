/* Driver `twilio`: status callbacks and inbound messages, both signed.
 *
 * The signature is HMAC-SHA1 over the address as Twilio called it and all fields of the form, sorted; a JSON body is covered by its hash in the query (bodySHA256). Twilio
 * signs with and without the default port, so both are tried. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "provider/drivers.h"
#include "provider/sign.h"
#include "provider/twilio_int.h"
#include "text/utf8.h"

/* ---- the signature ---- */

static int by_field(const void *x, const void *y)
{
    const struct form_field *a = *(const struct form_field *const *)x,
                            *b = *(const struct form_field *const *)y;
    int names = strcmp(a->name, b->name);

    return names != 0 ? names : strcmp(a->value, b->value);
}

static void add_fields(struct buf *s, const struct form_field *fields, size_t n)
{
    const struct form_field *order[FORM_FIELDS_MAX];

    for (size_t i = 0; i < n; i++)
        order[i] = &fields[i];
    qsort(order, n, sizeof(order[0]), by_field);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && by_field(&order[i - 1], &order[i]) == 0)
            continue; /* the same name with the same value counts once */
        buf_str(s, order[i]->name);
        buf_add(s, order[i]->value, order[i]->value_len);
    }
}

void twilio_sign(struct buf *out, const struct secret *token, const char *url, size_t url_len,
                 const struct form_field *fields, size_t n)
{
    struct buf s = BUF_INIT(1u << 20);
    uint8_t mac[SIGN_MAX];
    size_t len;

    buf_add(&s, url, url_len);
    add_fields(&s, fields, n);
    if (s.overflow)
        out->overflow = true;
    len = sign_hmac(SIGN_SHA1, token->value, token->len, s.data, s.len, mac);
    sign_base64(out, mac, len);
    buf_fini(&s);
}

/* The same address with its default port written out, or left out. False when there is no other way to write it. */
static bool other_way(struct buf *out, const char *url)
{
    bool tls = strncmp(url, "https://", 8) == 0;
    const char *host = strstr(url, "://"), *end, *port;

    if (host == NULL)
        return false;
    host += 3;
    end = host + strcspn(host, "/?#");
    port = memrchr(host, ':', (size_t)(end - host));
    if (port != NULL && memchr(port, ']', (size_t)(end - port)) != NULL)
        port = NULL; /* inside an IPv6 address */
    if (port == NULL) {
        buf_add(out, url, (size_t)(end - url));
        buf_str(out, tls ? ":443" : ":80");
    } else if ((size_t)(end - port) == (tls ? 4u : 3u) &&
               strncmp(port, tls ? ":443" : ":80", tls ? 4 : 3) == 0) {
        buf_add(out, url, (size_t)(port - url));
    } else {
        return false;
    }
    buf_str(out, end);
    return !out->overflow;
}

static bool signed_as(const struct secret *token, const char *url, const struct form *f, const char *given)
{
    struct buf expected = BUF_INIT(64);
    bool same;

    twilio_sign(&expected, token, url, strlen(url), f->fields, f->n);
    same = !expected.overflow && sign_equal(buf_cstr(&expected), expected.len, given, strlen(given));
    buf_fini(&expected);
    return same;
}

static bool is_signed(const struct provider_conf *c, const struct provider_callback *in, const struct form *f)
{
    const char *given = in->header(in->arg, "X-Twilio-Signature");
    const struct secret *token = twilio_auth_token(c);
    struct buf other = BUF_INIT(16384);
    bool ok;

    if (given == NULL || token == NULL || in->url[0] == '\0')
        return false;
    ok = signed_as(token, in->url, f, given);
    if (other_way(&other, in->url))
        ok |= signed_as(token, buf_cstr(&other), f, given);
    buf_fini(&other);
    return ok;
}

/* ---- the body ---- */

static bool is_json(const struct provider_callback *in)
{
    return strncasecmp(in->content_type, "application/json", 16) == 0;
}

/* What a JSON body is signed by: its hash, in the query that the signature covers. */
static bool hash_matches(const struct provider_callback *in, const struct form *query)
{
    const char *given = form_get(query, "bodySHA256");
    struct buf hex = BUF_INIT(2 * SIGN_MAX);
    uint8_t hash[SIGN_MAX];
    bool same;

    sign_hex(&hex, hash, sign_hash(SIGN_SHA256, in->body, in->body_len, hash), false);
    same = sign_equal(buf_cstr(&hex), hex.len, given, strlen(given));
    buf_fini(&hex);
    return same;
}

/* Its string members as a form, for those who read one. */
static int json_as_form(struct form *f, const struct provider_callback *in, struct err *e)
{
    json_t *o = json_loadb(in->body, in->body_len, JSON_REJECT_DUPLICATES, NULL), *v;
    struct buf text = BUF_INIT(1u << 20);
    const char *key;
    int rc;

    if (!json_is_object(o)) {
        json_decref(o);
        return err_set(e, "bad-form", NULL, "neither a form nor a JSON object");
    }
    json_object_foreach(o, key, v)
    {
        if (!json_is_string(v))
            continue;
        sign_form(&text, key, strlen(key));
        buf_chr(&text, '=');
        sign_form(&text, json_string_value(v), json_string_length(v));
        buf_chr(&text, '&');
    }
    json_decref(o);
    rc = text.overflow ? err_set(e, "bad-form", NULL, "too long")
                       : form_parse(f, buf_cstr(&text), text.len, e);
    buf_fini(&text);
    return rc;
}

/* ${f}: the fields, once the signature was found right; nothing to free otherwise. */
static int read_signed(struct form *f, const struct form *query, const struct provider_conf *c,
                       const struct provider_callback *in, struct err *e)
{
    static const struct form none = {.n = 0};
    static const char wrong[] =
        "X-Twilio-Signature does not fit: is public_url the address that Twilio calls, "
        "and the auth token right?";

    if (is_json(in)) {
        if (!is_signed(c, in, &none) || !hash_matches(in, query))
            return err_set(e, "hook-signature", NULL, wrong);
        return json_as_form(f, in, e);
    }
    if (form_parse(f, in->body, in->body_len, e) != 0)
        return -1;
    if (is_signed(c, in, f))
        return 0;
    form_fini(f);
    return err_set(e, "hook-signature", NULL, wrong);
}

/* ---- what it says ---- */

static const struct {
    const char *status;
    enum recipient_state state;
} finals[] = {
    {"delivered",   RECIPIENT_DELIVERED},
    {"read",        RECIPIENT_DELIVERED},
    {"undelivered", RECIPIENT_FAILED   },
    {"failed",      RECIPIENT_FAILED   },
    {"canceled",    RECIPIENT_FAILED   },
};

/* Steps on the way are nothing new; which of two final reports counts is the ledger's to say, in whatever order they come. */
static int tell_receipt(const struct form *f, const struct form *query, const struct provider_sink *sink)
{
    const char *status = form_get(f, "MessageStatus"), *ref = form_get(query, "ref");
    struct provider_receipt r = {.state = RECIPIENT_PENDING};
    struct provider_verdict v = {.retry_after_ms = -1};

    for (size_t i = 0; i < ARRAY_LEN(finals); i++)
        if (strcmp(status, finals[i].status) == 0)
            r.state = finals[i].state;
    if (r.state == RECIPIENT_PENDING || ref[0] == '\0' || strlen(ref) >= sizeof(r.ref))
        return 0;
    memcpy(r.ref, ref, strlen(ref) + 1);
    if (r.state == RECIPIENT_FAILED) {
        const char *code = form_get(f, "ErrorCode");

        class_judge(twilio_rows, twilio_n_rows, code, -1, &v);
        if (code[0] == '\0')
            class_detail(&v, status);
        r.about = v.about;
        memcpy(r.detail, v.detail, sizeof(r.detail));
    }
    sink->receipt(sink->arg, &r);
    return 1;
}

/* Where the office chose its own words for STOP and START, Twilio tells what they mean. */
static const char *words_of(const struct form *f, char media[64], size_t *n)
{
    const char *out = form_get(f, "OptOutType"), *body = form_get(f, "Body"),
               *count = form_get(f, "NumMedia");

    if (strcmp(out, "STOP") == 0 || strcmp(out, "START") == 0)
        body = out;
    if (body[0] == '\0' && count[0] != '\0' && strcmp(count, "0") != 0) {
        (void)snprintf(media, 64, "[彩信 / media message: %.8s]", count);
        body = media;
    }
    *n = utf8_cut(body, strlen(body), CALLBACK_TEXT_MAX);
    return body;
}

static int tell_reply(const struct form *f, const struct provider_sink *sink, struct err *e)
{
    const char *sid = form_get(f, "MessageSid"), *from = form_get(f, "From");
    struct provider_reply r = {.sent_at = 0};
    char media[64];

    if (sid[0] == '\0' || strlen(sid) >= sizeof(r.id) || from[0] == '\0' || strlen(from) >= sizeof(r.from))
        return err_set(e, "bad-reply", sid[0] == '\0' ? "MessageSid" : "From", "not the form of a message");
    memcpy(r.id, sid, strlen(sid) + 1);
    memcpy(r.from, from, strlen(from) + 1);
    r.text = words_of(f, media, &r.text_len);
    sink->reply(sink->arg, &r);
    return 1;
}

int twilio_callback(const struct provider_conf *c, const struct provider_callback *in,
                    const struct provider_sink *sink, struct provider_ack *ack, struct err *e)
{
    bool reply = strcmp(in->kind, "reply") == 0;
    struct form f, query;
    int told;

    if (strcmp(in->method, "POST") != 0 || (!reply && strcmp(in->kind, "receipt") != 0))
        return err_set(e, "no-such-hook", NULL, "driver twilio has POST .../receipt and POST .../reply");
    if (form_parse(&query, in->query, strlen(in->query), e) != 0)
        return -1;
    told = read_signed(&f, &query, c, in, e);
    if (told == 0) {
        told = reply ? tell_reply(&f, sink, e) : tell_receipt(&f, &query, sink);
        form_fini(&f);
    }
    form_fini(&query);
    ack->type = reply ? "text/xml; charset=utf-8" : "text/plain";
    if (reply) /* the answer goes its own way */
        buf_str(&ack->body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response></Response>");
    return told;
}
