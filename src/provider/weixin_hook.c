/* Envelopes of WeChat's and WeCom's callbacks: signatures, XML or JSON, what is inside. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "provider/drivers.h"
#include "provider/sign.h"
#include "provider/weixin.h"
#include "provider/xml.h"
#include "text/utf8.h"

int weixin_query(struct form *query, const struct provider_callback *in, struct err *e)
{
    int64_t at;

    if (form_parse(query, in->query, strlen(in->query), e) != 0)
        return -1;
    if (num_i64(form_get(query, "timestamp"), 0, INT64_MAX / 1000, &at) != 0 ||
        llabs(at * 1000 - in->now_ms) > WEIXIN_AGE_MAX_MS) {
        form_fini(query);
        return err_set(e, "hook-signature", NULL,
                       "the call is not of the last ten minutes: is the clock of this machine right?");
    }
    for (size_t i = 0; i < query->n; i++) /* base64 in a query whose plus signs were not escaped */
        if (strcmp(query->fields[i].name, "echostr") == 0)
            for (char *p = query->fields[i].value; (p = strchr(p, ' ')) != NULL;)
                *p = '+';
    return 0;
}

/* ---- JSON, the other way it can be told to write ---- */

static int read_json(struct form *f, const char *s, size_t n, struct err *e)
{
    json_t *o = json_loadb(s, n, JSON_REJECT_DUPLICATES, NULL), *v;
    struct buf text = BUF_INIT(4 * XML_BYTES_MAX);
    const char *key;
    char number[24];
    int rc;

    if (!json_is_object(o)) {
        json_decref(o);
        return err_set(e, "bad-json", NULL, "neither XML nor a JSON object");
    }
    json_object_foreach(o, key, v)
    {
        const char *value = json_string_value(v);
        size_t len = json_string_length(v);

        if (json_is_integer(v)) {
            (void)snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(v)); /* 20 at most */
            value = number;
            len = strlen(number);
        }
        if (value == NULL)
            continue;
        sign_form(&text, key, strlen(key));
        buf_chr(&text, '=');
        sign_form(&text, value, len);
        buf_chr(&text, '&');
    }
    json_decref(o);
    rc = text.overflow ? err_set(e, "bad-json", NULL, "too long")
                       : form_parse(f, buf_cstr(&text), text.len, e);
    buf_fini(&text);
    return rc;
}

static int read_any(struct form *f, const char *s, size_t n, struct err *e)
{
    size_t i = 0;

    if (n > XML_BYTES_MAX)
        return err_set(e, "bad-xml", NULL, "%zu bytes; at most %d are read", n, XML_BYTES_MAX);
    while (i < n && memchr(" \t\r\n", s[i], 4) != NULL)
        i++;
    return i < n && s[i] == '{' ? read_json(f, s, n, e) : xml_read(f, s, n, e);
}

/* ---- opening ---- */

static bool signature_fits(const struct provider_conf *c, const struct form *query, const char *name,
                           const char *encrypted)
{
    const char *parts[] = {c->hook_token->value, form_get(query, "timestamp"), form_get(query, "nonce"),
                           encrypted},
               *given = form_get(query, name);
    struct buf b = BUF_INIT(2 * SIGN_MAX);
    bool same;

    weixin_sign(&b, parts, encrypted != NULL ? 4 : 3);
    same = !b.overflow && sign_equal(buf_cstr(&b), b.len, given, strlen(given));
    buf_fini(&b);
    return same;
}

static int refuse(struct err *e, const char *why)
{
    return err_set(e, "hook-signature", NULL, "%s", why);
}

static bool has(const struct secret *s)
{
    return s != NULL && s->len > 0;
}

/* ${outer} holds Encrypt. */
static int open_sealed(struct form *msg, const struct provider_conf *c, const struct form *query,
                       const struct form *outer, const char *id, struct err *e)
{
    const char *sealed = form_get(outer, "Encrypt");
    struct buf plain = BUF_INIT(XML_BYTES_MAX);
    int rc;

    if (!has(c->hook_key))
        return refuse(e, "the call is encrypted, and hook_key is not set");
    if (!signature_fits(c, query, "msg_signature", sealed))
        return refuse(e, "msg_signature does not fit: is hook_token the Token of the vendor's console?");
    if (weixin_decrypt(&plain, c->hook_key, id, sealed, strlen(sealed)) != 0)
        rc = refuse(e, "it cannot be decrypted: is hook_key the EncodingAESKey, and account right?");
    else
        rc = read_any(msg, buf_cstr(&plain), plain.len, e);
    buf_fini(&plain);
    return rc;
}

