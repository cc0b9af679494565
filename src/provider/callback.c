/* Receipts and replies in the JSON of contract 5. More members may be there (bridges pass on what they have); the known ones have one type. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "provider/drivers.h"

#define CALLBACK_ITEMS_MAX 10000
#define REPLY_TEXT_MAX     16384

/* Fills the string member ${key}; -1 when it is there and no string, longer than ${max}, or (${need}) missing or empty. */
static int member(const json_t *o, const char *key, size_t max, bool need, const char **out, size_t *n,
                  const char *code, struct err *e)
{
    const json_t *v = json_object_get(o, key);

    *out = "";
    *n = 0;
    if (v == NULL)
        return need ? err_set(e, code, key, "member \"%s\" is missing", key) : 0;
    if (!json_is_string(v))
        return err_set(e, code, key, "member \"%s\" must be a string", key);
    *out = json_string_value(v);
    *n = json_string_length(v);
    if (*n > max)
        return err_set(e, code, key, "member \"%s\" has %zu bytes; at most %zu are taken", key, *n, max);
    if (need && *n == 0)
        return err_set(e, code, key, "member \"%s\" is empty", key);
    return 0;
}

/* Control characters have no place in what becomes keys, log fields and table cells. */
static int plain(const char *s, const char *key, const char *code, struct err *e)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            return err_set(e, code, key, "member \"%s\" holds a control character", key);
    return 0;
}

static int receipt_read(const json_t *o, struct provider_receipt *r, struct err *e)
{
    static const char code[] = "bad-receipt";
    const char *ref, *status, *detail;
    size_t n;

    if (!json_is_object(o))
        return err_set(e, code, NULL, "a receipt must be an object");
    if (member(o, "ref", sizeof(r->ref) - 1, true, &ref, &n, code, e) < 0 || plain(ref, "ref", code, e) < 0)
        return -1;
    (void)snprintf(r->ref, sizeof(r->ref), "%s", ref); /* length checked above */
    if (member(o, "status", 32, true, &status, &n, code, e) < 0)
        return -1;
    if (strcmp(status, "delivered") == 0)
        r->state = RECIPIENT_DELIVERED;
    else if (strcmp(status, "failed") == 0)
        r->state = RECIPIENT_FAILED;
    else
        return err_set(e, code, "status", "a receipt's status is \"delivered\" or \"failed\"");
    if (member(o, "detail", 1024, false, &detail, &n, code, e) < 0)
        return -1;
    /* For people only, so it may be cut; at a character's border, since it is stored and shown as UTF-8. */
    while (n >= sizeof(r->detail) ||
           (n > 0 && n < strlen(detail) && ((unsigned char)detail[n] & 0xc0) == 0x80))
        n--;
    (void)snprintf(r->detail, sizeof(r->detail), "%.*s", (int)n, detail);
    for (char *p = r->detail; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    return 0;
}

static int reply_read(const json_t *o, struct provider_reply *r, struct err *e)
{
    static const char code[] = "bad-reply";
    const char *id, *from, *text, *time;
    struct err why;
    size_t n;

    if (!json_is_object(o))
        return err_set(e, code, NULL, "a reply must be an object");
    if (member(o, "id", sizeof(r->id) - 1, true, &id, &n, code, e) < 0 || plain(id, "id", code, e) < 0)
        return -1;
    (void)snprintf(r->id, sizeof(r->id), "%s", id); /* length checked above */
    if (member(o, "from", sizeof(r->from) - 1, true, &from, &n, code, e) < 0 ||
        plain(from, "from", code, e) < 0)
        return -1;
    (void)snprintf(r->from, sizeof(r->from), "%s", from); /* length checked above */
    if (json_object_get(o, "text") == NULL)
        return err_set(e, code, "text", "member \"text\" is missing");
    if (member(o, "text", REPLY_TEXT_MAX, false, &text, &r->text_len, code, e) < 0)
        return -1;
    memcpy(&r->text, &text, sizeof(text)); /* borrowed from the tree; the interface's pointer is not const */
    r->sent_at = 0;
    if (member(o, "time", 64, false, &time, &n, code, e) < 0)
        return -1;
    if (n > 0 && clock_parse_iso(time, &r->sent_at, &why) < 0)
        return err_set(e, code, "time", "member \"time\" is no ISO 8601 time with an offset");
    return 0;
}

/* The items of ${body}: the tree (caller decrefs), its items through item_at; NULL when it is neither object nor array. */
static json_t *items_load(const char *body, size_t n, size_t *n_items, const char *code, struct err *e)
{
    json_error_t why;
    json_t *tree = json_loadb(body, n, JSON_REJECT_DUPLICATES, &why);

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

int callback_receipts(const struct provider_conf *c, const char *body, size_t n,
                      void (*each)(void *arg, const struct provider_receipt *r), void *arg, struct err *e)
{
    struct provider_receipt r;
    size_t n_items = 0;
    json_t *tree = items_load(body, n, &n_items, "bad-receipt", e);
    int told = tree != NULL ? (int)n_items : -1;

    (void)c;
    for (size_t i = 0; told >= 0 && i < n_items; i++)
        if (receipt_read(item_at(tree, i), &r, e) < 0)
            told = -1;
    for (size_t i = 0; told >= 0 && i < n_items; i++)
        if (receipt_read(item_at(tree, i), &r, NULL) == 0)
            each(arg, &r);
    json_decref(tree);
    return told;
}

int callback_replies(const struct provider_conf *c, const char *body, size_t n,
                     void (*each)(void *arg, const struct provider_reply *r), void *arg, struct err *e)
{
    struct provider_reply r;
    size_t n_items = 0;
    json_t *tree = items_load(body, n, &n_items, "bad-reply", e);
    int told = tree != NULL ? (int)n_items : -1;

    (void)c;
    for (size_t i = 0; told >= 0 && i < n_items; i++)
        if (reply_read(item_at(tree, i), &r, e) < 0)
            told = -1;
    for (size_t i = 0; told >= 0 && i < n_items; i++)
        if (reply_read(item_at(tree, i), &r, NULL) == 0)
            each(arg, &r);
    json_decref(tree);
    return told;
}
