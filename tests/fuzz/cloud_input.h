/* What the fuzz targets of drivers aliyun and tencent share: everything a stranger can send to one (answers, receipts, replies), and what must be true of what it makes of it. */
#ifndef TESTS_FUZZ_CLOUD_INPUT_H
#define TESTS_FUZZ_CLOUD_INPUT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "provider/drivers.h"

static inline bool whole(const char *s, size_t max)
{
    return strnlen(s, max) < max;
}

static void on_receipt(void *arg, const struct provider_receipt *r)
{
    (void)arg;
    if (!whole(r->ref, sizeof(r->ref)) || !whole(r->id, sizeof(r->id)) || !whole(r->to, sizeof(r->to)) ||
        !whole(r->detail, sizeof(r->detail)) || (r->ref[0] == '\0' && r->id[0] == '\0'))
        abort();
}

static void on_reply(void *arg, const struct provider_reply *r)
{
    volatile char last = r->text_len > 0 ? r->text[r->text_len - 1] : '\0';

    (void)arg;
    (void)last;
    if (!whole(r->id, sizeof(r->id)) || !whole(r->from, sizeof(r->from)) || r->id[0] == '\0' ||
        r->from[0] == '\0')
        abort();
}

static void on_bad(void *arg, const struct provider_bad *b)
{
    (void)arg;
    if (b->len == 0 || b->why->code[0] == '\0' || b->why->msg[0] == '\0')
        abort();
}

static inline void call_back(const struct driver *d, const struct provider_conf *c, const char *kind,
                             const char *body, size_t n)
{
    static const struct provider_sink sink = {
        .receipt = on_receipt, .reply = on_reply, .bad_receipt = on_bad, .bad_reply = on_bad};
    struct provider_callback in = {.method = "POST",
                                   .kind = kind,
                                   .url = "",
                                   .query = "",
                                   .content_type = "",
                                   .body = body,
                                   .body_len = n};
    struct provider_ack ack = {.body = BUF_INIT(1000)};
    struct err e;

    (void)d->callback(c, &in, &sink, &ack, &e);
    buf_fini(&ack.body);
}

static inline void judge(const struct driver *d, const struct provider_conf *c, size_t n, int status,
                         const char *body, size_t len)
{
    struct provider_msg m[2] = {
        {.to = "+8613800000001", .text = "a", .text_len = 1},
        {.to = "+8613800000002", .text = "b", .text_len = 1}
    };
    struct provider_verdict v[2];
    struct http_answer a = {
        .outcome = HTTP_ANSWERED, .status = status, .body = body, .body_len = len, .retry_after_ms = -1};

    for (size_t i = 0; i < n; i++)
        v[i] = (struct provider_verdict){.verdict = VERDICT_UNKNOWN, .retry_after_ms = -1};
    d->classify(c, m, n, &a, v);
    for (size_t i = 0; i < n; i++)
        if ((unsigned)v[i].verdict >= VERDICT_N || !whole(v[i].id, sizeof(v[i].id)) ||
            !whole(v[i].detail, sizeof(v[i].detail)) || (status != 200 && v[i].verdict == VERDICT_SENT))
            abort();
}

/* First byte picks what the rest is. */
static inline void cloud_input(const struct driver *d, const struct provider_conf *c, const uint8_t *data,
                               size_t size)
{
    char *body;

    if (size == 0)
        return;
    body = xmemdup(data + 1, size - 1); /* exactly so long: the sanitizer sees a read past it */
    switch (data[0] % 4) {
    case 0:
        judge(d, c, 1, 200, body, size - 1);
        break;
    case 1:
        judge(d, c, 2, data[0] & 4 ? 200 : 503, body, size - 1);
        break;
    case 2:
        call_back(d, c, "receipt", body, size - 1);
        break;
    case 3:
        call_back(d, c, "reply", body, size - 1);
        break;
    }
    free(body);
}

#endif
