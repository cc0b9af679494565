/* Driver `json`: the simplest provider, the bridge for anything else (contract 5).
 *
 *   POST url   {"to","text","ref","lane","channel"}  |  {"messages":[...]} when batch > 1
 *   200        {"code":0,"id":"..."}                 |  {"results":[{"to","code","id"}...]}, in any order
 *
 * A request of a batch provider is a batch even with one message in it. Of its answer: results for numbers that were not sent are
 * ignored, a number sent twice takes its results in order, messages without a result stay unknown. An answer without `results` whose
 * code refuses the whole request (2 to 5) speaks for all of it. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "provider/answer.h"
#include "provider/drivers.h"

#define JSON_BATCH_MAX 1000

static const struct {
    enum verdict verdict;
    const char *detail;
} codes[] = {
    {VERDICT_SENT,          ""                                },
    {VERDICT_BAD_RECIPIENT, "the provider says: bad recipient"},
    {VERDICT_BAD_MESSAGE,   "the provider says: bad message"  },
    {VERDICT_BAD_ACCOUNT,   "the provider says: bad account"  },
    {VERDICT_THROTTLED,     "the provider says: too fast"     },
    {VERDICT_RETRY,         "the provider says: try again"    },
};

static int json_check(const struct provider_conf *c, struct err *e)
{
    if (c->url == NULL || (strncmp(c->url, "http://", 7) != 0 && strncmp(c->url, "https://", 8) != 0))
        return err_set(e, "bad-url", "url",
                       "driver json needs an address that begins with https:// or http://");
    if (c->batch < 1 || c->batch > JSON_BATCH_MAX)
        return err_set(e, "bad-option", "batch", "batch %zu; driver json takes 1 to %d", c->batch,
                       JSON_BATCH_MAX);
    for (size_t i = 0; c->secret != NULL && i < c->secret->len; i++)
        if ((unsigned char)c->secret->value[i] <= 0x20 || c->secret->value[i] == 0x7f)
            return err_set(e, "bad-option", "secret",
                           "the secret holds a blank or a control character; it goes into a header line");
    return 0;
}

/* ---- request ---- */

static void add_member(struct buf *b, const char *key, const char *value, size_t n)
{
    buf_str(b, key);
    buf_json(b, value, n);
    buf_chr(b, '"');
}

/* Failures stay in b->overflow: checked once at the end. */
static void add_message(struct buf *b, const struct provider_conf *c, const struct provider_msg *m)
{
    const char *lane = lane_name(m->lane), *channel = c->channel != NULL ? c->channel : "sms";

    add_member(b, "{\"to\":\"", m->to, strlen(m->to));
    add_member(b, ",\"text\":\"", m->text, m->text_len);
    add_member(b, ",\"ref\":\"", m->ref, strlen(m->ref));
    add_member(b, ",\"lane\":\"", lane, strlen(lane));
    add_member(b, ",\"channel\":\"", channel, strlen(channel));
    buf_chr(b, '}');
}

static void set_headers(const struct provider_conf *c, struct provider_request *req)
{
    size_t n = 0;

    req->header_list[n++] = "Content-Type: application/json";
    buf_reset(&req->headers);
    if (c->secret != NULL && c->secret->len > 0) {
        buf_str(&req->headers, "Authorization: Bearer ");
        buf_add(&req->headers, c->secret->value, c->secret->len);
        req->header_list[n++] = buf_cstr(&req->headers);
    }
    req->header_list[n] = NULL;
}

static int json_build(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                      struct provider_request *req, struct err *e)
{
    struct buf *b = &req->body;

    if (n == 0 || n > c->batch)
        panic("driver json: %zu messages in a request of at most %zu", n, c->batch);
    buf_reset(b);
    if (c->batch == 1) {
        add_message(b, c, m);
    } else {
        buf_str(b, "{\"messages\":[");
        for (size_t i = 0; i < n; i++) {
            if (i > 0)
                buf_chr(b, ',');
            add_message(b, c, &m[i]);
        }
        buf_str(b, "]}");
    }
    set_headers(c, req);
    if (b->overflow || req->headers.overflow)
        return err_set(e, "bad-message", "text", "the request would be larger than %zu bytes", b->ceiling);
    provider_post(req, c->url);
    return 0;
}

/* ---- answer ---- */

static void set_verdict(struct provider_verdict *v, enum verdict verdict, const char *detail,
                        int64_t retry_after_ms)
{
    v->verdict = verdict;
    v->retry_after_ms = retry_after_ms;
    v->scope = THROTTLE_ACCOUNT;
    v->until = THROTTLE_TOLD;
    v->id[0] = '\0';
    if (strlen(detail) >= sizeof(v->detail))
        panic("driver json: a detail of %zu bytes", strlen(detail));
    memcpy(v->detail, detail, strlen(detail) + 1);
}

