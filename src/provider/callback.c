/* Receipts and replies in the JSON of contract 5. More members may be there (bridges pass on what they have); the known ones have one type. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "provider/drivers.h"
#include "text/utf8.h"

#define CALLBACK_ITEMS_MAX 10000
#define MENDED             3 /* a half of a character has one byte at least, what stands for it three */

/* Fills the string member ${key}; -1 when it is missing, empty, no string, or longer than ${max}. */
static int member(const json_t *o, const char *key, size_t max, const char **out, const char *code,
                  struct err *e)
{
    const json_t *v = json_object_get(o, key);

    if (v == NULL)
        return err_set(e, code, key, "member \"%s\" is missing", key);
    if (!json_is_string(v))
        return err_set(e, code, key, "member \"%s\" must be a string", key);
    *out = json_string_value(v);
    size_t n = json_string_length(v);
    if (n > max)
        return err_set(e, code, key, "member \"%s\" has %zu bytes; at most %zu are taken", key, n, max);
    if (n == 0)
        return err_set(e, code, key, "member \"%s\" is empty", key);
    /* Control characters have no place in what becomes keys, log fields and table cells. */
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)(*out)[i] < 0x20 || (*out)[i] == 0x7f)
            return err_set(e, code, key, "member \"%s\" holds a control character", key);
    return 0;
}

/* For people only: cut at a character's border where it is too long, left out where it is no string. */
static void detail_read(const json_t *o, struct provider_receipt *r)
{
    const json_t *v = json_object_get(o, "detail");
    const char *s = json_is_string(v) ? json_string_value(v) : "";
    size_t n = utf8_cut(s, json_is_string(v) ? json_string_length(v) : 0, sizeof(r->detail) - 1);

    for (size_t i = 0; i < n; i++)
        r->detail[i] = (char)((unsigned char)s[i] < 0x20 || s[i] == 0x7f ? ' ' : s[i]);
    r->detail[n] = '\0';
}

static int receipt_read(const json_t *o, struct provider_receipt *r, struct err *e)
{
    static const char code[] = "bad-receipt";
    const char *ref, *status;

    if (!json_is_object(o))
        return err_set(e, code, NULL, "a receipt must be an object");
    if (member(o, "ref", sizeof(r->ref) - 1, &ref, code, e) < 0)
        return -1;
    (void)snprintf(r->ref, sizeof(r->ref), "%s", ref); /* length checked above */
    if (member(o, "status", 32, &status, code, e) < 0)
        return -1;
    if (strcmp(status, "delivered") == 0)
        r->state = RECIPIENT_DELIVERED;
    else if (strcmp(status, "failed") == 0)
        r->state = RECIPIENT_FAILED;
    else
        return err_set(e, code, "status", "a receipt's status is \"delivered\" or \"failed\"");
    detail_read(o, r);
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

static int reply_read(const json_t *o, struct provider_reply *r, struct buf *text, struct err *e)
{
    static const char code[] = "bad-reply";
    const json_t *words = json_object_get(o, "text"), *time = json_object_get(o, "time");
    const char *id, *from;

    if (!json_is_object(o))
        return err_set(e, code, NULL, "a reply must be an object");
    if (member(o, "id", sizeof(r->id) - 1, &id, code, e) < 0 ||
        member(o, "from", sizeof(r->from) - 1, &from, code, e) < 0)
        return -1;
    (void)snprintf(r->id, sizeof(r->id), "%s", id); /* lengths checked above */
    (void)snprintf(r->from, sizeof(r->from), "%s", from);
    if (!json_is_string(words))
        return err_set(e, code, "text",
                       words ? "member \"text\" must be a string" : "member \"text\" is missing");
    callback_text(text, json_string_value(words), json_string_length(words));
    r->text = text->len ? text->data : NULL;
    r->text_len = text->len;
    r->sent_at = 0;
    if (json_is_string(time) && clock_parse_iso(json_string_value(time), &r->sent_at, NULL) < 0)
        r->sent_at = 0;
    return 0;
}

/* The items of ${body}: the tree (caller decrefs), its items through item_at; NULL when it is neither object nor array. */
static json_t *items_load(const char *body, size_t n, size_t *n_items, const char *code, struct err *e)
{
    struct buf mended = BUF_INIT(MENDED * n);
    json_error_t why;

    callback_mend(&mended, body, n);
    json_t *tree = json_loadb(buf_cstr(&mended), mended.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
    buf_fini(&mended);

    if (tree == NULL) {
        /* jansson's text may quote what it found; its position says enough and cannot leak */
        err_set(e, code, NULL, "not JSON: wrong at line %d, column %d", why.line, why.column);
        return NULL;
    }
    *n_items = json_is_array(tree) ? json_array_size(tree) : 1;
    if (!json_is_object(tree) && !json_is_array(tree))
        err_set(e, code, NULL, "must be an object or an array of objects");
    else if (*n_items > CALLBACK_ITEMS_MAX)
        err_set(e, code, NULL, "%zu items in one call; at most %d are taken", *n_items, CALLBACK_ITEMS_MAX);
    else
        return tree;
    json_decref(tree);
    return NULL;
}

static const json_t *item_at(const json_t *tree, size_t i)
{
    return json_is_array(tree) ? json_array_get(tree, i) : tree;
}

static void tell_bad(const json_t *item, const struct err *why,
                     void (*bad)(void *arg, const struct provider_bad *b), void *arg)
{
    char *text = json_dumps(item, JSON_COMPACT | JSON_ENCODE_ANY);

    if (text == NULL)
        panic("an item that was read cannot be written");
    bad(arg, &(struct provider_bad){.item = text, .len = strlen(text), .why = why});
    free(text);
}

int callback_receipts(const struct provider_conf *c, const char *body, size_t n,
                      void (*each)(void *arg, const struct provider_receipt *r),
                      void (*bad)(void *arg, const struct provider_bad *b), void *arg, struct err *e)
{
    size_t n_items = 0;
    json_t *tree = items_load(body, n, &n_items, "bad-receipt", e);
    int told = tree != NULL ? (int)n_items : -1;

    (void)c;
    for (size_t i = 0; tree != NULL && i < n_items; i++) {
        struct provider_receipt r;
        struct err why;
        if (receipt_read(item_at(tree, i), &r, &why) == 0) {
            each(arg, &r);
            continue;
        }
        tell_bad(item_at(tree, i), &why, bad, arg);
        if (!json_is_array(tree)) {
            *e = why;
            told = -1;
        }
    }
    json_decref(tree);
    return told;
}

int callback_replies(const struct provider_conf *c, const char *body, size_t n,
                     void (*each)(void *arg, const struct provider_reply *r),
                     void (*bad)(void *arg, const struct provider_bad *b), void *arg, struct err *e)
{
    size_t n_items = 0;
    json_t *tree = items_load(body, n, &n_items, "bad-reply", e);
    int told = tree != NULL ? (int)n_items : -1;
    struct buf text = BUF_INIT(CALLBACK_TEXT_MAX);

    (void)c;
    for (size_t i = 0; tree != NULL && i < n_items; i++) {
        struct provider_reply r;
        struct err why;
        if (reply_read(item_at(tree, i), &r, &text, &why) == 0) {
            each(arg, &r);
            continue;
        }
        tell_bad(item_at(tree, i), &why, bad, arg);
        if (!json_is_array(tree)) {
            *e = why;
            told = -1;
        }
    }
    buf_fini(&text);
    json_decref(tree);
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
