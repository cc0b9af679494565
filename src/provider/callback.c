/* Receipts and replies in the JSON of contract 5. More members may be there (bridges pass on what they have); the known ones have one type. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "provider/drivers.h"
#include "provider/items.h"
#include "text/utf8.h"

struct receipts {
    void (*each)(void *arg, const struct provider_receipt *r);
    void *arg;
};

static int receipt_read(void *arg, const json_t *o, struct err *e)
{
    static const char code[] = "bad-receipt";
    const struct receipts *to = arg;
    struct provider_receipt r = {.state = RECIPIENT_FAILED};
    const char *ref, *status;

    if (items_member(o, "ref", sizeof(r.ref) - 1, &ref, code, e) < 0)
        return -1;
    (void)snprintf(r.ref, sizeof(r.ref), "%s", ref); /* length checked above */
    if (items_member(o, "status", 32, &status, code, e) < 0)
        return -1;
    if (strcmp(status, "delivered") == 0)
        r.state = RECIPIENT_DELIVERED;
    else if (strcmp(status, "failed") != 0)
        return err_set(e, code, "status", "a receipt's status is \"delivered\" or \"failed\"");
    items_words(r.detail, sizeof(r.detail), json_object_get(o, "detail"));
    to->each(to->arg, &r);
    return 0;
}

void callback_text(struct buf *text, const char *s, size_t n)
{
    size_t keep = n;
    char mark[80] = "";

    buf_reset(text);
    if (n > CALLBACK_TEXT_MAX) {
        (void)snprintf(mark, sizeof(mark), "…… [原文 %zu 字节, 太长, 已截断 / cut]", n);
        keep = utf8_cut(s, n, CALLBACK_TEXT_MAX - strlen(mark));
    }
    (void)buf_add(text, s, keep);
    (void)buf_str(text, mark);
    for (size_t i = 0; i < text->len; i++)
        if (text->data[i] == '\0')
            text->data[i] = ' ';
}

struct replies {
    void (*each)(void *arg, const struct provider_reply *r);
    void *arg;
    struct buf text;
};

static int reply_read(void *arg, const json_t *o, struct err *e)
{
    static const char code[] = "bad-reply";
    struct replies *to = arg;
    struct provider_reply r = {.sent_at = 0};
    const json_t *words = json_object_get(o, "text"), *time = json_object_get(o, "time");
    const char *id, *from;

    if (items_member(o, "id", sizeof(r.id) - 1, &id, code, e) < 0 ||
        items_member(o, "from", sizeof(r.from) - 1, &from, code, e) < 0)
        return -1;
    (void)snprintf(r.id, sizeof(r.id), "%s", id); /* lengths checked above */
    (void)snprintf(r.from, sizeof(r.from), "%s", from);
    if (!json_is_string(words))
        return err_set(e, code, "text",
                       words ? "member \"text\" must be a string" : "member \"text\" is missing");
    items_text(words, &to->text);
    r.text = to->text.len ? to->text.data : NULL;
    r.text_len = to->text.len;
    if (json_is_string(time) && clock_parse_iso(json_string_value(time), &r.sent_at, NULL) < 0)
        r.sent_at = 0;
    to->each(to->arg, &r);
    return 0;
}

int callback_receipts(const struct provider_conf *c, const char *body, size_t n,
                      void (*each)(void *arg, const struct provider_receipt *r),
                      void (*bad)(void *arg, const struct provider_bad *b), void *arg, struct err *e)
{
    struct receipts to = {.each = each, .arg = arg};

    (void)c;
    return items_each(body, n, "bad-receipt", receipt_read, &to, bad, arg, e);
}

int callback_replies(const struct provider_conf *c, const char *body, size_t n,
                     void (*each)(void *arg, const struct provider_reply *r),
                     void (*bad)(void *arg, const struct provider_bad *b), void *arg, struct err *e)
{
    struct replies to = {.each = each, .arg = arg, .text = BUF_INIT(ITEMS_TEXT_MAX)};
    int told;

    (void)c;
    told = items_each(body, n, "bad-reply", reply_read, &to, bad, arg, e);
    buf_fini(&to.text);
    return told;
}

int callback_json(const struct provider_conf *c, const struct provider_callback *in,
                  const struct provider_sink *sink, struct provider_ack *ack, struct err *e)
{
    (void)ack; /* {"code":0}, as the contract has it */
    if (strcmp(in->method, "POST") == 0 && strcmp(in->kind, "reply") == 0)
        return callback_replies(c, in->body, in->body_len, sink->reply, sink->bad_reply, sink->arg, e);
    if (strcmp(in->method, "POST") == 0 && strcmp(in->kind, "receipt") == 0)
        return callback_receipts(c, in->body, in->body_len, sink->receipt, sink->bad_receipt, sink->arg, e);
    return err_set(e, "no-such-hook", NULL, "driver %s has no such callback", c->driver);
}