static void set_all(struct provider_verdict *v, size_t n, enum verdict verdict, const char *detail,
                    int64_t retry_after_ms)
{
    for (size_t i = 0; i < n; i++)
        set_verdict(&v[i], verdict, detail, retry_after_ms);
}

static void judge(struct provider_verdict *v, const struct answer_item *item, int64_t header_retry_ms)
{
    int64_t retry = item->retry_after_ms >= 0 ? item->retry_after_ms : header_retry_ms;

    if (item->code < 0 || (size_t)item->code >= ARRAY_LEN(codes)) {
        set_verdict(v, VERDICT_UNKNOWN,
                    item->code < 0 ? "the answer has no code" : "the answer's code is none of 0 to 5", -1);
        return;
    }
    set_verdict(v, codes[item->code].verdict, codes[item->code].detail, item->code >= 4 ? retry : -1);
    if (codes[item->code].verdict == VERDICT_THROTTLED && item->recipient) {
        v->scope = THROTTLE_RECIPIENT;
        v->until = item->until;
    }
    /* An id that does not fit is left out: half an id would find nothing at the provider. */
    if (item->code == 0 && item->id != NULL && item->id_len < sizeof(v->id)) {
        memcpy(v->id, item->id, item->id_len);
        v->id[item->id_len] = '\0';
    }
}

struct matching {
    const struct provider_msg *m;
    struct provider_verdict *v;
    size_t n,
        first; /* first: the first message without a result; answers mostly come in the order of the request */
    int64_t header_retry_ms;
    bool taken[JSON_BATCH_MAX];
};

static void on_result(void *arg, const struct answer_item *item)
{
    struct matching *k = arg;

    if (item->to == NULL)
        return;
    while (k->first < k->n && k->taken[k->first])
        k->first++;
    for (size_t i = k->first; i < k->n; i++) {
        if (k->taken[i] || strncmp(k->m[i].to, item->to, item->to_len) != 0 ||
            k->m[i].to[item->to_len] != '\0')
            continue;
        k->taken[i] = true;
        judge(&k->v[i], item, k->header_retry_ms);
        return;
    }
}

static void classify_batch(struct matching *k, const struct http_answer *a)
{
    static const char missing[] = "the answer names no result for this message";
    struct answer_whole whole;
    char id[80];

    set_all(k->v, k->n, VERDICT_UNKNOWN, missing, -1);
    if (answer_scan(a->body, a->body_len, true, on_result, k, &whole) < 0) {
        set_all(k->v, k->n, VERDICT_UNKNOWN, missing, -1);
        memset(k->taken, 0, k->n);
        k->first = 0;
        if (answer_load(a->body, a->body_len, true, on_result, k, &whole, id) < 0) {
            set_all(k->v, k->n, VERDICT_UNKNOWN, "the answer is no JSON object", -1);
            return;
        }
    }
    for (size_t i = 0; !whole.has_results && whole.item.code >= 2 && i < k->n; i++)
        judge(&k->v[i], &whole.item, k->header_retry_ms);
}

static void classify_single(struct provider_verdict *v, const struct http_answer *a)
{
    struct answer_whole whole;
    char id[80];

    if (answer_scan(a->body, a->body_len, false, NULL, NULL, &whole) < 0 &&
        answer_load(a->body, a->body_len, false, NULL, NULL, &whole, id) < 0)
        set_verdict(v, VERDICT_UNKNOWN, "the answer is no JSON object", -1);
    else
        judge(v, &whole.item, a->retry_after_ms);
}

static void json_classify(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                          const struct http_answer *a, struct provider_verdict *v)
{
    char detail[32];

    if (a->outcome != HTTP_ANSWERED)
        panic("driver json: asked to judge an exchange without an answer");
    if (a->status == 429) {
        set_all(v, n, VERDICT_THROTTLED, "HTTP status 429", a->retry_after_ms);
    } else if (a->status == 503) {
        set_all(v, n, VERDICT_RETRY, "HTTP status 503", a->retry_after_ms);
    } else if (a->status != 200) {
        (void)snprintf(detail, sizeof(detail), "HTTP status %d", a->status); /* 12 + 11 characters at most */
        set_all(v, n, VERDICT_UNKNOWN, detail, -1);
    } else if (c->batch == 1) {
        classify_single(v, a);
    } else {
        struct matching k = {.m = m, .v = v, .n = n, .header_retry_ms = a->retry_after_ms};

        classify_batch(&k, a);
    }
}

const struct driver json_driver = {
    .name = "json",
    .batch_max = JSON_BATCH_MAX,
    .needs_url = true,
    .check = json_check,
    .build = json_build,
    .classify = json_classify,
    .callback = callback_json,
};