int weixin_open(struct form *msg, const struct provider_conf *c, const struct provider_callback *in,
                const struct form *query, const char *id, bool plain, struct err *e)
{
    struct form outer;
    int rc;

    if (!has(c->hook_token))
        return refuse(e, "hook_token is not set");
    if (read_any(&outer, in->body, in->body_len, e) != 0)
        return -1;
    if (form_get(&outer, "Encrypt")[0] != '\0') {
        rc = open_sealed(msg, c, query, &outer, id, e);
    } else if (!plain || has(c->hook_key)) {
        rc = refuse(e, "callbacks are taken encrypted only: choose the safe mode at the vendor's console");
    } else if (!signature_fits(c, query, "signature", NULL)) {
        rc = refuse(e, "signature does not fit: is hook_token the Token of the vendor's console?");
    } else {
        *msg = outer;
        return 0;
    }
    form_fini(&outer);
    return rc;
}

/* ---- inside ---- */

bool weixin_is_event(const struct form *msg, const char *name)
{
    return strcmp(form_get(msg, "MsgType"), "event") == 0 && strcasecmp(form_get(msg, "Event"), name) == 0;
}

/* Ids become keys and addresses: no blanks, no control characters. */
static bool is_word(const char *s, size_t max)
{
    size_t n = strlen(s);

    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] <= 0x20 || s[i] == 0x7f)
            return false;
    return n > 0 && n <= max;
}

int weixin_head(struct provider_reply *r, const struct form *msg, const char *channel, struct err *e)
{
    const char *from = form_get(msg, "FromUserName"), *id = form_get(msg, "MsgId"),
               *event = form_get(msg, "Event"), *time = form_get(msg, "CreateTime");
    int64_t at = 0;

    *r = (struct provider_reply){.sent_at = 0};
    if (!is_word(from, 64) || !is_word(form_get(msg, "MsgType"), 32))
        return err_set(e, "bad-reply", "FromUserName", "not the form of a message");
    if (num_i64(time, 1, 1ll << 40, &at) == 0)
        r->sent_at = at * 1000;
    if (strcmp(form_get(msg, "MsgType"), "event") == 0 ? !is_word(event, 40) || at == 0 : !is_word(id, 40))
        return err_set(e, "bad-reply", "MsgId", "a message without an id, or an event without a time");
    /* Events have no id of their own: who, when and what is said for it. */
    if (strcmp(form_get(msg, "MsgType"), "event") == 0)
        (void)snprintf(r->id, sizeof(r->id), "%s.%lld.%s", from, (long long)at, event); /* 64 + 14 + 40 */
    else
        (void)snprintf(r->id, sizeof(r->id), "%s", id);
    (void)snprintf(r->from, sizeof(r->from), "%s:%s", channel, from); /* 8 + 64 */
    return 0;
}

static const struct {
    const char *type, *says;
} others[] = {
    {"image",      "[图片 / picture]"      },
    {"voice",      "[语音 / voice message]"},
    {"video",      "[视频 / video]"        },
    {"shortvideo", "[视频 / video]"        },
    {"file",       "[文件 / file]"         },
};

static void set_text(struct provider_reply *r, const char *s)
{
    r->text = s;
    r->text_len = utf8_cut(s, strlen(s), CALLBACK_TEXT_MAX);
}

/* For "%.*s": at most so many bytes, whole characters. */
#define PART(msg, name, max)                                                                                 \
    (int)utf8_cut(form_get(msg, name), strlen(form_get(msg, name)), (max)), form_get(msg, name)

void weixin_words(struct provider_reply *r, const struct form *msg, char *line, size_t size)
{
    const char *type = form_get(msg, "MsgType");

    set_text(r, form_get(msg, "Content"));
    if (strcmp(type, "text") == 0)
        return;
    set_text(r, "[其他消息 / another kind of message]");
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (strcmp(type, others[i].type) == 0)
            set_text(r, others[i].says);
    if (strcmp(type, "voice") == 0 && form_get(msg, "Recognition")[0] != '\0') {
        set_text(r, form_get(msg, "Recognition")); /* what WeChat heard */
    } else if (strcmp(type, "location") == 0) {
        (void)snprintf(line, size, "[位置 / location] %.*s (%.*s, %.*s)", PART(msg, "Label", 600),
                       PART(msg, "Location_X", 20), PART(msg, "Location_Y", 20));
        set_text(r, line);
    } else if (strcmp(type, "link") == 0) {
        (void)snprintf(line, size, "[链接 / link] %.*s %.*s", PART(msg, "Title", 300), PART(msg, "Url", 600));
        set_text(r, line);
    }
}
