/* Everything a stranger can send to driver json: answers (single and batch), receipts, replies.
 * First byte picks what the rest is. For answers the scanner and jansson must tell the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "provider/answer.h"
#include "provider/drivers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    size_t n;
    uint64_t hash;
};

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
    const unsigned char *b = p;

    for (size_t i = 0; i < n; i++)
        h = (h ^ b[i]) * 1099511628211u;
    return h;
}

static void on_item(void *arg, const struct answer_item *i)
{
    struct seen *s = arg;

    s->n++;
    s->hash = mix(s->hash, &i->code, sizeof(i->code));
    s->hash = mix(s->hash, &i->retry_after_ms, sizeof(i->retry_after_ms));
    s->hash = mix(s->hash, &i->recipient, sizeof(i->recipient));
    s->hash = mix(s->hash, &i->until, sizeof(i->until));
    s->hash = mix(s->hash, i->id, i->id_len);
    s->hash = mix(s->hash, i->to, i->to_len);
}

static void compare(const char *body, size_t n, bool batch)
{
    struct seen a = {.hash = 1}, b = {.hash = 1};
    struct answer_whole wa, wb;
    char id[80];

    if (answer_scan(body, n, batch, on_item, &a, &wa) < 0)
        return; /* not plain: jansson decides */
    if (answer_load(body, n, batch, on_item, &b, &wb, id) < 0)
        abort();
    if (a.n != b.n || a.hash != b.hash || wa.has_results != wb.has_results || wa.item.code != wb.item.code ||
        wa.item.retry_after_ms != wb.item.retry_after_ms || wa.item.recipient != wb.item.recipient ||
        wa.item.until != wb.item.until)
        abort();
    if (wb.item.id != NULL &&
        (wa.item.id_len != wb.item.id_len || memcmp(wa.item.id, wb.item.id, wb.item.id_len) != 0))
        abort();
}

static void on_receipt(void *arg, const struct provider_receipt *r)
{
    (void)arg;
    if (r->ref[0] == '\0' || strnlen(r->detail, sizeof(r->detail)) == sizeof(r->detail))
        abort();
}

static void on_reply(void *arg, const struct provider_reply *r)
{
    volatile char last = r->text_len > 0 ? r->text[r->text_len - 1] : '\0';

    (void)arg;
    (void)last;
    if (r->id[0] == '\0' || r->from[0] == '\0')
        abort();
}

static void on_bad(void *arg, const struct provider_bad *b)
{
    (void)arg;
    if (b->len == 0 || b->why->code[0] == '\0' || b->why->msg[0] == '\0')
        abort();
}

static void judge(const struct provider_conf *c, size_t n, const char *body, size_t len)
{
    struct provider_msg m[4] = {{.to = "+8613800000001"},
                                {.to = "+8613800000002"},
                                {.to = "+8613800000003"},
                                {.to = "+8613800000001"}};
    struct provider_verdict v[4];
    struct http_answer a = {
        .outcome = HTTP_ANSWERED, .status = 200, .body = body, .body_len = len, .retry_after_ms = -1};

    memset(v, 0xa5, sizeof(v));
    json_driver.classify(c, m, n, &a, v);
    for (size_t i = 0; i < n; i++)
        if ((unsigned)v[i].verdict >= VERDICT_N || strnlen(v[i].id, sizeof(v[i].id)) == sizeof(v[i].id))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct provider_conf single = {.name = "p", .driver = "json", .batch = 1},
                                      batch = {.name = "p", .driver = "json", .batch = 100};
    char *body;
    struct err e;

    if (size == 0)
        return 0;
    body = xmemdup(data + 1, size - 1); /* exactly so long: the sanitizer sees a read past it */
    switch (data[0] % 4) {
    case 0:
        compare(body, size - 1, false);
        judge(&single, 1, body, size - 1);
        break;
    case 1:
        compare(body, size - 1, true);
        judge(&batch, 4, body, size - 1);
        break;
    case 2:
        (void)callback_receipts(&single, body, size - 1, on_receipt, on_bad, NULL, &e);
        break;
    case 3:
        (void)callback_replies(&single, body, size - 1, on_reply, on_bad, NULL, &e);
        break;
    }
    free(body);
    return 0;
}
