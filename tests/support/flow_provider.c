/* The provider of a flow test: records, then does as told. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/support/flow_bed.h"

static void copy(char *out, size_t n, const json_t *v)
{
    const char *s = json_string_value(v);

    if (s == NULL || strlen(s) >= n)
        panic("the provider got something odd");
    memcpy(out, s, strlen(s) + 1);
}

static void record(struct flow_bed *b, int provider, const json_t *msg)
{
    struct flow_message *m = &b->messages[b->n_messages];

    if (b->n_messages == FLOW_MAX)
        panic("more messages than a test can want");
    copy(m->to, sizeof(m->to), json_object_get(msg, "to"));
    copy(m->ref, sizeof(m->ref), json_object_get(msg, "ref"));
    copy(m->lane, sizeof(m->lane), json_object_get(msg, "lane"));
    copy(b->last_text, sizeof(b->last_text), json_object_get(msg, "text"));
    m->at_us = clock_mono_us();
    m->provider = provider;
    b->n_messages++;
}

/* The answer that says ${code} for each message of the request. */
static char *answer_text(const struct flow_bed *b, int provider, const json_t *body, int code)
{
    json_t *list = json_object_get(body, "messages"), *a, *item;
    size_t i;
    char *text;

    if (list == NULL && provider == 0 && b->slow_to[0] != '\0' &&
        strcmp(b->messages[b->n_messages - 1].to, b->slow_to) == 0) {
        a = json_pack("{s:i, s:s, s:I}", "code", 4, "scope", "recipient", "retry_after",
                      (json_int_t)b->retry_after);
    } else if (list == NULL) {
        a = json_pack("{s:i, s:s, s:I}", "code", code, "id", "x", "retry_after", (json_int_t)b->retry_after);
    } else {
        a = json_pack("{s:[]}", "results");
        json_array_foreach(list, i, item) json_array_append_new(
            json_object_get(a, "results"),
            json_pack("{s:O, s:i, s:s}", "to", json_object_get(item, "to"), "code", code, "id", "x"));
    }
    text = json_dumps(a, JSON_COMPACT);
    json_decref(a);
    return text;
}

static void reply(struct flow_bed *b, struct httpd_req *r, int status, const char *text)
{
    b->n_in_flight--;
    httpd_answer(r, status, "application/json", text, strlen(text));
}

static void act(struct flow_bed *b, int provider, struct httpd_req *r, const json_t *body)
{
    const char *to = b->messages[b->n_messages - 1].to;
    bool fails = b->fail_each != 0 && strtoull(to + 1, NULL, 10) % b->fail_each == 0;
    int code = fails ? 5 : b->answer[provider] == FLOW_CODE ? b->code : 0;
    char *text = answer_text(b, provider, body, code), seconds[24];

    if (b->drop_to[0] != '\0' && strcmp(b->messages[b->n_messages - 1].to, b->drop_to) == 0) {
        b->n_in_flight--;
        httpd_drop(r);
        free(text);
        return;
    }
    switch (b->answer[provider]) {
    case FLOW_OK:
    case FLOW_CODE:
        reply(b, r, 200, text);
        break;
    case FLOW_HOLD:
        b->held_answer[b->n_held] = text;
        b->held[b->n_held++] = r;
        return;
    case FLOW_DROP:
        b->n_in_flight--;
        httpd_drop(r);
        break;
    case FLOW_503:
        reply(b, r, 503, "{}");
        break;
    case FLOW_429:
        if (snprintf(seconds, sizeof(seconds), "%lld", (long long)b->retry_after) <= 0)
            panic("snprintf");
        httpd_header_add(r, "Retry-After", seconds);
        reply(b, r, 429, "{}");
        break;
    }
    free(text);
}

static void on_request(struct flow_bed *b, int provider, struct httpd_req *r)
{
    size_t n, i;
    const char *bytes = httpd_body(r, &n);
    json_t *body = json_loadb(bytes, n, 0, NULL), *item;

    if (body == NULL)
        panic("the provider got no JSON");
    b->n_requests++;
    if (++b->n_in_flight > b->most_in_flight)
        b->most_in_flight = b->n_in_flight;
    if (json_object_get(body, "messages") == NULL)
        record(b, provider, body);
    else
        json_array_foreach(json_object_get(body, "messages"), i, item) record(b, provider, item);
    act(b, provider, r, body);
    json_decref(body);
}

void flow_on_first(void *arg, struct httpd_req *r)
{
    on_request(arg, 0, r);
}

void flow_on_second(void *arg, struct httpd_req *r)
{
    on_request(arg, 1, r);
}

void flow_release(struct flow_bed *b)
{
    b->answer[0] = b->answer[1] = FLOW_OK;
    for (size_t i = 0; i < b->n_held; i++) {
        reply(b, b->held[i], 200, b->held_answer[i]);
        free(b->held_answer[i]);
    }
    b->n_held = 0;
}
