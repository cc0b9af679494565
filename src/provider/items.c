#include "provider/items.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "provider/drivers.h"
#include "provider/sign.h"
#include "text/phone.h"
#include "text/utf8.h"

#define ITEMS_MAX 10000
#define TEXTS_MAX (64u << 20) /* of the members of one item: more than a body that is taken can hold */
#define MENDED    3           /* a half of a character has one byte at least, what stands for it three */

/* ---- the body ---- */

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
    else if (*n_items > ITEMS_MAX)
        err_set(e, code, NULL, "%zu items in one call; at most %d are taken", *n_items, ITEMS_MAX);
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

static int read_one(const json_t *item, const char *code, items_read_fn read, void *arg, struct err *why)
{
    if (!json_is_object(item))
        return err_set(why, code, NULL, "a %s must be an object",
                       strcmp(code, "bad-reply") == 0 ? "reply" : "receipt");
    return read(arg, item, why);
}

int items_each(const char *body, size_t n, const char *code, items_read_fn read, void *arg,
               void (*bad)(void *arg, const struct provider_bad *b), void *bad_arg, struct err *e)
{
    size_t n_items = 0;
    json_t *tree = items_load(body, n, &n_items, code, e);
    int told = tree != NULL ? (int)n_items : -1;

    for (size_t i = 0; tree != NULL && i < n_items; i++) {
        struct err why = {{0}, {0}, {0}};

        if (read_one(item_at(tree, i), code, read, arg, &why) == 0)
            continue;
        tell_bad(item_at(tree, i), &why, bad, bad_arg);
        if (!json_is_array(tree)) {
            *e = why;
            told = -1;
        }
    }
    json_decref(tree);
    return told;
}

int items_callback(const struct provider_conf *c, const struct provider_callback *in,
                   const struct provider_sink *sink, items_read_fn receipt, items_read_fn reply,
                   const char *words, struct provider_ack *ack, struct err *e)
{
    struct items_reading g = {.sink = sink, .text = BUF_INIT(ITEMS_TEXT_MAX)};
    bool post = strcmp(in->method, "POST") == 0;
    int told;

    if (post && strcmp(in->kind, "receipt") == 0)
        told =
            items_each(in->body, in->body_len, "bad-receipt", receipt, &g, sink->bad_receipt, sink->arg, e);
    else if (post && strcmp(in->kind, "reply") == 0)
        told = items_each(in->body, in->body_len, "bad-reply", reply, &g, sink->bad_reply, sink->arg, e);
    else
        told = err_set(e, "no-such-hook", NULL, "driver %s has no such callback", c->driver);
    buf_fini(&g.text);
    ack->type = "application/json";
    buf_str(&ack->body, words);
    return told;
}

void items_reply(struct items_reading *g, struct provider_reply *r, const json_t *v)
{
    items_text(v, &g->text);
    r->text = g->text.len > 0 ? g->text.data : NULL;
    r->text_len = g->text.len;
    g->sink->reply(g->sink->arg, r);
}

void items_id(char out[128], const json_t *o, const char *const *members, size_t n)
{
    struct buf text = BUF_INIT(TEXTS_MAX), id = BUF_INIT(100);
    uint8_t sum[SIGN_MAX];

    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_object_get(o, members[i]);

        if (i > 0)
            buf_chr(&text, '\n');
        if (json_is_integer(v))
            buf_i64(&text, json_integer_value(v));
        else
            buf_add(&text, json_is_string(v) ? json_string_value(v) : "", json_string_length(v));
    }
    buf_str(&id, "sha256:");
    sign_hex(&id, sum, sign_hash(SIGN_SHA256, text.data, text.len, sum), false);
    memcpy(out, buf_cstr(&id), id.len + 1);
    buf_fini(&text);
    buf_fini(&id);
}

/* ---- members ---- */

int items_member(const json_t *o, const char *key, size_t max, const char **out, const char *code,
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

void items_words(char *out, size_t max, const json_t *v)
{
    const char *s = json_is_string(v) ? json_string_value(v) : "";
    size_t n = utf8_cut(s, json_is_string(v) ? json_string_length(v) : 0, max - 1);

    for (size_t i = 0; i < n; i++)
        out[i] = (char)((unsigned char)s[i] < 0x20 || s[i] == 0x7f ? ' ' : s[i]);
    out[n] = '\0';
}

void items_text(const json_t *v, struct buf *text)
{
    callback_text(text, json_string_value(v), json_string_length(v));
}

/* ---- what Chinese providers tell alike ---- */

void items_phone(char out[PROVIDER_ADDRESS_MAX], const char *country, const char *number)
{
    char phone[PHONE_MAX], whole[PROVIDER_ADDRESS_MAX];
    int n;

    (void)snprintf(out, PROVIDER_ADDRESS_MAX, "%s", number); /* what is longer is no number */
    n = snprintf(whole, sizeof(whole), "+%s%s", country, number);
    if (country[0] != '\0' && strcmp(country, "86") != 0 && n > 0 && (size_t)n < sizeof(whole)) {
        if (phone_normalise(whole, (size_t)n, phone, NULL) == 0)
            memcpy(out, phone, sizeof(phone));
        return;
    }
    if (phone_normalise(number, strlen(number), phone, NULL) == 0 ||
        (n > 0 && (size_t)n < sizeof(whole) && strspn(number, "0123456789") == strlen(number) &&
         phone_normalise(whole, (size_t)n, phone, NULL) == 0))
        memcpy(out, phone, sizeof(phone));
}

int64_t items_time(const json_t *v)
{
    const char *s = json_is_string(v) ? json_string_value(v) : "";
    char iso[32];
    int64_t at;

    if (strlen(s) != 19 || s[10] != ' ')
        return 0;
    (void)snprintf(iso, sizeof(iso), "%.10sT%.8s+08:00", s, s + 11); /* 25 characters */
    return clock_parse_iso(iso, &at, NULL) == 0 ? at : 0;
}
